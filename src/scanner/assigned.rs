//! How sure a finding is by the name beside it: of a value without a format, and of one that has little but a length.

use std::ops::Range;

use anyhow::Result;

use super::{Candidate, judge, provider};
use crate::change::BytePath;
use crate::finding::{Confidence, Validity};
use crate::generic::{self, Opinion};
use crate::rules::{Origin, Rule};

/// Why a value beside a provider's name is less sure.
const NO_KEY: &str = "nothing beside it says that it is a key";

/// The value that is assigned to the name around `hit`, if `rule` knows such names.
pub(super) fn try_rule<'r>(
    rule: Rule<'r>,
    path: &BytePath,
    text: &[u8],
    hit: &Range<usize>,
) -> Result<Option<Candidate<'r>>> {
    let Some(suspect) = generic::find(text, hit, path) else { return Ok(None) };
    // Whoever writes a rule of their own knows what its names mean.
    let is_own = rule.origin() == Origin::Configured;
    let is_known =
        rule.covers(path)? && (is_own || !suspect.is_about_a_secret) && rule.regex()?.is_match(suspect.name.as_bytes());
    if !is_known || rule.set().waives(text, &suspect.whole)? {
        return Ok(None);
    }
    let base = rule.facts().confidence;
    let Some(candidate) = judge(rule, text, suspect.span.clone())? else { return Ok(None) };
    let value = &text[suspect.span.clone()];
    let is_near_miss =
        || !is_own && !generic::has_no_form(&suspect.name) && provider::is_near_miss(rule.set(), &suspect.name, value);
    let (confidence, proof) = match generic::judge(&suspect, value, path) {
        Opinion::Sure if is_near_miss() => (Confidence::Low, Some(provider::WHY)),
        Opinion::Sure => (base, candidate.proof),
        Opinion::DependsOnProvider if provider::is_spoken_of(rule.set(), text, &suspect.span) => {
            (base, candidate.proof)
        }
        Opinion::DependsOnName if provider::is_named_in(rule.set(), suspect.name.as_bytes(), value) => {
            (base, candidate.proof)
        }
        Opinion::DependsOnProvider | Opinion::DependsOnName | Opinion::Unsure => (Confidence::Low, candidate.proof),
    };
    let confidence = candidate.confidence.min(confidence);
    Ok(Some(Candidate { matched: suspect.whole, confidence, proof, name: Some(suspect.name), ..candidate }))
}

/// The candidate, less sure where its value has little but a length and nothing in `before`, from the beginning of the
/// match to the value, speaks of a key: names of classes, revisions and sums stand beside providers' names too.
pub(super) fn weighed<'r>(candidate: Candidate<'r>, before: &[u8], value: &[u8]) -> Candidate<'r> {
    const WORDS: [&[u8]; 14] = [
        b"access", b"api", b"auth", b"bearer", b"cred", b"key", b"login", b"pass", b"pat", b"private", b"pwd",
        b"secret", b"token", b"://",
    ];
    let is_open = candidate.validity == Validity::Unknown && candidate.confidence > Confidence::Low;
    if !is_open || candidate.rule.origin() != Origin::BuiltIn || !provider::has_length_alone(candidate.rule, value) {
        return candidate;
    }
    let before = before.to_ascii_lowercase();
    if WORDS.iter().any(|word| memchr::memmem::find(&before, word).is_some()) {
        return candidate;
    }
    Candidate { confidence: Confidence::Low, proof: Some(NO_KEY), ..candidate }
}
