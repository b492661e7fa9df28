//! How well and how fast symbols are read, beside one default pass of zxing-cpp and beside rqrr, in one run over the
//! same pictures: `./dev bench decode [FOLDER]`.
//!
//! FOLDER holds photographs with known contents, in folders by symbology (`README.md` there says how); without it
//! `TRACEPOST_MARKS`, else `../shared/marks` beside the checkout.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[path = "../tests/support/marks.rs"]
mod marks;

use marks::{known_pictures, same};
use tracepost::capture::load_picture;
use tracepost::decode::{Frame, Layout, LiveReader, Reader, ReaderOptions};

#[derive(Default)]
struct Score {
    pictures: usize,
    right: usize,
    wrong: Vec<String>,
    missed: Vec<String>,
    ms: Vec<f64>,
}

fn main() {
    let given = std::env::args().skip(1).find(|a| !a.starts_with('-')).map(PathBuf::from);
    if let Some(folder) = given.or_else(marks::folder) {
        photographs(&folder);
    }
    empty_frames();
}

fn photographs(folder: &Path) {
    let mut scores: BTreeMap<(String, &str), Score> = BTreeMap::new();
    let started = Instant::now();
    for marks::Known { symbology, picture, name, want } in known_pictures(folder) {
        let Ok(frame) = load_picture(&picture) else { continue };
        let family = symbology.map_or("none".to_owned(), |s| s.code().to_owned());
        let mut options = ReaderOptions::default();
        options.symbologies.extend(symbology.filter(|s| !options.symbologies.contains(s)));
        let reader = Reader::new(options);
        let ours = timed(|| {
            reader.still(&frame).accepted.into_iter().map(|a| (a.symbology.code().to_owned(), a.text)).collect()
        });
        let plain = timed(|| plain_zxing(&frame));
        let second = timed(|| rqrr(&frame));
        for (who, (reads, ms)) in [("ours", ours), ("zxing", plain), ("rqrr", second)] {
            let score = scores.entry((family.clone(), who)).or_default();
            score.pictures += 1;
            score.ms.push(ms);
            let hit = reads.iter().any(|(_, text)| want.as_ref().is_some_and(|w| same(text, w)));
            score.right += usize::from(hit);
            if !hit && want.is_some() {
                score.missed.push(name.clone());
            }
            let other: Vec<_> = reads.iter().filter(|(_, t)| !want.as_ref().is_some_and(|w| same(t, w))).collect();
            if !other.is_empty() {
                score.wrong.push(format!("{name}: {other:?}"));
            }
        }
    }
    report(&scores, started.elapsed().as_secs_f64());
}

fn report(scores: &BTreeMap<(String, &str), Score>, seconds: f64) {
    println!("photographs, share read right / pictures with another text / median ms");
    println!("{:<14}{:>5}  {:>22}  {:>22}  {:>22}", "", "n", "ours", "zxing-cpp, one pass", "rqrr");
    let mut sums: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let families: std::collections::BTreeSet<_> = scores.keys().map(|k| k.0.clone()).collect();
    for family in &families {
        print!("{family:<14}{:>5}", scores[&(family.clone(), "ours")].pictures);
        for who in ["ours", "zxing", "rqrr"] {
            let score = &scores[&(family.clone(), who)];
            let share = 100.0 * score.right as f64 / score.pictures as f64;
            print!("  {share:>7.1} % {:>3} {:>6.1} ms", score.wrong.len(), median(&score.ms));
            if family != "none" {
                let sum = sums.entry(who).or_default();
                (sum.0, sum.1) = (sum.0 + score.right, sum.1 + score.pictures);
            }
        }
        println!();
    }
    for (who, (right, all)) in sums {
        println!("{who:<6} {right} of {all}: {:.1} %", 100.0 * right as f64 / all as f64);
    }
    println!("{seconds:.1} s for all three");
    for ((family, who), score) in scores {
        if *who == "ours" || *who == "zxing" {
            score.wrong.iter().for_each(|w| println!("other text, {family}, {who}: {w}"));
            if *who == "ours" {
                score.missed.iter().for_each(|m| println!("not read, {family}: {m}"));
            }
        }
    }
}

