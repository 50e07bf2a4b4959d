//! pre-receive: on a server, nothing that is pushed decides how it is looked at.

use std::time::Instant;

use anyhow::{Context as _, Result};

use super::super::range;
use super::{Report, report};
use crate::baseline::{self, Baseline};
use crate::config::{Config, FILE_NAME, Sources, load};
use crate::environment::Environment;
use crate::git::id::Id;
use crate::git::range::{Range, RangeReader};
use crate::git::{Caller, Repo};
use crate::hook::chain::Call;
use crate::outcome::Exit;
use crate::report::Subject;

/// Where a file is that is broken.
const ON_SERVER: &str = "on the default branch of the server";
const IN_PUSHED: &str = "in what is pushed to the default branch";

/// Looks at every commit that is new to this repository. The input of `call` is git's list of refs.
///
/// Configuration and baseline are those that the default branch has before the push; the objects of the push stand in a
/// quarantine that git names in the environment.
pub(super) fn check(call: &Call, environment: &Environment) -> Result<Exit> {
    let start = Instant::now();
    let lines = call.input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let refs = lines.map(|line| Received::parse(line).context("git's list of refs has another form"));
    let refs: Vec<_> = refs.collect::<Result<Vec<_>>>()?.into_iter().filter(|pushed| !pushed.new.is_zero()).collect();
    if refs.is_empty() {
        return Ok(Exit::Clean);
    }
    let repo = Repo::open(environment, Caller::Hook)?;
    let mut reader = RangeReader::new(&repo)?;
    let head = reader.resolve("HEAD")?;
    let mut config = config_at(head, &mut reader, environment).context(ON_SERVER)?;
    config.is_server = true;
    let baseline = head.map_or(Ok(None), |head| reader.root_file(head, baseline::FILE_NAME)).context(ON_SERVER)?;
    // Once there, a broken configuration would stop every push, that of a better one too.
    let default_branch = reader.default_branch();
    for pushed in refs.iter().filter(|pushed| default_branch.as_deref() == Some(pushed.name)) {
        config_at(Some(pushed.new), &mut reader, environment).context(IN_PUSHED)?;
        let pushed = reader.root_file(pushed.new, baseline::FILE_NAME).context(IN_PUSHED)?;
        pushed.as_deref().map(Baseline::parse).transpose().context(IN_PUSHED)?;
    }
    // A tag that is here under another name has been here before, as its commits have.
    let known = reader.named()?;
    let tips = refs.iter().map(|pushed| pushed.new).filter(|tip| !known.contains(tip)).collect();
    let range = Range { from: tips, not_refs: vec!["--all".to_owned()], ..Range::default() };
    let baseline = || baseline.as_deref().map(Baseline::parse).transpose().context(ON_SERVER);
    let outcome = range::inspect(&mut reader, &range, (&config, &baseline), &|_| {})?;
    report(Report { call, repo: &repo, subject: Subject::Receive, start, hint: None }, &outcome, environment)
}

/// The configuration that `commit` holds.
fn config_at(commit: Option<Id>, reader: &mut RangeReader<'_>, environment: &Environment) -> Result<Config> {
    let content = commit.map_or(Ok(None), |commit| reader.root_file(commit, FILE_NAME))?;
    let repository = content.map(|content| (FILE_NAME.to_owned(), content));
    load(Sources { environment, given: None, repository, min_confidence: None })
}

/// One ref of a push: `<old id> SP <new id> SP <ref>` (githooks(5)).
struct Received<'i> {
    new: Id,
    name: &'i [u8],
}

impl<'i> Received<'i> {
    fn parse(line: &'i [u8]) -> Option<Self> {
        let mut fields = line.splitn(3, |byte| *byte == b' ').skip(1);
        Some(Self { new: fields.next().and_then(Id::from_hex)?, name: fields.next()? })
    }
}
