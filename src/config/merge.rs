//! Laying the layers over each other, and what `enforce` makes of them.
//!
//! With `enforce = true` outside the repository, the repository's file is obeyed only where it cannot weaken anything:
//! fingerprint allows, added rules and `requires`. Where the system's layer says it, the user's layer, a given file and
//! flags can only tighten: add rules, lower the minimum confidence, switch markers off.

use anyhow::Result;

use super::layer::{AllowSpec, Layer};
use super::{Binary, Config, LayerKind, Setting};
use crate::finding::Confidence;
use crate::rules::spec::RuleSpec;
use crate::rules::{self, RuleSet};

/// How much of a layer is obeyed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// All of it.
    Full,
    /// What makes keyguard stricter, and allow entries by fingerprint.
    Fingerprints,
    /// What makes keyguard stricter.
    TightenOnly,
}

/// Merges the layers, the weakest first.
pub(super) fn merge(layers: Vec<(LayerKind, Layer, String)>, flag: Option<Confidence>) -> Result<Config> {
    let enforcing: Vec<LayerKind> =
        layers.iter().filter(|(_, layer, _)| layer.enforce == Some(true)).map(|(kind, ..)| *kind).collect();
    let system_enforces = enforcing.contains(&LayerKind::System);
    let trust = |kind| match kind {
        LayerKind::Repository if !enforcing.is_empty() => Trust::Fingerprints,
        LayerKind::User | LayerKind::Given | LayerKind::Flag if system_enforces => Trust::TightenOnly,
        _ => Trust::Full,
    };
    let mut merged = Merged::new();
    for (kind, layer, name) in layers {
        merged.add(kind, layer, trust(kind));
        merged.report_ignored(&name);
        merged.config.layers.push((kind, name));
    }
    if let Some(value) = flag {
        merged.min_confidence(value, LayerKind::Flag, trust(LayerKind::Flag));
        merged.report_ignored("--min-confidence");
    }
    merged.config.inline_markers = enforcing.is_empty();
    merged.config.skippable = !system_enforces;
    merged.finish()
}

struct Merged {
    config: Config,
    /// Keys of the current layer that are not obeyed.
    ignored: Vec<String>,
}

impl Merged {
    fn new() -> Self {
        let config = Config {
            min_confidence: Setting::default(Confidence::Medium),
            binary: Setting::default(Binary::Structured),
            foreign_markers: Setting::default(true),
            inline_markers: true,
            skippable: true,
            rules: RuleSet::built_in(),
            disabled: Vec::new(),
            only: None,
            own_rules: Vec::new(),
            allow: Vec::new(),
            notices: Vec::new(),
            layers: Vec::new(),
        };
        Self { config, ignored: Vec::new() }
    }

    fn add(&mut self, kind: LayerKind, layer: Layer, trust: Trust) {
        if let Some(value) = layer.min_confidence {
            self.min_confidence(value, kind, trust);
        }
        if let Some(value) = layer.scan.binary {
            if trust == Trust::Full || value == Binary::Structured {
                self.config.binary.set(value, kind);
            } else {
                self.ignore("scan.binary");
            }
        }
        if let Some(value) = layer.markers.foreign {
            if trust == Trust::Full || !value {
                self.config.foreign_markers.set(value, kind);
            } else {
                self.ignore("markers.foreign");
            }
        }
        self.rules_section(kind, layer.rules.disable, layer.rules.only, trust);
        for rule in layer.rule {
            self.rule(kind, rule, trust);
        }
        for entry in layer.allow {
            self.allow(kind, entry, trust);
        }
    }

    fn min_confidence(&mut self, value: Confidence, kind: LayerKind, trust: Trust) {
        if trust == Trust::Full || value <= self.config.min_confidence.value {
            self.config.min_confidence.set(value, kind);
        } else {
            self.ignore("min-confidence");
        }
    }

    fn rules_section(
        &mut self,
        kind: LayerKind,
        disable: Option<Vec<String>>,
        only: Option<Vec<String>>,
        trust: Trust,
    ) {
        if trust == Trust::Full {
            let names = disable.into_iter().flatten();
            self.config.disabled.extend(names.map(|value| Setting { value, origin: kind }));
            if let Some(value) = only {
                self.config.only = Some(Setting { value, origin: kind });
            }
            return;
        }
        if disable.is_some() {
            self.ignore("rules.disable");
        }
        if only.is_some() {
            self.ignore("rules.only");
        }
    }

    /// Adds a rule, or lays its fields over one of the same id.
    fn rule(&mut self, kind: LayerKind, rule: RuleSpec, trust: Trust) {
        let known = self.config.own_rules.iter().position(|own| own.value.id == rule.id);
        if trust != Trust::Full && (known.is_some() || rules::is_built_in(&rule.id)) {
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

    fn allow(&mut self, kind: LayerKind, entry: AllowSpec, trust: Trust) {
        let is_obeyed = match trust {
            Trust::Full => true,
            Trust::Fingerprints => entry.fingerprint.is_some(),
            Trust::TightenOnly => false,
        };
        if is_obeyed {
            self.config.allow.push(Setting { value: entry, origin: kind });
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

    fn report_ignored(&mut self, layer: &str) {
        if !self.ignored.is_empty() {
            let keys = std::mem::take(&mut self.ignored).join(", ");
            self.config
                .notices
                .push(format!("{layer}: {keys} not obeyed: a policy outside the repository is enforced"));
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
