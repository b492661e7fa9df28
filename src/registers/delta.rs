//! Deltas: what came, changed and was withdrawn between two versions of a register.
//!
//! A delta says of each record that it names how it is *in the version to which it leads*: its content, or that it is gone.
//! So it brings any version from `from` on to `to`, and two deltas in a row merge by letting the later one win. That is what
//! the levels rest on:
//!
//! | level | holds | kept |
//! |---|---|---|
//! | hour | one publication | while its day lasts |
//! | day | the publications of a day, of today as far as it has come | the last nine that brought something |
//! | week | the days of a week, of this week up to yesterday | the last seven that brought something |
//!
//! A device thirty days behind takes five weeks, today, and perhaps an hour.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::chunk::{self, ChunkError, ChunkRef, bucket_key, bucket_of};
use super::frozen::RecordBytes;
use crate::domain::{Record, RegisterVersion};

/// Changes in one piece: some 120 to 250 KiB.
const CHANGES_PER_PIECE: usize = 12_288;
/// What one more request is worth in bytes, on the links that there are.
const REQUEST_BYTES: u64 = 2_048;
const DAY_MS: i64 = 86_400_000;
/// Days and weeks that brought something; the versions of a day that has no end, for its clock stands still.
const DAYS_KEPT: usize = 9;
const WEEKS_KEPT: usize = 7;
const HOURS_KEPT: usize = 48;

/// What a delta sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// One publication.
    Hour,
    /// A day's.
    Day,
    /// A week's.
    Week,
}

/// A part of a delta: the changes to records whose [`bucket_key`]s lie in a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The file.
    pub chunk: ChunkRef,
    /// Withdrawals in it.
    pub withdrawn: u32,
    /// First key in it.
    pub first_key: u32,
    /// Last key in it.
    pub last_key: u32,
}

impl Piece {
    /// Whether it may speak of records of one of these buckets.
    pub fn touches(&self, buckets: &BTreeSet<u32>, bits: u8) -> bool {
        let first = bucket_of(self.first_key, bits);
        buckets.range(first..).next().is_some_and(|&bucket| bucket <= bucket_of(self.last_key, bits))
    }
}

/// A delta as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// What it sums up.
    pub level: Level,
    /// The earliest version to which it may be applied.
    pub from: RegisterVersion,
    /// The version that comes out.
    pub to: RegisterVersion,
    /// When the version that comes out was signed, in milliseconds since 1970 (UTC).
    pub signed_ms: i64,
    /// Its pieces in ascending order of their keys.
    pub pieces: Vec<Piece>,
}

impl Delta {
    /// Bytes on the wire.
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|p| u64::from(p.chunk.len)).sum()
    }

    /// Records that come or change, and withdrawals.
    pub fn changes(&self) -> u64 {
        self.pieces.iter().map(|p| u64::from(p.chunk.records) + u64::from(p.withdrawn)).sum()
    }

    /// Whether its pieces follow each other, none of them twice.
    pub(super) fn is_in_order(&self) -> bool {
        let mut seen = BTreeSet::new();
        self.pieces.windows(2).all(|pair| pair[0].last_key <= pair[1].first_key)
            && self.pieces.iter().all(|piece| seen.insert(piece.chunk.hash))
    }

    fn day(&self) -> i64 {
        self.signed_ms.div_euclid(DAY_MS)
    }
}

/// Weeks begin on Mondays; 1970 began on a Thursday.
fn week_of(day: i64) -> i64 {
    (day + 3).div_euclid(7)
}

/// What becomes of records: their canonical bytes, or `None` for those that are gone. In the order of buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<(u32, String), Option<Box<[u8]>>>);

impl Changes {
    /// A record comes or changes.
    pub fn put(&mut self, record: &Record) {
        self.put_bytes(record.id.clone(), record.canonical_bytes().into());
    }

    /// The same by its id and canonical bytes.
    pub(crate) fn put_bytes(&mut self, id: String, bytes: Box<[u8]>) {
        self.0.insert((bucket_key(&id), id), Some(bytes));
    }

    /// A record is withdrawn.
    pub fn withdraw(&mut self, id: String) {
        self.0.insert((bucket_key(&id), id), None);
    }

