//! The macros of a rule's regex: what would stand in many rules, written once.
//!
//! `{{` is no regex syntax, so nothing else can be meant. Shared by `build.rs` and the configuration, like the rules.

use std::borrow::Cow;

/// What stands between a name and its value: the rest of the name, words such as `API key`, a closing quote or bracket,
/// a type, an assignment sign (or the comma of a call, the `>` of a tag, the blank of a flag), an opening quote.
const ASSIGN: &str = concat!(
    r"[A-Za-z0-9_.\-]{0,40}",
    r"(?:[ \t](?i:access|api|app|auth|client|private|secret|key|token|id)[A-Za-z0-9_\-]{0,20}){0,3}",
    r#"(?:\\?["'\])]){0,3}"#,
    r"(?:[ \t]{0,4}:[ \t]{0,4}&?(?:'static )?[A-Za-z]{3,6}|[ \t]string)?",
    r#"[ \t]{0,20}(?:[:?.|]{0,3}=|=>|[:,(]|>(?:[ \t]{0,4}\r?\n)?|[ \t])[ \t>]{0,20}(?:[brfu]?\\?["'`]){0,3}[ \t]{0,2}"#
);

/// Where a word starts, also behind what is written for another character: `\n`, `%3D`, `\u003d`, a colour sequence.
/// To `\b` alone the `n` of a line break in a string looks like the beginning of the word.
const START: &str = r"(?:\\[nrtfv]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\x1b\[[0-9;]{0,8}m|\b)";

const MACROS: [(&str, &str); 2] = [("{{assign}}", ASSIGN), ("{{start}}", START)];

/// Replaces the macros of a rule's regex.
pub(crate) fn expand(regex: &str) -> Cow<'_, str> {
    if regex.contains("{{") {
        Cow::Owned(MACROS.iter().fold(regex.to_owned(), |text, (name, meaning)| text.replace(name, meaning)))
    } else {
        Cow::Borrowed(regex)
    }
}

/// Where the byte `at` of the expanded regex stands in the regex as it was written; in a macro, where that begins.
pub(crate) fn written_offset(regex: &str, at: usize) -> usize {
    let mut rest = regex;
    let mut expanded = 0;
    while let Some(first) = rest.chars().next() {
        let found = MACROS.iter().find(|(name, _)| rest.starts_with(name));
        let (written, meant) =
            found.map_or((first.len_utf8(), first.len_utf8()), |(name, meaning)| (name.len(), meaning.len()));
        if at < expanded + meant {
            break;
        }
        expanded += meant;
        rest = rest.split_at(written).1;
    }
    regex.len() - rest.len()
}
