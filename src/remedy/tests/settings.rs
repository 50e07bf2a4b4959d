//! What becomes of a value in settings that a program reads.

use super::{becomes, edited, edited_at, refuses};

#[test]
fn compose_and_actions() {
    becomes(
        "docker-compose.yml",
        &[
            (
                "services:\n  a:\n    environment:\n      - K=TOK\n",
                "services:\n  a:\n    environment:\n      - K=${API_KEY}\n",
            ),
            ("a:\n  K: \"b TOK\" # c\n", "a:\n  K: \"b ${API_KEY}\" # c\n"),
        ],
    );
    refuses(
        "docker-compose.yml",
        &[
            ("a: b$TOK\n", "cannot stand there"),
            ("a: b # TOK\n", "in a comment"),
            ("a: [TOK]\n", "cannot stand there"),
            ("TOK: 1\n", "only values"),
        ],
    );
    for value in ["a$$b", "a$b"] {
        let error = edited_at("compose.yml", &format!("a:\n  K: '{value}'\n"), value).unwrap_err();
        assert!(error.contains("a sign of its own"), "{value}: {error}");
    }
    becomes(
        ".github/workflows/a.yml",
        &[
            ("jobs:\n  a:\n    env:\n      K: TOK\n", "jobs:\n  a:\n    env:\n      K: ${{ secrets.API_KEY }}\n"),
            (
                "jobs:\n  a:\n    steps:\n      - run: |\n          f TOK\n",
                "jobs:\n  a:\n    steps:\n      - run: |\n          f ${{ secrets.API_KEY }}\n",
            ),
        ],
    );
    refuses(
        ".github/workflows/a.yml",
        &[("jobs:\n  a:\n    uses: b\n    with:\n      K: TOK\n", "knows no secrets in `with`")],
    );
    becomes(
        ".github/workflows/a.yml",
        &[(
            "jobs:\n  a:\n    steps:\n      - uses: b\n        with:\n          K: 'a TOK'\n",
            "jobs:\n  a:\n    steps:\n      - uses: b\n        with:\n          K: 'a ${{ secrets.API_KEY }}'\n",
        )],
    );
    refuses(".github/workflows/a.yml", &[("jobs:\n  a:\n    if: b == 'TOK'\n", "read in env, with, run")]);
}

#[test]
fn kubernetes() {
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - env:\n        - name: K\n";
    let next = "        - name: L\n          value: x\n";
    let read =
        "          valueFrom:\n            secretKeyRef:\n              name: api-key\n              key: API_KEY\n";
    let text = format!("{pod}          value: \"TOK\"\n{next}");
    assert_eq!(edited("k8s/a.yaml", &text), Ok(format!("{pod}{read}{next}")));
    let secret = "---\napiVersion: v1\nkind: Secret\n";
    assert_eq!(edited("k8s/a.yaml", &format!("{text}{secret}")), Ok(format!("{pod}{read}{next}{secret}")));
    // Programs that read variables in files of the name do not read this one.
    assert_eq!(edited("application.yaml", &text), Ok(format!("{pod}{read}{next}")));
    refuses(
        "k8s/a.yaml",
        &[
            ("apiVersion: v1\nkind: Secret\nstringData:\n  k: TOK\n", "the Secret itself"),
            ("apiVersion: v1\nkind: ConfigMap\ndata:\n  k: TOK\n", "container only"),
            (
                "kind: Pod\napiVersion: v1\n---\napiVersion: v1\nkind: Secret\nstringData:\n  k: TOK\n",
                "the Secret itself",
            ),
            (&format!("{pod}          value: \"TOK\" # note\n"), "alone on its line"),
            (&format!("{pod}          value: 'Bearer TOK'\n"), "alone on its line"),
            ("apiVersion: v1\nkind: Pod\nenv: [{name: A, value: \"TOK\"}]\n", "alone on its line"),
            ("a: TOK\n", "no form for a variable"),
            ("a: {{ b }}: TOK\n", "cannot be read"),
        ],
    );
}

