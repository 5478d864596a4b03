//! The allocator. The library sets it, so that programs in other repositories have it, too.

use libmimalloc_sys::{mi_option_set, mi_option_t};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// `mi_option_purge_delay` in mimalloc.h: after how many milliseconds unused memory goes back to the system. Without a
/// setting, it is a second, for which the allocations of other threads wait.
const PURGE_DELAY: mi_option_t = 15;

/// Has the allocator return unused memory to the system at once. The service runs for months, and now and then needs a
/// hundred megabytes for a moment; and the memory that one step of a file has used serves the next step. [`run`](crate::run)
/// calls it; a program that does the work of the library without it calls it first.
#[expect(unsafe_code, reason = "the allocator has options behind its C interface only")]
pub fn return_memory_at_once() {
    // SAFETY: this stores a number in the allocator's table of options, which any thread may do at any time.
    unsafe { mi_option_set(PURGE_DELAY, 0) }
}
