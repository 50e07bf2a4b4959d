//! Tokens that end in a checksum of the rest, one function a format.
//!
//! The sum is always CRC-32 (IEEE) unless it is said; what differs is what it covers and how it is written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{CHECKSUM_MISMATCH, CHECKSUM_VALID, Verdict};

/// Digits of base 62 in the order of ASCII: `0-9A-Za-z`.
const CAPITALS_FIRST: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The other order: `0-9a-zA-Z`.
const SMALL_FIRST: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Digits of base 36.
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// GitHub's tokens since April 2021 and npm's: behind the prefix's last `_`, the final six base62 digits are the
/// sum of the characters before them.
/// Source: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>
pub(super) fn crc32_base62(secret: &[u8]) -> Verdict {
    let body = secret.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    let Some((random, digits)) = tail(body, 6) else { return Verdict::Open };
    verdict(number(digits, CAPITALS_FIRST) == Some(crc(random)))
}

/// Polar's tokens for organisations and people: as GitHub's. Its other kinds are longer and carry none.
/// Source: <https://github.com/polarsource/polar/blob/main/server/polar/kit/crypto.py>
pub(super) fn polar(secret: &[u8]) -> Verdict {
    const LENGTH: usize = 43;
    match secret.rsplit(|byte| *byte == b'_').next() {
        Some(body) if body.len() == LENGTH => crc32_base62(secret),
        _ => Verdict::Open,
    }
}

/// Deno Deploy's and JSR's tokens: six base62 digits are the sum of all before them, the prefix included.
/// Source: <https://github.com/jsr-io/jsr/blob/main/api/src/token.rs>
pub(super) fn deno(secret: &[u8]) -> Verdict {
    let Some((covered, digits)) = tail(secret, 6) else { return Verdict::Open };
    verdict(number(digits, CAPITALS_FIRST) == Some(crc(covered)))
}

/// Vercel's tokens: four letters of prefix, 50 characters that may hold `_`, their sum in six base62 digits.
/// Source: <https://vercel.com/changelog/new-token-formats-and-secret-scanning>
pub(super) fn vercel(secret: &[u8]) -> Verdict {
    let Some((random, digits)) = secret.get(4..).and_then(|body| tail(body, 6)) else { return Verdict::Open };
    verdict(number(digits, CAPITALS_FIRST) == Some(crc(random)))
}

/// Apify's tokens: six base62 digits, small letters first, are the sum of all before them, the prefix included. Apify
/// does not document it, so a wrong sum says nothing.
pub(super) fn apify(secret: &[u8]) -> Verdict {
    let Some((covered, digits)) = tail(secret, 6) else { return Verdict::Open };
    if number(digits, SMALL_FIRST) == Some(crc(covered)) { CHECKSUM_VALID } else { Verdict::Open }
}

/// Dynamic's tokens: as Apify's, without the prefix.
/// Source: <https://www.dynamic.xyz/docs/api-reference>
pub(super) fn dynamic(secret: &[u8]) -> Verdict {
    let body = secret.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    let Some((random, digits)) = tail(body, 6) else { return Verdict::Open };
    verdict(number(digits, SMALL_FIRST) == Some(crc(random)))
}

/// Synapse's tokens: the part behind the last `_` is the sum of what stands before that `_`. Other servers make tokens
/// without a sum, so a wrong one says nothing.
/// Source: <https://github.com/element-hq/synapse/blob/develop/synapse/handlers/auth.py> and `util/stringutils.py`
pub(super) fn matrix(secret: &[u8]) -> Verdict {
    let Some((covered, digits)) = last_underscore(secret) else { return Verdict::Open };
    if number(digits, CAPITALS_FIRST) == Some(crc(covered)) { CHECKSUM_VALID } else { Verdict::Open }
}

/// Azure DevOps' tokens of 52 base32 letters, for people and for applications: of the 32 bytes that they write, four
/// are the sum of the others, each kind's sum changed by a number of its own. Microsoft does not say since when, so a
/// wrong one says nothing.
/// Source: `SEC101_102_AdoPat.cs` and `IdentifiableMetadata.cs` in <https://github.com/microsoft/security-utilities>
pub(super) fn azure_devops(secret: &[u8]) -> Verdict {
    const KINDS: [u32; 2] = [0xe0b9_692d, 0x1019_f92e];
    let Some(Ok(bytes)) = base32(&secret.to_ascii_uppercase()).map(<[u8; 32]>::try_from) else { return Verdict::Open };
    let covered = [&bytes[..2], &bytes[3..7], &bytes[9..22], &bytes[23..]].concat();
    let sum = u32::from_le_bytes([bytes[22], bytes[8], bytes[7], bytes[2]]);
    if KINDS.contains(&(crc(&covered) ^ sum)) { CHECKSUM_VALID } else { Verdict::Open }
}

