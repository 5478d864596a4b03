//! The features: the codes that phones dial for a service of the telephone system.

use std::collections::HashMap;

use driver_api::asterisk::Writer;
use driver_api::templates::TextFile;
use driver_api::{Error, OneLine, Query, Row, Session, Warning};
use serde::Deserialize;
use uuid::Uuid;

use super::code::clean_extension;
use super::dialplan_parts;
use super::section::{ExtensionValues, Section};

pub(super) const SECTION: &str = "xivo-features";

pub(super) struct Features {
    /// By extension.
    rows: Vec<Row<Feature>>,
    by_uuid: HashMap<Uuid, usize>,
}

const FEATURES: Query<'_> = Query {
    table: "feature_extension",
    key: &["uuid", "feature"],
    sql: r#"SELECT uuid, enabled, exten, feature FROM feature_extension ORDER BY exten COLLATE "C", uuid"#,
};

#[derive(Deserialize)]
struct Feature {
    uuid: Uuid,
    enabled: bool,
    exten: OneLine,
    feature: String,
}

/// The features that forward calls, each with the case in which it does, in the order of the file.
const FORWARDS: [(&str, &str); 3] = [("fwdbusy", "busy"), ("fwdrna", "rna"), ("fwdunc", "unc")];

impl Features {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Features, Error> {
        let mut rows: Vec<Row<Feature>> = session.query(FEATURES, &[])?;
        rows.retain(|feature| feature.keeps(session, dialplan_parts::extension, &feature.exten));
        let by_uuid = rows.iter().enumerate().map(|(at, feature)| (feature.uuid, at)).collect();
        Ok(Features { rows, by_uuid })
    }

    /// Returns the extension of an enabled feature.
    pub(super) fn enabled(&self, uuid: Uuid) -> Option<&str> {
        let feature = &self.rows[*self.by_uuid.get(&uuid)?];
        feature.enabled.then_some(&*feature.exten)
    }

    /// Returns the literal prefix of the code of a feature, enabled or not. It is empty if there is no such feature.
    pub(super) fn prefix(&self, session: &mut Session<'_>, feature: &str) -> &str {
        let mut rows = self.rows.iter().filter(|row| row.feature == feature);
        let Some(first) = rows.next() else { return "" };
        for other in rows {
            let message = format!(
                "there is more than one feature {feature}, and hints use the extension {:?}: delete the others",
                first.exten
            );
            other.warn(session, "exten", message);
        }
        clean_extension(&first.exten)
    }

    pub(super) fn write(
        &self,
        writer: &mut Writer,
        session: &mut Session<'_>,
        conf: &TextFile,
        section: &Section,
    ) {
        writer.own().section(SECTION);
        for line in section.context_lines(SECTION) {
            let notes = writer.explains_section().then(|| conf.note(line.conf_line));
            writer.own().noting(notes.as_slice()).option(line.name, line.value);
            writer.blank();
        }
        for feature in self.rows.iter().filter(|feature| feature.enabled) {
            if let Some(action) = action(&feature.feature) {
                warn_of_length(session, feature, action);
                let values = ExtensionValues {
                    origin: feature.origin(),
                    context: SECTION,
                    exten: &feature.exten,
                    action: ("feature", action),
                    tenant_uuid: "",
                };
                section.write_extension(writer, conf, &values);
            }
        }
        for (name, when) in FORWARDS {
            self.write_forward(writer, session, name, when);
        }
    }

    /// Writes the extension of the code alone, without a number behind it.
    fn write_forward(&self, writer: &mut Writer, session: &mut Session<'_>, name: &str, when: &str) {
        let Some(feature) = self.rows.iter().rfind(|row| row.feature == name) else {
            let message = format!("there is no feature {name}, so phones can't dial its code");
            session.warn(Warning::new("feature_extension", message));
            return;
        };
        if !feature.enabled {
            return;
        }
        let code = clean_extension(&feature.exten);
        if code.is_empty() {
            feature.warn(session, "exten", "the code is empty, so phones can't dial it: set one");
            return;
        }
        let code = ("exten", code);
        let mut lines = writer.at(feature);
        lines.option_of("exten", &[&code, &",1,Set(__WAZO_BASE_CONTEXT=${CONTEXT})"]);
        lines.option_of("exten", &[&code, &",n,Set(__XIVO_BASE_EXTEN=${EXTEN})"]);
        lines.option_of("exten", &[&code, &",n,Gosub(feature_forward,s,1(", &when, &"))"]);
    }
}

