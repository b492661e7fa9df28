//! A base with its overlay answers as an index built of the same records at once.

use std::collections::BTreeSet;
use std::convert::Infallible;

use super::*;
use crate::domain::{
    Description, Grade, Item, Mark, Record, RegisterId, RegisterVersion, Scheme, SeenMark, SerialRange,
};
use crate::registers::{IndexBuilder, judge, pattern, practice};

fn facts(version: u64, records: usize) -> Vec<RegisterFacts> {
    vec![RegisterFacts {
        id: RegisterId("weapons".into()),
        version: RegisterVersion(version),
        as_of_ms: 0,
        owner: "invented".into(),
        objects: Vec::new(),
        records: records as u64,
        practice: true,
    }]
}

fn index(records: &[Record]) -> Index {
    let mut builder = IndexBuilder::new(facts(1, records.len())).unwrap();
    for record in records {
        builder.push(0, record).unwrap();
    }
    builder.finish().unwrap()
}

/// A base, what has changed in it, and the same as a whole.
struct Both {
    base: Vec<Record>,
    over: Vec<Record>,
    layered: Registers,
    whole: Vec<Record>,
    flat: Registers,
}

fn both() -> Both {
    let all: Vec<Record> = practice::Generator::new(5).take(400).collect();
    let (base, new) = all.split_at(340);
    let mut hidden = Hidden::default();
    let mut over = new.to_vec();
    let mut whole = base.to_vec();
    for (n, record) in base.iter().enumerate() {
        match n % 8 {
            0 => assert!(hidden.hide(n as u32), "withdrawn"),
            1 => {
                hidden.hide(n as u32);
                let mut changed = record.clone();
                changed.marks = vec![Mark::new(Scheme::Serial, format!("ЖЖ {:06}", 7919 * n % 999_983))];
                changed.description.model = Some(format!("ВИГАДКА {n}"));
                over.push(changed);
            }
            _ => {}
        }
    }
    let gone: BTreeSet<&str> =
        base.iter().enumerate().filter(|(n, _)| hidden.holds(*n as u32)).map(|(_, r)| r.id.as_str()).collect();
    whole.retain(|r| !gone.contains(r.id.as_str()));
    whole.extend(over.iter().cloned());
    let below = Arc::new(index(base));
    let overlay = Overlay::build(&below, facts(2, whole.len()), hidden, over.iter().map(|r| (0, r))).unwrap();
    let layered = Registers::new(below, Some(Arc::new(overlay)));
    Both { base: base.to_vec(), over, layered, flat: index(&whole).into(), whole }
}

impl Both {
    fn layered_record(&self, at: RecordRef) -> &Record {
        let layer = if at.is_over() { &self.over } else { &self.base };
        &layer[at.row() as usize]
    }

    fn ask(&self, serial: &str, description: &Description) -> [BTreeSet<String>; 2] {
        let item =
            Item { marks: vec![SeenMark::typed(Mark::new(Scheme::Serial, serial))], description: description.clone() };
        let layered = judge(&self.layered, &item, &|at| Ok::<_, Infallible>(self.layered_record(at).clone())).unwrap();
        let flat = judge(&self.flat, &item, &|at| Ok::<_, Infallible>(self.whole[at.0 as usize].clone())).unwrap();
        assert_eq!(layered.registers[0].version, RegisterVersion(2), "the versions of now are told");
        [layered, flat].map(|v| v.candidates.into_iter().map(|c| c.record).collect())
    }
}

#[test]
fn every_record_is_found_as_in_one_index_and_no_hidden_one_is() {
    let both = both();
    for record in &both.whole {
        let [layered, _] = both.ask(&record.marks[0].value, &record.description);
        assert!(layered.contains(&record.id), "{} is not found", record.id);
    }
    let now: BTreeSet<&str> = both.whole.iter().map(|r| r.id.as_str()).collect();
    for (n, record) in both.base.iter().enumerate() {
        let [layered, flat] = both.ask(&record.marks[0].value, &record.description);
        assert!(layered.iter().all(|id| now.contains(id.as_str())), "row {n}: a withdrawn record is shown");
        let by_old_mark = n % 8 > 1;
        assert_eq!(layered.contains(&record.id), by_old_mark, "row {n}");
        assert_eq!(flat.contains(&record.id), by_old_mark, "row {n}");
    }
}

