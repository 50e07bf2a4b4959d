use ::base64::Engine as _;
use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::piece::Piece;
use super::*;

/// Every piece of `text`; the signs are looked for everywhere, as the prefilter does it for those that it knows.
fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut signs = Signs::new();
    let folded = text.to_ascii_lowercase();
    for start in 0..text.len() {
        for way in sign::SIGNED {
            let is_there = |sign: &&&str| folded[start..].starts_with(sign.as_bytes());
            if let Some(sign) = sign::signs(way).iter().find(is_there) {
                signs.sign(way, text, start..start + sign.len());
            }
        }
    }
    signs.windows(text).map(|window| window.decode(text)).collect()
}

/// A way of writing a word down.
type Writing = (Way, fn(&str) -> String);

const WRITINGS: [Writing; 13] = [
    (Way::Base64, |word| STANDARD.encode(word)),
    (Way::Base64, |word| STANDARD_NO_PAD.encode(word)),
    (Way::Base64, |word| URL_SAFE_NO_PAD.encode(word)),
    (Way::Percent, |word| word.bytes().map(|byte| format!("%{byte:02x}")).collect()),
    (Way::Escape, |word| word.bytes().map(|byte| format!("\\u{byte:04X}")).collect()),
    (Way::Escape, |word| word.bytes().map(|byte| format!("\\x{byte:02x}")).collect()),
    (Way::Escape, |word| word.bytes().map(|byte| format!("\\{byte:03o}")).collect()),
    (Way::Entity, |word| word.bytes().map(|byte| format!("&#{byte};")).collect()),
    (Way::Entity, |word| word.bytes().map(|byte| format!("&#x{byte:X};")).collect()),
    (Way::QuotedPrintable, |word| word.bytes().map(|byte| format!("={byte:02X}")).collect()),
    (Way::Joined, |word| joined(word, "\" + \"")),
    (Way::Joined, |word| joined(word, "'\n\t.. '")),
    (Way::Joined, |word| joined(word, "\\\n")),
];

