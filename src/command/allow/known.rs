//! Whether a key with a given fingerprint stands anywhere here: a fingerprint with a typing error would allow nothing,
//! and say nothing.

use std::collections::HashSet;

use anyhow::{Context as _, Result, bail};

use super::last::with_all_staged;
use crate::change::Change;
use crate::cli::Global;
use crate::command::{census, config_of_work_tree, inspect_staged, range};
use crate::config::Config;
use crate::environment::Environment;
use crate::finding::Confidence;
use crate::git::range::{Range, RangeReader};
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::inspect::{Counting, Inspector};
use crate::outcome::Outcome;
use crate::secret::Fingerprint;

/// So many commits that no remote has are looked at: the newest.
const MOST: usize = 1000;
/// Two fingerprints that have so many digits in common are one, with a typing error in it.
const NEAR: usize = 13;

/// Looks for keys in one place.
type Look = fn(&Config, &Environment) -> Result<HashSet<Fingerprint>>;

/// Where a key may be that a report has named, the cheapest first. What is not tracked, and what is in older commits, is
/// not looked at.
const PLACES: [Look; 5] = [in_staged, in_changed, in_last_message, in_head, in_commits];

/// Those of `wanted` that no key here has; an error where one is clearly meant that is here.
pub(super) fn unknown(
    mut wanted: Vec<Fingerprint>,
    global: &Global,
    environment: &Environment,
) -> Result<Vec<Fingerprint>> {
    let mut config = config_of_work_tree(global, environment)?;
    config.min_confidence.value = Confidence::Low;
    let mut seen = HashSet::new();
    for look in PLACES {
        if wanted.is_empty() {
            return Ok(wanted);
        }
        // What cannot be looked at does not make the entry wrong.
        let found = look(&config, environment).unwrap_or_default();
        wanted.retain(|fingerprint| !found.contains(fingerprint));
        seen.extend(found);
    }
    for fingerprint in &wanted {
        if let Some(meant) = seen.iter().find(|seen| common_digits(**seen, *fingerprint) >= NEAR) {
            bail!("no key here has the fingerprint {fingerprint}\nhelp: did you mean {meant}?");
        }
    }
    Ok(wanted)
}

fn common_digits(a: Fingerprint, b: Fingerprint) -> usize {
    let difference = a.number() ^ b.number();
    (0..16).filter(|place| (difference >> (4 * place)).trailing_zeros() >= 4).count()
}

/// Every key that was found, whatever is made of it; both halves of a pair.
fn fingerprints(outcome: &Outcome<'_>) -> HashSet<Fingerprint> {
    let suppressed = outcome.suppressed.iter().map(|(located, _)| located);
    let findings = outcome.blocked.iter().chain(suppressed).map(|located| &located.finding);
    let with_half = findings.flat_map(|finding| {
        let half = finding.other_half.as_ref().map(|half| half.secret.fingerprint());
        std::iter::once(finding.fingerprint()).chain(half)
    });
    with_half.collect()
}

fn in_staged(config: &Config, environment: &Environment) -> Result<HashSet<Fingerprint>> {
    let repo = Repo::open(environment, Caller::User)?;
    let reader = StagedReader::new(&repo, Parents::All)?;
    Ok(fingerprints(&inspect_staged(&reader, config, Counting::Files)?))
}

/// In what `git commit -a` would bring in.
fn in_changed(config: &Config, environment: &Environment) -> Result<HashSet<Fingerprint>> {
    let folder = tempfile::tempdir().context("make a temporary folder")?;
    let repo = with_all_staged(Repo::open(environment, Caller::User)?, folder.path())?;
    let reader = StagedReader::new(&repo, Parents::All)?;
    Ok(fingerprints(&inspect_staged(&reader, config, Counting::Files)?))
}

/// In the message that was written last, for a commit that was blocked perhaps.
fn in_last_message(config: &Config, environment: &Environment) -> Result<HashSet<Fingerprint>> {
    let repo = Repo::open(environment, Caller::User)?;
    let Some(text) = repo.last_message() else { return Ok(HashSet::new()) };
    let mut outcome = Outcome::default();
    Inspector::new(config, Counting::Files).inspect(&Change::message(text, Vec::new()), &mut outcome);
    Ok(fingerprints(&outcome))
}

fn in_head(config: &Config, environment: &Environment) -> Result<HashSet<Fingerprint>> {
    let repo = Repo::open(environment, Caller::User)?;
    Ok(fingerprints(&census::of_head(&StagedReader::new(&repo, Parents::All)?, config)?))
}

/// In commits that no remote has, which a push would be blocked for.
fn in_commits(config: &Config, environment: &Environment) -> Result<HashSet<Fingerprint>> {
    let repo = Repo::open(environment, Caller::User)?;
    let mut reader = RangeReader::new(&repo)?;
    let Some(head) = reader.resolve("HEAD")? else { return Ok(HashSet::new()) };
    let not_refs = vec!["--remotes".to_owned()];
    let range = Range { from: vec![head], not_refs, most: Some(MOST), ..Range::default() };
    Ok(fingerprints(&range::inspect(&mut reader, &range, (config, &|| Ok(None)), &|_| {})?))
}
