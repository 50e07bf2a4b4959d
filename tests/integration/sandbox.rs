//! A sealed box around the built program: real git in a folder of its own, with nothing of this machine but PATH.
//!
//! Whatever is run gives an [`Output`] that has to be checked. Paths that differ from run to run are replaced in it:
//! `[ROOT]` is the work tree, `[HOME]`, `[BIN]` and `[TMP]` are the folders around it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::RefCell;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use snapbox::IntoData;
use tempfile::TempDir;

/// A temporary folder with a home, a folder of programs and, usually, a repository.
pub(crate) struct Sandbox {
    tmp: PathBuf,
    variables: Vec<(OsString, OsString)>,
    /// What every run came to, in order.
    transcript: RefCell<Vec<String>>,
    /// Removes the folder in the end.
    _folder: TempDir,
}

impl Sandbox {
    /// A new repository without commits.
    pub(crate) fn new() -> Self {
        let sandbox = Self::without_repository();
        sandbox.git(["init", "--quiet", "--initial-branch=main"]).success();
        sandbox
    }

    /// A new repository in which keyguard is installed.
    pub(crate) fn with_hook() -> Self {
        let sandbox = Self::new();
        sandbox.install();
        sandbox
    }

    /// An empty folder.
    pub(crate) fn without_repository() -> Self {
        let folder = TempDir::with_prefix("keyguard-test-").unwrap();
        // git prints real paths, and the folder for temporary files is a link on some systems.
        let tmp = folder.path().canonicalize().unwrap();
        for name in ["root", "home", "bin"] {
            fs::create_dir(tmp.join(name)).unwrap();
        }
        link_program(&tmp.join("bin"));
        Self { tmp, variables: Vec::new(), transcript: RefCell::default(), _folder: folder }
    }

    /// The same with an environment variable more, for everything that is run.
    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The root of the work tree.
    pub(crate) fn root(&self) -> PathBuf {
        self.tmp("root")
    }

    /// The home folder.
    pub(crate) fn home(&self) -> PathBuf {
        self.tmp("home")
    }

    /// A path outside the work tree.
    pub(crate) fn tmp(&self, path: impl AsRef<Path>) -> PathBuf {
        self.tmp.join(path)
    }

    /// Writes a file of the work tree, and the folders above it.
    pub(crate) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
        self
    }

    /// Runs git in the work tree.
    pub(crate) fn git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        self.run("git").args(args).output()
    }

    /// Runs keyguard in the work tree.
    pub(crate) fn keyguard<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        self.run("keyguard").args(args).output()
    }

    /// Installs keyguard.
    #[track_caller]
    pub(crate) fn install(&self) -> &Self {
        self.keyguard(["install"]).success();
        self
    }

    /// Writes a file and commits it alone, whatever the hooks say.
    #[track_caller]
    pub(crate) fn commit(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        self.write(path, content);
        self.git(["add", "--force", "--", path]).success();
        self.git(["commit", "--quiet", "--no-verify", "--message", path]).success();
        self
    }

    /// Asserts how many commits HEAD has behind it, itself included.
    #[track_caller]
    pub(crate) fn assert_commits(&self, expected: usize) {
        let log = self.git(["rev-list", "--ignore-missing", "HEAD", "--"]);
        let count = if log.code == Some(0) { log.stdout.lines().count() } else { 0 };
        assert_eq!(count, expected, "commits\n{}", log.text());
    }

    /// Starts to describe a run of `program`: `git`, `keyguard`, or another one on PATH.
    pub(crate) fn run(&self, program: &str) -> Run<'_> {
        // Looked up here and not by the new process: with a bare name and a PATH of its own, this one would be copied first.
        let path = self.path();
        let found = env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
        let mut command = Command::new(found.unwrap_or_else(|| program.into()));
        command.current_dir(self.root()).env_clear();
        command.env("PATH", path).env("HOME", self.home()).env("USERPROFILE", self.home());
        for (name, value) in FIXED_VARIABLES {
            command.env(name, value);
        }
        for name in ["SystemRoot", "TEMP"] {
            command.envs(inherited(name).map(|value| (name, value)));
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Run { sandbox: self, command, input: Vec::new() }
    }

    /// PATH with the sandbox's programs first.
    pub(crate) fn path(&self) -> OsString {
        let inherited = inherited("PATH").unwrap_or_default();
        env::join_paths([self.tmp("bin")].into_iter().chain(env::split_paths(&inherited))).unwrap()
    }

    /// `bytes` as text in which the names of this sandbox's folders are replaced.
    fn readable(&self, bytes: &[u8]) -> String {
        let names = [("root", "[ROOT]"), ("home", "[HOME]"), ("bin", "[BIN]"), ("", "[TMP]")];
        names.into_iter().fold(String::from_utf8_lossy(bytes).into_owned(), |text, (folder, name)| {
            let path = self.tmp(folder).components().collect::<PathBuf>();
            text.replace(&*path.to_string_lossy(), name)
        })
    }
}

