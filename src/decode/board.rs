//! The board on which looks are counted: one candidate for each text at each place.

use super::acceptance::{self, Source};
use super::engine::Read;
use super::passes::Pass;
use super::place;
use super::track::Track;
use crate::domain::{Quad, Symbology};

/// A symbol that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Accepted {
    /// Its family.
    pub symbology: Symbology,
    /// ISO/IEC 15424 identifier (`]C1`, `]d2`, `]Q3`: GS1 detection rests on it); empty when the engine did not say.
    pub identifier: String,
    /// The text, control characters as they are.
    pub text: String,
    /// The content before any character set was applied.
    pub bytes: Vec<u8>,
    /// Corners in pixels of the frame, from the symbol's own top left, clockwise.
    pub quad: Quad,
    /// The passes that agreed, in the order in which they did.
    pub passes: Vec<String>,
    /// Index of the frame that settled it; 0 for a still.
    pub frame: u64,
}

/// How far back looks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// As many frames as the table says for the symbology.
    Frames,
    /// All of them: a still has one frame, and its passes stand for frames.
    Everything,
}

impl Window {
    fn holds(self, symbology: Symbology, then: u64, now: u64) -> bool {
        self == Self::Everything || then + acceptance::window_frames(symbology) > now
    }
}

#[derive(Debug, Clone, Copy)]
struct Vote {
    /// What must differ for two looks to count as two: the frame, or in a still the pass.
    round: u64,
    /// The first round of which pixels were seen; an earlier one where frames were laid over each other.
    since: u64,
    source: Source,
    pass: &'static str,
}

/// A text at a place, and who said so.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    read: Read,
    votes: Vec<Vote>,
    /// The last round in which another text was read here.
    disputed: Option<u64>,
    pub accepted: bool,
    pub track: Track,
    last_round: u64,
}

impl Candidate {
    pub fn quad(&self) -> Quad {
        self.track.quad()
    }

    pub fn text(&self) -> &str {
        &self.read.text
    }

    /// Whether a plain pass was the last to read it.
    pub fn is_plainly_read(&self) -> bool {
        self.votes.last().is_some_and(|v| v.source == Source::Plain)
    }

    fn says_the_same(&self, read: &Read) -> bool {
        self.read.symbology == read.symbology && self.read.text == read.text
    }

    /// Looks within the window that ends with `round`, as many as share no frame: a look at frames laid over each other tells
    /// nothing new where one of them was read alone, or lies under another such look. Of looks in one round the strongest
    /// source counts.
    fn looks(&self, round: u64, window: Window) -> Vec<Source> {
        let mut looks: Vec<(u64, Source)> = Vec::new();
        for vote in self.votes.iter().filter(|v| window.holds(self.read.symbology, v.round, round)) {
            match looks.last_mut() {
                Some((last, source)) if vote.since <= *last => {
                    if vote.source == Source::Plain {
                        *source = Source::Plain;
                    }
                }
                _ => looks.push((vote.round, vote.source)),
            }
        }
        looks.into_iter().map(|(_, source)| source).collect()
    }

    fn is_disputed(&self, round: u64, window: Window) -> bool {
        self.disputed.is_some_and(|then| window.holds(self.read.symbology, then, round))
    }

    fn dispute(&mut self, round: u64, lose_looks: bool) {
        self.disputed = Some(round);
        if lose_looks {
            self.votes.clear();
        }
    }

    fn to_accepted(&self, frame: u64) -> Accepted {
        let mut passes: Vec<String> = Vec::new();
        for vote in &self.votes {
            if !passes.iter().any(|p| p == vote.pass) {
                passes.push(vote.pass.to_owned());
            }
        }
        let Read { symbology, identifier, text, bytes, .. } = self.read.clone();
        Accepted { symbology, identifier, text, bytes, quad: self.quad(), passes, frame }
    }
}

/// All candidates of a still, or of the last seconds of a stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Board {
    pub candidates: Vec<Candidate>,
}

/// Name of a pass, and whether its pixels count as plain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    pub pass: &'static str,
    pub source: Source,
    /// So many frames before the newest lie under its pixels.
    pub over: u64,
}

impl Voice {
    pub const RQRR: Self = Self { pass: "rqrr", source: Source::Rescue, over: 0 };

    pub fn of(pass: &Pass) -> Self {
        Self { pass: pass.name, source: pass.source(), over: 0 }
    }
}

impl Board {
    /// Counts one read as a look; a text that cannot be what its symbology says is dropped.
    pub fn vote(&mut self, read: Read, voice: Voice, round: u64, at_ms: u64, window: Window) {
        if acceptance::possible(read.symbology, &read.text, voice.source) {
            self.count(read, voice, round, at_ms, window);
        }
    }

    /// Counts one read of a label whose ends were examined (`ends.rs`), which stands in for length and check digit.
    pub fn vote_whole(&mut self, read: Read, voice: Voice, round: u64, window: Window) {
        if acceptance::possible_when_whole(read.symbology, &read.text) {
            self.count(read, voice, round, 0, window);
        }
    }

