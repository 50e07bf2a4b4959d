//! What becomes of a value beside tags, types and signs of JavaScript and TypeScript.

use super::{becomes, edited, refuses};

#[test]
fn attributes_of_tags_are_in_braces() {
    for text in [
        "export const A = () => <Map onLoad={() => go()} token=\"TOK\" />;",
        "<Map zoom={f(1)} token=\"TOK\" />",
        "<Map show={a && b} {...c} d data-e='f' token=\"TOK\">g</Map>",
        "return <Table<Row> token=\"TOK\" />",
        "return <a.Map\n  // b\n  token=\"TOK\" />",
        "<p>Key <Map token=\"TOK\"/></p>",
    ] {
        assert_eq!(edited("a.jsx", text), Ok(text.replace("\"TOK\"", "{process.env.API_KEY}")), "{text}");
        assert_eq!(edited("a.tsx", text), Ok(text.replace("\"TOK\"", "{process.env.API_KEY!}")), "{text}");
    }
    becomes(
        "a.jsx",
        &[
            ("<Map token = \"TOK\" />", "<Map token = {process.env.API_KEY} />"),
            ("<Map token='a TOK' />", "<Map token={('a ' + process.env.API_KEY)} />"),
            ("a = {}\nconst token = \"TOK\"\nb(<i/>)", "a = {}\nconst token = process.env.API_KEY\nb(<i/>)"),
            ("this.a = {}\nthis.b = \"TOK\"\nb(<i/>)", "this.a = {}\nthis.b = process.env.API_KEY\nb(<i/>)"),
            ("for (i = 0; i < n; token = \"TOK\") b(<i/>)", "for (i = 0; i < n; token = process.env.API_KEY) b(<i/>)"),
            ("<p>{a ? \"TOK\" : b}</p>", "<p>{a ? process.env.API_KEY : b}</p>"),
        ],
    );
    becomes(
        "a.tsx",
        &[("const a = useState<string>('TOK');\n<p/>", "const a = useState<string>(process.env.API_KEY!);\n<p/>")],
    );
    refuses("a.jsx", &[("<Map a=<b/> token=\"TOK\" />", "cannot make out the tag")]);
}

#[test]
fn the_text_of_a_page_reads_no_variable() {
    for text in [
        "<p>Send \"TOK\" as token</p>",
        "<code>token: 'TOK'</code>",
        "<p><b>a</b>: \"TOK\"</p>",
        "<p a={b}>\"TOK\" {c}</p>",
        "<>\"TOK\"</>",
    ] {
        refuses("a.jsx", &[(text, "the text of a page")]);
        refuses("a.tsx", &[(text, "the text of a page")]);
    }
}

#[test]
fn words_and_signs_beside_the_string_stay_apart() {
    becomes(
        "a.js",
        &[
            ("function f(){return\"TOK\"}", "function f(){return process.env.API_KEY}"),
            ("switch(a){case\"a TOK\":}", "switch(a){case (\"a \" + process.env.API_KEY):}"),
            ("typeof\"TOK\"", "typeof process.env.API_KEY"),
            ("'TOK'in{a:1}", "process.env.API_KEY in{a:1}"),
            ("'TOK'==x", "process.env.API_KEY==x"),
        ],
    );
    becomes(
        "a.ts",
        &[
            ("if('TOK'==x){}", "if((process.env.API_KEY!)==x){}"),
            ("if('TOK'===x){}", "if((process.env.API_KEY!)===x){}"),
            ("if('TOK' === x){}", "if(process.env.API_KEY! === x){}"),
            ("return`TOK`", "return process.env.API_KEY!"),
        ],
    );
    becomes(
        "a.rb",
        &[("puts'TOK'", "puts ENV.fetch(\"API_KEY\")"), ("puts'a TOK', 1", "puts ('a ' + ENV.fetch(\"API_KEY\")), 1")],
    );
    becomes(
        "a.php",
        &[
            ("<?php return'TOK';", "<?php return getenv('API_KEY');"),
            ("<?php echo'TOK';", "<?php echo getenv('API_KEY');"),
        ],
    );
    becomes(
        "a.py",
        &[
            ("import os\ndef f():\n    return\"TOK\"", "import os\ndef f():\n    return os.environ[\"API_KEY\"]"),
            ("import os\nk = a if b else\"TOK\"", "import os\nk = a if b else os.environ[\"API_KEY\"]"),
        ],
    );
}

