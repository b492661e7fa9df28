//! QR codes on ground that is not flat: creased cloth, a bent can, a bubbled label. A net is laid over the code and its knots
//! are moved until the modules under it are as black and white as they get, and the patterns that every QR code has lie where
//! they must. What stands under the net's meshes is drawn anew, flat, and read by the engine; its error correction says
//! whether the net lay right.

use super::engine::{self, How, Read, Threshold};
use super::frame::Luma;
use super::pixels::Grey;
use super::propose::Proposal;
use super::rectify::{self, Cut, Patch};
use crate::domain::{Quad, Symbology};

/// Modules along a side of the smallest and of the largest code that is tried (versions 1 to 14).
const SIDE_MIN: usize = 21;
const SIDE_MAX: usize = 73;
/// So many sizes are tried, those first whose patterns fit best.
const SIZES: usize = 2;
/// Pixels of the flat drawing for each module, and its quiet zone in modules.
const DRAWN_PX: usize = 4;
const QUIET: usize = 4;
/// Knots along a side, from coarse to fine; a net begins as the one before it ended.
const KNOTS: [&[usize]; 4] = [&[2, 3, 5, 8], &[2, 4, 7], &[3, 6], &[2, 5, 9]];
/// What it costs a module's worth of contrast to move neighbouring knots apart by a module.
const STIFF: f32 = 0.10;

/// Reads a QR code at a place where an engine saw one, through a net; each item is one way to lay it.
pub(super) fn reads(luma: Luma<'_>, quad: &Quad) -> impl Iterator<Item = Vec<Read>> {
    let quad = *quad;
    (0..KNOTS.len()).map(move |way| {
        let place = Proposal::of(&quad);
        let scale = [1.6, 2.1, 1.3, 1.8][way] * (120.0 / place.half[0].max(place.half[1])).clamp(0.4, 1.6);
        let shift = [0.0, 0.4, 0.2, 0.6][way];
        let patch = rectify::upright(luma, &place, Cut { margin: [0.2; 2], scale, shift, pixels_max: 400_000.0 });
        let reach = (patch.width.min(patch.height) / [8, 6, 10, 7][way]).clamp(16, 64);
        let even = patch.even(reach);
        let mut sizes: Vec<(f32, usize)> =
            (SIDE_MIN..=SIDE_MAX).step_by(4).map(|side| (Net::over(&even, &quad, side).known_score(), side)).collect();
        sizes.sort_by(|a, b| b.0.total_cmp(&a.0));
        for &(_, side) in sizes.iter().take(SIZES) {
            let mut net = Net::over(&even, &quad, side);
            for &knots in KNOTS[way] {
                net.refine(knots);
            }
            let how = How { threshold: Threshold::Made, turns: false, shrinks: false, inverts: true };
            let mut found = engine::zxing(net.drawn().view(), &[Symbology::QrCode], how);
            found.retain(|r| !r.broken);
            if !found.is_empty() {
                found.iter_mut().for_each(|r| r.quad = quad);
                return found;
            }
        }
        Vec::new()
    })
}

/// What every QR code of a size has at a place: `Some(dark)`, or `None` where the content stands.
fn known(side: usize, x: usize, y: usize) -> Option<bool> {
    let ring = |dx: usize, dy: usize| dx.max(dy);
    for (cx, cy) in [(3, 3), (side - 4, 3), (3, side - 4)] {
        let far = ring(x.abs_diff(cx), y.abs_diff(cy));
        if far <= 4 {
            return Some(far != 2 && far != 4);
        }
    }
    if x == 6 || y == 6 {
        return Some((x + y).is_multiple_of(2));
    }
    let lines = alignment_lines(side);
    let near = |at: usize| lines.iter().copied().find(|l| l.abs_diff(at) <= 2);
    let (cx, cy) = (near(x)?, near(y)?);
    let last = side - 7;
    let corner = (cx, cy) == (6, 6) || (cx, cy) == (6, last) || (cx, cy) == (last, 6);
    (!corner).then(|| ring(x.abs_diff(cx), y.abs_diff(cy)) != 1)
}

