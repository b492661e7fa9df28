//! Enrolment and sync: registers down, the past checked again, the ledger up.

use std::sync::{Arc, TryLockError};

use super::status::{ReceiptStatus, moment};
use super::{Desk, DeskError, LateRegister, RegisterReport, RetroReport, SyncReport};
use crate::domain::{Hash, PostId, RegisterId, RegisterVersion, Seq};
use crate::ledger::{self, Enrolled, Payload, Receipt, SignedHead, UpdateOutcome};
use crate::registers::ChunkRef;
use crate::registers::manifest::AHEAD_MS;
use crate::registers::state::Sum;
use crate::store::records::{HeldRegister, RecordsError};
use crate::store::{Enrolment, LedgerStore, StoreError};
use crate::sync::{self, Held, Identity, Outbox, Patience, Progress, Session, Shelf, Staging, SyncError, Up, Update};
use crate::wire::{EnrolCode, OFFERS_MAX};

/// Parts of a register that are not as the hub's are fetched again at most this often.
const REPAIR_EVERY_MS: u64 = 3_600_000;
/// No hub may promise its next word for later than this after its last; a year and some days.
const SILENCE_MAX_MS: i64 = 370 * 24 * 3_600_000;

impl Desk {
    /// Enrols the device with the hub that the code names.
    ///
    /// # Errors
    /// When it is enrolled with another hub, the code is none, or the hub cannot be reached or refuses; nothing is changed then, and
    /// the same code can be tried again.
    pub fn enrol(&self, code: &str) -> Result<PostId, DeskError> {
        let code: EnrolCode = code.parse().map_err(SyncError::from)?;
        // The code is good for once, and what comes of it must be kept.
        if let Some(why) = &self.unrecorded {
            return Err(DeskError::Unrecorded(Arc::clone(why)));
        }
        // The same hub may have forgotten it, brought back from a backup, or may move it to another post: its ledger goes on.
        if let Some(enrolment) = self.ledger.enrolment()?.filter(|held| held.fingerprint != code.fingerprint) {
            return Err(DeskError::AlreadyEnrolled { url: enrolment.hub_url });
        }
        let begun = self.ledger.head()?.0 > Seq(0);
        let practice = if begun { Some(self.ledger.is_practice()?) } else { None };
        let keys = self.ledger.keys();
        let answer = sync::enrol_with(&code, keys.device(), keys.signing(), practice, Patience::default())?;
        self.ledger.set_enrolment(&Enrolment {
            hub_url: answer.url.clone(),
            fingerprint: answer.fingerprint,
            hub_public_key: answer.hub_key.to_bytes(),
            post: answer.post.clone(),
            device: keys.device(),
            client_certificate: answer.certificate,
            practice: answer.practice,
        })?;
        let entry = Enrolled {
            device: keys.device(),
            post: answer.post.clone(),
            hub_url: answer.url,
            hub: answer.fingerprint,
            practice: answer.practice,
        };
        self.ledger.append(&self.officer(), &Payload::Enrolled(entry))?;
        *super::locked(&self.post) = Some(answer.post.clone());
        Ok(answer.post)
    }

