//! Installing for all repositories of one user.
//!
//! From git 2.54 on a hook can stand in git's configuration. It runs before the hooks folder, whatever that is, and takes
//! nothing away. An older git has `core.hooksPath`, which silences the hooks of every repository: therefore a shim stands
//! there under each name that git knows, and runs the repository's own.
//!
//! A template directory is no way: git copies it into new repositories only, and the copies grow old.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::Kind;
use super::plan::{self, Effect, Plan, Step};
use super::setting::{self, HOOKS_PATH, Settings};
use super::shim::{self, PASS_ON, Way, quote_path};
use super::standing::{self, Standing};
use crate::environment::Environment;
use crate::git::command;
use crate::report::sanitized;

/// The hooks that git 2.55 knows (githooks(5)); an older one asks for some of them.
pub(crate) const NAMES: [&str; 28] = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// What is always installed. What a hook stages after `pre-commit` has looked is seen at `commit-msg`.
const ALWAYS: [Kind; 2] = [Kind::PreCommit, Kind::CommitMsg];

/// What git does for one user, and where the shims for all repositories are.
pub(crate) struct Account {
    /// How this git can be had to run them.
    pub(crate) way: Way,
    /// The folder of the shims that git's configuration names.
    shims: PathBuf,
    /// The folder for `core.hooksPath`.
    hooks: PathBuf,
    settings: Settings,
    /// What sets `core.hooksPath` for all repositories now.
    hooks_path: Option<OsString>,
}

/// Looks at git and at the user's configuration.
pub(crate) fn find(environment: &Environment) -> Result<Account> {
    let current_dir = &environment.current_dir;
    let data = data_folder(environment)?;
    let way = match command::version(current_dir)? {
        // `git config` has neither `--show-scope` nor `--fixed-value`.
        (major, minor) if (major, minor) < (2, 30) => bail!(
            "git {major}.{minor} is too old to install for all repositories: that takes 2.30\n\
             help: install in each repository: keyguard install"
        ),
        version if version < (2, 54) => Way::HooksPath,
        _ => Way::Config,
    };
    Ok(Account {
        way,
        shims: data.join("shims"),
        hooks: data.join("hooks"),
        settings: Settings::read(environment)?,
        hooks_path: setting::global_hooks_path(current_dir),
    })
}

/// Where a program keeps what is its own and not for the user to edit.
fn data_folder(environment: &Environment) -> Result<PathBuf> {
    let data = environment.data_home().context(
        "HOME is not set, so there is no place for hooks of all repositories\nhelp: set HOME, then install again",
    )?;
    Ok(data.join("keyguard"))
}

impl Account {
    /// Plans the installation of `asked` and of what is always or already installed, calling `program`.
    pub(crate) fn install(&self, asked: &[Kind], program: &Path) -> Result<Plan> {
        let is_wanted = |kind: &Kind| ALWAYS.contains(kind) || asked.contains(kind) || self.is_installed(*kind);
        let kinds: Vec<_> = Kind::ALL.into_iter().filter(is_wanted).collect();
        let (mut plan, old) = match self.way {
            Way::Config => (self.put_into_config(&kinds, program)?, self.take_out_of_hooks_path()?),
            _ => (self.put_into_hooks_path(&kinds, program)?, self.take_out_of_config(&Kind::ALL)?),
        };
        // The new way is in force before the old one goes.
        plan.steps.extend(old.steps);
        Ok(plan)
    }

    /// Plans the removal of `asked`, or of all.
    pub(crate) fn uninstall(&self, asked: &[Kind]) -> Result<Plan> {
        if asked.iter().any(|kind| ALWAYS.contains(kind)) {
            bail!(
                "what looks at commits for all repositories is one whole: pre-commit and commit-msg\n\
                 help: to take all of it out: keyguard uninstall --global"
            );
        }
        if asked.is_empty() {
            let mut plan = self.take_out_of_config(&Kind::ALL)?;
            let other = self.take_out_of_hooks_path()?;
            plan.parts.extend(other.parts);
            plan.steps.extend(other.steps);
            return Ok(plan);
        }
        let mut plan = self.take_out_of_config(asked)?;
        // In the folder for `core.hooksPath` no name may be missing.
        let passing: Vec<_> = asked.iter().copied().filter(|kind| self.stands_in_hooks(*kind)).collect();
        plan.parts.extend(plan::uninstall(&passing, &self.hooks)?.parts);
        for kind in passing {
            plan.steps.extend(pass_on(&self.hooks.join(kind.name()))?);
        }
        Ok(plan)
    }

