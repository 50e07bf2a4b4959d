//! What must not be reported, and what must be although it stands beside or looks like that.

use std::fs;
use std::path::Path;

use crate::sandbox::{Sandbox, fake};

/// Each value of the list of published examples, written whole, as `(provider, value)`.
fn published(list: &str) -> Vec<(String, String)> {
    let section = list.split("\n## ").find(|section| section.starts_with("1.")).unwrap();
    let mut values = Vec::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let (provider, cell) = (cells.next().unwrap(), cells.next().unwrap());
        // A value that a scanner would report is split by one space; what is not is a beginning or a word.
        for value in cell.split('`').skip(1).step_by(2).filter(|value| value.matches(' ').count() == 1) {
            values.push((provider.to_owned(), value.replace(' ', "")));
        }
    }
    values
}

#[test]
fn published_examples_are_silent() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/known-examples.md");
    let Ok(list) = fs::read_to_string(list) else {
        eprintln!("not tried: published examples, because the list of them is not beside the repository");
        return;
    };
    let repo = Sandbox::without_repository();
    let values = published(&list);
    assert!(values.len() > 40, "{} values", values.len());
    for (number, (provider, value)) in values.iter().enumerate() {
        let name: String = provider.to_ascii_lowercase().split(|c: char| !c.is_alphanumeric()).next().unwrap().into();
        // GitHub prints one body behind each of its prefixes, Tailscale and GitHub's scanners' token leave an end open.
        let forms: Vec<String> = match provider.as_str() {
            "GitHub" if value.starts_with("16C7") => {
                ["ghp", "gho", "ghu", "ghs"].map(|p| format!("{p}_{value}")).into()
            }
            "GitHub" if value.starts_with("1B4a") => vec![format!("ghr_{value}")],
            "GitHub" if value.starts_with("secret_scanning_") => vec![format!("{value}Ab3xY")],
            _ => vec![value.clone()],
        };
        let lines = forms.iter().map(|value| {
            format!(
                "{name}_token={value}\n{name}_secret_key = \"{value}\"\n{name}.private_key: '{value}'\n\
                 password: {value}\n{{\"apiKey\": \"{value}\"}}\nAuthorization: Bearer {value}\n"
            )
        });
        repo.write(format!("{number}.txt"), lines.collect::<String>());
    }
    let scan = repo.keyguard(["scan", "."]);
    scan.success().stdout("").stderr(format!("0 secrets in {} files\n", values.len()));
}

#[test]
fn a_family_of_examples_is_silent() {
    let repo = Sandbox::without_repository();
    let padded = |digits: &str| format!("0x{digits:0>64}");
    let text = [
        format!("AWS_ACCESS_KEY_ID=AKIA{}EXAMPLE", "Q4TZ8RKD2"),
        format!("AWS_SECRET_ACCESS_KEY={}EXAMPLEKEY", "je8MtHbClxBF/3Zp0Utk/h4yCo9nvc"),
        format!("PRIVATE_KEY={}", padded("1")),
        format!("PRIVATE_KEY={}", padded("2f")),
        format!("PRIVATE_KEY=0x{}", "0123456789abcdef".repeat(4)),
        format!("SLACK=https://hooks.slack.com/services/T00000000/B00000000/{}", "X".repeat(24)),
        format!("AGE-SECRET-KEY-1{}", "Q".repeat(58)),
        format!("GITLAB_TOKEN=glpat-{}", "x".repeat(20)),
        format!("TURNSTILE_SECRET_KEY=2x{}AA", "0".repeat(31)),
    ];
    repo.write("a.env", text.join("\n"));
    repo.keyguard(["scan", "."]).success().stdout("");
}

#[test]
fn examples_of_standards_and_frameworks_are_silent() {
    let repo = Sandbox::without_repository();
    let nist = format!("2b7e151628aed2a6{}", "abf7158809cf4f3c");
    let text = [
        format!("consumer_secret = \"kd94hf93{}\"", "k423kf44"),
        format!("oauth_token_secret: \"pfkkdhi9{}\"", "sl3r4s00"),
        format!("client_secret = \"j49sk3{}\"", "j29djd"),
        format!("aes_secret_key = \"{nist}\""),
        format!("aes_secret_key = \"{}\"", nist.to_uppercase()),
        format!("'password' => '$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKo{}',", "Ea3Ro9llC/.og/at2.uheWG/igi"),
    ];
    repo.write("a.php", text.join("\n"));
    repo.keyguard(["scan", "--min-confidence", "low", "."]).success().stdout("");
    // Each with one character changed is found: it is these values that are known, not their look.
    repo.write("a.php", text.join("\n").replace("k423kf44", "k423kf4d").replace("j29djd", "j29dje"));
    repo.keyguard(["scan", "."]).code(1).says("a.php:1:").says("a.php:3:").says("2 secrets in 1 file");
}

