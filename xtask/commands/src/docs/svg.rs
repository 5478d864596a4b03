//! The frame of all pictures in SVG: a page with a background of its own, so that it is legible on a light page
//! and on a dark one, and colours that follow what the reader prefers.

/// A picture.
pub(super) struct Page<'a> {
    /// The size of the content, in pixels.
    pub(super) width: f64,
    pub(super) height: f64,
    /// Sentences for people who can't see it.
    pub(super) description: &'a str,
    pub(super) content: &'a str,
}

/// The room around the content, in pixels.
const MARGIN: f64 = 16.0;

/// The colours of a light page, and then those of a dark one.
const STYLE: &str = "\
    :root { --page: #fff; --box: #f3f5f8; --rim: #8a94a3; --text: #1c2128; --soft: #57606a; \
    --red: #b42318; --green: #1a7f37; --yellow: #8a5a00; --cyan: #0b6b8a }\n\
    @media (prefers-color-scheme: dark) { :root { --page: #161b22; --box: #21262d; --rim: #6e7681; --text: #e6edf3; \
    --soft: #9aa4af; --red: #ff7b72; --green: #56d364; --yellow: #e3b341; --cyan: #76d3ea } }\n\
    .page { fill: var(--page); stroke: var(--rim); stroke-opacity: .4 }\n\
    .box { fill: var(--box); stroke: var(--rim) }\n\
    .arrow { fill: none; stroke: var(--rim); stroke-width: 1.3; marker-end: url(#head) }\n\
    .head { fill: var(--rim) }\n\
    text { fill: var(--text); font: 13px ui-sans-serif, 'Segoe UI', Helvetica, Arial, sans-serif; \
    dominant-baseline: central; text-anchor: middle }\n\
    .title { font-weight: 600 }\n\
    .path { fill: var(--soft) }\n\
    .terminal { font: 13px ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; \
    text-anchor: start; white-space: pre }\n\
    .bold { font-weight: 700 } .red { fill: var(--red) } .green { fill: var(--green) } \
    .yellow { fill: var(--yellow) } .cyan { fill: var(--cyan) }\n";

impl Page<'_> {
    /// Returns the picture as a file.
    pub(super) fn svg(&self) -> String {
        let (width, height) = (self.width + 2.0 * MARGIN, self.height + 2.0 * MARGIN);
        let description = escaped(self.description);
        let content = self.content;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.0} {height:.0}" role="img">
<!-- `cargo xtask docs` writes this file. -->
<desc>{description}</desc>
<style>
{STYLE}</style>
<defs><marker id="head" viewBox="0 0 10 8" refX="9" refY="4" markerWidth="9" markerHeight="7" orient="auto"><path class="head" d="M0 0 L10 4 L0 8 z"/></marker></defs>
<rect class="page" width="100%" height="100%" rx="8"/>
<g transform="translate({MARGIN} {MARGIN})">
{content}</g>
</svg>
"#
        )
    }
}

/// Escapes a text for XML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_markup() {
        let page = Page { width: 10.0, height: 20.0, description: "a <b> & c", content: "<rect/>\n" }.svg();
        assert!(page.contains("<desc>a &lt;b&gt; &amp; c</desc>"), "{page}");
        assert!(page.contains(r#"width="42" height="52" viewBox="0 0 42 52""#), "{page}");
        assert!(page.contains("<rect/>\n</g>\n</svg>\n"), "{page}");
    }
}
