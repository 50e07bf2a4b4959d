//! Reads the files of a tree that say what must be encrypted.
//!
//! A comparison of trees comes by all of them on its way, so they cost nothing where there are none. Where git told what is
//! staged, they are looked for in HEAD, in the folders of the staged files alone.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;

use anyhow::Result;

use super::Repo;
use super::id::Id;
use super::object::Objects;
use super::tree::{self, Delta, Difference, Side};
use crate::change::BytePath;
use crate::encrypted::{Case, Outside, Policies, Policy};

/// Reads each version of such a file once.
#[derive(Default)]
pub(super) struct PolicyReader {
    /// By content, and whether it was read as a file of attributes: the name decides.
    read: RefCell<HashMap<(Id, bool), Rc<Policy>>>,
    /// What does not depend on the tree.
    outside: OnceCell<Outside>,
    case: OnceCell<Case>,
    /// What most trees say.
    nothing: OnceCell<Rc<Policies>>,
}

impl PolicyReader {
    /// What the files at these places of a tree say. One that a partial clone has yet to fetch says nothing.
    pub(super) fn read(&self, repo: &Repo, objects: &Objects<'_>, files: &[(BytePath, Side)]) -> Result<Rc<Policies>> {
        let outside = once(&self.outside, || outside(repo))?;
        if files.is_empty() && outside.clone.is_none() && outside.user.is_none() {
            return Ok(Rc::clone(self.nothing.get_or_init(Rc::default)));
        }
        let mut policies = Vec::new();
        for (path, side) in files {
            if let Some(policy) = self.policy(objects, path, *side)? {
                let folder = path.as_bytes().len() - path.name().len();
                policies.push((path.as_bytes()[..folder].to_vec(), policy));
            }
        }
        let case = once(&self.case, || repo.case())?;
        Ok(Rc::new(Policies::new(policies, outside, *case)))
    }

    fn policy(&self, objects: &Objects<'_>, path: &BytePath, side: Side) -> Result<Option<Rc<Policy>>> {
        let key = (side.id, path.name() == b".gitattributes");
        if let Some(policy) = self.read.borrow().get(&key) {
            return Ok(Some(Rc::clone(policy)));
        }
        let Some(content) = objects.blob_if_present(side.id)? else { return Ok(None) };
        let policy = Rc::new(Policy::read(path.name(), content));
        self.read.borrow_mut().insert(key, Rc::clone(&policy));
        Ok(Some(policy))
    }
}

/// What git obeys in this clone whatever the tree says.
fn outside(repo: &Repo) -> Result<Outside> {
    let read = |path: &Path| Some(Rc::new(Policy::read(b".gitattributes", std::fs::read(path).ok()?)));
    Ok(Outside {
        clone: read(&repo.common_dir.join("info").join("attributes")),
        user: repo.attributes_file()?.as_deref().and_then(read),
    })
}

/// What is found out once, and when it is needed: each look into the configuration costs.
fn once<T>(cell: &OnceCell<T>, find_out: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let found = find_out()?;
    Ok(cell.get_or_init(|| found))
}

/// The files that say so in the folders above what `deltas` bring in: of HEAD, or as they are staged.
pub(super) fn beside(deltas: &[Delta], repo: &Repo, objects: &Objects<'_>) -> Result<Vec<(BytePath, Side)>> {
    let brought = || deltas.iter().filter_map(|delta| Some((&delta.path, delta.new?)));
    let mut folders: BTreeSet<&[u8]> = BTreeSet::new();
    for (path, _) in brought() {
        let path = path.as_bytes();
        folders.insert(b"");
        folders.extend(memchr::memchr_iter(b'/', path).map(|slash| &path[..=slash]));
    }
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Difference::default();
    for (path, side) in brought() {
        let folder = path.as_bytes().len() - path.name().len();
        found.note(&path.as_bytes()[..folder], path.name(), side);
    }
    let changed: BTreeSet<&BytePath> = deltas.iter().map(|delta| &delta.path).collect();
    let mut in_head = Difference::default();
    // A folder comes before those in it.
    let mut trees: HashMap<Vec<u8>, Id> = HashMap::new();
    trees.extend(repo.head_tree(objects)?.map(|head| (Vec::new(), head)));
    for folder in folders {
        let Some(id) = trees.get(folder).copied() else { continue };
        let data = objects.tree(id)?;
        for entry in tree::entries(&data, id.as_bytes().len())? {
            if entry.side.is_folder() {
                trees.insert([folder, entry.name, b"/"].concat(), entry.side.id);
            } else {
                in_head.note(folder, entry.name, entry.side);
            }
        }
    }
    found.policies.extend(in_head.policies.into_iter().filter(|(path, _)| !changed.contains(path)));
    Ok(found.policies)
}
