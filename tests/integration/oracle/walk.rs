//! One random walk through a history: edit, stage, compare, commit, again.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use super::edit::{Editor, Entry, FILE, LINK, PROGRAM, SUBMODULE, Tree};
use super::judge::{Expected, Judge, Place, Raw, git, is_blob};
use crate::sandbox::Sandbox;

/// What the walks came to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    steps: usize,
    merges: usize,
    hooks: usize,
    commits: usize,
    lines_compared: usize,
    findings: usize,
    clean: usize,
    unsure: usize,
}

impl Tally {
    /// Asserts that the walks came through the places that they are for.
    pub(super) fn check(&self) {
        let Self { steps, merges, hooks, commits, lines_compared, findings, clean, unsure } = self;
        for (name, number, share) in [
            ("merges", merges, 20),
            ("hooks", hooks, 10),
            ("commits", commits, 2),
            ("steps with hunks compared", lines_compared, 3),
            ("findings", findings, 2),
            ("clean steps", clean, 10),
        ] {
            assert!(number * share >= *steps, "too few {name}: {self:?}");
        }
        assert!(unsure * 10 <= *findings, "too many tokens of unclear origin: {self:?}");
    }
}

/// A repository and what is known of it.
pub(super) struct Walk {
    repo: Sandbox,
    seed: u64,
    step: usize,
    editor: Editor,
    judge: Judge,
    /// What is staged.
    index: Tree,
    /// What the index holds as far as the last staging went.
    staged: Tree,
    /// Paths that are announced with `git add -N`.
    announced: Vec<Vec<u8>>,
    commits: Vec<String>,
    merge_heads: Vec<String>,
    refs: usize,
    is_sparse: bool,
    log: Vec<String>,
}

impl Drop for Walk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { seed, step, log, .. } = self;
            eprintln!("seed {seed}, step {step}: {}", log.join(", "));
            eprintln!("repeat it with: KEYGUARD_ORACLE_SEED={seed} cargo test --test integration oracle");
        }
    }
}

impl Walk {
    /// A new repository of the kind that the seed decides.
    pub(super) fn new(seed: u64) -> Self {
        let repo = Sandbox::without_repository();
        let format = if seed % 7 == 3 { "sha256" } else { "sha1" };
        git(&repo, &["init", "--quiet", "--initial-branch=main", "--object-format", format], b"");
        repo.install();
        let mut editor = Editor::new(seed, if format == "sha1" { 40 } else { 64 });
        for (name, value) in [
            ("diff.renames", "false"),
            ("diff.noprefix", "true"),
            ("diff.external", "false"),
            ("core.quotePath", "false"),
            ("core.untrackedCache", "true"),
            ("core.bigFileThreshold", "1"),
            ("index.version", "4"),
            ("color.ui", "always"),
            ("submodule.recurse", "true"),
            ("diff.ignoreSubmodules", "all"),
        ] {
            if editor.random.chance(15) {
                git(&repo, &["config", name, value], b"");
            }
        }
        if editor.random.chance(20) {
            let attributes =
                *editor.random.pick(&["* binary\n", "*.txt -diff\n", "* text=auto\n", "* linguist-generated\n"]);
            fs::create_dir_all(repo.root().join(".git/info")).unwrap();
            fs::write(repo.root().join(".git/info/attributes"), attributes).unwrap();
        }
        Self {
            repo,
            seed,
            step: 0,
            editor,
            judge: Judge::new(),
            index: Tree::new(),
            staged: Tree::new(),
            announced: Vec::new(),
            commits: Vec::new(),
            merge_heads: Vec::new(),
            refs: 0,
            is_sparse: false,
            log: Vec::new(),
        }
    }

