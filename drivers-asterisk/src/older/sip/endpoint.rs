//! The SIP endpoints: rows of which most columns are options of a section.

use std::borrow::Cow;
use std::{fmt, mem};

use driver_api::asterisk::{Writer, syntax, yes_no};
use driver_api::{Blanked, Error, OneLine, Query, Session, Warning};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};

use crate::checks::keeps_row;
use crate::pairs::Pairs;

/// The endpoints that are not disabled.
pub(super) struct Endpoints {
    /// By name.
    pub(super) trunks: Vec<Endpoint>,
    pub(super) users: Vec<Endpoint>,
}

pub(super) struct Endpoint {
    pub(super) id: i64,
    pub(super) name: OneLine,
    pub(super) tenant_uuid: Blanked,
    category: Category,
    /// Whether it is a trunk, and then whether Twilio calls through it.
    twilio_incoming: Option<bool>,
    pairs: Pairs,
    columns: Columns,
}

/// The option columns that are not NULL, in the order of [`COLUMNS`].
struct Columns {
    /// The values of all, one behind the other.
    text: String,
    /// The names, and where in the text the values end.
    ends: Vec<(&'static str, usize)>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Category {
    User,
    Trunk,
}

/// What an option column holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    /// A number that says yes or no: 0 is no.
    Switch,
}

/// Makes the query from the columns that are options, each with its kind. So they stand in one place.
macro_rules! option_columns {
    ($($column:literal $kind:ident,)+) => {
        /// In the order in which they are written, which matters to Asterisk for `deny` and `permit`.
        const COLUMNS: &[(&str, Kind)] = &[$(($column, Kind::$kind),)+];

        const FIELDS: &[&str] =
            &["id", "name", "tenant_uuid", "category", "twilio_incoming", "options", $($column,)+];

        /// A trunk that no row of `trunkfeatures` claims has NULL there, as the endpoints of users have.
        const ENDPOINTS: Query<'_> = Query {
            table: "usersip",
            key: &["id"],
            sql: concat!(
                "SELECT us.id, us.name, us.tenant_uuid, us.category, t.twilio_incoming, us.options",
                $(", us.\"", $column, "\"",)+
                " FROM usersip us
                LEFT JOIN trunkfeatures t ON t.endpoint_sip_id = us.id AND us.category = 'trunk'
                WHERE us.commented = 0",
            ),
        };
    };
}

option_columns! {
    "context" Text, "mohinterpret" Text, "videosupport" Text, "buggymwi" Switch, "useclientcode" Switch,
    "allowsubscribe" Switch, "call-limit" Number, "textsupport" Switch, "amaflags" Text, "sendrpid" Text,
    "session-timers" Text, "busylevel" Number, "callcounter" Switch, "progressinband" Text, "port" Number,
    "autoframing" Switch, "t38pt_usertpsource" Switch, "ignoresdpversion" Switch, "t38pt_udptl" Switch,
    "callerid" Text, "timert1" Number, "session-minse" Number, "maxforwards" Number, "fullname" Text,
    "fromdomain" Text, "md5secret" Text, "secret" Text, "allowtransfer" Switch, "use_q850_reason" Switch,
    "transport" Text, "nat" Text, "qualify" Text, "type" Text, "directmedia" Text, "username" Text,
    "contactpermit" Text, "rtpkeepalive" Number, "callbackextension" Text, "maxcallbitrate" Number,
    "accountcode" Text, "insecure" Text, "snom_aoc_enabled" Switch, "rtpholdtimeout" Number,
    "disallowed_methods" Text, "trustrpid" Switch, "dtmfmode" Text, "qualifyfreq" Number, "host" Text,
    "promiscredir" Switch, "defaultip" Text, "remotesecret" Text, "subscribecontext" Text,
    "g726nonstandard" Switch, "session-refresher" Text, "allowoverlap" Switch, "session-expires" Number,
    "vmexten" Text, "deny" Text, "timerb" Number, "language" Text, "contactdeny" Text, "usereqphone" Switch,
    "rtptimeout" Number, "unsolicited_mailbox" Text, "outboundproxy" Text, "rfc2833compensate" Switch,
    "parkinglot" Number, "allow" Text, "encryption" Switch, "callingpres" Number, "fromuser" Text,
    "cid_number" Text, "subscribemwi" Switch, "regexten" Text, "permit" Text,
}

