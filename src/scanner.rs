//! Finds keys in a text: keywords wake rules, a rule's regex finds values, proofs and placeholders grade them.
//!
//! Pure: no files, no repository, no output. It may only fail on a configured regex that is too large to compile.

mod assigned;
mod disguise;
mod pair;
mod prefilter;
mod provider;
mod whole;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use anyhow::Result;

use crate::change::BytePath;
use crate::decode::{Kind, Text, Way};
use crate::encrypted::Encrypted;
use crate::finding::{Confidence, Finding, Locator, Validity};
use crate::rules::matcher::{Match, Matcher};
use crate::rules::spec::{Finds, Placeholders, PrivilegeClass, Validator};
use crate::rules::{Origin, Rule, RuleSet};
use crate::secret::{Excerpt, Fingerprint, Secret};
use crate::validator::{self, PemBlock, Verdict};
use crate::{digest, entropy, insight, placeholder, published};
use disguise::Layer;

/// Rules ready to be tried.
pub struct Scanner<'r> {
    rules: &'r RuleSet,
    floor: Confidence,
    depth: u32,
}

/// A match that may become a finding.
struct Candidate<'r> {
    rule: Rule<'r>,
    /// All that the rule's regex matches.
    matched: Range<usize>,
    span: Range<usize>,
    /// What the value is written in, the outermost first.
    decoded: Vec<Way>,
    secret: Secret,
    confidence: Confidence,
    validity: Validity,
    proof: Option<&'static str>,
    /// The name that it is assigned to, where its kind has no format.
    name: Option<String>,
}

impl Candidate<'_> {
    /// Whether nothing around it can say that it is no key: it is proven, or a configured rule asks for it.
    fn is_certain(&self) -> bool {
        self.validity == Validity::Valid || self.rule.facts().placeholders == Placeholders::Report
    }
}

impl<'r> Scanner<'r> {
    /// How many disguises, one inside the other, are undone when nothing else is asked for.
    pub const DEPTH: u32 = 2;
    /// How many can be asked for.
    pub const DEEPEST: u32 = 3;

    /// A scanner that prefers findings of at least `floor` where two overlap.
    pub fn new(rules: &'r RuleSet, floor: Confidence) -> Self {
        Self { rules, floor, depth: Self::DEPTH }
    }

    /// The same that undoes `depth` disguises.
    #[must_use]
    pub fn decoding(self, depth: u32) -> Self {
        Self { depth, ..self }
    }

    /// All keys in `text`, in order, those below the floor included.
    pub fn scan(&self, path: &BytePath, text: &Text) -> Result<Vec<Finding<'r>>> {
        let (mut woken, signs) = prefilter::candidates(self.rules, text.bytes());
        woken.extend(prefilter::named(self.rules, path, text.bytes()));
        let mut candidates = self.candidates(path, text.bytes(), woken)?;
        if self.depth > 0 && text.kind() != Kind::Binary {
            let mut layer = Layer::outermost(self.depth, text.bytes());
            self.undisguise(&mut layer, path, signs, &mut candidates)?;
        }
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.findings(text, candidates))
    }

    /// What may be keys in `text` as it stands, where the woken rules are tried.
    fn candidates(
        &self,
        path: &BytePath,
        text: &[u8],
        all_woken: Vec<prefilter::Candidate>,
    ) -> Result<Vec<Candidate<'r>>> {
        let mut candidates = Vec::new();
        for woken in all_woken {
            let rule = self.rules.get(woken.rule);
            if rule.finds() == Finds::AssignedValue {
                for hit in &woken.windows {
                    candidates.extend(assigned::try_rule(rule, path, text, hit)?);
                }
                continue;
            }
            let gate = rule.shape().gate;
            let windows: Vec<_> = woken.windows.into_iter().filter(|w| gate.admits(&text[w.clone()])).collect();
            if !windows.is_empty() && rule.covers(path)? {
                for window in windows {
                    try_rule(rule, text, window, &mut candidates)?;
                }
            }
        }
        drop_what_is_encoded(text, &mut candidates);
        Ok(candidates)
    }

    fn findings(&self, text: &Text, candidates: Vec<Candidate<'r>>) -> Vec<Finding<'r>> {
        let bytes = text.bytes();
        let hidden = hidden_spans(bytes, &candidates);
        let mut locator = Locator::new(bytes);
        let mut findings = Vec::new();
        for candidate in self.without_overlaps(candidates) {
            let Candidate { rule, span, mut decoded, secret, confidence, validity, proof, name, .. } = candidate;
            let mut location = locator.locate(&span);
            location.offset = (text.kind() == Kind::Binary).then_some(span.start);
            if text.kind() == Kind::Utf16 {
                decoded.insert(0, Way::Utf16);
            }
            let excerpt = Excerpt::new(bytes, &span, &secret, &hidden);
            let around = decoded.is_empty().then_some((bytes, &span));
            let insights = insight::of(rule.id(), &secret, around);
            findings.push(Finding {
                rule,
                location,
                span,
                decoded,
                secret,
                excerpt,
                confidence,
                validity,
                proof,
                other_half: None,
                demand: None,
                name,
                insights,
            });
        }
        pair::join(&mut findings);
        findings
    }

    /// One stretch of bytes is one finding. A built-in kind that is public by design or for tests goes before all others
    /// that match the same value; then what would be reported before what would not, built-in before configured, a kind
    /// with a format before one without, proven before unproven, surer before less sure, written as it is before
    /// decoded, longer before shorter, rule order.
    fn without_overlaps(&self, mut candidates: Vec<Candidate<'r>>) -> impl Iterator<Item = Candidate<'r>> {
        drop_what_is_harmless(&mut candidates);
        drop_what_has_a_form(&mut candidates);
        let rank = |c: &Candidate<'_>| {
            let (reported, proven) = (c.confidence >= self.floor, c.validity == Validity::Valid);
            let is_specific = c.rule.finds() == Finds::Secret;
            let plainness = Reverse(c.decoded.len());
            (reported, c.rule.origin(), is_specific, proven, c.confidence, plainness, c.span.len())
        };
        candidates.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| a.rule.index().cmp(&b.rule.index())));
        let mut kept: BTreeMap<usize, Candidate<'r>> = BTreeMap::new();
        for candidate in candidates {
            let before = kept.range(..candidate.span.end).next_back();
            if before.is_none_or(|(_, other)| other.span.end <= candidate.span.start) {
                kept.insert(candidate.span.start, candidate);
            }
        }
        kept.into_values()
    }
}