#[test]
fn files_in_json() {
    becomes(
        ".mcp.json",
        &[(
            "{\"mcpServers\": {\"a\": {\"env\": {\"K\": \"TOK\"}}}}",
            "{\"mcpServers\": {\"a\": {\"env\": {\"K\": \"${API_KEY}\"}}}}",
        )],
    );
    refuses(".mcp.json", &[("{\"mcpServers\": {\"TOK\": {}}}", "only values"), ("{\"a\": \"TOK\"}", "in command")]);
    becomes(
        ".cursor/mcp.json",
        &[(
            "{\"mcpServers\": {\"a\": {\"headers\": {\"K\": \"Bearer TOK\"}}}}",
            "{\"mcpServers\": {\"a\": {\"headers\": {\"K\": \"Bearer ${env:API_KEY}\"}}}}",
        )],
    );
    let entry = "{ \"type\": \"promptString\", \"id\": \"api-key\", \"description\": \"API_KEY\", \"password\": true }";
    for (text, expected) in [
        (
            "{\n  \"servers\": {\"a\": {\"env\": {\"K\": \"TOK\"}}}\n}\n",
            "{\n  \"inputs\": [\n    @\n  ],\n  \"servers\": {\"a\": {\"env\": {\"K\": \"${input:api-key}\"}}}\n}\n",
        ),
        (
            "{\n  \"inputs\": [\n    {}\n  ],\n  \"servers\": {\"a\": {\"args\": [\"TOK\"]}}\n}\n",
            "{\n  \"inputs\": [\n    @,\n    {}\n  ],\n  \"servers\": {\"a\": {\"args\": [\"${input:api-key}\"]}}\n}\n",
        ),
        (
            "{\"inputs\": [], \"servers\": {\"a\": {\"args\": [\"TOK\"]}}}",
            "{\"inputs\": [\n  @\n], \"servers\": {\"a\": {\"args\": [\"${input:api-key}\"]}}}",
        ),
        (
            "// { servers }\n{\n\t\"servers\": {\"id\": {\"args\": [\"TOK\", \"api-key\"]}}\n}\n",
            "// { servers }\n{\n\t\"inputs\": [\n\t\t@\n\t],\n\t\"servers\": {\"id\": {\"args\": [\"${input:api-key}\", \"api-key\"]}}\n}\n",
        ),
        (
            "{\n  // \"inputs\": []\n  \"inputs\": [{\"id\": \"api-key\"}],\n  \"servers\": {\"a\": {\"args\": [\"TOK\"]}}}",
            "{\n  // \"inputs\": []\n  \"inputs\": [{\"id\": \"api-key\"}],\n  \"servers\": {\"a\": {\"args\": [\"${input:api-key}\"]}}}",
        ),
    ] {
        assert_eq!(edited(".vscode/mcp.json", text), Ok(expected.replace('@', entry)), "{text}");
    }
    refuses("package.json", &[("{\"a\": \"TOK\"}", "no form for a variable")]);
}

#[test]
fn other_files() {
    becomes(".npmrc", &[("//r/:_authToken=TOK\n", "//r/:_authToken=${API_KEY}\n")]);
    refuses("a.toml", &[("a = \"TOK\"", "no form for a variable")]);
    refuses("wrangler.toml", &[("[vars]\na = \"TOK\"", "wrangler secret put")]);
    refuses("a.swift", &[("let a = \"TOK\"", "by hand with ProcessInfo")]);
    refuses(".env", &[("A=TOK", "out of git")]);
    refuses(".env.example", &[("A=TOK", "names alone")]);
    becomes(
        "bin/run",
        &[
            ("#!/bin/sh\nK='TOK'\n", "#!/bin/sh\nK=\"$API_KEY\"\n"),
            ("#!/usr/bin/env -S node\nk = 'TOK'\n", "#!/usr/bin/env -S node\nk = process.env.API_KEY\n"),
        ],
    );
    refuses("bin/run", &[("K=TOK", "does not know how")]);
}

