//! What the syntax of a regex tells without running it: how long a match can be, and what each match must hold.
//!
//! Compiling a regex costs as much as all else that a small commit needs, and a keyword such as `token` stands in many
//! texts. So before a regex is compiled, its [`Gate`] looks whether a match is possible at all.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::macros::{expand, written_offset};

/// What the syntax of a regex tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The longest possible match in bytes; `None` when there is no bound.
    pub(crate) longest: Option<usize>,
    /// Whether it matches the empty string.
    pub(crate) matches_empty: bool,
    /// What each match must hold.
    pub(crate) gate: Gate,
}

impl Shape {
    /// Parses `regex` in ASCII mode.
    pub(crate) fn of(regex: &str) -> Result<Self, SyntaxFlaw> {
        let expanded = expand(regex);
        let hir = parse(&expanded).map_err(|error| SyntaxFlaw::new(&error, regex))?;
        let properties = hir.properties();
        let gate =
            Gate { words: Run::of(&hir, is_word).best, tokens: Run::of(&hir, is_token).best, at: requires(&hir, b'@') };
        Ok(Self { longest: properties.maximum_len(), matches_empty: properties.minimum_len() == Some(0), gate })
    }
}

/// What each match must hold; a text that does not cannot match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gate {
    /// A run of so many letters, digits, `_` and `-`.
    pub(crate) words: usize,
    /// A run of so many of these and `+`, `/`, `=`, `.`, `~`, `%`.
    pub(crate) tokens: usize,
    /// An `@`.
    pub(crate) at: bool,
}

impl Gate {
    /// Whether a match in `text` is possible.
    pub(crate) fn admits(&self, text: &[u8]) -> bool {
        (!self.at || text.contains(&b'@'))
            && holds_run(text, self.words, is_word)
            && (self.tokens <= self.words || holds_run(text, self.tokens, is_token))
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn is_token(byte: u8) -> bool {
    is_word(byte) || b"+/=.~%".contains(&byte)
}

/// Whether there is a run of at least `length`. Looks at every `length`-th byte, and around it only when it fits.
fn holds_run(text: &[u8], length: usize, fits: fn(u8) -> bool) -> bool {
    if length == 0 {
        return true;
    }
    let mut position = length - 1;
    while position < text.len() {
        let before = text[..=position].iter().rev().take(length).take_while(|byte| fits(**byte)).count();
        if before == length {
            return true;
        }
        if before > 0 {
            let behind = text[position + 1..].iter().take(length - before).take_while(|byte| fits(**byte)).count();
            if before + behind >= length {
                return true;
            }
        }
        position += length;
    }
    false
}

/// How long the runs of certain bytes are at least that every match of an expression holds.
#[derive(Clone, Copy)]
struct Run {
    /// When a match holds nothing else: its least length.
    all: Option<usize>,
    start: usize,
    end: usize,
    best: usize,
}

impl Run {
    const NONE: Self = Self { all: None, start: 0, end: 0, best: 0 };

    const fn whole(length: usize) -> Self {
        Self { all: Some(length), start: length, end: length, best: length }
    }

    fn of(hir: &Hir, fits: fn(u8) -> bool) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::whole(0),
            HirKind::Literal(literal) => literal
                .0
                .iter()
                .map(|byte| if fits(*byte) { Self::whole(1) } else { Self::NONE })
                .fold(Self::whole(0), Self::then),
            HirKind::Class(class) if class_fits(class, fits) => Self::whole(1),
            HirKind::Class(_) => Self::NONE,
            HirKind::Capture(capture) => Self::of(&capture.sub, fits),
            HirKind::Concat(parts) => parts.iter().map(|part| Self::of(part, fits)).fold(Self::whole(0), Self::then),
            HirKind::Alternation(parts) => {
                parts.iter().map(|part| Self::of(part, fits)).reduce(Self::or).unwrap_or(Self::NONE)
            }
            HirKind::Repetition(repetition) => {
                let least = usize::try_from(repetition.min).unwrap_or(0);
                match Self::of(&repetition.sub, fits) {
                    Self { all: Some(length), .. } => Self::whole(length * least),
                    _ if least == 0 => Self::NONE,
                    once => Self { all: None, ..once },
                }
            }
        }
    }

    fn then(self, next: Self) -> Self {
        let all = self.all.zip(next.all).map(|(one, other)| one + other);
        let start = self.all.map_or(self.start, |length| length + next.start);
        let end = next.all.map_or(next.end, |length| length + self.end);
        Self { all, start, end, best: self.best.max(next.best).max(self.end + next.start) }
    }

    fn or(self, other: Self) -> Self {
        Self {
            all: self.all.zip(other.all).map(|(one, other)| one.min(other)),
            start: self.start.min(other.start),
            end: self.end.min(other.end),
            best: self.best.min(other.best),
        }
    }
}

fn class_fits(class: &Class, fits: fn(u8) -> bool) -> bool {
    match class {
        Class::Bytes(class) => class.iter().all(|range| (range.start()..=range.end()).all(fits)),
        Class::Unicode(class) => {
            class.iter().all(|range| range.end().is_ascii() && (range.start()..=range.end()).all(|c| fits(c as u8)))
        }
    }
}

/// Whether every match holds `byte`.
fn requires(hir: &Hir, byte: u8) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&byte),
        HirKind::Capture(capture) => requires(&capture.sub, byte),
        HirKind::Concat(parts) => parts.iter().any(|part| requires(part, byte)),
        HirKind::Alternation(parts) => parts.iter().all(|part| requires(part, byte)),
        HirKind::Repetition(repetition) => repetition.min > 0 && requires(&repetition.sub, byte),
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => false,
    }
}

