//! Text as a reader sees it: what hides a key from a plain search is undone here.
//!
//! UTF-16, with and without a byte order mark, is decoded as a whole: lines and code points stay the same, so a location
//! in the decoded text is one in the file. All other disguises are a stretch of a text: a window around the signs that the
//! prefilter saw (`sign`) or around base64 is decoded into a piece, which knows where in the text each of its bytes comes
//! from.

mod base64;
mod join;
mod piece;
#[cfg_attr(not(test), expect(dead_code, reason = "the signs are for `build.rs`"))]
mod sign;
mod unit;
mod window;

pub use sign::Way;
pub(crate) use window::Signs;

impl Way {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf16 => "utf-16",
            Self::Base64 => "base64",
            Self::Percent => "percent-encoding",
            Self::Escape => "escapes",
            Self::QuotedPrintable => "quoted-printable",
            Self::Entity => "html-entities",
            Self::Joined => "joined-strings",
        }
    }
}

/// What kind of content a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes of an encoding that keeps ASCII: UTF-8, Latin-1 and the like.
    Plain,
    /// Was UTF-16, is UTF-8 now.
    Utf16,
    /// Holds a NUL byte early on: scanned as it is, located by byte.
    Binary,
}

/// The text to scan.
pub struct Text {
    bytes: Vec<u8>,
    kind: Kind,
}

/// How much of a file git looks at to call it binary.
const SNIFF: usize = 8000;

impl Text {
    /// Decodes the content of a file.
    pub fn decode(raw: Vec<u8>) -> Self {
        match utf16_order(&raw) {
            Some(order) => Self { bytes: from_utf16(&raw, order), kind: Kind::Utf16 },
            None if is_binary(&raw) => Self { bytes: raw, kind: Kind::Binary },
            None => Self { bytes: raw, kind: Kind::Plain },
        }
    }

    /// The content as it is written, whatever it is.
    pub(crate) fn as_written(raw: Vec<u8>) -> Self {
        Self { bytes: raw, kind: Kind::Binary }
    }

    /// The content as it is meant and, where it was decoded, also as it is written: a byte order mark alone must not
    /// hide what follows it in ASCII.
    pub fn views(raw: Vec<u8>) -> Vec<Self> {
        match utf16_order(&raw) {
            Some(order) => vec![
                Self { bytes: from_utf16(&raw, order), kind: Kind::Utf16 },
                Self { bytes: raw, kind: Kind::Binary },
            ],
            None => {
                let wide = has_wide_run(&raw).then(|| Self { bytes: without_nul(&raw), kind: Kind::Utf16 });
                [Some(Self::decode(raw)), wide].into_iter().flatten().collect()
            }
        }
    }

    /// The bytes to search.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What kind of content it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(SNIFF)]).is_some()
}

/// Whether some ASCII text stands in the bytes as UTF-16 or UTF-32: behind a plain beginning, say, where a Windows shell
/// has appended to a file, or between characters of another script.
fn has_wide_run(bytes: &[u8]) -> bool {
    const RUN: usize = 12;
    let is_wide = |place: usize| bytes[place].is_ascii_graphic() && bytes.get(place + 1) == Some(&0);
    let mut nul = memchr::memchr_iter(0, bytes);
    let mut run = 0;
    let mut last = 0;
    nul.any(|place| {
        let follows = place == last + 2 || place == last + 1;
        run = if place > 0 && is_wide(place - 1) {
            if follows { run + 1 } else { 1 }
        } else if follows {
            run
        } else {
            0
        };
        last = place;
        run >= RUN
    })
}

/// The bytes with every NUL taken out: what is ASCII in them becomes plain, and lines stay lines.
fn without_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != 0).collect()
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// The byte order of UTF-16: told by the mark, or by NUL bytes that stand in every other place of the beginning.
fn utf16_order(bytes: &[u8]) -> Option<Order> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => return None, // UTF-32
        [0xff, 0xfe, ..] => return Some(Order::Little),
        [0xfe, 0xff, ..] => return Some(Order::Big),
        _ => {}
    }
    // Nearly every text ends here.
    if !is_binary(bytes) {
        return None;
    }
    let (pairs, _) = bytes[..bytes.len().min(SNIFF)].as_chunks::<2>();
    if pairs.len() < 4 {
        return None;
    }
    let zeros = |place: usize| pairs.iter().filter(|pair| pair[place] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let (most, few) = (pairs.len() * 7 / 10, pairs.len() / 20);
    match (first, second) {
        _ if second > most && first <= few => Some(Order::Little),
        _ if first > most && second <= few => Some(Order::Big),
        _ => None,
    }
}

fn from_utf16(bytes: &[u8], order: Order) -> Vec<u8> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| match order {
        Order::Little => u16::from_le_bytes(*pair),
        Order::Big => u16::from_be_bytes(*pair),
    });
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.into_bytes()
}

#[cfg(test)]
mod tests;
