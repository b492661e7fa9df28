//! A slip in a mark like which there are few, on an item of which too little is told.

use super::*;

fn asked(practice: &Practice, mark: &str, description: Description) -> (Grade, Vec<Ask>) {
    let verdict = practice.ask(&[serial(mark)], description);
    (verdict.grade, verdict.ask)
}

#[test]
fn facts_are_asked_for_where_a_rare_mark_is_one_slip_away() {
    let mut practice = practice();
    practice.records.push(record("rare", vec![serial("KXRT9914772")], Some("ПМ"), Some(1981)));
    practice.index = index_of(&practice.records);
    let all = vec![Ask::Kind, Ask::Model, Ask::Calibre, Ask::Year];
    let kind = |kind: &str| Description { kind: Some(kind.into()), ..Description::default() };
    for (mark, told, ask, why) in [
        ("KXRT9914773", Description::default(), all.clone(), "a wrong character"),
        ("KXRT9914727", Description::default(), all.clone(), "two swapped"),
        ("KXRT991477", Description::default(), all.clone(), "one lost"),
        ("KXRT9914773", kind("ПІСТОЛЕТ"), all[1..].to_vec(), "one fact is too few"),
        ("KXRT9914773", kind("ГВИНТІВКА"), vec![], "and it contradicts"),
        ("KXRT9914799", Description::default(), vec![], "two characters wrong"),
        ("4719O9", Description::default(), vec![], "marks like it are many"),
    ] {
        assert_eq!(asked(&practice, mark, told), (Grade::NoRecord, ask), "{mark}: {why}");
    }
    let told = Description { model: Some("ПМ".into()), year: Some(1981), ..kind("ПІСТОЛЕТ") };
    assert_eq!(asked(&practice, "KXRT9914773", told).0, Grade::Possible, "the answers bring it up");
}
