//! Runs a rule's regex over a text: where its matches are, and the secret in each.
//!
//! The automaton that finds a match takes about 1 ns a byte, telling the bounds of a group in it 50 to 100: where the
//! syntax says where the secret is (`Place`), no group is asked for. What it says is the same that the group would say.

use std::ops::Range;

use anyhow::Result;
use regex::bytes::{CaptureLocations, Regex};

use super::Rule;
use super::macros::ESCAPES;
use super::place::{Place, Rest};

/// A rule's regex, compiled.
pub struct Matcher<'r> {
    regex: &'r Regex,
    place: Place,
}

/// What a regex found, in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// All that it matches.
    pub whole: Range<usize>,
    /// The group `secret`, or all where there is none.
    pub secret: Range<usize>,
}

impl<'r> Matcher<'r> {
    /// Compiles the regex of `rule` where nobody has yet; fails for a configured one that is too large.
    pub fn new(rule: Rule<'r>) -> Result<Self> {
        Ok(Self { regex: rule.regex()?, place: rule.shape().place })
    }

    /// The matches in `text` that begin at `start` or behind it; what stands before is seen by `\b` and its like.
    pub fn matches<'t>(&self, text: &'t [u8], start: usize) -> impl Iterator<Item = Match> + use<'_, 'r, 't> {
        let mut group = (self.place == Place::Group).then(|| Group::of(self.regex));
        let mut position = start;
        std::iter::from_fn(move || {
            if position > text.len() {
                return None;
            }
            let found = match &mut group {
                Some(group) => group.find_at(self.regex, text, position)?,
                None => {
                    let whole = self.regex.find_at(text, position)?.range();
                    match self.secret(&text[whole.clone()]) {
                        Some(secret) => Match { secret: whole.start + secret.start..whole.start + secret.end, whole },
                        // A text that has needed the group once will need it again: the next match is found once.
                        None => group.insert(Group::of(self.regex)).find_at(self.regex, text, whole.start)?,
                    }
                }
            };
            // The last byte may be a border that the next match needs too; more of a match is not looked at again.
            position = found.secret.end.max(found.whole.end.saturating_sub(1)).max(found.whole.start + 1);
            Some(found)
        })
    }

    /// Where the secret is in all that was matched, where the syntax tells it.
    fn secret(&self, matched: &[u8]) -> Option<Range<usize>> {
        let end = |rest| match rest {
            Rest::Fixed(length) => Some(matched.len() - usize::from(length)),
            Rest::Without(bytes) => matched.iter().rposition(|byte| bytes.hold(*byte)).map(|last| last + 1),
            Rest::Opened(bytes) => matched.iter().rposition(|byte| bytes.hold(*byte)),
        };
        match self.place {
            Place::Group => None,
            Place::Behind(length, rest) => Some(usize::from(length)..end(rest)?),
            Place::BehindStart(rest) => Some(start_length(matched)..end(rest)?),
            Place::Length(length, rest) => end(rest).map(|end| end - usize::from(length)..end),
            Place::Within(stretch, rest) => {
                let end = end(rest)?;
                Some(stretch.start(&matched[..end])?..end)
            }
        }
    }
}

/// How many bytes of `matched` belong to `{{start}}`, where what follows it begins with none of `ESCAPES`.
fn start_length(matched: &[u8]) -> usize {
    let [first, second, ..] = matched else { return 0 };
    match (first, second) {
        _ if !ESCAPES.contains(first) => 0,
        (b'\\', b'u') => r"\u003d".len(),
        (b'\\', b'x') => r"\x3d".len(),
        (b'\\', _) => r"\n".len(),
        (b'%', _) => "%3D".len(),
        // A colour sequence ends with the first `m`.
        _ => matched.iter().position(|byte| *byte == b'm').map_or(0, |end| end + 1),
    }
}

/// The group `secret` of a regex.
struct Group {
    number: Option<usize>,
    locations: CaptureLocations,
}

