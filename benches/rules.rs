//! The worst that a text can do to a rule: each built-in regex by itself on 1 MB of texts made from its rule's own data.
//!
//! `cargo bench --bench rules [RULE]...`. Prints the slowest by CPU time, and fails where one takes more than `LIMIT`: a
//! commit of a file that somebody made up must not stand still. What judging a match costs is no regex's and stays out.

#![expect(clippy::print_stdout, reason = "a bench prints its result")]

mod cpu;

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use cpu::cpu_time;
use keyguard::rules::matcher::Matcher;
use keyguard::rules::spec::Finds;
use keyguard::rules::{Rule, RuleSet, example};
use regex_syntax::hir::{Class, Hir, HirKind};

/// Bytes of each text.
const SIZE: usize = 1 << 20;
/// What one rule may take on one text.
const LIMIT: Duration = Duration::from_millis(50);
/// A part of each text tells which are the worst for a rule; so many of them are tried in full.
const PART: usize = 64;
const FULL: usize = 3;
/// How many of the slowest are told.
const TOLD: usize = 10;
/// The quickest of so many runs counts: the first ones also fill the caches of the regex.
const RUNS: usize = 3;

/// What a rule took on the text that was the worst for it.
struct Sample {
    time: Duration,
    rule: String,
    text: String,
}

