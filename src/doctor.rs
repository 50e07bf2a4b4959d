//! Proves that a commit here would be blocked, by trying; or finds what is in the way.
//!
//! What a hook's file looks like proves nothing: the hook that git would run is run, on a made-up key that is staged in a
//! temporary index, and has to name that key. Mechanics only: nothing here prints. The repository stays as it is, byte
//! for byte, and hooks of other tools are run only when that was asked for: they may change files, or publish something.

mod author;
mod canary;
mod effective;
mod trial;
mod worktree;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

pub(crate) use author::Author;
pub(crate) use canary::RULE;
pub(crate) use effective::{Call, Configured, FolderHook, Nature, State};
pub(crate) use trial::{BARE_PATH, Reaction};
pub(crate) use worktree::{Finding, Unlike};

use crate::config::{FILE_NAME, read_if_present};
use crate::environment::Environment;
use crate::git::command;
use crate::hook::Kind;
use crate::hook::folder::{self, Folder, ask};
use canary::Canary;
use trial::{Chained, Trial};

/// The hook that is tried.
const TRIED: Kind = Kind::PreCommit;

/// Which hooks may run on the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those that keyguard wrote.
    Ours,
    /// All that git would run.
    All,
}

/// What was found.
pub(crate) struct Examination {
    /// Where git takes hooks from.
    pub(crate) folder: Folder,
    /// The hook in that folder.
    pub(crate) hook: FolderHook,
    /// The hooks in git's configuration.
    pub(crate) configured: Vec<Configured>,
    /// How the hooks took the canary; `None` when there is nothing that may be run.
    pub(crate) reaction: Option<Reaction>,
    /// The same with the PATH of a graphical client, if they blocked it.
    pub(crate) bare: Option<Reaction>,
    /// Other worktrees that have another hook.
    pub(crate) unlike: Vec<Unlike>,
    /// What else calls keyguard, in the order in which git runs it.
    pub(crate) others: Vec<(Kind, FolderHook)>,
    /// What else git's configuration has keyguard look at.
    pub(crate) other_configured: Vec<Kind>,
    /// A shim in the git directory, when git looks elsewhere.
    pub(crate) passed_over: Option<PathBuf>,
    /// The configuration that the next commit goes with.
    pub(crate) config: Option<Vec<u8>>,
}

/// Looks at the repository of the working directory and tries its hooks.
pub(crate) fn examine(environment: &Environment, reach: Reach) -> Result<Examination> {
    let current_dir = &environment.current_dir;
    let folder = folder::find(current_dir)?;
    folder.require_use_of(&[TRIED])?;
    let hook = effective::in_folder(TRIED, &folder);
    let configured = effective::configured(current_dir, TRIED.name());
    let (reaction, bare) = try_out(environment, reach, (&hook, &configured))?;
    let runs_by_config = configured.iter().any(|hook| hook.is_ours() && hook.state == State::On);
    let unlike = match hook.nature {
        // There is nothing that another worktree could lack.
        Nature::Nothing => Vec::new(),
        _ if runs_by_config => Vec::new(),
        _ => worktree::unlike(TRIED, &folder, &hook),
    };
    let usual = folder.usual().join(TRIED.name());
    let is_reached = usual == hook.file || folder.global_shim(TRIED).is_some();
    let passed_over = (!is_reached && effective::is_shim(&usual)).then_some(usual);
    let config = config(environment)?;
    let others = others(&folder);
    let kinds = folder.kinds().iter().copied();
    let other_configured = kinds.filter(|kind| *kind != TRIED && is_configured(*kind, environment)).collect();
    Ok(Examination { folder, hook, configured, reaction, bare, unlike, others, other_configured, passed_over, config })
}

/// Whether git's configuration has keyguard run at `kind`.
pub(crate) fn is_configured(kind: Kind, environment: &Environment) -> bool {
    let hooks = effective::configured(&environment.current_dir, kind.name());
    hooks.iter().any(|hook| hook.is_ours() && hook.state == State::On)
}

/// Runs what may be run; the second time with the PATH of a graphical client.
fn try_out(
    environment: &Environment,
    reach: Reach,
    (hook, configured): (&FolderHook, &[Configured]),
) -> Result<(Option<Reaction>, Option<Reaction>)> {
    let may_run = |is_ours: bool| is_ours || reach == Reach::All;
    let file = (hook.is_executable && may_run(matches!(hook.nature, Nature::Ours(_)))).then_some(hook.file.as_path());
    let on = || configured.iter().filter(|hook| hook.state == State::On);
    let left_out: Vec<_> = on().filter(|hook| !may_run(hook.is_ours())).map(|hook| hook.name.as_str()).collect();
    if file.is_none() && left_out.len() == on().count() {
        return Ok((None, None));
    }
    let canary = Canary::stage(environment)?;
    let chained = if reach == Reach::All { Chained::Runs } else { Chained::LeftOut };
    let trial = Trial { environment, canary: &canary, name: TRIED.name(), file, left_out, chained };
    let reaction = trial.run(None)?;
    let bare = if cfg!(unix) && reaction == Reaction::Blocked { Some(trial.run(Some(BARE_PATH))?) } else { None };
    Ok((Some(reaction), bare))
}

/// The configuration as it is staged, else as it is in the work tree: that is how a hook reads it.
fn config(environment: &Environment) -> Result<Option<Vec<u8>>> {
    let current_dir = &environment.current_dir;
    let mut git = command::git(current_dir);
    // Whoever looks into the index may start the monitor, and a missing blob may be fetched.
    git.env("GIT_NO_LAZY_FETCH", "1").args([
        "-c",
        "core.fsmonitor=false",
        "cat-file",
        "blob",
        &format!(":{FILE_NAME}"),
    ]);
    if let Ok(staged) = command::output(&mut git) {
        return Ok(Some(staged));
    }
    read_if_present(&ask(current_dir, &["--show-toplevel"])?.join(FILE_NAME)).context("read the configuration")
}

/// The hooks of other kinds that call keyguard.
fn others(folder: &Folder) -> Vec<(Kind, FolderHook)> {
    let kinds = folder.kinds().iter().filter(|kind| **kind != TRIED);
    let hooks = kinds.map(|kind| (*kind, effective::in_folder(*kind, folder)));
    hooks.filter(|(_, hook)| !matches!(hook.nature, Nature::Nothing | Nature::Foreign(_, Call::NotNamed))).collect()
}