#[test]
fn a_pattern_walks_both_layers() {
    let both = both();
    for wanted in ["ЖЖ00*", "ЖЖ*5?1", "*Ж007*", "*1234*"] {
        let layered = pattern::search(&both.layered, wanted, 500).unwrap();
        let flat = pattern::search(&both.flat, wanted, 500).unwrap();
        let found = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        let a = found(layered.records.iter().map(|&at| both.layered_record(at).id.as_str()).collect());
        let b = found(flat.records.iter().map(|at| both.whole[at.0 as usize].id.as_str()).collect());
        assert_eq!(a, b, "{wanted}");
        let mut walk = both.layered.keys_from(b'S', b"");
        let mut keys = Vec::new();
        while let Some(id) = walk.next() {
            assert_eq!(walk.key(), both.layered.key_bytes(id));
            keys.push(walk.key().to_vec());
        }
        assert!(keys.is_sorted());
    }
    assert!(!pattern::search(&both.layered, "ЖЖ00*", 500).unwrap().records.is_empty());
}

#[test]
fn a_pattern_finds_the_lots_of_both_layers() {
    let lot = |id: &str, from: &str, to: &str| Record {
        id: id.into(),
        ranges: vec![SerialRange::new(from, to).unwrap()],
        ..Record::default()
    };
    let single =
        Record { id: "single".into(), marks: vec![Mark::new(Scheme::Serial, "АВ 1250")], ..Record::default() };
    let base = [lot("crate", "АВ 1180", "АВ 1213"), lot("gone", "АВ 1100", "АВ 1399"), single];
    let over = [lot("new", "АВ 1290", "АВ 1310")];
    let mut hidden = Hidden::default();
    hidden.hide(1);
    let below = Arc::new(index(&base));
    let overlay = Overlay::build(&below, facts(2, 3), hidden, over.iter().map(|r| (0, r))).unwrap();
    let layered = Registers::new(below, Some(Arc::new(overlay)));
    let found = |wanted: &str, limit: usize| {
        let matches = pattern::search(&layered, wanted, limit).unwrap();
        let id =
            |at: &RecordRef| if at.is_over() { &over[at.row() as usize] } else { &base[at.row() as usize] }.id.as_str();
        (matches.records.iter().map(id).collect::<Vec<_>>(), matches.cut)
    };
    for (wanted, ids) in [
        ("AB12??", vec!["single", "crate", "new"]),
        ("AB1180", vec!["crate"]),
        ("AB119*", vec!["crate"]),
        ("*1213", vec!["crate"]),
        ("AB13??", vec!["new"]),
        ("AB14??", vec![]),
        ("AB?2?0*", vec!["single", "crate", "new"]),
    ] {
        assert_eq!(found(wanted, 20), (ids, false), "{wanted}");
    }
    assert_eq!(found("AB12??", 2), (vec!["single", "crate"], true));
    assert_eq!(found("AB12??", 1), (vec!["single"], true));
}

#[test]
fn a_pattern_reads_vehicle_numbers_and_uiis_as_a_check_does() {
    let of = |id: &str, scheme, value: &str| Record {
        id: id.into(),
        marks: vec![Mark::new(scheme, value)],
        ..Record::default()
    };
    let records = [of("car", Scheme::Vin, "TMBZZZ1U0W2000000"), of("rifle", Scheme::Uii, "D7A72-4/0012")];
    let layered = Registers::new(Arc::new(index(&records)), None);
    for (wanted, found) in [
        ("TMBZZZ1UOW2*", 1),
        ("TMBZZZIU0W2*", 1),
        ("tmb*U0W2*", 1),
        ("TMBZZZ1U1W2*", 0),
        ("D7A72-4/00*", 1),
        ("D7A7*/00??", 1),
        ("D7A72-5/00??", 0),
    ] {
        assert_eq!(pattern::search(&layered, wanted, 5).unwrap().records.len(), found, "{wanted}");
    }
}

