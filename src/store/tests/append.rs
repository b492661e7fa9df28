//! What is written is there, in order, with all that is derived from it.

use super::*;
use crate::domain::{HandScannerSettings, KeyboardLayout, RegisterId, Rule};
use crate::ledger::CandidateRef;
use crate::store::{Sighting, StoreError};

#[test]
fn entries_are_chained_and_found_again() {
    let place = place();
    let store = write(&place.home);
    let genesis = store.head().unwrap();
    assert_eq!(genesis, (Seq(0), genesis_of(&store)));
    let seqs: Vec<Seq> =
        ["AB1", "AB2", "AB3"].map(|serial| store.append("Олена", &check(serial, Grade::NoRecord)).unwrap()).to_vec();
    assert_eq!(seqs, [Seq(1), Seq(2), Seq(3)]);
    let entries = store.entries(Seq(1), 10).unwrap();
    let mut prev = genesis.1;
    for entry in &entries {
        prev = chain_hash(prev, entry.seq, &entry.bytes.0);
        assert_eq!(entry.hash, prev);
    }
    assert_eq!(store.head().unwrap(), (Seq(3), prev));
    assert_eq!(store.entries(Seq(3), 10).unwrap().len(), 1);
    drop(store);
    let again = write(&place.home);
    assert_eq!(again.append("Олена", &check("AB4", Grade::Hit)).unwrap(), Seq(4));
    assert_eq!(Entry::decode(&again.entries(Seq(4), 1).unwrap()[0].bytes.0).unwrap().officer, "Олена");
    assert!(is_whole(&again));
}

fn genesis_of(store: &LedgerStore) -> Hash {
    genesis(&store.keys().verifying(), false)
}

#[test]
fn several_entries_go_in_one_transaction_or_not_at_all() {
    let place = place();
    let store = write(&place.home);
    let payloads = [check("AB1", Grade::Hit), decision(Seq(1)), check("AB2", Grade::Hit)];
    assert_eq!(store.append_all("A", &payloads).unwrap(), [Seq(1), Seq(2), Seq(3)]);
    assert_eq!(store.append_all("A", &[]).unwrap(), []);
    assert!(is_whole(&store));
}

