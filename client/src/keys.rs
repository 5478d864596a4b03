//! The keys of the configuration file. The program reads only these, and the manual shows them all.

/// A key of the section `[confgen]`.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The accepted values in words.
    pub accepts: &'static str,
    /// The value that holds where the file has none.
    pub default: &'static str,
    /// Its meaning, in sentences.
    pub help: &'static str,
}

macro_rules! keys {
    ($($constant:ident = $name:literal, $accepts:literal, $default:literal, $help:literal;)*) => {
        $(pub(crate) const $constant: Key =
            Key { name: $name, accepts: $accepts, default: $default, help: $help };)*

        /// All keys.
        pub const KEYS: &[Key] = &[$($constant),*];
    };
}

keys! {
    SOCKET = "socket", "a path", "/run/wazo-confgend/confgend.sock",
        "The Unix socket of the service, which is tried first. An empty value means none. With server or port, and \
         without this key, the program uses TCP alone.";
    SERVER = "server", "a name or an IPv4 address", "127.0.0.1",
        "The host of the service, which is asked over TCP if the socket does not accept.";
    PORT = "port", "a whole number up to 65535", "8669", "The TCP port of the service.";
    TIMEOUT = "timeout", "a whole number of seconds", "5", "How long connecting may take, with all attempts.";
    REPLY_TIMEOUT = "reply_timeout", "a whole number of seconds", "60",
        "How long the reply may take. It should be longer than the key service.patience_seconds of the service.";
    FALLBACK = "fallback", "yes or no, also true or false, on or off, 1 or 0", "yes",
        "Whether the program prints the last good copy if there is no reply, and keeps copies.";
    CACHE = "cache", "a path", "/var/cache/wazo-confgend",
        "The folder of the service's copies, of which the program prints one if it can read it.";
    COPIES = "copies", "a path", "/var/cache/wazo-confgend-client",
        "The folder of the program's own copies. If there is none, it keeps none.";
}

/// The section of the file that has the keys.
pub const SECTION: &str = "confgen";

/// The path at which the package installs the file.
pub const FILE: &str = "/etc/wazo-confgend-client/config.conf";
