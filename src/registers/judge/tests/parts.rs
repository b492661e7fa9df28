//! Numbers on parts that do not belong together.

use super::*;

#[test]
fn parts_with_numbers_that_do_not_belong_together_are_a_finding() {
    let on = |place: &str, value: &str| Mark { place: Some(place.into()), ..serial(value) };
    let rifle = Record {
        id: "two-numbers".into(),
        marks: vec![on("receiver", "KXRT9914772"), on("barrel", "BRL5520918")],
        owner: "invented".into(),
        ..Record::default()
    };
    let plain =
        Record { id: "one".into(), marks: vec![serial("ZWKR7700123")], owner: "invented".into(), ..Record::default() };
    let records = vec![rifle, plain];
    let practice = Practice { index: index_of(&records), records };
    for (marks, is_finding, why) in [
        (vec![on("receiver", "KXRT9914772"), on("barrel", "BRL5520918")], false, "as the record has them"),
        (vec![on("receiver", "KXRT9914772"), on("barrel", "BRL5520919")], true, "another barrel"),
        (vec![on("Receiver", "KXRT9914772"), on(" BARREL", "brl-552O918")], false, "look-alikes are one reading"),
        (vec![serial("KXRT9914772"), on("barrel", "WWW7777771")], true, "the record's barrel bears another number"),
        (vec![on("receiver", "KXRT9914772"), on("bolt", "4772")], false, "the last digits of the same number"),
        (
            vec![on("receiver", "ZWKR7700123"), on("slide", "ZWKR7700129")],
            true,
            "another slide, though the record has none",
        ),
        (
            vec![on("receiver", "PPPP1110001"), on("slide", "PPPP2220002")],
            true,
            "not listed, and a finding all the same",
        ),
        (vec![serial("KXRT9914772"), serial("BRL5520919")], true, "the record has two, and one is another"),
        (vec![serial("KXRT9914772"), serial("BRL 552O918")], false, "both are the record's"),
        (vec![serial("ZWKR7700123"), serial("PPPP1110001")], false, "nothing says that both stand on parts"),
        (
            vec![
                on("receiver", "ZWKR7700123"),
                Mark { place: Some("barrel".into()), ..Mark::new(Scheme::Import, "US88123456") },
            ],
            false,
            "an import mark",
        ),
    ] {
        let verdict = practice.ask(&marks, Description::default());
        assert_eq!(verdict.findings.contains(&Finding::PartsDiffer), is_finding, "{why}");
    }
}

#[test]
fn another_number_under_a_listed_plate_is_a_finding() {
    let (plate, vin) = (Mark::new(Scheme::Plate, "AA1234BB"), Mark::new(Scheme::Vin, "TMBZZZ1U0W2000000"));
    let car = Record {
        id: "car".into(),
        marks: vec![plate.clone(), vin.clone()],
        owner: "invented".into(),
        ..Record::default()
    };
    let practice = Practice { index: index_of(std::slice::from_ref(&car)), records: vec![car] };
    for (marks, is_finding) in [
        (vec![plate.clone(), Mark::new(Scheme::Vin, "TMBZZZ1U0W2000009")], true),
        (vec![Mark::new(Scheme::Plate, "BC7777AA"), vin.clone()], true),
        (vec![plate.clone(), vin], false),
        (vec![plate], false),
    ] {
        let about = Description { object: Some(Object::Firearm), ..Description::default() };
        let verdict = practice.ask(&marks, about);
        assert_eq!(verdict.candidates[0].record, "car");
        assert_eq!(verdict.findings.contains(&Finding::PartsDiffer), is_finding, "{marks:?}");
    }
}
