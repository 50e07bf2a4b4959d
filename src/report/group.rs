//! One key is one story, however often it stands in what was looked at.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::outcome::Located;

/// A key, with every place where it stands.
pub(super) struct Group<'o, 'r> {
    /// The first finding of it.
    pub(super) first: &'o Located<'r>,
    /// The others, in order.
    pub(super) others: Vec<&'o Located<'r>>,
}

/// The findings by key, in the order in which each key is first met; but what the rules of a configuration find comes last,
/// so that it cannot fill the screen before a key that keyguard knows by itself.
pub(super) fn by_key<'o, 'r>(findings: &'o [Located<'r>]) -> Vec<Group<'o, 'r>> {
    let mut groups: Vec<Group<'o, 'r>> = Vec::new();
    let mut places = HashMap::new();
    for located in findings {
        let place = *places.entry(located.finding.fingerprint()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.others.push(located),
            None => groups.push(Group { first: located, others: Vec::new() }),
        }
    }
    groups.sort_by_key(|group| Reverse(group.first.finding.rule.origin()));
    groups
}

/// The keys by kind, in the order in which each kind is first met.
pub(super) fn by_kind<'g, 'o, 'r>(groups: &'g [Group<'o, 'r>]) -> Vec<Vec<&'g Group<'o, 'r>>> {
    let mut kinds: Vec<Vec<&'g Group<'o, 'r>>> = Vec::new();
    let mut places = HashMap::new();
    for group in groups {
        let kind = (group.first.finding.rule.id(), group.first.finding.proof, group.first.finding.confidence.name());
        let place = *places.entry(kind).or_insert(kinds.len());
        match kinds.get_mut(place) {
            Some(kind) => kind.push(group),
            None => kinds.push(vec![group]),
        }
    }
    kinds
}
