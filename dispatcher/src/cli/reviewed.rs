//! The files of the commands that review: generated ones, or those of a folder.

use std::io;
use std::path::Path;

use database::Uri;
use driver_api::{Config, Error, Namespace};
use drivers::{Registry, Report, Writer};
use review::{FileSet, GeneratedFile};

use super::{Failure, USAGE, failed, usage};
use crate::file_set::Origins;
use crate::{config, file_set, folder};

/// The files that a command line names.
pub(super) struct Reviewed<'a> {
    pub(super) registry: &'a Registry,
    pub(super) config: &'a Config,
    /// The files; none stands for all.
    pub(super) names: &'a [String],
}

/// Generates a file. It is missing if its driver fails, or is for another schema.
pub(super) type Generate<'g> = dyn FnMut(&Namespace) -> Option<GeneratedFile> + 'g;

/// A failure of a command that reviews files: it could not do what it should, whatever the reason is.
pub(super) fn not_reviewed(failure: Failure) -> Failure {
    Failure { code: USAGE, ..failure }
}

impl Reviewed<'_> {
    /// Generates the files from a database in one snapshot; by default from the one of the configuration.
    pub(super) fn generated(&self, db: Option<&str>) -> Result<FileSet, Failure> {
        self.generated_from(&self.database(db)?, Origins::All)
    }

    /// Returns the database of the command line, or the one of the configuration.
    pub(super) fn database(&self, db: Option<&str>) -> Result<Uri, Failure> {
        match db {
            Some(uri) => uri.parse().map_err(|error: Error| usage(error.context("--db"))),
            None => config::database(self.config).map_err(usage),
        }
    }

    /// Generates the files from a database in one snapshot, with the origins of these lines.
    pub(super) fn generated_from(&self, uri: &Uri, origins: Origins) -> Result<FileSet, Failure> {
        let namespaces = self.namespaces()?;
        self.generating(uri, origins, |generate| {
            Ok(namespaces.iter().filter_map(|name| Some((name.clone(), generate(name)?))).collect())
        })
    }

    /// Returns the files that are generated.
    pub(super) fn namespaces(&self) -> Result<Vec<Namespace>, Failure> {
        super::namespaces(self.registry, self.names).map_err(usage)
    }

    /// Passes on what generates a file from a database, so that not all files are in memory at once. All are of one
    /// snapshot. A file that fails is reported, and then all fails.
    pub(super) fn generating<T>(
        &self,
        uri: &Uri,
        origins: Origins,
        act: impl FnOnce(&mut Generate<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut database = database::open(uri).map_err(failed).map_err(not_reviewed)?;
        let mut snapshot = database.snapshot().map_err(failed).map_err(not_reviewed)?;
        let mut messages = io::stderr();
        let mut report = Report::quiet(&mut messages);
        if self.names.is_empty() {
            report = report.skipping();
        }
        let (registry, config) = (self.registry, self.config);
        let result =
            act(&mut |name| file_set::file(registry, config, name, &mut *snapshot, &mut report, origins));
        if report.finish() {
            return result;
        }
        Err(usage(Error::driver("a file could not be generated, so the rest was not looked at")))
    }

    /// Returns the mistakes in the operator's texts from which the files are made. A driver that can't be built has no
    /// texts; its file is reported when it is generated.
    pub(super) fn mistakes(&self) -> Result<Vec<(Namespace, Error)>, Failure> {
        let mut mistakes = Vec::new();
        for name in self.namespaces()? {
            if let Ok(writer) = Writer::new(self.registry, self.config, &name) {
                mistakes.extend(writer.check().into_iter().map(|mistake| (name.clone(), mistake)));
            }
        }
        Ok(mistakes)
    }

    /// Reads the files below a folder.
    pub(super) fn in_folder(&self, path: &Path) -> Result<FileSet, Failure> {
        let names: Result<Vec<Namespace>, Error> = self.names.iter().map(|name| name.parse()).collect();
        folder::file_set(path, &names.map_err(usage)?).map_err(usage)
    }
}
