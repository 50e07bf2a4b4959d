//! How sure a finding is where a value has no format of its own: what its name, its provider and its file make of it.

use serde_json::Value;

use crate::sandbox::{Sandbox, fake};

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const HEX: &str = "0123456789abcdef";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What is found in a file called `path`: rules with their confidence.
fn graded(path: &str, content: &str) -> Vec<(String, String)> {
    let repo = Sandbox::without_repository();
    repo.write(path, content);
    let report = repo.keyguard(["scan", ".", "--format", "json", "--min-confidence", "low"]).text();
    let report: Value = serde_json::from_str(&report).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| (text(finding, "rule"), text(finding, "confidence"))).collect()
}

#[track_caller]
fn check(path: &str, content: &str, expected: &[(&str, &str)]) {
    let found = graded(path, content);
    let found: Vec<_> = found.iter().map(|(rule, confidence)| (&rule[..], &confidence[..])).collect();
    assert_eq!(found, expected, "{path}: {content}");
}

fn alnum(count: usize) -> String {
    fake::letters("grading", ALNUM, count)
}

fn hex(count: usize) -> String {
    fake::letters("grading", HEX, count)
}

#[test]
fn a_near_miss_of_a_providers_form_is_low() {
    // Amplitude's keys are 32 hex digits, Stripe's begin with `sk_`.
    check("a.py", &format!("amplitude_api_key = '{}'\n", hex(31)), &[("generic-api-key", "low")]);
    // What a user makes for a provider's webhook is another thing than a key of the provider's.
    check("a.py", &format!("STRIPE_WEBHOOK_SECRET = '{}'\n", alnum(24)), &[("generic-api-key", "medium")]);
    check("a.py", &format!("CHECKOUT_API_KEY = '{}'\n", alnum(24)), &[("generic-api-key", "medium")]);
    check("a.py", &format!("STRIPE_API_KEY = '{}'\n", alnum(24)), &[("generic-api-key", "low")]);
    // A beginning that only GitLab's tokens have, and too little behind it.
    check("a.py", &format!("MY_TOKEN = 'glpat-{}'\n", alnum(14)), &[("generic-api-key", "low")]);
    // Nobody knows the forms of a provider that has no rule, and a password has none.
    check("a.py", &format!("nobodys_api_key = '{}'\n", hex(31)), &[("generic-api-key", "medium")]);
    check("a.py", &format!("amplitude_password = '{}'\n", alnum(31)), &[("generic-password", "medium")]);
}

#[test]
fn a_name_that_is_a_kinds_is_held_against_its_form() {
    // Amplitude's secret keys are 32 hex digits.
    check("a.env", &format!("AMPLITUDE_SECRET_KEY={}\n", hex(31)), &[("generic-api-key", "low")]);
    check("a.env", &format!("AMPLITUDE_WEBHOOK_SECRET_KEY={}\n", hex(31)), &[("generic-api-key", "medium")]);
    // An older key of a kind that has a beginning today may lack it.
    check("a.env", &format!("GITHUB_OAUTH_TOKEN={}\n", alnum(44)), &[("generic-api-key", "medium")]);
}

#[test]
fn a_beginning_counts_by_the_length_behind_it() {
    // Pulumi's tokens are `pul-` and 40 hex digits: as long in another alphabet, they may be of a later kind.
    let letters = fake::letters("grading", "ghijklmnopqrstuvwxyz", 40);
    check("a.py", &format!("MY_TOKEN = 'pul-{letters}'\n"), &[("generic-api-key", "medium")]);
    check("a.py", &format!("MY_TOKEN = 'pul-{letters}k'\n"), &[("generic-api-key", "low")]);
}

#[test]
fn what_no_encoder_puts_out_is_low() {
    let mixed = fake::letters("mixed", "0123456789abcdefABCDEF", 64);
    check("a.py", &format!("acme_token = '{mixed}'\n"), &[("generic-api-key", "low")]);
    check("a.py", &format!("acme_token = '{}'\n", hex(64).to_ascii_uppercase()), &[("generic-api-key", "medium")]);
    check("a.py", &format!("acme_password = '{mixed}'\n"), &[("generic-password", "medium")]);
    let uuid = format!("{}-4e1c-4b7d-9a3f-{}", hex(8), hex(12));
    check("a.py", &format!("acme_token = 'k_{uuid}'\n"), &[("generic-api-key", "medium")]);
    check("a.py", &format!("acme_token = 'k_{}'\n", &uuid[..35]), &[("generic-api-key", "low")]);
}

