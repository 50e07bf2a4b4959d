//! Reads the argument of a call that is a secret by what the call does, whatever the parameter is called:
//! `HTTPBasicAuth(user, "VALUE")`, `jwt.sign(claims, "VALUE")`, `hmac.New(sha256.New, []byte("VALUE"))`.

use std::ops::Range;

use super::name;

/// Where in a call a secret stands.
pub(super) struct Argument {
    /// What stands in the quotes.
    pub(super) value: Range<usize>,
    pub(super) quote: u8,
    /// What the argument is, to be put behind the call's name.
    pub(super) meaning: &'static str,
}

/// A call that takes a secret.
struct Call {
    /// How its name ends, in small letters and joined by `_`; one with a capital ends as it is written.
    name: &'static str,
    place: Place,
    meaning: &'static str,
}

#[derive(Clone, Copy)]
enum Place {
    /// The argument of this number, from 0 on.
    At(usize),
    /// The one behind the user's name; without a password the user's name is the key.
    Login,
    /// The last one.
    Last,
}

/// What requests and others are given a login by, as `auth=(user, password)`.
const TUPLE: &str = "auth";
const PASSWORD: &str = "password";
const MAC_KEY: &str = "secret_hmac_key";
const CIPHER_KEY: &str = "secret_cipher_key";
const TOKEN: &str = "token";
const SECRET: &str = "secret";

/// From the documentation of the libraries and languages that have them: requests, reqwest, .NET, Java, Go, PHP, Node.js,
/// `PyJWT`, `CryptoJS`, `cryptography` and others.
const CALLS: &[Call] = &[
    call("aes_decrypt", Place::At(1), CIPHER_KEY),
    call("aes_encrypt", Place::At(1), CIPHER_KEY),
    call("aes_new", Place::At(0), CIPHER_KEY),
    call("algorithm_hmac256", Place::At(0), MAC_KEY),
    call("algorithm_hmac512", Place::At(0), MAC_KEY),
    call(TUPLE, Place::Login, PASSWORD),
    call("basic_auth", Place::Login, PASSWORD),
    call("bearer_auth", Place::At(0), TOKEN),
    call("bind_s", Place::At(1), PASSWORD),
    call("cookie_parser", Place::At(0), SECRET),
    call("cookie_store", Place::At(0), MAC_KEY),
    call("create_cipher", Place::At(1), CIPHER_KEY),
    call("create_cipheriv", Place::At(1), CIPHER_KEY),
    call("create_decipher", Place::At(1), CIPHER_KEY),
    call("create_decipheriv", Place::At(1), CIPHER_KEY),
    call("create_hmac", Place::At(1), MAC_KEY),
    call("credentials_basic", Place::Login, PASSWORD),
    call("dbi_connect", Place::At(2), PASSWORD),
    call("driver_manager_get_connection", Place::At(2), PASSWORD),
    call("fernet", Place::At(0), CIPHER_KEY),
    call("hash_hmac", Place::At(2), MAC_KEY),
    call("hmac_digest", Place::At(1), MAC_KEY),
    call("hmac_hexdigest", Place::At(1), MAC_KEY),
    call("hmac_key_new", Place::At(1), MAC_KEY),
    call("hmac.New", Place::At(1), MAC_KEY),
    call("hmac_new", Place::At(0), MAC_KEY),
    call("hmac_sha256", Place::Last, MAC_KEY),
    call("hmac_sha512", Place::Last, MAC_KEY),
    call("hmacsha256", Place::Last, MAC_KEY),
    call("hmacsha512", Place::Last, MAC_KEY),
    call("jwt_decode", Place::At(1), MAC_KEY),
    call("jwt_encode", Place::At(1), MAC_KEY),
    call("jwt_sign", Place::At(1), MAC_KEY),
    call("jwt_verify", Place::At(1), MAC_KEY),
    call("keyring_set_password", Place::At(2), PASSWORD),
    call("login", Place::At(1), PASSWORD),
    call("MySQLdb.connect", Place::At(2), PASSWORD),
    call("mysqli", Place::At(2), PASSWORD),
    call("mysqli_connect", Place::At(2), PASSWORD),
    call("network_credential", Place::At(1), PASSWORD),
    call("oracledb_connect", Place::At(1), PASSWORD),
    call("password_authentication", Place::At(1), PASSWORD),
    call("pdo", Place::At(2), PASSWORD),
    call("pgp_sym_decrypt", Place::At(1), PASSWORD),
    call("pgp_sym_encrypt", Place::At(1), PASSWORD),
    call("pymysql_connect", Place::At(2), PASSWORD),
    call("redis_auth", Place::Last, PASSWORD),
    call("rfc2898_derive_bytes", Place::At(0), PASSWORD),
    call("secret_key_spec", Place::At(0), SECRET),
    call("sign_with", Place::Last, MAC_KEY),
    call("signed_string", Place::At(0), MAC_KEY),
    call("smtp_plain_auth", Place::At(2), PASSWORD),
    call("symmetric_security_key", Place::At(0), MAC_KEY),
    call("username_password_authentication_token", Place::At(1), PASSWORD),
    call("username_password_credentials", Place::At(1), PASSWORD),
];

