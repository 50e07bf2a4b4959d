//! Tags between the code of JavaScript, as in JSX: `<Map token="...">`.

use super::around::{Around, contains, is_word, last_word};

/// Words behind which a value stands.
pub(super) const BEFORE_VALUES: [&[u8]; 20] = [
    b"return",
    b"typeof",
    b"case",
    b"in",
    b"of",
    b"delete",
    b"void",
    b"throw",
    b"do",
    b"else",
    b"yield",
    b"await",
    b"default",
    b"instanceof",
    b"extends",
    b"from",
    b"import",
    b"as",
    b"new",
    b"satisfies",
];

/// Why the string cannot be replaced there.
pub(super) fn reason(around: &Around) -> Option<&'static str> {
    if !is_markup(&around.text) || is_in_tag(around) {
        return None;
    }
    if around.before().ends_with(b"=") && (around.behind().starts_with(b"/>") || around.behind().starts_with(b">")) {
        return Some("keyguard cannot make out the tag in which it stands");
    }
    is_text(around).then_some("it stands in the text of a page, which reads no variable")
}

/// Whether there is a tag at all that ends.
fn is_markup(text: &[u8]) -> bool {
    contains(text, "</") || contains(text, "/>")
}

/// Whether the string is an attribute of a tag.
pub(super) fn is_in_tag(around: &Around) -> bool {
    let Some(before) = around.before().strip_suffix(b"=").map(<[u8]>::trim_ascii_end) else { return false };
    let name = without_name(before, b"-:");
    let is_name = name.len() < before.len() && name.last().is_some_and(u8::is_ascii_whitespace);
    is_name && is_markup(&around.text) && tag(name).is_some()
}

/// Whether the string is part of what the page shows, and not code.
fn is_text(around: &Around) -> bool {
    let word = around.word_before();
    if !word.is_empty() && !BEFORE_VALUES.contains(&word) {
        return true;
    }
    let is_bound = |byte: &u8| b"<>{};".contains(byte);
    let behind = around.behind();
    let next = behind.iter().position(is_bound).map_or(&b""[..], |at| &behind[at..]);
    if next.starts_with(b"</") {
        return true;
    }
    let before = around.before();
    let Some(before) = before.iter().rposition(is_bound).and_then(|at| before[..=at].strip_suffix(b">")) else {
        return false;
    };
    // What follows the end of a tag, or a type in angles, is more likely code.
    tag(before).is_some_and(|open| {
        let is_of_type = open.last().is_some_and(|byte| is_word(*byte) || *byte == b'.');
        !is_of_type && before[open.len()..].get(1) != Some(&b'/')
    })
}

/// What stands before the tag whose name and attributes the text ends with.
fn tag(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.trim_ascii_end();
    loop {
        let is_valued = match rest.last()? {
            b'<' => return rest.strip_suffix(b"<"),
            b'}' => {
                let open = without_brackets(rest, b'{')?;
                if rest[open.len() + 1..].trim_ascii_start().starts_with(b"...") {
                    rest = open.trim_ascii_end();
                    continue;
                }
                rest = open;
                true
            }
            quote @ (b'"' | b'\'') => {
                rest = &rest[..rest[..rest.len() - 1].iter().rposition(|byte| byte == quote)?];
                true
            }
            b'>' => {
                let name = without_brackets(rest, b'<')?;
                return without_name(name, b"-:.").strip_suffix(b"<").filter(|open| open.len() + 1 < name.len());
            }
            _ => false,
        };
        if is_valued {
            rest = rest.trim_ascii_end().strip_suffix(b"=")?.trim_ascii_end();
        }
        let name = without_name(rest, b"-:.");
        let is_other = matches!(last_word(rest), b"extends" | b"const" | b"let" | b"var" | b"return");
        if name.len() == rest.len() || is_other {
            return None;
        }
        let close = name.strip_suffix(b"/").unwrap_or(name);
        if let Some(open) = close.strip_suffix(b"<").filter(|_| !is_valued) {
            return Some(open);
        }
        // `this.a = ...` is none.
        if rest[name.len()..].contains(&b'.') {
            return None;
        }
        rest = name.trim_ascii_end();
    }
}

fn without_name<'t>(text: &'t [u8], signs: &[u8]) -> &'t [u8] {
    let start = text.iter().rposition(|byte| !is_word(*byte) && !signs.contains(byte)).map_or(0, |at| at + 1);
    &text[..start]
}

/// What stands before the brackets that the text ends with.
fn without_brackets(text: &[u8], open: u8) -> Option<&[u8]> {
    let close = *text.last()?;
    let mut depth = 0_usize;
    let start = text.iter().enumerate().rposition(|(at, byte)| {
        // An arrow is no angle.
        if *byte == close && !(close == b'>' && at > 0 && text[at - 1] == b'=') {
            depth += 1;
        } else if *byte == open {
            depth = depth.saturating_sub(1);
        }
        depth == 0
    });
    start.map(|start| &text[..start])
}