#[test]
fn settings_of_programs() {
    becomes(
        "src/main/resources/application-prod.yml",
        &[("a:\n  b: \"jdbc:x?password=TOK&c\"\n", "a:\n  b: \"jdbc:x?password=${API_KEY}&c\"\n")],
    );
    becomes("application.properties", &[("a.b=TOK\r\nc=d\r\n", "a.b=${API_KEY}\r\nc=d\r\n")]);
    refuses("application.properties", &[("! a=TOK\n", "in a comment"), ("TOK=a\n", "only values")]);
    becomes("requirements.txt", &[("a @ https://u:TOK@h/a.whl\n", "a @ https://u:${API_KEY}@h/a.whl\n")]);
    becomes("supabase/config.toml", &[("[a.b] # c\nsecret = \"TOK\"\n", "[a.b] # c\nsecret = \"env(API_KEY)\"\n")]);
    refuses(
        "supabase/config.toml",
        &[("a = 1 # TOK\n", "in a comment"), ("TOK = 1\n", "cannot stand there"), ("a = TOK\n", "cannot be read")],
    );
    becomes(
        "bunfig.toml",
        &[("[install.scopes]\n\"@a\" = { token = \"TOK\" }", "[install.scopes]\n\"@a\" = { token = \"$API_KEY\" }")],
    );
    refuses(
        "bunfig.toml",
        &[
            ("[install.scopes]\na = \"TOKx\"", "cannot stand there"),
            ("[define]\na = \"TOK\"", "in registry and scopes only"),
        ],
    );
}

#[test]
fn pipelines_and_templates() {
    becomes(".gitlab-ci.yml", &[("a:\n  script:\n    - f TOKx\n", "a:\n  script:\n    - f ${API_KEY}x\n")]);
    becomes(
        ".gitlab-ci.yml",
        &[
            ("a:\n  script:\n    - 'f \"TOK\"'\n", "a:\n  script:\n    - 'f \"${API_KEY}\"'\n"),
            ("a:\n  variables:\n    K: \"'TOK'\"\n", "a:\n  variables:\n    K: \"'${API_KEY}'\"\n"),
        ],
    );
    for scalar in
        ["f -H 'A:TOK' b", "\"f 'TOK'\"", "'f ''TOK'''", "|\n        f \\\n          'TOK'\n", ">\n        f 'TOK'\n"]
    {
        let single = "no variable in single quotes";
        refuses(".gitlab-ci.yml", &[(&format!("a:\n  script:\n    - {scalar}\n"), single)]);
        refuses(".gitlab-ci.yml", &[(&format!("a:\n  before_script: {scalar}\n"), single)]);
        refuses(".circleci/config.yml", &[(&format!("a:\n  steps:\n    - run: {scalar}\n"), single)]);
        let step = format!("steps:\n  - bash: {scalar}\n");
        assert!(edited("azure-pipelines.yml", &step).unwrap().contains("$(API_KEY)"), "{scalar}");
    }
    refuses(
        ".gitlab-ci.yml",
        &[
            ("a:\n  script:\n    - |\n      # it's TOK\n      b\n", "in a comment"),
            ("a:\n  script:\n    - |\n      b <<'E'\n      TOK\n      E\n", "a quoted here-document"),
        ],
    );
    refuses(".gitlab-ci.yml", &[("a:\n  tags: [\"TOK\"]\n", "image only")]);
    becomes("config/database.yml", &[("a:\n  password: TOK\n", "a:\n  password: <%= ENV['API_KEY'] %>\n")]);
    refuses("config/database.yml", &[("a:\n  password: <%= b || \"TOK\" %>\n", "in code: read")]);
    becomes("config/cable.yml", &[("a: <%= b %>\nc: TOK\n", "a: <%= b %>\nc: <%= ENV['API_KEY'] %>\n")]);
    refuses("config/database.yml", &[("a:\n  password: 'TOK'\n", "cannot stand there")]);
    becomes("opencode.jsonc", &[("{\n// a\n\"k\": \"TOK\",\n}", "{\n// a\n\"k\": \"{env:API_KEY}\",\n}")]);
    becomes(
        "settings.xml",
        &[(
            "<settings><server>\n<password>TOK</password>\n",
            "<settings><server>\n<password>${env.API_KEY}</password>\n",
        )],
    );
    refuses("settings.xml", &[("<a>\n<password>TOK</password>\n</a>\n", "does not know how")]);
    becomes("pom.xml", &[("<project>\n<a><![CDATA[TOK]]></a>\n", "<project>\n<a><![CDATA[${env.API_KEY}]]></a>\n")]);
    becomes("nuget.config", &[("<add key=\"a\" value='TOK' />", "<add key=\"a\" value='%API_KEY%' />")]);
    becomes("NuGet.Config", &[("<add key=\"a\" value=\"TOK\" />", "<add key=\"a\" value=\"%API_KEY%\" />")]);
    refuses("nuget.config", &[("<!-- <a>TOK</a> -->", "in a comment"), ("<TOK a=\"b\" />", "only values")]);
}