const fn call(name: &'static str, place: Place, meaning: &'static str) -> Call {
    Call { name, place, meaning }
}

/// The secret among the arguments that follow the name at `name`, if it is the name of such a call.
pub(super) fn argument(text: &[u8], name: &Range<usize>) -> Option<Argument> {
    let name = name.start..end_of_path(text, name.end);
    let behind = &text[name.end..];
    let is_tuple = behind.starts_with(b"=(");
    // Ruby calls without brackets: `JWT.encode claims, "VALUE"`.
    let is_command = behind.starts_with(b" ") && text[name.clone()].starts_with(b"JWT.");
    let open = name.end + usize::from(is_tuple);
    if text.get(open) != Some(&b'(') && !is_command {
        return None;
    }
    let written = &text[name];
    let normalized = name::normalized(written);
    let is_it = |call: &&Call| is_tuple == (call.name == TUPLE) && call.is_called(written, &normalized);
    let call = CALLS.iter().find(is_it)?;
    let arguments = arguments(text, open)?;
    let given = |place: usize| literal(text, arguments.get(place)?);
    let (value, quote) = match call.place {
        Place::At(place) => given(place),
        Place::Last => given(arguments.len().checked_sub(1)?),
        Place::Login => given(1).and_then(|login| if login.0.is_empty() { given(0) } else { Some(login) }),
    }?;
    Some(Argument { value, quote, meaning: call.meaning })
}

impl Call {
    fn is_called(&self, written: &[u8], normalized: &str) -> bool {
        if self.name.contains(|c: char| c.is_ascii_uppercase()) {
            return written.ends_with(self.name.as_bytes());
        }
        let before = normalized.strip_suffix(self.name);
        before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
    }
}

/// Where the name ends that goes on behind `::` or `->`.
fn end_of_path(text: &[u8], mut end: usize) -> usize {
    const LONGEST: usize = 40;
    // A dash may be a part of a name.
    if text[..end].ends_with(b"-") && text[end..].starts_with(b">") {
        end -= 1;
    }
    while text[end..].starts_with(b"::") || text[end..].starts_with(b"->") {
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let length = text[end + 2..].iter().take(LONGEST).take_while(is_name).count();
        if length == 0 {
            break;
        }
        end += 2 + length;
    }
    end
}

/// The arguments behind the bracket at `open`, or behind a blank there up to the end of the line. Where they do not end
/// soon they are none.
fn arguments(text: &[u8], open: usize) -> Option<Vec<Range<usize>>> {
    const LONGEST: usize = 2 << 10;
    const LONGEST_COMMAND: usize = 256;
    const MOST: usize = 8;
    const DEEPEST: usize = 8;
    let mut arguments = Vec::new();
    let (mut depth, mut start) = (0_usize, open + 1);
    let mut place = start;
    let is_command = text[open] == b' ';
    let end = text.len().min(open + if is_command { LONGEST_COMMAND } else { LONGEST });
    while place < end && arguments.len() < MOST && depth <= DEEPEST {
        match text[place] {
            quote if is_quote(quote) => place = closing(&text[..end], place)?,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' | b'\n' if depth == 0 && (text[place] == b'\n') == is_command => {
                arguments.push(start..place);
                return Some(arguments);
            }
            b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                arguments.push(start..place);
                start = place + 1;
            }
            _ => {}
        }
        place += 1;
    }
    None
}

/// Where the string ends that the quote at `open` begins.
fn closing(text: &[u8], open: usize) -> Option<usize> {
    let mut place = open + 1;
    while text.get(place)? != &text[open] {
        place += if text[place] == b'\\' { 2 } else { 1 };
    }
    Some(place)
}

