//! `keyguard install`: has git look for keys before every commit, merge or push.

mod into;
mod offer;

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::global;
use crate::cli::InstallArgs;
use crate::doctor;
use crate::environment::Environment;
use crate::git::command::quoted_word;
use crate::git::{Caller, Repo};
use crate::hook::folder::{self, Folder, Place};
use crate::hook::manager::Manager;
use crate::hook::plan::{self, Effect, Part, Plan, Step};
use crate::hook::shim::Way;
use crate::hook::{Kind, apply, binary};
use crate::outcome::Exit;
use crate::report::sanitized;

/// Installs shims in the repository of the working directory and says what was done.
pub(crate) fn install(args: &InstallArgs, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    if args.global {
        return global::install(args, environment, out);
    }
    let folder = match folder::find(&environment.current_dir) {
        Err(error) if args.if_needed && folder::is_nothing_there(&error) => return Ok(Exit::Clean),
        folder => folder?,
    };
    let mut kinds = kinds(args, &folder);
    folder.require_use_of(&kinds)?;
    if let Some(manager) = args.into {
        let folder = folder.behind_global_shims();
        let lines = into::add(manager, &kinds, args, &folder)?;
        return if args.if_needed { Ok(Exit::Clean) } else { say(out, &lines).map(|()| Exit::Clean) };
    }
    if args.if_needed {
        kinds.retain(|kind| !folder.is_guarded(*kind) && !doctor::is_configured(*kind, environment));
    }
    let mut lines = Vec::new();
    kinds.retain(|kind| {
        let caller = folder.global_shim(*kind).or_else(|| folder.caller(*kind));
        lines.extend(caller.iter().map(|script| already(*kind, &folder.show(script))));
        caller.is_none()
    });
    let folder = folder.behind_global_shims();
    if !kinds.is_empty() {
        lines.extend(put_in(&kinds, args, &folder, environment)?);
    }
    if !args.if_needed {
        say(out, &lines)?;
        if !args.dry_run {
            say(out, &offer::lines(environment))?;
        }
    }
    Ok(Exit::Clean)
}

/// The kinds that are asked for, each once.
fn kinds(args: &InstallArgs, folder: &Folder) -> Vec<Kind> {
    let asked = match &*args.hooks {
        _ if args.all => folder.kinds(),
        [] => &[Kind::PreCommit],
        hooks => hooks,
    };
    Kind::ALL.into_iter().filter(|kind| asked.contains(kind)).collect()
}

pub(super) use into::take_out;

/// Installs the shims of `kinds`; the answer is what to say.
fn put_in(kinds: &[Kind], args: &InstallArgs, folder: &Folder, environment: &Environment) -> Result<Vec<String>> {
    folder.require_ours(kinds)?;
    // A repository that keyguard cannot read would lose every commit, not only those with keys.
    Repo::open(environment, Caller::User)?;
    let program = match folder.place {
        // What is committed must fit every machine.
        Place::WorkTree => None,
        _ => Some(program(environment)?),
    };
    let plan = || plan::install(kinds, &folder.path, Way::Folder, program.as_deref());
    if args.dry_run {
        Ok(forecast(&plan()?, |path| folder.show(path)))
    } else {
        Ok(summary(&apply::carry_out(&folder.repository, plan)?, folder))
    }
}

/// Writes `lines`.
pub(super) fn say(out: &mut dyn Write, lines: &[String]) -> Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{line}")).context("write the answer")
}

/// What a dry run says: the steps, in the order in which they would be done.
pub(super) fn forecast(plan: &Plan, show: impl Fn(&Path) -> String) -> Vec<String> {
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
            Step::Keep { place, name } => lines.push(format!("would keep {} as {}", show(place), show(name))),
            Step::Rename { from, to } => lines.push(format!("would rename {} to {}", show(from), show(to))),
            Step::Remove(file) => lines.push(format!("would remove {}", show(file))),
            Step::RemoveFolders(folder, _) => lines.push(format!("would remove the folder {}", show(folder))),
            Step::Set { key, value } => {
                lines
                    .push(format!("would set {key} in git's configuration to {}", sanitized(value.as_encoded_bytes())));
            }
            Step::Unset { key, .. } => lines.push(format!("would take {key} out of git's configuration")),
        }
    }
    if lines.is_empty() {
        lines.push("nothing to do".to_owned());
    }
    lines
}

