//! The device's command line as a new user and as a script meet it: through the program itself.
#![cfg(feature = "device")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn tracepost(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracepost"));
    command
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("TRACEPOST_HOME")
        .args(["--home", &home.to_string_lossy(), "--officer", "A. Example"])
        .args(arguments);
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    tracepost(home, arguments).stdin(Stdio::null()).output().expect("the program starts")
}

fn run_with_input(home: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = tracepost(home, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("piped").write_all(input).expect("the program reads its input");
    child.wait_with_output().expect("the program ends")
}

fn lines(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("not JSON ({e}): {l}")))
        .collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wrong_usage_is_status_2_and_says_what_is_right() {
    let home = tempfile::tempdir().expect("temporary folder");
    for (arguments, said) in [
        (&["scann", "x.png"][..], "scan"),
        (&["check"], "MARK"),
        (&["scan"], "Usage: tracepost scan [OPTIONS] <PATH>..."),
        (&["enrol"], "--picture"),
        (&["demo", "--records", "5"], "1000"),
        (&["check", "AB1234", "--object", "spaceship"], "firearm"),
        (&["check", "AB1234", "--scheme", "tattoo"], "serial"),
        (&["check", "AB1234", "--year", "99999"], "year must be a whole number from 1700 to 20"),
        (&["check", "AB1234", "--year", "9999"], "year must be a whole number from 1700 to 20"),
        (&["scan", "--decode-only", "--formats", "qr_code,tatoo", "x.png"], "data_matrix"),
    ] {
        let output = run(home.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{arguments:?} printed an answer");
    }
}

#[test]
fn help_has_examples_and_version_is_known() {
    let home = tempfile::tempdir().expect("temporary folder");
    for command in ["demo", "enrol", "scan", "check", "search", "record"] {
        let output = run(home.path(), &[command, "--help"]);
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("Examples:"), "{command} has no examples");
    }
    let output = run(home.path(), &["--version"]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("tracepost "));
    assert!(String::from_utf8_lossy(&run(home.path(), &["completions", "bash"]).stdout).contains("tracepost"));
    assert!(String::from_utf8_lossy(&run(home.path(), &["man"]).stdout).contains(".TH"));
}

