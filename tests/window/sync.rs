//! The sync screen: one key away, stopped by the same key, and what it says of how it ended.

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost_ui::{Link, ShellData};

use super::desk::MadeUp;
use super::stage::Window;

#[test]
fn a_retro_hit_says_how_far_the_marks_agree_and_where_they_differ() {
    let window = Window::open();
    window.press(Key::F5);
    window.must_say("LOOK AGAIN · Same but for look-alike characters · character 3 (0 or O?)");
}

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
    // The wheel is turned over a line that is wholly seen.
    let mut above = ["WITHDRAWN: KT004419", "CORRECTED: KT004420"];
    for (head, said) in [
        ("EXPIRED: KT004421", "record weapons P-7 has expired (2026-04-30)"),
        ("DELIVERED: KT004422", "only says now where the item was delivered"),
        ("CORRECTED: KT004423", "was changed and agrees less than it did"),
        ("DISCREET CHECK: KT004424", "Let nobody notice, and ask its owner. Caution: may be armed"),
        ("CHANGED: KT004425", "no more than a report"),
        ("CHANGED: KT004426", "asks now to hold the item"),
        ("CHANGED: KT004427", "still matches, and tells now of what to beware. Caution: may be armed"),
    ] {
        for _ in 0..4 {
            if !window.says(head) {
                window.find(above[0]).scroll(0.0, -40.0);
            }
        }
        window.must_say(head);
        window.must_say(said);
        above = [above[1], head];
    }
}

#[test]
fn what_was_withdrawn_stays_over_syncs_and_restarts_until_an_officer_has_seen_it() {
    let window = Window::over(MadeUp { withdraws: 1, ..MadeUp::default() });
    let door = "Sync. 1 past match was withdrawn or corrected";
    assert!(!window.says(door));
    window.press(Key::F5);
    window.enter();
    window.must_say("WITHDRAWN: MW000000");
    // A sync that says nothing of it, of a later day and another window.
    let window = Window::again(std::sync::Arc::clone(&window.desk), None);
    window.must_say(door);
    let mut desk = MadeUp { no_link: true, ..MadeUp::default() };
    desk.withdrawn = window.desk.withdrawn.lock().unwrap().clone().into();
    let window = Window::again(std::sync::Arc::new(desk), None);
    window.press(Key::F5);
    window.enter();
    window.must_say("WITHDRAWN: MW000000");
    window.click("Seen, put away");
    assert!(!window.says("WITHDRAWN: MW000000") && !window.says("withdrawn or corrected"));
}

#[test]
fn what_the_disk_does_not_keep_as_seen_stays_on_the_screen() {
    let window = Window::over(MadeUp { withdraws: 1, disk_full: true, ..MadeUp::default() });
    window.press(Key::F5);
    window.enter();
    window.click("Seen, put away");
    window.must_say("WITHDRAWN: MW000000");
    window.must_say("It could not be kept that this was seen");
}

#[test]
fn many_withdrawn_matches_are_counted_and_scrolled_and_leave_the_screen_its_room() {
    let window = Window::over(MadeUp { withdraws: 130, ..MadeUp::default() });
    window.app().window().set_size(slint::PhysicalSize::new(1_024, 600));
    window.press(Key::F5);
    window.enter();
    window.must_say("130 past matches were withdrawn or corrected");
    for label in ["Sync now", "Seen, show the next", "Registers on this device", "KT004417: seen here"] {
        let shown = window.find(label);
        let end = shown.absolute_position().y + shown.size().height;
        assert!(end <= 600.0 && shown.size().height > 10.0, "{label} ends at {end}");
    }
    let list = || window.elements().into_iter().find(|e| e.accessible_label().is_some_and(|l| l.contains("MW000005")));
    assert!(list().is_none_or(|e| e.absolute_position().y > 300.0), "further down");
    window.find("WITHDRAWN: MW000000").scroll(0.0, -260.0);
    window.settle();
    window.must_say("WITHDRAWN: MW000005");
    for (shown, button) in [("WITHDRAWN: MW000050", "Seen, show the next"), ("WITHDRAWN: MW000100", "Seen, put away")] {
        window.click("Seen, show the next");
        window.must_say(shown);
        window.must_say(button);
    }
    window.click("Seen, put away");
    assert!(!window.says("WITHDRAWN"));
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
    let link = window.app().global::<ShellData>().get_link();
    window.press(Key::F5);
    window.enter();
    window.must_say("The sync was ended. What was confirmed is kept");
    assert!(!window.says("No link"));
    assert_eq!(window.app().global::<ShellData>().get_link(), link);
    assert_eq!(window.app().global::<tracepost_ui::SyncData>().get_outcome(), "stopped");
}

#[test]
fn a_receipt_that_another_program_brought_says_that_the_link_is_up() {
    let window = Window::over(MadeUp { no_link: true, ..MadeUp::default() });
    let link = || window.app().global::<ShellData>().get_link();
    let brought = |minutes| {
        let at = chrono::DateTime::UNIX_EPOCH + chrono::Duration::minutes(minutes);
        *window.desk.receipt.lock().unwrap() = Some((2, at));
        // The look that the window takes every twenty seconds.
        for _ in 0..3 {
            i_slint_backend_testing::mock_elapsed_time(std::time::Duration::from_secs(10));
            window.settle();
        }
    };
    assert_eq!(link(), Link::Never);
    brought(1);
    assert_eq!(link(), Link::Online, "a command asked for a sync");
    window.press(Key::F5);
    window.enter();
    assert_eq!(link(), Link::Offline, "that did not reach the hub");
    window.settle();
    assert_eq!(link(), Link::Offline, "and the receipt is the one of before");
    brought(2);
    assert_eq!(link(), Link::Online);
    // A window that finds a receipt has tried nothing yet.
    let again = Window::again(std::sync::Arc::clone(&window.desk), None);
    assert_eq!(again.app().global::<ShellData>().get_link(), Link::Untried);
}
