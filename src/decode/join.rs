//! Joints between the parts of a string: `"abc" + "def"`, with `.`, `..`, `&` or nothing between, on one line or two, and
//! a line that ends in a backslash.

use super::unit::{Decoded, Unit};

/// How much white space a joint may hold on either side of its sign.
const FARTHEST: usize = 80;
/// At least so many characters of a key stand around a joint.
const SHORTEST: usize = 8;

/// The joint that starts with the quote or backslash at `at`, when parts of a key may stand around it.
pub(super) fn joint(text: &[u8], at: usize) -> Option<Unit> {
    let before = part_length(text[..at].iter().rev());
    if before == 0 {
        return None;
    }
    let end = if text[at] == b'\\' { behind_continuation(text, at)? } else { behind_quotes(text, at)? };
    let behind = part_length(text[end..].iter());
    let is_joint = behind > 0 && before + behind >= SHORTEST;
    is_joint.then_some(Unit { length: end - at, decoded: Decoded::Nothing })
}

/// Behind a line break that a backslash takes back.
fn behind_continuation(text: &[u8], at: usize) -> Option<usize> {
    let newline = at + 1 + usize::from(text.get(at + 1) == Some(&b'\r'));
    (text.get(newline) == Some(&b'\n')).then(|| skip_blanks(text, newline + 1))
}

/// Behind the quote that opens the next part.
fn behind_quotes(text: &[u8], at: usize) -> Option<usize> {
    let first = skip_white(text, at + 1);
    let place = match &text[first..] {
        [b'.', b'.', ..] | [b'\\', b'\n', ..] => first + 2,
        [b'+' | b'.' | b'&', ..] => first + 1,
        [b'\\', b'\r', b'\n', ..] => first + 3,
        _ => first,
    };
    let opening = skip_white(text, place);
    // Raw, byte and format strings.
    let opening = opening + usize::from(matches!(text.get(opening), Some(b'r' | b'b' | b'f' | b'u' | b'L')));
    matches!(text.get(opening), Some(b'"' | b'\'' | b'`')).then_some(opening + 1)
}

fn skip_white(text: &[u8], from: usize) -> usize {
    skip(text, from, u8::is_ascii_whitespace)
}

fn skip_blanks(text: &[u8], from: usize) -> usize {
    skip(text, from, |byte| *byte == b' ' || *byte == b'\t')
}

fn skip(text: &[u8], from: usize, fits: fn(&u8) -> bool) -> usize {
    from + text[from..].iter().take(FARTHEST).take_while(|byte| fits(byte)).count()
}

/// How many characters of a key stand next.
fn part_length<'t>(bytes: impl Iterator<Item = &'t u8>) -> usize {
    let is_sign = |byte: u8| matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b':' | b'@' | b'%');
    bytes.take(SHORTEST).take_while(|byte| byte.is_ascii_alphanumeric() || is_sign(**byte)).count()
}
