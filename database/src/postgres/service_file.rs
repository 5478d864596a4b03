//! `pg_service.conf`: named sets of parameters.

use std::fs;
use std::io;
use std::path::PathBuf;

use driver_api::{Error, ErrorKind};

use super::parameters::Environment;

/// The folder of the system's file in Debian's packages.
const SYSTEM: &str = "/etc/postgresql-common";

/// Returns the parameters of a service, in their order. libpq looks into the file of `PGSERVICEFILE` or
/// `~/.pg_service.conf`, and then into the system's, whose folder may be in `PGSYSCONFDIR`.
pub(super) fn read(service: &str, environment: Environment<'_>) -> Result<Vec<(String, String)>, Error> {
    let own = environment("PGSERVICEFILE")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(environment("HOME")?).join(".pg_service.conf")));
    let folder = environment("PGSYSCONFDIR").unwrap_or_else(|| SYSTEM.to_owned());
    let mut files: Vec<PathBuf> = own.into_iter().collect();
    if environment("PGSERVICEFILE").is_none() {
        files.push(PathBuf::from(folder).join("pg_service.conf"));
    }
    for file in &files {
        let context = |error: Error| error.context(format!("service file {}", file.display()));
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(context(refuse("can't be read").because(error))),
        };
        if let Some(parameters) = section(&text, service).map_err(context)? {
            return Ok(parameters);
        }
    }
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Err(refuse(&format!("the service {service:?} is in none of the files {}", names.join(", "))))
}

/// Returns the parameters of a section, if the text has it. A message shows no line, which may be a password.
fn section(text: &str, service: &str) -> Result<Option<Vec<(String, String)>>, Error> {
    let mut found: Option<Vec<(String, String)>> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            found = name.strip_suffix(']').is_some_and(|name| name == service).then(Vec::new);
        } else if let Some(parameters) = &mut found {
            let (keyword, value) = line
                .split_once('=')
                .ok_or_else(|| refuse(&format!("line {} is not KEYWORD=VALUE", number + 1)))?;
            parameters.push((keyword.trim().to_owned(), value.trim().to_owned()));
        }
    }
    Ok(found)
}

fn refuse(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
}
