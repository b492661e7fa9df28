//! What the officer did about a checked item.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The outcome of a check, from a closed list, so that posts and days can be counted alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum DecisionCode {
    Seized,
    HandedToPolice,
    HandedToArmy,
    /// Held until the owner of the record has answered.
    Detained,
    NotIdentical,
    RecordOutOfDate,
    /// Carried lawfully, papers seen (permit, transit licence, soldier, peacekeeper, diplomat).
    LawfulPapersSeen,
    /// Nobody could be reached, or holding it was unsafe.
    LetPassReported,
}

impl DecisionCode {
    /// Every decision, in the order in which they are offered.
    pub const ALL: [Self; 8] = [
        Self::Seized,
        Self::HandedToPolice,
        Self::HandedToArmy,
        Self::Detained,
        Self::NotIdentical,
        Self::RecordOutOfDate,
        Self::LawfulPapersSeen,
        Self::LetPassReported,
    ];

    /// The name used in JSON and in ledger entries; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Seized => "seized",
            Self::HandedToPolice => "handed_to_police",
            Self::HandedToArmy => "handed_to_army",
            Self::Detained => "detained",
            Self::NotIdentical => "not_identical",
            Self::RecordOutOfDate => "record_out_of_date",
            Self::LawfulPapersSeen => "lawful_papers_seen",
            Self::LetPassReported => "let_pass_reported",
        }
    }
}

impl fmt::Display for DecisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No decision has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no decision is called {0:?}")]
pub struct UnknownDecision(pub String);

impl FromStr for DecisionCode {
    type Err = UnknownDecision;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.code() == s).ok_or_else(|| UnknownDecision(s.to_owned()))
    }
}
