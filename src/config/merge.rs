//! Laying the layers over each other, and what `enforce` makes of them.
//!
//! With `enforce = true` outside the repository, the repository's file is obeyed in fingerprint allows, added rules and
//! `requires` alone. Where the system's layer says it, the user's layer, a given file and flags can only tighten: add
//! rules, lower the minimum confidence, switch markers off. What asks for something that holds anyway needs no remark.

use std::cmp::Ordering;
use std::collections::HashSet;

use anyhow::Result;

use super::layer::{Layer, Rules as Switches};
use super::{AllowEntry, Binary, Config, LayerFile, LayerKind, Setting};
use crate::finding::Confidence;
use crate::rules::spec::RuleSpec;
use crate::rules::{self, RuleSet};

/// How much of a layer is obeyed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// All of it.
    Full,
    /// What makes keyguard stricter: the user's layers under the system's policy.
    TightenOnly,
    /// Added rules and allow entries by fingerprint: the repository under a policy.
    Additions,
}

/// Who enforces.
#[derive(Clone, Copy)]
struct Policy {
    system: bool,
    /// The user's own layers; the given file goes before the user's.
    own: bool,
}

impl Policy {
    fn of(layers: &[(LayerFile, Layer)]) -> Self {
        let says = |kind| layers.iter().find(|(file, _)| file.kind == kind).and_then(|(_, layer)| layer.enforce);
        let own = says(LayerKind::Given).or_else(|| says(LayerKind::User));
        Self { system: says(LayerKind::System) == Some(true), own: own == Some(true) }
    }

    fn trust(self, kind: LayerKind) -> Trust {
        match kind {
            LayerKind::Repository if self.system || self.own => Trust::Additions,
            LayerKind::User | LayerKind::Given | LayerKind::Flag if self.system => Trust::TightenOnly,
            _ => Trust::Full,
        }
    }
}

/// Merges the layers, the weakest first.
pub(super) fn merge(layers: Vec<(LayerFile, Layer)>, flag: Option<Confidence>) -> Result<Config> {
    let policy = Policy::of(&layers);
    let mut merged = Merged::new(&layers);
    for (file, layer) in layers {
        merged.layer(file.kind, layer, policy.trust(file.kind));
        merged.report_ignored(&file.name, policy);
        merged.config.layers.push(file);
    }
    if let Some(value) = flag {
        merged.min_confidence(value, LayerKind::Flag, policy.trust(LayerKind::Flag));
        merged.report_ignored("--min-confidence", policy);
    }
    merged.config.skippable = !policy.system;
    merged.finish()
}

struct Merged {
    config: Config,
    /// Names of the rules in layers outside the repository, whatever their order.
    own_ids: HashSet<String>,
    /// Keys of the current layer that are not obeyed.
    ignored: Vec<String>,
}

impl Merged {
    fn new(layers: &[(LayerFile, Layer)]) -> Self {
        let config = Config {
            min_confidence: Setting::default(Confidence::Medium),
            binary: Setting::default(Binary::Structured),
            foreign_markers: Setting::default(true),
            enforce: Setting::default(false),
            skippable: true,
            rules: RuleSet::built_in(),
            disabled: Vec::new(),
            only: None,
            own_rules: Vec::new(),
            allow: Vec::new(),
            notices: Vec::new(),
            layers: Vec::new(),
        };
        let own = layers.iter().filter(|(file, _)| file.kind != LayerKind::Repository);
        let own_ids = own.flat_map(|(_, layer)| layer.rule.iter().map(|rule| rule.id.clone())).collect();
        Self { config, own_ids, ignored: Vec::new() }
    }

    fn layer(&mut self, kind: LayerKind, layer: Layer, trust: Trust) {
        if let Some(value) = layer.enforce {
            if self.decide("enforce", trust, value.cmp(&self.config.enforce.value)) {
                self.config.enforce.set(value, kind);
            }
        }
        if let Some(value) = layer.min_confidence {
            self.min_confidence(value, kind, trust);
        }
        if let Some(value) = layer.scan.binary {
            let change = strictness(value).cmp(&strictness(self.config.binary.value));
            if self.decide("scan.binary", trust, change) {
                self.config.binary.set(value, kind);
            }
        }
        if let Some(value) = layer.markers.foreign {
            if self.decide("markers.foreign", trust, self.config.foreign_markers.value.cmp(&value)) {
                self.config.foreign_markers.set(value, kind);
            }
        }
        self.switches(kind, layer.rules, trust);
        for rule in layer.rule {
            self.rule(kind, rule, trust);
        }
        for (index, spec) in layer.allow.into_iter().enumerate() {
            self.allow(AllowEntry { spec, origin: kind, index }, trust);
        }
    }

