//! What fits this repository once the hook is in: told as commands, never done.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::super::work_tree_of;
use crate::baseline;
use crate::change::BytePath;
use crate::config::{Config, FILE_NAME, Sources, load, read_if_present};
use crate::environment::Environment;
use crate::git::command::{self, Status};
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::inspect::{Counting, Inspector};
use crate::outcome::Outcome;

/// The file that programs read their variables from.
const VARIABLES: &str = ".env";
/// Names under which people publish what variables there are.
const SAMPLES: [&str; 5] = [".env.example", ".env.sample", ".env.template", ".env.dist", "example.env"];

/// What to offer for the repository of the working directory, a line each. Whatever cannot be looked at offers nothing.
pub(super) fn lines(environment: &Environment) -> Vec<String> {
    let Some(root) = work_tree_of(&environment.current_dir) else { return Vec::new() };
    // Commands are typed where keyguard was.
    let depth = environment.current_dir.strip_prefix(&root).map_or(0, |below| below.components().count());
    let up = "../".repeat(depth);
    let mut lines = variables(&root, &up);
    lines.extend(keys_at_head(&root, environment).ok().flatten().into_iter().flat_map(|keys| known_keys(keys, &up)));
    lines
}

/// How the file of variables stands: whether git ignores it, and whether others can see what goes into it.
fn variables(root: &Path, up: &str) -> Vec<String> {
    let is_there = |name: &&str| fs::symlink_metadata(root.join(name)).is_ok();
    if !is_there(&VARIABLES) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if matches!(command::status(root, VARIABLES), Ok(Status::Settled | Status::Changed)) {
        lines
            .push(format!("git tracks {VARIABLES}. To take it out and keep the file: git rm --cached {up}{VARIABLES}"));
    }
    if matches!(command::is_ignored_path(root, &BytePath::from(VARIABLES)), Ok(false)) {
        // The last line of that file may have no end.
        let line = format!("printf '\\n{VARIABLES}\\n' >>{up}.gitignore");
        lines.push(format!("git does not ignore {VARIABLES}. To have it do so: {line}"));
    }
    if !SAMPLES.iter().any(is_there) {
        // Names in capitals alone: a line of a key that spans lines may end in `=` too.
        let names = r"sed -n 's/^\([A-Z_][A-Z0-9_]*\)=.*/\1=/p'";
        lines.push(format!(
            "others cannot see which variables there are. To list their names: {names} {up}{VARIABLES} >{up}.env.example"
        ));
    }
    lines
}

/// How many keys HEAD's files hold already, if any. It looks at what is tracked alone, and not for long.
fn keys_at_head(root: &Path, environment: &Environment) -> Result<Option<usize>> {
    const MOST_FILES: usize = 5000;
    const MOST_BYTES: usize = 64 << 20;
    const LONGEST: Duration = Duration::from_secs(3);
    if root.join(baseline::FILE_NAME).exists() {
        return Ok(None);
    }
    let config = config(root, environment)?;
    let repo = Repo::open(environment, Caller::User)?;
    let reader = StagedReader::new(&repo, Parents::All)?;
    let inspector = Inspector::new(&config, Counting::Files);
    let (mut outcome, start) = (Outcome::default(), Instant::now());
    for (_, change) in reader.files_of_head()?.take(MOST_FILES) {
        if let Ok(change) = change {
            inspector.inspect(&change, &mut outcome);
        }
        if outcome.stats.bytes > MOST_BYTES || start.elapsed() > LONGEST {
            break;
        }
    }
    let mut keys: Vec<_> = outcome.blocked.iter().map(|located| located.finding.fingerprint()).collect();
    keys.sort_unstable();
    keys.dedup();
    Ok(Some(keys.len()).filter(|keys| *keys > 0))
}

/// What to do about keys that are there already. They do not block, as they are not new.
fn known_keys(number: usize, up: &str) -> [String; 2] {
    let (keys, them) = if number == 1 { ("1 key is".to_owned(), "it") } else { (format!("{number} keys are"), "them") };
    let place = if up.is_empty() { "." } else { up };
    [
        format!("{keys} in tracked files already and will not block. To see {them}: keyguard scan {place}"),
        format!(
            "scans and pushes still report {them}. To record {them}, so that only new keys block: keyguard baseline"
        ),
    ]
}

fn config(root: &Path, environment: &Environment) -> Result<Config> {
    let repository = read_if_present(&root.join(FILE_NAME))?.map(|content| (FILE_NAME.to_owned(), content));
    load(Sources { environment, given: None, repository, min_confidence: None })
}
