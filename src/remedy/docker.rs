//! Dockerfiles: what an instruction holds stays in the image, so a command gets the value as a secret of the build, and a
//! running container from its environment.

use crate::fix::dotenv;
use crate::rules::spec::is_variable_name;

use super::{Edit, Patch, Spot, WhyNot, name, shell};

/// What replaces the value.
pub(super) fn replacement(spot: &Spot<'_>) -> Result<Edit, WhyNot> {
    let instruction = Instruction::around(spot.text, spot.span.start)?;
    match instruction.word.to_ascii_uppercase().as_slice() {
        b"RUN" => run(spot, &instruction),
        b"ENV" => env(spot, &instruction),
        b"ARG" => arg(spot, &instruction),
        b"#" => Err(WhyNot::IN_COMMENT),
        _ => Err(WhyNot::new("this instruction stays in the image: give the value to a RUN as a secret of the build")),
    }
}

/// One instruction, over all its lines.
struct Instruction<'t> {
    word: &'t [u8],
    /// Where its arguments begin.
    start: usize,
    end: usize,
}

impl<'t> Instruction<'t> {
    fn around(text: &'t [u8], at: usize) -> Result<Self, WhyNot> {
        let mut start = 0;
        let mut end = 0;
        let mut goes_on = false;
        let mut documents = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let content = line.trim_ascii();
            let is_comment = content.starts_with(b"#");
            let is_in_document = !goes_on && !documents.is_empty();
            if !goes_on {
                start = end;
            }
            end += line.len();
            if is_in_document && at < end {
                return Err(WhyNot::new("keyguard does not read here-documents in a Dockerfile"));
            }
            if is_in_document {
                if is_end(line, documents[0]) {
                    documents.remove(0);
                }
                continue;
            }
            if is_comment && (end - line.len()..end).contains(&at) {
                return Err(WhyNot::IN_COMMENT);
            }
            if !is_comment && reads_documents(&text[start..end]) {
                documents.extend(content.split(u8::is_ascii_whitespace).filter_map(document));
            }
            // Comments and blank lines within an instruction do not end it.
            goes_on = content.ends_with(b"\\") || goes_on && (is_comment || content.is_empty());
            if at < end && !goes_on {
                break;
            }
        }
        let blanks = text[start..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let begin = start + blanks;
        let length = text[begin..end].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        let gap = text[begin + length..end].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        Ok(Self {
            word: &text[begin..begin + length],
            start: begin + length + gap,
            end: end - (text[..end].len() - text[..end].trim_ascii_end().len()),
        })
    }
}

/// Whether the line begins with the instruction.
fn is_of(line: &[u8], instruction: &[u8]) -> bool {
    let word = line.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default();
    word.eq_ignore_ascii_case(instruction)
}

fn reads_documents(instruction: &[u8]) -> bool {
    [&b"RUN"[..], b"COPY", b"ADD"].iter().any(|name| is_of(instruction, name))
}

/// The word that ends the here-document which `word` of a line announces, and whether tabs may stand before it.
fn document(word: &[u8]) -> Option<(&[u8], bool)> {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let name = word[digits..].strip_prefix(b"<<")?;
    let (name, is_indented) = name.strip_prefix(b"-").map_or((name, false), |name| (name, true));
    let is_quoted = |quote: u8| name.len() > 2 && name.starts_with(&[quote]) && name.ends_with(&[quote]);
    let name = if is_quoted(b'"') || is_quoted(b'\'') { &name[1..name.len() - 1] } else { name };
    (!name.is_empty() && !name.contains(&b'<')).then_some((name, is_indented))
}

/// Whether the line ends the here-document.
fn is_end(line: &[u8], (word, is_indented): (&[u8], bool)) -> bool {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let tabs = line.iter().take_while(|byte| is_indented && **byte == b'\t').count();
    line[tabs..] == *word
}

/// `RUN` mounts the secret of the build as a variable of the command
/// (<https://docs.docker.com/reference/dockerfile/>, `RUN --mount=type=secret` with `env`).
fn run(spot: &Spot<'_>, instruction: &Instruction<'_>) -> Result<Edit, WhyNot> {
    let Spot { text, span, name } = *spot;
    let arguments = &text[instruction.start..instruction.end];
    if arguments.starts_with(b"[") {
        return Err(WhyNot::new("a command in brackets reads no variables: write it as a line of a shell"));
    }
    if is_read_by_older(text) {
        return Err(WhyNot::new(
            "`# syntax` names a version that gives no secret as a variable: name docker/dockerfile:1, or 1.10 and later",
        ));
    }
    let shifted = span.start - instruction.start..span.end - instruction.start;
    let command = Spot { text: arguments, span: &shifted, name };
    let Patch { span: place, with } = shell::patch(&command)?;
    let place = place.start + instruction.start..place.end + instruction.start;
    let mut edit = Edit::of(Patch { span: place, with }, name);
    let mount = format!("--mount=type=secret,id={name},env={name} ");
    if memchr::memmem::find(arguments, mount.trim_end().as_bytes()).is_none() {
        edit.additions.push(Patch { span: instruction.start..instruction.start, with: mount });
    }
    edit.note = Some(format!("give it to docker build: --secret id={name}"));
    Ok(edit)
}

