//! What the officer sets while pictures run: written by the thread that draws, read by those that take and read pictures.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::Source;
use crate::app::mail::locked;

/// The steps of the zoom in per cent.
pub const ZOOM_STEPS: [u32; 6] = [100, 150, 200, 250, 300, 400];

/// The knobs. Each stands alone, so that reading one never waits for another.
#[derive(Debug)]
pub struct Knobs {
    width: AtomicU32,
    height: AtomicU32,
    zoom_percent: AtomicU32,
    torch: AtomicBool,
    frozen: AtomicBool,
    source: Mutex<Option<Source>>,
    /// Grows with each choice of a source.
    choice: AtomicU64,
}

impl Knobs {
    /// Knobs at rest.
    pub fn new(source: Option<Source>) -> Self {
        Self {
            width: AtomicU32::new(0),
            height: AtomicU32::new(0),
            zoom_percent: AtomicU32::new(100),
            torch: AtomicBool::new(false),
            frozen: AtomicBool::new(false),
            source: Mutex::new(source),
            choice: AtomicU64::new(0),
        }
    }

    /// Takes a new size of the viewfinder, in pixels of the screen.
    pub fn set_size(&self, width: u32, height: u32) {
        self.width.store(width, Ordering::Relaxed);
        self.height.store(height, Ordering::Relaxed);
    }

    /// The size of the viewfinder in pixels of the screen, within reason.
    pub fn size(&self) -> (u32, u32) {
        (self.width.load(Ordering::Relaxed).clamp(1, 3_840), self.height.load(Ordering::Relaxed).clamp(1, 2_160))
    }

    /// The zoom's factor, 1 to 4.
    pub fn zoom(&self) -> f32 {
        self.zoom_percent.load(Ordering::Relaxed) as f32 / 100.0
    }

    /// Sets the zoom, and gives what it became.
    pub fn set_zoom(&self, factor: f32) -> f32 {
        let factor = if factor.is_finite() { factor } else { 1.0 };
        let percent = (factor * 100.0).clamp(ZOOM_STEPS[0] as f32, ZOOM_STEPS[ZOOM_STEPS.len() - 1] as f32);
        self.zoom_percent.store(percent as u32, Ordering::Relaxed);
        self.zoom()
    }

    /// One step in or out.
    pub fn step_zoom(&self, closer: bool) -> f32 {
        let now = self.zoom_percent.load(Ordering::Relaxed);
        let next = if closer {
            ZOOM_STEPS.into_iter().find(|step| *step > now)
        } else {
            ZOOM_STEPS.into_iter().rev().find(|step| *step < now)
        };
        self.set_zoom(next.unwrap_or(now) as f32 / 100.0)
    }

    /// Whether the lamp is wanted.
    pub fn torch(&self) -> bool {
        self.torch.load(Ordering::Relaxed)
    }

    /// Wants the lamp on or off.
    pub fn set_torch(&self, on: bool) {
        self.torch.store(on, Ordering::Relaxed);
    }

    /// Whether the picture stands still.
    pub fn frozen(&self) -> bool {
        self.frozen.load(Ordering::Acquire)
    }

    /// Stops the picture or lets it go on.
    pub fn set_frozen(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::Release);
    }

    /// Where pictures come from, and the number of that choice.
    pub fn source(&self) -> (Option<Source>, u64) {
        let source = locked(&self.source);
        (source.clone(), self.choice.load(Ordering::Acquire))
    }

    /// The number of the last choice.
    pub fn choice(&self) -> u64 {
        self.choice.load(Ordering::Acquire)
    }

    /// Chooses where pictures come from.
    pub fn choose(&self, source: Source) {
        let mut held = locked(&self.source);
        *held = Some(source);
        self.choice.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zoom_stays_within_its_steps() {
        let knobs = Knobs::new(None);
        assert_eq!((knobs.zoom(), knobs.step_zoom(false)), (1.0, 1.0));
        assert_eq!(knobs.step_zoom(true), 1.5);
        assert_eq!(knobs.set_zoom(1.7), 1.7, "pinched in between");
        assert_eq!(knobs.step_zoom(true), 2.0);
        for (asked, got) in [(9.0, 4.0), (0.1, 1.0), (f32::NAN, 1.0), (f32::INFINITY, 1.0)] {
            assert_eq!(knobs.set_zoom(asked), got, "{asked}");
        }
        for _ in 0..9 {
            knobs.step_zoom(true);
        }
        assert_eq!(knobs.zoom(), 4.0);
    }
}
