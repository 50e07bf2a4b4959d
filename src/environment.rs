//! The environment variables that keyguard reads, all of them, read once.

#![expect(clippy::disallowed_methods, reason = "this is the one place")]

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// What the surroundings say.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The working directory.
    pub current_dir: PathBuf,
    /// `PATH`.
    pub path: Option<OsString>,
    /// `HOME` (`USERPROFILE` on Windows).
    pub home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, when it is an absolute path as its specification asks.
    pub xdg_config_home: Option<PathBuf>,
    /// `XDG_DATA_HOME`, when it is an absolute path as its specification asks.
    pub xdg_data_home: Option<PathBuf>,
    /// `LOCALAPPDATA`, where Windows keeps what programs write for one user on this machine.
    pub local_app_data: Option<PathBuf>,
    /// `ProgramData`, where Windows keeps what holds for all users.
    pub program_data: Option<PathBuf>,
    /// `KEYGUARD_CONFIG`: a configuration of its own layer, like `-c`.
    pub keyguard_config: Option<PathBuf>,
    /// `KEYGUARD_FORMAT`: the format of reports, like `--format`.
    pub keyguard_format: Option<String>,
    /// `SKIP`: names of hooks to leave out, with commas between; the convention of pre-commit.
    pub skip: Option<String>,
    /// `KEYGUARD_CHAIN`: the hook in whose place a kept hook is running; set by ourselves, so that a tool that moved our
    /// shim and calls it again does not send us round in circles.
    pub keyguard_chain: Option<PathBuf>,
    /// `KEYGUARD_PASSED`: the repository's own hook that a shim for all repositories is running; set by ourselves, so that
    /// one which calls that shim in its turn does not send us round in circles either.
    pub keyguard_passed: Option<PathBuf>,
    /// `KEYGUARD_ALONE`, set to anything but nothing: the hook that was there before us is not run. Set by `doctor`, which
    /// must not start other people's hooks; to set it elsewhere takes those away and nothing of ours.
    pub keyguard_alone: Option<String>,
    /// `KEYGUARD_READER`: `plumbing` has staged changes read through git's own commands, as in repositories whose format
    /// keyguard does not read by itself; for comparing the two and for getting round a mistake in one.
    pub keyguard_reader: Option<String>,
    /// `NO_COLOR`, set to anything but nothing.
    pub no_color: bool,
    /// `CLICOLOR_FORCE`, set to anything but nothing and 0.
    pub force_color: bool,
    /// `TERM` is `dumb`.
    pub is_dumb_terminal: bool,
    /// `GIT_CONFIG_GLOBAL`: what git takes for the configuration of the user.
    pub git_config_global: Option<PathBuf>,
    /// `GIT_CONFIG_PARAMETERS`: what `git -c` adds to its configuration.
    pub git_config_parameters: Option<OsString>,
    /// `GIT_CONFIG_COUNT`: how many settings the environment adds to it.
    pub git_config_count: Option<OsString>,
    /// `GIT_INDEX_FILE`: the index that git is about to commit.
    pub git_index_file: Option<PathBuf>,
    /// `GIT_OBJECT_DIRECTORY`: where git writes new objects.
    pub git_object_directory: Option<PathBuf>,
    /// `GIT_EDITOR`: `:` in a hook when no editor is used for the message.
    pub git_editor: Option<String>,
    /// `GIT_DIR`.
    pub git_dir: Option<PathBuf>,
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`: where else git looks for objects, as a list like `PATH`.
    pub git_alternate_object_directories: Option<OsString>,
    /// `GIT_WORK_TREE`.
    pub git_work_tree: Option<PathBuf>,
    /// `GIT_COMMON_DIR`.
    pub git_common_dir: Option<PathBuf>,
    /// `GIT_REFERENCE_BACKEND`: where a git since 2.54 keeps branches and HEAD.
    pub git_reference_backend: Option<String>,
    /// What pre-commit and prek tell their hooks.
    pub pre_commit: PreCommit,
}

/// What pre-commit and prek tell their hooks about the commits that they were asked to look at.
#[derive(Clone, Debug, Default)]
pub struct PreCommit {
    /// `PRE_COMMIT_FROM_REF`: these are on the other side already.
    pub from_ref: Option<String>,
    /// `PRE_COMMIT_TO_REF`: the last one.
    pub to_ref: Option<String>,
    /// `PRE_COMMIT_LOCAL_BRANCH`: what is pushed.
    pub local_branch: Option<String>,
    /// `PRE_COMMIT_REMOTE_NAME`: where it is pushed to.
    pub remote_name: Option<OsString>,
    /// `PRE_COMMIT_REMOTE_URL`: its address.
    pub remote_url: Option<OsString>,
}

impl Environment {
    /// Reads the environment of this process.
    pub fn read() -> Result<Self> {
        let text = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Ok(Self {
            current_dir: env::current_dir().context("find the working directory")?,
            path: env::var_os("PATH"),
            home: path(if cfg!(windows) { "USERPROFILE" } else { "HOME" }),
            xdg_config_home: path("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute()),
            xdg_data_home: path("XDG_DATA_HOME").filter(|folder| folder.is_absolute()),
            local_app_data: path("LOCALAPPDATA"),
            program_data: path("ProgramData"),
            keyguard_config: path("KEYGUARD_CONFIG"),
            keyguard_format: text("KEYGUARD_FORMAT"),
            skip: text("SKIP"),
            keyguard_chain: path("KEYGUARD_CHAIN"),
            keyguard_passed: path("KEYGUARD_PASSED"),
            keyguard_alone: text("KEYGUARD_ALONE"),
            keyguard_reader: text("KEYGUARD_READER"),
            no_color: text("NO_COLOR").is_some(),
            force_color: text("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            is_dumb_terminal: text("TERM").is_some_and(|value| value == "dumb"),
            git_config_global: path("GIT_CONFIG_GLOBAL"),
            git_config_parameters: env::var_os("GIT_CONFIG_PARAMETERS"),
            git_config_count: env::var_os("GIT_CONFIG_COUNT"),
            git_index_file: path("GIT_INDEX_FILE"),
            git_object_directory: path("GIT_OBJECT_DIRECTORY"),
            git_editor: text("GIT_EDITOR"),
            git_dir: path("GIT_DIR"),
            git_alternate_object_directories: env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES"),
            git_work_tree: path("GIT_WORK_TREE"),
            git_common_dir: path("GIT_COMMON_DIR"),
            git_reference_backend: text("GIT_REFERENCE_BACKEND"),
            pre_commit: PreCommit {
                from_ref: text("PRE_COMMIT_FROM_REF"),
                to_ref: text("PRE_COMMIT_TO_REF"),
                local_branch: text("PRE_COMMIT_LOCAL_BRANCH"),
                remote_name: env::var_os("PRE_COMMIT_REMOTE_NAME"),
                remote_url: env::var_os("PRE_COMMIT_REMOTE_URL"),
            },
        })
    }

    /// Where programs keep what is their own and not for the user to edit; `None` where there is no home.
    pub fn data_home(&self) -> Option<PathBuf> {
        let data = if cfg!(windows) { self.local_app_data.clone() } else { self.xdg_data_home.clone() };
        data.or_else(|| Some(self.current_dir.join(self.home.as_ref()?).join(".local/share")))
    }

    /// Whether git has an editor show the message of the commit.
    pub fn is_editor_used(&self) -> bool {
        self.git_editor.as_deref() != Some(":")
    }

    /// Whether git keeps branches and HEAD where only it finds them.
    pub fn has_refs_elsewhere(&self) -> bool {
        self.git_common_dir.is_some() || self.git_reference_backend.is_some()
    }

    /// Whether `SKIP` names keyguard.
    pub fn skips_keyguard(&self) -> bool {
        self.skip.iter().flat_map(|names| names.split(',')).any(|name| name.trim() == "keyguard")
    }
}
