//! What is about to be committed: the index against all parents, file by file.
//!
//! Two readers give the same: the fast one, which reads the index and trees by itself, and git's plumbing, which takes
//! over where the fast one fails. Only when both fail the commit cannot be looked at.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::Repo;
use super::comparison::Comparison;
use super::index::{Broken, IndexFile};
use super::object::Objects;
use super::plumbing;
use super::policy::{self, PolicyReader};
use super::tree::{self, Delta, Side};
use super::walk::{Root, Walk};
use crate::change::{BytePath, Change};

/// Reads staged changes; the commit's content is never taken from the work tree.
pub(crate) struct StagedReader<'r> {
    repo: &'r Repo,
    objects: Objects<'r>,
    root: Root,
    comparison: Comparison,
    /// Files of the index that a merge conflict keeps open.
    unmerged: Vec<BytePath>,
}

/// Which commits the index is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parents {
    /// HEAD, and the other parents when a merge is being concluded: those of the commit that is going to be made.
    All,
    /// HEAD alone.
    Head,
}

/// What a reader finds.
struct Staged {
    root: Root,
    deltas: Vec<Vec<Delta>>,
    policies: Vec<(BytePath, Side)>,
    unmerged: Vec<BytePath>,
}

impl<'r> StagedReader<'r> {
    /// Compares the parents with the index.
    pub(crate) fn new(repo: &'r Repo, parents: Parents) -> Result<Self> {
        let objects = repo.objects()?;
        let staged = match repo.id_bytes {
            Some(id_bytes) => fast(repo, &objects, id_bytes, parents).or_else(|error| {
                if error.is::<Broken>() { Err(error) } else { by_plumbing(repo, &objects, parents).map_err(|_| error) }
            })?,
            None => by_plumbing(repo, &objects, parents)?,
        };
        let policies = PolicyReader::default().read(repo, &objects, &staged.policies)?;
        let comparison = Comparison::new(staged.deltas, policies, None);
        Ok(Self { repo, objects, root: staged.root, comparison, unmerged: staged.unmerged })
    }

    /// Whether the commit changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.comparison.is_empty()
    }

    /// Files in conflict: they cannot be committed as they are.
    pub(crate) fn unmerged(&self) -> &[BytePath] {
        &self.unmerged
    }

    /// The changes that bring in a content or a name that no parent has; each is read when it is asked for.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (BytePath, Result<Change<'_>>)> {
        self.comparison.changes(&self.objects)
    }

    /// The staged content of a file in the root of the work tree; `None` when it is not part of the commit.
    pub(crate) fn root_file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let side = match &self.root {
            Root::Nothing => None,
            Root::Tree(root) => tree::find(&self.objects, *root, name.as_bytes())?,
            Root::Files(files) => files.iter().find(|(file, _)| file == name.as_bytes()).map(|(_, side)| *side),
            Root::Changed(files) => match files.iter().find(|(file, _)| file == name.as_bytes()) {
                Some((_, side)) => *side,
                None => self.side_in_head(name)?,
            },
        };
        self.objects.plain_file(name, side)
    }

    /// The staged content of a file in the root, when this commit changes it.
    pub(crate) fn changed_root_file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let delta = self.comparison.delta(&BytePath::from(name));
        self.objects.plain_file(name, delta.and_then(|delta| delta.new))
    }

    /// The content in HEAD of a file in the root.
    pub(crate) fn head_file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.objects.plain_file(name, self.side_in_head(name)?)
    }

    /// Whether HEAD has a file or a folder of that name.
    pub(crate) fn is_in_head(&self, path: &BytePath) -> Result<bool> {
        let head = self.repo.head_tree(&self.objects)?;
        Ok(head.map_or(Ok(None), |head| tree::find(&self.objects, head, path.as_bytes()))?.is_some())
    }

    /// Whether this commit adds or changes the file.
    pub(crate) fn is_staged(&self, path: &BytePath) -> bool {
        self.comparison.delta(path).is_some_and(|delta| delta.new.is_some())
    }

    /// The root of the work tree.
    pub(crate) fn work_tree(&self) -> Result<&Path> {
        self.repo.work_tree()
    }

    /// Every file of HEAD, sorted; each is read when it is asked for. A submodule has no content here.
    pub(crate) fn files_of_head(&self) -> Result<impl Iterator<Item = (BytePath, Result<Change<'_>>)>> {
        let mut files = Vec::new();
        if let Some(head) = self.repo.head_tree(&self.objects)? {
            tree::visit(&self.objects, head, |path, blob| files.extend(blob.map(|blob| (BytePath::from(path), blob))))?;
        }
        files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(files.into_iter().map(|(path, blob)| {
            let content = self.objects.blob(blob);
            (path.clone(), content.map(|content| Change::whole(path, content)))
        }))
    }

    /// The message of HEAD; `None` before the first commit.
    pub(crate) fn head_message(&self) -> Result<Option<Vec<u8>>> {
        let head = self.objects.ask_git("HEAD^{commit}")?;
        head.map(|commit| Ok(super::commit::CommitObject::parse(&commit.content)?.message)).transpose()
    }

    fn side_in_head(&self, name: &str) -> Result<Option<Side>> {
        let head = self.repo.head_tree(&self.objects)?;
        head.map_or(Ok(None), |head| tree::find(&self.objects, head, name.as_bytes()))
    }
}

/// Reads the index and the trees of the parents.
fn fast(repo: &Repo, objects: &Objects<'_>, id_bytes: usize, parents: Parents) -> Result<Staged> {
    let mut index = IndexFile::open(repo.index_file(), id_bytes)?;
    let extras = repo.index_extras();
    let mut walk = Walk::new(objects);
    let root = walk.run(index.as_mut().map(|index| (index, extras)), repo.head_tree(objects)?)?;
    let unmerged = walk.unmerged;
    let mut deltas = vec![walk.found.deltas];
    let policies = walk.found.policies;
    if parents == Parents::All && !deltas[0].is_empty() {
        for commit in repo.merge_heads()? {
            let mut walk = Walk::new(objects);
            walk.run(index.as_mut().map(|index| (index, extras)), Some(objects.commit(commit)?.tree))?;
            deltas.push(walk.found.deltas);
        }
    }
    Ok(Staged { root, deltas, policies, unmerged })
}

/// Asks git.
fn by_plumbing(repo: &Repo, objects: &Objects<'_>, parents: Parents) -> Result<Staged> {
    let head = plumbing::against_head(repo)?;
    let is_in_root = |delta: &&Delta| !delta.path.as_bytes().contains(&b'/');
    let changed = head.deltas.iter().filter(is_in_root).map(|delta| (delta.path.as_bytes().to_vec(), delta.new));
    let root = Root::Changed(changed.collect());
    let policies = policy::beside(&head.deltas, repo, objects)?;
    let mut deltas = vec![head.deltas];
    if parents == Parents::All && !deltas[0].is_empty() {
        for commit in repo.merge_heads()? {
            deltas.push(plumbing::against(repo, &commit.to_string())?.deltas);
        }
    }
    Ok(Staged { root, deltas, policies, unmerged: head.unmerged })
}

impl Objects<'_> {
    /// The content of a file that keyguard itself obeys; it has to be a plain one.
    pub(super) fn plain_file(&self, name: &str, side: Option<Side>) -> Result<Option<Vec<u8>>> {
        match side {
            None => Ok(None),
            Some(side) if side.is_link() || !side.is_blob() => {
                bail!("`{name}` is committed as a link or folder\nhelp: commit the file itself")
            }
            Some(side) => self.blob(side.id).map(Some).with_context(|| format!("read the committed `{name}`")),
        }
    }
}
