//! Finds where rules have to be tried: one pass over the text for the keywords of all built-in rules.
//!
//! The automaton is a constant table (see `build.rs`). Text is walked in eight lanes at a time, because a single one
//! waits for memory at every byte.

use std::ops::Range;

use crate::change::BytePath;
use crate::decode::Signs;
use crate::rules::spec::Finds;
use crate::rules::{RuleSet, builtin};

/// How far before its keyword a match without a bound may start.
const BEFORE: usize = 4 << 10;
/// Lookaround (`\b`) reads one byte beyond a match.
const MARGIN: usize = 8;

/// The stretches of a text in which one rule has to be tried.
pub(super) struct Candidate {
    pub(super) rule: usize,
    pub(super) windows: Vec<Range<usize>>,
}

/// All rules whose keyword stands in `text`, each with where to look, and the signs that the text hides others.
pub(super) fn candidates(rules: &RuleSet, text: &[u8]) -> (Vec<Candidate>, Signs) {
    let mut found = Found { rules, length: text.len(), slots: Vec::new(), candidates: Vec::new() };
    let mut signs = Signs::new();
    walk(text, |end, keyword| {
        let hit = end - usize::from(builtin::KEYWORD_LENGTHS[keyword])..end;
        if let Some(way) = builtin::KEYWORD_SIGNS[keyword] {
            signs.sign(way, text, hit);
            return;
        }
        signs.keyword(end);
        for rule in &builtin::WAKES[builtin::range(builtin::KEYWORD_WAKES[keyword])] {
            if rules.is_enabled(usize::from(*rule)) {
                found.add(usize::from(*rule), &hit);
            }
        }
    });
    rules.own_keywords(text, |rule, hit| found.add(rule, &hit));
    (found.candidates, signs)
}

/// The rules that are for files of this path, whatever stands in them.
pub(super) fn named(rules: &RuleSet, path: &BytePath, text: &[u8]) -> Vec<Candidate> {
    let mut woken: Vec<usize> = builtin::named(path.as_bytes()).filter(|rule| rules.is_enabled(*rule)).collect();
    woken.dedup();
    let whole = |rule| Candidate { rule, windows: std::iter::once(0..text.len()).collect() };
    woken.into_iter().map(whole).collect()
}

struct Found<'r> {
    rules: &'r RuleSet,
    length: usize,
    /// By number of the rule: its place in `candidates`, plus one.
    slots: Vec<u16>,
    candidates: Vec<Candidate>,
}

impl Found<'_> {
    fn add(&mut self, rule: usize, hit: &Range<usize>) {
        if self.slots.len() <= rule {
            self.slots.resize(rule + 1, 0);
        }
        let slot = usize::from(self.slots[rule]);
        let Some(place) = slot.checked_sub(1) else {
            let window = self.window(rule, hit);
            self.candidates.push(Candidate { rule, windows: vec![window] });
            self.slots[rule] = u16::try_from(self.candidates.len()).unwrap_or(u16::MAX);
            return;
        };
        // The common case of a keyword that stands everywhere: the open window grows, nothing is added.
        let window = self.window(rule, hit);
        let windows = &mut self.candidates[place].windows;
        match windows.last_mut() {
            Some(last) if window.start <= last.end => {
                last.start = last.start.min(window.start);
                last.end = last.end.max(window.end);
            }
            _ => windows.push(window),
        }
    }

    fn window(&self, rule: usize, hit: &Range<usize>) -> Range<usize> {
        let rule = self.rules.get(rule);
        if rule.finds() == Finds::AssignedValue {
            return hit.clone();
        }
        match rule.shape().longest {
            Some(longest) => {
                let end = hit.end.saturating_add(longest + MARGIN).min(self.length);
                hit.start.saturating_sub(longest + MARGIN)..end
            }
            // Where such a match ends nobody knows, so it gets the rest of the text: one pass for the rule.
            None => hit.start.saturating_sub(BEFORE)..self.length,
        }
    }
}

const BLOCK: usize = 256 << 10;
const LANES: usize = 8;
const SMALLEST_LANE: usize = 1 << 9;
/// Keywords and signs stand closer to each other in few texts.
const USUAL_DISTANCE: usize = 64;

