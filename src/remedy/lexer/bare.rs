//! The code of a text alone.

use super::{Frame, Kind, Language, Lexer};

/// The text, as long as it is, with blanks for what comments, strings and regexes say; quotes and line ends stay. What
/// stands around the code of a page ends a statement.
pub(in crate::remedy) fn bare(language: Language, text: &[u8]) -> Vec<u8> {
    let mut lexer = Lexer::new(language, text);
    let mut bare = text.to_vec();
    bare[..lexer.at].fill(b' ');
    while lexer.at < text.len() {
        let (start, depth) = (lexer.at, lexer.frames.len());
        let kind = match lexer.frames.last() {
            Some(Frame::String { opening, .. }) => Some(opening.kind),
            _ => None,
        };
        let is_comment = lexer.step();
        let (end, is_same) = (lexer.at.min(text.len()), lexer.frames.len() == depth);
        let is_regex = kind.is_none() && is_same && text[start] == b'/' && end > start + 1;
        let is_page_end = kind == Some(Kind::Page) && !is_same;
        if is_comment || kind.is_some() && is_same || is_regex || is_page_end {
            let said = bare[start..end].iter_mut().filter(|byte| !matches!(**byte, b'\n' | b'\r'));
            said.for_each(|byte| *byte = b' ');
        }
        if is_page_end {
            let sign = text[end..].iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'=').count();
            lexer.at = end + sign;
            bare[start..lexer.at].fill(b';');
        }
    }
    bare
}
