//! The use cases of a device, one way each.
//!
//! Layer 5. The desk is the only road to a verdict: look-up, grade, entry on disk, answer. The window and the command line
//! stand above it and hold no rule of their own. A [`Desk`] may be shared between threads; a check waits for nothing but the
//! disk, also while a sync runs.
//!
//! What never happens here: a verdict is shown whose entry was not tried; a failing disk hides a verdict; a sync stops a
//! check.

mod ahead;
mod check;
pub mod control;
mod decide;
mod error;
pub mod item;
mod lookup;
mod report;
mod retro;
mod revoked;
mod standing;
mod status;
mod sync;
mod told;
mod waiting;
mod whole;
mod withdrawn;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use check::{CheckAnswer, CheckRequest, Recorded};
pub use error::DeskError;
pub use lookup::{Found, LookUp, OpenedRecord};
pub use report::{LateRegister, RegisterReport, RetroRecord, RetroReport, SyncReport};
pub use retro::RetroHitFound;
pub use standing::{Gone, Standing};
pub use status::{ClockStatus, LedgerStatus, ReceiptStatus, RegisterStatus, Status, read_status};
pub use whole::{Verified, last_verified, verify, verify_when_due};
pub use withdrawn::{Reason, WithdrawnMatch};

use crate::domain::{PostId, Seq};
use crate::ledger::{Payload, SignedIn, Started};
use crate::platform::{Clock, SystemClock, dirs};
use crate::store::records::Records;
use crate::store::{Access, Home, LedgerStore, StoreError};
use crate::sync::Cancel;
use ahead::Ahead;
use check::Unwritten;

/// What the desk is opened for.
#[derive(Debug, Clone)]
pub struct DeskOptions {
    /// Where ledger, records and keys are; `None`: the platform's data directory.
    pub home: Option<PathBuf>,
    /// The officer's name, which stands in every entry.
    pub officer: Option<String>,
    /// Whether a person sits at it for a while (the app): start and sign-in are then entries of their own.
    pub attended: bool,
}

/// The desk of one device, opened by its one writer.
pub struct Desk {
    ledger: LedgerStore,
    records: Records,
    officer: Mutex<String>,
    unwritten: Mutex<Vec<Unwritten>>,
    post: Mutex<Option<PostId>>,
    syncing: Mutex<()>,
    /// Held while what waits to be seen is changed.
    waiting: Mutex<()>,
    /// So that a window need not read all retro-hits to count them.
    retro_known: Mutex<standing::RetroKnown>,
    cancel: Cancel,
    /// How far this device's clock was ahead of the hub's when they met last, and what it showed then.
    ahead: Mutex<Option<Ahead>>,
    /// Why nothing can be recorded.
    unrecorded: Option<Arc<StoreError>>,
    /// The ledger cannot even be read, and an empty one stands in its place.
    stands_in: bool,
}

/// The home that the options name.
///
/// # Errors
/// When none is named and the platform knows no data directory.
pub fn home_of(named: Option<&PathBuf>) -> Result<PathBuf, DeskError> {
    named.cloned().or_else(dirs::data_dir).ok_or(DeskError::NoHome)
}

impl Desk {
    /// Opens the home for writing, making it when it is not there. Records load in the background. Where a full or damaged
    /// disk lets the ledger be read and not written, or not even read, or the ledger or the device's key is gone, the desk
    /// answers all the same, and each answer is *not recorded*: an officer's safety outranks the log.
    ///
    /// # Errors
    /// When another program has it open for writing, when the database key cannot be used, or the ledger is another
    /// program's or a newer one's; nothing is changed then.
    pub fn open(options: &DeskOptions) -> Result<Self, DeskError> {
        Self::open_with_clock(options, Arc::new(SystemClock::new()))
    }

