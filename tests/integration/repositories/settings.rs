//! Settings that change how git looks at files, filters and conditions: none changes what is committed.

use super::*;

#[test]
fn no_setting_of_file_systems_and_line_ends_matters() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        // Those of one line are set at the same time.
        for settings in [
            "core.autocrlf=true core.safecrlf=warn core.eol=crlf",
            "core.autocrlf=input core.ignoreCase=true core.precomposeUnicode=true core.protectNTFS=true core.protectHFS=true",
            "core.fsyncMethod=batch core.fsync=all core.sharedRepository=group core.packedGitWindowSize=4k",
            "core.commitGraph=false core.useReplaceRefs=true core.preferSymlinkRefs=true core.alternateRefsCommand=false",
            "transfer.fsckObjects=true user.useConfigOnly=true rerere.enabled=true core.notesRef=refs/notes/x",
        ] {
            let settings: Vec<_> = settings.split(' ').map(|setting| setting.split_once('=').unwrap()).collect();
            for (name, value) in &settings {
                site.git(&["config", name, value]).success();
            }
            site.guards(&format!("{settings:?}"));
            for (name, _) in &settings {
                site.git(&["config", "--unset", name]).success();
            }
        }
    });
}

#[test]
fn settings_from_everywhere() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let included = repo.tmp("included");
        fs::write(&included, "[core]\n\tbigFileThreshold = 1\n\tquotePath = false\n[diff]\n\texternal = true\n")
            .unwrap();
        let file = repo.root().join(".git/config");
        let plain = fs::read_to_string(&file).unwrap();
        for condition in ["gitdir:**", "gitdir/i:**", "onbranch:**", "hasconfig:remote.*.url:**"] {
            let text = format!("{plain}[includeIf \"{condition}\"]\n\tpath = {}\n", included.display());
            fs::write(&file, format!("{text}[remote \"x\"]\n\turl = y\n")).unwrap();
            site.guards(condition);
        }
        fs::write(&file, plain).unwrap();
        for setting in ["core.abbrev=4", "core.attributesFile=/nowhere"] {
            let by_option = Site::at(repo, ".").option("-c").option(setting);
            by_option.guards(&format!("-c {setting}"));
            let (name, value) = setting.split_once('=').unwrap();
            let by_variables = Site::at(repo, ".").variable("GIT_CONFIG_COUNT", "1").variable("GIT_CONFIG_KEY_0", name);
            by_variables.variable("GIT_CONFIG_VALUE_0", value).guards(&format!("GIT_CONFIG_COUNT {setting}"));
        }
        for variable in ["GIT_LITERAL_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_GLOB_PATHSPECS"] {
            let site = Site::at(repo, ".").variable(variable, "1");
            repo.write("dir/new", leak("x"));
            site.git(&["add", "dir/new"]).success();
            site.blocks("dir/new:2:10");
        }
        for (variable, value) in
            [("GIT_NAMESPACE", "n/m"), ("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1"), ("GIT_PREFIX", "x/")]
        {
            Site::at(repo, ".").variable(variable, value).guards(variable);
        }
    });
}

#[test]
fn a_pointer_in_the_place_of_a_large_file_is_what_is_committed() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let filter = repo.tmp("filter");
        let pointer = "version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize 100\\n";
        fs::write(&filter, format!("#!/bin/sh\nset -- $(sha256sum)\nprintf '{pointer}' \"$1\"\n")).unwrap();
        make_executable(&filter);
        site.run("git").args(["config", "filter.lfs.clean"]).args([&filter]).output().success();
        site.git(&["config", "filter.lfs.required", "true"]).success();
        site.stage(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
        site.stage("large.bin", leak("x"));
        site.passes();
        site.git(&["show", "HEAD:large.bin"]).success().says("oid sha256:");
        // Without the filter it is the file itself.
        site.git(&["config", "--unset", "filter.lfs.clean"]).success();
        site.git(&["config", "filter.lfs.required", "false"]).success();
        site.stage("large.bin", format!("more\n{}", leak("x")));
        site.blocks("large.bin:3:10");
        // A filter that fails keeps the file out.
        site.git(&["config", "filter.lfs.clean", "false"]).success();
        site.git(&["config", "filter.lfs.required", "true"]).success();
        site.write("large.bin", leak("y"));
        site.git(&["commit", "-m", "x", "--", "large.bin"]).code(128);
    });
}
