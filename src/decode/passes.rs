//! The ways to look at a picture: the plain one, and the rescue passes that change its pixels first.
//!
//! These go over a whole frame or a region as it is. What needs the code set upright first stands in `looks.rs`.
//!
//! Each rescue pass earned its place by reading something that those before it did not (`./dev bench decode` shows the
//! share that is left without them).

use super::acceptance::Source;
use super::engine::{self, Read, Threshold};
use super::frame::Luma;
use super::pixels::{self, Grey, WayBack};
use super::place::Region;
use super::propose::Proposal;
use super::rectify::{self, Cut};
use crate::domain::{Quad, Symbology};

/// One way to look.
#[derive(Debug)]
pub(super) struct Pass {
    /// How answers name it; it never changes.
    pub name: &'static str,
    change: Change,
    threshold: Threshold,
    /// Time it takes, roughly, as a multiple of the plain pass over the same pixels.
    pub cost: f32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Nothing,
    TurnHalf,
    Halve,
    HalveAndBlur,
    Double,
    Turn(f32),
    Blur,
    Sharpen,
    Invert,
    GrowDark,
    GrowLight,
    DoubleAndBlur,
    NearWhite,
}

/// The default pass over unchanged pixels.
pub(super) const PLAIN: Pass = pass("plain", Change::Nothing, Threshold::Local, 1.0);

/// The second look at a still: upside down, with the other threshold.
pub(super) const TURNED: Pass = pass("turned_180", Change::TurnHalf, Threshold::Global, 1.0);

/// Rescue passes, the cheapest and most fruitful first.
pub(super) const RESCUE: [Pass; 14] = [
    pass("half", Change::Halve, Threshold::Local, 0.3),
    pass("blur", Change::Blur, Threshold::Local, 1.1),
    pass("half_blur", Change::HalveAndBlur, Threshold::Local, 0.35),
    pass("global", Change::Nothing, Threshold::Global, 0.9),
    pass("turn_45", Change::Turn(45.0), Threshold::Local, 2.2),
    pass("turn_10", Change::Turn(10.0), Threshold::Local, 1.5),
    pass("turn_350", Change::Turn(-10.0), Threshold::Local, 1.5),
    pass("double", Change::Double, Threshold::Local, 4.2),
    pass("invert", Change::Invert, Threshold::Local, 1.0),
    pass("sharpen", Change::Sharpen, Threshold::Local, 1.2),
    pass("grow_dark", Change::GrowDark, Threshold::Local, 1.1),
    pass("grow_light", Change::GrowLight, Threshold::Local, 1.1),
    pass("near_white", Change::NearWhite, Threshold::Global, 1.0),
    pass("double_blur", Change::DoubleAndBlur, Threshold::Local, 4.5),
];

/// Doubling is for small regions and small pictures: above so many pixels it finds nothing that the plain pass does not.
const DOUBLE_PIXELS_MAX: u64 = 1_000_000;

const fn pass(name: &'static str, change: Change, threshold: Threshold, cost: f32) -> Pass {
    Pass { name, change, threshold, cost }
}

impl Pass {
    pub fn source(&self) -> Source {
        if self.change == Change::Nothing && self.threshold == Threshold::Local {
            Source::Plain
        } else {
            Source::Rescue
        }
    }

    /// Whether the pass enlarges its pixels.
    fn enlarges(&self) -> bool {
        matches!(self.change, Change::Double | Change::DoubleAndBlur)
    }

    /// Looks once; corners come back in pixels of `luma`.
    pub fn run(&self, luma: Luma<'_>, symbologies: &[Symbology]) -> Vec<Read> {
        let read = |(grey, way): (Grey, WayBack)| {
            let mut reads = engine::zxing(grey.view(), symbologies, self.threshold);
            reads.iter_mut().for_each(|r| r.quad = r.quad.map(|p| way.point(p)));
            reads
        };
        let same = |grey: Grey| (grey, WayBack::STRAIGHT);
        match self.change {
            Change::Nothing => engine::zxing(luma, symbologies, self.threshold),
            Change::TurnHalf => read(pixels::turn_half(luma)),
            Change::Halve => pixels::halve(luma).map(read).unwrap_or_default(),
            Change::HalveAndBlur => {
                pixels::halve(luma).map(|(half, way)| read((pixels::blur(half.view()), way))).unwrap_or_default()
            }
            _ if self.enlarges() && u64::from(luma.width) * u64::from(luma.height) > DOUBLE_PIXELS_MAX => Vec::new(),
            Change::Double => read(pixels::double(luma)),
            Change::DoubleAndBlur => {
                let (twice, way) = pixels::double(luma);
                read((pixels::blur(pixels::blur(twice.view()).view()), way))
            }
            Change::NearWhite => read(same(pixels::near_white(luma))),
            Change::Turn(degrees) => read(pixels::turn(luma, degrees)),
            Change::Blur => read(same(pixels::blur(luma))),
            Change::Sharpen => read(same(pixels::sharpen(luma))),
            Change::Invert => read(same(pixels::invert(luma))),
            Change::GrowDark => read(same(pixels::grow_dark(luma))),
            Change::GrowLight => read(same(pixels::grow_light(luma))),
        }
    }

