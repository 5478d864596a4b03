//! Any bytes, as a file that can include itself: the reader neither panics nor takes more than its limits allow.

#![no_main]

use asterisk_conf::{Limits, MemoryFiles, Reader, Status};
use libfuzzer_sys::fuzz_target;

/// Small enough for a thousand inputs a second.
const LIMITS: Limits = Limits { files: 100, bytes: 1 << 20, entries: 10_000, diagnostics: 1000, work: 1 << 20 };

fuzz_target!(|text: &[u8]| {
    let files = MemoryFiles::from_iter([("a", text), ("b", b"[b]\nk = v\n")]);
    let document = Reader::new(&files).limits(LIMITS).read("a", text);
    for diagnostic in document.diagnostics() {
        assert!(!diagnostic.to_string().is_empty());
        assert!(document.place(diagnostic.location()).line > 0);
    }
    assert!(document.status() == Status::Ok || document.sections().is_empty());
    let options: usize = document.sections().iter().map(|section| section.options().len()).sum();
    assert!(options <= LIMITS.entries);
});
