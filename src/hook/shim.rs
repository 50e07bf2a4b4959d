//! The shim: rendered from its template, and recognised again.
//!
//! A shim is ours by its second line. It is untouched if it equals what this version writes for some program; anything
//! else may hold lines of the user's and is never dropped.

use std::ffi::{OsStr, OsString};
#[cfg(unix)]
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::Kind;

/// What the second line of every shim begins with; the version follows.
const ID: &[u8] = b"# keyguard shim v";
/// What the second line holds of a shim for all repositories.
const GLOBAL: &[u8] = b"keyguard install --global";
/// How the line starts that tells how many folders an install made.
const FOLDERS_LINE: &[u8] = b"# Folders made for it: ";

/// What stands in for the hooks of a repository that keyguard has nothing to do with, under each of their names.
pub(crate) const PASS_ON: &[u8] = include_bytes!("../../hooks/pass-on");

/// What has git run a shim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// The hooks folder of one repository.
    #[default]
    Folder,
    /// `hook.keyguard.command` in the user's configuration, before the hooks folder and whatever stands there.
    Config,
    /// `core.hooksPath` in the user's configuration, in place of the hooks folder of each repository.
    HooksPath,
}

impl Way {
    const ALL: [Self; 3] = [Self::Folder, Self::Config, Self::HooksPath];

    /// How a shim calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Config => "config",
            Self::HooksPath => "hooks-path",
        }
    }

    /// The way of that name.
    pub(super) fn named(name: impl AsRef<OsStr>) -> Option<Self> {
        Self::ALL.into_iter().find(|way| name.as_ref() == way.name())
    }

    /// What fills the template's gaps: whose install wrote it, what the program is told, how to take it away.
    fn words(self, kind: Kind) -> [String; 3] {
        let global = |away: String| [" --global".to_owned(), format!("--way {}", self.name()), away];
        match self {
            Self::Folder => [String::new(), "--hooks-dir \"${0%/*}\"".to_owned(), "\"rm '$0'\"".to_owned()],
            Self::Config => global(format!("'git config --global --remove-section hook.{}'", kind.config_name())),
            Self::HooksPath => global("'git config --global --unset-all core.hooksPath'".to_owned()),
        }
    }
}

/// What goes into a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shim {
    /// What has git run it.
    pub(super) way: Way,
    /// The program as written into the shim, with forward slashes; empty when only PATH and the usual folders count.
    pub(super) program: Vec<u8>,
    /// How many folders were made so that the shim has a place, to be removed with it.
    pub(super) folders: usize,
}

/// A file that calls itself ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The number of folders that it says were made for it.
    pub(super) folders: usize,
    /// Whether this version of keyguard wrote it, byte for byte.
    pub(crate) is_untouched: bool,
    /// The program that it names; empty when it names none, or was edited.
    pub(crate) program: PathBuf,
}

impl Shim {
    /// A shim that calls `program`.
    pub(crate) fn new(way: Way, program: Option<&Path>, folders: usize) -> Self {
        Self { way, program: program.map(forward_slashes).unwrap_or_default(), folders }
    }

    /// The text of the file.
    pub(crate) fn render(&self, kind: Kind) -> Vec<u8> {
        let [head, middle, tail] = pieces(kind, self.way);
        let folders = self.folders.to_string();
        [&head, folders.as_bytes(), &middle, &quote(&self.program), &tail].concat()
    }
}

/// Reads `text` as a shim of any version; `None` if it is none.
pub(crate) fn recognise(kind: Kind, text: &[u8]) -> Option<Found> {
    is_shim(text).then(|| {
        let folders = folders(text);
        let read = |way| Some(Shim { way, program: program((kind, way), text)?, folders });
        let shim = Way::ALL.into_iter().filter_map(read).find(|shim| shim.render(kind) == text);
        let is_untouched = shim.is_some() || text == PASS_ON;
        Found { folders, is_untouched, program: os_string(shim.unwrap_or_default().program).into() }
    })
}

/// Whether `text` calls itself a shim of ours.
pub(crate) fn is_shim(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    lines.next().is_some_and(|line| line.starts_with(b"#!")) && lines.next().and_then(version).is_some()
}

/// Whether `text` calls itself a shim for all repositories: one that runs the repository's own hook, and is none.
pub(crate) fn is_global(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').nth(1).unwrap_or_default();
    is_shim(text) && memchr::memmem::find(line, GLOBAL).is_some()
}

/// Whether `text` is that of a shim for all repositories that calls keyguard.
pub(crate) fn is_global_look(text: &[u8]) -> bool {
    is_global(text) && text != PASS_ON
}

/// The version that a shim states in its second line.
pub(crate) fn stated_version(text: &[u8]) -> Option<u32> {
    text.split(|byte| *byte == b'\n').nth(1).and_then(version)
}

/// A word that sh reads as exactly `path`.
pub(crate) fn quote_path(path: &Path) -> OsString {
    os_string(quote(path.as_os_str().as_encoded_bytes()))
}

