//! Text from a repository on its way to a terminal: nothing in it may move the cursor, change colours or hide.

use std::fmt::Write as _;

/// The text with every character escaped that a terminal would act on, and every byte that is no UTF-8.
pub(crate) fn sanitized(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_unsafe(character) {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            } else {
                out.push(character);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Control characters, direction marks, zero-width and other invisible characters.
fn is_unsafe(character: char) -> bool {
    let invisible = matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    invisible || character.is_control() && character != '\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_sees_no_control_characters() {
        assert_eq!(sanitized(b"plain \xc3\xbc"), "plain ü");
        assert_eq!(sanitized(b"\x1b]52;c;x\x07"), "\\u{1b}]52;c;x\\u{7}");
        assert_eq!(sanitized("a\u{202e}b\u{200b}".as_bytes()), "a\\u{202e}b\\u{200b}");
        assert_eq!(sanitized(b"a\nb\r\xff"), "a\\u{a}b\\u{d}\\xff");
        assert_eq!(sanitized("\u{9b}31m".as_bytes()), "\\u{9b}31m");
    }
}