#[test]
fn the_key_that_a_host_called_api_is_sent_counts() {
    let key = hex(32);
    let line = |host: &str| format!("url = 'https://{host}/v1/user?key={key}'\n");
    check("a.py", &line("api.acme.net"), &[("generic-key", "medium")]);
    check("a.py", &line("files.acme.net"), &[("generic-key", "low")]);
    check("a.py", &line("api.example.com"), &[("generic-key", "low")]);
}

#[test]
fn an_id_counts_where_its_name_or_the_lines_around_say_whose_key_it_is() {
    // Braintree's private keys are 32 hex digits, Meraki's keys 40.
    check("a.go", &format!("braintreeKey := \"{}\"\n", hex(32)), &[("generic-key", "medium")]);
    check("a.go", &format!("braintreeKey := \"{}\"\n", hex(40)), &[("generic-key", "low")]);
    let table = |name: &str, count: usize| format!("The API of {name}\n\n| apiKey | {} |\n", hex(count));
    check("a.md", &table("Meraki", 40), &[("generic-api-key", "medium")]);
    check("a.md", &table("Meraki", 32), &[("generic-api-key", "low")]);
    check("a.md", &table("Acme", 40), &[("generic-api-key", "low")]);
}

#[test]
fn a_users_name_with_another_ending_is_no_password() {
    check("a.txt", "http://proxyuser:proxypass@proxy.acme.net:3128\n", &[("url-credentials", "low")]);
    let other = format!("http://proxyuser:{}pass@proxy.acme.net:3128\n", alnum(12));
    check("a.txt", &other, &[("url-credentials", "medium")]);
}

#[test]
fn a_token_that_opens_as_a_web_token_and_is_none_counts() {
    let token = format!("eyJhbGciOiJkaXIifQ.{}.{}", alnum(40), alnum(40));
    check("a.py", &format!("session_token = '{token}'\n"), &[("generic-api-key", "medium")]);
}

#[test]
fn a_bare_key_counts_where_its_provider_is_spoken_of() {
    // AudD's keys are 32 letters and digits.
    let key = alnum(32);
    check("a.js", &format!("const key = '{key}'\n"), &[("generic-key", "low")]);
    let near = format!("fetch('https://api.audd.io/')\n\nconst key = '{key}'\n");
    check("a.js", &near, &[("generic-key", "medium")]);
    let far = format!("fetch('https://api.audd.io/')\n{}const key = '{key}'\n", "x()\n".repeat(20));
    check("a.js", &far, &[("generic-key", "low")]);
    // Aylien's keys are 32 small hex digits: capitals they have never, other small letters perhaps one day.
    let near = |key: &str| format!("fetch('https://api.aylien.com/')\nconst key = '{key}'\n");
    check("a.js", &near(&alnum(32)), &[("generic-key", "low")]);
    check("a.js", &near(&format!("{}{}", hex(16), &fake::letters("grading", LOWER, 16))), &[("generic-key", "medium")]);
    let longer = format!("fetch('https://api.audd.io/')\nconst key = '{key}ab'\n");
    check("a.js", &longer, &[("generic-key", "low")]);
}

#[test]
fn a_token_is_made_of_what_can_stand_in_a_header() {
    let value = alnum(40);
    let (one, other) = value.split_at(20);
    check("a.py", &format!("acme_token = '{one}?{other}'\n"), &[]);
    check("a.py", &format!("acme_token = '={value}'\n"), &[]);
    check("a.py", &format!("acme_token = '{one}+{other}=='\n"), &[("generic-api-key", "medium")]);
    // A password and a secret may be anything.
    check("a.py", &format!("acme_password = '{one}?{other}'\n"), &[("generic-password", "medium")]);
}

