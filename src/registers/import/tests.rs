//! Files of every form and fault, imported.

use super::*;
use crate::domain::{Action, Scheme, Status};
use crate::registers::practice;

mod delimited;
mod remarks;

/// Everything that an import handed over.
#[derive(Default)]
struct Got {
    records: Vec<Imported>,
    rejects: Vec<Reject>,
    notes: Vec<Note>,
}

fn run(format: Format, text: impl AsRef<[u8]>, mapping: &str) -> (Result<ImportSummary, ImportError>, Got) {
    let mapping = Mapping::parse(mapping).unwrap();
    let defaults = Defaults { owner: "owner".into(), object: Some(Object::Firearm), ..Defaults::default() };
    let mut got = Got::default();
    let sinks = Sinks {
        record: &mut |imported| {
            got.records.push(imported);
            Ok(())
        },
        reject: &mut |reject| {
            got.rejects.push(reject);
            Ok(())
        },
        note: &mut |note| {
            got.notes.push(note);
            Ok(())
        },
        progress: &mut |_| {},
    };
    let outcome = import(format, text.as_ref(), &mapping, &defaults, sinks);
    (outcome, got)
}

fn counts(s: ImportSummary) -> [u64; 5] {
    [s.rows, s.imported, s.duplicates, s.rejected, s.unusable]
}

const UA: &str = r#"[
 {"id": "1", "brandmodel": "ПМ", "producer": "ІНОЗЕМНЕ", "weaponkind": "ПІСТОЛЕТ", "weaponseries": "ЕВ",
  "weaponnumber": "1234", "weaponcaliber": "9", "graduationyear": "1978", "organunit": "ВИГАДАНИЙ",
  "reasonsearch": "ВИКРАДЕННЯ", "insertdate": "2017-10-03T14:39:16", "theftdate": "2014-03-31T00:00:00"},
 {"id": 2, "weaponseries": null, "weaponnumber": 417, "reasonsearch": "ВТРАТА", "theftdate": null, "extra": [1, {"a": 2}]},
 {"brandmodel": "ТОЗ", "weaponnumber": "XYZ123 (104-6535)"},
 {"brandmodel": "ТОЗ", "weaponnumber": "XYZ123 (104-6535)"},
 {"id": "3", "weaponnumber": null},
 {"id": "4", "weaponnumber": {"no": 1}},
 {"id": "5", "weaponnumber": "55", "insertdate": "yesterday"},
 "no weapon at all", 7, null, [],
 {"id": "1", "weaponnumber": "9999"},
 {"id": "6", "weaponnumber": "БН"}
]"#;

#[test]
fn the_ukrainian_file_is_read_row_by_row() {
    let (summary, got) = run(Format::UaWeapons, UA, "");
    assert_eq!(counts(summary.unwrap()), [13, 5, 1, 7, 1]);
    let first = &got.records[0].record;
    assert_eq!((first.id.as_str(), first.marks[0].value.as_str(), first.status), ("1", "ЕВ1234", Status::Stolen));
    assert_eq!(first.owner, "ВИГАДАНИЙ");
    assert_eq!((first.description.year, first.description.make.as_deref()), (Some(1978), None));
    assert_eq!(first.reported_on.unwrap().to_string(), "2017-10-03");
    let second = &got.records[1].record;
    assert_eq!((second.id.as_str(), second.marks[0].value.as_str(), second.status), ("2", "417", Status::Lost));
    assert_eq!((second.owner.as_str(), second.description.object), ("owner", Some(Object::Firearm)));
    let third = &got.records[2].record;
    assert!(third.id.starts_with("h:") && third.id.len() == 34, "{}", third.id);
    let marks: Vec<_> = third.marks.iter().map(|m| m.value.as_str()).collect();
    assert_eq!(marks, ["XYZ123", "104-6535"]);
    let lines: Vec<_> = got.rejects.iter().map(|r| r.line).collect();
    assert_eq!(lines, [8, 9, 11, 11, 11, 11, 12]);
}

#[test]
fn half_an_array_is_refused_as_a_whole_and_says_how_far_it_went() {
    let file = practice_file(50);
    let all = counts(run(Format::UaWeapons, &file, "").0.unwrap());
    assert_eq!(all, [50, 50, 0, 0, 0]);
    for cut in (2..file.trim_end().len()).step_by(37) {
        let cut = (cut..).find(|&i| file.is_char_boundary(i)).unwrap();
        let (outcome, _) = run(Format::UaWeapons, &file[..cut], "");
        assert!(matches!(outcome, Err(ImportError::Truncated { .. })), "cut at {cut}: {outcome:?}");
    }
    let (outcome, _) = run(Format::UaWeapons, file.clone() + "{}", "");
    assert!(matches!(outcome, Err(ImportError::Malformed { .. })), "{outcome:?}");
    let broken = file.replacen("\"weaponnumber\"", "\"weaponnumber", 1);
    assert!(matches!(run(Format::UaWeapons, broken, "").0, Err(ImportError::Malformed { .. })));
}

