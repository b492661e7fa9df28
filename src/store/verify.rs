//! Proof that the ledger on this disk is whole: chain, signatures, receipts, projections, and every page of the file.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::projections::{Row, TABLES, number, seq};
use super::proofs::{hash, read_heads, read_receipts};
use super::{LedgerStore, StoreError, wal};
use crate::domain::{Hash, Seq};
use crate::ledger::{Entry, Parties, Verification, Verifier, VerifyingKey};

/// With so many entries unreadable one after the other, the rest is not tried one by one.
const UNREADABLE_MAX: u64 = 1000;
/// The same where nobody knows how many entries there should be.
const UNREADABLE_MAX_BLIND: u64 = 64;
/// Wrong projections beyond this many are not named.
const PROJECTIONS_NAMED_MAX: usize = 100;
/// How long a running writer may need to finish what looks torn for a moment.
const SECOND_LOOK_AFTER: Duration = Duration::from_millis(100);

/// What verification found on this disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerReport {
    /// Entries, signed heads and receipts.
    pub chain: Verification,
    /// The entries that the derived tables do not repeat rightly, at most a hundred. They can be rebuilt; the evidence is
    /// not touched.
    pub projections: Vec<Seq>,
    /// Damage to the files, in words.
    pub damage: Vec<String>,
}

impl LedgerReport {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.chain.is_whole() && self.projections.is_empty() && self.damage.is_empty()
    }
}

impl LedgerStore {
    /// Recomputes everything. `progress` is told how many entries of how many are done. Errors only when nothing could be
    /// looked at; whatever is wrong with the ledger itself is in the report.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<LedgerReport, StoreError> {
        let mut damage = Vec::new();
        let mut walk = Walk::begin(self)?;
        let heads = walk.read(|connection| read_heads(connection, self.device())).unwrap_or_else(|error| {
            damage.push(format!("the signed heads cannot be read: {error}"));
            Vec::new()
        });
        let receipts = walk.read(|connection| read_receipts(connection, self.device())).unwrap_or_else(|error| {
            damage.push(format!("the receipts cannot be read: {error}"));
            Vec::new()
        });
        let parties = Parties {
            device: self.device(),
            device_key: self.keys().verifying(),
            practice: self.is_practice()?,
            hub_key: self.hub_key(),
        };
        let mut verifier = Verifier::new(&parties, &heads, &receipts);
        walk.entries(&mut verifier, progress)?;
        walk.compare_counts();
        // The snapshot ends here, so that a running writer can put its log back.
        let projections = std::mem::take(&mut walk.projections);
        drop(walk);
        self.look_at_files(&mut damage)?;
        Ok(LedgerReport { chain: verifier.finish(), projections, damage })
    }

    fn hub_key(&self) -> Option<VerifyingKey> {
        let enrolment = self.enrolment().ok().flatten()?;
        VerifyingKey::from_bytes(&enrolment.hub_public_key).ok()
    }

    /// Looks at every page's own seal, and at the write-ahead log. A running writer may be in the middle of a page, so only
    /// what is still wrong at a second look counts.
    fn look_at_files(&self, damage: &mut Vec<String>) -> Result<(), StoreError> {
        let mut found = self.damage_of_files()?;
        if !found.is_empty() {
            std::thread::sleep(SECOND_LOOK_AFTER);
            let again = self.damage_of_files()?;
            found.retain(|what| again.contains(what));
        }
        damage.extend(found);
        Ok(())
    }

    fn damage_of_files(&self) -> Result<Vec<String>, StoreError> {
        let path = self.path().with_file_name("ledger.db-wal");
        let look = || wal::look(&path).map_err(StoreError::io(&path));
        let before = look()?;
        let mut damage = damaged_pages(&self.another_reader()?);
        let after = look()?;
        // What the log holds counts instead of the page in the database, which may be half written back or not at all.
        damage
            .retain(|(page, _)| page.is_none_or(|page| !before.pages.contains(&page) && !after.pages.contains(&page)));
        let mut damage: Vec<String> = damage.into_iter().map(|(_, what)| what).collect();
        if let Some(frame) = after.damaged_from {
            damage.push(format!(
                "the write-ahead log was changed at its frame {frame}; entries after the last one shown may be lost"
            ));
        }
        Ok(damage)
    }
}

/// The pages that do not bear SQLCipher's seal, and what it says of them.
fn damaged_pages(connection: &Connection) -> Vec<(Option<u32>, String)> {
    let asked = connection.prepare("PRAGMA cipher_integrity_check").and_then(|mut statement| {
        let rows = statement.query_map([], |row| {
            let what: String = row.get(0)?;
            Ok((what.rsplit(' ').next().and_then(|page| page.parse().ok()), what))
        })?;
        rows.collect::<Result<Vec<_>, _>>()
    });
    asked.unwrap_or_else(|error| vec![(None, format!("the pages of the file cannot be examined: {error}"))])
}

