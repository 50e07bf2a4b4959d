//! Made-up tokens whose proof holds: the other direction of `validator.rs`, for examples and tests.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::{Random, text};
use crate::validator::{marvin, wallet};

const CAPITALS_FIRST: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SMALL_FIRST: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A token of that kind behind `prefix`.
pub(super) fn token(kind: &str, prefix: &str, random: &mut Random) -> Option<String> {
    let mut body = |class, count| text(class, count, random).unwrap_or_default();
    let token = match kind {
        "deno" => {
            let covered = format!("{prefix}{}", body("alnum", 34 - prefix.len()));
            covered.clone() + &sum(&covered, CAPITALS_FIRST, 6)
        }
        "vercel" => {
            let covered = body("base64url", 50);
            format!("{prefix}{covered}{}", sum(&covered, CAPITALS_FIRST, 6))
        }
        "apify" => {
            let covered = format!("{prefix}{}", body("alnum", 30));
            covered.clone() + &sum(&covered, SMALL_FIRST, 6)
        }
        "dynamic" => {
            let covered = body("alnum", 30);
            format!("{prefix}{covered}{}", sum(&covered, SMALL_FIRST, 6))
        }
        "matrix" => {
            let covered = format!("{prefix}{}{}", body("upper", 10), body("lower", 10));
            format!("{covered}_{}", sum(&covered, CAPITALS_FIRST, 6))
        }
        "atlassian" => {
            let covered = format!("{prefix}{}=", body("base64url", 177));
            covered.clone() + &format!("{:08X}", crc(&covered))
        }
        "grafana" => {
            let covered = format!("{prefix}{}", body("alnum", 32));
            format!("{covered}_{:08x}", crc(&covered).swap_bytes())
        }
        "zuplo" => {
            let covered = body("lowernum", 32);
            format!("{prefix}{covered}_{:08x}", crc(&covered))
        }
        "confluent" => {
            let covered = body("base64", 54);
            format!("{prefix}{covered}{}", STANDARD_NO_PAD.encode(crc(&covered).to_le_bytes()))
        }
        // The payload is as long as the digits behind it say; `.01.` tells the version.
        "gitlab-routable" | "gitlab-versioned" => {
            let dot = if kind == "gitlab-versioned" { ".01." } else { "." };
            let covered = format!("{prefix}{}{dot}0r", body("base64url", 27));
            covered.clone() + &sum(&covered, BASE36, 7)
        }
        _ => return encoding(kind, prefix, random),
    };
    Some(token)
}

/// A token that is an encoding of bytes.
fn encoding(kind: &str, prefix: &str, random: &mut Random) -> Option<String> {
    Some(match kind {
        "nats-seed" => nats_seed(random),
        "azure-devops" => azure_devops(random),
        "azure-storage" => {
            // 57 bytes of key and the mark `+ASt` at letter 76.
            let key = [random.bytes(57), vec![0xf8, 0x04, 0xad]].concat();
            STANDARD.encode([&key[..], &marvin::checksum(&key)].concat())
        }
        "azure-annotated" => {
            let body = format!("{}JQQJ99BAACYeBjFXJ3w3AAAA{prefix}", text("alnum", 52, random)?);
            let sum = marvin::checksum(&STANDARD_NO_PAD.decode(&body).ok()?);
            body + STANDARD_NO_PAD.encode(sum).get(..4)?
        }
        "bech32" => {
            let kind = bech32::Hrp::parse(prefix).ok()?;
            bech32::encode::<bech32::Bech32>(kind, &random.bytes(32)).ok()?
        }
        "BECH32" => {
            let kind = bech32::Hrp::parse(prefix).ok()?;
            bech32::encode_upper::<bech32::Bech32>(kind, &random.bytes(32)).ok()?
        }
        "wif" => base58check(&[vec![0x80], random.bytes(32), vec![1]].concat()),
        "xprv" => base58check(&[&[0x04, 0x88, 0xad, 0xe4][..], &random.bytes(41), &[0], &random.bytes(32)].concat()),
        "vault" => format!("{prefix}{}", URL_SAFE_NO_PAD.encode([&[8, 1, 18, 32][..], &random.bytes(65)].concat())),
        "fly" => format!("{prefix}{}", STANDARD.encode([&[0x94, 0x93][..], &random.bytes(115)].concat())),
        "pypi" => format!("pypi-{}", URL_SAFE_NO_PAD.encode(macaroon(prefix, random))),
        _ => return None,
    })
}

