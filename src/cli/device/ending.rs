//! An end from outside (Ctrl+C, a supervisor, a closed terminal) for commands that run until they are ended: they finish
//! what is in hand and leave in order, so that the head is signed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::common::Failure;

/// Becomes true at the first such signal. A second one ends the program at once, for who cannot wait.
///
/// # Errors
/// When the system lets no signal be heard.
pub fn end_by_signal() -> Result<Arc<AtomicBool>, Failure> {
    let end = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&end);
    hear(move || told.store(true, Ordering::Relaxed)).map_err(|error| {
        Failure::new(
            format_args!("The end of this command could not be prepared: {error}."),
            "Nothing was read.",
            "Try again.",
        )
    })?;
    Ok(end)
}

/// Status of a program that Ctrl+C ended, as shells have it.
const ENDED_BY_CTRL_C: i32 = 130;

#[cfg(unix)]
fn hear(first: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Heard from here on, not only once the thread has come to it.
    let (mut interrupt, mut terminate, mut hangup) = {
        let _within = waiting.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)
    };
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let mut any = || {
            waiting.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
            });
        };
        any();
        first();
        any();
        std::process::exit(ENDED_BY_CTRL_C);
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn hear(first: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        if waiting.block_on(tokio::signal::ctrl_c()).is_ok() {
            first();
        }
        if waiting.block_on(tokio::signal::ctrl_c()).is_ok() {
            std::process::exit(ENDED_BY_CTRL_C);
        }
    })?;
    Ok(())
}
