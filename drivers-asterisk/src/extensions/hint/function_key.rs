//! What the function keys of users have in common: a key with a lamp on a phone shows the state of an
//! extension in the context of its user.

use driver_api::asterisk::syntax;
use driver_api::{Error, Query, Session};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Argument, Hints, Source};
use crate::checks::keeps_row;
use crate::extensions::code::fkey_extension;
use crate::extensions::user::{Extension, User};

/// A key in a template of function keys, which may be that of a user alone.
pub(super) trait Key: DeserializeOwned {
    /// All keys of this kind that have a lamp.
    const KEYS: Query<'static>;

    /// The column with what somebody typed in, if there is one.
    const TYPED: &str = "";

    /// The template, and the position in it, which no other key has.
    fn place(&self) -> (i64, i64);

    /// The extension whose state the key of this user shows. `None` if its feature is disabled.
    fn extension(&self, user: &User, source: &Source<'_>) -> Option<String>;
}

/// Adds the hints of all keys of a kind, by user and position.
pub(super) fn add<K: Key>(
    hints: &mut Hints<'_>,
    session: &mut Session<'_>,
    source: &Source<'_>,
) -> Result<(), Error> {
    let keys: Vec<K> = session.query(K::KEYS, &[])?;
    let of_user = |key: K| Some((source.users.with_template(key.place().0)?, key));
    let mut keys: Vec<(&User, K)> = keys.into_iter().filter_map(of_user).collect();
    keys.sort_by_key(|(user, key)| (user.id, key.place()));
    for (user, key) in &keys {
        let Some(extension) = key.extension(user, source) else { continue };
        let (template, position) = key.place();
        let row = format_args!("template_id={template} position={position}");
        if keeps_row(session, K::KEYS.table, row, syntax::extension, &[(K::TYPED, &extension)]) {
            for context in contexts(source, user) {
                hints.add(&context.context, extension.clone(), Argument::Custom);
            }
        }
    }
    Ok(())
}

/// The main extensions of the main line of which the user is the main user: the hints of the user's keys
/// stand in their contexts.
pub(super) fn contexts<'a>(source: &Source<'a>, user: &User) -> impl Iterator<Item = &'a Extension> {
    source.users.extensions(user).iter().filter(|extension| extension.main_line)
}

impl Source<'_> {
    /// The extension of a user's key for a feature: the user, the code of the feature, and what it is for.
    /// `None` if the feature is disabled.
    pub(super) fn key_extension(&self, user: &User, feature: Uuid, argument: &str) -> Option<String> {
        let code = self.features.enabled(feature)?;
        Some(fkey_extension(self.prefix, &[&user.id.to_string(), code, argument]))
    }
}
