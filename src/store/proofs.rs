//! What proves a ledger: the device's signed heads, the hub's receipts, and what they leave unproven.

use ed25519_dalek::Signature;
use rusqlite::{Connection, params};

use super::StoreError;
use super::ledger::{LedgerStore, StoredEntry, read_hash, stored_entry};
use super::projections::{number, seq};
use crate::domain::{DeviceId, Hash, Seq};
use crate::ledger::{Receipt, SignedHead, VerifyingKey, genesis};

impl LedgerStore {
    /// Signs the head as it is now and keeps the signature. Done at each upload, at the end of a shift and at exit.
    pub fn sign_head(&self) -> Result<SignedHead, StoreError> {
        let (seq, hash) = self.head()?;
        let now = self.clock().now();
        let signed = SignedHead::sign(self.keys().signing(), self.device(), seq, hash, now.wall_ms);
        self.write(|transaction| {
            // One signature for a position is enough: the newest replaces none, it is just not added.
            transaction
                .prepare_cached(
                    "INSERT INTO head (seq, hash, signed_ms, signature) SELECT ?1, ?2, ?3, ?4
                     WHERE NOT EXISTS (SELECT 1 FROM head WHERE seq = ?1)",
                )?
                .execute(params![number(seq), hash.0, signed.signed_ms, signed.signature.to_bytes()])
        })?;
        Ok(signed)
    }

    /// Every signed head kept, in order.
    pub fn heads(&self) -> Result<Vec<SignedHead>, StoreError> {
        self.read(|connection| read_heads(connection, self.device()))
    }

    /// Keeps the hub's receipt once it has proven true: signed by the hub that the device is enrolled with, for this
    /// device, over the hash that this ledger has there.
    pub fn store_receipt(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let hub = self.enrolment()?.ok_or(StoreError::Receipt("the device is not enrolled"))?;
        let key = VerifyingKey::from_bytes(&hub.hub_public_key)
            .map_err(|_| StoreError::Receipt("the hub's key is not a key"))?;
        if receipt.device != self.device() {
            return Err(StoreError::Receipt("it is for another device"));
        }
        if !receipt.is_signed_by(&key) {
            return Err(StoreError::Receipt("the hub did not sign it"));
        }
        let practice = self.is_practice()?;
        let ours = self.read(|connection| read_hash(connection, receipt.through))?;
        let ours = if receipt.through == Seq(0) { Some(genesis(&self.keys().verifying(), practice)) } else { ours };
        match ours {
            None => return Err(StoreError::Receipt("it speaks of entries that this ledger does not have")),
            Some(hash) if hash != receipt.head => {
                return Err(StoreError::Receipt("the hub holds other entries than this ledger"));
            }
            Some(_) => {}
        }
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO receipt (through, head, server_ms, signature) SELECT ?1, ?2, ?3, ?4
                     WHERE NOT EXISTS (SELECT 1 FROM receipt WHERE through = ?1 AND server_ms = ?3)",
                )?
                .execute(params![
                    number(receipt.through),
                    receipt.head.0,
                    receipt.server_ms,
                    receipt.signature.to_bytes()
                ])
        })?;
        Ok(())
    }

    /// Every receipt kept, in order.
    pub fn receipts(&self) -> Result<Vec<Receipt>, StoreError> {
        self.read(|connection| read_receipts(connection, self.device()))
    }

    /// The receipt that reaches farthest; of several, the newest by the hub's clock.
    pub fn last_receipt(&self) -> Result<Option<Receipt>, StoreError> {
        Ok(self.receipts()?.into_iter().max_by_key(|receipt| (receipt.through, receipt.server_ms)))
    }

    /// The last entry that the hub has acknowledged, with all before it.
    pub fn acknowledged(&self) -> Result<Seq, StoreError> {
        self.read(|connection| {
            let sql = "SELECT coalesce(max(through), 0) FROM receipt";
            connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
        })
        .map(seq)
    }

    /// The first entry that the hub has not acknowledged.
    pub fn unsent_from(&self) -> Result<Seq, StoreError> {
        self.acknowledged().map(Seq::next)
    }

    /// How many entries the hub has not acknowledged.
    pub fn unsent(&self) -> Result<u64, StoreError> {
        let acknowledged = self.acknowledged()?;
        Ok(self.head()?.0.0.saturating_sub(acknowledged.0))
    }

    /// The chain's hash at an entry; at 0, of the genesis. `None` past the end.
    pub fn hash_at(&self, at: Seq) -> Result<Option<Hash>, StoreError> {
        if at == Seq(0) {
            return Ok(Some(genesis(&self.keys().verifying(), self.is_practice()?)));
        }
        self.read(|connection| read_hash(connection, at))
    }

    /// Entries that should not wait for their batch, of those that the hub has not acknowledged: checks and retro-hits with
    /// the grade *hit*, and what was decided about such checks; in order, at most `limit`.
    pub fn unsent_hits(&self, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        let from = number(self.unsent_from()?);
        self.read(|connection| {
            let sql = "SELECT seq, bytes, hash FROM entry WHERE seq >= ?1 AND seq IN (
                         SELECT seq FROM sighting WHERE grade = 'hit'
                         UNION SELECT seq FROM retro_hit WHERE grade = 'hit'
                         UNION SELECT d.seq FROM decision d WHERE d.of IN (
                           SELECT seq FROM sighting WHERE grade = 'hit' UNION SELECT of FROM retro_hit WHERE grade = 'hit'))
                       ORDER BY seq LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![from, limit], stored_entry)?;
            rows.collect()
        })
    }
}

/// A stored signature; one of the wrong length becomes one that no key made, so that it is found and named.
fn signature(bytes: &[u8]) -> Signature {
    Signature::from_slice(bytes).unwrap_or_else(|_| Signature::from_bytes(&[0; 64]))
}

/// A stored hash; one of the wrong length becomes one that nothing has, so that it is found and named.
pub(super) fn hash(bytes: &[u8]) -> Hash {
    Hash(bytes.try_into().unwrap_or([0; 32]))
}

pub(super) fn read_heads(connection: &Connection, device: DeviceId) -> rusqlite::Result<Vec<SignedHead>> {
    let mut statement = connection.prepare_cached("SELECT seq, hash, signed_ms, signature FROM head ORDER BY seq")?;
    let rows = statement.query_map([], |row| {
        Ok(SignedHead {
            device,
            seq: seq(row.get(0)?),
            hash: hash(&row.get::<_, Vec<u8>>(1)?),
            signed_ms: row.get(2)?,
            signature: signature(&row.get::<_, Vec<u8>>(3)?),
        })
    })?;
    rows.collect()
}

pub(super) fn read_receipts(connection: &Connection, device: DeviceId) -> rusqlite::Result<Vec<Receipt>> {
    let sql = "SELECT through, head, server_ms, signature FROM receipt ORDER BY through, server_ms";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Receipt {
            device,
            through: seq(row.get(0)?),
            head: hash(&row.get::<_, Vec<u8>>(1)?),
            server_ms: row.get(2)?,
            signature: signature(&row.get::<_, Vec<u8>>(3)?),
        })
    })?;
    rows.collect()
}
