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

/// Serials of every kind that the searches must agree on with a plain walk over all keys: crowded, long, of two scripts,
/// with letters inside, with zeros before, one the end of another.
fn motley(seed: u64, count: usize) -> Vec<String> {
    const LETTERS: [char; 24] = [
        'A', 'B', 'C', 'E', 'O', 'Q', 'S', 'Z', 'I', 'L', 'G', 'X', 'Б', 'Г', 'Д', 'Ж', 'З', 'И', 'Й', 'Ї', 'Л', 'Щ',
        'Ь', 'Ю',
    ];
    let mut dice = practice::Dice::new(seed);
    let mut serials: Vec<String> =
        practice::Generator::new(seed).take(count / 2).map(|r| r.marks[0].value.clone()).collect();
    while serials.len() < count {
        let pattern: &str = [
            "##",
            "L####",
            "LL####",
            "##L##",
            "00####",
            "#L#L#L#",
            "LLLLLL#",
            "#######",
            "L##LL##########LLLL##",
            "L0000000##",
            "000000000###",
        ][dice.below(11) as usize];
        let serial = pattern.chars().map(|c| match c {
            'L' => LETTERS[dice.below(24) as usize],
            '#' => char::from(b'0' + dice.below(3) as u8),
            c => c,
        });
        serials.push(serial.collect());
    }
    serials
}

impl Index {
    /// Whether it is what is built of the same records, but for where its pieces begin.
    pub(crate) fn is_like(&self, built: &Self) -> bool {
        let told = |index: &Self| {
            let mut all = Vec::new();
            index
                .keys
                .for_each(|edge, key| all.push((key.to_vec(), index.records_of(KeyId(edge)).collect::<Vec<_>>())));
            all
        };
        let as_built = |held: &pieces::Held| {
            let mut builder = piece::PieceBuilder::new(self.len());
            held.piece.trie.for_each(|edge, key| {
                let mut rows = held.rows_of(edge);
                let mut records = piece::Records::One(rows.next().unwrap());
                rows.for_each(|row| records.add(row));
                builder.put(key, records);
            });
            builder.finish(piece::Sparing::Time).unwrap() == *held.piece
        };
        let keys = &self.keys;
        let ends = ends::Ends::in_parts(keys.edges(), keys.len(), usize::MAX, |take| keys.for_each(take));
        keys.are_settled()
            && keys.held().iter().all(as_built)
            && *keys.ends() == ends
            && told(self) == told(built)
            && (&self.registers, &self.dictionaries, &self.facts)
                == (&built.registers, &built.dictionaries, &built.facts)
            && (&self.lots, &self.density) == (&built.lots, &built.density)
    }

    /// In how many pieces it stands.
    pub(in crate::registers) fn pieces(&self) -> usize {
        self.keys.held().len()
    }
}

/// Every distinct key of the class of serials.
fn all_keys(index: &Index) -> Vec<String> {
    let mut all = Vec::new();
    index.keys.for_each(|_, key| {
        if key[0] == b'S' {
            all.push(String::from_utf8(key[1..].to_vec()).unwrap());
        }
    });
    all
}

#[test]
fn every_search_agrees_with_comparing_every_key() {
    let serials = motley(11, 4000);
    let lists: Vec<[&str; 1]> = serials.iter().map(|s| [s.as_str()]).collect();
    let index = index(&lists.iter().map(|l| &l[..]).collect::<Vec<_>>());
    let all = all_keys(&index);
    let mut queries: Vec<String> = all.iter().step_by(90).cloned().collect();
    queries.extend(motley(12, 60).iter().map(|s| keys::canonical(s)));
    queries.extend(all.iter().step_by(60).map(|key| key.chars().skip(1).collect()));
    queries.extend(all.iter().step_by(60).map(|key| format!("{key}Щ")));
    let mut totals = [0; 9];
    let mut check = |n: usize, query: &str, name: &str, got: Vec<KeyId>, expected: &dyn Fn(&str) -> bool| {
        let expected: Vec<String> = all.iter().filter(|key| expected(key)).cloned().collect();
        assert_eq!(found(&index, got), expected, "{name} of {query}");
        totals[n] += expected.len();
    };
    for query in queries.iter().filter(|q| keys::is_usable(q)) {
        let own = keys::keys_of_canonical(query.clone());
        let sounds = |key: &str| {
            let mut all = keys::sound_variants(key);
            all.push(key.to_owned());
            all
        };
        let own_sounds = sounds(query);
        let chars = |s: &str| s.chars().count();
        check(0, query, "exact", index.exact(b'S', query).into_iter().collect(), &|key| key == query);
        check(1, query, "look", index.same_skeleton(&own.skeleton), &|key| keys::skeleton(key) == own.skeleton);
        check(2, query, "core", index.same_core(&own.core), &|key| keys::core(key) == own.core);
        if !own.number.is_empty() {
            check(3, query, "number", index.same_number(&own.number), &|key| keys::number(key) == own.number);
        }
        check(4, query, "sound", index.same_sound(query, &own.sound), &|key| {
            sounds(key).iter().any(|s| own_sounds.contains(s))
        });
        if chars(query) >= 4 {
            check(5, query, "one edit", index.one_edit(query), &|key| edits(query, key) == 1);
        }
        if chars(query) >= 6 {
            let two = index.two_edits(query);
            assert!(!two.cut);
            check(6, query, "two edits", two.keys, &|key| edits(query, key) == 2);
        }
        let lost = |longer: &str, shorter: &str| {
            (1..=4).contains(&(chars(longer).wrapping_sub(chars(shorter))))
                && chars(shorter) >= 5
                && (longer.starts_with(shorter) || longer.ends_with(shorter))
        };
        check(7, query, "lost end", index.lost_end(query).keys, &|key| lost(key, query));
        check(8, query, "within", index.within(query).keys, &|key| lost(query, key));
    }
    assert!(index.pieces() > 5, "a search begins in each of them");
    assert!(totals.iter().all(|&n| n > 30), "the sample has too few of some kind to prove anything: {totals:?}");
}

