//! The face of a verdict: from codes and candidates to what the card shows. Pure; the words come from the screens.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::ages;
use super::bench::{Facts, Opened};
use super::card::{Answer, detail};
use crate::domain::keys::canonical;
use crate::domain::{
    Ask, Candidate, Difference, EqualMark, Grade, Item, Lowered, NotChecked, OfWanted, OnRecord, Trait, Verdict,
    asks_for_discretion,
};
use crate::registers::disclosure::is_for_comparing;

/// The facts of a record in the order in which they are shown; marks and the owner among them. Its caution is none of them: that
/// stands over all.
const FACTS: [&str; 29] = [
    "action",
    "status",
    "owner",
    "contact",
    "restriction",
    "delivered_to",
    "delivered_place",
    "delivered_on",
    "object",
    "kind",
    "make",
    "model",
    "calibre",
    "year",
    "colour",
    "country",
    "issuer",
    "serial",
    "range",
    "import",
    "uii",
    "vin",
    "plate",
    "engine",
    "document",
    "container",
    "reported_on",
    "lost_on",
    "expires_on",
];
/// The fact that is shown apart from all others.
const CAUTION: &str = "caution";
/// Facts that an item can be held against.
const COMPARED: [&str; 8] = ["object", "kind", "make", "model", "calibre", "year", "country", "issuer"];

/// One column of two marks held against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// On the item; empty where it has nothing.
    pub read: String,
    /// In the record; empty where it has nothing.
    pub record: String,
    /// Whether they differ.
    pub differs: bool,
}

/// What is said after LOOK AGAIN.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// How many.
    pub count: usize,
    /// `3, 5`
    pub list: String,
    /// The pair of characters, when all places show the same one.
    pub pair: Option<(String, String)>,
}

/// Where two marks differ.
pub fn places(differs: &[Difference]) -> Places {
    let list: Vec<String> = differs.iter().map(|d| d.at.to_string()).collect();
    let mut pairs: Vec<_> = differs.iter().map(|d| (d.read.clone(), d.record.clone())).collect();
    pairs.dedup();
    let pair = (pairs.len() == 1 && !pairs[0].0.is_empty() && !pairs[0].1.is_empty()).then(|| pairs.remove(0));
    Places { count: list.len(), list: list.join(", "), pair }
}

/// The first two observations that are not the characters themselves.
pub fn asks_to_add(ask: &[Ask]) -> [&'static str; 2] {
    let mut codes = ask.iter().filter(|a| **a != Ask::Characters).map(|a| a.code());
    [codes.next().unwrap_or(""), codes.next().unwrap_or("")]
}

/// The mark of the item that this candidate is about, with both sides in columns.
pub fn cells(item: &Item, candidate: &Candidate) -> Vec<Cell> {
    let keys: Vec<String> = item.marks.iter().map(|m| canonical(&m.mark.value)).filter(|k| !k.is_empty()).collect();
    let theirs: Vec<String> = ["serial", "import", "uii", "vin", "plate", "document", "engine", "container"]
        .iter()
        .filter_map(|scheme| candidate.fields.get(*scheme))
        .flat_map(|values| values.split(" · ").map(canonical))
        .collect();
    let columns: Vec<Vec<Cell>> = keys.iter().filter_map(|key| columns(key, candidate)).collect();
    let fits = |cells: &Vec<Cell>| theirs.contains(&cells.iter().map(|c| c.record.as_str()).collect::<String>());
    columns.iter().find(|cells| fits(cells)).or(columns.first()).cloned().unwrap_or_default()
}

/// Which mark of the item this candidate is about, by its place on the card: the first whose columns fit.
pub fn matched(item: &Item, candidate: &Candidate) -> Option<usize> {
    let read: String = cells(item, candidate).iter().map(|c| c.read.as_str()).collect();
    item.marks.iter().position(|m| !read.is_empty() && canonical(&m.mark.value) == read)
}

