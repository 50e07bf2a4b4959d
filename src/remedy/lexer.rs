//! Where in a source file a place stands: in a string, which one, in a comment, or between them.
//!
//! It knows of each language what hides quotes: comments, strings, holes in strings that hold code again, here-documents,
//! regexes. It knows no grammar. What it is told of a file that it misreads is checked by whoever asks: the value has to
//! stand between the quotes that it found.

mod bare;
mod names;
mod opening;

use std::ops::Range;

pub(super) use bare::bare;
pub(super) use names::{Name, names};
pub(super) use opening::Kind;
use opening::{Close, Opening};

/// A language whose strings and comments are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    JavaScript,
    TypeScript,
    Rust,
    Go,
    Ruby,
    Java,
    Kotlin,
    CSharp,
    Php,
    Terraform,
    Json,
}

/// What stands around a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) stands: Stands,
    /// Where brackets are open around it, the innermost last.
    pub(super) brackets: Vec<usize>,
    /// Where the statement around it begins.
    pub(super) statement: usize,
    /// Whether it stands in code that stands in a string.
    pub(super) is_in_hole: bool,
}

/// What a place is a part of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Code,
    Comment,
    String(Literal),
}

/// A string as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    /// With its prefix and its quotes.
    pub(super) outer: Range<usize>,
    /// Without them.
    pub(super) inner: Range<usize>,
    pub(super) kind: Kind,
}

/// What is open at a place.
pub(super) struct Outline {
    pub(super) is_code: bool,
    /// How many brackets are.
    pub(super) depth: usize,
    /// Nothing is: a statement begins there.
    pub(super) begins: bool,
}

/// What is open at each of the `places`, which ascend. The text is read once.
pub(super) fn outline(
    language: Language,
    text: &[u8],
    places: impl Iterator<Item = usize>,
) -> impl Iterator<Item = Outline> {
    let mut lexer = Lexer::new(language, text);
    let mut is_comment = false;
    places.map(move |place| {
        while lexer.at < place {
            is_comment = lexer.step();
        }
        let is_in_comment = is_comment && lexer.at > place;
        let is_in_string = matches!(lexer.frames.last(), Some(Frame::String { .. }));
        let (is_code, depth) = (!is_in_comment && !is_in_string, lexer.brackets.len());
        Outline { is_code, depth, begins: is_code && depth == 0 && lexer.statement == place }
    })
}

/// What stands around `span` of `text`.
pub(super) fn place(language: Language, text: &[u8], span: &Range<usize>) -> Place {
    let mut lexer = Lexer::new(language, text);
    let mut is_comment = false;
    while lexer.at < span.start {
        is_comment = lexer.step();
    }
    // The code of the file, a string, code in it, and a string in that.
    let holes = 2;
    let around = |lexer: &Lexer<'_>, stands| Place {
        stands,
        brackets: lexer.brackets.iter().map(|(_, at)| *at).collect(),
        statement: lexer.statement,
        is_in_hole: lexer.frames.len() > holes,
    };
    if is_comment && lexer.at > span.start {
        return around(&lexer, Stands::Comment);
    }
    let Some(Frame::String { opening, start }) = lexer.frames.last().cloned() else {
        return around(&lexer, Stands::Code);
    };
    let mut place = around(&lexer, Stands::Code);
    let depth = lexer.frames.len();
    while lexer.frames.len() >= depth && lexer.at < text.len() {
        lexer.step();
    }
    let inner = start + opening.length..lexer.at.saturating_sub(lexer.closed);
    let is_closed = lexer.frames.len() < depth && inner.start <= span.start && span.end <= inner.end;
    if is_closed {
        place.stands = Stands::String(Literal { outer: start..lexer.at, inner, kind: opening.kind });
    }
    place
}

#[derive(Clone)]
enum Frame {
    /// Code; within a string, up to the bracket that closes the hole.
    Code {
        brackets: usize,
    },
    String {
        opening: Opening,
        start: usize,
    },
}