#[test]
fn the_search_key_of_a_documentation_site_does_not_block() {
    let repo = Sandbox::without_repository();
    let key = format!("{}{}", "9b3d1f7a42c86e05", "a7d94e1c60b8f253");
    let config = format!("algolia: {{\n  appId: 'K3V7QWZ8TB',\n  apiKey: '{key}',\n  indexName: 'docs',\n}}\n");
    repo.write("docusaurus.config.js", config);
    repo.keyguard(["scan", "."]).success().stdout("");
    repo.keyguard(["scan", "--min-confidence", "low", "."]).code(1).says("algolia-docsearch-key");
    // Another service's key in the same words is found.
    repo.write("docusaurus.config.js", format!("search: {{\n  apiKey: '{key}',\n  indexName: 'docs',\n}}\n"));
    repo.keyguard(["scan", "."]).code(1).says("docusaurus.config.js:2:");
}

#[test]
fn no_path_host_or_neighbour_silences_a_proven_token() {
    let token = fake::github_pat();
    let repo = Sandbox::without_repository();
    repo.write("tests/fixtures/example.test/dummy_example.py", format!("TOKEN = '{token}'  # dummy, for tests only\n"))
        .write("docs/sample.md", format!("    curl https://x:{token}@example.com/placeholder\n"))
        .write(
            "a.env",
            format!("EXAMPLE_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nTOKEN={token}\nB=your_token_here\n"),
        )
        .write("b.yaml", format!("a: ENC[AES256_GCM,data:QUJD,tag:w==]\nsecure: {token}\nb: vault:v1:{token}\n"))
        .write("c.yaml", format!("kind: SealedSecret\nspec:\n  encryptedData:\n    a: {token}\n"))
        .write("package-lock.json", format!("\"integrity\": \"sha512-{token}\"\n"));
    let scan = repo.keyguard(["scan", "--verbose", "."]);
    let found = scan.code(1);
    for place in [
        "tests/fixtures/example.test/dummy_example.py:1:",
        "docs/sample.md:1:",
        "a.env:2:",
        "b.yaml:2:",
        "b.yaml:3:",
        "c.yaml:4:",
        "package-lock.json:1:",
    ] {
        found.says(place);
    }
}

#[test]
fn a_placeholder_hides_no_real_key_on_its_line() {
    let key = fake::stripe_live();
    let repo = Sandbox::without_repository();
    let made_up = format!("{}_live_{}", "sk", "x".repeat(24));
    repo.write("a.js", format!("const example = '{made_up}', dummy = '{key}'; // replace with your_key_here\n"));
    repo.keyguard(["scan", "."]).code(1).says("a.js:1:62").says("1 secret in 1 file");
}

#[test]
fn a_lock_file_is_silent_but_for_the_password_in_its_address() {
    let (password, hex) = ("hV4k9QzT2mXwaB3Rk9tR", "9fceb02d0ae598e95dc970b74767f19372d61af8");
    let digest = "oWPrvJkaPKZLhrIaXKqXv8Ns0yhF7jS0iqo2Gkv0tV1qvCcQXQqiTgQkq8sQH9m8rR0wX1tq0tY5Tg==";
    let entry = |address: &str| {
        format!(
            "\"datadog-metrics\": {{\n  \"resolved\": \"{address}\",\n  \"integrity\": \"sha512-{digest}\",\n  \"shasum\": \"{hex}\"\n}}\n"
        )
    };
    let repo = Sandbox::without_repository();
    repo.write("package-lock.json", entry("https://npm.acme-corp.net/datadog-metrics-1.0.tgz"));
    repo.keyguard(["scan", "."]).success().stdout("");
    repo.write("package-lock.json", entry(&format!("https://ci:{password}@npm.acme-corp.net/datadog-metrics-1.0.tgz")));
    repo.keyguard(["scan", "."]).code(1).says("package-lock.json:2:").says("1 secret in 1 file");
    repo.write(
        "yarn.lock",
        format!("  resolved \"https://ci:{password}@npm.acme-corp.net/a.tgz#{hex}\"\n  integrity sha512-{digest}\n"),
    );
    repo.keyguard(["scan", "yarn.lock"]).code(1).says("yarn.lock:1:").says("1 secret in 1 file");
}

