//! `keyguard hook KIND`: what git runs. Scan first, then the hook that was there before us, then scan again if it
//! changed the index.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use anyhow::{Result, anyhow, bail};

use super::{config_of_commit, inspect_staged};
use crate::allowlist::Allowlist;
use crate::cli::{format_from, wants_color};
use crate::config::{Config, FILE_NAME, Sources, allow_entries, load, loosened, read_if_present};
use crate::environment::Environment;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::hook::Kind;
use crate::hook::chain::Call;
use crate::inspect::Counting;
use crate::outcome::{Exit, Outcome};
use crate::report::{self, Detail, Format, Style, Subject};

/// Runs the hook called `name` with what the shim passed on.
pub(crate) fn run(name: &OsStr, args: &[OsString], environment: &Environment) -> Result<ExitCode> {
    let Some(kind) = Kind::named(name) else {
        bail!("this keyguard knows no hook `{}`\nhelp: run `keyguard install` again", name.display());
    };
    let call = Call::receive(kind, args)?;
    let index = if is_skipped(environment)? {
        let event = kind.event();
        writeln!(io::stderr(), "keyguard: skipped, because SKIP names it; this {event} was not checked").ok();
        None
    } else {
        let verdict = check(kind, &call, environment)?;
        if verdict.exit != Exit::Clean {
            return Ok(verdict.exit.into());
        }
        verdict.index
    };
    let Some(status) = call.run_chained(environment)? else { return Ok(Exit::Clean.into()) };
    match index {
        Some(index) if status == ExitCode::SUCCESS && index.has_changed() => {
            Ok(check(kind, &call, environment)?.exit.into())
        }
        _ => Ok(status),
    }
}

/// What a check comes to.
struct Verdict {
    exit: Exit,
    /// The index as it was looked at, where a hook that changes it changes what is committed.
    index: Option<IndexState>,
}

/// Looks at what git is about to do and reports. An error says that it is not done.
fn check(kind: Kind, _call: &Call, environment: &Environment) -> Result<Verdict> {
    match kind {
        Kind::PreCommit => check_commit(environment),
        Kind::PreMergeCommit | Kind::CommitMsg | Kind::PrePush | Kind::PreReceive => {
            Ok(Verdict { exit: Exit::Clean, index: None })
        }
    }
}

/// Whether `SKIP` asks to leave keyguard out, and no policy of the system forbids it.
fn is_skipped(environment: &Environment) -> Result<bool> {
    if !environment.skips_keyguard() {
        return Ok(false);
    }
    let config = load(Sources { environment, given: None, repository: None, min_confidence: None })?;
    if !config.skippable {
        writeln!(io::stderr(), "keyguard: SKIP is not obeyed: the system's policy is enforced").ok();
    }
    Ok(config.skippable)
}

/// Looks at the commit and reports; gives the verdict, and the index as it was. An error says that nothing is committed.
fn check_commit(environment: &Environment) -> Result<Verdict> {
    let (exit, index) =
        inspect(environment).map_err(|error| anyhow!("commit blocked: it could not be checked: {error:#}"))?;
    Ok(Verdict { exit, index: Some(index) })
}

fn inspect(environment: &Environment) -> Result<(Exit, IndexState)> {
    let start = Instant::now();
    let repo = Repo::open(environment, Caller::Hook)?;
    let index = IndexState::of(repo.index_file());
    let reader = StagedReader::new(&repo, Parents::All)?;
    if reader.is_empty() {
        return Ok((Exit::Clean, index));
    }
    let format = format_from(environment)?;
    let sources = Sources { environment, given: None, repository: None, min_confidence: None };
    let config = config_of_commit(&reader, &repo, sources)?;
    let counting = if format == Format::Json { Counting::Hunks } else { Counting::Files };
    let mut outcome = inspect_staged(&reader, &config, counting);
    outcome.notices.extend(policy_changes(&reader)?);
    let exit = outcome.exit();
    let hint = if exit == Exit::Blocked { hint(&reader, &repo, &outcome, environment) } else { None };
    let style = Style {
        format,
        subject: Subject::Commit,
        color: wants_color(environment, &io::stderr()),
        detail: Detail::Normal,
        duration: start.elapsed(),
        hint,
    };
    // The verdict stands, whoever reads it.
    let mut report = Vec::new();
    report::write(&style, &outcome, &mut report).ok();
    if exit != Exit::Clean || !outcome.notices.is_empty() || format == Format::Json {
        io::stderr().lock().write_all(&report).ok();
    }
    Ok((exit, index))
}

