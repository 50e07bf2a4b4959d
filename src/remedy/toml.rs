//! Values in TOML.

use toml::Value;

use super::yaml::{Leaf, MOST_OF_KEYS};
use super::{Patch, Spot, WhyNot};

/// The one value which `patch` changes, as it is then; the file is read before and after, so that nothing else
/// changes with it.
pub(super) fn changed(spot: &Spot<'_>, patch: &Patch) -> Result<Leaf, WhyNot> {
    let text = str::from_utf8(spot.text).map_err(|_| WhyNot::NO_UTF_8)?;
    let before = leaves(text).ok_or(WhyNot::new("the file cannot be read as TOML"))?;
    Leaf::changed(&before, leaves(&patch.applied(text)), spot, patch)
}

/// All values, in the order of their keys; `None` where it is no TOML, or one of too many long keys.
fn leaves(text: &str) -> Option<Vec<Leaf>> {
    let mut leaves = Leaves { all: Vec::new(), of_keys: 0 };
    leaves.collect(&toml::from_str(text).ok()?, &mut Vec::new())?;
    Some(leaves.all)
}

struct Leaves {
    all: Vec<Leaf>,
    /// Bytes of all keys of all values so far.
    of_keys: usize,
}

impl Leaves {
    fn collect(&mut self, value: &Value, keys: &mut Vec<String>) -> Option<()> {
        match value {
            Value::Table(table) => {
                for (key, value) in table {
                    keys.push(key.clone());
                    self.collect(value, keys)?;
                    keys.pop();
                }
                Some(())
            }
            Value::Array(values) => values.iter().try_for_each(|value| self.collect(value, keys)),
            Value::String(text) => self.push(keys, text.clone()),
            other => self.push(keys, other.to_string()),
        }
    }

    fn push(&mut self, keys: &[String], value: String) -> Option<()> {
        self.of_keys += keys.iter().map(String::len).sum::<usize>();
        self.all.push(Leaf { keys: keys.to_vec(), value });
        (self.of_keys <= MOST_OF_KEYS).then_some(())
    }
}