#[test]
fn with_no_register_nothing_is_ever_called_unlisted() {
    let home = tempfile::tempdir().expect("temporary folder");
    let output = run(home.path(), &["--json", "check", "АВ 1234", "--object", "firearm"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let verdict = &lines(&output)[0];
    assert_eq!(verdict["grade"], "not_checked");
    assert_eq!(verdict["reason"], "no_register_for_object");
    assert!(verdict["entry"].is_u64(), "the check must stand in the ledger: {verdict}");
    assert_eq!(verdict["registers"], Value::Array(Vec::new()));
}

#[test]
fn lines_from_standard_input_are_answered_in_order_and_bad_ones_with_an_error() {
    let home = tempfile::tempdir().expect("temporary folder");
    let input = "{\"id\":\"a\",\"marks\":[\"AB1234\"]}\nnot json\n\n{\"id\":3,\"marks\":[]}\n{\"id\":4,\"marks\":[{\"value\":\"X99\",\"scheme\":\"serial\"}],\"note\":\"kept out\"}\n{\"id\":5,\"marks\":[\"AB1234\"],\"yaer\":1978}\n";
    let output = run_with_input(home.path(), &["check", "-", "--json"], input.as_bytes());
    assert_eq!(output.status.code(), Some(1), "some lines failed: {}", stderr(&output));
    let answers = lines(&output);
    let ids: Vec<_> = answers.iter().map(|a| a["id"].clone()).collect();
    assert_eq!(ids, [Value::from("a"), Value::Null, Value::from(3), Value::from(4), Value::from(5)]);
    assert!(answers[0]["grade"].is_string() && answers[3]["grade"].is_string());
    assert!(answers[1]["error"].is_string() && answers[2]["error"].is_string());
    let ignored = |at: usize| answers[at]["ignored"].clone();
    assert_eq!(
        [ignored(0), ignored(3), ignored(4)],
        [Value::Null, serde_json::json!(["note"]), serde_json::json!(["yaer"])],
        "what was not heard is said"
    );
    assert!(answers[4]["grade"].is_string());
    assert!(answers[0]["entry"].as_u64() < answers[3]["entry"].as_u64());
}

#[test]
fn what_was_answered_stands_in_the_ledger_and_verifies() {
    let home = tempfile::tempdir().expect("temporary folder");
    let entry = lines(&run(home.path(), &["--json", "check", "AB1234"]))[0]["entry"].as_u64().expect("an entry");
    let status = lines(&run(home.path(), &["--json", "status"])).remove(0);
    assert!(status["ledger"]["entries"].as_u64().expect("a count") >= entry, "{status}");
    assert_eq!(status["ledger"]["unsent"], status["ledger"]["entries"]);
    let verified = run(home.path(), &["--json", "verify"]);
    assert!(verified.status.success(), "{}", stderr(&verified));
    assert_eq!(lines(&verified)[0]["ok"], true);
}

#[test]
fn status_says_when_the_ledger_was_last_found_whole_or_damaged() {
    let home = tempfile::tempdir().expect("temporary folder");
    let many: String = (0..200).map(|n| format!("{{\"marks\":[\"AB{n:04}\"]}}\n")).collect();
    assert!(run_with_input(home.path(), &["check", "-"], many.as_bytes()).status.success());
    let words = |arguments: &[&str]| String::from_utf8_lossy(&run(home.path(), arguments).stdout).into_owned();
    assert!(words(&["status"]).contains("Never verified"));
    assert!(run(home.path(), &["verify"]).status.success());
    assert!(run(home.path(), &["check", "AB1235"]).status.success());
    assert!(words(&["status"]).contains("whole; 1 entry since"), "{}", words(&["status"]));
    // A page of old entries decays; checks go on, and only a look at all of it tells.
    let ledger = home.path().join("ledger.db");
    let mut bytes = fs::read(&ledger).expect("a ledger");
    bytes[16 * 4096 + 2000] ^= 1;
    fs::write(&ledger, bytes).expect("writable");
    assert!(run(home.path(), &["check", "AB1236"]).status.success());
    assert_eq!(run(home.path(), &["verify"]).status.code(), Some(1));
    assert!(words(&["status"]).contains("DAMAGED"), "{}", words(&["status"]));
    let status = lines(&run(home.path(), &["--json", "status"])).remove(0);
    assert_eq!(status["last_verify"]["whole"], false, "{status}");
}

#[test]
fn a_disk_that_was_full_before_the_start_hides_no_answer() {
    let home = tempfile::tempdir().expect("temporary folder");
    assert!(run(home.path(), &["check", "AB1234"]).status.success());
    let full = |arguments: &[&str], input: &[u8]| {
        let mut command = tracepost(home.path(), arguments);
        command.env("TRACEPOST_FAILPOINTS", "ledger.open=fail").stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        child.stdin.take().expect("piped").write_all(input).expect("the program reads its input");
        child.wait_with_output().expect("the program ends")
    };
    let one = full(&["check", "AB1235"], b"");
    assert_eq!(one.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&one.stdout).contains("NOT CHECKED: no register"), "the answer is shown");
    assert!(stderr(&one).contains("NOT RECORDED: WRITE ON PAPER"), "{}", stderr(&one));
    let many = full(&["--json", "check", "-"], b"{\"marks\":[\"AB1236\"]}\n");
    assert_eq!((lines(&many)[0]["entry"].clone(), many.status.code()), (Value::Null, Some(1)));
    let entry = lines(&run(home.path(), &["--json", "check", "AB1237"]))[0]["entry"].as_u64();
    assert_eq!(entry, Some(2), "nothing was written meanwhile, and the next entry follows the last");
    assert!(run(home.path(), &["verify"]).status.success());
}

#[test]
fn a_ledger_that_does_not_open_hides_no_answer_and_is_left_as_it_is() {
    let home = tempfile::tempdir().expect("temporary folder");
    assert!(run(home.path(), &["check", "AB1234"]).status.success());
    let ledger = home.path().join("ledger.db");
    let mut bytes = std::fs::read(&ledger).expect("the ledger is read");
    bytes[10..14].copy_from_slice(b"UUUU");
    std::fs::write(&ledger, &bytes).expect("the ledger is damaged");
    let one = run(home.path(), &["check", "AB1234", "--json"]);
    assert_eq!((one.status.code(), lines(&one)[0]["grade"].as_str()), (Some(1), Some("not_checked")));
    assert!(stderr(&one).contains("NOT RECORDED: WRITE ON PAPER"), "{}", stderr(&one));
    let many = run_with_input(home.path(), &["check", "-"], b"{\"id\":7,\"marks\":[\"AB1234\"]}\n");
    let line = &lines(&many)[0];
    assert!(line["id"] == 7 && line["paper"].is_string() && line["entry"].is_null(), "{line}");
    for arguments in [&["sync"][..], &["enrol", "tracepost:x"], &["search", "AB12*"], &["verify"], &["status"]] {
        let refused = run(home.path(), arguments);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(!stderr(&refused).contains("not enrolled"), "{arguments:?} {}", stderr(&refused));
    }
    assert!(std::fs::read(&ledger).expect("the ledger is read") == bytes, "for whoever mends it");
}

#[test]
fn no_damaged_page_of_the_ledger_hides_an_answer() {
    let home = tempfile::tempdir().expect("temporary folder");
    let many: String = (0..60).map(|n| format!("{{\"marks\":[\"AB{n:04}\"]}}\n")).collect();
    assert!(run_with_input(home.path(), &["check", "-"], many.as_bytes()).status.success());
    let ledger = home.path().join("ledger.db");
    let whole = fs::read(&ledger).expect("the ledger is read");
    let mut on_paper = 0;
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096 + 2000] ^= 0x10;
        fs::write(&ledger, bytes).expect("the ledger is damaged");
        let one = run(home.path(), &["--json", "check", "AB1234"]);
        let answers = lines(&one);
        assert_eq!(answers.first().map(|a| &a["grade"]), Some(&"not_checked".into()), "page {page}: {}", stderr(&one));
        if answers[0]["entry"].is_null() {
            on_paper += 1;
            assert_eq!(one.status.code(), Some(1), "page {page}");
            assert!(stderr(&one).contains("NOT RECORDED: WRITE ON PAPER"), "page {page}: {}", stderr(&one));
        }
        let _ = fs::remove_file(home.path().join("ledger.db-wal"));
    }
    assert!(on_paper >= 3, "the first page, the settings and the identity: {on_paper}");
}

