//! How a proposed box lies, from the directions of the edges in it: the slope of its rows, the lean of its columns, and where
//! its edges end.

use super::frame::Luma;
use super::propose::Proposal;
use super::rectify::{Cut, Patch, upright};
use super::warp::Shape;

/// The place with its slant measured, and cut to where its edges end: from the directions of the edges in it, how the slope
/// of rows changes downwards and the lean of columns to the right.
pub(super) fn straightened(luma: Luma<'_>, place: &Proposal) -> Proposal {
    let mut place = *place;
    let mut steps = 2;
    let mut done = 0;
    loop {
        let cut = Cut { margin: [0.0, 0.02], scale: 1.0, shift: 0.0, pixels_max: 90_000.0 };
        let patch = upright(luma, &place, cut);
        let Some(seen) = slant(&patch) else { return place };
        let shape = &mut place.shape;
        for i in 0..2 {
            shape.slope[i] += seen.slope[i];
            shape.lean[i] += seen.lean[i];
        }
        done += 1;
        // A strong slant is not seen at once.
        if done == 1 && seen.slope[0].abs().max(seen.lean[0].abs()) > STRONG_SLANT {
            steps = 4;
        }
        if done == steps {
            return trimmed(&place, &patch, &seen);
        }
    }
}

/// Rows or columns that run so far off after the first look are looked at more often.
const STRONG_SLANT: f32 = 0.2;
/// Edges of a code end where a line across it has less than this part of the difference between its busy and its quiet lines.
const ENDS_BELOW: f32 = 0.2;
/// A code fills at least this part of the box that was proposed for it.
const FILLS_MIN: f32 = 0.4;

/// The box without its quiet margins, as far as they can be told.
fn trimmed(place: &Proposal, patch: &Patch, seen: &Slant) -> Proposal {
    let mut trimmed = *place;
    let mut off = [0.0f32; 2];
    for (i, profile) in [&seen.along, &seen.across].into_iter().enumerate() {
        let Some((from, to)) = ends(profile) else { continue };
        let (from, to) = [from, to].map(|at| (at as f32 - patch.warp.middle[i]) / patch.warp.scale).into();
        let half = (to - from) / 2.0 + 1.5;
        if half < place.half[i] && half > FILLS_MIN * place.half[i] {
            trimmed.half[i] = half;
            off[i] = (from + to) / 2.0;
        }
    }
    // What was measured about the old middle holds about the new one.
    let Shape { slope, lean, .. } = &mut trimmed.shape;
    slope[0] += slope[1] * off[1];
    lean[0] += lean[1] * off[0];
    let (sin, cos) = place.angle.sin_cos();
    let [x, y] = [off[0] + place.shape.lean[0] * off[1], off[1] + place.shape.slope[0] * off[0]];
    trimmed.centre = [place.centre[0] + x * cos - y * sin, place.centre[1] + x * sin + y * cos];
    trimmed
}

/// First and last line that is busy; `None` where busy and quiet ones are hard to tell apart.
fn ends(profile: &[f32]) -> Option<(usize, usize)> {
    let mut sorted = profile.to_vec();
    sorted.sort_by(f32::total_cmp);
    let (quiet, busy) = (*sorted.get(sorted.len() / 20)?, sorted[sorted.len() * 4 / 5]);
    let least = quiet + ENDS_BELOW * (busy - quiet);
    if quiet > 0.5 * busy {
        return None;
    }
    let is_busy = |&p: &f32| p > least;
    Some((profile.iter().position(is_busy)?, profile.iter().rposition(is_busy)?))
}

/// What the edges of a patch say.
struct Slant {
    /// Slope of rows and lean of columns, each in the middle and its change for a pixel of the frame.
    slope: [f32; 2],
    lean: [f32; 2],
    /// Strength of edges in each column and in each row.
    along: Vec<f32>,
    across: Vec<f32>,
}

fn slant(patch: &Patch) -> Option<Slant> {
    let (width, height) = (patch.width, patch.height);
    // Weight, place, place squared, direction, direction times place: of a straight line through the directions.
    let (mut rows, mut columns, mut steep_rows) = ([0f64; 5], [0f64; 5], [0f64; 5]);
    let (mut along, mut across) = (vec![0f32; width], vec![0f32; height]);
    for (y, across) in across.iter_mut().enumerate().take(height - 1).skip(1) {
        for (x, along) in along.iter_mut().enumerate().take(width - 1).skip(1) {
            let at = |dx: usize, dy: usize| patch.data[(y + dy - 1) * width + x + dx - 1];
            let gx = at(2, 0) + 2.0 * at(2, 1) + at(2, 2) - at(0, 0) - 2.0 * at(0, 1) - at(0, 2);
            let gy = at(0, 2) + 2.0 * at(1, 2) + at(2, 2) - at(0, 0) - 2.0 * at(1, 0) - at(2, 0);
            let (h, v) = (gx * gx, gy * gy);
            let strength = h.max(v).sqrt();
            *along += strength;
            *across += strength;
            if v > 4.0 * h {
                add(&mut rows, v, (y as f32 - patch.warp.middle[1]) / patch.warp.scale, -gx / gy);
            } else if h > 4.0 * v {
                add(&mut columns, h, (x as f32 - patch.warp.middle[0]) / patch.warp.scale, -gy / gx);
            }
            if 4.0 * v > h && v <= 16.0 * h {
                add(&mut steep_rows, v, (y as f32 - patch.warp.middle[1]) / patch.warp.scale, -gx / gy);
            }
        }
    }
    let total = rows[0] + columns[0];
    if total <= 0.0 {
        return None;
    }
    // Too few edges of one direction say nothing about it.
    let line = |sums: &[f64; 5], half: f32| if sums[0] > 0.08 * total { fitted(sums, half) } else { [0.0; 2] };
    let half = [width as f32, height as f32].map(|n| n / 2.0 / patch.warp.scale);
    // Where hardly any rows are seen, they may run too steeply to be told from columns by a look at each edge.
    let steeply = rows[0] <= 0.08 * total && steep_rows[0] > 0.02 * total;
    let slope = if steeply { [fitted(&steep_rows, half[1])[0], 0.0] } else { line(&rows, half[1]) };
    Some(Slant { slope, lean: line(&columns, half[0]), along, across })
}

fn add(sums: &mut [f64; 5], weight: f32, place: f32, direction: f32) {
    let (w, p, d) = (f64::from(weight * weight), f64::from(place), f64::from(direction));
    for (sum, add) in sums.iter_mut().zip([w, w * p, w * p * p, w * d, w * d * p]) {
        *sum += add;
    }
}

/// Weighted straight line: its height in the middle and its rise, the rise no more than a slant can give over `half`.
fn fitted([w, p, pp, d, dp]: &[f64; 5], half: f32) -> [f32; 2] {
    let spread = pp / w - (p / w) * (p / w);
    let rise = (dp / w - (p / w) * (d / w)) / spread.max(1.0);
    let most = f64::from(0.3 / half.max(1.0));
    let rise = rise.clamp(-most, most);
    [(d / w - rise * p / w) as f32, rise as f32]
}
