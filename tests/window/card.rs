//! The card: what it says of a verdict, and what an officer does about it.

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost_ui::ScanData;

use super::stage::Window;

#[test]
fn a_record_is_opened_in_a_second_step_which_is_written_down() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    window.press(Key::F12);
    assert_eq!(window.told().len(), 1, "there is nothing to open on the scan screen");
    window.press(Key::F4);
    window.must_say("Pistol");
    window.must_say("1978");
    assert!(!window.says("Unit 4") && !window.says("Stolen"), "who misses it is told in the second step only");
    window.click("Open the record");
    window.must_say("Unit 4");
    window.must_say("Stolen");
    window.must_say("+00 123");
    assert_eq!(window.told()[1..], ["open practice-weapons P-1"]);
    window.press(Key::F12);
    assert_eq!(window.told().len(), 2, "once is enough");
}

#[test]
fn findings_are_told_in_words_with_whom_they_are_about() {
    let window = Window::open();
    window.type_slowly("DL500");
    window.enter();
    window.press(Key::F4);
    window.must_say("Listed as delivered to 72nd Brigade, seen outside its place");
}

#[test]
fn why_a_record_is_shown_stands_on_the_card_in_the_language_of_the_screen() {
    let window = Window::open();
    window.type_slowly("CR1979");
    window.enter();
    for (language, said) in [
        ("English", ["another mark agrees, too", "3 records bear this mark", "12 more records"]),
        ("Français", ["une autre marque concorde", "3 fiches portent cette marque", "12 autres fiches"]),
        ("Українська", ["ще одне маркування", "3 записи мають це", "Ще 12 записів"]),
    ] {
        window.press(Key::F10);
        window.click(language);
        window.press(Key::F4);
        said.iter().for_each(|said| window.must_say(said));
    }
}

#[test]
fn one_more_observation_settles_it_with_the_keyboard_alone() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    window.press(Key::F4);
    window.click("Add the year");
    assert_eq!(window.app().global::<ScanData>().get_picker(), "year");
    window.type_slowly("1978");
    window.enter();
    window.press(Key::F4);
    window.must_say("MATCH: hold, verify with the owner");
    window.press(Key::F6);
    window.click("Detained to verify");
    window.type_slowly("seal 4");
    window.enter();
    let told = window.told();
    assert!(told.iter().any(|t| t.starts_with("decide ") && t.contains("detained \"seal 4\" photo false")), "{told:?}");
    window.must_say("Decided: Detained to verify");
}

#[test]
fn marks_gather_on_one_item_until_the_next() {
    let window = Window::open();
    for mark in ["KT004417", "X99 1"] {
        window.type_slowly(mark);
        window.enter();
    }
    assert_eq!(window.told(), ["check KT004417", "check KT004417+X991"]);
    window.must_say("Take KT004417 off this item");
    window.press(Key::F2);
    assert!(!window.says("Take KT004417 off"), "the next item begins with an empty card");
    window.press(Key::F2);
    window.must_say("Take KT004417 off this item");
    window.click("Take X99 1 off");
    assert_eq!(window.told()[2], "check KT004417");
}

#[test]
fn nothing_found_is_never_a_bare_clear_and_an_unknown_object_is_not_checked() {
    let window = Window::open();
    window.type_slowly("KT004417");
    window.enter();
    window.press(Key::F4);
    window.must_say("NOT LISTED: in 1 register, 14 h old");
    window.press(Key::F4);
    window.press(Key::F2);
    window.type_slowly("1HGBH41JXMN109186");
    window.enter();
    window.press(Key::F4);
    window.must_say("NOT CHECKED: no vehicle register here");
}
