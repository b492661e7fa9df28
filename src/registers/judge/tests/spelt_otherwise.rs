//! A listed item whose mark or description is written another way than in its record: understood, looked up and graded as a whole.

use crate::domain::understand::understand_typed;
use crate::domain::{
    Description, Grade, Item, Mark, Object, Record, RegisterId, RegisterVersion, Scheme, SeenMark, Status, Trait,
    Verdict,
};
use crate::registers::{IndexBuilder, RecordRef, RegisterFacts, Registers, judge};

fn described(object: Object, model: &str, calibre: &str) -> Description {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Description { object: Some(object), model: text(model), calibre: text(calibre), ..Description::default() }
}

/// The verdict on what was typed, by a register of one record.
fn verdict(listed: (Scheme, &str), of: Description, typed: &str, told: Description) -> Verdict {
    let marks = vec![Mark::new(listed.0, listed.1)];
    let record = Record {
        id: "listed".into(),
        marks,
        description: of,
        status: Status::Stolen,
        owner: "invented".into(),
        ..Record::default()
    };
    let facts = RegisterFacts {
        id: RegisterId("register".into()),
        version: RegisterVersion(1),
        as_of_ms: 1_700_000_000_000,
        owner: "invented".into(),
        objects: record.description.object.into_iter().collect(),
        records: 1,
        practice: true,
    };
    let mut builder = IndexBuilder::new(vec![facts]).unwrap();
    builder.push(0, &record).unwrap();
    let index: Registers = builder.finish().unwrap().into();
    let marks = understand_typed(typed).marks.into_iter().map(SeenMark::typed).collect();
    let fetch = |_: RecordRef| Ok::<_, std::convert::Infallible>(record.clone());
    judge(&index, &Item { marks, description: told }, &fetch).unwrap()
}

#[test]
fn a_mark_with_words_or_signs_round_it_is_found() {
    for (listed, typed) in [
        ("ЖЮ48213К", "Ж Ю 4 8 2 1 3 К"),
        ("ЖЮ48213К", "серія ЖЮ № 48213К"),
        ("W0548213", "W 0 5 4 8 2 1 3"),
        ("AB5523", "SER NO A B 5 5 2 3"),
        ("XQ77190R", "AB 55 23 (XQ 77 190 R)"),
        ("BXKV731Q", "Serial Number BXKV731Q"),
        ("BXKV731Q", "N° de série BXKV731Q"),
        ("BXKV731Q", "S.N. BXKV731Q"),
        ("BXKV731Q", "Nr. BXKV731Q"),
        ("BXKV731Q", "SN: BXKV731Q PN: 4711"),
        ("RR9988", "BXKV731Q\tRR9988"),
        ("RR9988", "BXKV731Q\r\nRR9988"),
        ("RR9988", "BXKV731Q|RR9988"),
        ("RR9988", "BXKV731Q + RR9988"),
        ("RR9988", "BXKV731Q [RR9988]"),
    ] {
        let firearm = || described(Object::Firearm, "", "");
        let verdict = verdict((Scheme::Serial, listed), firearm(), typed, firearm());
        assert_eq!(verdict.grade, Grade::Hit, "{typed:?} and {listed}");
    }
}

/// What may be a label may be letters of the serial: found, and no match.
#[test]
fn a_label_that_was_cut_on_one_side_only_is_probable() {
    for (listed, typed) in [("SN 88123K", "SN88123K"), ("SER4471X", "SER-4471X"), ("SN88123K", "SN 88123K")] {
        let firearm = || described(Object::Firearm, "", "");
        let verdict = verdict((Scheme::Serial, listed), firearm(), typed, firearm());
        assert_eq!(verdict.grade, Grade::Probable, "{typed} and {listed}");
    }
}

#[test]
fn a_plate_and_a_container_are_found_as_their_schemes_have_them() {
    for (scheme, object, listed, typed) in [
        (Scheme::Plate, Object::Vehicle, "AA1234BC", "UA AA1234BC"),
        (Scheme::Plate, Object::Vehicle, "UA AA1234BC", "АА 1234 ВС"),
        (Scheme::Container, Object::Container, "CSQU3054383", "CSQU3O54383"),
    ] {
        let verdict = verdict((scheme, listed), described(object, "", ""), typed, described(object, "", ""));
        assert!(verdict.candidates.iter().any(|c| c.record == "listed"), "{typed}: {:?}", verdict.grade);
    }
}

#[test]
fn a_description_in_other_words_contradicts_nothing() {
    for (model, calibre, told_model, told_calibre) in [
        ("17 Gen4", "", "Glock 17", ""),
        ("17 Gen4", "", "G17", ""),
        ("МР-654К", "", "MP-654", ""),
        ("75B", "", "CZ 75", ""),
        ("92FS", "", "92", ""),
        ("M4A1", "", "M4 Carbine", ""),
        ("Browning HP", "", "High Power", ""),
        ("MP-443", "", "Грач", ""),
        ("", ".338 Lapua", "", "8.6x70"),
        ("", ".40 S&W", "", "10x22"),
        ("", "7.62x54R", "", "7.62x53R"),
        ("", ".38 Special", "", "9x29R"),
        ("", "762", "", "7.62"),
        ("", "0.308", "", "308"),
    ] {
        let (record, told) =
            (described(Object::Firearm, model, calibre), described(Object::Firearm, told_model, told_calibre));
        let verdict = verdict((Scheme::Serial, "BXKV731Q"), record, "BXKV731Q", told);
        assert_eq!(verdict.grade, Grade::Hit, "{model}{calibre} and {told_model}{told_calibre}");
        assert_eq!(verdict.candidates[0].why.contradicts, [], "{model}{calibre} and {told_model}{told_calibre}");
    }
    let (record, told) = (described(Object::Firearm, "АКМ", ""), described(Object::Firearm, "АК-74", ""));
    let verdict = verdict((Scheme::Serial, "BXKV731Q"), record, "BXKV731Q", told);
    assert_eq!(verdict.candidates[0].why.contradicts, [Trait::Model], "two models are two");
}

#[test]
fn a_mark_one_slip_away_is_listed_under_another_name_of_the_model_and_not_under_another_model() {
    let pistol = |model: &str| Description {
        kind: Some("pistol".into()),
        year: Some(2015),
        ..described(Object::Firearm, model, "9x19")
    };
    for (told, grade) in [("Glock 17", Grade::Possible), ("G17 Gen5", Grade::Possible), ("Glock 19", Grade::NoRecord)] {
        let verdict = verdict((Scheme::Serial, "BXKV731Q"), pistol("17 Gen4"), "BXKV781Q", pistol(told));
        assert_eq!(verdict.grade, grade, "{told}");
    }
}

/// The part number of a payload is no model, and takes no match away.
#[test]
fn a_part_number_contradicts_no_model() {
    let payload = "[)>\u{1e}06\u{1d}17V0CVA5\u{1d}1P1234\u{1d}SBXKV731Q\u{1e}\u{4}";
    let said = understand_typed(payload);
    let told = Description { object: Some(Object::Firearm), ..said.description };
    let verdict = verdict((Scheme::Serial, "BXKV731Q"), described(Object::Firearm, "M4A1", ""), payload, told);
    assert_eq!((verdict.grade, verdict.candidates[0].why.contradicts.as_slice()), (Grade::Hit, &[][..]));
}