    /// One full sync. Checks go on meanwhile. A step that fails does not stop the others: a register that cannot come down
    /// never keeps a sighting from going up.
    ///
    /// # Errors
    /// When the hub was not reached, the device is not enrolled, or [`Desk::cancel_sync`] was called; nothing is lost then.
    pub fn sync(&self, progress: &mut dyn Progress) -> Result<SyncReport, DeskError> {
        let _one = match self.syncing.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(DeskError::AlreadySyncing),
        };
        if let Some(why) = self.unrecorded.as_ref().filter(|_| self.stands_in) {
            return Err(DeskError::Unrecorded(Arc::clone(why)));
        }
        self.cancel.forget();
        self.write_late_checks();
        let mut report = SyncReport::default();
        let identity = self.identity()?;
        // What cannot be noted keeps no sighting from going up.
        let told = self.retro_hits_told();
        // A kill between taking registers over and checking the past again leaves this to be done, link or no link.
        self.past_again(&mut report, false);
        let mut session = Session::connect(identity, Patience::default(), self.cancel.clone(), progress)?;
        self.compare_clocks(session.hello().server_time_ms);
        self.note_revoked(session.hello().revoked, session.hello().server_time_ms);
        session.urgent(&&self.ledger, progress);
        self.registers_down(&mut session, progress, &mut report);
        report.late = self.late_registers();
        self.past_again(&mut report, true);
        let mut up = Up::default();
        if let Err(error) = session.up(&mut &self.ledger, progress, &mut up) {
            report.fail_for(error);
        }
        // What was done stands in the ledger and with the hub; that it was not all is what a person must hear.
        if self.cancel.is_asked() {
            return Err(SyncError::Cancelled.into());
        }
        report.entries = up.entries;
        report.photos = up.photos;
        if up.photos_failed > 0 {
            let words = format!("{} photos did not go up; they are tried again next time", up.photos_failed);
            report.fail("photos_waiting", words);
        }
        report.receipt = up
            .receipt
            .or(self.ledger.last_receipt()?)
            .map(|r| ReceiptStatus { through: r.through, server_time: moment(r.server_ms) });
        (report.bytes_up, report.bytes_down) = session.bytes();
        if let Err(error) = told.and_then(|told| self.tell_retro_hits(told, &mut report)) {
            report.fail_for(error);
        }
        // Last, for it takes its time and nothing waits for it: checks go on, and the hub has everything by now.
        if self.records.wants_merging()
            && let Err(error) = self.records.merge(&mut |done, total| progress.step(sync::Phase::Install, done, total))
        {
            tracing::warn!("the changes of the registers stay apart for now: {error}");
        }
        Ok(report)
    }

    /// Ends the sync that runs, if one does, within a moment; what was confirmed until then is kept.
    pub fn cancel_sync(&self) {
        self.cancel.ask();
    }

    /// Registers whose next version is overdue.
    pub fn late_registers(&self) -> Vec<LateRegister> {
        let now_ms = self.ledger.clock().now().wall_ms;
        let held = self.records.registers().into_iter();
        held.filter(|r| is_late(r, now_ms)).map(|r| LateRegister { id: r.id, signed: r.signed, next: r.next }).collect()
    }

    /// `has_hub_s_time`: the hub has told its time in this sync.
    fn past_again(&self, report: &mut SyncReport, has_hub_s_time: bool) {
        self.records.wait();
        let retold = self.check_past_again(&mut |_| {}).unwrap_or_else(|error| {
            report.fail_for(error);
            Vec::new()
        });
        report.retro_hits.extend(retold.iter().map(RetroReport::from));
        match self.withdrawn_matches(&retold, has_hub_s_time) {
            Ok(found) => report.withdrawn_matches.extend(found),
            Err(error) => report.fail_for(error),
        }
    }

    /// The hub's page of sightings, for a practice post whose hub is on this machine.
    ///
    /// # Errors
    /// When the hub is not reached, or is on another machine.
    pub fn page_of_the_hub(&self) -> Result<String, DeskError> {
        Ok(Session::connect(
            self.identity()?,
            Patience::default(),
            sync::Cancel::default(),
            &mut |_: sync::Phase, _: u64, _: u64| {},
        )?
        .page()?)
    }

    fn identity(&self) -> Result<Identity, DeskError> {
        let enrolment = self.ledger.enrolment()?.ok_or(DeskError::NotEnrolled)?;
        let hub_key = crate::ledger::VerifyingKey::from_bytes(&enrolment.hub_public_key)
            .map_err(|_| SyncError::WrongKey { url: enrolment.hub_url.clone() })?;
        Ok(Identity {
            device: self.ledger.device(),
            signing: self.ledger.keys().signing().clone(),
            url: enrolment.hub_url,
            fingerprint: enrolment.fingerprint,
            hub_key,
            practice: enrolment.practice,
            certificate: enrolment.client_certificate,
        })
    }

    fn registers_down(&self, session: &mut Session, progress: &mut dyn Progress, report: &mut SyncReport) {
        if session.hello().revoked {
            return report.fail_for(SyncError::Revoked);
        }
        let passed_over = session.offers_passed_over();
        if passed_over > 0 {
            let words = format!(
                "{passed_over} of the registers that the hub offers were not looked at: their names are none, or they are more than {OFFERS_MAX}; the others were; tell the centre"
            );
            report.fail("", words);
        }
        let staging = self.ledger.home().dir().join("incoming");
        let key = self.ledger.keys().derived("staged chunks");
        let down = Staging::open(staging, &key).and_then(|staging| {
            let hub = self.ledger.enrolment().map_err(store_failed)?.map(|enrolment| enrolment.fingerprint.to_string());
            let mut shelf = RecordsShelf { desk: self, hub: hub.unwrap_or_default() };
            session.down(&mut shelf, &staging, progress)
        });
        let down = match down {
            Ok(down) => down,
            Err(error) => return report.fail_for(error),
        };
        let mut entries = Vec::new();
        for change in down.registers {
            if let Some(note) = &change.note {
                report.fail(if change.repaired { "register_repaired" } else { "register_note" }, note.clone());
                entries.push(Payload::RegisterUpdate(ledger::RegisterUpdate {
                    register: change.id.clone(),
                    from: change.from,
                    to: change.to,
                    as_of_ms: change.as_of_ms,
                    records: change.records,
                    outcome: UpdateOutcome::Refused { reason: note.clone() },
                }));
            }
            let outcome = match &change.refused {
                None => UpdateOutcome::Accepted,
                Some(reason) => {
                    report.fail("register_refused", refused_words(&change.id, change.from.is_some(), reason));
                    UpdateOutcome::Refused { reason: reason.clone() }
                }
            };
            entries.push(Payload::RegisterUpdate(ledger::RegisterUpdate {
                register: change.id.clone(),
                from: change.from,
                to: change.to,
                as_of_ms: change.as_of_ms,
                records: change.records,
                outcome,
            }));
            report.registers.push(RegisterReport {
                id: change.id,
                from: change.from,
                to: change.to,
                records: change.records,
                refused: change.refused,
            });
        }
        if !entries.is_empty()
            && let Err(error) = self.ledger.append_all(&self.officer(), &entries)
        {
            report.fail_for(error);
        }
    }
}

