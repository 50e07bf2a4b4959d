//! The receipt: commits that no remote has yet and that would have been blocked.
//!
//! `git commit --no-verify` runs no hook and leaves no trace; nor does a hook run for a rebase, or before the install.
//! What came in that way is still to be caught here, before a push takes it away.

use std::cell::Cell;

use anyhow::{Error, Result};

use super::{Check, Status, check};
use crate::command::{baseline_of_work_tree, range};
use crate::config::Config;
use crate::environment::Environment;
use crate::git::range::{Range, RangeReader};
use crate::git::{Caller, Repo};
use crate::outcome::{Located, Outcome};
use crate::report::headline;

/// So many commits are looked at: the newest.
const MOST: usize = 1000;
/// So many findings are told to people.
const TOLD: usize = 5;

/// What there is to say, and what would have been blocked. No trouble here is trouble with the guard.
pub(super) fn receipt<'c>(
    config: Result<&'c Config, &Error>,
    environment: &Environment,
) -> (Vec<Check>, Vec<Located<'c>>) {
    let looked = match config {
        Ok(config) => look(config, environment).map_err(|error| format!("{error:#}")),
        Err(error) => Err(format!("{error:#}")),
    };
    match looked {
        Ok(None) => (Vec::new(), Vec::new()),
        Ok(Some((outcome, number))) => (checks(&outcome, number), outcome.blocked),
        Err(error) => (vec![not_looked_at(&error)], Vec::new()),
    }
}

/// Looks at the commits; `None` when there are none, and otherwise their number too.
fn look<'c>(config: &'c Config, environment: &Environment) -> Result<Option<(Outcome<'c>, usize)>> {
    let repo = Repo::open(environment, Caller::User)?;
    let mut reader = RangeReader::new(&repo)?;
    let Some(head) = reader.resolve("HEAD")? else { return Ok(None) };
    let not_refs = vec!["--remotes".to_owned()];
    let range = Range { from: vec![head], not_refs, most: Some(MOST), ..Range::default() };
    let number = Cell::new(0);
    let baseline = || baseline_of_work_tree(environment);
    let outcome = range::inspect(&mut reader, &range, (config, &baseline), &|commits| number.set(commits))?;
    Ok((number.get() > 0).then(|| (outcome, number.get())))
}

fn checks(outcome: &Outcome<'_>, number: usize) -> Vec<Check> {
    let failed = outcome.failures.first().map(|failure| not_looked_at(&failure.message));
    let all = if number == MOST { format!("the newest {MOST}") } else { number.to_string() };
    let say = |status, words: &str| check("commits", status, format!("commits that no remote has: {words}"));
    let Some(first) = outcome.blocked.first() else {
        let none = || say(Status::Ok, &format!("none of {all} would have been blocked"));
        return vec![failed.unwrap_or_else(none)];
    };
    let blocked = outcome.blocked.chunk_by(Located::is_in_commit_of).count();
    let words = format!("{blocked} of {all} would have been blocked (the exit code tells of the guard alone)");
    let mut found = say(Status::Note, &words);
    found.details.extend(outcome.blocked.iter().take(TOLD).map(headline));
    if let Some(more) = outcome.blocked.len().checked_sub(TOLD).filter(|more| *more > 0) {
        found.details.push(format!("and {more} more"));
    }
    let id = first.commit.as_ref().map_or("HEAD", |commit| commit.id.get(..10).unwrap_or(&commit.id));
    [found.help(format!("keyguard scan --history='{id}^!'"))].into_iter().chain(failed).collect()
}

fn not_looked_at(error: &str) -> Check {
    let error = error.lines().next().unwrap_or_default();
    check("commits", Status::Note, format!("commits that no remote has: not all were looked at: {error}"))
}
