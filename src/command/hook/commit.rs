//! pre-commit and pre-merge-commit: what is about to be committed.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::Result;

use super::super::{config_of_commit, inspect_staged};
use super::state::FileState;
use super::{Report, report};
use crate::allowlist::Allowlist;
use crate::baseline::{self, Baseline};
use crate::cli::format_from;
use crate::config::{FILE_NAME, Sources, allow_entries, broad, encrypted_paths, load, loosened, read_if_present};
use crate::environment::Environment;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::hook::chain::Call;
use crate::inspect::Counting;
use crate::outcome::{Exit, Outcome};
use crate::report::{Format, Subject};

/// Whether a commit is looked at for the first time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    /// What there was to remark has been said.
    Again,
}

/// Looks at the index against `parents` and reports; gives the verdict, and the index as it was.
pub(super) fn check(parents: Parents, call: &Call, environment: &Environment) -> Result<(Exit, FileState)> {
    look(parents, Turn::First, (call, environment))
}

/// Looks at the same commit again, after hooks that may have staged something.
pub(super) fn check_again(call: &Call, environment: &Environment) -> Result<(Exit, FileState)> {
    look(Parents::All, Turn::Again, (call, environment))
}

fn look(parents: Parents, turn: Turn, (call, environment): (&Call, &Environment)) -> Result<(Exit, FileState)> {
    let start = Instant::now();
    let repo = Repo::open(environment, Caller::Hook)?;
    let index = FileState::of(repo.index_file());
    let reader = StagedReader::new(&repo, parents)?;
    if reader.is_empty() {
        return Ok((Exit::Clean, index));
    }
    let format = format_from(environment)?;
    let sources = Sources { environment, given: None, repository: None, min_confidence: None };
    let config = config_of_commit(&reader, &repo, sources)?;
    let counting = if format == Format::Json { Counting::Hunks } else { Counting::Files };
    let mut outcome = inspect_staged(&reader, &config, counting)?;
    match turn {
        Turn::First => {
            outcome.notices.extend(policy_changes(&reader)?);
            outcome.notices.extend(baseline_changes(&reader)?);
        }
        Turn::Again if outcome.exit() == Exit::Clean => return Ok((Exit::Clean, index)),
        Turn::Again => outcome.notices.clear(),
    }
    let hint = if outcome.exit() == Exit::Blocked { hint(&reader, &repo, &outcome, environment) } else { None };
    let subject = if parents == Parents::All { Subject::Commit } else { Subject::Merge };
    Ok((report(Report { call, repo: &repo, subject, start, hint }, &outcome, environment)?, index))
}

/// The remarks that this commit allows more, or blocks less, than the one before.
fn policy_changes(reader: &StagedReader<'_>) -> Result<Vec<String>> {
    let Some(new) = reader.changed_root_file(FILE_NAME)? else { return Ok(Vec::new()) };
    let old = reader.head_file(FILE_NAME)?;
    let entries = |content: Vec<u8>| allow_entries(content).into_iter().collect::<BTreeSet<_>>();
    let added = &entries(new.clone()) - &old.clone().map(entries).unwrap_or_default();
    let words = if added.len() == 1 { "1 allow entry" } else { &format!("{} allow entries", added.len()) };
    let loosened = &loosened(new.clone()) - &old.clone().map(loosened).unwrap_or_default();
    let guarded = |content: Vec<u8>| encrypted_paths(content).into_iter().collect::<BTreeSet<_>>();
    let dropped = old.map(guarded).unwrap_or_default().difference(&guarded(new)).count();
    let mut notices = Vec::new();
    if dropped > 0 {
        notices.push(format!("this commit takes {dropped} of `[[encrypted]]` out of {FILE_NAME}"));
    }
    if !added.is_empty() {
        notices.push(format!("this commit adds {words} to {FILE_NAME}"));
    }
    let loosened: Vec<_> = broad(added).into_iter().chain(loosened).collect();
    if !loosened.is_empty() {
        notices.push(format!("this commit has keyguard block less, by {} in {FILE_NAME}", loosened.join(", ")));
    }
    Ok(notices)
}

