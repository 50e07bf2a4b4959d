//! What installing and uninstalling would do to a hooks folder, as a value.
//!
//! A plan is made from what stands in the folder and changes nothing. It is refused where carrying it out would lose
//! something: two foreign hooks for one place.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::shim::{Shim, quote};
use super::standing::{self, Ours, Standing};
use super::{EXE, Hook};

/// What is going to happen, and what it comes to.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Where the shim stands, will stand or stood.
    pub(crate) place: PathBuf,
    /// What it comes to.
    pub(crate) effect: Effect,
    /// One after the other; none when all is as it should be.
    pub(crate) steps: Vec<Step>,
    /// The foreign hook: it will run after the shim, or it comes back, or it was left behind.
    pub(crate) chained: Option<Chained>,
    /// Where a shim that had been edited goes.
    pub(crate) aside: Option<PathBuf>,
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
}

/// A foreign hook beside the shim.
#[derive(Debug)]
pub(crate) struct Chained {
    /// Where it is kept.
    pub(crate) path: PathBuf,
    /// Whether git would run it.
    pub(crate) is_executable: bool,
}

/// Plans the installation of `hook` in `folder`, calling `program`.
pub(crate) fn install(hook: Hook, folder: &Path, program: Option<&Path>) -> Result<Plan> {
    let place = standing::place(hook, folder);
    let standing = standing::look(hook, &place)?;
    let folders = match &standing {
        Standing::Ours(ours) => ours.folders,
        _ => missing_folders(folder),
    };
    let text = Shim::new(program, folders).render(hook);
    let mut plan = Plan::new(hook, place, folder);
    match standing {
        Standing::Ours(ours) => plan.renew(hook, &ours, text),
        Standing::Foreign => plan.displace(hook, text)?,
        Standing::Nothing => plan.fill(hook, folder, text),
    }
    Ok(plan)
}

/// Plans the removal of `hook` from `folder`.
pub(crate) fn uninstall(hook: Hook, folder: &Path) -> Result<Plan> {
    let place = standing::place(hook, folder);
    let standing = standing::look(hook, &place)?;
    let mut plan = Plan::new(hook, place, folder);
    match standing {
        Standing::Ours(ours) => plan.take_out(hook, folder, &ours),
        Standing::Nothing => plan.restore(hook),
        Standing::Foreign => plan.drop_duplicate()?,
    }
    Ok(plan)
}

impl Plan {
    fn new(hook: Hook, place: PathBuf, folder: &Path) -> Self {
        let chained = hook.kept(folder).map(Chained::new);
        Self { place, effect: Effect::Nothing, steps: Vec::new(), chained, aside: None }
    }

    fn renew(&mut self, hook: Hook, ours: &Ours, text: Vec<u8>) {
        if ours.text == text && ours.is_untouched && ours.is_open_to_all {
            return;
        }
        self.effect = Effect::Renewed;
        self.aside = (!ours.is_untouched).then(|| free_name(hook, &self.place));
        self.steps.push(Step::Write { place: self.place.clone(), text, keep_as: self.aside.clone() });
    }

    fn fill(&mut self, hook: Hook, folder: &Path, text: Vec<u8>) {
        self.effect = Effect::Installed;
        if !folder.is_dir() {
            self.steps.push(Step::MakeFolder(folder.to_path_buf()));
        }
        // Git for Windows runs `pre-commit.exe` only as long as there is no `pre-commit`.
        let program = folder.join(format!("{}{EXE}", hook.name));
        if cfg!(windows) && program.is_file() && self.chained.is_none() {
            let to = folder.join(format!("{}{EXE}", hook.kept_name()));
            self.chained = Some(Chained { path: to.clone(), is_executable: true });
            self.steps.push(Step::Rename { from: program, to });
        }
        self.steps.push(Step::Write { place: self.place.clone(), text, keep_as: None });
    }

    fn displace(&mut self, hook: Hook, text: Vec<u8>) -> Result<()> {
        self.effect = Effect::Installed;
        let keep_as = match &self.chained {
            // An install that was interrupted between its two steps, or a script that put the same hook there again.
            Some(chained) if standing::is_same(&self.place, &chained.path).context("compare the hooks")? => None,
            Some(chained) => bail!(conflict(&self.place, &chained.path)),
            None => Some(self.place.with_file_name(hook.kept_name())),
        };
        if let Some(path) = &keep_as {
            self.chained = Some(Chained { path: path.clone(), is_executable: standing::is_executable(&self.place) });
        }
        self.steps.push(Step::Write { place: self.place.clone(), text, keep_as });
        Ok(())
    }

    fn take_out(&mut self, hook: Hook, folder: &Path, ours: &Ours) {
        self.effect = Effect::Removed;
        if !ours.is_untouched {
            let to = free_name(hook, &self.place);
            self.steps.push(Step::Rename { from: self.place.clone(), to: to.clone() });
            self.aside = Some(to);
        }
        if let Some(kept) = self.superseded(hook, folder) {
            self.steps.extend(ours.is_untouched.then(|| Step::Remove(self.place.clone())));
            self.steps.push(Step::Remove(kept));
        } else if self.chained.is_some() {
            self.bring_back(hook, ours.is_untouched.then_some(ours));
        } else if ours.is_untouched {
            self.steps.push(Step::Remove(self.place.clone()));
            if ours.folders > 0 && holds_only(folder, &self.place) {
                self.steps.push(Step::RemoveFolders(folder.to_path_buf(), ours.folders));
            }
        }
    }

    /// The kept hook, when its tool has taken the first place again: restored, it would run itself.
    fn superseded(&mut self, hook: Hook, folder: &Path) -> Option<PathBuf> {
        self.chained.take_if(|chained| standing::runs_us(hook.name, folder, &chained.path)).map(|chained| chained.path)
    }

    /// The shim is gone and the foreign hook still has its other name: an install or a person stopped half-way.
    fn restore(&mut self, hook: Hook) {
        if self.chained.is_some() {
            self.effect = Effect::Removed;
            self.bring_back(hook, None);
        }
    }

    /// Gives the chained hook its name back, with the extension that it has; `shim` still stands in that place.
    fn bring_back(&mut self, hook: Hook, shim: Option<&Ours>) {
        let Some(chained) = &self.chained else { return };
        let from = chained.path.clone();
        let is_program = from.file_name().is_some_and(|name| *name != *hook.kept_name());
        if is_program && shim.is_some() {
            self.steps.push(Step::Remove(self.place.clone()));
        }
        let to = if is_program { self.place.with_file_name(format!("{}{EXE}", hook.name)) } else { self.place.clone() };
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

/// How many folders have to be made for `folder` to exist.
fn missing_folders(folder: &Path) -> usize {
    folder.ancestors().take_while(|folder| folder.symlink_metadata().is_err()).count()
}

/// A name that nothing has yet, for a shim that somebody edited.
fn free_name(hook: Hook, place: &Path) -> PathBuf {
    let name = |number: usize| match number {
        1 => format!("{}.edited-keyguard", hook.name),
        _ => format!("{}.edited-keyguard-{number}", hook.name),
    };
    let mut number = 1;
    loop {
        let path = place.with_file_name(name(number));
        match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return path,
            _ => number += 1,
        }
    }
}

fn holds_only(folder: &Path, place: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| entry.path() == place)))
}