/// Both sides of one key; `None` when the differences speak of other characters than the key has.
fn columns(key: &str, candidate: &Candidate) -> Option<Vec<Cell>> {
    let mut by_place: BTreeMap<usize, Vec<&Difference>> = BTreeMap::new();
    for difference in &candidate.differs {
        by_place.entry(usize::from(difference.at)).or_default().push(difference);
    }
    let chars: Vec<char> = key.chars().collect();
    let mut cells = Vec::with_capacity(chars.len() + 2);
    // One step past the end: a character that the item lacks may be the last.
    for at in 1..=chars.len() + 1 {
        let mut own = chars.get(at - 1).map(char::to_string);
        for difference in by_place.remove(&at).unwrap_or_default() {
            if !difference.read.is_empty() {
                let own = own.take()?;
                if !difference.read.eq_ignore_ascii_case(&own) {
                    return None;
                }
            }
            let (read, record) = (difference.read.clone(), difference.record.clone());
            cells.push(Cell { read, record, differs: true });
        }
        if let Some(own) = own {
            cells.push(Cell { read: own.clone(), record: own, differs: false });
        }
    }
    by_place.is_empty().then_some(cells)
}

/// A fact of a record beside the item's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub field: String,
    /// What the record says.
    pub value: String,
    /// What the item says; empty when nothing.
    pub mine: String,
    /// Whether they agree, as the verdict held them against each other; `None` where it took them neither way.
    pub agrees: Option<bool>,
}

/// The record's facts in their order; those that this program has no place for come last, as they stand. Before it is
/// `opened`, only what is needed to compare; then all that opening it brought.
pub fn facts(item: &Item, candidate: &Candidate, opened: Option<&Facts>) -> Vec<Held> {
    let told = opened.unwrap_or(&candidate.fields);
    let known = FACTS.iter().copied().filter(|field| told.contains_key(*field));
    let others = told.keys().map(AsRef::as_ref).filter(|field| !FACTS.contains(field) && *field != CAUTION);
    let shown = known.chain(others).filter(|field| opened.is_some() || is_for_comparing(field));
    shown
        .map(|field| {
            let value = told.get(field).cloned().unwrap_or_default();
            let mine = if COMPARED.contains(&field) { detail(&item.description, field) } else { String::new() };
            let agrees = if mine.is_empty() { None } else { agrees(candidate, field, &mine, &value) };
            Held { field: field.to_owned(), value, mine, agrees }
        })
        .collect()
}

/// The verdict knows that АК-74 and AK74 are one model, and that a year apart says nothing; for facts that it does not weigh
/// the words themselves must do.
fn agrees(candidate: &Candidate, field: &str, mine: &str, value: &str) -> Option<bool> {
    let among = |traits: &[Trait]| traits.iter().any(|t| t.code() == field);
    let is_weighed =
        [Trait::Kind, Trait::Make, Trait::Model, Trait::Calibre, Trait::Year].iter().any(|t| t.code() == field);
    match is_weighed {
        true if among(&candidate.why.agrees) => Some(true),
        true if among(&candidate.why.contradicts) => Some(false),
        true => None,
        false => Some(canonical(mine) == canonical(value)),
    }
}

/// Whether its owner asks that nobody notices, for as long as the record is a ground to act on.
pub fn is_discreet(candidate: &Candidate, opened: Option<&Opened>) -> bool {
    let is_ground = candidate.why.lowered.is_empty() && !opened.is_some_and(|opened| opened.expired);
    is_ground && asks_for_discretion(opened.map_or(&candidate.fields, |opened| &opened.facts))
}

/// Whether the record has expired, as the check found it or as it was opened.
pub fn is_expired(candidate: &Candidate, opened: Option<&Opened>) -> bool {
    candidate.why.lowered.contains(&Lowered::Expired) || opened.is_some_and(|opened| opened.expired)
}

/// The records that would stop the item.
fn matches(verdict: &Verdict) -> impl Iterator<Item = &Candidate> {
    verdict.candidates.iter().filter(|c| c.grade >= Grade::Probable)
}

/// What all the records that would stop the item tell of an officer's safety, each once: whichever of them is looked at.
pub fn cautions(verdict: &Verdict) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for told in matches(verdict).map(|c| caution(c, None)).filter(|told| !told.is_empty()) {
        if !all.contains(&told) {
            all.push(told);
        }
    }
    all
}

/// Whether one of the records that would stop the item asks that nobody notices.
pub fn is_any_discreet(verdict: &Verdict) -> bool {
    matches(verdict).any(|c| is_discreet(c, None))
}

/// Whether the card stays closed until it is asked for, however weak the record is that asks that nobody notices.
pub fn asks_to_be_hushed(verdict: &Verdict) -> bool {
    verdict.candidates.iter().any(|c| is_discreet(c, None))
}

