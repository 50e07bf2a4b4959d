//! The line that an expression needs at the head of its file.

use crate::remedy::lexer::{self, Language, Outline};
use crate::remedy::{Patch, WhyNot, line_end};

const NO_LINE: WhyNot = WhyNot::new("there is no line at which `os` can be imported");

/// The import that is missing for what is read at `at`, if the language wants one.
pub(super) fn needed(language: Language, text: &[u8], at: usize) -> Result<Option<Patch>, WhyNot> {
    let patch = match language {
        Language::Python => python(text, at),
        Language::Go => go(text)?,
        _ => None,
    };
    // One that stands below is too late.
    if patch.as_ref().is_some_and(|patch| patch.span.start > at) { Err(NO_LINE) } else { Ok(patch) }
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
    outline: Outline,
}

impl Line<'_> {
    /// Whether it is one of Python's imports.
    fn imports(&self) -> bool {
        self.outline.begins && (self.text.starts_with(b"import ") || self.text.starts_with(b"from "))
    }
}

fn outlined(language: Language, text: &[u8]) -> Vec<Line<'_>> {
    let outline = lexer::outline(language, text, lines(text).map(|(at, _)| at));
    lines(text).zip(outline).map(|((at, text), outline)| Line { at, text, outline }).collect()
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
        // What has another name behind it is known by that alone.
        let is_os = |name: &[u8]| name == b"os" || name.starts_with(b"os.") && !name.contains(&b' ');
        names.split(|byte| *byte == b',').any(|name| is_os(name.trim_ascii()))
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

/// The line behind the statement that begins at `at`; it may go on over lines.
fn end_of_statement(text: &[u8], at: usize, lines: &[Line<'_>]) -> usize {
    lines.iter().find(|line| line.at > at && line.outline.begins).map_or(text.len(), |line| line.at)
}

/// The line behind comments and the text of the module.
fn end_of_head(text: &[u8], lines: &[Line<'_>]) -> usize {
    let mut head = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    for Line { at, text: line, outline } in lines {
        let is_string = |line: &[u8]| {
            let letters = line.iter().take_while(|byte| b"rRuU".contains(byte)).count();
            matches!(line.get(letters), Some(b'"' | b'\''))
        };
        let is_open = *at > 0 && !outline.is_code && !line.starts_with(b"#");
        if !is_open && !line.starts_with(b"#") && !is_string(line) {
            if line.is_empty() {
                continue;
            }
            break;
        }
        head = end_of_line(text, *at);
    }
    head
}

fn end_of_line(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end + 1)
}

/// `"os"` goes into the first group of imports, in its order, or behind the first import. An import that shares its line
/// with something else may be any.
fn go(text: &[u8]) -> Result<Option<Patch>, WhyNot> {
    const OS: &[u8] = b"\"os\"";
    let end = line_end(text);
    let gap = |behind: usize| if text[..behind].ends_with(b"\n") { "" } else { end };
    let (mut package, mut patch, mut is_group) = (None, None, false);
    for Line { at, text: line, outline } in outlined(Language::Go, text) {
        let code = without_comment(line);
        let is_comment = !outline.is_code || code.starts_with(b"/*") || code.is_empty() && !line.is_empty();
        if is_comment || line.is_empty() && !is_group {
            continue;
        }
        if !is_group && !code.starts_with(b"package ") && !code.starts_with(b"import") {
            break;
        }
        let mut marks = memchr::memchr_iter(b'"', code);
        let (open, close) = (marks.next().unwrap_or(code.len()), marks.next().map_or(code.len(), |close| close + 1));
        let (name, quoted) =
            (code[..open].strip_prefix(b"import").unwrap_or(&code[..open]).trim_ascii(), &code[open..close]);
        if quoted == OS && name.is_empty() {
            return Ok(None);
        }
        if code.contains(&b';') || memchr::memmem::find(code, b"/*").is_some() {
            return Err(NO_LINE);
        }
        let behind = end_of_line(text, at);
        if is_group {
            if code.is_empty() || code == b")" || quoted > OS {
                patch.get_or_insert_with(|| insertion(at, format!("\t\"os\"{end}")));
            }
            is_group = code != b")";
        } else if code.starts_with(b"package ") {
            package = Some(behind);
        } else if name == b"(" && quoted.is_empty() {
            is_group = true;
        } else if quoted.is_empty() || name.starts_with(b"(") {
            return Err(NO_LINE);
        } else {
            patch.get_or_insert_with(|| insertion(behind, format!("{}import \"os\"{end}", gap(behind))));
        }
    }
    let first = package.map(|behind| insertion(behind, format!("{}{end}import \"os\"{end}", gap(behind))));
    patch.or(first).map(Some).ok_or(NO_LINE)
}

/// A line without its blanks and the comment at its end.
fn without_comment(line: &[u8]) -> &[u8] {
    let is_open = |at: usize| memchr::memchr_iter(b'"', &line[..at]).count() % 2 == 1;
    let comment = memchr::memmem::find(line, b"//").filter(|at| !is_open(*at));
    line[..comment.unwrap_or(line.len())].trim_ascii()
}
