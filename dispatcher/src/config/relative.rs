//! Makes the paths of a configuration file absolute.

use std::path::Path;

use database::Uri;
use driver_api::yaml::{Mapping, Value};

use super::hierarchy::EXTRA;

/// The keys whose values are paths, relative to the folder of their file. The keys below `templates` and an SQLite
/// `db_uri` are relative, too.
const PATHS: [&str; 7] =
    [EXTRA, "apply.folder", "cache", "listen_socket", "log_filename", "pid_file", "reload.log"];
const DB_URI: &str = "db_uri";

/// Makes the paths of the program's keys absolute, from the folder of their file.
pub(super) fn resolve_paths(values: &mut Mapping, folder: &Path) {
    for key in PATHS {
        // An empty path means none, and stays empty.
        if let Some(Value::String(path)) = value_at(values, key).filter(|path| *path != "") {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }
    // A bad URI is an error only when it is used: the command line may replace it.
    if let Some(Value::String(text)) = values.get_mut(DB_URI)
        && let Ok(uri @ Uri::Sqlite(_)) = text.parse::<Uri>()
    {
        *text = uri.relative_to(folder).to_string();
    }
}

/// Returns the value of a key like `apply.folder`.
fn value_at<'v>(values: &'v mut Mapping, key: &str) -> Option<&'v mut Value> {
    let mut keys = key.split('.');
    let first = values.get_mut(keys.next()?)?;
    keys.try_fold(first, |value, key| value.as_mapping_mut()?.get_mut(key))
}
