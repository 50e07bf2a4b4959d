//! `keyguard fix`: shows how the keys that block would leave their files, and does it with `--apply`.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::allow::{parse_fingerprint, with_all_staged};
use super::{complete, config_of_commit, inspect_staged, work_tree_of};
use crate::change::BytePath;
use crate::cli::{FixArgs, Global};
use crate::config::Sources;
use crate::environment::Environment;
use crate::fix::{self, Gone, Plan, Refused, Scope, Shown, Surroundings, place};
use crate::git::command::quoted_word;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo, lock};
use crate::inspect::Counting;
use crate::outcome::Exit;
use crate::outcome::{Located, Outcome};
use crate::report::{Format, sanitized, write_document};
use crate::secret::Fingerprint;

/// Moves keys out of files, or shows how.
///
/// # Errors
/// A key cannot be moved safely; then nothing is changed.
pub(crate) fn fix(args: &FixArgs, global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let repo = Repo::open(environment, Caller::User)?;
    // Two at once would take each other's changes for somebody else's, and each other's journal for their own.
    let _lock = (args.apply || args.undo).then(|| lock::exclusive(repo.git_dir()));
    if args.undo {
        return take_back(&repo, global.format, out);
    }
    let wanted = args.fingerprint.iter().map(|text| parse_fingerprint(text)).collect::<Result<Vec<_>>>()?;
    let run = Run { args, global, environment, wanted };
    if let Some(exit) = run.over(&repo, Scope::Staged, out)? {
        return Ok(exit);
    }
    // A blocked `git commit -a` leaves nothing staged.
    let folder = tempfile::tempdir().context("make a temporary folder")?;
    if let Some(exit) = run.over(&with_all_staged(repo, folder.path())?, Scope::WorkTree, out)? {
        return Ok(exit);
    }
    if !run.wanted.is_empty() {
        bail!("no such key blocks\nhelp: see what does: keyguard scan");
    }
    if global.format == Format::Json {
        write_document(&document(&Plan::default(), Scope::Staged, false), out)?;
    } else {
        writeln!(out, "nothing blocks, neither in the staged changes nor in those of tracked files")?;
    }
    Ok(Exit::Clean)
}

/// One call of the command.
struct Run<'a> {
    args: &'a FixArgs,
    global: &'a Global,
    environment: &'a Environment,
    wanted: Vec<Fingerprint>,
}

impl Run<'_> {
    /// Plans and carries out what is to be done about the keys of one version of the files; `None` if it holds none.
    fn over(&self, repo: &Repo, scope: Scope, out: &mut dyn Write) -> Result<Option<Exit>> {
        let reader = StagedReader::new(repo, Parents::All)?;
        let (environment, min_confidence) = (self.environment, self.global.min_confidence);
        let sources = Sources { environment, given: self.global.config.clone(), repository: None, min_confidence };
        let config = config_of_commit(&reader, repo, sources)?;
        let outcome = complete(inspect_staged(&reader, &config, Counting::Files)?, "the changes")?;
        let blocked = self.wanted_of(&outcome);
        if blocked.is_empty() {
            return Ok(None);
        }
        let outside = environment.data_home().map(|data| data.join("keyguard").join("moved"));
        let (root, git_dir) = (repo.work_tree()?, repo.git_dir());
        let plan = fix::plan(&blocked, &Surroundings { root, config: &config, scope, outside })?;
        let (is_json, refusal) = (self.global.format == Format::Json, refuse(&plan));
        let is_applied = self.args.apply && refusal.is_ok();
        // What fails is not told as if it were done.
        if is_applied && !plan.is_empty() {
            fix::carry_out(&plan, root, git_dir)?;
        }
        if is_json {
            write_document(&document(&plan, scope, is_applied), out)?;
        }
        refusal?;
        let exit = if plan.left.is_empty() { Exit::Clean } else { Exit::Blocked };
        if is_json {
            return Ok(Some(exit));
        }
        if scope == Scope::WorkTree {
            writeln!(out, "nothing staged blocks, so this looks at all tracked files, as `git commit -a` does")?;
        }
        show(&plan, out)?;
        self.close(&plan, scope, out)?;
        Ok(Some(exit))
    }

    fn wanted_of<'o, 'r>(&self, outcome: &'o Outcome<'r>) -> Vec<&'o Located<'r>> {
        let is_wanted =
            |located: &&Located<'_>| self.wanted.is_empty() || self.wanted.contains(&located.finding.fingerprint());
        outcome.blocked.iter().filter(is_wanted).collect()
    }

    fn close(&self, plan: &Plan, scope: Scope, out: &mut dyn Write) -> Result<()> {
        if !plan.left.is_empty() {
            writeln!(out, "\nLeft to you, and blocking until then:")?;
            for line in in_lines(&plan.left) {
                writeln!(out, "{}", sanitized(line.as_bytes()))?;
            }
        }
        let keys: Vec<_> = self.wanted.iter().map(|key| format!(" {key}")).collect();
        match (self.args.apply, scope) {
            (false, _) => writeln!(out, "\nNothing was changed. To do it: keyguard fix --apply{}", keys.concat())?,
            (true, Scope::Staged) => {
                let then = if plan.left.is_empty() { "commit again" } else { "do what is left and commit again" };
                writeln!(out, "\nDone and staged; {then}. To go back: keyguard fix --undo")?;
            }
            (true, Scope::WorkTree) => {
                let then = if plan.left.is_empty() { "Commit" } else { "Do what is left and commit" };
                writeln!(out, "\nDone, and nothing is staged. {then} as before:")?;
                if !plan.to_add.is_empty() {
                    writeln!(out, "  git add{}", self.arguments(&plan.to_add))?;
                }
                writeln!(out, "  git commit -a\nTo go back: keyguard fix --undo")?;
            }
        }
        Ok(())
    }

    /// The files of the root as arguments of git's in the working directory.
    fn arguments(&self, paths: &[BytePath]) -> String {
        let folder = &self.environment.current_dir;
        let from_root = if work_tree_of(folder).is_none_or(|root| root == *folder) { "" } else { ":/" };
        paths.iter().map(|path| format!(" {from_root}{}", quoted_word(&place::shown(path)))).collect()
    }
}

