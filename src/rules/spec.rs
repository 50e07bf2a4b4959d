//! A rule as it is written in TOML, and what can be said of it without running it.
//!
//! Shared by `build.rs`, which turns `src/rules/*.toml` into constant tables, and by the configuration, which reads
//! `[[rule]]` entries; so a configured rule can do what a built-in one can. Nothing here compiles a regex.

use serde::Deserialize;

pub use super::proof::Validator;
pub(crate) use super::shape::{Shape, SyntaxFlaw, openings};

/// How sure a finding is; the one axis on which findings are ranked and filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Plausible only: test-mode, public-by-design or made-up values are never above this.
    Low,
    /// A specific shape in a specific context. The default blocks from here up.
    Medium,
    /// Proven, or an unmistakable prefix.
    High,
}

impl Confidence {
    /// The word used in the configuration and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What holding the key amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivilegeClass {
    /// Everything that the account can do.
    Full,
    /// What was granted when the key was made.
    Scoped,
    /// A small fixed part of the service.
    Restricted,
    /// Expires by itself, soon.
    Temporary,
    /// Real, but for made-up data.
    TestMode,
    /// Published by design.
    Public,
    /// Not documented.
    Unknown,
}

impl PrivilegeClass {
    /// The word used in rules and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Scoped => "scoped",
            Self::Restricted => "restricted",
            Self::Temporary => "temporary",
            Self::TestMode => "test-mode",
            Self::Public => "public",
            Self::Unknown => "unknown",
        }
    }

    const ALL: [Self; 7] =
        [Self::Full, Self::Scoped, Self::Restricted, Self::Temporary, Self::TestMode, Self::Public, Self::Unknown];
}

/// What of a text a rule's regex is matched against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finds {
    /// The text itself: the regex matches the secret.
    #[default]
    Secret,
    /// Names in lower case with their words joined by `_`: the secret is a value without a format that is assigned to
    /// a name, if it looks random.
    AssignedValue,
    /// Whole files, from their first byte on: a file that matches is the secret.
    WholeFile,
}

/// What happens to values that look made up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placeholders {
    /// They are no findings (built-in rules).
    #[default]
    Silent,
    /// They are reported like any other value (configured rules).
    Report,
}

/// A second thing that must stand close by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Near {
    /// What must match.
    pub regex: String,
    /// How many lines before or after the finding it may stand.
    #[serde(default = "Near::default_lines")]
    pub lines: u32,
}

impl Near {
    fn default_lines() -> u32 {
        3
    }
}

/// The identifiers without which a secret is of no use, such as a key id; both halves close together are one finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The rules that find the other half.
    pub with: Vec<String>,
    /// How many lines before or after the secret it may stand.
    #[serde(default = "Pair::default_lines")]
    pub lines: u32,
    /// How sure the secret is at least beside its other half.
    #[serde(default = "Pair::default_confidence")]
    pub confidence: Confidence,
}

impl Pair {
    fn default_lines() -> u32 {
        5
    }

    fn default_confidence() -> Confidence {
        Confidence::High
    }
}

/// One `[[rule]]`, every field as written. Only `id` is always there: an entry with a built-in id overrides.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleSpec {
    /// The stable name, words joined by hyphens.
    pub id: String,
    /// What the key is called in a sentence.
    pub title: Option<String>,
    /// Literals of which each match holds one.
    pub keywords: Option<Vec<String>>,
    /// With macros and at most one group, called `secret`.
    pub regex: Option<String>,
    /// Whether the regex matches the secret, or the name that it is assigned to.
    pub finds: Option<Finds>,
    /// Shannon entropy of the secret, in bits per byte.
    pub min_entropy: Option<f32>,
    /// The proof that such a key carries.
    pub validator: Option<Validator>,
    /// How sure a match is when nothing is proven.
    pub confidence: Option<Confidence>,
    /// Globs of the files to look at.
    pub paths: Option<Vec<String>>,
    /// Globs of the files to leave out.
    pub exclude_paths: Option<Vec<String>>,
    /// What must stand close by.
    pub near: Option<Near>,
    /// What makes a pair with the secret.
    pub pair: Option<Pair>,
    /// `class: sentence`, what such a key can do.
    pub privilege: Option<String>,
    /// What happens to made-up values.
    pub placeholders: Option<Placeholders>,
    /// The variable that such a key is usually read from, or `none: reason`.
    pub env_var: Option<String>,
    /// The page that documents the format.
    pub docs: Option<String>,
    /// The page or the steps by which such a key is revoked.
    pub revoke: Option<String>,
    /// Templates of texts in which exactly one key of this kind stands.
    pub matches: Option<Vec<String>>,
    /// Templates of texts in which none of this kind stands.
    pub ignores: Option<Vec<String>>,
}

/// What is wrong with a rule or another table: the key to look at, and the sentence to print.
#[derive(Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The offending key of the table.
    pub key: &'static str,
    /// Where in the value of that key.
    pub spot: Spot,
    /// A lowercase sentence without a full stop.
    pub message: String,
}

/// A place in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// The value as a whole.
    Whole,
    /// An entry of a list.
    Entry(usize),
    /// A byte of a text.
    Byte(usize),
    /// A byte of the `regex` of a table.
    ByteOfRegex(usize),
}

impl Flaw {
    pub(crate) fn new(key: &'static str, message: impl Into<String>) -> Self {
        Self { key, spot: Spot::Whole, message: message.into() }
    }

