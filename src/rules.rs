//! Rules: what a kind of key looks like, and everything worth saying about it.
//!
//! Built-in rules are data in `rules/*.toml`, made into constant tables by `build.rs`; configured rules come from
//! `[[rule]]`. Both are the same [`Rule`] to the rest of the program. A regex is compiled when the first keyword of its
//! rule is seen and never at start-up: compiling all of them takes a hundred times longer than a commit may.

pub(crate) mod builtin;
pub mod example;
mod macros;
pub mod matcher;
mod own;
mod paths;
pub(crate) mod place;
mod proof;
pub(crate) mod shape;
pub mod spec;

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use anyhow::{Context as _, Result};
use globset::GlobSet;
use regex::bytes::{Regex, RegexBuilder};

use crate::change::BytePath;
#[doc(hidden)]
pub use builtin::Span;
use own::OwnRule;
pub(crate) use paths::glob_set;
use shape::Shape;
use spec::{Confidence, Finds, NO_VARIABLE, Placeholders, PrivilegeClass, RuleSpec, Validator};

/// Upper bound of one compiled regex in bytes; the largest built-in one stays under it by a test.
const REGEX_SIZE_LIMIT: usize = 2 << 20;

/// Everything that a rule says; what is not said is `None` or empty.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the fields are documented once, in config.example.toml")]
pub struct Facts<'a> {
    /// The file of `src/rules` that holds it, without `.toml`; `None` for a configured rule.
    pub group: Option<&'a str>,
    pub id: &'a str,
    pub title: &'a str,
    /// As it is written, with its macros.
    pub regex: &'a str,
    /// Regex and number of lines.
    pub near: Option<(&'a str, u32)>,
    pub pair: Option<PairFacts<'a>>,
    pub privilege: Option<&'a str>,
    pub env_var: Option<&'a str>,
    pub docs: Option<&'a str>,
    pub revoke: Option<&'a str>,
    pub keywords: Strings<'a>,
    pub paths: Strings<'a>,
    pub exclude_paths: Strings<'a>,
    pub matches: Strings<'a>,
    pub ignores: Strings<'a>,
    pub finds: Finds,
    pub min_entropy: Option<f32>,
    pub validator: Option<Validator>,
    pub confidence: Confidence,
    pub placeholders: Placeholders,
}

/// What a rule says of the other half of its secret.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the fields are those of `spec::Pair`")]
pub struct PairFacts<'a> {
    pub with: Strings<'a>,
    pub lines: u32,
    pub confidence: Confidence,
}

/// What to do about a real key of a kind, beside revoking it: data of `rules/cards/*.toml`. A configuration has no say in
/// it. What is not documented by the provider, or does not exist, is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// What to use in its place that can do less, as a sentence.
    pub narrower: Option<&'static str>,
    /// How to get a new one without an outage; a command where the provider has one.
    pub rotate: Option<&'static str>,
    /// Where the provider shows when it was used last.
    pub last_use: Option<&'static str>,
    /// Where the provider records what was done with it.
    pub audit_log: Option<&'static str>,
}

/// A list of texts, wherever it is kept.
#[derive(Clone, Copy)]
pub enum Strings<'a> {
    /// Spans of the constant text.
    #[doc(hidden)]
    BuiltIn(&'static [Span]),
    /// A span of the constant examples.
    #[doc(hidden)]
    Examples(Span),
    /// Read from a configuration.
    Own(&'a [String]),
}

impl<'a> Strings<'a> {
    /// Every text in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        let (built_in, examples, own): (&[_], _, &[_]) = match self {
            Self::BuiltIn(spans) => (spans, Span::EMPTY, &[]),
            Self::Examples(span) => (&[], span, &[]),
            Self::Own(texts) => (&[], Span::EMPTY, texts),
        };
        let built_in = built_in.iter().map(|span| builtin::text(*span));
        let examples = builtin::examples(examples).map(|text| -> &'a str { text });
        built_in.chain(examples).chain(own.iter().map(String::as_str))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }
}

