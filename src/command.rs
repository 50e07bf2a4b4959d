//! The verbs: one file each, its words and no mechanics. Here is what several of them need.

pub(crate) mod allow;
pub(crate) mod audit;
pub(crate) mod baseline;
mod census;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fix;
mod global;
pub(crate) mod hook;
pub(crate) mod import;
pub(crate) mod install;
pub(crate) mod range;
pub(crate) mod rules;
pub(crate) mod scan;
mod staging;
pub(crate) mod uninstall;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::baseline::{Baseline, FILE_NAME as BASELINE};
use crate::change::BytePath;
use crate::cli::Global;
use crate::config::{Config, FILE_NAME, Sources, load, read_if_present};
use crate::environment::Environment;
use crate::fix::{Grounds, Staged, draft};
use crate::git::Repo;
use crate::git::staged::StagedReader;
use crate::inspect::{Counting, Inspector};
use crate::outcome::{Exit, Outcome, Skipped};
use crate::report::sanitized;

/// The configuration as it is in files: for everything that does not look at a commit.
pub(crate) fn config_of_work_tree(global: &Global, environment: &Environment) -> Result<Config> {
    let repository = match work_tree_of(&environment.current_dir) {
        Some(root) => read_if_present(&root.join(FILE_NAME))?.map(|content| (FILE_NAME.to_owned(), content)),
        None => None,
    };
    load(Sources { environment, given: global.config.clone(), repository, min_confidence: global.min_confidence })
}

/// The configuration that a commit goes with: its own version of the file when it has one, else that of the work tree.
pub(crate) fn config_of_commit(reader: &StagedReader<'_>, repo: &Repo, sources: Sources<'_>) -> Result<Config> {
    let content = match reader.root_file(FILE_NAME)? {
        Some(content) => Some(content),
        None => read_if_present(&repo.work_tree()?.join(FILE_NAME))?,
    };
    load(Sources { repository: content.map(|content| (FILE_NAME.to_owned(), content)), ..sources })
}

/// The baseline that a commit goes with: its own version of the file when it has one, else that of the work tree.
pub(crate) fn baseline_of_commit(reader: &StagedReader<'_>) -> Result<Option<Baseline>> {
    let content = match reader.root_file(BASELINE)? {
        Some(content) => Some(content),
        None => read_if_present(&reader.work_tree()?.join(BASELINE))?,
    };
    content.map(|content| Baseline::parse(&content)).transpose()
}

/// The baseline as it is in the work tree.
pub(crate) fn baseline_of_work_tree(environment: &Environment) -> Result<Option<Baseline>> {
    let Some(root) = work_tree_of(&environment.current_dir) else { return Ok(None) };
    let content = read_if_present(&root.join(BASELINE))?;
    content.map(|content| Baseline::parse(&content)).transpose()
}

/// The same for files whose names count from the working directory.
pub(crate) fn baseline_of_files(environment: &Environment) -> Result<Option<Baseline>> {
    let folder = &environment.current_dir;
    let seen_from_there = |baseline: Baseline| match work_tree_of(folder) {
        Some(root) => baseline.seen_from(root, folder.clone()),
        None => baseline,
    };
    Ok(baseline_of_work_tree(environment)?.map(seen_from_there))
}

/// The root of the work tree that `folder` lies in, by its `.git`; works for repositories of every format.
pub(crate) fn work_tree_of(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|ancestor| ancestor.join(".git").exists()).map(Path::to_path_buf)
}

/// Refuses to draw conclusions where not all could be looked at; `what` begins the sentence.
fn complete<'c>(outcome: Outcome<'c>, what: &str) -> Result<Outcome<'c>> {
    let Some(failure) = outcome.failures.first() else { return Ok(outcome) };
    let path = failure.path.as_ref().map(|path| format!("{}: ", sanitized(path.as_bytes()))).unwrap_or_default();
    bail!("{what} cannot be inspected: {path}{}", failure.message)
}

/// Writes a report to where it is wanted. The verdict stands, whoever reads it; only one of 0 could be taken for silence.
fn deliver(report: &[u8], exit: Exit, global: &Global, out: &mut dyn Write) -> Result<Exit> {
    let written = match &global.output {
        Some(file) => std::fs::write(file, report).with_context(|| format!("write the report to `{}`", file.display())),
        None => out.write_all(report).and_then(|()| out.flush()).context("write the report"),
    };
    match written {
        Err(error) if exit == Exit::Clean => Err(error),
        _ => Ok(exit),
    }
}

/// Looks at everything that the commit brings in.
pub(crate) fn inspect_staged<'c>(
    reader: &StagedReader<'_>,
    config: &'c Config,
    counting: Counting,
) -> Result<Outcome<'c>> {
    let mut outcome = Outcome { notices: config.notices.clone(), ..Outcome::default() };
    let inspector = Inspector::new(config, counting);
    for (path, change) in reader.changes() {
        match change {
            Ok(change) => inspector.inspect(&change, &mut outcome),
            Err(error) => inspector.fail(&path, &error, &mut outcome),
        }
    }
    let conflicts = reader.unmerged().iter();
    outcome.skipped.extend(conflicts.map(|path| Skipped { path: path.clone(), reason: "in conflict".to_owned() }));
    inspector.finish(&|| baseline_of_commit(reader), &mut outcome)?;
    let is_in_head = |path: &BytePath| reader.is_in_head(path).unwrap_or(true);
    let is_tracked = |path: &BytePath| reader.is_staged(path) || is_in_head(path);
    let root = reader.work_tree().ok();
    let staged = root.map(|root| Staged { root, is_tracked: &is_tracked, is_in_head: &is_in_head });
    draft(&mut outcome.blocked, &Grounds { config, staged });
    Ok(outcome)
}