#[test]
fn a_row_is_hidden_once() {
    let mut hidden = Hidden::default();
    assert!(hidden.is_empty() && !hidden.holds(1000));
    assert!(hidden.hide(1000) && !hidden.hide(1000) && hidden.hide(0));
    assert_eq!((hidden.len(), hidden.holds(1000), hidden.holds(999), hidden.holds(1001)), (2, true, false, false));
}

/// An index that was laid together is the one that is built of all records.
#[cfg(feature = "device")]
#[test]
fn two_layers_merge_into_the_index_of_all_their_records() {
    use crate::domain::Status;
    let mut records: Vec<(usize, Record)> = practice::Generator::new(3).take(3000).map(|r| (0, r)).collect();
    records.extend(practice::Generator::new(4).take(500).map(|r| (2, r)));
    for (n, (_, record)) in records.iter_mut().enumerate() {
        record.id = format!("id-{n}");
        if n % 40 == 0 {
            record.marks.push(Mark::new(Scheme::Serial, format!("QX{} (ЖЯ 12)", n / 80)));
            record.ranges = vec![SerialRange::new("ЗЯ1000", format!("ЗЯ{}", 2000 + n)).unwrap()];
        }
        if n % 97 == 0 {
            record.status = Status::Delivered;
        }
    }
    let named = |n| RegisterFacts { id: RegisterId(format!("r{n}")), ..facts(1, 9).remove(0) };
    let facts = || (0..3).map(named).collect::<Vec<_>>();
    let built = |all: &[(usize, Record)]| {
        let mut builder = IndexBuilder::new(facts()).unwrap();
        for (register, record) in all {
            builder.push(*register, record).unwrap();
        }
        builder.finish().unwrap()
    };
    // Nothing, a few, a stretch at the beginning and at the end, and all of them withdrawn, changed or added to.
    type Pick = fn(usize) -> bool;
    let picks: [(Pick, Pick, Pick); 7] = [
        (|_| false, |_| false, |n| n == 7),
        (|_| false, |_| false, |n| n % 3 == 1),
        (|n| n % 10 > 0, |_| false, |_| false),
        (|n| n % 50 == 3, |n| n % 70 == 9, |n| n % 90 == 1),
        (|n| n < 700, |n| n > 2800, |n| n == 0 || n == 3499),
        (|_| true, |_| false, |n| n > 3490),
        (|_| false, |_| true, |_| true),
    ];
    for (number, (is_withdrawn, is_changed, is_followed)) in picks.into_iter().enumerate() {
        let base = Arc::new(built(&records));
        let (mut hidden, mut now, mut over) = (Hidden::default(), Vec::new(), Vec::new());
        for (row, (register, record)) in records.iter().enumerate() {
            let mut above = Vec::new();
            if is_withdrawn(row) {
                hidden.hide(row as u32);
            } else if is_changed(row) {
                hidden.hide(row as u32);
                let mut record = record.clone();
                record.description.model = Some(format!("новий зразок {}", row % 7));
                record.marks[0].value = format!("ЩЩ {:05}", row % 900);
                above.push(record);
            } else {
                now.push((*register, record.clone()));
            }
            if is_followed(row) {
                above.push(Record { id: format!("new-{row}"), ..records[(row * 7) % 3000].1.clone() });
            }
            for record in above {
                over.push((now.len() as u32, (*register, record.clone())));
                now.push((*register, record));
            }
        }
        // The overlay keeps its records in an order of its own.
        over.sort_by_key(|(row, _)| row % 16);
        let layer = Overlay::build(&base, facts(), hidden, over.iter().map(|(_, (n, record))| (*n, record))).unwrap();
        let registers = Registers::new(base, Some(Arc::new(layer)));
        let mut moved: Vec<(u32, u32)> = (0u32..).zip(&over).map(|(old, (new, _))| (*new, old)).collect();
        moved.sort_unstable();
        let alone = |_: Registers| panic!("nobody asks");
        // What is hidden counts where a search is cut, and is gone from new pieces.
        let is_cut = !(0..records.len()).any(|row| is_withdrawn(row) || is_changed(row));
        let before = told(&registers, is_cut);
        let mut asked = 0;
        let mut in_between = |now: Registers| {
            asked += 1;
            assert!(told(&now, is_cut) == before, "{number}: answers otherwise with {asked} steps done");
        };
        let merged = registers.clone().merged(None, &moved, &mut in_between, &|| ()).unwrap().unwrap();
        assert!(asked > 2, "{number}");
        assert!(merged.is_like(&built(&now)), "{number}");
        let most = registers.base().pieces().max(built(&now).pieces());
        assert!(merged.pieces() <= most + 1, "{number}: {} pieces instead of {most}", merged.pieces());
        let unnamed = registers.clone().merged(None, moved.get(1..).unwrap_or_default(), &mut |_| (), &|| ());
        assert!(moved.is_empty() || unnamed.unwrap().is_err(), "{number}: one is not named");
        assert!(
            registers.merged(None, &moved, &mut { alone }, &|| ()).unwrap().unwrap() == merged,
            "{number}: held by nobody else"
        );
    }
}

