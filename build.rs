//! Turns `src/rules/*.toml` into constant tables: the rules' texts and the keyword automaton.
//!
//! Start-up must not grow with the number of rules, so nothing of this happens at run time. Every text becomes a span of
//! one string and every record holds numbers only: a pointer would be a relocation for the dynamic linker at each start.

#![expect(clippy::use_debug, reason = "the debug form of numbers and plain strings is Rust source")]
#![expect(clippy::disallowed_methods, reason = "OUT_DIR comes from cargo")]

#[path = "src/rules/macros.rs"]
mod macros;
#[path = "src/rules/place.rs"]
#[expect(dead_code, reason = "the crate uses the rest")]
mod place;
#[path = "src/rules/proof.rs"]
#[expect(unreachable_pub, reason = "the crate documents it")]
mod proof;
#[path = "src/rules/shape.rs"]
#[expect(dead_code, reason = "the crate uses the rest")]
mod shape;
#[path = "src/decode/sign.rs"]
#[expect(dead_code, unreachable_pub, reason = "the crate uses the rest")]
mod sign;
#[path = "src/rules/spec.rs"]
#[expect(dead_code, unreachable_pub, reason = "the crate uses the rest and documents it")]
mod spec;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

use libdeflater::{CompressionLvl, Compressor};
use place::Place;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shape::Shape;
use spec::{Confidence, Finds, RuleSpec, Validator};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    /// What kinds of keys it holds, as a heading.
    about: String,
    #[serde(default)]
    rule: Vec<RuleSpec>,
}

/// A file of `src/rules/cards`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardFile {
    card: Vec<CardSpec>,
}

/// What to do about a real key of certain kinds. Not a part of a rule, so that no configuration can replace it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CardSpec {
    rules: Vec<String>,
    narrower: Option<String>,
    rotate: Option<String>,
    last_use: Option<String>,
    audit_log: Option<String>,
}

fn main() {
    println!("cargo::rerun-if-changed=src/rules");
    println!("cargo::rerun-if-changed=src/decode/sign.rs");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let files = read_files::<RuleFile>(Path::new("src/rules"));
    let mut tables = Tables::default();
    let groups: Vec<_> = files.iter().map(|(name, file)| (tables.span(name), tables.span(&file.about))).collect();
    let rules = checked(files);
    let records: Vec<String> = rules.iter().map(|(group, rule)| tables.record(group, rule)).collect();
    tables.enter_cards(read_files(Path::new("src/rules/cards")), &rules);
    for sign in sign::SIGNED.into_iter().flat_map(sign::signs) {
        tables.keywords.entry((*sign).to_owned()).or_default();
    }
    let automaton = Automaton::build(tables.keywords.keys().map(String::as_str));
    fs::write(out.join("rules.rs"), tables.source(&records, &groups, &automaton)).expect("write rules.rs");
    fs::write(out.join("examples.bin"), deflated(&tables.examples)).expect("write examples.bin");
    fs::write(out.join("transitions.bin"), automaton.transition_bytes()).expect("write transitions.bin");
}

fn deflated(text: &str) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::best());
    let mut out = vec![0; compressor.deflate_compress_bound(text.len())];
    let length = compressor.deflate_compress(text.as_bytes(), &mut out).expect("the bound holds");
    out.truncate(length);
    out
}

/// Every file of `folder` with its name but for `.toml`, sorted by name.
fn read_files<T: DeserializeOwned>(folder: &Path) -> Vec<(String, T)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("read the folder").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("rule files are UTF-8");
        let file: T = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        files.push((path.file_stem().expect("a file has a name").to_string_lossy().into_owned(), file));
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

