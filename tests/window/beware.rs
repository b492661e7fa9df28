//! What an officer must beware of, and that nobody is to notice: whichever record is looked at, and however loud the window is.

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost_ui::{Screen, ShellData};

use super::desk::RESTRICTION;
use super::stage::Window;

const DISCREET: &str = "Discreet check: let nobody notice, ask the owner of the record";

fn screen(window: &Window) -> Screen {
    window.app().global::<ShellData>().get_screen()
}

#[test]
fn the_caution_of_a_second_record_stands_over_the_card_whichever_is_looked_at() {
    let window = Window::open();
    window.scan("TW8000");
    window.press(Key::F4);
    for tab in ["Record AB12B4", "Record AB12B4"] {
        window.must_say("Caution: armed and dangerous");
        let said = window.said().iter().filter(|said| said.starts_with("Caution:")).count();
        assert_eq!(said, 1, "once and over all");
        let caution = window.find("Caution: armed and dangerous").absolute_position().y;
        assert!(
            caution < window.find(tab).absolute_position().y && caution < window.find("Pistol").absolute_position().y
        );
        window.click("Record AB12B4");
    }
    let second =
        window.elements().into_iter().filter(|e| e.accessible_label().is_some_and(|l| l.starts_with("Record AB12B4")));
    second.last().unwrap().invoke_accessible_default_action();
    window.settle();
    let said = window.said().iter().filter(|said| said.starts_with("Caution:")).count();
    assert_eq!(said, 1, "and not once more on the record's own");
    window.press(Key::F1);
    window.must_say("TW8000, MATCH. Caution: armed and dangerous");
}

#[test]
fn a_probable_record_that_asks_for_discretion_is_heard_over_a_match_that_does_not() {
    let window = Window::open();
    window.scan("TW8001");
    window.press(Key::F4);
    window.must_say(DISCREET);
    window.must_say("Caution: armed and dangerous");
    assert!(window.find(DISCREET).absolute_position().y < window.find("Pistol").absolute_position().y);
}

#[test]
fn a_caution_longer_than_the_screen_leaves_the_records_their_room() {
    let window = Window::open();
    window.app().window().set_size(slint::PhysicalSize::new(1_024, 600));
    window.press(Key::F10);
    window.click("Українська");
    window.scan("TW8002");
    window.press(Key::F4);
    window.must_say(RESTRICTION);
    for label in ["Запис AB12B4", "На предметі", "Наступний"] {
        let shown = window.find(label);
        assert!(shown.absolute_position().y + shown.size().height <= 600.0, "{label}");
    }
}

#[test]
fn a_discreet_record_opens_no_card_by_itself_however_loud_the_window_is() {
    let window = Window::open();
    window.press(Key::F10);
    window.click("Loud");
    window.press(Key::F1);
    for mark in ["DC7000", "DC7001", "TW8001"] {
        window.press(Key::F2);
        window.type_slowly(mark);
        window.enter();
        assert_eq!(screen(&window), Screen::Scan, "{mark}");
        assert!(
            window.find("Open the card:").accessible_description().is_some_and(|said| said == "Checked. Open the card")
        );
    }
    // Nor does the next item bring it up, which is no match; and a match that may be seen comes alone.
    window.press(Key::F2);
    window.type_slowly("KT004417");
    window.enter();
    assert_eq!(screen(&window), Screen::Scan);
    window.press(Key::F2);
    window.type_slowly("RP7100");
    window.enter();
    assert_eq!(screen(&window), Screen::Verdict);
    window.must_say("MATCH: note it and report it");
    assert!(!window.says("discreet check"));
}

#[test]
fn a_discreet_match_waits_and_is_one_key_away_in_the_loud_window_too() {
    let window = Window::open();
    window.press(Key::F10);
    window.click("Loud");
    window.press(Key::F1);
    window.type_slowly("DC7000");
    window.enter();
    window.must_say("1 match waits to be looked at");
    window.press(Key::F4);
    window.must_say("MATCH: a record asks for a discreet check");
}
