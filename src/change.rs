//! What one commit does to one file: the unit that every source yields.
//!
//! The scanner sees the whole new text, so that a key whose middle changed is matched whole. The old text is read only
//! when there is a finding to judge: most files have none and never pay for an old blob or a diff.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Result;

use crate::decode::{Kind, Text};
use crate::encrypted::Policies;
use crate::git::diff;
use crate::git::id::Id;
use crate::secret::Fingerprint;

/// A path as git has it: bytes, `/` between its parts, from the root of the work tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BytePath {
    bytes: Vec<u8>,
    /// How many of the bytes lead to what was asked for.
    lead: usize,
}

impl BytePath {
    /// The path of a file outside every work tree, of which the first `lead` bytes lead to the folder that was asked for.
    pub(crate) fn led_to(bytes: &[u8], lead: usize) -> Self {
        Self { bytes: bytes.to_vec(), lead: lead.min(bytes.len()) }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The part that tells what the file is for. Where somebody keeps the folder tells nothing.
    pub(crate) fn telling(&self) -> &[u8] {
        &self.bytes[self.lead..]
    }

    /// The path for the file system; where names are not bytes, what is not UTF-8 is replaced.
    pub fn as_path(&self) -> PathBuf {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt as _;
            PathBuf::from(std::ffi::OsStr::from_bytes(&self.bytes))
        }
        #[cfg(not(unix))]
        PathBuf::from(String::from_utf8_lossy(&self.bytes).into_owned())
    }

    /// The path of a file as git would have it: `/` between its parts.
    pub fn of(path: &Path) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt as _;
            Self::from(path.as_os_str().as_bytes())
        }
        #[cfg(not(unix))]
        Self::from(path.to_string_lossy().replace('\\', "/").as_str())
    }

    /// The path as text: what is no UTF-8 becomes `%FF`, and a percent sign `%25`.
    pub fn percent_encoded(&self) -> String {
        let mut out = String::new();
        for chunk in self.bytes.utf8_chunks() {
            out.push_str(&chunk.valid().replace('%', "%25"));
            out.extend(chunk.invalid().iter().map(|byte| format!("%{byte:02X}")));
        }
        out
    }

    /// The part behind the last `/`.
    pub fn name(&self) -> &[u8] {
        self.bytes.rsplit(|b| *b == b'/').next().unwrap_or_default()
    }
}

impl From<&[u8]> for BytePath {
    fn from(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), lead: 0 }
    }
}

impl From<&str> for BytePath {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

/// What kind of object brings a text in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ObjectKind {
    /// A commit, well-formed or not.
    #[default]
    Commit,
    /// A tag, or something else that has no author.
    Tag,
}

/// A commit as reports name it; a tag has a name and a time alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Its name in hexadecimal.
    pub id: String,
    /// `Name <mail>`.
    pub author: String,
    /// When it was written, as RFC 3339 has it; empty when it does not say.
    pub date: String,
    /// The same in seconds since 1970.
    pub time: Option<i64>,
    /// Whether it is a first one, without a parent.
    pub is_root: bool,
    /// Which kind of object it is.
    pub kind: ObjectKind,
}

impl Commit {
    /// Whether it is a tag, or something else that has no author.
    pub fn is_tag(&self) -> bool {
        self.kind == ObjectKind::Tag
    }
}

/// What of a commit or a tag a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A file of its tree.
    File,
    /// The name of a file of its tree.
    Name,
    /// What it says.
    Message,
    /// The lines above the message: who made it and when, signatures, whatever else a tool has put there.
    Header,
}

impl Part {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Name => "name",
            Self::Message => "message",
            Self::Header => "header",
        }
    }
}

/// The versions of the file before this change: one for each parent that has it.
type ReadOld<'s> = Box<dyn Fn() -> Result<Vec<Vec<u8>>> + 's>;

