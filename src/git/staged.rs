//! What is about to be committed: HEAD's tree against the index's, file by file.

use std::cmp::Ordering;

use anyhow::{Context as _, Result, bail};
use git2::Oid;

use super::Repo;
use super::index::{Cursor, IndexEntry, IndexFile, Node};
use super::object::Objects;
use super::rename::Sources;
use super::tree::{self, Delta, Entry, Pair, Side};
use crate::change::{BytePath, Change};

/// Reads staged changes; the commit's content is never taken from the work tree.
pub(crate) struct StagedReader<'r> {
    objects: Objects<'r>,
    /// Sorted by path.
    deltas: Vec<Delta>,
    /// Files of the index that a merge conflict keeps open.
    unmerged: Vec<BytePath>,
    root: Root,
    head: Option<Oid>,
    /// The trees of the other parents of a merge.
    merged: Vec<Oid>,
    sources: Sources,
}

/// Where files of the staged tree can be looked up by name.
enum Root {
    /// The index's tree.
    Tree(Oid),
    /// The tree is not known; these are the files of its root.
    Files(Vec<(Vec<u8>, Side)>),
    /// There is no index.
    Nothing,
}

impl<'r> StagedReader<'r> {
    /// Compares HEAD with the index.
    pub(crate) fn new(repo: &'r Repo) -> Result<Self> {
        let objects = repo.objects()?;
        let head = repo.head_tree()?;
        let mut walk = Walk { objects: &objects, deltas: Vec::new(), unmerged: Vec::new(), files: Vec::new() };
        let root = match IndexFile::open(repo.index_file())? {
            None => {
                walk.compare(Vec::new(), head, None)?;
                Root::Nothing
            }
            Some(mut index) => walk.index(&mut index, head)?,
        };
        let Walk { mut deltas, unmerged, .. } = walk;
        deltas.sort_by(|a, b| a.path.cmp(&b.path));
        let sources = Sources::new(&mut deltas);
        Ok(Self { merged: repo.merged_trees()?, objects, deltas, unmerged, root, head, sources })
    }

    /// Whether the commit changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.deltas.is_empty()
    }

    /// Files in conflict: they cannot be committed as they are.
    pub(crate) fn unmerged(&self) -> &[BytePath] {
        &self.unmerged
    }

    /// The changes that bring content; each is read when it is asked for.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (BytePath, Result<Change<'_>>)> {
        self.deltas.iter().filter_map(|delta| {
            let new = delta.new.filter(|side| side.is_blob())?;
            if delta.old.is_some_and(|old| old.is_blob() && old.id == new.id) {
                return None; // a change of mode
            }
            match self.is_merged_in(&delta.path, new) {
                Ok(true) => None,
                Ok(false) => Some((delta.path.clone(), self.change(delta, new))),
                Err(error) => Some((delta.path.clone(), Err(error))),
            }
        })
    }

    fn change<'s>(&'s self, delta: &'s Delta, new: Side) -> Result<Change<'s>> {
        let content = self.objects.blob(new.id)?;
        let read_old = Box::new(move || self.old_versions(delta, new));
        let change = Change::staged(delta.path.clone(), content, read_old);
        Ok(if delta.old.is_none() { change.at_new_path() } else { change })
    }

    /// Whether the file comes as it is from another parent of the merge.
    fn is_merged_in(&self, path: &BytePath, new: Side) -> Result<bool> {
        for root in &self.merged {
            if tree::find(&self.objects, *root, path.as_bytes())?.is_some_and(|side| side.id == new.id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The versions of a file in every parent that has it; a new file's is the deleted one that it was renamed from.
    fn old_versions(&self, delta: &Delta, new: Side) -> Result<Vec<Vec<u8>>> {
        let mut versions = Vec::new();
        match delta.old.filter(|side| side.is_blob()) {
            Some(old) => versions.extend(self.objects.blob_if_present(old.id)?),
            None => {
                let content = self.objects.blob(new.id)?;
                versions.extend(self.sources.most_similar(&self.objects, &delta.path, &content)?);
            }
        }
        for root in &self.merged {
            if let Some(side) = tree::find(&self.objects, *root, delta.path.as_bytes())?.filter(|side| side.is_blob()) {
                versions.extend(self.objects.blob_if_present(side.id)?);
            }
        }
        Ok(versions)
    }

    /// The staged content of a file in the root of the work tree; `None` when it is not part of the commit.
    pub(crate) fn root_file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let side = match &self.root {
            Root::Nothing => None,
            Root::Tree(root) => tree::find(&self.objects, *root, name.as_bytes())?,
            Root::Files(files) => files.iter().find(|(file, _)| file == name.as_bytes()).map(|(_, side)| *side),
        };
        self.plain_file(name, side)
    }

    /// The staged content of a file in the root, when this commit changes it.
    pub(crate) fn changed_root_file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let delta = self.deltas.iter().find(|delta| delta.path.as_bytes() == name.as_bytes());
        self.plain_file(name, delta.and_then(|delta| delta.new))
    }

    /// The content in HEAD of a file in the root.
    pub(crate) fn head_file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let side = self.head.map_or(Ok(None), |head| tree::find(&self.objects, head, name.as_bytes()))?;
        self.plain_file(name, side)
    }

    fn plain_file(&self, name: &str, side: Option<Side>) -> Result<Option<Vec<u8>>> {
        match side {
            None => Ok(None),
            Some(side) if side.is_link() || !side.is_blob() => {
                bail!("`{name}` is committed as a link or folder\nhelp: commit the file itself")
            }
            Some(side) => self.objects.blob(side.id).map(Some).with_context(|| format!("read the committed `{name}`")),
        }
    }
}