/// One pass over the entries, in one snapshot as long as nothing is damaged.
struct Walk<'a> {
    store: &'a LedgerStore,
    connection: Connection,
    /// Whether `connection` has been the same from the beginning, so that all it told belongs together.
    is_one_snapshot: bool,
    projections: Vec<Seq>,
    /// How many rows each projection should have.
    rows: [u64; TABLES.len()],
}

impl<'a> Walk<'a> {
    fn begin(store: &'a LedgerStore) -> Result<Self, StoreError> {
        let connection = store.another_reader()?;
        connection.execute_batch("BEGIN").map_err(StoreError::database(store.path()))?;
        Ok(Self { store, connection, is_one_snapshot: true, projections: Vec::new(), rows: [0; TABLES.len()] })
    }

    /// After a page that cannot be decrypted SQLCipher may refuse all others on the same connection: take a new one.
    fn reconnect(&mut self) -> Result<(), StoreError> {
        self.connection = self.store.another_reader()?;
        self.is_one_snapshot = false;
        Ok(())
    }

    fn read<T>(&mut self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, String> {
        ask(&self.connection).map_err(|error| match self.reconnect() {
            Ok(()) => error.to_string(),
            Err(worse) => worse.to_string(),
        })
    }

    /// Entries are read one by one, so that a damaged page is laid at the door of the entries that stand on it.
    fn entries(&mut self, verifier: &mut Verifier, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
        let newest = |connection: &Connection| {
            connection.query_row("SELECT max(seq) FROM entry", [], |row| row.get::<_, Option<i64>>(0))
        };
        // `None` when the end of the ledger cannot be read: then entries are tried until none answers.
        let last = self.read(newest).ok().map(|newest| newest.map_or(Seq(0), seq));
        let unreadable_max = if last.is_some() { UNREADABLE_MAX } else { UNREADABLE_MAX_BLIND };
        let mut unreadable = 0;
        let mut at = Seq(1);
        while last.is_none_or(|last| at <= last) && unreadable < unreadable_max {
            match self.read(|connection| read_entry(connection, at)) {
                Ok(Some((bytes, stored))) => {
                    unreadable = 0;
                    verifier.entry(at, &bytes, Some(stored));
                    self.compare(at, &bytes)?;
                }
                Ok(None) if last.is_none() => break,
                Ok(None) => {}
                Err(why) => {
                    unreadable += 1;
                    verifier.unreadable(at, why);
                }
            }
            if at.0.is_multiple_of(256) || Some(at) == last {
                progress(at.0, last.unwrap_or(at).0);
            }
            at = at.next();
        }
        Ok(())
    }

    /// Whether the projections hold what the entry gives.
    fn compare(&mut self, at: Seq, bytes: &[u8]) -> Result<(), StoreError> {
        let Ok(entry) = Entry::decode(bytes) else { return Ok(()) };
        let Some(row) = Row::of(entry.wall_ms, &entry.payload) else { return Ok(()) };
        self.rows[row.table()] += 1;
        match row.is_stored(&self.connection, at) {
            Ok(true) => {}
            Ok(false) => self.projection_differs(at),
            Err(_) => {
                self.projection_differs(at);
                self.reconnect()?;
            }
        }
        Ok(())
    }

    /// Finds rows that no entry gives. Without one snapshot the numbers do not belong together, and damage is named already.
    fn compare_counts(&mut self) {
        for (table, expected) in TABLES.into_iter().zip(self.rows) {
            if !self.is_one_snapshot {
                return;
            }
            let sql = format!("SELECT count(*), coalesce(max(seq), 0) FROM {table}");
            let count = |connection: &Connection| {
                connection.query_row(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            };
            match self.read(count) {
                Ok((count, _)) if count.unsigned_abs() == expected => {}
                Ok((_, newest)) => self.projection_differs(seq(newest)),
                Err(_) => self.projection_differs(Seq(0)),
            }
        }
    }

    fn projection_differs(&mut self, at: Seq) {
        if self.projections.len() < PROJECTIONS_NAMED_MAX {
            self.projections.push(at);
        }
    }
}

fn read_entry(connection: &Connection, at: Seq) -> rusqlite::Result<Option<(Vec<u8>, Hash)>> {
    let mut statement = connection.prepare_cached("SELECT bytes, hash FROM entry WHERE seq = ?1")?;
    let row = statement.query_row([number(at)], |row| Ok((row.get(0)?, hash(&row.get::<_, Vec<u8>>(1)?))));
    row.optional()
}
