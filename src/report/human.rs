//! The report for people: reads well at 80 columns, with and without colour, and aloud.

use std::io::{self, Write};

use colored::{Color, Colorize as _};

use super::{Detail, Style, Subject, sanitized};
use crate::allowlist::SuppressedBy;
use crate::change::{BytePath, Commit, Part};
use crate::finding::{Finding, Half, Validity};
use crate::outcome::{Located, Outcome, Stats};
use crate::remedy;

/// So many findings are told in full; the next ones get a line each.
const IN_FULL: usize = 3;
const LINES: usize = 12;

pub(super) fn write(style: &Style, outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    colored::control::set_override(style.color);
    // Clients show one line of what a hook says: the first one of a commit, the last one of a push.
    let sentence = sentence(style, outcome).unwrap_or_default();
    let comes_last = matches!(style.subject, Subject::Push | Subject::Receive);
    if !sentence.is_empty() && !comes_last {
        writeln!(out, "{sentence}")?;
    }
    let in_full_count = if style.subject == Subject::Receive { 0 } else { IN_FULL };
    for located in outcome.blocked.iter().take(in_full_count) {
        if outcome.blocked.len() > 1 || comes_last {
            writeln!(out, "\n{}", headline(located).paint(Color::Red))?;
        }
        in_full(style, located, out)?;
    }
    in_short(outcome.blocked.get(in_full_count..).unwrap_or_default(), out)?;
    for failure in outcome.failures.iter().skip(usize::from(outcome.blocked.is_empty())) {
        writeln!(out, "{} {}", "error:".paint(Color::Red), failure_sentence(failure))?;
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
        closing(style, outcome, out)?;
    }
    if !sentence.is_empty() && comes_last {
        writeln!(out, "{sentence}")?;
    }
    Ok(())
}

/// The line that a graphical client shows alone: what, where, how sure.
fn sentence(style: &Style, outcome: &Outcome<'_>) -> Option<String> {
    let what = match style.subject {
        Subject::Commit | Subject::Message => "commit blocked: ",
        Subject::Merge => "merge blocked: ",
        Subject::Push => "push blocked: ",
        Subject::Receive => "push rejected: ",
        Subject::Staged | Subject::Files | Subject::History => "",
    };
    let opening = format!("{} {what}", "keyguard:".paint(Color::Red));
    match outcome.blocked.as_slice() {
        [] => outcome.failures.first().map(|failure| format!("{opening}{}", failure_sentence(failure))),
        [one] => Some(format!("{opening}{}", headline(one))),
        all => {
            let places = match distinct_commits(all) {
                0 => count(distinct_files(all), "file"),
                commits => count(commits, "commit"),
            };
            Some(format!("{opening}{} secrets in {places}, the first: {}", all.len(), headline(&all[0])))
        }
    }
}

/// A finding and its place in a line: `GitHub token (checksum valid) in src/pay.js:3:15`.
pub(crate) fn headline(located: &Located<'_>) -> String {
    let proof = located.finding.proof.map(|proof| format!(" ({proof})")).unwrap_or_default();
    let title = sanitized(located.finding.rule.facts().title.as_bytes());
    format!("{title}{proof} in {}", place(located))
}