/// What was done, what to do next, and, if that is little, what to try.
fn summary(plan: &Plan, folder: &Folder) -> Vec<String> {
    let mut lines: Vec<_> = plan.parts.iter().flat_map(|part| part_summary(part, folder)).collect();
    let is_done = |part: &&Part| part.effect != Effect::Nothing;
    let done: Vec<_> = plan.parts.iter().filter(is_done).collect();
    if folder.place == Place::WorkTree && !done.is_empty() {
        let chained = |part: &&Part| part.chained.as_ref().map(|chained| chained.path.clone());
        let files: Vec<_> = done.iter().flat_map(|part| [Some(part.place.clone()), chained(part)]).flatten().collect();
        let files: Vec<_> = files.iter().map(|file| quoted_word(&folder.show(file))).collect();
        lines.push(format!("commit it, and others have it too: git add {}", files.join(" ")));
    }
    if done.iter().any(|part| part.kind == Kind::PreCommit) && lines.len() < 3 {
        lines.push("try it: keyguard scan --staged".to_owned());
    }
    lines
}

fn part_summary(part: &Part, folder: &Folder) -> Vec<String> {
    let place = folder.show(&part.place);
    let many = many(part.kind);
    let mut lines = vec![match part.effect {
        Effect::Nothing => return vec![already(part.kind, &place)],
        Effect::Renewed => format!("renewed: {many} are checked for keys ({place})"),
        Effect::Installed | Effect::Removed => {
            format!("installed: every {} is now checked for keys ({place})", one(part.kind))
        }
    }];
    if let Some(aside) = &part.aside {
        lines.push(format!("the hook had been edited; that text is kept in {}", folder.show(aside)));
    }
    match &part.chained {
        Some(chained) if chained.is_executable => {
            lines.push("the hook that was there is kept and runs after it".to_owned());
            if Manager::of_hook_at(&chained.path) == Some(Manager::Lefthook) {
                let command = "keyguard install --into lefthook";
                lines.push(format!("`lefthook install` takes that place back; to stay whatever it does: {command}"));
            }
        }
        Some(_) => lines.push("the hook that was there is kept; git did not run it, so it does not run".to_owned()),
        None => {}
    }
    lines
}

fn already(kind: Kind, place: &str) -> String {
    format!("already installed: {} are checked for keys ({place})", many(kind))
}

/// What a hook of that kind looks at.
fn one(kind: Kind) -> &'static str {
    match kind {
        Kind::PreCommit => "commit here",
        Kind::PreMergeCommit => "merge here",
        Kind::CommitMsg => "commit message here",
        Kind::PrePush => "push from here",
        Kind::PreReceive => "push to here",
    }
}

/// The same of several.
pub(super) fn many(kind: Kind) -> &'static str {
    match kind {
        Kind::PreCommit => "commits here",
        Kind::PreMergeCommit => "merges here",
        Kind::CommitMsg => "commit messages here",
        Kind::PrePush => "pushes from here",
        Kind::PreReceive => "pushes to here",
    }
}

/// The running program, named as it was found.
pub(super) fn program(environment: &Environment) -> Result<PathBuf> {
    let running = env::current_exe().context("find the keyguard program")?;
    // A bare name was looked up on PATH, and so are we.
    let typed = env::args_os().next().map(PathBuf::from).filter(|typed| typed.components().count() > 1);
    let typed = typed.map(|typed| environment.current_dir.join(typed).components().collect::<PathBuf>());
    Ok(binary::as_found(&running, environment.path.as_deref(), typed.as_deref()))
}
