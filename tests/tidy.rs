//! The rules of the house that no compiler checks: layers, where a crate may be named, what stands at the top level.
//!
//! Each rule is a function from text to complaints, so that the rule itself can be seen to fail on a broken example
//! (`a_broken_rule_is_found`) before it is run over the real tree.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Layer of each room; a room imports only from rooms with a lower number.
const LAYERS: [(&str, u8); 14] = [
    ("domain", 0),
    ("decode", 1),
    ("ledger", 1),
    ("registers", 1),
    ("wire", 2),
    ("platform", 2),
    ("capture", 3),
    ("store", 3),
    ("sync", 4),
    ("hub", 4),
    ("desk", 5),
    ("app", 6),
    ("cli", 7),
    ("bin", 8),
];

/// Crates that may be named only under the given folders of `src`.
const HOMES: [(&str, &[&str]); 6] = [
    ("rusqlite", &["store/", "hub/storage"]),
    ("reqwest", &["sync/"]),
    ("axum", &["hub/"]),
    ("slint", &["app/"]),
    ("tracepost_ui", &["app/"]),
    ("zxingcpp", &["decode/"]),
];

/// What may stand at the top level, beside dotfiles.
const TOP_LEVEL: [&str; 14] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "dev",
    "src",
    "ui",
    "assets",
    "tests",
    "benches",
    "fuzz",
    "docs",
    "target",
];

type Rule = fn(&str, &str) -> Vec<String>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("folder of the project").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, ending, into);
        } else if path.extension().is_some_and(|e| e == ending) {
            into.push(path);
        }
    }
}

/// Every Rust file under `src`, by its path from there.
fn sources() -> BTreeMap<String, String> {
    let base = root().join("src");
    let mut paths = Vec::new();
    files(&base, "rs", &mut paths);
    paths
        .into_iter()
        .map(|p| {
            let name = p.strip_prefix(&base).expect("under src").to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(&p).expect("readable source"))
        })
        .collect()
}

fn layer(room: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == room).map(|(_, n)| *n)
}

/// The room a file of `src` stands in: its first folder, or its own name for a single-file room.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// Lines of code with their numbers; prose may name anything.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")).map(|(n, l)| (n + 1, l))
}

/// The part of a file before its unit tests: tests may panic, and may build their worlds from other rooms.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

/// Whether a whole file is there for tests only.
fn is_test_file(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

/// Rooms named as `crate::room` (or `tracepost::room` in the programs), also inside a `crate::{…}` group.
fn rooms_named(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for prefix in ["crate::", "tracepost::"] {
        for (at, _) in line.match_indices(prefix) {
            let rest = &line[at + prefix.len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(group) => group.split('}').next().unwrap_or(group).split(',').collect(),
                None => vec![rest],
            };
            for name in names {
                let word: String = name.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if layer(&word).is_some() {
                    found.push(word);
                }
            }
        }
    }
    found
}

fn layer_complaints(file: &str, text: &str) -> Vec<String> {
    if file == "lib.rs" || is_test_file(file) {
        return Vec::new();
    }
    let own = room(file);
    let Some(own_layer) = layer(own) else { return vec![format!("{file}: no room of the map is called {own}")] };
    let mut complaints = Vec::new();
    for (n, line) in code_lines(without_tests(text)) {
        for other in rooms_named(line) {
            let other_layer = layer(&other).expect("only rooms are collected");
            if other != own && other_layer >= own_layer {
                complaints.push(format!("{file}:{n}: {own} ({own_layer}) imports {other} ({other_layer})"));
            }
        }
    }
    complaints
}

fn home_complaints(file: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (n, line) in code_lines(text) {
        for (name, homes) in HOMES {
            let path = format!("{name}::");
            let named = line
                .match_indices(&path)
                .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':'));
            if named && !homes.iter().any(|h| file.starts_with(h)) {
                complaints.push(format!("{file}:{n}: {name} is named outside {homes:?}"));
            }
        }
    }
    complaints
}

fn panic_complaints(file: &str, text: &str) -> Vec<String> {
    if is_test_file(file) {
        return Vec::new();
    }
    code_lines(without_tests(text))
        .filter(|(_, l)| {
            [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", ".expect(\"\")"].iter().any(|w| l.contains(w))
        })
        .map(|(n, l)| format!("{file}:{n}: may panic without a reason: {}", l.trim()))
        .collect()
}

fn heading_complaints(file: &str, text: &str) -> Vec<String> {
    if text.starts_with("//!") { Vec::new() } else { vec![format!("{file}: does not open with what it is for")] }
}

fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

fn over_sources(rule: Rule) -> Vec<String> {
    sources().iter().flat_map(|(file, text)| rule(file, text)).collect()
}

#[test]
fn rooms_import_only_from_lower_layers() {
    none(over_sources(layer_complaints));
}

#[test]
fn crates_stay_in_their_homes() {
    none(over_sources(home_complaints));
}

#[test]
fn nothing_panics_without_a_reason() {
    none(over_sources(panic_complaints));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    none(over_sources(heading_complaints));
}

#[test]
fn a_broken_rule_is_found() {
    let cases: [(Rule, &str, &str); 9] = [
        (layer_complaints, "domain/mark.rs", "use crate::ledger::Entry;"),
        (layer_complaints, "ledger/entry.rs", "use crate::{domain::Seq, registers::Index};"),
        (layer_complaints, "store/ledger.rs", "fn f() { crate::desk::check() }"),
        (layer_complaints, "attic/old.rs", ""),
        (home_complaints, "desk/check.rs", "let c = rusqlite::Connection::open(p)?;"),
        (home_complaints, "cli/scan.rs", "use slint::Image;"),
        (panic_complaints, "cli/scan.rs", "let x = y.unwrap();"),
        (panic_complaints, "cli/scan.rs", "todo!()"),
        (heading_complaints, "cli/scan.rs", "use std::fs;"),
    ];
    for (rule, file, text) in cases {
        assert!(!rule(file, text).is_empty(), "not found: {text:?} in {file}");
    }
    assert!(layer_complaints("ledger/entry.rs", "use crate::domain::Seq;\n// crate::desk is only prose").is_empty());
    assert!(home_complaints("sync/http.rs", "use reqwest::Client;").is_empty());
}

#[test]
fn the_top_level_stays_small() {
    let strangers: Vec<String> = fs::read_dir(root())
        .expect("the project's folder")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|n| !n.starts_with('.') && !TOP_LEVEL.contains(&n.as_str()))
        .collect();
    assert!(strangers.is_empty(), "at the top level: {strangers:?}");
}
