//! The window over a made-up desk: what an officer sees, presses and reads, found by the labels that a screen reader uses.
#![cfg(feature = "gui")]

#[path = "window/beware.rs"]
mod beware;
#[path = "window/card.rs"]
mod card;
#[path = "window/desk.rs"]
mod desk;
#[path = "window/hands.rs"]
mod hands;
#[path = "window/items.rs"]
mod items;
#[path = "window/retro.rs"]
mod retro;
#[path = "window/search.rs"]
mod search;
#[path = "window/since.rs"]
mod since;
#[path = "window/stage.rs"]
mod stage;
#[path = "window/sync.rs"]
mod sync;
#[path = "window/viewfinder.rs"]
mod viewfinder;
#[path = "window/words.rs"]
mod words;

use std::sync::Arc;

use slint::platform::Key;
use slint::{ComponentHandle, PhysicalSize};
use tracepost::app::Bench;
use tracepost::domain::KeyboardLayout;
use tracepost_ui::{ScanData, Screen, SettingsData, ShellData, VerdictData};

use desk::MadeUp;
use stage::{Window, pressable};

#[test]
fn a_typed_serial_is_understood_checked_and_answered_in_words() {
    let window = Window::open();
    window.type_slowly("АВ 1284");
    window.must_say("AB1284");
    window.must_say("Cyrillic");
    assert!(window.told().is_empty(), "nothing is checked while it is typed");
    window.enter();
    assert_eq!(window.told(), ["check AB1284"]);
    window.must_say("Open the card: LOOK AGAIN");
    assert_eq!(window.app().global::<ShellData>().get_screen(), Screen::Scan, "discreet: the card stays closed");
    window.enter();
    window.must_say("LOOK AGAIN: character 5 (8 or B?)");
    window.must_say("Add the year");
    assert_eq!(window.told().len(), 1, "the card is for comparing; no record is opened by looking at it");
}

#[test]
fn choices_last_until_the_next_window() {
    let window = Window::open();
    window.press(Key::F10);
    window.click("Українська");
    window.click("Світле на чорному");
    window.click("Помітно");
    window.click("Камера");
    window.click("Microscope");
    window.click("1920 × 1080");
    window.click("Ручний сканер");
    window.click("Français (AZERTY)");
    window.click("Код закінчується");
    let desk = Arc::clone(&window.desk);
    drop(window);
    let window = Window::again(Arc::clone(&desk), None);
    window.must_say("Сканування");
    let app = window.app();
    assert!(app.global::<ShellData>().get_loud() && app.global::<tracepost_ui::Theme>().get_dark());
    window.press(Key::F10);
    window.click("Камера");
    assert_eq!(app.global::<SettingsData>().get_size(), 2, "of three sizes the largest");
    let kept = desk.hand_scanner();
    assert_eq!((kept.layout, kept.ends_by_pause), (KeyboardLayout::FrAzerty, true));
    let choices = desk.setting("choices").unwrap();
    assert!(choices.contains("/dev/video2"), "{choices}");
}

#[test]
fn a_choice_that_cannot_be_kept_says_so_and_holds_all_the_same() {
    let window = Window::over(MadeUp { disk_full: true, ..MadeUp::default() });
    window.press(Key::F10);
    window.click("Loud");
    window.must_say("This choice could not be kept");
    assert!(window.app().global::<ShellData>().get_loud());
}

#[test]
fn a_hand_scanner_works_on_every_screen_and_leaves_the_fields_as_they_were() {
    let window = Window::open();
    window.type_slowly("xy");
    window.pass_ms(200);
    window.scan("KT004417");
    assert_eq!(window.told(), ["check KT004417"]);
    assert_eq!(window.app().global::<ScanData>().get_entry(), "xy", "what was half typed is still there");
    window.must_say("Hand scanner");
    window.press(Key::F5);
    window.press(Key::F2);
    for (screen, key) in [(Screen::Sync, Key::F5), (Screen::Verdict, Key::F4)] {
        window.press(Key::F1);
        window.press(key);
        assert_eq!(window.app().global::<ShellData>().get_screen(), screen);
        window.scan(&format!("QQ{}7", screen as i32));
    }
    assert_eq!(window.told().len(), 3, "{:?}", window.told());
}

