//! One key, told in full: what it is, what it can do, and three ways on.

use std::io::{self, Write};

use super::group::Group;
use super::human::{Paint as _, Tone, place};
use super::wrap::item;
use super::{Detail, Style, Subject, sanitized};
use crate::change::{Commit, Part};
use crate::finding::{Finding, Half, Validity};
use crate::insight::Insight;
use crate::outcome::Located;
use crate::remedy::by_hand;
use crate::remedy::way::Way;

/// Where texts start behind their labels.
pub(super) const INDENT: usize = 8;

pub(super) fn write(style: &Style, group: &Group<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    let located = group.first;
    let finding = &located.finding;
    writeln!(out, "{} |", " ".repeat(number(located).len()))?;
    excerpt(located, out)?;
    other_places(style, group, out)?;
    facts(finding, &|_| true, out)?;
    item("why", INDENT, &why(finding), out)?;
    move_it_out(style, located, out)?;
    if !group.others.is_empty() && !is_offered(style, located) {
        item("", INDENT, "Then do the same in each other place.", out)?;
    }
    item("2.", INDENT, not_a_key(style.subject, located), out)?;
    command(&format!("keyguard allow {} --reason \"...\"", finding.fingerprint()), out)?;
    item("3.", INDENT, "Real and already out? Deleting the line is not enough. Revoke it:", out)?;
    item("", INDENT, finding.rule.facts().revoke.unwrap_or("where it was made"), out)?;
    if let Some(narrower) = finding.rule.card().narrower {
        item("next", INDENT, narrower, out)?;
    }
    item("more", INDENT, &format!("keyguard explain {}", finding.rule.id()), out)
}

/// The same without the ways on, for one of two keys.
pub(super) fn brief(style: &Style, group: &Group<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    let finding = &group.first.finding;
    excerpt(group.first, out)?;
    if style.detail == Detail::Verbose {
        other_places(style, group, out)?;
    }
    // Of what kind it is says its title too.
    facts(finding, &|insight| !["kind", "mode"].contains(&insight.name), out)?;
    if let Some(path) = group.first.path.as_ref().filter(|_| group.first.part == Part::Name) {
        code("do", &by_hand::rename(path), out)?;
    }
    match &group.first.way {
        Way::Variable(reading) => {
            let text = reading.line.as_ref().or(reading.change.as_ref());
            code("write", text.unwrap_or(&reading.expression), out)?;
        }
        Way::ByHand(reason) if is_fixable(style) => item("hand", INDENT, reason, out)?,
        _ => {}
    }
    item("id", INDENT, &format!("{} [{}]", finding.fingerprint(), finding.rule.id()), out)
}

/// A command on a line of its own, to be copied whole.
pub(super) fn command(text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "        {}", text.paint(Tone::Command))
}

/// A piece of a file, never broken.
fn code(label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    for (number, line) in text.lines().enumerate() {
        writeln!(out, "  {:6}{}", if number == 0 { label } else { "" }, sanitized(line.as_bytes()))?;
    }
    Ok(())
}

/// What the key can do, and what it says of itself.
pub(super) fn facts(finding: &Finding<'_>, is_told: &dyn Fn(&Insight) -> bool, out: &mut dyn Write) -> io::Result<()> {
    if let (_, Some(privilege)) = finding.rule.facts().privilege() {
        item("key", INDENT, privilege, out)?;
    }
    let sentences: Vec<_> =
        finding.insights.iter().filter(|insight| is_told(insight)).map(|insight| insight.sentence.as_str()).collect();
    if sentences.is_empty() { Ok(()) } else { item("says", INDENT, &sentences.join(" "), out) }
}

/// Where else the same key stands; each place is a line, so that it can be copied.
fn other_places(style: &Style, group: &Group<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    let shown = if style.detail == Detail::Verbose { usize::MAX } else { 4 };
    for (number, located) in group.others.iter().take(shown).enumerate() {
        code(if number == 0 { "also" } else { "" }, &format!("in {}", place(located)), out)?;
    }
    match group.others.len().checked_sub(shown) {
        None | Some(0) => Ok(()),
        Some(more) => item("", INDENT, &format!("and in {more} more"), out),
    }
}

/// The first way: read it from elsewhere.
fn move_it_out(style: &Style, located: &Located<'_>, out: &mut dyn Write) -> io::Result<()> {
    match located.part {
        Part::Message => item("1.", INDENT, "Take it out of the message.", out)?,
        Part::Header => {
            item("1.", INDENT, "Take it out of the header, which names author and committer.", out)?;
        }
        Part::Name => {
            item("1.", INDENT, "Rename the file: the key stands in its name.", out)?;
            located.path.as_ref().map_or(Ok(()), |path| command(&by_hand::rename(path), out))?;
        }
        Part::File => move_out_of_file(style, located, out)?,
    }
    match (style.subject, &located.commit) {
        (Subject::Push, Some(commit)) => item("", INDENT, &rewriting(commit, located), out),
        _ => Ok(()),
    }
}