#[test]
fn short_values_and_ids_count_under_names_that_say_key() {
    check("a.py", "db_password = 'k7Rw2pQx9z'\n", &[("generic-password", "medium")]);
    check("a.md", "![badge](https://acme.dev/badge.svg?token=k7Rw2pQx9z)\n", &[("generic-api-key", "low")]);
    check("a.ini", &format!("lunch_secret_key = {}\n", hex(40)), &[("generic-api-key", "medium")]);
    check("a.ini", &format!("lunch_key = {}\n", hex(40)), &[("generic-key", "low")]);
    check("a.ini", &format!("cache_key = {}\n", hex(40)), &[]);
    check("a.ini", "acme_key = 123e4567-e89b-12d3-a456-426614174000\n", &[("generic-key", "low")]);
    check("tests/a.py", &format!("acme_token = '{}'\n", alnum(32)), &[("generic-api-key", "low")]);
}

#[test]
fn where_somebody_keeps_the_folder_makes_no_key_less_sure() {
    let line = format!("acme_token = '{}'\n", alnum(32));
    let repo = Sandbox::without_repository();
    repo.write("test/demo/app/a.py", &line).write("test/demo/app/tests/b.py", &line);
    let inside = repo.root().join("test/demo/app");
    let absolute = inside.to_str().unwrap();
    for (folder, asked) in
        [(".", absolute), (".", "test/demo/app"), ("test/demo/app", "."), ("test", "../test/demo/app")]
    {
        let scan = repo.run("keyguard").current_dir(folder).args(["scan", asked]).output();
        scan.code(1).says("a.py:1:").says("1 secret in 2 files");
    }
    repo.keyguard(["scan", "test/demo/app/tests/b.py"]).code(1);
    // In a work tree the path from its root tells, from wherever and however a file is named.
    let repo = Sandbox::new();
    repo.write("tests/a.py", &line);
    let absolute = repo.root().join("tests/a.py");
    for asked in ["tests/a.py", "tests", absolute.to_str().unwrap()] {
        repo.keyguard(["scan", asked]).success();
    }
}

#[test]
fn a_line_of_yaml_and_a_header_give_a_value_as_plainly_as_quotes() {
    let rule = [("generic-api-key", "medium")];
    check("a.yml", &format!("  token: {}\n", hex(40)), &rule);
    check("a.yml", "  password: k7Rw2pQx9z # local\n", &[("generic-password", "medium")]);
    check("a.sh", &format!("curl -H 'X-Api-Key: {}' acme.net\n", hex(32)), &rule);
    check("a.yml", &format!("- name: DB_TOKEN\n  value: {}\n", hex(40)), &rule);
    check("a.json", &format!("{{\"name\": \"API_KEY\", \"value\": \"{}\"}}\n", alnum(32)), &rule);
    check("a.md", "the password: k7Rw2pQx9z of the sample\n", &[]);
}

#[test]
fn a_call_says_which_of_its_arguments_is_the_secret() {
    let password = [("generic-password", "medium")];
    check("a.py", &format!("requests.get(url, auth=('deploy', '{}'))\n", alnum(16)), &password);
    check("a.cs", &format!("new NetworkCredential(user, \"{}\", \"corp\")\n", alnum(16)), &password);
    check("a.rs", &format!("get(url).basic_auth(\"deploy\", Some(\"{}\"))\n", alnum(16)), &password);
    let dsn = "mysql:host=db;dbname=shop";
    check("a.php", &format!("$db = new PDO(\"{dsn}\", 'shop', '{}');\n", alnum(16)), &password);
    let key = [("generic-encryption-key", "medium")];
    check("a.js", &format!("jwt.verify(token, '{}', (error, claims) => {{}})\n", alnum(24)), &key);
    check("a.go", &format!("mac := hmac.New(sha256.New, []byte(\"{}\"))\n", alnum(32)), &key);
    check("a.cs", &format!("new SymmetricSecurityKey(Encoding.UTF8.GetBytes(\"{}\"))\n", alnum(32)), &key);
    // Another argument, a word and what is looked up are none; and in a test it may be made up.
    check("a.js", &format!("jwt.verify('{}', key)\n", alnum(24)), &[]);
    check("a.js", "jwt.sign(claims, 'keyboard-cat')\n", &[]);
    check("a.py", "HTTPBasicAuth('deploy', os.environ['DEPLOY_LOGIN_x7Gq2'])\n", &[]);
    check("tests/a.py", &format!("auth=('deploy', '{}')\n", alnum(16)), &[("generic-password", "low")]);
}

