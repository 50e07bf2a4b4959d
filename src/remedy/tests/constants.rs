//! Where the other languages take constants only, and where they only seem to.

use super::{becomes, edited, refuses};

#[test]
fn python() {
    let read = "os.environ[\"API_KEY\"]";
    for (text, expected) in [
        ("h = [b'Bearer TOK']", "h = [(b'Bearer ' + @.encode())]"),
        ("H = b\"Bearer TOK\"", "H = (b\"Bearer \" + @.encode())"),
        ("k = 'TOK'or'a'", "k = @ or'a'"),
        ("case = 'TOK'", "case = @"),
        ("case: str = 'TOK'", "case: str = @"),
        ("b = \"\"\"a TOK\"}\"\"\"", "b = (\"\"\"a \"\"\" + @ + \"\"\"\"}\"\"\")"),
        ("u = (f\"{a}\"  # b\n  f\"?k=TOK\")", "u = (f\"{a}\"  # b\n  f\"?k={os.environ['API_KEY']}\")"),
    ] {
        let (text, expected) = (format!("import os\n{text}"), format!("import os\n{}", expected.replace('@', read)));
        assert_eq!(edited("a.py", &text), Ok(expected), "{text}");
    }
    refuses(
        "a.py",
        &[
            ("K = ('TOK'  # token\n  '-b')", "side by side"),
            ("K = ('a'  # token\n  'TOK')", "side by side"),
            ("K = (f'a' f'TOK')", "side by side"),
            ("b = \"\"\"{\"token\": \"TOK\"}\"\"\"", "taken apart"),
            ("match a:\n  case {\"k\": \"TOK\"}: pass", "as a pattern"),
            ("match a:\n  case b, [\"k\", C(\"TOK\")]: pass", "as a pattern"),
            ("match a:\n  case 'a' | 'TOK': pass", "as a pattern"),
            ("k: Literal[\"a\", \"TOK\"] = b", "a type takes"),
        ],
    );
}

#[test]
fn java_and_kotlin() {
    refuses(
        "A.java",
        &[
            ("switch (a) { case \"a\", \"TOK\": b(); }", "as a pattern"),
            ("switch (a) { case \"x\", \"TOK\" -> b(); }", "as a pattern"),
            ("class A { static final String KEY = \"TOK\"; @B(c = KEY) int d; }", "where it has to be fixed"),
            (
                "class A { @B(\n c = {\"x\", A.KEY}) int d; static final String KEY = \"TOK\"; }",
                "where it has to be fixed",
            ),
            ("class A { static final String KEY = \"TOK\"; void f() { switch (a) { case KEY: } } }", "has to be fixed"),
            ("@interface A { String value() default \"TOK\"; }", "an annotation"),
            ("@interface A { String[] value() default {\"TOK\"}; }", "an annotation"),
        ],
    );
    for text in [
        "switch (a) { case \"a\" -> @; }",
        "switch (a) { case \"a\": k = @; }",
        "switch (a) { case \"a\": f(@); }",
        "switch (a) { default -> @; }",
        "class A { static final String KEY = @; void f() { g(KEY); } @B(\"KEY\") int KEY2; }",
    ] {
        let (string, read) = (text.replace('@', "\"TOK\""), text.replace('@', "System.getenv(\"API_KEY\")"));
        let (string, read) = (string.replace("\"TOK\"B(", "@B("), read.replace("System.getenv(\"API_KEY\")B(", "@B("));
        assert_eq!(edited("A.java", &string), Ok(read), "{text}");
    }
    refuses("a.kt", &[("private const val K: String\n    = \"TOK\"", "a constant is fixed")]);
    becomes(
        "a.kt",
        &[("const val A = 1\nval k =\n  \"TOK\"", "const val A = 1\nval k =\n  System.getenv(\"API_KEY\")")],
    );
}

