//! What can go wrong at the desk.

use std::sync::Arc;

use crate::domain::RegisterId;
use crate::registers::pattern::PatternError;
use crate::store::StoreError;
use crate::store::records::RecordsError;
use crate::sync::SyncError;

/// Why a use case did not come to its end. A check has no error: it always answers.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No home was named and the platform has none.
    #[error("this system names no place for a program's data; nothing was changed: give one with --home")]
    NoHome,
    /// The device's stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger could not be opened for writing, and what was asked for must stand in it.
    #[error(transparent)]
    Unrecorded(Arc<StoreError>),
    /// The link or the hub.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The device has no hub.
    #[error(
        "this device is not enrolled; its checks are safe in its ledger: enrol it with a code of the hub (tracepost enrol CODE)"
    )]
    NotEnrolled,
    /// The device has one already.
    #[error("this device is already enrolled with {url}; nothing was changed: use another --home for another hub")]
    AlreadyEnrolled {
        /// The hub it is enrolled with.
        url: String,
    },
    /// A second sync at once.
    #[error("a sync is already running; it goes on: wait for its end")]
    AlreadySyncing,
    /// A look-up on a device without registers.
    #[error("there is no register on this device; nothing was looked up: sync first")]
    NoRegisters,
    /// The registers hold no such record, or no longer.
    #[error(
        "register {register} on this device has no record {record}; it may have been withdrawn: check the item again, or look for it with tracepost search"
    )]
    NoSuchRecord {
        /// The register.
        register: RegisterId,
        /// The record's id.
        record: String,
    },
    /// The device holds no such register.
    #[error(
        "register {register} is not on this device; nothing was shown: tracepost status names the registers that are here"
    )]
    NoSuchRegister {
        /// The register.
        register: RegisterId,
    },
    /// The registers, or a pattern that they do not take.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl DeskError {
    /// A short name for what happened, for screens that have words for it in their language; empty when it is so rare that
    /// its own words must do.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoHome => "",
            Self::Store(error) => store_code(error),
            Self::Unrecorded(error) => store_code(error),
            Self::Sync(error) => sync_code(error),
            Self::NotEnrolled => "not_enrolled",
            Self::AlreadyEnrolled { .. } => "already_enrolled",
            Self::AlreadySyncing => "already_syncing",
            Self::NoRegisters => "no_registers",
            Self::NoSuchRecord { .. } | Self::NoSuchRegister { .. } => "no_such_record",
            Self::Records(error) => records_code(error),
        }
    }
}

pub(super) fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::DiskFull { .. } => "disk_full",
        StoreError::Io { .. } | StoreError::Database(_) | StoreError::ReadOnly => "disk",
        StoreError::Unreadable { .. } | StoreError::LedgerMissing { .. } | StoreError::Setting { .. } => "damaged",
        StoreError::KeyMissing { .. } | StoreError::KeyMalformed { .. } | StoreError::OtherDevice => "damaged",
        StoreError::PracticeMismatch { .. } => "practice_mismatch",
        StoreError::Receipt(_) => "bad_receipt",
        StoreError::NoSuchCheck(_) => "no_such_check",
        _ => "",
    }
}

fn sync_code(error: &SyncError) -> &'static str {
    match error {
        SyncError::NotEnrolled => "not_enrolled",
        SyncError::Unreachable { .. } => "unreachable",
        SyncError::Stalled { .. } => "stalled",
        SyncError::Cancelled => "cancelled",
        SyncError::TooMuch { .. } => "too_much",
        SyncError::WrongKey { .. } => "wrong_key",
        SyncError::NotAHub { .. } => "not_a_hub",
        SyncError::Unknown | SyncError::DeviceMismatch => "unknown_device",
        SyncError::Revoked => "revoked",
        SyncError::PracticeMismatch => "practice_mismatch",
        SyncError::Fork { .. } | SyncError::HubWentBack { .. } | SyncError::HeadWrong => "histories_differ",
        SyncError::BadReceipt => "bad_receipt",
        SyncError::Register { .. } => "register_refused",
        SyncError::OlderRegister { .. } => "older_register",
        SyncError::HeldDamaged { .. } => "registers_unreadable",
        SyncError::Refused { .. } => "refused",
        SyncError::HubUnavailable => "hub_unavailable",
        SyncError::Store(_) => "disk",
        _ => "",
    }
}

fn records_code(error: &RecordsError) -> &'static str {
    match error {
        RecordsError::Loading => "registers_loading",
        RecordsError::Unreadable(_) | RecordsError::Held(_) => "registers_unreadable",
        RecordsError::Database(_) | RecordsError::Io { .. } => "disk",
        RecordsError::OlderVersion { .. } => "older_register",
        RecordsError::Pattern(PatternError::TooWide) => "pattern_too_wide",
        RecordsError::Pattern(PatternError::TooLong) => "pattern_too_long",
        _ => "",
    }
}
