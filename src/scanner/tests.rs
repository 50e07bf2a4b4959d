use super::*;
use crate::rules::example;
use crate::rules::spec::{NO_VARIABLE, RuleSpec};

fn scan(rules: &RuleSet, text: &str) -> Vec<(String, usize, usize)> {
    let findings = Scanner::new(rules, Confidence::Medium)
        .scan(&BytePath::from("file.txt"), &Text::decode(text.as_bytes().to_vec()))
        .unwrap();
    findings.iter().map(|f| (f.rule.id().to_owned(), f.location.line, f.location.column)).collect()
}

fn token(number: usize) -> String {
    example::expand("ghp_<crc32-base62:36>", "scanner", number)
}

#[test]
fn keys_are_located() {
    let rules = RuleSet::built_in();
    let text = format!("first\n  a = '{}', b = '{}'\nü {}\n", token(0), token(1), token(2));
    let id = || "github-pat-classic".to_owned();
    assert_eq!(scan(&rules, &text), [(id(), 2, 8), (id(), 2, 56), (id(), 3, 3)]);
}

#[test]
fn large_texts_are_searched_in_windows() {
    let rules = RuleSet::built_in();
    let filler = "a line of no interest, ghp_ in it\n".repeat(20_000);
    let text = format!("{}\n{filler}{}\n{filler}{}", token(0), token(1), token(2));
    let lines: Vec<_> = scan(&rules, &text).into_iter().map(|(_, line, _)| line).collect();
    assert_eq!(lines, [1, 20_002, 40_003]);
    let pem = example::expand("<pem:RSA PRIVATE KEY>", "scanner", 0);
    let text = format!("{filler}{pem}\n{filler}");
    assert_eq!(scan(&rules, &text).into_iter().map(|(_, line, _)| line).collect::<Vec<_>>(), [20_001]);
}

#[test]
fn made_up_values_are_silent_unless_proven() {
    let rules = RuleSet::built_in();
    let made_up = example::expand("ghp_<x:36> ghp_EXAMPLE<alnum:29>", "scanner", 0);
    assert_eq!(scan(&rules, &made_up), []);
    let wrong = example::expand("ghp_<alnum:36>", "scanner", 0);
    assert_eq!(scan(&rules, &wrong).len(), 1, "a wrong checksum alone still blocks");
}

#[test]
fn a_proven_token_is_found_where_a_word_stuck_to_it() {
    let rules = RuleSet::built_in();
    for (template, wrong) in [
        ("ghp_<crc32-base62:36>", "ghp_<alnum:36>"),
        ("ghr_<crc32-base62:76>", "ghr_<alnum:76>"),
        ("npm_<crc32-base62:36>", "npm_<alnum:36>"),
        ("<deno:ddp_>", "ddp_<alnum:36>"),
        ("<apify:apify_api_>", "apify_api_<alnum:36>"),
        ("<dynamic:dyn_>", "dyn_<alnum:36>"),
        ("<grafana:glsa_>", "glsa_<alnum:32>_<hex:8>"),
        ("<zuplo:zpka_>", "zpka_<lowernum:32>_<hex:8>"),
    ] {
        for behind in ["extra", "_old"] {
            let text = |template: &str| format!("{}{behind}", example::expand(template, "scanner", 0));
            assert_eq!(scan(&rules, &text(template)).len(), 1, "{template}{behind}");
            assert_eq!(scan(&rules, &text(wrong)), [], "{wrong}{behind}");
        }
    }
}

#[test]
fn a_match_without_a_bound_is_found_however_long_it_is() {
    let rules = RuleSet::built_in();
    let block = example::expand("<pem:PGP PRIVATE KEY BLOCK>", "scanner", 0);
    let (first, rest) = block.split_once('\n').unwrap();
    let text =
        format!("{}{first}\n\n{}{rest}\n", "filler\n".repeat(9000), format!("{}\n", "Ab1/".repeat(16)).repeat(3000));
    assert_eq!(scan(&rules, &text).len(), 1);
}

fn own(id: &str, regex: &str) -> RuleSpec {
    RuleSpec { id: id.to_owned(), title: Some(id.to_owned()), regex: Some(regex.to_owned()), ..RuleSpec::default() }
}

