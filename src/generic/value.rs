//! Whether a value looks as if it came from a random number generator.

use std::ops::Range;

use super::Assignment;
use crate::{digest, encrypted, entropy, placeholder};

/// What a value is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// Nobody writes such a thing by hand.
    Random,
    /// Random, and of a form that ids and hashes share.
    Id,
    /// Short, or near to words: a password perhaps.
    Password,
    /// Words, where whoever chose them meant them as a password.
    Chosen,
}

/// The word of the value that may be the secret: a value may begin with plain words, as `Bearer` in a header.
pub(super) fn secret_part(text: &[u8], assignment: &Assignment) -> Option<Range<usize>> {
    const MOST_WORDS: usize = 4;
    let value = &text[assignment.value.clone()];
    let is_edge = |byte: &u8| byte.is_ascii_whitespace() || b"{}".contains(byte);
    let words: Vec<&[u8]> = value.split(is_edge).filter(|word| !word.is_empty()).collect();
    let (last, before) = words.split_last()?;
    // One word in braces is a template, or ciphertext of Jenkins.
    if before.is_empty() && value.trim_ascii().starts_with(b"{") {
        return None;
    }
    let is_plain =
        |word: &&[u8]| word.len() < 16 && word.iter().all(|byte| byte.is_ascii_alphabetic() || b"-_:".contains(byte));
    if words.len() > MOST_WORDS || !before.iter().all(is_plain) {
        return None;
    }
    let start = assignment.value.start + (last.as_ptr() as usize - value.as_ptr() as usize);
    Some(start..start + last.len())
}

/// Whether somebody may have chosen `value` for a password, as weak as it may be.
pub(super) fn may_be_chosen(value: &[u8]) -> bool {
    const SHORTEST: usize = 5;
    const KEYWORDS: [&[u8]; 4] = [b"false", b"undefined", b"disabled", b"enabled"];
    value.len() >= SHORTEST
        && !KEYWORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
        && value.iter().any(u8::is_ascii_alphabetic)
        && !is_something_else(value)
        && !placeholder::is_placeholder(value)
}

impl Likeness {
    /// What `value` is like; `None` for words, references, numbers, paths and whatever else is no secret.
    pub(super) fn of(value: &[u8], assignment: &Assignment, is_password: impl Fn() -> bool) -> Option<Self> {
        const SHORTEST: usize = 8;
        const LONG: usize = 16;
        if value.len() < SHORTEST || !value.is_ascii() || is_something_else(value) {
            return None;
        }
        let (digits, letters) = (count(value, u8::is_ascii_digit), count(value, u8::is_ascii_alphabetic));
        if is_uuid(value) || is_hex(value) {
            let is_long = value.len() >= LONG && digits > 0 && letters > 0 && entropy::distinct(value) >= 8;
            return is_long.then_some(Self::Id);
        }
        if digits + letters == 0 || letters == 0 {
            return None;
        }
        let surprise = surprise(value);
        let per_byte = surprise / length(value);
        let is_token =
            is_token68(value) && (has_padding_alone(value) || assignment.is_quoted() && value.len() >= 2 * LONG);
        // Digits among the letters are a sign of their own, so that less is asked of the letters.
        let is_mixed = digits >= 2 || has_both_cases(value);
        let (least, least_per_byte) = if is_mixed { (5.0, 0.2) } else { (8.0, 0.4) };
        if value.len() >= LONG && surprise >= least && per_byte >= least_per_byte {
            return Some(if is_token && is_mixed { Self::Random } else { Self::Password });
        }
        // Letters alone must be the more unlike words.
        let is_unlike =
            digits > 0 && surprise >= 4.0 && per_byte >= 0.3 || surprise >= 5.0 && per_byte >= 0.55 && is_password();
        (assignment.is_marked() && is_unlike).then_some(Self::Password)
    }
}

/// Whether `value` is made of what tokens are made of, so that they can stand in a header: `token68` of RFC 9110, and `:`
/// between two parts. Percent-encoded it may stand in an address.
pub(super) fn is_token68(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=:%".contains(byte)) && !value.starts_with(b"=")
}

/// Whether every `=` stands at the end, where base64 has it.
fn has_padding_alone(value: &[u8]) -> bool {
    value.iter().position(|byte| *byte == b'=').is_none_or(|first| value[first..].iter().all(|byte| *byte == b'='))
}

