//! A stream of frames: one symbol seen in sixty frames is one sighting.

use super::board::{Accepted, Board};
use super::budget::Stopwatch;
use super::frame::Frame;
use super::place;
use super::schedule::{Schedule, Work};
use super::still::ReaderOptions;
use crate::domain::{Quad, Symbology};

/// After so long without a read a symbol counts as gone, and its next read as a new sighting.
const GONE_MS: u64 = 3_000;
/// An outline stays so long after the last read, so that it does not flicker.
const OUTLINE_MS: u64 = 250;
/// What looking at one frame may take where the caller says nothing: ten frames a second on the slowest tablet. Faster
/// machines need less, since no frame gets more than its part of a plain pass.
pub const FRAME_BUDGET_MS: u32 = 100;
/// Threads that look at one frame at once, where the caller says nothing; more would have nothing to do.
const THREADS: usize = 2;

/// How far a symbol has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutlineState {
    /// Seen, not yet believed.
    Reading,
    /// Accepted.
    Accepted,
}

/// A symbol's outline for the viewfinder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Corners in pixels of the frame.
    pub quad: Quad,
    /// How far it has come.
    pub state: OutlineState,
    /// The raw text; of a symbol that is not accepted yet what was read last, empty while only its pattern was found.
    pub text: String,
}

/// What one frame brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveResult {
    /// New sightings only.
    pub accepted: Vec<Accepted>,
    /// Everything that is in sight.
    pub outlines: Vec<Outline>,
}

/// Reads a stream. Clones are cheap, and continue from the same memory.
#[derive(Debug, Clone)]
pub struct LiveReader {
    options: ReaderOptions,
    board: Board,
    schedule: Schedule,
    /// Frames that were fed; the rounds of the vote.
    round: u64,
    last_ms: u64,
}

impl Default for LiveReader {
    fn default() -> Self {
        Self::new(ReaderOptions::default())
    }
}

impl LiveReader {
    /// A reader of the given symbologies.
    pub fn new(options: ReaderOptions) -> Self {
        let schedule = Schedule::new(FRAME_BUDGET_MS, THREADS);
        Self { options, board: Board::default(), schedule, round: 0, last_ms: 0 }
    }

    /// The same reader with another limit to what looking at one frame may take, in milliseconds.
    pub fn within(mut self, frame_budget_ms: u32) -> Self {
        self.schedule = Schedule::new(frame_budget_ms, self.schedule.threads);
        self
    }

    /// The same reader for a machine with so many cores. [`Self::feed`] gives the same answers on any;
    /// [`Self::feed_timed`] looks less far on a single one.
    pub fn on_cores(mut self, cores: usize) -> Self {
        self.schedule.threads = cores.min(THREADS);
        self
    }

    /// Looks at the next frame, as far as its budget goes when every look costs what it is expected to cost.
    pub fn feed(&mut self, frame: &Frame) -> LiveResult {
        self.look(frame, None)
    }

    /// Looks at the next frame, and learns what each look costs on this machine. `watch` gives the time since any fixed
    /// moment.
    pub fn feed_timed(&mut self, frame: &Frame, watch: Stopwatch<'_>) -> LiveResult {
        self.look(frame, Some(watch))
    }

    fn look(&mut self, frame: &Frame, watch: Option<Stopwatch<'_>>) -> LiveResult {
        if frame.at_ms < self.last_ms {
            // The stream began again.
            self.board = Board::default();
            self.schedule.begin_again();
            self.round = 0;
        }
        self.round += 1;
        self.last_ms = frame.at_ms;
        self.board.forget(self.last_ms.saturating_sub(GONE_MS), self.round);
        let mut work = Work {
            luma: frame.luma(),
            symbologies: &self.options.symbologies,
            board: &mut self.board,
            round: self.round,
            at_ms: self.last_ms,
            frame: frame.index,
            watch,
            broken: Vec::new(),
            accepted: Vec::new(),
        };
        self.schedule.run(&mut work);
        let (accepted, broken) = (work.accepted, work.broken);
        let outlines = self.outlines(&broken);
        LiveResult { accepted, outlines }
    }