/// What every kind of search tells: keys with their records, but for those whose records are all hidden.
fn told(registers: &Registers, is_cut: bool) -> Vec<(String, Vec<(String, Vec<RecordRef>)>)> {
    let mut all = Vec::new();
    for class in [b'S', b'P', b'D'] {
        let mut walk = registers.keys_from(class, b"");
        while let Some(id) = walk.next() {
            all.push(id);
        }
    }
    let with_records = |ids: Vec<KeyId>| {
        let own = ids.into_iter().map(|id| {
            let mut records: Vec<RecordRef> = registers.records_of(id).collect();
            records.sort_unstable();
            (registers.key(id), records)
        });
        let mut found: Vec<_> = own.filter(|(_, records)| !records.is_empty()).collect();
        found.sort();
        found.dedup();
        found
    };
    let keys: BTreeSet<String> = all.iter().map(|&id| registers.key(id)).collect();
    let mut told = vec![("all".to_owned(), with_records(all))];
    let some = with_records(keys.iter().flat_map(|key| registers.exact(b'S', key)).collect());
    for (query, _) in some.iter().step_by(some.len() / 30 + 1) {
        let own = crate::domain::keys::keys_of_canonical(query.clone());
        let mut put = |name: &str, found| told.push((format!("{name} of {query}"), with_records(found)));
        put("exact", registers.exact(b'S', query).collect());
        put("look", registers.same_skeleton(&own.skeleton));
        put("core", registers.same_core(&own.core));
        put("number", registers.some_of_number(&own.number, usize::MAX).0);
        put("sound", registers.same_sound(query, &own.sound));
        put("one edit", registers.one_edit(query));
        put("two edits", registers.two_edits(query).keys);
        put("lost end", registers.lost_end(query).keys);
        put("within", registers.within(query).keys);
        let end: String = query.chars().skip(query.chars().count().saturating_sub(4)).collect();
        let mut found = pattern::search(registers, &format!("*{end}"), 9999).map(|m| m.records).unwrap_or_default();
        found.sort_unstable();
        told.push((format!("pattern of {query}"), vec![(end, found)]));
        if is_cut {
            let lost = registers.some_of_lost_end(&query[..query.len().min(5)], 3);
            let (found, left_out) = registers.some_of_number(&own.number, 2);
            told.push((format!("{} cut, {left_out} left out", lost.cut), with_records([lost.keys, found].concat())));
        }
        let mut bearers = Vec::new();
        registers.exact(b'S', query).for_each(|id| registers.facts_of_key(id, &mut bearers));
        bearers.sort_unstable_by_key(|(record, _)| *record);
        let facts: Vec<String> = bearers.iter().map(|(record, compact)| format!("{record:?} {compact:?}")).collect();
        told.push((facts.concat(), Vec::new()));
    }
    told
}

