//! What a record has otherwise than its row: fields that cannot be read, actions, control characters.

use super::*;

#[test]
fn a_year_that_cannot_be_read_is_said_and_sets_nothing_aside() {
    let csv = "id,serial,year\n1,AB1001,1978\n2,AB1002,seventies\n3,AB1003,\n4,AB1004,19780\n5,AB1005,1970-ті\n6,,old\n\
               2,AB1002,seventies\n7,AB1007,n/a\n";
    let jsonl = r#"{"id": "1", "serial": "AB1001", "year": 1978}
{"id": "2", "serial": "AB1002", "year": "seventies"}
{"id": "3", "serial": "AB1003"}
"#;
    let ua = r#"[{"id": "1", "weaponnumber": "1001", "graduationyear": "197"}, {"id": "2", "weaponnumber": "1002",
        "graduationyear": "1978"}, {"id": "3", "weaponnumber": "1003", "graduationyear": null}]"#;
    for (format, text, imported, unread) in
        [(Format::Csv, csv, 6, 2), (Format::Jsonl, jsonl, 3, 1), (Format::UaWeapons, ua, 3, 1)]
    {
        let (summary, got) = run(format, text, "");
        let summary = summary.unwrap();
        assert_eq!((summary.imported, summary.years_unread), (imported, unread), "{format}");
        let without = got.records.iter().filter(|r| r.record.description.year.is_none()).count() as u64;
        assert!(without >= unread, "{format}");
    }
}

#[test]
fn a_field_that_cannot_be_read_costs_no_wanted_item() {
    let header = "id,object,serial,reported_on,lost_on,expires_on,action,caution,serial_from,serial_to,year\n";
    let long = "ж".repeat(3000);
    let rows = format!(
        "1,firearm,АВ1234,31.02.2020,2020-02-30,gestern,seize,,,,1978\n\
         2,gun-ish,АВ1235,2020-01-01,,,shoot,{long},,,\n\
         3,,АВ1236,,,,,,9,1,\n\
         4,,\"АВ1237; 1.23457E+11\",,,,,,,,\n\
         5,,,,,,,,9,1,\n\
         6,,1.23457E+11,,,,,,,,\n"
    );
    let (summary, got) = run(Format::Csv, header.to_owned() + &rows, "");
    let summary = summary.unwrap();
    assert_eq!((summary.imported, summary.rejected, summary.noted), (4, 2, 4), "{:?}", got.rejects);
    let notes: Vec<_> = got.notes.iter().map(|n| (n.id.as_str(), n.unread.join(" "))).collect();
    let expected =
        [("1", "expires_on reported_on lost_on"), ("2", "caution object action"), ("3", "serial_to"), ("4", "serial")];
    assert_eq!(notes, expected.map(|(id, fields)| (id, fields.to_owned())));
    let of = |n: usize| &got.records[n].record;
    assert_eq!((of(0).expires_on, of(0).reported_on, of(0).description.year), (None, None, Some(1978)));
    assert_eq!((of(1).description.object, of(1).action), (None, None));
    let caution = of(1).caution.as_deref().unwrap_or_default();
    assert!(caution.starts_with("action as the source has it: \"shoot\"; жж"), "{caution}");
    assert!(caution.ends_with('…') && caution.len() <= 4096, "{}", caution.len());
    assert_eq!((of(2).ranges.len(), of(3).marks.len()), (0, 1));
    let json = r#"{"id":"7","serial":"АВ1","colour":["red"],"reported_on":true}
{"id":"8","serial":["АВ1"]}
"#;
    let (summary, got) = run(Format::Jsonl, json, "");
    assert_eq!((summary.unwrap().imported, got.rejects.len()), (1, 1));
    assert_eq!(got.notes[0].unread, ["colour", "reported_on"]);
    let ua = r#"[{"id":"9","weaponnumber":"77","brandmodel":{"a":1},"theftdate":"колись","graduationyear":"1900-ті"}]"#;
    let (summary, got) = run(Format::UaWeapons, ua, "");
    assert_eq!((summary.unwrap().years_unread, got.rejects.len()), (0, 0));
    assert_eq!(got.notes[0].unread, ["brandmodel", "theftdate"]);
}

