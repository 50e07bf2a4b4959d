//! Commit and tag objects: what they name and what they say.

use anyhow::{Context as _, Result};
use time::{OffsetDateTime, UtcOffset};

use super::id::Id;
use crate::change::{Commit, ObjectKind};

/// A commit object, taken apart.
pub(super) struct CommitObject {
    pub(super) tree: Id,
    author: Vec<u8>,
    is_root: bool,
    /// What stands above the message, for a search.
    pub(super) header: Vec<u8>,
    pub(super) message: Vec<u8>,
}

impl CommitObject {
    /// Header lines, each `key SP value`, an empty line, the message.
    pub(super) fn parse(data: &[u8]) -> Result<Self> {
        let (header, message) = split(data);
        let tree = field(header, b"tree ").and_then(Id::from_hex).context("a commit object names no tree")?;
        let author = field(header, b"author ").unwrap_or_default().to_vec();
        let is_root = field(header, b"parent ").is_none();
        Ok(Self { tree, author, is_root, header: searchable(header), message: message.to_vec() })
    }

    /// What reports tell of it.
    pub(super) fn describe(&self, id: Id) -> Commit {
        let (who, when) = signature(&self.author);
        let author = String::from_utf8_lossy(who).into_owned();
        let (date, time) = when.unzip();
        let (id, date, is_root) = (id.to_string(), date.unwrap_or_default(), self.is_root);
        Commit { id, author, date, time, is_root, kind: ObjectKind::Commit }
    }
}

/// A tag object, taken apart.
pub(super) struct TagObject<'d> {
    /// What it names.
    pub(super) target: Id,
    tagger: &'d [u8],
    /// What stands above the message, for a search.
    pub(super) header: Vec<u8>,
    pub(super) message: &'d [u8],
}

impl<'d> TagObject<'d> {
    /// Of the same form as a commit.
    pub(super) fn parse(data: &'d [u8]) -> Result<Self> {
        let (header, message) = split(data);
        let target = field(header, b"object ").and_then(Id::from_hex).context("a tag object names nothing")?;
        let tagger = field(header, b"tagger ").unwrap_or_default();
        Ok(Self { target, tagger, header: searchable(header), message })
    }

    /// What reports tell of it.
    pub(super) fn describe(&self, id: Id) -> Commit {
        let (date, time) = signature(self.tagger).1.unzip();
        let (id, date) = (id.to_string(), date.unwrap_or_default());
        Commit { id, date, time, kind: ObjectKind::Tag, ..Commit::default() }
    }
}

/// The header with an empty line for each that names an object: such a name is no value of what stands beside it.
fn searchable(header: &[u8]) -> Vec<u8> {
    let names_object = |line: &[u8]| {
        let name = [&b"tree "[..], b"parent ", b"object "].iter().find_map(|key| line.strip_prefix(*key));
        name.is_some_and(|name| Id::from_hex(name).is_some())
    };
    let lines = header.split(|byte| *byte == b'\n').map(|line| if names_object(line) { &[][..] } else { line });
    lines.collect::<Vec<_>>().join(&b'\n')
}

fn split(data: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memmem::find(data, b"\n\n") {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (data, &[]),
    }
}

/// The value of the first header line that starts with `key`.
fn field<'d>(header: &'d [u8], key: &[u8]) -> Option<&'d [u8]> {
    header.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(key))
}

/// `Name <mail> seconds zone`, as name with mail, and the time.
fn signature(line: &[u8]) -> (&[u8], Option<(String, i64)>) {
    let end = memchr::memrchr(b'>', line).map_or(line.len(), |place| place + 1);
    let (who, rest) = line.split_at(end);
    (who, str::from_utf8(rest).ok().and_then(date))
}

/// The time as RFC 3339 has it, and in seconds since 1970.
fn date(text: &str) -> Option<(String, i64)> {
    let (seconds, zone) = text.trim().split_once(' ')?;
    let seconds = seconds.parse().ok()?;
    let zone: i32 = zone.parse().ok()?;
    let offset = UtcOffset::from_hms(i8::try_from(zone / 100).ok()?, i8::try_from(zone % 100).ok()?, 0).ok()?;
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok()?.checked_to_offset(offset)?;
    let (sign, hours, minutes) =
        (if offset.is_negative() { '-' } else { '+' }, offset.whole_hours().abs(), offset.minutes_past_hour().abs());
    let (day, clock) = (at.date(), at.time());
    let text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{hours:02}:{minutes:02}",
        day.year(),
        u8::from(day.month()),
        day.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    );
    Some((text, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_taken_apart() {
        let data = format!(
            "tree {0}\nparent {0}\nauthor Ada <ada@test> 1767323045 -0330\ncommitter C <c> 1 +0000\n\nsubject\n\nbody\n",
            "1".repeat(40)
        );
        let commit = CommitObject::parse(data.as_bytes()).unwrap();
        let told = commit.describe(commit.tree);
        assert_eq!((told.author.as_str(), told.date.as_str()), ("Ada <ada@test>", "2026-01-01T23:34:05-03:30"));
        assert_eq!(told.time, Some(1_767_323_045));
        assert_eq!(commit.message, b"subject\n\nbody\n");
        assert!(CommitObject::parse(b"tree 12\n\nx").is_err());
    }

    #[test]
    fn odd_authors_are_no_errors() {
        for author in ["", "author \n", "author A <a> x y\n", "author A 99999999999999 +9999\n"] {
            let data = format!("tree {}\n{author}\nmessage", "1".repeat(64));
            let commit = CommitObject::parse(data.as_bytes()).unwrap();
            let told = commit.describe(commit.tree);
            assert_eq!((told.date.as_str(), told.time, told.is_tag()), ("", None, false), "{author}");
        }
    }

    #[test]
    fn tags_are_taken_apart() {
        let data = format!("object {}\ntype commit\ntag v1\ntagger T <t> 1767323045 +0000\n\nnotes\n", "2".repeat(40));
        let tag = TagObject::parse(data.as_bytes()).unwrap();
        assert_eq!((tag.target.to_string(), tag.message), ("2".repeat(40), &b"notes\n"[..]));
        assert_eq!(tag.header, b"\ntype commit\ntag v1\ntagger T <t> 1767323045 +0000");
        let told = tag.describe(tag.target);
        assert_eq!((told.date.as_str(), told.is_tag()), ("2026-01-02T03:04:05+00:00", true));
        // git's first tags had no tagger.
        let data = format!("object {}\ntype commit\ntag v1\n\nnotes\n", "2".repeat(40));
        let tag = TagObject::parse(data.as_bytes()).unwrap();
        assert_eq!(tag.describe(tag.target).time, None);
    }
}