/// What an officer must know before anything is done, where the record says; of one that is `opened` it is the one of now.
pub fn caution<'a>(candidate: &'a Candidate, opened: Option<&'a Facts>) -> &'a str {
    opened.unwrap_or(&candidate.fields).get(CAUTION).map(String::as_str).unwrap_or_default()
}

/// A record in a few words for the list of candidates: kind, make, model, calibre, year, as far as it says. Codes of closed
/// lists stay codes; the screens have words for them.
pub fn summary(candidate: &Candidate) -> String {
    let told = ["make", "model", "calibre", "year"].iter().filter_map(|field| candidate.fields.get(*field));
    told.map(String::as_str).collect::<Vec<_>>().join(" · ")
}

/// How much an equal mark says by itself, as a code for the screens; empty where something else must be said.
pub fn telling(candidate: &Candidate) -> &'static str {
    match candidate.equal_mark() {
        Some(EqualMark::HardlyChance) => "few",
        Some(EqualMark::NumberAlone) => "number",
        None => "",
    }
}

/// A code that the screens may not know, as words: `delivered_elsewhere` becomes "delivered elsewhere".
pub fn plain(code: &str) -> String {
    code.replace('_', " ")
}

/// How many of the registers that can say that nobody looks for the item are old, and the age of the oldest.
pub fn old(answer: &Answer, now: DateTime<Utc>) -> (usize, Option<DateTime<Utc>>) {
    let old = || answer.given.verdict.of_wanted().map(|r| r.as_of).filter(|as_of| ages::is_old(*as_of, now));
    (old().count(), old().min())
}

/// The newest of the registers that can say that nobody looks for the item.
pub fn newest(answer: &Answer) -> Option<DateTime<Utc>> {
    answer.given.verdict.of_wanted().map(|r| r.as_of).max()
}

/// Why nothing was checked, as a code for the screens; they tell lists of deliveries from no register at all.
pub fn reason(verdict: &Verdict) -> &'static str {
    match verdict.reason {
        Some(NotChecked::NoRegisterForObject) if !verdict.only_known.is_empty() => "only_known",
        reason => reason.map(NotChecked::code).unwrap_or_default(),
    }
}

/// Why no record is a ground to act on, as a code for the screens, where the mark is that record's and nothing else was found, or
/// what became of the records that were.
pub fn ground(answer: &Answer) -> &'static str {
    match answer.gone() {
        Some(gone) => gone.code(),
        None => ground_in(answer.verdict()),
    }
}

fn ground_in(verdict: &Verdict) -> &'static str {
    match verdict.on_record() {
        Some(OnRecord::ThisAlone(why)) => why.code(),
        _ => "",
    }
}

/// Why the foremost record is no ground to act on, and how far it is about the item: codes for `Words.on-record`.
pub fn on_record(verdict: &Verdict) -> (&'static str, &'static str) {
    match verdict.on_record() {
        Some(OnRecord::ThisAlone(why)) => (why.code(), "this"),
        Some(OnRecord::ThisAmongOthers(why)) => (why.code(), "others"),
        Some(OnRecord::OnlyLikeIt(why)) => (why.code(), "like"),
        None => ("", ""),
    }
}

/// What the registers that can say so say of whether a delivered item is wanted, as a code for the head of the card. Of a check of
/// before this window it is not known which registers those were.
pub fn of_wanted(answer: &Answer) -> &'static str {
    match answer.verdict().of_wanted_items().filter(|_| !answer.remembered) {
        Some(OfWanted::NotAsked) => "not_asked",
        Some(OfWanted::NotListed) => "not_listed",
        None => "",
    }
}

/// The grade as an outline and a word of the screens.
pub fn grade(grade: Grade) -> tracepost_ui::Grade {
    match grade {
        Grade::Hit => tracepost_ui::Grade::Hit,
        Grade::Probable => tracepost_ui::Grade::Probable,
        Grade::Possible => tracepost_ui::Grade::Possible,
        Grade::NoRecord => tracepost_ui::Grade::NotListed,
        Grade::NotChecked => tracepost_ui::Grade::NotChecked,
    }
}

/// The grade to show for an answer: whatever it is, an entry that stands on paper only comes first.
pub fn shown_grade(answer: &Answer) -> tracepost_ui::Grade {
    if answer.paper().is_some() { tracepost_ui::Grade::NotRecorded } else { card_grade(answer) }
}

