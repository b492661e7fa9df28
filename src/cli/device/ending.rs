//! An end from outside (Ctrl+C, a supervisor, a closed terminal) for commands that write to the ledger and take their time:
//! they finish what is in hand and leave in order, so that the head is signed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::common::{Failure, Stop};

/// Whoever waits for something else than the end looks for it this often.
pub const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The end from outside, once it was asked for. Without one that listens it never comes.
#[derive(Clone, Default)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Listens from here on. A second signal ends the program at once, for who cannot wait.
    ///
    /// # Errors
    /// When the system lets no signal be heard.
    pub fn by_signal() -> Result<Self, Failure> {
        let ending = Self::default();
        let told = ending.clone();
        hear(move || told.0.store(true, Ordering::Relaxed)).map_err(|error| {
            Failure::new(
                format_args!("The end of this command could not be prepared: {error}."),
                "Nothing was read.",
                "Try again.",
            )
        })?;
        Ok(ending)
    }

    /// Whether it was asked for.
    pub fn has_come(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for it.
    #[cfg(feature = "gui")]
    pub fn wait(&self) {
        while !self.has_come() {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// The flag itself, for rooms that know no command line.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// The end of a command that was not done yet.
    ///
    /// # Errors
    /// When the end has come; `done` says what of the work stands.
    pub fn or_stop(&self, done: &str) -> Result<(), Stop> {
        if !self.has_come() {
            return Ok(());
        }
        eprintln!("tracepost: ended before all was done; {done}");
        Err(Stop::Status(ENDED_EARLY))
    }
}

/// What of checks stands when they are ended early.
pub const CHECKS_STAND: &str = "every answer that was printed is recorded, and the ledger is signed";

/// Status of a program that was ended before its work was done, as shells have it.
pub const ENDED_EARLY: u8 = 130;

#[cfg(unix)]
fn hear(first: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Heard from here on, not only once the thread has come to it. What was ignored when the program was started stays so:
    // that is how `nohup` and shells keep work in the background from ending with their terminal.
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let ignored = ignored_signals();
    let heard = kinds.into_iter().filter(|kind| ignored & (1 << (kind.as_raw_value() - 1)) == 0);
    let mut signals: Vec<Signal> = {
        let _within = waiting.enter();
        heard.map(signal).collect::<std::io::Result<_>>()?
    };
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let mut any = || {
            waiting.block_on(std::future::poll_fn(|context| {
                let come = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
                if come { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            }));
        };
        any();
        first();
        any();
        std::process::exit(ENDED_EARLY.into());
    })?;
    Ok(())
}

/// The signals that this process was started to ignore, a bit each from number 1 on; none where the system does not tell.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(not(unix))]
fn hear(first: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        if waiting.block_on(tokio::signal::ctrl_c()).is_ok() {
            first();
        }
        if waiting.block_on(tokio::signal::ctrl_c()).is_ok() {
            std::process::exit(ENDED_EARLY.into());
        }
    })?;
    Ok(())
}
