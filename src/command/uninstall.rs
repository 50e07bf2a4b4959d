//! `keyguard uninstall`: takes the shim out and puts back what was there.

use std::io::Write;

use anyhow::Result;

use super::install::{forecast, say};
use crate::cli::InstallArgs;
use crate::environment::Environment;
use crate::hook::PRE_COMMIT;
use crate::hook::folder::{self, Folder, Place};
use crate::hook::plan::{self, Effect, Plan};
use crate::outcome::Exit;

/// Uninstalls the shim from the repository of the working directory and says what was done.
pub(crate) fn uninstall(args: &InstallArgs, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let folder = folder::find(&environment.current_dir)?;
    let plan = plan(&folder)?;
    if args.dry_run {
        say(out, &forecast(&plan, &folder))?;
    } else {
        plan.apply()?;
        say(out, &summary(&plan, &folder))?;
    }
    Ok(Exit::Clean)
}

/// Looks in the folder that counts, then in the usual one: `core.hooksPath` may have been set after the install.
fn plan(folder: &Folder) -> Result<Plan> {
    let usual = plan::uninstall(PRE_COMMIT, &folder.usual);
    if !matches!(folder.place, Place::GitDirectory | Place::WorkTree) {
        return usual;
    }
    let effective = plan::uninstall(PRE_COMMIT, &folder.path)?;
    if effective.effect == Effect::Nothing && folder.place == Place::WorkTree { usual } else { Ok(effective) }
}

fn summary(plan: &Plan, folder: &Folder) -> Vec<String> {
    let mut lines = Vec::new();
    match plan.effect {
        Effect::Nothing => lines.push("keyguard is not installed here, so there is nothing to do".to_owned()),
        _ => lines
            .push(format!("uninstalled: commits here are no longer checked for keys ({})", folder.show(&plan.place))),
    }
    if let Some(aside) = &plan.aside {
        lines.push(format!("the hook had been edited; that text is kept in {}", folder.show(aside)));
    }
    match (&plan.chained, plan.effect) {
        (Some(chained), Effect::Nothing) => {
            lines.push(format!("a hook kept by an earlier install is still in {}", folder.show(&chained.path)));
        }
        (Some(_), _) => lines.push("the hook that was there before is back".to_owned()),
        (None, _) => {}
    }
    lines
}
