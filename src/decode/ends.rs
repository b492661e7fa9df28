//! Whether a linear code was seen whole: what lies beyond its two ends.
//!
//! Interleaved 2 of 5 has no end that the rest of a torn or covered label could not imitate, and each look at such a rest
//! says the same, so that no number of looks helps. What tells is the paper. A whole label keeps a quiet zone on both
//! sides, cut alike; where bars are gone, the paper goes on much further on that side, or more bars follow, or what looks
//! like paper is the grey of smeared bars.

use super::frame::Luma;
use crate::domain::Quad;

/// Margins are followed so far, in modules.
const REACH_MODULES: f32 = 40.0;
/// The least quiet zone; the standard asks for ten modules (ISO/IEC 16390), printers often give less.
const QUIET_MODULES: f32 = 6.0;
/// More bars that begin within so many modules belong to the same label.
const SAME_LABEL_MODULES: f32 = 25.0;
/// One margin may be so many times the other, and two modules more.
const UNEQUAL_MAX: f32 = 1.6;
/// Paper is left where it is darker than beside the bars by this part of the contrast.
const PAPER: f32 = 0.2;
/// Paper that is darker than the spaces between the bars by this part of the contrast is a smear.
const GREY: f32 = 0.1;
/// So far from an end its bars are beside it.
const NEAR_MODULES: f32 = 20.0;
/// Places looked at for each module.
const STEPS: f32 = 4.0;

/// How a margin ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// At the picture's border, or further away than is looked.
    Unseen,
    /// At something darker than the paper.
    Edge,
    /// At more bars.
    Bars,
}

/// Whether an ITF of so many digits at this place shows both of its ends.
pub(super) fn of_itf_are_whole(luma: Luma<'_>, quad: &Quad, digits: usize) -> bool {
    // Start, pairs and stop, wide elements two and a half times as wide as narrow ones.
    let module = length(quad) / (digits as f32 * 8.0 + 8.5);
    if module < 0.5 {
        return false;
    }
    let rows: Vec<[(f32, End); 2]> = (1..12).filter_map(|i| margins(luma, quad, module, i as f32 / 12.0)).collect();
    if rows.len() < 6 {
        return false;
    }
    let [left, right] = [0, 1].map(|side| {
        let mut all: Vec<(f32, End)> = rows.iter().map(|r| r[side]).collect();
        let followed = all.iter().filter(|m| m.1 == End::Bars).count() * 3 > all.len();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Writing beside the bars cuts some rows short: one of the longer ones tells.
        let typical = all[all.len() * 4 / 5];
        (typical.0, if followed { End::Bars } else { typical.1 })
    });
    let (less, more) = if left.0 <= right.0 { (left, right) } else { (right, left) };
    let quiet = less.0 >= QUIET_MODULES || less.1 == End::Unseen;
    let alike = less.1 == End::Unseen || more.0 <= UNEQUAL_MAX * less.0 + 2.0;
    quiet && alike && left.1 != End::Bars && right.1 != End::Bars
}

fn length(quad: &Quad) -> f32 {
    let across = |a: [i32; 2], b: [i32; 2]| ((a[0] - b[0]) as f32).hypot((a[1] - b[1]) as f32);
    across(quad[0], quad[1]).max(across(quad[3], quad[2]))
}

/// Both margins of one row, from the top (0) to the bottom (1) of the bars, in modules.
fn margins(luma: Luma<'_>, quad: &Quad, module: f32, down: f32) -> Option<[(f32, End); 2]> {
    let between = |a: [i32; 2], b: [i32; 2]| [0, 1].map(|i| a[i] as f32 + (b[i] - a[i]) as f32 * down);
    let (from, to) = (between(quad[0], quad[3]), between(quad[1], quad[2]));
    let along = [to[0] - from[0], to[1] - from[1]];
    let length = along[0].hypot(along[1]);
    if length < 8.0 {
        return None;
    }
    let step = [along[0] / length, along[1] / length].map(|d| d * module / STEPS);
    let inside: Vec<f32> = (0..(length / module * STEPS) as usize)
        .filter_map(|i| brightness(luma, [from[0] + step[0] * i as f32, from[1] + step[1] * i as f32]))
        .collect();
    let (low, high) = inside.iter().fold((f32::MAX, f32::MIN), |(l, h), &p| (l.min(p), h.max(p)));
    let contrast = high - low;
    if contrast <= 8.0 {
        return None;
    }
    // The light between the bars next to an end: as light must the paper beyond it be.
    let near = (NEAR_MODULES * STEPS) as usize;
    let lightest = |part: &[f32]| part.iter().copied().fold(f32::MIN, f32::max);
    let [first, last] = [&inside[..near.min(inside.len())], &inside[inside.len().saturating_sub(near)..]].map(lightest);
    let bars = |light: f32| Bars { low, contrast, light };
    Some([margin(luma, from, step.map(|d| -d), bars(first)), margin(luma, to, step, bars(last))])
}