    /// What comes later wins.
    pub fn then(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    /// Those outside some buckets.
    pub fn outside(self, buckets: &BTreeSet<u32>, bits: u8) -> Self {
        Self(self.0.into_iter().filter(|((key, _), _)| !buckets.contains(&bucket_of(*key, bits))).collect())
    }

    /// Takes out those before a key; all, when there is none.
    #[cfg(feature = "device")]
    pub(crate) fn take_before(&mut self, end: Option<u32>) -> Self {
        let left = end.map(|end| self.0.split_off(&(end, String::new()))).unwrap_or_default();
        Self(std::mem::replace(&mut self.0, left))
    }

    /// Bytes that ids and records take.
    #[cfg(feature = "device")]
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|((_, id), bytes)| id.len() + bytes.as_ref().map_or(0, |bytes| bytes.len())).sum()
    }

    /// Number of records named.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Names none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Key, id and canonical bytes of each record, in the order of keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u32, &str, Option<&[u8]>)> {
        self.0.iter().map(|((key, id), bytes)| (*key, id.as_str(), bytes.as_deref()))
    }

    /// The same, taken apart.
    pub fn into_each(self) -> impl Iterator<Item = (u32, String, Option<Box<[u8]>>)> {
        self.0.into_iter().map(|((key, id), bytes)| (key, id, bytes))
    }

    /// Packs the changes; `sink` gets each piece with its bytes.
    ///
    /// # Errors
    /// When a piece cannot be packed, or the sink fails.
    pub fn pieces<E: From<ChunkError>>(
        &self,
        mut sink: impl FnMut(&ChunkRef, &[u8]) -> Result<(), E>,
    ) -> Result<Vec<Piece>, E> {
        let all: Vec<_> = self.iter().collect();
        let mut pieces = Vec::new();
        for part in all.chunks(CHANGES_PER_PIECE) {
            let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
            let records = part.iter().filter_map(|x| x.2.map(Record::from_canonical_bytes));
            let mut records: Vec<Record> = records.collect::<Result<_, _>>().map_err(ChunkError::from)?;
            let mut withdrawn: Vec<&str> = part.iter().filter(|x| x.2.is_none()).map(|x| x.1).collect();
            records.sort_unstable_by(|a, b| a.id.cmp(&b.id));
            withdrawn.sort_unstable();
            let (chunk, packed) = chunk::encode(0, &records, &withdrawn)?;
            sink(&chunk, &packed)?;
            let withdrawn = withdrawn.len() as u32;
            pieces.push(Piece { chunk, withdrawn, first_key: first.0, last_key: last.0 });
        }
        Ok(pieces)
    }

    /// Adds what a piece says, which must be what the manifest says of it. After an error these changes mean nothing.
    ///
    /// # Errors
    /// When the bytes are not the piece, or name records outside its range.
    pub fn read(&mut self, piece: &Piece, packed: &[u8]) -> Result<(), ChunkError> {
        let is_here = |key: &u32| (piece.first_key..=piece.last_key).contains(key);
        let elsewhere = ChunkError::Damaged("it speaks of records that belong elsewhere");
        let withdrawn = chunk::each(&piece.chunk, packed, &mut |frozen, more| {
            let key = bucket_key(frozen.id);
            if !is_here(&key) {
                return Err(elsewhere.clone());
            }
            let mut bytes = Vec::new();
            frozen.write_known(more, &mut bytes)?;
            self.0.insert((key, frozen.id.to_owned()), Some(bytes.into()));
            Ok(())
        })?;
        if withdrawn.len() as u64 != u64::from(piece.withdrawn) {
            return Err(ChunkError::Damaged("it withdraws more or fewer records than was said"));
        }
        for id in withdrawn {
            let key = Some(bucket_key(&id)).filter(is_here).ok_or(elsewhere.clone())?;
            self.0.insert((key, id), None);
        }
        Ok(())
    }
}

