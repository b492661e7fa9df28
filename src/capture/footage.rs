//! Footage by what it is, not by its name.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::FrameSource;
use super::error::CaptureError;
use super::folder::Folder;
use super::mjpeg::{self, Mjpeg};
use super::y4m::Y4m;

/// Frames a second where neither the footage nor the caller says.
const FPS_DEFAULT: f32 = 30.0;

/// Opens footage: a folder of pictures in name order, a Y4M film, or Motion JPEG, plain or in AVI. `fps` overrules what
/// the footage says of its rate; 30 where nobody says.
///
/// # Errors
/// When it cannot be read or is no footage.
pub fn open_footage(path: &Path, fps: Option<f32>) -> Result<Box<dyn FrameSource>, CaptureError> {
    let fps = fps.filter(|f| f.is_finite() && *f > 0.0);
    if path.is_dir() {
        return Ok(Box::new(Folder::open(path, fps.unwrap_or(FPS_DEFAULT))?));
    }
    let unreadable = |e: std::io::Error| CaptureError::unreadable(path, &e);
    let mut file = File::open(path).map_err(unreadable)?;
    let mut head = Vec::new();
    (&mut file).take(512).read_to_end(&mut head).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    if head.starts_with(b"YUV4MPEG2") {
        return Ok(Box::new(Y4m::open(path, file, fps)?));
    }
    if head.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Ok(Box::new(Mjpeg::open(path, file, fps.unwrap_or(FPS_DEFAULT))));
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI ") {
        let fps = fps.or_else(|| mjpeg::avi_fps(&head)).unwrap_or(FPS_DEFAULT);
        return Ok(Box::new(Mjpeg::open(path, file, fps)));
    }
    Err(CaptureError::NotFootage { path: path.display().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_footage_is_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let table = [
            (file("empty.mjpeg", b""), "not footage"),
            (file("words.y4m", b"only words"), "not footage"),
            (file("deep.y4m", b"YUV4MPEG2 W8 H8 C420p10\n"), "C420jpeg"),
            (dir.path().join("gone.y4m"), "cannot be read"),
        ];
        for (path, want) in table {
            let said = open_footage(&path, None).err().unwrap().to_string();
            assert!(said.contains(want), "{said}");
        }
    }
}
