//! A commit that is never made: an index of its own with a made-up key in it, in a temporary folder.
//!
//! git writes nothing into the repository meanwhile: new objects go into the temporary folder, the index is a copy, and
//! what git would otherwise keep beside the index (its shared half, the monitor, the list of untracked files) is off. No
//! hook runs while the canary is staged: `post-index-change` is one that would.

use std::collections::hash_map::RandomState;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::BuildHasher as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::effective;
use crate::environment::Environment;
use crate::git::{command, index};
use crate::hook::folder::ask;
use crate::secret::Secret;

/// The rule that knows the canary's kind.
pub(crate) const RULE: &str = "github-pat-classic";

/// A staged key that nobody has to revoke.
pub(super) struct Canary {
    /// The file that holds it, from the root of the work tree.
    pub(super) path: String,
    /// Its fingerprint, which no other output can hold.
    pub(super) fingerprint: String,
    /// What a process has to be told to see it as staged.
    variables: Vec<(&'static str, OsString)>,
    /// Removed in the end, with all that git wrote.
    folder: TempDir,
}

impl Canary {
    /// Stages a new one on top of what is staged in `environment`'s working directory.
    pub(super) fn stage(environment: &Environment) -> Result<Self> {
        let current_dir = &environment.current_dir;
        let folder = TempDir::with_prefix("keyguard-doctor-")
            .context("make a temporary folder\nhelp: set TMPDIR to a folder that can be written")?;
        let place = folder.path().to_path_buf();
        let at = |name: &str| place.join(name);
        for name in ["objects", "hooks"] {
            fs::create_dir(at(name)).with_context(|| format!("make a temporary folder for {name}"))?;
        }
        let staged = current_dir.join(ask(current_dir, &["--git-path", "index"])?);
        if staged.is_file() {
            index::copy(&staged, &at("index"))?;
        }
        let token = token();
        fs::write(at("canary"), format!("GITHUB_TOKEN={token}\n")).context("write a temporary file")?;
        let canary = Self {
            path: format!("keyguard-canary-{:016x}.txt", random(0)),
            fingerprint: Secret::new(token.as_bytes(), 0).fingerprint().to_string(),
            variables: vec![
                ("GIT_INDEX_FILE", at("index").into()),
                ("GIT_OBJECT_DIRECTORY", at("objects").into()),
                ("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates(environment)?),
            ],
            folder,
        };
        canary.add(current_dir, &at("canary")).context("stage a made-up key in a temporary index")?;
        Ok(canary)
    }

    /// Lets `command` see the canary as staged.
    pub(super) fn show_to(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// A folder without hooks.
    pub(super) fn no_hooks(&self) -> PathBuf {
        self.folder.path().join("hooks")
    }

    fn add(&self, current_dir: &Path, file: &Path) -> Result<()> {
        let mut hash = command::git(current_dir);
        hash.args(["hash-object", "-w", "-t", "blob", "--no-filters", "--"]).arg(file);
        self.show_to(&mut hash);
        let id = String::from_utf8(command::output(&mut hash)?).context("read the name of an object")?;
        let mut update = command::git(current_dir);
        for name in effective::configured(current_dir, "post-index-change") {
            effective::disable(&mut update, &name.name);
        }
        update.arg("-c").arg(setting("core.hooksPath=", &self.no_hooks()));
        for off in ["core.splitIndex", "core.fsmonitor", "core.untrackedCache"] {
            update.args(["-c", &format!("{off}=false")]);
        }
        update.args(["update-index", "--add", "--cacheinfo", &format!("100644,{},{}", id.trim(), self.path)]);
        self.show_to(&mut update);
        command::output(&mut update).map(drop)
    }
}

/// What `git -c` takes.
pub(super) fn setting(key: &str, value: &Path) -> OsString {
    let mut setting = OsString::from(key);
    setting.push(value);
    setting
}

/// Where git finds the repository's objects while new ones go elsewhere.
fn alternates(environment: &Environment) -> Result<OsString> {
    let current_dir = &environment.current_dir;
    let objects = current_dir.join(ask(current_dir, &["--git-path", "objects"])?);
    let mut list = listed(&objects);
    if let Some(others) = environment.git_alternate_object_directories.as_ref().filter(|others| !others.is_empty()) {
        list.push(if cfg!(windows) { ";" } else { ":" });
        list.push(others);
    }
    Ok(list)
}

/// A path as git reads it in a list: one that holds the separator stands in quotes.
fn listed(path: &Path) -> OsString {
    let text = path.to_string_lossy();
    let is_plain = !text.starts_with('"') && (cfg!(windows) || !text.contains(':'));
    if is_plain {
        return path.into();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into()
}

/// A GitHub token with a right checksum, put together from random letters: nobody was ever given it.
fn token() -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let letter = |number: u64| char::from(LETTERS[usize::try_from(number % 62).unwrap_or_default()]);
    let body: String = (0..30).map(|place| letter(random(place))).collect();
    let checksum = u64::from(crc32fast::hash(body.as_bytes()));
    let digits = (0..6).rev().map(|place| letter(checksum / 62_u64.pow(place)));
    ["ghp", "_", &body].into_iter().map(str::to_owned).chain(digits.map(String::from)).collect()
}

/// A number that nobody can foresee: the standard library keys its hash maps by the system's randomness.
fn random(place: u64) -> u64 {
    RandomState::new().hash_one((place, env::args_os().len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::BytePath;
    use crate::decode::Text;
    use crate::finding::{Confidence, Validity};
    use crate::rules::RuleSet;
    use crate::scanner::Scanner;

    #[test]
    fn a_canary_is_a_proven_key_and_never_the_same() {
        let tokens: std::collections::BTreeSet<_> = (0..200).map(|_| token()).collect();
        assert_eq!(tokens.len(), 200);
        let rules = RuleSet::built_in();
        let scanner = Scanner::new(&rules, Confidence::Medium);
        for token in tokens {
            let text = Text::decode(format!("GITHUB_TOKEN={token}\n").into_bytes());
            let findings = scanner.scan(&BytePath::from("keyguard-canary.txt"), &text).unwrap();
            assert_eq!(findings.len(), 1);
            assert_eq!((findings[0].rule.facts().id, findings[0].validity), (RULE, Validity::Valid));
        }
    }

    #[test]
    fn a_path_with_the_separator_is_quoted() {
        assert_eq!(listed(Path::new("/a b/objects")), "/a b/objects");
        #[cfg(unix)]
        assert_eq!(listed(Path::new("/a:b\"/objects")), "\"/a:b\\\"/objects\"");
    }
}
