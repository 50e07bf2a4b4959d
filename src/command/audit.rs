//! `keyguard audit`: every key that was ever committed, once.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::time::Instant;

use anyhow::{Context as _, Result};
use time::OffsetDateTime;

use super::scan::progress;
use super::{baseline_of_work_tree, config_of_work_tree, deliver, range};
use crate::audit::{self, Standing, Surroundings};
use crate::cli::Global;
use crate::environment::Environment;
use crate::git::id::Id;
use crate::git::range::{Range, RangeReader};
use crate::git::{Caller, Repo};
use crate::inspect::{Counting, Inspector};
use crate::outcome::{Exit, Failure, Outcome};
use crate::report::Format;
use crate::report::audit::{Report, remarks, write};
use crate::secret::Fingerprint;

/// Walks through all commits as `scan --history` does, and tells the story of each key.
pub(crate) fn audit(global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let start = Instant::now();
    let config = config_of_work_tree(global, environment)?;
    let repo = Repo::open(environment, Caller::User)?;
    let mut reader = RangeReader::new(&repo)?;
    let inspector = Inspector::new(&config, Counting::Files).remembering();
    let mut outcome = Outcome { notices: config.notices.clone(), ..Outcome::default() };
    let bar = OnceCell::new();
    let everything = Range { everything: true, ..Range::default() };
    range::walk(&mut reader, &everything, (&inspector, &mut outcome), &|commits| {
        bar.get_or_init(|| progress(commits, "commits")).inc(1);
    })?;
    bar.get().iter().for_each(|bar| bar.finish_and_clear());
    inspector.finish(&|| baseline_of_work_tree(environment), &mut outcome)?;

    let head = reader.resolve("HEAD")?;
    // What was found is told, whatever cannot be read besides.
    let published = on_remote(&reader, &outcome).context("what the remotes have cannot be told");
    let published = published.unwrap_or_else(|error| fail(&error, &mut outcome));
    let standing = at_head(&reader, head, (&inspector, &outcome)).context("what HEAD holds cannot be told");
    let standing = standing.unwrap_or_else(|error| fail(&error, &mut outcome));
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let surroundings = Surroundings { now, on_remote: published, at_head: standing };
    let report = Report {
        keys: audit::keys(&outcome, &surroundings),
        outcome: &outcome,
        head: head.map(|head| head.to_string()),
        is_shallow: reader.is_shallow(),
        max_age_days: config.max_age_days.value,
        duration: start.elapsed(),
    };
    let mut text = Vec::new();
    write(&report, (global.format, global.detail), &mut text)?;
    if global.format == Format::Human {
        // The verdict is the same whether somebody reads this or not.
        remarks(&outcome, global.detail, &mut io::stderr().lock()).ok();
    }
    deliver(&text, outcome.exit(), global, out)
}

/// Records that something is not known.
fn fail<T: Default>(error: &anyhow::Error, outcome: &mut Outcome<'_>) -> T {
    outcome.failures.push(Failure { path: None, message: format!("{error:#}") });
    T::default()
}

/// The commits that bring in keys and that a branch of a remote has; `None` where there is no such branch.
fn on_remote(reader: &RangeReader<'_>, outcome: &Outcome<'_>) -> Result<Option<HashSet<String>>> {
    let found = outcome.blocked.iter().chain(outcome.suppressed.iter().map(|(located, _)| located));
    let commits = found.filter_map(|located| located.commit.as_deref()).filter(|commit| !commit.is_tag());
    let mut published: HashSet<_> = commits.map(|commit| commit.id.clone()).collect();
    if published.is_empty() || !reader.knows_remotes()? {
        return Ok(None);
    }
    let from = published.iter().filter_map(|id| Id::from_hex(id.as_bytes())).collect();
    let here_alone = Range { from, not_refs: vec!["--remotes".to_owned()], ..Range::default() };
    for commit in reader.list(&here_alone)?.iter() {
        published.remove(&commit?.id.to_string());
    }
    Ok(Some(published))
}

/// Where HEAD holds the keys of `outcome`. Its files are not read again: the walk has seen each version of each.
fn at_head(
    reader: &RangeReader<'_>,
    head: Option<Id>,
    (inspector, outcome): (&Inspector<'_>, &Outcome<'_>),
) -> Result<HashMap<Fingerprint, Vec<Standing>>> {
    let found = outcome.blocked.iter().chain(outcome.suppressed.iter().map(|(located, _)| located));
    let wanted: HashSet<_> = found.map(|located| located.finding.fingerprint()).collect();
    let mut standing: HashMap<_, Vec<_>> = HashMap::new();
    let (Some(head), Some(holdings), false) = (head, inspector.holdings(), wanted.is_empty()) else {
        return Ok(standing);
    };
    reader.files(head, |path, blob| {
        for (fingerprint, location) in holdings.of(path, blob) {
            if wanted.contains(&fingerprint) {
                let path = inspector.presentable(&path.into());
                standing.entry(fingerprint).or_default().push(Standing { path, location });
            }
        }
    })?;
    Ok(standing)
}
