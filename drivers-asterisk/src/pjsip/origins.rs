//! The sources of an endpoint's options, beside their rows, for a session that records them: the template, and the
//! values that an option overrides.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ptr;
use std::sync::Arc;

use driver_api::Piece;
use driver_api::asterisk::Writer;
use driver_api::explanation::{Note, Overridden, Template};
use lookups::endpoints::{Endpoints, Options, Section, SipOption};
use uuid::Uuid;

use super::resolve::Resolution;

/// The data from which origins are told, for one part of the file.
pub(super) struct Origins<'i, 'p> {
    endpoints: &'i Endpoints,
    /// The links (child, parent) that are ignored.
    circular: &'p BTreeSet<(usize, usize)>,
    resolution: &'p (dyn Fn(usize) -> Option<Resolution<'i, 'p>> + Sync),
    templates: HashMap<Uuid, Arc<Template>>,
    /// The same, by the key of their rows.
    templates_by_key: HashMap<String, Arc<Template>>,
}

/// All options that the rows give to one section of an endpoint, by key, the strongest first.
struct History<'i>(HashMap<&'i str, Vec<Given<'i>>>);

/// An option, in effect or not, and the endpoint that gives it.
struct Given<'i> {
    option: SipOption<'i>,
    endpoint: usize,
}

/// A part of the work on a history.
enum Step {
    /// An endpoint with its templates.
    Endpoint(usize),
    /// The options of an endpoint that precede those of its templates.
    Defaults(usize),
}

impl<'i, 'p> Origins<'i, 'p> {
    pub(super) fn new(
        endpoints: &'i Endpoints,
        circular: &'p BTreeSet<(usize, usize)>,
        resolution: &'p (dyn Fn(usize) -> Option<Resolution<'i, 'p>> + Sync),
    ) -> Origins<'i, 'p> {
        let templates = endpoints.templates();
        let by_key = templates.values().map(|template| (template.origin.key(), Arc::clone(template)));
        Origins { endpoints, circular, resolution, templates_by_key: by_key.collect(), templates }
    }

    /// Writes the options of a section of an endpoint.
    pub(super) fn write(
        &self,
        writer: &mut Writer,
        endpoint: usize,
        section: Section,
        options: &Options<'_>,
    ) {
        let history = writer.explains_section().then(|| self.history(endpoint, section));
        for option in options.iter() {
            let notes = history.as_ref().map_or_else(Vec::new, |history| self.notes(history, option));
            let template = self.template_of(endpoint, option);
            option.write(writer.at_origin(option.origin()).of_template(template).noting(&notes));
        }
    }

    /// Returns the template from which an endpoint inherits an option.
    fn template_of(&self, endpoint: usize, option: &SipOption<'_>) -> Option<&Arc<Template>> {
        let own = &self.endpoints.get(endpoint).row;
        match option.row() {
            Some(row) if row.endpoint_sip_uuid == own.uuid => None,
            Some(row) => self.templates.get(&row.endpoint_sip_uuid),
            // Nearly all computed options come from the endpoint's own row, or from one of another table.
            None if ptr::eq(option.origin(), own.origin()) => None,
            None if option.origin().table() != own.origin().table() => None,
            None => self.templates_by_key.get(&option.origin().key()),
        }
    }

    /// Goes through the endpoint and its templates from the strongest option to the weakest, with a stack of its own, since
    /// a chain of templates may be of any length. A template that is reached twice counts where it is stronger.
    fn history(&self, endpoint: usize, section: Section) -> History<'i> {
        let mut history = History(HashMap::new());
        let mut seen = HashSet::new();
        let mut steps = vec![Step::Endpoint(endpoint)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Endpoint(endpoint) if seen.insert(endpoint) => {
                    let Some(resolution) = (self.resolution)(endpoint) else { continue };
                    history.add(endpoint, &resolution.own_options(section));
                    steps.push(Step::Defaults(endpoint));
                    let parents = self.endpoints.get(endpoint).parents.iter().copied();
                    let parents = parents.filter(|&parent| !self.circular.contains(&(endpoint, parent)));
                    steps.extend(parents.map(Step::Endpoint));
                }
                Step::Endpoint(_) => {}
                Step::Defaults(endpoint) => {
                    let resolution = (self.resolution)(endpoint).filter(|_| section == Section::Endpoint);
                    if let Some(resolution) = resolution {
                        history.add(endpoint, &resolution.defaults());
                    }
                }
            }
        }
        history
    }

    fn notes(&self, history: &History<'i>, option: &SipOption<'_>) -> Vec<Note> {
        let mut notes = Vec::new();
        if let Some(kind) = option.kind() {
            notes.push(Note::Computed(kind.source()));
        }
        // A repeated option overrides none.
        let all = history.0.get(option.key()).filter(|_| !option.may_be_repeated());
        let overridden = all.into_iter().flatten().filter(|given| !given.option.has_source_of(option));
        notes.extend(overridden.map(|given| Note::Overrides(self.overridden(given))));
        notes
    }

    fn overridden(&self, given: &Given<'i>) -> Overridden {
        let option = &given.option;
        Overridden {
            value: option.text().into_owned(),
            origin: option.origin().clone(),
            column: option.column(None).map(str::to_owned),
            template: self.templates.get(&self.endpoints.get(given.endpoint).row.uuid).cloned(),
        }
    }
}

impl<'i> History<'i> {
    /// Adds options, which are stronger than all that is added later; the last of them is the strongest.
    fn add(&mut self, endpoint: usize, options: &Options<'i>) {
        for option in options.iter().rev() {
            self.0.entry(option.key()).or_default().push(Given { option: option.clone(), endpoint });
        }
    }
}