#[test]
fn c_sharp() {
    refuses(
        "A.cs",
        &[
            ("x is \"TOK\";", "as a pattern"),
            ("x is not (\"a\" or \"TOK\");", "as a pattern"),
            ("x is { K: \"TOK\" };", "as a pattern"),
            ("switch (x) { case { K: \"TOK\" }: break; }", "as a pattern"),
            ("var a = x switch { { K: \"TOK\" } => 1 };", "as a pattern"),
        ],
    );
    becomes(
        "A.cs",
        &[
            (
                "/// A const token\nvar k = \"TOK\";",
                "/// A const token\nvar k = System.Environment.GetEnvironmentVariable(\"API_KEY\");",
            ),
            (
                "switch (x) { case 1: f(\"TOK\"); break; }",
                "switch (x) { case 1: f(System.Environment.GetEnvironmentVariable(\"API_KEY\")); break; }",
            ),
        ],
    );
}

#[test]
fn go() {
    for text in [
        "var t Token = \"TOK\"",
        "var (\n\tt Token = \"TOK\"\n)",
        "var a, t b.Token = \"x\", \"TOK\"",
        "var t = []Token{\"TOK\"}",
        "var t = map[string]Token{\"TOK\"}",
    ] {
        refuses("a.go", &[(&format!("package a\n\nimport \"os\"\n\n{text}\n"), "a type of its own")]);
    }
    refuses(
        "a.go",
        &[
            ("package a\nvar a [len(\"TOK\")]int\n", "a constant is fixed"),
            ("package a\ntype t struct {\n\tA string \"TOK\"\n}\n", "tag of a field"),
        ],
    );
    for text in [
        "var t string = @",
        "var t any = @",
        "var a, t = 1, @",
        "t := []string{@}",
        "t := m[f(@)]",
        "t := m[len(@)]",
        "return @",
        "// const\nt = @",
        "f(Token(@))",
    ] {
        let text = format!("package a\n\nimport \"os\"\n\n{text}\n");
        let (string, read) = (text.replace('@', "\"TOK\""), text.replace('@', "os.Getenv(\"API_KEY\")"));
        assert_eq!(edited("a.go", &string), Ok(read), "{text}");
    }
}

#[test]
fn ruby_and_php() {
    refuses(
        "a.rb",
        &[
            ("case a\nin {k: \"TOK\"}\nend", "as a pattern"),
            ("case a\nin [1, \"TOK\"]\nend", "as a pattern"),
            ("k = :\"TOK\"", "name of a field"),
            ("k = ('a' \\\n 'TOK')", "taken apart"),
        ],
    );
    becomes(
        "a.rb",
        &[
            ("def f(t:'TOK')\nend", "def f(t:ENV.fetch(\"API_KEY\"))\nend"),
            ("for a in ['TOK']\nend", "for a in [ENV.fetch(\"API_KEY\")]\nend"),
            ("case a\nwhen 'TOK'\nend", "case a\nwhen ENV.fetch(\"API_KEY\")\nend"),
            ("k = \"a\" \"b TOK\"", "k = \"a\" \"b #{ENV.fetch(\"API_KEY\")}\""),
        ],
    );
    refuses("a.rb", &[("o 'TOK': 1\n", "the name of")]);
    refuses(
        "a.php",
        &[
            ("<?php const K = 'TOK';", "has to be constant"),
            ("<?php\nenum A: string { case B = 'TOK'; }", "has to be constant"),
            ("<?php\n#[A] final public const string K = 'TOK';", "has to be constant"),
            ("<?php\n$a = `curl TOK`;", "a command of a shell"),
        ],
    );
    for text in [
        "// private API key\n$k=@;",
        "$a = ['public' => 1, 'token' => @];",
        "return new static(@);",
        "static::f(@);",
        "array_map(static fn($x) => f(@, $x), $y);",
        "array_map(static fn($x) => @, $y);",
        "switch ($a) { case @: }",
        "class A { public function f() { return [@]; } }",
    ] {
        let text = format!("<?php\n{text}");
        let (string, read) = (text.replace('@', "'TOK'"), text.replace('@', "getenv('API_KEY')"));
        assert_eq!(edited("a.php", &string), Ok(read), "{text}");
    }
}
