//! SOPS: which files its configuration wants encrypted, and whether a file is.
//!
//! A creation rule tells with which keys a file would be encrypted. That it has to be follows only where the rule is about
//! certain files: one without `path_regex`, or for all of `*.yaml`, covers what nobody would encrypt. Of the manifests of
//! Kubernetes only those of the kind `Secret` are ever meant.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};

use super::is_bracketed;
use super::values::{self, Form, Leaf, Unread};

/// One `.sops.yaml`.
pub(crate) struct Sops {
    rules: Vec<Creation>,
}

/// One of its `creation_rules`.
pub(crate) struct Creation {
    /// `None` covers every file.
    path: Option<Regex>,
    scope: Scope,
}

/// Which values of a file SOPS encrypts.
enum Scope {
    /// Those with such a key above them ...
    Only(Keys),
    /// ... or all others.
    AllBut(Keys),
    /// Comments tell, which are not looked at.
    ByComment,
}

enum Keys {
    Suffix(String),
    Regex(Regex),
}

/// Names that nobody would encrypt: a rule that covers one says nothing about a single file.
const PLAIN_NAMES: [&str; 7] =
    ["README.md", "app.yaml", "q7/app.yml", "q7/app.json", "q7/app.toml", "q7/main.tf", "q7/app.ini"];

impl Sops {
    /// Reads the configuration. A template of one says nothing.
    pub(crate) fn parse(content: &[u8]) -> Result<Option<Self>> {
        let is_template = [&b"{{"[..], b"{%"].iter().any(|sign| memmem::find(content, sign).is_some());
        if is_template || content.trim_ascii().is_empty() {
            return Ok(None);
        }
        let config = values::of(Form::Tree, content).map_err(|unread| match unread {
            Unread::NoStructure => anyhow!("is no YAML that can be read"),
            Unread::TooMuch => anyhow!("has too many long keys to be read: shorten it"),
        })?;
        let rules: Vec<_> = grouped(&config).iter().map(|rule| Creation::new(rule)).collect::<Result<_>>()?;
        Ok((!rules.is_empty()).then_some(Self { rules }))
    }

    /// The rule for `path`, which counts from the folder of the configuration: the first that covers it.
    pub(crate) fn rule(&self, path: &[u8]) -> Option<&Creation> {
        self.rules.iter().find(|rule| rule.path.as_ref().is_none_or(|regex| regex.is_match(path)))
    }
}

/// The values of each creation rule, those of the groups of keys in it left out.
fn grouped(config: &[Leaf]) -> Vec<Vec<(&str, &str)>> {
    let mut rules: Vec<Vec<(&str, &str)>> = Vec::new();
    let mut last = None;
    for leaf in config {
        let [first, key, ..] = &leaf.keys[..] else { continue };
        if first == "creation_rules" {
            if last != Some(leaf.item) {
                rules.push(Vec::new());
                last = Some(leaf.item);
            }
            if let Some(rule) = rules.last_mut().filter(|_| leaf.keys.len() == 2) {
                rule.push((key, &leaf.text));
            }
        }
    }
    rules
}

impl Creation {
    fn new(rule: &[(&str, &str)]) -> Result<Self> {
        let value = |name: &str| rule.iter().find(|(key, _)| *key == name).map(|(_, text)| *text);
        let path = value("path_regex").map(|text| regex(text, "path_regex")).transpose()?;
        Ok(Self { path, scope: Scope::new(value)? })
    }

    /// Whether it is about certain files, and not about all of a kind.
    fn is_specific(&self) -> bool {
        self.path.as_ref().is_some_and(|path| !PLAIN_NAMES.iter().any(|name| path.is_match(name.as_bytes())))
    }

    /// Whether a file called `name` that SOPS has not encrypted holds what it should have.
    pub(crate) fn leaves_open(&self, name: &[u8], text: &[u8]) -> bool {
        let leaves = match values::of(Form::of_name(name), text) {
            Ok(leaves) => leaves,
            Err(Unread::NoStructure) => return self.is_specific(),
            // What nobody can look at may hold anything.
            Err(Unread::TooMuch) => return true,
        };
        let is_specific = self.is_specific();
        let tops = |name: &str| -> HashMap<usize, &str> {
            let of_name = leaves.iter().filter(|leaf| leaf.keys == [name]);
            of_name.map(|leaf| (leaf.document, leaf.text.as_str())).collect()
        };
        let (versions, kinds) = (tops("apiVersion"), tops("kind"));
        leaves.iter().filter(|leaf| self.scope.covers(&leaf.keys)).any(|leaf| {
            match (versions.get(&leaf.document), kinds.get(&leaf.document)) {
                (Some(_), Some(&"Secret")) => {
                    let is_content = leaf.keys.first().is_some_and(|key| key == "data" || key == "stringData");
                    is_content && !["{{", "${", "<"].iter().any(|sign| leaf.text.contains(sign))
                }
                (Some(_), Some(_)) => false,
                _ => is_specific,
            }
        })
    }
}

