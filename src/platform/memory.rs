//! Memory that was freed, on its way back to the system.

/// Gives back what was freed and is still kept for later. The C library keeps freed memory that lies below anything still in
/// use: after a hundred thousand short-lived texts that is tens of megabytes, beside an index that fills a third of all that
/// a tablet can spare. Takes some milliseconds, so it belongs behind large pieces of work.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: malloc_trim(3) may be called from any thread at any time; it touches free memory only.
        unsafe extern "C" {
            safe fn malloc_trim(pad: usize) -> std::ffi::c_int;
        }
        // Whether anything was given back changes nothing.
        let _ = malloc_trim(0);
    }
}
