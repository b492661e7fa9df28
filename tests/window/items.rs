//! Which item a mark belongs to, which card is shown, and which match still waits for the eye.

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost_ui::{Grade, ShellData};

use super::desk::MadeUp;
use super::stage::Window;

fn unseen(window: &Window) -> i32 {
    window.app().global::<ShellData>().get_unseen()
}

#[test]
fn f2_means_next_however_often_it_is_pressed() {
    let window = Window::open();
    window.type_slowly("DL500");
    window.enter();
    window.press(Key::F2);
    window.press(Key::F2);
    window.scan("KT004417");
    assert_eq!(window.told(), ["check DL500", "check KT004417"]);
    // Back to the item before goes by a key of its own, or by the button of that name.
    window.press(Key::F2);
    window.press_shifted(Key::F2);
    window.scan("KT004418");
    assert_eq!(window.told()[2], "check KT004417+KT004418");
    window.press(Key::F2);
    window.click("Same item");
    window.scan("KT004419");
    assert_eq!(window.told()[3], "check KT004417+KT004418+KT004419");
}

#[test]
fn an_old_line_shows_its_card_and_takes_no_more_marks_unless_somebody_says_so() {
    let window = Window::open();
    window.scan("DL500");
    window.press(Key::F2);
    window.scan("KT004417");
    window.press(Key::F2);
    window.open_line("DL500");
    window.must_say("MATCH: hold the item, verify with the owner of the record");
    window.must_say("An earlier item, not the one in hand");
    window.press(Key::Escape);
    for mark in ["KT004418", "QX770881"] {
        window.scan(mark);
    }
    assert_eq!(window.told()[2..], ["check KT004418", "check KT004418+QX770881"]);
    window.press(Key::F4);
    assert!(!window.says("An earlier item"), "this one is in hand");
    window.press(Key::F4);
    window.open_line("DL500");
    window.press(Key::F6);
    window.click("Item held to verify");
    window.enter();
    assert!(window.told().iter().any(|told| told.starts_with("decide 1 detained")), "{:?}", window.told());
    window.press(Key::F1);
    window.click("Add to this item");
    window.scan("KT004419");
    assert_eq!(window.told().last().unwrap(), "check DL500+KT004419");
}

#[test]
fn another_record_that_matches_an_item_seen_already_waits_for_the_eye_again() {
    let window = Window::open();
    window.scan("DL500");
    window.press(Key::F4);
    window.press(Key::F4);
    assert_eq!(unseen(&window), 0);
    window.scan("KT004417");
    assert_eq!(unseen(&window), 0, "the same record by the same mark");
    window.scan("DL501");
    assert_eq!(unseen(&window), 1, "another record");
    window.press(Key::F4);
    assert_eq!(unseen(&window), 0);
}

#[test]
fn an_item_that_asks_for_a_second_look_waits_and_counts_as_no_match() {
    let window = Window::open();
    let bar = || {
        let app = window.app();
        let data = app.global::<ShellData>();
        (data.get_grade(), data.get_unseen(), data.get_unseen_again())
    };
    window.press(Key::F9);
    window.scan("AB1284");
    assert_eq!(bar(), (Grade::Probable, 0, 1));
    window.must_say("1 item waits for a second look");
    assert!(!window.says("to be looked at"), "no match waits");
    for mark in ["DL500", "KT004417"] {
        window.scan(mark);
    }
    assert_eq!(bar(), (Grade::Hit, 1, 1));
    window.must_say("1 match waits to be looked at. 1 item waits for a second look");
    window.press(Key::F4);
    window.must_say("MATCH: hold the item");
    window.press(Key::F4);
    assert_eq!(bar(), (Grade::Probable, 0, 1));
    window.press(Key::F4);
    window.must_say("LOOK AGAIN");
    window.press(Key::F4);
    assert_eq!(bar().1 + bar().2, 0);
}

#[test]
fn a_decision_closes_the_item() {
    let window = Window::open();
    window.scan("DL500");
    window.press(Key::F4);
    window.press(Key::F6);
    window.click("Seized");
    window.enter();
    window.must_say("Decided: Seized");
    window.scan("KT004417");
    assert_eq!(window.told().last().unwrap(), "check KT004417");
    window.must_say("NOT LISTED");
    assert!(!window.says("Decided:"));
    window.press(Key::F1);
    window.open_line("DL500");
    window.must_say("Decided: Seized");
}

#[test]
fn what_the_camera_still_sees_of_an_item_that_was_decided_about_begins_no_other() {
    let window = Window::open();
    window.read("DL500");
    window.press(Key::F6);
    window.click("Seized");
    window.enter();
    let told = window.told().len();
    window.read("DL500");
    assert_eq!(window.told().len(), told, "{:?}", window.told());
    window.read("KT004420");
    assert_eq!(window.told().last().unwrap(), "check KT004420");
}