/// Brightness of the bars beside a margin.
struct Bars {
    low: f32,
    contrast: f32,
    light: f32,
}

/// Follows one margin outwards.
fn margin(luma: Luma<'_>, from: [f32; 2], step: [f32; 2], bars: Bars) -> (f32, End) {
    let Bars { low, contrast, light } = bars;
    let at = |i: usize| brightness(luma, [from[0] + step[0] * i as f32, from[1] + step[1] * i as f32]);
    // The corner may lie on the last bar; the paper begins within two modules.
    let first = STEPS as usize;
    let paper = (first..first * 4).filter_map(at).fold(f32::MIN, f32::max);
    if paper < light - GREY * contrast {
        return (0.0, End::Edge);
    }
    let reach = (REACH_MODULES * STEPS) as usize;
    for i in first * 2..reach {
        let Some(here) = at(i) else { return (i as f32 / STEPS, End::Unseen) };
        if here < paper - PAPER * contrast {
            let modules = i as f32 / STEPS;
            let more = modules <= SAME_LABEL_MODULES && changes(i, first * 14, &at, low + contrast / 2.0) >= 4;
            return (modules, if more { End::Bars } else { End::Edge });
        }
    }
    (REACH_MODULES, End::Unseen)
}

/// How often brightness crosses a threshold within some steps.
fn changes(from: usize, steps: usize, at: &impl Fn(usize) -> Option<f32>, threshold: f32) -> usize {
    let dark: Vec<bool> = (from..from + steps).map_while(at).map(|p| p < threshold).collect();
    dark.windows(2).filter(|w| w[0] != w[1]).count()
}

fn brightness(luma: Luma<'_>, [x, y]: [f32; 2]) -> Option<f32> {
    let inside = x >= 0.0 && y >= 0.0 && x < luma.width as f32 && y < luma.height as f32;
    inside.then(|| f32::from(luma.data[y as usize * luma.stride as usize + x as usize]))
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::frame::Frame;
    use crate::decode::passes::PLAIN;
    use crate::decode::still::{Reader, ReaderOptions};
    use crate::decode::tests::{draw, frame};
    use crate::domain::Symbology;

    fn read(scene: &Frame) -> Vec<String> {
        let reader = Reader::new(ReaderOptions { symbologies: vec![Symbology::Itf] });
        reader.still(scene).accepted.into_iter().map(|a| a.text).collect()
    }

    /// A label on dark ground with equal margins; bars from `gone` (a part of its length) on are white.
    fn label(text: &str, gone: Option<[f32; 2]>) -> Frame {
        let mut symbol = draw(BarcodeFormat::ITF, text, 3);
        let width = symbol.width as usize;
        if let Some(part) = gone {
            let [from, to] = part.map(|p| (p * width as f32) as usize);
            symbol.data.chunks_exact_mut(width).for_each(|row| row[from..to].fill(255));
        }
        let ground = crate::decode::pixels::Grey { data: vec![120; 900 * 400], width: 900, height: 400 };
        frame(900, 400, &[(&ground, 0, 0), (&symbol, 120, 100)])
    }

    #[test]
    fn whole_labels_of_any_length_are_read_when_itf_alone_is_asked_for() {
        for text in ["070429", "0053611912", "00123456"] {
            assert_eq!(read(&label(text, None)), [text]);
        }
    }

    #[test]
    fn no_rest_of_a_label_is_taken_for_a_whole_one() {
        let text = "00536119127042";
        let mut imitated = 0;
        for at in (200..950).step_by(3).map(|step| step as f32 / 1000.0) {
            for gone in [[at, 0.999], [at, (at + 0.09).min(0.999)], [0.001, at]] {
                let scene = label(text, Some(gone));
                for read in PLAIN.run(scene.luma(), &[Symbology::Itf]).iter().filter(|r| !r.broken && r.text != text) {
                    assert!(!of_itf_are_whole(scene.luma(), &read.quad, read.text.len()), "{gone:?}: {}", read.text);
                    imitated += 1;
                }
            }
        }
        assert!(imitated > 0, "the engine took no rest for a label: the test proves nothing");
    }
}
