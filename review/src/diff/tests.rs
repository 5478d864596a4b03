//! Compares small files of each kind, and checks the exact text.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Returns the text of the differences between two texts of a file.
fn found(file: &str, old: &str, new: &str) -> String {
    let set = |text: &str| FileSet::from_texts([(file, text)]).unwrap();
    let text = diff(&set(old), &set(new), DiffOptions::default()).text(Style::default());
    text.replace("0 files unchanged\n", "")
}

/// Returns sections of a type, each with this text.
fn sections(kind: &str, names: impl IntoIterator<Item = String>, text: &str) -> String {
    names.into_iter().map(|name| format!("[{name}]\ntype = {kind}\n{text}\n")).collect::<Vec<_>>().concat()
}

#[test]
fn the_text_is_as_the_readme_shows_it() {
    let names = |count: usize| (0..count).map(|number| format!("e{number}"));
    let common = sections("endpoint", names(1038), "language = fr_FR");
    let old = format!(
        "{common}[wgtf37my]\ntype = aor\nmax_contacts = 1\n[wgtf37my]\ntype = auth\npassword = a\n{}",
        sections("endpoint", ["old7".to_owned(), "wgtf37my".to_owned()], "")
    );
    let new = format!(
        "{common}[wgtf37my]\ntype = aor\nmax_contacts = 2\n[wgtf37my]\ntype = auth\npassword = b\n{}{}",
        sections("endpoint", ["wgtf37my", "gk3p", "xu2m", "9dk2"].map(str::to_owned), ""),
        sections("aor", ["gk3p", "xu2m", "9dk2"].map(str::to_owned), ""),
    );
    let queue = |members: &str| format!("[sales]\nstrategy = linear\n{members}");
    let (a, b, c) = ("member = PJSIP/a\n", "member = PJSIP/b\n", "member = PJSIP/c\n");
    let dialplan = |extensions: &str, device: &str| {
        format!("[ctx-ten0000-internal]\n{extensions}exten = 1000,hint,PJSIP/{device}\n")
    };
    let extension = |number: &str| format!("exten = {number},1,NoOp()\n");
    let added: String = ["1001", "1002", "1003", "1004", "1005", "1006"].map(extension).concat();
    let before = [
        ("asterisk/pjsip.conf", old),
        ("asterisk/queues.conf", queue(&format!("{a}{b}{c}"))),
        ("asterisk/extensions.conf", dialplan("", "a")),
        ("asterisk/rtp.conf", "[general]\na = 1\nb = 2\n".to_owned()),
    ];
    let after = [
        ("asterisk/pjsip.conf", new),
        ("asterisk/queues.conf", queue(&format!("{b}{c}{a}"))),
        ("asterisk/extensions.conf", dialplan(&added, "b")),
        ("asterisk/rtp.conf", "[general]\nb = 2\na = 1\n".to_owned()),
    ];
    let (before, after) = (FileSet::from_texts(before).unwrap(), FileSet::from_texts(after).unwrap());
    let found = diff(&before, &after, DiffOptions::default());
    assert_eq!(
        found.text(Style::default()),
        "\
asterisk/extensions.conf   ctx-ten0000-internal: +6 extensions, ~1 hint
  + extension 1001, 1002, 1003, 1004, 1005, 1006
  ~ hint 1000: PJSIP/a → PJSIP/b
asterisk/pjsip.conf        +3 endpoints, −1, ~2 (of 1,042)
  + endpoint gk3p, xu2m, 9dk2
  − endpoint old7
  ~ aor wgtf37my: max_contacts 1 → 2
  ~ auth wgtf37my: password ••• → •••
asterisk/queues.conf       order of 3 members of sales
1 file unchanged
"
    );
    assert_eq!(
        found.stat(Style::default()),
        "\
asterisk/extensions.conf   +6 ~1
asterisk/pjsip.conf        +6 −1 ~2
asterisk/queues.conf       ~1
3 files changed, 1 unchanged
"
    );
}

