//! Walks the index against a tree: whole trees where the cache-tree knows them, entry by entry where it does not.

use std::cmp::Ordering;

use anyhow::{Result, bail};

use super::id::Id;
use super::index::{Cursor, Extras, IndexEntry, IndexFile, Node};
use super::object::Objects;
use super::tree::{self, DEEPEST, Delta, Difference, Entry, Pair, Side};
use crate::change::BytePath;

/// Where files of the staged tree can be looked up by name.
pub(super) enum Root {
    /// The index's tree.
    Tree(Id),
    /// The tree is not known; these are the files of its root.
    Files(Vec<(Vec<u8>, Side)>),
    /// The tree is not known; these are the files of its root that differ from HEAD's, and what they are now.
    Changed(Vec<(Vec<u8>, Option<Side>)>),
    /// There is no index.
    Nothing,
}

/// Collects what differs between the tree of a parent and the index.
pub(super) struct Walk<'w, 'r> {
    objects: &'w Objects<'r>,
    pub(super) found: Difference,
    /// Files of the index that a merge conflict keeps open.
    pub(super) unmerged: Vec<BytePath>,
    files: Vec<(Vec<u8>, Side)>,
}

impl<'w, 'r> Walk<'w, 'r> {
    pub(super) fn new(objects: &'w Objects<'r>) -> Self {
        Self { objects, found: Difference::default(), unmerged: Vec::new(), files: Vec::new() }
    }

    /// Compares the tree `parent` with the index; without an index everything is deleted.
    pub(super) fn run(&mut self, index: Option<(&mut IndexFile, Extras)>, parent: Option<Id>) -> Result<Root> {
        let Some((file, extras)) = index else {
            self.compare(Vec::new(), parent, None)?;
            return Ok(Root::Nothing);
        };
        if let Some(root) = file.root(extras)? {
            // A root that git has yet to write is no root: walk the entries then.
            if parent == Some(root) || self.objects.tree(root).is_ok() {
                self.compare(Vec::new(), parent, Some(root))?;
                return Ok(Root::Tree(root));
            }
        }
        let data = file.read()?;
        let cache = data.folders(extras)?;
        let mut cursor = Cursor::new(&data)?;
        let at = Folder { prefix: Vec::new(), depth: 0, tree: parent, cache: cache.as_ref() };
        self.folder(&mut cursor, &at)?;
        Ok(Root::Files(std::mem::take(&mut self.files)))
    }

    fn compare(&mut self, prefix: Vec<u8>, old: Option<Id>, new: Option<Id>) -> Result<()> {
        tree::compare(self.objects, Pair { prefix, old, new }, &mut self.found)
    }

    /// Compares the index entries below a folder with its tree in the parent, and leaves the cursor behind them.
    fn folder(&mut self, cursor: &mut Cursor<'_>, at: &Folder<'_>) -> Result<()> {
        if at.depth > DEEPEST {
            bail!("the index holds paths of more than {DEEPEST} folders");
        }
        let data = at.tree.map_or(Ok(Vec::new()), |id| self.objects.tree(id))?;
        let entries = tree::entries(&data, at.tree.map_or(0, |id| id.as_bytes().len()))?;
        let mut old = entries.iter().peekable();
        while let Some((path, entry)) = cursor.current() {
            let Some(rest) = path.strip_prefix(&at.prefix[..]) else { break };
            let slash = memchr::memchr(b'/', rest);
            let name = rest[..slash.unwrap_or(rest.len())].to_vec();
            while let Some(gone) = old.next_if(|e| before(e, (&name, slash.is_some()))) {
                self.deleted(&at.prefix, gone)?;
            }
            let counterpart = old.next_if(|e| e.name == name && e.side.is_folder() == slash.is_some());
            let counterpart = counterpart.map(|entry| entry.side);
            if slash.is_some() {
                self.sub_folder(cursor, &at.below(&name, counterpart))?;
            } else {
                self.file(&BytePath::from(path), entry, counterpart);
                if entry.is_content() {
                    self.found.note(&at.prefix, &name, entry.side);
                }
                if at.prefix.is_empty() && entry.is_content() {
                    self.files.push((name, entry.side));
                }
                cursor.advance()?;
            }
        }
        old.try_for_each(|gone| self.deleted(&at.prefix, gone))
    }

    fn file(&mut self, path: &BytePath, entry: IndexEntry, old: Option<Side>) {
        if entry.stage != 0 {
            if self.unmerged.last() != Some(path) {
                self.unmerged.push(path.clone());
            }
        } else if entry.is_content() && old != Some(entry.side) {
            self.found.deltas.push(Delta { path: path.clone(), old, new: Some(entry.side) });
        }
    }

    /// One folder below: skipped or compared as a tree when its tree is known, else entered.
    fn sub_folder(&mut self, cursor: &mut Cursor<'_>, at: &Folder<'_>) -> Result<()> {
        let sparse = cursor.current().filter(|(path, entry)| *path == &at.prefix[..] && entry.side.is_folder());
        if let Some((_, entry)) = sparse {
            cursor.advance()?;
            return self.compare(at.prefix.clone(), at.tree, Some(entry.side.id));
        }
        match at.cache.and_then(|node| Some((node.id?, node.entries))) {
            Some((tree, entries)) if entries > 0 && (at.tree == Some(tree) || self.objects.tree(tree).is_ok()) => {
                cursor.skip(entries)?;
                self.compare(at.prefix.clone(), at.tree, Some(tree))
            }
            _ => self.folder(cursor, at),
        }
    }

    fn deleted(&mut self, prefix: &[u8], entry: &Entry<'_>) -> Result<()> {
        let path = [prefix, entry.name].concat();
        if entry.side.is_folder() {
            return self.compare([&path[..], b"/"].concat(), Some(entry.side.id), None);
        }
        self.found.deltas.push(Delta { path: BytePath::from(&path[..]), old: Some(entry.side), new: None });
        Ok(())
    }
}

/// A folder of the index while it is walked.
struct Folder<'f> {
    /// With a `/` at its end, empty for the root.
    prefix: Vec<u8>,
    depth: usize,
    /// Its tree in the parent.
    tree: Option<Id>,
    /// What the cache-tree knows of it.
    cache: Option<&'f Node<'f>>,
}

impl Folder<'_> {
    fn below(&self, name: &[u8], old: Option<Side>) -> Self {
        Self {
            prefix: [&self.prefix[..], name, b"/"].concat(),
            depth: self.depth + 1,
            tree: old.map(|side| side.id),
            cache: self.cache.and_then(|node| node.child(name)),
        }
    }
}

fn before(entry: &Entry<'_>, other: (&[u8], bool)) -> bool {
    tree::order((entry.name, entry.side.is_folder()), other) == Ordering::Less
}
