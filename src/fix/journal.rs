//! How to go back: what every file held before, in git's own folder, for its owner alone to read.
//!
//! It is written before anything else and says at the end that all is done. One that says otherwise belongs to a run that
//! was killed, or to a way back that was: the next run keeps what that one knew, so that going back goes all the way.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
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

    fn stand(&self, root: &Path) -> Result<Stand> {
        let current = place::read(root, &path_of(&self.path)?)?;
        Ok(match current {
            current if current == self.content()? => Stand::Before,
            Some(current) if digest(&current) == self.after => Stand::After,
            _ => Stand::Changed,
        })
    }

    fn content(&self) -> Result<Option<Vec<u8>>> {
        self.before.as_deref().map(decoded).transpose()
    }
}

/// How a file stands to what was done to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Before,
    After,
    /// Somebody else has written it since.
    Changed,
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

    /// Writes it down, for good, with what an unfinished run knew.
    pub(super) fn begin(&mut self, root: &Path, git_dir: &Path) -> Result<()> {
        if let Some(earlier) = Self::read(git_dir)?.filter(|earlier| !earlier.is_done) {
            self.take_over(earlier, root);
        }
        self.write(git_dir)
    }

    /// Goes on from what an unfinished run has left: what it knew goes before what this one found.
    fn take_over(&mut self, earlier: Self, root: &Path) {
        let stand = |old: &FileRecord| old.stand(root).unwrap_or(Stand::Changed);
        // What somebody has made of an edited file since goes with the variables as they are now, and so back to them.
        let is_changed = earlier.files.iter().any(|old| !old.is_shared && stand(old) == Stand::Changed);
        if !is_changed {
            let mut missing = Vec::new();
            for old in earlier.files.into_iter().filter(|old| stand(old) == Stand::After) {
                match self.files.iter_mut().find(|own| own.path == old.path) {
                    Some(own) => own.before = old.before,
                    None => missing.push(old),
                }
            }
            self.files.splice(0..0, missing);
            for old in earlier.index {
                match self.index.iter_mut().find(|own| own.path == old.path) {
                    Some(own) if own.before == old.after => own.before = old.before,
                    Some(_) => {}
                    None => self.index.push(old),
                }
            }
        }
        for own in &mut self.moves {
            // It has the mode of a file that was moved before.
            let old = earlier.moves.iter().find(|old| old.from == own.from).and_then(|old| old.mode);
            own.mode = old.or(own.mode);
        }
        let is_new = |old: &MoveRecord| !self.moves.iter().any(|own| own.from == old.from);
        let moves: Vec<_> = earlier.moves.into_iter().filter(is_new).collect();
        self.moves.extend(moves);
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
    let Some(mut journal) = Journal::read(git_dir)? else { bail!("there is no fix to take back") };
    let way = Way::new(&journal, root)?;
    // From here on it is worth as much as the journal of a fix that was killed.
    journal.is_done = false;
    journal.write(git_dir)?;
    let undone = way.go(&journal, (root, &Workshop::open(git_dir)?)).map_err(|error| {
        anyhow!(
            "the last fix is not taken back, or only in part: {error:#}\nhelp: see to that, then go on with: keyguard fix \
             --undo"
        )
    })?;
    Journal::forget(git_dir)?;
    Ok(undone)
}

/// Takes back what the journal tells of, as far as it was done.
pub(super) fn back(journal: &Journal, root: &Path, workshop: &Workshop) -> Result<Undone> {
    Way::new(journal, root)?.go(journal, (root, workshop))
}

/// The way back.
struct Way {
    /// What each file gets again, the last one first: the file of variables holds a value until others do.
    writes: Vec<(BytePath, Option<Vec<u8>>)>,
    left: Vec<String>,
}

impl Way {
    /// Looks whether it can be gone; changes nothing.
    fn new(journal: &Journal, root: &Path) -> Result<Self> {
        let mut way = Self { writes: Vec::new(), left: Vec::new() };
        let mut records: Vec<_> = journal.files.iter().rev().collect();
        // What an earlier run has left shares this order.
        records.sort_by_key(|record| record.is_shared);
        for record in records {
            let path = path_of(&record.path)?;
            let shown = place::shown(&path);
            match record.stand(root)? {
                Stand::Before => {}
                Stand::After => way.writes.push((path, record.content()?)),
                Stand::Changed if record.is_shared => {
                    way.left.push(format!("{shown} has changed since, so it is left as it is"));
                }
                Stand::Changed => {
                    bail!("`{shown}` has changed since, so nothing is taken back\nhelp: undo that change first")
                }
            }
        }
        Ok(way)
    }

    /// Goes it, from the last step of a fix to its first: stopped anywhere, it can be gone again from the beginning.
    fn go(self, journal: &Journal, (root, workshop): (&Path, &Workshop)) -> Result<Undone> {
        let mut undone = Undone { files: Vec::new(), left: self.left };
        index_back(journal, root, &mut undone)?;
        for record in &journal.moves {
            move_back(record, (root, workshop), &mut undone)?;
        }
        for (path, before) in self.writes {
            let file = place::checked(root, &path)?;
            match before {
                Some(content) => workshop.write_atomically(&file, &content)?,
                None => fs::remove_file(&file).with_context(|| format!("remove `{}`", file.display()))?,
            }
            undone.files.push(place::shown(&path));
        }
        Ok(undone)
    }
}

fn move_back(record: &MoveRecord, (root, workshop): (&Path, &Workshop), undone: &mut Undone) -> Result<()> {
    let (from, to) = (path_of(&record.from)?, path_of(&record.to)?.as_path());
    let file = place::checked(root, &from)?;
    let shown = place::shown(&from);
    let is_there = file.symlink_metadata().is_ok();
    let Ok(content) = fs::read(&to) else {
        if !is_there {
            undone.left.push(format!("{shown} is gone from the place that it was moved to"));
        }
        return Ok(());
    };
    if !is_there {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        workshop.write_private(&file, &content)?;
    } else if file.is_symlink() || fs::read(&file).ok().as_ref() != Some(&content) {
        return Ok(());
    }
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
