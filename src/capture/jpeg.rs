//! One JPEG of a stream to a frame.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::decode::{Frame, Layout};

/// Sides of a camera's picture; nothing sold to a border post is larger.
const SIDE_MAX_PX: usize = 16_384;

/// Decodes one JPEG.
///
/// Known gap: zune-jpeg 0.5 mixes up the rows of a baseline JPEG that has halved colour *and* a scan for each plane.
/// Cameras and ffmpeg write one scan for all planes, which is read rightly; a film of the other form reads as nothing.
///
/// # Errors
/// Says what is wrong with the JPEG.
pub(super) fn decode(bytes: &[u8]) -> Result<Frame, String> {
    let limits = DecoderOptions::default().set_max_width(SIDE_MAX_PX).set_max_height(SIDE_MAX_PX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), limits);
    decoder.decode_headers().map_err(|e| e.to_string())?;
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let (layout, space) = if grey { (Layout::Grey, ColorSpace::Luma) } else { (Layout::Rgb, ColorSpace::RGB) };
    decoder.set_options(limits.jpeg_set_out_colorspace(space));
    let pixels = decoder.decode().map_err(|e| e.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("no size")?;
    Frame::new(layout, width as u32, height as u32, pixels).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::tests::jpeg_of;
    use super::*;

    #[test]
    fn colour_and_brightness() {
        let frame = decode(&jpeg_of(32, 16, [200, 40, 40])).unwrap();
        assert_eq!((frame.width(), frame.height()), (32, 16));
        assert!(frame.luma().data[100].abs_diff(88) <= 3, "{}", frame.luma().data[100]);
        let view = frame.view(8, 8);
        let [r, g, b] = [view.rgb[0], view.rgb[1], view.rgb[2]];
        assert!(r.abs_diff(200) < 6 && g.abs_diff(40) < 6 && b.abs_diff(40) < 6, "{r} {g} {b}");
    }

    #[test]
    fn halved_colour_keeps_the_rows_in_order() {
        use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
        let rgb: Vec<u8> = (0..64u8).flat_map(|y| [3 * y; 3 * 48]).collect();
        for sampling in [SamplingFactor::F_1_1, SamplingFactor::F_2_1, SamplingFactor::F_2_2] {
            let mut bytes = Vec::new();
            let mut encoder = Encoder::new(&mut bytes, 95);
            encoder.set_sampling_factor(sampling);
            encoder.encode(&rgb, 48, 64, ColorType::Rgb).unwrap();
            let frame = decode(&bytes).unwrap();
            for y in 0..64u32 {
                let is = frame.luma().row(y)[20];
                assert!(is.abs_diff(3 * y as u8) < 8, "{sampling:?}, row {y}: {is}");
            }
        }
    }

    #[test]
    fn grey_jpeg() {
        let mut bytes = Vec::new();
        let grey = image::GrayImage::from_pixel(16, 16, image::Luma([77]));
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(&grey).unwrap();
        assert!(decode(&bytes).unwrap().luma().data[9].abs_diff(77) <= 2);
    }

    #[test]
    fn nonsense_is_refused() {
        for bytes in [&[][..], b"\xff\xd8\xff", b"no jpeg at all"] {
            assert!(decode(bytes).is_err());
        }
    }
}
