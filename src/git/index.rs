//! The index file: which tree is about to be committed.
//!
//! `git commit` has just filled the cache-tree at the end of the file (extension `TREE`), so most of the time the last
//! few kilobytes tell the root tree, whatever the number of files. Only `git commit <path>` and intent-to-add leave
//! the root open; then the entries are walked, and folders that the cache-tree knows are skipped as a whole.
//! Format: gitformat-index(5), versions 2 to 4, with names of SHA-1 or SHA-256.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::id::Id;
use super::tree::{DEEPEST, Side};

const HEADER: usize = 12;
const FIRST_TAIL: u64 = 64 << 10;

/// An index that was cut off or overwritten. git itself may read some of it, but what it makes of the rest is anybody's
/// guess.
#[derive(Debug)]
pub(super) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the index is broken or cut off\nhelp: rebuild it with `rm .git/index && git reset`; files stay as they are",
        )
    }
}

impl std::error::Error for Broken {}

/// Copies an index for a `git` of our own, with its time of writing: a file as young as the index is read by `git` before
/// it believes that nothing changed (racy-git(5)), and a younger copy would hide such a change.
pub(crate) fn copy(index: &Path, to: &Path) -> Result<()> {
    fs::copy(index, to).context("copy the index")?;
    let written = fs::metadata(index).and_then(|index| index.modified()).context("read the index's time")?;
    File::options().write(true).open(to).and_then(|copy| copy.set_modified(written)).context("copy the index's time")
}

/// Whether an index holds what others can write into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extras {
    None,
    /// The cache of untracked files (`core.untrackedCache`, `feature.manyFiles`).
    UntrackedCache,
}

/// What the end of an index tells.
enum Behind {
    /// The root tree, if it is known.
    Says(Option<Id>),
    /// There are other extensions that may hold anything.
    Unsure,
}

/// An index file, opened.
pub(super) struct IndexFile {
    file: File,
    length: u64,
    id_bytes: usize,
}

