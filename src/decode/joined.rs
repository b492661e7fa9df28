//! Linear codes whose reads lie above each other on the same bars. An engine gives each text its own few rows; where the
//! bars run on from the rows of one text to those of another, both were read from one label, and at least one is wrong: a
//! label torn and stuck over another, or two that lie half over each other. Labels that stand apart have white between them.

use super::engine::Read;
use super::frame::Luma;
use super::place;
use crate::domain::{Quad, Symbology};

/// A row with less than this part of a label's contrast is the white between two labels.
const BLANK: f32 = 0.4;
/// Two reads lie above each other when they share so much of the shorter one's length.
const SHARED: f32 = 0.5;

/// Lets reads of one pass that contradict each other on the same bars lie at one place, so that they count as a dispute.
pub(super) fn join(luma: Luma<'_>, reads: &mut [Read]) {
    for at in 1..reads.len() {
        let (before, rest) = reads.split_at_mut(at);
        let new = &mut rest[0];
        for old in before {
            let contradicts = old.symbology == new.symbology && old.text != new.text && !old.broken && !new.broken;
            if contradicts
                && is_linear(new.symbology)
                && !place::overlap(&old.quad, &new.quad)
                && on_the_same_bars(luma, &old.quad, &new.quad)
            {
                new.quad = old.quad;
            }
        }
    }
}

fn is_linear(symbology: Symbology) -> bool {
    use Symbology::*;
    !matches!(symbology, QrCode | MicroQr | DataMatrix | Aztec | Pdf417)
}

/// Whether bars run on between the rows of two reads.
fn on_the_same_bars(luma: Luma<'_>, a: &Quad, b: &Quad) -> bool {
    let middle = |q: &Quad, i: usize, j: usize| [0, 1].map(|k| (q[i][k] as f32 + q[j][k] as f32) / 2.0);
    let (from, to) = (middle(a, 0, 3), middle(a, 1, 2));
    let (other_from, other_to) = (middle(b, 0, 3), middle(b, 1, 2));
    let length = (to[0] - from[0]).hypot(to[1] - from[1]);
    if length < 8.0 {
        return false;
    }
    let way = [0, 1].map(|k| (to[k] - from[k]) / length);
    let along = |p: [f32; 2]| (p[0] - from[0]) * way[0] + (p[1] - from[1]) * way[1];
    let across = |p: [f32; 2]| (p[1] - from[1]) * way[0] - (p[0] - from[0]) * way[1];
    let (low, high) = (along(other_from).min(along(other_to)), along(other_from).max(along(other_to)));
    let (start, end) = (low.max(0.0), high.min(length));
    if end - start < SHARED * length.min(high - low) {
        return false;
    }
    let off = (across(other_from) + across(other_to)) / 2.0;
    if off.abs() > length {
        return false;
    }
    let contrast = |down: f32| {
        let line: Vec<f32> = (0..=(end - start) as usize)
            .filter_map(|i| {
                let s = start + i as f32;
                brightness(luma, [from[0] + way[0] * s - way[1] * down, from[1] + way[1] * s + way[0] * down])
            })
            .collect();
        let count = line.len().max(1) as f32;
        let mean = line.iter().sum::<f32>() / count;
        (line.iter().map(|p| (p - mean) * (p - mean)).sum::<f32>() / count).sqrt()
    };
    let least = BLANK * contrast(0.0).min(contrast(off));
    (1..off.abs() as usize).all(|row| contrast(row as f32 * off.signum()) > least)
}

fn brightness(luma: Luma<'_>, [x, y]: [f32; 2]) -> Option<f32> {
    let inside = x >= 0.0 && y >= 0.0 && x < luma.width as f32 && y < luma.height as f32;
    inside.then(|| f32::from(luma.data[y as usize * luma.stride as usize + x as usize]))
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::pixels::Grey;
    use crate::decode::still::Reader;
    use crate::decode::tests::{draw, frame};

    /// Two labels under each other, the lower one so many pixels below the upper one's bars, or over them.
    fn accepted(upper: &str, lower: &str, gap: i32) -> Vec<String> {
        let bars = |text: &str| {
            let drawn = draw(BarcodeFormat::Code39, text, 3);
            let row = drawn.data[drawn.width as usize * (drawn.height as usize / 2)..][..drawn.width as usize].to_vec();
            Grey { data: row.repeat(60), width: drawn.width, height: 60 }
        };
        let (upper, lower) = (bars(upper), bars(lower));
        let scene = frame(900, 300, &[(&upper, 60, 40), (&lower, 60, (100 + gap) as u32)]);
        let mut texts: Vec<String> = Reader::default().still(&scene).accepted.into_iter().map(|a| a.text).collect();
        texts.sort_unstable();
        texts
    }

    #[test]
    fn labels_apart_are_both_read_and_one_stuck_over_another_is_not() {
        assert_eq!(accepted("GL958554", "M4-77614", 14), ["GL958554", "M4-77614"]);
        assert_eq!(accepted("M4-77614507", "GL958554", -20), [] as [&str; 0]);
    }

    #[test]
    fn reads_at_the_edge_of_a_picture_or_without_length_harm_nothing() {
        let scene = frame(40, 40, &[]);
        let read = |text: &str, quad: Quad| Read {
            symbology: Symbology::Code39,
            identifier: String::new(),
            text: text.into(),
            bytes: Vec::new(),
            quad,
            broken: false,
        };
        let mut reads = vec![
            read("A", [[-50, 3], [900, 3], [900, 4], [-50, 4]]),
            read("B", [[-50, 30], [900, 30], [900, 31], [-50, 31]]),
            read("C", [[5, 5]; 4]),
        ];
        let was: Vec<Quad> = reads.iter().map(|r| r.quad).collect();
        join(scene.luma(), &mut reads);
        assert_eq!(reads.iter().map(|r| r.quad).collect::<Vec<_>>(), was);
    }
}
