//! Parses the command line and reports the verdict as the process exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    keyguard::run(std::env::args_os())
}
