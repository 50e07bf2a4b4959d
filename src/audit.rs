//! Every key of a history once, the one to rotate first at the top.
//!
//! Pure: findings, each with the commit that brings it in, become one row for each fingerprint. What git has to be asked,
//! whether a remote has a commit and what HEAD holds, is given.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use crate::allowlist::SuppressedBy;
use crate::change::{BytePath, Commit};
use crate::finding::Location;
use crate::outcome::{Located, Outcome};
use crate::rules::spec::PrivilegeClass;
use crate::secret::Fingerprint;

/// The age from which a key should have been replaced, unless the configuration says otherwise.
pub(crate) const MAX_AGE_DAYS: u32 = 90;

const DAY: i64 = 24 * 60 * 60;
/// 1980-01-02. Clocks that were never set, and tools that leave the time out, say 1970 or 1980-01-01.
const EARLIEST: i64 = 315_619_200;

/// What is known besides the findings.
#[derive(Default)]
pub(crate) struct Surroundings {
    /// The time of the audit in seconds since 1970.
    pub(crate) now: i64,
    /// The commits, among those of the findings, that a branch of a remote has; `None` where there is no such branch.
    pub(crate) on_remote: Option<HashSet<String>>,
    /// Where HEAD holds each key.
    pub(crate) at_head: HashMap<Fingerprint, Vec<Standing>>,
}

/// A place in a commit's tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Standing {
    /// The file, without any key that stands in its name.
    pub(crate) path: BytePath,
    /// Where in it; `None` for its name.
    pub(crate) location: Option<Location>,
}

/// One key and its story.
pub(crate) struct Key<'o> {
    /// The surest of its findings.
    pub(crate) surest: &'o Located<'o>,
    /// What brought it in first.
    pub(crate) first: &'o Located<'o>,
    /// What brought it in last.
    pub(crate) last: &'o Located<'o>,
    /// Files that commits have put it into, and messages and headers that hold it.
    pub(crate) places: usize,
    /// Days since the first commit; `None` where its date cannot be true.
    pub(crate) age: Option<u32>,
    /// Where HEAD holds it, by path.
    pub(crate) at_head: Vec<Standing>,
    /// Whether a branch of a remote has a commit that brings it in; `None` where nobody can tell.
    pub(crate) on_remote: Option<bool>,
    /// Why it does not count; `None` when it counts in one place at least.
    pub(crate) allowed: Option<&'o SuppressedBy>,
}

impl Key<'_> {
    /// Whether it is older than `days`; `None` where its age is unknown.
    pub(crate) fn is_past(&self, days: u32) -> Option<bool> {
        self.age.map(|age| age > days)
    }

    /// What to rotate first, the smallest first. In this order:
    ///
    /// 1. what counts before what is allowed;
    /// 2. proven before unproven, and what its own proof speaks against last;
    /// 3. by confidence;
    /// 4. by what the key can do, as its kind says it;
    /// 5. what everybody can read, on a remote and at HEAD, before what takes some digging or is only here;
    /// 6. old before young; an unknown age counts as the oldest, for nobody can say that it is not.
    ///
    /// The fingerprint makes the order the same in each run.
    fn rank(&self) -> impl Ord + use<> {
        let finding = &self.surest.finding;
        (
            self.allowed.is_some(),
            Reverse(finding.validity),
            Reverse(finding.confidence),
            power(finding.rule.facts().privilege().0),
            Reverse((self.on_remote == Some(true), !self.at_head.is_empty())),
            Reverse(self.age.unwrap_or(u32::MAX)),
            finding.fingerprint(),
        )
    }
}

/// Orders classes by what a thief gains. What is not documented may be much, but is seldom everything.
const fn power(class: PrivilegeClass) -> u8 {
    match class {
        PrivilegeClass::Full => 0,
        PrivilegeClass::Scoped => 1,
        PrivilegeClass::Unknown => 2,
        PrivilegeClass::Restricted => 3,
        PrivilegeClass::Temporary => 4,
        PrivilegeClass::TestMode => 5,
        PrivilegeClass::Public => 6,
    }
}

