//! Lists of records opened by two threads: the same as by one, whoever else asks, and never without one that cannot be read.

use super::*;
use crate::registers::Listed;

/// Three hundred of the base and two of what has changed, in no order.
fn wanted() -> Vec<RecordRef> {
    let base = (0..300u32).map(|n| RecordRef(n * 7 % 300));
    base.chain([RecordRef::over(1), RecordRef::over(0)]).collect()
}

#[test]
fn two_threads_give_what_one_gives_whoever_else_asks() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = deltas::begun(dir.path());
    let change = hub.change("weapons", &[deltas::made(900, "ЖЖ 111111"), deltas::made(901, "ЖЖ 222222")], &[]);
    hub.install(&records, &[change]).unwrap();
    let generation = records.generation().unwrap();
    let wanted = wanted();
    let alone: Vec<Listed> = wanted.iter().map(|&at| Listed::of(generation.record(at).unwrap())).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for len in (0..=wanted.len()).rev().step_by(3) {
                    let listed = records.beside.list(&generation, &wanted[..len]).unwrap();
                    assert_eq!(listed, alone[..len], "{len} records");
                }
            });
        }
    });
}

#[test]
fn a_list_with_a_record_that_does_not_open_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (_, records) = deltas::begun(dir.path());
    let generation = records.generation().unwrap();
    // The texts are read with the first record.
    generation.record(RecordRef(299)).unwrap();
    let path = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let path = path.into_iter().find(|path| path.extension().is_some_and(|end| end == "rows")).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[3] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let all: Vec<RecordRef> = (0..300).rev().map(RecordRef).collect();
    for len in [1, 100, 290] {
        assert_eq!(records.beside.list(&generation, &all[..len]).unwrap().len(), len, "the damage is not in these");
    }
    for _ in 0..50 {
        assert!(records.beside.list(&generation, &all).is_err());
        assert!(records.beside.list(&generation, &all[285..]).is_err());
    }
}
