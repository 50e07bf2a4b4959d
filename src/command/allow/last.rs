//! What blocks now: in the staged changes, or else in those that `git commit -a` would stage.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::cli::Global;
use crate::command::{complete, config_of_commit, inspect_staged};
use crate::config::Sources;
use crate::environment::Environment;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Repo, command, index};
use crate::inspect::Counting;
use crate::report::sanitized;
use crate::secret::Fingerprint;

/// The keys that block the staged changes now; when none does, those in tracked changes of the work tree, which is what
/// `git commit -a` would bring in.
pub(super) fn whatever_blocks(
    repo: Repo,
    global: &Global,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<Vec<Fingerprint>> {
    let staged = blocked(&repo, global, environment)?;
    if !staged.is_empty() {
        return told(staged, out);
    }
    let folder = tempfile::tempdir().context("make a temporary folder")?;
    let changed = blocked(&with_all_staged(repo, folder.path())?, global, environment)?;
    if changed.is_empty() {
        writeln!(out, "nothing blocks, neither in the staged changes nor in those of tracked files")?;
    } else {
        writeln!(out, "nothing staged blocks, so this looked at all tracked files, as `git commit -a` does")?;
    }
    told(changed, out)
}

/// Names every key that is about to be allowed: it is more than its owner has typed.
fn told(found: BTreeMap<Fingerprint, String>, out: &mut dyn Write) -> Result<Vec<Fingerprint>> {
    for (fingerprint, what) in &found {
        writeln!(out, "{fingerprint}  {what}")?;
    }
    Ok(found.into_keys().collect())
}

/// What blocks, each key with its kind and first place.
fn blocked(repo: &Repo, global: &Global, environment: &Environment) -> Result<BTreeMap<Fingerprint, String>> {
    let reader = StagedReader::new(repo, Parents::All)?;
    let sources =
        Sources { environment, given: global.config.clone(), repository: None, min_confidence: global.min_confidence };
    let config = config_of_commit(&reader, repo, sources)?;
    let outcome = complete(inspect_staged(&reader, &config, Counting::Files)?, "the changes")?;
    let mut found = BTreeMap::new();
    for located in &outcome.blocked {
        let path = located.path.as_ref().map(|path| sanitized(path.as_bytes())).unwrap_or_default();
        let title = sanitized(located.finding.rule.facts().title.as_bytes());
        let place = &located.finding.location;
        let what = format!("{title} in {path}:{}:{}", place.line, place.column);
        found.entry(located.finding.fingerprint()).or_insert(what);
    }
    Ok(found)
}

/// The repository with every tracked change staged, in an index and an object folder of our own below `folder`; the
/// user's stay as they are.
pub(in crate::command) fn with_all_staged(repo: Repo, folder: &Path) -> Result<Repo> {
    let (copy, objects) = (folder.join("index"), folder.join("objects"));
    fs::create_dir(&objects)?;
    if repo.index_file().exists() {
        index::copy(repo.index_file(), &copy)?;
    }
    let mut command = command::git(repo.work_tree()?);
    // Of a path git would complain where nothing is tracked yet.
    command.args(["add", "--update"]).env("GIT_INDEX_FILE", &copy);
    command.env("GIT_OBJECT_DIRECTORY", &objects);
    command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", command::quoted_path(repo.object_folder()));
    command::output(&mut command).context("look at the tracked changes of the work tree")?;
    repo.with_index(copy, objects)
}