impl<'a> Facts<'a> {
    /// What the key can do: its class and a lowercase sentence.
    pub fn privilege(&self) -> (PrivilegeClass, Option<&'a str>) {
        self.privilege
            .and_then(spec::privilege)
            .map_or((PrivilegeClass::Unknown, None), |(class, text)| (class, Some(text)))
    }

    /// The environment variable that such a key is usually read from.
    pub fn variable(&self) -> Option<&'a str> {
        self.env_var.filter(|name| !name.starts_with(NO_VARIABLE))
    }
}

/// The parts of a rule that are compiled on first use.
#[derive(Default)]
pub(crate) struct Engine {
    regex: OnceLock<Regex>,
    near: OnceLock<Regex>,
    paths: OnceLock<GlobSet>,
    exclude_paths: OnceLock<GlobSet>,
    forms: OnceLock<Vec<shape::UnmarkedForm>>,
    whole: OnceLock<Option<Regex>>,
}

/// One rule of a [`RuleSet`], built in or configured.
#[derive(Clone, Copy)]
pub struct Rule<'a> {
    set: &'a RuleSet,
    index: usize,
}

/// Where a rule comes from; decides who wins where two match the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Added by a configuration.
    Configured,
    /// Part of keyguard, overridden or not.
    BuiltIn,
}

impl<'a> Rule<'a> {
    /// What the rule says.
    pub fn facts(self) -> Facts<'a> {
        self.own().map_or_else(|| builtin::facts(self.index), OwnRule::facts)
    }

    /// What to do about a real key of its kind; empty for an added rule.
    pub fn card(self) -> Card {
        let base = self.own().map_or(Some(self.index), |own| builtin::find(&own.spec.id));
        base.map(builtin::card).unwrap_or_default()
    }

    /// What its regex is for, without looking up all that it says.
    pub(crate) fn finds(self) -> Finds {
        self.own().map_or_else(|| builtin::finds(self.index), |own| own.spec.finds.unwrap_or_default())
    }

    /// What its regex's syntax tells, without looking up all that it says.
    pub(crate) fn shape(self) -> Shape {
        self.own().map_or_else(|| builtin::shape(self.index), |own| own.shape)
    }

    /// The rule's stable name.
    pub fn id(self) -> &'a str {
        self.own().map_or_else(|| builtin::id(self.index), |own| &own.spec.id)
    }

    /// Where the rule comes from.
    pub fn origin(self) -> Origin {
        self.own().map_or(Origin::BuiltIn, |own| own.origin)
    }

    /// Whether it is a built-in rule of which a configuration has replaced fields.
    pub(crate) fn is_overridden(self) -> bool {
        self.own().is_some_and(|own| own.origin == Origin::BuiltIn)
    }

    /// Whether a configuration has chosen the variable, or what it is taken from.
    pub(crate) fn chooses_variable(self) -> bool {
        self.own().is_some_and(|own| {
            let of_base = builtin::find(&own.spec.id).and_then(|base| builtin::facts(base).env_var);
            own.origin == Origin::Configured || own.spec.env_var.as_deref() != of_base
        })
    }

    /// The rules that it is one of.
    pub(crate) fn set(self) -> &'a RuleSet {
        self.set
    }

    /// A number that orders the rules of one [`RuleSet`].
    pub(crate) fn index(self) -> usize {
        self.index
    }

    fn own(self) -> Option<&'a OwnRule> {
        self.index.checked_sub(builtin::count()).map(|position| &self.set.own[position])
    }

    fn engine(self) -> &'a Engine {
        self.own().map_or_else(|| builtin::engine(self.index), |own| &own.engine)
    }

    /// The compiled regex; fails for a configured one that is too large.
    pub fn regex(self) -> Result<&'a Regex> {
        compile(&self.engine().regex, self.facts().regex).with_context(|| {
            format!("the regex of rule `{}` cannot be compiled; see `keyguard config check`", self.id())
        })
    }

    /// The forms of its secrets that nothing fixed opens.
    pub(crate) fn unmarked_forms(self) -> &'a [shape::UnmarkedForm] {
        self.engine().forms.get_or_init(|| shape::unmarked_forms(self.facts().regex))
    }

    /// Whether `value` as a whole is as its secrets are.
    pub(crate) fn is_secret(self, value: &[u8]) -> bool {
        let pattern = || shape::whole_secret(self.facts().regex);
        let build =
            |pattern: String| RegexBuilder::new(&pattern).unicode(false).size_limit(REGEX_SIZE_LIMIT).build().ok();
        self.engine()
            .whole
            .get_or_init(|| pattern().and_then(build))
            .as_ref()
            .is_some_and(|regex| regex.is_match(value))
    }

    /// The compiled `near` regex with its number of lines.
    pub fn near(self) -> Result<Option<(&'a Regex, u32)>> {
        let Some((pattern, lines)) = self.facts().near else { return Ok(None) };
        let regex = compile(&self.engine().near, pattern).with_context(|| {
            format!("`near` of rule `{}` cannot be compiled; see `keyguard config check`", self.id())
        })?;
        Ok(Some((regex, lines)))
    }

    /// Whether the rule is to be tried on a file of this path.
    pub fn covers(self, path: &BytePath) -> Result<bool> {
        let (facts, engine) = (self.facts(), self.engine());
        Ok((facts.paths.is_empty() || paths::hold(&engine.paths, facts.paths, path)?)
            && !paths::hold(&engine.exclude_paths, facts.exclude_paths, path)?)
    }

    /// Whether it leaves out files of this path, whatever else it says of them.
    pub(crate) fn excludes(self, path: &BytePath) -> Result<bool> {
        paths::hold(&self.engine().exclude_paths, self.facts().exclude_paths, path)
    }
}

