//! Lines of ours in a shell script of somebody else.

use crate::hook::Kind;

/// `text` with our lines before everything that it does: no slow check runs for a commit that will not happen.
pub(super) fn add(kind: Kind, text: &[u8]) -> Vec<u8> {
    let lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let (head, tail) = lines.split_at(opening(&lines));
    let mut after = head.concat();
    if !after.is_empty() && !after.ends_with(b"\n") {
        after.push(b'\n');
    }
    after.extend(block(kind).into_bytes());
    after.extend(tail.concat());
    after
}

/// `text` without them; `None` if they are not there as [`add`] writes them.
pub(super) fn remove(kind: Kind, text: &[u8]) -> Option<Vec<u8>> {
    let block = block(kind);
    let is_line_start = |place: &usize| *place == 0 || text.get(*place - 1) == Some(&b'\n');
    let place = memchr::memmem::find_iter(text, &block).find(is_line_start)?;
    Some([&text[..place], &text[place + block.len()..]].concat())
}

/// The lines.
pub(super) fn block(kind: Kind) -> String {
    let line = kind.line_to_add();
    // What git tells can be read once: the rest of the script gets a copy in its place. Nothing stays nothing, where a
    // copy would be an empty line.
    let copy = if kind.reads_input() { "exec <<REFS\n$refs\nREFS\n[ \"$refs\" ] || exec </dev/null\n" } else { "" };
    format!("{line}\n{copy}")
}

/// How many lines come before everything else: the one that names the shell, and that of husky before version 9, which
/// starts the script again.
fn opening(lines: &[&[u8]]) -> usize {
    let start = usize::from(lines.first().is_some_and(|line| line.starts_with(b"#!")));
    let says_nothing = |line: &&&[u8]| line.trim_ascii().is_empty() || line.trim_ascii_start().starts_with(b"#");
    let next = start + lines.iter().skip(start).take_while(says_nothing).count();
    let is_husky = |line: &&[u8]| {
        line.trim_ascii_start().starts_with(b". ") && memchr::memmem::find(line, b"/_/husky.sh").is_some()
    };
    if lines.get(next).is_some_and(is_husky) { next + 1 } else { start }
}
