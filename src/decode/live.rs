//! A stream of frames: one symbol seen in sixty frames is one sighting.

use super::board::{Accepted, Board, Voice, Window};
use super::engine::Read;
use super::frame::{Frame, Luma};
use super::passes::{self, PLAIN, RESCUE};
use super::place;
use super::still::ReaderOptions;
use crate::domain::{Quad, Symbology};

/// After so long without a read a symbol counts as gone, and its next read as a new sighting.
const GONE_MS: u64 = 3_000;
/// An outline stays so long after the last read, so that it does not flicker.
const OUTLINE_MS: u64 = 250;
/// A place where something was seen is looked at again for so many frames.
const HINT_FRAMES: u64 = 10;
/// What rescue passes may add to a frame in which nothing is seen, as a part of the plain pass, on average.
const SPARE: f32 = 0.10;
/// A region is enlarged or turned only up to so many pixels; a whole 720p frame has 0.92 million.
const REGION_PIXELS_MAX: u64 = 500_000;

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

#[derive(Debug, Clone, Copy)]
struct Hint {
    quad: Quad,
    symbology: Symbology,
    until_frame: u64,
}

/// Reads a stream. Clones are cheap, and continue from the same memory.
#[derive(Debug, Clone, Default)]
pub struct LiveReader {
    options: ReaderOptions,
    board: Board,
    hints: Vec<Hint>,
    /// Frames that were fed; the rounds of the vote.
    round: u64,
    last_ms: u64,
    /// Which rescue pass and which hint come next.
    turn: usize,
    /// Saved up for a rescue pass over a whole frame, in plain passes.
    spare: f32,
}

impl LiveReader {
    /// A reader of the given symbologies.
    pub fn new(options: ReaderOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Looks at the next frame: one plain pass, and at most one rescue pass, which changes from frame to frame.
    pub fn feed(&mut self, frame: &Frame) -> LiveResult {
        self.round += 1;
        if frame.at_ms < self.last_ms {
            // The stream began again.
            self.board = Board::default();
            self.hints.clear();
        }
        self.last_ms = frame.at_ms;
        self.board.forget(self.last_ms.saturating_sub(GONE_MS), self.round);
        let luma = frame.luma();
        let mut broken = Vec::new();
        let plain = PLAIN.run(luma, &self.options.symbologies);
        self.count(plain, Voice::of(&PLAIN), &mut broken);
        let mut accepted = self.board.accept(self.round, Window::Frames, frame.index);
        self.note_hints(&broken);
        self.rescue(luma, &mut broken);
        accepted.extend(self.board.accept(self.round, Window::Frames, frame.index));
        let outlines = self.outlines(&broken);
        LiveResult { accepted, outlines }
    }

    fn count(&mut self, reads: Vec<Read>, voice: Voice, broken: &mut Vec<(Symbology, Quad)>) {
        for read in reads {
            if read.broken {
                broken.push((read.symbology, read.quad));
            } else {
                self.board.vote(read, voice, self.round, self.last_ms, Window::Frames);
            }
        }
    }

    /// Remembers where something was seen that is not accepted yet.
    fn note_hints(&mut self, broken: &[(Symbology, Quad)]) {
        let until_frame = self.round + HINT_FRAMES;
        let doubtful = self.board.candidates.iter().filter(|c| !c.accepted && c.seen_in(self.round));
        let seen: Vec<(Symbology, Quad)> =
            broken.iter().copied().chain(doubtful.map(|c| (c.symbology(), c.quad()))).collect();
        for (symbology, quad) in seen {
            self.hints.retain(|h| !place::overlap(&h.quad, &quad));
            self.hints.push(Hint { quad, symbology, until_frame });
        }
        let (round, board) = (self.round, &self.board);
        self.hints.retain(|h| {
            let explained = board.candidates.iter().any(|c| c.accepted && place::overlap(&c.quad(), &h.quad));
            h.until_frame >= round && !explained
        });
    }

    /// One rescue pass: on a place where something was seen, or else now and then on the whole frame.
    fn rescue(&mut self, luma: Luma<'_>, broken: &mut Vec<(Symbology, Quad)>) {
        self.spare = (self.spare + SPARE).min(5.0);
        if !self.hints.is_empty() {
            let hint = self.hints[self.turn % self.hints.len()];
            let region = place::region(&hint.quad, 0.25, luma.width, luma.height);
            self.turn += 1;
            // One turn in four asks rqrr where zxing-cpp saw a QR code that it cannot read.
            if hint.symbology == Symbology::QrCode && self.turn.is_multiple_of(4) {
                let reads = passes::second_opinion(luma, region);
                return self.count(reads, Voice::RQRR, broken);
            }
            let small = u64::from(region.width) * u64::from(region.height) <= REGION_PIXELS_MAX;
            let pass = &RESCUE[self.turn % RESCUE.len()];
            let pass = if small || pass.cost <= 1.2 { pass } else { &RESCUE[0] };
            let reads = pass.run_in(luma, region, &self.options.symbologies);
            return self.count(reads, Voice::of(pass), broken);
        }
        let pass = &RESCUE[self.turn % RESCUE.len()];
        if self.spare >= pass.cost {
            self.spare -= pass.cost;
            self.turn += 1;
            let reads = pass.run(luma, &self.options.symbologies);
            self.count(reads, Voice::of(pass), broken);
        }
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

    #[test]
    fn rescue_passes_over_whole_frames_stay_within_their_share() {
        let mut reader = LiveReader::default();
        let empty = frame(64, 64, &[]);
        let mut before = reader.turn;
        let (mut spent, mut busy) = (0.0, 0);
        for _ in 0..400 {
            reader.feed(&empty);
            if reader.turn != before {
                spent += RESCUE[before % RESCUE.len()].cost;
                busy += 1;
                before = reader.turn;
            }
        }
        assert!(spent <= 400.0 * SPARE && spent > 300.0 * SPARE, "{spent}");
        assert!(busy < 60, "{busy} of 400 frames had a rescue pass");
    }
}
