//! The hints of the contexts: which device, or which function, has a state that phones can watch.
//!
//! One file here is one kind of hint; `function_key` is what the kinds share that belong to function
//! keys. `shared` has the hints of users in a context of their own.

mod agent;
mod bsfilter;
mod conference;
mod custom;
mod forward;
mod function_key;
mod group_member;
mod service;
pub(super) mod shared;
mod user;

use std::borrow::Cow;
use std::collections::HashSet;

use driver_api::asterisk::Writer;
use driver_api::{Error, Session};

use super::context::Contexts;
use super::feature::Features;
use super::user::Users;

/// The hints of each context.
pub(super) struct Hints<'a> {
    contexts: &'a Contexts,
    by_context: Vec<Vec<Hint<'a>>>,
}

struct Hint<'a> {
    extension: Cow<'a, str>,
    argument: Argument,
}

enum Argument {
    /// A state that the telephone system keeps itself, under the name of the extension.
    Custom,
    /// The state of devices, or of a conference.
    Of(String),
}

/// What the hints of function keys are made from.
struct Source<'a> {
    features: &'a Features,
    users: &'a Users,
    /// What the extensions of function keys begin with.
    prefix: &'a str,
}

impl<'a> Hints<'a> {
    pub(super) fn read(
        session: &mut Session<'_>,
        contexts: &'a Contexts,
        features: &'a Features,
        users: &'a Users,
    ) -> Result<Hints<'a>, Error> {
        let by_context = contexts.all().iter().map(|_| Vec::new()).collect();
        let mut hints = Hints { contexts, by_context };
        let source = Source { features, users, prefix: features.prefix(session, "phoneprogfunckey") };
        // Of two hints for one extension, the first counts.
        user::add(&mut hints, session, users);
        conference::add(&mut hints, session)?;
        function_key::add::<service::Service>(&mut hints, session, &source)?;
        function_key::add::<forward::Forward>(&mut hints, session, &source)?;
        function_key::add::<group_member::GroupMember>(&mut hints, session, &source)?;
        function_key::add::<agent::Agent>(&mut hints, session, &source)?;
        bsfilter::add(&mut hints, session, &source)?;
        function_key::add::<custom::Custom>(&mut hints, session, &source)?;
        Ok(hints)
    }

    /// Adds a hint to a context, if that is written.
    fn add(&mut self, context: &str, extension: impl Into<Cow<'a, str>>, argument: Argument) {
        if let Some(index) = self.contexts.index(context) {
            self.by_context[index].push(Hint { extension: extension.into(), argument });
        }
    }

    /// Writes the hints of a context, one for each extension.
    pub(super) fn write(&self, writer: &mut Writer, context: usize) {
        let hints = &self.by_context[context];
        let mut seen = HashSet::with_capacity(hints.len());
        for Hint { extension, argument } in hints {
            if !seen.insert(extension) {
                continue;
            }
            match argument {
                Argument::Custom => writer.hint(extension, &["Custom:", extension]),
                Argument::Of(devices) => writer.hint(extension, &[devices]),
            }
        }
    }
}
