//! What becomes of a value in Rust, where it may not be lent for longer than it lives.

use super::{edited, refuses};

#[test]
fn rust() {
    let read = "std::env::var(\"API_KEY\").expect(\"API_KEY is set\")";
    for (text, expected) in [
        ("fn f() { let k = \"TOK\"; }", "fn f() { let k = &*@; }"),
        ("fn f() { let k = \"TOK\".to_string(); }", "fn f() { let k = @.to_string(); }"),
        ("fn f() { let k = String::from(r#\"TOK\"#); }", "fn f() { let k = String::from(@); }"),
        ("fn f() { g(1, \"TOK\").await?; }", "fn f() { g(1, &*@).await?; }"),
        ("fn f() { a.b(C::new(\"TOK\")); }", "fn f() { a.b(C::new(&*@)); }"),
        ("fn f() { if g(\"TOK\") { h() } }", "fn f() { if g(&*@) { h() } }"),
        ("fn f() { assert_eq!(a, \"TOK\"); }", "fn f() { assert_eq!(a, &*@); }"),
        ("fn f() -> bool { a == \"TOK\" }", "fn f() -> bool { a == &*@ }"),
        ("fn f() -> A { A { k: \"TOK\".into() } }", "fn f() -> A { A { k: @.into() } }"),
        ("fn f() { vec![\"TOK\".to_owned()] }", "fn f() { vec![@.to_owned()] }"),
        ("fn f() {\n    // a = b\n    let k: &str = \"TOK\";\n}", "fn f() {\n    // a = b\n    let k: &str = &*@;\n}"),
        ("fn f() { Some(\"a TOK\"\n.to_string()) }", "fn f() { Some(format!(\"a {}\", @)\n.to_string()) }"),
        ("fn f() { let k = \"a TOK\"; }", "fn f() { let k = &*format!(\"a {}\", @); }"),
    ] {
        assert_eq!(edited("a.rs", text), Ok(expected.replace('@', read)), "{text}");
    }
}

#[test]
fn places_that_keep_the_value_are_left_alone() {
    refuses(
        "a.rs",
        &[
            ("const K: &str = \"TOK\";", "a constant is fixed"),
            ("pub static K: &str = \"TOK\";", "a constant is fixed"),
            ("fn f() -> &'static str { \"TOK\" }", "lent for longer"),
            ("match a { 1 => \"TOK\", _ => \"\" }", "lent for longer"),
            ("match a { \"TOK\" => 1, _ => 2 }", "as a pattern"),
            ("fn f() { if let Some(\"TOK\") = a {} }", "as a pattern"),
            ("println!(\"TOK {}\", a);", "a constant text"),
            ("fn f() { let v = vec![\"TOK\", \"b\"]; }", "lent for longer"),
            ("fn f() { let v = [\"b\", \"TOK\"]; }", "lent for longer"),
            ("fn f() { let v = Some(\"TOK\"); }", "lent for longer"),
            ("fn f() { let v = A { k: \"TOK\" }; }", "lent for longer"),
            ("fn f() { g(A { k: \"TOK\" }); }", "lent for longer"),
            ("fn f() { let v = A::new(\"TOK\"); }", "lent for longer"),
            ("fn f() { let v = A { a }.b(\"TOK\"); }", "lent for longer"),
            ("fn f() { let k: &'static str = \"TOK\"; }", "fixed when"),
            ("fn f() { let k = \"TOK\".as_bytes(); }", "lent for longer"),
            ("fn f() { k = \"TOK\"; }", "lent for longer"),
            ("fn f() { k = g(\"TOK\"); }", "lent for longer"),
            ("fn f() { v.push(\"TOK\"); }", "lent for longer"),
            ("fn f() { g((\"a\", \"TOK\")); }", "lent for longer"),
            ("fn f() { g(|| h(\"TOK\")); }", "lent for longer"),
            ("fn f() -> A { g(\"TOK\") }", "lent for longer"),
            ("fn f() -> A { A { a: g(\"TOK\"), b: [0; 4] } }", "lent for longer"),
            ("fn f() { return g(\"TOK\"); }", "lent for longer"),
            ("fn f() { a!(\"TOK\"); }", "lent for longer"),
            ("fn f() { assert_eq!(a, b, \"TOK\"); }", "lent for longer"),
            ("static K: [&str; 1] = [\"TOK\"];", "lent for longer"),
            ("#[doc = \"TOK\"]", "an attribute"),
            ("let k = b\"TOK\";", "made of bytes"),
            ("// TOK", "in a comment"),
        ],
    );
}