/// Every rule with the name of its group, sorted by id; a flaw stops the build with a sentence.
fn checked(files: Vec<(String, RuleFile)>) -> Vec<(String, RuleSpec)> {
    let mut rules = Vec::new();
    for (name, file) in files {
        for rule in file.rule {
            if let Err(flaw) = rule.check() {
                panic!("{name}.toml: rule {}: {}: {}", rule.id, flaw.key, flaw.message);
            }
            rules.push((name.clone(), rule));
        }
    }
    rules.sort_by(|a, b| a.1.id.cmp(&b.1.id));
    if let Some(pair) = rules.windows(2).find(|pair| pair[0].1.id == pair[1].1.id) {
        panic!("two rules are called {}: in {}.toml and {}.toml", pair[0].1.id, pair[0].0, pair[1].0);
    }
    let has = |id: &String| rules.binary_search_by(|(_, rule)| rule.id.cmp(id)).is_ok();
    for (group, rule) in &rules {
        if let Some(id) = rule.pair.iter().flat_map(|pair| &pair.with).find(|id| !has(id)) {
            panic!("{group}.toml: rule {} makes a pair with {id}, which does not exist", rule.id);
        }
    }
    rules
}

/// Start and length of a text, or of a part of a list.
#[derive(Clone, Copy)]
struct Span(usize, usize);

/// As the crate's tables have it, in which the two share one number: there are tens of thousands of them.
impl fmt::Debug for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(start, length) = *self;
        assert!(start >> (32 - LENGTH_BITS) == 0 && length >> LENGTH_BITS == 0, "{start} and {length} need more bits");
        write!(out, "Span({})", start << LENGTH_BITS | length)
    }
}

/// How many bits of a span are its length.
const LENGTH_BITS: u32 = 13;

/// The growing tables: one text, one list of spans, keyword to the rules that it wakes.
#[derive(Default)]
struct Tables {
    text: String,
    /// The examples of all rules, which only `rules test` reads.
    examples: String,
    lists: Vec<Span>,
    keywords: BTreeMap<String, Vec<usize>>,
    /// Ends of paths that wake rules without keywords.
    endings: Vec<(Span, usize)>,
    /// How files begin, and how their paths end, that wake rules for whole files.
    whole: Vec<(Span, Span, usize)>,
    openings: Vec<u8>,
    /// The texts of each card, and for a rule its card; the latter sorted.
    cards: Vec<[Span; 4]>,
    card_of: BTreeMap<usize, usize>,
    /// Where in a match the secret is, which many rules have in common.
    places: Vec<String>,
    rules: usize,
}

impl Tables {
    fn span(&mut self, text: &str) -> Span {
        let start = self.text.find(text).unwrap_or_else(|| {
            self.text.push_str(text);
            self.text.len() - text.len()
        });
        Span(start, text.len())
    }

    /// A span of `examples`, in which a zero byte parts them.
    fn examples(&mut self, items: Option<&Vec<String>>) -> Span {
        let text = items.map(|items| items.join("\0")).unwrap_or_default();
        self.examples.push_str(&text);
        Span(self.examples.len() - text.len(), text.len())
    }

    fn list(&mut self, items: Option<&Vec<String>>) -> Span {
        let spans: Vec<_> = items.into_iter().flatten().map(|item| self.span(item)).collect();
        self.lists.extend(&spans);
        Span(self.lists.len() - spans.len(), spans.len())
    }

    fn place(&mut self, place: Place) -> usize {
        let source = format!("Place::{place:?}");
        self.places.iter().position(|known| *known == source).unwrap_or_else(|| {
            self.places.push(source);
            self.places.len() - 1
        })
    }