/// An id of AWS that no proof holds for: it is what chance makes of base64.
fn aws_id() -> String {
    fake::aws_pair().0
}

#[test]
fn ciphertext_is_silent_where_an_unproven_key_is_not() {
    let key = fake::stripe_live();
    let id = aws_id();
    let chance = format!("{}+/{id}/{}", "hQEMAx9Q", "k7Rw2pQ9zLmT4");
    let repo = Sandbox::without_repository();
    let vault = |body: &str| format!("$ANSIBLE_VAULT;1.1;AES256\n{body}\n");
    let armor = |body: &str| format!("-----BEGIN PGP MESSAGE-----\n\n{body}\n-----END PGP MESSAGE-----\n");
    let bytes = "\x01z\x1f#\x02".repeat(20);
    repo.write("a.yml", format!("a: ENC[AES256_GCM,data:{chance},iv:AAAA,tag:AA==,type:str]\n"))
        .write("b.asc", armor(&chance))
        .write("c.key", format!("\0GITCRYPT\0{bytes}/{id}{bytes}"))
        .write("d.yml", vault("6231\n3133"))
        .write("e.yml", format!("a: ENC[PKCS7,MII{chance}x]\nb: ENC(abcd{chance})\n"))
        .write("f.enc", format!("U2FsdGVkX1+{chance}\n"));
    repo.keyguard(["scan", "."]).success().stdout("");
    repo.write("a.yml", format!("a: ENC[AES256_GCM,data:x,tag:w==]\nb: {key}\n"))
        .write("b.asc", armor("hQEMA") + &key)
        .write("c.key", "")
        .write("d.yml", vault(&key));
    let scan = repo.keyguard(["scan", "."]);
    scan.code(1).says("a.yml:2:").says("b.asc:5:").says("d.yml:2:").says(" and 2 other places\n");
}

#[test]
fn what_only_claims_to_be_ciphertext_or_a_digest_hides_no_key() {
    let (stripe, id) = (fake::stripe_live(), aws_id());
    let secret = fake::aws_pair().1;
    let random = fake::letters("random", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 30);
    let armor =
        |kind: &str, url: &str| format!("x = '-----BEGIN {kind}-----'\ndb = '{url}'\ny = '-----END {kind}-----'");
    let url = format!("postgres://u:{random}@db.acme.net/x");
    let repo = Sandbox::without_repository();
    for text in [
        armor("AGE ENCRYPTED FILE", &url),
        armor("PGP MESSAGE", &url),
        format!("// SealedSecret\nx={{\"encryptedData\": 1,\n aws_secret_access_key : \"{secret}\"}}"),
        format!("aws_secret_access_key = \"{{cipher}}{secret}\""),
        format!("age-encryption.org/v1\n-> db {url}"),
        format!("a: ENC[{stripe}]"),
        format!("a: ENC[AES256_GCM,data:x,{stripe},tag:w==]"),
        format!("a: ENC[{id}]"),
        format!("a: ENC({id})"),
        format!("a: ENC[SECRET,{id}]"),
        format!("a: ENC[AES256_GCM,data:{id},tag:w==]"),
        format!("a: '{{cipher}}{id}'"),
        format!("a: vault:v1:{id}"),
        format!("secure: {id}"),
        format!("Salted__ is in use, {stripe}"),
        format!("U2FsdGVkX1\na: {stripe}"),
        format!("$ANSIBLE_VAULT;1.1;AES256 {stripe}\n6231"),
        format!("-----BEGIN PGP MESSAGE-----\n\n{stripe}\n-----END PGP MESSAGE-----"),
        format!("a: sha256:{id}"),
        format!("a: md5-{id}"),
        format!("a: sha512-{stripe}"),
        format!("kind: SealedSecret\nspec:\n  encryptedData:\n    a: {id}"),
        format!("\0GITCRYPT\0\na: {stripe}"),
    ] {
        repo.write("a.txt", format!("{text}\n"));
        repo.keyguard(["scan", "."]).says("1 secret in 1 file").code(1);
    }
    for text in [
        format!("db_password: 'sha256:{random}'"),
        format!("db_password: 'ENC[{random}]'"),
        format!("db_password: vault:v1:{random}"),
    ] {
        repo.write("a.txt", format!("{text}\n"));
        repo.keyguard(["scan", "."]).says("1 secret in 1 file").code(1);
    }
}
