//! What the index may be: in parts, sparse, compressed, with extensions of every kind, empty, or unreadable.

use super::*;

#[test]
fn an_index_in_two_parts() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.git(&["update-index", "--split-index"]).success();
        has_extension(&site, "link");
        site.guards_single_paths("split once");
        for percent in ["0", "100"] {
            site.git(&["config", "core.splitIndex", "true"]).success();
            site.git(&["config", "splitIndex.maxPercentChange", percent]).success();
            site.guards_single_paths(&format!("split, {percent} percent may change"));
            has_extension(&site, "link");
        }
        site.git(&["rm", "--quiet", "dir/other"]).success();
        site.write("dir/other", leak("x"));
        site.git(&["add", "--intent-to-add", "dir/other"]).success();
        site.git(&["commit", "--quiet", "-m", "x"]).success().silent();
        blocked(&site.git(&["commit", "--all", "-m", "x"]), "dir/other:2:10");
    });
}

#[test]
fn an_index_whose_shared_part_has_gone_cannot_be_committed() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.git(&["update-index", "--split-index"]).success();
        site.stage("dir/new", leak("x"));
        for entry in fs::read_dir(repo.root().join(".git")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("sharedindex.") {
                fs::remove_file(path).unwrap();
            }
        }
        site.commit().code(128).says("sharedindex");
        assert!(site.scan().exit() > 0);
    });
}

/// Folders, most of which are going to be left out of the work tree.
fn with_folders<'s>(repo: &'s Sandbox, folder: &str) -> Site<'s> {
    let site = Site::new(repo, folder, &[]);
    for name in ["in", "in/deep", "out", "out/deep"] {
        site.stage(&format!("{name}/a"), "1\n");
        site.stage(&format!("{name}/old"), leak("in HEAD already"));
    }
    site.git(&["commit", "--quiet", "--no-verify", "-m", "folders"]).success();
    site
}

/// Writes a file where the work tree has none, and stages it.
#[track_caller]
fn stage_outside(site: &Site<'_>, path: &str, content: impl AsRef<[u8]>) {
    site.write(path, content);
    site.git(&["add", "--sparse", path]).success();
}

/// Stages a blob without a file.
#[track_caller]
fn stage_blob(site: &Site<'_>, path: &str, content: impl AsRef<[u8]>) {
    let blob = site.run("git").args(["hash-object", "-w", "--stdin"]).input(content).output();
    let entry = format!("100644,{},{path}", blob.success().text().trim());
    site.git(&["update-index", "--add", "--cacheinfo", &entry]).success();
}

#[test]
fn a_sparse_work_tree_and_a_sparse_index() {
    with_both_readers(|repo| {
        for (number, options) in [&["--no-cone"][..], &["--cone"], &["--cone", "--sparse-index"]].iter().enumerate() {
            let site = with_folders(repo, &format!("../sparse-{number}"));
            let folders = if number == 0 { ["/old", "/in/", "/dir/"] } else { ["old", "in", "dir"] };
            let folders = &folders[usize::from(number > 0)..];
            site.git(&[&["sparse-checkout", "set"], *options, folders].concat()).success();
            assert!(!site.root.join("out").exists(), "the work tree is sparse");
            if number == 2 {
                has_extension(&site, "sdir");
            }
            site.guards_single_paths("inside");
            site.git(&["config", "advice.sparseIndexExpanded", "false"]).success();
            stage_outside(&site, "out/new", leak("x"));
            site.blocks("out/new:2:10");
            stage_outside(&site, "out/new", "1\n");
            stage_outside(&site, "out/deep/old", format!("more\n{}", leak("in HEAD already")));
            site.passes();
            stage_outside(&site, "out/deep/er/new", leak("x"));
            site.blocks("out/deep/er/new:2:10");
            site.git(&["reset", "--quiet", "--hard"]).success();
            stage_outside(&site, "out/deep/a", leak("x"));
            site.blocks("out/deep/a:2:10");
            site.git(&["reset", "--quiet", "--hard"]).success();
            site.git(&["sparse-checkout", "reapply"]).success();
            // All of a folder that is not there goes, or moves.
            site.git(&["rm", "-r", "--quiet", "--sparse", "out/deep"]).success();
            site.passes();
            site.git(&["mv", "--sparse", "in/deep", "in/moved"]).success();
            site.passes();
            site.git(&["sparse-checkout", "disable"]).success();
            site.guards("no longer sparse");
        }
    });
}

