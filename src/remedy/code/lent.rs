//! How long Rust keeps the value of a variable that a string's place lends.
//!
//! A string in the program lives as long as that; what is read from a variable is gone at the end of the statement. Where
//! something may keep it for longer the program does not compile, so only places that surely let it go are known here.

use super::unfit::{Around, last_word};

/// Whether the place has let the value go, or has it for its own, before it ends.
pub(super) fn is_let_go(around: &Around<'_>) -> bool {
    makes_its_own(around) || is_compared(around) || is_let(around) || is_argument(around)
}

/// `"...".to_string()`, and what else keeps nothing of the string.
fn makes_its_own(around: &Around<'_>) -> bool {
    const METHODS: [&[u8]; 8] =
        [b"to_string(", b"to_owned(", b"into(", b"to_uppercase(", b"to_lowercase(", b"len(", b"is_empty(", b"parse"];
    let method = around.behind.strip_prefix(b".").map(<[u8]>::trim_ascii_start);
    method.is_some_and(|method| METHODS.iter().any(|own| method.starts_with(own)))
        || around.before.ends_with(b"String::from(") && around.behind.starts_with(b")")
}

fn is_compared(around: &Around<'_>) -> bool {
    let is_right = around.before.ends_with(b"==") || around.before.ends_with(b"!=");
    let is_left = around.behind.starts_with(b"==") || around.behind.starts_with(b"!=");
    is_right && !around.behind.starts_with(b".") || is_left && matches!(around.before.last(), Some(b'(' | b'&' | b'|'))
}

/// `let a = "...";` keeps what it lends up to the end of the block.
fn is_let(around: &Around<'_>) -> bool {
    let code = code(around.statement);
    let name = code.strip_prefix(b"let ").and_then(|code| code.strip_suffix(b"="));
    around.behind.starts_with(b";") && name.is_some_and(|name| !keeps(name))
}

/// `f("...");`, whose result nobody takes.
fn is_argument(around: &Around<'_>) -> bool {
    let code = code(around.statement);
    let start = around.literal - around.statement.len();
    let calls: Vec<_> = around.brackets.iter().copied().filter(|at| *at >= start).collect();
    let has_end = match around.end {
        Some(b';') => code.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_'),
        Some(b'{') => code.starts_with(b"if "),
        _ => false,
    };
    let is_one =
        matches!(around.before.last(), Some(b'(' | b',')) && matches!(around.behind.first(), Some(b',' | b')'));
    has_end && is_one && !calls.is_empty() && !keeps(&code) && calls.iter().all(|at| is_call(around, *at))
}

/// Whether the code before the string gives a result to something, or may ask for more than is lent.
fn keeps(code: &[u8]) -> bool {
    const WORDS: [&[u8]; 8] = [b"let", b"return", b"break", b"match", b"while", b"for", b"static", b"move"];
    let mut words = code.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
    code.contains(&b'=') || code.contains(&b'|') || words.any(|word| WORDS.contains(&word))
}

/// Whether the bracket at `at` is that of a call which keeps no argument, by its name.
fn is_call(around: &Around<'_>, at: usize) -> bool {
    const KEEPING: [&[u8]; 17] = [
        b"push",
        b"push_back",
        b"push_front",
        b"insert",
        b"extend",
        b"entry",
        b"append",
        b"add",
        b"set",
        b"replace",
        b"get_or_insert",
        b"send",
        b"try_send",
        b"spawn",
        b"spawn_local",
        b"leak",
        b"if",
    ];
    let before = &around.text[..at];
    if around.text[at] != b'(' {
        return false;
    }
    let Some(name) = before.strip_suffix(b"!").map(last_word) else {
        let name = last_word(before);
        return !name.is_empty() && !KEEPING.contains(&name);
    };
    // What stands behind the two that are compared is a constant text.
    let is_early = arguments_before(&around.text[at + 1..around.literal]) < 2;
    match name {
        b"assert_eq" | b"assert_ne" | b"debug_assert_eq" | b"debug_assert_ne" => is_early,
        _ => false,
    }
}

/// How many arguments are complete in the text behind a bracket.
fn arguments_before(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut count = 0;
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => count += 1,
            _ => {}
        }
    }
    count
}

/// A statement without the lines of comments above it.
fn code(statement: &[u8]) -> Vec<u8> {
    let lines = statement.split_inclusive(|byte| *byte == b'\n');
    let code: Vec<_> = lines.filter(|line| !line.trim_ascii_start().starts_with(b"//")).collect();
    code.concat().trim_ascii().to_vec()
}
