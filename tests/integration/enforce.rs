//! `enforce = true`: each way in which a repository might talk its way round a policy, and what it may still say.
//!
//! The policy stands in the user's file here, but where it has to be the machine's.

use std::fs;

use crate::sandbox::{Output, Sandbox, fake, not_tried};

const REFUSED: &str = "not obeyed: a policy outside the repository is enforced";

fn leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat())
}

fn acme() -> String {
    format!("acme_{}", "4f1c9be27a5038d6".repeat(2))
}

/// The fingerprint that a report gives.
fn fingerprint(output: &Output) -> String {
    output.text().split("allow kg1:").nth(1).and_then(|rest| rest.get(..16)).map(|hex| format!("kg1:{hex}")).unwrap()
}

fn write(folder: &std::path::Path, content: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("config.toml"), content).unwrap();
}

/// A repository under a policy, with a staged token, and these files besides.
fn enforced(policy: &str, files: &[(&str, &str)]) -> Sandbox {
    let repo = Sandbox::with_hook();
    write(&repo.home().join(".config/keyguard"), &format!("enforce = true\n{policy}"));
    repo.write("a", leak());
    for (name, content) in files {
        repo.write(name, content);
    }
    repo.git(["add", "--force", "."]).success();
    repo
}

/// Asserts that the token blocks whatever keyguard.toml says, and that one line tells which keys are not obeyed.
#[track_caller]
fn refused(content: &str, keys: &str) {
    let repo = enforced("", &[("keyguard.toml", content)]);
    let commit = repo.git(["commit", "-m", "x"]);
    commit.code(1).says("commit blocked: GitHub personal access token (classic) (checksum valid) in a:1:10");
    commit.says(&format!("\nkeyguard: keyguard.toml: {keys} {REFUSED}\n"));
    assert_eq!(commit.text().matches("not obeyed").count(), 1, "{}", commit.text());
    repo.assert_commits(0);
    repo.keyguard(["scan", "--staged"]).code(1).says(REFUSED);
    repo.keyguard(["scan", "a"]).code(1).says(REFUSED);
    repo.keyguard(["config", "check"]).says(&format!("{keys} {REFUSED}"));
    repo.keyguard(["config", "show"]).success().says("enforce = true  # user").says(&format!("{keys} {REFUSED}"));
    // Without the policy each of these does what it says, or adds nothing.
    write(&repo.home().join(".config/keyguard"), "");
    let free = repo.keyguard(["scan", "--staged"]);
    assert!(!free.text().contains("not obeyed"), "{}", free.text());
}

#[test]
fn switches_are_refused() {
    refused("min-confidence = \"high\"\n", "`min-confidence`");
    refused("min-confidence = \"low\"\n", "`min-confidence`");
    refused("[rules]\ndisable = [\"github-pat-classic\"]\n", "`rules.disable`");
    refused("[rules]\nonly = [\"jwt\"]\n", "`rules.only`");
    refused("[scan]\nbinary = \"skip\"\n", "`scan.binary`");
    refused("[markers]\nforeign = false\n", "`markers.foreign`");
    refused(
        "min-confidence = \"high\"\n[scan]\nbinary = \"skip\"\n[rules]\ndisable = [\"github-pat-classic\"]\nonly = []\n",
        "`min-confidence`, `scan.binary`, `rules.disable`, `rules.only`",
    );
}

#[test]
fn overrides_of_built_in_rules_are_refused() {
    for field in [
        "regex = 'ghp_x'",
        "confidence = \"low\"",
        "paths = [\"b\"]",
        "exclude-paths = [\"**\"]",
        "near = { regex = \"nowhere\", lines = 1 }",
        "min-entropy = 8.0",
        "placeholders = \"silent\"",
        "keywords = [\"nowhere\"]",
        "validator = \"jwt\"",
        "env-var = \"X\"",
    ] {
        refused(&format!("[[rule]]\nid = \"github-pat-classic\"\n{field}\n"), "`rule github-pat-classic`");
    }
}

#[test]
fn allows_by_anything_but_a_fingerprint_are_refused() {
    for field in
        ["path = \"a\"", "regex = \"^ghp_\"", "stopword = \"dummy\"", "rule = \"github-pat-classic\"\npath = \"a*\""]
    {
        refused(&format!("[[allow]]\nreason = \"x\"\n{field}\n"), "`allow`");
    }
}

