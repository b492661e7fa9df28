//! Footage: how soon a code is accepted, what is accepted that is not there, and what a frame costs.

use std::collections::{BTreeMap, BTreeSet};

use tracepost::decode::LiveReader;

use crate::Extent;
use crate::crew;
use crate::engines::{cpu, cpu_of_all, plain, timed};
use crate::score::{mean, median, percent};
use crate::synth::{self, Clip};

/// By then a person expects an answer: half a second.
const SOON_FRAMES: usize = 15;
/// Plain passes are this many at least for each clip, for the ratio.
const PLAIN_EVERY: usize = 3;

/// Clips, and of these accepted soon and ever.
#[derive(Default, Clone, Copy)]
struct Tally {
    clips: usize,
    /// Ours, the first result of plain passes, two of five of plain passes.
    soon: [usize; 3],
    ever: [usize; 3],
}

/// Costs of frames as multiples of a plain pass over the same symbologies, while tracking and while searching.
#[derive(Default)]
struct Costs {
    /// Of the thread that took longer: the time of a frame where nothing else keeps the cores busy.
    time: [Vec<f64>; 2],
    /// Of all threads.
    work: [Vec<f64>; 2],
}

/// What happened in one clip.
struct Outcome {
    category: &'static str,
    symbology: &'static str,
    want: Vec<String>,
    may: Option<String>,
    /// Texts with the frame in which they were accepted.
    accepted: BTreeMap<String, usize>,
    /// Texts of the plain pass, frame by frame.
    plain: Vec<Vec<String>>,
    costs: Costs,
}

pub fn run(extent: &Extent) {
    let scripts = synth::clips(extent.seed, extent.clip_rounds, extent.clip_frames, extent.clip_every);
    let played = crew::each(crew::ALONE, "footage", &scripts, |(): &mut (), script| play(&script.clip()));
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut costs = Costs::default();
    let mut wrong = [0; 2];
    for outcome in &played {
        costs.add(&outcome.costs);
        let Some(want) = outcome.want.first() else { continue };
        let at =
            [outcome.accepted.get(want).copied(), first_of(&outcome.plain, want, 1), first_of(&outcome.plain, want, 2)];
        for family in [outcome.category, outcome.symbology, "~all"] {
            let tally = tallies.entry(family).or_default();
            tally.clips += 1;
            for (i, at) in at.iter().enumerate() {
                tally.soon[i] += usize::from(at.is_some_and(|f| f < SOON_FRAMES));
                tally.ever[i] += usize::from(at.is_some());
            }
        }
        wrong[0] += outcome.accepted.keys().filter(|t| *t != want).count();
        wrong[1] += others(&outcome.plain, Some(want));
    }
    println!("\nfootage, drawn, 1280 x 720, 30 frames a second, {} frames each", extent.clip_frames);
    println!(
        "accepted within {SOON_FRAMES} frames / ever; the first result of one plain pass a frame; the same text in 2 of 5"
    );
    println!("{:<18}{:>5}{:>20}{:>20}{:>20}", "", "n", "ours", "first plain", "2 of 5 plain");
    for (family, tally) in &tallies {
        print!("{:<18}{:>5}", family.trim_start_matches('~'), tally.clips);
        for i in 0..3 {
            print!("{:>9.1} / {:>5.1} %", percent(tally.soon[i], tally.clips), percent(tally.ever[i], tally.clips));
        }
        println!();
    }
    println!("other texts: ours {}, plain {}", wrong[0], wrong[1]);
    costs.print();
}

pub fn negatives(extent: &Extent) {
    let scripts = synth::negatives_and_damaged(extent.seed, extent.bad_rounds, extent.bad_frames);
    let played = crew::each(crew::ALONE, "without a code", &scripts, |(): &mut (), script| play(&script.clip()));
    let mut costs = Costs::default();
    let mut rows: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    println!("\nfootage without a code, and of spoilt linear codes, {} frames each", extent.bad_frames);
    for outcome in &played {
        costs.add(&outcome.costs);
        let row = rows.entry(outcome.category).or_default();
        let false_accepts: Vec<_> = outcome.accepted.keys().filter(|t| Some(*t) != outcome.may.as_ref()).collect();
        for text in &false_accepts {
            println!("accepted though it is not there: {text:?} ({} {})", outcome.category, outcome.symbology);
        }
        row.0 += 1;
        row.1 += false_accepts.len();
        row.2 += others(&outcome.plain, outcome.may.as_ref());
    }
    for (category, (clips, ours, plain)) in rows {
        println!("{category:<18}{clips:>5} clips, wrong texts accepted {ours}, in one plain pass a frame {plain}");
    }
    costs.print();
}

/// Plays a clip to a new reader; every frame also gets a plain pass.
fn play(clip: &Clip) -> Outcome {
    let mut reader = LiveReader::default();
    let mut outcome = Outcome {
        category: clip.category,
        symbology: clip.symbology.map_or("", |s| s.code()),
        want: clip.want.clone(),
        may: clip.may.clone(),
        accepted: BTreeMap::new(),
        plain: Vec::new(),
        costs: Costs::default(),
    };
    let (mut ours_ms, mut plain_ms) = (Vec::new(), Vec::new());
    for index in 0..clip.len() {
        let frame = clip.frame(index);
        let tracking = !outcome.accepted.is_empty();
        let before = cpu_of_all();
        let (result, own_ms) = timed(|| reader.feed_timed(&frame, &cpu));
        let all_ms = (cpu_of_all() - before).as_secs_f64() * 1000.0;
        ours_ms.push((tracking, own_ms.max(all_ms - own_ms), all_ms));
        result.accepted.into_iter().for_each(|a| _ = outcome.accepted.entry(a.text).or_insert(index));
        outcome.plain.push(plain(&frame, false).0);
        if index % PLAIN_EVERY == 0 {
            plain_ms.push(plain(&frame, true).1);
        }
    }
    let unit = median(&plain_ms).max(0.01);
    for (tracking, longer_ms, all_ms) in ours_ms {
        let which = usize::from(!tracking);
        outcome.costs.time[which].push(longer_ms / unit);
        outcome.costs.work[which].push(all_ms / unit);
    }
    outcome
}

impl Costs {
    fn add(&mut self, other: &Self) {
        for which in 0..2 {
            self.time[which].extend(&other.time[which]);
            self.work[which].extend(&other.work[which]);
        }
    }

    fn print(&self) {
        println!("a frame, as a multiple of one plain pass over the same symbologies, median (mean):");
        for (which, name) in ["tracking", "searching"].into_iter().enumerate() {
            let (time, work) = (&self.time[which], &self.work[which]);
            print!("  {name:<10} {:.2} ({:.2}), processor time ", median(time), mean(time));
            println!("{:.2} ({:.2}), {} frames", median(work), mean(work), time.len());
        }
    }
}

/// The frame in which a text was read for the `needed`th time within five.
fn first_of(plain: &[Vec<String>], text: &String, needed: usize) -> Option<usize> {
    (0..plain.len()).find(|&i| {
        let window = &plain[i.saturating_sub(4)..=i];
        plain[i].contains(text) && window.iter().filter(|texts| texts.contains(text)).count() >= needed
    })
}

/// Different texts that are not the given one.
fn others(plain: &[Vec<String>], right: Option<&String>) -> usize {
    plain.iter().flatten().filter(|t| Some(*t) != right).collect::<BTreeSet<_>>().len()
}