struct Lexer<'t> {
    language: Language,
    text: &'t [u8],
    at: usize,
    frames: Vec<Frame>,
    brackets: Vec<(u8, usize)>,
    statement: usize,
    /// The last byte of code that is no blank and in no comment.
    last: Option<usize>,
    /// How long the end of the last closed string is.
    closed: usize,
    /// Here-documents whose line is not over.
    waiting: Vec<(Opening, usize)>,
}

impl<'t> Lexer<'t> {
    /// Deeper nesting of strings and holes is no code of people.
    const DEEPEST: usize = 64;

    fn new(language: Language, text: &'t [u8]) -> Self {
        let mark = "\u{feff}".as_bytes();
        let at = if text.starts_with(mark) { mark.len() } else { 0 };
        let mut frames = vec![Frame::Code { brackets: 0 }];
        if language == Language::Php {
            frames.push(Frame::String { opening: Opening::page(), start: at });
        }
        let (brackets, waiting) = (Vec::new(), Vec::new());
        Self { language, text, at, frames, brackets, statement: at, last: None, closed: 0, waiting }
    }

    fn rest(&self) -> &'t [u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    /// Goes on by one unit; whether that was a comment.
    fn step(&mut self) -> bool {
        match self.frames.last().cloned() {
            Some(Frame::String { opening, .. }) => {
                self.in_string(&opening);
                false
            }
            Some(Frame::Code { brackets }) => self.in_code(brackets),
            None => {
                self.at = self.text.len();
                false
            }
        }
    }

    fn in_string(&mut self, opening: &Opening) {
        let rest = self.rest();
        match &opening.close {
            Close::Quote(close)
                if opening.doubles && rest.starts_with(close) && rest[close.len()..].starts_with(close) =>
            {
                self.at += 2 * close.len();
            }
            Close::Quote(close) if rest.starts_with(close) => self.close(close.len()),
            Close::Line(word) if self.is_at_line_start() && is_end_line(rest, word) => {
                let indent = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                self.close(indent + word.len());
            }
            _ if opening.escapes && rest.first() == Some(&b'\\') => self.at += 2,
            _ => match opening.hole.filter(|hole| rest.starts_with(hole)) {
                // In Python and C# a doubled bracket stands for itself.
                Some(b"{") if rest.starts_with(b"{{") => self.at += 2,
                Some(hole) if self.frames.len() < Self::DEEPEST => {
                    self.at += hole.len();
                    self.brackets.push((b'{', self.at - 1));
                    self.frames.push(Frame::Code { brackets: self.brackets.len() });
                }
                _ => self.at += 1,
            },
        }
    }

    fn close(&mut self, length: usize) {
        self.at += length;
        self.closed = length;
        self.frames.pop();
        self.last = Some(self.at - 1);
    }

    fn is_at_line_start(&self) -> bool {
        self.at == 0 || self.text[self.at - 1] == b'\n'
    }

    fn in_code(&mut self, base: usize) -> bool {
        let rest = self.rest();
        if self.language == Language::Php && rest.starts_with(b"?>") {
            self.frames.push(Frame::String { opening: Opening::page(), start: self.at });
            self.at += 2;
            return false;
        }
        if let Some(length) = opening::comment(self.language, self.text, self.at) {
            self.at += length;
            return true;
        }
        if let Some(length) = opening::regex(self.language, self.text, self.at, self.last) {
            self.at += length;
            self.last = Some(self.at - 1);
            return false;
        }
        if let Some((opening, length)) = opening::here_document(self.language, self.text, self.at) {
            self.waiting.push((opening, self.at));
            self.at += length;
            self.last = Some(self.at - 1);
            return false;
        }
        if let Some(opening) = opening::string(self.language, self.text, self.at) {
            let start = self.at;
            self.at += opening.length;
            self.frames.push(Frame::String { opening, start });
            return false;
        }
        self.one_byte(rest[0], base);
        false
    }

