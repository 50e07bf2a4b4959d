//! A string as TOML has it, character by character: which of them stands where in the file.
//!
//! A regex that does not parse is told at the character to blame, behind escapes and in strings of several lines too.

use crate::report::sanitized;
use crate::scanner::masked;

/// A string of a TOML file.
pub(super) struct Literal {
    /// Each character of the text with the byte of the literal where it is written.
    characters: Vec<(usize, char)>,
    /// Where the text ends in the literal.
    end: usize,
}

impl Literal {
    /// Reads a string with its quotes; `None` for anything else.
    pub(super) fn read(literal: &str) -> Option<Self> {
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| literal.starts_with(quote))?;
        let end = literal.len().checked_sub(quote.len()).filter(|end| *end >= quote.len())?;
        let mut start = quote.len();
        if quote.len() == 3 {
            // A line break right behind the opening is none of the text.
            let text = literal.get(start..end)?;
            start += if text.starts_with("\r\n") { 2 } else { usize::from(text.starts_with('\n')) };
        }
        let mut characters = Vec::new();
        while start < end {
            let rest = literal.get(start..end)?;
            let (character, length) = if quote.starts_with('"') { escaped(rest)? } else { plain(rest)? };
            characters.extend(character.map(|character| (start, character)));
            start += length;
        }
        Some(Self { characters, end })
    }

    /// Where the byte `at` of the text stands in the literal; behind the text where it ends too early.
    pub(super) fn source_offset(&self, at: usize) -> usize {
        self.characters.get(self.index(at)).map_or(self.end, |(offset, _)| *offset)
    }

    /// The number of the character that the byte `at` of the text belongs to.
    fn index(&self, at: usize) -> usize {
        let mut behind = 0;
        let ends = self.characters.iter().map(|(_, character)| {
            behind += character.len_utf8();
            behind
        });
        ends.take_while(|end| *end <= at).count()
    }

    /// The line of the text around the byte `at`, with a caret under it; nothing where a key would have to be masked.
    pub(super) fn drawing(&self, at: usize) -> Option<String> {
        const BEFORE: usize = 50;
        const AFTER: usize = 20;
        let whole: String = self.characters.iter().map(|(_, character)| character).collect();
        if masked(&whole) != whole {
            return None;
        }
        let (before, after) = self.characters.split_at(self.index(at));
        let text = |characters: &[(usize, char)]| -> String {
            let text: String = characters.iter().map(|(_, character)| character).collect();
            sanitized(starred(&text.replace('\t', " ")).as_bytes())
        };
        let is_break = |(_, character): &(usize, char)| *character == '\n';
        let line_start = before.iter().rposition(is_break).map_or(0, |newline| newline + 1);
        let line_end = after.iter().position(is_break).unwrap_or(after.len());
        let start = line_start.max(before.len().saturating_sub(BEFORE));
        let end = line_end.min(AFTER);
        let (cut_before, cut_after) =
            (if start > line_start { "…" } else { "" }, if end < line_end { "…" } else { "" });
        let before = format!("{cut_before}{}", text(before.get(start..)?));
        let gap = " ".repeat(before.chars().count());
        Some(format!("  {before}{}{cut_after}\n  {gap}^", text(after.get(..end)?)))
    }
}

/// The first character of a string without escapes, and its length; CRLF is one line break.
fn plain(text: &str) -> Option<(Option<char>, usize)> {
    if text.starts_with("\r\n") {
        return Some((Some('\n'), 2));
    }
    let first = text.chars().next()?;
    Some((Some(first), first.len_utf8()))
}

/// The first character of a string with escapes, and its length as it is written; a line break behind a backslash, and
/// the blanks that follow it, are no character.
fn escaped(text: &str) -> Option<(Option<char>, usize)> {
    let Some(escape) = text.strip_prefix('\\') else { return plain(text) };
    let kind = escape.chars().next()?;
    let simple = match kind {
        'b' => Some('\u{8}'),
        't' => Some('\t'),
        'n' => Some('\n'),
        'f' => Some('\u{c}'),
        'r' => Some('\r'),
        'e' => Some('\u{1b}'),
        '"' | '\\' => Some(kind),
        _ => None,
    };
    if simple.is_some() {
        return Some((simple, 2));
    }
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return Some((None, text.len() - escape.trim_start_matches([' ', '\t', '\r', '\n']).len())),
    };
    let number = u32::from_str_radix(escape.get(1..=digits)?, 16).ok()?;
    Some((Some(char::from_u32(number)?), digits + 2))
}

/// `text` with stars for what may be a part of a key or a password: an expression that allows one may hold it. Words in
/// small letters are what expressions are made of.
fn starred(text: &str) -> String {
    const SHORTEST: usize = 8;
    let mut out = String::with_capacity(text.len());
    let is_of_word = |character: &char| character.is_ascii_alphanumeric() || *character == '_';
    for run in text.chars().collect::<Vec<_>>().chunk_by(|one, next| is_of_word(one) == is_of_word(next)) {
        let is_word =
            !is_of_word(&run[0]) || run.len() < SHORTEST || run.iter().all(|c| c.is_ascii_lowercase() || *c == '_');
        out.extend(run.iter().map(|character| if is_word { *character } else { '*' }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The source of a literal whose text is `abc(`, and what stands at the place found for the last character.
    #[track_caller]
    fn check(literal: &str, text: &str) {
        let read = Literal::read(literal).unwrap();
        let got: String = read.characters.iter().map(|(_, character)| character).collect();
        assert_eq!(got, text, "{literal}");
        let at = text.find('(').unwrap();
        assert_eq!(read.source_offset(at), literal.find('(').unwrap(), "{literal}");
        assert_eq!(read.source_offset(text.len()), literal.trim_end_matches(['"', '\'']).len(), "{literal}");
    }

    #[test]
    fn characters_are_found_in_every_kind_of_string() {
        check("'a\\d('", "a\\d(");
        check("'''\na\r\nb('''", "a\nb(");
        check("'''''(z'''", "''(z");
        check(r#""\\d\t\u00e9\x41\U0001F511(z""#, "\\d\t\u{e9}A\u{1f511}(z");
        check("\"\"\"\r\na\\\n   b\\  \r\n\n (z\"\"\"", "ab(z");
        check("\"\"\"a\"\"b(z\"\"\"", "a\"\"b(z");
    }

    #[test]
    fn what_is_no_string_is_none() {
        for text in ["", "x", "3", "'", "\"\\u00\"", "\"\\ud800\""] {
            assert!(Literal::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn drawings_are_short_and_safe() {
        let draw = |text: &str, at| Literal::read(&format!("'''{text}'''")).unwrap().drawing(at);
        assert_eq!(draw("a(b", 1).unwrap(), "  a(b\n   ^");
        assert_eq!(draw("^Hunter2Hunter2(password", 15).unwrap(), "  ^**************(password\n                 ^");
        assert_eq!(draw("one\nt(wo\nthree", 5).unwrap(), "  t(wo\n   ^");
        let long = draw(&format!("{}({}", "x".repeat(90), "y".repeat(90)), 90).unwrap();
        assert_eq!(long.lines().map(|line| line.chars().count()).collect::<Vec<_>>(), [74, 54]);
        assert_eq!(draw("\u{1b}[31m(", 5).unwrap(), "  \\u{1b}[31m(\n            ^");
    }
}
