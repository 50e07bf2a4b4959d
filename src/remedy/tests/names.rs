//! Whether a name still means what the reference takes it for, and where no reference may stand at all.

use super::{becomes, edited, refuses};

#[test]
fn os_of_python_may_be_something_else() {
    let read = "os.environ[\"API_KEY\"]";
    for text in [
        "os = 1\nk = 'TOK'",
        "def f(a, os):\n    k = 'TOK'",
        "def f(\n    a={},\n    os=None,\n):\n    k = 'TOK'",
        "import a as os\nk = 'TOK'",
        "from a import (\n    b,\n    os,\n)\nk = 'TOK'",
        "for os in a:\n    k = 'TOK'",
        "with a() as os:\n    k = 'TOK'",
        "(os, b) = 1, 2\nk = 'TOK'",
        "f(lambda os: 'TOK')",
        "def f():\n    k = 'TOK'\n    import os\n",
        "def f():\n    def g():\n        return 'TOK'\n    import os\n",
    ] {
        refuses("a.py", &[(text, "`os` is something else here")]);
    }
    for (text, expected) in [
        ("k = 'TOK'\nimport os\n", "import os\n\nk = @\nimport os\n"),
        ("k = 'TOK'\nimport sys\n", "import os\n\nk = @\nimport sys\n"),
        ("def f():\n    import os\nk = 'TOK'\n", "import os\n\ndef f():\n    import os\nk = @\n"),
        ("import os as o\nk = 'TOK'\n", "import os\nimport os as o\nk = @\n"),
        ("from os import path\nk = 'TOK'\n", "import os\nfrom os import path\nk = @\n"),
        ("try:\n    import os\nexcept E: pass\nk = 'TOK'", "import os\n\ntry:\n    import os\nexcept E: pass\nk = @"),
        (
            "import os\nf(os, a.os, os=1, b='os = 1')  # os = 1\nk = 'TOK'",
            "import os\nf(os, a.os, os=1, b='os = 1')  # os = 1\nk = @",
        ),
    ] {
        assert_eq!(edited("a.py", text), Ok(expected.replace('@', read)), "{text}");
    }
}

#[test]
fn os_of_go_may_be_something_else() {
    for text in [
        "package a\nfunc f(os string) { g(\"TOK\") }\n",
        "package a\nfunc f() {\n\tos := 1\n\tg(\"TOK\")\n}\n",
        "package a\nimport os \"b/c\"\nvar k = \"TOK\"\n",
    ] {
        refuses("a.go", &[(text, "`os` is something else here")]);
    }
    becomes(
        "a.go",
        &[(
            "package a\nimport \"os\"\nvar k, l = \"TOK\", t{os: os.Args}\n",
            "package a\nimport \"os\"\nvar k, l = os.Getenv(\"API_KEY\"), t{os: os.Args}\n",
        )],
    );
}

#[test]
fn process_may_be_something_else() {
    for text in [
        "function f(a, process) { g('TOK'); }",
        "f((process) => g('TOK'));",
        "f(process => g('TOK'));",
        "const process = new A(); g('TOK');",
        "const { process } = a; g('TOK');",
        "f(({ process }) => g('TOK'));",
        "function process(a) { g('TOK'); }",
        "import process from 'a';\ng('TOK');",
        "import { process } from 'a';\ng('TOK');",
        "try {} catch (process) { g('TOK'); }",
        "process = 1; g('TOK');",
        "const { a: { process } } = b; g('TOK');",
        "const a = 1, { b: [process, c] } = d; g('TOK');",
        "({ process } = a); g('TOK');",
        "function f({ a: { process } }) { g('TOK'); }",
        "f((a, { process }) => g('TOK'));",
    ] {
        refuses("a.js", &[(text, "`process` is something else here")]);
        refuses("a.ts", &[(text, "`process` is something else here")]);
    }
    for head in [
        "import process from 'node:process';",
        "const process = require('process');",
        "const a = f(process); process.exit(process?.b);",
        "a.process = 1; a = { process: 1 }; if (process) {}",
        "// process = 1\nb('process = 1');",
        "class A { process(a) { } }",
        "f({ process }); g(a, { b: { process } });",
        "a = q ? f(process) : 2;",
        "async function f() { for await (const a of process) {} }",
    ] {
        let expected = format!("{head}\nk = process.env.API_KEY");
        assert_eq!(edited("a.js", &format!("{head}\nk = 'TOK'")), Ok(expected), "{head}");
    }
    refuses("a.ts", &[("class A { b(process): string { return 'TOK'; } }", "`process` is something else here")]);
}

