//! `keyguard config init|check|show`.

use std::io::Write;

use anyhow::{Context as _, Result, anyhow, bail};

use super::{config_of_work_tree, work_tree_of};
use crate::allowlist::Allowlist;
use crate::cli::Global;
use crate::config::{Config, FILE_NAME, edit};
use crate::environment::Environment;
use crate::outcome::Exit;

/// The reference of every key; a test proves that it parses to the defaults.
pub(crate) const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Writes the reference as keyguard.toml.
pub(crate) fn init(environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let root = work_tree_of(&environment.current_dir).context("this is not a git repository")?;
    let file = root.join(FILE_NAME);
    if std::fs::symlink_metadata(&file).is_ok() {
        bail!("`{FILE_NAME}` is already there, and was left as it is");
    }
    edit::write_atomically(&file, EXAMPLE.as_bytes())?;
    writeln!(out, "wrote {FILE_NAME}: every key with its default, for you to change")?;
    Ok(Exit::Clean)
}

/// Checks every layer, and compiles what is compiled only when needed.
pub(crate) fn check(global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let config = config_of_work_tree(global, environment)?;
    config.rules.compile_own()?;
    Allowlist::new(&config).compile()?;
    check_names(&config)?;
    for notice in &config.notices {
        writeln!(out, "{notice}")?;
    }
    let files: Vec<_> = config.layers.iter().map(|(_, name)| name.as_str()).collect();
    let files = if files.is_empty() { "no file, so the defaults hold".to_owned() } else { files.join(", ") };
    writeln!(out, "ok: {files}")?;
    Ok(Exit::Clean)
}

/// A rule's name with a typing error would switch nothing off, and say nothing.
fn check_names(config: &Config) -> Result<()> {
    let is_known = |id: &str| crate::rules::is_built_in(id) || config.own_rules.iter().any(|rule| rule.value.id == id);
    let disabled = config.disabled.iter().map(|name| ("disable", &name.value));
    let only = config.only.iter().flat_map(|only| only.value.iter().map(|name| ("only", name)));
    let allowed = config.allow.iter().filter_map(|entry| Some(("rule` of `[[allow]]", entry.value.rule.as_ref()?)));
    match disabled.chain(only).chain(allowed).find(|(_, name)| !is_known(name)) {
        Some((key, name)) => {
            Err(anyhow!("`{key}` names the rule `{name}`, which does not exist\nhelp: see `keyguard rules list`"))
        }
        None => Ok(()),
    }
}

/// Shows what is in force, each value with the layer that says so.
pub(crate) fn show(global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let config = config_of_work_tree(global, environment)?;
    for (kind, name) in &config.layers {
        writeln!(out, "# {kind}: {name}")?;
    }
    let min_confidence = config.min_confidence;
    writeln!(out, "min-confidence = \"{}\"  # {}", min_confidence.value.name(), min_confidence.origin)?;
    writeln!(out, "\n[scan]\nbinary = \"{}\"  # {}", config.binary.value.name(), config.binary.origin)?;
    writeln!(out, "\n[markers]\nforeign = {}  # {}", config.foreign_markers.value, config.foreign_markers.origin)?;
    rules_section(&config, out)?;
    for rule in &config.own_rules {
        writeln!(out, "\n[[rule]]  # {}\nid = {}", rule.origin, quoted(&rule.value.id))?;
        if let Some(regex) = &rule.value.regex {
            writeln!(out, "regex = {}", quoted(regex))?;
        }
    }
    for entry in &config.allow {
        writeln!(out, "\n[[allow]]  # {}", entry.origin)?;
        let spec = &entry.value;
        for (key, value) in [
            ("fingerprint", &spec.fingerprint),
            ("rule", &spec.rule),
            ("path", &spec.path),
            ("regex", &spec.regex),
            ("stopword", &spec.stopword),
            ("reason", &spec.reason),
            ("by", &spec.by),
        ] {
            if let Some(value) = value {
                writeln!(out, "{key} = {}", quoted(value))?;
            }
        }
        if let Some(expires) = &spec.expires {
            writeln!(out, "expires = {expires}")?;
        }
    }
    for notice in &config.notices {
        writeln!(out, "\n# {notice}")?;
    }
    Ok(Exit::Clean)
}

fn rules_section(config: &Config, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "\n[rules]")?;
    let disabled: Vec<_> = config.disabled.iter().map(|name| quoted(&name.value)).collect();
    let origin = config.disabled.last().map_or(crate::config::LayerKind::BuiltIn, |name| name.origin);
    writeln!(out, "disable = [{}]  # {origin}", disabled.join(", "))?;
    if let Some(only) = &config.only {
        let names: Vec<_> = only.value.iter().map(|name| quoted(name)).collect();
        writeln!(out, "only = [{}]  # {}", names.join(", "), only.origin)?;
    }
    Ok(())
}

/// A text as TOML writes it: control characters are escaped, so this is safe on a terminal too.
fn quoted(text: &str) -> String {
    crate::report::sanitized(toml_edit::value(text).to_string().as_bytes())
}
