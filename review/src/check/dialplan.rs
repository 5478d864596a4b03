//! The dialplan: lines that Asterisk skips, extensions that no call reaches to the end, jumps and applications without
//! their target, hints and includes.

mod calls;
mod extensions;
mod hints;
mod includes;
mod jumps;
mod lines;
mod objects;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::HashSet;

use asterisk_conf::{Content, Location};
use bstr::{BStr, BString};

use self::objects::Objects;
use super::devices::Devices;
use super::sounds::Sounds;
use super::{Findings, contexts};
use crate::dialplan::{Absent, Dialplan, Elsewhere, Lookup, Name, Priority, Target, branches, call_in};
use crate::site::{At, Site, SiteFile};
use crate::text::Shown;

/// Returns the rules of this folder.
pub(super) fn all_rules() -> impl Iterator<Item = &'static crate::Rule> {
    let rules = [
        calls::RULES,
        extensions::RULES,
        hints::RULES,
        includes::RULES,
        jumps::RULES,
        lines::RULES,
        variables::RULES,
    ];
    rules.into_iter().flatten().copied()
}

/// Checks the dialplan, and what other files and the dialplan refer to in each other.
pub(super) fn check(
    site: &Site<'_>,
    devices: &Devices<'_>,
    sounds: Option<&Sounds>,
    findings: &mut Findings<'_>,
) {
    let Some(file) = site.file("extensions.conf") else { return };
    let dialplan = Dialplan::read(file.document());
    let lookup = Lookup::new(&dialplan, elsewhere(site, file));
    let checked = Checked {
        file,
        lookup: &lookup,
        devices,
        objects: Objects::of(site),
        sounds,
        variables: variables::set_anywhere(&dialplan, file.document().section("globals")),
    };
    lines::check(&checked, findings);
    extensions::check(&checked, findings);
    includes::check(&checked, findings);
    hints::check(&checked, findings);
    for context in &dialplan.contexts {
        for extension in &context.extensions {
            for priority in &extension.priorities {
                variables::check(&checked, context, extension, priority, findings);
                let nested = nested(priority);
                for call in std::iter::once(priority).chain(&nested) {
                    jumps::check(&checked, context, extension, call, findings);
                    calls::check(&checked, context, extension, call, findings);
                }
            }
        }
    }
    contexts::check(site, &lookup, findings);
}

/// The dialplan with what is around it.
struct Checked<'c, 'd> {
    file: &'d SiteFile<'d>,
    lookup: &'c Lookup<'c, 'd>,
    devices: &'c Devices<'c>,
    objects: Objects<'c>,
    sounds: Option<&'c Sounds>,
    /// The variables that the dialplan sets to a text.
    variables: HashSet<&'d BStr>,
}

impl<'d> Checked<'_, 'd> {
    fn at(&self, location: Location) -> At<'d> {
        self.file.at(location)
    }

    /// Returns a line for a message about another line: `line 7`, with the file if it is another one.
    fn line(&self, location: Location, from: Location) -> String {
        let (place, other) = (self.file.document().place(location), self.file.document().place(from));
        if place.file == other.file {
            return format!("line {}", place.line);
        }
        format!("line {} of {}", place.line, Shown(place.file))
    }
}

/// Returns the calls of applications in the arguments of another one: `Exec(Wait(1))`, `ExecIf(condition?Wait(1):NoOp())`.
/// Those of `TryExec` are left out, since a call goes on if they fail.
fn nested<'d>(priority: &Priority<'d>) -> Vec<Priority<'d>> {
    let is_one_of =
        |names: &[&str]| names.iter().any(|name| priority.application.eq_ignore_ascii_case(name.as_bytes()));
    let calls: Vec<&BStr> = if is_one_of(&["Exec"]) {
        vec![priority.arguments]
    } else if is_one_of(&["ExecIf", "ExecIfTime"]) {
        branches(priority.arguments).collect()
    } else {
        return Vec::new();
    };
    let call = |text: &'d BStr| {
        let (application, arguments) = call_in(text)?;
        Some(Priority {
            application,
            arguments,
            label: None,
            number: priority.number,
            location: priority.location,
        })
    };
    calls.into_iter().filter_map(call).collect()
}

/// Returns what is known of contexts that are not in `extensions.conf`.
fn elsewhere(site: &Site<'_>, file: &SiteFile<'_>) -> Elsewhere {
    let mut made_by_modules = HashSet::new();
    if let Some(parking) = site.file("res_parking.conf") {
        made_by_modules.insert("parkedcalls".into());
        let lots = parking.document().visible_sections();
        made_by_modules.extend(lots.flat_map(|lot| lot.values("context")).map(BString::from));
    }
    for name in ["pjsip.conf", "iax.conf"] {
        let sections = site.file(name).into_iter().flat_map(|file| file.document().visible_sections());
        made_by_modules.extend(sections.flat_map(|section| section.values("regcontext")).map(BString::from));
    }
    let is_complete = site.is_complete() && !has_other_dialplan(site);
    Elsewhere { is_complete, is_cut: !file.is_whole(), made_by_modules }
}

/// The files and modules with which a dialplan is written in another language.
const OTHER_DIALPLANS: [(&str, &str); 2] =
    [("extensions.ael", "pbx_ael.so"), ("extensions.lua", "pbx_lua.so")];

/// Returns whether another file may define contexts, too.
fn has_other_dialplan(site: &Site<'_>) -> bool {
    let modules = site.file("modules.conf").and_then(|file| file.document().section("modules"));
    let is_off = |module: &str| {
        modules.is_some_and(|modules| modules.values("noload").any(|off| off == module.as_bytes()))
    };
    let exists =
        |name: &str| site.host().is_some_and(|host| matches!(host.read(BStr::new(name)), Content::Text(_)));
    OTHER_DIALPLANS.into_iter().any(|(name, module)| exists(name) && !is_off(module))
}

/// Returns an extension for a message: `1000@internal`.
pub(super) fn extension_name(name: Name<'_>, context: &BStr) -> String {
    let caller = name.caller.map(|caller| format!("/{}", Shown(caller))).unwrap_or_default();
    format!("{}{caller}@{}", Shown(name.number), Shown(context))
}

/// Says which part of a target is absent.
pub(super) fn missing(absent: Absent, context: &BStr, number: &BStr, target: Target<'_>) -> String {
    match (absent, target) {
        (Absent::Context, _) => format!("there is no context \"{}\"", Shown(context)),
        (Absent::Priority, Target::Number(priority)) => {
            format!("{}@{} has no priority {priority}", Shown(number), Shown(context))
        }
        (Absent::Priority, Target::Label(label)) => {
            format!("{}@{} has no label \"{}\"", Shown(number), Shown(context), Shown(label))
        }
        _ => format!("there is no extension \"{}\" in the context \"{}\"", Shown(number), Shown(context)),
    }
}
