//! The report for people: reads well at 80 columns, with and without colour, and aloud.

use std::io::{self, Write};

use colored::{Color, Colorize as _};

use super::group::{self, Group};
use super::{Detail, Style, Subject, sanitized, several, story};
use crate::allowlist::SuppressedBy;
use crate::change::{BytePath, Commit, Part};
use crate::outcome::{Located, Outcome, Stats};
use crate::scanner::masked;

pub(super) fn write(style: &Style, outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    colored::control::set_override(style.color);
    let groups = group::by_key(&outcome.blocked);
    // Clients show one line of what a hook says: the first one of a commit, the last one of a push.
    let sentence = sentence(style, outcome, &groups).unwrap_or_default();
    let comes_last = matches!(style.subject, Subject::Push | Subject::Receive);
    if !sentence.is_empty() && !comes_last {
        writeln!(out, "{sentence}")?;
    }
    match groups.as_slice() {
        [] => {}
        [one] if style.subject != Subject::Receive => {
            if comes_last {
                writeln!(out, "\n{}", headline(one.first).paint(Tone::Alarm))?;
            }
            story::write(style, one, out)?;
        }
        all => several::write(style, all, out)?,
    }
    for failure in outcome.failures.iter().skip(usize::from(outcome.blocked.is_empty())) {
        writeln!(out, "{} {}", "error:".paint(Tone::Alarm), failure_sentence(failure))?;
    }
    if style.detail == Detail::Verbose {
        verbose(outcome, out)?;
    }
    if style.detail > Detail::Quiet {
        for notice in &outcome.notices {
            writeln!(out, "keyguard: {}", sanitized(notice.as_bytes()))?;
        }
        if let Some(hint) = style.hint.as_ref().filter(|_| !outcome.blocked.is_empty()) {
            writeln!(out, "\n{}", sanitized(hint.as_bytes()))?;
        }
        closing(style, outcome, groups.len(), out)?;
    }
    if !sentence.is_empty() && comes_last {
        writeln!(out, "{sentence}")?;
    }
    Ok(())
}

/// The line that a graphical client shows alone: what, where, how sure.
fn sentence(style: &Style, outcome: &Outcome<'_>, groups: &[Group<'_, '_>]) -> Option<String> {
    let what = match style.subject {
        Subject::Commit | Subject::Message => "commit blocked: ",
        Subject::Merge => "merge blocked: ",
        Subject::Push => "push blocked: ",
        Subject::Receive => "push rejected: ",
        Subject::Staged | Subject::Files | Subject::History => "",
    };
    let opening = format!("{} {what}", "keyguard:".paint(Tone::Alarm));
    match groups {
        [] => outcome.failures.first().map(|failure| format!("{opening}{}", failure_sentence(failure))),
        [one] => Some(format!("{opening}{}", with_others(one))),
        all => {
            let places = match distinct_commits(&outcome.blocked) {
                0 => count(distinct_files(&outcome.blocked), "file"),
                commits => count(commits, "commit"),
            };
            Some(format!("{opening}{} secrets in {places}, the first: {}", all.len(), with_others(&all[0])))
        }
    }
}

/// `GitHub token (checksum valid) in src/pay.js:3:15`: a finding, how sure it is, and its place.
pub(crate) fn headline(located: &Located<'_>) -> String {
    format!("{} in {}", what(located), place(located))
}

/// The same, and how many other places have the key.
pub(super) fn with_others(group: &Group<'_, '_>) -> String {
    format!("{} in {}", what(group.first), story::place_and_others(group))
}

/// `GitHub token (checksum valid)`, or how sure the finding is where nothing is proven.
pub(super) fn what(located: &Located<'_>) -> String {
    let finding = &located.finding;
    let title = sanitized(finding.rule.facts().title.as_bytes());
    match finding.proof {
        Some(proof) => format!("{title} ({proof})"),
        None => format!("{title} ({} confidence)", finding.confidence.name()),
    }
}

/// `src/pay.js:3:15 (commit 0123456789)`.
pub(super) fn place(located: &Located<'_>) -> String {
    let location = &located.finding.location;
    let path = match located.part {
        Part::File | Part::Name => located.path.as_ref().map(BytePath::as_bytes).map(sanitized).unwrap_or_default(),
        Part::Message => "the message".to_owned(),
        Part::Header => "the header".to_owned(),
    };
    let commit = located.commit.as_ref().map(|commit| format!(" ({})", object(commit))).unwrap_or_default();
    format!("{path}:{}:{}{commit}", location.line, location.column)
}

