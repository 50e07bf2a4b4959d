//! Laying the layers over each other, and what `enforce` makes of them.
//!
//! With `enforce = true` outside the repository, the repository's file is obeyed in fingerprint allows, added rules,
//! `[[encrypted]]` and `requires` alone. Where the system's layer says it, the user's layer, a given file and flags can only tighten: add
//! rules, lower the minimum confidence, switch markers off. What asks for something that holds anyway needs no remark.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use anyhow::Result;

use super::layer::{Layer, Rules as Switches};
use super::{AllowEntry, Binary, Config, LayerFile, LayerKind, Setting, unknown_rule};
use crate::audit;
use crate::finding::Confidence;
use crate::rules::spec::RuleSpec;
use crate::rules::{self, RuleSet};
use crate::scanner::Scanner;

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
            decode_depth: Setting::default(Scanner::DEPTH),
            foreign_markers: Setting::default(true),
            dialects: BTreeMap::new(),
            env_file: Setting { value: ".env".to_owned(), origin: LayerKind::BuiltIn },
            max_age_days: Setting::default(audit::MAX_AGE_DAYS),
            enforce: Setting::default(false),
            is_server: false,
            skippable: true,
            rules: RuleSet::built_in(),
            disabled: Vec::new(),
            only: None,
            own_rules: Vec::new(),
            allow: Vec::new(),
            encrypted: Vec::new(),
            notices: Vec::new(),
            layers: Vec::new(),
        };
        let own = layers.iter().filter(|(file, _)| file.kind != LayerKind::Repository);
        let own_ids = own.flat_map(|(_, layer)| layer.rule.iter().map(|rule| rule.id.clone())).collect();
        Self { config, own_ids, ignored: Vec::new() }
    }

    fn layer(&mut self, kind: LayerKind, layer: Layer, trust: Trust) {
        if let Some(value) = layer.enforce
            && self.decide("enforce", trust, value.cmp(&self.config.enforce.value))
        {
            self.config.enforce.set(value, kind);
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
        if let Some(value) = layer.scan.decode_depth
            && self.decide("scan.decode-depth", trust, value.cmp(&self.config.decode_depth.value))
        {
            self.config.decode_depth.set(value, kind);
        }
        if let Some(value) = layer.markers.foreign
            && self.decide("markers.foreign", trust, self.config.foreign_markers.value.cmp(&value))
        {
            self.config.foreign_markers.set(value, kind);
        }
        if let Some(value) = layer.remedy.env_file {
            if trust == Trust::Full {
                self.config.env_file.set(value, kind);
            } else if value != self.config.env_file.value {
                self.ignore("remedy.env-file");
            }
        }
        let dialects = layer.remedy.dialects.into_iter();
        self.config.dialects.extend(dialects.map(|(ending, value)| (ending, Setting { value, origin: kind })));
        if let Some(value) = layer.rotate.max_age_days
            && self.decide("rotate.max-age-days", trust, self.config.max_age_days.value.cmp(&value))
        {
            self.config.max_age_days.set(value, kind);
        }
        self.switches(kind, layer.rules, trust);
        for rule in layer.rule {
            self.rule(kind, rule, trust);
        }
        // No layer can do anything but ask for more files.
        let encrypted = layer.encrypted.into_iter().map(|entry| Setting { value: entry.path, origin: kind });
        self.config.encrypted.extend(encrypted);
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
        check_only(config)?;
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

/// A typing error in `only` would leave the wanted rule off, and an empty one all of them: neither may pass for clean.
fn check_only(config: &Config) -> Result<()> {
    let Some(only) = &config.only else { return Ok(()) };
    if only.value.is_empty() {
        let message = "is empty, which would switch every rule off\nhelp: name rules, or leave the key out";
        return Err(config.rules_error("only", "", message));
    }
    match only.value.iter().find(|id| !config.knows_rule(id)) {
        Some(id) => Err(config.rules_error("only", id, &unknown_rule(id))),
        None => Ok(()),
    }
}

/// Orders what happens to binary files by how much is looked at.
fn strictness(binary: Binary) -> u8 {
    match binary {
        Binary::Skip => 0,
        Binary::Structured => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::parse;

    /// Merges texts, each as the file of its layer.
    fn merged(layers: &[(LayerKind, &str)], flag: Option<Confidence>) -> Config {
        let read = |(kind, content): &(LayerKind, &str)| {
            let name = kind.to_string();
            let (text, layer) = parse(&name, content.as_bytes().to_vec(), *kind).unwrap();
            (LayerFile { kind: *kind, name, text }, layer)
        };
        merge(layers.iter().map(read).collect(), flag).unwrap()
    }

    const RULE: &str = "[[rule]]\nid = \"acme-key\"\ntitle = \"Acme\"\nregex = \"acme_[0-9a-f]{32}\"\n";
    const WEAKER: &str = "enforce = false\nmin-confidence = \"high\"\n[rotate]\nmax-age-days = 900\n[scan]\nbinary = \"skip\"\n[rules]\ndisable = [\"jwt\"]\n\
        only = [\"private-key-pem\"]\n[[rule]]\nid = \"jwt\"\npaths = [\"x\"]\n[[allow]]\nfingerprint = \"kg1:0123456789abcdef\"\nreason = \"x\"\n";

    #[test]
    fn the_system_binds_every_layer() {
        for kind in [LayerKind::User, LayerKind::Given] {
            let config = merged(&[(LayerKind::System, "enforce = true\n"), (kind, WEAKER)], None);
            let all = "`enforce`, `min-confidence`, `scan.binary`, `rotate.max-age-days`, `rules.disable`, `rules.only`, \
                `rule jwt`, `allow`";
            assert_eq!(config.notices, [format!("{kind}: {all} not obeyed: the system's policy is enforced")]);
            assert!(config.enforce.value && !config.skippable);
            assert_eq!(config.min_confidence.value, Confidence::Medium);
            assert_eq!((config.binary.value, config.max_age_days.value), (Binary::Structured, 90));
            assert!(config.disabled.is_empty() && config.only.is_none());
            assert!(config.own_rules.is_empty() && config.allow.is_empty());
        }
        let config = merged(&[(LayerKind::System, "enforce = true\n")], Some(Confidence::High));
        assert_eq!(config.notices, ["--min-confidence: `min-confidence` not obeyed: the system's policy is enforced"]);
        assert_eq!(config.min_confidence.value, Confidence::Medium);
    }

    #[test]
    fn under_the_systems_policy_others_can_tighten() {
        let system = "enforce = true\nmin-confidence = \"high\"\n[scan]\nbinary = \"skip\"\n";
        let stricter = format!(
            "min-confidence = \"low\"\n[scan]\nbinary = \"structured\"\n[markers]\nforeign = false\n[rotate]\n\
             max-age-days = 30\n{RULE}"
        );
        let config = merged(&[(LayerKind::System, system), (LayerKind::User, &stricter)], Some(Confidence::Low));
        assert!(config.notices.is_empty(), "{:?}", config.notices);
        assert_eq!((config.min_confidence.value, config.min_confidence.origin), (Confidence::Low, LayerKind::User));
        assert_eq!((config.binary.value, config.binary.origin), (Binary::Structured, LayerKind::User));
        assert!(!config.foreign_markers.value && config.own_rules.len() == 1);
        assert_eq!(config.max_age_days.value, 30);
    }

    #[test]
    fn the_systems_rules_are_its_own() {
        let system = format!("enforce = true\n{RULE}");
        let theirs = format!("{RULE}exclude-paths = [\"**\"]\n");
        for kind in [LayerKind::User, LayerKind::Repository, LayerKind::Given] {
            let config = merged(&[(LayerKind::System, &system), (kind, &theirs)], None);
            assert!(config.notices.len() == 1 && config.own_rules.len() == 1, "{kind}");
            assert!(config.own_rules[0].value.exclude_paths.is_none(), "{kind}");
        }
    }

    #[test]
    fn the_system_binds_the_repository_whatever_the_user_says() {
        let user = "enforce = false\n";
        let theirs = "min-confidence = \"high\"\n[[allow]]\nfingerprint = \"kg1:0123456789abcdef\"\nreason = \"x\"\n";
        let layers =
            [(LayerKind::System, "enforce = true\n"), (LayerKind::User, user), (LayerKind::Repository, theirs)];
        let config = merged(&layers, None);
        assert!(config.enforce.value);
        assert_eq!(config.min_confidence.value, Confidence::Medium);
        assert_eq!(config.allow.len(), 1, "entries by fingerprint are obeyed");
        assert_eq!(config.notices.len(), 2);
    }

    #[test]
    fn without_a_policy_everything_is_obeyed() {
        let system = "enforce = false\nmin-confidence = \"low\"\n";
        let config = merged(&[(LayerKind::System, system), (LayerKind::User, WEAKER)], Some(Confidence::Low));
        assert!(config.notices.is_empty() && config.skippable && !config.enforce.value);
        assert_eq!((config.min_confidence.value, config.min_confidence.origin), (Confidence::Low, LayerKind::Flag));
        assert_eq!((config.disabled.len(), config.own_rules.len(), config.allow.len()), (1, 1, 1));
    }

    #[test]
    fn a_rule_is_laid_over_field_by_field() {
        let over = "[[rule]]\nid = \"acme-key\"\ntitle = \"Other\"\nregex = \"acme\"\n";
        let user = format!("{RULE}keywords = [\"acme_\"]\n");
        let config = merged(&[(LayerKind::User, &user), (LayerKind::Repository, over)], None);
        let rule = &config.own_rules[0];
        assert_eq!((rule.origin, rule.value.regex.as_deref()), (LayerKind::Repository, Some("acme")));
        assert!(rule.value.keywords.is_some());
    }
}
