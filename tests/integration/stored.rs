//! What programs keep in files: log-ins, hashes of passwords, and files that are a secret as a whole.

use std::fs;

use serde_json::Value;
use snapbox::str;

use crate::sandbox::{Sandbox, fake};

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";

/// Text that looks random, the same for the same name.
fn letters(name: &str, count: usize) -> String {
    fake::letters(name, LETTERS, count)
}

fn hex(name: &str, count: usize) -> String {
    fake::letters(name, HEX, count)
}

/// Path, rule and confidence of what is staged, sorted.
fn staged(repo: &Sandbox) -> Vec<(String, String, String)> {
    let report = repo.keyguard(["scan", "--staged", "--format", "json", "--min-confidence", "low"]).text();
    let report: Value = serde_json::from_str(&report).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let one = |finding: &Value| (text(finding, "path"), text(finding, "rule"), text(finding, "confidence"));
    let mut found: Vec<_> = report["findings"].as_array().unwrap().iter().map(one).collect();
    found.sort();
    found
}

/// Writes and stages the files, each with what has to be found in it; then they must not be committed.
#[track_caller]
fn check(files: &[(&str, String, &str, &str)]) {
    let repo = Sandbox::with_hook();
    let mut expected = Vec::new();
    for (path, content, rule, confidence) in files {
        repo.write(path, content);
        expected.push(((*path).to_owned(), (*rule).to_owned(), (*confidence).to_owned()));
    }
    repo.git(["add", "--force", "."]).success();
    expected.sort();
    assert_eq!(staged(&repo), expected);
    repo.git(["commit", "--quiet", "--message", "x"]).code(1);
    repo.assert_commits(0);
}

#[test]
fn a_hash_of_a_password_is_surer_beside_an_account_or_a_name() {
    let bcrypt = format!("$2y$10${}", letters("bcrypt", 53));
    let sha512 = format!("$6${}${}", letters("salt", 16), letters("sha512", 86));
    let argon2 = format!("$argon2id$v=19$m=65536,t=3,p=4${}${}", letters("salt", 22), letters("argon2", 43));
    let django = format!("pbkdf2_sha256$600000${}${}=", letters("salt", 22), letters("django", 43));
    let ldap = format!("{{SSHA}}{}", letters("ldap", 40));
    let (stored, bare) = ("password-hash-stored", "password-hash");
    check(&[
        (".htpasswd", format!("ops:$apr1${}${}\n", letters("salt", 8), letters("apr1", 22)), stored, "medium"),
        ("old/.htpasswd", format!("ops:{}\n", letters("des", 13)), "htpasswd-hash", "medium"),
        ("etc/shadow", format!("root:{sha512}:19700:0:99999:7:::\n"), stored, "medium"),
        ("settings.py", format!("ADMIN_PASSWORD = '{django}'\n"), stored, "medium"),
        ("compose.yaml", format!("- basicauth.users=ops:{}\n", bcrypt.replace('$', "$$")), stored, "medium"),
        ("users.yaml", format!("- users=ops:{}\n", sha512.replace('$', "$$")), stored, "medium"),
        ("deploy.sh", format!("echo \"ops:{}\" >f\n", bcrypt.replace('$', "\\$")), stored, "medium"),
        ("create.sh", format!("HASH=\"{}\"\n", sha512.replace('$', "\\$")), stored, "medium"),
        ("values.json", format!("{{\"passwordHash\": \"{}\"}}\n", argon2.replace('$', "\\\\$")), stored, "medium"),
        ("run.sh", format!("set-user {}\n", bcrypt.replace('$', "\\$")), bare, "low"),
        ("people.ldif", format!("userPassword: {ldap}\n"), stored, "medium"),
        ("seed.sql", format!("INSERT INTO people VALUES (1, '{bcrypt}', 'a');\n"), bare, "low"),
        ("notes.md", format!("It gives {argon2} then.\n"), bare, "low"),
        (".htdigest", format!("ops:private area:{}\n", hex("digest", 32)), "htdigest-hash", "medium"),
        ("sam.txt", format!("ann:1001:{}:{}:::\n", hex("lm", 32), hex("nt", 32)), "ntlm-hash", "medium"),
    ]);
}

