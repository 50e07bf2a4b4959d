//! Commit and tag objects: what they name and what they say.

use anyhow::{Context as _, Result};
use time::{OffsetDateTime, UtcOffset};

use super::id::Id;
use crate::change::Commit;

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
        Commit { id: id.to_string(), author, date: when, is_root: self.is_root }
    }
}

/// What a tag object names, its header for a search, and its message.
pub(super) fn tag(data: &[u8]) -> Result<(Id, Vec<u8>, &[u8])> {
    let (header, message) = split(data);
    let id = field(header, b"object ").and_then(Id::from_hex).context("a tag object names nothing")?;
    Ok((id, searchable(header), message))
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

/// `Name <mail> seconds zone`, as name with mail, and the time as RFC 3339 has it; empty when there is none.
fn signature(line: &[u8]) -> (&[u8], String) {
    let end = memchr::memrchr(b'>', line).map_or(line.len(), |place| place + 1);
    let (who, rest) = line.split_at(end);
    (who, str::from_utf8(rest).ok().and_then(date).unwrap_or_default())
}

fn date(text: &str) -> Option<String> {
    let (seconds, zone) = text.trim().split_once(' ')?;
    let zone: i32 = zone.parse().ok()?;
    let offset = UtcOffset::from_hms(i8::try_from(zone / 100).ok()?, i8::try_from(zone % 100).ok()?, 0).ok()?;
    let at = OffsetDateTime::from_unix_timestamp(seconds.parse().ok()?).ok()?.checked_to_offset(offset)?;
    let (sign, hours, minutes) =
        (if offset.is_negative() { '-' } else { '+' }, offset.whole_hours().abs(), offset.minutes_past_hour().abs());
    let (day, clock) = (at.date(), at.time());
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{hours:02}:{minutes:02}",
        day.year(),
        u8::from(day.month()),
        day.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    ))
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
        assert_eq!(commit.message, b"subject\n\nbody\n");
        assert!(CommitObject::parse(b"tree 12\n\nx").is_err());
    }

    #[test]
    fn odd_authors_are_no_errors() {
        for author in ["", "author \n", "author A <a> x y\n", "author A 99999999999999 +9999\n"] {
            let data = format!("tree {}\n{author}\nmessage", "1".repeat(64));
            let commit = CommitObject::parse(data.as_bytes()).unwrap();
            assert_eq!(commit.describe(commit.tree).date, "", "{author}");
        }
    }

    #[test]
    fn tags_are_taken_apart() {
        let data = format!("object {}\ntype commit\ntag v1\n\nnotes\n", "2".repeat(40));
        let (id, header, message) = tag(data.as_bytes()).unwrap();
        assert_eq!((id.to_string(), message), ("2".repeat(40), &b"notes\n"[..]));
        assert_eq!(header, b"\ntype commit\ntag v1");
    }
}
