use super::super::testing::{Machine, findings, found, found_in};

/// An endpoint with all that it needs.
const SOUND: &str = "[udp]\ntype=transport\nbind=0.0.0.0\n\
    [a]\ntype=endpoint\ncontext=c\nallow=ulaw\naors=a\nauth=a\ntransport=udp\n\
    [a]\ntype=aor\n[a]\ntype=auth\nusername=a\npassword=p\n";

/// Returns the findings of the sound endpoint and more sections, without the name of the file.
fn with(more: &str) -> Vec<String> {
    let findings = found(&[("pjsip.conf", &format!("{SOUND}{more}"))]);
    findings.iter().map(|finding| finding.replace("asterisk/pjsip.conf:", "")).collect()
}

/// Returns the findings of the sound endpoint after a change.
fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(SOUND.contains(from));
    let findings = found(&[("pjsip.conf", &SOUND.replacen(from, to, 1))]);
    findings.iter().map(|finding| finding.replace("asterisk/pjsip.conf:", "")).collect()
}

#[test]
fn a_sound_endpoint_has_no_finding() {
    assert_eq!(with(""), [""; 0]);
}

#[test]
fn two_objects_of_one_type_and_name() {
    let what = "Asterisk makes no aor at all at a start, and no new one at a reload [pjsip-object-twice]";
    assert_eq!(
        with("[a]\ntype=aor\n"),
        [format!("17: error: aor a: there is another aor above with this name: {what}")]
    );
    let what = "Asterisk makes no global at all at a start, and no new one at a reload [pjsip-object-twice]";
    assert_eq!(
        with("[global]\nuser_agent=x\n[other]\ntype=global\n"),
        [format!("19: error: global other: there is another global above: {what}")]
    );
    // Asterisk compares names with case.
    assert_eq!(
        with("[A]\ntype=aor\n"),
        ["17: note: aor A: no endpoint or registration refers to it [pjsip-unused]"]
    );
}

#[test]
fn a_section_without_a_known_type() {
    let ignored = "Asterisk ignores the section without a message [section-unread]";
    assert_eq!(
        with("[x]\ntype=Endpoint\n"),
        [format!("17: error: section x [type = Endpoint]: Asterisk knows no such type; {ignored}")]
    );
    assert_eq!(
        with("[x]\ncontext=c\n"),
        [format!("17: error: section x: the section has no type; {ignored}")]
    );
    assert_eq!(
        with("[global]\nuser_agnet=x\n"),
        ["18: error: global global: there is no option \"user_agnet\" here (did you mean user_agent?): \
        Asterisk ignores the section without a message [option-unknown]"]
    );
}

#[test]
fn options_and_values_that_asterisk_refuses() {
    let refused = "Asterisk does not make the object";
    let table = [
        ("context=c\n", "contxt=c\n", format!("6: error: endpoint a: there is no option \"contxt\" here (did you mean context?): {refused} [option-unknown]")),
        ("context=c\n", "timers=maybe\n", format!("6: error: endpoint a: timers: \"maybe\" is none of no, yes, required, always, forced: {refused} [value-refused]")),
        ("context=c\n", "set_var=x\n", format!("6: error: endpoint a: set_var: \"x\" is not NAME=value: {refused} [value-refused]")),
        ("context=c\n", "direct_media=enabled\n", "6: warning: endpoint a: direct_media: \"enabled\" is no word for yes or no, and means no: Asterisk uses another value without a message [value-changed]".to_owned()),
        ("context=c\n", "rtp_timeout=010\n", "6: warning: endpoint a: rtp_timeout: \"010\" begins with a 0, so Asterisk reads it as an octal number [value-changed]".to_owned()),
        ("context=c\n", "call_group=64\n", "6: warning: endpoint a: call_group: \"64\" is no group from 0 to 63, and no range of them: Asterisk ignores it without a message [value-changed]".to_owned()),
        ("context=c\n", "stir_shaken=no\n", "6: note: endpoint a: the option stir_shaken is deprecated; use stir_shaken_profile [option-deprecated]".to_owned()),
        ("bind=0.0.0.0\n", "", format!("1: error: transport udp: there is no option bind: {refused} [option-required]")),
        ("username=a\n", "", format!("13: error: auth a: there is no option username: {refused} [option-required]")),
        ("username=a\npassword=p\n", "username=a\n", "13: error: auth a: it has no password: Asterisk does not make the object [pjsip-credential-none]".to_owned()),
    ];
    for (from, to, finding) in table {
        assert_eq!(changed(from, to), [finding]);
    }
}

