//! Files that must be encrypted: what asks for it, what counts as encrypted, and where it is looked at; with the real tools
//! where this machine has them.

use std::fs;
use std::path::PathBuf;

use snapbox::str;

use crate::sandbox::{Output, Sandbox, fake, not_tried, with_both_readers};

/// A file without any key, so that nothing but its being in the clear can block it.
const PLAIN: &str = "host: db1\nregion: north\n";

/// What git-crypt makes of a file begins so.
const CIPHERTEXT: &[u8] = b"\0GITCRYPT\0\x8f\x01\xfe ciphertext";

fn commit(repo: &Sandbox) -> Output {
    repo.git(["commit", "--quiet", "-m", "x"])
}

fn stage(repo: &Sandbox, path: &str, content: impl AsRef<[u8]>) {
    repo.write(path, content);
    repo.git(["add", "--force", "--", path]).success();
}

/// Asserts that the commit is blocked for the file at `path`.
#[track_caller]
fn blocked(output: &Output, path: &str) {
    output.code(1).says(&format!("unencrypted file (high confidence) in {path}:1:1"));
}

/// The same where nothing but its name says that it is encrypted.
#[track_caller]
fn blocked_by_name(output: &Output, path: &str) {
    output.code(1).says(&format!("unencrypted file (medium confidence) in {path}:1:1"));
}

/// Asserts that the report says `part`, wherever its lines break.
#[track_caller]
fn says(output: &Output, part: &str) {
    let text = output.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(part), "expected `{part}`\n{text}");
}

