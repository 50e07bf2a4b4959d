//! Looking at commits one by one: for pushes, for the history, for what `--no-verify` let through.

use anyhow::{Context as _, Result};

use crate::baseline;
use crate::config::Config;
use crate::fix::{Grounds, draft};
use crate::git::range::{Listed, Peeled, Range, RangeReader};
use crate::inspect::{Counting, Inspector};
use crate::outcome::{Failure, Outcome};

/// Looks at every commit of `range`, by a configuration and a baseline; `after_each` is told how many there are once one
/// is done.
pub(crate) fn inspect<'c>(
    reader: &mut RangeReader<'_>,
    range: &Range,
    (config, baseline): (&'c Config, baseline::Read<'_>),
    after_each: &dyn Fn(usize),
) -> Result<Outcome<'c>> {
    let mut outcome = Outcome { notices: config.notices.clone(), ..Outcome::default() };
    let inspector = Inspector::new(config, Counting::Files);
    walk(reader, range, (&inspector, &mut outcome), after_each)?;
    inspector.finish(baseline, &mut outcome)?;
    draft(&mut outcome.blocked, &Grounds { config, staged: None });
    Ok(outcome)
}

/// The same with an inspector and an outcome of the caller's, who has to finish it.
pub(crate) fn walk<'c>(
    reader: &mut RangeReader<'_>,
    range: &Range,
    (inspector, outcome): (&Inspector<'c>, &mut Outcome<'c>),
    after_each: &dyn Fn(usize),
) -> Result<()> {
    // What cannot be listed is a mistake, whatever it names besides.
    let commits = reader.list(range)?;
    for tip in reader.tips(range)? {
        let (peeled, messages) = reader.peel(tip).map(|(id, kind, messages)| ((id, kind), messages))?;
        outcome.stats.tags += usize::from(!messages.is_empty() || matches!(peeled, (_, Peeled::Other(_))));
        for message in &messages {
            inspector.inspect(message, outcome);
        }
        if let (id, Peeled::Other(kind)) = peeled {
            for (path, change) in reader.loose_ends(id, kind)? {
                match change {
                    Ok(change) => inspector.inspect(&change, outcome),
                    Err(error) => inspector.fail(&path, &error, outcome),
                }
            }
        }
    }
    let number = commits.count();
    for commit in commits.iter() {
        if let Err(error) = inspect_one(reader, &commit?, inspector, outcome) {
            outcome.failures.push(Failure { path: None, message: format!("{error:#}") });
        }
        outcome.stats.commits += 1;
        after_each(number);
    }
    if range.everything && reader.is_shallow() {
        let notice = "this clone is shallow: what is older was not looked at; `git fetch --unshallow` gets it";
        outcome.notices.push(notice.to_owned());
    }
    Ok(())
}

fn inspect_one<'c>(
    reader: &mut RangeReader<'_>,
    commit: &Listed,
    inspector: &Inspector<'c>,
    outcome: &mut Outcome<'c>,
) -> Result<()> {
    let brought = reader.read(commit).with_context(|| format!("commit {} cannot be inspected", commit.id.short()))?;
    for (path, change) in brought.changes() {
        match change {
            Ok(change) => inspector.inspect(&change, outcome),
            Err(error) => {
                let error = error.context(format!("commit {}", commit.id.short()));
                inspector.fail(&path, &error, outcome);
            }
        }
    }
    Ok(())
}
