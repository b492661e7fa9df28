//! The search screen: a worn mark, looked up by what can be read of it.

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost_ui::{ScanData, Screen, SearchData, ShellData};

use super::stage::Window;

#[test]
fn a_worn_mark_is_looked_up_compared_opened_and_checked() {
    let window = Window::open();
    window.click("Search");
    window.type_slowly("AB12*");
    assert!(window.told().is_empty(), "nothing is looked up while it is typed");
    window.enter();
    assert_eq!(window.told(), ["look up AB12*"]);
    window.must_say("The first 2 records that fit AB12*; there are more: tell more of the mark.");
    window.must_say("Record AB12B4: Pistol · 1978");
    window.must_say("1978");
    assert!(!window.says("Unit 4"), "who misses it is told in the second step only");
    window.press(Key::F12);
    assert_eq!(window.told()[1..], ["open practice-weapons P-1"]);
    window.must_say("Unit 4");
    window.must_say("+00 123");
    window.press(Key::F12);
    assert_eq!(window.told().len(), 2, "once is enough");

    window.click("Record AB1299");
    assert!(!window.says("Unit 4"), "another record is still closed");
    window.click("Check this mark");
    let app = window.app();
    assert_eq!(app.global::<ShellData>().get_screen(), Screen::Scan);
    assert_eq!(app.global::<ScanData>().get_entry(), "AB1299");
    assert_eq!(window.told().len(), 2, "the officer compares before it is checked");
    window.enter();
    assert_eq!(window.told()[2..], ["check AB1299"]);
}

#[test]
fn what_is_not_found_or_too_wide_is_told_and_nothing_old_stays() {
    let window = Window::open();
    window.click("Search");
    let look_up = |pattern: &str| {
        window.app().global::<SearchData>().set_pattern("".into());
        window.type_slowly(pattern);
        window.enter();
    };
    look_up("AB12*");
    look_up("QX77?1");
    window.must_say("No record held here fits QX77?1. That is not a clearance: check the item.");
    assert!(!window.says("Record AB12B4"));
    look_up("A*");
    window.must_say("Too little is told: four characters at least, beside ? and *.");
    window.press(Key::F12);
    assert_eq!(window.told(), ["look up AB12*", "look up QX77?1", "look up A*"], "there is nothing to open");
}

#[test]
fn a_finger_in_a_glove_needs_no_keyboard() {
    let window = Window::open();
    window.click("Search");
    window.press(Key::F3);
    for key in ["A", "B", "1", "3"] {
        window.click(key);
    }
    window.click("Erase the last character");
    window.click("2");
    window.click("*");
    window.click("Take this mark");
    assert_eq!(window.told(), ["look up AB12*"]);
    window.must_say("Record AB12B4: Pistol · 1978");
    assert_eq!(window.app().global::<ShellData>().get_screen(), Screen::Search);
}

#[test]
fn a_hand_scanner_is_heard_on_the_search_screen_and_leaves_the_pattern_alone() {
    let window = Window::open();
    window.click("Search");
    window.type_slowly("AB12");
    window.pass_ms(2_000);
    window.scan("KT004417");
    assert_eq!(window.app().global::<SearchData>().get_pattern(), "AB12");
    assert_eq!(window.told(), ["check KT004417"]);
}
