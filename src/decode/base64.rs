//! Runs of base64 that decode to text, in UTF-16 too, as Windows shells take commands (`-EncodedCommand`).

use std::ops::Range;

use super::piece::Piece;

/// The shortest run that is looked at: 18 bytes.
const SHORTEST: usize = 24;
/// Lines of base64 are at least so long where more follow.
const SHORTEST_LINE: usize = 40;

/// A run of base64 that decodes to text: its letters on one line, or on several below each other, and its padding.
pub(super) struct Run {
    pub(super) span: Range<usize>,
    lines: Vec<Range<usize>>,
    width: Width,
}

/// How many bytes a character of ASCII has in the text that a run decodes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    One,
    /// UTF-16: one of the two is 0.
    Two,
}

/// In place of a value: no letter.
const NONE: u8 = 64;
/// Beside a value: what a group of four that starts with this letter decodes to does not start with text.
const NO_TEXT: u8 = 128;

/// The value of each letter of both alphabets.
static VALUES: [u8; 256] = {
    let mut values = [NONE | NO_TEXT; 256];
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < 64 {
        // The six higher bits of a blank or a line break, or of anything from the space to the tilde.
        let is_text = matches!(value, 2 | 3 | 8..=31);
        values[letters[value as usize] as usize] = if is_text { value } else { value | NO_TEXT };
        value += 1;
    }
    values[b'-' as usize] = values[b'+' as usize];
    values[b'_' as usize] = values[b'/' as usize];
    values
};

fn is_letter(byte: u8) -> bool {
    VALUES[usize::from(byte)] & NONE == 0
}

/// All runs in `text`, in order.
pub(super) fn runs(text: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut position = 0;
    visit_dense(text, |place| {
        if place < position {
            return;
        }
        let letters = |byte: &&u8| is_letter(**byte);
        let start = place - text[position..place].iter().rev().take_while(letters).count();
        let line = start..place + text[place..].iter().take_while(letters).count();
        position = line.end;
        if line.len() >= SHORTEST
            && let Some(width) = width_of(&text[line.clone()])
        {
            let alone = Run::of(text, vec![line.clone()], width);
            let whole = Run::of(text, lines(text, line), width);
            position = whole.span.end;
            // A word on the next line may look like more.
            runs.extend([whole, alone].into_iter().find(|run| run.is_text(text)));
        }
    });
    runs
}

/// How many bytes are looked at in one step.
const GROUP: usize = 8;
/// How many bytes are looked at without a branch.
const BLOCK: usize = 8 * GROUP;

/// Visits each aligned group of letters behind which another one stands, where both may be part of a text: every run of
/// [`SHORTEST`] covers two.
fn visit_dense(text: &[u8], mut visit: impl FnMut(usize)) {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let mut was_dense = 0;
    for (number, block) in blocks.iter().chain(std::iter::once(&last)).enumerate() {
        let dense = dense_groups(block);
        let mut pairs = dense & (dense << 1 | was_dense);
        was_dense = dense >> (BLOCK / GROUP - 1) & 1;
        while pairs != 0 {
            let place = number * BLOCK + pairs.trailing_zeros() as usize * GROUP - GROUP;
            let letters = &text[place..place + 2 * GROUP];
            if may_be_text(letters) || may_be_wide(letters) {
                visit(place);
            }
            pairs &= pairs - 1;
        }
    }
}

/// Whether all are letters, and every fourth one, from the first, second, third or fourth on, can begin a text.
fn may_be_text(letters: &[u8]) -> bool {
    let (quads, _) = letters.as_chunks::<4>();
    let all = quads
        .iter()
        .fold([0; 4], |all: [u8; 4], quad| std::array::from_fn(|place| all[place] | VALUES[usize::from(quad[place])]));
    all.iter().all(|values| values & NONE == 0) && all.iter().any(|values| values & NO_TEXT == 0)
}

