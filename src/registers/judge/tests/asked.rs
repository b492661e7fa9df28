//! Which registers an answer counts.

use super::*;

#[test]
fn a_register_of_weapons_with_a_row_that_names_no_object_is_not_counted_for_a_vehicle() {
    let facts = |id: &str, objects: &[Object]| RegisterFacts {
        id: RegisterId(id.into()),
        version: RegisterVersion(1),
        as_of_ms: 0,
        owner: "invented".into(),
        objects: objects.to_vec(),
        records: 2,
        practice: true,
    };
    let of = |id: &str, mark: &str, object| {
        let description = Description { object, ..Description::default() };
        Record { description, ..record(id, vec![serial(mark)], None, None) }
    };
    let records = [
        of("car", "WVWZZZ1JZXW000001", Some(Object::Vehicle)),
        of("pistol", "QX000035123", Some(Object::Firearm)),
        of("untold", "QX000036123", None),
    ];
    let about = |objects: &[Object], mark: &str| {
        let facts = vec![facts("vehicles", &[Object::Vehicle]), facts("weapons", objects)];
        let mut builder = IndexBuilder::new(facts).unwrap();
        for (register, record) in [0, 1, 1].into_iter().zip(&records) {
            builder.push(register, record).unwrap();
        }
        let practice = Practice { index: builder.finish().unwrap().into(), records: records.to_vec() };
        let object = Some(Object::Vehicle);
        let verdict = practice.ask(&[serial(mark)], Description { object, ..Description::default() });
        let registers: Vec<_> = verdict.registers.iter().map(|r| r.id.to_string()).collect();
        (verdict.grade, verdict.candidates.len(), registers.join(" "))
    };
    for objects in [&[Object::Firearm, Object::Other][..], &[]] {
        assert_eq!(about(objects, "QX777777123"), (Grade::NoRecord, 0, "vehicles".to_owned()), "{objects:?}");
        let (grade, candidates, registers) = about(objects, "QX000036123");
        assert_eq!((grade, candidates), (Grade::Hit, 1), "and yet what it holds is found: {objects:?}");
        assert_eq!(registers, "vehicles weapons", "{objects:?}");
    }
}