#[test]
fn sightings_carry_what_was_decided_and_found_out_later() {
    let place = place();
    let clock = Arc::new(HandClock::at(1_000_000));
    let store = write_at(&place.home, &clock);
    store.append("A", &check("AB1", Grade::NoRecord)).unwrap();
    clock.pass_ms(1000);
    store.append("B", &check("AB2", Grade::Hit)).unwrap();
    let late = LateCheck {
        paper: "P-1".to_owned(),
        checked_ms: 1_000_500,
        check: check("AB3", Grade::Possible).check().unwrap().clone(),
    };
    store.append("B", &Payload::LateCheck(Box::new(late))).unwrap();
    assert_eq!(store.open_hits().unwrap(), 1);
    store.append("B", &decision(Seq(2))).unwrap();
    assert_eq!(store.open_hits().unwrap(), 0);
    let candidate = |record: &str, grade| CandidateRef {
        register: RegisterId("r".into()),
        record: record.into(),
        grade,
        rule: Rule::Exact,
    };
    let strong =
        vec![candidate("known", Grade::Hit), candidate("new", Grade::Probable), candidate("weak", Grade::Possible)];
    let hit = RetroHit { of: Seq(1), grade: Grade::Hit, candidates: strong, registers: vec![] };
    store.append("B", &Payload::RetroHit(hit.clone())).unwrap();
    assert_eq!(store.open_hits().unwrap(), 1);

    let feed = store.feed(10).unwrap();
    assert_eq!(feed.iter().map(|sighting| sighting.seq.0).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!((feed[0].paper.as_deref(), feed[0].wall_ms), (Some("P-1"), 1_000_500));
    assert_eq!(feed[1].decision.as_ref().map(|decided| decided.code), Some(DecisionCode::Seized));
    assert_eq!(feed[2].retro_hit, Some(hit));
    let found = |sighting: &Sighting| sighting.found_later().iter().map(|c| c.record.clone()).collect::<Vec<_>>();
    assert_eq!(found(&feed[2]), ["known", "new"]);
    let mut matched = feed[2].clone();
    matched.check.candidates = vec![candidate("known", Grade::Probable), candidate("new", Grade::Possible)];
    assert_eq!(found(&matched), ["known", "new"], "it is a hit, and was only probable then");
    matched.check.candidates[0].grade = Grade::Hit;
    assert_eq!(found(&matched), ["new"]);
    assert_eq!(store.retro_hits_after(Seq(4)).unwrap(), [(Seq(5), feed[2].clone())]);
    assert_eq!(store.retro_hits_after(Seq(5)).unwrap(), []);
    assert_eq!(store.feed(1).unwrap().len(), 1);
    assert_eq!(store.retro_hits(10).unwrap()[0].seq, Seq(1));
    assert_eq!(store.sighting(Seq(2)).unwrap().officer, "B");
    assert!(matches!(store.sighting(Seq(4)), Err(StoreError::NoSuchCheck(Seq(4)))));

    let since = |wall_ms, after| -> Vec<u64> {
        store.sightings_since(wall_ms, Seq(after), 10).unwrap().iter().map(|sighting| sighting.seq.0).collect()
    };
    assert_eq!(since(0, 0), [1, 2, 3]);
    assert_eq!(since(0, 2), [3]);
    assert_eq!(since(2_000_000, 0), [1, 2, 3], "no receipt says that any is old");

    let counts = store.counts(Seq(1)).unwrap();
    assert_eq!(counts.as_array(), [1, 0, 1, 1, 0]);
    assert_eq!(store.counts(Seq(3)).unwrap().total(), 1);
    assert_eq!(store.last_shift().unwrap(), None);
    store.append("B", &Payload::ShiftClosed(ShiftClosed::default())).unwrap();
    assert_eq!(store.last_shift().unwrap(), Some(Seq(6)));
    assert!(is_whole(&store));
}

/// What was seen after something recent is recent, whatever the clock showed then; and only a receipt makes anything old.
#[test]
fn a_sighting_taken_while_the_clock_was_years_behind_is_none_of_long_ago() {
    const YEAR_MS: i64 = 365 * 86_400_000;
    let place = place();
    let clock = Arc::new(HandClock::at(YEAR_MS * 50));
    let store = write_at(&place.home, &clock);
    enrol(&store, false);
    let seen_at = |wall_ms| {
        clock.set_wall_ms(wall_ms);
        let payload = check("AB1234", Grade::NoRecord);
        store.append("A", &payload).unwrap()
    };
    let received = |through: Seq, server_ms| {
        let head = store.entries(through, 1).unwrap()[0].hash;
        store.store_receipt(&Receipt::sign(&hub_key(), store.device(), through, head, server_ms)).unwrap();
    };
    let since = |wall_ms| store.sightings_since(wall_ms, Seq(0), 10).unwrap().iter().map(|s| s.seq).collect::<Vec<_>>();
    let old = seen_at(YEAR_MS * 50);
    assert_eq!(since(YEAR_MS * 52), [old], "nobody says when that was");
    received(old, YEAR_MS * 50 + 1000);
    assert_eq!((since(YEAR_MS * 52), since(YEAR_MS * 50)), (vec![], vec![old]));
    // A battery went flat; the clock is put right; it is set back by a year.
    let behind = seen_at(YEAR_MS * 44);
    let right = seen_at(YEAR_MS * 52);
    let back = seen_at(YEAR_MS * 51);
    assert_eq!(since(YEAR_MS * 52 - 1000), [behind, right, back]);
    // The hub has had them for long: then the clock is believed.
    received(behind, YEAR_MS * 52 - 3000);
    assert_eq!(since(YEAR_MS * 52 - 1000), [right, back]);
    received(back, YEAR_MS * 52);
    assert_eq!(since(YEAR_MS * 52 - 1000), [right, back], "a later receipt makes nothing older");
    assert_eq!(since(YEAR_MS * 53), []);
}

#[test]
fn a_step_of_the_clock_becomes_an_entry_before_the_one_that_noticed_it() {
    let place = place();
    let clock = Arc::new(HandClock::at(1_000_000));
    let store = write_at(&place.home, &clock);
    store.append("A", &check("AB1", Grade::NoRecord)).unwrap();
    clock.pass_ms(5_000);
    clock.set_wall_ms(9_000_000);
    drop(store);
    let store = write_at(&place.home, &clock);
    assert_eq!(store.append("A", &check("AB2", Grade::NoRecord)).unwrap(), Seq(3));
    let step = Entry::decode(&store.entries(Seq(2), 1).unwrap()[0].bytes.0).unwrap();
    let expected = ClockStep { expected_ms: 1_005_000, found_ms: 9_000_000 };
    assert_eq!(step.payload, Payload::ClockStep(expected));
    assert_eq!(store.append("A", &check("AB3", Grade::NoRecord)).unwrap(), Seq(4));
}

#[test]
fn receipts_count_only_when_true() {
    let place = place();
    let store = write(&place.home);
    for serial in ["AB1", "AB2", "AB3"] {
        store.append("A", &check(serial, Grade::NoRecord)).unwrap();
    }
    let true_one = receipt(&store, Seq(2));
    assert!(store.store_receipt(&true_one).is_err(), "not enrolled");
    enrol(&store, false);
    assert_eq!((store.unsent_from().unwrap(), store.unsent().unwrap()), (Seq(1), 3));
    let stranger = SigningKey::from_bytes(&[3; 32]);
    let false_ones = [
        Receipt::sign(&stranger, store.device(), Seq(2), true_one.head, 1),
        Receipt::sign(&hub_key(), DeviceId(uuid::Uuid::nil()), Seq(2), true_one.head, 1),
        Receipt::sign(&hub_key(), store.device(), Seq(2), Hash([0; 32]), 1),
        Receipt::sign(&hub_key(), store.device(), Seq(9), true_one.head, 1),
    ];
    for wrong in false_ones {
        assert!(matches!(store.store_receipt(&wrong), Err(StoreError::Receipt(_))), "{wrong:?}");
    }
    assert_eq!(store.receipts().unwrap(), []);
    store.store_receipt(&true_one).unwrap();
    store.store_receipt(&true_one).unwrap();
    assert_eq!(store.receipts().unwrap(), std::slice::from_ref(&true_one));
    assert_eq!(store.last_receipt().unwrap(), Some(true_one));
    assert_eq!((store.acknowledged().unwrap(), store.unsent().unwrap()), (Seq(2), 1));
    let signed = store.sign_head().unwrap();
    store.sign_head().unwrap();
    assert_eq!(store.heads().unwrap(), [signed]);
    let report = store.verify(&mut |_, _| {}).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.chain.proven_to, report.chain.received_to), (Some(Seq(3)), Some(Seq(2))));
    store.append("A", &check("AB4", Grade::NoRecord)).unwrap();
    assert_eq!(store.verify(&mut |_, _| {}).unwrap().chain.unproven, 1);
}

