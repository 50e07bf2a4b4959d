//! Runs the hook on the canary as git would, and judges what it says.
//!
//! The hook is the judge, not what its file looks like; and that it ended in error is no proof. It has to name the
//! canary: a linter may have stopped the commit for a reason of its own, and would let a key go by.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::canary::{Canary, setting};
use super::effective::disable;
use crate::environment::Environment;
use crate::git::command;
use crate::hook::folder::ask;

/// Where a graphical client looks for programs.
pub(crate) const BARE_PATH: &str = "/usr/bin:/bin";

/// How the hook took the canary.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// It stopped the commit and named the canary.
    Blocked,
    /// It stopped the commit for another reason: what it said, and how to mend that.
    Stopped(Vec<String>),
    /// It let the commit go on although it saw the key; the reason for which it is allowed.
    Allowed(String),
    /// It let the commit go on; the last thing it said, if any.
    Passed(Option<String>),
}

/// How to run hooks.
pub(super) struct Trial<'a> {
    pub(super) environment: &'a Environment,
    pub(super) canary: &'a Canary,
    /// The hook's name.
    pub(super) name: &'static str,
    /// The file in the folder of hooks; `None` to leave it out.
    pub(super) file: Option<&'a Path>,
    /// Hooks in git's configuration to leave out.
    pub(super) left_out: Vec<&'a str>,
    /// Whether the hook that a shim of ours runs afterwards is to run.
    pub(super) chained: Chained,
}

/// What a shim of ours does about the hook that was there before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chained {
    Runs,
    LeftOut,
}

impl Trial<'_> {
    /// Runs the hooks with the PATH of this process, or with the one that is given.
    pub(super) fn run(&self, path: Option<&str>) -> Result<Reaction> {
        let mut command = if has_hook_run(&self.environment.current_dir)? { self.by_git()? } else { self.by_hand()? };
        self.canary.show_to(&mut command);
        command.stdin(Stdio::null()).env("GIT_EDITOR", ":").env("KEYGUARD_FORMAT", "json").env("NO_COLOR", "1");
        if self.chained == Chained::LeftOut {
            command.env("KEYGUARD_ALONE", "1");
        }
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let output = command.output();
        let output = match (output, self.file) {
            // A script without `#!` line: git gives it to the shell.
            (Err(error), Some(file)) if error.kind() != io::ErrorKind::NotFound => {
                let mut shell = Command::new("sh");
                shell.arg(file).envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
                shell.current_dir(self.root()?).stdin(Stdio::null()).output()
            }
            (output, _) => output,
        };
        Ok(judge(&output.with_context(|| format!("run the hook {}", self.name))?, self.canary))
    }

    /// `git hook run`, which git's own commands use too; it knows hooks in the configuration.
    fn by_git(&self) -> Result<Command> {
        let mut git = Command::new(program(self.environment)?);
        git.current_dir(&self.environment.current_dir);
        for name in &self.left_out {
            disable(&mut git, name);
        }
        if self.file.is_none() {
            git.arg("-c").arg(setting("core.hooksPath=", &self.canary.no_hooks()));
        }
        git.args(["hook", "run", self.name]);
        Ok(git)
    }

    /// The file itself, as a git before 2.36 runs it; there are no others then.
    fn by_hand(&self) -> Result<Command> {
        let current_dir = &self.environment.current_dir;
        let root = self.root()?;
        let mut command = Command::new(self.file.context("find the hook to run")?);
        // In a linked worktree or a submodule `.git` is a file, and git says what it stands for.
        if !root.join(".git").is_dir() {
            command.env("GIT_DIR", ask(current_dir, &["--absolute-git-dir"])?);
        }
        command.current_dir(root).env("GIT_PREFIX", "");
        Ok(command)
    }

    fn root(&self) -> Result<PathBuf> {
        ask(&self.environment.current_dir, &["--show-toplevel"])
    }
}

/// Whether this git has `git hook run`, which came with 2.36.
fn has_hook_run(current_dir: &Path) -> Result<bool> {
    Ok(command::version(current_dir)? >= (2, 36))
}

/// git as this process finds it: under a bare PATH the hook is to change, not the git that runs it.
fn program(environment: &Environment) -> Result<PathBuf> {
    let name = format!("git{}", env::consts::EXE_SUFFIX);
    let folders = environment.path.iter().flat_map(env::split_paths);
    let found = folders.map(|folder| environment.current_dir.join(folder).join(&name)).find(|file| file.is_file());
    found.context("find git on PATH")
}

fn judge(output: &Output, canary: &Canary) -> Reaction {
    let text = format!("{}\n{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    let reports = reports(&text);
    let has_canary = |value: &Value| value["path"] == canary.path && value["fingerprint"] == canary.fingerprint;
    let find = |key: &str| reports.iter().filter_map(|report| report[key].as_array()).flatten().find(|v| has_canary(v));
    if output.status.success() {
        return match find("suppressed") {
            Some(found) => Reaction::Allowed(found["by"]["reason"].as_str().unwrap_or("no reason given").to_owned()),
            None => Reaction::Passed(spoken(&text).last().cloned()),
        };
    }
    // A manager may put a frame around what its hooks say, and then nothing of it is JSON any more. A fingerprint that
    // is suppressed comes after the findings.
    let findings = text.split("\"suppressed\"").next().unwrap_or_default();
    let is_named = findings.contains(&canary.fingerprint) && findings.contains(&canary.path);
    if find("findings").is_some() || reports.is_empty() && is_named {
        return Reaction::Blocked;
    }
    let failures = reports.iter().filter_map(|report| report["errors"].as_array()).flatten();
    let failures: Vec<_> = failures.filter_map(|error| error["message"].as_str().map(str::to_owned)).collect();
    Reaction::Stopped(if failures.is_empty() { complaint(&text, output) } else { failures })
}

/// The documents of keyguard's that stand in a text, each from the beginning of a line.
fn reports(text: &str) -> Vec<Value> {
    let starts = text.match_indices('{').map(|(start, _)| start);
    let lines =
        starts.filter(|start| text.get(..*start).is_none_or(|before| before.is_empty() || before.ends_with('\n')));
    let document = |start: usize| {
        let rest = text.get(start..)?;
        serde_json::Deserializer::from_str(rest).into_iter::<Value>().next()?.ok()
    };
    lines.filter_map(document).filter(|value| value["tool"]["name"] == "keyguard").collect()
}

/// What a hook says was wrong: its error with the help that belongs to it, else its first words.
fn complaint(text: &str, output: &Output) -> Vec<String> {
    let lines = spoken(text);
    if let Some(first) = lines.iter().position(|line| line.starts_with("error: ")) {
        let help = lines.iter().skip(first + 1).take_while(|line| line.starts_with("help: "));
        return lines.get(first).into_iter().chain(help).map(|line| without_label(line)).collect();
    }
    vec![lines.into_iter().next().unwrap_or_else(|| format!("nothing, and ended with {}", output.status))]
}

fn without_label(line: &str) -> String {
    line.trim_start_matches("error: ").trim_start_matches("help: ").to_owned()
}

/// The lines of a text for people, frames left out.
fn spoken(text: &str) -> Vec<String> {
    let prose = text.split("\n{\n").next().unwrap_or_default();
    let prose = if prose.starts_with("{\n") { "" } else { prose };
    prose.lines().map(|line| line.trim().to_owned()).filter(|line| line.contains(char::is_alphabetic)).collect()
}