#[test]
fn credentials_behind_their_scheme_need_no_name() {
    let header = [("http-authorization-header", "medium")];
    check("a.go", &format!("login := \"Bearer {}\"\n", alnum(40)), &header);
    check("a.py", &format!("auth_header = 'Basic {}'\n", alnum(32)), &header);
    check("a.js", &format!("const header = `token {}`\n", alnum(40)), &[("generic-api-key", "medium")]);
    check("a.sh", &format!("curl -H 'Authorization: Splunk {}' acme.net\n", alnum(32)), &header);
    for silent in ["'Bearer token'", "`Bearer ${token}`", "'Bearer ' + token", "'Basic authentication-service'"] {
        check("a.js", &format!("const header = {silent}\n"), &[]);
    }
}

#[test]
fn what_a_look_up_falls_back_on_counts() {
    let key = [("generic-api-key", "medium")];
    check("a.js", &format!("const secret = process.env.JWT_SECRET || '{}'\n", alnum(32)), &key);
    check("a.py", &format!("API_KEY = os.environ.get('API_KEY') or '{}'\n", alnum(32)), &key);
    check("a.py", &format!("KEY = config('SECRET_KEY', default='{}')\n", alnum(32)), &key);
    check("a.js", "const secret = process.env.JWT_SECRET || 'development-secret'\n", &[]);
}

#[test]
fn sql_gives_passwords_in_words() {
    let password = [("generic-password", "medium")];
    for statement in [
        "CREATE USER 'app'@'%' IDENTIFIED BY '{}';",
        "ALTER USER app IDENTIFIED WITH mysql_native_password BY '{}';",
        "SET PASSWORD FOR 'app'@'%' = '{}';",
        "ALTER ROLE app WITH ENCRYPTED PASSWORD '{}';",
        "CREATE LOGIN app WITH PASSWORD = N'{}';",
    ] {
        check("a.sql", &format!("{}\n", statement.replace("{}", &alnum(16))), &password);
        for silent in ["new-password", "${DB_PASSWORD}", "%s"] {
            check("a.sql", &format!("{}\n", statement.replace("{}", silent)), &[]);
        }
    }
}

#[test]
fn a_value_counts_some_lines_below_its_name() {
    let password = [("generic-password", "medium")];
    let terraform =
        |default: &str| format!("variable \"db_password\" {{\n  type    = string\n  default = \"{default}\"\n}}\n");
    check("a.tf", &terraform(&alnum(16)), &password);
    let template =
        |default: &str| format!("  DbPassword:\n    Type: String\n    NoEcho: true\n    Default: {default}\n");
    check("a.yml", &template(&alnum(16)), &password);
    check(
        "a.json",
        &format!("{{\"DbPassword\": {{\"Type\": \"String\", \"Default\": \"{}\"}}}}\n", alnum(16)),
        &password,
    );
    for silent in ["changeme", "", "${PASSWORD}", "db-password-parameter"] {
        check("a.tf", &terraform(silent), &[]);
        check("a.yml", &template(silent), &[]);
    }
    let other = format!("variable \"db_password\" {{}}\nvariable \"image\" {{\n  default = \"{}\"\n}}\n", alnum(16));
    check("a.tf", &other, &[]);
}

#[test]
fn a_bare_key_counts_in_what_owns_secrets() {
    let key = alnum(32);
    let rule = [("generic-key", "medium")];
    check(
        "appsettings.json",
        &format!("{{\n  \"Jwt\": {{\n    \"Issuer\": \"acme\",\n    \"Key\": \"{key}\"\n  }}\n}}\n"),
        &rule,
    );
    check("a.yml", &format!("jwt:\n  issuer: acme\n  key: {key}\n"), &rule);
    check("a.ini", &format!("[auth]\nissuer = acme\nkey = \"{key}\"\n"), &rule);
    for other in ["secretKeyRef", "cache", "author", "public_jwt"] {
        check("a.yml", &format!("{other}:\n  issuer: acme\n  key: {key}\n"), &[("generic-key", "low")]);
    }
}