/// Plays a scenario once with each of the two readers of staged changes, in a repository of its own in which keyguard is
/// installed; whatever was run has to come to the same with both.
#[track_caller]
pub(crate) fn with_both_readers(scenario: impl Fn(&Sandbox)) {
    let play = |reader: &str| {
        let repo = Sandbox::with_hook().env("KEYGUARD_READER", reader);
        scenario(&repo);
        repo.transcript.take()
    };
    let (fast, plumbing) = (play("fast"), play("plumbing"));
    for (fast, plumbing) in fast.iter().zip(&plumbing) {
        assert_eq!(fast, plumbing, "the fast reader (left) and the plumbing reader (right) differ");
    }
    assert_eq!(fast.len(), plumbing.len(), "both readers lead to the same runs");
}

/// Says aloud what a test cannot try on this machine, and why. What `eprintln!` says of a test that passes is not shown.
pub(crate) fn not_tried(what: impl std::fmt::Display) {
    std::io::stderr().write_all(format!("not tried: {what}\n").as_bytes()).unwrap();
}

/// What makes two runs alike.
const FIXED_VARIABLES: [(&str, &str); 14] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" }),
    ("GIT_AUTHOR_NAME", "Ada Author"),
    ("GIT_AUTHOR_EMAIL", "ada@keyguard.test"),
    ("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z"),
    ("GIT_COMMITTER_NAME", "Carl Committer"),
    ("GIT_COMMITTER_EMAIL", "carl@keyguard.test"),
    ("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z"),
    ("GIT_TERMINAL_PROMPT", "0"),
    // A submodule that lies beside its superproject.
    ("GIT_ALLOW_PROTOCOL", "file"),
    ("EDITOR", "true"),
    ("LC_ALL", "C"),
    ("TZ", "UTC"),
    ("NO_COLOR", "1"),
];

/// A git to try what this machine's is too old for, if `KEYGUARD_TEST_GIT` names one.
pub(crate) fn newer_git() -> Option<PathBuf> {
    inherited("KEYGUARD_TEST_GIT").map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "the little that a sandbox takes over")]
pub(crate) fn inherited(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// Puts the built program into `folder`, under its name: as a link, so that this is not a second copy of it.
pub(crate) fn link_program(folder: &Path) {
    let (program, name) = (env!("CARGO_BIN_EXE_keyguard"), format!("keyguard{}", env::consts::EXE_SUFFIX));
    #[cfg(unix)]
    std::os::unix::fs::symlink(program, folder.join(name)).unwrap();
    #[cfg(not(unix))]
    fs::copy(program, folder.join(name)).map(drop).unwrap();
}

/// Puts a program there. Another process writes it: whatever a thread of ours starts meanwhile would hold it open for a
/// moment, and a file that is open for writing cannot be run.
#[cfg(unix)]
pub(crate) fn write_program(path: &Path, content: impl AsRef<[u8]>) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut cat = Command::new("sh");
    let mut cat = cat.args(["-c", "cat >\"$0\""]).arg(path).stdin(Stdio::piped()).spawn().unwrap();
    cat.stdin.take().unwrap().write_all(content.as_ref()).unwrap();
    assert!(cat.wait().unwrap().success());
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn write_program(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A program that is about to be run.
#[must_use = "nothing is run before `.output()`"]
pub(crate) struct Run<'s> {
    sandbox: &'s Sandbox,
    command: Command,
    input: Vec<u8>,
}

impl Run<'_> {
    /// Adds arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes an environment variable away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Runs it in a folder other than the root of the work tree; a relative one counts from there.
    pub(crate) fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(self.sandbox.root().join(folder));
        self
    }

    /// Gives it something to read.
    pub(crate) fn input(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = input.as_ref().to_vec();
        self
    }

    /// Runs it.
    #[track_caller]
    pub(crate) fn output(mut self) -> Output {
        let shown = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        let program = self.command.get_program().to_owned();
        let output = self.raw();
        let output = Output {
            command: self.sandbox.readable(format!("{} {shown}", program.display()).as_bytes()),
            code: output.status.code(),
            stdout: self.sandbox.readable(&output.stdout),
            stderr: self.sandbox.readable(&output.stderr),
        };
        // git warns about line ends only of files whose time it does not trust yet.
        let is_chance = |line: &&str| line.starts_with("warning: in the working copy of");
        let picture: Vec<_> = output.picture().lines().filter(|line| !is_chance(line)).map(str::to_owned).collect();
        self.sandbox.transcript.borrow_mut().push(picture.join("\n"));
        output
    }

    /// Runs it, and gives the bytes that it wrote as they are.
    #[track_caller]
    pub(crate) fn raw(&mut self) -> std::process::Output {
        let program = self.command.get_program().to_owned();
        let command = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("run {}: {error}", program.display()));
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        // A program that reads nothing may be gone before all is written.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output
    }
}

