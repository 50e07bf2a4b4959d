//! Where a new file came from: renames, found without git's diff machinery.
//!
//! A pure rename brings in nothing. A rename with an edit brings in the edit, and only a finding makes us look for its
//! source: the deleted file that shares at least half of its bytes, as `git diff -M` would pair them.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};

use anyhow::Result;

use super::id::Id;
use super::object::Objects;
use super::tree::{Delta, Side};
use crate::change::BytePath;

/// The files that this commit deletes, where a new one may come from.
pub(super) struct Sources {
    deleted: Vec<(BytePath, Side)>,
    /// Of each deleted file; made when first asked for.
    sketches: OnceCell<Vec<Sketch>>,
    /// Sorted, as the deltas are.
    renamed: Vec<(BytePath, Side)>,
    /// How many pieces were looked up so far.
    compared: Cell<usize>,
}

/// git's own bound for inexact renames is of this order.
const MOST_SOURCES: usize = 1000;
/// Of many new files with findings and many deleted ones every pair would have to be compared. Beyond so many lookups of
/// pieces a file counts as new.
const MOST_COMPARED: usize = 10_000_000;

impl Sources {
    /// Takes pure renames out of `deltas`, which are sorted: each deleted file accounts for one new file with the same content. A second
    /// one is a copy, and a copy is new.
    pub(super) fn new(deltas: &mut Vec<Delta>) -> Self {
        let mut left: HashMap<Id, usize> = HashMap::new();
        for old in deltas.iter().filter_map(gone) {
            *left.entry(old.id).or_default() += 1;
        }
        let mut renamed = Vec::new();
        let mut used: HashMap<Id, usize> = HashMap::new();
        if !left.is_empty() {
            deltas.retain(|delta| {
                let new = delta.new.filter(|_| delta.old.is_none());
                let Some((new, count)) = new.and_then(|new| Some((new, left.get_mut(&new.id)?))) else { return true };
                if *count == 0 {
                    return true;
                }
                *count -= 1;
                *used.entry(new.id).or_default() += 1;
                renamed.push((delta.path.clone(), new));
                false
            });
        }
        let is_free = |delta: &&Delta| match gone(delta).and_then(|old| used.get_mut(&old.id)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        };
        let deleted = deltas.iter().filter(is_free).filter_map(|delta| Some((delta.path.clone(), gone(delta)?)));
        let deleted = deleted.take(MOST_SOURCES).collect();
        Self { deleted, sketches: OnceCell::new(), renamed, compared: Cell::new(0) }
    }

    /// The new names of pure renames, with what stands there.
    pub(super) fn renamed(&self) -> &[(BytePath, Side)] {
        &self.renamed
    }

    /// Whether there is no file that another may come from.
    pub(super) fn is_empty(&self) -> bool {
        self.deleted.is_empty()
    }

    /// The content of the deleted file that `path` was most likely renamed from.
    pub(super) fn most_similar(
        &self,
        objects: &Objects<'_>,
        path: &BytePath,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        if self.compared.get() > MOST_COMPARED {
            return Ok(None);
        }
        let wanted = Sketch::of(content);
        let similarity = |sketch: &Sketch| {
            self.compared.set(self.compared.get() + wanted.cost(sketch));
            wanted.similarity(sketch)
        };
        let sketches = self.sketches(objects)?;
        // A moved folder keeps its names: such a source is looked at first, and often is the only one.
        let namesakes = self.deleted.iter().zip(sketches).filter(|((source, _), _)| source.name() == path.name());
        if let Some(((_, side), _)) = namesakes.into_iter().find(|(_, sketch)| similarity(sketch) >= HALF) {
            return objects.blob_if_present(side.id);
        }
        let scored = self.deleted.iter().zip(sketches).map(|((_, side), sketch)| (similarity(sketch), side.id));
        match scored.max_by_key(|(score, _)| *score) {
            Some((score, id)) if score >= HALF => objects.blob_if_present(id),
            _ => Ok(None),
        }
    }

    fn sketches(&self, objects: &Objects<'_>) -> Result<&[Sketch]> {
        if let Some(sketches) = self.sketches.get() {
            return Ok(sketches);
        }
        let sketch = |(_, side): &(BytePath, Side)| -> Result<Sketch> {
            Ok(Sketch::of(&objects.blob_if_present(side.id)?.unwrap_or_default()))
        };
        let sketches = self.deleted.iter().map(sketch).collect::<Result<_>>()?;
        Ok(self.sketches.get_or_init(|| sketches))
    }
}

/// The file that a delta deletes.
fn gone(delta: &Delta) -> Option<Side> {
    delta.old.filter(|old| delta.new.is_none() && old.is_blob())
}

const WHOLE: u64 = 1000;
const HALF: u64 = WHOLE / 2;

/// How many bytes each line, or piece of a long line, contributes.
struct Sketch {
    pieces: HashMap<u64, u64>,
    bytes: u64,
}

impl Sketch {
    fn of(content: &[u8]) -> Self {
        /// As in git's `diffcore-delta.c`.
        const PIECE: usize = 64;
        let mut pieces = HashMap::new();
        for line in content.split_inclusive(|byte| *byte == b'\n') {
            for piece in line.chunks(PIECE) {
                let mut hash = DefaultHasher::new();
                // Other line ends make no other line.
                hash.write(piece.strip_suffix(b"\n").map_or(piece, |line| line.strip_suffix(b"\r").unwrap_or(line)));
                *pieces.entry(hash.finish()).or_default() += piece.len() as u64;
            }
        }
        Self { pieces, bytes: content.len() as u64 }
    }

    /// Whether the sizes alone do not rule out that half is the same.
    fn may_resemble(&self, other: &Self) -> bool {
        let larger = self.bytes.max(other.bytes);
        larger > 0 && self.bytes.min(other.bytes) * WHOLE >= larger * HALF
    }

    /// How many lookups it takes to compare the two.
    fn cost(&self, other: &Self) -> usize {
        if self.may_resemble(other) { self.pieces.len() } else { 1 }
    }

    /// The share of common bytes in the larger of the two, in thousandths.
    fn similarity(&self, other: &Self) -> u64 {
        let larger = self.bytes.max(other.bytes);
        if !self.may_resemble(other) {
            return 0;
        }
        let common: u64 =
            self.pieces.iter().filter_map(|(piece, bytes)| Some(*other.pieces.get(piece)?.min(bytes))).sum();
        common * WHOLE / larger
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_is_the_share_of_common_lines() {
        let old: String = (0..20).map(|line| format!("line number {line}\n")).collect();
        let same = Sketch::of(old.as_bytes());
        assert_eq!(same.similarity(&Sketch::of(old.as_bytes())), WHOLE);
        let edited = old.replace("number 7\n", "seven\n");
        assert!(Sketch::of(edited.as_bytes()).similarity(&same) > 900);
        let with_other_ends = Sketch::of(old.replace('\n', "\r\n").as_bytes());
        assert!(with_other_ends.similarity(&same) > 900 && same.similarity(&with_other_ends) > 900);
        assert_eq!(Sketch::of(b"something else\n").similarity(&same), 0);
        assert_eq!(Sketch::of(b"").similarity(&Sketch::of(b"")), 0);
    }
}
