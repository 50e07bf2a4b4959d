//! Edits of YAML that are one run of whole lines more, or less; every other byte stays.
//!
//! Where lines may go is read off the parser's positions, and what became of the file is parsed again: it has to hold all
//! that it held and the one new entry. Whatever leaves a doubt (flow style, anchors, several documents) is left to people.

use saphyr_parser::{Event, Parser, Span, Tag};

/// Deeper than any configuration; a file made to break us may go further.
const DEEPEST: usize = 100;

/// `text` with `entry` as the last one of the collection that the keys of `path` lead to; `None` if that cannot be done
/// without doubt.
///
/// An entry is what stands in the collection: `key: value` or `- item`, over several lines, not indented.
pub(super) fn append(text: &str, path: &[&str], entry: &str) -> Option<String> {
    let before = parse(text)?;
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let place = match &before {
        Some(root) => root.at(path)?.place(&lines)?,
        // Comments alone: an empty mapping, as far as anybody can tell.
        None if path.is_empty() => Place { line: lines.len(), indent: 0 },
        None => return None,
    };
    let (head, tail) = lines.split_at(place.line);
    let mut after = head.concat();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !after.is_empty() && !after.ends_with('\n') {
        after.push_str(end);
    }
    for line in entry.lines() {
        let indent = if line.is_empty() { 0 } else { place.indent };
        after.extend([&" ".repeat(indent), line, end]);
    }
    // A file whose last line has no end stays one.
    if tail.is_empty() && !text.is_empty() && !text.ends_with('\n') {
        after.truncate(after.len() - end.len());
    }
    after.extend(tail.iter().copied());

    let added = parse(entry)??;
    let expected = match before {
        Some(mut root) => root.at_mut(path)?.extend(added).then_some(root)?,
        None => added,
    };
    (parse(&after)? == Some(expected)).then_some(after)
}

/// `text` without `entry`, as [`append`] put it into the collection at `path`; `None` if it is not there so.
pub(super) fn remove(text: &str, path: &[&str], entry: &str) -> Option<String> {
    let mut expected = parse(text)??;
    expected.at_mut(path)?.cut(&parse(entry)??)?;
    // A file that held nothing else holds no document any more.
    let expected = Some(expected).filter(|root| !path.is_empty() || !root.is_empty());
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let entry: Vec<_> = entry.lines().collect();
    let blocks = lines.windows(entry.len()).enumerate().filter(|(_, block)| is_indented(block, &entry));
    let without = |first: usize| {
        let rest = [&lines[..first], &lines[first + entry.len()..]].concat().concat();
        // Where the entry ends the file without an end of line, so did the line above.
        let is_cut = first + entry.len() == lines.len() && !text.ends_with('\n');
        if is_cut { rest.trim_end_matches('\n').trim_end_matches('\r').to_owned() } else { rest }
    };
    blocks.map(|(first, _)| without(first)).find(|rest| parse(rest).is_some_and(|parsed| parsed == expected))
}

/// Whether the lines of a file are those of an entry, all behind the same number of spaces.
fn is_indented(block: &[&str], entry: &[&str]) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let full = || block.iter().zip(entry).filter(|(_, entry)| !entry.is_empty());
    let Some(own) = full().map(|(line, entry)| indent(line).checked_sub(indent(entry))).next().flatten() else {
        return false;
    };
    let spaces = " ".repeat(own);
    block.iter().zip(entry).all(|(line, entry)| {
        let line = line.trim_end_matches(['\r', '\n']);
        line == *entry && entry.is_empty() || line.strip_prefix(&spaces) == Some(entry)
    })
}

/// The keys of the mapping that the keys of `path` lead to; `None` if there is none, or a doubt.
pub(super) fn keys(text: &str, path: &[&str]) -> Option<Vec<String>> {
    let Some(root) = parse(text)? else { return path.is_empty().then(Vec::new) };
    let Content::Mapping(pairs) = &root.at(path)?.content else { return None };
    Some(pairs.iter().flat_map(|(key, _)| key.scalars()).collect())
}

