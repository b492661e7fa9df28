//! What an item was said to be, and is not.

use super::*;

#[test]
fn a_rare_mark_is_not_silent_because_the_object_was_told_wrongly() {
    let of = |id: &str, mark: Mark, object| {
        let description = Description { object: Some(object), ..Description::default() };
        Record { description, ..record(id, vec![mark], None, None) }
    };
    let records = vec![
        of("pistol", serial("BXKV731Q"), Object::Firearm),
        of("short", serial("7712"), Object::Firearm),
        of("car", Mark::new(Scheme::Vin, "TMBZZZ1U0W2048813"), Object::Vehicle),
        Record {
            description: Description {
                object: Some(Object::TravelDocument),
                issuer: Some("UKR".into()),
                ..Description::default()
            },
            ..record("passport", vec![Mark::new(Scheme::Document, "FA123456")], None, None)
        },
    ];
    let kept_for = [Object::Firearm, Object::Vehicle, Object::Container, Object::TravelDocument];
    let index = index_for(&kept_for, &records, records.len() as u64);
    let practice = Practice { index, records };
    let about = |mark: &Mark, object| {
        let about = Description { object: Some(object), ..Description::default() };
        let verdict = practice.ask(std::slice::from_ref(mark), about);
        (verdict.grade, verdict.candidates.first().map_or(String::new(), |c| c.record.clone()), verdict.ask)
    };
    let vin = Mark::new(Scheme::Vin, "TMBZZZ1U0W2048813");
    for (mark, object, found) in [
        (&serial("BXKV731Q"), Object::Vehicle, "pistol"),
        (&vin, Object::Container, "car"),
        (&serial("TMBZZZ1U0W2048813"), Object::Firearm, "car"),
    ] {
        assert_eq!(about(mark, object), (Grade::Possible, found.to_owned(), vec![Ask::Object]), "{mark:?}");
    }
    let of_issuer = Description { object: Some(Object::Vehicle), issuer: Some("UKR".into()), ..Description::default() };
    let verdict = practice.ask(&[Mark::new(Scheme::Document, "FA123456")], of_issuer);
    assert_eq!((verdict.grade, verdict.candidates.len()), (Grade::Possible, 1), "though its issuer is the same");
    assert_eq!(about(&serial("BXKV731Q"), Object::Firearm).0, Grade::Hit);
    assert_eq!(about(&vin, Object::Vehicle).0, Grade::Hit);
    assert_eq!(about(&serial("7712"), Object::Vehicle).0, Grade::NoRecord, "many a thing bears such a number");
    assert_eq!(about(&serial("BXKV732Q"), Object::Vehicle).0, Grade::NoRecord, "only what is equal");
}
