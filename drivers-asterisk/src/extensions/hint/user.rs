//! The hint of a user's extension: the devices of all their lines.

use std::sync::Arc;

use driver_api::{Row, Session};

use super::{Argument, Hint, Hints};
use crate::extensions::dialplan_parts;
use crate::extensions::user::{Line, User, Users};

pub(super) fn add<'a>(hints: &mut Hints<'a>, session: &mut Session<'_>, users: &'a Users) {
    for user in users.all().iter().filter(|user| user.has_hint()) {
        let extensions = users.extensions(user);
        if extensions.is_empty() {
            continue;
        }
        let devices = devices(session, users, user);
        if devices.is_empty() {
            continue;
        }
        let devices: Arc<str> = devices.into();
        for extension in extensions {
            let hint = Hint {
                origin: extension.origin(),
                column: "exten",
                extension: (&*extension.exten).into(),
                argument: Argument::Devices(Arc::clone(&devices)),
            };
            hints.add(session, &extension.context, hint);
        }
    }
}

/// Returns the devices that ring for the user: `PJSIP/a&SCCP/b`. A device with an empty name is one of them.
fn devices(session: &mut Session<'_>, users: &Users, user: &User) -> String {
    let lines = users.lines(user).iter().filter(|line| line.rings());
    let devices: Vec<String> = lines.filter_map(|line| device(session, line)).collect();
    devices.join("&")
}

fn device(session: &mut Session<'_>, line: &Row<Line>) -> Option<String> {
    let endpoint = line.endpoint.as_ref()?;
    let kept = line.keeps_or(session, "the hint lacks the line", dialplan_parts::device, endpoint);
    kept.then(|| format!("{}{endpoint}", line.kind.prefix()))
}
