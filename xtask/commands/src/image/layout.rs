//! The image as an archive with the layout of the OCI: `podman load`, `docker load` and `skopeo` read it.
//!
//! The source of the forms are the OCI's specifications of images and of their layout, 1.1; that of `manifest.json` is
//! what `docker save` writes, since Docker before version 25 reads nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use driver_api::Error;
use flate2::{Compression, GzBuilder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::containerfile::Settings;
use super::contents::Entry;
use super::layer;

pub(super) const INDEX: &str = "index.json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LIST: &str = "application/vnd.oci.image.index.v1+json";

/// The annotations with the name of an image: that of the OCI, and the one that containerd reads.
const NAMES: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/// `index.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    schema_version: u32,
    media_type: String,
    pub(super) manifests: Vec<Descriptor>,
}

/// A reference to a blob.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    media_type: String,
    pub(super) digest: String,
    pub(super) size: usize,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

/// The parts of an image.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    schema_version: u32,
    media_type: String,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
}

/// The configuration of an image.
#[derive(Serialize, Deserialize)]
pub(super) struct Config {
    created: String,
    architecture: String,
    os: String,
    pub(super) config: Settings,
    pub(super) rootfs: RootFs,
    history: Vec<History>,
}

/// The digests of the layers before they are compressed.
#[derive(Serialize, Deserialize)]
pub(super) struct RootFs {
    r#type: String,
    pub(super) diff_ids: Vec<String>,
}

/// Where a layer comes from.
#[derive(Serialize, Deserialize)]
struct History {
    created: String,
    created_by: String,
}

/// An image in `manifest.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}

/// Writes the image with one layer. The time is in seconds since 1970.
pub(super) fn write(layer: &[u8], settings: Settings, tag: &str, time: u64) -> Result<Vec<u8>, Error> {
    let created = rfc3339(time)?;
    let mut blobs = Blobs::default();
    let diff_id = digest(layer);
    let layer = blobs.add(LAYER, compress(layer)?);
    let history = History { created: created.clone(), created_by: "cargo xtask image".to_owned() };
    let config = blobs.add_json(
        CONFIG,
        &Config {
            created,
            architecture: architecture().to_owned(),
            os: "linux".to_owned(),
            config: settings,
            rootfs: RootFs { r#type: "layers".to_owned(), diff_ids: vec![diff_id] },
            history: vec![history],
        },
    )?;
    let docker = DockerImage {
        config: blob_path(&config.digest),
        repo_tags: vec![tag.to_owned()],
        layers: vec![blob_path(&layer.digest)],
    };
    let manifest =
        Manifest { schema_version: 2, media_type: MANIFEST.to_owned(), config, layers: vec![layer] };
    let mut manifest = blobs.add_json(MANIFEST, &manifest)?;
    manifest.annotations = NAMES.map(|name| (name.to_owned(), tag.to_owned())).into();
    let index = Index { schema_version: 2, media_type: LIST.to_owned(), manifests: vec![manifest] };
    blobs.files.insert("manifest.json".to_owned(), json(&[docker])?);
    blobs.files.insert(INDEX.to_owned(), json(&index)?);
    blobs.files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.into());
    blobs.archive(time)
}

/// The files of the layout, by their paths.
#[derive(Default)]
struct Blobs {
    files: BTreeMap<String, Vec<u8>>,
}

impl Blobs {
    fn add(&mut self, media_type: &str, bytes: Vec<u8>) -> Descriptor {
        let (digest, size) = (digest(&bytes), bytes.len());
        self.files.insert(blob_path(&digest), bytes);
        Descriptor { media_type: media_type.to_owned(), digest, size, annotations: BTreeMap::new() }
    }

    fn add_json(&mut self, media_type: &str, value: &impl Serialize) -> Result<Descriptor, Error> {
        Ok(self.add(media_type, json(value)?))
    }

    fn archive(self, time: u64) -> Result<Vec<u8>, Error> {
        let folders = ["blobs", "blobs/sha256"].map(|path| (path.to_owned(), None));
        let files = self.files.into_iter().map(|(path, bytes)| (path, Some(bytes)));
        let entry = |(path, bytes): (String, Option<Vec<u8>>)| {
            let mode = if bytes.is_some() { 0o644 } else { 0o755 };
            Entry { path, mode, owner: 0, bytes }
        };
        let entries: Vec<Entry> = folders.into_iter().chain(files).map(entry).collect();
        layer::write(&entries, time)
    }
}

/// The path of a blob in the layout.
pub(super) fn blob_path(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |mut digest, byte| {
        let _ = write!(digest, "{byte:02x}");
        digest
    })
}

/// Compresses without a time or a name in the result.
fn compress(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(layer::failed)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::driver("can't be written as JSON").because(error))
}

fn rfc3339(time: u64) -> Result<String, Error> {
    let out_of_range = || Error::driver(format!("{time} is no time in seconds since 1970"));
    let seconds = i64::try_from(time).map_err(|_| out_of_range())?;
    Timestamp::from_second(seconds)
        .map(|time| time.to_string())
        .map_err(|error| out_of_range().because(error))
}

/// The architecture of this machine, as the OCI names it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::contents::tests::sample;
    use super::super::unpacked::Unpacked;
    use super::*;
    use crate::packages::Features;

    const TIME: u64 = 1_795_503_600;

    fn sample_layout() -> Vec<u8> {
        let layer = layer::write(&sample(&Features::all().unwrap()), TIME).unwrap();
        write(&layer, Settings::default(), "localhost/confgend:1", TIME).unwrap()
    }

    #[test]
    fn the_same_contents_give_the_same_bytes() {
        assert_eq!(digest(&sample_layout()), digest(&sample_layout()));
    }

    #[test]
    fn a_layout_has_what_it_was_written_from() {
        let layout = sample_layout();
        let unpacked = Unpacked::read(&layout).unwrap();
        assert_eq!(unpacked.config.config, Settings::default());
        let mut archive = tar::Archive::new(unpacked.layer.as_slice());
        let read = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let header = entry.header();
            assert_eq!(header.mtime().unwrap(), TIME);
            let (mode, owner) = (header.mode().unwrap(), u32::try_from(header.uid().unwrap()).unwrap());
            assert_eq!(header.gid().unwrap(), u64::from(owner));
            let is_file = header.entry_type().is_file();
            let path = entry.path().unwrap().to_str().unwrap().trim_end_matches('/').to_owned();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            Entry { path, mode, owner, bytes: is_file.then_some(bytes) }
        });
        assert_eq!(read.collect::<Vec<_>>(), sample(&Features::all().unwrap()));
    }

    #[test]
    fn a_damaged_layout_is_refused() {
        let mut layout = sample_layout();
        let place = layout.windows(16).position(|bytes| bytes == b"\"os\":\"linux\",\"co").unwrap();
        layout[place + 6] = b'L';
        let error = Unpacked::read(&layout).err().unwrap().chain();
        assert!(error.starts_with("blobs/sha256/") && error.ends_with(": has another digest"), "{error}");
        let error = Unpacked::read(b"").err().unwrap().chain();
        assert_eq!(error, "index.json: is not in the archive");
    }

    #[test]
    fn the_image_says_when_and_for_what_it_is() {
        let config = Unpacked::read(&sample_layout()).unwrap().config;
        assert_eq!((&*config.created, &*config.os), ("2026-11-24T07:00:00Z", "linux"));
        assert!(rfc3339(u64::MAX).unwrap_err().chain().contains("is no time in seconds since 1970"));
    }
}
