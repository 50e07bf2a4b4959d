//! Where JavaScript and TypeScript take no expression: names, modules, and types.

use super::around::{Around, behind_bracket, first_word, is_word, last_word, leads, undecorated};
use super::markup;
use super::unfit::NAME;
use crate::remedy::lexer::Language;

const TYPE: &str = "a type takes constants only";

pub(super) fn reason(language: Language, around: &Around) -> Option<&'static str> {
    let behind = around.behind();
    let is_set = behind.starts_with(b"=") && !behind.starts_with(b"==");
    if around.is_name_of_field() || behind.starts_with(b"(") || is_set {
        return Some(NAME);
    }
    if matches!(around.word_before(), b"from" | b"import" | b"module") {
        return Some("it names a module, which has to be constant");
    }
    if is_tagged(around) {
        return Some("the function before the string takes it apart: give it the variable by hand");
    }
    if language == Language::TypeScript && (behind.starts_with(b"as const") || is_type(around)) {
        return Some(TYPE);
    }
    markup::reason(around)
}

/// Whether a function takes the string with its holes: `` sql`...` ``
fn is_tagged(around: &Around) -> bool {
    let start = around.literal.outer.start;
    let before = around.before();
    let is_function = before.last().is_some_and(|byte| is_word(*byte) || b")]".contains(byte));
    // `f<A>` may be one that was given a type.
    let is_generic = around.text[..start].ends_with(b">") && !before.ends_with(b"=>");
    around.text[start] == b'`' && (is_function && !markup::BEFORE_VALUES.contains(&last_word(before)) || is_generic)
}

fn is_type(around: &Around) -> bool {
    let is_declared = |at: usize| {
        let head = around.head(at);
        leads(head, &[b"interface", b"declare"]) || leads(head, &[b"enum"]) && around.text[at] == b'{' || is_alias(head)
    };
    let places = around.brackets.iter().copied().chain([around.literal.outer.start]);
    let brackets = [None].into_iter().chain(around.brackets.iter().copied().map(Some));
    let is_in_type = |(at, bracket)| is_declared(at) || is_annotation(around, at, bracket);
    is_argument_of_type(around) || places.zip(brackets).any(is_in_type)
}

/// `type A = ...`
fn is_alias(head: &[u8]) -> bool {
    let head = undecorated(head);
    let type_ = head.windows(5).position(|word| word == b"type ").filter(|_| leads(head, &[b"type"]));
    type_.is_some_and(|at| !first_word(head[at + b"type ".len()..].trim_ascii_start()).is_empty())
}

/// Whether the string or bracket at `at`, in this `bracket`, is what stands behind the colon of a variable, a
/// parameter, a function or a field, or behind a word that a type follows.
fn is_annotation(around: &Around, at: usize, bracket: Option<usize>) -> bool {
    let before = without_union(&around.text[..at]);
    // What is called so is no such word.
    let is_apart = at > 0 && around.text[at - 1].is_ascii_whitespace();
    if is_apart && matches!(last_word(before), b"as" | b"satisfies" | b"is" | b"keyof" | b"extends" | b"implements") {
        return true;
    }
    let is_arrow = before.ends_with(b"=>");
    if !is_arrow && !matches!(before.last(), Some(b':' | b'<' | b'[' | b'(' | b',')) {
        return false;
    }
    let (head, item) = (around.head(at), around.item(at));
    let is_variable = leads(head, &[b"let", b"const", b"var"]);
    let in_class = |bracket: usize| is_class(around.head(bracket)) && around.text[bracket] == b'{';
    let is_place = match bracket.map(|bracket| (bracket, around.text[bracket])) {
        Some((bracket, b'{')) => is_variable || in_class(bracket),
        Some((_, b'(')) => true,
        Some(_) => false,
        None => is_variable,
    };
    let colon = before.strip_suffix(b":").map(<[u8]>::trim_ascii_end);
    let is_result = colon.is_some_and(|before| before.ends_with(b")")) && !is_asked(item);
    is_result || is_place && is_annotated(item) || is_variable && is_annotated(head)
}

