use serde::Serialize;

use crate::{Error, ErrorKind};

/// Writes plain data as block-style YAML.
pub fn to_string<T: Serialize>(data: &T) -> Result<String, Error> {
    serde_yaml::to_string(data)
        .map_err(|error| Error::new(ErrorKind::Driver, "can't be written as YAML").because(error))
}
