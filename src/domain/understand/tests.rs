//! Understanding against the given and invented vectors, and its promises on any text.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::domain::payload::Understood;

fn rows(text: &str) -> Vec<Value> {
    let rows: Vec<Value> = serde_json::from_str(text).expect("the vectors are JSON");
    assert!(!rows.is_empty());
    rows
}

fn fact<'a>(understood: &'a Understood, name: &str) -> Option<&'a str> {
    understood.facts.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
}

fn value(understood: &Understood, scheme: Scheme) -> Option<&str> {
    understood.marks.iter().find(|mark| mark.scheme == scheme).map(|mark| mark.value.as_str())
}

#[test]
fn given_identifiers() {
    for row in rows(include_str!("../../../tests/vectors/iuid.json")) {
        let got = understand(row["raw"].as_str().unwrap(), "]d1");
        let want = |name: &str| row.get(name).and_then(Value::as_str);
        assert_eq!(value(&got, Scheme::Uii), want("uii"), "{row}");
        assert_eq!(got.form, "iuid");
        assert_eq!((&got.findings, &got.left), (&Vec::new(), &None), "{row}");
        // Serial and enterprise are also seen in 18S, which the vector with control pictures leaves unsaid.
        if let Some(serial) = want("serial") {
            assert_eq!(value(&got, Scheme::Serial), Some(serial), "{row}");
        }
        if let Some(cage) = want("cage") {
            assert_eq!(fact(&got, "enterprise"), Some(cage), "{row}");
        }
        if let Some(part) = want("part") {
            assert_eq!(got.description.model.as_deref(), Some(part), "{row}");
        }
        if let Some(construct) = row["construct"].as_u64().filter(|_| !row["raw"].as_str().unwrap().contains("25S")) {
            assert_eq!(fact(&got, "construct"), Some(construct.to_string().as_str()), "{row}");
        }
    }
}

#[test]
fn payloads() {
    for row in rows(include_str!("../../../tests/vectors/payloads.json")) {
        let text = row["text"].as_str().unwrap();
        let got = match row["typed"].as_bool() {
            Some(true) => understand_typed(text),
            _ => understand(text, row["identifier"].as_str().unwrap()),
        };
        let marks: Vec<Value> = got.marks.iter().map(|m| serde_json::json!([m.scheme.code(), m.value])).collect();
        assert_eq!((got.form, Value::from(marks)), (row["form"].as_str().unwrap(), row["marks"].clone()), "{row}");
        let findings = serde_json::to_value(&got.findings).unwrap();
        assert_eq!(findings, row.get("findings").cloned().unwrap_or(Value::Array(Vec::new())), "{row}");
        if let Some(facts) = row["facts"].as_object() {
            for (name, want) in facts {
                assert_eq!(fact(&got, name), want.as_str(), "{name} of {row}");
            }
        }
        let description = serde_json::to_value(&got.description).unwrap();
        for name in ["object", "kind", "make", "model", "calibre", "year", "issuer"] {
            if let Some(want) = row.get(name) {
                assert_eq!(&description[name], want, "{name} of {row}");
            }
        }
        if let Some(left) = row.get("left") {
            assert_eq!(got.left.as_deref(), left.as_str(), "{row}");
        }
    }
}

#[test]
fn a_zone_gives_no_name_away() {
    let text = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
    let shown = format!("{:?}", understand(text, ""));
    assert!(!shown.contains("ERIKSSON") && !shown.contains("740812"), "{shown}");
}

#[test]
fn faults_of_marks_whose_scheme_was_given() {
    let fault = |scheme, value: &str| check_mark(&Mark::new(scheme, value)).is_some();
    assert!(fault(Scheme::Vin, "1M8GDM9AXKP042789") && !fault(Scheme::Vin, "1M8 GDM9AXKP042788"));
    assert!(!fault(Scheme::Vin, "TMBZZZ1U0W2000000"), "no check digit is owed there");
    assert!(fault(Scheme::Container, "CSQU3054384") && !fault(Scheme::Container, "CSQU 305438 3"));
    assert!(fault(Scheme::Gtin, "6291041500214") && !fault(Scheme::Gtin, "6291041500213"));
    assert!(!fault(Scheme::Serial, "6291041500214"));
}

#[test]
fn a_huge_text_is_kept_and_not_looked_into() {
    let text = "SERIAL:A1;".repeat(10_000);
    assert_eq!(understand(&text, "").form, "other");
    let many: String = (0..400).map(|i| format!("SERIAL:A{i};")).collect();
    assert_eq!(understand(&many, "").marks.len(), crate::domain::payload::MARKS_MAX);
}

/// Texts made of the pieces that parsers look for.
fn payload_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "[)>",
            "\u{1E}",
            "\u{1D}",
            "\u{4}",
            "06",
            "05",
            "12",
            "18S",
            "25S",
            "17V",
            "1P",
            "S",
            "CAG ",
            "SEQ ",
            "<GS>",
            "^]",
            "(01)",
            "(21)",
            "01",
            "21",
            "8003",
            "8004",
            "09501101530003",
            "https://",
            "/",
            "?",
            "=",
            "&",
            "%41",
            "%",
            ":",
            ";",
            "SERIAL",
            "{\"",
            "P<UTO",
            "<<",
            "L898902C36UTO7408122F1204159",
            "]d2",
            "]C1",
            "1M8GDM9AXKP042788",
            "CSQU3054383",
            "\n",
            "Ж",
            "€",
        ])
        .prop_map(str::to_owned),
        "[A-Z0-9<]{0,44}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn understanding_never_panics(text in payload_like(), identifier in prop::sample::select(vec!["", "]d2", "]C1", "]E0", "]d1"])) {
        for got in [understand(&text, identifier), understand_typed(&text)] {
            prop_assert!(!got.form.is_empty());
            prop_assert!(got.marks.iter().all(|mark| !mark.value.is_empty()));
            // Whatever is there is kept: nothing but an empty text gives no mark.
            prop_assert!(!got.marks.is_empty() || trimmed(&text).is_empty() || text.contains(']'));
        }
    }

    #[test]
    fn understanding_never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        understand(&text, "]d2");
        understand_typed(&text);
    }

    #[test]
    fn a_plain_serial_is_a_serial(text in "[A-Z]{0,3}[0-9]{2,8}[A-Z]?") {
        prop_assume!(super::super::keys::keys(&text).usable);
        let got = understand(&text, "]d1");
        prop_assert_eq!(got.marks, vec![Mark::new(Scheme::Serial, text.as_str())]);
    }

    #[test]
    fn no_dropped_byte_of_a_message_panics(at in 0usize..60, to in any::<char>()) {
        let text = "[)>\u{1E}06\u{1D}17V0CVA5\u{1D}1P1234\u{1D}S786950\u{1E}\u{4}";
        let mut chars: Vec<char> = text.chars().collect();
        let at = at % chars.len();
        chars[at] = to;
        understand(&chars.iter().collect::<String>(), "");
        chars.remove(at);
        understand(&chars.iter().collect::<String>(), "");
    }
}