/// Rows and columns on which alignment patterns are centred (ISO/IEC 18004, Annex E).
fn alignment_lines(side: usize) -> Vec<usize> {
    let version = (side - 17) / 4;
    if version < 2 {
        return Vec::new();
    }
    let count = version / 7 + 2;
    let step = (version * 8 + count * 3 + 5) / (count * 4 - 4) * 2;
    let mut lines: Vec<usize> = (0..count - 1).map(|i| side - 7 - i * step).collect();
    lines.push(6);
    lines
}

/// A net over a code in an evenly lit patch.
struct Net<'a> {
    patch: &'a Patch,
    side: usize,
    /// From modules to pixels of the patch, seen as a plane.
    plane: [f32; 8],
    /// Knots along a side, and how far each is moved, in modules.
    knots: usize,
    moved: Vec<[f32; 2]>,
    known: Vec<Option<bool>>,
}

impl<'a> Net<'a> {
    fn over(patch: &'a Patch, quad: &Quad, side: usize) -> Self {
        let warp = &patch.warp;
        let (sin, cos) = warp.angle.sin_cos();
        let corners = quad.map(|[x, y]| {
            let (x, y) = (x as f32 - warp.centre[0], y as f32 - warp.centre[1]);
            let (u, v) = (x * cos + y * sin, y * cos - x * sin);
            [u * warp.scale + warp.middle[0], v * warp.scale + warp.middle[1]]
        });
        let known = (0..side * side).map(|i| known(side, i % side, i / side)).collect();
        Self { patch, side, plane: plane(corners), knots: 2, moved: vec![[0.0; 2]; 4], known }
    }