#[test]
fn scripts_for_browsers_read_no_variable() {
    for path in ["public/a.js", "web/Public/b/a.ts", "static/js/a.js", "www/a.js", "wwwroot/a.js", "assets/a.mjs"] {
        refuses(path, &[("k = 'TOK'", "whoever opens the page")]);
    }
    becomes("public.js", &[("k = 'TOK'", "k = process.env.API_KEY")]);
    becomes("public/a.py", &[("import os\nk = 'TOK'", "import os\nk = os.environ[\"API_KEY\"]")]);
    refuses(
        "a.tsx",
        &[
            ("// a\n'use client'\nconst k = 'TOK';", "whoever opens the page"),
            ("\"use client\";const k = 'TOK';", "whoever opens the page"),
        ],
    );
    refuses(
        "src/main.js",
        &[
            ("a = import.meta.env.MODE;\nk = 'TOK';", "whoever opens the page"),
            ("k = 'TOK';\ndocument.title = k;", "whoever opens the page"),
            ("import { useState } from \"react\";\nk = 'TOK';", "whoever opens the page"),
            ("k = 'TOK';\nlocalStorage.setItem('k', k);", "whoever opens the page"),
            ("chrome.runtime.onMessage.addListener(f);\nk = 'TOK';", "whoever opens the page"),
            ("window.k = 'TOK';", "whoever opens the page"),
        ],
    );
    for head in [
        "// the document. It\nb('window.c');",
        "typeof window;",
        "vscode.window.a();",
        "function f(document) { document.a(); }",
        "page.evaluate(() => document.title);",
        "const a = require('a'); document.a;",
    ] {
        let expected = format!("{head}\nk = process.env.API_KEY");
        assert_eq!(edited("src/main.js", &format!("{head}\nk = 'TOK'")), Ok(expected), "{head}");
    }
    refuses("a.vue", &[("<script>const k = 'TOK'</script>", "whoever opens the page")]);
}

#[test]
fn programs_on_the_device_of_a_user_read_no_variable() {
    refuses("A.kt", &[("import androidx.a.B\nval k = \"TOK\"", "whoever has the program")]);
    refuses(
        "A.java",
        &[("package a;\nimport android.a.B;\nclass A { String k = \"TOK\"; }", "whoever has the program")],
    );
    refuses("A.cs", &[("using UnityEngine;\nclass A { string k = \"TOK\"; }", "whoever has the program")]);
}

#[test]
fn some_places_hold_a_text_that_is_not_taken_apart() {
    refuses(
        "a.php",
        &[
            ("<?php\n$a = `echo -n 'a TOK b'`;", "a command of a shell"),
            ("<?php\nfunction &f($k = 'TOK') {}", "has to be constant"),
            ("<?php\nenum A: string { case B = 'TOK'; }", "has to be constant"),
        ],
    );
    becomes(
        "a.php",
        &[
            ("<?php\nswitch ($a) { case 'TOK': f(); }", "<?php\nswitch ($a) { case getenv('API_KEY'): f(); }"),
            (
                "<?php\nswitch ($a) { case 'b': $k = 'TOK'; }",
                "<?php\nswitch ($a) { case 'b': $k = getenv('API_KEY'); }",
            ),
        ],
    );
    refuses("a.rb", &[("k = %Q({\"a\": \"TOK\"})\n", "in no string"), ("k = %q(a TOK)\n", "in no string")]);
    refuses("a.js", &[("a = b\n'c TOK'.d()", "the line above"), ("a = () => {}\n'c TOK'.d()", "the line above")]);
    becomes(
        "a.js",
        &[
            ("a = b;\n'c TOK'.d()", "a = b;\n('c ' + process.env.API_KEY).d()"),
            ("a =\n  'c TOK'", "a =\n  ('c ' + process.env.API_KEY)"),
            ("f(a,\n  'c TOK')", "f(a,\n  ('c ' + process.env.API_KEY))"),
        ],
    );
}