/// The same for the card itself, which says of the entry elsewhere.
pub fn card_grade(answer: &Answer) -> tracepost_ui::Grade {
    if answer.gone().is_some() { tracepost_ui::Grade::Withdrawn } else { grade(answer.grade()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Mark, RegisterId, Rule, Scheme, SeenMark};

    fn candidate(differs: &[(u16, &str, &str)], serial: &str) -> Candidate {
        let differs = differs
            .iter()
            .map(|(at, read, record)| Difference { at: *at, read: (*read).into(), record: (*record).into() })
            .collect();
        Candidate {
            register: RegisterId("r".into()),
            record: "1".into(),
            grade: Grade::Probable,
            rule: Rule::LookAlike,
            differs,
            why: crate::domain::Why::default(),
            fields: [("serial".into(), serial.to_owned()), ("kind".into(), "Pistol".to_owned())].into(),
        }
    }

    fn item(marks: &[&str]) -> Item {
        let marks = marks.iter().map(|m| SeenMark::typed(Mark::new(Scheme::Serial, *m))).collect();
        Item { marks, ..Item::default() }
    }

    fn sides(cells: &[Cell]) -> (String, String, Vec<usize>) {
        let gap = |s: &String| if s.is_empty() { "_".to_owned() } else { s.clone() };
        let at = cells.iter().enumerate().filter(|(_, c)| c.differs).map(|(i, _)| i + 1).collect();
        (cells.iter().map(|c| gap(&c.read)).collect(), cells.iter().map(|c| gap(&c.record)).collect(), at)
    }

    #[test]
    fn two_marks_stand_side_by_side() {
        type Row<'a> = (&'a [&'a str], &'a [(u16, &'a str, &'a str)], &'a str, (&'a str, &'a str, &'a [usize]));
        let table: [Row<'_>; 6] = [
            (&["AB1234"], &[], "AB1234", ("AB1234", "AB1234", &[])),
            (&["АВ 1284"], &[(5, "8", "B")], "AB12B4", ("AB1284", "AB12B4", &[5])),
            (&["AB124"], &[(5, "", "3")], "AB1234", ("AB12_4", "AB1234", &[5])),
            (&["AB123"], &[(6, "", "4")], "AB1234", ("AB123_", "AB1234", &[6])),
            (&["AB12934"], &[(5, "9", "")], "AB1234", ("AB12934", "AB12_34", &[5])),
            (&["XX9999", "O1"], &[(1, "O", "0")], "01", ("O1", "01", &[1])),
        ];
        for (marks, differs, serial, (read, record, at)) in table {
            let got = sides(&cells(&item(marks), &candidate(differs, serial)));
            assert_eq!(got, (read.to_owned(), record.to_owned(), at.to_vec()), "{marks:?}");
            let about = matched(&item(marks), &candidate(differs, serial));
            assert_eq!(about, Some(marks.len() - 1), "in these the last mark is the one meant");
        }
    }

    #[test]
    fn an_equal_mark_is_called_hardly_chance_only_in_a_hit_that_nothing_contradicts() {
        let table: [(Rule, Grade, &str, &[Trait], u32, &str); 7] = [
            (Rule::Exact, Grade::Hit, "AB1234", &[], 1, "few"),
            (Rule::Exact, Grade::Probable, "1234567", &[], 1, "number"),
            (Rule::Exact, Grade::Probable, "AB1234", &[], 1, ""),
            (Rule::Exact, Grade::Probable, "1234567", &[Trait::Kind, Trait::Year], 1, ""),
            (Rule::Exact, Grade::Hit, "AB1234", &[Trait::Make], 1, "few"),
            (Rule::Exact, Grade::Hit, "AB1234", &[], 2, ""),
            (Rule::LookAlike, Grade::Probable, "1234567", &[], 1, ""),
        ];
        for (rule, grade, serial, contradicts, shared_by, wanted) in table {
            let mut one = candidate(&[], serial);
            (one.rule, one.grade) = (rule, grade);
            (one.why.contradicts, one.why.shared_by) = (contradicts.to_vec(), shared_by);
            assert_eq!(telling(&one), wanted, "{rule:?} {grade:?} {serial} {contradicts:?}");
        }
    }

    #[test]
    fn differences_of_another_mark_never_cross_over() {
        assert!(cells(&item(&["AB"]), &candidate(&[(9, "X", "Y")], "Z")).is_empty());
        assert!(cells(&item(&[]), &candidate(&[], "Z")).is_empty());
    }

    #[test]
    fn places_are_named_with_their_pair_only_when_it_is_one() {
        let one = candidate(&[(3, "0", "O"), (5, "0", "O")], "");
        let got = places(&one.differs);
        assert_eq!((got.count, got.list.as_str()), (2, "3, 5"));
        assert_eq!(got.pair, Some(("0".into(), "O".into())));
        let two = candidate(&[(3, "0", "O"), (5, "8", "B")], "");
        assert_eq!(places(&two.differs).pair, None);
        assert_eq!(places(&[]), Places::default());
    }

    #[test]
    fn a_list_of_deliveries_is_told_from_no_register() {
        let mut verdict = Verdict::not_checked(NotChecked::NoRegisterForObject);
        assert_eq!(reason(&verdict), "no_register_for_object");
        verdict.only_known = vec![RegisterId("army".into())];
        assert_eq!(reason(&verdict), "only_known");
        verdict.reason = Some(NotChecked::UnusableMark);
        assert_eq!(reason(&verdict), "unusable_mark");
    }

    #[test]
    fn a_verdict_is_headed_by_what_is_on_record_only_where_nothing_else_was_found() {
        let expired = || {
            let why = crate::domain::Why { lowered: vec![Lowered::Expired], ..Default::default() };
            Candidate { grade: Grade::Possible, rule: Rule::Exact, why, ..candidate(&[], "AB1234") }
        };
        let verdict = |grade, more, candidates: Vec<Candidate>| Verdict {
            grade,
            more,
            candidates,
            ..Verdict::not_checked(NotChecked::UnusableMark)
        };
        assert_eq!(ground_in(&verdict(Grade::Possible, 0, vec![expired(), expired()])), "expired");
        let other = Candidate { grade: Grade::Possible, ..candidate(&[], "AB1234") };
        assert_eq!(ground_in(&verdict(Grade::Possible, 0, vec![expired(), other])), "", "something may be added");
        assert_eq!(ground_in(&verdict(Grade::Possible, 3, vec![expired()])), "", "others were found");
        let like = Candidate { rule: Rule::OneEdit, ..expired() };
        assert_eq!(ground_in(&verdict(Grade::Possible, 0, vec![like])), "", "that is another mark's record");
        assert_eq!(ground_in(&verdict(Grade::NoRecord, 0, Vec::new())), "");
    }

    #[test]
    fn facts_say_whether_the_item_agrees() {
        let mut mine = item(&["A1"]);
        mine.description.kind = Some("Handgun".into());
        let table: [(&[Trait], &[Trait], Option<bool>); 3] =
            [(&[Trait::Kind], &[], Some(true)), (&[], &[Trait::Kind], Some(false)), (&[], &[], None)];
        for (agrees, contradicts, wanted) in table {
            let mut theirs = candidate(&[], "A1");
            (theirs.why.agrees, theirs.why.contradicts) = (agrees.to_vec(), contradicts.to_vec());
            let got = facts(&mine, &theirs, None);
            let of = |field: &str| got.iter().find(|f| f.field == field).unwrap().clone();
            assert_eq!((of("kind").agrees, of("kind").mine.as_str()), (wanted, "Handgun"));
            assert_eq!(of("serial").agrees, None);
        }
    }

    #[test]
    fn before_it_is_opened_a_record_tells_only_what_is_compared() {
        let mut record = candidate(&[], "A1");
        for (field, value) in [("owner", "Unit 4"), ("status", "stolen"), ("caution", "loaded"), ("seal_of_lot", "7")] {
            record.fields.insert(field.into(), value.into());
        }
        let whole: Facts = record.fields.clone().into_iter().chain([("contact".into(), "+00".into())]).collect();
        let fields = |opened: Option<&Facts>| -> Vec<String> {
            facts(&Item::default(), &record, opened).into_iter().map(|f| f.field).collect()
        };
        assert_eq!(fields(None), ["kind", "serial", "seal_of_lot"]);
        assert_eq!(fields(Some(&whole)), ["status", "owner", "contact", "kind", "serial", "seal_of_lot"]);
        assert_eq!((caution(&record, None), caution(&record, Some(&Facts::default()))), ("loaded", ""));
        assert_eq!((record.mark(), plain("a_b").as_str()), ("A1", "a b"));
    }
}