    /// Looks again where this pass read something: the same change to pixels that are sampled at other points and another
    /// size.
    pub fn again(&self, luma: Luma<'_>, quad: &Quad, symbology: Symbology) -> impl Iterator<Item = Vec<Read>> {
        let place = Proposal::of(quad);
        AGAIN.into_iter().map(move |(scale, shift, turned)| {
            let place = if turned { place.upside_down() } else { place };
            let patch = rectify::upright(luma, &place, Cut { margin: [0.25; 2], scale, shift, pixels_max: 400_000.0 });
            let mut reads = self.run(patch.grey(|_, p| p).view(), &[symbology]);
            reads.iter_mut().for_each(|r| r.quad = r.quad.map(|p| patch.warp.point(p)));
            reads
        })
    }

    /// Looks once at a region; corners come back in pixels of `luma`.
    pub fn run_in(&self, luma: Luma<'_>, region: Region, symbologies: &[Symbology]) -> Vec<Read> {
        in_region(luma, region, |part| self.run(part, symbologies))
    }
}

/// How a place is sampled when a pass looks at it again: pixels for one of the picture, by how much it is moved, upside down.
const AGAIN: [(f32, f32, bool); 3] = [(1.31, 0.37, true), (0.83, 0.5, true), (1.12, 0.25, false)];

/// rqrr over a region.
pub(super) fn second_opinion(luma: Luma<'_>, region: Region) -> Vec<Read> {
    in_region(luma, region, engine::rqrr)
}

fn in_region(luma: Luma<'_>, region: Region, look: impl Fn(Luma<'_>) -> Vec<Read>) -> Vec<Read> {
    let Some(part) = Grey::crop(luma, region.x, region.y, region.width, region.height) else {
        return Vec::new();
    };
    let way = WayBack::shift(region.x, region.y);
    let mut reads = look(part.view());
    reads.iter_mut().for_each(|r| r.quad = r.quad.map(|p| way.point(p)));
    reads
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::place;
    use crate::decode::tests::{draw, frame};

    #[test]
    fn every_pass_reads_a_clean_code_and_finds_its_place() {
        let qr = draw(BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", 6);
        let scene = frame(640, 480, &[(&qr, 200, 120)]);
        let want = PLAIN.run(scene.luma(), &[Symbology::QrCode]);
        assert_eq!(want.len(), 1);
        for pass in [&PLAIN, &TURNED].into_iter().chain(&RESCUE) {
            let reads = pass.run(scene.luma(), &[Symbology::QrCode]);
            assert_eq!(reads.len(), 1, "{}", pass.name);
            assert_eq!(reads[0].text, want[0].text, "{}", pass.name);
            for (is, was) in reads[0].quad.iter().zip(&want[0].quad) {
                assert!((is[0] - was[0]).abs() <= 4 && (is[1] - was[1]).abs() <= 4, "{}: {is:?} {was:?}", pass.name);
            }
            let region = place::region(&want[0].quad, 0.2, 640, 480);
            let within = pass.run_in(scene.luma(), region, &[Symbology::QrCode]);
            assert!(place::overlap(&within[0].quad, &want[0].quad), "{}", pass.name);
        }
    }

    #[test]
    fn a_pass_looks_again_at_its_own_place_and_sees_the_same() {
        let qr = draw(BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", 6);
        let scene = frame(640, 480, &[(&qr, 200, 120)]);
        let near_white = RESCUE.iter().find(|p| p.name == "near_white").unwrap();
        let first = &near_white.run(scene.luma(), &[Symbology::QrCode])[0];
        let mut looked = 0;
        for again in near_white.again(scene.luma(), &first.quad, Symbology::QrCode) {
            assert_eq!(again.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), [first.text.as_str()]);
            assert!(place::overlap(&again[0].quad, &first.quad), "{:?}", again[0].quad);
            looked += 1;
        }
        assert_eq!(looked, AGAIN.len());
    }

    #[test]
    fn tiny_pictures_are_survived_by_every_pass() {
        for (w, h) in [(1, 1), (1, 30), (30, 1), (3, 3), (16, 16), (17, 2)] {
            let scene = frame(w, h, &[]);
            for pass in [&PLAIN, &TURNED].into_iter().chain(&RESCUE) {
                assert_eq!(
                    pass.run(scene.luma(), &Symbology::ALL).iter().filter(|r| !r.broken).count(),
                    0,
                    "{}",
                    pass.name
                );
            }
        }
    }

    #[test]
    fn names_are_unique_and_only_one_pass_is_plain() {
        let names: std::collections::BTreeSet<_> =
            [&PLAIN, &TURNED].into_iter().chain(&RESCUE).map(|p| p.name).collect();
        assert_eq!(names.len(), RESCUE.len() + 2);
        assert!([&TURNED].into_iter().chain(&RESCUE).all(|p| p.source() == Source::Rescue));
        assert_eq!(PLAIN.source(), Source::Plain);
    }
}
