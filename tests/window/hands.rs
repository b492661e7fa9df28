//! Fingers and hand scanners: where what is typed goes, and what a burst of keys must never do.

use std::time::Duration;

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost::app::Bench;
use tracepost::domain::HandScannerSettings;
use tracepost_ui::{ScanData, Screen, SettingsData, ShellData, VerdictData};

use super::desk::MadeUp;
use super::stage::Window;

fn pass(ms: u64) {
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(ms));
}

/// The page of the hand scanner, with the finger in one of its fields.
fn in_field(window: &Window, label: &str) {
    window.press(Key::F10);
    window.app().global::<SettingsData>().set_page(2);
    window.settle();
    let is_field = |e: &i_slint_backend_testing::ElementHandle| {
        e.accessible_role() == Some(i_slint_backend_testing::AccessibleRole::TextInput)
            && e.accessible_label().is_some_and(|l| l.starts_with(label))
    };
    let field = window.elements().into_iter().find(is_field).unwrap_or_else(|| panic!("no field {label}"));
    field.mock_single_click(slint::platform::PointerEventButton::Left);
    window.settle();
}

#[test]
fn a_scan_into_a_field_of_the_settings_is_checked_and_changes_no_setting() {
    let set = HandScannerSettings { suffix: "$".into(), ..HandScannerSettings::default() };
    let window = Window::over(MadeUp { scanner: set.clone().into(), ..MadeUp::default() });
    for label in ["It sends before each code", "It sends after each code", "Serial port"] {
        in_field(&window, label);
        window.pass_ms(2_000);
        window.scan("TR4471902$");
        assert_eq!(window.told(), ["check TR4471902"], "{label}");
        pass(2_000);
        window.settle();
        assert_eq!(window.desk.hand_scanner(), set, "{label}");
        let data = window.app().global::<SettingsData>();
        assert_eq!([data.get_prefix(), data.get_suffix(), data.get_port()], ["", "$", ""], "{label}");
        window.press(Key::F2);
        window.desk.told.lock().unwrap().clear();
    }
}

#[test]
fn a_typed_prefix_holds_once_typing_has_paused_or_its_field_is_left() {
    let window = Window::open();
    in_field(&window, "It sends before each code");
    window.type_slowly("#%");
    assert_eq!(window.desk.hand_scanner().prefix, "", "not with each key");
    pass(900);
    window.settle();
    assert_eq!(window.desk.hand_scanner().prefix, "#%");
    window.type_slowly("x");
    window.press(Key::Tab);
    assert_eq!(window.desk.hand_scanner().prefix, "#%x", "the field was left");
    window.pass_ms(2_000);
    window.scan("#%xKT004417");
    assert_eq!(window.told(), ["check KT004417"]);
}

#[test]
fn a_port_is_tried_when_it_is_typed() {
    let window = Window::open();
    in_field(&window, "Serial port");
    let port = "/dev/no-such-port";
    window.type_slowly(port);
    assert!(!window.says("It is not connected") && !window.says("This is no serial port"), "tried while it is typed");
    assert_eq!(window.desk.hand_scanner().serial_port, None);
    pass(1_000);
    window.until_it_says("It is not connected");
    assert_eq!(window.desk.hand_scanner().serial_port.as_deref(), Some(port));
}

#[test]
fn whoever_comes_back_types_on_behind_what_stands_there() {
    let window = Window::open();
    window.type_slowly("TR447");
    window.press(Key::F4);
    window.press(Key::F4);
    window.type_slowly("1902");
    window.enter();
    assert_eq!(window.told(), ["check TR4471902"]);
    // What a screen key added is no reason to type on elsewhere.
    window.press(Key::F3);
    for key in ["Q", "Z"] {
        window.click(key);
    }
    window.type_slowly("7");
    assert_eq!(window.app().global::<ScanData>().get_entry(), "QZ7");
    window.press(Key::Escape);
    window.press(Key::F6);
    window.type_slowly("seal");
    window.press(Key::Escape);
    window.press(Key::F6);
    window.type_slowly(" 4");
    assert_eq!(window.app().global::<VerdictData>().get_note(), "seal 4");
}

#[test]
fn enter_checks_what_was_typed_wherever_the_focus_was() {
    let window = Window::open();
    window.touch("No check yet");
    window.type_slowly("TR447");
    window.settle();
    window.type_slowly("1902");
    window.enter();
    assert_eq!(window.told(), ["check TR4471902"]);
    window.press(Key::F2);
    window.touch("No check yet");
    window.type_slowly("KT004417");
    // At once, before the focus has moved.
    window.key(char::from(Key::Return).to_string());
    window.settle();
    assert_eq!(window.told(), ["check TR4471902", "check KT004417"]);
}

