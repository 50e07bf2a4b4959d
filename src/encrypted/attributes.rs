//! `.gitattributes`: which filter a path has (gitattributes(5), git's `attr.c`).
//!
//! git's `check-attr` tells it of one tree in one process, and only newer ones of a tree that is not the index; libgit2
//! would read the whole index. Commits are looked at by the thousand, so the files are read here, and a test holds the
//! answers to git's own.

use std::cell::OnceCell;
use std::collections::HashMap;

use memchr::memmem;

use super::wildmatch::{self, Case};

/// git passes over longer lines.
const LONGEST_LINE: usize = 2048;

/// One such file. Most say nothing about filters and are never taken apart.
pub(crate) struct Attributes {
    content: Vec<u8>,
    parsed: OnceCell<Parsed>,
}

#[derive(Default)]
struct Parsed {
    lines: Vec<(Pattern, Vec<Assignment>)>,
    macros: HashMap<Vec<u8>, Vec<Assignment>>,
}

/// A file of attributes and the folder that it counts from, with a `/` at its end.
#[derive(Clone, Copy)]
pub(crate) struct InFolder<'p> {
    pub(crate) folder: &'p [u8],
    pub(crate) place: Place,
    pub(crate) attributes: &'p Attributes,
}

/// Where such a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `.gitattributes`
    Tree,
    /// `info/attributes` of the git directory.
    Clone,
    /// What `core.attributesFile` names, for all repositories of the user.
    User,
}

/// The filter of a path, and what gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Filter<'p> {
    pub(crate) name: &'p [u8],
    pub(crate) by: Place,
}

struct Assignment {
    name: Vec<u8>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Set,
    /// `-name` and `!name`: neither leaves a filter.
    Unset,
    Value(Vec<u8>),
}

impl Attributes {
    /// Takes the content of a file.
    pub(crate) fn new(content: Vec<u8>) -> Self {
        Self { content, parsed: OnceCell::new() }
    }

    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| Parsed::new(&self.content))
    }

    /// Whether `wanted` holds of a filter that some path may get from this file.
    pub(crate) fn names_filter(&self, wanted: impl Fn(&[u8]) -> bool) -> bool {
        memmem::find(&self.content, b"filter=").is_some() && self.parsed().names_filter(wanted)
    }
}

impl Parsed {
    /// Reads a file; what git would not understand is passed over, as it does.
    fn new(content: &[u8]) -> Self {
        let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
        let mut attributes = Self::default();
        for line in content.split(|byte| *byte == b'\n').filter(|line| line.len() <= LONGEST_LINE) {
            attributes.line(line.trim_ascii());
        }
        attributes
    }

    fn line(&mut self, line: &[u8]) {
        if line.is_empty() || line.starts_with(b"#") {
            return;
        }
        let Some((first, rest)) = unquoted(line).or_else(|| Some(word(line)).map(|(w, rest)| (w.to_vec(), rest)))
        else {
            return;
        };
        let name = line.strip_prefix(b"[attr]").map(|behind| word(behind.trim_ascii_start()));
        let (name, rest) = name.map_or((None, rest), |(name, rest)| (Some(name), rest));
        let mut assignments = Vec::new();
        let mut rest = rest.trim_ascii_start();
        while !rest.is_empty() {
            let (text, behind) = word(rest);
            let Some(assignment) = Assignment::parse(text) else { return };
            assignments.push(assignment);
            rest = behind.trim_ascii_start();
        }
        match name {
            Some(name) if is_name(name) => drop(self.macros.insert(name.to_vec(), assignments)),
            Some(_) => {}
            None => self.lines.extend(Pattern::parse(&first).map(|pattern| (pattern, assignments))),
        }
    }

    fn names_filter(&self, wanted: impl Fn(&[u8]) -> bool) -> bool {
        let of_lines = self.lines.iter().flat_map(|(_, assignments)| assignments);
        of_lines.chain(self.macros.values().flatten()).any(|assignment| match &assignment.state {
            State::Value(value) => assignment.name == b"filter" && wanted(value),
            _ => false,
        })
    }
}

/// The filter of `path`. The files come in order, the one that goes before all others first.
pub(crate) fn filter<'p>(path: &[u8], files: &[InFolder<'p>], case: Case) -> Option<Filter<'p>> {
    const WANTED: &[u8] = b"filter";
    // Below the root git reads no definitions.
    let definition = |name: &[u8]| {
        files.iter().filter(|file| file.folder.is_empty()).find_map(|file| file.attributes.parsed().macros.get(name))
    };
    let mut known: HashMap<&[u8], &State> = HashMap::new();
    for file in files {
        let Some(rest) = path.strip_prefix(file.folder) else { continue };
        for (pattern, assignments) in file.attributes.parsed().lines.iter().rev() {
            if !pattern.matches(rest, case) {
                continue;
            }
            // The last one goes first, and what it stands for goes before its neighbours.
            let mut open: Vec<&Assignment> = assignments.iter().collect();
            while let Some(Assignment { name, state }) = open.pop() {
                if !known.contains_key(&name[..]) {
                    known.insert(name, state);
                    let meaning = definition(name).filter(|_| *state == State::Set);
                    open.extend(meaning.into_iter().flatten());
                }
            }
            if let Some(state) = known.get(WANTED) {
                return match state {
                    State::Value(name) => Some(Filter { name, by: file.place }),
                    _ => None,
                };
            }
        }
    }
    None
}

