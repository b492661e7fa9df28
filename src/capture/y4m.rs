//! YUV4MPEG2, uncompressed film: a header line, then `FRAME` lines each followed by the planes.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::error::CaptureError;
use super::picture::PICTURE_PIXELS_MAX;
use super::{FrameSource, at_ms};
use crate::decode::{Frame, Layout};

/// Header lines are short; a longer one is not a header.
const LINE_BYTES_MAX: u64 = 1024;

/// A Y4M film.
#[derive(Debug)]
pub(super) struct Y4m {
    path: PathBuf,
    from: BufReader<File>,
    header: Header,
    index: u64,
    fps: f32,
    /// The `FRAME` line of the next frame was already read, while looking for it after damage.
    line_read: bool,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Header {
    width: u32,
    height: u32,
    fps: f32,
    layout: Layout,
}

impl Y4m {
    /// `fps` overrules the header.
    pub fn open(path: &Path, file: File, fps: Option<f32>) -> Result<Self, CaptureError> {
        let mut from = BufReader::with_capacity(1 << 20, file);
        let line = line(&mut from).map_err(|e| CaptureError::unreadable(path, &e))?;
        let unsupported = |why| CaptureError::UnsupportedFootage { path: path.display().to_string(), why };
        let header = header(&line.unwrap_or_default()).map_err(unsupported)?;
        let fps = fps.unwrap_or(header.fps);
        Ok(Self { path: path.to_owned(), from, header, index: 0, fps, line_read: false, ended: false })
    }

    /// Reads planes after a good `FRAME` line; `None`: nothing more comes.
    fn read_frame(&mut self) -> std::io::Result<Option<Result<Frame, &'static str>>> {
        let Header { width, height, layout, .. } = self.header;
        if !std::mem::take(&mut self.line_read) {
            let Some(start) = line(&mut self.from)? else {
                self.ended = true;
                return Ok(None);
            };
            if !(start == b"FRAME" || start.starts_with(b"FRAME ")) {
                self.seek_frame()?;
                return Ok(Some(Err("its beginning is damaged")));
            }
        }
        let need = layout.bytes(width, height).unwrap_or(usize::MAX);
        let mut pixels = Vec::with_capacity(need.min(64 << 20));
        (&mut self.from).take(need as u64).read_to_end(&mut pixels)?;
        self.ended = pixels.len() < need;
        Ok(Some(Frame::new(layout, width, height, pixels).map_err(|_| "its end is missing")))
    }

    /// Goes behind the next `FRAME` line after damage, or to the end.
    fn seek_frame(&mut self) -> std::io::Result<()> {
        let mut window = [0u8; 6];
        let mut byte = [0u8; 1];
        while &window != b"FRAME\n" {
            if self.from.read(&mut byte)? == 0 {
                self.ended = true;
                return Ok(());
            }
            window.rotate_left(1);
            window[5] = byte[0];
        }
        self.line_read = true;
        Ok(())
    }
}

