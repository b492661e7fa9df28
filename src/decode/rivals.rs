//! Whether each character of a label is the likeliest of its set at its own place.
//!
//! A text with a changed character agrees with the bars almost everywhere, and where it does not, neighbours that agree make
//! up for it. So each character is held against every other that its symbology has, between the same neighbours: what
//! claims to be a `7` must look more like a `7` there than like anything else. Softness and ink are those of the label.

use std::ops::Range;

use super::elements::Elements;
use super::rows::correlation;

/// Places looked at for each module.
const STEPS: f32 = 4.0;
/// So much of the neighbours is drawn and looked at, in modules.
const BESIDE_MODULES: f32 = 1.5;
/// Half of what an edge is blurred over, in modules: a sharp camera's up to blur that narrow bars just survive.
const SOFT_MODULES: [f32; 4] = [0.5, 0.8, 1.2, 1.8];
/// Ink by which bars may be wider and spaces narrower, in modules.
const INK_MODULES: [f32; 6] = [-0.4, -0.2, 0.0, 0.2, 0.4, 0.6];
/// Characters may stand so much aside, in modules, and be so much larger or smaller.
const ASIDE_MODULES: [f32; 7] = [0.0, -0.1, 0.1, -0.2, 0.2, -0.35, 0.35];
const LARGER: [f32; 3] = [1.0, 0.95, 1.05];
/// So many of the likeliest others are looked at more closely.
const CLOSELY: usize = 3;

/// Where a label's bars were found.
pub(super) struct Found<'a> {
    /// What is seen at a place given in modules from the first bar, as the text draws them.
    pub seen: &'a dyn Fn(f32) -> f32,
    /// Widths in modules as they were laid over the picture.
    pub widths: &'a [f32],
}

/// By how much the least certain character is likelier than any other of its set: the logarithm of the ratio of what
/// remains unexplained; below nothing where another one fits better. `None` where no character is told apart.
pub(super) fn margin(found: &Found<'_>, elements: &Elements, wide: f32) -> Option<f32> {
    let edges: Vec<f32> = std::iter::once(0.0)
        .chain(found.widths.iter().scan(0.0, |at, w| {
            *at += w;
            Some(*at)
        }))
        .collect();
    let characters: Vec<Character<'_>> =
        elements.characters.iter().filter_map(|range| Character::new(found, &edges, range)).collect();
    let (soft, ink) = manner(&characters)?;
    let set: Vec<Vec<f32>> = elements.set.iter().map(|widths| widths_of(widths, elements.two_widths, wide)).collect();
    characters.iter().map(|c| c.margin(&set, soft, ink)).reduce(f32::min)
}

fn widths_of(widths: &[u8], two_widths: bool, wide: f32) -> Vec<f32> {
    widths.iter().map(|&w| if two_widths && w > 1 { wide } else { f32::from(w) }).collect()
}

/// Softness and ink with which the claimed characters fit best.
fn manner(characters: &[Character<'_>]) -> Option<(f32, f32)> {
    let worth = |soft: f32, ink: f32| characters.iter().map(|c| c.fit(&c.claimed, soft, ink)).sum::<f32>();
    let all = SOFT_MODULES.iter().flat_map(|&soft| INK_MODULES.iter().map(move |&ink| (soft, ink)));
    all.filter(|_| !characters.is_empty()).max_by(|a, b| worth(a.0, a.1).total_cmp(&worth(b.0, b.1)))
}

struct Character<'a> {
    seen: &'a dyn Fn(f32) -> f32,
    /// Its edges with those of its neighbours, in modules; the first in the list begins a bar or a space.
    claimed: Vec<f32>,
    /// Which of them are within the character, and its ends.
    inner: Range<usize>,
    begins_dark: bool,
    from: f32,
    to: f32,
    here: Vec<f32>,
}

impl<'a> Character<'a> {
    fn new(found: &Found<'a>, edges: &[f32], range: &Range<usize>) -> Option<Self> {
        let (from, to) = (*edges.get(range.start)?, *edges.get(range.end)?);
        let low = edges.iter().position(|&e| e > from - BESIDE_MODULES - 2.0)?;
        let high = edges.iter().rposition(|&e| e < to + BESIDE_MODULES + 2.0)?;
        let mut me = Self {
            seen: found.seen,
            claimed: edges[low..=high].to_vec(),
            inner: range.start + 1 - low..range.end - low,
            begins_dark: low % 2 == 0,
            from,
            to,
            here: Vec::new(),
        };
        // Where exactly it stands.
        let best = me.ways().max_by(|&a, &b| {
            let worth = |way| correlation(&me.looked_at(way), &me.drawn(&me.claimed, SOFT_MODULES[1], 0.0));
            worth(a).total_cmp(&worth(b))
        })?;
        me.here = me.looked_at(best);
        Some(me)
    }

    fn ways(&self) -> impl Iterator<Item = (f32, f32)> + use<> {
        ASIDE_MODULES.iter().flat_map(|&aside| LARGER.iter().map(move |&larger| (aside, larger)))
    }

    fn places(&self) -> impl Iterator<Item = f32> + use<> {
        let (low, high) = (self.from - BESIDE_MODULES, self.to + BESIDE_MODULES);
        let count = ((high - low) * STEPS) as usize;
        (0..count).map(move |i| low + (i as f32 + 0.5) / STEPS)
    }

    fn looked_at(&self, (aside, larger): (f32, f32)) -> Vec<f32> {
        let middle = (self.from + self.to) / 2.0;
        self.places().map(|at| (self.seen)(middle + aside + (at - middle) * larger)).collect()
    }

