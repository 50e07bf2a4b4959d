//! `keyguard config check`: whether every layer can be used, and what in it does nothing any more.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use crate::allowlist::{self, Allowlist};
use crate::baseline::{self, Baseline};
use crate::cli::Global;
use crate::command::{baseline_of_work_tree, census, config_of_work_tree, work_tree_of};
use crate::config::{Config, LayerKind, unknown_rule};
use crate::environment::Environment;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo, command};
use crate::guard;
use crate::outcome::Exit;
use crate::report::{Format, sanitized, write_document};

/// Checks every layer, and compiles what is compiled only when needed.
pub(crate) fn check(global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let config = config_of_work_tree(global, environment)?;
    compile(&config)?;
    check_names(&config)?;
    let baseline = baseline_of_work_tree(environment)?;
    let mut notices = config.notices.clone();
    let mut files: Vec<_> = config.layers.iter().map(|layer| layer.name.clone()).collect();
    notices.extend(expired(&config)?);
    notices.extend(broad(&config)?);
    if let Some(root) = work_tree_of(&environment.current_dir) {
        notices.extend(unused(&config, global, environment));
        notices.extend(idle(&config, &root));
        notices.extend(baseline.iter().flat_map(|baseline| gone(baseline, &config, environment)));
    }
    files.extend(baseline.map(|_| baseline::FILE_NAME.to_owned()));
    if global.format == Format::Json {
        write_document(&json!({ "version": 1, "files": files, "notices": notices }), out)?;
        return Ok(Exit::Clean);
    }
    for notice in &notices {
        writeln!(out, "{}", sanitized(notice.as_bytes()))?;
    }
    let files = if files.is_empty() { "no file, so the defaults hold".to_owned() } else { files.join(", ") };
    writeln!(out, "ok: {}", sanitized(files.as_bytes()))?;
    Ok(Exit::Clean)
}

/// Compiles every regex of the configuration; an error names the place of the first that cannot be used.
pub(crate) fn compile(config: &Config) -> Result<()> {
    for own in &config.own_rules {
        let id = own.value.id.as_str();
        let Some(rule) = config.rules.find(id) else { continue };
        let error = |key: &str| config.rule_error(id, key, "is too large\nhelp: shorten its repetitions");
        rule.regex().map_err(|_| error("regex"))?;
        rule.near().map_err(|_| error("near"))?;
    }
    config.rules.compile_own()?;
    Allowlist::new(config).compile()
}

/// A rule's name with a typing error would switch nothing off, and say nothing. `only` is checked whenever a
/// configuration is loaded.
fn check_names(config: &Config) -> Result<()> {
    if let Some(name) = config.disabled.iter().find(|name| !config.knows_rule(&name.value)) {
        return Err(config.rules_error("disable", &name.value, &unknown_rule(&name.value)));
    }
    for rule in config.own_rules.iter().map(|rule| &rule.value) {
        if let Some(name) = rule.pair.iter().flat_map(|pair| &pair.with).find(|name| !config.knows_rule(name)) {
            return Err(config.rule_error(&rule.id, "pair", &unknown_rule(name)));
        }
    }
    for entry in &config.allow {
        if let Some(name) = entry.spec.rule.as_deref().filter(|name| !config.knows_rule(name)) {
            return Err(config.allow_error(entry, "rule", &unknown_rule(name)));
        }
    }
    Ok(())
}

/// Entries that have expired, each with its place.
fn expired(config: &Config) -> Result<Vec<String>> {
    let expired = Allowlist::new(config).expired()?;
    let places = if expired.is_empty() { Vec::new() } else { config.allow_places() };
    Ok(in_few(expired.into_iter().map(|(place, notice)| format!("{}: {notice}", places[place]))))
}

/// Entries that hide a whole language or kind, each with its place.
fn broad(config: &Config) -> Result<Vec<String>> {
    let mut places = None;
    let mut remarks = Vec::new();
    for (place, entry) in config.allow.iter().enumerate() {
        if let Some(breadth) = allowlist::breadth(&entry.spec, &config.rules)? {
            let places = places.get_or_insert_with(|| config.allow_places());
            let subject = entry.spec.subject();
            remarks.push(format!("{}: the allow entry for {subject} {breadth}; is that meant?", places[place]));
        }
    }
    Ok(in_few(remarks.into_iter()))
}

/// Entries of the repository that match nothing.
fn unused(config: &Config, global: &Global, environment: &Environment) -> Vec<String> {
    let own = config_of_work_tree(global, environment);
    match own.and_then(|own| census::unused_entries(own, environment)) {
        Ok(unused) => {
            let places = if unused.is_empty() { Vec::new() } else { config.allow_places() };
            let remark = |place: usize| {
                let subject = config.allow[place].spec.subject();
                format!("{}: the allow entry for {subject} matches nothing that is tracked", places[place])
            };
            in_few(unused.into_iter().map(remark))
        }
        Err(error) => vec![format!("not checked, which allow entries match something: {error:#}")],
    }
}

/// Entries of `[[encrypted]]` in the repository that guard nothing: a folder of another name, perhaps.
fn idle(config: &Config, root: &Path) -> Vec<String> {
    let is_own = |place: &usize| config.encrypted[*place].origin == LayerKind::Repository;
    if !(0..config.encrypted.len()).any(|place| is_own(&place)) {
        return Vec::new();
    }
    match command::tracked_names(root).and_then(|paths| guard::idle(config, &paths)) {
        Ok(idle) => {
            let places = config.encrypted_places();
            let remark = |place: usize| {
                let path = &config.encrypted[place].value;
                format!("{}: the [[encrypted]] entry for path `{path}` matches nothing that is tracked", places[place])
            };
            in_few(idle.into_iter().filter(is_own).map(remark))
        }
        Err(error) => vec![format!("not checked, which [[encrypted]] entries match something: {error:#}")],
    }
}

/// What of the baseline is not there any more, or allowed by an entry, in words.
fn gone(baseline: &Baseline, config: &Config, environment: &Environment) -> Vec<String> {
    let now = || -> Result<Baseline> {
        let repo = Repo::open(environment, Caller::User)?;
        let outcome = census::of_head(&StagedReader::new(&repo, Parents::All)?, config)?;
        let allowlist = Allowlist::new(config);
        Ok(Baseline::of(outcome.blocked.iter().filter(|located| !allowlist.is_expired(located))))
    };
    let gone = match now() {
        Ok(now) => baseline.gone_from(&now),
        Err(error) => return vec![format!("not checked, which keys of the baseline are gone: {error:#}")],
    };
    let remark = |(fingerprint, key): &(_, baseline::Key)| {
        let paths: Vec<_> = key.paths.iter().map(String::as_str).collect();
        let (file, rule, paths) = (baseline::FILE_NAME, &key.rule, paths.join(", "));
        format!("{file}: {fingerprint} ({rule}) has no use any more in {paths}; `keyguard baseline` drops that")
    };
    in_few(gone.iter().map(remark))
}

/// The first remarks of a kind, and how many more there are.
fn in_few(mut remarks: impl Iterator<Item = String>) -> Vec<String> {
    const TOLD: usize = 20;
    let mut told: Vec<_> = remarks.by_ref().take(TOLD).collect();
    let more = remarks.count();
    if more > 0 {
        told.push(format!("and {more} more of that kind"));
    }
    told
}
