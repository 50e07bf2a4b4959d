//! Reading a variable instead of a string, in programming languages.
//!
//! The whole string is replaced by an expression. Where it holds more than the value, the expression goes into a hole of
//! it, if the language has such, and else the string is taken apart and joined around it. A place that has to be constant
//! is left alone, with the reason.

mod around;
mod import;
mod markup;
mod rust;
mod script;
mod shadow;
mod unfit;

pub(super) use shadow::uses_global;

use super::lexer::{self, Kind, Language, Literal, Stands};
use super::{Edit, Patch, Spot, WhyNot};
use around::Around;

/// What replaces the string around the value.
pub(super) fn replacement(language: Language, spot: &Spot<'_>) -> Result<Edit, WhyNot> {
    let place = lexer::place(language, spot.text, spot.span);
    let literal = match &place.stands {
        Stands::String(literal) => literal,
        Stands::Comment => return Err(WhyNot::IN_COMMENT),
        Stands::Code => return Err(WhyNot::new("it stands in no string that keyguard can make out")),
    };
    let around = Around::new(language, spot, &place, literal);
    if let Some(reason) = unfit::reason(language, &around) {
        return Err(WhyNot::new(reason));
    }
    if let Some(reason) = shadow::reason(language, spot.text, spot.span) {
        return Err(WhyNot::new(reason));
    }
    let is_document = matches!(literal.kind, Kind::Document | Kind::QuotedDocument);
    let change = if around.is_whole && !is_document {
        apart(spot, literal, &whole(language, spot, &around))
    } else if let Some(hole) = hole(language, spot, literal) {
        Patch { span: spot.span.clone(), with: hole }
    } else {
        apart(spot, literal, &joined(language, spot, &around)?)
    };
    let mut edit = Edit::of(change, spot.name);
    if edit.change.with.contains(".leak()") {
        edit.hint = Some(rust::HINT);
    }
    let expression = expression(language, spot);
    if let Some(start) = edit.change.with.find(&expression) {
        edit.reference = start..start + expression.len();
    }
    edit.additions.extend(import::needed(language, spot.text, spot.span.start)?);
    Ok(edit)
}

/// The expression that reads the variable.
fn expression(language: Language, spot: &Spot<'_>) -> String {
    let name = spot.name;
    let root = shadow::root_of_system(language, spot.text);
    match language {
        Language::Python => format!("os.environ[\"{name}\"]"),
        Language::JavaScript => format!("process.env.{name}"),
        // Without the sign it may be undefined, which a strict compiler refuses.
        Language::TypeScript => format!("process.env.{name}!"),
        Language::Rust => format!("std::env::var(\"{name}\").expect(\"{name} is set\")"),
        Language::Go => format!("os.Getenv(\"{name}\")"),
        Language::Ruby => format!("ENV.fetch(\"{name}\")"),
        Language::Java | Language::Kotlin => format!("{root}System.getenv(\"{name}\")"),
        Language::CSharp => format!("{root}System.Environment.GetEnvironmentVariable(\"{name}\")"),
        Language::Php => format!("getenv('{name}')"),
        Language::Terraform | Language::Json => name.to_owned(),
    }
}

/// The expression in place of the string, and apart from the words beside it.
fn apart(spot: &Spot<'_>, literal: &Literal, expression: &str) -> Patch {
    let gap = |beside: Option<&u8>| if beside.is_some_and(|byte| around::is_word(*byte)) { " " } else { "" };
    let before = gap(spot.text[..literal.outer.start].last());
    let behind = gap(spot.text.get(literal.outer.end));
    Patch { span: literal.outer.clone(), with: [before, expression, behind].concat() }
}

/// The expression in place of a whole string.
fn whole(language: Language, spot: &Spot<'_>, around: &Around) -> String {
    let expression = expression(language, spot);
    match language {
        Language::Python if around.literal.kind == Kind::Bytes => format!("{expression}.encode()"),
        Language::Rust => rust::lent(around, &expression),
        Language::JavaScript | Language::TypeScript if markup::is_in_tag(around) => format!("{{{expression}}}"),
        // Else the sign at its end would be taken for one that compares.
        Language::TypeScript if spot.text[around.literal.outer.end..].starts_with(b"=") => format!("({expression})"),
        _ => expression,
    }
}