#[test]
fn a_lost_ledger_or_device_key_hides_no_answer_and_is_told() {
    let (deleted, empty): (fn(&Path), fn(&Path)) =
        (|path| fs::remove_file(path).expect("deleted"), |path| fs::write(path, b"").expect("emptied"));
    let changed: fn(&Path) = |path| {
        let mut bytes = fs::read(path).expect("read");
        bytes[20] ^= 1;
        fs::write(path, bytes).expect("changed");
    };
    for (file, damage, why) in [
        ("ledger.db", deleted, "missing, though this home had one"),
        ("ledger.db", empty, "missing, though this home had one"),
        ("keys/device.key", deleted, "has no key"),
        ("keys/device.key", empty, "is no key file"),
        ("keys/device.key", changed, "is not the one that the ledger was begun with"),
    ] {
        let home = tempfile::tempdir().expect("temporary folder");
        assert!(run(home.path(), &["check", "AB1234"]).status.success());
        let path = home.path().join(file);
        damage(&path);
        let damaged = fs::read(&path).ok();
        let one = run(home.path(), &["check", "AB1234"]);
        assert_eq!(one.status.code(), Some(1), "{file}");
        assert!(
            String::from_utf8_lossy(&one.stdout).contains("NOT CHECKED: no register"),
            "{file}: the answer is shown"
        );
        let told = stderr(&one);
        let told = told.split("tracepost: ").last().unwrap_or_default();
        assert!(told.contains("NOT RECORDED: WRITE ON PAPER") && told.contains(why), "{file}: {told}");
        for arguments in [&["sync"][..], &["status"], &["verify"]] {
            let refused = run(home.path(), arguments);
            assert_eq!(refused.status.code(), Some(1), "{file} {arguments:?}");
            assert!(stderr(&refused).contains(why), "{file} {arguments:?}: {}", stderr(&refused));
            assert!(!stderr(&refused).contains("yet"), "{file} {arguments:?}: {}", stderr(&refused));
        }
        assert_eq!(fs::read(&path).ok(), damaged, "{file} is left as it is");
    }
}

