//! Masks passwords in what people see: values of the configuration, and messages about them.
//!
//! A password may contain any character, and an address may be cut off in the middle of one: in YAML, ` #` begins a
//! comment. In doubt, more text is masked. So an address without a login is shown without its port, which may be a
//! password: `postgresql://localhost:***`.

use std::sync::LazyLock;

use regex_lite::Regex;

/// The text in place of a password.
pub const MASK: &str = "***";

/// Returns whether the value of a key is a secret as a whole. The key may be a path of keys.
///
/// ```
/// use driver_api::secrets::is_secret;
///
/// assert!(is_secret("auth.password") && is_secret("API-token"));
/// assert!(!is_secret("db_uri"));
/// ```
pub fn is_secret(key: &str) -> bool {
    // Reviews ask for each line of a large file, so this is no regular expression.
    let key = key.as_bytes();
    (0..key.len()).any(|at| key.get(at..).is_some_and(begins_secret))
}

/// Returns whether a text begins with a word that names a secret.
fn begins_secret(text: &[u8]) -> bool {
    let behind = |word: &str| {
        let (start, rest) = text.split_at_checked(word.len())?;
        start.eq_ignore_ascii_case(word.as_bytes()).then_some(rest)
    };
    let is_key_of = |word: &str| {
        let rest =
            behind(word).map(|rest| rest.strip_prefix(b"-").or(rest.strip_prefix(b"_")).unwrap_or(rest));
        rest.and_then(|rest| rest.get(..3)).is_some_and(|rest| rest.eq_ignore_ascii_case(b"key"))
    };
    match text.first().map(u8::to_ascii_lowercase) {
        Some(b'p') => behind("pass").is_some() || behind("pwd").is_some() || is_key_of("private"),
        Some(b's') => behind("secret").is_some(),
        Some(b't') => behind("token").is_some(),
        Some(b'c') => behind("credential").is_some(),
        Some(b'a') => is_key_of("api"),
        _ => false,
    }
}

/// Returns whether the value of a key is the address of a server, which may hold a password.
pub fn is_address(key: &str) -> bool {
    ADDRESS_KEY.is_match(key)
}

/// Masks the passwords in a text at this key.
///
/// ```
/// use driver_api::secrets::shown;
///
/// assert_eq!(shown("db_uri", "postgresql://me:s3cret@h:5432/d"), "postgresql://me:***@h:5432/d");
/// assert_eq!(shown("db_uri", "postgresql://me:s3c"), "postgresql://me:***");
/// assert_eq!(shown("comment", "no address: 1"), "no address: 1");
/// assert_eq!(shown("pass", "s3cret"), "***");
/// ```
pub fn shown(key: &str, text: &str) -> String {
    if is_secret(key) {
        MASK.to_owned()
    } else if is_address(key) {
        in_address(text)
    } else {
        in_text(text)
    }
}

/// Masks the passwords in a text that may contain addresses.
pub fn in_text(text: &str) -> String {
    without_login(&without_parameters(text), false)
}

/// Masks the password in a text that is an address, in whatever form.
pub fn in_address(text: &str) -> String {
    let names_host = text.starts_with("sqlite://") && !text.starts_with("sqlite:///");
    let is_path = text.starts_with("sqlite:") && !names_host && !text.contains('@');
    let text = without_parameters(text);
    if is_path { text } else { without_login(&text, true) }
}

/// Masks the password in a name, such as that of a file, where somebody may have written an address by mistake.
pub fn in_name(text: &str) -> String {
    if has_address(text) { in_address(text) } else { in_text(text) }
}

/// Returns whether there seems to be an address in a name. With a blank in the wrong place, a part of `db_uri: …` is a
/// key of the configuration, and the rest of the address is its value. The part may be as short as `user:password`.
pub fn has_address(name: &str) -> bool {
    ["//", "@", ":"].iter().any(|part| name.contains(part))
}

/// Masks parameters such as `password=…`, up to the next parameter that libpq knows.
fn without_parameters(text: &str) -> String {
    PARAMETER.replace_all(text, format!("${{1}}{MASK}$2")).into_owned()
}

/// Masks the password of a login: `USER:PASSWORD@HOST`. The last `@` is its end, since a password may contain one. In
/// an address without an `@`, everything behind a colon may be a part of a password.
fn without_login(text: &str, is_address: bool) -> String {
    let scheme = text.find("://").map(|at| at + 3);
    let (scheme, rest) = text.split_at(scheme.unwrap_or_default());
    // The address of a database hardly ever comes without a password.
    let is_address = is_address || scheme.contains("sql");
    let are_hosts = |hosts: &str| HOSTS.is_match(hosts) || (!is_address && scheme.is_empty());
    let masked = match rest.rsplit_once('@') {
        Some((login, hosts)) => {
            let hosts = if are_hosts(hosts) { hosts.to_owned() } else { up_to_colon(hosts) };
            format!("{}@{hosts}", up_to_colon(login))
        }
        None if !is_address && are_hosts(rest) => rest.to_owned(),
        None => up_to_colon(rest),
    };
    format!("{scheme}{masked}")
}