/// Whether the letters may be a part of a text in UTF-16: three of eight are `A`, or one of them `B`, in fixed places,
/// for the zeros.
fn may_be_wide(letters: &[u8]) -> bool {
    const FEWEST: usize = 4;
    let is_at = |start: usize| {
        let all = |place: usize, is: fn(u8) -> bool| (place..letters.len()).step_by(GROUP).all(|at| is(letters[at]));
        let [third, fifth, last] = [2, 4, 7].map(|place| (start + place) % GROUP);
        all(third, |byte| matches!(byte, b'A' | b'B'))
            && all(fifth, |byte| byte == b'A')
            && all(last, |byte| byte == b'A')
    };
    memchr::memchr_iter(b'A', letters).count() >= FEWEST && (0..GROUP).any(is_at)
}

/// One bit for each group that holds no space, quote or parenthesis: dense and other groups take turns in every text, so
/// that a branch for each would cost more than all else.
fn dense_groups(block: &[u8; BLOCK]) -> u32 {
    let (groups, _) = block.as_chunks::<GROUP>();
    let bit = |(place, group): (usize, &[u8; GROUP])| u32::from(is_dense(u64::from_le_bytes(*group))) << place;
    groups.iter().enumerate().map(bit).sum()
}

/// Whether none of the eight bytes is less than `+`, the least letter.
const fn is_dense(group: u64) -> bool {
    const EACH: u64 = u64::MAX / 255;
    group.wrapping_sub(EACH * b'+' as u64) & !group & (EACH * 0x80) == 0
}

/// How wide the characters are of the text that the letters begin as, if they do.
fn width_of(letters: &[u8]) -> Option<Width> {
    if begins_as_text(letters) {
        return Some(Width::One);
    }
    begins_as_wide(letters).then_some(Width::Two)
}

/// Whether the first letters decode to text in UTF-16, behind its byte order mark or without.
fn begins_as_wide(letters: &[u8]) -> bool {
    let bytes = decode(&letters[..SHORTEST]);
    let (pairs, _) = bytes.as_chunks::<2>();
    let pairs = if matches!(pairs[0], [0xff, 0xfe] | [0xfe, 0xff]) { &pairs[1..] } else { pairs };
    let is_in_order = |zero: usize| pairs.iter().all(|pair| pair[zero] == 0 && is_text(pair[1 - zero]));
    is_in_order(1) || is_in_order(0)
}

/// Whether the first letters decode to text; names, paths and numbers fail here, and so do pictures, fonts and whatever
/// else is no text, since it says so in its first bytes. What claims to be a picture and is a text, as SVG is, is read.
fn begins_as_text(letters: &[u8]) -> bool {
    letters[..SHORTEST].chunks(4).all(|quad| {
        let bits = bits(quad);
        bits[1..].iter().all(|byte| is_text(*byte))
    })
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t')
}

/// What the letters decode to, whatever stands between them; bits that make no byte are dropped.
fn decode(letters: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(letters.len() / 4 * 3 + 3);
    let mut quad = [0; 4];
    let mut length = 0;
    for letter in letters.iter().filter(|byte| is_letter(**byte)) {
        quad[length] = *letter;
        length += 1;
        if length == quad.len() {
            decoded.extend_from_slice(&bits(&quad)[1..]);
            length = 0;
        }
    }
    decoded.extend_from_slice(&bits(&quad[..length])[1..=length * 6 / 8]);
    decoded
}

/// The bits of up to four letters, from the highest of the last three bytes on.
fn bits(quad: &[u8]) -> [u8; 4] {
    let bits = quad.iter().fold(0_u32, |bits, letter| bits << 6 | u32::from(VALUES[usize::from(*letter)] & 63));
    (bits << (6 * (4 - quad.len()))).to_be_bytes()
}

impl Run {
    fn of(text: &[u8], lines: Vec<Range<usize>>, width: Width) -> Self {
        let (start, end) = (lines[0].start, lines[lines.len() - 1].end);
        let padding = text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
        Self { span: start..end + padding, lines, width }
    }

