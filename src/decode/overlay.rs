//! The label as its standard draws it from the text, laid over what the picture shows: how well they agree.
//!
//! A piece, a smear or something that covers bars may give a text, and gives it in every look. It does not give the bars
//! of that text everywhere. So the line of bars is drawn from the text and followed through the picture from one end to the
//! other, stretch by stretch, since modules grow and shrink on tilted, round and crumpled labels. Each stretch must show
//! its bars, and the last must end where the read ended. Then each character is held against all others (`rivals.rs`).

use super::bars;
use super::elements::Elements;
use super::frame::Luma;
use super::rivals::{self, Found};
use super::rows::{Rows, correlation};
use super::tones::along_rows;

/// Places drawn for each module.
const STEPS: usize = 4;
/// Places looked at for each module of mean size.
const FINE: f32 = 6.0;
/// Rows of the picture that are averaged.
const ROWS: usize = 32;
/// A stretch: about a character.
const STRETCH_MODULES: usize = 12;
/// From one stretch to the next.
const ON_MODULES: usize = 3;
/// The drawn line is as soft as a camera's, in modules.
const SOFT_MODULES: f32 = 0.4;
/// So much is looked at before the one end and behind the other, as a part of the length.
const BEYOND: f32 = 0.06;
/// Wide elements as multiples of narrow ones.
const WIDE: [f32; 5] = [2.0, 2.25, 2.5, 2.75, 3.0];
/// Bars of a printer with much or little ink are wider or narrower by so many modules, and spaces the other way.
const GROWN: [f32; 2] = [0.45, -0.3];
/// Modules at an end, as parts of their mean: tilt makes them larger or smaller, roundness smaller.
const SIZES: [f32; 2] = [0.4, 1.7];
/// Each size tried is larger than the last by this part: half a module over a stretch.
const SIZE_STEP: f32 = 0.04;
/// An end may lie so many modules from where the engine saw it.
const END_OFF_MODULES: f32 = 2.0;
/// So many ways to begin are followed.
const BEGUN: usize = 3;
/// Nothing better is sought where the mean agreement is so good.
const GOOD: f32 = 0.85;
/// Nor any other width of bars where it is even better.
const BEST: f32 = 0.95;

/// Where the mean agreement is less, characters are not looked at.
const HOPELESS: f32 = 0.6;

/// What a comparison gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Mean correlation of the stretches.
    pub whole: f32,
    /// Correlation of the stretch that agrees least.
    pub least: f32,
    /// By how much the least certain character is likelier than any other (`rivals.rs`).
    pub margin: f32,
    /// Modules in its length.
    pub modules: f32,
    /// Where the ends lie, as parts of the row's length.
    pub ends_at: [f32; 2],
    /// Length of a module at either end, as part of the row's length.
    pub module_at: [f32; 2],
    /// Light bars on dark ground.
    pub inverted: bool,
}

/// Lays the drawn label over the picture.
pub(super) fn fit(luma: Luma<'_>, rows: &Rows, elements: &Elements) -> Option<Fit> {
    let ratios: &[f32] = if elements.two_widths { &WIDE } else { &[1.0] };
    let middle = ratios[ratios.len() / 2];
    let modules: f32 = widths(elements, middle).iter().sum();
    let line = line(luma, rows, (modules * FINE * (1.0 + 2.0 * BEYOND)) as usize);
    let mut best: Option<Laid> = None;
    for inverted in [false, true] {
        let line: Vec<f32> = line.iter().map(|p| if inverted { -p } else { *p }).collect();
        // Between local black and white, so that glare and shadow do not weigh.
        let seen = bars::even(&line, STRETCH_MODULES * FINE as usize);
        let whole = |best: &Option<Laid>| best.as_ref().map_or(-1.0, |b| b.fit.whole);
        for &wide in ratios {
            if whole(&best) < BEST {
                best = better(best, Overlay::new(&seen, &widths(elements, wide), inverted)?.fit().of(wide));
            }
        }
        for grown in GROWN {
            if whole(&best) < GOOD {
                let grown = grow(&widths(elements, middle), grown);
                best = better(best, Overlay::new(&seen, &grown, inverted)?.fit().of(middle));
            }
        }
    }
    let Laid { mut fit, lies, wide } = best?;
    if fit.whole < HOPELESS {
        return Some(fit);
    }
    let line: Vec<f32> = line.iter().map(|p| if fit.inverted { -p } else { *p }).collect();
    let widths = widths(elements, wide);
    let overlay = Overlay::new(&line, &widths, fit.inverted)?;
    let seen = |modules: f32| overlay.seen_at(lie_at(&lies, modules));
    fit.margin = rivals::margin(&Found { seen: &seen, widths: &widths }, elements, wide).unwrap_or(f32::MIN);
    Some(fit)
}

