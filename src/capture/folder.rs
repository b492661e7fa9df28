//! A folder of pictures in name order, as successive frames of one camera.

use std::path::{Path, PathBuf};

use super::error::CaptureError;
use super::picture::{is_picture_name, load_picture};
use super::{FrameSource, at_ms};
use crate::decode::Frame;

/// Pictures of a folder, in the order of their names.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    pictures: std::vec::IntoIter<PathBuf>,
    index: u64,
    fps: f32,
}

impl Folder {
    pub fn open(path: &Path, fps: f32) -> Result<Self, CaptureError> {
        let pictures = pictures_in(path)?;
        Ok(Self { path: path.to_owned(), pictures: pictures.into_iter(), index: 0, fps })
    }
}

/// The pictures of a folder by name; other files and folders are passed over.
fn pictures_in(path: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let entries = std::fs::read_dir(path).map_err(|e| CaptureError::unreadable(path, &e))?;
    let mut pictures = Vec::new();
    for entry in entries {
        let file = entry.map_err(|e| CaptureError::unreadable(path, &e))?.path();
        if is_picture_name(&file) && file.is_file() {
            pictures.push(file);
        }
    }
    if pictures.is_empty() {
        return Err(CaptureError::EmptyFolder { path: path.display().to_string() });
    }
    pictures.sort();
    Ok(pictures)
}

impl FrameSource for Folder {
    fn next(&mut self) -> Result<Option<Frame>, CaptureError> {
        let Some(file) = self.pictures.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        match load_picture(&file) {
            Ok(frame) => Ok(Some(frame.at(index, at_ms(index, self.fps)))),
            Err(error) => Err(CaptureError::broken_frame(&self.path, index, error)),
        }
    }

    fn fps(&self) -> f32 {
        self.fps
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_order_and_a_broken_one_in_the_middle() {
        let dir = tempfile::tempdir().unwrap();
        for (name, grey) in [("b.pgm", 2), ("a.pgm", 1), ("d.pgm", 4)] {
            std::fs::write(dir.path().join(name), [b"P5 2 1 255\n".as_slice(), &[grey, grey]].concat()).unwrap();
        }
        std::fs::write(dir.path().join("c.png"), b"\x89PNG\r\n\x1a\n cut").unwrap();
        std::fs::write(dir.path().join("notes.txt"), b"no picture").unwrap();
        let mut folder = Folder::open(dir.path(), 10.0).unwrap();
        let mut seen = Vec::new();
        loop {
            match folder.next() {
                Ok(Some(f)) => seen.push((f.index, f.at_ms, f.luma().data[0])),
                Ok(None) => break,
                Err(e) => {
                    assert!(e.is_one_frame() && e.to_string().contains("c.png"), "{e}");
                    seen.push((99, 0, 0));
                }
            }
        }
        assert_eq!(seen, [(0, 0, 1), (1, 100, 2), (99, 0, 0), (3, 300, 4)]);
    }

    #[test]
    fn no_pictures_and_no_folder() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Folder::open(dir.path(), 1.0), Err(CaptureError::EmptyFolder { .. })));
        assert!(matches!(Folder::open(&dir.path().join("gone"), 1.0), Err(CaptureError::Unreadable { .. })));
    }
}
