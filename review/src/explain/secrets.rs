//! Masks secrets in the lines that an answer shows.

use std::borrow::Cow;

use driver_api::Namespace;

use crate::diff::secrets::{MASK, is_secret, is_secret_option, masked};

/// Returns a line of a file as people may see it. `column` is the one that its value comes from; `is_mailbox` says that the value
/// begins with a password.
pub(super) fn line<'t>(
    file: &Namespace,
    text: &'t str,
    column: Option<&str>,
    is_mailbox: bool,
) -> Cow<'t, str> {
    let Some((key, value)) = text.split_once('=') else { return Cow::Borrowed(text) };
    let value = value.strip_prefix('>').unwrap_or(value);
    let trimmed = value.trim_start();
    let before = &text[..text.len() - trimmed.len()];
    let is_whole = !is_mailbox && (column.is_some_and(is_secret) || is_secret_option(file, key.trim()));
    let masked = self::value(key.trim(), trimmed, is_whole, is_mailbox);
    if masked == trimmed { Cow::Borrowed(text) } else { Cow::Owned(format!("{before}{masked}")) }
}

/// Returns the value of an option as people may see it.
pub(super) fn value<'t>(key: &str, value: &'t str, is_whole: bool, is_mailbox: bool) -> Cow<'t, str> {
    if value.is_empty() {
        return Cow::Borrowed(value);
    }
    if is_whole || is_secret(key) {
        return MASK.into();
    }
    if is_mailbox {
        let rest = value.find(',').map_or("", |comma| &value[comma..]);
        return format!("{MASK}{rest}").into();
    }
    // A variable: `set_var = API_TOKEN=…`.
    if let Some((name, assigned)) = value.split_once('=')
        && !assigned.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && is_secret(name)
    {
        return format!("{name}={MASK}").into();
    }
    masked(Cow::Borrowed(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'t>(text: &'t str, column: Option<&str>, is_mailbox: bool) -> Cow<'t, str> {
        super::line(&"asterisk/x.conf".parse().unwrap(), text, column, is_mailbox)
    }

    #[test]
    fn only_secrets_are_masked() {
        for (text, shown) in [
            ("password = s3cret", "password = •••"),
            ("md5_cred=abc", "md5_cred=•••"),
            ("register => u:s3cret@h/x", "register => •••"),
            ("password =", "password ="),
            ("set_var = API_TOKEN=a=b", "set_var = API_TOKEN=•••"),
            ("server_uri = sip:u:s3:cr@t@h:5060", "server_uri = sip:•••@h:5060"),
            ("server_uri = sip:h:5060", "server_uri = sip:h:5060"),
            ("url = http://u:s3cret@h/", "url = http://u:•••@h/"),
            ("mailboxes = 1000@default", "mailboxes = 1000@default"),
            ("exten = 1001,1,Set(X=${EXTEN:1})", "exten = 1001,1,Set(X=${EXTEN:1})"),
            ("[password]", "[password]"),
        ] {
            assert_eq!(line(text, None, false), shown, "{text}");
        }
        assert_eq!(line("1000 => 1234,Ann,a@x", Some("password"), true), "1000 => •••,Ann,a@x");
        assert_eq!(line("1000 => 1234", None, true), "1000 => •••");
        assert_eq!(line("k = v", Some("api_token"), false), "k = •••");
        assert_eq!(line("conf = 4001,1234", None, false), "conf = 4001,1234");
        let room = super::line(&"asterisk/meetme.conf".parse().unwrap(), "conf = 4001,1234", None, false);
        assert_eq!(room, "conf = •••");
    }
}
