//! Places of a stream at which a code seems to be and was not read yet: what an engine saw a pattern of, what was read and
//! is not settled, and what has the edges of a code. They outlive frames, so that each frame tries something else.

use super::frame::Luma;
use super::place;
use super::propose::Proposal;
use super::slant;
use super::warp::Shape;
use crate::domain::Quad;

/// A spot that was not seen for so many frames is forgotten.
const KEPT_FRAMES: u64 = 8;
/// Edges are looked for in every third frame at least.
const FRESH_FRAMES: u64 = 5;
/// A slant is measured again after so many frames.
const STRAIGHT_FRAMES: u64 = 5;
/// More are not looked after at once.
const SPOTS_MAX: usize = 24;

/// Why a spot is looked at, the better reasons last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// It has edges as codes have them.
    Edges,
    /// An engine found a code's pattern there, and no text.
    Pattern,
    /// A text was read there that is not settled.
    Text,
}

/// A place that is worth rescue passes.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub quad: Quad,
    /// The box as its edges lie, when they were seen.
    pub shape: Option<Proposal>,
    pub reason: Reason,
    /// Whether it showed the finder patterns of a QR code and no text.
    pub qr_pattern: bool,
    /// The frame in which its slant was measured.
    straight_round: u64,
    /// The frame in which it was last proposed: each spot is at most one proposal of a frame.
    proposed_round: u64,
    /// Strength of its edges beside the strongest in the frame, from 0 to 1.
    pub strength: f32,
    /// Which look comes next.
    pub tries: usize,
    /// What the looks at it should have cost, in plain passes over the whole frame.
    pub spent: f32,
    /// The look that read something here: it is tried first.
    pub lucky: Option<usize>,
    /// What was done with frames laid over each other.
    pub stacked: Stacked,
    seen_round: u64,
    since_round: u64,
}

/// Memory of the stacks of one spot.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stacked {
    /// The frame of the last one.
    pub round: u64,
    /// Earlier frames are not taken any more: what was read in them counts once.
    pub fresh_round: u64,
    /// How many there were.
    pub count: usize,
    /// Which look comes next.
    pub tries: usize,
}

impl Spot {
    /// The box to look at.
    pub fn upright(&self) -> Proposal {
        self.shape.unwrap_or_else(|| place::upright(&self.quad))
    }

    /// Whether its slant is unknown, or was measured long ago.
    pub fn is_askew(&self, round: u64) -> bool {
        self.straight_round == 0 || self.straight_round + STRAIGHT_FRAMES <= round
    }

    /// Measures its slant.
    pub fn straighten(&mut self, luma: Luma<'_>, round: u64) {
        self.straight_round = round;
        let flat = Proposal { shape: Shape::default(), ..self.upright() };
        self.shape = Some(slant::straightened(luma, &flat));
    }

    /// How much work it deserves beside the others: by its reason, the strength of its edges, and how near to the middle
    /// of the frame it is, where a person points.
    pub fn worth(&self, width: u32, height: u32) -> f32 {
        let reason = match self.reason {
            Reason::Edges => 1.0,
            Reason::Pattern => 2.0,
            Reason::Text => 8.0,
        };
        let [x, y] = place::centre(&self.quad);
        let (across, down) = (width as f32 / 2.0, height as f32 / 2.0);
        let off = ((x - across) / across).hypot((y - down) / down).min(1.5);
        reason * (0.2 + self.strength) * (1.5 - 0.6 * off)
    }

    /// Whether it was seen in one of the last frames.
    pub fn is_fresh(&self, round: u64) -> bool {
        self.seen_round + FRESH_FRAMES > round
    }

    /// For how many frames it has been known.
    pub fn age_frames(&self, round: u64) -> u64 {
        round.saturating_sub(self.since_round)
    }
}

/// All spots of a stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Spots {
    pub all: Vec<Spot>,
}

impl Spots {
    /// An engine saw something at a place.
    pub fn saw(&mut self, quad: Quad, reason: Reason, qr_pattern: bool, round: u64) {
        let mut known = false;
        for spot in self.all.iter_mut().filter(|s| place::overlap(&s.quad, &quad)) {
            known = true;
            spot.reason = spot.reason.max(reason);
            spot.qr_pattern |= qr_pattern;
            spot.seen_round = round;
            if spot.shape.is_none() {
                spot.quad = quad;
            }
        }
        if !known {
            self.add(quad, None, reason, round).qr_pattern = qr_pattern;
        }
    }

