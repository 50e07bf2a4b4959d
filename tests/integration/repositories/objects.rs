//! Where objects may lie, how they may be packed, what trees may hold, and what happens when one cannot be read.

use super::*;

/// The name of an object.
fn id(site: &Site<'_>, name: &str) -> String {
    site.git(&["rev-parse", "--verify", name]).success().text().trim().to_owned()
}

/// The loose file of an object.
fn loose(site: &Site<'_>, name: &str) -> PathBuf {
    let id = id(site, name);
    site.root.join(".git/objects").join(&id[..2]).join(&id[2..])
}

#[test]
fn packed_in_every_way() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        for round in 0..6 {
            site.stage("dir/other", format!("{}{round}\n", "a line that is in each version\n".repeat(30)));
            site.commit().success();
        }
        for (what, commands) in [
            ("one pack", &["repack -adq"][..]),
            ("an index of version 1", &["-c pack.indexVersion=1 repack -adFq"]),
            ("long chains of deltas", &["repack -adFq --depth=4000 --window=50"]),
            ("several packs", &["repack -dq", "-c pack.packSizeLimit=1m repack -adq"]),
            ("an index of packs", &["multi-pack-index write"]),
            ("an index of packs with a bitmap", &["repack -adq --write-midx --write-bitmap-index"]),
            ("a bitmap", &["repack -adbq"]),
            ("packs of what nothing names", &["repack -dq --cruft --cruft-expiration=never", "prune-packed"]),
            ("a graph of commits", &["commit-graph write --reachable --changed-paths"]),
            ("a graph in parts", &["commit-graph write --reachable --split=no-merge"]),
            ("nothing left loose", &["gc --quiet --prune=now"]),
            ("as maintained", &["maintenance run --quiet --task=incremental-repack --task=loose-objects"]),
            ("level 0", &["config core.compression 0", "repack -adFq"]),
            ("level 9", &["config core.compression 9", "config core.looseCompression 9", "repack -adFq"]),
            ("loose of level 0", &["config core.looseCompression 0"]),
        ] {
            for command in commands {
                site.git(&command.split(' ').collect::<Vec<_>>()).success();
            }
            site.guards(what);
        }
    });
}

#[test]
fn packed_with_long_offsets_and_in_a_kept_pack() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.guards("loose");
        let objects = site.git(&["rev-list", "--objects", "--all", "--no-object-names"]).success().text();
        // Only the first object stands before byte 16.
        let pack = site.run("git").args(["pack-objects", "--quiet", "--index-version=2,16", ".git/objects/pack/pack"]);
        let name = pack.input(objects).output().success().text();
        site.git(&["prune-packed"]).success();
        fs::write(repo.root().join(format!(".git/objects/pack/pack-{}.keep", name.trim())), "").unwrap();
        site.guards("long offsets");
        site.git(&["repack", "-adq"]).success();
        site.guards("a kept pack and another one");
    });
}

#[test]
fn objects_that_lie_elsewhere() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let objects = repo.root().join(".git/objects");
        let alternates = objects.join("info/alternates");
        // A chain of five, each with some of the objects, the names of every form.
        let stores = ["../../store one", "../../store#2", "../../store\"3\"", "../../store:4"];
        for (number, store) in stores.iter().enumerate() {
            let store = repo.root().join(".git").join(store.trim_start_matches("../"));
            fs::create_dir_all(store.join("info")).unwrap();
            let moved = [&objects.join("pack"), &store.join("pack")];
            site.git(&["repack", "-dq"]).success();
            fs::create_dir_all(moved[1]).unwrap();
            for entry in fs::read_dir(moved[0]).unwrap() {
                let entry = entry.unwrap();
                fs::rename(entry.path(), moved[1].join(entry.file_name())).unwrap();
            }
            let line = format!("# a remark\n{}\n", store.display());
            let mut lines = fs::read_to_string(&alternates).unwrap_or_default();
            lines.push_str(&line);
            fs::write(&alternates, &lines).unwrap();
            site.guards(&format!("store {number}"));
        }
        // Quoted, as git writes a name that needs it.
        let lines = fs::read_to_string(&alternates).unwrap();
        let quote = |line: &str| format!("\"{}\"\n", line.replace('"', "\\\""));
        fs::write(&alternates, lines.lines().filter(|line| !line.starts_with('#')).map(quote).collect::<String>())
            .unwrap();
        site.guards("quoted");
    });
}

#[test]
fn objects_that_go_elsewhere() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let new = repo.tmp("new objects");
        fs::create_dir(&new).unwrap();
        let quarantine = |objects: &OsStr| {
            let site = Site::at(repo, ".").variable("GIT_OBJECT_DIRECTORY", objects);
            site.variable("GIT_ALTERNATE_OBJECT_DIRECTORIES", repo.root().join(".git/objects"))
        };
        quarantine(new.as_os_str()).guards("a folder for new ones");
        assert!(fs::read_dir(&new).unwrap().count() > 2, "they went there");
        quarantine("../new objects".as_ref()).guards_single_paths("a relative folder");
        site.git(&["status"]).code(128);
    });
}

