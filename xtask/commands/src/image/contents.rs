//! The list of what is in the image.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use driver_api::Error;

use super::program::Programs;
use crate::packages::Features;
use crate::{file_error, root};

/// The user and the group of the service. The Containerfile names them, too.
pub(super) const USER: u32 = 65532;
const ROOT: u32 = 0;

/// The files of the checkout, by their paths in the image.
const FILES: &[(&str, &str)] = &[
    ("etc/wazo-confgend/conf.d/README", "dispatcher/debian/conf.d/README"),
    ("etc/wazo-confgend/config.yml", "container/config.yml"),
    // The text to which the copyright refers.
    ("usr/share/common-licenses/GPL-3", "LICENSE"),
    ("usr/share/doc/confgend/copyright", "dispatcher/debian/copyright"),
    // It is linked into the programs.
    ("usr/share/doc/musl/copyright", "container/musl"),
];

/// The case for `confgend try`, which builds with drivers in the configuration have.
const CASE: (&str, &str) = ("usr/share/confgend/cases/office", "fixtures/cases/office");

/// Texts of the image: the service has a user and a group with a name.
const TEXTS: &[(&str, &str)] = &[
    ("etc/group", "root:x:0:\nwazo-confgend:x:65532:\n"),
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/usr/sbin/nologin\n\
         wazo-confgend:x:65532:65532:confgend:/nonexistent:/usr/sbin/nologin\n",
    ),
];

/// The folders that belong to the service: the cache, the files of `confgend apply`, and the place of a socket.
const OWN_FOLDERS: &[&str] = &["run/wazo-confgend", "var/cache/wazo-confgend", "var/lib/confgend"];

/// A file or a folder of the image.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    /// The path, without a slash at its beginning.
    pub(super) path: String,
    pub(super) mode: u32,
    /// The user and the group.
    pub(super) owner: u32,
    /// The bytes of a file. A folder has none.
    pub(super) bytes: Option<Vec<u8>>,
}

/// Lists everything that is in the image, a folder before what is in it.
pub(super) fn list(programs: &Programs, features: &Features) -> Result<Vec<Entry>, Error> {
    let mut list = List::default();
    for (name, package, program) in
        [("confgend", "confgend", &programs.service), ("wazo-confgen", "confgend-client", &programs.client)]
    {
        list.file(&format!("usr/bin/{name}"), 0o755, read(&program.path)?);
        let licences = format!("usr/share/doc/{package}/third-party-licences");
        list.file(&licences, 0o644, program.licences.clone().into());
    }
    for (path, text) in TEXTS {
        list.file(path, 0o644, (*text).into());
    }
    for (path, source) in FILES {
        list.file(path, 0o644, read(&root().join(source))?);
    }
    if features.has_custom() {
        let (path, source) = CASE;
        let source = root().join(source);
        // Without git, which the stage that compiles does not have.
        for name in names(&source)? {
            list.file(&format!("{path}/{name}"), 0o644, read(&source.join(&name))?);
        }
    }
    for path in OWN_FOLDERS {
        list.folder(path, 0o755, USER);
    }
    list.folder("tmp", 0o1777, ROOT);
    Ok(list.0.into_values().collect())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| file_error(path, error))
}

/// The names of the files in a folder.
fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| file_error(folder, error))?;
    Ok(entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

/// The entries by their paths.
#[derive(Default)]
struct List(BTreeMap<String, Entry>);

impl List {
    fn file(&mut self, path: &str, mode: u32, bytes: Vec<u8>) {
        self.add(Entry { path: path.to_owned(), mode, owner: ROOT, bytes: Some(bytes) });
    }

    fn folder(&mut self, path: &str, mode: u32, owner: u32) {
        self.add(Entry { path: path.to_owned(), mode, owner, bytes: None });
    }

    /// Adds an entry, and the folders above it that are not there yet.
    fn add(&mut self, entry: Entry) {
        if let Some((above, _)) = entry.path.rsplit_once('/')
            && !self.0.contains_key(above)
        {
            self.folder(above, 0o755, ROOT);
        }
        self.0.insert(entry.path.clone(), entry);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::program::Program;
    use super::*;

    /// The contents of an image with small files in place of the programs.
    pub(in super::super) fn sample(features: &Features) -> Vec<Entry> {
        let folder = tempfile::tempdir().unwrap();
        let program = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, name).unwrap();
            Program { path, licences: format!("licences of {name}\n") }
        };
        list(&Programs { service: program("confgend"), client: program("wazo-confgen") }, features).unwrap()
    }

    #[test]
    fn the_list_has_each_path_below_its_folder() {
        let list = sample(&Features::all().unwrap());
        for (index, entry) in list.iter().enumerate() {
            let above = entry.path.rsplit_once('/').map(|(above, _)| above);
            let is_above = |other: &Entry| Some(other.path.as_str()) == above && other.bytes.is_none();
            assert!(above.is_none() || list[..index].iter().any(is_above), "{}", entry.path);
        }
    }

    #[test]
    fn the_user_of_the_service_owns_its_folders_and_no_file() {
        let list = sample(&Features::all().unwrap());
        let own = list.iter().filter(|entry| entry.owner == USER).map(|entry| entry.path.as_str());
        assert_eq!(own.collect::<Vec<_>>(), OWN_FOLDERS);
        let writable = list.iter().filter(|entry| entry.mode & 0o022 != 0).map(|entry| entry.path.as_str());
        assert_eq!(writable.collect::<Vec<_>>(), ["tmp"]);
        let user = format!("wazo-confgend:x:{USER}:");
        assert!(TEXTS.iter().all(|(_, text)| text.contains(&user)));
    }

    #[test]
    fn only_a_build_with_definitions_has_the_case() {
        let paths = |families| {
            let list = sample(&Features::choose(families, None).unwrap());
            list.into_iter().map(|entry| entry.path).collect::<Vec<_>>()
        };
        let has_case =
            |paths: &[String]| paths.iter().any(|path| path.ends_with("office/userfeatures.jsonl"));
        assert!(has_case(&paths(Some("asterisk,custom"))));
        assert!(!has_case(&paths(Some("asterisk"))));
    }
}
