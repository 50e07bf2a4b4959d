//! Files that are a secret as a whole, such as a key store: told by how they begin, named by all that they hold.

use anyhow::Result;

use super::{Scanner, grade};
use crate::change::BytePath;
use crate::decode::{Kind, Text};
use crate::finding::{Finding, Location};
use crate::secret::{Excerpt, Secret};
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
                found = Some(Finding {
                    rule,
                    location: Location { line: 1, column: 1, end_line: 1, end_column: 1, offset: None },
                    span: 0..text.bytes().len(),
                    decoded: Vec::new(),
                    secret: Secret::of_file(rule.id(), text.bytes()),
                    excerpt: Excerpt::of_file(),
                    confidence,
                    validity,
                    proof,
                    other_half: None,
                    name: None,
                    insights: Vec::new(),
                });
            }
        }
        Ok(found)
    }
}
