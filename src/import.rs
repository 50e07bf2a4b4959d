//! What the configuration of another scanner amounts to in ours, and what of it has no counterpart.
//!
//! Pure but for two questions to whoever runs it: what stands in another file of the repository, and which keys are
//! found in one. Nothing is executed, and whatever the configuration would refuse is told instead of written.

pub(crate) mod baseline;
pub(crate) mod gitleaks;
mod glob;
pub(crate) mod ignore;
pub(crate) mod regex;

use std::collections::BTreeSet;

use crate::config::{AllowSpec, allow_flaw, rule_flaw};
use crate::rules::spec::RuleSpec;
use crate::scanner::{key_of, masked};
use crate::secret::Fingerprint;

/// What is carried over, and what is not.
#[derive(Default)]
pub(crate) struct Import {
    pub(crate) rules: Vec<RuleSpec>,
    pub(crate) allow: Vec<AllowSpec>,
    pub(crate) disable: BTreeSet<String>,
    pub(crate) remarks: Vec<Remark>,
}

/// Something that was not carried over as it stood there, and why.
pub(crate) struct Remark {
    pub(crate) file: String,
    pub(crate) line: Option<usize>,
    pub(crate) text: String,
}

/// A place in a foreign file.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) line: Option<usize>,
}

/// A key that our rules find in a file.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) rule: String,
    pub(crate) lines: std::ops::RangeInclusive<usize>,
    pub(crate) fingerprint: Fingerprint,
    /// SHA-1 of the values under which another tool may know it, in hexadecimal.
    pub(crate) hashes: Vec<String>,
}

impl Import {
    fn remark(&mut self, place: Place<'_>, text: impl AsRef<str>) {
        let remark = Remark { file: place.file.to_owned(), line: place.line, text: masked(text.as_ref()) };
        self.remarks.push(remark);
    }

    /// Takes a rule, unless the configuration would refuse it.
    fn add_rule(&mut self, place: Place<'_>, name: &str, rule: RuleSpec) {
        match rule_flaw(&rule) {
            Some(flaw) => self.remark(place, format!("rule `{name}`: {flaw}")),
            None => self.rules.push(rule),
        }
    }

    /// Takes an allow entry, unless the configuration would refuse it.
    fn add_allow(&mut self, place: Place<'_>, entry: AllowSpec) {
        let entry = by_name(entry);
        let holds_key = |text: &Option<String>| text.as_deref().is_some_and(|text| masked(text) != text);
        let flaw = if holds_key(&entry.regex) || holds_key(&entry.stopword) {
            Some("it holds a key; allow that by its fingerprint".to_owned())
        } else {
            allow_flaw(&entry)
        };
        match flaw {
            Some(flaw) => self.remark(place, format!("{} {flaw}", described(&entry))),
            None if self.allow.contains(&entry) => {}
            None => self.allow.push(entry),
        }
    }

    /// Allows one key by its fingerprint.
    fn allow_key(&mut self, key: &Key, reason: String) {
        let fingerprint = Some(key.fingerprint.to_string());
        if self.allow.iter().all(|entry| entry.fingerprint != fingerprint) {
            self.allow.push(AllowSpec { fingerprint, reason: Some(reason), ..AllowSpec::default() });
        }
    }
}

/// An entry for one key that is written out is better one by its name: the file would hold the key otherwise.
fn by_name(entry: AllowSpec) -> AllowSpec {
    let written = match (&entry.regex, &entry.stopword, &entry.path) {
        (Some(regex), None, None) => regex::literal(regex),
        (None, Some(word), None) => Some(word.clone()),
        _ => None,
    };
    match written.and_then(|text| key_of(&text)) {
        Some(name) => AllowSpec { fingerprint: Some(name.to_string()), reason: entry.reason, ..AllowSpec::default() },
        None => entry,
    }
}

/// What an entry is about, for a remark.
fn described(entry: &AllowSpec) -> String {
    let fields = [("regex", &entry.regex), ("stopword", &entry.stopword), ("path", &entry.path)];
    let named = fields.into_iter().filter_map(|(key, value)| Some(format!("{key} `{}`", short(value.as_deref()?))));
    format!("the entry for {}:", named.collect::<Vec<_>>().join(" and "))
}

/// A text cut to what fits into a line; masked before it is cut, which would leave a part of a key unknown.
fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    let one_line = masked(&text.replace('\n', " "));
    let cut: String = one_line.chars().take(LONGEST).collect();
    if cut == one_line { cut } else { format!("{cut}…") }
}

/// The line of the byte `offset`.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
