//! The only place that knows git: opens repositories and yields what a commit brings in.
//!
//! A repository is opened with `Repository::open_from_env`, never `open` or `discover`: during `git commit -a` and
//! `git commit <path>` git points `GIT_INDEX_FILE` at a temporary index, and reading the usual one would scan other
//! lines than those committed, without any error. libgit2's own index and diff are never used: they hash the whole
//! index and take ten times as long as `git diff`.

mod alternates;
mod batch;
pub(crate) mod command;
mod commit;
mod comparison;
pub(crate) mod diff;
pub(crate) mod entry;
pub(crate) mod id;
pub(crate) mod index;
pub(crate) mod lock;
mod object;
mod plumbing;
mod policy;
pub(crate) mod range;
mod rename;
mod settings;
pub(crate) mod staged;
mod tree;
mod walk;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};
use git2::{ErrorClass, ErrorCode, Oid, Repository};

use crate::change::BytePath;
use crate::environment::Environment;
use id::Id;
use object::Objects;

/// An open repository.
pub(crate) struct Repo {
    /// libgit2's view; `None` where only git itself can read the repository.
    inner: Option<Repository>,
    git_dir: PathBuf,
    /// What all work trees of the repository share.
    common_dir: PathBuf,
    /// Whether branches and HEAD may stand in another place than the git directory.
    has_refs_elsewhere: bool,
    /// The root of the work tree; `None` in a bare repository.
    work_tree: Option<PathBuf>,
    /// The index that counts: git's temporary one during `git commit -a` and the like.
    index: PathBuf,
    /// Whether the index is one of ours, which git has to be told of.
    is_index_ours: bool,
    /// How many bytes the names of objects have, where the index can be read without git's help.
    id_bytes: Option<usize>,
    /// Folders of loose objects, looked at first.
    object_folders: Vec<PathBuf>,
    /// Where git's commands are run.
    current_dir: PathBuf,
    /// Where git looks for what the user has set.
    user: settings::User,
}

