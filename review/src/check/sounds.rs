//! The sounds that Asterisk can play.

use std::collections::HashSet;

use asterisk_conf::catalogue;
use bstr::{BStr, BString, ByteSlice};

use crate::site::Site;

/// The sounds of Asterisk's own folder, if all of them are known.
#[derive(Default)]
pub(super) struct Sounds {
    /// The sounds by what stands behind any of their folders, without their endings: `en/digits/1`, `digits/1` and `1`. A
    /// folder may be a language.
    names: HashSet<BString>,
    /// The folders of the first level, of which some are languages.
    folders: HashSet<BString>,
    /// Whether these are the languages. Otherwise, each folder of sounds has folders of languages.
    has_language_folders: bool,
}

impl Sounds {
    /// Collects the sounds. Without a file that plays some, nobody asks.
    pub(super) fn of(site: &Site<'_>) -> Option<Sounds> {
        ["extensions.conf", "pjsip.conf"].iter().find(|name| site.file(name).is_some())?;
        let settings = site.whole_file("asterisk.conf")?.document();
        let mut sounds = Sounds {
            has_language_folders: settings
                .value("options", "languageprefix")
                .is_none_or(|value| catalogue::boolean(&value.to_str_lossy()) != Some(false)),
            ..Sounds::default()
        };
        for path in site.files_below("astdatadir", "/sounds")? {
            sounds.add(path.as_bstr());
        }
        Some(sounds)
    }

    fn add(&mut self, path: &BStr) {
        if let Some((folder, _)) = path.split_once_str("/") {
            self.folders.insert(folder.into());
        }
        // A name may have a point, too, and two endings.
        for end in path.find_iter(".") {
            let name = path.get(..end).unwrap_or_default();
            let starts = name.find_iter("/").map(|at| at + 1).chain([0]);
            self.names.extend(starts.filter_map(|start| name.get(start..)).map(BString::from));
        }
    }

    /// Returns whether there is a sound of this name, or may be one in another folder.
    pub(super) fn may_have(&self, name: &BStr) -> bool {
        name.is_empty() || name.starts_with(b"/") || name.contains_str("://") || self.names.contains(name)
    }

    /// Returns whether there are sounds of a language, or of one that stands in for it, such as `fr` for `fr_CA`.
    pub(super) fn has_language(&self, language: &BStr) -> bool {
        let ends = language.find_iter("_").chain([language.len()]);
        let mut names = ends.filter_map(|end| language.get(..end));
        !self.has_language_folders || names.any(|name| self.folders.contains(BStr::new(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_is_in_the_folder_of_any_language() {
        let mut sounds = Sounds { has_language_folders: true, ..Sounds::default() };
        for path in ["en/digits/1.wav", "fr/hello.fr.gsm", "beep.wav", "README"] {
            sounds.add(BStr::new(path));
        }
        for name in
            ["digits/1", "en/digits/1", "1", "hello", "hello.fr", "beep", "/x/y", "https://h/x.wav", ""]
        {
            assert!(sounds.may_have(BStr::new(name)), "{name}");
        }
        assert!(!sounds.may_have(BStr::new("digits/2")) && !sounds.may_have(BStr::new("README")));
        for (language, expected) in [("fr", true), ("fr_CA", true), ("f", false), ("digits", false)] {
            assert_eq!(sounds.has_language(BStr::new(language)), expected, "{language}");
        }
    }
}
