//! `.gitleaks.toml`: rules, allowlists of every generation, `[extend]`.

use std::ops::Range;

use anyhow::{Result, anyhow};
use toml_edit::{Document, Item, TableLike, Value};

use super::{Import, Place, glob, line_of, regex, short};
use crate::config::AllowSpec;
use crate::rules::is_built_in;
use crate::rules::spec::{RuleSpec, is_kebab_case};
use crate::scanner::masked;

/// Reads another file of the repository that this one extends; `None` where there is none, or it is not to be read.
pub(crate) type Read<'a> = &'a dyn Fn(&str) -> Option<String>;

/// So many files extend each other at most.
const DEEPEST: usize = 4;

/// Reads a configuration; fails only where it is no TOML.
pub(crate) fn import(file: &str, text: &str, read: Read<'_>) -> Result<Import> {
    let mut reader = Reader { read, import: Import::default(), rules: Vec::new(), disabled: Vec::new() };
    let allowlists = reader.file(file, text, DEEPEST)?;
    reader.finish(allowlists);
    Ok(reader.import)
}

/// A rule, and what stands in its file about it.
struct Rule {
    file: String,
    line: Option<usize>,
    id: String,
    fields: Fields,
    allowlists: Vec<Allowlist>,
}

#[derive(Default)]
struct Fields {
    description: Option<String>,
    regex: Option<String>,
    path: Option<String>,
    group: Option<usize>,
    entropy: Option<f64>,
    keywords: Vec<String>,
    /// Keys that have no counterpart.
    others: Vec<String>,
}

struct Allowlist {
    file: String,
    line: Option<usize>,
    description: Option<String>,
    wants_all: bool,
    commits: usize,
    paths: Vec<String>,
    regexes: Vec<String>,
    stopwords: Vec<String>,
    /// Whether the regexes look at more than the key.
    looks_around: bool,
    /// The rules that it is about; none: all.
    targets: Vec<String>,
}

struct Reader<'r> {
    read: Read<'r>,
    import: Import,
    rules: Vec<Rule>,
    disabled: Vec<(String, Option<usize>, String)>,
}