/// Bytes of an object's name, by the repository's hash function.
const SHA1_BYTES: usize = 20;
const SHA256_BYTES: usize = 32;

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
    /// Opens the repository that git's environment, or else the working directory, names. What libgit2 cannot open is
    /// left to git.
    pub(crate) fn open(environment: &Environment, caller: Caller) -> Result<Self> {
        // libgit2 would look for branches in another place than git does.
        if environment.has_refs_elsewhere() || environment.keyguard_reader.as_deref() == Some("plumbing") {
            return Self::through_git(environment, caller);
        }
        prepare_libgit2(caller);
        match Repository::open_from_env() {
            Ok(inner) => Ok(Self::through_libgit2(inner, environment, caller)),
            Err(error) => {
                let repo = Self::through_git(environment, caller).map_err(|_| explain(&error))?;
                // libgit2 knows no SHA-256, but the index and loose objects are the same otherwise.
                let id_bytes =
                    repo.loose_head().map(|head| head.as_bytes().len()).filter(|bytes| *bytes == SHA256_BYTES);
                Ok(Self { id_bytes, ..repo })
            }
        }
    }

    fn through_libgit2(inner: Repository, environment: &Environment, caller: Caller) -> Self {
        // A namespace is for transfers; HEAD and the index are those of the repository.
        inner.remove_namespace().ok();
        let work_tree = work_tree(&inner, environment, caller);
        let (git_dir, common_dir) = (inner.path().to_path_buf(), inner.commondir().to_path_buf());
        let id_bytes = Some(SHA1_BYTES);
        Self { inner: Some(inner), id_bytes, ..Self::at(git_dir, common_dir, work_tree, environment) }
    }

    /// Everything is read through git. A hook knows where it is; elsewhere git is asked.
    fn through_git(environment: &Environment, caller: Caller) -> Result<Self> {
        let ask = |question: &str| {
            let mut git = reading(&environment.current_dir);
            let mut answer = command::output(git.args(["rev-parse", question]))?;
            answer.pop_if(|last| *last == b'\n');
            anyhow::Ok(BytePath::from(&answer[..]).as_path())
        };
        let (git_dir, work_tree) = match (caller, git_dir_of_hook(environment)) {
            (Caller::Hook, Some(git_dir)) => (git_dir, Some(environment.current_dir.clone())),
            // One question at a time: the name of a folder may hold a line break. A work tree there need not be.
            _ => (ask("--absolute-git-dir")?, ask("--show-toplevel").ok()),
        };
        let common_dir = match std::fs::read(git_dir.join("commondir")) {
            Ok(link) => git_dir.join(linked_path(&link)),
            Err(_) => git_dir.clone(),
        };
        let has_refs_elsewhere = has_refs_elsewhere(&common_dir, environment);
        Ok(Self { has_refs_elsewhere, ..Self::at(git_dir, common_dir, work_tree, environment) })
    }

    fn at(git_dir: PathBuf, common_dir: PathBuf, work_tree: Option<PathBuf>, environment: &Environment) -> Self {
        let current_dir = environment.current_dir.clone();
        // git has gone to the root of the work tree before it reads these.
        let root = work_tree.as_ref().unwrap_or(&current_dir);
        let index = match &environment.git_index_file {
            Some(file) => root.join(file),
            None => git_dir.join("index"),
        };
        let objects = match &environment.git_object_directory {
            Some(folder) => root.join(folder),
            None => common_dir.join("objects"),
        };
        let object_folders = alternates::object_folders(objects, environment, root);
        Self {
            inner: None,
            has_refs_elsewhere: false,
            git_dir,
            common_dir,
            work_tree,
            index,
            is_index_ours: false,
            id_bytes: None,
            object_folders,
            current_dir,
            user: settings::User::of(environment),
        }
    }

    /// The same repository, looked at through another index whose new objects stand in a folder of their own.
    pub(crate) fn with_index(mut self, index: PathBuf, objects: PathBuf) -> Result<Self> {
        if let Some(inner) = &self.inner {
            let folder = objects.to_str().context("the temporary folder's name is not UTF-8")?;
            inner.odb()?.add_disk_alternate(folder)?;
        }
        self.object_folders.insert(1, objects);
        self.index = index;
        self.is_index_ours = true;
        Ok(self)
    }

    /// The root of the work tree.
    pub(crate) fn work_tree(&self) -> Result<&Path> {
        self.work_tree.as_deref().context("this repository has no work tree")
    }

    /// The git directory of this work tree.
    pub(crate) fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The file that holds the index.
    pub(crate) fn index_file(&self) -> &Path {
        &self.index
    }

    /// Where new objects go.
    pub(crate) fn object_folder(&self) -> &Path {
        &self.object_folders[0]
    }

    /// A git command that only reads, and reads what is there: nothing is fetched, replaced or refreshed.
    fn reading(&self) -> Command {
        let mut git = reading(&self.current_dir);
        if self.is_index_ours {
            git.env("GIT_INDEX_FILE", &self.index);
            git.env("GIT_OBJECT_DIRECTORY", &self.object_folders[1]);
            git.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", command::quoted_path(&self.object_folders[0]));
        }
        git
    }

    /// The tree of HEAD; `None` before the first commit.
    fn head_tree(&self, objects: &Objects<'_>) -> Result<Option<Id>> {
        let ask_git = || anyhow::Ok(objects.ask_git("HEAD^{tree}")?.map(|tree| tree.id));
        let Some(inner) = &self.inner else {
            return match self.loose_head() {
                Some(head) => Ok(Some(objects.commit(head)?.tree)),
                None => ask_git(),
            };
        };
        let commit = match inner.head() {
            Ok(head) => head.target().and_then(|commit| Id::from_bytes(commit.as_bytes())),
            Err(error) if error.code() == ErrorCode::UnbornBranch => return Ok(None),
            // git reads names that libgit2 refuses.
            Err(_) => None,
        };
        match commit.map(|commit| objects.commit(commit)) {
            Some(Ok(commit)) => Ok(Some(commit.tree)),
            _ => ask_git()?.map(Some).context("HEAD names no commit that can be read\nhelp: see what `git fsck` says"),
        }
    }

    /// The commit of HEAD, where a file of its own says so; such a file goes before everything else that names one.
    fn loose_head(&self) -> Option<Id> {
        if self.has_refs_elsewhere {
            return None;
        }
        let head = std::fs::read(self.git_dir.join("HEAD")).ok()?;
        let named = match head.strip_prefix(b"ref: refs/heads/") {
            Some(branch) => {
                let branch = BytePath::from(branch.trim_ascii_end()).as_path();
                std::fs::read(self.common_dir.join("refs/heads").join(branch)).ok()?
            }
            None => head,
        };
        Id::from_hex(named.trim_ascii_end())
    }

    /// The other parents while a merge is being concluded.
    fn merge_heads(&self) -> Result<Vec<Id>> {
        let text = match std::fs::read(self.git_dir.join("MERGE_HEAD")) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).context("read MERGE_HEAD"),
        };
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        lines.map(|line| Id::from_hex(line).context("MERGE_HEAD names no commit")).collect()
    }

    /// The message that was written last; a commit that was blocked leaves it there too.
    pub(crate) fn last_message(&self) -> Option<Vec<u8>> {
        std::fs::read(self.git_dir.join("COMMIT_EDITMSG")).ok()
    }

    /// Whether the next commit concludes a merge.
    pub(crate) fn is_merging(&self) -> bool {
        self.git_dir.join("MERGE_HEAD").exists()
    }

    /// Whether git may have written the names of untracked files into the index.
    fn index_extras(&self) -> index::Extras {
        let Some(config) = self.inner.as_ref().and_then(|inner| inner.config().ok()) else {
            return index::Extras::UntrackedCache;
        };
        let is_set =
            |key: &str| config.get_entry(key).is_ok_and(|entry| entry.value().is_ok_and(|value| value != "false"));
        if is_set("core.untrackedCache") || is_set("feature.manyFiles") {
            index::Extras::UntrackedCache
        } else {
            index::Extras::None
        }
    }

    fn objects(&self) -> Result<Objects<'_>> {
        Ok(Objects::new(self, self.inner.as_ref().map(Repository::odb).transpose()?))
    }

    /// The options of git-rev-list(1) for what the remotes are known to have that a push goes to: `args` are the name and
    /// the address that git gives to a hook, and without a name both are the address.
    pub(crate) fn refs_of_remotes_at(&self, args: &[OsString]) -> Vec<String> {
        let [name, address] = [0, 1].map(|place| args.get(place).map(|arg| arg.to_string_lossy().into_owned()));
        let pattern = r"^remote\..*\.(url|pushurl)$";
        let settings = command::output(self.reading().args(["config", "--null", "--get-regexp", pattern]));
        let settings = settings.unwrap_or_default();
        let of_setting = |setting: &[u8]| {
            let (key, value) = str::from_utf8(setting).ok()?.split_once('\n')?;
            Some((key.strip_prefix("remote.")?.rsplit_once('.')?.0.to_owned(), value.to_owned()))
        };
        let remotes: Vec<_> = settings.split(|byte| *byte == 0).filter_map(of_setting).collect();
        let targets = match name.filter(|name| Some(name) != address.as_ref()) {
            Some(name) => vec![name],
            None => {
                remotes.iter().filter(|(_, url)| Some(url) == address.as_ref()).map(|(name, _)| name.clone()).collect()
            }
        };
        // In a pattern of refs these would stand for others.
        let targets = targets.iter().filter(|name| !name.contains(['*', '?', '[', '\\']));
        // A remote called `a/b` is another one than `a`, and its refs stand below those of that.
        let options = targets.flat_map(|name| {
            let below =
                remotes.iter().map(|(other, _)| other).filter(move |other| other.starts_with(&format!("{name}/")));
            below.map(|other| format!("--exclude={other}/*")).chain([format!("--remotes={name}")])
        });
        options.collect()
    }

    /// The last value in git's configuration, that of the command line included, whose key matches.
    pub(crate) fn last_setting(&self, pattern: &str) -> Option<Vec<u8>> {
        let settings = command::output(self.reading().args(["config", "--null", "--get-regexp", pattern])).ok()?;
        let last = settings.split(|byte| *byte == 0).rfind(|setting| !setting.is_empty())?;
        let end = memchr::memchr(b'\n', last)?;
        Some(last[end + 1..].to_vec())
    }

    /// A value of git's configuration, such as `user.name`.
    pub(crate) fn config_string(&self, key: &str) -> Option<String> {
        match &self.inner {
            Some(inner) => inner.config().ok()?.snapshot().ok()?.get_string(key).ok(),
            None => {
                let value = command::output(self.reading().args(["config", "--null", "--get", key])).ok()?;
                String::from_utf8(value).ok().map(|value| value.trim_end_matches('\0').to_owned())
            }
        }
    }
}

