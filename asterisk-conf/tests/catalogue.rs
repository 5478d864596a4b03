//! Compares the catalogue with the measurement that it was made from, and tests the rules of values and sections.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

use asterisk_conf::catalogue::{
    self, Consequence, File, Kind, NameCase, OptionInfo, Reader, Reason, Repeat, Selection, Source, Unread,
    ValueType,
};
use serde_json::{Map, Value};

/// The options of Asterisk 22.10.1, from its built-in help or its source.
const MEASURED: &str = include_str!("data/options.json");

/// Files whose reader is `aco` in the measurement, though the data access layer (sorcery) reads them.
const LISTED_AS_ACO: [&str; 2] = ["ari.conf", "pjproject.conf"];

/// Options that are lists, though the measurement does not say so: `chan_iax2` looks for each word in the value.
const LISTS: [&str; 3] = ["iax.conf, general, auth", "iax.conf, peer, auth", "iax.conf, user, auth"];

fn object<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value[key].as_object().into_iter().flat_map(Map::iter)
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap())
}

fn of_file(name: &str) -> &'static File {
    catalogue::file(name).unwrap_or_else(|| panic!("{name} is missing"))
}

fn option(file: &str, kind: &str, name: &str) -> &'static OptionInfo {
    let kind = of_file(file).kind(kind).unwrap_or_else(|| panic!("{file} has no {kind}"));
    kind.option(name).unwrap_or_else(|| panic!("{file}, {}: {name} is missing", kind.name))
}

fn consequence(file: &str, kind: &str, name: &str, value: &str) -> Option<Consequence> {
    option(file, kind, name).accepts(value).err().map(|rejection| rejection.consequence)
}

/// Returns a name that matches the name or pattern of the measurement.
fn example(name: &str) -> &str {
    match name {
        "^event_.*" => "event_presence",
        "^[0-9A-D*#]+$" => "*1",
        name => name,
    }
}

#[test]
fn every_measured_option_is_in_the_catalogue() {
    let measured: Value = serde_json::from_str(MEASURED).unwrap();
    let mut options = 0;
    for (file_name, measured_file) in object(&measured, "files") {
        let file = of_file(file_name);
        let reader = match measured_file["reader"].as_str().unwrap() {
            "aco" if LISTED_AS_ACO.contains(&file.name) => Reader::Sorcery,
            "sorcery" => Reader::Sorcery,
            "aco" => Reader::Aco,
            "own" => Reader::Module,
            "none" => Reader::Nothing,
            reader => panic!("{reader}"),
        };
        assert_eq!(file.reader, reader, "{file_name}");
        for (kind_name, measured_kind) in object(measured_file, "types") {
            let kind = file.kind(kind_name).unwrap_or_else(|| panic!("{file_name} has no {kind_name}"));
            assert_eq!(measured_kind["module"], kind.module);
            assert_eq!(measured_kind["not_in_file"].is_string(), kind.not_in_file);
            assert_selected(file, kind, measured_kind);
            let nested = object(measured_kind, "mailbox_options")
                .map(|option| (file.kind("mailbox").unwrap(), option));
            let own = object(measured_kind, "options").map(|option| (kind, option));
            for (kind, (name, measured)) in own.chain(nested) {
                let found =
                    kind.option(example(name)).unwrap_or_else(|| panic!("{kind_name}: {name} is missing"));
                assert_agrees(found, measured, &format!("{file_name}, {}, {name}", kind.name));
                options += 1;
            }
            for name in object(measured_kind, "only_in_other_builds").flat_map(|(_, names)| texts(names)) {
                assert!(kind.option(name).is_some_and(|option| option.only_in.is_some()), "{name}");
            }
            if measured_kind["any_key"].is_string() {
                assert_eq!(
                    kind.option("some key").and_then(|option| option.note),
                    measured_kind["any_key"].as_str()
                );
            }
        }
        let nested = usize::from(file_name == "voicemail.conf");
        assert_eq!(file.kinds.len(), object(measured_file, "types").count() + nested, "{file_name}");
    }
    assert_eq!(object(&measured, "files").count(), catalogue::files().len());
    assert_eq!(options, 910);
}

