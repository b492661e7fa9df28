//! Items with several marks: what they say together, in whichever order they stand.

use super::*;

fn two_serials() -> Practice {
    let mut records: Vec<Record> = (0..300)
        .map(|n| record(&format!("n{n}"), vec![serial(&format!("AB{:04}", n * 31 % 10_000))], Some("ТТ"), None))
        .collect();
    records.push(record("true", vec![serial("AB1234"), serial("CD9999")], Some("ПМ"), None));
    Practice { index: index_of(&records), records }
}

#[test]
fn both_serials_of_one_text_speak_for_their_record() {
    let practice = two_serials();
    let apart = practice.ask(&[serial("AB1234"), serial("CD9999")], Description::default());
    assert_eq!((apart.grade, apart.candidates[0].record.as_str()), (Grade::Hit, "true"));
    for text in ["AB1234 (CD9999)", "CD9999 (AB1234)"] {
        let verdict = practice.serial(text);
        assert_eq!((verdict.grade, verdict.candidates[0].record.as_str()), (Grade::Hit, "true"), "{text}");
        assert!(verdict.candidates[0].why.second_mark, "{text}");
    }
}

#[test]
fn the_order_of_marks_changes_nothing() {
    let mut practice = practice();
    practice.records.push(record("low", vec![serial("0001")], Some("ПМ"), Some(1976)));
    practice.records.extend(two_serials().records);
    practice.index = index_of(&practice.records);
    let marks = ["7712", "CD9999", "0001", "ЗЯ471903", "QWX771204", "AB1234", "0707"].map(serial);
    let of = |marks: &[Mark]| {
        let verdict = practice.ask(marks, Description { model: None, ..pistol() });
        let candidates: Vec<_> = verdict.candidates.iter().map(|c| (c.record.clone(), c.grade, c.rule)).collect();
        (verdict.grade, verdict.ask, candidates)
    };
    let first = of(&marks);
    for turn in 1..marks.len() {
        let mut turned = marks.clone();
        turned.rotate_left(turn);
        assert_eq!(of(&turned), first, "{turn}");
        turned.reverse();
        assert_eq!(of(&turned), first, "{turn}, backwards");
    }
}

/// A register in which every bare number of five digits is borne, so that one says nothing by itself.
fn crowded() -> Practice {
    let at = |place: &str, text: &str| Mark { place: Some(place.into()), ..serial(text) };
    let mut records: Vec<Record> = (0..30_000u32)
        .map(|n| {
            let own = format!("{:05}", n * 7919 % 30_000 + 10_000);
            record(
                &format!("n{n}"),
                vec![serial(&own)],
                Some(["ПМ", "ТТ"][n as usize % 2]),
                Some(1950 + (n % 40) as u16),
            )
        })
        .collect();
    records.push(record("pair", vec![serial("11570"), at("barrel", "33286")], Some("ПМ"), None));
    records.push(record("same", vec![serial("21571"), at("barrel", "71571")], Some("ПМ"), None));
    records.push(record("follows", vec![serial("731572"), at("barrel", "31572")], Some("ПМ"), None));
    Practice { index: index_of(&records), records }
}

#[test]
fn two_crowded_numbers_of_one_record_are_hardly_chance() {
    let practice = crowded();
    let grade_of = |marks: &[&str], record: &str| {
        let marks: Vec<Mark> = marks.iter().map(|text| serial(text)).collect();
        let verdict = practice.ask(&marks, pistol());
        let found = verdict.candidates.iter().find(|c| c.record == record);
        found.map(|c| c.grade)
    };
    assert_eq!(grade_of(&["11570"], "pair"), Some(Grade::Possible));
    assert_eq!(grade_of(&["33286"], "pair"), Some(Grade::Possible));
    let both = grade_of(&["11570", "33286"], "pair");
    assert!(both >= Some(Grade::Probable), "{both:?}");
    assert_eq!(grade_of(&["33286", "11570"], "pair"), both, "whichever is told first");
    // The last digits of a number say nothing that it does not.
    assert_eq!(grade_of(&["731572", "31572"], "follows"), grade_of(&["731572"], "follows"));
}

