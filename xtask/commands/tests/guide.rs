//! `cargo xtask guide` on small guides.

use std::path::Path;
use std::process::{self, Command, Output};
use std::{fs, io};

/// The name of the guide in messages.
const NAME: &str = "guide.md";

/// Follows a guide; returns the output, and the text of the guide afterwards.
fn follow(guide: &str, options: &[&str]) -> (Output, String) {
    let follow = || follow_in(tempfile::tempdir()?.path(), guide, options);
    follow().expect("the guide can be written, followed and read")
}

/// Follows a guide that is written, with its home, into this folder.
fn follow_in(folder: &Path, guide: &str, options: &[&str]) -> io::Result<(Output, String)> {
    let path = folder.join(NAME);
    fs::write(&path, guide)?;
    let output = Command::new(env!("CARGO_BIN_EXE_xtask-commands"))
        .args(["guide", NAME])
        .args(options)
        .current_dir(folder)
        .env("TMPDIR", folder)
        .env("CONFGEND_SECRET", "of the caller")
        .output()?;
    Ok((output, fs::read_to_string(&path)?))
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("it is UTF-8")
}

/// Every kind of step, and outputs with two mistakes.
const GUIDE: &str = "\
# Music on hold

```console
$ pwd
/home/you
$ ls
confgend
$ head -1 confgend/README.md
# confgend
$ mkdir moh && cd moh
$ echo \"$CONFGEND_SECRET\"
$ sleep 600 &
$ echo $! >sleep.pid && kill -0 $!
```

```ini conf/classes.conf
[default]
mode = files
```

1. Read it:

   ```console
   $ cat conf/classes.conf
   [default]
   mode = playlist
   $ for mode in files custom; do
   >     echo $mode
   > done
   …
   custom
   ```

```console fails
$ echo It took 5 ms.
It took 7 ms.
$ grep playlist conf/classes.conf || { echo none >&2; false; }
found in …
```
";

#[test]
fn all_differences_are_reported_and_can_be_updated() {
    let (output, guide) = follow(GUIDE, &[]);
    let printed = text(&output.stdout);
    assert!(!output.status.success());
    assert_eq!(
        text(&output.stderr),
        "error: 2 outputs differ from those in the guide; if they are right, repeat the command with --update\n"
    );
    let report = "
guide.md:24: $ cat conf/classes.conf
--- shown
+++ printed
@@ -1,2 +1,2 @@
 [default]
-mode = playlist
+mode = files


guide.md:37: $ grep playlist conf/classes.conf || { echo none >&2; false; }
--- shown
+++ printed
@@ -1 +1 @@
-found in …
+none

";
    assert!(printed.ends_with(report), "{printed}");
    assert_eq!(guide, GUIDE);

    let (output, guide) = follow(GUIDE, &["--update"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(guide, GUIDE.replace("   mode = playlist", "   mode = files").replace("found in …", "none"));
    let (output, _) = follow(&guide, &[]);
    assert!(output.status.success(), "{}", text(&output.stdout));
}

#[test]
fn a_command_that_fails_ends_the_run_and_its_background_jobs() {
    let mark = process::id() + 1_000_000;
    let guide = format!("```console\n$ sleep {mark} &\n$ ls nowhere\n$ echo never\n```\n");
    let (output, _) = follow(&guide, &[]);
    assert!(!output.status.success());
    assert_eq!(text(&output.stderr), "error: guide.md:3: $ ls nowhere: fails: exit code 2\n");
    let printed = text(&output.stdout);
    assert!(printed.contains("ls: cannot access 'nowhere'"), "{printed}");
    assert!(!printed.contains("never"), "{printed}");
    let sleep = format!("sleep\0{mark}\0");
    let mut processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path().join("cmdline"));
    assert!(!processes.any(|line| fs::read(line).is_ok_and(|line| line == sleep.as_bytes())));
}

#[test]
fn a_command_shown_to_fail_has_to_fail() {
    let (output, _) = follow("```console fails\n$ false\n```\n", &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (output, _) = follow("```console fails\n$ true\n```\n", &[]);
    assert_eq!(
        text(&output.stderr),
        "error: guide.md:2: $ true: succeeds, but the guide shows it fail: exit code 0\n"
    );
}

#[test]
fn the_home_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let guide = "```console\n$ touch here\n```\n";
    let (output, _) = follow_in(folder.path(), guide, &["--keep"]).unwrap();
    let kept =
        text(&output.stdout).lines().find_map(|line| line.strip_prefix("the guide's home, which is kept: "));
    let kept = Path::new(kept.unwrap());
    assert!(kept.join("here").exists());
    // The next run deletes it.
    let (output, _) = follow_in(folder.path(), "```console\n$ ls\nconfgend\n```\n", &[]).unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
    assert!(!kept.exists());
}