    /// The same by another clock.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with_clock(options: &DeskOptions, clock: Arc<dyn Clock>) -> Result<Self, DeskError> {
        let home = Home::open(home_of(options.home.as_ref())?)?;
        let Opened { ledger, post, unrecorded, stands_in } = open_ledger(&home, clock)?;
        let records = Records::open(home.dir(), ledger.keys().database());
        let ahead = Mutex::new(ahead::kept(&ledger));
        let officer = options.officer.clone().unwrap_or_else(|| "unnamed".to_owned());
        if options.attended && unrecorded.is_none() {
            let started =
                Started { program: concat!("tracepost ", env!("CARGO_PKG_VERSION")).into(), face: "app".into() };
            let signed_in = SignedIn { post: post.clone(), method: "name given".into() };
            let entries = [Payload::Started(started), Payload::SignedIn(signed_in)];
            // Each check is tried by itself, and says so where it cannot be recorded either.
            if let Err(error) = ledger.append_all(&officer, &entries) {
                tracing::error!(%error, "the start could not be recorded");
            }
        }
        Ok(Self {
            ledger,
            records,
            officer: Mutex::new(officer),
            unwritten: Mutex::new(Vec::new()),
            post: Mutex::new(post),
            syncing: Mutex::new(()),
            waiting: Mutex::new(()),
            retro_known: Mutex::default(),
            cancel: Cancel::default(),
            ahead,
            unrecorded,
            stands_in,
        })
    }

    /// Who checks.
    pub fn officer(&self) -> String {
        locked(&self.officer).clone()
    }

    /// Where the device stands; `None` before enrolment.
    pub fn post(&self) -> Option<PostId> {
        locked(&self.post).clone()
    }

    /// The ledger, for readers.
    pub fn ledger(&self) -> &LedgerStore {
        &self.ledger
    }

    /// Why nothing can be recorded from the start, as a code of [`DeskError::code`]; mostly nothing.
    pub fn unrecorded(&self) -> Option<&'static str> {
        self.unrecorded.as_deref().map(error::store_code)
    }

    /// The same as the error that it was.
    pub fn unrecorded_because(&self) -> Option<&StoreError> {
        self.unrecorded.as_deref()
    }

    /// Waits until the registers can be asked, or cannot be at all. For callers without eyes: see `docs/adr/0002`.
    pub fn wait_for_registers(&self) {
        self.records.wait();
    }

    /// This process only syncs: nothing is checked in it, see [`Records::nobody_checks`].
    pub fn nobody_checks(&self) {
        self.records.nobody_checks();
    }

    /// Whether the registers are being loaded.
    pub fn registers_loading(&self) -> bool {
        self.records.is_loading()
    }

    /// Whether the registers can be asked now.
    pub fn registers_ready(&self) -> bool {
        self.records.is_ready()
    }
}

/// A ledger as far as it can be opened.
struct Opened {
    ledger: LedgerStore,
    post: Option<PostId>,
    unrecorded: Option<Arc<StoreError>>,
    stands_in: bool,
}

/// The ledger and the post that it names, or why nothing can be recorded.
fn open_ledger(home: &Home, clock: Arc<dyn Clock>) -> Result<Opened, DeskError> {
    let open = |access| {
        let ledger = LedgerStore::open_with_clock(home, access, Arc::clone(&clock))?;
        let post = ledger.enrolment()?.map(|enrolment| enrolment.post);
        Ok::<_, StoreError>((ledger, post))
    };
    let error = match open(Access::Write) {
        Ok((ledger, post)) => return Ok(Opened { ledger, post, unrecorded: None, stands_in: false }),
        Err(error) if error.spares_the_registers() => error,
        Err(error) => return Err(error.into()),
    };
    let (ledger, post, stands_in) = match open(Access::Read) {
        Ok((ledger, post)) => (ledger, post, false),
        Err(_) => match LedgerStore::in_place_of(home, Arc::clone(&clock)) {
            Ok(ledger) => (ledger, None, true),
            Err(_) => return Err(error.into()),
        },
    };
    tracing::error!(%error, "the ledger cannot be written; nothing is recorded");
    Ok(Opened { ledger, post, unrecorded: Some(Arc::new(error)), stands_in })
}

impl Desk {
    /// Signs the head, so that what was written until now is proven by the device. Done at exit by itself.
    pub fn sign_off(&self) {
        if self.unrecorded.is_some() {
            return;
        }
        self.write_late_checks();
        // A ledger without entries has nothing to sign, and signing would settle for ever whether it is for practice.
        let begun = self.ledger.head().is_ok_and(|(size, _)| size > Seq(0));
        if begun && let Err(error) = self.ledger.sign_head() {
            tracing::warn!(%error, "the head could not be signed at exit");
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.sign_off();
    }
}

/// The content of a lock. A thread that panicked while holding one left nothing half done: all of them hold whole values.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