impl FrameSource for Y4m {
    fn next(&mut self) -> Result<Option<Frame>, CaptureError> {
        if self.ended {
            return Ok(None);
        }
        let read = self.read_frame().map_err(|e| CaptureError::unreadable(&self.path, &e))?;
        let Some(frame) = read else { return Ok(None) };
        let index = self.index;
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

/// One line without its end; `None` at the end of the file.
fn line(from: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if from.take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(Some(line))
}

fn header(line: &[u8]) -> Result<Header, String> {
    let line = std::str::from_utf8(line).map_err(|_| "the Y4M header is damaged")?;
    let mut fields = line.split_ascii_whitespace();
    if fields.next() != Some("YUV4MPEG2") {
        return Err("the Y4M header is missing".into());
    }
    let (mut width, mut height, mut fps, mut colour) = (0u32, 0u32, 30.0, "420");
    for field in fields {
        let (key, value) = field.split_at_checked(1).unwrap_or((field, ""));
        match key {
            "W" => width = value.parse().map_err(|_| "the Y4M header gives no width")?,
            "H" => height = value.parse().map_err(|_| "the Y4M header gives no height")?,
            "F" => fps = rate(value).unwrap_or(fps),
            "C" => colour = value,
            _ => {}
        }
    }
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > PICTURE_PIXELS_MAX {
        return Err(format!("Y4M frames of {width} x {height} pixels cannot be read"));
    }
    let layout = match colour {
        "420" | "420jpeg" | "420mpeg2" | "420paldv" => Layout::Planar { across: 2, down: 2 },
        "422" => Layout::Planar { across: 2, down: 1 },
        "444" => Layout::Planar { across: 1, down: 1 },
        "411" => Layout::Planar { across: 4, down: 1 },
        "mono" => Layout::Grey,
        other => return Err(format!("Y4M colour {other:?} cannot be read; write it as C420jpeg with 8 bits")),
    };
    Ok(Header { width, height, fps, layout })
}

fn rate(value: &str) -> Option<f32> {
    let (over, under) = value.split_once(':')?;
    let rate = over.parse::<f32>().ok()? / under.parse::<f32>().ok()?;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let good = |s: &str| header(s.as_bytes()).unwrap();
        let film = good("YUV4MPEG2 W1280 H720 F30000:1001 Ip A1:1 C420mpeg2 XYSCSS=420MPEG2");
        assert_eq!((film.width, film.height, film.layout), (1280, 720, Layout::Planar { across: 2, down: 2 }));
        assert!((film.fps - 29.97).abs() < 0.01);
        assert_eq!(good("YUV4MPEG2 W8 H8 Cmono").layout, Layout::Grey);
        for bad in [
            "",
            "YUV4MPEG3 W8 H8",
            "YUV4MPEG2 H8",
            "YUV4MPEG2 W8 H8 C420p10",
            "YUV4MPEG2 W99999 H99999",
            "YUV4MPEG2 W-8 H8",
        ] {
            assert!(header(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(header(b"YUV4MPEG2 W8 H8 F0:0").unwrap().fps, 30.0);
    }

    fn film(frames: &[&[u8]]) -> (tempfile::TempDir, Y4m) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("film.y4m");
        let mut bytes = b"YUV4MPEG2 W4 H2 F10:1 Cmono\n".to_vec();
        frames.iter().for_each(|f| bytes.extend_from_slice(f));
        std::fs::write(&path, bytes).unwrap();
        let film = Y4m::open(&path, File::open(&path).unwrap(), None).unwrap();
        (dir, film)
    }

    fn walk(film: &mut Y4m) -> Vec<Result<(u64, u64, u8), u64>> {
        let mut seen = Vec::new();
        loop {
            match film.next() {
                Ok(Some(f)) => seen.push(Ok((f.index, f.at_ms, f.luma().data[0]))),
                Ok(None) => return seen,
                Err(CaptureError::BrokenFrame { index, .. }) => seen.push(Err(index)),
                Err(other) => panic!("{other}"),
            }
        }
    }

    #[test]
    fn frames_in_order() {
        let (_dir, mut film) = film(&[b"FRAME\n11111111", b"FRAME Ip\n22222222"]);
        assert_eq!(walk(&mut film), [Ok((0, 0, b'1')), Ok((1, 100, b'2'))]);
    }

    #[test]
    fn a_damaged_beginning_loses_one_frame_and_a_cut_end_the_last() {
        let (_dir, mut damaged) =
            film(&[b"FRAME\n11111111", b"FRXME\n2222222", b"FRAME\n33333333", b"FRAME\n44444444"]);
        assert_eq!(walk(&mut damaged), [Ok((0, 0, b'1')), Err(1), Ok((2, 200, b'3')), Ok((3, 300, b'4'))]);
        let (_dir, mut cut) = film(&[b"FRAME\n11111111", b"FRAME\n222"]);
        assert_eq!(walk(&mut cut), [Ok((0, 0, b'1')), Err(1)]);
    }
}
