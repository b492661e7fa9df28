//! The table of grades, line by line.

use super::*;

/// A sparse key with a letter, nothing else known.
const SPARSE: Evidence = Evidence {
    rule: Rule::Exact,
    is_unique: false,
    loosely: false,
    letters: true,
    density: 1e-5,
    agrees: 0,
    year_agrees: false,
    against: 0,
    second_mark: false,
    description: 1.0,
    year_untold: false,
    limit_of_shape: None,
};

/// Strangers bear such marks, and few of them fit the description.
const CROWDED_SERIES: Evidence =
    Evidence { density: 1e-2, agrees: 3, year_agrees: true, description: 0.04, limit_of_shape: Some(5e-4), ..SPARSE };

#[test]
fn the_table_of_grades() {
    use Grade::{Hit, Possible, Probable};
    let full = Evidence { agrees: 3, year_agrees: true, description: 0.2 * 0.02, ..SPARSE };
    let dense = Evidence { density: 0.05, ..SPARSE };
    let number = Evidence { density: 80.0, letters: false, ..SPARSE };
    let table = [
        ("a sparse key alone", SPARSE, Some(Hit)),
        ("a sparse key, another kind", Evidence { against: 1, description: 20.0, ..SPARSE }, Some(Probable)),
        (
            "a key like no other, another kind",
            Evidence { density: 1e-9, against: 1, description: 20.0, ..SPARSE },
            Some(Hit),
        ),
        ("a dense key alone", dense, Some(Possible)),
        ("a dense key, all agrees", Evidence { density: 0.05, ..full }, Some(Probable)),
        ("a very dense key, all agrees", Evidence { density: 0.25, ..full }, Some(Possible)),
        ("a nearly specific key alone", Evidence { density: 4e-3, ..SPARSE }, Some(Possible)),
        (
            "a nearly specific key, two facts agree",
            Evidence { density: 1.3e-3, agrees: 2, description: 0.2, limit_of_shape: Some(6e-5), ..SPARSE },
            Some(Hit),
        ),
        (
            "a nearly specific key of a crowded shape, two facts agree",
            Evidence { density: 1.3e-3, agrees: 2, description: 0.2, ..SPARSE },
            Some(Probable),
        ),
        (
            "a key a little denser, two facts agree",
            Evidence { density: 1.6e-3, agrees: 2, description: 0.2, ..SPARSE },
            Some(Probable),
        ),
        (
            "a nearly specific key and the year",
            Evidence { density: 2e-3, year_agrees: true, description: 0.02, ..SPARSE },
            Some(Hit),
        ),
        ("a crowded series of a sparse shape, all agrees", CROWDED_SERIES, Some(Hit)),
        (
            "a crowded series of a sparse shape, more chance than these registers bear",
            Evidence { description: 0.2, ..CROWDED_SERIES },
            Some(Possible),
        ),
        (
            "a crowded series of a sparse shape, the year is not told",
            Evidence { year_agrees: false, year_untold: true, ..CROWDED_SERIES },
            Some(Probable),
        ),
        (
            "a crowded series of a sparse shape, the record tells no year",
            Evidence { year_agrees: false, ..CROWDED_SERIES },
            Some(Hit),
        ),
        (
            "a crowded series of a sparse shape, one fact and the year",
            Evidence { agrees: 1, ..CROWDED_SERIES },
            Some(Probable),
        ),
        (
            "a crowded series of a sparse shape, one contradicts",
            Evidence { against: 1, ..CROWDED_SERIES },
            Some(Possible),
        ),
        ("a crowded series of a crowded shape", Evidence { limit_of_shape: None, ..CROWDED_SERIES }, Some(Probable)),
        ("four digits alone", number, Some(Possible)),
        ("four digits, all agrees", Evidence { density: 80.0, letters: false, ..full }, Some(Possible)),
        ("a long number alone", Evidence { letters: false, density: 1e-9, ..SPARSE }, Some(Probable)),
        ("a long number, all agrees", Evidence { letters: false, ..full }, Some(Hit)),
        ("a long number, one fact agrees", Evidence { letters: false, agrees: 1, ..SPARSE }, Some(Hit)),
        (
            "a long number, one fact agrees, one contradicts",
            Evidence { letters: false, agrees: 1, against: 1, description: 20.0, ..SPARSE },
            Some(Probable),
        ),
        (
            "a number nearly specific, two facts agree",
            Evidence { letters: false, density: 1.5e-3, agrees: 2, description: 0.1, ..SPARSE },
            Some(Probable),
        ),
        ("look-alikes on a sparse key", Evidence { rule: Rule::LookAlike, ..SPARSE }, Some(Probable)),
        (
            "look-alikes and the year",
            Evidence { rule: Rule::LookAlike, year_agrees: true, description: 0.02, ..SPARSE },
            Some(Hit),
        ),
        (
            "another letter between the digits and the year",
            Evidence { rule: Rule::Core, year_agrees: true, description: 0.02, ..SPARSE },
            Some(Probable),
        ),
        ("look-alikes on a dense key", Evidence { rule: Rule::LookAlike, ..dense }, Some(Possible)),
        ("by sound, all agrees", Evidence { rule: Rule::BySound, ..full }, Some(Probable)),
        ("one edit alone", Evidence { rule: Rule::OneEdit, ..SPARSE }, None),
        ("one edit, two agree", Evidence { rule: Rule::OneEdit, agrees: 2, ..SPARSE }, Some(Possible)),
        (
            "one edit, two agree, one contradicts",
            Evidence { rule: Rule::OneEdit, agrees: 2, against: 1, ..SPARSE },
            None,
        ),
        ("a number, all agrees", Evidence { rule: Rule::Number, ..full }, Some(Possible)),
        ("a lost end, two agree", Evidence { rule: Rule::LostEnd, agrees: 2, ..SPARSE }, Some(Possible)),
        ("a lost end alone", Evidence { rule: Rule::LostEnd, ..SPARSE }, None),
        ("two edits, one agrees", Evidence { rule: Rule::TwoEdits, agrees: 1, ..SPARSE }, None),
    ];
    for (what, evidence, expected) in table {
        assert_eq!(grade(&evidence), expected, "{what}");
    }
}

