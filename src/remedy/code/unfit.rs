//! Places of a program where no variable can be read: what has to be constant, a name, or another type.

use super::around::{Around, contains, first_word, is_word, last_word, leads};
use super::{rust, script};
use crate::remedy::lexer::{Kind, Language};

pub(super) const CONSTANT: &str = "a constant is fixed when the program is built: make it a variable first";
const ANNOTATION: &str = "an annotation takes constants only";
pub(super) const NAME: &str = "it is the name of a field, which cannot be read from a variable";
pub(super) const PATTERN: &str = "it is compared with as a pattern, which has to be constant";
const JOINED: &str = "strings that stand side by side cannot be taken apart";

/// Why the string cannot be replaced by an expression.
pub(super) fn reason(language: Language, around: &Around) -> Option<&'static str> {
    match language {
        Language::Python => python(around),
        Language::JavaScript | Language::TypeScript => script::reason(language, around),
        Language::Rust => rust::reason(around),
        Language::Go => go(around),
        Language::Ruby => ruby(around),
        Language::Java | Language::Kotlin => jvm(language, around),
        Language::CSharp => c_sharp(around),
        Language::Php => php(around),
        Language::Terraform | Language::Json => None,
    }
}

/// Whether the string is joined with one beside it, and has no hole that leaves that as it is.
fn is_side_by_side(around: &Around) -> bool {
    around.has_neighbour() && (around.literal.kind != Kind::WithHoles || around.is_whole)
}

fn python(around: &Around) -> Option<&'static str> {
    if around.statement().trim_ascii().is_empty() && around.brackets.is_empty() {
        return Some("the string is a text of its own, which reads no variable: take it out by hand");
    }
    if is_side_by_side(around) {
        return Some(JOINED);
    }
    // `case` is a name, too.
    let is_case = |at: usize| {
        let behind = around.head(at).trim_ascii_start().strip_prefix(b"case");
        let next = behind.map(|behind| (behind.first().is_none_or(|byte| b" [({".contains(byte)), behind.trim_ascii()));
        next.is_some_and(|(is_word, next)| is_word && !next.first().is_some_and(|byte| b"=:.,+".contains(byte)))
    };
    if around.brackets.iter().copied().chain([around.literal.outer.start]).any(is_case) {
        return Some(PATTERN);
    }
    if around.is_in_bracket_behind(&|before, bracket| bracket == b'[' && last_word(before) == b"Literal") {
        return Some("a type takes constants only");
    }
    around.is_in_hole.then_some("it stands in a string inside another one")
}

fn go(around: &Around) -> Option<&'static str> {
    let is_group = |word: &'static [u8]| {
        around.is_in_bracket_behind(&move |before, bracket| bracket == b'(' && last_word(before) == word)
    };
    if around.is_led_by(&[b"const"]) || is_group(b"const") {
        return Some(CONSTANT);
    }
    if is_group(b"import") || around.is_led_by(&[b"import"]) {
        return Some("it names a package");
    }
    let is_tag = around.before().ends_with(b"}")
        || !matches!(around.word_before(), b"" | b"return" | b"case" | b"range" | b"go" | b"defer");
    if is_tag {
        return Some("the tag of a field takes constants only");
    }
    let is_length = around.closes_before(&|rest, sign| sign == b']' && !first_word(rest).is_empty())
        && around.is_in_bracket_behind(&|before, bracket| bracket == b'(' && last_word(before) == b"len");
    if is_length {
        return Some(CONSTANT);
    }
    is_of_other_type(around, is_group(b"var")).then_some("it is of a type of its own, and a variable holds a `string`")
}

/// Whether a type is written for the string which is not that of texts: a text is one of them only while it is
/// constant.
fn is_of_other_type(around: &Around, is_group: bool) -> bool {
    const OF_TEXTS: [&[u8]; 4] = [b"", b"string", b"any", b"interface{}"];
    let item = around.before().strip_suffix(b"{").and_then(|before| before.iter().rposition(|byte| *byte == b']'));
    if let Some(close) = item {
        let element = &around.before()[close + 1..around.before().len() - 1];
        let is_name = element.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(byte));
        return is_name && !OF_TEXTS.contains(&element);
    }
    let head = around.head(around.literal.outer.start);
    if !is_group && !leads(head, &[b"var"]) {
        return false;
    }
    let declared = head.split(|byte| *byte == b'=').next().unwrap_or_default();
    let last = declared.rsplit(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    let last = last.strip_prefix(b"var ").unwrap_or(last).trim_ascii_start();
    let written = last[first_word(last).len()..].trim_ascii();
    let is_name = written.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(byte));
    head.contains(&b'=') && is_name && !OF_TEXTS.contains(&written)
}

fn ruby(around: &Around) -> Option<&'static str> {
    if matches!(around.literal.kind, Kind::Document | Kind::QuotedDocument) {
        return None;
    }
    let (before, behind) = (around.before(), around.behind());
    if is_side_by_side(around) || before.ends_with(b"\\") || behind.starts_with(b"\\") {
        return Some(JOINED);
    }
    let is_pattern = |at: usize| {
        let is_loop = matches!(first_word(around.head(at).trim_ascii_start()), b"for");
        last_word(around.text[..at].trim_ascii_end()) == b"in" && !is_loop
    };
    if around.brackets.iter().copied().chain([around.literal.outer.start]).any(is_pattern) {
        return Some(PATTERN);
    }
    // `:"a"`, but neither `A::"a"` nor `a:"b"`.
    let sign = around.text[..around.literal.outer.start].strip_suffix(b":");
    let is_symbol = sign.is_some_and(|before| last_word(before).is_empty() && !before.ends_with(b":"));
    let is_symbol = is_symbol && !sign.is_some_and(|before| before.ends_with(b"\"") || before.ends_with(b"'"));
    let touching = &around.text[around.literal.outer.end..];
    let is_name = behind.starts_with(b":") && matches!(before.last(), Some(b'{' | b',' | b'('))
        || touching.starts_with(b":") && !touching.starts_with(b"::");
    (is_symbol || is_name).then_some(NAME)
}