    /// Whether nineteen bytes of twenty are printable, from the beginning on.
    fn is_text(&self, text: &[u8]) -> bool {
        let (mut strange, mut total) = (0, 0);
        self.parts().iter().all(|part| {
            let decoded = self.decode(&text[part.clone()]);
            strange += decoded.iter().filter(|byte| !is_text(**byte)).count();
            total += decoded.len();
            strange * 20 <= total
        })
    }

    /// Puts what the run decodes to into `piece`.
    pub(super) fn put(&self, text: &[u8], piece: &mut Piece) {
        for part in self.parts() {
            let letters = &text[part.clone()];
            if self.width == Width::Two {
                self.put_wide(letters, part.start, piece);
            } else if letters.iter().all(|byte| is_letter(*byte)) {
                piece.put_base64(&decode(letters), part.start);
            } else {
                piece.put(&decode(letters), &part);
            }
        }
    }

    /// Puts three characters of two bytes each for eight letters, or for as many as a line break divides.
    fn put_wide(&self, letters: &[u8], start: usize, piece: &mut Piece) {
        const EIGHT: usize = 8;
        let is_whole = letters.iter().all(|byte| is_letter(*byte));
        let length = if is_whole { EIGHT } else { letters.len() };
        for (number, group) in letters.chunks(length.max(1)).enumerate() {
            let first = start + number * length;
            piece.put(&self.decode(group), &(first..first + group.len()));
        }
    }

    /// What letters of this run say; of UTF-16 without its zeros and its byte order mark.
    fn decode(&self, letters: &[u8]) -> Vec<u8> {
        let mut decoded = decode(letters);
        if self.width == Width::Two {
            decoded.retain(|byte| !matches!(byte, 0 | 0xfe | 0xff));
        }
        decoded
    }

    /// The run in parts of whole groups of four letters. A group that a line break divides is a part of its own; the
    /// last one may be short.
    fn parts(&self) -> Vec<Range<usize>> {
        const LONGEST: usize = 4 << 10;
        let mut parts: Vec<Range<usize>> = Vec::new();
        // Where a group starts whose end is on the next line, and how many letters it still needs.
        let mut open: Option<(usize, usize)> = None;
        for line in &self.lines {
            let mut start = line.start;
            if let Some((first, missing)) = open {
                start = line.end.min(start + missing);
                open = Some((first, missing - (start - line.start))).filter(|(_, missing)| *missing > 0);
                if open.is_none() {
                    parts.push(first..start);
                }
            }
            let whole = start + (line.end - start) / 4 * 4;
            parts.extend((start..whole).step_by(LONGEST).map(|part| part..whole.min(part + LONGEST)));
            if whole < line.end {
                open = Some((whole, 4 - (line.end - whole)));
            }
        }
        parts.extend(open.map(|(first, _)| first..self.lines[self.lines.len() - 1].end));
        parts
    }
}

/// `first`, with the lines below it that carry it on: all of one length, but for the last one.
fn lines(text: &[u8], first: Range<usize>) -> Vec<Range<usize>> {
    let mut lines = vec![first];
    while let Some(next) = lines.last().and_then(|last| line_below(text, last)) {
        let is_last = next.len() < lines[0].len();
        if is_last && lines.len() == 1 && lines[0].len() % 4 != 0 {
            break;
        }
        lines.push(next);
        if is_last {
            break;
        }
    }
    lines
}

/// The letters of the line below `line`, when that one ends where its letters do and the other holds nothing else.
fn line_below(text: &[u8], line: &Range<usize>) -> Option<Range<usize>> {
    if line.len() < SHORTEST_LINE {
        return None;
    }
    let newline = line.end + usize::from(text.get(line.end) == Some(&b'\r'));
    if text.get(newline) != Some(&b'\n') {
        return None;
    }
    let rest = &text[newline + 1..];
    let start = newline + 1 + rest.iter().take(line.len()).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let end = start + text[start..].iter().take_while(|byte| is_letter(**byte)).count();
    let padded = end + text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    let is_alone = matches!(text.get(padded), None | Some(b'\n' | b'\r' | b'"' | b'\'' | b'`' | b'<'));
    (start < end && end - start <= line.len() && is_alone).then_some(start..end)
}
