//! Where the pixels of a place lie in an earlier frame: a hand shifts, turns and tilts a code from frame to frame.
//!
//! The shift is sought in small pictures, by correlation; then shift, turn and stretch together are bettered step by step
//! from the slopes of brightness (Baker and Matthews' inverse compositional form of Lucas and Kanade), in finer and finer
//! pictures. Slow changes of light are taken out first, so that shadows and glare count little.

use super::frame::Luma;
use super::propose::Proposal;
use plane::Plane;

mod plane;

/// How far a place may have moved between two frames, in pixels.
const REACH_PX: f32 = 24.0;
/// Points that are compared, at most.
const POINTS_MAX: usize = 6_000;
/// Points that are compared for each shift that is tried.
const COARSE_POINTS: usize = 300;
/// A place is at least so many pixels high in the smallest picture.
const COARSE_SIDE: f32 = 14.0;
/// Steps in each picture.
const STEPS: usize = 4;

/// From pixels of the newest frame to those of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Motion {
    /// Middle of the place in the newest frame, and where it lies in the other.
    from: [f32; 2],
    to: [f32; 2],
    /// The way from the middle: rows.
    turn: [[f32; 2]; 2],
}

impl Motion {
    pub fn still(middle: [f32; 2]) -> Self {
        Self { from: middle, to: middle, turn: [[1.0, 0.0], [0.0, 1.0]] }
    }

    pub fn point(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (x, y) = (x - self.from[0], y - self.from[1]);
        [0, 1].map(|i| self.to[i] + self.turn[i][0] * x + self.turn[i][1] * y)
    }

    /// How the place in the other frame changes for a step to the right.
    pub fn along(&self) -> [f32; 2] {
        [self.turn[0][0], self.turn[1][0]]
    }

    /// The same, with the other frame's place moved.
    pub fn shifted(&self, by: [f32; 2]) -> Self {
        Self { to: [0, 1].map(|i| self.to[i] + by[i]), ..*self }
    }

    /// Middle of the place in the other frame.
    pub fn middle(&self) -> [f32; 2] {
        self.to
    }

    /// Undoes a small step, given in lengths of `radius`.
    fn without(&self, step: [f32; 6], radius: f32) -> Option<Self> {
        let [dx, a, b, dy, c, d] = step;
        let (a, d) = (1.0 + a / radius, 1.0 + d / radius);
        let (b, c) = (b / radius, c / radius);
        let det = a * d - b * c;
        if !(0.5..2.0).contains(&det) {
            return None;
        }
        let inverse = [[d / det, -b / det], [-c / det, a / det]];
        let times = |row: [f32; 2]| [0, 1].map(|j| row[0] * inverse[0][j] + row[1] * inverse[1][j]);
        let turn = self.turn.map(times);
        let to = [0, 1].map(|i| self.to[i] - turn[i][0] * dx - turn[i][1] * dy);
        Some(Self { from: self.from, to, turn })
    }

    /// Whether a hand does so within a few frames.
    fn is_likely(&self) -> bool {
        let [[a, b], [c, d]] = self.turn;
        (0.8..1.25).contains(&a) && (0.8..1.25).contains(&d) && b.abs() < 0.25 && c.abs() < 0.25
    }
}

/// One point that is compared.
struct Point {
    at: [f32; 2],
    value: f32,
    /// How the value changes for each of the six ways to move.
    slopes: [f32; 6],
}

/// The place in the newest frame at one size.
struct Level {
    level: u32,
    points: Vec<Point>,
    /// Sums of products of slopes.
    normal: [[f64; 6]; 6],
}

/// A place of the newest frame, ready to be found in others.
pub(super) struct Template {
    /// From small pictures to large ones.
    levels: Vec<Level>,
    /// Half of its bounding box, and of its longer side.
    half: [f32; 2],
    radius: f32,
}

