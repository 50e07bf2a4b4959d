//! What git's configuration says, for questions that nearly every commit asks.
//!
//! A new process takes as long as all else that a hook does, so git itself is asked only where its answer may be one that
//! cannot be found here: libgit2 knows no settings of the command line, and does not open every repository.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use git2::{Config, ErrorCode};

use super::{Repo, command};
use crate::change::BytePath;
use crate::encrypted::Case;
use crate::environment::Environment;

/// Where git looks for what the user has set.
pub(super) struct User {
    /// The files that hold for all repositories, there or not.
    files: Vec<PathBuf>,
    /// The attributes of all repositories, where no setting names others.
    attributes: Option<PathBuf>,
    /// Whether the command line or the environment has set something.
    has_settings: bool,
}

impl User {
    pub(super) fn of(environment: &Environment) -> Self {
        let home = environment.home.as_deref();
        let own = environment.xdg_config_home.clone().or_else(|| Some(home?.join(".config")));
        let own = own.map(|folder| folder.join("git"));
        let usual = || [home.map(|home| home.join(".gitconfig")), own.as_ref().map(|own| own.join("config"))];
        let files = match &environment.git_config_global {
            Some(file) => vec![file.clone()],
            None => usual().into_iter().flatten().collect(),
        };
        let has_settings = environment.git_config_parameters.is_some() || environment.git_config_count.is_some();
        Self { files, attributes: own.map(|own| own.join("attributes")), has_settings }
    }
}

/// An answer, or who knows it.
enum Answer<T> {
    Set(T),
    Unset,
    KnownToGit,
}

impl Repo {
    /// The file of attributes that holds for all repositories of the user.
    pub(super) fn attributes_file(&self) -> Result<Option<PathBuf>> {
        const KEY: &str = "core.attributesFile";
        let default = self.user.attributes.as_deref();
        let named = match self.setting(KEY, Config::get_path) {
            Answer::Set(path) => path,
            Answer::Unset => return Ok(default.map(Path::to_path_buf)),
            Answer::KnownToGit => self.ask_git("path", KEY, default.unwrap_or(Path::new("")))?,
        };
        let from = self.work_tree.as_ref().unwrap_or(&self.current_dir);
        Ok(Some(from.join(named)))
    }

    /// Whether the case of letters tells names apart.
    pub(super) fn case(&self) -> Result<Case> {
        const KEY: &str = "core.ignoreCase";
        let is_ignored = match self.setting(KEY, Config::get_bool) {
            Answer::Set(is_ignored) => is_ignored,
            Answer::Unset => false,
            Answer::KnownToGit => self.ask_git("bool", KEY, Path::new("false"))? == Path::new("true"),
        };
        Ok(if is_ignored { Case::Ignored } else { Case::Matters })
    }

    fn setting<T>(&self, key: &str, get: impl Fn(&Config, &str) -> Result<T, git2::Error>) -> Answer<T> {
        if self.user.has_settings {
            return Answer::KnownToGit;
        }
        let Some(inner) = &self.inner else {
            return if self.may_be_set(key) { Answer::KnownToGit } else { Answer::Unset };
        };
        match inner.config().and_then(|config| get(&config, key)) {
            Ok(value) => Answer::Set(value),
            Err(error) if error.code() == ErrorCode::NotFound => Answer::Unset,
            // The home of another user, for one.
            Err(_) => Answer::KnownToGit,
        }
    }

    /// Whether a file of the configuration speaks of the key, or of other files that may.
    fn may_be_set(&self, key: &str) -> bool {
        let name = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
        let own = [self.common_dir.join("config"), self.git_dir.join("config.worktree")];
        let mut files = Config::find_system().into_iter().chain(self.user.files.iter().cloned()).chain(own);
        files.any(|file| {
            let text = std::fs::read(file).unwrap_or_default().to_ascii_lowercase();
            [name.as_bytes(), b"[include"].iter().any(|word| memchr::memmem::find(&text, word).is_some())
        })
    }

    fn ask_git(&self, kind: &str, key: &str, default: &Path) -> Result<PathBuf> {
        let mut git = self.reading();
        git.args(["config", "--null", "--type", kind, "--default"]).arg(default).args(["--get", key]);
        let mut answer = command::output(&mut git).with_context(|| format!("read `{key}` of git's configuration"))?;
        answer.pop_if(|last| *last == 0);
        Ok(BytePath::from(&answer[..]).as_path())
    }
}
