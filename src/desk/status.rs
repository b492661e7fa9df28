//! Where the device stands, for people and for scripts.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::ahead::ahead_ms;
use super::revoked::revoked;
use super::sync::is_late;
use super::{Desk, DeskError, last_verified};
use crate::domain::{DeviceId, Hash, PostId, RegisterId, RegisterVersion, Seq};
use crate::store::records::Records;
use crate::store::{Access, Home, LedgerStore};

/// The whole of it.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The device.
    pub device: DeviceId,
    /// Its post; none before enrolment.
    pub post: Option<PostId>,
    /// Address of its hub; none before enrolment.
    pub hub: Option<String>,
    /// Whether its records are made up.
    pub practice: bool,
    /// When the hub said first that the centre has revoked this device; none as long as it has not, or has taken that back.
    pub revoked: Option<DateTime<Utc>>,
    /// The ledger.
    pub ledger: LedgerStatus,
    /// Every register held.
    pub registers: Vec<RegisterStatus>,
    /// Why the registers cannot be asked, if so.
    pub registers_unreadable: Option<String>,
    /// The last proof of arrival.
    pub last_receipt: Option<ReceiptStatus>,
    /// When the ledger was last recomputed, and what that found; none before the first time.
    pub last_verify: Option<VerifyStatus>,
    /// What the device's clock shows.
    pub clock: ClockStatus,
}

/// The ledger in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerStatus {
    /// Entries, the genesis not counted.
    pub entries: u64,
    /// Hash of the last one.
    pub head: Hash,
    /// Entries that no receipt covers.
    pub unsent: u64,
    /// Photos that the hub does not have.
    pub photos_pending: u64,
    /// Hits on which nothing has been decided.
    pub open_hits: u64,
}

/// One register.
#[derive(Debug, Clone, Serialize)]
pub struct RegisterStatus {
    /// Its id.
    pub id: RegisterId,
    /// Its version here.
    pub version: RegisterVersion,
    /// The moment up to which its data reach.
    pub as_of: DateTime<Utc>,
    /// How many records it holds.
    pub records: u64,
    /// It only lists what was delivered or is expected, and knows nothing of what is stolen.
    pub only_known: bool,
    /// When the hub vouched for it last.
    pub signed: DateTime<Utc>,
    /// When it meant to do so again.
    pub next: DateTime<Utc>,
    /// Whether that moment is over: nothing new comes, or somebody keeps it back.
    pub late: bool,
}

/// A receipt.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptStatus {
    /// The last entry it covers.
    pub through: Seq,
    /// The hub's clock when it was signed.
    pub server_time: DateTime<Utc>,
}

/// A look at the whole ledger.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyStatus {
    /// When.
    pub at: DateTime<Utc>,
    /// Entries then.
    pub entries: u64,
    /// Whether nothing was wrong.
    pub whole: bool,
}

/// The device's clock, and what the last receipt says of it.
#[derive(Debug, Clone, Serialize)]
pub struct ClockStatus {
    /// What it shows now.
    pub now: DateTime<Utc>,
    /// True when it shows a moment before the last receipt: it is wrong then. Nothing is refused for that.
    pub behind_receipt: bool,
    /// By how many days it was ahead of the hub's at the last sync; 0 within a day, and once it was set back.
    pub days_ahead: i64,
}

impl Desk {
    /// Where the device stands.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn status(&self) -> Result<Status, DeskError> {
        status_of(&self.ledger, &self.records)
    }
}

/// Reads where a device stands, beside a running writer.
///
/// # Errors
/// When there is no ledger, or it cannot be read.
pub fn read_status(home: &Home) -> Result<Status, DeskError> {
    let ledger = LedgerStore::open(home, Access::Read)?;
    let records = Records::open(home.dir(), ledger.keys().database());
    records.wait();
    status_of(&ledger, &records)
}

fn status_of(ledger: &LedgerStore, records: &Records) -> Result<Status, DeskError> {
    let enrolment = ledger.enrolment()?;
    let (size, head) = ledger.head()?;
    let now_ms = ledger.clock().now().wall_ms;
    let receipt = ledger.last_receipt()?;
    Ok(Status {
        device: ledger.device(),
        post: enrolment.as_ref().map(|e| e.post.clone()),
        hub: enrolment.map(|e| e.hub_url),
        practice: ledger.is_practice()?,
        revoked: revoked(ledger),
        ledger: LedgerStatus {
            entries: size.0,
            head,
            unsent: ledger.unsent()?,
            photos_pending: ledger.photos_pending_count()?,
            open_hits: ledger.open_hits()?,
        },
        registers: records
            .registers()
            .into_iter()
            .map(|r| RegisterStatus {
                late: is_late(&r, now_ms),
                id: r.id,
                version: r.version,
                as_of: r.as_of,
                records: r.records,
                only_known: r.only_known,
                signed: r.signed,
                next: r.next,
            })
            .collect(),
        registers_unreadable: records.unreadable(),
        last_receipt: receipt.as_ref().map(|r| ReceiptStatus { through: r.through, server_time: moment(r.server_ms) }),
        last_verify: last_verified(ledger.home()).map(|note| VerifyStatus {
            at: moment(note.at_ms),
            entries: note.entries,
            whole: note.whole,
        }),
        clock: ClockStatus {
            now: moment(now_ms),
            days_ahead: ahead_ms(ledger) / (24 * 3_600_000),
            behind_receipt: receipt.is_some_and(|r| now_ms < r.server_ms.saturating_sub(60_000)),
        },
    })
}

/// A moment from milliseconds since 1970; what no calendar holds becomes the beginning of time.
pub fn moment(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
