//! keyguard stops keys at the commit: it reads the staged hunks and blocks what looks like a key.
//!
//! ```text
//! argv ── cli ──┐                                            ┌ inline marker
//! keyguard.toml ┼─> Config ─> RuleSet ─> Scanner             ├ [[allow]] entry      Outcome ─> Exit
//! defaults ─────┘                           │                ├ baseline                │
//! git: staged, range ─> Change ──────────> Finding ───────> Allowlist ─> blocked | suppressed
//! files, stdin, message ──┘   (not inspected: Skipped, Failure) ───────────────────────┘─> report
//! ```
//!
//! The library exists for the binary, its tests and its benches: its API is unstable.

mod allowlist;
mod audit;
mod baseline;
pub mod change;
mod cli;
mod command;
mod config;
pub mod decode;
mod digest;
mod doctor;
mod encrypted;
mod entropy;
pub mod environment;
pub mod finding;
mod fix;
mod generic;
mod git;
mod guard;
mod hook;
mod import;
pub mod insight;
mod inspect;
pub mod outcome;
pub mod placeholder;
mod published;
mod remedy;
mod report;
pub mod rules;
pub mod scanner;
pub mod secret;
mod validator;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use environment::Environment;
use outcome::Exit;

/// Runs keyguard with the arguments of the process, the program's name first.
///
/// git calls `keyguard hook KIND` at every commit: that is recognised before the command line is parsed in full.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    exit_2_on_panic();
    let args: Vec<OsString> = args.into_iter().collect();
    let result = Environment::read().and_then(|environment| match args.get(1..3) {
        Some([verb, kind]) if verb == "hook" => command::hook::run(kind, &args[3..], &environment),
        _ => cli::run(args, &environment).map(ExitCode::from),
    });
    result.unwrap_or_else(|error| {
        print_error(&error);
        Exit::Failed.into()
    })
}

/// Prints an error in one sentence; what helps stands on lines of its own.
fn print_error(error: &anyhow::Error) {
    let text = format!("{error:#}");
    let lines: Vec<_> = text.split('\n').map(|line| report::sanitized(line.as_bytes())).collect();
    // A closed stderr changes nothing about the verdict.
    let _ = writeln!(std::io::stderr(), "error: {}", lines.join("\n"));
}

/// A panic ends with the exit code of a failure, and prints nothing that might hold a secret.
#[expect(
    clippy::disallowed_methods,
    reason = "with `panic = abort` the exit code would be 134; nothing is left to clean up"
)]
fn exit_2_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "error: keyguard failed by a mistake of its own{place}; nothing was checked\nhelp: please report it with this line"
        );
        std::process::exit(i32::from(Exit::Failed as u8));
    }));
}
