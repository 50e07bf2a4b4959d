//! The only place that knows git: opens repositories and yields what a commit brings in.
//!
//! A repository is opened with `Repository::open_from_env`, never `open` or `discover`: during `git commit -a` and
//! `git commit <path>` git points `GIT_INDEX_FILE` at a temporary index, and reading the usual one would scan other
//! lines than those committed, without any error. libgit2's own index and diff are never used: they hash the whole
//! index and take ten times as long as `git diff`.

pub(crate) mod command;
mod index;
mod object;
mod rename;
pub(crate) mod staged;
mod tree;
mod walk;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use git2::{ErrorClass, ErrorCode, Oid, Repository};

use crate::environment::Environment;
use object::Objects;

/// An open repository.
pub(crate) struct Repo {
    inner: Repository,
    /// The root of the work tree; `None` in a bare repository.
    work_tree: Option<PathBuf>,
    /// The index that counts: git's temporary one during `git commit -a` and the like.
    index: PathBuf,
    /// Folders of loose objects, looked at first.
    object_folders: Vec<PathBuf>,
}

/// Who runs keyguard, for the question whom the repository belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// git itself, which has checked the ownership before it ran a hook; its `safe.directory` from `-c` and the
    /// environment is unknown to libgit2.
    Hook,
    /// A person.
    User,
}

impl Repo {
    /// Opens the repository that git's environment, or else the working directory, names.
    pub(crate) fn open(environment: &Environment, caller: Caller) -> Result<Self> {
        prepare_libgit2(caller);
        let inner = Repository::open_from_env().map_err(|error| explain(&error))?;
        // A namespace is for transfers; HEAD and the index are those of the repository.
        inner.remove_namespace().ok();
        let work_tree = work_tree(&inner, environment, caller);
        let index = match &environment.git_index_file {
            Some(file) => environment.current_dir.join(file),
            None => inner.path().join("index"),
        };
        let objects = match &environment.git_object_directory {
            Some(folder) => environment.current_dir.join(folder),
            None => inner.commondir().join("objects"),
        };
        Ok(Self { inner, work_tree, index, object_folders: vec![objects] })
    }

    /// The same repository, looked at through another index whose new objects stand in a folder of their own.
    pub(crate) fn with_index(mut self, index: PathBuf, objects: PathBuf) -> Result<Self> {
        let folder = objects.to_str().context("the temporary folder's name is not UTF-8")?;
        self.inner.odb()?.add_disk_alternate(folder)?;
        self.object_folders.push(objects);
        self.index = index;
        Ok(self)
    }

    /// The root of the work tree.
    pub(crate) fn work_tree(&self) -> Result<&Path> {
        self.work_tree.as_deref().context("this repository has no work tree")
    }

    /// The file that holds the index.
    pub(crate) fn index_file(&self) -> &Path {
        &self.index
    }

    /// Where new objects go.
    pub(crate) fn object_folder(&self) -> &Path {
        &self.object_folders[0]
    }

    /// The tree of HEAD; `None` before the first commit.
    fn head_tree(&self) -> Result<Option<Oid>> {
        match self.inner.head() {
            Ok(head) => Ok(Some(head.peel_to_tree().context("read the tree of HEAD")?.id())),
            Err(error) if error.code() == ErrorCode::UnbornBranch => Ok(None),
            Err(error) => Err(error).context("find the commit that HEAD names"),
        }
    }

    /// The trees of the other parents while a merge is being concluded.
    fn merged_trees(&self) -> Result<Vec<Oid>> {
        let file = self.inner.path().join("MERGE_HEAD");
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).context("read MERGE_HEAD"),
        };
        let tree = |line: &str| -> Result<Oid> { Ok(self.inner.find_commit(Oid::from_str(line.trim())?)?.tree_id()) };
        text.lines().map(tree).collect::<Result<_>>().context("read the commits that MERGE_HEAD names")
    }

    /// Whether git may have written the names of untracked files into the index.
    fn index_extras(&self) -> index::Extras {
        let is_set = |key: &str| {
            self.inner.config().is_ok_and(|config| {
                config.get_entry(key).is_ok_and(|entry| entry.value().is_ok_and(|value| value != "false"))
            })
        };
        if is_set("core.untrackedCache") || is_set("feature.manyFiles") {
            index::Extras::UntrackedCache
        } else {
            index::Extras::None
        }
    }

    fn objects(&self) -> Result<Objects<'_>> {
        Ok(Objects::new(self.inner.odb()?, &self.object_folders))
    }

    /// A value of git's configuration, such as `user.name`.
    pub(crate) fn config_string(&self, key: &str) -> Option<String> {
        self.inner.config().ok()?.snapshot().ok()?.get_string(key).ok()
    }
}

#[expect(unsafe_code, reason = "the option is a global of libgit2; no other thread runs yet")]
fn prepare_libgit2(caller: Caller) {
    git2::opts::strict_hash_verification(false);
    if caller == Caller::Hook {
        // SAFETY: called before the first repository is opened and before any thread is started.
        // Failing leaves the check on, which is the safe side.
        let _ = unsafe { git2::opts::set_verify_owner_validation(false) };
    }
}

/// git starts hooks in the root of the work tree. With `--work-tree` it exports `GIT_WORK_TREE=.`, which libgit2
/// resolves against the wrong folder.
fn work_tree(repo: &Repository, environment: &Environment, caller: Caller) -> Option<PathBuf> {
    if repo.is_bare() && environment.git_work_tree.is_none() {
        return None;
    }
    match (&environment.git_work_tree, caller) {
        (_, Caller::Hook) => Some(environment.current_dir.clone()),
        (Some(folder), Caller::User) => Some(environment.current_dir.join(folder)),
        (None, Caller::User) => repo.workdir().map(Path::to_path_buf),
    }
}

/// The way out where keyguard cannot read a repository's format.
const BY_HAND: &str = "help: look at the files yourself with `keyguard scan PATH`, then `SKIP=keyguard git commit`";

/// What a person can do about a repository that does not open.
fn explain(error: &git2::Error) -> anyhow::Error {
    let message = error.message();
    match (error.code(), error.class()) {
        (ErrorCode::NotFound, ErrorClass::Repository) => anyhow!(
            "this is not a git repository\nhelp: change into one, or name what to look at: `keyguard scan PATH`"
        ),
        (ErrorCode::Owner, _) => anyhow!(
            "the repository belongs to another user\nhelp: if you trust it: `git config --global --add safe.directory \"$PWD\"`"
        ),
        _ if message.contains("sha256") => {
            anyhow!("this repository names objects by SHA-256, which keyguard cannot read yet\n{BY_HAND}")
        }
        _ if message.contains("refstorage") => {
            anyhow!("this repository keeps its references as a reftable, which keyguard cannot read yet\n{BY_HAND}")
        }
        _ => anyhow!("this repository cannot be opened: {message}\n{BY_HAND}"),
    }
}
