//! Small registers, built, kept and searched.

use super::*;
use crate::domain::{Description, Mark, Record, Status};
use crate::registers::practice;

fn facts(id: &str) -> RegisterFacts {
    RegisterFacts {
        id: RegisterId(id.into()),
        version: RegisterVersion(1),
        as_of_ms: 0,
        owner: "invented".into(),
        objects: vec![Object::Firearm],
        records: 0,
        practice: true,
    }
}

fn record(id: &str, serials: &[&str]) -> Record {
    Record {
        id: id.into(),
        marks: serials.iter().map(|s| Mark::new(Scheme::Serial, *s)).collect(),
        description: Description { object: Some(Object::Firearm), year: Some(1978), ..Description::default() },
        status: Status::Stolen,
        owner: "invented".into(),
        action: None,
        reported_on: None,
        lost_on: None,
        expires_on: None,
        caution: None,
        ..Record::default()
    }
}

fn index(serials: &[&[&str]]) -> Index {
    let mut builder = IndexBuilder::new(vec![facts("a")]).unwrap();
    for (n, serials) in serials.iter().enumerate() {
        builder.push(0, &record(&n.to_string(), serials)).unwrap();
    }
    builder.finish().unwrap()
}

fn found(index: &Index, ids: impl IntoIterator<Item = KeyId>) -> Vec<String> {
    let mut keys: Vec<_> = ids.into_iter().map(|id| index.key(id).to_owned()).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn every_key_is_found_from_either_side() {
    let index = index(&[&["АВ 1234"], &["БГ 0417"], &["369J257", "XYZ123 (104-6535)"], &["OS1234B"], &["БН"]]);
    assert_eq!(found(&index, index.exact(b'S', "AB1234")), ["AB1234"]);
    assert_eq!(found(&index, index.exact(b'S', "1046535")), ["1046535"]);
    assert_eq!(found(&index, index.exact(b'S', "БH")), [""; 0], "what is unusable is not in the index");
    assert_eq!(found(&index, index.same_skeleton("A81234")), ["AB1234"]);
    assert_eq!(found(&index, index.same_skeleton("0512348")), ["OS1234B"]);
    assert_eq!(found(&index, index.same_core("369257")), ["369J257"]);
    assert_eq!(found(&index, index.same_number("417")), ["БГ0417"]);
    assert_eq!(found(&index, index.same_sound("BG0417", &[])), ["БГ0417"]);
    assert_eq!(found(&index, index.same_sound("BH0417", &[])), ["БГ0417"]);
}

#[test]
fn one_edit_finds_every_kind_of_error_and_nothing_farther() {
    let index = index(&[&["AB1234"], &["AB12345"], &["AB124"], &["AC1234"], &["AB1243"], &["XX1234"], &["AB1299"]]);
    assert_eq!(found(&index, index.one_edit("AB1234")), ["AB12345", "AB124", "AB1243", "AC1234"]);
}

#[test]
fn one_edit_agrees_with_comparing_every_key() {
    let mut builder = IndexBuilder::new(vec![facts("a")]).unwrap();
    let records: Vec<_> = practice::Generator::new(5).take(3000).collect();
    for record in &records {
        builder.push(0, record).unwrap();
    }
    let index = builder.finish().unwrap();
    let all: Vec<String> = (0..index.key_ends.len() as u32).map(|i| index.key(KeyId(i)).to_owned()).collect();
    let mut seen = 0;
    for query in all.iter().step_by(60) {
        let expected: Vec<_> = all.iter().filter(|key| is_one_edit(query, key)).cloned().collect();
        if query.chars().count() >= 4 {
            assert_eq!(found(&index, index.one_edit(query)), expected, "{query}");
            seen += expected.len();
        }
    }
    assert!(seen > 50, "the sample has too few neighbours to prove anything: {seen}");
}

/// By brute force: optimal string alignment distance of exactly one.
fn is_one_edit(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a == b {
        return false;
    }
    let prefix = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let tail = |x: &[char], n: usize| x.get(n..).unwrap_or_default().to_vec();
    let swapped = a.len() >= 2 && b.len() >= 2 && a[0] == b[1] && a[1] == b[0] && tail(a, 2) == tail(b, 2);
    (!a.is_empty() && !b.is_empty() && tail(a, 1) == tail(b, 1))
        || (!a.is_empty() && tail(a, 1) == b)
        || (!b.is_empty() && a == tail(b, 1))
        || swapped
}

#[test]
fn an_index_survives_its_bytes_and_damage_is_an_error() {
    let index = index(&[&["АВ 1234"], &["БГ 0417"], &["369J257", "XYZ123 (104-6535)"]]);
    let bytes = index.to_bytes();
    assert_eq!(Index::from_bytes(&bytes).unwrap(), index);
    for cut in 0..bytes.len() {
        assert!(Index::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert_eq!(Index::from_bytes(b"something else"), Err(IndexError::OtherVersion));
}
