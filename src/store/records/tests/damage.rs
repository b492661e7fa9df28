//! Whatever a power loss or a bad disk leaves of a home's files: right answers or a plain refusal, never a wrong *no record*.

use std::sync::{Arc, Condvar, Mutex};

use super::*;

/// What is listed in the second version, and whether it already was in the first.
const LISTED: [(&str, bool); 6] = [
    ("QX 000037", true),
    ("QX 004440", true),
    ("QX 011063", true),
    ("ЖЖ 111111", false),
    ("ЖЖ 222222", false),
    ("QX 000148", true),
];

/// A home with a base and changes over it, all of it on disk.
fn home(dir: &Path) {
    let (mut hub, records) = deltas::begun(dir);
    let change = hub.change("weapons", &[deltas::made(900, "ЖЖ 111111"), deltas::made(5, "ЖЖ 222222")], &["id-6"]);
    hub.install(&records, &[change]).unwrap();
}

/// Asks for all that is listed. Gives how many were answered; the others were refused.
fn ask(dir: &Path, what: &str) -> usize {
    let records = Records::open(dir, &KEY);
    records.wait();
    let mut answered = 0;
    for (serial, is_old) in LISTED {
        let verdict = records.judge(&item(serial));
        if verdict.grade == Grade::NotChecked {
            assert!(
                matches!(verdict.reason, Some(NotChecked::RegistersUnreadable)) && records.unreadable().is_some(),
                "{what}: {serial} is refused and nobody is told why: {:?}",
                verdict.reason
            );
            continue;
        }
        // Whoever lost the changes and says so by the version that he names is right about that version.
        let is_first = verdict.registers[0].version == RegisterVersion(1);
        assert!(!verdict.candidates.is_empty() || (is_first && !is_old), "{what}: {serial} was not found");
        answered += 1;
    }
    answered
}

#[test]
fn every_file_cut_or_changed_anywhere_is_an_answer_or_a_refusal() {
    let good = tempfile::tempdir().unwrap();
    home(good.path());
    let files: Vec<_> = std::fs::read_dir(good.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(files.len() >= 5, "pointer, database, records, index, changes: {files:?}");
    let (mut answered, mut refused) = (0, 0);
    for name in &files {
        let whole = std::fs::read(good.path().join(name)).unwrap();
        let len = whole.len();
        let mut spoilt: Vec<(String, Option<Vec<u8>>)> = vec![("gone".into(), None)];
        for at in [0, 1, 16, len / 3, len / 2, len.saturating_sub(4096), len.saturating_sub(1)] {
            spoilt.push((format!("cut at {at}"), Some(whole[..at.min(len)].to_vec())));
        }
        for at in [0, 9, 24, 40, 100, len / 5, len / 3, len / 2, 2 * len / 3, len.saturating_sub(20), len - 1] {
            let mut changed = whole.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 1;
            }
            spoilt.push((format!("changed at {at}"), Some(changed)));
        }
        // What the disk may hold of a file that grew and was not flushed.
        spoilt.push(("zeros".into(), Some(vec![0; len])));
        for (what, bytes) in spoilt {
            let dir = tempfile::tempdir().unwrap();
            for file in &files {
                std::fs::copy(good.path().join(file), dir.path().join(file)).unwrap();
            }
            let path = dir.path().join(name);
            match bytes {
                Some(bytes) => std::fs::write(&path, bytes).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let here = ask(dir.path(), &format!("{}, {what}", name.to_string_lossy()));
            answered += here;
            refused += LISTED.len() - here;
        }
    }
    // An index is built again, a block of records is missed only by whoever asks for it; a pointer or a database is.
    assert!(answered > 0 && refused > 0, "{answered} answers, {refused} refusals");
}

/// A few blocks of records changed.
fn spoil_some(dir: &Path) {
    let path = pointer::rows_path(dir, 1);
    let mut bytes = std::fs::read(&path).unwrap();
    let step = bytes.len() / 4;
    bytes.iter_mut().step_by(step).for_each(|byte| *byte ^= 1);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_part_that_does_not_open_is_told_until_all_was_fetched_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = deltas::begun(dir.path());
    drop(records);
    spoil_some(dir.path());
    let records = Records::open(dir.path(), &KEY);
    records.wait();
    let all: Vec<Record> = hub.last["weapons"].0.values().cloned().collect();
    let answered = all.iter().filter(|record| found(&records, record)).count();
    assert!((200..300).contains(&answered), "{answered}: all but those in blocks that do not open");
    drop(records);
    let records = Records::open(dir.path(), &KEY);
    records.wait();
    assert!(records.unreadable().is_some() && !records.wants_merging(), "known before anybody asks");
    let version = hub.publish("weapons", 2, all.clone(), true);
    assert_eq!(hub.install(&records, &[version]).unwrap(), 8, "all of it is fetched");
    assert_eq!(records.unreadable(), None);
    assert!(all.iter().all(|record| found(&records, record)));
    assert!(!super::super::damage::path(dir.path(), 1).exists());
}

#[test]
fn an_update_and_a_merge_that_fail_for_what_is_here_say_so() {
    for merges in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (mut hub, records) = deltas::begun(dir.path());
        let one = hub.change("weapons", &[deltas::made(900, "ЖЖ 111111")], &[]);
        hub.install(&records, &[one]).unwrap();
        assert_eq!(records.unreadable(), None);
        spoil_some(dir.path());
        if merges {
            records.merge(&mut |_, _| ()).unwrap_err();
        } else {
            let of_all: Vec<Record> = (0..300).map(|n| deltas::made(n, "ЖЖ 222222")).collect();
            let update = hub.change("weapons", &of_all, &[]);
            let error = hub.install(&records, &[update]).unwrap_err();
            assert!(matches!(error, RecordsError::Held(_)), "{error}");
        }
        assert!(records.unreadable().is_some(), "{merges}");
    }
}

