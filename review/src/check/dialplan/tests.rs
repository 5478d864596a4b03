//! Hostile and large dialplans.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::testing::{dialplan, whole_dialplan};

/// The parts of random lines.
const PARTS: &[&str] = &[
    "exten",
    "exten => ",
    "same => ",
    "include => ",
    "switch => ",
    "ignorepat => ",
    "[a]",
    "[b]",
    "\n",
    "\n",
    "\n",
    ",",
    ",",
    "1",
    "2",
    "n",
    "s",
    "hint",
    "_X.",
    "_[",
    "]",
    "[1-3]",
    "_.",
    "a",
    "b",
    "(",
    ")",
    "(x)",
    "x",
    "+",
    "-",
    "0",
    "99999999999",
    "/",
    "&",
    "@",
    "Goto(",
    "GotoIf(",
    "Gosub(",
    "Dial(",
    "Local/",
    "PJSIP/",
    "Set(",
    "Macro",
    "${",
    "}",
    "$[",
    "?",
    ":",
    "\\",
    "\"",
    " ",
    "=",
    ";",
    "\u{e9}",
    "\t",
    "Queue(",
    "VoiceMail(",
    "ConfBridge(",
    "Park(",
    "NoOp",
    "!",
];

proptest! {
    #[test]
    fn no_text_makes_the_check_panic(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..80)) {
        let text = format!("[a]\n{}", parts.concat());
        dialplan(&text);
        whole_dialplan(&text);
    }

    #[test]
    fn no_other_file_makes_the_check_panic(
        parts in proptest::collection::vec(proptest::sample::select(OTHER_PARTS), 0..60),
        file in proptest::sample::select(OTHER_FILES),
    ) {
        let text = format!("[a]\n{}", parts.concat());
        let files = [("extensions.conf", "[a]\nexten => 1,1,Park(a)\nexten => 1,hint,IAX2/a\n"), (file, text.as_str())];
        super::super::testing::found(&files);
        super::super::testing::found_in(&files, &[]);
    }
}

const OTHER_FILES: &[&str] =
    &["confbridge.conf", "iax.conf", "pjsip.conf", "queues.conf", "res_parking.conf", "voicemail.conf"];

const OTHER_PARTS: &[&str] = &[
    "\n",
    "\n",
    "[",
    "]",
    "[a]",
    "type=menu\n",
    "type=endpoint\n",
    "type=user\n",
    "context=",
    "comebackcontext=",
    "parkext=",
    "parkpos=",
    "1-9999999999",
    "9-1",
    "-1-5",
    "member=",
    "Local/",
    "hint:",
    "1",
    "@",
    "a",
    "/",
    ",",
    "\"",
    "\\",
    "dialplan_exec(",
    ")",
    "=",
    "callback=",
    "|",
    "${",
    "general",
    "1=",
];

/// Checks a dialplan, and returns the number of findings. It fails if the check takes as long as quadratic work would.
fn check_in_time(text: &str) -> usize {
    let start = Instant::now();
    let findings = whole_dialplan(text).len();
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(30), "{elapsed:?}");
    findings
}

/// Returns a context with a line for each number.
fn context(name: &str, count: usize, line: impl Fn(usize) -> String) -> String {
    let lines: Vec<String> = (0..count).map(line).collect();
    format!("[{name}]\n{}\n", lines.join("\n"))
}

/// With twice the lines, work that grows with the square of the lines would take minutes here.
const MANY: usize = 10_000;

#[test]
fn a_large_site_is_checked_in_time() {
    let users = context("internal", MANY, |user| {
        format!(
            "exten => {user},1,Set(X=${{EXTEN}})\nsame => n,Gosub(user,s,1({user}))\nsame => n(end),Goto({user},end)\n\
            exten => {user},hint,PJSIP/a{user}"
        )
    });
    let text = format!("{users}[user]\nexten => s,1,NoOp()\n");
    assert_eq!(check_in_time(&text), 1, "the number of hints");
}

#[test]
fn an_extension_with_many_priorities() {
    let down = context("a", MANY, |line| {
        format!("exten => 1,{}(l{line}),Goto(l{})", MANY - line, (line + 7) % MANY)
    });
    assert_eq!(check_in_time(&down), 0);
    let same = context("a", MANY, |_| "exten => 1,1(l),NoOp()".to_owned());
    assert_eq!(check_in_time(&same), MANY - 1);
}

#[test]
fn many_patterns_with_many_jumps() {
    let text = context("a", MANY, |line| format!("exten => _{line}X,1,Goto(none{line},1)"));
    check_in_time(&text);
    let text = context("a", MANY, |line| format!("exten => _{line}X,2,NoOp()\nexten => {line}Y,2,NoOp()"));
    check_in_time(&text);
}

#[test]
fn many_includes() {
    let chain: String = (0..MANY / 4)
        .map(|line| format!("[c{line}]\ninclude => c{}\nexten => 1,1,Goto(2,1)\n", line + 1))
        .collect::<Vec<_>>()
        .concat();
    check_in_time(&chain);
    let star = context("a", MANY, |line| format!("include => c{line}\nexten => {line},1,Gosub(a,x,1)"));
    check_in_time(&star);
    let around: String = (0..MANY / 4)
        .map(|line| format!("[c{line}]\ninclude => a\nexten => 1,1,NoOp()\n"))
        .collect::<Vec<_>>()
        .concat();
    check_in_time(&format!("{around}{}", context("a", MANY, |line| format!("exten => {line},1,Goto(x,1)"))));
}
