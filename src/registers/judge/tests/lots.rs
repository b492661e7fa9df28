//! Stolen lots, which name their first and last serial only.

use super::*;

fn lot(id: &str, from: &str, to: &str) -> Record {
    let range = crate::domain::SerialRange::new(from, to).unwrap();
    Record { ranges: vec![range], ..record(id, vec![], Some("АК74"), None) }
}

#[test]
fn a_lot_whose_letters_were_not_told_is_possible_where_the_description_agrees() {
    let records = vec![lot("crate", "AB123000", "AB123999"), record("x", vec![serial("ЖЖ123456")], Some("ТТ"), None)];
    let practice = Practice { index: index_of(&records), records };
    let rifle = Description { kind: Some("pistol".into()), model: Some("AK-74".into()), ..Description::default() };
    for typed in ["123456", "CD123456", "A 123456", "AB0123456"] {
        let verdict = practice.ask(&[serial(typed)], rifle.clone());
        assert_eq!((verdict.grade, verdict.rule), (Grade::Possible, Some(Rule::Number)), "{typed}");
        let found = &verdict.candidates[0];
        assert_eq!(found.record, "crate", "{typed}");
        assert_eq!(found.why.lot.as_ref().map(|lot| lot.items), Some(1000), "{typed}");
        assert!(!found.differs.is_empty(), "which letters the lot has: {typed}");
    }
    let other = Description { model: Some("ТТ".into()), ..rifle.clone() };
    for (typed, described) in [("124456", &rifle), ("123456", &other)] {
        let verdict = practice.ask(&[serial(typed)], described.clone());
        assert!(verdict.candidates.iter().all(|c| c.record != "crate"), "{typed} {described:?}");
    }
}

#[test]
fn a_serial_within_a_stolen_lot_is_never_no_record() {
    let records =
        vec![lot("crate", "AB123000", "AB123999"), lot("wide", "КМ1000", "КМ2999"), lot("few", "ЗЯ70", "ЗЯ79")];
    let practice = Practice { index: index_of(&records), records };
    let table = [
        ("AB123456", Grade::Hit, "crate"),
        ("ав 123456", Grade::Hit, "crate"),
        ("A8123456", Grade::Probable, "crate"),
        ("AB1230OO", Grade::Probable, "crate"),
        ("AB1Z3O5O", Grade::Probable, "crate"),
        ("КМ1500", Grade::Probable, "wide"),
        ("ZYA75", Grade::Probable, "few"),
    ];
    for (typed, grade, id) in table {
        let verdict = practice.serial(typed);
        assert_eq!((verdict.grade, verdict.rule), (grade, Some(Rule::Range)), "{typed}");
        let candidate = &verdict.candidates[0];
        assert_eq!(candidate.record, id, "{typed}");
        let named = candidate.why.lot.as_ref().expect("the lot is named");
        let listed = practice.records.iter().find(|r| r.id == id).map(|r| (&r.ranges[0].from, &r.ranges[0].to));
        assert_eq!(Some((&named.from, &named.to)), listed, "{typed}");
    }
    let misread = &practice.serial("A8123456").candidates[0].differs;
    assert_eq!((misread.len(), misread[0].at, misread[0].record.as_str()), (1, 2, "B"), "where to look again");
    let blank = Practice {
        index: index_of(&[lot("blanks", "FA100000", "FA100999")]),
        records: vec![lot("blanks", "FA100000", "FA100999")],
    };
    let passport = blank.ask(
        &[Mark::new(Scheme::Document, "FA 100500")],
        Description { object: Some(Object::Firearm), ..Description::default() },
    );
    assert_eq!((passport.grade, passport.rule), (Grade::Hit, Some(Rule::Range)));
    for outside in ["AB122999", "AB124000", "AB12345", "АС123456"] {
        assert_eq!(practice.serial(outside).grade, Grade::NoRecord, "{outside}");
    }
    let told = practice.ask(&[serial("КМ1500")], Description { model: Some("ПМ".into()), ..Description::default() });
    assert_eq!((told.grade, told.candidates.len()), (Grade::Possible, 1), "another model lowers it and hides nothing");
}