#[test]
fn a_section_is_an_object_by_type_and_name() {
    let old = "[a]\ntype = endpoint\nallow = ulaw\n[a]\ntype = aor\nmax_contacts = 1\n\
        [old7]\ntype = endpoint\n[old7]\ntype = aor\n[old7]\ntype = auth\n";
    let new = "[a]\ntype = aor\nmax_contacts = 2\n[b]\ntype=endpoint\n[b]\ntype=aor\n\
        [a]\nallow = alaw\ntype = endpoint\n";
    assert_eq!(
        found("asterisk/pjsip.conf", old, new),
        "asterisk/pjsip.conf   +1 endpoint, −1, ~2 (of 2)\n  + endpoint b\n  − endpoint old7\n  \
        ~ aor a: max_contacts 1 → 2\n  ~ endpoint a: allow ulaw → alaw\n"
    );
}

#[test]
fn inherited_options_are_compared_and_templates_are_not() {
    let old = "[t](!)\nk = 1\n[u](!)\n[a](t)\ntype = line\n[b](t)\ntype = line\nk2 = x\n";
    let new = "[t](!)\nk = 2\n[a](t)\ntype = line\n[b](t)\ntype = line\nk2 = x\n";
    assert_eq!(
        found("asterisk/sccp.conf", old, new),
        "asterisk/sccp.conf   ~2 lines (of 2)\n  ~ line a, b: k 1 → 2\n"
    );
}

#[test]
fn equal_changes_of_many_objects_are_one_line() {
    let names = || (0..812).map(|number| format!("e{number}"));
    let old = sections("endpoint", names(), "language = fr_FR");
    let new =
        sections("endpoint", names(), "language = fr_CA").replacen("fr_CA\n", "fr_CA\nwebrtc = yes\n", 2);
    assert_eq!(
        found("asterisk/pjsip.conf", &old, &new),
        "asterisk/pjsip.conf   ~812 endpoints (of 812)\n  ~ 812 endpoints: language fr_FR → fr_CA\n  \
        ~ endpoint e0, e1: +webrtc yes\n"
    );
}

#[test]
fn names_are_listed_up_to_a_limit() {
    let new = sections("aor", (0..22).map(|number| format!("a{number}")), "");
    assert_eq!(
        found("asterisk/pjsip.conf", "", &new),
        "asterisk/pjsip.conf   +22 aors (of 22)\n  + aor a0, a1, a2, a3, a4, a5, a6, a7, a8, a9 and 12 more\n"
    );
}

#[test]
fn changed_objects_are_listed_up_to_a_limit() {
    let text = |value: &str| -> String {
        (0..30).map(|n| format!("[a{n}]\ntype = aor\nk = {value}{n}\n")).collect::<Vec<_>>().concat()
    };
    let found = found("asterisk/pjsip.conf", &text("a"), &text("b"));
    assert_eq!(found.lines().count(), 22);
    assert!(found.ends_with("  ~ aor a19: k a19 → b19\n  and 10 more objects changed\n"), "{found}");
}

#[test]
fn a_queue_has_members_with_an_order() {
    let old = "[general]\na = 1\n[Sales]\nmember = PJSIP/a,1\nmember = PJSIP/b\nmember = PJSIP/c\n";
    let new = "[general]\na = 1\n[sales]\nmember => PJSIP/c\nmember => PJSIP/a,2\nmember => PJSIP/d\n";
    assert_eq!(
        found("asterisk/queues.conf", old, new),
        "asterisk/queues.conf   ~1 queue (of 1)\n  ~ queue sales: member PJSIP/b → PJSIP/d; \
        member PJSIP/a,1 → PJSIP/a,2; order of 2 members\n"
    );
}

#[test]
fn a_mailbox_is_an_object_with_fields() {
    let old = "[general]\nmaxmsg = 1\n[zonemessages]\neu = Europe/Paris|x\n[Default]\n\
        1 => 12,Ann,a@x,,tz=eu|attach=no\n2 => 1,Bob\n4 => 1,Dan\n";
    let new = "[zonemessages]\neu = Europe/Berlin|x\n[default]\n4 => 1,Dan,,,\n3 => 1,Cid\n\
        1 => 34,Anna,a@x,p,attach=no|tz=us\n[general]\nmaxmsg = 2\n";
    assert_eq!(
        found("asterisk/voicemail.conf", old, new),
        "asterisk/voicemail.conf   +1 mailbox, −1, ~3 objects\n  + mailbox 3@default\n  − mailbox 2@Default\n  \
        ~ section general: maxmsg 1 → 2\n  ~ time zone eu: Europe/Paris|x → Europe/Berlin|x\n  \
        ~ mailbox 1@default: password ••• → •••; name Ann → Anna; pager \"\" → p; tz eu → us\n"
    );
}

