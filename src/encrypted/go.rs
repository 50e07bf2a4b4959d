//! Regexes of Go's in the syntax of ours, without the tables of Unicode, which would be larger than all else here.
//!
//! What needs those tables becomes a part that matches more: a file too many is asked for rather than one too few.

use crate::import::regex;

/// Any letter, as far as can be told.
const LETTER: &str = r"(?:[A-Za-z]|[\xc2-\xf4][\x80-\xbf]+)";
/// Any character.
const CHARACTER: &str = r"(?:[\x00-\x7f]|[\xc2-\xf4][\x80-\xbf]+)";

/// The pattern for a regex of bytes, and whether it matches more than the one of Go's.
pub(super) fn translated(pattern: &str) -> Result<(String, bool), String> {
    let text = regex::of_go(pattern)?;
    let (mut out, mut rest, mut is_wider) = (String::new(), text.as_str(), false);
    // Ours knows no capitals of other letters without those tables.
    let is_folded = text.contains("(?i");
    while let Some(first) = rest.chars().next() {
        let length = length(rest, first);
        let (part, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let is_kind = |part: &str| part.contains(r"\p") || part.contains(r"\P");
        let wider = match first {
            '\\' if part.starts_with(r"\pL") || part.starts_with(r"\p{L") => Some(LETTER),
            '\\' | '[' if is_kind(part) => Some(CHARACTER),
            _ if !part.is_ascii() && (first == '[' || is_folded) => Some(CHARACTER),
            _ => None,
        };
        is_wider |= wider.is_some();
        out.push_str(wider.unwrap_or(part));
        rest = behind;
    }
    Ok((out, is_wider))
}

/// How long the escape, the class or the character is that begins `text`.
fn length(text: &str, first: char) -> usize {
    match first {
        '\\' if text.starts_with(r"\p{") || text.starts_with(r"\P{") => {
            text.find('}').map_or(text.len(), |end| end + 1)
        }
        '\\' if text.starts_with(r"\p") || text.starts_with(r"\P") => 3,
        '\\' => 1 + text.chars().nth(1).map_or(0, char::len_utf8),
        '[' => class_length(text),
        _ => first.len_utf8(),
    }
}

/// Within a class, `]` stands for itself behind the opening alone, and `[` only begins the name of a kind.
fn class_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut place = 1 + usize::from(text.starts_with("[^"));
    loop {
        match bytes.get(place..).unwrap_or_default() {
            [] => return text.len(),
            [b']', ..] => return place + 1,
            [b'[', b':', ..] => place += text.get(place..).and_then(|rest| rest.find(":]")).map_or(2, |end| end + 2),
            [b'\\', ..] => place += 2,
            _ => place += 1,
        }
    }
}
