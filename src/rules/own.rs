//! Rules of a configuration: those that it adds, and built-in ones of which it replaces fields.

use anyhow::{Context as _, Result};

use super::shape::Shape;
use super::spec::{self, Confidence, Finds, Placeholders, RuleSpec};
use super::{Engine, Facts, Origin, PairFacts, Strings, builtin, shape};

/// A rule that a configuration adds, or a built-in one with some fields replaced.
pub(super) struct OwnRule {
    pub(super) spec: RuleSpec,
    regex: String,
    pub(super) shape: Shape,
    near: Option<(String, u32)>,
    pub(super) origin: Origin,
    pub(super) engine: Engine,
    /// How each match begins, where the rule is for whole files; none where there are too many ways.
    openings: Vec<Vec<u8>>,
}

impl OwnRule {
    /// The rule that `spec` adds, or the built-in one called `base` with the fields that it names.
    pub(super) fn new(spec: RuleSpec, base: Option<usize>) -> Result<Self> {
        let spec = match base {
            Some(index) => spec_of(&builtin::facts(index)).overlaid(spec),
            None => spec,
        };
        let regex = spec.regex.clone().with_context(|| format!("rule `{}` has no `regex`", spec.id))?;
        let shape = Shape::of(&regex).map_err(|flaw| anyhow::Error::msg(flaw.message))?;
        Ok(Self {
            openings: shape::openings(&regex),
            regex,
            shape,
            near: spec.near.as_ref().map(|near| (near.regex.clone(), near.lines)),
            origin: if base.is_some() { Origin::BuiltIn } else { Origin::Configured },
            engine: Engine::default(),
            spec,
        })
    }

    /// Whether it is a rule for whole files, and `text` begins as its matches do.
    pub(super) fn may_be(&self, text: &[u8]) -> bool {
        let begins = |opening: &Vec<u8>| text.starts_with(opening);
        self.spec.finds == Some(Finds::WholeFile) && (self.openings.is_empty() || self.openings.iter().any(begins))
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        fn list(texts: Option<&Vec<String>>) -> Strings<'_> {
            Strings::Own(texts.map_or(&[], Vec::as_slice))
        }
        let spec = &self.spec;
        Facts {
            group: builtin::find(&spec.id).and_then(|index| builtin::facts(index).group),
            id: &spec.id,
            title: spec.title.as_deref().unwrap_or(&spec.id),
            regex: &self.regex,
            near: self.near.as_ref().map(|(regex, lines)| (regex.as_str(), *lines)),
            pair: spec.pair.as_ref().map(|pair| PairFacts {
                with: Strings::Own(&pair.with),
                lines: pair.lines,
                confidence: pair.confidence,
            }),
            privilege: spec.privilege.as_deref(),
            env_var: spec.env_var.as_deref(),
            docs: spec.docs.as_deref(),
            revoke: spec.revoke.as_deref(),
            keywords: list(spec.keywords.as_ref()),
            paths: list(spec.paths.as_ref()),
            exclude_paths: list(spec.exclude_paths.as_ref()),
            matches: list(spec.matches.as_ref()),
            ignores: list(spec.ignores.as_ref()),
            finds: spec.finds.unwrap_or_default(),
            min_entropy: spec.min_entropy,
            validator: spec.validator,
            confidence: spec.confidence.unwrap_or(Confidence::Medium),
            placeholders: spec.placeholders.unwrap_or(Placeholders::Report),
        }
    }
}

/// A built-in rule as a specification, so that a configuration can be laid over it.
fn spec_of(facts: &Facts<'_>) -> RuleSpec {
    let list = |strings: Strings<'_>| Some(strings.iter().map(str::to_owned).collect());
    let text = |text: Option<&str>| text.map(str::to_owned);
    RuleSpec {
        id: facts.id.to_owned(),
        title: text(Some(facts.title)),
        keywords: list(facts.keywords),
        regex: text(Some(facts.regex)),
        finds: Some(facts.finds),
        min_entropy: facts.min_entropy,
        validator: facts.validator,
        confidence: Some(facts.confidence),
        paths: list(facts.paths),
        exclude_paths: list(facts.exclude_paths),
        near: facts.near.map(|(regex, lines)| spec::Near { regex: regex.to_owned(), lines }),
        pair: facts.pair.map(|pair| spec::Pair {
            with: pair.with.iter().map(str::to_owned).collect(),
            lines: pair.lines,
            confidence: pair.confidence,
        }),
        privilege: text(facts.privilege),
        placeholders: Some(facts.placeholders),
        env_var: text(facts.env_var),
        docs: text(facts.docs),
        revoke: text(facts.revoke),
        matches: list(facts.matches),
        ignores: list(facts.ignores),
    }
}