/// Asserts that a section as in the measurement is of this kind.
fn assert_selected(file: &File, kind: &Kind, measured: &Value) {
    let name = match &measured["section"] {
        Value::Object(section) if section.contains_key("matches") => section["matches"]
            .as_str()
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .trim_matches(['^', '$'])
            .to_uppercase(),
        _ => "something".to_owned(),
    };
    let selected_by = measured["selected_by"]["type"].as_str();
    let types: Vec<_> = match (selected_by, &kind.selection) {
        (Some(types), _) => types.trim_end_matches(" (without case)").split(" or ").map(Some).collect(),
        // The measurement lists the option `type` there, but not that it selects the kind.
        (None, Selection::Type(types)) => types.iter().copied().map(Some).collect(),
        _ if file.name == "ari.conf" => {
            assert!(file.section("general", None).unwrap().kinds().contains(&kind));
            return;
        }
        _ => vec![None],
    };
    for type_value in types {
        match file.section(&name, type_value) {
            Ok(section) => assert!(section.kinds().contains(&kind), "{}, {}", file.name, kind.name),
            Err(unread) => {
                assert!(kind.not_in_file && matches!(unread, Unread::NotInFile(_)), "{}", kind.name);
            }
        }
    }
}

fn assert_agrees(option: &OptionInfo, measured: &Value, place: &str) {
    assert_type_agrees(option, measured, place);
    assert_values_agree(option, measured, place);
    assert_attributes_agree(option, measured, place);
    assert_deprecation_agrees(option, &measured["deprecated"], place);
    for alias in texts(&measured["aliases"]) {
        let of_mailbox = of_file("voicemail.conf").kind("mailbox").unwrap();
        let of_queue = of_file("queues.conf").kind("queue").unwrap();
        let name = alias.split(' ').next().unwrap();
        let alias = of_queue.option(name).or_else(|| of_mailbox.option(name)).unwrap();
        assert_eq!(alias.alias_of, Some(option.name));
        assert_eq!(alias.value_type, option.value_type);
    }
}

fn assert_type_agrees(option: &OptionInfo, measured: &Value, place: &str) {
    let measured_type = measured["type"].as_str().unwrap();
    match &option.value_type {
        ValueType::Boolean => assert_eq!(measured_type, "boolean", "{place}"),
        ValueType::Unsigned(_) => assert_eq!(measured_type, "unsigned", "{place}"),
        ValueType::Integer(_) => assert_eq!(measured_type, "integer", "{place}"),
        ValueType::LeadingDigits(_) => assert_eq!(measured_type, "atoi", "{place}"),
        ValueType::Double => assert_eq!(measured_type, "double", "{place}"),
        ValueType::NumberOrBoolean => assert_eq!(measured_type, "number or boolean", "{place}"),
        ValueType::Enum(_) => {
            assert!(measured["enum"].is_array() || measured_type == "one of 0-9 * #", "{place}");
        }
        ValueType::Codecs => assert_eq!(measured_type, "codecs", "{place}"),
        ValueType::Text(max) => {
            assert_eq!(measured_type, "string", "{place}");
            assert_eq!(max.map(|max| max as u64), measured["max"].as_u64(), "{place}");
        }
        ValueType::Acl => assert_eq!(measured_type, "acl", "{place}"),
        ValueType::Line => {
            assert!(measured_type.contains("line") || measured_type.starts_with("seconds,max"), "{place}");
        }
        ValueType::Ignored => assert_eq!(measured_type, "ignored", "{place}"),
        ValueType::Unknown => assert_eq!(measured_type, "unknown", "{place}"),
        // The rules of these functions were measured separately.
        ValueType::Custom
        | ValueType::Actions(_)
        | ValueType::Groups
        | ValueType::Assignment
        | ValueType::Slots
        | ValueType::SipUri => assert_eq!(measured_type, "custom", "{place}"),
        other => panic!("{place}: {other:?}"),
    }
}

/// Asserts that the option accepts the measured words and the ends of the measured range.
fn assert_values_agree(option: &OptionInfo, measured: &Value, place: &str) {
    for word in texts(&measured["enum"]) {
        let value = match word {
            "milliseconds" => "250",
            "MixMonitor (any value that begins with mix)" => "MixMonitor",
            word => word,
        };
        assert!(option.accepts(value).is_ok(), "{place}: {value}");
        assert!(option.accepts(&value.to_ascii_uppercase()).is_ok(), "{place}: {value}");
    }
    if let [first, last] = measured["range"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let (first, last) = (first.as_i64().unwrap(), last.as_i64().unwrap_or(i64::from(i32::MAX)));
        assert!(
            option.accepts(&first.to_string()).is_ok() && option.accepts(&last.to_string()).is_ok(),
            "{place}"
        );
        assert!(option.accepts(&(last + 1).to_string()).is_err(), "{place}");
    }
}

