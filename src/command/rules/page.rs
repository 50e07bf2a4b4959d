//! `keyguard rules list --markdown`: a page for people; without a configuration it is `docs/rules.md`.

use std::io::{self, Write};

use crate::command::config::word;
use crate::report::sanitized;
use crate::rules::builtin::groups;
use crate::rules::spec::Validator;
use crate::rules::{Facts, Rule};
use crate::validator;

/// Id and reason of each kind that is known and has no rule, below a line of headings.
const LEFT_OUT: &str = include_str!("../../rules/left-out.tsv");

/// Writes the rules by group, what their proofs look at, and the kinds that are left out.
pub(super) fn write<'r>(rules: impl Iterator<Item = Rule<'r>>, out: &mut dyn Write) -> io::Result<()> {
    let facts: Vec<_> = rules.map(Rule::facts).collect();
    let configured = (None, "added by the configuration");
    let groups: Vec<_> = groups()
        .map(|(name, about)| (Some(name), about))
        .chain([configured])
        .map(|(name, about)| (name.unwrap_or("configured"), about, of_group(&facts, name)))
        .filter(|(_, _, rules)| !rules.is_empty())
        .collect();
    writeln!(
        out,
        "<!-- Written by `keyguard rules list --markdown`. -->\n\n# Rules\n\n\
         The {} kinds of keys that keyguard knows. `keyguard explain RULE` tells more of one: what such a key can do, \
         how to rotate it, what to use instead that can do less, where to see its last use, and how it is known.\n\n\
         A proof is checked offline. Where it holds the finding is of high confidence, unless such keys are public by \
         design or for tests; where it fails, of medium at most. The confidence given here is that of a value of which \
         nothing is proven. A commit is blocked from medium on, unless `min-confidence` says otherwise. A rule that is \
         paired has that confidence at least where the other half of the secret stands close by.\n",
        facts.len(),
    )?;
    table(["Group", "What it holds", "Rules"], out)?;
    for (name, about, rules) in &groups {
        writeln!(out, "| [{name}](#{name}) | {about} | {} |", rules.len())?;
    }
    for (name, about, rules) in &groups {
        writeln!(out, "\n## {name}\n\n{}.\n", capitalized(about))?;
        table(["Rule", "Kind of key", "Confidence", "Proof", "How to revoke it"], out)?;
        for facts in rules {
            writeln!(out, "{}", row(facts))?;
        }
    }
    proofs(&facts, out)?;
    left_out(out)
}

fn of_group<'f>(facts: &'f [Facts<'f>], name: Option<&str>) -> Vec<&'f Facts<'f>> {
    facts.iter().filter(|facts| facts.group == name).collect()
}

/// The head of a table.
fn table<const N: usize>(names: [&str; N], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |\n|{}", names.join(" | "), "---|".repeat(N))
}

fn row(facts: &Facts<'_>) -> String {
    let title = prose(facts.title);
    let title = match facts.docs.filter(|docs| is_address(docs)) {
        Some(docs) => format!("[{title}]({})", address(docs)),
        None => title,
    };
    let revoke = match facts.revoke {
        Some(page) if is_address(page) => format!("<{}>", address(page)),
        text => prose(text.unwrap_or_default()),
    };
    format!("| `{}` | {title} | {} | {} | {revoke} |", facts.id, facts.confidence.name(), proof(facts))
}

/// What makes a finding surer than the rule alone.
fn proof(facts: &Facts<'_>) -> String {
    let proof = facts.validator.map(|validator| format!("[{}](#proofs)", word(validator)));
    let pair = facts.pair.map(|pair| {
        let with: Vec<_> = pair.with.iter().map(|id| format!("`{id}`")).collect();
        format!("paired with {}: {}", with.join(" or "), pair.confidence.name())
    });
    let parts: Vec<_> = proof.into_iter().chain(pair).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// The proofs that rules ask for, and what they look at.
fn proofs(facts: &[Facts<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut proofs: Vec<(String, Validator)> =
        facts.iter().filter_map(|facts| facts.validator).map(|validator| (word(validator), validator)).collect();
    proofs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    proofs.dedup();
    writeln!(out, "\n## Proofs\n")?;
    table(["Proof", "What it looks at"], out)?;
    for (name, validator) in proofs {
        writeln!(out, "| {name} | {} |", prose(validator::sentence(validator)))?;
    }
    Ok(())
}

fn left_out(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## Left out\n\nKinds that are known and have no rule, and why.\n")?;
    table(["Kind", "Reason"], out)?;
    for (id, reason) in LEFT_OUT.lines().skip(1).filter_map(|line| line.split_once('\t')) {
        writeln!(out, "| `{id}` | {} |", prose(reason))?;
    }
    Ok(())
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// Whether a text is an address and nothing else.
fn is_address(text: &str) -> bool {
    text.starts_with("https://") && !text.contains(char::is_whitespace)
}

/// An address without what would end it, or its cell.
fn address(text: &str) -> String {
    "|<>()[]`\\"
        .chars()
        .fold(sanitized(text.as_bytes()), |text, sign| text.replace(sign, &format!("%{:02X}", u32::from(sign))))
}

/// A text as a cell shows it: code between backticks stays code, and nothing else means anything to Markdown.
fn prose(text: &str) -> String {
    let text = sanitized(text.as_bytes());
    let is_code = |number: usize| number % 2 == 1;
    let parts: Vec<_> = text.split('`').collect();
    if is_code(parts.len() - 1) {
        // The last backtick opens nothing.
        return escaped(&text);
    }
    let shown = |(number, part): (usize, &&str)| if is_code(number) { part.replace('|', "\\|") } else { escaped(part) };
    parts.iter().enumerate().map(shown).collect::<Vec<_>>().join("`")
}

/// Escapes word by word: in an address, that GitHub finds by itself, a backslash would be a part of it.
fn escaped(text: &str) -> String {
    let word = |word: &str| {
        if is_address(word) {
            return address(word);
        }
        let mut out = String::new();
        for character in word.chars() {
            if "\\`*_<[]|~".contains(character) {
                out.push('\\');
            }
            out.push(character);
        }
        out
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_shows_what_was_written() {
        assert_eq!(prose("a|b *c* <d> [e] x_y"), r"a\|b \*c\* \<d> \[e\] x\_y");
        assert_eq!(prose("run `a | <b>`, then `c_d`"), r"run `a \| <b>`, then `c_d`");
        assert_eq!(prose("one ` alone"), r"one \` alone");
        assert_eq!(prose("see https://a.example/b_c|d now"), "see https://a.example/b_c%7Cd now");
    }
}
