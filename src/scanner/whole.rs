//! Files that are a secret as a whole, such as a key store: told by how they begin, named by all that they hold.

use anyhow::Result;

use super::{Scanner, grade};
use crate::change::BytePath;
use crate::decode::{Kind, Text};
use crate::finding::Finding;
use crate::validator::{self, Verdict};

impl<'r> Scanner<'r> {
    /// What the file is, if it is a secret as a whole; a built-in kind goes before a configured one, a surer one before
    /// one less sure.
    pub fn scan_whole(&self, path: &BytePath, text: &Text) -> Result<Option<Finding<'r>>> {
        // What was decoded is another view of a file that is looked at as it is written too.
        if text.kind() == Kind::Utf16 {
            return Ok(None);
        }
        let mut found: Option<Finding<'r>> = None;
        for index in self.rules.of_whole_file(path, text.bytes()) {
            let rule = self.rules.get(index);
            let facts = rule.facts();
            if !rule.covers(path)? || !rule.regex()?.is_match(text.bytes()) {
                continue;
            }
            let verdict = facts
                .validator
                .map_or(Verdict::Open, |proof| validator::check(proof, text.bytes(), &(0..text.bytes().len())));
            let Some((confidence, validity, proof)) = grade(facts.confidence, verdict) else { continue };
            let rank = |origin, confidence| (confidence >= self.floor, origin, confidence);
            let is_better =
                |best: &Finding<'_>| rank(best.rule.origin(), best.confidence) < rank(rule.origin(), confidence);
            if found.as_ref().is_none_or(is_better) {
                let finding = Finding::of_file(rule, path, text.bytes());
                found = Some(Finding { confidence, validity, proof, ..finding });
            }
        }
        Ok(found)
    }
}
