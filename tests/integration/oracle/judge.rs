//! What a commit brings in, told by git's commands alone: which paths differ from each parent, what they were renamed
//! from, and which tokens stand in the new content and in none of the old.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::bytes::Regex;
use sha2::{Digest as _, Sha256};

use super::edit::SUBMODULE;
use crate::sandbox::Sandbox;

/// A token at a place: path, line, fingerprint.
pub(super) type Place = (Vec<u8>, usize, String);

/// The tokens that have to be reported, and those of files of which nobody can say what they were renamed from.
#[derive(Default)]
pub(super) struct Expected {
    pub(super) sure: BTreeSet<Place>,
    pub(super) unsure: BTreeSet<Place>,
}

/// One line of `git diff --raw`.
#[derive(Clone)]
pub(super) struct Raw {
    pub(super) old_mode: u32,
    pub(super) new_mode: u32,
    old_id: String,
    new_id: String,
    pub(super) status: u8,
    /// The path, or that of a rename's source.
    old_path: Vec<u8>,
    pub(super) path: Vec<u8>,
}

impl Raw {
    /// Whether the path did not exist before.
    fn is_new_path(&self) -> bool {
        matches!(self.status, b'A' | b'R')
    }

    /// Whether the file stays where it is, with the same bytes.
    pub(super) fn is_mode_alone(&self) -> bool {
        !self.is_new_path() && is_blob(self.old_mode) && is_blob(self.new_mode) && self.old_id == self.new_id
    }
}

pub(super) fn is_blob(mode: u32) -> bool {
    mode != 0 && mode != SUBMODULE
}

/// How similar a file has to be to what it was renamed from, in hundredths. git and keyguard say 50, and count the bytes
/// in slightly different ways, so a file that comes close to that is left alone.
const SURELY_OTHER: usize = 35;
const SURELY_SAME: usize = 65;

/// Asks git.
pub(super) struct Judge {
    contents: HashMap<String, Vec<u8>>,
}

impl Judge {
    pub(super) fn new() -> Self {
        Self { contents: HashMap::new() }
    }

    /// Remembers a blob.
    pub(super) fn learn(&mut self, id: &str, content: &[u8]) {
        self.contents.entry(id.to_owned()).or_insert_with(|| content.to_vec());
    }

    pub(super) fn content(&self, id: &str) -> &[u8] {
        &self.contents[id]
    }

    /// What is staged against `parent`, or against HEAD.
    pub(super) fn staged(&mut self, repo: &Sandbox, parent: Option<&str>) -> Vec<Raw> {
        let mut args = vec!["diff", "--cached", "--raw", "-z", "-M", "-l0", "--no-abbrev", "--ignore-submodules=none"];
        args.extend(parent);
        args.push("--");
        let output = git(repo, &args, b"");
        let raws = parse(&mut output.split(|byte| *byte == 0).peekable());
        self.fetch(repo, raws.iter());
        raws
    }

    /// What each commit of `range` changes against each parent; none for those that change nothing against one.
    pub(super) fn commits(&mut self, repo: &Sandbox, range: &str) -> BTreeMap<String, Vec<Vec<Raw>>> {
        let listed = git(repo, &["rev-list", "--parents", range, "--"], b"");
        let listed = String::from_utf8(listed).unwrap();
        let names: String = listed.lines().map(|line| format!("{}\n", line.split(' ').next().unwrap())).collect();
        let args = ["diff-tree", "--stdin", "-m", "-r", "--root", "--raw", "-M", "-l0", "-z", "--no-abbrev"];
        let output = git(repo, &args, names.as_bytes());
        let mut fields = output.split(|byte| *byte == 0).peekable();
        let mut commits: BTreeMap<String, Vec<Vec<Raw>>> = BTreeMap::new();
        while let Some(name) = fields.next().filter(|name| !name.is_empty()) {
            let raws = parse(&mut fields);
            commits.entry(String::from_utf8(name.to_vec()).unwrap()).or_default().push(raws);
        }
        for line in listed.lines() {
            let (name, parents) =
                line.split_once(' ').map_or((line, 1), |(name, rest)| (name, rest.split(' ').count()));
            if commits.get(name).is_some_and(|differing| differing.len() < parents) {
                commits.remove(name);
            }
        }
        self.fetch(repo, commits.values().flatten().flatten());
        commits
    }

