//! Offline proofs: what a value itself tells about being a key.
//!
//! A proof that more than one in a thousand random values would pass can only reject or leave open, never raise.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::rules::spec::Validator;

/// What a proof says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Proven; the fragment says by what.
    Valid(&'static str),
    /// A value that nobody has to revoke; the fragment says why.
    Harmless(&'static str),
    /// The proof fails; the fragment says how.
    Invalid(&'static str),
    /// Nothing can be said.
    Open,
    /// Something else that has this shape.
    NotAKey,
}

/// A key that is locked by a passphrase.
const ENCRYPTED: Verdict = Verdict::Harmless("encrypted");

/// Runs the proof called `validator` on a secret; `behind` is what follows it in the text.
pub(crate) fn check(validator: Validator, secret: &[u8], behind: &[u8]) -> Verdict {
    match validator {
        Validator::Crc32Base62 => crc32_base62(secret),
        Validator::AwsAccessKeyId => aws_access_key_id(secret),
        Validator::Jwt => jwt(secret),
        Validator::Pem => pem(secret),
        Validator::UrlPassword => url_password(behind),
    }
}

/// GitHub's tokens since April 2021 and npm's: behind the prefix's last `_`, the final six base62 digits (0-9A-Za-z)
/// are the CRC-32 (IEEE) of the characters before them.
/// Source: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>
fn crc32_base62(secret: &[u8]) -> Verdict {
    const DIGITS: usize = 6;
    let body = secret.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    let Some(split) = body.len().checked_sub(DIGITS) else { return Verdict::Open };
    let (random, digits) = body.split_at(split);
    if base62(digits) == Some(u64::from(crc32fast::hash(random))) {
        Verdict::Valid("checksum valid")
    } else {
        Verdict::Invalid("its checksum does not match")
    }
}

fn base62(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return None,
        };
        number.checked_mul(62)?.checked_add(u64::from(value))
    })
}

/// The account number that an AWS key id carries: bits 7 to 46 of the base32 text behind the four letters, for ids
/// made since 2019 (fifth character `Q` or later). Nine of ten random ids decode to a possible number, so this only doubts.
/// Source: <https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489>
fn aws_access_key_id(secret: &[u8]) -> Verdict {
    const LARGEST_ACCOUNT: u64 = 999_999_999_999;
    let Some(body) = secret.get(4..14) else { return Verdict::Open };
    if !matches!(body[0], b'Q'..=b'Z' | b'2'..=b'7') {
        return Verdict::Open;
    }
    let bits = body.iter().try_fold(0_u64, |bits, byte| {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        Some(bits << 5 | u64::from(value))
    });
    // 50 bits are read; the account number is the 40 behind the first one, of the first 48.
    match bits.map(|bits| (bits >> 9) & 0xff_ffff_ffff) {
        Some(account) if account > LARGEST_ACCOUNT => Verdict::Invalid("it holds no possible account number"),
        _ => Verdict::Open,
    }
}

/// A JSON Web Token: header and payload are base64url of JSON objects, and the header names an algorithm (RFC 7519).
fn jwt(secret: &[u8]) -> Verdict {
    let mut parts = secret.split(|byte| *byte == b'.');
    let mut object = || parts.next().and_then(json_object);
    let Some(header) = object() else { return Verdict::NotAKey };
    let Some(payload) = object() else { return Verdict::NotAKey };
    let is_unsigned =
        header.get("alg").is_none_or(|alg| alg.as_str().is_none_or(|alg| alg.eq_ignore_ascii_case("none")));
    let says = |key: &str, value: &str| payload.get(key).and_then(serde_json::Value::as_str) == Some(value);
    // jwt.io's sample in all its signatures, and the one of PyJWT's documentation.
    let is_sample = says("sub", "1234567890") && says("name", "John Doe") || says("some", "payload");
    if is_unsigned || is_sample {
        return Verdict::NotAKey;
    }
    // Supabase publishes its `anon` key to every browser: <https://supabase.com/docs/guides/api/api-keys>
    if says("role", "anon") { Verdict::Harmless("public by design") } else { Verdict::Open }
}

fn json_object(base64url: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    serde_json::from_slice(&decode(&alphabet::URL_SAFE, base64url)?).ok()
}

fn decode(alphabet: &alphabet::Alphabet, text: &[u8]) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config).decode(text).ok()
}

/// A password in an address. Hosts that are reserved for documentation (RFC 2606, RFC 5737) take no real one.
fn url_password(behind: &[u8]) -> Verdict {
    const DOMAINS: [&[u8]; 7] =
        [b"example.com", b"example.org", b"example.net", b".example", b".test", b".invalid", b".localhost"];
    const NETWORKS: [&[u8]; 3] = [b"192.0.2.", b"198.51.100.", b"203.0.113."];
    let host = behind.strip_prefix(b"@").unwrap_or(behind);
    let end =
        host.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b".-_".contains(byte)).unwrap_or(host.len());
    let host = host[..end].to_ascii_lowercase();
    let is_below = |domain: &[u8]| {
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(b".") || domain.starts_with(b"."))
    };
    if DOMAINS.into_iter().any(is_below) || NETWORKS.iter().any(|network| host.starts_with(network)) {
        return Verdict::Harmless("the host is one of documentation");
    }
    Verdict::Open
}

