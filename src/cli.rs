//! The command line; nothing else knows clap.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::command;
use crate::environment::Environment;
use crate::finding::Confidence;
use crate::hook::Kind;
use crate::hook::manager::Manager;
use crate::outcome::Exit;
use crate::report::{Detail, Format, sanitized};

/// Stops API keys at the commit.
///
/// `keyguard install` puts a hook into this repository; from then on every `git commit` is looked at, and one that
/// would bring in a key is blocked.
#[derive(Parser)]
#[command(name = "keyguard", version, max_term_width = 80, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Put the hook into this repository
    Install(InstallArgs),
    /// Take the hooks out again, and put back what was there before
    Uninstall(UninstallArgs),
    /// Prove that a commit here would be blocked, or name what is in the way
    Doctor(DoctorArgs),
    /// Look for keys in staged changes, files or standard input
    Scan(ScanArgs),
    /// Say that a finding is no secret, in keyguard.toml
    Allow(AllowArgs),
    /// Record the keys that are committed already, so that only new ones block
    Baseline(BaselineArgs),
    /// Move keys out of files into environment variables; shows how, and does it with --apply
    Fix(FixArgs),
    /// List every key that was ever committed, the one to rotate first at the top
    Audit,
    /// Tell all about a kind of key: what it can do, how to revoke and rotate it, how it is known
    Explain {
        /// The rule's name, as reports and `keyguard rules list` give it, or the fingerprint of a key in the staged changes
        rule: String,
    },
    /// List rules, or run their examples
    #[command(subcommand)]
    Rules(RulesVerb),
    /// Write, check or show the configuration
    #[command(subcommand)]
    Config(ConfigVerb),
}

/// What `install` takes.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct InstallArgs {
    /// Install this hook; may be given several times [default: pre-commit]
    #[arg(long = "hook", value_name = "KIND", value_parser = kind())]
    pub(crate) hooks: Vec<Kind>,
    /// Install every hook that git runs here
    #[arg(long, conflicts_with = "hooks")]
    pub(crate) all: bool,
    /// Install for all repositories of this user, in git's configuration; looks at commits and messages
    #[arg(long, conflicts_with = "into")]
    pub(crate) global: bool,
    /// Have this hook manager run keyguard: husky, lefthook, pre-commit or prek
    #[arg(long, value_name = "MANAGER", value_parser = manager(), hide_possible_values = true)]
    pub(crate) into: Option<Manager>,
    /// Install in silence, unless keys are looked for already or there is no repository
    #[arg(long)]
    pub(crate) if_needed: bool,
    /// Only say what would be done
    #[arg(long, conflicts_with = "if_needed")]
    pub(crate) dry_run: bool,
}

/// What `uninstall` takes.
#[derive(Args)]
pub(crate) struct UninstallArgs {
    /// Take out this hook only; may be given several times
    #[arg(long = "hook", value_name = "KIND", value_parser = kind())]
    pub(crate) hooks: Vec<Kind>,
    /// Take out what `install --global` put in
    #[arg(long, conflicts_with = "into")]
    pub(crate) global: bool,
    /// Take it out of the configuration of this hook manager only
    #[arg(long, value_name = "MANAGER", value_parser = manager(), hide_possible_values = true)]
    pub(crate) into: Option<Manager>,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Reads the name of a hook manager.
fn manager() -> impl TypedValueParser<Value = Manager> {
    PossibleValuesParser::new(Manager::ALL.map(Manager::name))
        .try_map(|name| Manager::named(&name).ok_or("no such hook manager"))
}

/// Reads the name of a kind of hook.
fn kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::name)).try_map(|name| Kind::named(&name).ok_or("no such hook"))
}

/// What `doctor` takes.
#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// Also run the hooks of other tools, which do what they do at a commit
    #[arg(long)]
    pub(crate) run_hooks: bool,
}

/// What `scan` takes.
#[derive(Args)]
pub(crate) struct ScanArgs {
    /// Files and folders to look at; without any, the staged changes
    #[arg(conflicts_with_all = ["staged", "stdin", "history"])]
    pub(crate) paths: Vec<PathBuf>,
    /// Look at what the next commit brings in
    #[arg(long, conflicts_with_all = ["stdin", "history"])]
    pub(crate) staged: bool,
    /// Look at every commit that is there, or at those of RANGE, such as main..topic
    #[arg(long, value_name = "RANGE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    #[arg(conflicts_with = "stdin")]
    pub(crate) history: Option<String>,
    /// Look at standard input
    #[arg(long)]
    pub(crate) stdin: bool,
}

