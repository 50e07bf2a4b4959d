//! Values in YAML, and those of Kubernetes, which has a form of its own for secrets.
//!
//! What an edit makes of the file is parsed again: one value may have changed, and nothing else.

use std::ops::Range;

use saphyr_parser::{Event, Parser};

use super::{Edit, Patch, Spot, WhyNot, line_end};

/// What replaces the value where the program that reads the file is not known by its path: Kubernetes is told by what
/// stands in it.
pub(super) fn replacement(spot: &Spot<'_>) -> Result<Edit, WhyNot> {
    let text = str::from_utf8(spot.text).map_err(|_| WhyNot::NO_UTF_8)?;
    let before = leaves(text).ok_or(NO_YAML)?;
    let has = |key: &str| before.iter().any(|leaf| leaf.keys == [key]);
    if has("apiVersion") && has("kind") {
        return kubernetes(spot, text, &before);
    }
    Err(WhyNot::new("YAML has no form for a variable: what reads the file has to have one"))
}

const NO_YAML: WhyNot = WhyNot::new("the file cannot be read as YAML");

/// The one value which `patch` changes, as it is then.
pub(super) fn changed(spot: &Spot<'_>, patch: &Patch) -> Result<Leaf, WhyNot> {
    let text = str::from_utf8(spot.text).map_err(|_| WhyNot::NO_UTF_8)?;
    let before = leaves(text).ok_or(NO_YAML)?;
    Leaf::changed(&before, leaves(&patch.applied(text)), spot, patch)
}

/// Whether the first lines of an object of Kubernetes stand in it.
pub(super) fn is_of_kubernetes(text: &[u8]) -> bool {
    let has = |key: &[u8]| text.split(|byte| *byte == b'\n').any(|line| line.starts_with(key));
    has(b"apiVersion:") && has(b"kind:")
}

/// The document around `span`, of those in one file.
fn document<'t>(text: &'t str, span: &Range<usize>) -> &'t str {
    let start = text.get(..span.start).and_then(|before| before.rfind("\n---")).unwrap_or_default();
    let behind = text.get(span.end..).and_then(|behind| behind.find("\n---"));
    text.get(start..behind.map_or(text.len(), |end| span.end + end)).unwrap_or_default()
}

/// `value: ...` of a variable of a container becomes `valueFrom`
/// (<https://kubernetes.io/docs/concepts/configuration/secret/>, using Secrets as environment variables).
fn kubernetes(spot: &Spot<'_>, text: &str, before: &[Leaf]) -> Result<Edit, WhyNot> {
    let Spot { span, name, .. } = *spot;
    let own = leaves(document(text, span)).ok_or(NO_YAML)?;
    if own.iter().any(|leaf| leaf.keys == ["kind"] && leaf.value == "Secret") {
        return Err(WhyNot::new("this is the Secret itself: keep the file out of git, or encrypt it"));
    }
    let is_env = |keys: &[String]| keys.ends_with(&["env".to_owned(), "value".to_owned()]);
    let place = changed(spot, &Patch { span: span.clone(), with: name.to_owned() })?;
    if !is_env(&place.keys) {
        return Err(WhyNot::new("Kubernetes reads a Secret in the `env` of a container only"));
    }
    let not_alone =
        WhyNot::new("a Secret takes the place of a whole value: write it as `value: ...` alone on its line");
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let end = text.get(span.end..).and_then(|behind| behind.find('\n')).map_or(text.len(), |end| span.end + end);
    let (head, tail) = text.get(start..span.start).zip(text.get(span.end..end)).ok_or(WhyNot::UNKNOWN)?;
    let (indent, quote) = head.split_once("value:").ok_or(not_alone.clone())?;
    let is_plain = indent.chars().all(|letter| matches!(letter, ' ' | '-'));
    let (quote, tail) = (quote.trim(), tail.trim_end());
    if !is_plain || !matches!(quote, "" | "\"" | "'") || tail != quote {
        return Err(not_alone);
    }
    let (line, secret) = (line_end(spot.text), name.to_ascii_lowercase().replace('_', "-"));
    let inner = " ".repeat(indent.len());
    let with = format!(
        "{indent}valueFrom:{line}{inner}  secretKeyRef:{line}{inner}    name: {secret}{line}{inner}    key: {name}"
    );
    let end = start + text.get(start..end).map_or(0, |line| line.trim_end().len());
    let patch = Patch { span: start..end, with };
    let after = leaves(&patch.applied(text)).ok_or(not_alone.clone())?;
    let place = before.iter().zip(&after).position(|(before, after)| before != after).ok_or(not_alone.clone())?;
    let stays = after.len() == before.len() + 1 && before[place + 1..] == after[place + 2..];
    if !is_env(&before[place].keys) || !stays {
        return Err(not_alone);
    }
    let mut edit = Edit::of(patch, name);
    edit.note =
        Some(format!("give it to the cluster: kubectl create secret generic {secret} --from-literal={name}=..."));
    Ok(edit)
}