/// Every key and value of a file.
pub(super) fn scalars(text: &str) -> Vec<String> {
    parse(text).flatten().map(|root| root.scalars()).unwrap_or_default()
}

/// Where lines go.
struct Place {
    /// Before this line.
    line: usize,
    /// Behind so many spaces.
    indent: usize,
}

/// A value with its position; equal to another wherever that stands.
#[derive(Clone, Debug)]
struct Node {
    content: Content,
    /// An anchor and a tag, if it has them.
    marks: (usize, Option<String>),
    /// The line of its first entry, counted from 0, and the column.
    start: (usize, usize),
    /// The line at which what follows it begins.
    end: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Scalar(String),
    Alias(usize),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content && self.marks == other.marks
    }
}

impl Node {
    fn new(content: Content, marks: (usize, Option<String>), span: Span) -> Self {
        let start = (span.start.line().saturating_sub(1), span.start.col());
        Self { content, marks, start, end: span.end.line().saturating_sub(1) }
    }

    /// The node that the keys lead to, if each stands there once, nothing is merged in, and no alias may repeat it.
    fn at(&self, path: &[&str]) -> Option<&Self> {
        if self.marks != (0, None) {
            return None;
        }
        let Content::Mapping(pairs) = &self.content else { return path.is_empty().then_some(self) };
        if pairs.iter().any(|(key, _)| key.is("<<")) {
            return None;
        }
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        let mut found = pairs.iter().filter(|(key, _)| key.is(first));
        let (_, value) = found.next()?;
        if found.next().is_some() { None } else { value.at(rest) }
    }

    fn at_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        let Content::Mapping(pairs) = &mut self.content else { return None };
        pairs.iter_mut().find(|(key, _)| key.is(first)).and_then(|(_, value)| value.at_mut(rest))
    }

    fn is(&self, key: &str) -> bool {
        matches!(&self.content, Content::Scalar(text) if text == key)
    }

    fn is_empty(&self) -> bool {
        match &self.content {
            Content::Sequence(items) => items.is_empty(),
            Content::Mapping(pairs) => pairs.is_empty(),
            Content::Scalar(_) | Content::Alias(_) => false,
        }
    }

    /// Where one entry more goes: behind the last line that is certainly this collection's.
    fn place(&self, lines: &[&str]) -> Option<Place> {
        let (first, column) = self.start;
        let line = lines.get(first)?;
        let indent = line.len() - line.trim_start_matches(' ').len();
        let rest = line.get(indent..)?;
        let is_block = match &self.content {
            Content::Sequence(_) => rest.starts_with("- ") || rest.trim_end() == "-",
            Content::Mapping(_) => indent == column && !rest.starts_with(['{', '-', '?']),
            Content::Scalar(_) | Content::Alias(_) => false,
        };
        if !is_block {
            return None;
        }
        // Comments behind it belong to what follows, unless they are further in.
        let is_own = |line: &str| {
            let own = line.len() - line.trim_start_matches(' ').len();
            let is_comment = line.trim_start().starts_with('#');
            !line.trim().is_empty() && (!is_comment || own > indent)
        };
        let last = (first..self.end.min(lines.len())).rfind(|number| is_own(lines[*number]))?;
        Some(Place { line: last + 1, indent })
    }

    /// Adds the entries of `other`, which has to be a collection of the same kind.
    fn extend(&mut self, other: Self) -> bool {
        match (&mut self.content, other.content) {
            (Content::Sequence(own), Content::Sequence(items)) => own.extend(items),
            (Content::Mapping(own), Content::Mapping(pairs)) => {
                if pairs.iter().any(|(key, _)| own.iter().any(|(other, _)| key == other)) {
                    return false;
                }
                own.extend(pairs);
            }
            _ => return false,
        }
        true
    }

    /// Takes out the one entry of `other`; `None` if it is not there.
    fn cut(&mut self, other: &Self) -> Option<()> {
        match (&mut self.content, &other.content) {
            (Content::Sequence(own), Content::Sequence(items)) => {
                let place = own.iter().position(|item| items.first() == Some(item))?;
                own.remove(place);
            }
            (Content::Mapping(own), Content::Mapping(pairs)) => {
                let place = own.iter().position(|pair| pairs.first() == Some(pair))?;
                own.remove(place);
            }
            _ => return None,
        }
        Some(())
    }

    fn scalars(&self) -> Vec<String> {
        match &self.content {
            Content::Scalar(text) => vec![text.clone()],
            Content::Alias(_) => Vec::new(),
            Content::Sequence(items) => items.iter().flat_map(Self::scalars).collect(),
            Content::Mapping(pairs) => {
                pairs.iter().flat_map(|(key, value)| [key.scalars(), value.scalars()].concat()).collect()
            }
        }
    }
}