/// Calls `hit` with the end and the number of each keyword that stands in `text`, in order of the ends.
fn walk(text: &[u8], mut hit: impl FnMut(usize, usize)) {
    let mut ends = [const { Vec::<(usize, u16)>::new() }; LANES];
    for start in (0..text.len()).step_by(BLOCK) {
        let block = start..text.len().min(start + BLOCK);
        let lane = block.len() / LANES;
        if lane < SMALLEST_LANE {
            walk_lane(text, block, &mut ends[0]);
        } else {
            walk_lanes(text, start, lane, &mut ends);
            walk_lane(text, start + lane * LANES..block.end, &mut ends[LANES - 1]);
        }
        for (end, state) in ends.iter_mut().flat_map(|lane| lane.drain(..)) {
            let hits = builtin::HITS[usize::from(state - builtin::FIRST_HIT)];
            for keyword in &builtin::HIT_KEYWORDS[builtin::range(hits)] {
                hit(end, usize::from(*keyword));
            }
        }
    }
}

/// Where the automaton has to start so that it knows what stands before `start`.
fn warm_up(start: usize) -> usize {
    start.saturating_sub(builtin::LONGEST_KEYWORD.saturating_sub(1))
}

fn walk_lane(text: &[u8], range: Range<usize>, ends: &mut Vec<(usize, u16)>) {
    let mut state = 0;
    for byte in &text[warm_up(range.start)..range.start] {
        state = step(state, *byte);
    }
    for (position, byte) in text[range.clone()].iter().enumerate() {
        state = step(state, *byte);
        if state >= builtin::FIRST_HIT {
            ends.push((range.start + position + 1, state));
        }
    }
}

#[expect(clippy::needless_range_loop, reason = "one position in all parts at a time")]
fn walk_lanes(text: &[u8], start: usize, lane: usize, ends: &mut [Vec<(usize, u16)>; LANES]) {
    let mut states = [0_u16; LANES];
    for (number, state) in states.iter_mut().enumerate() {
        ends[number].reserve(lane / USUAL_DISTANCE);
        let begin = start + number * lane;
        for byte in &text[warm_up(begin)..begin] {
            *state = step(*state, *byte);
        }
    }
    let parts: [&[u8]; LANES] = std::array::from_fn(|number| &text[start + number * lane..start + (number + 1) * lane]);
    for position in 0..lane {
        for number in 0..LANES {
            states[number] = step(states[number], parts[number][position]);
        }
        if states.iter().any(|state| *state >= builtin::FIRST_HIT) {
            for number in 0..LANES {
                if states[number] >= builtin::FIRST_HIT {
                    ends[number].push((start + number * lane + position + 1, states[number]));
                }
            }
        }
    }
}

#[inline]
fn step(state: u16, byte: u8) -> u16 {
    let (cells, _) = builtin::TRANSITIONS.as_chunks::<2>();
    let class = usize::from(builtin::CLASSES[usize::from(byte)]);
    u16::from_le_bytes(cells[usize::from(state) << builtin::STRIDE_BITS | class])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All keyword ends by plain search, to compare with.
    fn expected(text: &[u8]) -> Vec<(usize, String)> {
        let folded = text.to_ascii_lowercase();
        let mut keywords: Vec<String> = RuleSet::built_in()
            .iter()
            .flat_map(|rule| rule.facts().keywords.iter().map(str::to_ascii_lowercase).collect::<Vec<_>>())
            .collect();
        keywords.sort_unstable();
        keywords.dedup();
        let mut ends = Vec::new();
        for keyword in keywords {
            for position in 0..folded.len() {
                if folded[position..].starts_with(keyword.as_bytes()) {
                    ends.push((position + keyword.len(), keyword.clone()));
                }
            }
        }
        ends.sort_unstable();
        ends
    }

    fn found(text: &[u8]) -> Vec<(usize, String)> {
        let mut ends = Vec::new();
        walk(text, |end, keyword| {
            let start = end - usize::from(builtin::KEYWORD_LENGTHS[keyword]);
            ends.push((end, String::from_utf8_lossy(&text[start..end]).to_ascii_lowercase()));
        });
        ends.sort_unstable();
        ends
    }

    #[test]
    fn finds_what_a_plain_search_finds() {
        let mut text = b"x ghp_1 GHP_2 AKIAAKIA -----BEGIN xoxb- postgres://a:b@c".to_vec();
        assert_eq!(found(&text), expected(&text));
        // Long enough for lanes, with keywords that lie across their borders.
        for gap in [997, 1024, 1031] {
            text.clear();
            for _ in 0..9 {
                text.extend(std::iter::repeat_n(b'.', gap));
                text.extend(b"sk_live_ghp_xoxb-akia");
            }
            assert_eq!(found(&text), expected(&text), "gap {gap}");
        }
    }
}
