//! The settings of the channel driver, of all devices and of all lines.

use driver_api::asterisk::{Lines, Writer};
use driver_api::{Blanked, Error, OneLine, Query, Row, Session, Warning};
use serde::Deserialize;

use super::{Variant, device, line};

/// The settings, split by section, in the order of the table.
#[derive(Default)]
pub(super) struct Settings {
    general: Vec<Row<Setting>>,
    device: Vec<Row<Setting>>,
    line: Vec<Row<Setting>>,
    /// The extension that a phone dials for its voicemail.
    voicemail: Option<Row<Voicemail>>,
}

const SETTINGS: Query<'_> = Query {
    table: "sccpgeneralsettings",
    key: &["id"],
    sql: "SELECT id, option_name, option_value FROM sccpgeneralsettings ORDER BY id",
};

#[derive(Deserialize)]
struct Setting {
    option_name: OneLine,
    option_value: Blanked,
}

/// A disabled extension counts, too: the dialplan decides what happens to a call.
const VOICEMAIL: Query<'_> = Query {
    table: "feature_extension",
    key: &["exten"],
    sql: r#"SELECT exten FROM feature_extension WHERE feature = 'vmusermsg' ORDER BY exten COLLATE "C" LIMIT 1"#,
};

#[derive(Deserialize)]
struct Voicemail {
    exten: Blanked,
}

impl Settings {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        let rows: Vec<Row<Setting>> = session.query(SETTINGS, &[])?;
        for setting in rows {
            let destination = match &*setting.option_name {
                "dialtimeout" | "dateformat" | "vmexten" | "keepalive" => &mut settings.device,
                "context" | "language" | "directmedia" | "tos_audio" | "disallow" | "allow" => {
                    &mut settings.line
                }
                _ => &mut settings.general,
            };
            destination.push(setting);
        }
        settings.voicemail = session.query(VOICEMAIL, &[])?.pop();
        if settings.voicemail.is_none() {
            let message = "there is no row with the feature vmusermsg, so phones have no extension for \
                their voicemail: add one";
            session.warn(Warning::new("feature_extension", message));
        }
        Ok(settings)
    }

    pub(super) fn write_general(&self, writer: &mut Writer) {
        writer.own().section("general");
        for setting in &self.general {
            writer.at(setting).option(&setting.option_name, &setting.option_value);
        }
        writer.blank();
    }

    pub(super) fn write_device_template(&self, writer: &mut Writer) {
        writer.own().template_section(device::TEMPLATE);
        for setting in &self.device {
            writer.at(setting).option(&setting.option_name, &setting.option_value);
        }
        if let Some(voicemail) = &self.voicemail {
            writer.at(voicemail).option("vmexten", &voicemail.exten);
        }
        writer.blank();
    }

    pub(super) fn write_line_template(&self, writer: &mut Writer, variant: Variant) {
        writer.own().template_section(line::TEMPLATE);
        for setting in &self.line {
            setting.write_line_option(&mut writer.at(setting));
        }
        if variant.has_time_limit {
            writer.own().option("setvar", "TIMEOUT(absolute)=36000");
        }
        writer.blank();
    }
}

impl Setting {
    fn write_line_option(&self, lines: &mut Lines<'_>) {
        let (name, value) = (&self.option_name, &self.option_value);
        match &**name {
            "directmedia" => lines.option(name, ("option_value", if *value == "no" { "0" } else { "1" })),
            "allow" if !value.is_empty() => {
                lines.option("disallow", "all");
                lines.option(name, value);
            }
            // Without an `allow`, the codecs of the channel driver are allowed.
            "allow" | "disallow" => {}
            _ => lines.option(name, value),
        }
    }
}
