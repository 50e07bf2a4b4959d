//! What a run amounts to; the exit code is decided here, before a byte is printed.

use std::process::ExitCode;
use std::rc::Rc;

use crate::allowlist::SuppressedBy;
use crate::change::{BytePath, Commit, Part};
use crate::finding::Finding;
use crate::remedy::way::Way;

/// The verdict as the process's exit code; the same in every format and every hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing found.
    Clean = 0,
    /// Secrets found.
    Blocked = 1,
    /// The job could not be done.
    Failed = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A finding with the file that it stands in.
pub struct Located<'r> {
    /// The file, from the root of the work tree; `None` for the message or the header of a commit.
    pub path: Option<BytePath>,
    /// What of a commit it stands in.
    pub part: Part,
    /// The commit that brings it in; `None` when that is yet to be made, or there is none.
    pub commit: Option<Rc<Commit>>,
    /// What was found there.
    pub finding: Finding<'r>,
    /// The file as it is written, unless it is a large one.
    pub(crate) text: Option<Rc<[u8]>>,
    /// How the key leaves its place.
    pub(crate) way: Way,
}

impl<'r> Located<'r> {
    /// A finding of which no more is known.
    pub(crate) fn new(path: Option<BytePath>, part: Part, commit: Option<Rc<Commit>>, finding: Finding<'r>) -> Self {
        Self { path, part, commit, finding, text: None, way: Way::Unknown }
    }
}

impl Located<'_> {
    /// Whether one commit brings in both.
    pub(crate) fn is_in_commit_of(&self, other: &Self) -> bool {
        let id = |located: &Self| located.commit.as_ref().map(|commit| commit.id.clone());
        id(self) == id(other)
    }
}

/// Something that was deliberately not looked at.
pub struct Skipped {
    /// The file.
    pub path: BytePath,
    /// Why, as a lowercase fragment.
    pub reason: String,
}

/// Something that could not be looked at: the run fails.
pub struct Failure {
    /// The file, when one is to blame.
    pub path: Option<BytePath>,
    /// What went wrong, as a lowercase sentence.
    pub message: String,
}

/// Counts of what was looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Commits that were looked at; none where no history was asked about.
    pub commits: usize,
    /// Tags that say something, and trees and blobs that a ref names by themselves.
    pub tags: usize,
    /// Files whose content was searched; messages are none.
    pub files: usize,
    /// Hunks of added lines; counted for reports that ask.
    pub hunks: usize,
    /// Added lines; counted for reports that ask.
    pub added_lines: usize,
    /// Bytes searched.
    pub bytes: usize,
    /// Findings below the minimum confidence.
    pub below: usize,
}

/// Everything that a report tells.
#[derive(Default)]
pub struct Outcome<'r> {
    /// The findings that count.
    pub blocked: Vec<Located<'r>>,
    /// The findings that are allowed.
    pub suppressed: Vec<(Located<'r>, SuppressedBy)>,
    /// What was not looked at, on purpose.
    pub skipped: Vec<Skipped>,
    /// What could not be looked at.
    pub failures: Vec<Failure>,
    /// One-line remarks.
    pub notices: Vec<String>,
    /// Counts.
    pub stats: Stats,
}

impl<'r> Outcome<'r> {
    /// Adds what another run came to.
    pub(crate) fn merge(&mut self, other: Outcome<'r>) {
        self.blocked.extend(other.blocked);
        self.suppressed.extend(other.suppressed);
        self.skipped.extend(other.skipped);
        self.failures.extend(other.failures);
        self.notices.extend(other.notices);
        self.stats.commits += other.stats.commits;
        self.stats.tags += other.stats.tags;
        self.stats.files += other.stats.files;
        self.stats.hunks += other.stats.hunks;
        self.stats.added_lines += other.stats.added_lines;
        self.stats.bytes += other.stats.bytes;
        self.stats.below += other.stats.below;
    }

    /// The verdict. A finding and a failure together are a finding; the failure is printed too.
    pub fn exit(&self) -> Exit {
        match (self.blocked.is_empty(), self.failures.is_empty()) {
            (false, _) => Exit::Blocked,
            (true, false) => Exit::Failed,
            (true, true) => Exit::Clean,
        }
    }
}
