//! Files of settings whose program puts variables into their values, and how each of them writes one.

use super::yaml::Leaf;
use super::{Edit, Patch, Spot, WhyNot, json, shell, toml, yaml};
use crate::change::BytePath;
use crate::encrypted::{Case, wildmatch};
use crate::report::listed;
use crate::rules::spec::is_variable_name;

/// A program that reads variables in its settings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// The ends of the paths of such files, in lower case: `*` is anything within a name, and a `/` at the front the top
    /// of the repository.
    paths: &'static str,
    /// What reads the variable `X`.
    form: &'static str,
    syntax: Syntax,
    /// The keys below which variables are read; all, when there are none.
    under: &'static [&'static str],
    reader: Reader,
    /// What is left to do with the value; `X` is the variable.
    note: Option<&'static str>,
}

/// Who puts the variable in, which tells where it is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// The program itself, in every text.
    Program,
    /// The program, where nothing else stands in the text.
    Whole,
    /// A shell, in what stands below these keys.
    Shell(&'static [&'static str]),
    /// The shell of a step of `CircleCI`, which itself puts in no variables.
    Steps,
    /// GitHub, whose secrets are known to the steps of a job, and not where a job calls a workflow.
    Actions,
    /// Docker compose, to which a doubled `$` is one.
    Compose,
    /// Spring, whose references may stand in one another.
    Spring,
    /// Maven, whose files are known by what stands in them.
    Maven,
    /// Ruby, before the file is read; in its own brackets stands code.
    Template,
}

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    Json,
    Toml,
    Yaml,
    Xml,
    /// A setting on each line; the first sign of a comment is one of these.
    Lines(&'static [u8]),
}

impl Program {
    const fn new(paths: &'static str, syntax: Syntax, form: &'static str) -> Self {
        Self { paths, form, syntax, under: &[], reader: Reader::Program, note: None }
    }

    const fn under(mut self, keys: &'static [&'static str]) -> Self {
        self.under = keys;
        self
    }

    const fn read_by(mut self, reader: Reader) -> Self {
        self.reader = reader;
        self
    }

    const fn note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }
}

pub(super) const SERVER: &[&str] = &["command", "args", "env", "url", "headers"];

/// What is true where the file of variables is `.env` in the folder of the project.
pub(crate) const COMPOSE: &str = "docker compose reads .env by itself";

