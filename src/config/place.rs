//! Where in the files a value stands, for errors that are found after the files were merged.

use std::collections::BTreeMap;

use super::diagnostic::{File, Step, error_at};
use super::{AllowEntry, Config, LayerFile, LayerKind};

impl Config {
    /// An error about `key` of an allow entry.
    pub(crate) fn allow_error(&self, entry: &AllowEntry, key: &str, message: &str) -> anyhow::Error {
        let steps = [Step::Key("allow"), Step::Index(entry.index), Step::Key(key)];
        let place = self.file(entry.origin).map(|file| file.place_of(&steps));
        error_at(&place.unwrap_or_default(), &format!("`{key}` of `[[allow]]` {message}"))
    }

    /// Where each allow entry begins, as `FILE:LINE:COLUMN`.
    pub(crate) fn allow_places(&self) -> Vec<String> {
        self.places("allow", self.allow.iter().map(|entry| (entry.origin, entry.index)))
    }

    /// Where each entry of `[[encrypted]]` begins; all of every layer are obeyed.
    pub(crate) fn encrypted_places(&self) -> Vec<String> {
        let mut counts: BTreeMap<LayerKind, usize> = BTreeMap::new();
        let entries = self.encrypted.iter().map(|path| {
            let count = counts.entry(path.origin).or_default();
            *count += 1;
            (path.origin, *count - 1)
        });
        self.places("encrypted", entries)
    }

    /// The places of entries that are told by their layer and their number in it.
    fn places(&self, key: &str, entries: impl Iterator<Item = (LayerKind, usize)>) -> Vec<String> {
        let places: Vec<_> =
            self.layers.iter().map(|layer| (layer.kind, layer.file().places_of_entries(key))).collect();
        let place = |(origin, index): (LayerKind, usize)| {
            let of_layer = places.iter().find(|(kind, _)| *kind == origin).map(|(_, places)| places);
            of_layer.and_then(|places| places.get(index)).cloned().unwrap_or_default()
        };
        entries.map(place).collect()
    }

    /// An error about `key` of a configured rule, in the strongest layer that gives it.
    pub(crate) fn rule_error(&self, id: &str, key: &str, message: &str) -> anyhow::Error {
        let place = self.layers.iter().rev().find_map(|layer| {
            let file = layer.file();
            let index = file.entry_with("rule", |table| {
                table.get("id").and_then(toml_edit::Item::as_str) == Some(id) && table.contains_key(key)
            })?;
            Some(file.place_of(&[Step::Key("rule"), Step::Index(index), Step::Key(key)]))
        });
        error_at(&place.unwrap_or_default(), &format!("`{key}` of `[[rule]]` {message}"))
    }

    /// An error about a name in the list `key` of `[rules]`.
    pub(crate) fn rules_error(&self, key: &str, name: &str, message: &str) -> anyhow::Error {
        let steps = [Step::Key("rules"), Step::Key(key)];
        let origin = match &self.only {
            Some(only) if key == "only" => Some(only.origin),
            _ => self.disabled.iter().find(|disabled| disabled.value == name).map(|disabled| disabled.origin),
        };
        let place = origin.and_then(|origin| self.file(origin)).map(|file| file.place_in_list(&steps, name));
        error_at(&place.unwrap_or_default(), &format!("`{key}` of `[rules]` {message}"))
    }

    fn file(&self, origin: LayerKind) -> Option<File<'_>> {
        self.layers.iter().find(|layer| layer.kind == origin).map(LayerFile::file)
    }
}

impl LayerFile {
    fn file(&self) -> File<'_> {
        File { name: &self.name, text: &self.text }
    }
}
