//! Odd shapes: each is refused in words, or right, and never damaged.

use super::{assert_nowhere, index, read, repository, staged};
use crate::sandbox::fake;

/// A text with `@` for the key becomes this text; the commit passes then.
#[track_caller]
fn becomes(path: &str, text: &str, expected: &str) {
    let key = fake::github_pat();
    let repo = staged(path, &text.replace('@', &key));
    let fixed = repo.keyguard(["fix", "--apply"]);
    fixed.success();
    assert_eq!(read(&repo, path), expected, "{text}");
    assert_eq!(index(&repo, path), expected, "{text}");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    assert_nowhere(&repo, &key, &[&fixed]);
}

/// The text stays as it is, in the work tree and in the index.
#[track_caller]
fn stays(path: &str, text: &str, reason: &str) {
    let text = text.replace('@', &fake::github_pat());
    let repo = staged(path, &text);
    let refused = repo.keyguard(["fix", "--apply"]);
    refused.code(2).says(reason);
    assert!(!refused.text().contains(&fake::github_pat()));
    assert_eq!((read(&repo, path), index(&repo, path)), (text.clone(), text));
    repo.git(["status", "--porcelain"]).success().stdout(format!("A  {path}\n"));
}

#[test]
fn strings_of_all_kinds() {
    becomes("a.js", "f(`a ${b} @ c`);\n", "f(`a ${b} ${process.env.GITHUB_TOKEN} c`);\n");
    becomes("a.js", "f('@', \"@\");\n", "f(process.env.GITHUB_TOKEN, process.env.GITHUB_TOKEN);\n");
    becomes(
        "a.py",
        "import os\nk = f'Bearer {x} @'\n",
        "import os\nk = f'Bearer {x} {os.environ[\"GITHUB_TOKEN\"]}'\n",
    );
    becomes(
        "a.py",
        "import os\nk = \"\"\"\nit's\n@\n\"\"\"\n",
        "import os\nk = (\"\"\"\nit's\n\"\"\" + os.environ[\"GITHUB_TOKEN\"] + \"\"\"\n\"\"\")\n",
    );
    becomes("a.js", "k='token @'+x", "k=('token ' + process.env.GITHUB_TOKEN)+x");
}

#[test]
fn lines_of_all_kinds() {
    becomes("a.py", "import x\r\n\tk = '@'\r\n", "import os\r\nimport x\r\n\tk = os.environ[\"GITHUB_TOKEN\"]\r\n");
    becomes("a.py", "\u{feff}k = '@'", "\u{feff}import os\n\nk = os.environ[\"GITHUB_TOKEN\"]");
    becomes("a.js", "\tk = '@'", "\tk = process.env.GITHUB_TOKEN");
    let long = "a(1);".repeat(2000);
    becomes("a.min.js", &format!("{long}k=\"@\";{long}"), &format!("{long}k=process.env.GITHUB_TOKEN;{long}"));
}

fn password() -> String {
    ["Tr0ub", "4dor", "9Xq"].concat()
}

#[test]
fn an_address_goes_out_as_a_whole() {
    let url = |end: &str| format!("{}://app:{}@db.acme.net/{end}", "postgres", password());
    let repo = staged("a.js", &format!("f('{}');\ng(`{}${{x}}`);\nh('{0}');\n", url("a"), url("b")));
    repo.keyguard(["fix", "--apply"]).success();
    let expected = "f(process.env.DATABASE_URL);\n\
                    g(`postgres://app:${process.env.DATABASE_PASSWORD}@db.acme.net/b${x}`);\n\
                    h(process.env.DATABASE_URL);\n";
    assert_eq!(index(&repo, "a.js"), expected);
    let variables = format!("DATABASE_URL={}\nDATABASE_PASSWORD={}\n", url("a"), password());
    assert_eq!(read(&repo, ".env"), variables);
}

#[test]
fn scripts_of_all_kinds() {
    becomes("a.sh", "cat <<EOF\nit's @\nEOF\n", "cat <<EOF\nit's ${GITHUB_TOKEN}\nEOF\n");
    becomes("a.sh", "curl -H 'A: token @' x\n", "curl -H 'A: token '\"$GITHUB_TOKEN\" x\n");
    becomes("run", "#!/bin/bash\nexport K=@\n", "#!/bin/bash\nexport K=\"$GITHUB_TOKEN\"\n");
    stays("a.sh", "cat <<'EOF'\n@\nEOF\n", "quoted here-document");
}

#[test]
fn what_cannot_be_is_refused() {
    stays("a.py", "# @\nx = 1\n", "in a comment");
    stays("a.py", "def f():\n    '''@'''\n", "a text of its own");
    stays("a.rs", "const K: &str = \"@\";\n", "a constant is fixed");
    stays("a.json", "{\"k\": \"@\"}\n", "no form for a variable");
    stays("a.yaml", "k: @\n", "no form for a variable");
    stays("index.html", "<script>k = '@'</script>\n", "whoever opens the page");
    stays("notes.md", "The key is @.\n", "a text reads no variable");
    stays("a.js", "k = '@ and @';\n", "two values stand in one string");
}

