//! Deltas made, merged, chosen and applied.

use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::domain::Hash;
use crate::registers::practice;

const HOUR_MS: i64 = 3_600_000;

/// A hub that publishes a version an hour, and what each version held.
#[derive(Default)]
struct Feed {
    files: HashMap<Hash, Vec<u8>>,
    deltas: Vec<Delta>,
    versions: Vec<BTreeMap<String, Record>>,
    hours: i64,
}

fn made(n: u64, year: u16) -> Record {
    let mut record = practice::Generator::new(n).next().unwrap();
    record.id = format!("id-{n}");
    record.description.year = Some(year);
    record
}

impl Feed {
    fn new() -> Self {
        // A Wednesday, half past ten.
        Self { versions: vec![BTreeMap::new()], hours: 478_000, ..Self::default() }
    }

    fn publish(&mut self, hours_later: i64) {
        self.hours += hours_later;
        let n = self.versions.len() as u64;
        let mut records = self.versions.last().unwrap().clone();
        let mut changes = Changes::default();
        for new in [made(n, 1900), made(n / 2, 1900 + (n % 90) as u16)] {
            records.insert(new.id.clone(), new.clone());
            changes.put(&new);
        }
        if n.is_multiple_of(3) {
            let gone = format!("id-{}", n / 3);
            records.remove(&gone);
            changes.withdraw(gone);
        }
        self.versions.push(records);
        let files = std::cell::RefCell::new(&mut self.files);
        let mut store = |changes: &Changes| {
            changes.pieces(|chunk, bytes| {
                files.borrow_mut().insert(chunk.hash, bytes.to_vec());
                Ok::<_, ChunkError>(())
            })
        };
        let new = Delta {
            level: Level::Hour,
            from: RegisterVersion(n - 1),
            to: RegisterVersion(n),
            signed_ms: self.hours * HOUR_MS + 1_800_000,
            pieces: store(&changes).unwrap(),
        };
        let mut load = |delta: &Delta| {
            let mut all = Changes::default();
            delta.pieces.iter().try_for_each(|p| all.read(p, &files.borrow()[&p.chunk.hash]))?;
            Ok(all)
        };
        self.deltas = roll(&self.deltas, new, &changes, &mut load, &mut store).unwrap();
    }

    fn caught_up(&self, from: u64) -> Option<(BTreeMap<String, Record>, usize)> {
        let newest = RegisterVersion(self.versions.len() as u64 - 1);
        let way = way(&self.deltas, RegisterVersion(from), newest)?;
        let mut held = self.versions[from as usize].clone();
        for delta in &way {
            let mut changes = Changes::default();
            for piece in &delta.pieces {
                changes.read(piece, &self.files[&piece.chunk.hash]).unwrap();
            }
            for (_, id, bytes) in changes.into_each() {
                match bytes {
                    Some(bytes) => held.insert(id, Record::from_canonical_bytes(&bytes).unwrap()),
                    None => held.remove(&id),
                };
            }
        }
        Some((held, way.len()))
    }
}

#[test]
fn every_recent_version_is_caught_up_exactly_and_with_few_files() {
    let mut feed = Feed::new();
    for _ in 0..24 * 33 {
        feed.publish(1);
    }
    let newest = feed.versions.len() as u64 - 1;
    for behind in [0, 1, 2, 5, 20, 24, 30, 47, 100, 24 * 7, 24 * 8 + 5, 24 * 20, 720, 24 * 31, 24 * 32] {
        let (held, files) = feed.caught_up(newest - behind).unwrap();
        assert_eq!(&held, feed.versions.last().unwrap(), "{behind} hours behind");
        assert!(files <= 10, "{behind} hours behind: {files} files");
    }
    assert!(feed.deltas.len() < 60, "{} deltas are named", feed.deltas.len());
}

#[test]
fn a_feed_with_gaps_is_caught_up_too() {
    let mut feed = Feed::new();
    let pauses = [1, 30, 2, 80, 1, 1, 200, 5, 24, 24, 26, 3, 170, 1, 90, 12, 12, 12];
    for pause in pauses {
        feed.publish(pause);
        let newest = feed.versions.len() as u64 - 1;
        for from in newest.saturating_sub(8)..=newest {
            let caught_up = feed.caught_up(from);
            let (held, _) = caught_up.unwrap_or_else(|| panic!("no way from {from} to {newest}"));
            assert_eq!(&held, feed.versions.last().unwrap(), "{from} to {newest}");
        }
    }
}

/// A hub's clock that ran ahead, was set back, or went to and fro over midnight: what is offered leads where it says, recent
/// versions are not lost, and nothing gathers.
#[test]
fn a_hub_whose_clock_jumps_still_leads_everybody_on() {
    let (year, day) = (24 * 365, 24);
    let steady = |n: usize| vec![1; n];
    let midnight: Vec<i64> = [1; 14].into_iter().chain([-1, 0, 1, -2, 1, 0, 2]).collect();
    let jumps = [
        ("a year ahead for one version", [steady(30), vec![year, -year], steady(60)].concat()),
        ("a year ahead for two days", [steady(30), vec![year], steady(48), vec![-year], steady(60)].concat()),
        ("a year back for an hour", [steady(30), vec![-year, year], steady(60)].concat()),
        ("a year back for good", [steady(80), vec![-year], steady(60)].concat()),
        ("to and fro over midnight", [midnight.clone(), steady(20), midnight].concat()),
        ("it stands still", [steady(5), vec![0; 120]].concat()),
        ("days ahead, again and again", [day, -day, 1, day * 9, -day * 9, 1].repeat(15)),
    ];
    for (what, pauses) in jumps {
        let mut feed = Feed::new();
        for pause in pauses {
            feed.publish(pause);
            let newest = feed.versions.len() as u64 - 1;
            for from in (newest.saturating_sub(40)..=newest).rev().step_by(3) {
                let (held, _) =
                    feed.caught_up(from).unwrap_or_else(|| panic!("{what}: no way from {from} to {newest}"));
                assert_eq!(&held, feed.versions.last().unwrap(), "{what}: {from} to {newest}");
            }
        }
        assert!(feed.deltas.len() < 80, "{what}: {} deltas are named", feed.deltas.len());
    }
}

#[test]
fn what_is_too_old_has_no_way() {
    let mut feed = Feed::new();
    for _ in 0..60 {
        feed.publish(24);
    }
    assert!(feed.caught_up(0).is_none());
    assert!(feed.caught_up(25).is_some());
}

#[test]
fn a_piece_that_speaks_of_other_records_is_refused() {
    let mut changes = Changes::default();
    (0..50).for_each(|n| changes.put(&made(n, 1980)));
    changes.withdraw("gone".into());
    let mut bytes = Vec::new();
    let pieces = changes
        .pieces(|_, packed| {
            bytes = packed.to_vec();
            Ok::<_, ChunkError>(())
        })
        .unwrap();
    let mut back = Changes::default();
    back.read(&pieces[0], &bytes).unwrap();
    assert_eq!(back, changes);
    let wrong: [fn(&mut Piece); 3] = [|p| p.first_key += 1, |p| p.last_key -= 1, |p| p.withdrawn = 0];
    for (n, change) in wrong.into_iter().enumerate() {
        let mut piece = pieces[0].clone();
        change(&mut piece);
        assert!(matches!(Changes::default().read(&piece, &bytes), Err(ChunkError::Damaged(_))), "{n}");
    }
}