/// Whether the first lines name a version of the syntax before 1.10, which brought `env` for secrets.
fn is_read_by_older(text: &[u8]) -> bool {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let comments = lines.take_while(|line| line.starts_with(b"#"));
    comments.filter_map(|line| str::from_utf8(&line[1..]).ok()).any(|line| {
        let name = line.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("syntax"));
        let version = name.and_then(|(_, image)| image.split_once("docker/dockerfile:1."));
        let minor =
            version.map(|(_, minor)| minor.split(|sign: char| !sign.is_ascii_digit()).next().unwrap_or_default());
        minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor < 10)
    })
}

/// The variable that the instruction sets to the value and to nothing else.
fn assigned<'t>(spot: &Spot<'t>, instruction: &Instruction<'_>) -> Option<&'t str> {
    let arguments = &spot.text[instruction.start..instruction.end];
    let sign = arguments.iter().position(|byte| matches!(byte, b'=' | b' '))?;
    let value = spot.span.start - instruction.start..spot.span.end - instruction.start;
    let is_quote = |text: &[u8]| matches!(text, b"" | b"\"" | b"'");
    let is_alone =
        sign < value.start && is_quote(arguments.get(sign + 1..value.start)?) && is_quote(arguments.get(value.end..)?);
    let own = str::from_utf8(&arguments[..sign]).ok().filter(|_| is_alone)?;
    (is_variable_name(own) && name::is_free(own)).then_some(own)
}

/// `ENV` has no form that keeps the value out of the image: the container gets it when it starts.
fn env(spot: &Spot<'_>, instruction: &Instruction<'_>) -> Result<Edit, WhyNot> {
    let own = assigned(spot, instruction).ok_or(WhyNot::new(
        "ENV keeps the value in the image: set it alone on its line, or when the container starts",
    ))?;
    // `docker run` takes the quotes for a part of the value.
    if !dotenv::is_bare(&spot.text[spot.span.clone()]) {
        return Err(WhyNot::new("`docker run --env-file` knows no quotes, which the value needs: take it out by hand"));
    }
    // What starts the container is read when it starts.
    let starts = |line: &[u8]| [&b"CMD"[..], b"ENTRYPOINT", b"HEALTHCHECK"].iter().any(|word| is_of(line, word));
    let lines = spot.text[instruction.end..].split(|byte| *byte == b'\n').filter(|line| !starts(line));
    let rest: Vec<u8> = lines.flatten().copied().collect();
    let is_used = |sign: &str| memchr::memmem::find(&rest, sign.as_bytes()).is_some();
    if is_used(&format!("${own}")) || is_used(&format!("${{{own}")) {
        return Err(WhyNot::new(
            "ENV keeps the value in the image, and the build uses it: mount it as a secret in the RUN that does",
        ));
    }
    // A command knows the variable by its name, too, as npm does.
    if spot.text[instruction.end..].split(|byte| *byte == b'\n').any(|line| is_of(line, b"RUN")) {
        return Err(WhyNot::new(
            "ENV keeps the value in the image, and a RUN behind it may read it: mount it there as a secret",
        ));
    }
    let line = memchr::memrchr(b'\n', &spot.text[..instruction.start]).map_or(0, |newline| newline + 1);
    let with = format!("# {own} is given when the container starts: docker run --env-file .env");
    let mut edit = Edit::of(Patch { span: line..instruction.end, with }, own);
    edit.note = Some("start with: docker run --env-file .env".to_owned());
    Ok(edit)
}

/// `ARG` without a default takes the value from the command that builds.
fn arg(spot: &Spot<'_>, instruction: &Instruction<'_>) -> Result<Edit, WhyNot> {
    let own = assigned(spot, instruction).ok_or(WhyNot::new("this ARG sets more than the value"))?;
    if spot.text[spot.span.clone()].iter().any(|byte| b"\\$".contains(byte)) {
        return Err(WhyNot::ESCAPED);
    }
    let end = instruction.start + own.len()..instruction.end;
    let mut edit = Edit::of(Patch { span: end, with: String::new() }, own);
    edit.note = Some(format!(
        "give it to docker build: --build-arg {own} (it stays in the image; a secret of the build does not)"
    ));
    Ok(edit)
}
