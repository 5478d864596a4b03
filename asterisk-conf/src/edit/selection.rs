//! Which sections of a text are meant.

use bstr::ByteSlice;
use glob::Pattern;

use super::EditError;

/// Sections, by name and type. Both are compared with regard to case, as `pjsip.conf` does. Templates, `[name](!)`, are
/// sections too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    name: Option<Name>,
    type_value: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Exactly(String),
    Like(Pattern),
}

impl Selection {
    /// All sections.
    pub fn all() -> Selection {
        Selection::default()
    }

    /// Those of them that have this name.
    #[must_use]
    pub fn named(self, name: &str) -> Selection {
        Selection { name: Some(Name::Exactly(name.to_owned())), ..self }
    }

    /// Those of them whose name matches a pattern: `*` stands for any text, `?` for a character, `[ab]` for one of these.
    ///
    /// # Errors
    ///
    /// [`EditError::Pattern`]: it is no pattern.
    pub fn like(self, pattern: &str) -> Result<Selection, EditError> {
        if !pattern.contains(['*', '?', '[']) {
            return Ok(self.named(pattern));
        }
        let pattern = Pattern::new(pattern).map_err(|error| EditError::Pattern {
            pattern: pattern.to_owned(),
            reason: error.msg.to_owned(),
        })?;
        Ok(Selection { name: Some(Name::Like(pattern)), ..self })
    }

    /// Those of them whose first option `type` has this value, also if they inherit it.
    #[must_use]
    pub fn of_type(self, type_value: &str) -> Selection {
        Selection { type_value: Some(type_value.to_owned()), ..self }
    }

    pub(super) fn asks_for_type(&self) -> bool {
        self.type_value.is_some()
    }

    pub(super) fn selects(&self, name: &[u8], type_value: Option<&[u8]>) -> bool {
        let is_type = self.type_value.as_ref().is_none_or(|wanted| type_value == Some(wanted.as_bytes()));
        is_type
            && match &self.name {
                None => true,
                Some(Name::Exactly(wanted)) => wanted.as_bytes() == name,
                Some(Name::Like(pattern)) => pattern.matches(&name.to_str_lossy()),
            }
    }
}
