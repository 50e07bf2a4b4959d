//! Reads objects: loose ones by ourselves, packed ones through libgit2, and what that cannot read through git.
//!
//! What was just staged is nearly always loose, and libdeflate inflates three times as fast as zlib. libgit2 never gets to
//! read a loose object: one that was cut off, as by a power failure, sends it round in circles for ever.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context as _, Error, Result, anyhow, bail};
use git2::{ObjectType, Odb};
use libdeflater::Decompressor;

use super::batch::{Batch, Object};
use super::commit::CommitObject;
use super::id::Id;
use super::{Repo, oid};

/// The objects of one repository.
pub(super) struct Objects<'r> {
    repo: &'r Repo,
    odb: Option<Odb<'r>>,
    /// git, for what must be there; started when it is needed.
    git: RefCell<Option<Batch>>,
    /// Another one for what may be missing: it ends when it is asked for what a partial clone has yet to fetch.
    git_for_old: RefCell<Option<Batch>>,
    /// Whether a folder in which a loose object was not found is there at all: most are not where all is packed.
    has_folder: RefCell<HashMap<PathBuf, bool>>,
    /// One for all objects: making it costs half of what inflating a small one does.
    inflater: RefCell<Decompressor>,
}

impl<'r> Objects<'r> {
    pub(super) fn new(repo: &'r Repo, odb: Option<Odb<'r>>) -> Self {
        Self {
            repo,
            odb,
            git: RefCell::default(),
            git_for_old: RefCell::default(),
            has_folder: RefCell::default(),
            inflater: RefCell::new(Decompressor::new()),
        }
    }

    /// The content of a blob.
    pub(super) fn blob(&self, id: Id) -> Result<Vec<u8>> {
        self.read(id, ObjectType::Blob)
    }

    /// The content of a tree.
    pub(super) fn tree(&self, id: Id) -> Result<Vec<u8>> {
        self.read(id, ObjectType::Tree)
    }

    /// A commit.
    pub(super) fn commit(&self, id: Id) -> Result<CommitObject> {
        CommitObject::parse(&self.read(id, ObjectType::Commit)?)
    }

    /// Any object, with its kind.
    pub(super) fn any(&self, id: Id) -> Result<(ObjectType, Vec<u8>)> {
        let packed = self.odb.as_ref().filter(|_| !self.is_loose(id));
        if let Some(object) = packed.and_then(|odb| odb.read(oid(id)?).ok()) {
            return Ok((object.kind(), object.data().to_vec()));
        }
        let object = self.ask_git(&id.to_string())?.with_context(|| format!("object {id} is not here"))?;
        Ok((object.kind, object.content))
    }

    /// The content of a blob that need not be there: a partial clone may never have fetched it.
    pub(super) fn blob_if_present(&self, id: Id) -> Result<Option<Vec<u8>>> {
        match self.read_by_ourselves(id, ObjectType::Blob) {
            Ok(content) => Ok(Some(content)),
            Err(error) if self.odb.as_ref().is_some_and(|odb| oid(id).is_some_and(|id| odb.exists(id))) => {
                self.read_through_git(id, ObjectType::Blob, error).map(Some)
            }
            Err(_) => {
                let answer = ask(&self.git_for_old, self.repo, &id.to_string());
                Ok(answer.ok().flatten().filter(|object| object.kind == ObjectType::Blob).map(|object| object.content))
            }
        }
    }

    /// What git makes of a name such as `HEAD^{tree}`; `None` when it names nothing.
    pub(super) fn ask_git(&self, name: &str) -> Result<Option<Object>> {
        ask(&self.git, self.repo, name)
    }

    fn read(&self, id: Id, kind: ObjectType) -> Result<Vec<u8>> {
        self.read_by_ourselves(id, kind).or_else(|error| self.read_through_git(id, kind, error))
    }

    /// Asks git for what we failed to read with `error`.
    fn read_through_git(&self, id: Id, kind: ObjectType, error: Error) -> Result<Vec<u8>> {
        match self.ask_git(&id.to_string()) {
            Ok(Some(object)) if object.kind == kind => Ok(object.content),
            _ => Err(error),
        }
    }

    fn read_by_ourselves(&self, id: Id, kind: ObjectType) -> Result<Vec<u8>> {
        let mut copies = self.loose(id).peekable();
        let is_loose = copies.peek().is_some();
        let inflated = |compressed: Vec<u8>| inflate(&mut self.inflater.borrow_mut(), &compressed, kind).ok();
        if let Some(content) = copies.find_map(inflated) {
            return Ok(content);
        }
        let unreadable = |message: &str| {
            let name = id.to_string();
            let (first, rest) = name.split_at_checked(2).unwrap_or_default();
            anyhow!(
                "object {id} cannot be read: {message}\nhelp: delete `objects/{first}/{rest}` in the git directory if it is \
                 there, then `git add` the file again; `git fsck` tells more"
            )
        };
        let Some((odb, name)) = self.odb.as_ref().zip(oid(id)) else { return Err(unreadable("git does not have it")) };
        if is_loose {
            return Err(unreadable("its file is broken"));
        }
        let object = odb.read(name).map_err(|error| unreadable(error.message()))?;
        if object.kind() != kind {
            bail!("object {id} is a {}, not a {}", object.kind(), kind);
        }
        Ok(object.data().to_vec())
    }

