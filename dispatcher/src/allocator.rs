//! The allocator. The library sets it, so that programs in other repositories have it, too.

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Has the allocator return unused memory to the system. The service runs for months, and now and then needs a hundred
/// megabytes for a moment. While a file is generated, what one step has used serves the next one: to return it at once
/// would cost a tenth of the time.
pub(crate) fn return_memory() {
    #[cfg(feature = "mimalloc")]
    #[expect(unsafe_code, reason = "the allocator has this behind its C interface only")]
    // SAFETY: any thread may do this at any time. It touches only memory that nobody has allocated.
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