#[test]
fn a_discreet_check_is_read_however_it_is_spelled_and_no_other_word_becomes_silence() {
    let spelled = ["discreet_check", "Discreet_Check", "discreet check", "Discreet-check", "discreet", "Heimlich", "-"];
    let rows: String = spelled.iter().enumerate().map(|(n, word)| format!("{n},AB100{n},{word},armed\n")).collect();
    let (_, got) =
        run(Format::Csv, format!("id,serial,action,caution\n{rows}"), "[values.action]\nHeimlich = \"discreet\"");
    let actions: Vec<_> = got.records.iter().map(|r| r.record.action).collect();
    assert_eq!(actions, [vec![Some(Action::DiscreetCheck); 6], vec![None]].concat());
    assert!(got.notes.is_empty() && got.records.iter().all(|r| r.record.caution.as_deref() == Some("armed")));

    let json = r#"{"id":"1","serial":"AB1001","action":"shadow it"}
{"id":"2","serial":"AB1002","action":"shadow it","caution":"armed"}
{"id":"3","serial":"AB1003","action":["discreet_check"]}
"#;
    let long =
        format!(r#"{{"id":"4","serial":"AB1004","action":"{}","caution":"{}"}}"#, "x".repeat(5000), "y".repeat(4000));
    let (summary, got) = run(Format::Jsonl, format!("{json}{long}\n"), "");
    assert_eq!(summary.unwrap().imported, 4, "{:?}", got.rejects);
    assert!(got.records.iter().all(|r| r.record.action.is_none()));
    let cautions: Vec<_> = got.records.iter().map(|r| r.record.caution.as_deref().unwrap()).collect();
    assert_eq!(
        cautions[..3],
        [
            r#"action as the source has it: "shadow it""#,
            r#"action as the source has it: "shadow it"; armed"#,
            r#"action as the source has it: "["discreet_check"]""#,
        ]
    );
    assert!(cautions[3].starts_with("action as the source has it: \"xxx") && cautions[3].contains("\"; yyy"));
    assert!(cautions[3].len() <= 4096 && cautions[3].ends_with('…'));
    let notes: Vec<_> = got.notes.iter().map(|n| n.unread.join(" ")).collect();
    assert_eq!(notes, ["action", "action", "action", "action caution"]);
}

#[test]
fn control_characters_reach_no_record_and_part_serials_in_every_format() {
    let csv = "id,serial,caution,serial_from,serial_to\n\
               1\u{1b}x,AB1234\u{202e}CD5678,armed\u{1b}[2J,,\n\
               2,АВ\u{1f}1234,\"two\nlines\",,\n\
               3,,,\"AB1000\nAB1500\",AB1999\n";
    let jsonl = r#"{"id":"1\u001bx","marks":["AB1234\u202eCD5678"],"caution":"armed\u001b[2J"}
{"id":"2","serial":"АВ\u001f1234","caution":"two\nlines"}
{"id":"3","ranges":[{"from":"AB1000\nAB1500","to":"AB1999"}]}
"#;
    for (format, text) in [(Format::Csv, csv), (Format::Jsonl, jsonl)] {
        let (summary, got) = run(format, text, "");
        assert_eq!(counts(summary.unwrap()), [3, 2, 0, 1, 0], "{format}: {:?}", got.rejects);
        let seen: Vec<_> =
            got.records.iter().map(|r| (&*r.record.id, marks(&r.record), r.record.caution.as_deref())).collect();
        assert_eq!(seen[0], ("1 x", vec!["AB1234", "CD5678"], Some("armed [2J")), "{format}");
        assert_eq!(seen[1], ("2", vec!["АВ 1234"], Some("two lines")), "{format}");
        assert!(got.rejects[0].reason.contains("several serials"), "{:?}", got.rejects);
        let mut noted: Vec<_> = got.notes.iter().map(|n| (n.unread.len(), n.controls.clone())).collect();
        noted.iter_mut().for_each(|(_, fields)| fields.sort_unstable());
        assert_eq!(noted, [(0, vec!["caution", "id", "serial"]), (0, vec!["caution", "serial"])], "{format}");
    }

    let uii = r#"{"uii":"UN123456789\u001dABC5678","vin":"TMBZZZ1U\n0W2000000","document":"FA123456\u2028FB654321"}"#;
    let (_, got) = run(Format::Jsonl, format!("{uii}\n"), "");
    assert_eq!(marks(&got.records[0].record), ["UN123456789 ABC5678", "TMBZZZ1U 0W2000000", "FA123456", "FB654321"]);

    let ua = r#"[{"id":"1","weaponseries":"ЕВ\u001b","weaponnumber":"1234","organunit":"A\u202eB"},
                 {"id":"2","weaponnumber":"AB1234\u0000CD5678","brandmodel":"\u001b"}]"#;
    let (_, got) = run(Format::UaWeapons, ua, "");
    assert_eq!((marks(&got.records[0].record), got.records[0].record.owner.as_str()), (vec!["ЕВ1234"], "A B"));
    assert_eq!(marks(&got.records[1].record), ["AB1234", "CD5678"]);
    assert_eq!(got.records[1].record.description.model, None);
    assert_eq!((got.notes.len(), &got.notes[0].controls[..]), (2, &["weaponseries", "organunit"][..]));
    let ua = r#"[{"id":"1","vehiclenumber":"АА1234ВС\nАА4321ВС","enginenumber":"AGR\u001b123456"}]"#;
    let (_, got) = run(Format::UaVehicles, ua, "");
    assert_eq!(marks(&got.records[0].record), ["АА1234ВС", "АА4321ВС", "AGR 123456"]);

    let niem =
        NIEM.replace("Smith &amp; Wesson", "Smith\n &amp;#27; Wesson&#27;[2J").replace("CD5678", "CD5678\nCD5679");
    let (_, got) = run(Format::Niem, niem, "");
    let first = &got.records[0].record;
    assert_eq!(first.description.make.as_deref(), Some("Smith &#27; Wesson [2J"));
    assert_eq!(
        (marks(first), &got.notes[0].controls[..]),
        (vec!["AB1234", "CD5678", "CD5679"], &["make", "serial"][..])
    );
}
