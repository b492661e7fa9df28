//! Hand scanners at a serial port (RS-232, or USB that looks like it): what they send, code by code.
//!
//! A port that goes away is waited for and opened again, since a cable that came loose must not end a shift. Half a code
//! is never given. A device that is no scanner, or speaks at another rate, is said to be that.

mod framing;

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use self::framing::Lost;
use self::framing::{Framed, Framing};

/// How long a read waits before it looks for silence and for the end.
const READ_WAIT: Duration = Duration::from_millis(30);
/// How often a port that is gone is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Which port, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialOptions {
    /// `/dev/ttyACM0`, `COM3`.
    pub port: String,
    /// Bits a second.
    pub baud: u32,
}

/// What a port has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SerialEvent {
    /// It is open, for the first time or again.
    Open,
    /// A whole code.
    Code(String),
    /// Something was sent that is not used: whoever scanned must hear of it, and why.
    Lost(Lost),
    /// It is gone or cannot be opened; it is being looked for.
    Gone(SerialError),
}

/// Why a port cannot be used. The words reach people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum SerialError {
    #[error("there is no {port}; connect the scanner, or give another port")]
    Missing { port: String },
    #[error("{port} is no serial port; give the scanner's (often /dev/ttyACM0 or /dev/ttyUSB0)")]
    NotSerial { port: String },
    #[error("{port} may not be opened by you; have this account added to the group that may (often dialout)")]
    Forbidden { port: String },
    #[error("{port} is used by another program; close that first")]
    Busy { port: String },
    #[error("{port} cannot be used: {why}")]
    Refused { port: String, why: String },
    #[error("{port} was disconnected; it is opened again when it is back")]
    Unplugged { port: String },
}

/// Listens until `tell` answers false, or `end` is set. Never ends by itself, whatever becomes of the port.
pub fn listen(options: &SerialOptions, end: &AtomicBool, tell: &mut dyn FnMut(SerialEvent) -> bool) {
    let began = Instant::now();
    let mut last_error = None;
    while !end.load(Ordering::Relaxed) {
        let error = match open(options) {
            Ok(port) => {
                last_error = None;
                if !tell(SerialEvent::Open) {
                    return;
                }
                match read_all(port, options, began, end, tell) {
                    Some(error) => error,
                    None => return,
                }
            }
            Err(error) => error,
        };
        // The same words once, not twice a second.
        if last_error.as_ref() != Some(&error) && !tell(SerialEvent::Gone(error.clone())) {
            return;
        }
        last_error = Some(error);
        wait(LOOK_EVERY, end);
    }
}

/// Whether the port can be opened at all, before anything is begun for it.
///
/// # Errors
/// Why not.
pub fn probe(options: &SerialOptions) -> Result<(), SerialError> {
    open(options).map(drop)
}

/// Names of the ports to which something is connected, as far as the system tells.
pub fn connected() -> Vec<String> {
    let ports = serialport::available_ports().unwrap_or_default();
    let mut names: Vec<String> = ports.into_iter().map(|port| port.port_name).collect();
    names.sort();
    names
}

/// A thread that listens; it ends with this value.
pub struct SerialScanner {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SerialScanner {
    /// Begins to listen. `tell` is called on a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        options: SerialOptions,
        mut tell: impl FnMut(SerialEvent) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let end = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&end);
        let listening = move || listen(&options, &seen, &mut tell);
        let thread = std::thread::Builder::new().name("serial".into()).spawn(listening)?;
        Ok(Self { end, thread: Some(thread) })
    }
}

impl Drop for SerialScanner {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A listener that broke down has nothing left to end.
            let _ = thread.join();
        }
    }
}

type Port = Box<dyn serialport::SerialPort>;

fn open(options: &SerialOptions) -> Result<Port, SerialError> {
    let port = options.port.clone();
    let opened = serialport::new(&options.port, options.baud).timeout(READ_WAIT).open();
    opened.map_err(|error| match error.kind() {
        _ if std::fs::exists(&port).unwrap_or(false) && is_busy(&error) => SerialError::Busy { port },
        serialport::ErrorKind::NoDevice | serialport::ErrorKind::Io(ErrorKind::NotFound)
            if !std::fs::exists(&port).unwrap_or(false) =>
        {
            SerialError::Missing { port }
        }
        serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => SerialError::Forbidden { port },
        serialport::ErrorKind::Io(ErrorKind::ResourceBusy) => SerialError::Busy { port },
        // The words of ENOTTY, which has no kind of its own.
        _ if is_plain_file(&port) || error.description.contains("typewriter") => SerialError::NotSerial { port },
        _ => SerialError::Refused { port, why: error.description },
    })
}

/// The system's words, and those of the crate, which has no kind for it.
fn is_busy(error: &serialport::Error) -> bool {
    let words = error.description.to_ascii_lowercase();
    words.contains("busy") || words.contains("exclusive lock")
}

fn is_plain_file(port: &str) -> bool {
    std::fs::metadata(port).is_ok_and(|about| about.is_file() || about.is_dir())
}

/// Reads until the port is gone (why) or nobody listens any more (`None`).
fn read_all(
    mut port: Port,
    options: &SerialOptions,
    began: Instant,
    end: &AtomicBool,
    tell: &mut dyn FnMut(SerialEvent) -> bool,
) -> Option<SerialError> {
    let mut framing = Framing::default();
    let mut buffer = [0; 1024];
    while !end.load(Ordering::Relaxed) {
        let read = port.read(&mut buffer);
        let now_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let framed = match read {
            Ok(0) => return Some(unplugged(options, &mut framing)),
            Ok(count) => framing.push(&buffer[..count], now_ms),
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                framing.silence(now_ms).into_iter().collect()
            }
            Err(_) => return Some(unplugged(options, &mut framing)),
        };
        for framed in framed {
            let event = match framed {
                Framed::Code(text) => SerialEvent::Code(text),
                Framed::Lost(why, bytes) => {
                    tracing::warn!(bytes, %why, "the serial scanner sent nothing that can be used");
                    SerialEvent::Lost(why)
                }
            };
            if !tell(event) {
                return None;
            }
        }
    }
    None
}

fn unplugged(options: &SerialOptions, framing: &mut Framing) -> SerialError {
    let lost_bytes = framing.forget();
    if lost_bytes > 0 {
        tracing::warn!(lost_bytes, "the serial scanner was disconnected in the middle of a code");
    }
    SerialError::Unplugged { port: options.port.clone() }
}

fn wait(time: Duration, end: &AtomicBool) {
    let until = Instant::now() + time;
    while Instant::now() < until && !end.load(Ordering::Relaxed) {
        std::thread::sleep(READ_WAIT);
    }
}

#[cfg(all(test, unix))]
mod tests;
