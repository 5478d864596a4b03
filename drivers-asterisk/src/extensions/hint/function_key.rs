//! The function keys of users. A key with a lamp on a phone shows the state of an extension in the context of
//! its user.

use std::borrow::Cow;
use std::collections::BTreeSet;

use driver_api::{Query, Row, Session};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Argument, Hint, Hints, Source};
use crate::extensions::code::fkey_extension;
use crate::extensions::user::{Extension, User};

/// A key in a template of function keys, which may be that of a user alone.
pub(super) trait Key: DeserializeOwned {
    /// All keys of this kind that have a lamp.
    const KEYS: Query<'static>;

    /// The column that says which extension it is.
    const COLUMN: &str;

    /// The template, and the position in it, which no other key has.
    fn place(&self) -> (i64, i64);

    /// Returns the extension whose state the key of this user shows. `None` if its feature is disabled.
    fn extension(&self, user: &User, source: &Source<'_>) -> Option<Cow<'_, str>>;
}

/// Adds the hints of these keys, by user and position.
pub(super) fn add<'a, K: Key>(
    hints: &mut Hints<'a>,
    session: &mut Session<'_>,
    source: &Source<'a>,
    keys: &'a [Row<K>],
) {
    let with_user = |key: &'a Row<K>| Some((source.users.with_template(key.place().0)?, key));
    let mut keys: Vec<_> = keys.iter().filter_map(with_user).collect();
    keys.sort_by_key(|(user, key)| (user.id, key.place()));
    for keys in keys.chunk_by(|(user, _), (other, _)| user.id == other.id) {
        let contexts = names(contexts(source, keys[0].0));
        for (user, key) in keys {
            let Some(extension) = key.extension(user, source) else { continue };
            let hint =
                Hint { origin: key.origin(), column: K::COLUMN, extension, argument: Argument::Custom };
            for context in &contexts {
                hints.add(session, context, hint.clone());
            }
        }
    }
}

/// Returns the contexts of these extensions, each once: a context has a hint once, too.
pub(super) fn names<'a>(extensions: impl Iterator<Item = &'a Row<Extension>>) -> BTreeSet<&'a str> {
    extensions.map(|extension| extension.context.as_str()).collect()
}

/// Returns the main extensions of the main line of which the user is the main user. The contexts of these
/// extensions have the hints of the user's keys.
pub(super) fn contexts<'a>(source: &Source<'a>, user: &User) -> impl Iterator<Item = &'a Row<Extension>> {
    source.users.extensions(user).iter().filter(|extension| extension.main_line)
}

impl Source<'_> {
    /// Returns the extension of a user's key for a feature: the user, the code of the feature and its argument.
    /// `None` if the feature is disabled.
    pub(super) fn key_extension(
        &self,
        user: &User,
        feature: Uuid,
        argument: &str,
    ) -> Option<Cow<'static, str>> {
        let code = self.features.enabled(feature)?;
        Some(fkey_extension(self.prefix, &[&user.id.to_string(), code, argument]).into())
    }
}
