//! What a sync tells of past checks: those that nobody could answer, records that agree more than they did, matches that are none
//! any more or must be handled otherwise, and checks that were made by a clock that was wrong.

use tracepost::desk::{CheckRequest, Desk, Reason, WithdrawnMatch};
use tracepost::domain::{Description, Finding, Grade, Item, Mark, NotChecked, Object, Scheme, SeenMark, Seq, Verdict};
use tracepost::ledger::CheckSource;
use tracepost::sync::Phase;

use crate::clocks::Post;
use crate::world::{World, no_progress};

const DAY_MS: i64 = 86_400_000;
const HEAD: &str = "id,object,make,model,year,serial,status,action,caution,expires_on";
const STAYS: &str = "stays,firearm,,,,QX000037123,stolen,,,";

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// A day so many days from today.
fn day(days: i64) -> String {
    let day = chrono::DateTime::from_timestamp_millis(now_ms() + days * DAY_MS).unwrap().date_naive();
    day.to_string()
}

fn check_of(desk: &Desk, serial: &str, description: Description) -> Verdict {
    let marks = vec![SeenMark::typed(Mark::new(Scheme::Serial, serial))];
    let description = Description { object: Some(Object::Firearm), ..description };
    desk.check(CheckRequest::new(Item { marks, description }, CheckSource::Typed)).verdict
}

fn check(post: &Post, serial: &str) -> Verdict {
    check_of(&post.desk, serial, Description::default())
}

/// A real hub with one register, and a post that holds it.
fn begun(rows: &[&str]) -> (World, Post) {
    let world = World::real();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    list(&world, rows);
    let post = Post::of(&world);
    assert_eq!(post.sync(), "");
    (world, post)
}

/// The whole register is these rows now.
fn list(world: &World, rows: &[&str]) {
    world.import_whole("reg", &format!("{HEAD}\n{}\n{STAYS}\n", rows.join("\n")));
    world.publish("reg");
}

type RetroHits = Vec<(Seq, Grade, Vec<(String, Grade)>)>;

/// A sync: the retro-hits with their records, and what became of matches.
fn synced(post: &Post) -> (RetroHits, Vec<WithdrawnMatch>) {
    let report = post.desk.sync(&mut no_progress()).unwrap();
    assert_eq!(report.failed, Vec::<String>::new());
    let records = |hit: &tracepost::desk::RetroReport| {
        hit.records.iter().map(|record| (record.record.clone(), record.grade)).collect()
    };
    let hits = report.retro_hits.iter().map(|hit| (hit.of, hit.grade, records(hit))).collect();
    (hits, report.withdrawn_matches)
}

fn told(found: &[WithdrawnMatch]) -> Vec<(&str, Reason, Grade)> {
    found.iter().map(|told| (told.record.as_str(), told.reason, told.now)).collect()
}

fn hit(of: Seq, record: &str) -> RetroHits {
    vec![(of, Grade::Hit, vec![(record.to_owned(), Grade::Hit)])]
}

#[test]
fn what_was_not_checked_is_checked_once_when_the_registers_are_back() {
    let (_world, post) = begun(&["w,firearm,,,,QX000035123,stolen,,,"]);
    let away = |home: &std::path::Path| std::fs::rename(home.join("records"), home.join("away")).unwrap();
    let back = |home: &std::path::Path| std::fs::rename(home.join("away"), home.join("records")).unwrap();
    let post = post.restarted_after(away);
    let seen = ["QX000035123", "ZZ777771"].map(|serial| {
        let verdict = check(&post, serial);
        assert_eq!(verdict.reason, Some(NotChecked::RegistersUnreadable));
        verdict.entry.unwrap()
    });
    // The very same registers are back: nothing came, and nobody has answered yet.
    let post = post.restarted_after(back);
    assert_eq!(synced(&post), (hit(seen[0], "w"), vec![]));
    let mut looked_at = 0;
    post.desk.check_past_again(&mut |pages| looked_at += pages).unwrap();
    assert_eq!(looked_at, 0, "nothing is looked at again as long as nothing is new");
    assert_eq!(synced(&post), (vec![], vec![]));
}

#[test]
fn what_was_not_checked_is_checked_when_the_registers_came_anew() {
    let (_world, post) = begun(&["w,firearm,,,,QX000035123,stolen,,,"]);
    let post = post.restarted_after(|home| std::fs::remove_file(home.join("records")).unwrap());
    let seen = check(&post, "QX000035123");
    assert_eq!(seen.grade, Grade::NotChecked);
    assert_eq!(synced(&post), (hit(seen.entry.unwrap(), "w"), vec![]));
    assert_eq!(synced(&post), (vec![], vec![]));
}

