//! The words of the command line, held against answers of every grade.

use super::*;
use crate::domain::{Difference, Lot, Why};

fn candidate(differs: &[(u16, &str, &str)], why: Why) -> Candidate {
    let differs =
        differs.iter().map(|&(at, read, record)| Difference { at, read: read.to_owned(), record: record.to_owned() });
    Candidate {
        register: RegisterId("r".into()),
        record: "1".into(),
        grade: Grade::Probable,
        rule: Rule::LookAlike,
        differs: differs.collect(),
        why,
        fields: Default::default(),
    }
}

#[test]
fn where_to_look_again_is_said_in_one_line() {
    let table: [(&[(u16, &str, &str)], &str); 5] = [
        (&[], ""),
        (&[(3, "0", "O")], "character 3 (0 or O?)"),
        (&[(3, "0", "O"), (5, "S", "5")], "characters 3 and 5 (0 or O?, S or 5?)"),
        (&[(2, "", "7")], "character 2 (nothing or 7?)"),
        (&[(1, "", "0"), (1, "", "0"), (4, "8", "B")], "characters 1 and 4 (nothing or 00?, 8 or B?)"),
    ];
    for (differs, expected) in table {
        assert_eq!(places(&candidate(differs, Why::default()).differs), expected);
    }
}

#[test]
fn the_headline_says_what_to_do() {
    let verdict = |grade, candidate: Candidate, ask: &[Ask]| {
        let mut verdict = Verdict::not_checked(NotChecked::UnusableMark);
        (verdict.grade, verdict.candidates, verdict.ask) = (grade, vec![candidate], ask.to_vec());
        headline(&verdict, DateTime::UNIX_EPOCH)
    };
    let plain = |differs| candidate(differs, Why::default());
    let differing = |differs| candidate(differs, Why { contradicts: vec![Trait::Kind, Trait::Year], ..Why::default() });
    let of_another_make = candidate(&[], Why { contradicts: vec![Trait::Make], ..Why::default() });
    let lowered = |why| {
        let mut candidate = candidate(&[], Why { lowered: vec![why], ..Why::default() });
        candidate.rule = Rule::Exact;
        candidate.fields.insert("delivered_to".into(), "an invented unit".into());
        candidate
    };
    let wants = |grade, action: &str| {
        let mut candidate = Candidate { grade, ..candidate(&[], Why::default()) };
        candidate.fields.insert("action".into(), action.into());
        candidate
    };
    let table = [
        (
            Grade::Hit,
            wants(Grade::Hit, "discreet_check"),
            &[][..],
            "MATCH: a record asks for a discreet check: carry on as usual, report to its owner",
        ),
        // A record that only may be meant decides nothing about the one that matches.
        (
            Grade::Hit,
            wants(Grade::Possible, "discreet_check"),
            &[],
            "MATCH: hold the item, verify with the owner of the record",
        ),
        (
            Grade::Hit,
            wants(Grade::Hit, "report"),
            &[],
            "MATCH: note it and report it to the owner of the record, who asks for no more: do not hold the item on account of it",
        ),
        (Grade::Hit, wants(Grade::Hit, "seize"), &[], "MATCH: hold the item, verify with the owner of the record"),
        (Grade::Hit, plain(&[]), &[Ask::Year], "MATCH: hold the item, verify with the owner of the record"),
        (Grade::Probable, plain(&[(3, "0", "O")]), &[Ask::Characters], "LOOK AGAIN: character 3 (0 or O?)"),
        (Grade::Probable, plain(&[]), &[Ask::Model, Ask::Kind], "LOOK AGAIN: add model or kind"),
        (Grade::Probable, plain(&[]), &[], "LOOK AGAIN: compare every mark with the record"),
        (Grade::Possible, plain(&[]), &[Ask::Year, Ask::Model, Ask::Kind], "TOO LITTLE: add year or model"),
        (
            Grade::Possible,
            plain(&[(9, "", "2")]),
            &[Ask::Characters, Ask::Year],
            "TOO LITTLE: look again at character 9 (nothing or 2?), or add year",
        ),
        (Grade::Possible, plain(&[(9, "", "2")]), &[Ask::Year, Ask::Characters], "TOO LITTLE: add year"),
        (Grade::Possible, plain(&[]), &[], "TOO LITTLE: compare every mark with the record"),
        (Grade::Probable, differing(&[]), &[Ask::Make], "LOOK AGAIN: compare kind, year with the record"),
        (
            Grade::Possible,
            differing(&[(9, "", "2")]),
            &[Ask::Characters, Ask::Make],
            "TOO LITTLE: look again at character 9 (nothing or 2?), or compare kind, year with the record",
        ),
        // Another make speaks against nothing: what can still be told comes first.
        (Grade::Probable, of_another_make.clone(), &[Ask::Year], "LOOK AGAIN: add year"),
        (Grade::Probable, of_another_make, &[], "LOOK AGAIN: compare make with the record"),
        (
            Grade::Possible,
            lowered(Lowered::Delivered),
            &[],
            "DELIVERED: listed as delivered to an invented unit; no register of wanted items was asked",
        ),
        (
            Grade::Possible,
            lowered(Lowered::Expected),
            &[],
            "EXPECTED: listed as expected by an invented unit; no register of wanted items was asked",
        ),
        (
            Grade::Possible,
            lowered(Lowered::Expired),
            &[],
            "RECORD EXPIRED: the record has expired and is no ground to act on by itself",
        ),
    ];
    for (grade, candidate, ask, expected) in table {
        assert_eq!(verdict(grade, candidate, ask), expected);
    }
}