impl Group {
    fn of(regex: &Regex) -> Self {
        let number = regex.capture_names().position(|name| name == Some("secret"));
        Self { number, locations: regex.capture_locations() }
    }

    fn find_at(&mut self, regex: &Regex, text: &[u8], position: usize) -> Option<Match> {
        let whole = regex.captures_read_at(&mut self.locations, text, position)?.range();
        let secret = self.number.and_then(|number| self.locations.get(number));
        Some(Match { secret: secret.map_or_else(|| whole.clone(), |(start, end)| start..end), whole })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rules::{RuleSet, example};

    /// What `{{start}}` takes for the end of another character, and what it does not.
    const BEFORE: [&str; 12] =
        ["", " ", "x", r"\n", r"\u003d", r"\x3d", "%3D", "\x1b[0;31m", "\x1b[m", r"\q", "%3", "\x1b[31"];

    /// What told where the secret is in `found`.
    fn teller(matcher: &Matcher<'_>, found: &[u8]) -> &'static str {
        match matcher.place {
            _ if matcher.secret(found).is_none() => "group",
            Place::Group => unreachable!("it tells nothing"),
            Place::Behind(..) => "behind",
            Place::BehindStart(..) => "behind start",
            Place::Length(..) => "length",
            Place::Within(..) => "within",
        }
    }

    /// The matches in `text` as the regex alone tells them.
    fn by_groups(regex: &Regex, text: &[u8]) -> Vec<Match> {
        let mut found = Vec::new();
        let mut position = 0;
        while let Some(captures) = regex.captures_at(text, position) {
            let whole = captures.get_match();
            let secret = captures.name("secret").unwrap_or(whole);
            position = secret.end().max(whole.end().saturating_sub(1)).max(whole.start() + 1);
            found.push(Match { whole: whole.range(), secret: secret.range() });
            if position > text.len() {
                break;
            }
        }
        found
    }

    #[test]
    fn places_are_where_the_group_is() {
        let rules = RuleSet::built_in();
        let mut met = BTreeMap::<_, usize>::new();
        for rule in rules.iter() {
            let matcher = Matcher::new(rule).unwrap();
            let mut text = String::new();
            for (number, template) in rule.facts().matches.iter().enumerate() {
                let example = example::expand(template, rule.id(), number);
                text.extend(BEFORE.iter().flat_map(|before| [before, example.as_str(), "\n"]));
                // Where a value follows what stands for another character, as it may stand in an escaped text.
                let found = by_groups(matcher.regex, example.as_bytes());
                let secret = found.first().and_then(|found| example.get(found.secret.clone())).unwrap_or_default();
                text.extend(BEFORE.iter().flat_map(|before| ["x", before, secret, "\n"]));
            }
            let found: Vec<_> = matcher.matches(text.as_bytes(), 0).collect();
            assert_eq!(found, by_groups(matcher.regex, text.as_bytes()), "{}", rule.id());
            for one in found {
                *met.entry(teller(&matcher, &text.as_bytes()[one.whole])).or_default() += 1;
            }
        }
        assert!(met.len() == 5 && met.values().all(|count| *count > 500), "{met:?}");
    }

    #[test]
    fn a_group_that_takes_no_part_leaves_the_match() {
        let found = |pattern: &str, text: &str| {
            let matcher = Matcher { regex: &Regex::new(pattern).unwrap(), place: Place::Group };
            matcher.matches(text.as_bytes(), 0).map(|found| (found.whole, found.secret)).collect::<Vec<_>>()
        };
        assert_eq!(found("a(?<secret>b)?c", "abc ac"), [(0..3, 1..2), (4..6, 4..6)]);
        assert_eq!(found("(?<secret>b)(?: |$)", "b b"), [(0..2, 0..1), (2..3, 2..3)]);
        assert_eq!(found("b*", "ab"), [(0..0, 0..0), (1..2, 1..2), (2..2, 2..2)]);
    }
}