/// A way to draw a label, laid over the picture.
struct Laid {
    fit: Fit,
    lies: Vec<(usize, Lie)>,
    wide: f32,
}

impl Laid {
    fn of(self, wide: f32) -> Self {
        Self { wide, ..self }
    }
}

fn better(best: Option<Laid>, found: Laid) -> Option<Laid> {
    match best {
        Some(best) if best.fit.whole >= found.fit.whole => Some(best),
        _ => Some(found),
    }
}

/// Where a place of the drawn label lies: between the two stretches in whose middles it is nearest.
fn lie_at(lies: &[(usize, Lie)], modules: f32) -> f32 {
    let place = |&(from, lie): &(usize, Lie)| lie.at + lie.size * (modules - from as f32 / STEPS as f32);
    let middle = |from: usize| (from + STRETCH_MODULES * STEPS / 2) as f32 / STEPS as f32;
    let after = lies.iter().position(|l| middle(l.0) > modules).unwrap_or(lies.len() - 1);
    let (low, high) = (&lies[after.saturating_sub(1)], &lies[after]);
    let apart = middle(high.0) - middle(low.0);
    let part = if apart > 0.0 { ((modules - middle(low.0)) / apart).clamp(0.0, 1.0) } else { 0.0 };
    place(low) * (1.0 - part) + place(high) * part
}

fn widths(elements: &Elements, wide: f32) -> Vec<f32> {
    elements.widths.iter().map(|&w| if elements.two_widths && w > 1 { wide } else { f32::from(w) }).collect()
}

fn grow(widths: &[f32], by: f32) -> Vec<f32> {
    widths.iter().enumerate().map(|(i, w)| if i % 2 == 0 { w + by } else { w - by }).collect()
}

/// One way to draw a label, and the line it is laid over.
struct Overlay<'a> {
    drawn: Vec<f32>,
    seen: &'a [f32],
    /// Places seen for each module of mean size.
    fine: f32,
    modules: f32,
    inverted: bool,
}

/// Where a stretch lies, in modules of mean size from the row's beginning, and how large its modules are.
#[derive(Debug, Clone, Copy)]
struct Lie {
    at: f32,
    size: f32,
}

impl<'a> Overlay<'a> {
    /// `None` where there are fewer modules than a stretch has.
    fn new(seen: &'a [f32], widths: &[f32], inverted: bool) -> Option<Self> {
        let modules: f32 = widths.iter().sum();
        if modules < STRETCH_MODULES as f32 + 1.0 {
            return None;
        }
        let fine = seen.len() as f32 / (modules * (1.0 + 2.0 * BEYOND));
        Some(Self { drawn: smooth(&drawn(widths), SOFT_MODULES * STEPS as f32), seen, fine, modules, inverted })
    }

    fn fit(&self) -> Laid {
        let mut begun: Vec<(f32, Lie)> = Vec::new();
        let mut size = SIZES[0];
        while size <= SIZES[1] {
            for off in -2..=2 {
                let lie = Lie { at: off as f32 * 0.4, size };
                begun.push((self.agreement(lie, 0), lie));
            }
            size *= 1.0 + SIZE_STEP;
        }
        begun.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut best: Option<Laid> = None;
        let mut sizes: Vec<f32> = Vec::new();
        for (_, lie) in begun {
            // Neighbours of what was followed lead to the same.
            if sizes.iter().any(|s| (s / lie.size - 1.0).abs() < 2.5 * SIZE_STEP) {
                continue;
            }
            sizes.push(lie.size);
            best = better(best, self.follow(lie));
            if sizes.len() == BEGUN || best.as_ref().is_some_and(|b| b.fit.whole >= GOOD) {
                break;
            }
        }
        best.unwrap_or_else(|| self.follow(Lie { at: 0.0, size: 1.0 }))
    }

