//! `keyguard allow`: writes entries into keyguard.toml, and stages it where that loses nothing.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};

use super::{config_of_commit, inspect_staged};
use crate::cli::{AllowArgs, Global};
use crate::config::edit::{self, NewEntry};
use crate::config::{FILE_NAME, Sources, read_if_present};
use crate::environment::Environment;
use crate::git::staged::StagedReader;
use crate::git::{Caller, Repo, command};
use crate::inspect::Counting;
use crate::outcome::Exit;
use crate::secret::Fingerprint;

/// Allows what the arguments name.
pub(crate) fn allow(args: &AllowArgs, global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    if args.reason.trim().is_empty() {
        bail!("the reason is empty\nhelp: say why this is no secret: --reason \"test data\"");
    }
    let repo = Repo::open(environment, Caller::User)?;
    let root = repo.work_tree()?.to_path_buf();
    let by = repo.config_string("user.name");
    let fingerprints = if args.last {
        let found = whatever_blocks(repo, global, environment, out)?;
        if found.is_empty() {
            return Ok(Exit::Clean);
        }
        found
    } else {
        let parse = |text: &String| text.parse().map_err(|message| anyhow!("`{text}` is no fingerprint: {message}"));
        args.fingerprint.iter().map(parse).collect::<Result<Vec<Fingerprint>>>()?
    };
    let entry =
        |fingerprint: &Fingerprint| NewEntry { fingerprint: *fingerprint, reason: args.reason.clone(), by: by.clone() };
    let entries: Vec<_> = fingerprints.iter().map(entry).collect();
    let file = root.join(FILE_NAME);
    let staging = if args.no_stage { Staging::LeftToUser } else { Staging::of(&root)? };
    let (content, added) = edit::with_entries(read_if_present(&file)?.as_deref(), &entries)?;
    if added == 0 {
        writeln!(out, "already allowed in {FILE_NAME}; nothing was changed")?;
        return Ok(Exit::Clean);
    }
    edit::write_atomically(&file, &content)?;
    let words = if added == 1 { "1 entry".to_owned() } else { format!("{added} entries") };
    writeln!(out, "added {words} to {FILE_NAME}{}", staging.carry_out(&root)?)?;
    Ok(Exit::Clean)
}

/// What is to happen to the edited file; decided before the edit.
enum Staging {
    /// Stage it: it held no other unstaged change.
    Stage,
    /// It has unstaged changes that are not ours to stage.
    HasChanges,
    /// git does not track it, so the hook reads it from the work tree.
    Untracked,
    /// The user asked for it.
    LeftToUser,
}

impl Staging {
    fn of(root: &Path) -> Result<Self> {
        let exists = fs::symlink_metadata(root.join(FILE_NAME)).is_ok();
        Ok(match command::status(root, FILE_NAME)? {
            command::Status::Untracked if exists => Self::Untracked,
            command::Status::Changed => Self::HasChanges,
            _ => Self::Stage,
        })
    }

    fn carry_out(&self, root: &Path) -> Result<String> {
        Ok(match self {
            Self::Stage if command::is_ignored(root, FILE_NAME)? => {
                "; git ignores that file, so it counts for you alone. Commit again".to_owned()
            }
            Self::Stage => {
                command::stage(root, FILE_NAME)?;
                " and staged it; commit again".to_owned()
            }
            Self::HasChanges => format!(
                "; it has other changes, so it was not staged.\nStage it, then commit again: git add {FILE_NAME}"
            ),
            Self::Untracked => "; git does not track it yet, so it counts as it is. Commit again".to_owned(),
            Self::LeftToUser => format!(" and did not stage it.\nStage it, then commit again: git add {FILE_NAME}"),
        })
    }
}

/// The keys that block the staged changes now; when none does, those in tracked changes of the work tree, which is what
/// `git commit -a` would bring in.
fn whatever_blocks(
    repo: Repo,
    global: &Global,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<Vec<Fingerprint>> {
    let staged = blocked(&repo, global, environment)?;
    if !staged.is_empty() {
        return Ok(staged);
    }
    let folder = tempfile::tempdir().context("make a temporary folder")?;
    let index = folder.path().join("index");
    let objects = folder.path().join("objects");
    fs::create_dir(&objects)?;
    stage_all_aside(&repo, &index, &objects)?;
    let changed = blocked(&repo.with_index(index, objects)?, global, environment)?;
    match changed.len() {
        0 => writeln!(out, "nothing blocks, neither in the staged changes nor in those of tracked files")?,
        count => writeln!(
            out,
            "nothing staged blocks; looked at tracked files instead, as git commit -a does: {count} found"
        )?,
    }
    Ok(changed)
}

fn blocked(repo: &Repo, global: &Global, environment: &Environment) -> Result<Vec<Fingerprint>> {
    let reader = StagedReader::new(repo)?;
    let sources =
        Sources { environment, given: global.config.clone(), repository: None, min_confidence: global.min_confidence };
    let config = config_of_commit(&reader, repo, sources)?;
    let outcome = inspect_staged(&reader, &config, Counting::Files);
    if let Some(failure) = outcome.failures.first() {
        bail!("the changes cannot be inspected: {}", failure.message);
    }
    let mut found: Vec<_> = outcome.blocked.iter().map(|located| located.finding.fingerprint()).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// Stages every tracked change into an index and an object folder of our own; the user's stay as they are.
fn stage_all_aside(repo: &Repo, index: &Path, objects: &Path) -> Result<()> {
    if repo.index_file().exists() {
        fs::copy(repo.index_file(), index).context("copy the index")?;
    }
    let mut command = command::git(repo.work_tree()?);
    command.args(["add", "--update", "--", "."]).env("GIT_INDEX_FILE", index);
    command.env("GIT_OBJECT_DIRECTORY", objects).env("GIT_ALTERNATE_OBJECT_DIRECTORIES", repo.object_folder());
    command::output(&mut command).context("look at the tracked changes of the work tree").map(drop)
}
