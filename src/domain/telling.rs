//! What a candidate tells people: the same for the screen and the command line.

use super::verdict::{Ask, Candidate, Grade, Rule, Trait, Verdict, Why};

/// What an equal mark is worth by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EqualMark {
    /// Marks like it are so few that an equal one is hardly chance.
    HardlyChance,
    /// It is a number without letters, and many sorts of things are numbered.
    NumberAlone,
}

impl Trait {
    /// Whether it speaks against a record that tells it differently. Makers license, copy and rebrand: another make is named, and
    /// no more.
    pub fn speaks_against(self) -> bool {
        self != Self::Make
    }
}

impl Why {
    /// Whether something speaks against the record.
    pub fn is_contradicted(&self) -> bool {
        self.contradicts.iter().any(|told| told.speaks_against())
    }
}

impl Verdict {
    /// What of the description is to be compared with the strongest record, because they differ in it. A make alone comes after
    /// what can still be told.
    pub fn to_compare(&self) -> &[Trait] {
        let Some(why) = self.candidates.first().map(|candidate| &candidate.why) else { return &[] };
        let can_be_told = self.ask.iter().any(|ask| *ask != Ask::Characters);
        if why.is_contradicted() || !can_be_told { &why.contradicts } else { &[] }
    }
}

impl Candidate {
    /// The first mark that the record tells, or its id where it tells none.
    pub fn mark(&self) -> &str {
        let schemes = ["serial", "uii", "vin", "plate", "document", "container", "engine", "import"];
        let first = schemes.iter().find_map(|scheme| self.fields.get(*scheme));
        first.map_or(self.record.as_str(), |mark| mark.split(" · ").next().unwrap_or(mark))
    }

    /// The rule for the screen, which tells a lost end and a swap from wrong characters.
    pub fn rule_on_screen(&self) -> &'static str {
        match self.rule {
            Rule::LostEnd => "lost_end",
            Rule::OneEdit if self.is_swap() => "swapped",
            rule => rule.code(),
        }
    }

    /// Whether two neighbouring characters stand the other way round, which counts as one edit.
    pub fn is_swap(&self) -> bool {
        self.rule == Rule::OneEdit && self.differs.len() == 2
    }

    /// What an equal mark that is neither shared nor crowded is worth; `None` where the rule is another, or where something
    /// speaks against it or lowers it, for then that is what must be said.
    pub fn equal_mark(&self) -> Option<EqualMark> {
        let why = &self.why;
        let undoubted = !why.is_contradicted() && why.lowered.is_empty() && why.shared_by <= 1 && !why.crowded;
        match self.grade {
            _ if self.rule != Rule::Exact || !undoubted => None,
            Grade::Hit => Some(EqualMark::HardlyChance),
            _ if !self.mark().chars().any(char::is_alphabetic) => Some(EqualMark::NumberAlone),
            _ => None,
        }
    }
}
