//! How a key leaves its place, as the message of a block tells it and as `keyguard fix` does it.

use std::ops::Range;

use crate::secret::{Excerpt, Secret};

/// How a key leaves its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// It is read from a variable.
    Variable(Reading),
    /// The file as a whole leaves the work tree.
    File,
    /// No edit does it safely, for this reason.
    ByHand(String),
}

/// What stands in a key's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The variable, as the environment has it.
    pub(crate) variable: String,
    /// What reads it.
    pub(crate) expression: String,
    /// The whole line; `None` if it is too long to be shown, or not all of it may be.
    pub(crate) line: Option<String>,
}

impl Reading {
    /// What reads `variable` at `span` of the new text, in which `hidden` may be keys.
    pub(crate) fn new(variable: &str, text: &[u8], span: &Range<usize>, hidden: &[Range<usize>]) -> Self {
        const MASK: &str = "****";
        const WIDEST: usize = 72;
        let expression = String::from_utf8_lossy(text.get(span.clone()).unwrap_or_default()).into_owned();
        let Excerpt { before, after, .. } = Excerpt::new(text, span, &Secret::new(b"", 0), hidden);
        let is_whole =
            !before.starts_with('…') && !after.ends_with('…') && !before.contains(MASK) && !after.contains(MASK);
        let line = Some(format!("{before}{expression}{after}").trim().replace('\t', " "));
        let line = line.filter(|line| is_whole && line.chars().count() <= WIDEST && !line.contains('\n'));
        Self { variable: variable.to_owned(), expression, line }
    }
}
