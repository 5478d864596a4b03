//! A long run under load, with memory, threads and descriptors sampled.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use driver_api::Error;

use super::site::{Site, kill};
use super::tally::Tally;
use super::{Row, Scale};
use crate::file_error;

/// What the service uses at one moment.
#[derive(Clone, Copy, Default)]
struct Sample {
    kilobytes: usize,
    threads: usize,
    files: usize,
}

/// How often the service reads its configuration again, in samples.
const RELOAD: usize = 20;

pub(super) fn run(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    let mut own = Tally::default();
    let (samples, mut replies) = site.under_load(|site| {
        let start = Instant::now();
        let mut samples = Vec::new();
        while start.elapsed() < scale.soak {
            site.change()?;
            let _ = site.got(" invalidate");
            own.count(&site.got(""));
            samples.push(sample(site.pid())?);
            if samples.len() % RELOAD == 0 {
                kill("HUP", site.pid()).map_err(|error| Error::driver("no reload").because(error))?;
            }
            thread::sleep(Duration::from_millis(500));
        }
        Ok(samples)
    })?;
    replies += own;
    // The first quarter fills pools and caches; after it, memory has to stay level.
    let quarters: Vec<Sample> = samples.chunks(samples.len().div_ceil(4).max(1)).map(mean).collect();
    let column = |value: fn(&Sample) -> String| quarters.iter().map(value).collect::<Vec<_>>().join(", ");
    let note = format!(
        "by quarter: {} MB; {} threads; {} descriptors",
        column(|sample| format!("{:.1}", megabytes(sample.kilobytes))),
        column(|sample| sample.threads.to_string()),
        column(|sample| sample.files.to_string())
    );
    Ok(Row { fault: "soak", times: samples.len(), replies, recovery: None, note })
}

fn sample(pid: u32) -> Result<Sample, Error> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let status = folder.join("status");
    let text = fs::read_to_string(&status).map_err(|error| file_error(&status, error))?;
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    };
    let files = folder.join("fd");
    let files = fs::read_dir(&files).map_err(|error| file_error(&files, error))?.count();
    Ok(Sample { kilobytes: number("VmRSS:"), threads: number("Threads:"), files })
}

fn mean(samples: &[Sample]) -> Sample {
    let number = samples.len().max(1);
    let mean = |value: fn(&Sample) -> usize| samples.iter().map(value).sum::<usize>() / number;
    Sample {
        kilobytes: mean(|sample| sample.kilobytes),
        threads: mean(|sample| sample.threads),
        files: mean(|sample| sample.files),
    }
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn megabytes(kilobytes: usize) -> f64 {
    kilobytes as f64 / 1024.0
}
