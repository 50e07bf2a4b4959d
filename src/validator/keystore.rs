//! Key stores: whether one holds a key, or certificates alone, which are public.

use super::{ENCRYPTED, Verdict};

/// A store of Java, JKS or JCEKS: magic number, version, count, then the entries. The format is written down nowhere but in
/// the source of the JDK: <https://github.com/openjdk/jdk/blob/master/src/java.base/share/classes/sun/security/provider/JavaKeyStore.java>
pub(super) fn java(store: &[u8]) -> Verdict {
    const KEY: u32 = 1;
    const CERTIFICATE: u32 = 2;
    const SECRET_KEY: u32 = 3;
    let mut reader = Reader(store);
    let Some([_, version, count]) = reader.numbers() else { return Verdict::NotAKey };
    for _ in 0..count {
        match reader.number() {
            Some(KEY | SECRET_KEY) => return Verdict::Open,
            Some(CERTIFICATE) if reader.skip_certificate(version).is_some() => {}
            _ => return Verdict::Invalid("it is cut off"),
        }
    }
    Verdict::NotAKey
}

/// Reads the fields of a store one by one, big-endian.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    fn numbers<const N: usize>(&mut self) -> Option<[u32; N]> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.number()?;
        }
        Some(numbers)
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length..)?;
        Some(())
    }

    /// A text with its length in two bytes.
    fn skip_text(&mut self) -> Option<()> {
        let (length, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        self.skip(usize::from(u16::from_be_bytes(*length)))
    }

    /// Alias and date, from version 2 on the type, and the certificate with its length.
    fn skip_certificate(&mut self, version: u32) -> Option<()> {
        const DATE: usize = 8;
        self.skip_text()?;
        self.skip(DATE)?;
        if version > 1 {
            self.skip_text()?;
        }
        let length = self.number()?;
        self.skip(usize::try_from(length).ok()?)
    }
}

/// A container of PKCS #12 (RFC 7292): its bags tell what they are, unless they are encrypted as one.
pub(super) fn pkcs12(container: &[u8]) -> Verdict {
    // 1.2.840.113549.1.12.10.1.1 and .2, 1.2.840.113549.1.7.6
    const KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01";
    const SHROUDED_KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
    const ENCRYPTED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
    let holds = |object: &[u8]| memchr::memmem::find(container, object).is_some();
    if holds(KEY_BAG) {
        Verdict::Valid("its key is not encrypted")
    } else if holds(SHROUDED_KEY_BAG) {
        Verdict::Open
    } else if holds(ENCRYPTED_DATA) {
        ENCRYPTED
    } else {
        Verdict::NotAKey
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store of version 2 with entries of these kinds.
    fn store(tags: &[u32]) -> Vec<u8> {
        let mut store = [0xfeed_feed, 2, u32::try_from(tags.len()).unwrap()].map(u32::to_be_bytes).concat();
        for tag in tags {
            store.extend(tag.to_be_bytes());
            store.extend(b"\0\x05alias\0\0\0\0\0\0\0\0\0\x05X.509\0\0\0\x03abc");
        }
        store
    }

    #[test]
    fn a_store_of_certificates_is_no_secret() {
        assert_eq!(java(&store(&[])), Verdict::NotAKey);
        assert_eq!(java(&store(&[2, 2])), Verdict::NotAKey);
        assert_eq!(java(&store(&[2, 1])), Verdict::Open);
        assert_eq!(java(&store(&[3])), Verdict::Open);
        let whole = store(&[2, 2]);
        assert_eq!(java(&whole[..whole.len() - 1]), Verdict::Invalid("it is cut off"));
    }

    #[test]
    fn a_container_tells_what_its_bags_are() {
        let container = |objects: &[&[u8]]| objects.concat();
        let bag = |number: u8| [b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01", &[number][..]].concat();
        let encrypted = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
        assert_eq!(pkcs12(&container(&[&bag(3)])), Verdict::NotAKey);
        assert_eq!(pkcs12(&container(&[encrypted])), ENCRYPTED);
        assert_eq!(pkcs12(&container(&[encrypted, &bag(2)])), Verdict::Open);
        assert_eq!(pkcs12(&container(&[&bag(1)])), Verdict::Valid("its key is not encrypted"));
    }
}