impl Scope {
    /// From the settings of a rule, or of an encrypted file, which have the same names.
    fn new<'v>(value: impl Fn(&str) -> Option<&'v str>) -> Result<Self> {
        let found = |name: &str| value(name).filter(|text| !text.is_empty());
        if found("encrypted_comment_regex").or(found("unencrypted_comment_regex")).is_some() {
            return Ok(Self::ByComment);
        }
        if let Some(text) = found("encrypted_regex") {
            return Ok(Self::Only(Keys::Regex(regex(text, "encrypted_regex")?)));
        }
        if let Some(text) = found("encrypted_suffix") {
            return Ok(Self::Only(Keys::Suffix(text.to_owned())));
        }
        if let Some(text) = found("unencrypted_regex") {
            return Ok(Self::AllBut(Keys::Regex(regex(text, "unencrypted_regex")?)));
        }
        Ok(Self::AllBut(Keys::Suffix(found("unencrypted_suffix").unwrap_or("_unencrypted").to_owned())))
    }

    fn covers(&self, keys: &[String]) -> bool {
        let among = |set: &Keys| {
            keys.iter().any(|key| match set {
                Keys::Suffix(suffix) => key.ends_with(suffix.as_str()),
                Keys::Regex(regex) => regex.is_match(key.as_bytes()),
            })
        };
        match self {
            Self::Only(set) => among(set),
            Self::AllBut(set) => !among(set),
            Self::ByComment => false,
        }
    }
}

fn regex(text: &str, key: &str) -> Result<Regex> {
    let built = RegexBuilder::new(text).unicode(false).size_limit(1 << 20).build();
    built.map_err(|_| anyhow!("has a `{key}` that cannot be read"))
}

