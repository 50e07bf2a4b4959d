//! Carries out a plan: the journal, then file by file, the index last.
//!
//! Killed at any moment it leaves each file old or new, and the value in the file of variables before it leaves any other.
//! What fails on the way is taken back.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::journal::{self, FileRecord, IndexRecord, Journal, MoveRecord};
use super::{Access, Move, Plan, Staging, Write, place};
use crate::config::{Workshop, write_private};
use crate::git::command;
use crate::git::entry::{self, Entry};

/// Does what the plan says, all or nothing.
pub(crate) fn carry_out(plan: &Plan, root: &Path, git_dir: &Path) -> Result<()> {
    if !plan.staging.is_empty() && git_dir.join("index.lock").exists() {
        bail!(
            "another git is at work on the index\nhelp: wait for it, or remove {}",
            git_dir.join("index.lock").display()
        );
    }
    let entries = entries(&plan.staging, root)?;
    let mut journal = Journal::default();
    for Write { path, before, after, access } in &plan.writes {
        let is_shared =
            *access == Access::Owner || path.as_bytes().ends_with(b".example") || path.name() == b".gitignore";
        journal.files.push(FileRecord::new(path, before.as_deref(), after, is_shared));
    }
    journal.moves.extend(plan.moves.iter().map(|leaves| MoveRecord::new(&leaves.from, &leaves.to, root)));
    for (staging, (path, after)) in plan.staging.iter().zip(&entries) {
        journal.index.push(IndexRecord::new(path, staging.before.as_ref(), after.as_ref()));
    }
    journal.begin(root, git_dir)?;
    let workshop = Workshop::open(git_dir)?;
    let done = steps(plan, root, &workshop).and_then(|()| entry::set(root, &entries));
    if let Err(error) = done {
        return match journal::back(&journal, root, &workshop).and_then(|_| Journal::forget(git_dir)) {
            Ok(()) => Err(error.context("nothing was changed")),
            Err(second) => {
                Err(error.context(format!("some of it was done ({second:#}); `keyguard fix --undo` goes back")))
            }
        };
    }
    journal.end(git_dir)
}

/// The entries as they will be, their contents stored.
fn entries(staging: &[Staging], root: &Path) -> Result<Vec<(crate::change::BytePath, Option<Entry>)>> {
    let entry = |staging: &Staging| {
        let stored = staging.content.as_ref().map(|content| {
            let id = entry::store(root, content)?;
            anyhow::Ok(Entry { mode: staging.mode.clone(), id })
        });
        Ok((staging.path.clone(), stored.transpose()?))
    };
    staging.iter().map(entry).collect()
}

fn steps(plan: &Plan, root: &Path, workshop: &Workshop) -> Result<()> {
    for write in &plan.writes {
        // What was planned for has to be there still.
        if place::read(root, &write.path)? != write.before {
            bail!("`{}` was changed by somebody else meanwhile", place::shown(&write.path));
        }
        let file = place::checked(root, &write.path)?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        match write.access {
            Access::Owner => {
                // Whatever was said of it before, git must leave this one out.
                if !command::is_ignored_path(root, &write.path)? {
                    bail!("git would not ignore `{}`, whatever .gitignore says", place::shown(&write.path));
                }
                workshop.write_private(&file, &write.after)?;
            }
            Access::Usual => workshop.write_atomically(&file, &write.after)?,
        }
    }
    plan.moves.iter().try_for_each(|leaves| move_out(leaves, root))
}

/// The file stands at its new place before it leaves the old one.
fn move_out(leaves: &Move, root: &Path) -> Result<()> {
    let folder = leaves.to.parent().context("the file has no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("make the folder `{}`", folder.display()))?;
    write_private(&leaves.to, &leaves.content)?;
    let file = place::checked(root, &leaves.from)?;
    match fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove `{}`", file.display()))
        }
        _ => Ok(()),
    }
}
