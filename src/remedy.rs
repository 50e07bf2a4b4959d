//! How to read the key from the environment instead, in the language of the file.
//!
//! [`replacement`] gives the exact edit for one value in one file, or why there is none. It reads and writes nothing; what
//! it does not understand it leaves alone.

pub(crate) mod by_hand;
mod code;
mod docker;
mod escapes;
mod extent;
mod json;
mod lexer;
pub(crate) mod name;
mod settings;
mod shell;
mod terraform;
mod toml;
pub(crate) mod way;
mod yaml;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::change::BytePath;
pub(crate) use extent::extent;
use lexer::Language;
pub(crate) use settings::COMPOSE;
pub(crate) use terraform::InFolder;

/// A value in a text, and the variable that is to hold it.
#[derive(Clone, Copy)]
struct Spot<'a> {
    text: &'a [u8],
    span: &'a Range<usize>,
    name: &'a str,
}

/// A stretch of a text and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) span: Range<usize>,
    pub(crate) with: String,
}

/// How a value leaves a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    /// What stands where the value stood.
    pub(crate) change: Patch,
    /// Which part of that is new, and not taken over from the file.
    pub(crate) reference: Range<usize>,
    /// What has to stand elsewhere in the file, such as an import.
    pub(crate) additions: Vec<Patch>,
    /// What has to stand in this file, or in another one of its folder.
    pub(crate) declaration: Option<Declaration>,
    /// The variable that is read, as the environment has it.
    pub(crate) variable: String,
    /// What is left to do, as a short sentence with its command.
    pub(crate) note: Option<String>,
    /// What is worth knowing of the form that it takes.
    pub(crate) hint: Option<&'static str>,
}

/// What has to stand in a file once, beside others of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declaration {
    /// What is declared.
    pub(crate) name: String,
    /// Where it goes.
    at: usize,
    entry: String,
    /// What stands before the first that is added there, between two, and behind the last.
    around: [String; 3],
    /// What the files of the folder are asked, where they are one to the program.
    pub(crate) in_folder: Option<InFolder>,
}

impl Declaration {
    /// All of them in one place, each of them once.
    pub(crate) fn joined(all: &[Self]) -> Option<Patch> {
        let Self { at, around: [before, between, behind], .. } = all.first()?;
        let is_first = |(number, own): &(usize, &Self)| !all[..*number].iter().any(|other| other.name == own.name);
        let entries: Vec<_> = all.iter().enumerate().filter(is_first).map(|(_, own)| own.entry.as_str()).collect();
        Some(Patch { span: *at..*at, with: format!("{before}{}{behind}", entries.join(between)) })
    }
}

impl Patch {
    /// The text with this in it.
    fn applied(&self, text: &str) -> String {
        let (head, tail) = (text.get(..self.span.start), text.get(self.span.end..));
        [head.unwrap_or_default(), &self.with, tail.unwrap_or_default()].concat()
    }
}

impl Edit {
    fn of(change: Patch, variable: &str) -> Self {
        let (variable, reference) = (variable.to_owned(), 0..change.with.len());
        Self { change, reference, additions: Vec::new(), declaration: None, variable, note: None, hint: None }
    }
}

/// Why a value cannot be replaced, as a lowercase sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WhyNot(Cow<'static, str>);

impl WhyNot {
    const ESCAPED: Self = Self::new("it is written with escapes or expansions: take it out by hand");
    const IN_COMMENT: Self = Self::new("it stands in a comment, which reads no variable: take it out by hand");
    const NO_PLACE: Self = Self::new("a reference cannot stand there");
    const NO_UTF_8: Self = Self::new("the file is no UTF-8");
    const ONLY_VALUES: Self = Self::new("it is a name, and only values are read from variables");
    const UNKNOWN: Self = Self::new("keyguard does not know how a file of this kind reads a variable");