#[test]
fn the_number_of_a_part_is_no_serial_of_another_weapon() {
    let at = |place: &str, text: &str| Mark { place: Some(place.into()), ..serial(text) };
    let mut practice = practice();
    let own = vec![serial("43400"), at("barrel", "77570")];
    practice.records.push(record("rifle", own, Some("ФОРТ-99"), Some(1975)));
    practice.records.push(record("other", vec![serial("77470")], Some("ФОРТ-98"), Some(1975)));
    practice.index = index_of(&practice.records);
    let described = |model: &str| Description { model: Some(model.into()), year: Some(1975), ..pistol() };
    let grade = |mark: Mark, model: &str| practice.ask(&[mark], described(model)).grade;
    assert_eq!(grade(serial("77470"), "ФОРТ-98"), Grade::Hit);
    assert_eq!(grade(serial("43400"), "ФОРТ-99"), Grade::Hit);
    assert_eq!(grade(serial("77570"), "ФОРТ-99"), Grade::Probable, "where it stands was not told");
    assert_eq!(grade(at("slide", "77570"), "ФОРТ-99"), Grade::Probable);
    assert_eq!(grade(at("Barrel", "77570"), "ФОРТ-99"), Grade::Hit);
}

#[test]
fn noughts_that_were_left_out_hide_no_record() {
    let mut practice = practice();
    practice.records.push(record("padded", vec![serial("ДГ 0020")], Some("ПМ"), Some(1966)));
    practice.records.push(record("bare", vec![serial("ЖГ 31")], Some("ПМ"), Some(1966)));
    practice.index = index_of(&practice.records);
    let described = Description { year: Some(1966), ..pistol() };
    for (read, id) in [("ДГ20", "padded"), ("дг-20", "padded"), ("ДГ00020", "padded"), ("ЖГ 000031", "bare")] {
        let verdict = practice.ask(&[serial(read)], described.clone());
        assert_eq!(verdict.candidates.first().map(|c| c.record.as_str()), Some(id), "{read}: {verdict:?}");
        assert_eq!(verdict.grade, Grade::Possible, "{read}");
    }
    assert_eq!(practice.ask(&[serial("ДГ20")], Description { year: Some(1990), ..described }).grade, Grade::NoRecord);
}

#[test]
fn another_maker_s_short_number_is_no_match() {
    let mut practice = practice();
    let mut made = record("made", vec![serial("77570")], Some("ФОРТ-99"), Some(1975));
    made.description.make = Some("Umarex".into());
    practice.records.push(made);
    practice.index = index_of(&practice.records);
    let by = |make: &str| Description {
        model: Some("ФОРТ-99".into()),
        year: Some(1975),
        make: Some(make.into()),
        ..pistol()
    };
    assert_eq!(practice.ask(&[serial("77570")], by("Umarex")).grade, Grade::Hit);
    assert_eq!(practice.ask(&[serial("77570")], by("Röhm")).grade, Grade::Probable);
}

#[test]
fn deliveries_in_series_are_findings_too() {
    let delivered = |n: u32| {
        let text = format!("E{:05}", 40_000 + n);
        Record { status: Status::Delivered, ..record(&text, vec![serial(&text)], Some("ФОРТ-12"), None) }
    };
    let mut records: Vec<Record> = (0..2_000).map(delivered).collect();
    records.push(record("stolen", vec![serial("ZASX8800117")], None, None));
    records.push(Record { status: Status::Delivered, ..record("lone", vec![serial("QWXK5566881")], None, None) });
    records.push(Record { status: Status::Delivered, ..record("bare", vec![serial("51234")], None, None) });
    let practice = Practice { index: index_of(&records), records };
    let found = |marks: &[&str], description: Description| {
        let marks: Vec<Mark> = marks.iter().map(|text| serial(text)).collect();
        practice.ask(&marks, description).findings
    };
    assert_eq!(found(&["E40777"], Description::default()), [Finding::DeliveredElsewhere]);
    let rifle = Description { calibre: Some("5.45".into()), ..Description::default() };
    assert!(found(&["E40777"], rifle).is_empty(), "another calibre");
    assert!(found(&["51234"], Description::default()).is_empty(), "a bare number is borne by many");
    // A delivered one's barrel on a stolen one.
    let both = found(&["QWXK5566881", "ZASX8800117"], Description::default());
    assert!(both.contains(&Finding::PartsDiffer), "{both:?}");
}
