//! `keyguard scan`: staged changes, files, folders or standard input.

use std::cell::OnceCell;
use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use ignore::WalkBuilder;
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    baseline_of_files, baseline_of_work_tree, config_of_commit, config_of_work_tree, inspect_staged, range,
    work_tree_of,
};
use crate::change::{BytePath, Change};
use crate::cli::{Global, ScanArgs};
use crate::config::{Config, Sources};
use crate::environment::Environment;
use crate::fix::{Grounds, draft};
use crate::git::range::{Range, RangeReader};
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::inspect::{Counting, Inspector};
use crate::outcome::{Exit, Failure, Outcome, Skipped};
use crate::report::{self, Detail, Format, Style, Subject};

/// Scans what the arguments name.
pub(crate) fn scan(args: &ScanArgs, global: &Global, environment: &Environment) -> Result<Exit> {
    let start = Instant::now();
    let counting = if global.format == Format::Json { Counting::Hunks } else { Counting::Files };
    if args.stdin {
        let config = config_of_work_tree(global, environment)?;
        return report(&stdin(&config, counting, environment)?, Subject::Files, start, global);
    }
    if let Some(range) = &args.history {
        let config = config_of_work_tree(global, environment)?;
        return report(
            &history(Some(range.as_str()).filter(|range| !range.is_empty()), &config, environment)?,
            Subject::History,
            start,
            global,
        );
    }
    if !args.paths.is_empty() {
        let config = config_of_work_tree(global, environment)?;
        return report(&paths(&args.paths, &config, counting, environment)?, Subject::Files, start, global);
    }
    let is_named = environment.git_dir.is_some() || environment.git_work_tree.is_some();
    if !args.staged && !is_named && work_tree_of(&environment.current_dir).is_none() {
        bail!("this is not a git repository, so nothing is staged\nhelp: name what to look at: `keyguard scan PATH`");
    }
    let repo = Repo::open(environment, Caller::User)?;
    let reader = StagedReader::new(&repo, Parents::All)?;
    let sources =
        Sources { environment, given: global.config.clone(), repository: None, min_confidence: global.min_confidence };
    let config = config_of_commit(&reader, &repo, sources)?;
    report(&inspect_staged(&reader, &config, counting)?, Subject::Staged, start, global)
}

/// Writes the report; the verdict was fixed before, and a reader that has gone does not change it.
fn report(outcome: &Outcome<'_>, subject: Subject, start: Instant, global: &Global) -> Result<Exit> {
    let exit = outcome.exit();
    let style = Style {
        format: global.format,
        subject,
        color: global.color,
        detail: global.detail,
        duration: start.elapsed(),
        hint: None,
    };
    let mut text = Vec::new();
    report::write(&style, outcome, &mut text)?;
    let written = match &global.output {
        Some(file) => fs::write(file, &text).with_context(|| format!("write the report to `{}`", file.display())),
        None => write_streams(&style, outcome, &text),
    };
    match written {
        Err(error) if exit == Exit::Clean && !is_broken_pipe(&error) => Err(error),
        _ => Ok(exit),
    }
}

/// Findings go to standard output. A run that only failed has none: what is to be said goes to standard error.
fn write_streams(style: &Style, outcome: &Outcome<'_>, text: &[u8]) -> Result<()> {
    let is_quiet = style.detail == Detail::Quiet && style.format == Format::Human;
    if style.format == Format::Human && outcome.blocked.is_empty() {
        if !(is_quiet && outcome.failures.is_empty()) {
            io::stderr().lock().write_all(text)?;
        }
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()?;
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn stdin<'c>(config: &'c Config, counting: Counting, environment: &Environment) -> Result<Outcome<'c>> {
    let mut content = Vec::new();
    io::stdin().lock().read_to_end(&mut content).context("read standard input")?;
    let mut outcome = Outcome { notices: config.notices.clone(), ..Outcome::default() };
    let inspector = Inspector::new(config, counting);
    inspector.inspect(&Change::whole(BytePath::from("-"), content), &mut outcome);
    inspector.finish(&|| baseline_of_work_tree(environment), &mut outcome)?;
    draft(&mut outcome.blocked, &Grounds { config, staged: None });
    Ok(outcome)
}

/// Looks at the commits of `range`, or at all.
fn history<'c>(range: Option<&str>, config: &'c Config, environment: &Environment) -> Result<Outcome<'c>> {
    let repo = Repo::open(environment, Caller::User)?;
    let mut reader = RangeReader::new(&repo)?;
    let range = Range { revision: range.map(str::to_owned), everything: range.is_none(), ..Range::default() };
    let bar = OnceCell::new();
    let outcome = range::inspect(&mut reader, &range, (config, &|| baseline_of_work_tree(environment)), &|commits| {
        bar.get_or_init(|| progress(commits, "commits")).inc(1);
    });
    bar.get().iter().for_each(|bar| bar.finish_and_clear());
    outcome
}

