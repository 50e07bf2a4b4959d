//! Variables of Terraform: a reference, and the block that declares what it refers to.

use super::lexer::{self, Kind, Language, Stands};
use super::{Declaration, Edit, Patch, Spot, WhyNot, line_end};

/// What replaces the value; Terraform reads the variable `x` from `TF_VAR_x`.
pub(super) fn replacement(spot: &Spot<'_>) -> Result<Edit, WhyNot> {
    let Spot { text, span, name } = *spot;
    let place = lexer::place(Language::Terraform, text, span);
    let literal = match &place.stands {
        Stands::String(literal) => literal,
        Stands::Comment => return Err(WhyNot::IN_COMMENT),
        Stands::Code => return Err(WhyNot::new("it stands in no string")),
    };
    let outermost = place.brackets.iter().find(|at| text[**at] == b'{').ok_or(WhyNot::new("it stands in no block"))?;
    let head = text[..*outermost].rsplit(|byte| matches!(byte, b'\n' | b'}')).next().unwrap_or_default().trim_ascii();
    let block = head.split(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    match block {
        b"variable" => {
            return Err(WhyNot::new(
                "a default cannot refer to a variable: delete the line, and set TF_VAR_ and the variable's name",
            ));
        }
        b"resource" | b"data" | b"provider" | b"module" | b"locals" | b"output" => {}
        _ => return Err(WhyNot::new("this block takes constants only")),
    }
    let argument = text[place.statement..literal.outer.start].trim_ascii();
    let argument = argument.split(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    if block == b"module" && matches!(place.brackets.as_slice(), [_]) && matches!(argument, b"source" | b"version") {
        return Err(WhyNot::new("the source and the version of a module take constants only"));
    }
    let (before, behind) = (text[..literal.outer.start].trim_ascii_end(), text[literal.outer.end..].trim_ascii_start());
    let is_key =
        behind.starts_with(b"=") && !behind.starts_with(b"==") || behind.starts_with(b":") && !before.ends_with(b"?");
    if literal.kind != Kind::Document && (is_key || !before.last().is_some_and(|sign| b"=([,:?&|{+".contains(sign))) {
        return Err(WhyNot::new("it is a name, and only values are read from variables"));
    }
    let variable = name.to_ascii_lowercase();
    let is_whole = literal.inner == *span && literal.kind != Kind::Document;
    let change = if is_whole {
        Patch { span: literal.outer.clone(), with: format!("var.{variable}") }
    } else {
        if literal.kind != Kind::WithHoles && literal.kind != Kind::Document {
            return Err(WhyNot::new("it stands in a text that takes no variables"));
        }
        Patch { span: span.clone(), with: format!("${{var.{variable}}}") }
    };
    let mut edit = Edit::of(change, &format!("TF_VAR_{variable}"));
    edit.declaration = declaration(text, &variable);
    Ok(edit)
}

/// The block at the end of the file, unless there is one.
fn declaration(text: &[u8], variable: &str) -> Option<Declaration> {
    let head = format!("variable \"{variable}\"");
    if memchr::memmem::find(text, head.as_bytes()).is_some() {
        return None;
    }
    let end = line_end(text);
    let gap = if text.ends_with(b"\n") { "" } else { end };
    let with = format!("{gap}{end}{head} {{{end}  type      = string{end}  sensitive = true{end}}}{end}");
    Some(Declaration { head, patch: Patch { span: text.len()..text.len(), with } })
}
