//! The address of the maintainers and the repository: what `Cargo.toml` says stands in other files, too.

use super::Complaint;
use super::source::Source;
use crate::metadata::{Metadata, Package};

const RULE: &str = "placeholders";
/// The crate with the metadata of the packages.
const CRATE: &str = "dispatcher";
const COPYRIGHT: &str = "dispatcher/debian/copyright";
const SECURITY: &str = "SECURITY.md";

pub(super) fn check(sources: &[Source], metadata: &Metadata) -> Vec<Complaint> {
    let package = metadata.packages.iter().find(|package| package.name == CRATE);
    let mut complaints = Vec::new();
    for (path, line) in package.into_iter().flat_map(copies) {
        let source = sources.iter().find(|source| source.path == path);
        if !source.is_some_and(|source| source.text.contains(&line)) {
            let message = format!("must have {line:?}, as [workspace.package] of Cargo.toml says");
            complaints.push(Complaint::error(path, 1, RULE, message));
        }
    }
    complaints
}

/// The files that repeat values of a package, each with what stands in it.
fn copies(package: &Package) -> Vec<(&'static str, String)> {
    let mut copies = Vec::new();
    for author in &package.authors {
        copies.push((COPYRIGHT, format!("\nUpstream-Contact: {author}\n")));
        let address =
            author.split_once('<').map_or(author.as_str(), |(_, address)| address.trim_end_matches('>'));
        copies.push((SECURITY, format!("<{address}>")));
    }
    copies.extend(package.repository.iter().map(|url| (COPYRIGHT, format!("\nSource: {url}\n"))));
    copies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_repeat_the_address_and_the_repository() {
        let metadata: Metadata = serde_json::from_str(
            r#"{"workspace_root": "/w", "packages": [{"name": "dispatcher", "version": "1.0.0", "targets": [],
                "manifest_path": "/w/Cargo.toml", "dependencies": [], "authors": ["A <a@b>"], "repository": "c"}]}"#,
        )
        .unwrap();
        let complaints = |copyright: &str, security: &str| -> Vec<String> {
            let sources = [(COPYRIGHT, copyright), (SECURITY, security)]
                .map(|(path, text)| Source::new(path, text).unwrap());
            check(&sources, &metadata).iter().map(ToString::to_string).collect()
        };
        let copyright = "Format: d\nUpstream-Contact: A <a@b>\nSource: c\n";
        assert_eq!(complaints(copyright, "Write to <a@b>.\n"), [""; 0]);
        let expected = [
            "dispatcher/debian/copyright:1: placeholders: must have \"\\nSource: c\\n\", as [workspace.package] of Cargo.toml \
             says",
        ];
        assert_eq!(complaints("Format: d\nUpstream-Contact: A <a@b>\n", "<a@b>"), expected);
        assert_eq!(complaints(copyright, "Write to <a@c>.\n").len(), 1);
    }
}
