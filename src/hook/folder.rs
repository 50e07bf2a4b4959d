//! The folder whose hooks git runs, and whether keyguard may put one there.
//!
//! git is asked, never imitated: it knows worktrees, submodules, `core.hooksPath` and `~`. A shim in a folder that git
//! does not read would look installed and guard nothing.

use std::ffi::OsString;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Error, Result, anyhow, bail};

use super::shim::{self, quote};
use super::{Kind, standing};
use crate::environment::Environment;
use crate::git::{OWNED_BY_ANOTHER, command};
use crate::report::sanitized;

/// What to do where a script goes on to read what git told it.
pub(super) const INPUT_IS_READ: &str =
    "\nhelp: what reads standard input in that script gets a copy: echo \"$refs\" | command";

/// The folder of hooks that counts in a working directory.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The working directory.
    current_dir: PathBuf,
    /// The root of the work tree; `None` where there is none.
    pub(crate) root: Option<PathBuf>,
    /// Whose it is.
    pub(crate) place: Place,
    /// The git directory, the main one of a repository with several work trees.
    pub(crate) repository: PathBuf,
    /// `core.hooksPath`, if it is set.
    pub(crate) setting: Option<Setting>,
}

/// Whose a hooks folder is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the git directory: this repository's, and of this machine.
    GitDirectory,
    /// In the work tree: to be committed.
    WorkTree,
    /// husky's, which writes its folder anew; the path is that of the folder of its scripts.
    Husky(PathBuf),
    /// Elsewhere, and so perhaps other repositories' too.
    Outside,
    /// Not a folder: git runs no hook.
    Nowhere,
}

/// A value of git's configuration.
#[derive(Debug)]
pub(crate) struct Setting {
    /// `local`, `global` and so on; `None` from a git that does not tell.
    pub(crate) scope: Option<String>,
    /// What it is set to, as it is written.
    pub(crate) value: String,
}

/// Finds the folder that git takes hooks from when it is called in `current_dir`.
pub(crate) fn find(current_dir: &Path) -> Result<Folder> {
    let is_bare = is_bare(current_dir)?;
    let common = current_dir.join(ask(current_dir, &["--git-common-dir"])?);
    let root = if is_bare { None } else { Some(current_dir.join(ask(current_dir, &["--show-toplevel"])?)) };
    let path = current_dir.join(ask(current_dir, &["--git-path", "hooks"])?);
    let setting = setting(current_dir);
    let place = match &setting {
        // git looks in `/` then, while its answer is the current folder.
        Some(setting) if setting.value.is_empty() => Place::Nowhere,
        _ => classify(&path, root.as_deref(), &common),
    };
    Ok(Folder { path, current_dir: current_dir.to_path_buf(), root, place, repository: common, setting })
}

/// Whether [`find`] failed because there is nothing to guard: no repository, or no git.
pub(crate) fn is_nothing_there(error: &Error) -> bool {
    let is_missing = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::NotFound;
    error.is::<NoRepository>() || error.chain().any(|cause| cause.downcast_ref().is_some_and(is_missing))
}

/// There is no repository here.
#[derive(Debug)]
struct NoRepository;

impl std::error::Error for NoRepository {}

impl fmt::Display for NoRepository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("this is not a git repository\nhelp: change into one, or make one: git init")
    }
}

impl Folder {
    /// The folder of hooks in the git directory, which counts unless `core.hooksPath` says otherwise.
    pub(crate) fn usual(&self) -> PathBuf {
        self.repository.join("hooks")
    }

    /// `path` as a person in the working directory would write it.
    pub(crate) fn show(&self, path: &Path) -> String {
        let shown = path.strip_prefix(&self.current_dir).unwrap_or(path);
        sanitized(shown.to_string_lossy().as_bytes())
    }

    /// Whether there is no work tree: nobody commits here, but others may push to it.
    fn is_bare(&self) -> bool {
        self.root.is_none()
    }