    /// The source text of one `Record`; also enters the rule's keywords.
    fn record(&mut self, group: &str, rule: &RuleSpec) -> String {
        let index = self.rules;
        self.rules += 1;
        let need = |value: &Option<String>, key: &str| {
            value.clone().unwrap_or_else(|| panic!("{group}.toml: rule {} has no `{key}`", rule.id))
        };
        self.enter(group, rule, index);
        let regex = need(&rule.regex, "regex");
        let Shape { longest, gate, place, .. } = Shape::of(&regex).expect("checked above");
        let place = self.place(place);
        let near = rule.near.as_ref().map(|near| (near.regex.clone(), near.lines));
        let mut out = String::from("Record {");
        for (key, text) in [
            ("group", group.to_owned()),
            ("id", rule.id.clone()),
            ("title", need(&rule.title, "title")),
            ("regex", regex),
            ("near", near.clone().unwrap_or_default().0),
            ("privilege", need(&rule.privilege, "privilege")),
            ("env_var", need(&rule.env_var, "env-var")),
            ("docs", rule.docs.clone().unwrap_or_default()),
            ("revoke", need(&rule.revoke, "revoke")),
        ] {
            write!(out, "{key}:{:?},", self.span(&text)).expect("write to a string");
        }
        for (key, items) in [
            ("keywords", rule.keywords.as_ref()),
            ("paths", rule.paths.as_ref()),
            ("exclude_paths", rule.exclude_paths.as_ref()),
        ] {
            write!(out, "{key}:{:?},", self.list(items)).expect("write to a string");
        }
        for (key, items) in [("matches", rule.matches.as_ref()), ("ignores", rule.ignores.as_ref())] {
            write!(out, "{key}:{:?},", self.examples(items)).expect("write to a string");
        }
        let validator = rule.validator.map_or("None".to_owned(), |v: Validator| format!("Some(Validator::{v:?})"));
        let confidence: Confidence =
            rule.confidence.unwrap_or_else(|| panic!("{group}.toml: rule {} has no `confidence`", rule.id));
        let pair = rule.pair.as_ref();
        write!(
            out,
            "pair_with:{:?},pair_lines:{},pair_confidence:Confidence::{:?},near_lines:{},finds:Finds::{:?},\
             min_entropy:{:?},validator:{validator},confidence:Confidence::{confidence:?},\
             placeholders:Placeholders::{:?},longest:{},gate:{gate:?},place:{place}}}",
            self.list(pair.map(|pair| &pair.with)),
            pair.map_or(0, |pair| pair.lines),
            pair.map_or(confidence, |pair| pair.confidence),
            near.map_or(0, |near| near.1),
            rule.finds.unwrap_or_default(),
            rule.min_entropy.unwrap_or(0.0),
            rule.placeholders.unwrap_or_default(),
            longest.unwrap_or(0),
        )
        .expect("write to a string");
        out
    }

    /// What wakes the rule: its keywords, else the names of the files that it is for.
    fn enter(&mut self, group: &str, rule: &RuleSpec, index: usize) {
        const SHORTEST: usize = 3;
        let endings: Vec<_> = rule.paths.iter().flatten().map(|glob| spec::ending(glob)).collect();
        if rule.finds == Some(Finds::WholeFile) {
            self.enter_whole(rule, &endings, index);
            return;
        }
        for keyword in rule.keywords.iter().flatten() {
            self.keywords.entry(keyword.to_ascii_lowercase()).or_default().push(index);
        }
        if rule.keywords.iter().flatten().next().is_none() {
            let are_plain = !endings.is_empty() && endings.iter().all(|ending| ending.len() >= SHORTEST);
            assert!(are_plain, "{group}.toml: rule {} has neither `keywords` nor `paths` that end in a name", rule.id);
            for ending in endings {
                let span = self.span(ending);
                self.endings.push((span, index));
            }
        }
    }

    fn enter_whole(&mut self, rule: &RuleSpec, endings: &[&str], index: usize) {
        let mut openings = shape::openings(rule.regex.as_deref().unwrap_or_default());
        // What a check has not refused begins in one of few ways or has paths.
        if openings.is_empty() {
            openings.push(Vec::new());
        }
        let endings = if endings.is_empty() { &[""] } else { endings };
        for opening in openings {
            let begin = Span(self.openings.len(), opening.len());
            self.openings.extend(opening);
            for ending in endings {
                let end = self.span(ending);
                self.whole.push((begin, end, index));
            }
        }
    }

    fn enter_cards(&mut self, files: Vec<(String, CardFile)>, rules: &[(String, RuleSpec)]) {
        for (name, card) in
            files.into_iter().flat_map(|(name, file)| file.card.into_iter().map(move |c| (name.clone(), c)))
        {
            for id in &card.rules {
                let rule = rules.binary_search_by(|(_, rule)| rule.id.cmp(id));
                let rule = rule.unwrap_or_else(|_| panic!("cards/{name}.toml: there is no rule {id}"));
                assert!(self.card_of.insert(rule, self.cards.len()).is_none(), "cards/{name}.toml: {id} has two cards");
            }
            let texts = [card.narrower, card.rotate, card.last_use, card.audit_log];
            let spans = texts.map(|text| self.span(&text.unwrap_or_default()));
            self.cards.push(spans);
        }
    }

