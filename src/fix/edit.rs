//! One text without its keys.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::Result;

use super::folder::{self, Declared, Folder};
use super::store::Store;
use super::{Shown, place};
use crate::change::BytePath;
use crate::config::Config;
use crate::decode::{Kind, Text};
use crate::finding::{Finding, Location};
use crate::remedy::way::{NewText, Reading};
use crate::remedy::{self, Declaration, Patch, name};
use crate::rules::Rule;
use crate::scanner::Scanner;
use crate::secret::{Excerpt, Fingerprint, Secret};

/// A key at its place in a text.
pub(super) struct Target<'r> {
    pub(super) rule: Rule<'r>,
    pub(super) fingerprint: Fingerprint,
    pub(super) secret: Secret,
    /// What the message of a block calls its variable, if it has a name for it.
    variable: Option<String>,
    pub(super) span: Range<usize>,
    pub(super) location: Location,
    /// Whether the text holds the value as it is.
    pub(super) is_plain: bool,
}

impl<'r> Target<'r> {
    /// The key itself and, where it is told with it, the other half of the pair.
    fn all_of(finding: &Finding<'r>) -> Vec<Self> {
        let own = Self {
            rule: finding.rule,
            fingerprint: finding.fingerprint(),
            secret: finding.secret.clone(),
            variable: finding.variable(),
            span: finding.span.clone(),
            location: finding.location,
            is_plain: finding.decoded.is_empty(),
        };
        let half = finding.other_half.as_ref().filter(|_| finding.half_told_with_it().is_some()).map(|half| Self {
            rule: half.rule,
            fingerprint: half.secret.fingerprint(),
            secret: half.secret.clone(),
            variable: None,
            span: half.span.clone(),
            location: half.location,
            is_plain: true,
        });
        std::iter::once(own).chain(half).collect()
    }

    /// Whether the target is the finding's key or its other half.
    fn belongs_to(&self, finding: &Finding<'_>) -> bool {
        Target::all_of(finding).iter().any(|own| own.span == self.span)
    }
}

/// What an edit of a staged file comes to in the work tree.
pub(super) enum InWorkTree {
    /// The file is not there.
    NoFile,
    /// It is, and holds none of the keys.
    NoKey,
    Edit {
        before: Vec<u8>,
        after: Vec<u8>,
    },
}

/// Each stretch of a text once, in order.
fn without_doubles(mut targets: Vec<Target<'_>>) -> Vec<Target<'_>> {
    let key = |span: &Range<usize>| (span.start, span.end);
    targets.sort_by_key(|target| key(&target.span));
    targets.dedup_by_key(|target| key(&target.span));
    targets
}

/// How the keys of a file leave it, in the version that counts and in the work tree.
pub(super) struct Edits<'r> {
    pub(super) targets: Vec<Target<'r>>,
    pub(super) edited: Edited,
    /// `None` where the file is not looked at there.
    pub(super) in_work_tree: Option<InWorkTree>,
}

/// A text that reads variables where it held keys.
pub(super) struct Edited {
    pub(super) text: Vec<u8>,
    /// What is to be shown of each target.
    pub(super) shown: Vec<Shown>,
    pub(super) notes: Vec<String>,
    /// Whether a program that runs here reads it; where the value is given in another way, a note says in which.
    pub(super) is_read_here: bool,
}

/// The keys that stay where they are, by their number, and why.
pub(super) type Unfit = BTreeMap<usize, String>;

const NO_TEXT: &str = "the file is no plain text";

/// Where keys stand in a text.
type Spans = Vec<Range<usize>>;

/// A file, and what knows keys when it sees them.
pub(super) struct Editor<'a> {
    pub(super) path: &'a BytePath,
    pub(super) text: &'a [u8],
    pub(super) config: &'a Config,
    /// The root of the work tree; `None` where the file is not looked at there.
    pub(super) root: Option<&'a Path>,
    pub(super) check: Check,
    pub(super) folder: Folder,
}

/// Whether what an edit comes to is looked at again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// It is: no key may seem to stand there, and all of them are hidden in what is shown.
    Full,
    /// It is not, for that means regexes that nothing else asks for: ten times what the rest of a message takes.
    None,
}

