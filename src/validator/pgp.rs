//! `OpenPGP`'s private keys (RFC 9580): armor with its checksum, and the octet that tells whether a passphrase locks them.

use super::{CHECKSUM_MISMATCH, CHECKSUM_VALID, DECODES, ENCRYPTED, Verdict, base64_bytes, keystore};

/// The body of a private key block, base64 and perhaps `=` and the checksum. Newer armor leaves the checksum out.
pub(super) fn private_key(body: &[u8]) -> Verdict {
    let (text, sum) = match body.len().checked_sub(5).map(|place| body.split_at(place)) {
        Some((text, [b'=', sum @ ..])) if !sum.contains(&b'=') => (text, Some(sum)),
        _ => (body, None),
    };
    let Some(bytes) = base64_bytes(text) else { return Verdict::Invalid("its body does not decode") };
    let is_proven = match sum {
        Some(sum) if base64_bytes(sum).as_deref() != Some(&crc24(&bytes).to_be_bytes()[1..]) => {
            return Verdict::Invalid(CHECKSUM_MISMATCH);
        }
        sum => sum.is_some(),
    };
    match lock(&bytes) {
        Some(Lock::Open) if is_proven => CHECKSUM_VALID,
        Some(Lock::Open) => DECODES,
        Some(Lock::Passphrase) => ENCRYPTED,
        None if is_proven => Verdict::Open,
        None => Verdict::Invalid("its body is cut off or made up"),
    }
}

/// The packets of a key without armor, as they are or in base64.
pub(super) fn secret_key(packets: &[u8]) -> Verdict {
    const TAGS: [&[u8]; 5] = [b"\x94", b"\x95", b"\x96", b"\x97", b"\xc5"];
    match lock(&keystore::bytes_of(packets, &TAGS)) {
        Some(Lock::Open) => DECODES,
        Some(Lock::Passphrase) => ENCRYPTED,
        None => Verdict::NotAKey,
    }
}

/// Section 6.1.1: polynomial 864CFB, starting from B704CE.
pub(crate) fn crc24(bytes: &[u8]) -> u32 {
    let sum = bytes.iter().fold(0x00b7_04ce, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 16, |sum: u32, _| {
            if sum & 0x0080_0000 == 0 { sum << 1 } else { sum << 1 ^ 0x0186_4cfb }
        })
    });
    sum & 0x00ff_ffff
}

/// Whether the secret part of a key can be read by everybody.
enum Lock {
    Open,
    /// Or it is on a card, or not there at all.
    Passphrase,
}

/// The lock of the first packet, which is a secret key (tag 5): behind the public part stands how it is protected.
fn lock(bytes: &[u8]) -> Option<Lock> {
    let (tag, content) = packet(bytes)?;
    if tag != 5 {
        return None;
    }
    // Version, time of creation, in version 3 the days that it is good for, algorithm.
    let (algorithm, public) = match content {
        [4, _, _, _, _, algorithm, public @ ..] | [3, _, _, _, _, _, _, algorithm, public @ ..] => (*algorithm, public),
        // From version 5 on the length of the public part is written.
        [5 | 6, _, _, _, _, _, high, higher, low, lower, rest @ ..] => {
            let length = u32::from_be_bytes([*high, *higher, *low, *lower]);
            return rest.get(usize::try_from(length).ok()?).copied().map(lock_of);
        }
        _ => return None,
    };
    behind_public_part(algorithm, public)?.first().copied().map(lock_of)
}

fn lock_of(usage: u8) -> Lock {
    if usage == 0 { Lock::Open } else { Lock::Passphrase }
}

/// Tag and content of the first packet (section 4.2); what is cut off is left out.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    match first {
        0xc0.. => match rest {
            [0..=191, content @ ..] | [192..=223, _, content @ ..] | [255, _, _, _, _, content @ ..] => {
                Some((first & 0x3f, content))
            }
            _ => None,
        },
        0x80.. => Some((first >> 2 & 0xf, rest.get([1, 2, 4, 0][usize::from(first & 3)]..)?)),
        _ => None,
    }
}

/// What stands behind the numbers of a public key (section 9.1).
fn behind_public_part(algorithm: u8, public: &[u8]) -> Option<&[u8]> {
    let numbers = |count: usize, bytes| (0..count).try_fold(bytes, |rest, _| behind_number(rest));
    let behind_short = |bytes: &'_ [u8]| bytes.get(usize::from(*bytes.first()?) + 1..).map(<[u8]>::len);
    let skip_short = |bytes: &'_ [u8]| behind_short(bytes).map(|left| bytes.len() - left);
    match algorithm {
        1..=3 => numbers(2, public),                               // RSA
        16 => numbers(3, public),                                  // Elgamal
        17 => numbers(4, public),                                  // DSA
        19 | 22 => numbers(1, public.get(skip_short(public)?..)?), // ECDSA, EdDSA: curve, point
        18 => {
            let rest = numbers(1, public.get(skip_short(public)?..)?)?; // ECDH: and how the key is wrapped
            rest.get(skip_short(rest)?..)
        }
        25 | 27 => public.get(32..), // X25519, Ed25519
        26 => public.get(56..),      // X448
        28 => public.get(57..),      // Ed448
        _ => None,
    }
}

/// What stands behind a number, which begins with the count of its bits.
fn behind_number(bytes: &[u8]) -> Option<&[u8]> {
    let (bits, rest) = bytes.split_first_chunk::<2>()?;
    rest.get(usize::from(u16::from_be_bytes(*bits)).div_ceil(8)..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::example;
    use crate::validator::PemBlock;

    fn body(number: usize) -> Vec<u8> {
        let block = example::expand("<pem:PGP PRIVATE KEY BLOCK>", "pgp", number);
        PemBlock::parse(block.as_bytes()).unwrap().body
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc24(b"123456789"), 0x0021_cf02);
    }

    #[test]
    fn armor_may_leave_the_checksum_out_but_not_get_it_wrong() {
        let mut body = body(0);
        assert_eq!(private_key(&body), CHECKSUM_VALID);
        assert_eq!(private_key(&body[..body.len() - 5]), DECODES);
        let place = body.len() - 20;
        body[place] = if body[place] == b'A' { b'B' } else { b'A' };
        assert_eq!(private_key(&body), Verdict::Invalid(CHECKSUM_MISMATCH));
    }

    #[test]
    fn a_passphrase_is_told_by_the_octet_behind_the_public_part() {
        let text = body(1);
        let mut bytes = base64_bytes(&text[..text.len() - 5]).unwrap();
        let place = bytes.len() - 1 - 34 - 2;
        assert_eq!(bytes[place], 0);
        bytes[place] = 254;
        let locked = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
        assert_eq!(private_key(locked.as_bytes()), ENCRYPTED);
    }
}
