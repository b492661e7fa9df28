//! Footage in real time: frames come when their time has come, and frames that are late are left out, as a camera would.

use std::time::{Duration, Instant};

use super::FrameSource;
use super::error::CaptureError;
use crate::decode::Frame;

/// A source that gives its frames at the rate at which they were taken.
pub struct Paced<S> {
    source: S,
    started: Option<Instant>,
}

/// A frame later than this is left out, when another follows.
const LATE_MS: u64 = 100;

impl<S: FrameSource> Paced<S> {
    /// Paces a source.
    pub fn new(source: S) -> Self {
        Self { source, started: None }
    }
}

/// How long to wait for a frame that is due at `due_ms` when `now_ms` have passed; `None`: too late, leave it out.
fn wait_ms(due_ms: u64, now_ms: u64) -> Option<u64> {
    if now_ms > due_ms + LATE_MS { None } else { Some(due_ms.saturating_sub(now_ms)) }
}

impl<S: FrameSource> FrameSource for Paced<S> {
    fn next(&mut self) -> Result<Option<Frame>, CaptureError> {
        loop {
            let Some(frame) = self.source.next()? else { return Ok(None) };
            let first_ms = Duration::from_millis(frame.at_ms);
            let now = Instant::now();
            let started = *self.started.get_or_insert_with(|| now.checked_sub(first_ms).unwrap_or(now));
            let now_ms = started.elapsed().as_millis() as u64;
            if let Some(wait) = wait_ms(frame.at_ms, now_ms) {
                std::thread::sleep(Duration::from_millis(wait));
                return Ok(Some(frame));
            }
        }
    }

    fn fps(&self) -> f32 {
        self.source.fps()
    }

    fn describe(&self) -> String {
        self.source.describe()
    }
}

impl FrameSource for Box<dyn FrameSource> {
    fn next(&mut self) -> Result<Option<Frame>, CaptureError> {
        (**self).next()
    }

    fn fps(&self) -> f32 {
        (**self).fps()
    }

    fn describe(&self) -> String {
        (**self).describe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_waits_late_is_left_out() {
        for (due, now, want) in [(100, 40, Some(60)), (100, 100, Some(0)), (100, 199, Some(0)), (100, 201, None)] {
            assert_eq!(wait_ms(due, now), want, "due {due} now {now}");
        }
    }
}
