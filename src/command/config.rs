//! `keyguard config init|check|show`.

mod check;

use std::io::Write;

use anyhow::{Context as _, Result, bail};

pub(crate) use check::check;
pub(super) use check::compile;

use super::{config_of_work_tree, work_tree_of};
use crate::cli::Global;
use crate::config::{AllowSpec, Config, FILE_NAME, LayerKind, Setting, write_atomically};
use crate::environment::Environment;
use crate::outcome::Exit;
use crate::report::sanitized;
use crate::rules::spec::{Near, Pair, RuleSpec};
use crate::scanner::masked;

/// The reference of every key; a test proves that it parses to the defaults.
pub(crate) const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Writes the reference as keyguard.toml.
pub(crate) fn init(environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let root = work_tree_of(&environment.current_dir).context("this is not a git repository\nhelp: change into one")?;
    let file = root.join(FILE_NAME);
    if std::fs::symlink_metadata(&file).is_ok() {
        bail!("`{FILE_NAME}` is already there, and was left as it is\nhelp: move it away first");
    }
    write_atomically(&file, EXAMPLE.as_bytes())?;
    let is_here = root == environment.current_dir;
    let shown = if is_here { FILE_NAME.to_owned() } else { file.display().to_string() };
    let shown = sanitized(shown.as_bytes());
    writeln!(out, "wrote {shown}: every key with its default, for you to change")?;
    Ok(Exit::Clean)
}

/// Shows what is in force, each value with the layer that says so.
pub(crate) fn show(global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let config = config_of_work_tree(global, environment)?;
    for layer in &config.layers {
        writeln!(out, "# {}: {}", layer.kind, sanitized(layer.name.as_bytes()))?;
    }
    for notice in &config.notices {
        writeln!(out, "# {}", sanitized(notice.as_bytes()))?;
    }
    let Config { enforce, min_confidence, binary, decode_depth, foreign_markers, .. } = &config;
    let Config { env_file, dialects, max_age_days, .. } = &config;
    writeln!(out, "min-confidence = \"{}\"  # {}", min_confidence.value.name(), min_confidence.origin)?;
    writeln!(out, "enforce = {}  # {}", enforce.value, enforce.origin)?;
    writeln!(out, "\n[scan]\nbinary = \"{}\"  # {}", binary.value.name(), binary.origin)?;
    writeln!(out, "decode-depth = {}  # {}", decode_depth.value, decode_depth.origin)?;
    writeln!(out, "\n[rules]")?;
    names("disable", &config.disabled, out)?;
    if let Some(only) = &config.only {
        let value = |name: &String| Setting { value: name.clone(), origin: only.origin };
        names("only", &only.value.iter().map(value).collect::<Vec<_>>(), out)?;
    }
    writeln!(out, "\n[markers]\nforeign = {}  # {}", foreign_markers.value, foreign_markers.origin)?;
    writeln!(out, "\n[remedy]\nenv-file = {}  # {}", quoted(&env_file.value), env_file.origin)?;
    for (ending, form) in dialects {
        writeln!(out, "dialects.{} = {}  # {}", quoted(ending), quoted(&form.value), form.origin)?;
    }
    writeln!(out, "\n[rotate]\nmax-age-days = {}  # {}", max_age_days.value, max_age_days.origin)?;
    for rule in &config.own_rules {
        writeln!(out, "\n[[rule]]  # {}", rule.origin)?;
        show_rule(&rule.value, out)?;
    }
    for glob in &config.encrypted {
        writeln!(out, "\n[[encrypted]]  # {}\npath = {}", glob.origin, quoted(&glob.value))?;
    }
    for entry in &config.allow {
        writeln!(out, "\n[[allow]]  # {}", entry.origin)?;
        show_entry(&entry.spec, out)?;
    }
    Ok(Exit::Clean)
}

/// A list of rules' names, each with the layer that names it.
fn names(key: &str, names: &[Setting<String>], out: &mut dyn Write) -> Result<()> {
    if names.is_empty() {
        return Ok(writeln!(out, "{key} = []  # {}", LayerKind::BuiltIn)?);
    }
    writeln!(out, "{key} = [")?;
    for name in names {
        writeln!(out, "  {},  # {}", quoted(&name.value), name.origin)?;
    }
    Ok(writeln!(out, "]")?)
}

/// The fields that an entry gives, in the order of the reference.
fn show_rule(rule: &RuleSpec, out: &mut dyn Write) -> Result<()> {
    let text = |text: &Option<String>| text.as_deref().map(quoted);
    let list = |list: &Option<Vec<String>>| {
        list.as_ref().map(|texts| format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")))
    };
    let near = |near: &Near| format!("{{ regex = {}, lines = {} }}", quoted(&near.regex), near.lines);
    let pair = |pair: &Pair| {
        let with: Vec<_> = pair.with.iter().map(|id| quoted(id)).collect();
        let confidence = quoted(pair.confidence.name());
        format!("{{ with = [{}], lines = {}, confidence = {confidence} }}", with.join(", "), pair.lines)
    };
    let fields = [
        ("id", Some(quoted(&rule.id))),
        ("title", text(&rule.title)),
        ("regex", text(&rule.regex)),
        ("keywords", list(&rule.keywords)),
        ("min-entropy", rule.min_entropy.map(|bits| bits.to_string())),
        ("validator", rule.validator.map(|validator| quoted(&word(validator)))),
        ("confidence", rule.confidence.map(|confidence| quoted(confidence.name()))),
        ("paths", list(&rule.paths)),
        ("exclude-paths", list(&rule.exclude_paths)),
        ("near", rule.near.as_ref().map(near)),
        ("pair", rule.pair.as_ref().map(pair)),
        ("placeholders", rule.placeholders.map(|placeholders| quoted(&word(placeholders)))),
        ("privilege", text(&rule.privilege)),
        ("env-var", text(&rule.env_var)),
        ("docs", text(&rule.docs)),
        ("revoke", text(&rule.revoke)),
        ("matches", list(&rule.matches)),
        ("ignores", list(&rule.ignores)),
    ];
    for (key, value) in fields {
        if let Some(value) = value {
            writeln!(out, "{key} = {value}")?;
        }
    }
    Ok(())
}

/// The word that the configuration has for a variant: its name in kebab case.
pub(super) fn word(variant: impl std::fmt::Debug) -> String {
    let mut word = String::new();
    for character in format!("{variant:?}").chars() {
        if character.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(character.to_ascii_lowercase());
    }
    word
}

fn show_entry(spec: &AllowSpec, out: &mut dyn Write) -> Result<()> {
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
    Ok(())
}

/// A text as TOML writes it, without the keys in it. What a terminal would act on is escaped, also where TOML would leave
/// it as it is.
fn quoted(text: &str) -> String {
    sanitized(toml_edit::value(masked(text)).to_string().as_bytes())
}