impl Assignment {
    fn parse(text: &[u8]) -> Option<Self> {
        let (sign, text) = match text {
            [sign @ (b'-' | b'!'), rest @ ..] => (Some(sign), rest),
            _ => (None, text),
        };
        let equals = memchr::memchr(b'=', text);
        let name = &text[..equals.unwrap_or(text.len())];
        let state = match (sign, equals) {
            (Some(_), _) => State::Unset,
            (None, None) => State::Set,
            (None, Some(equals)) => State::Value(text[equals + 1..].to_vec()),
        };
        is_name(name).then(|| Self { name: name.to_vec(), state })
    }
}

fn is_name(name: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    !name.is_empty() && !name.starts_with(b"-") && !name.starts_with(b"builtin_") && name.iter().all(is_letter)
}

/// The first word, and what follows.
fn word(line: &[u8]) -> (&[u8], &[u8]) {
    line.split_at(line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len()))
}

/// What stands in quotes at the beginning of a line, with its escapes undone, and what follows.
fn unquoted(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = line.strip_prefix(b"\"")?;
    let mut text = Vec::new();
    loop {
        match rest {
            [b'"', behind @ ..] => return Some((text, behind)),
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', behind @ ..] => {
                text.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = behind;
            }
            [b'\\', letter, behind @ ..] => {
                let at = b"abfnrtv\\\"".iter().position(|known| known == letter)?;
                text.push(b"\x07\x08\x0c\n\r\t\x0b\\\""[at]);
                rest = behind;
            }
            [byte, behind @ ..] => {
                text.push(*byte);
                rest = behind;
            }
            [] => return None,
        }
    }
}

/// The first word of a line.
struct Pattern {
    glob: Vec<u8>,
    /// Without a `/` it is the name that counts, in whatever folder.
    is_of_name: bool,
}

impl Pattern {
    /// `None` for those that git obeys nowhere (`!x`), or in folders alone (`x/`), which have no content.
    fn parse(text: &[u8]) -> Option<Self> {
        let is_of_file = !text.is_empty() && !text.starts_with(b"!") && !text.ends_with(b"/");
        let is_of_name = !text.contains(&b'/');
        let glob = text.strip_prefix(b"/").unwrap_or(text).to_vec();
        is_of_file.then_some(Self { glob, is_of_name })
    }

    fn matches(&self, path: &[u8], case: Case) -> bool {
        let name = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
        if self.is_of_name {
            return wildmatch::matches(&self.glob, &path[name..], case);
        }
        // git compares what is plain by itself, so that a `**` behind it counts as one at the beginning.
        let plain = self.glob.iter().position(|byte| b"*?[\\".contains(byte)).unwrap_or(self.glob.len());
        let (plain, rest) = self.glob.split_at(plain);
        case.strip(path, plain).is_some_and(|behind| wildmatch::matches(rest, behind, case))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], path: &str, expected: Option<&str>) {
        let parsed: Vec<_> = files.iter().map(|(_, content)| Attributes::new(content.as_bytes().to_vec())).collect();
        let files: Vec<_> = files
            .iter()
            .zip(&parsed)
            .map(|((folder, _), attributes)| InFolder { folder: folder.as_bytes(), place: Place::Tree, attributes })
            .collect();
        let found = filter(path.as_bytes(), &files, Case::Matters).map(|filter| filter.name);
        assert_eq!(found, expected.map(str::as_bytes), "{path}");
    }

    #[test]
    fn the_last_line_of_the_nearest_file_decides() {
        let root = "*.key filter=git-crypt diff=git-crypt\n/a/** filter=crypt\na/plain.key !filter\nb/ filter=x\n!c filter=x\n";
        check(&[("", root)], "x/y.key", Some("git-crypt"));
        check(&[("", root)], "a/y.key", Some("crypt"));
        check(&[("", root)], "x/a/y", None);
        check(&[("", root)], "a/plain.key", None);
        check(&[("", root)], "b/x", None);
        check(&[("", root)], "c", None);
        check(&[("a/", "*.key -filter\n"), ("", root)], "a/y.key", None);
        check(&[("a/", "/y.key filter=sops\n"), ("", root)], "a/y.key", Some("sops"));
        check(&[("a/", "/y.key filter=sops\n"), ("", root)], "a/b/y.key", Some("crypt"));
    }

    #[test]
    fn macros_are_those_of_the_root() {
        let root = "[attr]secret filter=git-crypt diff=git-crypt\n[attr] odd  secret -diff\n*.a secret\n*.b odd\n*.c secret\n*.c -secret\n";
        check(&[("", root)], "x.a", Some("git-crypt"));
        check(&[("", root)], "x.b", Some("git-crypt"));
        check(&[("", root)], "x.c", None);
        check(&[("d/", "* secret\n"), ("", root)], "d/x", Some("git-crypt"));
        check(&[("d/", "[attr]own filter=x\n* own\n"), ("", root)], "d/x", None);
    }

    #[test]
    fn odd_lines_are_passed_over() {
        let root = "\u{feff}\"a b\\t\\\"\\303\\244\" filter=x\r\n# *.c filter=x\n  *.d\tfilter=y\n*.e filter=z \u{e4}=1\n\"open filter=x\n*.f filter\n";
        check(&[("", root)], "a b\t\"ä", Some("x"));
        check(&[("", root)], "x.c", None);
        check(&[("", root)], "x.d", Some("y"));
        check(&[("", root)], "x.e", None);
        check(&[("", root)], "\"open", Some("x"));
        check(&[("", root)], "x.f", None);
        let long = format!("*.g {} filter=x\n", "a".repeat(2048));
        check(&[("", &long)], "x.g", None);
    }

    #[test]
    fn macros_without_end_do_no_harm() {
        let chain: String = (0..50_000).map(|n| format!("[attr]m{n} m{}\n", n + 1)).collect();
        check(&[("", &format!("{chain}[attr]loop loop m0\n* loop\n"))], "x", None);
    }
}
