//! Where a text is worth decoding: around the signs that the prefilter saw, and around runs of base64.

use std::ops::Range;

use super::base64::{self, Run};
use super::piece::Piece;
use super::sign::{SIGNED, Way};
use super::unit::{self, Decoded};

/// How far around a sign the text is taken along: names stand there, and what a rule wants to see near a key.
const AROUND: usize = 200;

/// A piece is at most so long; what is longer is cut.
const LONGEST: usize = 1 << 20;

/// How close to a sign a keyword stands where the sign alone is too common.
const NEAR: usize = 160;

/// The signs in a text, gathered in order.
pub(crate) struct Signs {
    /// For each of [`SIGNED`].
    clusters: [Vec<Cluster>; SIGNED.len()],
    last_keyword: Option<usize>,
}

/// Signs of one way that stand close to each other.
struct Cluster {
    span: Range<usize>,
    /// Whether one of them says enough by itself, or stands by a keyword.
    counts: bool,
}

impl Signs {
    pub(crate) fn new() -> Self {
        Self { clusters: [const { Vec::new() }; SIGNED.len()], last_keyword: None }
    }

    /// A keyword of a rule ends at `end`.
    pub(crate) fn keyword(&mut self, end: usize) {
        self.last_keyword = Some(end);
        for last in self.clusters.iter_mut().filter_map(|clusters| clusters.last_mut()) {
            last.counts |= end <= last.span.end + NEAR;
        }
    }

    /// The sign of `way` at `hit`.
    pub(crate) fn sign(&mut self, way: Way, text: &[u8], hit: Range<usize>) {
        let Some(meaning) = meaning(way, text, hit.start) else { return };
        let has_keyword = self.last_keyword.is_some_and(|end| hit.start <= end + NEAR);
        let counts = meaning == Meaning::Character || has_keyword;
        let Some(place) = SIGNED.iter().position(|signed| *signed == way) else { return };
        let clusters = &mut self.clusters[place];
        match clusters.last_mut() {
            Some(last) if hit.start <= last.span.end + 2 * AROUND && hit.end <= last.span.start + LONGEST => {
                last.span.end = last.span.end.max(hit.end);
                last.counts |= counts;
            }
            Some(last) if !last.counts => *last = Cluster { span: hit, counts },
            _ => clusters.push(Cluster { span: hit, counts }),
        }
    }

    /// All windows of `text`, base64 first.
    pub(crate) fn windows(self, text: &[u8]) -> impl Iterator<Item = Window> {
        let coded = by_distance(base64::runs(text)).map(move |runs| {
            let span = runs[0].span.start..runs[runs.len() - 1].span.end;
            Window { way: Way::Base64, span: around(text, &span), runs }
        });
        let of_way = move |(way, clusters): (Way, Vec<Cluster>)| {
            let counted = clusters.into_iter().filter(|cluster| cluster.counts);
            counted.map(move |cluster| Window { way, span: around(text, &cluster.span), runs: Vec::new() })
        };
        coded.chain(SIGNED.into_iter().zip(self.clusters).flat_map(of_way))
    }
}

/// What a sign stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// A character that could stand there itself, so that somebody or something hid it.
    Character,
    /// A quote or a line break that a string needs: it hides nothing but what is around a key.
    Structure,
}

/// What the sign at `place` stands for, when it is one.
fn meaning(way: Way, text: &[u8], place: usize) -> Option<Meaning> {
    let unit = unit::at(way, text, place)?;
    match (way, unit.decoded) {
        (Way::Escape, Decoded::Byte(b'\n' | b'\r' | b'\t' | b'"')) if unit.length == 2 => {
            let next = text.get(place + 2)?;
            (next.is_ascii_alphanumeric() || b"-_".contains(next)).then_some(Meaning::Structure)
        }
        (Way::Entity, Decoded::Byte(b'"')) => Some(Meaning::Structure),
        (_, Decoded::Byte(b' '..=b'~' | b'\n') | Decoded::Nothing) => Some(Meaning::Character),
        _ => None,
    }
}

/// A stretch of a text to decode in one way.
pub(crate) struct Window {
    way: Way,
    span: Range<usize>,
    runs: Vec<Run>,
}

impl Window {
    /// How many bytes it takes to decode it, at most.
    pub(crate) fn len(&self) -> usize {
        self.span.len()
    }

    /// What it says.
    pub(crate) fn decode(&self, text: &[u8]) -> Piece {
        let mut piece = Piece::new(self.way, self.span.start);
        let mut position = self.span.start;
        for run in &self.runs {
            piece.copy(text, position..run.span.start);
            run.put(text, &mut piece);
            position = run.span.end;
        }
        let text = &text[..self.span.end];
        while let Some(passed) = unit::next(self.way, &text[position..]) {
            let place = position + passed;
            piece.copy(text, position..place);
            match unit::at(self.way, text, place) {
                Some(unit) => {
                    position = place + unit.length;
                    put(unit.decoded, place..position, &mut piece);
                }
                None => {
                    position = place + 1;
                    piece.copy(text, place..position);
                }
            }
        }
        piece.copy(text, position..text.len());
        piece
    }
}

fn put(decoded: Decoded, span: Range<usize>, piece: &mut Piece) {
    match decoded {
        Decoded::Nothing => {}
        Decoded::Byte(byte) => piece.put(&[byte], &span),
        Decoded::Character(character) => piece.put(character.encode_utf8(&mut [0; 4]).as_bytes(), &span),
    }
}

/// Runs that stand close together are decoded together: one may be what a rule wants to see near the other.
fn by_distance(runs: Vec<Run>) -> impl Iterator<Item = Vec<Run>> {
    let mut runs = runs.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut group = vec![runs.next()?];
        while let Some(next) = runs.next_if(|next| {
            let (first, last) = (&group[0].span, &group[group.len() - 1].span);
            next.span.start <= last.end + 2 * AROUND && next.span.end <= first.start + LONGEST
        }) {
            group.push(next);
        }
        Some(group)
    })
}

/// `span` with what stands around it, in whole lines where that is not far.
fn around(text: &[u8], span: &Range<usize>) -> Range<usize> {
    let start = span.start.saturating_sub(AROUND);
    let end = text.len().min(span.end + AROUND);
    let first = match start {
        0 => 0,
        _ => memchr::memchr(b'\n', &text[start..span.start]).map_or(start, |newline| start + newline + 1),
    };
    let last = match end {
        end if end == text.len() => end,
        _ => memchr::memrchr(b'\n', &text[span.end..end]).map_or(end, |newline| span.end + newline),
    };
    first..last
}
