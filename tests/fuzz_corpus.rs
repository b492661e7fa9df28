//! Replays the committed fuzzing corpus, each file also cut short and with single bytes changed, on stable Rust.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

/// Bytes that mean something to one parser or another, or break UTF-8.
const BYTES: [u8; 10] = [0, 0x1D, 0x1E, b'0', b'<', b'%', b'"', b')', 0xC3, 0xFF];

#[test]
fn no_target_panics_on_its_corpus() {
    for (name, target) in targets::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let mut count = 0;
        for file in files {
            let bytes = std::fs::read(file.expect("a readable folder").path()).expect("a readable file");
            target(&bytes);
            for at in 0..bytes.len().min(256) {
                target(&bytes[..at]);
                let mut changed = bytes.clone();
                changed[at] = BYTES[at % BYTES.len()];
                target(&changed);
            }
            count += 1;
        }
        assert!(count >= 3, "{} has a corpus of {count}", folder.display());
    }
}