/// What a frame without a code costs, on several kinds of background, as a multiple of one default pass.
fn empty_frames() {
    println!("\nframes of 1280 x 720 without a code, 60 each: ours as a multiple of one default pass of zxing-cpp");
    println!("(same: the same symbologies; all: everything zxing-cpp knows)");
    for (name, paint) in [("plain", 0u32), ("grain", 1), ("stripes", 2), ("checks", 3)] {
        let mut live = LiveReader::default();
        let (mut ours, mut same, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..60u32 {
            let frame = background(paint, index).at(index.into(), u64::from(index) * 33);
            let _ = frame.luma();
            let mut turns: [(&mut Vec<f64>, &mut dyn FnMut()); 3] = [
                (&mut ours, &mut || drop(live.feed(&frame))),
                (&mut same, &mut || drop(default_pass(&frame, true))),
                (&mut all, &mut || drop(default_pass(&frame, false))),
            ];
            // In turns, so that none is always the first.
            turns.rotate_left(index as usize % 3);
            for (times, look) in &mut turns {
                let start = Instant::now();
                look();
                times.push(start.elapsed().as_secs_f64() * 1000.0);
            }
        }
        let mean = |t: &[f64]| t.iter().sum::<f64>() / t.len() as f64;
        println!(
            "{name:<8} median {:>5.1} ms = {:.2} x same ({:.1} ms), {:.2} x all ({:.1} ms); mean {:.2} x same",
            median(&ours),
            median(&ours) / median(&same),
            median(&same),
            median(&ours) / median(&all),
            median(&all),
            mean(&ours) / mean(&same),
        );
    }
}

fn background(kind: u32, seed: u32) -> Frame {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state & 0xFF
    };
    let mut data = Vec::with_capacity(1280 * 720);
    for y in 0..720u32 {
        for x in 0..1280u32 {
            let grain = noise();
            let value = match kind {
                0 => 110 + x / 20 + grain / 32,
                1 => 60 + grain / 2,
                2 => {
                    if ((x + seed) / (3 + (x / 160))).is_multiple_of(2) {
                        60 + grain / 8
                    } else {
                        170 + grain / 8
                    }
                }
                _ => {
                    if ((x / 12) + (y / 12)).is_multiple_of(2) {
                        70 + grain / 8
                    } else {
                        160 + grain / 8
                    }
                }
            };
            data.push(value.min(255) as u8);
        }
    }
    Frame::new(Layout::Grey, 1280, 720, data).expect("the data fill the frame")
}

fn default_pass(frame: &Frame, same_symbologies: bool) -> Vec<(String, String)> {
    use zxingcpp::BarcodeFormat::*;
    let luma = frame.luma();
    let Ok(view) = zxingcpp::ImageView::from_slice(luma.data, luma.width, luma.height, zxingcpp::ImageFormat::Lum)
    else {
        return Vec::new();
    };
    let mut reader = zxingcpp::read().text_mode(zxingcpp::TextMode::Plain);
    if same_symbologies {
        reader = reader.formats([QRCode, DataMatrix, Aztec, PDF417, Code128, Code39, Code93]);
    }
    let found = reader.from(&view).unwrap_or_default();
    found.iter().map(|b| (b.symbology().to_string(), b.text())).collect()
}

fn plain_zxing(frame: &Frame) -> Vec<(String, String)> {
    default_pass(frame, false)
}

fn rqrr(frame: &Frame) -> Vec<(String, String)> {
    let luma = frame.luma();
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found = std::panic::catch_unwind(|| {
        let at = |x: usize, y: usize| luma.data[y * luma.stride as usize + x];
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(luma.width as usize, luma.height as usize, at);
        let grids = picture.detect_grids();
        grids.iter().filter_map(|g| g.decode().ok()).map(|(_, text)| ("QRCode".to_owned(), text)).collect()
    });
    std::panic::set_hook(quiet);
    found.unwrap_or_default()
}

fn timed<T>(look: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = look();
    (result, start.elapsed().as_secs_f64() * 1000.0)
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
