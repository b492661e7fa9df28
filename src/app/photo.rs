//! The frame as a photo: encoded only when a decision keeps it.

use crate::decode::View;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

const QUALITY: u8 = 82;

/// The picture as JPEG; `None` when the encoder refuses, which a picture of our own never gives cause for.
pub fn jpeg(view: &View) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode(&view.rgb, view.width, view.height, ExtendedColorType::Rgb8)
        .ok()?;
    Some(bytes)
}

/// The picture for the screen.
pub fn image(view: &View) -> slint::Image {
    slint::Image::from_rgb8(slint::SharedPixelBuffer::clone_from_slice(&view.rgb, view.width, view.height))
}
