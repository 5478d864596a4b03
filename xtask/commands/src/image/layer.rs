//! The layer of the image: an archive of its files, whose bytes depend on nothing else.

use std::io;

use driver_api::Error;
use tar::{Builder, EntryType, Header};

use super::contents::Entry;

/// Writes the layer, not compressed. The time is that of all files, in seconds since 1970.
pub(super) fn write(contents: &[Entry], time: u64) -> Result<Vec<u8>, Error> {
    let mut archive = Builder::new(Vec::new());
    for entry in contents {
        add(&mut archive, entry, time).map_err(|error| failed(error).context(&entry.path))?;
    }
    archive.into_inner().map_err(failed)
}

fn add(archive: &mut Builder<Vec<u8>>, entry: &Entry, time: u64) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(if entry.bytes.is_some() { EntryType::Regular } else { EntryType::Directory });
    header.set_mode(entry.mode);
    header.set_uid(entry.owner.into());
    header.set_gid(entry.owner.into());
    header.set_mtime(time);
    let bytes = entry.bytes.as_deref().unwrap_or_default();
    header.set_size(bytes.len() as u64);
    let slash = if entry.bytes.is_some() { "" } else { "/" };
    archive.append_data(&mut header, format!("{}{slash}", entry.path), bytes)
}

/// An error of an archive.
pub(super) fn failed(error: io::Error) -> Error {
    Error::driver("can't be put into an archive").because(error)
}
