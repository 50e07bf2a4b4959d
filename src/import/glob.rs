//! Regular expressions about paths as globs.
//!
//! A glob says less than a regex, so only what it can say is translated, and rather too few paths than too many.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::regex::translate;

/// So many globs stand for one regex at most.
const MOST: usize = 32;

/// A part of a path.
#[derive(Clone, PartialEq)]
enum Piece {
    /// A glob that stands for so many characters as it has signs.
    Text(String),
    /// Any characters but `/`.
    Some,
    /// Any characters.
    Any,
    Start,
    End,
}

/// The globs that cover the paths in which `pattern` matches somewhere.
pub(super) fn globs(pattern: &str) -> Result<Vec<String>, String> {
    const INEXPRESSIBLE: &str = "says more than a glob can";
    let hir = translate(pattern, None)?.hir;
    let paths = pieces(&hir).ok_or(INEXPRESSIBLE)?;
    let mut globs = Vec::new();
    for path in paths {
        globs.extend(rendered(path).ok_or(INEXPRESSIBLE)?);
    }
    globs.sort_unstable();
    globs.dedup();
    if globs.is_empty() || globs.len() > MOST { Err(INEXPRESSIBLE.to_owned()) } else { Ok(globs) }
}

/// Several globs as one.
pub(super) fn joined(globs: &[String]) -> String {
    match globs {
        [one] => one.clone(),
        many => format!("{{{}}}", many.join(",")),
    }
}

/// Every way in which the expression can be read.
fn pieces(hir: &Hir) -> Option<Vec<Vec<Piece>>> {
    let one = |piece| Some(vec![vec![piece]]);
    match hir.kind() {
        HirKind::Empty => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => {
            let text = str::from_utf8(&literal.0).ok()?;
            one(Piece::Text(text.chars().map(escaped).collect::<Option<String>>()?))
        }
        HirKind::Class(class) => one(Piece::Text(class_glob(class)?)),
        HirKind::Look(Look::Start) => one(Piece::Start),
        HirKind::Look(Look::End) => one(Piece::End),
        HirKind::Look(_) => None,
        HirKind::Capture(capture) => pieces(&capture.sub),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(pieces(branch)?);
            }
            (all.len() <= MOST).then_some(all)
        }
        HirKind::Concat(parts) => {
            let mut all = vec![Vec::new()];
            for part in parts {
                let next = pieces(part)?;
                all = all.iter().flat_map(|path| next.iter().map(|more| [&path[..], more].concat())).collect();
                if all.len() > MOST {
                    return None;
                }
            }
            Some(all)
        }
        HirKind::Repetition(repetition) => {
            let anything = match repetition.sub.kind() {
                HirKind::Class(class) if is_anything(class) => Some(Piece::Any),
                HirKind::Class(class) if is_anything_but_slash(class) => Some(Piece::Some),
                _ => None,
            };
            match (repetition.min, repetition.max, anything) {
                (0, None, Some(piece)) => one(piece),
                (1, None, Some(piece)) => Some(vec![vec![Piece::Text("?".to_owned()), piece]]),
                (0, Some(1), _) => {
                    let mut all = pieces(&repetition.sub)?;
                    all.push(Vec::new());
                    Some(all)
                }
                _ => None,
            }
        }
    }
}

fn holds(class: &Class, wanted: impl Fn(u8) -> bool) -> bool {
    let Class::Bytes(class) = class else { return false };
    let is_in = |byte: u8| class.iter().any(|range| (range.start()..=range.end()).contains(&byte));
    (b' '..=b'~').filter(|byte| wanted(*byte)).all(is_in)
}

fn is_anything(class: &Class) -> bool {
    holds(class, |_| true)
}

fn is_anything_but_slash(class: &Class) -> bool {
    !is_anything(class) && holds(class, |byte| byte != b'/')
}

/// One character of a class. What may be anything may not be a `/` in a glob, which makes it narrower.
fn class_glob(class: &Class) -> Option<String> {
    if is_anything(class) || is_anything_but_slash(class) {
        return Some("?".to_owned());
    }
    let Class::Bytes(class) = class else { return None };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_. ".contains(&byte);
    let mut members = String::new();
    for range in class.iter() {
        if !(range.start()..=range.end()).all(is_plain) {
            return None;
        }
        members.push(char::from(range.start()));
        if range.end() > range.start() {
            members.extend(['-', char::from(range.end())]);
        }
    }
    Some(format!("[{members}]"))
}