/// What brings a finding in, with enough of its name to tell it from others.
fn object(commit: &Commit) -> String {
    let kind = if commit.is_tag() { "tag" } else { "commit" };
    format!("{kind} {}", commit.id.get(..10).unwrap_or(&commit.id))
}

pub(super) fn failure_sentence(failure: &crate::outcome::Failure) -> String {
    // Only `\n` between sentence and help is ours; everything else is escaped.
    let message = failure.message.split('\n').map(|line| sanitized(line.as_bytes())).collect::<Vec<_>>().join("\n");
    match &failure.path {
        Some(path) => format!("cannot inspect {}: {message}", sanitized(path.as_bytes())),
        None => message,
    }
}

fn verbose(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (located, by) in &outcome.suppressed {
        writeln!(out, "allowed: {} ({})", headline(located), sanitized(allowed_by(by).as_bytes()))?;
    }
    for skipped in &outcome.skipped {
        writeln!(out, "skipped: {} ({})", sanitized(skipped.path.as_bytes()), skipped.reason)?;
    }
    Ok(())
}

/// What allows a finding, and why.
pub(super) fn allowed_by(by: &SuppressedBy) -> String {
    match by {
        SuppressedBy::Inline { reason: Some(reason) } => format!("marker: {}", masked(reason)),
        SuppressedBy::Inline { reason: None } => "marker".to_owned(),
        SuppressedBy::Entry { reason, .. } => format!("entry: {}", masked(reason)),
        SuppressedBy::Baseline => "baseline".to_owned(),
    }
}

/// One line of sums; in a hook only when something is wrong.
fn closing(style: &Style, outcome: &Outcome<'_>, keys: usize, out: &mut dyn Write) -> io::Result<()> {
    match style.subject {
        Subject::Staged if outcome.stats.files == 0 && outcome.failures.is_empty() && outcome.skipped.is_empty() => {
            writeln!(out, "nothing to look at: no content is staged")
        }
        Subject::Staged | Subject::Files | Subject::History => {
            let found = count(keys, "secret");
            let mut notes = Vec::new();
            for (number, word) in [
                (outcome.suppressed.len(), "allowed"),
                (outcome.skipped.len(), "skipped"),
                (outcome.failures.len(), "not inspected"),
            ] {
                if number > 0 {
                    notes.push(format!("{number} {word}"));
                }
            }
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            let gap = if outcome.blocked.is_empty() { "" } else { "\n" };
            writeln!(out, "{gap}{found} in {}{notes}", extent(style.subject, outcome.stats))
        }
        _ if outcome.blocked.is_empty() => Ok(()),
        Subject::Commit | Subject::Message => writeln!(out, "\nNothing was committed."),
        Subject::Merge => {
            writeln!(out, "\nThe merge is not concluded. To give it up: {}", "git merge --abort".paint(Tone::Command))
        }
        Subject::Push => writeln!(out, "\nNothing was pushed."),
        Subject::Receive => writeln!(
            out,
            "\nTake each out of its commit and push again, or have it allowed first, in\nkeyguard.toml on the default branch."
        ),
    }
}

/// How much was looked at: `12 commits and 1 tag`, `3 files`.
pub(super) fn extent(subject: Subject, stats: Stats) -> String {
    match (subject, stats.commits, stats.tags) {
        (Subject::History, commits, 0) => count(commits, "commit"),
        (Subject::History, 0, tags) => count(tags, "tag"),
        (Subject::History, commits, tags) => format!("{} and {}", count(commits, "commit"), count(tags, "tag")),
        _ => count(stats.files, "file"),
    }
}

fn distinct_commits(blocked: &[Located<'_>]) -> usize {
    let mut commits: Vec<_> =
        blocked.iter().filter_map(|located| located.commit.as_ref()).map(|commit| &commit.id).collect();
    commits.sort_unstable();
    commits.dedup();
    commits.len()
}

fn distinct_files(blocked: &[Located<'_>]) -> usize {
    let mut paths: Vec<_> = blocked.iter().map(|located| &located.path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.len()
}

pub(super) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// What a piece of the report is, for its colour, which says nothing that the words do not say. The colours are those
/// that can be read on a dark ground and on a light one.
#[derive(Clone, Copy)]
pub(super) enum Tone {
    Alarm,
    Mask,
    Command,
}

pub(super) trait Paint {
    fn paint(&self, tone: Tone) -> colored::ColoredString;
}

impl<T: AsRef<str> + ?Sized> Paint for T {
    fn paint(&self, tone: Tone) -> colored::ColoredString {
        let bold = self.as_ref().bold();
        match tone {
            Tone::Alarm => bold.color(Color::Red),
            Tone::Mask => bold.color(Color::Magenta),
            Tone::Command => bold,
        }
    }
}