#[test]
fn what_changes_nothing_needs_no_remark() {
    let defaults = include_str!("../../config.example.toml");
    let repo = enforced("", &[("keyguard.toml", defaults), ("a", "x\n")]);
    repo.git(["commit", "--quiet", "-m", "x"]).success().silent();
}

#[test]
fn a_rule_of_the_policy_is_not_overridden() {
    let own = "[[rule]]\nid = \"acme-key\"\ntitle = \"Acme\"\nregex = 'acme_[0-9a-f]{32}'\n";
    let theirs = format!("{own}exclude-paths = [\"**\"]\nnear = {{ regex = \"nowhere\" }}\nconfidence = \"low\"\n");
    let token = acme();
    let files = [("keyguard.toml", theirs.as_str()), ("a", token.as_str())];
    let told = format!("`rule acme-key` {REFUSED}");
    let repo = enforced(own, &files);
    repo.git(["commit", "-m", "x"]).code(1).says("commit blocked: Acme (medium confidence) in a:1:1").says(&told);
    // The same where the policy is in a file that comes behind the repository's.
    let repo = enforced("", &files);
    write(&repo.tmp("given"), &format!("enforce = true\n{own}"));
    write(&repo.home().join(".config/keyguard"), "");
    let given = repo.tmp("given/config.toml");
    let commit = repo.run("git").args(["commit", "-m", "x"]).env("KEYGUARD_CONFIG", given).output();
    commit.code(1).says("commit blocked: Acme (medium confidence) in a:1:1").says(&told);
}

#[test]
fn an_added_rule_takes_no_finding_over() {
    let token = fake::github_pat();
    for regex in [".+", "(?s).+", "ghp_[0-9A-Za-z]+", &token[..12]] {
        let entries = [
            "rule = \"decoy-key\"\npath = \"a\"".to_owned(),
            "rule = \"decoy-key\"\nfingerprint = \"kg1:0123456789abcdef\"".to_owned(),
        ];
        for entry in entries {
            let rule = format!(
                "[[rule]]\nid = \"decoy-key\"\ntitle = \"Decoy\"\nregex = '{regex}'\nprivilege = \"public: x\"\n"
            );
            let content = format!("{rule}confidence = \"high\"\n[[allow]]\nreason = \"x\"\n{entry}\n");
            let repo = enforced("", &[("keyguard.toml", &content)]);
            repo.git(["commit", "-m", "x"]).code(1).says("GitHub personal access token (classic) (checksum valid) in ");
        }
    }
}

#[test]
fn markers_are_refused() {
    let token = fake::github_pat();
    for text in [
        format!("t = {token} # keyguard:allow\n"),
        format!("# keyguard:allow github-pat-classic -- mine\nt = {token}\n"),
        format!("t = {token} # gitleaks:allow\n"),
        format!("t = {token} # pragma: allowlist secret\n"),
    ] {
        let repo = enforced("", &[("a", &text), ("keyguard.toml", "[markers]\nforeign = true\n")]);
        let commit = repo.git(["commit", "-m", "x"]);
        commit.code(1).says("commit blocked: GitHub personal access token (classic) (checksum valid) in a:");
        commit.says("keyguard: 1 inline marker is not obeyed: a policy outside the repository is enforced\n");
    }
}

#[test]
fn a_repository_cannot_end_the_policy() {
    let repo = enforced("", &[("keyguard.toml", "enforce = false\n")]);
    let commit = repo.git(["commit", "-m", "x"]);
    commit
        .code(1)
        .says("keyguard.toml:1:11: `enforce` has a meaning only in the configuration of the user or the system");
    repo.assert_commits(0);
}

#[test]
fn other_files_of_the_repository_say_nothing() {
    let off = "[rules]\ndisable = [\"github-pat-classic\"]\n[[allow]]\npath = \"a\"\nreason = \"x\"\n";
    let repo =
        enforced("", &[("sub/keyguard.toml", off), (".config/keyguard/config.toml", off), ("Keyguard.toml", off)]);
    let commit = repo.git(["commit", "-m", "x"]);
    commit.code(1).says("commit blocked: GitHub");
    repo.run("git").current_dir("sub").args(["commit", "-m", "x"]).output().code(1).says("commit blocked: GitHub");
}