    /// Where a place in modules lies in the patch.
    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        let [dx, dy] = self.push(x, y);
        let (x, y) = ((x + dx) / self.side as f32, (y + dy) / self.side as f32);
        let [a, b, c, d, e, f, g, h] = self.plane;
        let w = g * x + h * y + 1.0;
        let w = if w.abs() < 0.05 { 0.05 } else { w };
        [(a * x + b * y + c) / w, (d * x + e * y + f) / w]
    }

    /// How far the net is moved at a place, between its knots by straight lines.
    fn push(&self, x: f32, y: f32) -> [f32; 2] {
        let last = (self.knots - 1) as f32;
        let [u, v] = [x, y].map(|c| (c / self.side as f32 * last).clamp(0.0, last));
        let (i, j) = ((u as usize).min(self.knots - 2), (v as usize).min(self.knots - 2));
        let (fu, fv) = (u - i as f32, v - j as f32);
        let knot = |i: usize, j: usize| self.moved[j * self.knots + i];
        [0, 1].map(|k| {
            let top = knot(i, j)[k] * (1.0 - fu) + knot(i + 1, j)[k] * fu;
            let low = knot(i, j + 1)[k] * (1.0 - fu) + knot(i + 1, j + 1)[k] * fu;
            top * (1.0 - fv) + low * fv
        })
    }

    /// Brightness of a module, from 0 to 1: the mean of its inner part.
    fn module(&self, x: usize, y: usize) -> f32 {
        const INNER: [[f32; 2]; 5] = [[0.5, 0.5], [0.3, 0.3], [0.7, 0.3], [0.3, 0.7], [0.7, 0.7]];
        INNER.iter().map(|[u, v]| self.brightness(self.at(x as f32 + u, y as f32 + v))).sum::<f32>() / 5.0
    }

    fn brightness(&self, [u, v]: [f32; 2]) -> f32 {
        let (width, height) = (self.patch.width, self.patch.height);
        let u = u.clamp(0.0, (width - 1) as f32 - 0.001);
        let v = v.clamp(0.0, (height - 1) as f32 - 0.001);
        let (i, j) = (u as usize, v as usize);
        let (fu, fv) = (u - i as f32, v - j as f32);
        let row = |j: usize| {
            let p = &self.patch.data[j * width + i..];
            p[0] * (1.0 - fu) + p[1] * fu
        };
        row(j) * (1.0 - fv) + row(j + 1) * fv
    }

    /// How clearly a module is what it must be, or anything at all.
    fn score(&self, x: usize, y: usize) -> f32 {
        let light = (self.module(x, y) - 0.5).clamp(-0.5, 0.5);
        match self.known[y * self.side + x] {
            Some(true) => -2.0 * light,
            Some(false) => 2.0 * light,
            None => light.abs(),
        }
    }

    /// How well the known patterns fit, for each of their modules.
    fn known_score(&self) -> f32 {
        let at: Vec<usize> = (0..self.known.len()).filter(|&i| self.known[i].is_some()).collect();
        at.iter().map(|&i| self.score(i % self.side, i / self.side)).sum::<f32>() / at.len().max(1) as f32
    }

    /// The score of all modules that a knot moves, less what it costs that it moved otherwise than its neighbours.
    fn around(&self, i: usize, j: usize) -> f32 {
        let pitch = self.side as f32 / (self.knots - 1) as f32;
        let reach = |k: usize| {
            let from = ((k as f32 - 1.0) * pitch).max(0.0) as usize;
            from..(((k as f32 + 1.0) * pitch).ceil() as usize).min(self.side)
        };
        let clear: f32 = reach(j).map(|y| reach(i).map(|x| self.score(x, y)).sum::<f32>()).sum();
        let mine = self.moved[j * self.knots + i];
        let mut apart = 0.0;
        for (di, dj) in [(-1i32, 0i32), (1, 0), (0, -1), (0, 1)] {
            let (u, v) = (i as i32 + di, j as i32 + dj);
            if (0..self.knots as i32).contains(&u) && (0..self.knots as i32).contains(&v) {
                let other = self.moved[v as usize * self.knots + u as usize];
                apart += (mine[0] - other[0]).powi(2) + (mine[1] - other[1]).powi(2);
            }
        }
        clear - STIFF * pitch * pitch * apart
    }

    /// Gives the net so many knots along a side, and moves each as long as that makes the modules clearer.
    fn refine(&mut self, knots: usize) {
        let place = |k: usize| k as f32 * self.side as f32 / (knots - 1) as f32;
        self.moved = (0..knots * knots).map(|k| self.push(place(k % knots), place(k / knots))).collect();
        self.knots = knots;
        for step in [0.8f32, 0.4, 0.2, 0.1] {
            for _ in 0..2 {
                let mut any = false;
                for knot in 0..knots * knots {
                    let (i, j) = (knot % knots, knot / knots);
                    let mut best = self.around(i, j);
                    let was = self.moved[knot];
                    let mut kept = was;
                    for [dx, dy] in [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]] {
                        self.moved[knot] = [was[0] + dx * step, was[1] + dy * step];
                        let now = self.around(i, j);
                        if now > best + 1e-3 {
                            (best, kept) = (now, self.moved[knot]);
                        }
                    }
                    self.moved[knot] = kept;
                    any |= kept != was;
                }
                if !any {
                    break;
                }
            }
        }
    }

    /// What stands under the net, drawn flat.
    fn drawn(&self) -> Grey {
        let width = (self.side + 2 * QUIET) * DRAWN_PX;
        let mut data = vec![255; width * width];
        for (i, known) in self.known.iter().enumerate() {
            let (x, y) = (i % self.side, i / self.side);
            if known.unwrap_or_else(|| self.module(x, y) < 0.5) {
                for row in 0..DRAWN_PX {
                    let from = ((y + QUIET) * DRAWN_PX + row) * width + (x + QUIET) * DRAWN_PX;
                    data[from..from + DRAWN_PX].fill(0);
                }
            }
        }
        Grey { data, width: width as u32, height: width as u32 }
    }
}