    /// Takes `steps` steps, and looks at the whole history in the end.
    pub(super) fn run(mut self, steps: usize, tally: &mut Tally) {
        for step in 0..steps {
            self.step = step;
            self.log.clear();
            self.prepare();
            for _ in 0..=self.editor.random.below(4) {
                let edit = self.editor.edit(&mut self.index);
                self.log.push(edit.to_owned());
            }
            self.stage();
            self.leave_something_unstaged();
            let expected = self.compare_staged(tally);
            tally.steps += 1;
            self.finish(&expected, tally);
            if step % 20 == 19 {
                self.compare_history("--all", tally);
                let start = self.editor.random.below(self.commits.len().max(1));
                if let Some(start) = self.commits.get(start) {
                    self.compare_history(&format!("{start}..HEAD"), tally);
                }
            }
        }
    }

    /// Changes how the repository is stored, goes somewhere else in the history, or begins a merge.
    fn prepare(&mut self) {
        match self.editor.random.below(40) {
            // A split index that is sparse too is more than git itself can read back.
            0 if self.seed.is_multiple_of(2) => self.switch(&["update-index", "--split-index"]),
            1 => self.switch(&["update-index", "--no-split-index"]),
            2 => self.switch(&["update-index", "--index-version", "4"]),
            3 => self.switch(&["update-index", "--index-version", "2"]),
            4 => self.switch(&["repack", "-a", "-d", "-q"]),
            5 => self.switch(&["pack-refs", "--all"]),
            6 => self.switch(&["update-index", "--force-untracked-cache"]),
            7 if self.seed % 2 == 1 && self.merge_heads.is_empty() => self.sparse(),
            8 if self.merge_heads.is_empty() => self.orphan(),
            9..=12 if self.merge_heads.is_empty() => self.go_elsewhere(),
            13..=18 if self.merge_heads.is_empty() => self.begin_merge(),
            _ => {}
        }
    }

    fn switch(&mut self, args: &[&str]) {
        self.log.push(args.join(" "));
        // A split index is not for every repository; git says so, and nothing changes.
        self.repo.run("git").args(args).raw();
    }

    fn sparse(&mut self) {
        if self.is_sparse {
            self.switch(&["sparse-checkout", "disable"]);
        } else {
            self.switch(&["sparse-checkout", "set", "--cone", "--sparse-index", "src"]);
        }
        self.is_sparse = !self.is_sparse;
    }

    fn keep_head(&mut self) {
        if self.has_head() {
            self.refs += 1;
            git(&self.repo, &["update-ref", &format!("refs/heads/kept{}", self.refs), "HEAD"], b"");
        }
    }

    fn has_head(&self) -> bool {
        self.repo.run("git").args(["rev-parse", "--quiet", "--verify", "HEAD"]).raw().status.success()
    }

    fn orphan(&mut self) {
        self.keep_head();
        self.refs += 1;
        self.log.push("orphan".to_owned());
        git(&self.repo, &["symbolic-ref", "HEAD", &format!("refs/heads/orphan{}", self.refs)], b"");
    }

    fn go_elsewhere(&mut self) {
        if self.commits.is_empty() {
            return;
        }
        self.keep_head();
        let commit = self.editor.random.pick(&self.commits).clone();
        self.refs += 1;
        let branch = format!("refs/heads/branch{}", self.refs);
        self.log.push(format!("go to {commit}"));
        git(&self.repo, &["update-ref", &branch, &commit], b"");
        git(&self.repo, &["symbolic-ref", "HEAD", &branch], b"");
        git(&self.repo, &["read-tree", &commit], b"");
        self.read_index();
    }

    /// Stands in a merge as `git merge` leaves it for a person to conclude.
    fn begin_merge(&mut self) {
        if self.commits.len() < 2 || !self.has_head() {
            return;
        }
        let mut heads = BTreeSet::new();
        for _ in 0..*self.editor.random.pick(&[1, 1, 2, 3]) {
            heads.insert(self.editor.random.pick(&self.commits).clone());
        }
        self.log.push(format!("merge {heads:?}"));
        for commit in &heads {
            // Each file is taken from one side or the other.
            for (path, entry) in self.tree_of(commit) {
                if self.editor.random.chance(60) {
                    Editor::place(&mut self.index, &path, entry);
                }
            }
        }
        self.merge_heads = heads.into_iter().collect();
        let lines: String = self.merge_heads.iter().map(|head| format!("{head}\n")).collect();
        for (name, content) in [("MERGE_HEAD", lines.as_str()), ("MERGE_MODE", "no-ff"), ("MERGE_MSG", "merge\n")] {
            fs::write(self.repo.root().join(".git").join(name), content).unwrap();
        }
    }

