use super::*;
use crate::rules::example;

/// A proof, a template of values that it accepts, and one of values of the same shape that it must not accept. Where
/// the first two columns say nothing of chance, the proof only doubts.
const PROOFS: &[(Validator, &str, &str)] = &[
    (Validator::Crc32Base62, "ghp_<crc32-base62:36>", "ghp_<alnum:36>"),
    (Validator::Crc32Base62, "ghr_<crc32-base62:76>", "ghr_<alnum:76>"),
    (Validator::Crc32Base62, "npm_<crc32-base62:36>", "npm_<alnum:36>"),
    (Validator::Polar, "polar_oat_<crc32-base62:43>", "polar_oat_<alnum:43>"),
    (Validator::Deno, "<deno:ddo_>", "ddo_<alnum:36>"),
    (Validator::Deno, "<deno:jsrw_>", "jsrw_<alnum:35>"),
    (Validator::Vercel, "<vercel:vcp_>", "vcp_<base64url:50><alnum:6>"),
    (Validator::Apify, "<apify:apify_api_>", "apify_api_<alnum:36>"),
    (Validator::Dynamic, "<dynamic:dyn_>", "dyn_<alnum:36>"),
    (Validator::Matrix, "<matrix:syt_YWxpY2U_>", "syt_YWxpY2U_<upper:20>_<alnum:6>"),
    (Validator::Atlassian, "<atlassian:ATATT3>", "ATATT3<base64url:177>=<HEX:8>"),
    (Validator::Grafana, "<grafana:glsa_>", "glsa_<alnum:32>_<hex:8>"),
    (Validator::Zuplo, "<zuplo:zpka_>", "zpka_<lowernum:32>_<hex:8>"),
    (Validator::Confluent, "<confluent:cflt>", "cflt<base64:60>"),
    (Validator::GitlabRoutable, "<gitlab-routable:glpat->", "glpat-<base64url:27>.0r<lowernum:7>"),
    (Validator::GitlabRoutable, "<gitlab-versioned:glrt-t1_>", "glrt-t1_<base64url:27>.01.0r<lowernum:7>"),
    (Validator::NatsSeed, "<nats-seed>", "SUA<base32:55>"),
    (Validator::AzureStorage, "<azure-storage>", "<base64:76>+ASt<base64:5>A=="),
    (Validator::AzureAnnotated, "<azure-annotated:AZDO>", "<alnum:52>JQQJ99BAACYeBjFXJ3w3AAAAAZDO<alnum:4>"),
    (Validator::AzureDevops, "<azure-devops>", "<lower:52>"),
    (Validator::AgeIdentity, "<BECH32:age-secret-key->", "AGE-SECRET-KEY-1<uppernum:58>"),
    (Validator::NostrKey, "<bech32:nsec>", "nsec1<lowernum:58>"),
    (Validator::BitcoinWif, "<wif>", "L4<alnum:50>"),
    (Validator::ExtendedKey, "<xprv>", "xprv9<alnum:106>"),
    (
        Validator::Mnemonic,
        "<bip39:12>",
        "<lower:5> <lower:4> <lower:6> <lower:7> <lower:3> <lower:5> <lower:8> <lower:4>",
    ),
    (
        Validator::Mnemonic,
        "<bip39:24>",
        "legal <lower:4> winner <lower:7> thank <lower:5> year <lower:4> wave <lower:5>",
    ),
    (
        Validator::Onepassword,
        r#"ops_<base64url-of:{"signInAddress":"acme.1password.com","userAuth":{"method":"SRPg-4096"},"k":"[hex:64]"}>"#,
        "ops_eyJzaWduSW5BZGRyZXNzIjoi<base64url:300>",
    ),
    (
        Validator::GrafanaCloud,
        r#"glc_<base64-of:{"o":"[digit:6]","n":"ci","k":"[alnum:24]","m":{"r":"eu"}}>"#,
        "glc_eyJvIjoi<base64:100>",
    ),
    (Validator::GrafanaLegacy, r#"<base64-of:{"k":"[alnum:32]","n":"ci","id":1}>"#, "eyJrIjoi<base64:80>"),
    (
        Validator::Sentry,
        r#"sntrys_<base64-of:{"iat":1700000000.5,"url":"","region_url":"https://us.sentry.io","org":"acme"}>_<base64:43>"#,
        "sntrys_eyJpYXQiO<base64:120>_<base64:43>",
    ),
    (
        Validator::Mapbox,
        r#"sk.<base64url-of:{"u":"acme","a":"[lowernum:25]"}>.<base64url:22>"#,
        "sk.eyJ1Ijoi<base64url:50>.<base64url:22>",
    ),
    (
        Validator::CloudflareTunnel,
        r#"<base64-of:{"a":"[hex:32]","t":"[hex:36]","s":"[base64:44]"}>"#,
        "eyJhIjoi<alnum:43>iLCJ0Ijoi<base64:90>",
    ),
    (Validator::Miro, r#"<base64url-of:{"miro.origin":"eu01"}>_<base64url:27>"#, "eyJtaXJv<alnum:24>_<base64url:27>"),
    (
        Validator::BedrockLong,
        "ABSK<base64-of:BedrockAPIKey-[lowernum:4]-at-[digit:12]:[base64:44]>",
        "ABSKQmVkcm9ja0FQSUtleS<base64:90>",
    ),
    (
        Validator::BedrockShort,
        "bedrock-api-key-<base64-of:bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Signature=[hex:64]>",
        "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t<base64:200>",
    ),
    (Validator::Artifactory, "<base64-of:reftkn:01:[digit:10]:[alnum:27]>", "cmVmdGtuOj<alnum:54>"),
    (Validator::Intercom, "<base64-of:tok:[hex:8]_[hex:4]_[hex:4]_[hex:20]>", "dG9rO<base64:53>=="),
    (Validator::Workos, "sk_live_<base64-of:key_[uppernum:26],[alnum:25]>", "sk_live_a2V5<base64:70>"),
    (Validator::Elasticsearch, "<base64-of:[alnum:20]:[alnum:22]>", "<base64:58>=="),
    (Validator::BasicAuth, "<base64-of:deploy:[alnum:24]>", "<base64:44>"),
    (Validator::BitbucketDataCenter, "BBDC-<base64-of:[digit:12]:[alnum:20]>", "BBDC-M<base64:43>"),
    (
        Validator::Discord,
        "<base64url-of:[digit:18]>.<base64url:6>.<base64url:38>",
        "M<base64url:23>.<base64url:6>.<base64url:38>",
    ),
    (Validator::Vault, "<vault:hvs.>", "hvs.<base64url:90>"),
    (Validator::Fly, "<fly:fm2_>", "fm2_<base64:156>"),
    (Validator::Pypi, "<pypi:pypi.org>", "pypi-AgEIcHlwaS5vcmc<base64url:160>"),
    (
        Validator::Pem,
        "<pem:RSA PRIVATE KEY>",
        "-----BEGIN RSA PRIVATE KEY-----\n<base64:64>\n<base64:64>\n-----END RSA PRIVATE KEY-----",
    ),
    (
        Validator::Pem,
        "<pem:OPENSSH PRIVATE KEY>",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA<base64:44>\n-----END OPENSSH PRIVATE KEY-----",
    ),
    (
        Validator::Pem,
        "<pem:PGP PRIVATE KEY BLOCK>",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBF<base64:58>\n=<base64:4>\n-----END PGP PRIVATE KEY BLOCK-----",
    ),
    (
        Validator::Putty,
        "<putty:none>",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 1\n<base64:64>\nPrivate-Lines: 1\n<base64:48>\nPrivate-MAC: <hex:64>",
    ),
];

fn example(template: &str, number: usize) -> Vec<u8> {
    example::expand(template, "validator", number).into_bytes()
}

fn whole(validator: Validator, secret: &[u8]) -> Verdict {
    check(validator, secret, &(0..secret.len()))
}

#[test]
fn proofs_accept_what_is_right() {
    for (validator, right, _) in PROOFS {
        for number in 0..20 {
            let value = example(right, number);
            let verdict = whole(*validator, &value);
            let shown = String::from_utf8_lossy(&value);
            assert!(matches!(verdict, Verdict::Valid(_)), "{validator:?}: {verdict:?} of {shown}");
        }
    }
}

#[test]
fn proofs_reject_what_only_looks_right() {
    for (validator, _, lookalike) in PROOFS {
        let accepted = (0..1000).filter(|n| matches!(whole(*validator, &example(lookalike, *n)), Verdict::Valid(_)));
        assert_eq!(accepted.count(), 0, "{validator:?}");
    }
}

#[test]
fn proofs_reject_what_is_cut_off() {
    for (validator, right, _) in PROOFS {
        let value = example(right, 0);
        // What is left of these may be whole in itself: a shorter secret, fewer words, a block without its END line.
        let lengths = match validator {
            Validator::BasicAuth => 0..8,
            Validator::Mnemonic => 0..33,
            Validator::Pem | Validator::Vault | Validator::Miro | Validator::Discord => 0..value.len() / 2,
            Validator::BedrockLong | Validator::BedrockShort | Validator::Fly => 0..40,
            _ => 0..value.len(),
        };
        for length in lengths {
            let verdict = whole(*validator, &value[..length]);
            let misses_nothing = value[length..].iter().all(|byte| b"=\n".contains(byte));
            assert!(misses_nothing || !matches!(verdict, Verdict::Valid(_)), "{validator:?} cut to {length} bytes");
        }
    }
}

#[test]
fn many_kinds_can_be_proven() {
    let mut kinds: Vec<_> = PROOFS.iter().map(|(validator, ..)| format!("{validator:?}")).collect();
    kinds.dedup();
    assert!(kinds.len() >= 20, "{}", kinds.len());
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
fn hosts_of_documentation_take_no_password() {
    for host in ["@example.com/", "@db.example.org:5432", "@x.test", "@192.0.2.7", "@EXAMPLE.NET'"] {
        assert!(matches!(url_password(host.as_bytes(), &(0..0)), Verdict::Harmless(_)), "{host}");
    }
    for host in ["@example.com.evil.net", "@myexample.com", "@db.internal/app", "@192.0.20.1", ""] {
        assert_eq!(url_password(host.as_bytes(), &(0..0)), Verdict::Open, "{host}");
    }
    // Those that only begin as one, and lists of which one is real.
    for host in ["@192.0.2.5.evil.net", "@203.0.113.x.io:5432", "@example.com,db.acme.io/app", "@example.com@acme.io"] {
        assert_eq!(url_password(host.as_bytes(), &(0..0)), Verdict::Open, "{host}");
    }
}

#[test]
fn a_users_name_with_another_ending_is_a_sample() {
    let judged = |login: &str| {
        let start = login.rfind(':').unwrap() + 1;
        url_password(format!("http://{login}@db.acme.io").as_bytes(), &(7 + start..7 + login.len()))
    };
    for login in ["proxyuser:proxypass", "dbUser:dbPassword", "shopusername:shoppwd"] {
        assert!(matches!(judged(login), Verdict::Harmless(_)), "{login}");
    }
    for login in ["proxyuser:proxypass7", "proxy:proxypass", "dbuser:shoppass", "dbuser:"] {
        assert_eq!(judged(login), Verdict::Open, "{login}");
    }
}

/// Values that their makers publish, joined here so that none stands in this file.
#[test]
fn published_checksums_are_right() {
    for (validator, parts) in [
        (Validator::Crc32Base62, ["ghp_zQWBuTSOoRi4A9spHcVY", "5ncnsDkxkJ0mLq17"]),
        (Validator::Dynamic, ["dyn_aGLjTe3TUN40vSE7", "5sTtgUx9AjIe0q4n3LFC"]),
        (Validator::Grafana, ["glsa_yscW25imSKJIuav8zF37RZmn", "biDvB05G_fcaaf58a"]),
    ] {
        assert_eq!(whole(validator, parts.concat().as_bytes()), CHECKSUM_VALID, "{validator:?}");
    }
}
