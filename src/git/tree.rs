//! Tree objects: their entries, and what differs between two of them.
//!
//! Format: `mode SP name NUL id` for each entry, the mode in octal, sorted by name as if a folder's name ended in `/`
//! (git's `tree.c`).

use std::cmp::Ordering;

use anyhow::{Context as _, Result};

use super::id::Id;
use super::object::Objects;
use crate::change::BytePath;
use crate::encrypted::is_policy;

/// How deep folders may be nested; git's own default (`core.maxTreeDepth`).
pub(super) const DEEPEST: usize = 2048;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) mode: u32,
    pub(super) id: Id,
}

impl Side {
    const FOLDER: u32 = 0o040_000;
    const LINK: u32 = 0o120_000;
    const SUBMODULE: u32 = 0o160_000;
    const KIND: u32 = 0o170_000;

    pub(super) fn is_folder(self) -> bool {
        self.mode & Self::KIND == Self::FOLDER
    }

    pub(super) fn is_link(self) -> bool {
        self.mode & Self::KIND == Self::LINK
    }

    /// Whether it is a regular file.
    pub(super) fn is_file(self) -> bool {
        self.is_blob() && !self.is_link()
    }

    /// Whether the id names a blob here: a file or a symbolic link, no submodule's commit.
    pub(super) fn is_blob(self) -> bool {
        !self.is_folder() && self.mode & Self::KIND != Self::SUBMODULE
    }
}

/// One name of a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'t> {
    pub(super) name: &'t [u8],
    pub(super) side: Side,
}

/// Takes a tree object apart whose names of objects have `id_bytes` bytes.
pub(super) fn entries(mut data: &[u8], id_bytes: usize) -> Result<Vec<Entry<'_>>> {
    let mut entries = Vec::new();
    while !data.is_empty() {
        let (entry, rest) = entry(data, id_bytes).context("a tree object is broken")?;
        entries.push(entry);
        data = rest;
    }
    Ok(entries)
}

fn entry(data: &[u8], id_bytes: usize) -> Option<(Entry<'_>, &[u8])> {
    let space = memchr::memchr(b' ', data)?;
    let mode = u32::from_str_radix(str::from_utf8(&data[..space]).ok()?, 8).ok()?;
    let rest = &data[space + 1..];
    let (name, rest) = rest.split_at(memchr::memchr(0, rest)?);
    let (id, rest) = rest[1..].split_at_checked(id_bytes)?;
    let side = Side { mode, id: Id::from_bytes(id)? };
    Some((Entry { name, side }, rest))
}

/// Orders two names of one folder as git does: a folder's name ends in `/`.
pub(super) fn order(a: (&[u8], bool), b: (&[u8], bool)) -> Ordering {
    let common = a.0.len().min(b.0.len());
    let ending =
        |(name, is_folder): (&[u8], bool)| name.get(common).copied().unwrap_or(if is_folder { b'/' } else { 0 });
    a.0[..common].cmp(&b.0[..common]).then_with(|| ending(a).cmp(&ending(b))).then_with(|| a.0.len().cmp(&b.0.len()))
}

/// What a commit does to one path.
#[derive(Clone)]
pub(super) struct Delta {
    pub(super) path: BytePath,
    pub(super) old: Option<Side>,
    pub(super) new: Option<Side>,
}

/// How a tree differs from another.
#[derive(Default)]
pub(super) struct Difference {
    pub(super) deltas: Vec<Delta>,
    /// The files of the new tree that say what must be encrypted, in all folders above those deltas.
    pub(super) policies: Vec<(BytePath, Side)>,
}

impl Difference {
    /// Notes the file called `name` in the folder `prefix` of the new tree, if it is one that says so.
    pub(super) fn note(&mut self, prefix: &[u8], name: &[u8], side: Side) {
        if name.starts_with(b".") && side.is_file() && is_policy(name) {
            self.policies.push((BytePath::from(&[prefix, name].concat()[..]), side));
        }
    }
}

/// Two folders to compare, either of which may be missing.
pub(super) struct Pair {
    /// With a `/` at its end, empty for the root.
    pub(super) prefix: Vec<u8>,
    pub(super) old: Option<Id>,
    pub(super) new: Option<Id>,
}