/// A character as a glob that stands for it alone.
fn escaped(character: char) -> Option<String> {
    match character {
        '\\' => None,
        '*' | '?' | '[' | ']' | '{' | '}' | ',' => Some(format!("[{character}]")),
        _ => Some(character.to_string()),
    }
}

/// The globs of one reading.
fn rendered(mut path: Vec<Piece>) -> Option<Vec<String>> {
    if path.first() == Some(&Piece::Start) {
        path.remove(0);
    } else {
        path.insert(0, Piece::Any);
    }
    if path.last() == Some(&Piece::End) {
        path.pop();
    } else {
        path.push(Piece::Any);
    }
    let mut globs = vec![String::new()];
    let mut pieces = path.into_iter().peekable();
    while let Some(piece) = pieces.next() {
        // Anything beside anything is anything.
        if matches!(piece, Piece::Some) && pieces.peek() == Some(&Piece::Any)
            || matches!(piece, Piece::Any | Piece::Some) && pieces.peek() == Some(&piece)
        {
            continue;
        }
        let is_last = pieces.peek().is_none();
        globs = globs.into_iter().flat_map(|glob| extended(glob, &piece, is_last)).collect();
        if globs.len() > MOST || matches!(piece, Piece::Start | Piece::End) {
            return None;
        }
    }
    Some(globs)
}

/// `glob` with `piece` behind it. `**` stands for folders only as a whole part of a path, so within a name anything is
/// either the rest of the name, or that and more folders.
fn extended(glob: String, piece: &Piece, is_last: bool) -> Vec<String> {
    let is_at_name = glob.is_empty() || glob.ends_with('/');
    match piece {
        Piece::Text(text) => vec![glob + text],
        Piece::Some => vec![glob + "*"],
        Piece::Any if is_at_name && is_last => vec![glob + "**"],
        Piece::Any if is_at_name => vec![glob + "**/*"],
        Piece::Any if is_last => vec![format!("{glob}*"), format!("{glob}*/**")],
        Piece::Any => vec![format!("{glob}*"), format!("{glob}*/**/*")],
        Piece::Start | Piece::End => vec![glob],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::glob_set;

    #[test]
    fn usual_patterns_become_globs() {
        for (pattern, expected) in [
            (r"\.env$", "**/*.env"),
            (r"^src/", "src/**"),
            (r"(^|/)vendor/", "{**/*/vendor/**,vendor/**}"),
            (r"go\.sum$", "**/*go.sum"),
            (r"^a/[^/]*\.py$", "a/*.py"),
            (r"^docs/.*\.md$", "docs/**/*.md"),
            (r"^x.*y$", "{x*/**/*y,x*y}"),
            (r"(?i)^a\.tf$", "[Aa].[Tt][Ff]"),
            (r"^\[a\]\.[ch]$", "[[]a[]].[ch]"),
        ] {
            assert_eq!(joined(&globs(pattern).unwrap()), expected, "{pattern}");
        }
    }

    /// A glob covers no path that the regex does not match.
    #[test]
    fn no_glob_covers_more_than_its_regex() {
        const PATHS: [&str; 12] = [
            "a",
            "src/a.py",
            "src/b/a.py",
            "x/src/a.py",
            ".env",
            "a/.env",
            "my.env",
            "vendor/x",
            "a/vendor/x",
            "avendor/x",
            "a[1].c",
            "docs/a/b/c.md",
        ];
        for pattern in [
            r"\.env$",
            r"^src/",
            r"(^|/)vendor/",
            r"vendor",
            r"^docs/.+\.md$",
            r".*",
            r"src/.*\.py",
            r"^(src|docs)/",
            r"(.*?)(md|py)$",
            r"a\[1\]\.c",
            r"^a/?",
            r"s.c/a",
        ] {
            let regex = regex::bytes::Regex::new(pattern).unwrap();
            let globs = globs(pattern).unwrap();
            let set = glob_set(globs.iter().map(String::as_str)).unwrap();
            for path in PATHS {
                assert_eq!(set.is_match(path), regex.is_match(path.as_bytes()), "{pattern} {path} {globs:?}");
            }
        }
    }

    #[test]
    fn what_a_glob_cannot_say_is_refused() {
        for pattern in ["[a-z]+", r"\bx", "x{3}", "(a|b|c|d)(a|b|c|d)(a|b|c|d)", r"a\\b", "a$b"] {
            assert_eq!(globs(pattern).unwrap_err(), "says more than a glob can", "{pattern}");
        }
        assert!(globs("(?=x)").unwrap_err().contains("look-around"));
    }
}
