//! Items against small registers: each rule, each cap, each question.

mod asked;
mod contradicted;
mod documents;
mod given_out;
mod lots;
mod near;
mod objects;
mod parts;
mod several;
mod spelt_otherwise;
mod untold;

use super::*;
use crate::domain::{RegisterId, RegisterVersion, SeenMark, Trait};
use crate::registers::index::{IndexBuilder, RegisterFacts};

/// A register with so many invented pistols of a series that its keys are crowded, and some lone records.
struct Practice {
    index: Registers,
    records: Vec<Record>,
}

fn record(id: &str, marks: Vec<Mark>, model: Option<&str>, year: Option<u16>) -> Record {
    Record {
        id: id.into(),
        marks,
        description: Description {
            object: Some(Object::Firearm),
            kind: Some("ПІСТОЛЕТ".into()),
            model: model.map(str::to_owned),
            calibre: Some("9".into()),
            year,
            ..Description::default()
        },
        status: Status::Stolen,
        owner: "invented".into(),
        action: None,
        reported_on: None,
        lost_on: None,
        expires_on: None,
        caution: None,
        ..Record::default()
    }
}

fn serial(text: &str) -> Mark {
    Mark::new(Scheme::Serial, text)
}

fn practice() -> Practice {
    let mut records = vec![
        record("sparse", vec![serial("ЗЯ 471903")], Some("ПМ"), Some(1978)),
        record(
            "two-marks",
            vec![serial("QWX771204"), Mark::new(Scheme::Import, "US 88123456")],
            Some("ПМ"),
            Some(1990),
        ),
        record("uii", vec![Mark::new(Scheme::Uii, "D7A72000000001")], None, None),
        record("embedded", vec![serial("369J25788")], Some("ПМ"), Some(1981)),
    ];
    for n in 0..4000u32 {
        let years = [1960, 1970, 1980, 1990];
        let serial = serial(&format!("{:04}", n * 7 % 1000));
        let model = ["ПМ", "ТТ", "ФОРТ-12"][n as usize % 3];
        records.push(record(&format!("n{n}"), vec![serial], Some(model), Some(years[n as usize % 4])));
    }
    Practice { index: index_of(&records), records }
}

fn index_of(records: &[Record]) -> Registers {
    index_of_part(records, records.len() as u64)
}

/// Some of the records of a register that has more.
fn index_of_part(records: &[Record], in_all: u64) -> Registers {
    index_for(&[Object::Firearm], records, in_all)
}

/// The same of a register that is kept for these objects.
fn index_for(objects: &[Object], records: &[Record], in_all: u64) -> Registers {
    let facts = RegisterFacts {
        id: RegisterId("weapons".into()),
        version: RegisterVersion(4),
        as_of_ms: 1_700_000_000_000,
        owner: "invented".into(),
        objects: objects.to_vec(),
        records: in_all,
        practice: true,
    };
    let mut builder = IndexBuilder::new(vec![facts]).unwrap();
    for record in records {
        builder.push(0, record).unwrap();
    }
    builder.finish().unwrap().into()
}

impl Practice {
    fn ask(&self, marks: &[Mark], description: Description) -> Verdict {
        let item = Item { marks: marks.iter().cloned().map(SeenMark::typed).collect(), description };
        let fetch = |at: RecordRef| Ok::<_, std::convert::Infallible>(self.records[at.0 as usize].clone());
        judge(&self.index, &item, &fetch).unwrap()
    }

    fn serial(&self, text: &str) -> Verdict {
        self.ask(&[serial(text)], Description::default())
    }
}

fn pistol() -> Description {
    Description {
        object: Some(Object::Firearm),
        kind: Some("pistol".into()),
        model: Some("PM".into()),
        calibre: Some("9x18".into()),
        ..Description::default()
    }
}

#[test]
fn a_sparse_mark_is_a_hit_however_it_is_typed() {
    let practice = practice();
    for typed in ["ЗЯ471903", "зя 471-903", "№ ЗЯ 471903", "S/N: ЗЯ471903"] {
        let verdict = practice.serial(typed);
        assert_eq!((verdict.grade, verdict.rule), (Grade::Hit, Some(Rule::Exact)), "{typed}");
        assert_eq!(verdict.candidates[0].record, "sparse");
        assert_eq!(verdict.ask, [], "a settled verdict asks for nothing");
    }
}

