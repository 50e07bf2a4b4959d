//! Values in JSON, and those of VS Code, which has a form of its own for what is asked for.

use super::lexer::{self, Language, Stands};
use super::{Edit, Patch, Spot, WhyNot, line_end, settings};

/// The names under which the value stands, the outermost first.
pub(super) fn keys_of_value(spot: &Spot<'_>) -> Result<Vec<String>, WhyNot> {
    let Spot { text, span, .. } = *spot;
    let place = lexer::place(Language::Json, text, span);
    let literal = match &place.stands {
        Stands::String(literal) => literal,
        Stands::Comment => return Err(WhyNot::IN_COMMENT),
        Stands::Code => return Err(WhyNot::new("it stands in no string")),
    };
    let behind = text[literal.outer.end..].trim_ascii_start();
    if behind.starts_with(b":") {
        return Err(WhyNot::ONLY_VALUES);
    }
    let keys = keys(text, &place.brackets, literal.outer.start);
    Ok(keys.into_iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect())
}

/// `.vscode/mcp.json`: `${input:x}`, asked for once and kept in the editor's own store
/// (<https://code.visualstudio.com/docs/copilot/reference/mcp-configuration>).
pub(super) fn vs_code_mcp(spot: &Spot<'_>) -> Result<Edit, WhyNot> {
    let keys = keys_of_value(spot)?;
    settings::below(&keys, settings::SERVER)?;
    let mut edit = Edit::of(Patch { span: spot.span.clone(), with: vs_code_reference(spot.name) }, spot.name);
    edit.additions.extend(declared(spot.text, spot.name)?);
    edit.note = Some("VS Code asks for the value once and keeps it".to_owned());
    Ok(edit)
}

/// What VS Code puts in for the variable `name`.
pub(super) fn vs_code_reference(name: &str) -> String {
    format!("${{input:{}}}", input(name))
}

/// The names under which a place stands, the outermost first.
fn keys<'t>(text: &'t [u8], brackets: &[usize], place: usize) -> Vec<&'t [u8]> {
    brackets.iter().copied().chain([place]).filter_map(|at| name_before(text, at)).collect()
}

/// The name that is given what begins at `at`.
fn name_before(text: &[u8], at: usize) -> Option<&[u8]> {
    let before = text[..at].trim_ascii_end().strip_suffix(b":")?.trim_ascii_end().strip_suffix(b"\"")?;
    let start = memchr::memrchr(b'"', before)?;
    Some(&before[start + 1..])
}

/// The name of an input: that of the variable as such names are written.
fn input(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// The entry of `inputs` that says what is asked for, unless there is one.
fn declared(text: &[u8], name: &str) -> Result<Option<Patch>, WhyNot> {
    let id = input(name);
    let entry =
        format!("{{ \"type\": \"promptString\", \"id\": \"{id}\", \"description\": \"{name}\", \"password\": true }}");
    if memchr::memmem::find(text, format!("\"{id}\"").as_bytes()).is_some() {
        return Ok(None);
    }
    let end = line_end(text);
    let lists: Vec<_> = memchr::memmem::find_iter(text, b"\"inputs\"").collect();
    let mut outline = lexer::outline(Language::Json, text, lists.iter().copied());
    if let Some(list) = lists.iter().copied().find(|_| outline.next().is_some_and(|outline| outline.depth == 1)) {
        let behind = &text[list..];
        let open = memchr::memchr(b'[', behind).filter(|open| behind[8..*open].trim_ascii() == b":");
        let open = list + open.ok_or(WhyNot::new("`inputs` is no list"))? + 1;
        let next = text[open..].trim_ascii_start();
        let indent = indent_of(text, open);
        let comma = if next.starts_with(b"]") { String::new() } else { ",".to_owned() };
        let gap = if next.starts_with(b"]") && !text[open..].starts_with(b"\n") { end } else { "" };
        let indent = format!("{indent}  ");
        return Ok(Some(Patch { span: open..open, with: format!("{end}{indent}{entry}{comma}{gap}") }));
    }
    let open = memchr::memchr(b'{', text).ok_or(WhyNot::new("it is no JSON"))? + 1;
    let with = format!("{end}  \"inputs\": [{end}    {entry}{end}  ],");
    Ok(Some(Patch { span: open..open, with }))
}

/// The blanks before the line of `at`.
fn indent_of(text: &[u8], at: usize) -> String {
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
    text[start..at].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).map(|byte| char::from(*byte)).collect()
}