#[test]
fn configured_rules_find_and_never_displace_built_in_ones() {
    let mut loud = own("loud", "ghp_[A-Za-z0-9]{36}.*");
    loud.confidence = Some(Confidence::High);
    let keyed = RuleSpec { keywords: Some(vec!["acme".to_owned()]), ..own("acme-key", "ACME-(?<secret>[0-9]{8})") };
    let rules = RuleSet::new(vec![loud, keyed, own("bare", "zz[0-9]{4}zz")], |_| true).unwrap();
    assert_eq!(scan(&rules, "x ACME-12345678 zz1234zz"), [("acme-key".to_owned(), 1, 8), ("bare".to_owned(), 1, 17)]);
    let wrong = example::expand("ghp_<alnum:36> and more", "scanner", 0);
    assert_eq!(scan(&rules, &wrong), [("github-pat-classic".to_owned(), 1, 1)]);
}

#[test]
fn rules_can_be_switched_off_and_overridden() {
    let off = RuleSet::new(Vec::new(), |id| id != "github-pat-classic").unwrap();
    assert_eq!(scan(&off, &token(0)), []);
    let lower =
        RuleSpec { id: "github-pat-classic".to_owned(), confidence: Some(Confidence::Low), ..RuleSpec::default() };
    let rules = RuleSet::new(vec![lower], |_| true).unwrap();
    let rule = rules.find("github-pat-classic").unwrap();
    assert_eq!((rule.facts().confidence, rule.origin()), (Confidence::Low, Origin::BuiltIn));
    assert!(rule.facts().revoke.is_some());
    assert_eq!(rules.iter().filter(|rule| rule.id() == "github-pat-classic").count(), 1);
}

#[test]
fn a_neighbour_can_be_required() {
    let near = RuleSpec {
        near: Some(crate::rules::spec::Near { regex: "(?i)acme".to_owned(), lines: 1 }),
        ..own("near", "k[0-9]{6}")
    };
    let rules = RuleSet::new(vec![near], |_| true).unwrap();
    assert_eq!(scan(&rules, "ACME\nk123456"), [("near".to_owned(), 2, 1)]);
    assert_eq!(scan(&rules, "k123456\nfor acme"), [("near".to_owned(), 1, 1)]);
    assert_eq!(scan(&rules, "ACME\n\nk123456"), []);
}

/// What `near` asks for may stand as far as it looks, on either side.
#[test]
fn a_manifest_may_be_long() {
    let rules = RuleSet::built_in();
    let data = example::expand("data:\n  cookie: <base64-of:[alnum:16]>\n", "scanner", 0);
    let notes = "  note: some text about it that fills a line well enough\n".repeat(32);
    for text in [format!("kind: Secret\nmetadata:\n{notes}{data}"), format!("{data}metadata:\n{notes}kind: Secret\n")] {
        let found: Vec<_> = scan(&rules, &text).into_iter().map(|(rule, ..)| rule).collect();
        assert_eq!(found, ["kubernetes-secret-manifest"], "{text}");
    }
}

/// Looking for a manifest's `kind` takes no other manifest's data along.
#[test]
fn every_manifest_of_a_file_is_judged() {
    let rules = RuleSet::built_in();
    let data = |number| example::expand("data:\n  cookie: <base64-of:[alnum:16]>\n", "scanner", number);
    let notes = "metadata:\n  note: some text about it\n".repeat(4);
    let text = format!("kind: Secret\n{notes}{}---\n{}{notes}kind: Secret\n", data(0), data(1));
    let two = [("kubernetes-secret-manifest".to_owned(), 11, 1), ("kubernetes-secret-manifest".to_owned(), 14, 1)];
    assert_eq!(scan(&rules, &text), two);
}

#[test]
fn excerpts_hide_every_match_on_the_line() {
    let rules = RuleSet::built_in();
    let text = format!("a={} b={} c={}", token(0), token(1), token(0));
    let findings =
        Scanner::new(&rules, Confidence::Medium).scan(&BytePath::from("x"), &Text::decode(text.into_bytes())).unwrap();
    for finding in findings {
        let shown = format!("{}{}{}", finding.excerpt.before, finding.excerpt.mask, finding.excerpt.after);
        for number in 0..2 {
            assert!(!shown.contains(token(number).trim_start_matches("ghp_")), "{shown}");
        }
    }
}

/// Every rule's own examples, through the whole scanner.
#[test]
fn examples_of_all_rules_hold() {
    let rules = RuleSet::built_in();
    let mut flaws = Vec::new();
    for rule in rules.iter() {
        for flaw in crate::command::rules::flaws(&rules, rule).unwrap() {
            flaws.push(format!("{} ({}.toml): {flaw}", rule.id(), rule.facts().group.unwrap()));
        }
    }
    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
}

