//! Whether the name through which a variable is read means something else in the file.
//!
//! What is known is which ways a language has to give a name a meaning; where that happens, and whether it reaches the
//! value, is not asked. Only an import within a function is looked at more closely, since it means the same elsewhere.

use std::ops::Range;

use super::around::last_word;
use crate::remedy::lexer::{Language, Name, names};

const FARTHEST: usize = 1000;

/// Why the name cannot be used at `span`.
pub(super) fn reason(language: Language, text: &[u8], span: &Range<usize>) -> Option<&'static str> {
    const OS: &str = "`os` is something else here";
    let is_bare = |name: &&Name<'_>| !name.behind.starts_with(b".");
    let any =
        |name: &str, binds: &dyn Fn(&Name<'_>) -> bool| names(language, text, name).iter().filter(is_bare).any(binds);
    match language {
        Language::Python => {
            let function = function_around(text, span.start);
            any("os", &|name| python(function.as_ref(), name)).then_some(OS)
        }
        Language::Go => any("os", &|name| go(text, name)).then_some(OS),
        Language::JavaScript | Language::TypeScript => {
            let is_asked = |name: &Name<'_>| !name.behind.starts_with(b"?.") && !name.behind.starts_with(b"[");
            any("process", &|name| is_asked(name) && javascript(language, text, name))
                .then_some("`process` is something else here")
        }
        _ => None,
    }
}

/// What has to stand before `System` for the one of the language, as the file has another one.
pub(super) fn root_of_system(language: Language, text: &[u8]) -> &'static str {
    const NAME: &str = "System";
    let root = match language {
        Language::Java | Language::Kotlin => "java.lang.",
        Language::CSharp => "global::",
        _ => return "",
    };
    let is_other = |name: &Name<'_>| {
        let is_read = name.behind.starts_with(b".") || name.behind.starts_with(b"::");
        !is_read && last_word(text[..name.at].trim_ascii_end()) != b"using"
    };
    let is_end = |at: usize| text.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    let is_member = memchr::memmem::find_iter(text, b".System").any(|at| is_end(at + 1 + NAME.len()));
    if is_member || names(language, text, NAME).iter().any(is_other) { root } else { "" }
}

/// Whether the script uses something by a name that it gives to nothing itself.
pub(in crate::remedy) fn uses_global(language: Language, text: &[u8], name: &str) -> bool {
    let names = names(language, text, name);
    names.iter().any(|name| name.behind.starts_with(b".")) && !names.iter().any(|name| javascript(language, text, name))
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
}

/// Whether a text begins with the sign that gives a value, and not with one that compares.
fn is_set(behind: &[u8]) -> bool {
    behind.starts_with(b"=") && !behind.starts_with(b"==") && !behind.starts_with(b"=>")
}