fn count(value: &[u8], is: fn(&u8) -> bool) -> usize {
    value.iter().filter(|byte| is(byte)).count()
}

#[expect(clippy::cast_precision_loss, reason = "values are at most hundreds of bytes")]
fn length(value: &[u8]) -> f32 {
    value.len() as f32
}

fn has_both_cases(value: &[u8]) -> bool {
    count(value, u8::is_ascii_lowercase) > 1 && count(value, u8::is_ascii_uppercase) > 1
}

fn is_hex(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_hexdigit)
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether `value` is like the output of an encoder that nobody's encoder has put out, so that it was cut off, garbled or
/// typed: hex digits in both cases, or the groups of a UUID and a last one that is longer or shorter.
pub(super) fn is_garbled(value: &[u8]) -> bool {
    const LONG: usize = 32;
    let is_mixed = value.len() >= LONG
        && is_hex(value)
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_lowercase);
    is_mixed || is_like_uuid(value)
}

/// Whether the value ends in groups as a UUID's which are none.
fn is_like_uuid(value: &[u8]) -> bool {
    let groups: Vec<&[u8]> = value.split(|byte| *byte == b'-').collect();
    let [.., first, second, third, fourth, last] = groups.as_slice() else { return false };
    // A prefix may stand before the first group.
    let first = first.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    let are_grouped = first.len() == 8 && [second, third, fourth].iter().all(|group| group.len() == 4);
    let are_hex = [first, second, third, fourth, last].iter().all(|group| is_hex(group));
    are_grouped && are_hex && last.len() != 12 && (8..16).contains(&last.len())
}

/// How references, addresses, paths, digests and ciphertext begin.
const STARTS: &[&[u8]] = &[
    b"$",
    b"%",
    b"@",
    b"<",
    b"/",
    b"./",
    b"../",
    b"~/",
    b"#",
    b"&",
    b"*",
    b"!",
    b"arn:",
    b"vault:",
    b"encrypted:",
    b"AQAAABAAAA",
    // `Salted__`, with which OpenSSL and CryptoJS open ciphertext.
    b"U2FsdGVkX1",
    // Public keys of SSH, and in DER those of RSA, of P-256 and of Ed25519.
    b"AAAAB3Nza",
    b"AAAAC3Nza",
    b"AAAAE2Vj",
    b"ssh-",
    b"MIIBIjAN",
    b"MFkwEwYHKoZI",
    b"MCowBQYDK2Vw",
    b"op://",
    b"file:",
    b"env:",
    b"process.",
    b"os.",
    b"env.",
    b"self.",
    b"this.",
    b"config.",
    b"var.",
    b"secrets.",
    b"settings.",
];

/// References, addresses, paths, calls, templates, digests, encrypted values.
fn is_something_else(value: &[u8]) -> bool {
    const INSIDE: &[&[u8]] = &[b"://", b"${", b"{{", b"<%", b"%(", b"#{", b"$(", b"::", b"()", b"..."];
    // One key of 64 in base64 begins with the sign of a path.
    let is_base64 = value.len() >= 40 && value.ends_with(b"=") && surprise(&value[1..]) >= 8.0;
    let is_taken_for_one = is_base64 && value.starts_with(b"/") || encrypted::is_no_transit(value);
    STARTS.iter().any(|start| value.starts_with(start)) && !is_taken_for_one
        || is_address(value)
        || digest::is_whole_labelled(value)
        || encrypted::is_bracketed(value)
        || value.starts_with(b"data:") && value.contains(&b',')
        || INSIDE.iter().any(|part| memchr::memmem::find(value, part).is_some())
        || is_dotted_name(value)
        || is_constant(value)
        || holds_tag(value)
        // A JSON Web Token has rules of its own.
        || value.starts_with(b"eyJ") && memchr::memmem::find(value, b".eyJ").is_some()
}

/// The address of an account or contract of Ethereum: public.
fn is_address(value: &[u8]) -> bool {
    value.len() == 42 && value.starts_with(b"0x") && is_hex(&value[2..])
}

/// Whether nobody would have written `value` by hand.
pub(super) fn is_unlike_words(value: &[u8]) -> bool {
    let surprise = surprise(value);
    surprise >= 4.0 && surprise / length(value) >= 0.3
}