    /// The frame has edges like a code's at these places, the strongest first.
    pub fn propose(&mut self, proposals: &[Proposal], round: u64) {
        let most = proposals.iter().map(|p| p.weight()).fold(1.0, f32::max);
        for proposal in proposals {
            let quad = proposal.quad();
            let size = place::size(&quad);
            let fits = |s: &&mut Spot| {
                let was = place::size(&s.quad).max(1.0);
                let same =
                    s.shape.is_some_and(|shape| shape.kind == proposal.kind) && (0.6..1.6).contains(&(size / was));
                s.proposed_round != round
                    && (same || s.shape.is_none())
                    && place::distance(&s.quad, &quad) <= 0.35 * size.max(was)
            };
            let known = self
                .all
                .iter_mut()
                .filter(fits)
                .min_by(|a, b| place::distance(&a.quad, &quad).total_cmp(&place::distance(&b.quad, &quad)));
            let spot = match known {
                Some(spot) => spot,
                None => self.add(quad, Some(*proposal), Reason::Edges, round),
            };
            // Its slant changes slowly.
            let shape = spot.shape.map_or(proposal.shape, |was| was.shape);
            (spot.quad, spot.seen_round, spot.proposed_round) = (quad, round, round);
            spot.shape = Some(Proposal { shape, ..*proposal });
            spot.strength = proposal.weight() / most;
        }
    }

    /// Codes were found at these places in frames laid over each other; each is followed as a spot.
    pub fn found(&mut self, places: &[Proposal], round: u64) {
        for place in places {
            let quad = place.quad();
            let size = place::size(&quad);
            let same = |s: &&mut Spot| {
                let alike = s.shape.is_some_and(|shape| shape.kind == place.kind);
                alike
                    && place::distance(&s.quad, &quad) <= 0.25 * size
                    && (0.75..1.34).contains(&(place::size(&s.quad) / size))
            };
            match self.all.iter_mut().find(same) {
                Some(spot) => (spot.quad, spot.shape, spot.seen_round) = (quad, Some(*place), round),
                None => self.add(quad, Some(*place), Reason::Edges, round).straight_round = round,
            }
        }
    }

    fn add(&mut self, quad: Quad, shape: Option<Proposal>, reason: Reason, round: u64) -> &mut Spot {
        if self.all.len() >= SPOTS_MAX
            && let Some(least) = (0..self.all.len()).min_by_key(|&i| (self.all[i].seen_round, self.all[i].reason))
        {
            self.all.swap_remove(least);
        }
        let at = self.all.len();
        let (seen_round, since_round) = (round, round);
        self.all.push(Spot {
            quad,
            shape,
            reason,
            qr_pattern: false,
            strength: 0.5,
            straight_round: 0,
            proposed_round: 0,
            tries: 0,
            spent: 0.0,
            lucky: None,
            stacked: Stacked::default(),
            seen_round,
            since_round,
        });
        &mut self.all[at]
    }

    pub fn forget(&mut self, round: u64) {
        self.all.retain(|s| s.seen_round + KEPT_FRAMES > round);
    }
}

#[cfg(test)]
mod tests {
    use super::super::propose::Kind;
    use super::*;

    fn at(x: f32, y: f32, half: f32) -> Proposal {
        let shape = Shape::default();
        Proposal { kind: Kind::Grid, centre: [x, y], angle: 0.1, half: [half; 2], shape, strength: 50.0 }
    }

    #[test]
    fn a_place_is_known_again_and_keeps_its_tries() {
        let mut spots = Spots::default();
        spots.propose(&[at(200.0, 200.0, 60.0)], 1);
        spots.all[0].tries = 5;
        spots.propose(&[at(212.0, 195.0, 66.0), at(600.0, 300.0, 50.0)], 2);
        assert_eq!(spots.all.iter().map(|s| s.tries).collect::<Vec<_>>(), [5, 0]);
        assert_eq!(place::centre(&spots.all[0].quad), [212.0, 195.0]);
    }

    #[test]
    fn a_pattern_makes_the_spots_under_it_worth_more() {
        let mut spots = Spots::default();
        spots.propose(&[at(200.0, 200.0, 60.0), at(600.0, 300.0, 60.0)], 1);
        let before = spots.all[0].worth(1280, 720);
        spots.saw([[150, 150], [250, 150], [250, 250], [150, 250]], Reason::Pattern, true, 1);
        assert!(spots.all[0].worth(1280, 720) > before && spots.all[0].qr_pattern && spots.all.len() == 2);
        spots.saw([[900, 600], [990, 600], [990, 690], [900, 690]], Reason::Text, false, 1);
        assert_eq!(spots.all.len(), 3, "a place of its own where nothing was proposed");
    }

    #[test]
    fn what_is_not_seen_again_is_forgotten_and_there_are_never_too_many() {
        let mut spots = Spots::default();
        for i in 0..60 {
            spots.propose(&[at(40.0 * i as f32, 100.0, 12.0)], 1);
        }
        assert_eq!(spots.all.len(), SPOTS_MAX);
        spots.propose(&[at(2000.0, 1000.0, 12.0)], 2);
        spots.forget(1 + KEPT_FRAMES);
        assert_eq!(spots.all.len(), 1);
    }
}
