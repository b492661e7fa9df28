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
            assert_eq!((fact(&got, "part"), &got.description.model), (Some(part), &None), "a part is no model: {row}");
        }
        if let Some(construct) = row["construct"].as_u64().filter(|_| !row["raw"].as_str().unwrap().contains("25S")) {
            assert_eq!(fact(&got, "construct"), Some(construct.to_string().as_str()), "{row}");
        }
    }
}

#[test]
fn payloads() {
    let wrong: Vec<String> =
        rows(include_str!("../../../tests/vectors/payloads.json")).iter().flat_map(faults).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is understood otherwise than a row of the table has it.
fn faults(row: &Value) -> Vec<String> {
    let text = row["text"].as_str().unwrap();
    let got = match row["typed"].as_bool() {
        Some(true) => understand_typed(text),
        _ => understand(text, row["identifier"].as_str().unwrap()),
    };
    let mut seen = vec![
        ("form", Value::from(got.form)),
        ("marks", got.marks.iter().map(|m| serde_json::json!([m.scheme.code(), m.value])).collect()),
        ("findings", serde_json::to_value(&got.findings).unwrap()),
        ("left", Value::from(got.left.clone())),
    ];
    let description = serde_json::to_value(&got.description).unwrap();
    seen.extend(
        ["object", "kind", "make", "model", "calibre", "year", "issuer"].map(|name| (name, description[name].clone())),
    );
    let facts = row["facts"].as_object().cloned().unwrap_or_default();
    let wanted = facts.iter().map(|(name, want)| (name.as_str(), Value::from(fact(&got, name)), want.clone()));
    let of_row = seen.into_iter().filter_map(|(name, got)| {
        // No findings are what a row means that names none.
        let want = row.get(name).cloned().or_else(|| (name == "findings").then(|| Value::Array(Vec::new())))?;
        Some((name, got, want))
    });
    let all = of_row.chain(wanted).filter(|(_, got, want)| got != want);
    all.map(|(name, got, want)| format!("{text:?}: {name} is {got}, not {want}")).collect()
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

/// Everything that an answer says, as one text.
fn said(understood: &Understood) -> String {
    let marks = understood.marks.iter().map(|mark| mark.value.clone());
    let facts = understood.facts.iter().map(|(_, value)| value.clone());
    let about = serde_json::to_string(&understood.description).expect("a description is JSON");
    marks.chain(facts).chain(understood.left.clone()).chain([about]).collect::<Vec<_>>().join("\n")
}

/// A text in one of the forms, with values put in known and unknown places.
fn with_values(form: usize, names: &[String], values: &[String]) -> String {
    let pairs = names.iter().zip(values);
    let joined = |each: &dyn Fn(&String, &String) -> String, between: &str| {
        pairs.clone().map(|(name, value)| each(name, value)).collect::<Vec<_>>().join(between)
    };
    let gtin = "01095011015300032";
    match form {
        0 => format!("[)>\u{1e}06\u{1d}{}\u{1e}\u{4}", joined(&|n, v| format!("{n}{v}"), "\u{1d}")),
        1 => format!("[)>\u{1e}12\u{1d}{}\u{1e}\u{4}{}", joined(&|n, v| format!("{n} {v}"), "\u{1d}"), values[0]),
        2 => format!("[)>\u{1e}05\u{1d}{}\u{1e}12\u{1d}{}", joined(&|n, v| format!("{n}{v}"), "\u{1d}"), values[0]),
        3 => joined(&|n, v| format!("{n}:{v}"), ";"),
        4 => format!("https://{}.example/{}", values[0], joined(&|n, v| format!("{n}/{v}"), "/")),
        5 => format!("https://x.example/{}?{}", values[0], joined(&|n, v| format!("{n}={v}"), "&")),
        6 => format!("https://x.example/{}/01/09501101530003/21/{}/{}?{}", values[0], values[1], values[2], values[3]),
        7 => format!("{gtin}1{}\u{1d}{}", values[0], joined(&|n, v| format!("{n}{v}"), "\u{1d}")),
        8 => format!("{} 1M8GDM9AXKP042788 {}", values[0], values[1]),
        9 => format!("CSQU3054383 22G1 {}", values[0]),
        10 => format!("urn:epc:id:{}:0614141.812345.{}", names[0], values[0]),
        11 => serde_json::json!({ names[0].clone(): values[0], names[1].clone(): [values[1]], names[2].clone(): {"a": values[2]} }).to_string(),
        12 => format!("(01)09501101530003{}", joined(&|n, v| format!("({n}){v}"), "")),
        _ => format!("UA/{}/1999/{}/1234/{}", values[0], values[1], values[2]),
    }
}

const NAMES: [&str; 44] = [
    "18S", "25S", "17V", "7L", "1P", "1T", "S", "I", "22S", "30P", "ZZ", "CAG", "PNO", "SEQ", "SER", "UID", "USN",
    "LOT", "QQQ", "240", "21", "10", "8004", "95", "92", "77", "SERIAL", "MODEL", "CAL", "YEAR", "MAKE", "VIN", "foo",
    "w", "sn", "series", "sgtin", "giai", "grai", "adi", "usdod", "lgtin", "8003", "400",
];

proptest! {
    /// Whatever stands in a text is taken or left, never dropped: at the border what was dropped might have been the mark.
    #[test]
    fn nothing_is_lost(
        form in 0usize..14,
        names in proptest::collection::vec(prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), 6),
        values in proptest::collection::vec("[A-Z][0-9][A-Z0-9]{4,9}", 6),
        identifier in prop::sample::select(vec!["", "]d2"]),
    ) {
        let text = with_values(form, &names, &values);
        for got in [understand(&text, identifier), understand_typed(&text)] {
            let said = said(&got);
            for value in values.iter().filter(|value| text.contains(*value)) {
                // The enterprise and the serial of one field are told apart.
                let in_two = value.split_at_checked(5).is_some_and(|(a, b)| said.contains(a) && said.contains(b));
                prop_assert!(said.contains(value) || in_two, "{value} of {text:?} is lost: {got:?}");
            }
        }
    }

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