#[test]
fn a_secret_is_not_shown() {
    let findings = with("[x]\ntype=auth\nusername=x\npassword=p\nauth_type=md5\npassword_digest_x=s3cret\n");
    assert!(findings.iter().all(|finding| !finding.contains("s3cret")), "{findings:#?}");
}

#[test]
fn references_to_objects_that_do_not_exist() {
    let table = [
        (
            "aors=a\n",
            "aors=a,b\n",
            "error: endpoint a: there is no aor \"b\": the telephone can't register, and calls to it fail [pjsip-aor-missing]",
        ),
        (
            "auth=a\n",
            "auth=nope\n",
            "error: endpoint a: there is no auth \"nope\": Asterisk answers all its requests with 500 [pjsip-auth-missing]",
        ),
        (
            "auth=a\n",
            "auth=a\noutbound_auth=o\n",
            "error: endpoint a: there is no auth \"o\": the first request that the other side challenges fails [pjsip-outbound-auth-missing]",
        ),
        (
            "transport=udp\n",
            "transport=tcp2\n",
            "error: endpoint a: there is no transport \"tcp2\": calls to and from it fail [pjsip-transport-missing]",
        ),
    ];
    for (from, to, finding) in table {
        let findings = changed(from, to);
        assert!(findings.iter().any(|found| found.ends_with(finding)), "{findings:#?}");
    }
    let table = [
        (
            "[r]\ntype=registration\nserver_uri=sip:h\nclient_uri=sip:u@h\ntransport=x\n",
            "21: error: registration r: there is no transport \"x\": Asterisk does not register [pjsip-transport-missing]",
        ),
        (
            "[r]\ntype=registration\nserver_uri=sip:h\nclient_uri=sip:u@h\noutbound_auth=x\n",
            "21: error: registration r: there is no auth \"x\": the provider's challenge fails [pjsip-outbound-auth-missing]",
        ),
        (
            "[r]\ntype=registration\nserver_uri=sip:h\nclient_uri=sip:u@h\nline=yes\nendpoint=x\n",
            "22: error: registration r: there is no endpoint \"x\": Asterisk does not know whose its incoming calls are [pjsip-registration-endpoint-missing]",
        ),
        (
            "[i]\ntype=identify\nmatch=10.0.0.1\nendpoint=x\n",
            "20: error: identify i: there is no endpoint \"x\": Asterisk answers requests from its addresses with 401 [pjsip-identify-endpoint-missing]",
        ),
        (
            "[global]\ndefault_outbound_endpoint=x\n",
            "18: warning: global global: there is no endpoint \"x\": requests outside of a dialog fail [pjsip-default-endpoint-missing]",
        ),
    ];
    for (more, finding) in table {
        assert_eq!(with(more), [finding]);
    }
}

#[test]
fn one_auth_of_a_list_is_enough() {
    assert_eq!(changed("auth=a\n", "auth=nope, a\n"), [""; 0]);
}

