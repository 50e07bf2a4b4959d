//! Finding and reading configuration files; every error names file, line, column and key.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use toml_edit::{Document, Item};

use super::layer::{AllowSpec, Layer};
use super::{Config, LayerKind, merge};
use crate::environment::Environment;
use crate::finding::Confidence;
use crate::rules::{self, spec::Shape};
use crate::secret::Fingerprint;

/// Where the layers come from in this run.
pub(crate) struct Sources<'a> {
    pub(crate) environment: &'a Environment,
    /// `-c FILE`.
    pub(crate) given: Option<PathBuf>,
    /// The repository's file: how to name it, and its content.
    pub(crate) repository: Option<(String, Vec<u8>)>,
    /// `--min-confidence`.
    pub(crate) min_confidence: Option<Confidence>,
}

/// Reads all layers and merges them.
pub(crate) fn load(sources: Sources<'_>) -> Result<Config> {
    let environment = sources.environment;
    let mut layers = Vec::new();
    for (kind, path) in [(LayerKind::System, system_file(environment)), (LayerKind::User, user_file(environment))] {
        let Some(path) = path else { continue };
        if let Some(content) = read_if_present(&path)? {
            let name = path.display().to_string();
            layers.push((kind, parse(&name, content, kind)?, name));
        }
    }
    if let Some((name, content)) = sources.repository {
        layers.push((LayerKind::Repository, parse(&name, content, LayerKind::Repository)?, name));
    }
    if let Some(path) = sources.given.or_else(|| environment.keyguard_config.clone()) {
        let name = path.display().to_string();
        let content = std::fs::read(environment.current_dir.join(&path)).with_context(|| format!("read `{name}`"))?;
        layers.push((LayerKind::Given, parse(&name, content, LayerKind::Given)?, name));
    }
    merge::merge(layers, sources.min_confidence)
}

/// The machine's file.
pub(crate) fn system_file(environment: &Environment) -> Option<PathBuf> {
    if cfg!(windows) {
        environment.program_data.as_ref().map(|folder| folder.join("keyguard").join("config.toml"))
    } else {
        Some(PathBuf::from("/etc/keyguard/config.toml"))
    }
}

/// The user's file.
pub(crate) fn user_file(environment: &Environment) -> Option<PathBuf> {
    let folder = environment.xdg_config_home.clone().or_else(|| Some(environment.home.as_ref()?.join(".config")))?;
    Some(folder.join("keyguard").join("config.toml"))
}

/// The content of a file; a missing one is `None`, an unreadable one an error.
pub(crate) fn read_if_present(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read `{}`", path.display())),
    }
}

