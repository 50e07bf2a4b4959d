//! How to go back: what every file held before, in git's own folder, for its owner alone to read.
//!
//! It is written before anything else and says at the end that all is done. One that says otherwise belongs to a run that
//! was killed: the next run keeps what that one knew, so that going back goes all the way.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::place;
use crate::change::BytePath;
use crate::config::Workshop;
use crate::git::entry::{self, Entry};

/// What a run is going to do and how each thing was before. Paths and contents are in base64.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) is_done: bool,
    pub(super) files: Vec<FileRecord>,
    pub(super) moves: Vec<MoveRecord>,
    pub(super) index: Vec<IndexRecord>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct FileRecord {
    path: String,
    before: Option<String>,
    /// SHA-256 in base64.
    after: String,
    /// Whether lines of others may have come since, which are worth more than going back.
    is_shared: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct MoveRecord {
    from: String,
    to: String,
    /// Who might read the file, as Unix has it; `None` where there was none, or no modes are.
    #[serde(default)]
    mode: Option<u32>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct IndexRecord {
    path: String,
    before: Option<(String, String)>,
    after: Option<(String, String)>,
}

/// What going back came to.
#[derive(Default)]
pub(crate) struct Undone {
    /// Files that are as they were.
    pub(crate) files: Vec<String>,
    /// What was left as it is, and why.
    pub(crate) left: Vec<String>,
}

fn encoded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn decoded(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).context("the journal of the last fix is damaged")
}

fn path_of(text: &str) -> Result<BytePath> {
    Ok(BytePath::from(&decoded(text)?[..]))
}

fn digest(content: &[u8]) -> String {
    encoded(&Sha256::digest(content))
}

impl FileRecord {
    pub(super) fn new(path: &BytePath, before: Option<&[u8]>, after: &[u8], is_shared: bool) -> Self {
        let (path, before) = (encoded(path.as_bytes()), before.map(encoded));
        Self { path, before, after: digest(after), is_shared }
    }
}

impl MoveRecord {
    pub(super) fn new(from: &BytePath, to: &Path, root: &Path) -> Self {
        let mode = place::mode(root, from);
        Self { from: encoded(from.as_bytes()), to: encoded(to.as_os_str().as_encoded_bytes()), mode }
    }
}

impl IndexRecord {
    pub(super) fn new(path: &BytePath, before: Option<&Entry>, after: Option<&Entry>) -> Self {
        let pair = |entry: &Entry| (entry.mode.clone(), entry.id.clone());
        Self { path: encoded(path.as_bytes()), before: before.map(pair), after: after.map(pair) }
    }
}

impl Journal {
    fn place(git_dir: &Path) -> PathBuf {
        git_dir.join("keyguard").join("fix.json")
    }

    fn read(git_dir: &Path) -> Result<Option<Self>> {
        let place = Self::place(git_dir);
        match fs::read(&place) {
            Ok(text) => serde_json::from_slice(&text).map(Some).context("the journal of the last fix is damaged"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("read the journal of the last fix"),
        }
    }

    /// Writes it down, for good. What an unfinished run knew of the same files goes before what this one found.
    pub(super) fn begin(&mut self, git_dir: &Path) -> Result<()> {
        if let Some(earlier) = Self::read(git_dir)?.filter(|earlier| !earlier.is_done) {
            for old in earlier.files {
                match self.files.iter_mut().find(|own| own.path == old.path) {
                    Some(own) => own.before = old.before,
                    None => self.files.push(old),
                }
            }
            for old in earlier.index {
                match self.index.iter_mut().find(|own| own.path == old.path) {
                    Some(own) => own.before = old.before,
                    None => self.index.push(old),
                }
            }
            let is_new = |old: &MoveRecord| !self.moves.iter().any(|own| own.from == old.from);
            let moves: Vec<_> = earlier.moves.into_iter().filter(is_new).collect();
            self.moves.extend(moves);
        }
        self.write(git_dir)
    }

    pub(super) fn forget(git_dir: &Path) -> Result<()> {
        fs::remove_file(Self::place(git_dir)).context("remove the journal of the last fix")
    }

    pub(super) fn end(&mut self, git_dir: &Path) -> Result<()> {
        self.is_done = true;
        self.write(git_dir)
    }

    fn write(&self, git_dir: &Path) -> Result<()> {
        Workshop::open(git_dir)?.write_private(&Self::place(git_dir), &serde_json::to_vec(self)?)
    }
}

/// Goes back to what was before the last fix. A file that has changed since is not overwritten; where that is a file that
/// held a key, nothing is done.
///
/// # Errors
/// There is no fix to take back, or a file has changed.
pub(crate) fn undo(root: &Path, git_dir: &Path) -> Result<Undone> {
    let Some(journal) = Journal::read(git_dir)? else { bail!("there is no fix to take back") };
    let undone = back(&journal, root, &Workshop::open(git_dir)?)?;
    Journal::forget(git_dir)?;
    Ok(undone)
}

/// Takes back what the journal tells of, as far as it was done.
pub(super) fn back(journal: &Journal, root: &Path, workshop: &Workshop) -> Result<Undone> {
    let mut undone = Undone::default();
    let mut steps = Vec::new();
    for record in &journal.files {
        let path = path_of(&record.path)?;
        let before = record.before.as_deref().map(decoded).transpose()?;
        let current = place::read(root, &path)?;
        let is_as_left = current.as_deref().map(digest).as_ref() == Some(&record.after);
        let shown = place::shown(&path);
        match (current == before, is_as_left, record.is_shared) {
            (true, ..) => {}
            (_, true, _) => steps.push((path, before)),
            (_, _, true) => undone.left.push(format!("{shown} has changed since, so it is left as it is")),
            _ => bail!("`{shown}` has changed since, so nothing is taken back\nhelp: undo that change first"),
        }
    }
    for record in &journal.moves {
        move_back(record, (root, workshop), &mut undone)?;
    }
    for (path, before) in steps {
        let file = place::checked(root, &path)?;
        match before {
            Some(content) => workshop.write_atomically(&file, &content)?,
            None => fs::remove_file(&file).with_context(|| format!("remove `{}`", file.display()))?,
        }
        undone.files.push(place::shown(&path));
    }
    index_back(journal, root, &mut undone)?;
    Ok(undone)
}

fn move_back(record: &MoveRecord, (root, workshop): (&Path, &Workshop), undone: &mut Undone) -> Result<()> {
    let (from, to) = (path_of(&record.from)?, path_of(&record.to)?.as_path());
    let file = place::checked(root, &from)?;
    let shown = place::shown(&from);
    if file.symlink_metadata().is_ok() {
        return Ok(());
    }
    let Ok(content) = fs::read(&to) else {
        undone.left.push(format!("{shown} is gone from the place that it was moved to"));
        return Ok(());
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    workshop.write_private(&file, &content)?;
    place::set_mode(&file, record.mode)?;
    fs::remove_file(&to).with_context(|| format!("remove `{}`", to.display()))?;
    undone.files.push(shown);
    Ok(())
}

fn index_back(journal: &Journal, root: &Path, undone: &mut Undone) -> Result<()> {
    let mut entries = Vec::new();
    for record in &journal.index {
        let path = path_of(&record.path)?;
        let entry_of = |pair: &Option<(String, String)>| pair.clone().map(|(mode, id)| Entry { mode, id });
        let (before, after) = (entry_of(&record.before), entry_of(&record.after));
        let current = entry::entry(root, &path)?;
        if current == before {
            continue;
        }
        let is_there = before.as_ref().is_none_or(|entry| entry::exists(root, &entry.id));
        if current == after && is_there {
            entries.push((path, before));
        } else {
            undone.left.push(format!("what is staged of {} is left as it is", place::shown(&path)));
        }
    }
    entry::set(root, &entries)
}
