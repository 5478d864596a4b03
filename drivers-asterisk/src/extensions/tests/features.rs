//! The section `xivo-features`.

use super::*;

/// Every feature that has an action, with a code of the length that the action assumes.
const FEATURES: [(&str, &str, &str); 32] = [
    ("agentstaticlogin", "_*31.", "GoSub(agentstaticlogin,s,1(${EXTEN:3}))"),
    ("agentstaticlogoff", "_*32.", "GoSub(agentstaticlogoff,s,1(${EXTEN:3}))"),
    ("agentstaticlogtoggle", "_*30.", "GoSub(agentstaticlogtoggle,s,1(${EXTEN:3}))"),
    ("autoprov", "*48378", "GoSub(autoprov,s,1())"),
    ("bsfilter", "_*37.", "GoSub(bsfilter,s,1(${EXTEN:3}))"),
    ("calllistening", "*34", "GoSub(calllistening,s,1())"),
    ("callrecord", "*26", "GoSub(callrecord,s,1() )"),
    ("directoryaccess", "*36", "Directory(${CONTEXT})"),
    ("enablednd", "*25", "GoSub(enablednd,s,1())"),
    ("enablevm", "*90", "GoSub(enablevm,s,1())"),
    ("enablevmslt", "_*90.", "GoSub(enablevm,s,1(${EXTEN:3}))"),
    ("fwdbusy", "_*23.", "GoSub(feature_forward,s,1(busy,${EXTEN:3}))"),
    ("fwdrna", "_*22.", "GoSub(feature_forward,s,1(rna,${EXTEN:3}))"),
    ("fwdunc", "_*21.", "GoSub(feature_forward,s,1(unc,${EXTEN:3}))"),
    ("fwdundoall", "*20", "GoSub(fwdundoall,s,1())"),
    ("groupmemberjoin", "_*51.", "GoSub(group-member-join,s,1(${EXTEN:3}))"),
    ("groupmemberleave", "_*52.", "GoSub(group-member-leave,s,1(${EXTEN:3}))"),
    ("groupmembertoggle", "_*50.", "GoSub(group-member-toggle,s,1(${EXTEN:3}))"),
    ("incallfilter", "*27", "GoSub(incallfilter,s,1())"),
    ("meetingjoin", "_*41.", "GoSub(meetingjoin,s,1(${EXTEN:3}))"),
    ("paging", "_*11.", "GoSub(paging,s,1(${EXTEN:3}))"),
    ("phoneprogfunckey", "_*735.", "GoSub(phoneprogfunckey,s,1(${EXTEN:0:4},${EXTEN:4}))"),
    ("phonestatus", "*10", "GoSub(phonestatus,s,1())"),
    ("pickup", "_*8.", "GoSub(wazo-pickup,s,1(${EXTEN:2},${CONTEXT}))"),
    ("recsnd", "*9", "GoSub(recsnd,s,1(wav))"),
    ("vmboxmsgslt", "_*95.", "GoSub(vmboxmsg,s,1(${EXTEN:3}))"),
    ("vmboxpurgeslt", "_*94.", "GoSub(vmboxpurge,s,1(${EXTEN:3}))"),
    ("vmboxslt", "_*97.", "GoSub(vmbox,s,1(${EXTEN:3}))"),
    ("vmusermsg", "*98", "GoSub(vmusermsg,s,1())"),
    ("vmuserpurge", "*92", "GoSub(vmuserpurge,s,1())"),
    ("vmuserpurgeslt", "_*92.", "GoSub(vmuserpurge,s,1(${EXTEN:3}))"),
    ("vmuserslt", "_*96.", "GoSub(vmuser,s,1(${EXTEN:3}))"),
];

