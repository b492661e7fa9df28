//! Several frames of one place laid over each other: noise falls with each, and modules of little more than a pixel are
//! sampled at other points in each.

use super::frame::Luma;
use super::past::Past;
use super::pixels::Grey;
use super::propose::Proposal;
use super::rectify::Taps;
use super::register::{Motion, Template};
use super::warp::Shape;
use crate::domain::Quad;

/// Frames that agree less with the newest one are left out.
const AGREES_MIN: f32 = 0.35;
/// Fewer frames are no stack.
const FRAMES_MIN: usize = 3;
/// A stacked picture is enlarged to so many pixels, and made smaller to so many.
const PIXELS: f32 = 45_000.0;
const PIXELS_MAX: f32 = 110_000.0;
/// Smaller than the frame shows it by this part, modules are lost.
const SCALE_MIN: f32 = 0.7;
/// It is drawn at most so many times larger than the frame.
const SCALE_MAX: f32 = 3.0;

/// One stacked picture.
#[derive(Debug, Clone)]
pub(super) struct Stack {
    pub picture: Grey,
    /// Its first pixel in the frame, and its pixels for one of the frame.
    origin: [f32; 2],
    pub scale: f32,
    /// The earliest frame in it.
    pub since_round: u64,
}

impl Stack {
    /// Lays the frames since `since_round` over the newest one.
    pub fn of(luma: Luma<'_>, place: &Proposal, past: &Past, round: u64, since_round: u64) -> Option<Self> {
        let place = &wide(place);
        if sizes(place).scale < SCALE_MIN {
            return None;
        }
        let template = Template::new(luma, place)?;
        let mut layers: Vec<(Luma<'_>, Motion)> = vec![(luma, Motion::still(place.centre))];
        let mut guess = Motion::still(place.centre);
        let mut since = round;
        let mut last = (round, place.centre);
        for kept in past.before(luma, round).take_while(|k| k.round >= since_round) {
            let found = template.find(kept.luma(), guess).filter(|f| f.1 >= AGREES_MIN);
            let Some((motion, _)) = found else { continue };
            let went = [0, 1].map(|i| motion.middle()[i] - last.1[i]);
            let frames = (last.0 - kept.round) as f32;
            last = (kept.round, motion.middle());
            guess = motion.shifted(went.map(|w| w / frames));
            since = kept.round;
            layers.push((kept.luma(), motion));
        }
        if layers.len() < FRAMES_MIN {
            return None;
        }
        Some(laid(&layers, place, since))
    }

    /// About so many pixels it has.
    pub fn pixels(place: &Proposal) -> f32 {
        let size = sizes(&wide(place));
        4.0 * size.half[0] * size.half[1] * size.scale * size.scale
    }

    /// The place in the stacked picture.
    pub fn place(&self, place: &Proposal) -> Proposal {
        let s = self.scale;
        let Shape { slope, lean, bend } = place.shape;
        let shape = Shape { slope: [slope[0], slope[1] / s], lean: [lean[0], lean[1] / s], bend };
        let centre = [0, 1].map(|i| (place.centre[i] - self.origin[i]) * s);
        Proposal { centre, half: place.half.map(|h| h * s), shape, ..*place }
    }

    /// A place of the stacked picture, in pixels of the frame.
    pub fn back(&self, place: &Proposal) -> Proposal {
        let s = self.scale;
        let Shape { slope, lean, bend } = place.shape;
        let shape = Shape { slope: [slope[0], slope[1] * s], lean: [lean[0], lean[1] * s], bend };
        let centre = [0, 1].map(|i| place.centre[i] / s + self.origin[i]);
        Proposal { centre, half: place.half.map(|h| h / s), shape, ..*place }
    }

    /// Corners in pixels of the frame.
    pub fn quad(&self, quad: Quad) -> Quad {
        quad.map(|p| [0, 1].map(|i| (self.origin[i] + p[i] as f32 / self.scale).round() as i32))
    }
}

/// Half a side of a stacked place at least: in the dark only a part of a code seems to be one.
const HALF_MIN_PX: f32 = 72.0;

/// The place with some of its surroundings.
fn wide(place: &Proposal) -> Proposal {
    Proposal { half: place.half.map(|h| h.max(HALF_MIN_PX)), shape: Shape::default(), ..*place }
}

/// Pictures that are enlarged so much are drawn by cubic curves, others by straight lines between pixels.
const FINE: f32 = 1.4;

/// Adds brightness along a line that lies inside the picture. Places are counted in 65536ths of a pixel.
fn add_row(luma: Luma<'_>, [x, y]: [f32; 2], [dx, dy]: [f32; 2], out: &mut [f32]) {
    let stride = luma.stride as usize;
    let [mut x, mut y, dx, dy] = [x, y, dx, dy].map(|v| (f64::from(v) * 65536.0) as i64);
    for o in out {
        let (fx, fy) = ((x >> 8) as u32 & 255, (y >> 8) as u32 & 255);
        let at = (y >> 16) as usize * stride + (x >> 16) as usize;
        let (Some(&[a, b]), Some(&[c, d])) = (
            luma.data.get(at..).and_then(<[u8]>::first_chunk::<2>),
            luma.data.get(at + stride..).and_then(<[u8]>::first_chunk::<2>),
        ) else {
            return;
        };
        let [a, b, c, d] = [a, b, c, d].map(u32::from);
        let (top, low) = (a * (256 - fx) + b * fx, c * (256 - fx) + d * fx);
        *o += (top * (256 - fy) + low * fy) as f32 * (1.0 / 65536.0);
        (x, y) = (x + dx, y + dy);
    }
}

/// Half of the sides of a stacked picture in pixels of the frame, and its own pixels for one of them.
struct Sizes {
    half: [f32; 2],
    scale: f32,
}

fn sizes(place: &Proposal) -> Sizes {
    let (sin, cos) = place.angle.sin_cos();
    let [along, across] = place.half.map(|h| h * 1.25 + 8.0);
    let half = [along * cos.abs() + across * sin.abs(), along * sin.abs() + across * cos.abs()];
    let area = 4.0 * half[0] * half[1];
    let scale = (PIXELS / area).sqrt().clamp(1.0, SCALE_MAX).min((PIXELS_MAX / area).sqrt());
    Sizes { half, scale }
}

fn laid(layers: &[(Luma<'_>, Motion)], place: &Proposal, since_round: u64) -> Stack {
    let Sizes { half, scale } = sizes(place);
    let origin = [0, 1].map(|i| place.centre[i] - half[i]);
    let [width, height] = half.map(|h| ((2.0 * h * scale) as usize).clamp(16, 2048));
    let mut sums = vec![0.0f32; width * height];
    let taps = Taps::new();
    for (luma, motion) in layers {
        let [dx, dy] = motion.along().map(|d| d / scale);
        for (v, out) in sums.chunks_exact_mut(width).enumerate() {
            let [x, y] = motion.point([origin[0], origin[1] + v as f32 / scale]);
            let inside =
                |x: f32, y: f32| x >= 1.0 && y >= 1.0 && x < luma.width as f32 - 3.0 && y < luma.height as f32 - 3.0;
            let end = (width - 1) as f32;
            if scale < FINE && inside(x, y) && inside(x + dx * end, y + dy * end) {
                add_row(*luma, [x, y], [dx, dy], out);
            } else {
                let at = |u: usize| (x + dx * u as f32, y + dy * u as f32);
                out.iter_mut().enumerate().for_each(|(u, o)| *o += taps.sample(*luma, at(u).0, at(u).1));
            }
        }
    }
    // The whole range of grey, since the gain lies below one step of brightness.
    let mut some: Vec<f32> = sums.iter().step_by(5).copied().collect();
    some.sort_by(f32::total_cmp);
    let (low, high) = (some[some.len() / 200], some[some.len() - 1 - some.len() / 200]);
    let gain = 235.0 / (high - low).max(1.0);
    let data = sums.iter().map(|s| ((s - low) * gain + 10.5).clamp(0.0, 255.0) as u8).collect();
    let picture = Grey { data, width: width as u32, height: height as u32 };
    Stack { picture, origin, scale, since_round }
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::engine::{self, Threshold};
    use crate::decode::propose::Kind;
    use crate::decode::tests::{dark, draw, frame};
    use crate::domain::Symbology;

    const TEXT: &str = "https://reg.example/w/AK123456";

    fn place(x: f32, y: f32) -> Proposal {
        let shape = Shape::default();
        Proposal { kind: Kind::Grid, centre: [x, y], angle: 0.0, half: [60.0; 2], shape, strength: 1.0 }
    }

    #[test]
    fn what_noise_hides_in_each_frame_is_read_in_six_laid_over_each_other() {
        let qr = draw(BarcodeFormat::QRCodeModel2, TEXT, 3);
        let scene = |i: u32| dark(frame(400, 300, &[(&qr, 120 + 3 * i, 90 + 2 * (i % 4))]), 5.0, i);
        let read = |luma: Luma<'_>| engine::zxing(luma, &[Symbology::QrCode], Threshold::Local);
        let mut past = Past::default();
        for i in 0..5 {
            let frame = scene(i);
            assert!(read(frame.luma()).iter().all(|r| r.broken), "frame {i} is too easy");
            past.keep(frame.luma(), u64::from(i) + 1);
        }
        let newest = scene(5);
        let middle = [120 + 15, 90 + 2].map(|at| (at + qr.width / 2) as f32);
        let stack = Stack::of(newest.luma(), &place(middle[0], middle[1]), &past, 6, 0).unwrap();
        assert_eq!(stack.since_round, 1);
        let reads = read(stack.picture.view());
        assert_eq!(reads.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), [TEXT]);
        let [x, y] = crate::decode::place::centre(&stack.quad(reads[0].quad));
        assert!((x - middle[0]).abs() < 3.0 && (y - middle[1]).abs() < 3.0, "{x} {y} {middle:?}");
    }

    #[test]
    fn another_scene_another_size_and_used_frames_are_left_out() {
        let qr = draw(BarcodeFormat::QRCodeModel2, TEXT, 3);
        let other = draw(BarcodeFormat::DataMatrix, "SN-445566", 6);
        let seen = frame(400, 300, &[(&qr, 120, 90)]);
        let cut = frame(400, 300, &[(&other, 130, 100)]);
        let larger = frame(500, 300, &[(&qr, 120, 90)]);
        let kept = |first: &crate::decode::Frame, round: u64| {
            let mut past = Past::default();
            (0..4).for_each(|i| past.keep(first.luma(), round + i));
            past
        };
        let stacked = |past: &Past, since| Stack::of(seen.luma(), &place(165.0, 135.0), past, 9, since).is_some();
        assert!(stacked(&kept(&seen, 5), 0));
        assert!(!stacked(&kept(&seen, 5), 8), "one frame is left");
        assert!(!stacked(&kept(&cut, 5), 0));
        assert!(!stacked(&kept(&larger, 5), 0));
        assert!(!stacked(&kept(&seen, 9), 0), "frames that are not before it");
    }

    #[test]
    fn places_at_the_border_tiny_frames_and_grounds_are_survived() {
        for (w, h) in [(1, 1), (1, 400), (17, 16), (64, 64), (400, 300)] {
            let scene = dark(frame(w, h, &[]), 5.0, 7);
            let mut past = Past::default();
            (0..4).for_each(|i| past.keep(scene.luma(), i));
            for (at, half) in [([0.0, 0.0], 30.0), ([1e4, -1e4], 30.0), ([200.0, 150.0], 4000.0), ([399.0, 299.0], 4.0)]
            {
                let place = Proposal { half: [half; 2], ..place(at[0], at[1]) };
                let stack = Stack::of(scene.luma(), &place, &past, 4, 0);
                assert!(stack.is_none_or(|s| s.picture.data.len() < 200_000), "{w}x{h} {at:?}");
            }
        }
    }
}
