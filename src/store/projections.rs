//! Tables that only repeat what the entries say, so that a question need not read the whole ledger. They can be thrown away
//! and rebuilt at any time, and verification compares them with the entries.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::ledger::LedgerStore;
use super::{GradeCounts, StoreError};
use crate::domain::{Grade, Seq};
use crate::ledger::{CandidateRef, Check, Decided, Entry, Payload, RetroHit};

/// A check as people look at it: the entry together with what was decided and found out later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its entry.
    pub seq: Seq,
    /// When the check was made, by the device's clock, in milliseconds since 1970.
    pub wall_ms: i64,
    /// Who checked.
    pub officer: String,
    /// The check and its answer.
    pub check: Check,
    /// The number on paper, for a check that could not be recorded at once.
    pub paper: Option<String>,
    /// The latest decision about it.
    pub decision: Option<Decided>,
    /// The latest retro-hit on it.
    pub retro_hit: Option<RetroHit>,
}

impl Sighting {
    /// The records for which the latest retro-hit was told, strongest first: those that would have stopped the item and were not as
    /// strong in the answer of then. A record that was withdrawn meanwhile and came again was told for itself.
    pub fn found_later(&self) -> Vec<&CandidateRef> {
        let strong = |c: &&CandidateRef| c.grade >= Grade::Probable;
        let known = |c: &&CandidateRef| {
            let same = |k: &&CandidateRef| k.register == c.register && k.record == c.record;
            self.check.candidates.iter().filter(same).any(|k| k.grade >= c.grade)
        };
        let all: Vec<_> = self.retro_hit.iter().flat_map(|hit| &hit.candidates).filter(strong).collect();
        let new: Vec<_> = all.iter().copied().filter(|c| !known(c)).collect();
        if new.is_empty() { all } else { new }
    }
}

