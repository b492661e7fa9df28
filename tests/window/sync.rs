//! The sync screen: one key away, stopped by the same key, and what it says of how it ended.

use slint::ComponentHandle;
use slint::platform::Key;

use super::desk::MadeUp;
use super::stage::Window;

#[test]
fn what_failed_is_told_in_the_language_of_the_screen() {
    let window = Window::over(MadeUp { no_link: true, ..MadeUp::default() });
    window.press(Key::F10);
    window.click("Українська");
    window.press(Key::F5);
    window.enter();
    window.must_say("Центр недосяжний");
    assert!(!window.says("no route to host"), "the machine's words are for the log");
}

#[test]
fn a_sync_that_failed_in_part_tells_every_part_in_the_language_of_the_screen() {
    let window = Window::over(MadeUp { rough_sync: true, ..MadeUp::default() });
    window.press(Key::F10);
    window.click("Français");
    window.press(Key::F5);
    window.enter();
    for said in
        ["Des photos ne sont pas parties", "Le centre est revenu à un état antérieur", "n’a pas confirmé un registre"]
    {
        window.must_say(said);
    }
    assert!(!window.says("in English"), "the machine's words are for the log");
}

#[test]
fn whoever_holds_an_item_hears_that_its_record_was_withdrawn() {
    let window = Window::over(MadeUp { rough_sync: true, ..MadeUp::default() });
    window.press(Key::F5);
    assert!(!window.says("WITHDRAWN"), "not before the sync");
    window.enter();
    for said in [
        "WITHDRAWN: KT004418",
        "record weapons P-7 is gone, and no other matches",
        "but another record agrees",
        "CORRECTED: KT004420",
        "record weapons P-7 was changed and is another item's now, and no other matches",
    ] {
        window.must_say(said);
    }
}

#[test]
fn registers_that_are_loaded_after_the_window_opened_show_at_once() {
    let window = Window::over(MadeUp { loads: 2.into(), ..MadeUp::default() });
    window.must_say("loading registers");
    assert!(!window.says("no registers"), "nobody may take them for missing");
    for _ in 0..4 {
        window.settle();
    }
    window.must_say("Newest register");
}

#[test]
fn a_sync_is_one_key_away_and_tells_how_it_ended() {
    let window = Window::open();
    window.press(Key::F5);
    window.must_say("KT004417: seen here");
    window.enter();
    window.must_say("Done. Sent 1.2 kB, fetched 340.0 kB.");
}

#[test]
fn a_register_that_the_hub_has_not_vouched_for_is_late_and_damage_of_the_ledger_is_told_once() {
    let window = Window::over(MadeUp { rough_sync: true, damaged: true, ..MadeUp::default() });
    window.must_say("The ledger on this disk is damaged");
    window.press(Key::F5);
    window.must_say("LATE");
    window.click("Understood");
    window.enter();
    assert!(!window.says("The ledger on this disk is damaged"), "what was read and put away stays away");
}

#[test]
fn a_sync_that_was_stopped_by_hand_says_nothing_of_the_link() {
    let window = Window::over(MadeUp { stopped: true, ..MadeUp::default() });
    let link = window.app().global::<tracepost_ui::ShellData>().get_link();
    window.press(Key::F5);
    window.enter();
    window.must_say("The sync was ended. What was confirmed is kept");
    assert!(!window.says("No link"));
    assert_eq!(window.app().global::<tracepost_ui::ShellData>().get_link(), link);
    assert_eq!(window.app().global::<tracepost_ui::SyncData>().get_outcome(), "stopped");
}
