//! Runs the hook that was there before ours, or that of the repository, so that it cannot tell the difference.
//!
//! It gets the arguments, the environment and the standard input that git gave to us, and its exit status is ours. It
//! stands under another name, though. A program gets its old name as its first argument; a shell script that looks at
//! its name is read by its shell under that name; what else looks at its name is refused when we are installed.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::thread;

use anyhow::{Context as _, Result};

use super::self_name::{self, Look};
use super::shim::Way;
use super::{Kind, folder, shim, standing};
use crate::environment::Environment;

/// Where a hook finds for which one it stands; [`Environment::keyguard_chain`] tells what for.
const CHAIN: &str = "KEYGUARD_CHAIN";
/// The same for the repository's own hook; [`Environment::keyguard_passed`] tells what for.
const PASSED: &str = "KEYGUARD_PASSED";

/// How git called the hook, as the shim tells.
pub(crate) struct Call {
    /// The hook.
    pub(crate) kind: Kind,
    way: Way,
    hooks_dir: Option<PathBuf>,
    /// What git gave to the hook.
    pub(crate) args: Vec<OsString>,
    /// What git wrote to it, if it is a hook that is told something.
    pub(crate) input: Vec<u8>,
}

impl Call {
    /// A hook manager's, with the names of files.
    pub(crate) fn by_manager(kind: Kind, names: &[OsString]) -> Self {
        Self { kind, way: Way::Folder, hooks_dir: None, args: names.to_vec(), input: Vec::new() }
    }

    /// Takes the shim's arguments apart and reads standard input, once and in full: whoever is first to read it leaves
    /// nothing for the others.
    pub(crate) fn receive(kind: Kind, args: &[OsString]) -> Result<Self> {
        let mut call = Self::by_manager(kind, &[]);
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            match arg.to_str() {
                Some("--shim-version") => drop(rest.next()),
                Some("--way") => call.way = rest.next().and_then(Way::named).unwrap_or_default(),
                Some("--hooks-dir") => call.hooks_dir = rest.next().map(PathBuf::from),
                _ => {
                    call.args.push(arg.clone());
                    call.args.extend(rest.cloned());
                    break;
                }
            }
        }
        if kind.reads_input() {
            io::stdin().read_to_end(&mut call.input).context("read what git tells the hook")?;
        }
        Ok(call)
    }

    /// Whether it is a hook of git's configuration.
    pub(crate) fn is_of_config(&self) -> bool {
        self.way == Way::Config
    }

    /// Whether hooks may have run since the commit was looked at. git runs those of its configuration before the one in
    /// the hooks folder, for a merge it runs others, and all of them before `commit-msg`.
    pub(crate) fn is_after_others(&self) -> bool {
        self.kind == Kind::CommitMsg && self.way != Way::Folder
    }

    /// Runs the hook that was there before us, as git would, or that of the repository when we stand in front of it.
    /// `None` when there is none, when it is that hook which called us, or when `doctor` asked to leave it out.
    pub(crate) fn run_chained(&self, environment: &Environment) -> Result<Option<ExitCode>> {
        if self.way == Way::HooksPath && environment.keyguard_alone.is_none() {
            return self.run_of_repository(environment);
        }
        let Some(folder) = &self.hooks_dir else { return Ok(None) };
        let hook = environment.current_dir.join(folder).join(self.kind.name());
        if environment.keyguard_alone.is_some() || environment.keyguard_chain.as_ref() == Some(&hook) {
            return Ok(None);
        }
        let Some(kept) = chained(self.kind, folder) else { return Ok(None) };
        let kept = environment.current_dir.join(kept);
        let original = folder.join(self.kind.name());
        let status = match self_name::look(&kept) {
            Look::Shell { interpreter, argument } => {
                let mut shell = Command::new(interpreter);
                shell.args(argument).arg("-c").arg(read_by_shell(&kept)).arg(&original);
                shell.env(CHAIN, &hook);
                self.run(shell)
            }
            Look::Never | Look::Other => self.run_program(&kept, |kept| {
                let mut program = named(kept, &original);
                program.env(CHAIN, &hook);
                program
            }),
        };
        let status = status.with_context(|| format!("run the hook that was there before, `{}`", kept.display()))?;
        Ok(Some(ExitCode::from(code(status))))
    }

    /// Runs the hook in the repository's own folder, where git would look if we were not in its way.
    fn run_of_repository(&self, environment: &Environment) -> Result<Option<ExitCode>> {
        let hook = folder::of_repository(environment)?.join(self.kind.name());
        let place = environment.current_dir.join(&hook);
        let is_ours = || std::fs::read(&hook).is_ok_and(|text| shim::is_global(&text));
        if !standing::is_executable(&hook) || is_ours() || environment.keyguard_passed.as_ref() == Some(&place) {
            return Ok(None);
        }
        let status = self.run_program(&hook, |hook| {
            let mut program = Command::new(hook);
            program.env(PASSED, &place);
            program
        });
        let status = status.with_context(|| format!("run the repository's own hook, `{}`", hook.display()))?;
        Ok(Some(ExitCode::from(code(status))))
    }

    /// Runs a hook that is a file of its own; a script without `#!` line git gives to the shell.
    fn run_program(&self, hook: &Path, command: impl Fn(&Path) -> Command) -> io::Result<ExitStatus> {
        match self.run(command(hook)) {
            Err(error) if is_exec_format_error(&error) => {
                let mut shell = command(Path::new("sh"));
                shell.arg(hook);
                self.run(shell)
            }
            other => other,
        }
    }

    fn run(&self, mut command: Command) -> io::Result<ExitStatus> {
        command.args(&self.args);
        if !self.kind.reads_input() {
            return command.status();
        }
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            let input = self.input.clone();
            // Nobody waits for it: a hook may read nothing, and leave the pipe to a program that outlives it.
            thread::spawn(move || pipe.write_all(&input));
        }
        child.wait()
    }
}

/// The foreign hook that is to be run after the shim in `folder`, if git would run it.
fn chained(kind: Kind, folder: &Path) -> Option<PathBuf> {
    kind.kept(folder).filter(|path| standing::is_executable(path) && !standing::runs_us(kind, folder, path))
}

/// The command by which a shell reads `file` and takes it for itself.
fn read_by_shell(file: &Path) -> OsString {
    let mut line = OsString::from(". ");
    line.push(shim::quote_path(file));
    line
}

/// The program `file`, which finds the name `original` in its first argument.
#[cfg(unix)]
fn named(file: &Path, original: &Path) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(file);
    command.arg0(original);
    command
}

#[cfg(not(unix))]
fn named(file: &Path, _: &Path) -> Command {
    Command::new(file)
}

/// The exit code, or what a shell makes of a signal.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or(signal.map(|signal| 128 + signal)).unwrap_or(1);
    // Windows has codes beyond a byte; cut off, one of them might be 0.
    u8::try_from(code).unwrap_or(1)
}

fn is_exec_format_error(error: &io::Error) -> bool {
    const ENOEXEC: i32 = 8;
    const ERROR_BAD_EXE_FORMAT: i32 = 193;
    error.raw_os_error() == Some(if cfg!(windows) { ERROR_BAD_EXE_FORMAT } else { ENOEXEC })
}