impl Template {
    pub fn new(luma: Luma<'_>, place: &Proposal) -> Option<Self> {
        let (sin, cos) = place.angle.sin_cos();
        let [along, across] = place.half;
        let half = [along * cos.abs() + across * sin.abs(), along * sin.abs() + across * cos.abs()];
        let finest = (0..4).find(|l| place.area() / 4f32.powi(*l as i32) <= POINTS_MAX as f32).unwrap_or(4);
        let coarsest = (finest..4).rev().find(|l| 2.0 * along.min(across) / 2f32.powi(*l as i32) >= COARSE_SIDE);
        let levels = (finest..=coarsest.unwrap_or(finest)).rev().map(|level| Level::new(luma, place, half, level));
        let levels = levels.collect::<Option<_>>()?;
        Some(Self { levels, half, radius: along.max(across) })
    }

    /// Where the place lies in another frame, and how well it agrees, from -1 to 1. `guess` is where it may be.
    pub fn find(&self, luma: Luma<'_>, guess: Motion) -> Option<(Motion, f32)> {
        let mut motion = guess;
        let mut agreement = 0.0;
        let mut seen = Vec::new();
        for (i, level) in self.levels.iter().enumerate() {
            let size = 2f32.powi(level.level as i32);
            let reach = if i == 0 { REACH_PX } else { 4.0 * size };
            let [low, high] = [-1.0, 1.0].map(|s| [0, 1].map(|k| motion.to[k] + s * (1.1 * self.half[k] + reach)));
            let plane = Plane::cut(luma, low, high, level.level)?;
            if i == 0 {
                motion = shifted(level, &plane, motion);
            }
            for step in 0..STEPS {
                let (sums, agrees) = level.compare(&plane, &motion, &mut seen)?;
                agreement = agrees;
                let mut way = solve(level.normal, sums)?;
                if i == 0 && step < 1 && self.levels.len() > 1 {
                    // First the shift alone.
                    way = [way[0], 0.0, 0.0, way[3], 0.0, 0.0];
                }
                motion = motion.without(way, self.radius)?;
                if way.iter().all(|w| w.abs() < 0.02 * size) {
                    break;
                }
            }
        }
        motion.is_likely().then_some((motion, agreement))
    }
}

impl Level {
    /// The place at one size; `half` is that of its bounding box.
    fn new(luma: Luma<'_>, place: &Proposal, half: [f32; 2], level: u32) -> Option<Self> {
        let (sin, cos) = place.angle.sin_cos();
        let ([along, across], middle) = (place.half, place.centre);
        let radius = along.max(across);
        let beside = [0, 1].map(|i| half[i] + 3.0 * 2f32.powi(level as i32));
        let [low, high] = [-1.0, 1.0].map(|s| [0, 1].map(|i| middle[i] + s * beside[i]));
        let plane = Plane::cut(luma, low, high, level)?;
        let mut points = Vec::new();
        for y in 1..plane.height - 1 {
            for x in 1..plane.width - 1 {
                let at = [plane.origin[0] + x as f32 * plane.step, plane.origin[1] + y as f32 * plane.step];
                let (dx, dy) = (at[0] - middle[0], at[1] - middle[1]);
                if (dx * cos + dy * sin).abs() > along || (dy * cos - dx * sin).abs() > across {
                    continue;
                }
                let i = y * plane.width + x;
                let gx = (plane.data[i + 1] - plane.data[i - 1]) / (2.0 * plane.step);
                let gy = (plane.data[i + plane.width] - plane.data[i - plane.width]) / (2.0 * plane.step);
                let (u, v) = (dx / radius, dy / radius);
                points.push(Point { at, value: plane.data[i], slopes: [gx, gx * u, gx * v, gy, gy * u, gy * v] });
            }
        }
        let mut normal = [[0.0f64; 6]; 6];
        for p in &points {
            for (row, a) in normal.iter_mut().zip(p.slopes) {
                row.iter_mut().zip(p.slopes).for_each(|(n, b)| *n += f64::from(a * b));
            }
        }
        // Along bars nothing tells how far they moved: there they stay.
        let most = (0..6).map(|i| normal[i][i]).fold(0.0, f64::max);
        (0..6).for_each(|i| normal[i][i] += 0.002 * most + 1e-6);
        Some(Level { level, points, normal })
    }