#[test]
fn practice_is_fixed_with_the_first_entry() {
    let place = place();
    let store = write(&place.home);
    enrol(&store, true);
    store.append("A", &check("AB1", Grade::NoRecord)).unwrap();
    assert!(store.is_practice().unwrap());
    assert!(is_whole(&store));
    let refused = store.set_practice(false).unwrap_err();
    assert!(matches!(refused, StoreError::PracticeMismatch { is: true, wanted: false }));
    assert!(refused.to_string().contains("practice"), "{refused}");
}

#[test]
fn projections_can_be_thrown_away() {
    let place = place();
    let store = write(&place.home);
    for serial in ["AB1", "AB2"] {
        store.append("A", &check(serial, Grade::Hit)).unwrap();
    }
    store.append("A", &decision(Seq(2))).unwrap();
    let before = store.feed(10).unwrap();
    for spoil in [
        "UPDATE sighting SET grade = 'no_record' WHERE seq = 2",
        "DELETE FROM decision",
        "INSERT INTO shift VALUES (3, 7)",
    ] {
        store.write(|transaction| transaction.execute(spoil, [])).unwrap();
        let report = store.verify(&mut |_, _| {}).unwrap();
        assert!(report.chain.is_whole() && !report.projections.is_empty(), "{spoil}: {report:?}");
        store.rebuild_projections().unwrap();
        assert!(is_whole(&store), "after {spoil}");
    }
    assert_eq!(store.feed(10).unwrap(), before);
}

