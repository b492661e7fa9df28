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