/// `FLAG_OF_SOMETHING`: the name of a constant.
fn is_constant(value: &[u8]) -> bool {
    value.contains(&b'_')
        && value.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
        && value
            .split(|byte| *byte == b'_')
            .all(|word| word.len() < 16 && count(word, u8::is_ascii_digit) * 2 <= word.len())
        && (count(value, u8::is_ascii_digit) == 0 || surprise(value) < length(value) * 0.2)
}

/// `prefix-<name>`: something to be filled in.
fn holds_tag(value: &[u8]) -> bool {
    let open = value.iter().position(|byte| *byte == b'<');
    open.is_some_and(|open| value[open..].contains(&b'>'))
}

/// `module.Class.member`, `api.acme.net`, `file.ext`: words joined by dots.
fn is_dotted_name(value: &[u8]) -> bool {
    value.contains(&b'.')
        && value
            .split(|byte| *byte == b'.')
            .all(|part| part.len() < 20 && !part.first().is_some_and(u8::is_ascii_digit) && surprise(part) < 3.0)
}

/// How unlike words the value is, in bits: what a letter tells about the next one in words of programs and of English,
/// how often letters and digits take turns, signs that names do not have.
fn surprise(value: &[u8]) -> f32 {
    let mut bits = 0.0;
    for pair in value.windows(2) {
        let (one, next) = (pair[0], pair[1]);
        bits += match (one.is_ascii_alphabetic(), next.is_ascii_alphabetic()) {
            (true, true) => {
                unlikely(one, next) + if one.is_ascii_uppercase() && next.is_ascii_lowercase() { 0.0 } else { 0.1 }
            }
            (true, false) | (false, true) if one.is_ascii_digit() || next.is_ascii_digit() => 1.0,
            (false, false) if one.is_ascii_digit() && next.is_ascii_digit() => 0.2,
            _ if b"-_./: ".contains(&one) || b"-_./: ".contains(&next) => 0.0,
            _ => 0.5,
        };
    }
    bits
}

fn unlikely(one: u8, next: u8) -> f32 {
    let place = |letter: u8| usize::from(letter.to_ascii_lowercase() - b'a');
    4.0 - f32::from(FOLLOWS[place(one)][place(next)] - b'0')
}

/// How often the second letter follows the first in the words of programs and their documentation: the logarithm to base
/// two of how much more often than chance would have it, plus 4. Row: first letter; column: second.
const FOLLOWS: [&[u8; 26]; 26] = [
    b"14551240402645040656322230", // a
    b"63435211630632530553510030", // b
    b"61325235405432630445320010", // c
    b"53347321610422531553422120", // d
    b"42553330201446232665132420", // e
    b"52345620600533530554401020", // f
    b"42327234501435431553421110", // g
    b"61237211601332620434402031", // h
    b"43544440001447530455030204", // i
    b"62316221504222631254600120", // j
    b"53347332600423330364323010", // k
    b"61246210603522620244310050", // l
    b"64337210502342560253400010", // m
    b"51555461403313520256330010", // n
    b"23542330302556450644534100", // o
    b"62326223502521550645411020", // p
    b"33344230301423231442711001", // q
    b"61347230503243530455321030", // r
    b"41426234603332440356512031", // s
    b"51426314600332530554411240", // t
    b"44434430400556250566000100", // u
    b"61337321600343430343001100", // v
    b"62346304600335531543201200", // w
    b"52536413500442462346221430", // x
    b"43434322400455460365023032", // y
    b"50207021501231501231101024", // z
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::example;

    #[test]
    fn random_values_surprise_and_words_do_not() {
        for class in ["alnum", "lowernum", "base64url", "uppernum"] {
            let value = |number| example::expand(&format!("<{class}:24>"), "surprise", number);
            let missed = (0..1000).map(value).filter(|value| surprise(value.as_bytes()) < 5.0).count();
            assert!(missed <= 5, "{missed} of 1,000 random values of {class} look like words");
        }
        for value in
            ["correcthorsebatterystaple", "Salsa20.key_length", "MySecretManagerEntry2", "authentication-service-v2"]
        {
            assert!(surprise(value.as_bytes()) < 3.0, "{value}: {}", surprise(value.as_bytes()));
        }
    }
}
