//! The differences as JSON: one object for each changed object of a file, each on its line.

use serde::Serialize;

use super::{Change, Diff, FileDiff, ObjectDiff, OptionChange};

/// A line.
#[derive(Serialize)]
struct Line<'d> {
    file: String,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'d str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    options: &'d [OptionChange],
}

impl Serialize for OptionChange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'o> {
            option: &'o str,
            old: &'o [String],
            new: &'o [String],
            moved: usize,
        }
        let OptionChange { option, old, new, moved } = self;
        Fields { option, old, new, moved: *moved }.serialize(serializer)
    }
}

impl Diff {
    /// Returns the differences as lines of JSON, one for each note and for each object that differs.
    pub fn json(&self) -> String {
        let mut text = String::new();
        for file in &self.files {
            let notes = file.notes.iter().map(|note| note_line(file, note));
            for line in notes.chain(file.objects.iter().map(|object| object_line(file, object))) {
                text += &serde_json::to_string(&line).unwrap_or_default();
                text.push('\n');
            }
        }
        text
    }
}

fn note_line<'d>(file: &FileDiff, note: &'d str) -> Line<'d> {
    let file = file.file.to_string();
    Line { file, change: "note", kind: None, context: None, name: None, message: Some(note), options: &[] }
}

fn object_line<'d>(file: &FileDiff, object: &'d ObjectDiff) -> Line<'d> {
    let (change, options): (_, &[OptionChange]) = match &object.change {
        Change::Added => ("added", &[]),
        Change::Removed => ("removed", &[]),
        Change::Changed(options) => ("changed", options),
    };
    Line {
        file: file.file.to_string(),
        change,
        kind: Some(&object.kind),
        context: object.context.as_deref(),
        name: Some(&object.name),
        message: None,
        options,
    }
}