    fn tree_of(&mut self, commit: &str) -> Tree {
        let listed = git(&self.repo, &["ls-tree", "-r", "-z", commit], b"");
        let lines = listed.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        lines.map(|line| self.entry(line, 2)).collect()
    }

    fn read_index(&mut self) {
        let listed = git(&self.repo, &["ls-files", "-s", "-z"], b"");
        let lines = listed.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        let tree: Tree = lines.map(|line| self.entry(line, 1)).collect();
        self.index = tree.clone();
        self.staged = tree;
    }

    /// A line of git that has the mode first, the name of the object at `place`, and a tab before the path.
    fn entry(&self, line: &[u8], place: usize) -> (Vec<u8>, Entry) {
        let tab = line.iter().position(|byte| *byte == b'\t').unwrap();
        let words: Vec<_> = str::from_utf8(&line[..tab]).unwrap().split(' ').collect();
        let mode = u32::from_str_radix(words[0], 8).unwrap();
        let id = words[place];
        let content = if mode == SUBMODULE { id.as_bytes() } else { self.judge.content(id) };
        (line[tab + 1..].to_vec(), Entry { mode, content: content.to_vec() })
    }

    /// Brings the index to what is wanted: by plumbing, or as a person does, through the work tree.
    fn stage(&mut self) {
        if self.editor.random.chance(75) || self.is_sparse || self.has_odd_attributes() {
            self.stage_by_plumbing();
        } else {
            self.log.push("git add".to_owned());
            self.write_work_tree();
            git(&self.repo, &["add", "--all"], b"");
        }
        self.announced.clear();
        self.staged = self.index.clone();
        if self.editor.random.chance(8) {
            self.announce();
        }
        if self.editor.random.chance(30) && self.announced.is_empty() {
            // `git commit` hands over an index that knows its trees.
            git(&self.repo, &["write-tree", "--missing-ok"], b"");
        }
    }

    /// Whether `git add` would change what is written.
    fn has_odd_attributes(&self) -> bool {
        fs::read(self.repo.root().join(".git/info/attributes")).is_ok_and(|text| text.starts_with(b"* text"))
    }

    fn stage_by_plumbing(&mut self) {
        let changed: Vec<_> =
            self.index.iter().filter(|(path, entry)| self.staged.get(*path) != Some(*entry)).collect();
        let blobs: Vec<_> = changed.iter().filter(|(_, entry)| is_blob(entry.mode)).collect();
        let mut names = String::new();
        fs::create_dir_all(self.repo.tmp("blobs")).unwrap();
        for (number, (_, entry)) in blobs.iter().enumerate() {
            let file = self.repo.tmp(format!("blobs/{number}"));
            fs::write(&file, &entry.content).unwrap();
            names.extend([&file.display().to_string(), "\n"]);
        }
        let ids = git(&self.repo, &["hash-object", "-w", "--no-filters", "--stdin-paths"], names.as_bytes());
        let ids = String::from_utf8(ids).unwrap();
        let mut ids = ids.lines();
        let mut lines = Vec::new();
        let zeros = "0".repeat(self.editor.digits());
        let gone = self.staged.keys().filter(|path| !self.index.contains_key(*path)).chain(&self.announced);
        for path in gone {
            lines.extend([format!("0 {zeros}\t").as_bytes(), path, b"\0"].concat());
        }
        for (path, entry) in &changed {
            let id =
                if entry.mode == SUBMODULE { str::from_utf8(&entry.content).unwrap() } else { ids.next().unwrap() };
            if is_blob(entry.mode) {
                self.judge.learn(id, &entry.content);
            }
            lines.extend([format!("{:o} {id}\t", entry.mode).as_bytes(), path, b"\0"].concat());
        }
        // git 2.47 lists a file twice when it comes to stand in a folder that a sparse index has closed.
        git(&self.repo, &["-c", "index.sparse=false", "update-index", "-z", "--index-info"], &lines);
        if self.is_sparse {
            self.switch(&["sparse-checkout", "reapply"]);
        }
    }

