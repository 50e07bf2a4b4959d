//! Places of a program where no variable can be read: what has to be constant, a name, or another type.

use super::lent;
use crate::remedy::Spot;
use crate::remedy::lexer::{Kind, Language, Literal, Place};

const CONSTANT: &str = "a constant is fixed when the program is built: make it a variable first";
const ANNOTATION: &str = "an annotation takes constants only";
const NAME: &str = "it is the name of a field, which cannot be read from a variable";
const PATTERN: &str = "it is compared with as a pattern, which has to be constant";
const JOINED: &str = "strings that stand side by side cannot be taken apart";

/// Why the string cannot be replaced by an expression.
pub(super) fn reason(language: Language, spot: &Spot<'_>, place: &Place, literal: &Literal) -> Option<&'static str> {
    let around = Around::new(spot, place, literal);
    match language {
        Language::Python => python(&around, literal),
        Language::JavaScript | Language::TypeScript => javascript(language, &around, literal),
        Language::Rust => rust(&around, literal),
        Language::Go => go(&around, literal),
        Language::Ruby => ruby(&around, literal),
        Language::Java | Language::Kotlin => jvm(language, &around),
        Language::CSharp => c_sharp(&around),
        Language::Php => php(&around, literal),
        Language::Terraform | Language::Json => None,
    }
}

/// What stands around a string.
pub(super) struct Around<'a> {
    pub(super) text: &'a [u8],
    pub(super) before: &'a [u8],
    pub(super) behind: &'a [u8],
    /// Where the string begins.
    pub(super) literal: usize,
    /// From the beginning of the statement to the string.
    pub(super) statement: &'a [u8],
    /// The sign that ends the statement.
    pub(super) end: Option<u8>,
    pub(super) brackets: &'a [usize],
    is_in_hole: bool,
}

impl<'a> Around<'a> {
    fn new(spot: &Spot<'a>, place: &'a Place, literal: &Literal) -> Self {
        let text = spot.text;
        Self {
            text,
            before: text[..literal.outer.start].trim_ascii_end(),
            behind: text[literal.outer.end..].trim_ascii_start(),
            statement: &text[place.statement.min(literal.outer.start)..literal.outer.start],
            literal: literal.outer.start,
            end: place.end,
            brackets: &place.brackets,
            is_in_hole: place.is_in_hole,
        }
    }

    fn has_word(&self, words: &[&[u8]]) -> bool {
        let mut found = self.statement.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
        found.any(|word| words.contains(&word))
    }

    /// The word right before the string.
    fn word_before(&self) -> &'a [u8] {
        last_word(self.before)
    }

    /// Whether an open bracket around the string stands behind such a text.
    fn is_in_bracket_behind(&self, test: impl Fn(&[u8], u8) -> bool) -> bool {
        self.brackets.iter().any(|at| test(self.text[..*at].trim_ascii_end(), self.text[*at]))
    }

    /// Whether strings stand side by side, which some languages join.
    fn has_neighbour(&self) -> bool {
        let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\''));
        let letters = self.behind.iter().take_while(|byte| byte.is_ascii_alphabetic()).count().min(2);
        is_quote(self.before.last()) || is_quote(self.behind.first()) || is_quote(self.behind.get(letters))
    }

    fn is_name_of_field(&self) -> bool {
        matches!(self.before.last(), Some(b'{' | b',')) && self.behind.starts_with(b":")
    }
}

/// The word at the end of a text.
pub(super) fn last_word(text: &[u8]) -> &[u8] {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let start = text.iter().rposition(|byte| !is_word(byte)).map_or(0, |before| before + 1);
    &text[start..]
}

