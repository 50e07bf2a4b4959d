//! What installing and uninstalling would do to a hooks folder, as a value.
//!
//! A plan is made from what stands in the folder and changes nothing. It is refused where carrying it out would lose
//! something (two foreign hooks for one place) or break something (a hook that needs its name); then the other hooks of
//! the plan stay as they are too.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::folder::INPUT_IS_READ;
use super::self_name::{self, Look};
use super::shim::{PASS_ON, Shim, Way, quote};
use super::standing::{self, Ours, Standing};
use super::{EXE, Kind};
use crate::report::sanitized;

/// What is going to happen, and what it comes to.
#[derive(Debug)]
pub(crate) struct Plan {
    /// One for each hook.
    pub(crate) parts: Vec<Part>,
    /// One after the other; none when all is as it should be.
    pub(crate) steps: Vec<Step>,
}

/// What becomes of one hook.
#[derive(Debug)]
pub(crate) struct Part {
    /// Which hook.
    pub(crate) kind: Kind,
    /// Where the shim stands, will stand or stood.
    pub(crate) place: PathBuf,
    /// What it comes to.
    pub(crate) effect: Effect,
    /// The foreign hook: it will run after the shim, or it comes back, or it was left behind.
    pub(crate) chained: Option<Chained>,
    /// Where a shim that had been edited goes.
    pub(crate) aside: Option<PathBuf>,
    steps: Vec<Step>,
    /// How many folders were made so that the shim had a place.
    folders: usize,
}

/// What a plan comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// All is as it should be.
    Nothing,
    /// A shim where there was none.
    Installed,
    /// A shim in place of an older, an edited or a differently written one.
    Renewed,
    /// No shim any more.
    Removed,
}

/// One change to the hooks folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Makes the folder and those above it.
    MakeFolder(PathBuf),
    /// Writes the shim; what stands in its place is renamed first.
    Write {
        /// The hook.
        place: PathBuf,
        /// The text of the shim.
        text: Vec<u8>,
        /// The other name of what stood there; without it that is replaced.
        keep_as: Option<PathBuf>,
    },
    /// Gives a file a second name, which it keeps when another takes its place.
    Keep {
        /// The name now.
        place: PathBuf,
        /// The second one.
        name: PathBuf,
    },
    /// Gives a file another name, in place of what has that name.
    Rename {
        /// The name now.
        from: PathBuf,
        /// The name afterwards.
        to: PathBuf,
    },
    /// Removes a file.
    Remove(PathBuf),
    /// Removes the folder and so many above it, as long as they are empty.
    RemoveFolders(PathBuf, usize),
    /// Sets a key of git's configuration of the user, to this value alone.
    Set {
        /// The key.
        key: String,
        /// Its value.
        value: OsString,
    },
    /// Takes a value out of that configuration.
    Unset {
        /// The key.
        key: String,
        /// The value that goes.
        value: OsString,
    },
}

/// A foreign hook beside the shim.
#[derive(Debug)]
pub(crate) struct Chained {
    /// Where it is kept.
    pub(crate) path: PathBuf,
    /// Whether git would run it.
    pub(crate) is_executable: bool,
}

/// Plans the installation of `kinds` in `folder`, which git reads by `way`, calling `program`.
pub(crate) fn install(kinds: &[Kind], folder: &Path, way: Way, program: Option<&Path>) -> Result<Plan> {
    // Whichever shim is the last to go takes the folders with it.
    let made = Kind::ALL.map(|kind| standing::folders_made_for(kind, folder)).into_iter().max();
    let folders = made.unwrap_or(0).max(missing_folders(folder));
    let shim = Shim::new(way, program, folders);
    let parts = kinds.iter().map(|kind| Part::install(*kind, folder, &shim)).collect::<Result<Vec<_>>>()?;
    let is_missing = !folder.is_dir() && !parts.is_empty();
    let before = is_missing.then(|| Step::MakeFolder(folder.to_path_buf()));
    Ok(Plan::new(parts, folder, before))
}

/// Plans the removal of `kinds` from `folder`.
pub(crate) fn uninstall(kinds: &[Kind], folder: &Path) -> Result<Plan> {
    let parts = kinds.iter().map(|kind| Part::uninstall(*kind, folder)).collect::<Result<Vec<_>>>()?;
    let folders = parts.iter().map(|part| part.folders).max().unwrap_or(0);
    let mut plan = Plan::new(parts, folder, None);
    if folders > 0 && plan.empties(folder) {
        plan.steps.push(Step::RemoveFolders(folder.to_path_buf(), folders));
    }
    Ok(plan)
}