#[test]
fn an_extension_is_an_object_with_priorities() {
    let old = "[globals]\nA = 1\n[in]\ninclude = x\ninclude = y,9:00-18:00,*,*,*\n\
        exten = 1-0,1,Answer()\nsame = n(go),Dial(PJSIP/a)\nexten = 11,1,NoOp()\nexten = 10,hint,A&B\n\
        [gone]\nexten = s,1,NoOp()\n";
    let new = "[in]\ninclude = y,9:00-18:00,*,*,*\ninclude = x\nexten = 10,hint,B&A\n\
        exten = 10,1,Answer()\nsame = n(to),Dial(PJSIP/b)\nsame = n,Hangup()\n[globals]\nA = 2\n";
    assert_eq!(
        found("asterisk/extensions.conf", old, new),
        "asterisk/extensions.conf   2 contexts: −1 context, −2 extensions, ~1 section, ~1 context, ~1 extension\n  \
        − context gone\n  − extension 11@in\n  ~ section globals: A 1 → 2\n  \
        ~ context in: order of 2 includes\n  \
        ~ extension 10@in: priority 2 (go) Dial(PJSIP/a) → (to) Dial(PJSIP/b); +priority 3 Hangup()\n"
    );
}

#[test]
fn other_sections_are_objects_by_name() {
    let table = [
        (
            "asterisk/musiconhold.conf",
            "[a]\nsort = alpha\n",
            "[a]\nsort = random\n",
            "music class a: sort alpha → random",
        ),
        (
            "asterisk/res_parking.conf",
            "[p]\nparkext = 1\n",
            "[p]\nparkext = 2\n",
            "parking lot p: parkext 1 → 2",
        ),
        (
            "asterisk/confbridge.conf",
            "[m]\ntype = menu\n1 = a\n",
            "[m]\ntype = menu\n1 = b\n",
            "menu m: 1 a → b",
        ),
        ("asterisk/features.conf", "[general]\na = 1\n", "[general]\na = 2\n", "section general: a 1 → 2"),
        (
            "asterisk/modules.conf",
            "[modules]\nnoload = a\nnoload = b\n",
            "[modules]\nnoload = b\n",
            "section modules: −noload a",
        ),
        ("asterisk/queueskillrules.conf", "[r]\nrule = a\n", "[r]\nrule = b\n", "skill rule r: rule a → b"),
        (
            "asterisk/iax.conf",
            "[x]\ntype = friend\nsecret = a\n",
            "[x]\ntype = friend\nsecret = b\n",
            "friend x: secret ••• → •••",
        ),
    ];
    for (file, old, new, expected) in table {
        let found = found(file, old, new);
        assert_eq!(found.lines().nth(1), Some(format!("  ~ {expected}").as_str()), "{found}");
    }
}

#[test]
fn a_key_of_yaml_is_an_object() {
    let old = "a:\n  list: [x, y]\n  n: 1\n  gone: {k: v}\nsources:\n- {host: a, password: x}\n- {host: b}\n";
    let new =
        "sources:\n- {host: a, password: y}\n- {host: b}\na:\n  n: '1'\n  list: [y, x, z]\n  new: yes\n";
    assert_eq!(
        found("dird/x.yml", old, new),
        "dird/x.yml   +1 key, −1, ~2 (of 4)\n  + key a.new\n  − key a.gone.k\n  \
        ~ key sources[0].password: ••• → •••\n  ~ key a.list: +z; order of 2 items\n"
    );
}

#[test]
fn a_file_of_many_kinds_has_a_short_text() {
    let new: Vec<String> = (0..50_000).map(|n| format!("[a{n}]\ntype = t{n}\n")).collect();
    let text = found("asterisk/pjsip.conf", "", &new.concat());
    assert!(text.starts_with("asterisk/pjsip.conf   +50,000 objects\n  + t0 a0\n"), "{text:.200}");
    assert!(text.ends_with("\n  + t19 a19\n  + 49,980 more objects\n"), "{text:.200}");
}