/// The row is read by hand, since a struct with a field for each column would be mostly empty.
impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Endpoint, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = Endpoint;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row of usersip")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut values: S) -> Result<Endpoint, S::Error> {
                Ok(Endpoint {
                    id: next(&mut values)?,
                    name: next(&mut values)?,
                    tenant_uuid: next(&mut values)?,
                    category: next(&mut values)?,
                    twilio_incoming: next(&mut values)?,
                    pairs: next(&mut values)?,
                    columns: Columns::read(&mut values)?,
                })
            }
        }
        deserializer.deserialize_struct("Endpoint", FIELDS, Row)
    }
}

impl Columns {
    fn read<'de, S: SeqAccess<'de>>(values: &mut S) -> Result<Columns, S::Error> {
        // What a usual endpoint needs.
        let mut columns = Columns { text: String::with_capacity(128), ends: Vec::with_capacity(16) };
        for &(name, kind) in COLUMNS {
            match kind {
                Kind::Text => {
                    let text: Option<Blanked> = next(values)?;
                    columns.push(name, text.as_deref());
                }
                Kind::Number => {
                    let number: Option<i64> = next(values)?;
                    columns.push(name, number.map(|number| number.to_string()).as_deref());
                }
                Kind::Switch => {
                    let number: Option<i64> = next(values)?;
                    columns.push(name, number.map(|number| yes_no(number != 0)));
                }
            }
        }
        Ok(columns)
    }

    fn push(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text.push_str(value);
            self.ends.push((name, self.text.len()));
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&(name, end)| (name, &self.text[mem::replace(&mut start, end)..end]))
    }
}

fn next<'de, T: Deserialize<'de>, S: SeqAccess<'de>>(values: &mut S) -> Result<T, S::Error> {
    values.next_element()?.ok_or_else(|| S::Error::custom("the row has too few columns"))
}

impl Endpoints {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Endpoints, Error> {
        let endpoints: Vec<Endpoint> = session.query(ENDPOINTS, &[])?;
        let (mut trunks, users): (Vec<_>, Vec<_>) =
            endpoints.into_iter().partition(|endpoint| endpoint.category == Category::Trunk);
        trunks.retain(|trunk| trunk.twilio_incoming.is_some());
        trunks.sort_by(|a, b| (&a.name, a.id, a.twilio_incoming).cmp(&(&b.name, b.id, b.twilio_incoming)));
        trunks.dedup_by_key(|trunk| (trunk.id, trunk.twilio_incoming));
        Ok(Endpoints { trunks, users })
    }
}

/// Options as they are written: names and values.
pub(super) type Options<'a> = Vec<(&'a str, Cow<'a, str>)>;

impl Endpoint {
    /// Whether it is a trunk through which Twilio calls.
    pub(super) fn is_twilio(&self) -> bool {
        self.twilio_incoming == Some(true)
    }

    /// The value of an option column that is not NULL. It may be empty.
    pub(super) fn column(&self, name: &str) -> Option<&str> {
        self.columns.iter().find(|(column, _)| *column == name).map(|(_, value)| value)
    }

    /// The options that are columns and have a value.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.columns.iter().filter(|(_, value)| !value.is_empty())
    }

    /// The options that are no columns, whatever their names and values are.
    pub(super) fn pairs(&self, session: &mut Session<'_>) -> Options<'_> {
        let key = format_args!("id={}", self.id);
        let pairs = self.pairs.read(session, "usersip", key);
        let mut options = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let key = format_args!("{key} option={name:?}");
            if !keeps_row(session, "usersip", key, syntax::padded_key, &[("options", name)]) {
                continue;
            }
            let value = value.unwrap_or_else(|| {
                let message = "there is no value: Asterisk reads the option as the word None";
                session.warn(Warning::new("usersip", message).row(key).column("options"));
                "None"
            });
            options.push((name, session.blanked("usersip", key, "options", value)));
        }
        options
    }

    /// Writes all options: the columns, and then these pairs.
    pub(super) fn write_options(&self, writer: &mut Writer, pairs: &Options<'_>) {
        let pairs = || pairs.iter().map(|(name, value)| (*name, &**value));
        // It takes away the codecs that Asterisk allows by itself.
        if self.columns().chain(pairs()).any(|(name, _)| name == "allow") {
            writer.verbatim_option("disallow", "all");
        }
        for (name, value) in self.columns().chain(pairs()) {
            writer.verbatim_option(name, value);
        }
    }
}

/// The place of an option column among the others.
pub(super) fn place(column: &str) -> Option<usize> {
    COLUMNS.iter().position(|(name, _)| *name == column)
}