fn assert_attributes_agree(option: &OptionInfo, measured: &Value, place: &str) {
    let default = match &measured["default"] {
        Value::Number(number) => Some(number.to_string()),
        // The help prints the name of a constant instead of its value.
        Value::String(text) if text.starts_with("DEFAULT_") => None,
        Value::String(_) if measured["type"] == "ignored" => None,
        value => value.as_str().map(str::to_owned),
    };
    assert_eq!(option.default, default.as_deref(), "{place}");
    let is_list = measured["list"].is_string() || LISTS.contains(&place);
    assert_eq!(option.list.is_some(), is_list, "{place}");
    assert_eq!(option.repeat == Repeat::Adds, measured["repeat"] == "adds", "{place}");
    assert!(option.required || measured["required"].is_null(), "{place}");
    assert_eq!(
        option.refers_to.map(|reference| reference.file),
        measured["refers_to"].as_str().and_then(|reference| reference.split(':').next()),
        "{place}"
    );
    let source = match measured["source"].as_str().unwrap() {
        "cli" => Source::Help,
        "source" => Source::Code,
        _ => Source::Documentation,
    };
    assert_eq!(option.source, source, "{place}");
}

fn assert_deprecation_agrees(option: &OptionInfo, deprecated: &Value, place: &str) {
    match deprecated {
        Value::Null => assert!(option.deprecated.is_none(), "{place}"),
        Value::Object(values) => {
            for (value, replacement) in values {
                assert_eq!(option.replacement_of(value), replacement.as_str(), "{place}");
            }
        }
        replacement => {
            assert_eq!(
                option.deprecated.map(|deprecation| deprecation.replacement),
                Some(replacement.as_str())
            );
        }
    }
}

#[test]
fn every_reference_is_in_the_catalogue() {
    for option in catalogue::files().iter().flat_map(|file| &file.kinds).flat_map(Kind::options) {
        let Some(reference) = option.refers_to else { continue };
        // The catalogue does not have the tones of `indications.conf`.
        match catalogue::file(reference.file) {
            Some(file) => {
                assert!(reference.kind.is_none_or(|kind| file.kind(kind).is_some()), "{}", option.name);
            }
            None => assert_eq!(reference.file, "indications.conf"),
        }
    }
}

#[test]
fn every_default_is_accepted() {
    for file in catalogue::files() {
        for option in file.kinds.iter().flat_map(Kind::options) {
            // An empty default means that the option has no value.
            let Some(default) = option.default.filter(|default| !default.is_empty()) else { continue };
            // These name the source of the value.
            if ["[general] autofill", "dsp.conf", "no flags", "no flags: may join"].contains(&default) {
                continue;
            }
            assert_eq!(option.accepts(default), Ok(()), "{}, {}", file.name, option.name);
        }
    }
}

#[test]
fn an_unknown_word_for_a_boolean_means_no() {
    for word in ["yes", "True", "Y", "t", "1", "ON", "no", "FALSE", "n", "f", "0", "off"] {
        assert_eq!(consequence("pjsip.conf", "endpoint", "direct_media", word), None, "{word}");
    }
    for word in ["enabled", "2", "", "yess"] {
        let found = consequence("pjsip.conf", "endpoint", "direct_media", word);
        assert_eq!(found, Some(Consequence::OtherValue), "{word}");
        assert_ne!(catalogue::boolean(word), Some(true), "{word}");
    }
    // In a file that `aco` reads, other bad values cost the whole file.
    assert_eq!(
        consequence("confbridge.conf", "user_profile", "quiet", "nope"),
        Some(Consequence::OtherValue)
    );
}

