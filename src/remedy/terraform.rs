//! Variables of Terraform: a reference, and the block that declares what it refers to.

use super::escapes;
use super::lexer::{self, Kind, Language, Place, Stands};
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
    if escapes::are_in_string(Language::Terraform, spot, literal) {
        return Err(WhyNot::ESCAPED);
    }
    let is_document = literal.kind == Kind::Document;
    // A here-document begins on the line below.
    let start = if is_document { text[..literal.outer.start].trim_ascii_end().len() } else { literal.outer.start };
    let holder = holder(text, &place, start)?;
    let (before, behind) = (text[..literal.outer.start].trim_ascii_end(), text[literal.outer.end..].trim_ascii_start());
    let is_key =
        behind.starts_with(b"=") && !behind.starts_with(b"==") || behind.starts_with(b":") && !before.ends_with(b"?");
    if !is_document && (is_key || !before.last().is_some_and(|sign| b"=([,:?&|{+".contains(sign))) {
        return Err(WhyNot::new("it is a name, and only values are read from variables"));
    }
    let variable = name.to_ascii_lowercase();
    let is_whole = literal.inner == *span && !is_document;
    let change = if is_whole {
        Patch { span: literal.outer.clone(), with: format!("var.{variable}") }
    } else {
        if literal.kind != Kind::WithHoles && !is_document {
            return Err(WhyNot::new("it stands in a text that takes no variables"));
        }
        Patch { span: span.clone(), with: format!("${{var.{variable}}}") }
    };
    let mut edit = Edit::of(change, &format!("TF_VAR_{variable}"));
    edit.declaration = Some(declaration(text, variable, holder));
    Ok(edit)
}

/// What holds the string at `start`, as other blocks refer to it, if they can; or why a variable cannot stand there.
fn holder(text: &[u8], place: &Place, start: usize) -> Result<Option<String>, WhyNot> {
    let outermost = *place.brackets.iter().find(|at| text[**at] == b'{').ok_or(WhyNot::new("it stands in no block"))?;
    let head_start = text[..outermost].iter().rposition(|byte| matches!(byte, b'\n' | b'}')).map_or(0, |at| at + 1);
    let words = |text: &[u8]| -> Vec<String> {
        let words = text.split(|byte| !(byte.is_ascii_alphanumeric() || b"_-".contains(byte)));
        words.filter(|word| !word.is_empty()).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    };
    let head = words(&text[head_start..outermost]);
    let head: Vec<_> = head.iter().map(String::as_str).collect();
    // The arguments around the string, the outermost first.
    let places = place.brackets.iter().copied().filter(|at| *at > outermost).chain([start]);
    let arguments = places.map(|at| {
        let line = text[..at].rsplit(|byte| b"\n{[(,".contains(byte)).next().unwrap_or_default();
        words(line).into_iter().next().unwrap_or_default()
    });
    let arguments: Vec<_> = arguments.collect();
    let reason = match (head.as_slice(), arguments[0].as_str()) {
        (["variable", ..], _) => {
            "a default cannot refer to a variable: delete the line, and set TF_VAR_ and the variable's name"
        }
        (["module", ..], "source" | "version") if arguments.len() == 1 => {
            "the source and the version of a module take constants only"
        }
        (["output", ..], "description") => "this block takes constants only",
        (["output", ..], _) if !is_sensitive(output(&text[head_start..])) => SHOWN,
        _ if arguments.iter().any(|argument| argument == "for_each") => {
            "`for_each` takes no value that is sensitive: name what it goes through otherwise"
        }
        (["locals", ..], local) => return Ok(Some(format!("local.{local}"))),
        (["resource", kind, name, ..], argument) => return Ok(Some(format!("{kind}.{name}.{argument}"))),
        (["data", kind, name, ..], argument) => return Ok(Some(format!("data.{kind}.{name}.{argument}"))),
        (["provider" | "module" | "output", ..], _) => return Ok(None),
        _ => "this block takes constants only",
    };
    Err(WhyNot::new(reason))
}

const SHOWN: &str =
    "an output shows it, which Terraform refuses for what is sensitive: give the output `sensitive = true`";

/// The block at the end of the file.
fn declaration(text: &[u8], variable: String, holder: Option<String>) -> Declaration {
    let end = line_end(text);
    let gap = if text.ends_with(b"\n") { "" } else { end };
    Declaration {
        name: variable.clone(),
        at: text.len(),
        entry: format!("{end}variable \"{variable}\" {{{end}  type      = string{end}  sensitive = true{end}}}{end}"),
        around: [gap.to_owned(), String::new(), String::new()],
        in_folder: Some(InFolder { variable, holder }),
    }
}

/// What the files of a folder are asked, which Terraform reads as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InFolder {
    variable: String,
    /// What holds the value, as other blocks refer to it.
    holder: Option<String>,
}

impl InFolder {
    /// Whether the file declares the variable.
    pub(crate) fn is_declared(&self, text: &[u8]) -> bool {
        has_block(text, b"variable", |behind| {
            let label = behind.trim_ascii_start();
            starts_with_name(label.strip_prefix(b"\"").unwrap_or(label), &self.variable)
        })
    }

    /// Why the file would not be taken any more, where an output of it shows what the variable says is sensitive.
    pub(crate) fn flaw(&self, text: &[u8]) -> Option<&'static str> {
        let holder = self.holder.as_deref()?;
        let shows = |behind: &[u8]| {
            let block = output(behind);
            let mut places = memchr::memmem::find_iter(block, holder.as_bytes());
            places.any(|at| starts_with_name(&block[at..], holder)) && !is_sensitive(block)
        };
        has_block(text, b"output", shows).then_some(SHOWN)
    }
}

/// Whether a block at the top of the file begins with `word` and then as it `fits`. The file is read for those alone that
/// seem to, as whoever made the folder chose what it holds.
fn has_block(text: &[u8], word: &[u8], fits: impl Fn(&[u8]) -> bool) -> bool {
    let places: Vec<_> = memchr::memmem::find_iter(text, word).filter(|at| fits(&text[at + word.len()..])).collect();
    lexer::outline(Language::Terraform, text, places.into_iter()).any(|own| own.is_code && own.depth == 0)
}

/// The block of an output that begins here, as it is formatted.
fn output(text: &[u8]) -> &[u8] {
    const LONGEST: usize = 1 << 13;
    let text = &text[..text.len().min(LONGEST)];
    let end = |sign: &[u8]| memchr::memmem::find(text, sign).unwrap_or(text.len());
    &text[..end(b"\n}").min(end(b"\noutput "))]
}

/// Whether it is said that the output is, or that what it shows is not.
fn is_sensitive(output: &[u8]) -> bool {
    memchr::memmem::find(output, b"sensitive").is_some()
}

fn starts_with_name(text: &[u8], name: &str) -> bool {
    let behind = text.strip_prefix(name.as_bytes()).map(|behind| behind.first().copied());
    behind.is_some_and(|next| next.is_none_or(|next| !next.is_ascii_alphanumeric() && !b"_-".contains(&next)))
}