    /// The files of a loose object, one for each folder that has it.
    fn loose(&self, id: Id) -> impl Iterator<Item = Vec<u8>> {
        let name = id.to_string();
        self.repo.object_folders.iter().filter_map(move |folder| {
            let (first, rest) = name.split_at_checked(2)?;
            let folder = folder.join(first);
            if self.has_folder.borrow().get(&folder) == Some(&false) {
                return None;
            }
            let file = std::fs::read(folder.join(rest)).ok();
            if file.is_none() {
                self.has_folder.borrow_mut().entry(folder).or_insert_with_key(|folder| folder.is_dir());
            }
            file
        })
    }

    fn is_loose(&self, id: Id) -> bool {
        self.loose(id).next().is_some()
    }
}

/// Asks a running git, or starts one. One that has ended is not asked again.
fn ask(git: &RefCell<Option<Batch>>, repo: &Repo, name: &str) -> Result<Option<Object>> {
    let mut git = git.borrow_mut();
    if git.is_none() {
        *git = Some(Batch::start(repo.reading())?);
    }
    let answer = git.as_mut().map_or(Ok(None), |batch| batch.ask(name));
    if answer.is_err() {
        *git = None;
    }
    answer
}

/// Inflates `kind SP size NUL content`, and says exactly the content.
fn inflate(inflater: &mut Decompressor, compressed: &[u8], kind: ObjectType) -> Result<Vec<u8>> {
    /// No deflate stream is denser than this.
    const DENSEST: usize = 1032;
    /// Most trees and commits and many files are whole after one attempt.
    const SMALL: usize = 4 << 10;
    let size_of_head = if compressed.len() * 4 <= SMALL { SMALL } else { 64 };
    let head = &mut [0; SMALL][..size_of_head];
    // A larger object does not fit, which is an error, but its beginning has been written by then.
    let complete = inflater.zlib_decompress(compressed, head).ok();
    let (word, size, start) = header(head).context("no object header")?;
    if word != kind.str().as_bytes() || size > compressed.len().saturating_mul(DENSEST) {
        bail!("not the expected object");
    }
    if let Some(length) = complete {
        return head
            .get(start..length)
            .filter(|content| content.len() == size)
            .map(<[u8]>::to_vec)
            .context("wrong size");
    }
    let mut object = vec![0; start + size];
    if inflater.zlib_decompress(compressed, &mut object)? != object.len() {
        bail!("wrong size");
    }
    object.drain(..start);
    Ok(object)
}

/// The kind, the size of the content, and where it starts.
fn header(head: &[u8]) -> Option<(&[u8], usize, usize)> {
    let end = memchr::memchr(0, head)?;
    let space = memchr::memchr(b' ', &head[..end])?;
    let size = str::from_utf8(&head[space + 1..end]).ok()?.parse().ok()?;
    Some((&head[..space], size, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use libdeflater::{CompressionLvl, Compressor};

    fn deflate(object: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::default());
        let mut out = vec![0; compressor.zlib_compress_bound(object.len())];
        let length = compressor.zlib_compress(object, &mut out).unwrap();
        out.truncate(length);
        out
    }

    #[test]
    fn inflates_small_and_large_objects() {
        let mut inflater = Decompressor::new();
        for size in [0, 1, 40, 57, 64, 65, 4085, 4086, 4087, 5000, 300_000] {
            let content: Vec<u8> = (0..size).map(|i: usize| u8::try_from(i * i % 251).unwrap()).collect();
            let object = [format!("blob {size}\0").as_bytes(), &content].concat();
            assert_eq!(inflate(&mut inflater, &deflate(&object), ObjectType::Blob).unwrap(), content, "{size}");
        }
    }

    #[test]
    fn refuses_what_is_not_as_it_says() {
        let mut inflater = Decompressor::new();
        for object in [
            &b"blob 4\0abc"[..],
            b"blob 2\0abc",
            b"tree 3\0abc",
            b"blob x\0abc",
            b"blob 3",
            b"",
            b"blob 99999999999\0abc",
        ] {
            assert!(inflate(&mut inflater, &deflate(object), ObjectType::Blob).is_err(), "{object:?}");
        }
        let mut broken =
            deflate(b"blob 300\0 some longer text that takes more than one block of output to show up in full");
        broken.truncate(20);
        assert!(inflate(&mut inflater, &broken, ObjectType::Blob).is_err());
    }
}
