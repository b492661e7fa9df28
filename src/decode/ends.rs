//! Whether a linear code was seen whole: its bars from end to end, and what lies beyond its two ends.
//!
//! Each look at the rest of a torn, covered or smeared label says the same, so that no number of looks helps. What tells is
//! the picture. The bars of a text are drawn anew and laid over it (`overlay.rs`): they must agree everywhere. And a
//! whole label keeps a quiet zone on both sides, cut alike; where bars are gone, the paper goes on much further on that
//! side, or more bars follow, or what looks like paper is the grey of smeared bars. What of this a symbology is asked for
//! stands in the table of `acceptance.rs`.

use super::acceptance::{self, Source};
use super::elements;
use super::engine::Read;
use super::frame::Luma;
use super::overlay::{self, Fit};
use super::place;
use super::rows::Rows;

/// What a symbology is asked for, from the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Nothing: a check within the symbol says whether all of it was read.
    Any,
    /// Bars that agree with the text. For what has a fixed length and guards at both ends and in the middle: nothing longer
    /// holds it.
    Bars,
    /// Besides, no more bars or smears where the quiet zone should be. For what begins and ends in
    /// a way that the middle of a label does not.
    Uncut,
    /// Besides, a quiet zone on both sides, cut alike: what ends like this may also be the rest of something longer.
    Quiet,
}

/// Bars are followed so far outwards, in modules.
const REACH_MODULES: f32 = 40.0;
/// The quiet zone of the standards: nothing else may begin here (ISO/IEC 16388, 16390, EN 798: ten modules; GS1 asks for
/// seven to eleven).
const STANDARD_QUIET_MODULES: f32 = 10.0;
/// The least quiet zone that is taken for one; printers often give less than the standard.
const QUIET_MODULES: f32 = 6.0;
/// No space within a label of two widths is wider.
const SPACE_MODULES_MAX: f32 = 3.0;
/// More bars that begin within so many modules belong to the same label.
const SAME_LABEL_MODULES: f32 = 25.0;
/// One margin may be so many times the other, and two modules more.
const UNEQUAL_MAX: f32 = 1.6;
/// Paper is left where it is darker than beside the bars by this part of the contrast.
const PAPER: f32 = 0.2;
/// Paper that is darker than the nearest spaces between the bars by this part of the contrast is a smear.
const GREY: f32 = 0.1;
/// So far from an end its spaces are near: those of the last character, whose light differs little even on a round label.
const NEAR_MODULES: f32 = 8.0;
/// The same where more is asked for: a smear fades over more than a character.
const WIDELY_NEAR_MODULES: f32 = 20.0;
/// Places looked at for each module.
const STEPS: f32 = 4.0;
/// Rows looked at, from the top of the bars to their foot.
const ROWS: usize = 11;
/// So much of what the picture shows must be the bars of the text: the square of a correlation of 0.8.
const WHOLE_MIN: f32 = 0.64;
/// The same for each stretch of about a character: half of it.
const STRETCH_MIN: f32 = 0.5;
/// So much does where each character is much likelier than any other of its set: blur, glare and ink take from the agreement of
/// all characters alike.
const WHOLE_CLEAR_MIN: f32 = 0.36;
const STRETCH_CLEAR_MIN: f32 = 0.16;
/// Much likelier: what another character leaves unexplained is more by a fifth, as a logarithm.
const CLEAR_MARGIN: f32 = 0.2;

/// How a margin ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum End {
    /// At the picture's border.
    Border,
    /// Further away than is looked.
    Far,
    /// At something darker than the paper.
    Edge,
    /// At more bars.
    Bars,
    /// There is no paper: grey from the first.
    Grey,
}

/// One side of a label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Margin {
    modules: f32,
    end: End,
}

/// What the picture shows of a label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sight {
    fit: Fit,
    margins: [Margin; 2],
}

/// Takes the text from reads whose label was not seen as the table asks: what is left is a place where a code is. What is
/// `known`, since it was believed there before, is not looked at again.
pub(super) fn examine(luma: Luma<'_>, reads: &mut [Read], source: Source, known: impl Fn(&Read) -> bool) {
    let wanted = |read: &Read| acceptance::ends(read.symbology, source);
    let is_piece = |read: &Read| !read.broken && !known(read) && !are_seen(luma, read, wanted(read));
    let pieces: Vec<Read> = reads.iter().filter(|r| is_piece(r)).cloned().collect();
    for read in reads.iter_mut().filter(|r| !r.broken) {
        // Nor is another text of the same bars believed beside it: one label is stuck over another there.
        let same_bars = |p: &Read| p.symbology == read.symbology && place::overlap(&p.quad, &read.quad);
        if pieces.iter().any(same_bars) {
            read.broken = true;
            read.text.clear();
            read.bytes.clear();
        }
    }
}

