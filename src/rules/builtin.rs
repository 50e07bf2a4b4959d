//! The built-in rules as constants; `build.rs` makes the tables from the TOML files beside this one.

use std::ops::Range;
use std::sync::OnceLock;

use super::place::{Place, Rest, Stretch};
use super::shape::{Bytes, Gate, Shape};
use super::spec::{Confidence, Finds, Placeholders, Validator};
use super::{Card, Engine, Facts, PairFacts, Strings};
use crate::decode::Way;

/// Start and length, in `TEXT` or in one of the lists, in one number: there are tens of thousands of them.
#[derive(Clone, Copy)]
pub struct Span(u32);

impl Span {
    /// Of nothing.
    pub(super) const EMPTY: Self = Self(0);
}

/// The span as places.
pub(crate) const fn range(Span(packed): Span) -> Range<usize> {
    let start = (packed >> tables::LENGTH_BITS) as usize;
    start..start + (packed & ((1 << tables::LENGTH_BITS) - 1)) as usize
}

/// One rule without a single pointer, so that loading the program costs nothing per rule.
struct Record {
    group: Span,
    id: Span,
    title: Span,
    regex: Span,
    near: Span,
    privilege: Span,
    env_var: Span,
    docs: Span,
    revoke: Span,
    keywords: Span,
    paths: Span,
    exclude_paths: Span,
    matches: Span,
    ignores: Span,
    pair_with: Span,
    pair_lines: u32,
    pair_confidence: Confidence,
    near_lines: u32,
    finds: Finds,
    min_entropy: f32,
    validator: Option<Validator>,
    confidence: Confidence,
    placeholders: Placeholders,
    longest: usize,
    gate: Gate,
    /// Its number in `PLACES`.
    place: u16,
}

#[expect(clippy::unreadable_literal, reason = "generated")]
mod tables {
    use std::sync::OnceLock;

    use libdeflater::Decompressor;

    use super::Rest::{Fixed, Opened, Without};
    use super::{Bytes, Confidence, Finds, Gate, Place, Placeholders, Record, Span, Stretch, Validator, Way, range};
    include!(concat!(env!("OUT_DIR"), "/rules.rs"));

    pub(super) fn text(span: Span) -> &'static str {
        TEXT.get(range(span)).expect("build.rs made the span from TEXT")
    }

    /// The examples are a fifth of all text and read by nobody but who tries the rules, so they are stored deflated.
    pub(super) fn examples(span: Span) -> &'static str {
        static DEFLATED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/examples.bin"));
        static INFLATED: OnceLock<String> = OnceLock::new();
        let inflate = || {
            let mut text = vec![0; EXAMPLES];
            Decompressor::new().deflate_decompress(DEFLATED, &mut text).expect("build.rs deflated so many bytes");
            String::from_utf8(text).expect("build.rs deflated a text")
        };
        INFLATED.get_or_init(inflate).get(range(span)).expect("build.rs made the span from the examples")
    }

    pub(super) fn list(span: Span) -> &'static [Span] {
        &LISTS[range(span)]
    }

    pub(super) fn records() -> &'static [Record] {
        &RECORDS
    }
}

pub(crate) use tables::{
    CLASSES, FIRST_HIT, HIT_KEYWORDS, HITS, KEYWORD_LENGTHS, KEYWORD_SIGNS, KEYWORD_WAKES, LONGEST_KEYWORD,
    STRIDE_BITS, WAKES,
};

/// The automaton's table, two bytes a cell, little endian; row = state, column = class.
pub(crate) static TRANSITIONS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/transitions.bin"));

/// The built-in rules without keywords that are for files of this path; a path that ends so may still be another.
pub(crate) fn named(path: &[u8]) -> impl Iterator<Item = usize> {
    let ends = move |ending: Span| path.ends_with(tables::text(ending).as_bytes());
    tables::ENDINGS.iter().filter(move |(ending, _)| ends(*ending)).map(|(_, rule)| *rule)
}

/// The built-in rules of which a file of this path that begins so may be a secret as a whole.
pub(crate) fn of_whole_file(path: &[u8], text: &[u8]) -> impl Iterator<Item = usize> {
    let may_be = move |opening: Span, ending: Span| {
        text.starts_with(&tables::OPENINGS[range(opening)]) && path.ends_with(tables::text(ending).as_bytes())
    };
    tables::WHOLE.iter().filter(move |(opening, ending, _)| may_be(*opening, *ending)).map(|(_, _, rule)| *rule)
}