fn move_out_of_file(style: &Style, located: &Located<'_>, out: &mut dyn Write) -> io::Result<()> {
    if let Some((demand, path)) = located.finding.demand.as_ref().zip(located.path.as_ref()) {
        return item("1.", INDENT, &demand.remedy(path), out);
    }
    let is_in_git = style.subject != Subject::Files;
    if let Some(path) = located.path.as_ref().filter(|path| is_in_git && by_hand::is_file_of_variables(path)) {
        if is_fixable(style) && located.way == Way::File {
            item("1.", INDENT, "Keep this file out of git. It stays where it is:", out)?;
            return command(&format!("keyguard fix {} --apply", located.finding.fingerprint()), out);
        }
        item("1.", INDENT, "Keep this file out of git: name it in .gitignore, and run:", out)?;
        return command(&sanitized(by_hand::untrack(path).as_bytes()), out);
    }
    match &located.way {
        Way::Variable(reading) => {
            let (what, text) = match (&reading.line, &reading.change) {
                (Some(line), _) => (" The line becomes:", Some(line)),
                (None, Some(change)) if reading.is_wide => (" The string becomes:", Some(change)),
                (None, Some(change)) => (" In its place goes:", Some(change)),
                (None, None) => ("", None),
            };
            item("1.", INDENT, &format!("Move it out, into the variable {}.{what}", reading.variable), out)?;
            text.map_or(Ok(()), |text| code("", text, out))?;
        }
        Way::ByHand(reason) if is_fixable(style) => {
            return by_hand(reason, out);
        }
        Way::Unknown | Way::ByHand(_) | Way::File => {
            let variable = located.finding.variable().filter(|_| located.way != Way::File);
            let place = variable
                .map_or("a place outside the repository".to_owned(), |name| format!("the environment variable {name}"));
            item("1.", INDENT, &format!("Move it out. Keep it in {place}."), out)?;
        }
    }
    offer(style, located, out)
}

/// Why no edit moves it; a command of git's at the end stands on a line of its own.
fn by_hand(reason: &str, out: &mut dyn Write) -> io::Result<()> {
    let Some((reason, arguments)) = reason.split_once(": git ") else {
        return item("1.", INDENT, &format!("Move it out, by hand: {reason}."), out);
    };
    item("1.", INDENT, &format!("Move it out, by hand: {reason}:"), out)?;
    command(&sanitized(format!("git {arguments}").as_bytes()), out)
}

/// Whether `keyguard fix` looks at what this report is about.
pub(super) fn is_fixable(style: &Style) -> bool {
    matches!(style.subject, Subject::Commit | Subject::Staged)
}

/// Whether it can move a key like that.
pub(super) fn is_offered(style: &Style, located: &Located<'_>) -> bool {
    is_fixable(style) && located.part == Part::File && !matches!(located.way, Way::ByHand(_))
}

/// The command that moves a key out of every file.
fn offer(style: &Style, located: &Located<'_>, out: &mut dyn Write) -> io::Result<()> {
    if !is_offered(style, located) {
        return Ok(());
    }
    let fix = format!("keyguard fix {} --apply", located.finding.fingerprint());
    writeln!(out, "        Or: {}", fix.paint(Tone::Command))
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
        Part::File | Part::Name => format!(
            "Then take it out of the commit: `git commit --amend` if it is the last one, else `git rebase -i {from}`."
        ),
    }
}

/// How to get on with what is no key after all; the command follows.
fn not_a_key(subject: Subject, located: &Located<'_>) -> &'static str {
    let has_no_line = located.path.is_none() || located.part == Part::Name || located.finding.is_whole_file();
    match subject {
        Subject::Files if has_no_line => "Not a key? Say so:",
        Subject::Files => "Not a key? Put `keyguard:allow` into a comment on the line, or say so:",
        Subject::Push | Subject::Receive => "Not a key? Say so, commit keyguard.toml, and push again:",
        Subject::History => "Not a key? Say so:",
        _ if has_no_line => "Not a key? Say so, and commit again:",
        _ => "Not a key? Put `keyguard:allow` into a comment on the line, or say so, and commit again:",
    }
}

fn number(located: &Located<'_>) -> String {
    let location = located.finding.location;
    match location.offset {
        _ if located.part == Part::Name => "name".to_owned(),
        Some(offset) => format!("byte {offset}"),
        None => location.line.to_string(),
    }
}

/// The line with its mask, and a caret under where that begins. One is enough to see, and to hear.
fn excerpt(located: &Located<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (finding, number) = (&located.finding, number(located));
    let tidy = |text: &str| sanitized(text.replace('\t', " ").as_bytes());
    let (before, mask, after) =
        (tidy(&finding.excerpt.before), tidy(&finding.excerpt.mask), tidy(&finding.excerpt.after));
    let before = before.trim_start();
    let gap = " ".repeat(before.chars().count());
    writeln!(out, "{number} | {before}{}{}", mask.paint(Tone::Mask), after.trim_end())?;
    writeln!(out, "{} | {gap}{}", " ".repeat(number.len()), "^".paint(Tone::Alarm))
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
    let demand = finding.demand.as_ref().map(|demand| format!("; {}", demand.because())).unwrap_or_default();
    format!("rule {}, {} confidence{doubt}{written}{pair}{demand}", finding.rule.id(), finding.confidence.name())
}

/// `AWS access key ID on line 3`.
fn half_in_words(half: &Half<'_>) -> String {
    let place = match half.location.offset {
        Some(offset) => format!("at byte {offset}"),
        None => format!("on line {}", half.location.line),
    };
    format!("{} {place}", half.rule.facts().title)
}

/// `src/pay.js:3:15 and 3 other places`.
pub(super) fn place_and_others(group: &Group<'_, '_>) -> String {
    let others = match group.others.len() {
        0 => String::new(),
        1 => " and 1 other place".to_owned(),
        more => format!(" and {more} other places"),
    };
    format!("{}{others}", place(group.first))
}
