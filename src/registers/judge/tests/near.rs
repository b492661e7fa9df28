//! Marks that were misread, among few neighbours and among very many.

use super::*;

#[test]
fn one_wrong_letter_is_found_among_many_equal_numbers() {
    let mut records: Vec<Record> = (0..40u32)
        .map(|n| {
            let series: String =
                [n / 6, n % 6].iter().map(|&at| "БГДЖЛФ".chars().nth(at as usize % 6).unwrap()).collect();
            record(&format!("n{n}"), vec![serial(&format!("{series}0877"))], Some("ПМ"), Some(1983))
        })
        .collect();
    records.push(record("true", vec![serial("КШ0877")], Some("ПМ"), Some(1983)));
    let practice = Practice { index: index_of(&records), records };
    let verdict = practice.ask(&[serial("КЮ0877")], Description { year: Some(1983), ..pistol() });
    assert_eq!(verdict.grade, Grade::Possible);
    assert_eq!(verdict.candidates.first().map(|c| c.record.as_str()), Some("true"));
    assert!(verdict.more > 30, "the others are counted: {}", verdict.more);
}

#[test]
fn a_short_mark_that_lost_its_letter_is_found_among_many_of_its_number() {
    let mut records: Vec<Record> =
        (0..30).map(|n| record(&format!("n{n}"), vec![serial("123")], Some("ТТ"), Some(1940))).collect();
    records.push(record("true", vec![serial("Б123")], Some("ПМ"), Some(1983)));
    let practice = Practice { index: index_of(&records), records };
    for typed in ["123", "Б12", "Б23", "Ж123"] {
        let verdict = practice.ask(&[serial(typed)], Description { year: Some(1983), ..pistol() });
        assert_eq!(verdict.grade, Grade::Possible, "{typed}");
        assert!(verdict.candidates.iter().any(|c| c.record == "true"), "{typed}: {:?}", verdict.candidates);
    }
}

#[test]
fn the_year_finds_a_misread_number_among_more_neighbours_than_are_weighed() {
    let crowd = |n: usize| record(&format!("n{n}"), vec![serial(&format!("1234{}", n % 10))], Some("ПМ"), Some(1950));
    let mut records: Vec<Record> = (0..8_500).map(crowd).collect();
    records.push(record("true", vec![serial("1235")], Some("ПМ"), Some(1983)));
    let practice = Practice { index: index_of(&records), records };
    let told = practice.ask(&[serial("1234")], Description { year: Some(1983), ..pistol() });
    let ids: Vec<&str> = told.candidates.iter().map(|c| c.record.as_str()).collect();
    assert_eq!((told.grade, ids, told.more), (Grade::Possible, vec!["true"], 0));
    let untold = practice.ask(&[serial("1234")], pistol());
    assert!(untold.more > 7_000, "what is not listed is counted: {}", untold.more);
    assert_eq!(untold.ask.first(), Some(&Ask::Year));
}

/// Ten millions of records, of which these are those near the number 1234: a hundred of each, of a hundred years.
fn crowded() -> Practice {
    let mut near: Vec<String> = vec!["1234".into()];
    for at in 0..4 {
        let (before, after) = ("1234".split_at(at).0, "1234".split_at(at + 1).1);
        near.extend((0..10).map(|digit| format!("{before}{digit}{after}")).filter(|mark| mark != "1234"));
        near.push(format!("{before}{after}"));
    }
    let record =
        |n: usize| record(&format!("n{n}"), vec![serial(&near[n / 100])], Some("ПМ"), Some(1900 + (n % 100) as u16));
    let records: Vec<Record> = (0..near.len() * 100).map(record).collect();
    Practice { index: index_of_part(&records, 10_000_000), records }
}

