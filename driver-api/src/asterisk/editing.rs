//! Changes of a text that another driver made.

use asterisk_conf::edit::{Editor, LineChange};

use crate::explanation::{LineNote, Note, Removed, Setting};
use crate::{Error, Session};

impl Session<'_> {
    /// Changes the text of the file, which another driver made in this session. The origins of its lines, and notes about
    /// them, move with the lines: `confgend check`, `diff` and `explain` need them. A line that the function writes is the driver's own.
    ///
    /// ```
    /// use driver_api::asterisk::edit::Selection;
    /// use driver_api::{Driver, Error, Session};
    ///
    /// /// The file of another driver without passwords, since an application checks them.
    /// struct WithoutPasswords(Box<dyn Driver>);
    ///
    /// impl Driver for WithoutPasswords {
    ///     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
    ///         let text = self.0.generate(session)?;
    ///         session.edit(text, |editor| {
    ///             for section in editor.select(&Selection::all().of_type("auth")) {
    ///                 editor.remove(section, "password");
    ///                 editor.set(section, "realm", &["office"])?;
    ///             }
    ///             Ok(())
    ///         })
    ///     }
    /// }
    /// # struct Pjsip;
    /// # impl Driver for Pjsip {
    /// #     fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
    /// #         Ok("[ann]\ntype = auth\npassword = s3cret\n".to_owned())
    /// #     }
    /// # }
    /// # let text = fixtures::Scratch::new(&[]).generate(&WithoutPasswords(Box::new(Pjsip))).unwrap();
    /// # assert_eq!(text, "[ann]\ntype = auth\nrealm = office\n");
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the function, or that of [`Editor::new`].
    pub fn edit(
        &mut self,
        text: String,
        edit: impl FnOnce(&mut Editor) -> Result<(), Error>,
    ) -> Result<String, Error> {
        self.edit_for(text, &[], edit)
    }

    /// Does the same for values of the configuration. The [author](Editor::set_author) of a change is the index of the
    /// value among the settings, to which `confgend explain` attributes it.
    pub fn edit_for(
        &mut self,
        text: String,
        settings: &[Setting],
        edit: impl FnOnce(&mut Editor) -> Result<(), Error>,
    ) -> Result<String, Error> {
        let old = self.explains().then(|| text.clone());
        let mut editor = Editor::new(text)?;
        edit(&mut editor)?;
        let Some((origins, explanation)) = self.recorded() else { return Ok(editor.finish()) };
        let (text, changes) = editor.finish_with_lines();
        origins.edit(&changes);
        if let Some((explanation, old)) = explanation.zip(old) {
            explanation.edit(&changes);
            explanation.add_lines(notes(&old, &text, &changes, settings));
        }
        Ok(text)
    }
}

/// Returns notes about the lines that were written, and about the headers above those that went.
fn notes(old: &str, new: &str, changes: &[LineChange], settings: &[Setting]) -> Vec<LineNote> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut notes = Vec::new();
    for change in changes {
        for (line, author) in (change.new..).zip(&change.authors) {
            let setting = author.and_then(|author| settings.get(author));
            notes.extend(setting.map(|setting| LineNote { line, note: Note::Setting(setting.clone()) }));
        }
        let setting = change.removed_by.and_then(|author| settings.get(author));
        let gone = change.old.clone().next().and_then(|line| old.get(line - 1));
        let above = new.get(..change.new - 1).unwrap_or_default();
        let header = above.iter().rposition(|line| line.trim_start().starts_with('['));
        if let (Some(setting), Some(gone), Some(header)) = (setting, gone, header) {
            let removed = Removed { key: key_of(gone).to_owned(), setting: setting.clone() };
            notes.push(LineNote { line: header + 1, note: Note::Removed(removed) });
        }
    }
    notes
}

/// Returns the key of a line for people.
fn key_of(line: &str) -> &str {
    let key = line.split('=').next().unwrap_or_default();
    key.trim_end_matches('+').trim().trim_start_matches('\\')
}
