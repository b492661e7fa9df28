//! Who is compared: ours, one default pass of zxing-cpp, rxing, rqrr; each guarded as it needs.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tracepost::decode::{Frame, Reader};

/// rxing hangs on some pictures.
const RXING_DEADLINE: Duration = Duration::from_secs(3);

/// Texts, and the milliseconds of processor time that they took.
pub type Timed = (Vec<String>, f64);

/// Processor time of this thread.
pub fn cpu() -> Duration {
    clock(rustix::time::ClockId::ThreadCPUTime)
}

/// Processor time of all threads.
pub fn cpu_of_all() -> Duration {
    clock(rustix::time::ClockId::ProcessCPUTime)
}

fn clock(id: rustix::time::ClockId) -> Duration {
    let now = rustix::time::clock_gettime(id);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

pub fn timed<T>(look: impl FnOnce() -> T) -> (T, f64) {
    let start = cpu();
    let result = look();
    (result, (cpu() - start).as_secs_f64() * 1000.0)
}

pub fn ours(reader: &Reader, frame: &Frame) -> Timed {
    timed(|| reader.still(frame).accepted.into_iter().map(|a| a.text).collect())
}

/// One default pass. `same` asks only for the symbologies that are on by default here.
pub fn plain(frame: &Frame, same: bool) -> Timed {
    use zxingcpp::BarcodeFormat::*;
    let luma = frame.luma();
    timed(|| {
        let size = (luma.width, luma.height);
        let Ok(view) = zxingcpp::ImageView::from_slice(luma.data, size.0, size.1, zxingcpp::ImageFormat::Lum) else {
            return Vec::new();
        };
        let mut reader = zxingcpp::read().text_mode(zxingcpp::TextMode::Plain);
        if same {
            reader = reader.formats([QRCode, DataMatrix, Aztec, PDF417, Code128, Code39, Code93]);
        }
        reader.from(&view).unwrap_or_default().iter().map(|b| b.text()).collect()
    })
}

/// rqrr panics on some pictures.
pub fn rqrr(frame: &Frame) -> Timed {
    let luma = frame.luma();
    timed(|| {
        quietly(|| {
            let at = |x: usize, y: usize| luma.data[y * luma.stride as usize + x];
            let mut picture =
                rqrr::PreparedImage::prepare_from_greyscale(luma.width as usize, luma.height as usize, at);
            picture.detect_grids().iter().filter_map(|g| g.decode().ok()).map(|(_, text)| text).collect()
        })
        .unwrap_or_default()
    })
}

fn quietly<T>(look: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(look)).ok()
}

/// rxing on a thread of its own, which is left behind when it hangs.
#[derive(Default)]
pub struct Rxing {
    thread: Option<(Sender<Picture>, Receiver<Timed>)>,
    /// Pictures on which it hung.
    pub hung: usize,
}

struct Picture {
    luma: Vec<u8>,
    width: u32,
    height: u32,
}

impl Rxing {
    pub fn look(&mut self, frame: &Frame) -> Timed {
        let luma = frame.luma();
        let data = (0..luma.height).flat_map(|y| luma.row(y).iter().copied()).collect();
        let picture = Picture { luma: data, width: luma.width, height: luma.height };
        let (jobs, done) = self.thread.get_or_insert_with(start);
        if jobs.send(picture).is_err() {
            self.thread = None;
            return Timed::default();
        }
        match done.recv_timeout(RXING_DEADLINE) {
            Ok(found) => found,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                self.hung += 1;
                self.thread = None;
                (Vec::new(), RXING_DEADLINE.as_secs_f64() * 1000.0)
            }
        }
    }
}

fn start() -> (Sender<Picture>, Receiver<Timed>) {
    let (jobs, taken) = channel::<Picture>();
    let (answer, done) = channel();
    std::thread::spawn(move || {
        for picture in taken {
            let found = timed(|| quietly(|| rxing_reads(picture)).unwrap_or_default());
            if answer.send(found).is_err() {
                return;
            }
        }
    });
    (jobs, done)
}

fn rxing_reads(picture: Picture) -> Vec<String> {
    let found = rxing::helpers::detect_multiple_in_luma(picture.luma, picture.width, picture.height);
    found.unwrap_or_default().iter().map(|f| f.getText().to_owned()).collect()
}
