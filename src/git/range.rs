//! Commits one by one: what each brings in, oldest first.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::process::Stdio;
use std::rc::Rc;

use anyhow::{Context as _, Result, anyhow, bail};
use git2::ObjectType;

use super::Repo;
use super::commit::TagObject;
use super::comparison::Comparison;
use super::id::Id;
use super::object::Objects;
use super::policy::PolicyReader;
use super::tree::{self, Difference, Pair};
use crate::change::{BytePath, Change, Commit, ObjectKind};

/// Which commits to look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Range {
    /// These and all that they descend from ...
    pub(crate) from: Vec<Id>,
    /// ... but not these and what they descend from; one that is not here is left out ...
    pub(crate) not: Vec<Id>,
    /// ... nor what these options of git-rev-list(1) name, such as `--all`.
    pub(crate) not_refs: Vec<String>,
    /// A revision or a range as a person writes it, such as `main..topic`.
    pub(crate) revision: Option<String>,
    /// HEAD, those of other work trees too, all that any ref names (branches, tags, remotes, notes, replacements, which
    /// are read and replace nothing) and every stash; no other reflog.
    pub(crate) everything: bool,
    /// The newest so many.
    pub(crate) most: Option<usize>,
}

/// Reads commits.
pub(crate) struct RangeReader<'r> {
    repo: &'r Repo,
    objects: Objects<'r>,
    /// The trees of commits that were read last.
    trees: HashMap<Id, Id>,
    policies: PolicyReader,
}

/// So many trees are remembered. A parent comes shortly before its child most of the time, and can be read again.
const TREES: usize = 2048;

/// Commits to look at, as git lists them: a history may have millions.
pub(crate) struct Commits {
    lines: Vec<u8>,
}

impl Commits {
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.lines().count()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines().next().is_none()
    }

    /// One by one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<Listed>> {
        self.lines().map(Listed::parse)
    }
}

/// A commit to look at.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// Its name.
    pub(crate) id: Id,
    parents: Vec<Id>,
}

/// What a name stands for behind all tags.
pub(crate) enum Peeled {
    /// A commit.
    Commit,
    /// A tree or a blob by itself.
    Other(ObjectType),
}

impl<'r> RangeReader<'r> {
    /// Starts to read from `repo`.
    pub(crate) fn new(repo: &'r Repo) -> Result<Self> {
        Ok(Self { repo, objects: repo.objects()?, trees: HashMap::new(), policies: PolicyReader::default() })
    }

    /// The commits of `range`, each before those that descend from it.
    pub(crate) fn list(&self, range: &Range) -> Result<Commits> {
        let mut git = self.repo.reading();
        git.args(["rev-list", "--topo-order", "--reverse", "--parents"]);
        if !range.not.is_empty() {
            git.arg("--ignore-missing");
        }
        git.args(range.most.map(|most| format!("--max-count={most}")));
        let mut from = range.from.clone();
        if range.everything {
            git.arg("--all");
            from.extend(self.stashes()?);
        }
        if range.revision.is_none() {
            git.arg("--stdin");
        }
        if !range.not_refs.is_empty() {
            git.arg("--not").args(&range.not_refs);
        }
        if let Some(revision) = &range.revision {
            git.arg("--end-of-options").arg(revision);
        }
        git.arg("--").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = git.spawn().context("run git")?;
        let names = from.iter().map(Id::to_string).chain(range.not.iter().map(|id| format!("^{id}")));
        let input: String = names.map(|name| name + "\n").collect();
        let mut stdin = child.stdin.take().context("run git")?;
        // git reads all of it before it answers; one that has ended tells why below.
        stdin.write_all(input.as_bytes()).ok();
        drop(stdin);
        let output = child.wait_with_output().context("run git")?;
        if !output.status.success() {
            bail!("git cannot list the commits: {}", super::command::complaint(&output.stderr));
        }
        Ok(Commits { lines: output.stdout })
    }

