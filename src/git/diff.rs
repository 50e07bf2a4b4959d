//! Which lines of a text are added: told by the code that git itself has for it, because "added" means what `git diff`
//! shows, and of several equally short differences another algorithm takes another one.

use std::ops::Range;

use git2::{DiffOptions, Patch};

/// The runs of lines, counted from 1, that `git diff -U0` shows as added. Of texts that are too large for that code
/// (1 GiB), every line.
pub(crate) fn added_lines(old: &[u8], new: &[u8]) -> Vec<Range<usize>> {
    if old.is_empty() {
        return all_lines(new);
    }
    let tail = common_tail(old, new);
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let head = common_head(old, new);
    let before = memchr::memchr_iter(b'\n', &new[..head]).count();
    let mut options = DiffOptions::new();
    options.force_text(true).context_lines(0).indent_heuristic(true);
    let Ok(patch) = Patch::from_buffers(&old[head..], None, &new[head..], None, Some(&mut options)) else {
        return all_lines(new);
    };
    (0..patch.num_hunks())
        .filter_map(|place| patch.hunk(place).ok())
        .map(|(hunk, _)| (before + hunk.new_start() as usize, hunk.new_lines() as usize))
        .filter(|(_, count)| *count > 0)
        .map(|(start, count)| start..start + count)
        .collect()
}

fn all_lines(text: &[u8]) -> Vec<Range<usize>> {
    let ends = memchr::memchr_iter(b'\n', text).count();
    let count = ends + usize::from(!text.is_empty() && !text.ends_with(b"\n"));
    (count > 0).then_some(1..count + 1).into_iter().collect()
}

/// The length of the common end that git leaves out where no context is wanted (`trim_common_tail` in its
/// `xdiff-interface.c`): whole blocks, less what it takes to start behind a line break.
fn common_tail(old: &[u8], new: &[u8]) -> usize {
    const BLOCK: usize = 1024;
    let blocks = old.rchunks_exact(BLOCK).zip(new.rchunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
    let tail = &new[new.len() - blocks * BLOCK..];
    memchr::memchr(b'\n', tail).map_or(0, |newline| tail.len() - newline - 1)
}

/// The length of a long common beginning, up to a line break. git does not leave it out: lines that are like those before
/// them may count as added a little further up. So that this still shows, some of it stays; what is cut spares a
/// large file most of the work.
fn common_head(old: &[u8], new: &[u8]) -> usize {
    const BLOCK: usize = 64 << 10;
    let blocks = old.chunks_exact(BLOCK).zip(new.chunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
    let head = &new[..blocks.saturating_sub(16) * BLOCK];
    memchr::memrchr(b'\n', head).map_or(0, |newline| newline + 1)
}
