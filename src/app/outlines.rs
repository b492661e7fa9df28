//! Draws the outlines of found codes into a picture of the viewfinder: one neutral colour for all, dashed corners while a
//! code is being read, a whole frame once it is accepted. Whether it is wanted never shows here.

use crate::decode::{Outline, OutlineState, View};

const INK: [u8; 3] = [255; 3];
/// Round the ink, so that it shows on a white label too.
const CASING: [u8; 3] = [16, 20, 24];
/// Share of a side that a dashed corner takes.
const CORNER: f32 = 0.28;

/// Draws them. `width` and `height` are those of the frame in which the corners were measured.
pub fn draw(view: &mut View, outlines: &[Outline], width: u32, height: u32) {
    let (across, down) = (view.width as f32 / width.max(1) as f32, view.height as f32 / height.max(1) as f32);
    for outline in outlines {
        let corners = outline.quad.map(|[x, y]| [x as f32 * across, y as f32 * down]);
        let lines = lines(corners, outline.state);
        for (radius, colour) in [(3, CASING), (1, INK)] {
            for &(from, to) in &lines {
                line(view, from, to, radius, colour);
            }
        }
    }
}

/// A text that is being read and not believed yet, and where it stands in the picture, in shares of its sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Middle of the symbol.
    pub x: f32,
    /// Its lower edge.
    pub y: f32,
    /// The raw text, control characters made visible.
    pub text: String,
}

/// Longer raw texts are cut: an identity card has hundreds of characters.
const TEXT_CHARS_MAX: usize = 28;
/// Places are rounded to such a share, so that a trembling hand does not redraw words.
const PLACE_STEP: f32 = 0.02;

/// The labels of symbols that are not accepted yet.
pub fn readings(outlines: &[Outline], width: u32, height: u32) -> Vec<Label> {
    let share = |at: i32, side: u32| {
        let share = (at as f32 / side.max(1) as f32).clamp(0.0, 1.0);
        (share / PLACE_STEP).round() * PLACE_STEP
    };
    let reading = outlines.iter().filter(|o| o.state == OutlineState::Reading && !o.text.trim().is_empty());
    reading
        .map(|outline| {
            let [left, right] = [i32::min, i32::max].map(|pick| across(outline, 0, pick));
            let low = across(outline, 1, i32::max);
            let x = share(left.midpoint(right), width);
            Label { x, y: share(low, height), text: visible(&outline.text) }
        })
        .collect()
}

/// The least or greatest place of the corners along an axis.
fn across(outline: &Outline, axis: usize, pick: fn(i32, i32) -> i32) -> i32 {
    outline.quad.iter().map(|corner| corner[axis]).reduce(pick).unwrap_or(0)
}

fn visible(text: &str) -> String {
    // U+2400 and on are the pictures of the control characters.
    let shown =
        |c: char| if c.is_ascii_control() { char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}') } else { c };
    let mut out: String = text.chars().take(TEXT_CHARS_MAX).map(shown).collect();
    if text.chars().count() > TEXT_CHARS_MAX {
        out.push('…');
    }
    out
}

type Point = [f32; 2];

fn lines(corners: [Point; 4], state: OutlineState) -> Vec<(Point, Point)> {
    let mut lines = Vec::with_capacity(8);
    for i in 0..4 {
        let (from, to) = (corners[i], corners[(i + 1) % 4]);
        match state {
            OutlineState::Accepted => lines.push((from, to)),
            OutlineState::Reading => {
                lines.push((from, along(from, to, CORNER)));
                lines.push((along(to, from, CORNER), to));
            }
        }
    }
    lines
}

fn along(from: Point, to: Point, share: f32) -> Point {
    [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]
}

fn line(view: &mut View, from: Point, to: Point, radius: i32, colour: [u8; 3]) {
    let longest = (to[0] - from[0]).abs().max((to[1] - from[1]).abs());
    // A corner far outside the picture would make an endless line.
    let steps = longest.clamp(1.0, 8_192.0) as u32;
    for step in 0..=steps {
        let [x, y] = along(from, to, step as f32 / steps as f32);
        dot(view, x as i32, y as i32, radius, colour);
    }
}

fn dot(view: &mut View, x: i32, y: i32, radius: i32, colour: [u8; 3]) {
    let (width, height) = (view.width as i32, view.height as i32);
    for row in y.saturating_sub(radius).max(0)..=y.saturating_add(radius).min(height - 1) {
        for column in x.saturating_sub(radius).max(0)..=x.saturating_add(radius).min(width - 1) {
            let at = (row as usize * width as usize + column as usize) * 3;
            view.rgb[at..at + 3].copy_from_slice(&colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(state: OutlineState) -> View {
        let mut view = View { width: 100, height: 60, rgb: vec![90; 100 * 60 * 3] };
        let quad = [[40, 40], [160, 40], [160, 80], [40, 80]];
        draw(&mut view, &[Outline { quad, state, text: String::new() }], 200, 120);
        view
    }

    fn at(view: &View, x: usize, y: usize) -> u8 {
        view.rgb[(y * 100 + x) * 3]
    }

    #[test]
    fn accepted_codes_are_framed_whole_and_others_at_their_corners() {
        let whole = drawn(OutlineState::Accepted);
        let corners = drawn(OutlineState::Reading);
        for view in [&whole, &corners] {
            assert_eq!(at(view, 20, 20), 255, "a corner");
            assert_eq!(at(view, 50, 30), 90, "the code itself stays free");
        }
        assert_eq!(at(&whole, 50, 20), 255);
        assert_eq!(at(&corners, 50, 20), 90, "the side is open while it is being read");
    }

    #[test]
    fn corners_outside_the_picture_do_no_harm() {
        let mut view = View { width: 4, height: 4, rgb: vec![0; 48] };
        let quad = [[-5000, -5000], [i32::MAX, 0], [i32::MAX, i32::MAX], [0, i32::MIN]];
        draw(&mut view, &[Outline { quad, state: OutlineState::Accepted, text: String::new() }], 4, 4);
    }
}
