//! `keyguard uninstall`: takes the shims out and puts back what was there.

use std::io::Write;

use anyhow::Result;

use super::global;
use super::install::{forecast, many, say, take_out};
use crate::cli::UninstallArgs;
use crate::doctor;
use crate::environment::Environment;
use crate::hook::folder::{self, Folder, Place};
use crate::hook::plan::{self, Effect, Part, Plan};
use crate::hook::{Kind, apply};
use crate::outcome::Exit;

/// Uninstalls shims from the repository of the working directory and says what was done.
pub(crate) fn uninstall(args: &UninstallArgs, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    if args.global {
        return global::uninstall(args, environment, out);
    }
    let folder = folder::find(&environment.current_dir)?;
    let is_asked_for = |kind: &Kind| args.hooks.is_empty() || args.hooks.contains(kind);
    let kinds: Vec<_> = Kind::ALL.into_iter().filter(is_asked_for).collect();
    let mut lines = take_out(&kinds, args, &folder)?;
    if args.into.is_none() {
        let plan = || plan(&kinds, &folder);
        let (plan, shims) = if args.dry_run {
            let plan = plan()?;
            let forecast = forecast(&plan, |path| folder.show(path));
            (plan, forecast)
        } else {
            let plan = apply::carry_out(&folder.repository, plan)?;
            let summary = summary(&plan, &args.hooks, &folder);
            (plan, summary)
        };
        // There was something to do elsewhere.
        let is_idle = plan.steps.is_empty() && plan.parts.iter().all(|part| part.chained.is_none());
        if lines.is_empty() || !is_idle {
            lines.extend(shims);
        }
    }
    if lines.is_empty() {
        lines.push("keyguard is not installed there, so there is nothing to do".to_owned());
    }
    let is_global = |kind: &Kind| folder.global_shim(*kind).is_some() || doctor::is_configured(*kind, environment);
    if args.into.is_none() && kinds.iter().any(is_global) {
        lines.push("what is installed for all repositories still looks here: keyguard uninstall --global".to_owned());
    }
    say(out, &lines)?;
    Ok(Exit::Clean)
}

/// Looks in the folder that counts, then in the usual one: `core.hooksPath` may have been set after the install.
fn plan(kinds: &[Kind], folder: &Folder) -> Result<Plan> {
    let usual = plan::uninstall(kinds, &folder.usual());
    if !matches!(folder.place, Place::GitDirectory | Place::WorkTree) {
        return usual;
    }
    let effective = plan::uninstall(kinds, &folder.path)?;
    let does_nothing = effective.parts.iter().all(|part| part.effect == Effect::Nothing);
    if does_nothing && folder.place == Place::WorkTree { usual } else { Ok(effective) }
}

fn summary(plan: &Plan, asked: &[Kind], folder: &Folder) -> Vec<String> {
    let mut lines: Vec<_> = plan.parts.iter().flat_map(|part| part_summary(part, folder)).collect();
    if plan.parts.iter().all(|part| part.effect == Effect::Nothing) {
        lines.insert(0, nothing(asked, "here"));
    }
    lines
}

/// That there is nothing to do, and as which hooks; others may be there.
pub(super) fn nothing(asked: &[Kind], place: &str) -> String {
    let names: Vec<_> = asked.iter().map(|kind| kind.name()).collect();
    let hooks = if asked.is_empty() { String::new() } else { format!(" as {}", names.join(" or ")) };
    format!("keyguard is not installed{hooks} {place}, so there is nothing to do")
}

fn part_summary(part: &Part, folder: &Folder) -> Vec<String> {
    let mut lines = Vec::new();
    if part.effect != Effect::Nothing {
        let many = many(part.kind);
        lines.push(format!("uninstalled: {many} are no longer checked for keys ({})", folder.show(&part.place)));
    }
    if let Some(aside) = &part.aside {
        lines.push(format!("the hook had been edited; that text is kept in {}", folder.show(aside)));
    }
    match (&part.chained, part.effect) {
        (Some(chained), Effect::Nothing) => {
            lines.push(format!("a hook kept by an earlier install is still in {}", folder.show(&chained.path)));
        }
        (Some(_), _) => lines.push("the hook that was there before is back".to_owned()),
        (None, _) => {}
    }
    lines
}
