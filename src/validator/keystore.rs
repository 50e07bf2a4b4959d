//! Key stores: whether one holds a key, or certificates alone, which are public. As a file, or in base64.

use std::borrow::Cow;

use super::{ENCRYPTED, Verdict, base64_bytes, pem};

/// A store of Java, JKS or JCEKS: magic number, version, count, then the entries and a digest. The format is written down
/// nowhere but in the source of the JDK:
/// <https://github.com/openjdk/jdk/blob/master/src/java.base/share/classes/sun/security/provider/JavaKeyStore.java>
pub(super) fn java(store: &[u8]) -> Verdict {
    const MAGICS: [&[u8]; 2] = [b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"];
    const KEY: u32 = 1;
    const CERTIFICATE: u32 = 2;
    const SECRET_KEY: u32 = 3;
    const DIGEST: usize = 20;
    let store = bytes_of(store, &MAGICS);
    let mut reader = Reader(&store);
    let Some([_, version, count]) = reader.numbers() else { return Verdict::NotAKey };
    for _ in 0..count {
        match reader.number() {
            Some(KEY | SECRET_KEY) => return Verdict::Open,
            Some(CERTIFICATE) => match reader.certificate(version) {
                Some(content) if pem::is_public(content) => {}
                Some(_) => return Verdict::Invalid("what it calls a certificate is none"),
                None => return Verdict::Invalid("it is cut off"),
            },
            _ => return Verdict::Invalid("it is cut off"),
        }
    }
    // Whoever writes a smaller count hides what follows.
    if reader.0.len() > DIGEST { Verdict::Invalid("it holds more than it counts") } else { Verdict::NotAKey }
}

/// The bytes of a store that begins with one of `magics`, or those that `store` is the base64 of, in lines or not.
pub(super) fn bytes_of<'s>(store: &'s [u8], magics: &[&[u8]]) -> Cow<'s, [u8]> {
    if magics.iter().any(|magic| store.starts_with(magic)) {
        return Cow::Borrowed(store);
    }
    let mut letters = pem::base64_of(store);
    letters.truncate(letters.iter().position(|byte| *byte == b'=').unwrap_or(letters.len()));
    // What is cut off ends anywhere.
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    Cow::Owned(base64_bytes(&letters).unwrap_or_default())
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

    /// Passes alias and date, from version 2 on the type, and gives the certificate, which has its length before it.
    fn certificate(&mut self, version: u32) -> Option<&[u8]> {
        const DATE: usize = 8;
        self.skip_text()?;
        self.skip(DATE)?;
        if version > 1 {
            self.skip_text()?;
        }
        let length = usize::try_from(self.number()?).ok()?;
        let (content, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }
}

/// A container of PKCS #12 (RFC 7292): its bags tell what they are, unless they are encrypted as one. Only one of
/// certificates and lists of those that were revoked is no secret.
pub(super) fn pkcs12(container: &[u8]) -> Verdict {
    // 1.2.840.113549.1.12.10.1.1 to .5, 1.2.840.113549.1.7.6 and .3
    const BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01";
    const KEY: u8 = 1;
    const SHROUDED_KEY: u8 = 2;
    const CERTIFICATE: u8 = 3;
    const REVOKED: u8 = 4;
    const SECRET: u8 = 5;
    const ENCRYPTED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
    const ENVELOPED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
    let container = bytes_of(container, &[b"0"]);
    let holds = |object: &[u8]| memchr::memmem::find(&container, object).is_some();
    let holds_bag = |kind: u8| holds(&[BAG, &[kind]].concat());
    if holds_bag(KEY) {
        Verdict::Valid("its key is not encrypted")
    } else if holds_bag(SHROUDED_KEY) || holds_bag(SECRET) {
        Verdict::Open
    } else if holds(ENCRYPTED_DATA) || holds(ENVELOPED_DATA) {
        ENCRYPTED
    } else if holds_bag(CERTIFICATE) || holds_bag(REVOKED) {
        Verdict::NotAKey
    } else {
        Verdict::Invalid("what it holds cannot be read")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    /// The least that is built like one.
    const CERTIFICATE: &[u8] = b"\x30\x07\x30\0\x30\0\x03\x01\0";

    /// A store of version 2 with entries of these kinds.
    fn store(tags: &[u32]) -> Vec<u8> {
        let mut store = [0xfeed_feed, 2, u32::try_from(tags.len()).unwrap()].map(u32::to_be_bytes).concat();
        for tag in tags {
            store.extend(tag.to_be_bytes());
            store.extend(b"\0\x05alias\0\0\0\0\0\0\0\0\0\x05X.509\0\0\0\x09");
            store.extend(CERTIFICATE);
        }
        [store, vec![7; 20]].concat()
    }

    #[test]
    fn a_store_of_certificates_is_no_secret() {
        assert_eq!(java(&store(&[])), Verdict::NotAKey);
        assert_eq!(java(&store(&[2, 2])), Verdict::NotAKey);
        assert_eq!(java(&store(&[2, 1])), Verdict::Open);
        assert_eq!(java(&store(&[3])), Verdict::Open);
        let whole = store(&[2, 2]);
        assert_eq!(java(&whole[..whole.len() - 21]), Verdict::Invalid("it is cut off"));
    }

    #[test]
    fn a_header_that_lies_hides_no_key() {
        let more = Verdict::Invalid("it holds more than it counts");
        for (tags, count) in [(&[2, 1][..], 1), (&[2, 1], 0), (&[3], 0), (&[1], 0)] {
            let mut store = store(tags);
            store[11] = count;
            assert_eq!(java(&store), more, "{tags:?}");
            let text = base64::engine::general_purpose::STANDARD.encode(&store);
            assert_eq!(java(text.as_bytes()), more, "{tags:?} in base64");
        }
        // A certificate so long that the key behind it is a part of it, and a key by the name of one.
        let mut long = store(&[2, 1]);
        let place = memchr::memmem::find(&long, CERTIFICATE).unwrap();
        let rest = u8::try_from(long.len() - 20 - place).unwrap();
        (long[11], long[place - 1]) = (1, rest);
        assert_eq!(java(&long), Verdict::Invalid("what it calls a certificate is none"));
        let mut key = store(&[2]);
        key[place] = 4;
        assert_eq!(java(&key), Verdict::Invalid("what it calls a certificate is none"));
    }

    #[test]
    fn a_container_tells_what_its_bags_are() {
        let container = |objects: &[&[u8]]| [b"0", &objects.concat()[..]].concat();
        let bag = |number: u8| [b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01", &[number][..]].concat();
        let encrypted = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
        assert_eq!(pkcs12(&container(&[&bag(3)])), Verdict::NotAKey);
        assert_eq!(pkcs12(&container(&[encrypted])), ENCRYPTED);
        assert_eq!(pkcs12(&container(&[encrypted, &bag(2)])), Verdict::Open);
        assert_eq!(pkcs12(&container(&[b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"])), ENCRYPTED);
        assert_eq!(pkcs12(&container(&[&bag(3), &bag(5)])), Verdict::Open);
        assert_eq!(pkcs12(&container(&[b"anything"])), Verdict::Invalid("what it holds cannot be read"));
        assert_eq!(pkcs12(&container(&[&bag(1)])), Verdict::Valid("its key is not encrypted"));
    }
}
