//! What becomes of a value in each language; `TOK` stands for it.

use super::*;

mod constants;
mod imports;
mod infrastructure;
mod names;
mod rust;
mod script;
mod settings;

fn edited(path: &str, text: &str) -> Result<String, String> {
    edited_at(path, text, "TOK")
}

/// With another text for the value.
fn edited_at(path: &str, text: &str, value: &str) -> Result<String, String> {
    let start = text.find(value).unwrap();
    let edit = replacement(&BytePath::from(path), text.as_bytes(), &(start..start + value.len()), "API_KEY");
    let edit = edit.map_err(|why| why.to_string())?;
    let mut patches = vec![edit.change];
    patches.extend(edit.additions);
    patches.extend(Declaration::joined(edit.declaration.as_slice()));
    patches.sort_by_key(|patch| patch.span.start);
    let mut out = text.to_owned();
    for patch in patches.iter().rev() {
        out.replace_range(patch.span.clone(), &patch.with);
    }
    Ok(out)
}

#[track_caller]
fn becomes(path: &str, table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(edited(path, text).as_deref(), Ok(*expected), "{path}: {text}");
    }
}

#[track_caller]
fn refuses(path: &str, table: &[(&str, &str)]) {
    for (text, reason) in table {
        let error = edited(path, text).expect_err(text);
        assert!(error.contains(reason), "{path}: {text}: {error}");
    }
}

#[test]
fn languages_that_are_not_edited_have_an_expression() {
    for (path, expected) in [
        ("App.SWIFT", Some("ProcessInfo.processInfo.environment[\"API_KEY\"]")),
        ("a/notes.ipynb", Some("os.environ[\"API_KEY\"]")),
        ("build.gradle", Some("System.getenv(\"API_KEY\")")),
        ("run.ps1", Some("$env:API_KEY")),
        ("notes.txt", None),
        (".env", None),
    ] {
        assert_eq!(expression(&BytePath::from(path), "API_KEY").as_deref(), expected, "{path}");
    }
}

#[test]
fn python() {
    let read = "os.environ[\"API_KEY\"]";
    for (text, expected) in [
        ("k = 'TOK'\n", "import os\n\nk = @\n"),
        ("import sys, os\nk = b\"TOK\"\n", "import sys, os\nk = @.encode()\n"),
        (
            "#!x\n\"\"\"Doc\nimport x\n\"\"\"\nimport sys\nf('TOK')",
            "#!x\n\"\"\"Doc\nimport x\n\"\"\"\nimport os\nimport sys\nf(@)",
        ),
        ("\"\"\"Doc\nmore\n\"\"\"\n\nk = 'TOK'", "\"\"\"Doc\nmore\n\"\"\"\nimport os\n\nk = @"),
        ("from __future__ import (\n  a,\n)\nk = 'TOK'", "from __future__ import (\n  a,\n)\nimport os\n\nk = @"),
        ("import os\nk = 'a TOK b'", "import os\nk = ('a ' + @ + ' b')"),
        ("import os\nk = '''a\nTOK\n'''", "import os\nk = ('''a\n''' + @ + '''\n''')"),
        ("import a\r\nk = 'TOK'\r\n", "import os\r\nimport a\r\nk = @\r\n"),
        ("\u{feff}k = 'TOK'\n", "\u{feff}import os\n\nk = @\n"),
        ("import os.path\nk = 'TOK'", "import os.path\nk = @"),
    ] {
        assert_eq!(edited("a.py", text), Ok(expected.replace('@', read)), "{text}");
    }
    becomes("a.py", &[("import os\nk = f\"a {b} TOK\"", "import os\nk = f\"a {b} {os.environ['API_KEY']}\"")]);
    refuses(
        "a.py",
        &[
            ("# TOK", "in a comment"),
            ("def f():\n    \"\"\"TOK\"\"\"\n", "a text of its own"),
            ("k = ('a'\n 'TOK')", "side by side"),
            ("k = 'TOK' f'a'", "side by side"),
            ("match a:\n    case 'TOK': pass", "as a pattern"),
            ("k = TOK", "in no string"),
            ("k = f\"{a['TOK']}\"", "inside another"),
        ],
    );
}