#[test]
fn a_merge_in_a_sparse_index() {
    with_both_readers(|repo| {
        let site = with_folders(repo, ".");
        site.git(&["switch", "--quiet", "-c", "side"]).success();
        site.stage("out/theirs", leak("theirs"));
        site.stage("in/a", "side\n");
        site.git(&["commit", "--quiet", "--no-verify", "-m", "side"]).success();
        site.git(&["switch", "--quiet", "main"]).success();
        site.stage("in/a", "main\n");
        site.commit().success();
        site.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]).success();
        site.git(&["merge", "side"]).code(1);
        site.stage("in/a", leak("ours"));
        has_extension(&site, "REUC");
        site.blocks("in/a:2:10");
        site.stage("in/a", "both\n");
        site.passes();
    });
}

#[test]
fn versions_and_flags() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        for version in ["2", "3", "4"] {
            site.git(&["update-index", "--index-version", version]).success();
            site.guards_single_paths(&format!("version {version}"));
            // Entries that have flags more.
            site.git(&["update-index", "--skip-worktree", "old"]).success();
            site.git(&["update-index", "--assume-unchanged", "dir/new"]).success();
            site.write("announced", leak("x"));
            site.git(&["add", "--intent-to-add", "announced"]).success();
            assert_eq!(index_of(&site)[7], if version == "4" { 4 } else { 3 }, "the version is as it is asked for");
            site.stage("dir/more", leak("x"));
            site.blocks("dir/more:2:10");
            site.stage("dir/more", format!("{version}\n"));
            site.passes();
            blocked(&site.git(&["commit", "-m", "x", "--", "announced"]), "announced:2:10");
            site.git(&["reset", "--quiet", "announced"]).success();
            site.git(&["update-index", "--no-skip-worktree", "old"]).success();
            site.git(&["update-index", "--no-assume-unchanged", "dir/new"]).success();
        }
    });
}

#[test]
fn settings_that_shape_the_index() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        for (setting, signature) in [
            ("index.threads=2", "IEOT"),
            ("index.recordEndOfIndexEntries=true", "EOIE"),
            ("index.recordOffsetTable=false", "TREE"),
            ("core.untrackedCache=true", "UNTR"),
            ("feature.manyFiles=true", "TREE"),
            ("index.version=4", "TREE"),
        ] {
            let (name, value) = setting.split_once('=').unwrap();
            site.git(&["config", name, value]).success();
            fs::remove_file(repo.root().join(".git/index")).unwrap();
            site.git(&["reset", "--quiet"]).success();
            site.git(&["status", "--short"]).success();
            site.guards_single_paths(setting);
            has_extension(&site, signature);
        }
    });
}

#[test]
fn an_index_without_a_checksum() {
    with_git_since((2, 40), "index.skipHash", |repo| {
        let site = Site::new(repo, ".", &[]);
        site.git(&["config", "index.skipHash", "true"]).success();
        site.guards_single_paths("no checksum");
        assert!(index_of(&site).ends_with(&[0; 20]), "there is none");
    });
}

#[test]
fn what_a_hook_restages_is_looked_at_without_a_checksum() {
    with_git_since((2, 40), "index.skipHash", |repo| {
        let site = Site::new(repo, ".", &[]);
        site.git(&["config", "index.skipHash", "true"]).success();
        site.stage("a", "1\n");
        stage_blob(&site, "b", leak("staged by the hook"));
        let blob = site.git(&["rev-parse", ":b"]).success().text();
        stage_blob(&site, "b", "clean\n");
        let hook = repo.root().join(".git/hooks/pre-commit.chained-keyguard");
        fs::write(&hook, format!("#!/bin/sh\ngit update-index --cacheinfo 100644,{},b\n", blob.trim())).unwrap();
        make_executable(&hook);
        blocked(&site.commit(), "b:2:10\n");
    });
}

