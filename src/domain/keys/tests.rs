//! Serial keys against the given and invented vectors, and their promises on any text.

use proptest::prelude::*;

use super::*;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("the vectors are JSON")
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn given_keys() {
    let rows = json(include_str!("../../../tests/vectors/serial_keys.json"));
    let rows = rows.as_array().unwrap();
    assert!(rows.len() >= 16);
    for row in rows {
        let (raw, part) = (text(&row["raw"]), text(&row["part"]));
        assert!(split_parts(raw).iter().any(|p| p == part), "{raw:?} has no part {part:?}");
        let keys = keys(part);
        let got =
            (keys.canonical.as_str(), keys.skeleton.as_str(), keys.core.as_str(), keys.number.as_str(), keys.usable);
        let want = (
            text(&row["k1_canonical"]),
            text(&row["k2_skeleton"]),
            text(&row["k3_ncic_core"]),
            text(&row["k4_number"]),
            row["usable"].as_bool().unwrap(),
        );
        assert_eq!(got, want, "{raw:?}: {}", row["why"]);
    }
}

#[test]
fn given_look_alikes() {
    let mut rows = csv::Reader::from_reader(include_str!("../../../tests/vectors/serial_homoglyphs.csv").as_bytes());
    let mut count = 0;
    for row in rows.records() {
        let row = row.unwrap();
        let (from, to) = (&row[0], &row[2]);
        let lower = from.to_lowercase();
        // З looks like a digit and is folded in the skeleton only.
        let key: fn(&str) -> String = if from == "З" { |s| skeleton(&canonical(s)) } else { canonical };
        assert_eq!(key(&format!("{from}1")), format!("{to}1"), "{from}");
        assert_eq!(key(&format!("{lower}1")), format!("{to}1"), "{lower}");
        count += 1;
    }
    assert_eq!(count, 30);
}

#[test]
fn labels() {
    for row in json(include_str!("../../../tests/vectors/serial_labels.json")).as_array().unwrap() {
        assert_eq!(canonical(text(&row[0])), text(&row[1]), "{row}");
    }
}

#[test]
fn sounds() {
    for row in json(include_str!("../../../tests/vectors/serial_sounds.json")).as_array().unwrap() {
        let mut got = keys(text(&row[0])).sound;
        got.sort();
        let want: Vec<&str> = row[1].as_array().unwrap().iter().map(text).collect();
        assert_eq!(got, want, "{row}");
    }
}

#[test]
fn sounds_are_bounded() {
    let sound = keys("ГИГИГИГИГИГИ1").sound;
    assert_eq!(sound.len(), SOUND_VARIANTS_MAX);
}

#[test]
fn decimal_digits_of_every_script() {
    // Each run of ten that is listed: a digit by Unicode's own account, with a value that follows from its place.
    for (digits, want) in [("٠١٢٣", "0123"), ("۰۱۲۳", "0123"), ("०१२३", "0123"), ("０１２３", "0123"), ("𝟎𝟏𝟐𝟑", "0123")]
    {
        assert_eq!(canonical(digits), want);
    }
    for code in 0x80..=0x10FFFF {
        if let Some(c) = char::from_u32(code)
            && let Some(value) = decimal_value(c)
        {
            assert!(value < 10);
            assert_eq!(canonical(&c.to_string()), value.to_string(), "U+{code:04X}");
        }
    }
}

#[test]
fn two_serials() {
    let cases: [(&str, &[&str]); 8] = [
        ("XYZ123 (104-6535)", &["XYZ123", "104-6535"]),
        ("XYZ123(104-6535) ", &["XYZ123", "104-6535"]),
        ("XYZ123（104）", &["XYZ123", "104"]),
        ("(104-6535)", &["(104-6535)"]),
        ("XYZ123 ()", &["XYZ123 ()"]),
        ("A(1)B", &["A(1)B"]),
        ("(01)0950(21)AB(1)", &["(01)0950(21)AB(1)"]),
        ("", &[""]),
    ];
    for (raw, want) in cases {
        assert_eq!(split_parts(raw), want, "{raw:?}");
    }
}

#[test]
fn usable_or_not() {
    for raw in ["", "7", "-", "0", "000", "ABC", "none", "UNK", "NO SER", "sans", "б/н", "БН", "Б/Н 000", "UNK0"]
    {
        assert!(!keys(raw).usable, "{raw:?}");
    }
    for raw in ["12", "A1", "007", "NONE1", "A000"] {
        assert!(keys(raw).usable, "{raw:?}");
    }
}

