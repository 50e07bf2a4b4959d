//! What begins a string, a comment or a regex in each language.

use std::rc::Rc;

use super::Language;

/// How a string may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::remedy) enum Kind {
    /// Escapes or not, but no code in it.
    Plain,
    /// Bytes, where text and bytes are two types.
    Bytes,
    /// Code stands in holes of it, or can.
    WithHoles,
    /// A here-document, which has no quotes that could be left out.
    Document,
    /// One whose word is quoted, which takes everything as it is.
    QuotedDocument,
    /// What stands outside the code of a page.
    Page,
}

/// What begins a string, and so tells its end.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    /// Of prefix and quote.
    pub(super) length: usize,
    pub(super) close: Close,
    pub(super) kind: Kind,
    /// Whether a backslash takes the next byte with it.
    pub(super) escapes: bool,
    /// Whether a doubled quote stands for itself.
    pub(super) doubles: bool,
    /// What begins code in it.
    pub(super) hole: Option<&'static [u8]>,
}

#[derive(Clone, Debug)]
pub(super) enum Close {
    Quote(Rc<[u8]>),
    /// A line that holds this word.
    Line(Rc<[u8]>),
}

impl Opening {
    fn quoted(length: usize, close: &[u8]) -> Self {
        let close = Close::Quote(close.into());
        Self { length, close, kind: Kind::Plain, escapes: true, doubles: false, hole: None }
    }

    fn raw(self) -> Self {
        Self { escapes: false, ..self }
    }

    fn with(self, hole: &'static [u8]) -> Self {
        Self { hole: Some(hole), kind: Kind::WithHoles, ..self }
    }

    /// Everything up to the next code of PHP.
    pub(super) fn page() -> Self {
        Self { kind: Kind::Page, ..Self::quoted(0, b"<?").raw() }
    }
}

/// The string that begins at `at`.
pub(super) fn string(language: Language, text: &[u8], at: usize) -> Option<Opening> {
    let rest = &text[at..];
    // A prefix is no end of a name.
    let is_in_word = at > 0 && is_word(text[at - 1]);
    let opening = match language {
        Language::Python => python(rest, is_in_word)?,
        Language::JavaScript | Language::TypeScript if rest[0] == b'`' => {
            return Some(Opening::quoted(1, b"`").with(b"${"));
        }
        Language::Rust => return rust(rest, is_in_word),
        Language::Go if rest[0] == b'`' => return Some(Opening::quoted(1, b"`").raw()),
        Language::Java | Language::Kotlin if rest.starts_with(b"\"\"\"") => {
            let opening = Opening::quoted(3, b"\"\"\"");
            return Some(if language == Language::Kotlin { opening.raw().with(b"${") } else { opening });
        }
        Language::Kotlin | Language::Terraform if rest[0] == b'"' => Opening::quoted(1, b"\"").with(b"${"),
        Language::CSharp => c_sharp(rest)?,
        // Their strings go over lines.
        Language::Ruby | Language::Php => {
            let opening = Opening::quoted(1, rest.get(..1).filter(|quote| b"\"'`".contains(&quote[0]))?);
            return Some(match (language, rest[0]) {
                (_, b'\'') => opening,
                (Language::Ruby, _) => opening.with(b"#{"),
                _ => opening.with(b"{$"),
            });
        }
        Language::Json if rest[0] == b'"' => Opening::quoted(1, b"\""),
        Language::Terraform | Language::Json => return None,
        _ => Opening::quoted(1, rest.get(..1).filter(|quote| b"\"'".contains(&quote[0]))?),
    };
    closes_on_line(&opening, rest).then_some(opening)
}

/// So far one looks for the end of what may begin at each byte of a line.
const FARTHEST: usize = 4096;

/// Whether a string that ends on its line does: an apostrophe in a text begins none.
fn closes_on_line(opening: &Opening, rest: &[u8]) -> bool {
    let Close::Quote(close) = &opening.close else { return true };
    if close.len() > 1 || opening.doubles {
        return true;
    }
    let mut place = opening.length;
    while let Some(byte) = rest.get(place).filter(|byte| **byte != b'\n') {
        if rest[place..].starts_with(close) || place > FARTHEST {
            return true;
        }
        // What is escaped may be the end of the line.
        place += if *byte == b'\\' && opening.escapes { 2 } else { 1 };
    }
    false
}

fn python(rest: &[u8], is_in_word: bool) -> Option<Opening> {
    let prefix = rest.iter().take_while(|byte| b"rRbBfFuU".contains(byte)).take(3).count();
    let (letters, quoted) = rest.split_at(prefix);
    let quote = *quoted.first().filter(|quote| b"\"'".contains(quote))?;
    if prefix > 2 || prefix > 0 && is_in_word {
        return None;
    }
    let has = |letter: u8| letters.iter().any(|byte| byte.eq_ignore_ascii_case(&letter));
    let triple = [quote; 3];
    let close = if quoted.starts_with(&triple) { &triple[..] } else { &triple[..1] };
    // A backslash keeps a quote from ending a raw string too.
    let opening = Opening::quoted(prefix + close.len(), close);
    Some(match (has(b'f'), has(b'b')) {
        (true, _) => opening.with(b"{"),
        (_, true) => Opening { kind: Kind::Bytes, ..opening },
        _ => opening,
    })
}

