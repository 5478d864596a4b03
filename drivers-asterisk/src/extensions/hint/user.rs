//! The hint of a user's extension: the devices of all their lines.

use driver_api::Session;
use driver_api::asterisk::syntax;

use super::{Argument, Hints};
use crate::checks::keeps;
use crate::extensions::user::{Kind, Line, User, Users};

pub(super) fn add<'a>(hints: &mut Hints<'a>, session: &mut Session<'_>, users: &'a Users) {
    for user in users.all().iter().filter(|user| user.has_hint()) {
        let extensions = users.extensions(user);
        if extensions.is_empty() {
            continue;
        }
        let devices = devices(session, users, user);
        if !devices.is_empty() {
            for extension in extensions {
                hints.add(&extension.context, &*extension.exten, Argument::Of(devices.clone()));
            }
        }
    }
}

/// `PJSIP/a&SCCP/b`: the devices that ring for the user. One without a name among others is there, too.
fn devices(session: &mut Session<'_>, users: &Users, user: &User) -> String {
    let lines = users.lines(user).iter().filter(|line| line.rings());
    let devices: Vec<String> = lines.filter_map(|line| device(session, line)).collect();
    devices.join("&")
}

fn device(session: &mut Session<'_>, line: &Line) -> Option<String> {
    let endpoint = line.endpoint.as_deref()?;
    let (table, column, prefix) = match line.kind {
        Kind::Custom => ("usercustom", "interface", ""),
        Kind::Sip => ("endpoint_sip", "name", "PJSIP/"),
        Kind::Sccp => ("sccpline", "name", "SCCP/"),
        Kind::None => return None,
    };
    let key = format_args!("linefeatures.id={}", line.line_id);
    let columns = [(column, endpoint)];
    if !keeps(session, table, key, syntax::device, &columns, "the hint is made without it") {
        return None;
    }
    Some(format!("{prefix}{endpoint}"))
}
