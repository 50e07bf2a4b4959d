//! `keyguard.baseline.json`: the keys that HEAD held when `keyguard baseline` was last run. They do not block.
//!
//! ```json
//! {
//!   "about": "...",
//!   "version": 1,
//!   "keys": [
//!     {"fingerprint": "kg1:3f9c1a2b5d6e7f80", "rule": "jwt", "paths": ["src/a.py", "src/b.py"]}
//!   ]
//! }
//! ```
//!
//! A line for each key, sorted, so that branches seldom touch the same lines. It is asked about findings that would
//! block, and read only when there is one. It names keys and never places alone: a path says where a key is expected.

mod file;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Component, Path, PathBuf};

use crate::allowlist::SuppressedBy;
use crate::change::BytePath;
use crate::outcome::{Located, Outcome};
use crate::report::headline;
use crate::secret::Fingerprint;

/// The name of the file, beside `keyguard.toml`.
pub(crate) const FILE_NAME: &str = "keyguard.baseline.json";

/// Reads the baseline that holds for a run; called when there is a finding that would block.
pub(crate) type Read<'r> = &'r dyn Fn() -> anyhow::Result<Option<Baseline>>;

/// The keys that were there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Baseline {
    keys: BTreeMap<Fingerprint, Key>,
    /// The root of the work tree, and the folder from which the paths of this run count if it is not that.
    seen_from: Option<(PathBuf, PathBuf)>,
}

/// A key that was there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Key {
    /// The rule that found it first.
    pub(crate) rule: String,
    /// Where it stood, from the root of the work tree, percent-encoded like [`BytePath::percent_encoded`].
    pub(crate) paths: BTreeSet<String>,
}

impl Baseline {
    /// The findings as a baseline: those of files, the identifiers told with them too.
    pub(crate) fn of<'l>(findings: impl Iterator<Item = &'l Located<'l>>) -> Self {
        let mut baseline = Self::default();
        for located in findings {
            let Some(path) = &located.path else { continue };
            let finding = &located.finding;
            let half = finding.half_told_with_it().map(|half| (half.secret.fingerprint(), half.rule.id()));
            for (fingerprint, rule) in [(finding.fingerprint(), finding.rule.id())].into_iter().chain(half) {
                let key = baseline.keys.entry(fingerprint).or_default();
                if key.rule.is_empty() {
                    rule.clone_into(&mut key.rule);
                }
                key.paths.insert(path.percent_encoded());
            }
        }
        baseline
    }

    /// How many keys it names.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it names the key.
    pub(crate) fn holds(&self, fingerprint: Fingerprint) -> bool {
        self.keys.contains_key(&fingerprint)
    }

    /// How many keys `other` does not name.
    pub(crate) fn count_beyond(&self, other: &Self) -> usize {
        self.keys.keys().filter(|fingerprint| !other.holds(**fingerprint)).count()
    }

    /// What of it does not stand in `now` any more: keys, or some of their places.
    pub(crate) fn gone_from(&self, now: &Self) -> Vec<(Fingerprint, Key)> {
        let gone = |(fingerprint, key): (&Fingerprint, &Key)| {
            let still = now.keys.get(fingerprint);
            let is_gone = |path: &&String| still.is_none_or(|still| !still.paths.contains(*path));
            let paths: BTreeSet<_> = key.paths.iter().filter(is_gone).cloned().collect();
            let is_worth_telling = still.is_none() || !paths.is_empty();
            is_worth_telling.then(|| (*fingerprint, Key { rule: key.rule.clone(), paths }))
        };
        self.keys.iter().filter_map(gone).collect()
    }

    /// The same baseline for a run whose paths count from `folder`, which need not be the `root` of the work tree.
    pub(crate) fn seen_from(self, root: PathBuf, folder: PathBuf) -> Self {
        Self { seen_from: Some((root, folder)), ..self }
    }

    /// Takes what it names out of what blocks, but for what `is_expired` says of: an allowance that had an end has
    /// ended. A key in a file that is not listed does not block either; that is said aloud.
    pub(crate) fn apply(&self, is_expired: impl Fn(&Located<'_>) -> bool, outcome: &mut Outcome<'_>) {
        let blocked = std::mem::take(&mut outcome.blocked);
        let (known, blocked): (Vec<_>, Vec<_>) =
            blocked.into_iter().partition(|located| self.holds(located.finding.fingerprint()) && !is_expired(located));
        outcome.blocked = blocked;
        let mut places = HashSet::new();
        let mut elsewhere = known.iter().filter(|located| !self.lists(located));
        if let Some(first) = elsewhere.next() {
            places.extend([place(first)]);
            places.extend(elsewhere.map(place));
            let more = places.len() - 1;
            let more = if more > 0 { format!(" and in {more} more places") } else { String::new() };
            let first = headline(first);
            outcome.notices.push(format!("{first}{more}: not blocked, but {FILE_NAME} lists the key for other files"));
        }
        outcome.suppressed.extend(known.into_iter().map(|located| (located, SuppressedBy::Baseline)));
    }

    /// Whether the key is expected where it stands.
    fn lists(&self, located: &Located<'_>) -> bool {
        let Some(path) = &located.path else { return false };
        let path = match &self.seen_from {
            Some((root, folder)) => from_root(root, &folder.join(path.as_path())),
            None => Some(path.clone()),
        };
        let listed = self.keys.get(&located.finding.fingerprint());
        listed.zip(path).is_some_and(|(key, path)| key.paths.contains(&path.percent_encoded()))
    }
}

/// A key and its file.
fn place<'l>(located: &'l Located<'_>) -> (Fingerprint, Option<&'l BytePath>) {
    (located.finding.fingerprint(), located.path.as_ref())
}

/// The path from `root`; `None` when it leads elsewhere. Links are taken for what they are called.
fn from_root(root: &Path, path: &Path) -> Option<BytePath> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    Some(BytePath::of(plain.strip_prefix(root).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_the_root() {
        let from = |path: &str| from_root(Path::new("/work/root"), &Path::new("/work/root/sub").join(path));
        assert_eq!(from("a"), Some(BytePath::from("sub/a")));
        assert_eq!(from("./x/../../a"), Some(BytePath::from("a")));
        assert_eq!(from("/work/root/b/c"), Some(BytePath::from("b/c")));
        assert_eq!(from("../../other/a"), None);
    }

    #[test]
    fn what_is_gone_is_told_by_key_and_place() {
        let fingerprint = |digit: &str| format!("kg1:{}", digit.repeat(16)).parse().unwrap();
        let baseline = |keys: &[(&str, &[&str])]| Baseline {
            keys: keys
                .iter()
                .map(|(digit, paths)| {
                    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
                    (fingerprint(digit), Key { rule: "jwt".to_owned(), paths })
                })
                .collect(),
            seen_from: None,
        };
        let old = baseline(&[("1", &["a", "b"]), ("2", &["a"]), ("3", &["a"])]);
        let now = baseline(&[("1", &["b", "c"]), ("3", &["a"]), ("4", &["d"])]);
        let gone: Vec<_> = old.gone_from(&now).into_iter().map(|(key, gone)| (key, gone.paths.len())).collect();
        assert_eq!(gone, [(fingerprint("1"), 1), (fingerprint("2"), 1)]);
        assert_eq!((old.count_beyond(&now), now.count_beyond(&old)), (1, 1));
    }
}