#[test]
fn colours_are_those_of_a_terminal() {
    let set = |text: &str| FileSet::from_texts([("wazo/x.yml", text)]).unwrap();
    let (old, new) = (set("a: 1\nb: 1\n"), set("b: 2\nc: 1\n"));
    let (options, style) = (DiffOptions::default(), Style { has_colors: true, ..Style::default() });
    assert_eq!(
        diff(&old, &new, options).text(style),
        "\u{1b}[1mwazo/x.yml\u{1b}[0m   +1 key, −1, ~1 (of 2)\n  \u{1b}[32m+ key c\u{1b}[0m\n  \
        \u{1b}[31m− key a\u{1b}[0m\n  \u{1b}[33m~ key b: 1 → 2\u{1b}[0m\n0 files unchanged\n"
    );
    assert!(unified(&old, &new, options, style).contains("\u{1b}[31m-a: 1\u{1b}[0m\n"));
}

#[test]
fn the_order_of_directives_counts() {
    let of = |lines: &[&str]| format!("[a]\nk = 1\n{}\n", lines.join("\n"));
    let old = of(&["#include x.conf", "#include y.conf", "#exec z"]);
    assert_eq!(
        found("asterisk/rtp.conf", &old, &of(&["#include y.conf", "#include x.conf", "#exec z"])),
        "asterisk/rtp.conf   order of 2 directives of rtp.conf\n"
    );
    assert_eq!(
        found(
            "asterisk/extensions.conf",
            &old,
            &of(&["#exec z", "#include x.conf", "#include y.conf", "#include v.conf"])
        ),
        "asterisk/extensions.conf   +1 directive, ~1 file\n  + directive #include v.conf\n  \
        ~ file extensions.conf: order of 3 directives\n"
    );
    assert_eq!(
        found("asterisk/voicemail.conf", &old, &of(&["#include x.conf", "#include y.conf"])),
        "asterisk/voicemail.conf   −1 directive\n  − directive #exec z\n"
    );
    // A new line in between moves no other.
    let longer = of(&["#include x.conf", "#include v.conf", "#include y.conf", "#exec z"]);
    assert!(!found("asterisk/rtp.conf", &old, &longer).contains("order"));
}

#[test]
fn a_directive_is_an_object() {
    let old = "[a]\nk = 1\n#exec get --password s3cret\n";
    assert_eq!(
        found("asterisk/rtp.conf", old, "[a]\nk = 1\n#include x.conf\n"),
        "asterisk/rtp.conf   +1 directive, −1\n  + directive #include x.conf\n  \
        − directive #exec get --password •••\n"
    );
}

