//! Where in a picture codes may stand: from the directions of its edges, before anything is read.
//!
//! A code is a place full of edges that run one way (bars) or two ways at a right angle (a grid). For each small cell the
//! squared gradients are added up as they are, doubled in angle (one way: they add up; two ways: they cancel) and
//! fourfold in angle (both add up). Cells that agree about their direction grow together to regions, and each region
//! becomes a box that lies as its code lies, so that the code can be set upright. Noise has no direction, so that this works
//! where no engine's finder sees anything.

use super::frame::Luma;
use super::pixels::{self, Grey};
use super::place;
use super::regions::{Sums, grow};
use super::warp::Shape;
use crate::domain::Quad;

/// What kind of edges a region has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Edges of one direction: a linear code or PDF417.
    Bars,
    /// Edges of two directions: a matrix code, or PDF417.
    Grid,
}

/// A box in which a code may stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Proposal {
    pub kind: Kind,
    /// Middle, in pixels of the picture.
    pub centre: [f32; 2],
    /// Direction from the code's left to its right (or back: a box does not know its top), in radians.
    pub angle: f32,
    /// Half of the length along that direction, half of the length across it, in pixels.
    pub half: [f32; 2],
    /// How it lies beyond being turned, as far as that was measured.
    pub shape: Shape,
    /// How strong its edges are, for each pixel.
    pub strength: f32,
}

impl Proposal {
    /// A place where an engine saw a matrix code.
    pub fn of(quad: &Quad) -> Self {
        let side = |a: usize, b: usize| [0, 1].map(|i| (quad[b][i] - quad[a][i]) as f32);
        let across = [0, 1].map(|i| side(0, 1)[i] + side(3, 2)[i]);
        let down = [0, 1].map(|i| side(0, 3)[i] + side(1, 2)[i]);
        Self {
            kind: Kind::Grid,
            centre: place::centre(quad),
            angle: across[1].atan2(across[0]),
            half: [across, down].map(|d| (d[0].hypot(d[1]) / 4.0).max(4.0)),
            shape: Shape::default(),
            strength: 0.0,
        }
    }

    /// The larger, the sooner it is looked at: strong edges first, since grounds are patterned more weakly than codes are
    /// printed, and then many of them.
    pub fn weight(&self) -> f32 {
        self.strength * self.strength * self.area().sqrt().sqrt()
    }

    /// Whether its bars are too few, or too tall for their number, to be a code: the edge of a label, a seam, a shadow.
    pub fn is_an_edge(&self) -> bool {
        self.kind == Kind::Bars && (self.half[0] < BARS_HALF_PX || self.half[1] > BARS_TALL * self.half[0])
    }

    /// Pixels of the frame.
    pub fn area(&self) -> f32 {
        4.0 * self.half[0] * self.half[1]
    }

    /// The same box, called by its other sides.
    pub fn aside(&self) -> Self {
        let Shape { slope, lean, bend } = self.shape;
        let shape = Shape { slope: [-lean[0], lean[1]], lean: [-slope[0], -slope[1]], bend };
        let angle = self.angle + std::f32::consts::FRAC_PI_2;
        Self { angle, half: [self.half[1], self.half[0]], shape, ..*self }
    }

    /// The same box, called from its other end.
    pub fn upside_down(&self) -> Self {
        self.aside().aside()
    }

    /// Its corners.
    pub fn quad(&self) -> Quad {
        let (sin, cos) = self.angle.sin_cos();
        let at = |u: f32, v: f32| {
            let (u, v) = (u * self.half[0], v * self.half[1]);
            [(self.centre[0] + u * cos - v * sin).round() as i32, (self.centre[1] + u * sin + v * cos).round() as i32]
        };
        [at(-1.0, -1.0), at(1.0, -1.0), at(1.0, 1.0), at(-1.0, 1.0)]
    }
}