#[test]
fn a_loud_card_neither_comes_over_typing_nor_goes_with_the_enter_of_whoever_types_on() {
    let window = Window::open();
    let app = window.app();
    app.global::<ShellData>().set_loud(true);
    let screen = || app.global::<ShellData>().get_screen();
    let unseen = || app.global::<ShellData>().get_unseen();
    window.press(Key::F9);
    window.type_slowly("KT00");
    window.read("DL500");
    assert_eq!((screen(), unseen()), (Screen::Scan, 1), "somebody types");
    window.type_slowly("4417");
    window.enter();
    assert_eq!((screen(), unseen()), (Screen::Verdict, 1), "now it comes, and nobody has looked yet");
    window.must_say("MATCH: hold the item");
    window.type_slowly("KT009");
    window.enter();
    assert_eq!((screen(), unseen()), (Screen::Verdict, 1), "Enter was meant for what was typed");
    pass(1_100);
    assert_eq!((screen(), unseen()), (Screen::Verdict, 0), "it was there long enough");
    window.enter();
    assert_eq!(screen(), Screen::Scan);
    assert_eq!(app.global::<ScanData>().get_entry(), "KT009", "what was typed over it is not lost");
    window.enter();
    // By hand it is seen at once.
    window.read("DL500");
    assert_eq!((screen(), unseen()), (Screen::Verdict, 1));
    window.press(Key::F4);
    assert_eq!((screen(), unseen()), (Screen::Scan, 1));
    window.press(Key::F4);
    assert_eq!((screen(), unseen()), (Screen::Verdict, 0));
}

#[test]
fn the_on_screen_keys_have_all_that_an_item_needs() {
    let window = Window::open();
    window.press(Key::F3);
    for key in ["Q", "7", "Take this mark", "Next item", "Z", "8", "Take this mark"] {
        window.click(key);
    }
    assert_eq!(window.told(), ["check Q7", "check Z8"]);
}

#[test]
fn the_picker_of_the_year_keeps_what_is_known_unless_told_otherwise() {
    let window = Window::open();
    window.type_slowly("KT004417");
    window.enter();
    let year = |keys: &[&str]| {
        window.click("Year");
        keys.iter().for_each(|key| window.click(key));
    };
    year(&["1", "9", "7", "9", "Erase the last character", "8", "Take it"]);
    window.must_say("Year: 1978");
    window.click("Year");
    let field = window.elements().into_iter().find(|e| e.accessible_placeholder_text().is_some_and(|t| !t.is_empty()));
    let text = field.and_then(|field| field.accessible_placeholder_text()).unwrap_or_default();
    assert!(text.contains("1978"), "{text}");
    window.enter();
    window.must_say("Year: 1978");
    assert_eq!(window.told().len(), 2, "nothing changed: {:?}", window.told());
    year(&["Not known"]);
    window.must_say("Year: not given");
}

#[test]
fn what_goes_away_with_the_focus_leaves_no_key_unheard() {
    let window = Window::open();
    // A field of a page that is left by touch.
    in_field(&window, "It sends before each code");
    window.click("Screen");
    window.scan("DL500");
    assert_eq!(window.told(), ["check DL500"]);
    window.press(Key::F1);
    assert_eq!(window.app().global::<ShellData>().get_screen(), Screen::Scan);
    // A mark that is taken off by the keyboard.
    for _ in 0..6 {
        window.press(Key::Tab);
    }
    window.enter();
    assert!(!window.says("Take DL500 off this item"), "the sixth thing after the field takes the mark off");
    window.scan("KT004417");
    assert_eq!(window.told()[1..], ["check KT004417"]);
}

#[test]
fn a_loud_card_hears_the_keys_though_the_feed_lets_a_line_go() {
    let window = Window::open();
    window.press(Key::F9);
    for n in 10..34 {
        window.scan(&format!("KT0044{n}"));
    }
    window.app().global::<ShellData>().set_loud(true);
    // The feed is full: with the answer its last line goes, and the screen, too.
    window.type_slowly("DL500");
    window.enter();
    let screen = || window.app().global::<ShellData>().get_screen();
    assert_eq!(screen(), Screen::Verdict);
    pass(1_100);
    window.enter();
    assert_eq!(screen(), Screen::Scan);
}

#[test]
fn a_finger_on_the_greyed_out_check_leaves_enter_and_typing_as_they_were() {
    let window = Window::open();
    let screen = || window.app().global::<ShellData>().get_screen();
    window.touch("Check");
    window.type_slowly("DL500");
    window.enter();
    assert_eq!(window.told(), ["check DL500"]);
    window.touch("Check");
    window.enter();
    assert_eq!(screen(), Screen::Verdict, "with nothing typed it opens the card");
    window.enter();
    window.touch("Check");
    window.type_slowly("KT00441");
    window.press(Key::Backspace);
    window.type_slowly("7");
    window.touch("Check");
    assert_eq!(window.told()[1..], ["check DL500+KT00447"]);
}

#[test]
fn a_finger_on_what_cannot_be_pressed_takes_the_focus_from_no_field() {
    let window = Window::open();
    window.click("Search");
    window.touch("Look up");
    window.type_slowly("AB12*");
    window.enter();
    assert_eq!(window.told(), ["look up AB12*"]);
    window.press(Key::F1);
    window.press(Key::F7);
    window.touch("Take it");
    window.type_slowly("1978");
    assert_eq!(window.app().global::<ScanData>().get_picker_text(), "1978");
}

#[test]
fn enter_opens_the_card_wherever_the_focus_was() {
    let window = Window::open();
    window.type_slowly("DL500");
    window.enter();
    // Ground with nothing on it.
    window.find("What was understood").mock_single_click(slint::platform::PointerEventButton::Left);
    window.settle();
    window.enter();
    assert_eq!(window.app().global::<ShellData>().get_screen(), Screen::Verdict);
}
