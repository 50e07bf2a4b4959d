//! Reports: one outcome, written in the format that was asked for.

pub(crate) mod audit;
pub(crate) mod checkup;
mod group;
mod human;
mod json;
mod several;
mod story;
mod terminal;
pub(crate) mod wrap;

use std::io::{self, Write};
use std::time::Duration;

pub(crate) use human::headline;
pub(crate) use json::write_document;
pub(crate) use terminal::sanitized;

use crate::outcome::Outcome;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON document.
    Json,
}

/// What was looked at, for the first sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A commit that git is about to make.
    Commit,
    /// A merge that git is about to conclude by itself.
    Merge,
    /// The message of a commit that git is about to make.
    Message,
    /// Commits that are about to be pushed.
    Push,
    /// Commits that somebody pushes to this repository.
    Receive,
    /// Commits that are there, looked at by hand.
    History,
    /// The staged changes, looked at by hand.
    Staged,
    /// Files or standard input.
    Files,
}

/// How to tell it.
pub(crate) struct Style {
    pub(crate) format: Format,
    pub(crate) subject: Subject,
    pub(crate) color: bool,
    pub(crate) detail: Detail,
    pub(crate) duration: Duration,
    /// How the work tree's configuration bears on the next step; one line.
    pub(crate) hint: Option<String>,
}

/// How much to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// Findings and failures alone.
    Quiet,
    /// The usual.
    Normal,
    /// Also what was allowed and skipped.
    Verbose,
}

/// Writes the report.
pub(crate) fn write(style: &Style, outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    match style.format {
        Format::Human => human::write(style, outcome, out),
        Format::Json => json::write(style, outcome, out),
    }
}

/// `a, b and c`.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
    match names[..] {
        [ref first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests;
