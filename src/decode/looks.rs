//! Looks at a proposed place: it is set upright in a small picture, its pixels are changed there, and the engine reads it.
//!
//! A small picture costs little, so that many looks may be tried. A text that one of them gives is then confirmed on
//! purpose by *other* looks at the same place ([`Look::again`]): sampled at other points and another size, upside down,
//! with another threshold, or from other rows of the bars.

use super::bars::{self, Strip};
use super::engine::{self, How, Read, Threshold};
use super::frame::Luma;
use super::pixels::{self, Grey};
use super::propose::{Kind, Proposal};
use super::rectify::{self, Cut, Patch};
use crate::domain::Symbology;

/// One way to look at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// How answers name it; it never changes.
    pub name: &'static str,
    /// How answers name its confirmation.
    pub again_name: &'static str,
    sampling: Sampling,
    tone: Tone,
    bend: Bend,
    /// Time it takes, roughly, as a multiple of a plain pass over the same pixels of the frame.
    pub cost: f32,
}

#[derive(Debug, Clone, Copy)]
struct Sampling {
    /// Pixels of the patch for a pixel of the frame.
    scale: f32,
    /// By how many pixels of the patch the sampling is moved.
    shift: f32,
    turned: bool,
    strip: Strip,
}

/// Whether the place is unrolled first, and by how many degrees from its middle to its edge.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bend {
    Flat,
    Along(f32),
    Across(f32),
}

/// What is done to the patch.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Tone {
    /// Stretched over the whole range.
    Stretch(Threshold),
    /// Evenly lit.
    Even(Threshold),
    Soft,
    Invert,
    GrowDark,
    GrowLight,
    /// Blur of so many frame pixels undone.
    Deblur(f32),
    /// Linear codes: the mean along the bars, with blur of so many frame pixels undone.
    Line(f32),
}

const WHOLE: Strip = Strip { from: 0.12, to: 0.88 };
const UPPER: Strip = Strip { from: 0.08, to: 0.5 };
const LOWER: Strip = Strip { from: 0.5, to: 0.92 };
const MIDDLE: Strip = Strip { from: 0.36, to: 0.64 };

