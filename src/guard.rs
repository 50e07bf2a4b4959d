//! Files that must be encrypted: what asks for it, and whether one is committed in the clear all the same.
//!
//! What asks is a filter of `.gitattributes`, a creation rule of `.sops.yaml`, or `[[encrypted]]` of the configuration. That
//! a name such as `x.enc.yaml` says so is the rule's own business, like other whole files; here it is asked only of a file
//! that was renamed and not otherwise changed. Files of a work tree are no such thing: git-crypt has decrypted them there.

use std::cell::OnceCell;
use std::collections::HashSet;

use anyhow::Result;
use globset::GlobSet;

use crate::change::{BytePath, Change};
use crate::config::Config;
use crate::encrypted::{Creation, Demand, Filter, Policies, is_encrypted, is_encrypted_throughout, is_opaque};
use crate::finding::{Confidence, Finding};
use crate::rules::{Rule, glob_set};

/// The rule by which such files are reported.
pub(crate) const RULE: &str = "unencrypted-file";

/// What asks for a file to be encrypted, for people.
pub(crate) const ASKED_BY: &str =
    "filters of .gitattributes, .sops.yaml, [[encrypted]] of the configuration, names such as x.enc.yaml";

/// What the configuration adds to what a tree says.
pub(crate) struct Guard<'c> {
    config: &'c Config,
    globs: OnceCell<GlobSet>,
}

/// One reason to encrypt a file.
enum Reason<'p> {
    Filter(Filter<'p>),
    Sops(&'p Creation),
    Config(&'p str),
    Name,
}

impl<'c> Guard<'c> {
    pub(crate) fn new(config: &'c Config) -> Self {
        Self { config, globs: OnceCell::new() }
    }

    /// The finding that the file of `change` is in the clear and must not be.
    pub(crate) fn finding(&self, change: &Change<'_>) -> Result<Option<Finding<'c>>> {
        let Some(policies) = change.policies() else { return Ok(None) };
        // Nearly every commit ends here.
        if policies.is_empty() && self.config.encrypted.is_empty() && !change.is_moved() || is_exempt(&change.path) {
            return Ok(None);
        }
        let mut reasons = self.reasons(policies, &change.path)?;
        if reasons.is_empty() && !change.is_moved() {
            return Ok(None);
        }
        let Some(rule) = self.config.rules.find(RULE) else { return Ok(None) };
        if change.is_moved() && rule.covers(&change.path)? {
            reasons.push(Reason::Name);
        }
        if reasons.is_empty() || rule.excludes(&change.path)? {
            return Ok(None);
        }
        let content = change.content()?;
        let demand = reasons.iter().find(|reason| reason.is_unmet(&change.path, &content)).map(Reason::demand);
        Ok(demand.map(|demand| finding(rule, &change.path, &content, demand)))
    }

    fn reasons<'p>(&'p self, policies: &'p Policies, path: &BytePath) -> Result<Vec<Reason<'p>>> {
        let mut reasons = Vec::new();
        reasons.extend(policies.filter(path.as_bytes()).map(Reason::Filter));
        reasons.extend(policies.creation_rule(path.as_bytes())?.map(Reason::Sops));
        if !self.config.encrypted.is_empty() {
            let place = entries_for(self.globs()?, path).next();
            reasons.extend(place.map(|place| Reason::Config(&self.config.encrypted[place].value)));
        }
        Ok(reasons)
    }

    fn globs(&self) -> Result<&GlobSet> {
        if let Some(globs) = self.globs.get() {
            return Ok(globs);
        }
        let globs = globs(self.config)?;
        Ok(self.globs.get_or_init(|| globs))
    }
}

/// The entries of `[[encrypted]]` that guard none of `paths`, by their place in the configuration.
pub(crate) fn idle(config: &Config, paths: &[BytePath]) -> Result<Vec<usize>> {
    let globs = globs(config)?;
    let used: HashSet<usize> = paths.iter().flat_map(|path| entries_for(&globs, path)).collect();
    Ok((0..config.encrypted.len()).filter(|place| !used.contains(place)).collect())
}

/// Whether the configuration asks for that file.
pub(crate) fn is_named(config: &Config, path: &BytePath) -> Result<bool> {
    Ok(entries_for(&globs(config)?, path).next().is_some())
}

/// Two for each entry of `[[encrypted]]`: the name of a folder stands for all that is in it, as in `.gitignore`.
fn globs(config: &Config) -> Result<GlobSet> {
    let paths = config.encrypted.iter().map(|path| path.value.trim_end_matches('/'));
    let globs: Vec<_> = paths.flat_map(|path| [path.to_owned(), format!("{path}/**")]).collect();
    glob_set(globs.iter().map(String::as_str))
}

fn entries_for(globs: &GlobSet, path: &BytePath) -> impl Iterator<Item = usize> + use<> {
    globs.matches(path.as_path()).into_iter().map(|place| place / 2)
}

impl Reason<'_> {
    /// Whether the file is in the clear.
    fn is_unmet(&self, path: &BytePath, content: &[u8]) -> bool {
        match self {
            // What a tool of one's own writes has a form that nobody else knows.
            Self::Filter(filter) => !is_encrypted_throughout(content) && (is_known(filter.name) || !is_opaque(content)),
            Self::Sops(rule) if is_encrypted(content) => rule.is_gone_round(content),
            Self::Sops(rule) => rule.leaves_open(path.name(), content),
            Self::Config(_) | Self::Name => !is_encrypted(content),
        }
    }

    fn demand(&self) -> Demand {
        match self {
            Self::Filter(Filter { name, by }) => Demand::Filter(String::from_utf8_lossy(name).into_owned(), *by),
            Self::Sops(_) => Demand::Sops,
            Self::Config(glob) => Demand::Config((*glob).to_owned()),
            Self::Name => Demand::Name,
        }
    }
}

/// Whether the filter is that of a tool whose files are known by how they begin.
fn is_known(filter: &[u8]) -> bool {
    const TOOLS: [&[u8]; 3] = [b"git-crypt", b"git-agecrypt", b"strongbox"];
    TOOLS.iter().any(|tool| filter.starts_with(tool)) || filter == b"crypt" || filter.starts_with(b"crypt-")
}

/// Files that tell git, SOPS or keyguard what to do: encrypted they could not.
fn is_exempt(path: &BytePath) -> bool {
    const NAMES: [&[u8]; 8] = [
        b".gitattributes",
        b".gitignore",
        b".gitmodules",
        b".sops.yaml",
        b"git-agecrypt.toml",
        b".strongbox-keyid",
        b".strongbox_recipient",
        crate::config::FILE_NAME.as_bytes(),
    ];
    NAMES.contains(&path.name()) || path.as_bytes().starts_with(b".git-crypt/")
}

fn finding<'c>(rule: Rule<'c>, path: &BytePath, content: &[u8], demand: Demand) -> Finding<'c> {
    let confidence = rule.facts().confidence.max(Confidence::High);
    Finding { confidence, demand: Some(demand), ..Finding::of_file(rule, path, content) }
}
