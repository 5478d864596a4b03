use std::os::unix::fs::PermissionsExt as _;

use super::*;

struct Site {
    folder: tempfile::TempDir,
    history: History,
}

impl Site {
    fn new(keep: usize, max_bytes: u64) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage { cache: folder.path().into(), cache_mode: FileMode(0o640), pid_file: None };
        let settings = HistorySettings { keep: Some(Within(keep)), max_bytes: Within(1_000_000) };
        let history = History { max_bytes, ..History::new(&storage, &settings).unwrap() };
        Site { folder, history }
    }

    fn record(&self, cause: Cause, file: &str, text: &str) -> Generation {
        let change = FileChange::new(
            "+1 section".to_owned(),
            &["left out".to_owned()],
            Some(std::time::Duration::from_millis(7)),
        );
        let new = NewText { file: file.parse().unwrap(), text, objects: text.len(), change };
        self.history.record(cause, &[new]).unwrap()
    }

    fn request(&self, text: &str) -> Generation {
        self.record(Cause::Request, "asterisk/rtp.conf", text)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(".history").join(name)
    }

    fn numbers(&self) -> Vec<u64> {
        self.history.numbers().unwrap()
    }

    fn texts(&self) -> usize {
        self.history.texts.sizes().len()
    }

    fn text(&self, number: u64, file: &str) -> Result<String, String> {
        let generation = self.history.generation(number).map_err(|error| error.chain())?;
        self.history.text(&generation, &file.parse().unwrap()).map_err(|error| error.chain())
    }
}

fn incompressible(seed: u64) -> String {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + u8::try_from(state >> 60).unwrap())
    };
    (0..10_000).map(|_| next()).collect()
}

#[test]
fn a_generation_has_the_other_files_of_the_one_before() {
    let site = Site::new(10, 1 << 20);
    assert!(site.history.latest().unwrap().is_none());
    let one = site.request("one");
    assert_eq!((one.number, one.cause, one.files.len(), one.changes.len()), (1, Cause::Request, 1, 1));
    let two = site.record(Cause::Apply, "asterisk/hep.conf", "a\r\né\n");
    assert_eq!((two.number, two.files.len(), two.changes.len()), (2, 2, 1));
    site.request("three");
    assert_eq!(site.history.generation(2).unwrap(), two);
    let text = |number| site.text(number, "asterisk/rtp.conf");
    assert_eq!([text(1), text(2), text(3)], ["one", "one", "three"].map(|text| Ok(text.to_owned())));
    assert_eq!(site.text(3, "asterisk/hep.conf").as_deref(), Ok("a\r\né\n"));
    let error = site.text(1, "asterisk/hep.conf").unwrap_err();
    assert_eq!(error, "asterisk/hep.conf: generation 1 does not have the file");
    assert_eq!(text(7).unwrap_err(), "there is no generation 7: the history has 1 to 3");
    assert_eq!(site.history.latest_applied().unwrap().unwrap().number, 2);
}

#[test]
fn old_generations_go_but_not_the_one_that_is_applied() {
    let site = Site::new(3, 1 << 20);
    site.record(Cause::Apply, "asterisk/rtp.conf", "applied");
    for number in 2..=6 {
        site.request(&format!("text {number}"));
    }
    assert_eq!(site.numbers(), [1, 5, 6]);
    assert_eq!(site.texts(), 3, "texts that no generation has are gone");
    assert_eq!(site.text(1, "asterisk/rtp.conf").as_deref(), Ok("applied"));
    site.record(Cause::Rollback, "asterisk/rtp.conf", "text 5");
    assert_eq!(site.numbers(), [5, 6, 7]);
}

#[test]
fn the_kept_texts_have_a_size_limit() {
    let site = Site::new(100, 20_000);
    for seed in 1..=9 {
        site.request(&incompressible(seed));
    }
    let kept: u64 = site.history.texts.sizes().values().sum();
    assert!(kept <= 20_000 && site.numbers().len() >= 2, "{kept} bytes of {:?}", site.numbers());
    let site = Site::new(100, 1);
    site.request(&incompressible(1));
    site.request(&incompressible(2));
    assert_eq!(site.numbers(), [2], "the newest generation stays");
}

#[test]
fn a_damaged_file_costs_what_it_contains() {
    let site = Site::new(10, 1 << 20);
    for text in ["one", "two", "three"] {
        site.request(text);
    }
    fs::write(site.path("generations/2.json"), "{\"number\": 2").unwrap();
    let (generations, errors) = site.history.generations().unwrap();
    assert_eq!(generations.iter().map(|generation| generation.number).collect::<Vec<_>>(), [1, 3]);
    let error = errors[0].chain();
    assert!(
        error.ends_with(
            ".history/generations/2.json: can't be read: EOF while parsing an object at line 1 column 12"
        ),
        "{error}"
    );
    fs::write(site.path("generations/3.json"), "").unwrap();
    assert_eq!(site.history.latest().unwrap().unwrap().number, 1);
    assert_eq!(site.request("four").number, 4, "a number is not used twice");

    let hash = site.history.generation(4).unwrap().files[&"asterisk/rtp.conf".parse().unwrap()].hash.clone();
    for damage in [&b""[..], b"(\xb5/\xfd", &zstd::encode_all(&b"other"[..], 3).unwrap()] {
        fs::write(site.path(&format!("texts/{hash}.zst")), damage).unwrap();
        let error = site.text(4, "asterisk/rtp.conf").unwrap_err();
        assert!(error.contains(".zst: the text can't be read: "), "{error}");
        assert_eq!(site.text(1, "asterisk/rtp.conf").as_deref(), Ok("one"));
    }
    assert_eq!(site.request("four").number, 5);
    assert_eq!(site.text(4, "asterisk/rtp.conf").as_deref(), Ok("four"), "a damaged text is written again");
}

#[test]
fn leftovers_of_a_crash_are_removed() {
    let site = Site::new(10, 1 << 20);
    site.request("one");
    for left in ["texts/.confgend-x", "texts/0123.zst", "generations/.confgend-y"] {
        fs::write(site.path(left), "half").unwrap();
    }
    site.request("two");
    assert_eq!(site.texts(), 2);
    assert_eq!(fs::read_dir(site.path("texts")).unwrap().count(), 2);
    assert_eq!(fs::read_dir(site.path("generations")).unwrap().count(), 2);
}

#[test]
fn the_history_has_the_permissions_of_the_cache() {
    let site = Site::new(10, 1 << 20);
    site.request("a password");
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(site.path("")), 0o750);
    assert_eq!(mode(site.path("texts")), 0o750);
    assert_eq!(mode(site.path("generations/1.json")), 0o640);
    for text in fs::read_dir(site.path("texts")).unwrap() {
        assert_eq!(mode(text.unwrap().path()), 0o640);
    }
}

#[test]
fn generations_of_several_processes_have_numbers_of_their_own() {
    let site = Site::new(100, 1 << 20);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let site = &site;
            scope.spawn(move || {
                for text in 0..5 {
                    site.request(&format!("{thread} {text}"));
                }
            });
        }
    });
    assert_eq!(site.numbers(), (1..=20).collect::<Vec<_>>());
}
