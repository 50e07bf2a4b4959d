//! Whether a value that only its name makes suspicious was to be a key of a kind whose form is known, and is none.
//!
//! A provider whose keys have one form gives out no others: a `STRIPE_KEY` that does not begin as Stripe's keys do, and
//! an `AMPLITUDE_KEY` of 31 letters where Amplitude's have 32, are made up, cut off or something else. The rules
//! themselves tell which providers and forms those are. A value of the right length in another alphabet is none of this:
//! it may well be a form that we do not know.

use crate::rules::shape::lengths_of_unmarked_secrets;
use crate::rules::spec::Finds;
use crate::rules::{Facts, Origin, RuleSet};

/// Why such a value is less sure.
pub(super) const WHY: &str = "keys of the provider that it is named for look otherwise";

/// The files of rules whose kinds are given out by one provider. What a user chooses for a server of their own, as the
/// password of a database, has no form that it could miss.
const GIVEN_OUT: [&str; 9] = [
    "ai.toml",
    "chat.toml",
    "ci.toml",
    "cloud.toml",
    "email.toml",
    "monitoring.toml",
    "payment.toml",
    "saas.toml",
    "vcs.toml",
];

/// Whether `value` begins as the keys of a built-in kind do, or is too long or too short for what `name` calls it. The
/// words of the name are joined by `_`. No rule with a form has matched.
pub(super) fn is_near_miss(rules: &RuleSet, name: &str, value: &[u8]) -> bool {
    let with_form =
        || rules.iter().filter(|rule| rule.origin() == Origin::BuiltIn).map(|rule| rule.facts()).filter(has_form);
    if with_form().any(|facts| begins(&facts, value)) {
        return true;
    }
    let mut named = with_form().filter(|facts| is_named(facts, name)).peekable();
    named.peek().is_some()
        && !named.any(|facts| lengths_of_unmarked_secrets(facts.regex).is_some_and(|fits| fits.contains(&value.len())))
}

fn has_form(facts: &Facts<'_>) -> bool {
    facts.finds == Finds::Secret
}

/// Whether the provider is a word of `name`, or the beginning of one.
fn is_named(facts: &Facts<'_>, name: &str) -> bool {
    const SHORTEST_BEGINNING: usize = 5;
    let provider = facts.id.split('-').next().unwrap_or(facts.id);
    facts.file.is_some_and(|file| GIVEN_OUT.contains(&file))
        && (name.split('_').any(|word| word == provider)
            || provider.len() >= SHORTEST_BEGINNING && name.replace('_', "").starts_with(provider))
}

/// Whether `value` begins with a beginning that only this kind has.
fn begins(facts: &Facts<'_>, value: &[u8]) -> bool {
    const SHORTEST: usize = 4;
    let is_telling = |keyword: &&str| {
        keyword.len() >= SHORTEST && keyword.bytes().any(|byte| b"_-.".contains(&byte)) && !keyword.starts_with('_')
    };
    facts.keywords.iter().filter(is_telling).any(|keyword| value.starts_with(keyword.as_bytes()))
}
