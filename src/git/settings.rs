//! What git's configuration says, for questions that nearly every commit asks.
//!
//! libgit2 reads the same files, without a new process, which takes as long as all else that a hook does. What it cannot
//! know is asked of git: settings of the command line, folders that only git resolves, conditions of an include.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use git2::{Config, ConfigLevel, ErrorCode};

use super::{Repo, command};
use crate::change::BytePath;
use crate::encrypted::Case;
use crate::environment::Environment;

/// Where git looks for what the user has set.
pub(super) struct User {
    /// The file that stands for all of the user's own.
    global: Option<PathBuf>,
    /// The attributes of all repositories, where no setting names others.
    attributes: Option<PathBuf>,
    /// Whether the command line or the environment has set something.
    has_settings: bool,
}

impl User {
    pub(super) fn of(environment: &Environment) -> Self {
        let own = || Some(environment.home.as_ref()?.join(".config"));
        let attributes = environment.xdg_config_home.clone().or_else(own).map(|folder| folder.join("git/attributes"));
        let has_settings = environment.git_config_parameters.is_some() || environment.git_config_count.is_some();
        Self { global: environment.git_config_global.clone(), attributes, has_settings }
    }
}

/// The settings of one repository.
pub(super) struct Settings<'r> {
    repo: &'r Repo,
    /// `None` where only git itself knows them.
    config: Option<Config>,
}

impl Repo {
    /// Opens the configuration.
    pub(super) fn settings(&self) -> Settings<'_> {
        let config = match &self.inner {
            _ if self.user.has_settings => None,
            Some(inner) => inner.config().ok(),
            None => self.config_by_files().ok().filter(|config| !has_conditions(config)),
        };
        Settings { repo: self, config }
    }

    /// The configuration of a repository that libgit2 does not open.
    fn config_by_files(&self) -> Result<Config, git2::Error> {
        let mut config = match &self.user.global {
            None => Config::open_default()?,
            Some(file) => {
                let mut config = Config::new()?;
                if let Ok(system) = Config::find_system() {
                    config.add_file(&system, ConfigLevel::System, false)?;
                }
                config.add_file(file, ConfigLevel::Global, false)?;
                config
            }
        };
        config.add_file(&self.common_dir.join("config"), ConfigLevel::Local, false)?;
        config.add_file(&self.git_dir.join("config.worktree"), ConfigLevel::Worktree, false)?;
        Ok(config)
    }
}

/// Whether a part of the configuration holds for some repositories alone.
fn has_conditions(config: &Config) -> bool {
    config.entries(Some("^includeif\\.")).is_ok_and(|mut entries| entries.next().is_some())
}

impl Settings<'_> {
    /// The file of attributes that holds for all repositories of the user.
    pub(super) fn attributes_file(&self) -> Result<Option<PathBuf>> {
        const KEY: &str = "core.attributesFile";
        let default = self.repo.user.attributes.as_deref();
        let named = match self.config.as_ref().map(|config| config.get_path(KEY)) {
            Some(Ok(path)) => path,
            Some(Err(error)) if error.code() == ErrorCode::NotFound => return Ok(default.map(Path::to_path_buf)),
            // The home of another user, for one.
            _ => self.ask_git("path", KEY, default.unwrap_or(Path::new("")))?,
        };
        let from = self.repo.work_tree.as_ref().unwrap_or(&self.repo.current_dir);
        Ok(Some(from.join(named)))
    }

    /// Whether the case of letters tells names apart.
    pub(super) fn case(&self) -> Result<Case> {
        const KEY: &str = "core.ignoreCase";
        let is_ignored = match self.config.as_ref().map(|config| config.get_bool(KEY)) {
            Some(Ok(is_ignored)) => is_ignored,
            Some(Err(error)) if error.code() == ErrorCode::NotFound => false,
            _ => self.ask_git("bool", KEY, Path::new("false"))? == Path::new("true"),
        };
        Ok(if is_ignored { Case::Ignored } else { Case::Matters })
    }

    fn ask_git(&self, kind: &str, key: &str, default: &Path) -> Result<PathBuf> {
        let mut git = self.repo.reading();
        git.args(["config", "--null", "--type", kind, "--default"]).arg(default).args(["--get", key]);
        let mut answer = command::output(&mut git).with_context(|| format!("read `{key}` of git's configuration"))?;
        answer.pop_if(|last| *last == 0);
        Ok(BytePath::from(&answer[..]).as_path())
    }
}