/// A word that sh reads as exactly `word`.
pub(crate) fn quote(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in word {
        match byte {
            b'\'' => quoted.extend(br"'\''"),
            _ => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// The template for `kind`, cut where the rest goes.
fn pieces(kind: Kind, way: Way) -> [Vec<u8>; 3] {
    let refusal = match kind {
        Kind::PreReceive => "this push was not checked and not accepted".to_owned(),
        _ => format!("this {} was not checked and not made", kind.event()),
    };
    let [global, place, away] = way.words(kind);
    let text = include_str!("../../hooks/shim").replace("@KIND@", kind.name()).replace("@REFUSAL@", &refusal);
    let text = text.replace("@GLOBAL@", &global).replace("@PLACE@", &place).replace("@AWAY@", &away);
    let (head, rest) = text.split_once("@FOLDERS@").expect("a test renders the template");
    let (middle, tail) = rest.split_once("@KEYGUARD@").expect("a test renders the template");
    [head, middle, tail].map(|piece| piece.as_bytes().to_vec())
}

/// The version that an id line names.
fn version(line: &[u8]) -> Option<u32> {
    let rest = str::from_utf8(line.strip_prefix(ID)?).ok()?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// The number of folders that a shim says were made for it; none when the line was lost.
fn folders(text: &[u8]) -> usize {
    let line = text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(FOLDERS_LINE));
    line.and_then(|number| str::from_utf8(number).ok()?.trim().parse().ok()).unwrap_or(0)
}

/// The program of a shim that this version wrote.
fn program((kind, way): (Kind, Way), text: &[u8]) -> Option<Vec<u8>> {
    let [head, middle, tail] = pieces(kind, way);
    let rest = text.strip_prefix(&*head)?.strip_suffix(&*tail)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let quoted = rest.get(digits..)?.strip_prefix(&*middle)?;
    unquote(quoted)
}

/// The word that [`quote`] made `quoted` of.
fn unquote(quoted: &[u8]) -> Option<Vec<u8>> {
    let mut word = Vec::new();
    let mut rest = quoted.strip_prefix(b"'")?.strip_suffix(b"'")?;
    while let Some((byte, after)) = rest.split_first() {
        word.push(*byte);
        rest = if *byte == b'\'' { after.strip_prefix(br"\''")? } else { after };
    }
    Some(word)
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> OsString {
    OsString::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(unix)]
fn forward_slashes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// Git for Windows runs hooks with a Unix shell, to which a backslash is no separator.
#[cfg(not(unix))]
fn forward_slashes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Raised with every change to what a shim passes on.
    const VERSION: u32 = 1;

    #[track_caller]
    fn assert_untouched(shim: &Shim) {
        for kind in Kind::ALL {
            let found = recognise(kind, &shim.render(kind)).unwrap();
            let program = os_string(shim.program.clone()).into();
            assert_eq!(found, Found { folders: shim.folders, is_untouched: true, program });
        }
    }

    #[test]
    fn recognises_what_it_renders() {
        for program in
            ["", "/usr/bin/keyguard", "/a b/it's/$x/`y`/keyguard", "/@KEYGUARD@/@FOLDERS@", "'", "/new\nline"]
        {
            for (way, folders) in Way::ALL.into_iter().zip([0, 1, 12]) {
                assert_untouched(&Shim { way, program: program.into(), folders });
            }
        }
    }

    #[test]
    fn the_template_is_of_this_version() {
        for kind in Kind::ALL {
            let text = String::from_utf8(Shim::default().render(kind)).unwrap();
            assert_eq!(version(text.lines().nth(1).unwrap().as_bytes()), Some(VERSION));
            let name = kind.name();
            let call = format!("hook {name} --shim-version {VERSION} --hooks-dir \"${{0%/*}}\" \"$@\"\n");
            assert!(text.contains(&call), "{text}");
            assert!(!text.contains('@') || text.matches('@').count() == 1, "only `$@` is left: {text}");
        }
    }

    #[test]
    fn an_edited_or_older_shim_is_ours_and_not_untouched() {
        let text = String::from_utf8(Shim::new(Way::Folder, None, 1).render(Kind::PreCommit)).unwrap();
        let edited = [
            text.replace("exit 2", "exit 0"),
            text.clone() + "npm test\n",
            text.replace("shim v1", "shim v0"),
            text.replace("shim v1", "shim v22"),
            text.replace('\n', "\r\n"),
            text.replace("keyguard=''", "keyguard='' # mine'"),
            text.replace("keyguard=''", "keyguard='a'b'"),
        ];
        for edited in edited {
            let found = recognise(Kind::PreCommit, edited.as_bytes());
            let expected = Found { folders: 1, is_untouched: false, program: PathBuf::new() };
            assert_eq!(found, Some(expected), "{edited}");
        }
    }

    #[test]
    fn anything_else_is_foreign() {
        for text in [
            "",
            "#!/bin/sh\n",
            "#!/bin/sh\n\n# keyguard shim v1.\n",
            "#!/bin/sh\n# keyguard shim vx\n",
            "\0\u{1}ELF\n# keyguard shim v1\n",
        ] {
            assert_eq!(recognise(Kind::PreCommit, text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn quotes_for_sh() {
        assert_eq!(quote(b"it's $HOME"), br"'it'\''s $HOME'");
        assert_eq!(unquote(br"'it'\''s $HOME'").unwrap(), b"it's $HOME");
        assert_eq!(unquote(b"'a'b'"), None);
        assert_eq!(unquote(b"'"), None);
    }
}