impl IndexFile {
    /// Opens the index of a repository whose names of objects have `id_bytes` bytes; `None` when there is none yet.
    pub(super) fn open(path: &Path, id_bytes: usize) -> Result<Option<Self>> {
        match File::open(path) {
            Ok(file) => {
                let length = file.metadata()?.len();
                if length < (HEADER + id_bytes) as u64 {
                    bail!(Broken);
                }
                Ok(Some(Self { file, length, id_bytes }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("read the index `{}`", path.display())),
        }
    }

    /// The root tree, when the cache-tree knows it. `extras` says whether the index may hold names of untracked files,
    /// which could spell a cache-tree of their own: then the extensions are read from the front.
    pub(super) fn root(&mut self, extras: Extras) -> Result<Option<Id>> {
        if extras == Extras::None
            && let Behind::Says(root) = self.root_from_behind()?
        {
            return Ok(root);
        }
        let data = self.read()?;
        Ok(self.root_in(data.cache_tree_from_front()?))
    }

    fn root_from_behind(&mut self) -> Result<Behind> {
        let mut size = FIRST_TAIL;
        loop {
            let tail = self.tail(size)?;
            if memchr::memmem::find(&tail, b"UNTR").is_some() {
                return Ok(Behind::Unsure);
            }
            if let Some(content) = cache_tree(&tail, self.id_bytes) {
                return Ok(Behind::Says(self.root_in(Some(content))));
            }
            if size >= self.length {
                return Ok(Behind::Says(None));
            }
            size = size.saturating_mul(8);
        }
    }

    fn root_in(&self, cache_tree: Option<&[u8]>) -> Option<Id> {
        Node::parse_one(cache_tree?, self.id_bytes)?.0.id
    }

    fn tail(&mut self, size: u64) -> Result<Vec<u8>> {
        let start = self.length.saturating_sub(size);
        self.file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::with_capacity(usize::try_from(self.length - start)?);
        self.file.read_to_end(&mut tail)?;
        Ok(tail)
    }

    /// The whole file, for walking its entries.
    pub(super) fn read(&mut self) -> Result<Data> {
        Ok(Data { bytes: self.tail(u64::MAX)?, id_bytes: self.id_bytes })
    }
}

/// A whole index.
pub(super) struct Data {
    bytes: Vec<u8>,
    id_bytes: usize,
}

impl Data {
    /// The cache-tree with all its folders.
    pub(super) fn folders(&self, extras: Extras) -> Result<Option<Node<'_>>> {
        let is_plain = extras == Extras::None && memchr::memmem::find(&self.bytes, b"UNTR").is_none();
        let content = if is_plain { cache_tree(&self.bytes, self.id_bytes) } else { self.cache_tree_from_front()? };
        Ok(content.and_then(|content| Node::parse(content, self.id_bytes, 0)).map(|(node, _)| node))
    }

    /// The content of the extension `TREE`, found behind the last entry: nothing that stands inside another extension
    /// can be meant.
    fn cache_tree_from_front(&self) -> Result<Option<&[u8]>> {
        let mut cursor = Cursor::new(self)?;
        cursor.skip(usize::MAX)?;
        Ok(cursor.extensions().find(|(signature, _)| *signature == b"TREE").map(|(_, content)| content))
    }
}

/// The content of the extension `TREE` at the end of an index, found from behind. The chain of extensions from there
/// must end exactly before the checksum, and the content must start as a root does.
fn cache_tree(tail: &[u8], id_bytes: usize) -> Option<&[u8]> {
    let end = tail.len().checked_sub(id_bytes)?;
    memchr::memmem::rfind_iter(&tail[..end], b"TREE").find_map(|start| {
        let content = extension(&tail[start..end])?.1;
        let is_root = content.first() == Some(&0) && extensions_end(&tail[start..end]);
        is_root.then_some(content)
    })
}

/// Signature, content and what follows of one extension.
fn extension(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (signature, rest) = data.split_at_checked(4)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (content, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    signature.iter().all(u8::is_ascii_alphabetic).then_some((signature, content, rest))
}

/// Whether `data` is nothing but extensions that we may ignore, to its last byte.
fn extensions_end(mut data: &[u8]) -> bool {
    while !data.is_empty() {
        match extension(data) {
            Some((signature, _, rest)) if is_known(signature) => data = rest,
            _ => return false,
        }
    }
    true
}

/// Whether the extension leaves the entries what they seem: a reader may ignore those whose first letter is a capital,
/// and `sdir` says that folders may stand among the entries.
fn is_known(signature: &[u8]) -> bool {
    signature == b"sdir" || signature[0].is_ascii_uppercase()
}

/// One folder of the cache-tree.
#[derive(Debug, Default)]
pub(super) struct Node<'i> {
    name: &'i [u8],
    /// Its tree, when nothing below it has changed since it was written.
    pub(super) id: Option<Id>,
    /// How many index entries stand below it, when `id` is known.
    pub(super) entries: usize,
    folders: usize,
    children: Vec<Node<'i>>,
}

impl<'i> Node<'i> {
    /// `name NUL entries SP folders LF [id]`: the number of entries is negative when the folder has changed.
    fn parse_one(data: &'i [u8], id_bytes: usize) -> Option<(Self, &'i [u8])> {
        let (name, rest) = data.split_at(memchr::memchr(0, data)?);
        let (line, rest) = rest[1..].split_at(memchr::memchr(b'\n', &rest[1..])?);
        let mut rest = &rest[1..];
        let mut numbers = str::from_utf8(line).ok()?.split(' ');
        let entries: i64 = numbers.next()?.parse().ok()?;
        let folders = numbers.next()?.parse().ok()?;
        let mut id = None;
        if entries >= 0 {
            let (bytes, behind) = rest.split_at_checked(id_bytes)?;
            id = Some(Id::from_bytes(bytes)?);
            rest = behind;
        }
        let node = Node { name, id, entries: usize::try_from(entries).unwrap_or(0), folders, children: Vec::new() };
        Some((node, rest))
    }

    /// The folder and all below it.
    fn parse(data: &'i [u8], id_bytes: usize, depth: usize) -> Option<(Self, &'i [u8])> {
        let (mut node, mut rest) = Self::parse_one(data, id_bytes)?;
        for _ in 0..node.folders {
            let (child, behind) = Self::parse(rest, id_bytes, depth + 1).filter(|_| depth < DEEPEST)?;
            node.children.push(child);
            rest = behind;
        }
        Some((node, rest))
    }

    /// The folder called `name` directly below this one.
    pub(super) fn child(&self, name: &[u8]) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// One file of the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct IndexEntry {
    pub(super) side: Side,
    /// 0, or 1 to 3 while a merge conflict is open.
    pub(super) stage: u16,
    /// Announced with `git add -N`: not content.
    pub(super) is_intent_to_add: bool,
}

impl IndexEntry {
    /// Whether the entry is part of the commit.
    pub(super) fn is_content(self) -> bool {
        self.stage == 0 && !self.is_intent_to_add
    }
}

/// Steps over the entries of an index in order of their paths.
pub(super) struct Cursor<'i> {
    data: &'i [u8],
    id_bytes: usize,
    version: u32,
    left: usize,
    position: usize,
    /// The path of the current entry.
    path: Vec<u8>,
    current: Option<IndexEntry>,
}

