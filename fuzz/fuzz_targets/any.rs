//! One binary for all targets: `TARGET=mrz cargo +nightly fuzz run any fuzz/corpus/mrz`. Without a name all of them run.
#![no_main]

#[path = "../targets.rs"]
mod targets;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let wanted = std::env::var("TARGET").ok();
    for (name, target) in targets::TARGETS {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            target(bytes);
        }
    }
});
