/// Returns the line that marks the end of a generated file: an empty template, which no module of Asterisk sees.
///
/// A file that includes the generated one can name the template behind the `#include`. If the generated file broke
/// off, or is empty, Asterisk does not find the template and refuses the whole of the including file. At a reload, it
/// then keeps everything that it has:
///
/// ```text
/// #include pjsip.d/*.conf
/// [confgend-pjsip-end](+TEMPLATES=include)
/// ```
///
/// The name has the name of the file, without `.conf`, so that the files of Asterisk don't share a mark.
///
/// ```
/// assert_eq!(asterisk_conf::end_mark("pjsip.conf"), "[confgend-pjsip-end](!)\n");
///
/// let text = format!("[1001]\ntype = endpoint\n{}", asterisk_conf::end_mark("pjsip.conf"));
/// let document = asterisk_conf::read(&text);
/// assert_eq!(document.visible_sections().count(), 1);
/// ```
pub fn end_mark(filename: &str) -> String {
    format!("[confgend-{}-end](!)\n", filename.strip_suffix(".conf").unwrap_or(filename))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryFiles, Reader, Status, read};

    #[test]
    fn the_mark_is_an_empty_template() {
        for filename in ["pjsip.conf", "res_parking.conf", "musiconhold.conf"] {
            let document = read(format!("[general]\na = 1\n{}", end_mark(filename)));
            assert_eq!(document.status(), Status::Ok, "{filename}");
            assert!(document.diagnostics().is_empty(), "{:?}", document.diagnostics());
            let [general, mark] = document.sections() else { panic!("{filename}") };
            assert_eq!(general.options().len(), 1);
            assert!(mark.is_template() && mark.options().is_empty());
            assert_eq!(
                mark.name().to_string(),
                end_mark(filename).replace(['[', ']', '\n'], "").replace("(!)", "")
            );
            assert_eq!(document.visible_sections().count(), 1);
        }
    }

    #[test]
    fn a_guard_refuses_a_file_without_the_mark() {
        let status = |text: &str| {
            let files = MemoryFiles::from_iter([("pjsip.d/01.conf", text)]);
            let top = b"#include pjsip.d/*.conf\n[confgend-pjsip-end](+TEMPLATES=include)\n";
            Reader::new(&files).read("pjsip.conf", top).status()
        };
        let whole = format!("[1001]\ntype = endpoint\n{}", end_mark("pjsip.conf"));
        assert_eq!(status(&whole), Status::Ok);
        let swallowed = format!("[1001]\n;-- \n{}", end_mark("pjsip.conf"));
        let cut = format!("[1001](none)\n{}", end_mark("pjsip.conf"));
        for broken in ["", "[1001]\ntype = endp", &swallowed, &cut] {
            assert_eq!(status(broken), Status::Refused, "{broken:?}");
        }
    }
}
