//! What spreadsheets and hands make of a register: rows, lines, joined columns, several marks in one cell.

use super::*;

#[test]
fn a_row_is_as_long_as_the_header_and_a_file_ends_with_a_whole_one() {
    let header = "id,calibre,serial,status\n1,9x19,AB12345,stolen\n";
    // A decimal comma, a line that was cut, one that was broken in a cell.
    for (row, count) in [("2,5,45,LC000002,", 5), ("2,9x19,LC000002", 3), ("2,9x19,\r,lost", 4)] {
        let (summary, got) = run(Format::Csv, format!("{header}{row}\n"), "");
        if count == 4 {
            // A carriage return alone ends no line where lines end otherwise.
            assert_eq!(counts(summary.unwrap())[..4], [2, 1, 0, 1], "{row}");
            continue;
        }
        assert_eq!(counts(summary.unwrap()), [2, 1, 0, 1, 0], "{row}");
        assert_eq!((got.rejects[0].id.as_deref(), got.rejects[0].line), (Some("2"), 3));
        assert_eq!(got.rejects[0].reason, format!("it has {count} fields and the header 4"));
    }
    let cut = run(Format::Csv, format!("{header}2,9x19,LC00"), "").0;
    assert!(matches!(cut, Err(ImportError::Truncated { line: 3, .. })), "{cut:?}");
    assert_eq!(counts(run(Format::Csv, format!("{header}2,9x19,LC0002,lost"), "").0.unwrap())[1], 2);
    // Separators behind the last column, in all rows.
    let behind = "id,serial\n1,AB12345,,\n2,AB12346,,\n3,AB12347,,\n";
    assert_eq!(counts(run(Format::Csv, behind, "").0.unwrap())[1], 3);
    let without_name = "id,serial,,\n1,AB12345\n2,AB12346,,\n3,AB12347,x,y\n";
    assert_eq!(counts(run(Format::Csv, without_name, "").0.unwrap())[1], 3);
    let once = "id,serial\n1,AB12345\n2,AB12346,\n3,AB12347\n";
    assert_eq!(counts(run(Format::Csv, once, "").0.unwrap())[1..4], [2, 0, 1]);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    for end in ["\n", "\r\n"] {
        let rows =
            ["id,serial,status", "1,AB12345,stolen", "", "", "2,AB12346,xx", "3,\"AB12347\",\"yy\"", "4,AB12348,zz"];
        let (summary, got) = run(Format::Csv, rows.join(end), "");
        assert_eq!(counts(summary.unwrap())[..4], [4, 1, 0, 3]);
        assert_eq!(got.rejects.iter().map(|r| r.line).collect::<Vec<_>>(), [5, 6, 7], "{end:?}");
    }
    let long = "id,serial,caution\n1,AB12345,\"one\ntwo\nthree\nfour\nfive\nsix\"\n2,,\n";
    let (summary, got) = run(Format::Csv, long, "");
    assert_eq!((counts(summary.unwrap())[1], got.rejects[0].line), (1, 8));
    assert_eq!(got.records[0].record.caution.as_deref(), Some("one two three four five six"));
}

#[test]
fn rows_within_a_text_cost_their_row_and_nobody_is_withdrawn_for_it() {
    let text = "id,object,serial,caution\n5,firearm,HJ000005,\"armed\n6,firearm,HJ000006,\n7,firearm,HJ000007,\"x\"\n8,firearm,HJ000008,\n";
    let (summary, got) = run(Format::Csv, text, "");
    assert_eq!(counts(summary.unwrap())[..4], [2, 1, 0, 1]);
    assert_eq!((got.rejects[0].line, got.rejects[0].id.as_deref()), (2, None));
}

#[test]
fn what_spreadsheets_do_to_one_of_several_columns_is_mended_or_refused() {
    let mapping = "[columns]\nserial = [\"Series\", \"Number\"]\nid = \"Id\"";
    let text = "Id;Series;Number\n1;ЕВ;4110009.0\n2;NULL;4110002\n3;ЕВ;1.23457E+11\n4;N/A;-\n";
    let (summary, got) = run(Format::Csv, text, mapping);
    assert_eq!(counts(summary.unwrap())[..4], [4, 2, 0, 2]);
    assert_eq!(got.records.iter().flat_map(|r| marks(&r.record)).collect::<Vec<_>>(), ["ЕВ4110009", "4110002"]);
    let ua = r#"[{"id":"1","weaponseries":"ЕЮ","weaponnumber":"5110001.0"},{"id":"2","weaponseries":"NULL","weaponnumber":"2345678"},
        {"id":"3","weaponseries":"ВВ","weaponnumber":"1.23457E+11"}]"#;
    let (summary, got) = run(Format::UaWeapons, ua, "");
    assert_eq!(counts(summary.unwrap())[..4], [3, 2, 0, 1]);
    assert_eq!(got.records.iter().flat_map(|r| marks(&r.record)).collect::<Vec<_>>(), ["ЕЮ5110001", "2345678"]);
    for text in ["id,Serial,SERIAL\n1,AB123456,CD987654\n", "ID,Id,serial\n1,7,AB123456\n"] {
        let twice = run(Format::Csv, text, "").0;
        assert!(matches!(twice, Err(ImportError::Twice { .. })), "{twice:?}");
    }
    let (_, got) = run(Format::Jsonl, "{\"id\":1,\"Serial\":\"AB123456\",\"serial\":\"CD987654\"}\n", "");
    assert_eq!((got.records.len(), got.rejects.len()), (0, 1));
}

#[test]
fn a_lot_is_known_in_a_cell_of_serials_and_a_spoilt_one_costs_no_serial() {
    let (_, got) = run(Format::Csv, "id,serial\n1,QC100003-QC100999\n2,\"QC300001, QC300002 (slide)\"\n", "");
    let lot = &got.records[0].record;
    assert_eq!((lot.ranges[0].from.as_str(), lot.ranges[0].to.as_str()), ("QC100003", "QC100999"));
    assert_eq!(marks(lot), ["QC100003-QC100999"]);
    assert_eq!(marks(&got.records[1].record)[..2], ["QC300001", "QC300002"]);
    let json = r#"{"id":10,"serial":"KK700010","ranges":[{"from":"KL1999","to":"KL1000"},{"from":"KM1000","to":"KM1999"}]}
{"id":11,"ranges":[{"from":"KL1999","to":"KL1000"}]}
"#;
    let (summary, got) = run(Format::Jsonl, json, "");
    assert_eq!(counts(summary.unwrap())[..4], [2, 1, 0, 1]);
    assert_eq!((got.records[0].record.ranges.len(), &got.notes[0].unread[..]), (1, &["serial_to"][..]));
    assert_eq!(got.rejects[0].reason, "the range ends before it begins");
}

#[test]
fn a_day_of_expiry_is_one() {
    let dates = |format: &str, day: &str| {
        let (_, got) = run(Format::Csv, format!("id,serial,expires_on\n1,AB12345,{day}\n"), format);
        (got.records[0].record.expires_on.map(|day| day.to_string()), got.notes.len())
    };
    assert_eq!(dates("date_format = \"%d/%m/%y\"", "01/02/2030"), (None, 1));
    assert_eq!(dates("date_format = \"%d/%m/%Y\"", "01/02/2030 00:00"), (Some("2030-02-01".into()), 0));
    for none in ["0001-01-01", "01.01.1900", "1970-01-01T00:00:00"] {
        assert_eq!(dates("", none), (None, 1), "{none}");
    }
    assert_eq!(dates("", "2020-01-01").0.as_deref(), Some("2020-01-01"));
}
