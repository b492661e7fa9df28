//! Documents, which are their issuer's.

use super::*;

#[test]
fn a_document_typed_without_its_scheme_is_held_to_its_issuer_all_the_same() {
    let mut listed = record("doc", vec![Mark::new(Scheme::Document, "FA123456")], None, None);
    listed.description = Description { issuer: Some("UKR".into()), ..Description::default() };
    let practice = Practice { index: index_of(std::slice::from_ref(&listed)), records: vec![listed] };
    let object = Some(Object::Firearm);
    let of = |issuer: &str| Description { object, issuer: Some(issuer.into()), ..Description::default() };
    for mark in [serial("FA 123456"), Mark::new(Scheme::Document, "FA123456")] {
        for (issuer, grade) in [("UKR", Grade::Hit), ("POL", Grade::Possible)] {
            let verdict = practice.ask(std::slice::from_ref(&mark), of(issuer));
            assert_eq!((verdict.grade, verdict.ask), (grade, vec![]), "{mark:?} {issuer}");
        }
        // Another state's document may bear it, so who issued it is asked, however rare the number.
        let verdict = practice.ask(std::slice::from_ref(&mark), of(" "));
        assert_eq!((verdict.grade, verdict.ask), (Grade::Hit, vec![Ask::Issuer]), "{mark:?}");
    }
}

#[test]
fn a_document_of_another_sort_is_no_match_however_equal_its_number() {
    let mut listed = record("doc", vec![Mark::new(Scheme::Document, "000123456")], None, None);
    listed.description =
        Description { issuer: Some("UKR".into()), kind: Some("id_card".into()), ..Description::default() };
    let practice = Practice { index: index_of(std::slice::from_ref(&listed)), records: vec![listed] };
    for (kind, grade, contradicts) in [
        ("passport", Grade::Probable, &[Trait::Kind][..]),
        ("identity card", Grade::Hit, &[]),
        ("a paper", Grade::Hit, &[]),
    ] {
        let about = Description {
            object: Some(Object::Firearm),
            issuer: Some("UKR".into()),
            kind: Some(kind.into()),
            ..Description::default()
        };
        let verdict = practice.ask(&[Mark::new(Scheme::Document, "000123456")], about);
        assert_eq!((verdict.grade, &verdict.candidates[0].why.contradicts[..]), (grade, contradicts), "{kind}");
    }
}

#[test]
fn a_country_is_one_issuer_in_all_of_its_codes() {
    let mut listed = record("doc", vec![Mark::new(Scheme::Document, "C01X00T47")], None, None);
    for (told, of_record, grade) in [
        ("D", "DEU", Grade::Hit),
        ("DEU", "D<<", Grade::Hit),
        ("D", "POL", Grade::Possible),
        ("DNK", "D", Grade::Possible),
        ("DE", "DEU", Grade::Hit),
        ("germany", "D", Grade::Hit),
        ("PL", "DEU", Grade::Possible),
        ("Poland", "DEU", Grade::Possible),
        ("Німеччина", "DEU", Grade::Hit),
        ("Польща", "DEU", Grade::Possible),
        ("UNO", "UNO", Grade::Hit),
    ] {
        listed.description = Description { issuer: Some(of_record.into()), ..Description::default() };
        let practice = Practice { index: index_of(std::slice::from_ref(&listed)), records: vec![listed.clone()] };
        let object = Some(Object::Firearm);
        let about = Description { object, issuer: Some(told.into()), ..Description::default() };
        let verdict = practice.ask(&[Mark::new(Scheme::Document, "C01X00T47")], about);
        assert_eq!(verdict.grade, grade, "{told} {of_record}");
        assert!(verdict.ask.is_empty(), "{told} {of_record}: {:?}", verdict.ask);
    }
}

#[test]
fn a_lot_of_stolen_blanks_is_its_issuer_s() {
    let range = crate::domain::SerialRange::new("GH400000", "GH400999").unwrap();
    let mut lot = Record { ranges: vec![range], ..record("blanks", vec![], None, None) };
    let object = Some(Object::TravelDocument);
    lot.description = Description { object, issuer: Some("UKR".into()), ..Description::default() };
    let records = vec![lot];
    let practice = Practice { index: index_for(&[Object::TravelDocument], &records, 1), records };
    for mark in [serial("GH400500"), Mark::new(Scheme::Document, "GH400500")] {
        for (issuer, grade, ask) in [
            (Some("UKR"), Grade::Hit, &[][..]),
            (Some("POL"), Grade::Possible, &[]),
            (None, Grade::Hit, &[Ask::Issuer]),
        ] {
            let about = Description { object, issuer: issuer.map(str::to_owned), ..Description::default() };
            let verdict = practice.ask(std::slice::from_ref(&mark), about);
            assert_eq!((verdict.grade, &verdict.ask[..]), (grade, ask), "{mark:?} {issuer:?}");
        }
    }
}