#[test]
fn references_to_other_files() {
    let pjsip = SOUND.replace(
        "context=c\n",
        "context=c\nmailboxes=1@c,2@C,3\nmoh_suggest=jazz\nacl=office\ntone_zone=fr\n",
    );
    let mailbox = "asterisk/pjsip.conf:7: warning: endpoint a: there is no mailbox \"1@c\" or \"3\": the telephone shows \
        none of its messages [pjsip-mailbox-missing]";
    let music = "asterisk/pjsip.conf:8: warning: endpoint a: there is no music class \"jazz\": callers on hold hear silence \
        or the default class [pjsip-moh-missing]";
    let acl = "asterisk/pjsip.conf:9: error: endpoint a: there is no ACL \"office\": Asterisk answers all its requests with \
        401 [pjsip-acl-missing]";
    let tones = "asterisk/pjsip.conf:10: note: endpoint a: there is no tone zone \"fr\": Asterisk uses the default tones \
        [pjsip-tone-zone-missing]";
    let (boxes, classes) = ("[c]\n2 => 0,Ann\n[default]\n1 => 0\n", "[rock]\nmode=files\ndirectory=d\n");
    let set = [("pjsip.conf", pjsip.as_str()), ("voicemail.conf", boxes), ("musiconhold.conf", classes)];
    assert_eq!(found(&set), [mailbox, music]);
    // Alone, the file may refer to what somebody else defines.
    assert_eq!(found(&set[..1]), [""; 0]);
    let folder = [
        ("pjsip.conf", "#exec /usr/bin/wazo-confgen asterisk/pjsip.conf\n"),
        ("extensions.conf", "[c]\n"),
        ("voicemail.conf", boxes),
        ("musiconhold.conf", classes),
    ];
    let findings = found_in(&folder, &set);
    for finding in [mailbox, music, acl, tones] {
        assert!(findings.iter().any(|found| found == finding), "{findings:#?}");
    }
    let sound = [
        ("pjsip.conf", "#exec wazo-confgen asterisk/pjsip.conf\n"),
        ("extensions.conf", "[c]\n"),
        ("voicemail.conf", "[c]\n1 => 0\n2 => 0\n[default]\n3 => 0\n"),
        ("musiconhold.conf", "[Jazz]\nmode=files\ndirectory=d\n"),
        ("acl.conf", "[office]\n"),
        ("indications.conf", "[fr]\n"),
    ];
    let findings = found_in(&sound, &set[..1]);
    assert!(!findings.iter().any(|found| found.contains("pjsip.conf:")), "{findings:#?}");
}

#[test]
fn an_endpoint_without_auth_lets_everybody_in() {
    let finding = "warning: endpoint a: it has no auth: everybody who knows its name calls and registers without a password \
        [pjsip-auth-none]";
    let findings = changed("auth=a\n", "");
    assert!(findings[0].ends_with(finding), "{findings:#?}");
    let findings = changed("auth=a\n", "identify_by=ip\n");
    assert!(findings.iter().all(|found| !found.ends_with(finding)), "{findings:#?}");
}

#[test]
fn an_endpoint_without_codecs() {
    let none =
        "4: error: endpoint a: it allows no codec: Asterisk refuses every call with 488 [pjsip-codec-none]";
    assert_eq!(changed("allow=ulaw\n", ""), [none]);
    assert_eq!(changed("allow=ulaw\n", "allow=ulaw\ndisallow=all\n"), [none]);
    assert_eq!(changed("allow=ulaw\n", "allow=!all,ULAW:20, !alaw\n"), [""; 0]);
    assert_eq!(
        changed("allow=ulaw\n", "allow=ulaw,mp3\n"),
        [
            "7: error: endpoint a: Asterisk knows no codec \"mp3\": it does not make the endpoint [pjsip-codec-unknown]"
        ]
    );
}

#[test]
fn no_transport_at_all() {
    assert_eq!(
        found(&[("pjsip.conf", "[a]\ntype=endpoint\nallow=ulaw\nidentify_by=ip\n")]),
        ["asterisk/pjsip.conf: error: there are endpoints and no transport: no telephone reaches Asterisk \
        [pjsip-transport-none]"]
    );
}

#[test]
fn names_and_addresses_that_two_endpoints_share() {
    let two = "[b]\ntype=endpoint\nallow=ulaw\nidentify_by=auth_username\nauth=b\n[b]\ntype=auth\nusername=u\npassword=p\n\
        [c]\ntype=endpoint\nallow=ulaw\nidentify_by=auth_username\nauth=c\n[c]\ntype=auth\nusername=u\npassword=p\n";
    assert_eq!(
        with(two),
        ["33: warning: endpoint c: endpoint b has the same username \"u\", by which both are identified \
        [pjsip-username-twice]"]
    );
    let two = "[i]\ntype=identify\nendpoint=a\nmatch=10.0.0.1,10.0.0.2\n[j]\ntype=identify\nendpoint=a\nmatch=10.0.0.2\n";
    assert_eq!(
        with(two),
        ["24: warning: identify j: identify i matches 10.0.0.2 already [pjsip-match-twice]"]
    );
}