/// How many rules are built in.
pub(crate) fn count() -> usize {
    tables::records().len()
}

/// The groups of built-in rules by name, each with what kinds of keys it holds.
pub(crate) fn groups() -> impl Iterator<Item = (&'static str, &'static str)> {
    tables::GROUPS.iter().map(|(name, about)| (tables::text(*name), tables::text(*about)))
}

/// The number of the built-in rule called `id`; the records are sorted by id.
pub(crate) fn find(id: &str) -> Option<usize> {
    tables::records().binary_search_by(|record| tables::text(record.id).cmp(id)).ok()
}

/// The name of rule number `index`.
pub(crate) fn id(index: usize) -> &'static str {
    tables::text(tables::records()[index].id)
}

/// The number of the first rule whose id is not before `id`.
pub(crate) fn first_from(id: &str) -> usize {
    tables::records().partition_point(|record| tables::text(record.id) < id)
}

/// The keywords of rule number `index`.
pub(crate) fn keywords(index: usize) -> Strings<'static> {
    Strings::BuiltIn(tables::list(tables::records()[index].keywords))
}

/// The compiled parts of rule number `index`. Few rules ever need theirs, and an empty place is a part of the program's
/// file, so the places are small.
pub(super) fn engine(index: usize) -> &'static Engine {
    static ENGINES: [OnceLock<Box<Engine>>; tables_len()] = [const { OnceLock::new() }; tables_len()];
    ENGINES[index].get_or_init(Box::default)
}

const fn tables_len() -> usize {
    tables::COUNT
}

/// What rule number `index` says.
pub(crate) fn facts(index: usize) -> Facts<'static> {
    let record = &tables::records()[index];
    let optional = |span| Some(tables::text(span)).filter(|text| !text.is_empty());
    Facts {
        group: Some(tables::text(record.group)),
        id: tables::text(record.id),
        title: tables::text(record.title),
        regex: tables::text(record.regex),
        near: optional(record.near).map(|regex| (regex, record.near_lines)),
        pair: Some(PairFacts {
            with: Strings::BuiltIn(tables::list(record.pair_with)),
            lines: record.pair_lines,
            confidence: record.pair_confidence,
        })
        .filter(|pair| !pair.with.is_empty()),
        privilege: optional(record.privilege),
        env_var: optional(record.env_var),
        docs: optional(record.docs),
        revoke: optional(record.revoke),
        keywords: Strings::BuiltIn(tables::list(record.keywords)),
        paths: Strings::BuiltIn(tables::list(record.paths)),
        exclude_paths: Strings::BuiltIn(tables::list(record.exclude_paths)),
        matches: Strings::Examples(record.matches),
        ignores: Strings::Examples(record.ignores),
        finds: record.finds,
        min_entropy: Some(record.min_entropy).filter(|bits| *bits > 0.0),
        validator: record.validator,
        confidence: record.confidence,
        placeholders: record.placeholders,
    }
}

/// What to do about a real key of rule number `index`.
pub(super) fn card(index: usize) -> Card {
    let place =
        u16::try_from(index).ok().and_then(|index| tables::CARD_OF.binary_search_by_key(&index, |of| of.0).ok());
    let Some(spans) = place.map(|place| tables::CARDS[usize::from(tables::CARD_OF[place].1)]) else {
        return Card::default();
    };
    let [narrower, rotate, last_use, audit_log] =
        spans.map(|span| Some(tables::text(span)).filter(|text| !text.is_empty()));
    Card { narrower, rotate, last_use, audit_log }
}

/// What the regex of rule number `index` is for.
pub(crate) fn finds(index: usize) -> Finds {
    tables::records()[index].finds
}

/// What the syntax of the regex of rule number `index` tells.
pub(super) fn shape(index: usize) -> Shape {
    let Record { longest, gate, place, .. } = tables::records()[index];
    let place = tables::PLACES[usize::from(place)];
    Shape { longest: Some(longest).filter(|bytes| *bytes > 0), matches_empty: false, gate, place }
}

/// The text of one entry of a list.
pub(super) fn text(span: Span) -> &'static str {
    tables::text(span)
}

/// The examples at `span`.
pub(super) fn examples(span: Span) -> impl Iterator<Item = &'static str> {
    let text = if range(span).is_empty() { None } else { Some(tables::examples(span)) };
    text.into_iter().flat_map(|text| text.split('\0'))
}