#[test]
fn hashes_of_content_and_made_up_hashes_are_silent() {
    let repo = Sandbox::with_hook();
    repo.write("SHA256SUMS", format!("{}  app.tar.gz\n", hex("sum", 64)))
        .write("lock.json", format!("{{\"integrity\": \"sha512-{}==\"}}\n", letters("integrity", 86)))
        .write("a.yaml", format!("password: $2y$10${}\nimage: x@sha256:{}\n", "x".repeat(53), hex("image", 64)))
        .write("build.sh", "echo \"$1$2\" | sed 's/a/$6$/'\n")
        .write("sam.txt", "Guest:501:aad3b435b51404eeaad3b435b51404ee:31d6cfe0d16ae931b73c59d7e0c089c0:::\n");
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).success();
    repo.assert_commits(1);
}

#[test]
fn log_ins_are_found_in_the_files_that_programs_keep_them_in() {
    let password = letters("password", 14);
    let basic = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(format!("deploy:{password}"))
    };
    let (file, medium) = ("login-file-password", "medium");
    check(&[
        (".netrc", format!("default login ann password {password}\n"), file, medium),
        ("_netrc", format!("machine git.corp-net.io\n  password {password}\n  login ann\n"), file, medium),
        (".pgpass", format!("*:*:*:ann:a\\:b{password}\n"), "pgpass-file", medium),
        (".pypirc", format!("[corp]\nusername = ann\npassword = {password}\n"), file, medium),
        (".my.cnf", format!("[client]\nuser=root\npassword=\"{password}\"\n"), file, medium),
        (".muttrc", format!("set imap_pass=\"{password}\"\n"), file, medium),
        (".git-credentials", format!("https://ann:{password}@git.corp-net.io\n"), "url-credentials", medium),
        (".npmrc", format!("_auth={basic}\n"), "npmrc-legacy-auth", "high"),
        (".dockercfg", format!("{{\"r.corp-net.io\": {{\"auth\": \"{basic}\"}}}}\n"), "dockercfg-auth", "high"),
        ("config/master.key", hex("rails", 32), "rails-key-file", "high"),
        (".vault-token", format!("s.{}\n", letters("vault", 24)), "vault-token-file", "high"),
        (".gem/credentials", format!(":rubygems_api_key: {}\n", hex("gem", 32)), "rubygems-legacy-key", "high"),
        ("ipsec.secrets", format!(": PSK \"{password}\"\n"), "ipsec-secrets", medium),
        ("a.tfstate", format!("{{\"admin_password\": \"{password}\"}}\n"), "terraform-state-secret", medium),
        ("hosts", format!("h1 ansible_password={password}\n"), "ansible-login-password", medium),
        ("run.sh", format!("PGPASSWORD={password} psql\n"), "client-password-variable", medium),
        ("get.sh", format!("wget --password={password} https://x\n"), "client-password-option", medium),
        ("Groups.xml", format!("<Properties cpassword=\"{}\"/>\n", letters("gpp", 44)), "gpp-cpassword", "high"),
    ]);
}

