//! Armor: ciphertext in lines of base64, between a line that begins it and one that ends it.
//!
//! Those two lines prove nothing, since anybody can write them around anything. What stands between them is armor from the
//! first line to the last, or none of it is. A line may be indented, quoted or commented out, and end in `\n` as strings
//! of programs and JSON write it.

use std::ops::Range;

use memchr::memmem;

use super::is_line_of_base64;

/// The line that begins armor, and the one that ends it.
type Labels = (&'static [u8], &'static [u8]);

const MESSAGES: [Labels; 2] = [
    (b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----"),
    (b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----"),
];

/// Those that only a whole file is asked for: beside anything else, the rules for keys know them.
const FILES: [Labels; 3] = [
    (b"-----BEGIN PKCS7-----", b"-----END PKCS7-----"),
    (b"-----BEGIN CMS-----", b"-----END CMS-----"),
    (b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"-----END ENCRYPTED PRIVATE KEY-----"),
];

/// The ciphertext of each message.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    MESSAGES.into_iter().flat_map(move |(begin, end)| {
        memmem::find_iter(text, begin).filter_map(move |start| body(text, start + begin.len(), end))
    })
}

/// Whether `content` is armor and nothing else.
pub(super) fn is_whole(content: &[u8]) -> bool {
    MESSAGES.into_iter().chain(FILES).any(|(begin, end)| {
        content.starts_with(begin) && body(content, begin.len(), end).is_some_and(|body| content[body.end..] == *end)
    })
}

/// The lines from `start` on up to the one that ends them. Headers are words, so it begins behind those. No line that
/// passes holds a label, so that each line of a text is read for one label at most.
fn body(text: &[u8], start: usize, end: &[u8]) -> Option<Range<usize>> {
    /// RFC 9580 allows 76 letters, and indentation takes some more.
    const LONGEST: usize = 1 << 10;
    let (mut start, mut place) = (start, start);
    loop {
        let is_inside = |byte: &&u8| !b"\n\\".contains(byte);
        let length = text[place..].iter().take(LONGEST).take_while(is_inside).count();
        let stop = place + length;
        let line = &text[place..stop];
        let led = &line[line.iter().take_while(|byte| is_around(**byte)).count()..];
        if led.starts_with(end) {
            return Some(start..stop - led.len());
        }
        let is_header = is_header(led);
        if !is_header && !is_line(led) {
            return None;
        }
        place = match text.get(stop..)? {
            [b'\\', b'n' | b'r', ..] => stop + 2,
            [b'\\' | b'\n', ..] => stop + 1,
            _ => return None,
        };
        if is_header {
            start = place;
        }
    }
}

/// What may stand around the letters of a line.
fn is_around(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"\"'`,#>*".contains(&byte)
}

/// The headers of PGP.
fn is_header(line: &[u8]) -> bool {
    const NAMES: [&[u8]; 5] = [b"Version:", b"Comment:", b"MessageID:", b"Hash:", b"Charset:"];
    NAMES.iter().any(|name| line.starts_with(name)) && memmem::find(line, b"-----").is_none()
}

/// Base64, or the checksum below it.
fn is_line(line: &[u8]) -> bool {
    let around = line.iter().rev().take_while(|byte| is_around(**byte)).count();
    let line = &line[..line.len() - around];
    is_line_of_base64(line) || line.strip_prefix(b"=").is_some_and(|sum| sum.len() == 4 && is_line_of_base64(sum))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// The text that is told for armor.
    fn told(text: &str) -> Vec<&str> {
        blocks(text.as_bytes()).map(|block| text.get(block).unwrap()).collect()
    }

    #[test]
    fn armor_is_told_however_its_lines_are_written() {
        for text in [
            "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\nKEY+/\n-----END AGE ENCRYPTED FILE-----",
            "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\nKEY==\r\n=aB3/\r\n-----END PGP MESSAGE-----\r\n",
            "x: |\n  -----BEGIN PGP MESSAGE-----\n\n  KEY\n  -----END PGP MESSAGE-----\ny: z\n",
            r#"{"enc": "-----BEGIN PGP MESSAGE-----\r\n\r\nhQ\/EM\nKEY=\n=aB3/\n-----END PGP MESSAGE-----\n", "y": 1}"#,
            r#"{\"enc\": \"-----BEGIN AGE ENCRYPTED FILE-----\\nKEY\\n-----END AGE ENCRYPTED FILE-----\\n\"}"#,
            "s = \"-----BEGIN PGP MESSAGE-----\\n\" +\n    \"\\n\" +\n    \"KEY\\n\" +\n    \"-----END PGP MESSAGE-----\";",
            "['-----BEGIN PGP MESSAGE-----',\n '',\n 'KEY',\n '-----END PGP MESSAGE-----']",
            "# -----BEGIN PGP MESSAGE-----\n#\n# KEY\n# -----END PGP MESSAGE-----\n",
        ] {
            assert!(matches!(told(text)[..], [body] if body.contains("KEY")), "{text}");
        }
    }

    #[test]
    fn what_stands_between_the_labels_and_is_no_armor_is_none() {
        for body in [
            "x = '",
            "'\ndb = 'two words'\ny = '",
            "\nYWdl\npassword: KEY\nYWdl\n",
            "\nYWdl\npassword=KEY\n",
            "\nYWdl\n'a', 'KEY'\n",
            "\nYWdl\n...\n",
            "\\nYWdl\\na KEY\\n",
            "\n-----BEGIN PGP MESSAGE-----\nx: KEY\n",
            "\nSubject: KEY\n\nYWdl\n",
        ] {
            for name in ["AGE ENCRYPTED FILE", "PGP MESSAGE"] {
                let text = format!("-----BEGIN {name}-----{body}-----END {name}-----");
                assert!(told(&text).is_empty() && !is_whole(text.as_bytes()), "{text}");
            }
        }
        let text = "-----BEGIN PGP MESSAGE-----\nVersion: 1\nComment: KEY\n\nYWdl\n-----END PGP MESSAGE-----";
        assert_eq!(told(text), ["\nYWdl\n"]);
        assert!(is_whole(text.as_bytes()) && !is_whole(format!("{text} x").as_bytes()));
    }

    #[test]
    fn labels_without_an_end_take_no_time() {
        let start = Instant::now();
        for line in [
            "-----BEGIN PGP MESSAGE-----",
            "-----BEGIN PGP MESSAGE-----\n",
            "-----BEGIN PGP MESSAGE-----\nComment: ",
            "-----BEGIN PGP MESSAGE-----\\nYWdl\\n",
        ] {
            assert!(told(&line.repeat(10_000)).is_empty(), "{line}");
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