#[test]
fn among_ten_million_a_misread_short_number_is_listed_once_its_year_is_told() {
    let practice = crowded();
    let misread: Vec<&Record> = practice.records.iter().filter(|r| r.marks[0].value.len() == 4).collect();
    for truth in misread.into_iter().skip(100).step_by(97) {
        let told = practice.ask(&[serial("1234")], Description { year: truth.description.year, ..pistol() });
        assert!(told.candidates.iter().any(|c| c.record == truth.id), "{:?}", truth.marks);
        assert!(told.candidates.len() <= 120 && told.more > 0, "{}", told.candidates.len());
    }
    let untold = practice.ask(&[serial("1234")], pistol());
    practice.index.base().prepare(&|| true);
    assert_eq!(practice.ask(&[serial("1234")], pistol()), untold, "only quicker");
    practice.index.base().unprepare();
    assert!(untold.candidates.len() <= 220 && untold.more > 3_000, "{} {}", untold.candidates.len(), untold.more);
    assert_eq!(untold.ask.first(), Some(&Ask::Year), "what tells thousands apart");
    let all = practice.ask(&[serial("1234")], Description { year: Some(1960), ..pistol() });
    assert_eq!(all.ask, [Ask::Characters], "all is told, and the list is cut");
}

#[test]
fn a_long_list_is_whole_in_a_register_of_a_million() {
    let records: Vec<Record> =
        (0..300).map(|n| record(&format!("n{n}"), vec![serial(&format!("12{}", n % 10))], Some("ПМ"), None)).collect();
    let practice = Practice { index: index_of(&records), records };
    let verdict = practice.ask(&[serial("12")], pistol());
    assert_eq!((verdict.grade, verdict.candidates.len(), verdict.more), (Grade::Possible, 300, 0));
}

#[test]
fn neighbours_that_hardly_can_be_the_item_are_counted_beside_those_that_hold_it() {
    let crowd = |n: u16| record(&format!("n{n}"), vec![serial(&format!("ЮЮ{n}"))], Some("ПМ"), Some(1950 + n % 50));
    let near = |n: u16| {
        let year = (n < 5).then_some(1983);
        record(&format!("near{n}"), vec![serial(&format!("КШ47190{n}"))], Some("ПМ"), year)
    };
    let records: Vec<Record> = (10_000..12_000).map(crowd).chain((1..8).map(near)).collect();
    let practice = Practice { index: index_of(&records), records };
    let told = practice.ask(&[serial("КШ471900")], Description { year: Some(1983), ..pistol() });
    let ids: Vec<&str> = told.candidates.iter().map(|c| c.record.as_str()).collect();
    assert_eq!((ids, told.more), (vec!["near1", "near2", "near3", "near4"], 3), "three tell no year");
    let untold = practice.ask(&[serial("КШ471900")], pistol());
    assert_eq!((untold.candidates.len(), untold.more), (7, 0), "nothing tells them apart");
}

#[test]
fn a_lost_end_is_listed_where_the_description_agrees() {
    let practice = practice();
    for (worn, what) in [("ЗЯ4719", "its end"), ("471903", "its series"), ("ЗЯ471903К", "more than the register has")]
    {
        let told = practice.ask(&[serial(worn)], pistol());
        assert_eq!(told.grade, Grade::Possible, "{what}");
        assert_eq!(told.candidates[0].record, "sparse", "{what}");
        assert_eq!(practice.serial(worn).grade, Grade::NoRecord, "{what}: without a description it is nothing");
    }
    assert_eq!(practice.ask(&[serial("ЗЯ4719")], pistol()).rule, Some(Rule::LostEnd));
}

#[test]
fn two_wrong_characters_are_found_in_a_long_mark_when_nothing_else_is() {
    let practice = practice();
    let told = practice.ask(&[serial("ЗЯ411983")], pistol());
    assert_eq!((told.grade, told.rule), (Grade::Possible, Some(Rule::TwoEdits)));
    assert_eq!(told.candidates[0].differs.len(), 2);
    assert_eq!(practice.serial("ЗЯ411983").grade, Grade::NoRecord);
}
