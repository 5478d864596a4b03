//! The disk of the cache is full, read-only, or gone.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use driver_api::Error;

use super::site::Site;
use super::tally::Tally;
use super::{Row, Scale, repeat};
use crate::{debian, file_error};

pub(super) fn full(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    let fault = "the disk of the cache full";
    let Some(disk) = Disk::mount(site)? else { return Ok(not_run(fault)) };
    let path = disk.0.join("ballast");
    break_disk(site, scale, fault, |is_broken| {
        if is_broken {
            // It ends when the disk is full.
            let mut ballast = fs::File::create(&path).map_err(|error| file_error(&path, error))?;
            while ballast.write_all(&[0; 4096]).is_ok() {}
            return Ok(());
        }
        fs::remove_file(&path).map_err(|error| file_error(&path, error))
    })
}

pub(super) fn read_only(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    let fault = "the disk of the cache read-only";
    let Some(disk) = Disk::mount(site)? else { return Ok(not_run(fault)) };
    break_disk(site, scale, fault, |is_broken| disk.remount(if is_broken { "ro" } else { "rw" }))
}

pub(super) fn removed(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    let cache = site.cache();
    break_disk(site, scale, "the folder of the cache removed", |is_broken| {
        if !is_broken {
            return Ok(());
        }
        // The service writes meanwhile: while a folder is emptied by its path, it would never be empty.
        let gone = cache.with_extension("gone");
        fs::rename(&cache, &gone)
            .and_then(|()| fs::remove_dir_all(&gone))
            .map_err(|error| file_error(&cache, error))
    })
}

fn break_disk(
    site: &mut Site,
    scale: &Scale,
    fault: &'static str,
    set_broken: impl Fn(bool) -> Result<(), Error>,
) -> Result<Row, Error> {
    repeat(site, fault, scale.times, |site, seen| {
        set_broken(true)?;
        for arguments in ["", " cached", " invalidate", " cached", ""] {
            site.change()?;
            let got = site.got(arguments);
            if arguments != " invalidate" {
                seen.replies.count(&got);
            }
        }
        set_broken(false)?;
        site.change()?;
        seen.recover(site)?;
        seen.replies.count(&site.copy());
        Ok(())
    })
}

fn not_run(fault: &'static str) -> Row {
    let note = "not run: only root can mount a disk".to_owned();
    Row { fault, times: 0, replies: Tally::default(), recovery: None, note }
}

/// A small disk in memory at the folder of the cache, which is unmounted on drop.
struct Disk(std::path::PathBuf);

impl Disk {
    /// Returns none if this user may not mount.
    fn mount(site: &mut Site) -> Result<Option<Disk>, Error> {
        let cache = site.cache();
        let options = ["-t", "tmpfs", "-o", "size=8m", "tmpfs"];
        if !debian::is_root() || !succeeds(Command::new("mount").args(options).arg(&cache)) {
            return Ok(None);
        }
        // The service finds its folder empty, and fills it.
        site.change()?;
        site.recover(&mut Tally::default())?;
        Ok(Some(Disk(cache)))
    }

    fn remount(&self, mode: &str) -> Result<(), Error> {
        if succeeds(Command::new("mount").args(["-o", &format!("remount,{mode}")]).arg(&self.0)) {
            return Ok(());
        }
        Err(Error::driver(format!("the disk can't be mounted {mode}")).context(self.0.display().to_string()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        succeeds(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
