//! The C code that crates have with them.

use std::fs;

use driver_api::Error;

use crate::file_error;
use crate::metadata::Package;

/// C code of other authors in a crate.
pub(super) struct Code {
    in_crate: &'static str,
    pub(super) name: &'static str,
    /// A header of the crate, and the constant there that is the version.
    version: Option<(&'static str, &'static str)>,
    /// An expression of SPDX.
    pub(super) licence: &'static str,
    /// The files of the crate with its licence. Without one, the standard text is used.
    pub(super) files: &'static [&'static str],
}

const CODE: &[Code] = &[
    Code {
        in_crate: "libmimalloc-sys",
        name: "mimalloc",
        version: Some(("c_src/mimalloc/v3/include/mimalloc.h", "MI_MALLOC_VERSION")),
        licence: "MIT",
        files: &["c_src/mimalloc/v3/LICENSE"],
    },
    Code {
        in_crate: "libsqlite3-sys",
        name: "SQLite",
        version: Some(("sqlite3/sqlite3.h", "SQLITE_VERSION")),
        // Its authors renounce their copyright, and bless the reader instead.
        licence: "blessing",
        files: &[],
    },
    Code {
        in_crate: "ring",
        name: "BoringSSL",
        version: None,
        licence: "Apache-2.0 AND ISC",
        files: &["LICENSE-BoringSSL", "LICENSE-other-bits"],
    },
    Code {
        in_crate: "ring",
        name: "fiat-crypto",
        version: None,
        licence: "Apache-2.0",
        files: &["third_party/fiat/LICENSE"],
    },
    Code {
        in_crate: "zstd-sys",
        name: "Zstandard",
        // That of the crate ends with it.
        version: None,
        licence: "BSD-3-Clause OR GPL-2.0-only",
        files: &["zstd/LICENSE", "zstd/COPYING"],
    },
];

/// The C code in a crate. A crate that compiles C code and is not in the list is an error.
pub(super) fn in_crate(package: &Package) -> Result<Vec<&'static Code>, Error> {
    let code: Vec<&Code> = CODE.iter().filter(|code| code.in_crate == package.name).collect();
    if code.is_empty() && package.has_native_code() {
        return Err(Error::driver(
            "compiles C code; say in CODE of xtask/commands/src/licences/bundled.rs what that is, and its licence",
        ));
    }
    Ok(code)
}

impl Code {
    /// The version as the header has it, such as `SQLITE_VERSION 3.54.1`.
    pub(super) fn version(&self, package: &Package) -> Result<Option<String>, Error> {
        let Some((header, constant)) = self.version else { return Ok(None) };
        let path = package.folder().join(header);
        let text = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
        let value = value(&text, constant).ok_or_else(|| {
            Error::driver(format!("does not define {constant}")).context(path.display().to_string())
        })?;
        Ok(Some(format!("{constant} {value}")))
    }
}

/// The value of a constant in C.
fn value<'t>(header: &'t str, constant: &str) -> Option<&'t str> {
    header.lines().find_map(|line| {
        let mut words = line.strip_prefix("#define ")?.split_whitespace();
        (words.next()? == constant).then(|| words.next().map(|value| value.trim_matches('"')))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_its_header() {
        let header = "// SQLITE_VERSION\n#define SQLITE_VERSION_NUMBER 3054001\n#define SQLITE_VERSION        \"3.54.1\"\n";
        assert_eq!(value(header, "SQLITE_VERSION"), Some("3.54.1"));
        assert_eq!(value(header, "SQLITE_SOURCE"), None);
    }

    #[test]
    fn c_code_that_nobody_has_described_is_an_error() {
        let package = |name: &str, more: &str| -> Package {
            let text = format!(
                r#"{{"name": "{name}", "version": "1.0.0", "manifest_path": "/a/Cargo.toml", "targets": [], {more}}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        let builds = |name: &str| {
            let dependency = format!(r#"{{"name": "{name}", "kind": "build", "optional": false}}"#);
            format!(r#""links": null, "dependencies": [{dependency}]"#)
        };
        let links = r#""links": "other", "dependencies": []"#;
        for more in [&builds("cc"), &builds("cmake"), links] {
            let error = in_crate(&package("other-sys", more)).map(|code| code.len()).unwrap_err().chain();
            assert!(error.starts_with("compiles C code; say in CODE of "), "{error}");
        }
        assert!(in_crate(&package("other", &builds("autocfg"))).unwrap().is_empty());
        assert_eq!(in_crate(&package("ring", links)).unwrap().len(), 2);
    }
}
