//! The differences of `pjsip.conf` between releases, since 24.02.

use driver_api::{Dated, Release};

/// What a release has. It is found out once for the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variant {
    pub(super) announcements: Announcements,
    /// Whether a trunk has the variable `WAZO_PAI_FORMAT`.
    pub(super) has_pai_format: bool,
    /// Whether a user's line has the variable `WAZO_CALLER_SIMULTCALLS`.
    pub(super) has_simultaneous_calls: bool,
    /// How a line says that its user may record calls.
    pub(super) record_toggle: RecordToggle,
}

/// How an endpoint names the sounds that announce a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announcements {
    /// A variable for each sound.
    Variables,
    /// The options of the application `MixMonitor` in one variable.
    MixMonitor,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordToggle {
    /// A variable for the dialplan.
    Variable,
    /// A feature of the channel.
    Feature,
}

const ANNOUNCEMENTS: Dated<Announcements> = Dated::new(
    Announcements::Variables,
    &[(Release::new(25, 3), Announcements::None), (Release::new(25, 16), Announcements::MixMonitor)],
);
const HAS_PAI_FORMAT: Dated<bool> = Dated::new(true, &[(Release::new(25, 13), false)]);
const HAS_SIMULTANEOUS_CALLS: Dated<bool> = Dated::new(true, &[(Release::new(24, 16), false)]);
const RECORD_TOGGLE: Dated<RecordToggle> =
    Dated::new(RecordToggle::Variable, &[(Release::new(25, 1), RecordToggle::Feature)]);

impl Variant {
    pub(super) fn of(release: Release) -> Variant {
        Variant {
            announcements: ANNOUNCEMENTS.at(release),
            has_pai_format: HAS_PAI_FORMAT.at(release),
            has_simultaneous_calls: HAS_SIMULTANEOUS_CALLS.at(release),
            record_toggle: RECORD_TOGGLE.at(release),
        }
    }
}
