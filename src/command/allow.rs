//! `keyguard allow`: writes entries into keyguard.toml, and stages it where that loses nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};

use super::{config_of_commit, inspect_staged};
use crate::cli::{AllowArgs, Global};
use crate::config::edit::{self, NewEntry};
use crate::config::{FILE_NAME, Sources, load, read_if_present};
use crate::environment::Environment;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo, command};
use crate::inspect::Counting;
use crate::outcome::Exit;
use crate::report::sanitized;
use crate::secret::Fingerprint;

/// Allows what the arguments name.
pub(crate) fn allow(args: &AllowArgs, global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    if args.reason.trim().trim_matches('.').is_empty() {
        bail!("the reason says nothing\nhelp: say why this is no secret: --reason \"test data\"");
    }
    let repo = Repo::open(environment, Caller::User)?;
    let root = repo.work_tree()?.to_path_buf();
    let by = repo.config_string("user.name").filter(|name| !name.trim().is_empty());
    let fingerprints = if args.last {
        let found = whatever_blocks(repo, global, environment, out)?;
        if found.is_empty() {
            return Ok(Exit::Clean);
        }
        found
    } else {
        args.fingerprint.iter().map(|text| parse_fingerprint(text)).collect::<Result<Vec<_>>>()?
    };
    let entry =
        |fingerprint: &Fingerprint| NewEntry { fingerprint: *fingerprint, reason: args.reason.clone(), by: by.clone() };
    let entries: Vec<_> = fingerprints.iter().map(entry).collect();
    let file = root.join(FILE_NAME);
    let staging = if args.no_stage { Staging::LeftToUser } else { Staging::of(&root)? };
    let (content, added) = edit::with_entries(read_if_present(&file)?.as_deref(), &entries)?;
    check_all(&content, global, environment)?;
    if added == 0 {
        writeln!(out, "already allowed in {FILE_NAME}; nothing was changed{}", staging.advice())?;
        return Ok(Exit::Clean);
    }
    edit::write_atomically(&file, &content)?;
    let words = if added == 1 { "1 entry".to_owned() } else { format!("{added} entries") };
    writeln!(out, "added {words} to {FILE_NAME}{}", staging.carry_out(&root)?)?;
    Ok(Exit::Clean)
}

/// Parses a fingerprint. The complaint does not repeat the text, which may be the key itself.
pub(super) fn parse_fingerprint(text: &str) -> Result<Fingerprint> {
    text.parse().map_err(|message| {
        anyhow!("this is no fingerprint: {message}\nhelp: copy it from the report, or allow all that blocks: --last")
    })
}

/// Checks the edited file with all other layers, as far as `config check` does: an entry that the next commit cannot
/// read is better not written.
pub(super) fn check_all(content: &[u8], global: &Global, environment: &Environment) -> Result<()> {
    let repository = Some((FILE_NAME.to_owned(), content.to_vec()));
    let config = load(Sources { environment, given: global.config.clone(), repository, min_confidence: None })?;
    super::config::compile(&config)
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
            Self::HasChanges => format!("; it has other changes, so it was not staged.{}", self.advice()),
            Self::Untracked => "; git does not track it yet, so it counts as it is. Commit again".to_owned(),
            Self::LeftToUser => format!(" and did not stage it.{}", self.advice()),
        })
    }

    /// What is left to do where the file is not staged by us, on a line of its own.
    fn advice(&self) -> String {
        match self {
            Self::HasChanges | Self::LeftToUser => format!("\nStage it, then commit again: git add {FILE_NAME}"),
            Self::Stage | Self::Untracked => String::new(),
        }
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
        return told(staged, out);
    }
    let folder = tempfile::tempdir().context("make a temporary folder")?;
    let index = folder.path().join("index");
    let objects = folder.path().join("objects");
    fs::create_dir(&objects)?;
    stage_all_aside(&repo, &index, &objects)?;
    let changed = blocked(&repo.with_index(index, objects)?, global, environment)?;
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
    let outcome = inspect_staged(&reader, &config, Counting::Files);
    if let Some(failure) = outcome.failures.first() {
        let path = failure.path.as_ref().map(|path| format!("{}: ", sanitized(path.as_bytes()))).unwrap_or_default();
        bail!("the changes cannot be inspected: {path}{}", failure.message);
    }
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

/// Stages every tracked change into an index and an object folder of our own; the user's stay as they are.
pub(super) fn stage_all_aside(repo: &Repo, index: &Path, objects: &Path) -> Result<()> {
    if repo.index_file().exists() {
        fs::copy(repo.index_file(), index).context("copy the index")?;
    }
    let mut command = command::git(repo.work_tree()?);
    command.args(["add", "--update", "--", "."]).env("GIT_INDEX_FILE", index);
    command.env("GIT_OBJECT_DIRECTORY", objects);
    command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", command::quoted_path(repo.object_folder()));
    command::output(&mut command).context("look at the tracked changes of the work tree").map(drop)
}