/// What `allow` takes.
#[derive(Args)]
#[command(group = ArgGroup::new("listing").args(["list", "unused", "expired"]).multiple(true))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct AllowArgs {
    /// Fingerprints, as a blocked commit prints them
    #[arg(required_unless_present_any = ["last", "path", "listing"], conflicts_with_all = ["last", "path", "listing"])]
    pub(crate) fingerprint: Vec<String>,
    /// Everything that blocks the staged changes now
    #[arg(long, conflicts_with_all = ["path", "listing"])]
    pub(crate) last: bool,
    /// Whatever --rule finds in these files, such as tests/fixtures/**
    #[arg(long, value_name = "GLOB", requires = "rule", conflicts_with = "listing")]
    pub(crate) path: Option<String>,
    /// The rule whose findings are no secrets in --path
    #[arg(long, value_name = "ID", requires = "path", conflicts_with_all = ["fingerprint", "last", "listing"])]
    pub(crate) rule: Option<String>,
    /// Why it is no secret
    #[arg(long, value_name = "TEXT", required_unless_present = "listing", conflicts_with = "listing")]
    pub(crate) reason: Option<String>,
    /// The last day (UTC) on which it holds, such as 2027-03-01
    #[arg(long, value_name = "DATE", conflicts_with_all = ["days", "listing"])]
    pub(crate) expires: Option<String>,
    /// How many days from now it holds
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with = "listing")]
    pub(crate) days: Option<String>,
    /// Leave it to you to stage keyguard.toml
    #[arg(long, conflicts_with = "listing")]
    pub(crate) no_stage: bool,
    /// List the entries there are
    #[arg(long)]
    pub(crate) list: bool,
    /// List those alone that match nothing that is tracked
    #[arg(long, conflicts_with_all = ["fingerprint", "last", "path"])]
    pub(crate) unused: bool,
    /// List those alone that have expired
    #[arg(long, conflicts_with_all = ["fingerprint", "last", "path"])]
    pub(crate) expired: bool,
}

/// What `baseline` takes.
#[derive(Args)]
pub(crate) struct BaselineArgs {
    /// Leave it to you to stage keyguard.baseline.json
    #[arg(long)]
    pub(crate) no_stage: bool,
}

/// What `fix` takes.
#[derive(Args)]
pub(crate) struct FixArgs {
    /// Fingerprints of the keys to move; without any, all that blocks now
    #[arg(conflicts_with = "undo")]
    pub(crate) fingerprint: Vec<String>,
    /// Do it: edit the files, stage the edits, put the values into .env
    #[arg(long)]
    pub(crate) apply: bool,
    /// Put back what was before the last --apply
    #[arg(long, conflicts_with = "apply")]
    pub(crate) undo: bool,
}

/// What `rules list` takes.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Only rules whose name or title holds all of these words
    pub(crate) words: Vec<String>,
    /// Write a page in Markdown, with proofs and where to revoke
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Subcommand)]
enum RulesVerb {
    /// List every rule in force; with `--format json` those too that are off
    List(ListArgs),
    /// Run the examples of every rule in force, or of those in FILE
    Test {
        /// A configuration with `[[rule]]` entries
        file: Option<PathBuf>,
    },
}

