//! The IVRs: menus that callers hear, and where their choices lead.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use driver_api::asterisk::{Writer, syntax};
use driver_api::templates::{Serde, TemplateSet, Templates, Value, context};
use driver_api::{Blanked, Error, OneLine, Query, Row, Session, Text, blanked};
use serde::{Deserialize, Serialize, Serializer};

use super::dialplan_parts;
use crate::line_parts;

/// The beginning of the name of an IVR's section. The id follows.
pub(super) const SECTION: &str = "xivo-ivr-";

/// The template of every IVR that has none of its own. One is shipped.
const TEMPLATE: &str = "asterisk/extensions/ivr.jinja";

/// The beginning of the name of an IVR's own template. Its id follows.
const OWN_TEMPLATE: &str = "asterisk/extensions/ivr-";

const IVRS: Query<'_> = Query {
    table: "ivr",
    key: &["id"],
    sql: "SELECT id, tenant_uuid, name, greeting_sound, menu_sound, invalid_sound, abort_sound, timeout,
            max_tries, description
        FROM ivr
        ORDER BY id",
};

/// All columns, since an operator's own template may print any.
#[derive(Deserialize, Serialize)]
struct IvrRow {
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
    /// A template gets it without escapes: in the JSON of an event, the backslash of `\;` would be part of the text.
    #[serde(serialize_with = "unescaped")]
    exten: OneLine,
}

fn unescaped<S: Serializer>(text: &OneLine, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&syntax::meaning(text))
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
    actionarg1: Option<Text>,
    actionarg2: Option<Text>,
}

/// The destination of a call, as a template sees it.
#[derive(Serialize)]
struct Destination {
    #[serde(flatten)]
    row: DestinationRow,
    /// The arguments of the dialplan's subroutine `forward`: `user,12,30`.
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
    /// The destination under the name that older templates use.
    dialaction: Option<&'a Destination>,
}

/// An IVR, as a template sees it.
#[derive(Serialize)]
struct Ivr<'a> {
    #[serde(flatten)]
    row: &'a IvrRow,
    choices: Vec<Choice<'a>>,
    timeout_destination: Option<&'a Destination>,
    invalid_destination: Option<&'a Destination>,
    abort_destination: Option<&'a Destination>,
    dialactions: &'a Destinations,
}

/// Returns the mistakes in the template of all IVRs, and in those of single ones.
pub(super) fn check(templates: &TemplateSet) -> Vec<Error> {
    let is_own = |name: &String| name.starts_with(OWN_TEMPLATE) && name.strip_suffix(".jinja").is_some();
    let own = templates.names("asterisk/extensions").into_iter().filter(is_own);
    own.chain([TEMPLATE.to_owned()]).flat_map(|name| templates.check(&name, &["ivr"])).collect()
}

/// Writes the section of each IVR, by id.
pub(super) fn write(writer: &mut Writer, session: &mut Session<'_>, set: &TemplateSet) -> Result<(), Error> {
    let mut rows: Vec<Row<IvrRow>> = session.query(IVRS, &[])?;
    let choices: Vec<Row<ChoiceRow>> = session.query(CHOICES, &[])?;
    let destinations = destinations(session)?;
    let mut choices_of: HashMap<i64, Vec<Choice<'_>>> = HashMap::new();
    for choice in &choices {
        if choice.keeps(session, dialplan_parts::extension, &choice.exten) {
            choices_of.entry(choice.ivr_id).or_default().extend(choice.with_destination(&destinations));
        }
    }
    let mut templates = set.open();
    let none = Destinations::new();
    for row in &mut rows {
        if !keeps_ivr(session, row) {
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
        let name = ivr.template(&templates);
        let rendered = match ivr.render(&mut templates, &name)? {
            Ok(text) => {
                let notes = session.explains().then(|| set.note(&name));
                writer.at(row).noting(notes.as_slice()).rendered(&text)
            }
            Err(error) => Err(error.chain()),
        };
        if let Err(reason) = rendered {
            row.warn(session, "", format!("the IVR is left out: {reason}"));
        }
    }
    Ok(())
}

fn keeps_ivr(session: &mut Session<'_>, row: &Row<IvrRow>) -> bool {
    row.keeps(session, line_parts::argument, &row.greeting_sound)
        && row.keeps(session, line_parts::argument, &row.menu_sound)
        && row.keeps(session, line_parts::argument, &row.invalid_sound)
        && row.keeps(session, line_parts::argument, &row.abort_sound)
        && row.keeps(session, line_parts::value, &row.name)
        && row.keeps(session, line_parts::value, &row.tenant_uuid)
}

impl IvrRow {
    /// Replaces line breaks without a warning: descriptions often have several lines, and hardly any template
    /// prints them.
    fn put_description_on_one_line(&mut self) {
        self.description = self.description.as_deref().map(|text| blanked(text).into_owned());
    }
}

impl ChoiceRow {
    /// Returns the choice as a template sees it. `None` if its destination can't be written.
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
    /// Returns the name of the template that makes the section.
    fn template(&self, templates: &Templates<'_>) -> Cow<'static, str> {
        let own = format!("{OWN_TEMPLATE}{}.jinja", self.row.id);
        if templates.has(&own) { own.into() } else { TEMPLATE.into() }
    }

    /// Renders the section. A mistake in the IVR's own template is the inner error, and leaves out the IVR. A mistake
    /// in the template of all IVRs is the outer error, and ends the generation of the file.
    fn render(&self, templates: &mut Templates<'_>, name: &str) -> Result<Result<String, Error>, Error> {
        let context = context! { ivr => Value::from(Serde(self)) };
        let rendered = templates.render(name, context);
        if name == TEMPLATE { rendered.map(Ok) } else { Ok(rendered) }
    }
}

/// The destinations of each IVR and each choice, by category and id.
type ByOwner = HashMap<(String, String), Destinations>;

fn destinations(session: &mut Session<'_>) -> Result<ByOwner, Error> {
    let rows: Vec<Row<DestinationRow>> = session.query(DESTINATIONS, &[])?;
    let mut by_owner = ByOwner::new();
    for row in rows {
        let owner = (row.category.to_string(), row.categoryval.to_string());
        let event = row.event.to_string();
        let destination = keeps_destination(session, &row).then(|| Destination::new(row.into_inner()));
        by_owner.entry(owner).or_default().insert(event, destination);
    }
    Ok(by_owner)
}

fn keeps_destination(session: &mut Session<'_>, row: &Row<DestinationRow>) -> bool {
    let place =
        if &*row.action == "custom" { dialplan_parts::application_call } else { line_parts::argument };
    row.keeps(session, line_parts::value, &row.event)
        && row.keeps(session, line_parts::argument, &row.action)
        && row.keeps(session, place, &row.actionarg1)
        && row.keeps(session, place, &row.actionarg2)
}

impl Destination {
    fn new(row: DestinationRow) -> Destination {
        let [first, second] =
            [&row.actionarg1, &row.actionarg2].map(|text| text.as_deref().unwrap_or_default());
        let gosub_args = [&*row.action, first, second].join(",");
        let (kind, subtype) = match row.action.split_once(':') {
            Some((kind, subtype)) => (kind.to_owned(), Some(subtype.to_owned())),
            None => (row.action.to_string(), None),
        };
        Destination { row, gosub_args, kind, subtype }
    }
}
