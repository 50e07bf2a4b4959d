//! What is about to be committed: the trees of all parents against the index's, file by file.

use anyhow::{Context as _, Result, bail};
use git2::Oid;

use super::Repo;
use super::index::IndexFile;
use super::object::Objects;
use super::rename::Sources;
use super::tree::{self, Delta, Side};
use super::walk::{Root, Walk};
use crate::change::{BytePath, Change};

/// Reads staged changes; the commit's content is never taken from the work tree.
pub(crate) struct StagedReader<'r> {
    objects: Objects<'r>,
    root: Root,
    head: Option<Oid>,
    /// HEAD, then the other parents when a merge is being concluded.
    parents: Vec<Parent>,
    /// Files of the index that a merge conflict keeps open.
    unmerged: Vec<BytePath>,
}

/// How the index differs from one parent.
struct Parent {
    /// Sorted by path, pure renames left out.
    deltas: Vec<Delta>,
    sources: Sources,
}

impl Parent {
    fn new(mut deltas: Vec<Delta>) -> Self {
        deltas.sort_by(|a, b| a.path.cmp(&b.path));
        let sources = Sources::new(&mut deltas);
        Self { deltas, sources }
    }

    fn find(&self, path: &BytePath) -> Option<&Delta> {
        self.deltas.binary_search_by(|delta| delta.path.cmp(path)).ok().map(|place| &self.deltas[place])
    }

    /// Whether the path did not exist in the parent.
    fn lacks(&self, path: &BytePath) -> bool {
        self.find(path).is_some_and(|delta| delta.old.is_none()) || self.sources.renamed().contains(path)
    }
}

impl<'r> StagedReader<'r> {
    /// Compares the parents with the index.
    pub(crate) fn new(repo: &'r Repo) -> Result<Self> {
        let objects = repo.objects()?;
        let head = repo.head_tree()?;
        let mut index = IndexFile::open(repo.index_file())?;
        let extras = repo.index_extras();
        let mut walk = Walk::new(&objects);
        let root = walk.run(index.as_mut().map(|index| (index, extras)), head)?;
        let unmerged = walk.unmerged;
        let mut parents = vec![Parent::new(walk.deltas)];
        if !parents[0].deltas.is_empty() {
            for tree in repo.merged_trees()? {
                let mut walk = Walk::new(&objects);
                walk.run(index.as_mut().map(|index| (index, extras)), Some(tree))?;
                parents.push(Parent::new(walk.deltas));
            }
        }
        Ok(Self { objects, root, head, parents, unmerged })
    }

    /// Whether the commit changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.parents[0].deltas.is_empty() && self.parents[0].sources.renamed().is_empty()
    }

    /// Files in conflict: they cannot be committed as they are.
    pub(crate) fn unmerged(&self) -> &[BytePath] {
        &self.unmerged
    }

    /// The changes that bring in a content or a name that no parent has; each is read when it is asked for.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (BytePath, Result<Change<'_>>)> {
        let (head, others) = (&self.parents[0], &self.parents[1..]);
        let contents = head.deltas.iter().filter_map(move |delta| {
            let new = delta.new.filter(|side| side.is_blob())?;
            let is_mode_alone = delta.old.is_some_and(|old| old.is_blob() && old.id == new.id);
            let is_brought_in = others.iter().all(|parent| parent.find(&delta.path).is_some());
            (is_brought_in && !is_mode_alone).then(|| (delta.path.clone(), self.change(delta, new)))
        });
        let is_new_name = |path: &&BytePath| self.parents[1..].iter().all(|parent| parent.lacks(path));
        let names = head.sources.renamed().iter().filter(is_new_name);
        contents.chain(names.map(|path| (path.clone(), Ok(Change::name_alone(path.clone())))))
    }

    fn change<'s>(&'s self, delta: &'s Delta, new: Side) -> Result<Change<'s>> {
        let content = self.objects.blob(new.id)?;
        let read_old = Box::new(move || self.old_versions(&delta.path, new));
        let change = Change::staged(delta.path.clone(), content, read_old);
        Ok(if self.parents.iter().all(|parent| parent.lacks(&delta.path)) { change.at_new_path() } else { change })
    }

    /// The file in every parent that has it, under its name or the one that it was renamed from.
    fn old_versions(&self, path: &BytePath, new: Side) -> Result<Vec<Vec<u8>>> {
        let mut versions = Vec::new();
        for parent in &self.parents {
            match parent.find(path).and_then(|delta| delta.old) {
                Some(old) if old.is_blob() => versions.extend(self.objects.blob_if_present(old.id)?),
                Some(_) => {}
                None if parent.sources.is_empty() => {}
                None => {
                    let content = self.objects.blob(new.id)?;
                    versions.extend(parent.sources.most_similar(&self.objects, path, &content)?);
                }
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
        let delta = self.parents[0].find(&BytePath::from(name));
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