/// Without `"a" |` and the like at its end.
fn without_union(text: &[u8]) -> &[u8] {
    let mut text = text.trim_ascii_end();
    while let Some(before) = text.strip_suffix(b"|").or_else(|| text.strip_suffix(b"&")) {
        let before = before.trim_ascii_end();
        let quote = before.last().copied().filter(|byte| b"\"'`".contains(byte));
        let start = match quote {
            Some(quote) => before[..before.len() - 1].iter().rposition(|byte| *byte == quote).unwrap_or_default(),
            None => before.len() - last_word(before).len(),
        };
        // `||`, or what is no name.
        if start == before.len() {
            let is_first = matches!(before.last(), Some(b':' | b'<' | b'('));
            return if is_first { before } else { text };
        }
        text = before[..start].trim_ascii_end();
    }
    text
}

/// Whether it is `name:` and a type, without a value.
fn is_annotated(item: &[u8]) -> bool {
    let mut rest = item.trim_ascii_start();
    while let Some(decorator) = rest.strip_prefix(b"@") {
        rest = &decorator[first_word(decorator).len()..];
        rest = if rest.starts_with(b"(") { behind_bracket(rest) } else { rest }.trim_ascii_start();
    }
    rest = rest.strip_prefix(b"...").unwrap_or(rest);
    loop {
        let behind = rest[first_word(rest).len()..].trim_ascii_start();
        let is_name = behind.first().is_some_and(|byte| is_word(*byte) || b"#{[\"'".contains(byte));
        if behind.len() == rest.len() || !is_name {
            break;
        }
        rest = behind;
    }
    let rest = match rest.first() {
        Some(b'{' | b'[') => behind_bracket(rest),
        Some(quote @ (b'"' | b'\'')) => {
            let close = memchr::memchr(*quote, &rest[1..]).map_or(rest.len(), |close| close + 2);
            &rest[close..]
        }
        _ => {
            let name = rest.strip_prefix(b"#").unwrap_or(rest);
            &name[first_word(name).len()..]
        }
    };
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b"?").or_else(|| rest.strip_prefix(b"!")).unwrap_or(rest).trim_ascii_start();
    rest.starts_with(b":") && !has_value(rest)
}

/// The signs of a text that stand in no brackets of it, each with the one before and the one behind.
fn signs(text: &[u8]) -> impl Iterator<Item = [u8; 3]> + '_ {
    let mut depth = 0_usize;
    (0..text.len()).filter_map(move |at| {
        match text[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let near = |at: Option<usize>| at.and_then(|at| text.get(at)).copied().unwrap_or(b' ');
        (depth == 0).then(|| [near(at.checked_sub(1)), text[at], near(Some(at + 1))])
    })
}

fn has_value(text: &[u8]) -> bool {
    signs(text).any(|[before, sign, behind]| sign == b'=' && !b"=!<>".contains(&before) && !b"=>".contains(&behind))
}

/// Whether it asks for one value or another.
fn is_asked(text: &[u8]) -> bool {
    signs(text).any(|[before, sign, behind]| sign == b'?' && before != b'?' && !b".?:),".contains(&behind))
}

fn is_class(head: &[u8]) -> bool {
    let is_here = |at: usize, behind: &[u8]| {
        last_word(&head[..at]).is_empty() && behind.first().is_none_or(|byte| b" {\n".contains(byte))
    };
    (0..head.len()).any(|at| head[at..].strip_prefix(b"class").is_some_and(|behind| is_here(at, behind)))
}

/// Whether the string stands between the angles behind a name: `f<"x">()`, `Record<"x" | "y", z>`; or is what such a
/// one is if nothing is given.
fn is_argument_of_type(around: &Around) -> bool {
    let is_in_type =
        |byte: &u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"_$.,|&?:\"'`[]{}()<".contains(byte);
    let before = around.before();
    if before.ends_with(b"=") && around.behind().starts_with(b">") {
        return !markup::is_in_tag(around);
    }
    if !matches!(before.last(), Some(b'<' | b',' | b'|' | b'&' | b'[' | b':')) {
        return false;
    }
    let start = before.iter().rposition(|byte| !is_in_type(byte)).map_or(0, |at| at + 1);
    let opens = before[start..].windows(2).any(|pair| pair[1] == b'<' && last_word(&pair[..1]) != b"");
    let rest = &around.text[around.literal.outer.end..];
    opens && rest.iter().find(|byte| **byte == b'>' || !is_in_type(byte)) == Some(&b'>')
}
