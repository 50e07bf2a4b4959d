//! `keyguard doctor`: proves that a commit here would be blocked, or names what is in the way and what mends it.

mod receipt;

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::{config_of_work_tree, deliver};
use crate::cli::{DoctorArgs, Global};
use crate::config::{Config, FILE_NAME, Sources, allow_entries, broad, load, loosened};
use crate::doctor::{
    self, Author, BARE_PATH, Call, Configured, Examination, Finding, FolderHook, Nature, RULE, Reach, Reaction, State,
};
use crate::environment::Environment;
use crate::hook::Kind;
use crate::hook::folder::Place;
use crate::hook::manager::Manager;
use crate::hook::shim::quote;
use crate::hook::standing;
use crate::outcome::Exit;
use crate::report::checkup::{self, Check, Checkup, Status, Verdict};
use crate::report::sanitized;

/// The command that puts the hook where git finds it.
const INSTALL: &str = "keyguard install";
/// The same for all repositories.
const INSTALL_GLOBAL: &str = "keyguard install --global";

/// Tries the hooks of the repository and reports.
pub(crate) fn doctor(
    args: &DoctorArgs,
    global: &Global,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<Exit> {
    let reach = if args.run_hooks { Reach::All } else { Reach::Ours };
    let examination = doctor::examine(environment, reach)?;
    let mut checkup = assess(&examination, environment);
    let config = config_of_work_tree(global, environment);
    let (receipt, commits) = receipt::receipt(config.as_ref(), environment);
    checkup.checks.extend(receipt);
    checkup.commits = commits;
    let mut report = Vec::new();
    checkup::write(&checkup, (global.format, global.detail), &mut report)?;
    deliver(&report, checkup.exit(), global, out)
}

fn assess<'c>(examination: &Examination, environment: &Environment) -> Checkup<'c> {
    let mut checks = Vec::from_iter(hook(examination));
    checks.extend(configured(examination));
    checks.extend(canary(examination, environment));
    checks.extend(bare(examination));
    checks.extend(worktrees(examination));
    checks.extend(surroundings(environment));
    checks.extend(config(examination));
    checks.extend(others(examination));
    let has_problem = checks.iter().any(|check| check.status == Status::Problem);
    let (verdict, sentence) = match (&examination.reaction, &examination.hook.nature) {
        (Some(Reaction::Blocked), _) if !has_problem => {
            (Verdict::Blocked, "a commit here that brings in a key is stopped")
        }
        (Some(Reaction::Blocked), _) => {
            (Verdict::NotGuarded, "a commit that brings in a key is not stopped everywhere")
        }
        (Some(Reaction::Stopped(_)), _) => (Verdict::NotProven, "every commit here is stopped, with a key and without"),
        (None, Nature::Old | Nature::Edited | Nature::Foreign(..)) if examination.hook.is_executable => {
            (Verdict::NotProven, "the hook was not tried, because keyguard did not write it")
        }
        _ => (Verdict::NotGuarded, "a commit here that brings in a key goes through"),
    };
    Checkup { verdict, sentence, checks, commits: Vec::new() }
}

fn check(id: &'static str, status: Status, message: String) -> Check {
    Check { id, status, message, details: Vec::new(), help: Vec::new() }
}

impl Check {
    fn help(mut self, command: impl Into<String>) -> Self {
        self.help.push(command.into());
        self
    }

    fn helps(mut self, commands: impl IntoIterator<Item = String>) -> Self {
        self.help.extend(commands);
        self
    }
}

/// What stands in the folder of hooks.
fn hook(examination: &Examination) -> Option<Check> {
    let Examination { folder, hook, reaction, .. } = examination;
    let shown = folder.show(&hook.file);
    let problem = |message: String| check("hook", Status::Problem, message);
    let is_blocked = *reaction == Some(Reaction::Blocked);
    Some(match &hook.nature {
        // keyguard stands in git's configuration then.
        Nature::Nothing if is_blocked || has_configured(examination) => return None,
        Nature::Nothing => nothing(examination),
        _ if !hook.is_executable => problem(format!("{shown} is not executable, so git does not run it"))
            .help(format!("chmod +x {}", word(&hook.file))),
        Nature::Ours(Some(program)) if !standing::is_executable(program) => {
            let message = format!("{shown} names {}, which is no program any more", program.display());
            check("hook", Status::Note, message).help(install(hook))
        }
        Nature::Ours(Some(program)) => {
            check("hook", Status::Ok, format!("{shown} is keyguard's and calls {}", program.display()))
        }
        Nature::Ours(None) => check("hook", Status::Ok, format!("{shown} is keyguard's and finds it on PATH")),
        Nature::Old => aged(is_blocked, format!("{shown} is of another version of keyguard")).help(install(hook)),
        Nature::Edited => {
            let message = format!("{shown} is keyguard's with lines that keyguard did not write");
            let check = aged(is_blocked, message);
            if is_blocked { check } else { check.help(install(hook)).helps(untried(examination)) }
        }
        Nature::Foreign(author, call) => foreign(examination, *author, *call),
    })
}

/// The command that writes a shim anew.
fn install(hook: &FolderHook) -> &'static str {
    if hook.is_global() { INSTALL_GLOBAL } else { INSTALL }
}