const fn look(names: [&'static str; 2], scale: f32, tone: Tone, cost: f32) -> Look {
    let sampling = Sampling { scale, shift: 0.0, turned: false, strip: WHOLE };
    Look { name: names[0], again_name: names[1], sampling, tone, bend: Bend::Flat, cost }
}

const fn bent(names: [&'static str; 2], scale: f32, tone: Tone, bend: Bend, cost: f32) -> Look {
    Look { bend, ..look(names, scale, tone, cost) }
}

const fn strip(names: [&'static str; 2], scale: f32, tone: Tone, strip: Strip, cost: f32) -> Look {
    let plain = look(names, scale, tone, cost);
    Look { sampling: Sampling { strip, ..plain.sampling }, ..plain }
}

/// Undoing blur is the dearest of all looks.
pub(super) const DEBLUR_COST: f32 = 2.3;

const LOCAL: Threshold = Threshold::Local;
const GLOBAL: Threshold = Threshold::Global;

/// Looks at places full of bars, the cheapest and most fruitful first.
pub(super) const BARS: [Look; 21] = [
    look(["upright", "upright_again"], 1.0, Tone::Stretch(LOCAL), 0.7),
    look(["line", "line_again"], 1.0, Tone::Line(0.0), 0.6),
    strip(["line_middle", "line_middle_again"], 1.0, Tone::Line(0.0), MIDDLE, 0.5),
    look(["upright_soft", "upright_soft_again"], 1.6, Tone::Soft, 1.4),
    look(["small_inverted", "small_inverted_again"], 0.6, Tone::Invert, 0.4),
    look(["upright_inverted", "upright_inverted_again"], 1.3, Tone::Invert, 1.0),
    look(["line_sharp", "line_sharp_again"], 2.0, Tone::Line(1.0), 1.5),
    bent(["unrolled_50", "unrolled_50_again"], 1.6, Tone::Even(LOCAL), Bend::Along(50.0), 1.5),
    look(["line_sharper", "line_sharper_again"], 2.0, Tone::Line(1.5), 1.5),
    bent(["unrolled_75", "unrolled_75_again"], 2.0, Tone::Even(LOCAL), Bend::Along(75.0), 1.9),
    look(["upright_double", "upright_double_again"], 2.0, Tone::Even(LOCAL), 1.9),
    look(["line_sharpest", "line_sharpest_again"], 2.0, Tone::Line(2.0), 1.5),
    bent(["unrolled_65", "unrolled_65_again"], 1.6, Tone::Even(LOCAL), Bend::Along(65.0), 1.5),
    bent(["unrolled_35", "unrolled_35_again"], 1.6, Tone::Even(LOCAL), Bend::Along(35.0), 1.5),
    bent(["unrolled_line_50", "unrolled_line_50_again"], 2.0, Tone::Line(0.7), Bend::Along(50.0), 1.5),
    bent(["unrolled_line_65", "unrolled_line_65_again"], 2.0, Tone::Line(0.7), Bend::Along(65.0), 1.5),
    bent(["unrolled_line_75", "unrolled_line_75_again"], 2.0, Tone::Line(0.7), Bend::Along(75.0), 1.5),
    bent(["unrolled_line_35", "unrolled_line_35_again"], 2.0, Tone::Line(0.7), Bend::Along(35.0), 1.5),
    look(["upright_global", "upright_global_again"], 1.5, Tone::Even(GLOBAL), 1.3),
    look(["deblur", "deblur_again"], 1.5, Tone::Deblur(1.0), DEBLUR_COST),
    look(["deblur_more", "deblur_more_again"], 1.5, Tone::Deblur(1.7), DEBLUR_COST + 0.4),
];

/// Looks at places full of edges at right angles.
pub(super) const GRID: [Look; 21] = [
    look(["small", "small_again"], 0.5, Tone::Even(LOCAL), 0.45),
    look(["upright", "upright_again"], 1.0, Tone::Stretch(LOCAL), 0.8),
    look(["upright_soft", "upright_soft_again"], 1.6, Tone::Soft, 1.4),
    look(["small_inverted", "small_inverted_again"], 0.6, Tone::Invert, 0.5),
    look(["upright_even", "upright_even_again"], 1.5, Tone::Even(LOCAL), 1.4),
    look(["small_soft", "small_soft_again"], 0.6, Tone::Soft, 0.5),
    bent(["unrolled_65", "unrolled_65_again"], 1.6, Tone::Even(LOCAL), Bend::Along(65.0), 1.6),
    look(["small_dark", "small_dark_again"], 0.7, Tone::GrowDark, 0.5),
    look(["small_light", "small_light_again"], 0.7, Tone::GrowLight, 0.5),
    bent(["unrolled_down_65", "unrolled_down_65_again"], 1.6, Tone::Even(LOCAL), Bend::Across(65.0), 1.6),
    look(["upright_double", "upright_double_again"], 2.0, Tone::Even(LOCAL), 2.0),
    look(["deblur_more", "deblur_more_again"], 1.5, Tone::Deblur(1.5), DEBLUR_COST + 0.3),
    bent(["unrolled_75", "unrolled_75_again"], 2.0, Tone::Even(LOCAL), Bend::Along(75.0), 2.0),
    look(["upright_light", "upright_light_again"], 1.0, Tone::GrowLight, 0.8),
    look(["upright_dark", "upright_dark_again"], 1.0, Tone::GrowDark, 0.8),
    look(["upright_global", "upright_global_again"], 1.5, Tone::Even(GLOBAL), 1.2),
    bent(["unrolled_45", "unrolled_45_again"], 1.6, Tone::Even(LOCAL), Bend::Along(45.0), 1.6),
    look(["deblur", "deblur_again"], 1.5, Tone::Deblur(1.0), DEBLUR_COST),
    bent(["unrolled_down_75", "unrolled_down_75_again"], 2.0, Tone::Even(LOCAL), Bend::Across(75.0), 2.0),
    bent(["unrolled_down_45", "unrolled_down_45_again"], 1.6, Tone::Even(LOCAL), Bend::Across(45.0), 1.6),
    look(["deblur_most", "deblur_most_again"], 1.5, Tone::Deblur(2.0), DEBLUR_COST + 0.6),
];

/// Looks that suit a place.
pub(super) fn looks(kind: Kind) -> &'static [Look] {
    match kind {
        Kind::Bars => &BARS,
        Kind::Grid => &GRID,
    }
}

impl Look {
    /// Other looks at the same place that see the same text, if it is there.
    pub fn again(&self) -> impl Iterator<Item = Look> + use<> {
        let me = *self;
        let with = move |scale: f32, shift: f32, turned: bool, strip: Strip| {
            let sampling = Sampling { scale: me.sampling.scale * scale, shift, turned, strip };
            Look { name: me.again_name, sampling, ..me }
        };
        let ways = match self.tone {
            Tone::Line(_) => [
                with(1.0, 0.4, false, UPPER),
                with(1.0, 0.4, true, LOWER),
                with(1.31, 0.5, true, MIDDLE),
                with(1.31, 0.5, true, WHOLE),
            ],
            _ => [
                with(1.31, 0.37, true, WHOLE),
                with(0.83, 0.5, true, WHOLE),
                with(1.12, 0.25, false, WHOLE),
                with(1.6, 0.6, true, WHOLE),
            ],
        };
        ways.into_iter()
    }

    /// The same look at a picture that shows the place so many times smaller.
    pub fn enlarged(&self, by: f32) -> Self {
        let sampling = Sampling { scale: self.sampling.scale * by, ..self.sampling };
        let tone = match self.tone {
            Tone::Deblur(sigma) => Tone::Deblur(sigma / by),
            Tone::Line(sigma) => Tone::Line(sigma / by),
            tone => tone,
        };
        Self { sampling, tone, ..*self }
    }

    /// Looks once; corners come back in pixels of `luma`.
    pub fn run(&self, luma: Luma<'_>, place: &Proposal, symbologies: &[Symbology]) -> Vec<Read> {
        let wanted: Vec<Symbology> = symbologies.iter().copied().filter(|s| self.suits(place.kind, *s)).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let Sampling { scale, shift, turned, .. } = self.sampling;
        let margin = match place.kind {
            Kind::Bars => [0.14, 0.06],
            Kind::Grid => [0.2, 0.2],
        };
        let mut place = *place;
        if turned {
            place = place.upside_down();
        }
        match self.bend {
            Bend::Flat => {}
            Bend::Along(degrees) => place.shape.bend = degrees.to_radians(),
            Bend::Across(degrees) => {
                place = place.aside();
                place.shape.bend = degrees.to_radians();
            }
        }
        let pixels_max = if matches!(self.tone, Tone::Deblur(_)) { 160_000.0 } else { 400_000.0 };
        let patch = rectify::upright(luma, &place, Cut { margin, scale, shift, pixels_max });
        let scale = patch.warp.scale;
        let mut reads = match self.tone {
            Tone::Stretch(t) => whole(&patch.stretched(), t, place.kind, &wanted),
            Tone::Even(t) => whole(&patch.even(reach(&patch)).unit_grey(), t, place.kind, &wanted),
            Tone::Soft => {
                let soft = pixels::blur(pixels::blur(patch.stretched().view()).view());
                whole(&soft, Threshold::Local, place.kind, &wanted)
            }
            Tone::Invert => {
                let inverted = pixels::invert(patch.stretched().view());
                whole(&inverted, Threshold::Local, place.kind, &wanted)
            }
            Tone::GrowDark => {
                let thick = pixels::blur(pixels::grow_dark(patch.stretched().view()).view());
                whole(&thick, Threshold::Local, place.kind, &wanted)
            }
            Tone::GrowLight => {
                let thick = pixels::blur(pixels::grow_light(patch.stretched().view()).view());
                whole(&thick, Threshold::Local, place.kind, &wanted)
            }
            Tone::Deblur(sigma) => {
                let sharp = patch.even(reach(&patch)).deblurred([sigma * scale; 2], 25);
                whole(&sharp.unit_grey(), Threshold::Local, place.kind, &wanted)
            }
            Tone::Line(sigma) => self.line(&patch, sigma * scale, &wanted),
        };
        reads.iter_mut().for_each(|r| r.quad = r.quad.map(|p| patch.warp.point(p)));
        reads
    }

    fn suits(&self, kind: Kind, symbology: Symbology) -> bool {
        let matrix =
            matches!(symbology, Symbology::QrCode | Symbology::MicroQr | Symbology::DataMatrix | Symbology::Aztec);
        match (kind, self.tone) {
            (Kind::Bars, Tone::Line(_)) => !matrix && symbology != Symbology::Pdf417,
            (Kind::Bars, Tone::Invert) if self.sampling.scale < 1.0 => symbology == Symbology::Pdf417,
            (Kind::Bars, Tone::Deblur(_) | Tone::Soft) => symbology == Symbology::Pdf417,
            (Kind::Bars, _) => !matrix,
            // The engine looks for matrix codes of either colour by itself.
            (Kind::Grid, Tone::Invert) => symbology == Symbology::Pdf417,
            (Kind::Grid, _) => matrix || symbology == Symbology::Pdf417,
        }
    }

    /// Reads the mean line, dark on light and light on dark.
    fn line(&self, patch: &Patch, sigma: f32, wanted: &[Symbology]) -> Vec<Read> {
        let line = bars::mean_line(patch, self.sampling.strip);
        let mut values = bars::even(&line.values, (line.values.len() / 12).max(24));
        if sigma > 0.0 {
            let flat = Patch { data: values, width: line.values.len(), height: 1, warp: patch.warp };
            values = flat.deblurred([sigma, 0.0], 60).data;
        }
        let fine = bars::finer(&values);
        let mut reads = Vec::new();
        for invert in [false, true] {
            let how = How { threshold: Threshold::Made, turns: false, shrinks: false, inverts: false };
            reads.extend(engine::zxing(bars::drawn(&fine, invert).view(), wanted, how));
        }
        let (top, low) = (patch.height as f32 * self.sampling.strip.from, patch.height as f32 * self.sampling.strip.to);
        for read in &mut reads {
            let columns = [0, 1].map(|i| read.quad[i][0] as f32 / bars::FINER as f32);
            let at = |x: f32, y: f32| [(x + line.lean * (y - line.row)).round() as i32, y.round() as i32];
            read.quad = [at(columns[0], top), at(columns[1], top), at(columns[1], low), at(columns[0], low)];
        }
        reads
    }
}

/// Over how many pixels local black and white are sought.
fn reach(patch: &Patch) -> usize {
    (patch.width.min(patch.height) / 6).clamp(16, 48)
}

/// Matrix codes are looked for in either colour; of bars light on dark there are looks of their own, since asking for both
/// costs each look twice.
fn whole(grey: &Grey, threshold: Threshold, kind: Kind, wanted: &[Symbology]) -> Vec<Read> {
    let of_grid = kind == Kind::Grid;
    engine::zxing(grey.view(), wanted, How { threshold, turns: of_grid, shrinks: false, inverts: of_grid })
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::frame::Frame;
    use crate::decode::passes::PLAIN;
    use crate::decode::propose;
    use crate::decode::slant;
    use crate::decode::tests::{draw, turned};

    #[test]
    fn every_look_has_names_of_its_own() {
        for looks in [&BARS[..], &GRID[..]] {
            let mut names: Vec<&str> = looks.iter().flat_map(|l| [l.name, l.again_name]).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }

    /// The proposed place at which the first look at bars reads something.
    fn bars_in(scene: &Frame, symbology: Symbology) -> Proposal {
        let all = propose::propose(scene.luma(), 20).into_iter().filter(|p| !p.is_an_edge());
        let mut bars = all.map(|p| slant::straightened(scene.luma(), &p));
        bars.find(|p| BARS[0].run(scene.luma(), p, &[symbology]).iter().any(|r| !r.broken)).unwrap()
    }

    #[test]
    fn turned_bars_are_read_where_a_plain_pass_reads_nothing() {
        let table = [
            (BarcodeFormat::PDF417, "SERIAL:AB1234;CAL:5.56", Symbology::Pdf417, 25.0),
            (BarcodeFormat::Code128, "W7654321", Symbology::Code128, 40.0),
            (BarcodeFormat::Code39, "SN-445566", Symbology::Code39, 43.0),
        ];
        for (format, text, symbology, degrees) in table {
            let scene = turned(1000, 800, &draw(format, text, 3), degrees, 100, 60);
            assert_eq!(PLAIN.run(scene.luma(), &[symbology]), [], "{symbology} is too easy");
            let place = bars_in(&scene, symbology);
            let reads = BARS[0].run(scene.luma(), &place, &[symbology]);
            assert_eq!(reads.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), [text]);
            let again = BARS[0].again().filter(|a| !a.run(scene.luma(), &place, &[symbology]).is_empty());
            assert!(again.count() >= 3, "{symbology}");
        }
    }

    #[test]
    fn corners_come_back_to_the_frame() {
        let symbol = draw(BarcodeFormat::Code128, "W7654321", 3);
        let scene = turned(1000, 800, &symbol, 40.0, 100, 60);
        let place = bars_in(&scene, Symbology::Code128);
        for look in [&BARS[0], &BARS[1], &BARS[2]] {
            let quad = look.run(scene.luma(), &place, &[Symbology::Code128])[0].quad;
            let length = f64::from(quad[1][0] - quad[0][0]).hypot(f64::from(quad[1][1] - quad[0][1]));
            assert!((length / f64::from(symbol.width) - 0.9).abs() < 0.1, "{}: {quad:?}", look.name);
            let middle = crate::decode::place::centre(&quad);
            let off = (middle[0] - place.centre[0]).hypot(middle[1] - place.centre[1]);
            assert!(off < 20.0, "{}: {middle:?} {:?}", look.name, place.centre);
        }
    }
}
