//! Whether verdicts can be trusted: labelled queries against invented registers of several manners.
//!
//! `cargo bench --bench verdicts -- [--records N] [--queries N] [--clean N] [--train A,B] [--held-out C,D] [--counted E,F]`
//!
//! The rules of `registers::judge` were tuned on the manners of `--train` only. An *answer* is one observation that the
//! verdict asked for, its first, answered with the truth. *Dense* is a rough figure of this bench's own: records of the
//! mark's shape (letters and digits) over the keys that the shape allows; *specific in its own series* counts the records of the
//! same letters and length alone. A *twin* is a record of the same mark that nothing true of a clean item contradicts.
//!
//! Wrong reds are too few to count in so many clean items. *To be expected* are those that follow from the register itself:
//! for each record that is red when its weapon is checked, the strangers of its series, model and year over the marks that
//! the series allows.
//!
//! In *counted* manners makers give each number out once and count from one, so that low numbers are crowded and equal ones are rare
//! for another reason than dice; there reds are only counted, and nothing is to be expected from a series.

mod clean;
mod errors;
mod manner;
mod score;

use score::Options;

fn main() {
    let mut options = Options { records: 1_100_000, queries: 12_000, clean: 40_000 };
    let (mut train, mut held_out, mut counted) = (vec![1, 3, 5, 7], vec![811, 947], vec![21, 23]);
    let arguments: Vec<String> = std::env::args().collect();
    for pair in arguments.windows(2) {
        let numbers = || pair[1].split(',').filter_map(|n| n.parse::<u64>().ok()).collect::<Vec<_>>();
        let number = || numbers().first().copied().unwrap_or_else(|| panic!("{} wants a number", pair[0]));
        match pair[0].as_str() {
            "--records" => options.records = number(),
            "--queries" => options.queries = number(),
            "--clean" => options.clean = number(),
            "--train" => train = numbers(),
            "--held-out" => held_out = numbers(),
            "--counted" => counted = numbers(),
            _ => {}
        }
    }
    println!("{options:?}");
    for (name, seeds) in [("train", train), ("held out", held_out), ("counted", counted)] {
        for seed in seeds {
            println!("\n== {name}: manner {seed}");
            score::manner(&options, seed, name == "counted");
        }
    }
}
