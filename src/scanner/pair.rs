//! Secrets of two parts: a secret beside the identifier that it belongs to is surer, and both are one finding.

use std::collections::HashSet;

use crate::finding::{Finding, Half, Validity};
use crate::rules::PairFacts;

/// So many bytes may lie between the halves.
const FARTHEST: usize = 2 << 10;
/// So many findings before and behind a secret are looked at.
const AROUND: usize = 16;

/// Joins what belongs together in findings that are in order. Each half goes with the nearest other one.
pub(super) fn join(findings: &mut [Finding<'_>]) {
    let mut possible = Vec::new();
    for (place, secret) in findings.iter().enumerate() {
        let Some(pair) = secret.rule.facts().pair else { continue };
        let start = place.saturating_sub(AROUND);
        for (number, other) in findings.iter().enumerate().skip(start).take(place - start + AROUND + 1) {
            if let Some(distance) = distance(secret, other, pair).filter(|_| number != place) {
                possible.push((distance, place, number));
            }
        }
    }
    possible.sort_unstable();
    let mut taken = HashSet::new();
    for (_, secret, other) in possible {
        if !taken.contains(&secret) && !taken.contains(&other) {
            taken.extend([secret, other]);
            give(findings, secret, other);
        }
    }
}

/// How far `other` is from `secret`, if it may be its other half: in lines, then whether it comes behind, because an
/// identifier usually comes first, then in bytes.
fn distance(secret: &Finding<'_>, other: &Finding<'_>, pair: PairFacts<'_>) -> Option<(usize, bool, usize)> {
    let is_behind = other.span.start > secret.span.start;
    let (first, second) = if is_behind { (secret, other) } else { (other, secret) };
    let lines = second.location.line.saturating_sub(first.location.end_line);
    let bytes = second.span.start.saturating_sub(first.span.end);
    let is_near = bytes <= FARTHEST && u32::try_from(lines).is_ok_and(|lines| lines <= pair.lines);
    (is_near && pair.with.iter().any(|id| id == other.rule.id())).then_some((lines, is_behind, bytes))
}

/// Gives the secret its other half; unless one of them is in doubt, the secret is as sure as the rule says of a pair.
fn give(findings: &mut [Finding<'_>], secret: usize, other: usize) {
    let is_plain = |finding: &Finding<'_>| {
        let is_doubted = finding.validity == Validity::Invalid
            || finding.validity == Validity::Unknown && finding.proof.is_some()
            || finding.confidence < finding.rule.facts().confidence;
        !is_doubted
    };
    let are_plain = is_plain(&findings[secret]) && is_plain(&findings[other]);
    let Finding { rule, location, span, secret: value, insights, .. } = findings[other].clone();
    let secret = &mut findings[secret];
    if let Some(pair) = secret.rule.facts().pair.filter(|_| are_plain) {
        secret.confidence = secret.confidence.max(pair.confidence);
    }
    // Whose key it is, the identifier tells.
    secret.insights.extend(insights);
    secret.other_half = Some(Half { rule, location, span, secret: value });
}