/// One row of one projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    Sighting { wall_ms: i64, grade: &'static str },
    Decision { of: Seq, code: &'static str },
    RetroHit { of: Seq, grade: &'static str },
    Shift { wall_ms: i64 },
}

/// The tables that are projections and nothing else.
pub(super) const TABLES: [&str; 4] = ["sighting", "decision", "retro_hit", "shift"];

impl Row {
    /// The row that an entry gives, if any.
    pub fn of(wall_ms: i64, payload: &Payload) -> Option<Self> {
        match payload {
            Payload::Check(check) => Some(Self::Sighting { wall_ms, grade: check.grade.code() }),
            Payload::LateCheck(late) => {
                Some(Self::Sighting { wall_ms: late.checked_ms, grade: late.check.grade.code() })
            }
            Payload::Decision(decided) => Some(Self::Decision { of: decided.of, code: decided.code.code() }),
            Payload::RetroHit(hit) => Some(Self::RetroHit { of: hit.of, grade: hit.grade.code() }),
            Payload::ShiftClosed(_) => Some(Self::Shift { wall_ms }),
            _ => None,
        }
    }

    /// Its place in [`TABLES`].
    pub fn table(self) -> usize {
        match self {
            Self::Sighting { .. } => 0,
            Self::Decision { .. } => 1,
            Self::RetroHit { .. } => 2,
            Self::Shift { .. } => 3,
        }
    }

    fn insert(self, connection: &Connection, seq: Seq) -> rusqlite::Result<()> {
        let seq = number(seq);
        match self {
            Self::Sighting { wall_ms, grade } => connection
                .prepare_cached("INSERT INTO sighting (seq, wall_ms, grade) VALUES (?1, ?2, ?3)")?
                .execute(params![seq, wall_ms, grade]),
            Self::Decision { of, code } => connection
                .prepare_cached("INSERT INTO decision (seq, of, code) VALUES (?1, ?2, ?3)")?
                .execute(params![seq, number(of), code]),
            Self::RetroHit { of, grade } => connection
                .prepare_cached("INSERT INTO retro_hit (seq, of, grade) VALUES (?1, ?2, ?3)")?
                .execute(params![seq, number(of), grade]),
            Self::Shift { wall_ms } => connection
                .prepare_cached("INSERT INTO shift (seq, wall_ms) VALUES (?1, ?2)")?
                .execute(params![seq, wall_ms]),
        }
        .map(|_| ())
    }

    /// Whether the projection holds exactly this row.
    pub fn is_stored(self, connection: &Connection, seq: Seq) -> rusqlite::Result<bool> {
        let seq = number(seq);
        match self {
            Self::Sighting { wall_ms, grade } => connection
                .prepare_cached("SELECT 1 FROM sighting WHERE seq = ?1 AND wall_ms = ?2 AND grade = ?3")?
                .exists(params![seq, wall_ms, grade]),
            Self::Decision { of, code } => connection
                .prepare_cached("SELECT 1 FROM decision WHERE seq = ?1 AND of = ?2 AND code = ?3")?
                .exists(params![seq, number(of), code]),
            Self::RetroHit { of, grade } => connection
                .prepare_cached("SELECT 1 FROM retro_hit WHERE seq = ?1 AND of = ?2 AND grade = ?3")?
                .exists(params![seq, number(of), grade]),
            Self::Shift { wall_ms } => connection
                .prepare_cached("SELECT 1 FROM shift WHERE seq = ?1 AND wall_ms = ?2")?
                .exists(params![seq, wall_ms]),
        }
    }
}

/// Sequence numbers as SQLite keeps them; a ledger never comes near the 63rd bit.
pub(super) fn number(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

/// A sequence number that came from SQLite.
pub(super) fn seq(number: i64) -> Seq {
    Seq(u64::try_from(number).unwrap_or(0))
}

/// Writes what the entry means to the tables, in the transaction that stores the entry.
pub(super) fn project(
    transaction: &Transaction<'_>,
    seq: Seq,
    wall_ms: i64,
    payload: &Payload,
) -> rusqlite::Result<()> {
    if let Some(row) = Row::of(wall_ms, payload) {
        row.insert(transaction, seq)?;
    }
    if let Some(photo) = payload.photo() {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO photo (hash, len, seq) VALUES (?1, ?2, ?3)")?
            .execute(params![photo.hash.0, i64::try_from(photo.len).unwrap_or(i64::MAX), number(seq)])?;
    }
    Ok(())
}

impl LedgerStore {
    /// The check at `seq`, with what came of it.
    pub fn sighting(&self, seq: Seq) -> Result<Sighting, StoreError> {
        self.read(|connection| read_sighting(connection, seq))?.ok_or(StoreError::NoSuchCheck(seq))
    }

    /// The last `count` checks, newest first.
    pub fn feed(&self, count: u32) -> Result<Vec<Sighting>, StoreError> {
        self.sightings_where("SELECT seq FROM sighting ORDER BY seq DESC LIMIT ?1", params![count])
    }

    /// Recent checks, oldest first, at most `limit` of those after the entry `after`: for checking them again when new records have
    /// come. `wall_ms` is where the past begins that is looked back to.
    ///
    /// A check is old only if the hub held it before then, by its receipt, and neither it nor any before it was made at or after
    /// `wall_ms` by the device's clock. That clock alone makes nothing old: one that is years behind would hide what was seen today. So
    /// everything since the last receipt of before then counts as recent, and all of a ledger as long as there is none: rather too many.
    pub fn sightings_since(&self, wall_ms: i64, after: Seq, limit: u32) -> Result<Vec<Sighting>, StoreError> {
        self.sightings_where(
            "SELECT seq FROM sighting WHERE seq > ?1 AND seq >= (
               SELECT seq FROM sighting WHERE wall_ms >= ?2
               OR seq > (SELECT coalesce(max(through), 0) FROM receipt WHERE server_ms < ?2) ORDER BY seq LIMIT 1)
             ORDER BY seq LIMIT ?3",
            params![number(after), wall_ms, limit],
        )
    }

    /// Every retro-hit on a check, oldest first.
    pub fn retro_hits_on(&self, of: Seq) -> Result<Vec<RetroHit>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT seq FROM retro_hit WHERE of = ?1 ORDER BY seq")?;
            let seqs = statement.query_map([number(of)], |row| row.get::<_, i64>(0))?;
            let mut found = Vec::new();
            for hit in seqs.collect::<Result<Vec<_>, _>>()? {
                if let Some(Entry { payload: Payload::RetroHit(hit), .. }) = read_entry(connection, seq(hit))? {
                    found.push(hit);
                }
            }
            Ok(found)
        })
    }

    /// Checks with a retro-hit, newest retro-hit first.
    pub fn retro_hits(&self, count: u32) -> Result<Vec<Sighting>, StoreError> {
        self.sightings_where("SELECT of FROM retro_hit GROUP BY of ORDER BY max(seq) DESC LIMIT ?1", params![count])
    }

    /// The checks from the entry `since` on of which a record was opened. Read from the entries themselves: no projection keeps it.
    pub fn looked_into(&self, since: Seq) -> Result<BTreeSet<Seq>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT bytes FROM entry WHERE seq > ?1")?;
            let mut rows = statement.query([number(since)])?;
            let mut found = BTreeSet::new();
            while let Some(row) = rows.next()? {
                let entry = Entry::decode(row.get_ref(0)?.as_blob().unwrap_or_default());
                if let Ok(Entry { payload: Payload::RecordOpened(opened), .. }) = entry {
                    found.extend(opened.from);
                }
            }
            Ok(found)
        })
    }

    /// What an entry says; `None` when there is none, or none that can be read.
    pub fn payload(&self, seq: Seq) -> Result<Option<Payload>, StoreError> {
        Ok(self.read(|connection| read_entry(connection, seq))?.map(|entry| entry.payload))
    }

    /// Checks with a retro-hit after an entry, and the entry of the latest of each, oldest first.
    pub fn retro_hits_after(&self, after: Seq) -> Result<Vec<(Seq, Sighting)>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT max(seq), of FROM retro_hit WHERE seq > ?1 GROUP BY of ORDER BY 1";
            let mut statement = connection.prepare_cached(sql)?;
            let rows =
                statement.query_map([number(after)], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
            let mut found = Vec::new();
            for (entry, of) in rows.collect::<Result<Vec<_>, _>>()? {
                found.extend(read_sighting(connection, seq(of))?.map(|sighting| (seq(entry), sighting)));
            }
            Ok(found)
        })
    }

    fn sightings_where(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Sighting>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let seqs = statement.query_map(params, |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?;
            let mut sightings = Vec::with_capacity(seqs.len());
            for found in seqs {
                sightings.extend(read_sighting(connection, seq(found))?);
            }
            Ok(sightings)
        })
    }

    /// Checks by grade, from the entry `from` on.
    pub fn counts(&self, from: Seq) -> Result<GradeCounts, StoreError> {
        self.read(|connection| {
            let mut counts = GradeCounts::default();
            let sql = "SELECT grade, count(*) FROM sighting WHERE seq >= ?1 GROUP BY grade";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([number(from)])?;
            while let Some(row) = rows.next()? {
                let (code, count): (String, i64) = (row.get(0)?, row.get(1)?);
                if let Some(grade) = Grade::ALL.into_iter().find(|grade| grade.code() == code) {
                    *counts.of(grade) = u64::try_from(count).unwrap_or(0);
                }
            }
            Ok(counts)
        })
    }

    /// Hits, retro-hits among them, about which nothing has been decided.
    pub fn open_hits(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let sql = "SELECT count(*) FROM sighting s WHERE NOT EXISTS (SELECT 1 FROM decision d WHERE d.of = s.seq)
                AND (s.grade = 'hit' OR EXISTS (SELECT 1 FROM retro_hit r WHERE r.of = s.seq AND r.grade = 'hit'))";
            connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))
        })
        .map(|count| u64::try_from(count).unwrap_or(0))
    }

    /// The entry with which the last shift ended.
    pub fn last_shift(&self) -> Result<Option<Seq>, StoreError> {
        self.read(|connection| {
            connection.prepare_cached("SELECT max(seq) FROM shift")?.query_row([], |row| row.get::<_, Option<i64>>(0))
        })
        .map(|found| found.map(seq))
    }

    /// Throws the projections away and derives them again from the entries, in one transaction.
    pub fn rebuild_projections(&self) -> Result<(), StoreError> {
        self.write(|transaction| {
            for table in TABLES {
                transaction.execute(&format!("DELETE FROM {table}"), [])?;
            }
            let mut statement = transaction.prepare("SELECT seq, bytes FROM entry ORDER BY seq")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let bytes = row.get_ref(1)?.as_blob().unwrap_or_default();
                if let Ok(entry) = Entry::decode(bytes) {
                    project(transaction, seq(row.get(0)?), entry.wall_ms, &entry.payload)?;
                }
            }
            Ok(())
        })
    }
}