fn python(around: &Around<'_>, literal: &Literal) -> Option<&'static str> {
    if around.statement.trim_ascii().is_empty() && around.brackets.is_empty() {
        return Some("the string is a text of its own, which reads no variable: take it out by hand");
    }
    if around.has_neighbour() {
        return Some(JOINED);
    }
    if around.statement.trim_ascii_start().starts_with(b"case ") {
        return Some(PATTERN);
    }
    if around.is_in_hole {
        return Some("it stands in a string inside another one");
    }
    let is_part_of_bytes = literal.kind == Kind::Bytes && around.statement.is_empty();
    is_part_of_bytes.then_some("bytes cannot be joined with a text")
}

fn javascript(language: Language, around: &Around<'_>, literal: &Literal) -> Option<&'static str> {
    if around.is_name_of_field() || around.behind.starts_with(b"(") {
        return Some(NAME);
    }
    if matches!(around.word_before(), b"from" | b"import" | b"module") {
        return Some("it names a module, which has to be constant");
    }
    if language == Language::JavaScript {
        return None;
    }
    let is_type = around.has_word(&[b"type"]) || around.behind.starts_with(b"as const");
    let is_listed = |before: &[u8], bracket: u8| {
        let head = before[..before.len() - last_word(before).len()].trim_ascii_end();
        bracket == b'{' && matches!(last_word(head), b"enum" | b"interface")
    };
    let is_alias = |before: &[u8], bracket: u8| {
        let line = before.rsplit(|byte| matches!(byte, b'\n' | b';')).next().unwrap_or_default();
        bracket == b'{' && before.ends_with(b"=") && line.split(|byte| *byte == b' ').any(|word| word == b"type")
    };
    let is_type = is_type
        || is_type_of_name(around)
        || around.is_in_bracket_behind(is_listed)
        || is_argument_of_type(around, literal)
        || around.is_in_bracket_behind(is_alias);
    is_type.then_some("a type takes constants only")
}

/// Whether the string stands behind the colon of a variable or a parameter: `let a: "x" | "y"`.
fn is_type_of_name(around: &Around<'_>) -> bool {
    let innermost = around.brackets.last().copied();
    if innermost.is_some_and(|at| around.text[at] == b'{') && !around.has_word(&[b"let", b"const", b"var"]) {
        return false;
    }
    let start = around.before.iter().rposition(|byte| b"=,(?".contains(byte)).map_or(0, |sign| sign + 1);
    let near = &around.before[start.max(innermost.map_or(0, |at| at + 1)).min(around.before.len())..];
    let is_asked = start > 0 && around.before[start - 1] == b'?';
    matches!(around.before.last(), Some(b':' | b'|')) && near.contains(&b':') && !is_asked
}

/// Whether the string stands between the angles behind a name: `f<"x">()`, `Record<"x" | "y", z>`.
fn is_argument_of_type(around: &Around<'_>, literal: &Literal) -> bool {
    let is_in_type =
        |byte: &u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"_$.,|&?:\"'`[]{}()<".contains(byte);
    if !matches!(around.before.last(), Some(b'<' | b',' | b'|' | b'&' | b'[' | b':')) {
        return false;
    }
    let start = around.before.iter().rposition(|byte| !is_in_type(byte) || b";=".contains(byte)).map_or(0, |at| at + 1);
    let near = &around.before[start..];
    let opens = near.windows(2).any(|pair| pair[1] == b'<' && last_word(&pair[..1]) != b"");
    let end = around.text[literal.outer.end..].iter().find(|byte| **byte == b'>' || !is_in_type(byte));
    opens && end == Some(&b'>')
}

/// Whether brackets in place of the string, which is the first on its line, would call the value that ends above.
pub(super) fn would_be_called(text: &[u8], literal: &Literal) -> bool {
    let before = &text[..literal.outer.start];
    let above = before.trim_ascii_end();
    let is_value_end = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$)]}\"'`".contains(byte);
    before[above.len()..].contains(&b'\n') && above.last().is_some_and(is_value_end)
}

/// Whether the string is an attribute of a tag, as in JSX: `<Map token="...">`.
pub(super) fn is_in_tag(text: &[u8], literal: &Literal) -> bool {
    const FARTHEST: usize = 2000;
    let before = &text[..literal.outer.start];
    if !before.ends_with(b"=") {
        return false;
    }
    let near = &before[before.len().saturating_sub(FARTHEST)..];
    let Some(open) = near.windows(2).rposition(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic()) else {
        return false;
    };
    let within = &near[open + 1..];
    let is_compared = open > 0
        && (near[open - 1].is_ascii_alphanumeric() || b")]_ ".contains(&near[open - 1]))
        && !matches!(last_word(near[..open].trim_ascii_end()), b"return" | b"default" | b"")
        || open > 0 && b")]".contains(&near[open - 1]);
    let has_name = last_word(&before[..before.len() - 1]).first().is_some_and(u8::is_ascii_alphabetic);
    has_name && !is_compared && !within.iter().any(|byte| matches!(byte, b'>' | b';' | b'(' | b'&'))
}

