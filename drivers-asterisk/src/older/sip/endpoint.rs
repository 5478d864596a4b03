//! The SIP endpoints. Most columns of their rows are options of a section.

use std::borrow::Cow;

use driver_api::asterisk::{Lines, syntax, yes_no};
use driver_api::{
    Blanked, Error, OneLine, OptionColumn, OptionColumns, Query, Row, Session, blanked, breaks_line,
};
use serde::Deserialize;

use crate::pairs::Pairs;

/// The enabled endpoints.
pub(super) struct Endpoints {
    /// The trunks, by name.
    pub(super) trunks: Vec<Row<Endpoint>>,
    pub(super) users: Vec<Row<Endpoint>>,
}

/// `twilio_incoming` is NULL for the endpoints of users, and for a trunk to which no row of `trunkfeatures` refers.
/// Each column behind `options` is an option. They have the order of the file, which matters to Asterisk for `deny`
/// and `permit`.
const ENDPOINTS: Query<'_> = Query {
    table: "usersip",
    key: &["id"],
    sql: r#"SELECT us.id, us.name, us.tenant_uuid, us.category, t.twilio_incoming, us.options,
            us."context", us."mohinterpret", us."videosupport", us."buggymwi", us."useclientcode",
            us."allowsubscribe", us."call-limit", us."textsupport", us."amaflags", us."sendrpid",
            us."session-timers", us."busylevel", us."callcounter", us."progressinband", us."port",
            us."autoframing", us."t38pt_usertpsource", us."ignoresdpversion", us."t38pt_udptl",
            us."callerid", us."timert1", us."session-minse", us."maxforwards", us."fullname",
            us."fromdomain", us."md5secret", us."secret", us."allowtransfer", us."use_q850_reason",
            us."transport", us."nat", us."qualify", us."type", us."directmedia", us."username",
            us."contactpermit", us."rtpkeepalive", us."callbackextension", us."maxcallbitrate",
            us."accountcode", us."insecure", us."snom_aoc_enabled", us."rtpholdtimeout",
            us."disallowed_methods", us."trustrpid", us."dtmfmode", us."qualifyfreq", us."host",
            us."promiscredir", us."defaultip", us."remotesecret", us."subscribecontext",
            us."g726nonstandard", us."session-refresher", us."allowoverlap", us."session-expires",
            us."vmexten", us."deny", us."timerb", us."language", us."contactdeny", us."usereqphone",
            us."rtptimeout", us."unsolicited_mailbox", us."outboundproxy", us."rfc2833compensate",
            us."parkinglot", us."allow", us."encryption", us."callingpres", us."fromuser", us."cid_number",
            us."subscribemwi", us."regexten", us."permit"
        FROM usersip us
        LEFT JOIN trunkfeatures t ON t.endpoint_sip_id = us.id AND us.category = 'trunk'
        WHERE us.commented = 0"#,
};

#[derive(Deserialize)]
pub(super) struct Endpoint {
    pub(super) id: i64,
    pub(super) name: OneLine,
    pub(super) tenant_uuid: Blanked,
    category: Category,
    /// Whether Twilio calls through the trunk. `None` for other endpoints.
    twilio_incoming: Option<bool>,
    #[serde(rename = "options")]
    pairs: Pairs,
    option_columns: OptionColumns,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Category {
    User,
    Trunk,
}

/// The columns that are numbers and mean yes or no: 0 is no. They are sorted.
const SWITCHES: &[&str] = &[
    "allowoverlap",
    "allowsubscribe",
    "allowtransfer",
    "autoframing",
    "buggymwi",
    "callcounter",
    "encryption",
    "g726nonstandard",
    "ignoresdpversion",
    "promiscredir",
    "rfc2833compensate",
    "snom_aoc_enabled",
    "subscribemwi",
    "t38pt_udptl",
    "t38pt_usertpsource",
    "textsupport",
    "trustrpid",
    "use_q850_reason",
    "useclientcode",
    "usereqphone",
];

impl Endpoints {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Endpoints, Error> {
        let endpoints: Vec<Row<Endpoint>> = session.query(ENDPOINTS, &[])?;
        let (mut trunks, users): (Vec<_>, Vec<_>) =
            endpoints.into_iter().partition(|endpoint| endpoint.category == Category::Trunk);
        trunks.retain(|trunk| trunk.twilio_incoming.is_some());
        trunks.sort_by(|a, b| (&a.name, a.id, a.twilio_incoming).cmp(&(&b.name, b.id, b.twilio_incoming)));
        trunks.dedup_by_key(|trunk| (trunk.id, trunk.twilio_incoming));
        Ok(Endpoints { trunks, users })
    }
}

impl Endpoint {
    /// Tells whether Twilio calls through the trunk.
    pub(super) fn is_twilio(&self) -> bool {
        self.twilio_incoming == Some(true)
    }
}

/// Returns the value of an option column unless it is NULL. It may be empty.
pub(super) fn column<'a>(endpoint: &'a Row<Endpoint>, name: &str) -> Option<Cow<'a, str>> {
    let mut columns = endpoint.options(&endpoint.option_columns);
    columns.find(|column| column.name() == name).map(value)
}

