//! One configuration file as it is written.

use serde::Deserialize;
use toml::value::Datetime;

use super::Binary;
use crate::finding::Confidence;
use crate::rules::spec::RuleSpec;

/// A whole file; documented key by key in `config.example.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Layer {
    #[expect(dead_code, reason = "checked before the rest is parsed, so that a newer file says that it is newer")]
    pub(super) requires: Option<String>,
    pub(super) enforce: Option<bool>,
    pub(super) min_confidence: Option<Confidence>,
    #[serde(default)]
    pub(super) scan: Scan,
    #[serde(default)]
    pub(super) rules: Rules,
    #[serde(default)]
    pub(super) rule: Vec<RuleSpec>,
    #[serde(default)]
    pub(super) allow: Vec<AllowSpec>,
    #[serde(default)]
    pub(super) markers: Markers,
    #[serde(default)]
    pub(super) rotate: Rotate,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Scan {
    pub(super) binary: Option<Binary>,
    pub(super) decode_depth: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Rules {
    pub(super) disable: Option<Vec<String>>,
    pub(super) only: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Markers {
    pub(super) foreign: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Rotate {
    pub(super) max_age_days: Option<u32>,
}

/// One `[[allow]]`: all its fields must hold for a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AllowSpec {
    pub(crate) fingerprint: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) regex: Option<String>,
    pub(crate) stopword: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) by: Option<String>,
    pub(crate) expires: Option<Datetime>,
}

impl AllowSpec {
    /// Whether both allow the same for the same time, whatever their reasons.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let without_words = |entry: &Self| Self { reason: None, by: None, ..entry.clone() };
        without_words(self) == without_words(other)
    }

    /// Whether the entry names a key, and not a place or a kind.
    pub(crate) fn names_content(&self) -> bool {
        self.fingerprint.is_some() || self.regex.is_some() || self.stopword.is_some()
    }
}
