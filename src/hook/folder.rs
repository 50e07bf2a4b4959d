//! The folder whose hooks git runs, and whether keyguard may put one there.
//!
//! git is asked, never imitated: it knows worktrees, submodules, `core.hooksPath` and `~`. A shim in a folder that git
//! does not read would look installed and guard nothing.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};

use super::shim::quote;
use crate::git::command;
use crate::report::sanitized;

/// What a hook of another tool says to have keyguard look.
const CALL: &str = "keyguard hook pre-commit";

/// The folder of hooks that counts in a working directory.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The working directory.
    current_dir: PathBuf,
    /// Whose it is.
    pub(crate) place: Place,
    /// The folder of hooks in the git directory, which counts unless `core.hooksPath` says otherwise.
    pub(crate) usual: PathBuf,
    /// `core.hooksPath`, if it is set.
    setting: Option<Setting>,
}

/// Whose a hooks folder is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the git directory: this repository's, and of this machine.
    GitDirectory,
    /// In the work tree: to be committed.
    WorkTree,
    /// husky's, which writes its folder anew; the path is that of the script to edit.
    Husky(PathBuf),
    /// Elsewhere, and so perhaps other repositories' too.
    Outside,
    /// Not a folder: git runs no hook.
    Nowhere,
}

/// A value of git's configuration.
#[derive(Debug)]
struct Setting {
    /// `local`, `global` and so on; `None` from a git that does not tell.
    scope: Option<String>,
    value: String,
}

/// Finds the folder that git takes hooks from when it commits in `current_dir`.
pub(crate) fn find(current_dir: &Path) -> Result<Folder> {
    require_work_tree(current_dir)?;
    let common = current_dir.join(ask(current_dir, &["--git-common-dir"])?);
    let root = current_dir.join(ask(current_dir, &["--show-toplevel"])?);
    let path = current_dir.join(ask(current_dir, &["--git-path", "hooks"])?);
    let setting = setting(current_dir);
    let place = match &setting {
        // git looks in `/` then, while its answer is the current folder.
        Some(setting) if setting.value.is_empty() => Place::Nowhere,
        _ => classify(&path, &root, &common),
    };
    Ok(Folder { path, current_dir: current_dir.to_path_buf(), place, usual: common.join("hooks"), setting })
}

impl Folder {
    /// `path` as a person in the working directory would write it.
    pub(crate) fn show(&self, path: &Path) -> String {
        let shown = path.strip_prefix(&self.current_dir).unwrap_or(path);
        sanitized(shown.to_string_lossy().as_bytes())
    }

    /// Fails where a shim would guard nothing, or more than this repository; the error says what to do instead.
    pub(crate) fn require_ours(&self) -> Result<()> {
        let shown = self.show(&self.path);
        match &self.place {
            Place::GitDirectory | Place::WorkTree => Ok(()),
            Place::Husky(script) => Err(anyhow!(
                "husky owns the hooks of this repository ({shown})\n\
                 help: add this line to {}: {CALL} || exit 1",
                self.show(script)
            )),
            Place::Outside => {
                Err(anyhow!("git takes hooks from outside this repository ({shown})\n{}", self.way_back(&shown)))
            }
            Place::Nowhere => {
                Err(anyhow!("git runs no hooks here: {}\n{}", self.why_nowhere(&shown), self.way_back(&shown)))
            }
        }
    }

    /// Whether the script that husky runs calls keyguard.
    pub(crate) fn is_called_by_husky(&self) -> bool {
        let Place::Husky(script) = &self.place else { return false };
        let text = std::fs::read(script).unwrap_or_default();
        let calls = |line: &str| !line.trim_start().starts_with('#') && line.contains(CALL);
        String::from_utf8_lossy(&text).lines().any(calls)
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

    /// The commands after which git takes hooks from this repository again.
    fn way_back(&self, shown: &str) -> String {
        let usual = quote(self.usual.as_os_str().as_encoded_bytes());
        let own = format!(
            "help: to give this repository hooks of its own: git config --local core.hooksPath {}",
            String::from_utf8_lossy(&usual)
        );
        let call = match self.place {
            Place::Outside => {
                format!("\nhelp: or call keyguard from {shown}/pre-commit with the line: {CALL} || exit 1")
            }
            _ => String::new(),
        };
        match &self.setting {
            None => format!("help: move `{shown}` away, then install again"),
            Some(setting) => match setting.scope.as_deref() {
                Some(scope @ ("local" | "worktree")) => format!(
                    "help: to take hooks from the repository: git config --{scope} --unset-all core.hooksPath{call}"
                ),
                Some("command") => {
                    "help: core.hooksPath comes from the environment or `git -c`: leave it out".to_owned()
                }
                _ => own + &call,
            },
        }
    }
}

/// Only in a work tree can something be committed.
fn require_work_tree(current_dir: &Path) -> Result<()> {
    let answer = ask(current_dir, &["--is-inside-work-tree", "--is-bare-repository"]);
    match answer.as_ref().map(|answer| answer.to_str().unwrap_or_default()) {
        Ok(answer) if answer.starts_with("true") => Ok(()),
        Ok(answer) if answer.ends_with("true") => {
            bail!("this repository is bare: nobody commits in it\nhelp: install keyguard in a clone of it")
        }
        Ok(_) => bail!("this is a git directory, not a work tree\nhelp: change into the work tree first"),
        Err(error) if format!("{error:#}").contains("not a git repository") => {
            bail!("this is not a git repository\nhelp: change into one, or make one: git init")
        }
        Err(_) => answer.map(drop).context("find the repository"),
    }
}

/// What `git rev-parse` answers, as a path.
fn ask(current_dir: &Path, question: &[&str]) -> Result<PathBuf> {
    // The text of an error is told apart above.
    let mut answer = command::output(command::git(current_dir).env("LC_ALL", "C").arg("rev-parse").args(question))?;
    if answer.last() == Some(&b'\n') {
        answer.pop();
    }
    Ok(PathBuf::from(os_string(&answer)))
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

fn classify(folder: &Path, root: &Path, common: &Path) -> Place {
    if folder.symlink_metadata().is_ok() && !folder.is_dir() {
        return Place::Nowhere;
    }
    if let Some(script) = husky_script(folder) {
        return Place::Husky(script);
    }
    let [folder, root, common] = [folder, root, common].map(resolve);
    if folder.starts_with(common) {
        Place::GitDirectory
    } else if folder.starts_with(root) {
        Place::WorkTree
    } else {
        Place::Outside
    }
}

/// The script to edit, if `folder` is `.husky/_` or, before version 9, `.husky`.
fn husky_script(folder: &Path) -> Option<PathBuf> {
    let folder = if folder.ends_with(".husky/_") { folder.parent()? } else { folder };
    folder.ends_with(".husky").then(|| folder.join("pre-commit"))
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
fn os_string(bytes: &[u8]) -> OsString {
    <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).to_owned()
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
