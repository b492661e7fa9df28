//! What a candidate tells people: the same for the screen and the command line.

use super::record::Action;
use super::verdict::{Ask, Candidate, Difference, Grade, Lowered, Rule, Trait, Verdict, Why, asks_for_discretion};

/// What an equal mark is worth by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EqualMark {
    /// Marks like it are so few that an equal one is hardly chance.
    HardlyChance,
    /// It is a number without letters, and many sorts of things are numbered.
    NumberAlone,
}

/// What the owners of the records that match want of an officer who has the item in hand (SIS, articles 36 to 38: the action to
/// take is on the record).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To hold the item; what a record wants that names no action, too.
    ToHold,
    /// To note it and to report it, and no more.
    ToReport,
    /// That nobody notices.
    Discretion,
    /// One asks that nobody notices and another does not: only the owners can say which goes first.
    Disputed,
}

impl Asked {
    /// A code for the screens.
    pub fn code(self) -> &'static str {
        match self {
            Self::ToHold => "hold",
            Self::ToReport => "report",
            Self::Discretion => "discretion",
            Self::Disputed => "disputed",
        }
    }
}

/// What an answer rests on whose strongest record is no ground to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRecord {
    /// The mark is that record's, and nothing else comes into question.
    ThisAlone(Lowered),
    /// The mark is that record's, and others come into question as well.
    ThisAmongOthers(Lowered),
    /// The record has a mark like this one, and nothing else comes into question: it need not be about the item.
    OnlyLikeIt(Lowered),
}

/// What those say that can say whether somebody looks for an item of which nothing but deliveries was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfWanted {
    /// No register of wanted items was asked.
    NotAsked,
    /// Those that were asked do not list it.
    NotListed,
}

impl Trait {
    /// Whether it speaks against a record that tells it differently. Makers license, copy and rebrand: another make is named, and
    /// no more.
    pub fn speaks_against(self) -> bool {
        self != Self::Make
    }
}

impl Rule {
    /// The rule for the screen, which tells a lost end and a swap from wrong characters.
    pub fn on_screen(self, differs: &[Difference]) -> &'static str {
        match self {
            Self::LostEnd => "lost_end",
            Self::OneEdit if self.is_swap(differs) => "swapped",
            rule => rule.code(),
        }
    }

    /// Whether two neighbouring characters stand the other way round, which counts as one edit.
    pub fn is_swap(self, differs: &[Difference]) -> bool {
        self == Self::OneEdit && differs.len() == 2
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
        let Some(why) = self.foremost().map(|candidate| &candidate.why) else { return &[] };
        let can_be_told = self.ask.iter().any(|ask| *ask != Ask::Characters);
        if why.is_contradicted() || !can_be_told { &why.contradicts } else { &[] }
    }

    /// What is asked by the records that match. The strongest leads: where one wants the item held, that others want a report
    /// only changes nothing.
    pub fn asked(&self) -> Asked {
        let hits = || self.candidates.iter().filter(|c| c.grade == Grade::Hit);
        let is_discreet = |c: &Candidate| asks_for_discretion(&c.fields);
        let wants_report = |c: &Candidate| c.fields.get("action").is_some_and(|a| a == Action::Report.code());
        match (hits().next().is_some(), hits().any(is_discreet)) {
            (true, true) if hits().all(is_discreet) => Asked::Discretion,
            (_, true) => Asked::Disputed,
            (true, false) if hits().all(wants_report) => Asked::ToReport,
            _ => Asked::ToHold,
        }
    }

    /// The record that the words of the answer are about: the strongest, unless that is a mere neighbour of the mark and no ground
    /// to act on, and one that is a ground agrees as well.
    pub fn foremost(&self) -> Option<&Candidate> {
        let first = self.candidates.first()?;
        let is_ground = |c: &&Candidate| c.grade == first.grade && c.why.lowered.is_empty();
        let other = self.candidates.iter().find(is_ground).filter(|_| !first.has_this_mark());
        Some(other.unwrap_or(first))
    }

    /// What the answer rests on, where its foremost record is no ground to act on.
    pub fn on_record(&self) -> Option<OnRecord> {
        let first = self.foremost().filter(|_| self.grade == Grade::Possible)?;
        let why = *first.why.lowered.first()?;
        let is_all = self.more == 0 && self.candidates.iter().all(|c| !c.why.lowered.is_empty());
        Some(match (first.has_this_mark(), is_all) {
            (true, true) => OnRecord::ThisAlone(why),
            (true, false) => OnRecord::ThisAmongOthers(why),
            (false, _) => OnRecord::OnlyLikeIt(why),
        })
    }

    /// What is known of whether the item is wanted, where nothing but deliveries was found; `None` where something else was, for
    /// then that is what must be said.
    pub fn of_wanted_items(&self) -> Option<OfWanted> {
        let is_delivery = |c: &Candidate| c.why.lowered.iter().any(|why| *why != Lowered::Expired);
        let nothing_else = self.grade == Grade::Possible && self.candidates.iter().all(is_delivery);
        match self.of_wanted().next() {
            _ if !nothing_else => None,
            None => Some(OfWanted::NotAsked),
            Some(_) => Some(OfWanted::NotListed).filter(|_| self.more == 0),
        }
    }
}

