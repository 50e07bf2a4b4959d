//! Regular expressions of Go and Python in the syntax of ours.
//!
//! Go's differ in little: what begins a word in ours (`\<`) is a plain character there, a `[` within brackets opens
//! nothing, octal numbers and `\Q...\E` are known, and a brace that counts nothing stands for itself.

use std::fmt::Write as _;

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::rules::shape;

/// A regex in our syntax.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) regex: String,
    pub(super) hir: Hir,
}

/// Translates `pattern`; its group number `secret`, when there is one, becomes the group of the key.
pub(super) fn translate(pattern: &str, secret: Option<usize>) -> Result<Translated, String> {
    let mut translator = Translator { rest: pattern, out: String::new(), groups: 0, secret };
    while !translator.rest.is_empty() {
        translator.step()?;
    }
    if let Some(missing) = secret.filter(|number| *number > translator.groups) {
        return Err(format!("has no group {missing}"));
    }
    let hir = shape::parse(&translator.out).map_err(|error| {
        let text = error.to_string();
        let sentence = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or("is no regex here");
        format!("does not parse: {sentence}")
    })?;
    Ok(Translated { regex: translator.out, hir })
}

/// The same without a look at what it means.
pub(crate) fn of_go(pattern: &str) -> Result<String, String> {
    let mut translator = Translator { rest: pattern, out: String::new(), groups: 0, secret: None };
    while !translator.rest.is_empty() {
        translator.step()?;
    }
    Ok(translator.out)
}

/// How many groups the pattern captures.
pub(super) fn groups(pattern: &str) -> usize {
    let mut translator = Translator { rest: pattern, out: String::new(), groups: 0, secret: None };
    while !translator.rest.is_empty() && translator.step().is_ok() {}
    translator.groups
}

struct Translator<'p> {
    rest: &'p str,
    out: String,
    groups: usize,
    secret: Option<usize>,
}

impl Translator<'_> {
    fn step(&mut self) -> Result<(), String> {
        if let Some(rest) = self.rest.strip_prefix("\\Q") {
            let (literal, behind) = rest.split_once("\\E").unwrap_or((rest, ""));
            self.out.push_str(&regex_syntax::escape(literal));
            self.rest = behind;
            return Ok(());
        }
        match self.rest.chars().next() {
            Some('\\') => self.escape(),
            Some('[') => self.class(),
            Some('(') => return self.group(),
            Some('{') if !is_count(self.rest) => {
                self.take(1);
                self.out.push_str("\\{");
            }
            Some(other) => {
                self.take(other.len_utf8());
                self.out.push(other);
            }
            None => {}
        }
        Ok(())
    }

    fn take(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn escape(&mut self) {
        let behind = self.rest.get(1..).unwrap_or_default();
        let Some(kind) = behind.chars().next() else {
            self.out.push('\\');
            return self.take(1);
        };
        let digits = behind.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
        if kind == '0' && digits > 0 || digits > 1 {
            let number = behind.get(..digits).and_then(|text| u8::from_str_radix(text, 8).ok());
            if let Some(number) = number {
                write!(self.out, "\\x{number:02x}").ok();
                return self.take(1 + digits);
            }
        }
        match kind {
            'p' | 'P' if behind.get(1..).is_some_and(|rest| rest.starts_with('{')) => {
                let (name, _) = behind.split_once('}').unwrap_or((behind, ""));
                write!(self.out, "\\{name}}}").ok();
                return self.take(name.len() + 2);
            }
            '<' | '>' => self.out.push(kind),
            'Z' => self.out.push_str("\\z"),
            _ => self.out.extend(['\\', kind]),
        }
        self.take(1 + kind.len_utf8());
    }

    /// A class in brackets.
    fn class(&mut self) {
        self.take(1);
        self.out.push('[');
        if self.rest.starts_with('^') {
            self.take(1);
            self.out.push('^');
        }
        let mut is_first = true;
        while let Some(character) = self.rest.chars().next() {
            let named = self.rest.starts_with("[:").then(|| self.rest.find(":]")).flatten();
            match (character, named) {
                ('[', Some(end)) => {
                    self.out.push_str(self.rest.get(..end + 2).unwrap_or_default());
                    self.take(end + 2);
                }
                ('\\', _) => self.escape(),
                (']', _) if !is_first => {
                    self.take(1);
                    self.out.push(']');
                    return;
                }
                _ => {
                    // A doubled sign is an operation on classes in ours.
                    let is_doubled = "&~".contains(character) && self.out.ends_with(character);
                    if is_doubled || "[]".contains(character) {
                        self.out.push('\\');
                    }
                    self.out.push(character);
                    self.take(character.len_utf8());
                }
            }
            is_first = false;
        }
    }

    fn group(&mut self) -> Result<(), String> {
        self.take(1);
        if self.rest.starts_with("?P=") || self.rest.starts_with("?P>") {
            return Err("refers back to one of its groups, which ours cannot".to_owned());
        }
        let name = ["?P<", "?<"].into_iter().find(|opening| self.rest.starts_with(opening));
        let is_look = self.rest.starts_with("?<=") || self.rest.starts_with("?<!");
        if is_look || name.is_none() && self.rest.starts_with('?') {
            self.out.push('(');
            return Ok(());
        }
        if name.is_some() {
            let end = self.rest.find('>').ok_or("has a group whose name does not end")?;
            self.take(end + 1);
        }
        self.groups += 1;
        self.out.push_str(if self.secret == Some(self.groups) { "(?<secret>" } else { "(?:" });
        Ok(())
    }
}