/// No code of bars is shorter than twice this, nor so many times as tall as it is long.
const BARS_HALF_PX: f32 = 28.0;
const BARS_TALL: f32 = 2.0;
/// Side of a cell in pixels.
pub(super) const CELL: usize = 8;
/// Pictures are made smaller until they have no more pixels; a module is then still larger than a pixel in any picture
/// that can be read at all.
const PIXELS_MAX: u64 = 2_200_000;

/// The places worth a closer look, the strongest first, at most `max` of them.
pub(super) fn propose(luma: Luma<'_>, max: usize) -> Vec<Proposal> {
    let mut shrunk: Option<Grey> = None;
    let mut scale = 1.0f32;
    let view = |s: &Option<Grey>| s.as_ref().map_or(0, |g| u64::from(g.width) * u64::from(g.height));
    while (if shrunk.is_none() { u64::from(luma.width) * u64::from(luma.height) } else { view(&shrunk) }) > PIXELS_MAX {
        let Some((half, _)) = pixels::halve(shrunk.as_ref().map_or(luma, Grey::view)) else { break };
        shrunk = Some(half);
        scale *= 2.0;
    }
    let mut all: Vec<Proposal> = Vec::new();
    for level in 0..3 {
        let here = shrunk.as_ref().map_or(luma, Grey::view);
        for mut p in in_one_size(here) {
            p.centre = p.centre.map(|c| (c + 0.5) * scale - 0.5);
            p.half = p.half.map(|h| h * scale);
            if !all.iter().any(|a| same_box(a, &p)) {
                all.push(p);
            }
        }
        if level == 2 || here.width.min(here.height) < 160 {
            break;
        }
        let Some((half, _)) = pixels::halve(here) else { break };
        shrunk = Some(half);
        scale *= 2.0;
    }
    all.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
    all.truncate(max);
    all
}

/// Whether two boxes mean the same place in the same way.
fn same_box(a: &Proposal, b: &Proposal) -> bool {
    let d = (a.centre[0] - b.centre[0]).hypot(a.centre[1] - b.centre[1]);
    let size = a.half[0].hypot(a.half[1]);
    let other = b.half[0].hypot(b.half[1]);
    a.kind == b.kind && d < 0.2 * size && (0.75..1.34).contains(&(other / size))
}

fn in_one_size(luma: Luma<'_>) -> Vec<Proposal> {
    let (cw, ch) = (luma.width as usize / CELL, luma.height as usize / CELL);
    if cw < 2 || ch < 2 {
        return Vec::new();
    }
    let cells = smooth(&cell_sums(luma, cw, ch), cw, ch);
    let mut found = grow(&cells, cw, ch, Kind::Bars);
    found.extend(grow(&cells, cw, ch, Kind::Grid));
    found
}

fn cell_sums(luma: Luma<'_>, cw: usize, ch: usize) -> Vec<Sums> {
    let width = cw * CELL;
    let mut cells = vec![Sums::default(); cw * ch];
    // Sums of columns over the rows of a cell: energy, doubled angle, fourfold angle.
    let mut columns: [Vec<f32>; 5] = std::array::from_fn(|_| vec![0.0; width]);
    let (mut sum, mut dif) = (vec![0i16; width], vec![0i16; width]);
    for (at, row) in cells.chunks_exact_mut(cw).enumerate() {
        columns.iter_mut().for_each(|c| c.fill(0.0));
        for y in (at * CELL).max(1)..((at + 1) * CELL).min(luma.height as usize - 1) {
            let (up, mid, low) = (luma.row(y as u32 - 1), luma.row(y as u32), luma.row(y as u32 + 1));
            for x in 0..width {
                let (u, m, l) = (i16::from(up[x]), i16::from(mid[x]), i16::from(low[x]));
                sum[x] = u + 2 * m + l;
                dif[x] = l - u;
            }
            let [e, a, b, c, d] = columns.each_mut().map(|v| &mut v[1..width - 1]);
            let (left, right) = (&sum[..width - 2], &sum[2..]);
            let (before, here, after) = (&dif[..width - 2], &dif[1..width - 1], &dif[2..]);
            for x in 0..width - 2 {
                let gx = f32::from(right[x] - left[x]);
                let gy = f32::from(before[x] + 2 * here[x] + after[x]);
                let (s, t) = (gx * gx - gy * gy, 2.0 * gx * gy);
                let energy = gx * gx + gy * gy;
                let inv = 1.0 / (energy + 1e-3);
                e[x] += energy;
                a[x] += s;
                b[x] += t;
                c[x] += (s * s - t * t) * inv;
                d[x] += 2.0 * s * t * inv;
            }
        }
        for (i, cell) in row.iter_mut().enumerate() {
            let total = |v: &[f32]| v[i * CELL..(i + 1) * CELL].iter().sum::<f32>();
            let [e, a, b, c, d] = columns.each_ref().map(|v| total(v));
            *cell = Sums { e, two: [a, b], four: [c, d] };
        }
    }
    cells
}

