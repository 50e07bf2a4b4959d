//! Moving keys out of files: what `keyguard fix` plans, carries out and takes back.
//!
//! ```text
//! findings ── remedy ──> texts without the keys ─┐
//! file of variables, .gitignore, example ────────┼─> Plan ──> journal ──> files ──> index
//! files that are a secret as a whole ────────────┘
//! ```
//!
//! A plan is complete before anything is written, and refused as a whole where one part of it is not safe. What takes a
//! command of the user's own, such as a key in a file's name, is left to them and stops nothing. The index gets
//! the edit on top of what it holds, the work tree gets it on top of what that holds: neither takes over changes of the
//! other. Before the first file is written, a journal in git's folder says how to go back.

mod apply;
pub(crate) mod dotenv;
mod draft;
mod edit;
mod folder;
mod ignoring;
mod journal;
mod mark;
pub(crate) mod place;
mod plan;
mod store;
mod whole;

use std::path::{Path, PathBuf};

pub(crate) use apply::carry_out;
pub(crate) use draft::{Grounds, Staged, draft};
pub(crate) use journal::undo;
pub(crate) use plan::plan;

use crate::change::BytePath;
use crate::config::Config;
use crate::git::entry::Entry;
use crate::remedy::way::Reading;
use crate::secret::Fingerprint;

/// Where a fix takes place.
pub(crate) struct Surroundings<'a> {
    /// The root of the work tree.
    pub(crate) root: &'a Path,
    pub(crate) config: &'a Config,
    pub(crate) scope: Scope,
    /// Where files go that are a secret as a whole: outside every repository; `None` where there is no home.
    pub(crate) outside: Option<PathBuf>,
}

/// Which version of the files holds the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What is staged: the edit is staged too.
    Staged,
    /// What `git commit -a` would bring in: the edit stays in the work tree.
    WorkTree,
}

/// All that is to be done, in this order: `writes`, `moves`, `staging`.
#[derive(Default)]
pub(crate) struct Plan {
    /// What is to be shown of each place.
    pub(crate) shown: Vec<Shown>,
    pub(crate) gone: Vec<Gone>,
    pub(crate) writes: Vec<Write>,
    pub(crate) moves: Vec<Move>,
    pub(crate) staging: Vec<Staging>,
    /// What is done beside the edits, and what is left to the user, one line each.
    pub(crate) remarks: Vec<String>,
    /// Files that `git commit -a` would leave out, as git does not track them.
    pub(crate) to_add: Vec<BytePath>,
    /// What cannot be done safely. Then nothing is.
    pub(crate) refused: Vec<Refused>,
    /// Where something is refused, the keys for which a plan without the refused ones has been made.
    pub(crate) movable: Vec<Fingerprint>,
    /// What no edit can do, with the command that does. All else is done.
    pub(crate) left: Vec<Refused>,
}

/// One place of a file before and after; nothing of the key is in it.
pub(crate) struct Shown {
    /// `path:line`.
    pub(crate) place: String,
    pub(crate) title: String,
    pub(crate) removed: String,
    pub(crate) added: Vec<String>,
    /// What the message of a block says of it.
    pub(crate) reading: Reading,
}

/// A file that leaves its place as a whole.
pub(crate) struct Gone {
    pub(crate) path: String,
    pub(crate) title: String,
    /// What becomes of it.
    pub(crate) how: String,
}

/// A file of the work tree that gets another content.
pub(crate) struct Write {
    pub(crate) path: BytePath,
    pub(crate) before: Option<Vec<u8>>,
    pub(crate) after: Vec<u8>,
    pub(crate) access: Access,
}

/// Who may read a file that does not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// As the umask says.
    Usual,
    /// Its owner alone.
    Owner,
}

/// A file that leaves the work tree.
pub(crate) struct Move {
    pub(crate) from: BytePath,
    pub(crate) to: PathBuf,
    pub(crate) content: Vec<u8>,
}

/// An entry of the index that gets another content, or goes.
pub(crate) struct Staging {
    pub(crate) path: BytePath,
    pub(crate) before: Option<Entry>,
    pub(crate) mode: String,
    pub(crate) content: Option<Vec<u8>>,
}

/// A key that stays where it is.
pub(crate) struct Refused {
    /// `path:line:column`.
    pub(crate) place: String,
    pub(crate) title: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) reason: String,
}

impl Plan {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.moves.is_empty() && self.staging.is_empty()
    }
}
