//! The files that are reviewed.

use std::collections::BTreeMap;
use std::sync::Arc;

use driver_api::asterisk::LineOrigins;
use driver_api::{Error, Namespace};

/// Files that were generated in one snapshot, or that stand in one folder.
#[derive(Debug, Clone, Default)]
pub struct FileSet {
    files: BTreeMap<Namespace, GeneratedFile>,
}

/// The text of a file and the origins of its lines.
#[derive(Debug, Clone, Default)]
pub struct GeneratedFile {
    /// The text. A file that somebody else wrote may be any bytes. What reads the file shares it, since it may be large.
    pub text: Arc<Vec<u8>>,
    /// The origins of its lines, as far as they are known.
    pub origins: LineOrigins,
}

impl FileSet {
    /// Creates a set of texts without origins.
    ///
    /// # Errors
    ///
    /// A name is not a namespace.
    pub fn from_texts<N: AsRef<str>, T: Into<Vec<u8>>>(
        texts: impl IntoIterator<Item = (N, T)>,
    ) -> Result<FileSet, Error> {
        let mut set = FileSet::default();
        for (name, text) in texts {
            set.insert(name.as_ref().parse()?, GeneratedFile::new(text));
        }
        Ok(set)
    }

    /// Adds a file, or replaces the one of this name.
    pub fn insert(&mut self, namespace: Namespace, file: GeneratedFile) {
        self.files.insert(namespace, file);
    }

    /// Returns the file of this name.
    pub fn get(&self, namespace: &Namespace) -> Option<&GeneratedFile> {
        self.files.get(namespace)
    }

    /// Returns the file of this name with the name as the set has it.
    pub(crate) fn entry(&self, namespace: &Namespace) -> Option<(&Namespace, &GeneratedFile)> {
        self.files.get_key_value(namespace)
    }

    /// Returns all files, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Namespace, &GeneratedFile)> {
        self.files.iter()
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Returns whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the number of bytes of all texts.
    pub fn bytes(&self) -> usize {
        self.files.values().map(|file| file.text.len()).sum()
    }
}

impl GeneratedFile {
    /// Creates a file without origins.
    pub fn new(text: impl Into<Vec<u8>>) -> GeneratedFile {
        GeneratedFile::with_origins(text, LineOrigins::default())
    }

    /// Creates a file with the origins of its lines.
    pub fn with_origins(text: impl Into<Vec<u8>>, origins: LineOrigins) -> GeneratedFile {
        GeneratedFile { text: Arc::new(text.into()), origins }
    }
}

impl FromIterator<(Namespace, GeneratedFile)> for FileSet {
    fn from_iter<I: IntoIterator<Item = (Namespace, GeneratedFile)>>(files: I) -> FileSet {
        FileSet { files: files.into_iter().collect() }
    }
}