    /// Sums of slope times error, and how well the pictures agree.
    fn compare(&self, plane: &Plane, motion: &Motion, seen: &mut Vec<f32>) -> Option<([f64; 6], f32)> {
        let (mut count, mut other, mut both, mut own) = (0usize, 0.0f32, 0.0f32, 0.0f32);
        let way = plane.way(motion);
        seen.clear();
        for p in &self.points {
            let [x, y] = way(p.at);
            let s = plane.at(x, y);
            seen.push(s);
            if !s.is_nan() {
                count += 1;
                other += s * s;
                both += s * p.value;
                own += p.value * p.value;
            }
        }
        if count * 3 < self.points.len() * 2 || own <= 0.0 || other <= 0.0 {
            return None;
        }
        let gain = (own / other).sqrt();
        let mut sums = [0.0f64; 6];
        for (points, seen) in self.points.chunks(256).zip(seen.chunks(256)) {
            let mut some = [0.0f32; 6];
            for (p, &s) in points.iter().zip(seen) {
                let error = if s.is_nan() { 0.0 } else { gain * s - p.value };
                (0..6).for_each(|i| some[i] += p.slopes[i] * error);
            }
            (0..6).for_each(|i| sums[i] += f64::from(some[i]));
        }
        Some((sums, both / (own * other).sqrt()))
    }
}

/// The shift by whole pixels of the plane under which some points agree best.
fn shifted(level: &Level, plane: &Plane, guess: Motion) -> Motion {
    let every = level.points.len().div_ceil(COARSE_POINTS).max(1);
    let way = plane.way(&guess);
    let places: Vec<(i32, i32, f32)> = level
        .points
        .iter()
        .step_by(every)
        .map(|p| {
            let [x, y] = way(p.at).map(f32::round);
            (x as i32, y as i32, p.value)
        })
        .collect();
    let whole: f32 = places.iter().map(|p| p.2 * p.2).sum::<f32>().max(1e-3);
    let (width, height) = (plane.width as i32, plane.height as i32);
    let steps = (REACH_PX / plane.step) as i32;
    let mut best = (f32::MIN, guess);
    for dy in -steps..=steps {
        for dx in -steps..=steps {
            let (mut both, mut other, mut own) = (0.0f32, 1e-3f32, 1e-3f32);
            for &(x, y, value) in &places {
                let (x, y) = (x + dx, y + dy);
                if x >= 0 && y >= 0 && x < width && y < height {
                    let s = plane.data[(y * width + x) as usize];
                    both += s * value;
                    other += s * s;
                    own += value * value;
                }
            }
            // What lies outside counts against a shift.
            let score = both / (other * own).sqrt() * (own / whole);
            if score > best.0 {
                best = (score, guess.shifted([dx as f32 * plane.step, dy as f32 * plane.step]));
            }
        }
    }
    best.1
}

