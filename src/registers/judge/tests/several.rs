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
