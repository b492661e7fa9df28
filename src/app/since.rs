//! What became of an answer since it was given: its records may be withdrawn, corrected, or ask for something else by now. Pure: the
//! desk says how each record stands, and out of that comes the answer as it is to be shown.

use super::bench::{Held, Opened, Standing};
use super::card::Answer;
use crate::domain::{Action, Candidate, Facts, Finding, Grade, Item, Lowered, Rule, Scheme, Verdict, keys};

/// Facts that are told only of a record that was opened, and that no check knows.
const KEPT_BACK: [&str; 2] = ["contact", "restriction"];
/// What must be known of a record before anything is done, also where nobody has opened it yet.
const BEWARE: [&str; 2] = ["caution", "action"];

/// What became of a record that a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is not in its register any more.
    Withdrawn,
    /// It was changed, and is another item's.
    Another,
    /// It says something else than at the check.
    Changed,
    /// It says the same, and agrees less by the registers of now.
    Weaker,
    /// Its register is not on this device any more.
    NoRegister,
}

impl Fate {
    /// A code for `Words.fate`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Another => "corrected",
            Self::Changed => "changed",
            Self::Weaker => "weaker",
            Self::NoRegister => "no_register",
        }
    }

    /// Whether the record has nothing to say of the item any more.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Another)
    }
}

/// An answer as it is to be shown now.
#[derive(Debug, Clone)]
pub struct Since {
    /// The registers by which it was looked at, with their versions.
    pub by: String,
    /// The answer with its records as they are.
    pub verdict: Verdict,
    /// What became of each of them, in the order of the answer.
    pub fates: Vec<Option<Fate>>,
    /// Why no record that would have stopped the item is there any more.
    pub gone: Option<Fate>,
    /// Whether it is known what all the records that match ask for.
    pub is_asked_known: bool,
}

impl Since {
    /// What an answer is now that its records stand so, in the order in which it was given.
    pub fn of(answer: &Answer, standings: &[Standing], by: String) -> Self {
        let given = &answer.given.verdict;
        let standing = |at: usize| standings.get(at).unwrap_or(&Standing::Unknown);
        let strong = |c: &Candidate| c.grade >= Grade::Probable || given.grade < Grade::Probable;
        let mut all: Vec<_> = given
            .candidates
            .iter()
            .enumerate()
            .map(|(at, then)| {
                let (now, fate) = now(then, standing(at), answer.remembered);
                (now, fate, strong(then), !answer.remembered || matches!(standing(at), Standing::Listed(_)))
            })
            .collect();
        let gone = all.iter().filter(|(_, _, strong, _)| *strong).map(|(_, fate, ..)| fate.filter(|f| f.is_gone()));
        let gone = gone.collect::<Option<Vec<Fate>>>().and_then(|fates| fates.first().copied());
        all.sort_by_key(|(now, ..)| std::cmp::Reverse(now.grade));
        let is_asked_known = all.iter().filter(|(now, ..)| now.grade == Grade::Hit).all(|(.., known)| *known);
        let (candidates, fates): (Vec<_>, Vec<_>) = all.into_iter().map(|(now, fate, ..)| (now, fate)).unzip();
        let mut verdict = Verdict { candidates, ..given.clone() };
        if let Some(first) = verdict.candidates.first().filter(|first| first.grade != given.grade) {
            (verdict.grade, verdict.rule) = (first.grade, Some(first.rule));
        }
        if gone.is_some() {
            verdict.ask.clear();
            verdict.findings.retain(|f| !matches!(f, Finding::DeliveredElsewhere | Finding::RecordExpired));
        }
        Self { by, verdict, fates, gone, is_asked_known }
    }
}