    fn one_byte(&mut self, byte: u8, base: usize) {
        let at = self.at;
        self.at += 1;
        match byte {
            b'\n' => {
                self.end_line();
                if !self.waiting.is_empty() {
                    let (opening, _) = self.waiting.remove(0);
                    self.frames.push(Frame::String { opening, start: self.at });
                }
                return;
            }
            b'(' | b'[' | b'{' => self.brackets.push((byte, at)),
            b')' | b']' | b'}' => {
                let opened = self.brackets.pop();
                // The bracket of the hole itself.
                if base > 0 && self.brackets.len() < base {
                    self.frames.pop();
                    return;
                }
                if byte == b')' && opened.is_some_and(|(_, open)| opening::is_condition(self.text, open)) {
                    self.last = None;
                    return;
                }
            }
            _ => {}
        }
        if matches!(byte, b';' | b'{' | b'}') {
            self.statement = self.at;
        }
        if !byte.is_ascii_whitespace() {
            self.last = Some(at);
        }
    }

    /// In some languages the end of a line ends a statement, unless it is plain that more follows.
    fn end_line(&mut self) {
        let by_line = matches!(
            self.language,
            Language::Python | Language::Go | Language::Ruby | Language::Kotlin | Language::Terraform
        );
        let goes_on = self.last.is_some_and(|last| match self.language {
            Language::Python => self.text[last] == b'\\',
            _ => b"=+-*/%&|,.<>?\\([".contains(&self.text[last]),
        });
        let is_in_brackets = matches!(self.brackets.last(), Some((b'(' | b'[', _))) && self.language != Language::Go;
        if by_line && !goes_on && !is_in_brackets {
            self.statement = self.at;
        }
    }
}

