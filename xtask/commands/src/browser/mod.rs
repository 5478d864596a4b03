//! The status page in a real browser: its test, and its screenshots for the documents.

mod chromium;
mod relay;
mod site;

use std::path::Path;
use std::{env, fs};

use argh::FromArgs;
use driver_api::Error;

use self::chromium::{Browser, Scheme};
use self::relay::Relay;
use self::site::{HOSTILE, PathKind, Site};
use crate::{file_error, root};

/// Make the screenshots of the status page in docs/images, from a service on the case `office`.
#[derive(FromArgs)]
#[argh(subcommand, name = "screenshots")]
pub(crate) struct Screenshots {
    /// the folder for the images; docs/images by default
    #[argh(option)]
    out: Option<std::path::PathBuf>,
}

/// Test the status page in Chromium, as ci does.
#[derive(FromArgs)]
#[argh(subcommand, name = "test-page")]
pub(crate) struct TestPage {}

impl TestPage {
    #[expect(clippy::unused_self, reason = "every command runs like this")]
    pub(crate) fn run(&self) -> Result<(), Error> {
        run_where_possible()
    }
}

/// The widths at which the page must not scroll sideways: of telephones, and where the table stops or begins to be one.
const WIDTHS: [u32; 4] = [320, 360, 1040, 1041];

/// The size of the screenshots.
const WIDE: (u32, u32) = (1100, 760);

/// The headline of a site without problems.
const FINE: &str = "All files are fine";

/// The text that the relay puts in place of the headline, from the second answer on.
const CHANGED: &str = "The page has updated itself";

impl Screenshots {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let scratch = scratch()?;
        let browser = Browser::find(scratch.path()).ok_or_else(|| Error::driver(chromium::MISSING))?;
        let site = Site::start(scratch.path(), false)?;
        let temporary = scratch.path().display().to_string();
        let relay = Relay::start(site.address, move |_, answer| answer.replace(&temporary, "/srv"))?;
        let folder = self.out.clone().unwrap_or_else(|| root().join("docs/images"));
        fs::create_dir_all(&folder).map_err(|error| file_error(&folder, error))?;
        for (scheme, name) in [(Scheme::Light, "status-light.png"), (Scheme::Dark, "status-dark.png")] {
            let path = folder.join(name);
            browser.screenshot(&relay.url(), scheme, WIDE, &path)?;
            say!("{}", path.display());
        }
        Ok(())
    }
}

/// Tests the page where Chromium is installed or can be installed.
pub(crate) fn run_where_possible() -> Result<(), Error> {
    let scratch = scratch()?;
    let Some(browser) = Browser::find(scratch.path()) else {
        say!("NOT TESTED: {}", chromium::MISSING);
        return Ok(());
    };
    let site = Site::start(scratch.path(), true)?;
    shows_files_and_states(&site, &browser.document(&site.url("/"))?)?;
    needs_no_script(&browser, &site)?;
    runs_no_foreign_script(&browser, &site)?;
    updates_itself(&browser, &site)?;
    for page in PathKind::ALL {
        for width in WIDTHS {
            fits(&browser, &site, page, width, scratch.path())?;
        }
    }
    Ok(())
}

fn scratch() -> Result<tempfile::TempDir, Error> {
    tempfile::tempdir().map_err(|error| file_error(&env::temp_dir(), error))
}

fn ensure(holds: bool, rule: &str, page: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::driver(format!("{rule}; the page is: {page}"))) }
}

/// Checks that a person sees all files with their states.
fn shows_files_and_states(site: &Site, page: &str) -> Result<(), Error> {
    for file in &site.files {
        ensure(page.contains(&format!(">{file}</a>")), &format!("{file} is missing"), page)?;
    }
    let count = page.matches(">generated</span>").count();
    ensure(count >= site.files.len() - 1, "a file has no state", page)?;
    ensure(page.contains(">pinned</span>"), "the pinned file is not marked", page)?;
    say!("{} files with their states", site.files.len());
    Ok(())
}

/// Checks the same where the browser runs no script. The browser itself needs JavaScript to show a document to this test,
/// so the policy of the page forbids its script.
fn needs_no_script(browser: &Browser, site: &Site) -> Result<(), Error> {
    let relay = Relay::start(site.address, |count, answer| {
        let forbidden = answer.replacen("script-src 'sha256-", "script-src 'sha256-other", 1);
        if count > 1 { forbidden.replace(FINE, CHANGED) } else { forbidden }
    })?;
    let page = browser.document(&relay.url())?;
    ensure(!page.contains(CHANGED), "a script has run", &page)?;
    say!("without JavaScript:");
    shows_files_and_states(site, &page)
}

/// Checks that the hostile value of the database is a text.
fn runs_no_foreign_script(browser: &Browser, site: &Site) -> Result<(), Error> {
    for page in PathKind::ALL {
        let page = browser.document(&site.url(page.path()))?;
        for value in HOSTILE {
            let escaped = value.replace('<', "&lt;").replace('>', "&gt;");
            ensure(page.contains(&escaped), "a hostile value is not shown", &page)?;
        }
        ensure(!page.contains("<title>owned"), "a hostile value was run", &page)?;
    }
    say!("a script in a value does not run");
    Ok(())
}

/// Checks that the page fetches itself again and shows what came.
fn updates_itself(browser: &Browser, site: &Site) -> Result<(), Error> {
    let relay = Relay::start(
        site.address,
        |count, answer| {
            if count > 1 { answer.replace(FINE, CHANGED) } else { answer }
        },
    )?;
    let page = browser.document(&relay.url())?;
    ensure(page.contains(&format!("{CHANGED}</h1>")), "the page does not update itself", &page)?;
    say!("the page updates itself");
    Ok(())
}

/// Checks that a page does not scroll sideways. It is shown in a frame, whose width a script measures: the page itself
/// forbids both, so this is a copy of it.
fn fits(browser: &Browser, site: &Site, page: PathKind, width: u32, folder: &Path) -> Result<(), Error> {
    let copy = site.get(page.path())?.replace('&', "&amp;").replace('"', "&quot;");
    let harness = format!(
        r#"<!DOCTYPE html><iframe width="{width}" height="800" style="border:0" srcdoc="{copy}"></iframe><output></output>
        <script>onload = () => {{
            const page = document.querySelector("iframe").contentDocument;
            for (const it of page.querySelectorAll("details")) it.open = true;
            document.querySelector("output").textContent = "excess " +
                (page.documentElement.scrollWidth - page.documentElement.clientWidth);
        }}</script>"#
    );
    let path = folder.join("harness.html");
    fs::write(&path, harness).map_err(|error| file_error(&path, error))?;
    let document = browser.document(&format!("file://{}", path.display()))?;
    ensure(
        document.contains("excess 0</output>"),
        &format!("{} is wider than {width} px", page.path()),
        &document,
    )?;
    say!("{} fits {width} px", page.path());
    Ok(())
}
