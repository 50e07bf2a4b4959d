//! Where in a match of a regex its secret is, as far as the syntax tells it.
//!
//! Telling the bounds of a match costs a fiftieth of telling those of a group in it. Shared by `build.rs` and the
//! configuration, like the rules.

use regex_syntax::hir::{Hir, HirKind};

use super::macros::{ESCAPES, START};
use super::shape::{Bytes, bytes_of, parse, secret_group};

/// Where in a match the secret is, and what of the match stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Only the group `secret` tells.
    Group,
    /// Behind so many bytes.
    Behind(u16, Rest),
    /// Behind `{{start}}`.
    BehindStart(Rest),
    /// It is so many bytes long.
    Length(u16, Rest),
    /// Where this says; the group tells where it says so of several places.
    Within(Stretch, Rest),
}

/// What all that a secret may begin at have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// How many bytes of the match stand before it, at least.
    pub(crate) from: u32,
    /// The last of them is one of these.
    pub(crate) behind: Bytes,
    /// It holds nothing but these.
    pub(crate) holds: Bytes,
    /// How long it is, at least and at most.
    pub(crate) lengths: (u32, u32),
}

/// What of a match stands behind the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// So many bytes.
    Fixed(u16),
    /// None of these, with one of which the secret ends.
    Without(Bytes),
    /// One of these first, and none of them again.
    Opened(Bytes),
}

impl Rest {
    fn of(parts: &[Hir], secret: &Hir) -> Option<Self> {
        if let Some(length) = length(parts) {
            return Some(Self::Fixed(length));
        }
        let last = Bytes::where_all(|byte| may_close(std::slice::from_ref(secret), byte));
        if is_filled(secret) && !last.meets(bytes_in(parts)) {
            return Some(Self::Without(last));
        }
        let taking = parts.iter().position(|part| part.properties().maximum_len() != Some(0))?;
        let (first, others) = (&parts[taking..=taking], &parts[taking + 1..]);
        let opening = bytes_in(first);
        (length(first) == Some(1) && !opening.meets(bytes_in(others))).then_some(Self::Opened(opening))
    }
}

impl Place {
    /// Where it is in each match of `hir`.
    pub(super) fn of(hir: &Hir) -> Self {
        let Some(secret) = secret_group(hir) else { return Self::Behind(0, Rest::Fixed(0)) };
        let parts = match hir.kind() {
            HirKind::Concat(parts) => parts.as_slice(),
            _ => std::slice::from_ref(hir),
        };
        let Some(number) = parts.iter().position(|part| is_group_of(part, secret)) else { return Self::Group };
        let (before, behind) = (&parts[..number], &parts[number + 1..]);
        let Some(rest) = Rest::of(behind, secret) else { return Self::Group };
        if let Some(before) = length(before) {
            return Self::Behind(before, rest);
        }
        if let Some(length) = length(std::slice::from_ref(secret)) {
            return Self::Length(length, rest);
        }
        if is_start(before) && !ESCAPES.iter().any(|byte| may_open(secret, *byte)) && is_filled(secret) {
            return Self::BehindStart(rest);
        }
        Self::Within(Stretch::of(before, secret), rest)
    }
}

impl Stretch {
    fn of(before: &[Hir], secret: &Hir) -> Self {
        let bounded = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let properties = secret.properties();
        Self {
            from: before.iter().filter_map(|part| part.properties().minimum_len()).map(bounded).sum(),
            behind: Bytes::where_all(|byte| may_close(before, byte)),
            holds: bytes_in(std::slice::from_ref(secret)),
            lengths: (properties.minimum_len().map_or(0, bounded), properties.maximum_len().map_or(u32::MAX, bounded)),
        }
    }

    /// The only place in `matched` at which a secret may begin that ends with it; `None` where there are several.
    pub(super) fn start(&self, matched: &[u8]) -> Option<usize> {
        let offset = |length: u32| usize::try_from(length).unwrap_or(usize::MAX);
        let (least, most) = (offset(self.lengths.0), offset(self.lengths.1));
        let run = matched.iter().rev().take(most).take_while(|byte| self.holds.hold(**byte)).count();
        let first = (matched.len() - run).max(offset(self.from));
        let begins = |start: &usize| *start == 0 || self.behind.hold(matched[*start - 1]);
        let mut starts = (first..=matched.len().checked_sub(least)?).filter(begins);
        starts.next().filter(|_| starts.next().is_none())
    }
}

