//! Photographs with known contents, and drawn stills.

use std::path::Path;

use image::GrayImage;
use tracepost::capture::load_picture;
use tracepost::decode::{Frame, Reader, ReaderOptions};

use crate::Extent;
use crate::crew;
use crate::engines::{self, Rxing};
use crate::marks::{Known, known_pictures, same};
use crate::score::{Seen, Table};
use crate::synth;

pub fn run(folder: &Path) {
    let known = known_pictures(folder);
    let looked = crew::each(crew::ALONE, "photographs", &known, |rxing: &mut Rxing, known| {
        let Known { symbology, picture, want, .. } = known;
        let frame = load_picture(picture).ok()?;
        // What is off by default is asked for alone, as `--formats itf` does.
        let mut options = ReaderOptions::default();
        if let Some(symbology) = symbology.filter(|s| !options.symbologies.contains(s)) {
            options.symbologies = vec![symbology];
        }
        Some(look(rxing, &frame, &Reader::new(options), want.as_slice(), None))
    });
    let mut table = Table::default();
    let mut missed = Vec::new();
    for (Known { symbology, name, .. }, seen) in known.iter().zip(looked) {
        let Some(seen) = seen else { continue };
        let [ours, ..] = &seen;
        if ours.wrong || ours.right < ours.shown {
            missed.push(name);
        }
        table.count(symbology.map_or("none", |s| s.code()), seen);
    }
    table.print("photographs");
    missed.iter().for_each(|name| println!("not read or read otherwise: {name}"));
}

pub fn stills(extent: &Extent) {
    let good = synth::stills(extent.seed, extent.still_rounds, extent.still_every);
    let bad = synth::negatives_and_damaged(extent.seed, extent.bad_rounds, 1);
    let scripts: Vec<_> = good.into_iter().chain(bad).collect();
    let looked = crew::each(crew::ALONE, "stills", &scripts, |rxing: &mut Rxing, script| {
        let clip = script.clip();
        let seen = look(rxing, &clip.frame(0), &Reader::default(), &clip.want, clip.may.as_deref());
        (clip.category, clip.symbology.filter(|_| !clip.want.is_empty()), seen)
    });
    let (mut by_kind, mut by_symbology) = (Table::default(), Table::default());
    for (category, symbology, seen) in looked {
        by_kind.count(category, seen);
        if let Some(symbology) = symbology {
            by_symbology.count(symbology.code(), seen);
        }
    }
    by_symbology.print("stills with one code, drawn");
    by_kind.print("stills, drawn");
}

/// Writes what is drawn, for eyes: the stills, and the first and a middle frame of the footage.
pub fn save(extent: &Extent, folder: &Path) {
    let stills = synth::stills(extent.seed, extent.still_rounds, extent.still_every);
    let films = synth::clips(extent.seed, extent.clip_rounds, extent.clip_frames, extent.clip_every);
    let bad = synth::negatives_and_damaged(extent.seed, extent.bad_rounds, 1);
    std::fs::create_dir_all(folder).expect("the folder can be made");
    for (kind, scripts) in [("still", stills), ("film", films), ("bad", bad)] {
        for (number, script) in scripts.iter().enumerate() {
            let clip = script.clip();
            let symbology = clip.symbology.map_or("", |s| s.code());
            for index in [0, clip.len() / 2].into_iter().take(clip.len().min(2)) {
                let name: String = format!("{kind}-{number:03}-{}-{symbology}-{index}", clip.category)
                    .replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
                let frame = clip.frame(index);
                let luma = frame.luma();
                let pixels = (0..luma.height).flat_map(|y| luma.row(y).iter().copied()).collect();
                let picture =
                    GrayImage::from_raw(luma.width, luma.height, pixels).expect("the pixels fill the picture");
                picture.save(folder.join(format!("{name}.png"))).expect("the picture can be written");
            }
        }
    }
}

/// All four over one picture.
fn look(rxing: &mut Rxing, frame: &Frame, reader: &Reader, want: &[String], may: Option<&str>) -> [Seen; 4] {
    let (ours, longest_ms) = engines::ours(reader, frame);
    let turns = [ours, engines::plain(frame, false), rxing.look(frame), engines::rqrr(frame)];
    let mut seen = turns.map(|(texts, ms)| {
        let right = want.iter().filter(|want| texts.iter().any(|t| same(t, want))).count();
        let wrong = texts.iter().any(|t| !want.iter().map(String::as_str).chain(may).any(|w| same(t, w)));
        Seen { shown: want.len(), right, wrong, ms, longest_ms: ms }
    });
    seen[0].longest_ms = longest_ms;
    seen
}
