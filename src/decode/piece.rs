//! A stretch of a text as a reader of the decoded text sees it, and the way back to where each byte comes from.

use std::ops::Range;

use super::sign::Way;

/// A decoded stretch of a text.
pub(crate) struct Piece {
    /// What it is decoded from.
    pub(crate) way: Way,
    bytes: Vec<u8>,
    /// In order; the first one starts at byte 0.
    segments: Vec<Segment>,
}

/// A run of decoded bytes that come from the text in one fashion.
#[derive(Clone, Copy)]
struct Segment {
    decoded: usize,
    original: usize,
    step: Step,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Each byte from one byte.
    Plain,
    /// Three bytes from four.
    Base64,
    /// All bytes from so many.
    Whole(usize),
}

impl Piece {
    /// An empty one that starts at `start` of the text.
    pub(super) fn new(way: Way, start: usize) -> Self {
        Self { way, bytes: Vec::new(), segments: vec![Segment { decoded: 0, original: start, step: Step::Plain }] }
    }

    /// What is decoded.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes `span` of the text as it is.
    pub(super) fn copy(&mut self, text: &[u8], span: Range<usize>) {
        if !span.is_empty() {
            self.segment(span.start, Step::Plain);
            self.bytes.extend_from_slice(&text[span]);
        }
    }

    /// Puts `decoded` for `span` of the text.
    pub(super) fn put(&mut self, decoded: &[u8], span: &Range<usize>) {
        if !decoded.is_empty() {
            self.segment(span.start, Step::Whole(span.len()));
            self.bytes.extend_from_slice(decoded);
        }
    }

    /// Puts what four letters of base64 each, from `start` of the text on, decode to.
    pub(super) fn put_base64(&mut self, decoded: &[u8], start: usize) {
        if !decoded.is_empty() {
            self.segment(start, Step::Base64);
            self.bytes.extend_from_slice(decoded);
        }
    }

    fn segment(&mut self, original: usize, step: Step) {
        let decoded = self.bytes.len();
        let goes_on = self.segments.last().is_some_and(|last| {
            step == Step::Plain && last.step == step && last.original + (decoded - last.decoded) == original
        });
        if !goes_on {
            self.segments.push(Segment { decoded, original, step });
        }
    }

    /// The stretch of the text that the decoded `span` comes from.
    pub(crate) fn original(&self, span: &Range<usize>) -> Range<usize> {
        let (start, _) = self.source(span.start);
        let end = if span.is_empty() { start } else { self.source(span.end - 1).1 };
        start..end
    }

    /// Whether `span`, or a byte beside it, is written otherwise in the text: what is not was seen there already.
    pub(crate) fn changes(&self, span: &Range<usize>) -> bool {
        let wide = span.start.saturating_sub(1)..self.bytes.len().min(span.end + 1);
        self.original(&wide).len() != wide.len()
    }

    /// Where the letters start and end that the byte at `place` comes from.
    fn source(&self, place: usize) -> (usize, usize) {
        let behind = self.segments.partition_point(|segment| segment.decoded <= place);
        let Segment { decoded, original, step } = self.segments[behind.saturating_sub(1)];
        let passed = place - decoded;
        match step {
            Step::Plain => (original + passed, original + passed + 1),
            // A letter holds six of a byte's eight bits.
            Step::Base64 => (original + passed * 8 / 6, original + ((passed + 1) * 8).div_ceil(6)),
            Step::Whole(length) => (original, original + length),
        }
    }
}
