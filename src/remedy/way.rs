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
    /// All that is written where something is taken out; `None` if not all of it may be shown.
    pub(crate) change: Option<String>,
    /// Whether the change takes more out than the key, such as the string that it stands in.
    pub(crate) is_wide: bool,
    /// The whole line; `None` if it is too long to be shown, or not all of it may be.
    pub(crate) line: Option<String>,
}

/// A new text and where it reads a variable.
pub(crate) struct NewText<'a> {
    pub(crate) text: &'a [u8],
    /// What reads the variable.
    pub(crate) at: Range<usize>,
    /// What the edit wrote there.
    pub(crate) change: Range<usize>,
    /// What may be keys in it.
    pub(crate) hidden: &'a [Range<usize>],
}

impl Reading {
    /// How `new` reads `variable`.
    pub(crate) fn new(variable: &str, new: &NewText<'_>, is_wide: bool) -> Self {
        let expression = String::from_utf8_lossy(new.text.get(new.at.clone()).unwrap_or_default()).into_owned();
        let line = around(new.text, &new.at, new.hidden).filter(|line| !line.contains('\n'));
        let part = new.text.get(new.change.clone()).unwrap_or_default();
        let at = new.at.start - new.change.start..new.at.end - new.change.start;
        let change = around(part, &at, &[]);
        Self { variable: variable.to_owned(), expression, change, is_wide, line }
    }
}

/// What stands at `at` and around it in its line, unless that is long or holds what may be a key.
fn around(text: &[u8], at: &Range<usize>, hidden: &[Range<usize>]) -> Option<String> {
    const MASK: &str = "****";
    const WIDEST: usize = 72;
    let Excerpt { before, after, .. } = Excerpt::new(text, at, &Secret::new(b"", 0), hidden);
    let is_whole =
        !before.starts_with('…') && !after.ends_with('…') && ![&before, &after].iter().any(|t| t.contains(MASK));
    let own = String::from_utf8_lossy(text.get(at.clone()).unwrap_or_default());
    let line = format!("{before}{own}{after}").trim().replace('\t', " ");
    (is_whole && line.chars().count() <= WIDEST).then_some(line)
}
