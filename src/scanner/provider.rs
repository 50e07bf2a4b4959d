//! What the rules for kinds with a form say of a value that its name alone makes suspicious.
//!
//! A provider whose keys have one form gives out no others: a `STRIPE_API_KEY` that does not begin as Stripe's keys do,
//! and an `AMPLITUDE_API_KEY` of 31 letters where Amplitude's have 32, are made up, cut off or something else. A value of
//! the right length in another alphabet is none of this, nor is one that begins as a key does and is as long: it may well
//! be a form that we do not know; and a webhook's secret or an encryption key is another thing than the key.
//!
//! Where a name says little, as `key` does, a provider that is spoken of in the lines around says more, if its keys are
//! like the value: as long, and of no other kinds of letters.

use std::ops::Range;

use crate::rules::spec::Finds;
use crate::rules::{Rule, RuleSet, builtin, shape};

/// Why a near miss is less sure.
pub(super) const WHY: &str = "keys of the provider that it is named for look otherwise";

/// The groups of rules whose kinds are given out by one provider. What a user chooses for a server of their own, as the
/// password of a database, has no form that it could miss.
const GIVEN_OUT: [&str; 10] =
    ["ai", "chat", "ci", "cloud", "email", "monitoring", "payment", "saas", "services", "vcs"];

/// Providers whose names are words that names of variables hold for other reasons, and those whose users make up tokens
/// themselves, as Jenkins' do for builds that are triggered from afar.
const WORDS: [&str; 48] = [
    "apple",
    "box",
    "branch",
    "checkout",
    "clay",
    "courier",
    "cursor",
    "dependency",
    "ditto",
    "fixer",
    "float",
    "fly",
    "front",
    "guru",
    "harness",
    "here",
    "hunter",
    "jenkins",
    "label",
    "line",
    "linear",
    "looker",
    "matrix",
    "mercury",
    "mode",
    "monday",
    "new",
    "notion",
    "octopus",
    "percy",
    "plaid",
    "polar",
    "railway",
    "rainforest",
    "ramp",
    "readme",
    "render",
    "replicate",
    "riot",
    "segment",
    "square",
    "stability",
    "swell",
    "tableau",
    "teams",
    "ticket",
    "together",
    "voyage",
];

/// The rules in force for kinds with a form of the provider called `name`, which is the first word of their ids. The
/// built-in rules are sorted by id.
fn kinds_of<'r>(rules: &'r RuleSet, name: &str) -> impl Iterator<Item = Rule<'r>> {
    let is_plain = !WORDS.contains(&name);
    let kinds = is_plain.then(|| all_kinds_of(rules, name)).into_iter().flatten();
    kinds.filter(|kind| is_given_out(*kind))
}

/// The same, also where the name is a word that stands in names for other reasons.
fn all_kinds_of<'r>(rules: &'r RuleSet, name: &str) -> impl Iterator<Item = Rule<'r>> {
    let is_its = move |index: &usize| builtin::id(*index).split('-').next() == Some(name);
    let indices = (builtin::first_from(name)..builtin::count()).take_while(is_its).collect::<Vec<_>>();
    let is_of_use = |index: &usize| rules.is_enabled(*index) && builtin::finds(*index) == Finds::Secret;
    indices.into_iter().filter(is_of_use).map(|index| rules.get(index))
}

fn is_given_out(rule: Rule<'_>) -> bool {
    GIVEN_OUT.contains(&rule.facts().group.unwrap_or_default())
}

/// Whether keys of this kind look as `value` does. A kind that has signs which no token has is one of passwords, and any
/// text looks as they do.
fn is_as(kind: Rule<'_>, value: &[u8]) -> bool {
    let forms = kind.unmarked_forms();
    let is_of_tokens = forms.iter().all(shape::UnmarkedForm::is_of_tokens);
    is_of_tokens && (forms.iter().any(|form| form.is_kin(value)) || kind.is_secret(value))
}

