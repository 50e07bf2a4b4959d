//! One configuration file as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::value::Datetime;

use super::Binary;
use crate::finding::Confidence;
use crate::rules::spec::RuleSpec;
use crate::scanner::masked;

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
    pub(super) encrypted: Vec<EncryptedSpec>,
    #[serde(default)]
    pub(super) markers: Markers,
    #[serde(default)]
    pub(super) remedy: Remedy,
    #[serde(default)]
    pub(super) rotate: Rotate,
}

/// One `[[encrypted]]`: files that must be committed encrypted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct EncryptedSpec {
    pub(super) path: String,
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
pub(super) struct Remedy {
    pub(super) env_file: Option<String>,
    /// Expressions by the ending of a file's name.
    #[serde(default)]
    pub(super) dialects: BTreeMap<String, String>,
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
        self.what() == other.what() && self.expires == other.expires
    }

    /// Whether all that `other` allows is allowed by this too, and for as long.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let lasts = match (self.expires, other.expires) {
            (None, _) => true,
            (Some(own), Some(theirs)) => own >= theirs,
            (Some(_), None) => false,
        };
        lasts && self.what() == other.what()
    }

    /// What it allows; without its words and its end.
    pub(super) fn what(&self) -> [Option<&String>; 5] {
        [&self.fingerprint, &self.rule, &self.path, &self.regex, &self.stopword].map(Option::as_ref)
    }

    /// The entry as it may be shown: whoever writes one about a key may have written the key.
    pub(crate) fn masked(&self) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(masked);
        Self {
            fingerprint: self.fingerprint.clone(),
            rule: text(&self.rule),
            path: text(&self.path),
            regex: text(&self.regex),
            stopword: text(&self.stopword),
            reason: text(&self.reason),
            by: text(&self.by),
            expires: self.expires,
        }
    }

    /// What it allows, in a few words that may be shown.
    pub(crate) fn subject(&self) -> String {
        if let Some(fingerprint) = &self.fingerprint {
            return fingerprint.clone();
        }
        let Self { path, rule, regex, stopword, .. } = self.masked();
        let fields = [("path", path), ("rule", rule), ("regex", regex), ("stopword", stopword)];
        let words = fields.iter().filter_map(|(key, value)| Some(format!("{key} `{}`", value.as_deref()?)));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Whether the entry names a key, and not a place or a kind.
    pub(crate) fn names_content(&self) -> bool {
        self.fingerprint.is_some() || self.regex.is_some() || self.stopword.is_some()
    }
}