/// Parses and checks one file.
pub(super) fn parse(name: &str, content: Vec<u8>, kind: LayerKind) -> Result<Layer> {
    let text = String::from_utf8(content).map_err(|error| {
        let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
        anyhow!("{name}:{line}: the configuration is not UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let file = File { name, text };
    check_version(&file)?;
    let layer: Layer = toml::from_str(text).map_err(|error| file.syntax_error(&error))?;
    check(&layer, &file, kind)?;
    Ok(layer)
}

/// The allow entries of one file; none of a file that does not parse.
pub(crate) fn allow_entries(content: Vec<u8>) -> Vec<AllowSpec> {
    parse("", content, LayerKind::Repository).map(|layer| layer.allow).unwrap_or_default()
}

/// Checks a text as the user's configuration.
#[cfg(test)]
pub(crate) fn check_text(name: &str, content: Vec<u8>) -> Result<()> {
    parse(name, content, LayerKind::User).map(drop)
}

/// A file under examination, for errors that point into it.
struct File<'a> {
    name: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn syntax_error(&self, error: &toml::de::Error) -> anyhow::Error {
        let place = self.place(error.span().map_or(0, |span| span.start));
        let message = error.message().trim();
        if message.starts_with("unknown field") {
            let version = env!("CARGO_PKG_VERSION");
            return anyhow!("{place}: {message}\nhelp: this is keyguard {version}; a newer one may know this key");
        }
        anyhow!("{place}: {message}")
    }

    /// An error at `key` of the `index`-th `[[table]]`.
    fn error(&self, table: &str, index: usize, key: &str, message: &str) -> anyhow::Error {
        let span = Document::parse(self.text).ok().and_then(|document| {
            let entry = document.as_item().get(table)?.get(index)?;
            entry.get(key).and_then(Item::span).or_else(|| entry.span())
        });
        let place = self.place(span.map_or(0, |span| span.start));
        anyhow!("{place}: `{key}` of `[[{table}]]` {message}")
    }

    /// An error at a key of the top level.
    fn top_error(&self, key: &str, message: &str) -> anyhow::Error {
        let span = Document::parse(self.text).ok().and_then(|document| document.as_item().get(key)?.span());
        anyhow!("{}: `{key}` {message}", self.place(span.map_or(0, |span| span.start)))
    }

    fn place(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        format!("{}:{line}:{column}", self.name)
    }
}

/// Checks `requires` before anything else, so that a newer file says that it is newer instead of naming its first new key.
fn check_version(file: &File<'_>) -> Result<()> {
    let Ok(document) = Document::parse(file.text) else { return Ok(()) };
    let Some(required) = document.as_item().get("requires").and_then(Item::as_str) else { return Ok(()) };
    let wanted = semver::VersionReq::parse(required)
        .map_err(|error| file.top_error("requires", &format!("is no version requirement: {error}")))?;
    let version = env!("CARGO_PKG_VERSION");
    if !semver::Version::parse(version).is_ok_and(|version| wanted.matches(&version)) {
        bail!(
            "{}: this configuration requires keyguard {required}, and this is {version}\nhelp: install that version",
            file.name
        );
    }
    Ok(())
}

fn check(layer: &Layer, file: &File<'_>, kind: LayerKind) -> Result<()> {
    if kind == LayerKind::Repository && layer.enforce.is_some() {
        return Err(file.top_error("enforce", "has a meaning only in the configuration of the user or the system"));
    }
    for (index, rule) in layer.rule.iter().enumerate() {
        let error = |key: &str, message: &str| file.error("rule", index, key, message);
        rule.check().map_err(|flaw| error(flaw.key, &flaw.message))?;
        if rules::is_built_in(&rule.id) {
            if let Some(key) = replaced_fact(rule).filter(|_| kind == LayerKind::Repository) {
                return Err(error(key, "of a built-in rule can be replaced in your own configuration only"));
            }
        } else if rule.regex.is_none() || rule.title.is_none() {
            let key = if rule.title.is_none() { "title" } else { "regex" };
            return Err(error("id", &format!("names no built-in rule, so the entry needs a `{key}` too")));
        }
        for glob in rule.paths.iter().chain(&rule.exclude_paths).flatten() {
            check_glob(glob).map_err(|message| error("paths", &message))?;
        }
    }
    for (index, entry) in layer.allow.iter().enumerate() {
        check_allow(entry).map_err(|(key, message)| file.error("allow", index, key, &message))?;
    }
    Ok(())
}

/// What a repository may not tell about a built-in rule: a blocked user trusts these.
fn replaced_fact(rule: &rules::spec::RuleSpec) -> Option<&'static str> {
    [("title", &rule.title), ("docs", &rule.docs), ("revoke", &rule.revoke), ("privilege", &rule.privilege)]
        .into_iter()
        .find_map(|(key, value)| value.is_some().then_some(key))
}

fn check_glob(glob: &str) -> Result<(), String> {
    rules::glob_set(std::iter::once(glob)).map(drop).map_err(|error| format!("is no glob: {error}"))
}

/// Checks an allow entry, except for what needs a compiled regex.
pub(super) fn check_allow(entry: &AllowSpec) -> Result<(), (&'static str, String)> {
    let error = |key, message: &str| Err((key, message.to_owned()));
    if entry.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        return error("reason", "is missing: say why this is no secret");
    }
    if !entry.names_content() && entry.path.is_none() {
        return match entry.rule {
            Some(_) => error(
                "rule",
                "alone would allow every key of that kind; to switch the rule off, write it under `[rules] disable`",
            ),
            None => error("reason", "is not enough: name a `fingerprint`, `path`, `regex` or `stopword`"),
        };
    }
    if let Some(fingerprint) = &entry.fingerprint {
        fingerprint.parse::<Fingerprint>().map_err(|message| ("fingerprint", format!("is none: {message}")))?;
    }
    if let Some(path) = &entry.path {
        check_glob(path).map_err(|message| ("path", message))?;
        if !entry.names_content() && matches_every_path(path) {
            return error("path", "matches every file; name the key too, by `fingerprint`, `regex` or `stopword`");
        }
    }
    if let Some(regex) = &entry.regex {
        let shape = Shape::of(regex).map_err(|message| ("regex", message))?;
        if shape.matches_empty {
            return error("regex", "matches the empty string, so it would allow every key");
        }
    }
    if entry.stopword.as_ref().is_some_and(|word| word.len() < 3) {
        return error("stopword", "must have at least three characters");
    }
    if entry.expires.is_some_and(|expires| expires.date.is_none() || expires.time.is_some()) {
        return error("expires", "must be a date, such as 2027-03-01");
    }
    Ok(())
}

/// Whether the glob covers whatever file there is, tried on names that have nothing in common.
fn matches_every_path(glob: &str) -> bool {
    const PROBES: [&str; 5] = ["k", "q7.zz", "vw/x.y", "a/bb/ccc/.d", "J/0/-/_/e f.g"];
    rules::glob_set(std::iter::once(glob)).is_ok_and(|set| PROBES.iter().all(|path| set.is_match(path)))
}
