//! `--into MANAGER`: keyguard as a part of another tool's configuration.

use anyhow::Result;

use super::{many, one};
use crate::cli::{InstallArgs, UninstallArgs};
use crate::git::command::quoted_word;
use crate::hook::Kind;
use crate::hook::folder::Folder;
use crate::hook::manager::{self, Edit, Effect, Manager};

/// Has `manager` run keyguard for `kinds`; the answer is what to say.
pub(super) fn add(manager: Manager, kinds: &[Kind], args: &InstallArgs, folder: &Folder) -> Result<Vec<String>> {
    let edits = manager::add(manager, kinds, folder)?;
    if args.dry_run {
        return Ok(forecast(&edits, folder));
    }
    edits.iter().try_for_each(Edit::carry_out)?;
    let mut lines = Vec::new();
    for edit in &edits {
        let file = folder.show(&edit.file);
        lines.extend(edit.parts.iter().map(|(kind, effect)| match effect {
            Effect::Added => format!("added to {file}: {} has every {} checked for keys", manager.name(), one(*kind)),
            _ => format!("already in {file}: {} has {} checked for keys", manager.name(), many(*kind)),
        }));
    }
    let changed = edits.iter().filter(|edit| edit.is_change());
    let changed: Vec<_> = changed.map(|edit| quoted_word(&folder.show(&edit.file))).collect();
    if !changed.is_empty() {
        lines.push(format!("commit it, and others have it too: git add {}", changed.join(" ")));
    }
    let waiting = kinds.iter().filter(|kind| !manager.is_in_force(**kind, folder));
    // husky has a folder of its own; the others refuse to install while all repositories have one.
    let is_global = folder.setting.as_ref().is_some_and(|setting| setting.scope.as_deref() == Some("global"));
    let prefix = if is_global && manager != Manager::Husky { "GIT_CONFIG_GLOBAL=/dev/null " } else { "" };
    let mut commands: Vec<_> = waiting.map(|kind| format!("{prefix}{}", manager.own_install(*kind))).collect();
    commands.dedup();
    if !commands.is_empty() {
        let commands = commands.join(" && ");
        lines.push(format!("one step more, for git does not come to {} yet: {commands}", manager.name()));
    }
    Ok(lines)
}

/// Takes keyguard out of the configuration of `manager`, or of every one; the answer is what to say.
pub(in crate::command) fn take_out(kinds: &[Kind], args: &UninstallArgs, folder: &Folder) -> Result<Vec<String>> {
    let edits = match args.into {
        Some(manager) => manager::take_out(manager, kinds, folder)?,
        None => manager::take_out_of_all(kinds, folder)?,
    };
    if args.dry_run {
        let changes: Vec<_> = edits.into_iter().filter(Edit::is_change).collect();
        return Ok(if changes.is_empty() { Vec::new() } else { forecast(&changes, folder) });
    }
    edits.iter().try_for_each(Edit::carry_out)?;
    let mut lines = Vec::new();
    for edit in &edits {
        let file = folder.show(&edit.file);
        lines.extend(edit.parts.iter().filter_map(|(kind, effect)| match effect {
            Effect::Removed => Some(format!("taken out of {file}: {} are no longer checked there", many(*kind))),
            Effect::Foreign => Some(format!("left in {file}: its lines for {} are not keyguard's own", kind.name())),
            _ => None,
        }));
    }
    Ok(lines)
}

/// What a dry run says.
fn forecast(edits: &[Edit], folder: &Folder) -> Vec<String> {
    let mut lines = Vec::new();
    for edit in edits.iter().filter(|edit| edit.is_change()) {
        let file = folder.show(&edit.file);
        let is_addition = edit.parts.iter().any(|(_, effect)| *effect == Effect::Added);
        lines.push(match () {
            () if is_addition => format!("would add to {file}:"),
            () if edit.is_removal() => format!("would remove {file}"),
            () => format!("would take the lines of keyguard out of {file}"),
        });
        lines.extend(edit.lines.iter().map(|line| format!("    {line}").trim_end().to_owned()));
    }
    if lines.is_empty() {
        lines.push("nothing to do".to_owned());
    }
    lines
}