impl Plan {
    fn new(mut parts: Vec<Part>, folder: &Path, before: Option<Step>) -> Self {
        let leftovers = standing::leftovers(folder).into_iter().map(Step::Remove);
        let steps = before.into_iter().chain(leftovers).chain(parts.iter_mut().flat_map(|part| part.steps.drain(..)));
        let steps = steps.collect();
        Self { parts, steps }
    }

    /// Says what becomes of a hook besides its shim.
    pub(super) fn note(&mut self, kind: Kind, effect: Effect) {
        let parts = self.parts.iter_mut().filter(|part| part.kind == kind);
        parts.filter(|part| part.effect == Effect::Nothing).for_each(|part| part.effect = effect);
    }

    /// Removes `folder`, which is our own, if it holds nothing but what is removed, and the one above it; and what was made
    /// for it besides.
    pub(super) fn remove_folders(&mut self, folder: &Path) {
        self.steps.retain(|step| !matches!(step, Step::RemoveFolders(..)));
        if self.empties(folder) {
            let made = Kind::ALL.map(|kind| standing::folders_made_for(kind, folder)).into_iter().max();
            self.steps.push(Step::RemoveFolders(folder.to_path_buf(), made.unwrap_or(0).max(2)));
        }
    }

    /// Whether `folder` holds nothing but what is removed.
    fn empties(&self, folder: &Path) -> bool {
        let is_removed = |path: PathBuf| self.steps.contains(&Step::Remove(path));
        fs::read_dir(folder)
            .is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| is_removed(entry.path()))))
    }
}

impl Part {
    fn install(kind: Kind, folder: &Path, shim: &Shim) -> Result<Self> {
        let (mut part, standing) = Self::new(kind, folder)?;
        let text = shim.render(kind);
        match standing {
            Standing::Ours(ours) => part.renew(&ours, text),
            Standing::Foreign => part.displace(text)?,
            Standing::Nothing => part.fill(folder, text),
        }
        Ok(part)
    }

    fn uninstall(kind: Kind, folder: &Path) -> Result<Self> {
        let (mut part, standing) = Self::new(kind, folder)?;
        match standing {
            Standing::Ours(ours) => part.take_out(folder, &ours),
            Standing::Nothing => part.restore(),
            Standing::Foreign => part.drop_duplicate()?,
        }
        Ok(part)
    }

    /// A part that does nothing, and what stands in its place.
    fn new(kind: Kind, folder: &Path) -> Result<(Self, Standing)> {
        let place = standing::place(kind, folder);
        let standing = standing::look(kind, &place)?;
        let folders = if let Standing::Ours(ours) = &standing { ours.folders } else { 0 };
        let chained = kind.kept(folder).map(Chained::new);
        let part = Self { kind, place, effect: Effect::Nothing, chained, aside: None, steps: Vec::new(), folders };
        Ok((part, standing))
    }

    fn renew(&mut self, ours: &Ours, text: Vec<u8>) {
        if ours.text == text && ours.is_untouched && ours.is_open_to_all {
            return;
        }
        self.effect = if ours.text == PASS_ON { Effect::Installed } else { Effect::Renewed };
        self.aside = (!ours.is_untouched).then(|| free_name(&self.place));
        self.steps.push(Step::Write { place: self.place.clone(), text, keep_as: self.aside.clone() });
    }

    fn fill(&mut self, folder: &Path, text: Vec<u8>) {
        self.effect = Effect::Installed;
        // Git for Windows runs `pre-commit.exe` only as long as there is no `pre-commit`.
        let program = folder.join(format!("{}{EXE}", self.kind.name()));
        if cfg!(windows) && program.is_file() && self.chained.is_none() {
            let to = folder.join(format!("{}{EXE}", self.kind.kept_name()));
            self.chained = Some(Chained { path: to.clone(), is_executable: true });
            self.steps.push(Step::Rename { from: program, to });
        }
        self.steps.push(Step::Write { place: self.place.clone(), text, keep_as: None });
    }