#[test]
fn what_takes_a_string_apart_gets_none_of_another_form() {
    for text in ["String.raw`TOK`", "await $`curl TOK`", "sql`a = 'TOK' ${1}`", "f()`TOK`", "a[0]`TOK`", "css<P>`TOK`"]
    {
        refuses("a.js", &[(text, "takes it apart")]);
        refuses("a.ts", &[(text, "takes it apart")]);
    }
    refuses("a.js", &[("({ // c\n 'TOK': 1 })", "name of a field"), ("class A { 'TOK' = 1 }", "name of a field")]);
}

#[test]
fn types_take_constants_only() {
    for text in [
        "declare const z: { a: 'TOK' }",
        "export declare const T = 'TOK';",
        "class A { kind: 'TOK' | undefined; }",
        "class A { b = 1\n  kind?: 'TOK'\n }",
        "export default class extends B { @C() readonly x!: 'TOK'; }",
        "abstract class A { abstract kind: 'TOK'; }",
        "let m: { a: 'TOK' } | null",
        "let m: A | {\n  a: 'b' | 'TOK' }",
        "let m: ('a' | 'TOK')[]",
        "let f: () => 'TOK'",
        "function f(o: { k: 'TOK' }) {}",
        "function f(a: 'b', ...o: 'TOK') {}",
        "function f(): 'TOK' { g() }",
        "const f = (a: b): { k: 'TOK' } => c",
        "const a = b as 'c' | 'TOK';",
        "const a = b satisfies { k: 'TOK' };",
        "function f<T = 'TOK'>() {}",
        "type A =\n  | 'b'\n  | 'TOK'",
    ] {
        refuses("a.ts", &[(text, "a type takes")]);
    }
    refuses("a.d.ts", &[("export const T = 'TOK';", "types")]);
}

#[test]
fn what_speaks_of_types_is_none() {
    for text in [
        "createConnection({ type: 'postgres', a: 'b', token: @ })",
        "// the type of token\nconst k = @;",
        "type A = string\nconst k: A = @",
        "type A = string\nf({ k: @ })",
        "if (type === 'a') return @",
        "x = p ? g('x') : @",
        "p ? g('x') : @",
        "const a: string = p ? b : @;",
        "const f = (a: string): string => a ? b : @;",
        "class A { k: string = @; }",
        "class A { m(a: b): void { this.k = @; } }",
        "class A { m = async (a: b): Promise<void> => { f({ k: @ }) } }",
        "abstract class A { k = { b: @ } }",
        "function f(a: b = { k: @ }) {}",
        "f((x: y): void => { g({ k: @ }) })",
        "export const a: A = { b: { c: [@] } };",
        "is(@)",
        "const a = { class: { k: @ } }",
        "for (const [k, v] of [['a', @]]) {}",
        "switch (a) { case 'b': f({ k: @ }) }",
        "const s = `type ${a}`; const k = @;",
    ] {
        let (string, read) = (text.replace('@', "'TOK'"), text.replace('@', "process.env.API_KEY!"));
        assert_eq!(edited("a.ts", &string), Ok(read), "{text}");
    }
}

#[test]
fn long_comments_and_deep_brackets_cost_no_more_than_their_size() {
    for head in ["// a\n".repeat(50_000), "f({\n".repeat(50_000), "} \n".repeat(50_000), "a={}\n".repeat(50_000)] {
        let text = format!("<b/>;{head}k = 'TOK'");
        assert_eq!(edited("a.ts", &text), Ok(text.replace("'TOK'", "process.env.API_KEY!")));
    }
}
