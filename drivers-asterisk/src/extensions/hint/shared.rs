//! The hint of each user in a context of its own, for members of queues: all the user's lines, and the
//! application on their mobile phone.

use driver_api::Session;
use driver_api::asterisk::{Writer, syntax};

use crate::checks::{keeps, keeps_row};
use crate::extensions::user::{Kind, Line, User, Users};

/// `queues.conf` names it.
pub(in crate::extensions) const SECTION: &str = "usersharedlines";

/// Writes the hint of every user, whether or not they are enabled or have a line.
pub(in crate::extensions) fn write(writer: &mut Writer, session: &mut Session<'_>, users: &Users) {
    let mut ordered: Vec<(&User, &[Line])> =
        users.all().iter().map(|user| (user, users.lines(user))).collect();
    // Who has no line comes first, then who has a main line, then all others.
    ordered.sort_by_key(|(_, lines)| lines.first().map(|line| !line.main_line));
    for (user, lines) in ordered {
        let key = format_args!("id={}", user.id);
        if !keeps_row(session, "userfeatures", key, syntax::extension, &[("uuid", &user.uuid)]) {
            continue;
        }
        let mut argument = vec!["Custom:", &user.uuid, "-mobile"];
        for line in lines {
            if let Some((prefix, name)) = interface(session, line) {
                argument.extend(["&", prefix, name]);
            }
        }
        writer.hint(&user.uuid, &argument);
    }
}

/// What Asterisk calls the line, by the name that the line has for its endpoint.
fn interface<'l>(session: &mut Session<'_>, line: &'l Line) -> Option<(&'static str, &'l str)> {
    let prefix = match line.kind {
        Kind::Custom => "",
        Kind::Sip => "PJSIP/",
        Kind::Sccp => "SCCP/",
        Kind::None => "CUSTOM/",
    };
    let Some(name) = line.name.as_deref() else {
        if line.kind == Kind::Custom {
            session.warn(line.warning("there is no name; the hint of the user is made without this line"));
            return None;
        }
        session.warn(line.warning("there is no name: the hint of the user has the word None for it"));
        return Some((prefix, "None"));
    };
    let (key, columns) = (format_args!("id={}", line.line_id), [("name", name)]);
    if !keeps(session, "linefeatures", key, syntax::device, &columns, "the hint is made without it") {
        return None;
    }
    if matches!(line.kind, Kind::Sip | Kind::Sccp)
        && let Some(endpoint) = line.endpoint.as_deref().filter(|endpoint| *endpoint != name)
    {
        let message =
            format!("the endpoint is called {endpoint:?}: members of queues wait for {name:?} in vain");
        session.warn(line.warning(message));
    }
    Some((prefix, name))
}