/// That a register was refused, and whether checks still ask an earlier version of it.
fn refused_words(register: &RegisterId, is_held: bool, reason: &str) -> String {
    let words = match reason.starts_with(&format!("register {register}")) {
        true => reason.to_owned(),
        false => format!("register {register}: {reason}"),
    };
    if is_held { words } else { format!("register {register} is not on this device: {words}") }
}

/// Whether the hub meant to have vouched for the register again, or its word lies so far ahead of this clock that it cannot
/// be told. Those of practice are published once and for all.
pub(super) fn is_late(register: &HeldRegister, now_ms: i64) -> bool {
    let (signed, next) = (register.signed.timestamp_millis(), register.next.timestamp_millis());
    let until = next.min(signed.saturating_add(SILENCE_MAX_MS));
    !register.practice && (until < now_ms || signed > now_ms.saturating_add(AHEAD_MS))
}

/// What a store says, as sync hands it on.
fn store_failed(error: impl std::fmt::Display) -> SyncError {
    SyncError::Store(error.to_string())
}

/// Where a home notes what it handed to a hub that counts other entries.
const TOLD_BESIDE: &str = "told_beside";

impl Outbox for &LedgerStore {
    fn first_unsent(&self) -> Result<Seq, SyncError> {
        self.unsent_from().map_err(store_failed)
    }

    /// Where the ledger cannot be written, a head that is not kept is not signed; the last one that is kept proves nearly all that waits.
    fn sign_head(&mut self) -> Result<SignedHead, SyncError> {
        match LedgerStore::sign_head(self) {
            Err(StoreError::ReadOnly) => {
                let kept = self.heads().map_err(store_failed)?.pop();
                kept.ok_or_else(|| store_failed(StoreError::ReadOnly))
            }
            signed => signed.map_err(store_failed),
        }
    }

    fn entries(&self, from: Seq, limit: usize) -> Result<Vec<(Seq, Vec<u8>)>, SyncError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let entries = LedgerStore::entries(self, from, limit).map_err(store_failed)?;
        Ok(entries.into_iter().map(|e| (e.seq, e.bytes.0)).collect())
    }

    fn hash_at(&self, seq: Seq) -> Result<Option<Hash>, SyncError> {
        LedgerStore::hash_at(self, seq).map_err(store_failed)
    }

    fn keep_receipt(&mut self, receipt: &Receipt) -> Result<(), SyncError> {
        self.store_receipt(receipt).map_err(store_failed)
    }

    fn urgent(&self, limit: usize) -> Result<Vec<(Seq, Vec<u8>)>, SyncError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let entries = self.unsent_hits(limit).map_err(store_failed)?;
        Ok(entries.into_iter().map(|e| (e.seq, e.bytes.0)).collect())
    }

    fn told_beside(&self) -> Result<Seq, SyncError> {
        let told = self.setting(TOLD_BESIDE).map_err(store_failed)?;
        Ok(Seq(told.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok()).unwrap_or(0)))
    }

    fn note_told_beside(&mut self, through: Seq) -> Result<(), SyncError> {
        self.set_setting(TOLD_BESIDE, through.to_string().as_bytes()).map_err(store_failed)
    }

    fn photos_pending(&self) -> Result<Vec<(Hash, u64)>, SyncError> {
        let pending = LedgerStore::photos_pending(self, u32::MAX).map_err(store_failed)?;
        Ok(pending.into_iter().map(|p| (p.photo.hash, p.photo.len)).collect())
    }

    fn photo(&self, hash: &Hash) -> Result<Vec<u8>, SyncError> {
        self.read_photo(*hash).map_err(store_failed)
    }

    fn photo_sent(&mut self, hash: &Hash) -> Result<(), SyncError> {
        self.mark_photo_sent(*hash).map_err(store_failed)
    }
}

