//! The texts of an operator from which files are made, such as Jinja2 templates.

use driver_api::{Error, Namespace};

use super::Findings;
use crate::rule::rules;
use crate::{Finding, Rules};

rules! {
    MISTAKE = "text-mistake", Error, "A text of yours has a mistake: a part of the file fails, or lacks something.";
}

/// Returns the mistakes in an operator's texts as findings, in the order of the files. A mistake comes from
/// [`Driver::check`](driver_api::Driver::check) and belongs to the file that the driver writes.
pub fn mistakes(mistakes: impl IntoIterator<Item = (Namespace, Error)>, rules: &Rules) -> Vec<Finding> {
    let mut findings = Findings::new(rules);
    for (file, mistake) in mistakes {
        findings.add_to_file(&MISTAKE, file.to_string(), None, mistake.chain());
    }
    findings.sorted()
}