#[test]
fn a_delivery_is_never_called_clear_nor_its_neighbour_the_item() {
    let now = DateTime::UNIX_EPOCH + chrono::Duration::hours(3);
    let listed = |rule, differs: &[(u16, &str, &str)]| {
        let why = Why { lowered: vec![Lowered::Delivered], ..Why::default() };
        let mut listed = Candidate { grade: Grade::Possible, rule, ..candidate(differs, why) };
        listed.fields.insert("delivered_to".into(), "72\nBrigade".into());
        listed
    };
    let said = |candidates: Vec<Candidate>, wanted: bool| {
        let mut verdict = Verdict::not_checked(NotChecked::UnusableMark);
        (verdict.grade, verdict.candidates) = (Grade::Possible, candidates);
        verdict.registers = (0..=u64::from(wanted)).map(|n| register(n, DateTime::UNIX_EPOCH)).collect();
        verdict.only_known = vec![RegisterId("r0".into())];
        headline(&verdict, now)
    };
    let own = || listed(Rule::Exact, &[]);
    let neighbour = || listed(Rule::OneEdit, &[(5, "7", "9")]);
    let wanted =
        Candidate { grade: Grade::Possible, rule: Rule::Number, ..candidate(&[(1, "A", "B")], Why::default()) };
    for (candidates, of_wanted, expected) in [
        (vec![own()], false, "DELIVERED: listed as delivered to 72 Brigade; no register of wanted items was asked"),
        (
            vec![own()],
            true,
            "DELIVERED: listed as delivered to 72 Brigade; not listed as wanted in 1 register, newest 3 h old",
        ),
        (
            vec![neighbour()],
            true,
            "TOO LITTLE: look again at character 5 (7 or 9?); the nearest that is listed is a delivered item; not listed \
             as wanted in 1 register, newest 3 h old",
        ),
        (
            vec![own(), wanted.clone()],
            true,
            "TOO LITTLE: listed as delivered to 72 Brigade, but another record may be meant: compare every mark with the record",
        ),
        (vec![neighbour(), wanted], true, "TOO LITTLE: compare every mark with the record"),
    ] {
        assert_eq!(said(candidates, of_wanted), expected);
    }
    let line = super::candidate(&own());
    assert!(line.contains("this record only says that it was delivered") && !line.contains("nobody looks"), "{line}");
}

