//! Values in a file with sections and options, for programs other than Asterisk. Such files have no escapes.

use std::borrow::Cow;

use super::{Context, Printed, on_one_line};

pub(super) fn written(context: &Context<'_>, value: &Printed) -> Result<String, Cow<'static, str>> {
    let text = on_one_line(&value.text)?;
    let line = context.template.trim_start();
    let is_comment = line.starts_with(['#', ';']);
    let in_header = line.starts_with('[') && !line.contains(']');
    let is_key = !is_comment && !line.starts_with('[') && !line.contains(['=', ':']);
    if in_header && text.contains(']') {
        return Err("there is a \"]\", which ends the name of a section".into());
    }
    if is_key && text.contains(['=', ':']) {
        return Err("there is a \"=\" or \":\", which ends the name of an option".into());
    }
    if is_key && line.is_empty() && (text.starts_with(['[', '#', ';']) || text.trim().is_empty()) {
        return Err(
            "the line would be no option: the value is blank, or begins with \"[\", \"#\" or \";\"".into()
        );
    }
    Ok(text.to_owned())
}