fn compile<'a>(cell: &'a OnceLock<Regex>, pattern: &str) -> Result<&'a Regex> {
    if let Some(regex) = cell.get() {
        return Ok(regex);
    }
    let regex = RegexBuilder::new(&macros::expand(pattern)).unicode(false).size_limit(REGEX_SIZE_LIMIT).build()?;
    Ok(cell.get_or_init(|| regex))
}

/// All rules in force. Numbers below the count of built-in rules are built-in, the rest configured.
pub struct RuleSet {
    /// By number of the built-in rule; empty when none is switched off.
    disabled: Vec<bool>,
    own: Vec<OwnRule>,
    own_keywords: Option<AhoCorasick>,
    /// For each keyword of `own_keywords`, the rule that it wakes.
    own_wakes: Vec<usize>,
    /// Configured rules without keywords: always tried.
    unkeyed: Vec<usize>,
}

impl RuleSet {
    /// The built-in rules as they are.
    pub fn built_in() -> Self {
        Self { disabled: Vec::new(), own: Vec::new(), own_keywords: None, own_wakes: Vec::new(), unkeyed: Vec::new() }
    }

    /// The built-in rules without those that `is_on` refuses, and the configured ones; specs have been checked.
    pub fn new(own: Vec<RuleSpec>, is_on: impl Fn(&str) -> bool) -> Result<Self> {
        let mut set = Self::built_in();
        set.disabled = (0..builtin::count()).map(|index| !is_on(builtin::id(index))).collect();
        for spec in own {
            if is_on(&spec.id) {
                set.add(spec)?;
            }
        }
        set.index_keywords()?;
        Ok(set)
    }

    fn add(&mut self, spec: RuleSpec) -> Result<()> {
        let base = builtin::find(&spec.id);
        if let Some(index) = base {
            self.disabled[index] = true;
        }
        self.own.push(OwnRule::new(spec, base)?);
        Ok(())
    }

