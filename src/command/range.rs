//! Looking at commits one by one: for pushes, for the history, for what `--no-verify` let through.

use anyhow::{Context as _, Result};

use crate::baseline;
use crate::config::Config;
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
    // What cannot be listed is a mistake, whatever it names besides.
    let commits = reader.list(range)?;
    for tip in reader.tips(range)? {
        let (peeled, messages) = reader.peel(tip).map(|(id, kind, messages)| ((id, kind), messages))?;
        for message in &messages {
            inspector.inspect(message, &mut outcome);
        }
        if let (id, Peeled::Other(kind)) = peeled {
            for (path, change) in reader.loose_ends(id, kind)? {
                match change {
                    Ok(change) => inspector.inspect(&change, &mut outcome),
                    Err(error) => inspector.fail(&path, &error, &mut outcome),
                }
            }
        }
    }
    for commit in &commits {
        if let Err(error) = inspect_one(reader, commit, &inspector, &mut outcome) {
            outcome.failures.push(Failure { path: None, message: format!("{error:#}") });
        }
        after_each(commits.len());
    }
    inspector.finish(baseline, &mut outcome)?;
    Ok(outcome)
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