#[test]
fn replaced_trees_and_grafted_commits() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let clean = id(&site, "HEAD^{tree}");
        site.stage("dir/new", leak("x"));
        let with_key = site.git(&["write-tree"]).success().text().trim().to_owned();
        site.blocks("dir/new:2:10");
        // HEAD's tree seems to hold the key already; then the one that is going to be committed seems not to.
        site.git(&["replace", &clean, &with_key]).success();
        site.blocks("dir/new:2:10");
        site.git(&["replace", "--delete", &clean]).success();
        site.git(&["replace", &with_key, &clean]).success();
        site.blocks("dir/new:2:10");
        site.git(&["replace", "--delete", &with_key]).success();
        site.git(&["reset", "--quiet", "--hard"]).success();
        let head = id(&site, "HEAD");
        site.git(&["config", "advice.graftFileDeprecated", "false"]).success();
        site.guards("nothing replaced");
        fs::create_dir_all(repo.root().join(".git/info")).unwrap();
        fs::write(repo.root().join(".git/info/grafts"), format!("{}\n", id(&site, "HEAD"))).unwrap();
        site.guards("a grafted commit");
        site.git(&["replace", "--graft", "HEAD", &head]).success();
        site.guards("a commit with another parent");
    });
}

/// Makes a commit of a tree that git would not write, as `hash-object --literally` can.
#[track_caller]
fn commit_tree(site: &Site<'_>, tree: &[u8]) {
    let made = site.run("git").args(["hash-object", "-t", "tree", "-w", "--stdin", "--literally"]).input(tree).output();
    let commit = site.git(&["commit-tree", made.success().text().trim(), "-m", "odd", "-p", "HEAD"]);
    site.git(&["reset", "--quiet", "--hard", commit.success().text().trim()]).success();
}

/// One entry of a tree.
fn entry(mode: &str, name: &str, id: &str) -> Vec<u8> {
    let bytes = (0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap());
    [mode.as_bytes(), b" ", name.as_bytes(), b"\0"].concat().into_iter().chain(bytes).collect()
}

#[test]
fn trees_of_odd_modes() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let (old, dir) = (id(&site, "HEAD:old"), id(&site, "HEAD:dir"));
        let empty = site.run("git").args(["hash-object", "-t", "tree", "-w", "--stdin"]).input("").output();
        let empty = empty.success().text().trim().to_owned();
        for (what, entries) in [
            ("a group that may write", vec![entry("40000", "dir", &dir), entry("100664", "old", &old)]),
            ("a mode of a folder with a zero", vec![entry("040000", "dir", &dir), entry("100644", "old", &old)]),
            ("all may do all", vec![entry("40777", "dir", &dir), entry("100777", "old", &old)]),
            (
                "an empty folder",
                vec![entry("40000", "dir", &dir), entry("40000", "empty", &empty), entry("100644", "old", &old)],
            ),
        ] {
            commit_tree(&site, &entries.concat());
            site.guards(what);
            // It comes and goes in silence.
            site.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]).success().silent();
        }
    });
}

#[test]
fn trees_that_are_large_deep_and_full_of_likes() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let deep = "d/".repeat(200);
        let files: Vec<_> = (0..1000).map(|number| format!("wide/file{number:04}")).collect();
        for file in &files {
            site.write(file, format!("{file}\n"));
        }
        site.write("wide/empty", "");
        site.write(".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = ../x\n");
        site.git(&["add", "--all"]).success();
        site.passes();
        for (path, place) in [
            ("wide/file0500", "wide/file0500:2:10"),
            (&format!("{deep}leaf"), &format!("{deep}leaf:2:10")),
            ("wide/FILE0500", "wide/FILE0500:2:10"),
            ("Dir/New", "Dir/New:2:10"),
            ("wide/empty", "wide/empty:2:10"),
            (".gitmodules", ".gitmodules:2:10"),
            ("wide.c", "wide.c:2:10"),
            ("wide0/x", "wide0/x:2:10"),
        ] {
            site.stage(path, leak("x"));
            site.blocks(place);
            site.stage(path, format!("clean {path}\n"));
        }
        site.passes();
        site.stage("wide/empty", "");
        site.git(&["rm", "-r", "--quiet", "d", "wide0"]).success();
        site.passes();
        site.guards_single_paths("at last");
    });
}

