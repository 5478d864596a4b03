//! The hint of each user in a context of its own, for members of queues: all the user's lines, and the
//! application on their mobile phone.

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Row, Session};

use crate::extensions::dialplan_parts;
use crate::extensions::user::{Kind, Line, User, Users};

/// The members in `queues.conf` refer to this section.
pub(in crate::extensions) const SECTION: &str = "usersharedlines";

/// Writes the hint of every user, whether or not they are enabled or have a line.
pub(in crate::extensions) fn write(writer: &mut Writer, session: &mut Session<'_>, users: &Users) {
    let mut ordered: Vec<(&Row<User>, &[Row<Line>])> =
        users.all().iter().map(|user| (user, users.lines(user))).collect();
    // Users without a line come first, then those with a main line, then all others.
    ordered.sort_by_key(|(_, lines)| lines.first().map(|line| !line.main_line));
    for (user, lines) in ordered {
        if !user.keeps(session, syntax::extension, &user.uuid) {
            continue;
        }
        let mut devices = String::new();
        for (prefix, name) in lines.iter().filter_map(|line| interface(session, line)) {
            devices.extend(["&", prefix, name]);
        }
        writer.at(user).hint(&user.uuid, &[&"Custom:", &user.uuid, &"-mobile", &devices]);
    }
}

/// Returns Asterisk's name of the line, as a prefix and the name that the line has for its endpoint.
fn interface<'l>(session: &mut Session<'_>, line: &'l Row<Line>) -> Option<(&'static str, &'l str)> {
    let prefix = line.kind.prefix();
    let Some(name) = &line.name else {
        if line.kind == Kind::Custom {
            line.warn(session, "name", "the line has no name, so the hint of the user lacks it");
            return None;
        }
        let message = "the line has no name, so the hint of the user has the word None instead";
        line.warn(session, "name", message);
        return Some((prefix, "None"));
    };
    if !line.keeps_or(session, "the hint lacks the line", dialplan_parts::device, name) {
        return None;
    }
    if matches!(line.kind, Kind::Sip | Kind::Sccp)
        && let Some(endpoint) = line.endpoint.as_ref().filter(|endpoint| *endpoint != name)
    {
        let message = format!(
            "queue members reach the line by the name {name:?}, but its endpoint is called {endpoint:?}: calls to \
                it fail"
        );
        line.warn(session, "name", message);
    }
    Some((prefix, name))
}
