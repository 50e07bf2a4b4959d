//! Microsoft's annotated keys end in a Marvin32 checksum.
//!
//! Many published samples carry a random one and older services leave it out, so a wrong sum says nothing.
//! Source: <https://github.com/microsoft/security-utilities>

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::{CHECKSUM_VALID, Verdict};

/// The seed of storage and annotated keys: its letters, read from the highest byte.
const SEED: u64 = u64::from_be_bytes(*b"Default0");

/// Storage account keys: base64 of 64 bytes, the last four the sum of those before them.
pub(super) fn azure_storage(secret: &[u8]) -> Verdict {
    match STANDARD.decode(secret).as_deref() {
        Ok(key) if key.len() == 64 && checksum(&key[..60]) == key[60..] => CHECKSUM_VALID,
        _ => Verdict::Open,
    }
}

/// Common annotated keys: 80 characters are base64 of 60 bytes; the four behind them are the beginning of their sum in
/// base64. Keys that replace the signs of base64 by letters are left open.
pub(super) fn azure_annotated(secret: &[u8]) -> Verdict {
    let (Some(body), Some(shown)) = (secret.get(..80), secret.get(80..84)) else { return Verdict::Open };
    let Ok(bytes) = STANDARD_NO_PAD.decode(body) else { return Verdict::Open };
    if STANDARD_NO_PAD.encode(checksum(&bytes)).as_bytes().starts_with(shown) { CHECKSUM_VALID } else { Verdict::Open }
}

/// The sum of a key's bytes, from the lowest byte.
pub(crate) fn checksum(bytes: &[u8]) -> [u8; 4] {
    let (low, high) = marvin32(bytes, SEED);
    (low ^ high).to_le_bytes()
}

/// Source: <https://github.com/microsoft/SymCrypt/blob/main/lib/marvin32.c>
fn marvin32(bytes: &[u8], seed: u64) -> (u32, u32) {
    let [low, high] = [seed << 32 >> 32, seed >> 32].map(|half| u32::try_from(half).unwrap_or_default());
    let state = (low, high);
    let (words, rest) = bytes.as_chunks::<4>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    words.iter().chain([&last, &[0; 4]]).fold(state, |state, word| mixed(state, u32::from_le_bytes(*word)))
}

fn mixed((low, high): (u32, u32), word: u32) -> (u32, u32) {
    let low = low.wrapping_add(word);
    let high = high ^ low;
    let low = low.rotate_left(20).wrapping_add(high);
    let high = high.rotate_left(9) ^ low;
    let low = low.rotate_left(27).wrapping_add(high);
    (low, high.rotate_left(19))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of `SymCrypt` and of Microsoft's own implementation.
    #[test]
    fn sums_are_those_of_the_reference() {
        for (seed, text, expected) in [
            (0xd53c_d9ce_cd08_93b7, &b"abc"[..], 0x22c7_4339_4927_69bf_u64),
            (0x004f_b61a_001b_dbcc, b"", 0x30ed_35c1_00cd_3c7d),
            (0x004f_b61a_001b_dbcc, &[134, 66, 220, 89], 0x7008_f2e8_7e9c_f556),
        ] {
            let (low, high) = marvin32(text, seed);
            assert_eq!(u64::from(high) << 32 | u64::from(low), expected);
        }
    }
}
