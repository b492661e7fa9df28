//! Live frames on a watched thread. An engine that hangs or breaks down on one frame costs that frame and a thread: the
//! thread is left behind, another takes its place, and the loss is told.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use crate::decode::{Frame, LiveReader, LiveResult, ReaderOptions};

/// No frame that a camera gives takes so long on the slowest tablet.
pub const FRAME_DEADLINE: Duration = Duration::from_secs(3);
/// Cores that this process may use; where the system does not say, as many as a frame's reading takes.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// Threads that may be left hanging; each holds a frame and spins. More than these mean that the engine is unusable.
const LEFT_BEHIND_MAX: u32 = 8;

/// What became of a frame.
#[derive(Debug)]
pub enum LiveEvent {
    /// It was read.
    Read {
        /// The frame.
        frame: Arc<Frame>,
        /// What it brought.
        result: LiveResult,
    },
    /// The decoder hung or broke down on it and was replaced; what was tracked before is still known.
    Lost {
        /// Index of the frame.
        frame: u64,
        /// Hung or broken down.
        loss: Loss,
    },
}

/// How a frame was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The decoder did not come back within [`FRAME_DEADLINE`].
    Hung,
    /// The decoder broke down.
    BrokeDown,
    /// Too many threads hang already; nothing is decoded any more. The program must be started again.
    GivenUp,
}

type Look = fn(&mut LiveReader, &Frame) -> LiveResult;
type Done = (LiveReader, LiveResult);

/// Decodes live frames away from the caller's thread, one at a time.
pub struct WatchedReader {
    /// Memory as it was before the frame that is being read.
    memory: LiveReader,
    thread: Option<Thread>,
    busy: Option<Busy>,
    deadline: Duration,
    left_behind: u32,
    look: Look,
}

struct Thread {
    work: Sender<(LiveReader, Arc<Frame>)>,
    done: Receiver<Done>,
}

struct Busy {
    frame: Arc<Frame>,
    since: Instant,
}

impl WatchedReader {
    /// A reader of the given symbologies.
    pub fn new(options: ReaderOptions) -> Self {
        Self::with(LiveReader::new(options).on_cores(cores()), FRAME_DEADLINE, look)
    }

    fn with(memory: LiveReader, deadline: Duration, look: Look) -> Self {
        Self { memory, thread: None, busy: None, deadline, left_behind: 0, look }
    }

    /// Whether the next frame would be taken.
    pub fn is_free(&self) -> bool {
        self.busy.is_none()
    }

    /// Hands a frame over; false when the last one is still being read, so that a slow decoder skips frames.
    pub fn offer(&mut self, frame: Arc<Frame>) -> bool {
        if self.busy.is_some() {
            return false;
        }
        let work = (self.memory.clone(), Arc::clone(&frame));
        let handed = self.thread_for_work().is_some_and(|t| t.work.send(work).is_ok());
        if !handed {
            self.thread = None;
        }
        self.busy = Some(Busy { frame, since: Instant::now() });
        true
    }

    fn thread_for_work(&mut self) -> Option<&Thread> {
        if self.thread.is_none() && self.left_behind < LEFT_BEHIND_MAX {
            self.thread = start(self.look);
        }
        self.thread.as_ref()
    }

    /// What has become of the frame, without waiting.
    pub fn poll(&mut self) -> Option<LiveEvent> {
        let busy = self.busy.as_ref()?;
        let late = busy.since.elapsed() > self.deadline;
        let outcome = self.thread.as_ref().map_or(Err(TryRecvError::Disconnected), |t| t.done.try_recv());
        self.settle(outcome, late)
    }

    /// What has become of the frame; waits for it. `None` when no frame was handed over.
    pub fn wait(&mut self) -> Option<LiveEvent> {
        let busy = self.busy.as_ref()?;
        let left = self.deadline.saturating_sub(busy.since.elapsed());
        let outcome = match self.thread.as_ref().map(|t| t.done.recv_timeout(left)) {
            Some(Ok(done)) => Ok(done),
            Some(Err(RecvTimeoutError::Timeout)) => Err(TryRecvError::Empty),
            Some(Err(RecvTimeoutError::Disconnected)) | None => Err(TryRecvError::Disconnected),
        };
        self.settle(outcome, true)
    }

