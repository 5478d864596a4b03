//! The order in which endpoints are resolved.

use std::collections::BTreeSet;

use super::Endpoints;

/// One endpoint of an [`Order`].
#[derive(Debug, PartialEq)]
pub struct Entry {
    /// The index of the endpoint.
    pub endpoint: usize,
    /// The index of the item that it belongs to. `None` if it is only a template.
    pub item: Option<usize>,
}

/// The endpoints of the items and all of their templates, each once. A template comes before the first endpoint
/// that inherits from it.
pub struct Order {
    /// The endpoints.
    pub entries: Vec<Entry>,
    /// The links (child, parent) that would close a circle of templates, which are ignored.
    pub circular: BTreeSet<(usize, usize)>,
    /// Items whose endpoint a later item has, too, and the index of the endpoint in the entries.
    pub replaced: Vec<(usize, usize)>,
    states: Vec<State>,
}

#[derive(Clone, Copy)]
enum State {
    Unseen,
    /// Its templates are being registered.
    Open,
    /// It is in the entries, at this index.
    At(usize),
}

impl Order {
    /// Registers items, given by their endpoints, in order.
    pub fn new(endpoints: &Endpoints, items: impl Iterator<Item = usize>) -> Order {
        let mut order = Order {
            entries: Vec::new(),
            circular: BTreeSet::new(),
            replaced: Vec::new(),
            states: vec![State::Unseen; endpoints.len()],
        };
        for (item, endpoint) in items.enumerate() {
            order.visit(endpoint, |endpoint| &endpoints.get(endpoint).parents);
            let State::At(place) = order.states[endpoint] else { continue };
            if let Some(loser) = order.entries[place].item.replace(item) {
                order.replaced.push((loser, place));
            }
        }
        order
    }

    /// Returns the entry of an endpoint, if the order has it.
    pub fn entry(&self, endpoint: usize) -> Option<&Entry> {
        match self.states[endpoint] {
            State::At(place) => self.entries.get(place),
            State::Unseen | State::Open => None,
        }
    }

    /// Registers an endpoint after its templates: depth first, with a stack of its own, since a chain
    /// of templates may be of any length.
    fn visit<'a>(&mut self, endpoint: usize, parents: impl Fn(usize) -> &'a Vec<usize>) {
        if !matches!(self.states[endpoint], State::Unseen) {
            return;
        }
        self.states[endpoint] = State::Open;
        let mut open = vec![(endpoint, parents(endpoint).iter())];
        while let Some((child, rest)) = open.last_mut() {
            let child = *child;
            match rest.next() {
                Some(&parent) => match self.states[parent] {
                    State::Unseen => {
                        self.states[parent] = State::Open;
                        open.push((parent, parents(parent).iter()));
                    }
                    State::Open => {
                        self.circular.insert((child, parent));
                    }
                    State::At(_) => {}
                },
                None => {
                    self.states[child] = State::At(self.entries.len());
                    self.entries.push(Entry { endpoint: child, item: None });
                    open.pop();
                }
            }
        }
    }
}
