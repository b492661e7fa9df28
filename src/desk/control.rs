//! The door of a running app, or of a command that goes on checking, for other programs of the same user: a second `tracepost sync`
//! (or `search`) cannot open the ledger for writing, so it asks the one that has it open.
//!
//! A Unix socket in the home, which only its owner can enter. One request a connection, one JSON object a line:
//! `{"do":"sync"}`, `{"do":"search","pattern":…}` or `{"do":"record","register":…,"record":…}`; answers are `{"phase","done","total"}` while it works, and at the end
//! `{"report":…}` or `{"error":…}`.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Desk;
use crate::domain::{RegisterId, Seq};
use crate::sync::Phase;

/// Longest request, in bytes.
const REQUEST_BYTES_MAX: u64 = 4_096;
/// A program that connects and says nothing is not waited for longer.
const REQUEST_WAIT: Duration = Duration::from_secs(5);

/// So many are answered at a time.
const GUESTS_MAX: usize = 16;

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// One full sync.
    Sync,
    /// A look-up.
    Search {
        /// The pattern.
        pattern: String,
    },
    /// A record, opened.
    Record {
        /// Its register.
        register: String,
        /// Its id.
        record: String,
        /// The entry that led to it.
        from: Option<u64>,
    },
}

/// The open door; closing it (dropping) removes the socket.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    /// Held once more by each who is being answered.
    inside: Arc<()>,
}

fn socket(home: &Path) -> PathBuf {
    home.join("control")
}

/// Opens the door of a desk, on a thread of its own that lives as long as the program.
///
/// # Errors
/// When the socket cannot be made; the app works without it.
pub fn open(desk: &Arc<Desk>) -> io::Result<Door> {
    let path = socket(desk.ledger().home().dir());
    // The writer's lock is held by this process, so a socket that is there was left by one that is gone.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    let (desk, inside) = (Arc::downgrade(desk), Arc::new(()));
    let here = Arc::clone(&inside);
    std::thread::Builder::new().name("control".into()).spawn(move || {
        each_apart(&listener, &here, move |stream| {
            let Some(desk) = desk.upgrade() else { return };
            if let Err(error) = answer(&desk, stream) {
                tracing::debug!(%error, "a program at the control socket went away");
            }
        });
    })?;
    Ok(Door { path, inside })
}

impl Door {
    /// Whether somebody is being answered.
    pub fn is_busy(&self) -> bool {
        Arc::strong_count(&self.inside) > HOLDERS
    }
}

/// The door and whoever stands at it hold the count, too.
const HOLDERS: usize = 2;

/// Lets everybody in as they come, [`GUESTS_MAX`] at a time: a look-up does not wait for the sync of another one.
fn each_apart(listener: &UnixListener, inside: &Arc<()>, answer: impl Fn(&mut UnixStream) + Clone + Send + 'static) {
    for mut stream in listener.incoming().flatten() {
        // Whoever comes when it is full is shown out, and says that nobody answered.
        if Arc::strong_count(inside) >= HOLDERS + GUESTS_MAX {
            continue;
        }
        let (answer, here) = (answer.clone(), Arc::clone(inside));
        let answering = move || {
            answer(&mut stream);
            drop(here);
            drop(stream);
        };
        if let Err(error) = std::thread::Builder::new().name("guest".into()).spawn(answering) {
            tracing::warn!(%error, "no thread for who asks at the control socket");
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn answer(desk: &Desk, stream: &mut UnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(REQUEST_WAIT))?;
    // An asker that stopped reading must never hold up the sync.
    stream.set_write_timeout(Some(REQUEST_WAIT))?;
    let mut line = String::new();
    io::Read::take(BufReader::new(&*stream), REQUEST_BYTES_MAX).read_line(&mut line)?;
    let last = match serde_json::from_str(&line) {
        Err(_) => json!({ "error": "not a request that this version knows" }),
        Ok(Request::Sync) => {
            let mut listens = true;
            let mut say = |phase: Phase, done: u64, total: u64| {
                // The asker may be gone; the sync goes on.
                let line = json!({ "phase": phase.code(), "done": done, "total": total });
                listens = listens && send(stream, &line).is_ok();
            };
            match desk.sync(&mut say) {
                Ok(report) => json!({ "report": report }),
                Err(error) => json!({ "error": error.to_string() }),
            }
        }
        Ok(Request::Record { register, record, from }) => {
            match desk.read_record(&RegisterId(register.clone()), &record, from.map(Seq)) {
                Ok(opened) => json!({ "report": opened.to_json(&register) }),
                Err(error) => json!({ "error": error.to_string() }),
            }
        }
        Ok(Request::Search { pattern }) => match desk.search(&pattern) {
            Ok(found) => json!({ "report": found.to_json() }),
            Err(error) => json!({ "error": error.to_string() }),
        },
    };
    send(stream, &last)
}

fn send(stream: &mut UnixStream, value: &Value) -> io::Result<()> {
    let mut bytes = value.to_string().into_bytes();
    bytes.push(b'\n');
    stream.write_all(&bytes)
}

/// Asks the program that has the home open. `None` when none answers at its door.
///
/// # Errors
/// The words of the other program, when it could not do it.
pub fn ask(home: &Path, request: &Request, progress: &mut dyn FnMut(&str, u64, u64)) -> Option<Result<Value, String>> {
    let mut stream = UnixStream::connect(socket(home)).ok()?;
    send(&mut stream, &serde_json::to_value(request).ok()?).ok()?;
    for line in BufReader::new(stream).lines() {
        let value: Value = serde_json::from_str(&line.ok()?).ok()?;
        if let Some(report) = value.get("report") {
            return Some(Ok(report.clone()));
        }
        if let Some(error) = value.get("error").and_then(Value::as_str) {
            return Some(Err(error.to_owned()));
        }
        let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
        progress(value.get("phase").and_then(Value::as_str).unwrap_or(""), number("done"), number("total"));
    }
    Some(Err("the program that was asked went away; what was confirmed is kept: try again".into()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Mutex;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn whoever_asks_little_does_not_wait_for_who_asks_much_and_a_crowd_is_shown_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        let listener = UnixListener::bind(&path).unwrap();
        let (go_on, much) = mpsc::channel::<()>();
        let much = Arc::new(Mutex::new(much));
        let inside = Arc::new(());
        let here = Arc::clone(&inside);
        std::thread::spawn(move || {
            each_apart(&listener, &here, move |stream| {
                let mut asked = [0];
                let _ = stream.read_exact(&mut asked);
                // Nobody who asks much is answered before the test ends.
                if asked == *b"m" {
                    let _ = much.lock().unwrap().recv();
                }
                let _ = stream.write_all(&asked);
            });
        });
        let ask = |what: &[u8]| {
            let mut stream = UnixStream::connect(&path).unwrap();
            stream.write_all(what).unwrap();
            stream
        };
        let answered = |mut stream: UnixStream| {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).map(|_| answer).unwrap_or_default()
        };
        let mut guests = vec![ask(b"m")];
        assert_eq!(answered(ask(b"l")), b"l");
        guests.extend((1..GUESTS_MAX).map(|_| ask(b"m")));
        assert_eq!(answered(ask(b"l")), b"", "more than can be answered at a time");
        drop(go_on);
        assert!(guests.into_iter().all(|guest| answered(guest) == b"m"));
        assert_eq!(Arc::strong_count(&inside), HOLDERS, "nobody is left inside");
    }
}