    /// Whether a shim of this kind was installed for all repositories.
    fn is_installed(&self, kind: Kind) -> bool {
        let [_, event] = keys(kind);
        self.stands_in_hooks(kind) || self.is_ours_in_config(kind) && self.settings.values(&event).next().is_some()
    }

    /// Whether the folder for `core.hooksPath` has a shim that calls keyguard.
    fn stands_in_hooks(&self, kind: Kind) -> bool {
        let text = fs::read(self.hooks.join(kind.name())).unwrap_or_default();
        shim::is_global_look(&text)
    }

    /// Whether git's configuration holds nothing under our name but what an install wrote, here or in another home.
    fn is_ours_in_config(&self, kind: Kind) -> bool {
        let [command, _] = keys(kind);
        let ending = format!("/keyguard/shims/{}'", kind.name());
        self.settings.values(&command).all(|value| value.to_string_lossy().ends_with(&ending))
    }

    /// Shims of their own, and a hook in git's configuration for each. The one for `pre-commit` comes last: with the
    /// others alone each commit is looked at too.
    fn put_into_config(&self, kinds: &[Kind], program: &Path) -> Result<Plan> {
        kinds.iter().try_for_each(|kind| self.require_config_for(*kind))?;
        require_ours(kinds, &self.shims)?;
        let mut plan = plan::install(kinds, &self.shims, Way::Config, Some(program))?;
        for kind in kinds.iter().rev() {
            let [command, event] = keys(*kind);
            let wanted = [(command, self.command(*kind)), (event, kind.name().into())];
            let has_any = wanted.iter().any(|(key, _)| self.settings.values(key).next().is_some());
            // An event without a command would stop every commit, so the command is first.
            let missing = wanted.into_iter().filter(|(key, value)| !self.settings.is(key, value));
            let steps: Vec<_> = missing.map(|(key, value)| Step::Set { key, value }).collect();
            if !steps.is_empty() {
                plan.note(*kind, if has_any { Effect::Renewed } else { Effect::Installed });
            }
            plan.steps.extend(steps);
        }
        Ok(plan)
    }

    fn take_out_of_config(&self, kinds: &[Kind]) -> Result<Plan> {
        let ours: Vec<_> = kinds.iter().copied().filter(|kind| self.is_ours_in_config(*kind)).collect();
        let mut files = plan::uninstall(&ours, &self.shims)?;
        let mut steps = Vec::new();
        for kind in &ours {
            let [command, event] = keys(*kind);
            for key in [event, command] {
                let values: BTreeSet<_> = self.settings.values(&key).collect();
                for value in values {
                    files.note(*kind, Effect::Removed);
                    steps.push(Step::Unset { key: key.clone(), value: value.to_owned() });
                }
            }
        }
        steps.append(&mut files.steps);
        files.steps = steps;
        files.remove_folders(&self.shims);
        Ok(files)
    }

    /// A shim under each name, and then the setting that has git look there.
    fn put_into_hooks_path(&self, kinds: &[Kind], program: &Path) -> Result<Plan> {
        self.require_hooks_path(kinds)?;
        require_ours(kinds, &self.hooks)?;
        let mut plan = plan::install(kinds, &self.hooks, Way::HooksPath, Some(program))?;
        let others = NAMES.iter().filter(|name| !kinds.iter().any(|kind| kind.name() == **name));
        let passing = others.map(|name| pass_on(&self.hooks.join(name))).collect::<Result<Vec<_>>>()?;
        plan.steps.extend(passing.into_iter().flatten());
        if self.hooks_path.as_ref().is_none_or(|value| self.settings.folder(value) != self.hooks) {
            plan.steps.push(Step::Set { key: HOOKS_PATH.to_owned(), value: self.hooks.clone().into() });
            for kind in kinds {
                plan.note(*kind, Effect::Installed);
            }
        } else if plan.parts.iter().all(|part| part.effect == Effect::Nothing) && !plan.steps.is_empty() {
            plan.note(Kind::PreCommit, Effect::Renewed);
        }
        Ok(plan)
    }

    fn take_out_of_hooks_path(&self) -> Result<Plan> {
        let values: BTreeSet<_> = self.settings.values(HOOKS_PATH).filter(|value| self.is_hooks_path(value)).collect();
        let is_set = |kind: &Kind| !values.is_empty() && ALWAYS.contains(kind);
        let kinds = Kind::ALL.into_iter().filter(|kind| is_set(kind) || self.stands_in_hooks(*kind));
        let mut plan = plan::uninstall(&kinds.collect::<Vec<_>>(), &self.hooks)?;
        // Without the files the setting goes all the same.
        ALWAYS.into_iter().filter(is_set).for_each(|kind| plan.note(kind, Effect::Removed));
        let unset = |value: &OsStr| Step::Unset { key: HOOKS_PATH.to_owned(), value: value.to_owned() };
        // First of all git stops to look there.
        plan.steps.splice(..0, values.into_iter().map(unset));
        let files = NAMES.iter().map(|name| self.hooks.join(name));
        let passing = files.filter(|file| fs::read(file).is_ok_and(|text| text == PASS_ON));
        plan.steps.extend(passing.map(Step::Remove));
        plan.remove_folders(&self.hooks);
        Ok(plan)
    }

