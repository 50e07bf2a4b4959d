//! Where in a match of a regex its secret is, as far as the syntax tells it.
//!
//! Telling the bounds of a match costs a fiftieth of telling those of a group in it. Shared by `build.rs` and the
//! configuration, like the rules.

use regex_syntax::hir::{Hir, HirKind};

use super::macros::{ESCAPES, START};
use super::shape::{Bytes, Gate, bytes_of, is_all_of, parse, secret_group};

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
    /// It is the longest run at the end of the bytes that this run of the [`Gate`] is made of.
    Run(u8, Rest),
}

/// What of a match stands behind the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// So many bytes.
    Fixed(u16),
    /// One byte that is none of this run of the [`Gate`], where the last byte of the secret is one; or nothing.
    Border(u8),
}

impl Rest {
    fn of(parts: &[Hir], secret: &Hir, gate: &Gate) -> Option<Self> {
        if let Some(length) = length(parts) {
            return Some(Self::Fixed(length));
        }
        let most = parts.iter().map(|part| part.properties().maximum_len()).sum::<Option<usize>>();
        let is_border = |byte| parts.iter().any(|part| may_open(part, byte));
        let is_last = |byte| may_close(std::slice::from_ref(secret), byte);
        let tells =
            |kind: Bytes| (0..=u8::MAX).all(|byte| if kind.hold(byte) { !is_border(byte) } else { !is_last(byte) });
        if most != Some(1) || !is_filled(secret) {
            return None;
        }
        let run = gate.runs.iter().position(|(_, kind)| tells(*kind))?;
        u8::try_from(run).ok().map(Self::Border)
    }
}

impl Place {
    /// Where it is in each match of `hir`, whose gate is `gate`.
    pub(super) fn of(hir: &Hir, gate: &Gate) -> Self {
        let Some(secret) = secret_group(hir) else { return Self::Behind(0, Rest::Fixed(0)) };
        let parts = match hir.kind() {
            HirKind::Concat(parts) => parts.as_slice(),
            _ => std::slice::from_ref(hir),
        };
        let Some(number) = parts.iter().position(|part| is_group_of(part, secret)) else { return Self::Group };
        let (before, behind) = (&parts[..number], &parts[number + 1..]);
        let Some(rest) = Rest::of(behind, secret, gate) else { return Self::Group };
        if let Some(before) = length(before) {
            return Self::Behind(before, rest);
        }
        if let Some(length) = length(std::slice::from_ref(secret)) {
            return Self::Length(length, rest);
        }
        if is_start(before) && !ESCAPES.iter().any(|byte| may_open(secret, *byte)) && is_filled(secret) {
            return Self::BehindStart(rest);
        }
        let run = gate.runs.iter().position(|(_, kind)| is_all_of(secret, *kind) && may_never_close(before, *kind));
        run.and_then(|run| u8::try_from(run).ok()).map_or(Self::Group, |run| Self::Run(run, rest))
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

/// Whether a match of the parts, one behind the other, ends with a byte of `kind` never.
fn may_never_close(parts: &[Hir], kind: Bytes) -> bool {
    (0..=u8::MAX).filter(|byte| kind.hold(*byte)).all(|byte| !may_close(parts, byte))
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
        check(
            Place::Run(0, Rest::Fixed(0)),
            &[r"k{{assign}}(?<secret>[a-z0-9]{20,30})\b", "(?:k=|x.)?k;?=(?<secret>[a-z]{8,})"],
        );
        check(Place::Run(0, Rest::Fixed(1)), &["k{{assign}}(?<secret>[a-z0-9]{20,30})[;,]"]);
    }

    #[test]
    fn a_border_is_told_where_no_secret_ends_with_it() {
        check(Place::Length(20, Rest::Border(0)), &["k{{assign}}(?<secret>[a-z]{20})(?:[^a-z]|$)"]);
        check(
            Place::Behind(2, Rest::Border(0)),
            &["k=(?<secret>[a-z]{20,30});?", "k=(?<secret>[^a-z]?[a-z]{20})[^a-z]?"],
        );
        check(
            Place::Group,
            &["k=(?<secret>[a-z]{20,30})[^b-z]?", "k=(?<secret>[a-z]{20,30}.?)[;]?", "k=(?<secret>[a-z]{20,30}) {0,2}"],
        );
    }

    #[test]
    fn the_group_is_asked_where_the_syntax_does_not_tell() {
        // Its end is open, or it is no certain group.
        check(
            Place::Group,
            &["(?<secret>a+) {0,2}", "(?<secret>a)?b", "(?<secret>a)?", "(?<secret>a)|b", "((?<secret>ab?))"],
        );
        // A value that may begin as `{{start}}` does, or be empty; something more before it.
        check(
            Place::Group,
            &[
                "{{start}}(?<secret>[^x]a+)",
                r"{{start}}(?<secret>(?:\b|a)%b+)",
                "{{start}}(?<secret>a*)",
                "x{{start}}(?<secret>a+)",
                "{{start}}{{start}}(?<secret>a+)",
            ],
        );
        // What stands before the value may end as the value goes on, or the value holds other bytes too.
        check(
            Place::Group,
            &[
                "k[a-z]?=?(?<secret>[a-z]{8,})",
                "(?:k=|k)+(?<secret>[a-z]{8,})",
                "(?:a|k=)(?:;;)?(?<secret>[a-z]{8,})",
                "k{{assign}}(?<secret>[a-z=]{8,20})",
                "[;]+(?<secret>[a-z]{8}[;][a-z]*)",
            ],
        );
    }
}