/// Keywords, windows and gates spare work and change nothing: each regex by itself finds the same secrets.
#[test]
fn the_prefilter_loses_nothing() {
    let rules = RuleSet::built_in();
    let mut text = String::new();
    for rule in rules.iter() {
        for (number, template) in rule.facts().matches.iter().enumerate() {
            text += &example::expand(template, rule.id(), number);
            text += "\n";
            text += &"filler\n".repeat(40);
        }
    }
    let text = text.into_bytes();
    let mut woken: BTreeMap<usize, Vec<Range<usize>>> = BTreeMap::new();
    for candidate in prefilter::candidates(&rules, &text).0 {
        let gate = rules.get(candidate.rule).shape().gate;
        let windows = candidate.windows.into_iter().filter(|window| gate.admits(&text[window.clone()]));
        woken.insert(candidate.rule, windows.collect());
    }
    let is_woken_by_words = |rule: &Rule<'_>| rule.facts().finds == Finds::Secret && !rule.facts().keywords.is_empty();
    for rule in rules.iter().filter(is_woken_by_words) {
        let windows = woken.get(&rule.index()).cloned().unwrap_or_default();
        for found in rule.regex().unwrap().find_iter(&text) {
            let is_covered = windows.iter().any(|window| window.start <= found.start() && found.end() <= window.end);
            assert!(is_covered, "rule {}: a match at {:?} lies in no window", rule.id(), found.range());
        }
    }
}

/// What every rule owes its reader; see CONTRIBUTING.md, "Adding a rule".
#[test]
fn rules_are_complete() {
    for rule in RuleSet::built_in().iter() {
        let facts = rule.facts();
        let what = |what: &str| format!("rule {} in {}.toml: {what}", facts.id, facts.group.unwrap());
        assert!(facts.matches.iter().count() >= 2, "{}", what("give at least two `matches`"));
        assert!(facts.ignores.iter().count() >= 2, "{}", what("give at least two `ignores`"));
        let regex = rule.regex().unwrap_or_else(|error| panic!("{}", what(&format!("{error:#}"))));
        let groups: Vec<_> = regex.capture_names().flatten().collect();
        let matches_name = facts.finds == Finds::AssignedValue;
        let has_no_group = facts.finds != Finds::Secret;
        assert_eq!(
            (regex.captures_len(), &groups[..]),
            if has_no_group { (1, &[][..]) } else { (2, &["secret"][..]) },
            "{}",
            what("have the one group `secret`, or none where it matches a name or a whole file")
        );
        let (_, privilege) = facts.privilege();
        assert!(
            privilege.is_some_and(|text| text.starts_with(|c: char| !c.is_uppercase())),
            "{}",
            what("privilege in lower case")
        );
        let is_said = |text: &str| text.contains(' ');
        let is_page = |text: &str| text.starts_with("https://") && !is_said(text);
        let revoke = facts.revoke.unwrap_or_default();
        assert!(is_page(revoke) || is_said(revoke), "{}", what("`revoke` is a page or says what to do"));
        assert!(facts.docs.is_none_or(is_page), "{}", what("`docs` is a page"));
        let reason = facts.env_var.unwrap_or_default().strip_prefix(NO_VARIABLE);
        assert!(facts.variable().is_some() || reason.is_some_and(is_said), "{}", what("say why there is no `env-var`"));
        for (number, template) in facts.matches.iter().enumerate() {
            let text = example::expand(template, facts.id, number).into_bytes();
            let found = if matches_name { Some(&text[..]) } else { regex.find(&text).map(|found| found.as_bytes()) };
            // What `near` asks for lies less far than a match without a bound may begin before its keyword.
            let near = rule.near().unwrap().filter(|_| found.is_some() && rule.shape().longest.is_none());
            let near = near.and_then(|(regex, _)| regex.find(&text)).map(|found| found.as_bytes());
            let whole = [found.unwrap_or_default(), b"\n", near.unwrap_or_default()].concat().to_ascii_lowercase();
            let holds = |keyword: &str| memchr::memmem::find(&whole, keyword.to_ascii_lowercase().as_bytes()).is_some();
            let is_woken = facts.keywords.is_empty() || facts.keywords.iter().any(holds);
            assert!(is_woken, "{}", what(&format!("no keyword stands in matches[{number}]")));
        }
    }
}

/// Kinds without a rule have a reason, so that nobody looks for them twice.
#[test]
fn kinds_left_out_have_a_reason() {
    let text = include_str!("../rules/left-out.tsv");
    let rows: Vec<_> = text.lines().skip(1).map(|line| line.split_once('\t').expect("two columns")).collect();
    assert!(rows.is_sorted_by(|(a, _), (b, _)| a < b), "sort src/rules/left-out.tsv by id");
    for (id, reason) in rows {
        assert!(!crate::rules::is_built_in(id), "{id} has a rule, so it is not left out");
        assert!(!reason.is_empty() && !reason.contains('\t'), "{id}: give one reason");
    }
}
