//! The pages. Each value is escaped by the templates: warnings and errors contain what strangers wrote into the database.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::table::{self, badge, or_dash};
use super::{FileStatus, GenerationStatus, Place, ServiceStatus, Status, WarningKind, text};

/// How many generations the page lists.
const MAX_GENERATIONS: usize = 10;

/// The style and the script, which stand in each page.
pub(crate) struct Assets;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

impl Assets {
    /// Returns the Content-Security-Policy: nothing but this style and this script, and requests to this server.
    pub(crate) fn policy() -> &'static str {
        static POLICY: LazyLock<String> = LazyLock::new(|| {
            let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
            format!(
                "default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                hash(STYLE),
                hash(SCRIPT)
            )
        });
        &POLICY
    }
}

/// Makes a page around its main part.
fn page(title: &str, is_live: bool, main: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    a.brand href="/" { "confgend" }
                    p #live role="status" {}
                }
                main #main tabindex="-1" { (main) }
                footer {
                    nav aria-label="For programs" {
                        a href="/api/status.json" { "status.json" }
                        a href="/metrics" { "metrics" }
                        a href="/healthz" { "healthz" }
                        a href="/readyz" { "readyz" }
                    }
                    p { "This page only shows: it changes nothing." }
                }
                @if is_live { script { (PreEscaped(SCRIPT)) } }
            }
        }
    };
    page.into_string()
}

/// Makes the page of all files.
pub(crate) fn overview(status: &Status) -> String {
    let headline = status.headline();
    let main = html! {
        h1.fine[status.fine] { (capitalised(&headline)) }
        (attention(status))
        (problems(status))
        @if let Some(service) = &status.service { (service_facts(service, status)) }
        (files(status))
        (all_warnings(status))
        (generations(status.generations.iter().take(MAX_GENERATIONS), None))
    };
    page(&format!("{headline} – confgend"), true, &main)
}

/// Makes the page of one file.
pub(crate) fn file_page(status: &Status, file: &FileStatus) -> String {
    let name = file.file.to_string();
    let of_file = |generation: &&GenerationStatus| generation.changes.iter().any(|it| it.file == file.file);
    let main = html! {
        nav aria-label="Back" { a href="/" { "All files" } }
        h1 { (name) }
        p.lead { (badge(file.state)) " " (file.state.meaning()) }
        @if let Some(error) = file.error() { p.error { strong { "Error: " } (error) } }
        (file_facts(file, status.time))
        section aria-labelledby="warnings" {
            h2 #warnings { "Warnings" }
            @if file.warnings.count == 0 { p.quiet { "There is no warning." } }
            @else { (kinds(file)) }
        }
        (generations(status.generations.iter().filter(of_file), Some(file)))
    };
    page(&format!("{name}: {} – confgend", file.state.words()), true, &main)
}

/// Makes a page that says why there is no other.
pub(crate) fn error_page(title: &str, message: &str) -> String {
    let main = html! {
        h1 { (title) }
        p { (message) }
        p { a href="/" { "All files" } }
    };
    page(title, false, &main)
}

/// Lists the files that need attention, with the reasons.
fn attention(status: &Status) -> Markup {
    let bad: Vec<&FileStatus> = status.files.iter().filter(|file| !file.state.is_fine()).collect();
    html! {
        @if !bad.is_empty() {
            ul.attention {
                @for file in bad {
                    li {
                        a href=(table::path(file)) { (file.file) } " " (badge(file.state)) " "
                        (file.error().unwrap_or(file.state.meaning()))
                    }
                }
            }
        }
    }
}

fn problems(status: &Status) -> Markup {
    html! {
        @for problem in &status.problems { p.error { strong { "Error: " } (problem) } }
    }
}

fn service_facts(service: &ServiceStatus, status: &Status) -> Markup {
    let of = |is_counted: fn(&FileStatus) -> bool| status.files.iter().filter(|it| is_counted(it)).count();
    html! {
        section aria-labelledby="service" {
            h2.hidden #service { "The service" }
            dl.facts {
                div.wide { dt { "Data" } dd { (service.data) } }
                div { dt { "Connected clients" } dd { (service.connections) } }
                div { dt { "Files with a copy" } dd { (of(|file| file.bytes.is_some())) " of " (status.files.len()) } }
                div { dt { "Running" } dd { "for " (span(service.since, status.time)) } }
                div { dt { "Version" } dd { (status.program) } }
                div { dt { "As of" } dd { (moment(status.time)) } }
            }
        }
    }
}

fn files(status: &Status) -> Markup {
    let unused = status.files.iter().filter(|file| file.is_unused());
    let count = unused.clone().count();
    html! {
        section aria-labelledby="files" {
            h2 #files { "Files" }
            (table::files("Files that have a text or an error", status.files.iter().filter(|file| !file.is_unused())))
            @if count > 0 {
                details #unused {
                    summary { (text::count(count, "file")) " without a copy, not asked for yet" }
                    (table::files("Files that nobody has asked for", unused))
                }
            }
        }
    }
}