#[test]
fn an_index_that_is_gone_is_built_again_and_written() {
    let dir = tempfile::tempdir().unwrap();
    home(dir.path());
    let index = pointer::index_path(dir.path(), 1);
    let before = std::fs::metadata(&index).unwrap().len();
    std::fs::remove_file(&index).unwrap();
    assert_eq!(ask(dir.path(), "without an index"), LISTED.len());
    assert_eq!(std::fs::metadata(&index).unwrap().len(), before, "the next start need not build it");
}

#[test]
fn no_thread_has_them_open_once_they_are_let_go() {
    let dir = tempfile::tempdir().unwrap();
    home(dir.path());
    // Whoever is refused at once ends the program while they are being loaded.
    let state = Arc::downgrade(&Records::open(dir.path(), &KEY).state);
    assert!(state.upgrade().is_none());
}

#[test]
fn while_they_load_every_question_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    home(dir.path());
    // A disk that has not given a byte yet.
    let state = Arc::new((Mutex::new(State::Loading), Condvar::new()));
    let (dir, key) = (dir.path(), Zeroizing::new(KEY));
    let records = Records {
        dir: dir.to_owned(),
        key,
        state: Arc::clone(&state),
        installing: Mutex::new(()),
        unasked: Arc::default(),
        beside: Beside::default(),
        damage: Arc::default(),
        loader: Mutex::default(),
    };
    for (serial, _) in LISTED {
        let verdict = records.judge(&item(serial));
        assert_eq!((verdict.grade, verdict.reason), (Grade::NotChecked, Some(NotChecked::IndexLoading)));
        assert!(records.touches_news(&item(serial)), "who cannot know says that it may be");
    }
    assert!(matches!(records.search("QX0000*", 5), Err(RecordsError::Loading)));
    assert!(matches!(records.record(&RegisterId("weapons".into()), "id-5"), Err(RecordsError::Loading)));
    assert!(!records.is_ready() && records.unreadable().is_none() && records.registers().is_empty());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            records.wait();
            records.judge(&item("ЖЖ 111111")).candidates.len()
        });
        settle(&state, loaded(Generation::open(dir, &KEY)));
        assert_eq!(waiting.join().unwrap(), 1, "who waits is answered as soon as they are there");
    });
}

/// Checks are answered where SQLite can put no file beside what changed: on a full disk, on one that cannot be written.
#[test]
fn what_changed_is_read_where_nothing_can_be_written_beside_it() {
    for has_log in [false, true] {
        let from = tempfile::tempdir().unwrap();
        let (mut hub, records) = deltas::begun(from.path());
        let over = super::super::log::paths(from.path(), 1);
        let first = hub.change("weapons", &[deltas::made(900, "ЖЖ 111111")], &[]);
        hub.install(&records, &[first]).unwrap();
        // While another connection reads, the last one that writes leaves its log.
        let reader = has_log.then(|| {
            let (_, reader) = super::super::db::open_over(&over[0], &KEY).unwrap();
            reader.execute_batch("BEGIN; SELECT count(*) FROM log;").unwrap();
            reader
        });
        let second = hub.change("weapons", &[deltas::made(5, "ЖЖ 222222")], &["id-6"]);
        hub.install(&records, &[second]).unwrap();
        assert_eq!(over[1].exists(), has_log, "a log is left when somebody reads, else none");
        let dir = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(from.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.path() != over[2] {
                std::fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
            }
        }
        // What stands in the way of a file there.
        std::fs::create_dir(dir.path().join(over[2].file_name().unwrap())).unwrap();
        assert_eq!(ask(dir.path(), "nothing can be put beside it"), LISTED.len(), "with a log: {has_log}");
        drop(reader);
    }
}