/// What a run came to.
#[must_use = "check it: `.success()`, or `.code(1)` with `.stdout(...)` and `.stderr(...)`"]
pub(crate) struct Output {
    command: String,
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Output {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn code(&self, expected: i32) -> &Self {
        assert!(self.code == Some(expected), "expected exit code {expected}\n{}", self.picture());
        self
    }

    /// Asserts exit code 0.
    #[track_caller]
    pub(crate) fn success(&self) -> &Self {
        self.code(0)
    }

    /// Asserts what stands on stdout; `[..]` stands for anything in a line, a line `...` for any lines.
    #[track_caller]
    pub(crate) fn stdout(&self, expected: impl IntoData) -> &Self {
        self.compare("stdout", &self.stdout, expected)
    }

    /// Asserts what stands on stderr, in the same way.
    #[track_caller]
    pub(crate) fn stderr(&self, expected: impl IntoData) -> &Self {
        self.compare("stderr", &self.stderr, expected)
    }

    /// Asserts that nothing was printed.
    #[track_caller]
    pub(crate) fn silent(&self) -> &Self {
        assert!(self.text().is_empty(), "expected silence\n{}", self.picture());
        self
    }

    /// Asserts that `part` stands on one of the two streams.
    #[track_caller]
    pub(crate) fn says(&self, part: &str) -> &Self {
        assert!(self.text().contains(part), "expected `{part}`\n{}", self.picture());
        self
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> i32 {
        self.code.unwrap_or(-1)
    }

    /// Both streams, stdout first.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    fn compare(&self, name: &str, actual: &str, expected: impl IntoData) -> &Self {
        // A backslash is a separator on Windows alone.
        let assert =
            snapbox::Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).normalize_paths(cfg!(windows));
        if let Err(difference) = assert.try_eq(Some(&name), actual.into_data(), expected.into_data()) {
            panic!("{difference}\n{}", self.picture());
        }
        self
    }

    fn picture(&self) -> String {
        let Self { command, code, stdout, stderr } = self;
        format!("{command}\nexit code: {code:?}\n--- stdout ---\n{stdout}\n--- stderr ---\n{stderr}\n--- end ---")
    }
}

#[test]
fn a_run_is_sealed_and_reads_what_it_is_given() {
    let repo = Sandbox::new();
    let hash = repo.run("git").args(["hash-object", "--stdin"]).input("text\n").output();
    hash.success().stderr("").stdout("8e27be7d6154a1f68ea9160ef0e18691d20560dc\n");
    let origins = repo.git(["config", "--list", "--name-only", "--show-scope"]);
    assert!(origins.text().lines().all(|line| line.starts_with("local")), "{}", origins.text());
}

/// Secrets that are made up at run time, so that none stands in the source. The same ones in every run.
pub(crate) mod fake {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const DIGITS: &str = "0123456789";

    /// A GitHub personal access token whose checksum is right.
    pub(crate) fn github_pat() -> String {
        github_token("github one")
    }

    /// Another one.
    pub(crate) fn github_pat_other() -> String {
        github_token("github two")
    }