#[test]
fn many_candidates_are_printed_in_part_and_the_rest_is_counted() {
    let mut many = Verdict::not_checked(NotChecked::UnusableMark);
    (many.grade, many.candidates) = (Grade::Possible, vec![candidate(&[], Why::default()); 63]);
    let text = super::verdict(&many);
    assert_eq!(text.matches("probable: 1 in r").count(), 20);
    assert!(text.contains("\n  43 further candidates, no likelier than these; --json lists them all"), "{text}");
}

#[test]
fn what_more_would_be_for_depends_on_the_answer() {
    let table: [(Grade, &[Trait], &str); 4] = [
        (Grade::Hit, &[], "\n  to be surer: year, make"),
        (Grade::Probable, &[], "\n  would settle it: year, make"),
        (Grade::Probable, &[Trait::Make], "\n  would settle it: year, make"),
        (Grade::Probable, &[Trait::Kind], "\n  would tell more: year, make"),
    ];
    for (grade, contradicts, said) in table {
        let mut verdict = Verdict::not_checked(NotChecked::UnusableMark);
        (verdict.grade, verdict.ask, verdict.more) = (grade, vec![Ask::Year, Ask::Make], 1);
        verdict.candidates = vec![candidate(&[], Why { contradicts: contradicts.to_vec(), ..Why::default() })];
        let text = super::verdict(&verdict);
        assert!(text.contains(said), "{said:?} in {text}");
        assert!(text.contains("1 more record is not shown"), "{text}");
    }
}

#[test]
fn an_equal_mark_is_praised_only_in_a_hit() {
    let said = |grade, serial: &str, contradicts: &[Trait]| {
        let mut one = candidate(&[], Why { contradicts: contradicts.to_vec(), ..Why::default() });
        (one.grade, one.rule) = (grade, Rule::Exact);
        one.fields.insert("serial".into(), serial.into());
        super::candidate(&one)
    };
    assert!(said(Grade::Hit, "AB1234", &[]).contains("hardly chance"));
    assert!(said(Grade::Probable, "1234567", &[]).contains("but a number alone says little"));
    let mut two = candidate(&[], Why { second_mark: true, ..Why::default() });
    (two.grade, two.rule) = (Grade::Hit, Rule::Exact);
    assert!(!super::candidate(&two).contains("hardly chance"), "each of the two may be borne by many");
    let three = said(Grade::Probable, "1234567", &[Trait::Kind, Trait::Model, Trait::Year]);
    assert!(three.contains("but the description differs: kind, model, year"), "{three}");
    assert!(!three.contains("hardly chance") && !three.contains("says little"), "{three}");
}

#[test]
fn what_an_expired_record_once_asked_for_is_said_last() {
    for (lowered, said) in [(vec![], "action seize · kind"), (vec![Lowered::Expired], " · action seize\n")] {
        let mut one = candidate(&[], Why { lowered, ..Why::default() });
        one.fields.extend([("action", "seize"), ("kind", "pistol")].map(|(name, fact)| (name.into(), fact.into())));
        assert!(super::candidate(&one).contains(said), "{said:?} in {}", super::candidate(&one));
    }
}

#[test]
fn a_record_that_wants_no_notice_says_so_whatever_its_grade_and_obeys_nobody() {
    let said = |lowered: Vec<Lowered>| {
        let mut one = candidate(&[(3, "0", "O")], Why { lowered, ..Why::default() });
        one.record = "7\nNOT LISTED".into();
        let facts = [("action", "discreet_check"), ("caution", "armed\nNOT LISTED"), ("kind", "pistol")];
        one.fields.extend(facts.map(|(name, fact)| (name.into(), fact.into())));
        super::candidate(&one)
    };
    let text = said(vec![]);
    assert!(text.starts_with("  probable: 7 NOT LISTED in r\n    CAUTION: armed NOT LISTED\n    DISCREET: "), "{text}");
    let text = said(vec![Lowered::Expired]);
    assert!(text.contains("CAUTION") && !text.contains("DISCREET"), "{text}");
}