    fn count(&mut self, read: Read, voice: Voice, round: u64, at_ms: u64, window: Window) {
        if read.broken {
            return;
        }
        let since = round.saturating_sub(voice.over);
        let vote = Vote { round, since, source: voice.source, pass: voice.pass };
        let at = self.home_of(&read, round, at_ms).unwrap_or_else(|| {
            self.candidates.push(Candidate {
                track: Track::new(read.quad, at_ms),
                read: read.clone(),
                votes: Vec::new(),
                disputed: None,
                accepted: false,
                last_round: 0,
            });
            self.candidates.len() - 1
        });
        let candidate = &mut self.candidates[at];
        if candidate.last_round != round || voice.source == Source::Plain {
            candidate.track.saw(read.quad, at_ms);
        }
        // Only the engine that gives an identifier is believed about it.
        if candidate.read.identifier.is_empty() || voice.source == Source::Plain {
            candidate.read.identifier = read.identifier;
            candidate.read.bytes = read.bytes;
        }
        candidate.last_round = round;
        candidate.votes.push(vote);
        self.settle_disputes(at, round, window);
    }

    /// Looks at one place that disagree take each other away; only a plain look stands against a rescue pass.
    fn settle_disputes(&mut self, at: usize, round: u64, window: Window) {
        let (new, quad) = (self.candidates[at].read.clone(), self.candidates[at].quad());
        let strong = |looks: &[Source]| looks.contains(&Source::Plain);
        for other in (0..self.candidates.len()).filter(|&i| i != at) {
            let rival = &self.candidates[other];
            let theirs = rival.looks(round, window);
            if theirs.is_empty() || rival.says_the_same(&new) || !place::overlap(&rival.quad(), &quad) {
                continue;
            }
            let ours = self.candidates[at].looks(round, window);
            let (we, they) = (strong(&ours), strong(&theirs));
            self.candidates[other].dispute(round, we || !they);
            self.candidates[at].dispute(round, they || !we);
        }
    }

    /// The candidate that a read belongs to: the same text at about the place where it should be by now; or, where the
    /// camera has moved, the same text that nobody else claims in this round.
    fn home_of(&self, read: &Read, round: u64, at_ms: u64) -> Option<usize> {
        let same: Vec<(usize, &Candidate)> =
            self.candidates.iter().enumerate().filter(|(_, c)| c.says_the_same(read)).collect();
        let far =
            |c: &Candidate| place::distance(&c.track.at(at_ms), &read.quad).min(place::distance(&c.quad(), &read.quad));
        let near = same.iter().min_by(|a, b| far(a.1).total_cmp(&far(b.1)))?;
        if far(near.1) <= 0.6 * place::size(&read.quad).max(place::size(&near.1.quad())) {
            return Some(near.0);
        }
        same.iter().find(|c| c.1.last_round != round).map(|c| c.0)
    }

    /// Whether a candidate has the looks it needs.
    fn settled(&self, at: usize, round: u64, window: Window) -> bool {
        let candidate = &self.candidates[at];
        let disputed = candidate.is_disputed(round, window);
        acceptance::suffice(candidate.read.symbology, &candidate.looks(round, window), disputed)
    }

    /// Marks what has become acceptable and returns it. `frame` is written into the answer.
    pub fn accept(&mut self, round: u64, window: Window, frame: u64) -> Vec<Accepted> {
        let new: Vec<usize> = (0..self.candidates.len())
            .filter(|&i| !self.candidates[i].accepted && self.settled(i, round, window))
            .collect();
        new.into_iter()
            .map(|i| {
                self.candidates[i].accepted = true;
                self.candidates[i].to_accepted(frame)
            })
            .collect()
    }

    /// Whether a candidate that would be accepted now lies over a place.
    pub fn is_settled_at(&self, quad: &Quad, round: u64, window: Window) -> bool {
        (0..self.candidates.len())
            .any(|i| place::overlap(&self.candidates[i].quad(), quad) && self.settled(i, round, window))
    }

    /// Whether this text was accepted at this place.
    pub fn has_accepted(&self, read: &Read) -> bool {
        self.candidates.iter().any(|c| c.accepted && c.says_the_same(read) && place::overlap(&c.quad(), &read.quad))
    }

    /// Whether every candidate would be accepted now, and there is at least one.
    pub fn all_settled(&self, round: u64, window: Window) -> bool {
        !self.candidates.is_empty() && (0..self.candidates.len()).all(|i| self.settled(i, round, window))
    }

