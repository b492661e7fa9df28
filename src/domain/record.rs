//! One entry of a register: an item wanted by an owner.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::item::Description;
use super::mark::Mark;

/// Why an item is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Status {
    Stolen,
    Lost,
    Trafficked,
    Smuggled,
    /// Missing from a delivery or an inventory.
    Unaccounted,
    Seized,
    /// The source did not say.
    #[default]
    Wanted,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] =
        [Self::Stolen, Self::Lost, Self::Trafficked, Self::Smuggled, Self::Unaccounted, Self::Seized, Self::Wanted];

    /// The name used in JSON and files; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Stolen => "stolen",
            Self::Lost => "lost",
            Self::Trafficked => "trafficked",
            Self::Smuggled => "smuggled",
            Self::Unaccounted => "unaccounted",
            Self::Seized => "seized",
            Self::Wanted => "wanted",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No status has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no status is called {0:?}")]
pub struct UnknownStatus(pub String);

impl FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let name = s.trim().to_lowercase();
        Self::ALL.into_iter().find(|x| x.code() == name).ok_or_else(|| UnknownStatus(s.to_owned()))
    }
}

/// What the owner asks the finder to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Action {
    Seize,
    Detain,
    /// Carry on as if nothing was found, and report.
    DiscreetCheck,
    Report,
}

impl Action {
    /// The name used in JSON and files; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Seize => "seize",
            Self::Detain => "detain",
            Self::DiscreetCheck => "discreet_check",
            Self::Report => "report",
        }
    }
}

/// One record. `id` is the source's own, or `h:` and a hash of the canonical fields where the source gives none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Id within its register.
    pub id: String,
    /// The marks, each with its scheme and place.
    pub marks: Vec<Mark>,
    /// What the wanted item is.
    pub description: Description,
    /// Why it is wanted.
    pub status: Status,
    /// The authority that owns the record and must be asked before anyone acts on it.
    pub owner: String,
    /// What the owner asks for.
    pub action: Option<Action>,
    /// Day on which the loss or theft was reported or entered.
    pub reported_on: Option<NaiveDate>,
    /// Day of the loss or theft.
    pub lost_on: Option<NaiveDate>,
    /// After this day the record gives no more than a remark.
    pub expires_on: Option<NaiveDate>,
    /// Warning to the finder.
    pub caution: Option<String>,
}