    /// All stashes. A ref names the newest alone, its reflog the others.
    fn stashes(&self) -> Result<Vec<Id>> {
        let newest = ["for-each-ref", "--format=%(objectname)", "refs/stash"];
        if super::command::output(self.repo.reading().args(newest))?.is_empty() {
            return Ok(Vec::new());
        }
        let all = ["rev-list", "--walk-reflogs", "refs/stash", "--"];
        let all = super::command::output(self.repo.reading().args(all)).context("list the stashes")?;
        Ok(all.split(|byte| *byte == b'\n').filter_map(Id::from_hex).collect())
    }

    /// Whether this is a clone to which older commits were never fetched.
    pub(crate) fn is_shallow(&self) -> bool {
        // git keeps a file of that name in every other clone too, once it has been one.
        std::fs::metadata(self.repo.common_dir.join("shallow")).is_ok_and(|file| file.len() > 0)
    }

    /// Whether there are branches of a remote.
    pub(crate) fn knows_remotes(&self) -> Result<bool> {
        let one = ["for-each-ref", "--count=1", "--format=%(objectname)", "refs/remotes"];
        Ok(!super::command::output(self.repo.reading().args(one))?.is_empty())
    }

    /// Tells `visit` of every file of `commit`: its path, and the blob that it is unless it is a submodule.
    pub(crate) fn files(&self, commit: Id, visit: impl FnMut(&[u8], Option<Id>)) -> Result<()> {
        tree::visit(&self.objects, self.tree_of(commit)?, visit)
    }

    /// What `range` names that may be no commit: tags, which have a message, and trees and blobs by themselves.
    pub(crate) fn tips(&self, range: &Range) -> Result<Vec<Id>> {
        let mut tips = range.from.clone();
        if let Some(revision) = range.revision.as_deref().filter(|revision| !revision.contains('\n')) {
            let named = self.objects.ask_git(revision).ok().flatten();
            tips.extend(named.filter(|object| object.kind != ObjectType::Commit).map(|object| object.id));
        }
        if range.everything {
            let mut git = self.repo.reading();
            let refs = super::command::output(git.args(["for-each-ref", "--format=%(objecttype) %(objectname)"]))?;
            let of_line = |line: &[u8]| {
                (!line.starts_with(b"commit "))
                    .then(|| Id::from_hex(line.split(|byte| *byte == b' ').nth(1)?))
                    .flatten()
            };
            tips.extend(refs.split(|byte| *byte == b'\n').filter_map(of_line));
        }
        Ok(tips)
    }

    /// The objects that refs name here.
    pub(crate) fn named(&self) -> Result<HashSet<Id>> {
        let names = super::command::output(self.repo.reading().args(["for-each-ref", "--format=%(objectname)"]))?;
        Ok(names.split(|byte| *byte == b'\n').filter_map(Id::from_hex).collect())
    }