#[test]
fn what_is_in_disguise_is_refused() {
    let key = fake::github_pat();
    let (head, tail) = key.split_at(12);
    let joined = format!("k = '{head}' + '{tail}';\n");
    let repo = staged("a.js", &joined);
    repo.keyguard(["fix", "--apply"]).code(2).says("encoded or in pieces");
    assert_eq!(read(&repo, "a.js"), joined);
    let wide: Vec<u8> = format!("\u{feff}k = '{key}'\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let repo = repository();
    repo.write("a.js", &wide);
    repo.git(["add", "a.js"]).success();
    repo.keyguard(["fix", "--apply"]).code(2).says("cannot be moved safely");
    assert_eq!(std::fs::read(repo.root().join("a.js")).unwrap(), wide);
}

#[test]
fn line_ends_that_git_converts_are_kept_on_both_sides() {
    let repo = repository();
    repo.git(["config", "core.autocrlf", "true"]).success();
    repo.write("a.py", format!("import x\r\nk = '{}'\r\n", fake::github_pat()));
    repo.git(["add", "a.py"]).success();
    repo.keyguard(["fix", "--apply"]).success();
    assert_eq!(read(&repo, "a.py"), "import os\r\nimport x\r\nk = os.environ[\"GITHUB_TOKEN\"]\r\n");
    assert_eq!(index(&repo, "a.py"), "import os\nimport x\nk = os.environ[\"GITHUB_TOKEN\"]\n");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    repo.git(["diff", "--exit-code"]).success();
}

#[test]
fn names_of_files_have_no_meaning() {
    for path in ["a b.js", ":(top)x.js", "*.js", "-x.js", "ü.js", "it's.js"] {
        let repo = repository();
        repo.write(path, format!("k = '{}'\n", fake::github_pat()));
        repo.git(["--literal-pathspecs", "add", "--", path]).success();
        repo.keyguard(["fix", "--apply"]).success();
        assert_eq!(read(&repo, path), "k = process.env.GITHUB_TOKEN\n", "{path}");
        repo.git(["commit", "--quiet", "-m", "x"]).success();
    }
}

#[test]
fn the_work_tree_may_lack_the_file_or_the_key() {
    let text = format!("k = '{}'\n", fake::github_pat());
    let repo = staged("a.js", &text);
    std::fs::remove_file(repo.root().join("a.js")).unwrap();
    repo.keyguard(["fix", "--apply"]).success().says("a.js is not in the work tree");
    assert_eq!(index(&repo, "a.js"), "k = process.env.GITHUB_TOKEN\n");
    let repo = staged("a.js", &text);
    repo.write("a.js", "k = 1\n");
    repo.keyguard(["fix", "--apply"]).success().says("holds the key no more");
    assert_eq!(
        (read(&repo, "a.js").as_str(), index(&repo, "a.js").as_str()),
        ("k = 1\n", "k = process.env.GITHUB_TOKEN\n")
    );
}

#[test]
fn modes_stay_and_folders_of_all_kinds_work() {
    let repo = staged("bin/run.sh", &format!("k='{}'\n", fake::github_pat()));
    repo.git(["update-index", "--chmod=+x", "bin/run.sh"]).success();
    let fix = repo.run("keyguard").args(["fix", "--apply"]).current_dir("bin").output();
    fix.success();
    assert!(repo.git(["ls-files", "-s", "bin/run.sh"]).text().starts_with("100755 "));
    assert_eq!(read(&repo, "bin/run.sh"), "k=\"$GITHUB_TOKEN\"\n");
    assert!(repo.root().join(".env").exists());

    let repo = repository();
    repo.git(["worktree", "add", "--quiet", "../other"]).success();
    std::fs::write(repo.tmp("other/a.js"), format!("k = '{}'\n", fake::github_pat())).unwrap();
    let run = |program: &str, args: &[&str]| repo.run(program).args(args).current_dir(repo.tmp("other")).output();
    run("git", &["add", "a.js"]).success();
    run("keyguard", &["fix", "--apply"]).success();
    assert_eq!(std::fs::read_to_string(repo.tmp("other/a.js")).unwrap(), "k = process.env.GITHUB_TOKEN\n");
    run("git", &["commit", "--quiet", "-m", "x"]).success();
    run("keyguard", &["fix", "--undo"]).success();
    assert!(!repo.tmp("other/.env").exists() && !repo.root().join(".env").exists());
}

#[test]
fn an_example_that_would_have_to_be_encrypted_is_left_alone() {
    for (path, content) in
        [(".gitattributes", ".env* filter=git-crypt\n"), ("keyguard.toml", "[[encrypted]]\npath = \".env*\"\n")]
    {
        let repo = staged("a.js", &format!("k = '{}'\n", fake::github_pat()));
        repo.write(path, content).git(["add", path]).success();
        repo.keyguard(["fix", "--apply"])
            .success()
            .says(".env.example is left as it is, as it has to be encrypted or goes through a filter: it lacks GITHUB_TOKEN\n");
        assert!(!repo.root().join(".env.example").exists());
        repo.git(["commit", "--quiet", "-m", "x"]).success();
    }
}

#[test]
fn a_name_of_the_repository_gives_no_orders() {
    let rule = "[[rule]]\nid = \"ld-preload\"\ntitle = \"x\"\nregex = '\\bevil_(?<secret>[0-9a-z]{30})\\b'\nenv-var = \"LD_PRELOAD\"\n";
    let repo = staged("a.js", &format!("BASH_ENV = 'evil_{}'\n", fake::letters("orders", "0123456789abcdefxyz", 30)));
    repo.write("keyguard.toml", rule);
    repo.keyguard(["fix", "--apply"]).success();
    assert!(read(&repo, ".env").starts_with("SECRET_KEY="));
    // No list holds all that some program obeys.
    let repo = staged("a.js", &format!("CARGO_X = 'evil_{}'\n", fake::letters("orders", "0123456789abcdefxyz", 30)));
    repo.write("keyguard.toml", rule.replace("LD_PRELOAD", "CARGO_Y").replace("ld-preload", "cargo-z"));
    repo.keyguard(["fix", "--apply"]).success();
    assert!(read(&repo, ".env").starts_with("CARGO_Z_KEY="));
}
