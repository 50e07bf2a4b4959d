//! The smallest parts of a disguise: one escaped character, one joint between two strings.

use super::sign::Way;

/// What stands for something else.
pub(super) struct Unit {
    /// How long it is in the text.
    pub(super) length: usize,
    /// What it stands for; nothing for a joint.
    pub(super) decoded: Decoded,
}

/// Nothing, or one character.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoded {
    Nothing,
    /// A byte, which may be a part of a character.
    Byte(u8),
    /// A character beyond ASCII.
    Character(char),
}

impl Unit {
    const fn byte(length: usize, byte: u8) -> Self {
        Self { length, decoded: Decoded::Byte(byte) }
    }

    fn character(length: usize, code: u32) -> Option<Self> {
        let character = char::from_u32(code)?;
        let byte = u8::try_from(code).ok().filter(u8::is_ascii);
        Some(Self { length, decoded: byte.map_or(Decoded::Character(character), Decoded::Byte) })
    }
}

/// Where the next unit of `way` may start, from the beginning of `text`.
pub(super) fn next(way: Way, text: &[u8]) -> Option<usize> {
    match way {
        Way::Percent => memchr::memchr(b'%', text),
        Way::Escape => memchr::memchr(b'\\', text),
        Way::QuotedPrintable => memchr::memchr(b'=', text),
        Way::Entity => memchr::memchr(b'&', text),
        Way::Joined => text.iter().position(|byte| b"\"'`\\".contains(byte)),
        Way::Utf16 | Way::Base64 => None,
    }
}

/// The unit of `way` that starts at `at`.
pub(super) fn at(way: Way, text: &[u8], at: usize) -> Option<Unit> {
    let rest = &text[at..];
    match way {
        Way::Percent => hex(rest.get(1..3)?).and_then(|code| Some(Unit::byte(3, u8::try_from(code).ok()?))),
        Way::Escape => escape(rest),
        Way::QuotedPrintable => quoted_printable(text, at),
        Way::Entity => entity(rest),
        Way::Joined => super::join::joint(text, at),
        Way::Utf16 | Way::Base64 => None,
    }
}

/// The number that the digits make, all of which must be hexadecimal.
fn hex(digits: &[u8]) -> Option<u32> {
    number(digits, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let add = |sum: u32, digit: &u8| sum.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?);
    if digits.is_empty() { None } else { digits.iter().try_fold(0, add) }
}

/// What a backslash begins, in JSON, C, Python, shells and most others.
fn escape(rest: &[u8]) -> Option<Unit> {
    const LONGEST: usize = 8;
    let braces = |from: usize| -> Option<Unit> {
        let digits = rest.get(from..)?.iter().take(LONGEST).position(|byte| *byte == b'}')?;
        Unit::character(from + digits + 1, hex(&rest[from..from + digits])?)
    };
    match *rest.get(1)? {
        b'n' => Some(Unit::byte(2, b'\n')),
        b'r' => Some(Unit::byte(2, b'\r')),
        b't' => Some(Unit::byte(2, b'\t')),
        sign @ (b'"' | b'\'' | b'`' | b'/' | b'\\') => Some(Unit::byte(2, sign)),
        b'u' | b'x' if rest.get(2) == Some(&b'{') => braces(3),
        b'u' => Unit::character(6, hex(rest.get(2..6)?)?),
        b'x' => Some(Unit::byte(4, u8::try_from(hex(rest.get(2..4)?)?).ok()?)),
        b'0'..=b'3' => Some(Unit::byte(4, u8::try_from(number(rest.get(1..4)?, 8)?).ok()?)),
        _ => None,
    }
}

/// `=3D`, or the `=` that breaks a long line of a mail.
fn quoted_printable(text: &[u8], at: usize) -> Option<Unit> {
    /// A mail's lines are broken before the 77th character; a short line that ends in `=` is something else.
    const BROKEN: usize = 56;
    let rest = &text[at..];
    let newline = if rest.get(1) == Some(&b'\r') { 2 } else { 1 };
    if rest.get(newline) == Some(&b'\n') {
        let before = &text[at.saturating_sub(BROKEN)..at];
        let is_long = before.len() == BROKEN && !before.contains(&b'\n') && before.last() != Some(&b'=');
        return is_long.then_some(Unit { length: newline + 1, decoded: Decoded::Nothing });
    }
    let digits = rest.get(1..3).filter(|digits| !digits.iter().any(u8::is_ascii_lowercase))?;
    Some(Unit::byte(3, u8::try_from(hex(digits)?).ok()?))
}

/// `&#61;`, `&#x3d;`, `&quot;`.
fn entity(rest: &[u8]) -> Option<Unit> {
    const LONGEST: usize = 10;
    let end = rest.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let length = end + 1;
    match &rest[1..end] {
        b"quot" => Some(Unit::byte(length, b'"')),
        b"apos" => Some(Unit::byte(length, b'\'')),
        b"amp" => Some(Unit::byte(length, b'&')),
        b"lt" => Some(Unit::byte(length, b'<')),
        b"gt" => Some(Unit::byte(length, b'>')),
        [b'#', b'x' | b'X', digits @ ..] => Unit::character(length, hex(digits)?),
        [b'#', digits @ ..] => Unit::character(length, number(digits, 10)?),
        _ => None,
    }
}