/// The content of a file that has moved and is the same.
type ReadMoved<'s> = Box<dyn Fn() -> Result<Vec<u8>> + 's>;

/// One file of a commit.
pub struct Change<'s> {
    /// Which file; empty for a commit's message or header.
    pub path: BytePath,
    /// What of the commit it is.
    pub part: Part,
    /// The commit that brings it in; `None` when that is yet to be made.
    pub commit: Option<Rc<Commit>>,
    texts: Vec<Text>,
    size: usize,
    read_old: Option<ReadOld<'s>>,
    old: OnceCell<Vec<Previous>>,
    is_new_path: bool,
    read_moved: Option<ReadMoved<'s>>,
    policies: Option<Rc<Policies>>,
    blob: Option<Id>,
}

impl<'s> Change<'s> {
    /// A file of a commit; `read_old` reads its old versions when asked.
    pub fn edited(path: BytePath, new: Vec<u8>, read_old: ReadOld<'s>) -> Self {
        Self { read_old: Some(read_old), is_new_path: false, ..Self::whole(path, new) }
    }

    /// A file in which everything is new.
    pub fn whole(path: BytePath, new: Vec<u8>) -> Self {
        let (size, texts) = (new.len(), Text::views(new));
        Self {
            path,
            part: Part::File,
            commit: None,
            texts,
            size,
            read_old: None,
            old: OnceCell::new(),
            is_new_path: true,
            read_moved: None,
            policies: None,
            blob: None,
        }
    }

    /// A file that has a new path and nothing else that is new; `read` reads its content when asked.
    pub fn moved(path: BytePath, read: ReadMoved<'s>) -> Self {
        Self { read_moved: Some(read), ..Self::whole(path, Vec::new()) }
    }

    /// The message of a commit or a tag, and the message that it may have been taken from.
    pub fn message(text: Vec<u8>, old: Vec<Vec<u8>>) -> Self {
        let change = Self::edited(BytePath::from(""), text, Box::new(move || Ok(old.clone())));
        Self { part: Part::Message, ..change }
    }

    /// The header of a commit or a tag.
    pub fn header(text: Vec<u8>) -> Self {
        Self { part: Part::Header, ..Self::message(text, Vec::new()) }
    }

    /// The same change as `commit` brings it in.
    #[must_use]
    pub fn in_commit(self, commit: Option<Rc<Commit>>) -> Self {
        Self { commit, ..self }
    }

    /// The same change, whose new version is `blob`.
    #[must_use]
    pub(crate) fn of_blob(self, blob: Id) -> Self {
        Self { blob: Some(blob), ..self }
    }

    /// The object that the new version is, where a commit names one.
    pub(crate) fn blob(&self) -> Option<Id> {
        self.blob
    }

    /// The same file in a tree that says what must be encrypted.
    #[must_use]
    pub(crate) fn under(self, policies: Rc<Policies>) -> Self {
        Self { policies: Some(policies), ..self }
    }

    /// What its tree says about encryption; `None` for what is no regular file of a tree.
    pub(crate) fn policies(&self) -> Option<&Policies> {
        self.policies.as_deref()
    }

    /// Whether only its path is new.
    pub(crate) fn is_moved(&self) -> bool {
        self.read_moved.is_some()
    }

    /// The content as it is written, that of a file which has only moved too.
    pub(crate) fn content(&self) -> Result<Cow<'_, [u8]>> {
        if let Some(read) = &self.read_moved {
            return Ok(Cow::Owned(read()?));
        }
        let written = self.texts.iter().find(|text| text.kind() != Kind::Utf16);
        Ok(Cow::Borrowed(written.map_or(&[], Text::bytes)))
    }

    /// The file; `None` for a message or a header.
    pub fn file(&self) -> Option<&BytePath> {
        Some(&self.path).filter(|_| self.part == Part::File)
    }

    /// The same change under a path that did not exist before.
    #[must_use]
    pub fn at_new_path(self) -> Self {
        Self { is_new_path: true, ..self }
    }

    /// Whether the path did not exist before.
    pub fn is_new_path(&self) -> bool {
        self.is_new_path
    }

    /// The new version: as it is meant, and where that is not as it is written, as it is written too.
    pub fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// Bytes of the new version.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The old versions; read once, when first asked for.
    pub fn previous(&self) -> Result<&[Previous]> {
        if let Some(old) = self.old.get() {
            return Ok(old);
        }
        let old = self.read_old.as_ref().map_or(Ok(Vec::new()), |read| read())?;
        Ok(self.old.get_or_init(|| old.into_iter().map(Previous::new).collect()))
    }
}

