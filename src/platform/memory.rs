//! Memory that is not needed any more, on its way back to the system.

#[cfg(target_os = "linux")]
mod program;

/// Gives back what was freed and is still kept for later, and what of the program itself only its start needed. The C
/// library keeps freed memory that lies below anything still in use: after a hundred thousand short-lived texts that is tens
/// of megabytes, beside an index that fills a third of all that a tablet can spare. Takes some milliseconds, so it belongs
/// behind large pieces of work.
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
    #[cfg(target_os = "linux")]
    program::give_back();
}

/// Bytes that the system could give to programs now without taking any from them; `None` where it does not tell.
pub fn available() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let told = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
    }
    #[cfg(not(target_os = "linux"))]
    None
}