/// Collects what differs between HEAD and the index.
struct Walk<'w, 'r> {
    objects: &'w Objects<'r>,
    deltas: Vec<Delta>,
    unmerged: Vec<BytePath>,
    files: Vec<(Vec<u8>, Side)>,
}

impl Walk<'_, '_> {
    fn compare(&mut self, prefix: Vec<u8>, old: Option<Oid>, new: Option<Oid>) -> Result<()> {
        tree::compare(self.objects, Pair { prefix, old, new }, &mut self.deltas)
    }

    fn index(&mut self, index: &mut IndexFile, head: Option<Oid>) -> Result<Root> {
        if let Some(root) = index.root()? {
            // A root that git has yet to write is no root: walk the entries then.
            if head == Some(root) || self.objects.tree(root).is_ok() {
                self.compare(Vec::new(), head, Some(root))?;
                return Ok(Root::Tree(root));
            }
        }
        let data = index.read()?;
        let (mut cursor, cache) = Cursor::new(&data)?;
        self.folder(&mut cursor, &Folder { prefix: Vec::new(), head, cache: cache.as_ref() })?;
        Ok(Root::Files(std::mem::take(&mut self.files)))
    }

    /// Compares the index entries below a folder with its tree in HEAD, and leaves the cursor behind them.
    fn folder(&mut self, cursor: &mut Cursor<'_>, at: &Folder<'_>) -> Result<()> {
        let data = at.head.map_or(Ok(Vec::new()), |id| self.objects.tree(id))?;
        let entries = tree::entries(&data)?;
        let mut old = entries.iter().peekable();
        while let Some((path, entry)) = cursor.current() {
            let Some(rest) = path.strip_prefix(&at.prefix[..]) else { break };
            let slash = memchr::memchr(b'/', rest);
            let name = rest[..slash.unwrap_or(rest.len())].to_vec();
            while let Some(gone) = old.next_if(|e| before(e, &name, slash.is_some())) {
                self.deleted(&at.prefix, gone)?;
            }
            let counterpart = old.next_if(|e| e.name == name && e.side.is_folder() == slash.is_some());
            let counterpart = counterpart.map(|entry| entry.side);
            if slash.is_some() {
                self.sub_folder(cursor, &at.below(&name, counterpart))?;
            } else {
                self.file(&BytePath::from(path), entry, counterpart);
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
            self.deltas.push(Delta { path: path.clone(), old, new: Some(entry.side) });
        }
    }

    /// One folder below: skipped or compared as a tree when its tree is known, else entered.
    fn sub_folder(&mut self, cursor: &mut Cursor<'_>, at: &Folder<'_>) -> Result<()> {
        let sparse = cursor.current().filter(|(path, entry)| *path == &at.prefix[..] && entry.side.is_folder());
        if let Some((_, entry)) = sparse {
            cursor.advance()?;
            return self.compare(at.prefix.clone(), at.head, Some(entry.side.id));
        }
        match at.cache.and_then(|node| Some((node.id?, node.entries))) {
            Some((tree, entries)) if entries > 0 && (at.head == Some(tree) || self.objects.tree(tree).is_ok()) => {
                cursor.skip(entries)?;
                self.compare(at.prefix.clone(), at.head, Some(tree))
            }
            _ => self.folder(cursor, at),
        }
    }

    fn deleted(&mut self, prefix: &[u8], entry: &Entry<'_>) -> Result<()> {
        let path = [prefix, entry.name].concat();
        if entry.side.is_folder() {
            return self.compare([&path[..], b"/"].concat(), Some(entry.side.id), None);
        }
        self.deltas.push(Delta { path: BytePath::from(&path[..]), old: Some(entry.side), new: None });
        Ok(())
    }
}

/// A folder of the index while it is walked.
struct Folder<'f> {
    /// With a `/` at its end, empty for the root.
    prefix: Vec<u8>,
    /// Its tree in HEAD.
    head: Option<Oid>,
    /// What the cache-tree knows of it.
    cache: Option<&'f Node<'f>>,
}

impl Folder<'_> {
    fn below(&self, name: &[u8], old: Option<Side>) -> Self {
        Self {
            prefix: [&self.prefix[..], name, b"/"].concat(),
            head: old.map(|side| side.id),
            cache: self.cache.and_then(|node| node.child(name)),
        }
    }
}

fn before(entry: &Entry<'_>, name: &[u8], is_folder: bool) -> bool {
    tree::order((entry.name, entry.side.is_folder()), (name, is_folder)) == Ordering::Less
}
