//! `keyguard hook pre-commit --files [FILE...]`, and the same for pre-push: keyguard as an entry of pre-commit or prek,
//! which call it with names.
//!
//! What they were asked about is more than the names say, and "Passed" over something else would be a lie. Below
//! `git commit` it is the commit; between two commits it is what each of them adds; and only else it is the files, of
//! which both managers may give a part at a time.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail};

use super::super::scan::presentable;
use super::super::{baseline_of_files, baseline_of_work_tree, config_of_commit, inspect_staged, range, work_tree_of};
use super::{Report, commit, is_skipped, report};
use crate::change::{BytePath, Change};
use crate::config::{Config, FILE_NAME, Sources, load, read_if_present};
use crate::environment::Environment;
use crate::fix::{Grounds, draft};
use crate::git::command;
use crate::git::id::Id;
use crate::git::range::{Range, RangeReader};
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::hook::chain::Call;
use crate::inspect::{Counting, Inspector};
use crate::outcome::{Exit, Outcome, Skipped};
use crate::report::Subject;

/// Looks at what the manager was asked about. The arguments of `call` are its files, each a path, whatever it looks like.
pub(super) fn run(call: &Call, environment: &Environment) -> Result<Exit> {
    if is_skipped(call.kind, environment)? {
        return Ok(Exit::Clean);
    }
    check(call, environment).map_err(|error| anyhow!("not checked: {error:#}"))
}

fn check(call: &Call, environment: &Environment) -> Result<Exit> {
    // prek calls from the folder of a part of the work tree; what git tells counts from the root.
    let current_dir = &environment.current_dir;
    let root = work_tree_of(current_dir).unwrap_or_else(|| current_dir.clone());
    let at_root = &Environment { current_dir: root, ..environment.clone() };
    let repo = Repo::open(at_root, Caller::Hook)?;
    let mut exits = Vec::new();
    // Either may be left over from a hook that is still running further up, so neither may hide the other.
    if let Some(tip) = tip(environment) {
        exits.extend(commits(tip, &repo, (call, at_root))?);
    }
    if is_commit(&call.args, &repo, at_root)? {
        exits.push(commit::check(Parents::All, call, at_root)?.0);
    }
    if exits.is_empty() {
        exits.push(by_name(&repo, call, environment)?);
    }
    let worst = [Exit::Blocked, Exit::Failed].into_iter().find(|exit| exits.contains(exit));
    Ok(worst.unwrap_or(Exit::Clean))
}

/// The last commit of those that are asked about. At the first push of a branch pre-commit names nothing but the branch.
fn tip(environment: &Environment) -> Option<&str> {
    let told = &environment.pre_commit;
    let pushed = || told.local_branch.as_deref().filter(|_| told.remote_name.is_some());
    told.to_ref.as_deref().or_else(pushed)
}

/// Looks at each commit up to `tip`; `None` when there is none.
fn commits(tip: &str, repo: &Repo, (call, environment): (&Call, &Environment)) -> Result<Option<Exit>> {
    let start = Instant::now();
    let told = &environment.pre_commit;
    let mut reader = RangeReader::new(repo)?;
    let resolve = |name: &str| -> Result<Id> {
        reader.resolve(name)?.with_context(|| format!("`{name}`, which the hook manager names, is no commit here"))
    };
    let not: Vec<_> = told.from_ref.as_deref().map(resolve).into_iter().collect::<Result<_>>()?;
    let remote: Vec<_> = told.remote_name.iter().chain(&told.remote_url).cloned().collect();
    let not_refs = repo.refs_of_remotes_at(&remote);
    let range = Range { from: vec![resolve(tip)?], not, not_refs, ..Range::default() };
    let is_push = told.remote_name.is_some();
    // What a push brings may all be there under another name; else the manager found files where git lists no commit.
    if !is_push && reader.list(&range)?.is_empty() {
        return Ok(None);
    }
    let config = config_of_work_tree(environment)?;
    let outcome = range::inspect(&mut reader, &range, (&config, &|| baseline_of_work_tree(environment)), &|_| {})?;
    let subject = if is_push { Subject::Push } else { Subject::History };
    report(Report { call, repo, subject, start, hint: None }, &outcome, environment).map(Some)
}

