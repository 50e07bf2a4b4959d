//! What stands around a string, without what comments and other strings say.
//!
//! What many places call is kept out of line, since copies of it make the binary larger than it may be.

use crate::remedy::Spot;
use crate::remedy::lexer::{self, Language, Literal, Place};

/// What stands around a string; all of it is code alone.
pub(super) struct Around {
    language: Language,
    pub(super) text: Vec<u8>,
    pub(super) literal: Literal,
    /// From the beginning of the statement to the string.
    statement: usize,
    pub(super) brackets: Vec<usize>,
    pub(super) is_in_hole: bool,
    /// Whether the string holds the value and nothing else.
    pub(super) is_whole: bool,
}

impl Around {
    pub(super) fn new(language: Language, spot: &Spot<'_>, place: &Place, literal: &Literal) -> Self {
        Self {
            language,
            text: lexer::bare(language, spot.text),
            literal: literal.clone(),
            statement: place.statement.min(literal.outer.start),
            brackets: place.brackets.clone(),
            is_in_hole: place.is_in_hole,
            is_whole: literal.inner == *spot.span,
        }
    }

    pub(super) fn before(&self) -> &[u8] {
        self.text[..self.literal.outer.start].trim_ascii_end()
    }

    pub(super) fn behind(&self) -> &[u8] {
        self.text[self.literal.outer.end..].trim_ascii_start()
    }

    pub(super) fn statement(&self) -> &[u8] {
        &self.text[self.statement..self.literal.outer.start]
    }

    /// The word right before the string.
    pub(super) fn word_before(&self) -> &[u8] {
        last_word(self.before())
    }

    /// Whether an open bracket around the string stands behind such a text.
    pub(super) fn is_in_bracket_behind(&self, test: &dyn Fn(&[u8], u8) -> bool) -> bool {
        self.brackets.iter().any(|at| test(self.text[..*at].trim_ascii_end(), self.text[*at]))
    }

    /// Whether strings stand side by side, which some languages join.
    pub(super) fn has_neighbour(&self) -> bool {
        let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\''));
        let behind = self.behind();
        let letters = behind.iter().take_while(|byte| b"rRbBfFuU".contains(byte)).count().min(2);
        is_quote(self.before().last()) || is_quote(behind.first()) || is_quote(behind.get(letters))
    }

    pub(super) fn is_name_of_field(&self) -> bool {
        matches!(self.before().last(), Some(b'{' | b',')) && self.behind().starts_with(b":")
    }

    /// The code from where the statement begins, or the bracket that is open around it, up to `at`.
    pub(super) fn head(&self, at: usize) -> &[u8] {
        &self.text[self.start(at, b"")..at]
    }

    /// The same, from the last comma on.
    pub(super) fn item(&self, at: usize) -> &[u8] {
        &self.text[self.start(at, b",")..at]
    }

    #[inline(never)]
    fn start(&self, at: usize, signs: &[u8]) -> usize {
        let text = &self.text;
        let mut depth = 0_usize;
        let mut start = at;
        while let Some(byte) = start.checked_sub(1).map(|before| text[before]) {
            match byte {
                b')' | b']' => depth += 1,
                // What goes on behind a bracket is no new statement.
                b'}' if depth > 0
                    || text[start..at].trim_ascii_start().first().is_some_and(|byte| b"|&,.=:?+>".contains(byte)) =>
                {
                    depth += 1;
                }
                b'(' | b'[' | b'{' if depth > 0 => depth -= 1,
                b'(' | b'[' | b'{' | b'}' | b';' if depth == 0 => break,
                // A run of blanks is looked at once, as what stands in a comment is one.
                b'\n' if depth == 0 => {
                    let before = text[..start].trim_ascii_end().len();
                    if self.ends_statement(before, start, at) {
                        break;
                    }
                    start = before;
                    continue;
                }
                _ if depth == 0 && signs.contains(&byte) => break,
                _ => {}
            }
            start -= 1;
        }
        start
    }

    /// Whether the end of a line ends the statement, as what stands before it may end one and what follows, up to `at`,
    /// begin one.
    fn ends_statement(&self, end: usize, next: usize, at: usize) -> bool {
        const GOING_ON: [&[u8]; 7] = [b"extends", b"implements", b"as", b"in", b"of", b"instanceof", b"satisfies"];
        let before = &self.text[..end];
        let by_line = match self.language {
            Language::Python => return !before.ends_with(b"\\"),
            Language::Go | Language::Ruby | Language::Kotlin | Language::JavaScript | Language::TypeScript => true,
            _ => false,
        };
        let behind = self.text[next..at].trim_ascii_start();
        let is_end = before.last().is_none_or(|byte| is_word(*byte) || b")]}\"'`".contains(byte));
        let is_begin = behind.first().is_none_or(|byte| is_word(*byte) || b"@\"'`[".contains(byte));
        by_line && is_end && is_begin && !GOING_ON.contains(&first_word(behind))
    }

    /// Whether the statement around the string, or around a bracket of it, begins with one of these words. What stands
    /// before an open brace is a statement of its own.
    pub(super) fn is_led_by(&self, words: &[&[u8]]) -> bool {
        let brace = self.brackets.iter().rposition(|at| self.text[*at] == b'{').map_or(0, |brace| brace + 1);
        let brackets = self.brackets[brace..].iter().copied();
        brackets.chain([self.literal.outer.start]).any(|at| leads(self.head(at), words))
    }

    /// The same, with all that stands around it.
    pub(super) fn is_within(&self, words: &[&[u8]]) -> bool {
        let brackets = self.brackets.iter().copied();
        brackets.chain([self.literal.outer.start]).any(|at| leads(self.head(at), words))
    }

    /// Whether something like this follows the string, or a bracket that closes around it, whose sign comes with it.
    pub(super) fn closes_before(&self, test: &dyn Fn(&[u8], u8) -> bool) -> bool {
        let mut rest = self.behind();
        let mut sign = b'"';
        loop {
            if test(rest, sign) {
                return true;
            }
            let mut depth = 0_isize;
            let end = rest.iter().position(|byte| {
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth -= 1,
                    _ => {}
                }
                depth < 0 || depth == 0 && *byte == b';'
            });
            let Some(end) = end.filter(|end| rest[*end] != b';') else { return false };
            sign = rest[end];
            rest = rest[end + 1..].trim_ascii_start();
        }
    }
}

pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

/// The word at the end of a text.
#[inline(never)]
pub(super) fn last_word(text: &[u8]) -> &[u8] {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let start = text.iter().rposition(|byte| !is_word(byte)).map_or(0, |before| before + 1);
    &text[start..]
}

#[inline(never)]
pub(super) fn first_word(text: &[u8]) -> &[u8] {
    &text[..text.iter().take_while(|byte| is_word(**byte)).count()]
}

#[inline(never)]
pub(super) fn contains(text: &[u8], sign: &str) -> bool {
    memchr::memmem::find(text, sign.as_bytes()).is_some()
}

/// What follows the bracket that `text` begins with.
#[inline(never)]
pub(super) fn behind_bracket(text: &[u8]) -> &[u8] {
    let mut depth = 0_usize;
    let close = text.iter().position(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    close.map_or(&[], |close| &text[close + 1..])
}

/// Without attributes and annotations in front, however they are written.
pub(super) fn undecorated(mut head: &[u8]) -> &[u8] {
    loop {
        head = head.trim_ascii_start();
        head = match head.first() {
            Some(b'#' | b'!' | b'@' | b'.') => &head[1 + first_word(&head[1..]).len()..],
            Some(b'[' | b'(') => behind_bracket(head),
            _ => return head,
        };
    }
}

/// Whether a statement begins with one of the words, behind others that may stand in front of a declaration.
#[inline(never)]
pub(super) fn leads(head: &[u8], words: &[&[u8]]) -> bool {
    const IN_FRONT: [&[u8]; 21] = [
        b"export",
        b"declare",
        b"default",
        b"public",
        b"private",
        b"protected",
        b"internal",
        b"static",
        b"final",
        b"pub",
        b"crate",
        b"unsafe",
        b"async",
        b"abstract",
        b"readonly",
        b"override",
        b"var",
        b"open",
        b"volatile",
        b"actual",
        b"const",
    ];
    let mut rest = undecorated(head);
    loop {
        let word = first_word(rest);
        rest = &rest[word.len()..];
        if word == b"pub" && rest.starts_with(b"(") {
            rest = behind_bracket(rest);
        }
        // A name is followed by a sign, and such a word by a name.
        let next = rest.trim_ascii_start();
        let is_followed = next.first().is_none_or(|byte| is_word(*byte) || b"?[{(\\*&\"'".contains(byte));
        if word.is_empty() || !is_followed || rest.len() == next.len() && !next.is_empty() {
            return false;
        }
        // `static fn() => ...` of PHP declares nothing.
        let is_closure = word == b"static" && matches!(first_word(next), b"fn" | b"function");
        if words.contains(&word) && !is_closure {
            return true;
        }
        if !IN_FRONT.contains(&word) {
            return false;
        }
        rest = next;
    }
}
