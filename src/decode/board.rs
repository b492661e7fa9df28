//! The board on which votes are counted: one candidate for each text at each place.

use super::acceptance::{self, Source};
use super::engine::Read;
use super::passes::Pass;
use super::place;
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

#[derive(Debug, Clone, Copy)]
struct Vote {
    /// What must differ for two votes to count as two: the frame, or in a still the pass.
    round: u64,
    source: Source,
    pass: &'static str,
}

/// A text at a place, and who said so.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    read: Read,
    votes: Vec<Vote>,
    pub accepted: bool,
    /// When it was last read.
    pub last_ms: u64,
    last_round: u64,
}

impl Candidate {
    pub fn quad(&self) -> Quad {
        self.read.quad
    }

    pub fn symbology(&self) -> Symbology {
        self.read.symbology
    }

    pub fn seen_in(&self, round: u64) -> bool {
        self.last_round == round
    }

    /// The strongest source of each round within the window that ends with `round`.
    fn voices(&self, round: u64, window: u64) -> Vec<Source> {
        let mut voices: Vec<(u64, Source)> = Vec::new();
        for vote in self.votes.iter().filter(|v| v.round + window > round) {
            match voices.iter_mut().find(|(r, _)| *r == vote.round) {
                Some((_, source)) if vote.source == Source::Plain => *source = Source::Plain,
                Some(_) => {}
                None => voices.push((vote.round, vote.source)),
            }
        }
        voices.into_iter().map(|(_, source)| source).collect()
    }

    fn to_accepted(&self, frame: u64) -> Accepted {
        let mut passes: Vec<String> = Vec::new();
        for vote in &self.votes {
            if !passes.iter().any(|p| p == vote.pass) {
                passes.push(vote.pass.to_owned());
            }
        }
        let Read { symbology, identifier, text, bytes, quad, .. } = self.read.clone();
        Accepted { symbology, identifier, text, bytes, quad, passes, frame }
    }
}

/// All candidates of a still, or of the last seconds of a stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Board {
    pub candidates: Vec<Candidate>,
}

/// Name of a pass, whether its pixels count as plain, whether it enlarges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    pub pass: &'static str,
    pub source: Source,
    pub enlarges: bool,
}

impl Voice {
    pub const RQRR: Self = Self { pass: "rqrr", source: Source::Rescue, enlarges: false };

    pub fn of(pass: &Pass) -> Self {
        Self { pass: pass.name, source: pass.source(), enlarges: pass.enlarges() }
    }
}

impl Board {
    /// Counts one read as a vote; a text that cannot be what its symbology says is dropped.
    pub fn vote(&mut self, read: Read, voice: Voice, round: u64, at_ms: u64) {
        if read.broken || !acceptance::possible(read.symbology, &read.text, voice.enlarges) {
            return;
        }
        let vote = Vote { round, source: voice.source, pass: voice.pass };
        match self.home_of(&read, round) {
            Some(at) => {
                let candidate = &mut self.candidates[at];
                if candidate.last_round != round || voice.source == Source::Plain {
                    candidate.read.quad = read.quad;
                }
                // Only the engine that gives an identifier is believed about it.
                if candidate.read.identifier.is_empty() || voice.source == Source::Plain {
                    candidate.read.identifier = read.identifier;
                    candidate.read.bytes = read.bytes;
                }
                (candidate.last_ms, candidate.last_round) = (at_ms, round);
                candidate.votes.push(vote);
            }
            None => self.candidates.push(Candidate {
                read,
                votes: vec![vote],
                accepted: false,
                last_ms: at_ms,
                last_round: round,
            }),
        }
    }

    /// The candidate that a read belongs to: the same text at about the same place; or, where the camera has moved, the
    /// same text that nobody else claims in this round.
    fn home_of(&self, read: &Read, round: u64) -> Option<usize> {
        let same = |c: &&(usize, &Candidate)| c.1.read.symbology == read.symbology && c.1.read.text == read.text;
        let far = |c: &Candidate| place::distance(&c.read.quad, &read.quad);
        let all: Vec<(usize, &Candidate)> = self.candidates.iter().enumerate().collect();
        let near = all.iter().filter(same).min_by(|a, b| far(a.1).total_cmp(&far(b.1)))?;
        let beside = far(near.1) <= 0.6 * place::size(&read.quad).max(place::size(&near.1.read.quad));
        if beside {
            return Some(near.0);
        }
        all.iter().filter(same).find(|c| c.1.last_round != round).map(|c| c.0)
    }

    /// Whether a candidate has the votes it needs, against what is said otherwise at its place.
    fn settled(&self, at: usize, round: u64, window: u64) -> bool {
        let candidate = &self.candidates[at];
        let rival = self
            .candidates
            .iter()
            .filter(|c| (&c.read.text, c.read.symbology) != (&candidate.read.text, candidate.read.symbology))
            .filter(|c| place::overlap(&c.read.quad, &candidate.read.quad))
            .map(|c| c.voices(round, window).len())
            .max();
        acceptance::suffice(candidate.read.symbology, &candidate.voices(round, window), rival.unwrap_or(0))
    }

    /// Marks what has become acceptable and returns it. `frame` is written into the answer.
    pub fn accept(&mut self, round: u64, window: u64, frame: u64) -> Vec<Accepted> {
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

    /// Whether every candidate would be accepted now, and there is at least one.
    pub fn all_settled(&self, round: u64, window: u64) -> bool {
        !self.candidates.is_empty() && (0..self.candidates.len()).all(|i| self.settled(i, round, window))
    }

    /// Forgets candidates that were not read since `since_ms`, and votes that no window will reach again.
    pub fn forget(&mut self, since_ms: u64, round: u64, window: u64) {
        self.candidates.retain(|c| c.last_ms >= since_ms);
        for candidate in &mut self.candidates {
            candidate.votes.retain(|v| v.round + window > round);
        }
    }
}
