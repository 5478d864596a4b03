//! The fields that a line of the log can have beside its sentence.

/// Declares the fields, and the function that knows their names.
macro_rules! fields {
    ($($name:literal: $help:literal,)*) => {
        /// The fields that say in values what the sentence of a line says in words, each with its meaning. A line has
        /// those that apply to it.
        pub const LOG_FIELDS: &[(&str, &str)] = &[$(($name, $help)),*];

        /// Returns whether this is the name of a field. The sentence of the line says the same.
        pub(super) fn is_known(name: &str) -> bool {
            matches!(name, $($name)|*)
        }
    };
}

fields! {
    "event": "what the line is about: `start`, `stop`, `configuration`, `reload`, `request`, `client`, `generation`, `warning`, `copy`, \
              `suspect`, `pin`, `history`, `database`, `apply`, `rollback` or `panic`",
    "namespace": "the file",
    "outcome": "the outcome of a request, such as `generated` or `stale`; of a reload, `done` or `failed`; of a command to \
                Asterisk, its answer",
    "bytes": "a number: the length of the reply or of the new text",
    "milliseconds": "a number: how long the reply or the generation took",
    "client": "the address of the client; its process and user on the Unix socket",
    "cached": "whether the request accepts the cached copy",
    "invalidate": "whether the request marks the cached copy as out of date",
    "request": "the beginning of a request that was refused, or the old name that a client asks for",
    "generation": "the number of the generation in the history",
    "age_seconds": "a number: the age of the copy that is sent",
    "table": "the table of the row that a warning is about",
    "row": "the key of this row",
    "column": "the column of this row",
    "error": "why something failed, with its causes",
    "error_kind": "`connection`, `schema`, `query`, `locked` or `row` if the database is the cause; otherwise `config`, \
                   `template` or `driver`",
    "objects": "a number: the objects of the new text",
    "objects_before": "a number: the objects of the last good copy",
    "findings": "a number: for how many reasons Asterisk refuses the new text or drops objects of it",
    "change": "the change of a file that was applied, in a few words",
    "command": "the command to Asterisk",
    "key": "the key of the configuration that the line is about",
    "database": "the database, without a password",
    "files": "a number: how many files the service has",
    "connections": "a number: how many connections the line is about",
    "signal": "the signal that the service got",
    "version": "the version of confgend",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_can_be_a_field_of_the_journal() {
        for (name, _) in LOG_FIELDS {
            let is_plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            // The journal takes names of at most 64 bytes, and the prefix is one of them.
            assert!(is_plain && name.len() <= 50 && is_known(name), "{name}");
        }
        assert!(!is_known("message") && !is_known("return"));
    }
}