    /// An AWS access key id that decodes to an account, and its secret.
    pub(crate) fn aws_pair() -> (String, String) {
        // With `Q` first the account number has twelve digits at most.
        let id = format!("{}Q{}", "AKIA", letters("aws id", &format!("{UPPER}234567"), 15));
        (id, letters("aws secret", &format!("{UPPER}{LOWER}{DIGITS}+/"), 40))
    }

    /// A Stripe key that moves real money.
    pub(crate) fn stripe_live() -> String {
        format!("{}_live_{}", "sk", alphanumeric("stripe", 24))
    }

    /// A token of a Slack bot.
    pub(crate) fn slack_bot() -> String {
        let number = |name| format!("4{}", letters(name, DIGITS, 11));
        format!("{}-{}-{}-{}", "xoxb", number("slack team"), number("slack bot"), alphanumeric("slack", 24))
    }

    /// An OpenSSH private key, not encrypted; its structure is right, down to the padding.
    pub(crate) fn openssh_key() -> String {
        let [public, seed, check] = ["ssh public", "ssh seed", "ssh check"].map(bytes);
        let public_key = [field(b"ssh-ed25519"), field(&public)].concat();
        let pair = [seed, public].concat();
        let mut private = [&check[..4], &check[..4], &public_key, &field(&pair), &field(b"ada@laptop")].concat();
        private.extend((1..=7).take((8 - private.len() % 8) % 8));
        let body = [
            b"openssh-key-v1\0".to_vec(),
            field(b"none"),
            field(b"none"),
            field(b""),
            1_u32.to_be_bytes().to_vec(),
            field(&public_key),
            field(&private),
        ];
        let encoded = STANDARD.encode(body.concat());
        let lines: Vec<_> = encoded.as_bytes().chunks(70).map(String::from_utf8_lossy).collect();
        let frame = |word| format!("-----{word} {} KEY-----", "OPENSSH PRIVATE");
        format!("{}\n{}\n{}\n", frame("BEGIN"), lines.join("\n"), frame("END"))
    }

    /// The address of a database, with a password.
    pub(crate) fn postgres_url() -> String {
        format!("{}://billing:{}@db3.prod.corp-net.io:5432/billing", "postgres", alphanumeric("postgres", 18))
    }

    /// A GitHub personal access token whose checksum is right, always the same for one `name`.
    pub(crate) fn github_token(name: &str) -> String {
        let body = alphanumeric(name, 30);
        let mut rest = crc32fast::hash(body.as_bytes()) as usize;
        let alphabet = format!("{DIGITS}{UPPER}{LOWER}").into_bytes();
        let mut checksum = [b'0'; 6];
        for digit in checksum.iter_mut().rev() {
            *digit = alphabet[rest % 62];
            rest /= 62;
        }
        format!("{}_{body}{}", "ghp", String::from_utf8_lossy(&checksum))
    }

    fn field(content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap();
        [&length.to_be_bytes()[..], content].concat()
    }

    fn alphanumeric(name: &str, count: usize) -> String {
        letters(name, &format!("{UPPER}{LOWER}{DIGITS}"), count)
    }

    /// `count` letters of `alphabet`, always the same for one `name`.
    pub(crate) fn letters(name: &str, alphabet: &str, count: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        let pick = |number: u64| alphabet[usize::try_from(number % alphabet.len() as u64).unwrap()];
        random(name).take(count).map(pick).collect()
    }

    fn bytes(name: &str) -> [u8; 32] {
        let mut numbers = random(name);
        [(); 32].map(|()| numbers.next().unwrap().to_le_bytes()[0])
    }

    /// Numbers that look random (splitmix64), from a start that `name` decides.
    fn random(name: &str) -> impl Iterator<Item = u64> {
        let mut state = u64::from(crc32fast::hash(name.as_bytes()));
        std::iter::repeat_with(move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        })
    }

    #[test]
    fn fakes_have_the_shape_of_real_ones() {
        assert_eq!((github_pat().len(), github_pat_other().len()), (40, 40));
        assert_ne!(github_pat(), github_pat_other());
        assert_eq!((aws_pair().0.len(), aws_pair().1.len()), (20, 40));
        assert_eq!(stripe_live().len(), 32);
        assert_eq!(slack_bot().split('-').map(str::len).collect::<Vec<_>>(), [4, 12, 12, 24]);
        assert!(openssh_key().lines().all(|line| line.len() <= 70));
        assert_eq!(postgres_url(), postgres_url());
    }
}