/// How long the secrets that `regex` finds are, at least and at most, for each of their forms that nothing fixed opens.
pub(crate) fn lengths_of_unmarked_secrets(regex: &str) -> Vec<std::ops::RangeInclusive<usize>> {
    let Ok(hir) = parse(regex) else { return Vec::new() };
    let secret = secret_group(&hir).unwrap_or(&hir);
    let forms = match secret.kind() {
        HirKind::Alternation(forms) => forms.as_slice(),
        _ => std::slice::from_ref(secret),
    };
    let length = |form: &Hir| Some(form.properties().minimum_len()?..=form.properties().maximum_len()?);
    forms.iter().filter(|form| !opens_fixed(form)).filter_map(length).collect()
}

fn secret_group(hir: &Hir) -> Option<&Hir> {
    match hir.kind() {
        HirKind::Capture(capture) if capture.name.as_deref() == Some("secret") => Some(&capture.sub),
        HirKind::Capture(capture) => secret_group(&capture.sub),
        HirKind::Repetition(repetition) => secret_group(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(secret_group),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

/// Whether every match begins with a letter that the expression fixes, in whatever case.
fn opens_fixed(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(_) => true,
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().map(regex_syntax::hir::ClassBytesRange::len).sum::<usize>() <= 2
        }
        HirKind::Capture(capture) => opens_fixed(&capture.sub),
        HirKind::Concat(parts) => {
            parts.iter().find(|part| !matches!(part.kind(), HirKind::Look(_))).is_some_and(opens_fixed)
        }
        HirKind::Alternation(parts) => parts.iter().all(opens_fixed),
        HirKind::Repetition(repetition) => repetition.min > 0 && opens_fixed(&repetition.sub),
        HirKind::Class(Class::Unicode(_)) | HirKind::Empty | HirKind::Look(_) => false,
    }
}

/// How every text begins that `regex` matches at its start; none where it may match elsewhere, or in too many ways.
pub(crate) fn openings(regex: &str) -> Vec<Vec<u8>> {
    const MOST: usize = 16;
    const LONG: usize = 16;
    let Ok(hir) = parse(&expand(regex)) else { return Vec::new() };
    if !hir.properties().look_set_prefix().contains(Look::Start) {
        return Vec::new();
    }
    let mut extractor = Extractor::new();
    extractor.limit_class(MOST).limit_total(MOST).limit_literal_len(LONG);
    let found = extractor.extract(&hir);
    let openings: Vec<_> = found.literals().unwrap_or_default().iter().map(|one| one.as_bytes().to_vec()).collect();
    if openings.iter().any(Vec::is_empty) { Vec::new() } else { openings }
}

/// Parses a regex as the scanner reads it.
pub(crate) fn parse(regex: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(regex).map_err(Box::new)
}

/// What keeps a regex from being one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxFlaw {
    /// A lowercase fragment.
    pub(crate) message: String,
    /// The byte of the regex, as it was written, at which it goes wrong.
    pub(crate) at: usize,
}

impl SyntaxFlaw {
    fn new(error: &regex_syntax::Error, written: &str) -> Self {
        let (message, at) = match error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
            _ => ("is not a regular expression".to_owned(), 0),
        };
        Self { message, at: written_offset(written, at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(regex: &str, words: usize, tokens: usize, at: bool) {
        assert_eq!(Shape::of(regex).unwrap().gate, Gate { words, tokens, at }, "{regex}");
    }

    #[test]
    fn gates_are_what_every_match_holds() {
        check("ghp_[A-Za-z0-9]{36}", 40, 40, false);
        check(r"\b(?<secret>AKIA[A-Z2-7]{16})\b", 20, 20, false);
        check("(?i:key)[ =]{1,3}([0-9a-f]{32}|[0-9a-f]{40})", 32, 32, false);
        check("a{2}[.]?b{3}", 3, 5, false);
        check("x(?:yy|z-)?w", 2, 2, false);
        check("x(?:y y)?w", 1, 1, false);
        check("[a-z]+://[^@ ]+@[a-z]{4,}", 4, 4, true);
        check("a@|b@", 1, 1, true);
        check("a@|b", 1, 1, false);
        check(".{40}", 0, 0, false);
    }

    #[test]
    fn openings_are_how_every_match_begins() {
        let openings =
            |regex| openings(regex).into_iter().map(|one| one.escape_ascii().to_string()).collect::<Vec<_>>();
        assert_eq!(openings(r"\A\xfe\xed.*"), [r"\xfe\xed"]);
        assert_eq!(openings(r"^(?:abc|x)y"), ["abcy", "xy"]);
        assert_eq!(openings(r"\A[\x94-\x96]z"), [r"\x94z", r"\x95z", r"\x96z"]);
        for regex in ["abc", r"\A.abc", r"\Aa*", r"(?m)^abc", r"\Aabc|x"] {
            assert!(openings(regex).is_empty(), "{regex}: {:?}", openings(regex));
        }
    }

    #[test]
    fn runs_are_found_wherever_they_stand() {
        for length in 1..9 {
            for start in 0..20 {
                let mut text = vec![b' '; 30];
                text[start..start + length].fill(b'x');
                for wanted in 1..12 {
                    assert_eq!(holds_run(&text, wanted, is_word), wanted <= length, "{length} at {start}, {wanted}");
                }
            }
        }
        assert!(holds_run(b"", 0, is_word) && !holds_run(b"", 1, is_word));
    }
}