    /// What one commit brings in, its header and message first.
    pub(crate) fn read<'s>(&'s mut self, listed: &Listed) -> Result<Brought<'s>> {
        let object = self.objects.commit(listed.id)?;
        let (mut deltas, mut policies) = (Vec::new(), None);
        let parents = listed.parents.iter().map(|parent| self.tree_of(*parent).map(Some));
        let parents = parents.collect::<Result<Vec<_>>>()?;
        for old in if parents.is_empty() { &[None][..] } else { &parents } {
            let pair = Pair { prefix: Vec::new(), old: *old, new: Some(object.tree) };
            let mut differing = Difference::default();
            tree::compare(&self.objects, pair, &mut differing)?;
            let is_empty = differing.deltas.is_empty();
            deltas.push(differing.deltas);
            policies.get_or_insert(differing.policies);
            if is_empty {
                // Nothing is new against this parent, whatever the others lack.
                break;
            }
        }
        if self.trees.len() >= TREES {
            self.trees.clear();
        }
        self.trees.insert(listed.id, object.tree);
        let commit = Rc::new(object.describe(listed.id));
        let policies = self.policies.read(self.repo, &self.objects, &policies.unwrap_or_default())?;
        let comparison = Comparison::new(deltas, policies, Some(Rc::clone(&commit)));
        Ok(Brought { objects: &self.objects, comparison, commit, header: object.header, message: object.message })
    }

    fn tree_of(&self, commit: Id) -> Result<Id> {
        match self.trees.get(&commit) {
            Some(tree) => Ok(*tree),
            None => Ok(self.objects.commit(commit)?.tree),
        }
    }

    /// What `id` stands for behind all tags, and the headers and messages of those tags.
    pub(crate) fn peel(&self, id: Id) -> Result<(Id, Peeled, Vec<Change<'static>>)> {
        let (mut id, mut messages) = (id, Vec::new());
        loop {
            let (kind, content) = self.objects.any(id)?;
            match kind {
                ObjectType::Tag => {
                    let object = TagObject::parse(&content)?;
                    let tag = Rc::new(object.describe(id));
                    messages.push(Change::header(object.header).in_commit(Some(Rc::clone(&tag))));
                    messages.push(Change::message(object.message.to_vec(), Vec::new()).in_commit(Some(tag)));
                    id = object.target;
                }
                ObjectType::Commit => return Ok((id, Peeled::Commit, messages)),
                other => return Ok((id, Peeled::Other(other), messages)),
            }
        }
    }

    /// All files of a tree that no commit holds, or a blob by itself.
    pub(crate) fn loose_ends(&self, id: Id, kind: ObjectType) -> Result<Vec<(BytePath, Result<Change<'static>>)>> {
        let named = Rc::new(Commit { id: id.to_string(), kind: ObjectKind::Tag, ..Commit::default() });
        let change = |path: BytePath, blob: Id| {
            let content = self.objects.blob(blob);
            let commit = Some(Rc::clone(&named));
            (path.clone(), content.map(|content| Change::whole(path, content).in_commit(commit)))
        };
        if kind != ObjectType::Tree {
            return Ok(vec![change(BytePath::from(id.to_string().as_str()), id)]);
        }
        Ok(self.blobs(id)?.into_iter().map(|(path, blob)| change(path, blob)).collect())
    }

    /// The files of a tree, submodules left out.
    fn blobs(&self, tree: Id) -> Result<Vec<(BytePath, Id)>> {
        let mut blobs = Vec::new();
        tree::visit(&self.objects, tree, |path, blob| blobs.extend(blob.map(|blob| (BytePath::from(path), blob))))?;
        Ok(blobs)
    }

    /// The content of a file in the root of `commit`'s tree.
    pub(crate) fn root_file(&self, commit: Id, name: &str) -> Result<Option<Vec<u8>>> {
        let tree = self.tree_of(commit)?;
        self.objects.plain_file(name, tree::find(&self.objects, tree, name.as_bytes())?)
    }

    /// The full name of the branch that HEAD names, whether it is there or not; `None` when HEAD names a commit.
    pub(crate) fn default_branch(&self) -> Option<Vec<u8>> {
        let mut name = super::command::output(self.repo.reading().args(["symbolic-ref", "--quiet", "HEAD"])).ok()?;
        name.pop_if(|last| *last == b'\n');
        Some(name)
    }

    /// The commit that `name` stands for; `None` when there is none.
    pub(crate) fn resolve(&self, name: &str) -> Result<Option<Id>> {
        Ok(self.objects.ask_git(&format!("{name}^{{commit}}"))?.map(|object| object.id))
    }
}

impl Listed {
    fn parse(line: &[u8]) -> Result<Self> {
        let mut names = line.split(|byte| *byte == b' ').map(Id::from_hex);
        let mut next = || names.next().map(|name| name.ok_or_else(|| anyhow!("git rev-list gave no name")));
        let id = next().context("git rev-list gave an empty line")??;
        let mut parents = Vec::new();
        while let Some(parent) = next() {
            parents.push(parent?);
        }
        Ok(Self { id, parents })
    }
}

/// What one commit brings in.
pub(crate) struct Brought<'s> {
    objects: &'s Objects<'s>,
    comparison: Comparison,
    commit: Rc<Commit>,
    header: Vec<u8>,
    message: Vec<u8>,
}

impl Brought<'_> {
    /// The changes, the header and the message first.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (BytePath, Result<Change<'_>>)> {
        let own = [Change::header(self.header.clone()), Change::message(self.message.clone(), Vec::new())];
        let own = own.map(|change| change.in_commit(Some(Rc::clone(&self.commit))));
        own.into_iter().map(|change| (change.path.clone(), Ok(change))).chain(self.comparison.changes(self.objects))
    }
}
