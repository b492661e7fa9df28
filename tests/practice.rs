//! The practice post walks its whole story with no window: hub, enrolment by picture, footage, kill, sync, page, retro-hit.
#![cfg(all(feature = "device", feature = "hub"))]

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn every_step_of_the_story_holds() {
    let output = Command::new(env!("CARGO_BIN_EXE_tracepost"))
        .args(["--json", "demo", "--headless", "--records", "3000"])
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("not JSON ({e}): {l}")))
        .collect();
    let steps: Vec<_> = lines.iter().filter_map(|l| l["step"].as_str()).collect();
    assert_eq!(steps, ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"], "{stderr}");
    let symbols = lines.iter().filter(|l| l["verdict"].is_object() && l["symbology"].is_string()).count();
    assert_eq!(symbols, 5, "the footage shows five codes");
}
