//! The IVRs: menus that callers hear, and where their choices lead.

use std::collections::{BTreeMap, HashMap};

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Blanked, Error, OneLine, Query, Session, Warning, blanked};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::{Deserialize, Serialize};

use crate::checks::{argument_in_template, in_template, keeps_row};
use crate::template::{Folder, Templates};

/// What the name of an IVR's section begins with; its id follows.
pub(super) const SECTION: &str = "xivo-ivr-";

/// The template of every IVR that has none of its own. One is shipped.
const TEMPLATE: &str = "asterisk/extensions/ivr.jinja";

const IVRS: Query<'_> = Query {
    table: "ivr",
    key: &["id"],
    sql: "SELECT id, tenant_uuid, name, greeting_sound, menu_sound, invalid_sound, abort_sound, timeout,
            max_tries, description
        FROM ivr
        ORDER BY id",
};

/// All columns: a template of an operator's own may print any.
#[derive(Deserialize, Serialize)]
struct Row {
    id: i64,
    tenant_uuid: OneLine,
    name: Blanked,
    greeting_sound: Option<Blanked>,
    menu_sound: Blanked,
    invalid_sound: Option<Blanked>,
    abort_sound: Option<Blanked>,
    timeout: i64,
    max_tries: i64,
    description: Option<String>,
}

const CHOICES: Query<'_> =
    Query { table: "ivr_choice", key: &["id"], sql: "SELECT id, ivr_id, exten FROM ivr_choice ORDER BY id" };

#[derive(Deserialize, Serialize)]
struct ChoiceRow {
    id: i64,
    ivr_id: i64,
    exten: OneLine,
}

const DESTINATIONS: Query<'_> = Query {
    table: "dialaction",
    key: &["event", "category", "categoryval"],
    sql: r#"SELECT event, category, categoryval, action, actionarg1, actionarg2
        FROM dialaction
        WHERE CAST(category AS TEXT) IN ('ivr', 'ivr_choice')
        ORDER BY CAST(category AS TEXT) COLLATE "C", categoryval COLLATE "C", event COLLATE "C""#,
};

#[derive(Deserialize, Serialize)]
struct DestinationRow {
    event: OneLine,
    category: OneLine,
    categoryval: OneLine,
    action: OneLine,
    actionarg1: Option<String>,
    actionarg2: Option<String>,
}

/// Where a call goes, as a template sees it.
#[derive(Serialize)]
struct Destination {
    #[serde(flatten)]
    row: DestinationRow,
    /// `user,12,30`: what the dialplan's subroutine `forward` is called with.
    gosub_args: String,
    /// `endcall` of the action `endcall:busy`.
    #[serde(rename = "type")]
    kind: String,
    /// `busy` of that action.
    subtype: Option<String>,
}

/// The destinations of one IVR or one choice, by event; `None` for one that can't be written.
type Destinations = BTreeMap<String, Option<Destination>>;

#[derive(Serialize)]
struct Choice<'a> {
    #[serde(flatten)]
    row: &'a ChoiceRow,
    destination: Option<&'a Destination>,
    /// The same, as older templates call it.
    dialaction: Option<&'a Destination>,
}

/// An IVR, as a template sees it.
#[derive(Serialize)]
struct Ivr<'a> {
    #[serde(flatten)]
    row: &'a Row,
    choices: Vec<Choice<'a>>,
    timeout_destination: Option<&'a Destination>,
    invalid_destination: Option<&'a Destination>,
    abort_destination: Option<&'a Destination>,
    dialactions: &'a Destinations,
}

/// Writes the section of each IVR, by id.
pub(super) fn write(writer: &mut Writer, session: &mut Session<'_>, folder: &Folder) -> Result<(), Error> {
    let mut rows: Vec<Row> = session.query(IVRS, &[])?;
    let choices: Vec<ChoiceRow> = session.query(CHOICES, &[])?;
    let destinations = destinations(session)?;
    let mut choices_of: HashMap<i64, Vec<Choice<'_>>> = HashMap::new();
    for choice in &choices {
        let key = format_args!("id={}", choice.id);
        if !keeps_row(session, "ivr_choice", key, extension_in_template, &[("exten", &choice.exten)]) {
            continue;
        }
        choices_of.entry(choice.ivr_id).or_default().extend(choice.with_destination(&destinations));
    }
    let templates = folder.templates();
    let none = Destinations::new();
    for row in &mut rows {
        if !row.is_writable(session) {
            continue;
        }
        row.put_description_on_one_line();
        let dialactions = destinations.get(&("ivr".to_owned(), row.id.to_string())).unwrap_or(&none);
        let on = |event: &str| dialactions.get(event).and_then(Option::as_ref);
        let ivr = Ivr {
            choices: choices_of.remove(&row.id).unwrap_or_default(),
            timeout_destination: on("timeout"),
            invalid_destination: on("invalid"),
            abort_destination: on("abort"),
            dialactions,
            row,
        };
        if let Some(text) = ivr.render(session, &templates)?
            && let Err(reason) = writer.rendered(&text)
        {
            let message = format!("the IVR is left out: {reason}");
            session.warn(Warning::new("ivr", message).row(format_args!("id={}", row.id)));
        }
    }
    Ok(())
}

