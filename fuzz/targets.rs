//! What is fuzzed: functions over any bytes that must never panic, with the promises that they keep on every input.
//!
//! One list for two uses: `cargo fuzz` (see `fuzz_targets/`) searches with them, and `tests/fuzz_corpus.rs` replays the
//! committed corpus with them on every test run, on stable Rust.

use tracepost::domain::keys::{canonical, diff, exact_key, keys, reading, split_parts};
use tracepost::domain::payload::{
    container, controls, digital_link, envelope, epc, gs1, keyed, licence, marking, mrz, plain, vin, web,
};
use tracepost::domain::{Record, Scheme, Understood, understand, understand_typed};
use tracepost::registers::import::{Defaults, Format, Mapping, Profile, Sinks, import};
use tracepost::registers::{Index, RecordBytes};

/// A name, which is also the folder of its corpus, and the function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 19] = [
    ("understand", fuzz_understand),
    ("envelope", fuzz_envelope),
    ("gs1", fuzz_gs1),
    ("mrz", fuzz_mrz),
    ("licence", fuzz_licence),
    ("web", fuzz_web),
    ("digital_link", fuzz_digital_link),
    ("epc", fuzz_epc),
    ("controls", fuzz_controls),
    ("keyed", fuzz_keyed),
    ("numbers", fuzz_numbers),
    ("keys", fuzz_keys),
    ("import_csv", fuzz_import_csv),
    ("import_jsonl", fuzz_import_jsonl),
    ("import_ua_weapons", fuzz_import_ua_weapons),
    ("import_ua_vehicles", fuzz_import_ua_vehicles),
    ("import_niem", fuzz_import_niem),
    ("frames", fuzz_frames),
    ("index", fuzz_index),
];

/// Promises of every parser's answer.
fn check(understood: Option<Understood>) {
    let Some(understood) = understood else { return };
    assert!(!understood.form.is_empty());
    assert!(understood.marks.len() <= tracepost::domain::payload::MARKS_MAX);
    assert!(understood.marks.iter().all(|mark| !mark.value.is_empty()));
    assert!(understood.left.as_deref() != Some(""));
}

fn fuzz_understand(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for identifier in ["", "]d1", "]d2", "]C1", "]E0"] {
        check(Some(understand(&text, identifier)));
    }
    check(Some(understand_typed(&text)));
}

fn fuzz_envelope(bytes: &[u8]) {
    check(envelope::understand(&String::from_utf8_lossy(bytes)));
}

fn fuzz_gs1(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    check(gs1::understand(&text, "]d2"));
    check(gs1::understand(&text, ""));
    check(gs1::understand_bare(&text));
    check(gs1::understand_retail(&text, "]E0"));
}

fn fuzz_mrz(bytes: &[u8]) {
    check(mrz::understand(&String::from_utf8_lossy(bytes)));
}

fn fuzz_web(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    check(web::understand(&text));
}

fn fuzz_digital_link(bytes: &[u8]) {
    check(digital_link::understand(&String::from_utf8_lossy(bytes)));
}

fn fuzz_epc(bytes: &[u8]) {
    check(epc::understand(&String::from_utf8_lossy(bytes)));
}

fn fuzz_licence(bytes: &[u8]) {
    check(licence::understand(&String::from_utf8_lossy(bytes)));
}

fn fuzz_controls(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let real = controls::real(&text);
    assert!(real.chars().count() <= text.chars().count(), "a shown control character is one character");
    check(Some(plain::understand(controls::trimmed(&text))));
    check(Some(plain::understand_typed(controls::trimmed(&text))));
}

fn fuzz_keyed(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    check(keyed::understand(&text));
    check(marking::understand(&text));
}

fn fuzz_numbers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    check(vin::understand(&text));
    check(container::understand(&text));
}

fn fuzz_keys(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let key = canonical(&text);
    assert_eq!(canonical(&key), key, "the key of a key is itself");
    let all = keys(&text);
    assert_eq!(all.canonical, key);
    diff(&all.canonical, &all.skeleton);
    reading(&text);
    split_parts(&text);
    for scheme in Scheme::ALL {
        let key = exact_key(scheme, &text);
        assert_eq!(exact_key(scheme, &key), key, "{scheme}");
    }
}