    /// Brightness between these edges.
    fn drawn(&self, edges: &[f32], soft: f32, ink: f32) -> Vec<f32> {
        self.places()
            .map(|at| {
                let mut light = 0.0;
                for (i, edge) in edges.iter().enumerate() {
                    let into_dark = (i % 2 == 0) == self.begins_dark;
                    let (sign, moved) = if into_dark { (-1.0, -ink / 2.0) } else { (1.0, ink / 2.0) };
                    let t = ((at - edge - moved) / (2.0 * soft) + 0.5).clamp(0.0, 1.0);
                    light += sign * t * t * (3.0 - 2.0 * t);
                }
                light
            })
            .collect()
    }

    fn fit(&self, edges: &[f32], soft: f32, ink: f32) -> f32 {
        correlation(&self.here, &self.drawn(edges, soft, ink))
    }

    /// The same place with another character between the same neighbours.
    fn with(&self, widths: &[f32]) -> Option<Vec<f32>> {
        let size = (self.to - self.from) / widths.iter().sum::<f32>();
        let mut edges = self.claimed.clone();
        let mut at = self.from;
        if widths.len() != self.inner.len() + 1 {
            return None;
        }
        for (edge, width) in edges.get_mut(self.inner.clone())?.iter_mut().zip(widths) {
            at += width * size;
            *edge = at;
        }
        Some(edges)
    }

    fn margin(&self, set: &[Vec<f32>], soft: f32, ink: f32) -> f32 {
        let left = |c: f32| 1.0 - c.max(0.0) * c.max(0.0) + 0.01;
        let claimed = left(self.closely(&self.claimed, soft, ink));
        let is_other = |edges: &Vec<f32>| edges.iter().zip(&self.claimed).any(|(a, b)| (a - b).abs() > 0.4);
        let mut others: Vec<(f32, Vec<f32>)> = set
            .iter()
            .filter_map(|widths| self.with(widths))
            .filter(is_other)
            .map(|edges| (self.fit(&edges, soft, ink), edges))
            .collect();
        others.sort_by(|a, b| b.0.total_cmp(&a.0));
        let best = others.iter().take(CLOSELY).map(|(_, edges)| self.closely(edges, soft, ink)).fold(-1.0, f32::max);
        (left(best) / claimed).ln()
    }

    /// The best fit anywhere near its place.
    fn closely(&self, edges: &[f32], soft: f32, ink: f32) -> f32 {
        let drawn = self.drawn(edges, soft, ink);
        self.ways().map(|way| correlation(&self.looked_at(way), &drawn)).fold(-1.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::elements::ways;
    use crate::domain::Symbology::{self, *};

    /// The margin of a text that is claimed of bars that show another, softened over so many modules.
    fn claimed(symbology: Symbology, shown: &str, text: &str, soft: f32) -> f32 {
        let of = |text: &str| ways(symbology, text, "").remove(0);
        let (shown, elements) = (of(shown), of(text));
        let wide = 2.5;
        let widths = |e: &Elements| widths_of(&e.widths, e.two_widths, wide);
        let bars: Vec<[f32; 2]> = widths(&shown)
            .chunks(2)
            .scan(0.0, |at, pair| {
                let from = *at;
                *at += pair.iter().sum::<f32>();
                Some([from, from + pair[0]])
            })
            .collect();
        // As much of the place is paper as a camera's pixel sees of it.
        let seen = |at: f32| {
            let dark = |[from, to]: &[f32; 2]| (to.min(at + soft) - from.max(at - soft)).max(0.0);
            200.0 - 150.0 * bars.iter().map(dark).sum::<f32>() / (2.0 * soft)
        };
        let widths = widths(&elements);
        margin(&Found { seen: &seen, widths: &widths }, &elements, wide).unwrap()
    }

    /// Labels, and texts that engines made of such labels, or might: alike in length and in check digit.
    const TABLE: [(Symbology, &str, &[&str]); 8] = [
        (Ean13, "5030159003930", &["7034759003930"]),
        (Ean13, "5449000039231", &["2419600039231"]),
        (Ean13, "9780441014989", &["8784341014989"]),
        (UpcA, "023942431015", &["024942430015"]),
        (Ean8, "96385074", &["96585014", "36985074"]),
        (Code39, "W406621", &["W406681", "N406621"]),
        (Itf, "00012345678905", &["00012845678905"]),
        (Codabar, "A40156B", &["A40456B"]),
    ];

    #[test]
    fn only_the_text_that_the_bars_show_is_the_likeliest_everywhere() {
        for soft in [0.2, 0.5, 0.8] {
            for (symbology, shown, others) in TABLE {
                let own = claimed(symbology, shown, shown, soft);
                assert!(own > 0.7, "{symbology} {shown} soft {soft}: {own}");
                for other in others {
                    let wrong = claimed(symbology, shown, other, soft);
                    assert!(wrong < -0.4, "{symbology} {shown} as {other} soft {soft}: {wrong}");
                }
            }
        }
    }

    #[test]
    fn one_character_of_a_code_128_is_told_from_its_neighbours() {
        // The check character changes too, as it does when a misread passes.
        for soft in [0.2, 0.5, 0.8] {
            assert!(claimed(Code128, "GL155601", "GL155601", soft) > 0.7);
            assert!(claimed(Code128, "GL155601", "GL155607", soft) < -0.4);
        }
    }

    #[test]
    fn grey_without_bars_is_no_character() {
        let elements = ways(Ean13, "5030159003930", "").remove(0);
        let widths = widths_of(&elements.widths, false, 1.0);
        let seen = |_: f32| 130.0;
        let margin = margin(&Found { seen: &seen, widths: &widths }, &elements, 1.0).unwrap();
        assert!(margin <= 0.0, "{margin}");
    }
}