fn read_entry(connection: &Connection, seq: Seq) -> rusqlite::Result<Option<Entry>> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM entry WHERE seq = ?1")?;
    let bytes = statement.query_row([number(seq)], |row| row.get::<_, Vec<u8>>(0)).optional()?;
    Ok(bytes.and_then(|bytes| Entry::decode(&bytes).ok()))
}

/// The latest entry about a check in one of the projections.
fn read_latest(connection: &Connection, sql: &str, of: Seq) -> rusqlite::Result<Option<Payload>> {
    let latest: Option<i64> = connection.prepare_cached(sql)?.query_row([number(of)], |row| row.get(0))?;
    Ok(latest.map(|latest| read_entry(connection, seq(latest))).transpose()?.flatten().map(|entry| entry.payload))
}

fn read_sighting(connection: &Connection, seq: Seq) -> rusqlite::Result<Option<Sighting>> {
    let Some(Entry { wall_ms, officer, payload, .. }) = read_entry(connection, seq)? else { return Ok(None) };
    let (wall_ms, check, paper) = match payload {
        Payload::Check(check) => (wall_ms, *check, None),
        Payload::LateCheck(late) => (late.checked_ms, late.check, Some(late.paper)),
        _ => return Ok(None),
    };
    let decision = match read_latest(connection, "SELECT max(seq) FROM decision WHERE of = ?1", seq)? {
        Some(Payload::Decision(decided)) => Some(decided),
        _ => None,
    };
    let retro_hit = match read_latest(connection, "SELECT max(seq) FROM retro_hit WHERE of = ?1", seq)? {
        Some(Payload::RetroHit(hit)) => Some(hit),
        _ => None,
    };
    Ok(Some(Sighting { seq, wall_ms, officer, check, paper, decision, retro_hit }))
}
