//! One entry of a register: an item wanted by an owner, or one that was delivered and is expected to be in its place.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::item::Description;
use super::mark::Mark;
use super::range::SerialRange;

/// A source's word in the manner of our codes: lower case, with one underscore where spaces, hyphens or underscores stand.
pub fn coded(word: &str) -> String {
    let parts = |c: char| c.is_whitespace() || matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let words: Vec<_> = word.split(parts).filter(|part| !part.is_empty()).map(str::to_lowercase).collect();
    words.join("_")
}

/// What a register is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum RegisterKind {
    /// Items that somebody looks for.
    #[default]
    Wanted,
    /// Items that were handed over to a unit, and have no business elsewhere.
    Delivered,
    /// Items announced to a unit, on their way.
    Expected,
}

impl RegisterKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Wanted, Self::Delivered, Self::Expected];

    /// The name used in JSON and files; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Delivered => "delivered",
            Self::Expected => "expected",
        }
    }

    /// The status of a record whose source names none.
    pub fn status(self) -> Status {
        match self {
            Self::Wanted => Status::Wanted,
            Self::Delivered => Status::Delivered,
            Self::Expected => Status::Expected,
        }
    }
}

impl fmt::Display for RegisterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No kind of register has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no kind of register is called {0:?}; there are wanted, delivered and expected")]
pub struct UnknownRegisterKind(pub String);

impl FromStr for RegisterKind {
    type Err = UnknownRegisterKind;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.code() == s).ok_or_else(|| UnknownRegisterKind(s.to_owned()))
    }
}

/// Why an item is listed.
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
    /// Not wanted: handed over to the unit that the record names. Seen elsewhere, that is a finding and never a hit.
    Delivered,
    /// Not wanted: announced to the unit that the record names.
    Expected,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Stolen,
        Self::Lost,
        Self::Trafficked,
        Self::Smuggled,
        Self::Unaccounted,
        Self::Seized,
        Self::Wanted,
        Self::Delivered,
        Self::Expected,
    ];

    /// Whether somebody looks for the item; what was delivered or is expected is only known.
    pub fn is_wanted(self) -> bool {
        !matches!(self, Self::Delivered | Self::Expected)
    }

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
            Self::Delivered => "delivered",
            Self::Expected => "expected",
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
        let of = |code: &str| Self::ALL.into_iter().find(|x| x.code() == code);
        of(s).or_else(|| of(&coded(s))).ok_or_else(|| UnknownStatus(s.to_owned()))
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
    /// Every action.
    pub const ALL: [Self; 4] = [Self::Seize, Self::Detain, Self::DiscreetCheck, Self::Report];

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

/// No action has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no action is called {0:?}")]
pub struct UnknownAction(pub String);

impl FromStr for Action {
    type Err = UnknownAction;
    /// Accepts the code however its words are parted, and `discreet` alone: read as no action, such a record would have the
    /// finder hold what is to be let go.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let name = coded(s);
        let alias = matches!(name.as_str(), "discreet" | "discrete" | "discrete_check").then_some(Self::DiscreetCheck);
        alias.or_else(|| Self::ALL.into_iter().find(|x| x.code() == name)).ok_or_else(|| UnknownAction(s.to_owned()))
    }
}

/// Where an item of a delivered or expected list belongs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct Delivery {
    /// The unit or person that received it or shall receive it.
    pub to: String,
    /// Where that is.
    #[serde(default)]
    pub place: Option<String>,
    /// Day of the delivery, past or to come.
    #[serde(default)]
    pub on: Option<NaiveDate>,
}

/// One record. `id` is the source's own, or `h:` and a hash of the canonical fields where the source gives none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Record {
    /// Id within its register.
    pub id: String,
    /// The marks, each with its scheme and place.
    pub marks: Vec<Mark>,
    /// Lots of serials listed by their ends.
    #[serde(default)]
    pub ranges: Vec<SerialRange>,
    /// What the item is.
    pub description: Description,
    /// Colour of a vehicle, in the source's word.
    #[serde(default)]
    pub colour: Option<String>,
    /// Why it is listed.
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
    /// What the owner forbids to do with the record.
    #[serde(default)]
    pub restriction: Option<String>,
    /// How the owner is reached; shown only when the record is opened.
    #[serde(default)]
    pub contact: Option<String>,
    /// Where the item belongs, for what was delivered or is expected.
    #[serde(default)]
    pub delivery: Option<Delivery>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_its_words_are_parted() {
        for word in
            ["discreet_check", "Discreet_Check", "discreet check", "Discreet-check", " DISCREET  CHECK ", "discreet"]
        {
            assert_eq!(word.parse(), Ok(Action::DiscreetCheck), "{word}");
        }
        assert_eq!("Seize ".parse(), Ok(Action::Seize));
        for word in ["", "discreetly", "check", "seize or report"] {
            assert_eq!(word.parse::<Action>(), Err(UnknownAction(word.to_owned())));
        }
        assert_eq!(" Unaccounted".parse(), Ok(Status::Unaccounted));
        assert!("un accounted".parse::<Status>().is_err());
    }
}