impl Reader<'_> {
    /// Takes in one file, what it extends first; gives the allowlists that are not of one rule.
    fn file(&mut self, file: &str, text: &str, depth: usize) -> Result<Vec<Allowlist>> {
        let document = Document::parse(text).map_err(|error| {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            anyhow!("{file}:{line}: this is no TOML: {}\nhelp: mend it first", masked(error.message()))
        })?;
        let root = document.as_table();
        let mut allowlists = Vec::new();
        if let Some(extend) = root.get("extend") {
            allowlists = self.extend(&Source { file, text }, extend, depth)?;
        }
        let source = Source { file, text };
        for (table, span) in root.get("rules").map(entries).unwrap_or_default() {
            self.rule(&source, table, source.line(span));
        }
        for key in ["allowlist", "allowlists"] {
            let found = root.get(key).map(entries).unwrap_or_default();
            allowlists.extend(found.into_iter().map(|(table, span)| source.allowlist(table, source.line(span))));
        }
        let known = ["title", "description", "minVersion", "extend", "rules", "allowlist", "allowlists"];
        for (key, item) in root.iter().filter(|(key, _)| !known.contains(key)) {
            self.import.remark(source.place(source.line(item.span())), format!("`{}` has no counterpart", short(key)));
        }
        Ok(allowlists)
    }

    fn extend(&mut self, source: &Source<'_>, extend: &Item, depth: usize) -> Result<Vec<Allowlist>> {
        let line = source.line(extend.span());
        let mut allowlists = Vec::new();
        for (key, item) in extend.as_table_like().into_iter().flat_map(TableLike::iter) {
            match (key, item.as_str()) {
                ("useDefault", _) => {}
                ("disabledRules", _) => {
                    let named = strings(Some(item)).into_iter().map(|id| (source.file.to_owned(), line, id));
                    self.disabled.extend(named);
                }
                ("path", Some(path)) => match (self.read)(path) {
                    Some(_) if depth == 0 => {
                        self.import.remark(source.place(line), "extends too many files in a row, or itself");
                    }
                    Some(text) => allowlists.extend(self.file(path, &text, depth - 1)?),
                    None => {
                        let text = format!("`path` names `{}`, which is no file of this repository", short(path));
                        self.import.remark(source.place(line), text);
                    }
                },
                _ => self.import.remark(source.place(line), format!("`{}` of `[extend]` is not followed", short(key))),
            }
        }
        Ok(allowlists)
    }

    fn rule(&mut self, source: &Source<'_>, table: &dyn TableLike, line: Option<usize>) {
        let text = |key| table.get(key).and_then(Item::as_str).map(str::to_owned);
        let Some(id) = text("id") else {
            return self.import.remark(source.place(line), "a rule without an `id`");
        };
        let known = [
            "id",
            "description",
            "regex",
            "path",
            "secretGroup",
            "entropy",
            "keywords",
            "tags",
            "allowlist",
            "allowlists",
        ];
        let fields = Fields {
            description: text("description"),
            regex: text("regex"),
            path: text("path"),
            group: table.get("secretGroup").and_then(Item::as_integer).and_then(|group| usize::try_from(group).ok()),
            entropy: table.get("entropy").and_then(number),
            keywords: strings(table.get("keywords")),
            others: table.iter().map(|(key, _)| key.to_owned()).filter(|key| !known.contains(&key.as_str())).collect(),
        };
        let mut allowlists = Vec::new();
        for key in ["allowlist", "allowlists"] {
            let found = table.get(key).map(entries).unwrap_or_default();
            allowlists
                .extend(found.into_iter().map(|(table, span)| source.allowlist(table, source.line(span).or(line))));
        }
        let file = source.file.to_owned();
        match self.rules.iter_mut().find(|rule| rule.id == id) {
            Some(known) => {
                known.fields.overlay(fields);
                known.allowlists.extend(allowlists);
            }
            None => self.rules.push(Rule { file, line, id, fields, allowlists }),
        }
    }

    /// Writes down what all files come to.
    fn finish(&mut self, allowlists: Vec<Allowlist>) {
        for (file, line, id) in std::mem::take(&mut self.disabled) {
            let before = self.rules.len();
            self.rules.retain(|rule| rule.id != id || rule.fields.regex.is_none());
            if is_built_in(&id) {
                self.import.disable.insert(id);
            } else if self.rules.len() == before {
                let text = format!("`disabledRules` names `{}`, which is no rule of keyguard", short(&id));
                self.import.remark(Place { file: &file, line }, text);
            }
        }
        let mut names = Vec::new();
        for rule in std::mem::take(&mut self.rules) {
            let place = Place { file: &rule.file, line: rule.line };
            let name = self.take_rule(place, &rule.id, rule.fields);
            match &name {
                Some(name) => names.push((rule.id, name.clone())),
                None if rule.allowlists.is_empty() => {}
                None => self.import.remark(place, format!("rule `{}`: nor are its allowlists", short(&rule.id))),
            }
            for allowlist in rule.allowlists.iter().filter(|_| name.is_some()) {
                self.allowlist(allowlist, name.as_deref());
            }
        }
        for allowlist in allowlists {
            self.targeted(&allowlist, &names);
        }
    }

    /// Carries a rule over; gives the name that it has in keyguard.
    fn take_rule(&mut self, place: Place<'_>, id: &str, fields: Fields) -> Option<String> {
        let shown = short(id);
        let Some(pattern) = fields.regex else {
            if fields.path.is_none() && is_built_in(id) {
                return Some(id.to_owned());
            }
            let why = if fields.path.is_some() { "is about a file's name alone" } else { "is no rule of keyguard" };
            self.import.remark(place, format!("rule `{shown}` {why}"));
            return None;
        };
        let name = kebab_case(id);
        let name = if is_built_in(&name) { format!("imported-{name}") } else { name };
        if !is_kebab_case(&name) || self.import.rules.iter().any(|rule| rule.id == name) {
            self.import.remark(place, format!("rule `{shown}` has a name that cannot be told from another's"));
            return None;
        }
        let count = regex::groups(&pattern);
        let group = fields.group.filter(|group| *group > 0).or((count > 0).then_some(1));
        let translated = match regex::translate(&pattern, group) {
            Ok(translated) => translated,
            Err(why) => {
                self.import.remark(place, format!("rule `{shown}`: its regex {why}"));
                return None;
            }
        };
        if fields.group.is_none_or(|group| group == 0) && count > 1 {
            self.import.remark(place, format!("rule `{shown}`: of several groups the first is taken for the key"));
        }
        for key in &fields.others {
            self.import.remark(place, format!("`{}` of rule `{shown}` has no counterpart", short(key)));
        }
        let keywords: Vec<_> = fields.keywords.iter().map(|word| word.to_ascii_lowercase()).collect();
        let are_usable = keywords.iter().all(|word| word.len() >= 3 && word.is_ascii())
            && regex::holds_one(&translated.hir, &keywords);
        if !keywords.is_empty() && !are_usable {
            let text = "not every match holds one, so the rule is always tried";
            self.import.remark(place, format!("`keywords` of rule `{shown}`: {text}"));
        }
        let paths = match fields.path.as_deref().map(glob::globs).transpose() {
            Ok(paths) => paths,
            Err(why) => {
                self.import.remark(place, format!("rule `{shown}`: its path {why}"));
                return None;
            }
        };
        #[expect(clippy::cast_possible_truncation, reason = "bits of entropy have one decimal")]
        let rule = RuleSpec {
            id: name.clone(),
            title: Some(fields.description.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| id.to_owned())),
            regex: Some(translated.regex),
            keywords: (are_usable && !keywords.is_empty()).then_some(keywords),
            min_entropy: fields.entropy.filter(|bits| *bits > 0.0).map(|bits| bits as f32),
            paths,
            ..RuleSpec::default()
        };
        self.import.add_rule(place, &shown, rule);
        self.import.rules.last().is_some_and(|rule| rule.id == name).then_some(name)
    }

    /// An allowlist of the whole file: about all rules, or about those that it names.
    fn targeted(&mut self, allowlist: &Allowlist, names: &[(String, String)]) {
        if allowlist.targets.is_empty() {
            return self.allowlist(allowlist, None);
        }
        for target in &allowlist.targets {
            let renamed = names.iter().find(|(id, _)| id == target).map(|(_, name)| name.as_str());
            match renamed.or(Some(target.as_str()).filter(|id| is_built_in(id))) {
                Some(name) => self.allowlist(allowlist, Some(name)),
                None => {
                    let text = format!("`targetRules` names `{}`, which is no rule of keyguard", short(target));
                    self.import.remark(allowlist.place(), text);
                }
            }
        }
    }

    /// An allowlist as entries: one for each of its values, or for each combination where all have to hold.
    fn allowlist(&mut self, list: &Allowlist, rule: Option<&str>) {
        const MOST: usize = 256;
        let place = list.place();
        if list.commits > 0 {
            self.import.remark(place, "`commits`: an entry names what is allowed, not where it was committed");
        }
        if !list.regexes.is_empty() && list.looks_around {
            self.import.remark(place, "`regexes` about the line or the match: an entry sees the key alone");
        }
        let cannot_hold = list.commits > 0 || list.looks_around && !list.regexes.is_empty();
        if list.wants_all && cannot_hold {
            return self.import.remark(place, "the rest of it, because all of it would have to hold");
        }
        let reason = match list.description.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => format!("{text} (from {})", list.file),
            None => format!("allowed by {}", list.file),
        };
        let base = AllowSpec { rule: rule.map(str::to_owned), reason: Some(reason), ..AllowSpec::default() };
        let kinds = [self.paths(list, &base), self.regexes(list, &base), stopwords(list, &base)];
        if list.wants_all {
            let (has_lost, count) = (
                !list.paths.is_empty() && kinds[0].is_empty() || !list.regexes.is_empty() && kinds[1].is_empty(),
                kinds.iter().map(|kind| kind.len().max(1)).product::<usize>(),
            );
            if has_lost || count > MOST {
                return self.import.remark(place, "the rest of it, because all of it would have to hold");
            }
            let all = kinds.into_iter().filter(|kind| !kind.is_empty()).fold(vec![base], |entries, kind| {
                entries.iter().flat_map(|entry| kind.iter().map(|more| both(entry, more))).collect()
            });
            self.add_all(place, all);
        } else {
            self.add_all(place, kinds.concat());
        }
    }

    fn add_all(&mut self, place: Place<'_>, entries: Vec<AllowSpec>) {
        for entry in entries {
            self.import.add_allow(place, entry);
        }
    }

    fn paths(&mut self, list: &Allowlist, base: &AllowSpec) -> Vec<AllowSpec> {
        let mut entries = Vec::new();
        for pattern in &list.paths {
            match glob::globs(pattern) {
                Ok(globs) => entries.push(AllowSpec { path: Some(glob::joined(&globs)), ..base.clone() }),
                Err(why) => self.import.remark(list.place(), format!("path `{}` {why}", short(pattern))),
            }
        }
        entries
    }

    fn regexes(&mut self, list: &Allowlist, base: &AllowSpec) -> Vec<AllowSpec> {
        let mut entries = Vec::new();
        for pattern in list.regexes.iter().filter(|_| !list.looks_around) {
            match regex::translate(pattern, None) {
                Ok(translated) => entries.push(AllowSpec { regex: Some(translated.regex), ..base.clone() }),
                Err(why) => self.import.remark(list.place(), format!("regex `{}` {why}", short(pattern))),
            }
        }
        entries
    }
}