    pub(crate) fn at(self, spot: Spot) -> Self {
        Self { spot, ..self }
    }

    /// A regex that does not parse.
    pub(crate) fn syntax(key: &'static str, flaw: &SyntaxFlaw) -> Self {
        Self::new(key, format!("does not parse: {}", flaw.message)).at(Spot::Byte(flaw.at))
    }
}

impl RuleSpec {
    /// This rule with the fields that `over` names replaced.
    #[must_use]
    pub fn overlaid(self, over: Self) -> Self {
        Self {
            id: over.id,
            title: over.title.or(self.title),
            keywords: over.keywords.or(self.keywords),
            regex: over.regex.or(self.regex),
            finds: over.finds.or(self.finds),
            min_entropy: over.min_entropy.or(self.min_entropy),
            validator: over.validator.or(self.validator),
            confidence: over.confidence.or(self.confidence),
            paths: over.paths.or(self.paths),
            exclude_paths: over.exclude_paths.or(self.exclude_paths),
            near: over.near.or(self.near),
            pair: over.pair.or(self.pair),
            privilege: over.privilege.or(self.privilege),
            placeholders: over.placeholders.or(self.placeholders),
            env_var: over.env_var.or(self.env_var),
            docs: over.docs.or(self.docs),
            revoke: over.revoke.or(self.revoke),
            matches: over.matches.or(self.matches),
            ignores: over.ignores.or(self.ignores),
        }
    }

    /// Checks everything that can be checked without compiling a regex.
    pub fn check(&self) -> Result<(), Flaw> {
        if !is_kebab_case(&self.id) {
            return Err(Flaw::new("id", "must be lower-case words joined by hyphens, such as `acme-api-key`"));
        }
        if let Some(regex) = &self.regex {
            let shape = Shape::of(regex).map_err(|flaw| Flaw::syntax("regex", &flaw))?;
            if shape.matches_empty {
                return Err(Flaw::new("regex", "must not match the empty string"));
            }
        }
        if self.finds == Some(Finds::WholeFile) {
            self.check_whole_file()?;
        }
        if let Some(near) = &self.near {
            Shape::of(&near.regex).map_err(|flaw| Flaw::syntax("near", &flaw).at(Spot::ByteOfRegex(flaw.at)))?;
        }
        if let Some(keywords) = &self.keywords {
            check_keywords(keywords)?;
        }
        if self.pair.as_ref().is_some_and(|pair| pair.with.is_empty() || pair.with.contains(&self.id)) {
            return Err(Flaw::new("pair", "must name other rules in `with`"));
        }
        if self.privilege.as_deref().is_some_and(|text| privilege(text).is_none()) {
            return Err(Flaw::new(
                "privilege",
                "must be a class and a sentence, such as `scoped: reads mail`; the classes are full, scoped, restricted, \
                 temporary, test-mode, public and unknown",
            ));
        }
        match self.env_var.as_deref() {
            Some(name) if !name.starts_with(NO_VARIABLE) && !is_variable_name(name) => {
                Err(Flaw::new("env-var", "must be a name of capitals, digits and `_`, or `none: ` and the reason"))
            }
            _ => Ok(()),
        }
    }
}

impl RuleSpec {
    /// A rule for whole files is tried where the file begins as the regex does, so that other files cost nothing.
    fn check_whole_file(&self) -> Result<(), Flaw> {
        let regex = self.regex.as_deref().unwrap_or_default();
        if !regex.is_empty() && openings(regex).is_empty() && self.paths.is_none() {
            return Err(Flaw::new(
                "regex",
                r"must begin with `\A` and bytes that the file begins with, or the rule must name `paths`",
            ));
        }
        for (key, is_there) in [
            ("keywords", self.keywords.is_some()),
            ("near", self.near.is_some()),
            ("pair", self.pair.is_some()),
            ("min-entropy", self.min_entropy.is_some()),
        ] {
            if is_there {
                return Err(Flaw::new(key, "says nothing in a rule that finds whole files"));
            }
        }
        Ok(())
    }
}

/// How an `env-var` begins that says why there is none.
pub const NO_VARIABLE: &str = "none: ";

fn check_keywords(keywords: &[String]) -> Result<(), Flaw> {
    let short = |keyword: &String| keyword.len() < 3 || !keyword.is_ascii();
    let Some(place) = keywords.iter().position(short) else { return Ok(()) };
    let message = format!("`{}` must be at least three ASCII characters", keywords[place]);
    Err(Flaw::new("keywords", message).at(Spot::Entry(place)))
}

/// Whether `id` is words of small letters and digits joined by hyphens.
pub fn is_kebab_case(id: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    id.split('-').all(word)
}

/// Whether `name` is what a shell and every language accept as the name of an environment variable.
pub fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The plain text that every path ends with that the glob covers.
pub fn ending(glob: &str) -> &str {
    glob.rsplit(['*', '?', '[', ']', '{', '}', '\\']).next().unwrap_or_default().trim_start_matches('/')
}

/// Splits `class: sentence`.
pub fn privilege(text: &str) -> Option<(PrivilegeClass, &str)> {
    let (word, sentence) = text.split_once(": ")?;
    let class = PrivilegeClass::ALL.into_iter().find(|class| class.name() == word)?;
    Some((class, sentence))
}
