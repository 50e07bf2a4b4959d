//! What a fix would write in the place of each key, for the message of a block.
//!
//! These are the edits of a plan, made from what was looked at. git is not asked, so that a block comes as fast as before:
//! what only git knows, such as what it ignores, is known when the fix is made, and so is whether the new text looks like a
//! key. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::edit::{Check, Editor, Edits};
use super::folder::{Declared, Folder};
use super::store::Store;
use super::{place, whole};
use crate::change::{BytePath, Part};
use crate::config::Config;
use crate::outcome::Located;
use crate::remedy::by_hand;
use crate::remedy::way::{Reading, Way};
use crate::secret::{Excerpt, Fingerprint};

/// More keys are only counted in a message, and drafted when the fix is asked for.
const MOST: usize = 32;

/// A text that is longer is no program that anybody has written.
const LONGEST: usize = 512 << 10;

/// So many bytes are read through for the keys of a file, each of which takes the whole of it. A commit waits for this.
const MOST_TO_READ: usize = 4 << 20;

/// What the draft goes by.
pub(crate) struct Grounds<'a> {
    pub(crate) config: &'a Config,
    /// `None` where the keys are no staged ones, which a fix does not look at.
    pub(crate) staged: Option<Staged<'a>>,
}

/// What is known of the commit that is about to be made.
pub(crate) struct Staged<'a> {
    /// The root of the work tree.
    pub(crate) root: &'a Path,
    pub(crate) is_tracked: &'a dyn Fn(&BytePath) -> bool,
    pub(crate) is_in_head: &'a dyn Fn(&BytePath) -> bool,
}

/// Says of each key that blocks how it would leave its place.
pub(crate) fn draft(blocked: &mut [Located<'_>], grounds: &Grounds<'_>) {
    let keys: BTreeSet<_> = blocked.iter().map(|located| located.finding.fingerprint()).collect();
    if keys.is_empty() || keys.len() > MOST {
        return;
    }
    // What is refused gets no variable, so that the others have those which they get without it.
    let mut refused = BTreeMap::new();
    let ways = loop {
        let known = refused.len();
        let ways = Pass { blocked, grounds, refused: &mut refused }.ways();
        if refused.len() == known {
            break ways;
        }
    };
    let places: Vec<_> = blocked.iter().map(path_and_line).collect();
    for (number, (located, way)) in blocked.iter_mut().zip(ways).enumerate() {
        located.way = match refused.get(&located.finding.fingerprint()).filter(|_| located.part == Part::File) {
            Some(Refusal { at: Some(at), reason }) if *at != number => {
                Way::ByHand(format!("{}: {reason}", places[*at]))
            }
            Some(Refusal { reason, .. }) => Way::ByHand(reason.clone()),
            None => way,
        };
    }
}

/// Whether the line holds nothing else that may be a key, and nothing that is cut off. The excerpt knows of all keys that
/// were found, those that do not block too.
fn is_all_shown(excerpt: &Excerpt) -> bool {
    [&excerpt.before, &excerpt.after].iter().all(|text| !text.contains('…') && !text.contains("****"))
}

/// Whether nothing beside the expression is long enough to be a key.
fn holds_no_key(change: &str, expression: &str) -> bool {
    const SHORTEST: usize = 8;
    change.replacen(expression, " ", 1).split([' ', '\'', '"']).all(|word| word.len() < SHORTEST)
}

fn path_and_line(located: &Located<'_>) -> String {
    let path = located.path.as_ref().map(place::shown).unwrap_or_default();
    format!("{path}:{}", located.finding.location.line)
}

/// Why a key stays where it is.
struct Refusal {
    /// Which of its places is to blame; `None` where all are alike.
    at: Option<usize>,
    reason: String,
}

/// One attempt to move all that is not refused yet.
struct Pass<'a, 'r> {
    blocked: &'a [Located<'r>],
    grounds: &'a Grounds<'a>,
    refused: &'a mut BTreeMap<Fingerprint, Refusal>,
}