/// A record as it is now, and what became of it. What its owner asked for at the check stays where that is more careful: only a new
/// check says that it holds no more.
fn now(then: &Candidate, standing: &Standing, remembered: bool) -> (Candidate, Option<Fate>) {
    let gone = |fate| {
        let mut gone = Candidate { grade: Grade::NoRecord, ..then.clone() };
        // Only what names it: nothing else of it holds.
        gone.fields.retain(|field, _| Scheme::ALL.iter().any(|scheme| scheme.code() == field));
        (gone, Some(fate))
    };
    let listed = match standing {
        Standing::Unknown => return (then.clone(), None),
        Standing::NoRegister => return (then.clone(), Some(Fate::NoRegister)),
        Standing::Withdrawn => return gone(Fate::Withdrawn),
        Standing::Another => return gone(Fate::Another),
        Standing::Listed(listed) => listed,
    };
    let has_expired = listed.why.lowered.contains(&Lowered::Expired);
    let is_weaker = listed.grade < then.grade.min(Grade::Probable);
    let weaker = (is_weaker && !has_expired).then_some(Fate::Weaker);
    if remembered {
        // The ledger does not keep what the record said; what to beware of is told all the same.
        let mut known = then.clone();
        known.fields =
            listed.fields.clone().into_iter().filter(|(field, _)| BEWARE.contains(&field.as_ref())).collect();
        if is_weaker {
            (known.grade, known.why.lowered) = (listed.grade, listed.why.lowered.clone());
        }
        return (known, weaker);
    }
    if listed.fields == then.fields {
        return if is_weaker { ((**listed).clone(), weaker) } else { (then.clone(), None) };
    }
    let mut changed = (**listed).clone();
    if let Some(action) = then.fields.get("action").filter(|action| care(action) > care_of(&changed.fields)) {
        changed.fields.insert("action".into(), action.clone());
    }
    (changed, Some(Fate::Changed))
}

/// How much care an action asks for before the item is held.
fn care(action: &str) -> u8 {
    match action {
        action if action == Action::DiscreetCheck.code() => 2,
        action if action == Action::Report.code() => 1,
        _ => 0,
    }
}

fn care_of(facts: &Facts) -> u8 {
    facts.get("action").map_or(0, |action| care(action))
}

/// How a record stands that was opened, where the registers could not be asked for more.
pub fn standing_of(item: &Item, then: &Candidate, opened: &Opened) -> Standing {
    let fields = compared(&opened.facts);
    let bore_it = then.fields.is_empty() || bears_a_mark_of(item, &then.fields);
    if then.rule == Rule::Exact && bore_it && !bears_a_mark_of(item, &fields) {
        return Standing::Another;
    }
    let mut listed = Candidate { fields, ..then.clone() };
    if opened.expired {
        listed.grade = listed.grade.min(Grade::Possible);
        if !listed.why.lowered.contains(&Lowered::Expired) {
            listed.why.lowered.push(Lowered::Expired);
        }
    }
    Standing::Listed(Box::new(listed))
}

/// Of an opened record what a check knows, too.
fn compared(facts: &Facts) -> Facts {
    facts
        .iter()
        .filter(|(field, _)| !KEPT_BACK.contains(&field.as_ref()))
        .map(|(f, v)| (f.clone(), v.clone()))
        .collect()
}

fn bears_a_mark_of(item: &Item, facts: &Facts) -> bool {
    let of_item = |mark: &str| item.marks.iter().any(|seen| keys::canonical(&seen.mark.value) == keys::canonical(mark));
    let mut listed = Scheme::ALL.iter().filter_map(|scheme| facts.get(scheme.code())).flat_map(|all| all.split(" · "));
    listed.any(of_item)
}

/// Whether what was opened is still what the record says.
pub fn still_says(opened: &Opened, standing: &Standing) -> bool {
    match standing {
        Standing::Unknown => true,
        Standing::Listed(listed) => compared(&opened.facts) == listed.fields,
        Standing::NoRegister | Standing::Withdrawn | Standing::Another => false,
    }
}

/// The registers of now in one line.
pub fn versions(held: &[Held]) -> String {
    let all: Vec<String> = held.iter().map(|held| format!("{}@{}", held.age.id, held.age.version)).collect();
    all.join(" ")
}

/// Whether the records of an answer may stand otherwise by now. Those of before this window are always looked at once: what is to be
/// beware of in them is not in the ledger.
pub fn is_of_other_registers(answer: &Answer, held: &[Held]) -> bool {
    let given = &answer.given.verdict;
    if held.is_empty() || given.candidates.is_empty() {
        return false;
    }
    match &answer.since {
        Some(since) => since.by != versions(held),
        None => {
            let is_held = |id, version| held.iter().any(|held| held.age.id == id && held.age.version == version);
            answer.remembered || given.registers.iter().any(|asked| !is_held(asked.id.clone(), asked.version))
        }
    }
}
