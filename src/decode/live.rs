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

    #[cfg(test)]
    pub(super) fn schedule(&self) -> &Schedule {
        &self.schedule
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

    /// The frame in which a text was accepted, of a scene that moves a little.
    fn accepted_in(frames: u32, mut scene: impl FnMut(u32) -> Frame, text: &str) -> Option<u64> {
        let mut reader = LiveReader::default();
        (0..frames).find_map(|i| {
            let accepted = reader.feed(&at(scene(i), i.into())).accepted;
            accepted.into_iter().find(|a| a.text == text).map(|a| a.frame)
        })
    }

    #[test]
    fn pdf417_that_no_plain_pass_reads_is_accepted_soon() {
        use crate::decode::passes::PLAIN;
        let text = "SERIAL:AB1234;CAL:5.56";
        let symbol = draw(BarcodeFormat::PDF417, text, 3);
        let inverted = crate::decode::pixels::invert(symbol.view());
        // Seen from the side: rows slope, and the far end is smaller.
        let slanted = |i: u32| {
            let mut data = vec![150u8; 800 * 600];
            for (y, row) in data.chunks_exact_mut(800).enumerate() {
                for (x, pixel) in row.iter_mut().enumerate() {
                    let (u, v) = ((x as f32 - 200.0) / 0.7, y as f32 - 100.0 - i as f32 - 0.5 * (x as f32 - 200.0));
                    if u >= 0.0 && v >= 0.0 && u < symbol.width as f32 && v < symbol.height as f32 {
                        *pixel = symbol.data[v as usize * symbol.width as usize + u as usize];
                    }
                }
            }
            Frame::new(crate::decode::Layout::Grey, 800, 600, data).unwrap()
        };
        let upside = |i: u32| frame(800, 600, &[(&inverted, 150, 200 + i)]);
        let turned = |i: u32| crate::decode::tests::turned(800, 600, &symbol, 35.0, 150, 120 + i);
        let scenes: [(&str, &dyn Fn(u32) -> Frame); 3] =
            [("slanted", &slanted), ("inverted", &upside), ("turned", &turned)];
        for (name, scene) in scenes {
            let plain = PLAIN.run(scene(0).luma(), &[Symbology::Pdf417]);
            assert!(plain.iter().all(|r| r.broken), "{name} is too easy");
            assert!(accepted_in(10, scene, text).is_some(), "{name}");
        }
    }

    #[test]
    fn small_modules_on_a_patterned_ground_are_accepted_soon() {
        let text = "https://reg.example/w/AK123456";
        let large = draw(BarcodeFormat::QRCodeModel2, text, 12);
        // Nine pixels become one: 1.33 pixels a module.
        let symbol = |shift: usize| {
            let [wide, high] = [large.width, large.height].map(|n| n as usize);
            let (width, height) = (wide / 9, high / 9);
            let mean = |x: usize, y: usize| {
                let column = |i: usize| (x * 9 + i + shift).min(wide - 1);
                let sum: u32 = (0..81).map(|i| u32::from(large.data[(y * 9 + i / 9) * wide + column(i % 9)])).sum();
                (sum / 81) as u8
            };
            let data = (0..width * height).map(|i| mean(i % width, i / width)).collect();
            crate::decode::pixels::Grey { data, width: width as u32, height: height as u32 }
        };
        let scene = |i: u32| {
            let ground: Vec<u8> = (0..800u32 * 600)
                .map(|p| {
                    let wave = |at: u32| (at as f32 * 0.9).sin() * 12.0;
                    (110.0 + wave(p % 800) + wave(p / 800)) as u8
                })
                .collect();
            let ground = crate::decode::pixels::Grey { data: ground, width: 800, height: 600 };
            frame(800, 600, &[(&ground, 0, 0), (&symbol(i as usize % 9), 380 + i, 280)])
        };
        assert!(
            crate::decode::passes::PLAIN.run(scene(0).luma(), &[Symbology::QrCode]).iter().all(|r| r.broken),
            "too easy"
        );
        assert!(accepted_in(12, scene, text).is_some());
    }

    #[test]
    fn a_code_that_noise_hides_in_each_frame_is_accepted() {
        let text = "https://reg.example/w/AK123456";
        let qr = draw(BarcodeFormat::QRCodeModel2, text, 3);
        let scene = |i: u32| crate::decode::tests::dark(frame(640, 480, &[(&qr, 250 + 2 * i, 170 + i % 3)]), 6.5, i);
        let mut reader = LiveReader::default();
        let accepted: Vec<Accepted> = (0..20).flat_map(|i| reader.feed(&at(scene(i), i.into())).accepted).collect();
        assert_eq!(accepted.iter().map(|a| a.text.as_str()).collect::<Vec<_>>(), [text]);
        assert!(accepted[0].passes.iter().all(|p| p.starts_with("stacked")), "{:?}", accepted[0].passes);
    }

    #[test]
    fn sizes_that_change_and_cuts_of_scene_are_survived() {
        let qr = draw(BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", 2);
        let mut reader = LiveReader::default();
        for i in 0..24u32 {
            let (w, h) = [(320, 240), (321, 243), (64, 700), (320, 240)][(i as usize / 6) % 4];
            let scene = frame(w, h, &[(&qr, (i * 7) % w.saturating_sub(qr.width).max(1), 3 * i)]);
            reader.feed(&at(crate::decode::tests::dark(scene, 5.0, i), i.into()));
        }
    }

    #[test]
    fn another_label_where_one_stood_is_not_taken_for_it() {
        let first = draw(BarcodeFormat::Code128, "W7654321", 2);
        let second = draw(BarcodeFormat::PDF417, "SERIAL:AB1234;CAL:5.56", 2);
        let scene = |i: u32| match i {
            0..6 => frame(800, 600, &[(&first, 200, 250 + i)]),
            _ => crate::decode::tests::turned(800, 600, &second, 30.0, 150, 130),
        };
        let found = accepted_in(20, scene, "SERIAL:AB1234;CAL:5.56");
        assert!(found.is_some_and(|f| f <= 6 + 9), "{found:?}");
    }
}