/// Whether the picture shows what is asked for of a text's label.
pub(super) fn are_seen(luma: Luma<'_>, read: &Read, wanted: Ends) -> bool {
    wanted == Ends::Any || sight(luma, read, wanted).is_some_and(|seen| seen.holds(wanted))
}

impl Fit {
    /// Whether the picture shows these bars everywhere, and nowhere another character's sooner.
    fn agrees(&self) -> bool {
        let agrees = |correlation: f32, least: f32| correlation > 0.0 && correlation * correlation >= least;
        let firmly = agrees(self.whole, WHOLE_MIN) && agrees(self.least, STRETCH_MIN) && self.margin > 0.0;
        let clearly = agrees(self.whole, WHOLE_CLEAR_MIN) && agrees(self.least, STRETCH_CLEAR_MIN);
        firmly || (clearly && self.margin > CLEAR_MARGIN)
    }
}

impl Sight {
    fn holds(&self, wanted: Ends) -> bool {
        let Self { fit, margins: [left, right] } = self;
        fit.agrees()
            && match wanted {
                Ends::Any | Ends::Bars => true,
                Ends::Uncut => left.is_uncut() && right.is_uncut(),
                Ends::Quiet => {
                    let (less, more) = if left.modules <= right.modules { (left, right) } else { (right, left) };
                    let alike = more.modules <= UNEQUAL_MAX * less.modules + 2.0;
                    // A picture that was cut to the label has a border on both sides of it, cut alike, or at least further off
                    // than any space within a label is wide. A label that is half out of sight has it on one side.
                    let cropped = less.is_border() && more.is_border() && (alike || less.modules > SPACE_MODULES_MAX);
                    let quiet = less.modules >= QUIET_MODULES || cropped;
                    // Where paper runs to the border, where it ends was not seen.
                    let unseen = less.end == End::Far || less.is_border() || more.is_border();
                    quiet && (alike || unseen) && [left, right].iter().all(|m| !matches!(m.end, End::Bars | End::Grey))
                }
            }
    }
}

impl Margin {
    fn is_border(&self) -> bool {
        self.end == End::Border
    }

    fn is_uncut(&self) -> bool {
        match self.end {
            End::Border | End::Far | End::Edge => true,
            End::Bars => self.modules >= STANDARD_QUIET_MODULES,
            End::Grey => false,
        }
    }
}

/// Looks at a label. `None` for a text that no bars can be drawn of, and where there is nothing to look at.
pub(super) fn sight(luma: Luma<'_>, read: &Read, wanted: Ends) -> Option<Sight> {
    let ways = elements::ways(read.symbology, &read.text, &read.identifier);
    let rows = Rows::follow(luma, &read.quad)?;
    let mut best: Option<Fit> = None;
    for elements in ways {
        // The first way that agrees is the label's: two ways differ in a whole character at least.
        if best.is_some_and(|fit| fit.agrees()) {
            break;
        }
        let fit = overlay::fit(luma, &rows, &elements)?;
        if best.is_none_or(|b| fit.least > b.least) {
            best = Some(fit);
        }
    }
    let fit = best?;
    let near = if wanted == Ends::Quiet { WIDELY_NEAR_MODULES } else { NEAR_MODULES };
    let seen: Vec<[Margin; 2]> = (0..ROWS).filter_map(|i| Row::new(luma, &rows, &fit, i)?.margins(near)).collect();
    if seen.len() * 2 <= ROWS {
        return None;
    }
    let margins = [0, 1].map(|side| {
        let mut all: Vec<Margin> = seen.iter().map(|r| r[side]).collect();
        let followed = all.iter().filter(|m| m.end == End::Bars).count() * 3 > all.len();
        all.sort_by(|a, b| a.modules.total_cmp(&b.modules));
        // Writing beside the bars cuts some rows short: one of the longer ones tells.
        let typical = all[all.len() * 4 / 5];
        if followed { Margin { end: End::Bars, ..typical } } else { typical }
    });
    Some(Sight { fit, margins })
}

/// One row of a label, light spaces and dark bars whichever way it was printed.
struct Row<'a> {
    luma: Luma<'a>,
    /// Ends, the step outwards from either, and the bars themselves.
    ends: [[f32; 2]; 2],
    steps: [[f32; 2]; 2],
    inside: Vec<f32>,
    /// From one of the rows that are averaged to the next.
    down: [f32; 2],
    sign: f32,
}