    fn outlines(&self, broken: &[(Symbology, Quad)]) -> Vec<Outline> {
        let fresh = self.board.candidates.iter().filter(|c| c.track.at_ms() + OUTLINE_MS >= self.last_ms);
        let mut outlines: Vec<Outline> = fresh
            .map(|c| {
                let state = if c.accepted { OutlineState::Accepted } else { OutlineState::Reading };
                Outline { quad: c.quad(), state, text: c.text().to_owned() }
            })
            .collect();
        for &(_, quad) in broken {
            if !outlines.iter().any(|o| place::overlap(&o.quad, &quad)) {
                outlines.push(Outline { quad, state: OutlineState::Reading, text: String::new() });
            }
        }
        outlines
    }
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::tests::{draw, frame};

    fn at(frame: Frame, index: u64) -> Frame {
        frame.at(index, index * 40)
    }

    #[test]
    fn sixty_frames_of_one_moving_symbol_are_one_sighting() {
        let qr = draw(BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", 4);
        let mut reader = LiveReader::default();
        let mut accepted = Vec::new();
        for i in 0..60u32 {
            let result = reader.feed(&at(frame(800, 600, &[(&qr, 20 + i * 8, 30 + i * 3)]), i.into()));
            assert_eq!(result.outlines.len(), 1, "frame {i}");
            accepted.extend(result.accepted);
        }
        assert_eq!(accepted.len(), 1);
        assert_eq!((accepted[0].frame, accepted[0].passes.as_slice()), (0, ["plain".to_owned()].as_slice()));
    }

    #[test]
    fn code_39_needs_a_second_frame() {
        let label = draw(BarcodeFormat::Code39, "SN-445566", 2);
        let mut reader = LiveReader::default();
        let first = reader.feed(&at(frame(800, 400, &[(&label, 50, 50)]), 0));
        assert_eq!(first.accepted, []);
        assert_eq!((first.outlines[0].state, first.outlines[0].text.as_str()), (OutlineState::Reading, "SN-445566"));
        let second = reader.feed(&at(frame(800, 400, &[(&label, 52, 51)]), 1));
        assert_eq!((second.accepted[0].text.as_str(), second.accepted[0].frame), ("SN-445566", 1));
        assert_eq!(second.outlines[0].state, OutlineState::Accepted);
    }

    #[test]
    fn two_reads_six_frames_apart_do_not_add_up() {
        let label = draw(BarcodeFormat::Code39, "SN-445566", 2);
        let mut reader = LiveReader::default();
        for i in 0..20 {
            let scene = if i % 6 == 0 { frame(800, 400, &[(&label, 50, 50)]) } else { frame(800, 400, &[]) };
            assert_eq!(reader.feed(&at(scene, i)).accepted, [], "frame {i}");
        }
    }

    #[test]
    fn gone_for_seconds_is_a_new_sighting_and_a_blink_is_not() {
        let label = draw(BarcodeFormat::Code128, "W7654321", 2);
        for (away_ms, sightings) in [(1_000, 1), (GONE_MS + 1_000, 2)] {
            let mut reader = LiveReader::default();
            let mut count = 0;
            for (i, at_ms) in [0, 40, 80, 80 + away_ms, 120 + away_ms].into_iter().enumerate() {
                let scene = frame(600, 300, &[(&label, 50, 50)]).at(i as u64, at_ms);
                count += reader.feed(&scene).accepted.len();
            }
            assert_eq!(count, sightings, "away for {away_ms} ms");
        }
    }

    #[test]
    fn two_equal_labels_in_one_frame_are_two_sightings() {
        let label = draw(BarcodeFormat::Code128, "W7654321", 2);
        let mut reader = LiveReader::default();
        let mut count = 0;
        for i in 0..10 {
            let scene = frame(1000, 600, &[(&label, 20 + i, 20), (&label, 600, 400 + i)]);
            count += reader.feed(&at(scene, i.into())).accepted.len();
        }
        assert_eq!(count, 2);
    }

    #[test]
    fn a_stream_that_begins_again_is_looked_at_afresh() {
        let label = draw(BarcodeFormat::Code128, "W7654321", 2);
        let mut reader = LiveReader::default();
        let scene = |ms| frame(600, 300, &[(&label, 50, 50)]).at(0, ms);
        assert_eq!(reader.feed(&scene(5_000)).accepted.len(), 1);
        assert_eq!(reader.feed(&scene(0)).accepted.len(), 1);
    }
}
