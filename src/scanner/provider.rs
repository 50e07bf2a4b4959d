//! What the rules for kinds with a form say of a value that its name alone makes suspicious.
//!
//! A provider whose keys have one form gives out no others: a `STRIPE_KEY` that does not begin as Stripe's keys do, and
//! an `AMPLITUDE_KEY` of 31 letters where Amplitude's have 32, are made up, cut off or something else. A value of the
//! right length in another alphabet is none of this: it may well be a form that we do not know. And where a name says
//! little, as `key` does, a provider that is spoken of in the lines around says more.

use std::ops::Range;

use crate::rules::shape::lengths_of_unmarked_secrets;
use crate::rules::spec::Finds;
use crate::rules::{Facts, Origin, RuleSet};

/// Why a near miss is less sure.
pub(super) const WHY: &str = "keys of the provider that it is named for look otherwise";

/// The files of rules whose kinds are given out by one provider. What a user chooses for a server of their own, as the
/// password of a database, has no form that it could miss.
const GIVEN_OUT: [&str; 10] =
    ["ai", "chat", "ci", "cloud", "email", "monitoring", "payment", "saas", "services", "vcs"];

/// Whether `value` begins as the keys of a built-in kind do, or is too long or too short for what `name` calls it. The
/// words of the name are joined by `_`. No rule with a form has matched.
pub(super) fn is_near_miss(rules: &RuleSet, name: &str, value: &[u8]) -> bool {
    if with_form(rules).any(|facts| begins(&facts, value)) {
        return true;
    }
    let mut named = with_form(rules).filter(|facts| is_named(facts, name)).peekable();
    named.peek().is_some() && !named.any(|facts| fits(&facts, value))
}

/// Whether a provider whose keys may be as long as the value at `span` is named within a few lines of it.
pub(super) fn is_spoken_of(rules: &RuleSet, text: &[u8], span: &Range<usize>) -> bool {
    const FARTHEST: usize = 400;
    const LINES: usize = 3;
    const SHORTEST_NAME: usize = 4;
    let before = &text[span.start.saturating_sub(FARTHEST)..span.start];
    let start = memchr::memrchr_iter(b'\n', before).nth(LINES).unwrap_or(0);
    let behind = &text[span.end..text.len().min(span.end + FARTHEST)];
    let end = memchr::memchr_iter(b'\n', behind).nth(LINES).unwrap_or(behind.len());
    let around = [&before[start..], b"\n", &behind[..end]].concat().to_ascii_lowercase();
    let is_around = |facts: &Facts<'_>| {
        let provider = provider(facts).as_bytes();
        provider.len() >= SHORTEST_NAME && memchr::memmem::find(&around, provider).is_some()
    };
    with_form(rules).any(|facts| is_given_out(&facts) && is_around(&facts) && fits(&facts, &text[span.clone()]))
}

/// The built-in kinds with a form of their own.
fn with_form(rules: &RuleSet) -> impl Iterator<Item = Facts<'_>> {
    let built_in = rules.iter().filter(|rule| rule.origin() == Origin::BuiltIn);
    built_in.map(crate::rules::Rule::facts).filter(|facts| facts.finds == Finds::Secret)
}

fn is_given_out(facts: &Facts<'_>) -> bool {
    facts.group.is_some_and(|group| GIVEN_OUT.contains(&group))
}

/// The first word of an id is the provider's name.
fn provider<'f>(facts: &Facts<'f>) -> &'f str {
    facts.id.split('-').next().unwrap_or(facts.id)
}

/// Whether the provider is a word of `name`, or the beginning of one.
fn is_named(facts: &Facts<'_>, name: &str) -> bool {
    const SHORTEST_BEGINNING: usize = 5;
    let provider = provider(facts);
    is_given_out(facts)
        && (name.split('_').any(|word| word == provider)
            || provider.len() >= SHORTEST_BEGINNING && name.replace('_', "").starts_with(provider))
}

/// Whether keys of this kind have nothing fixed at their beginning and may be as long as `value`.
fn fits(facts: &Facts<'_>, value: &[u8]) -> bool {
    lengths_of_unmarked_secrets(facts.regex).iter().any(|lengths| lengths.contains(&value.len()))
}

/// Whether `value` begins with a beginning that only this kind has.
fn begins(facts: &Facts<'_>, value: &[u8]) -> bool {
    const SHORTEST: usize = 4;
    // Short, and common to the kinds of many providers of language models.
    const ALSO: &str = "sk-";
    let is_telling = |keyword: &&str| {
        let is_mark = keyword.bytes().any(|byte| b"_-.".contains(&byte)) && !keyword.starts_with('_');
        *keyword == ALSO || keyword.len() >= SHORTEST && is_mark
    };
    facts.keywords.iter().filter(is_telling).any(|keyword| value.starts_with(keyword.as_bytes()))
}
