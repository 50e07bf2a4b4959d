//! git's configuration of the user, read and written by git itself: it locks the file, keeps comments, and knows where
//! the file is.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};

use super::folder::os_string;
use crate::environment::Environment;
use crate::git::command;
use crate::report::sanitized;

/// Where git looks for hooks.
pub(super) const HOOKS_PATH: &str = "core.hooksPath";

/// What the user's own configuration says of hooks, without what it includes.
pub(super) struct Settings {
    /// Keys and values in their order.
    entries: Vec<(String, OsString)>,
    home: Option<PathBuf>,
}

impl Settings {
    /// Asks git.
    pub(super) fn read(environment: &Environment) -> Result<Self> {
        require_file(environment)?;
        let mut git = command::git(&environment.current_dir);
        git.args(["config", "--no-includes", "--null", "--show-scope", "--get-regexp"]);
        let answer = git.arg(r"^(core\.hookspath|hook\..+)$").output().context("run git")?;
        // 1 says that there is no such key, or no file.
        if !answer.status.success() && answer.status.code() != Some(1) {
            bail!("read git's configuration: git says: {}", command::complaint(&answer.stderr));
        }
        let entry = |text: &[u8]| {
            let key = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
            let (key, value) = text.split_at(key);
            (String::from_utf8_lossy(key).into_owned(), os_string(value.get(1..).unwrap_or_default()))
        };
        let fields: Vec<_> = answer.stdout.split(|byte| *byte == 0).collect();
        let entries = fields.chunks_exact(2).filter(|pair| pair[0] == b"global").map(|pair| entry(pair[1]));
        Ok(Self { entries: entries.collect(), home: environment.home.clone() })
    }

    /// The values of `key`.
    pub(super) fn values(&self, key: &str) -> impl Iterator<Item = &OsStr> {
        self.entries.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| &**value)
    }

    /// Whether `key` has this value and no other.
    pub(super) fn is(&self, key: &str, value: impl AsRef<OsStr>) -> bool {
        self.values(key).eq([value.as_ref()])
    }

    /// Whether `key` switches something off.
    pub(super) fn is_false(&self, key: &str) -> bool {
        let is_no = |value: &OsStr| ["false", "no", "off", "0", ""].iter().any(|no| value.eq_ignore_ascii_case(no));
        self.values(key).last().is_some_and(is_no)
    }

    /// The folder that a value names, as git reads paths.
    pub(super) fn folder(&self, value: &OsStr) -> PathBuf {
        let in_home = Path::new(value).strip_prefix("~").ok().zip(self.home.as_ref());
        in_home.map_or_else(|| value.into(), |(rest, home)| home.join(rest))
    }
}

/// What sets `core.hooksPath` for all repositories of the user: the last word of the system's and the user's
/// configuration, included files too.
pub(super) fn global_hooks_path(current_dir: &Path) -> Option<OsString> {
    let mut git = command::git(current_dir);
    let answer = command::output(git.args(["config", "--null", "--show-scope", "--get-all", HOOKS_PATH])).ok()?;
    let fields: Vec<_> = answer.split(|byte| *byte == 0).collect();
    let is_global = |pair: &&[&[u8]]| pair[0] == b"system" || pair[0] == b"global";
    fields.chunks_exact(2).rfind(is_global).map(|pair| os_string(pair[1]))
}

/// Gives `key` this value alone.
pub(super) fn set(key: &str, value: &OsStr) -> Result<()> {
    let mut git = command::git(Path::new("."));
    git.args(["config", "--global", "--replace-all", key]).arg(value);
    let value = sanitized(value.as_encoded_bytes());
    command::output(&mut git).map(drop).map_err(|error| {
        anyhow!("set {key}: {error:#}\nhelp: if another tool writes git's configuration, have it write there: {key} = {value}")
    })
}

/// Takes `value` out from under `key`, in whichever of the user's files it stands: there may be two, `~/.gitconfig` and
/// `git/config` of XDG, and `--global` means one.
pub(super) fn unset(key: &str, value: &OsStr) -> Result<()> {
    let unset = || {
        let config = || {
            let mut git = command::git(Path::new("."));
            git.arg("config");
            git
        };
        let asked = ["--no-includes", "--null", "--show-scope", "--show-origin", "--get-all", key];
        let answer = command::output(config().args(asked))?;
        let fields: Vec<_> = answer.split(|byte| *byte == 0).collect();
        let is_it = |fields: &&[&[u8]]| fields[0] == b"global" && os_string(fields[2]) == value;
        let places = fields.chunks_exact(3).filter(is_it).filter_map(|fields| fields[1].strip_prefix(b"file:"));
        places.collect::<BTreeSet<_>>().into_iter().try_for_each(|file| {
            let mut git = config();
            git.arg("--file").arg(os_string(file)).args(["--fixed-value", "--unset-all", key]).arg(value);
            command::output(&mut git).map(drop)
        })
    };
    unset().with_context(|| format!("take {key} out of git's configuration"))
}

/// Fails where there is no file to write. In the place of a device such as `/dev/null` git would put one, for whoever may.
fn require_file(environment: &Environment) -> Result<()> {
    let usual = || Some(environment.home.as_ref()?.join(".gitconfig"));
    let Some(file) = environment.git_config_global.clone().or_else(usual) else { return Ok(()) };
    let file = environment.current_dir.join(file);
    if file.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        let file = sanitized(file.as_os_str().as_encoded_bytes());
        bail!(
            "git's configuration of this user is `{file}`, which is no file\nhelp: unset GIT_CONFIG_GLOBAL, or have it name a file"
        );
    }
    Ok(())
}
