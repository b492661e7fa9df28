//! What can be wrong with a ledger, and the words for it.

use std::fmt;

use crate::domain::Seq;
use crate::ledger::entry::DecodeError;

/// What is wrong at an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The entry is not there.
    Missing,
    /// The entry is there, but storage gave no bytes.
    Unreadable(String),
    /// The bytes, or the stored hash, are not those that were chained.
    HashDiffers,
    /// The bytes fit the chain and are no entry.
    Undecodable(DecodeError),
    /// A head stored for this entry does not bear the device's signature.
    HeadSignature,
    /// The device signed another hash here: something from `since` on was rewritten.
    HeadDiffers {
        /// The first entry that may differ.
        since: Seq,
    },
    /// The device signed a head at `signed`, and the ledger ends before it.
    HeadBeyondEnd {
        /// The entry of the signed head.
        signed: Seq,
    },
    /// A receipt stored for this entry does not bear the hub's signature.
    ReceiptSignature,
    /// A receipt is stored, and no hub's key to verify it with.
    ReceiptWithoutHubKey,
    /// The hub acknowledged another hash here: something from `since` on was rewritten.
    ReceiptDiffers {
        /// The first entry that may differ.
        since: Seq,
    },
    /// The hub acknowledged entries up to `acknowledged`, and the ledger ends before.
    ReceiptBeyondEnd {
        /// The last entry that the hub acknowledged.
        acknowledged: Seq,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the entry is missing"),
            Self::Unreadable(why) => write!(f, "the entry cannot be read: {why}"),
            Self::HashDiffers => f.write_str("the entry or its hash was changed"),
            Self::Undecodable(error) => write!(f, "the entry cannot be decoded: {error}"),
            Self::HeadSignature => {
                f.write_str("the signed head stored for it was changed, or another device signed it")
            }
            Self::HeadDiffers { since } => {
                write!(
                    f,
                    "the device signed another hash here; entries were rewritten, the first of them {since} or later"
                )
            }
            Self::HeadBeyondEnd { signed } => {
                write!(f, "entries from here to {signed} are missing; the device had signed them")
            }
            Self::ReceiptSignature => f.write_str("the receipt stored for it was changed, or another hub signed it"),
            Self::ReceiptWithoutHubKey => {
                f.write_str("the hub's key is missing, so the receipt stored for it proves nothing")
            }
            Self::ReceiptDiffers { since } => {
                write!(
                    f,
                    "the hub acknowledged another hash here; entries were rewritten, the first of them {since} or later"
                )
            }
            Self::ReceiptBeyondEnd { acknowledged } => {
                write!(f, "entries from here to {acknowledged} are missing; the hub had acknowledged them")
            }
        }
    }
}

/// A fault and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// The entry.
    pub seq: Seq,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: {}", self.seq, self.fault)
    }
}
