//! What the device was told once and must remember: with which hub it is enrolled, and small settings by name.

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{LedgerStore, StoreError};
use crate::domain::{DeviceId, Fingerprint, HandScannerSettings, PostId};

const ENROLMENT: &str = "enrolment";
const HAND_SCANNER: &str = "hand_scanner";

/// What enrolment gave the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The hub's address.
    pub hub_url: String,
    /// SHA-256 of the hub's public key, as the code gave it.
    pub fingerprint: Fingerprint,
    /// The hub's Ed25519 public key, whose fingerprint was compared: signs receipts and manifests.
    pub hub_public_key: [u8; 32],
    /// The post that the device stands at.
    pub post: PostId,
    /// The device, as the hub knows it.
    pub device: DeviceId,
    /// The device's client certificate (DER), for the key it made itself.
    pub client_certificate: Vec<u8>,
    /// Whether the post is a practice post.
    pub practice: bool,
}

impl LedgerStore {
    /// With which hub the device is enrolled; `None` before.
    pub fn enrolment(&self) -> Result<Option<Enrolment>, StoreError> {
        match self.setting(ENROLMENT)? {
            None => Ok(None),
            Some(value) => serde_json::from_slice(&value).map(Some).map_err(|_| StoreError::Setting { key: ENROLMENT }),
        }
    }

    /// Keeps an enrolment. Fails when the ledger already holds entries of the other sort, practice or real.
    pub fn set_enrolment(&self, enrolment: &Enrolment) -> Result<(), StoreError> {
        self.set_practice(enrolment.practice)?;
        let value = serde_json::to_vec(enrolment).map_err(|_| StoreError::Setting { key: ENROLMENT })?;
        self.set_setting(ENROLMENT, &value)
    }

    /// How the hand scanner is set up; the usual way before anybody said otherwise, and where what was kept cannot be
    /// understood.
    pub fn hand_scanner(&self) -> Result<HandScannerSettings, StoreError> {
        let kept = self.setting(HAND_SCANNER)?;
        Ok(kept.map_or_else(HandScannerSettings::default, |value| {
            serde_json::from_slice(&value).unwrap_or_else(|error| {
                tracing::warn!(%error, "the settings of the hand scanner cannot be understood; the usual ones are used");
                HandScannerSettings::default()
            })
        }))
    }

    /// Keeps how the hand scanner is set up.
    pub fn set_hand_scanner(&self, settings: &HandScannerSettings) -> Result<(), StoreError> {
        let value = serde_json::to_vec(settings).map_err(|_| StoreError::Setting { key: HAND_SCANNER })?;
        self.set_setting(HAND_SCANNER, &value)
    }

    /// A setting by name.
    pub fn setting(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
            statement.query_row([key], |row| row.get(0)).optional()
        })
    }

    /// Keeps a setting.
    pub fn set_setting(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "INSERT INTO setting (key, value) VALUES (?1, ?2)
                       ON CONFLICT (key) DO UPDATE SET value = excluded.value";
            transaction.prepare_cached(sql)?.execute(params![key, value])
        })
        .map(|_| ())
    }

    /// Forgets a setting.
    pub fn remove_setting(&self, key: &str) -> Result<(), StoreError> {
        self.write(|transaction| transaction.prepare_cached("DELETE FROM setting WHERE key = ?1")?.execute([key]))
            .map(|_| ())
    }
}