fn rust(rest: &[u8], is_in_word: bool) -> Option<Opening> {
    if rest[0] == b'\'' {
        // A character, and no lifetime.
        let length = match rest.get(1)? {
            b'\\' => 3,
            first => 1 + utf8_length(*first),
        };
        return (rest.get(length) == Some(&b'\'') || rest[1] == b'\\').then(|| Opening::quoted(1, b"'"));
    }
    let prefix = rest.iter().take_while(|byte| b"brc".contains(byte)).take(2).count();
    let letters = &rest[..prefix];
    let is_raw = letters.contains(&b'r');
    let hashes = if is_raw { rest[prefix..].iter().take_while(|byte| **byte == b'#').count() } else { 0 };
    if rest.get(prefix + hashes) != Some(&b'"') || prefix > 0 && is_in_word {
        return None;
    }
    let opening = Opening::quoted(prefix + hashes + 1, &[&b"\""[..], &vec![b'#'; hashes]].concat());
    let opening = if is_raw { opening.raw() } else { opening };
    let is_text = !letters.iter().any(|letter| b"bc".contains(letter));
    Some(if is_text { opening } else { Opening { kind: Kind::Bytes, ..opening } })
}

const fn utf8_length(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

fn c_sharp(rest: &[u8]) -> Option<Opening> {
    const MOST_SIGNS: usize = 16;
    let prefix = rest.iter().take_while(|byte| b"@$".contains(byte)).take(MOST_SIGNS).count();
    let (signs, behind) = rest.split_at(prefix);
    if prefix == 0 && behind.first() == Some(&b'\'') {
        return Some(Opening::quoted(1, b"'"));
    }
    let quotes = behind.iter().take_while(|byte| **byte == b'"').count();
    let opening = match quotes {
        0 => return None,
        3.. if !signs.contains(&b'@') => Opening::quoted(prefix + quotes, &vec![b'"'; quotes]).raw(),
        _ if signs.contains(&b'@') => Opening { doubles: true, ..Opening::quoted(prefix + 1, b"\"").raw() },
        _ => Opening::quoted(prefix + 1, b"\""),
    };
    Some(if signs.contains(&b'$') { opening.with(b"{") } else { opening })
}

/// How long the comment is that begins at `at`; its line end is no part of it.
pub(super) fn comment(language: Language, text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let has_hash = matches!(language, Language::Python | Language::Ruby | Language::Php | Language::Terraform);
    let has_slashes = !matches!(language, Language::Python | Language::Ruby);
    // An address in a text of JSX.
    let is_address = || {
        matches!(language, Language::JavaScript | Language::TypeScript)
            && [&b"http:"[..], b"https:"].iter().any(|scheme| text[..at].ends_with(scheme))
    };
    if has_hash && rest[0] == b'#' && !(language == Language::Php && rest.starts_with(b"#["))
        || has_slashes && rest.starts_with(b"//") && !is_address()
    {
        let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        // The end of the code ends a comment of PHP.
        let code = memchr::memmem::find(&rest[..line], b"?>").filter(|_| language == Language::Php);
        return Some(code.unwrap_or(line));
    }
    if has_slashes && rest.starts_with(b"/*") {
        let nests = matches!(language, Language::Rust | Language::Kotlin);
        return Some(block_comment(rest, nests.then_some(&b"/*"[..])));
    }
    let is_line_start = at == 0 || text[at - 1] == b'\n';
    if language == Language::Ruby && is_line_start {
        if rest.starts_with(b"=begin") {
            return Some(memchr::memmem::find(rest, b"\n=end").map_or(rest.len(), |end| end + b"\n=end".len()));
        }
        if rest.starts_with(b"__END__") {
            return Some(rest.len());
        }
    }
    None
}

fn block_comment(rest: &[u8], nested: Option<&[u8]>) -> usize {
    let mut depth = 1;
    let mut place = 2;
    while depth > 0 && place < rest.len() {
        if rest[place..].starts_with(b"*/") {
            depth -= 1;
            place += 2;
        } else if nested.is_some_and(|open| rest[place..].starts_with(open)) {
            depth += 1;
            place += 2;
        } else {
            place += 1;
        }
    }
    place
}

/// How long the regex is that begins at `at`, or another literal in which nothing can be replaced, where `last` is the
/// last byte of code before it.
pub(super) fn regex(language: Language, text: &[u8], at: usize, last: Option<usize>) -> Option<usize> {
    let is_ruby = language == Language::Ruby;
    let is_known = is_ruby || matches!(language, Language::JavaScript | Language::TypeScript);
    let is_sign = text[at] == b'/' || is_ruby && matches!(text[at], b'%' | b'?');
    if !is_known || !is_sign {
        return None;
    }
    if let Some(last) = last.filter(|last| is_value_end(text, *last)) {
        // In Ruby a value ends with its line, and what has a blank before it and none behind is an argument.
        let ends_before = text[last..at].contains(&b'\n');
        let is_name = last + 1 < at && is_word(text[last]) && !text[last].is_ascii_digit() && text[at] != b'?';
        let is_argument = is_name && text.get(at + 1).is_some_and(|next| !next.is_ascii_whitespace());
        if !is_ruby || !ends_before && !is_argument {
            return None;
        }
    }
    match text[at] {
        b'%' => percent_literal(&text[at..]),
        b'?' => character(&text[at..]),
        _ => slashed(text, at),
    }
}

/// `%w[a b]`, `%(a)` and the like.
fn percent_literal(rest: &[u8]) -> Option<usize> {
    let kind = usize::from(rest.get(1).is_some_and(|kind| b"qQwWiIrsx".contains(kind)));
    let open = *rest.get(1 + kind).filter(|open| open.is_ascii_punctuation() && **open != b'=')?;
    let close = match open {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        b'<' => b'>',
        other => other,
    };
    let mut depth = 1_usize;
    let mut place = 2 + kind;
    while depth > 0 {
        match *rest.get(place)? {
            b'\\' => place += 1,
            byte if byte == close => depth -= 1,
            byte if byte == open => depth += 1,
            _ => {}
        }
        place += 1;
    }
    Some(place)
}

/// `?a`.
fn character(rest: &[u8]) -> Option<usize> {
    let first = *rest.get(1).filter(|first| !first.is_ascii_whitespace())?;
    let length = 1 + if first == b'\\' { 2 } else { utf8_length(first) };
    (!rest.get(length).copied().is_some_and(is_word)).then_some(length)
}

fn slashed(text: &[u8], at: usize) -> Option<usize> {
    let mut is_in_class = false;
    let mut place = at + 1;
    while let Some(byte) = text.get(place).filter(|byte| **byte != b'\n' && place - at < FARTHEST) {
        match byte {
            b'\\' => place += 1,
            b'[' => is_in_class = true,
            b']' => is_in_class = false,
            b'/' if !is_in_class => return Some(place + 1 - at),
            _ => {}
        }
        place += 1;
    }
    None
}

/// Whether a value ends at `last`, so that a slash behind it divides.
fn is_value_end(text: &[u8], last: usize) -> bool {
    const BEFORE_REGEX: [&[u8]; 10] =
        [b"return", b"typeof", b"case", b"in", b"of", b"do", b"else", b"void", b"if", b"when"];
    let byte = text[last];
    if !is_word(byte) {
        // A tag of a page in JavaScript closes with `</`.
        let is_counted = matches!(byte, b'+' | b'-') && last > 0 && text[last - 1] == byte;
        return is_counted || b")]}\"'`<".contains(&byte);
    }
    let start = text[..last].iter().rposition(|byte| !is_word(*byte)).map_or(0, |before| before + 1);
    !BEFORE_REGEX.contains(&&text[start..=last])
}

/// Whether the bracket at `open` holds the condition of a statement, behind which no value ends.
pub(super) fn is_condition(text: &[u8], open: usize) -> bool {
    let before = text[..open].trim_ascii_end();
    let is_start = |head: &[u8]| head.last().is_none_or(|last| !is_word(*last) && !b".$".contains(last));
    [&b"if"[..], b"while", b"for", b"for await", b"with"]
        .iter()
        .any(|word| before.strip_suffix(*word).is_some_and(is_start))
}

/// The here-document that is announced at `at`, and how long that is.
pub(super) fn here_document(language: Language, text: &[u8], at: usize) -> Option<(Opening, usize)> {
    let rest = &text[at..];
    let (sign, hole): (&[u8], &'static [u8]) = match language {
        Language::Ruby => (b"<<", b"#{"),
        Language::Php => (b"<<<", b"{$"),
        Language::Terraform => (b"<<", b"${"),
        _ => return None,
    };
    let mut word = rest.strip_prefix(sign)?;
    let mut length = sign.len();
    let marks =
        word.iter().take_while(|byte| b"~- ".contains(byte) && (**byte == b' ') == (language == Language::Php)).count();
    word = &word[marks..];
    length += marks;
    let quote = word.first().copied().filter(|byte| b"\"'".contains(byte));
    if quote.is_some() {
        word = &word[1..];
        length += 1;
    }
    let letters = word.iter().take_while(|byte| is_word(**byte)).count();
    let is_word =
        letters > 0 && !word[0].is_ascii_digit() && quote.is_none_or(|quote| word.get(letters) == Some(&quote));
    // `list <<Name` adds to a list.
    let is_plain_ruby = language == Language::Ruby && marks == 0 && quote.is_none();
    if !is_word || is_plain_ruby && (word[0].is_ascii_lowercase() || at == 0 || is_value_end(text, at - 1)) {
        return None;
    }
    length += letters + usize::from(quote.is_some());
    let close = Close::Line(word[..letters].into());
    let has_holes = quote != Some(b'\'');
    let kind = if has_holes { Kind::Document } else { Kind::QuotedDocument };
    let opening = Opening { close, kind, ..Opening::quoted(0, b"") };
    let opening = Opening { hole: has_holes.then_some(hole), escapes: has_holes, ..opening };
    Some((opening, length))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}