/// Whether `value` begins as the keys of a built-in kind do, or is too long or too short for what `name` calls it. The
/// words of the name are joined by `_`. No rule with a form has matched.
pub(super) fn is_near_miss(rules: &RuleSet, name: &str, value: &[u8]) -> bool {
    if begins_as_a_key(rules, value) || is_named_for_a_kind(rules, name, value) {
        return true;
    }
    let mut words = name.split('_');
    let Some(provider) = words.next() else { return false };
    let is_its_key = words.clone().next().is_some()
        && words.all(|word| ["api", "access", "auth", "key", "token", "apikey", "pat"].contains(&word));
    let in_one = || ["token", "key", "apikey"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or_default();
    let provider = if is_its_key { provider } else { in_one() };
    let mut kinds = kinds_of(rules, provider).peekable();
    kinds.peek().is_some() && !kinds.any(|kind| fits(kind, value))
}

/// Whether `name` is the very name of a kind whose keys nothing fixed opens, and no key of its provider is as long as
/// `value`. Where something does, an older key may lack it.
fn is_named_for_a_kind(rules: &RuleSet, name: &str, value: &[u8]) -> bool {
    let Some(index) = builtin::find(&name.replace('_', "-")) else { return false };
    let provider = name.split('_').next().unwrap_or_default();
    is_given_out(rules.get(index))
        && rules.is_enabled(index)
        && builtin::finds(index) == Finds::Secret
        && !rules.get(index).unmarked_forms().is_empty()
        && !all_kinds_of(rules, provider).any(|kind| fits(kind, value))
}

/// Whether a provider whose keys look as `value` does is named within a few lines of it, which stands at `span`.
pub(super) fn is_spoken_of(rules: &RuleSet, text: &[u8], span: &Range<usize>) -> bool {
    const FARTHEST: usize = 400;
    const LINES: usize = 3;
    let before = &text[span.start.saturating_sub(FARTHEST)..span.start];
    let start = memchr::memrchr_iter(b'\n', before).nth(LINES).unwrap_or(0);
    let behind = &text[span.end..text.len().min(span.end + FARTHEST)];
    let end = memchr::memchr_iter(b'\n', behind).nth(LINES).unwrap_or(behind.len());
    is_named_in(rules, &[&before[start..], b"\n", &behind[..end]].concat(), &text[span.clone()])
}

/// Whether a provider whose keys look as `value` does is named in `words`.
pub(super) fn is_named_in(rules: &RuleSet, words: &[u8], value: &[u8]) -> bool {
    const SHORTEST_NAME: usize = 4;
    let folded = words.to_ascii_lowercase();
    let words = folded.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| word.len() >= SHORTEST_NAME);
    words.filter_map(|word| std::str::from_utf8(word).ok()).any(|word| {
        let word = ["api", "token", "key"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
        !WORDS.contains(&word) && all_kinds_of(rules, word).any(|kind| is_as(kind, value))
    })
}

/// Whether the rule is for a kind whose keys have nothing of their own but a length, so that a class, a revision or a
/// sum behind the provider's name looks the same.
pub(super) fn has_length_alone(rule: Rule<'_>, value: &[u8]) -> bool {
    let facts = rule.facts();
    let is_alike = facts.near.is_none() && facts.pair.is_none() && GIVEN_OUT.contains(&facts.group.unwrap_or_default());
    is_alike && rule.unmarked_forms().iter().any(|form| form.is_plain && form.lengths.contains(&value.len()))
}

/// Whether keys of this kind have nothing fixed at their beginning and may be as long as `value`.
fn fits(rule: Rule<'_>, value: &[u8]) -> bool {
    rule.unmarked_forms().iter().any(|form| form.lengths.contains(&value.len()))
}

/// Whether `value` begins with a beginning that a kind has for its own, such as `glpat-`, and is longer or shorter than
/// what goes on behind it.
fn begins_as_a_key(rules: &RuleSet, value: &[u8]) -> bool {
    // What is common to the kinds of many providers of language models; shorter, it is a word.
    const SHARED: &[u8] = b"sk-";
    const SHORTEST: usize = 4;
    const LONGEST: usize = 16;
    const ENGLISH: [&str; 12] =
        ["access", "api", "app", "client", "config", "git", "github", "key", "live", "prod", "secret", "test"];
    if value.starts_with(SHARED) {
        return true;
    }
    let ends = (SHORTEST - 1..value.len().min(LONGEST)).filter(|place| b"_-.".contains(&value[*place]));
    let beginnings: Vec<&str> = ends
        .filter_map(|place| std::str::from_utf8(&value[..=place]).ok())
        .filter(|beginning| {
            let mut words = beginning.split(['_', '-', '.']).filter(|word| !word.is_empty());
            !words.all(|word| ENGLISH.contains(&word))
        })
        .collect();
    let is_one = |index: usize| {
        rules.is_enabled(index)
            && builtin::finds(index) == Finds::Secret
            && builtin::keywords(index)
                .iter()
                .any(|keyword| beginnings.contains(&keyword) && builtin::facts(index).regex.contains(keyword))
    };
    // Where a kind has many lengths, one of them says nothing.
    let is_as_long = |index: usize| {
        let lengths = shape::secret_lengths(builtin::facts(index).regex);
        lengths.is_some_and(|lengths| lengths == (value.len()..=value.len()))
    };
    let mut kinds = (0..builtin::count()).filter(|index| !beginnings.is_empty() && is_one(*index)).peekable();
    kinds.peek().is_some() && !kinds.any(is_as_long)
}