/// The git directory of a hook that git has started in the root of the work tree.
fn git_dir_of_hook(environment: &Environment) -> Option<PathBuf> {
    if let Some(folder) = &environment.git_dir {
        // A bare repository has no work tree to start in.
        return environment.git_index_file.as_ref().map(|_| environment.current_dir.join(folder));
    }
    let entry = environment.current_dir.join(".git");
    if entry.is_dir() {
        return Some(entry);
    }
    let link = std::fs::read(&entry).ok()?;
    Some(environment.current_dir.join(linked_path(link.strip_prefix(b"gitdir: ")?)))
}

/// The path that stands in a file, up to its last line break; its last letter may be a space.
fn linked_path(content: &[u8]) -> PathBuf {
    let end = content.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    BytePath::from(&content[..end]).as_path()
}

/// Whether HEAD is to be looked for elsewhere: the git directory keeps a file of that name, which may be an old one.
fn has_refs_elsewhere(common_dir: &Path, environment: &Environment) -> bool {
    let config = std::fs::read(common_dir.join("config")).unwrap_or_default();
    environment.has_refs_elsewhere() || memchr::memmem::find(&config.to_ascii_lowercase(), b"refstorage").is_some()
}

/// A git command that only reads. Of `GIT_NO_LAZY_FETCH` an older git knows nothing; then no protocol is allowed.
fn reading(folder: &Path) -> Command {
    let mut git = command::git(folder);
    git.args(["-c", "core.fsmonitor=false"]).env("LC_ALL", "C").env("GIT_NO_REPLACE_OBJECTS", "1");
    git.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none");
    git
}