    /// The kinds of hook that git can run here.
    pub(crate) fn kinds(&self) -> &'static [Kind] {
        match Kind::ALL.split_last() {
            Some((server, _)) if self.is_bare() => std::slice::from_ref(server),
            Some((_, work_tree)) => work_tree,
            None => &[],
        }
    }

    /// Fails where git would never run one of `kinds`.
    pub(crate) fn require_use_of(&self, kinds: &[Kind]) -> Result<()> {
        if self.is_bare() && kinds.iter().any(|kind| *kind != Kind::PreReceive) {
            bail!(
                "this repository is bare: nobody commits in it\n\
                 help: to check what is pushed to it: keyguard install --hook pre-receive\n\
                 help: to check commits, install keyguard in a clone of it"
            );
        }
        Ok(())
    }

    /// Fails where a shim would guard nothing, or more than this repository; the error says what to do instead.
    pub(crate) fn require_ours(&self, kinds: &[Kind]) -> Result<()> {
        let shown = self.show(&self.path);
        match &self.place {
            Place::GitDirectory | Place::WorkTree => Ok(()),
            Place::Husky(scripts) => {
                let lines = self.lines_to_add(kinds, scripts, "or add this line to {}: {}");
                let others = kinds.iter().filter(|kind| **kind != Kind::PreCommit || kinds.len() > 1);
                let hooks: String = others.map(|kind| format!(" --hook {}", kind.name())).collect();
                let command = format!("keyguard install --into husky{hooks}");
                Err(anyhow!("husky owns the hooks of this repository ({shown})\nhelp: {command}{lines}"))
            }
            Place::Outside => {
                let lines = self.lines_to_add(kinds, &self.path, "or call keyguard from {} with the line: {}");
                let lines = if self.is_lasting() { lines } else { String::new() };
                Err(anyhow!("git takes hooks from outside this repository ({shown})\n{}{lines}", self.way_back(&shown)))
            }
            Place::Nowhere => {
                Err(anyhow!("git runs no hooks here: {}\n{}", self.why_nowhere(&shown), self.way_back(&shown)))
            }
        }
    }

    /// The hook of somebody else that calls keyguard by itself.
    pub(crate) fn caller(&self, kind: Kind) -> Option<PathBuf> {
        let hook = |folder: &Path| folder.join(kind.name());
        match &self.place {
            // husky gives its scripts to a shell, whatever their mode is.
            Place::Husky(scripts) => Some(hook(scripts)).filter(|script| standing::calls_us(kind, script)),
            Place::Nowhere => None,
            _ => Some(hook(&self.path)).filter(|hook| standing::is_executable(hook) && standing::calls_us(kind, hook)),
        }
    }

    /// The shim for all repositories that looks here too.
    pub(crate) fn global_shim(&self, kind: Kind) -> Option<PathBuf> {
        let file = self.path.join(kind.name());
        let looks = std::fs::read(&file).is_ok_and(|text| shim::is_global_look(&text));
        (looks && standing::is_executable(&file)).then_some(file)
    }

    /// The folder whose hooks run: behind shims for all repositories that is the usual one.
    pub(crate) fn behind_global_shims(self) -> Self {
        match self.global_shim(Kind::PreCommit) {
            Some(_) => Self { path: self.usual(), place: Place::GitDirectory, ..self },
            None => self,
        }
    }

    /// Whether keyguard looks already, in whatever way.
    pub(crate) fn is_guarded(&self, kind: Kind) -> bool {
        self.caller(kind).is_some()
            || !matches!(self.place, Place::Husky(_) | Place::Nowhere) && standing::is_in_force(kind, &self.path)
    }

    /// What to add by hand for each kind; `words` has gaps for the script and the line.
    fn lines_to_add(&self, kinds: &[Kind], scripts: &Path, words: &str) -> String {
        let line = |kind: &Kind| {
            let script = self.show(&scripts.join(kind.name()));
            format!("\nhelp: {}", words.replacen("{}", &script, 1).replacen("{}", &kind.line_to_add(), 1))
        };
        let lines: String = kinds.iter().map(line).collect();
        lines + kinds.iter().find(|kind| kind.reads_input()).map_or("", |_| INPUT_IS_READ)
    }

    /// Whether git will take hooks from here the next time too, and is meant to.
    fn is_lasting(&self) -> bool {
        self.setting.as_ref().is_some_and(|setting| setting.scope.as_deref() != Some("command"))
    }

    fn why_nowhere(&self, shown: &str) -> String {
        match &self.setting {
            Some(setting) if setting.value.is_empty() => "core.hooksPath is empty".to_owned(),
            Some(setting) => {
                format!("core.hooksPath is `{}`, not a folder", setting.value.replace(char::is_control, "?"))
            }
            None => format!("`{shown}` is not a folder"),
        }
    }

    /// The commands after which git takes hooks from this repository again, one each.
    pub(crate) fn ways_back(&self) -> Vec<String> {
        let text = self.way_back(&self.show(&self.path));
        text.lines().map(|line| line.trim_start_matches("help: ").to_owned()).collect()
    }

    /// The same as lines of an error.
    fn way_back(&self, shown: &str) -> String {
        let usual = quote(self.usual().as_os_str().as_encoded_bytes());
        let own = format!(
            "help: to give this repository hooks of its own: git config --local core.hooksPath {}",
            String::from_utf8_lossy(&usual)
        );
        match &self.setting {
            None => format!("help: move `{shown}` away, then install again"),
            Some(setting) => match setting.scope.as_deref() {
                Some(scope @ ("local" | "worktree")) => {
                    format!("help: to take hooks from the repository: git config --{scope} --unset-all core.hooksPath")
                }
                Some("command") => {
                    "help: core.hooksPath comes from the environment or `git -c`: leave it out".to_owned()
                }
                _ => own,
            },
        }
    }
}