/// A shim that works all the same, or was not tried.
fn aged(is_blocked: bool, message: String) -> Check {
    check("hook", if is_blocked { Status::Note } else { Status::Problem }, message)
}

/// git finds no hook.
fn nothing(examination: &Examination) -> Check {
    let Examination { folder, passed_over, .. } = examination;
    let shown = folder.show(&folder.path);
    let by = match &folder.setting {
        Some(setting) => {
            let scope = setting.scope.as_deref().map(|scope| format!(" ({scope})")).unwrap_or_default();
            format!("core.hooksPath is `{}`{scope}: ", setting.value)
        }
        None => String::new(),
    };
    let over = match passed_over {
        Some(file) => format!("; keyguard's in {} is passed over", folder.show(file)),
        None => String::new(),
    };
    let check = |what: &str| check("hook", Status::Problem, format!("{by}{what}{over}"));
    match &folder.place {
        Place::GitDirectory | Place::WorkTree => {
            let check = check(&format!("there is no pre-commit hook in {shown}")).help(INSTALL);
            if passed_over.is_some() { check.helps(folder.ways_back()) } else { check }
        }
        Place::Husky(_) => {
            let check = check(&format!("husky's folder {shown} holds no pre-commit hook")).help("npx husky");
            if Manager::Husky.calls_us(Kind::PreCommit, folder) {
                check
            } else {
                check.help(Author::Manager(Manager::Husky).mending())
            }
        }
        Place::Outside => {
            check(&format!("there is no pre-commit hook in {shown}, outside this repository")).helps(folder.ways_back())
        }
        Place::Nowhere => check("git runs no hooks from there").helps(folder.ways_back()),
    }
}

/// git runs a hook of another tool.
fn foreign(examination: &Examination, author: Author, call: Call) -> Check {
    let Examination { folder, hook, reaction, .. } = examination;
    let beside = match &hook.renamed {
        Some(file) => format!("; keyguard's is {} now", folder.show(file)),
        None => String::new(),
    };
    let words = match call {
        Call::Named => " and names keyguard",
        Call::NotNamed => "",
    };
    let message = format!("{} is {}{words}{beside}", folder.show(&hook.file), author.words());
    if *reaction == Some(Reaction::Blocked) {
        return check("hook", Status::Ok, message);
    }
    let is_called = matches!(author, Author::Manager(manager) if manager.calls_us(Kind::PreCommit, folder));
    let mending = match (&folder.place, author) {
        (Place::Husky(scripts), _) if is_called => {
            format!("look at {}", folder.show(&scripts.join(Kind::PreCommit.name())))
        }
        (_, Author::Manager(manager)) if is_called => format!("look at the configuration of {}", manager.name()),
        _ => author.mending(),
    };
    let ways = match folder.place {
        // The folder is keyguard's: another tool was forced to write its hook there, for all repositories.
        Place::Outside if folder.global_shim(Kind::CommitMsg).is_some() => {
            vec![format!("mv {} {} && {INSTALL_GLOBAL}", word(&hook.file), word(&hook.file.with_extension("moved")))]
        }
        Place::Outside => folder.ways_back(),
        _ => vec![mending],
    };
    // Whoever names keyguard, or runs the hook that it renamed, has to be tried first.
    let may_run_renamed = matches!(author, Author::Manager(Manager::PreCommit | Manager::Prek));
    let is_hopeful = call == Call::Named || hook.renamed.is_some() && may_run_renamed || is_called;
    let check = check("hook", Status::Problem, message).helps(untried(examination));
    if is_hopeful && reaction.is_none() { check } else { check.helps(ways) }
}

