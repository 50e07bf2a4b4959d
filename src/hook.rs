//! Installing: puts shims into a hooks folder and takes them out again; and running the hook that was there before.
//!
//! Mechanics only: nothing here prints. What is going to happen is a [`plan::Plan`] first, and the plan is what gets
//! carried out, so that a dry run and the real thing cannot differ.
//!
//! A hook of somebody else is theirs: it is renamed, never opened for writing, and comes back as it was, whatever it is
//! (script, binary, link to nowhere). Nothing is appended to a file or written through a link: both have broken hooks
//! that other tools own.

pub(crate) mod apply;
pub(crate) mod binary;
pub(crate) mod chain;
pub(crate) mod folder;
pub(crate) mod global;
pub(crate) mod manager;
pub(crate) mod plan;
mod self_name;
mod setting;
pub(crate) mod shim;
pub(crate) mod standing;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A hook that keyguard can stand in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Runs before a commit is made.
    PreCommit,
    /// Runs before the commit of a merge without conflicts is made.
    PreMergeCommit,
    /// Runs when the message of a commit is written.
    CommitMsg,
    /// Runs before anything is sent to another repository.
    PrePush,
    /// Runs before a pushed reference is accepted, where it is pushed to.
    PreReceive,
}

/// How the name of a foreign hook ends while the shim stands in its place.
const CHAINED: &str = ".chained-keyguard";
/// How the name of a shim begins before it stands in its place; six letters or digits follow.
const TEMPORARY: &str = ".keyguard-";
/// What Git for Windows looks for when there is no file without it.
const EXE: &str = ".exe";

impl Kind {
    /// Every kind, in the order in which git runs them.
    pub(crate) const ALL: [Self; 5] =
        [Self::PreCommit, Self::PreMergeCommit, Self::CommitMsg, Self::PrePush, Self::PreReceive];

    /// The file that git runs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::CommitMsg => "commit-msg",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
        }
    }

    /// The kind of that name.
    pub(crate) fn named(name: impl AsRef<OsStr>) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| name.as_ref() == kind.name())
    }

    /// `NAME` of `hook.NAME.command` in git's configuration. git does not tell a hook which one it is, so each kind has
    /// a name of its own.
    pub(crate) fn config_name(self) -> String {
        match self {
            Self::PreCommit => "keyguard".to_owned(),
            _ => format!("keyguard-{}", self.name()),
        }
    }

    /// What is stopped by it, for a sentence such as `this push was not checked`.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::PreCommit | Self::CommitMsg => "commit",
            Self::PreMergeCommit => "merge",
            Self::PrePush | Self::PreReceive => "push",
        }
    }

    /// The line by which a shell script of somebody else has keyguard look.
    pub(crate) fn line_to_add(self) -> String {
        let name = self.name();
        match self {
            Self::PreCommit | Self::PreMergeCommit => format!("keyguard hook {name} || exit 1"),
            Self::CommitMsg => format!("keyguard hook {name} \"$@\" || exit 1"),
            // Standard input can be read once only, and the script may want it too.
            Self::PrePush | Self::PreReceive => {
                format!("refs=$(cat); echo \"$refs\" | keyguard hook {name} \"$@\" || exit 1")
            }
        }
    }

    /// Whether git tells it on standard input what is going to happen.
    pub(crate) fn reads_input(self) -> bool {
        matches!(self, Self::PrePush | Self::PreReceive)
    }

    /// Under which name a foreign hook stands beside the shim.
    fn kept_name(self) -> String {
        format!("{}{CHAINED}", self.name())
    }

    /// The foreign hook that is kept in `folder`.
    fn kept(self, folder: &Path) -> Option<PathBuf> {
        [self.kept_name(), format!("{}{EXE}", self.kept_name())]
            .into_iter()
            .map(|name| folder.join(name))
            .find(|path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() || metadata.is_symlink()))
    }
}
