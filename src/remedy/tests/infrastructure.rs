//! What becomes of a value in Terraform, in a Dockerfile and in a shell.

use super::{edited, edited_at, refuses};
use crate::change::BytePath;
use crate::remedy::replacement;

#[test]
fn terraform() {
    let block = "variable \"api_key\" {\n  type      = string\n  sensitive = true\n}\n";
    for (text, expected) in [
        ("provider \"a\" {\n  token = \"TOK\"\n}\n", "provider \"a\" {\n  token = var.api_key\n}\n\n"),
        ("module \"a\" {\n  c = { source = \"TOK\" }\n}\n", "module \"a\" {\n  c = { source = var.api_key }\n}\n\n"),
        ("locals {\n  a = \"b TOK\"\n}", "locals {\n  a = \"b ${var.api_key}\"\n}\n\n"),
        (
            "resource \"a\" \"b\" {\n  c = <<-END\n    TOK\n  END\n}\n",
            "resource \"a\" \"b\" {\n  c = <<-END\n    ${var.api_key}\n  END\n}\n\n",
        ),
    ] {
        assert_eq!(edited("a.tf", text), Ok(format!("{expected}{block}")), "{text}");
    }
    refuses(
        "a.tf",
        &[
            ("module \"a\" {\n  source = \"git::https://u:TOK@h/a\"\n}\n", "of a module take constants"),
            ("variable \"a\" {\n  default = \"TOK\"\n}\n", "a default cannot"),
            ("terraform {\n  backend \"s3\" {\n    token = \"TOK\"\n  }\n}\n", "constants only"),
            ("resource \"a\" \"TOK\" {}\n", "in no block"),
            ("output \"a\" {\n  value = \"TOK\"\n}\n", "give the output `sensitive = true`"),
            ("output \"a\" {\n  description = \"TOK\"\n  value = 1\n  sensitive = true\n}\n", "constants only"),
            ("resource \"a\" \"b\" {\n  for_each = toset([\"TOK\"])\n}\n", "`for_each` takes"),
            ("resource \"a\" \"b\" {\n  for_each = {\n    c = \"TOK\"\n  }\n}\n", "`for_each` takes"),
            ("provider \"a\" {\n  # \"TOK\"\n}\n", "in a comment"),
        ],
    );
    refuses("a.tfvars", &[("token = \"TOK\"\n", "a file of values")]);
}

#[test]
fn dockerfiles() {
    let mount = "--mount=type=secret,id=API_KEY,env=API_KEY";
    for (text, expected) in [
        ("FROM a\nRUN curl -H \"A: TOK\" \\\n  b\n", "FROM a\nRUN @ curl -H \"A: ${API_KEY}\" \\\n  b\n"),
        ("FROM a\nRUN b\\\n # c\n 'TOK'\n", "FROM a\nRUN @ b\\\n # c\n \"$API_KEY\"\n"),
        (
            "FROM a\nRUN b\nENV MY_KEY=TOK\nCMD c\n",
            "FROM a\nRUN b\n# MY_KEY is given when the container starts: docker run --env-file .env\nCMD c\n",
        ),
        (
            "FROM a\nENV MY_KEY=TOK\nCMD echo $MY_KEY\n",
            "FROM a\n# MY_KEY is given when the container starts: docker run --env-file .env\nCMD echo $MY_KEY\n",
        ),
        ("FROM a\nARG MY_KEY=\"TOK\"\n", "FROM a\nARG MY_KEY\n"),
        (
            "# syntax=docker/dockerfile:1.10\nFROM a\nRUN b TOK\n",
            "# syntax=docker/dockerfile:1.10\nFROM a\nRUN @ b \"$API_KEY\"\n",
        ),
        ("FROM a\nRUN <<E cat\nEE\nE\nRUN b TOK\n", "FROM a\nRUN <<E cat\nEE\nE\nRUN @ b \"$API_KEY\"\n"),
        ("FROM a\nRUN b $((1<<2))\nRUN b TOK\n", "FROM a\nRUN b $((1<<2))\nRUN @ b \"$API_KEY\"\n"),
    ] {
        assert_eq!(edited("Dockerfile", text), Ok(expected.replace('@', mount)), "{text}");
    }
    for value in ["p&w;|", "$HOME", "a b"] {
        let error = edited_at("Dockerfile", &format!("FROM a\nENV K='{value}'\n"), value).unwrap_err();
        assert!(error.contains("knows no quotes"), "{value}: {error}");
    }
    refuses(
        "Dockerfile",
        &[
            ("FROM a\nENV K=TOK\nRUN b $K\n", "the build uses it"),
            ("FROM a\nENV NPM_KEY=TOK\nCOPY . .\nrun npm ci\n", "a RUN behind it may read it"),
            ("# syntax=docker/dockerfile:1.4\nFROM a\nRUN b TOK\n", "1.10 and later"),
            ("FROM a\nENV K=TOK L=x\n", "alone on its line"),
            ("FROM a\nLABEL k=TOK\n", "stays in the image"),
            ("# TOK\nFROM a\n", "in a comment"),
            ("FROM a\nRUN [\"b\", \"TOK\"]\n", "in brackets"),
            ("FROM a\nRUN <<END\nTOK\nEND\n", "here-documents"),
            ("FROM a\nCOPY <<-'E' a\n E\nTOK\n\tE\n", "here-documents"),
        ],
    );
}

