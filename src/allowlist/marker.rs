//! Markers in the text: `keyguard:allow [RULE...] [-- reason]` on the line of a finding, or alone on the line above.

use crate::finding::Finding;

const OURS: &str = "keyguard:allow";

/// Markers of other tools; they name neither rule nor reason and stand on the line itself.
const FOREIGN: [&str; 8] = [
    "gitleaks:allow",
    "betterleaks:allow",
    "trufflehog:ignore",
    "kingfisher:ignore",
    "ggignore",
    "pragma: allowlist secret",
    "pragma:allowlist secret",
    "pragma: whitelist secret",
];

/// How far from a finding a marker may stand on its line.
const FAR: usize = 4096;

/// What ends a marker besides the end of its line.
const TERMINATORS: [&str; 4] = ["-->", "*/", "#}", "--}}"];

/// Which markers are honoured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Honoured {
    /// Ours and those of other tools.
    All,
    /// Ours.
    Ours,
}

/// A marker where it would cover a finding.
pub(super) enum Beside {
    /// It covers it.
    Cover {
        /// The reason that it gives.
        reason: Option<String>,
    },
    /// These words stand where it names rules, and none is that of the finding.
    Aside(Vec<String>),
}

/// The marker that covers the finding, or at least stands where it would.
pub(super) fn beside(text: &[u8], finding: &Finding<'_>, honoured: Honoured) -> Option<Beside> {
    // A marker farther away on a line of many megabytes is nobody's.
    let near = finding.span.start.saturating_sub(FAR);
    let newline = memchr::memrchr(b'\n', &text[near..finding.span.start]).map(|newline| near + newline);
    let own_line = line_at(text, newline.map_or(near, |newline| newline + 1), finding);
    let own = Marker::in_line(&own_line).map(|marker| marker.judge(finding));
    if matches!(own, Some(Beside::Cover { .. })) {
        return own;
    }
    if honoured == Honoured::All && FOREIGN.iter().any(|marker| has_word(&own_line, marker)) {
        return Some(Beside::Cover { reason: None });
    }
    let above = newline.and_then(|newline| marker_above(text, newline, finding));
    if matches!(above, Some(Beside::Cover { .. })) { above } else { own.or(above) }
}

/// What a marker says that stands alone on the line which ends at `above_end`.
fn marker_above(text: &[u8], above_end: usize, finding: &Finding<'_>) -> Option<Beside> {
    let farthest = above_end.saturating_sub(FAR);
    let above_start = match memchr::memrchr(b'\n', &text[farthest..above_end]) {
        Some(newline) => farthest + newline + 1,
        None if farthest == 0 => 0,
        None => return None,
    };
    let above = String::from_utf8_lossy(&text[above_start..above_end]);
    Marker::in_line(&above).filter(|marker| marker.is_alone).map(|marker| marker.judge(finding))
}

/// The line of the finding without the finding itself: a key cannot speak for itself, and a line may be very long.
fn line_at(text: &[u8], start: usize, finding: &Finding<'_>) -> String {
    let to = text.len().min(finding.span.end.saturating_add(FAR));
    let behind = &text[finding.span.end..to];
    let behind = &behind[..memchr::memchr(b'\n', behind).unwrap_or(behind.len())];
    let before = String::from_utf8_lossy(&text[start..finding.span.start]);
    format!("{before}\n{}", String::from_utf8_lossy(behind))
}

/// Whether `word` stands in the line and is no part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let (before, behind) = (line.get(..start), line.get(start + word.len()..));
        let continues = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        !before.is_some_and(|before| before.ends_with(continues))
            && !behind.is_some_and(|behind| behind.starts_with(continues))
    })
}

struct Marker<'l> {
    rules: Vec<&'l str>,
    reason: Option<String>,
    /// Nothing but comment signs stands before and behind it.
    is_alone: bool,
}

impl<'l> Marker<'l> {
    fn in_line(line: &'l str) -> Option<Self> {
        let (before, rest) = line.split_once(OURS)?;
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-') {
            return None;
        }
        let rest = rest.split('\n').next().unwrap_or_default();
        let end = TERMINATORS.iter().filter_map(|terminator| rest.find(terminator)).min().unwrap_or(rest.len());
        let (rest, behind) = rest.split_at_checked(end)?;
        let (names, reason) = match rest.split_once("--") {
            Some((names, reason)) => (names, Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty())),
            None => (rest, None),
        };
        let rules = names.split([' ', ',', '\t', '\r']).filter(|name| !name.is_empty()).collect();
        let is_alone = ![before, behind].iter().any(|text| text.contains(char::is_alphanumeric));
        Some(Self { rules, reason, is_alone })
    }

    fn judge(self, finding: &Finding<'_>) -> Beside {
        let covers = self.rules.is_empty() || self.rules.contains(&finding.rule.id());
        if covers {
            return Beside::Cover { reason: self.reason };
        }
        Beside::Aside(self.rules.into_iter().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, rules: &[&str], reason: Option<&str>) {
        let marker = Marker::in_line(line).unwrap();
        assert_eq!((&marker.rules[..], marker.reason.as_deref()), (rules, reason), "{line}");
    }

    #[test]
    fn markers_name_rules_and_reasons() {
        check("x = 1 # keyguard:allow", &[], None);
        check("// keyguard:allow aws-access-key-id", &["aws-access-key-id"], None);
        check("# keyguard:allow a-b, c-d -- test data\r", &["a-b", "c-d"], Some("test data"));
        check("<!-- keyguard:allow -- sample -->", &[], Some("sample"));
        check("/* keyguard:allow x */ more", &["x"], None);
        check("{# keyguard:allow #}", &[], None);
        assert!(Marker::in_line("keyguard:allowed").is_none());
        assert!(Marker::in_line("  # keyguard:allow").unwrap().is_alone);
        assert!(!Marker::in_line("x # keyguard:allow").unwrap().is_alone);
        assert!(Marker::in_line("  {# keyguard:allow a -- b #}").unwrap().is_alone);
        assert!(!Marker::in_line("/* keyguard:allow */ x = 1").unwrap().is_alone);
    }

    #[test]
    fn markers_of_other_tools_are_words() {
        assert!(has_word("x # gitleaks:allow", "gitleaks:allow") && has_word("ggignore", "ggignore"));
        assert!(!has_word("x = biggignore", "ggignore") && !has_word("gitleaks:allowed", "gitleaks:allow"));
        assert!(has_word("gitleaks:allowed gitleaks:allow", "gitleaks:allow"));
    }
}
