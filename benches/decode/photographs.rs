//! Photographs with known contents, and drawn stills.

use std::path::Path;

use tracepost::capture::load_picture;
use tracepost::decode::{Frame, Reader, ReaderOptions};

use crate::Extent;
use crate::engines::{self, Rxing};
use crate::marks::{Known, known_pictures, same};
use crate::score::Table;
use crate::synth;

pub fn run(folder: &Path) {
    let mut table = Table::default();
    let mut rxing = Rxing::default();
    for Known { symbology, picture, name, want } in known_pictures(folder) {
        let Ok(frame) = load_picture(&picture) else { continue };
        let family = symbology.map_or("none", |s| s.code());
        let mut options = ReaderOptions::default();
        options.symbologies.extend(symbology.filter(|s| !options.symbologies.contains(s)));
        let missed = look(&mut table, &mut rxing, family, &frame, &Reader::new(options), want.as_deref(), None);
        if missed {
            println!("not read or read otherwise: {name}");
        }
    }
    table.print("photographs");
    say_hung(&rxing);
}

pub fn stills(extent: &Extent) {
    let mut table = Table::default();
    let mut rxing = Rxing::default();
    let reader = Reader::default();
    for clip in synth::stills(extent.seed, extent.still_rounds) {
        look(&mut table, &mut rxing, clip.category, &clip.frame(0), &reader, clip.want.as_deref(), None);
    }
    for clip in synth::negatives_and_damaged(extent.seed, extent.bad_rounds, 1) {
        look(&mut table, &mut rxing, clip.category, &clip.frame(0), &reader, None, clip.may.as_deref());
    }
    table.print("stills, drawn");
    say_hung(&rxing);
}

/// All four over one picture; whether ours did not answer what it should.
fn look(
    table: &mut Table,
    rxing: &mut Rxing,
    family: &str,
    frame: &Frame,
    reader: &Reader,
    want: Option<&str>,
    may: Option<&str>,
) -> bool {
    let turns = [
        ("ours", engines::ours(reader, frame)),
        ("zxing-cpp", engines::plain(frame, false)),
        ("rxing", rxing.look(frame)),
        ("rqrr", engines::rqrr(frame)),
    ];
    let mut missed = false;
    for (who, (texts, ms)) in turns {
        let right = want.is_some_and(|w| texts.iter().any(|t| same(t, w)));
        let wrong = texts.iter().any(|t| ![want, may].into_iter().flatten().any(|w| same(t, w)));
        missed |= who == "ours" && (wrong || right != want.is_some());
        table.count(family, who, usize::from(right), usize::from(want.is_some()), wrong, ms);
    }
    missed
}

fn say_hung(rxing: &Rxing) {
    if rxing.hung > 0 {
        println!("rxing hung on {} pictures", rxing.hung);
    }
}