    fn index_keywords(&mut self) -> Result<()> {
        let mut keywords = Vec::new();
        for (position, rule) in self.own.iter().enumerate() {
            let index = builtin::count() + position;
            let own = rule.spec.keywords.as_deref().unwrap_or_default();
            if own.is_empty() && rule.spec.finds != Some(Finds::WholeFile) {
                self.unkeyed.push(index);
            }
            keywords.extend(own.iter().map(|keyword| keyword.to_ascii_lowercase()));
            self.own_wakes.extend(own.iter().map(|_| index));
        }
        if !keywords.is_empty() {
            let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&keywords)?;
            self.own_keywords = Some(automaton);
        }
        Ok(())
    }

    /// The rule with this number.
    pub(crate) fn get(&self, index: usize) -> Rule<'_> {
        Rule { set: self, index }
    }

    /// Whether the built-in rule with this number is in force as it is.
    pub(crate) fn is_enabled(&self, index: usize) -> bool {
        !self.disabled.get(index).copied().unwrap_or(false)
    }

    /// Whether a configuration has switched off a built-in rule that matches in this piece of the text: its keys are not
    /// to be found by their names either.
    pub(crate) fn waives(&self, text: &[u8], piece: &std::ops::Range<usize>) -> Result<bool> {
        let value = &text[piece.clone()];
        let folded = value.to_ascii_lowercase();
        let holds = |keyword: &str| memchr::memmem::find(&folded, keyword.to_ascii_lowercase().as_bytes()).is_some();
        for index in (0..builtin::count()).filter(|index| !self.is_enabled(*index)) {
            let facts = builtin::facts(index);
            // A rule that needs something near by cannot tell from the piece alone.
            if facts.finds == Finds::Secret
                && facts.near.is_none()
                && facts.keywords.iter().any(holds)
                && self.get(index).regex()?.is_match(value)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Every rule in force, by id.
    pub fn iter(&self) -> impl Iterator<Item = Rule<'_>> {
        let built_in = (0..builtin::count()).filter(|index| self.is_enabled(*index));
        let own = (0..self.own.len()).map(|position| builtin::count() + position);
        let mut rules: Vec<_> = built_in.chain(own).map(|index| self.get(index)).collect();
        rules.sort_unstable_by_key(|rule| rule.id());
        rules.into_iter()
    }

    /// The rule called `id`.
    pub fn find(&self, id: &str) -> Option<Rule<'_>> {
        self.iter().find(|rule| rule.id() == id)
    }

    /// Calls `wake` with the number of a configured rule and where its keyword stands, in order of the keywords.
    pub(crate) fn own_keywords(&self, text: &[u8], mut wake: impl FnMut(usize, std::ops::Range<usize>)) {
        for hit in self.own_keywords.iter().flat_map(|automaton| automaton.find_overlapping_iter(text)) {
            wake(self.own_wakes[hit.pattern().as_usize()], hit.range());
        }
        for index in &self.unkeyed {
            wake(*index, 0..text.len());
        }
    }

    /// The rules in force of which `text`, a file of this path, may be a secret as a whole: it begins as each match does.
    pub(crate) fn of_whole_file(&self, path: &BytePath, text: &[u8]) -> Vec<usize> {
        let built_in = builtin::of_whole_file(path.as_bytes(), text).filter(|index| self.is_enabled(*index));
        let own = self.own.iter().enumerate().filter(|(_, rule)| rule.may_be(text));
        let mut rules: Vec<_> = built_in.chain(own.map(|(position, _)| builtin::count() + position)).collect();
        rules.dedup();
        rules
    }

    /// Compiles every configured rule, so that an oversized regex is told before anything is scanned.
    pub fn compile_own(&self) -> Result<()> {
        for position in 0..self.own.len() {
            let rule = self.get(builtin::count() + position);
            rule.regex()?;
            rule.near()?;
            paths::globs(&rule.engine().paths, rule.facts().paths)?;
            paths::globs(&rule.engine().exclude_paths, rule.facts().exclude_paths)?;
        }
        Ok(())
    }
}

/// Whether keys of a built-in kind begin with `word`, such as `ghp_`; a plain word may be a provider's name.
pub(crate) fn begins_a_keyword(word: &str) -> bool {
    if word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return false;
    }
    let begins = |keyword: &str| keyword.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    (0..builtin::count()).any(|index| builtin::facts(index).keywords.iter().any(begins))
}

/// Whether `id` names a built-in rule.
pub fn is_built_in(id: &str) -> bool {
    builtin::find(id).is_some()
}