/// A PEM block (RFC 7468) of a private key: the body decodes to what its label promises.
fn pem(secret: &[u8]) -> Verdict {
    let Some(block) = PemBlock::parse(secret) else { return Verdict::NotAKey };
    let is_legacy_encrypted = memchr::memmem::find(block.headers, b"ENCRYPTED").is_some();
    if is_legacy_encrypted || block.label.starts_with(b"ENCRYPTED") {
        return ENCRYPTED;
    }
    if block.body.len() < 32 {
        return Verdict::NotAKey;
    }
    let Some(der) = decode(&alphabet::STANDARD, &block.body) else {
        return Verdict::Invalid("its body does not decode");
    };
    if block.label.starts_with(b"OPENSSH") {
        return openssh(&der);
    }
    if block.label.starts_with(b"PGP") {
        return Verdict::Open;
    }
    if is_der_sequence(&der) {
        Verdict::Valid("body decodes")
    } else {
        Verdict::Invalid("its body is cut off or made up")
    }
}

/// Whether the bytes are one ASN.1 SEQUENCE that is as long as it says (X.690).
fn is_der_sequence(der: &[u8]) -> bool {
    let (length, header) = match der {
        [0x30, short @ 0..=0x7f, ..] => (usize::from(*short), 2),
        [0x30, 0x81, one, ..] => (usize::from(*one), 3),
        [0x30, 0x82, high, low, ..] => (usize::from(u16::from_be_bytes([*high, *low])), 4),
        _ => return false,
    };
    der.len() == header + length && der.get(header) == Some(&0x02)
}

/// OpenSSH's own container (PROTOCOL.key in its sources): magic, then the name of the cipher.
fn openssh(bytes: &[u8]) -> Verdict {
    let Some(rest) = bytes.strip_prefix(b"openssh-key-v1\0") else {
        return Verdict::Invalid("its body is no OpenSSH key");
    };
    if rest.starts_with(b"\0\0\0\x04none") { Verdict::Valid("body decodes") } else { ENCRYPTED }
}

/// A private key block taken apart; line breaks may be written as `\n` or be missing altogether.
pub(crate) struct PemBlock<'t> {
    /// For example `RSA PRIVATE KEY`.
    pub(crate) label: &'t [u8],
    /// The lines such as `Proc-Type: 4,ENCRYPTED` before the body.
    headers: &'t [u8],
    /// The base64 text without anything between its characters.
    pub(crate) body: Vec<u8>,
    /// Where the label's line ends in the block.
    pub(crate) label_end: usize,
}

impl<'t> PemBlock<'t> {
    /// Takes apart a text that starts with `-----BEGIN `.
    pub(crate) fn parse(block: &'t [u8]) -> Option<Self> {
        const BEGIN: &[u8] = b"-----BEGIN ";
        let rest = block.strip_prefix(BEGIN)?;
        let label_length = memchr::memmem::find(rest, b"-----")?;
        let label_end = BEGIN.len() + label_length + 5;
        let content = &block[label_end..];
        let content = &content[..memchr::memmem::find(content, b"-----END").unwrap_or(content.len())];
        // A header line is `Name: value`; the body starts behind the last one.
        let body_start = memchr::memrchr(b':', content).map_or(0, |colon| {
            let line_end = content[colon..].windows(2).position(|pair| pair[0] == b'\n' || pair == b"\\n");
            line_end.map_or(content.len(), |end| colon + end + 1)
        });
        let (headers, body) = content.split_at(body_start);
        Some(Self { label: &rest[..label_length], headers, body: base64_of(body), label_end })
    }
}

/// The base64 characters of a PEM body. Escapes (`\n`), quotes, blanks and the `+` that joins two strings fall away.
fn base64_of(body: &[u8]) -> Vec<u8> {
    let is_edge = |byte: Option<&u8>| byte.is_none_or(|byte| b" \t\r\n\"'`".contains(byte));
    let mut out = Vec::with_capacity(body.len());
    let mut position = 0;
    while let Some(byte) = body.get(position) {
        match byte {
            b'\\' if body.get(position + 1) != Some(&b'/') => position += 1, // and the letter behind it
            b'+' if is_edge(position.checked_sub(1).and_then(|before| body.get(before)))
                && is_edge(body.get(position + 1)) => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => out.push(*byte),
            _ => {}
        }
        position += 1;
    }
    out
}

#[cfg(test)]
mod tests;
