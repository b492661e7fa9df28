//! One meeting of a device with its hub, in steps: connect, down, (the desk checks past sightings again), up.

use super::cancel::Cancel;
use super::client::{Answer, Call, Client, Patience};
use super::down::{self, Down};
use super::error::SyncError;
use super::ports::{Outbox, Shelf};
use super::progress::{Phase, Progress};
use super::staging::Staging;
use super::up::{self, Up};
use crate::domain::{DeviceId, Fingerprint, RegisterId};
use crate::ledger::{SigningKey, VerifyingKey};
use crate::wire::{Hello, JSON_BYTES_MAX, OFFERS_MAX, Offer};

/// Largest page that is read, in bytes.
const PAGE_BYTES_MAX: usize = 16 << 20;

/// Who the device is, and which hub it trusts.
pub struct Identity {
    /// The device.
    pub device: DeviceId,
    /// Its key: signs heads, and is the key of its client certificate.
    pub signing: SigningKey,
    /// Address of the hub.
    pub url: String,
    /// What the enrolment code pinned.
    pub fingerprint: Fingerprint,
    /// The key behind the fingerprint.
    pub hub_key: VerifyingKey,
    /// The client certificate (DER) that the hub gave out.
    pub certificate: Vec<u8>,
    /// Whether device and hub are for practice.
    pub practice: bool,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({} at {})", self.device, self.url)
    }
}

/// A hub that answered.
pub struct Session {
    client: Client,
    who: Identity,
    hello: Hello,
}

impl Session {
    /// Reaches the hub and asks where things stand. While it waits for the answer, progress is told the time, in milliseconds.
    ///
    /// # Errors
    /// When there is no hub, another key, or the hub does not know the device.
    pub fn connect(
        who: Identity,
        patience: Patience,
        cancel: Cancel,
        progress: &mut dyn Progress,
    ) -> Result<Self, SyncError> {
        progress.step(Phase::Connect, 0, 1);
        let certificate = Some((who.certificate.as_slice(), &who.signing));
        let mut client = Client::new(&who.url, who.fingerprint, certificate, patience, cancel)?;
        let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let hello: Hello = client.greet("/v1/hello", JSON_BYTES_MAX * 4, &mut |waited, most| {
            progress.step(Phase::Connect, ms(waited), ms(most));
        })?;
        if hello.device != who.device {
            return Err(SyncError::Unknown);
        }
        if hello.practice != who.practice {
            return Err(SyncError::PracticeMismatch);
        }
        progress.step(Phase::Connect, 1, 1);
        Ok(Self { client, who, hello })
    }

    /// What the hub said at the start: post, frontier, its clock.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// How many offers are not looked at: those beyond [`OFFERS_MAX`], and of names that no register can have.
    pub fn offers_passed_over(&self) -> usize {
        self.hello.registers.len() - looked_at(&self.hello.registers).len()
    }

    /// Hits, ahead of everything else. That it failed matters to nobody but the log: the batches bring the same.
    pub fn urgent(&mut self, outbox: &dyn Outbox, progress: &mut dyn Progress) {
        if let Err(error) = up::urgent(&mut self.client, outbox, progress) {
            tracing::warn!("the urgent call failed: {error}");
        }
    }

    /// Registers.
    ///
    /// # Errors
    /// When the link or the store fails; what was fetched is kept. A register that cannot be trusted is no error: it is
    /// named in the outcome, and the others are taken over. A revoked device gets nothing.
    pub fn down(
        &mut self,
        shelf: &mut dyn Shelf,
        staging: &Staging,
        progress: &mut dyn Progress,
    ) -> Result<Down, SyncError> {
        if self.hello.revoked {
            return Ok(Down::default());
        }
        let offers = looked_at(&self.hello.registers);
        let mut down = || down::registers(&mut self.client, &self.who, &offers, shelf, staging, progress);
        match down() {
            // None of them counts as held any more, so all of them come.
            Err(SyncError::HeldDamaged { why }) => {
                tracing::warn!("{why}");
                down()
            }
            other => other,
        }
    }

    /// Ledger, then photos.
    ///
    /// # Errors
    /// When the link or the store fails, or the histories part. What was acknowledged before is stored; `up` says it.
    pub fn up(&mut self, outbox: &mut dyn Outbox, progress: &mut dyn Progress, up: &mut Up) -> Result<(), SyncError> {
        up::ledger(&mut self.client, &self.who, outbox, progress, up)?;
        up::photos(&mut self.client, outbox, progress, up)
    }

    /// The hub's page of sightings, as a browser on the hub's own machine gets it.
    ///
    /// # Errors
    /// When the link fails, or this machine is not the hub's.
    pub fn page(&mut self) -> Result<String, SyncError> {
        match self.client.call(&Call::get("/", PAGE_BYTES_MAX))? {
            Answer::Done(body) => Ok(String::from_utf8_lossy(&body).into_owned()),
            Answer::Refused(refusal) => Err(super::error::refused(refusal.error, refusal.message)),
        }
    }

    /// Bytes of bodies sent and received so far.
    pub fn bytes(&self) -> (u64, u64) {
        (self.client.bytes_up, self.client.bytes_down)
    }
}

/// The offers that are looked at. Their names go into paths, the ledger and on screens.
fn looked_at(offers: &[Offer]) -> Vec<Offer> {
    offers.iter().filter(|offer| RegisterId::parse(&offer.id.0).is_some()).take(OFFERS_MAX).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RegisterVersion;

    #[test]
    fn only_so_many_offers_with_names_of_registers_are_looked_at() {
        let offer = |id: &str| Offer {
            id: RegisterId(id.to_owned()),
            version: RegisterVersion(1),
            signed_ms: 0,
            seal: String::new(),
        };
        let names = ["aa", "../../etc", "x\u{1b}[2J\n", "bb"];
        let ids: Vec<String> = looked_at(&names.map(offer)).into_iter().map(|o| o.id.0).collect();
        assert_eq!(ids, ["aa", "bb"]);
        let many: Vec<Offer> = (0..6500).map(|n| offer(&format!("r{n}"))).collect();
        assert_eq!(looked_at(&many), many[..OFFERS_MAX]);
    }
}
