//! What the syntax of a regex tells without running it: how long a match can be, and what each match must hold.
//!
//! Compiling a regex costs as much as all else that a small commit needs, and a keyword such as `token` stands in many
//! texts. So before a regex is compiled, its [`Gate`] looks whether a match is possible at all.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::macros::{expand, written_offset};
use super::place::Place;

/// What the syntax of a regex tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The longest possible match in bytes; `None` when there is no bound.
    pub(crate) longest: Option<usize>,
    /// Whether it matches the empty string.
    pub(crate) matches_empty: bool,
    /// What each match must hold.
    pub(crate) gate: Gate,
    /// Where in a match its secret is.
    pub(crate) place: Place,
}

impl Shape {
    /// Parses `regex` in ASCII mode.
    pub(crate) fn of(regex: &str) -> Result<Self, SyntaxFlaw> {
        let expanded = expand(regex);
        let hir = parse(&expanded).map_err(|error| SyntaxFlaw::new(&error, regex))?;
        let properties = hir.properties();
        let gate = Gate::of(&hir);
        let place = Place::of(&hir);
        Ok(Self { longest: properties.maximum_len(), matches_empty: properties.minimum_len() == Some(0), gate, place })
    }
}

/// What each match must hold; a text that does not cannot match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    /// Two runs, each of so many of certain bytes: hex digits, say.
    pub(crate) runs: [(usize, Bytes); 2],
    /// An `@`.
    pub(crate) at: bool,
}

impl Gate {
    /// Of all runs that every match holds the two that are found least elsewhere.
    fn of(hir: &Hir) -> Self {
        let mut kinds = vec![Bytes::where_all(is_word), Bytes::where_all(is_token)];
        add_classes(hir, &mut kinds);
        let mut runs: Vec<_> = kinds.into_iter().map(|kind| (Run::of(hir, kind).best, kind)).collect();
        runs.sort_by(|a, b| rarity(*b).total_cmp(&rarity(*a)));
        let rarest = runs[0];
        let is_implied = |(length, kind): (usize, Bytes)| length <= rarest.0 && rarest.1.is_in(kind);
        let second = runs.into_iter().find(|run| !is_implied(*run)).unwrap_or((0, rarest.1));
        Self { runs: [rarest, second], at: requires(hir, b'@') }
    }

    /// Whether a match in `text` is possible.
    pub(crate) fn admits(&self, text: &[u8]) -> bool {
        self.runs.iter().all(|(length, kind)| holds_run(text, *length, *kind)) && (!self.at || text.contains(&b'@'))
    }
}

/// A set of bytes, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) [u64; 4]);

impl Bytes {
    pub(super) const NONE: Self = Self([0; 4]);
    pub(super) const ALL: Self = Self([u64::MAX; 4]);

    pub(super) fn where_all(fits: impl Fn(u8) -> bool) -> Self {
        (0..=u8::MAX).filter(|byte| fits(*byte)).collect()
    }

    pub(super) fn hold(self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn is_in(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(part, other)| part & !other == 0)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(part, other)| part & other != 0)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|part| self.0[part] | other.0[part]))
    }

    fn count(self) -> u32 {
        self.0.iter().map(|part| part.count_ones()).sum()
    }
}

