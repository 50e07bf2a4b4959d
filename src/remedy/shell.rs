//! Reading a variable in a shell script: between quotes, in words, in here-documents.

use std::ops::Range;

use super::yaml::Leaf;
use super::{Edit, Patch, Spot, WhyNot};

const QUOTED_DOCUMENT: WhyNot = WhyNot::new("it stands in a quoted here-document, where a variable is not read");

/// What replaces the value.
pub(super) fn replacement(spot: &Spot<'_>) -> Result<Edit, WhyNot> {
    Ok(Edit::of(patch(spot)?, spot.name))
}

/// The same without what is to be stored.
pub(super) fn patch(spot: &Spot<'_>) -> Result<Patch, WhyNot> {
    let Spot { text, span, name } = *spot;
    let (frame, start) = Lexer::frame_at(text, span);
    frame.takes_literally(&text[span.clone()])?;
    let end = |quote: u8| -> Result<usize, WhyNot> {
        let found = memchr::memchr(quote, &text[span.end..]).map(|end| span.end + end + 1);
        found.ok_or(WhyNot::new("the quotes around it do not end"))
    };
    let plain = format!("\"${name}\"");
    let (span, with) = match frame {
        Frame::Comment => return Err(WhyNot::IN_COMMENT),
        Frame::Single | Frame::Escapes => {
            let open = if matches!(frame, Frame::Escapes) { 2 } else { 1 };
            let outer = start..end(b'\'')?;
            if outer.start + open == span.start && outer.end - 1 == span.end {
                (outer, plain)
            } else if open == 1 {
                // The quotes end before the variable and begin again behind it.
                let before = if start + 1 == span.start { start..start } else { span.start..span.start };
                let behind = if outer.end - 1 == span.end { outer.end } else { span.end };
                let open = if before.start == start { "" } else { "'" };
                let close = if behind == outer.end { "" } else { "'" };
                (before.start..behind, format!("{open}{plain}{close}"))
            } else {
                return Err(WhyNot::new("it stands among escapes, which cannot be taken apart"));
            }
        }
        Frame::Double if start + 1 == span.start && text.get(span.end) == Some(&b'"') => (start..span.end + 1, plain),
        Frame::Double | Frame::Braces | Frame::Document { is_quoted: false, .. } => {
            (span.clone(), format!("${{{name}}}"))
        }
        Frame::Document { .. } => {
            return Err(QUOTED_DOCUMENT);
        }
        Frame::Code { .. } => (span.clone(), plain),
    };
    Ok(Patch { span, with })
}

/// Whether a shell that runs the text of `place` reads the variable wherever the `reference` stands, which is written as
/// it is.
pub(super) fn reads(place: &Leaf, spot: &Spot<'_>, reference: &str) -> Result<(), WhyNot> {
    let text = &place.value;
    for (at, _) in text.match_indices(reference) {
        let frame = Lexer::frame_at(text.as_bytes(), &(at..at + reference.len())).0;
        frame.takes_literally(&spot.text[spot.span.clone()])?;
        match frame {
            Frame::Single | Frame::Escapes => {
                return Err(WhyNot::new("a shell reads no variable in single quotes: use double ones"));
            }
            Frame::Document { is_quoted: true, .. } => return Err(QUOTED_DOCUMENT),
            Frame::Comment => return Err(WhyNot::IN_COMMENT),
            _ => {}
        }
    }
    Ok(())
}

#[derive(Clone, Debug)]
enum Frame {
    /// Commands; in a substitution up to what closes it.
    Code {
        close: Option<u8>,
        depth: usize,
    },
    Comment,
    Single,
    /// `$'...'`
    Escapes,
    Double,
    /// `${...}`
    Braces,
    Document {
        word: Vec<u8>,
        is_quoted: bool,
        /// Whether tabs may stand before the word.
        is_indented: bool,
    },
}