/// The first that fits counts.
const PROGRAMS: &[Program] = &[
    // <https://docs.github.com/en/actions/reference/workflows-and-actions/contexts>, where each context is known
    Program::new("/.github/workflows/*.y*ml", Syntax::Yaml, "${{ secrets.X }}")
        .under(&["env", "with", "run", "secrets", "credentials"])
        .read_by(Reader::Actions)
        .note("give it to GitHub: gh secret set X"),
    // <https://docs.gitlab.com/ci/variables/where_variables_can_be_used/>
    Program::new("/.gitlab-ci.y*ml", Syntax::Yaml, "${X}")
        .under(&["script", "before_script", "after_script", "variables", "image"])
        .read_by(Reader::Shell(&["script", "before_script", "after_script"]))
        .note("give it to GitLab: glab variable set X --masked"),
    // <https://circleci.com/docs/env-vars/>: the shell of a step reads it
    Program::new("/.circleci/config.y*ml", Syntax::Yaml, "${X}")
        .read_by(Reader::Steps)
        .note("give it to CircleCI: Project Settings, Environment Variables, X"),
    // <https://learn.microsoft.com/azure/devops/pipelines/process/set-secret-variables>
    Program::new("/azure-pipelines*.y*ml", Syntax::Yaml, "$(X)")
        .under(&["script", "bash", "powershell", "pwsh", "env", "inputs"])
        .note("give it to the pipeline: az pipelines variable create --name X --secret true"),
    // <https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/>
    Program::new("compose.y*ml compose[.-]*.y*ml docker-compose*.y*ml *[.-]compose.y*ml", Syntax::Yaml, "${X}")
        .read_by(Reader::Compose)
        .note(COMPOSE),
    // <https://yarnpkg.com/configuration/yarnrc>
    Program::new(".yarnrc.yml", Syntax::Yaml, "${X}"),
    // <https://www.serverless.com/framework/docs/guides/variables>
    Program::new("serverless.y*ml", Syntax::Yaml, "${env:X}"),
    // <https://docs.spring.io/spring-boot/reference/features/external-config.html>, property placeholders
    Program::new("application*.y*ml resources/bootstrap*.y*ml", Syntax::Yaml, "${X}").read_by(Reader::Spring),
    Program::new("application*.properties bootstrap*.properties", Syntax::Lines(b"#!"), "${X}").read_by(Reader::Spring),
    // <https://symfony.com/doc/current/configuration.html>, based on environment variables
    Program::new("config/packages/*.yaml config/services.yaml", Syntax::Yaml, "%env(X)%"),
    // <https://guides.rubyonrails.org/configuring.html>, configuring a database
    Program::new("config/database.yml config/cable.yml config/storage.yml", Syntax::Yaml, "<%= ENV['X'] %>")
        .read_by(Reader::Template),
    // <https://code.claude.com/docs/en/mcp>, environment variable expansion
    Program::new(".mcp.json", Syntax::Json, "${X}").under(SERVER),
    // <https://cursor.com/docs/mcp>, config interpolation
    Program::new(".cursor/mcp.json", Syntax::Json, "${env:X}").under(SERVER),
    // <https://geminicli.com/docs/get-started/configuration/>
    Program::new(".gemini/settings.json", Syntax::Json, "${X}"),
    // <https://opencode.ai/docs/config/>, variables
    Program::new("opencode.json*", Syntax::Json, "{env:X}"),
    // <https://code.visualstudio.com/docs/reference/variables-reference>
    Program::new(".vscode/launch.json .vscode/tasks.json", Syntax::Json, "${env:X}"),
    // <https://containers.dev/implementors/json_reference/>
    Program::new("devcontainer.json .devcontainer.json", Syntax::Json, "${localEnv:X}"),
    // <https://supabase.com/docs/guides/local-development/managing-config>
    Program::new("supabase/config.toml", Syntax::Toml, "env(X)").read_by(Reader::Whole),
    // <https://bun.com/docs/pm/cli/install>
    Program::new("bunfig.toml", Syntax::Toml, "$X")
        .under(&["registry", "scopes"])
        .read_by(Reader::Whole)
        .note("bun reads .env by itself"),
    // <https://pipenv.pypa.io/en/latest/advanced.html>
    Program::new("pipfile", Syntax::Toml, "${X}").under(&["source"]),
    // <https://pip.pypa.io/en/stable/reference/requirements-file-format/>, using environment variables
    Program::new("*requirements*.txt", Syntax::Lines(b"#"), "${X}"),
    // <https://docs.npmjs.com/cli/configuring-npm/npmrc>
    Program::new(".npmrc", Syntax::Lines(b"#;"), "${X}"),
    // <https://maven.apache.org/settings.html>, <https://maven.apache.org/pom.html>, properties
    Program::new("settings.xml pom.xml", Syntax::Xml, "${env.X}").read_by(Reader::Maven),
    // <https://learn.microsoft.com/nuget/reference/nuget-config-file>, using environment variables
    Program::new("nuget.config", Syntax::Xml, "%X%"),
];

/// Files that take no variable, and where their program looks for one.
const WITHOUT: &[(&str, &str)] = &[
    (
        "wrangler.toml wrangler.json*",
        "it has no form for a variable: take the value out and give it to Cloudflare with `wrangler secret put`",
    ),
    ("fly.toml", "it has no form for a variable: take the value out and give it to Fly with `fly secrets set`"),
    ("netlify.toml", "it has no form for a variable: take the value out and give it to Netlify with `netlify env:set`"),
    ("vercel.json", "it has no form for a variable: take the value out and give it to Vercel with `vercel env add`"),
    (
        "appsettings*.json",
        "it has no form for a variable: take the value out, and set it as `Section__Key`, which .NET reads as well",
    ),
    (".streamlit/secrets.toml local.settings.json", "it is a file of secrets: keep it out of git"),
    (
        ".cargo/c*",
        "it has no form for a variable: take the value out; cargo reads the token of a registry from \
         CARGO_REGISTRIES_NAME_TOKEN",
    ),
    (
        ".bashrc .bash_profile .profile .zshrc .zshenv .zprofile .envrc",
        "this file is what sets variables: keep the value in a file outside git, and source that here",
    ),
];