/// `function` stands around the value.
fn python(function: Option<&Range<usize>>, name: &Name<'_>) -> bool {
    // Nobody looks that far for what a bracket belongs to.
    if name.head.len() > FARTHEST {
        return true;
    }
    let head = name.head.rsplit(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let has = |word: &[u8]| words(head).any(|other| other == word);
    let before = last_word(head);
    if before == b"from" || before == b"import" && words(name.behind).next() == Some(b"as") {
        return false;
    }
    if has(b"import") && before != b"as" && !has(b"from") {
        // In a function the import is of its own.
        return function.is_some_and(|function| function.contains(&name.at));
    }
    let is_read = !name.brackets.is_empty()
        && !head.starts_with(b"(")
        && !head.starts_with(b"[")
        && !name.behind.starts_with(b":=")
        && ![&b"def"[..], b"lambda", b"for", b"import", b"as"].into_iter().any(has);
    !is_read
}

/// The outermost function of Python around a place, by how far its lines are indented.
fn function_around(text: &[u8], at: usize) -> Option<Range<usize>> {
    let indent = |line: &[u8]| line.len() - line.trim_ascii_start().len();
    let is_code = |line: &[u8]| !matches!(line.trim_ascii_start().first(), None | Some(b'#'));
    let mut end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
    let mut function = None;
    let mut narrowest = usize::MAX;
    let below = end;
    while end > 0 {
        let start = memchr::memrchr(b'\n', &text[..end]).map_or(0, |newline| newline + 1);
        let line = &text[start..end];
        if is_code(line) && indent(line) < narrowest {
            narrowest = indent(line);
            if line.trim_ascii_start().starts_with(b"def ") || line.trim_ascii_start().starts_with(b"async def ") {
                function = Some((start, narrowest));
            }
        }
        end = start.saturating_sub(1);
    }
    let (start, outer) = function?;
    let mut end = below;
    for line in text[below..].split_inclusive(|byte| *byte == b'\n') {
        if end > below && is_code(line) && indent(line) <= outer {
            break;
        }
        end += line.len();
    }
    Some(start..end)
}

/// A package is only ever read with a dot behind it; what else is called so is a variable, unless it is the name of a
/// field which is given a value.
fn go(text: &[u8], name: &Name<'_>) -> bool {
    let is_field = name.behind.starts_with(b":") && !name.behind.starts_with(b":=");
    !(is_field && name.brackets.last().is_some_and(|at| text[*at] == b'{'))
}

fn javascript(language: Language, text: &[u8], name: &Name<'_>) -> bool {
    let before = text[..name.at].trim_ascii_end();
    let is_named = matches!(last_word(before), b"const" | b"let" | b"var" | b"function" | b"class" | b"import" | b"as");
    let is_bound = is_named
        || is_taken_out(language, text, name)
        || is_set(name.behind)
        || name.behind.starts_with(b"=>")
        || name.brackets.last().is_some_and(|open| is_of_parameters(language, text, *open));
    is_bound && !is_the_one_of_node(text, name)
}

/// Whether the line declares what is there anyway, or takes it out of its module.
fn is_the_one_of_node(text: &[u8], name: &Name<'_>) -> bool {
    let line = text[name.at.saturating_sub(FARTHEST)..name.at].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_declared = words(line).any(|word| word == b"declare");
    let rest = name.behind[..name.behind.len().min(FARTHEST)].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_module = [&b"'process'"[..], b"\"process\"", b"node:process", b"globalThis.process"]
        .iter()
        .any(|module| memchr::memmem::find(rest, module).is_some());
    is_declared || is_module
}

/// Whether the name stands in a pattern, such as `{ a: { process } }`, that gives it a value.
fn is_taken_out(language: Language, text: &[u8], name: &Name<'_>) -> bool {
    if !matches!(name.behind.first(), Some(b',' | b'}' | b']')) {
        return false;
    }
    // Outwards as long as one may be a part of the next one.
    for (depth, open) in name.brackets.iter().enumerate().rev() {
        if text[*open] == b'(' {
            return depth + 1 < name.brackets.len() && is_of_parameters(language, text, *open);
        }
        let head = text[..*open].trim_ascii_end();
        let is_declared = matches!(last_word(head), b"const" | b"let" | b"var" | b"import");
        if is_declared || is_set(behind_bracket(text, *open).unwrap_or_default().trim_ascii_start()) {
            return true;
        }
        if !matches!(head.last(), Some(b'(' | b',' | b':' | b'[')) {
            return false;
        }
    }
    false
}

/// What stands behind a bracket as a whole.
fn behind_bracket(text: &[u8], open: usize) -> Option<&[u8]> {
    let mut depth = 0_usize;
    let close = text[open..].iter().take(FARTHEST).position(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    close.map(|close| &text[open + close + 1..])
}

/// Whether the bracket is that of a function's parameters: something like its body stands behind it, or its type.
fn is_of_parameters(language: Language, text: &[u8], open: usize) -> bool {
    let word = last_word(text[..open].trim_ascii_end());
    if text[open] != b'(' || matches!(word, b"if" | b"while" | b"switch" | b"for" | b"await" | b"with") {
        return false;
    }
    let Some(behind) = behind_bracket(text, open) else { return true };
    let is_typed = language == Language::TypeScript && behind.starts_with(b":");
    let behind = behind.trim_ascii_start();
    is_typed || behind.starts_with(b"=>") || behind.starts_with(b"{")
}
