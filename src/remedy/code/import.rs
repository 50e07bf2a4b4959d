//! The line that an expression needs at the head of its file.

use crate::remedy::lexer::{self, Language};
use crate::remedy::{Patch, WhyNot, line_end};

/// The import that is missing for what is read at `at`, if the language wants one.
pub(super) fn needed(language: Language, text: &[u8], at: usize) -> Result<Option<Patch>, WhyNot> {
    match language {
        Language::Python => Ok(python(text, at)),
        Language::Go if has_line(text, b"\"os\"") || has_line(text, b"import \"os\"") => Ok(None),
        Language::Go => go(text).map(Some).ok_or(WhyNot::new("there is no line at which \"os\" can be imported")),
        _ => Ok(None),
    }
}

/// Whether a line of the text, blanks apart, is this one.
pub(super) fn has_line(text: &[u8], line: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|other| other.trim_ascii() == line)
}

/// The lines with their places, line ends and a byte order mark apart.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mark = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    text[mark..].split_inclusive(|byte| *byte == b'\n').scan(mark, |place, line| {
        let start = *place;
        *place += line.len();
        Some((start, line.trim_ascii_end()))
    })
}

/// A line, and what is open where it begins.
struct Line<'t> {
    at: usize,
    text: &'t [u8],
    is_code: bool,
    is_in_brackets: bool,
}

impl Line<'_> {
    /// Whether it is one of Python's imports.
    fn imports(&self) -> bool {
        self.is_code && (self.text.starts_with(b"import ") || self.text.starts_with(b"from "))
    }
}

fn outlined(language: Language, text: &[u8]) -> Vec<Line<'_>> {
    let outline = lexer::outline(language, text, lines(text).map(|(at, _)| at));
    let line = |((at, text), (is_code, depth))| Line { at, text, is_code, is_in_brackets: depth > 0 };
    lines(text).zip(outline).map(line).collect()
}

fn insertion(at: usize, with: String) -> Patch {
    Patch { span: at..at, with }
}

/// `import os` goes before the first import, behind what has to come first: comments, the module's own text, and what is
/// imported from the future. One that stands below `place` is too late for it.
fn python(text: &[u8], place: usize) -> Option<Patch> {
    let is_early = |line: &[u8]| line.starts_with(b"from __future__ ");
    let all = outlined(Language::Python, text);
    let imports: Vec<_> = all.iter().filter(|line| line.at < place && line.imports()).collect();
    let names_os = |line: &[u8]| {
        let names = line.strip_prefix(b"import ").unwrap_or_default();
        let names = names.split(|byte| *byte == b'#' || *byte == b';').next().unwrap_or_default();
        names
            .split(|byte| *byte == b',')
            .any(|name| name.trim_ascii() == b"os" || name.trim_ascii().starts_with(b"os."))
    };
    if imports.iter().any(|line| names_os(line.text)) {
        return None;
    }
    let end = line_end(text);
    if let Some(first) = imports.iter().find(|line| !is_early(line.text)) {
        return Some(insertion(first.at, format!("import os{end}")));
    }
    let at = match imports.last() {
        Some(last) => end_of_statement(text, last.at, &all),
        None => end_of_head(text, &all),
    };
    let lacks_end = at > 0 && text[at - 1] != b'\n' && !text[..at].ends_with("\u{feff}".as_bytes());
    let gap = if text[at..].starts_with(b"\n") || text[at..].starts_with(b"\r") { "" } else { end };
    Some(insertion(at, format!("{}import os{end}{gap}", if lacks_end { end } else { "" })))
}

/// The line behind the statement that begins at `at`; it may go on in brackets.
fn end_of_statement(text: &[u8], at: usize, lines: &[Line<'_>]) -> usize {
    lines.iter().find(|line| line.at > at && !line.is_in_brackets).map_or(text.len(), |line| line.at)
}

/// The line behind comments and the text of the module.
fn end_of_head(text: &[u8], lines: &[Line<'_>]) -> usize {
    let mut head = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    for Line { at, text: line, is_code, .. } in lines {
        let is_string = |line: &[u8]| {
            let letters = line.iter().take_while(|byte| b"rRuU".contains(byte)).count();
            matches!(line.get(letters), Some(b'"' | b'\''))
        };
        let is_open = *at > 0 && !is_code && !line.starts_with(b"#");
        if !is_open && !line.starts_with(b"#") && !is_string(line) {
            if line.is_empty() {
                continue;
            }
            break;
        }
        head = memchr::memchr(b'\n', &text[*at..]).map_or(text.len(), |end| at + end + 1);
    }
    head
}

/// `"os"` goes into the first group of imports, in its order.
fn go(text: &[u8]) -> Option<Patch> {
    let end = line_end(text);
    let mut package = None;
    let mut is_group = false;
    for Line { at, text: line, is_code, .. } in outlined(Language::Go, text) {
        let behind = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline + 1);
        let path = line.trim_ascii();
        let is_later = path.first() == Some(&b'"') && path > &b"\"os\""[..];
        if is_group && (path.starts_with(b")") || path.is_empty() || is_later) {
            return Some(insertion(at, format!("\t\"os\"{end}")));
        }
        if line.starts_with(b"package ") && !line.contains(&b';') && is_code {
            package = Some(behind);
        } else if line == b"import (" {
            is_group = true;
        } else if line.starts_with(b"import ") && !is_group {
            let gap = if text[..behind].ends_with(b"\n") { "" } else { end };
            return Some(insertion(behind, format!("{gap}import \"os\"{end}")));
        }
    }
    let behind = package?;
    let gap = if text[..behind].ends_with(b"\n") { "" } else { end };
    Some(insertion(behind, format!("{gap}{end}import \"os\"{end}")))
}