#[cfg(unix)]
#[test]
fn a_link_says_nothing() {
    let repo = enforced("", &[("other", "[rules]\ndisable = [\"github-pat-classic\"]\n")]);
    std::os::unix::fs::symlink("other", repo.root().join("keyguard.toml")).unwrap();
    repo.git(["commit", "-m", "x"]).code(1).says("link");
    repo.git(["add", "."]).success();
    repo.git(["commit", "-m", "x"]).code(1).says("link");
    repo.assert_commits(0);
}

#[test]
fn fingerprints_are_obeyed() {
    let repo = enforced("", &[]);
    let fingerprint = fingerprint(&repo.git(["commit", "-m", "x"]));
    repo.write("keyguard.toml", format!("[[allow]]\nfingerprint = \"{fingerprint}\"\nreason = \"demo\"\n"));
    repo.git(["add", "keyguard.toml"]).success();
    let commit = repo.git(["commit", "--quiet", "-m", "x"]);
    commit.success().stderr("keyguard: this commit adds 1 allow entry to keyguard.toml\n");
    // `allow` writes nothing else, so it works under a policy too.
    repo.write("b", leak().replace(&fake::github_pat(), &fake::github_pat_other()));
    repo.git(["add", "b"]).success();
    repo.git(["commit", "-m", "x"]).code(1);
    repo.keyguard(["allow", "--last", "--reason", "demo"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
}

#[test]
fn added_rules_and_requires_are_obeyed() {
    let rule = "[[rule]]\nid = \"acme-key\"\ntitle = \"Acme\"\nregex = 'acme_[0-9a-f]{32}'\n";
    let repo = enforced("", &[("keyguard.toml", &format!("requires = \">=0.1\"\n{rule}")), ("a", &acme())]);
    let commit = repo.git(["commit", "-m", "x"]);
    commit.code(1).says("commit blocked: Acme (medium confidence) in a:1:1");
    assert!(!commit.text().contains("not obeyed"), "{}", commit.text());
    repo.write("keyguard.toml", "requires = \">=99\"\n").write("a", "x\n");
    repo.git(["add", "."]).success();
    repo.git(["commit", "-m", "x"]).code(1).says("`requires` asks for keyguard >=99");
}

#[test]
fn the_users_own_layers_go_before_the_users_policy() {
    let repo = enforced("[rules]\ndisable = [\"jwt\"]\n", &[]);
    repo.git(["commit", "-m", "x"]).code(1);
    // A given file is as much the user's, and may even end the policy.
    write(&repo.tmp("given"), "[rules]\ndisable = [\"github-pat-classic\"]\n");
    let given = repo.tmp("given/config.toml");
    let hook = || repo.run("keyguard").args(["hook", "pre-commit"]).env("KEYGUARD_CONFIG", &given).output();
    hook().success().silent();
    repo.run("keyguard").args(["scan", "--staged", "-q", "-c"]).args([given.as_os_str()]).output().success();
    repo.write("keyguard.toml", "[rules]\ndisable = [\"github-pat-classic\"]\n");
    repo.git(["add", "keyguard.toml"]).success();
    write(&repo.tmp("given"), "enforce = false\n");
    hook().success().says("this commit has keyguard block less, by `disable` of github-pat-classic");
    write(&repo.tmp("given"), "enforce = true\n");
    hook().code(1).says("`rules.disable` not obeyed");
    repo.run("git").args(["commit", "--quiet", "-m", "x"]).env("SKIP", "keyguard").output().success();
}

/// Ways in which a keyguard.toml might have less looked at.
const WEAKENING: [&str; 9] = [
    "min-confidence = \"high\"\n[rules]\ndisable = [\"github-pat-classic\"]\n",
    "[rules]\nonly = [\"jwt\"]\n",
    "[scan]\nbinary = \"skip\"\n[[allow]]\nregex = \"^ghp_\"\nreason = \"x\"\n",
    "[[rule]]\nid = \"github-pat-classic\"\nconfidence = \"low\"\n",
    "[[rule]]\nid = \"github-pat-classic\"\nexclude-paths = [\"**\"]\n",
    "[[rule]]\nid = \"decoy\"\ntitle = \"Decoy\"\nregex = 'ghp_[0-9A-Za-z]+'\n[[allow]]\nrule = \"decoy\"\npath = \"a\"\nreason = \"x\"\n",
    "[[allow]]\npath = \"a\"\nreason = \"x\"\n",
    "[[allow]]\nrule = \"github-pat-classic\"\npath = \"a*\"\nreason = \"x\"\n",
    "[[allow]]\nstopword = \"0nZGm\"\nreason = \"x\"\n",
];

/// A repository under a policy, with every kind of hook and a remote.
fn enforced_with_remote() -> Sandbox {
    let repo = Sandbox::new();
    write(&repo.home().join(".config/keyguard"), "enforce = true\n");
    repo.git(["init", "--quiet", "--bare", "--initial-branch=main", "../remote"]).success();
    repo.git(["remote", "add", "origin", "../remote"]).success();
    repo.commit("file", "text\n");
    repo.keyguard(["install", "--all"]).success();
    repo
}

#[test]
fn no_hook_is_talked_round() {
    let repo = enforced_with_remote();
    repo.run("keyguard").args(["install", "--hook", "pre-receive"]).current_dir("../remote").output().success();
    for (number, content) in WEAKENING.iter().enumerate() {
        repo.git(["checkout", "--quiet", "--force", "-B", "try", "main"]).success();
        repo.commit("keyguard.toml", content);
        let message = repo.git(["commit", "--allow-empty", "-m", &leak()]);
        message
            .code(1)
            .says("commit blocked: GitHub personal access token (classic) (checksum valid) in the message:1:10");
        repo.commit("a", leak());
        let push = repo.git(["push", "origin", "try"]);
        push.code(1)
            .says("keyguard: push blocked: GitHub personal access token (classic) (checksum valid) in a:1:10 (");
        repo.git(["push", "--no-verify", "origin", "try"]).code(1).says("remote: keyguard: push rejected: GitHub");
        repo.git(["checkout", "--quiet", "-B", "target", "main"]).success();
        repo.commit("keyguard.toml", content);
        repo.git(["checkout", "--quiet", "-B", "topic", "main"]).success();
        repo.commit("a", leak());
        repo.git(["checkout", "--quiet", "target"]).success();
        let merge = repo.git(["merge", "--no-edit", "topic"]);
        merge
            .code(1)
            .says("keyguard: merge blocked: GitHub personal access token (classic) (checksum valid) in a:1:10");
        repo.git(["merge", "--abort"]).success();
        repo.keyguard(["scan", "--history=main..topic"]).code(1).says("GitHub");
        // On the server it may be the default branch's.
        repo.git(["push", "--quiet", "--force", "origin", "target:main"]).code(0);
        repo.git(["push", "--no-verify", "origin", "topic"]).code(1).says("remote: keyguard: push rejected: GitHub");
        let log = repo.run("git").args(["log", "--all", "--format=%s"]).current_dir("../remote").output();
        log.success().stdout("keyguard.toml\nfile\n");
        assert!(push.text().contains(REFUSED) || content.contains("decoy"), "{number}: {}", push.text());
    }
}

#[test]
fn a_key_beside_a_marker_is_pushed_nowhere() {
    let repo = enforced_with_remote();
    repo.commit("a", format!("t = {} # keyguard:allow\n", fake::github_pat()));
    let push = repo.git(["push", "origin", "main"]);
    push.code(1).says("keyguard: 1 inline marker is not obeyed: a policy outside the repository is enforced\n");
    push.says("keyguard: push blocked: GitHub");
    repo.keyguard(["scan", "--history"]).code(1).says("1 inline marker is not obeyed");
}

/// Makes the token staged beside `keyguard.toml`, and asserts that neither a commit nor a push gets it out.
#[track_caller]
fn stopped(repo: &Sandbox) {
    let commit = repo.git(["commit", "--quiet", "-m", "x"]);
    assert_ne!(commit.code(1).text(), "");
    repo.assert_commits(1);
    repo.git(["commit", "--quiet", "--no-verify", "-m", "x"]).success();
    repo.git(["push", "--quiet", "origin", "main"]).code(1).says("push blocked: ");
    let log = repo.run("git").args(["log", "--all", "--format=%s"]).current_dir("../remote").output();
    log.success().silent();
}

#[test]
fn a_file_that_is_no_configuration_stops_everything_or_nothing() {
    let utf16: Vec<u8> = "\u{feff}enforce = false\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let large = [&b"# "[..], &vec![b'x'; 10 << 20], b"\n[rules]\ndisable = [\"github-pat-classic\"]\n"].concat();
    for content in [
        &b"enforce = false\n"[..],
        b"[rules\n",
        b"unknown = 1\n",
        b"requires = \">=99\"\n",
        b"\xff\xfe\0",
        b"[[allow]]\npath = \"a\"\nreason = \"x\"\nexpires = 2020-13-01\n",
        b"[[allow]]\npath = \"a\"\nreason = \"x\"\nexpires = 2020-01-01\n",
        &utf16,
        &large,
    ] {
        let repo = enforced_with_remote();
        repo.write("a", leak()).write("keyguard.toml", content);
        repo.git(["add", "."]).success();
        stopped(&repo);
    }
}

#[test]
fn a_folder_or_a_submodule_is_no_configuration() {
    let repo = enforced_with_remote();
    repo.write("a", leak()).write("keyguard.toml/x", "[rules]\ndisable = [\"github-pat-classic\"]\n");
    repo.git(["add", "."]).success();
    stopped(&repo);
    let repo = enforced_with_remote();
    repo.write("a", leak());
    repo.git(["add", "."]).success();
    let head = repo.git(["rev-parse", "HEAD"]).text();
    repo.git(["update-index", "--add", "--cacheinfo", &format!("160000,{},keyguard.toml", head.trim())]).success();
    stopped(&repo);
}

#[cfg(unix)]
#[test]
fn a_link_is_no_configuration() {
    let repo = enforced_with_remote();
    repo.write("a", leak()).write("other", "[rules]\ndisable = [\"github-pat-classic\"]\n");
    std::os::unix::fs::symlink("other", repo.root().join("keyguard.toml")).unwrap();
    repo.git(["add", "."]).success();
    stopped(&repo);
}

#[test]
fn an_unknown_format_of_reports_lets_nothing_pass() {
    let repo = enforced_with_remote().env("KEYGUARD_FORMAT", "none");
    repo.write("a", leak());
    repo.git(["add", "."]).success();
    stopped(&repo);
}

/// A script that is run where the machine's configuration is a policy, as only whoever may have a `/etc` of their own can.
#[cfg(target_os = "linux")]
fn under_the_machines_policy(repo: &Sandbox, script: &str) -> Output {
    fs::write(repo.tmp("policy.toml"), "enforce = true\n").unwrap();
    let mount = "mount -t tmpfs none /etc && mkdir /etc/keyguard && cp ../policy.toml /etc/keyguard/config.toml && ";
    let script = format!("{mount}{script}");
    repo.run("unshare").args(["--mount", "--map-root-user", "sh", "-c", &script]).output()
}

#[cfg(target_os = "linux")]
#[test]
fn the_policy_of_the_machine_is_stronger_than_everything() {
    let repo = Sandbox::with_hook();
    if !under_the_machines_policy(&repo, "test -f /etc/keyguard/config.toml && echo apart").text().contains("apart") {
        not_tried("nobody may have a /etc of their own here, so the machine's policy cannot be set");
        return;
    }
    let weaker = "enforce = false\nmin-confidence = \"high\"\n[rules]\ndisable = [\"github-pat-classic\"]\n";
    write(&repo.tmp("given"), weaker);
    repo.write("a", leak()).git(["add", "a"]).success();
    for way in ["SKIP=keyguard", "KEYGUARD_CONFIG=../given/config.toml", "XDG_CONFIG_HOME=$PWD/../given"] {
        fs::create_dir_all(repo.tmp("given/keyguard")).unwrap();
        fs::write(repo.tmp("given/keyguard/config.toml"), weaker).unwrap();
        let commit = under_the_machines_policy(&repo, &format!("{way} git commit -m x"));
        commit.code(1).says("commit blocked: GitHub personal access token (classic) (checksum valid) in a:1:10");
        commit.says("not obeyed: the system's policy is enforced");
    }
    let scan = under_the_machines_policy(&repo, "keyguard scan --staged -c ../given/config.toml");
    scan.code(1).says("`rules.disable` not obeyed: the system's policy is enforced");
    let scan = under_the_machines_policy(&repo, "keyguard scan --staged --min-confidence high");
    scan.code(1).says("--min-confidence: `min-confidence` not obeyed");
    repo.assert_commits(0);
}