#[test]
fn exact_keys() {
    let cases = [
        (Scheme::Vin, "1m8gdm9axkp042788", "1M8GDM9AXKP042788"),
        (Scheme::Vin, "IM8 GDM9AXKPO4Q788", "1M8GDM9AXKP040788"),
        (Scheme::Uii, "d0cva5 12-34/7", "D0CVA512-34/7"),
        (Scheme::Plate, "АА 1234-ВС", "AA1234BC"),
        (Scheme::Plate, "SN 1234", "SN1234"),
        (Scheme::Plate, "UA AA1234BC", "AA1234BC"),
        (Scheme::Plate, "UA-АА 1234 ВС", "AA1234BC"),
        (Scheme::Plate, "UA1234BC", "UA1234BC"),
        (Scheme::Plate, "MD-AB 1234", "MDAB1234"),
        (Scheme::Plate, "BG AA1234BC", "BGAA1234BC"),
        (Scheme::Document, "L898902C3<", "L898902C3"),
        (Scheme::Container, "CSQU 305438-3", "CSQU3054383"),
        (Scheme::Container, "CSQU3O54383", "CSQU3054383"),
        (Scheme::Container, "csqu 3os43 8", "CSQU305438"),
        (Scheme::Container, "CSQX3O54383", "CSQX3O54383"),
        (Scheme::Container, "CSQU3X54383", "CSQU3X54383"),
        (Scheme::Gtin, "6291041500213", "06291041500213"),
        (Scheme::Gtin, "06291041500213", "06291041500213"),
        (Scheme::Serial, "S/N 12", "12"),
        (Scheme::Other, "anything", ""),
    ];
    for (scheme, raw, want) in cases {
        assert_eq!(exact_key(scheme, raw), want, "{scheme} {raw:?}");
    }
}

#[test]
fn differences() {
    let show = |read: &str, record: &str| -> Vec<(u16, String, String)> {
        diff(read, record).into_iter().map(|d| (d.at, d.read, d.record)).collect()
    };
    let d = |at, read: &str, record: &str| (at, read.to_owned(), record.to_owned());
    assert_eq!(show("AB1234", "AB1234"), []);
    assert_eq!(show("AB12З4", "AB1234"), [d(5, "З", "3")]);
    assert_eq!(show("A81234", "AB1Z34"), [d(2, "8", "B"), d(4, "2", "Z")]);
    assert_eq!(show("AB134", "AB1234"), [d(4, "", "2")]);
    assert_eq!(show("AB1234", "AB123"), [d(6, "4", "")]);
    assert_eq!(show("AB123", "AB1234"), [d(6, "", "4")]);
    assert_eq!(show("", "A"), [d(1, "", "A")]);
    assert_eq!(show("369J257", "369257"), [d(4, "J", "")]);
    // Two edits either way; the look-alike is the one an officer would see.
    assert_eq!(show("O1", "0"), [d(1, "O", "0"), d(2, "1", "")]);
}

#[test]
fn differences_in_one_piece() {
    let show = |read: &str, record: &str| -> Vec<(u16, String, String)> {
        diff_whole(read, record).into_iter().map(|d| (d.at, d.read, d.record)).collect()
    };
    let d = |at, read: &str, record: &str| (at, read.to_owned(), record.to_owned());
    assert_eq!(show("SHCHZH7788", "ЩЖ7788"), [d(1, "SHCHZH", "ЩЖ")]);
    assert_eq!(show("AZH12", "AЖ12"), [d(2, "ZH", "Ж")]);
    assert_eq!(show("AA", "A"), [d(2, "A", "")]);
    assert_eq!((show("A1", "A1"), show("", "Ж")), (vec![], vec![d(1, "", "Ж")]));
}

#[test]
fn look_alikes() {
    for (a, b) in [('0', 'O'), ('Q', 'O'), ('1', 'L'), ('I', 'L'), ('5', 'S'), ('8', 'B'), ('З', '3'), ('Б', 'G')] {
        assert!(are_look_alikes(a, b) && are_look_alikes(b, a), "{a} {b}");
    }
    assert!(!are_look_alikes('A', 'A') && !are_look_alikes('A', 'B'));
}

#[test]
fn readings() {
    let cases: [(&str, &[&str], &[Note]); 7] = [
        ("АВ 1234", &["AB1234"], &[Note::CyrillicAsLatin]),
        ("AB-1234", &["AB1234"], &[]),
        ("БГ № 0417", &["БГ0417"], &[Note::CyrillicKept, Note::LabelDropped]),
        ("s/n ١٢٣", &["123"], &[Note::DigitsConverted, Note::LabelDropped]),
        ("Α12", &["A12"], &[Note::GreekAsLatin]),
        ("XYZ123 (104-6535)", &["XYZ123", "1046535"], &[Note::TwoSerials]),
        ("n/a", &["NA"], &[Note::Unusable]),
    ];
    for (raw, canonical, notes) in cases {
        let got = reading(raw);
        assert_eq!(
            (got.canonical, got.notes),
            (canonical.iter().map(|s| (*s).to_owned()).collect(), notes.to_vec()),
            "{raw:?}"
        );
    }
}

