//! Killed in the middle of writing, again and again: what was answered is there, and the chain is whole.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

const HOME: &str = "TRACEPOST_TEST_KILLS_HOME";
const KILLS: u64 = 25;

/// Not a test of its own: what the killed process runs. It prints a number only after its entry is on disk.
#[test]
fn child_that_appends_until_it_is_killed() {
    let Ok(dir) = std::env::var(HOME) else { return };
    let store = write(&Home::at(dir));
    for n in 0.. {
        let seq = store.append("A", &check(&format!("AB{n}"), Grade::NoRecord)).unwrap();
        println!("seq={seq}");
        if n % 20 == 19 {
            store.sign_head().unwrap();
        }
    }
}

#[test]
fn what_was_answered_survives_every_kill() {
    let place = place();
    let mut answered = 0;
    let name = "store::tests::kills::child_that_appends_until_it_is_killed";
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(HOME, place.home.dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reading = std::thread::spawn(move || {
            let numbers = lines.map_while(Result::ok).filter_map(|line| line.split("seq=").nth(1)?.trim().parse().ok());
            numbers.fold((0, 0), |(count, _): (u64, u64), seq: u64| (count + 1, seq))
        });
        // Different for each kill, and long enough for some entries even on a busy machine.
        std::thread::sleep(Duration::from_millis(60 + kill * 37 % 113));
        child.kill().unwrap();
        child.wait().unwrap();
        let (count, last) = reading.join().unwrap();
        let store = write(&place.home);
        let head = store.head().unwrap().0;
        assert!(head.0 >= last.max(answered), "answered {last}, found {head}");
        assert!(head.0 <= last.max(answered) + 1 || count == 0, "at most the one entry whose answer was cut off");
        answered = head.0;
        let report = store.verify(&mut |_, _| {}).unwrap();
        assert!(report.is_whole(), "kill {kill}: {report:?}");
        assert_eq!(report.chain.last, head);
    }
    assert!(answered > KILLS, "too few entries were written to prove anything: {answered}");
}
