//! References in JSON, which has none of its own: in the files of those programs that put variables into strings.

use super::lexer::{self, Language, Stands};
use super::{Edit, Patch, Spot, WhyNot, line_end};

/// Which program reads the file, and so how a variable is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// `.mcp.json`: `${X}` in command, args, env, url and headers
    /// (<https://code.claude.com/docs/en/mcp>, environment variable expansion).
    Mcp,
    /// `.cursor/mcp.json`: `${env:X}` in the same places (<https://cursor.com/docs/mcp>, config interpolation).
    Cursor,
    /// `.vscode/mcp.json`: `${input:x}`, asked for once and kept in the editor's own store
    /// (<https://code.visualstudio.com/docs/copilot/reference/mcp-configuration>).
    VsCodeMcp,
    /// `.vscode/launch.json` and `tasks.json`: `${env:X}`
    /// (<https://code.visualstudio.com/docs/reference/variables-reference>).
    VsCode,
    /// `devcontainer.json`: `${localEnv:X}` (<https://containers.dev/implementors/json_reference/>).
    DevContainer,
}

/// What replaces the value.
pub(super) fn replacement(reader: Reader, spot: &Spot<'_>) -> Result<Edit, WhyNot> {
    let Spot { text, span, name } = *spot;
    let place = lexer::place(Language::Json, text, span);
    let literal = match &place.stands {
        Stands::String(literal) => literal,
        Stands::Comment => return Err(WhyNot::IN_COMMENT),
        Stands::Code => return Err(WhyNot::new("it stands in no string")),
    };
    let behind = text[literal.outer.end..].trim_ascii_start();
    if behind.starts_with(b":") {
        return Err(WhyNot::new("it is a name, and only values are read from variables"));
    }
    let keys = keys(text, &place.brackets, literal.outer.start);
    let has = |key: &str| keys.contains(&key.as_bytes());
    let is_server = ["command", "args", "env", "url", "headers"].into_iter().any(has);
    if matches!(reader, Reader::Mcp | Reader::Cursor | Reader::VsCodeMcp) && !is_server {
        return Err(WhyNot::new("variables are read in command, args, env, url and headers only"));
    }
    let with = match reader {
        Reader::Mcp => format!("${{{name}}}"),
        Reader::Cursor | Reader::VsCode => format!("${{env:{name}}}"),
        Reader::DevContainer => format!("${{localEnv:{name}}}"),
        Reader::VsCodeMcp => format!("${{input:{}}}", input(name)),
    };
    let mut edit = Edit::of(Patch { span: span.clone(), with }, name);
    if reader == Reader::VsCodeMcp {
        edit.additions.extend(declared(text, name)?);
        edit.note = Some("VS Code asks for the value once and keeps it".to_owned());
    }
    Ok(edit)
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
    let brackets_at = |at: usize| lexer::place(Language::Json, text, &(at..at)).brackets;
    let lists = memchr::memmem::find_iter(text, b"\"inputs\"");
    if let Some(list) = lists.into_iter().find(|at| brackets_at(*at).len() == 1) {
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
