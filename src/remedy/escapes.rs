//! Signs in a value that its language reads as something else than themselves: what stands in the file is not the value
//! then.

use super::Spot;
use super::lexer::{self, Kind, Language, Literal, Stands};

/// Whether such signs stand in the value.
pub(super) fn are_in(language: Language, spot: &Spot<'_>) -> bool {
    let value = &spot.text[spot.span.clone()];
    // Few values have any, and the text need not be read for the others.
    if !value.iter().any(|byte| b"\\$#%{}\"".contains(byte)) {
        return false;
    }
    match lexer::place(language, spot.text, spot.span).stands {
        Stands::String(literal) => are_in_string(language, spot, &literal),
        Stands::Code | Stands::Comment => false,
    }
}

/// The same where the string is known.
pub(super) fn are_in_string(language: Language, spot: &Spot<'_>, literal: &Literal) -> bool {
    let value = &spot.text[spot.span.clone()];
    let has = |signs: &[&str]| signs.iter().any(|sign| memchr::memmem::find(value, sign.as_bytes()).is_some());
    has(escapes(language, &spot.text[literal.outer.start..literal.inner.start], literal.kind))
        || matches!(literal.kind, Kind::WithHoles | Kind::Document) && has(holes(language))
}

/// What begins an escape in a string that `open` begins.
fn escapes(language: Language, open: &[u8], kind: Kind) -> &'static [&'static str] {
    let has = |signs: &[u8]| open.iter().any(|byte| signs.contains(byte));
    match language {
        _ if kind == Kind::QuotedDocument => &[],
        Language::Python | Language::Rust if has(b"rR") => &[],
        Language::Go if has(b"`") => &[],
        Language::Kotlin if open == b"\"\"\"" => &[],
        Language::CSharp if open.ends_with(b"\"\"\"") => &[],
        Language::CSharp if has(b"@") => &["\"\""],
        Language::Ruby | Language::Php if open == b"'" => &["\\\\", "\\'"],
        _ => &["\\"],
    }
}

/// What begins code in a string with holes, or an escape of that.
fn holes(language: Language) -> &'static [&'static str] {
    match language {
        Language::Kotlin | Language::Php => &["$"],
        Language::Ruby => &["#{", "#$", "#@"],
        Language::Python | Language::CSharp => &["{", "}"],
        Language::JavaScript | Language::TypeScript => &["${"],
        Language::Terraform => &["${", "%{"],
        _ => &[],
    }
}
