//! Which folders a repository's loose objects may lie in: its own, and those that it borrows from.

use std::path::{Path, PathBuf};

use crate::change::BytePath;
use crate::environment::Environment;

/// How long a chain of folders that borrow from each other may be; the same for git and libgit2.
const LONGEST: usize = 5;

/// `own`, what the environment names, and what either borrows from (`info/alternates`). A name in quotes is left out: only
/// git reads those. Relative names of the environment count from `root`.
pub(super) fn object_folders(own: PathBuf, environment: &Environment, root: &Path) -> Vec<PathBuf> {
    let named = environment.git_alternate_object_directories.iter().flat_map(std::env::split_paths);
    let mut open: Vec<_> = named.map(|folder| (root.join(folder), 0)).chain([(own, 0)]).collect();
    let mut folders = Vec::new();
    while let Some((folder, length)) = open.pop() {
        if length <= LONGEST && !folders.contains(&folder) {
            let borrowed = std::fs::read(folder.join("info/alternates")).unwrap_or_default();
            let lines = borrowed.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty());
            open.extend(lines.map(|line| (folder.join(BytePath::from(line).as_path()), length + 1)));
            folders.push(folder);
        }
    }
    folders
}
