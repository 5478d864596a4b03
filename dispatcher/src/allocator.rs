//! The allocator. The library sets it, so that programs in other repositories have it, too.

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Has the allocator return unused memory to the system after this many milliseconds, and not after a second. What one step
/// of a large file has used serves the next one: to return it at once would cost a sixth of the time, and later a third of
/// the memory.
#[cfg(feature = "mimalloc")]
const PURGE_DELAY: std::ffi::c_long = 20;

/// Prepares the allocator. [`run`](crate::run) calls it.
pub(crate) fn prepare() {
    #[cfg(feature = "mimalloc")]
    #[expect(unsafe_code, reason = "the allocator has options behind its C interface only")]
    // SAFETY: this stores a number in the allocator's table of options, which any thread may do at any time. The option
    // is `mi_option_purge_delay` in mimalloc.h.
    unsafe {
        libmimalloc_sys::mi_option_set(15, PURGE_DELAY);
    }
}

/// Has the allocator return all unused memory now: it does nothing by itself while nobody allocates. The service runs for
/// months, and now and then needs a hundred megabytes for a moment.
pub(crate) fn return_memory() {
    #[cfg(feature = "mimalloc")]
    #[expect(unsafe_code, reason = "the allocator has this behind its C interface only")]
    // SAFETY: any thread may do this at any time. It touches only memory that nobody has allocated.
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