#[test]
fn the_item_that_is_shown_opens_its_own_card_whatever_else_waits() {
    let window = Window::open();
    window.scan("DL500");
    window.press(Key::F2);
    window.scan("NN555555");
    window.click("Open the card: NOT LISTED");
    window.must_say("NOT LISTED: in 1 register, 14 h old");
    assert!(!window.says("An earlier item"));
    window.press(Key::F4);
    window.enter();
    window.must_say("NOT LISTED: in 1 register, 14 h old");
    window.press(Key::F4);
    assert_eq!(unseen(&window), 1);
    window.press(Key::F4);
    window.must_say("MATCH: hold the item");
    window.must_say("An earlier item, not the one in hand");
    assert_eq!(unseen(&window), 0);
}

#[test]
fn the_item_whose_card_is_shown_is_the_one_that_shift_f2_takes_up() {
    let window = Window::open();
    window.scan("DL500");
    window.press(Key::F2);
    window.scan("KT004417");
    window.press(Key::F4);
    window.must_say("An earlier item, not the one in hand");
    window.press_shifted(Key::F2);
    window.scan("KT004418");
    assert_eq!(window.told().last().unwrap(), "check DL500+KT004418");
}

#[test]
fn an_item_whose_last_mark_is_taken_off_was_one_and_its_match_still_waits() {
    let window = Window::open();
    window.scan("DL500");
    assert_eq!(unseen(&window), 1);
    window.click("Take DL500 off this item");
    assert_eq!(unseen(&window), 1, "it was seen at the post, whoever took it off");
    window.scan("KT004417");
    assert_eq!((unseen(&window), window.told().last().unwrap().as_str()), (1, "check KT004417"));
    window.open_line("DL500");
    window.press(Key::Escape);
    assert!(!window.says("Take DL500 off this item"), "an earlier item stays as it was checked");
    window.click("Add to this item");
    window.must_say("Take DL500 off this item");
}

#[test]
fn after_a_restart_matches_nobody_decided_about_wait_and_old_lines_open() {
    let window = Window::over(MadeUp { past: true, ..MadeUp::default() });
    assert_eq!(unseen(&window), 1);
    window.press(Key::F4);
    window.must_say("MATCH: open the record before anything is done: it says what its owner asks");
    assert!(!window.says("The mark as read"), "what the record says is not known");
    window.must_say("An earlier check: what the record says is told when it is opened.");
    assert_eq!(unseen(&window), 0);
    window.press(Key::F12);
    window.must_say("Unit 4");
    window.press(Key::F6);
    window.click("Item held to verify");
    window.enter();
    assert!(window.told().iter().any(|told| told.starts_with("decide 77 detained")), "{:?}", window.told());
    window.press(Key::F1);
    window.open_line("FX123456");
    window.must_say("Decided: Seized");
    window.press(Key::Escape);
    window.scan("KT004417");
    assert_eq!(window.told().last().unwrap(), "check KT004417");
    window.press(Key::F1);
    window.open_line("KT009999");
    window.must_say("NOT LISTED: in 1 register");
}

#[test]
fn after_a_restart_what_is_on_record_only_is_still_headed_so() {
    let window = Window::over(MadeUp { past: true, ..MadeUp::default() });
    for (mark, head) in [("DL750075", "DELIVERED"), ("EX740074", "RECORD EXPIRED")] {
        window.find("Last checks").scroll(0.0, -400.0);
        window.settle();
        window.must_say(&format!(", {mark}, {head}"));
        window.open_line(mark);
        window.must_say(&format!("{head}: "));
        assert!(!window.says("wanted"), "nobody knows any more which registers were asked");
        window.press(Key::F1);
    }
}

#[test]
fn the_feed_shows_its_newest_line_again_with_the_next_answer() {
    let window = Window::open();
    window.press(Key::F9);
    for n in 0..8 {
        window.scan(&format!("KT00441{n}"));
    }
    let top = |mark: &str| window.find(&format!(", {mark}, ")).absolute_position().y;
    let newest = top("KT004417");
    let scroll = || {
        window.find("Last checks").scroll(0.0, -200.0);
        window.settle();
    };
    scroll();
    assert!(!window.says(", KT004417, "), "scrolled away");
    window.scan("KT004418");
    assert_eq!(top("KT004418"), newest);
    // A line whose item is checked again is the newest.
    scroll();
    window.open_line("KT004412");
    window.press(Key::F1);
    window.press(Key::F9);
    window.click("Add to this item");
    window.scan("X12345");
    assert_eq!(top("KT004412"), newest);
}
