//! Values in JSON, and those of VS Code, which has a form of its own for what is asked for.

use super::lexer::{self, Language, Stands};
use super::{Declaration, Edit, Patch, Spot, WhyNot, line_end, settings};

/// The names under which the value stands, the outermost first.
pub(super) fn keys_of_value(spot: &Spot<'_>) -> Result<Vec<String>, WhyNot> {
    place_of_value(spot).map(|(keys, _)| keys)
}

/// The same with the brackets around the value.
fn place_of_value(spot: &Spot<'_>) -> Result<(Vec<String>, Vec<usize>), WhyNot> {
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
    if text[span.clone()].contains(&b'\\') {
        return Err(WhyNot::ESCAPED);
    }
    let keys = keys(text, &place.brackets, literal.outer.start);
    Ok((keys.into_iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect(), place.brackets))
}

/// `.vscode/mcp.json`: `${input:x}`, asked for once and kept in the editor's own store
/// (<https://code.visualstudio.com/docs/copilot/reference/mcp-configuration>).
pub(super) fn vs_code_mcp(spot: &Spot<'_>) -> Result<Edit, WhyNot> {
    let (keys, brackets) = place_of_value(spot)?;
    settings::below(&keys, settings::SERVER)?;
    let object = *brackets.first().ok_or(WhyNot::new("it is no JSON"))?;
    let mut edit = Edit::of(Patch { span: spot.span.clone(), with: vs_code_reference(spot.name) }, spot.name);
    edit.declaration = declaration(spot, object)?;
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

/// The entry of `inputs` in the `object` that is the file, which says what is asked for; `None` if there is one.
fn declaration(spot: &Spot<'_>, object: usize) -> Result<Option<Declaration>, WhyNot> {
    let Spot { text, name, .. } = *spot;
    let id = input(name);
    let mut own = places(text, &format!("\"{id}\""));
    if own.any(|(at, _)| name_before(text, at) == Some(b"id")) {
        return Ok(None);
    }
    let end = line_end(text);
    let unit = unit(&text[object + 1..]);
    let entry = |indent: &str| {
        let fields = format!("\"type\": \"promptString\", \"id\": \"{id}\", \"description\": \"{name}\"");
        format!("{end}{indent}{unit}{{ {fields}, \"password\": true }}")
    };
    let declaration =
        |at, indent: &str, around| Declaration { name: id.clone(), at, entry: entry(indent), around, in_folder: None };
    let Some((list, _)) = places(text, "\"inputs\"").find(|(_, depth)| *depth == 1) else {
        let around = [format!("{end}{unit}\"inputs\": ["), ",".to_owned(), format!("{end}{unit}],")];
        return Ok(Some(declaration(object + 1, &unit, around)));
    };
    let behind = &text[list..];
    let open = memchr::memchr(b'[', behind).filter(|open| behind[8..*open].trim_ascii() == b":");
    let open = list + open.ok_or(WhyNot::new("`inputs` is no list"))? + 1;
    let is_empty = text[open..].trim_ascii_start().starts_with(b"]");
    let is_on_line = !matches!(text.get(open), Some(b'\n' | b'\r'));
    let close = if !is_empty {
        ",".to_owned()
    } else if is_on_line {
        format!("{end}{}", indent_of(text, open))
    } else {
        String::new()
    };
    Ok(Some(declaration(open, &indent_of(text, open), [String::new(), ",".to_owned(), close])))
}

/// Where `word` stands outside comments, and in how many brackets.
fn places<'t>(text: &'t [u8], word: &str) -> impl Iterator<Item = (usize, usize)> + use<'t> {
    let places: Vec<_> = memchr::memmem::find_iter(text, word.as_bytes()).collect();
    let outline = lexer::outline(Language::Json, text, places.clone().into_iter());
    places.into_iter().zip(outline).filter(|(_, own)| own.is_code).map(|(at, own)| (at, own.depth))
}

/// What the file indents by: as the first line in its brackets, else two blanks.
fn unit(inside: &[u8]) -> String {
    let blanks: Vec<_> = inside.iter().copied().take_while(u8::is_ascii_whitespace).collect();
    let line = memchr::memrchr(b'\n', &blanks).map(|newline| &blanks[newline + 1..]);
    let unit = line.filter(|line| !line.is_empty()).and_then(|line| str::from_utf8(line).ok());
    unit.unwrap_or("  ").to_owned()
}

/// The blanks before the line of `at`.
fn indent_of(text: &[u8], at: usize) -> String {
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
    text[start..at].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).map(|byte| char::from(*byte)).collect()
}
