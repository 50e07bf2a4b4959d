//! Examples of rules are templates, so that no file holds anything that looks like a live key.
//!
//! `<class:count>` becomes random text of that class, the same for the same rule and example: `<alnum:36>`, `<hex:40>`.
//! `<uuid>`, `<jwt>` and `<pem:LABEL>` become what they say. Everything else stays, other angle brackets too.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// Replaces every placeholder of the template; `number` tells the examples of one rule apart.
pub fn expand(template: &str, rule: &str, number: usize) -> String {
    let mut random = Random::new(&format!("{rule}/{number}"));
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('<') {
        out.push_str(before);
        match behind.split_once('>').and_then(|(name, tail)| Some((placeholder(name, &mut random)?, tail))) {
            Some((text, tail)) => {
                out.push_str(&text);
                rest = tail;
            }
            None => {
                out.push('<');
                rest = behind;
            }
        }
    }
    out + rest
}

fn placeholder(name: &str, random: &mut Random) -> Option<String> {
    match name.split_once(':') {
        None if name == "uuid" => Some(uuid(random)),
        None if name == "jwt" => Some(jwt(random)),
        None => None,
        Some(("pem", label)) => Some(pem(label, random)),
        Some((class, count)) => text(class, count.parse().ok().filter(|count| *count <= 4096)?, random),
    }
}

fn text(class: &str, count: usize, random: &mut Random) -> Option<String> {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const DIGITS: &str = "0123456789";
    let alphabet = match class {
        "x" => "x".to_owned(),
        "lower" => LOWER.to_owned(),
        "upper" => UPPER.to_owned(),
        "digit" => DIGITS.to_owned(),
        "hex" => format!("{DIGITS}abcdef"),
        "HEX" => format!("{DIGITS}ABCDEF"),
        "lowernum" => format!("{LOWER}{DIGITS}"),
        "uppernum" => format!("{UPPER}{DIGITS}"),
        "alnum" => format!("{UPPER}{LOWER}{DIGITS}"),
        "base32" => format!("{UPPER}234567"),
        "base64" => format!("{UPPER}{LOWER}{DIGITS}+/"),
        "base64url" => format!("{UPPER}{LOWER}{DIGITS}_-"),
        "crc32-base62" => return Some(crc32_base62(count, random)),
        _ => return None,
    };
    Some(random.text(&alphabet, count))
}

/// Random letters and digits, the last six their checksum, as GitHub's and npm's tokens have it.
fn crc32_base62(count: usize, random: &mut Random) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let body = text("alnum", count.saturating_sub(6), random).unwrap_or_default();
    let mut checksum = crc32fast::hash(body.as_bytes()) as usize;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[checksum % 62];
        checksum /= 62;
    }
    body + &String::from_utf8_lossy(&digits)
}

fn uuid(random: &mut Random) -> String {
    let mut hex = |count| random.text("0123456789abcdef", count);
    format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
}

fn jwt(random: &mut Random) -> String {
    let part = |json: String| URL_SAFE_NO_PAD.encode(json);
    let payload = format!("{{\"sub\":\"{}\",\"iat\":1700000000}}", random.text("0123456789abcdef", 12));
    let header = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}".to_owned();
    format!("{}.{}.{}", part(header), part(payload), URL_SAFE_NO_PAD.encode(random.bytes(32)))
}

/// A block with that label: OpenSSH's container for OpenSSH, else one ASN.1 sequence that starts with a version.
fn pem(label: &str, random: &mut Random) -> String {
    let body = if label.starts_with("OPENSSH") {
        [b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none", &random.bytes(200)[..]].concat()
    } else {
        [&[0x30, 0x82, 0x01, 0x03, 0x02, 0x01, 0x00][..], &random.bytes(256)].concat()
    };
    let text = STANDARD.encode(body);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines.join("\n"))
}

/// Bytes that look random and are the same for the same seed: SHA-256 in counter mode.
struct Random {
    seed: Vec<u8>,
    counter: u64,
    block: Vec<u8>,
}

impl Random {
    fn new(seed: &str) -> Self {
        Self { seed: seed.as_bytes().to_vec(), counter: 0, block: Vec::new() }
    }

    fn byte(&mut self) -> u8 {
        if self.block.is_empty() {
            self.block =
                Sha256::new().chain_update(&self.seed).chain_update(self.counter.to_be_bytes()).finalize().to_vec();
            self.counter += 1;
        }
        self.block.pop().unwrap_or(0)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    fn text(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..count).map(|_| char::from(alphabet[usize::from(self.byte()) % alphabet.len()])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_expand_to_the_same_text_again() {
        let text = expand("a <alnum:5> <hex:3>, <x:4> <your-key> < b", "r", 1);
        assert_eq!(text, expand("a <alnum:5> <hex:3>, <x:4> <your-key> < b", "r", 1));
        assert_ne!(text, expand("a <alnum:5> <hex:3>, <x:4> <your-key> < b", "r", 2));
        assert!(text.ends_with(", xxxx <your-key> < b"), "{text}");
        assert_eq!(text.len(), "a 12345 123, xxxx <your-key> < b".len());
    }
}
