//! What a device keeps: its ledger, its settings, its photos and its copy of the registers, all encrypted at rest.
//!
//! Layer 3; imports `domain`, `ledger`, `registers`, `platform`. The only room of the device that knows SQLite. Where each
//! file lies is said in [`home`] and nowhere else.
//!
//! What never happens here: the ledger is never deleted, nor rebuilt, nor opened by two writers; nothing is repaired in
//! silence; a file of a newer version is never touched.

mod connection;
pub mod copies;
mod error;
pub mod home;
pub mod keys;
pub mod ledger;
mod migrations;
pub mod photos;
mod projections;
mod proofs;
pub mod records;
mod reserve;
pub mod settings;
mod verify;
mod wal;

pub use error::StoreError;
pub use home::{Home, WriterLock};
pub use keys::Keys;
pub use ledger::{Access, GradeCounts, LedgerStore, StoredEntry};
pub use photos::PendingPhoto;
pub use projections::Sighting;
pub use settings::Enrolment;
pub use verify::LedgerReport;

#[cfg(test)]
mod tests;
