//! The values of a file with a structure, each with the keys that lead to it: YAML, JSON, INI and dotenv, as SOPS reads
//! them.

use saphyr_parser::{Event, Parser};
use serde_json::Value as Json;

/// Deeper than any configuration; a file made to break us may go further.
const DEEPEST: usize = 100;

/// One value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Which document of the file holds it.
    pub(super) document: usize,
    /// Which entry of the outermost list it belongs to, counted over the whole file.
    pub(super) item: usize,
    /// The keys, the outermost first; lists have none.
    pub(super) keys: Vec<String>,
    pub(super) text: String,
}

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON or YAML.
    Tree,
    Ini,
    Dotenv,
}

impl Form {
    /// The form that SOPS takes a file of this name for.
    pub(super) fn of_name(name: &[u8]) -> Self {
        let name = name.to_ascii_lowercase();
        match name.rsplit(|byte| *byte == b'.').next() {
            Some(b"ini") => Self::Ini,
            Some(b"env") => Self::Dotenv,
            _ if name.starts_with(b".env") => Self::Dotenv,
            _ => Self::Tree,
        }
    }
}

/// All values of the file; `None` where it has no such structure.
pub(super) fn of(form: Form, text: &[u8]) -> Option<Vec<Leaf>> {
    let text = str::from_utf8(text).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if form != Form::Tree {
        return lines(text, form);
    }
    if text.trim_start().starts_with('{') {
        let value: Json = serde_json::from_str(text).ok()?;
        let mut leaves = Vec::new();
        json(&value, &mut Vec::new(), &mut leaves);
        return Some(leaves);
    }
    yaml(text)
}

/// serde's own bound ends a file that is nested too deep.
fn json(value: &Json, keys: &mut Vec<String>, leaves: &mut Vec<Leaf>) {
    match value {
        Json::Object(members) => {
            for (key, member) in members {
                keys.push(key.clone());
                json(member, keys, leaves);
                keys.pop();
            }
        }
        Json::Array(items) => items.iter().for_each(|item| json(item, keys, leaves)),
        Json::Null => {}
        Json::String(text) => leaves.push(Leaf { document: 0, item: 0, keys: keys.clone(), text: text.clone() }),
        other => leaves.push(Leaf { document: 0, item: 0, keys: keys.clone(), text: other.to_string() }),
    }
}

/// What is open while a YAML document is read.
enum Open {
    List,
    /// A mapping, and whether a key comes next.
    Keys,
    Value,
}

fn yaml(text: &str) -> Option<Vec<Leaf>> {
    let mut leaves = Vec::new();
    let (mut open, mut keys, mut documents, mut items) = (Vec::new(), Vec::new(), 0_usize, 0);
    for event in Parser::new_from_str(text) {
        let (event, _) = event.ok()?;
        // An entry begins directly below the first list.
        items += usize::from(matches!(open[..], [Open::List] | [Open::Value, Open::List]));
        match event {
            Event::DocumentStart(_) => documents += 1,
            Event::MappingStart(..) | Event::SequenceStart(..) if open.len() >= DEEPEST => return None,
            // A key that is no word is none that a rule could name.
            Event::MappingStart(..) | Event::SequenceStart(..) if matches!(open.last(), Some(Open::Keys)) => {
                return None;
            }
            Event::MappingStart(..) => open.push(Open::Keys),
            Event::SequenceStart(..) => open.push(Open::List),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                value_ends(&mut open, &mut keys);
            }
            Event::Scalar(text, ..) => match open.last_mut() {
                Some(top @ Open::Keys) => {
                    keys.push(text.into_owned());
                    *top = Open::Value;
                }
                _ => {
                    if !matches!(&*text, "" | "~" | "null") {
                        leaves.push(Leaf {
                            document: documents.saturating_sub(1),
                            item: items,
                            keys: keys.clone(),
                            text: text.into_owned(),
                        });
                    }
                    value_ends(&mut open, &mut keys);
                }
            },
            Event::Alias(_) => match open.last_mut() {
                Some(Open::Keys) => return None,
                _ => value_ends(&mut open, &mut keys),
            },
            _ => {}
        }
    }
    Some(leaves)
}

/// Behind the value of a key comes the next key.
fn value_ends(open: &mut [Open], keys: &mut Vec<String>) {
    if let Some(top @ Open::Value) = open.last_mut() {
        *top = Open::Keys;
        keys.pop();
    }
}

/// `key = value` in lines, in sections or not.
fn lines(text: &str, form: Form) -> Option<Vec<Leaf>> {
    let mut section = None;
    let mut leaves = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).filter(|_| form == Form::Ini)
        {
            section = Some(name.to_owned());
            continue;
        }
        let (key, value) = line.split_once('=')?;
        let value = value.trim();
        if !matches!(value, "" | "\"\"" | "''") {
            let keys = section.iter().cloned().chain([key.trim().to_owned()]).collect();
            leaves.push(Leaf { document: 0, item: 0, keys, text: value.to_owned() });
        }
    }
    Some(leaves)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, text: &str) -> Option<Vec<String>> {
        let leaves = of(Form::of_name(name.as_bytes()), text.as_bytes())?;
        Some(leaves.iter().map(|leaf| format!("{}:{}={}", leaf.document, leaf.keys.join("."), leaf.text)).collect())
    }

    #[test]
    fn every_form_gives_its_values() {
        let yaml = "a: 1\nb:\n  c: [x, {d: y}]\n  e: ''\n  f: ~\ng: &h z\ni: *h\n---\nj: k\n";
        assert_eq!(told("x.yaml", yaml).unwrap(), ["0:a=1", "0:b.c=x", "0:b.c.d=y", "0:g=z", "1:j=k"]);
        let json = "{\n\t\"a\": {\"b\": [1, \"x\"], \"c\": null},\n\t\"d\": true\n}";
        assert_eq!(told("x.json", json).unwrap(), ["0:a.b=1", "0:a.b=x", "0:d=true"]);
        assert_eq!(told("x.ini", "; c\n[s]\na = 1\nb=\n").unwrap(), ["0:s.a=1"]);
        assert_eq!(told(".env.prod", "# c\nA=1\nB=\"\"\n").unwrap(), ["0:A=1"]);
        for (name, text) in [("x.yaml", "a: [\n"), ("x.json", "{\"a\":"), ("x.yaml", "{{ a }}: b"), (".env", "word\n")]
        {
            assert_eq!(told(name, text), None, "{text}");
        }
        assert_eq!(told("x.yaml", &"[".repeat(10_000)), None);
        assert_eq!(told("x.json", &"{\"a\":".repeat(10_000)), None);
    }
}