    fn displace(&mut self, text: Vec<u8>) -> Result<()> {
        if standing::is_executable(&self.place) && self_name::look(&self.place) == Look::Other {
            bail!(needs_its_name(self.kind, &self.place));
        }
        self.effect = Effect::Installed;
        let keep_as = match &self.chained {
            // An install that was interrupted between its two steps, or a script that put the same hook there again.
            Some(chained) if standing::is_same(&self.place, &chained.path).context("compare the hooks")? => None,
            Some(chained) => bail!(conflict(&self.place, &chained.path)),
            None => Some(self.place.with_file_name(self.kind.kept_name())),
        };
        if let Some(path) = &keep_as {
            self.chained = Some(Chained { path: path.clone(), is_executable: standing::is_executable(&self.place) });
        }
        self.steps.push(Step::Write { place: self.place.clone(), text, keep_as });
        Ok(())
    }

    fn take_out(&mut self, folder: &Path, ours: &Ours) {
        self.effect = Effect::Removed;
        if !ours.is_untouched {
            let name = free_name(&self.place);
            self.steps.push(Step::Keep { place: self.place.clone(), name: name.clone() });
            self.aside = Some(name);
        }
        if let Some(kept) = self.superseded(folder) {
            self.steps.push(Step::Remove(kept));
        }
        if self.chained.is_some() {
            self.bring_back();
        } else {
            self.steps.push(Step::Remove(self.place.clone()));
        }
    }

    /// The kept hook, when its tool has taken the first place again: restored, it would run itself.
    fn superseded(&mut self, folder: &Path) -> Option<PathBuf> {
        self.chained.take_if(|chained| standing::runs_us(self.kind, folder, &chained.path)).map(|chained| chained.path)
    }

    /// The shim is gone and the foreign hook still has its other name: an install or a person stopped half-way.
    fn restore(&mut self) {
        if self.chained.is_some() {
            self.effect = Effect::Removed;
            self.bring_back();
        }
    }

    /// Gives the chained hook its name back, with the extension that it has.
    fn bring_back(&mut self) {
        let Some(chained) = &self.chained else { return };
        let from = chained.path.clone();
        let is_program = from.file_name().is_some_and(|name| *name != *self.kind.kept_name());
        if is_program {
            self.steps.push(Step::Remove(self.place.clone()));
        }
        let to = if is_program {
            self.place.with_file_name(format!("{}{EXE}", self.kind.name()))
        } else {
            self.place.clone()
        };
        self.steps.push(Step::Rename { from, to });
    }

    /// Another tool took our place. What is kept stays, unless it stands in that place already.
    fn drop_duplicate(&mut self) -> Result<()> {
        let Some(chained) = &self.chained else { return Ok(()) };
        if standing::is_same(&self.place, &chained.path).context("compare the hooks")? {
            self.effect = Effect::Removed;
            self.steps.push(Step::Remove(chained.path.clone()));
        }
        Ok(())
    }
}

/// A name for the shim at `place` that somebody edited: one that nothing has yet, or that an interrupted run gave it.
pub(super) fn free_name(place: &Path) -> PathBuf {
    let hook = place.file_name().unwrap_or_default().to_string_lossy();
    let name = |number: usize| match number {
        1 => format!("{hook}.edited-keyguard"),
        _ => format!("{hook}.edited-keyguard-{number}"),
    };
    let mut number = 1;
    loop {
        let path = place.with_file_name(name(number));
        let is_free = path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        if is_free || standing::is_same(&path, place).unwrap_or(false) {
            return path;
        }
        number += 1;
    }
}

impl Chained {
    fn new(path: PathBuf) -> Self {
        let is_executable = standing::is_executable(&path);
        Self { path, is_executable }
    }
}

/// Why nothing is done when there are two foreign hooks for one place.
fn conflict(place: &Path, chained: &Path) -> String {
    let [place_word, chained_word] =
        [place, chained].map(|path| String::from_utf8_lossy(&quote(path.as_os_str().as_encoded_bytes())).into_owned());
    format!(
        "another hook has taken keyguard's place, and the one kept before it is still there\n\
         help: to keep the new one: rm {chained_word}\n\
         help: to keep the old one: mv {chained_word} {place_word}\n\
         help: then install again; to run both, call one of them from the other"
    )
}

/// Why nothing is done when a hook would not know itself under another name.
fn needs_its_name(kind: Kind, place: &Path) -> String {
    let input = if kind.reads_input() { INPUT_IS_READ } else { "" };
    format!(
        "the hook that is there looks at its own name, and would not work under another\n\
         help: add this line at the top of {}: {}{input}",
        sanitized(place.to_string_lossy().as_bytes()),
        kind.line_to_add()
    )
}

/// How many folders have to be made for `folder` to exist.
fn missing_folders(folder: &Path) -> usize {
    folder.ancestors().take_while(|folder| folder.symlink_metadata().is_err()).count()
}
