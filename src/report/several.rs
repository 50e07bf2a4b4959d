//! Several keys in one screen: two of them briefly, more of them as a list by kind, and the ways on once for all.

use std::io::{self, Write};

use super::group::{Group, by_kind};
use super::human::{Paint as _, Tone, what, with_others};
use super::story::{self, INDENT, place_and_others};
use super::wrap::item;
use super::{Detail, Style, Subject};

/// So many lines of a screen of 24 are left for the list, whose first line may take two.
const LINES: usize = 10;

pub(super) fn write(style: &Style, groups: &[Group<'_, '_>], out: &mut dyn Write) -> io::Result<()> {
    if let ([_, _], false) = (groups, style.subject == Subject::Receive) {
        for (number, group) in groups.iter().enumerate() {
            // The sentence above has told the first, and a screen is small.
            if number > 0 || !story::is_fixable(style) {
                writeln!(out, "\n{}", with_others(group).paint(Tone::Alarm))?;
            }
            story::brief(style, group, out)?;
        }
    } else {
        list(style, groups, out)?;
    }
    // Whoever pushes to a server can do little there.
    if style.subject == Subject::Receive { Ok(()) } else { ways_on(style, groups, out) }
}

/// Each kind with its keys, and how many there is no room for.
fn list(style: &Style, groups: &[Group<'_, '_>], out: &mut dyn Write) -> io::Result<()> {
    let kinds = by_kind(groups);
    let lines = if style.detail == Detail::Verbose { usize::MAX } else { LINES };
    writeln!(out)?;
    let mut told = 0;
    for (kind, number) in kinds.iter().zip(shares(&kinds, lines)) {
        let Some(first) = kind.first() else { continue };
        writeln!(out, "{} [{}]", what(first.first).paint(Tone::Alarm), first.first.finding.rule.id())?;
        for group in kind.iter().take(number) {
            writeln!(out, "  {} in {}", group.first.finding.fingerprint(), place_and_others(group))?;
        }
        told += number;
    }
    match groups.len() - told {
        0 => Ok(()),
        more => {
            let all = match style.subject {
                Subject::Commit | Subject::Staged => "; all of them: keyguard scan --staged --verbose",
                Subject::Files | Subject::History => "; all of them: --verbose",
                _ => "",
            };
            writeln!(out, "and {more} more{all}")
        }
    }
}

/// How many keys of each kind are told, so that headings and keys take at most `lines`: every kind that fits has one, and
/// the first ones take what is left.
fn shares(kinds: &[Vec<&Group<'_, '_>>], lines: usize) -> Vec<usize> {
    let shown = kinds.len().min(lines / 2);
    let mut left = lines.saturating_sub(shown * 2);
    let share = |kind: &Vec<_>| {
        let more = left.min(kind.len() - 1);
        left -= more;
        1 + more
    };
    kinds.iter().take(shown).map(share).collect()
}

/// The same three ways as for one key.
fn ways_on(style: &Style, groups: &[Group<'_, '_>], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    item("1.", INDENT, &move_out(style, groups), out)?;
    if style.subject == Subject::Push {
        item("", INDENT, "Take each out of its commit (`git commit --amend`, `git rebase -i`).", out)?;
    }
    let allow = |names: &str| format!("keyguard allow {names} --reason \"...\"");
    let (sentence, command) = match (style.subject, groups) {
        (Subject::Commit | Subject::Staged, _) => {
            ("Not keys? Allow one by its kg1:..., or all that block:", allow("--last"))
        }
        (Subject::Push, _) => ("Not keys? Allow each, commit keyguard.toml, and push again:", names(groups, allow)),
        _ => ("Not keys? Allow each:", names(groups, allow)),
    };
    item("2.", INDENT, sentence, out)?;
    story::command(&command, out)?;
    let mut rules: Vec<_> = groups.iter().map(|group| group.first.finding.rule.id()).collect();
    rules.dedup();
    let [only] = rules[..] else {
        return item("3.", INDENT, "Real and already out? Deleting is not enough. See: keyguard explain RULE", out);
    };
    item("3.", INDENT, "Real and already out? Deleting is not enough. See:", out)?;
    story::command(&format!("keyguard explain {only}"), out)
}

/// The first way, with the command that shows the edits where it can move keys like these.
fn move_out(style: &Style, groups: &[Group<'_, '_>]) -> String {
    let movable: Vec<_> = groups.iter().filter(|group| story::is_offered(style, group.first)).collect();
    match movable[..] {
        [] if story::is_fixable(style) => "Move each out, by hand. Why: keyguard fix".to_owned(),
        [] => "Move each out, into an environment variable.".to_owned(),
        [only] => format!("Move each out. One of them: keyguard fix {}", only.first.finding.fingerprint()),
        _ => "Move each out of its file. To see how: keyguard fix".to_owned(),
    }
}

/// The command with the names of both keys, or with room for that of one.
fn names(groups: &[Group<'_, '_>], command: impl Fn(&str) -> String) -> String {
    match groups {
        [one, other] => {
            let name = |group: &Group<'_, '_>| group.first.finding.fingerprint();
            command(&format!("{} {}", name(one), name(other)))
        }
        _ => command("kg1:..."),
    }
}