/// The remark that this commit has more keys in its baseline; a broken one is better stopped here than at the next key.
fn baseline_changes(reader: &StagedReader<'_>) -> Result<Option<String>> {
    let Some(new) = reader.changed_root_file(baseline::FILE_NAME)? else { return Ok(None) };
    let new = Baseline::parse(&new)?;
    let old = reader.head_file(baseline::FILE_NAME)?;
    let old = old.and_then(|old| Baseline::parse(&old).ok()).unwrap_or_default();
    let added = new.count_beyond(&old);
    let words = if added == 1 { "1 key" } else { &format!("{added} keys") };
    Ok((added > 0).then(|| format!("this commit adds {words} to {}, which do not block", baseline::FILE_NAME)))
}

/// What a person has to know about `keyguard.toml` and the baseline to get on.
fn hint(reader: &StagedReader<'_>, repo: &Repo, outcome: &Outcome<'_>, environment: &Environment) -> Option<String> {
    let partial = is_partial(environment);
    let unstaged = if has_entry_in_work_tree(reader, repo, outcome, environment) {
        Some((FILE_NAME, "allows this"))
    } else {
        has_key_in_work_tree(reader, repo, outcome).then_some((baseline::FILE_NAME, "lists this"))
    };
    if let Some((name, does)) = unstaged {
        let how = if partial {
            format!("name it in the command: git commit PATH :/{name}")
        } else {
            format!("stage it: git add {name}")
        };
        return Some(format!("{name} in the work tree {does}, but this commit has another version of it; {how}"));
    }
    let is_there = || matches!(reader.root_file(FILE_NAME), Ok(Some(_)));
    let is_in_work_tree = || work_tree_file(repo, FILE_NAME).is_some();
    (partial && is_there() && is_in_work_tree())
        .then(|| format!("To allow something in a commit of single paths, name :/{FILE_NAME} among the paths."))
}

/// Whether the configuration of the work tree, another one than the commit's, has an entry for what blocks.
fn has_entry_in_work_tree(
    reader: &StagedReader<'_>,
    repo: &Repo,
    outcome: &Outcome<'_>,
    environment: &Environment,
) -> bool {
    let Some(content) = unstaged_version(reader, repo, FILE_NAME) else { return false };
    let repository = Some((FILE_NAME.to_owned(), content));
    let Ok(config) = load(Sources { environment, given: None, repository, min_confidence: None }) else { return false };
    let allowlist = Allowlist::new(&config);
    outcome.blocked.iter().any(|located| allowlist.has_entry_for(located))
}

/// Whether the baseline of the work tree, another one than the commit's, has what blocks.
fn has_key_in_work_tree(reader: &StagedReader<'_>, repo: &Repo, outcome: &Outcome<'_>) -> bool {
    let content = unstaged_version(reader, repo, baseline::FILE_NAME);
    let baseline = content.and_then(|content| Baseline::parse(&content).ok()).unwrap_or_default();
    outcome.blocked.iter().any(|located| baseline.holds(located.finding.fingerprint()))
}

/// The content in the work tree of a file of which the commit has another version.
fn unstaged_version(reader: &StagedReader<'_>, repo: &Repo, name: &str) -> Option<Vec<u8>> {
    let staged = reader.root_file(name).ok()??;
    work_tree_file(repo, name).filter(|content| *content != staged)
}

fn work_tree_file(repo: &Repo, name: &str) -> Option<Vec<u8>> {
    read_if_present(&repo.work_tree().ok()?.join(name)).ok()?
}

/// Whether git was given paths: then it commits from an index of its own.
fn is_partial(environment: &Environment) -> bool {
    let name = environment.git_index_file.as_ref().and_then(|file| file.file_name());
    name.is_some_and(|name| name.to_string_lossy().starts_with("next-index-"))
}
