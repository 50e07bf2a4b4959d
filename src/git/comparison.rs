//! What a tree, staged or committed, brings in that none of its parents has.

use std::rc::Rc;

use anyhow::Result;

use super::object::Objects;
use super::rename::Sources;
use super::tree::{Delta, Side};
use crate::change::{BytePath, Change, Commit};
use crate::encrypted::Policies;

/// A tree against each of its parents.
pub(super) struct Comparison {
    /// The first parent, then the others of a merge. Without any parent, nothing.
    parents: Vec<Parent>,
    policies: Rc<Policies>,
    commit: Option<Rc<Commit>>,
}

/// How the tree differs from one parent.
struct Parent {
    /// Sorted by path, pure renames left out.
    deltas: Vec<Delta>,
    sources: Sources,
}

impl Parent {
    fn new(mut deltas: Vec<Delta>) -> Self {
        deltas.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let sources = Sources::new(&mut deltas);
        Self { deltas, sources }
    }

    fn find(&self, path: &BytePath) -> Option<&Delta> {
        self.deltas.binary_search_by(|delta| delta.path.cmp(path)).ok().map(|place| &self.deltas[place])
    }

    /// Whether the path did not exist in the parent.
    fn lacks(&self, path: &BytePath) -> bool {
        self.find(path).is_some_and(|delta| delta.old.is_none())
            || self.sources.renamed().binary_search_by(|(renamed, _)| renamed.cmp(path)).is_ok()
    }
}

impl Comparison {
    /// Takes what differs from each parent; a root commit differs from the empty tree.
    pub(super) fn new(
        deltas: impl IntoIterator<Item = Vec<Delta>>,
        policies: Rc<Policies>,
        commit: Option<Rc<Commit>>,
    ) -> Self {
        Self { parents: deltas.into_iter().map(Parent::new).collect(), policies, commit }
    }

    /// Whether nothing differs from the first parent.
    pub(super) fn is_empty(&self) -> bool {
        self.parents.first().is_none_or(|parent| parent.deltas.is_empty() && parent.sources.renamed().is_empty())
    }

    /// What differs from the first parent at `path`.
    pub(super) fn delta(&self, path: &BytePath) -> Option<&Delta> {
        self.parents.first()?.find(path)
    }

    /// The changes that bring in a content or a name that no parent has; each is read when it is asked for.
    pub(super) fn changes<'s>(
        &'s self,
        objects: &'s Objects<'_>,
    ) -> impl Iterator<Item = (BytePath, Result<Change<'s>>)> {
        let (head, others) = self.parents.split_first().map_or((None, &[][..]), |(head, others)| (Some(head), others));
        let deltas = head.into_iter().flat_map(|head| &head.deltas);
        let contents = deltas.filter_map(move |delta| {
            let new = delta.new?;
            let is_brought_in = others.iter().all(|parent| parent.find(&delta.path).is_some());
            let is_mode_alone = delta.old.is_some_and(|old| old.is_blob() == new.is_blob() && old.id == new.id);
            if !is_brought_in || is_mode_alone {
                return None;
            }
            if new.is_blob() {
                return Some((delta.path.clone(), self.change(objects, delta, new)));
            }
            // A submodule has no content here, but its name is committed.
            delta.old.is_none().then(|| (delta.path.clone(), Ok(self.name_alone(&delta.path))))
        });
        let is_new_name = |(path, _): &&(BytePath, Side)| self.parents[1..].iter().all(|parent| parent.lacks(path));
        let names = head.into_iter().flat_map(|head| head.sources.renamed()).filter(is_new_name);
        contents.chain(names.map(|(path, side)| (path.clone(), Ok(self.moved(objects, path, *side)))))
    }

    fn moved<'s>(&'s self, objects: &'s Objects<'_>, path: &BytePath, side: Side) -> Change<'s> {
        if !side.is_file() {
            return self.name_alone(path);
        }
        let read = Box::new(move || objects.blob(side.id));
        let change = Change::moved(path.clone(), read).in_commit(self.commit.clone()).of_blob(side.id);
        change.under(Rc::clone(&self.policies))
    }

    fn name_alone(&self, path: &BytePath) -> Change<'static> {
        Change::whole(path.clone(), Vec::new()).in_commit(self.commit.clone())
    }

    fn change<'s>(&'s self, objects: &'s Objects<'_>, delta: &'s Delta, new: Side) -> Result<Change<'s>> {
        let content = objects.blob(new.id)?;
        let read_old = Box::new(move || self.old_versions(objects, &delta.path, new));
        let change =
            Change::edited(delta.path.clone(), content, read_old).in_commit(self.commit.clone()).of_blob(new.id);
        let change = if new.is_file() { change.under(Rc::clone(&self.policies)) } else { change };
        Ok(if self.parents.iter().all(|parent| parent.lacks(&delta.path)) { change.at_new_path() } else { change })
    }

    /// The file in every parent that has it, under its name or the one that it was renamed from.
    fn old_versions(&self, objects: &Objects<'_>, path: &BytePath, new: Side) -> Result<Vec<Vec<u8>>> {
        let mut versions = Vec::new();
        for parent in &self.parents {
            match parent.find(path).and_then(|delta| delta.old) {
                Some(old) if old.is_blob() => versions.extend(objects.blob_if_present(old.id)?),
                Some(_) => {}
                None if parent.sources.is_empty() => {}
                None => {
                    let content = objects.blob(new.id)?;
                    versions.extend(parent.sources.most_similar(objects, path, &content)?);
                }
            }
        }
        Ok(versions)
    }
}