/// The keys of a walk through commits, those to rotate first at the top.
pub(crate) fn keys<'o>(outcome: &'o Outcome<'_>, surroundings: &Surroundings) -> Vec<Key<'o>> {
    let counting = outcome.blocked.iter().map(|located| (located, None));
    let allowed = outcome.suppressed.iter().map(|(located, by)| (located, Some(by)));
    let mut found: HashMap<Fingerprint, Vec<(&'o Located<'o>, Option<&'o SuppressedBy>)>> = HashMap::new();
    for (located, by) in counting.chain(allowed) {
        found.entry(located.finding.fingerprint()).or_default().push((located, by));
    }
    let mut keys: Vec<_> = found.values().filter_map(|additions| key(additions, surroundings)).collect();
    keys.sort_by_cached_key(Key::rank);
    keys
}

/// The row of one key; `additions` are in the order of the walk, those that count before those that are allowed.
fn key<'o>(additions: &[(&'o Located<'o>, Option<&'o SuppressedBy>)], surroundings: &Surroundings) -> Option<Key<'o>> {
    let found = || additions.iter().map(|(located, _)| *located);
    let surest = found().max_by_key(|located| (located.finding.validity, located.finding.confidence))?;
    let possible = EARLIEST..=surroundings.now + DAY;
    let (first, last) = (first(found(), &possible)?, last(found(), &possible)?);
    let age = first.commit.as_deref().and_then(|commit| time(commit, &possible));
    let age = age.map(|time| u32::try_from((surroundings.now - time).max(0) / DAY).unwrap_or(u32::MAX));
    let place = |located: &'o Located<'o>| {
        let commit = located.commit.as_deref().filter(|_| located.path.is_none());
        (located.path.as_ref(), commit.map(|commit| &commit.id))
    };
    let mut at_head = surroundings.at_head.get(&surest.finding.fingerprint()).cloned().unwrap_or_default();
    at_head.sort_unstable();
    Some(Key {
        surest,
        first,
        last,
        places: found().map(place).collect::<HashSet<_>>().len(),
        age,
        at_head,
        on_remote: on_remote(found(), surroundings),
        allowed: additions.iter().map(|(_, by)| *by).min_by_key(Option::is_some).flatten(),
    })
}

/// When a commit was written, unless that cannot be.
fn time(commit: &Commit, possible: &RangeInclusive<i64>) -> Option<i64> {
    commit.time.filter(|time| possible.contains(time))
}

/// The oldest by date, of the same date the first of the walk. A commit whose date cannot be true may be older than all
/// others: then it is the first. A tag without a date says nothing, so everything goes before it.
fn first<'o>(found: impl Iterator<Item = &'o Located<'o>>, possible: &RangeInclusive<i64>) -> Option<&'o Located<'o>> {
    found.min_by_key(|located| {
        let commit = located.commit.as_deref();
        let is_mute = commit.is_some_and(|commit| commit.is_tag() && commit.time.is_none());
        (is_mute, commit.and_then(|commit| time(commit, possible)))
    })
}

/// The youngest by date, of the same date the last of the walk.
fn last<'o>(found: impl Iterator<Item = &'o Located<'o>>, possible: &RangeInclusive<i64>) -> Option<&'o Located<'o>> {
    found.max_by_key(|located| located.commit.as_deref().and_then(|commit| time(commit, possible)))
}

