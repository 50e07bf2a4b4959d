//! Names of objects: SHA-1 or SHA-256.

use std::fmt;

/// The most bytes that a name has.
const MOST: usize = 32;

/// The name of an object: 20 bytes, or 32 in a repository of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    bytes: [u8; MOST],
    length: u8,
}

impl Id {
    /// A name of as many bytes as there are; `None` for a length that no name has.
    pub(super) fn from_bytes(name: &[u8]) -> Option<Self> {
        let length = u8::try_from(name.len()).ok().filter(|length| matches!(length, 20 | 32))?;
        let mut bytes = [0; MOST];
        bytes[..name.len()].copy_from_slice(name);
        Some(Self { bytes, length })
    }

    /// A name in hexadecimal, as git prints it in full.
    pub(crate) fn from_hex(text: &[u8]) -> Option<Self> {
        let (pairs, []) = text.as_chunks::<2>() else { return None };
        // A sign would be read as part of a number.
        let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair[0] != b'+');
        let bytes = pairs.iter().map(byte).collect::<Option<Vec<_>>>()?;
        Self::from_bytes(&bytes)
    }

    /// The bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Whether it is all zeros, which stands for "none".
    pub(crate) fn is_zero(&self) -> bool {
        self.bytes == [0; MOST]
    }

    /// The first few digits, which tell it from others to a person.
    pub(crate) fn short(&self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for pairs in [20, 32] {
            let text = "9f".repeat(pairs);
            assert_eq!(Id::from_hex(text.as_bytes()).unwrap().to_string(), text);
        }
        assert!(Id::from_hex(&[b'0'; 40]).unwrap().is_zero());
        for wrong in ["", "12", &"0".repeat(39), &"0".repeat(41), &"g".repeat(40), &"+1".repeat(20)] {
            assert_eq!(Id::from_hex(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
