//! Motion JPEG: JPEGs one after the other, plain or in an AVI file.
//!
//! Both are read as one thing: a stream in which JPEGs lie, each from its start mark to its end mark, walked segment by
//! segment so that a thumbnail inside a header does not end a frame. What lies between (AVI chunk headers, padding,
//! the index) is passed over. After damage the reader takes up again at the next start mark.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::error::CaptureError;
use super::{FrameSource, at_ms, jpeg};
use crate::decode::Frame;

/// The largest frame of a film.
const FRAME_BYTES_MAX: usize = 64 << 20;
/// Bytes read at a time.
const STEP_BYTES: usize = 256 << 10;

/// A film of JPEGs.
pub(super) struct Mjpeg {
    path: PathBuf,
    splitter: Splitter<BufReader<File>>,
    index: u64,
    fps: f32,
}

impl Mjpeg {
    pub fn open(path: &Path, file: File, fps: f32) -> Self {
        Self { path: path.to_owned(), splitter: Splitter::new(BufReader::new(file)), index: 0, fps }
    }
}

impl FrameSource for Mjpeg {
    fn next(&mut self) -> Result<Option<Frame>, CaptureError> {
        let piece = self.splitter.next().map_err(|e| CaptureError::unreadable(&self.path, &e))?;
        let index = self.index;
        let frame = match piece {
            None => return Ok(None),
            Some(Piece::Cut) => Err("its end is missing".to_owned()),
            Some(Piece::Whole(bytes)) => jpeg::decode(&bytes),
        };
        self.index += 1;
        match frame {
            Ok(frame) => Ok(Some(frame.at(index, at_ms(index, self.fps)))),
            Err(why) => Err(CaptureError::broken_frame(&self.path, index, why)),
        }
    }

