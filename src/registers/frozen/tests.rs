//! The frozen form against golden bytes, damage, and what this version does not know.

use super::*;

pub(crate) fn full() -> Record {
    Record {
        id: "9000000".into(),
        marks: vec![
            Mark::new(Scheme::Serial, "ЕВ1234"),
            Mark { scheme: Scheme::Uii, value: "D7A72000000001".into(), place: Some("frame".into()) },
        ],
        description: Description {
            object: Some(Object::Firearm),
            kind: Some("ПІСТОЛЕТ".into()),
            model: Some("ПМ".into()),
            calibre: Some("9".into()),
            year: Some(1978),
            ..Description::default()
        },
        status: Status::Stolen,
        owner: "ВИГАДАНИЙ ЗАПИС".into(),
        action: Some(Action::DiscreetCheck),
        reported_on: NaiveDate::from_ymd_opt(2017, 10, 3),
        lost_on: NaiveDate::from_ymd_opt(2014, 3, 31),
        expires_on: None,
        caution: Some("armed".into()),
        ..Record::default()
    }
}

fn fuller() -> Record {
    let lot = SerialRange { place: Some("frame".into()), ..SerialRange::new("AB1000", "AB1999").unwrap() };
    Record {
        ranges: vec![lot],
        colour: Some("grey".into()),
        restriction: Some("not for courts".into()),
        contact: Some("duty desk".into()),
        status: Status::Delivered,
        delivery: Some(Delivery {
            to: "Invented Battalion".into(),
            place: Some("Invented".into()),
            on: NaiveDate::from_ymd_opt(2026, 1, 2),
        }),
        ..full()
    }
}

#[test]
fn a_record_survives_its_bytes() {
    let bare = Record { status: Status::Expected, ..full() };
    for record in [full(), fuller(), bare] {
        assert_eq!(Record::from_canonical_bytes(&record.canonical_bytes()), Ok(record));
    }
}

#[test]
fn a_record_that_is_not_wanted_is_never_in_the_form_of_which_an_older_program_would_make_a_wanted_one() {
    assert_eq!(full().canonical_bytes()[0], FORM);
    for status in [Status::Delivered, Status::Expected] {
        assert_eq!(Record { status, ..full() }.canonical_bytes()[0], FORM_WITH_MORE);
    }
}

#[test]
fn the_bytes_are_golden() {
    // Stored and published records are known by this hash; a change here means a new form, not a new expectation.
    assert_eq!(full().content_hash().to_string(), GOLDEN);
    assert_eq!(fuller().content_hash().to_string(), GOLDEN_WITH_MORE);
}
const GOLDEN_WITH_MORE: &str = "9ef785465033c5d3fd9f612cd0f1348b8c4cf73441ecfbc7bec2fbb7ae13bac4";
const GOLDEN: &str = "4ee8b52b903098ee776c7d94fc17386baf45b32ca9444f8c72dea880d5b024f0";

#[test]
fn damage_is_an_error_and_never_a_panic() {
    for bytes in [full().canonical_bytes(), fuller().canonical_bytes()] {
        for cut in 0..bytes.len() {
            assert!(Record::from_canonical_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Record::from_canonical_bytes(&[&bytes[..], &[0]].concat()).is_err());
    }
    assert_eq!(Record::from_canonical_bytes(&[9, 0]), Err(FrozenError::NewerForm(9)));
}

#[test]
fn the_derived_id_does_not_depend_on_the_id() {
    let mut other = full();
    other.id = "x".into();
    assert_eq!(other.derived_id(), full().derived_id());
    other.description.year = None;
    assert_ne!(other.derived_id(), full().derived_id());
}

#[test]
fn what_is_written_by_hand_is_what_the_form_says() {
    for record in [full(), fuller(), Record::default()] {
        let frozen = Frozen::of(&record);
        let more = More::bytes_of(&record).unwrap_or_default();
        let mut bytes = Vec::new();
        frozen.write(&more, &mut bytes);
        let form = if more.is_empty() { FORM } else { FORM_WITH_MORE };
        let expected = postcard::to_extend(&frozen, vec![form]).unwrap();
        assert_eq!(bytes, [expected, more.clone()].concat());
        assert_eq!(Frozen::read(&bytes).unwrap(), (frozen, &more[..]));
    }
}

#[test]
fn what_is_not_known_here_is_written_as_it_is_kept() {
    let record = full();
    let mark = FrozenMark { scheme: "rune", value: "1", place: None };
    let unknown: [fn(&mut Frozen<'_>); 4] = [
        |f| f.object = Some("airship"),
        |f| f.action = Some("applaud"),
        |f| f.status = "mislaid",
        |f| f.marks[0].scheme = "rune",
    ];
    for change in unknown {
        let mut frozen = Frozen::of(&record);
        frozen.marks.push(FrozenMark { scheme: "serial", ..mark.clone() });
        assert!(frozen.is_known());
        change(&mut frozen);
        assert!(!frozen.is_known());
        let mut bytes = Vec::new();
        frozen.write_known(&[], &mut bytes).unwrap();
        assert_eq!(bytes, frozen.thaw().unwrap().canonical_bytes());
    }
    let no_day = Frozen { lost_day: Some(i32::MAX), ..Frozen::of(&record) };
    assert!(no_day.write_known(&[], &mut Vec::new()).is_err());
}
