//! One hard-coded key in each language: blocked, moved, committed, and read by the program itself.

use std::env;

use super::{assert_nowhere, read, staged};
use crate::sandbox::{Sandbox, fake, inherited, not_tried};

/// A file of a language, `@` for the key; what it becomes; and the command that prints the key then, or just parses it.
struct Case {
    path: &'static str,
    text: &'static str,
    becomes: &'static str,
    command: &'static str,
}

const fn case(path: &'static str, text: &'static str, becomes: &'static str, command: &'static str) -> Case {
    Case { path, text, becomes, command }
}

fn has(program: &str) -> bool {
    let path = inherited("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Runs a command with the variables of `.env`; what it prints.
#[track_caller]
fn with_variables(repo: &Sandbox, command: &str) -> String {
    let mut run = repo.run("sh").args(["-c", &format!("set -a; . ./.env; set +a; {command}")]);
    // Toolchains are where the user has them, not in the sandbox's home.
    if let Some(home) = inherited("HOME") {
        run = run.env("RUSTUP_HOME", std::path::Path::new(&home).join(".rustup"));
    }
    let output = run.env("GOFLAGS", "-mod=mod").env("GO111MODULE", "off").output();
    output.success();
    output.text()
}

#[track_caller]
fn play(case: &Case) {
    let key = fake::github_pat();
    let repo = staged(case.path, &case.text.replace('@', &key));
    let blocked = repo.git(["commit", "-m", "x"]);
    let fixed = repo.keyguard(["fix", "--apply"]);
    fixed.success();
    assert_eq!(read(&repo, case.path), case.becomes, "{}", case.path);
    let commit = repo.git(["commit", "--quiet", "-m", "x"]);
    commit.success();
    assert_nowhere(&repo, &key, &[blocked.code(1), &fixed, &commit]);
    assert!(read(&repo, ".env").contains(&key), "{}: the value is kept", case.path);
    let program = case.command.split(' ').next().unwrap();
    if program.is_empty() {
        return;
    }
    if !has(program) {
        return not_tried(format_args!("{}, as there is no {program}", case.path));
    }
    let printed = with_variables(&repo, case.command);
    let is_read = printed.lines().any(|line| line.contains(&key));
    assert!(is_read, "{}: the program does not read the variable", case.path);
}

#[test]
fn scripts_read_the_variable() {
    for case in [
        case(
            "a.py",
            "k = '@'\nprint(k)\n",
            "import os\n\nk = os.environ[\"GITHUB_TOKEN\"]\nprint(k)\n",
            "python3 a.py",
        ),
        case(
            "a.js",
            "const k = '@';\nconsole.log(k);\n",
            "const k = process.env.GITHUB_TOKEN;\nconsole.log(k);\n",
            "node a.js",
        ),
        case("a.rb", "k = '@'\nputs k\n", "k = ENV.fetch(\"GITHUB_TOKEN\")\nputs k\n", "ruby a.rb"),
        case("a.php", "<?php\n$k = '@';\necho $k;\n", "<?php\n$k = getenv('GITHUB_TOKEN');\necho $k;\n", "php a.php"),
        case("a.sh", "k='@'\necho \"$k\"\n", "k=\"$GITHUB_TOKEN\"\necho \"$k\"\n", "sh a.sh"),
    ] {
        play(&case);
    }
}

#[test]
fn compiled_programs_read_the_variable() {
    for case in [
        case(
            "a.ts",
            "declare const process: { env: Record<string, string | undefined> };\nconst k: string = '@';\nconsole.log(k);\n",
            "declare const process: { env: Record<string, string | undefined> };\nconst k: string = process.env.GITHUB_TOKEN!;\nconsole.log(k);\n",
            "tsc --strict --outDir ../out a.ts && node ../out/a.js",
        ),
        case(
            "a.rs",
            "fn main() {\n    let k = \"@\";\n    println!(\"{k}\");\n}\n",
            "fn main() {\n    let k = &*std::env::var(\"GITHUB_TOKEN\").expect(\"GITHUB_TOKEN is set\").leak();\n    println!(\"{k}\");\n}\n",
            "rustc -o ../a a.rs && ../a",
        ),
        case(
            "a.go",
            "package main\n\nimport \"fmt\"\n\nvar k = \"@\"\n\nfunc main() { fmt.Println(k) }\n",
            "package main\n\nimport \"fmt\"\nimport \"os\"\n\nvar k = os.Getenv(\"GITHUB_TOKEN\")\n\nfunc main() { fmt.Println(k) }\n",
            "go run a.go",
        ),
        case(
            "A.java",
            "class A {\n    static final String K = \"@\";\n    public static void main(String[] a) { System.out.println(K); }\n}\n",
            "class A {\n    static final String K = System.getenv(\"GITHUB_TOKEN\");\n    public static void main(String[] a) { System.out.println(K); }\n}\n",
            "java A.java",
        ),
        case(
            "a.kt",
            "fun main() {\n    val k = \"@\"\n    println(\"key $k\")\n}\n",
            "fun main() {\n    val k = System.getenv(\"GITHUB_TOKEN\")\n    println(\"key $k\")\n}\n",
            "kotlinc a.kt -include-runtime -d ../a.jar && java -jar ../a.jar",
        ),
        case(
            "A.cs",
            "class A {\n    static string k = \"@\";\n    static void Main() { System.Console.WriteLine(k); }\n}\n",
            "class A {\n    static string k = System.Environment.GetEnvironmentVariable(\"GITHUB_TOKEN\");\n    static void Main() { System.Console.WriteLine(k); }\n}\n",
            "mcs -out:../A.exe A.cs && mono ../A.exe",
        ),
    ] {
        play(&case);
    }
}

#[test]
fn files_of_programs_read_the_variable() {
    for case in [
        case(
            "docker-compose.yml",
            "services:\n  app:\n    image: app\n    environment:\n      TOKEN: \"@\"\n",
            "services:\n  app:\n    image: app\n    environment:\n      TOKEN: \"${GITHUB_TOKEN}\"\n",
            "",
        ),
        case(
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  a:\n    runs-on: x\n    env:\n      TOKEN: @\n    steps:\n      - run: a\n",
            "on: push\njobs:\n  a:\n    runs-on: x\n    env:\n      TOKEN: ${{ secrets.GH_TOKEN }}\n    steps:\n      - run: a\n",
            "",
        ),
        case(
            "k8s/app.yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: app\n    env:\n    - name: TOKEN\n      value: @\n",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: app\n    env:\n    - name: TOKEN\n      valueFrom:\n        secretKeyRef:\n          name: github-token\n          key: GITHUB_TOKEN\n",
            "",
        ),
        case(
            "main.tf",
            "output \"k\" {\n  value = nonsensitive(\"@\")\n}\n",
            "output \"k\" {\n  value = nonsensitive(var.github_token)\n}\n\nvariable \"github_token\" {\n  type      = string\n  sensitive = true\n}\n",
            "terraform apply -auto-approve -no-color",
        ),
        case(
            "Dockerfile",
            "FROM app\nRUN curl -H \"Authorization: token @\" https://api.github.com\n",
            "FROM app\nRUN --mount=type=secret,id=GITHUB_TOKEN,env=GITHUB_TOKEN curl -H \"Authorization: token ${GITHUB_TOKEN}\" https://api.github.com\n",
            "",
        ),
        case(
            ".mcp.json",
            "{\"mcpServers\": {\"a\": {\"command\": \"x\", \"env\": {\"TOKEN\": \"@\"}}}}\n",
            "{\"mcpServers\": {\"a\": {\"command\": \"x\", \"env\": {\"TOKEN\": \"${GITHUB_TOKEN}\"}}}}\n",
            "",
        ),
        case(
            ".cursor/mcp.json",
            "{\"mcpServers\": {\"a\": {\"url\": \"x\", \"headers\": {\"Authorization\": \"Bearer @\"}}}}\n",
            "{\"mcpServers\": {\"a\": {\"url\": \"x\", \"headers\": {\"Authorization\": \"Bearer ${env:GITHUB_TOKEN}\"}}}}\n",
            "",
        ),
        case(
            ".vscode/mcp.json",
            "{\n  \"servers\": {\"a\": {\"command\": \"x\", \"env\": {\"TOKEN\": \"@\"}}}\n}\n",
            "{\n  \"inputs\": [\n    { \"type\": \"promptString\", \"id\": \"github-token\", \"description\": \"GITHUB_TOKEN\", \"password\": true }\n  ],\n  \"servers\": {\"a\": {\"command\": \"x\", \"env\": {\"TOKEN\": \"${input:github-token}\"}}}\n}\n",
            "",
        ),
        case(
            ".npmrc",
            "//npm.pkg.github.com/:_authToken=@\n",
            "//npm.pkg.github.com/:_authToken=${GITHUB_TOKEN}\n",
            "",
        ),
    ] {
        play(&case);
    }
}

#[test]
fn what_reads_no_environment_here_needs_no_loading() {
    for (path, text, note) in [
        (".gitlab-ci.yml", "a:\n  script:\n    - curl -H 'A: @' x\n", "glab variable set GITHUB_TOKEN --masked"),
        ("docker-compose.yml", "services:\n  a:\n    command: [\"@\"]\n", "docker compose reads .env by itself"),
        ("bunfig.toml", "[install]\nregistry = { url = \"x\", token = \"@\" }\n", "bun reads .env by itself"),
    ] {
        let repo = staged(path, &text.replace('@', &fake::github_pat()));
        let fixed = repo.keyguard(["fix", "--apply"]);
        fixed.success().says(note);
        assert!(!fixed.text().contains("Load .env"), "{}", fixed.text());
        repo.git(["commit", "--quiet", "-m", "x"]).success();
    }
    let repo = staged("application.yml", &format!("a:\n  b: {}\n", fake::github_pat()));
    repo.keyguard(["fix", "--apply"]).success().says("\nLoad .env before the program runs");
}

#[test]
fn two_files_of_terraform_declare_a_variable_once() {
    let repo = staged("a.tf", &format!("locals {{\n  a = \"{}\"\n}}\n", fake::github_pat()));
    repo.write("b.tf", format!("locals {{\n  b = \"{}\"\n}}\n", fake::github_pat()));
    repo.git(["add", "b.tf"]).success();
    repo.keyguard(["fix", "--apply"]).success();
    let all = [read(&repo, "a.tf"), read(&repo, "b.tf")].concat();
    assert_eq!(all.matches("variable \"github_token\"").count(), 1, "{all}");
    assert_eq!(read(&repo, ".env.example"), "TF_VAR_github_token=\n");

    // What it has by default, and who else reads it, is not looked at.
    let repo = staged("a.tf", &format!("locals {{\n  a = \"{}\"\n}}\n", fake::github_pat()));
    repo.write("variables.tf", "variable  \"github_token\" {}\n");
    repo.keyguard(["fix", "--apply"]).success();
    assert!(read(&repo, "a.tf").starts_with("locals {\n  a = var.github_token_2\n}\n\nvariable \"github_token_2\" {"));
}

#[test]
fn a_module_gets_no_variable_of_the_environment() {
    let text = format!("locals {{\n  a = \"{}\"\n}}\n", fake::github_pat());
    let repo = staged("infra/parts/a/main.tf", &text);
    repo.write("infra/main.tf", "module \"a\" {\n  source = \"./parts/a\"\n}\n");
    repo.keyguard(["fix", "--apply"]).code(2).says("another one calls this");
    let repo = staged("modules/a/main.tf", &text);
    repo.keyguard(["fix", "--apply"]).code(2).says("another one calls this");
}

#[test]
fn several_keys_are_declared_once_each_in_one_list() {
    let (one, other) = (fake::github_pat(), fake::github_pat_other());
    let repo = staged("a.tf", &format!("locals {{\n  a = \"{one}\"\n  b = \"{other}\"\n  c = \"{one}\"\n}}\n"));
    repo.keyguard(["fix", "--apply"]).success();
    let text = read(&repo, "a.tf");
    assert_eq!(text.matches("variable \"github_token\"").count(), 1, "{text}");
    assert_eq!(text.matches("variable \"").count(), 2, "{text}");

    for list in ["", "\"inputs\": [],\n  "] {
        let servers = format!("{{\"args\": [\"{one}\", \"{other}\"]}}");
        let repo = staged(".vscode/mcp.json", &format!("{{\n  {list}\"servers\": {{\"a\": {servers}}}\n}}\n"));
        repo.keyguard(["fix", "--apply"]).success();
        let text = read(&repo, ".vscode/mcp.json");
        let json: serde_json::Value = serde_json::from_str(&text).expect(&text);
        assert_eq!(json["inputs"].as_array().map(Vec::len), Some(2), "{text}");
        assert_eq!(text.matches("\"inputs\"").count(), 1, "{text}");
    }
}

#[test]
fn what_is_left_to_do_is_said_as_it_is_there() {
    let key = fake::github_pat();
    let repo = staged("deploy/compose.yml", &format!("services:\n  a:\n    command: [\"{key}\"]\n"));
    let command = "docker compose --env-file .env -f deploy/compose.yml up";
    repo.keyguard(["fix", "--apply"]).success().says(command);
    let repo = staged("a.php", &format!("<?php\n$k = '{key}';\n"));
    repo.keyguard(["fix", "--apply"]).success().says("Load .env before the program runs:\n");
}

#[test]
fn a_password_is_not_called_an_address() {
    let password = ["zQ7mW4eX", "9t5rK2pV"].concat();
    let repo = staged("a.py", &format!("h = 1\nDATABASE_URL = f'postgres://u:{password}@{{h}}/db'\n"));
    repo.keyguard(["fix", "--apply"]).success();
    assert_eq!(read(&repo, ".env"), format!("DATABASE_PASSWORD={password}\n"));
}

#[test]
fn programs_that_expand_what_is_quoted_are_told_of() {
    let repo = staged("a.js", &format!("const password = '{}';\n", ["zQ7$mW4eX", "9t5rK2pV"].concat()));
    repo.write("package.json", "{\"dependencies\": {\"next\": \"15\"}}\n");
    repo.keyguard(["fix"]).success().says("Next and Vite expand `$` in .env in quotes too");
}
