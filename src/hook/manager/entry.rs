//! What the configuration of each hook manager has to say so that it runs keyguard, and where.

use super::yaml;
use crate::hook::Kind;

/// The form of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// lefthook's, in YAML.
    Lefthook,
    /// That of pre-commit, which prek reads too.
    PreCommit,
    /// prek's own, in TOML.
    PrekToml,
    /// One that nobody edits for you.
    Unknown,
}

/// Lines and the collection that they belong to.
struct Entry {
    path: Vec<&'static str>,
    lines: String,
}

/// `text` with the entry for `kind`; `None` where a doubt remains.
pub(super) fn add(form: Form, kind: Kind, text: &str) -> Option<String> {
    // A byte order mark is no part of the first key.
    let (mark, text) = text.strip_prefix('\u{feff}').map_or(("", text), |text| ("\u{feff}", text));
    let added = match form {
        Form::Lefthook => {
            let entry = lefthook_place(kind, text)?;
            yaml::append(text, &entry.path, &entry.lines)
        }
        Form::PreCommit => yaml::append(text, &["repos"], &pre_commit(kind)),
        Form::PrekToml => append_toml(text, &prek_toml(kind)),
        Form::Unknown => None,
    };
    added.map(|added| format!("{mark}{added}"))
}

/// `text` without the entry for `kind`; `None` if it is not there as [`add`] writes it.
pub(super) fn remove(form: Form, kind: Kind, text: &str) -> Option<String> {
    let (mark, text) = text.strip_prefix('\u{feff}').map_or(("", text), |text| ("\u{feff}", text));
    let removed = match form {
        Form::Lefthook => {
            let remove = |entry: &Entry| yaml::remove(text, &entry.path, &entry.lines);
            // Without the blank line above it, a section is ours as well.
            let closer = |entry: &Entry| yaml::remove(text, &entry.path, entry.lines.trim_start());
            lefthook(kind).iter().find_map(|entry| remove(entry).or_else(|| closer(entry)))
        }
        Form::PreCommit => yaml::remove(text, &["repos"], &pre_commit(kind)),
        Form::PrekToml => remove_toml(text, &prek_toml(kind)),
        Form::Unknown => None,
    };
    removed.map(|removed| format!("{mark}{removed}"))
}

/// Whether `text` has keyguard run for `kind`, as [`add`] writes it or otherwise.
pub(super) fn calls_us(form: Form, kind: Kind, text: &str) -> bool {
    let call = format!("keyguard hook {}", kind.name());
    let values = match form {
        Form::Lefthook | Form::PreCommit => yaml::scalars(text.trim_start_matches('\u{feff}')),
        Form::PrekToml => toml::from_str(text).map(toml_texts).unwrap_or_default(),
        // A line tells enough: what is not commented out is in force.
        Form::Unknown => {
            text.lines().filter(|line| !line.trim_start().starts_with(['#', '/'])).map(str::to_owned).collect()
        }
    };
    // In the configuration of pre-commit a hook of our own repository is named, and no more.
    let is_named = |value: &String| matches!(&**value, "keyguard" | "keyguard-system") && kind == Kind::PreCommit;
    let may_be_named = matches!(form, Form::PreCommit | Form::PrekToml);
    values.iter().any(|value| value.contains(&call) || may_be_named && is_named(value))
}

/// Every text in a value.
fn toml_texts(value: toml::Value) -> Vec<String> {
    match value {
        toml::Value::String(text) => vec![text],
        toml::Value::Array(items) => items.into_iter().flat_map(toml_texts).collect(),
        toml::Value::Table(table) => table.into_iter().flat_map(|(_, value)| toml_texts(value)).collect(),
        _ => Vec::new(),
    }
}

/// The lines for `kinds` by themselves, for people.
pub(super) fn lines(form: Form, kinds: &[Kind]) -> Vec<String> {
    let (head, entry): (_, fn(Kind) -> String) = match form {
        Form::Lefthook | Form::Unknown => ("", lefthook_section),
        Form::PreCommit => ("repos:\n", pre_commit),
        Form::PrekToml => ("", prek_toml),
    };
    let text: String = kinds.iter().map(|kind| entry(*kind)).collect();
    format!("{head}{}", text.trim_start()).lines().map(str::to_owned).collect()
}