fn all_warnings(status: &Status) -> Markup {
    let total: usize = status.files.iter().map(|file| file.warnings.count).sum();
    html! {
        section aria-labelledby="warnings" {
            h2 #warnings { "Warnings" }
            @if total == 0 { p.quiet { "There is no warning." } }
            @for file in status.files.iter().filter(|file| file.warnings.count > 0) {
                h3 { a href=(table::path(file)) { (file.file) } }
                (kinds(file))
            }
        }
    }
}

/// Lists the warnings of a file by their kinds.
fn kinds(file: &FileStatus) -> Markup {
    let listed: usize = file.warnings.kinds.iter().map(|kind| kind.count).sum();
    html! {
        @for (index, kind) in file.warnings.kinds.iter().enumerate() {
            details.kind id={ "warning-" (file.file) "-" (index) } {
                summary { span.count { (text::grouped(kind.count)) "×" } " " span.foreign { (kind.text) } }
                (places(kind))
            }
        }
        @if file.warnings.count > listed {
            p.quiet { "and " (text::grouped(file.warnings.count - listed)) " more; the log has the first ones" }
        }
    }
}

fn places(kind: &WarningKind) -> Markup {
    let has_messages = kind.places.iter().any(|place| place.message.is_some());
    let place = |place: &Place| {
        html! {
            tr {
                @for text in [&place.table, &place.row, &place.column] {
                    td.foreign { (or_dash(Some(text.clone()).filter(|text| !text.is_empty()))) }
                }
                @if has_messages { td.foreign { (place.message.as_deref().unwrap_or_default()) } }
            }
        }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Rows with this warning" {
            table {
                thead {
                    tr {
                        th scope="col" { "Table" }
                        th scope="col" { "Row" }
                        th scope="col" { "Column" }
                        @if has_messages { th scope="col" { "Warning" } }
                    }
                }
                tbody { @for one in &kind.places { (place(one)) } }
            }
        }
        @if kind.count > kind.places.len() {
            p.quiet { "and " (text::grouped(kind.count - kind.places.len())) " more rows" }
        }
    }
}

/// Lists generations: with all their changes, or with that of one file.
fn generations<'g>(
    generations: impl Iterator<Item = &'g GenerationStatus>,
    only: Option<&FileStatus>,
) -> Markup {
    let mut generations = generations.peekable();
    let is_empty = generations.peek().is_none();
    let wanted = |generation: &'g GenerationStatus| {
        generation.changes.iter().filter(move |change| only.is_none_or(|only| only.file == change.file))
    };
    html! {
        section aria-labelledby="generations" {
            h2 #generations { "Last generations" }
            @if is_empty { p.quiet { "The history has none yet." } }
            @else {
                ol.generations {
                    @for generation in generations {
                        li {
                            p.when {
                                strong { "Generation " (generation.number) } " "
                                (moment(generation.time)) " · " (generation.cause.to_string())
                            }
                            ul {
                                @for change in wanted(generation) {
                                    li {
                                        @if only.is_none() { a href={ "/files/" (change.file) } { (change.file) } " " }
                                        span.foreign { (change.summary) }
                                        @if change.warnings > 0 {
                                            ", " (text::count(change.warnings, "warning"))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn file_facts(file: &FileStatus, now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="facts" {
            h2.hidden #facts { "The file" }
            dl.facts {
                div { dt { "Age of the copy" } dd { (or_dash(file.age_seconds.map(text::ago))) } }
                div { dt { "Size" } dd { (or_dash(file.bytes.map(text::bytes))) } }
                div { dt { "Objects" } dd { (or_dash(file.objects.map(text::grouped))) (table::objects_chart(file)) } }
                div { dt { "Generation time" } dd { (or_dash(table::time(file))) (table::time_chart(file)) } }
                @if let Some(attempt) = &file.last_attempt {
                    div { dt { "Last generation" } dd { (span(attempt.time, now)) " ago" } }
                }
                @if let Some(pin) = &file.pin {
                    div { dt { "Pinned" } dd { "to generation " (pin.generation) ", " (pin.end()) } }
                }
                @if let Some(age) = file.held_seconds {
                    div { dt { "Held back" } dd { "a text from " (text::ago(age)) " ago: type confgend accept" } }
                }
                @if file.invalidated { div { dt { "Copy" } dd { "out of date" } } }
            }
        }
    }
}

/// Shows a point in time, as precisely as people need it.
fn moment(time: Timestamp) -> Markup {
    html! { time datetime={ (format!("{time:.0}")) } { (time.strftime("%Y-%m-%d %H:%M").to_string()) " UTC" } }
}

/// Returns the time between two moments in words.
fn span(from: Timestamp, to: Timestamp) -> String {
    text::ago(u64::try_from(to.as_second() - from.as_second()).unwrap_or_default())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
