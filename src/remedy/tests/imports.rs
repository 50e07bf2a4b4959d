//! Where the line goes that a reference needs at the head of its file, and whether it is there.

use super::{becomes, edited, refuses};

#[test]
fn os_of_python_is_imported_once_and_in_time() {
    let read = "os.environ[\"API_KEY\"]";
    for (text, expected) in [
        ("import os.path as osp\nk = 'TOK'\n", "import os\nimport os.path as osp\nk = @\n"),
        ("import os.path, sys\nk = 'TOK'\n", "import os.path, sys\nk = @\n"),
        (
            "from __future__ import annotations, \\\n    division\nk = 'TOK'\n",
            "from __future__ import annotations, \\\n    division\nimport os\n\nk = @\n",
        ),
        ("a = (yield\nfrom [1])\nimport sys\nk = 'TOK'\n", "a = (yield\nfrom [1])\nimport os\nimport sys\nk = @\n"),
        ("'''doc'''; import os; k = 1\nl = 'TOK'\n", "'''doc'''; import os; k = 1\nimport os\n\nl = @\n"),
    ] {
        assert_eq!(edited("a.py", text), Ok(expected.replace('@', read)), "{text}");
    }
    refuses(
        "a.py",
        &[
            ("\"\"\"doc\"\"\"; k = 'TOK'\n", "no line at which `os`"),
            ("from __future__ import annotations; k = 'TOK'\n", "no line at which `os`"),
        ],
    );
}

#[test]
fn os_of_go_is_imported_once() {
    let read = "os.Getenv(\"API_KEY\")";
    for (head, expected) in [
        ("package a\n\nimport \"os\" // for Exit\n", None),
        ("package a\n\nimport (\n\t\"os\" // for Exit; more\n)\n", None),
        ("package a\n\nimport (\n\t\"fmt\"\n)\n\nimport \"os\"\n", None),
        ("/*\nDoc\nimport \"x\"\n*/\npackage a\n", Some("/*\nDoc\nimport \"x\"\n*/\npackage a\n\nimport \"os\"\n")),
        ("package a // import \"b;c\"\n", Some("package a // import \"b;c\"\n\nimport \"os\"\n")),
        (
            "package a\nimport \"fmt\"\nvar a = `\n\"os\"\n`\n",
            Some("package a\nimport \"fmt\"\nimport \"os\"\nvar a = `\n\"os\"\n`\n"),
        ),
        (
            "package a\nimport (\n\t// b\n\t\"fmt\"\n)\nvar a = []string{\n\t\"os\",\n}\n",
            Some("package a\nimport (\n\t// b\n\t\"fmt\"\n\t\"os\"\n)\nvar a = []string{\n\t\"os\",\n}\n"),
        ),
        ("package a\nimport _ \"os\"\n", Some("package a\nimport _ \"os\"\nimport \"os\"\n")),
    ] {
        let text = format!("{head}var k = \"TOK\"\n");
        let expected = format!("{}var k = {read}\n", expected.unwrap_or(head));
        assert_eq!(edited("a.go", &text), Ok(expected), "{text}");
    }
    refuses(
        "a.go",
        &[
            ("package a\nimport (\"fmt\"; \"os\")\nvar k = \"TOK\"\n", "no line at which `os`"),
            ("package a\nimport (\"fmt\")\nvar k = \"TOK\"\n", "no line at which `os`"),
            ("package a\nimport \"fmt\"; import \"os\"\nvar k = \"TOK\"\n", "no line at which `os`"),
        ],
    );
}

#[test]
fn system_may_be_something_else() {
    let read = "System.Environment.GetEnvironmentVariable(\"API_KEY\")";
    for (head, root) in [
        ("using System;\nusing System.Text;\n", ""),
        ("// the System\nclass B { public string Environment = \"prod\"; }\n", ""),
        ("class B { public int System = 1; }\n", "global::"),
        ("enum System { A }\n", "global::"),
        ("namespace My.System;\n", "global::"),
    ] {
        let text = format!("{head}class A {{ string k = \"TOK\"; }}");
        let expected = format!("{head}class A {{ string k = {root}{read}; }}");
        assert_eq!(edited("A.cs", &text), Ok(expected), "{head}");
    }
    let java = "class A { String k = System.getenv(\"API_KEY\"); F f = System::nanoTime; }";
    becomes("A.java", &[(&java.replace("System.getenv(\"API_KEY\")", "\"TOK\""), java)]);
    for (path, head) in [("A.java", "class System {}"), ("A.java", "import a.System;"), ("a.kt", "object System")] {
        let expected = format!("{head}\nvar k = java.lang.System.getenv(\"API_KEY\")");
        assert_eq!(edited(path, &format!("{head}\nvar k = \"TOK\"")), Ok(expected), "{head}");
    }
}