/// Atlassian's and Bitbucket's tokens: eight hex digits in capitals are the sum of all before them.
/// Source: <https://developer.atlassian.com/cloud/admin/dlp/>
pub(super) fn atlassian(secret: &[u8]) -> Verdict {
    let Some((covered, digits)) = tail(secret, 8) else { return Verdict::Open };
    verdict(format!("{:08X}", crc(covered)).as_bytes() == digits)
}

/// Grafana's service account tokens: behind the last `_` the sum of what stands before it, its bytes from the lowest.
/// Source: <https://github.com/grafana/grafana/blob/main/pkg/components/satokengen/satokengen.go>
pub(super) fn grafana(secret: &[u8]) -> Verdict {
    let Some((covered, digits)) = last_underscore(secret) else { return Verdict::Open };
    verdict(format!("{:08x}", crc(covered).swap_bytes()).as_bytes() == digits)
}

/// Zuplo's keys: behind the last `_` the sum of the part before it, without the prefix.
/// Source: <https://zuplo.com/docs/articles/api-key-leak-detection>
pub(super) fn zuplo(secret: &[u8]) -> Verdict {
    let Some((covered, digits)) = last_underscore(secret) else { return Verdict::Open };
    let random = covered.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    verdict(format!("{:08x}", crc(random)).as_bytes() == digits)
}

/// Confluent's API secrets since July 2025: behind `cflt` 54 characters, then base64 of their sum from its lowest byte.
/// Source: <https://docs.confluent.io/cloud/current/security/authenticate/workload-identities/service-accounts/api-keys/>
pub(super) fn confluent(secret: &[u8]) -> Verdict {
    let Some((random, digits)) = secret.get(4..).and_then(|body| tail(body, 6)) else { return Verdict::Open };
    verdict(STANDARD_NO_PAD.encode(crc(random).to_le_bytes()).as_bytes() == digits)
}

/// GitLab's routable tokens: payload, a dot, perhaps a version and a dot, two base36 digits that are the payload's length,
/// seven that are the sum of all before them. Tokens without a dot have no sum.
/// Source: <https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens/>
pub(super) fn gitlab_routable(secret: &[u8]) -> Verdict {
    let Some(dot) = memchr::memchr(b'.', secret) else { return Verdict::Open };
    let Some((covered, digits)) = tail(secret, 7) else { return Verdict::Open };
    let length = tail(covered, 2).and_then(|(_, digits)| number(digits, BASE36));
    // The prefix ends with its last `-` or, for runners, `_` before a payload that may hold both.
    let is_as_long = length.and_then(|length| usize::try_from(length).ok()).is_some_and(|length| {
        dot.checked_sub(length).and_then(|start| secret.get(start.checked_sub(1)?)).is_some_and(|b| b"-_".contains(b))
    });
    verdict(is_as_long && number(digits, BASE36) == Some(crc(covered)))
}

/// Seeds of NATS: base32 of two bytes that say what it is, 32 of the seed, and their CRC-16 (XMODEM) from the lowest byte.
/// Source: <https://github.com/nats-io/nkeys/blob/main/strkey.go>
pub(super) fn nats_seed(secret: &[u8]) -> Verdict {
    let Some(bytes) = base32(secret) else { return Verdict::Invalid(CHECKSUM_MISMATCH) };
    let Some((covered, sum)) = tail(&bytes, 2) else { return Verdict::Open };
    verdict(crc16_xmodem(covered).to_le_bytes() == *sum)
}

fn crc16_xmodem(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 })
    })
}

/// RFC 4648 without padding; bits that fill no byte fall away.
fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text {
        bits = bits << 5 | u32::from(super::base32_digit(*letter)?);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count).to_le_bytes()[0]);
        }
    }
    Some(bytes)
}

fn verdict(matches: bool) -> Verdict {
    if matches { CHECKSUM_VALID } else { Verdict::Invalid(CHECKSUM_MISMATCH) }
}

fn crc(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Splits off the last `count` bytes.
fn tail(bytes: &[u8], count: usize) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(bytes.len().checked_sub(count)?)
}

/// What stands before the last `_`, and what behind it.
fn last_underscore(secret: &[u8]) -> Option<(&[u8], &[u8])> {
    let place = memchr::memrchr(b'_', secret)?;
    Some((&secret[..place], &secret[place + 1..]))
}

/// The number that the digits write, the highest first; `None` for more than 32 bits hold.
fn number(digits: &[u8], alphabet: &[u8]) -> Option<u32> {
    let base = u32::try_from(alphabet.len()).ok()?;
    digits.iter().try_fold(0_u32, |number, digit| {
        let value = memchr::memchr(*digit, alphabet)?;
        number.checked_mul(base)?.checked_add(u32::try_from(value).ok()?)
    })
}
