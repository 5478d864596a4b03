//! Reads a layout, and checks that its parts are those that it names.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use driver_api::Error;
use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;
use tar::Archive;

use super::layout::{Config, Descriptor, INDEX, Index, Manifest, blob_path, digest};
use crate::file_error;

/// The image of a layout.
pub(super) struct Unpacked {
    pub(super) config: Config,
    /// The archive of the files, no longer compressed.
    pub(super) layer: Vec<u8>,
}

impl Unpacked {
    /// Reads a layout with one image of one layer.
    pub(super) fn read(layout: &[u8]) -> Result<Unpacked, Error> {
        let files = Files::read(layout).map_err(|error| Error::driver("is no archive").because(error))?;
        let index: Index = parse(INDEX, files.file(INDEX)?)?;
        let manifest: Manifest = files.json(only(&index.manifests)?)?;
        let config: Config = files.json(&manifest.config)?;
        let blob = only(&manifest.layers)?;
        let mut layer = Vec::new();
        GzDecoder::new(files.blob(blob)?)
            .read_to_end(&mut layer)
            .map_err(|error| Error::driver("is not compressed").because(error).context(&blob.digest))?;
        if config.rootfs.diff_ids == [digest(&layer)] {
            Ok(Unpacked { config, layer })
        } else {
            Err(Error::driver("the layer is not the one that the configuration names"))
        }
    }

    /// Writes the files into a folder, with their owners and modes.
    pub(super) fn unpack(&self, folder: &Path) -> Result<(), Error> {
        let mut archive = Archive::new(self.layer.as_slice());
        archive.set_preserve_ownerships(true);
        archive.set_preserve_permissions(true);
        archive.unpack(folder).map_err(|error| file_error(folder, error))
    }
}

fn only(descriptors: &[Descriptor]) -> Result<&Descriptor, Error> {
    match descriptors {
        [only] => Ok(only),
        other => Err(Error::driver(format!("has {} manifests or layers, not 1", other.len()))),
    }
}

/// The files of the layout, by their paths.
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn read(layout: &[u8]) -> io::Result<Files> {
        let mut files = BTreeMap::new();
        for entry in Archive::new(layout).entries()? {
            let mut entry = entry?;
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            files.insert(entry.path()?.to_string_lossy().into_owned(), bytes);
        }
        Ok(Files(files))
    }

    fn file(&self, path: &str) -> Result<&[u8], Error> {
        let file = self.0.get(path).map(Vec::as_slice);
        file.ok_or_else(|| Error::driver("is not in the archive").context(path))
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<&[u8], Error> {
        let path = blob_path(&descriptor.digest);
        let bytes = self.file(&path)?;
        if bytes.len() == descriptor.size && digest(bytes) == descriptor.digest {
            Ok(bytes)
        } else {
            Err(Error::driver("has another digest").context(path))
        }
    }

    fn json<T: DeserializeOwned>(&self, descriptor: &Descriptor) -> Result<T, Error> {
        parse(&descriptor.digest, self.blob(descriptor)?)
    }
}

fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::driver("has another form").because(error).context(name))
}