/// The name as libgit2 has it; `None` for one that it does not know.
fn oid(id: Id) -> Option<Oid> {
    Oid::from_bytes(id.as_bytes()).ok().filter(|oid| oid.as_bytes() == id.as_bytes())
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
        // libgit2 takes the folder around the git directory.
        (None, Caller::User) if environment.git_dir.is_some() && !names_work_tree(repo) => {
            Some(environment.current_dir.clone())
        }
        (None, Caller::User) => repo.workdir().map(Path::to_path_buf),
    }
}

fn names_work_tree(repo: &Repository) -> bool {
    repo.config().is_ok_and(|config| config.get_entry("core.worktree").is_ok())
}

/// Why a repository is not opened that git would not work in either.
pub(crate) const OWNED_BY_ANOTHER: &str = "the repository belongs to another user\nhelp: if you trust it: `git config --global --add safe.directory \"$PWD\"`";

/// What a person can do about a repository that does not open.
fn explain(error: &git2::Error) -> anyhow::Error {
    match (error.code(), error.class()) {
        (ErrorCode::NotFound, ErrorClass::Repository) => anyhow!(
            "this is not a git repository\nhelp: change into one, or name what to look at: `keyguard scan PATH`"
        ),
        (ErrorCode::Owner, _) => anyhow!(OWNED_BY_ANOTHER),
        _ => anyhow!(
            "this repository cannot be opened, by git neither: {}\nhelp: see what `git status` says",
            error.message()
        ),
    }
}