/// The word in two parts, with `joint` between them.
fn joined(word: &str, joint: &str) -> String {
    let (first, second) = word.split_at(9);
    format!("{first}{joint}{second}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever stands around, a word is decoded, and leads back to all that it is written with and no more.
    #[test]
    fn a_word_leads_back_to_what_is_written(
        word in "[A-Z]{9}[a-z][0-9]{12,30}",
        before in "([a-z ü\n]{0,300}[ \n(])?",
        behind in "([ \n)][a-z ü\n]{0,300})?",
    ) {
        for (way, write) in WRITINGS {
            let written = write(&word);
            // A mail holds this one wherever it needs encoding at all.
            let sign = if way == Way::QuotedPrintable { "=3D" } else { "" };
            let text = format!("{before}{sign}{written}{behind}");
            let pieces = pieces(text.as_bytes());
            let found = pieces.iter().filter(|piece| piece.way == way).find_map(|piece| {
                let start = memchr::memmem::find(piece.bytes(), word.as_bytes())?;
                Some((piece, start..start + word.len()))
            });
            let (piece, span) = found.unwrap_or_else(|| panic!("{way:?} is not decoded in {text:?}"));
            let original = piece.original(&span);
            let letters = written.trim_end_matches('=');
            prop_assert_eq!(text.get(original), Some(letters));
            prop_assert!(piece.changes(&span));
        }
    }

    /// Base64 in lines of any length.
    #[test]
    fn base64_in_lines_leads_back(word in "[A-Za-z0-9 ]{200,400}", width in 40_usize..100, place in 0_usize..150) {
        let code = STANDARD.encode(&word);
        let lines: Vec<_> = code.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
        let text = format!("x\n{}\n", lines.join("\r\n"));
        let span = place..place + 40;
        let pieces = pieces(text.as_bytes());
        let piece = &pieces[0];
        let start = memchr::memmem::find(piece.bytes(), word.as_bytes()).expect("decoded");
        let original = piece.original(&(start + span.start..start + span.end));
        let letters: String = text.get(original).unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
        let expected = code.get(span.start * 8 / 6..(span.end * 8).div_ceil(6)).unwrap_or_default();
        // A group that a line break divides counts as a whole.
        prop_assert!(letters.contains(expected) && letters.len() <= expected.len() + 6, "{letters} {expected}");
    }

    #[test]
    fn no_text_is_too_strange(text in proptest::collection::vec(
        prop_oneof![Just(b'\\'), Just(b'"'), Just(b'\n'), Just(b'u'), Just(b'%'), Just(b'='), Just(b'3'), Just(b'd'),
            Just(b'&'), Just(b'#'), Just(b';'), Just(b'+'), Just(b'\''), Just(b'x'), Just(b'{'), any::<u8>()],
        0..300,
    )) {
        for piece in pieces(&text) {
            for start in 0..piece.bytes().len() {
                let original = piece.original(&(start..piece.bytes().len()));
                prop_assert!(original.start < original.end && original.end <= text.len());
            }
        }
    }
}

#[test]
fn what_is_common_needs_a_keyword_beside_it() {
    let text = br#"{"a": "say \"hello\"\nand go"}"#;
    assert!(pieces(text).is_empty());
    let mut signs = Signs::new();
    signs.keyword(5);
    signs.sign(Way::Escape, text, 11..13);
    let decoded: Vec<_> = signs.windows(text).map(|window| window.decode(text).bytes().to_vec()).collect();
    assert_eq!(decoded, [b"{\"a\": \"say \"hello\"\nand go\"}"]);
}

#[test]
fn what_hides_nothing_is_left_alone() {
    for text in [
        "println!(\"\\x1b[31m{}\\u{1b}\", a);",
        "let s = \"a\" + \"b\"; let t = \"/usr\" + x;",
        "resource(\"aws\", \"web\") [\"one\", \"two\"]",
        "path/to/SomeVeryLongNameOfAClass/andMore.rs",
        "0123456789abcdef0123456789abcdef01234567",
        "caf\\u00e9 \\n \\1 \\0",
        "x=1\ny=2\nKEY=\nOTHER=\n",
        "100%, 5%d",
    ] {
        assert!(pieces(text.as_bytes()).is_empty(), "{text}");
    }
}

/// Work is counted, not timed: what is decoded of one text stays within a few times its size.
#[test]
fn hostile_texts_are_decoded_once_per_way() {
    const SIZE: usize = 20_000;
    for unit in [
        "%25",
        "%41",
        "\\\\",
        "\\u0041",
        "\\\"a",
        "\"a\"+",
        "\"abcdefgh\"+",
        "\"abcdefgh\" ",
        "=3D",
        "&#65;",
        "&quot;",
        "QUFB",
        "a=\n",
        "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n",
    ] {
        let mut text = unit.repeat(SIZE / unit.len()).into_bytes();
        for gap in [0, 401, 5000] {
            if gap > 0 {
                text = text.chunks(gap).flat_map(|part| [part, &b" ".repeat(gap)].concat()).collect();
            }
            let mut total = 0;
            for piece in pieces(&text) {
                total += piece.bytes().len();
            }
            let ways = sign::SIGNED.len() + 1;
            assert!(total <= text.len() * ways, "{unit:?}: {total} bytes of {}", text.len());
        }
    }
}

#[test]
fn signs_are_small_letters_and_stand_for_something() {
    for way in sign::SIGNED {
        for sign in sign::signs(way) {
            assert_eq!(sign.to_ascii_lowercase(), **sign);
            assert!(sign.len() <= 6, "{sign:?} makes the automaton larger than it must be");
        }
    }
}

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

#[test]
fn utf16_is_decoded_with_and_without_a_mark() {
    for big in [false, true] {
        let marked = Text::decode(utf16("key = ü\r\n", big, true));
        assert_eq!(marked.bytes(), "\u{feff}key = ü\r\n".as_bytes());
        let bare = Text::decode(utf16("key = value\r\n", big, false));
        assert_eq!((bare.bytes(), bare.kind()), (&b"key = value\r\n"[..], Kind::Utf16));
    }
}

#[test]
fn other_content_is_left_alone() {
    for raw in [&b"plain"[..], b"", b"a\0", b"\xff\xfe\0\0a\0\0\0", b"\x7fELF\0\0\0\0\x01\x02\x03\0\0\0"] {
        let text = Text::decode(raw.to_vec());
        assert_eq!(text.bytes(), raw);
        assert_ne!(text.kind(), Kind::Utf16);
    }
}