/// What goes into the string in place of the value, where the language has holes in strings.
fn hole(language: Language, spot: &Spot<'_>, literal: &Literal) -> Option<String> {
    if literal.kind != Kind::WithHoles && literal.kind != Kind::Document {
        return None;
    }
    let name = spot.name;
    Some(match language {
        Language::JavaScript | Language::TypeScript => format!("${{process.env.{name}}}"),
        Language::Ruby => format!("#{{{}}}", expression(language, spot)),
        Language::Kotlin => format!("${{{}}}", expression(language, spot)),
        // An older Python takes no quotes of the string's own kind in it.
        Language::Python => {
            let quote = if spot.text[literal.inner.end] == b'"' { '\'' } else { '"' };
            format!("{{os.environ[{quote}{name}{quote}]}}")
        }
        _ => return None,
    })
}

/// The pieces of the string around the value, and the expression between them.
fn joined(language: Language, spot: &Spot<'_>, around: &Around) -> Result<String, WhyNot> {
    const NOT_APART: WhyNot = WhyNot::new("the string around it cannot be taken apart");
    let literal = &around.literal;
    if matches!(literal.kind, Kind::Document | Kind::QuotedDocument) {
        return Err(WhyNot::new("it stands in a here-document, which cannot be taken apart"));
    }
    let (before, behind) = (literal.inner.start..spot.span.start, spot.span.end..literal.inner.end);
    let is_cut = |text: &[u8]| text.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let text = |range: &std::ops::Range<usize>| {
        str::from_utf8(&spot.text[range.clone()]).map_err(|_| WhyNot::new("the string around it is no UTF-8"))
    };
    let (open, close) = (literal.outer.start..literal.inner.start, literal.inner.end..literal.outer.end);
    let (open, close, before, behind) = (text(&open)?, text(&close)?, text(&before)?, text(&behind)?);
    if is_cut(before.as_bytes()) || open.ends_with("\"\"\"") && matches!(language, Language::Java | Language::CSharp) {
        return Err(NOT_APART);
    }
    if language == Language::Rust {
        return formatted(spot, around, &[open, before, behind, close]);
    }
    // Of a quote and a long one behind it the first three would be the end.
    if close.len() > 1 && before.as_bytes().last() == close.as_bytes().first() {
        return Err(NOT_APART);
    }
    let piece = |text: &str| (!text.is_empty()).then(|| format!("{open}{text}{close}"));
    let read = expression(language, spot) + if literal.kind == Kind::Bytes { ".encode()" } else { "" };
    let pieces: Vec<_> = [piece(before), Some(read), piece(behind)].into_iter().flatten().collect();
    let sign = if language == Language::Php { " . " } else { " + " };
    let joined = format!("({})", pieces.join(sign));
    let is_script = matches!(language, Language::JavaScript | Language::TypeScript);
    if is_script && would_be_called(around) {
        return Err(WhyNot::new("the line above would be called with it: end that with a semicolon first"));
    }
    Ok(if is_script && markup::is_in_tag(around) { format!("{{{joined}}}") } else { joined })
}

/// Whether brackets in place of the string, which is the first on its line, would call the value that ends above.
fn would_be_called(around: &Around) -> bool {
    let before = &around.text[..around.literal.outer.start];
    let above = before.trim_ascii_end();
    let is_value_end = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$)]}\"'`".contains(byte);
    before[above.len()..].contains(&b'\n') && above.last().is_some_and(is_value_end)
}

/// In Rust the value is put in by `format!`, whose text holds no brackets of its own.
fn formatted(spot: &Spot<'_>, around: &Around, parts: &[&str; 4]) -> Result<String, WhyNot> {
    let [open, before, behind, close] = parts;
    if before.contains(['{', '}']) || behind.contains(['{', '}']) {
        return Err(WhyNot::new("the string around it has brackets that `format!` would take for its own"));
    }
    let expression = expression(Language::Rust, spot);
    Ok(rust::lent(around, &format!("format!({open}{before}{{}}{behind}{close}, {expression})")))
}