    /// Whether a value is to be set that makes keyguard stricter (`Greater`), weaker (`Less`) or neither.
    fn decide(&mut self, key: &str, trust: Trust, change: Ordering) -> bool {
        match (trust, change) {
            (Trust::Full, _) | (Trust::TightenOnly, Ordering::Greater) => true,
            (_, Ordering::Equal) => false,
            _ => {
                self.ignore(key);
                false
            }
        }
    }

    fn min_confidence(&mut self, value: Confidence, kind: LayerKind, trust: Trust) {
        if self.decide("min-confidence", trust, self.config.min_confidence.value.cmp(&value)) {
            self.config.min_confidence.set(value, kind);
        }
    }

    /// `[rules]`: what is on and off.
    fn switches(&mut self, kind: LayerKind, switches: Switches, trust: Trust) {
        if trust == Trust::Full {
            let names = switches.disable.into_iter().flatten();
            self.config.disabled.extend(names.map(|value| Setting { value, origin: kind }));
            if let Some(value) = switches.only {
                self.config.only = Some(Setting { value, origin: kind });
            }
            return;
        }
        if switches.disable.is_some_and(|names| !names.is_empty()) {
            self.ignore("rules.disable");
        }
        if switches.only.is_some() {
            self.ignore("rules.only");
        }
    }

    /// Adds a rule, or lays its fields over one of the same id.
    fn rule(&mut self, kind: LayerKind, rule: RuleSpec, trust: Trust) {
        let known = self.config.own_rules.iter().position(|own| own.value.id == rule.id);
        let is_taken = match trust {
            Trust::Full => false,
            Trust::TightenOnly => known.is_some() || rules::is_built_in(&rule.id),
            // A layer that comes later would lay its rule over this one, and keep what it does not name itself.
            Trust::Additions => rules::is_built_in(&rule.id) || self.own_ids.contains(&rule.id),
        };
        if is_taken {
            self.ignore(&format!("rule {}", rule.id));
            return;
        }
        match known {
            Some(place) => {
                let base = std::mem::take(&mut self.config.own_rules[place].value);
                self.config.own_rules[place] = Setting { value: base.overlaid(rule), origin: kind };
            }
            None => self.config.own_rules.push(Setting { value: rule, origin: kind }),
        }
    }

    fn allow(&mut self, entry: AllowEntry, trust: Trust) {
        let is_obeyed = match trust {
            Trust::Full => true,
            Trust::TightenOnly => false,
            Trust::Additions => entry.spec.fingerprint.is_some(),
        };
        if is_obeyed {
            self.config.allow.push(entry);
        } else {
            self.ignore("allow");
        }
    }

    fn ignore(&mut self, key: &str) {
        let key = format!("`{key}`");
        if !self.ignored.contains(&key) {
            self.ignored.push(key);
        }
    }

    fn report_ignored(&mut self, layer: &str, policy: Policy) {
        if !self.ignored.is_empty() {
            let keys = std::mem::take(&mut self.ignored).join(", ");
            let who = if policy.system { "the system's policy" } else { "a policy outside the repository" };
            self.config.notices.push(format!("{layer}: {keys} not obeyed: {who} is enforced"));
        }
    }

    fn finish(mut self) -> Result<Config> {
        let config = &mut self.config;
        if !config.own_rules.is_empty() || !config.disabled.is_empty() || config.only.is_some() {
            let is_on = |id: &str| {
                let is_named = config.only.as_ref().is_none_or(|only| only.value.iter().any(|name| name == id));
                is_named && config.disabled.iter().all(|off| off.value != id)
            };
            let own = config.own_rules.iter().map(|rule| rule.value.clone()).collect();
            config.rules = RuleSet::new(own, is_on)?;
        }
        Ok(self.config)
    }
}

/// Orders what happens to binary files by how much is looked at.
fn strictness(binary: Binary) -> u8 {
    match binary {
        Binary::Skip => 0,
        Binary::Structured => 1,
    }
}