    fn fps(&self) -> f32 {
        self.fps
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

/// The frame rate that an AVI file states in its main header (microseconds a frame, at a fixed place).
pub(super) fn avi_fps(head: &[u8]) -> Option<f32> {
    let at = head.windows(4).take(64).position(|w| w == b"avih")?;
    let micros = u32::from_le_bytes(head.get(at + 8..at + 12)?.try_into().ok()?);
    (1_000..=10_000_000).contains(&micros).then(|| 1_000_000.0 / micros as f32)
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Whole(Vec<u8>),
    /// A frame began and did not end as it should.
    Cut,
}

/// Finds JPEGs in a stream.
struct Splitter<R> {
    from: R,
    buffer: Vec<u8>,
    ended: bool,
}

/// What a walk over the bytes since a start mark found.
#[derive(Debug, PartialEq, Eq)]
enum Walk {
    /// The frame has this length.
    Ends(usize),
    /// More bytes are needed.
    More,
    /// Here it stops being a JPEG.
    Broken(usize),
}

impl<R: Read> Splitter<R> {
    fn new(from: R) -> Self {
        Self { from, buffer: Vec::new(), ended: false }
    }

    fn next(&mut self) -> std::io::Result<Option<Piece>> {
        if !self.seek_start()? {
            return Ok(None);
        }
        loop {
            match walk(&self.buffer) {
                Walk::Ends(length) => return Ok(Some(Piece::Whole(self.buffer.drain(..length).collect()))),
                Walk::Broken(at) => {
                    self.buffer.drain(..at.max(2));
                    return Ok(Some(Piece::Cut));
                }
                Walk::More if self.ended || self.buffer.len() > FRAME_BYTES_MAX => {
                    // Another frame may begin inside what looked like one endless frame.
                    self.buffer.drain(..2);
                    return Ok(Some(Piece::Cut));
                }
                Walk::More => self.fill()?,
            }
        }
    }

    /// Drops what lies before the next start mark; false at the end.
    fn seek_start(&mut self) -> std::io::Result<bool> {
        loop {
            if let Some(at) = self.buffer.windows(3).position(|w| w == [0xFF, 0xD8, 0xFF]) {
                self.buffer.drain(..at);
                return Ok(true);
            }
            let keep = self.buffer.len().min(2);
            self.buffer.drain(..self.buffer.len() - keep);
            if self.ended {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> std::io::Result<()> {
        let mut step = (&mut self.from).take(STEP_BYTES as u64);
        if step.read_to_end(&mut self.buffer)? == 0 {
            self.ended = true;
        }
        Ok(())
    }
}

/// Walks the segments of the JPEG at the start of `bytes` (ITU-T T.81 annex B).
fn walk(bytes: &[u8]) -> Walk {
    let mut at = 2;
    loop {
        let Some(&[mark, code]) = bytes.get(at..at + 2).and_then(|b| <&[u8; 2]>::try_from(b).ok()) else {
            return Walk::More;
        };
        if mark != 0xFF {
            return Walk::Broken(at);
        }
        match code {
            0xFF => at += 1,
            0xD9 => return Walk::Ends(at + 2),
            0xD8 => return Walk::Broken(at),
            0x01 | 0xD0..=0xD7 => at += 2,
            _ => {
                let Some(length) = bytes.get(at + 2..at + 4) else { return Walk::More };
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]]).max(2));
                if code == 0xDA {
                    match end_of_scan(bytes, at) {
                        Some(end) => at = end,
                        None => return Walk::More,
                    }
                }
            }
        }
    }
}

/// Where the coded data that begin at `from` end: at the next mark that is neither stuffing nor a restart.
fn end_of_scan(bytes: &[u8], from: usize) -> Option<usize> {
    let data = bytes.get(from..)?;
    let mark = |w: &[u8]| w[0] == 0xFF && !matches!(w[1], 0x00 | 0xD0..=0xD7 | 0xFF);
    data.windows(2).position(mark).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::super::tests::jpeg_of;
    use super::*;

    fn pieces(bytes: &[u8]) -> Vec<Piece> {
        let mut splitter = Splitter::new(bytes);
        std::iter::from_fn(|| splitter.next().unwrap()).collect()
    }

    #[test]
    fn frames_with_rubbish_between_them() {
        let (a, b) = (jpeg_of(16, 16, [9; 3]), jpeg_of(24, 8, [99; 3]));
        let film = [b"RIFF....".as_slice(), &a, b"00dc\0\0\xff\xd9", &b, b"idx1"].concat();
        assert_eq!(pieces(&film), [Piece::Whole(a), Piece::Whole(b)]);
        assert_eq!(pieces(b"nothing here"), []);
    }

    #[test]
    fn a_thumbnail_in_a_header_does_not_end_the_frame() {
        let (outer, thumb) = (jpeg_of(16, 16, [9; 3]), jpeg_of(8, 8, [200; 3]));
        let length = (thumb.len() as u16 + 2).to_be_bytes();
        let film = [&outer[..2], &[0xFF, 0xE1], &length, &thumb, &outer[2..]].concat();
        assert_eq!(pieces(&film), [Piece::Whole(film.clone())]);
    }

    #[test]
    fn a_cut_frame_is_one_loss_and_the_rest_goes_on() {
        let (a, b, c) = (jpeg_of(16, 16, [9; 3]), jpeg_of(24, 8, [99; 3]), jpeg_of(8, 8, [1; 3]));
        // Cut inside the coded data, behind all headers.
        let cut = &b[..b.len() - 5];
        let film = [&a, cut, &c].concat();
        assert_eq!(pieces(&film), [Piece::Whole(a.clone()), Piece::Cut, Piece::Whole(c)]);
        assert_eq!(pieces(&[&a, cut].concat()), [Piece::Whole(a), Piece::Cut]);
    }

    #[test]
    fn a_source_counts_broken_frames() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("film.mjpeg");
        let mut middle = jpeg_of(16, 16, [50; 3]);
        // Keep the frame's outline, and spoil its tables.
        let table = middle.windows(2).position(|w| w == [0xFF, 0xC4]).unwrap();
        middle[table + 5..table + 21].fill(0xFF);
        std::fs::write(&path, [jpeg_of(16, 16, [9; 3]), middle, jpeg_of(16, 16, [99; 3])].concat()).unwrap();
        let mut film = Mjpeg::open(&path, File::open(&path).unwrap(), 20.0);
        assert_eq!(film.next().unwrap().unwrap().index, 0);
        let said = film.next().unwrap_err();
        assert!(said.is_one_frame() && said.to_string().contains("frame 1 of"), "{said}");
        let last = film.next().unwrap().unwrap();
        assert_eq!((last.index, last.at_ms), (2, 100));
        assert!(film.next().unwrap().is_none());
    }

    #[test]
    fn the_rate_stands_in_the_avi_header() {
        let mut head = b"RIFF\0\0\0\0AVI LIST\0\0\0\0hdrlavih8\0\0\0".to_vec();
        head.extend_from_slice(&40_000u32.to_le_bytes());
        assert_eq!(avi_fps(&head), Some(25.0));
        assert_eq!(avi_fps(b"RIFF"), None);
    }
}