impl Pass<'_, '_> {
    fn ways(mut self) -> Vec<Way> {
        let mut ways = vec![Way::Unknown; self.blocked.len()];
        let mut files: BTreeMap<&BytePath, Vec<usize>> = BTreeMap::new();
        for (number, located) in self.blocked.iter().enumerate() {
            let is_edited = located.part == Part::File && located.finding.demand.is_none();
            match &located.path {
                Some(path) if is_edited && !by_hand::is_file_of_variables(path) => {
                    files.entry(path).or_default().push(number);
                }
                Some(path) if is_edited && self.can_leave_index(path, located) => ways[number] = Way::File,
                _ => {}
            }
        }
        let mut store = match self.store() {
            Ok(store) => store,
            Err(reason) => {
                let refusal = || Refusal { at: None, reason: reason.clone() };
                self.refused.extend(self.blocked.iter().map(|located| (located.finding.fingerprint(), refusal())));
                return ways;
            }
        };
        let mut declared = Declared::new();
        for (path, numbers) in files {
            self.file((path, numbers), (&mut store, &mut declared), &mut ways);
        }
        ways
    }

    /// Whether a file of variables was never committed, and the work tree has what is staged of it.
    fn can_leave_index(&self, path: &BytePath, located: &Located<'_>) -> bool {
        self.grounds.staged.as_ref().is_some_and(|staged| {
            let own = || place::read(staged.root, path).ok().flatten();
            !(staged.is_in_head)(path) && located.text.as_deref().is_some_and(|text| own().as_deref() == Some(text))
        })
    }

    /// The file of variables as it is.
    fn store(&self) -> Result<Store, String> {
        let path = &self.grounds.config.env_file.value;
        let Some(staged) = &self.grounds.staged else { return Ok(Store::new(BytePath::from(&**path), None)) };
        let before = Store::before(staged.root, path).map_err(|error| format!("{error:#}"))?;
        let path = BytePath::from(&**path);
        let is_told = self.blocked.iter().any(|located| located.path.as_ref() == Some(&path));
        if (staged.is_in_head)(&path) || !is_told && (staged.is_tracked)(&path) {
            let shown = place::shown(&path);
            return Err(format!("git tracks {shown}, so no key can be put there: {}", by_hand::untrack(&path)));
        }
        Ok(Store::new(path, before))
    }

    fn file(
        &mut self,
        (path, mut numbers): (&BytePath, Vec<usize>),
        (store, declared): (&mut Store, &mut Declared),
        ways: &mut [Way],
    ) {
        let blocked = self.blocked;
        loop {
            numbers.retain(|number| !self.refused.contains_key(&blocked[*number].finding.fingerprint()));
            let Some(text) = numbers.first().and_then(|number| blocked[*number].text.as_ref()) else { return };
            if text.len() > LONGEST || text.len() * numbers.len() > MOST_TO_READ {
                return;
            }
            if numbers.iter().any(|number| whole::is_whole(&blocked[*number].finding, text)) {
                let of_staged = self.grounds.staged.as_ref();
                let refusal = of_staged.and_then(|staged| {
                    let is_in_history = (staged.is_in_head)(path).then(|| whole::in_history(path));
                    let content = || whole::content(staged.root, path, text.to_vec());
                    is_in_history.or_else(|| content().err().map(|error| format!("{error:#}")))
                });
                if let Some(reason) = refusal {
                    self.refuse(numbers[0], reason);
                    continue;
                }
                for number in numbers {
                    ways[number] = Way::File;
                }
                return;
            }
            let root = self.grounds.staged.as_ref().map(|staged| staged.root);
            let editor =
                Editor { path, text, config: self.grounds.config, root, check: Check::None, folder: Folder::default() };
            let findings: Vec<_> = numbers.iter().map(|number| &blocked[*number].finding).collect();
            match editor.edits(&findings, (store, declared)) {
                Ok(Edits { targets, edited, .. }) => {
                    for (target, shown) in targets.iter().zip(edited.shown) {
                        let of_target = |number: &&usize| blocked[**number].finding.span == target.span;
                        if let Some(number) = numbers.iter().find(of_target) {
                            let is_all_shown = is_all_shown(&blocked[*number].finding.excerpt);
                            let Reading { line, change, expression, .. } = &shown.reading;
                            let line = line.clone().filter(|_| is_all_shown);
                            let is_fit = |change: &String| is_all_shown || holds_no_key(change, expression);
                            let change = change.clone().filter(is_fit);
                            ways[*number] = Way::Variable(Reading { change, line, ..shown.reading });
                        }
                    }
                    return;
                }
                Err(unfit) => unfit.into_iter().for_each(|(number, reason)| self.refuse(numbers[number], reason)),
            }
        }
    }

    fn refuse(&mut self, number: usize, reason: String) {
        let key = self.blocked[number].finding.fingerprint();
        self.refused.entry(key).or_insert(Refusal { at: Some(number), reason });
    }
}
