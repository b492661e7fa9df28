//! How well and how fast symbols are read, beside one default pass of zxing-cpp, rxing and rqrr, in one run over the same
//! pictures: `./dev bench decode [--quick] [--seed N] [FOLDER]`.
//!
//! FOLDER holds photographs with known contents, in folders by symbology (`README.md` there says how); without it
//! `TRACEPOST_MARKS`, else `../shared/marks` beside the checkout. Stills and footage are drawn by `benches/footage/synth`
//! and always measured. Times are of the thread's processor, so that other work on the machine does not count.

mod engines;
mod films;
mod photographs;
mod score;
#[path = "../footage/synth/mod.rs"]
mod synth;

#[path = "../../tests/support/marks.rs"]
mod marks;

use std::path::PathBuf;

/// How much is drawn.
struct Extent {
    seed: u64,
    still_rounds: usize,
    clip_rounds: usize,
    clip_frames: usize,
    bad_rounds: usize,
    with_photographs: bool,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let after = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1));
    let seed = after("--seed").and_then(|s| s.parse().ok()).unwrap_or(1);
    let extent = if args.iter().any(|a| a == "--quick") {
        Extent { seed, still_rounds: 1, clip_rounds: 1, clip_frames: 15, bad_rounds: 1, with_photographs: false }
    } else {
        Extent { seed, still_rounds: 2, clip_rounds: 2, clip_frames: 30, bad_rounds: 3, with_photographs: true }
    };
    let given = args.iter().rfind(|a| !a.starts_with('-') && Some(*a) != after("--seed")).map(PathBuf::from);
    if let Some(folder) = given.or_else(|| if extent.with_photographs { marks::folder() } else { None }) {
        photographs::run(&folder);
    }
    photographs::stills(&extent);
    films::run(&extent);
    films::negatives(&extent);
}