/// Whether a brace counts: `{3}`, `{3,}`, `{3,5}`.
fn is_count(text: &str) -> bool {
    let inside = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(inside, _)| inside);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    inside.is_some_and(|inside| match inside.split_once(',') {
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
        None => is_number(inside),
    })
}

/// The one text that the regex stands for, with or without its anchors.
pub(super) fn literal(regex: &str) -> Option<String> {
    let hir = shape::parse(regex).ok()?;
    let parts: &[Hir] = if let HirKind::Concat(parts) = hir.kind() { parts } else { std::slice::from_ref(&hir) };
    let mut texts = parts.iter().filter(|part| !matches!(part.kind(), HirKind::Look(_)));
    match (texts.next()?.kind(), texts.next()) {
        (HirKind::Literal(literal), None) => String::from_utf8(literal.0.to_vec()).ok(),
        _ => None,
    }
}

/// Whether every match holds one of the keywords, in any case.
pub(super) fn holds_one(hir: &Hir, keywords: &[String]) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => holds_one(&capture.sub, keywords),
        HirKind::Repetition(repetition) => repetition.min > 0 && holds_one(&repetition.sub, keywords),
        HirKind::Alternation(branches) => branches.iter().all(|branch| holds_one(branch, keywords)),
        _ => {
            let mut run = Vec::new();
            let mut runs = vec![];
            spell(hir, &mut run, &mut runs);
            runs.push(run);
            let is_held =
                |run: &Vec<u8>| keywords.iter().any(|word| memchr::memmem::find(run, word.as_bytes()).is_some());
            let parts: &[Hir] = if let HirKind::Concat(parts) = hir.kind() { parts } else { &[] };
            let is_plain =
                |part: &Hir| matches!(part.kind(), HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_));
            runs.iter().any(is_held)
                || parts.iter().filter(|part| !is_plain(part)).any(|part| holds_one(part, keywords))
        }
    }
}

/// Spells out what an expression begins with for certain, in small letters; where it is uncertain a new run begins.
fn spell(hir: &Hir, run: &mut Vec<u8>, runs: &mut Vec<Vec<u8>>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => run.extend(literal.0.to_ascii_lowercase()),
        HirKind::Class(Class::Bytes(class)) => {
            let mut letters =
                class.iter().flat_map(|range| range.start()..=range.end()).map(|b| b.to_ascii_lowercase());
            match letters.next().filter(|first| letters.all(|letter| letter == *first)) {
                Some(letter) => run.push(letter),
                None => runs.push(std::mem::take(run)),
            }
        }
        HirKind::Capture(capture) => spell(&capture.sub, run, runs),
        HirKind::Concat(parts) => parts.iter().for_each(|part| spell(part, run, runs)),
        _ => runs.push(std::mem::take(run)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, secret: Option<usize>, expected: &str) {
        assert_eq!(translate(pattern, secret).unwrap().regex, expected, "{pattern}");
    }

    #[test]
    fn what_another_syntax_means_stays() {
        check(r"\bacme_([a-z]{4,})\z", Some(1), r"\bacme_(?<secret>[a-z]{4,})\z");
        check(r"(?i)(?P<name>a|b)(c)", Some(2), r"(?i)(?:a|b)(?<secret>c)");
        check(r"\<b\>[\<]", None, "<b>[<]");
        check(r"a{b}{2}{,3}", None, r"a\{b}{2}\{,3}");
        check(r"[[a][]a][^]a][[:alpha:]&&~~]", None, r"[\[a][\]a][^\]a][[:alpha:]&\&~\~]");
        check(r"\Qa.b\E\.c\Q(", None, r"a\.b\.c\(");
        check(r"\012\0\77", None, r"\x0a\x00\x3f");
        check(r"x\Z", None, r"x\z");
    }

    #[test]
    fn what_has_no_counterpart_is_refused_by_name() {
        for (pattern, why) in [
            ("(?=a)", "look-around"),
            ("(?<!a)b", "look-around"),
            (r"(a)\1", "backreference"),
            ("(?P<x>a)(?P=x)", "refers back"),
            ("a(", "unclosed group"),
            ("(?P<x", "does not end"),
        ] {
            assert!(translate(pattern, None).unwrap_err().contains(why), "{pattern}");
        }
        assert_eq!(translate("(a)", Some(2)).unwrap_err(), "has no group 2");
    }

    #[test]
    fn keywords_are_kept_where_every_match_holds_one() {
        let holds = |pattern: &str, word: &str| holds_one(&translate(pattern, None).unwrap().hir, &[word.to_owned()]);
        for pattern in ["acme_[a-z]", "(?i)x(acme)[_]y", "(?:acme_|acme-)x", "(acme){2}", "[a](?:cm)e"] {
            assert!(holds(pattern, "acme"), "{pattern}");
        }
        for pattern in ["acm[ef]", "(acme)?x", "acme|beta", "ac.me", "[a-z]{4}"] {
            assert!(!holds(pattern, "acme"), "{pattern}");
        }
    }
}