#[test]
fn the_table_of_lots() {
    use Grade::{Hit, Possible, Probable};
    let lot = |serial: &str, items: u64| Evidence {
        rule: Rule::Range,
        letters: serial.chars().any(|c| !c.is_ascii_digit()),
        density: lot_density(serial, items, 0.0),
        ..SPARSE
    };
    let told = |e: Evidence| Evidence { agrees: 3, description: SHARE_MIN, ..e };
    let other = |e: Evidence| Evidence { against: 1, description: CONTRADICTION, ..e };
    let table = [
        ("a narrow lot", lot("AB123456", 1000), Hit),
        ("a narrow lot, another model", other(lot("AB123456", 1000)), Possible),
        ("a narrow lot by a look-alike", Evidence { loosely: true, ..lot("AB123456", 1000) }, Probable),
        ("a wide lot alone", lot("AB1500", 1000), Probable),
        ("a wide lot, a rare model agrees", told(lot("AB1500", 1000)), Hit),
        ("a wide lot, another model", other(lot("AB1500", 1000)), Possible),
        ("half of all numbers of a letter", lot("A1500", 5000), Probable),
        ("a lot of long numbers", lot("12345678", 1000), Probable),
        ("a lot of long numbers, all agrees", told(lot("12345678", 10)), Hit),
        ("a hundredth of all numbers of four digits", lot("1500", 100), Possible),
        ("a hundredth of them, a rare model agrees", told(lot("1500", 100)), Probable),
        ("a tenth of all numbers of four digits", lot("1500", 1000), Possible),
        ("a tenth of them, a rare model agrees", told(lot("1500", 1000)), Probable),
        ("a tenth of them, another model", other(lot("1500", 1000)), Possible),
    ];
    for (what, evidence, expected) in table {
        assert_eq!(grade(&evidence), Some(expected), "{what}");
    }
    assert_eq!(lot_density("AB123456", 1000, 0.3), 0.3, "the register's own marks tell more than the letters");
}

#[test]
fn a_number_alone_is_never_a_hit_and_a_dense_key_alone_never_more_than_possible() {
    for density in [1e-12, 1e-6, 1e-3, 0.1, 80.0] {
        for rule in [Rule::Exact, Rule::LookAlike, Rule::Core, Rule::BySound] {
            let number = Evidence { density, letters: false, rule, ..SPARSE };
            assert_ne!(grade(&number), Some(Grade::Hit), "{density} {rule:?}");
            if density > SPECIFIC {
                let dense = Evidence { density, rule, ..SPARSE };
                assert_eq!(grade(&dense), Some(Grade::Possible), "{density} {rule:?}");
            }
        }
    }
}