    /// Forgets candidates that were not read since `since_ms`, and looks that no window will reach again.
    pub fn forget(&mut self, since_ms: u64, round: u64) {
        self.candidates.retain(|c| c.track.at_ms() >= since_ms);
        for candidate in &mut self.candidates {
            candidate.votes.retain(|v| v.round + acceptance::WINDOW_FRAMES_MAX > round);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Quad = [[100, 100], [200, 100], [200, 160], [100, 160]];
    const THERE: Quad = [[400, 100], [500, 100], [500, 160], [400, 160]];
    const PLAIN: Voice = Voice { pass: "plain", source: Source::Plain, over: 0 };
    const RESCUE: Voice = Voice { pass: "blur", source: Source::Rescue, over: 0 };

    fn read(symbology: Symbology, text: &str, quad: Quad) -> Read {
        Read { symbology, identifier: String::new(), text: text.into(), bytes: text.into(), quad, broken: false }
    }

    /// One letter a frame: upper case for a plain look, lower case for one of a rescue pass, `.` for none. What is
    /// accepted, and in which frame.
    fn accepted(symbology: Symbology, looks: &str) -> Vec<(String, usize)> {
        let mut board = Board::default();
        let mut all = Vec::new();
        for (i, letter) in looks.chars().enumerate() {
            let round = i as u64 + 1;
            if letter != '.' {
                let voice = if letter.is_uppercase() { PLAIN } else { RESCUE };
                let text = format!("{}1234", letter.to_ascii_uppercase());
                board.vote(read(symbology, &text, HERE), voice, round, round * 33, Window::Frames);
            }
            all.extend(board.accept(round, Window::Frames, round).into_iter().map(|a| (a.text, i)));
            board.forget(0, round);
        }
        all
    }

    #[test]
    fn looks_that_disagree_about_one_place_begin_anew() {
        use Symbology::*;
        let table: &[(Symbology, &str, &[(&str, usize)])] = &[
            (Code39, "AA", &[("A1234", 1)]),
            (Code39, "A...A", &[("A1234", 4)]),
            (Code39, "A....A", &[]),
            (QrCode, "a.............a", &[("A1234", 14)]),
            (QrCode, "a..............a", &[]),
            // Taking turns settles nothing, however often.
            (Code39, "ABABABABABAB", &[]),
            (Code39, "AABB", &[("A1234", 1)]),
            (Code39, "ababababab", &[]),
            (QrCode, "abababab", &[]),
            // Behind a disagreement one look more is asked for, until it is forgotten.
            (Code39, "ABAA", &[]),
            (Code39, "ABAAA", &[("A1234", 4)]),
            (QrCode, "bAA", &[("A1234", 2)]),
            (Code39, "AB......AA", &[("A1234", 9)]),
            // What a rescue pass says does not undo a plain look, but makes it wait for one more.
            (Code39, "AbAA", &[("A1234", 3)]),
            (Code39, "AbA", &[]),
            (Code39, "AbBBB", &[]),
            (Code39, "AbBBBB", &[("B1234", 5)]),
        ];
        for (symbology, looks, want) in table {
            let want: Vec<_> = want.iter().map(|(t, i)| ((*t).to_owned(), *i)).collect();
            assert_eq!(accepted(*symbology, looks), want, "{symbology} {looks}");
        }
    }

    #[test]
    fn two_texts_in_one_frame_at_one_place_dispute_each_other_and_elsewhere_not() {
        for (quad, want) in [(HERE, 0), (THERE, 2)] {
            let mut board = Board::default();
            board.vote(read(Symbology::QrCode, "AB1234", HERE), PLAIN, 1, 0, Window::Frames);
            board.vote(read(Symbology::QrCode, "AB1235", quad), PLAIN, 1, 0, Window::Frames);
            assert_eq!(board.accept(1, Window::Frames, 0).len(), want);
        }
    }

    #[test]
    fn looks_at_frames_laid_over_each_other_count_once_for_the_frames_they_share() {
        let stack = |over| Voice { pass: "stacked", source: Source::Rescue, over };
        // Round, voice; then the round in which two looks settle a text.
        let table: [(&[(u64, Voice)], Option<u64>); 6] = [
            (&[(6, stack(5)), (9, stack(5)), (12, stack(5))], Some(12)),
            (&[(6, stack(5)), (10, stack(3))], Some(10)),
            (&[(6, stack(5)), (7, RESCUE)], Some(7)),
            (&[(4, RESCUE), (6, stack(5))], None),
            (&[(6, stack(5)), (6, stack(5)), (6, RESCUE)], None),
            (&[(6, stack(5)), (6, PLAIN)], Some(6)),
        ];
        for (looks, want) in table {
            let mut board = Board::default();
            let settled = looks.iter().find(|(round, voice)| {
                board.vote(read(Symbology::QrCode, "AB1234", HERE), *voice, *round, 0, Window::Frames);
                !board.accept(*round, Window::Frames, 0).is_empty()
            });
            assert_eq!(settled.map(|l| l.0), want, "{looks:?}");
        }
    }

    #[test]
    fn a_symbol_is_known_again_where_its_movement_has_brought_it() {
        let mut board = Board::default();
        for i in 0..6 {
            // Faster in one frame than it is wide: two equal labels would be two otherwise.
            let quad = HERE.map(|[x, y]| [x + 90 * i, y]);
            let round = i as u64 + 1;
            board.vote(read(Symbology::QrCode, "AB1234", quad), PLAIN, round, 33 * round, Window::Frames);
        }
        assert_eq!(board.candidates.len(), 1);
    }
}