/// Ways in which a power failure or a disk leave a file.
type Damage = (&'static str, fn(&[u8]) -> Option<Vec<u8>>);

const DAMAGES: [Damage; 6] = [
    ("gone", |_| None),
    ("empty", |_| Some(Vec::new())),
    ("cut off at its start", |whole| Some(whole[..12].to_vec())),
    ("cut off at its end", |whole| Some(whole[..whole.len() - 5].to_vec())),
    ("no object", |_| Some(b"x".to_vec())),
    ("zeroes", |whole| Some(vec![0; whole.len()])),
];

/// Damages a file, and gives its content to bring it back.
fn damage(file: &Path, damage: fn(&[u8]) -> Option<Vec<u8>>) -> Vec<u8> {
    let whole = fs::read(file).unwrap();
    restore(file, damage(&whole));
    whole
}

/// Gives a file this content, or takes it away.
fn restore(file: &Path, content: Option<Vec<u8>>) {
    fs::remove_file(file).ok();
    if let Some(content) = content {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
}

#[test]
fn a_staged_object_that_cannot_be_read_stops_the_commit_and_names_the_file() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.stage("dir/new", leak("x"));
        let file = loose(&site, ":dir/new");
        for (what, how) in DAMAGES {
            eprintln!("{what}");
            let whole = damage(&file, how);
            site.scan().code(2).says("dir/new: object ").says("help: ");
            site.keyguard(&["hook", "pre-commit"]).code(2).stdout("").says("cannot inspect dir/new: ");
            site.git(&["commit", "-m", "x"]).code(1).says("cannot inspect dir/new");
            restore(&file, Some(whole));
        }
        // A key in another file is told of all the same.
        let whole = damage(&file, |_| None);
        site.stage("more", leak("another one"));
        site.keyguard(&["hook", "pre-commit"]).code(1).says("in more:2:10").says("cannot inspect dir/new: ");
        site.git(&["rm", "--quiet", "--cached", "more"]).success();
        restore(&file, Some(whole));
        site.guards("mended");
    });
}

#[test]
fn an_old_object_that_cannot_be_read_hides_no_key() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.stage("dir/new", leak("x"));
        site.stage("old", format!("more\n{}", leak("in HEAD already")));
        for name in ["HEAD", "HEAD^{tree}", "HEAD:dir", "HEAD:old"] {
            let file = loose(&site, name);
            for (what, how) in DAMAGES.into_iter().take(4) {
                eprintln!("{name} is {what}");
                let whole = damage(&file, how);
                assert!(site.scan().exit() > 0);
                assert!(site.keyguard(&["hook", "pre-commit"]).exit() > 0);
                assert!(site.commit().exit() > 0);
                restore(&file, Some(whole));
            }
        }
        site.blocks("dir/new:2:10");
    });
}

#[test]
fn a_whole_copy_counts_beside_a_broken_one() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let lender = repo.tmp("lender");
        fs::create_dir(&lender).unwrap();
        fs::write(repo.root().join(".git/objects/info/alternates"), format!("{}\n", lender.display())).unwrap();
        for (what, how) in &DAMAGES[1..4] {
            let files = ["HEAD", "HEAD^{tree}", "HEAD:old"].map(|name| (id(&site, name), loose(&site, name)));
            // One copy is packed, the loose one is broken: first ours, then the lender's.
            site.git(&["repack", "-aq"]).success();
            let wholes = files.each_ref().map(|(_, file)| damage(file, *how));
            if site.git(&["cat-file", "blob", &files[2].0]).exit() != 0 {
                eprintln!("not tried: {what}: this git itself does not get at the whole copy of a blob");
                return;
            }
            site.guards(&format!("{what} in its own folder"));
            for ((id, own), whole) in files.iter().zip(wholes) {
                let lent = lender.join(&id[..2]).join(&id[2..]);
                restore(own, None);
                restore(&lent, how(&whole));
            }
            site.guards(&format!("{what} in the lender's folder"));
        }
    });
}

#[test]
fn a_broken_pack_and_a_missing_tree_are_no_clean_ones() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.stage("dir/new", format!("{}{}", "filler\n".repeat(50), leak("x")));
        // Where all is packed and the pack is damaged in its middle.
        site.git(&["write-tree"]).success();
        let objects = site.git(&["ls-files", "--stage"]).success().text();
        let blobs: String = objects.lines().map(|line| format!("{}\n", &line[7..47])).collect();
        let pack = site.run("git").args(["pack-objects", "--quiet", ".git/objects/pack/pack"]).input(blobs).output();
        site.git(&["prune-packed"]).success();
        let file = repo.root().join(format!(".git/objects/pack/pack-{}.pack", pack.success().text().trim()));
        let mut content = fs::read(&file).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let whole = content.clone();
        let end = content.len() - 20;
        content[12..end].fill(0xff);
        fs::write(&file, &content).unwrap();
        site.scan().code(2).says("dir/new");
        site.git(&["commit", "-m", "x"]).code(1).says("cannot inspect dir/new");
        fs::write(&file, whole).unwrap();
        site.blocks("dir/new:52:10");
        // What HEAD was cannot be told.
        let tree = loose(&site, "HEAD^{tree}");
        let content = fs::read(&tree).unwrap();
        fs::remove_file(&tree).unwrap();
        assert!(site.scan().exit() > 0);
        assert!(site.git(&["commit", "-m", "x"]).exit() > 0);
        fs::set_permissions(tree.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(&tree, content).unwrap();
        site.blocks("dir/new:52:10");
    });
}
