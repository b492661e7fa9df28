//! Fingers and hand scanners: where what is typed goes, and what a burst of keys must never do.

use std::time::Duration;

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost::app::Bench;
use tracepost::domain::HandScannerSettings;
use tracepost_ui::SettingsData;

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
