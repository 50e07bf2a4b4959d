//! `keyguard hook KIND`: what git runs. Scan first, then the hook that was there before us, then scan again if it
//! changed what is committed: the index, or the message.

mod commit;
mod files;
mod message;
mod push;
mod receive;
mod state;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};

use crate::cli::{format_from, wants_color};
use crate::config::{Sources, load};
use crate::doctor;
use crate::environment::Environment;
use crate::git::Repo;
use crate::git::staged::Parents;
use crate::hook::Kind;
use crate::hook::chain::Call;
use crate::outcome::{Exit, Outcome};
use crate::report::{self, Detail, Format, Style, Subject, headline};
use state::FileState;

/// Runs the hook called `name` with what the shim passed on.
pub(crate) fn run(name: &OsStr, args: &[OsString], environment: &Environment) -> Result<ExitCode> {
    let Some(kind) = Kind::named(name) else {
        bail!("this keyguard knows no hook `{}`\nhelp: run `keyguard install` again", name.display());
    };
    if let (Kind::PreCommit | Kind::PrePush, Some((first, files))) = (kind, args.split_first())
        && first == "--files"
    {
        return Ok(files::run(&Call::by_manager(kind, files), environment)?.into());
    }
    let call = Call::receive(kind, args)?;
    let looked_at = if is_skipped(kind, environment)? {
        None
    } else {
        let verdict = check(kind, &call, environment)?;
        if verdict.exit != Exit::Clean {
            return Ok(verdict.exit.into());
        }
        verdict.looked_at
    };
    let Some(status) = call.run_chained(environment)? else { return Ok(Exit::Clean.into()) };
    match looked_at {
        Some(file) if status == ExitCode::SUCCESS && file.has_changed() => {
            Ok(check(kind, &call, environment)?.exit.into())
        }
        _ => Ok(status),
    }
}

/// What a check comes to.
struct Verdict {
    exit: Exit,
    /// The index or the message as it was looked at: a hook that changes it changes what is committed.
    looked_at: Option<FileState>,
}

/// Looks at what git is about to do and reports. An error says that it is not done.
fn check(kind: Kind, call: &Call, environment: &Environment) -> Result<Verdict> {
    let of_file = |(exit, file)| Verdict { exit, looked_at: Some(file) };
    let of_rest = |exit| Verdict { exit, looked_at: None };
    let verdict = match kind {
        Kind::PreCommit => commit::check(Parents::All, call, environment).map(of_file),
        // The other parents are not merged yet: what is new to this branch counts.
        Kind::PreMergeCommit => commit::check(Parents::Head, call, environment).map(of_file),
        Kind::CommitMsg => message_of(call, environment).map(of_file),
        Kind::PrePush => push::check(call, environment).map(of_rest),
        Kind::PreReceive => receive::check(call, environment).map(of_rest),
    };
    let verb = if kind == Kind::PreReceive { "rejected" } else { "blocked" };
    verdict.map_err(|error| anyhow!("{} {verb}: it could not be checked: {error:#}", kind.event()))
}

/// Looks at the message; and first at what is staged, where a hook that has run meanwhile may have staged it.
fn message_of(call: &Call, environment: &Environment) -> Result<(Exit, FileState)> {
    if call.is_after_others() {
        let verdict = commit::check_again(call, environment)?;
        if verdict.0 != Exit::Clean {
            return Ok(verdict);
        }
    }
    message::check(call, environment)
}

/// Whether `SKIP` asks to leave keyguard out, and no policy of the system forbids it; that is said either way.
///
/// On a server the environment may be that of whoever pushes, who has no say.
fn is_skipped(kind: Kind, environment: &Environment) -> Result<bool> {
    if !environment.skips_keyguard() || kind == Kind::PreReceive {
        return Ok(false);
    }
    let config = load(Sources { environment, given: None, repository: None, min_confidence: None })?;
    let event = kind.event();
    let words = if config.skippable {
        &format!("skipped, because SKIP names it; this {event} was not checked")
    } else {
        "SKIP is not obeyed: the system's policy is enforced"
    };
    writeln!(io::stderr(), "keyguard: {words}").ok();
    Ok(config.skippable)
}

/// Whether another hook of ours has looked before: git runs those of its configuration first, and then the others even if
/// one of the first has stopped the commit.
fn is_reported(call: &Call, repo: &Repo, environment: &Environment) -> bool {
    // Most have none, and to start git for its list takes longer than all the rest.
    let is_set = || repo.config_string(&format!("hook.{}.command", call.kind.config_name())).is_some();
    !call.is_of_config() && is_set() && doctor::is_configured(call.kind, environment)
}

/// How a hook reports.
struct Report<'a> {
    call: &'a Call,
    repo: &'a Repo,
    subject: Subject,
    start: Instant,
    /// How the work tree's configuration bears on the next step.
    hint: Option<String>,
}

/// Writes what a hook has to say, if anything; the verdict stands, whoever reads it.
fn report(report: Report<'_>, outcome: &Outcome<'_>, environment: &Environment) -> Result<Exit> {
    let (exit, format) = (outcome.exit(), format_from(environment)?);
    let style = Style {
        format,
        subject: report.subject,
        color: wants_color(environment, &io::stderr()),
        detail: Detail::Normal,
        duration: report.start.elapsed(),
        hint: report.hint,
    };
    let mut text = Vec::new();
    if exit == Exit::Blocked && format == Format::Human && is_reported(report.call, report.repo, environment) {
        let more = outcome.blocked.len().saturating_sub(1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let first = outcome.blocked.first().map(headline).unwrap_or_default();
        writeln!(text, "keyguard: stopped by the hook of this repository too: {first}{more}").ok();
    } else {
        report::write(&style, outcome, &mut text).ok();
    }
    if exit != Exit::Clean || !outcome.notices.is_empty() || format == Format::Json {
        io::stderr().lock().write_all(&text).ok();
    }
    Ok(exit)
}
