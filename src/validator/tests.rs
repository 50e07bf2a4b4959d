use super::*;
use crate::rules::example;

fn example(template: &str, number: usize) -> Vec<u8> {
    example::expand(template, "validator", number).into_bytes()
}

#[test]
fn checksums_of_github_and_npm() {
    for (number, prefix) in ["ghp_", "gho_", "npm_"].into_iter().enumerate() {
        let token = example(&format!("{prefix}<crc32-base62:36>"), number);
        assert_eq!(crc32_base62(&token), Verdict::Valid("checksum valid"));
        let mut wrong = token.clone();
        wrong[10] = if wrong[10] == b'a' { b'b' } else { b'a' };
        assert!(matches!(crc32_base62(&wrong), Verdict::Invalid(_)));
        assert!(matches!(crc32_base62(&token[..token.len() - 1]), Verdict::Invalid(_)));
    }
    assert_eq!(crc32_base62(b"ghp_ab"), Verdict::Open);
}

#[test]
fn random_tokens_do_not_pass_a_checksum() {
    let passed = (0..1000).filter(|n| crc32_base62(&example("ghp_<alnum:36>", *n)) == Verdict::Valid("checksum valid"));
    assert_eq!(passed.count(), 0);
}

#[test]
fn aws_key_ids_hold_an_account_number() {
    // The account number of the id in AWS's own article: 581039954779 (the id is joined here so that it is none).
    let known = ["ASIA", "Y34FZKBO", "KMUTVV7A"].concat();
    assert_eq!(aws_access_key_id(known.as_bytes()), Verdict::Open);
    let rejected = (0..1000).filter(|n| aws_access_key_id(&example("AKIAQ<base32:15>", *n)) != Verdict::Open).count();
    assert!(rejected < 200, "{rejected}");
    assert!(matches!(aws_access_key_id(b"AKIA77777777ZZZZZZZZ"), Verdict::Invalid(_)));
    assert_eq!(aws_access_key_id(b"AKIAIAAAAAAAAAAAAAAA"), Verdict::Open, "ids from before 2019 hold none");
    assert_eq!(aws_access_key_id(b"AKIA"), Verdict::Open);
}

#[test]
fn tokens_must_hold_json() {
    let token = example("<jwt>", 0);
    assert_eq!(jwt(&token), Verdict::Open);
    assert_eq!(jwt(b"eyJhbGciOiJIUzI1NiJ9"), Verdict::NotAKey);
    assert_eq!(jwt(b"eyJhbGciOiJIUzI1NiJ9.bm90IGpzb24.c2ln"), Verdict::NotAKey);
    assert_eq!(jwt(b""), Verdict::NotAKey);
    let unsigned = b"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.";
    assert_eq!(jwt(unsigned), Verdict::NotAKey);
}

#[test]
fn public_tokens_are_harmless() {
    let part = |json: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json);
    let token = |payload: &str| format!("{}.{}.c2lnbmF0dXJl", part("{\"alg\":\"HS256\"}"), part(payload));
    assert_eq!(jwt(token("{\"role\":\"anon\"}").as_bytes()), Verdict::Harmless("public by design"));
    assert_eq!(jwt(token("{\"role\":\"service_role\"}").as_bytes()), Verdict::Open);
    assert_eq!(jwt(token("{\"sub\":\"1234567890\",\"name\":\"John Doe\"}").as_bytes()), Verdict::NotAKey);
}

#[test]
fn hosts_of_documentation_take_no_password() {
    for host in ["@example.com/", "@db.example.org:5432", "@x.test", "@192.0.2.7", "@EXAMPLE.NET'"] {
        assert!(matches!(url_password(host.as_bytes()), Verdict::Harmless(_)), "{host}");
    }
    for host in ["@example.com.evil.net", "@myexample.com", "@db.internal/app", "@192.0.20.1", ""] {
        assert_eq!(url_password(host.as_bytes()), Verdict::Open, "{host}");
    }
}

#[test]
fn private_keys_decode() {
    for label in ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
        let block = example(&format!("<pem:{label}>"), 0);
        assert_eq!(pem(&block), Verdict::Valid("body decodes"), "{label}");
        let one_line = String::from_utf8(block.clone()).unwrap().replace('\n', "\\n");
        assert_eq!(pem(one_line.as_bytes()), Verdict::Valid("body decodes"), "{label} escaped");
        let cut = String::from_utf8(block)
            .unwrap()
            .lines()
            .enumerate()
            .filter(|(i, _)| *i != 2)
            .map(|(_, l)| format!("{l}\n"))
            .collect::<String>();
        let expected_cut = if label.starts_with("OPENSSH") {
            Verdict::Valid("body decodes")
        } else {
            Verdict::Invalid("its body is cut off or made up")
        };
        assert_eq!(pem(cut.as_bytes()), expected_cut, "{label} without its second line");
    }
    assert_eq!(pem(&example("<pem:ENCRYPTED PRIVATE KEY>", 0)), ENCRYPTED);
    let dashes = "-----";
    let legacy =
        format!("{dashes}BEGIN RSA PRIVATE KEY{dashes}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n");
    assert_eq!(pem(legacy.as_bytes()), ENCRYPTED);
    let dots = format!("{dashes}BEGIN PRIVATE KEY{dashes}\n...\n{dashes}END PRIVATE KEY{dashes}");
    assert_eq!(pem(dots.as_bytes()), Verdict::NotAKey);
}

#[test]
fn a_private_key_is_the_same_however_it_is_written() {
    let block = String::from_utf8(example("<pem:RSA PRIVATE KEY>", 3)).unwrap();
    let body = PemBlock::parse(block.as_bytes()).unwrap().body;
    for other in [
        block.replace('\n', "\r\n"),
        block.replace('\n', "\\n"),
        block.replace('\n', "\n    "),
        block.replace('\n', "\\n\" +\n  \""),
        block.replace('/', "\\/").replace('\n', "\\n"),
    ] {
        assert_eq!(PemBlock::parse(other.as_bytes()).unwrap().body, body, "{other}");
    }
}