#[test]
fn a_folder_of_terraform_is_asked_before_a_variable_is_declared() {
    let asked = |text: &str| {
        let start = text.find("TOK").unwrap();
        let edit = replacement(&BytePath::from("a.tf"), text.as_bytes(), &(start..start + 3), "API_KEY").unwrap();
        edit.declaration.unwrap().in_folder.unwrap()
    };
    let local = asked("locals {\n  a = {\n    b = \"TOK\"\n  }\n}\n");
    for (text, expected) in [
        ("variable \"api_key\" {}\n", true),
        ("variable  \"api_key\" {}\n", true),
        ("variable api_key {}\n", true),
        ("# variable \"api_key\" {}\n", false),
        ("/*\nvariable \"api_key\" {}\n*/\n", false),
        ("variable \"api_key_2\" {}\n", false),
        ("a {\n  variable \"api_key\" {}\n}\n", false),
    ] {
        assert_eq!(local.is_declared(text.as_bytes()), expected, "{text}");
    }
    let resource = asked("resource \"c\" \"d\" {\n  e = <<END\nTOK\nEND\n}\n");
    for (asked, text, expected) in [
        (&local, "output \"x\" {\n  value = local.a\n}\n", true),
        (&local, "output \"x\" {\n  value = local.a.b\n}\noutput \"y\" {\n  sensitive = true\n}\n", true),
        (&local, "output \"x\" {\n  value = local.a\n  sensitive = true\n}\n", false),
        (&local, "output \"x\" {\n  value = local.a_b\n}\n", false),
        (&local, "# output local.a\n", false),
        (&resource, "output \"x\" {\n  value = c.d.e\n}\n", true),
        (&resource, "output \"x\" {\n  value = c.d.id\n}\n", false),
    ] {
        assert_eq!(asked.flaw(text.as_bytes()).is_some(), expected, "{text}");
    }
}

/// What stands in the file is not the value where signs of it stand for others.
#[test]
fn no_escape_goes_into_a_variable() {
    for (path, text, value) in [
        ("a.sh", "K=\"a\\$b\"\n", "a\\$b"),
        ("a.sh", "K=\"a\\`b\"\n", "a\\`b"),
        ("a.sh", "K=\"a$b\"\n", "a$b"),
        ("a.sh", "K=$'a\\x41b'\n", "a\\x41b"),
        ("a.php", "<?php\n$k = \"a\\$b\";", "a\\$b"),
        ("a.php", "<?php\n$k = \"a$b\";", "a$b"),
        ("a.php", "<?php\n$k = 'a\\\\b';", "a\\\\b"),
        ("a.rb", "k = \"a\\#b\"", "a\\#b"),
        ("a.rb", "k = 'a\\'b'", "a\\'b"),
        ("a.py", "k = 'a\\x41b'", "a\\x41b"),
        ("a.py", "k = 'a\\tb'", "a\\tb"),
        ("a.py", "k = f'a{{b'", "a{{b"),
        ("a.go", "package a\n\nvar k = \"a\\x41b\"\n", "a\\x41b"),
        ("a.rs", "fn f() { let k = \"a\\x41b\"; }", "a\\x41b"),
        ("a.js", "k = 'a\\u0040b'", "a\\u0040b"),
        ("a.kt", "val k = \"a\\$b\"", "a\\$b"),
        ("A.cs", "using System;\nvar k = @\"a\"\"b\";", "a\"\"b"),
        ("a.tf", "locals {\n  a = \"b$${c}\"\n}\n", "b$${c}"),
        ("opencode.json", "{\"k\": \"a\\/b\"}", "a\\/b"),
        (".vscode/mcp.json", "{\"servers\": {\"a\": {\"args\": [\"a\\/b\"]}}}", "a\\/b"),
        ("NuGet.Config", "<add key=\"a\" value=\"a&amp;b\" />", "a&amp;b"),
        ("application.properties", "a=b\\u0040c\n", "b\\u0040c"),
        ("compose.yml", "a: \"b\\u0040c\"\n", "b\\u0040c"),
        (".gitlab-ci.yml", "a:\n  script:\n    - f \"a\\$b\"\n", "a\\$b"),
        ("Dockerfile", "FROM a\nARG K=\"a\\$b\"\n", "a\\$b"),
        ("a.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  env:\n    - value: \"a\\u0040b\"\n", "a\\u0040b"),
    ] {
        let error = edited_at(path, text, value).expect_err(text);
        assert!(error.contains("escapes or expansions"), "{path}: {text}: {error}");
    }
    for (path, text, value) in [
        ("a.sh", "K='a\\$b'\n", "a\\$b"),
        ("a.php", "<?php\n$k = 'a\\$b';", "a\\$b"),
        ("a.rb", "k = \"a$b{c}\"", "a$b{c}"),
        ("a.py", "k = r'a\\tb'", "a\\tb"),
        ("a.py", "k = 'a{b}$c'", "a{b}$c"),
        ("a.go", "package a\n\nvar k = `a\\x41b`\n", "a\\x41b"),
        ("a.rs", "fn f() { let k = r\"a\\x41b\"; }", "a\\x41b"),
        ("A.cs", "using System;\nvar k = @\"a\\b\";", "a\\b"),
        ("a.tf", "locals {\n  a = \"b$c\"\n}\n", "b$c"),
        ("compose.yml", "a: 'b\\u0040c'\n", "b\\u0040c"),
        ("settings.xml", "<settings><server>\n<p><![CDATA[a&b]]></p>", "a&b"),
    ] {
        let edited = edited_at(path, text, value);
        assert!(edited.is_ok(), "{path}: {text}: {edited:?}");
    }
}