/// Tells a bare repository from a work tree; fails where there is neither.
fn is_bare(current_dir: &Path) -> Result<bool> {
    let answer = ask(current_dir, &["--is-inside-work-tree", "--is-bare-repository"]);
    match answer.as_ref().map(|answer| answer.to_str().unwrap_or_default()) {
        Ok(answer) if answer.starts_with("true") => Ok(false),
        Ok(answer) if answer.ends_with("true") => Ok(true),
        Ok(_) => bail!("this is a git directory, not a work tree\nhelp: change into the work tree first"),
        Err(error) if format!("{error:#}").contains("not a git repository") => bail!(NoRepository),
        Err(error) if format!("{error:#}").contains("dubious ownership") => bail!(OWNED_BY_ANOTHER),
        Err(_) => answer.map(|_| false).context("find the repository"),
    }
}

/// What `git rev-parse` answers, as a path.
pub(crate) fn ask(current_dir: &Path, question: &[&str]) -> Result<PathBuf> {
    // The text of an error is told apart above.
    let mut answer = command::output(command::git(current_dir).env("LC_ALL", "C").arg("rev-parse").args(question))?;
    if answer.last() == Some(&b'\n') {
        answer.pop();
    }
    Ok(PathBuf::from(os_string(&answer)))
}

/// The hooks folder in the git directory of the repository that a hook runs in, whatever `core.hooksPath` says.
///
/// There is no need to ask: git starts hooks in the root of the work tree, and names a git directory that is elsewhere.
pub(super) fn of_repository(environment: &Environment) -> Result<PathBuf> {
    let git_dir = environment.git_dir.clone().unwrap_or_else(|| ".git".into());
    let folder = match std::fs::read(environment.current_dir.join(&git_dir).join("commondir")) {
        // As git writes the name of the folder.
        Ok(common) if common.trim_ascii_end() == b"../.." => git_dir.ancestors().nth(2).unwrap_or(&git_dir).into(),
        Ok(common) => git_dir.join(os_string(common.trim_ascii_end())),
        Err(_) if environment.current_dir.join(&git_dir).is_dir() => git_dir,
        Err(_) => ask(&environment.current_dir, &["--git-common-dir"])?,
    };
    Ok(folder.strip_prefix(".").unwrap_or(&folder).join("hooks"))
}

/// `core.hooksPath` and where it is set.
fn setting(current_dir: &Path) -> Option<Setting> {
    let get = |options: &[&str]| {
        let answer = command::output(
            command::git(current_dir).args(["config", "--null"]).args(options).args(["--get", "core.hooksPath"]),
        );
        answer.ok().map(|answer| String::from_utf8_lossy(&answer).into_owned())
    };
    if let Some(answer) = get(&["--show-scope"]) {
        let mut fields = answer.split('\0');
        let scope = fields.next().map(str::to_owned);
        return Some(Setting { scope, value: fields.next().unwrap_or_default().to_owned() });
    }
    let value = get(&[])?.trim_end_matches('\0').to_owned();
    Some(Setting { scope: None, value })
}

fn classify(folder: &Path, root: Option<&Path>, common: &Path) -> Place {
    if folder.symlink_metadata().is_ok() && !folder.is_dir() {
        return Place::Nowhere;
    }
    if let Some(scripts) = husky_scripts(folder) {
        return Place::Husky(scripts);
    }
    let [folder, common] = [folder, common].map(resolve);
    if folder.starts_with(common) {
        Place::GitDirectory
    } else if root.is_some_and(|root| folder.starts_with(resolve(root))) {
        Place::WorkTree
    } else {
        Place::Outside
    }
}

/// Where the scripts to edit are, if `folder` is `.husky/_` or, before version 9, `.husky`.
fn husky_scripts(folder: &Path) -> Option<PathBuf> {
    let folder = if folder.ends_with(".husky/_") { folder.parent()? } else { folder };
    folder.ends_with(".husky").then(|| folder.to_path_buf())
}

/// `path` without links and `..`, also where its end does not exist yet.
fn resolve(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(resolved.pop()),
            _ => resolved.push(component),
        }
        if let Ok(real) = resolved.canonicalize() {
            resolved = real;
        }
    }
    resolved
}

#[cfg(unix)]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).to_owned()
}

#[cfg(not(unix))]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