#[test]
fn passwords_on_command_lines_count() {
    let option = [("client-password-option", "medium")];
    let key = alnum(32);
    check("a.sh", &format!("curl -u \"{key}:\" https://api.acme.net/v1\n"), &[("curl-user-key", "medium")]);
    check("a.sh", &format!("curl -sSfu ci:{} https://api.acme.net\n", alnum(16)), &[("curl-user-password", "medium")]);
    check("a.sh", &format!("docker login -u ci -p {} acme.net\n", alnum(16)), &option);
    check("a.sh", &format!("openssl enc -d -aes-256-cbc -pass pass:{} -in a\n", alnum(16)), &option);
    check("a.sh", &format!("mysql -p{} shop\n", alnum(16)), &[("mysql-cli-password", "medium")]);
    check("a.sh", &format!("echo '{}' | sudo -S true\n", alnum(16)), &[("piped-password", "medium")]);
    for silent in [
        "curl -u \"$API_KEY:\" https://api.acme.net",
        "curl -u service-account-of-the-team: https://api.acme.net",
        "docker login -u ci --password-stdin acme.net",
        "openssl rsa -passin env:KEY_PASSPHRASE -in a",
        "mysql -p3306 shop",
        "echo \"$PASSWORD\" | sudo -S true",
    ] {
        check("a.sh", &format!("{silent}\n"), &[]);
    }
}

#[test]
fn what_a_password_is_for_makes_it_no_less_one() {
    for name in ["EMAIL_HOST_PASSWORD", "REDIS_CACHE_PASSWORD", "PRIMARY_DB_PASSWORD", "SITE_PASSWORD"] {
        check("a.py", &format!("{name} = '{}'\n", alnum(20)), &[("generic-password", "medium")]);
    }
    for name in ["NEXT_AUTH_SECRET", "SITE_API_KEY", "SYNC_SECRET"] {
        check("a.py", &format!("{name} = '{}'\n", alnum(32)), &[("generic-api-key", "medium")]);
    }
    for name in ["next_page_token", "csrf_token", "public_key", "NEXT_PUBLIC_API_KEY", "signing_key"] {
        let value = if name == "signing_key" { hex(40) } else { alnum(32) };
        check("a.py", &format!("{name} = '{value}'\n"), &[]);
    }
}

#[test]
fn a_value_beside_a_providers_name_needs_a_word_for_a_key() {
    let revision = hex(40);
    check(
        "a.yml",
        &format!("image: registry.acme.io/crm/pipedrive-sync:{revision}\n"),
        &[("pipedrive-api-token", "low")],
    );
    check("a.yml", &format!("pipedrive_token: {revision}\n"), &[("pipedrive-api-token", "medium")]);
}

#[test]
fn a_password_of_words_counts_in_the_file_that_programs_read() {
    let words = "REACT_APP_AUTH_PASS=whiteelephant\n";
    check(".env", words, &[("generic-password", "medium")]);
    check("app/.env.production", words, &[("generic-password", "medium")]);
    check(".env.example", words, &[]);
    check("config.ini", words, &[]);
    for silent in ["PASSWORD=changeme\n", "PASSWORD=\n", "PASSWORD=${OTHER}\n", "PASSWORD=false\n", "USER=elephant\n"] {
        check(".env", silent, &[]);
    }
}

#[test]
fn base64_is_read_before_it_is_called_a_secret() {
    use base64::Engine as _;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    check("a.yml", &format!("token: '{}'\n", base64("please-changeme-before-use")), &[]);
    let manifest = |value: &str| format!("kind: Secret\ndata:\n  cookie: {value}\n");
    let rule = "kubernetes-secret-manifest";
    check("a.yml", &manifest(&base64(&alnum(12))), &[(rule, "medium")]);
    check("a.yml", &manifest(&base64("admin:password")), &[(rule, "low")]);
    check("a.yml", &manifest(&base64("xxxxxxxxxxxx")), &[]);
    // Whichever entry it is; settings beside it are none.
    let two = format!("{}  host: {}\n", manifest(&base64("eu-west-1")), base64(&alnum(12)));
    check("a.yml", &two, &[(rule, "medium")]);
    check("a.yml", &manifest(&base64("db.acme.io")), &[]);
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", alnum(64));
    check("a.yml", &manifest(&base64(&certificate)), &[]);
    check("a.yml", &manifest(&base64(&alnum(12))).replace("Secret", "ConfigMap"), &[]);
}