/// What stands in the quotes of an argument that is one string, or the bytes of one, and the quote.
fn literal(text: &[u8], argument: &Range<usize>) -> Option<(Range<usize>, u8)> {
    /// What makes bytes or another type of a string, or decodes one.
    const WRAPPERS: [&str; 16] = [
        "",
        "b",
        "r",
        "byte",
        "bytes",
        "some",
        "from",
        "string",
        "str",
        "getbytes",
        "encode",
        "decode",
        "frombase64string",
        "fromhex",
        "tobytes",
        "securestring",
    ];
    let written = &text[argument.clone()];
    let open = written.iter().position(|byte| is_quote(*byte))?;
    let close = closing(written, open)?;
    let before = written[..open].trim_ascii_end();
    let before = before.strip_suffix(b"(").unwrap_or(before);
    let is_type = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:&@[](<>* \t\r\n".contains(byte);
    let letters = before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let wrapper = std::str::from_utf8(&before[before.len() - letters..]).ok()?.to_ascii_lowercase();
    let behind = written[close + 1..].trim_ascii_start();
    let ends = [b")", b"]", b",", b"."].iter().any(|sign| behind.starts_with(*sign)) || behind.is_empty();
    // `. $x` joins strings.
    let is_joined = behind.starts_with(b". ") || behind.starts_with(b".$") || behind.starts_with(b".format");
    let is_string = before.iter().all(is_type)
        && WRAPPERS.contains(&wrapper.as_str())
        && ends
        && !is_joined
        && !before.ends_with(b"[");
    is_string.then(|| (argument.start + open + 1..argument.start + close, written[open]))
}

fn is_quote(byte: u8) -> bool {
    b"\"'`".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, name: &str) -> Option<String> {
        let start = text.find(name).unwrap();
        argument(text.as_bytes(), &(start..start + name.len()))
            .and_then(|found| Some(text.get(found.value)?.to_owned()))
    }

    #[test]
    fn the_argument_that_is_a_secret_is_told_by_the_call() {
        for (name, arguments) in [
            ("HTTPBasicAuth", "('user', 'VALUE')"),
            (".basic_auth", "(\"user\", Some(\"VALUE\".to_string()))"),
            ("req.SetBasicAuth", "(user(1, 2), \"VALUE\")"),
            ("auth", "=('user', 'VALUE')"),
            ("auth", "=('VALUE', '')"),
            ("http_auth", "=('user', 'VALUE')"),
            ("NetworkCredential", "(\"a,b\\\"\", \"VALUE\", \"corp\")"),
            ("jwt.sign", "({ id: user.id, at: [1, 2] }, 'VALUE', { expiresIn: '1h' })"),
            ("hmac.new", "(b\"VALUE\", message, hashlib.sha256)"),
            ("hmac.New", "(sha256.New, []byte(\"VALUE\"))"),
            ("SymmetricSecurityKey", "(Encoding.UTF8.GetBytes(\"VALUE\"))"),
            ("HMACSHA256", "(Encoding.UTF8.GetBytes(\"VALUE\"))"),
            ("CryptoJS.HmacSHA256", "(\"a message\", \"VALUE\")"),
            ("DriverManager.getConnection", "(\n    url,\n    \"root\",\n    \"VALUE\"\n)"),
            ("JWT", "::encode($claims, 'VALUE', 'HS256')"),
            ("JWT.encode", " claims, 'VALUE', 'HS256'\n"),
            ("DBI-", ">connect($dsn, 'app', 'VALUE')"),
            ("hmac", "::Key::new(hmac::HMAC_SHA256, b\"VALUE\")"),
            ("PDO", "(\"mysql:host=db\", \"app\", \"VALUE\", [PDO::ATTR => 1])"),
        ] {
            assert_eq!(read(&format!("{name}{arguments}"), name).as_deref(), Some("VALUE"), "{name}{arguments}");
        }
    }

    #[test]
    fn other_calls_and_what_is_no_string_are_left_alone() {
        for (name, arguments) in [
            ("HTTPBasicAuth", "('user', password)"),
            ("HTTPBasicAuth", "('user', os.environ['X'])"),
            ("HTTPBasicAuth", "('user', getenv(\"X\"))"),
            ("HTTPBasicAuth", "('user', 'X' + suffix)"),
            ("HTTPBasicAuth", "('user', \"X\" . $suffix)"),
            ("HTTPBasicAuth", "('user', password='X')"),
            ("HTTPBasicAuth", "('user', 'X"),
            ("HTTPBasicAuth", " ('user', 'X')"),
            ("HTTPBasicAuthor", "('user', 'X')"),
            ("auth", "('user', 'X')"),
            ("jwt.verify", " and sign, 'X'\n"),
            ("author", "=('user', 'X')"),
            ("jwt.verify", "(token)"),
            ("pdo", "()"),
        ] {
            assert_eq!(read(&format!("{name}{arguments}"), name), None, "{name}{arguments}");
        }
    }

    #[test]
    fn names_of_calls_are_sorted() {
        assert!(CALLS.is_sorted_by_key(|call| call.name.to_ascii_lowercase().replace('.', "_")));
    }
}