/// Texts made of what serials are made of, so that labels, scripts and separators meet often.
fn serial_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[A-Za-z0-9 ./()°º№-]{0,8}",
        "[АВЕКМНОРСТУХІЈЅБГДЖЗИЙЛПЫЮЯЇЄҐёабвгд0-9 №.-]{0,8}",
        "[ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγδ٠-٩०-९０-９]{0,6}",
        Just("S/N ".to_owned()),
        Just("SER NO ".to_owned()),
        Just("Зав. ".to_owned()),
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn canonical_is_idempotent(raw in serial_like()) {
        let once = canonical(&raw);
        prop_assert_eq!(canonical(&once), once.clone());
        prop_assert!(once.chars().all(char::is_alphanumeric));
        // What is left of the raw text alone is how it was labelled.
        let without_label = |raw: &str| Keys { sound: Vec::new(), ..keys(raw) };
        prop_assert_eq!(without_label(&once), without_label(&raw));
        for scheme in Scheme::ALL {
            let key = exact_key(scheme, &raw);
            prop_assert_eq!(exact_key(scheme, &key), key);
        }
    }

    #[test]
    fn ascii_takes_the_same_road(raw in "[ -~]{0,24}") {
        // The same text with a character that is dropped anyway goes through the general path.
        prop_assert_eq!(canonical(&format!("{raw}\u{200B}")), canonical(&raw));
    }

    #[test]
    fn parts_and_readings_never_panic(raw in serial_like()) {
        let parts = split_parts(&raw);
        prop_assert!(parts.len() == 1 || parts.len() == 2);
        prop_assert!(keys(&raw).sound.len() <= SOUND_VARIANTS_MAX + 1);
        prop_assert_eq!(reading(&raw).canonical.len(), parts.len());
    }

    #[test]
    fn differences_lead_from_one_to_the_other(a in "[A-Z0-9БЗ]{0,10}", b in "[A-Z0-9БЗ]{0,10}") {
        let mut made: Vec<char> = a.chars().collect();
        let found = diff(&a, &b);
        for d in found.iter().rev() {
            let at = usize::from(d.at) - 1;
            made.splice(at..at + d.read.chars().count(), d.record.chars());
        }
        prop_assert_eq!(made.into_iter().collect::<String>(), b.clone());
        prop_assert!(found.len() <= a.chars().count().max(b.chars().count()));
        prop_assert_eq!(found.is_empty(), a == b);
    }
}
#[test]
fn the_short_road_of_cyrillic_ends_where_the_long_one_does() {
    for code in (0x20..0x7F).chain(0x400..0x460).chain([0x2116, 0xB0, 0x490, 0x491]) {
        let c = char::from_u32(code).unwrap();
        // The zero-width space makes a text anything but simple, and is dropped.
        for text in [format!("{c}12"), format!("АВ{c}12"), format!("N{c} 7")] {
            assert_eq!(canonical(&text), canonical(&format!("{text}\u{200B}")), "{text:?}");
        }
    }
}

#[test]
fn what_stands_beside_a_slash_or_comma_is_a_mark_too_where_it_can_be() {
    for (cell, marks) in [
        ("AB1234/CD9999", &["AB1234/CD9999", "AB1234", "CD9999"][..]),
        ("123456/1978", &["123456/1978", "123456"]),
        ("АВ/12345", &["АВ/12345"]),
        ("1234/78", &["1234/78"]),
        ("1/2/3/45678", &["1/2/3/45678"]),
        ("AB1234-CD9999", &["AB1234-CD9999"]),
        ("AB1234, CD9999", &["AB1234, CD9999", "AB1234", "CD9999"]),
        ("AB1234;CD9999", &["AB1234;CD9999", "AB1234", "CD9999"]),
        ("12,345", &["12,345"]),
        ("/", &["/"]),
        ("BXKV731Q|RR9988", &["BXKV731Q|RR9988", "BXKV731Q", "RR9988"]),
        ("BXKV731Q + RR9988", &["BXKV731Q + RR9988", "BXKV731Q", "RR9988"]),
        ("BXKV731Q [RR9988]", &["BXKV731Q [RR9988]", "BXKV731Q", "RR9988"]),
        ("1.23457E+11", &["1.23457E+11"]),
        ("[RR9988]", &["[RR9988]"]),
        ("BXKV731Q\tRR9988\r\n", &["BXKV731Q\tRR9988\r\n", "BXKV731Q", "RR9988"]),
        ("BXKV731Q RR9988", &["BXKV731Q RR9988"]),
    ] {
        assert_eq!(beside_separators(cell), marks);
    }
}

/// A record may have been keyed with the letters that were taken for a label here, and the other way round. By sound, at most *probable*.
#[test]
fn a_label_may_have_been_cut_on_one_side_only() {
    for (raw, canonical, sound) in [
        ("SN88123K", "SN88123K", &["88123K"][..]),
        ("SN 88123K", "88123K", &["SN88123K"]),
        ("SER-4471X", "4471X", &["SER4471X"]),
        ("SER4471X", "SER4471X", &["4471X"]),
        ("Nr BXKV731Q", "NRBXKV731Q", &["BXKV731Q"]),
        ("СЕР12345", "CEP12345", &["12345"]),
        ("№ 48213", "48213", &[]),
        ("SN12", "SN12", &[]),
        ("NONE", "NONE", &[]),
        ("AB1234", "AB1234", &[]),
    ] {
        let keys = keys(raw);
        assert_eq!(
            (keys.canonical.as_str(), keys.sound.as_slice()),
            (canonical, &sound.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..]),
            "{raw}"
        );
    }
}
