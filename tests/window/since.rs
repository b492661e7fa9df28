//! What became of a record since the check that found it: withdrawn, corrected, or asking for something else. No card stands for what
//! holds no more.

use std::sync::atomic::Ordering;

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost::app::Standing;
use tracepost::domain::{Candidate, Grade, Rule};
use tracepost_ui::{ScanData, ShellData};

use super::desk::{MadeUp, wanted};
use super::stage::Window;

const WITHDRAWN: &str = "The record is no longer in the register: it was withdrawn. Check again.";

fn unseen(window: &Window) -> i32 {
    window.app().global::<ShellData>().get_unseen()
}

/// The record as it is now, with another fact.
fn now(field: &'static str, value: &str) -> Standing {
    let mut now = wanted(Grade::Hit, Rule::Exact, vec![]);
    now.fields.insert(field.into(), value.into());
    Standing::Listed(Box::new(now))
}

/// A card of a match, and registers that say something else of its record since; no sync has told the window.
fn with_a_card_of(mark: &str, standing: Standing) -> Window {
    let window = Window::open();
    window.scan(mark);
    window.press(Key::F4);
    window.must_say("MATCH: ");
    window.desk.standings.lock().unwrap().insert("P-1".into(), standing);
    window
}

#[test]
fn a_record_that_is_opened_and_is_gone_says_so_and_shows_nothing_of_before() {
    let window = with_a_card_of("DL500", Standing::Withdrawn);
    window.must_say("Pistol");
    window.press(Key::F12);
    window.must_say(WITHDRAWN);
    window.must_say("WITHDRAWN: the record is no longer in the register; check the item again");
    for old in ["MATCH: ", "Pistol", "1978", "On the item", "Same mark", "72nd Brigade", "Open the record"] {
        assert!(!window.says(old), "{old} is no fact of now");
    }
    // The way out, by hand and by key.
    window.click("Check the item again");
    assert_eq!(window.told()[2..], ["check DL500"]);
    window.must_say("MATCH: ");
    window.press(Key::F12);
    window
        .app()
        .window()
        .dispatch_event(slint::platform::WindowEvent::KeyPressed { text: char::from(Key::Control).into() });
    window.key("r");
    window
        .app()
        .window()
        .dispatch_event(slint::platform::WindowEvent::KeyReleased { text: char::from(Key::Control).into() });
    window.settle();
    assert_eq!(window.told().iter().filter(|told| *told == "check DL500").count(), 3);
}

#[test]
fn a_sync_that_takes_a_record_away_takes_match_from_the_card_the_feed_and_the_bar() {
    let window = Window::open();
    window.press(Key::F9);
    for mark in ["DL500", "KT004418"] {
        window.scan(mark);
    }
    assert_eq!(unseen(&window), 1);
    window.desk.brings("P-1", Standing::Withdrawn);
    window.press(Key::F5);
    window.enter();
    assert_eq!(unseen(&window), 0, "it waits for nobody any more");
    window.press(Key::F1);
    window.must_say("DL500, WITHDRAWN");
    window.open_line("DL500");
    window.must_say("WITHDRAWN: the record is no longer in the register");
    assert!(!window.says("MATCH: "));
    // The register lists it again, and nobody has seen the match that it is.
    window.press(Key::F1);
    window.desk.brings("P-1", Standing::Listed(Box::new(hit())));
    window.press(Key::F5);
    window.enter();
    window.press(Key::F1);
    window.must_say("DL500, MATCH");
}

fn hit() -> Candidate {
    let mut listed = wanted(Grade::Hit, Rule::Exact, vec![]);
    listed.fields.insert("delivered_to".into(), "72nd Brigade".into());
    listed
}

#[test]
fn the_card_on_the_screen_changes_when_a_sync_takes_its_record_away() {
    let window = Window::open();
    window.scan("DL500");
    window.press(Key::F4);
    window.must_say("MATCH: hold the item");
    window.desk.brings("P-1", Standing::Withdrawn);
    // A sync that another program asked for: the window looks every twenty seconds.
    for _ in 0..3 {
        i_slint_backend_testing::mock_elapsed_time(std::time::Duration::from_secs(10));
        window.settle();
    }
    window.must_say("WITHDRAWN: the record is no longer in the register");
    assert!(!window.says("MATCH: "));
}

#[test]
fn after_a_restart_a_withdrawn_match_waits_no_more_and_is_told_as_withdrawn() {
    let window = Window::over(MadeUp { past: true, ..MadeUp::default() });
    assert_eq!(unseen(&window), 1, "it stands");
    drop(window.desk.standings.lock().unwrap().insert("P-1".into(), Standing::Withdrawn));
    let window = Window::again(std::sync::Arc::clone(&window.desk), None);
    assert_eq!(unseen(&window), 0);
    window.must_say("QQ770077, WITHDRAWN");
    window.open_line("QQ770077");
    window.must_say(WITHDRAWN);
    assert!(!window.says("MATCH") && !window.says("Open the record"));
    window.click("Check the item again");
    assert_eq!(window.told(), ["check QQ770077"]);
    window.must_say("NOT LISTED");
}