/// Adds to `found` what differs between the two trees, in no particular order. Equal folders are not entered.
pub(super) fn compare(objects: &Objects<'_>, pair: Pair, found: &mut Difference) -> Result<()> {
    // A stack of our own: how deep folders are nested is up to the author of the repository.
    let mut open = vec![pair];
    while let Some(pair) = open.pop() {
        if pair.old != pair.new {
            compare_one(objects, &pair, found, &mut open)?;
        }
    }
    Ok(())
}

fn compare_one(objects: &Objects<'_>, pair: &Pair, found: &mut Difference, open: &mut Vec<Pair>) -> Result<()> {
    let read = |id: Option<Id>| id.map_or(Ok(Vec::new()), |id| objects.tree(id));
    let (old_data, new_data) = (read(pair.old)?, read(pair.new)?);
    let id_bytes = pair.old.or(pair.new).map_or(0, |id| id.as_bytes().len());
    let (old_entries, new_entries) = (entries(&old_data, id_bytes)?, entries(&new_data, id_bytes)?);
    // Names that begin with a dot stand among the first.
    for entry in new_entries.iter().take_while(|entry| entry.name.first() <= Some(&b'.')) {
        found.note(&pair.prefix, entry.name, entry.side);
    }
    let (mut old, mut new) = (old_entries.iter().peekable(), new_entries.iter().peekable());
    loop {
        let next = match (old.peek(), new.peek()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => order((a.name, a.side.is_folder()), (b.name, b.side.is_folder())),
        };
        let old = if next == Ordering::Greater { None } else { old.next() };
        let new = if next == Ordering::Less { None } else { new.next() };
        let Some(either) = old.or(new) else { return Ok(()) };
        let path = [&pair.prefix[..], either.name].concat();
        let (old, new) = (old.map(|entry| entry.side), new.map(|entry| entry.side));
        if either.side.is_folder() {
            open.push(Pair { prefix: [&path[..], b"/"].concat(), old: old.map(|s| s.id), new: new.map(|s| s.id) });
        } else if old != new {
            found.deltas.push(Delta { path: BytePath::from(&path[..]), old, new });
        }
    }
}

/// Tells `seen` of every file below the tree `root`: its path, and its blob unless it is a submodule.
pub(super) fn visit(objects: &Objects<'_>, root: Id, mut seen: impl FnMut(&[u8], Option<Id>)) -> Result<()> {
    let mut open = vec![(Vec::new(), root)];
    while let Some((prefix, id)) = open.pop() {
        let data = objects.tree(id)?;
        for entry in entries(&data, id.as_bytes().len())? {
            let path = [&prefix[..], entry.name].concat();
            if entry.side.is_folder() {
                open.push(([&path[..], b"/"].concat(), entry.side.id));
            } else {
                seen(&path, Some(entry.side.id).filter(|_| entry.side.is_blob()));
            }
        }
    }
    Ok(())
}

/// What `path` stands for in the tree `root`.
pub(super) fn find(objects: &Objects<'_>, root: Id, path: &[u8]) -> Result<Option<Side>> {
    let mut folder = root;
    let mut parts = path.split(|byte| *byte == b'/').peekable();
    while let Some(part) = parts.next() {
        let data = objects.tree(folder)?;
        let Some(entry) = entries(&data, folder.as_bytes().len())?.into_iter().find(|entry| entry.name == part) else {
            return Ok(None);
        };
        if parts.peek().is_none() {
            return Ok(Some(entry.side));
        }
        if !entry.side.is_folder() {
            return Ok(None);
        }
        folder = entry.side.id;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID_BYTES: usize = 20;

    #[test]
    fn names_are_ordered_as_git_orders_them() {
        let sorted = [("a", false), ("a-b", false), ("a.b", true), ("a", true), ("a0", false), ("ab", true)];
        for pair in sorted.windows(2) {
            let of = |(name, is_folder): (&'static str, bool)| (name.as_bytes(), is_folder);
            assert_eq!(order(of(pair[0]), of(pair[1])), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn broken_trees_are_errors() {
        let id = [7; ID_BYTES];
        let good = [&b"100644 a\0"[..], &id, b"40000 b\0", &id].concat();
        assert_eq!(entries(&good, ID_BYTES).unwrap().len(), 2);
        for length in 1..good.len() {
            let expected_ok = length == good.len() / 2 + 1 || length == 9 + ID_BYTES;
            assert_eq!(entries(&good[..length], ID_BYTES).is_ok(), expected_ok && length == 29, "{length}");
        }
    }
}