impl Row {
    fn is_writable(&self, session: &mut Session<'_>) -> bool {
        let sounds = [
            ("greeting_sound", self.greeting_sound.as_deref()),
            ("menu_sound", Some(&*self.menu_sound)),
            ("invalid_sound", self.invalid_sound.as_deref()),
            ("abort_sound", self.abort_sound.as_deref()),
        ];
        let key = format_args!("id={}", self.id);
        let sounds = sounds.map(|(column, sound)| (column, sound.unwrap_or_default()));
        let names = [("name", &*self.name), ("tenant_uuid", &self.tenant_uuid)];
        keeps_row(session, "ivr", key, argument_in_template, &sounds)
            && keeps_row(session, "ivr", key, in_template, &names)
    }

    /// A description may well have several lines, and hardly any template prints it: it is no matter for
    /// a warning.
    fn put_description_on_one_line(&mut self) {
        self.description = self.description.as_deref().map(|text| blanked(text).into_owned());
    }
}

impl ChoiceRow {
    /// The choice as a template sees it; `None` if its destination can't be written.
    fn with_destination<'a>(&'a self, destinations: &'a ByOwner) -> Option<Choice<'a>> {
        let destinations = destinations.get(&("ivr_choice".to_owned(), self.id.to_string()));
        let destination = match destinations {
            // Normally there is one, and this is its event.
            Some(by_event) => by_event.get("ivr_choice").or_else(|| by_event.values().next())?.as_ref(),
            None => return Some(Choice { row: self, destination: None, dialaction: None }),
        };
        destination.map(|_| Choice { row: self, destination, dialaction: destination })
    }
}

impl Ivr<'_> {
    /// The section. An IVR whose own template is bad is left out with a warning; if the template of all
    /// is bad, there is no file.
    fn render(&self, session: &mut Session<'_>, templates: &Templates<'_>) -> Result<Option<String>, Error> {
        let context = context! { ivr => Value::from(Serde(self)) };
        let own = format!("asterisk/extensions/ivr-{}.jinja", self.row.id);
        if !templates.has(&own) {
            return templates.render(TEMPLATE, context).map(Some);
        }
        match templates.render(&own, context) {
            Ok(text) => Ok(Some(text)),
            Err(error) => {
                let message = format!("the IVR is left out: {}", error.chain());
                session.warn(Warning::new("ivr", message).row(format_args!("id={}", self.row.id)));
                Ok(None)
            }
        }
    }
}

/// The destinations of each IVR and each choice, by category and id.
type ByOwner = HashMap<(String, String), Destinations>;

fn destinations(session: &mut Session<'_>) -> Result<ByOwner, Error> {
    let rows: Vec<DestinationRow> = session.query(DESTINATIONS, &[])?;
    let mut by_owner = ByOwner::new();
    for row in rows {
        let owner = (row.category.to_string(), row.categoryval.to_string());
        let event = row.event.to_string();
        let destination = row.is_writable(session).then(|| Destination::new(row));
        by_owner.entry(owner).or_default().insert(event, destination);
    }
    Ok(by_owner)
}

impl DestinationRow {
    fn arguments(&self) -> [(&'static str, &str); 2] {
        [("actionarg1", &self.actionarg1), ("actionarg2", &self.actionarg2)]
            .map(|(column, argument)| (column, argument.as_deref().unwrap_or_default()))
    }

    /// Whether it can be written.
    fn is_writable(&self, session: &mut Session<'_>) -> bool {
        let key = format_args!(
            "event={} category={} categoryval={}",
            &*self.event, &*self.category, &*self.categoryval
        );
        // The whole call of a dialplan application is one argument, and has commas and variables of its own.
        let place = if &*self.action == "custom" { call_in_template } else { argument_in_template };
        let columns = [("event", &*self.event), ("action", &*self.action)];
        keeps_row(session, "dialaction", key, in_template, &columns)
            && keeps_row(session, "dialaction", key, place, &self.arguments())
    }
}

/// An extension that a template prints.
fn extension_in_template(out: &mut String, value: &str) -> Result<(), syntax::Refusal> {
    syntax::extension(&mut String::new(), value)?;
    in_template(out, value)
}

/// The call of a dialplan application that a template prints.
fn call_in_template(out: &mut String, value: &str) -> Result<(), syntax::Refusal> {
    syntax::balanced(value)?;
    in_template(out, value)
}

impl Destination {
    fn new(row: DestinationRow) -> Destination {
        let [(_, first), (_, second)] = row.arguments();
        let gosub_args = [&*row.action, first, second].join(",");
        let (kind, subtype) = match row.action.split_once(':') {
            Some((kind, subtype)) => (kind.to_owned(), Some(subtype.to_owned())),
            None => (row.action.to_string(), None),
        };
        Destination { row, gosub_args, kind, subtype }
    }
}