impl FromIterator<u8> for Bytes {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        let mut parts = [0; 4];
        for byte in bytes {
            parts[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        Self(parts)
    }
}

/// How many bits of chance it takes to have such a run in random bytes.
fn rarity((length, kind): (usize, Bytes)) -> f64 {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    if length == 0 { 0.0 } else { f64::from(length) * (8.0 - f64::from(kind.count()).log2()) }
}

/// Adds every class of bytes that the expression names.
fn add_classes(hir: &Hir, kinds: &mut Vec<Bytes>) {
    match hir.kind() {
        HirKind::Class(class) => kinds.extend(bytes_of(class).filter(|kind| !kinds.contains(kind))),
        HirKind::Capture(capture) => add_classes(&capture.sub, kinds),
        HirKind::Repetition(repetition) => add_classes(&repetition.sub, kinds),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            for part in parts {
                add_classes(part, kinds);
            }
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => {}
    }
}

/// Adds the bytes of every text that the expression fixes.
fn add_literals(hir: &Hir, kinds: &mut Vec<Bytes>) {
    match hir.kind() {
        HirKind::Literal(literal) => kinds.push(literal.0.iter().copied().collect()),
        HirKind::Capture(capture) => add_literals(&capture.sub, kinds),
        HirKind::Repetition(repetition) => add_literals(&repetition.sub, kinds),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            for part in parts {
                add_literals(part, kinds);
            }
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

/// The bytes of a class; `None` where it holds characters.
pub(super) fn bytes_of(class: &Class) -> Option<Bytes> {
    let Class::Bytes(class) = class else { return None };
    Some(class.iter().flat_map(|range| range.start()..=range.end()).collect())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn is_token(byte: u8) -> bool {
    is_word(byte) || b"+/=.~%".contains(&byte)
}

/// Whether there is a run of at least `length`. Looks at every `length`-th byte, and around it only when it fits.
fn holds_run(text: &[u8], length: usize, kind: Bytes) -> bool {
    if length == 0 {
        return true;
    }
    let mut position = length - 1;
    while position < text.len() {
        let before = text[..=position].iter().rev().take(length).take_while(|byte| kind.hold(**byte)).count();
        if before == length {
            return true;
        }
        if before > 0 {
            let behind = text[position + 1..].iter().take(length - before).take_while(|byte| kind.hold(**byte)).count();
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

    fn of(hir: &Hir, kind: Bytes) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::whole(0),
            HirKind::Literal(literal) => literal
                .0
                .iter()
                .map(|byte| if kind.hold(*byte) { Self::whole(1) } else { Self::NONE })
                .fold(Self::whole(0), Self::then),
            HirKind::Class(class) if bytes_of(class).is_some_and(|class| class.is_in(kind)) => Self::whole(1),
            HirKind::Class(_) => Self::NONE,
            HirKind::Capture(capture) => Self::of(&capture.sub, kind),
            HirKind::Concat(parts) => parts.iter().map(|part| Self::of(part, kind)).fold(Self::whole(0), Self::then),
            HirKind::Alternation(parts) => {
                parts.iter().map(|part| Self::of(part, kind)).reduce(Self::or).unwrap_or(Self::NONE)
            }
            HirKind::Repetition(repetition) => {
                let least = usize::try_from(repetition.min).unwrap_or(0);
                match Self::of(&repetition.sub, kind) {
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

/// A form of the secrets that a regex finds, which nothing fixed opens.
#[derive(Clone, Debug)]
pub(crate) struct UnmarkedForm {
    /// How long they are, at least and at most.
    pub(crate) lengths: std::ops::RangeInclusive<usize>,
    /// Whether nothing fixed but hyphens stands in them either.
    pub(crate) is_plain: bool,
    /// What they are made of.
    alphabet: Bytes,
}

impl UnmarkedForm {
    /// Whether `value` is as long and has no other kinds of characters: capitals, small letters, digits, and each sign.
    pub(crate) fn is_kin(&self, value: &[u8]) -> bool {
        let has = |kind: fn(&u8) -> bool| (0..=u8::MAX).any(|byte| kind(&byte) && self.alphabet.hold(byte));
        let is_known = |byte: &u8| match byte {
            b'A'..=b'Z' => has(u8::is_ascii_uppercase),
            b'a'..=b'z' => has(u8::is_ascii_lowercase),
            b'0'..=b'9' => has(u8::is_ascii_digit),
            sign => self.alphabet.hold(*sign),
        };
        self.lengths.contains(&value.len()) && value.iter().all(is_known)
    }

    /// Whether they are made of what tokens are made of. Passwords have other signs too.
    pub(crate) fn is_of_tokens(&self) -> bool {
        (0..=u8::MAX).all(|byte| !self.alphabet.hold(byte) || is_token(byte) || byte == b':')
    }
}

/// Each of the forms of the secrets that `regex` finds which nothing fixed opens.
pub(crate) fn unmarked_forms(regex: &str) -> Vec<UnmarkedForm> {
    let Ok(hir) = parse(&expand(regex)) else { return Vec::new() };
    let secret = secret_group(&hir).unwrap_or(&hir);
    let forms = match secret.kind() {
        HirKind::Alternation(forms) => forms.as_slice(),
        _ => std::slice::from_ref(secret),
    };
    let form = |form: &Hir| {
        let lengths = form.properties().minimum_len()?..=form.properties().maximum_len()?;
        let mut kinds = Vec::new();
        add_classes(form, &mut kinds);
        add_literals(form, &mut kinds);
        let alphabet = (0..=u8::MAX).filter(|byte| kinds.iter().any(|kind| kind.hold(*byte))).collect();
        Some(UnmarkedForm { lengths, is_plain: is_plain(form), alphabet })
    };
    forms.iter().filter(|form| !opens_fixed(form)).filter_map(form).collect()
}

/// A regex for a whole text that is a secret which `regex` finds.
pub(crate) fn whole_secret(regex: &str) -> Option<String> {
    let hir = parse(&expand(regex)).ok()?;
    Some(format!(r"\A(?:{})\z", secret_group(&hir).unwrap_or(&hir)))
}

/// How long the secrets are that `regex` finds, at least and at most.
pub(crate) fn secret_lengths(regex: &str) -> Option<std::ops::RangeInclusive<usize>> {
    let hir = parse(&expand(regex)).ok()?;
    let properties = secret_group(&hir).unwrap_or(&hir).properties();
    Some(properties.minimum_len()?..=properties.maximum_len()?)
}

/// Whether the expression fixes no byte but hyphens.
fn is_plain(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.iter().all(|byte| *byte == b'-'),
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().map(regex_syntax::hir::ClassBytesRange::len).sum::<usize>() > 3
        }
        HirKind::Capture(capture) => is_plain(&capture.sub),
        HirKind::Repetition(repetition) => is_plain(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(is_plain),
        HirKind::Class(Class::Unicode(_)) => false,
        HirKind::Empty | HirKind::Look(_) => true,
    }
}

pub(super) fn secret_group(hir: &Hir) -> Option<&Hir> {
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
    fn check(regex: &str, runs: [(usize, &str); 2], at: bool) {
        let runs = runs.map(|(length, kind)| (length, kind.bytes().collect()));
        assert_eq!(Shape::of(regex).unwrap().gate, Gate { runs, at }, "{regex}");
    }

    #[test]
    fn gates_are_what_every_match_holds() {
        const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
        const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let alnum = &format!("{UPPER}{LOWER}0123456789");
        let (word, base32) = (&format!("{alnum}_-"), &format!("{UPPER}234567"));
        let token = &format!("{word}+/=.~%");
        check("ghp_[A-Za-z0-9]{36}", [(40, word), (36, alnum)], false);
        check(r"\b(?<secret>AKIA[A-Z2-7]{16})\b", [(20, base32), (0, base32)], false);
        check("(?i:key)[ =]{1,3}([0-9a-f]{32}|[0-9a-f]{40})", [(32, "0123456789abcdef"), (1, "Kk")], false);
        check("[a-z]{3}[.]?[0-9]{8}", [(8, "0123456789"), (11, token)], false);
        check("x(?:yy|z-)?w", [(2, word), (0, word)], false);
        check("x(?:y y)?w", [(1, word), (0, word)], false);
        check("[a-z]+://[a-z]+@[a-z]{4,}", [(4, LOWER), (0, LOWER)], true);
        check("a@|b@", [(1, word), (0, word)], true);
        check("a@|b", [(1, word), (0, word)], false);
        assert_eq!(Shape::of(".{0,40}").unwrap().gate.runs.map(|(length, _)| length), [0, 0]);
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
        let word = Bytes::where_all(is_word);
        for length in 1..9 {
            for start in 0..20 {
                let mut text = vec![b' '; 30];
                text[start..start + length].fill(b'x');
                for wanted in 1..12 {
                    assert_eq!(holds_run(&text, wanted, word), wanted <= length, "{length} at {start}, {wanted}");
                }
            }
        }
        assert!(holds_run(b"", 0, word) && !holds_run(b"", 1, word));
    }
}