#[test]
fn an_unsigned_number_is_written_as_in_c() {
    let refused = Some(Consequence::ObjectRefused);
    for value in ["0", "0x10", "010", " 7", "4294967295"] {
        assert_eq!(consequence("pjsip.conf", "aor", "max_contacts", value), None, "{value}");
    }
    for value in ["-5", "+5", "5x", "1.5", "", "08", "0x", "0x-1", "4294967296", "99999999999999999999"] {
        assert_eq!(consequence("pjsip.conf", "aor", "max_contacts", value), refused, "{value}");
    }
    assert_eq!(catalogue::number("010"), Some(8));
    assert_eq!(consequence("pjsip.conf", "global", "mwi_tps_queue_low", "-1"), None);
    assert_eq!(consequence("pjsip.conf", "aor", "qualify_frequency", "86401"), refused);
    assert_eq!(consequence("pjsip.conf", "transport", "websocket_write_timeout", "0"), refused);
    assert_eq!(
        consequence("res_parking.conf", "parking_lot", "parkingtime", "-1"),
        Some(Consequence::FileRefused)
    );
}

#[test]
fn only_the_leading_digits_of_a_number_count() {
    let other = Some(Consequence::OtherValue);
    assert_eq!(consequence("queues.conf", "queue", "timeout", "15"), None);
    assert_eq!(consequence("queues.conf", "queue", "timeout", "15s"), other);
    assert_eq!(consequence("queues.conf", "queue", "timeout", ""), other);
    assert_eq!(consequence("queues.conf", "queue", "periodic-announce-startdelay", "-1"), None);
    assert_eq!(consequence("queues.conf", "queue", "retry", "0"), other);
    assert_eq!(consequence("rtp.conf", "general", "rtpstart", "1023"), other);
    assert_eq!(consequence("voicemail.conf", "general", "maxmsg", "10000"), Some(Consequence::Warned));
    assert_eq!(option("rtp.conf", "general", "rtpstart").repeat, Repeat::First);
}

#[test]
fn a_word_of_an_enum_has_no_case() {
    assert_eq!(consequence("pjsip.conf", "endpoint", "dtmf_mode", "RFC4733"), None);
    let rejection = option("pjsip.conf", "endpoint", "media_encryption").accepts("yes").unwrap_err();
    assert_eq!(rejection.to_string(), "\"yes\" is none of no, sdes, dtls; Asterisk does not make the object");
    // Only one item of the list is wrong.
    let rejection = option("pjsip.conf", "endpoint", "identify_by").accepts("ip, User,username").unwrap_err();
    assert_eq!(rejection.value, "User");
    assert_eq!(
        consequence("res_parking.conf", "parking_lot", "findslot", "last"),
        Some(Consequence::FileRefused)
    );
    assert_eq!(consequence("queues.conf", "queue", "strategy", "skills"), Some(Consequence::Warned));
    assert_eq!(consequence("queues.conf", "queue", "joinempty", "paused,weird"), Some(Consequence::Warned));
    assert_eq!(consequence("musiconhold.conf", "class", "mode", "quiet"), Some(Consequence::ObjectRefused));
    assert_eq!(consequence("musiconhold.conf", "class", "sort", "size"), Some(Consequence::Ignored));
    assert_eq!(consequence("musiconhold.conf", "class", "digit", "#"), None);
    assert!(consequence("musiconhold.conf", "class", "digit", "*1").is_some());
    assert_eq!(consequence("iax.conf", "peer", "qualify", "2000"), None);
    assert_eq!(consequence("iax.conf", "peer", "auth", "plaintext, MD5"), None);
    assert_eq!(consequence("iax.conf", "user", "auth", "md5,des"), Some(Consequence::Warned));
    assert_eq!(consequence("queues.conf", "general", "monitor-type", "no"), None);
    assert!(consequence("queues.conf", "general", "monitor-type", "monitor").is_some());
    assert_eq!(consequence("iax.conf", "peer", "qualify", "often"), Some(Consequence::Warned));
}

#[test]
fn pjsip_options_with_their_own_parser_check_values() {
    let refused = Some(Consequence::ObjectRefused);
    assert_eq!(consequence("pjsip.conf", "endpoint", "allow", "!all, uLaw:20,!g729"), None);
    assert_eq!(consequence("pjsip.conf", "endpoint", "allow", ""), refused);
    assert_eq!(consequence("pjsip.conf", "endpoint", "set_var", "A=b=c"), None);
    assert_eq!(consequence("pjsip.conf", "endpoint", "set_var", ""), None);
    assert_eq!(consequence("pjsip.conf", "endpoint", "set_var", "A"), refused);
    assert_eq!(consequence("pjsip.conf", "endpoint", "call_group", "1, 4-6,63"), None);
    assert_eq!(consequence("pjsip.conf", "endpoint", "pickup_group", "64"), Some(Consequence::Ignored));
    assert_eq!(consequence("pjsip.conf", "aor", "contact", "sip:a@192.0.2.1,SIPS:b@192.0.2.2"), None);
    assert_eq!(consequence("pjsip.conf", "aor", "contact", "192.0.2.1"), refused);
    assert_eq!(consequence("pjsip.conf", "endpoint", "callerid", "anything"), None);
}