/// The name of the key of a built-in kind that `text` is as a whole.
pub(crate) fn key_of(text: &str) -> Option<Fingerprint> {
    let rules = RuleSet::built_in();
    let decoded = Text::decode(text.as_bytes().to_vec());
    let findings = Scanner::new(&rules, Confidence::Low).scan(&BytePath::from(""), &decoded).ok()?;
    findings.iter().find(|finding| finding.span == (0..text.len())).map(Finding::fingerprint)
}

/// `text` with every key of a built-in kind masked: for what is printed beside a finding, and is no secret by right.
pub(crate) fn masked(text: &str) -> String {
    let rules = RuleSet::built_in();
    let decoded = Text::decode(text.as_bytes().to_vec());
    let findings = Scanner::new(&rules, Confidence::Low).scan(&BytePath::from(""), &decoded).unwrap_or_default();
    let mut out = text.to_owned();
    for finding in findings.iter().rev() {
        if out.get(finding.span.clone()).is_some() {
            out.replace_range(finding.span.clone(), &finding.secret.to_string());
        }
    }
    out
}

/// Adds every match of `rule` that starts in `window`.
fn try_rule<'r>(rule: Rule<'r>, text: &[u8], window: Range<usize>, found: &mut Vec<Candidate<'r>>) -> Result<()> {
    let matcher = Matcher::new(rule)?;
    let mut start = Some(window.start);
    while let Some(from) = start.take() {
        for Match { whole, secret } in matcher.matches(&text[..window.end], from) {
            let span = validator::part(rule.facts().validator, text, secret.clone());
            // Where the secret ends otherwise than the match, the next one may begin.
            start = (span.end != secret.end).then(|| span.end.max(whole.start + 1));
            if let Some(candidate) = judge(rule, text, span)? {
                let before = &text[whole.start..secret.start];
                found.push(assigned::weighed(Candidate { matched: whole, ..candidate }, before, &text[secret]));
            }
            if start.is_some() {
                break;
            }
        }
    }
    Ok(())
}

/// Drops what only looks like a key because ciphertext, digests and embedded data are random too. What is proven stays,
/// what a configured rule asks for, and what a random text does not begin with.
fn drop_what_is_encoded(text: &[u8], candidates: &mut Vec<Candidate<'_>>) {
    if candidates.iter().all(Candidate::is_certain) {
        return;
    }
    let encrypted = Encrypted::within(text);
    candidates.retain(|candidate| {
        candidate.is_certain()
            || opens_as_a_key(text, candidate, &encrypted)
            || !encrypted.covers(&candidate.span) && !digest::covers(text, &candidate.span)
    });
}