#[test]
fn a_look_alike_shows_the_character_and_the_year_makes_it_a_match() {
    let practice = practice();
    let verdict = practice.serial("3Я 471903");
    assert_eq!((verdict.grade, verdict.rule), (Grade::Probable, Some(Rule::LookAlike)));
    let differs = &verdict.candidates[0].differs;
    assert_eq!((differs[0].at, differs[0].read.as_str(), differs[0].record.as_str()), (1, "3", "З"));
    assert_eq!(verdict.ask[..2], [Ask::Characters, Ask::Year]);
    let with_year = practice.ask(&[serial("3Я 471903")], Description { year: Some(1978), ..Description::default() });
    assert_eq!(with_year.grade, Grade::Hit);
}

#[test]
fn weaker_rules_find_and_never_shout() {
    let practice = practice();
    let by_sound = practice.serial("ZYA471903");
    assert_eq!((by_sound.grade, by_sound.rule), (Grade::Probable, Some(Rule::BySound)));
    let core = practice.serial("369M25788");
    assert_eq!((core.grade, core.rule), (Grade::Probable, Some(Rule::Core)));
    let described = practice.ask(&[serial("369M25788")], Description { year: Some(1981), ..pistol() });
    assert_eq!((described.grade, described.ask.first()), (Grade::Probable, Some(&Ask::Characters)), "a sibling's, too");
    assert_eq!(practice.serial("ЗЯ471908").grade, Grade::NoRecord, "one edit without a description is nothing");
    let one_edit = practice.ask(&[serial("ЗЯ471908")], pistol());
    assert_eq!((one_edit.grade, one_edit.rule), (Grade::Possible, Some(Rule::OneEdit)));
    assert_eq!(one_edit.candidates[0].record, "sparse");
    let number = practice.ask(&[serial("КК471903")], pistol());
    assert_eq!((number.grade, number.rule), (Grade::Possible, Some(Rule::Number)));
}

#[test]
fn a_bare_number_is_never_red_never_long_and_asks() {
    let practice = practice();
    let verdict = practice.serial("0700");
    assert_eq!(verdict.grade, Grade::Possible);
    assert_eq!((verdict.candidates.len(), verdict.more), (4, 0));
    assert!(verdict.ask.contains(&Ask::Year) && verdict.ask.contains(&Ask::Model), "{:?}", verdict.ask);
    let described = practice.ask(&[serial("0700")], Description { year: Some(1960), ..pistol() });
    assert!(described.grade <= Grade::Possible);
    assert!(described.candidates.len() <= CANDIDATES_MAX);
}

#[test]
fn a_different_make_never_hides_a_hit_and_another_kind_lowers_it() {
    let practice = practice();
    let other_make = Description { make: Some("Colt".into()), ..Description::default() };
    assert_eq!(practice.ask(&[serial("ЗЯ471903")], other_make).grade, Grade::Hit);
    let rifle = Description { kind: Some("rifle".into()), calibre: Some("7.62".into()), ..Description::default() };
    let lowered = practice.ask(&[serial("ЗЯ471903")], rifle);
    assert_eq!((lowered.grade, lowered.candidates.len()), (Grade::Probable, 1), "lowered, never hidden");
}

#[test]
fn marks_of_one_item_are_combined() {
    let practice = practice();
    let both = practice.ask(&[serial("QWX771204"), Mark::new(Scheme::Import, "US88123456")], Description::default());
    assert_eq!((both.grade, both.candidates.len()), (Grade::Hit, 1));
    assert_eq!(both.findings, []);
    let apart = practice.ask(&[serial("QWX771204"), serial("ЗЯ471903")], Description::default());
    assert_eq!(apart.findings, [Finding::PartsDiffer]);
    assert_eq!(apart.candidates.len(), 2);
    let in_one_field = practice.serial("QWX771204 (US88123456)");
    assert_eq!((in_one_field.grade, in_one_field.candidates.len()), (Grade::Hit, 1));
}