/// What tries a hook that keyguard did not write.
fn untried(examination: &Examination) -> Option<String> {
    examination.reaction.is_none().then(|| "to try it, with all that it does: keyguard doctor --run-hooks".to_owned())
}

/// The hooks in git's configuration.
fn configured(examination: &Examination) -> Vec<Check> {
    let status = if examination.reaction == Some(Reaction::Blocked) { Status::Note } else { Status::Problem };
    let (ours, foreign): (Vec<_>, Vec<_>) = examination.configured.iter().partition(|hook| hook.is_ours());
    let mut checks: Vec<_> = ours.into_iter().map(|hook| own(hook, status)).collect();
    let names: Vec<_> = foreign.iter().filter(|hook| hook.state == State::On).map(|hook| hook.name.as_str()).collect();
    if !names.is_empty() {
        let message = format!("git's configuration also has it run: {}", names.join(", "));
        checks.push(check("other-config-hooks", Status::Note, message));
    }
    checks
}

/// Whether git runs one of ours from its configuration.
fn has_configured(examination: &Examination) -> bool {
    examination.configured.iter().any(|hook| hook.is_ours() && hook.state == State::On)
}

/// A hook of ours in git's configuration.
fn own(hook: &Configured, off: Status) -> Check {
    let id = "config-hook";
    match (hook.state, &hook.switch) {
        (State::Unread, _) => {
            let message = format!("hook.{} is in git's configuration, which git reads from 2.54 on", hook.name);
            check(id, off, message).help(INSTALL_GLOBAL)
        }
        (_, Some((key, scope))) => {
            let unset = match scope.as_str() {
                "command" => "it comes from the environment or `git -c`: leave it out".to_owned(),
                _ => format!("git config --{scope} --unset-all {}", text(&quote(key.as_bytes()))),
            };
            check(id, off, format!("{key} is false ({scope}), so git leaves hook.{} out", hook.name)).help(unset)
        }
        _ => check(id, Status::Ok, format!("hook.{} in git's configuration is keyguard's", hook.name)),
    }
}

/// How the hooks took the canary.
fn canary(examination: &Examination, environment: &Environment) -> Option<Check> {
    let problem = |message: String| check("canary", Status::Problem, message);
    Some(match examination.reaction.as_ref()? {
        Reaction::Blocked => {
            check("canary", Status::Ok, "a made-up GitHub token, staged in a temporary index, was stopped".to_owned())
        }
        Reaction::Stopped(said) => {
            let (first, help) = said.split_first().map_or(("nothing", [].as_slice()), |(first, help)| (first, help));
            let check = problem(format!("the hook says: {first}")).helps(help.iter().cloned());
            // git found no program under the name in its configuration, and has no advice.
            if help.is_empty() && has_configured(examination) { check.help(INSTALL_GLOBAL) } else { check }
        }
        Reaction::Allowed(reason) => {
            let message = format!("a made-up GitHub token went through: the configuration allows it ({reason})");
            problem(message).help("keyguard config show")
        }
        Reaction::Passed(_) if environment.skips_keyguard() => {
            problem("SKIP names keyguard here, so the hook leaves its check out".to_owned()).help("unset SKIP")
        }
        Reaction::Passed(said) => {
            let said = said.as_ref().map(|said| format!("; it says: {said}")).unwrap_or_default();
            let message = format!("the hook ran, and a made-up GitHub token went through{said}");
            match switched_off(examination, environment) {
                Some(why) => problem(format!("{message}; {why}")).help("keyguard config show"),
                None => problem(message),
            }
        }
    })
}

/// What in the configuration keeps the canary's rule from blocking.
fn switched_off(examination: &Examination, environment: &Environment) -> Option<String> {
    let repository = examination.config.clone().map(|content| (FILE_NAME.to_owned(), content));
    let config: Config = load(Sources { environment, given: None, repository, min_confidence: None }).ok()?;
    if let Some(setting) = config.disabled.iter().find(|setting| setting.value == RULE) {
        return Some(format!("`disable` names {RULE} (layer: {})", setting.origin));
    }
    let only = config.only.as_ref().filter(|only| !only.value.iter().any(|name| name == RULE));
    if let Some(only) = only {
        return Some(format!("`only` leaves {RULE} out (layer: {})", only.origin));
    }
    let own = config.own_rules.iter().find(|rule| rule.value.id == RULE)?;
    Some(format!("rule {RULE} is changed (layer: {})", own.origin))
}