#[test]
fn a_probable_that_a_correction_makes_a_hit_is_told_once() {
    let (world, post) = begun(&["W90,firearm,,,,QQK5812,stolen,,,"]);
    let seen = check(&post, "QQK5B12");
    assert_eq!(seen.grade, Grade::Probable, "{seen:?}");
    list(&world, &["W90,firearm,,,,QQK5B12,stolen,,,"]);
    let of = seen.entry.unwrap();
    assert_eq!(synced(&post), (hit(of, "W90"), vec![]));
    list(&world, &["W90,firearm,,,,QQK5B12,stolen,,armed,"]);
    let (hits, changed) = synced(&post);
    assert_eq!((hits, told(&changed)), (vec![], vec![("W90", Reason::Caution, Grade::NoRecord)]), "no second time");
    // And the other way: the post would hold the item for less.
    list(&world, &["W90,firearm,,,,QQK5812,stolen,,armed,"]);
    let (hits, changed) = synced(&post);
    assert_eq!((hits, told(&changed)), (vec![], vec![("W90", Reason::Weaker, Grade::NoRecord)]));
    list(&world, &["W90,firearm,,,,QQK5B12,stolen,,armed,"]);
    assert_eq!(synced(&post), (hit(of, "W90"), vec![]), "and once more");
    assert_eq!(post.desk.withdrawn_waiting().unwrap(), []);
}

#[test]
fn a_match_that_is_none_any_more_or_is_to_be_handled_otherwise_is_told_with_the_reason_once() {
    let was = "w,firearm,Glock,17,2015,QX000035123,stolen,seize,,";
    let (past, soon) = (day(-2), day(30));
    for (row, reason) in [
        (format!("w,firearm,Glock,17,2015,QX000035123,stolen,seize,,{past}"), Some(Reason::Expired)),
        (format!("w,firearm,Glock,17,2015,QX000035123,stolen,seize,,{soon}"), None),
        ("w,firearm,Glock,17,2015,QX000035123,delivered,seize,,".into(), Some(Reason::Delivered)),
        ("w,firearm,Glock,17,2015,QX000035123,stolen,discreet_check,armed,".into(), Some(Reason::Discreet)),
        ("w,firearm,Glock,17,2015,QX000035123,stolen,report,,".into(), Some(Reason::Report)),
        ("w,firearm,Glock,17,2015,QX000035123,stolen,detain,,".into(), None),
        ("w,firearm,Glock,17,2015,QX000035123,stolen,seize,armed,".into(), Some(Reason::Caution)),
        ("w,firearm,Glock,17,2015,QX000035124,lost,seize,,".into(), Some(Reason::Corrected)),
        ("w,vehicle,Skoda,,2015,QX000035123,stolen,seize,,".into(), Some(Reason::Weaker)),
        ("w,firearm,Glock,17,2015,ZZ777771,stolen,seize,,".into(), Some(Reason::Corrected)),
    ] {
        let (world, post) = begun(&[was]);
        let as_it_was = check(&post, "QX000035123");
        let untouched = check(&post, "QX000037123");
        assert_eq!((as_it_was.grade, untouched.grade), (Grade::Hit, Grade::Hit));
        list(&world, &[&row]);
        let (hits, changed) = synced(&post);
        let named: Vec<_> = changed.iter().map(|t| (t.of, t.record.as_str(), t.reason)).collect();
        let wanted = reason.map(|reason| (as_it_was.entry.unwrap(), "w", reason));
        assert_eq!((&hits, named), (&vec![], Vec::from_iter(wanted)), "{row}: {:?}", check(&post, "QX000035123"));
        let details: Vec<_> =
            changed.iter().map(|t| (t.expired_on.is_some(), t.caution.as_deref(), t.discreet, t.now)).collect();
        let caution = row.contains("armed").then_some("armed");
        let wanted =
            reason.map(|reason| (reason == Reason::Expired, caution, reason == Reason::Discreet, Grade::NoRecord));
        assert_eq!(details, Vec::from_iter(wanted), "{row}");
        assert_eq!(post.desk.withdrawn_waiting().unwrap(), changed, "until somebody has seen it");
        let post = post.restarted();
        list(&world, &[&row, "more,firearm,,,,PX990035123,stolen,,,"]);
        assert_eq!(synced(&post), (vec![], vec![]), "{row}: once");
        assert_eq!(post.desk.withdrawn_waiting().unwrap(), changed, "{row}");
    }
}

#[test]
fn a_match_whose_record_is_corrected_to_another_weapon_of_that_serial_is_told() {
    let (world, post) = begun(&["w,firearm,Glock,17,2015,BKR731,stolen,seize,,"]);
    let glock = Description {
        make: Some("Glock".into()),
        model: Some("17".into()),
        year: Some(2015),
        ..Description::default()
    };
    let seen = check_of(&post.desk, "BKR731", glock.clone());
    assert_eq!(seen.grade, Grade::Hit);
    list(&world, &["w,firearm,Mosin,91/30,1939,BKR731,stolen,seize,,"]);
    let (hits, changed) = synced(&post);
    assert_eq!((hits, told(&changed)), (vec![], vec![("w", Reason::Weaker, Grade::NoRecord)]));
    assert_eq!(changed[0].of, seen.entry.unwrap());
    assert!(check_of(&post.desk, "BKR731", glock).grade < Grade::Hit, "as a check says now");
}

