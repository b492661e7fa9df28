//! Equal marks on crowded keys whose description is wrong in one fact.

use super::*;

/// Numbers of three digits that several bear each.
fn crowd(bearers: usize) -> Practice {
    let mut records: Vec<Record> = (0..1_000 * bearers)
        .map(|n| record(&format!("n{n}"), vec![serial(&format!("{:03}", n % 1_000))], Some("ТТ"), Some(1940)))
        .collect();
    records.push(record("true", vec![serial("471")], Some("ПМ"), Some(1983)));
    Practice { index: index_of(&records), records }
}

#[test]
fn an_equal_number_is_listed_though_one_fact_was_read_wrongly() {
    let told = |model: &str, calibre: &str, year| Description {
        object: Some(Object::Firearm),
        kind: Some("pistol".into()),
        model: Some(model.into()),
        calibre: Some(calibre.into()),
        year: Some(year),
        ..Description::default()
    };
    let table = [
        (3, told("ПМ", "9", 1983), true, &[][..]),
        (3, told("ПМ", "9", 1975), true, &[Trait::Year]),
        (3, told("ПМ", "5.45", 1983), true, &[Trait::Calibre]),
        // Among more than a few of one number, too.
        (40, told("ПМ", "9", 1975), true, &[Trait::Year]),
        // Two facts of four: the description is of another weapon.
        (3, told("АПС", "5.45", 1983), false, &[]),
        // Among hundreds nobody can tell whether it is the one.
        (200, told("ПМ", "9", 1975), false, &[]),
    ];
    for (bearers, about, is_listed, contradicts) in table {
        let practice = crowd(bearers);
        let verdict = practice.ask(&[serial("471")], about.clone());
        let listed = verdict.candidates.iter().find(|c| c.record == "true");
        assert_eq!(listed.is_some(), is_listed, "{bearers} {about:?}");
        let Some(listed) = listed else { continue };
        assert_eq!((listed.grade, listed.why.contradicts.as_slice()), (Grade::Possible, contradicts), "{bearers}");
        assert!(verdict.candidates.len() <= 3, "no more than a few: {}", verdict.candidates.len());
    }
}

#[test]
fn nothing_is_asked_whose_answer_changes_nothing() {
    let mut records = crowd(3).records;
    let twice = vec![serial("472"), Mark::new(Scheme::Import, "US 88123456")];
    records.push(Record {
        description: Description {
            make: Some("Тула".into()), ..record("", vec![], Some("ТТ"), None).description
        },
        ..record("other", twice, Some("ТТ"), Some(1940))
    });
    let practice = Practice { index: index_of(&records), records };
    let all = Description { year: Some(1983), calibre: Some("9".into()), ..pistol() };
    let verdict = practice.ask(&[serial("471")], all);
    assert_eq!(verdict.candidates[0].record, "true");
    for ask in [Ask::Make, Ask::SecondMark] {
        assert!(!verdict.ask.contains(&ask), "the record has no such thing: {:?}", verdict.ask);
    }
}

#[test]
fn another_make_is_named_among_what_differs_and_changes_no_grade() {
    let mut listed = record("true", vec![serial("ЗЯ 471903")], Some("ПМ"), Some(1978));
    listed.description.make = Some("Іжмаш".into());
    let practice = Practice { index: index_of(std::slice::from_ref(&listed)), records: vec![listed] };
    let told = |make: Option<&str>, year| {
        let about = Description { make: make.map(str::to_owned), year: Some(year), ..pistol() };
        let verdict = practice.ask(&[serial("ЗЯ471903")], about);
        (verdict.grade, verdict.candidates[0].why.contradicts.clone())
    };
    for (make, year, differs) in [
        (None, 1978, &[][..]),
        (Some("Izhmash"), 1978, &[]),
        (Some("Tula"), 1978, &[Trait::Make]),
        (Some("Zastava"), 1978, &[Trait::Make]),
        (Some("Tula"), 1950, &[Trait::Make, Trait::Year]),
    ] {
        let (grade, contradicts) = told(make, year);
        assert_eq!(contradicts, differs, "{make:?} {year}");
        assert_eq!(grade, told(None, year).0, "{make:?} {year}");
    }
}

/// Numbers of six digits, of which one in two hundred is taken: few strangers bear one.
#[test]
fn an_equal_mark_that_few_strangers_bear_is_listed_though_the_only_fact_told_contradicts() {
    let mut records: Vec<Record> = (0..5_000)
        .map(|n| record(&format!("n{n}"), vec![serial(&format!("{:06}", n * 199))], Some("ТТ"), Some(1940)))
        .collect();
    records.push(record("true", vec![serial("483483")], Some("ПМ"), Some(1961)));
    let practice = Practice { index: index_of(&records), records };
    let told = |kind: Option<&str>, model: Option<&str>, year| Description {
        object: Some(Object::Firearm),
        kind: kind.map(str::to_owned),
        model: model.map(str::to_owned),
        year,
        ..Description::default()
    };
    for (about, is_listed) in [
        (told(None, None, Some(1987)), true),
        (told(Some("pistol"), None, Some(1987)), true),
        (told(Some("shotgun"), None, None), true),
        (told(Some("shotgun"), Some("МР-153"), Some(1987)), false),
    ] {
        let verdict = practice.ask(&[serial("483483")], about.clone());
        let listed = verdict.candidates.iter().find(|c| c.record == "true");
        assert_eq!(listed.map(|c| c.grade), is_listed.then_some(Grade::Possible), "{about:?}");
    }
}