#[test]
fn each_feature_has_its_action() {
    let system = FEATURES.iter().zip(1..).fold(System::default(), |system, ((feature, exten, _), id)| {
        system.feature(id, feature, exten, true)
    });
    let written = system.feature(77, "Paging", "1", true).feature(78, "unknown", "2", true).write();
    let mut expected =
        FEATURES.iter().map(|(_, exten, action)| format!("exten = {exten},1,{action}")).collect::<Vec<_>>();
    expected.sort();
    for (code, when) in [("*23", "busy"), ("*22", "rna"), ("*21", "unc")] {
        expected.push(format!("exten = {code},1,Set(__WAZO_BASE_CONTEXT=${{CONTEXT}})"));
        expected.push(format!("exten = {code},n,Set(__XIVO_BASE_EXTEN=${{EXTEN}})"));
        expected.push(format!("exten = {code},n,Gosub(feature_forward,s,1({when}))"));
    }
    assert_eq!(written.dialplan("xivo-features"), expected);
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn disabled_features_are_left_out() {
    let written = System::with_contexts(&[]).feature(1, "paging", "_*11.", false).write();
    assert_eq!(written.text, "[usersharedlines]\n[xivo-features]\n");
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn each_fixed_line_is_followed_by_an_empty_one() {
    let conf = "[template]\n[xivo-features]\na = %%CONTEXT%%\nb = %%TENANT_UUID%%\nobjtpl = %%EXTEN%%\n\
        objtpl = n,%%TENANT_UUID%%\nobjtpl = n(%%CONTEXT%%)\n";
    let written = System::with_contexts(&["c"]).feature(1, "recsnd", "*9", true).write_with(conf);
    let text = "[usersharedlines]\n\n[c]\n\n\n[xivo-features]\na = xivo-features\n\nb = %%TENANT_UUID%%\n\n\
        exten = *9\nsame  =     n,\nsame  =     n(xivo-features)\n\n";
    assert_eq!(written.text, text);
}

/// The first lines of the forward codes in a file.
fn codes(written: &Written) -> Vec<&str> {
    let lines = written.dialplan("xivo-features").into_iter();
    let forwards = lines.filter_map(|line| line.strip_suffix(",1,Set(__WAZO_BASE_CONTEXT=${CONTEXT})"));
    forwards.filter_map(|line| line.strip_prefix("exten = ")).collect()
}

#[test]
fn of_several_forwards_the_last_is_written() {
    let forward = |first: bool, second: bool| {
        System::with_contexts(&[]).feature(1, "fwdrna", "_*1.", first).feature(2, "fwdrna", "_*999.", second)
    };
    assert_eq!(codes(&forward(true, true).write()), ["*999"]);
    assert_eq!(codes(&forward(false, true).write()), ["*999"]);
    assert_eq!(codes(&forward(true, false).write()), [""; 0]);
}

#[test]
fn a_missing_forward_has_no_code_and_a_warning() {
    let written = System::default().feature(1, "fwdrna", "_*22.", true).write();
    assert_eq!(codes(&written), ["*22"]);
    let missing = |feature| {
        format!("table feature_extension: there is no feature {feature}, so phones can't dial its code")
    };
    assert_eq!(written.warnings, [missing("fwdbusy"), missing("fwdunc")]);
}

#[test]
fn an_empty_code_is_left_out() {
    let written = System::default()
        .feature(1, "fwdunc", "_", true)
        .feature(2, "fwdrna", "*1", false)
        .feature(3, "fwdbusy", "*2", false)
        .write();
    assert_eq!(codes(&written), [""; 0]);
    let row = format!("table feature_extension, row uuid={} feature=fwdunc, column exten", uuid(1));
    assert_eq!(
        written.warnings.last(),
        Some(&format!("{row}: the code is empty, so phones can't dial it: set one"))
    );
}

#[test]
fn a_code_of_another_length_is_reported() {
    for (feature, exten, skipped) in [
        ("paging", "_*111.", 3),
        ("phoneprogfunckey", "_*73.", 4),
        ("pickup", "_*80.", 2),
        ("fwdunc", "*2", 3),
    ] {
        let written = System::with_contexts(&[]).feature(1, feature, exten, true).write();
        let code = exten.trim_matches(['_', '.']);
        let warning = format!(
            "table feature_extension, row uuid={} feature={feature}, column exten: the action takes the \
                first {skipped} characters as the code, but the code is {code:?}, so the service gets a wrong \
                argument: use a code of {skipped} characters",
            uuid(1)
        );
        assert_eq!(written.warnings, [warning]);
    }
}

#[test]
fn a_feature_with_a_line_break_is_left_out() {
    let written = System::with_contexts(&[])
        .feature(1, "recsnd", "*9\n[x]", true)
        .feature(2, "recsnd", "*9;", true)
        .write();
    assert_eq!(written.dialplan("xivo-features"), ["exten = *9\\;,1,GoSub(recsnd,s,1(wav))"]);
    let row = |id| format!("table feature_extension, row uuid={} feature=recsnd, column exten", uuid(id));
    assert_eq!(written.warnings, [row(1) + ": the value has a line break; the row is left out"]);
}