impl<'a> Row<'a> {
    fn new(luma: Luma<'a>, rows: &Rows, fit: &Fit, at: usize) -> Option<Self> {
        let [from, to] = rows.row((at as f32 + 0.5) / ROWS as f32);
        let whole = [0, 1].map(|i| to[i] - from[i]);
        let length = whole[0].hypot(whole[1]);
        let point = |t: f32| [0, 1].map(|i| from[i] + whole[i] * t);
        let [first, last] = fit.module_at;
        if (first.min(last)) * length < 0.5 {
            return None;
        }
        let down = rows.row((at as f32 + 0.8) / ROWS as f32)[0];
        let mut row = Self {
            luma,
            ends: fit.ends_at.map(point),
            steps: [-first, last].map(|m| whole.map(|w| w * m / STEPS)),
            inside: Vec::new(),
            down: [0, 1].map(|i| down[i] - from[i]),
            sign: if fit.inverted { -1.0 } else { 1.0 },
        };
        let count = (fit.modules * STEPS) as usize;
        let [start, end] = fit.ends_at;
        row.inside = (0..count)
            .filter_map(|i| row.brightness(point(start + (end - start) * (i as f32 + 0.5) / count as f32)))
            .collect();
        (row.inside.len() * 2 > count).then_some(row)
    }

    /// Of three rows together, which noise disturbs less.
    fn brightness(&self, [x, y]: [f32; 2]) -> Option<f32> {
        let inside = x >= 0.0 && y >= 0.0 && x < self.luma.width as f32 && y < self.luma.height as f32;
        let at = |by: f32| self.luma.near([x + self.down[0] * by, y + self.down[1] * by]);
        inside.then(|| self.sign * (at(-1.0) + at(0.0) + at(1.0)) / 3.0)
    }

    fn margins(&self, near: f32) -> Option<[Margin; 2]> {
        let (low, high) = self.inside.iter().fold((f32::MAX, f32::MIN), |(l, h), &p| (l.min(p), h.max(p)));
        if high - low <= 8.0 {
            return None;
        }
        let near = ((near * STEPS) as usize).min(self.inside.len());
        // The light between the bars next to an end: as light must the paper beyond it be.
        let lightest = |part: &[f32]| part.iter().copied().fold(f32::MIN, f32::max);
        let light = [&self.inside[..near], &self.inside[self.inside.len() - near..]].map(lightest);
        Some([0, 1].map(|side| self.margin(side, low, high - low, light[side])))
    }

    /// Follows one margin outwards.
    fn margin(&self, side: usize, low: f32, contrast: f32, light: f32) -> Margin {
        let (from, step) = (self.ends[side], self.steps[side]);
        let at = |i: usize| self.brightness([0, 1].map(|k| from[k] + step[k] * i as f32));
        // The end may be off by a module; the paper begins within two.
        let first = STEPS as usize;
        let Some(paper) = (first..first * 4).filter_map(at).reduce(f32::max) else {
            return Margin { modules: 0.0, end: End::Border };
        };
        if paper < light - GREY * contrast {
            return Margin { modules: 0.0, end: End::Grey };
        }
        let reach = (REACH_MODULES * STEPS) as usize;
        for i in first * 2..reach {
            let modules = i as f32 / STEPS;
            let Some(here) = at(i) else { return Margin { modules, end: End::Border } };
            if here < paper - PAPER * contrast {
                let more = modules <= SAME_LABEL_MODULES
                    && changes(i, first * 14, &at, [0.35, 0.65].map(|part| low + part * contrast)) >= 4;
                return Margin { modules, end: if more { End::Bars } else { End::Edge } };
            }
        }
        Margin { modules: REACH_MODULES, end: End::Far }
    }
}

/// How often brightness goes from one side of two thresholds to the other within some steps: bars are as dark as the
/// label's own and the spaces between them as light, which no ground is.
fn changes(from: usize, steps: usize, at: &impl Fn(usize) -> Option<f32>, [dark, light]: [f32; 2]) -> usize {
    let side = |p: f32| {
        if p < dark {
            Some(true)
        } else if p > light {
            Some(false)
        } else {
            None
        }
    };
    let sides: Vec<bool> = (from..from + steps).map_while(at).filter_map(side).collect();
    sides.windows(2).filter(|w| w[0] != w[1]).count()
}

#[cfg(test)]
mod tests;
