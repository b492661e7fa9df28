//! Pictures of each hindrance, drawn, and the advice that they get.

use zxingcpp::BarcodeFormat;

use super::*;
use crate::decode::tests::{draw, frame};
use crate::domain::Quad;

const SIZE: [u32; 2] = [640, 360];
const PLACE: [u32; 2] = [220, 70];

/// A grey desk with a label on it, `scale` pixels a module; the label's corners beside it.
fn label(scale: i32) -> (Vec<u8>, Quad) {
    let qr = draw(BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", scale);
    let scene = frame(SIZE[0], SIZE[1], &[(&qr, PLACE[0], PLACE[1])]);
    let mut pixels: Vec<u8> = scene.luma().data.iter().map(|p| if *p == 220 { 120 } else { *p }).collect();
    // Paper that a camera exposes well is not quite white, and ink not quite black.
    pixels.iter_mut().for_each(|p| *p = 20 + (u32::from(*p) * 4 / 5) as u8);
    let (x, y) = (PLACE[0] as i32, PLACE[1] as i32);
    let (r, b) = (x + qr.width as i32, y + qr.height as i32);
    (pixels, [[x, y], [r, y], [r, b], [x, b]])
}

fn smear(pixels: &[u8], reach: usize) -> Vec<u8> {
    let row = |row: &[u8]| -> Vec<u8> {
        (0..row.len())
            .map(|x| {
                let part = &row[x.saturating_sub(reach)..(x + reach + 1).min(row.len())];
                (part.iter().map(|p| u32::from(*p)).sum::<u32>() / part.len() as u32) as u8
            })
            .collect()
    };
    pixels.chunks(SIZE[0] as usize).flat_map(row).collect()
}

fn lamp(pixels: &[u8], x: i32, y: i32) -> Vec<u8> {
    let lit = |(at, p): (usize, &u8)| {
        let (dx, dy) = ((at % SIZE[0] as usize) as i32 - x, (at / SIZE[0] as usize) as i32 - y);
        let light = 600.0 * (-f64::from(dx * dx + dy * dy) / (2.0 * 22.0 * 22.0)).exp();
        (f64::from(*p) + light).min(255.0) as u8
    };
    pixels.iter().enumerate().map(lit).collect()
}

fn shift(pixels: &[u8], by: usize) -> Vec<u8> {
    pixels.chunks(SIZE[0] as usize).flat_map(|row| [&row[by..], &row[..by]].concat()).collect()
}

fn look(watch: &mut Watch, pixels: &[u8], at_ms: u64, state: OutlineState, quad: Option<Quad>) -> Sight {
    let outlines: Vec<Outline> = quad.map(|quad| outline(quad, state)).into_iter().collect();
    watch.look(Luma::new(pixels, SIZE[0], SIZE[1]).unwrap(), at_ms, &outlines)
}

fn outline(quad: Quad, state: OutlineState) -> Outline {
    Outline { quad, state, text: String::new() }
}

/// The advice after half a second of the same kind of picture.
fn advice(pictures: &[Vec<u8>], quad: Option<Quad>) -> (Option<&'static str>, Sight) {
    let mut watch = Watch::default();
    let mut last = Sight::default();
    for i in 0..16 {
        last = look(&mut watch, &pictures[i % pictures.len()], i as u64 * 33, OutlineState::Reading, quad);
    }
    (last.advice.map(Advice::code), last)
}

#[test]
fn each_hindrance_has_its_advice() {
    let (good, quad) = label(6);
    let (small, small_quad) = label(1);
    let dark: Vec<u8> = good.iter().map(|p| p / 5).collect();
    let noisy: Vec<u8> = good.iter().enumerate().map(|(i, p)| p.saturating_add((i * 7_919 % 9) as u8)).collect();
    let desk = vec![116; (SIZE[0] * SIZE[1]) as usize];
    let moving: Vec<Vec<u8>> = (0..16).map(|i| shift(&good, i * 14)).collect();
    let trembling: Vec<Vec<u8>> = (0..16).map(|i| shift(&good, i % 2)).collect();
    let white: Vec<u8> = good.iter().map(|p| if *p > 200 { 255 } else { *p }).collect();
    type Row<'a> = (&'a str, Vec<Vec<u8>>, Option<Quad>, Option<&'static str>);
    let table: [Row<'_>; 12] = [
        ("a good picture", vec![good.clone()], Some(quad), None),
        ("a good picture, nothing found", vec![good.clone()], None, None),
        ("noise", vec![noisy], Some(quad), None),
        ("an empty desk", vec![desk.clone()], None, None),
        ("an empty desk at night", vec![desk.iter().map(|p| p / 4).collect()], None, Some("more_light")),
        ("dark", vec![dark], Some(quad), Some("more_light")),
        ("out of focus", vec![smear(&smear(&good, 5), 5)], Some(quad), Some("hold_still")),
        ("out of focus, nothing found", vec![smear(&smear(&good, 5), 5)], None, Some("hold_still")),
        ("moving", moving, Some(quad), Some("hold_still")),
        ("a trembling hand", trembling, Some(quad), None),
        ("far", vec![small], Some(small_quad), Some("closer")),
        ("a label burnt white is paper", vec![white], Some(quad), None),
    ];
    for (name, pictures, quad, want) in table {
        let (got, sight) = advice(&pictures, quad);
        assert_eq!(got, want, "{name}: {sight:?}");
    }
    let (got, sight) = advice(&[lamp(&good, 300, 150)], Some(quad));
    assert_eq!(got, Some("glare"), "a lamp in the label: {sight:?}");
}

#[test]
fn modules_are_measured_in_pixels() {
    for scale in [1, 2, 3, 6] {
        let (pixels, quad) = label(scale);
        let sight = look(&mut Watch::default(), &pixels, 0, OutlineState::Reading, Some(quad));
        let px = sight.module_px.unwrap();
        assert!((px - scale as f32).abs() <= 0.3, "{scale}: {px}");
    }
}

#[test]
fn advice_is_steady_and_gone_at_once_when_a_symbol_is_accepted() {
    let (good, quad) = label(6);
    let bad = smear(&smear(&good, 5), 5);
    let mut watch = Watch::default();
    let mut said = Vec::new();
    for i in 0..120u64 {
        // Every fourth frame happens to be good, which must not make the words flicker.
        let pixels = if i % 4 == 3 { &good } else { &bad };
        let sight = look(&mut watch, pixels, i * 33, OutlineState::Reading, Some(quad));
        if said.last() != Some(&sight.advice) {
            said.push(sight.advice);
        }
    }
    assert_eq!(said, [None], "never long enough in one piece to be said");
    for i in 120..140u64 {
        look(&mut watch, &bad, i * 33, OutlineState::Reading, Some(quad));
    }
    let kept = look(&mut watch, &good, 141 * 33, OutlineState::Reading, Some(quad));
    assert_eq!(kept.advice, Some(Advice::HoldStill), "one good frame takes nothing back");
    let done = look(&mut watch, &bad, 142 * 33, OutlineState::Accepted, Some(quad));
    assert_eq!(done.advice, None);
    let again = look(&mut watch, &bad, 0, OutlineState::Reading, Some(quad));
    assert_eq!((again.advice, again.motion_px), (None, 0.0), "a stream that begins again");
}

#[test]
fn odd_pictures_and_places_are_survived() {
    for (w, h) in [(1, 1), (2, 1), (1, 9), (7, 3), (16, 16), (640, 2)] {
        let scene = frame(w, h, &[]);
        for quad in [[[0, 0]; 4], [[-50, -50], [900, -3], [900, 900], [4, 2_000_000]], [[w as i32, h as i32]; 4]] {
            let mut watch = Watch::default();
            for at_ms in [0, 0, 40, 10] {
                watch.look(scene.luma(), at_ms, &[outline(quad, OutlineState::Reading)]);
            }
        }
    }
    let cut = Luma { data: &[0; 10], width: 100, height: 100, stride: 100 };
    assert_eq!(Watch::default().look(cut, 0, &[]), Sight::default());
}
