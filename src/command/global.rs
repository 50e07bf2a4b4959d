//! `keyguard install --global` and `keyguard uninstall --global`: for all repositories of one user.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::install::{forecast, program, say};
use super::uninstall::nothing;
use crate::cli::{InstallArgs, UninstallArgs};
use crate::environment::Environment;
use crate::hook::plan::{Effect, Part, Plan, Step};
use crate::hook::shim::Way;
use crate::hook::{Kind, apply, folder, global};
use crate::outcome::Exit;
use crate::report::sanitized;

/// Installs for all repositories and says what was done.
pub(super) fn install(args: &InstallArgs, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let way = match global::find(environment) {
        Err(error) if args.if_needed && folder::is_nothing_there(&error) => return Ok(Exit::Clean),
        account => account?.way,
    };
    let asked: Vec<_> = Kind::ALL.into_iter().filter(|kind| is_asked_for(*kind, args)).collect();
    let program = program(environment)?;
    let plan = || global::find(environment)?.install(&asked, &program);
    let lines = if args.dry_run {
        forecast(&plan()?, show)
    } else {
        summary(&apply::carry_out(to_lock(environment), plan)?, way)
    };
    if !args.if_needed {
        say(out, &lines)?;
    }
    Ok(Exit::Clean)
}

/// Uninstalls for all repositories and says what was done.
pub(super) fn uninstall(args: &UninstallArgs, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let plan = || global::find(environment)?.uninstall(&args.hooks);
    let lines = if args.dry_run {
        forecast(&plan()?, show)
    } else {
        let plan = apply::carry_out(to_lock(environment), plan)?;
        let left = if args.hooks.is_empty() { leftover(&plan) } else { None };
        removal(&plan, &args.hooks).into_iter().chain(left).collect()
    };
    say(out, &lines)?;
    Ok(Exit::Clean)
}

/// With `--all`, what git runs where people work; servers are few.
fn is_asked_for(kind: Kind, args: &InstallArgs) -> bool {
    args.hooks.contains(&kind) || args.all && kind != Kind::PreReceive
}

/// One install at a time for one user.
fn to_lock(environment: &Environment) -> &Path {
    environment.home.as_deref().unwrap_or(&environment.current_dir)
}

fn show(path: &Path) -> String {
    sanitized(path.as_os_str().as_encoded_bytes())
}

/// What was done, and what to know about it.
fn summary(plan: &Plan, way: Way) -> Vec<String> {
    let mut lines: Vec<_> = plan.parts.iter().flat_map(|part| part_summary(part, way)).collect();
    let moved = plan.steps.iter().find_map(|step| match step {
        Step::Unset { key, .. } => Some(key),
        _ => None,
    });
    if let Some(key) = moved {
        let why = if way == Way::Config {
            "this git reads hooks from its configuration, so they need no folder"
        } else {
            "this git reads no hooks from its configuration, so they stand in a folder"
        };
        lines.push(format!("moved: {why} ({key} is taken out)"));
    }
    if plan.parts.iter().any(|part| part.effect == Effect::Installed) {
        if way == Way::HooksPath {
            lines.push("a repository's own hooks still run, after it".to_owned());
            lines.push("where core.hooksPath is set in a repository, as husky does, git looks there alone".to_owned());
        }
        lines.push("try it in a repository: keyguard doctor".to_owned());
    }
    lines
}

fn part_summary(part: &Part, way: Way) -> Vec<String> {
    let place = match way {
        Way::Config => format!("hook.{}", part.kind.config_name()),
        _ => show(&part.place),
    };
    let many = many(part.kind);
    let first = match part.effect {
        Effect::Nothing => format!("already installed for all repositories: {many} are checked for keys ({place})"),
        Effect::Renewed => format!("renewed for all repositories: {many} are checked for keys ({place})"),
        Effect::Installed | Effect::Removed => {
            format!("installed for all repositories: {many} are now checked for keys ({place})")
        }
    };
    [first].into_iter().chain(aside(part)).collect()
}

/// What was taken out.
fn removal(plan: &Plan, asked: &[Kind]) -> Vec<String> {
    let removed = plan.parts.iter().filter(|part| part.effect != Effect::Nothing);
    let words = |part: &Part| {
        let many = many(part.kind);
        let first = format!("uninstalled: {many} are no longer checked for keys ({})", show(&part.place));
        [first].into_iter().chain(aside(part)).collect::<Vec<_>>()
    };
    let mut lines: Vec<_> = removed.flat_map(words).collect();
    if lines.is_empty() {
        lines.push(nothing(asked, "for all repositories"));
    }
    lines
}

/// The folder that could not go.
fn leftover(plan: &Plan) -> Option<String> {
    let folder = plan.parts.iter().filter_map(|part| part.place.parent()).find(|folder| folder.is_dir())?;
    Some(format!("{} stays: it holds what keyguard did not write", show(folder)))
}

fn aside(part: &Part) -> Option<String> {
    let aside = part.aside.as_ref()?;
    Some(format!("the hook had been edited; that text is kept in {}", show(aside)))
}

fn many(kind: Kind) -> &'static str {
    match kind {
        Kind::PreCommit => "commits",
        Kind::PreMergeCommit => "merges",
        Kind::CommitMsg => "commit messages",
        Kind::PrePush => "pushes",
        Kind::PreReceive => "pushes that are received",
    }
}