    /// What git is to run: the shim, as a word for the shell.
    fn command(&self, kind: Kind) -> OsString {
        let place = self.shims.join(kind.name());
        quote_path(&if cfg!(windows) { place.to_string_lossy().replace('\\', "/").into() } else { place })
    }

    /// Whether an install set `core.hooksPath` to `value`, here or in another home, and nobody else's hooks stand there.
    fn is_hooks_path(&self, value: &OsStr) -> bool {
        let folder = self.settings.folder(value);
        let is_shim = || fs::read(folder.join(Kind::PreCommit.name())).is_ok_and(|text| shim::is_global(&text));
        folder == self.hooks || folder.ends_with("keyguard/hooks") && (!folder.exists() || is_shim())
    }

    /// Fails where the configuration has something else under our name, or switches it off.
    fn require_config_for(&self, kind: Kind) -> Result<()> {
        let [command, _] = keys(kind);
        if !self.is_ours_in_config(kind) {
            let value = self.settings.values(&command).last().unwrap_or_default();
            bail!(
                "{command} is set already, to `{}`, and keyguard did not do that\n\
                 help: if it can go: git config --global --remove-section hook.{}",
                sanitized(value.as_encoded_bytes()),
                kind.config_name()
            );
        }
        let switches = [format!("hook.{}.enabled", kind.config_name()), format!("hook.{}.enabled", kind.name())];
        match switches.iter().find(|switch| self.settings.is_false(switch)) {
            Some(switch) => bail!(
                "{switch} is false in git's configuration, so git would not run the hook\n\
                 help: git config --global --unset-all {switch}"
            ),
            None => Ok(()),
        }
    }

    /// Fails where another folder of hooks is set for all repositories.
    fn require_hooks_path(&self, kinds: &[Kind]) -> Result<()> {
        let Some(value) = self.hooks_path.as_ref().filter(|value| !self.is_hooks_path(value)) else { return Ok(()) };
        let folder = sanitized(value.as_encoded_bytes());
        let line = |kind: &Kind| {
            format!("\nhelp: call keyguard from {folder}/{} with the line: {}", kind.name(), kind.line_to_add())
        };
        let lines: String = kinds.iter().map(line).collect();
        bail!("core.hooksPath is set already, to `{folder}`, and git has room for one such folder{lines}")
    }
}

/// The keys of a hook in git's configuration.
fn keys(kind: Kind) -> [String; 2] {
    ["command", "event"].map(|key| format!("hook.{}.{key}", kind.config_name()))
}

/// In a folder of our own there is nothing to chain.
fn require_ours(kinds: &[Kind], folder: &Path) -> Result<()> {
    let places = kinds.iter().map(|kind| (*kind, folder.join(kind.name())));
    for (kind, place) in places {
        if matches!(standing::look(kind, &place)?, Standing::Foreign) {
            bail!(foreign(&place));
        }
    }
    Ok(())
}

fn foreign(place: &Path) -> String {
    let place = sanitized(place.as_os_str().as_encoded_bytes());
    format!("`{place}` is not keyguard's, in a folder that is\nhelp: move it away, then install again")
}

/// What puts a shim at `place` that runs the repository's own hook of that name.
fn pass_on(place: &Path) -> Result<Option<Step>> {
    let write = |keep_as| Ok(Some(Step::Write { place: place.to_path_buf(), text: PASS_ON.to_vec(), keep_as }));
    if standing::metadata(place)?.is_none() {
        return write(None);
    }
    let text = fs::read(place).with_context(|| format!("read the hook `{}`", place.display()))?;
    if text == PASS_ON && standing::is_executable(place) {
        return Ok(None);
    }
    if !shim::is_shim(&text) {
        bail!(foreign(place));
    }
    let kind = place.file_name().and_then(Kind::named);
    let found = kind.and_then(|kind| shim::recognise(kind, &text));
    let is_untouched = text == PASS_ON || found.is_some_and(|found| found.is_untouched);
    write((!is_untouched).then(|| plan::free_name(place)))
}
