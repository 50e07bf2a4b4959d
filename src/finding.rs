//! A key that was found, and where.

use std::ops::Range;

use crate::change::BytePath;
use crate::decode::Way;
use crate::encrypted::Demand;
use crate::insight::Insight;
use crate::remedy::name;
pub use crate::rules::spec::Confidence;
use crate::rules::spec::{Finds, Validator, is_variable_name};
use crate::rules::{Origin, Rule};
use crate::secret::{Excerpt, Fingerprint, Secret};

/// A place in a text. Lines and columns count from 1; columns count code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Location {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
    /// The byte where it starts; set for binary content only.
    pub offset: Option<usize>,
}

/// What the offline proof of a kind says of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validity {
    /// The proof fails: made up, cut off, or a format that changed.
    Invalid,
    /// There is no proof, or it cannot raise.
    Unknown,
    /// The checksum or the encoded structure is right.
    Valid,
}

impl Validity {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
            Self::Valid => "valid",
        }
    }
}

/// One key in one file.
#[derive(Clone)]
pub struct Finding<'r> {
    /// The rule that knows the kind.
    pub rule: Rule<'r>,
    /// Where the secret stands.
    pub location: Location,
    /// Where the secret stands, as bytes of the scanned text.
    pub span: Range<usize>,
    /// What the value is written in, the outermost first; empty where it stands as it is.
    pub decoded: Vec<Way>,
    /// The value.
    pub secret: Secret,
    /// Its line, masked.
    pub excerpt: Excerpt,
    /// How sure we are.
    pub confidence: Confidence,
    /// What the proof says.
    pub validity: Validity,
    /// What the proof found, as a short fragment such as `checksum valid`.
    pub proof: Option<&'static str>,
    /// The identifier close by that makes a pair with the secret.
    pub other_half: Option<Half<'r>>,
    /// Why the file must be encrypted, where it is not.
    pub(crate) demand: Option<Demand>,
    /// The name that the value is assigned to, in lower case, its words joined by `_`; where its kind has no format.
    pub name: Option<String>,
    /// What the key says of itself.
    pub insights: Vec<Insight>,
}

/// The identifier of a pair, such as a key id. It is a finding of its own too, for when it is new and its secret is not.
#[derive(Clone)]
#[expect(missing_docs, reason = "the fields are those of its own finding")]
pub struct Half<'r> {
    pub rule: Rule<'r>,
    pub location: Location,
    pub span: Range<usize>,
    pub secret: Secret,
}

impl<'r> Finding<'r> {
    /// The finding that `content`, the file at `path`, is what `rule` looks for as a whole. A file that must be encrypted is
    /// named by its path: the next version of it in the clear is no less allowed than this one.
    pub(crate) fn of_file(rule: Rule<'r>, path: &BytePath, content: &[u8]) -> Self {
        let is_known_by_path = rule.facts().validator == Some(Validator::Unencrypted);
        let secret =
            if is_known_by_path { Secret::of_path(rule.id(), path) } else { Secret::of_file(rule.id(), content) };
        Self {
            rule,
            location: Location { line: 1, column: 1, end_line: 1, end_column: 1, offset: None },
            span: 0..content.len(),
            decoded: Vec::new(),
            secret,
            excerpt: Excerpt::of_file(),
            confidence: rule.facts().confidence,
            validity: Validity::Unknown,
            proof: None,
            other_half: None,
            demand: is_known_by_path.then_some(Demand::Name),
            name: None,
            insights: Vec::new(),
        }
    }
}

impl Finding<'_> {
    /// Whether the file as a whole is the secret.
    pub(crate) fn is_whole_file(&self) -> bool {
        self.rule.facts().finds == Finds::WholeFile
    }

    /// The environment variable to keep it in. Where the kind has no format, the name at hand says more than the rule does,
    /// unless it is a single word or the rule's author has chosen the variable. No program takes orders from it.
    pub(crate) fn variable(&self) -> Option<String> {
        const LONGEST: usize = 40;
        let of_rule = self.rule.facts().variable().filter(|name| name::may_be(name, self.rule));
        if self.rule.origin() == Origin::Configured && of_rule.is_some() {
            return of_rule.map(str::to_owned);
        }
        let name = self.name.as_ref().filter(|name| name.contains('_') && name.len() <= LONGEST);
        let name = name
            .map(|name| name.to_ascii_uppercase())
            .filter(|name| is_variable_name(name) && name::may_be(name, self.rule));
        name.or_else(|| of_rule.map(str::to_owned))
    }

    /// The name under which it can be allowed.
    pub fn fingerprint(&self) -> Fingerprint {
        self.secret.fingerprint()
    }

    /// The other half, where it needs no report of its own. A configured rule must not hide what a built-in one finds.
    pub(crate) fn half_told_with_it(&self) -> Option<&Half<'_>> {
        self.other_half.as_ref().filter(|half| half.rule.origin() <= self.rule.origin())
    }
}

/// Counts lines and columns of growing offsets, so that many findings cost one pass, also on one line.
#[derive(Clone, Copy)]
pub(crate) struct Locator<'t> {
    text: &'t [u8],
    position: usize,
    line: usize,
    column: usize,
}

impl<'t> Locator<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        // A byte order mark is no column.
        let mark = "\u{feff}".as_bytes();
        let position = if text.starts_with(mark) { mark.len() } else { 0 };
        Self { text, position, line: 1, column: 1 }
    }

    /// Line and column of `offset`, which is never before an earlier one.
    fn place(&mut self, offset: usize) -> (usize, usize) {
        let passed = self.text.get(self.position..offset).unwrap_or_default();
        let newlines = memchr::memchr_iter(b'\n', passed).count();
        if newlines > 0 {
            self.line += newlines;
            self.column = 1;
        }
        let line_start = memchr::memrchr(b'\n', passed).map_or(0, |newline| newline + 1);
        self.column += code_points(&passed[line_start..]);
        self.position = self.position.max(offset);
        (self.line, self.column)
    }

    /// The location of `span`; spans come in order of their start.
    pub(crate) fn locate(&mut self, span: &Range<usize>) -> Location {
        let (line, column) = self.place(span.start);
        // The end is looked up by a copy: the next span may start before it.
        let mut ahead = *self;
        let (end_line, end_column) = ahead.place(span.end);
        Location { line, column, end_line, end_column, offset: None }
    }
}

/// How many code points `bytes` hold; a byte that is no UTF-8 counts as one.
fn code_points(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_count_lines_and_code_points() {
        let text = "\u{feff}ab\nüx KEY\r\nlast KEY".as_bytes();
        let mut locator = Locator::new(text);
        let first = text.windows(3).position(|window| window == b"KEY").unwrap();
        let location = locator.locate(&(first..first + 3));
        assert_eq!((location.line, location.column, location.end_column), (2, 4, 7));
        let second = text.len() - 3;
        let location = locator.locate(&(second..text.len()));
        assert_eq!((location.line, location.column), (3, 6));
        assert_eq!((location.end_line, location.end_column), (3, 9));
        assert_eq!(Locator::new(text).locate(&(3..4)).column, 1);
    }
}