    fn clear_work_tree(&self) {
        for entry in fs::read_dir(self.repo.root()).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".git") {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(path).unwrap();
            } else {
                fs::remove_file(path).unwrap();
            }
        }
    }

    fn write_work_tree(&self) {
        self.clear_work_tree();
        for (path, Entry { mode, content }) in &self.index {
            let file = self.repo.root().join(OsStr::from_bytes(path));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            match *mode {
                LINK => symlink(OsStr::from_bytes(content), &file).unwrap(),
                SUBMODULE => fs::create_dir(&file).unwrap(),
                _ => fs::write(&file, content).unwrap(),
            }
            if *mode == PROGRAM {
                fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }

    /// Announces a file with `git add -N`: it is no content of the commit.
    fn announce(&mut self) {
        let token = self.editor.token();
        let path = format!("announced{}", self.editor.random.below(3));
        if self.index.contains_key(path.as_bytes()) || self.is_sparse {
            return;
        }
        self.log.push(format!("git add -N {path}"));
        self.clear_work_tree();
        self.repo.write(&path, format!("{token}\n"));
        git(&self.repo, &["add", "-N", &path], b"");
        self.announced.push(path.into_bytes());
        if self.editor.random.chance(50) {
            let path = self.announced[0].clone();
            let content = format!("committed later {token}\n").into_bytes();
            // It is staged in the next step, if nothing goes between.
            Editor::place(&mut self.index, &path, Entry { mode: FILE, content });
        }
    }

    /// What stands in the work tree alone is nobody's business.
    fn leave_something_unstaged(&mut self) {
        if !self.editor.random.chance(30) || self.is_sparse {
            return;
        }
        let token = self.editor.token();
        let path = self.index.iter().find(|(_, entry)| entry.mode == FILE).map(|(path, _)| path.clone());
        let path = path.filter(|_| self.editor.random.chance(50)).unwrap_or_else(|| b"untracked".to_vec());
        let file = self.repo.root().join(OsStr::from_bytes(&path));
        if fs::create_dir_all(file.parent().unwrap()).is_ok() && !file.is_symlink() {
            fs::write(file, format!("unstaged {token}\n")).ok();
        }
    }

    /// Both readers against each other, and against git.
    fn compare_staged(&mut self, tally: &mut Tally) -> Expected {
        if self.is_sparse && !self.repo.run("git").args(["diff", "--cached", "--raw"]).raw().status.success() {
            // git 2.47 dies (diff-lib.c, show_modified) where a file takes the place of a folder that is not there.
            self.sparse();
        }
        let report = self.report(&["scan", "--staged"]);
        let mut parents = vec![self.judge.staged(&self.repo, None)];
        for head in self.merge_heads.clone() {
            parents.push(self.judge.staged(&self.repo, Some(&head)));
        }
        let expected = self.judge.expected(&parents);
        Self::compare_findings(&found(&report).into_iter().map(|(_, place)| place).collect(), &expected);
        if parents.len() == 1 {
            self.compare_numbers(&report["stats"], &parents[0], tally);
        } else {
            tally.merges += 1;
        }
        tally.findings += expected.sure.len();
        tally.unsure += expected.unsure.len();
        tally.clean += usize::from(expected.sure.is_empty());
        expected
    }

    #[track_caller]
    fn compare_findings(found: &BTreeSet<Place>, expected: &Expected) {
        let shown = |places: &BTreeSet<Place>| -> Vec<String> {
            places.iter().map(|(path, line, print)| format!("{}:{line} {print}", path.escape_ascii())).collect()
        };
        let missing: BTreeSet<_> = expected.sure.difference(found).cloned().collect();
        let known: BTreeSet<_> = expected.sure.union(&expected.unsure).cloned().collect();
        let false_alarms: BTreeSet<_> = found.difference(&known).cloned().collect();
        assert!(
            missing.is_empty() && false_alarms.is_empty(),
            "missed: {:?}, false alarms: {:?}",
            shown(&missing),
            shown(&false_alarms)
        );
    }

    /// Files, hunks and added lines; not in a merge, where several answers are right.
    fn compare_numbers(&self, stats: &Value, raws: &[Raw], tally: &mut Tally) {
        let counts = |raw: &&Raw| match raw.new_mode {
            0 => false,
            SUBMODULE => matches!(raw.status, b'A' | b'R'),
            _ => !raw.is_mode_alone(),
        };
        assert_eq!(stats["files"], raws.iter().filter(counts).count(), "files");
        let added = raws.iter().filter(|raw| raw.status == b'A' && is_blob(raw.new_mode));
        let is_plain = raws.iter().all(|raw| matches!(raw.status, b'A' | b'M' | b'D'))
            && added.clone().all(|raw| self.judge.is_origin_clear(raws, raw));
        if !is_plain {
            return;
        }
        let args = ["-c", "diff.noprefix=false", "diff", "--cached", "-U0", "--inter-hunk-context=0", "--text"];
        let more = ["--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all"];
        let patch = git(&self.repo, &[&args[..], &more].concat(), b"");
        let heads = patch.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"@@ "));
        let lines = heads.map(|head| {
            let plus = str::from_utf8(head.split(|byte| *byte == b' ').nth(2).unwrap()).unwrap();
            plus.split_once(',').map_or(1, |(_, count)| count.parse::<usize>().unwrap())
        });
        let lines: Vec<_> = lines.filter(|lines| *lines > 0).collect();
        assert_eq!(stats["added_lines"], lines.iter().sum::<usize>(), "added lines");
        assert_eq!(stats["hunks"], lines.len(), "hunks");
        tally.lines_compared += 1;
    }

    /// The report of both readers, which have to say the same.
    #[track_caller]
    fn report(&self, args: &[&str]) -> Value {
        let [fast, plumbing] = ["fast", "plumbing"].map(|reader| {
            let run = self.repo.run("keyguard").args(args).args(["--format", "json"]);
            let output = run.env("KEYGUARD_READER", reader).raw();
            let mut report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
                panic!("{reader} gave no report: {error}\n{}", String::from_utf8_lossy(&output.stderr))
            });
            assert_eq!(report["exit"].as_i64(), output.status.code().map(i64::from), "{reader}");
            assert_eq!(report["complete"], true, "{reader}: {}", report["errors"]);
            report["stats"]["duration_ms"] = Value::Null;
            report
        });
        for (key, value) in fast.as_object().unwrap() {
            let other = &plumbing[key];
            assert!(value == other, "the readers differ in `{key}`\nfast: {value}\nplumbing: {other}");
        }
        fast
    }

    /// Commits what is staged, or goes on.
    fn finish(&mut self, expected: &Expected, tally: &mut Tally) {
        match self.editor.random.below(10) {
            0 | 1 if self.merge_heads.is_empty() => self.log.push("left staged".to_owned()),
            2 if self.merge_heads.is_empty() && self.has_head() => self.commit(&["--amend", "--no-verify"]),
            3 if self.has_head() && self.merge_heads.is_empty() && self.announced.is_empty() && !self.is_sparse => {
                self.commit_some(tally);
            }
            4..=6 if expected.unsure.is_empty() => self.commit_through_hook(!expected.sure.is_empty(), tally),
            _ => self.commit(&["--no-verify"]),
        }
    }

    fn try_commit(&self, args: &[&str]) -> std::process::Output {
        let fixed = ["commit", "--quiet", "--allow-empty", "--message", "step"];
        self.repo.run("git").args(fixed).args(args).raw()
    }

    #[track_caller]
    fn commit(&mut self, args: &[&str]) {
        let output = self.try_commit(args);
        assert!(output.status.success(), "commit {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        self.committed();
    }

    fn committed(&mut self) {
        let head = git(&self.repo, &["rev-parse", "HEAD"], b"");
        self.commits.push(String::from_utf8(head).unwrap().trim().to_owned());
        self.merge_heads.clear();
    }

    /// The hook blocks what brings in a token, and nothing else.
    fn commit_through_hook(&mut self, is_blocked: bool, tally: &mut Tally) {
        let output = self.try_commit(&[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(i32::from(is_blocked)), "the hook's verdict: {said}");
        assert_eq!(said.contains("github-pat-classic"), is_blocked, "{said}");
        tally.hooks += 1;
        if is_blocked { self.commit(&["--no-verify"]) } else { self.committed() }
    }

    /// `git commit <path>`: HEAD and these paths, whatever else is staged.
    fn commit_some(&mut self, tally: &mut Tally) {
        let changed = self.judge.staged(&self.repo, None);
        let paths = changed.iter().filter(|raw| raw.status == b'M' && is_blob(raw.new_mode));
        let paths: Vec<_> = paths.map(|raw| raw.path.clone()).filter(|_| self.editor.random.chance(60)).collect();
        if paths.is_empty() || self.has_odd_attributes() {
            return self.commit(&["--no-verify"]);
        }
        self.log.push("git commit <path>".to_owned());
        self.write_work_tree();
        fs::write(self.repo.tmp("paths"), paths.join(&b'\0')).unwrap();
        let file = format!("--pathspec-from-file={}", self.repo.tmp("paths").display());
        let args = ["--pathspec-file-nul", &file];
        let through_hook =
            self.repo.run("git").args(["--literal-pathspecs", "commit", "-q", "-m", "some"]).args(args).raw();
        if !through_hook.status.success() {
            let forced = ["--literal-pathspecs", "commit", "-q", "--no-verify", "-m", "some"];
            git(&self.repo, &[&forced[..], &args].concat(), b"");
        }
        let commits = self.judge.commits(&self.repo, "HEAD^..HEAD");
        let expected = commits.values().map(|parents| self.judge.expected(parents)).next().unwrap_or_default();
        let said = String::from_utf8_lossy(&through_hook.stderr);
        assert_eq!(
            through_hook.status.code(),
            Some(i32::from(!expected.sure.is_empty())),
            "the hook's verdict: {said}"
        );
        tally.hooks += 1;
        self.committed();
        self.read_index();
    }

    /// Each commit of `range` against all its parents.
    fn compare_history(&mut self, range: &str, tally: &mut Tally) {
        let history = if range == "--all" { "--history".to_owned() } else { format!("--history={range}") };
        let report = self.report(&["scan", &history]);
        let mut found_in: BTreeMap<String, BTreeSet<Place>> = BTreeMap::new();
        for (commit, place) in found(&report) {
            found_in.entry(commit.unwrap()).or_default().insert(place);
        }
        let commits = self.judge.commits(&self.repo, range);
        for (commit, parents) in &commits {
            let expected = self.judge.expected(parents);
            Self::compare_findings(&found_in.remove(commit).unwrap_or_default(), &expected);
            tally.unsure += expected.unsure.len();
            tally.findings += expected.sure.len();
            tally.commits += 1;
        }
        assert!(found_in.is_empty(), "findings in other commits: {found_in:?}");
    }
}

/// What a report holds: the commit, and path, line and fingerprint.
fn found(report: &Value) -> Vec<(Option<String>, Place)> {
    let findings = report["findings"].as_array().unwrap();
    let place = |finding: &Value| {
        assert_eq!(finding["rule"], "github-pat-classic", "{finding}");
        let commit = finding["commit"]["id"].as_str().map(str::to_owned);
        let path = path(finding);
        let line = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
        (commit, (path, line, finding["fingerprint"].as_str().unwrap().to_owned()))
    };
    findings.iter().map(place).collect()
}

/// The path as bytes again.
fn path(finding: &Value) -> Vec<u8> {
    let text = finding["path"].as_str().unwrap().as_bytes();
    if finding["path_encoding"].is_null() {
        return text.to_vec();
    }
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        match code.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    bytes
}