#[test]
fn a_record_is_weighed_alike_whether_it_came_with_the_register_or_as_a_change() {
    let pistol = |id: String, serial: &str| Record {
        id,
        marks: vec![Mark::new(Scheme::Serial, serial)],
        description: Description { kind: Some("pistol".into()), year: Some(1978), ..Description::default() },
        owner: "invented".into(),
        ..Record::default()
    };
    let old: Vec<Record> = (0..3000).map(|n| pistol(format!("a{n}"), &format!("AA{n:04}"))).collect();
    let serials = ["7B", "123", "4567", "Ж1", "B12"];
    let mut new: Vec<Record> = serials.iter().map(|s| pistol(format!("new-{s}"), s)).collect();
    new.extend((0..2000).map(|n| pistol(format!("b{n}"), &format!("BB{:04}", n * 3))));
    let whole: Vec<Record> = old.iter().chain(&new).cloned().collect();
    let below = Arc::new(index(&old));
    let over = Overlay::build(&below, facts(2, whole.len()), Hidden::default(), new.iter().map(|r| (0, r))).unwrap();
    let layered = Registers::new(below, Some(Arc::new(over)));
    let flat: Registers = index(&whole).into();
    for serial in serials.into_iter().chain(["AA0007", "BB0300", "BB0301"]) {
        for (kind, year) in [("pistol", None), ("pistol", Some(1978)), ("rifle", Some(1999))] {
            let description = Description { kind: Some(kind.into()), year, ..Description::default() };
            let item = Item { marks: vec![SeenMark::typed(Mark::new(Scheme::Serial, serial))], description };
            let of_layers =
                |at: RecordRef| if at.is_over() { &new[at.row() as usize] } else { &old[at.row() as usize] };
            let changed = judge(&layered, &item, &|at| Ok::<_, Infallible>(of_layers(at).clone())).unwrap();
            let fresh = judge(&flat, &item, &|at| Ok::<_, Infallible>(whole[at.0 as usize].clone())).unwrap();
            let told = format!("{serial}, {kind} of {year:?}");
            assert_eq!((changed.grade, changed.rule), (fresh.grade, fresh.rule), "{told}");
            if serials.contains(&serial) && year.is_none() || kind == "rifle" {
                assert!(fresh.grade < Grade::Hit, "{told}: a short mark is nobody's own, {:?}", fresh.grade);
            }
        }
    }
}

#[test]
fn records_that_share_a_mark_are_counted_as_they_are_now() {
    let bears = |id: &str| Record {
        id: id.into(),
        marks: vec![Mark::new(Scheme::Serial, "ZQ77102938K")],
        owner: "invented".into(),
        ..Record::default()
    };
    let below = Arc::new(index(&[bears("a"), bears("b")]));
    for (hides, new, told) in
        [(vec![], vec![], 2), (vec![0], vec![], 1), (vec![], vec![bears("c")], 3), (vec![0, 1], vec![bears("c")], 1)]
    {
        let mut hidden = Hidden::default();
        hides.iter().for_each(|&row| assert!(hidden.hide(row)));
        let facts = facts(2, told);
        let over = Overlay::build(&below, facts, hidden, new.iter().map(|record| (0, record))).unwrap();
        let registers = Registers::new(Arc::clone(&below), Some(Arc::new(over)));
        let counted: BTreeSet<usize> =
            registers.exact(b'S', "ZQ77102938K").map(|key| registers.count_of(key)).collect();
        assert_eq!(counted, BTreeSet::from([told]), "{hides:?} and {} new", new.len());
    }
}
