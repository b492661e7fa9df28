//! What checks of a base need to know of it beyond counts, learnt from a sample of its own records: how its numbers clump, how often
//! they are given out twice, and how much chance a hit may have.
//!
//! What is learnt follows from the records of a base alone, by whichever device: changes that lie over it do not move it, and
//! nothing is drawn by chance. The registers of a device are one sample, for one check meets the strangers of them all.

use std::sync::Arc;

use super::limit;
use super::rules::CHANCE_HIT;
use super::surroundings::{self, Around};
use super::weigh::{MODEL, Scales, Traits};
use crate::registers::index::{Compact, KeyId};
use crate::registers::lessons::{Case, Clumps, Collisions, Known, Lessons, Meetings, Sort};
use crate::registers::{Index, Registers};

/// Fewer records are too small a part of what there is to tell how crowded that is.
const RECORDS_MIN: usize = 100_000;
/// Fewer do not tell how numbers are given out.
const RECORDS_TO_LOOK_AROUND: usize = 10_000;
/// So many keys are drawn, evenly from all, for what is to be expected.
const KEYS_MAX: usize = 6_000;
/// So many are looked at for records that meet in one.
const KEYS_FOR_MEETINGS: usize = 400_000;
/// Of one key so many records are weighed.
const BEARERS_MAX: usize = 4;

/// Learns it now, which takes some tenths of a second: a check that comes first waits for it.
pub fn prepare(base: &Arc<Index>) {
    lessons(&Registers::new(Arc::clone(base), None));
}

/// What these registers tell.
pub(super) fn lessons(index: &Registers) -> &Lessons {
    lessons_of_at_least(RECORDS_MIN, index)
}

pub(super) fn lessons_of_at_least(records_min: usize, index: &Registers) -> &Lessons {
    index.learnt(|base| {
        let mut lessons = nothing();
        if base.base().len() < RECORDS_TO_LOOK_AROUND.min(records_min) {
            return lessons;
        }
        let [few, many] = base.base().some_keys([KEYS_MAX, KEYS_FOR_MEETINGS]);
        let (drawn_of, sample) = by_two(
            &few,
            |keys| sample(base, keys),
            |mut one, other| {
                one.1.extend(other.1);
                (one.0 + other.0, one.1)
            },
        );
        let (seen_of, seen) =
            by_two(&many, |keys| meetings(base, keys), |one, other| (one.0 + other.0, one.1.and(&other.1)));
        lessons.looks_around = true;
        lessons.clumps = Clumps::learnt(&sample.iter().map(|s| (s.usual, &s.around.windows[..])).collect::<Vec<_>>());
        lessons.collisions = collisions(base, &sample, seen, seen_of / drawn_of.max(1.0), &lessons);
        if base.base().len() >= records_min {
            let sampled =
                by_two(&sample, |drawn| limit::sample(base, drawn, &lessons), |one, other| [one, other].concat());
            lessons.limit = limit::learnt_of(&sampled);
        }
        lessons
    })
}

/// Before anything is learnt.
fn nothing() -> Lessons {
    Lessons { limit: CHANCE_HIT, clumps: Clumps::even(), collisions: Collisions::as_expected(), looks_around: false }
}

/// What `of` makes of each half, in two threads, put together.
fn by_two<I: Sync, T: Send>(items: &[I], of: impl Fn(&[I]) -> T + Sync, and: impl FnOnce(T, T) -> T) -> T {
    let (first, second) = items.split_at(items.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| of(second));
        let one = of(first);
        // A thread that broke off leaves its half to this one.
        and(one, other.join().unwrap_or_else(|_| of(second)))
    })
}

/// A record of a serial that somebody looks for, drawn from a base.
pub(super) struct Drawn {
    pub key: KeyId,
    pub record: Compact,
    /// It stands for so many that bear the key.
    pub stands_for: f64,
    /// How dense its series is.
    pub usual: f64,
    pub around: Arc<Around>,
    /// What each record around agrees in: thousands of samples that kept those records would fill a tablet's memory.
    agrees: Box<[Traits]>,
}

impl Drawn {
    /// As if its item lay there, and all that the record tells were told of it.
    pub fn scales<'a>(&self, index: &'a Registers, lessons: &'a Lessons) -> Scales<'a> {
        let mut scales = Scales::of_record(index, self.record, lessons);
        scales.see_around(self.key, self.record.register(), &self.around, self.agrees.to_vec());
        scales
    }
}