impl Candidate {
    /// The first mark that the record tells, or its id where it tells none.
    pub fn mark(&self) -> &str {
        let schemes = ["serial", "uii", "vin", "plate", "document", "container", "engine", "import"];
        let first = schemes.iter().find_map(|scheme| self.fields.get(*scheme));
        first.map_or(self.record.as_str(), |mark| mark.split(" · ").next().unwrap_or(mark))
    }

    /// Whether the mark is the very one that the record lists, and nothing of the description speaks against it. A number alone that
    /// many things may bear is no such mark until something of the description agrees.
    pub fn has_this_mark(&self) -> bool {
        let why = &self.why;
        let is_equal = matches!(self.rule, Rule::Exact | Rule::Range) && self.differs.is_empty();
        let agrees = why.second_mark || !why.agrees.is_empty();
        let is_bare_number = why.crowded && !self.mark().chars().any(char::is_alphabetic);
        is_equal && !why.is_contradicted() && (agrees || !is_bare_number)
    }

    /// What an equal mark that is neither shared nor crowded is worth; `None` where the rule is another, or where something
    /// speaks against it or lowers it, for then that is what must be said.
    pub fn equal_mark(&self) -> Option<EqualMark> {
        let why = &self.why;
        let undoubted = !why.is_contradicted() && why.lowered.is_empty() && why.shared_by <= 1 && !why.crowded;
        match self.grade {
            _ if self.rule != Rule::Exact || !undoubted => None,
            // Each of two marks may be borne by many: that both agree is what tells.
            Grade::Hit if why.second_mark => None,
            Grade::Hit => Some(EqualMark::HardlyChance),
            _ if !self.mark().chars().any(char::is_alphabetic) => Some(EqualMark::NumberAlone),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{NotChecked, RegisterAge, RegisterId, RegisterVersion};

    fn candidate(grade: Grade, rule: Rule, lowered: &[Lowered], action: &str) -> Candidate {
        let differs = vec![Difference { at: 1, read: "A".into(), record: "B".into() }];
        Candidate {
            register: RegisterId("r".into()),
            record: "1".into(),
            grade,
            rule,
            differs: if matches!(rule, Rule::Exact) { Vec::new() } else { differs },
            why: Why { lowered: lowered.to_vec(), ..Why::default() },
            fields: [("serial", "AB1"), ("action", action)].map(|(k, v)| (k.into(), v.to_owned())).into(),
        }
    }

    fn verdict(grade: Grade, candidates: Vec<Candidate>) -> Verdict {
        Verdict { grade, candidates, ..Verdict::not_checked(NotChecked::UnusableMark) }
    }

    #[test]
    fn the_strongest_action_of_the_records_that_match_leads() {
        let table: [(&[&str], Asked); 8] = [
            (&["seize"], Asked::ToHold),
            (&["detain"], Asked::ToHold),
            (&[""], Asked::ToHold),
            (&["report"], Asked::ToReport),
            (&["report", "report"], Asked::ToReport),
            (&["report", "seize"], Asked::ToHold),
            (&["discreet_check", "discreet_check"], Asked::Discretion),
            (&["report", "discreet_check"], Asked::Disputed),
        ];
        for (actions, asked) in table {
            let hits = actions.iter().map(|action| candidate(Grade::Hit, Rule::Exact, &[], action));
            let mut verdict = verdict(Grade::Hit, hits.collect());
            verdict.candidates.push(candidate(Grade::Probable, Rule::LookAlike, &[], "seize"));
            assert_eq!(verdict.asked(), asked, "{actions:?}; a record that may be meant decides nothing");
        }
    }

    #[test]
    fn only_an_equal_mark_makes_a_delivery_the_item_s_own() {
        use Lowered::{Delivered, Expired};
        let some = |rule, lowered: &[Lowered]| candidate(Grade::Possible, rule, lowered, "");
        let own = || some(Rule::Exact, &[Delivered]);
        let number = |agrees: &[Trait]| {
            let mut number = own();
            number.fields.insert("serial".into(), "123456".into());
            (number.why.crowded, number.why.agrees) = (true, agrees.to_vec());
            number
        };
        let mut other_kind = own();
        other_kind.why.contradicts = vec![Trait::Kind];
        let wanted = some(Rule::OneEdit, &[]);
        let table = [
            (vec![own()], Some(OnRecord::ThisAlone(Delivered))),
            (vec![own(), some(Rule::OneEdit, &[Expired])], Some(OnRecord::ThisAlone(Delivered))),
            (vec![own(), wanted.clone()], Some(OnRecord::ThisAmongOthers(Delivered))),
            (vec![number(&[Trait::Kind])], Some(OnRecord::ThisAlone(Delivered))),
            (vec![number(&[])], Some(OnRecord::OnlyLikeIt(Delivered))),
            (vec![other_kind], Some(OnRecord::OnlyLikeIt(Delivered))),
            (vec![some(Rule::OneEdit, &[Delivered])], Some(OnRecord::OnlyLikeIt(Delivered))),
            (vec![some(Rule::LookAlike, &[Expired])], Some(OnRecord::OnlyLikeIt(Expired))),
            (vec![some(Rule::TwoEdits, &[Delivered]), wanted.clone()], None),
            (vec![wanted], None),
        ];
        for (candidates, expected) in table {
            let verdict = verdict(Grade::Possible, candidates);
            assert_eq!(verdict.on_record(), expected, "{:?}", verdict.candidates);
        }
        let more = Verdict { more: 1, ..verdict(Grade::Possible, vec![own()]) };
        assert_eq!(more.on_record(), Some(OnRecord::ThisAmongOthers(Delivered)), "others were found");
    }

    #[test]
    fn that_an_item_is_not_wanted_is_said_only_by_those_who_could_know() {
        let age = |id: &str| RegisterAge {
            id: RegisterId(id.into()),
            version: RegisterVersion(1),
            as_of: chrono::DateTime::UNIX_EPOCH,
        };
        let said = |registers: &[&str], lowered: &[Lowered], more| {
            let mut verdict = verdict(Grade::Possible, vec![candidate(Grade::Possible, Rule::Exact, lowered, "")]);
            (verdict.registers, verdict.more) = (registers.iter().map(|id| age(id)).collect(), more);
            verdict.only_known = vec![RegisterId("army".into())];
            verdict.of_wanted_items()
        };
        assert_eq!(said(&["army"], &[Lowered::Delivered], 0), Some(OfWanted::NotAsked));
        assert_eq!(said(&["army"], &[Lowered::Expected], 3), Some(OfWanted::NotAsked));
        assert_eq!(said(&["army", "stolen"], &[Lowered::Delivered], 0), Some(OfWanted::NotListed));
        assert_eq!(said(&["army", "stolen"], &[Lowered::Delivered], 1), None, "it may be among those not shown");
        assert_eq!(said(&["stolen"], &[Lowered::Expired], 0), None, "somebody looked for it");
    }
}