#[test]
fn photos_are_encrypted_proven_and_kept_until_sent() {
    let place = place();
    let store = write(&place.home);
    let picture = vec![0x5a; 10_000];
    let photo = store.put_photo(&picture).unwrap();
    assert_eq!(store.put_photo(&picture).unwrap(), photo);
    assert_eq!(store.photos_pending(10).unwrap(), [], "no entry names it yet");
    let Payload::Check(mut with_photo) = check("AB1", Grade::Hit) else { unreachable!() };
    with_photo.photo = Some(photo);
    store.append("A", &Payload::Check(with_photo)).unwrap();
    store.set_photo_offset(photo.hash, 4096).unwrap();
    let pending = store.photos_pending(10).unwrap();
    assert_eq!((pending.len(), pending[0].seq, pending[0].photo, pending[0].sent_bytes), (1, Seq(1), photo, 4096));
    store.rebuild_projections().unwrap();
    assert_eq!(store.photos_pending(10).unwrap()[0].sent_bytes, 4096);
    store.mark_photo_sent(photo.hash).unwrap();
    assert_eq!(store.photos_pending_count().unwrap(), 0);

    let path = place.home.photo(photo.hash);
    let sealed = std::fs::read(&path).unwrap();
    assert!(!sealed.windows(16).any(|window| window == [0x5a; 16]), "nothing of the picture can be read");
    for at in [0, 10, 40, sealed.len() - 1] {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        std::fs::write(&path, changed).unwrap();
        assert!(matches!(store.read_photo(photo.hash), Err(StoreError::Photo { .. })), "byte {at}");
    }
    std::fs::write(&path, &sealed[..20]).unwrap();
    assert!(store.read_photo(photo.hash).is_err());
    store.put_photo(&picture).unwrap();
    assert_eq!(store.read_photo(photo.hash).unwrap(), picture);
    assert!(store.read_photo(Hash([0; 32])).is_err());
}

#[test]
fn settings_are_kept_by_name() {
    let place = place();
    let store = write(&place.home);
    assert_eq!(store.setting("a").unwrap(), None);
    store.set_setting("a", b"1").unwrap();
    store.set_setting("a", b"2").unwrap();
    assert_eq!(store.setting("a").unwrap().as_deref(), Some(b"2".as_slice()));
    store.remove_setting("a").unwrap();
    assert_eq!(store.setting("a").unwrap(), None);
}

#[test]
fn the_hand_scanner_stays_as_it_was_set() {
    let place = place();
    let store = write(&place.home);
    assert_eq!(store.hand_scanner().unwrap(), HandScannerSettings::default());
    let set = HandScannerSettings {
        suffix: "<ETX>".into(),
        layout: KeyboardLayout::FrAzerty,
        serial_port: Some("/dev/ttyACM0".into()),
        ..HandScannerSettings::default()
    };
    store.set_hand_scanner(&set).unwrap();
    drop(store);
    let again = write(&place.home);
    assert_eq!(again.hand_scanner().unwrap(), set);
    again.set_setting("hand_scanner", b"\xff").unwrap();
    assert_eq!(again.hand_scanner().unwrap(), HandScannerSettings::default(), "what cannot be read sets nothing");
}