/// An old version of a file.
pub struct Previous {
    texts: Vec<Text>,
    hunks: OnceCell<Vec<Hunk>>,
    fingerprints: OnceCell<HashSet<Fingerprint>>,
    searched: Cell<usize>,
}

impl Previous {
    fn new(bytes: Vec<u8>) -> Self {
        Self {
            texts: Text::views(bytes),
            hunks: OnceCell::new(),
            fingerprints: OnceCell::new(),
            searched: Cell::new(0),
        }
    }

    /// How many bytes of it have been searched for single values so far.
    pub(crate) fn searched(&self) -> usize {
        self.searched.get()
    }

    /// Counts `bytes` more.
    pub(crate) fn has_searched(&self, bytes: usize) {
        self.searched.set(self.searched.get().saturating_add(bytes));
    }

    /// The version as it is meant, and where that is not as it is written, as it is written too.
    pub fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// The hunks by which `new`, the text of the new version as it is meant, differs from this one; computed once.
    pub fn hunks(&self, new: &[u8]) -> &[Hunk] {
        self.hunks.get_or_init(|| hunks(self.texts[0].bytes(), new))
    }

    /// The keys that stand in this version, found by `scan` once.
    pub fn fingerprints(&self, scan: impl Fn(&Text) -> Result<Vec<Fingerprint>>) -> Result<&HashSet<Fingerprint>> {
        if let Some(fingerprints) = self.fingerprints.get() {
            return Ok(fingerprints);
        }
        let mut found = HashSet::new();
        for text in &self.texts {
            found.extend(scan(text)?);
        }
        Ok(self.fingerprints.get_or_init(|| found))
    }
}

/// A run of added lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The lines in the new text, counted from 1.
    pub lines: Range<usize>,
}

/// The added runs of lines, as `git diff -U0` has them; a run of deletions alone is none.
pub fn hunks(old: &[u8], new: &[u8]) -> Vec<Hunk> {
    diff::added_lines(old, new).into_iter().map(|lines| Hunk { lines }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<const N: usize>(old: &str, new: &str, expected: [(usize, usize); N]) {
        let hunks = hunks(old.as_bytes(), new.as_bytes());
        let found: Vec<_> = hunks.into_iter().map(|hunk| (hunk.lines.start, hunk.lines.end)).collect();
        assert_eq!(found, expected, "{old:?} -> {new:?}");
    }

    #[test]
    fn hunks_are_added_lines_only() {
        check("", "a\nb\n", [(1, 3)]);
        check("a\nb\n", "", []);
        check("a\nb\nc\n", "a\nc\n", []);
        check("a\nb\nc\n", "a\nx\nc\n", [(2, 3)]);
        check("a\n", "a\nb", [(2, 3)]);
        check("a", "a\n", [(1, 2)]);
        check("a\nb\n", "n\na\nb\nm\n", [(1, 2), (4, 5)]);
    }

    #[test]
    fn a_long_common_beginning_does_not_shift_the_lines() {
        let common = "same line\n".repeat(2000);
        check(&common, &format!("{common}new\n"), [(2001, 2002)]);
        check(&format!("{common}b\nc\n"), &format!("{common}x\nc\n"), [(2001, 2002)]);
    }
}
