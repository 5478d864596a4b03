//! The allocator of the program confgend, which counts the allocations while it is asked to.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: Counting = Counting { counts: AtomicBool::new(false), number: AtomicU64::new(0) };

struct Counting {
    counts: AtomicBool,
    number: AtomicU64,
}

impl Counting {
    fn count(&self) {
        // Threads that count share a cache line, so nothing is timed meanwhile.
        if self.counts.load(Ordering::Relaxed) {
            self.number.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[expect(unsafe_code, reason = "an allocator is unsafe; this one passes each call on")]
// SAFETY: each method has the contract of the method that it calls, and returns its result.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.count();
        // SAFETY: see above.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.count();
        // SAFETY: see above.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.count();
        // SAFETY: see above.
        unsafe { MiMalloc.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: see above.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }
}

/// Returns how often all threads allocate or grow memory while `work` runs.
pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = ALLOCATOR.number.load(Ordering::Relaxed);
    ALLOCATOR.counts.store(true, Ordering::Relaxed);
    let result = work();
    ALLOCATOR.counts.store(false, Ordering::Relaxed);
    (result, ALLOCATOR.number.load(Ordering::Relaxed) - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_counted_while_they_are_asked_for() {
        let (boxes, number) = of(|| [Box::new(1), Box::new(2)]);
        assert!(number >= 2, "{number}");
        drop(boxes);
        let ((), more) = of(|| ());
        assert!(more < number, "{more}");
    }
}
