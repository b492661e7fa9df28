//! The parent's half: starts the child, asks, waits no longer than a deadline, and starts it again when it is lost.

use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::super::CaptureError;
use super::talk::{receive, send};
use super::{Answer, Failure, FootageEvent, Request, SUBCOMMAND};
use crate::decode::{ReaderOptions, StillResult};

/// A picture of a hundred megapixels goes through every pass in less.
const STILL_DEADLINE: Duration = Duration::from_secs(60);
/// The same for one frame of footage.
const FRAME_DEADLINE: Duration = Duration::from_secs(20);
/// Answers that may wait to be read; the child pauses when more would pile up.
const ANSWERS_WAITING_MAX: usize = 64;

/// Decodes files in a process of its own.
pub struct Worker {
    program: PathBuf,
    arguments: Vec<String>,
    running: Option<Running>,
    still_deadline: Duration,
    frame_deadline: Duration,
}

struct Running {
    child: Child,
    to: ChildStdin,
    answers: Receiver<Answer>,
}

enum Lost {
    TooSlow(Duration),
    Died,
}

impl Worker {
    /// A worker that runs this very program with [`SUBCOMMAND`]. The process starts with the first file.
    ///
    /// # Errors
    /// When the program's own path cannot be found out.
    pub fn new() -> Result<Self, CaptureError> {
        let program = std::env::current_exe().map_err(|e| CaptureError::NoDecoder { why: e.to_string() })?;
        Ok(Self::of(program, vec![SUBCOMMAND.to_owned()]))
    }

    /// A worker that runs another program; it must call [`super::serve`].
    pub fn of(program: PathBuf, arguments: Vec<String>) -> Self {
        let (still_deadline, frame_deadline) = (STILL_DEADLINE, FRAME_DEADLINE);
        Self { program, arguments, running: None, still_deadline, frame_deadline }
    }

    /// The same worker with other deadlines.
    pub fn with_deadlines(mut self, still: Duration, frame: Duration) -> Self {
        (self.still_deadline, self.frame_deadline) = (still, frame);
        self
    }

    /// Reads the symbols of a picture.
    ///
    /// # Errors
    /// When the file cannot be used, takes too long, or breaks the decoder; the worker can go on with the next file.
    pub fn still(&mut self, path: &Path, options: &ReaderOptions) -> Result<StillResult, CaptureError> {
        let request = Request::Still { path: whole(path), options: options.clone() };
        self.ask(path, &request)?;
        match self.answer(self.still_deadline) {
            Ok(Answer::Still(result)) => Ok(result),
            Ok(Answer::Failed(failure)) => Err(said(path, failure)),
            Ok(_) => Err(self.lost(path, Lost::Died)),
            Err(lost) => Err(self.lost(path, lost)),
        }
    }

    /// Reads footage as the frames of one camera; `tell` hears of each frame in order, and breaks off when it has heard
    /// enough. Returns how many frames there were, broken ones included.
    ///
    /// # Errors
    /// When the footage cannot be used, a frame takes too long, or it breaks the decoder; what `tell` heard stays true,
    /// and the worker can go on with the next file.
    pub fn footage(
        &mut self,
        path: &Path,
        fps: Option<f32>,
        options: &ReaderOptions,
        tell: &mut dyn FnMut(FootageEvent) -> ControlFlow<()>,
    ) -> Result<u64, CaptureError> {
        let request = Request::Footage { path: whole(path), fps, options: options.clone() };
        self.ask(path, &request)?;
        let mut failed = None;
        let mut told = 0;
        loop {
            let event = match self.answer(self.frame_deadline) {
                Ok(Answer::Frame { index, accepted }) => FootageEvent::Frame { index, accepted },
                Ok(Answer::BrokenFrame { index, why }) => FootageEvent::BrokenFrame { index, why },
                Ok(Answer::Failed(failure)) => {
                    failed = Some(failure);
                    continue;
                }
                Ok(Answer::Ended { frames }) => return failed.map_or(Ok(frames), |f| Err(said(path, f))),
                Ok(Answer::Still(_)) => return Err(self.lost(path, Lost::Died)),
                Err(lost) => return Err(self.lost(path, lost)),
            };
            told += 1;
            if tell(event).is_break() {
                // The child would go on to the end of the footage.
                self.stop();
                return Ok(told);
            }
        }
    }