/// Whether a remote has any of the commits. Whether it has a tag, no branch tells.
fn on_remote<'o>(mut found: impl Iterator<Item = &'o Located<'o>>, surroundings: &Surroundings) -> Option<bool> {
    let published = surroundings.on_remote.as_ref()?;
    let mut is_known = false;
    let is_published = found.any(|located| {
        let commit = located.commit.as_deref().filter(|commit| !commit.is_tag());
        is_known |= commit.is_some();
        commit.is_some_and(|commit| published.contains(&commit.id))
    });
    is_known.then_some(is_published)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::change::{ObjectKind, Part};
    use crate::decode::Text;
    use crate::finding::{Confidence, Validity};
    use crate::rules::{Rule, RuleSet, example};
    use crate::scanner::Scanner;

    const NOW: i64 = 1_800_000_000;

    /// What a commit of `days` ago brings in: the first example of a rule, of high confidence and without a proof.
    fn located<'r>(rules: &'r RuleSet, rule: Rule<'_>, days: i64) -> Located<'r> {
        let facts = rule.facts();
        let name = facts.paths.iter().next().map_or_else(|| "x".to_owned(), example::path);
        let (path, template) = (BytePath::from(name.as_str()), facts.matches.iter().next().unwrap());
        let text = Text::decode(example::content(template, facts.id, 0));
        let scanner = Scanner::new(rules, Confidence::Low);
        let mut found = scanner.scan(&path, &text).unwrap();
        found.extend(scanner.scan_whole(&path, &text).unwrap());
        let mut finding = found.into_iter().find(|finding| finding.rule.id() == facts.id).unwrap();
        (finding.confidence, finding.validity) = (Confidence::High, Validity::Unknown);
        let (id, author) = (format!("{days:040}"), "A <a@b>".to_owned());
        let commit = Commit { id, author, time: Some(NOW - days * DAY), ..Commit::default() };
        Located::new(Some(path), Part::File, Some(Rc::new(commit)), finding)
    }

    fn of_class(rules: &RuleSet, class: PrivilegeClass) -> Rule<'_> {
        rules.iter().find(|rule| rule.facts().privilege().0 == class).unwrap()
    }

    fn surroundings() -> Surroundings {
        Surroundings { now: NOW, ..Surroundings::default() }
    }

    #[test]
    fn the_powerful_goes_before_the_harmless() {
        use PrivilegeClass::{Full, Public, Restricted, Scoped, Temporary, TestMode};
        let rules = RuleSet::built_in();
        let classes = [Full, Scoped, Restricted, Temporary, TestMode, Public];
        // The more harmless the older: age comes later.
        let aged = classes.into_iter().rev().zip((1..=6).rev());
        let blocked = aged.map(|(class, days)| located(&rules, of_class(&rules, class), days));
        let outcome = Outcome { blocked: blocked.collect(), ..Outcome::default() };
        let order: Vec<_> =
            keys(&outcome, &surroundings()).iter().map(|key| key.surest.finding.rule.facts().privilege().0).collect();
        assert_eq!(order, classes);
    }

    #[test]
    fn certainty_goes_before_power_and_publicity_before_age() {
        let rules = RuleSet::built_in();
        let (full, scoped) = (of_class(&rules, PrivilegeClass::Full), of_class(&rules, PrivilegeClass::Scoped));
        let of = |rule, validity, confidence| {
            let mut located = located(&rules, rule, 5);
            (located.finding.validity, located.finding.confidence) = (validity, confidence);
            located
        };
        for (first, second) in [
            (of(scoped, Validity::Valid, Confidence::High), of(full, Validity::Unknown, Confidence::High)),
            (of(scoped, Validity::Unknown, Confidence::Medium), of(full, Validity::Invalid, Confidence::High)),
            (of(scoped, Validity::Unknown, Confidence::High), of(full, Validity::Unknown, Confidence::Medium)),
        ] {
            let expected = first.finding.fingerprint();
            let outcome = Outcome { blocked: vec![second, first], ..Outcome::default() };
            assert_eq!(keys(&outcome, &surroundings())[0].surest.finding.fingerprint(), expected);
        }
        let mut others = rules.iter().filter(|rule| rule.facts().privilege().0 == PrivilegeClass::Full);
        let (young, old) = (located(&rules, full, 1), located(&rules, others.nth(1).unwrap(), 9));
        let (young_id, young_name) = (young.commit.as_ref().unwrap().id.clone(), young.finding.fingerprint());
        let outcome = Outcome { blocked: vec![young, old], ..Outcome::default() };
        let first = |surroundings: &Surroundings| keys(&outcome, surroundings)[0].surest.finding.fingerprint();
        assert_ne!(first(&surroundings()), young_name);
        let published = Surroundings { on_remote: Some(HashSet::from([young_id])), ..surroundings() };
        assert_eq!(first(&published), young_name);
        let standing = Standing { path: BytePath::from("x"), location: None };
        let at_head = Surroundings { at_head: HashMap::from([(young_name, vec![standing])]), ..surroundings() };
        assert_eq!(first(&at_head), young_name);
    }

    #[test]
    fn a_tag_without_a_date_is_never_first() {
        let rules = RuleSet::built_in();
        let full = of_class(&rules, PrivilegeClass::Full);
        let mut tag = located(&rules, full, 0);
        tag.commit = Some(Rc::new(Commit { id: "1".repeat(40), kind: ObjectKind::Tag, ..Commit::default() }));
        let outcome = Outcome { blocked: vec![tag, located(&rules, full, 7)], ..Outcome::default() };
        let found = keys(&outcome, &surroundings());
        assert_eq!(
            (found.len(), found[0].age, found[0].is_past(7), found[0].is_past(6)),
            (1, Some(7), Some(false), Some(true))
        );
    }
}
