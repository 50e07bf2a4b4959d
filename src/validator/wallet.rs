//! Keys of coins and identities: bech32, base58check and seed phrases.

use sha2::{Digest as _, Sha256};

use super::{CHECKSUM_MISMATCH, CHECKSUM_VALID, Verdict};

/// age's identities: bech32 (BIP-173) in capitals.
/// Source: <https://age-encryption.org/v1>
pub(super) fn age_identity(secret: &[u8]) -> Verdict {
    bech32_of(secret, if secret.starts_with(b"AGE-SECRET-KEY-PQ-") { "age-secret-key-pq-" } else { "age-secret-key-" })
}

/// Nostr's secret keys: bech32 of 32 bytes.
/// Source: <https://github.com/nostr-protocol/nips/blob/master/19.md>
pub(super) fn nostr_key(secret: &[u8]) -> Verdict {
    bech32_of(secret, "nsec")
}

fn bech32_of(secret: &[u8], kind: &str) -> Verdict {
    use bech32::Bech32;
    use bech32::primitives::decode::CheckedHrpstring;
    let Ok(text) = str::from_utf8(secret) else { return Verdict::Open };
    match CheckedHrpstring::new::<Bech32>(text) {
        Ok(checked) if checked.hrp().as_str().eq_ignore_ascii_case(kind) && checked.byte_iter().count() == 32 => {
            CHECKSUM_VALID
        }
        _ => Verdict::Invalid(CHECKSUM_MISMATCH),
    }
}

/// Bitcoin's wallet import format: base58check of a version, 32 bytes and perhaps 01.
/// Source: <https://en.bitcoin.it/wiki/Wallet_import_format>
pub(super) fn bitcoin_wif(secret: &[u8]) -> Verdict {
    const MAIN: u8 = 0x80;
    const TEST: u8 = 0xef;
    match base58check(secret).as_deref() {
        Some([MAIN | TEST, key @ ..]) if key.len() == 32 || key.len() == 33 && key[32] == 1 => CHECKSUM_VALID,
        _ => Verdict::Invalid(CHECKSUM_MISMATCH),
    }
}

/// Extended private keys: base58check of 78 bytes, of which the last 33 are a zero and the key.
/// Source: <https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki>
pub(super) fn extended_key(secret: &[u8]) -> Verdict {
    match base58check(secret).as_deref() {
        Some(key) if key.len() == 78 && key[45] == 0 => CHECKSUM_VALID,
        _ => Verdict::Invalid(CHECKSUM_MISMATCH),
    }
}

/// What stands before the four bytes of the checksum, if they are those of its double SHA-256.
fn base58check(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bs58::decode(text).into_vec().ok()?;
    let sum = bytes.split_off(bytes.len().checked_sub(4)?);
    let twice = Sha256::digest(Sha256::digest(&bytes));
    (sum == twice[..4]).then_some(bytes)
}

/// The 2,048 English words of BIP-39, one a line, in order.
/// Source: <https://github.com/bitcoin/bips/blob/master/bip-0039/english.txt>
pub(crate) const WORDS: &str = include_str!("bip39.txt");

/// Seed phrases: each word stands for eleven bits, and the last of them are the first of the others' SHA-256. Few phrases
/// of a language hold such words alone. Other wallets take other sums of the same words.
/// Source: <https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki>
pub(super) fn mnemonic(secret: &[u8]) -> Verdict {
    let words = secret.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let numbers: Vec<_> = words.map(|word| WORDS.lines().position(|known| known.as_bytes() == word)).collect();
    let known: Vec<usize> = numbers.iter().copied().flatten().collect();
    if known.len() < numbers.len() {
        return if known.len() * 2 > numbers.len() {
            Verdict::Invalid("not all of its words are on the list")
        } else {
            Verdict::NotAKey
        };
    }
    let bits: Vec<bool> =
        known.iter().flat_map(|number| (0..11).rev().map(move |bit| number >> bit & 1 == 1)).collect();
    // Twelve words hold four bits of the sum, and each three more one more.
    if !(12..=24).contains(&known.len()) || !known.len().is_multiple_of(3) {
        return Verdict::Invalid("it has too few words");
    }
    let sum = bits.len() / 33;
    let (entropy, shown) = bits.split_at(bits.len() - sum);
    let bytes: Vec<u8> =
        entropy.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect();
    let expected = Sha256::digest(&bytes)[0];
    let is_right = shown.iter().enumerate().all(|(place, bit)| (expected >> (7 - place) & 1 == 1) == *bit);
    if is_right { Verdict::Valid("words and checksum valid") } else { Verdict::Invalid(CHECKSUM_MISMATCH) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_words_is_the_published_one() {
        let hash = Sha256::digest(WORDS);
        assert_eq!(hash[..8], [0x2f, 0x5e, 0xed, 0x53, 0xa4, 0x72, 0x7b, 0x4b]);
        assert!(WORDS.lines().is_sorted());
    }

    /// Published values, joined here so that none stands in this file.
    #[test]
    fn published_keys_are_valid() {
        let wif = ["5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4d", "Z1jvhTVqvbTLvyTJ"].concat();
        assert_eq!(bitcoin_wif(wif.as_bytes()), CHECKSUM_VALID);
        let nsec = ["nsec1vl029mgpspedva04g90vltkh6fvh240", "zqtv9k0t9af8935ke9laqsnlfe5"].concat();
        assert_eq!(nostr_key(nsec.as_bytes()), CHECKSUM_VALID);
        let phrase = format!("{}about", "abandon ".repeat(11));
        assert_eq!(mnemonic(phrase.as_bytes()), Verdict::Valid("words and checksum valid"));
        let longest = format!("{}art", "abandon ".repeat(23));
        assert_eq!(mnemonic(longest.as_bytes()), Verdict::Valid("words and checksum valid"));
        assert_eq!(mnemonic("abandon ".repeat(12).as_bytes()), Verdict::Invalid(CHECKSUM_MISMATCH));
    }

    #[test]
    fn other_words_are_no_seed_phrase() {
        let prose = b"these lines explain what goes wrong whenever somebody writes prose there";
        assert_eq!(mnemonic(prose), Verdict::NotAKey);
        assert!(matches!(
            mnemonic(b"legal winner thank year wave sausage worth useful legal winner thank zzz"),
            Verdict::Invalid(_)
        ));
    }
}
