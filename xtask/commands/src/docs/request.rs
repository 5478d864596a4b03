//! The picture of a request's way through the service. Each box names the file that does it.

use std::path::Path;

use driver_api::Error;

use super::diagram::{Diagram, Direction};

/// A step: what happens, and the files that do it.
struct Step(&'static str, &'static [&'static str]);

/// The steps, from the connection of a client to the end of the reply.
const STEPS: &[Step] = &[
    Step("read the request", &["service/src/connection.rs"]),
    Step("is a copy enough?", &["service/src/reply.rs"]),
    Step("one generation for all who wait", &["service/src/coalesce.rs"]),
    Step("is the copy as a new text would be?", &["service/src/version.rs"]),
    Step("open a read-only snapshot", &["dispatcher/src/site.rs", "database/src/pool.rs"]),
    Step("run the driver, then the patches", &["drivers/src/writer.rs", "drivers/src/patches.rs"]),
    Step("is the text suspect?", &["service/src/guard.rs", "service/src/gate.rs"]),
    Step("keep the text", &["service/src/cache.rs", "service/src/history/served.rs"]),
    Step("send the text or the copy, and close", &["service/src/stream.rs"]),
];

/// The arrows between steps, by their positions. Those to the last one leave the way where a copy is the reply.
const ARROWS: &[(usize, usize)] =
    &[(0, 1), (1, 2), (1, 8), (2, 3), (3, 4), (3, 8), (4, 5), (5, 6), (6, 7), (6, 8), (7, 8)];

/// Draws the steps. A file that does not exist is an error.
pub(super) fn svg(checkout: &Path) -> Result<String, Error> {
    let files = STEPS.iter().flat_map(|Step(what, files)| files.iter().map(move |file| (what, file)));
    if let Some((what, file)) = files.into_iter().find(|(_, file)| !checkout.join(file).is_file()) {
        let message = format!("the picture of a request says {what:?} of this file, which does not exist");
        return Err(Error::driver(message).context(*file));
    }
    let sentences = STEPS.iter().map(|Step(what, files)| format!("{what} ({})", files.join(", ")));
    let lines =
        |Step(what, files): &Step| [what].into_iter().chain(*files).map(|&it| it.to_owned()).collect();
    let diagram = Diagram {
        direction: Direction::Down,
        description: format!("The steps, one below the other: {}.", sentences.collect::<Vec<_>>().join("; ")),
        boxes: STEPS.iter().map(lines).collect(),
        arrows: ARROWS.to_vec(),
    };
    Ok(diagram.svg())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;

    #[test]
    fn every_step_names_a_file() {
        assert!(svg(root()).unwrap().contains(">service/src/coalesce.rs</text>"));
        let error = svg(Path::new("/nowhere")).unwrap_err().chain();
        assert!(error.starts_with("service/src/connection.rs: the picture of a request says"), "{error}");
    }
}
