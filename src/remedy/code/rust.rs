//! Where Rust takes no value that is read when the program runs, and how it is read elsewhere.
//!
//! A string in the program lives as long as that. What is read from a variable is leaked, so that it does, too, except
//! where an owned text is made of it anyway, or where surely nothing keeps what is lent.

use super::around::{Around, contains, last_word};
use super::unfit::{CONSTANT, NAME, PATTERN};
use crate::remedy::lexer::Kind;

/// What the string becomes that this `owned` text is to replace.
pub(super) fn lent(around: &Around, owned: &str) -> String {
    const METHODS: [&[u8]; 5] = [b"to_string(", b"to_owned(", b"into(", b"len(", b"is_empty("];
    let behind = around.behind();
    let method = behind.strip_prefix(b".").map_or(&b""[..], <[u8]>::trim_ascii_start);
    if METHODS.iter().any(|own| method.starts_with(own)) || around.before().ends_with(b"String::from(") {
        owned.to_owned()
    } else if is_compared(around) || is_written(around) {
        format!("&*{owned}")
    } else if matches!(behind.first(), Some(b'.' | b'[' | b'?')) {
        format!("(&*{owned}.leak())")
    } else {
        format!("&*{owned}.leak()")
    }
}

/// What the user of an edit that leaks has to know.
pub(super) const HINT: &str =
    "in Rust `leak` keeps the value for good, each time its line is run: where that is often, read it once before";

fn is_compared(around: &Around) -> bool {
    let (before, behind) = (around.before(), around.behind());
    let is_left =
        matches!(before.last(), Some(b'(' | b'&' | b'|')) && (behind.starts_with(b"==") || behind.starts_with(b"!="));
    is_left
        || (before.ends_with(b"==") || before.ends_with(b"!=")) && !matches!(behind.first(), Some(b'.' | b'[' | b'?'))
}

/// Whether the string is an argument of a macro that only writes or compares it.
fn is_written(around: &Around) -> bool {
    const WRITING: [&[u8]; 13] = [
        b"print",
        b"println",
        b"eprint",
        b"eprintln",
        b"write",
        b"writeln",
        b"assert",
        b"assert_eq",
        b"assert_ne",
        b"debug_assert",
        b"debug_assert_eq",
        b"debug_assert_ne",
        b"panic",
    ];
    let name = |at: &usize| around.text[..*at].trim_ascii_end().strip_suffix(b"!").map(last_word);
    around.brackets.last().and_then(name).is_some_and(|name| WRITING.contains(&name))
}

pub(super) fn reason(around: &Around) -> Option<&'static str> {
    if around.literal.kind == Kind::Bytes {
        return Some("it is made of bytes, and a variable holds a text");
    }
    if contains(&around.text, "no_std]") {
        return Some("without the standard library there are no variables to read");
    }
    if around.is_within(&[b"const", b"static"]) && !is_lazy(around) {
        return Some(CONSTANT);
    }
    if around.is_in_bracket_behind(&|before, _| before.ends_with(b"#") || before.ends_with(b"#!")) {
        return Some("an attribute takes constants only");
    }
    if around.brackets.iter().any(|at| !takes_expression(around, *at)) {
        return Some("this macro may want a constant text");
    }
    if around.behind().starts_with(b":") && !around.behind().starts_with(b"::") {
        return Some(NAME);
    }
    is_pattern(around).then_some(PATTERN)
}

/// What stands in `lazy_static!`, or in a function without a name that something is given, is made when the program
/// runs.
fn is_lazy(around: &Around) -> bool {
    let is_closure = |at: &usize| around.text[at + 1..].trim_ascii_start().starts_with(b"||");
    around.brackets.iter().any(is_closure)
        || around.is_in_bracket_behind(&|before, _| before.ends_with(b"lazy_static!"))
}

fn is_pattern(around: &Around) -> bool {
    let is_arm = |rest: &[u8], sign: u8| {
        let is_guarded = rest.starts_with(b"if ") || rest.starts_with(b"|") && !rest.starts_with(b"||");
        rest.starts_with(b"=>") || is_guarded && sign != b'}'
    };
    // `if let Some("...") = a`
    let statement = around.statement();
    let mut words = statement.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
    let is_let = words.any(|word| word == b"let");
    let last = statement.windows(3).rposition(|word| word == b"let").unwrap_or_default();
    is_let && !statement[last..].contains(&b'=') || around.closes_before(&is_arm)
}

/// Whether what is called by the bracket at `at` takes any expression for the argument in which the string stands. It
/// does, unless it is a macro, which may want a text that it can read while the program is built.
fn takes_expression(around: &Around, at: usize) -> bool {
    let Some(name) = around.text[..at].trim_ascii_end().strip_suffix(b"!").map(last_word) else { return true };
    // Which argument is the text with the holes.
    let format = match name {
        // What negates stands in front of no macro.
        b"" | b"if" | b"while" | b"return" | b"json" | b"vec" | b"dbg" | b"join" | b"try_join" | b"select"
        | b"lazy_static" => return true,
        b"matches" => return arguments(&around.text[at + 1..around.literal.outer.start]).len() == 1,
        b"format" | b"format_args" | b"print" | b"println" | b"eprint" | b"eprintln" | b"panic" | b"todo"
        | b"unimplemented" | b"unreachable" | b"info" | b"warn" | b"error" | b"debug" | b"trace" | b"anyhow"
        | b"bail" => 0,
        b"write" | b"writeln" | b"assert" | b"debug_assert" | b"ensure" => 1,
        b"assert_eq" | b"assert_ne" | b"debug_assert_eq" | b"debug_assert_ne" => 2,
        _ => return false,
    };
    let arguments = arguments(&around.text[at + 1..around.literal.outer.start]);
    let own = arguments.len() - 1;
    let is_text = |argument: &&[u8]| matches!(argument.trim_ascii_start().first(), Some(b'"' | b'r'));
    own < format || own > format && arguments.get(format).is_some_and(is_text)
}

/// The arguments in the text behind a bracket, the last of which is not complete.
fn arguments(text: &[u8]) -> Vec<&[u8]> {
    let mut depth = 0_usize;
    let is_between = |byte: &u8| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *byte == b','
    };
    text.split(is_between).collect()
}