fn practice_file(records: u64) -> String {
    let mut file = Vec::new();
    practice::write_ua_weapons(&mut file, 3, records).unwrap();
    String::from_utf8(file).unwrap()
}

#[test]
fn practice_records_come_through_the_importer_as_they_were_invented() {
    let (summary, got) = run(Format::UaWeapons, practice_file(500), "");
    assert_eq!(summary.unwrap().imported, 500);
    for (imported, invented) in got.records.iter().zip(practice::Generator::new(3)) {
        assert_eq!(imported.record, invented);
    }
}

#[test]
fn what_is_no_register_is_refused_with_its_reason() {
    let utf16: Vec<u8> = "id,serial\n1,AB1234\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cp1251 = b"id;serial;model\n1;\xc5\xc21234;\xcf\xcc\n".to_vec();
    let late_cp1251 = [b"id,serial\n1,AB1\n".repeat(20_000), b"2,\xc5\xc21234\n".to_vec()].concat();
    let table: [(&str, Vec<u8>, fn(&ImportError) -> bool); 11] = [
        ("empty", vec![], |e| matches!(e, ImportError::Empty)),
        ("white space", b" \n\n\t".to_vec(), |e| matches!(e, ImportError::Empty)),
        ("a mark and nothing", vec![0xef, 0xbb, 0xbf], |e| matches!(e, ImportError::Empty)),
        ("zip", b"PK\x03\x04rest".to_vec(), |e| matches!(e, ImportError::Binary(_))),
        ("gzip", b"\x1f\x8b\x08rest".to_vec(), |e| matches!(e, ImportError::Binary(_))),
        ("zeros", vec![1, 2, 0, 0, 0, 9, 8, 7, 0, 0], |e| matches!(e, ImportError::Binary(_))),
        ("UTF-16", utf16.clone(), |e| matches!(e, ImportError::Encoding { .. })),
        ("UTF-16 with mark", [vec![0xff, 0xfe], utf16].concat(), |e| matches!(e, ImportError::Encoding { .. })),
        ("cp1251", cp1251, |e| matches!(e, ImportError::Encoding { line: 2, hint } if hint.contains("1251"))),
        ("cp1251 late", late_cp1251, |e| matches!(e, ImportError::Encoding { line: 40_001, .. })),
        ("no serial column", b"id,number\n1,2\n".to_vec(), |e| matches!(e, ImportError::Columns { .. })),
    ];
    for (what, bytes, expected) in table {
        let (outcome, got) = run(Format::Csv, bytes, "");
        let error = outcome.unwrap_err();
        assert!(expected(&error), "{what}: {error}");
        assert!(what == "cp1251 late" || got.records.is_empty(), "{what}");
        assert!(error.to_string().to_lowercase().contains("nothing was changed"), "{what}: {error}");
    }
    for format in [Format::Jsonl, Format::UaWeapons] {
        let (outcome, _) = run(format, "id,serial\n1,2\n", "");
        assert!(matches!(outcome, Err(ImportError::Malformed { .. })), "{format}");
    }
}

#[test]
fn csv_by_our_own_names() {
    let text = "\u{feff}id,object,kind,make,model,calibre,year,serial,country,status,owner,reported_on\n\
        a,firearm,pistol,CZ,75,9x19,1985,\"AB 1234\",CZ,stolen,PCR,2024-05-06\n\
        b,,,,,,,K9 (77-5),,,,\n\
        c,spoon,,,,,,1,,,,\n\
        d,,,,,,,,,,,\n\
        e,,,,,,,X1,,,,06.05.2024\n\
        f,,,,,,,X2,,,,31.02.2024\n\
        g,,,,,,,X3,,gone,,\n\
        h,,,,,,,X4\n\
        i,,,,,,,X5,,,,,too,many\n";
    let (summary, got) = run(Format::Csv, text, "");
    assert_eq!(counts(summary.unwrap()), [9, 5, 0, 4, 1]);
    let first = &got.records[0].record;
    assert_eq!((first.status, first.owner.as_str(), first.description.year), (Status::Stolen, "PCR", Some(1985)));
    assert_eq!(got.records[1].record.marks.len(), 2);
    assert_eq!(got.records[3].record.reported_on.unwrap().to_string(), "2024-05-06");
    assert_eq!(got.rejects.iter().map(|r| r.line).collect::<Vec<_>>(), [5, 8, 9, 10]);
}