/// The plane's projection that takes the corners of a unit square to four points, clockwise from the top left.
fn plane([p0, p1, p2, p3]: [[f32; 2]; 4]) -> [f32; 8] {
    let sum = [0, 1].map(|k| p0[k] - p1[k] + p2[k] - p3[k]);
    let (d1, d2) = ([0, 1].map(|k| p1[k] - p2[k]), [0, 1].map(|k| p3[k] - p2[k]));
    let area = d1[0] * d2[1] - d2[0] * d1[1];
    let area = if area.abs() < 1e-3 { 1e-3 } else { area };
    let g = (sum[0] * d2[1] - d2[0] * sum[1]) / area;
    let h = (d1[0] * sum[1] - sum[0] * d1[1]) / area;
    let [a, d] = [0, 1].map(|k| p1[k] - p0[k] + g * p1[k]);
    let [b, e] = [0, 1].map(|k| p3[k] - p0[k] + h * p3[k]);
    [a, b, p0[0], d, e, p0[1], g, h]
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::frame::Frame;
    use crate::decode::passes::PLAIN;
    use crate::decode::tests::{draw, frame};

    const TEXT: &str = "https://reg.example/w/AK123456";

    /// A code on cloth: pushed to and fro by waves, by so many pixels.
    fn creased(by_px: f32) -> Frame {
        let flat = frame(420, 400, &[(&draw(BarcodeFormat::QRCodeModel2, TEXT, 8), 40, 30)]);
        let luma = flat.luma();
        let wave = |at: u32, period: f32| by_px * (at as f32 / period * std::f32::consts::TAU).sin();
        let pixel = |x: u32, y: u32| {
            let from_x = (x as f32 + wave(y, 190.0)).clamp(0.0, 419.0) as u32;
            let from_y = (y as f32 + wave(x, 170.0)).clamp(0.0, 399.0) as usize;
            luma.row(from_y as u32)[from_x as usize]
        };
        let data = (0..400).flat_map(|y| (0..420).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect();
        Frame::new(crate::decode::Layout::Grey, 420, 400, data).unwrap()
    }

    #[test]
    fn a_creased_code_is_read_through_a_net_and_by_nothing_else() {
        let lies = [[72, 62], [272, 62], [272, 262], [72, 262]];
        let scene = creased(4.0);
        assert!(PLAIN.run(scene.luma(), &[Symbology::QrCode]).iter().all(|r| r.broken), "too easy");
        let read = reads(scene.luma(), &lies).filter(|r| r.iter().any(|r| r.text == TEXT)).count();
        assert!(read >= 3, "{read} of {} nets", KNOTS.len());
    }

    #[test]
    fn a_net_over_nothing_gives_nothing() {
        let scene = frame(300, 300, &[]);
        for quad in
            [[[20, 20], [200, 20], [200, 200], [20, 200]], [[0, 0]; 4], [[-900, 4], [5, 9], [7, 7], [1 << 20, 3]]]
        {
            assert!(reads(scene.luma(), &quad).all(|r| r.is_empty()));
        }
    }

    #[test]
    fn the_known_patterns_are_those_that_the_engine_draws() {
        for text in ["AK123456".to_owned(), TEXT.to_owned(), "W7654321".repeat(16)] {
            let drawn = draw(BarcodeFormat::QRCodeModel2, &text, 1);
            let side = drawn.width as usize - 2 * QUIET;
            let quiet = QUIET;
            let mut compared = 0;
            for y in 0..side {
                for x in 0..side {
                    let dark = drawn.data[(y + quiet) * drawn.width as usize + x + quiet] < 128;
                    if let Some(must) = known(side, x, y) {
                        assert_eq!(must, dark, "{side}: {x}, {y}");
                        compared += 1;
                    }
                }
            }
            assert!(compared > 200);
        }
    }
}