#[test]
fn either_side_of_a_slash_is_looked_for() {
    let records = vec![record("slide", vec![serial("RZQ554321V")], Some("ПМ"), None)];
    let practice = Practice { index: index_of(&records), records };
    for (typed, grade) in [
        ("ABC12345/RZQ554321V", Grade::Hit),
        ("RZQ554321V / ABC12345", Grade::Hit),
        ("RZQ55/4321V", Grade::Hit),
        ("ABC12345/XXQ554399V", Grade::NoRecord),
        ("ABC12345/4321", Grade::NoRecord),
    ] {
        assert_eq!(practice.serial(typed).grade, grade, "{typed}");
    }
}

#[test]
fn a_uii_is_compared_exactly() {
    let practice = practice();
    let uii = |text: &str| practice.ask(&[Mark::new(Scheme::Uii, text)], pistol()).grade;
    assert_eq!(uii("D7A72000000001"), Grade::Hit);
    assert_eq!(uii("D7A72000000002"), Grade::NoRecord);
    assert_eq!(uii("D7A7200000OOO1"), Grade::NoRecord, "look-alikes are for serials");
}

#[test]
fn not_checked_says_why() {
    let practice = practice();
    let cases = [
        (vec![Mark::new(Scheme::Document, "FA123456")], Description::default(), NotChecked::NoRegisterForObject),
        (
            vec![serial("AB1234")],
            Description { object: Some(Object::Drone), ..Description::default() },
            NotChecked::NoRegisterForObject,
        ),
        (vec![serial("БН")], Description::default(), NotChecked::UnusableMark),
        (vec![Mark::new(Scheme::Gtin, "06291041500213")], Description::default(), NotChecked::UnusableMark),
        (vec![], Description::default(), NotChecked::UnusableMark),
    ];
    for (marks, description, reason) in cases {
        let verdict = practice.ask(&marks, description);
        assert_eq!((verdict.grade, verdict.reason), (Grade::NotChecked, Some(reason)), "{marks:?}");
        assert!(verdict.registers.is_empty());
    }
}

#[test]
fn no_record_names_the_registers_and_their_age() {
    let verdict = practice().serial("НЕМА 99887766");
    assert_eq!(verdict.grade, Grade::NoRecord);
    assert_eq!(verdict.registers.len(), 1);
    assert_eq!(verdict.registers[0].version, RegisterVersion(4));
}

#[test]
fn a_register_that_cannot_be_read_is_an_error_and_never_no_record() {
    let practice = practice();
    let item = Item { marks: vec![SeenMark::typed(serial("ЗЯ471903"))], description: Description::default() };
    assert_eq!(judge(&practice.index, &item, &|_| Err("broken")), Err("broken"));
}

#[test]
fn the_same_question_has_the_same_answer() {
    let practice = practice();
    let ask = || practice.ask(&[serial("0707")], pistol());
    assert_eq!(ask(), ask());
}

#[test]
fn a_uii_without_its_envelope_and_a_number_in_the_serial_column_are_found_all_the_same() {
    let practice = practice();
    for mark in [serial("D7A72000000001"), serial("d7a72000000001"), Mark::new(Scheme::Uii, "D7A72000000001")] {
        let verdict = practice.ask(std::slice::from_ref(&mark), Description::default());
        assert_eq!(verdict.candidates.first().map(|c| c.record.as_str()), Some("uii"), "{mark:?}");
        assert_eq!(verdict.grade, Grade::Hit, "{mark:?}");
    }
    let as_uii = practice.ask(&[Mark::new(Scheme::Uii, "QWX771204")], Description::default());
    assert_eq!(as_uii.candidates.first().map(|c| c.record.as_str()), Some("two-marks"));
}

#[test]
fn an_equal_mark_with_a_letter_is_listed_whatever_the_description_says() {
    let other = Description { kind: Some("shotgun".into()), model: Some("ТОЗ-34".into()), ..pistol() };
    let verdict = practice().ask(&[serial("ЗЯ 471903")], other);
    assert_ne!(verdict.grade, Grade::NoRecord);
    assert_eq!(verdict.candidates[0].record, "sparse");
}

