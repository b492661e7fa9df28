//! Golden bytes: what a ledger written years ago must still read as, and what a check of today must be written as.

use chrono::DateTime;

use super::*;
use crate::domain::*;
use crate::ledger::payload::*;

fn item() -> Item {
    let read = |scheme, value: &str, symbology| SeenMark {
        mark: Mark { scheme, value: value.to_owned(), place: Some("frame".to_owned()) },
        source: MarkSource::Read(symbology),
    };
    Item {
        marks: vec![
            read(Scheme::Uii, "D1234512345678", Symbology::DataMatrix),
            SeenMark { mark: Mark::new(Scheme::Serial, "АВ 1234"), source: MarkSource::Scanner },
            SeenMark::typed(Mark::new(Scheme::Import, "ua 7")),
        ],
        description: Description {
            object: Some(Object::Firearm),
            kind: Some("pistol".to_owned()),
            make: None,
            model: Some("ПМ".to_owned()),
            calibre: Some("9x18".to_owned()),
            year: Some(1978),
            country: None,
            issuer: None,
        },
    }
}

fn candidate() -> CandidateRef {
    CandidateRef {
        register: RegisterId("ua-weapons".to_owned()),
        record: "h:77".to_owned(),
        grade: Grade::Probable,
        rule: Rule::LookAlike,
    }
}

fn age() -> RegisterAge {
    RegisterAge {
        id: RegisterId("ua-weapons".to_owned()),
        version: RegisterVersion(300),
        as_of: DateTime::from_timestamp_millis(1_790_000_000_000).unwrap(),
    }
}

fn check() -> Check {
    Check {
        item: item(),
        grade: Grade::Probable,
        reason: None,
        rule: Some(Rule::LookAlike),
        findings: vec![Finding::PartsDiffer],
        candidates: vec![candidate()],
        registers: vec![age()],
        photo: Some(PhotoRef { hash: Hash([0xab; 32]), len: 70_000 }),
        post: Some(PostId("UAKBP".to_owned())),
        source: CheckSource::Camera,
    }
}

fn samples() -> Vec<(&'static str, Payload)> {
    let late = LateCheck {
        paper: "P-4".to_owned(),
        checked_ms: 1_790_000_000_123,
        check: Check {
            item: Item::default(),
            grade: Grade::NotChecked,
            reason: Some(NotChecked::IndexLoading),
            rule: None,
            findings: vec![],
            candidates: vec![],
            registers: vec![],
            photo: None,
            post: None,
            source: CheckSource::Typed,
        },
    };
    let update = |outcome| RegisterUpdate {
        register: RegisterId("ua-weapons".to_owned()),
        from: Some(RegisterVersion(1)),
        to: RegisterVersion(2),
        as_of_ms: 1_790_000_000_000,
        records: 1_100_000,
        outcome,
    };
    vec![
        ("check", Payload::Check(Box::new(check()))),
        ("late_check", Payload::LateCheck(Box::new(late))),
        (
            "decision",
            Payload::Decision(Decided {
                of: Seq(7),
                code: DecisionCode::HandedToPolice,
                note: "seal 4".to_owned(),
                photo: Some(PhotoRef { hash: Hash([1; 32]), len: 9 }),
            }),
        ),
        ("amendment", Payload::Amendment(Box::new(Amendment { of: Seq(7), item: item(), note: "typo".to_owned() }))),
        ("search", Payload::Search(Search { pattern: "AB12*".to_owned(), shown: 5, cut: true })),
        (
            "record_opened",
            Payload::RecordOpened(RecordOpened {
                register: RegisterId("ua-weapons".to_owned()),
                record: "h:77".to_owned(),
                from: Some(Seq(7)),
            }),
        ),
        ("update_accepted", Payload::RegisterUpdate(update(UpdateOutcome::Accepted))),
        ("update_refused", Payload::RegisterUpdate(update(UpdateOutcome::Refused { reason: "signature".to_owned() }))),
        (
            "retro_hit",
            Payload::RetroHit(RetroHit {
                of: Seq(7),
                grade: Grade::Hit,
                candidates: vec![candidate()],
                registers: vec![age()],
            }),
        ),
        (
            "shift_closed",
            Payload::ShiftClosed(ShiftClosed {
                post: Some(PostId("UAKBP".to_owned())),
                by_grade: [1, 2, 3, 400, 5],
                open_hits: 1,
                photos_pending: 2,
                unsent: 411,
            }),
        ),
        ("clock_step", Payload::ClockStep(ClockStep { expected_ms: 1_790_000_000_000, found_ms: 1_600_000_000_000 })),
        (
            "enrolled",
            Payload::Enrolled(Enrolled {
                device: DeviceId(uuid::Uuid::from_u128(1)),
                post: PostId("UAKBP".to_owned()),
                hub_url: "https://hub.example:8443".to_owned(),
                hub: Hash([2; 32]),
                practice: false,
            }),
        ),
        ("signed_in", Payload::SignedIn(SignedIn { post: None, method: "name".to_owned() })),
        ("started", Payload::Started(Started { program: "0.1.0".to_owned(), face: "app".to_owned() })),
    ]
}