/// Keys and values of a hook in the configuration of pre-commit, as YAML and TOML write both.
///
/// Files and links, whatever they are called, and nothing else: called for a folder, or for nothing, keyguard would have
/// to say that it looked at nothing. A push is looked at even where its files end as they were.
fn settings(kind: Kind) -> Vec<(&'static str, String)> {
    let name = kind.name();
    let id = if kind == Kind::PreCommit { "keyguard".to_owned() } else { format!("keyguard-{name}") };
    let head = [("id", &*id), ("name", "look for keys"), ("language", "system")];
    let files = [("types", "[]"), ("types_or", "[file, symlink]"), ("require_serial", "true")];
    let (call, rest) = match kind {
        Kind::PreCommit => (" --files", files.to_vec()),
        Kind::PrePush => (" --files", [&files[..], &[("always_run", "true")]].concat()),
        Kind::CommitMsg => ("", Vec::new()),
        Kind::PreMergeCommit | Kind::PreReceive => ("", vec![("pass_filenames", "false"), ("always_run", "true")]),
    };
    let owned = |(key, value): (&'static str, &str)| (key, value.to_owned());
    let entry = ("entry", format!("keyguard hook {name}{call}"));
    let settings = head.into_iter().map(owned).chain([entry]).chain(rest.into_iter().map(owned));
    settings.chain([("stages", format!("[{name}]"))]).collect()
}

/// The item of `repos`. It comes last: it sees what the hooks before it have staged, and one of them that fails stops the
/// commit all the same.
fn pre_commit(kind: Kind) -> String {
    let settings: Vec<_> = settings(kind).into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("- repo: local\n  hooks:\n  - {}\n", settings.join("\n    "))
}

/// The same for prek's TOML.
fn prek_toml(kind: Kind) -> String {
    let settings = settings(kind).into_iter().map(|(key, value)| match value.strip_prefix('[') {
        Some(list) => {
            let items = list.trim_end_matches(']').split(", ").filter(|item| !item.is_empty());
            format!("{key} = [{}]", items.map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", "))
        }
        None if value == "true" || value == "false" => format!("{key} = {value}"),
        None => format!("{key} = \"{value}\""),
    });
    format!("\n[[repos]]\nrepo = \"local\"\n\n[[repos.hooks]]\n{}\n", settings.collect::<Vec<_>>().join("\n"))
}

fn append_toml(text: &str, entry: &str) -> Option<String> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let entry = entry.replace('\n', end);
    // A file whose last line has no end stays one.
    let after = if text.is_empty() || text.ends_with('\n') {
        format!("{text}{entry}")
    } else {
        format!("{text}{end}{}", entry.trim_end())
    };
    differs_by_entry(text, &after).then_some(after)
}

fn remove_toml(text: &str, entry: &str) -> Option<String> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let entry = entry.replace('\n', end);
    let rest = match text.strip_suffix(entry.trim_end()) {
        Some(rest) => rest.strip_suffix(end).unwrap_or(rest).to_owned(),
        None => text.replacen(&entry, "", 1),
    };
    (rest != text && differs_by_entry(&rest, text)).then_some(rest)
}

/// Whether `longer` has one item of `repos` more, and is the same otherwise.
fn differs_by_entry(shorter: &str, longer: &str) -> bool {
    let (Ok(shorter), Ok(longer)) = (toml::from_str::<toml::Table>(shorter), toml::from_str::<toml::Table>(longer))
    else {
        return false;
    };
    let repos = |table: &toml::Table| match table.get("repos") {
        None => Some(Vec::new()),
        Some(value) => value.as_array().cloned(),
    };
    let rest = |mut table: toml::Table| {
        table.remove("repos");
        table
    };
    let is_one_more = match (repos(&shorter), repos(&longer)) {
        (Some(few), Some(many)) => many.len() == few.len() + 1 && few.iter().all(|repo| many.contains(repo)),
        _ => false,
    };
    is_one_more && rest(shorter) == rest(longer)
}

/// The keys of a command of lefthook. Its arguments are put in as they are, so they are quoted.
fn lefthook_command(kind: Kind) -> Vec<String> {
    let name = kind.name();
    match kind {
        Kind::PreCommit | Kind::PreMergeCommit => vec![format!("run: keyguard hook {name}")],
        Kind::CommitMsg => vec![format!("run: keyguard hook {name} '{{1}}'")],
        Kind::PrePush | Kind::PreReceive => {
            vec![format!("run: keyguard hook {name} '{{1}}' '{{2}}'"), "use_stdin: true".to_owned()]
        }
    }
}

/// The ways in which an entry of lefthook may have been added, the largest first.
fn lefthook(kind: Kind) -> [Entry; 4] {
    let (name, keys) = (kind.name(), lefthook_command(kind));
    let command = format!("keyguard:\n  {}\n", keys.join("\n  "));
    let commands = format!("commands:\n  {}\n", command.trim_end().replace('\n', "\n  "));
    [
        Entry { path: Vec::new(), lines: lefthook_section(kind) },
        Entry { path: vec![name], lines: commands },
        Entry { path: vec![name, "commands"], lines: command },
        Entry { path: vec![name, "jobs"], lines: format!("- name: keyguard\n  {}\n", keys.join("\n  ")) },
    ]
}

/// A section of its own.
fn lefthook_section(kind: Kind) -> String {
    let keys = lefthook_command(kind).join("\n      ");
    format!("\n{}:\n  commands:\n    keyguard:\n      {keys}\n", kind.name())
}

/// The entry for a configuration that looks like this.
fn lefthook_place(kind: Kind, text: &str) -> Option<Entry> {
    let [section, commands, command, job] = lefthook(kind);
    let has = |keys: &[String], key: &str| keys.iter().any(|own| own == key);
    if !has(&yaml::keys(text, &[])?, kind.name()) {
        return Some(section);
    }
    let keys = yaml::keys(text, &[kind.name()])?;
    Some(match () {
        () if has(&keys, "jobs") => job,
        () if has(&keys, "commands") => command,
        () => commands,
    })
}