    fn source(&self, records: &[String], groups: &[(Span, Span)], automaton: &Automaton) -> String {
        let mut wakes: Vec<usize> = Vec::new();
        let mut keyword_wakes = Vec::new();
        let mut keyword_lengths = Vec::new();
        let mut keyword_signs = Vec::new();
        for (keyword, rules) in &self.keywords {
            let is_sign_of = |way: &sign::Way| sign::signs(*way).contains(&keyword.as_str());
            let way = sign::SIGNED.iter().find(|way| is_sign_of(way));
            keyword_signs.push(way.map_or("None".to_owned(), |way| format!("Some(Way::{way:?})")));
            keyword_wakes.push(Span(wakes.len(), rules.len()));
            keyword_lengths.push(keyword.len());
            wakes.extend(rules);
        }
        format!(
            "pub(super) const COUNT: usize = {};\n\
             static TEXT: &str = {:?};\n\
             const EXAMPLES: usize = {};\n\
             static LISTS: [Span; {}] = {:?};\n\
             pub(super) static GROUPS: [(Span, Span); {}] = {groups:?};\n\
             static RECORDS: [Record; {}] = [{}];\n\
             pub(super) static PLACES: [Place; {}] = [{}];\n\
             pub(super) static ENDINGS: [(Span, usize); {}] = {:?};\n\
             pub(super) static OPENINGS: [u8; {}] = {:?};\n\
             pub(super) static WHOLE: [(Span, Span, usize); {}] = {:?};\n\
             pub(super) static CARDS: [[Span; 4]; {}] = {:?};\n\
             pub(super) static CARD_OF: [(u16, u16); {}] = {:?};\n\
             pub(crate) static WAKES: [u16; {}] = {wakes:?};\n\
             pub(crate) static KEYWORD_WAKES: [Span; {}] = {keyword_wakes:?};\n\
             pub(crate) static KEYWORD_LENGTHS: [u8; {}] = {keyword_lengths:?};\n\
             pub(crate) static KEYWORD_SIGNS: [Option<Way>; {}] = [{}];\n\
             pub(crate) const LONGEST_KEYWORD: usize = {};\n{}",
            records.len(),
            self.text,
            self.examples.len(),
            self.lists.len(),
            self.lists,
            groups.len(),
            records.len(),
            records.join(",\n"),
            self.places.len(),
            self.places.join(",\n"),
            self.endings.len(),
            self.endings,
            self.openings.len(),
            self.openings,
            self.whole.len(),
            self.whole,
            self.cards.len(),
            self.cards,
            self.card_of.len(),
            self.card_of.iter().collect::<Vec<_>>(),
            wakes.len(),
            keyword_wakes.len(),
            keyword_lengths.len(),
            keyword_signs.len(),
            keyword_signs.join(","),
            keyword_lengths.iter().max().copied().unwrap_or(0),
            automaton.source(),
        )
    }
}

/// Characters that differ in keywords and signs, and one for all others.
const MOST_CLASSES: usize = 64;

/// An Aho-Corasick automaton as a dense table: state and class of the next byte give the next state.
///
/// States are numbered so that those in which a keyword ends come last: one comparison tells a hit. Apart from that the
/// shortest come first: a text is nearly always in one of them, and together they fit in the fastest cache. Letters are
/// folded.
struct Automaton {
    classes: [u8; 256],
    stride_bits: u32,
    transitions: Vec<u16>,
    first_hit: usize,
    /// For each state from `first_hit` on, the keywords that end there.
    hits: Vec<Vec<usize>>,
}