/// Whether the value begins as keys of its kind do, where a text in base64 begins: not one of a million that are random
/// does.
fn opens_as_a_key(text: &[u8], candidate: &Candidate<'_>, encrypted: &Encrypted<'_>) -> bool {
    const LONG: usize = 4;
    candidate.rule.finds() == Finds::Secret
        && public_prefix(candidate.rule, &text[candidate.span.clone()]) >= LONG
        && !encrypted.goes_on_at(candidate.span.start)
}

/// Where a built-in rule says that a value is public by design or for tests, drops what other rules say of that value.
/// Where a configuration says how a built-in kind is to be taken, a rule for keys without a format has no say either.
fn drop_what_is_harmless(candidates: &mut Vec<Candidate<'_>>) {
    let is_harmless = |candidate: &Candidate<'_>| {
        let class = candidate.rule.facts().privilege().0;
        candidate.rule.origin() == Origin::BuiltIn && matches!(class, PrivilegeClass::Public | PrivilegeClass::TestMode)
    };
    let harmless: HashSet<Range<usize>> =
        candidates.iter().filter(|c| is_harmless(c)).map(|c| c.span.clone()).collect();
    let settled: Vec<Range<usize>> =
        candidates.iter().filter(|c| is_harmless(c) || c.rule.is_overridden()).map(|c| c.span.clone()).collect();
    if !settled.is_empty() {
        candidates.retain(|candidate| is_harmless(candidate) || !harmless.contains(&candidate.span));
        let overlaps = |span: &Range<usize>| settled.iter().any(|one| one.start < span.end && span.start < one.end);
        candidates.retain(|c| c.rule.finds() == Finds::Secret || !overlaps(&c.span));
    }
}

/// Where a rule for a kind with a format says at least as much of the same value, a rule for keys without one says
/// nothing: it is the same finding under a better title, also where that rule is a configured one. Half of the value is
/// the same value; a smaller piece may be chosen so that an entry which allows it covers other keys. Of the very same
/// value a built-in rule that knows its form knows best how sure it is.
fn drop_what_has_a_form(candidates: &mut Vec<Candidate<'_>>) {
    let has_form = |candidate: &Candidate<'_>| candidate.rule.finds() == Finds::Secret;
    let fact = |c: &Candidate<'_>| (c.span.clone(), c.confidence, c.rule.origin() == Origin::BuiltIn);
    let formed: Vec<_> = candidates.iter().filter(|c| has_form(c)).map(fact).collect();
    if !formed.is_empty() {
        let is_told = |c: &Candidate<'_>| {
            formed.iter().any(|(span, sure, is_built_in)| {
                let overlaps = span.start < c.span.end && c.span.start < span.end;
                *span == c.span && *is_built_in || overlaps && span.len() * 2 >= c.span.len() && *sure >= c.confidence
            })
        };
        candidates.retain(|candidate| has_form(candidate) || !is_told(candidate));
    }
}

/// Every match, and every repetition of its value, sorted and united: what no excerpt may show.
fn hidden_spans(text: &[u8], candidates: &[Candidate<'_>]) -> Vec<Range<usize>> {
    const MANY: usize = 64;
    let mut spans: Vec<_> = candidates.iter().map(|candidate| candidate.span.clone()).collect();
    for candidate in candidates.iter().take(MANY) {
        let value = &text[candidate.span.clone()];
        spans.extend(memchr::memmem::find_iter(text, value).map(|start| start..start + value.len()));
    }
    spans.sort_unstable_by_key(|span| span.start);
    spans.dedup_by(|next, last| {
        let overlaps = next.start < last.end;
        if overlaps {
            last.end = last.end.max(next.end);
        }
        overlaps
    });
    spans
}

/// Turns a match into a candidate, or drops it: too even, published, made up, or something else of the same shape.
fn judge<'r>(rule: Rule<'r>, text: &[u8], span: Range<usize>) -> Result<Option<Candidate<'r>>> {
    let facts = rule.facts();
    let value = &text[span.clone()];
    if value.is_empty() || facts.min_entropy.is_some_and(|bits| entropy::bits_per_byte(value) < bits) {
        return Ok(None);
    }
    let secret = secret_of(rule, value);
    if published::is_published(secret.fingerprint()) {
        return Ok(None);
    }
    let verdict = facts.validator.map_or(Verdict::Open, |validator| validator::check(validator, text, &span));
    let proven = matches!(verdict, Verdict::Valid(_));
    let body = &value[public_prefix(rule, value)..];
    let madeness = if proven || facts.placeholders == Placeholders::Report { None } else { madeness(body, value) };
    let is_weak = facts.finds == Finds::AssignedValue || facts.confidence == Confidence::Low;
    if madeness == Some(Madeness::Blank) || madeness.is_some() && is_weak {
        return Ok(None);
    }
    let surest = match verdict {
        _ if madeness.is_some() || placeholder::is_example_uuid(body) => Confidence::Low,
        Verdict::Invalid(_) if placeholder::has_made_up_trait(body) => Confidence::Low,
        _ => facts.confidence,
    };
    let Some((confidence, validity, proof)) = grade(surest, verdict) else { return Ok(None) };
    if !has_neighbour(rule, text, &span)? {
        return Ok(None);
    }
    let (matched, decoded) = (span.clone(), Vec::new());
    Ok(Some(Candidate { rule, matched, span, decoded, secret, confidence, validity, proof, name: None }))
}

