//! The hints of the contexts: the devices and functions whose state phones can watch.
//!
//! Each kind of hint has a file. `function_key` has the code that the kinds of function keys share; `shared` has
//! the hints of users in a context of their own.

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
use std::sync::Arc;

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Error, Origin, Row, Session};

use super::context::Contexts;
use super::feature::Features;
use super::user::Users;
use crate::parallel::in_parallel;
use function_key::Key;

/// The rows that hints come from, beside those of users.
pub(super) struct HintRows {
    conferences: Vec<Row<conference::Conference>>,
    services: Vec<Row<service::Service>>,
    forwards: Vec<Row<forward::Forward>>,
    group_members: Vec<Row<group_member::GroupMember>>,
    agents: Vec<Row<agent::Agent>>,
    filter_members: Vec<Row<bsfilter::Member>>,
    customs: Vec<Row<custom::Custom>>,
}

/// The hints of each context.
pub(super) struct Hints<'a> {
    contexts: &'a Contexts,
    by_context: Vec<Vec<Hint<'a>>>,
}

#[derive(Clone)]
struct Hint<'a> {
    /// The row that it comes from.
    origin: &'a Origin,
    /// The column of the row that says which extension it is.
    column: &'static str,
    extension: Cow<'a, str>,
    argument: Argument,
}

#[derive(Clone)]
enum Argument {
    /// A state that the telephone system keeps itself, under the name of the extension.
    Custom,
    /// The state of the conference of this id.
    Conference(i64),
    /// The state of devices, which all extensions of a user share.
    Devices(Arc<str>),
}

/// The data from which hints of function keys are made.
struct Source<'a> {
    features: &'a Features,
    users: &'a Users,
    /// The beginning of the extensions of function keys.
    prefix: &'a str,
}

impl HintRows {
    pub(super) fn read(session: &mut Session<'_>) -> Result<HintRows, Error> {
        Ok(HintRows {
            conferences: session.query(conference::CONFERENCES, &[])?,
            services: session.query(service::Service::KEYS, &[])?,
            forwards: session.query(forward::Forward::KEYS, &[])?,
            group_members: session.query(group_member::GroupMember::KEYS, &[])?,
            agents: session.query(agent::Agent::KEYS, &[])?,
            filter_members: session.query(bsfilter::MEMBERS, &[])?,
            customs: session.query(custom::Custom::KEYS, &[])?,
        })
    }
}

impl<'a> Hints<'a> {
    pub(super) fn new(
        session: &mut Session<'_>,
        contexts: &'a Contexts,
        features: &'a Features,
        users: &'a Users,
        rows: &'a HintRows,
    ) -> Hints<'a> {
        let by_context = contexts.all().iter().map(|_| Vec::new()).collect();
        let mut hints = Hints { contexts, by_context };
        let source = Source { features, users, prefix: features.prefix(session, "phoneprogfunckey") };
        // Of two hints for one extension, the first counts.
        user::add(&mut hints, session, users);
        conference::add(&mut hints, session, &rows.conferences);
        function_key::add(&mut hints, session, &source, &rows.services);
        function_key::add(&mut hints, session, &source, &rows.forwards);
        function_key::add(&mut hints, session, &source, &rows.group_members);
        function_key::add(&mut hints, session, &source, &rows.agents);
        bsfilter::add(&mut hints, session, &source, &rows.filter_members);
        function_key::add(&mut hints, session, &source, &rows.customs);
        hints
    }

    /// Adds a hint to a context, if the context is written and the extension of the hint can be.
    fn add(&mut self, session: &mut Session<'_>, context: &str, hint: Hint<'a>) {
        if let Some(index) = self.contexts.index(context)
            && hint.origin.keeps(session, syntax::extension, (hint.column, &*hint.extension))
        {
            self.by_context[index].push(hint);
        }
    }

    /// Writes the hints of a context, one for each extension.
    pub(super) fn write(&self, writer: &mut Writer, context: usize) {
        let hints = &self.by_context[context];
        let mut seen = HashSet::with_capacity(hints.len());
        let first: Vec<&Hint<'_>> = hints.iter().filter(|hint| seen.insert(&*hint.extension)).collect();
        in_parallel(writer, &first, |writer, hint| hint.write(writer));
    }
}

impl Hint<'_> {
    fn write(&self, writer: &mut Writer) {
        let extension = (self.column, &*self.extension);
        let mut lines = writer.at_origin(self.origin);
        match &self.argument {
            Argument::Custom => lines.hint(extension, &[&"Custom:", &extension]),
            Argument::Conference(id) => lines.hint(extension, &[&"confbridge:", id]),
            Argument::Devices(devices) => lines.hint(extension, &[&&**devices]),
        }
    }
}