/// A tool of this machine; says so where there is none.
fn tool(name: &str) -> Option<PathBuf> {
    let path = crate::sandbox::inherited("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = found.into_iter().find(|file| file.is_file());
    if found.is_none() {
        not_tried(format!("{name} itself: it is not on PATH"));
    }
    found
}

#[test]
fn a_file_in_the_clear_is_named_with_tool_and_command() {
    let repo = Sandbox::with_hook();
    stage(&repo, ".gitattributes", "secrets/** filter=git-crypt diff=git-crypt\n");
    stage(&repo, "secrets/a b.yaml", PLAIN);
    commit(&repo).code(1).stdout("").stderr(str![[r#"
keyguard: commit blocked: unencrypted file (high confidence) in secrets/a b.yaml:1:1
  |
1 | (the whole file)
  | ^
  key   whatever the file holds, to everybody who can read the repository
  why   rule unencrypted-file, high confidence; .gitattributes gives it
        filter=git-crypt
  1.    Encrypt it with git-crypt: `git add --renormalize 'secrets/a b.yaml'`.
        If the repository is locked, first `git stash && git-crypt unlock && git
        stash pop`
  2.    Not a key? Say so, and commit again:
        keyguard allow kg1:[..] --reason "..."
  3.    Real and already out? Deleting the line is not enough. Revoke it:
        Change every secret that the file holds
  more  keyguard explain unencrypted-file

Nothing was committed.

"#]]);
}

#[test]
fn filters_are_those_of_the_staged_attributes() {
    with_both_readers(|repo| {
        // What stands in the work tree alone does not count, and what is staged does without it.
        repo.write(".gitattributes", "other filter=git-crypt\n");
        stage(repo, "other", PLAIN);
        commit(repo).success().silent();
        stage(
            repo,
            ".gitattributes",
            "[attr]hidden filter=git-crypt-ops\n*.key hidden\nopen.key !filter\n/deep/** filter=crypt\n*.bin filter=lfs\n",
        );
        stage(repo, "deep/.gitattributes", "*.txt -filter\n");
        fs::remove_file(repo.root().join(".gitattributes")).unwrap();
        commit(repo).success().silent();
        for path in ["a.key", "x/y/b.key", "deep/er/c.md"] {
            stage(repo, path, PLAIN);
            blocked(&commit(repo), path);
            blocked(&repo.keyguard(["scan", "--staged"]), path);
            stage(repo, path, CIPHERTEXT);
            commit(repo).success().silent();
        }
        for path in ["open.key", "deep/er/c.txt", "x.bin"] {
            stage(repo, path, PLAIN);
        }
        commit(repo).success().silent();
    });
}

#[test]
fn attributes_of_this_clone_go_before_those_of_the_tree() {
    with_both_readers(|repo| {
        stage(repo, ".gitattributes", "a filter=git-crypt\n");
        commit(repo).success().silent();
        fs::create_dir_all(repo.root().join(".git/info")).unwrap();
        fs::write(repo.root().join(".git/info/attributes"), "a !filter\nb filter=git-crypt\n").unwrap();
        stage(repo, "a", PLAIN);
        commit(repo).success().silent();
        stage(repo, "sub/b", PLAIN);
        blocked(&commit(repo), "sub/b");
    });
}

/// The same with each of the two readers; the time in the answer for machines is never the same twice.
fn with_each_reader(scenario: impl Fn(&Sandbox)) {
    for reader in ["fast", "plumbing"] {
        scenario(&Sandbox::with_hook().env("KEYGUARD_READER", reader));
    }
}

/// Asserts that the files of `paths` are found in the clear to which git itself gives a filter.
#[track_caller]
fn git_agrees(repo: &Sandbox, paths: &[&str], remark: &str) {
    for from in [&["check-attr"][..], &["check-attr", "--cached"]] {
        let told = repo.git(from.iter().chain(&["-z", "filter", "--"]).chain(paths)).success().text();
        let fields: Vec<_> = told.split('\0').collect();
        let of_git_crypt = fields.as_chunks::<3>().0.iter().filter(|[_, _, value]| *value == "git-crypt");
        let expected: Vec<_> = of_git_crypt.map(|[path, ..]| *path).collect();
        let report = repo.keyguard(["scan", "--staged", "--format", "json"]).text();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let mut found: Vec<_> =
            report["findings"].as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect();
        found.sort_by_key(|path| paths.iter().position(|other| other == path));
        assert_eq!(found, expected, "{remark}");
    }
}

/// Whoever names a path names the folder, and any of many forms of globs: git itself tells what they mean.
#[test]
fn git_agrees_about_filters() {
    let patterns = [
        "*.key",
        "/a.key",
        "a/*.key",
        "a/**",
        "**/b/*",
        "a/**/c.key",
        "b",
        "b/",
        "/b/c.key",
        "?.key",
        "[!a].key",
        "[[:digit:]]*",
        "a\\*",
        "\"q \\303\\244.key\"",
        "{x,y}.key",
        "!neg",
        "**",
        "a/b**",
        "***/c.key",
        "[a-",
        "*/c.key",
        "a/",
        "/a",
        "[]x].key",
        "a/**b/c.key",
    ];
    let paths = [
        "a.key",
        "x.key",
        "a/x.key",
        "a/b/c.key",
        "b/c.key",
        "c.key",
        "7up",
        "a*",
        "q ä.key",
        "{x,y}.key",
        "neg",
        "].key",
        "a/xb/c.key",
    ];
    let repo = Sandbox::with_hook();
    for path in paths {
        stage(&repo, path, PLAIN);
    }
    for pattern in patterns {
        for attributes in [format!("{pattern} filter=git-crypt\n"), format!("* filter=git-crypt\n{pattern} -filter\n")]
        {
            stage(&repo, ".gitattributes", &attributes);
            git_agrees(&repo, &paths, &attributes);
        }
    }
}

/// With `core.ignoreCase`, which is set where the file system tells no case, the case of a glob means nothing.
#[test]
fn git_agrees_about_case() {
    let patterns = [
        "*.KEY",
        "/Up/X.key",
        "UP/**",
        "**/LOW/*",
        "[L-M]ow/*.pem",
        "[[:upper:]]*",
        "[A]*",
        "[a]*",
        "\\Ab.key",
        "up/**",
        "?P/*",
        "\"\\303\\204*\"",
    ];
    let paths = ["ab.key", "Up/x.Key", "Up/low/Y.pem", "low/Z.PEM", "\u{e4}.Key", "Readme"];
    with_each_reader(|repo| {
        for path in paths {
            stage(repo, path, PLAIN);
        }
        stage(repo, "Up/.gitattributes", "x.KEY filter=git-crypt\n");
        for ignores in ["true", "false", "yes"] {
            repo.git(["config", "core.ignoreCase", ignores]).success();
            for pattern in patterns {
                stage(repo, ".gitattributes", format!("{pattern} filter=git-crypt\n"));
                git_agrees(repo, &paths, &format!("{pattern}, core.ignoreCase={ignores}"));
            }
        }
    });
}

/// Attributes that no tree holds filter all the same, wherever git was told to look for them.
#[test]
fn git_agrees_about_attributes_of_the_user() {
    let paths = ["a.key", "b.key", "sub/c.key", "d"];
    let text = "[attr]hidden filter=git-crypt\n*.key hidden\nd !filter\n";
    with_each_reader(|repo| {
        for path in paths {
            stage(repo, path, PLAIN);
        }
        // The tree's own go before them, and those of the clone before these.
        stage(repo, ".gitattributes", "b.key -filter\nd filter=git-crypt\n");
        fs::create_dir_all(repo.home().join(".config/git")).unwrap();
        let files = [
            (repo.home().join(".config/git/attributes"), None),
            (repo.home().join("own"), Some("~/own".to_owned())),
            (repo.tmp("own"), Some(repo.tmp("own").to_string_lossy().into_owned())),
            (repo.root().join("own"), Some("own".to_owned())),
        ];
        for (file, setting) in files {
            if let Some(setting) = &setting {
                repo.git(["config", "core.attributesFile", setting]).success();
            }
            git_agrees(repo, &paths, &format!("{setting:?} without a file"));
            fs::write(&file, text).unwrap();
            git_agrees(repo, &paths, &format!("{setting:?}"));
            let stopped = repo.git(["commit", "--quiet", "-m", "x", "--", "sub/c.key"]);
            says(stopped.code(1), "the user's file of attributes (core.attributesFile) gives it filter=git-crypt");
            fs::remove_file(&file).unwrap();
        }
        fs::create_dir_all(repo.root().join(".git/info")).unwrap();
        fs::write(repo.root().join(".git/info/attributes"), "d !filter\nb.key filter=git-crypt\n").unwrap();
        git_agrees(repo, &paths, "info/attributes");
        let stopped = repo.git(["commit", "--quiet", "-m", "x", "--", "b.key"]);
        says(stopped.code(1), "info/attributes of the git directory gives it filter=git-crypt");
    });
}

/// What only the user's configuration, a condition in it or the command line sets is known as well.
#[test]
fn settings_are_found_wherever_git_finds_them() {
    for reader in ["", "plumbing"] {
        let repo = Sandbox::with_hook();
        let settings = repo.tmp("gitconfig");
        let repo = repo.env("GIT_CONFIG_GLOBAL", &settings).env("KEYGUARD_READER", reader);
        fs::write(repo.tmp("own"), "A filter=git-crypt\n").unwrap();
        stage(&repo, "a", PLAIN);
        let core = format!("[core]\n\tattributesFile = {}\n\tignoreCase\n", repo.tmp("own").display());
        repo.git(["config", "--unset", "core.ignorecase"]).code(if cfg!(any(windows, target_os = "macos")) {
            0
        } else {
            5
        });
        fs::write(&settings, &core).unwrap();
        blocked(&commit(&repo), "a");
        fs::write(repo.tmp("conditional"), &core).unwrap();
        let condition = format!("[includeIf \"gitdir:{}/\"]\n\tpath = conditional\n", repo.root().display());
        fs::write(&settings, condition).unwrap();
        blocked(&commit(&repo), "a");
        fs::write(&settings, "").unwrap();
        let own = format!("core.attributesFile={}", repo.tmp("own").display());
        blocked(&repo.git(["-c", &own, "-c", "core.ignoreCase=true", "commit", "--quiet", "-m", "x"]), "a");
        repo.git(["-c", &own, "commit", "--quiet", "-m", "x"]).success().silent();
    }
}

#[test]
fn only_what_a_commit_brings_in_counts() {
    with_both_readers(|repo| {
        stage(repo, "plain", PLAIN);
        stage(repo, "gone", PLAIN);
        stage(repo, "moves", PLAIN);
        commit(repo).success().silent();
        // Files that are there already are not in this commit.
        stage(repo, ".gitattributes", "* filter=git-crypt\n*.sub -filter\n");
        commit(repo).success().silent();
        // Deleted, another mode, an empty file, a link, a submodule.
        repo.git(["rm", "--quiet", "gone"]).success();
        repo.git(["update-index", "--chmod=+x", "plain"]).success();
        stage(repo, "empty", "");
        let head = repo.git(["rev-parse", "HEAD"]).text();
        let link = repo.run("git").args(["hash-object", "-w", "--stdin"]).input("plain").output().text();
        for (mode, id, path) in [("160000", &head, "module"), ("120000", &link, "link")] {
            repo.git(["update-index", "--add", "--cacheinfo", &format!("{mode},{},{path}", id.trim())]).success();
        }
        commit(repo).success().silent();
        // Changed again, and still in the clear.
        stage(repo, "plain", format!("{PLAIN}more: 1\n"));
        blocked(&commit(repo), "plain");
        repo.git(["reset", "--quiet", "--hard"]).success();
        // To a path that must be encrypted without being so.
        repo.git(["mv", "moves", "moved"]).success();
        blocked(&commit(repo), "moved");
        repo.git(["mv", "moved", "moved.sub"]).success();
        commit(repo).success().silent();
    });
}

#[test]
fn a_merge_brings_in_nothing_of_the_other_side() {
    with_both_readers(|repo| {
        stage(repo, "base", "1\n");
        stage(repo, ".gitattributes", "secret* filter=git-crypt\n");
        commit(repo).success().silent();
        repo.git(["checkout", "--quiet", "-b", "topic"]).success();
        repo.commit("secret", PLAIN).commit("base", "2\n");
        repo.git(["checkout", "--quiet", "main"]).success();
        repo.commit("base", "3\n");
        repo.git(["merge", "--quiet", "topic"]).code(1);
        stage(repo, "base", "4\n");
        stage(repo, "secret2", PLAIN);
        let blocked_commit = commit(repo);
        blocked(&blocked_commit, "secret2");
        assert!(!blocked_commit.text().contains("in secret:1:1"), "{}", blocked_commit.text());
        repo.git(["rm", "--quiet", "--cached", "secret2"]).success();
        commit(repo).success();
    });
}

#[test]
fn git_crypt_itself_passes_and_its_absence_is_seen() {
    let Some(_) = tool("git-crypt") else { return };
    let repo = Sandbox::with_hook();
    let git_crypt = |args: &[&str], folder: &str| {
        repo.run("git-crypt").args(args).current_dir(repo.tmp(folder)).output().success();
    };
    git_crypt(&["init"], "root");
    git_crypt(&["export-key", "../key"], "root");
    stage(&repo, ".gitattributes", "secrets/** filter=git-crypt diff=git-crypt\n");
    stage(&repo, "secrets/db.yaml", PLAIN);
    stage(&repo, "secrets/empty", "");
    commit(&repo).success();
    // In a clone that is still locked the filter is unknown to git.
    repo.git(["clone", "--quiet", ".", "../clone"]).success();
    let clone = |program: &str, args: &[&str]| repo.run(program).args(args).current_dir(repo.tmp("clone")).output();
    clone("keyguard", &["install"]).success();
    fs::write(repo.tmp("clone/secrets/new.yaml"), PLAIN).unwrap();
    clone("git", &["add", "."]).success();
    blocked(&clone("git", &["commit", "-m", "x"]), "secrets/new.yaml");
    // The way out that the report names.
    clone("git", &["stash", "--quiet"]).success();
    git_crypt(&["unlock", "../key"], "clone");
    clone("git", &["stash", "pop", "--quiet"]).success();
    clone("git", &["add", "--renormalize", "secrets/new.yaml"]).success();
    clone("git", &["commit", "--quiet", "-m", "x"]).success();
    // The work tree of an unlocked clone is no commit.
    clone("keyguard", &["scan", "secrets"]).success();
    // The key beside them is a secret whatever asks for what.
    fs::copy(repo.tmp("key"), repo.tmp("clone/secrets/key")).unwrap();
    fs::write(repo.tmp("clone/.gitattributes"), "").unwrap();
    clone("git", &["add", "."]).success();
    clone("git", &["commit", "-m", "x"]).code(1).says("key of git-crypt (high confidence) in secrets/key:1:1");
}

#[test]
fn transcrypt_passes_and_its_absence_is_seen() {
    let repo = Sandbox::with_hook();
    stage(&repo, ".gitattributes", "sensitive* filter=crypt diff=crypt merge=crypt\n");
    stage(&repo, "sensitive", PLAIN);
    let stopped = commit(&repo);
    blocked(&stopped, "sensitive");
    says(&stopped, "Encrypt it with transcrypt: set it up in this clone with `transcrypt`");
    // What it writes: base64 of OpenSSL, broken into lines.
    stage(&repo, "sensitive", "U2FsdGVkX18a/BxK3ReZDvvtWVQVnKXu4jYV4YvGdQw0x3eYbC2FUBBzH+cNFvQH\nwQ7rM8Pz3b0=\n");
    commit(&repo).success().silent();
    if tool("transcrypt").is_none() {
        return;
    }
    repo.run("transcrypt").args(["--cipher=aes-256-cbc", "--password=x", "--yes"]).output().success();
    stage(&repo, "sensitive2", PLAIN);
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    repo.git(["cat-file", "blob", "HEAD:sensitive2"]).success().says("U2FsdGVkX1");
}

#[test]
fn age_passes_and_its_identity_never() {
    let Some(_) = tool("age-keygen") else { return };
    let repo = Sandbox::with_hook();
    stage(&repo, "keyguard.toml", "[[encrypted]]\npath = \"secrets/**\"\n");
    repo.run("age-keygen").args(["-o", "../identity"]).output().success();
    let identity = fs::read_to_string(repo.tmp("identity")).unwrap();
    let recipient = identity.lines().find_map(|line| line.split("public key: ").nth(1)).unwrap();
    stage(&repo, "secrets/plain", PLAIN);
    blocked(&commit(&repo), "secrets/plain");
    for (path, armor) in [("secrets/binary", None), ("secrets/text", Some("--armor")), ("x.age", None)] {
        let run = repo.run("age").args(armor).args(["-r", recipient, "-o", "../out"]);
        run.input(PLAIN).output().success();
        stage(&repo, path, fs::read(repo.tmp("out")).unwrap());
    }
    repo.git(["rm", "--quiet", "--force", "secrets/plain"]).success();
    commit(&repo).success().silent();
    stage(&repo, "y.age", PLAIN);
    let stopped = commit(&repo);
    blocked_by_name(&stopped, "y.age");
    says(&stopped, "with age: `age --encrypt -r RECIPIENT -o y.age FILE && git add y.age`");
    // The file of keys that SOPS and age read.
    repo.git(["reset", "--quiet", "--hard"]).success();
    stage(&repo, "secrets/keys.txt", &identity);
    let stopped = commit(&repo);
    stopped.code(1).says("[age-secret-key]").says("secrets/keys.txt");
    assert!(!stopped.text().contains(identity.lines().last().unwrap()), "{}", stopped.text());
}

#[test]
fn pgp_passes_and_its_secret_key_never() {
    let Some(_) = tool("gpg") else { return };
    let repo = Sandbox::with_hook();
    let gpg = |args: &[&str], input: &[u8]| {
        let base = ["--homedir", "../gpg", "--batch", "--quiet", "--yes"];
        repo.run("gpg").args(base).args(args).input(input).raw()
    };
    fs::create_dir(repo.tmp("gpg")).unwrap();
    #[cfg(unix)]
    fs::set_permissions(repo.tmp("gpg"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let made = gpg(
        &[
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            "--quick-gen-key",
            "Ada <ada@keyguard.test>",
            "default",
            "default",
        ],
        b"",
    );
    if !made.status.success() {
        not_tried(format!("gpg itself: it makes no key here: {}", String::from_utf8_lossy(&made.stderr)));
        return;
    }
    stage(&repo, "keyguard.toml", "[[encrypted]]\npath = \"secrets/**\"\n");
    commit(&repo).success().silent();
    for (number, args) in [
        &["-e", "-r", "ada@keyguard.test"][..],
        &["-e", "-a", "-r", "ada@keyguard.test"],
        &["-c", "--pinentry-mode", "loopback", "--passphrase", "x"],
    ]
    .iter()
    .enumerate()
    {
        let message = gpg(args, PLAIN.as_bytes());
        assert!(message.status.success(), "{}", String::from_utf8_lossy(&message.stderr));
        stage(&repo, &format!("secrets/message{number}.gpg"), &message.stdout);
    }
    commit(&repo).success().silent();
    let export = ["--pinentry-mode", "loopback", "--passphrase", "", "--export-secret-keys"];
    for args in [&["--armor"][..], &[]] {
        let key = gpg(&export.iter().chain(args).copied().collect::<Vec<_>>(), b"").stdout;
        assert!(!key.is_empty());
        stage(&repo, "exported", &key);
        commit(&repo).code(1).says("PGP private key (").says("exported:1:1").says("high confidence");
    }
    // The agent would outlive the folder.
    repo.run("gpgconf").args(["--homedir", "../gpg", "--kill", "all"]).output().success();
}

/// As SOPS writes it.
fn sops_yaml(data: &str, settings: &str) -> String {
    let value = |letters: &str| format!("ENC[AES256_GCM,data:{letters}==,iv:{letters}=,tag:{letters}==,type:str]");
    let data = data.replace("VALUE", &value("q7Zt2LmXw9RbV4nYp6"));
    format!(
        "{data}sops:\n    kms: []\n    age:\n        - recipient: age1x\n          enc: |\n            \
         -----BEGIN AGE ENCRYPTED FILE-----\n            YWdl\n            -----END AGE ENCRYPTED FILE-----\n    \
         lastmodified: \"2026-01-02T03:04:05Z\"\n    mac: {}\n    {settings}\n    version: 3.9.0\n",
        value("w8Yu3MnYx0ScW5oZq7")
    )
}

#[test]
fn sops_is_asked_for_by_its_creation_rules() {
    with_both_readers(|repo| {
        stage(
            repo,
            ".sops.yaml",
            "creation_rules:\n  - path_regex: ^secrets/.*\\.yaml$\n    age: age1x\n  - path_regex: prod/\n    \
             encrypted_regex: ^(password|token)$\n    age: age1x\n",
        );
        stage(repo, "team/.sops.yaml", "creation_rules:\n  - path_regex: ^x/\n    age: age1x\n");
        commit(repo).success().silent();
        stage(repo, "secrets/a.yaml", PLAIN);
        let stopped = commit(repo);
        blocked(&stopped, "secrets/a.yaml");
        says(&stopped, "`sops --encrypt --in-place secrets/a.yaml && git add secrets/a.yaml`");
        stage(repo, "secrets/a.yaml", sops_yaml("host: VALUE\nport: VALUE\n", "unencrypted_suffix: _unencrypted"));
        commit(repo).success().silent();
        // A value that was added by hand.
        stage(repo, "secrets/a.yaml", sops_yaml("host: VALUE\nregion: north\n", "unencrypted_suffix: _unencrypted"));
        blocked(&commit(repo), "secrets/a.yaml");
        repo.git(["reset", "--quiet", "--hard"]).success();
        // Only some values are wanted.
        stage(repo, "prod/a.yaml", PLAIN);
        commit(repo).success().silent();
        stage(repo, "prod/b.yaml", format!("{PLAIN}password: x\n"));
        blocked(&commit(repo), "prod/b.yaml");
        stage(
            repo,
            "prod/b.yaml",
            sops_yaml(&format!("{PLAIN}password: VALUE\n"), "encrypted_regex: ^(password|token)$"),
        );
        commit(repo).success().silent();
        // The nearest configuration is the only one.
        stage(repo, "team/secrets/a.yaml", PLAIN);
        commit(repo).success().silent();
        stage(repo, "team/x/a.yaml", PLAIN);
        blocked(&commit(repo), "team/x/a.yaml");
    });
}

#[test]
fn a_creation_rule_for_all_files_asks_for_kubernetes_secrets_alone() {
    let repo = Sandbox::with_hook();
    stage(&repo, ".sops.yaml", "creation_rules:\n  - age: age1x\n    encrypted_regex: ^(data|stringData)$\n");
    stage(&repo, "README.md", "text\n");
    stage(&repo, "map.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n");
    commit(&repo).success().silent();
    stage(&repo, "secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  user: north\n");
    blocked(&commit(&repo), "secret.yaml");
}

#[test]
fn a_broken_sops_configuration_stops_what_it_is_for() {
    let repo = Sandbox::with_hook();
    stage(&repo, "a/.sops.yaml", "creation_rules: [\n");
    stage(&repo, "b/x", "1\n");
    commit(&repo).success().silent();
    stage(&repo, "a/x", "1\n");
    commit(&repo).code(1);
    repo.keyguard(["scan"])
        .code(2)
        .says("cannot inspect a/x: `a/.sops.yaml`, which says what is to be encrypted, is no YAML");
    stage(&repo, "a/.sops.yaml", "{% if cookiecutter.sops %}\ncreation_rules: [\n");
    commit(&repo).success().silent();
}

#[test]
fn sops_itself_passes() {
    if tool("sops").is_none() || tool("age-keygen").is_none() {
        return;
    }
    let repo = Sandbox::with_hook();
    repo.run("age-keygen").args(["-o", "../identity"]).output().success();
    let identity = fs::read_to_string(repo.tmp("identity")).unwrap();
    let recipient = identity.lines().find_map(|line| line.split("public key: ").nth(1)).unwrap();
    let rules = format!(
        "creation_rules:\n  - path_regex: some/\n    encrypted_regex: ^(host|A)$\n    age: {recipient}\n  - path_regex: all/\n    age: {recipient}\n"
    );
    stage(&repo, ".sops.yaml", rules);
    commit(&repo).success().silent();
    let files = [
        (
            "x.yaml",
            "host: db1\nport: 5432\non: true\nempty: ''\nnone: null\nlist:\n    - a\n    - b: c\n---\nhost: db2\n",
        ),
        ("x.json", "{\"host\": \"db1\", \"list\": [1, {\"a\": false}], \"none\": null, \"empty\": \"\"}"),
        ("x.env", "# note\nA=1\nB=two words\n"),
        ("x.ini", "[db]\nhost = db1\nA = 1\n"),
        ("x.bin", "host: plain text\n"),
    ];
    for folder in ["all", "some"] {
        for (name, content) in files.into_iter().filter(|(name, _)| folder == "all" || *name != "x.bin") {
            let path = format!("{folder}/{name}");
            stage(&repo, &path, content);
            blocked(&commit(&repo), &path);
            repo.run("sops").args(["--encrypt", "--in-place", &path]).output().success();
            repo.git(["add", &path]).success();
            commit(&repo).success().silent();
        }
    }
}

#[test]
fn names_tell_that_a_file_is_encrypted() {
    let repo = Sandbox::with_hook();
    for path in ["a.enc.yaml", "deep/b.sops.json", "c.enc.env", "config/credentials.yml.enc"] {
        stage(&repo, path, PLAIN);
        blocked_by_name(&commit(&repo), path);
        blocked_by_name(&repo.keyguard(["scan", path]), path);
        repo.git(["rm", "--quiet", "--force", path]).success();
    }
    stage(&repo, "a.enc.yaml", sops_yaml("host: VALUE\n", "unencrypted_suffix: _unencrypted"));
    stage(&repo, "plain.yaml", PLAIN);
    stage(&repo, ".sops.yaml", "keys: []\n");
    commit(&repo).success().silent();
    // Renamed, and not encrypted on the way.
    repo.git(["mv", "plain.yaml", "plain.enc.yaml"]).success();
    blocked(&commit(&repo), "plain.enc.yaml");
}

#[test]
fn the_configuration_names_files() {
    let repo = Sandbox::with_hook();
    stage(&repo, "keyguard.toml", "[[encrypted]]\npath = \"secrets/**\"\n\n[[encrypted]]\npath = \"*.vault\"\n");
    commit(&repo).success().silent();
    for path in ["secrets/deep/x", "x.vault"] {
        stage(&repo, path, PLAIN);
        let stopped = commit(&repo);
        blocked(&stopped, path);
        says(&stopped, "; [[encrypted]] of the configuration names");
        stage(&repo, path, format!("$ANSIBLE_VAULT;1.1;AES256\n{0}\n{0}\n{0}\n", "62313131".repeat(10)));
        commit(&repo).success().silent();
    }
    stage(&repo, "deep/x.vault", PLAIN);
    commit(&repo).success().silent();
    repo.keyguard(["config", "show"]).success().says("[[encrypted]]  # repository\npath = \"secrets/**\"\n");
    stage(&repo, "keyguard.toml", "[[encrypted]]\npath = \"*.vault\"\n");
    commit(&repo).success().says("keyguard: this commit takes 1 of `[[encrypted]]` out of keyguard.toml\n");
    for (text, place, complaint) in [
        ("[[encrypted]]\npath = \"/secrets/**\"\n", "2:8", "`path` of `[[encrypted]]` matches no file"),
        ("[[encrypted]]\npath = \"a[\"\n", "2:8", "`path` of `[[encrypted]]` is no glob"),
        ("[[encrypted]]\n", "1:1", "missing field `path`"),
    ] {
        repo.write("keyguard.toml", text);
        repo.keyguard(["config", "check"]).code(2).says(&format!("keyguard.toml:{place}: {complaint}"));
    }
}

/// Whoever names a folder means what is in it.
#[test]
fn the_configuration_names_folders() {
    for path in ["secrets", "secrets/", "se*", "secrets/**", "**/secrets", "{x,secrets}"] {
        let repo = Sandbox::with_hook();
        let entry = format!("[[encrypted]]\npath = \"{path}\"\n");
        stage(&repo, "keyguard.toml", &entry);
        commit(&repo).success().silent();
        stage(&repo, "secret", PLAIN);
        stage(&repo, "deep/secretsx/y", PLAIN);
        let elsewhere = commit(&repo);
        if path == "se*" {
            blocked(&elsewhere, "secret");
        } else {
            elsewhere.success().silent();
        }
        stage(&repo, "secrets/deep/x", PLAIN);
        let stopped = repo.git(["commit", "--quiet", "-m", "x", "--", "secrets"]);
        blocked(&stopped, "secrets/deep/x");
        says(&stopped, &format!("[[encrypted]] of the configuration names {path}"));
    }
}

#[test]
fn an_entry_that_guards_nothing_is_told() {
    let repo = Sandbox::with_hook();
    let entry = |path: &str| format!("[[encrypted]]\npath = \"{path}\"\n");
    repo.write("keyguard.toml", entry("secret") + &entry("*.vault") + &entry("secrets/"));
    let told = repo.keyguard(["config", "check"]);
    told.success().stdout(str![[r"
keyguard.toml:1:1: the [[encrypted]] entry for path `secret` matches nothing that is tracked
keyguard.toml:3:1: the [[encrypted]] entry for path `*.vault` matches nothing that is tracked
keyguard.toml:5:1: the [[encrypted]] entry for path `secrets/` matches nothing that is tracked
ok: keyguard.toml

"]]);
    // What is staged counts, from wherever in the repository it is asked; what git does not know does not.
    stage(&repo, "secrets/deep/x", CIPHERTEXT);
    repo.write("a.vault", PLAIN);
    let told = repo.run("keyguard").args(["config", "check"]).current_dir(repo.root().join("secrets")).output();
    told.success().stdout(str![[r"
keyguard.toml:1:1: the [[encrypted]] entry for path `secret` matches nothing that is tracked
keyguard.toml:3:1: the [[encrypted]] entry for path `*.vault` matches nothing that is tracked
ok: keyguard.toml

"]]);
    repo.keyguard(["config", "check", "--format", "json"]).success().says("entry for path `*.vault` matches nothing");
}

#[test]
fn a_policy_outside_the_repository_leaves_it_in_force() {
    let repo = Sandbox::with_hook();
    let folder = repo.home().join(".config/keyguard");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "enforce = true\n[[encrypted]]\npath = \"b\"\n").unwrap();
    let off = "[[rule]]\nid = \"unencrypted-file\"\nexclude-paths = [\"**\"]\n";
    stage(&repo, "keyguard.toml", format!("{off}[[encrypted]]\npath = \"a\"\n"));
    for path in ["a", "b"] {
        stage(&repo, path, PLAIN);
        blocked(&commit(&repo), path);
        repo.git(["rm", "--quiet", "--cached", path]).success();
    }
}

#[test]
fn an_entry_allows_it_and_switching_the_rule_off_does() {
    let repo = Sandbox::with_hook();
    stage(&repo, ".gitattributes", "secret* filter=git-crypt\n");
    stage(&repo, "secret", PLAIN);
    blocked(&commit(&repo), "secret");
    repo.keyguard(["allow", "--last", "--reason", "a sample"]).success();
    commit(&repo).success();
    // The path is allowed, and no other.
    stage(&repo, "secret", format!("{PLAIN}more: 1\n"));
    commit(&repo).success().silent();
    stage(&repo, "secret2", PLAIN);
    blocked(&commit(&repo), "secret2");
    stage(&repo, "keyguard.toml", "[[allow]]\nrule = \"unencrypted-file\"\npath = \"secret*\"\nreason = \"samples\"\n");
    commit(&repo).success();
    // A key in an allowed file is still one.
    stage(&repo, "secret", format!("token = \"{}\"\n", fake::github_pat()));
    commit(&repo).code(1).says("GitHub personal access token (classic) (checksum valid) in secret:1:10");
    repo.git(["reset", "--quiet", "--hard"]).success();
    stage(&repo, "secret3", PLAIN);
    stage(&repo, "keyguard.toml", "[rules]\ndisable = [\"unencrypted-file\"]\n");
    commit(&repo).success().says("keyguard: this commit has keyguard block less");
}

#[test]
fn pushes_and_the_history_are_judged_by_each_commits_own_files() {
    for reader in ["fast", "plumbing"] {
        let repo = Sandbox::new().env("KEYGUARD_READER", reader);
        repo.commit("early", PLAIN).commit(".gitattributes", "early filter=git-crypt\nlate filter=git-crypt\n");
        repo.commit("sub/late", PLAIN).commit(".gitattributes", "").commit("late", PLAIN);
        repo.keyguard(["scan", "--history"])
            .code(1)
            .says("1 secret in ")
            .says("unencrypted file (high confidence) in sub/late:1:1 (commit ");
        for (kind, verb) in [("pre-push", "push blocked"), ("pre-receive", "push rejected")] {
            let remote = format!("../{kind}");
            repo.git(["init", "--quiet", "--bare", "--initial-branch=main", &remote]).success();
            if kind == "pre-push" {
                repo.keyguard(["install", "--hook", kind]).success();
            } else {
                repo.keyguard(["uninstall"]).success();
                repo.run("keyguard").args(["install", "--hook", kind]).current_dir(&remote).output().success();
            }
            let push = repo.git(["push", "--quiet", &remote, "main"]);
            push.code(1).says(verb).says("unencrypted file (high confidence) in sub/late:1:1");
            repo.git(["push", "--quiet", &remote, "main~3:refs/heads/main"]).success();
        }
    }
}

#[test]
fn what_a_filter_of_ones_own_writes_is_left_to_it() {
    let repo = Sandbox::with_hook();
    stage(&repo, ".gitattributes", "a filter=git-crypt\nb filter=crypt\nc filter=team-encrypt\n");
    commit(&repo).success().silent();
    let binary = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    for path in ["a", "b"] {
        stage(&repo, path, binary);
        blocked(&commit(&repo), path);
        repo.git(["rm", "--quiet", "--cached", path]).success();
    }
    stage(&repo, "c", PLAIN);
    let stopped = commit(&repo);
    blocked(&stopped, "c");
    says(&stopped, "with the filter team-encrypt: set `filter.team-encrypt.clean` up");
    stage(&repo, "c", binary);
    commit(&repo).success().silent();
    // A value that another tool has encrypted does not make up for a filter that did not run.
    let eyaml = format!("a: ENC[PKCS7,{}]\nb: plain\n", "MIIBeQYJKoZIhvcNAQcD".repeat(4));
    stage(&repo, "a", &eyaml);
    blocked(&commit(&repo), "a");
}

#[test]
fn a_hostile_path_is_told_in_one_word() {
    let repo = Sandbox::with_hook();
    stage(&repo, ".gitattributes", "* filter=git-crypt\u{1b}[2J\n");
    stage(&repo, "a'; rm -rf x\u{1b}[2J", PLAIN);
    let stopped = commit(&repo);
    stopped.code(1).says("unencrypted file (high confidence) in");
    assert!(!stopped.text().contains('\u{1b}'), "{}", stopped.text());
}