/// How plainly a value is made up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Madeness {
    /// As whoever is careless makes up a password.
    Careless,
    /// It says so itself, or is published.
    Blank,
}

/// Whether `value`, whose part behind the beginning of its kind is `body`, or what it is the base64 of, is made up.
fn madeness(body: &[u8], value: &[u8]) -> Option<Madeness> {
    let text = validator::base64_text(value);
    let line = text.as_deref().filter(|text| !text.contains(&b'\n'));
    let is = |made_up: fn(&[u8]) -> bool| made_up(body) || line.is_some_and(made_up);
    if is(placeholder::is_blank) || text.as_deref().is_some_and(published::is_public) {
        return Some(Madeness::Blank);
    }
    is(placeholder::is_placeholder).then_some(Madeness::Careless)
}

/// What a verdict makes of the rule's own confidence: proven is high, disproven at most medium, and low where the value
/// looks made up besides. Test-mode and public-by-design kinds stay low whatever their checksum says.
fn grade(base: Confidence, verdict: Verdict) -> Option<(Confidence, Validity, Option<&'static str>)> {
    match verdict {
        Verdict::Valid(proof) if base == Confidence::Low => Some((base, Validity::Valid, Some(proof))),
        Verdict::Valid(proof) => Some((Confidence::High, Validity::Valid, Some(proof))),
        Verdict::Harmless(why) => Some((Confidence::Low, Validity::Unknown, Some(why))),
        Verdict::Invalid(proof) => Some((base.min(Confidence::Medium), Validity::Invalid, Some(proof))),
        Verdict::Open => Some((base, Validity::Unknown, None)),
        Verdict::NotAKey => None,
    }
}

/// Whether what the rule wants to see near a match is there.
fn has_neighbour(rule: Rule<'_>, text: &[u8], span: &Range<usize>) -> Result<bool> {
    const FARTHEST: usize = 2 << 10;
    let Some((regex, lines)) = rule.near()? else { return Ok(true) };
    let lines = usize::try_from(lines).unwrap_or(usize::MAX);
    let before = &text[span.start.saturating_sub(FARTHEST)..span.start];
    let start = memchr::memrchr_iter(b'\n', before)
        .nth(lines)
        .map_or(span.start - before.len(), |newline| span.start - before.len() + newline + 1);
    let behind = &text[span.end..text.len().min(span.end + FARTHEST)];
    let end = span.end + memchr::memchr_iter(b'\n', behind).nth(lines).unwrap_or(behind.len());
    Ok(regex.is_match(&text[start..span.start]) || regex.is_match(&text[span.end..end]))
}

/// How much of a public beginning is shown; more tells nothing more about the kind.
const LONGEST_SHOWN: usize = 12;

/// The secret that a match stands for. Of a private key that is its label and body, so that neither indentation nor
/// escaped line breaks make it another key.
fn secret_of(rule: Rule<'_>, value: &[u8]) -> Secret {
    if rule.facts().validator == Some(Validator::Pem)
        && let Some(block) = PemBlock::parse(value)
    {
        let shown = "-----BEGIN ".len() + block.label.len() + "-----".len();
        let canonical = [b"-----BEGIN ", block.label, b"-----", &block.body].concat();
        return Secret::new(&canonical, shown);
    }
    Secret::new(value, public_prefix(rule, value).min(LONGEST_SHOWN))
}

/// How many bytes of `value` belong to the kind: the longest keyword that it starts with, or a private key's label.
fn public_prefix(rule: Rule<'_>, value: &[u8]) -> usize {
    if rule.facts().validator == Some(Validator::Pem) {
        return PemBlock::parse(value).map_or(0, |block| block.label_end);
    }
    let starts =
        |keyword: &&str| value.get(..keyword.len()).is_some_and(|start| start.eq_ignore_ascii_case(keyword.as_bytes()));
    rule.facts().keywords.iter().filter(starts).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