#[test]
fn a_candidate_says_what_agrees_what_contradicts_and_who_else_bears_the_mark() {
    let practice = practice();
    let told = Description { year: Some(1979), model: Some("ТТ".into()), ..pistol() };
    let why = practice.ask(&[serial("ЗЯ471903")], told).candidates.remove(0).why;
    assert_eq!(why.agrees, [Trait::Kind, Trait::Calibre], "a year apart neither agrees nor contradicts");
    assert_eq!((why.contradicts, why.shared_by, why.crowded), (vec![Trait::Model], 1, false));
    let many = practice.serial("0700").candidates.remove(0).why;
    assert_eq!((many.shared_by, many.crowded), (4, true));
}

#[test]
fn a_mark_on_a_lone_record_is_a_match_that_still_asks_where_marks_are_many() {
    let mut records: Vec<Record> = (0..900u32)
        .map(|n| record(&format!("n{n}"), vec![serial(&format!("КР{:06}", n * 997))], Some("ПМ"), Some(1970)))
        .collect();
    records.push(record("true", vec![serial("КР123456")], Some("ТТ"), Some(1951)));
    let practice = Practice { index: index_of(&records), records };
    let alone = practice.serial("КР123456");
    assert_eq!((alone.grade, alone.candidates.len()), (Grade::Hit, 1));
    assert!(matches!(alone.ask.first(), Some(Ask::Year | Ask::Model)), "{:?}", alone.ask);
    let denied = practice.ask(&[serial("КР123456")], Description { year: Some(1990), ..Description::default() });
    assert_eq!(denied.grade, Grade::Probable, "what contradicts takes the hit back");
}

#[test]
fn what_was_delivered_is_a_finding_and_never_a_match() {
    let mut listed = record("d", vec![serial("ЗЯ 471903")], Some("ПМ"), Some(1978));
    listed.status = Status::Delivered;
    let practice = Practice { index: index_of(std::slice::from_ref(&listed)), records: vec![listed] };
    let verdict = practice.ask(&[serial("ЗЯ471903")], Description::default());
    assert_eq!((verdict.grade, verdict.findings), (Grade::Possible, vec![Finding::DeliveredElsewhere]));
    assert!(verdict.ask.is_empty(), "no answer makes it a match");
}

#[test]
fn lists_of_deliveries_alone_cannot_say_that_nothing_is_listed() {
    let known = |status| Record { status, ..record("d", vec![serial("ЗЯ 471903")], Some("ПМ"), Some(1978)) };
    for (records, grade, only_known) in [
        (vec![known(Status::Delivered)], Grade::NotChecked, 1),
        (vec![known(Status::Expected)], Grade::NotChecked, 1),
        (vec![known(Status::Delivered), known(Status::Lost)], Grade::NoRecord, 0),
        (vec![], Grade::NotChecked, 0),
    ] {
        let practice = Practice { index: index_of(&records), records };
        let verdict = practice.serial("QWX771204");
        assert_eq!((verdict.grade, verdict.only_known.len()), (grade, only_known), "{:?}", practice.records);
        let reason = (grade == Grade::NotChecked).then_some(NotChecked::NoRegisterForObject);
        assert_eq!((verdict.reason, verdict.registers.len()), (reason, 1));
    }
}