fn is_group_of(hir: &Hir, sub: &Hir) -> bool {
    matches!(hir.kind(), HirKind::Capture(capture) if std::ptr::eq(&raw const *capture.sub, sub))
}

/// How many bytes every match of the parts has, one behind the other; `None` where that differs.
fn length(parts: &[Hir]) -> Option<u16> {
    let length =
        |part: &Hir| part.properties().minimum_len().filter(|least| part.properties().maximum_len() == Some(*least));
    parts.iter().map(length).sum::<Option<usize>>().and_then(|sum| u16::try_from(sum).ok())
}

/// Whether the parts are `{{start}}`, and nothing else that takes a byte.
fn is_start(parts: &[Hir]) -> bool {
    let mut taking = parts.iter().filter(|part| part.properties().maximum_len() != Some(0));
    match (taking.next(), taking.next()) {
        (Some(only), None) => parse(START).is_ok_and(|start| *only == start),
        _ => false,
    }
}

/// Whether no match is empty.
fn is_filled(hir: &Hir) -> bool {
    hir.properties().minimum_len() > Some(0)
}

/// Whether a match that is not empty may begin with `byte`.
fn may_open(hir: &Hir, byte: u8) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.first() == Some(&byte),
        HirKind::Class(class) => bytes_of(class).is_none_or(|class| class.hold(byte)),
        HirKind::Capture(capture) => may_open(&capture.sub, byte),
        HirKind::Repetition(repetition) => may_open(&repetition.sub, byte),
        HirKind::Alternation(parts) => parts.iter().any(|part| may_open(part, byte)),
        HirKind::Concat(parts) => {
            let filled = parts.iter().position(is_filled).map_or(parts.len(), |filled| filled + 1);
            parts[..filled].iter().any(|part| may_open(part, byte))
        }
        HirKind::Empty | HirKind::Look(_) => false,
    }
}

/// All bytes that matches of the parts hold.
fn bytes_in(parts: &[Hir]) -> Bytes {
    let of = |part: &Hir| match part.kind() {
        HirKind::Literal(literal) => literal.0.iter().copied().collect(),
        HirKind::Class(class) => bytes_of(class).unwrap_or(Bytes::ALL),
        HirKind::Capture(capture) => bytes_in(std::slice::from_ref(&capture.sub)),
        HirKind::Repetition(repetition) => bytes_in(std::slice::from_ref(&repetition.sub)),
        HirKind::Alternation(parts) | HirKind::Concat(parts) => bytes_in(parts),
        HirKind::Empty | HirKind::Look(_) => Bytes::NONE,
    };
    parts.iter().map(of).fold(Bytes::NONE, Bytes::or)
}

