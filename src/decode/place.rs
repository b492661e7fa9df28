//! Where a symbol lies: the few questions that tracking asks of corners.

use super::frame::Luma;
use super::propose::{Kind, Proposal};
use super::warp::Shape;
use crate::domain::Quad;

/// An upright rectangle in pixels: left, top, width, height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Region {
    /// Columns to its left.
    pub x: u32,
    /// Rows above it.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Region {
    /// Whether a place lies in it.
    pub(super) fn holds(&self, [x, y]: [f32; 2]) -> bool {
        let inside = |at: f32, from: u32, len: u32| at >= from as f32 && at <= (from + len) as f32;
        inside(x, self.x, self.width) && inside(y, self.y, self.height)
    }

    /// Which part of a picture it is.
    pub(super) fn share_of(&self, luma: Luma<'_>) -> f32 {
        (self.width as f32 * self.height as f32) / (luma.width as f32 * luma.height as f32)
    }
}

/// How far outside an edge a point may lie and still count as inside: linear codes are often found as one thin line.
const EDGE_PX: f32 = 4.0;

pub(super) fn centre(quad: &Quad) -> [f32; 2] {
    let sum = |axis: usize| quad.iter().map(|p| p[axis] as f32).sum::<f32>() / 4.0;
    [sum(0), sum(1)]
}

/// The longer of the two diagonals.
pub(super) fn size(quad: &Quad) -> f32 {
    let across = |a: [i32; 2], b: [i32; 2]| ((a[0] - b[0]) as f32).hypot((a[1] - b[1]) as f32);
    across(quad[0], quad[2]).max(across(quad[1], quad[3]))
}

pub(super) fn distance(a: &Quad, b: &Quad) -> f32 {
    let ([ax, ay], [bx, by]) = (centre(a), centre(b));
    (ax - bx).hypot(ay - by)
}

/// Whether two reads lie on the same symbol: the middle of one is inside the other.
pub(super) fn overlap(a: &Quad, b: &Quad) -> bool {
    holds(a, centre(b)) || holds(b, centre(a))
}

fn holds(quad: &Quad, [x, y]: [f32; 2]) -> bool {
    let (mut left, mut right) = (f32::MAX, f32::MAX);
    for i in 0..4 {
        let (from, to) = (quad[i], quad[(i + 1) % 4]);
        let (dx, dy) = ((to[0] - from[0]) as f32, (to[1] - from[1]) as f32);
        let length = dx.hypot(dy);
        if length < 1.0 {
            continue;
        }
        // Signed distance from the edge: all of one sign for a point inside, whichever way the corners run.
        let off = (dx * (y - from[1] as f32) - dy * (x - from[0] as f32)) / length;
        (left, right) = (left.min(off), right.min(-off));
    }
    let near = distance_to_box(quad, [x, y]) <= EDGE_PX;
    near && (left >= -EDGE_PX || right >= -EDGE_PX)
}

fn distance_to_box(quad: &Quad, [x, y]: [f32; 2]) -> f32 {
    let out = |axis: usize, at: f32| {
        let low = quad.iter().map(|p| p[axis]).min().unwrap_or(0) as f32;
        let high = quad.iter().map(|p| p[axis]).max().unwrap_or(0) as f32;
        (low - at).max(at - high).max(0.0)
    };
    out(0, x).max(out(1, y))
}

/// The upright rectangle round the corners with a margin of `part` of its size and at least 24 pixels, cut to the frame.
pub(super) fn region(quad: &Quad, part: f32, width: u32, height: u32) -> Region {
    let span = |axis: usize, limit: u32| {
        let low = quad.iter().map(|p| p[axis]).min().unwrap_or(0) as f32;
        let high = quad.iter().map(|p| p[axis]).max().unwrap_or(0) as f32;
        let margin = (size(quad) * part).max(24.0);
        let from = (low - margin).clamp(0.0, limit.saturating_sub(1) as f32) as u32;
        let to = (high + margin).clamp(0.0, limit as f32) as u32;
        (from, to.saturating_sub(from).max(1))
    };
    let ((x, width), (y, height)) = (span(0, width), span(1, height));
    Region { x, y, width, height }
}

/// A box round corners that an engine gave, lying as they lie.
pub(super) fn upright(quad: &Quad) -> Proposal {
    let side = |a: usize, b: usize| [(quad[b][0] - quad[a][0]) as f32, (quad[b][1] - quad[a][1]) as f32];
    let (top, left) = (side(0, 1), side(0, 3));
    let (along, across) = (top[0].hypot(top[1]), left[0].hypot(left[1]));
    let kind = if across < 0.5 * along { Kind::Bars } else { Kind::Grid };
    let half = [along / 2.0 + 4.0, (across / 2.0).max(12.0)];
    Proposal { kind, centre: centre(quad), angle: top[1].atan2(top[0]), half, shape: Shape::default(), strength: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: Quad = [[10, 10], [50, 10], [50, 50], [10, 50]];
    const LINE: Quad = [[10, 30], [110, 30], [110, 30], [10, 30]];

    #[test]
    fn overlaps() {
        let turned: Quad = [[30, 0], [60, 30], [30, 60], [0, 30]];
        let table: [(Quad, Quad, bool); 6] = [
            (SQUARE, turned, true),
            (SQUARE, [[60, 10], [90, 10], [90, 50], [60, 50]], false),
            // Two lines of the same label, then the next label below.
            (LINE, [[12, 33], [108, 33], [108, 33], [12, 33]], true),
            (LINE, [[10, 60], [110, 60], [110, 60], [10, 60]], false),
            // A line through a wider find.
            (LINE, [[10, 20], [110, 20], [110, 45], [10, 45]], true),
            // On the same line, beside each other.
            (LINE, [[130, 30], [230, 30], [230, 30], [130, 30]], false),
        ];
        for (a, b, want) in table {
            assert_eq!(overlap(&a, &b), want, "{a:?} {b:?}");
            assert_eq!(overlap(&b, &a), want, "{b:?} {a:?}");
        }
    }

    #[test]
    fn regions_stay_inside_the_frame() {
        assert_eq!(region(&SQUARE, 0.0, 60, 100), Region { x: 0, y: 0, width: 60, height: 74 });
        assert_eq!(region(&[[-90, -90]; 4], 0.5, 60, 100), Region { x: 0, y: 0, width: 1, height: 1 });
        assert_eq!(region(&[[900, 900]; 4], 0.5, 60, 100), Region { x: 59, y: 99, width: 1, height: 1 });
    }
}
