//! Examples of rules are templates, so that no file holds anything that looks like a live key.
//!
//! `<class:count>` becomes random text of that class, the same for the same rule and example: `<alnum:36>`, `<hex:40>`.
//! `<uuid>`, `<jwt>`, `<pem:LABEL>` and `<der:LABEL>` become what they say. `<base64-of:TEXT>` and
//! `<base64url-of:TEXT>` encode a text in which `[class:count]` is random too. `<bytes:FEED 0001>` becomes bytes. The
//! names in `proven.rs` make values whose proof holds, such as `<deno:ddo_>`. Everything else stays, other angle brackets
//! too.

mod container;
mod proven;

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

/// The bytes of an example: `<bytes:FEED 0001 [hex:20]>` in it becomes the bytes that the hexadecimal digits stand for.
pub fn content(template: &str, rule: &str, number: usize) -> Vec<u8> {
    const OPEN: &str = "<bytes:";
    let text = expand(template, rule, number);
    let mut random = Random::new(&format!("{rule}/{number}/bytes"));
    let mut out = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once(OPEN) {
        let Some((digits, tail)) = behind.split_once('>') else { break };
        out.extend_from_slice(before.as_bytes());
        let digits: Vec<u8> = filled(digits, &mut random).into_bytes();
        let digits: Vec<u8> = digits.into_iter().filter(u8::is_ascii_hexdigit).collect();
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or(0);
        out.extend(digits.as_chunks::<2>().0.iter().map(|[high, low]| value(*high) << 4 | value(*low)));
        rest = tail;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// A path that the glob covers, for the examples of a rule that looks at some files alone.
pub fn path(glob: &str) -> String {
    let glob = glob.replace("**/", "").replace("**", "x");
    let mut out = String::new();
    let mut rest = glob.chars();
    while let Some(character) = rest.next() {
        match character {
            '*' | '?' => out.push('x'),
            '\\' => out.extend(rest.next()),
            '[' => {
                let members: String = rest.by_ref().take_while(|c| *c != ']').collect();
                out.push(members.chars().next().filter(|first| !matches!(first, '!' | '^')).unwrap_or('x'));
            }
            '{' => {
                let branches: String = rest.by_ref().take_while(|c| *c != '}').collect();
                out.push_str(&path(branches.split(',').next().unwrap_or_default()));
            }
            _ => out.push(character),
        }
    }
    out
}

fn placeholder(name: &str, random: &mut Random) -> Option<String> {
    match name.split_once(':') {
        None if name == "uuid" => Some(uuid(random)),
        None if name == "jwt" => Some(jwt(random)),
        Some(("pem", label)) => Some(container::pem(label, random)),
        Some(("der", label)) => Some(container::der(label, random)),
        Some(("putty", encryption)) => Some(container::putty(encryption, random)),
        Some(("base64-of", text)) => Some(STANDARD.encode(filled(text, random))),
        Some(("base64url-of", text)) => Some(URL_SAFE_NO_PAD.encode(filled(text, random))),
        split => match split.and_then(|(class, count)| Some((class, count.parse().ok()?))) {
            Some((class, count)) if count <= LONGEST => text(class, count, random),
            _ => {
                let (kind, prefix) = split.unwrap_or((name, ""));
                proven::token(kind, prefix, random)
            }
        },
    }
}

/// Bound of a random text, so that a template of a configuration cannot fill the memory.
const LONGEST: usize = 4096;

/// `text` with every `[class:count]` replaced.
fn filled(text: &str, random: &mut Random) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('[') {
        out.push_str(before);
        let class = behind.split_once(']').and_then(|(inside, tail)| {
            let (class, count) = inside.split_once(':')?;
            let count = count.parse().ok().filter(|count| *count <= LONGEST)?;
            Some((self::text(class, count, random)?, tail))
        });
        match class {
            Some((text, tail)) => {
                out.push_str(&text);
                rest = tail;
            }
            None => {
                out.push('[');
                rest = behind;
            }
        }
    }
    out + rest
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
        "crc32-base62" => return Some(proven::crc32_base62(count, random)),
        "bip39" => return Some(proven::mnemonic(count, random)),
        _ => return None,
    };
    Some(random.text(&alphabet, count))
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
    fn a_path_is_made_up_for_each_glob() {
        for glob in ["**/.npmrc", "src/**", "a/*/b?.{py,js}", "[ab]c", "**", "{**/x.*,y}"] {
            let set = crate::rules::glob_set(std::iter::once(glob)).unwrap();
            assert!(set.is_match(path(glob)), "{glob}: {}", path(glob));
        }
    }

    #[test]
    fn templates_expand_to_the_same_text_again() {
        let text = expand("a <alnum:5> <hex:3>, <x:4> <your-key> < b", "r", 1);
        assert_eq!(text, expand("a <alnum:5> <hex:3>, <x:4> <your-key> < b", "r", 1));
        assert_ne!(text, expand("a <alnum:5> <hex:3>, <x:4> <your-key> < b", "r", 2));
        assert!(text.ends_with(", xxxx <your-key> < b"), "{text}");
        assert_eq!(text.len(), "a 12345 123, xxxx <your-key> < b".len());
    }
}
