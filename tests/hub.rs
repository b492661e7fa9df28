//! The central server's program as scripts and examiners use it: its commands, its lines, its exit statuses, and what is
//! left when it is killed.
#![cfg(all(feature = "device", feature = "hub"))]

#[path = "hub/registers.rs"]
mod registers;
#[path = "hub/words.rs"]
mod words;
#[path = "sync/world.rs"]
mod world;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tracepost::domain::{Grade, RegisterId, Seq};
use tracepost::hub::storage::{Storage, StorageError, Taken};
use tracepost::wire::EnrolCode;
use world::Device;

struct Centre {
    folder: tempfile::TempDir,
    url: String,
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracepost-hub"));
    command.env_remove("TRACEPOST_HUB_DATA").env("NO_COLOR", "1");
    command
}

impl Centre {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let centre = Self { folder, url: format!("https://{free}") };
        let made = centre.run(&["init", "--url", &centre.url, "--practice", "--json"]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        centre
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    fn run(&self, args: &[&str]) -> Output {
        program().arg("--data").arg(self.data()).args(args).output().unwrap()
    }

    fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn lines(&self, args: &[&str]) -> Vec<Value> {
        self.ok(args).lines().map(|x| serde_json::from_str(x).unwrap()).collect()
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn serve(&self) -> Child {
        let address = self.url.strip_prefix("https://").unwrap();
        let mut child = program()
            .arg("--data")
            .arg(self.data())
            .args(["serve", "--listen", address, "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.contains("listening"), "{first}");
        child
    }

    fn enrolled(&self) -> Device {
        let invite = &self.lines(&["device", "invite", "--post", "XX-TEST", "--json"])[0];
        let code: EnrolCode = invite["code"].as_str().unwrap().parse().unwrap();
        assert_eq!(invite["fingerprint"].as_str().unwrap(), code.fingerprint.to_string());
        assert_eq!(invite["url"].as_str().unwrap(), self.url);
        assert!(Path::new(invite["picture"].as_str().unwrap()).exists());
        assert!(invite["expires_at"].as_str().unwrap().contains('T'));
        let mut device = Device::new();
        device.enrolled = Some(device.enrol(&code).unwrap());
        device
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn stop(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_register_goes_from_file_to_version() {
    let centre = Centre::new();
    centre.ok(&["register", "create", "stolen", "--owner", "Invented Authority"]);
    let file = centre.file("list.csv", "id,object,serial,year\na,firearm,AB1234,1974\nb,firearm,,1975\nc,firearm,,\n");
    let report = &centre.lines(&["register", "import", "stolen", "--format", "csv", &file, "--json"])[0];
    assert_eq!((report["rows"].as_u64(), report["rejected"].as_u64()), (Some(3), Some(2)), "{report}");
    let rejects = std::fs::read_to_string(report["rejects"].as_str().unwrap()).unwrap();
    assert!(rejects.starts_with("line,reason\n3,") && rejects.lines().count() == 3, "{rejects}");
    let published = &centre.lines(&["register", "publish", "stolen", "--json"])[0];
    assert_eq!((published["version"].as_u64(), published["new"].as_bool()), (Some(1), Some(true)));
    centre.ok(&["register", "import", "stolen", "--format", "csv", &file]);
    let again = &centre.lines(&["register", "publish", "stolen", "--json"])[0];
    assert_eq!((again["version"].as_u64(), again["new"].as_bool()), (Some(1), Some(false)));
    let list = &centre.lines(&["register", "list", "--json"])[0];
    assert_eq!(
        (list["id"].as_str(), list["records"].as_u64(), list["version"].as_u64()),
        (Some("stolen"), Some(1), Some(1))
    );
}

#[test]
fn a_file_that_breaks_off_changes_nothing() {
    let centre = Centre::new();
    centre.ok(&["register", "create", "ua", "--owner", "Invented"]);
    for (name, content) in [
        ("half.json", "[{\"id\":\"1\",\"weaponnumber\":\"1234\",\"weaponseries\":\"АВ\"},{\"id\":"),
        ("empty.json", ""),
        ("binary.json", "\u{0}\u{1}\u{2}"),
        ("page.json", "<html></html>"),
    ] {
        let file = centre.file(name, content);
        let refused = centre.run(&["register", "import", "ua", "--format", "ua-weapons", &file]);
        assert_eq!(refused.status.code(), Some(1), "{name}");
        let said = text(&refused.stderr);
        assert!(said.to_lowercase().contains("nothing was changed"), "{name}: {said}");
    }
    assert_eq!(centre.lines(&["register", "list", "--json"])[0]["records"].as_u64(), Some(0));
}

#[test]
fn wrong_calls_and_failures_have_their_own_status_and_three_sentences() {
    let centre = Centre::new();
    let empty = tempfile::tempdir().unwrap();
    for (args, status) in [
        (vec!["register", "publish", "none"], 1),
        (vec!["register", "create", "UPPER", "--owner", "x"], 2),
        (vec!["register", "create", "guns", "--owner", ""], 2),
        (vec!["register", "create", "guns", "--owner", " "], 2),
        (vec!["register", "import", "none", "--format", "xml", "f"], 2),
        (vec!["register", "import", "none", "--format", "csv", "/no/such/file"], 1),
        (vec!["sighting", "show", "nonsense"], 1),
        (vec!["sighting", "list", "--grade", "red"], 2),
        (vec!["ledger", "verify", "0123"], 1),
        (vec!["device", "invite", "--post", ""], 2),
        (vec!["init", "--url", "https://other.example"], 1),
        (vec!["nonsense"], 2),
        (vec![], 2),
    ] {
        let output = centre.run(&args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
    let nowhere = program().arg("--data").arg(empty.path()).args(["device", "list"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(text(&nowhere.stderr).contains("init --url"), "{}", text(&nowhere.stderr));
    let bad_url =
        program().arg("--data").arg(empty.path().join("x")).args(["init", "--url", "http://h"]).output().unwrap();
    assert_eq!(bad_url.status.code(), Some(2));
}

#[test]
fn help_manual_and_completions_are_there() {
    for args in [&["--help"][..], &["--version"], &["man"], &["completions", "bash"], &["register", "import", "--help"]]
    {
        let output = program().args(args).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{args:?}");
    }
    assert!(text(&program().arg("--help").output().unwrap().stdout).contains("Examples:"));
}

#[test]
fn a_reader_that_goes_away_ends_a_list_quietly() {
    let centre = Centre::new();
    let hub = centre.serve();
    let mut device = centre.enrolled();
    for n in 0..3000 {
        device.check(&format!("PIPE{n:06}"), Grade::NoRecord);
    }
    device.up().unwrap();
    let mut list = program()
        .arg("--data")
        .arg(centre.data())
        .args(["sighting", "list", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(list.stdout.take());
    let output = list.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    stop(hub);
}

#[test]
fn a_hub_killed_again_and_again_holds_each_entry_once() {
    let centre = Centre::new();
    let mut hub = centre.serve();
    let mut device = centre.enrolled();
    let mut made = 0;
    for round in 0..6_u64 {
        for _ in 0..400 {
            device.check(&format!("KILL{made:06}"), Grade::NoRecord);
            made += 1;
        }
        let killer = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(3 + 11 * round));
            stop(hub);
        });
        let _ = device.up();
        killer.join().unwrap();
        hub = centre.serve();
    }
    device.up().unwrap();
    let list = centre.lines(&["sighting", "list", "--json"]);
    assert_eq!(list.len(), made);
    let mut seen: Vec<u64> = list.iter().map(|x| x["sequence"].as_u64().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=made as u64).collect::<Vec<_>>());
    let proof = &centre.lines(&["ledger", "verify", &device.id.to_string(), "--json"])[0];
    assert_eq!((proof["ok"].as_bool(), proof["unproven"].as_u64()), (Some(true), Some(0)), "{proof}");
    let shown = &centre.lines(&["sighting", "show", list[0]["id"].as_str().unwrap(), "--json"])[0];
    assert_eq!(shown, &list[0]);
    stop(hub);
}

#[test]
fn a_sync_beside_a_command_that_goes_on_checking_is_done_by_that_one() {
    let centre = Centre::new();
    centre.ok(&["register", "create", "stolen", "--owner", "Invented Authority"]);
    let file = centre.file("list.csv", "id,object,serial,year\na,firearm,AB1234,1974\n");
    centre.ok(&["register", "import", "stolen", "--format", "csv", &file]);
    centre.ok(&["register", "publish", "stolen"]);
    let hub = centre.serve();
    let invite = &centre.lines(&["device", "invite", "--post", "XX-TEST", "--json"])[0];
    let home = centre.folder.path().join("home");
    let device = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracepost"));
        command.env_remove("TRACEPOST_HOME").args(["--json", "--officer", "A. Example", "--home"]).arg(&home);
        command.args(arguments);
        command
    };
    let enrolled = device(&["enrol", invite["code"].as_str().unwrap()]).output().unwrap();
    assert!(enrolled.status.success(), "{}", text(&enrolled.stderr));

    let mut checking = device(&["check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut answers) = (checking.stdin.take().unwrap(), BufReader::new(checking.stdout.take().unwrap()));
    let mut check = || {
        input.write_all(b"{\"marks\":[\"AB1234\"]}\n").unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    assert_eq!(check()["candidates"].as_array().map(Vec::len), Some(0), "nothing was fetched yet");
    let synced = device(&["sync"]).output().unwrap();
    assert!(synced.status.success(), "{}", text(&synced.stderr));
    let report: Value = serde_json::from_slice(&synced.stdout).unwrap();
    assert_eq!(report["registers"][0]["to"], 1, "{report}");
    assert_eq!(check()["candidates"].as_array().map(Vec::len), Some(1), "the next check knows the register");
    drop(input);
    assert!(checking.wait().unwrap().success());
    stop(hub);
}

#[test]
fn sigterm_ends_a_hub_with_success() {
    let centre = Centre::new();
    let mut hub = centre.serve();
    let pid = rustix::process::Pid::from_child(&hub);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(hub.wait().unwrap().success());
}

#[test]
fn one_changed_byte_is_named_and_gives_status_1() {
    let centre = Centre::new();
    let hub = centre.serve();
    let mut device = centre.enrolled();
    for n in 0..10 {
        device.check(&format!("BYTE{n}"), Grade::NoRecord);
    }
    device.up().unwrap();
    stop(hub);
    let db = rusqlite::Connection::open(centre.data().join("hub.db")).unwrap();
    let change =
        "UPDATE entries SET bytes = CAST(substr(bytes, 1, 40) || x'ff' || substr(bytes, 42) AS BLOB) WHERE seq = 7";
    assert_eq!(db.execute(change, []).unwrap(), 1);
    drop(db);
    let output = centre.run(&["ledger", "verify", &device.id.to_string()[..8]]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("BROKEN at entry 7"), "{}", text(&output.stdout));
}

#[test]
fn a_database_of_a_later_program_or_of_no_program_is_left_alone() {
    let centre = Centre::new();
    let path = centre.data().join("hub.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let newer = centre.run(&["device", "list"]);
    assert_eq!(newer.status.code(), Some(1));
    assert!(text(&newer.stderr).contains("newer"), "{}", text(&newer.stderr));
    let _ = std::fs::remove_file(centre.data().join("hub.db-wal"));
    std::fs::File::create(&path).unwrap().write_all(&[7; 8192]).unwrap();
    let damaged = centre.run(&["device", "list"]);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(text(&damaged.stderr).contains("damaged"), "{}", text(&damaged.stderr));
}

#[test]
fn what_fails_within_a_transaction_leaves_nothing() {
    let world = world::World::new();
    let mut device = world.enrolled();
    device.check("T1234", Grade::NoRecord);
    device.up().unwrap();
    let storage: &dyn Storage = &**world.hub.storage();
    let failed = storage.ledger(device.id, &mut |tx| {
        tx.advance(Seq(99), tracepost::domain::Hash([1; 32]))?;
        Err(StorageError::Failed("on purpose".into()))
    });
    assert!(failed.is_err());
    assert_eq!(storage.device(device.id).unwrap().unwrap().next, Seq(2));
    world.hub.create_register("half", "x").unwrap();
    let id = RegisterId::parse("half").unwrap();
    let row = |n: u8| tracepost::hub::storage::NewRecord { key: [n; 16], hash: [n; 16], bytes: vec![n] };
    let mut rows = vec![Ok(row(1)), Ok(row(2)), Err(StorageError::Failed("broke off".into()))].into_iter();
    assert!(storage.take_records(&id, &mut rows, &Default::default()).is_err());
    assert_eq!(storage.register(&id).unwrap().unwrap().records, 0);
    let done = storage.take_records(&id, &mut vec![Ok(row(1))].into_iter(), &Default::default()).unwrap();
    assert_eq!(done, Taken { added: 1, ..Taken::default() });
}

#[test]
fn a_record_is_disclosed_in_two_steps_and_each_is_an_entry() {
    let centre = Centre::new();
    centre.ok(&["register", "create", "stolen", "--owner", "Invented Police"]);
    let head = "id,object,serial,serial@barrel,caution,contact,restriction\n";
    let file = centre.file("1.csv", &format!("{head}g1,firearm,QWX771204,BR55501,armed,+00 000,not for courts\n"));
    centre.ok(&["register", "import", "stolen", "--format", "csv", &file]);
    centre.ok(&["register", "publish", "stolen"]);
    let serving = centre.serve();
    let home = tempfile::tempdir().unwrap();
    let device = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracepost"));
        command.env_remove("TRACEPOST_HOME").env("NO_COLOR", "1").arg("--home").arg(home.path()).arg("--json");
        command.args(arguments).stdin(Stdio::null()).output().unwrap()
    };
    let answer = |arguments: &[&str]| -> Value {
        let output = device(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(output.stdout.split(|b| *b == b'\n').next().unwrap()).unwrap()
    };
    let code = centre.lines(&["device", "invite", "--post", "XX-TEST", "--json"])[0]["code"].clone();
    answer(&["enrol", code.as_str().unwrap()]);
    answer(&["sync"]);
    let check = answer(&["check", "QWX771204", "--object", "firearm"]);
    let search = answer(&["search", "QWX7712*"]);
    for candidate in [&check["candidates"][0], &search["candidates"][0]] {
        assert_eq!((&candidate["record"], &candidate["fields"]["caution"]), (&"g1".into(), &"armed".into()));
        assert!(candidate["fields"]["contact"].is_null() && candidate["fields"]["restriction"].is_null());
    }
    let found = search["candidates"][0].as_object().unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["fields", "record", "register"], "nothing was judged");
    let from = search["entry"].to_string();
    let opened = answer(&["record", "stolen", "g1", "--from", &from]);
    assert_eq!(opened["fields"]["contact"], "+00 000");
    assert_eq!(opened["fields"]["restriction"], "not for courts");
    assert_eq!(opened["marks"][0], serde_json::json!({ "scheme": "serial", "value": "BR55501", "place": "barrel" }));
    assert_eq!(opened["entry"].as_u64(), search["entry"].as_u64().map(|n| n + 1));
    let refused = device(&["record", "stolen", "g2"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("no record g2"), "{}", text(&refused.stderr));
    assert_eq!(answer(&["status"])["ledger"]["entries"].as_u64(), opened["entry"].as_u64().map(|n| n + 1));
    stop(serving);
}