    /// Sends a request; a child that has died meanwhile is replaced once.
    fn ask(&mut self, path: &Path, request: &Request) -> Result<(), CaptureError> {
        for _ in 0..2 {
            let running = match self.running.take() {
                Some(running) => running,
                None => self.start()?,
            };
            let running = self.running.insert(running);
            if send(&mut running.to, request).is_ok() {
                return Ok(());
            }
            self.stop();
        }
        Err(CaptureError::DecoderDied { path: path.display().to_string() })
    }

    fn start(&self) -> Result<Running, CaptureError> {
        let no_decoder = |why: String| CaptureError::NoDecoder { why };
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Ctrl+C at a terminal is for us, who finish the picture in hand; the child ends when its pipe does.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|e| no_decoder(e.to_string()))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(no_decoder("it has no pipes".into()));
        };
        let (queue, answers) = sync_channel(ANSWERS_WAITING_MAX);
        let listen = move || forward(from, &queue);
        std::thread::Builder::new()
            .name("decode-worker".into())
            .spawn(listen)
            .map_err(|e| no_decoder(e.to_string()))?;
        Ok(Running { child, to, answers })
    }

    fn answer(&mut self, deadline: Duration) -> Result<Answer, Lost> {
        let running = self.running.as_ref().ok_or(Lost::Died)?;
        running.answers.recv_timeout(deadline).map_err(|e| match e {
            RecvTimeoutError::Timeout => Lost::TooSlow(deadline),
            RecvTimeoutError::Disconnected => Lost::Died,
        })
    }

    fn lost(&mut self, path: &Path, lost: Lost) -> CaptureError {
        self.stop();
        let path = path.display().to_string();
        match lost {
            Lost::TooSlow(limit) => CaptureError::TooSlow { path, limit_s: limit.as_secs().max(1) },
            Lost::Died => CaptureError::DecoderDied { path },
        }
    }

    fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The child's folder may differ one day; the path must not depend on it.
fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn forward(mut from: impl Read, queue: &std::sync::mpsc::SyncSender<Answer>) {
    while let Ok(Some(answer)) = receive(&mut from) {
        if queue.send(answer).is_err() {
            return;
        }
    }
}

fn said(path: &Path, failure: Failure) -> CaptureError {
    let path = path.display().to_string();
    match failure {
        Failure::Unreadable(why) => CaptureError::Unreadable { path, why },
        Failure::NotAPicture => CaptureError::NotAPicture { path },
        Failure::Damaged(why) => CaptureError::Damaged { path, why },
        Failure::TooLarge { width, height, limit_mpx } => CaptureError::TooLarge { path, width, height, limit_mpx },
        Failure::FileTooLarge { bytes, limit } => CaptureError::FileTooLarge { path, bytes, limit },
        Failure::EmptyFolder => CaptureError::EmptyFolder { path },
        Failure::NotFootage => CaptureError::NotFootage { path },
        Failure::Unsupported(why) => CaptureError::UnsupportedFootage { path, why },
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Worker {
        let short = Duration::from_millis(300);
        Worker::of("/bin/sh".into(), vec!["-c".into(), script.into()]).with_deadlines(short, short)
    }

    #[test]
    fn a_child_that_hangs_dies_or_talks_nonsense_is_an_error_in_words() {
        let table = [
            ("sleep 60", "took more than"),
            ("exit 3", "broke down"),
            ("echo this is no answer at all", "broke down"),
            ("kill -9 $$", "broke down"),
        ];
        for (script, want) in table {
            let mut worker = shell(script);
            // Twice: the second file meets a fresh child.
            for _ in 0..2 {
                let said = worker.still(Path::new("a.png"), &ReaderOptions::default()).unwrap_err().to_string();
                assert!(said.contains(want) && said.contains("a.png"), "{script}: {said}");
                assert!(worker.running.is_none(), "{script}: the child is gone");
            }
            let said = worker
                .footage(Path::new("f"), None, &ReaderOptions::default(), &mut |_| ControlFlow::Continue(()))
                .unwrap_err();
            assert!(said.to_string().contains(want), "{script}: {said}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_named_as_no_decoder() {
        let mut worker = Worker::of("/no/such/program".into(), Vec::new());
        let said = worker.still(Path::new("a.png"), &ReaderOptions::default()).unwrap_err();
        assert!(matches!(said, CaptureError::NoDecoder { .. }), "{said}");
    }
}
