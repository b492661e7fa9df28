//! A clock that runs far ahead makes records expire that have not. The hub tells its own time at each sync; where that is days
//! earlier, today is counted by the hub's clock until the device's is set.

use super::{Desk, locked};
use crate::store::LedgerStore;

/// Where a home keeps what it knows of its clock.
const SETTING: &str = "clock.ahead";
/// What a clock may differ from the hub's before anybody is told.
const TOLD_FROM_MS: i64 = 24 * 3_600_000;

/// A device's clock against the hub's, at one sync. Milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ahead {
    shown_ms: i64,
    hub_ms: i64,
}

impl Ahead {
    fn of(shown_ms: i64, hub_ms: i64) -> Option<Self> {
        (shown_ms.saturating_sub(hub_ms) >= TOLD_FROM_MS).then_some(Self { shown_ms, hub_ms })
    }

    /// By how much the clock is ahead, as long as it was not set back since.
    fn by_ms(self, shown_ms: i64) -> i64 {
        if shown_ms >= self.shown_ms { self.shown_ms.saturating_sub(self.hub_ms) } else { 0 }
    }
}

/// What the last sync showed.
pub(super) fn kept(ledger: &LedgerStore) -> Option<Ahead> {
    let text = String::from_utf8(ledger.setting(SETTING).ok()??).ok()?;
    let (shown, hub) = text.split_once(' ')?;
    Ahead::of(shown.parse().ok()?, hub.parse().ok()?)
}

/// By how many milliseconds a device's clock is ahead of the hub's, as far as its last sync can tell; 0 within a day.
pub(super) fn ahead_ms(ledger: &LedgerStore) -> i64 {
    kept(ledger).map_or(0, |ahead| ahead.by_ms(ledger.clock().now().wall_ms))
}

impl Desk {
    /// The hub has told its time.
    pub(super) fn compare_clocks(&self, hub_ms: i64) {
        let shown_ms = self.ledger.clock().now().wall_ms;
        let now = Ahead::of(shown_ms, hub_ms);
        let mut held = locked(&self.ahead);
        let kept = match now {
            Some(_) => self.ledger.set_setting(SETTING, format!("{shown_ms} {hub_ms}").as_bytes()),
            None if held.is_some() => self.ledger.remove_setting(SETTING),
            None => Ok(()),
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "what the hub's clock shows could not be kept; it holds until this program ends");
        }
        *held = now;
    }

    /// The wall clock in milliseconds since 1970, less what it is known to be ahead.
    pub(super) fn sober_ms(&self) -> i64 {
        let shown_ms = self.ledger.clock().now().wall_ms;
        shown_ms.saturating_sub(locked(&self.ahead).map_or(0, |ahead| ahead.by_ms(shown_ms)))
    }
}
