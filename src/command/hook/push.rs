//! pre-push: the net for what no pre-commit hook saw. Looks at the commits that the remote does not have yet.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::super::range;
use super::{Report, report};
use crate::baseline::{self, Baseline};
use crate::config::{Config, FILE_NAME, Sources, load};
use crate::environment::Environment;
use crate::git::id::Id;
use crate::git::range::{Peeled, Range, RangeReader};
use crate::git::{Caller, Repo};
use crate::hook::chain::Call;
use crate::outcome::{Exit, Located, Outcome};
use crate::report::Subject;

/// Where a file is that is broken.
const IN_COMMIT: &str = "in the commit that is pushed";

/// One ref of a push: `<local ref> SP <local id> SP <remote ref> SP <remote id>` (githooks(5)).
struct Pushed {
    local: Id,
    remote: Id,
}

/// Looks at what a push would publish. The arguments of `call` are the remote's name and its
/// address, its input is git's list of refs.
pub(super) fn check(call: &Call, environment: &Environment) -> Result<Exit> {
    let start = Instant::now();
    let refs = refs(&call.input)?;
    // A ref that is deleted publishes nothing.
    let tips: Vec<_> = refs.iter().map(|pushed| pushed.local).filter(|id| !id.is_zero()).collect();
    if tips.is_empty() {
        return Ok(Exit::Clean);
    }
    let repo = Repo::open(environment, Caller::Hook)?;
    let mut reader = RangeReader::new(&repo)?;
    let not = refs.iter().map(|pushed| pushed.remote).filter(|id| !id.is_zero()).collect();
    let known = Range { not, not_refs: repo.refs_of_remotes_at(&call.args), ..Range::default() };

    // Each tip goes with its own configuration and baseline; most of the time there is one of each.
    let mut groups: BTreeMap<[Option<Vec<u8>>; 2], Vec<Id>> = BTreeMap::new();
    for tip in tips {
        let contents = match reader.peel(tip)? {
            (commit, Peeled::Commit, _) => {
                [reader.root_file(commit, FILE_NAME)?, reader.root_file(commit, baseline::FILE_NAME)?]
            }
            _ => [None, None],
        };
        groups.entry(contents).or_default().push(tip);
    }
    let groups = groups.into_iter().map(|([config, baseline], tips)| {
        let repository = config.map(|content| (FILE_NAME.to_owned(), content));
        let config = load(Sources { environment, given: None, repository, min_confidence: None });
        Ok((config.context(IN_COMMIT)?, baseline, tips))
    });
    let groups: Vec<(Config, Option<Vec<u8>>, Vec<Id>)> = groups.collect::<Result<_>>()?;
    let mut outcome = Outcome::default();
    for (config, baseline, tips) in &groups {
        let range = Range { from: tips.clone(), ..known.clone() };
        let baseline = || baseline.as_deref().map(Baseline::parse).transpose().context(IN_COMMIT);
        outcome.merge(range::inspect(&mut reader, &range, (config, &baseline), &|_| {})?);
    }
    let mut seen = HashSet::new();
    outcome.blocked.retain(|located| seen.insert(place(located)));
    let mut said = HashSet::new();
    outcome.notices.retain(|notice| said.insert(notice.clone()));
    report(Report { call, repo: &repo, subject: Subject::Push, start, hint: None }, &outcome, environment)
}

/// What tells a finding from another in the same push.
fn place(located: &Located<'_>) -> impl Eq + std::hash::Hash + use<> {
    let commit = located.commit.as_ref().map(|commit| commit.id.clone());
    let location = located.finding.location;
    (commit, located.path.clone(), location.line, location.column, located.finding.fingerprint())
}

fn refs(input: &[u8]) -> Result<Vec<Pushed>> {
    let lines = input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| Pushed::parse(line).context("git's list of refs has another form")).collect()
}

impl Pushed {
    /// A local ref may be any revision expression, with spaces in it: the fields are counted from behind.
    fn parse(line: &[u8]) -> Result<Self> {
        let mut fields = line.rsplit(|byte| *byte == b' ');
        let (remote, _, local) = (fields.next(), fields.next(), fields.next());
        match (local.and_then(Id::from_hex), remote.and_then(Id::from_hex)) {
            (Some(local), Some(remote)) => Ok(Self { local, remote }),
            _ => bail!("a line without two names"),
        }
    }
}