impl Automaton {
    fn build<'k>(keywords: impl Iterator<Item = &'k str> + Clone) -> Self {
        let (classes, class_count) = classes(keywords.clone());
        let mut trie = Trie::new(class_count);
        for (index, keyword) in keywords.enumerate() {
            trie.add(keyword.bytes().map(|b| usize::from(classes[usize::from(b)])), index);
        }
        let mut order = trie.link();
        order.sort_by_key(|&state| !trie.hits[state].is_empty());
        let mut renumbered = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            renumbered[old] = new;
        }
        assert_eq!(renumbered[0], 0, "the root is state 0");
        // Half as many rows would fit into a processor's cache if a row were longer.
        assert!(
            class_count <= MOST_CLASSES,
            "keywords hold {} different characters; leave the new one out",
            class_count - 1
        );
        let stride_bits = class_count.next_power_of_two().trailing_zeros();
        let mut transitions = vec![0; order.len() << stride_bits];
        for (new, &old) in order.iter().enumerate() {
            for class in 0..class_count {
                let target = renumbered[trie.next[old][class].expect("linked")];
                transitions[(new << stride_bits) + class] = u16::try_from(target).expect("under 65,536 states");
            }
        }
        let first_hit = order.iter().position(|&state| !trie.hits[state].is_empty()).unwrap_or(order.len());
        let hits = order[first_hit..].iter().map(|&state| trie.hits[state].clone()).collect();
        Self { classes, stride_bits, transitions, first_hit, hits }
    }

    fn transition_bytes(&self) -> Vec<u8> {
        self.transitions.iter().flat_map(|state| state.to_le_bytes()).collect()
    }

    fn source(&self) -> String {
        let flat: Vec<usize> = self.hits.iter().flatten().copied().collect();
        let mut spans = Vec::new();
        let mut start = 0;
        for hits in &self.hits {
            spans.push(Span(start, hits.len()));
            start += hits.len();
        }
        format!(
            "pub(super) const LENGTH_BITS: u32 = {LENGTH_BITS};\n\
             pub(crate) static CLASSES: [u8; 256] = {:?};\n\
             pub(crate) const STRIDE_BITS: u32 = {};\n\
             pub(crate) const FIRST_HIT: u16 = {};\n\
             pub(crate) static HIT_KEYWORDS: [u16; {}] = {flat:?};\n\
             pub(crate) static HITS: [Span; {}] = {spans:?};\n",
            self.classes,
            self.stride_bits,
            self.first_hit,
            flat.len(),
            spans.len(),
        )
    }
}

/// Numbers the bytes that occur in keywords; capitals share their small letter's class; class 0 is every other byte.
fn classes<'k>(keywords: impl Iterator<Item = &'k str>) -> ([u8; 256], usize) {
    let mut used: Vec<u8> = keywords.flat_map(str::bytes).collect();
    used.sort_unstable();
    used.dedup();
    let mut classes = [0; 256];
    for (index, byte) in used.iter().enumerate() {
        let class = u8::try_from(index + 1).expect("ASCII has 128 characters");
        classes[usize::from(*byte)] = class;
        classes[usize::from(byte.to_ascii_uppercase())] = class;
    }
    (classes, used.len() + 1)
}

struct Trie {
    next: Vec<Vec<Option<usize>>>,
    hits: Vec<Vec<usize>>,
}

impl Trie {
    fn new(class_count: usize) -> Self {
        Self { next: vec![vec![None; class_count]], hits: vec![Vec::new()] }
    }

    fn add(&mut self, classes: impl Iterator<Item = usize>, keyword: usize) {
        let mut state = 0;
        for class in classes {
            state = match self.next[state][class] {
                Some(next) => next,
                None => {
                    let new = self.next.len();
                    self.next.push(vec![None; self.next[0].len()]);
                    self.hits.push(Vec::new());
                    self.next[state][class] = Some(new);
                    new
                }
            };
        }
        self.hits[state].push(keyword);
    }

    /// Completes every state's row from its longest proper suffix, and inherits that suffix's hits. Gives the states
    /// breadth first.
    fn link(&mut self) -> Vec<usize> {
        let mut suffix = vec![0; self.next.len()];
        let mut order = vec![0];
        for place in 0..self.next.len() {
            let state = order[place];
            for class in 0..self.next[state].len() {
                let fallback =
                    if state == 0 { 0 } else { self.next[suffix[state]][class].expect("shorter, so linked") };
                match self.next[state][class] {
                    Some(child) => {
                        suffix[child] = fallback;
                        let inherited = self.hits[fallback].clone();
                        self.hits[child].extend(inherited);
                        order.push(child);
                    }
                    None => self.next[state][class] = Some(fallback),
                }
            }
        }
        order
    }
}
