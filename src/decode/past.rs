//! The last frames of a stream, kept for laying them over each other.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frame::Luma;
use super::pixels::Grey;

/// So many frames are kept.
pub(super) const KEPT_FRAMES: usize = 7;
/// Of frames with more pixels nothing is kept: what is gained for their small codes is not worth their memory.
const PIXELS_MAX: u64 = 2_200_000;
/// Frames further back show another pose of the hand.
const OLDEST_ROUNDS: u64 = 12;

/// One frame of the past.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub round: u64,
    pixels: Arc<Grey>,
}

impl Kept {
    pub fn luma(&self) -> Luma<'_> {
        self.pixels.view()
    }
}

/// The last frames, all of one size.
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    frames: VecDeque<Kept>,
}

impl Past {
    /// The frames before this one, the newest first, when they have its size.
    pub fn before(&self, luma: Luma<'_>, round: u64) -> impl Iterator<Item = &Kept> {
        let same = move |k: &&Kept| {
            let was = k.luma();
            k.round < round && k.round + OLDEST_ROUNDS > round && (was.width, was.height) == (luma.width, luma.height)
        };
        self.frames.iter().rev().filter(same)
    }

    /// Keeps a frame, and lets the oldest go.
    pub fn keep(&mut self, luma: Luma<'_>, round: u64) {
        if u64::from(luma.width) * u64::from(luma.height) > PIXELS_MAX {
            self.frames.clear();
            return;
        }
        let free = if self.frames.len() >= KEPT_FRAMES { self.frames.pop_front() } else { None };
        let mut pixels = free.and_then(|k| Arc::try_unwrap(k.pixels).ok()).unwrap_or_default();
        pixels.data.clear();
        (0..luma.height).for_each(|y| pixels.data.extend_from_slice(luma.row(y)));
        (pixels.width, pixels.height) = (luma.width, luma.height);
        self.frames.push_back(Kept { round, pixels: Arc::new(pixels) });
    }

    pub fn clear(&mut self) {
        self.frames.clear();
    }
}