#[test]
fn a_match_of_a_check_made_while_registers_are_taken_over_is_not_forgotten() {
    let was = "w,firearm,,,,QX000035123,stolen,seize,,";
    for (row, wanted) in [
        ("", vec![("w", Reason::Withdrawn, Grade::NoRecord)]),
        ("w,firearm,,,,QX000035123,stolen,discreet_check,,", vec![("w", Reason::Discreet, Grade::NoRecord)]),
        ("w,firearm,,,,QX000035123,lost,seize,,", vec![]),
    ] {
        let (world, post) = begun(&[was]);
        list(&world, &[row]);
        let mut grades = Vec::new();
        let mut check_meanwhile = |phase: Phase, _: u64, _: u64| {
            if phase == Phase::Install && grades.is_empty() {
                grades.push(check(&post, "QX000035123").grade);
            }
        };
        let changed = post.desk.sync(&mut check_meanwhile).unwrap().withdrawn_matches;
        assert_eq!(grades, [Grade::Hit], "answered by the register of before");
        assert_eq!(told(&changed), wanted, "{row}");
    }
}

#[test]
fn a_record_that_expires_with_time_is_told_though_nothing_came() {
    let (_world, post) = begun(&[&format!("w,firearm,,,,QX000035123,stolen,,,{}", day(0))]);
    assert_eq!(check(&post, "QX000035123").grade, Grade::Hit, "to the end of the day");
    assert_eq!(synced(&post), (vec![], vec![]));
    // Its clock runs ahead by days. The hub says so at the sync: nothing has expired.
    post.clock.set_wall_ms(now_ms() + 5 * DAY_MS);
    assert_eq!(synced(&post), (vec![], vec![]));
    assert_eq!(post.desk.withdrawn_waiting().unwrap(), []);
    post.clock.set_wall_ms(now_ms());
    assert_eq!(synced(&post), (vec![], vec![]));
    // Midnight.
    post.clock.set_wall_ms((now_ms() / DAY_MS + 1) * DAY_MS);
    let (hits, changed) = synced(&post);
    assert_eq!((hits, told(&changed)), (vec![], vec![("w", Reason::Expired, Grade::NoRecord)]));
    assert_eq!(synced(&post), (vec![], vec![]), "once");
}

#[test]
fn a_retro_hit_whose_record_is_withdrawn_as_another_comes_is_told_to_be_withdrawn() {
    let (world, post) = begun(&[]);
    let seen = check(&post, "ZZ777771").entry.unwrap();
    list(&world, &["W20,firearm,,,,ZZ777771,stolen,,,"]);
    assert_eq!(synced(&post), (hit(seen, "W20"), vec![]));
    list(&world, &["A20,firearm,,,,ZZ777771,stolen,,,"]);
    let (hits, gone) = synced(&post);
    assert_eq!((hits, told(&gone)), (hit(seen, "A20"), vec![("W20", Reason::Withdrawn, Grade::Hit)]));
    list(&world, &[]);
    let (hits, gone) = synced(&post);
    assert_eq!((hits, told(&gone)), (vec![], vec![("A20", Reason::Withdrawn, Grade::NoRecord)]), "each once");
}

#[test]
fn a_check_of_a_clock_that_was_years_behind_is_none_of_long_ago() {
    let (world, post) = begun(&[]);
    post.clock.set_wall_ms(now_ms() - 2000 * DAY_MS);
    let seen = check(&post, "ZZ777771").entry.unwrap();
    post.clock.set_wall_ms(now_ms());
    list(&world, &["w,firearm,,,,ZZ777771,stolen,,,"]);
    assert_eq!(synced(&post), (hit(seen, "w"), vec![]));
    // It is withdrawn: that is told of it, too.
    list(&world, &[]);
    assert_eq!(told(&synced(&post).1), [("w", Reason::Withdrawn, Grade::NoRecord)]);
}

#[test]
fn a_record_that_had_expired_by_a_clock_that_ran_ahead_is_told_when_the_clock_is_right() {
    let row = format!("w,firearm,,,,QX000035123,stolen,,,{}", day(100));
    for synced_meanwhile in [false, true] {
        let (_world, post) = begun(&[&row]);
        post.clock.set_wall_ms(now_ms() + 200 * DAY_MS);
        let seen = check(&post, "QX000035123");
        assert_eq!((seen.grade, seen.findings), (Grade::Possible, vec![Finding::RecordExpired]));
        let of = seen.entry.unwrap();
        if synced_meanwhile {
            assert_eq!(synced(&post), (hit(of, "w"), vec![]), "the hub has told the time");
        }
        post.clock.set_wall_ms(now_ms());
        let wanted = if synced_meanwhile { vec![] } else { hit(of, "w") };
        assert_eq!(synced(&post), (wanted, vec![]));
        assert_eq!(synced(&post), (vec![], vec![]), "once");
    }
}
