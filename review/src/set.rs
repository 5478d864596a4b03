//! The files that are reviewed.

use std::collections::BTreeMap;

use driver_api::asterisk::LineOrigin;
use driver_api::{Error, Namespace};

/// Files that were generated in one snapshot, or that stand in one folder.
#[derive(Debug, Clone, Default)]
pub struct FileSet {
    files: BTreeMap<Namespace, GeneratedFile>,
}

/// The text of a file and the origins of its lines.
#[derive(Debug, Clone, Default)]
pub struct GeneratedFile {
    /// The text. A file that somebody else wrote may be any bytes.
    pub text: Vec<u8>,
    /// The origins of its lines in the order of the lines, as far as they are known.
    pub origins: Vec<LineOrigin>,
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
            set.insert(name.as_ref().parse()?, GeneratedFile { text: text.into(), origins: Vec::new() });
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
    /// Returns the origins of a line; the first line is 1.
    pub fn origins_of(&self, line: usize) -> &[LineOrigin] {
        let from = self.origins.partition_point(|origin| origin.line < line);
        let to = self.origins.partition_point(|origin| origin.line <= line);
        self.origins.get(from..to).unwrap_or_default()
    }
}

impl FromIterator<(Namespace, GeneratedFile)> for FileSet {
    fn from_iter<I: IntoIterator<Item = (Namespace, GeneratedFile)>>(files: I) -> FileSet {
        FileSet { files: files.into_iter().collect() }
    }
}
