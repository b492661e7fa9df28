//! A revoked device: the centre gives it no registers any more. Who asks where it stands must hear so also when no sync runs.

use chrono::{DateTime, Utc};

use super::Desk;
use super::status::moment;
use crate::store::LedgerStore;

/// When the hub said so first, by the hub's clock, in milliseconds since 1970.
const SETTING: &str = "revoked";

/// When the hub said first that the device is revoked, if its last word is that it is.
pub(super) fn revoked(ledger: &LedgerStore) -> Option<DateTime<Utc>> {
    let kept = ledger.setting(SETTING).ok()??;
    Some(moment(String::from_utf8(kept).ok()?.parse().ok()?))
}

impl Desk {
    /// The hub has said whether the device is revoked, at `hub_ms` by its own clock.
    pub(super) fn note_revoked(&self, is_revoked: bool, hub_ms: i64) {
        let kept = match (is_revoked, revoked(&self.ledger)) {
            (true, None) => self.ledger.set_setting(SETTING, hub_ms.to_string().as_bytes()),
            (false, Some(_)) => self.ledger.remove_setting(SETTING),
            _ => Ok(()),
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "what the hub said of this device's being revoked could not be kept");
        }
    }
}