#[test]
fn a_short_number_of_an_engine_is_no_match_and_what_a_standard_makes_unique_is() {
    let of = |id: &str, scheme, value: &str, issuer: Option<&str>| {
        let about = Description { object: None, issuer: issuer.map(str::to_owned), ..Description::default() };
        Record { description: about, ..record(id, vec![Mark::new(scheme, value)], None, None) }
    };
    let mut records = vec![
        of("engine", Scheme::Engine, "48151", None),
        of("vin", Scheme::Vin, "1HGCM82633A004352", None),
        of("old", Scheme::Vin, "00482", None),
        of("plate", Scheme::Plate, "АА 4821 ВВ", None),
        of("mine", Scheme::Document, "483001234", Some("UKR")),
        of("theirs", Scheme::Document, "483001777", Some("MDA")),
    ];
    // Engines of five digits and documents of nine are common enough here that a number alone says little.
    records.extend((0..3000).map(|n| of(&format!("e{n}"), Scheme::Engine, &format!("{:05}", n * 31 % 48_000), None)));
    let practice = Practice { index: index_of(&records), records };
    let grade = |scheme, value: &str, issuer: Option<&str>| {
        let about = Description { issuer: issuer.map(str::to_owned), ..Description::default() };
        let object = Some(Object::Firearm);
        let verdict = practice.ask(&[Mark::new(scheme, value)], Description { object, ..about });
        (
            verdict.candidates.first().map_or("", |c| if c.record.starts_with('e') { "engine" } else { "" }),
            verdict.grade,
        )
    };
    assert_eq!(
        grade(Scheme::Engine, "48151", None),
        ("engine", Grade::Possible),
        "five digits that a thousand engines bear"
    );
    assert_eq!(grade(Scheme::Vin, "1HGCM82633A004352", None).1, Grade::Hit);
    assert!(grade(Scheme::Vin, "00482", None).1 < Grade::Hit, "not a VIN of the standard");
    assert_eq!(grade(Scheme::Plate, "AA4821BB", None).1, Grade::Hit);
    assert!(grade(Scheme::Document, "483001234", None).1 < Grade::Hit, "a number without its issuer");
    assert_eq!(grade(Scheme::Document, "483001234", Some("UKR")).1, Grade::Hit);
    assert_eq!(grade(Scheme::Document, "483001777", Some("UKR")).1, Grade::Possible, "another state's document");
}

#[test]
fn only_a_register_kept_for_the_object_can_say_that_nothing_is_listed() {
    use Object::*;
    let bare = Record { description: Description::default(), ..record("x", vec![serial("ЗЯ 471903")], None, None) };
    let facts = |objects: &[Object], records| RegisterFacts {
        id: RegisterId("some".into()),
        version: RegisterVersion(1),
        as_of_ms: 0,
        owner: "invented".into(),
        objects: objects.to_vec(),
        records,
        practice: true,
    };
    let table: [(&[Object], u64, Option<Object>, Grade); 12] = [
        // Rows that name no object are rows of weapons.
        (&[], 1, Some(Firearm), Grade::NoRecord),
        (&[], 1, Some(Optics), Grade::NoRecord),
        (&[], 1, None, Grade::NoRecord),
        (&[], 1, Some(Vehicle), Grade::NotChecked),
        (&[], 1, Some(TravelDocument), Grade::NotChecked),
        // One odd row does not make a register of vehicles.
        (&[Firearm, Other], 1, Some(Vehicle), Grade::NotChecked),
        (&[Firearm, Other], 1, Some(Part), Grade::NoRecord),
        (&[Firearm, Other], 1, Some(Other), Grade::NoRecord),
        (&[Vehicle], 1, Some(Vehicle), Grade::NoRecord),
        (&[Vehicle], 1, Some(Firearm), Grade::NotChecked),
        // Nor does one without any record know anything.
        (&[Firearm], 0, Some(Firearm), Grade::NotChecked),
        (&[Firearm], 0, None, Grade::NotChecked),
    ];
    for (objects, records, asked, grade) in table {
        let mut builder = IndexBuilder::new(vec![facts(objects, records)]).unwrap();
        if records > 0 {
            builder.push(0, &bare).unwrap();
        }
        let practice = Practice { index: builder.finish().unwrap().into(), records: vec![bare.clone()] };
        let description = Description { object: asked, ..Description::default() };
        let verdict = practice.ask(&[serial("ТХ 880011")], description.clone());
        assert_eq!(verdict.grade, grade, "{objects:?} of {records} asked for {asked:?}");
        assert_eq!(verdict.reason.is_some(), grade == Grade::NotChecked);
        // What it does hold is found, whatever it is kept for.
        if records > 0 && objects.is_empty() {
            assert!(!practice.ask(&[serial("ЗЯ 471903")], description).candidates.is_empty(), "{asked:?}");
        }
    }
}
