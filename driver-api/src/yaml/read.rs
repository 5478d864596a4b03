use serde_yaml::Value;

use crate::{Error, ErrorKind};

/// Reads one document.
pub fn parse(text: &str) -> Result<Value, Error> {
    serde_yaml::from_str(text).map_err(|error| Error::new(ErrorKind::Config, "not valid YAML").because(error))
}