fn jvm(language: Language, around: &Around) -> Option<&'static str> {
    if language == Language::Kotlin && around.is_led_by(&[b"const"]) {
        return Some(CONSTANT);
    }
    if is_label(around) {
        return Some(PATTERN);
    }
    let is_default = |text: &[u8]| language == Language::Java && last_word(text.trim_ascii_end()) == b"default";
    let is_annotation = around.brackets.iter().any(|at| is_of_annotation(&around.text, *at))
        || is_default(around.before())
        || around.is_in_bracket_behind(&|before, bracket| bracket == b'{' && is_default(before));
    if is_annotation {
        return Some(ANNOTATION);
    }
    (language == Language::Java && is_constant_elsewhere(around))
        .then_some("the constant is used where it has to be fixed: make a variable of it first")
}

/// Whether the bracket at `at` is that of an annotation.
fn is_of_annotation(text: &[u8], at: usize) -> bool {
    let before = text[..at].trim_ascii_end();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:".contains(byte);
    let start = before.iter().rposition(|byte| !is_word(byte));
    text[at] == b'(' && start.is_some_and(|sign| before[sign] == b'@')
}

/// Whether the string is what a `case` compares with.
fn is_label(around: &Around) -> bool {
    let at = around.literal.outer.start;
    let places = || around.brackets.iter().copied().chain([at]);
    places().any(|at| {
        let head = around.head(at);
        leads(head, &[b"case"]) && !head.contains(&b':') && !contains(head, "->")
    })
}

/// Whether the string is a constant by whose name an annotation or a `case` takes it.
fn is_constant_elsewhere(around: &Around) -> bool {
    const MOST_USES: usize = 300;
    let at = around.literal.outer.start;
    let head = around.head(at);
    if !leads(head, &[b"final"]) {
        return false;
    }
    let declared = head.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii_end();
    let name = last_word(declared);
    let text = &around.text;
    let is_end = |byte: Option<&u8>| byte.is_none_or(|byte| !is_word(*byte));
    let is_use = |place: &usize| {
        is_end(text[..*place].last()) && is_end(text.get(place + name.len())) && !(at - head.len()..at).contains(place)
    };
    let mut uses = memchr::memmem::find_iter(text, name).filter(is_use).take(MOST_USES);
    !name.is_empty()
        && uses.any(|place| {
            let head = around.head(place);
            let is_label = leads(head, &[b"case"]) && !head.contains(&b':') && !head.contains(&b'>');
            is_label || is_in_annotation(around, place)
        })
}

/// Whether a place is an argument of an annotation, or in a list that is one.
fn is_in_annotation(around: &Around, place: usize) -> bool {
    let open = |place: usize| (place - around.head(place).len()).checked_sub(1);
    let is_list = |at: &usize| around.text[*at] == b'{';
    let innermost = open(place);
    innermost.filter(is_list).map_or(innermost, open).is_some_and(|at| is_of_annotation(&around.text, at))
}

fn c_sharp(around: &Around) -> Option<&'static str> {
    if around.is_led_by(&[b"const"]) {
        return Some(CONSTANT);
    }
    let is_asked = |before: &[u8]| matches!(last_word(before), b"is" | b"not" | b"or" | b"and" | b"case");
    let is_pattern = is_label(around)
        || is_asked(around.before())
        || around.is_in_bracket_behind(&|before, bracket| bracket == b'{' && is_asked(before))
        || around.closes_before(&|rest, _| rest.starts_with(b"=>"));
    if is_pattern {
        return Some(PATTERN);
    }
    let begins = |before: &[u8], bracket: u8| {
        bracket == b'[' && matches!(before.last(), None | Some(b'{' | b'}' | b';' | b']' | b'(' | b','))
    };
    let is_called = around.brackets.last().is_some_and(|at| around.text[*at] == b'(');
    if is_called && around.is_in_bracket_behind(&begins) {
        return Some(ANNOTATION);
    }
    // What a parameter is without an argument.
    let before = around.before();
    if is_called && before.ends_with(b"=") && !before.ends_with(b"==") && !before.ends_with(b"!=") {
        return Some(CONSTANT);
    }
    around.is_in_hole.then_some("it stands in a string inside another one")
}

fn php(around: &Around) -> Option<&'static str> {
    if around.literal.kind == Kind::Page {
        return Some("it stands in a page, which everybody can read");
    }
    if around.text[around.literal.outer.start] == b'`' {
        return Some("it stands in a command of a shell, which cannot be taken apart");
    }
    let head = around.head(around.literal.outer.start);
    let is_case = leads(head, &[b"case"]) && head.contains(&b'=') && !head.contains(&b'$');
    let is_declared = around.is_led_by(&[b"const", b"public", b"private", b"protected", b"var", b"static"]);
    let is_parameter = |at: &usize| {
        let before = around.text[..*at].trim_ascii_end();
        let name = last_word(before);
        let head = before[..before.len() - name.len()].trim_ascii_end();
        let words = [name, last_word(head.strip_suffix(b"&").unwrap_or(head).trim_ascii_end())];
        words.iter().any(|word| matches!(*word, b"function" | b"fn"))
    };
    if is_case || is_declared || around.brackets.iter().any(is_parameter) {
        return Some("this has to be constant: read the variable where the program runs");
    }
    around.is_in_bracket_behind(&|before, _| before.ends_with(b"#")).then_some("an attribute takes constants only")
}
