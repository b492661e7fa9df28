//! What the screens say, and that it can be read.

use slint::platform::Key;
use slint::{ComponentHandle, PhysicalSize};
use tracepost_ui::{Grade, ShellData};

use super::desk::{MadeUp, RESTRICTION};
use super::stage::Window;

#[test]
fn an_item_that_was_not_checked_is_not_called_checked() {
    let window = Window::open();
    let said = || window.find("Open the card:").accessible_description().unwrap_or_default();
    window.type_slowly("KT004417");
    window.enter();
    assert_eq!(said(), "Checked. Open the card");
    window.press(Key::F2);
    window.type_slowly("1HGBH41JXMN109186");
    window.enter();
    assert_eq!(said(), "Not checked. Open the card");
}

#[test]
fn what_must_be_read_takes_the_lines_it_needs() {
    let window = Window::over(MadeUp { discreet: true, ..MadeUp::default() });
    window.app().window().set_size(PhysicalSize::new(1_024, 600));
    window.press(Key::F10);
    window.click("Українська");
    window.scan("DC7001");
    window.press(Key::F4);
    let headline = window.find("ЗБІГ: ");
    assert!(headline.size().height > 95.0, "{:?}", headline.size());
    window.press(Key::F12);
    window.find("Unit 4").scroll(0.0, -200.0);
    window.settle();
    let restriction = window.find(RESTRICTION);
    assert!(restriction.size().height > 40.0, "{:?}", restriction.size());
}

#[test]
fn typed_and_seized_are_two_words_in_french() {
    let window = Window::open();
    window.press(Key::F10);
    window.click("Français");
    window.press(Key::F1);
    window.type_slowly("KT004417");
    window.enter();
    window.must_say("Au clavier · ");
}

#[test]
fn the_newest_register_hides_no_old_one_and_lists_of_deliveries_count_apart() {
    let window = Window::over(MadeUp { one_old: true, ..MadeUp::default() });
    window.must_say("1 OLD");
    window.scan("KT004417");
    window.press(Key::F4);
    window.must_say("NOT LISTED: in 2 registers, newest 14 h old; 1 OLD, the oldest 40 d");
    window.must_say("OLD · 40 d old");
    window.must_say("Lists of deliveries asked");
    window.must_say("army-deliveries");
}

#[test]
fn what_is_on_record_only_has_a_head_that_says_so() {
    let window = Window::open();
    window.scan("EX8000");
    window.must_say("EX8000, RECORD EXPIRED");
    window.must_say("Open the card: RECORD EXPIRED");
    window.scan("SX6000");
    window.must_say("TOO LITTLE");
    assert_eq!(window.app().global::<ShellData>().get_grade(), Grade::Possible, "as strong as ever");
}