/// The same for a machine: what is or would be done, and what is not.
fn document(plan: &Plan, scope: Scope, is_applied: bool) -> Value {
    json!({
        "version": 1,
        "applied": is_applied,
        "scope": if scope == Scope::Staged { "staged" } else { "work-tree" },
        "edits": plan.shown.iter().map(edit_in_json).collect::<Vec<_>>(),
        "gone": plan.gone.iter().map(gone_in_json).collect::<Vec<_>>(),
        "remarks": plan.remarks,
        "to_add": plan.to_add.iter().map(place::shown).collect::<Vec<_>>(),
        "left": plan.left.iter().map(staying_in_json).collect::<Vec<_>>(),
        "refused": plan.refused.iter().map(staying_in_json).collect::<Vec<_>>(),
        "movable": plan.movable.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn edit_in_json(shown: &Shown) -> Value {
    json!({
        "place": shown.place,
        "title": shown.title,
        "variable": shown.reading.variable,
        "removed": shown.removed,
        "added": shown.added,
    })
}

fn gone_in_json(Gone { path, title, how }: &Gone) -> Value {
    json!({ "path": path, "title": title, "how": how })
}

fn staying_in_json(key: &Refused) -> Value {
    json!({
        "place": key.place,
        "title": key.title,
        "fingerprint": key.fingerprint.to_string(),
        "reason": key.reason,
    })
}

/// What is done, place by place, and beside that.
fn show(plan: &Plan, out: &mut dyn Write) -> Result<()> {
    for Shown { place, title, removed, added, .. } in &plan.shown {
        writeln!(out, "{place}  {}", sanitized(title.as_bytes()))?;
        writeln!(out, "  - {}", sanitized(removed.as_bytes()))?;
        for line in added {
            writeln!(out, "  + {}", sanitized(line.as_bytes()))?;
        }
    }
    for Gone { path, title, how } in &plan.gone {
        writeln!(
            out,
            "{path}  {}\n  - (the whole file)\n  + {}",
            sanitized(title.as_bytes()),
            sanitized(how.as_bytes())
        )?;
    }
    if !plan.remarks.is_empty() {
        writeln!(out)?;
    }
    for remark in &plan.remarks {
        writeln!(out, "{}", sanitized(remark.as_bytes()))?;
    }
    Ok(())
}

/// `path:line:column: what: why`, each once.
fn in_lines(keys: &[Refused]) -> Vec<String> {
    let mut lines: Vec<_> = keys.iter().map(|key| format!("{}: {}: {}", key.place, key.title, key.reason)).collect();
    lines.dedup();
    lines
}

/// Says what cannot be moved, and how to move the rest. Where all is left to the user there is nothing else to say.
fn refuse(plan: &Plan) -> Result<()> {
    let is_all_left = plan.is_empty() && !plan.left.is_empty();
    if plan.refused.is_empty() && !is_all_left {
        return Ok(());
    }
    let mut lines = in_lines(&plan.refused);
    lines.extend(in_lines(&plan.left));
    let keys: BTreeSet<_> = plan.refused.iter().chain(&plan.left).map(|key| key.fingerprint).collect();
    let count = if keys.len() == 1 { "a key".to_owned() } else { format!("{} keys", keys.len()) };
    let rest: BTreeSet<_> = plan.movable.iter().collect();
    let rest: Vec<_> = rest.iter().map(ToString::to_string).collect();
    let help = if rest.is_empty() {
        String::new()
    } else {
        format!("\nhelp: move the rest: keyguard fix --apply {}", rest.join(" "))
    };
    bail!("nothing was changed, as {count} cannot be moved safely\n{}{help}", lines.join("\n"))
}

/// Puts back what was before the last fix.
fn take_back(repo: &Repo, format: Format, out: &mut dyn Write) -> Result<Exit> {
    let undone = fix::undo(repo.work_tree()?, repo.git_dir())?;
    if format == Format::Json {
        write_document(&json!({ "version": 1, "restored": undone.files, "left": undone.left }), out)?;
        return Ok(Exit::Clean);
    }
    for file in &undone.files {
        writeln!(out, "{file} is as it was")?;
    }
    for left in &undone.left {
        writeln!(out, "{left}")?;
    }
    writeln!(out, "The last fix is taken back.")?;
    Ok(Exit::Clean)
}
