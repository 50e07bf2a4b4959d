//! Installing: puts the shim into a hooks folder and takes it out again.
//!
//! Mechanics only: nothing here prints. What is going to happen is a [`plan::Plan`] first, and the plan is what gets
//! carried out, so that a dry run and the real thing cannot differ.
//!
//! A hook of somebody else is theirs: it is renamed, never opened for writing, and comes back as it was, whatever it is
//! (script, binary, link to nowhere). Nothing is appended to a file or written through a link: both have broken hooks
//! that other tools own.

mod apply;
pub(crate) mod binary;
pub(crate) mod folder;
pub(crate) mod plan;
mod shim;
mod standing;

use std::path::{Path, PathBuf};

/// A hook that keyguard can stand in for.
#[derive(Clone, Copy)]
pub(crate) struct Hook {
    /// The file that git runs.
    pub(crate) name: &'static str,
    /// The shim, with placeholders.
    template: &'static str,
}

/// Runs before a commit is made.
pub(crate) const PRE_COMMIT: Hook = Hook { name: "pre-commit", template: include_str!("../hooks/pre-commit") };

/// How the name of a foreign hook ends while the shim stands in its place.
const CHAINED: &str = ".chained-keyguard";
/// What Git for Windows looks for when there is no file without it.
const EXE: &str = ".exe";

impl Hook {
    /// Under which name a foreign hook stands beside the shim.
    fn kept_name(self) -> String {
        format!("{}{CHAINED}", self.name)
    }

    /// The foreign hook that is kept in `folder`.
    fn kept(self, folder: &Path) -> Option<PathBuf> {
        kept(folder, self.name)
    }
}

/// The foreign hook that is to be run after the shim called `name` in `folder`, if git would run it.
pub(crate) fn chained(folder: &Path, name: &str) -> Option<PathBuf> {
    kept(folder, name).filter(|path| standing::is_executable(path) && !standing::runs_us(name, folder, path))
}

fn kept(folder: &Path, name: &str) -> Option<PathBuf> {
    let plain = folder.join(format!("{name}{CHAINED}"));
    let program = folder.join(format!("{name}{CHAINED}{EXE}"));
    [plain, program]
        .into_iter()
        .find(|path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() || metadata.is_symlink()))
}
