//! What becomes of a file that keyguard has written into the work tree: it is staged where that loses nothing.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::work_tree_of;
use crate::environment::Environment;
use crate::git::command;

/// A file of keyguard's own in the root of the work tree.
pub(super) struct OwnFile<'a> {
    root: &'a Path,
    name: &'static str,
    /// The file as an argument of git's in the working directory.
    argument: String,
    /// What its writer was about to do.
    next: Next,
}

/// What is to be done once the file is staged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The commit again that was blocked.
    CommitAgain,
    /// A commit of the file.
    CommitIt,
}

impl Next {
    const fn words(self) -> &'static str {
        match self {
            Self::CommitAgain => "commit again",
            Self::CommitIt => "commit it",
        }
    }
}

impl<'a> OwnFile<'a> {
    pub(super) fn new(root: &'a Path, (name, next): (&'static str, Next), environment: &Environment) -> Self {
        let folder = &environment.current_dir;
        let is_at_root = work_tree_of(folder).is_none_or(|root| root == *folder);
        let argument = if is_at_root { name.to_owned() } else { format!(":/{name}") };
        Self { root, name, argument, next }
    }

    /// What is to happen to it when it is written; decided before.
    pub(super) fn staging(&self) -> Result<Staging> {
        let exists = fs::symlink_metadata(self.root.join(self.name)).is_ok();
        Ok(match command::status(self.root, self.name)? {
            command::Status::Untracked if exists => Staging::Untracked,
            command::Status::Changed => Staging::HasChanges,
            _ if command::is_ignored(self.root, self.name)? => Staging::Ignored,
            _ => Staging::Stage,
        })
    }

    /// Stages it where that is due; says in the rest of a sentence what was done and what is left to do.
    pub(super) fn carry_out(&self, staging: Staging) -> Result<String> {
        let again = if self.next == Next::CommitAgain { ". Commit again" } else { "" };
        Ok(match staging {
            Staging::Stage => {
                command::stage(self.root, self.name)?;
                format!(" and staged it; {}", self.next.words())
            }
            Staging::Ignored => format!("; git ignores that file, so it counts for you alone{again}"),
            Staging::HasChanges => format!("; it has other changes, so it was not staged.{}", self.advice(staging)),
            Staging::Untracked => format!("; git does not track it yet, so it counts as it is{again}"),
            Staging::LeftToUser => format!(" and did not stage it.{}", self.advice(staging)),
        })
    }

    /// What is left to do where the file is not staged by us, on a line of its own.
    pub(super) fn advice(&self, staging: Staging) -> String {
        match staging {
            Staging::HasChanges | Staging::LeftToUser => {
                format!("\nStage it, then {}: git add {}", self.next.words(), self.argument)
            }
            Staging::Stage | Staging::Ignored | Staging::Untracked => String::new(),
        }
    }
}

/// What is to happen to a file that is about to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Staging {
    /// Stage it: it held no other unstaged change.
    Stage,
    /// git would not take it.
    Ignored,
    /// It has unstaged changes that are not ours to stage.
    HasChanges,
    /// git does not track it, so the hook reads it from the work tree.
    Untracked,
    /// The user asked for it.
    LeftToUser,
}