/// The records of the device, as sync fills them.
struct RecordsShelf<'a> {
    desk: &'a Desk,
    /// Whose registers they are.
    hub: String,
}

impl RecordsShelf<'_> {
    /// The setting that holds the newest version that was taken over.
    fn newest(&self, register: &RegisterId) -> String {
        format!("accepted.{}.{register}", self.hub)
    }
}

impl Shelf for RecordsShelf<'_> {
    fn held(&self) -> Result<Vec<Held>, SyncError> {
        self.desk.records.wait();
        // Nothing is built on what does not open.
        if self.desk.records.unreadable().is_some() {
            return Ok(Vec::new());
        }
        let held = |r: HeldRegister| Held {
            id: r.id,
            version: r.version,
            seal: r.seal,
            signed_ms: r.signed.timestamp_millis(),
        };
        Ok(self.desk.records.registers().into_iter().map(held).collect())
    }

    fn sums(&self, register: &RegisterId) -> Result<Option<Vec<Sum>>, SyncError> {
        Ok(self.desk.records.sums(register).filter(|_| self.desk.records.unreadable().is_none()))
    }

    fn size(&self) -> (u64, u64) {
        self.desk.records.size()
    }

    fn accepted(&self, register: &RegisterId) -> Option<RegisterVersion> {
        let bytes = self.desk.ledger.setting(&self.newest(register)).ok()??;
        String::from_utf8(bytes).ok()?.parse().ok().map(RegisterVersion)
    }

    fn now_ms(&self) -> i64 {
        self.desk.ledger.clock().now().wall_ms
    }

    fn may_repair(&self, register: &RegisterId) -> Result<bool, SyncError> {
        let last = self.desk.ledger.setting(&last_repair(register)).map_err(store_failed)?;
        let last = last.and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<i64>().ok());
        let now_ms = self.now_ms();
        // A clock that was set by years must not forbid repairs for as long, nor one set by minutes allow them again and again.
        Ok(last.is_none_or(|last| now_ms.saturating_sub(last).unsigned_abs() >= REPAIR_EVERY_MS))
    }

    fn repaired(&mut self, register: &RegisterId) -> Result<(), SyncError> {
        let now_ms = self.now_ms().to_string();
        self.desk.ledger.set_setting(&last_repair(register), now_ms.as_bytes()).map_err(store_failed)
    }

    fn install(
        &mut self,
        updates: &[Update],
        chunk: &mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, SyncError>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), SyncError> {
        if let Err(error) = self.desk.note_matches() {
            tracing::warn!(%error, "what the records of past matches say could not be noted before they change");
        }
        self.desk.records.install(updates, chunk, progress).map_err(|error| match error {
            RecordsError::OtherSet { register, digests } => SyncError::OtherSet { register, digests },
            // A piece of one register is not what it should be: that is no reason to leave the others.
            RecordsError::Chunk(why) if updates.len() == 1 => {
                SyncError::Register { register: updates[0].manifest.register.clone(), why: why.to_string() }
            }
            RecordsError::Held(_) => SyncError::HeldDamaged { why: error.to_string() },
            other if other.is_disk_full() => SyncError::Store(
                "the disk is full; the registers in use stay, checks go on; free the disk and sync again".to_owned(),
            ),
            other => store_failed(other),
        })?;
        for update in updates {
            let (name, version) = (self.newest(&update.manifest.register), update.manifest.version.0.to_string());
            // Registers are in use by now: a ledger that takes no note must not say otherwise.
            let _ = self.desk.ledger.set_setting(&name, version.as_bytes());
        }
        Ok(())
    }
}

/// The setting that holds when parts of a register were fetched anew.
fn last_repair(register: &RegisterId) -> String {
    format!("repaired.{register}")
}