impl Frame {
    /// Whether each sign of the value stands for itself there.
    fn takes_literally(&self, value: &[u8]) -> Result<(), WhyNot> {
        let is_literal = matches!(self, Self::Comment | Self::Single | Self::Document { is_quoted: true, .. });
        let has_signs = value.iter().any(|byte| b"\\$`".contains(byte));
        if is_literal || !has_signs { Ok(()) } else { Err(WhyNot::ESCAPED) }
    }
}

struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
    frames: Vec<(Frame, usize)>,
    waiting: Vec<Frame>,
}

impl<'t> Lexer<'t> {
    /// What the value stands in, and where that begins.
    fn frame_at(text: &'t [u8], span: &Range<usize>) -> (Frame, usize) {
        let frames = vec![(Frame::Code { close: None, depth: 0 }, 0)];
        let mut lexer = Lexer { text, at: 0, frames, waiting: Vec::new() };
        while lexer.at < span.start {
            lexer.step();
        }
        lexer.frames.pop().unwrap_or((Frame::Comment, 0))
    }

    fn rest(&self) -> &'t [u8] {
        &self.text[self.at..]
    }

    fn push(&mut self, frame: Frame, length: usize) {
        self.frames.push((frame, self.at));
        self.at += length;
    }

    fn pop(&mut self, length: usize) {
        self.at += length;
        // The script itself is never left.
        if self.frames.len() > 1 {
            self.frames.pop();
        }
    }

    fn step(&mut self) {
        let (frame, _) = self.frames.last().cloned().unwrap_or((Frame::Comment, 0));
        let rest = self.rest();
        match (frame, rest[0]) {
            (Frame::Comment, b'\n') => self.pop(0),
            (Frame::Single | Frame::Escapes, b'\'') | (Frame::Double, b'"') | (Frame::Braces, b'}') => self.pop(1),
            (Frame::Document { word, is_indented, .. }, _) if self.is_at_end_line(&word, is_indented) => {
                self.pop(rest.split(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len));
            }
            (Frame::Comment | Frame::Single | Frame::Document { is_quoted: true, .. }, _) => self.at += 1,
            (_, b'\\') => self.at += 2,
            (Frame::Escapes, _) => self.at += 1,
            (Frame::Braces, b'\'') if !self.is_quoted() => self.push(Frame::Single, 1),
            (Frame::Braces, b'"') => self.push(Frame::Double, 1),
            (Frame::Double | Frame::Braces | Frame::Document { .. }, _) => self.in_text(),
            (Frame::Code { close, depth }, _) => self.in_code(close, depth),
        }
    }

    /// Whether the expansion itself stands in quotes, where an apostrophe is one.
    fn is_quoted(&self) -> bool {
        let outer = self.frames.len().checked_sub(2).and_then(|outer| self.frames.get(outer));
        matches!(outer, Some((Frame::Double | Frame::Document { .. } | Frame::Braces, _)))
    }

    /// What is expanded in text as in commands.
    fn in_text(&mut self) {
        match self.rest() {
            [b'$', b'(', ..] => self.push(Frame::Code { close: Some(b')'), depth: 0 }, 2),
            [b'$', b'{', ..] => self.push(Frame::Braces, 2),
            [b'`', ..] => self.push(Frame::Code { close: Some(b'`'), depth: 0 }, 1),
            _ => self.at += 1,
        }
    }

    /// Whether a line begins here that is the `word` which ends a here-document.
    fn is_at_end_line(&self, word: &[u8], is_indented: bool) -> bool {
        if self.at > 0 && self.text[self.at - 1] != b'\n' {
            return false;
        }
        let line = self.rest().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let tabs = line.iter().take_while(|byte| is_indented && **byte == b'\t').count();
        &line[tabs..] == word
    }

    fn in_code(&mut self, close: Option<u8>, depth: usize) {
        let rest = self.rest();
        let begins_word = self.at == 0 || b" \t\n;&|()".contains(&self.text[self.at - 1]);
        let set_depth = |lexer: &mut Self, depth| {
            if let Some((frame, _)) = lexer.frames.last_mut() {
                *frame = Frame::Code { close, depth };
            }
            lexer.at += 1;
        };
        match rest {
            [b'#', ..] if begins_word => self.push(Frame::Comment, 1),
            [b')', ..] if close == Some(b')') && depth == 0 => self.pop(1),
            [b'`', ..] if close == Some(b'`') => self.pop(1),
            [b'(', ..] => set_depth(self, depth + 1),
            [b')', ..] => set_depth(self, depth.saturating_sub(1)),
            [b'$', b'\'', ..] => self.push(Frame::Escapes, 2),
            [b'\'', ..] => self.push(Frame::Single, 1),
            [b'"', ..] => self.push(Frame::Double, 1),
            [b'<', b'<', b'<', ..] => self.at += 3,
            [b'<', b'<', ..] => self.announce(),
            [b'\n', ..] if !self.waiting.is_empty() => {
                let document = self.waiting.remove(0);
                self.push(document, 1);
            }
            _ => self.in_text(),
        }
    }

    /// Reads the word that ends a here-document.
    fn announce(&mut self) {
        self.at += 2;
        let rest = self.rest();
        let marks = rest.iter().take_while(|byte| b"- \t".contains(byte)).count();
        let word: Vec<u8> =
            rest[marks..].iter().copied().take_while(|byte| !b" \t\r\n;&|<>()".contains(byte)).collect();
        let is_quoted = word.iter().any(|byte| b"'\"\\".contains(byte));
        let name: Vec<u8> = word.iter().copied().filter(|byte| !b"'\"\\".contains(byte)).collect();
        if name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_') {
            self.at += marks + word.len();
            let is_indented = rest.starts_with(b"-");
            self.waiting.push(Frame::Document { word: name, is_quoted, is_indented });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_wherever_the_value_stands() {
        for (text, expected) in [
            ("K=TOK\n", Some("K=\"$X\"\n")),
            ("K='TOK'", Some("K=\"$X\"")),
            ("K=\"TOK\"", Some("K=\"$X\"")),
            ("K=\"a TOK\"", Some("K=\"a ${X}\"")),
            ("curl -H 'A: b TOK' x", Some("curl -H 'A: b '\"$X\" x")),
            ("curl -H 'TOK: b' x", Some("curl -H \"$X\"': b' x")),
            ("curl -H 'a TOK b' x", Some("curl -H 'a '\"$X\"' b' x")),
            ("K=$'TOK'", Some("K=\"$X\"")),
            ("K=$'a\\'TOK'", None),
            ("K=\"$(f \"TOK\")\"", Some("K=\"$(f \"$X\")\"")),
            ("K=${A:-TOK}", Some("K=${A:-${X}}")),
            ("K=\"${A:-it's TOK}\"", Some("K=\"${A:-it's ${X}}\"")),
            ("f <<END\nit's TOK\nEND\n", Some("f <<END\nit's ${X}\nEND\n")),
            ("f <<-'END'\nTOK\nEND\n", None),
            ("f <<END\n  END\n'TOK'\nEND\n", Some("f <<END\n  END\n'${X}'\nEND\n")),
            ("f <<-END\n  END\n\tEND\n'TOK'\n", Some("f <<-END\n  END\n\tEND\n\"$X\"\n")),
            ("f <<END\nit's\nEND\nK='TOK'\n", Some("f <<END\nit's\nEND\nK=\"$X\"\n")),
            ("# it's\nK='TOK'", Some("# it's\nK=\"$X\"")),
            ("a # K=TOK", None),
            ("a#b 'TOK'", Some("a#b \"$X\"")),
            ("f <<<'TOK'", Some("f <<<\"$X\"")),
            ("K=$((1<<2)) L='TOK'", Some("K=$((1<<2)) L=\"$X\"")),
            ("case a in b) K='TOK';; esac", Some("case a in b) K=\"$X\";; esac")),
        ] {
            let start = text.find("TOK").unwrap();
            let spot = Spot { text: text.as_bytes(), span: &(start..start + 3), name: "X" };
            let edited = patch(&spot).ok().map(|patch| {
                let mut edited = text.to_owned();
                edited.replace_range(patch.span, &patch.with);
                edited
            });
            assert_eq!(edited.as_deref(), expected, "{text}");
        }
    }
}
