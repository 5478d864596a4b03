//! The table of files, and the parts that it shares with the page of one file.

use maud::{Markup, html};

use super::{FileStatus, State, chart, text};

/// The headers of the columns. On a narrow screen, each stands before its value.
const HEADERS: [&str; 7] =
    ["File", "State", "Age of the copy", "Size", "Objects", "Generation time", "Warnings"];

/// Makes the table of these files. The roles keep it a table for screen readers where a narrow screen lays it out as cards.
pub(super) fn files<'f>(caption: &str, files: impl Iterator<Item = &'f FileStatus>) -> Markup {
    html! {
        table.files role="table" {
            caption.hidden { (caption) }
            thead role="rowgroup" {
                tr role="row" {
                    @for header in HEADERS { th scope="col" role="columnheader" { (header) } }
                }
            }
            tbody role="rowgroup" {
                @for file in files { (row(file)) }
            }
        }
    }
}

fn row(file: &FileStatus) -> Markup {
    let cell = |index: usize, content: Markup| {
        html! { td role="cell" data-label=(HEADERS[index]) { (content) } }
    };
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { a href=(path(file)) { (file.file) } }
            (cell(1, html! { (badge(file.state)) (remarks(file)) }))
            (cell(2, age(file)))
            (cell(3, or_dash(file.bytes.map(text::bytes))))
            (cell(4, html! {
                span.value { (or_dash(file.objects.map(text::grouped))) }
                (objects_chart(file))
            }))
            (cell(5, html! {
                span.value { (or_dash(time(file))) }
                (time_chart(file))
            }))
            (cell(6, warnings(file)))
        }
    }
}

/// Returns the path of the page of a file.
pub(super) fn path(file: &FileStatus) -> String {
    format!("/files/{}", file.file)
}

/// Shows a state as a word, with a colour besides.
pub(super) fn badge(state: State) -> Markup {
    let class = match state {
        State::Generated | State::Cached => "good",
        State::Stale | State::Held => "warning",
        State::Failed => "bad",
        State::Pinned => "marked",
        State::NotAsked => "quiet",
    };
    html! { span.badge.(class) title=(state.meaning()) { (state.words()) } }
}

/// Shows what else there is to know about the state.
fn remarks(file: &FileStatus) -> Markup {
    html! {
        @if let Some(pin) = &file.pin { " " span.remark { "to generation " (pin.generation) ", " (pin.end()) } }
        @if let Some(age) = file.held_seconds { " " span.remark { "for " (text::ago(age)) } }
        @if file.invalidated { " " span.remark { "copy out of date" } }
    }
}

fn age(file: &FileStatus) -> Markup {
    or_dash(file.age_seconds.map(text::ago))
}

fn warnings(file: &FileStatus) -> Markup {
    html! {
        @if file.warnings.count > 0 {
            a href={ (path(file)) "#warnings" } { (text::count(file.warnings.count, "warning")) }
        } @else { (or_dash(None)) }
    }
}

/// Returns the time that the last generation took: the one that the service remembers, or that of the history.
pub(super) fn time(file: &FileStatus) -> Option<String> {
    let remembered = file.last_attempt.as_ref().and_then(|attempt| attempt.milliseconds);
    let kept = || times(file).last().copied();
    remembered.or_else(kept).map(text::milliseconds)
}

#[expect(clippy::cast_precision_loss, reason = "no generation takes years")]
fn times(file: &FileStatus) -> Vec<f64> {
    file.history.iter().filter_map(|point| Some(point.milliseconds? as f64)).collect()
}

/// Draws the times of the generations in the history.
pub(super) fn time_chart(file: &FileStatus) -> Markup {
    chart::line("generation time", &times(file), text::milliseconds)
}

/// Draws the numbers of objects in the history.
#[expect(clippy::cast_precision_loss, reason = "no file has that many objects")]
pub(super) fn objects_chart(file: &FileStatus) -> Markup {
    let counts: Vec<f64> = file.history.iter().map(|point| point.objects as f64).collect();
    chart::line("objects", &counts, |count| format!("{count:.0}"))
}

/// Shows a value that may be missing.
pub(super) fn or_dash(value: Option<String>) -> Markup {
    html! {
        @match value {
            Some(value) => (value),
            None => span.none aria-label="none" { "–" },
        }
    }
}
