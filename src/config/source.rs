//! Finding and reading configuration files.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use toml_edit::{Document, Item};

use super::diagnostic::{File, Step, error_at};
use super::layer::{AllowSpec, Layer};
use super::{Binary, Config, LayerFile, LayerKind, check, merge};
use crate::allowlist;
use crate::environment::Environment;
use crate::finding::Confidence;
use crate::rules::{self, RuleSet};
use crate::scanner::{Scanner, masked};

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
    let mut add = |kind, name: String, content| -> Result<()> {
        let (text, layer) = parse(&name, content, kind)?;
        layers.push((LayerFile { kind, name, text }, layer));
        Ok(())
    };
    for (kind, path) in [(LayerKind::System, system_file(environment)), (LayerKind::User, user_file(environment))] {
        let Some(path) = path else { continue };
        if let Some(content) = read_layer(&path, &path)? {
            add(kind, path.display().to_string(), content)?;
        }
    }
    if let Some((name, content)) = sources.repository {
        add(LayerKind::Repository, name, content)?;
    }
    if let Some(path) = sources.given.or_else(|| environment.keyguard_config.clone()) {
        let content = read_layer(&environment.current_dir.join(&path), &path)?.with_context(|| {
            format!("`{}` is not there\nhelp: correct -c or KEYGUARD_CONFIG, which name it", path.display())
        })?;
        add(LayerKind::Given, path.display().to_string(), content)?;
    }
    merge::merge(layers, sources.min_confidence)
}

/// The machine's file.
fn system_file(environment: &Environment) -> Option<PathBuf> {
    if cfg!(windows) {
        environment.program_data.as_ref().map(|folder| folder.join("keyguard").join("config.toml"))
    } else {
        Some(PathBuf::from("/etc/keyguard/config.toml"))
    }
}

/// The user's file.
fn user_file(environment: &Environment) -> Option<PathBuf> {
    let folder = environment.xdg_config_home.clone().or_else(|| Some(environment.home.as_ref()?.join(".config")))?;
    Some(folder.join("keyguard").join("config.toml"))
}

/// The content of a layer outside the repository, where a link is the owner's own; a missing file is `None`.
fn read_layer(path: &Path, name: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => {
            bail!("`{}` cannot be read: {error}\nhelp: make it a readable file, or move it away", name.display())
        }
    }
}

/// The content of a repository's file; a missing one is `None`. A link is not followed: a commit would hold its target's
/// name and not what was read.
pub(crate) fn read_if_present(path: &Path) -> Result<Option<Vec<u8>>> {
    let name = Path::new(path.file_name().unwrap_or(path.as_os_str()));
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            bail!("`{}` is a link or a folder, and is not read\nhelp: put a file in its place", name.display())
        }
        _ => read_layer(path, name),
    }
}

/// Parses and checks one file; also gives its text, for errors that are found later.
pub(super) fn parse(name: &str, content: Vec<u8>, kind: LayerKind) -> Result<(String, Layer)> {
    let mut text = String::from_utf8(content).map_err(|error| not_utf8(name, &error))?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    let file = File { name, text: &text };
    check_version(&file)?;
    let layer: Layer = toml::from_str(&text).map_err(|error| file.syntax_error(&error))?;
    check::check(&layer, &file, kind)?;
    Ok((text, layer))
}

fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> anyhow::Error {
    let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
    let line = valid.split(|byte| *byte == b'\n').count();
    let last = valid.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let column = 1 + String::from_utf8_lossy(last).trim_start_matches('\u{feff}').chars().count();
    anyhow!("{name}:{line}:{column}: the configuration is not UTF-8\nhelp: save it as UTF-8")
}

/// The allow entries of one file; none of a file that does not parse.
pub(crate) fn allow_entries(content: Vec<u8>) -> Vec<AllowSpec> {
    parse("", content, LayerKind::Repository).map(|(_, layer)| layer.allow).unwrap_or_default()
}

/// The globs of `[[encrypted]]` in one file; none of a file that does not parse.
pub(crate) fn encrypted_paths(content: Vec<u8>) -> Vec<String> {
    let parsed = parse("", content, LayerKind::Repository);
    parsed.map(|(_, layer)| layer.encrypted.into_iter().map(|entry| entry.path).collect()).unwrap_or_default()
}

/// Those of the entries that hide a whole language or kind of key, and how. Of very many only the first are tried:
/// their number speaks for itself, and a commit has to wait for each.
pub(crate) fn broad(entries: impl IntoIterator<Item = AllowSpec>) -> Vec<String> {
    const TRIED: usize = 64;
    let built_in = RuleSet::built_in();
    let told = |entry: AllowSpec| {
        let breadth = allowlist::breadth(&entry, &built_in).ok()??;
        Some(format!("the allow entry for {} ({breadth})", entry.subject()))
    };
    entries.into_iter().take(TRIED).filter_map(told).collect()
}

/// What one file says that makes keyguard block less, besides its allow entries.
pub(crate) fn loosened(content: Vec<u8>) -> BTreeSet<String> {
    let Ok((_, layer)) = parse("", content, LayerKind::Repository) else { return BTreeSet::new() };
    let disabled = layer.rules.disable.into_iter().flatten().map(|id| format!("`disable` of {}", masked(&id)));
    let changed =
        layer.rule.into_iter().filter(|rule| rules::is_built_in(&rule.id)).map(|rule| format!("rule {}", rule.id));
    let only = layer.rules.only.map(|names| format!("`only` of {} rules", names.len()));
    let binary = layer.scan.binary.filter(|binary| *binary == Binary::Skip).map(|_| "`binary`".to_owned());
    let depth = layer.scan.decode_depth.filter(|depth| *depth < Scanner::DEPTH).map(|_| "`decode-depth`".to_owned());
    let confidence =
        layer.min_confidence.filter(|level| *level == Confidence::High).map(|_| "`min-confidence`".to_owned());
    disabled.chain(changed).chain(only).chain(binary).chain(depth).chain(confidence).collect()
}

/// Checks a text as the user's configuration.
#[cfg(test)]
pub(crate) fn check_text(name: &str, content: Vec<u8>) -> Result<()> {
    parse(name, content, LayerKind::User).map(drop)
}

/// Checks `requires` before anything else, so that a newer file says that it is newer instead of naming its first new key.
fn check_version(file: &File<'_>) -> Result<()> {
    let Ok(document) = Document::parse(file.text) else { return Ok(()) };
    let Some(required) = document.as_item().get("requires").and_then(Item::as_str) else { return Ok(()) };
    let wanted = semver::VersionReq::parse(required)
        .map_err(|_| file.top_error("requires", "must name versions, such as `>=1.2`"))?;
    let version = env!("CARGO_PKG_VERSION");
    if !semver::Version::parse(version).is_ok_and(|version| wanted.matches(&version)) {
        let place = file.place_of(&[Step::Key("requires")]);
        let message = format!(
            "`requires` asks for keyguard {wanted}, and this is keyguard {version}\nhelp: install a version that fits"
        );
        return Err(error_at(&place, &message));
    }
    Ok(())
}
