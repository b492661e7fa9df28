//! Entries, receipts, evidence and photos of one device.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::{
    Device, LedgerTx, NewEntry, Projected, StorageError, StoredEntry, StoredPhoto, StoredSigned, count, devices,
    failed, hash_of, int, sightings,
};
use crate::domain::{DeviceId, Hash, Seq};

/// One device's ledger within a transaction.
pub(super) struct Tx<'a> {
    pub(super) db: &'a Connection,
    pub(super) device: DeviceId,
}

impl Tx<'_> {
    fn put(&self, sql: &str, signed: &StoredSigned) -> Result<(), StorageError> {
        let mut statement = self.db.prepare_cached(sql).map_err(failed)?;
        statement.execute(params![self.device.0.as_bytes(), int(signed.next.0), signed.bytes]).map_err(failed)?;
        Ok(())
    }
}

impl LedgerTx for Tx<'_> {
    fn device(&mut self) -> Result<Device, StorageError> {
        devices::by_id(self.db, self.device)
            .map_err(failed)?
            .ok_or_else(|| StorageError::Failed(format!("device {} is not on file", self.device)))
    }

    fn entries(&mut self, first: Seq, limit: u64) -> Result<Vec<StoredEntry>, StorageError> {
        entries(self.db, self.device, first, limit).map_err(failed)
    }

    fn append(&mut self, entry: &NewEntry, received_ms: i64) -> Result<(), StorageError> {
        let mut statement = self
            .db
            .prepare_cached(
                "INSERT INTO entries (device_id, seq, bytes, hash, understood, received_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .map_err(failed)?;
        statement
            .execute(params![
                self.device.0.as_bytes(),
                int(entry.seq.0),
                entry.bytes,
                entry.hash.0,
                entry.understood,
                received_ms
            ])
            .map_err(failed)?;
        Ok(())
    }

    fn advance(&mut self, next: Seq, head: Hash) -> Result<(), StorageError> {
        devices::advance(self.db, self.device, next, &head).map_err(failed)
    }

    fn fork(&mut self, seq: Seq, bytes: &[u8], received_ms: i64) -> Result<(), StorageError> {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        self.db
            .execute(
                "INSERT INTO forks (device_id, seq, digest, bytes, received_ms) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
                params![self.device.0.as_bytes(), int(seq.0), digest, bytes, received_ms],
            )
            .map_err(failed)?;
        Ok(())
    }

    fn urgent(&mut self, seq: Seq, bytes: &[u8], received_ms: i64) -> Result<(), StorageError> {
        self.db
            .execute(
                "INSERT INTO urgent (device_id, seq, bytes, received_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                params![self.device.0.as_bytes(), int(seq.0), bytes, received_ms],
            )
            .map_err(failed)?;
        Ok(())
    }

    fn urgent_at(&mut self, seq: Seq) -> Result<Option<Vec<u8>>, StorageError> {
        self.db
            .prepare_cached("SELECT bytes FROM urgent WHERE device_id = ?1 AND seq = ?2")
            .and_then(|mut s| s.query_row(params![self.device.0.as_bytes(), int(seq.0)], |row| row.get(0)).optional())
            .map_err(failed)
    }

    fn set_aside(&mut self, seq: Seq, fork: &Hash) -> Result<(), StorageError> {
        sightings::set_aside(self.db, self.device, seq, fork).map_err(failed)
    }

    fn head(&mut self, head: &StoredSigned) -> Result<(), StorageError> {
        // A device signs anew at each sync; one signature for a position is enough.
        self.put(
            "INSERT INTO heads (device_id, next_seq, bytes) SELECT ?1, ?2, ?3
             WHERE NOT EXISTS (SELECT 1 FROM heads WHERE device_id = ?1 AND next_seq = ?2)",
            head,
        )
    }

    fn receipt(&mut self, receipt: &StoredSigned) -> Result<(), StorageError> {
        self.put(
            "INSERT INTO receipts (device_id, next_seq, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            receipt,
        )
    }

    fn project(&mut self, change: &Projected) -> Result<(), StorageError> {
        sightings::project(self.db, self.device, change)
    }
}

pub(super) fn entries(db: &Connection, device: DeviceId, first: Seq, limit: u64) -> rusqlite::Result<Vec<StoredEntry>> {
    db.prepare_cached("SELECT seq, bytes, hash FROM entries WHERE device_id = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3")?
        .query_map(params![device.0.as_bytes(), int(first.0), int(limit)], |row| {
            let hash: Vec<u8> = row.get(2)?;
            Ok(StoredEntry { seq: Seq(count(row.get(0)?)), bytes: row.get(1)?, hash: hash_of(&hash) })
        })?
        .collect()
}

pub(super) fn signed(db: &Connection, sql: &str, device: DeviceId) -> rusqlite::Result<Vec<StoredSigned>> {
    db.prepare_cached(sql)?
        .query_map([device.0.as_bytes()], |row| Ok(StoredSigned { next: Seq(count(row.get(0)?)), bytes: row.get(1)? }))?
        .collect()
}

pub(super) fn photo(db: &Connection, device: DeviceId, hash: &Hash) -> rusqlite::Result<Option<StoredPhoto>> {
    db.query_row(
        "SELECT length, whole FROM photos WHERE device_id = ?1 AND hash = ?2",
        params![device.0.as_bytes(), hash.0],
        |row| Ok(StoredPhoto { length: count(row.get(0)?), whole: row.get(1)? }),
    )
    .optional()
}

pub(super) fn set_photo(db: &Connection, device: DeviceId, hash: &Hash, photo: StoredPhoto) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO photos (device_id, hash, length, whole) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET length = excluded.length, whole = excluded.whole",
        params![device.0.as_bytes(), hash.0, int(photo.length), photo.whole],
    )?;
    Ok(())
}