/// Warns of a code whose length differs from the one that its action assumes.
fn warn_of_length(session: &mut Session<'_>, feature: &Row<Feature>, action: &str) {
    let code = clean_extension(&feature.exten);
    if let Some(skipped) = skipped(action)
        && skipped != code.chars().count()
    {
        let message = format!(
            "the action takes the first {skipped} characters as the code, but the code is {code:?}, so the service \
                gets a wrong argument: use a code of {skipped} characters"
        );
        feature.warn(session, "exten", message);
    }
}

/// Returns how many dialled characters an action takes as the code: 3 in `${EXTEN:3}`.
fn skipped(action: &str) -> Option<usize> {
    let (_, number) = action.rsplit_once("${EXTEN:")?;
    number.split_once('}')?.0.parse().ok()
}

/// Returns the action of a feature. It assumes the length of the codes of a new installation.
fn action(feature: &str) -> Option<&'static str> {
    Some(match feature {
        "agentstaticlogin" => "GoSub(agentstaticlogin,s,1(${EXTEN:3}))",
        "agentstaticlogoff" => "GoSub(agentstaticlogoff,s,1(${EXTEN:3}))",
        "agentstaticlogtoggle" => "GoSub(agentstaticlogtoggle,s,1(${EXTEN:3}))",
        "autoprov" => "GoSub(autoprov,s,1())",
        "bsfilter" => "GoSub(bsfilter,s,1(${EXTEN:3}))",
        "calllistening" => "GoSub(calllistening,s,1())",
        "callrecord" => "GoSub(callrecord,s,1() )",
        "directoryaccess" => "Directory(${CONTEXT})",
        "enablednd" => "GoSub(enablednd,s,1())",
        "enablevm" => "GoSub(enablevm,s,1())",
        "enablevmslt" => "GoSub(enablevm,s,1(${EXTEN:3}))",
        "fwdbusy" => "GoSub(feature_forward,s,1(busy,${EXTEN:3}))",
        "fwdrna" => "GoSub(feature_forward,s,1(rna,${EXTEN:3}))",
        "fwdunc" => "GoSub(feature_forward,s,1(unc,${EXTEN:3}))",
        "fwdundoall" => "GoSub(fwdundoall,s,1())",
        "groupmemberjoin" => "GoSub(group-member-join,s,1(${EXTEN:3}))",
        "groupmemberleave" => "GoSub(group-member-leave,s,1(${EXTEN:3}))",
        "groupmembertoggle" => "GoSub(group-member-toggle,s,1(${EXTEN:3}))",
        "incallfilter" => "GoSub(incallfilter,s,1())",
        "meetingjoin" => "GoSub(meetingjoin,s,1(${EXTEN:3}))",
        "paging" => "GoSub(paging,s,1(${EXTEN:3}))",
        "phoneprogfunckey" => "GoSub(phoneprogfunckey,s,1(${EXTEN:0:4},${EXTEN:4}))",
        "phonestatus" => "GoSub(phonestatus,s,1())",
        "pickup" => "GoSub(wazo-pickup,s,1(${EXTEN:2},${CONTEXT}))",
        "recsnd" => "GoSub(recsnd,s,1(wav))",
        "vmboxmsgslt" => "GoSub(vmboxmsg,s,1(${EXTEN:3}))",
        "vmboxpurgeslt" => "GoSub(vmboxpurge,s,1(${EXTEN:3}))",
        "vmboxslt" => "GoSub(vmbox,s,1(${EXTEN:3}))",
        "vmusermsg" => "GoSub(vmusermsg,s,1())",
        "vmuserpurge" => "GoSub(vmuserpurge,s,1())",
        "vmuserpurgeslt" => "GoSub(vmuserpurge,s,1(${EXTEN:3}))",
        "vmuserslt" => "GoSub(vmuser,s,1(${EXTEN:3}))",
        _ => return None,
    })
}
