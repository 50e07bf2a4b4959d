//! Where a new file came from: renames, found without git's diff machinery.
//!
//! A pure rename brings in nothing. A rename with an edit brings in the edit, and only a finding makes us look for its
//! source: the deleted file that shares at least half of its bytes, as `git diff -M` would pair them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};

use anyhow::Result;
use git2::Oid;

use super::object::Objects;
use super::tree::{Delta, Side};
use crate::change::BytePath;

/// The files that this commit deletes, where a new one may come from.
pub(super) struct Sources {
    deleted: Vec<(BytePath, Side)>,
}

/// git's own bound for inexact renames is of this order.
const MOST_SOURCES: usize = 1000;

impl Sources {
    /// Takes pure renames out of `deltas`: each deleted file accounts for one new file with the same content. A second
    /// one is a copy, and a copy is new.
    pub(super) fn new(deltas: &mut Vec<Delta>) -> Self {
        let mut sources: HashMap<Oid, usize> = HashMap::new();
        for delta in deltas.iter() {
            if let Some(old) = delta.old.filter(|old| delta.new.is_none() && old.is_blob()) {
                *sources.entry(old.id).or_default() += 1;
            }
        }
        if sources.is_empty() {
            return Self { deleted: Vec::new() };
        }
        let mut renamed: HashMap<Oid, usize> = HashMap::new();
        deltas.retain(|delta| {
            let Some(new) = delta.new.filter(|_| delta.old.is_none()) else { return true };
            match sources.get_mut(&new.id).filter(|left| **left > 0) {
                Some(left) => {
                    *left -= 1;
                    *renamed.entry(new.id).or_default() += 1;
                    false
                }
                None => true,
            }
        });
        let mut is_used = |id: Oid| {
            renamed.get_mut(&id).filter(|left| **left > 0).is_some_and(|left| {
                *left -= 1;
                true
            })
        };
        let gone = deltas.iter().filter(|delta| delta.new.is_none());
        let deleted = gone.filter_map(|delta| Some((delta.path.clone(), delta.old.filter(|old| old.is_blob())?)));
        Self { deleted: deleted.filter(|(_, old)| !is_used(old.id)).collect() }
    }

    /// The content of the deleted file that `path` was most likely renamed from.
    pub(super) fn most_similar(
        &self,
        objects: &Objects<'_>,
        path: &BytePath,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        if self.deleted.is_empty() {
            return Ok(None);
        }
        let wanted = Sketch::of(content);
        let mut sources: Vec<_> = self.deleted.iter().collect();
        // Of equally similar files the one of the same name is the source, as in git.
        sources.sort_by_key(|(source, _)| source.name() != path.name());
        let mut best: Option<(u64, Vec<u8>)> = None;
        for (_, side) in sources.into_iter().take(MOST_SOURCES) {
            let Some(old) = objects.blob_if_present(side.id)? else { continue };
            let score = wanted.similarity(&Sketch::of(&old));
            if score >= HALF && best.as_ref().is_none_or(|(most, _)| score > *most) {
                best = Some((score, old));
            }
        }
        Ok(best.map(|(_, old)| old))
    }
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
                hash.write(piece.strip_suffix(b"\r\n").unwrap_or(piece));
                *pieces.entry(hash.finish()).or_default() += piece.len() as u64;
            }
        }
        Self { pieces, bytes: content.len() as u64 }
    }

    /// The share of common bytes in the larger of the two, in thousandths.
    fn similarity(&self, other: &Self) -> u64 {
        let larger = self.bytes.max(other.bytes);
        if larger == 0 || self.bytes.min(other.bytes) * WHOLE < larger * HALF {
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
        assert_eq!(Sketch::of(b"something else\n").similarity(&same), 0);
        assert_eq!(Sketch::of(b"").similarity(&Sketch::of(b"")), 0);
    }
}