/// Random letters and digits, the last six their checksum, as GitHub's and npm's tokens have it.
pub(super) fn crc32_base62(count: usize, random: &mut Random) -> String {
    let body = text("alnum", count.saturating_sub(6), random).unwrap_or_default();
    let sum = sum(&body, CAPITALS_FIRST, 6);
    body + &sum
}

/// So many words of BIP-39, the last one right.
pub(super) fn mnemonic(count: usize, random: &mut Random) -> String {
    let words: Vec<&str> = wallet::WORDS.lines().collect();
    let bits = |bytes: &[u8]| -> Vec<bool> {
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
    };
    let entropy = random.bytes(count * 4 / 3);
    let mut all = bits(&entropy);
    all.extend(bits(&Sha256::digest(&entropy)[..1]));
    let number = |bits: &[bool]| bits.iter().fold(0, |number, bit| number << 1 | usize::from(*bit));
    all.chunks_exact(11).take(count).map(|bits| words[number(bits)]).collect::<Vec<_>>().join(" ")
}

fn nats_seed(random: &mut Random) -> String {
    // `S` and `U`: the seed of a user.
    let mut bytes = [&[0x95, 0x00][..], &random.bytes(32)].concat();
    let crc = bytes.iter().fold(0_u16, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 })
    });
    bytes.extend(crc.to_le_bytes());
    base32(&bytes)
}

/// A token for a person: its sum lies among the other bytes.
fn azure_devops(random: &mut Random) -> String {
    let mut bytes = random.bytes(32);
    let covered = [&bytes[..2], &bytes[3..7], &bytes[9..22], &bytes[23..]].concat();
    let sum = (crc32fast::hash(&covered) ^ 0xe0b9_692d).to_le_bytes();
    for (place, byte) in [22, 8, 7, 2].into_iter().zip(sum) {
        bytes[place] = byte;
    }
    base32(&bytes).to_lowercase()
}

fn base32(bytes: &[u8]) -> String {
    let bits: Vec<bool> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
    let digit = |bits: &[bool]| bits.iter().fold(0, |number, bit| number << 1 | usize::from(*bit)) << (5 - bits.len());
    bits.chunks(5).map(|bits| char::from(BASE32[digit(bits)])).collect()
}

fn base58check(bytes: &[u8]) -> String {
    let sum = Sha256::digest(Sha256::digest(bytes));
    bs58::encode([bytes, &sum[..4]].concat()).into_string()
}

/// Location, id, one caveat and a signature.
fn macaroon(location: &str, random: &mut Random) -> Vec<u8> {
    let field = |kind: u8, value: &[u8]| [&[kind, u8::try_from(value.len()).unwrap_or(0)][..], value].concat();
    let caveat = b"[0, \"project\"]";
    [
        vec![2],
        field(1, location.as_bytes()),
        field(2, &random.bytes(36)),
        vec![0],
        field(2, caveat),
        vec![0, 0],
        field(6, &random.bytes(32)),
    ]
    .concat()
}

fn crc(text: &str) -> u32 {
    crc32fast::hash(text.as_bytes())
}

/// The sum of `text` in so many digits.
fn sum(text: &str, alphabet: &[u8], count: usize) -> String {
    let mut number = crc(text) as usize;
    let mut digits = vec![alphabet[0]; count];
    for digit in digits.iter_mut().rev() {
        *digit = alphabet[number % alphabet.len()];
        number /= alphabet.len();
    }
    String::from_utf8_lossy(&digits).into_owned()
}
