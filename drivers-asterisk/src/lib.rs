//! The drivers of the files that Asterisk reads when it starts and at each reload.
//!
//! One file here writes one configuration file; beside them, `writer` is the Asterisk syntax,
//! `static_file` the sections that an administrator edits as such, `template` the files made from
//! Jinja2 templates.

mod confbridge;
mod features;
mod hep;
mod modules;
mod musiconhold;
mod pjsip;
mod rtp;
mod static_file;
mod template;
mod writer;

use driver_api::Entry;

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[
    Entry {
        namespace: "asterisk.confbridge.conf",
        name: "wazo",
        defaults: "",
        new: |_| Ok(Box::new(confbridge::Confbridge)),
    },
    Entry {
        namespace: "asterisk.features.conf",
        name: "wazo",
        defaults: "",
        new: |_| Ok(Box::new(features::Features)),
    },
    Entry { namespace: "asterisk.hep.conf", name: "wazo", defaults: "", new: |_| Ok(Box::new(hep::Hep)) },
    Entry {
        namespace: "asterisk.modules.conf",
        name: "wazo",
        defaults: modules::DEFAULTS,
        new: |config| Ok(Box::new(modules::Modules::new(config)?)),
    },
    Entry {
        namespace: "asterisk.musiconhold.conf",
        name: "wazo",
        defaults: template::DEFAULTS,
        new: |config| Ok(Box::new(musiconhold::MusicOnHold::new(config)?)),
    },
    Entry {
        namespace: "asterisk.pjsip.conf",
        name: "wazo",
        defaults: "",
        new: |_| Ok(Box::new(pjsip::Pjsip)),
    },
    Entry { namespace: "asterisk.rtp.conf", name: "wazo", defaults: "", new: |_| Ok(Box::new(rtp::Rtp)) },
];