/// Optimal string alignment distance.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                d[i][j] = i + j;
                continue;
            }
            let mut best =
                (d[i - 1][j] + 1).min(d[i][j - 1] + 1).min(d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(d[i - 2][j - 2] + 1);
            }
            d[i][j] = best;
        }
    }
    d[a.len()][b.len()]
}

#[test]
fn a_key_gives_all_its_records_and_each_record_its_facts() {
    let mut builder = IndexBuilder::new(vec![facts("a"), facts("b")]).unwrap();
    let records: Vec<_> = practice::Generator::new(6).take(3000).collect();
    for (n, record) in records.iter().enumerate() {
        assert_eq!(builder.push(n % 2, record).unwrap(), RecordRef(n as u32));
    }
    let index = builder.finish().unwrap();
    for (n, record) in records.iter().enumerate() {
        let at = RecordRef(n as u32);
        let key = index.exact(b'S', &keys::canonical(&record.marks[0].value)).unwrap();
        assert!(index.records_of(key).any(|r| r == at), "{n}");
        let compact = index.compact(at);
        assert_eq!((compact.year(), compact.object()), (record.description.year, record.description.object));
        assert_eq!(index.register_of(at), n % 2);
        let model = index.fact(2, compact.facts[2]).unwrap();
        assert_eq!(
            Some(model),
            crate::registers::describe::forms(
                crate::registers::describe::Fact::Model,
                record.description.model.as_deref().unwrap()
            )
            .as_ref()
        );
    }
    let borne: usize =
        all_keys(&index).iter().filter_map(|k| index.exact(b'S', k)).map(|k| index.records_of(k).count()).sum();
    assert_eq!(borne, records.len());
}

#[test]
fn an_index_survives_its_bytes_and_damage_is_an_error() {
    let index = index(&[&["АВ 1234"], &["БГ 0417"], &["369J257", "XYZ123 (104-6535)"]]);
    let bytes = index.to_bytes();
    assert_eq!(Index::from_bytes(&bytes).unwrap(), index);
    for cut in 0..bytes.len() {
        assert!(Index::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    // Whatever a changed byte makes of it, nothing panics and every search ends.
    for at in 8..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= [1, 0x80, 0xFF][at % 3];
        let Ok(index) = Index::from_bytes(&changed) else { continue };
        for query in ["AB1234", "БГ0417", "369J257"] {
            index.one_edit(query);
            index.same_skeleton(query);
            index.same_number("417");
            index.lost_end(query);
            let records = index.exact(b'S', query).into_iter().flat_map(|key| index.records_of(key));
            records.for_each(|record| _ = index.compact(record));
        }
    }
    for other in [&b"something else"[..], b"TPINDX\x00\x05", b"TPINDX\x00\x07"] {
        assert_eq!(Index::from_bytes(other), Err(IndexError::OtherVersion));
    }
}

#[test]
fn what_was_learnt_is_kept() {
    let index = std::sync::Arc::new(index(&[&["АВ 1234"], &["БГ 0417"]]));
    assert_eq!(Index::from_bytes(&index.to_bytes()).unwrap().learnt.0.get(), None, "not learnt yet");
    crate::registers::judge::prepare(&index);
    let bytes = index.to_bytes();
    let learnt = index.learnt.0.get();
    assert!(learnt.is_some());
    assert_eq!(Index::from_bytes(&bytes).unwrap().learnt.0.get(), learnt);
}
