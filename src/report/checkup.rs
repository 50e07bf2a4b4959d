//! The report of `keyguard doctor`: a verdict, and the checks that bear on it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Detail, Format, json, sanitized};
use crate::outcome::{Exit, Located};

/// What a checkup comes to.
pub(crate) struct Checkup<'c> {
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// The verdict in a sentence.
    pub(crate) sentence: &'static str,
    /// What was looked at, in the order in which to read it.
    pub(crate) checks: Vec<Check>,
    /// What commits hold that no remote has yet; those of one commit stand together. They do not bear on the verdict.
    pub(crate) commits: Vec<Located<'c>>,
}

/// Whether a commit that brings in a key would be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Yes: a made-up one was.
    Blocked,
    /// No.
    NotGuarded,
    /// Nobody can tell from what was tried.
    NotProven,
}

/// One thing that was looked at.
pub(crate) struct Check {
    /// A lasting name for machines.
    pub(crate) id: &'static str,
    /// How it is.
    pub(crate) status: Status,
    /// What was found, as a sentence without an end.
    pub(crate) message: String,
    /// More lines for people, one each.
    pub(crate) details: Vec<String>,
    /// The commands that mend it, one each.
    pub(crate) help: Vec<String>,
}

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// As it should be.
    Ok,
    /// To be known, without bearing on the verdict.
    Note,
    /// In the way of the guard.
    Problem,
}

impl Checkup<'_> {
    /// The verdict as the exit code: 0 only when a key would have been stopped.
    pub(crate) fn exit(&self) -> Exit {
        if self.verdict == Verdict::Blocked { Exit::Clean } else { Exit::Blocked }
    }
}

impl Verdict {
    /// The word for machines.
    const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::NotGuarded => "not-guarded",
            Self::NotProven => "not-proven",
        }
    }

    /// The word that opens the report for people.
    const fn opening(self) -> &'static str {
        match self {
            Self::Blocked => "BLOCKED",
            Self::NotGuarded => "NOT GUARDED",
            Self::NotProven => "NOT PROVEN",
        }
    }
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Problem => "wrong",
            _ => self.name(),
        }
    }
}

/// Writes the report.
pub(crate) fn write(checkup: &Checkup<'_>, (format, detail): (Format, Detail), out: &mut dyn Write) -> io::Result<()> {
    if format == Format::Json {
        return json::write_document(&document(checkup), out);
    }
    writeln!(out, "{}: {}", checkup.verdict.opening(), checkup.sentence)?;
    for check in &checkup.checks {
        if detail == Detail::Quiet && check.status != Status::Problem {
            continue;
        }
        // Each on one line, so that a path or a command is copied whole.
        writeln!(out, "  {:5} {}", check.status.label(), sanitized(check.message.as_bytes()))?;
        for detail in &check.details {
            writeln!(out, "        {}", sanitized(detail.as_bytes()))?;
        }
        for help in &check.help {
            writeln!(out, "        help: {}", sanitized(help.as_bytes()))?;
        }
    }
    Ok(())
}

fn document(checkup: &Checkup<'_>) -> Value {
    let check = |check: &Check| json!({ "id": check.id, "status": check.status.name(), "message": check.message, "help": check.help });
    json!({
        "version": 1,
        "tool": { "name": "keyguard", "version": env!("CARGO_PKG_VERSION") },
        "guarded": checkup.verdict == Verdict::Blocked,
        "verdict": checkup.verdict.name(),
        "checks": checkup.checks.iter().map(check).collect::<Vec<_>>(),
        "commits": json::commits(&checkup.commits),
        "exit": checkup.exit() as u8,
    })
}
