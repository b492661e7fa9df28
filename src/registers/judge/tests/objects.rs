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
    ];
    let index = index_for(&[Object::Firearm, Object::Vehicle, Object::Container], &records, 3);
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
    assert_eq!(about(&serial("BXKV731Q"), Object::Firearm).0, Grade::Hit);
    assert_eq!(about(&vin, Object::Vehicle).0, Grade::Hit);
    assert_eq!(about(&serial("7712"), Object::Vehicle).0, Grade::NoRecord, "many a thing bears such a number");
    assert_eq!(about(&serial("BXKV732Q"), Object::Vehicle).0, Grade::NoRecord, "only what is equal");
}