fn paths<'c>(
    paths: &[PathBuf],
    config: &'c Config,
    counting: Counting,
    environment: &Environment,
) -> Result<Outcome<'c>> {
    let mut outcome = Outcome { notices: config.notices.clone(), ..Outcome::default() };
    let inspector = Inspector::new(config, counting);
    let files = files_below(paths, environment, &mut outcome)?;
    let progress = progress(files.len(), "files");
    let work_tree = work_tree_of(&environment.current_dir);
    for (file, asked) in files {
        let path = judged(&file, &asked, work_tree.as_deref(), environment);
        match read(&environment.current_dir.join(&file)) {
            Ok(Content::Bytes(content)) => inspector.inspect(&Change::whole(path, content), &mut outcome),
            Ok(Content::Skip(reason)) => outcome.skipped.push(Skipped { path, reason: reason.to_owned() }),
            Err(error) => inspector.fail(&path, &error.into(), &mut outcome),
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    inspector.finish(&|| baseline_of_files(environment), &mut outcome)?;
    draft(&mut outcome.blocked, &Grounds { config, staged: None });
    Ok(outcome)
}

/// The path as reports show it. Only the part below what was asked for tells what a file is for, or, in the work tree, the
/// part below its root: `/tmp/test` is a folder like any other.
fn judged(file: &Path, asked: &Path, work_tree: Option<&Path>, environment: &Environment) -> BytePath {
    let shown = presentable(file);
    let full = environment.current_dir.join(file);
    let climbs = file.components().any(|part| part == Component::ParentDir);
    let telling = match work_tree.filter(|_| !climbs).and_then(|root| full.strip_prefix(root).ok()) {
        Some(inside) if file.is_absolute() => inside,
        Some(_) => return shown,
        None => match file.strip_prefix(asked) {
            Ok(below) if !below.as_os_str().is_empty() => below,
            _ => file.file_name().map_or(file, Path::new),
        },
    };
    let length = presentable(telling).as_bytes().len();
    BytePath::led_to(shown.as_bytes(), shown.as_bytes().len().saturating_sub(length))
}

/// Every file at or below the paths, each with the path that leads to it, sorted; hidden ones too, `.git` not, and inside a work tree none that git ignores.
fn files_below(
    paths: &[PathBuf],
    environment: &Environment,
    outcome: &mut Outcome<'_>,
) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mut files = Vec::new();
    for path in paths {
        let start = environment.current_dir.join(path);
        if let Err(error) = fs::symlink_metadata(&start) {
            return Err(error).with_context(|| format!("look at `{}`", path.display()));
        }
        let mut walk = WalkBuilder::new(path);
        walk.hidden(false).ignore(false).git_global(false).follow_links(false);
        walk.filter_entry(|entry| entry.file_name() != ".git" || entry.depth() == 0);
        for entry in walk.build() {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_dir()) => {}
                Ok(entry) => files.push((entry.into_path(), path.clone())),
                Err(error) => outcome.failures.push(Failure { path: None, message: error.to_string() }),
            }
        }
    }
    files.sort_unstable();
    files.dedup_by(|next, last| next.0 == last.0);
    Ok(files)
}

enum Content {
    Bytes(Vec<u8>),
    Skip(&'static str),
}

fn read(file: &Path) -> io::Result<Content> {
    match fs::symlink_metadata(file) {
        Ok(metadata) if metadata.is_symlink() => Ok(Content::Skip("a link")),
        Ok(metadata) if !metadata.is_file() => Ok(Content::Skip("not a file")),
        Ok(_) => match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Content::Skip("gone")),
            other => other.map(Content::Bytes),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Content::Skip("gone")),
        Err(error) => Err(error),
    }
}

/// The path as reports show it: as reached from the argument, `/` between its parts, without a leading `./`.
pub(super) fn presentable(file: &Path) -> BytePath {
    BytePath::of(file.strip_prefix(".").unwrap_or(file))
}

/// A bar for scans that take a while, where somebody can see it.
pub(super) fn progress(number: usize, things: &str) -> ProgressBar {
    const WORTH_A_BAR: usize = 2000;
    if number < WORTH_A_BAR || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(number as u64);
    if let Ok(style) = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}} of {{len}} {things}")) {
        bar.set_style(style);
    }
    bar
}
