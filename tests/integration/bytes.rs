//! Content as bytes: whatever the encoding, the size, the name, the attributes and the settings, the blob that is about to
//! be committed is what is looked at.

use std::fs;

use crate::sandbox::{Output, Sandbox, fake, with_both_readers};

/// Two lines, the second of which holds a token in its tenth column.
fn leak() -> String {
    format!("# x\ntoken = \"{}\"\n", fake::github_pat())
}

#[track_caller]
fn blocked(output: &Output, place: &str) {
    output
        .code(1)
        .says(&format!("commit blocked: GitHub personal access token (classic) (checksum valid) in {place}\n"));
    unspoken(output);
}

/// Asserts that no token is printed in full.
#[track_caller]
fn unspoken(output: &Output) {
    for token in [fake::github_pat(), fake::github_pat_other()] {
        assert!(!output.text().contains(&token[4..]), "the token is printed in full");
    }
}

/// Stages everything and commits.
fn commit_all(repo: &Sandbox) -> Output {
    repo.git(["add", "--all"]).success();
    repo.git(["commit", "--quiet", "--message", "x"])
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

fn utf16(text: &str, order: Order) -> Vec<u8> {
    let bytes = |unit: u16| match order {
        Order::Little => unit.to_le_bytes(),
        Order::Big => unit.to_be_bytes(),
    };
    text.encode_utf16().flat_map(bytes).collect()
}

/// A way of writing a text down.
type Encoding = (&'static str, fn(&str) -> Vec<u8>);

const ENCODINGS: [Encoding; 8] = [
    ("utf8", |text| text.into()),
    ("utf8-mark", |text| format!("\u{feff}{text}").into()),
    ("crlf", |text| text.replace('\n', "\r\n").into()),
    ("utf16le-mark", |text| utf16(&format!("\u{feff}{text}"), Order::Little)),
    ("utf16be-mark", |text| utf16(&format!("\u{feff}{text}"), Order::Big)),
    ("utf16le", |text| utf16(text, Order::Little)),
    ("utf16be", |text| utf16(text, Order::Big)),
    ("utf16le-crlf", |text| utf16(&text.replace('\n', "\r\n"), Order::Little)),
];

#[test]
fn every_encoding_is_read_with_the_right_line_and_column() {
    for (name, encode) in ENCODINGS {
        with_both_readers(|repo| {
            // A column is a code point: the last one takes two units of UTF-16 and four bytes of UTF-8.
            repo.write(name, encode(&format!("first\ntoken = \"{}\"\n", fake::github_pat())));
            blocked(&commit_all(repo), &format!("{name}:2:10"));
            repo.write(name, encode(&format!("first\n\u{e9}\u{4e2d}\u{1f511} token = {}", fake::github_pat())));
            blocked(&commit_all(repo), &format!("{name}:2:13"));
        });
    }
}

#[test]
fn every_encoding_tells_old_from_new() {
    for (name, encode) in ENCODINGS {
        with_both_readers(|repo| {
            repo.commit(name, encode(&leak())).write(name, encode(&format!("above\n{}below\n", leak())));
            commit_all(repo).success().silent();
            repo.write(name, encode(&format!("above\n{}key = {}\n", leak(), fake::github_pat_other())));
            blocked(&commit_all(repo), &format!("{name}:4:7"));
            repo.assert_commits(2);
        });
    }
}

#[test]
fn a_text_that_is_only_encoded_otherwise_brings_nothing_in() {
    with_both_readers(|repo| {
        repo.commit("a", leak());
        for (_, encode) in ENCODINGS {
            repo.write("a", encode(&leak()));
            repo.git(["add", "a"]).success();
            repo.git(["commit", "--quiet", "--allow-empty", "--message", "x"]).success().silent();
        }
    });
}

#[test]
fn bytes_of_no_encoding_hide_nothing() {
    let token = fake::github_pat();
    let samples: [(&str, Vec<u8>, &str); 8] = [
        // git and most editors end a line at LF alone.
        ("cr", leak().replace('\n', "\r").into(), "cr:1:14"),
        ("latin1", [b"\xe9\xe8\n\xe9 = ", token.as_bytes()].concat(), "latin1:2:5"),
        ("nul-before", [b"\0\x01\n", leak().as_bytes()].concat(), "nul-before:3:10"),
        ("nul-behind", [leak().as_bytes(), b"\0"].concat(), "nul-behind:2:10"),
        ("nul-around", [b"a\0", token.as_bytes(), b"\0b"].concat(), "nul-around:1:3"),
        ("late-nul", [leak().as_bytes(), &b"x\n".repeat(9000), b"\0"].concat(), "late-nul:2:10"),
        ("false-mark", [b"\xff\xfe", leak().as_bytes()].concat(), "false-mark:2:10"),
        ("ends-in-half", [&utf16(&leak(), Order::Little)[..], b"x"].concat(), "ends-in-half:2:10"),
    ];
    for (name, content, place) in samples {
        with_both_readers(|repo| {
            repo.write(name, &content);
            blocked(&commit_all(repo), place);
        });
    }
}

#[test]
fn a_binary_file_is_looked_at() {
    with_both_readers(|repo| {
        let picture: Vec<u8> =
            [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &(0..=255).cycle().take(5000).collect::<Vec<u8>>()].concat();
        repo.write("a.png", &picture);
        commit_all(repo).success().silent();
        repo.write("a.png", [&picture[..], b"\0", fake::github_pat().as_bytes(), b"\0", &picture].concat());
        let commit = commit_all(repo);
        commit.code(1).says("commit blocked: ").says("a.png:");
        unspoken(&commit);
    });
}

#[test]
fn a_long_line_is_reported_with_its_column_and_a_short_piece() {
    with_both_readers(|repo| {
        let line = |token: &str| format!("{}{token}{}\n", "word, ".repeat(1500), " more;".repeat(200));
        repo.write("a", line(&format!("t=\"{}\"", fake::github_pat())));
        let commit = commit_all(repo);
        blocked(&commit, "a:1:9004");
        assert!(commit.text().lines().all(|line| line.chars().count() <= 100), "{}", commit.text());
        repo.commit("a", line(&fake::github_pat())).write("a", line(&format!("{}, ", fake::github_pat())));
        commit_all(repo).success().silent();
    });
}

#[test]
fn a_line_of_ten_megabytes_is_read_to_its_end() {
    with_both_readers(|repo| {
        repo.write("a", format!("{}t={}", "word, ".repeat(1_750_000), fake::github_pat()));
        let commit = commit_all(repo);
        blocked(&commit, "a:1:10500003");
        assert!(commit.text().len() < 2000, "{} bytes of report", commit.text().len());
    });
}

#[test]
fn a_file_of_four_hundred_thousand_lines_is_read_to_its_end() {
    with_both_readers(|repo| {
        let lines: String =
            (0..400_000).map(|line| format!("line {line}, which is followed by rather more text\n")).collect();
        assert!(lines.len() > 20_000_000);
        repo.commit("a", &lines).write("a", format!("{lines}{}", leak()));
        blocked(&commit_all(repo), "a:400002:10");
        repo.write("a", lines.replacen("line 7,", "line seven,", 1));
        commit_all(repo).success().silent();
    });
}

#[test]
fn five_thousand_files_at_once_are_read() {
    with_both_readers(|repo| {
        for number in 0..5000 {
            repo.write(format!("dir{}/f{number}", number % 50), format!("file {number}\n"));
        }
        repo.write("dir49/f4998", leak());
        blocked(&commit_all(repo), "dir49/f4998:2:10");
        repo.write("dir49/f4998", "clean\n");
        commit_all(repo).success().silent();
        for number in 0..5000 {
            repo.write(format!("dir{}/f{number}", number % 50), format!("changed {number}\n"));
        }
        repo.write("dir0/f2500", leak());
        blocked(&commit_all(repo), "dir0/f2500:2:10");
    });
}

#[cfg(unix)]
#[test]
fn names_are_bytes() {
    use std::os::unix::ffi::OsStrExt as _;
    let long = "n".repeat(255);
    let names: [(&[u8], &str); 22] = [
        (b"new\nline", "new\\u{a}line"),
        (b"carriage\rreturn", "carriage\\u{d}return"),
        (b"tab\tand\\backslash", "tab\tand\\backslash"),
        (b"quote\"'", "quote\"'"),
        (b"esc\x1b[2J\x1b]0;x\x07", "esc\\u{1b}[2J\\u{1b}]0;x\\u{7}"),
        (b"caf\xe9", "caf\\xe9"),
        ("caf\u{e9}".as_bytes(), "caf\u{e9}"),
        ("right\u{202e}left".as_bytes(), "right\\u{202e}left"),
        (b" space ", " space "),
        (b"--help", "--help"),
        (b"-", "-"),
        (b"--", "--"),
        (b"-z", "-z"),
        (b":(top)", ":(top)"),
        (b":!x", ":!x"),
        (b":/", ":/x"),
        (b"*", "*"),
        (b"[a]?", "[a]?"),
        (b"$(touch made)`touch made`;touch made", "$(touch made)`touch made`;touch made"),
        (b"%41%0a", "%41%0a"),
        (b"HEAD", "HEAD"),
        (long.as_bytes(), &long),
    ];
    with_both_readers(|repo| {
        for (name, shown) in names {
            // A slash makes a folder, in which the key lies.
            let name = if name == b":/" { b":/x" } else { name };
            let path = repo.root().join(std::ffi::OsStr::from_bytes(name));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, leak()).unwrap();
            let commit = commit_all(repo);
            blocked(&commit, &format!("{shown}:2:10"));
            assert!(!commit.text().contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']));
            fs::write(&path, "clean\n").unwrap();
            commit_all(repo).success().silent();
            fs::write(&path, leak()).unwrap();
            blocked(&commit_all(repo), &format!("{shown}:2:10"));
            fs::write(&path, "clean\n").unwrap();
            repo.git(["add", "--all"]).success();
        }
        assert!(!repo.root().join("made").exists());
        repo.assert_commits(names.len());
    });
}

#[test]
fn deep_folders_are_entered() {
    with_both_readers(|repo| {
        let folder = "d/".repeat(300);
        repo.write(format!("{folder}a"), leak());
        blocked(&commit_all(repo), &format!("{folder}a:2:10"));
        repo.write(format!("{folder}a"), "clean\n");
        commit_all(repo).success().silent();
        repo.write(format!("{folder}a"), leak());
        blocked(&commit_all(repo), &format!("{folder}a:2:10"));
    });
}

#[test]
fn a_name_longer_than_any_file_system_has_is_read() {
    with_both_readers(|repo| {
        // More than the twelve bits that the index has for its length.
        let name = vec!["folder".repeat(20); 50].join("/");
        repo.write("a", leak());
        let id = repo.git(["hash-object", "-w", "a"]).text().trim().to_owned();
        repo.run("git")
            .args(["update-index", "--index-info"])
            .input(format!("100644 {id}\t{name}\n"))
            .output()
            .success();
        blocked(&repo.git(["commit", "--quiet", "--message", "x"]), &format!("{name}:2:10"));
    });
}

#[test]
fn no_attribute_hides_anything() {
    let attributes = [
        "binary",
        "-diff",
        "diff",
        "-text",
        "text eol=crlf",
        "text=auto eol=lf",
        "crlf=input",
        "-crlf",
        "filter=nothing",
        "ident",
        "export-ignore",
        "export-subst",
        "-merge",
        "merge=union",
        "whitespace=-trailing-space",
        "encoding=UTF-16",
        "working-tree-encoding=ISO-8859-1",
        "linguist-generated",
        "linguist-vendored linguist-documentation linguist-detectable=false",
        "delta=false",
        "diff=driver",
        "diff=textconv",
        "keyguard=off -keyguard",
    ];
    with_both_readers(|repo| {
        repo.git(["config", "diff.driver.command", "true"]).success();
        repo.git(["config", "diff.driver.binary", "true"]).success();
        repo.git(["config", "diff.textconv.textconv", "echo nothing #"]).success();
        repo.git(["config", "diff.textconv.cachetextconv", "true"]).success();
        repo.commit("a", "old\n");
        for attribute in attributes {
            repo.write(".gitattributes", format!("*.txt {attribute}\na {attribute}\n"));
            repo.write("new.txt", leak());
            blocked(&commit_all(repo), "new.txt:2:10");
            repo.write("new.txt", "clean\n").write("a", leak());
            blocked(&commit_all(repo), "a:2:10");
            repo.write("a", "old\n");
            commit_all(repo).success().silent();
            repo.git(["rm", "--quiet", "new.txt"]).success();
        }
    });
}

#[test]
fn attributes_from_outside_the_work_tree_hide_nothing() {
    with_both_readers(|repo| {
        let global = repo.tmp("attributes");
        fs::write(&global, "* binary -diff\n").unwrap();
        repo.git(["config", "core.attributesFile", &global.to_string_lossy()]).success();
        fs::create_dir_all(repo.root().join(".git/info")).unwrap();
        fs::write(repo.root().join(".git/info/attributes"), "* -diff\n").unwrap();
        repo.write("a", leak());
        blocked(&commit_all(repo), "a:2:10");
    });
}

#[test]
fn no_setting_hides_anything() {
    let settings = [
        ("color.ui", "always"),
        ("color.diff", "always"),
        ("core.bigFileThreshold", "1"),
        ("core.quotePath", "false"),
        ("core.pager", "false"),
        ("core.ignoreCase", "true"),
        ("core.fileMode", "false"),
        ("core.symlinks", "false"),
        ("core.checkStat", "minimal"),
        ("core.preloadIndex", "true"),
        ("core.whitespace", "cr-at-eol"),
        ("core.compression", "0"),
        ("core.looseCompression", "9"),
        ("core.abbrev", "4"),
        ("core.logAllRefUpdates", "false"),
        ("core.multiPackIndex", "true"),
        ("pager.diff", "false"),
        ("diff.external", "true"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.srcPrefix", "x"),
        ("diff.relative", "true"),
        ("diff.algorithm", "patience"),
        ("diff.algorithm", "histogram"),
        ("diff.indentHeuristic", "false"),
        ("diff.context", "0"),
        ("diff.interHunkContext", "100"),
        ("diff.orderFile", "/dev/null"),
        ("diff.renames", "copies"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.wordRegex", "."),
        ("diff.colorMoved", "zebra"),
        ("diff.wsErrorHighlight", "all"),
        ("diff.statNameWidth", "1"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.submodule", "log"),
        ("diff.autoRefreshIndex", "false"),
        ("submodule.recurse", "true"),
        ("status.showUntrackedFiles", "no"),
        ("status.relativePaths", "false"),
        ("commit.verbose", "true"),
        ("commit.cleanup", "verbatim"),
        ("alias.diff", "!true"),
        ("alias.diff-index", "!true"),
        ("alias.cat-file", "!true"),
        ("alias.ci", "commit --no-status"),
        ("log.showSignature", "true"),
        ("i18n.commitEncoding", "ISO-8859-1"),
        ("gc.auto", "1"),
        ("index.threads", "4"),
        ("feature.manyFiles", "true"),
        ("feature.experimental", "true"),
    ];
    with_both_readers(|repo| {
        repo.commit("a", "old\n");
        for (name, value) in settings {
            repo.git(["config", name, value]).success();
            repo.write("a", leak()).write("sub/new", leak());
            repo.git(["add", "--all"]).success();
            let commit = repo.git(["commit", "--message", "x"]);
            commit.code(1).says(" in a:2:10 and 1 other place\n").says("  also  in sub/new:2:10\n");
            unspoken(&commit);
            repo.write("a", format!("{name} = {value}\n")).write("sub/new", "new\n");
            commit_all(repo).success();
            repo.git(["rm", "--quiet", "sub/new"]).success();
            repo.git(["config", "--unset", name]).success();
        }
        repo.assert_commits(1 + settings.len());
    });
}

#[cfg(unix)]
#[test]
fn what_a_filter_makes_of_a_file_is_what_counts() {
    with_both_readers(|repo| {
        let token = fake::github_pat();
        repo.git(["config", "filter.strip.clean", "sed s/ghp_[A-Za-z0-9]*/REDACTED/"]).success();
        repo.git(["config", "filter.strip.smudge", &format!("sed s/REDACTED/{token}/")]).success();
        repo.git(["config", "filter.strip.required", "true"]).success();
        repo.git(["config", "filter.add.clean", &format!("sed s/REDACTED/{token}/")]).success();
        repo.git(["config", "filter.add.smudge", "sed s/ghp_[A-Za-z0-9]*/REDACTED/"]).success();
        repo.write(".gitattributes", "stripped filter=strip\nadded filter=add\n").write("stripped", leak());
        // In the work tree it is a key, in the commit it is none.
        commit_all(repo).success().silent();
        repo.git(["show", "HEAD:stripped"]).success().stdout("# x\ntoken = \"REDACTED\"\n");
        // The other way round.
        repo.write("added", "token = REDACTED\n");
        blocked(&commit_all(repo), "added:1:9");
        repo.assert_commits(1);
    });
}

#[test]
fn what_is_staged_counts_not_the_work_tree() {
    with_both_readers(|repo| {
        repo.commit("a", "1\n").write("a", leak());
        repo.git(["add", "a"]).success();
        repo.write("a", "clean again\n");
        let commit = || repo.git(["commit", "--quiet", "--message", "x"]);
        blocked(&commit(), "a:2:10");
        fs::remove_file(repo.root().join("a")).unwrap();
        blocked(&commit(), "a:2:10");
        repo.write("a", "2\n");
        repo.git(["add", "a"]).success();
        repo.write("a", leak());
        commit().success().silent();
        for flag in ["--assume-unchanged", "--skip-worktree"] {
            repo.git(["update-index", flag, "a"]).success();
            repo.git(["commit", "--quiet", "--allow-empty", "--all", "--message", "x"]).success().silent();
        }
        repo.assert_commits(4);
    });
}

#[test]
fn a_text_of_another_encoding_in_the_work_tree_is_read_as_it_is_committed() {
    with_both_readers(|repo| {
        repo.write(".gitattributes", "wide working-tree-encoding=UTF-16 eol=crlf\nid ident\n");
        repo.write("wide", utf16(&format!("\u{feff}{}", leak().replace('\n', "\r\n")), Order::Little));
        blocked(&commit_all(repo), "wide:2:10");
        repo.write("wide", utf16("\u{feff}clean\r\n", Order::Little)).write("id", format!("$Id$ {}", leak()));
        blocked(&commit_all(repo), "id:2:10");
        repo.assert_commits(0);
    });
}

#[test]
fn replaced_objects_neither_hide_nor_invent_anything() {
    with_both_readers(|repo| {
        let id = |object: &str| repo.git(["rev-parse", "--verify", object]).text().trim().to_owned();
        let commit = || repo.git(["commit", "--quiet", "--message", "x"]);
        repo.commit("a", "old\n").write("clean", "clean\n").write("leak", leak());
        repo.git(["add", "clean", "leak"]).success();
        let (clean, leak_id, old) = (id(":clean"), id(":leak"), id(":a"));
        // A key that a clean blob stands in for.
        repo.git(["replace", &leak_id, &clean]).success();
        blocked(&commit(), "leak:2:10");
        repo.git(["replace", "--delete", &leak_id]).success();
        repo.git(["rm", "--quiet", "--cached", "leak"]).success();
        // A clean blob that one with a key stands in for.
        repo.git(["replace", &clean, &leak_id]).success();
        commit().success().silent();
        repo.git(["replace", "--delete", &clean]).success();
        // An old version, and HEAD itself, that seem to have had the key all along.
        repo.git(["replace", &old, &leak_id]).success();
        repo.write("a", leak());
        repo.git(["add", "a"]).success();
        blocked(&commit(), "a:2:10");
        repo.git(["replace", "--delete", &old]).success();
        let tree = id(repo.git(["write-tree"]).text().trim());
        let made = repo.git(["commit-tree", &tree, "-m", "made up"]).text().trim().to_owned();
        repo.git(["replace", &id("HEAD"), &made]).success();
        blocked(&repo.git(["commit", "--quiet", "--allow-empty", "--message", "x"]), "a:2:10");
    });
}