#[test]
fn long_heads_and_long_keys_cost_no_more_than_their_size() {
    // Each of these took seconds or gigabytes, as lines were looked at from the beginning of the text again and again.
    let head = format!("\"\"\"doc\n{}\"\"\"\n", "some text\n".repeat(20_000));
    let python = edited("a.py", &format!("{head}k = \"TOK\"\n")).unwrap();
    assert_eq!(python, format!("{head}import os\n\nk = os.environ[\"API_KEY\"]\n"));
    let inputs = "\"inputs\":\"b\",".repeat(20_000);
    assert!(
        edited(".vscode/mcp.json", &format!("{{\"servers\":{{\"a\":{{\"env\":{{{inputs}\"K\":\"TOK\"}}}}}}}}")).is_ok()
    );
    // As does what seems to begin something at each of its bytes, or to be open.
    for (path, part) in [
        ("a.py", "f(os,"),
        ("a.js", "\\'"),
        ("a.ts", "/["),
        ("a.rs", "#"),
        ("a.cs", "$"),
        ("A.java", "TTTT"),
        ("a.rb", "<<A\n\n\n"),
    ] {
        let _ = edited(path, &format!("{}\nfinal String TTTT = \"TOK\";\n", part.repeat(100_000 / part.len())));
    }
    let (key, values) = ("k".repeat(100_000), "a,".repeat(100_000));
    refuses("compose.yml", &[(&format!("? {key}\n: [{values}a]\nb: TOK\n"), "cannot be read")]);
    refuses("bunfig.toml", &[(&format!("{key} = [{}]\nb = \"TOK\"\n", "1,".repeat(100_000)), "cannot be read")]);
}

#[test]
fn javascript_and_typescript() {
    becomes(
        "a.js",
        &[
            ("const k = 'TOK';", "const k = process.env.API_KEY;"),
            ("const k = `a ${b} TOK`;", "const k = `a ${b} ${process.env.API_KEY}`;"),
            ("f({a:\"Bearer TOK\"})", "f({a:(\"Bearer \" + process.env.API_KEY)})"),
            ("a<b&&(c=\"TOK\")", "a<b&&(c=process.env.API_KEY)"),
            ("a ? 'TOK' : b", "a ? process.env.API_KEY : b"),
            ("a ? b : 'TOK'", "a ? b : process.env.API_KEY"),
            ("x=/\"/;k='TOK'", "x=/\"/;k=process.env.API_KEY"),
        ],
    );
    becomes(
        "a.tsx",
        &[
            ("const k: string = 'TOK';", "const k: string = process.env.API_KEY!;"),
            ("f({ a: 'TOK' }, b ? c : 'd')", "f({ a: process.env.API_KEY! }, b ? c : 'd')"),
            ("const a = b ? c : 'TOK';", "const a = b ? c : process.env.API_KEY!;"),
            ("return <Map token=\"TOK\" />;", "return <Map token={process.env.API_KEY!} />;"),
            ("const k = <p>Don't</p>, l = \"TOK\";", "const k = <p>Don't</p>, l = process.env.API_KEY!;"),
        ],
    );
    refuses(
        "a.ts",
        &[
            ("// it's 'TOK'", "in a comment"),
            ("f<'TOK'>();", "a type takes"),
            ("const a = new Map<string, 'b' | 'TOK'>();", "a type takes"),
            ("const a: Record<'TOK', b> = c;", "a type takes"),
            ("g(f<{ a: 'TOK' }>());", "a type takes"),
            ("const a = { 'TOK': 1 };", "name of a field"),
            ("type A = 'TOK';", "a type takes"),
            ("enum A { B = 'TOK' }", "a type takes"),
            ("export type A = { k: 'TOK' };", "a type takes"),
            ("let a: 'b' | 'TOK';", "a type takes"),
            ("function f(a: 'TOK') {}", "a type takes"),
            ("declare module 'TOK' {}", "names a module"),
            ("({ 'TOK'() {} })", "name of a field"),
            ("export interface A { b: 'TOK' }", "a type takes"),
            ("const a = 'TOK' as const;", "a type takes"),
            ("import a from 'TOK';", "names a module"),
        ],
    );
    becomes(
        "a.ts",
        &[
            ("f(a < b, 'TOK', c);", "f(a < b, process.env.API_KEY!, c);"),
            (
                "const a = new Map<string, b>([['c', 'TOK']]);",
                "const a = new Map<string, b>([['c', process.env.API_KEY!]]);",
            ),
        ],
    );
}

#[test]
fn go() {
    let read = "os.Getenv(\"API_KEY\")";
    for (text, expected) in [
        ("package a\n\nvar k = \"TOK\"\n", "package a\n\nimport \"os\"\n\nvar k = @\n"),
        ("package a\n\nimport \"fmt\"\n\nvar k = `TOK`\n", "package a\n\nimport \"fmt\"\nimport \"os\"\n\nvar k = @\n"),
        (
            "package a\nimport (\n\t\"fmt\"\n\t\"strings\"\n\n\t\"x.y/z\"\n)\nvar k = \"a TOK\"",
            "package a\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"strings\"\n\n\t\"x.y/z\"\n)\nvar k = (\"a \" + @)",
        ),
        (
            "package a\nimport (\n\t\"fmt\"\n\t\"os\"\n)\nvar k = \"TOK\"",
            "package a\nimport (\n\t\"fmt\"\n\t\"os\"\n)\nvar k = @",
        ),
    ] {
        assert_eq!(edited("a.go", text), Ok(expected.replace('@', read)), "{text}");
    }
    refuses(
        "a.go",
        &[
            ("package a; var k = \"TOK\"\n", "no line at which"),
            ("package a\nconst k = \"TOK\"", "a constant is fixed"),
            ("package a\nconst (\n a = 1\n k = \"TOK\"\n)", "a constant is fixed"),
            ("package a\ntype t struct {\n a string `TOK`\n}", "tag of a field"),
        ],
    );
}

