//! What can go wrong between device and hub, in words for the officer.
//!
//! Each text says what happened, what is safe and what to do. The common safety is that a check never needs the hub:
//! whatever happens here, checks go on and the ledger stays.

use crate::domain::controls::is_control;
use crate::domain::{Hash, RegisterId, RegisterVersion, Seq};
use crate::wire::{NotACode, Refusal};

/// Of a hub's own words so much is taken; what it means is told by its code.
const WORDS_CHARS_MAX: usize = 200;

/// Why a sync or an enrolment did not come to its end. What was done before it stays done.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The text is no enrolment code.
    #[error("{0}; nothing was changed")]
    Code(#[from] NotACode),
    /// The device belongs to no hub.
    #[error(
        "this device is not enrolled with a hub; checks and ledger work without; enrol it with `tracepost enrol CODE`"
    )]
    NotEnrolled,
    /// No connection.
    #[error(
        "the hub at {url} cannot be reached ({why}); nothing is lost and checks go on; sync again when there is a link"
    )]
    Unreachable {
        /// The hub's address.
        url: String,
        /// What the network said.
        why: String,
    },
    /// The link stands still.
    #[error(
        "the link to the hub at {url} stands still; what was sent and confirmed is kept; sync again, it goes on from there"
    )]
    Stalled {
        /// The hub's address.
        url: String,
    },
    /// A person ended it.
    #[error(
        "the sync was ended before it was done; what the hub has confirmed is kept, and checks go on; sync again, it goes on from there"
    )]
    Cancelled,
    /// More came than may.
    #[error(
        "the hub at {url} sends more than an answer may hold; none of it was used; nothing is lost; tell the centre if it stays"
    )]
    TooMuch {
        /// The hub's address.
        url: String,
    },
    /// The far end has another key.
    #[error(
        "this is not the hub that the code names: what answers at {url} has another key; nothing was sent to it; checks go on; ask the centre, and do not enrol again unless it says so"
    )]
    WrongKey {
        /// The hub's address.
        url: String,
    },
    /// The far end is no hub at all.
    #[error(
        "what answers at {url} is not a hub, perhaps the login page of a network; nothing is lost and nothing counts as sent; open that network's login page in a browser, or use another link, and sync again"
    )]
    NotAHub {
        /// The hub's address.
        url: String,
    },
    /// No such invite.
    #[error(
        "the hub knows no such invite; nothing was changed; check the code for typing errors, or ask the centre for a new one"
    )]
    InviteUnknown,
    /// The invite is over.
    #[error("the invite has expired; nothing was changed; ask the centre for a new one")]
    InviteExpired,
    /// Another device used the invite.
    #[error(
        "the invite was already used by another device; nothing was changed; ask the centre for a new one, and tell it if you did not expect this"
    )]
    InviteUsed,
    /// Id and key do not belong together at the hub.
    #[error("the hub knows this device's id with another key, or has revoked it; nothing was changed; ask the centre")]
    DeviceMismatch,
    /// The hub does not know the device any more.
    #[error(
        "the hub does not know this device's certificate; ledger and checks are safe; ask the centre for a new invite"
    )]
    Unknown,
    /// The device was revoked.
    #[error(
        "the centre has revoked this device: it gets no registers any more, its ledger is still taken in; hand it to the centre"
    )]
    Revoked,
    /// Practice and real do not mix.
    #[error(
        "one of device and hub is for practice and the other is real; nothing was changed; use a home of its own for each"
    )]
    PracticeMismatch,
    /// The hub keeps another history of this device.
    #[error(
        "the hub holds other entries of this device from number {at} on; both are kept there, also those of this device; checks go on; do not delete anything, tell the centre"
    )]
    Fork {
        /// Where the histories part at the latest.
        at: Seq,
    },
    /// The hub lost what it had acknowledged.
    #[error("the hub waits for entry {next} though it has signed for more; nothing is lost here; tell the centre")]
    HubWentBack {
        /// What it waits for.
        next: Seq,
    },
    /// The signed head does not fit.
    #[error(
        "the hub refused the entries: this device's signed head does not fit them; run `tracepost verify` and tell the centre what it names"
    )]
    HeadWrong,
    /// A receipt that proves nothing.
    #[error(
        "the hub's receipt does not fit this device's ledger; the entries count as unsent; sync again, and tell the centre if it stays"
    )]
    BadReceipt,
    /// A register that cannot be trusted.
    #[error(
        "register {register} was not taken over: {why}; on this device nothing of it was changed; tell the centre if it stays"
    )]
    Register {
        /// The register.
        register: RegisterId,
        /// Why.
        why: String,
    },
    /// The records here do not open any more.
    #[error("{why}; the ledger is safe")]
    HeldDamaged {
        /// What is wrong with them, and what helps.
        why: String,
    },
    /// What is here is not what the hub says, even after the update.
    #[error(
        "register {register} was not taken over: its records would not be those that the hub signed for; on this device nothing of it was changed; tell the centre if it stays"
    )]
    OtherSet {
        /// The register.
        register: RegisterId,
        /// The hash of each bucket, as it would be.
        digests: Vec<Hash>,
    },
    /// The hub offers an older version than the one in use.
    #[error(
        "register {register}: the hub offers version {offered}, older than {held} that was taken over here; what is here stays; tell the centre"
    )]
    OlderRegister {
        /// The register.
        register: RegisterId,
        /// Taken over here.
        held: RegisterVersion,
        /// Offered.
        offered: RegisterVersion,
    },
    /// Another refusal.
    #[error(
        "the hub refused ({refusal:?}: {message}); nothing is lost; update this program if it is old, else tell the centre"
    )]
    Refused {
        /// The code.
        refusal: Refusal,
        /// The hub's words.
        message: String,
    },
    /// The hub cannot store.
    #[error("the hub cannot store or read right now; nothing is lost; sync again later")]
    HubUnavailable,
    /// The device's own store failed.
    #[error("{0}")]
    Store(String),
    /// No certificate can be held against such a clock.
    #[error("the clock of this device shows a moment before 1970; nothing is lost; set it and sync again")]
    ClockBefore1970,
    /// The program could not set itself up.
    #[error("the link could not be set up: {0}; nothing is lost; restart the program")]
    Setup(String),
}