fn entry(payload: Payload) -> Entry {
    Entry {
        wall_ms: 1_790_000_000_000, boot: [5; 16], mono_ms: 86_400_000, officer: "Олена К.".to_owned(), payload
    }
}

#[test]
fn the_bytes_of_every_kind_are_frozen() {
    let golden: Vec<(&str, &str)> =
        include_str!("golden.txt").lines().filter_map(|line| line.split_once(' ')).collect();
    let samples = samples();
    assert_eq!(golden.len(), samples.len(), "one line of golden bytes for each sample");
    for ((name, payload), (golden_name, golden_hex)) in samples.into_iter().zip(golden) {
        assert_eq!(name, golden_name);
        let entry = entry(payload);
        assert_eq!(data_encoding::HEXLOWER.encode(&entry.encode().0), golden_hex, "{name} is written as it always was");
        let bytes = data_encoding::HEXLOWER.decode(golden_hex.as_bytes()).unwrap();
        assert_eq!(Entry::decode(&bytes), Ok(entry), "{name} reads as it always did");
    }
}

#[test]
fn unknown_kinds_and_versions_survive_as_they_are() {
    for (kind, version) in [(99, 1), (super::kind::CHECK, 2), (0, 0)] {
        let before = entry(Payload::Opaque(Opaque { kind, version, bytes: vec![1, 2, 3] }));
        let bytes = before.encode();
        let after = Entry::decode(&bytes.0).unwrap();
        assert_eq!(after, before);
        assert_eq!(after.encode(), bytes);
    }
}

#[test]
fn a_word_that_is_new_makes_the_payload_opaque_and_is_no_error() {
    let (kind, version, bytes) = encode_payload(&Payload::Check(Box::new(check())));
    let place = bytes.windows(6).position(|x| x == b"camera").unwrap();
    let mut newer = bytes;
    newer[place..place + 6].copy_from_slice(b"drones");
    let entry = entry(Payload::Opaque(Opaque { kind, version, bytes: newer.clone() }));
    let read = Entry::decode(&entry.encode().0).unwrap();
    assert_eq!(read.payload, Payload::Opaque(Opaque { kind, version, bytes: newer }));
}

#[test]
fn bytes_that_are_no_entry_are_refused() {
    let good = entry(Payload::Check(Box::new(check()))).encode().0;
    assert_eq!(Entry::decode(&[]), Err(DecodeError::Envelope));
    let longer = [good.as_slice(), &[0]].concat();
    assert_eq!(Entry::decode(&longer), Err(DecodeError::Envelope));
    for len in 0..good.len() {
        assert!(Entry::decode(&good[..len]).is_err(), "cut to {len} bytes");
    }
    let opaque = Payload::Opaque(Opaque { kind: super::kind::CHECK, version: 1, bytes: vec![0xff; 9] });
    let error = DecodeError::Payload { kind: super::kind::CHECK, version: 1 };
    assert_eq!(Entry::decode(&entry(opaque).encode().0), Err(error));
}

proptest::proptest! {
    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = Entry::decode(&bytes);
    }

    #[test]
    fn decoding_a_flipped_entry_never_panics(at in 0usize..600, bit in 0u8..8) {
        let mut bytes = entry(Payload::Check(Box::new(check()))).encode().0;
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let _ = Entry::decode(&bytes);
    }
}