#[test]
fn an_index_with_a_journal_of_the_file_system() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let monitor = repo.tmp("monitor");
        fs::write(&monitor, "#!/bin/sh\n[ $1 = 1 ] || printf 'TREE\\0'\nprintf '/\\0'\n").unwrap();
        make_executable(&monitor);
        site.run("git").args(["config", "core.fsmonitor"]).args([&monitor]).output().success();
        for version in ["1", "2"] {
            site.git(&["config", "core.fsmonitorHookVersion", version]).success();
            site.git(&["update-index", "--fsmonitor"]).success();
            site.git(&["status", "--short"]).success();
            has_extension(&site, "FSMN");
            site.guards_single_paths(&format!("asked as of version {version}"));
        }
    });
}

#[test]
fn an_index_that_a_daemon_watches_over() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let start = site.git(&["fsmonitor--daemon", "start"]);
        if start.text().contains("not supported") {
            eprintln!("not tried: core.fsmonitor=true: this git has no daemon here");
            return;
        }
        site.git(&["config", "core.fsmonitor", "true"]).success();
        site.git(&["status", "--short"]).success();
        site.guards_single_paths("watched");
        site.git(&["fsmonitor--daemon", "stop"]).success();
    });
}

/// The index with an extension more at its end, and no checksum; git looks at that in `fsck` alone.
fn with_extension(index: &[u8], signature: &str) -> Vec<u8> {
    [&index[..index.len() - 20], signature.as_bytes(), &4_u32.to_be_bytes(), b"TREE", &[0; 20]].concat()
}

#[test]
fn extensions_that_nobody_knows() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        let index = repo.root().join(".git/index");
        for (path, place) in [("dir/new", "dir/new:2:10"), ("a/b/new", "a/b/new:2:10")] {
            site.stage(path, leak("x"));
            site.git(&["write-tree"]).success();
            let plain = fs::read(&index).unwrap();
            // One that may be ignored.
            fs::write(&index, with_extension(&plain, "XKGD")).unwrap();
            site.git(&["diff", "--cached", "--name-only"]).success().says(path);
            site.blocks(place);
            // One that may not: git gives up, and so do we.
            fs::write(&index, with_extension(&plain, "xkgd")).unwrap();
            site.git(&["commit", "-m", "x"]).code(128).says("xkgd extension, which we do not understand");
            site.scan().code(2).stdout("");
            site.keyguard(&["hook", "pre-commit"]).code(2);
            fs::write(&index, plain).unwrap();
            site.git(&["rm", "--quiet", "--cached", path]).success();
        }
        fs::write(&index, with_extension(&fs::read(&index).unwrap(), "XKGD")).unwrap();
        site.guards_single_paths("one that may be ignored");
    });
}

#[test]
fn an_index_without_entries_and_none_at_all() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let index = repo.root().join(".git/index");
        site.git(&["rm", "-r", "--quiet", "--cached", "."]).success();
        assert_eq!(index_of(&site)[8..12], [0; 4], "no entries");
        site.passes();
        site.stage("dir/new", leak("x"));
        site.blocks("dir/new:2:10");
        fs::remove_file(&index).unwrap();
        site.git(&["reset", "--quiet", "--hard", "HEAD~1"]).success();
        site.guards_single_paths("an index made anew");
        fs::remove_file(&index).unwrap();
        // All files go.
        site.passes();
        site.git(&["ls-tree", "HEAD"]).success().stdout("");
        site.stage("dir/new", leak("x"));
        site.blocks("dir/new:2:10");
    });
    with_both_readers(|repo| {
        let site = Site::at(repo, ".");
        site.scan().success().stdout("");
        site.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]).success().silent();
        site.git(&["commit", "--quiet", "--allow-empty", "-m", "y"]).success().silent();
        site.stage("dir/new", leak("x"));
        site.blocks("dir/new:2:10");
    });
}

#[test]
fn an_index_cut_off_or_of_an_unknown_version_stops_the_commit() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.stage("dir/new", leak("x"));
        let index = repo.root().join(".git/index");
        let plain = fs::read(&index).unwrap();
        let with = |place: usize, byte: u8| [&plain[..place], &[byte], &plain[place + 1..]].concat();
        for broken in [with(0, b'd'), with(7, 1), with(7, 5), with(8, 1), with(11, 200), plain[..100].to_vec()] {
            fs::write(&index, &broken).unwrap();
            site.commit().code(128);
            assert!(site.keyguard(&["hook", "pre-commit"]).exit() > 0, "the hook lets a broken index pass");
            assert!(site.scan().exit() > 0, "the scan lets a broken index pass");
        }
    });
}