impl SyncError {
    /// Whether the hub was reached at all.
    pub fn reached_hub(&self) -> bool {
        !matches!(
            self,
            Self::Unreachable { .. }
                | Self::Stalled { .. }
                | Self::WrongKey { .. }
                | Self::NotAHub { .. }
                | Self::Cancelled
                | Self::NotEnrolled
                | Self::ClockBefore1970
                | Self::Code(_)
                | Self::Setup(_)
        )
    }

    /// Whether the same call may succeed a little later.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Stalled { .. } | Self::HubUnavailable)
    }
}

/// A hub's own words as one short line: they go to a terminal, and into a ledger from which nothing is ever taken out.
pub(super) fn one_line(words: &str) -> String {
    let parts: Vec<&str> = words.split(is_control).map(str::trim).filter(|part| !part.is_empty()).collect();
    let line = parts.join(" ");
    match line.char_indices().nth(WORDS_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The error for a refusal that needs no more than its code.
pub(super) fn refused(refusal: Refusal, message: String) -> SyncError {
    match refusal {
        Refusal::InviteUnknown => SyncError::InviteUnknown,
        Refusal::InviteExpired => SyncError::InviteExpired,
        Refusal::InviteUsed => SyncError::InviteUsed,
        Refusal::DeviceMismatch => SyncError::DeviceMismatch,
        Refusal::PracticeMismatch => SyncError::PracticeMismatch,
        Refusal::NotEnrolled => SyncError::Unknown,
        Refusal::Revoked => SyncError::Revoked,
        Refusal::HeadWrong => SyncError::HeadWrong,
        Refusal::Unavailable => SyncError::HubUnavailable,
        _ => SyncError::Refused { refusal, message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hub_says_is_one_short_line_that_commands_no_terminal() {
        let forged = format!("\u{1b}[2J\nno room\r\n\u{202e}left{}", "Z".repeat(60_000));
        let line = one_line(&forged);
        assert!(line.starts_with("[2J no room leftZZ") && line.ends_with("Z…"), "{line}");
        assert_eq!(line.chars().count(), WORDS_CHARS_MAX + 1);
        assert_eq!(one_line("немає місця"), "немає місця");
        assert_eq!(one_line("\n\u{7}"), "");
    }
}
