//! Which variable holds which value: one for each key, whatever the files it stands in, and never one that is taken.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::dotenv::{self, Dotenv};
use super::{mark, place};
use crate::change::BytePath;
use crate::git::command;
use crate::git::entry::{self, Entry};
use crate::remedy::name;
use crate::rules::spec::is_variable_name;

/// The file of variables and what it is to get.
pub(super) struct Store {
    pub(super) path: BytePath,
    pub(super) before: Option<Vec<u8>>,
    known: Dotenv,
    /// By the value.
    names: BTreeMap<Vec<u8>, String>,
    added: Vec<(String, Vec<u8>)>,
    lines: Vec<String>,
    /// Every variable that a file reads now.
    pub(super) read: Vec<String>,
    /// What is staged of the file: it has to leave the index.
    pub(super) staged: Option<Entry>,
}

/// The most bytes that a file of variables may have.
const LARGEST: u64 = 1_000_000;

/// What becomes of a file of variables that is staged and was never committed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfStaged {
    /// Nothing: then it gets no key.
    Refuse,
    /// It leaves the index, and what it holds stays in the work tree.
    Unstage,
}

impl Store {
    /// Reads the file of variables, which git must not track.
    pub(super) fn open(root: &Path, path: &str, if_staged: IfStaged) -> Result<Self> {
        let before = Self::before(root, path)?;
        let path = BytePath::from(path);
        let shown = place::shown(&path);
        let staged = entry::entry(root, &path)?;
        // Another version than that of the work tree would be lost.
        let can_leave = |own: &Entry| {
            if_staged == IfStaged::Unstage && entry::content(root, &own.id).ok().as_ref() == before.as_ref()
        };
        if entry::is_in_head(root, &path) || staged.as_ref().is_some_and(|own| !can_leave(own)) {
            let (name, line) = (command::quoted_word(&shown), command::quoted_word(&format!("/{shown}")));
            bail!(
                "git tracks `{shown}`, so no key can be put there\nhelp: untrack it: `git rm --cached -- {name} && echo \
                 {line} >>.gitignore`, and revoke what it held if it was pushed"
            );
        }
        if staged.is_some() {
            mark::ensure_none(root, &path).with_context(|| format!("`{shown}` cannot be unstaged"))?;
        }
        for end in memchr::memchr_iter(b'/', path.as_bytes()) {
            let folder = BytePath::from(&path.as_bytes()[..end]);
            if entry::entry(root, &folder)?.is_some() {
                bail!(
                    "git tracks `{0}`, so no file can be put below it\nhelp: name another `env-file`",
                    place::shown(&folder)
                );
            }
        }
        Ok(Self { staged, ..Self::new(path, before) })
    }

    /// What the file holds, if it is one that may get keys.
    pub(super) fn before(root: &Path, path: &str) -> Result<Option<Vec<u8>>> {
        let shown = crate::report::sanitized(path.as_bytes());
        if let Some(flaw) = place::flaw_of_env_file(path) {
            bail!("`env-file` of `[remedy]` is `{shown}`: it {flaw}");
        }
        // A commit waits for this.
        if std::fs::metadata(root.join(path)).is_ok_and(|metadata| metadata.len() > LARGEST) {
            bail!("`{shown}` has more than 1 MB, which no file of variables has, so it is left alone");
        }
        place::read(root, &BytePath::from(path))
    }

    /// The file of this content.
    pub(super) fn new(path: BytePath, before: Option<Vec<u8>>) -> Self {
        let known = Dotenv::parse(before.as_deref().unwrap_or_default());
        let (names, added, lines, read) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        Self { path, before, known, names, added, lines, read, staged: None }
    }

    /// The variable for a value: the one that it has already, else the first of `candidates` that is free.
    pub(super) fn name(&mut self, value: &[u8], candidates: &[String]) -> String {
        if let Some(name) = self.names.get(value) {
            return name.clone();
        }
        let is_fit = |name: &&str| is_variable_name(name) && name::is_free(name);
        let own = self.known.names_of(value).find(is_fit).map(str::to_owned);
        let taken = |name: &String| {
            let in_file = self.known.value_of(name).is_some_and(|other| !other.is_empty() && other != value);
            in_file || self.names.values().any(|other| other == name)
        };
        let numbered =
            candidates.first().into_iter().flat_map(|first| (2..).map(move |number| format!("{first}_{number}")));
        let mut all = candidates.iter().cloned().chain(numbered);
        let name = own.or_else(|| all.find(|name| !taken(name))).unwrap_or_default();
        self.names.insert(value.to_vec(), name.clone());
        name
    }

    /// What the variable is or will be.
    pub(super) fn value_of(&self, variable: &str) -> Option<&[u8]> {
        let added = self.added.iter().find(|(name, _)| name == variable).map(|(_, value)| value.as_slice());
        added.or_else(|| self.known.value_of(variable).filter(|value| !value.is_empty()))
    }

    /// Sees to it that the variable has the value.
    pub(super) fn put(&mut self, variable: &str, value: &[u8]) -> Result<(), String> {
        if !self.read.iter().any(|read| read == variable) {
            self.read.push(variable.to_owned());
        }
        match self.value_of(variable) {
            Some(other) if other == value => return Ok(()),
            Some(_) => {
                let path = place::shown(&self.path);
                return Err(format!("{path} gives {variable} another value"));
            }
            None => {}
        }
        if let Some(open) = self.known.open() {
            let path = place::shown(&self.path);
            return Err(format!(
                "line {} of {path} {}, so nothing can be added below it: end it first",
                open.line, open.what
            ));
        }
        let line = dotenv::line(variable, value)?;
        self.added.push((variable.to_owned(), value.to_vec()));
        self.lines.push(line);
        Ok(())
    }

    /// The file with what it lacked; `None` if it lacks nothing.
    pub(super) fn after(&self) -> Option<Vec<u8>> {
        (!self.lines.is_empty()).then(|| self.known.with_lines(&self.lines))
    }

    /// Whether a value that the file gets has the sign of an expansion in it.
    pub(super) fn adds_sign(&self) -> bool {
        self.added.iter().any(|(_, value)| value.contains(&b'$'))
    }

    /// The values that variables stand for now.
    pub(super) fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.names.keys().map(Vec::as_slice)
    }

    /// The names that the file gets.
    pub(super) fn added_names(&self) -> Vec<&str> {
        self.added.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// What is staged of a file that was never committed, where the work tree has the same: it can leave the index, and nothing
/// is lost.
pub(super) fn staged_alone(root: &Path, path: &BytePath) -> Result<Option<Entry>> {
    let Some(own) = entry::entry(root, path)?.filter(Entry::is_file) else { return Ok(None) };
    mark::ensure_none(root, path)?;
    let is_same = place::read(root, path)? == Some(entry::content(root, &own.id)?);
    Ok((is_same && !entry::is_in_head(root, path)).then_some(own))
}

/// An example file with a line for each variable that it lacks; `None` if it lacks none.
pub(super) fn example(before: Option<&[u8]>, variables: &[String]) -> Option<Vec<u8>> {
    let known = Dotenv::parse(before.unwrap_or_default());
    let missing: Vec<_> =
        variables.iter().filter(|name| known.value_of(name).is_none()).map(|name| format!("{name}=")).collect();
    (!missing.is_empty()).then(|| known.with_lines(&missing))
}