#[test]
fn parkpos_is_an_ascending_range() {
    assert_eq!(consequence("res_parking.conf", "parking_lot", "parkpos", "701-750"), None);
    assert_eq!(consequence("res_parking.conf", "parking_lot", "parkpos", "701-701"), None);
    for value in ["-", "701", "750-701", "a-b", ""] {
        let found = consequence("res_parking.conf", "parking_lot", "parkpos", value);
        assert_eq!(found, Some(Consequence::FileRefused), "{value}");
    }
}

#[test]
fn the_options_of_a_menu_are_keys_of_a_telephone() {
    let menu = of_file("confbridge.conf").section("sample", Some("Menu")).unwrap();
    for key in ["1", "*1", "#", "0A*D#"] {
        assert!(menu.option(key).is_some_and(OptionInfo::is_pattern), "{key}");
    }
    for key in ["E", "1 2", "x", "\\#"] {
        assert!(menu.option(key).is_none(), "{key}");
    }
    assert_eq!(menu.unknown_option(), Consequence::FileRefused);
    let key = menu.option("1").unwrap();
    assert!(key.accepts("toggle_mute").is_ok());
    assert!(key.accepts("playback_and_continue(a&b), dialplan_exec(c,1,1),no_op").is_ok());
    let rejection = key.accepts("dance").unwrap_err();
    assert_eq!((rejection.reason, rejection.consequence), (Reason::UnknownAction, Consequence::Ignored));
}

#[test]
fn the_length_of_a_mailbox_option_counts_in_bytes() {
    assert!(option("voicemail.conf", "mailbox", "attachfmt").accepts(&"x".repeat(19)).is_ok());
    let rejection = option("voicemail.conf", "mailbox", "attachfmt").accepts(&"é".repeat(10)).unwrap_err();
    assert_eq!((rejection.reason, rejection.consequence), (Reason::TooLong(19), Consequence::OtherValue));
}

#[test]
fn the_type_of_a_section_selects_its_kind() {
    let pjsip = of_file("pjsip.conf");
    assert_eq!(pjsip.section("a", None), Err(Unread::NoType(Consequence::SectionIgnored)));
    assert_eq!(pjsip.section("a", Some("Endpoint")), Err(Unread::UnknownType(Consequence::SectionIgnored)));
    assert_eq!(pjsip.section("a", Some("contact")), Err(Unread::NotInFile(Consequence::SectionIgnored)));
    assert_eq!(pjsip.section("global", Some("endpoint")).unwrap().kinds()[0].name, "endpoint");
    // The two sections whose name is enough, unless an option is unknown.
    assert_eq!(pjsip.section("global", None).unwrap().unknown_option(), Consequence::SectionIgnored);
    assert_eq!(pjsip.section("g", Some("global")).unwrap().unknown_option(), Consequence::ObjectRefused);
    assert!(pjsip.section("Global", None).is_err());

    let confbridge = of_file("confbridge.conf");
    assert_eq!(confbridge.section("a", Some("User")).unwrap().kinds()[0].name, "user_profile");
    assert_eq!(confbridge.section("a", None), Err(Unread::NoType(Consequence::FileRefused)));
    assert_eq!(confbridge.section("General", None).unwrap().kinds()[0].options().count(), 0);

    let friend = of_file("iax.conf").section("a", Some("FRIEND")).unwrap();
    assert_eq!(friend.kinds().iter().map(|kind| kind.name).collect::<Vec<_>>(), ["peer", "user"]);
    assert!(friend.option("qualify").is_some() && friend.option("setvar").is_some());
    assert_eq!(of_file("iax.conf").section("a", None), Err(Unread::NoType(Consequence::Warned)));
}