#[test]
fn a_hundred_columns_are_no_trouble_and_a_mapping_finds_the_right_ones() {
    let names: Vec<String> = (0..100).map(|n| format!("col{n}")).collect();
    let values: Vec<String> = (0..100).map(|n| format!("v{n}")).collect();
    let mapping = r#"
        delimiter = ";"
        [columns]
        serial = ["col98", "col7"]
        model = "col3"
        [values.status]
        "v9" = "lost"
        [constants]
        object = "optics"
    "#;
    let mapping_with_status = format!("{mapping}\n").replace("model = \"col3\"", "model = \"col3\"\nstatus = \"col9\"");
    let text = format!("{}\n{}\n", names.join(";"), values.join(";"));
    let (summary, got) = run(Format::Csv, &text, &mapping_with_status);
    assert_eq!(summary.unwrap().imported, 1);
    let record = &got.records[0].record;
    assert_eq!(record.marks[0].value, "v98v7", "joined in the mapping's order");
    assert_eq!((record.description.model.as_deref(), record.status), (Some("v3"), Status::Lost));
    assert_eq!(record.description.object, Some(Object::Optics));
    let (outcome, _) = run(Format::Csv, &text, "[columns]\nserial = \"absent\"");
    assert!(outcome.unwrap_err().to_string().contains("absent"));
    assert!(matches!(Mapping::parse("[columns]\nsleeve = \"x\""), Err(MappingError::UnknownField(_))));
}

#[test]
fn json_lines_with_marks() {
    let text = r#"{"id":"a","serial":"AB1234","year":1978}
{"id":"b","marks":["K9 (77-5)",{"scheme":"uii","value":"D7A72000000001","place":"frame"}]}

not json
{"id":"c","marks":[{"scheme":"nonsense","value":"1"}]}
{"id":"d","serial":["x"]}
{"id":"e","serial":12345}
[1]
"#;
    let (summary, got) = run(Format::Jsonl, text, "");
    assert_eq!(counts(summary.unwrap()), [7, 3, 0, 4, 0]);
    let schemes: Vec<_> = got.records[1].record.marks.iter().map(|m| m.scheme).collect();
    assert_eq!(schemes, [Scheme::Serial, Scheme::Serial, Scheme::Uii]);
    assert_eq!(got.records[1].record.marks[2].place.as_deref(), Some("frame"));
    assert_eq!(got.rejects.iter().map(|r| r.line).collect::<Vec<_>>(), [4, 5, 6, 8]);
    let (outcome, _) = run(Format::Jsonl, &text[..text.len() - 160], "");
    assert!(matches!(outcome, Err(ImportError::Truncated { .. })), "{outcome:?}");
}

#[test]
fn a_failing_sink_stops_the_import() {
    let mut kept = 0;
    let sinks = Sinks {
        record: &mut |_| {
            kept += 1;
            if kept == 3 { Err("disk full".into()) } else { Ok(()) }
        },
        reject: &mut |_| Ok(()),
        note: &mut |_| Ok(()),
        progress: &mut |_| {},
    };
    let file = practice_file(10);
    let outcome = import(Format::UaWeapons, file.as_bytes(), &Mapping::default(), &Defaults::default(), sinks);
    assert!(matches!(outcome, Err(ImportError::Sink(_))), "{outcome:?}");
    assert_eq!(kept, 3);
}

#[test]
fn a_stray_quote_in_csv_is_never_let_to_swallow_rows() {
    let rows = |n: u32| (0..n).map(|n| format!("{n},AB{n:05},x\n")).collect::<String>();
    let middle = format!("id,serial,model\n{}7000,AB70000,\"a stray\n{}", rows(50), rows(5_000));
    let last = format!("id,serial,model\n{}7000,AB70000,\"a stray\n{}", rows(50), rows(2));
    for text in [middle, last] {
        let (outcome, _) = run(Format::Csv, text, "");
        assert!(matches!(outcome, Err(ImportError::Malformed { line: 52, .. })), "{outcome:?}");
    }
    let two_lines = format!("id,serial,model\n9000,AB1234,\"of two\nlines\"\n{}", rows(3));
    assert_eq!(counts(run(Format::Csv, two_lines, "").0.expect("a text of two lines is no fault"))[1], 4);
}