/// A file is taken or refused; its rows add up, each record survives its bytes, and no id comes twice.
fn fuzz_import(format: Format, bytes: &[u8]) {
    let mut profile = Profile::default();
    let mut ids = std::collections::HashSet::new();
    let mut rejects = 0;
    let sinks = Sinks {
        record: &mut |imported| {
            assert!(ids.insert(imported.record.id.clone()));
            assert_eq!(Record::from_canonical_bytes(&imported.record.canonical_bytes()).as_ref(), Ok(&imported.record));
            profile.record(&imported.record);
            Ok(())
        },
        reject: &mut |reject| {
            assert!(!reject.reason.is_empty());
            rejects += 1;
            Ok(())
        },
        note: &mut |_| Ok(()),
        progress: &mut |_| {},
    };
    if let Ok(summary) = import(format, bytes, &Mapping::default(), &Defaults::default(), sinks) {
        assert_eq!(summary.rows, summary.imported + summary.duplicates + summary.rejected);
        assert_eq!((summary.imported, summary.rejected), (ids.len() as u64, rejects));
    }
    profile.finish(Default::default());
}

fn fuzz_import_csv(bytes: &[u8]) {
    fuzz_import(Format::Csv, bytes);
    let mapping = String::from_utf8_lossy(bytes);
    // A mapping file is read by the same program from the same hands.
    let _ = Mapping::parse(&mapping);
}

fn fuzz_import_jsonl(bytes: &[u8]) {
    fuzz_import(Format::Jsonl, bytes);
}

fn fuzz_import_ua_weapons(bytes: &[u8]) {
    fuzz_import(Format::UaWeapons, bytes);
}

fn fuzz_import_ua_vehicles(bytes: &[u8]) {
    fuzz_import(Format::UaVehicles, bytes);
}

fn fuzz_import_niem(bytes: &[u8]) {
    fuzz_import(Format::Niem, bytes);
}

/// Frames of any size and layout, too: the first bytes say which, the rest are pixels, repeated as often as needed.
#[cfg(feature = "device")]
fn fuzz_frames(bytes: &[u8]) {
    use tracepost::decode::{Frame, Layout, LiveReader};
    let [width, height, layout, pixels @ ..] = bytes else { return };
    let (width, height) = (u32::from(*width % 72), u32::from(*height % 72));
    let layout = match layout % 5 {
        0 => Layout::Grey,
        1 => Layout::Rgb,
        2 => Layout::Yuyv,
        3 => Layout::Nv12,
        _ => Layout::Planar { across: 2, down: 2 },
    };
    let Some(need) = layout.bytes(width, height) else { return };
    let pixels: Vec<u8> = pixels.iter().copied().cycle().take(need).collect();
    let Ok(frame) = Frame::new(layout, width, height, pixels) else { return };
    let mut reader = LiveReader::default();
    for _ in 0..3 {
        let result = reader.feed(&frame);
        assert!(result.accepted.iter().all(|a| !a.text.is_empty()));
    }
}

/// Builds without a camera hold no decoder.
#[cfg(not(feature = "device"))]
fn fuzz_frames(_: &[u8]) {}

/// What passes for an index is searched: nothing panics, and every search ends.
fn fuzz_index(bytes: &[u8]) {
    let Ok(index) = Index::from_bytes(bytes) else { return };
    for query in ["AB1234", "БГ0417", "QWERTY123"] {
        let near = index.one_edit(query).into_iter().chain(index.two_edits(query).keys);
        let loose = index.same_skeleton(query).into_iter().chain(index.same_number("417"));
        let ends = index.lost_end(query).keys.into_iter().chain(index.exact(b'S', query));
        for key in near.chain(loose).chain(ends) {
            index.key(key);
            index.records_of(key).take(100).for_each(|record| _ = index.register_of(record));
        }
    }
}
