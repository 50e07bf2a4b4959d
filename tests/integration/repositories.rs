//! Every kind of repository that git can make: what it commits there is looked at, with both readers.
//!
//! In each kind a new key is blocked at its place, an old one on an untouched line is not, what is clean goes through in
//! silence, and `scan --staged` says the same as the hook. A kind that this machine's git cannot make is tried with the
//! git that `KEYGUARD_TEST_GIT` names, if it names one, and else told of as not tried.

#![expect(clippy::print_stderr, reason = "a test says aloud which kind it tries, and which it cannot")]

mod formats;
mod index;
mod objects;
mod places;
mod refs;
mod settings;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::guard::{blocked, leak};
use crate::sandbox::{Output, Run, Sandbox, newer_git, with_both_readers};

/// A work tree, and how git is called for it.
struct Site<'s> {
    repo: &'s Sandbox,
    /// Where programs are run.
    folder: PathBuf,
    /// The root of the work tree, where it is another folder.
    root: PathBuf,
    options: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
}

impl<'s> Site<'s> {
    /// The work tree in `folder`, which counts from the root of the sandbox's own.
    fn at(repo: &'s Sandbox, folder: impl AsRef<Path>) -> Self {
        let folder = repo.root().join(folder);
        Self { repo, root: folder.clone(), folder, options: Vec::new(), variables: Vec::new() }
    }

    /// A new repository in `folder` with keyguard installed and a history whose tip holds a key already.
    #[track_caller]
    fn new(repo: &'s Sandbox, folder: impl AsRef<Path>, options: &[&str]) -> Self {
        let site = Self::at(repo, folder);
        let run = repo.run("git").args(["init", "--quiet", "--initial-branch=main"]).args(options);
        run.args(["--"]).args([&site.folder]).output().success();
        site.start();
        site
    }

    /// The same work tree, with programs run in `folder` below its root.
    fn from(self, folder: &str) -> Self {
        let folder = self.root.join(folder);
        fs::create_dir_all(&folder).unwrap();
        Self { folder, ..self }
    }

    /// The same with an option more for git.
    fn option(mut self, option: impl Into<OsString>) -> Self {
        self.options.push(option.into());
        self
    }

    /// The same with an environment variable more.
    fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Installs keyguard, and commits what is old from then on.
    #[track_caller]
    fn start(&self) {
        self.keyguard(&["install"]).success();
        self.stage("old", leak("in HEAD already"));
        self.stage("dir/other", "1\n");
        self.git(&["commit", "--quiet", "--no-verify", "-m", "start"]).success();
    }

    fn run(&self, program: &str) -> Run<'s> {
        let run = self.repo.run(program).current_dir(&self.folder);
        self.variables.iter().fold(run, |run, (name, value)| run.env(name, value))
    }

    fn git<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        self.run("git").args(&self.options).args(args).output()
    }

    fn keyguard(&self, args: &[&str]) -> Output {
        self.run("keyguard").args(args).output()
    }

    #[track_caller]
    fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let file = self.root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    /// Writes a file of the work tree and stages it.
    #[track_caller]
    fn stage(&self, path: &str, content: impl AsRef<[u8]>) {
        self.write(path, content);
        self.git(&["add", "--force", "--", &format!(":/{path}")]).success();
    }

    fn commit(&self) -> Output {
        self.git(&["commit", "--quiet", "-m", "x"])
    }

    fn scan(&self) -> Output {
        self.keyguard(&["scan", "--staged"])
    }

    /// Asserts that what is staged brings in a key at `place`, by the hook and by hand.
    #[track_caller]
    fn blocks(&self, place: &str) {
        self.scan().code(1).says(&format!("GitHub personal access token (classic) (checksum valid) in {place}\n"));
        blocked(&self.commit(), &format!("{place}\n"));
    }

    /// Asserts that what is staged brings in nothing, and commits it.
    #[track_caller]
    fn passes(&self) {
        self.scan().success().stdout("");
        self.commit().success().silent();
    }

    /// Plays the promise. `what` tells one time from the next in the same history.
    #[track_caller]
    fn guards(&self, what: &str) {
        eprintln!("{what}");
        self.stage("dir/new", leak("x"));
        self.blocks("dir/new:2:10");
        self.write("dir/new", format!("{what}\n"));
        self.stage("old", format!("{what}\n{}", leak("in HEAD already")));
        self.git(&["add", ":/dir/new"]).success();
        self.commit().success().silent();
    }

    /// The same for a commit of one path, which git makes from another index.
    #[track_caller]
    fn guards_single_paths(&self, what: &str) {
        self.guards(what);
        self.write("dir/other", leak("x"));
        let commit = || self.git(&["commit", "--quiet", "-m", "x", "--", ":/dir/other"]);
        blocked(&commit(), "dir/other:2:10");
        self.write("dir/other", format!("{what}\n"));
        commit().success().stdout("");
    }
}

/// The bytes of the index.
fn index_of(site: &Site<'_>) -> Vec<u8> {
    let file = site.run("git").args(["rev-parse", "--git-path", "index"]).raw().stdout;
    fs::read(site.folder.join(OsStr::from_bytes(file.trim_ascii_end()))).unwrap()
}

fn make_executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Asserts that the index holds the extension `signature`: else the case is none.
#[track_caller]
fn has_extension(site: &Site<'_>, signature: &str) {
    let found = memchr::memmem::find(&index_of(site), signature.as_bytes());
    assert!(found.is_some(), "the index has no extension {signature}");
}

/// Plays a scenario with each reader, where both may say that something is broken in their own words.
#[track_caller]
fn with_each_reader(scenario: impl Fn(&Sandbox)) {
    for reader in ["fast", "plumbing"] {
        scenario(&Sandbox::with_hook().env("KEYGUARD_READER", reader));
    }
}

/// Plays a scenario with both readers and a git of at least `version`; says so where there is none.
#[track_caller]
fn with_git_since(version: (u32, u32), what: &str, scenario: impl Fn(&Sandbox)) {
    let own = version_of(&Sandbox::without_repository());
    if own >= version {
        return with_both_readers(scenario);
    }
    let Some(newer) = newer_git() else {
        eprintln!("not tried: {what}: git {}.{} is older than {}.{}", own.0, own.1, version.0, version.1);
        return;
    };
    with_both_readers(|repo| {
        symlink(&newer, repo.tmp("bin/git")).unwrap();
        if version_of(repo) >= version {
            scenario(repo);
        } else {
            eprintln!("not tried: {what}: the git of KEYGUARD_TEST_GIT is older than {}.{}", version.0, version.1);
        }
    });
}

fn version_of(repo: &Sandbox) -> (u32, u32) {
    let version = repo.git(["--version"]).success().text();
    let mut numbers = version.trim_start_matches("git version ").split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}