/// Whether git is about to make a commit. A hook that runs after it has the same environment, and nothing is staged.
fn is_commit(names: &[OsString], repo: &Repo, environment: &Environment) -> Result<bool> {
    let is_told = environment.git_index_file.is_some();
    let is_plausible = names.is_empty() || repo.is_merging();
    Ok(is_told && (is_plausible || !command::staged_names(&environment.current_dir)?.is_empty()))
}

/// Looks at the named files: at their staged hunks, where these are all that is staged, else at all that is in them.
fn by_name(repo: &Repo, call: &Call, environment: &Environment) -> Result<Exit> {
    let start = Instant::now();
    let current_dir = &environment.current_dir;
    let (folders, files): (Vec<_>, Vec<_>) =
        call.args.iter().map(PathBuf::from).partition(|name| is_folder(&current_dir.join(name)));
    if files.is_empty() {
        bail!(
            "the hook manager named no file, and git is not making a commit\n\
             help: in its configuration give this hook its file names: no `pass_filenames: false`, no `always_run: true`"
        );
    }
    if is_all_that_is_staged(&files, current_dir)? {
        let reader = StagedReader::new(repo, Parents::All)?;
        let sources = Sources { environment, given: None, repository: None, min_confidence: None };
        let config = config_of_commit(&reader, repo, sources)?;
        let outcome = inspect_staged(&reader, &config, Counting::Files)?;
        return report(Report { call, repo, subject: Subject::Staged, start, hint: None }, &outcome, environment);
    }
    let config = config_of_work_tree(environment)?;
    let mut outcome = whole(&files, &config, environment)?;
    let skipped = |folder: &PathBuf| Skipped { path: presentable(folder), reason: "a folder".to_owned() };
    outcome.skipped.extend(folders.iter().map(skipped));
    report(Report { call, repo, subject: Subject::Files, start, hint: None }, &outcome, environment)
}

/// Whether a manager that was given no names would have named these. It puts away what is not staged before that; where
/// something is left, it was given them.
fn is_all_that_is_staged(files: &[PathBuf], current_dir: &Path) -> Result<bool> {
    let named: BTreeSet<_> = files.iter().map(|file| presentable(file)).collect();
    let staged = command::staged_names(current_dir)?;
    let staged: BTreeSet<_> = staged.iter().map(|name| BytePath::from(&name[..])).collect();
    Ok(named == staged && !command::has_unstaged(current_dir)?)
}

/// Looks at all that is in the files.
fn whole<'c>(files: &[PathBuf], config: &'c Config, environment: &Environment) -> Result<Outcome<'c>> {
    let mut outcome = Outcome { notices: config.notices.clone(), ..Outcome::default() };
    let inspector = Inspector::new(config, Counting::Files);
    for file in files {
        let path = presentable(file);
        match content(&environment.current_dir.join(file)) {
            Ok(content) => inspector.inspect(&Change::whole(path, content), &mut outcome),
            Err(error) => inspector.fail(&path, &error.into(), &mut outcome),
        }
    }
    inspector.finish(&|| baseline_of_files(environment), &mut outcome)?;
    draft(&mut outcome.blocked, &Grounds { config, staged: None });
    Ok(outcome)
}

/// What git would commit of a file: of a link its target.
fn content(file: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::symlink_metadata(file)?;
    if metadata.is_symlink() {
        return Ok(fs::read_link(file)?.into_os_string().into_encoded_bytes());
    }
    // A pipe would have us wait for ever.
    if !metadata.is_file() {
        return Err(io::Error::other("it is neither a file nor a link"));
    }
    fs::read(file)
}

/// Whether git would go into it, or takes it for a submodule: a link to a folder is neither.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// The configuration as it is in files.
fn config_of_work_tree(environment: &Environment) -> Result<Config> {
    let repository = match work_tree_of(&environment.current_dir) {
        Some(root) => read_if_present(&root.join(FILE_NAME))?.map(|content| (FILE_NAME.to_owned(), content)),
        None => None,
    };
    load(Sources { environment, given: None, repository, min_confidence: None })
}