    fn settle(&mut self, outcome: Result<Done, TryRecvError>, late: bool) -> Option<LiveEvent> {
        let loss = match outcome {
            Ok((memory, result)) => {
                self.memory = memory;
                return self.busy.take().map(|busy| LiveEvent::Read { frame: busy.frame, result });
            }
            Err(TryRecvError::Empty) if !late => return None,
            Err(TryRecvError::Empty) => {
                self.left_behind += 1;
                Loss::Hung
            }
            Err(TryRecvError::Disconnected) if self.left_behind >= LEFT_BEHIND_MAX => Loss::GivenUp,
            Err(TryRecvError::Disconnected) => Loss::BrokeDown,
        };
        self.thread = None;
        self.busy.take().map(|busy| LiveEvent::Lost { frame: busy.frame.index, loss })
    }
}

/// Reads a frame within its budget, by this machine's clock.
fn look(reader: &mut LiveReader, frame: &Frame) -> LiveResult {
    let began = Instant::now();
    reader.feed_timed(frame, &|| began.elapsed())
}

fn start(look: Look) -> Option<Thread> {
    let (work, jobs) = channel::<(LiveReader, Arc<Frame>)>();
    let (answer, done) = channel();
    let body = move || {
        while let Ok((mut reader, frame)) = jobs.recv() {
            let result = look(&mut reader, &frame);
            if answer.send((reader, result)).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("decoder".into()).spawn(body).ok().map(|_| Thread { work, done })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Layout;

    fn frame(index: u64) -> Arc<Frame> {
        Arc::new(Frame::new(Layout::Grey, 64, 64, vec![200; 64 * 64]).unwrap().at(index, index * 40))
    }

    fn sick(reader: &mut LiveReader, frame: &Frame) -> LiveResult {
        match frame.index {
            1 => std::thread::sleep(Duration::from_secs(4)),
            3 => panic!("made for this test"),
            _ => {}
        }
        reader.feed(frame)
    }

    #[test]
    fn a_hang_and_a_breakdown_cost_one_frame_each() {
        // Writing a backtrace takes its time on a busy machine.
        let mut watched = WatchedReader::with(LiveReader::default(), Duration::from_millis(1_500), sick);
        let mut seen = Vec::new();
        for index in 0..6 {
            assert!(watched.offer(frame(index)));
            assert!(!watched.offer(frame(99)), "only one frame at a time");
            seen.push(match watched.wait().unwrap() {
                LiveEvent::Read { frame, .. } => (frame.index, None),
                LiveEvent::Lost { frame, loss } => (frame, Some(loss)),
            });
        }
        let want = [(0, None), (1, Some(Loss::Hung)), (2, None), (3, Some(Loss::BrokeDown)), (4, None), (5, None)];
        assert_eq!(seen, want);
    }

    #[test]
    fn polling_does_not_wait() {
        let mut watched = WatchedReader::with(LiveReader::default(), Duration::from_secs(5), sick);
        assert!(watched.poll().is_none() && watched.wait().is_none());
        watched.offer(frame(1));
        let before = Instant::now();
        assert!(watched.poll().is_none());
        assert!(before.elapsed() < Duration::from_millis(500));
    }

    #[test]
    fn after_many_hangs_it_gives_up_in_words() {
        fn dead(_: &mut LiveReader, _: &Frame) -> LiveResult {
            std::thread::sleep(Duration::from_secs(1));
            LiveResult::default()
        }
        let mut watched = WatchedReader::with(LiveReader::default(), Duration::from_millis(1), dead);
        let mut last = None;
        for index in 0..=u64::from(LEFT_BEHIND_MAX) {
            watched.offer(frame(index));
            last = watched.wait();
        }
        assert!(matches!(last, Some(LiveEvent::Lost { loss: Loss::GivenUp, .. })), "{last:?}");
    }
}
