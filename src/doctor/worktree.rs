//! The other worktrees of a repository: each may find another folder of hooks, or none.
//!
//! A relative `core.hooksPath` is looked up in every worktree anew. Into an ignored folder, such as husky's `.husky/_`,
//! it leads nowhere in a new worktree, and git then commits without a word.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::git::command;
use crate::hook::Kind;
use crate::hook::folder::Folder;
use crate::hook::standing;

use super::effective::FolderHook;

/// A worktree in which the hook that was tried here is not what git runs.
pub(crate) struct Unlike {
    /// Its root.
    pub(crate) root: PathBuf,
    /// What is there instead.
    pub(crate) finding: Finding,
}

/// What git finds in another worktree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// No hook.
    Nothing,
    /// A hook that may not be run.
    NotExecutable,
    /// Another text than here.
    AnotherHook,
}

/// The worktrees that do not have the hook that stands at `here`.
pub(super) fn unlike(hook: Kind, folder: &Folder, here: &FolderHook) -> Vec<Unlike> {
    let roots = roots(&folder.repository);
    let look = |root: PathBuf| Some(Unlike { finding: finding(hook, &root, &here.file)?, root });
    roots.into_iter().filter_map(look).collect()
}

/// The roots of all worktrees that are there.
fn roots(git_dir: &Path) -> Vec<PathBuf> {
    let list =
        |options: &[&str]| command::output(detached(git_dir).args(["worktree", "list", "--porcelain"]).args(options));
    // `-z` came with 2.36; before, a name with a newline is quoted and not found.
    let (text, end) = match list(&["-z"]) {
        Ok(text) => (text, b'\0'),
        Err(_) => (list(&[]).unwrap_or_default(), b'\n'),
    };
    let roots = text.split(|byte| *byte == end).filter_map(|line| line.strip_prefix(b"worktree "));
    roots
        .map(|root| PathBuf::from(crate::hook::folder::os_string(root)))
        .filter(|root| root.join(".git").exists())
        .collect()
}

fn finding(hook: Kind, root: &Path, here: &Path) -> Option<Finding> {
    let answer = command::output(detached(root).args(["rev-parse", "--git-path", "hooks"])).ok()?;
    let folder = crate::hook::folder::os_string(answer.strip_suffix(b"\n").unwrap_or(&answer));
    let file = root.join(folder).join(hook.name());
    if file == here || standing::is_same(&file, here).unwrap_or(false) {
        return None;
    }
    Some(if !file.exists() {
        Finding::Nothing
    } else if !standing::is_executable(&file) {
        Finding::NotExecutable
    } else if fs::read(&file).ok() == fs::read(here).ok() {
        return None;
    } else {
        Finding::AnotherHook
    })
}

/// git in another worktree, without what the environment says of this one.
fn detached(folder: &Path) -> Command {
    let mut git = command::git(folder);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        git.env_remove(name);
    }
    git
}
