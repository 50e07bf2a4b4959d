//! `keyguard config import`: carries the configuration of another scanner over into keyguard.toml.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use sha1::{Digest as _, Sha1};

use super::allow::check_all;
use super::{config_of_work_tree, work_tree_of};
use crate::change::{BytePath, Change};
use crate::cli::{Global, ImportArgs};
use crate::config::edit::{self, Added, Additions};
use crate::config::{Config, FILE_NAME, read_if_present, write_atomically};
use crate::environment::Environment;
use crate::finding::{Confidence, Finding};
use crate::git::{Caller, Repo};
use crate::import::{Import, Key, baseline, gitleaks, ignore};
use crate::outcome::Exit;
use crate::report::sanitized;
use crate::scanner::Scanner;

/// A larger file is no configuration.
const LARGEST: u64 = 16 << 20;

/// Carries over what has a counterpart, and tells the rest.
pub(crate) fn import(
    args: &ImportArgs,
    global: &Global,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<Exit> {
    let root = work_tree_of(&environment.current_dir).context("this is not a git repository\nhelp: change into one")?;
    let import = read(args, &root, global, environment)?;
    let additions = Additions {
        rules: &import.rules,
        allow: &import.allow,
        disable: import.disable.iter().map(String::as_str).collect(),
    };
    let file = root.join(FILE_NAME);
    let (content, added) = edit::with_additions(read_if_present(&file)?.as_deref(), &additions)?;
    check_all(&content, global, environment)?;
    if added == Added::default() {
        writeln!(out, "nothing to add to {FILE_NAME}, which was left as it is")?;
    } else if args.dry_run {
        writeln!(out, "would add {} to {FILE_NAME}; the file would be:\n", in_words(added))?;
        for line in String::from_utf8_lossy(&content).lines() {
            writeln!(out, "{}", sanitized(line.as_bytes()))?;
        }
    } else {
        write_atomically(&file, &content)?;
        writeln!(out, "added {} to {FILE_NAME}; look at it, then stage it: git add {FILE_NAME}", in_words(added))?;
    }
    remarks(&import, out)?;
    Ok(Exit::Clean)
}

/// Reads the foreign file by what it is: TOML, JSON or a list.
fn read(args: &ImportArgs, root: &Path, global: &Global, environment: &Environment) -> Result<Import> {
    let shown = args.file.display().to_string();
    let text =
        text_of(&environment.current_dir.join(&args.file)).with_context(|| format!("read `{shown}`"))?.with_context(
            || format!("`{shown}` is not there\nhelp: name a .gitleaks.toml, .gitleaksignore or .secrets.baseline"),
        )?;
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if args.file.extension().is_some_and(|extension| extension == "toml") {
        let beside = |path: &str| String::from_utf8(content_below(root, &inside(path)?)?).ok();
        return gitleaks::import(&shown, &text, &beside);
    }
    let config = config_of_work_tree(global, environment)?;
    config.rules.compile_own()?;
    let mut keys = Keys { root, config: &config, repo: Repo::open(environment, Caller::User)?, known: HashMap::new() };
    let mut look = |commit: Option<&str>, path: &str| keys.of(commit, path);
    if text.trim_start().starts_with('{') {
        baseline::import(&shown, &text, &mut look)
    } else if name.contains("gitleaksignore") {
        ignore::import(&shown, &text, &mut look)
    } else {
        bail!(
            "`{shown}` is of no kind that is known here\nhelp: name a .gitleaks.toml, .gitleaksignore or .secrets.baseline"
        )
    }
}

/// The text of a file; `None` where there is none. A link is not followed.
fn text_of(path: &Path) -> Result<Option<String>> {
    if std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.len() > LARGEST) {
        bail!("it is larger than {} MB, so it is no configuration", LARGEST >> 20);
    }
    let Some(content) = read_if_present(path)? else { return Ok(None) };
    let text = String::from_utf8(content).context("it is not UTF-8")?;
    Ok(Some(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned)))
}

/// A path that leads nowhere but down.
fn inside(path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let is_down = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    path.components().all(is_down).then(|| path.to_path_buf())
}

/// The content of a file of the work tree; nothing behind a link, which may lead out of it.
fn content_below(root: &Path, path: &Path) -> Option<Vec<u8>> {
    let mut place = root.to_path_buf();
    for part in path.components() {
        place.push(part);
        if std::fs::symlink_metadata(&place).ok()?.is_symlink() {
            return None;
        }
    }
    place.is_file().then(|| std::fs::read(&place).ok()).flatten()
}

/// The keys of one file; `None` where there is no such file.
type Found = Option<Rc<[Key]>>;

/// The keys in the files of the repository, each looked at once.
struct Keys<'c> {
    root: &'c Path,
    config: &'c Config,
    repo: Repo,
    known: HashMap<(Option<String>, String), Found>,
}

impl Keys<'_> {
    fn of(&mut self, commit: Option<&str>, path: &str) -> Result<Found> {
        let name = (commit.map(str::to_owned), path.to_owned());
        if let Some(keys) = self.known.get(&name) {
            return Ok(keys.clone());
        }
        let content = inside(path).and_then(|relative| match commit {
            Some(commit) => self.repo.file_in_commit(commit, path),
            None => content_below(self.root, &relative),
        });
        let keys = content.map(|content| self.keys(path, content)).transpose()?;
        self.known.insert(name, keys.clone());
        Ok(keys)
    }

    fn keys(&self, path: &str, content: Vec<u8>) -> Result<Rc<[Key]>> {
        let change = Change::whole(BytePath::from(path), content);
        let scanner = Scanner::new(&self.config.rules, Confidence::Low);
        let mut keys = Vec::new();
        for text in change.texts() {
            keys.extend(scanner.scan(&change.path, text)?.iter().map(key));
        }
        Ok(keys.into())
    }
}

/// A finding as the other scanners know it: by its line, or by the SHA-1 of its value. Of a private key detect-secrets
/// hashes the words of its first line.
#[expect(clippy::disallowed_methods, reason = "detect-secrets names a key by the hash of its value")]
fn key(finding: &Finding<'_>) -> Key {
    let value = finding.secret.expose();
    let label = value.strip_prefix(b"-----").and_then(|rest| rest.split(|byte| *byte == b'-').next());
    let hash = |value: &[u8]| Sha1::digest(value).iter().map(|byte| format!("{byte:02x}")).collect();
    Key {
        rule: finding.rule.id().to_owned(),
        lines: finding.location.line..=finding.location.end_line,
        fingerprint: finding.fingerprint(),
        hashes: std::iter::once(value).chain(label).map(hash).collect(),
    }
}

fn in_words(added: Added) -> String {
    let counts = [(added.rules, "rule", "rules"), (added.allow, "allow entry", "allow entries")];
    let mut words: Vec<_> = counts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    if added.disable > 0 {
        words.push(format!("{} to `disable` of `[rules]`", added.disable));
    }
    words.join(", ")
}

/// What was not carried over, line by line.
fn remarks(import: &Import, out: &mut dyn Write) -> Result<()> {
    if import.remarks.is_empty() {
        return Ok(());
    }
    writeln!(out, "not carried over, or not as it was:")?;
    for remark in &import.remarks {
        let line = remark.line.map(|line| format!(":{line}")).unwrap_or_default();
        writeln!(out, "  {}{line}: {}", sanitized(remark.file.as_bytes()), sanitized(remark.text.as_bytes()))?;
    }
    Ok(())
}
