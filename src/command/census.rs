//! Every key that stands in what is tracked now: for the baseline, and for entries that match nothing any more.

use anyhow::Result;

use super::{complete, inspect_staged};
use crate::allowlist::Allowlist;
use crate::config::{Config, LayerKind};
use crate::environment::Environment;
use crate::finding::Confidence;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::inspect::{Counting, Inspector};
use crate::outcome::Outcome;

/// Looks at all files of HEAD. No baseline is asked, so that what blocks is all that would block without one.
pub(super) fn of_head<'c>(reader: &StagedReader<'_>, config: &'c Config) -> Result<Outcome<'c>> {
    let mut outcome = Outcome::default();
    let inspector = Inspector::new(config, Counting::Files);
    for (path, change) in reader.files_of_head()? {
        match change {
            Ok(change) => inspector.inspect(&change, &mut outcome),
            Err(error) => inspector.fail(&path, &error, &mut outcome),
        }
    }
    inspector.finish(&|| Ok(None), &mut outcome)?;
    complete(outcome, "what is tracked")
}

/// The allow entries of the repository that match no finding of any confidence, neither in HEAD nor in what is staged,
/// by their place in the configuration. Entries of other layers are there for other repositories too.
pub(super) fn unused_entries(mut config: Config, environment: &Environment) -> Result<Vec<usize>> {
    let is_own = |config: &Config, place: usize| config.allow[place].origin == LayerKind::Repository;
    if !(0..config.allow.len()).any(|place| is_own(&config, place)) {
        return Ok(Vec::new());
    }
    config.min_confidence.value = Confidence::Low;
    let repo = Repo::open(environment, Caller::User)?;
    let reader = StagedReader::new(&repo, Parents::All)?;
    let (head, staged) =
        (of_head(&reader, &config)?, complete(inspect_staged(&reader, &config, Counting::Files)?, "the changes")?);
    let allowlist = Allowlist::new(&config);
    let mut is_used = vec![false; config.allow.len()];
    for outcome in [&head, &staged] {
        let suppressed = outcome.suppressed.iter().map(|(located, _)| located);
        for located in outcome.blocked.iter().chain(suppressed) {
            for place in allowlist.matching(located)? {
                is_used[place] = true;
            }
        }
    }
    Ok((0..is_used.len()).filter(|place| is_own(&config, *place) && !is_used[*place]).collect())
}
