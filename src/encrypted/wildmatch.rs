//! The globs of git, as `.gitattributes` has them: `*`, `?` and `[...]` stop at `/`, `**` between slashes does not.
//!
//! Behaves as git's `wildmatch.c` does with paths. No glob takes longer than the product of both lengths, or nearly: only
//! the last `*` and the last `**` are ever tried anew.

use std::borrow::Cow;

/// Whether the case of letters tells names apart: what `core.ignoreCase` says. Like git, it knows that of ASCII alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Case {
    #[default]
    Matters,
    Ignored,
}

impl Case {
    /// What stands behind `start` in `text`.
    pub(super) fn strip<'t>(self, text: &'t [u8], start: &[u8]) -> Option<&'t [u8]> {
        let (before, behind) = text.split_at_checked(start.len())?;
        (before == start || self == Self::Ignored && before.eq_ignore_ascii_case(start)).then_some(behind)
    }
}

/// Whether `glob` matches `text` from end to end.
pub(crate) fn matches(glob: &[u8], text: &[u8], case: Case) -> bool {
    // Where case is ignored, the text is in small letters, and so are those of the glob that stand for themselves.
    let text = match case {
        Case::Matters => Cow::Borrowed(text),
        Case::Ignored => Cow::Owned(text.to_ascii_lowercase()),
    };
    let mut at = At { glob, place: 0, case };
    let mut position = 0;
    // Where to go on when what follows does not match: a place in the glob, and one in the text.
    let (mut star, mut stars) = (None, None);
    loop {
        match at.next() {
            Some(Token::Everything) => return true,
            Some(Token::Folders) => {
                (star, stars) = (None, Some((at.place, position)));
                continue;
            }
            Some(Token::Run) => {
                star = Some((at.place, position));
                continue;
            }
            Some(Token::One(set)) if text.get(position).is_some_and(|byte| set.holds(*byte, case)) => {
                position += 1;
                continue;
            }
            None if position == text.len() => return true,
            _ => {}
        }
        if let Some((place, start)) = star.filter(|(_, start)| text.get(*start).is_some_and(|byte| *byte != b'/')) {
            star = Some((place, start + 1));
            (at.place, position) = (place, start + 1);
        } else if let Some((place, start)) = stars {
            let Some(slash) = memchr::memchr(b'/', &text[start..]) else { return false };
            (star, stars) = (None, Some((place, start + slash + 1)));
            (at.place, position) = (place, start + slash + 1);
        } else {
            return false;
        }
    }
}

/// A part of a glob.
enum Token<'g> {
    /// `**` at the end.
    Everything,
    /// `**/`: any number of folders.
    Folders,
    /// `*`
    Run,
    /// One byte.
    One(Set<'g>),
}

/// What one byte may be.
enum Set<'g> {
    Byte(u8),
    /// `?`
    Any,
    /// The inside of `[...]`, behind the sign that turns it round.
    Among(&'g [u8]),
    NotAmong(&'g [u8]),
    /// A class that does not end, or that git does not know.
    Nothing,
}

/// A place in a glob.
struct At<'g> {
    glob: &'g [u8],
    place: usize,
    case: Case,
}

impl<'g> At<'g> {
    fn next(&mut self) -> Option<Token<'g>> {
        let first = *self.glob.get(self.place)?;
        let start = self.place;
        self.place += 1;
        Some(match first {
            b'*' => self.stars(start),
            b'?' => Token::One(Set::Any),
            b'[' => Token::One(self.class().unwrap_or(Set::Nothing)),
            b'\\' => {
                let escaped = self.glob.get(self.place).map_or(Set::Nothing, |byte| Set::Byte(*byte));
                self.place += 1;
                Token::One(escaped)
            }
            byte if self.case == Case::Ignored => Token::One(Set::Byte(byte.to_ascii_lowercase())),
            byte => Token::One(Set::Byte(byte)),
        })
    }

    fn stars(&mut self, start: usize) -> Token<'g> {
        let count = self.glob[start..].iter().take_while(|byte| **byte == b'*').count();
        self.place = start + count;
        let is_between = count > 1 && (start == 0 || self.glob[start - 1] == b'/');
        match self.glob.get(self.place) {
            None if is_between => Token::Everything,
            Some(b'/') if is_between => {
                self.place += 1;
                Token::Folders
            }
            _ => Token::Run,
        }
    }

    /// Reads up to the closing bracket, which may itself be the first byte of the class.
    fn class(&mut self) -> Option<Set<'g>> {
        let is_turned = self.glob.get(self.place).is_some_and(|byte| b"!^".contains(byte));
        let start = self.place + usize::from(is_turned);
        let mut end = start;
        loop {
            match self.glob.get(end)? {
                b']' if end > start => break,
                b'\\' => end += 2,
                b'[' if self.glob.get(end + 1) == Some(&b':') => {
                    end += 2 + memchr::memmem::find(&self.glob[end + 2..], b":]").map_or(0, |length| length + 2);
                }
                _ => end += 1,
            }
        }
        self.place = end + 1;
        let inside = &self.glob[start..end];
        Some(if is_turned { Set::NotAmong(inside) } else { Set::Among(inside) })
    }
}

