//! What the versions of files hold that a walk through the history has looked at.
//!
//! Each file of a commit's tree is one of those versions, so that where a key stands there can be told without reading
//! the files again. It grows with the findings: of a version without any nothing is kept.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::change::BytePath;
use crate::finding::{Finding, Location};
use crate::git::id::Id;
use crate::secret::Fingerprint;

/// The keys of each version and of each name, every one once.
#[derive(Default)]
pub(crate) struct Holdings {
    blobs: RefCell<HashMap<Id, Vec<Held>>>,
    names: RefCell<HashMap<BytePath, Vec<Fingerprint>>>,
}

/// A key in a version of a file.
struct Held {
    fingerprint: Fingerprint,
    location: Location,
    /// The only file in which it is one; `None` for what is a key wherever it stands.
    only_at: Option<BytePath>,
}

impl Holdings {
    /// Keeps what was found in `blob`, which is the file `path`. Under another name it may be something else to the rules; it
    /// holds all of it, but for what a path alone makes a finding: that the file is not encrypted.
    pub(super) fn keep(&self, (path, blob): (&BytePath, Id), findings: &[Finding<'_>]) {
        if findings.is_empty() {
            return;
        }
        let mut blobs = self.blobs.borrow_mut();
        let held = blobs.entry(blob).or_default();
        for finding in findings {
            let fingerprint = finding.fingerprint();
            if held.iter().all(|other| other.fingerprint != fingerprint) {
                let only_at = finding.demand.as_ref().map(|_| path.clone());
                held.push(Held { fingerprint, location: finding.location, only_at });
            }
        }
    }

    /// Keeps what was found in the name of a file.
    pub(super) fn keep_name(&self, path: &BytePath, findings: &[Finding<'_>]) {
        let fingerprints = findings.iter().map(Finding::fingerprint).collect();
        self.names.borrow_mut().insert(path.clone(), fingerprints);
    }

    /// The keys in the file `path` that is `blob`, and where in it; without a place those in its name.
    pub(crate) fn of(&self, path: &[u8], blob: Option<Id>) -> Vec<(Fingerprint, Option<Location>)> {
        let (blobs, names) = (self.blobs.borrow(), self.names.borrow());
        let within = blob.and_then(|blob| blobs.get(&blob)).into_iter().flatten();
        let is_here = |held: &&Held| held.only_at.as_ref().is_none_or(|only| only.as_bytes() == path);
        let mut held: Vec<_> = within.filter(is_here).map(|held| (held.fingerprint, Some(held.location))).collect();
        if !names.is_empty() {
            let name = names.get(&BytePath::from(path)).into_iter().flatten();
            held.extend(name.map(|fingerprint| (*fingerprint, None)));
        }
        held
    }
}
