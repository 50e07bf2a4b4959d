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

/// The values found so far. Each holds all keys that lead to it, so that a long key above many values would take any
/// amount of memory.
#[derive(Default)]
struct Leaves {
    found: Vec<Leaf>,
    /// The bytes that they take.
    held: usize,
}

/// Why the values of a file cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It has no such structure.
    NoStructure,
    /// They take more memory than any configuration needs.
    TooMuch,
}

impl Leaves {
    fn push(&mut self, leaf: Leaf) -> Result<(), Unread> {
        const MOST: usize = 64 << 20;
        let texts = leaf.keys.iter().chain([&leaf.text]);
        self.held += texts.map(|text| text.capacity() + size_of::<String>()).sum::<usize>();
        self.found.push(leaf);
        if self.held > MOST { Err(Unread::TooMuch) } else { Ok(()) }
    }
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

/// All values of the file.
pub(super) fn of(form: Form, text: &[u8]) -> Result<Vec<Leaf>, Unread> {
    let text = str::from_utf8(text).map_err(|_| Unread::NoStructure)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if form != Form::Tree {
        return lines(text, form);
    }
    if text.trim_start().starts_with('{') {
        let value: Json = serde_json::from_str(text).map_err(|_| Unread::NoStructure)?;
        let mut leaves = Leaves::default();
        json(&value, &mut Vec::new(), &mut leaves)?;
        return Ok(leaves.found);
    }
    yaml(text)
}

/// serde's own bound ends a file that is nested too deep.
fn json(value: &Json, keys: &mut Vec<String>, leaves: &mut Leaves) -> Result<(), Unread> {
    let text = match value {
        Json::Object(members) => {
            return members.iter().try_for_each(|(key, member)| {
                keys.push(key.clone());
                json(member, keys, leaves)?;
                keys.pop();
                Ok(())
            });
        }
        Json::Array(items) => return items.iter().try_for_each(|item| json(item, keys, leaves)),
        Json::Null => return Ok(()),
        // SOPS leaves it as it is.
        Json::String(text) if text.is_empty() => return Ok(()),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    leaves.push(Leaf { document: 0, item: 0, keys: keys.clone(), text })
}

/// What is open while a YAML document is read.
enum Open {
    List,
    /// A mapping, and whether a key comes next.
    Keys,
    Value,
}

fn yaml(text: &str) -> Result<Vec<Leaf>, Unread> {
    let mut leaves = Leaves::default();
    let (mut open, mut keys, mut documents, mut items) = (Vec::new(), Vec::new(), 0_usize, 0);
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|_| Unread::NoStructure)?;
        // An entry begins directly below the first list.
        items += usize::from(matches!(open[..], [Open::List] | [Open::Value, Open::List]));
        match event {
            Event::DocumentStart(_) => documents += 1,
            Event::MappingStart(..) | Event::SequenceStart(..) if open.len() >= DEEPEST => {
                return Err(Unread::NoStructure);
            }
            // A key that is no word is none that a rule could name.
            Event::MappingStart(..) | Event::SequenceStart(..) if matches!(open.last(), Some(Open::Keys)) => {
                return Err(Unread::NoStructure);
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
                        })?;
                    }
                    value_ends(&mut open, &mut keys);
                }
            },
            Event::Alias(_) => match open.last_mut() {
                Some(Open::Keys) => return Err(Unread::NoStructure),
                _ => value_ends(&mut open, &mut keys),
            },
            _ => {}
        }
    }
    Ok(leaves.found)
}

/// Behind the value of a key comes the next key.
fn value_ends(open: &mut [Open], keys: &mut Vec<String>) {
    if let Some(top @ Open::Value) = open.last_mut() {
        *top = Open::Keys;
        keys.pop();
    }
}

/// `key = value` in lines, in sections or not.
fn lines(text: &str, form: Form) -> Result<Vec<Leaf>, Unread> {
    let mut section = None;
    let mut leaves = Leaves::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).filter(|_| form == Form::Ini)
        {
            section = Some(name.to_owned());
            continue;
        }
        let (key, value) = line.split_once('=').ok_or(Unread::NoStructure)?;
        let value = value.trim();
        if !matches!(value, "" | "\"\"" | "''") {
            let keys = section.iter().cloned().chain([key.trim().to_owned()]).collect();
            leaves.push(Leaf { document: 0, item: 0, keys, text: value.to_owned() })?;
        }
    }
    Ok(leaves.found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, text: &str) -> Option<Vec<String>> {
        let leaves = of(Form::of_name(name.as_bytes()), text.as_bytes()).ok()?;
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

    #[test]
    fn a_long_key_above_many_values_takes_no_memory() {
        let key = "k".repeat(80_000);
        let json = format!("{{\"{key}\": [1{}]}}", ",1".repeat(80_000));
        let yaml = format!("? {key}\n: [1{}]", ",1".repeat(20_000));
        let ini = format!("[{key}]\n{}", "a=1\n".repeat(20_000));
        for (form, text) in [(Form::Tree, json), (Form::Tree, yaml), (Form::Ini, ini)] {
            assert_eq!(of(form, text.as_bytes()), Err(Unread::TooMuch));
        }
        assert_eq!(of(Form::Tree, b"a: ["), Err(Unread::NoStructure));
    }
}