impl Set<'_> {
    fn holds(&self, byte: u8, case: Case) -> bool {
        match self {
            Self::Byte(own) => *own == byte,
            _ if byte == b'/' => false,
            Self::Any => true,
            Self::Among(class) => is_among(class, byte, case) == Some(true),
            Self::NotAmong(class) => is_among(class, byte, case) == Some(false),
            Self::Nothing => false,
        }
    }
}

/// Whether the inside of a class names `byte`; `None` where git knows no such class. Of capital letters git ignores the
/// case in ranges and kinds alone: `[A]` then means nothing that there is, like an escaped `\A`.
fn is_among(mut class: &[u8], byte: u8, case: Case) -> Option<bool> {
    let capital = if case == Case::Ignored { byte.to_ascii_uppercase() } else { byte };
    let mut found = false;
    while let Some((first, rest)) = one(class) {
        class = rest;
        if first == b'['
            && class.first() == Some(&b':')
            && let Some(length) = memchr::memmem::find(&class[1..], b":]")
        {
            let kind = &class[1..=length];
            found |= is_of_kind(kind, if kind == b"upper" { capital } else { byte })?;
            class = &class[length + 3..];
            continue;
        }
        match class.strip_prefix(b"-").filter(|rest| !rest.is_empty()).and_then(one) {
            Some((last, rest)) => {
                found |= [byte, capital].iter().any(|byte| (first..=last).contains(byte));
                class = rest;
            }
            None => found |= first == byte,
        }
    }
    Some(found)
}

/// The first byte of a class, and what follows.
fn one(class: &[u8]) -> Option<(u8, &[u8])> {
    match class {
        [b'\\', byte, rest @ ..] | [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

/// The kinds of POSIX, such as `digit`.
fn is_of_kind(kind: &[u8], byte: u8) -> Option<bool> {
    Some(match kind {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => b" \t".contains(&byte),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => byte.is_ascii_whitespace() || byte == 0x0b,
        b"upper" => byte.is_ascii_uppercase(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_stop_at_folders() {
        for (glob, text, expected) in [
            ("*.key", "a.key", true),
            ("*.key", "a.keys", false),
            ("a/*.key", "a/b/c.key", false),
            ("**/x", "x", true),
            ("**/x", "a/b/x", true),
            ("**/x", "ax", false),
            ("a/**", "a/b/c", true),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/b/b/c", true),
            ("a/**c", "a/bc", true),
            ("a/**c", "a/b/c", false),
            ("**/b/*/d", "b/x/b/c/d", true),
            ("?.[ch]", "a.c", true),
            ("?.[!ch]", "a.c", false),
            ("a[]-]b", "a]b", true),
            ("[a-c]x", "bx", true),
            ("a[/]b", "a/b", false),
            ("[[:digit:]]x", "7x", true),
            ("[[:nothing:]]x", "7x", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("{a,b}", "a", false),
            ("{a,b}", "{a,b}", true),
            ("[ab", "a", false),
            ("a\\", "a", false),
            ("", "", true),
        ] {
            assert_eq!(matches(glob.as_bytes(), text.as_bytes(), Case::Matters), expected, "{glob} on {text}");
        }
    }

    #[test]
    fn case_is_ignored_as_git_does() {
        for (glob, text, expected) in [
            ("*.key", "A.KEY", true),
            ("A?.Key", "ab.kEY", true),
            ("a/**/C", "A/b/c", true),
            ("[A-Z]x", "bX", true),
            ("[b-d]x", "CX", true),
            ("[[:upper:]]", "a", true),
            ("[[:lower:]]", "A", true),
            ("[![:upper:]]", "a", false),
            ("[a]", "A", true),
            ("[A]", "A", false),
            ("\\A", "A", false),
            ("\u{e4}", "\u{c4}", false),
        ] {
            assert_eq!(matches(glob.as_bytes(), text.as_bytes(), Case::Ignored), expected, "{glob} on {text}");
        }
    }

    #[test]
    fn hostile_globs_end() {
        let (glob, text) = ("*a".repeat(2000) + "/**/".repeat(500).as_str() + "b", "a".repeat(4000) + "/c");
        assert!(!matches(glob.as_bytes(), text.as_bytes(), Case::Matters));
    }
}
