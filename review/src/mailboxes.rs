//! The mailboxes of `voicemail.conf`.

use std::collections::HashSet;

use asterisk_conf::{Document, Section};
use bstr::{BStr, ByteSlice};

/// The sections of `voicemail.conf` that are no contexts.
const OTHERS: [&str; 2] = ["general", "zonemessages"];

/// The context of a mailbox that is named without one.
const DEFAULT_CONTEXT: &[u8] = b"default";

/// The mailboxes, as `number@context` in lower case: Asterisk compares both without case.
pub(crate) struct Mailboxes {
    names: HashSet<Vec<u8>>,
}

impl Mailboxes {
    pub(crate) fn of(document: &Document) -> Mailboxes {
        let boxes = contexts(document)
            .flat_map(|context| context.options().iter().map(|mailbox| name(mailbox.key(), context.name())));
        Mailboxes { names: boxes.collect() }
    }

    /// Returns whether there is a mailbox of this name: `number@context`, or `number` in the context `default`.
    pub(crate) fn has(&self, mailbox: &BStr) -> bool {
        let (number, context) = mailbox.split_once_str("@").unwrap_or((mailbox, DEFAULT_CONTEXT));
        self.names.contains(&name(number, context))
    }
}

/// Returns the sections whose options are mailboxes. One section may have other names for mailboxes.
pub(crate) fn contexts(document: &Document) -> impl Iterator<Item = &Section> {
    let aliases = document.value("general", "aliasescontext");
    let is_other = move |section: &Section| {
        let others = OTHERS.iter().map(|name| name.as_bytes()).chain(aliases.map(|name| name.as_bytes()));
        others.into_iter().any(|name| section.name().eq_ignore_ascii_case(name))
    };
    document.visible_sections().filter(move |section| !is_other(section))
}

fn name(number: &[u8], context: &[u8]) -> Vec<u8> {
    [number, b"@", context].concat().to_ascii_lowercase()
}