/// What `config import` takes.
#[derive(Args)]
pub(crate) struct ImportArgs {
    /// The file of the other scanner
    pub(crate) file: PathBuf,
    /// Only print what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Subcommand)]
enum ConfigVerb {
    /// Write a keyguard.toml that says what can be said
    Init,
    /// Check every layer, and compile what it holds
    Check,
    /// Show what is in force, and which layer says so
    Show,
    /// Carry .gitleaks.toml, .gitleaksignore or .secrets.baseline over into keyguard.toml
    Import(ImportArgs),
}

#[derive(Args)]
struct GlobalArgs {
    /// Read this configuration on top of all others
    #[arg(short, long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// How to write the report
    #[arg(long, value_name = "FORMAT", global = true)]
    format: Option<FormatArg>,
    /// Write the report to a file instead of standard output
    #[arg(short, long, value_name = "FILE", global = true)]
    output: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: ColorArg,
    /// Report findings from this confidence on
    #[arg(long, value_name = "LEVEL", global = true)]
    min_confidence: Option<ConfidenceArg>,
    /// Print findings and errors alone
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Also tell what was allowed and skipped
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    Human,
    Json,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum ColorArg {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, ValueEnum)]
enum ConfidenceArg {
    Low,
    Medium,
    High,
}

/// What holds for every verb.
pub(crate) struct Global {
    pub(crate) config: Option<PathBuf>,
    pub(crate) format: Format,
    pub(crate) output: Option<PathBuf>,
    pub(crate) color: bool,
    pub(crate) min_confidence: Option<Confidence>,
    pub(crate) detail: Detail,
}

impl Global {
    fn new(args: GlobalArgs, environment: &Environment) -> Result<Self> {
        let color = match args.color {
            ColorArg::Always => true,
            ColorArg::Never => false,
            ColorArg::Auto => args.output.is_none() && wants_color(environment, &io::stdout()),
        };
        let format = match args.format {
            Some(FormatArg::Human) => Format::Human,
            Some(FormatArg::Json) => Format::Json,
            None => format_from(environment)?,
        };
        let min_confidence = args.min_confidence.map(|level| match level {
            ConfidenceArg::Low => Confidence::Low,
            ConfidenceArg::Medium => Confidence::Medium,
            ConfidenceArg::High => Confidence::High,
        });
        let detail = match (args.quiet, args.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        };
        Ok(Self { config: args.config, format, output: args.output, color, min_confidence, detail })
    }
}

/// Whether a stream is to be coloured when nothing else is said: `NO_COLOR` goes before `CLICOLOR_FORCE`.
pub(crate) fn wants_color(environment: &Environment, stream: &impl IsTerminal) -> bool {
    !environment.no_color && (environment.force_color || stream.is_terminal() && !environment.is_dumb_terminal)
}

/// The format that `KEYGUARD_FORMAT` asks for.
pub(crate) fn format_from(environment: &Environment) -> Result<Format> {
    match environment.keyguard_format.as_deref() {
        None | Some("human") => Ok(Format::Human),
        Some("json") => Ok(Format::Json),
        Some(other) => bail!("KEYGUARD_FORMAT is `{other}`, which is neither `human` nor `json`"),
    }
}

/// Parses the arguments and runs the verb.
pub(crate) fn run(args: Vec<OsString>, environment: &Environment) -> Result<Exit> {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Failed } else { Exit::Clean };
            if error.use_stderr() {
                // It repeats what was typed, which may come from a script.
                let text = error.render().to_string();
                let lines: Vec<_> = text.lines().map(|line| sanitized(line.as_bytes())).collect();
                writeln!(io::stderr(), "{}", lines.join("\n")).ok();
            } else {
                // Whoever reads the help may have seen enough of it.
                error.print().or_else(|error| match error.kind() {
                    io::ErrorKind::BrokenPipe => Ok(()),
                    _ => Err(error).context("print the help"),
                })?;
            }
            return Ok(exit);
        }
    };
    let global = Global::new(cli.global, environment)?;
    let mut out = io::stdout().lock();
    let mut nowhere = io::sink();
    let done: &mut dyn io::Write = if global.detail == Detail::Quiet { &mut nowhere } else { &mut out };
    let exit = match cli.verb {
        Verb::Install(args) => command::install::install(&args, environment, done),
        Verb::Uninstall(args) => command::uninstall::uninstall(&args, environment, done),
        Verb::Doctor(args) => command::doctor::doctor(&args, &global, environment, &mut out),
        Verb::Scan(args) => command::scan::scan(&args, &global, environment),
        Verb::Allow(args) => command::allow::allow(&args, &global, environment, &mut out),
        Verb::Baseline(args) => command::baseline::baseline(&args, &global, environment, &mut out),
        Verb::Fix(args) => command::fix::fix(&args, &global, environment, &mut out),
        Verb::Audit => command::audit::audit(&global, environment, &mut out),
        Verb::Explain { rule } => command::explain::explain(&rule, &global, environment, &mut out),
        Verb::Rules(RulesVerb::List(args)) => command::rules::list(&args, &global, environment, &mut out),
        Verb::Rules(RulesVerb::Test { file }) => command::rules::test(file, &global, environment, &mut out),
        Verb::Config(ConfigVerb::Init) => command::config::init(environment, &mut out),
        Verb::Config(ConfigVerb::Check) => command::config::check(&global, environment, &mut out),
        Verb::Config(ConfigVerb::Import(args)) => command::import::import(&args, &global, environment, &mut out),
        Verb::Config(ConfigVerb::Show) => command::config::show(&global, environment, &mut out),
    };
    // What a verb has said may still be in the buffer; that the reader has gone changes no verdict.
    match (exit, out.flush()) {
        (Err(error), _) if is_broken_pipe(&error) => Ok(Exit::Clean),
        (exit, _) => exit,
    }
}

/// Whether an error only says that nobody reads any more.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let plain = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        plain.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