/// Whether a match of the parts that is not empty may end with `byte`.
fn may_close(parts: &[Hir], byte: u8) -> bool {
    let filled = parts.iter().rposition(is_filled).unwrap_or(0);
    parts[filled..].iter().any(|part| match part.kind() {
        HirKind::Literal(literal) => literal.0.last() == Some(&byte),
        HirKind::Class(class) => bytes_of(class).is_none_or(|class| class.hold(byte)),
        HirKind::Capture(capture) => may_close(std::slice::from_ref(&capture.sub), byte),
        HirKind::Repetition(repetition) => may_close(std::slice::from_ref(&repetition.sub), byte),
        HirKind::Alternation(parts) => parts.iter().any(|part| may_close(std::slice::from_ref(part), byte)),
        HirKind::Concat(parts) => may_close(parts, byte),
        HirKind::Empty | HirKind::Look(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::shape::Shape;

    #[track_caller]
    fn check(place: Place, regexes: &[&str]) {
        for regex in regexes {
            assert_eq!(Shape::of(regex).unwrap().place, place, "{regex}");
        }
    }

    #[test]
    fn places_are_told_where_the_syntax_tells_them() {
        check(
            Place::Behind(0, Rest::Fixed(0)),
            &["abc", "(?<secret>abc)", r"\b(?<secret>a[0-9]{4})\b", r"(?m)^(?<secret>x|y)(?:\b|$)", "a(b)?c"],
        );
        check(Place::Behind(2, Rest::Fixed(1)), &["k[=:](?<secret>a+)[;,]", "(?:k=|k:)(?<secret>a{2,4};?)\n"]);
        check(
            Place::BehindStart(Rest::Fixed(0)),
            &["{{start}}(?<secret>ab+)", r"{{start}}\b(?<secret>[a-z]+)\b", "(?x) {{start}} (?<secret>a1?|b2)"],
        );
        check(Place::Length(4, Rest::Fixed(0)), &["k{{assign}}(?<secret>[=0-9]{4})", "a+(?<secret>aaaa|aabb)"]);
    }

    fn bytes(text: &str) -> Bytes {
        text.bytes().collect()
    }

    #[test]
    fn the_end_is_told_where_no_byte_behind_it_may_be_taken_for_its_last() {
        check(
            Place::Behind(2, Rest::Without(bytes("abcd"))),
            &[
                "k=(?<secret>[a-d]{20,30});?",
                "k=(?<secret>[^a-d]?[a-d]{20})[^a-d]?",
                r"k=(?<secret>[a-d;]*[a-d]);?\s*\]",
            ],
        );
        check(
            Place::Behind(2, Rest::Opened(bytes("@"))),
            &["k=(?<secret>[a-z@]{20,30})@[a-z.]+", r"k=(?<secret>.+)\b@(?:[a-z]+|)"],
        );
        check(Place::Length(20, Rest::Opened(bytes(";\n"))), &["k=+(?<secret>[a-z;]{20})[;\n] *"]);
        check(
            Place::Group,
            &[
                "k=(?<secret>[a-z]{20,30})[^b-z]?",
                "k=(?<secret>[a-z]{20,30}.?)[;]?",
                "k=(?<secret>[a-z ]{20,30}) {0,2}",
                "k=(?<secret>[a-z@]{20,30})@[a-z.@]+",
                "k=(?<secret>[a-z@]{20,30})@?[a-z.]+",
                "k=(?<secret>[a-z]*);?",
            ],
        );
    }

    /// Where a secret begins in each of the texts that end with one.
    #[track_caller]
    fn starts(regex: &str, texts: &[(&str, Option<usize>)]) {
        let Place::Within(stretch, _) = Shape::of(regex).unwrap().place else { panic!("{regex}") };
        for (text, start) in texts {
            assert_eq!(stretch.start(text.as_bytes()), *start, "{regex}: {text}");
        }
    }

    #[test]
    fn the_start_is_told_where_it_may_be_in_one_place_only() {
        starts("k[=:]*[=:](?<secret>[a-z0-9]{4,})", &[("k=abcd", Some(2)), ("k::abcd0123", Some(3))]);
        // The sign before it may also stand in it.
        let regex = "k(?:-p|=+)(?<secret>[a-z=]{4,6})";
        starts(
            regex,
            &[("k=abcd", Some(2)), ("k=ab=", None), ("k-pabcdp", Some(3)), ("k-pabpdef", Some(3)), ("k-papcdef", None)],
        );
        starts(regex, &[("k-ppbcde", None), ("k==abcdef", Some(3)), ("k==abcde", None), ("k=abc=def", None)]);
        // Nothing at all may stand before it.
        starts("(?:k=|;)?(?<secret>[a-z]{4,})", &[("abcd", Some(0)), ("k=abcd", Some(2)), ("abc", None)]);
    }

    #[test]
    fn the_group_is_asked_where_the_syntax_does_not_tell() {
        // Its end is open, or it is no certain group.
        check(
            Place::Group,
            &["(?<secret>a+)a{0,2}", "(?<secret>a)?b", "(?<secret>a)?", "(?<secret>a)|b", "((?<secret>ab?))"],
        );
    }

    #[test]
    fn a_value_behind_start_begins_otherwise_than_start_does() {
        // A value that may begin as `{{start}}` does, or be empty; something more before it.
        for regex in [
            "{{start}}(?<secret>[^x]a+)",
            r"{{start}}(?<secret>(?:\b|a)%b+)",
            "{{start}}(?<secret>a*)",
            "x{{start}}(?<secret>a+)",
            "{{start}}{{start}}(?<secret>a+)",
        ] {
            let place = Shape::of(regex).unwrap().place;
            assert!(matches!(place, Place::Within(_, Rest::Fixed(0))), "{regex}: {place:?}");
        }
    }
}
