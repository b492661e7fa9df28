//! Pictures in files: which can be opened, how large they may be, what is said of those that cannot.

use std::io::{Cursor, Read};
use std::path::Path;

use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageReader};

use super::error::CaptureError;
use crate::decode::{Frame, Layout};

/// The largest picture that is opened: a 100-megapixel camera, and no decompression bomb.
pub const PICTURE_PIXELS_MAX: u64 = 100_000_000;
/// The largest file that is read into memory as a picture.
const PICTURE_BYTES_MAX: u64 = 512 << 20;
/// Memory that a picture's own decoder may take.
const DECODER_BYTES_MAX: u64 = 1 << 30;

const EXTENSIONS: [&str; 12] = ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif", "pgm", "ppm", "pbm", "pnm"];

/// Whether a file's name says that it is a picture.
pub fn is_picture_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
}

/// Opens a picture as a frame of its own (index 0).
///
/// # Errors
/// When the file cannot be read, is no picture, is damaged, or is too large.
pub fn load_picture(path: &Path) -> Result<Frame, CaptureError> {
    let file = std::fs::File::open(path).map_err(|e| CaptureError::unreadable(path, &e))?;
    let len = file.metadata().map_or(0, |m| m.len());
    if len > PICTURE_BYTES_MAX {
        return Err(CaptureError::FileTooLarge {
            path: path.display().to_string(),
            bytes: len,
            limit: PICTURE_BYTES_MAX,
        });
    }
    let mut bytes = Vec::new();
    file.take(PICTURE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|e| CaptureError::unreadable(path, &e))?;
    if bytes.len() as u64 > PICTURE_BYTES_MAX {
        let (path, bytes) = (path.display().to_string(), bytes.len() as u64);
        return Err(CaptureError::FileTooLarge { path, bytes, limit: PICTURE_BYTES_MAX });
    }
    picture_from_bytes(&bytes, path)
}

/// Decodes a picture from memory; `path` only names it in errors.
///
/// # Errors
/// When the bytes are no picture, are damaged, or hold too many pixels.
pub fn picture_from_bytes(bytes: &[u8], path: &Path) -> Result<Frame, CaptureError> {
    let open = || ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let sized = open().map_err(|e| CaptureError::unreadable(path, &e))?;
    match sized.format() {
        None => return Err(CaptureError::not_a_picture(path)),
        // The decoder fills what is missing with grey and says nothing. A whole file has its end marker (ITU T.81, B.1.1.3).
        Some(image::ImageFormat::Jpeg) if !bytes.windows(2).rev().any(|pair| pair == [0xff, 0xd9]) => {
            return Err(CaptureError::damaged(path, "its end is missing"));
        }
        Some(_) => {}
    }
    let (width, height) = sized.into_dimensions().map_err(|e| told(path, &e))?;
    if u64::from(width) * u64::from(height) > PICTURE_PIXELS_MAX {
        let (path, limit_mpx) = (path.display().to_string(), PICTURE_PIXELS_MAX / 1_000_000);
        return Err(CaptureError::TooLarge { path, width, height, limit_mpx });
    }
    let mut reader = open().map_err(|e| CaptureError::unreadable(path, &e))?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(|e| told(path, &e))?;
    frame_of(picture).map_err(|e| CaptureError::damaged(path, e))
}

fn frame_of(picture: DynamicImage) -> Result<Frame, crate::decode::ShortPixels> {
    let (width, height) = (picture.width(), picture.height());
    match picture {
        DynamicImage::ImageLuma8(grey) => Frame::new(Layout::Grey, width, height, grey.into_raw()),
        DynamicImage::ImageLuma16(_) => Frame::new(Layout::Grey, width, height, picture.into_luma8().into_raw()),
        DynamicImage::ImageRgb8(rgb) => Frame::new(Layout::Rgb, width, height, rgb.into_raw()),
        other if other.color().has_alpha() => Frame::new(Layout::Rgb, width, height, over_white(&other)),
        other => Frame::new(Layout::Rgb, width, height, other.into_rgb8().into_raw()),
    }
}

/// Transparent parts of a label's picture are paper, and paper is white.
fn over_white(picture: &DynamicImage) -> Vec<u8> {
    let rgba = picture.to_rgba8();
    let blend = |c: u8, a: u8| ((u16::from(c) * u16::from(a) + 255 * (255 - u16::from(a)) + 127) / 255) as u8;
    rgba.pixels().flat_map(|p| [0, 1, 2].map(|i| blend(p.0[i], p.0[3]))).collect()
}

fn told(path: &Path, error: &ImageError) -> CaptureError {
    match error {
        ImageError::Unsupported(_) => CaptureError::not_a_picture(path),
        ImageError::Limits(limits) if matches!(limits.kind(), LimitErrorKind::InsufficientMemory) => {
            CaptureError::damaged(path, "it asks for more memory than a picture may take")
        }
        ImageError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            CaptureError::damaged(path, "the end is missing")
        }
        other => CaptureError::damaged(path, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = DynamicImage::ImageLuma8(image::GrayImage::from_pixel(width, height, image::Luma([9])));
        picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn each_bad_file_has_its_own_words() {
        let whole = png(40, 30);
        let mut huge = whole.clone();
        huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        // The header's checksum must hold for the size to be believed.
        let crc = crc32(&huge[12..29]);
        huge[29..33].copy_from_slice(&crc.to_be_bytes());
        let table: [(&str, &[u8], &str); 5] = [
            ("cut.png", &whole[..whole.len() - 30], "damaged or cut short"),
            ("short.png", &whole[..20], "damaged or cut short"),
            ("empty.png", &[], "not a picture"),
            ("text.jpg", b"this is no picture, only words", "not a picture"),
            ("huge.png", &huge, "65536 x 65536 pixels are more than"),
        ];
        for (name, bytes, want) in table {
            let said = picture_from_bytes(bytes, Path::new(name)).unwrap_err().to_string();
            assert!(said.contains(want) && said.contains(name), "{name}: {said}");
        }
        assert_eq!(picture_from_bytes(&whole, Path::new("a.png")).unwrap().width(), 40);
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |mut crc, &b| {
            crc ^= u32::from(b);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
            }
            crc
        })
    }

    #[test]
    fn transparent_is_white() {
        let clear = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(2, 2, image::Rgba([0, 0, 0, 0])));
        assert_eq!(frame_of(clear).unwrap().luma().data, [255; 4]);
    }

    #[test]
    fn names() {
        for (name, want) in [("a.PNG", true), ("a.jpeg", true), ("a.pgm", true), ("a.txt", false), ("png", false)] {
            assert_eq!(is_picture_name(Path::new(name)), want, "{name}");
        }
    }
}
