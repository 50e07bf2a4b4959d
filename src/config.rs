//! The configuration: layers as written, and what they amount to.
//!
//! A [`Layer`](layer::Layer) is one file, every key optional. Layers only add, or override by key; the result is a
//! [`Config`] that cannot be wrong. A policy that must not be weakened says `enforce = true` outside the repository (see
//! `merge`).

mod check;
mod diagnostic;
pub(crate) mod edit;
mod layer;
mod literal;
mod merge;
mod place;
mod source;
mod write;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

pub(crate) use check::{allow_flaw, rule_flaw};
pub(crate) use layer::AllowSpec;
#[cfg(test)]
pub(crate) use source::check_text;
pub(crate) use source::{Sources, allow_entries, broad, encrypted_paths, load, loosened, read_if_present};
pub(crate) use write::{Workshop, write_atomically, write_private};

use crate::finding::Confidence;
use crate::rules::spec::RuleSpec;
use crate::rules::{RuleSet, is_built_in};

/// The name of the file at the root of the work tree.
pub(crate) const FILE_NAME: &str = "keyguard.toml";

/// What happens to binary files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Binary {
    /// Rules are tried on the raw bytes.
    Structured,
    /// They are listed as skipped.
    Skip,
}

impl Binary {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Structured => "structured",
            Self::Skip => "skip",
        }
    }
}

/// Where a value comes from, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LayerKind {
    /// What keyguard does by itself.
    BuiltIn,
    /// The machine's configuration.
    System,
    /// The user's configuration.
    User,
    /// `keyguard.toml` of the repository.
    Repository,
    /// `-c FILE` or `KEYGUARD_CONFIG`.
    Given,
    /// A flag of the command line.
    Flag,
}

impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "built in",
            Self::System => "system",
            Self::User => "user",
            Self::Repository => "repository",
            Self::Given => "given",
            Self::Flag => "flag",
        })
    }
}

/// A value and the layer that set it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<T> {
    /// The value in force.
    pub value: T,
    /// Who set it.
    pub origin: LayerKind,
}

impl<T> Setting<T> {
    const fn default(value: T) -> Self {
        Self { value, origin: LayerKind::BuiltIn }
    }

    fn set(&mut self, value: T, origin: LayerKind) {
        *self = Self { value, origin };
    }
}

/// What is in force.
pub(crate) struct Config {
    /// Findings below this are counted, not reported.
    pub min_confidence: Setting<Confidence>,
    /// What happens to binary files.
    pub binary: Setting<Binary>,
    /// How many disguises, one inside the other, are undone.
    pub decode_depth: Setting<u32>,
    /// Whether markers of other tools in the text are honoured.
    pub foreign_markers: Setting<bool>,
    /// How files whose name has this ending read a variable, which `NAME` stands for; never from the repository.
    pub dialects: BTreeMap<String, Setting<String>>,
    /// Where `keyguard fix` puts keys, from the root of the work tree.
    pub env_file: Setting<String>,
    /// The age in days from which `audit` says that a key should have been replaced.
    pub max_age_days: Setting<u32>,
    /// Whether a policy outside the repository is enforced; then markers in the text are not honoured.
    pub enforce: Setting<bool>,
    /// Whether this is a server, where markers in what is pushed are not honoured.
    pub is_server: bool,
    /// Whether `SKIP` is obeyed: not where the system's policy is enforced.
    pub skippable: bool,
    /// The rules in force.
    pub rules: RuleSet,
    /// Names of rules that are off, each with the layer that says so.
    pub disabled: Vec<Setting<String>>,
    /// The only rules in force, when a layer says so.
    pub only: Option<Setting<Vec<String>>>,
    /// Rules that layers add or override, by id.
    pub own_rules: Vec<Setting<RuleSpec>>,
    /// The allow entries, in order of the layers.
    pub(crate) allow: Vec<AllowEntry>,
    /// Globs of the files that must be committed encrypted.
    pub encrypted: Vec<Setting<String>>,
    /// One-line remarks on what is not obeyed.
    pub notices: Vec<String>,
    /// The files that were read, the weakest first.
    pub(crate) layers: Vec<LayerFile>,
}

/// An allow entry in force.
pub(crate) struct AllowEntry {
    /// What it says.
    pub(crate) spec: AllowSpec,
    /// The layer that holds it.
    pub(crate) origin: LayerKind,
    /// Its number in that layer's file.
    pub(crate) index: usize,
}

/// A file that was read.
pub(crate) struct LayerFile {
    /// Its layer.
    pub(crate) kind: LayerKind,
    /// How to name it.
    pub(crate) name: String,
    /// Its content, without a byte order mark.
    pub(crate) text: String,
}

impl Config {
    /// Whether there is a rule called `id`, switched on or not.
    pub(crate) fn knows_rule(&self, id: &str) -> bool {
        is_built_in(id) || self.own_rules.iter().any(|rule| rule.value.id == id)
    }
}

/// The complaint about a rule's name that names none.
pub(crate) fn unknown_rule(id: &str) -> String {
    format!("names the rule `{id}`, which does not exist\nhelp: see `keyguard rules list`")
}
