//! pre-receive: on a server, nothing that is pushed decides how it is looked at.

use std::time::Instant;

use anyhow::{Context as _, Result};

use super::super::range;
use super::{Report, report};
use crate::config::{FILE_NAME, Sources, load};
use crate::environment::Environment;
use crate::git::id::Id;
use crate::git::range::{Range, RangeReader};
use crate::git::{Caller, Repo};
use crate::outcome::Exit;
use crate::report::Subject;

/// Looks at every commit that is new to this repository. `input` is git's list of refs.
///
/// The configuration is the one that the default branch has before the push; the objects of the push stand in a
/// quarantine that git names in the environment.
pub(super) fn check(input: &[u8], environment: &Environment) -> Result<Exit> {
    let start = Instant::now();
    let lines = input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let tips = lines.map(|line| new_id(line).context("git's list of refs has another form"));
    let tips: Vec<_> = tips.collect::<Result<Vec<_>>>()?.into_iter().filter(|id| !id.is_zero()).collect();
    if tips.is_empty() {
        return Ok(Exit::Clean);
    }
    let repo = Repo::open(environment, Caller::Hook)?;
    let mut reader = RangeReader::new(&repo)?;
    let content = match reader.resolve("HEAD")? {
        Some(head) => reader.root_file(head, FILE_NAME)?,
        None => None,
    };
    let repository = content.map(|content| (FILE_NAME.to_owned(), content));
    let mut config = load(Sources { environment, given: None, repository, min_confidence: None })
        .context("on the default branch of the server")?;
    config.is_server = true;
    let range = Range { from: tips, not_refs: vec!["--all".to_owned()], ..Range::default() };
    let outcome = range::inspect(&mut reader, &range, &config, |_| {})?;
    report(Report { subject: Subject::Receive, start, hint: None }, &outcome, environment)
}

/// `<old id> SP <new id> SP <ref>` (githooks(5)).
fn new_id(line: &[u8]) -> Option<Id> {
    line.split(|byte| *byte == b' ').nth(1).and_then(Id::from_hex)
}