    const fn new(reason: &'static str) -> Self {
        Self(Cow::Borrowed(reason))
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The edit that makes a file like `path` with this `text` read the variable `name` instead of the value at `span`.
pub(crate) fn replacement(path: &BytePath, text: &[u8], span: &Range<usize>, name: &str) -> Result<Edit, WhyNot> {
    let spot = Spot { text, span, name };
    match Form::of(path, text) {
        Form::Code(language) if escapes::are_in(language, &spot) => Err(WhyNot::ESCAPED),
        Form::Code(language) => code::replacement(language, &spot),
        Form::Shell => shell::replacement(&spot),
        Form::Terraform => terraform::replacement(&spot),
        Form::Docker => docker::replacement(&spot),
        Form::Settings(program) => program.replacement(&spot),
        Form::Yaml => yaml::replacement(&spot),
        Form::VsCodeMcp => json::vs_code_mcp(&spot),
        Form::Not(reason) => Err(WhyNot::new(reason)),
        Form::Unknown => Err(match expression(path, name) {
            Some(expression) => {
                WhyNot(format!("keyguard does not edit this language: replace it by hand with {expression}").into())
            }
            None => WhyNot::UNKNOWN,
        }),
    }
}

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Code(Language),
    Shell,
    Terraform,
    Docker,
    Settings(&'static settings::Program),
    Yaml,
    VsCodeMcp,
    /// Known, and no place for a reference.
    Not(&'static str),
    Unknown,
}

impl Form {
    fn of(path: &BytePath, text: &[u8]) -> Self {
        if settings::ends(path, ".vscode/mcp.json") {
            return Self::VsCodeMcp;
        }
        if let Some(program) = settings::program(path).filter(|_| !yaml::is_of_kubernetes(text)) {
            return Self::Settings(program);
        }
        if let Some(reason) = settings::without(path) {
            return Self::Not(reason);
        }
        let file = path.name().to_ascii_lowercase();
        match file.as_slice() {
            b"dockerfile" | b"containerfile" => return Self::Docker,
            name if [&b".example"[..], b".sample", b".template", b".dist", b".defaults"]
                .iter()
                .any(|end| name.ends_with(end)) =>
            {
                return Self::Not("an example holds names alone: take the value out by hand");
            }
            _ if by_hand::is_file_of_variables(path) => {
                return Self::Not("a file of variables holds values: keep it out of git, and list it in .gitignore");
            }
            name if [&b".d.ts"[..], b".d.mts", b".d.cts"].iter().any(|end| name.ends_with(end)) => {
                return Self::Not("types take constants only");
            }
            name if name.starts_with(b"dockerfile.") || name.ends_with(b".dockerfile") => return Self::Docker,
            _ => {}
        }
        let mut parts = file.rsplit(|byte| *byte == b'.');
        let extension = parts.next().filter(|_| parts.next().is_some()).and_then(|last| str::from_utf8(last).ok());
        match extension {
            Some("yml" | "yaml") => Self::Yaml,
            Some(extension) => match Self::of_extension(extension) {
                Self::Code(language) => elsewhere(language, path, text).map_or(Self::Code(language), Self::Not),
                form => form,
            },
            None => Self::of_first_line(text),
        }
    }

    fn of_extension(extension: &str) -> Self {
        const NO_FORM: &str =
            "a file of this kind has no form for a variable: the program that reads it has to have one";
        Self::Code(match extension {
            "py" | "pyi" | "pyw" => Language::Python,
            "js" | "mjs" | "cjs" | "jsx" => Language::JavaScript,
            "ts" | "mts" | "cts" | "tsx" => Language::TypeScript,
            "rs" => Language::Rust,
            "go" => Language::Go,
            "rb" | "rake" | "gemspec" => Language::Ruby,
            "java" => Language::Java,
            "kt" | "kts" => Language::Kotlin,
            "cs" => Language::CSharp,
            "php" => Language::Php,
            "sh" | "bash" | "zsh" | "ksh" => return Self::Shell,
            "tf" => return Self::Terraform,
            "tfvars" => return Self::Not("a file of values has no form for a variable: keep it out of git"),
            "html" | "htm" | "vue" | "svelte" => {
                return Self::Not(ON_PAGE);
            }
            "json" | "jsonc" | "json5" | "toml" | "ini" | "cfg" | "properties" | "xml" | "csv" => {
                return Self::Not(NO_FORM);
            }
            "md" | "txt" | "rst" | "adoc" => return Self::Not("a text reads no variable: take it out by hand"),
            _ => return Self::Unknown,
        })
    }

    /// By the program that its first line names.
    fn of_first_line(text: &[u8]) -> Self {
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let Some(line) = line.strip_prefix(b"#!") else { return Self::Unknown };
        let mut words = line.trim_ascii().split(|byte| matches!(byte, b'/' | b' '));
        let program = words.rfind(|word| !word.is_empty() && *word != b"env" && !word.starts_with(b"-"));
        match program.unwrap_or_default() {
            b"sh" | b"bash" | b"dash" | b"zsh" | b"ksh" => Self::Shell,
            b"node" => Self::Code(Language::JavaScript),
            b"ruby" => Self::Code(Language::Ruby),
            b"php" => Self::Code(Language::Php),
            program if program.starts_with(b"python") => Self::Code(Language::Python),
            _ => Self::Unknown,
        }
    }
}

const ON_PAGE: &str = "whoever opens the page can read it: let a server call for the page, with a key of its own";

/// Why a program that runs on the machine of whoever uses it has no variable to read.
fn elsewhere(language: Language, path: &BytePath, text: &[u8]) -> Option<&'static str> {
    const ON_DEVICE: &str = "whoever has the program can read it: let a server call for it, with a key of its own";
    let begins = |starts: &[&[u8]]| {
        let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.any(|line| starts.iter().any(|start| line.starts_with(start)))
    };
    match language {
        Language::JavaScript | Language::TypeScript => {
            let is_page = is_served(path)
                || begins(&[b"\"use client\"", b"'use client'"])
                || memchr::memmem::find(text, b"import.meta.env").is_some()
                || uses_page(language, text);
            is_page.then_some(ON_PAGE)
        }
        Language::Java | Language::Kotlin => begins(&[b"import android.", b"import androidx."]).then_some(ON_DEVICE),
        Language::CSharp => begins(&[b"using UnityEngine"]).then_some(ON_DEVICE),
        _ => None,
    }
}

/// Whether the file lies in a folder that is served as it is.
fn is_served(path: &BytePath) -> bool {
    const SERVED: [&[u8]; 5] = [b"public", b"static", b"www", b"wwwroot", b"assets"];
    let mut folders = path.as_bytes().rsplit(|byte| *byte == b'/').skip(1);
    folders.any(|folder| SERVED.iter().any(|served| folder.eq_ignore_ascii_case(served)))
}

/// Whether a script uses the page it is on, and is not one that a program sends to a page, or has one of its own.
fn uses_page(language: Language, text: &[u8]) -> bool {
    /// What only scripts of pages, of apps for phones and of browsers' extensions have.
    const PARTS: [&str; 14] = [
        "from \"react\"",
        "from 'react'",
        "react-dom/client",
        "react-native",
        "from \"expo",
        "from 'expo",
        "@angular/core",
        "chrome.runtime",
        "browser.runtime",
        "==UserScript==",
        "$(function",
        "$(document)",
        ".mount(\"#",
        ".mount('#",
    ];
    const GLOBALS: [&str; 4] = ["document", "window", "localStorage", "sessionStorage"];
    let has = |part: &str| memchr::memmem::find(text, part.as_bytes()).is_some();
    let is_of_node = ["require(", ".evaluate(", "jsdom", "react-dom/server"].iter().any(|part| has(part));
    !is_of_node
        && (PARTS.iter().any(|part| has(part)) || GLOBALS.iter().any(|name| code::uses_global(language, text, name)))
}

/// How the lines of the text end.
fn line_end(text: &[u8]) -> &'static str {
    let first = memchr::memchr(b'\n', text);
    if first.is_some_and(|at| at > 0 && text[at - 1] == b'\r') { "\r\n" } else { "\n" }
}

/// How a language that is not edited reads the variable `name`, for whoever edits it by hand.
fn expression(path: &BytePath, name: &str) -> Option<String> {
    let file = path.name().to_ascii_lowercase();
    let ending = file.rsplit(|byte| *byte == b'.').next().and_then(|ending| str::from_utf8(ending).ok())?;
    Some(match ending {
        "ipynb" => format!("os.environ[\"{name}\"]"),
        "groovy" | "gradle" | "scala" => format!("System.getenv(\"{name}\")"),
        "fs" | "vb" => format!("Environment.GetEnvironmentVariable(\"{name}\")"),
        "pl" | "pm" => format!("$ENV{{{name}}}"),
        "ex" | "exs" => format!("System.fetch_env!(\"{name}\")"),
        "swift" => format!("ProcessInfo.processInfo.environment[\"{name}\"]"),
        "dart" => format!("Platform.environment[\"{name}\"]"),
        "r" => format!("Sys.getenv(\"{name}\")"),
        "ps1" | "psm1" => format!("$env:{name}"),
        "fish" => format!("\"${name}\""),
        "hcl" => format!("var.{}", name.to_ascii_lowercase()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
