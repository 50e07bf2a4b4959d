//! SOPS: which files its configuration wants encrypted, and whether a file is.
//!
//! A creation rule tells with which keys a file would be encrypted. That it has to be follows only where the rule is about
//! certain files: one without `path_regex`, or for all of `*.yaml`, covers what nobody would encrypt. Of the manifests of
//! Kubernetes only those of the kind `Secret` are ever meant.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};

use super::values::{self, Form, Leaf, Unread};
use super::{go, is_bracketed};

/// One `.sops.yaml`.
pub(crate) struct Sops {
    rules: Vec<Creation>,
}

/// One of its `creation_rules`.
pub(crate) struct Creation {
    /// `None` covers every file.
    path: Option<Regex>,
    scope: Scope,
    /// Whether the rule says so itself; else a file may.
    is_stated: bool,
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
    None,
}

/// The settings that name those values.
const SCOPES: [&str; 6] = [
    "encrypted_comment_regex",
    "unencrypted_comment_regex",
    "encrypted_regex",
    "encrypted_suffix",
    "unencrypted_regex",
    "unencrypted_suffix",
];

/// Names that nobody would encrypt: a rule that covers one says nothing about a single file.
const PLAIN_NAMES: [&str; 7] =
    ["README.md", "app.yaml", "q7/app.yml", "q7/app.json", "q7/app.toml", "q7/main.tf", "q7/app.ini"];

impl Sops {
    /// Reads the configuration. A template of one says nothing.
    pub(crate) fn parse(content: &[u8]) -> Result<Option<Self>> {
        let mut lines = content.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#"));
        let is_template = lines.any(|line| [&b"{{"[..], b"{%"].iter().any(|sign| memmem::find(line, sign).is_some()));
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
        let is_stated = SCOPES.iter().any(|name| value(name).is_some_and(|text| !text.is_empty()));
        Ok(Self { path: path.map(|(path, _)| path), scope: Scope::new(value)?, is_stated })
    }

    /// Whether it is about certain files, and not about all of a kind.
    fn is_specific(&self) -> bool {
        self.path.as_ref().is_some_and(|path| !PLAIN_NAMES.iter().any(|name| path.is_match(name.as_bytes())))
    }

    /// Whether SOPS has encrypted the file and left, as the file says, what it should not have as the rule says.
    pub(crate) fn is_gone_round(&self, text: &[u8]) -> bool {
        let is_open = |leaf: &Leaf| !is_ciphertext(leaf) && self.scope.covers(&leaf.keys);
        self.is_stated && Encrypted::read(text).is_some_and(|file| file.content().any(is_open))
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
            return Ok(Self::Only(Keys::Regex(regex(text, "encrypted_regex")?.0)));
        }
        if let Some(text) = found("encrypted_suffix") {
            return Ok(Self::Only(Keys::Suffix(text.to_owned())));
        }
        if let Some(text) = found("unencrypted_regex") {
            // One that matches more would leave more in the clear.
            let (regex, is_wider) = regex(text, "unencrypted_regex")?;
            return Ok(Self::AllBut(if is_wider { Keys::None } else { Keys::Regex(regex) }));
        }
        Ok(Self::AllBut(Keys::Suffix(found("unencrypted_suffix").unwrap_or("_unencrypted").to_owned())))
    }

    fn covers(&self, keys: &[String]) -> bool {
        let among = |set: &Keys| {
            keys.iter().any(|key| match set {
                Keys::Suffix(suffix) => key.ends_with(suffix.as_str()),
                Keys::Regex(regex) => regex.is_match(key.as_bytes()),
                Keys::None => false,
            })
        };
        match self {
            Self::Only(set) => among(set),
            Self::AllBut(set) => !among(set),
            Self::ByComment => false,
        }
    }
}

/// A regex of Go's, and whether it matches more than that one.
fn regex(text: &str, key: &str) -> Result<(Regex, bool)> {
    let read = go::translated(text).ok().and_then(|(text, is_wider)| {
        let built = RegexBuilder::new(&text).unicode(false).size_limit(1 << 20).build();
        Some((built.ok()?, is_wider))
    });
    read.ok_or_else(|| anyhow!("has a `{key}` that cannot be read"))
}

fn is_ciphertext(leaf: &Leaf) -> bool {
    is_bracketed(leaf.text.as_bytes())
}

/// Whether SOPS has encrypted the file: it has SOPS's own data, and every value that these name is ciphertext.
pub(super) fn is_encrypted(text: &[u8]) -> bool {
    Encrypted::read(text).is_some_and(|file| file.is_as_it_says())
}

/// A file with SOPS's own data in it.
struct Encrypted {
    form: Form,
    leaves: Vec<Leaf>,
}

impl Encrypted {
    fn read(text: &[u8]) -> Option<Self> {
        let holds = |sign: &[u8]| memmem::find(text, sign).is_some();
        if !holds(b"sops") || !holds(b"ENC[") {
            return None;
        }
        let form = match () {
            () if holds(b"\nsops_mac=") => Form::Dotenv,
            () if holds(b"\n[sops]") => Form::Ini,
            () => Form::Tree,
        };
        let file = Self { form, leaves: values::of(form, text).ok()? };
        file.own("mac").is_some_and(|mac| is_bracketed(mac.as_bytes())).then_some(file)
    }