/// Where it is: `src/pay.js:3:15 (commit 0123456789)`.
pub(super) fn place(located: &Located<'_>) -> String {
    let location = &located.finding.location;
    let path = match located.part {
        Part::File => located.path.as_ref().map(BytePath::as_bytes).map(sanitized).unwrap_or_default(),
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

fn in_full(style: &Style, located: &Located<'_>, out: &mut dyn Write) -> io::Result<()> {
    let finding = &located.finding;
    excerpt(finding, out)?;
    let facts = finding.rule.facts();
    if let (_, Some(privilege)) = facts.privilege() {
        item("key", privilege, out)?;
    }
    item("why", &why(finding), out)?;
    item("1.", &move_it_out(located), out)?;
    if let (Subject::Push, Some(commit)) = (style.subject, &located.commit) {
        item("", &rewriting(commit, located), out)?;
    }
    item("2.", "Real and already pushed? Deleting the line is not enough. Revoke it:", out)?;
    item("", facts.revoke.unwrap_or("where it was made"), out)?;
    item("3.", not_a_secret(style.subject, located), out)?;
    let command = format!("keyguard allow {} --reason \"...\"", finding.fingerprint());
    writeln!(out, "        {}", command.paint(Color::Cyan))
}

/// How a commit that is there already gets another content.
fn rewriting(commit: &Commit, located: &Located<'_>) -> String {
    if commit.is_tag() {
        return "Then make the tag again: `git tag --force`.".to_owned();
    }
    let from = if commit.is_root { "--root" } else { &format!("{}~", commit.id.get(..10).unwrap_or(&commit.id)) };
    match located.part {
        Part::Message => {
            format!("`git commit --amend` if it is that of the last commit, else `reword` in `git rebase -i {from}`.")
        }
        Part::Header => format!(
            "Then make the commit again: `git commit --amend --reset-author` if it is the last one, else `edit` in `git \
             rebase -i {from}`."
        ),
        Part::File => format!(
            "Then take it out of the commit: `git commit --amend` if it is the last one, else `git rebase -i {from}`."
        ),
    }
}

/// How to get on with what is no secret after all; the command follows.
fn not_a_secret(subject: Subject, located: &Located<'_>) -> &'static str {
    match subject {
        Subject::Files if located.finding.is_whole_file() => "Not a secret? Say so:",
        Subject::Files => "Not a secret? Put `keyguard:allow` into a comment on the line, or say so:",
        Subject::Push | Subject::Receive => "Not a secret? Say so, commit keyguard.toml, and push again:",
        Subject::History => "Not a secret? Say so:",
        _ if located.path.is_none() || located.finding.is_whole_file() => "Not a secret? Say so, and commit again:",
        _ => "Not a secret? Put `keyguard:allow` into a comment on the line, or say so, and commit again:",
    }
}

/// A label and a text, broken into lines of 80 columns; a word that is longer, such as an address, stays whole.
pub(super) fn item(label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    const WIDTH: usize = 80;
    const INDENT: usize = 8;
    let mut line = format!("  {label:6}");
    let mut is_empty = true;
    for word in sanitized(text.as_bytes()).split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(out, "{line}")?;
            line = " ".repeat(INDENT);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(out, "{line}")
}

/// The line with its mask, and carets under it.
fn excerpt(finding: &Finding<'_>, out: &mut dyn Write) -> io::Result<()> {
    let number = match finding.location.offset {
        Some(offset) => format!("byte {offset}"),
        None => finding.location.line.to_string(),
    };
    let margin = " ".repeat(number.len());
    let tidy = |text: &str| sanitized(text.replace('\t', " ").as_bytes());
    let (before, mask, after) =
        (tidy(&finding.excerpt.before), tidy(&finding.excerpt.mask), tidy(&finding.excerpt.after));
    let before = before.trim_start();
    let (gap, carets) = (" ".repeat(before.chars().count()), "^".repeat(mask.chars().count()));
    writeln!(out, "{margin} |")?;
    writeln!(out, "{number} | {before}{}{}", mask.paint(Color::Yellow), after.trim_end())?;
    writeln!(out, "{margin} | {gap}{}", carets.paint(Color::Red))
}

/// `rule aws-access-key-id, medium confidence; written in base64`.
pub(super) fn why(finding: &Finding<'_>) -> String {
    let doubt = match (finding.validity, finding.proof) {
        (Validity::Invalid, Some(proof)) => format!("; {proof}, so it may be made up or cut off"),
        (_, Some(proof)) => format!("; {proof}"),
        _ => String::new(),
    };
    let ways: Vec<_> = finding.decoded.iter().rev().map(|way| way.name()).collect();
    let written = if ways.is_empty() { String::new() } else { format!("; written in {}", ways.join(" inside ")) };
    let pair =
        finding.other_half.as_ref().map(|half| format!("; with its {}", half_in_words(half))).unwrap_or_default();
    format!("rule {}, {} confidence{doubt}{written}{pair}", finding.rule.id(), finding.confidence.name())
}

/// `AWS access key ID on line 3`.
fn half_in_words(half: &Half<'_>) -> String {
    let place = match half.location.offset {
        Some(offset) => format!("at byte {offset}"),
        None => format!("on line {}", half.location.line),
    };
    format!("{} {place}", half.rule.facts().title)
}

fn move_it_out(located: &Located<'_>) -> String {
    match located.part {
        Part::Message => return "Take it out of the message.".to_owned(),
        Part::Header => return "Take it out of the header, which names author and committer.".to_owned(),
        Part::File => {}
    }
    let Some(name) = located.finding.rule.facts().variable() else {
        return "Move it out. Keep it in a place outside the repository.".to_owned();
    };
    match remedy::reference(located.path.as_ref(), name) {
        Some(expression) => format!("Move it out. Read it from the environment: {expression}"),
        None => format!("Move it out. Keep it in the environment variable {name}."),
    }
}

/// One line for each finding behind the first few.
fn in_short(rest: &[Located<'_>], out: &mut dyn Write) -> io::Result<()> {
    if rest.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for located in rest.iter().take(LINES) {
        writeln!(out, "{}\n  {} [{}]", headline(located), located.finding.fingerprint(), located.finding.rule.id())?;
    }
    if rest.len() > LINES {
        writeln!(out, "and {} more", rest.len() - LINES)?;
    }
    Ok(())
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
        SuppressedBy::Inline { reason: Some(reason) } => format!("marker: {reason}"),
        SuppressedBy::Inline { reason: None } => "marker".to_owned(),
        SuppressedBy::Entry { reason, .. } => format!("entry: {reason}"),
    }
}

/// One line of sums; in a hook only when something is wrong.
fn closing(style: &Style, outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    if outcome.blocked.len() > 1 && matches!(style.subject, Subject::Commit | Subject::Staged) {
        let command = "keyguard allow --last --reason \"...\"";
        writeln!(out, "\nAll {} are no secrets? {}", outcome.blocked.len(), command.paint(Color::Cyan))?;
    }
    match style.subject {
        Subject::Staged | Subject::Files | Subject::History => {
            let found = count(outcome.blocked.len(), "secret");
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
            writeln!(out, "\nThe merge is not concluded. To give it up: {}", "git merge --abort".paint(Color::Cyan))
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
    commits.sort();
    commits.dedup();
    commits.len()
}

fn distinct_files(blocked: &[Located<'_>]) -> usize {
    let mut paths: Vec<_> = blocked.iter().map(|located| &located.path).collect();
    paths.sort();
    paths.dedup();
    paths.len()
}

pub(super) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// Colour that says nothing the words do not say.
trait Paint {
    fn paint(&self, color: Color) -> colored::ColoredString;
}

impl<T: AsRef<str> + ?Sized> Paint for T {
    fn paint(&self, color: Color) -> colored::ColoredString {
        self.as_ref().color(color).bold()
    }
}