fn stopwords(list: &Allowlist, base: &AllowSpec) -> Vec<AllowSpec> {
    list.stopwords.iter().map(|word| AllowSpec { stopword: Some(word.clone()), ..base.clone() }).collect()
}

/// An entry for which both have to hold.
fn both(one: &AllowSpec, other: &AllowSpec) -> AllowSpec {
    AllowSpec {
        path: one.path.clone().or_else(|| other.path.clone()),
        regex: one.regex.clone().or_else(|| other.regex.clone()),
        stopword: one.stopword.clone().or_else(|| other.stopword.clone()),
        ..one.clone()
    }
}

impl Fields {
    /// Lays the fields of a file over those of one that it extends.
    fn overlay(&mut self, over: Self) {
        let base = std::mem::take(self);
        *self = Self {
            description: over.description.or(base.description),
            regex: over.regex.or(base.regex),
            path: over.path.or(base.path),
            group: over.group.or(base.group),
            entropy: over.entropy.or(base.entropy),
            keywords: [base.keywords, over.keywords].concat(),
            others: [base.others, over.others].concat(),
        };
    }
}

impl Allowlist {
    fn place(&self) -> Place<'_> {
        Place { file: &self.file, line: self.line }
    }
}

/// A file that is being read.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl<'a> Source<'a> {
    fn place(&self, line: Option<usize>) -> Place<'a> {
        Place { file: self.file, line }
    }

    fn line(&self, span: Option<Range<usize>>) -> Option<usize> {
        span.map(|span| line_of(self.text, span.start))
    }

    fn allowlist(&self, table: &dyn TableLike, line: Option<usize>) -> Allowlist {
        let text = |key| table.get(key).and_then(Item::as_str).map(str::to_owned);
        let list = |key| strings(table.get(key));
        Allowlist {
            file: self.file.to_owned(),
            line,
            description: text("description"),
            wants_all: text("condition").is_some_and(|word| matches!(word.to_ascii_uppercase().as_str(), "AND" | "&&")),
            commits: list("commits").len(),
            paths: list("paths"),
            regexes: list("regexes"),
            stopwords: list("stopwords"),
            looks_around: text("regexTarget").is_some_and(|target| matches!(target.as_str(), "line" | "match")),
            targets: list("targetRules"),
        }
    }
}

/// The tables of `[[name]]`, of a list in brackets or of a single `[name]`, each with where it stands.
fn entries(item: &Item) -> Vec<(&dyn TableLike, Option<Range<usize>>)> {
    match item {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| (table as &dyn TableLike, table.span())).collect(),
        Item::Value(Value::Array(array)) => {
            let tables = array.iter().filter_map(Value::as_inline_table);
            tables.map(|table| (table as &dyn TableLike, table.span())).collect()
        }
        _ => item.as_table_like().map(|table| (table, item.span())).into_iter().collect(),
    }
}

fn strings(item: Option<&Item>) -> Vec<String> {
    let values = item.and_then(Item::as_array).into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[expect(clippy::cast_precision_loss, reason = "an entropy is a small number")]
fn number(item: &Item) -> Option<f64> {
    item.as_float().or_else(|| item.as_integer().map(|whole| whole as f64))
}

/// A name in lower-case words joined by hyphens.
fn kebab_case(id: &str) -> String {
    let words = id.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}