/// Whether SOPS has encrypted the file: it has SOPS's own data, and every value that these name is ciphertext.
pub(super) fn is_encrypted(text: &[u8]) -> bool {
    let holds = |sign: &[u8]| memmem::find(text, sign).is_some();
    if !holds(b"sops") || !holds(b"ENC[") {
        return false;
    }
    let form = match () {
        () if holds(b"\nsops_mac=") => Form::Dotenv,
        () if holds(b"\n[sops]") => Form::Ini,
        () => Form::Tree,
    };
    let Ok(leaves) = values::of(form, text) else { return false };
    let is_own = |leaf: &&Leaf| leaf.keys.first().is_some_and(|key| key == "sops");
    let is_flat = |leaf: &&Leaf| leaf.keys.len() == 1 && leaf.keys[0].starts_with("sops_");
    // A dotenv file has no place for them but in names of their own.
    let value = |name: &str| {
        let is_it = |leaf: &&Leaf| {
            is_own(leaf) && leaf.keys.len() == 2 && leaf.keys[1] == name
                || is_flat(leaf) && leaf.keys[0].strip_prefix("sops_") == Some(name)
        };
        leaves.iter().find(is_it).map(|leaf| leaf.text.as_str())
    };
    let Ok(scope) = Scope::new(value) else { return false };
    let is_ciphertext = |leaf: &Leaf| is_bracketed(leaf.text.as_bytes());
    value("mac").is_some_and(|mac| is_bracketed(mac.as_bytes()))
        && leaves
            .iter()
            .filter(|leaf| !leaf.keys.is_empty() && !is_own(leaf) && !is_flat(leaf))
            .all(|leaf| is_ciphertext(leaf) || !scope.covers(&leaf.keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: &str = "sops:\n  age:\n    - recipient: age1x\n      enc: |\n        x\n  mac: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]\n";
    const VALUE: &str = "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]";

    #[test]
    fn a_file_is_encrypted_where_its_own_data_says_so() {
        let flat = format!("A={VALUE}\nB=\nsops_mac={VALUE}\nsops_version=3.8\n");
        let ini = format!("[a]\nb = {VALUE}\n[sops]\nmac = {VALUE}\n");
        let json = format!("{{\n\t\"data\": \"{VALUE}\",\n\t\"sops\": {{\"mac\": \"{VALUE}\", \"age\": null}}\n}}");
        for (name, text, expected) in [
            ("x.yaml", format!("a: {VALUE}\nb: ''\nc:\n  - {VALUE}\n{MAC}"), true),
            ("x.yaml", format!("a: {VALUE}\nadded: plain\n{MAC}"), false),
            ("x.yaml", format!("a: {VALUE}\nb_unencrypted: plain\n{MAC}  unencrypted_suffix: _unencrypted\n"), true),
            (
                "x.yaml",
                format!("kind: Secret\ndata:\n  a: {VALUE}\n{MAC}  encrypted_regex: ^(data|stringData)$\n"),
                true,
            ),
            (
                "x.yaml",
                format!("kind: Secret\ndata:\n  a: cGxhaW4=\n{MAC}  encrypted_regex: ^(data|stringData)$\n"),
                false,
            ),
            ("x.yaml", format!("a: {VALUE}\nb: ENC[plain]\n{MAC}"), false),
            ("x.yaml", format!("a: {VALUE}\nsops:\n  mac: ENC[plain]\n"), false),
            ("x.yaml", format!("a: {VALUE}\n"), false),
            ("x.yaml", "a: plain # sops ENC[\n".to_owned(), false),
            ("x.env", flat.clone(), true),
            ("x.env", format!("{flat}C=plain\n"), false),
            ("x.ini", ini.clone(), true),
            ("x.ini", format!("[x]\ny = z\n{ini}"), false),
            ("x.bin", json.clone(), true),
            ("x.json", json.replacen(VALUE, "plain", 1), false),
        ] {
            assert_eq!(is_encrypted(text.as_bytes()), expected, "{name}: {text}");
        }
    }

    #[track_caller]
    fn asks(config: &str, path: &str, text: &str) -> bool {
        let sops = Sops::parse(config.as_bytes()).unwrap().unwrap();
        sops.rule(path.as_bytes()).is_some_and(|rule| rule.leaves_open(path.as_bytes(), text.as_bytes()))
    }

    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  password: plain\n";

    #[test]
    fn a_rule_about_certain_files_asks_for_them() {
        let config = "creation_rules:\n  - path_regex: secrets/.*\\.ya?ml$\n    age: age1x\n  - path_regex: \\.env$\n    \
            key_groups:\n      - age: [age1x]\n        path_regex: no\n    encrypted_regex: ^PASS\n";
        for (path, text, expected) in [
            ("secrets/db.yaml", "a: b\n", true),
            ("x/secrets/db.yml", "- {{ broken\n", true),
            ("secrets/db.yaml", "# nothing\n", false),
            ("secrets/db.txt", "a: b\n", false),
            ("prod.env", "PASSWORD=x\n", true),
            ("prod.env", "HOST=x\n", false),
            ("secrets/deploy.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 1\n", false),
            ("secrets/secret.yaml", SECRET, true),
        ] {
            assert_eq!(asks(config, path, text), expected, "{path}");
        }
    }

    #[test]
    fn a_rule_for_everything_asks_for_secrets_alone() {
        for config in [
            "creation_rules:\n  - age: age1x\n",
            "creation_rules:\n  - path_regex: .*.yaml\n    encrypted_regex: ^(data|stringData)$\n    age: age1x\n",
        ] {
            assert!(!asks(config, "app/values.yaml", "a: b\n"), "{config}");
            assert!(!asks(config, "app/broken.yaml", "a: {{ b\n"), "{config}");
            assert!(!asks(config, "app/map.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n"), "{config}");
            assert!(asks(config, "app/secret.yaml", SECRET), "{config}");
            let long = format!("? {}\n: [1{}]\n", "k".repeat(80_000), ",1".repeat(2_000));
            assert!(asks(config, "app/long.yaml", &long), "{config}");
            assert!(!asks(config, "app/secret.yaml", &SECRET.replace("plain", "${PASSWORD}")), "{config}");
        }
    }

    #[test]
    fn what_is_no_configuration_is_an_error_or_says_nothing() {
        for content in ["", "keys:\n  - &a age1x\n", "creation_rules: []\n", "{% if x %}\ncreation_rules:\n"] {
            assert!(Sops::parse(content.as_bytes()).unwrap().is_none(), "{content}");
        }
        for content in ["a: [", "creation_rules:\n  - path_regex: (\n"] {
            assert!(Sops::parse(content.as_bytes()).is_err(), "{content}");
        }
    }
}
