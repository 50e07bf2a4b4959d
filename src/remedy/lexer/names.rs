//! Where a name stands in the code of a file, and no part of a string, a comment or another name.

use super::{Frame, Language, Lexer};

/// A name in code.
pub(in crate::remedy) struct Name<'t> {
    pub(in crate::remedy) at: usize,
    /// The code from the line on which the outermost open bracket around it stands, or from its own.
    pub(in crate::remedy) head: &'t [u8],
    /// Where brackets are open around it, the innermost last; not all of very many.
    pub(in crate::remedy) brackets: Vec<usize>,
    pub(in crate::remedy) behind: &'t [u8],
}

/// Each place at which `name` is read, set or declared; a member of something else that is called so is none.
pub(in crate::remedy) fn names<'t>(language: Language, text: &'t [u8], name: &str) -> Vec<Name<'t>> {
    const LONGEST_LINE: usize = 400;
    /// Nobody looks further out, and text of nothing but brackets would fill the memory.
    const DEEPEST: usize = 100;
    let mut lexer = Lexer::new(language, text);
    let mut names = Vec::new();
    if memchr::memmem::find(text, name.as_bytes()).is_none() {
        return names;
    }
    while lexer.at < text.len() {
        let at = lexer.at;
        let is_code = matches!(lexer.frames.last(), Some(Frame::Code { .. }));
        if is_code && text[at..].starts_with(name.as_bytes()) && is_whole(text, at, name.len()) {
            let open = &lexer.brackets;
            let outermost = open.first().map_or(at, |(_, open)| *open);
            let brackets = open[open.len().saturating_sub(DEEPEST)..].iter().map(|(_, at)| *at).collect();
            let near = outermost.saturating_sub(LONGEST_LINE);
            let line = memchr::memrchr(b'\n', &text[near..outermost]).map_or(near, |newline| near + newline + 1);
            let behind = text[at + name.len()..].trim_ascii_start();
            names.push(Name { at, head: &text[line..at], brackets, behind });
        }
        lexer.step();
    }
    names
}

fn is_whole(text: &[u8], at: usize, length: usize) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$".contains(byte) || !byte.is_ascii();
    let before = text[..at].last();
    let is_member = before == Some(&b'.') && !text[..at].ends_with(b"...");
    !is_member && !before.is_some_and(is_part) && !text.get(at + length).is_some_and(is_part)
}
