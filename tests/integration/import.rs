//! `keyguard config import`: what of another scanner's configuration is carried over, and what is told instead.

use std::fs;

use sha1::{Digest as _, Sha1};
use snapbox::str;

use crate::sandbox::{Output, Sandbox, fake};

fn import(repo: &Sandbox, file: &str) -> Output {
    repo.keyguard(["config", "import", file])
}

fn config(repo: &Sandbox) -> String {
    fs::read_to_string(repo.root().join("keyguard.toml")).unwrap()
}

fn sha1(secret: &str) -> String {
    Sha1::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value of the made-up kind that the tests' rules know.
fn acme() -> String {
    format!("acme_{}", "4f1c9be27a5038d6".repeat(2))
}

/// Imports a text as `.gitleaks.toml` into a new repository.
fn gitleaks(content: &str) -> (Sandbox, Output) {
    let repo = Sandbox::new();
    repo.write(".gitleaks.toml", content);
    let output = import(&repo, ".gitleaks.toml");
    (repo, output)
}

#[test]
fn a_gitleaks_configuration_is_carried_over() {
    let (repo, output) = gitleaks(
        r#"
title = "ours"
[extend]
useDefault = true
disabledRules = ["npm-access-token", "no-such-kind"]

[[rules]]
id = "Acme_Key"
description = "Acme key"
regex = '''(?i)(?:acme)_([0-9a-f]{32})\b'''
secretGroup = 1
entropy = 2.5
keywords = ["ACME_"]
path = '''^src/'''
[[rules.allowlists]]
description = "made up"
regexes = ['''^0000''']
stopwords = ["dummy"]
[rules.allowlist]
paths = ['''(^|/)fixtures/''']

[allowlist]
paths = ['''\.lock$''']

[[allowlists]]
targetRules = ["Acme_Key"]
condition = "AND"
paths = ['''^a/''', '''^b/''']
stopwords = ["sample"]
"#,
    );
    output.success().stderr("").stdout(str![[r"
added 1 rule, 6 allow entries, 1 to `disable` of `[rules]` to keyguard.toml; look at it, then stage it: git add keyguard.toml
not carried over, or not as it was:
  .gitleaks.toml:3: `disabledRules` names `no-such-kind`, which is no rule of keyguard

"]]);
    let expected = r#"# What keyguard is told about this repository. Every key: `keyguard config show`.

[rules]
disable = ["npm-access-token"]

[[rule]]
id = "acme-key"
title = "Acme key"
regex = '(?i)(?:acme)_(?<secret>[0-9a-f]{32})\b'
keywords = ["acme_"]
min-entropy = 2.5
paths = ["src/**"]

[[allow]]
rule = "acme-key"
path = "{**/*/fixtures/**,fixtures/**}"
reason = "allowed by .gitleaks.toml"

[[allow]]
rule = "acme-key"
regex = "^0000"
reason = "made up (from .gitleaks.toml)"

[[allow]]
rule = "acme-key"
stopword = "dummy"
reason = "made up (from .gitleaks.toml)"

[[allow]]
path = "**/*.lock"
reason = "allowed by .gitleaks.toml"

[[allow]]
rule = "acme-key"
path = "a/**"
stopword = "sample"
reason = "allowed by .gitleaks.toml"

[[allow]]
rule = "acme-key"
path = "b/**"
stopword = "sample"
reason = "allowed by .gitleaks.toml"
"#;
    assert_eq!(config(&repo), expected);
    // It works as it did there.
    repo.write("src/x", format!("{}\n", acme())).write("src/fixtures/x", format!("{}\n", acme()));
    repo.write("y", format!("{}\n", acme()));
    repo.keyguard(["config", "check"]).success();
    repo.keyguard(["scan", "."]).code(1).says("Acme key (medium confidence) in src/x:1:6").says("1 secret in ");
    // Again nothing is to be added.
    import(&repo, ".gitleaks.toml").success().says("nothing to add to keyguard.toml, which was left as it is\n");
}

#[test]
fn what_is_there_stays_as_it_is() {
    let repo = Sandbox::new();
    let before = "# top\r\nmin-confidence = \"low\" # why\r\n\r\n[rules]\r\ndisable = [\"jwt\"] # noisy\r\n\r\n# ours\r\n[[rule]]\r\n\
        id = \"acme-key\"\r\ntitle = \"Mine\"\r\nregex = 'acme_x{9}'\r\n\r\n# end\r\n";
    repo.write("keyguard.toml", before);
    repo.write(
        ".gitleaks.toml",
        "[extend]\ndisabledRules = [\"jwt\", \"npm-access-token\"]\n[[rules]]\nid = \"acme-key\"\nregex = 'acme'\n\
         [[rules]]\nid = \"beta-key\"\nregex = 'beta_[0-9]{9}'\n[allowlist]\nstopwords = [\"sample\"]\n",
    );
    let dry = repo.keyguard(["config", "import", "--dry-run", ".gitleaks.toml"]);
    dry.success()
        .says("would add 1 rule, 1 allow entry, 1 to `disable` of `[rules]` to keyguard.toml; the file would be:\n\n");
    dry.says("\nid = \"beta-key\"\n");
    assert_eq!(config(&repo), before);
    import(&repo, ".gitleaks.toml").success();
    let after = config(&repo);
    for kept in [
        "# top\r\nmin-confidence = \"low\" # why\r\n",
        "disable = [\"jwt\", \"npm-access-token\"] # noisy\r\n",
        "# ours\r\n[[rule]]\r\nid = \"acme-key\"\r\ntitle = \"Mine\"\r\n",
        "# end\r\n",
    ] {
        assert!(after.contains(kept), "{after}");
    }
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    assert_eq!(after.matches("acme-key").count(), 1, "{after}");
}

#[test]
fn what_has_no_counterpart_is_told_with_its_line_and_why() {
    let token = fake::github_pat();
    let (repo, output) = gitleaks(&format!(
        r#"
[[rules]]
id = "look-ahead"
regex = 'a(?=b)'
[[rules]]
id = "only-a-path"
path = 'id_rsa$'
[[rules]]
id = "missing-group"
regex = 'acme_x'
secretGroup = 2
[[rules]]
id = "everything"
regex = 'a*'
[[rules]]
id = "jwt"
regex = 'jwt_[0-9]{{9}}'
tags = ["x"]
skipReport = true
[[rules]]
id = "two-groups"
regex = '(acme)_(beta)'
keywords = ["gamma"]
[[rules]]
regex = 'nameless'

[[allowlists]]
paths = ['.*', '[a-z]+\.txt$']
commits = ["0123456"]
regexes = ['.', 'x{token}']
stopwords = ["ab", "ghp_", "x {token}"]

[[allowlists]]
regexTarget = "line"
regexes = ['x=']
paths = ['^a/']
condition = "AND"

[[allowlists]]
targetRules = ["nowhere"]
paths = ['^a/']
[other]
"#
    ));
    output.success().stdout(str![[r"
added 2 rules to keyguard.toml; look at it, then stage it: git add keyguard.toml
not carried over, or not as it was:
  .gitleaks.toml:24: a rule without an `id`
  .gitleaks.toml:42: `other` has no counterpart
  .gitleaks.toml:2: rule `look-ahead`: its regex does not parse: look-around, including look-ahead and look-behind, is not supported
  .gitleaks.toml:5: rule `only-a-path` is about a file's name alone
  .gitleaks.toml:8: rule `missing-group`: its regex has no group 2
  .gitleaks.toml:12: rule `everything`: `regex` must not match the empty string
  .gitleaks.toml:15: `skipReport` of rule `jwt` has no counterpart
  .gitleaks.toml:20: rule `two-groups`: of several groups the first is taken for the key
  .gitleaks.toml:20: `keywords` of rule `two-groups`: not every match holds one, so the rule is always tried
  .gitleaks.toml:27: `commits`: an entry names what is allowed, not where it was committed
  .gitleaks.toml:27: path `[a-z]+\.txt$` says more than a glob can
  .gitleaks.toml:27: the entry for path `**`: `path` matches every file
  .gitleaks.toml:27: the entry for regex `.`: `regex` matches any value, so it would allow every key
  .gitleaks.toml:27: the entry for regex `xghp_****************`: it holds a key; allow that by its fingerprint
  .gitleaks.toml:27: the entry for stopword `ab`: `stopword` must have at least three characters
  .gitleaks.toml:27: the entry for stopword `ghp_`: `stopword` is how keys of a kind begin, so it would allow all of them
  .gitleaks.toml:27: the entry for stopword `x ghp_****************`: it holds a key; allow that by its fingerprint
  .gitleaks.toml:33: `regexes` about the line or the match: an entry sees the key alone
  .gitleaks.toml:33: the rest of it, because all of it would have to hold
  .gitleaks.toml:39: `targetRules` names `nowhere`, which is no rule of keyguard

"]]);
    assert!(
        config(&repo).contains("id = \"imported-jwt\"") && !config(&repo).contains("[[allow]]"),
        "{}",
        config(&repo)
    );
    assert!(!config(&repo).contains(&token[4..]) && !output.text().contains(&token[4..]));
}

#[test]
fn files_that_extend_each_other_are_read_inside_the_repository_alone() {
    let repo = Sandbox::new();
    let rule = |id: &str, rest: &str| format!("[[rules]]\nid = \"{id}\"\n{rest}\n");
    fs::write(repo.tmp("outside.toml"), rule("outside-key", "regex = 'outside_x'")).unwrap();
    repo.write(
        "base.toml",
        rule("acme-key", "description = \"Base\"\nregex = 'acme_[0-9]{9}'") + &rule("gone-key", "regex = 'gone_x'"),
    );
    let over = format!(
        "[extend]\npath = \"base.toml\"\ndisabledRules = [\"gone-key\"]\n{}",
        rule("acme-key", "description = \"Over\"")
    );
    repo.write("sub/.gitleaks.toml", over);
    import(&repo, "sub/.gitleaks.toml").success().says("added 1 rule to keyguard.toml");
    assert!(
        config(&repo).contains("title = \"Over\"\nregex = 'acme_[0-9]{9}'\n")
            || config(&repo).contains("title = \"Over\"\nregex = \"acme_[0-9]{9}\"\n"),
        "{}",
        config(&repo)
    );
    let outside = repo.tmp("outside.toml").display().to_string();
    for path in
        ["../outside.toml", outside.as_str(), "sub/../../outside.toml", "nowhere.toml", ".", "link.toml", "link/x.toml"]
    {
        #[cfg(unix)]
        if path == "link.toml" {
            std::os::unix::fs::symlink("../outside.toml", repo.root().join(path)).unwrap();
        }
        repo.write("a.toml", format!("[extend]\npath = '{path}'\n"));
        import(&repo, "a.toml").success().says("nothing to add").says("which is no file of this repository");
    }
    repo.write("a.toml", "[extend]\nurl = \"https://example.com/x.toml\"\n");
    import(&repo, "a.toml").success().says("a.toml:1: `url` of `[extend]` is not followed\n");
    repo.write("a.toml", "[extend]\npath = \"b.toml\"\n").write("b.toml", "[extend]\npath = \"a.toml\"\n");
    import(&repo, "a.toml").success().says("extends too many files in a row, or itself");
}

#[test]
fn ignored_places_become_fingerprints() {
    let repo = Sandbox::new();
    let (one, other) = (fake::github_pat(), fake::github_pat_other());
    let (id, secret) = fake::aws_pair();
    repo.commit("old.txt", format!("x\n{other}\n"));
    let commit = repo.git(["rev-parse", "HEAD"]).text().trim().to_owned();
    repo.commit("old.txt", "gone\n");
    repo.write("a.py", format!("# nothing\ntoken = \"{one}\"\n")).write("two", format!("{id} {one}\n"));
    repo.write("named", format!("AWS_SECRET_ACCESS_KEY={secret} {one}\n"));
    fs::write(repo.tmp("outside"), format!("{one}\n")).unwrap();
    let lines = [
        "# comment".to_owned(),
        String::new(),
        "a.py:github-pat:2".to_owned(),
        "a.py:github-pat:1".to_owned(),
        format!("{commit}:old.txt:github-pat:2"),
        "old.txt:github-pat:2".to_owned(),
        "0123456789abcdef0123456789abcdef01234567:a.py:github-pat:2".to_owned(),
        "two:some-rule:1".to_owned(),
        "named:aws-secret-access-key:1".to_owned(),
        "../outside:github-pat:1".to_owned(),
        "nonsense".to_owned(),
        "a\u{1b}[31m:x:1".to_owned(),
    ];
    repo.write(".gitleaksignore", lines.join("\n"));
    import(&repo, ".gitleaksignore").success().stdout(str![[r"
added 3 allow entries to keyguard.toml; look at it, then stage it: git add keyguard.toml
not carried over, or not as it was:
  .gitleaksignore:4: keyguard finds no key on that line in `a.py`
  .gitleaksignore:6: keyguard finds no key on that line in `old.txt`
  .gitleaksignore:7: there is nothing to look at in `a.py`
  .gitleaksignore:8: keyguard finds several keys on that line in `two`
  .gitleaksignore:10: there is nothing to look at in `../outside`
  .gitleaksignore:11: is not FILE:RULE:LINE or COMMIT:FILE:RULE:LINE
  .gitleaksignore:12: there is nothing to look at in `a\u{1b}[31m`

"]]);
    repo.keyguard(["scan", "a.py"]).success();
    for secret in [&one, &other, &secret] {
        assert!(!config(&repo).contains(secret.as_str()));
    }
    assert_eq!(config(&repo).matches("fingerprint = ").count(), 3);
    repo.write("b", format!("{other}\n"));
    repo.keyguard(["scan", "b"]).success();
}

#[test]
fn a_baseline_of_detect_secrets_is_matched_by_its_hashes() {
    let repo = Sandbox::new();
    let (one, other, pem) = (fake::github_pat(), fake::github_pat_other(), fake::openssh_key());
    repo.write("a.py", format!("token = \"{one}\"\nother = \"{other}\"\n")).write("key", &pem);
    let entry = |kind: &str, hash: &str, rest: &str| {
        format!("{{\"type\": \"{kind}\", \"hashed_secret\": \"{hash}\", \"line_number\": 1{rest}}}")
    };
    let label = ["BEGIN OPENSSH", "PRIVATE KEY"].join(" ");
    repo.write(
        ".secrets.baseline",
        format!(
            "{{\"version\": \"1.5.0\", \"plugins_used\": [{{\"name\": \"X\", \"path\": \"file:///x.py\"}}], \"filters_used\": [\
             {{\"path\": \"detect_secrets.filters.regex.should_exclude_file\", \"pattern\": [\"^docs/\", \"[a-z]+\"]}},\
             {{\"path\": \"detect_secrets.filters.regex.should_exclude_secret\", \"pattern\": [\"^fake\", \"(?P<a>x)(?P=a)\"]}},\
             {{\"path\": \"detect_secrets.filters.regex.should_exclude_line\", \"pattern\": [\"x\"]}},\
             {{\"path\": \"detect_secrets.filters.heuristic.is_sequential_string\"}},\
             {{\"path\": \"file:///x.py::filter\"}}], \"results\": {{\
             \"a.py\": [{}, {}, {}], \"key\": [{}], \"../x\": [{}]}}}}",
            entry("GitHub Token", &sha1(&one), ", \"is_secret\": false"),
            entry("GitHub Token", &sha1(&other), ", \"is_secret\": true"),
            entry("Secret Keyword", &sha1("nothing"), ""),
            entry("Private Key", &sha1(&label), ""),
            entry("Private Key", &sha1(&label), ""),
        ),
    );
    import(&repo, ".secrets.baseline").success().stdout(str![[r"
added 4 allow entries to keyguard.toml; look at it, then stage it: git add keyguard.toml
not carried over, or not as it was:
  .secrets.baseline: the excluded file `[a-z]+` says more than a glob can
  .secrets.baseline: the excluded secret `(?P<a>x)(?P=a)` refers back to one of its groups, which ours cannot
  .secrets.baseline: excluded lines: an entry sees the key alone
  .secrets.baseline: the filter `file:///x.py::filter` has no counterpart
  .secrets.baseline: the plugin `file:///x.py` is a program, and is not run
  .secrets.baseline: `../x:1`: there is no such file
  .secrets.baseline: `a.py:1` was judged to be a secret: revoke it
  .secrets.baseline: `a.py:1`: keyguard finds no such key there

"]]);
    repo.keyguard(["scan", "key"]).success();
    repo.keyguard(["scan", "a.py"]).code(1).says(" in a.py:2:10").says("1 secret in 1 file (1 allowed)");
    assert!(config(&repo).contains("reason = \"GitHub Token of .secrets.baseline\""), "{}", config(&repo));
    // The form before version 1.
    repo.write("old.json", "{\"exclude\": {\"files\": \"^old/\", \"lines\": \"x\"}, \"results\": {}}");
    import(&repo, "old.json")
        .success()
        .says("added 1 allow entry")
        .says("`exclude.lines`: an entry sees the key alone");
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let repo = Sandbox::new();
    let token = fake::github_pat();
    let refused = |file: &str, content: &[u8], message: &str| {
        repo.write(file, content);
        let output = import(&repo, file);
        output.code(2).stdout("").says(message);
        assert!(!output.text().contains(&token[4..]) && !output.text().contains('\u{1b}'));
        assert!(!repo.root().join("keyguard.toml").exists());
    };
    refused("a.toml", b"[[rules]]\nid = \"x\n", "a.toml:2:");
    refused("a.toml", format!("x = {token}\u{1b}[31m\n").as_bytes(), "this is no TOML");
    refused("a.toml", format!("a = {}", "[".repeat(100_000)).as_bytes(), "this is no TOML");
    refused("a.toml", b"\xff\xfe", "it is not UTF-8");
    refused("a.toml", &vec![b'#'; (16 << 20) + 1], "it is larger than 16 MB");
    refused(".secrets.baseline", b"{\"results\": ", "is no JSON");
    refused("a.txt", b"x", "is of no kind that is known here\nhelp: ");
    import(&repo, "nowhere.toml").code(2).says("`nowhere.toml` is not there\nhelp: ");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("a.toml", repo.root().join("link.toml")).unwrap();
        import(&repo, "link.toml").code(2).says("is a link or a folder");
    }
    repo.write("a.toml", "").write("keyguard.toml", "broken");
    import(&repo, "a.toml").code(2).says("keyguard.toml:1:7: ");
    assert_eq!(config(&repo), "broken");
    Sandbox::without_repository().keyguard(["config", "import", "x"]).code(2).says("this is not a git repository");
}

#[test]
fn large_files_are_read() {
    let repo = Sandbox::new();
    repo.write("a", format!("{}\n", fake::github_pat()));
    let lines: String = (1..50_000).map(|line| format!("a:x:{line}\n")).collect();
    repo.write(".gitleaksignore", lines);
    import(&repo, ".gitleaksignore").success().says("added 1 allow entry to ");
    let words: Vec<_> = (0..3000).map(|number| format!("'''word{number}'''")).collect();
    let rules: String =
        (0..300).map(|number| format!("[[rules]]\nid = \"r-{number}\"\nregex = 'r{number}_[a-z]{{9}}'\n")).collect();
    repo.write("b.toml", format!("{rules}[allowlist]\nstopwords = [{}]\n", words.join(", ")));
    import(&repo, "b.toml").success().says("added 300 rules, 3000 allow entries to ");
}

#[test]
fn a_key_that_is_written_out_is_allowed_by_its_name() {
    let (one, other) = (fake::github_pat(), fake::github_pat_other());
    let (repo, output) = gitleaks(&format!(
        "[allowlist]\ndescription = \"demo\"\nregexes = ['^{one}$']\nstopwords = ['{one}', '{other}']\n"
    ));
    output
        .success()
        .stdout("added 2 allow entries to keyguard.toml; look at it, then stage it: git add keyguard.toml\n");
    assert!(!config(&repo).contains(&one[4..]) && !config(&repo).contains(&other[4..]), "{}", config(&repo));
    assert_eq!(config(&repo).matches("reason = \"demo (from .gitleaks.toml)\"").count(), 2, "{}", config(&repo));
    repo.write("a", format!("{one}\n{other}\n"));
    repo.keyguard(["scan", "a"]).success();
}