fn rust(around: &Around<'_>, literal: &Literal) -> Option<&'static str> {
    const FORMATTING: [&[u8]; 24] = [
        b"format",
        b"print",
        b"println",
        b"eprint",
        b"eprintln",
        b"write",
        b"writeln",
        b"panic",
        b"concat",
        b"env",
        b"option_env",
        b"include_str",
        b"include",
        b"include_bytes",
        b"todo",
        b"unimplemented",
        b"info",
        b"warn",
        b"error",
        b"debug",
        b"trace",
        b"anyhow",
        b"bail",
        b"compile_error",
    ];
    const LENT: &str = "it is lent for longer than a variable's value lives: make it a `String` first";
    if literal.kind == Kind::Bytes {
        return Some("it is made of bytes, and a variable holds a text");
    }
    if around.has_word(&[b"const", b"static"]) {
        return Some(CONSTANT);
    }
    if around.is_in_bracket_behind(|before, _| before.ends_with(b"#") || before.ends_with(b"#!")) {
        return Some("an attribute takes constants only");
    }
    let is_macro = |before: &[u8]| before.strip_suffix(b"!").is_some_and(|name| FORMATTING.contains(&last_word(name)));
    let inner = around.brackets.last().map(|at| &around.text[..*at]);
    if inner.is_some_and(is_macro) {
        return Some("this macro takes a constant text");
    }
    let is_taken_apart = around.has_word(&[b"let"]) && !around.statement.contains(&b'=');
    if around.behind.starts_with(b"=>") || around.behind.starts_with(b"|") || is_taken_apart {
        return Some(PATTERN);
    }
    (!lent::is_let_go(around)).then_some(LENT)
}

fn go(around: &Around<'_>, literal: &Literal) -> Option<&'static str> {
    let is_constant = around.has_word(&[b"const"])
        || around.is_in_bracket_behind(|before, bracket| bracket == b'(' && last_word(before) == b"const");
    if is_constant {
        return Some(CONSTANT);
    }
    let is_import = around.is_in_bracket_behind(|before, _| last_word(before) == b"import");
    if is_import || around.word_before() == b"import" {
        return Some("it names a package");
    }
    let follows_type = !matches!(around.word_before(), b"" | b"return" | b"case");
    let is_tag = around.text[literal.outer.start] == b'`' && follows_type;
    is_tag.then_some("the tag of a field takes constants only")
}

fn ruby(around: &Around<'_>, literal: &Literal) -> Option<&'static str> {
    if matches!(literal.kind, Kind::Document | Kind::QuotedDocument) {
        return None;
    }
    if around.has_neighbour() || around.before.ends_with(b"\\") || around.behind.starts_with(b"\\") {
        return Some(JOINED);
    }
    let is_symbol =
        around.before.ends_with(b":") && !around.before.ends_with(b"::") && around.statement.ends_with(b":");
    let is_name = around.behind.starts_with(b":") && matches!(around.before.last(), Some(b'{' | b',' | b'('));
    (is_symbol || is_name).then_some(NAME)
}

fn jvm(language: Language, around: &Around<'_>) -> Option<&'static str> {
    if language == Language::Kotlin && around.has_word(&[b"const"]) {
        return Some(CONSTANT);
    }
    if around.word_before() == b"case" {
        return Some(PATTERN);
    }
    let is_annotation = |before: &[u8], bracket: u8| {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:".contains(byte);
        let start = before.iter().rposition(|byte| !is_word(byte));
        bracket == b'(' && start.is_some_and(|sign| before[sign] == b'@')
    };
    around.is_in_bracket_behind(is_annotation).then_some(ANNOTATION)
}

fn c_sharp(around: &Around<'_>) -> Option<&'static str> {
    if around.has_word(&[b"const"]) {
        return Some(CONSTANT);
    }
    if around.word_before() == b"case" || around.behind.starts_with(b"=>") {
        return Some(PATTERN);
    }
    let begins = |before: &[u8], bracket: u8| {
        bracket == b'[' && matches!(before.last(), None | Some(b'{' | b'}' | b';' | b']' | b'(' | b','))
    };
    let is_called = around.brackets.last().is_some_and(|at| around.text[*at] == b'(');
    if is_called && around.is_in_bracket_behind(begins) {
        return Some(ANNOTATION);
    }
    // What a parameter is without an argument.
    if is_called && around.before.ends_with(b"=") && !around.before.ends_with(b"==") && !around.before.ends_with(b"!=")
    {
        return Some(CONSTANT);
    }
    around.is_in_hole.then_some("it stands in a string inside another one")
}

fn php(around: &Around<'_>, literal: &Literal) -> Option<&'static str> {
    if literal.kind == Kind::Page {
        return Some("it stands in a page, which everybody can read");
    }
    if around.text[literal.outer.start] == b'`' {
        return Some("it stands in a command of a shell, which cannot be taken apart");
    }
    // The `case` of an enum has a value, that of a `switch` is one.
    let is_case = around.statement.trim_ascii_start().strip_prefix(b"case ").is_some_and(|case| {
        let name = case.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(case.len());
        name > 0 && case[name..].trim_ascii_start().starts_with(b"=")
    });
    let is_declared = is_case || around.has_word(&[b"const", b"public", b"private", b"protected", b"var", b"static"]);
    let is_parameter = |at: &usize| {
        let before = around.text[..*at].trim_ascii_end();
        let name = last_word(before);
        let head = before[..before.len() - name.len()].trim_ascii_end();
        let words = [name, last_word(head.strip_suffix(b"&").unwrap_or(head).trim_ascii_end())];
        words.iter().any(|word| matches!(*word, b"function" | b"fn"))
    };
    if is_declared || around.brackets.iter().any(is_parameter) {
        return Some("this has to be constant: read the variable where the program runs");
    }
    around.is_in_bracket_behind(|before, _| before.ends_with(b"#")).then_some("an attribute takes constants only")
}