#[test]
fn a_line_longer_than_any_row_is_refused_as_that_and_not_read_to_its_end() {
    let header = "id,serial,model\n1,AB12345,PM\n";
    let row = format!("{header}2,AB12346,{}\n3,AB12347,PM\n", "x".repeat(2 << 20));
    let (outcome, got) = run(Format::Csv, row, "");
    let Err(ImportError::Malformed { line, detail, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((line, detail.as_str()), (3, "it is longer than 1 MiB, as no row is"));
    assert_eq!(got.records.len(), 1);
    let no_table = run(Format::Csv, "x".repeat(3 << 20), "").0;
    assert!(matches!(no_table, Err(ImportError::Malformed { line: 1, .. })), "{no_table:?}");
    // Lines that end in a carriage return alone are lines, too.
    let old = (0..3_000).map(|n| format!("{n},AB{n:06},{:400}\r", "PM")).collect::<String>();
    assert!(old.len() > 1 << 20);
    assert_eq!(counts(run(Format::Csv, format!("id,serial,model\r{old}"), "").0.unwrap())[1], 3_000);
}

#[test]
fn a_header_that_names_a_column_twice_is_refused_where_the_column_is_used() {
    let twice = run(Format::Csv, "id,serial,serial\n1,AB12345,CD12345\n", "").0;
    assert!(matches!(&twice, Err(ImportError::Twice { name }) if name == "serial"), "{twice:?}");
    let unused = run(Format::Csv, "id,serial,remark,remark\n1,AB12345,x,y\n", "").0;
    assert_eq!(counts(unused.expect("nobody reads the remarks"))[1], 1);
    let mapped = run(Format::Csv, "id,No,No\n1,AB12345,CD12345\n", "[columns]\nserial = \"No\"\n").0;
    assert!(matches!(&mapped, Err(ImportError::Twice { name }) if name == "No"), "{mapped:?}");
}

#[test]
fn the_ukrainian_vehicles_are_read_in_both_editions() {
    let text = r#"[
     {"id": "1", "brand": "SKODA", "model": "OCTAVIA", "cartype": "ЛЕГКОВИЙ", "color": "СІРИЙ", "vehiclenumber": "АА1234ВС",
      "bodynumber": "TMBZZZ1U0W2000000", "chassisnumber": "TMBZZZ1U0W2000000", "enginenumber": "AGR123456",
      "illegalseizuredate": "2023-05-01T00:00:00", "organunit": "ВИГАДАНИЙ", "insertdate": "2023-05-02T09:00:00"},
     {"ID": 2, "BRAND": "ВАЗ", "MODEL": "2101", "BODYNUMBER": "0123456", "CHASSISNUMBER": "7654321", "ENGINENUMBER": "БН",
      "UNIT": "ІНШИЙ", "THEFTDATE": "2001-02-03"},
     {"id": 3, "brand": "ВАЗ", "vehiclenumber": null, "bodynumber": ""}
    ]"#;
    let mut got = Got::default();
    let defaults = Defaults { owner: "owner".into(), ..Defaults::default() };
    let sinks = Sinks {
        record: &mut |imported| {
            got.records.push(imported);
            Ok(())
        },
        reject: &mut |reject| {
            got.rejects.push(reject);
            Ok(())
        },
        note: &mut |_| Ok(()),
        progress: &mut |_| {},
    };
    let summary = import(Format::UaVehicles, text.as_bytes(), &Mapping::default(), &defaults, sinks).unwrap();
    assert_eq!(counts(summary), [3, 2, 0, 1, 0]);
    let first = &got.records[0].record;
    let marks: Vec<_> = first.marks.iter().map(|m| (m.scheme, m.value.as_str(), m.place.as_deref())).collect();
    assert_eq!(
        marks,
        [
            (Scheme::Vin, "TMBZZZ1U0W2000000", Some("body")),
            (Scheme::Plate, "АА1234ВС", None),
            (Scheme::Engine, "AGR123456", None)
        ]
    );
    assert_eq!((first.description.object, first.status), (Some(Object::Vehicle), Status::Stolen));
    assert_eq!((first.colour.as_deref(), first.description.make.as_deref()), (Some("СІРИЙ"), Some("SKODA")));
    assert_eq!(first.lost_on.unwrap().to_string(), "2023-05-01");
    let second = &got.records[1].record;
    let schemes: Vec<_> = second.marks.iter().map(|m| (m.scheme, m.place.as_deref())).collect();
    let stamped = [(Scheme::Serial, Some("body")), (Scheme::Serial, Some("chassis")), (Scheme::Other, None)];
    assert_eq!(schemes, stamped, "short numbers are stamped serials, and no number is none");
    assert_eq!((second.id.as_str(), second.owner.as_str()), ("2", "ІНШИЙ"));
    assert_eq!(second.lost_on.unwrap().to_string(), "2001-02-03");
}

#[test]
fn lots_places_deliveries_and_documents_come_by_a_mapping() {
    let text = "No;Barrel;From;To;Unit;Seat;Day;Type;Passport;Issuer;Tel;Note\n\
        AB1;CD2;X100;X199;Invented Brigade;Invented;03.02.2026;;;;+00 000;secret\n\
        ;;;;;;;passport;FA123456;UA;;\n\
        ;;X100;Y199;;;;;;;;\n\
        ;;X100;;;;;;;;;\n";
    let mapping = r#"
        [columns]
        serial = "No"
        "serial@barrel" = "Barrel"
        serial_from = "From"
        serial_to = "To"
        delivered_to = "Unit"
        delivered_place = "Seat"
        delivered_on = "Day"
        kind = "Type"
        document = "Passport"
        issuer = "Issuer"
        contact = "Tel"
        restriction = "Note"
    "#;
    let (summary, got) = run(Format::Csv, text, mapping);
    assert_eq!(counts(summary.unwrap()), [4, 2, 0, 2, 0], "{:?}", got.rejects);
    let first = &got.records[0].record;
    let marks: Vec<_> = first.marks.iter().map(|m| (m.value.as_str(), m.place.as_deref())).collect();
    assert_eq!(marks, [("CD2", Some("barrel")), ("AB1", None)]);
    assert!(first.ranges[0].contains("X150"));
    let delivery = first.delivery.as_ref().unwrap();
    assert_eq!((delivery.to.as_str(), delivery.on.unwrap().to_string().as_str()), ("Invented Brigade", "2026-02-03"));
    assert_eq!((first.contact.as_deref(), first.restriction.as_deref()), (Some("+00 000"), Some("secret")));
    let passport = &got.records[1].record;
    assert_eq!((passport.marks[0].scheme, passport.description.issuer.as_deref()), (Scheme::Document, Some("UA")));
    let reasons: Vec<_> = got.rejects.iter().map(|r| r.reason.as_str()).collect();
    assert!(reasons[0].contains("shape") && reasons[1].contains("end of the range"), "{reasons:?}");
    let lines = r#"{"ranges":[{"from":"AB100","to":"AB199","place":"frame"}],"delivered_to":"Invented"}"#;
    let (_, got) = run(Format::Jsonl, format!("{lines}\n"), "");
    assert_eq!(got.records[0].record.ranges[0].place.as_deref(), Some("frame"));
}

const NIEM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<x:Package xmlns:x="urn:invented" xmlns:nc="urn:nc" xmlns:j="urn:j" xmlns:xsi="urn:xsi">
  <j:Firearm>
    <nc:ItemIdentification><nc:IdentificationID>F-1</nc:IdentificationID></nc:ItemIdentification>
    <nc:ItemMakeName>Smith &amp; Wesson</nc:ItemMakeName>
    <nc:ItemModelName><![CDATA[10<5]]></nc:ItemModelName>
    <nc:ItemModelYearDate>1985</nc:ItemModelYearDate>
    <nc:FirearmCaliberText>.38</nc:FirearmCaliberText>
    <nc:ItemSerialIdentification><nc:IdentificationID>AB&#49;234</nc:IdentificationID>
      <nc:IdentificationCategoryText>Frame</nc:IdentificationCategoryText></nc:ItemSerialIdentification>
    <nc:ItemSerialIdentification><nc:IdentificationID>CD5678</nc:IdentificationID></nc:ItemSerialIdentification>
    <nc:ItemStatus><nc:StatusText>stolen</nc:StatusText>
      <nc:StatusDate><nc:Date>2024-05-06</nc:Date></nc:StatusDate></nc:ItemStatus>
  </j:Firearm>
  <nc:Item xsi:type="j:FirearmType">
    <j:ItemSerialIdentificationRange>
      <j:RangeStartIdentification><nc:IdentificationID>X100</nc:IdentificationID></j:RangeStartIdentification>
      <j:RangeEndIdentification><nc:IdentificationID>X199</nc:IdentificationID></j:RangeEndIdentification>
    </j:ItemSerialIdentificationRange>
  </nc:Item>
  <j:Firearm><nc:ItemMakeName>CZ</nc:ItemMakeName></j:Firearm>
  <j:Firearm>
    <nc:ItemIdentification><nc:IdentificationID>F-4</nc:IdentificationID></nc:ItemIdentification>
    <j:ItemSerialIdentificationRange><j:Start>X1</j:Start><j:End>Y9</j:End></j:ItemSerialIdentificationRange>
  </j:Firearm>
</x:Package>
"#;

#[test]
fn niem_firearms_with_their_serials_and_lots() {
    let (summary, got) = run(Format::Niem, NIEM, "");
    assert_eq!(counts(summary.unwrap()), [4, 2, 0, 2, 0], "{:?}", got.rejects);
    let first = &got.records[0].record;
    let marks: Vec<_> = first.marks.iter().map(|m| (m.value.as_str(), m.place.as_deref())).collect();
    assert_eq!(marks, [("AB1234", Some("frame")), ("CD5678", None)]);
    let d = &first.description;
    assert_eq!((d.make.as_deref(), d.model.as_deref(), d.year), (Some("Smith & Wesson"), Some("10<5"), Some(1985)));
    assert_eq!((first.id.as_str(), first.status, d.calibre.as_deref()), ("F-1", Status::Stolen, Some(".38")));
    assert_eq!(first.reported_on.unwrap().to_string(), "2024-05-06");
    assert!(got.records[1].record.ranges[0].contains("X150"));
    let rejects: Vec<_> = got.rejects.iter().map(|r| (r.line, r.id.as_deref())).collect();
    assert_eq!(rejects, [(21, None), (22, Some("F-4"))]);
}

#[test]
fn a_niem_file_that_breaks_off_or_plays_tricks_is_refused() {
    let whole = NIEM.trim_end();
    for cut in (40..whole.len()).step_by(23) {
        let (outcome, _) = run(Format::Niem, &whole[..cut], "");
        let within_a_reference = |e: &ImportError| e.to_string().contains("reference not closed");
        let error = outcome.expect_err("half a file");
        assert!(
            matches!(error, ImportError::Truncated { .. }) || within_a_reference(&error),
            "cut at {cut}: {error:?}"
        );
    }
    let declared = r#"<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x><Firearm>&a;</Firearm></x>"#;
    let deep = "<a>".repeat(100) + &"</a>".repeat(100);
    let long = format!("<x><Firearm><ItemMakeName>{}</ItemMakeName></Firearm></x>", "y".repeat(3 << 20));
    let table = [
        (declared.to_owned(), "document type"),
        ("<x><Firearm>&a;</Firearm></x>".to_owned(), "entity"),
        (deep, "deep"),
        (long, "longer"),
        ("<x><y>1</y></x>".to_owned(), "firearm"),
        ("<x><Firearm></y></Firearm></x>".to_owned(), "NIEM XML"),
    ];
    for (text, expected) in table {
        let (outcome, got) = run(Format::Niem, &text, "");
        let error = outcome.unwrap_err();
        assert!(matches!(error, ImportError::Malformed { .. }) && error.to_string().contains(expected), "{error}");
        assert!(got.records.is_empty());
    }
}

fn marks(record: &crate::domain::Record) -> Vec<&str> {
    record.marks.iter().map(|mark| mark.value.as_str()).collect()
}

#[test]
fn rows_that_say_nothing_and_texts_without_end_make_no_record() {
    let text = "id;object;serial\r\n1;firearm;AB12345\r\n;;\r\nid;object;serial\r\n2;firearm;AB12346\r\n";
    let (summary, got) = run(Format::Csv, text, "");
    assert_eq!(counts(summary.unwrap()), [3, 2, 1, 0, 0], "{:?}", got.rejects);
    let long = "A".repeat(100_000);
    let ua =
        format!(r#"[{{"id":"1","weaponnumber":"{long}"}},{{"id":"2","weaponnumber":"77123","brandmodel":"{long}"}}]"#);
    let (summary, got) = run(Format::UaWeapons, ua, "");
    assert_eq!(counts(summary.unwrap()), [2, 1, 0, 1, 0]);
    assert_eq!((got.rejects[0].line, &got.notes[0].unread[..]), (1, &["brandmodel"][..]));
    assert!(Mapping::parse("date_format = \"%Q\"").is_err() && Mapping::parse("date_format = \"%d.%m.%y\"").is_ok());
}