/// How many records bear these keys, and a sample of them.
fn sample(index: &Registers, keys: &[KeyId]) -> (f64, Vec<Drawn>) {
    let (mut drawn_of, mut sample, nothing) = (0.0, Vec::new(), nothing());
    for &key in keys {
        drawn_of += index.base().count_of(key) as f64;
        let (wanted, stands_for) = wanted_of(index, key);
        let mut seen: Option<(u8, Arc<Around>, Vec<Compact>)> = None;
        for record in wanted {
            let register = record.register();
            let same = seen.take().filter(|(of, ..)| *of == register);
            let (_, around, records) = seen.insert(same.unwrap_or_else(|| {
                let (around, records) = surroundings::of(index, register, key, &surroundings::NEAR);
                (register, Arc::new(around), records)
            }));
            let mut scales = Scales::of_record(index, record, &nothing);
            let agrees = records.iter().map(|other| scales.weigh(*other).agrees).collect();
            let usual = index.density(register, &index.key_bytes(key));
            sample.push(Drawn { key, record, stands_for, usual, around: Arc::clone(around), agrees });
        }
    }
    (drawn_of, sample)
}

/// Records of serials that somebody looks for, at the most [`BEARERS_MAX`] of a key, each with how many it stands for.
fn wanted_of(index: &Registers, key: KeyId) -> (Vec<Compact>, f64) {
    let mut bearers = Vec::new();
    if index.key_bytes(key).first() == Some(&b'S') {
        index.facts_of_key(key, &mut bearers);
    }
    let mut wanted: Vec<Compact> = bearers.into_iter().map(|(_, compact)| compact).filter(|c| c.is_wanted()).collect();
    let stands_for = wanted.len() as f64 / wanted.len().clamp(1, BEARERS_MAX) as f64;
    wanted.truncate(BEARERS_MAX);
    (wanted, stands_for)
}

const KNOWN: [Known; 3] = [Known::Nothing, Known::Facts, Known::Year];

/// The meetings that are to be expected among `scale` times as many records as the sample's, beside those that were seen.
fn collisions(index: &Registers, sample: &[Drawn], seen: Meetings, scale: f64, lessons: &Lessons) -> Collisions {
    let mut meetings = seen;
    for drawn in sample {
        let (key, record) = (drawn.key, drawn.record);
        let mut scales = drawn.scales(index, lessons);
        let (sort, whole) = (scales.sort_of(key, record.register()), scales.weigh(record));
        for known in KNOWN {
            let Some(weight) = whole.as_far_as(known, &scales, record) else { continue };
            let crowding = scales.crowding(key, record.register(), &weight, 0);
            let met = crowding.density * crowding.share * drawn.stands_for * scale;
            meetings.expect(record.facts[MODEL], Case { sort, known }, met);
        }
    }
    Collisions::learnt(&meetings)
}

/// How many records bear these keys, and which meet in one.
fn meetings(index: &Registers, keys: &[KeyId]) -> (f64, Meetings) {
    let (mut looked_at, mut meetings, nothing) = (0.0, Meetings::default(), nothing());
    for &key in keys {
        let bearers = index.base().count_of(key);
        looked_at += bearers as f64;
        if bearers > 1 {
            see(index, &nothing, key, &mut meetings);
        }
    }
    (looked_at, meetings)
}

/// Counts those who meet in one key.
fn see(index: &Registers, lessons: &Lessons, key: KeyId, meetings: &mut Meetings) {
    let sort = Sort::of(index.key_bytes(key).get(1..).unwrap_or_default());
    let mut bearers = Vec::new();
    index.facts_of_key(key, &mut bearers);
    let (wanted, stands_for) = wanted_of(index, key);
    for record in wanted {
        let mut scales = Scales::of_record(index, record, lessons);
        let whole = scales.weigh(record);
        // Another register may list the same item.
        let others = bearers.iter().map(|(_, other)| *other).filter(|o| o.register() == record.register());
        let agrees: Vec<_> = others.map(|other| scales.weigh(other).agrees).collect();
        for known in KNOWN {
            let Some(weight) = whole.as_far_as(known, &scales, record) else { continue };
            let alike = agrees.iter().filter(|agrees| agrees.holds_all(weight.agrees)).count();
            // The record itself is one of them.
            meetings.see(record.facts[MODEL], Case { sort, known }, alike.saturating_sub(1) as f64 * stands_for);
        }
    }
}