#[test]
fn what_to_beware_of_a_record_stands_before_its_facts_in_a_look_up_too() {
    let facts = [("action", "discreet_check"), ("caution", "armed"), ("expires_on", "2020-01-01"), ("kind", "pistol")];
    let found = |expired| Found {
        register: RegisterId("r".into()),
        record: "7".into(),
        fields: facts.map(|(name, fact)| (name.into(), fact.to_owned())).into(),
        expired,
    };
    let text = record(&found(false));
    assert!(text.starts_with("7 in r\n  CAUTION: armed\n  DISCREET: ") && !text.contains("EXPIRED"), "{text}");
    let text = record(&found(true));
    let first = "7 in r\n  CAUTION: armed\n  EXPIRED on 2020-01-01: no ground to act on by itself\n  action ";
    assert!(text.starts_with(first), "{text}");
}

#[test]
fn an_old_register_does_not_hide_behind_a_fresh_one() {
    let now = DateTime::UNIX_EPOCH + chrono::Duration::days(100);
    let said = |ages_h: &[i64]| {
        let mut verdict = Verdict::not_checked(NotChecked::UnusableMark);
        verdict.grade = Grade::NoRecord;
        verdict.registers =
            (0..).zip(ages_h).map(|(n, age)| register(n, now - chrono::Duration::hours(*age))).collect();
        headline(&verdict, now)
    };
    for (ages_h, expected) in [
        (&[3, 5][..], "NOT LISTED in 2 registers, newest 3 h old"),
        (&[3, 960], "NOT LISTED in 2 registers, newest 3 h old, oldest 40 days"),
        (&[960], "NOT LISTED in 1 register, newest 40 days old"),
    ] {
        assert_eq!(said(ages_h), expected);
    }
}

fn register(n: u64, as_of: DateTime<Utc>) -> crate::domain::RegisterAge {
    let (id, version) = (RegisterId(format!("r{n}")), crate::domain::RegisterVersion(n));
    crate::domain::RegisterAge { id, version, as_of }
}

#[test]
fn nothing_shown_though_something_is_there_says_why() {
    let mut verdict = Verdict::not_checked(NotChecked::UnusableMark);
    (verdict.grade, verdict.more) = (Grade::NoRecord, 1);
    let text = super::verdict(&verdict);
    assert!(text.contains("\n  1 record with such a mark is not shown, because the description differs"), "{text}");
}

#[test]
fn a_swap_is_not_called_one_character() {
    let mut swapped = candidate(&[(2, "7", "1"), (3, "1", "7")], Why::default());
    swapped.rule = Rule::OneEdit;
    let expected = "because two neighbouring characters of the marks stand the other way round, characters 2 and 3 \
                    (7 or 1?, 1 or 7?)";
    assert!(super::candidate(&swapped).contains(expected), "{}", super::candidate(&swapped));
}

#[test]
fn a_candidate_says_why_it_has_its_grade() {
    let why = Why {
        agrees: vec![Trait::Kind, Trait::Year],
        contradicts: vec![Trait::Model],
        shared_by: 12,
        crowded: true,
        second_mark: true,
        lot: Some(Lot { from: "AB1000".into(), to: "AB1999".into(), items: 1000 }),
        lowered: vec![Lowered::Expired],
    };
    let said = super::candidate(&candidate(&[(3, "0", "O")], why));
    for part in [
        "because the marks are equal but for look-alike characters, character 3 (0 or O?)",
        "another mark",
        "kind, year the same",
        "but the description differs: model",
        "12 records have the mark of this record",
        "from AB1000 to AB1999, 1000 serials",
        "expired",
    ] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
}