#[test]
fn files_that_are_no_pictures_are_named_and_the_rest_goes_on() {
    let home = tempfile::tempdir().expect("temporary folder");
    let folder = tempfile::tempdir().expect("temporary folder");
    let text = folder.path().join("a.png");
    fs::write(&text, "this is no picture").expect("writable");
    let empty = folder.path().join("b.png");
    fs::write(&empty, "").expect("writable");
    let missing = folder.path().join("c.png");
    let paths: Vec<_> = [&text, &empty, &missing].iter().map(|p| p.to_string_lossy().into_owned()).collect();
    let mut arguments = vec!["scan", "--decode-only", "--json"];
    arguments.extend(paths.iter().map(String::as_str));
    let output = run(home.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    let answers = lines(&output);
    assert_eq!(answers.len(), 3, "{answers:?}");
    for (answer, path) in answers.iter().zip(&paths) {
        assert_eq!(answer["file"], path.as_str());
        assert!(answer["error"].as_str().is_some_and(|e| !e.is_empty()));
    }
    assert!(fs::read_dir(home.path()).expect("the folder").next().is_none(), "--decode-only must not touch the home");
}

#[test]
fn a_folder_without_pictures_says_so() {
    let home = tempfile::tempdir().expect("temporary folder");
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().to_string_lossy().into_owned();
    for extra in [&["--decode-only"][..], &["--decode-only", "--footage"]] {
        let mut arguments = vec!["scan", "--json", path.as_str()];
        arguments.extend(extra);
        let output = run(home.path(), &arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(lines(&output)[0]["error"].is_string(), "{:?}", lines(&output));
    }
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let home = tempfile::tempdir().expect("temporary folder");
    let mut first = tracepost(home.path(), &["check", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = first.stdin.take().expect("piped");
    input.write_all(b"{\"marks\":[\"AB1234\"]}\n").expect("the first writer reads");
    let mut answer = String::new();
    let mut reader = std::io::BufReader::new(first.stdout.take().expect("piped"));
    std::io::BufRead::read_line(&mut reader, &mut answer).expect("the first writer answers");

    let second = run(home.path(), &["check", "AB1235"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("open for writing"), "{}", stderr(&second));
    assert!(run(home.path(), &["status"]).status.success(), "status may run beside a writer");
    assert!(run(home.path(), &["verify"]).status.success(), "verify may run beside a writer");

    drop(input);
    assert!(first.wait().expect("the first writer ends").success());
}

#[test]
fn without_a_display_the_app_says_so_and_points_to_headless() {
    let home = tempfile::tempdir().expect("temporary folder");
    let output = run(home.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--headless"), "{}", stderr(&output));
}

#[test]
fn an_unreachable_hub_fails_the_sync_and_nothing_else() {
    let home = tempfile::tempdir().expect("temporary folder");
    let output = run(home.path(), &["sync", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let said = lines(&output);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0]["error"].as_str().is_some_and(|e| !e.is_empty()), "{said:?}");
    assert!(run(home.path(), &["sync"]).stdout.is_empty(), "people are told on stderr");
    assert!(stderr(&output).contains("enrol"), "{}", stderr(&output));
}