fn up_to_colon(text: &str) -> String {
    text.split_once(':').map_or_else(|| text.to_owned(), |(user, _)| format!("{user}:{MASK}"))
}

static ADDRESS_KEY: LazyLock<Regex> = LazyLock::new(|| regex("(?i)ur[il]|dsn|conninfo"));

static PARAMETER: LazyLock<Regex> = LazyLock::new(|| {
    let name = "(?:pass|pwd|secret|token|credential)[-_a-z0-9]*";
    let next = "&(?:host|hostaddr|port|dbname|user|connect_timeout|client_encoding|options|application_name|\
        fallback_application_name|keepalives[_a-z]*|tcp_user_timeout|ssl[_a-z]*|gssencmode|target_session_attrs|\
        load_balance_hosts|channel_binding)=";
    regex(&format!(r#"(?is)({name}["']?\s*[=:]\s*|--[-_a-z0-9]*{name}\s+).*?({next}|$)"#))
});

/// Hosts with ports, and what follows them.
static HOSTS: LazyLock<Regex> = LazyLock::new(|| {
    let host = r"(?:\[[0-9a-fA-F:.%]*\]|[^:/?@\s]*)(?::[0-9]{1,5})?";
    regex(&format!(r"(?s)^{host}(?:,{host})*(?:[/?].*)?$"))
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is constant and valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_texts_are_masked() {
        let table = [
            ("postgresql://me:s3cret@h/d", "postgresql://me:***@h/d"),
            ("postgresql://me:s3/c@r et?@h/d", "postgresql://me:***@h/d"),
            ("postgresql://me@corp:s3cret@h/d", "postgresql://me@corp:***@h/d"),
            ("postgresql://:s3cret@h/d", "postgresql://:***@h/d"),
            ("postgresql:///d?user=x&password=s3c@ret&port=1", "postgresql:///d?user=x&password=***&port=1"),
            ("postgresql:///d?password=s3&cret=1", "postgresql:///d?password=***"),
            ("postgresql://me:a@h/d?password=s3c@ret", "postgresql://me:***@h/d?password=***"),
            ("host=h user=me password='s3 cr et' dbname=d", "host=h user=me password=***"),
            ("host=h password = s3cret", "host=h password = ***"),
            ("PGPASSWORD=s3cret psql", "PGPASSWORD=***"),
            ("--sslPassword=s3cret", "--sslPassword=***"),
            ("psql --password s3cret", "psql --password ***"),
            ("x http://u:s3cret@h/ y", "x http://u:***@h/ y"),
            ("postgresql://u:1/2", "postgresql://u:***"),
            ("http://a:80/ http://u:s3cret@h:80/", "http://a:***@h:80/"),
            ("postgresql://me:s3cret", "postgresql://me:***"),
            ("postgresql://me@h:5432/d?a=b", "postgresql://me@h:5432/d?a=b"),
            ("http://localhost:9497/0.1", "http://localhost:9497/0.1"),
            ("http://[::1]:80/", "http://[::1]:80/"),
            ("u:s3cret@h/d", "u:***@h/d"),
            ("a@b: c", "a@b: c"),
        ];
        for (text, expected) in table {
            assert_eq!(in_text(text), expected, "{text}");
        }
    }

    #[test]
    fn a_key_with_a_word_for_a_secret_is_one() {
        for key in [
            "pass",
            "dbPassword",
            "auth.PWD",
            "client-secret",
            "x_Token",
            "credentials",
            "api_key",
            "ApiKey",
            "PRIVATE-KEYS",
        ] {
            assert!(is_secret(key), "{key}");
        }
        for key in ["", "pas", "key", "api", "apis_key", "api__key", "private", "keyapi", "secre"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn a_name_hides_what_may_be_a_part_of_an_address() {
        assert_eq!(in_name("me:s3cret"), "me:***");
        assert_eq!(in_name("postgresql:me:s3c@ret"), "postgresql:***@ret");
        assert_eq!(in_name("confgend.asterisk.sip.conf"), "confgend.asterisk.sip.conf");
    }

    #[test]
    fn an_address_hides_all_that_may_be_a_password() {
        let table = [
            ("postgresql://u:1234", "postgresql://u:***"),
            ("postgresql://u:pa/5432", "postgresql://u:***"),
            ("postgresql://u@corp:pa", "postgresql://u@corp:***"),
            ("postgresql://localhost:5432/d", "postgresql://localhost:***"),
            ("postgresql://me@h1:1,h2:2/d", "postgresql://me@h1:1,h2:2/d"),
            ("u:s3cret@h/d", "u:***@h/d"),
            ("//u:s3cret@h/d", "//u:***@h/d"),
            ("postgresql:u:s3cret@h/d", "postgresql:***@h/d"),
            ("postgresql://localhost/d", "postgresql://localhost/d"),
            ("sqlite:/var/x.db", "sqlite:/var/x.db"),
            ("sqlite://u:s3cret@h/d", "sqlite://u:***@h/d"),
        ];
        for (text, expected) in table {
            assert_eq!(in_address(text), expected, "{text}");
        }
    }
}