#[test]
fn the_name_of_a_section_selects_its_kind() {
    let kinds = |file: &str, name: &str| {
        of_file(file)
            .section(name, None)
            .map(|section| section.kinds().iter().map(|kind| kind.name).collect())
    };
    assert_eq!(kinds("voicemail.conf", "ZoneMessages"), Ok(vec!["zonemessages"]));
    assert_eq!(kinds("voicemail.conf", "default"), Ok(vec!["context"]));
    assert_eq!(kinds("features.conf", "group"), Ok(vec!["featuregroup"]));
    assert_eq!(kinds("features.conf", "parkinglot_1"), Err(Unread::UnknownName(Consequence::Unknown)));
    assert_eq!(of_file("sccp.conf").reader, Reader::Nothing);
}

#[test]
fn names_are_compared_as_their_module_does() {
    let names = |file, kind| of_file(file).kind(kind).map(|kind| kind.names);
    assert_eq!(names("pjsip.conf", "endpoint"), Some(NameCase::Sensitive));
    assert_eq!(names("extensions.conf", "context"), Some(NameCase::Sensitive));
    assert_eq!(names("queues.conf", "queue"), Some(NameCase::Insensitive));
    assert_eq!(names("voicemail.conf", "context"), Some(NameCase::Insensitive));
}

#[test]
fn the_consequence_of_an_unknown_option_varies() {
    let unknown =
        |file, section| of_file(file).section(section, None).map(|section| section.unknown_option());
    assert_eq!(unknown("queues.conf", "general"), Ok(Consequence::Ignored));
    assert_eq!(unknown("queues.conf", "sales"), Ok(Consequence::Warned));
    assert_eq!(unknown("musiconhold.conf", "general"), Ok(Consequence::Warned));
    assert_eq!(unknown("musiconhold.conf", "jazz"), Ok(Consequence::Ignored));
    assert_eq!(unknown("features.conf", "general"), Ok(Consequence::FileRefused));
    assert_eq!(unknown("modules.conf", "Modules"), Ok(Consequence::NoStart));
    assert_eq!(unknown("extensions.conf", "default"), Ok(Consequence::Warned));
}

#[test]
fn a_pattern_accepts_each_key_that_matches() {
    let context = of_file("extensions.conf").section("default", None).unwrap();
    assert_eq!(context.option("samething").map(|option| option.name), Some("same*"));
    assert!(context.option("Exten").is_some());
    assert!(context.option("extens").is_none());
    let publication = of_file("pjsip.conf").section("p", Some("inbound-publication")).unwrap();
    assert!(publication.option("event_asterisk-devicestate").is_some());
    assert!(publication.option("evént").is_none());
    let bridge = of_file("confbridge.conf").section("b", Some("bridge")).unwrap();
    assert_eq!(bridge.option("sound_of_music").map(|option| &option.value_type), Some(&ValueType::Ignored));
    assert!(!bridge.option("sound_join").unwrap().is_pattern());
}

#[test]
fn some_objects_have_required_options() {
    let required = |kind| -> Vec<_> {
        of_file("pjsip.conf")
            .kind(kind)
            .into_iter()
            .flat_map(Kind::required)
            .map(|option| option.name)
            .collect()
    };
    assert_eq!(required("transport"), ["bind"]);
    assert_eq!(required("auth"), ["username"]);
    assert_eq!(required("registration"), ["server_uri"]);
    assert_eq!(required("identify"), ["endpoint"]);
    assert_eq!(required("domain_alias"), ["domain"]);
    assert!(required("endpoint").is_empty());
}

#[test]
fn a_deprecated_option_or_value_has_a_replacement() {
    let replacement =
        |file, kind, name| option(file, kind, name).deprecated.map(|deprecation| deprecation.replacement);
    assert_eq!(replacement("pjsip.conf", "auth", "md5_cred"), Some(Some("password_digest")));
    assert_eq!(replacement("pjsip.conf", "auth", "password"), None);
    assert_eq!(replacement("voicemail.conf", "mailbox", "maxmessage"), Some(Some("maxsecs")));
    assert_eq!(option("pjsip.conf", "auth", "auth_type").replacement_of("UserPass"), Some("digest"));
    assert_eq!(option("queues.conf", "queue", "music").alias_of, Some("musicclass"));
    assert_eq!(option("queues.conf", "queue", "monitor-type").only_in, Some("Wazo"));
}
