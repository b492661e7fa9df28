//! The frozen picture: shown as it stands, and read as a still with all passes on a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::{PHOTO_WIDTH_MAX, Seen};
use crate::app::mail::{Letter, Mail, Still, locked};
use crate::app::outlines;
use crate::decode::{Frame, Outline, OutlineState, Reader, Region, StillResult};

/// A held frame. Dropping it stops the reading after the pass in hand, and lets its result fall.
pub struct Held {
    frame: Arc<Frame>,
    /// What is being read, or was read last.
    look: Look,
    /// What the screen shows: part, size of the viewfinder, number of outlines.
    shown: Option<(Region, (u32, u32), usize)>,
}

struct Look {
    part: Region,
    seen: Arc<Mutex<Seen>>,
    found: Arc<AtomicBool>,
    cancel: Arc<AtomicBool>,
}

impl Drop for Look {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Release);
    }
}

impl Held {
    /// Holds a frame and begins to read its part.
    pub fn start(frame: Arc<Frame>, part: Region, mail: &Mail) -> Self {
        let look = Look::start(&frame, part, mail);
        Self { frame, look, shown: None }
    }

    /// Shows the part, when anything about it is new; where nothing was found yet, another part is read anew.
    pub fn show(&mut self, part: Region, size: (u32, u32), mail: &Mail) {
        if part != self.look.part && !self.look.found.load(Ordering::Acquire) {
            self.look = Look::start(&self.frame, part, mail);
        }
        let seen = locked(&self.look.seen).clone();
        let now = Some((part, size, seen.outlines.len()));
        if self.shown == now {
            return;
        }
        self.shown = now;
        let mut view = self.frame.view_of(part, size.0, size.1);
        if seen.part == part {
            outlines::draw(&mut view, &seen.outlines, part.width, part.height);
        }
        mail.show(view);
    }
}

impl Look {
    fn start(frame: &Arc<Frame>, part: Region, mail: &Mail) -> Self {
        let look = Self { part, seen: Arc::default(), found: Arc::default(), cancel: Arc::default() };
        let (seen, found, cancel) = (Arc::clone(&look.seen), Arc::clone(&look.found), Arc::clone(&look.cancel));
        let (frame, mail) = (Arc::clone(frame), mail.clone());
        mail.send(Letter::Still(Still::Reading));
        let told = mail.clone();
        let body = move || {
            let wanted = || !cancel.load(Ordering::Acquire);
            let result = Reader::default().still_while(&frame.cut(part), &wanted);
            if cancel.load(Ordering::Acquire) {
                return;
            }
            let accepted_at = Instant::now();
            *locked(&seen) = Seen { part, outlines: outlines_of(&result) };
            let read = result.accepted.len();
            found.store(read > 0, Ordering::Release);
            if read > 0 {
                let photo = Arc::new(frame.view(PHOTO_WIDTH_MAX, PHOTO_WIDTH_MAX));
                mail.send(Letter::Accepted(result.accepted, photo, accepted_at));
            }
            mail.send(Letter::Still(Still::Done { read, unread: result.unread.len() }));
        };
        if thread::Builder::new().name("still".into()).spawn(body).is_err() {
            told.send(Letter::Still(Still::Done { read: 0, unread: 0 }));
        }
        look
    }
}

fn outlines_of(result: &StillResult) -> Vec<Outline> {
    let accepted = result.accepted.iter().map(|a| (a.quad, OutlineState::Accepted, a.text.clone()));
    let unread = result.unread.iter().map(|quad| (*quad, OutlineState::Reading, String::new()));
    accepted.chain(unread).map(|(quad, state, text)| Outline { quad, state, text }).collect()
}