/// How the hooks took it with the PATH of a graphical client.
fn bare(examination: &Examination) -> Option<Check> {
    let with = format!("with the PATH of a graphical client ({BARE_PATH})");
    let mending = match examination.hook.nature {
        _ if has_configured(examination) => INSTALL_GLOBAL,
        Nature::Foreign(..) => "have the hook call keyguard by its whole path",
        _ => install(&examination.hook),
    };
    Some(match examination.bare.as_ref()? {
        Reaction::Blocked => check("bare-path", Status::Ok, format!("it was stopped {with} too")),
        Reaction::Stopped(said) => {
            let first = said.first().map_or("nothing", String::as_str);
            check("bare-path", Status::Note, format!("{with} every commit is stopped; the hook says: {first}"))
                .help(mending)
        }
        Reaction::Allowed(_) | Reaction::Passed(_) => {
            let message = format!("{with} it goes through: the hook finds no keyguard there");
            check("bare-path", Status::Problem, message).help(mending)
        }
    })
}

/// The worktrees that find another hook than this one.
fn worktrees(examination: &Examination) -> Vec<Check> {
    let worktree = |unlike: &doctor::Unlike| {
        let what = match unlike.finding {
            Finding::Nothing => "git finds no pre-commit hook",
            Finding::NotExecutable => "the pre-commit hook is not executable",
            Finding::AnotherHook => "git runs another pre-commit hook",
        };
        let message = format!("in the worktree {} {what}", unlike.root.display());
        let root = word(&unlike.root);
        let mending = match (&examination.folder.place, unlike.finding) {
            (_, Finding::AnotherHook) => "keyguard doctor",
            (Place::Husky(_), _) => "npx husky",
            _ => INSTALL,
        };
        check("worktree", Status::Problem, message).help(format!("cd {root} && {mending}"))
    };
    examination.unlike.iter().map(worktree).collect()
}

/// What the environment of this shell changes: another shell, and a graphical client, may say something else.
fn surroundings(environment: &Environment) -> Option<Check> {
    let config = environment.keyguard_config.as_ref().map(|file| format!("KEYGUARD_CONFIG ({})", file.display()));
    let reader = environment.keyguard_reader.as_ref().map(|reader| format!("KEYGUARD_READER ({reader})"));
    let set: Vec<_> = config.into_iter().chain(reader).collect();
    let message = format!("this holds where the environment has {}", set.join(" and "));
    (!set.is_empty()).then(|| check("environment", Status::Note, message))
}

/// What the repository's configuration keeps from being blocked.
fn config(examination: &Examination) -> Option<Check> {
    let content = examination.config.clone()?;
    let loosened: Vec<_> = broad(allow_entries(content.clone())).into_iter().chain(loosened(content)).collect();
    let message = format!("{FILE_NAME} has keyguard block less, by {}", loosened.join(", "));
    (!loosened.is_empty()).then(|| check("config", Status::Note, message))
}

/// The hooks of other kinds.
fn others(examination: &Examination) -> Vec<Check> {
    let complaint = |(kind, hook): &(Kind, FolderHook)| {
        let complaint = match &hook.nature {
            _ if !hook.is_executable => "is not executable, so git does not run it",
            Nature::Old => "is of another version of keyguard",
            Nature::Edited => "has lines that keyguard did not write",
            Nature::Ours(Some(program)) if !standing::is_executable(program) => "names a program that is gone",
            _ => return None,
        };
        let message = format!("{} {complaint}", examination.folder.show(&hook.file));
        let help = if hook.is_executable {
            format!("{} --hook {}", install(hook), kind.name())
        } else {
            format!("chmod +x {}", word(&hook.file))
        };
        Some(check("other-hooks", Status::Note, message).help(help))
    };
    let current: Vec<_> = examination.others.iter().filter(|other| complaint(other).is_none()).collect();
    let is_current =
        |kind: &&Kind| examination.other_configured.contains(kind) || current.iter().any(|(other, _)| other == *kind);
    let names: Vec<_> = Kind::ALL.iter().filter(is_current).map(|kind| kind.name()).collect();
    let message = format!("keyguard's too, and not tried: {}", names.join(", "));
    let current = (!names.is_empty()).then(|| check("other-hooks", Status::Ok, message));
    current.into_iter().chain(examination.others.iter().filter_map(complaint)).collect()
}

/// A path as a word for sh.
fn word(path: &Path) -> String {
    text(&quote(path.as_os_str().as_encoded_bytes()))
}

fn text(bytes: &[u8]) -> String {
    sanitized(bytes)
}