#[test]
fn a_full_disk_is_said_loudly_with_the_number_for_the_paper() {
    let window = Window::over(MadeUp { disk_full: true, ..MadeUp::default() });
    window.type_slowly("AB1284");
    window.enter();
    window.must_say("NOT RECORDED: WRITE ON PAPER P22-1");
    window.press(Key::F4);
    window.must_say("LOOK AGAIN");
    assert!(!window.says("Decide"), "there is no entry to decide about");
}

#[test]
fn loud_is_a_setting() {
    let window = Window::open();
    window.press(Key::F10);
    window.click("Loud");
    window.press(Key::F1);
    window.type_slowly("AB1284");
    window.enter();
    assert_eq!(window.app().global::<ShellData>().get_screen(), Screen::Verdict, "the card opens by itself");
}

#[test]
fn the_words_change_with_the_language_while_the_window_is_open() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    window.press(Key::F4);
    window.must_say("LOOK AGAIN: character 5 (8 or B?)");
    for (name, said, scan) in [
        ("Українська", "ПЕРЕВІРТЕ ЗНОВУ: знак 5 (8 чи B?)", "Сканування"),
        ("Français", "REGARDER ENCORE: caractère 5 (8 ou B ?)", "Lecture"),
        ("English", "LOOK AGAIN: character 5 (8 or B?)", "Scan"),
    ] {
        window.press(Key::F10);
        window.click(name);
        window.press(Key::F4);
        window.must_say(said);
        window.must_say(scan);
    }
}

#[test]
fn everything_that_can_be_pressed_is_large_enough_and_has_a_name() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    let places: [(&str, fn(&Window)); 8] = [
        ("cameras", |w| {
            w.press(Key::F10);
            w.app().global::<SettingsData>().set_page(1);
        }),
        ("hand scanner", |w| {
            w.press(Key::F10);
            w.app().global::<SettingsData>().set_page(2);
        }),
        ("scan", |w| w.press(Key::F1)),
        ("keypad", |w| w.press(Key::F3)),
        ("picker", |w| w.press(Key::F7)),
        ("card", |w| w.press(Key::F4)),
        ("decision", |w| w.press(Key::F6)),
        ("settings", |w| w.press(Key::F10)),
    ];
    for (width, height) in [(1_280, 800), (1_024, 600)] {
        window.app().window().set_size(PhysicalSize::new(width, height));
        for (name, go) in &places {
            go(&window);
            let mut seen = 0;
            for element in window.elements() {
                if !element.accessible_role().is_some_and(pressable) {
                    continue;
                }
                seen += 1;
                let (size, label) = (element.size(), element.accessible_label().unwrap_or_default());
                assert!(!label.is_empty(), "{name}: {:?} has no name", element.id());
                assert!(size.width >= 56.0 && size.height >= 56.0, "{name} at {width}x{height}: {label:?} is {size:?}");
            }
            assert!(seen > 5, "{name}: {seen}");
        }
        window.press(Key::F3);
    }
}

#[test]
fn every_screen_is_really_drawn() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    window.app().global::<VerdictData>().set_keep_photo(true);
    let shots = std::env::var_os("TRACEPOST_SHOTS").map(std::path::PathBuf::from);
    let screens: [(&str, fn(&Window)); 6] = [
        ("scan", |w| w.press(Key::F1)),
        ("verdict", |w| w.press(Key::F4)),
        ("decision", |w| w.press(Key::F6)),
        ("sync", |w| w.press(Key::F5)),
        ("settings", |w| w.press(Key::F10)),
        ("picker", |w| w.press(Key::F7)),
    ];
    for (name, go) in screens {
        go(&window);
        let picture = window.app().window().take_snapshot().unwrap();
        let mut colours = std::collections::HashMap::<[u8; 4], usize>::new();
        for pixel in picture.as_bytes().as_chunks::<4>().0 {
            *colours.entry(*pixel).or_default() += 1;
        }
        let most = colours.values().copied().max().unwrap_or_default();
        assert!(colours.len() > 40, "{name}: only {} colours", colours.len());
        assert!(most * 100 < picture.as_bytes().len() / 4 * 97, "{name} is nearly all one colour");
        if let Some(dir) = &shots {
            let file = dir.join(format!("{name}.png"));
            let (width, height) = (picture.width(), picture.height());
            image::save_buffer(file, picture.as_bytes(), width, height, image::ExtendedColorType::Rgba8).unwrap();
        }
    }
}
