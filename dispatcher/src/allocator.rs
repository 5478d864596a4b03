//! The allocator. The library sets it, so that programs in other repositories have it, too.

use std::ffi::c_long;
use std::thread;
use std::time::Duration;

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// `mi_option_purge_delay` in mimalloc.h.
const PURGE_DELAY: mi_option_t = 15;

/// After how many milliseconds unused memory goes back to the system. The memory that one step of a large file has used
/// serves the next one: to return it at once would cost a sixth of the time, and to return it after a second, which is the
/// allocator's own setting, a third of the memory.
const DELAY: c_long = 20;

/// How often [`return_memory`] looks for unused memory.
const INTERVAL: Duration = Duration::from_secs(1);

/// Sets the allocator's options.
#[expect(unsafe_code, reason = "the allocator has options behind its C interface only")]
pub(crate) fn prepare() {
    // SAFETY: this stores a number in the allocator's table of options, which any thread may do at any time.
    unsafe { mi_option_set(PURGE_DELAY, DELAY) }
}

/// Returns unused memory to the system again and again, on a thread of its own. The allocator does so by itself only
/// while somebody allocates, and a service that runs for months now and then needs a hundred megabytes for a moment.
#[expect(unsafe_code, reason = "the allocator has this behind its C interface only")]
pub(crate) fn return_memory() {
    thread::spawn(|| {
        loop {
            thread::sleep(INTERVAL);
            // SAFETY: any thread may do this at any time. It touches only memory that nobody has allocated.
            unsafe { mi_collect(true) }
        }
    });
}
