//! CPU time of `keyguard hook pre-commit` in git's environment, as a ratio to `git diff --cached` in the same run.
//!
//! `cargo bench --bench hook [RUNS]`. The two run in turn; user and system time come from the kernel's account of each
//! finished process (wait4), children included. Prints medians and the median of the ratios pair by pair.

#![expect(clippy::print_stdout, reason = "a bench prints its result")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A repository with staged changes.
struct Workload {
    name: &'static str,
    init: &'static [&'static str],
    reader: &'static str,
    prepare: fn(&Path),
    runs: usize,
}

/// Read by keyguard itself, in a repository as git makes it.
const USUAL: Workload = Workload { name: "", init: &["init", "-q", "."], reader: "fast", prepare: small, runs: 100 };

const WORKLOADS: [Workload; 6] = [
    Workload { name: "20 files, 5 added lines, nothing found", ..USUAL },
    Workload { name: "the same with one finding", prepare: small_with_finding, ..USUAL },
    Workload { name: "the same 20 files, through git's commands", reader: "plumbing", ..USUAL },
    Workload {
        name: "the same 20 files, named by SHA-256",
        init: &["init", "-q", "--object-format=sha256", "."],
        ..USUAL
    },
    Workload { name: "1,000 new files of 20 KB", prepare: thousand_files, runs: 10, ..USUAL },
    Workload { name: "100,000 files, 1 changed", prepare: hundred_thousand_files, runs: 20, ..USUAL },
];

fn main() {
    let runs = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    println!("{:42} {:>8} {:>10} {:>7}", "workload", "git ms", "keyguard", "ratio");
    for workload in WORKLOADS {
        let folder = tempfile::tempdir().expect("make a folder");
        git(folder.path(), workload.init);
        (workload.prepare)(folder.path());
        git(folder.path(), &["add", "."]);
        // `git commit` fills the cache-tree before it runs the hook.
        git(folder.path(), &["write-tree"]);
        measure(&workload, folder.path(), runs.unwrap_or(workload.runs));
    }
}

fn measure(workload: &Workload, folder: &Path, runs: usize) {
    let mut samples = Vec::new();
    for run in 0..=runs {
        let git = cpu_ms(command("git", folder).args(["diff", "--cached"]));
        let mut hook = command(env!("CARGO_BIN_EXE_keyguard"), folder);
        hook.args(["hook", "pre-commit", "--shim-version", "1"]).env("KEYGUARD_READER", workload.reader);
        let keyguard = cpu_ms(&mut hook);
        if run > 0 {
            samples.push((git, keyguard));
        }
    }
    let median = |value: &dyn Fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = samples.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!(
        "{:42} {:8.2} {:10.2} {:7.2}",
        workload.name,
        median(&|sample| sample.0),
        median(&|sample| sample.1),
        median(&|sample| sample.1 / sample.0),
    );
}

/// A command in the environment that git gives to a hook.
fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("GIT_INDEX_FILE", ".git/index").env("GIT_PREFIX", "").env("GIT_EDITOR", ":");
    command.env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// User and system time in milliseconds.
#[expect(clippy::zombie_processes, reason = "wait4 reaps the child, and tells what it cost")]
#[expect(unsafe_code, reason = "the standard library does not tell a child's CPU time")]
fn cpu_ms(command: &mut Command) -> f64 {
    let child = command.spawn().expect("start the command");
    let pid = libc::pid_t::try_from(child.id()).expect("a pid is a pid");
    let mut status = 0;
    // SAFETY: rusage is plain data; the child is ours and nobody else waits for it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::wait4(pid, &raw mut status, 0, &raw mut usage), pid);
        usage
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds of CPU time are few")]
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    ms(usage.ru_utime) + ms(usage.ru_stime)
}

fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "gc.auto=0"];
    let output = Command::new("git").current_dir(folder).args(identity).args(args).output().expect("run git");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Source-like text that holds no key.
fn source(lines: usize, seed: usize) -> String {
    let line = |n: usize| {
        format!("    let value_{n} = compute(input[{}], \"label {}\")?; // step {n}\n", n % 17, n * seed % 101)
    };
    (0..lines).map(line).collect()
}

fn small(folder: &Path) {
    for file in 0..20 {
        fs::write(folder.join(format!("file{file}.rs")), source(60, file)).expect("write");
    }
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "start"]);
    fs::write(folder.join("file7.rs"), source(60, 7) + &source(5, 99)).expect("write");
}

fn small_with_finding(folder: &Path) {
    small(folder);
    // Assembled here, so that no file of the project holds anything like a token.
    let token = ["sk_", "live_", "q7Zt2LmX", "w9RbV4nY", "p6KsD1fG"].concat();
    let text = source(60, 7) + &source(4, 99) + &format!("let key = \"{token}\";\n");
    fs::write(folder.join("file7.rs"), text).expect("write");
}

fn thousand_files(folder: &Path) {
    fs::write(folder.join("README"), "start\n").expect("write");
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "start"]);
    for file in 0..1000 {
        let sub = folder.join(format!("d{}", file / 50));
        fs::create_dir_all(&sub).expect("make a folder");
        fs::write(sub.join(format!("f{file}.rs")), source(300, file)).expect("write");
    }
}

fn hundred_thousand_files(folder: &Path) {
    for file in 0..100_000 {
        let sub = folder.join(format!("a{}/b{}", file / 5000, file / 100));
        if file % 100 == 0 {
            fs::create_dir_all(&sub).expect("make a folder");
        }
        fs::write(sub.join(format!("f{file}.txt")), format!("file {file}\n")).expect("write");
    }
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "start"]);
    fs::write(folder.join("a0/b0/f7.txt"), "changed\nand more\n").expect("write");
}