/// The deltas that lead from one version to another with the fewest bytes, in order; `None` when none do.
pub fn way(deltas: &[Delta], from: RegisterVersion, to: RegisterVersion) -> Option<Vec<&Delta>> {
    if from == to {
        return Some(Vec::new());
    }
    let mut sorted: Vec<&Delta> = deltas.iter().filter(|d| d.to > from && d.to <= to).collect();
    sorted.sort_by_key(|d| d.to);
    // Reached versions with the cost of the best way there and its last step.
    let mut reached: Vec<(RegisterVersion, u64, Option<usize>, usize)> = vec![(from, 0, None, 0)];
    for (n, delta) in sorted.iter().enumerate() {
        let starts = reached.iter().enumerate().filter(|(_, at)| delta.from <= at.0 && at.0 < delta.to);
        if let Some((before, at)) = starts.min_by_key(|(_, at)| at.1) {
            reached.push((delta.to, at.1 + delta.bytes() + REQUEST_BYTES, Some(before), n));
        }
    }
    let mut here = reached.iter().enumerate().filter(|(_, at)| at.0 == to).min_by_key(|(_, at)| at.1)?.0;
    let mut way = Vec::new();
    while let Some(before) = reached[here].2 {
        way.push(sorted[reached[here].3]);
        here = before;
    }
    way.reverse();
    Some(way)
}

/// The deltas that the next manifest names: those of before, the new one, and what they sum up to. `load` gives the changes
/// of an earlier delta, `store` packs the changes of a summed-up one.
///
/// # Errors
/// When `load` or `store` fails.
pub fn roll<E>(
    before: &[Delta],
    new: Delta,
    changes: &Changes,
    load: &mut dyn FnMut(&Delta) -> Result<Changes, E>,
    store: &mut dyn FnMut(&Changes) -> Result<Vec<Piece>, E>,
) -> Result<Vec<Delta>, E> {
    // What a clock that ran ahead dated later than now counts as of now: nothing may wait for a day that is far away.
    let dated = |d: &Delta| Delta { signed_ms: d.signed_ms.min(new.signed_ms), ..d.clone() };
    let of = |level| before.iter().filter(move |d| d.level == level).map(dated);
    let today = new.day();
    let mut weeks: Vec<Delta> = of(Level::Week).collect();
    let mut days: Vec<Delta> = of(Level::Day).collect();
    let (mut hours, past): (Vec<Delta>, Vec<Delta>) = of(Level::Hour).partition(|d| d.day() == today);
    // A day on which only one version came needs no summing up.
    for hour in past {
        if !days.iter().any(|d| d.from <= hour.from && hour.to <= d.to) {
            days.push(Delta { level: Level::Day, ..hour });
        }
    }
    days.sort_by_key(|d| d.to);
    // Days that are over go into their week, each after those that it goes on from.
    for day in days.iter().filter(|d| d.day() < today) {
        if weeks.iter().any(|w| w.from <= day.from && day.to <= w.to) {
            continue;
        }
        let week = week_of(day.day());
        match weeks.iter_mut().find(|w| week_of(w.day()) == week && (w.from..=w.to).contains(&day.from)) {
            Some(sum) => {
                let mut all = load(sum)?;
                all.then(load(day)?);
                let pieces = store(&all)?;
                *sum = Delta { level: Level::Week, from: sum.from, pieces, ..*day };
            }
            None => weeks.push(Delta { level: Level::Week, ..day.clone() }),
        }
    }
    // Today, as far as it has come: what is summed up already, or the versions one by one, as far back as none is missing.
    let sum = days.iter().position(|d| d.day() == today && d.to == new.from);
    if let Some(at) = sum {
        let sum = days.remove(at);
        let mut all = load(&sum)?;
        all.then(changes.clone());
        days.push(Delta { level: Level::Day, from: sum.from, pieces: store(&all)?, ..new.clone() });
    } else if hours.last().is_some_and(|hour| hour.to == new.from) {
        let gap = hours.windows(2).rposition(|pair| pair[0].to != pair[1].from).map_or(0, |at| at + 1);
        let mut all = Changes::default();
        for hour in &hours[gap..] {
            all.then(load(hour)?);
        }
        all.then(changes.clone());
        days.push(Delta { level: Level::Day, from: hours[gap].from, pieces: store(&all)?, ..new.clone() });
    }
    // By their number and not by the calendar: a clock that ran ahead for an hour must not cost what devices hold.
    keep_last(&mut weeks, WEEKS_KEPT);
    keep_last(&mut days, DAYS_KEPT);
    keep_last(&mut hours, HOURS_KEPT - 1);
    hours.push(new);
    Ok([weeks, days, hours].concat())
}

fn keep_last(deltas: &mut Vec<Delta>, most: usize) {
    deltas.sort_by_key(|d| d.to);
    deltas.drain(..deltas.len().saturating_sub(most));
}

#[cfg(test)]
mod tests;