#[test]
fn references_and_placeholders_in_such_files_are_silent() {
    let repo = Sandbox::with_hook();
    for (path, content) in [
        (".netrc", "machine git.corp-net.io login ann password <password>\n# password secret-of-mine\n"),
        (".pgpass", "# host:port:db:user:password\ndb:5432:app:ann:${PGPASSWORD}\ndb:5432:app:ann:changeme\n"),
        (".pypirc", "[corp]\npassword = ${CORP_PASSWORD}\n"),
        (".my.cnf", "[client]\npassword = your_password_here\n"),
        (".msmtprc", "passwordeval \"gpg --decrypt secret.gpg\"\n"),
        (".npmrc", "_auth=${NPM_AUTH}\n"),
        ("config/master.key", "put the key here\n"),
        ("ipsec.secrets", ": RSA server.key.pem\n: PSK \"changeme\"\n"),
        ("a.tfstate", "{\"password\": null, \"token\": \"changeme\"}\n"),
        ("hosts", "h1 ansible_password=\"{{ vault_password }}\"\n"),
        ("run.sh", "PGPASSWORD=\"$DB_PASSWORD\" psql\nredis-cli -a $REDIS ping\n"),
    ] {
        repo.write(path, content);
    }
    repo.git(["add", "--force", "."]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).success();
    repo.assert_commits(1);
}

/// A key store of Java with entries of these kinds (1: a key, 2: a certificate); `name` decides what they hold.
fn key_store(name: &str, kinds: &[u8]) -> Vec<u8> {
    let mut store = vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, u8::try_from(kinds.len()).unwrap()];
    for kind in kinds {
        store.extend([0, 0, 0, *kind]);
        store.extend(b"\0\x05alias\0\0\x01\x8c\0\0\0\0\0\x05X.509\0\0\0\x40");
        // Built like a certificate, as far as anyone looks.
        store.extend(b"\x30\x3e\x30\0\x30\0\x03\x38");
        store.extend(letters(name, 56).as_bytes());
    }
    [store, letters("digest", 20).into_bytes()].concat()
}

#[test]
fn a_key_store_blocks_until_this_very_file_is_allowed() {
    let repo = Sandbox::with_hook();
    repo.write("app.jks", key_store("one", &[2, 1]));
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).code(1).stdout("").stderr(str![[r#"
keyguard: commit blocked: key store of Java (medium confidence) in app.jks:1:1
  |
1 | (the whole file)
  | ^
  key   proves the identities that its keys stand for, once the store's password
        is found
  why   rule java-keystore, medium confidence
  1.    Move it out. Keep it in a place outside the repository.
        Or: keyguard fix kg1:[..] --apply
  2.    Not a key? Say so, and commit again:
        keyguard allow kg1:[..] --reason "..."
  3.    Real and already out? Deleting the line is not enough. Revoke it:
        Make new key pairs, replace the certificates everywhere, revoke the old
        ones
  more  keyguard explain java-keystore

Nothing was committed.

"#]]);
    let report = repo.keyguard(["scan", "--staged", "--format", "json"]).text();
    let report: Value = serde_json::from_str(&report).unwrap();
    let finding = &report["findings"][0];
    assert_eq!((finding["line"].as_u64(), finding["offset"].as_u64()), (Some(1), None));
    assert!(finding["secret"].is_null());
    let fingerprint = finding["fingerprint"].as_str().unwrap();
    repo.keyguard(["allow", fingerprint, "--reason", "of the demo"]).success();
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "--message", "allowed"]).success();
    // The same file under another name is no news, another content is.
    repo.git(["mv", "app.jks", "demo.jks"]).success();
    repo.git(["commit", "--quiet", "--message", "moved"]).success();
    repo.write("demo.jks", key_store("two", &[2, 1]));
    repo.git(["commit", "--quiet", "--all", "--message", "another"])
        .code(1)
        .says("key store of Java (medium confidence) in demo.jks:1:1");
    repo.assert_commits(2);
}

#[test]
fn files_that_are_no_secret_as_a_whole_are_silent() {
    let repo = Sandbox::with_hook();
    let age = format!("age-encryption.org/v1\n-> X25519 {}\n", letters("age", 43));
    repo.write("cacerts", key_store("authorities", &[2, 2]))
        .write("empty.jks", key_store("empty", &[]))
        .write("library.dylib", [0xfe, 0xed, 0xfa, 0xce, 0, 0, 0, 2])
        .write("secret.age", [age.as_bytes(), &[0, 1, 2, 3]].concat())
        .write("notes.txt", "0 is the first byte of many files\n")
        .write("public.gpg", [0x98, 0x33, 4, 0x65, 0xa1, 0xb2, 0xc3, 22, 0, 1, 2, 3]);
    repo.git(["add", "."]).success();
    assert_eq!(staged(&repo), []);
    repo.git(["commit", "--quiet", "--message", "x"]).success();
}