fn main() -> ExitCode {
    let wanted: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let all = RuleSet::built_in();
    let mut samples: Vec<_> = all
        .iter()
        .filter(|rule| wanted.is_empty() || wanted.iter().any(|id| id == rule.id()))
        .filter_map(worst)
        .collect();
    samples.sort_by_key(|sample| Reverse(sample.time));
    let slow = samples.iter().filter(|sample| sample.time > LIMIT).count();
    println!("{:>8}  {:32}  text", "ms", "rule");
    for sample in samples.iter().take(TOLD.max(slow)) {
        println!("{:8.2}  {:32}  {}", sample.time.as_secs_f64() * 1e3, sample.rule, sample.text);
    }
    println!("{} rules, {slow} slower than {} ms", samples.len(), LIMIT.as_millis());
    if slow == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The text that takes a rule the longest. The few rules that look at names alone have none: a name is short.
fn worst(rule: Rule<'_>) -> Option<Sample> {
    if rule.facts().finds == Finds::AssignedValue {
        return None;
    }
    let matcher = Matcher::new(rule).expect("built-in regexes compile");
    let texts = hostile(rule);
    let in_part = |named| {
        let (_, unit): &(String, String) = named;
        let text = filled(unit, SIZE / PART);
        // The first run also pays for the states of the automaton that the text needs.
        (cost(&matcher, &text).min(cost(&matcher, &text)), named)
    };
    let mut ranked: Vec<_> = texts.iter().map(in_part).collect();
    ranked.sort_by_key(|(time, _)| Reverse(*time));
    let in_full = |(name, unit): &(String, String)| {
        let text = filled(unit, SIZE);
        let sample = Sample { time: cost(&matcher, &text), rule: rule.id().to_owned(), text: name.clone() };
        (sample, text)
    };
    let (mut worst, text) =
        ranked.into_iter().take(FULL).map(|(_, named)| in_full(named)).max_by_key(|(sample, _)| sample.time)?;
    worst.time = (1..RUNS).map(|_| cost(&matcher, &text)).fold(worst.time, Duration::min);
    Some(worst)
}

/// What all matches in a text cost, looked for with the scanner's own function: it gives a regex the surroundings of
/// keywords, this gives it all.
fn cost(matcher: &Matcher<'_>, text: &[u8]) -> Duration {
    let start = cpu_time();
    for found in matcher.matches(text, 0) {
        black_box(found);
    }
    cpu_time().saturating_sub(start)
}

/// A text of so many bytes.
fn filled(unit: &str, size: usize) -> Vec<u8> {
    let mut text = unit.repeat(size / unit.len() + 1).into_bytes();
    text.truncate(size);
    text
}

/// What is repeated to be slow, each with its name.
fn hostile(rule: Rule<'_>) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    // Of an example of one byte nothing is left without its end.
    let mut add = |name: String, unit: String| texts.extend((!unit.is_empty()).then_some((name, unit)));
    let keywords: Vec<_> = rule.facts().keywords.iter().collect();
    for keyword in &keywords {
        add(format!("`{keyword}` alone"), (*keyword).to_owned());
        add(format!("`{keyword}` in addresses"), format!("https://{keyword}:{keyword}@{keyword}/{keyword}?{keyword}="));
        for filling in ["=", ":", "\"", "'", " ", "\\", "\n", "= : \"", "-"] {
            add(format!("`{keyword}` and many {filling:?}"), (*keyword).to_owned() + &filling.repeat(24));
        }
    }
    let regex = rule.regex().expect("built-in regexes compile").as_str();
    let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(regex);
    let mut classes = Vec::new();
    collect(&hir.expect("built-in regexes parse"), &mut classes);
    for class in &classes {
        for keyword in &keywords {
            for length in [24, 300] {
                let run = random(class, length);
                add(format!("`{keyword}` and {length} of {}", shown(class)), format!("{keyword}{run}"));
                add(format!("`{keyword} = ` and {length} of {}", shown(class)), format!("{keyword} = {run}"));
                add(format!("{length} of {}, `{keyword}`", shown(class)), format!("{run} {keyword} "));
            }
        }
    }
    for number in 0..rule.facts().matches.iter().count() {
        of_example(rule, number, &mut add);
    }
    texts
}

/// A valid example again and again, and what is nearly one.
fn of_example(rule: Rule<'_>, number: usize, add: &mut impl FnMut(String, String)) {
    let template = rule.facts().matches.iter().nth(number).expect("counted");
    let text = example::expand(template, rule.id(), number);
    let many: String = (0..32).map(|seed| example::expand(template, rule.id(), seed) + "\n").collect();
    add(format!("matches[{number}] and others like it"), many);
    add(format!("matches[{number}] without a break"), text.clone());
    let regex = rule.regex().expect("built-in regexes compile");
    let Some(captures) = regex.captures(text.as_bytes()) else { return };
    let whole = captures.get_match();
    let secret = captures.name("secret").unwrap_or(whole);
    let part = |range: std::ops::Range<usize>| String::from_utf8_lossy(&text.as_bytes()[range]).into_owned();
    let cut = part(0..secret.end() - 1);
    add(format!("matches[{number}] without its end"), cut.clone());
    add(format!("matches[{number}] without its end, in lines"), cut.clone() + "\n");
    add(format!("matches[{number}] without its last character"), cut + &part(secret.end()..text.len()));
    add(format!("the beginning of matches[{number}]"), part(0..whole.start() + whole.len() / 2));
    let keyword = rule.facts().keywords.iter().next().unwrap_or_default();
    let before = part(whole.start()..secret.start() + secret.len().min(32));
    add(format!("many beginnings of matches[{number}]"), before.repeat(100) + keyword + "\n");
}

/// The classes that a regex repeats eight times or more, as the printable bytes that they hold.
fn collect(hir: &Hir, classes: &mut Vec<Vec<u8>>) {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            if let HirKind::Class(Class::Bytes(class)) = repetition.sub.kind()
                && repetition.max.is_none_or(|most| most >= 8)
            {
                let holds = |byte: &u8| class.iter().any(|range| (range.start()..=range.end()).contains(byte));
                let bytes: Vec<_> = (b' '..=b'~').filter(holds).collect();
                if !bytes.is_empty() && !classes.contains(&bytes) {
                    classes.push(bytes);
                }
            }
            collect(&repetition.sub, classes);
        }
        HirKind::Capture(capture) => collect(&capture.sub, classes),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().for_each(|part| collect(part, classes)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

/// A class by its ranges.
fn shown(class: &[u8]) -> String {
    let mut out = String::from("[");
    for range in class.chunk_by(|a, b| a + 1 == *b) {
        let (first, last) = (char::from(range[0]), char::from(range[range.len() - 1]));
        write!(out, "{first}").expect("write to a string");
        if first != last {
            write!(out, "-{last}").expect("write to a string");
        }
    }
    out + "]"
}

/// Bytes of a class in no order, the same at each run (a linear congruential generator).
fn random(class: &[u8], length: usize) -> String {
    let mut state = 1_usize;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(class[(state >> 33) % class.len()])
    };
    (0..length).map(|_| next()).collect()
}
