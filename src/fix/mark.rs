//! Entries that are marked for git: setting one anew takes its mark away, and going back would not bring it again. So they
//! stay as they are.

use std::path::Path;

use anyhow::{Result, bail};

use super::place;
use crate::change::BytePath;
use crate::git::entry::{self, Entry, Mark};
use crate::remedy::by_hand;

/// Makes sure that the entry of a file can be set anew.
pub(super) fn ensure_none(root: &Path, path: &BytePath) -> Result<()> {
    if let Some(mark) = entry::mark(root, path)? {
        bail!("git has it marked as {}, which staging it would undo: first {}", name(mark), removal(mark, path));
    }
    Ok(())
}

/// What is said of a file that is edited in the work tree alone.
pub(super) fn not_staged(mark: Mark, path: &BytePath) -> String {
    let stage = match mark {
        Mark::IntentToAdd => removal(mark, path),
        _ => format!("{} && {}", removal(mark, path), by_hand::stage(path)),
    };
    format!("{} is not staged by this, as git has it marked as {}: {stage}", place::shown(path), name(mark))
}

/// What is staged of a file that a mark may keep out of the work tree: a new one there has to begin with it.
pub(super) fn hidden_text(root: &Path, mark: Option<Mark>, entry: Option<&Entry>) -> Result<Option<Vec<u8>>> {
    let is_kept_out = mark.is_some_and(|mark| mark != Mark::IntentToAdd);
    entry.filter(|_| is_kept_out).map(|entry| entry::content(root, &entry.id)).transpose()
}

/// What git calls it.
fn name(mark: Mark) -> &'static str {
    match mark {
        Mark::SkipWorktree => "skip-worktree",
        Mark::AssumeUnchanged => "assume-unchanged",
        Mark::IntentToAdd => "intent-to-add",
    }
}

/// The command that takes the mark from a file.
fn removal(mark: Mark, path: &BytePath) -> String {
    match mark {
        Mark::SkipWorktree => by_hand::update_index("--no-skip-worktree", path),
        Mark::AssumeUnchanged => by_hand::update_index("--no-assume-unchanged", path),
        Mark::IntentToAdd => by_hand::stage(path),
    }
}