#[test]
fn an_endpoint_with_the_name_of_another_section() {
    assert_eq!(
        with("[general]\ntype=endpoint\nallow=ulaw\nauth=a\n"),
        [
            "17: warning: endpoint general: sections of this name have a meaning of their own [pjsip-name-reserved]"
        ]
    );
}

/// Returns the findings of endpoints that refer to others, with these files of Asterisk's folder.
fn with_folder(folder: &[(&str, &str)]) -> Vec<String> {
    let more = "[b]\ntype=endpoint\ncontext=c\nallow=ulaw\naors=w\nauth=w-iauth\ntransport=udp\n";
    let client = [("pjsip.conf", "#exec wazo-confgen asterisk/pjsip.conf\n")];
    let queues = "[general]\n[q]\nmember = PJSIP/w\n";
    let folder: Vec<_> = client.into_iter().chain(folder.iter().copied()).collect();
    let findings = found_in(&folder, &[("pjsip.conf", &format!("{SOUND}{more}")), ("queues.conf", queues)]);
    findings.iter().map(|finding| finding.replace("asterisk/", "")).collect()
}

#[test]
fn an_assistant_makes_endpoints_aors_and_auths() {
    let missing = [
        "pjsip.conf:21: error: endpoint b: there is no aor \"w\": the telephone can't register, and calls to it fail \
        [pjsip-aor-missing]",
        "pjsip.conf:22: error: endpoint b: there is no auth \"w-iauth\": Asterisk answers all its requests with 500 \
        [pjsip-auth-missing]",
        "queues.conf:3: error: queue q: member PJSIP/w: there is no endpoint \"w\" [queue-member-missing]",
    ];
    assert_eq!(with_folder(&[]), missing);
    assert_eq!(with_folder(&[("pjsip_wizard.conf", "[v]\ntype = wizard\n[w]\ntype = phone\n")]), missing);
    assert_eq!(with_folder(&[("pjsip_wizard.conf", "[w]\ntype = wizard\n")]), [""; 0]);
}

#[test]
fn objects_that_are_elsewhere_are_not_reported() {
    assert_eq!(with_folder(&[("sorcery.conf", "[res_pjsip]\nendpoint = realtime,ps_endpoints\n")]), [""; 0]);
    assert_eq!(with_folder(&[("sorcery.conf", "[res_pjsip]\nendpoint = config,pjsip.conf\n")]).len(), 3);
    assert_eq!(with_folder(&[("pjsip_wizard.conf", "#exec /usr/bin/other\n")]), [""; 0]);
    let folder = [("pjsip.conf", "#exec wazo-confgen asterisk/pjsip.conf\n#exec /usr/bin/other\n")];
    let lost = "[b]\ntype=endpoint\ncontext=c\nallow=ulaw\naors=x\nauth=x\ntransport=x\n";
    assert_eq!(found_in(&folder, &[("pjsip.conf", lost)]), [""; 0]);
}

#[test]
fn a_language_without_sounds() {
    let sounds = ["en/hello.wav", "fr/hello.wav"];
    let below: &[(&str, &[&str])] = &[("/data/sounds", &sounds)];
    let of = |language: &str, settings: &str| {
        let files = [("asterisk.conf", settings), ("modules.conf", ""), ("voicemail.conf", "")];
        let host = Machine { files: files.into_iter().collect(), folders: &[], below, programs: &[] };
        let text = SOUND.replacen("context=c", &format!("language={language}"), 1);
        let findings = findings(Some(&host), &[("pjsip.conf", &text)]);
        findings.into_iter().filter(|line| line.contains("language")).collect::<Vec<_>>()
    };
    let settings = "[directories]\nastdatadir = /data\n";
    assert_eq!(
        of("de_DE", settings),
        [
            "asterisk/pjsip.conf:6: note: endpoint a: there are no sounds of the language \"de_DE\" [pjsip-language-missing]"
        ]
    );
    assert_eq!(
        [of("fr_CA", settings), of("en", settings), of("de", "[options]\n")],
        [const { Vec::<String>::new() }; 3]
    );
    assert_eq!(of("de", &format!("{settings}[options]\nlanguageprefix = no\n")), [""; 0]);
}
