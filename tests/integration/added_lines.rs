//! Git as the oracle of what "added" means: the library's hunks against those of `git diff -U0`, on thousands of edits.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use keyguard::change;

use crate::sandbox::{Output, Sandbox};

/// How many edits of each style are compared.
const EDITS: usize = 600;

/// What the lines of a text are like.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// Nearly every line is like no other.
    Distinct,
    /// A handful of lines again and again.
    Few,
    /// Code: indented, with blank lines and closing brackets.
    Code,
    /// The same block of lines several times.
    Blocks,
    /// Lines of some thousand characters.
    Long,
    /// Some line ends are CR LF.
    CarriageReturn,
}

const STYLES: [Style; 6] =
    [Style::Distinct, Style::Few, Style::Code, Style::Blocks, Style::Long, Style::CarriageReturn];

/// Numbers that look random (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn line(&mut self, style: Style) -> String {
        let number = self.below(1 << 20);
        match style {
            Style::Distinct => format!("line {number}\n"),
            Style::Few => ["a\n", "b\n", "c\n", "\n", "d d\n"][number % 5].to_owned(),
            Style::Code => match number % 6 {
                0 => "\n".to_owned(),
                1 => format!("{}}}\n", "    ".repeat(self.below(3))),
                2 => format!("{}else {{\n", "\t".repeat(self.below(3))),
                _ => format!("{}call({});\n", "    ".repeat(self.below(4)), self.below(8)),
            },
            Style::Blocks => "begin\nset x\n\nrun\nend\n".to_owned(),
            Style::Long => format!("{}{}\n", "word ".repeat(600), number % 16),
            Style::CarriageReturn => {
                format!("line {}{}", number % 12, if number.is_multiple_of(3) { "\r\n" } else { "\n" })
            }
        }
    }

    fn text(&mut self, style: Style) -> String {
        let lines = self.below(60);
        (0..lines).map(|_| self.line(style)).collect()
    }

    /// Another version of `text`: lines taken out, put in, changed, doubled, moved; the last one with or without its end.
    fn edited(&mut self, text: &str, style: Style) -> String {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        for _ in 0..=self.below(8) {
            let place = self.below(lines.len() + 1);
            let end = lines.len().min(place + 1 + self.below(5));
            match self.below(5) {
                0 => drop(lines.drain(place..end)),
                1 => lines.insert(place, self.line(style)),
                2 => lines.iter_mut().take(end).skip(place).for_each(|line| line.insert_str(0, "  ")),
                3 => lines.splice(place..place, lines[place..end].to_vec()).for_each(drop),
                _ => {
                    let moved: Vec<_> = lines.drain(place..end).collect();
                    let target = self.below(lines.len() + 1);
                    lines.splice(target..target, moved).for_each(drop);
                }
            }
        }
        let text = lines.concat();
        if self.below(4) == 0 { text.trim_end_matches('\n').to_owned() } else { text }
    }
}

/// One edit of a file.
struct Edit {
    name: String,
    old: String,
    new: String,
}

fn edits(seed: u64) -> Vec<Edit> {
    let mut random = Random(seed);
    let mut edits = Vec::new();
    for style in STYLES {
        for number in 0..EDITS {
            let old = random.text(style);
            let new = random.edited(&old, style);
            edits.push(Edit { name: format!("{style:?}-{number}"), old, new });
        }
    }
    edits
}

/// Two commits, one of all old versions and one of all new ones.
fn import(repo: &Sandbox, edits: &[Edit]) {
    let mut stream = String::new();
    for pick in [|edit: &Edit| edit.old.clone(), |edit: &Edit| edit.new.clone()] {
        stream.push_str("commit refs/heads/main\ncommitter C <c@keyguard.test> 0 +0000\ndata 0\n");
        for edit in edits {
            let content = pick(edit);
            writeln!(stream, "M 644 inline {}\ndata {}\n{content}", edit.name, content.len()).unwrap();
        }
    }
    repo.run("git").args(["fast-import", "--quiet"]).input(stream).output().success();
}

fn diff(repo: &Sandbox) -> Output {
    let options = ["diff", "-U0", "--text", "--no-renames", "--no-ext-diff", "--no-color", "--diff-algorithm=myers"];
    repo.run("git").args(options).args(["main~1", "main"]).output()
}

/// What git says is added, by file: the ranges of its hunk headers. Content begins with a sign, so it is no header.
fn added_by_git(diff: &Output) -> BTreeMap<String, Vec<Range<usize>>> {
    let mut added = BTreeMap::<_, Vec<_>>::new();
    let mut name = String::new();
    for line in diff.text().lines() {
        if let Some(names) = line.strip_prefix("diff --git a/") {
            names.split(' ').next().unwrap().clone_into(&mut name);
        } else if line.starts_with("@@ ") {
            let numbers = line.split(' ').nth(2).unwrap().trim_start_matches('+');
            let (start, count) = numbers.split_once(',').unwrap_or((numbers, "1"));
            let (start, count) = (start.parse::<usize>().unwrap(), count.parse::<usize>().unwrap());
            if count > 0 {
                added.entry(name.clone()).or_default().push(start..start + count);
            }
        }
    }
    added
}

#[test]
fn added_lines_are_those_of_git_diff() {
    let seed = 5;
    let edits = edits(seed);
    let repo = Sandbox::new();
    import(&repo, &edits);
    let mut added = added_by_git(diff(&repo).success());
    assert!(added.len() > edits.len() / 2, "{} files with added lines", added.len());
    for Edit { name, old, new } in &edits {
        let ours: Vec<_> = change::hunks(old.as_bytes(), new.as_bytes()).into_iter().map(|hunk| hunk.lines).collect();
        let theirs = added.remove(name).unwrap_or_default();
        assert_eq!(ours, theirs, "ours (left) and git's (right), seed {seed}, {name}:\n{old:?}\n{new:?}");
    }
    assert!(added.is_empty(), "git adds lines to files that were not edited: {added:?}");
}

#[test]
fn added_lines_of_large_files_are_those_of_git_diff() {
    let seed = 6;
    let mut random = Random(seed);
    let repo = Sandbox::new();
    let mut edits = Vec::new();
    for (number, (before, behind)) in
        [(0, 0), (0, 90_000), (90_000, 0), (90_000, 90_000), (300_000, 5)].iter().enumerate()
    {
        let surroundings = |count: usize| (0..count).map(|line| format!("line {line} of many\n")).collect::<String>();
        let middle = random.text(Style::Code);
        let edited = random.edited(&middle, Style::Code);
        let whole = |middle: &str| format!("{}{middle}\n{}", surroundings(*before), surroundings(*behind));
        edits.push(Edit { name: format!("large-{number}"), old: whole(&middle), new: whole(&edited) });
    }
    import(&repo, &edits);
    let mut added = added_by_git(diff(&repo).success());
    for Edit { name, old, new } in &edits {
        let ours: Vec<_> = change::hunks(old.as_bytes(), new.as_bytes()).into_iter().map(|hunk| hunk.lines).collect();
        assert_eq!(ours, added.remove(name).unwrap_or_default(), "ours (left) and git's (right), seed {seed}, {name}");
    }
}