/// Whether the line is the end of a here-document.
fn is_end_line(rest: &[u8], word: &[u8]) -> bool {
    let indent = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let behind = rest[indent..].strip_prefix(word).map(|behind| behind.first().copied());
    behind.is_some_and(|next| next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The string around `KEY`, as it is written; what else stands around it in words.
    fn around(language: Language, text: &str) -> String {
        let start = text.find("KEY").unwrap();
        match place(language, text.as_bytes(), &(start..start + 3)).stands {
            Stands::Code => "code".to_owned(),
            Stands::Comment => "comment".to_owned(),
            Stands::String(literal) => text.get(literal.outer).unwrap().to_owned(),
        }
    }

    #[test]
    fn strings_are_found_with_prefix_and_quotes() {
        use Language as L;
        for (language, text, expected) in [
            (L::Python, "a = 'x' + \"KEY\"", "\"KEY\""),
            (L::Python, "a = rb'KEY'", "rb'KEY'"),
            (L::Python, "a = '''it's\n\"KEY\"'''", "'''it's\n\"KEY\"'''"),
            (L::Python, "# it's KEY", "comment"),
            (L::Python, "a = f\"{b['x']} KEY\"", "f\"{b['x']} KEY\""),
            (L::Python, "a = f\"{b['KEY']}\"", "'KEY'"),
            (L::Python, "KEY = 1", "code"),
            (L::JavaScript, "a = /[\"'/]/; b = 'KEY'", "'KEY'"),
            (L::JavaScript, "a = b / c; d = \"KEY\" / 2", "\"KEY\""),
            (L::JavaScript, "if (1) /`/.test(a);\nb = 'KEY';\nif (1) /`/.test(a);", "'KEY'"),
            (L::JavaScript, "for await (a of b) /'/.test(a); c = 'KEY'", "'KEY'"),
            (L::JavaScript, "a = f(1) / 'KEY' + '/'", "'KEY'"),
            (L::JavaScript, "<p>http://a.b <C d=\"KEY\"/></p>", "\"KEY\""),
            (L::JavaScript, "a = { b:// \"c\n'KEY' }", "'KEY'"),
            (L::JavaScript, "a = `x ${f(`KEY`)} y`", "`KEY`"),
            (L::JavaScript, "a = `x ${f({})} KEY`", "`x ${f({})} KEY`"),
            (L::JavaScript, "// it's\na = 'KEY'", "'KEY'"),
            (L::JavaScript, "/* 'KEY' */", "comment"),
            (L::TypeScript, "<p>Don't</p>\nconst a = \"KEY\"", "\"KEY\""),
            (L::Rust, "fn f<'a>(x: &'a str) { g('\"', \"KEY\") }", "\"KEY\""),
            (L::Rust, "let a = br#\"x\"KEY\"#;", "br#\"x\"KEY\"#"),
            (L::Rust, "/* /* */ \"KEY\" */", "comment"),
            (L::Go, "a := `\n\"KEY\"`; b := '\"'", "`\n\"KEY\"`"),
            (L::Ruby, "a = \"#{b[\"x\"]} KEY\"", "\"#{b[\"x\"]} KEY\""),
            (L::Ruby, "a = %Q({\"b\": \"KEY\"})", "code"),
            (L::Ruby, "a = %q(b (\"KEY\") c)", "code"),
            (L::Ruby, "f %(\"KEY\")", "code"),
            (L::Ruby, "a = ?\"\nb = 'KEY'; c = ?\"", "'KEY'"),
            (L::Ruby, "a = %r{\"}\nb = 'KEY'; c = %r{\"}", "'KEY'"),
            (L::Ruby, "f do\nend\n%w[a' b].each\nb = 'KEY'; c = '", "'KEY'"),
            (L::Ruby, "a.split /'/\nb = 'KEY'; c = /'/", "'KEY'"),
            (L::Ruby, "a = b % (c + 'KEY')", "'KEY'"),
            (L::Ruby, "a = b ? \"'\" : 'KEY'", "'KEY'"),
            (L::Ruby, "a = b.c? ?'d' : 'KEY'", "'KEY'"),
            (L::Ruby, "a = 5 %('KEY')", "'KEY'"),
            (L::Ruby, "a = <<~END\n  it's KEY\nEND\n", "  it's KEY\nEND"),
            (L::Java, "char c = '\"'; String s = \"KEY\";", "\"KEY\""),
            (L::Java, "s = \"\"\"\n  \"KEY\"\n\"\"\";", "\"\"\"\n  \"KEY\"\n\"\"\""),
            (L::Kotlin, "val a = \"${b(\"x\")} KEY\"", "\"${b(\"x\")} KEY\""),
            (L::CSharp, "var a = @\"c:\\\"; var b = \"KEY\";", "\"KEY\""),
            (L::CSharp, "var a = $\"{b:x} KEY\";", "$\"{b:x} KEY\""),
            (L::Php, "<p>it's</p>\n<?php $a = 'KEY';", "'KEY'"),
            (L::Php, "<?php\n// it's ?>\n'KEY'", "?>\n'KEY'"),
            (L::Terraform, "# it's\na = \"KEY\"", "\"KEY\""),
            (L::Json, "{\"a\": \"KEY\"} // b", "\"KEY\""),
        ] {
            let expected = if language == L::Php && text.contains("?>\n") { "code" } else { expected };
            assert_eq!(around(language, text), expected, "{text}");
        }
    }

    #[test]
    fn a_statement_begins_where_the_last_one_ended() {
        let statement = |language, text: &str| {
            let start = text.find("KEY").unwrap();
            let place = place(language, text.as_bytes(), &(start..start + 3));
            text.get(place.statement..start).unwrap().trim().to_owned()
        };
        assert_eq!(statement(Language::Rust, "fn f() {} const A: &str = \"KEY\";"), "const A: &str = \"");
        assert_eq!(statement(Language::Go, "const a = 1\nvar b = \"KEY\""), "var b = \"");
        assert_eq!(statement(Language::Kotlin, "val a = 1\nval b =\n  \"KEY\""), "val b =\n  \"");
    }

    #[test]
    fn whatever_the_text_it_comes_to_an_end() {
        let pieces = [
            "\"", "'", "`", "${", "}", "\\", "\n", "<<~A", "A", "/*", "*/", "#", "<?php", "?>", "r#\"", "é", "(",
            "%q<", "?",
        ];
        for language in [
            Language::Python,
            Language::JavaScript,
            Language::Rust,
            Language::Go,
            Language::Ruby,
            Language::Java,
            Language::Kotlin,
            Language::CSharp,
            Language::Php,
            Language::Terraform,
            Language::Json,
        ] {
            for first in pieces {
                for second in pieces {
                    for third in pieces {
                        let text = format!("{first}{second}{third}KEY{second}{first}");
                        around(language, &text);
                    }
                }
            }
        }
    }
}
