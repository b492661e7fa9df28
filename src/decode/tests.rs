//! What the tests of this room share: symbols drawn into frames.

use zxingcpp::BarcodeFormat;

use super::frame::{Frame, Layout};
use super::pixels::Grey;

/// A symbol with quiet zones, `scale` pixels a module.
pub(super) fn draw(format: BarcodeFormat, text: &str, scale: i32) -> Grey {
    drawn(zxingcpp::create(format).from_str(text).unwrap(), scale)
}

pub(super) fn draw_bytes(format: BarcodeFormat, bytes: &[u8], scale: i32) -> Grey {
    drawn(zxingcpp::create(format).from_slice(bytes).unwrap(), scale)
}

fn drawn(symbol: zxingcpp::Barcode, scale: i32) -> Grey {
    let writer = zxingcpp::write().scale(scale).add_quiet_zones(true);
    let image = symbol.to_image_with(&writer).unwrap();
    Grey { data: image.data(), width: image.width() as u32, height: image.height() as u32 }
}

/// A light frame of the given size with symbols at places (left, top).
pub(super) fn frame(width: u32, height: u32, symbols: &[(&Grey, u32, u32)]) -> Frame {
    let mut data = vec![220u8; width as usize * height as usize];
    for (symbol, left, top) in symbols {
        for y in 0..symbol.height.min(height - top) {
            let to = ((top + y) * width + left) as usize;
            let from = (y * symbol.width) as usize;
            let count = symbol.width.min(width - left) as usize;
            data[to..to + count].copy_from_slice(&symbol.data[from..from + count]);
        }
    }
    Frame::new(Layout::Grey, width, height, data).unwrap()
}

/// A frame with a symbol turned by some degrees about its middle, at (left, top).
pub(super) fn turned(width: u32, height: u32, symbol: &Grey, degrees: f32, left: u32, top: u32) -> Frame {
    let (mut picture, way) = super::pixels::turn(symbol.view(), degrees);
    for v in 0..picture.height {
        for u in 0..picture.width {
            let [x, y] = way.point([u as i32, v as i32]);
            if x <= 0 || y <= 0 || x >= symbol.width as i32 - 1 || y >= symbol.height as i32 - 1 {
                picture.data[(v * picture.width + u) as usize] = 220;
            }
        }
    }
    frame(width, height, &[(&picture, left, top)])
}

/// The same frame at a twentieth of its light, with noise of a spread of so many steps of brightness,
/// another one for each seed.
pub(super) fn dark(frame: Frame, noise: f32, seed: u32) -> Frame {
    let luma = frame.luma();
    let mut random = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut any = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as f32 / (1u32 << 24) as f32 - 0.5
    };
    // Twelve even numbers make a bell curve.
    let mut next = || (0..12).map(|_| any()).sum::<f32>();
    let pixels =
        luma.data.iter().map(|&p| (f32::from(p) / 20.0 + 4.0 + noise * next()).clamp(0.0, 255.0) as u8).collect();
    Frame::new(Layout::Grey, frame.width(), frame.height(), pixels).unwrap()
}