/// The program that reads a file like `path`.
pub(super) fn program(path: &BytePath) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| ends(path, program.paths))
}

/// Why a file like `path` takes no variable.
pub(super) fn without(path: &BytePath) -> Option<&'static str> {
    WITHOUT.iter().find(|(patterns, _)| ends(path, patterns)).map(|(_, why)| *why)
}

/// Whether the path ends as one of `patterns` says, name by name, in letters of any case.
pub(super) fn ends(path: &BytePath, patterns: &str) -> bool {
    patterns.split(' ').any(|pattern| {
        let glob = pattern.strip_prefix('/').map_or_else(|| format!("**/{pattern}"), str::to_owned);
        wildmatch::matches(glob.as_bytes(), path.as_bytes(), Case::Ignored)
    })
}

impl Program {
    /// What the program puts the variable `name` in for.
    pub(super) fn reference(&self, name: &str) -> String {
        self.form.replace('X', name)
    }

    /// The name that this program can know a variable by: GitHub keeps those that begin with its own for itself.
    pub(super) fn name<'n>(&self, name: &'n str) -> std::borrow::Cow<'n, str> {
        match name.strip_prefix("GITHUB_").filter(|_| self.form.contains("secrets.")) {
            Some(rest) => format!("GH_{rest}").into(),
            None => name.into(),
        }
    }

    /// What replaces the value.
    pub(super) fn replacement(&self, spot: &Spot<'_>) -> Result<Edit, WhyNot> {
        let name = &*self.name(spot.name);
        let reference = self.reference(name);
        // Doubled, the sign stands for itself.
        if spot.span.start > 0 && spot.text[spot.span.start - 1] == reference.as_bytes()[0] {
            return Err(WhyNot::NO_PLACE);
        }
        let patch = Patch { span: spot.span.clone(), with: reference };
        let place = match self.syntax {
            Syntax::Json => Leaf::of_keys(json::keys_of_value(spot)?),
            Syntax::Yaml => yaml::changed(spot, &patch)?,
            Syntax::Toml => toml::changed(spot, &patch)?,
            Syntax::Xml => in_markup(spot).map(|()| Leaf::of_keys(Vec::new()))?,
            Syntax::Lines(comment) => on_line(spot, comment).map(|()| Leaf::of_keys(Vec::new()))?,
        };
        below(&place.keys, self.under)?;
        self.reader.reads(&place, spot, &patch.with)?;
        let mut edit = Edit::of(patch, name);
        edit.note = self.note.map(|note| note.replace('X', name));
        Ok(edit)
    }
}

impl Reader {
    /// Whether the variable is read where the `reference` stands now, in the text of `place`.
    fn reads(self, place: &Leaf, spot: &Spot<'_>, reference: &str) -> Result<(), WhyNot> {
        let has = |keys: &[&str]| place.keys.iter().any(|key| keys.contains(&key.as_str()));
        let keys: Vec<_> = place.keys.iter().map(String::as_str).collect();
        let value = &spot.text[spot.span.clone()];
        let reason = match self {
            Self::Shell(below) if has(below) => return shell::reads(place, spot, reference),
            Self::Steps => match keys.as_slice() {
                [.., "run"] | [.., "run", "command"] => return shell::reads(place, spot, reference),
                _ => "CircleCI reads variables in the command of a `run` only",
            },
            Self::Whole if place.value != reference => return Err(WhyNot::NO_PLACE),
            Self::Actions if has(&["with"]) && !has(&["steps"]) => {
                "a job that calls a workflow knows no secrets in `with`: hand it over in `secrets`"
            }
            Self::Actions if matches!(keys.as_slice(), ["on", ..] | [_, _, "strategy", ..]) => {
                "GitHub knows no secrets in `on` and in `strategy`"
            }
            Self::Compose if value.contains(&b'$') => {
                "docker compose takes `$` for a sign of its own: take it out by hand"
            }
            Self::Spring
                if keys.last().is_some_and(|key| is_variable_name(key) && *key == key.to_ascii_uppercase()) =>
            {
                "the file itself sets a variable, as those of Figaro do: keep it out of git"
            }
            Self::Maven if !is_of_maven(spot.text) => return Err(WhyNot::UNKNOWN),
            Self::Template if is_in_template(&spot.text[..spot.span.start]) => {
                "it stands in code: read the variable there by hand"
            }
            Self::Compose | Self::Spring => return Ok(()),
            _ if is_in_reference(&spot.text[..spot.span.start], reference) => {
                "it stands in another reference: take it out by hand"
            }
            _ => return Ok(()),
        };
        Err(WhyNot::new(reason))
    }
}