/// The remarks that this commit allows more, or blocks less, than the one before.
fn policy_changes(reader: &StagedReader<'_>) -> Result<Vec<String>> {
    let Some(new) = reader.changed_root_file(FILE_NAME)? else { return Ok(Vec::new()) };
    let old = reader.head_file(FILE_NAME)?;
    let entries = |content: Vec<u8>| allow_entries(content).into_iter().collect::<BTreeSet<_>>();
    let added = entries(new.clone()).difference(&old.clone().map(entries).unwrap_or_default()).count();
    let words = if added == 1 { "1 allow entry" } else { &format!("{added} allow entries") };
    let loosened: Vec<_> =
        loosened(new.clone()).difference(&old.clone().map(loosened).unwrap_or_default()).cloned().collect();
    let mut notices = Vec::new();
    if added > 0 {
        notices.push(format!("this commit adds {words} to {FILE_NAME}"));
    }
    if !loosened.is_empty() {
        notices.push(format!("this commit has keyguard block less, by {} in {FILE_NAME}", loosened.join(", ")));
    }
    Ok(notices)
}

/// What a person has to know about `keyguard.toml` to get on.
fn hint(reader: &StagedReader<'_>, repo: &Repo, outcome: &Outcome<'_>, environment: &Environment) -> Option<String> {
    let partial = is_partial(environment);
    let staged = reader.root_file(FILE_NAME).ok()??;
    let in_work_tree = read_if_present(&repo.work_tree().ok()?.join(FILE_NAME)).ok()??;
    if staged != in_work_tree {
        let repository = Some((FILE_NAME.to_owned(), in_work_tree));
        let config: Config = load(Sources { environment, given: None, repository, min_confidence: None }).ok()?;
        let allowlist = Allowlist::new(&config);
        if outcome.blocked.iter().any(|located| allowlist.has_entry_for(located)) {
            let how = if partial {
                "name it in the command: git commit PATH :/keyguard.toml"
            } else {
                "stage it: git add keyguard.toml"
            };
            return Some(format!(
                "{FILE_NAME} in the work tree allows this, but this commit has another version of it; {how}"
            ));
        }
    }
    partial.then(|| format!("To allow something in a commit of single paths, name :/{FILE_NAME} among the paths."))
}

/// Whether git was given paths: then it commits from an index of its own.
fn is_partial(environment: &Environment) -> bool {
    let name = environment.git_index_file.as_ref().and_then(|file| file.file_name());
    name.is_some_and(|name| name.to_string_lossy().starts_with("next-index-"))
}

/// How the index file looked; a hook that restages makes a new file.
#[derive(PartialEq)]
struct IndexState {
    file: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
    ending: Vec<u8>,
}

impl IndexState {
    fn of(file: &Path) -> Self {
        let metadata = std::fs::metadata(file).ok();
        Self {
            file: file.to_path_buf(),
            length: metadata.as_ref().map_or(0, std::fs::Metadata::len),
            modified: metadata.and_then(|metadata| metadata.modified().ok()),
            ending: last_bytes(file).unwrap_or_default(),
        }
    }

    fn has_changed(&self) -> bool {
        *self != Self::of(&self.file)
    }
}

/// The checksum at the end of the index.
fn last_bytes(file: &Path) -> io::Result<Vec<u8>> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = std::fs::File::open(file)?;
    file.seek(SeekFrom::End(-20))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
