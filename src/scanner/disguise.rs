//! Looks for keys behind what hides them: each decoded piece of a text is searched like a text of its own.

use std::cell::OnceCell;

use anyhow::Result;

use super::{Candidate, Scanner, prefilter};
use crate::change::BytePath;
use crate::decode::{Signs, Way};
use crate::encrypted::Encrypted;
use crate::published;
use crate::rules::spec::{Finds, Validator};
use crate::secret::Secret;

/// A text to look behind, the file's or a decoded piece of it.
pub(super) struct Layer<'t> {
    text: &'t [u8],
    /// How many disguises more are undone.
    depth: u32,
    /// How many bytes more are decoded; when there are none, the rest stays as it is.
    budget: usize,
    /// The ciphertext in the text, once it is asked for.
    encrypted: OnceCell<Encrypted<'t>>,
}

impl<'t> Layer<'t> {
    /// Decoded text is at most so many times as long as the text, and a little for short ones.
    const MOST: usize = 4;
    const LITTLE: usize = 64 << 10;
    /// However long the text is.
    const MOST_BYTES: usize = 64 << 20;

    pub(super) fn outermost(depth: u32, text: &'t [u8]) -> Self {
        let budget = (text.len().saturating_mul(Self::MOST) + Self::LITTLE).min(Self::MOST_BYTES);
        Self::new(text, depth, budget)
    }

    fn new(text: &'t [u8], depth: u32, budget: usize) -> Self {
        Self { text, depth, budget, encrypted: OnceCell::new() }
    }

    fn encrypted(&self) -> &Encrypted<'t> {
        self.encrypted.get_or_init(|| Encrypted::within(self.text))
    }
}

impl<'r> Scanner<'r> {
    /// Adds what may be keys behind the disguises of the layer, in places of its text.
    pub(super) fn undisguise(
        &self,
        layer: &mut Layer<'_>,
        path: &BytePath,
        signs: Signs,
        found: &mut Vec<Candidate<'r>>,
    ) -> Result<()> {
        for window in signs.windows(layer.text) {
            let Some(left) = layer.budget.checked_sub(window.len()) else { return Ok(()) };
            let piece = window.decode(layer.text);
            let (woken, signs) = prefilter::candidates(self.rules, piece.bytes());
            let mut inside = self.candidates(path, piece.bytes(), woken)?;
            // The rest was seen in the text itself.
            inside.retain(|candidate| piece.changes(&candidate.matched));
            // A value that ends in `=` at the end of its line is base64 far more often than a line of mail.
            if piece.way == Way::QuotedPrintable {
                inside.retain(|candidate| candidate.rule.finds() == Finds::Secret);
            }
            // What was base64 is no longer what such a rule asks for.
            inside.retain(|candidate| candidate.rule.facts().validator != Some(Validator::KubernetesData));
            layer.budget = left;
            if layer.depth > 1 {
                let mut deeper = Layer::new(piece.bytes(), layer.depth - 1, left);
                self.undisguise(&mut deeper, path, signs, &mut inside)?;
                layer.budget = deeper.budget;
            }
            let mut outside: Vec<_> = inside
                .into_iter()
                .map(|mut candidate| {
                    candidate.matched = piece.original(&candidate.matched);
                    candidate.span = piece.original(&candidate.span);
                    candidate.decoded.insert(0, piece.way);
                    candidate
                })
                .collect();
            drop_what_is_known_outside(layer, &mut outside);
            found.extend(outside);
        }
        Ok(())
    }
}

/// Drops what a reader of the text itself knows for ciphertext or a published example. What is certain stays.
fn drop_what_is_known_outside(layer: &Layer<'_>, candidates: &mut Vec<Candidate<'_>>) {
    if candidates.iter().all(Candidate::is_certain) {
        return;
    }
    candidates.retain(|candidate| {
        let written = Secret::new(&layer.text[candidate.span.clone()], 0);
        let is_known = layer.encrypted().covers(&candidate.span) || published::is_published(written.fingerprint());
        candidate.is_certain() || !is_known
    });
}