    /// The name that a value has among SOPS's own.
    fn name<'l>(&self, leaf: &'l Leaf) -> Option<&'l str> {
        match &leaf.keys[..] {
            // A dotenv file has no place for them but in names of their own.
            [key] if self.form == Form::Dotenv => key.strip_prefix("sops_"),
            [first, name, ..] if first == "sops" => Some(name.as_str()),
            _ => None,
        }
        .filter(|name| is_own(name))
    }

    fn own(&self, name: &str) -> Option<&str> {
        let is_it = |leaf: &&Leaf| leaf.keys.len() < 3 && self.name(leaf) == Some(name);
        self.leaves.iter().find(is_it).map(|leaf| leaf.text.as_str())
    }

    fn content(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(|leaf| !leaf.keys.is_empty() && self.name(leaf).is_none())
    }

    fn is_as_it_says(&self) -> bool {
        let Ok(scope) = Scope::new(|name| self.own(name)) else { return false };
        self.content().all(|leaf| is_ciphertext(leaf) || !scope.covers(&leaf.keys))
            && (self.content().next().is_none() || self.content().any(is_ciphertext))
    }
}

/// Whether SOPS has such a name for data of its own; in flat files, what stands below it follows `__`.
/// Source: <https://github.com/getsops/sops/blob/main/stores/stores.go>
fn is_own(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "age",
        "azure_kv",
        "hc_vault",
        "key_groups",
        "lastmodified",
        "mac",
        "mac_only_encrypted",
        "pgp",
        "shamir_threshold",
        "version",
    ];
    let name = name.split_once("__").map_or(name, |(name, _)| name);
    // Services for keys come anew now and then.
    NAMES.contains(&name) || SCOPES.contains(&name) || name.ends_with("kms")
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
            // What stands beside SOPS's own data, or among it, by such a name.
            ("x.yaml", format!("a: {VALUE}\nsops_password: plain\n{MAC}"), false),
            ("x.yaml", format!("a: {VALUE}\n{MAC}  password: plain\n"), false),
            ("x.yaml", format!("sops_pw: plain\nsops:\n  mac: {VALUE}\n"), false),
            ("x.env", format!("{flat}sops_password=plain\n"), false),
            ("x.env", format!("{flat}sops_age__list_0__map_enc=x\nsops_hckms__list_0__map_enc=x\n"), true),
            ("x.ini", format!("{ini}password = plain\n"), false),
            // Nothing is encrypted.
            ("x.yaml", format!("a: plain\n{MAC}  encrypted_regex: ^nothing$\n"), false),
            ("x.yaml", format!("a: plain\n{MAC}  encrypted_comment_regex: x\n"), false),
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
    fn a_rule_that_names_values_is_not_gone_round() {
        let rule = |settings: &str| {
            let config = format!("creation_rules:\n  - path_regex: ^secrets/\n{settings}");
            Sops::parse(config.as_bytes()).unwrap().unwrap()
        };
        let is_gone_round =
            |settings: &str, file: &str| rule(settings).rule(b"secrets/a.yaml").unwrap().is_gone_round(file.as_bytes());
        let stated = "    encrypted_regex: ^pass\n";
        let file = |own: &str| format!("host: {VALUE}\npassword: plain\n{MAC}{own}");
        for own in ["  encrypted_regex: ^host$\n", "  encrypted_comment_regex: x\n"] {
            assert!(is_gone_round(stated, &file(own)), "{own}");
            assert!(!is_gone_round("", &file(own)), "{own}");
        }
        assert!(!is_gone_round(stated, &format!("host: plain\npassword: {VALUE}\n{MAC}  encrypted_regex: ^pass\n")));
        assert!(!is_gone_round(stated, "-----BEGIN AGE ENCRYPTED FILE-----\n"));
    }

    #[test]
    fn a_regex_of_go_is_read() {
        for (regex, path, expected) in [
            (r"^secrets/\p{L}+\.yaml", "secrets/schl\u{fc}ssel.yaml", true),
            (r"^secrets/\pL+\.yaml", "secrets/a.yaml", true),
            (r"^secrets/\p{L}+\.yaml", "other/a.yaml", false),
            (r"^secrets/\p{L}+\.yaml", "secrets/1.yaml", false),
            (r"\Qsecrets/\E.*", "secrets/a.yaml", true),
            (r"\Qsecrets.\E.*", "secrets/a.yaml", false),
            ("geh[\u{e4}a]lter/.*", "geh\u{e4}lter/a.yaml", true),
            ("geh[\u{e4}a]lter/.*", "gehlter/a.yaml", false),
            ("(?i)geh[\u{e4}a]lter/.*", "GEH\u{c4}LTER/a.yaml", true),
            ("(?i)schl\u{fc}ssel/.*", "Schl\u{fc}ssel/a.yaml", true),
            (r"secrets/[^\p{Lu}]+\.yaml", "secrets/a.yaml", true),
            (r"secrets/[[:alpha:]\]]+\.yaml", "secrets/1.yaml", false),
        ] {
            let config = format!("creation_rules:\n  - path_regex: '{regex}'\n    age: age1x\n");
            assert_eq!(asks(&config, path, "a: b\n"), expected, "{regex}");
        }
        // What is not understood leaves nothing out.
        let config = "creation_rules:\n  - path_regex: ^secrets/\n    unencrypted_regex: '^\\p{Lu}+$'\n";
        assert!(asks(config, "secrets/a.yaml", "password: b\n"));
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
        let noted = "# as in {{ values }}\ncreation_rules:\n  - path_regex: secrets/\n    age: age1x\n";
        assert!(asks(noted, "secrets/a.yaml", "a: b\n"), "a comment makes no template");
        for content in ["a: [", "creation_rules:\n  - path_regex: (\n"] {
            assert!(Sops::parse(content.as_bytes()).is_err(), "{content}");
        }
    }
}