/// Returns the value to write for a column.
fn value(column: OptionColumn<'_>) -> Cow<'_, str> {
    match SWITCHES.binary_search(&column.name()) {
        Ok(_) => yes_no(column.value() != "0").into(),
        Err(_) => blanked(column.value()),
    }
}

/// Returns the position of an option column among the others.
pub(super) fn position(column: &str) -> Option<usize> {
    ENDPOINTS.sql.find(&format!("us.\"{column}\""))
}

/// The options of an endpoint: columns, and then pairs.
pub(super) struct Options<'a> {
    endpoint: &'a Row<Endpoint>,
    pairs: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Options<'a> {
    /// Returns the options, and warns of each whose line breaks are replaced.
    pub(super) fn read(endpoint: &'a Row<Endpoint>, session: &mut Session<'_>) -> Options<'a> {
        for column in endpoint.options(&endpoint.option_columns) {
            // This only warns. `value` replaces the line breaks again, which is cheaper than to keep a copy.
            endpoint.blanked(session, column.name(), column.value());
        }
        Options { endpoint, pairs: pairs(endpoint, session) }
    }

    /// Returns the options that are columns and have a value.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        self.filled().map(|column| (column.name(), value(column)))
    }

    fn filled(&self) -> impl Iterator<Item = OptionColumn<'a>> {
        let columns = self.endpoint.options(&self.endpoint.option_columns);
        columns.filter(|column| !column.value().is_empty())
    }

    /// Returns the options from the array of pairs, with any name and value.
    pub(super) fn into_pairs(self) -> Vec<(&'a str, Cow<'a, str>)> {
        self.pairs
    }

    /// Writes all options.
    pub(super) fn write(&self, lines: &mut Lines<'_>) {
        let columns = self.filled().map(|column| column.name());
        // It disallows the codecs that Asterisk allows by default.
        if columns.chain(self.pairs.iter().map(|(name, _)| *name)).any(|name| name == "allow") {
            lines.verbatim_option("disallow", "all");
        }
        for (name, value) in self.columns() {
            lines.verbatim_option(name, (name, value));
        }
        for (name, value) in &self.pairs {
            lines.verbatim_option((PAIRS, *name), (PAIRS, value));
        }
    }
}

/// The column that has the pairs.
const PAIRS: &str = "options";

fn pairs<'a>(endpoint: &'a Row<Endpoint>, session: &mut Session<'_>) -> Vec<(&'a str, Cow<'a, str>)> {
    let mut pairs = Vec::new();
    for (name, value) in endpoint.pairs.read(session, endpoint) {
        if let Err(refusal) = syntax::padded_key(&mut String::new(), name) {
            endpoint.warn(session, PAIRS, format!("{refusal}; the option {name:?} is left out"));
            continue;
        }
        let value = value.unwrap_or_else(|| {
            let message = format!(
                "the option {name:?} has no value, so the file has the word None: set a value or delete the option"
            );
            endpoint.warn(session, PAIRS, message);
            "None"
        });
        if breaks_line(value) {
            let message =
                format!("the value of the option {name:?} has a line break; blanks stand in its place");
            endpoint.warn(session, PAIRS, message);
        }
        pairs.push((name, blanked(value)));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_sorted_columns() {
        assert!(SWITCHES.is_sorted());
        assert!(SWITCHES.iter().all(|name| position(name).is_some()));
    }
}