/// Six equations by elimination.
fn solve(mut m: [[f64; 6]; 6], mut b: [f64; 6]) -> Option<[f32; 6]> {
    for i in 0..6 {
        let pivot = (i..6).max_by(|&a, &c| m[a][i].abs().total_cmp(&m[c][i].abs()))?;
        m.swap(i, pivot);
        b.swap(i, pivot);
        if m[i][i].abs() < 1e-12 {
            return None;
        }
        for r in i + 1..6 {
            let f = m[r][i] / m[i][i];
            (i..6).for_each(|c| m[r][c] -= f * m[i][c]);
            b[r] -= f * b[i];
        }
    }
    let mut x = [0.0f64; 6];
    for i in (0..6).rev() {
        let rest: f64 = (i + 1..6).map(|c| m[i][c] * x[c]).sum();
        x[i] = (b[i] - rest) / m[i][i];
    }
    Some(x.map(|v| v as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::pixels::Grey;
    use crate::decode::propose::Kind;
    use crate::decode::warp::Shape;

    /// Blocks of four pixels, dark or light by chance.
    fn blocks(x: f32, y: f32) -> f32 {
        let of = |v: f32| (v / 4.0).floor() as i64 as u64;
        let mixed = (of(x).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ of(y).wrapping_mul(0xC2B2_AE3D_27D4_EB4F))
            .wrapping_mul(0x1656_67B1_9E37_79F9);
        if mixed >> 63 == 1 { 200.0 } else { 40.0 }
    }

    /// The blocks through a way from the picture's pixels, with noise.
    fn picture(way: impl Fn([f32; 2]) -> [f32; 2], noise: f32, seed: u32) -> Grey {
        let mut random = seed;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) as f32 / (1u32 << 24) as f32 - 0.5
        };
        let mut data = Vec::new();
        for v in 0..240 {
            for u in 0..320 {
                let taps = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
                let light: f32 = taps
                    .iter()
                    .map(|t| way([u as f32 + t.0 - 0.5, v as f32 + t.1 - 0.5]))
                    .map(|[x, y]| blocks(x, y))
                    .sum();
                data.push((light / 4.0 + noise * next()).clamp(0.0, 255.0) as u8);
            }
        }
        Grey { data, width: 320, height: 240 }
    }

    fn place() -> Proposal {
        let shape = Shape::default();
        Proposal { kind: Kind::Grid, centre: [160.0, 120.0], angle: 0.3, half: [60.0, 50.0], shape, strength: 1.0 }
    }

    #[test]
    fn a_place_is_found_where_a_hand_has_moved_it() {
        // Shift, turn in degrees, growth, noise.
        let table = [
            ([0.0, 0.0], 0.0, 1.0, 0.0),
            ([6.3, -4.6], 0.0, 1.0, 30.0),
            ([-17.4, 12.2], 2.0, 1.02, 30.0),
            ([3.0, 20.0], -3.0, 0.97, 120.0),
        ];
        for (shift, degrees, growth, noise) in table {
            let (sin, cos) = f32::to_radians(degrees).sin_cos();
            let newest = picture(|p| p, noise, 1);
            // A pixel of the older frame shows this place of the newest one.
            let way = |[x, y]: [f32; 2]| {
                let (x, y) = ((x - 160.0 - shift[0]) / growth, (y - 120.0 - shift[1]) / growth);
                [160.0 + x * cos + y * sin, 120.0 - x * sin + y * cos]
            };
            let older = picture(way, noise, 2);
            let template = Template::new(newest.view(), &place()).unwrap();
            let (motion, agreement) = template.find(older.view(), Motion::still([160.0, 120.0])).unwrap();
            assert!(agreement > 0.5, "{agreement}");
            for corner in [[110.0, 80.0], [210.0, 80.0], [160.0, 120.0], [120.0, 160.0]] {
                let back = way(motion.point(corner));
                let off = (back[0] - corner[0]).hypot(back[1] - corner[1]);
                assert!(off < 0.6, "{shift:?} {degrees} {growth}: {corner:?} {back:?}");
            }
        }
    }

    #[test]
    fn another_thing_does_not_agree() {
        let newest = picture(|p| p, 20.0, 1);
        let template = Template::new(newest.view(), &place()).unwrap();
        let other = picture(|[x, y]| [x + 4000.0, y - 3000.0], 20.0, 2);
        let far = picture(|[x, y]| [x - 90.0, y], 20.0, 2);
        for older in [other, far] {
            let found = template.find(older.view(), Motion::still([160.0, 120.0]));
            assert!(found.is_none_or(|f| f.1 < 0.3), "{found:?}");
        }
    }
}