/// So many bytes of keys are kept of one file: each value has its own with it, and long ones above many values add up.
pub(super) const MOST_OF_KEYS: usize = 16 << 20;

/// A value with the keys that lead to it; an entry of a list has those of the list.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) keys: Vec<String>,
    pub(super) value: String,
}

impl Leaf {
    /// A place whose text nobody asks for.
    pub(super) fn of_keys(keys: Vec<String>) -> Self {
        Self { keys, value: String::new() }
    }

    /// The one value in which `patch` has put a reference for the secret, when all else is as it was.
    pub(super) fn changed(
        before: &[Self],
        after: Option<Vec<Self>>,
        spot: &Spot<'_>,
        patch: &Patch,
    ) -> Result<Self, WhyNot> {
        let after = after.ok_or(WhyNot::NO_PLACE)?;
        let secret = str::from_utf8(&spot.text[spot.span.clone()]).map_err(|_| WhyNot::NO_UTF_8)?;
        let changed: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
        match changed.as_slice() {
            [] => Err(WhyNot::IN_COMMENT),
            [(old, new)] if before.len() == after.len() => {
                if old.keys != new.keys {
                    Err(WhyNot::ONLY_VALUES)
                } else if new.value.replace(&patch.with, secret) == old.value {
                    Ok((*new).clone())
                } else {
                    Err(WhyNot::ESCAPED)
                }
            }
            _ => Err(WhyNot::NO_PLACE),
        }
    }
}

/// What is open: a list, or a mapping with the key whose value comes next.
enum Open {
    List,
    Mapping(Option<String>),
}

/// All values of all documents, in order; `None` where it is no YAML.
fn leaves(text: &str) -> Option<Vec<Leaf>> {
    const DEEPEST: usize = 100;
    let mut of_keys = 0;
    let mut open: Vec<Open> = Vec::new();
    let mut leaves = Vec::new();
    for event in Parser::new_from_str(text) {
        let value = match event.ok()?.0 {
            Event::Scalar(value, ..) => value.into_owned(),
            Event::Alias(anchor) => format!("*{anchor}"),
            Event::SequenceStart(..) => {
                open.push(Open::List);
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Mapping(None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                // It was the value of its key.
                if let Some(Open::Mapping(key)) = open.last_mut() {
                    *key = None;
                }
                continue;
            }
            _ => continue,
        };
        if open.len() > DEEPEST {
            return None;
        }
        match open.last_mut() {
            Some(Open::Mapping(key @ None)) => *key = Some(value),
            _ => {
                let keys = open.iter().filter_map(|open| match open {
                    Open::Mapping(key) => key.clone(),
                    Open::List => None,
                });
                let keys: Vec<_> = keys.collect();
                of_keys += keys.iter().map(String::len).sum::<usize>();
                if of_keys > MOST_OF_KEYS {
                    return None;
                }
                leaves.push(Leaf { keys, value });
                if let Some(Open::Mapping(key)) = open.last_mut() {
                    *key = None;
                }
            }
        }
    }
    Some(leaves)
}