/// The one document of a file, `None` in it if there are comments alone; `None` if it is no YAML, or several documents.
#[expect(clippy::option_option, reason = "nothing is something else than nothing that can be read")]
fn parse(text: &str) -> Option<Option<Node>> {
    let mut open: Vec<(Node, Option<Node>)> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let node = match event {
            Event::Scalar(text, _, anchor, tag) => Node::new(Content::Scalar(text.into()), marks(anchor, tag), span),
            Event::Alias(anchor) => Node::new(Content::Alias(anchor), (0, None), span),
            Event::SequenceStart(anchor, tag) => {
                open.push((Node::new(Content::Sequence(Vec::new()), marks(anchor, tag), span), None));
                continue;
            }
            Event::MappingStart(anchor, tag) => {
                open.push((Node::new(Content::Mapping(Vec::new()), marks(anchor, tag), span), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                Node { end: span.start.line().saturating_sub(1), ..open.pop()?.0 }
            }
            Event::DocumentStart(_) if root.is_some() => return None,
            _ => continue,
        };
        if open.len() > DEEPEST {
            return None;
        }
        let Some((parent, waiting)) = open.last_mut() else {
            root = Some(node);
            continue;
        };
        match (&mut parent.content, waiting.take()) {
            (Content::Sequence(items), _) => items.push(node),
            (Content::Mapping(pairs), Some(key)) => pairs.push((key, node)),
            _ => *waiting = Some(node),
        }
    }
    Some(root)
}

fn marks(anchor: usize, tag: Option<std::borrow::Cow<'_, Tag>>) -> (usize, Option<String>) {
    (anchor, tag.map(|tag| tag.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "- new: x\n  more: y\n";

    /// The item is added and taken out again, and then all is as it was.
    #[track_caller]
    fn check(before: &str, after: &str) {
        assert_eq!(append(before, &["repos"], ENTRY).as_deref(), Some(after));
        assert_eq!(remove(after, &["repos"], ENTRY).as_deref(), Some(before));
    }

    #[test]
    fn an_item_goes_behind_the_last_one() {
        check("repos:\n- a: b\n", "repos:\n- a: b\n- new: x\n  more: y\n");
        check("repos:\n  - a: b\nx: y\n", "repos:\n  - a: b\n  - new: x\n    more: y\nx: y\n");
        check("---\nrepos:\n    -   a: b\n...\n", "---\nrepos:\n    -   a: b\n    - new: x\n      more: y\n...\n");
        check("x: {a: [1]}\r\nrepos:\r\n- a\r\n", "x: {a: [1]}\r\nrepos:\r\n- a\r\n- new: x\r\n  more: y\r\n");
        check("repos:\n-\n  a: &x b\nz: *x\n", "repos:\n-\n  a: &x b\n- new: x\n  more: y\nz: *x\n");
    }

    #[test]
    fn comments_stay_with_what_they_are_about() {
        check(
            "repos: # ä\n- a: b # c\n  # of a\n\n# of x\nx: y\n",
            "repos: # ä\n- a: b # c\n  # of a\n- new: x\n  more: y\n\n# of x\nx: y\n",
        );
        check(
            "repos:\n- a: |\n    text\n    # no comment\n# end\n",
            "repos:\n- a: |\n    text\n    # no comment\n- new: x\n  more: y\n# end\n",
        );
    }

    #[test]
    fn a_last_line_without_an_end_stays_without() {
        check("repos:\n- a", "repos:\n- a\n- new: x\n  more: y");
        check("repos:\r\n- a", "repos:\r\n- a\r\n- new: x\r\n  more: y");
        check("repos:\n- a\nx: y", "repos:\n- a\n- new: x\n  more: y\nx: y");
        check("repos:\n- a\n# x", "repos:\n- a\n- new: x\n  more: y\n# x");
    }

    #[test]
    fn what_leaves_a_doubt_is_left_alone() {
        for text in [
            "",
            "# nothing\n",
            "repos:\n",
            "repos: []\n",
            "repos: [{a: b}]\n",
            "repos:\n  [{a: b}]\n",
            "repos: &x\n- a\nz: *x\n",
            "repos: !!seq\n- a\n",
            "x: &x\n  repos:\n  - a\n<<: *x\n",
            "repos: *x\n",
            "repos:\n- a\nrepos:\n- b\n",
            "repos:\n- a\n---\nrepos:\n- b\n",
            "{repos: [a]}\n",
            "- repos\n",
            "repos:\n\t- a\n",
            "repos:\n- a: 'open\n",
            "\"repos\": {a: b}\n",
            "other:\n- a\n",
        ] {
            assert_eq!(append(text, &["repos"], ENTRY), None, "{text}");
        }
        assert_eq!(append(&"[".repeat(100_000), &["repos"], ENTRY), None);
    }

    #[test]
    fn a_pair_goes_into_a_mapping_that_lacks_its_key() {
        let pair = "new:\n  x: y\n";
        let add = |text: &str, path: &[&str]| append(text, path, pair);
        assert_eq!(add("# only\n", &[]).as_deref(), Some("# only\nnew:\n  x: y\n"));
        assert_eq!(add("a:\n  b: c\nd: e\n", &["a"]).as_deref(), Some("a:\n  b: c\n  new:\n    x: y\nd: e\n"));
        assert_eq!(
            add("a:\n    b:\n        c: d\n", &["a", "b"]).as_deref(),
            Some("a:\n    b:\n        c: d\n        new:\n          x: y\n")
        );
        assert_eq!(add("new: z\n", &[]), None);
        assert_eq!(add("a: {b: c}\n", &["a"]), None);
        assert_eq!(add("a:\n", &["a"]), None);
        assert_eq!(add("a: text\n", &["a"]), None);
    }

    #[test]
    fn only_what_was_added_is_taken_out() {
        let take = |text: &str| remove(text, &["repos"], ENTRY);
        assert_eq!(take("repos:\n- a\n- new: x\n  more: z\n"), None);
        assert_eq!(take("repos:\n- a\n- new: x\n  more: y\n  own: z\n"), None);
        assert_eq!(take("repos:\n- a\n- {new: x, more: y}\n"), None);
        assert_eq!(take("repos:\n- new: x\n  more: y\n- a\n").as_deref(), Some("repos:\n- a\n"));
        // The same lines elsewhere are not ours.
        let text = "x:\n- new: x\n  more: y\nrepos:\n- a\n- new: x\n  more: y\n";
        assert_eq!(take(text).as_deref(), Some("x:\n- new: x\n  more: y\nrepos:\n- a\n"));
        assert_eq!(take("repos:\n- |\n  - new: x\n    more: y\n- b\n"), None);
        assert_eq!(remove("new: x\n", &[], "new: x\n").as_deref(), Some(""));
    }
}
