//! Who is compared: ours, one default pass of zxing-cpp, rxing, rqrr; each guarded as it needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tracepost::decode::{Frame, Reader};

/// rxing hangs on some pictures.
const RXING_DEADLINE: Duration = Duration::from_secs(4);
/// The argument that makes this program rxing's worker.
pub const RXING_WORKER: &str = "--rxing-worker";

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

/// Texts, processor time of all threads, and that of the one that took longest: what a person waits for where nothing else
/// keeps the cores busy. Nothing else may run in this process meanwhile.
pub fn ours(reader: &Reader, frame: &Frame) -> (Timed, f64) {
    let before = cpu_of_all();
    let (texts, own_ms) = timed(|| reader.still(frame).accepted.into_iter().map(|a| a.text).collect());
    let all_ms = (cpu_of_all() - before).as_secs_f64() * 1000.0;
    ((texts, all_ms), own_ms.max(all_ms - own_ms))
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

/// rxing in a process of its own, which is ended when it hangs: a thread would go on for ever.
#[derive(Default)]
pub struct Rxing {
    process: Option<Process>,
}

struct Process {
    child: Child,
    pictures: ChildStdin,
    answers: Receiver<Timed>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Rxing {
    pub fn look(&mut self, frame: &Frame) -> Timed {
        let luma = frame.luma();
        let mut picture = [luma.width.to_le_bytes(), luma.height.to_le_bytes()].concat();
        (0..luma.height).for_each(|y| picture.extend_from_slice(luma.row(y)));
        let process = self.process.get_or_insert_with(start);
        let sent = process.pictures.write_all(&picture).and_then(|()| process.pictures.flush());
        match sent.map(|()| process.answers.recv_timeout(RXING_DEADLINE)) {
            Ok(Ok(found)) => found,
            ended => {
                let hangs = matches!(ended, Ok(Err(RecvTimeoutError::Timeout)));
                eprintln!("rxing {} on a picture; it counts as not read", if hangs { "hung" } else { "broke down" });
                self.process = None;
                (Vec::new(), RXING_DEADLINE.as_secs_f64() * 1000.0)
            }
        }
    }
}

/// This program once more, as [`rxing_worker`].
fn start() -> Process {
    let own = std::env::current_exe().expect("the program knows its own file");
    let mut child = Command::new(own)
        .arg(RXING_WORKER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program can be started once more");
    let pictures = child.stdin.take().expect("its input is a pipe");
    let lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
    let (answer, answers) = channel();
    std::thread::spawn(move || {
        let found = lines.map_while(|line| serde_json::from_str(&line.ok()?).ok());
        found.take_while(|found: &Timed| answer.send(found.clone()).is_ok()).for_each(drop);
    });
    Process { child, pictures, answers }
}

/// Reads pictures (width, height, grey) from standard input, and answers each with a line of texts and milliseconds.
pub fn rxing_worker() {
    let mut input = std::io::stdin().lock();
    let mut sides = [0; 8];
    while input.read_exact(&mut sides).is_ok() {
        let [width, height] = [0, 4].map(|at| u32::from_le_bytes([0, 1, 2, 3].map(|i| sides[at + i])));
        let mut luma = vec![0; width as usize * height as usize];
        if input.read_exact(&mut luma).is_err() {
            return;
        }
        let found = timed(|| quietly(|| rxing_reads(Picture { luma, width, height })).unwrap_or_default());
        println!("{}", serde_json::to_string(&found).expect("texts and a number are JSON"));
    }
}

struct Picture {
    luma: Vec<u8>,
    width: u32,
    height: u32,
}

fn rxing_reads(picture: Picture) -> Vec<String> {
    let found = rxing::helpers::detect_multiple_in_luma(picture.luma, picture.width, picture.height);
    found.unwrap_or_default().iter().map(|f| f.getText().to_owned()).collect()
}