#[test]
fn a_program_is_known_by_more_than_a_part_of_a_name() {
    let nobody = "YAML has no form for a variable";
    refuses("config/composer.yaml", &[("a: TOK\n", nobody)]);
    refuses("envoy/bootstrap.yaml", &[("admin:\n  a: TOK\n", nobody)]);
    refuses("config/application.yml", &[("development:\n  STRIPE_KEY: TOK\n", "as those of Figaro do")]);
    for path in ["compose.prod.yml", "a/docker-compose-b.yml", "app-compose.yaml", "src/resources/bootstrap.yml"] {
        becomes(path, &[("a: TOK\n", "a: ${API_KEY}\n")]);
    }
    for path in [".bashrc", "a/.zshrc", ".envrc"] {
        refuses(path, &[("export GITHUB_TOKEN=TOK\n", "is what sets variables")]);
    }
    refuses(".cargo/config.toml", &[("[env]\nA = \"TOK\"\n", "the token of a registry from CARGO_REGISTRIES")]);
}

#[test]
fn a_reference_stands_only_where_it_is_read() {
    let only_run = "in the command of a `run` only";
    refuses(
        ".circleci/config.yml",
        &[
            ("jobs:\n  run:\n    environment:\n      K: TOK\n", only_run),
            ("jobs:\n  a:\n    docker:\n      - image: b\n        command: TOK\n", only_run),
            ("jobs:\n  a:\n    steps:\n      - run:\n          environment:\n            K: TOK\n", only_run),
        ],
    );
    becomes(
        ".circleci/config.yml",
        &[("steps:\n  - run:\n      command: f \"TOK\"\n", "steps:\n  - run:\n      command: f \"${API_KEY}\"\n")],
    );
    refuses(
        ".github/workflows/a.yml",
        &[
            ("on:\n  workflow_dispatch:\n    inputs:\n      env:\n        default: TOK\n", "knows no secrets in `on`"),
            ("jobs:\n  a:\n    strategy:\n      matrix:\n        env: [\"TOK\"]\n", "knows no secrets in `on`"),
            ("jobs:\n  a:\n    env:\n      K: ${{ secrets.K || 'TOK' }}\n", "in another reference"),
        ],
    );
    refuses(".mcp.json", &[("{\"a\": {\"env\": {\"K\": \"${K:-TOK}\"}}}", "in another reference")]);
    refuses("devcontainer.json", &[("{\"a\": \"${localEnv:K:TOK}\"}", "in another reference")]);
    refuses(".yarnrc.yml", &[("npmAuthToken: \"${K:-TOK}\"\n", "in another reference")]);
    becomes("compose.yml", &[("a: \"${K:-TOK}\"\n", "a: \"${K:-${API_KEY}}\"\n")]);
    becomes("application.yml", &[("a: \"${K:TOK}\"\n", "a: \"${K:${API_KEY}}\"\n")]);
    becomes(".npmrc", &[("a=${K}\n//r/:_authToken=TOK\n", "a=${K}\n//r/:_authToken=${API_KEY}\n")]);
    refuses("supabase/config.toml", &[("a = \"Bearer TOK\"\n", "cannot stand there")]);
    refuses("bunfig.toml", &[("[install.scopes]\na = \"b TOK\"\n", "cannot stand there")]);
    refuses("requirements.txt", &[("a # TOK\n", "in a comment")]);
}