#[test]
fn secrets_of_kubernetes_are_found_in_lists_and_as_plain_text() {
    use base64::Engine as _;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let rule = "kubernetes-secret-manifest";
    let item = |value: &str, kind: &str| {
        format!("- apiVersion: v1\n  data:\n    cookie: {value}\n  kind: {kind}\n  metadata:\n    name: {kind}\n")
    };
    let list = |items: &[String]| format!("apiVersion: v1\nitems:\n{}kind: List\n", items.concat());
    let (one, two) = (base64(&alnum(12)), base64(&alnum(16)));
    check("a.yml", &list(&[item(&one, "Secret")]), &[(rule, "medium")]);
    check("a.yml", &list(&[item(&one, "Secret"), item(&two, "Secret")]), &[(rule, "medium"), (rule, "medium")]);
    check("a.yml", &list(&[item(&base64("db.acme.io"), "Secret"), item(&two, "Secret")]), &[(rule, "medium")]);
    check("a.yml", &list(&[item(&one, "ConfigMap")]), &[]);
    let plain = |value: &str| format!("kind: Secret\ntype: Opaque\nstringData:\n  a: {value}\n");
    check("a.yml", &plain(&alnum(16)), &[(rule, "medium")]);
    check("a.yml", &plain("\"{{ .Values.a }}\""), &[]);
    check("a.yml", &plain("db.acme.io"), &[]);
    check("a.yml", &plain(&alnum(16)).replace("Secret", "Settings"), &[]);
    let encrypted = "ENC[AES256_GCM,data:Ab0dEf9h,iv:Ab0dEf9hAb0dEf9h,tag:Ab0dEf9hAb0dEf9h,type:str]";
    check("a.yml", &plain(encrypted), &[]);
    check("a.yml", &plain(encrypted).replace("stringData", "data"), &[]);
}

#[test]
fn what_somebody_careless_made_up_is_low_and_what_says_so_is_silent() {
    let token = |body: &str| format!("a = 'vtwn_{body}'\n");
    check("a.py", &token("aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeF"), &[("valtown-token", "low")]);
    check("a.py", &token(&"x".repeat(32)), &[]);
    check("a.py", "postgres://app:hunter2@db.internal/app\n", &[("postgres-url", "low")]);
    check("a.py", "postgres://app:your_password@db.internal/app\n", &[]);
}

#[test]
fn an_azure_signature_that_has_expired_is_low() {
    let link = |expiry: &str| {
        let signature = alnum(43);
        format!(
            "https://acme.blob.core.windows.net/a?sv=2022-11-02&sp=r&se={expiry}T00%3A00%3A00Z&sig={signature}%3D\n"
        )
    };
    check("a.txt", &link("2020-01-01"), &[("azure-sas-token", "low")]);
    check("a.txt", &link("2999-01-01"), &[("azure-sas-token", "high")]);
}

#[test]
fn a_private_key_needs_no_lines_around_it() {
    use base64::Engine as _;
    let number = |count: usize| {
        let digits = fake::letters("number", LOWER, count);
        [&[2, u8::try_from(count).unwrap()][..], digits.as_bytes()].concat()
    };
    // An RSA key of 512 bits: a sequence of nine numbers.
    let mut numbers = vec![vec![2, 1, 0], number(65), vec![2, 3, 1, 0, 1]];
    numbers.extend([64, 33, 33, 33, 33, 33].map(number));
    let content = numbers.concat();
    let key = [&[0x30, 0x82][..], &u16::try_from(content.len()).unwrap().to_be_bytes(), &content].concat();
    let text = base64::engine::general_purpose::STANDARD.encode(key);
    check("a.xml", &format!("<data>{text}</data>\n"), &[("private-key-base64-der", "high")]);
    let wrapped: Vec<&str> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    check("a.xml", &format!("<data>\n  {}\n</data>\n", wrapped.join("\n  ")), &[("private-key-base64-der", "high")]);
    check("a.xml", &format!("<data>{}</data>\n", &text[..text.len() - 40]), &[]);
}
