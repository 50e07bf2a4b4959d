//! Values in TOML.

use toml::Value;

use super::yaml::Leaf;
use super::{Patch, Spot, WhyNot};

/// The one value which `patch` changes, as it is then; the file is read before and after, so that nothing else
/// changes with it.
pub(super) fn changed(spot: &Spot<'_>, patch: &Patch) -> Result<Leaf, WhyNot> {
    let text = str::from_utf8(spot.text).map_err(|_| WhyNot::NO_UTF_8)?;
    let before = leaves(text).ok_or(WhyNot::new("the file cannot be read as TOML"))?;
    Leaf::changed(&before, leaves(&patch.applied(text)), spot, patch)
}

/// All values, in the order of their keys; `None` where it is no TOML.
fn leaves(text: &str) -> Option<Vec<Leaf>> {
    let mut leaves = Vec::new();
    collect(&toml::from_str(text).ok()?, &mut Vec::new(), &mut leaves);
    Some(leaves)
}

fn collect(value: &Value, keys: &mut Vec<String>, leaves: &mut Vec<Leaf>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                keys.push(key.clone());
                collect(value, keys, leaves);
                keys.pop();
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, keys, leaves)),
        Value::String(text) => leaves.push(Leaf { keys: keys.clone(), value: text.clone() }),
        other => leaves.push(Leaf { keys: keys.clone(), value: other.to_string() }),
    }
}
