//! Which hooks git would run before a commit: one in the folder of hooks, and from git 2.54 those in its configuration.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::author::Author;
use crate::git::command;
use crate::hook::folder::{Folder, Place};
use crate::hook::shim::{self, Shim};
use crate::hook::{Kind, standing};

/// The hook in the folder.
pub(crate) struct FolderHook {
    /// Where it stands or would stand.
    pub(crate) file: PathBuf,
    /// What it is.
    pub(crate) nature: Nature,
    /// Whether git would run it.
    pub(crate) is_executable: bool,
    /// A shim of ours that another tool gave another name.
    pub(crate) renamed: Option<PathBuf>,
}

impl FolderHook {
    /// Whether it is of all repositories of the user.
    pub(crate) fn is_global(&self) -> bool {
        fs::read(&self.file).is_ok_and(|text| shim::is_global(&text))
    }
}

/// What stands there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Nothing,
    /// A shim as this version writes it, and the program that it names; none if it looks for one.
    Ours(Option<PathBuf>),
    /// A shim of another version of keyguard.
    Old,
    /// A shim with lines that keyguard did not write.
    Edited,
    /// Somebody else's hook, and whether its text calls keyguard.
    Foreign(Author, Call),
}

/// What the text of a foreign hook says of keyguard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Named,
    NotNamed,
}

/// A hook in git's configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Configured {
    /// `NAME` of `hook.NAME.command`.
    pub(crate) name: String,
    /// Whether git would run it.
    pub(crate) state: State,
    /// The key that switches it off, and where that is set: `local`, `global` and so on.
    pub(crate) switch: Option<(String, String)>,
}

/// Whether git runs a hook of its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    On,
    /// `hook.NAME.enabled` is false.
    Off,
    /// `hook.EVENT.enabled` is false, for all of them.
    EventOff,
    /// This git is older than hooks in the configuration.
    Unread,
}

impl Configured {
    /// Whether keyguard put it there.
    pub(crate) fn is_ours(&self) -> bool {
        self.name == "keyguard" || self.name.starts_with("keyguard-")
    }
}

/// Looks at the hook that git finds in `folder`.
pub(super) fn in_folder(hook: Kind, folder: &Folder) -> FolderHook {
    let file = folder.path.join(hook.name());
    // What only passes on is not the hook.
    let passes_on = fs::read(&file).is_ok_and(|text| text == shim::PASS_ON);
    let file = if passes_on { folder.usual().join(hook.name()) } else { file };
    let nature = if folder.place == Place::Nowhere { Nature::Nothing } else { nature(hook, &file) };
    let names = [".legacy", ".old"].map(|ending| folder.path.join(format!("{}{ending}", hook.name())));
    let is_foreign = matches!(nature, Nature::Foreign(..));
    let renamed = names.into_iter().filter(|_| is_foreign).find(|file| is_shim(file));
    FolderHook { nature, is_executable: standing::is_executable(&file), renamed, file }
}

/// Whether a file calls itself a shim of ours.
pub(super) fn is_shim(file: &Path) -> bool {
    file.is_file() && fs::read(file).is_ok_and(|text| shim::is_shim(&text))
}

/// What stands at `file`. A link to a shim is a shim: git runs it as one.
fn nature(hook: Kind, file: &Path) -> Nature {
    if file.symlink_metadata().is_err() {
        return Nature::Nothing;
    }
    // What may be run and not read, or is a link to nowhere, is not ours.
    let text = if file.is_file() { fs::read(file).unwrap_or_default() } else { Vec::new() };
    match shim::recognise(hook, &text) {
        Some(found) if found.is_untouched => {
            Nature::Ours(Some(found.program).filter(|program| !program.as_os_str().is_empty()))
        }
        Some(_) if !is_of_this_version(hook, &text) => Nature::Old,
        Some(_) => Nature::Edited,
        None => {
            let call = if standing::calls_us(hook, file) { Call::Named } else { Call::NotNamed };
            Nature::Foreign(Author::of(file, &text), call)
        }
    }
}