/// Each cell with its eight neighbours.
fn smooth(cells: &[Sums], cw: usize, ch: usize) -> Vec<Sums> {
    let mut out = vec![Sums::default(); cells.len()];
    for y in 0..ch {
        for x in 0..cw {
            let sum = &mut out[y * cw + x];
            for v in y.saturating_sub(1)..(y + 2).min(ch) {
                for u in x.saturating_sub(1)..(x + 2).min(cw) {
                    sum.add(&cells[v * cw + u]);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::tests::{draw, frame, turned};

    #[test]
    fn a_turned_code_is_proposed_as_it_lies() {
        let table = [
            (BarcodeFormat::Code128, "W7654321", 3, Kind::Bars),
            (BarcodeFormat::PDF417, "SERIAL:AB1234;CAL:5.56", 3, Kind::Bars),
            (BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", 4, Kind::Grid),
        ];
        for (format, text, scale, kind) in table {
            let symbol = draw(format, text, scale);
            for degrees in [0.0f32, 12.0, 33.0, 60.0] {
                let scene = turned(900, 700, &symbol, degrees, 150, 80);
                let all = propose(scene.luma(), 8);
                let best = all.iter().find(|p| p.kind == kind).unwrap_or_else(|| panic!("{format} {degrees} {all:?}"));
                let quarter = if kind == Kind::Bars { 180.0 } else { 90.0 };
                let off = (best.angle.to_degrees() - degrees).rem_euclid(quarter);
                assert!(off.min(quarter - off) < 4.0, "{format} {degrees}: {} {off}", best.angle.to_degrees());
                // The paper's edge may count as one of the code's, so that a box is at most about twice too high.
                for (half, side) in best.half.iter().zip([symbol.width, symbol.height]) {
                    let off = half * 2.0 - side as f32;
                    assert!(off > -0.4 * side as f32 && off < side as f32 + 60.0, "{format} {degrees}: {off} {side}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_proposed_where_nothing_is() {
        assert_eq!(propose(frame(640, 480, &[]).luma(), 8), []);
        for (w, h) in [(1, 1), (1, 500), (500, 1), (7, 9), (17, 16), (16, 4000)] {
            assert_eq!(propose(frame(w, h, &[]).luma(), 8), [], "{w}x{h}");
        }
    }

    #[test]
    fn a_box_stays_where_it_is_by_whatever_side_it_is_called() {
        let place = Proposal {
            kind: Kind::Bars,
            centre: [200.0, 100.0],
            angle: 0.4,
            half: [90.0, 30.0],
            shape: Shape::default(),
            strength: 1.0,
        };
        let corners = |p: &Proposal| {
            let mut quad = p.quad();
            quad.sort_unstable();
            quad
        };
        assert_eq!(corners(&place), corners(&place.aside()));
        assert_eq!(corners(&place), corners(&place.upside_down()));
        assert!(place::overlap(&place.quad(), &place.aside().quad()));
    }
}