#[test]
fn ruby_and_php() {
    becomes(
        "a.rb",
        &[
            ("K = 'TOK'", "K = ENV.fetch(\"API_KEY\")"),
            ("k = \"a #{b} TOK\"", "k = \"a #{b} #{ENV.fetch(\"API_KEY\")}\""),
            ("k = 'a TOK'", "k = ('a ' + ENV.fetch(\"API_KEY\"))"),
            ("k = <<~END\n  it's TOK\nEND\n", "k = <<~END\n  it's #{ENV.fetch(\"API_KEY\")}\nEND\n"),
        ],
    );
    refuses(
        "a.rb",
        &[
            ("k = <<~'END'\n  TOK\nEND\n", "here-document"),
            ("k = 'a' 'TOK'", "side by side"),
            ("k = 'a' \\\n  'TOK'", "side by side"),
            ("k = %w[TOK]", "in no string"),
            ("=begin\n'TOK'\n=end\n", "in a comment"),
        ],
    );
    becomes(
        "a.php",
        &[
            ("<?php\n$k = 'TOK';", "<?php\n$k = getenv('API_KEY');"),
            ("<?php\nf(['a' => \"b TOK\"]);", "<?php\nf(['a' => (\"b \" . getenv('API_KEY'))]);"),
            ("<?php\nf(fn($x) => g('TOK'));", "<?php\nf(fn($x) => g(getenv('API_KEY')));"),
            ("<?php\ndefine('K', 'TOK');", "<?php\ndefine('K', getenv('API_KEY'));"),
        ],
    );
    refuses(
        "a.php",
        &[
            ("<p>'TOK'</p><?php f();", "page"),
            ("<?php\nclass A { const K = 'TOK'; }", "has to be constant"),
            ("<?php\nclass A { private $k = 'TOK'; }", "has to be constant"),
            ("<?php\nfunction f($k = 'TOK') {}", "has to be constant"),
            ("<?php\nclass A { private static $k = ['a' => 'TOK']; }", "has to be constant"),
            ("<?php\n$k = <<<END\nTOK\nEND;\n", "here-document"),
        ],
    );
}

#[test]
fn java_kotlin_and_c_sharp() {
    becomes(
        "A.java",
        &[
            (
                "class A { static final String K = \"TOK\"; }",
                "class A { static final String K = System.getenv(\"API_KEY\"); }",
            ),
            ("class A { String k = \"a TOK\"; }", "class A { String k = (\"a \" + System.getenv(\"API_KEY\")); }"),
        ],
    );
    refuses(
        "A.java",
        &[
            ("class A { @Value(\"TOK\") String k; }", "an annotation"),
            ("switch (a) { case \"TOK\": }", "as a pattern"),
            ("String k = \"\"\"\n a TOK\n\"\"\";", "taken apart"),
        ],
    );
    becomes(
        "a.kt",
        &[
            ("val k = \"TOK\"", "val k = System.getenv(\"API_KEY\")"),
            ("val k = \"a ${b} TOK\"", "val k = \"a ${b} ${System.getenv(\"API_KEY\")}\""),
        ],
    );
    refuses("a.kt", &[("const val K = \"TOK\"", "a constant is fixed")]);
    let read = "System.Environment.GetEnvironmentVariable(\"API_KEY\")";
    for (text, expected) in [
        ("class A { string k = \"TOK\"; }", "class A { string k = @; }"),
        ("using System;\nvar k = @\"a \"\" TOK\";", "using System;\nvar k = (@\"a \"\" \" + @);"),
        ("using System;\nvar k = $\"{a} TOK\";", "using System;\nvar k = ($\"{a} \" + @);"),
    ] {
        assert_eq!(
            edited("A.cs", text),
            Ok(expected.replace(" @;", &format!(" {read};")).replace("@)", &format!("{read})"))),
            "{text}"
        );
    }
    refuses(
        "A.cs",
        &[
            ("class A { private const string K = \"TOK\"; }", "a constant is fixed"),
            ("class A { [Key(\"TOK\")] int a; }", "an annotation"),
            ("class A { void F(string k = \"TOK\") {} }", "a constant is fixed"),
        ],
    );
}