/// Whether a shim states the version that this keyguard writes.
pub(super) fn is_of_this_version(hook: Kind, text: &[u8]) -> bool {
    shim::stated_version(text) == shim::stated_version(&Shim::default().render(hook))
}

/// The hooks for `event` in git's configuration, as git itself lists them. A git before 2.54 does not know any.
pub(super) fn configured(current_dir: &Path, event: &str) -> Vec<Configured> {
    let ask = |args: &[&str]| command::output(command::git(current_dir).args(args));
    let Ok(list) = ask(&["hook", "list", "--allow-unknown-hook-name", "-z", event]) else {
        return match ask(&["hook", "list", "-h"]) {
            // It knows the command, and there is no hook.
            Err(error) if format!("{error:#}").contains("git hook list") => Vec::new(),
            _ => unread(&ask(&["config", "--null", "--get-regexp", r"^hook\..*\.event$"]).unwrap_or_default(), event),
        };
    };
    // The folder's hook comes without a name.
    let is_named = |entry: &&[u8]| !entry.is_empty() && *entry != b"hook from hookdir";
    let mut hooks: Vec<_> = list.split(|byte| *byte == 0).filter(is_named).map(entry).collect();
    for hook in &mut hooks {
        let key = match hook.state {
            State::Off => format!("hook.{}.enabled", hook.name),
            State::EventOff => format!("hook.{event}.enabled"),
            State::On | State::Unread => continue,
        };
        let answer = ask(&["config", "--null", "--show-scope", "--get", &key]).unwrap_or_default();
        let scope = answer.split(|byte| *byte == 0).next().unwrap_or_default();
        hook.switch = Some((key, String::from_utf8_lossy(scope).into_owned()));
    }
    hooks
}

/// The hooks of `event` that stand in the answer of `git config`: a key, a newline and a value each.
fn unread(answer: &[u8], event: &str) -> Vec<Configured> {
    let text = String::from_utf8_lossy(answer).into_owned();
    let name = |entry: &str| {
        let (key, value) = entry.split_once('\n')?;
        let name = key.strip_prefix("hook.")?.strip_suffix(".event")?;
        (value == event).then(|| Configured { name: name.to_owned(), state: State::Unread, switch: None })
    };
    text.split('\0').filter_map(name).collect()
}

/// A name, or `disabled`, a tab and a name.
fn entry(entry: &[u8]) -> Configured {
    let text = String::from_utf8_lossy(entry);
    let states = [("event-disabled\t", State::EventOff), ("disabled\t", State::Off)];
    let off = states.into_iter().find_map(|(mark, state)| Some((text.strip_prefix(mark)?, state)));
    let (name, state) = off.unwrap_or((&text, State::On));
    Configured { name: name.to_owned(), state, switch: None }
}

/// Has `git` leave out a hook of its configuration. A name may hold `=`, which `-c` would read as its end.
pub(super) fn disable(git: &mut Command, name: &str) {
    const OFF: &str = "KEYGUARD_OFF";
    git.env(OFF, "false").arg(OsString::from(format!("--config-env=hook.{name}.enabled={OFF}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gits_list_of_hooks_is_understood() {
        let configured = |name: &str, state| Configured { name: name.to_owned(), state, switch: None };
        assert_eq!(entry(b"a b"), configured("a b", State::On));
        assert_eq!(entry(b"disabled\tlint"), configured("lint", State::Off));
        assert_eq!(entry(b"event-disabled\tlint"), configured("lint", State::EventOff));
        let old = b"hook.keyguard.event\npre-commit\0hook.a.b.event\npre-push\0hook.c.event\npre-commit\0";
        assert_eq!(unread(old, "pre-commit"), [configured("keyguard", State::Unread), configured("c", State::Unread)]);
        assert!(configured("keyguard", State::On).is_ours());
        assert!(!configured("keyguards", State::On).is_ours());
    }
}