    /// Reads the blobs that are not known yet.
    fn fetch<'r>(&mut self, repo: &Sandbox, raws: impl Iterator<Item = &'r Raw>) {
        let sides = raws.flat_map(|raw| [(raw.old_mode, &raw.old_id), (raw.new_mode, &raw.new_id)]);
        let unknown = sides.filter(|(mode, id)| is_blob(*mode) && !self.contents.contains_key(*id));
        let unknown: BTreeSet<_> = unknown.map(|(_, id)| id.clone()).collect();
        if unknown.is_empty() {
            return;
        }
        let names: String = unknown.iter().map(|id| format!("{id}\n")).collect();
        let output = git(repo, &["cat-file", "--batch"], names.as_bytes());
        let mut rest = &output[..];
        for id in unknown {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
            let header = str::from_utf8(&rest[..end]).unwrap();
            let size: usize = header.rsplit(' ').next().unwrap().parse().unwrap();
            self.learn(&id, &rest[end + 1..end + 1 + size]);
            rest = &rest[end + 2 + size..];
        }
    }

    /// The tokens that stand in the new content of a path and in no parent's old one.
    pub(super) fn expected(&self, parents: &[Vec<Raw>]) -> Expected {
        let mut expected = Expected::default();
        let Some((first, others)) = parents.split_first() else { return expected };
        for raw in first.iter().filter(|raw| is_blob(raw.new_mode)) {
            let tokens = tokens(self.content(&raw.new_id));
            if tokens.is_empty() {
                continue;
            }
            let others =
                others.iter().map(|parent| Some((parent, parent.iter().find(|other| other.path == raw.path)?)));
            let Some(others) = others.collect::<Option<Vec<_>>>() else { continue };
            let versions = [(first, raw)].into_iter().chain(others);
            let (mut old, mut is_sure) = (BTreeSet::new(), true);
            for (parent, raw) in versions {
                is_sure &= !raw.is_new_path() || self.is_origin_clear(parent, raw);
                if is_blob(raw.old_mode) {
                    old.extend(self::tokens(self.content(&raw.old_id)).into_iter().map(|(_, token)| token));
                }
            }
            let new = tokens.into_iter().filter(|(_, token)| !old.contains(token));
            let places = new.map(|(line, token)| (raw.path.clone(), line, token));
            if is_sure { expected.sure.extend(places) } else { expected.unsure.extend(places) }
        }
        expected
    }

    /// Whether there is exactly one deleted file that this one can come from, and git says the same; or none at all.
    pub(super) fn is_origin_clear(&self, parent: &[Raw], raw: &Raw) -> bool {
        let gone = |raw: &&Raw| is_blob(raw.old_mode) && matches!(raw.status, b'D' | b'R');
        let candidates: Vec<_> = parent
            .iter()
            .filter(gone)
            .filter_map(|other| {
                let similarity = self.similarity(&other.old_id, &raw.new_id);
                (similarity >= SURELY_OTHER).then_some((&other.old_path, &other.old_id, similarity))
            })
            .collect();
        match candidates[..] {
            [] => raw.status == b'A',
            [(path, id, similarity)] => {
                let added = parent.iter().filter(|other| other.is_new_path() && is_blob(other.new_mode));
                let alike = added.filter(|other| self.similarity(id, &other.new_id) >= SURELY_OTHER).count();
                similarity >= SURELY_SAME && raw.status == b'R' && raw.old_path == *path && alike == 1
            }
            _ => false,
        }
    }

    /// The share of common lines, by bytes, in the larger of the two, in hundredths.
    fn similarity(&self, a: &str, b: &str) -> usize {
        let (a, b) = (self.content(a), self.content(b));
        if a == b {
            return 100;
        }
        let mut lines: HashMap<&[u8], usize> = HashMap::new();
        let plain = |line: &'_ [u8]| -> usize { line.trim_ascii_end().len() };
        for line in a.split(|byte| *byte == b'\n') {
            *lines.entry(&line[..plain(line)]).or_default() += 1;
        }
        let mut common = 0;
        for line in b.split(|byte| *byte == b'\n').map(|line| &line[..plain(line)]) {
            if let Some(count) = lines.get_mut(line).filter(|count| **count > 0) {
                *count -= 1;
                common += line.len() + 1;
            }
        }
        common * 100 / a.len().max(b.len()).max(1)
    }
}

/// Runs git, and gives what it says.
#[track_caller]
pub(super) fn git(repo: &Sandbox, args: &[&str], input: &[u8]) -> Vec<u8> {
    let output = repo.run("git").args(args).input(input).raw();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Takes lines of `--raw -z` apart, as far as there are any.
fn parse<'o>(fields: &mut std::iter::Peekable<impl Iterator<Item = &'o [u8]>>) -> Vec<Raw> {
    let mut raws = Vec::new();
    // The first line of a commit may follow a line break.
    while let Some(line) = fields.next_if(|field| field.trim_ascii_start().starts_with(b":")) {
        let words: Vec<_> = str::from_utf8(line).unwrap().trim().trim_start_matches(':').split(' ').collect();
        let mode = |word| u32::from_str_radix(word, 8).unwrap();
        let status = words[4].as_bytes()[0];
        let old_path = fields.next().unwrap().to_vec();
        let path = if status == b'R' { fields.next().unwrap().to_vec() } else { old_path.clone() };
        let (old_id, new_id) = (words[2].to_owned(), words[3].to_owned());
        raws.push(Raw { old_mode: mode(words[0]), new_mode: mode(words[1]), old_id, new_id, status, old_path, path });
    }
    raws
}

/// Line and fingerprint of each token.
fn tokens(content: &[u8]) -> Vec<(usize, String)> {
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?-u:\b)gh[p]_[0-9A-Za-z]{36}(?-u:\b)").unwrap());
    let line = |at: usize| content[..at].split(|byte| *byte == b'\n').count();
    TOKEN.find_iter(content).map(|found| (line(found.start()), fingerprint(found.as_bytes()))).collect()
}

fn fingerprint(secret: &[u8]) -> String {
    let digest = Sha256::digest([b"keyguard-fingerprint-1\0", secret].concat());
    format!("kg1:{}", digest[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
