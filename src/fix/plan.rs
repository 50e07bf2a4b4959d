//! What is to be done about the keys that block, file by file; everything is read, nothing written.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::edit::{Check, Edited, Editor, Edits, InWorkTree};
use super::folder::{Declared, Folder};
use super::store::{self, IfStaged, Store};
use super::{Access, Gone, Plan, Refused, Scope, Staging, Surroundings, Write, ignoring, mark, place, whole};
use crate::change::{BytePath, Part};
use crate::git::entry::{self, Entry};
use crate::outcome::Located;
use crate::remedy::by_hand;
use crate::report::listed;

/// Plans for all of `blocked`. Where not all of it can be done safely, the plan says only what cannot, and which keys can
/// be moved without the others.
pub(crate) fn plan(blocked: &[&Located<'_>], around: &Surroundings<'_>) -> Result<Plan> {
    let first = attempt(blocked, around)?;
    if first.refused.is_empty() {
        return Ok(first);
    }
    let Plan { mut refused, left, .. } = first;
    // What is refused gets no variable and leaves its place to none, so that the others are tried once more without it.
    let movable = loop {
        let stays = |key| refused.iter().chain(&left).any(|own| own.fingerprint == key);
        let rest: Vec<_> = blocked.iter().copied().filter(|located| !stays(located.finding.fingerprint())).collect();
        if rest.is_empty() {
            break Vec::new();
        }
        match attempt(&rest, around) {
            Ok(plan) if plan.refused.is_empty() => {
                break rest.iter().map(|located| located.finding.fingerprint()).collect();
            }
            Ok(plan) => refused.extend(plan.refused),
            Err(error) => {
                let reason = error.to_string().lines().next().unwrap_or_default().to_owned();
                refused.extend(rest.iter().map(|located| Planner::not_moved(located, reason.clone())));
            }
        }
    };
    Ok(Plan { refused, movable, left, ..Plan::default() })
}

/// Plans for all of `blocked`; the plan is worth nothing where something is refused.
fn attempt(blocked: &[&Located<'_>], around: &Surroundings<'_>) -> Result<Plan> {
    let variables = &around.config.env_file.value;
    let is_in_variables =
        |located: &&&Located<'_>| located.path.as_ref().is_some_and(|path| path.as_bytes() == variables.as_bytes());
    let is_told = around.scope == Scope::Staged && blocked.iter().any(|located| is_in_variables(&located));
    let if_staged = if is_told { IfStaged::Unstage } else { IfStaged::Refuse };
    let mut planner = Planner {
        around,
        store: Store::open(around.root, variables, if_staged)?,
        declared: Declared::new(),
        ignored: Vec::new(),
        is_read_here: false,
        has_package: true,
        plan: Plan::default(),
    };
    let mut files: BTreeMap<&BytePath, Vec<&Located<'_>>> = BTreeMap::new();
    for located in blocked {
        match (&located.path, located.part) {
            (Some(path), Part::File) => files.entry(path).or_default().push(located),
            (Some(path), Part::Name) => {
                let command = by_hand::rename(path);
                planner.leave(&[located], &format!("the key stands in the file's name: rename the file: {command}"));
            }
            _ => planner.refuse(located, "it stands in the message: take it out there".to_owned()),
        }
    }
    for (path, found) in files {
        planner.file(path, &found);
    }
    planner.finish()
}

struct Planner<'a> {
    around: &'a Surroundings<'a>,
    store: Store,
    declared: Declared,
    /// What git has to leave out, the file of variables apart.
    ignored: Vec<BytePath>,
    /// Whether a program that runs here reads a variable.
    is_read_here: bool,
    /// Whether those that do can load the file themselves.
    has_package: bool,
    plan: Plan,
}

/// Whether a package of the root is built by what expands `$` in a file of variables.
fn is_for_next_or_vite(root: &Path) -> bool {
    let package = place::read(root, &BytePath::from("package.json")).ok().flatten().unwrap_or_default();
    [&b"\"next\""[..], b"\"vite\""].iter().any(|name| memchr::memmem::find(&package, name).is_some())
}

/// One file as it is looked at: what is staged, or what the work tree has.
struct Source {
    text: Vec<u8>,
    entry: Option<Entry>,
}

impl Planner<'_> {
    fn refuse(&mut self, located: &Located<'_>, reason: String) {
        self.plan.refused.push(Self::not_moved(located, reason));
    }

    /// Leaves keys to the user.
    fn leave(&mut self, found: &[&Located<'_>], reason: &str) {
        self.plan.left.extend(found.iter().map(|located| Self::not_moved(located, reason.to_owned())));
    }

    fn not_moved(located: &Located<'_>, reason: String) -> Refused {
        let (finding, path) = (&located.finding, located.path.as_ref().map(place::shown));
        let (path, location) = (path.unwrap_or_else(|| "the message".to_owned()), &finding.location);
        Refused {
            place: format!("{path}:{}:{}", location.line, location.column),
            title: finding.rule.facts().title.to_owned(),
            fingerprint: finding.fingerprint(),
            reason,
        }
    }

    fn file(&mut self, path: &BytePath, found: &[&Located<'_>]) {
        if *path == self.store.path
            && let Some(staged) = self.store.staged.take()
        {
            return self.unstage(path, staged);
        }
        if by_hand::is_file_of_variables(path) {
            match store::staged_alone(self.around.root, path) {
                Ok(Some(staged)) if self.around.scope == Scope::Staged => return self.unstage(path, staged),
                _ => {}
            }
            let command = by_hand::untrack(path);
            return self.leave(
                found,
                &format!(
                    "programs read variables from it, so keep it out of git: name it in .gitignore, and run: {command}"
                ),
            );
        }
        let source = match self.source(path) {
            Ok(Some(source)) => source,
            Ok(None) => {
                let command = by_hand::rename(path);
                return self
                    .leave(found, &format!("a key stands in the file's name, too: rename the file first: {command}"));
            }
            Err(error) => {
                for located in found {
                    self.refuse(located, format!("{error:#}"));
                }
                return;
            }
        };
        if let Some(whole) = found.iter().find(|located| whole::is_whole(&located.finding, &source.text)) {
            return self.whole_file(path, (whole, found), source);
        }
        self.text(path, found.to_vec(), source);
    }

    /// Edits a text. What cannot be moved out of it is refused place by place, so that all of them are told at once.
    fn text(&mut self, path: &BytePath, mut found: Vec<&Located<'_>>, source: Source) {
        let (config, root) = (self.around.config, Some(self.around.root));
        let editor = Editor { path, text: &source.text, config, root, check: Check::Full, folder: Folder::default() };
        while !found.is_empty() {
            let findings: Vec<_> = found.iter().map(|located| &located.finding).collect();
            match editor.edits(&findings, (&mut self.store, &mut self.declared)) {
                Ok(Edits { edited, in_work_tree, .. }) => {
                    if let Some(edit) = in_work_tree {
                        self.write(path, edit);
                    }
                    return self.accept(path, edited, source);
                }
                Err(unfit) => {
                    for (number, reason) in &unfit {
                        self.refuse(found[*number], reason.clone());
                    }
                    let mut numbers = 0..;
                    found.retain(|_| numbers.next().is_some_and(|number| !unfit.contains_key(&number)));
                }
            }
        }
    }

    /// A file of variables belongs to nobody's commit; it stays where it is.
    fn unstage(&mut self, path: &BytePath, staged: Entry) {
        let how = "(not staged; the file stays, and git ignores it)".to_owned();
        self.plan.gone.push(Gone { path: place::shown(path), title: "a file of variables".to_owned(), how });
        let mode = staged.mode.clone();
        self.plan.staging.push(Staging { path: path.clone(), before: Some(staged), mode, content: None });
        self.ignored.push(path.clone());
    }

    /// What the file holds in the version that counts; `None` where its name is another one, for keys in names are never
    /// told.
    fn source(&self, path: &BytePath) -> Result<Option<Source>> {
        let entry = entry::entry(self.around.root, path)?;
        let Some(entry) = entry else { return Ok(None) };
        if !entry.is_file() {
            anyhow::bail!("it is no file, but a link");
        }
        let text = match self.around.scope {
            Scope::Staged => {
                mark::ensure_none(self.around.root, path)?;
                entry::content(self.around.root, &entry.id)?
            }
            Scope::WorkTree => match place::read(self.around.root, path)? {
                Some(text) => text,
                None => anyhow::bail!("the file is gone"),
            },
        };
        Ok(Some(Source { text, entry: Some(entry) }))
    }

    /// Plans the edit of the work tree.
    fn write(&mut self, path: &BytePath, edit: InWorkTree) {
        let shown = place::shown(path);
        match edit {
            InWorkTree::NoFile => {
                self.plan.remarks.push(format!("{shown} is not in the work tree; only what is staged is edited"));
            }
            InWorkTree::NoKey => {
                let remark = format!("{shown} in the work tree holds the key no more; only what is staged is edited");
                self.plan.remarks.push(remark);
            }
            InWorkTree::Edit { before, after } => {
                self.plan.writes.push(Write { path: path.clone(), before: Some(before), after, access: Access::Usual });
            }
        }
    }

    fn accept(&mut self, path: &BytePath, edited: Edited, source: Source) {
        self.plan.shown.extend(edited.shown);
        self.is_read_here |= edited.is_read_here;
        self.has_package &= !edited.is_read_here || by_hand::has_dotenv_package(path);
        for note in edited.notes {
            if !self.plan.remarks.contains(&note) {
                self.plan.remarks.push(note);
            }
        }
        if let Some(entry) = source.entry.filter(|_| self.around.scope == Scope::Staged) {
            let (path, mode) = (path.clone(), entry.mode.clone());
            self.plan.staging.push(Staging { path, before: Some(entry), mode, content: Some(edited.text) });
        }
    }

    fn whole_file(&mut self, path: &BytePath, (whole, found): (&Located<'_>, &[&Located<'_>]), source: Source) {
        for located in found {
            if let Some(demand) = &located.finding.demand {
                return self.refuse(located, format!("it is to be encrypted, not moved. {}", demand.remedy(path)));
            }
        }
        match whole::moved_out(path, source.text, source.entry, self.around) {
            Ok((leaves, staging)) => {
                let to = crate::report::sanitized(leaves.to.as_os_str().as_encoded_bytes());
                let title = whole.finding.rule.facts().title.to_owned();
                self.plan.gone.push(Gone { path: place::shown(path), title, how: format!("(moved to {to})") });
                self.ignored.push(path.clone());
                self.plan.moves.push(leaves);
                self.plan.staging.push(staging);
            }
            Err(error) => self.refuse(whole, format!("{error:#}")),
        }
    }

    /// The files beside the edited ones, in the order in which nothing is lost.
    fn finish(mut self) -> Result<Plan> {
        if !self.plan.refused.is_empty() {
            return Ok(self.plan);
        }
        self.tell_of_copies();
        let (root, scope) = (self.around.root, self.around.scope);
        let sources = std::mem::take(&mut self.plan.writes);
        let after = self.store.after();
        let mut loading = Vec::new();
        if !self.store.read.is_empty() && !self.ignored.contains(&self.store.path) {
            self.ignored.push(self.store.path.clone());
        }
        ignoring::ignore(root, &self.ignored, scope, &mut self.plan)?;
        if let Some(after) = after {
            let path = self.store.path.clone();
            let names = listed(&self.store.added_names());
            let made = if self.store.before.is_none() { " (made, for you alone to read)" } else { "" };
            let shown = place::shown(&path);
            self.plan.remarks.push(format!("{shown} gets {names}{made}"));
            let word = crate::git::command::quoted_word(&shown);
            if self.is_read_here {
                let package = if self.has_package { ", with its dotenv package or" } else { "" };
                loading = vec![
                    format!("Load {shown} before the program runs{package}:"),
                    format!("  set -a; . ./{word}; set +a"),
                ];
            }
            if self.store.adds_sign() && is_for_next_or_vite(root) {
                // The quotes are gone when they look for it.
                self.plan
                    .remarks
                    .push(format!("Next and Vite expand `$` in {shown} in quotes too, where `\\$` is one"));
            }
            let before = self.store.before.take();
            self.plan.writes.push(Write { path, before, after, access: Access::Owner });
        }
        if !self.store.read.is_empty() && place::is_open_to_others(root, &self.store.path) {
            let shown = place::shown(&self.store.path);
            let word = crate::git::command::quoted_word(&shown);
            self.plan.remarks.push(format!("other users can read {shown}; to have it for you alone: chmod 600 {word}"));
        }
        self.example()?;
        self.plan.remarks.extend(loading);
        self.plan.writes.extend(sources);
        Ok(self.plan)
    }

    /// A value without a known form is a key only where its name says so: what a fix leaves of it elsewhere in the same
    /// files would be committed.
    fn tell_of_copies(&mut self) {
        /// Shorter ones stand in other words.
        const SHORTEST: usize = 8;
        let staged = self.plan.staging.iter().filter_map(|one| one.content.as_deref().map(|text| (&one.path, text)));
        let written = self.plan.writes.iter().map(|one| (&one.path, one.after.as_slice()));
        let mut places: Vec<_> = staged
            .chain(written)
            .flat_map(|(path, text)| {
                let values = self.store.values().filter(|value| value.len() >= SHORTEST);
                let found = values.filter_map(|value| memchr::memmem::find(text, value));
                found
                    .map(|at| format!("{}:{}", place::shown(path), memchr::memchr_iter(b'\n', &text[..at]).count() + 1))
            })
            .collect();
        places.sort();
        places.dedup();
        let told = places
            .iter()
            .map(|place| format!("{place} still holds the value, which does not block there: take it out by hand"));
        self.plan.remarks.extend(told);
    }

    /// The names alone, in the file that is committed.
    fn example(&mut self) -> Result<()> {
        let root = self.around.root;
        let path = BytePath::from(&[self.store.path.as_bytes(), b".example"].concat()[..]);
        let before = place::read(root, &path)?;
        let (tracked, mark) = (entry::entry(root, &path)?, entry::mark(root, &path)?);
        let hidden = mark::hidden_text(root, mark, tracked.as_ref())?;
        let text = before.as_deref().or(hidden.as_deref());
        let Some(after) = store::example(text, &self.store.read) else { return Ok(()) };
        let (shown, names) = (place::shown(&path), listed(&self.store.read));
        if crate::guard::is_named(self.around.config, &path)? || entry::has_filter(root, &path)? {
            let remark = format!(
                "{shown} is left as it is, as it has to be encrypted or goes through a filter: it lacks {names}"
            );
            self.plan.remarks.push(remark);
            return Ok(());
        }
        self.plan.remarks.push(format!("{shown} gets {names}"));
        let is_new = before.is_none() && !crate::git::command::is_ignored_path(root, &path)?;
        let staged = match &tracked {
            Some(own) if own.is_file() => store::example(Some(&entry::content(root, &own.id)?), &self.store.read),
            Some(_) => None,
            None => is_new.then(|| after.clone()),
        };
        if let Some(mark) = mark {
            self.plan.remarks.push(mark::not_staged(mark, &path));
        } else if let Some(content) = staged.filter(|_| self.around.scope == Scope::Staged) {
            let mode = tracked.as_ref().map_or("100644".to_owned(), |entry| entry.mode.clone());
            self.plan.staging.push(Staging { path: path.clone(), before: tracked, mode, content: Some(content) });
        } else if tracked.is_none() && is_new {
            self.plan.to_add.push(path.clone());
        }
        self.plan.writes.push(Write { path, before, after, access: Access::Usual });
        Ok(())
    }
}
