//! `keyguard install`: has git look for keys before every commit.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cli::InstallArgs;
use crate::environment::Environment;
use crate::git::{Caller, Repo};
use crate::hook::folder::{self, Folder, Place};
use crate::hook::plan::{self, Effect, Plan, Step};
use crate::hook::{PRE_COMMIT, binary};
use crate::outcome::Exit;

/// Installs the shim in the repository of the working directory and says what was done.
pub(crate) fn install(args: &InstallArgs, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let folder = folder::find(&environment.current_dir)?;
    if let Place::Husky(script) = &folder.place
        && folder.is_called_by_husky()
    {
        say(out, &[format!("already installed: commits here are checked for keys ({})", folder.show(script))])?;
        return Ok(Exit::Clean);
    }
    folder.require_ours()?;
    // A repository that keyguard cannot read would lose every commit, not only those with keys.
    Repo::open(environment, Caller::User)?;
    let program = match folder.place {
        // What is committed must fit every machine.
        Place::WorkTree => None,
        _ => Some(program(environment)?),
    };
    let plan = plan::install(PRE_COMMIT, &folder.path, program.as_deref())?;
    if args.dry_run {
        say(out, &forecast(&plan, &folder))?;
    } else {
        plan.apply()?;
        say(out, &summary(&plan, &folder))?;
    }
    Ok(Exit::Clean)
}

/// Writes `lines`.
pub(super) fn say(out: &mut dyn Write, lines: &[String]) -> Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{line}")).context("write the answer")
}

/// What a dry run says: the steps, in the order in which they would be done.
pub(super) fn forecast(plan: &Plan, folder: &Folder) -> Vec<String> {
    let show = |path: &Path| folder.show(path);
    let mut lines = Vec::new();
    for step in &plan.steps {
        match step {
            Step::MakeFolder(folder) => lines.push(format!("would make the folder {}", show(folder))),
            Step::Write { place, keep_as, .. } => {
                if let Some(kept) = keep_as {
                    lines.push(format!("would rename {} to {}", show(place), show(kept)));
                }
                lines.push(format!("would write {}", show(place)));
            }
            Step::Rename { from, to } => lines.push(format!("would rename {} to {}", show(from), show(to))),
            Step::Remove(file) => lines.push(format!("would remove {}", show(file))),
            Step::RemoveFolders(folder, _) => lines.push(format!("would remove the folder {}", show(folder))),
        }
    }
    if lines.is_empty() {
        lines.push("nothing to do".to_owned());
    }
    lines
}

/// At most three lines on what was done and what to try next.
fn summary(plan: &Plan, folder: &Folder) -> Vec<String> {
    let place = folder.show(&plan.place);
    let first = match plan.effect {
        Effect::Nothing => return vec![format!("already installed: commits here are checked for keys ({place})")],
        Effect::Renewed => format!("renewed: commits here are checked for keys ({place})"),
        Effect::Installed | Effect::Removed => {
            format!("installed: every commit here is now checked for keys ({place})")
        }
    };
    let mut lines = vec![first];
    if let Some(aside) = &plan.aside {
        lines.push(format!("the hook had been edited; that text is kept in {}", folder.show(aside)));
    }
    match &plan.chained {
        Some(chained) if chained.is_executable => {
            lines.push("the hook that was there is kept and runs after it".to_owned());
        }
        Some(_) => lines.push("the hook that was there is kept; git did not run it, so it does not run".to_owned()),
        None => {}
    }
    if folder.place == Place::WorkTree {
        let chained =
            plan.chained.as_ref().map(|chained| format!(" {}", folder.show(&chained.path))).unwrap_or_default();
        lines.push(format!("commit it, and others have it too: git add {place}{chained}"));
    }
    lines.push("try it: keyguard scan --staged".to_owned());
    lines.truncate(3);
    lines
}

/// The running program, named as it was found.
fn program(environment: &Environment) -> Result<PathBuf> {
    let running = env::current_exe().context("find the keyguard program")?;
    // A bare name was looked up on PATH, and so are we.
    let typed = env::args_os().next().map(PathBuf::from).filter(|typed| typed.components().count() > 1);
    let typed = typed.map(|typed| environment.current_dir.join(typed).components().collect::<PathBuf>());
    Ok(binary::as_found(&running, environment.path.as_deref(), typed.as_deref()))
}