/// Whether a text ends in a reference that is written like `reference`.
fn is_in_reference(before: &[u8], reference: &str) -> bool {
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let signs = [("${{", "}}"), ("${", "}")].into_iter().find(|(open, _)| reference.starts_with(open));
    let last = |sign: &str| memchr::memmem::rfind(line, sign.as_bytes());
    signs.is_some_and(|(open, close)| last(open) > last(close))
}

/// Other programs have files of these names, too.
fn is_of_maven(text: &[u8]) -> bool {
    let has = |tag: &str| memchr::memmem::find(text, tag.as_bytes()).is_some();
    has("<project") || has("<settings") && has("<server")
}

/// Whether a text ends in the code of a template.
fn is_in_template(before: &[u8]) -> bool {
    memchr::memmem::rfind(before, b"<%") > memchr::memmem::rfind(before, b"%>")
}

/// Whether one of `keys` is one of those below which variables are read.
pub(super) fn below(keys: &[String], under: &[&str]) -> Result<(), WhyNot> {
    if under.is_empty() || keys.iter().any(|key| under.contains(&key.as_str())) {
        return Ok(());
    }
    Err(WhyNot(format!("variables are read in {} only", listed(under)).into()))
}

/// Whether the value stands behind a setting's name.
fn on_line(spot: &Spot<'_>, comment: &[u8]) -> Result<(), WhyNot> {
    let line = spot.text[..spot.span.start].rsplit(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_start();
    // Properties have no comments behind a value.
    let is_in_comment = !comment.contains(&b'!')
        && line.windows(2).any(|pair| pair[0].is_ascii_whitespace() && comment.contains(&pair[1]));
    match line.first() {
        Some(first) if comment.contains(first) || is_in_comment => Err(WhyNot::IN_COMMENT),
        Some(_) if spot.text[spot.span.clone()].contains(&b'\\') => Err(WhyNot::ESCAPED),
        Some(_) => Ok(()),
        None => Err(WhyNot::ONLY_VALUES),
    }
}

/// Whether the value is text or what an attribute holds.
fn in_markup(spot: &Spot<'_>) -> Result<(), WhyNot> {
    let before = &spot.text[..spot.span.start];
    let last = |sign: &[u8]| memchr::memmem::rfind(before, sign);
    if last(b"<!--") > last(b"-->") {
        return Err(WhyNot::IN_COMMENT);
    }
    if last(b"<![CDATA[") > last(b"]]>") {
        return Ok(());
    }
    if spot.text[spot.span.clone()].contains(&b'&') {
        return Err(WhyNot::ESCAPED);
    }
    let Some(tag) = last(b"<").filter(|open| Some(*open) > last(b">")) else { return Ok(()) };
    let quote = before[tag..].iter().fold(None, |quote, byte| match quote {
        None => Some(*byte).filter(|byte| b"\"'".contains(byte)),
        Some(open) => Some(open).filter(|open| open != byte),
    });
    if quote.is_some() { Ok(()) } else { Err(WhyNot::ONLY_VALUES) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_the_end_of_a_path() {
        for (path, pattern, expected) in [
            (".npmrc", ".npmrc", true),
            ("a/.npmrc", ".npmrc", true),
            ("a.npmrc", ".npmrc", false),
            (".github/workflows/a.yml", "/.github/workflows/*.y*ml", true),
            ("a/.github/workflows/a.yml", "/.github/workflows/*.y*ml", false),
            (".github/workflows/a/b.yml", "/.github/workflows/*.y*ml", false),
            ("docker-compose.prod.yaml", "*compose*.y*ml", true),
            ("compose.yml", "*compose*.y*ml", true),
            ("compose.json", "*compose*.y*ml", false),
        ] {
            assert_eq!(ends(&BytePath::from(path), pattern), expected, "{path} {pattern}");
        }
    }
}