    /// Follows the bars from the first stretch to the last.
    fn follow(&self, mut lie: Lie) -> Laid {
        let last = self.drawn.len() - STRETCH_MODULES * STEPS;
        let (mut sum, mut count, mut least) = (0.0, 0.0, 1.0f32);
        let mut lies: Vec<(usize, Lie)> = Vec::new();
        let mut from = 0;
        loop {
            let (agreement, here) = self.nearby(lie, from);
            lies.push((from, here));
            sum += agreement;
            count += 1.0;
            least = least.min(agreement);
            lie = here;
            if from == last {
                break;
            }
            let on = (ON_MODULES * STEPS).min(last - from);
            from += on;
            lie.at += lie.size * on as f32 / STEPS as f32;
        }
        let end = lie.at + lie.size * STRETCH_MODULES as f32;
        // What ends elsewhere than the read did is another text.
        let whole = if (end - self.modules).abs() <= END_OFF_MODULES { sum / count } else { 0.0 };
        let begin = lies.first().map_or(lie, |first| first.1);
        let fit = Fit {
            whole,
            least,
            margin: f32::MIN,
            modules: self.modules,
            ends_at: [begin.at / self.modules, end / self.modules],
            module_at: [begin.size / self.modules, lie.size / self.modules],
            inverted: self.inverted,
        };
        Laid { fit, lies, wide: 1.0 }
    }

    /// Brightness at a place in modules of mean size.
    fn seen_at(&self, modules: f32) -> f32 {
        let last = self.seen.len() as f32 - 1.0;
        let x = ((modules + BEYOND * self.modules) * self.fine - 0.5).clamp(0.0, last);
        let (low, part) = (x as usize, x.fract());
        self.seen[low] * (1.0 - part) + self.seen[(low + 1).min(self.seen.len() - 1)] * part
    }

    /// How well a stretch agrees near where it is expected, and where it does.
    fn nearby(&self, lie: Lie, from: usize) -> (f32, Lie) {
        let mut best = (-1.0, lie);
        for grow in [0.0, -0.03, 0.03, -0.08, 0.08] {
            for off in [0.0, -0.15, 0.15, -0.3, 0.3, -0.5, 0.5] {
                // The middle of the stretch stays where it is.
                let size = lie.size * (1.0 + grow);
                let at = lie.at + off * lie.size - (size - lie.size) * STRETCH_MODULES as f32 / 2.0;
                let here = Lie { at, size };
                let c = self.agreement(here, from);
                if c > best.0 + 1e-4 {
                    best = (c, here);
                }
            }
        }
        best
    }

    fn agreement(&self, lie: Lie, from: usize) -> f32 {
        let long = STRETCH_MODULES * STEPS;
        let mut here = [0.0; STRETCH_MODULES * STEPS];
        for (i, here) in here.iter_mut().enumerate() {
            *here = self.seen_at(lie.at + lie.size * (i as f32 + 0.5) / STEPS as f32);
        }
        correlation(&here, &self.drawn[from..from + long])
    }
}

/// 1 in spaces and 0 in bars.
fn drawn(widths: &[f32]) -> Vec<f32> {
    let mut line = Vec::new();
    let (mut end, mut value) = (0.0, 1.0);
    for &width in widths {
        end += width * STEPS as f32;
        value = 1.0 - value;
        while (line.len() as f32) + 0.5 < end {
            line.push(value);
        }
    }
    line
}

/// Mean brightness along the bars, from a little before the one end to a little behind the other.
fn line(luma: Luma<'_>, rows: &Rows, count: usize) -> Vec<f32> {
    let mut sum = vec![0.0; count];
    for row in 0..ROWS {
        let [from, to] = rows.row((row as f32 + 0.5) / ROWS as f32);
        for (i, sum) in sum.iter_mut().enumerate() {
            let t = (i as f32 + 0.5) / count as f32 * (1.0 + 2.0 * BEYOND) - BEYOND;
            *sum += luma.near([0, 1].map(|k| from[k] + (to[k] - from[k]) * t)) / ROWS as f32;
        }
    }
    sum
}

fn smooth(line: &[f32], sigma: f32) -> Vec<f32> {
    let reach = (sigma * 2.5).ceil() as i32;
    let kernel: Vec<f32> = (-reach..=reach).map(|i| (-(i * i) as f32 / (2.0 * sigma * sigma)).exp()).collect();
    let total: f32 = kernel.iter().sum();
    let kernel: Vec<f32> = kernel.iter().map(|k| k / total).collect();
    along_rows(line, line.len(), &kernel)
}
