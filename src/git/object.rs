//! Reads objects: loose ones by ourselves, the rest through libgit2.
//!
//! What was just staged is nearly always loose, and libdeflate inflates three times as fast as zlib.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};
use git2::{ObjectType, Odb, Oid};
use libdeflater::Decompressor;

/// The objects of one repository.
pub(super) struct Objects<'r> {
    odb: Odb<'r>,
    folders: &'r [PathBuf],
}

impl<'r> Objects<'r> {
    pub(super) fn new(odb: Odb<'r>, folders: &'r [PathBuf]) -> Self {
        Self { odb, folders }
    }

    /// The content of a blob.
    pub(super) fn blob(&self, id: Oid) -> Result<Vec<u8>> {
        self.read(id, ObjectType::Blob)
    }

    /// The content of a tree.
    pub(super) fn tree(&self, id: Oid) -> Result<Vec<u8>> {
        self.read(id, ObjectType::Tree)
    }

    /// The content of a blob that need not be there: a partial clone may never have fetched it.
    pub(super) fn blob_if_present(&self, id: Oid) -> Result<Option<Vec<u8>>> {
        match self.blob(id) {
            Ok(content) => Ok(Some(content)),
            Err(_) if !self.odb.exists(id) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read(&self, id: Oid, kind: ObjectType) -> Result<Vec<u8>> {
        if let Some(content) = self.folders.iter().find_map(|folder| loose(folder, id, kind)) {
            return Ok(content);
        }
        let unreadable = |error: git2::Error| {
            let name = id.to_string();
            let (first, rest) = name.split_at_checked(2).unwrap_or_default();
            anyhow!(
                "object {id} cannot be read: {}\nhelp: delete `objects/{first}/{rest}` in the git directory if it is there, \
                 then `git add` the file again; `git fsck` tells more",
                error.message()
            )
        };
        let object = self.odb.read(id).map_err(unreadable)?;
        if object.kind() != kind {
            bail!("object {id} is a {}, not a {}", object.kind(), kind);
        }
        Ok(object.data().to_vec())
    }
}

/// The content of a loose object; `None` when it is not there, or broken: then libgit2 looks for another copy.
fn loose(folder: &std::path::Path, id: Oid, kind: ObjectType) -> Option<Vec<u8>> {
    let name = id.to_string();
    let (first, rest) = name.split_at_checked(2)?;
    let compressed = std::fs::read(folder.join(first).join(rest)).ok()?;
    inflate(&compressed, kind).ok()
}

/// Inflates `kind SP size NUL content`, and says exactly the content.
fn inflate(compressed: &[u8], kind: ObjectType) -> Result<Vec<u8>> {
    /// No deflate stream is denser than this.
    const DENSEST: usize = 1032;
    let mut inflater = Decompressor::new();
    let mut head = [0; 64];
    // A larger object does not fit, which is an error, but its beginning has been written by then.
    let complete = inflater.zlib_decompress(compressed, &mut head).ok();
    let (word, size, start) = header(&head).context("no object header")?;
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
        for size in [0, 1, 40, 57, 64, 65, 5000, 300_000] {
            let content: Vec<u8> = (0..size).map(|i: usize| u8::try_from(i * i % 251).unwrap()).collect();
            let object = [format!("blob {size}\0").as_bytes(), &content].concat();
            assert_eq!(inflate(&deflate(&object), ObjectType::Blob).unwrap(), content, "{size}");
        }
    }

    #[test]
    fn refuses_what_is_not_as_it_says() {
        for object in [
            &b"blob 4\0abc"[..],
            b"blob 2\0abc",
            b"tree 3\0abc",
            b"blob x\0abc",
            b"blob 3",
            b"",
            b"blob 99999999999\0abc",
        ] {
            assert!(inflate(&deflate(object), ObjectType::Blob).is_err(), "{object:?}");
        }
        let mut broken =
            deflate(b"blob 300\0 some longer text that takes more than one block of output to show up in full");
        broken.truncate(20);
        assert!(inflate(&broken, ObjectType::Blob).is_err());
    }
}