#[test]
fn a_record_that_is_another_item_s_by_now_is_not_held_against_this_one() {
    let window = with_a_card_of("DL500", Standing::Another);
    window.press(Key::F12);
    window.must_say("CORRECTED: the record was changed and is another item's now; check the item again");
    window.must_say("The record was changed since and is another item's now. Check again.");
    window.must_say("ZZ799999");
    for old in ["MATCH: ", "Same mark", "On the item"] {
        assert!(!window.says(old), "{old} was of the record of before");
    }
}

#[test]
fn what_a_record_asks_for_by_now_heads_the_card_where_it_is_more_careful() {
    let discreet = "MATCH: a record asks for a discreet check: carry on as usual";
    let hold = "MATCH: hold the item";
    let report = "MATCH: note it and report it";
    let changed = "The record has changed since: what stands here is what it says now. Check again.";
    let window = Window::open();
    for (mark, action, before, after) in [
        ("DL500", "discreet_check", hold, discreet),
        ("DL500", "report", hold, report),
        ("DC7000", "seize", discreet, discreet),
        ("RP7100", "detain", report, report),
    ] {
        let window = Window::again(std::sync::Arc::new(MadeUp::default()), None);
        window.scan(mark);
        window.press(Key::F4);
        window.must_say(before);
        window.desk.standings.lock().unwrap().insert("P-1".into(), now("action", action));
        window.press(Key::F12);
        window.must_say(after);
        window.must_say(changed);
        window.must_say("Check the item again");
        assert_eq!(window.says("Discreet check: let nobody notice"), after == discreet, "{mark} {action}");
    }
    drop(window);
}

#[test]
fn of_an_earlier_check_the_head_says_what_its_record_asks_for_once_that_is_known() {
    let window = Window::over(MadeUp { past: true, ..MadeUp::default() });
    window.open_line("QQ770077");
    window.must_say("MATCH: open the record before anything is done");
    window.desk.standings.lock().unwrap().insert("P-1".into(), now("action", "discreet_check"));
    window.press(Key::F12);
    window.must_say("MATCH: a record asks for a discreet check");
    // And at once where the registers can be asked: it is no secret of the opened record.
    let window = Window::again(std::sync::Arc::clone(&window.desk), None);
    window.open_line("QQ770077");
    window.must_say("MATCH: a record asks for a discreet check");
    assert!(!window.says("Unit 4"), "all else waits for the opening");
}

#[test]
fn a_record_that_has_expired_since_is_no_match_any_more() {
    let window = Window::open();
    window.scan("DL500");
    let mut expired = hit();
    (expired.grade, expired.why.lowered) = (Grade::Possible, vec![tracepost::domain::Lowered::Expired]);
    window.desk.brings("P-1", Standing::Listed(Box::new(expired)));
    window.press(Key::F5);
    window.enter();
    assert_eq!(unseen(&window), 0);
    window.press(Key::F4);
    window.must_say("RECORD EXPIRED: the record has expired and is no ground to act on by itself");
    window.must_say("The record has expired: it is no ground to act on by itself.");
}

#[test]
fn one_of_two_matches_that_is_withdrawn_leaves_the_other_one_standing() {
    let window = Window::open();
    for mark in ["DL500", "DL501"] {
        window.scan(mark);
    }
    window.press(Key::F4);
    window.desk.brings("P-1", Standing::Withdrawn);
    window.press(Key::F5);
    window.enter();
    window.press(Key::F4);
    window.must_say("MATCH: hold the item");
    window.must_say("Record AB12B4: WITHDRAWN");
    window.must_say("Record AB12B4: MATCH");
    window.must_say("Check the item again");
}

#[test]
fn a_record_whose_register_left_the_device_is_not_called_withdrawn() {
    let window = with_a_card_of("DL500", Standing::NoRegister);
    window.press(Key::F12);
    window.must_say("The record's register is no longer on this device: what it says now is not known.");
    assert!(!window.says("WITHDRAWN") && window.says("MATCH: hold the item"));
}

#[test]
fn a_look_up_s_record_that_is_gone_says_so() {
    let window = Window::open();
    window.click("Search");
    window.type_slowly("AB12*");
    window.enter();
    window.desk.standings.lock().unwrap().insert("P-1".into(), Standing::Withdrawn);
    window.must_say("1978");
    window.press(Key::F12);
    window.must_say(WITHDRAWN);
    assert!(!window.says("Unit 4") && !window.says("Year: 1978"));
    window.press(Key::F12);
    assert_eq!(window.told().len(), 2, "once is enough");
}

#[test]
fn that_a_record_is_gone_is_said_in_the_language_of_the_screen() {
    let window = with_a_card_of("DL500", Standing::Withdrawn);
    window.press(Key::F12);
    for (language, head, way_out) in [
        ("Français", "RETIRÉE : la fiche n’est plus dans le registre", "Contrôler de nouveau l’objet"),
        ("Українська", "ВІДКЛИКАНО: запису більше немає в реєстрі", "Перевірити предмет ще раз"),
    ] {
        window.press(Key::F10);
        window.click(language);
        window.press(Key::F4);
        window.must_say(head.replace(" :", ":").as_str());
        window.must_say(way_out);
    }
    assert_eq!(window.desk.newer.load(Ordering::Relaxed), 0);
    assert!(window.app().global::<ScanData>().get_entry().is_empty());
}
