//! Random edits of a tree of files: what people and their tools do to files, and some things that they never do.

use std::collections::BTreeMap;

use super::random::Random;
use crate::sandbox::fake;

/// Modes of git's tree entries.
pub(super) const FILE: u32 = 0o100_644;
pub(super) const PROGRAM: u32 = 0o100_755;
pub(super) const LINK: u32 = 0o120_000;
pub(super) const SUBMODULE: u32 = 0o160_000;

/// A file, a link and its target, or a submodule and its commit in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mode: u32,
    pub(super) content: Vec<u8>,
}

pub(super) type Tree = BTreeMap<Vec<u8>, Entry>;

/// Makes edits.
pub(super) struct Editor {
    pub(super) random: Random,
    seed: u64,
    tokens: Vec<String>,
    files: usize,
    lines: usize,
    digits: usize,
}

impl Editor {
    /// `digits` is the length of an object's name.
    pub(super) fn new(seed: u64, digits: usize) -> Self {
        Self { random: Random::new(seed), seed, tokens: Vec::new(), files: 0, lines: 0, digits }
    }

    /// Makes one random edit, and says which.
    pub(super) fn edit(&mut self, tree: &mut Tree) -> &'static str {
        if tree.len() < 4 {
            self.add(tree);
            return "add";
        }
        match self.random.below(27) {
            0 | 1 => self.add(tree).then_some("add"),
            2..=4 => self.insert(tree).then_some("insert lines"),
            5 => self.delete_file(tree).then_some("delete"),
            6 => self.rename(tree).then_some("rename"),
            7 => self.rename_and_edit(tree).then_some("rename and edit"),
            8 => self.rename_folder(tree).then_some("rename a folder"),
            9 => self.copy(tree).then_some("copy"),
            10 => self.change_mode(tree).then_some("change a mode"),
            11 => self.link(tree).then_some("link"),
            12 => self.file_to_folder(tree).then_some("file to folder"),
            13 => self.folder_to_file(tree).then_some("folder to file"),
            14 => self.submodule(tree).then_some("submodule"),
            15 => self.rewrite(tree, switch_line_ends).then_some("switch line ends"),
            16 => self.empty(tree).then_some("empty"),
            17 => self.binary(tree).then_some("binary"),
            18 => self.move_line(tree).then_some("move a line to another file"),
            19 => self.shuffle(tree).then_some("move or repeat a line"),
            20 => self.split_or_join(tree).then_some("split or join lines"),
            21..=23 => self.plant(tree).then_some("plant a token"),
            24 => self.replant(tree).then_some("plant an old token"),
            25 => self.rewrite(tree, switch_last_line_break).then_some("switch the last line break"),
            _ => self.spoil(tree).then_some("change a token in the middle"),
        }
        .unwrap_or("nothing")
    }

    /// Puts an entry into the tree; what stands in its way goes.
    pub(super) fn place(tree: &mut Tree, path: &[u8], entry: Entry) {
        let is_below =
            |path: &[u8], folder: &[u8]| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with(b"/"));
        tree.retain(|other, _| !is_below(other, path) && !is_below(path, other));
        tree.insert(path.to_vec(), entry);
    }

    /// A token that was there before, or a new one.
    pub(super) fn token(&mut self) -> String {
        self.tokens.push(fake::github_token(&format!("oracle {} {}", self.seed, self.tokens.len())));
        self.tokens[self.tokens.len() - 1].clone()
    }

    /// Digits of the name of an object.
    pub(super) fn digits(&self) -> usize {
        self.digits
    }

    fn line(&mut self) -> Vec<u8> {
        const WORDS: [&str; 8] = ["river", "stone", "cloud", "meadow", "lantern", "harbor", "orchard", "winter"];
        self.lines += 1;
        // Some lines are the same everywhere, so that there are several ways to tell the difference.
        match self.random.below(8) {
            0 => b"}\n".to_vec(),
            1 => b"\n".to_vec(),
            _ => format!("{} {} {}\n", self.random.pick(&WORDS), self.random.pick(&WORDS), self.lines).into_bytes(),
        }
    }

    fn line_with(&mut self, token: &str) -> Vec<u8> {
        match self.random.below(3) {
            0 => format!("value = \"{token}\"\n"),
            1 => format!("    use {token}\n"),
            _ => format!("{token}\n"),
        }
        .into_bytes()
    }

    fn new_content(&mut self) -> Vec<u8> {
        let mut content: Vec<u8> = (0..12 + self.random.below(25)).flat_map(|_| self.line()).collect();
        if self.random.chance(25) {
            let token = self.token();
            let line = self.line_with(&token);
            let place = self.place_in(&content);
            content.splice(place..place, line);
        }
        content
    }

    fn new_path(&mut self) -> Vec<u8> {
        const FOLDERS: [&[u8]; 9] =
            [b"", b"", b"src/", b"src/deep/er/", b"src.d/", b"a b/", b"x\xff\xfe/", b"-/", b"src-/\xc3\xa9/"];
        const ENDS: [&[u8]; 9] = [b".txt", b".env", b"", b"\n.txt", b"\".c", b"\x1b[31m", b"*", b" ", b"\xe4"];
        const STARTS: [&str; 5] = ["f", "f", "--help", ":(top)", "src"];
        self.files += 1;
        let start = format!("{}{}", self.random.pick(&STARTS), self.files);
        [*self.random.pick(&FOLDERS), start.as_bytes(), *self.random.pick(&ENDS)].concat()
    }

    /// The path of some file that is none of the others.
    fn any_file(&mut self, tree: &Tree) -> Option<Vec<u8>> {
        let files: Vec<_> = tree.iter().filter(|(_, entry)| matches!(entry.mode, FILE | PROGRAM)).collect();
        (!files.is_empty()).then(|| self.random.pick(&files).0.clone())
    }

    fn any_path(&mut self, tree: &Tree) -> Vec<u8> {
        let place = self.random.below(tree.len());
        tree.keys().nth(place).unwrap().clone()
    }

    /// The beginning of some line, or the end.
    fn place_in(&mut self, content: &[u8]) -> usize {
        let starts: Vec<_> =
            content.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
        match self.random.below(6) {
            0 => 0,
            1 => starts.last().copied().unwrap_or(0),
            _ if starts.is_empty() => 0,
            _ => *self.random.pick(&starts),
        }
    }

    fn add(&mut self, tree: &mut Tree) -> bool {
        let (path, content) = (self.new_path(), self.new_content());
        let mode = if self.random.chance(20) { PROGRAM } else { FILE };
        Self::place(tree, &path, Entry { mode, content });
        true
    }

    fn with_file(&mut self, tree: &mut Tree, change: impl FnOnce(&mut Self, &mut Vec<u8>)) -> bool {
        let Some(path) = self.any_file(tree) else { return false };
        change(self, &mut tree.get_mut(&path).unwrap().content);
        true
    }

    fn insert(&mut self, tree: &mut Tree) -> bool {
        self.with_file(tree, |this, content| {
            let place = this.place_in(content);
            let lines: Vec<u8> = (0..=this.random.below(3)).flat_map(|_| this.line()).collect();
            let mut rest = content.split_off(place);
            if this.random.chance(40) {
                rest.drain(..rest.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1));
            }
            content.extend(lines);
            content.extend(rest);
        })
    }

    fn delete_file(&mut self, tree: &mut Tree) -> bool {
        let path = self.any_path(tree);
        tree.remove(&path).is_some()
    }

    fn rename(&mut self, tree: &mut Tree) -> bool {
        let (from, to) = (self.any_path(tree), self.new_path());
        let entry = tree.remove(&from).unwrap();
        Self::place(tree, &to, entry);
        true
    }

    fn rename_and_edit(&mut self, tree: &mut Tree) -> bool {
        let Some(from) = self.any_file(tree) else { return false };
        let mut entry = tree.remove(&from).unwrap();
        let token = self.token();
        let line = if self.random.chance(50) { self.line_with(&token) } else { self.line() };
        let place = self.place_in(&entry.content);
        entry.content.splice(place..place, line);
        let to = if self.random.chance(50) {
            // A namesake in another folder.
            [&b"moved/"[..], from.rsplit(|byte| *byte == b'/').next().unwrap()].concat()
        } else {
            self.new_path()
        };
        Self::place(tree, &to, entry);
        true
    }

    fn rename_folder(&mut self, tree: &mut Tree) -> bool {
        let path = self.any_path(tree);
        let Some(slash) = path.iter().position(|byte| *byte == b'/') else { return false };
        self.files += 1;
        let to = format!("folder{}", self.files);
        let from = path[..=slash].to_vec();
        let moved: Vec<_> = tree.keys().filter(|path| path.starts_with(&from)).cloned().collect();
        for path in moved {
            let entry = tree.remove(&path).unwrap();
            Self::place(tree, &[to.as_bytes(), &path[slash..]].concat(), entry);
        }
        true
    }

    fn copy(&mut self, tree: &mut Tree) -> bool {
        let (from, to) = (self.any_path(tree), self.new_path());
        let entry = tree[&from].clone();
        Self::place(tree, &to, entry);
        true
    }

    fn change_mode(&mut self, tree: &mut Tree) -> bool {
        let Some(path) = self.any_file(tree) else { return false };
        tree.get_mut(&path).unwrap().mode ^= FILE ^ PROGRAM;
        true
    }

    fn link(&mut self, tree: &mut Tree) -> bool {
        let path = if self.random.chance(50) { self.any_path(tree) } else { self.new_path() };
        let content = match self.random.below(3) {
            0 => self.token().into_bytes(),
            1 => format!("../{}/x", self.token()).into_bytes(),
            _ => self.new_path(),
        };
        Self::place(tree, &path, Entry { mode: LINK, content });
        true
    }

    fn file_to_folder(&mut self, tree: &mut Tree) -> bool {
        let path = self.any_path(tree);
        let mut entry = tree.remove(&path).unwrap();
        if self.random.chance(50) {
            entry = Entry { mode: FILE, content: self.new_content() };
        }
        Self::place(tree, &[&path[..], b"/inner"].concat(), entry);
        true
    }

    fn folder_to_file(&mut self, tree: &mut Tree) -> bool {
        let path = self.any_path(tree);
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else { return false };
        let content = self.new_content();
        Self::place(tree, &path[..slash], Entry { mode: FILE, content });
        true
    }

    fn submodule(&mut self, tree: &mut Tree) -> bool {
        let path = if self.random.chance(60) { self.new_path() } else { self.any_path(tree) };
        let content = self.random.name_of_object(self.digits).into_bytes();
        Self::place(tree, &path, Entry { mode: SUBMODULE, content });
        true
    }

    fn rewrite(&mut self, tree: &mut Tree, change: fn(&[u8]) -> Vec<u8>) -> bool {
        self.with_file(tree, |_, content| *content = change(content))
    }

    fn empty(&mut self, tree: &mut Tree) -> bool {
        let path = if self.random.chance(60) { self.new_path() } else { self.any_path(tree) };
        Self::place(tree, &path, Entry { mode: FILE, content: Vec::new() });
        true
    }

    fn binary(&mut self, tree: &mut Tree) -> bool {
        self.with_file(tree, |this, content| {
            let place = this.place_in(content);
            content.splice(place..place, *b"\0\x01\xff\xfe \n");
        })
    }

    /// Takes a line with a token out of one file and puts it into another one, or leaves it in both.
    fn move_line(&mut self, tree: &mut Tree) -> bool {
        let Some(from) = self.any_file(tree) else { return false };
        let content = &tree[&from].content;
        let Some(line) =
            content.split_inclusive(|byte| *byte == b'\n').find(|line| line.windows(4).any(|w| w == b"ghp_"))
        else {
            return false;
        };
        let line = [line.trim_ascii_end(), b"\n"].concat();
        if self.random.chance(50) {
            let left = content.split_inclusive(|byte| *byte == b'\n').filter(|other| *other != line).flatten();
            let left = left.copied().collect();
            tree.get_mut(&from).unwrap().content = left;
        }
        self.with_file(tree, |this, content| {
            let place = this.place_in(content);
            content.splice(place..place, line);
        })
    }

    /// Moves, repeats or indents a line within its file.
    fn shuffle(&mut self, tree: &mut Tree) -> bool {
        self.with_file(tree, |this, content| {
            let mut lines: Vec<Vec<u8>> = content.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            if lines.is_empty() {
                return;
            }
            let of_token = lines.iter().position(|line| line.windows(4).any(|w| w == b"ghp_"));
            let from = of_token.filter(|_| this.random.chance(70)).unwrap_or_else(|| this.random.below(lines.len()));
            let to = this.random.below(lines.len());
            match this.random.below(3) {
                0 => lines.swap(from, to),
                1 => lines.insert(to, [lines[from].trim_ascii_end(), b"\n"].concat()),
                _ => lines[from].splice(0..0, *b"\t").for_each(drop),
            }
            // A last line without a break may have come to stand before another one.
            let last = lines.len() - 1;
            lines[..last].iter_mut().filter(|line| !line.ends_with(b"\n")).for_each(|line| line.push(b'\n'));
            *content = lines.concat();
        })
    }

    fn split_or_join(&mut self, tree: &mut Tree) -> bool {
        self.with_file(tree, |this, content| {
            let wanted = if this.random.chance(50) { b' ' } else { b'\n' };
            let places: Vec<_> =
                content.iter().enumerate().filter(|(_, byte)| **byte == wanted).map(|(at, _)| at).collect();
            if !places.is_empty() {
                content[*this.random.pick(&places)] = if wanted == b' ' { b'\n' } else { b' ' };
            }
        })
    }

    fn plant(&mut self, tree: &mut Tree) -> bool {
        let token = self.token();
        self.plant_this(tree, &token)
    }

    fn replant(&mut self, tree: &mut Tree) -> bool {
        if self.tokens.is_empty() {
            return false;
        }
        let place = self.random.below(self.tokens.len());
        let token = self.tokens[place].clone();
        self.plant_this(tree, &token)
    }

    fn plant_this(&mut self, tree: &mut Tree, token: &str) -> bool {
        self.with_file(tree, |this, content| {
            let (place, line) = (this.place_in(content), this.line_with(token));
            content.splice(place..place, line);
        })
    }

    /// Changes a letter of a token: another token, if one with a wrong checksum.
    fn spoil(&mut self, tree: &mut Tree) -> bool {
        self.with_file(tree, |this, content| {
            let Some(start) = content.windows(4).position(|window| window == b"ghp_") else { return };
            let place = start + 6 + this.random.below(20);
            if let Some(letter) = content.get_mut(place).filter(|letter| letter.is_ascii_alphanumeric()) {
                *letter = *this.random.pick(b"GHJKLMNPQRSTVWXYZ23456789");
            }
        })
    }
}

fn switch_line_ends(content: &[u8]) -> Vec<u8> {
    let is_dos = content.windows(2).any(|window| window == b"\r\n");
    let lines = content.split_inclusive(|byte| *byte == b'\n');
    lines
        .flat_map(|line| match line.strip_suffix(b"\n") {
            None => line.to_vec(),
            Some(line) if is_dos => [line.strip_suffix(b"\r").unwrap_or(line), b"\n"].concat(),
            Some(line) => [line, b"\r\n"].concat(),
        })
        .collect()
}

fn switch_last_line_break(content: &[u8]) -> Vec<u8> {
    content.strip_suffix(b"\n").map_or_else(|| [content, b"\n"].concat(), <[u8]>::to_vec)
}