impl<'a> Editor<'a> {
    fn findings(&self, text: &[u8]) -> Result<Vec<Finding<'a>>> {
        let config = self.config;
        let scanner = Scanner::new(&config.rules, config.min_confidence.value).decoding(config.decode_depth.value);
        scanner.scan(self.path, &Text::decode(text.to_vec()))
    }

    /// Moves all of `found`; in vain for those that are named in the error.
    pub(super) fn edits<'r>(
        &self,
        found: &[&Finding<'r>],
        (store, declared): (&mut Store, &mut Declared),
    ) -> Result<Edits<'r>, Unfit> {
        let targets = without_doubles(found.iter().flat_map(|finding| Target::all_of(finding)).collect());
        let edited = self.edit(&targets, store, declared).and_then(|edited| {
            let others = (store, declared);
            let in_work_tree = self.root.map(|root| self.in_work_tree(root, (&targets, &edited.text), others));
            Ok((edited, in_work_tree.transpose()?))
        });
        match edited {
            Ok((edited, in_work_tree)) => Ok(Edits { targets, edited, in_work_tree }),
            Err(unfit) => {
                let owner = |number: usize| found.iter().position(|finding| targets[number].belongs_to(finding));
                Err(unfit.into_iter().map(|(number, reason)| (owner(number).unwrap_or_default(), reason)).collect())
            }
        }
    }

    /// Puts a reference in the place of each target; in vain for those that are named in the error.
    fn edit(&self, targets: &[Target<'_>], store: &mut Store, declared: &mut Declared) -> Result<Edited, Unfit> {
        let mut unfit = Unfit::new();
        let mut patches = Vec::new();
        let mut changes = Vec::new();
        let mut declarations = Vec::new();
        let mut notes = Vec::new();
        let mut is_read_here = false;
        let is_plain = Text::decode(self.text.to_vec()).kind() == Kind::Plain;
        for (number, target) in targets.iter().enumerate() {
            let edit = if is_plain { self.replacement(target, store) } else { Err(NO_TEXT.to_owned()) };
            let edit = match edit {
                Ok(edit) => edit,
                Err(reason) => {
                    unfit.insert(number, reason);
                    continue;
                }
            };
            is_read_here |= edit.note.is_none();
            notes.extend(edit.note);
            notes.extend(edit.hint.map(str::to_owned));
            declarations.extend(edit.declaration.filter(|own| folder::has_to_declare(self, own, declared)));
            patches.extend(edit.additions);
            changes.push((edit.change, edit.reference, edit.variable));
        }
        if !unfit.is_empty() {
            return Err(unfit);
        }
        patches.extend(Declaration::joined(&declarations));
        patches.extend(changes.iter().map(|(change, ..)| change.clone()));
        let patches = in_order(patches);
        if let Some(pair) = patches.windows(2).find(|pair| pair[1].span.start < pair[0].span.end) {
            let number = changes.iter().position(|(change, ..)| pair.contains(change)).unwrap_or_default();
            return Err(Unfit::from([(number, "two values stand in one string: take them apart first".to_owned())]));
        }
        let text = patched(self.text, &patches);
        let (before, after) = match self.check {
            Check::Full => self.checked(targets, &text).map_err(|(at, reason)| {
                let is_to_blame = |change: &Patch| {
                    let start = moved(change, &patches);
                    start < at.end && at.start < start + change.with.len()
                };
                Unfit::from([(changes.iter().position(|(change, ..)| is_to_blame(change)).unwrap_or_default(), reason)])
            })?,
            Check::None => (targets.iter().map(|target| target.span.clone()).collect(), Vec::new()),
        };
        let shown = targets.iter().zip(&changes).map(|(target, (change, reference, variable))| {
            let start = moved(change, &patches);
            let at = start + reference.start..start + reference.end;
            let added = Excerpt::new(&text, &at, &Secret::new(b"", 0), &after);
            let new = NewText { text: &text, at, change: start..start + change.with.len(), hidden: &after };
            let is_wide = change.span != target.span;
            self.shown(target, &before, (added, Reading::new(variable, &new, is_wide)))
        });
        let mut shown: Vec<_> = shown.collect();
        if let Some(first) = shown.first_mut() {
            let lines = patches.iter().filter(|patch| patch.span.is_empty()).flat_map(|patch| patch.with.lines());
            first.added.extend(lines.map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned));
        }
        Ok(Edited { text, shown, notes, is_read_here })
    }

    fn replacement(&self, target: &Target<'_>, store: &mut Store) -> Result<remedy::Edit, String> {
        let is_plain = target.location.offset.is_none();
        let Some(value) = self.text.get(target.span.clone()).filter(|_| is_plain) else {
            return Err(NO_TEXT.to_owned());
        };
        if value.contains(&b'\n') {
            return Err("it has several lines: keep it in a file outside the repository, and read that".to_owned());
        }
        if !target.is_plain || !target.secret.is_written_as(value) {
            return Err("it is not written as it is, but encoded or in pieces: take it out by hand".to_owned());
        }
        let facts = target.rule.facts();
        let assigned = name::assigned(self.text, &target.span);
        let variable = target.variable.as_deref().or(facts.variable());
        let span = remedy::extent(variable.or(assigned.as_deref()), self.text, &target.span);
        let value = &self.text[span.clone()];
        let name = store.name(value, &name::candidates(variable, target.rule, (self.text, &span)));
        let edit = folder::fitting(self, store, (&span, &name))?;
        let edit = self.in_own_dialect(edit, &span)?;
        store.put(&edit.variable, value)?;
        let note = edit.note.map(|note| folder::note(self.path, store, note));
        Ok(remedy::Edit { note, ..edit })
    }

    /// The same in the form that the user's configuration gives for such files. It replaces whole strings, and the user
    /// knows what it needs at the head of a file.
    fn in_own_dialect(&self, mut edit: remedy::Edit, value: &Range<usize>) -> Result<remedy::Edit, String> {
        let ending = self.path.name().rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        let form = str::from_utf8(ending).ok().and_then(|ending| self.config.dialects.get(ending));
        let Some(form) = form else { return Ok(edit) };
        if edit.change.span == *value || edit.reference != (0..edit.change.with.len()) {
            return Err("the form of your own `dialects` replaces whole strings only".to_owned());
        }
        edit.change.with = form.value.replace("NAME", &edit.variable);
        edit.reference = 0..edit.change.with.len();
        edit.additions.clear();
        Ok(edit)
    }

    /// Makes sure that the targets are gone and that no new key seems to stand there; gives the spans of the keys that
    /// are in the text before and after. An error names the stretch of `after` that is to blame.
    fn checked(&self, targets: &[Target<'_>], after: &[u8]) -> Result<(Spans, Spans), (Range<usize>, String)> {
        let look = |text: &[u8]| self.findings(text).map_err(|error| (0..0, format!("{error:#}")));
        let (old, new) = (look(self.text)?, look(after)?);
        let mut counts: BTreeMap<Fingerprint, isize> = BTreeMap::new();
        for finding in &old {
            *counts.entry(finding.fingerprint()).or_default() += 1;
        }
        for target in targets {
            *counts.entry(target.fingerprint).or_default() -= 1;
        }
        let minimum = self.config.min_confidence.value;
        for finding in new.iter().filter(|finding| finding.confidence >= minimum) {
            let count = counts.entry(finding.fingerprint()).or_default();
            *count -= 1;
            if *count < 0 {
                let reason = "what would stand there still looks like a key".to_owned();
                return Err((finding.span.clone(), reason));
            }
        }
        let spans = |findings: &[Finding<'_>]| findings.iter().map(|finding| finding.span.clone()).collect();
        Ok((spans(&old), spans(&new)))
    }

    fn shown(&self, target: &Target<'_>, hidden: &[Range<usize>], (new, reading): (Excerpt, Reading)) -> Shown {
        let old = Excerpt::new(self.text, &target.span, &target.secret, hidden);
        let tidy = |text: &str| text.replace('\t', " ");
        let whole = format!("{}{}{}", new.before, reading.expression, new.after);
        Shown {
            place: format!("{}:{}", place::shown(self.path), target.location.line),
            title: target.rule.facts().title.to_owned(),
            removed: tidy(&format!("{}{}{}", old.before, old.mask, old.after)),
            added: whole.lines().map(|line| tidy(line.trim_end())).collect(),
            reading,
        }
    }

    /// The same edit, which makes `after` of the text, in the work tree, on top of whatever else has changed there.
    fn in_work_tree(
        &self,
        root: &Path,
        (targets, after): (&[Target<'_>], &[u8]),
        (store, declared): (&mut Store, &mut Declared),
    ) -> Result<InWorkTree, Unfit> {
        let unreadable = |error: anyhow::Error| Unfit::from([(0, format!("{error:#}"))]);
        let own = place::read(root, self.path).map_err(unreadable)?;
        let Some(before) = own else { return Ok(InWorkTree::NoFile) };
        if before == self.text {
            return Ok(InWorkTree::Edit { before, after: after.to_vec() });
        }
        let editor = Editor { path: self.path, text: &before, folder: Folder::default(), ..*self };
        let findings = editor.findings(&before).map_err(unreadable)?;
        let mut own = without_doubles(findings.iter().flat_map(Target::all_of).collect());
        own.retain(|own| targets.iter().any(|target| target.fingerprint == own.fingerprint));
        if own.is_empty() {
            return Ok(InWorkTree::NoKey);
        }
        match editor.edit(&own, store, declared) {
            Ok(edited) => Ok(InWorkTree::Edit { after: edited.text, before }),
            Err(unfit) => {
                let number = |own: &Target<'_>| targets.iter().position(|target| target.fingerprint == own.fingerprint);
                let told = |(place, reason): (usize, String)| {
                    (number(&own[place]).unwrap_or_default(), format!("in the work tree: {reason}"))
                };
                Err(unfit.into_iter().map(told).collect())
            }
        }
    }
}

/// Each patch once: the same one may come from several values, and others from the same place between them.
fn in_order(mut patches: Vec<Patch>) -> Vec<Patch> {
    let key = |patch: &Patch| (patch.span.start, patch.span.end);
    patches.sort_by(|one, other| key(one).cmp(&key(other)).then_with(|| one.with.cmp(&other.with)));
    patches.dedup();
    patches
}

/// The text with the patches, which come in order and apart.
fn patched(text: &[u8], patches: &[Patch]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut place = 0;
    for patch in patches {
        out.extend_from_slice(&text[place..patch.span.start]);
        out.extend_from_slice(patch.with.as_bytes());
        place = patch.span.end;
    }
    out.extend_from_slice(&text[place..]);
    out
}

/// Where one of the patches begins in the patched text.
fn moved(change: &Patch, patches: &[Patch]) -> usize {
    let before = patches.iter().take_while(|patch| *patch != change);
    before.fold(change.span.start, |start, patch| start + patch.with.len() - patch.span.len())
}