#[test]
fn a_quoted_text_hides_its_secrets() {
    let text = found("asterisk/rtp.conf", "[a]\n", "password = s3cret\n[a]\n");
    assert!(text.contains("so lines are compared: line 1: the line \"password = •••"), "{text}");
    let yaml = found("dird/x.yml", "a:\n- {p: 1, password: s3cret}\n- 2\n- 3\n", "a:\n- 2\n");
    assert!(yaml.contains("•••"), "{yaml}");
    for text in [text, yaml] {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn any_other_file_is_compared_by_lines() {
    assert_eq!(
        found("provd/x.txt", "a\nb\npassword = x\n", "a\npassword = y\nb\n"),
        "provd/x.txt   +1 line, −1 (of 3)\n  + password = •••\n  − password = •••\n"
    );
}

#[test]
fn a_text_that_asterisk_refuses_is_compared_by_lines() {
    assert_eq!(
        found("asterisk/rtp.conf", "[a]\nk = 1\n", "[a]\nk = 2\n[b](none)\n"),
        "asterisk/rtp.conf   +2 lines, −1 (of 3)\n  the new text is refused by Asterisk, so lines are compared: \
        line 3: the section inherits from \"none\", and no section of this name stands before it\n  \
        − k = 1\n  + k = 2\n  + [b](none)\n"
    );
    let set = |text: &[u8]| FileSet::from_texts([("asterisk/rtp.conf", text.to_vec())]).unwrap();
    let found = diff(&set(b"[a]\nk = \xff\n"), &set(b"[a]\nk = \xfe\n"), DiffOptions::default());
    let text = found.text(Style::default());
    assert!(text.contains("  the old text is not UTF-8, so lines are compared\n"), "{text}");
    let yaml = tests::found("wazo/x.yml", "a: 1\n", "a: [\n");
    assert!(yaml.contains("the new text is no valid YAML, so lines are compared: line "), "{yaml}");
}

#[test]
fn a_missing_file_counts_as_empty() {
    let set = |texts: &[(&str, &str)]| FileSet::from_texts(texts.to_vec()).unwrap();
    let (old, new) = (set(&[("wazo/a.yml", "x: 1\n")]), set(&[("wazo/b.yml", "x: 1\n"), ("wazo/c.yml", "")]));
    assert_eq!(
        diff(&old, &new, DiffOptions::default()).text(Style::default()),
        "wazo/a.yml   −1 key\n  there is no new file, which counts as empty\n  − key x\n\
        wazo/b.yml   +1 key (of 1)\n  there is no old file, which counts as empty\n  + key x\n1 file unchanged\n"
    );
}

#[test]
fn json_has_a_line_for_each_object() {
    let set = |text: &str| FileSet::from_texts([("asterisk/extensions.conf", text)]).unwrap();
    let old = set("[x]\nexten = 1,1,NoOp(a)\nexten = 2,1,NoOp()\n");
    let new = set("[x]\nexten = 1,1,NoOp(b)\nexten = 3,1,NoOp()\n");
    assert_eq!(
        diff(&old, &new, DiffOptions::default()).json(),
        "\
{\"file\":\"asterisk/extensions.conf\",\"change\":\"removed\",\"kind\":\"extension\",\"context\":\"x\",\"name\":\"2\"}
{\"file\":\"asterisk/extensions.conf\",\"change\":\"changed\",\"kind\":\"extension\",\"context\":\"x\",\"name\":\"1\",\"options\":\
[{\"option\":\"priority 1\",\"old\":[\"NoOp(a)\"],\"new\":[\"NoOp(b)\"],\"moved\":0}]}
{\"file\":\"asterisk/extensions.conf\",\"change\":\"added\",\"kind\":\"extension\",\"context\":\"x\",\"name\":\"3\"}
"
    );
}

#[test]
fn secrets_are_shown_on_request_only() {
    let set = |password: &str| {
        FileSet::from_texts([("asterisk/pjsip.conf", format!("[a]\ntype = auth\npassword = {password}\n"))])
            .unwrap()
    };
    let (old, new) = (set("s3cret"), set("n3w"));
    let shown = |show_secrets| {
        let options = DiffOptions { show_secrets };
        let found = diff(&old, &new, options);
        [found.text(Style::default()), found.json(), unified(&old, &new, options, Style::default())].concat()
    };
    assert!(!shown(false).contains("s3cret") && !shown(false).contains("n3w"), "{}", shown(false));
    for part in ["password s3cret → n3w", "\"old\":[\"s3cret\"]", "-password = s3cret"] {
        assert!(shown(true).contains(part), "{}", shown(true));
    }
}

#[test]
fn a_hostile_value_stays_on_its_line() {
    let text = |value: &str| format!("[a]\ntype = x\nk = {value}\n");
    let long = "y".repeat(100);
    assert_eq!(
        found("asterisk/pjsip.conf", &text("a\u{1b}[2J"), &text(&format!("a{long}"))),
        format!("asterisk/pjsip.conf   ~1 x (of 1)\n  ~ x a: k a\\u{{1b}}[2J → a{}…\n", "y".repeat(59))
    );
    let (old, new) = (format!("{long}1{long}"), format!("{long}2{long}"));
    let found = found("asterisk/pjsip.conf", &text(&old), &text(&new));
    assert!(
        found.contains(&format!("k …{}1{}… → …{}2", "y".repeat(15), "y".repeat(44), "y".repeat(15))),
        "{found}"
    );
}

/// The sections of a file by type and name, each with its options.
type Sections = BTreeMap<(&'static str, String), Vec<(String, String)>>;

fn any_sections() -> impl Strategy<Value = Sections> {
    let key = prop::sample::select(vec!["allow", "set_var", "match", "context", "password", "x", "member"]);
    let options = prop::collection::vec((key.prop_map(str::to_owned), "[a-c=,]{1,4}"), 0..6);
    let name = (prop::sample::select(vec!["endpoint", "aor"]), "[a-dA-B]{1,2}");
    prop::collection::btree_map(name, options, 0..8)
}

/// Type and name of a section, and its options.
type Section<'s> = (&'s (&'static str, String), &'s Vec<(String, String)>);

fn written(sections: &[Section<'_>]) -> String {
    let option = |(key, value): &(String, String)| format!("{key} = {value}\n");
    let section = |((kind, name), options): &Section<'_>| {
        let options: Vec<String> = options.iter().map(option).collect();
        format!("\n; {name}\n[{name}]\n{}type = {kind}\n", options.concat())
    };
    sections.iter().map(section).collect::<Vec<_>>().concat()
}

proptest! {
    #[test]
    fn the_order_of_sections_does_not_count(sections in any_sections(), seed in any::<u64>()) {
        let sorted: Vec<_> = sections.iter().collect();
        let mut shuffled = sorted.clone();
        shuffled.sort_by_key(|((kind, name), _)| {
            format!("{kind}{name}").bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        });
        let (old, new) = (written(&sorted), written(&shuffled));
        // A template has the whole text read, in place of each section.
        let whole = format!("{new}[t](!)\n[t](+TEMPLATES=include)\n");
        for new in [&new, &whole] {
            for file in ["asterisk/pjsip.conf", "asterisk/confbridge.conf"] {
                prop_assert_eq!(found(file, &old, new), "1 file unchanged\n");
            }
        }
    }

    #[test]
    fn a_changed_value_is_found(sections in any_sections(), at in any::<prop::sample::Index>()) {
        prop_assume!(sections.values().any(|options| !options.is_empty()));
        let old: Vec<_> = sections.iter().collect();
        let mut changed = sections.clone();
        let mut options: Vec<_> = changed.values_mut().flatten().collect();
        let index = at.index(options.len());
        options[index].1 = "changed".to_owned();
        let new: Vec<_> = changed.iter().collect();
        let text = found("asterisk/pjsip.conf", &written(&old), &written(&new));
        prop_assert!(text.contains("~1"), "{}", text);
    }

    #[test]
    fn any_two_texts_can_be_compared(
        file in prop::sample::select(vec![
            "asterisk/pjsip.conf", "asterisk/extensions.conf", "asterisk/voicemail.conf", "asterisk/queues.conf",
            "dird/x.yml", "provd/x.txt",
        ]),
        old in hostile(),
        new in hostile(),
    ) {
        let set = |text: &[u8]| FileSet::from_texts([(file, text.to_vec())]).unwrap();
        let (old, new) = (set(&old), set(&new));
        let options = DiffOptions::default();
        let difference = diff(&old, &new, options);
        let text = difference.text(Style { has_colors: true, shows_all: true });
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\u{1b}'), "{text:?}");
        for line in difference.json().lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
        let lines = unified(&old, &new, options, Style::default());
        prop_assert_eq!(lines.is_empty(), old.iter().map(|(_, file)| &file.text).eq(new.iter().map(|(_, file)| &file.text)));
    }
}

/// Returns bytes with many parts that mean something in one of the files.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&[u8]> = vec![
        b"[a]",
        b"[b](a)",
        b"[in]",
        b"\n",
        b"\n",
        b"k = v",
        b"type = x",
        b"type",
        b";--",
        b"--;",
        b"\\",
        b"=",
        b"+=",
        b">",
        b"exten = 1,1,A(b)",
        b"same = n,B()",
        b"include = x,y",
        b"exten = 1,hint,P&Q",
        b"1 => 2,3,4,5,a=b|c",
        b"- a: b",
        b"  c: d",
        b": ",
        b"\xff",
        b"\0",
        b"#include x",
        b"#exec y",
        b"member = A,1",
        b"set_var = p=q",
        b"sip:u:p@h",
        b",",
    ];
    prop::collection::vec(prop::sample::select(parts), 0..30).prop_map(|parts| parts.concat())
}