impl<'i> Cursor<'i> {
    /// Starts at the first entry.
    pub(super) fn new(index: &'i Data) -> Result<Self> {
        let Data { bytes: data, id_bytes } = index;
        let mut numbers = data[4..HEADER].as_chunks::<4>().0.iter().map(|bytes| u32::from_be_bytes(*bytes));
        let (version, count) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if !data.starts_with(b"DIRC") {
            bail!(Broken);
        }
        if !(2..=4).contains(&version) {
            bail!("the index is of version {version}, which neither keyguard nor this git can read");
        }
        let left = usize::try_from(count)?;
        let mut cursor =
            Self { data, id_bytes: *id_bytes, version, left, position: HEADER, path: Vec::new(), current: None };
        cursor.advance()?;
        Ok(cursor)
    }

    /// The current entry and its path.
    pub(super) fn current(&self) -> Option<(&[u8], IndexEntry)> {
        self.current.map(|entry| (&self.path[..], entry))
    }

    /// Goes to the next entry. At the end, checks that nothing but extensions follows, and that none of them changes
    /// what the entries mean.
    pub(super) fn advance(&mut self) -> Result<()> {
        if self.left == 0 {
            self.current = None;
            return self.check_end();
        }
        self.left -= 1;
        let (entry, end) = self.entry().context(Broken)?;
        self.current = Some(entry);
        self.position = end;
        Ok(())
    }

    /// Skips `count` entries, the current one included, or all that are left.
    pub(super) fn skip(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            if self.current.is_none() {
                break;
            }
            self.advance()?;
        }
        Ok(())
    }

    /// Signature and content of each extension; to be asked behind the last entry.
    fn extensions(&self) -> impl Iterator<Item = (&'i [u8], &'i [u8])> {
        let end = self.data.len().saturating_sub(self.id_bytes);
        let mut rest = self.data.get(self.position..end).unwrap_or_default();
        std::iter::from_fn(move || {
            let (signature, content, behind) = extension(rest)?;
            rest = behind;
            Some((signature, content))
        })
    }

    fn check_end(&self) -> Result<()> {
        let end = self.data.len().saturating_sub(self.id_bytes);
        let Some(mut rest) = self.data.get(self.position..end) else { bail!(Broken) };
        while !rest.is_empty() {
            let (signature, _, behind) = extension(rest).context(Broken)?;
            if !is_known(signature) {
                bail!(
                    "the index has the extension `{}`, which neither keyguard nor this git can read\nhelp: commit with the git that wrote it",
                    signature.escape_ascii()
                );
            }
            rest = behind;
        }
        Ok(())
    }

    /// Reads the entry at the current position, and says where it ends.
    fn entry(&mut self) -> Option<(IndexEntry, usize)> {
        const MODE: usize = 24;
        const ID: usize = 40;
        const EXTENDED: u16 = 0x4000;
        const INTENT_TO_ADD: u16 = 0x2000;
        let data = self.data.get(self.position..)?;
        let flags_start = ID + self.id_bytes;
        let mode = u32::from_be_bytes(*data.get(MODE..)?.first_chunk()?);
        let id = Id::from_bytes(data.get(ID..flags_start)?)?;
        let flags = u16::from_be_bytes(*data.get(flags_start..)?.first_chunk()?);
        let mut name = flags_start + 2;
        let mut more_flags = 0;
        if flags & EXTENDED != 0 {
            more_flags = u16::from_be_bytes(*data.get(name..)?.first_chunk()?);
            name += 2;
        }
        let end =
            if self.version == 4 { self.compressed_path(data, name)? } else { self.plain_path(data, name, flags)? };
        let entry = IndexEntry {
            side: Side { mode, id },
            stage: flags >> 12 & 3,
            is_intent_to_add: more_flags & INTENT_TO_ADD != 0,
        };
        Some((entry, self.position + end))
    }

    /// The path as it is, then one to eight NUL bytes up to a multiple of eight.
    fn plain_path(&mut self, data: &[u8], start: usize, flags: u16) -> Option<usize> {
        const LENGTH: u16 = 0x0fff;
        let length = match flags & LENGTH {
            LENGTH => memchr::memchr(0, data.get(start..)?)?,
            short => usize::from(short),
        };
        self.path.clear();
        self.path.extend_from_slice(data.get(start..start + length)?);
        Some((start + length + 8) & !7)
    }

    /// Version 4: how many bytes to take off the path before (git's `varint.c`), then what follows, then NUL.
    fn compressed_path(&mut self, data: &[u8], start: usize) -> Option<usize> {
        let mut position = start;
        let mut next = || {
            position += 1;
            data.get(position - 1).copied()
        };
        let mut byte = next()?;
        let mut strip = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = next()?;
            strip = strip.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        }
        self.path.truncate(self.path.len().checked_sub(strip)?);
        let suffix = data.get(position..)?;
        let length = memchr::memchr(0, suffix)?;
        self.path.extend_from_slice(&suffix[..length]);
        Some(position + length + 1)
    }
}