#[test]
fn binary_files_that_are_keys_are_known_by_how_they_begin() {
    let random = letters("content", 100);
    let file = |begin: &[u8]| [begin, random.as_bytes()].concat();
    let sealed = b"\x30\x82\x0a\x21\x02\x01\x03\x30\x82\x09\xe7\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    let key_bag = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
    let encrypted = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
    let repo = Sandbox::with_hook();
    repo.write("repo.key", file(b"\0GITCRYPTKEY\0\0\0\x02"))
        .write("vault.kdbx", file(b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\0\0\x04\0"))
        .write("site.pfx", [&sealed[..], key_bag, random.as_bytes()].concat())
        .write("roots.p12", [&sealed[..], encrypted, random.as_bytes()].concat())
        .write("open.key", file(b"(11:private-key(3:rsa(1:n257:\0"))
        .write("locked.key", file(b"(21:protected-private-key(3:rsa(1:n257:\0"))
        .write(".vnc/passwd", [9, 8, 7, 6, 5, 4, 3, 2]);
    repo.git(["add", "--force", "."]).success();
    let found = staged(&repo);
    let found: Vec<_> = found.iter().map(|(path, rule, sure)| (path.as_str(), rule.as_str(), sure.as_str())).collect();
    assert_eq!(
        found,
        [
            (".vnc/passwd", "vnc-password-file", "high"),
            ("locked.key", "gnupg-protected-key", "low"),
            ("open.key", "gnupg-private-key", "high"),
            ("repo.key", "git-crypt-key", "high"),
            ("roots.p12", "pkcs12-keystore", "low"),
            ("site.pfx", "pkcs12-keystore", "medium"),
            ("vault.kdbx", "keepass-database", "low"),
        ]
    );
    repo.git(["commit", "--quiet", "--message", "x"]).code(1);
    // Who skips binary files skips these too, and is told so.
    repo.write("keyguard.toml", "[scan]\nbinary = \"skip\"\n");
    repo.keyguard(["scan", "repo.key", "-v"]).success().says("skipped: repo.key (binary)");
}

/// One element of ASN.1 with a short content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [&head, content].concat()
}

#[test]
fn private_keys_in_bare_bytes_are_known_whatever_their_files_are_called() {
    let number = |name: &str, count: usize| element(2, letters(name, count).as_bytes());
    let version = |number: u8| element(2, &[number]);
    let numbers: Vec<_> = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(|name| number(name, 12)).concat();
    let seed = element(4, letters("seed", 32).as_bytes());
    let algorithm = element(0x30, &element(6, b"\x2b\x65\x70"));
    let rsa = element(0x30, &[version(0), numbers].concat());
    let pkcs8 = element(0x30, &[version(0), algorithm.clone(), element(4, &seed)].concat());
    let sec1 = element(0x30, &[version(1), seed.clone()].concat());
    let locked = {
        let scheme = element(0x30, &element(6, b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"));
        element(0x30, &[scheme, element(4, letters("locked", 64).as_bytes())].concat())
    };
    let public = element(0x30, &[algorithm.clone(), element(3, letters("public", 33).as_bytes())].concat());
    let certificate = element(0x30, &[element(0x30, &[]), algorithm, element(3, b"\0signed")].concat());
    let repo = Sandbox::with_hook();
    repo.write("server.der", rsa)
        .write("id.key", &pkcs8)
        .write("app/blob", sec1)
        .write("more.bin", [&pkcs8[..], b"\nand more"].concat())
        .write("locked.p8", locked)
        .write("public.der", public)
        .write("server.crt", certificate)
        .write("cut.der", &pkcs8[..pkcs8.len() - 1]);
    repo.git(["add", "--force", "."]).success();
    let found = staged(&repo);
    let found: Vec<_> = found.iter().map(|(path, rule, sure)| (path.as_str(), rule.as_str(), sure.as_str())).collect();
    let rule = "private-key-der";
    assert_eq!(
        found,
        [
            ("app/blob", rule, "high"),
            ("id.key", rule, "high"),
            ("locked.p8", rule, "low"),
            ("more.bin", rule, "high"),
            ("server.der", rule, "high"),
        ]
    );
    repo.git(["commit", "--quiet", "--message", "x"]).code(1);
}

#[test]
fn key_stores_are_known_in_base64_too() {
    use base64::Engine as _;
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let keys = base64(&key_store("one", &[1, 2]));
    let wrapped: Vec<_> = keys.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    let lying = {
        let mut store = key_store("one", &[2, 1]);
        store[11] = 1;
        base64(&store)
    };
    let sealed =
        b"\x30\x82\x0a\x21\x02\x01\x03\x30\x82\x09\xe7\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x82\x09\xd8";
    let bag = |kind: u8| [b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01", &[kind][..]].concat();
    let container = |kind: u8| base64(&[&sealed[..], &bag(kind), letters("p12", 90).as_bytes()].concat());
    let (java, other, medium) = ("java-keystore-base64", "pkcs12-keystore-base64", "medium");
    check(&[
        ("secret.yaml", format!("data:\n  keystore.jks: {keys}\n"), java, medium),
        ("block.yaml", format!("data:\n  keystore.jks: |\n    {}\n", wrapped.join("\n    ")), java, medium),
        ("lying.yaml", format!("data:\n  keystore.jks: {lying}\n"), java, medium),
        ("ci.env", format!("CERTIFICATE={}\n", container(2)), other, medium),
        ("open.env", format!("CERTIFICATE={}\n", container(1)), other, "high"),
    ]);
    let repo = Sandbox::without_repository();
    repo.write("a.yaml", format!("truststore.jks: {}\n", base64(&key_store("two", &[2, 2]))));
    repo.write("b.yaml", format!("truststore.p12: {}\n", container(3)));
    repo.keyguard(["scan", ".", "--min-confidence", "low"]).success().stdout("");
}

#[test]
fn a_rule_of_ones_own_can_be_for_whole_files() {
    let rule = "[[rule]]\nid = \"acme-store\"\ntitle = \"store of Acme\"\nfinds = \"whole-file\"\n";
    let repo = Sandbox::with_hook();
    repo.write(
        "keyguard.toml",
        format!("{rule}regex = '\\AACME\\x00[\\x01\\x02]'\nmatches = [\"ACME<bytes:0001>\"]\n"),
    );
    repo.keyguard(["config", "check"]).success();
    repo.keyguard(["rules", "test", "keyguard.toml"]).success().says("1 examples tried, 0 wrong");
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).success();
    repo.write("a.store", b"ACME\0\x01content").write("b.store", b"see ACME\0\x01content");
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).code(1).says("store of Acme (medium confidence) in a.store:1:1");
    assert_eq!(staged(&repo).len(), 1);
    // An entry that looks into the value finds none there, not even the kind.
    let entry = "[[allow]]\nregex = 'acme-store'\nreason = \"all of them\"\n";
    fs::write(repo.root().join("other.toml"), format!("{rule}regex = '\\AACME\\x00'\n{entry}")).unwrap();
    repo.keyguard(["scan", "-c", "other.toml", "a.store"])
        .code(1)
        .says("store of Acme (medium confidence) in a.store:1:1");
    for (key, line) in [("regex", "regex = 'ACME'\n"), ("keywords", "regex = '\\AACME'\nkeywords = [\"ACME\"]\n")] {
        fs::write(repo.root().join("keyguard.toml"), format!("{rule}{line}")).unwrap();
        repo.keyguard(["config", "check"]).code(2).says(&format!("`{key}`"));
    }
}
