//! What becomes of a value in Rust, where it has to live as long as the string did.

use super::{edited, refuses};

#[test]
fn rust() {
    let owned = "std::env::var(\"API_KEY\").expect(\"API_KEY is set\")";
    let lent = format!("&*{owned}.leak()");
    for (text, expected) in [
        ("fn f() { let k = \"TOK\"; }", "fn f() { let k = @; }"),
        ("fn f() { let k = \"TOK\".to_string(); }", "fn f() { let k = %.to_string(); }"),
        ("fn f() { let k = String::from(r#\"TOK\"#); }", "fn f() { let k = String::from(%); }"),
        ("fn f() { g(1, \"TOK\").await?; }", "fn f() { g(1, @).await?; }"),
        ("fn f() { a.b(C::new(\"TOK\")); }", "fn f() { a.b(C::new(@)); }"),
        ("fn f() { if g(\"TOK\") { h() } }", "fn f() { if g(@) { h() } }"),
        ("fn f() { assert_eq!(a, \"TOK\"); }", "fn f() { assert_eq!(a, &*%); }"),
        ("fn f() -> bool { a == \"TOK\" }", "fn f() -> bool { a == &*% }"),
        ("fn f() { println!(\"{}\", a == \"TOK\"); }", "fn f() { println!(\"{}\", a == &*%); }"),
        ("// a const for now\nfn f() { g(\"TOK\"); }", "// a const for now\nfn f() { g(@); }"),
        ("fn f() { println!(\"{}\", \"TOK\"); }", "fn f() { println!(\"{}\", &*%); }"),
        ("fn f() -> bool { a == \"TOK\" || b }", "fn f() -> bool { a == &*% || b }"),
        ("fn f() -> A { A { k: \"TOK\".into() } }", "fn f() -> A { A { k: %.into() } }"),
        ("fn f() { vec![\"TOK\".to_owned()] }", "fn f() { vec![%.to_owned()] }"),
        ("fn f() {\n    // a = b\n    let k: &str = \"TOK\";\n}", "fn f() {\n    // a = b\n    let k: &str = @;\n}"),
        ("fn f() { Some(\"a TOK\"\n.to_string()) }", "fn f() { Some(format!(\"a {}\", %)\n.to_string()) }"),
        ("fn f() { Some(\"a TOK\" // b\n.to_string()) }", "fn f() { Some(format!(\"a {}\", %) // b\n.to_string()) }"),
        ("fn f() { let k = \"a TOK\"; }", "fn f() { let k = &*format!(\"a {}\", %).leak(); }"),
    ] {
        assert_eq!(edited("a.rs", text), Ok(expected.replace('@', &lent).replace('%', owned)), "{text}");
    }
}

#[test]
fn what_keeps_the_value_has_it_for_good() {
    let lent = "&*std::env::var(\"API_KEY\").expect(\"API_KEY is set\").leak()";
    for text in [
        "fn f() -> &'static str { @ }",
        "match a { 1 => @, _ => \"\" }",
        "fn f() { let v = vec![@, \"b\"]; }",
        "fn f() { let v = [\"b\", @]; }",
        "fn f() { let v = Some(@); }",
        "fn f() { let v = A { k: @ }; }",
        "fn f() { g(A { k: @ }); }",
        "fn f() { let v = A::new(@); }",
        "fn f() { let v = A { a }.b(@); }",
        "fn f() { let k: &'static str = @; }",
        "fn f() { let k = (@).as_bytes(); }",
        "fn f() { k = @; }",
        "fn f() { v.push(@); }",
        "fn f() { g((\"a\", @)); }",
        "fn f() { thread::spawn(move || h(@)); }",
        "fn f() -> A { A { a: g(@), b: [0; 4] } }",
        "fn f() { let r = c.get(u).header(\"Authorization\", @).send(); }",
        "fn f() { return g(@); }",
        "fn f() { let v = json!({\"a\": @}); }",
        "fn f(p: *const u8) { { g(@) } if a {} }",
        "static K: LazyLock<String> = LazyLock::new(|| f(@));",
        "lazy_static! { static ref K: &'static str = @; }",
    ] {
        let (before, behind) = text.split_once('@').unwrap();
        let string = format!("{before}\"TOK\"{behind}").replace("(\"TOK\").as", "\"TOK\".as");
        assert_eq!(edited("a.rs", &string), Ok(text.replace('@', lent)), "{text}");
    }
}

#[test]
fn places_that_have_to_be_constant_are_left_alone() {
    refuses(
        "a.rs",
        &[
            ("const K: &str = \"TOK\";", "a constant is fixed"),
            ("pub static K: &str = \"TOK\";", "a constant is fixed"),
            ("static K: [&str; 1] = [\"TOK\"];", "a constant is fixed"),
            ("pub(crate) const A: A = A { a: f({ 1 }, \"TOK\") };", "a constant is fixed"),
            ("const N: usize = { \"TOK\".len() };", "a constant is fixed"),
            ("#[a(b)]\npub const unsafe fn n() -> usize { \"TOK\".len() }", "a constant is fixed"),
            ("fn f() { g(const { \"TOK\" }); }", "a constant is fixed"),
            ("#![no_std]\nfn f() { g(\"TOK\") }", "without the standard library"),
            ("match a { \"TOK\" => 1, _ => 2 }", "as a pattern"),
            ("match a { \"TOK\" | \"b\" => 1, _ => 2 }", "as a pattern"),
            ("match a { \"TOK\" if b => 1, _ => 2 }", "as a pattern"),
            ("match a { (Some(\"TOK\"), A { b, .. }) => 1, _ => 2 }", "as a pattern"),
            ("fn f() { if let Some(\"TOK\") = a {} }", "as a pattern"),
            ("fn f() { if a == b && let Some(\"TOK\") = a {} }", "as a pattern"),
            ("matches!(a, Some(\"TOK\"))", "a constant text"),
            ("println!(\"TOK {}\", a);", "a constant text"),
            ("info!(a = 1, \"TOK\");", "a constant text"),
            ("concat!(\"a\", \"TOK\")", "a constant text"),
            ("fn f() { a!(\"TOK\"); }", "a constant text"),
            ("fn f() { assert_eq!(a, b, \"TOK\"); }", "a constant text"),
            ("json!({\"TOK\": 1})", "name of a field"),
            ("#[doc = \"TOK\"]", "an attribute"),
            ("let k = b\"TOK\";", "made of bytes"),
            ("// TOK", "in a comment"),
        ],
    );
}
