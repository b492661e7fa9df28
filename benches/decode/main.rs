//! How well and how fast symbols are read, beside one default pass of zxing-cpp, rxing and rqrr, in one run over the same
//! pictures: `./dev bench decode [--quick] [--seed N] [--save DIR] [FOLDER]`.
//!
//! FOLDER holds photographs with known contents, in folders by symbology (`README.md` there says how); without it
//! `TRACEPOST_MARKS`, else `../shared/marks` beside the checkout. Stills and footage are drawn by `benches/footage/synth`
//! and always measured, except with `--save`, which only writes them to a folder to be looked at. `--quick` takes a part of
//! each and no photographs, for two minutes of two cores; the whole takes about ten. Times are of the processor, so that other
//! work on the machine counts for little.

mod crew;
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
    /// Of the stills, and of the clips, every so manieth.
    still_every: usize,
    clip_every: usize,
    clip_rounds: usize,
    clip_frames: usize,
    bad_rounds: usize,
    bad_frames: usize,
}

const QUICK: Extent = Extent {
    seed: 1,
    still_rounds: 1,
    still_every: 3,
    clip_every: 4,
    clip_rounds: 1,
    clip_frames: 20,
    bad_rounds: 1,
    bad_frames: 6,
};
const WHOLE: Extent = Extent {
    seed: 1,
    still_rounds: 1,
    still_every: 1,
    clip_every: 1,
    clip_rounds: 2,
    clip_frames: 30,
    bad_rounds: 2,
    bad_frames: 15,
};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if args.iter().any(|a| a == engines::RXING_WORKER) {
        return engines::rxing_worker();
    }
    let after = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1));
    let quick = args.iter().any(|a| a == "--quick");
    let mut extent = if quick { QUICK } else { WHOLE };
    extent.seed = after("--seed").and_then(|s| s.parse().ok()).unwrap_or(extent.seed);
    if let Some(folder) = after("--save") {
        return photographs::save(&extent, &PathBuf::from(folder));
    }
    println!("seed {}, {}", extent.seed, if quick { "a part of all (--quick)" } else { "all" });
    let is_folder = |a: &&String| !a.starts_with('-') && Some(*a) != after("--seed");
    let given = args.iter().rfind(is_folder).map(PathBuf::from);
    if let Some(folder) = given.or_else(|| if quick { None } else { marks::folder() }) {
        photographs::run(&folder);
    }
    photographs::stills(&extent);
    films::run(&extent);
    films::negatives(&extent);
}
