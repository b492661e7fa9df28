//! The card: what it says of a verdict, and what an officer does about it.

use i_slint_backend_testing::ElementHandle;
use slint::platform::Key;
use slint::{ComponentHandle, PhysicalSize};
use tracepost_ui::{ScanData, ShellData};

use super::desk::MadeUp;
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
fn a_match_waits_for_the_eye_however_fast_the_next_items_come() {
    let window = Window::open();
    // A crate: each code its own item, the match in the middle.
    window.press(Key::F9);
    for mark in ["KT004417", "DL500", "KT004418", "KT004419"] {
        window.scan(mark);
    }
    let bar = || (window.app().global::<ShellData>().get_grade(), window.app().global::<ShellData>().get_unseen());
    assert_eq!(bar(), (tracepost_ui::Grade::Hit, 1), "the last item is not listed, and still the match shows");
    window.must_say("1 match waits to be looked at");
    window.press(Key::F4);
    window.must_say("MATCH: hold the item, verify with the owner of the record");
    assert_eq!(bar().1, 0);
    window.press(Key::F4);
    window.press(Key::F4);
    window.must_say("NOT LISTED: in 1 register, 14 h old");
    assert_eq!(bar(), (tracepost_ui::Grade::NotListed, 0), "what was seen does not come back");
}

#[test]
fn what_a_record_asks_for_is_the_first_word_of_the_card() {
    let window = Window::open();
    for (mark, said) in [
        ("DC7000", "MATCH: a record asks for a discreet check: carry on as usual, report to its owner"),
        (
            "RP7100",
            "MATCH: note it and report it to the owner of the record, who asks for no more: do not hold the item on account of it",
        ),
        ("RP7101", "MATCH: hold the item, verify with the owner of the record"),
        ("EX8000", "RECORD EXPIRED: the record has expired and is no ground to act on by itself"),
        ("DL6000", "DELIVERED: listed as delivered to 72nd Brigade; not listed as wanted in 1 register, 14 h old"),
        (
            "DL6001",
            "TOO LITTLE: character 6 (1 or 2?); the nearest that is listed is a delivered item; not listed as wanted in 1 register",
        ),
    ] {
        window.press(Key::F2);
        window.scan(mark);
        window.press(Key::F4);
        window.must_say(said);
        window.press(Key::F1);
    }
}

#[test]
fn a_delivery_is_no_answer_of_those_who_were_not_asked() {
    let window = Window::over(MadeUp { only_deliveries: true, ..MadeUp::default() });
    window.scan("DL6000");
    window.press(Key::F4);
    window.must_say("DELIVERED: listed as delivered to 72nd Brigade; no register of wanted items was asked");
    window.must_say("This record only says that it was delivered");
}

/// Opens a record of an earlier check and one of a look-up: over its facts stands `said`, and nowhere `unsaid`.
fn stands_over_the_facts_of_an_opened_record(made_up: MadeUp, said: &str, unsaid: &str) {
    let window = Window::over(MadeUp { past: true, ..made_up });
    let stands = || {
        assert!(!window.says(unsaid));
        assert!(window.find(said).absolute_position().y < window.find("Unit 4").absolute_position().y, "{said}");
    };
    window.open_line("QQ770077");
    assert!(!window.says(said), "not known before it is opened");
    window.press(Key::F12);
    stands();
    window.click("Search");
    window.type_slowly("AB12*");
    window.enter();
    assert!(!window.says(said));
    window.press(Key::F12);
    stands();
}

const DISCREET: &str = "Discreet check: let nobody notice, ask the owner of the record";
const EXPIRED: &str = "The record has expired: it is no ground to act on by itself.";

#[test]
fn that_nobody_is_to_notice_stands_over_the_facts_of_an_opened_record() {
    let discreet = MadeUp { discreet: true, ..MadeUp::default() };
    stands_over_the_facts_of_an_opened_record(discreet, DISCREET, EXPIRED);
}

#[test]
fn that_it_has_expired_stands_over_the_facts_of_an_opened_record_which_then_asks_for_nothing() {
    let expired = MadeUp { discreet: true, expired: true, ..MadeUp::default() };
    stands_over_the_facts_of_an_opened_record(expired, EXPIRED, DISCREET);
}

#[test]
fn a_decision_is_about_the_card_on_the_screen_whatever_the_camera_reads_meanwhile() {
    let window = Window::open();
    window.press(Key::F9);
    window.scan("DL500");
    window.press(Key::F4);
    window.must_say("MATCH: hold the item, verify with the owner of the record");
    // Footage goes on behind the card; the file is read as the camera is.
    window.read("KT004418");
    window.must_say("MATCH: hold the item, verify with the owner of the record");
    window.press(Key::F6);
    window.must_say("Decision on DL500");
    window.click("Item held to verify");
    window.enter();
    assert!(window.told().iter().any(|told| told.starts_with("decide 1 detained")), "{:?}", window.told());
}

#[test]
fn however_much_could_be_added_the_next_item_stays_on_a_small_screen() {
    let window = Window::open();
    window.app().window().set_size(PhysicalSize::new(1_024, 600));
    window.type_slowly("SX6000");
    window.enter();
    window.press(Key::F4);
    window.must_say("Add the calibre");
    for label in ["Decide", "Next item"] {
        let named =
            |e: &ElementHandle| e.accessible_label().is_some_and(|l| l.starts_with(label)) && e.size().height > 50.0;
        let button = window.elements().into_iter().find(named).unwrap_or_else(|| panic!("{label}"));
        let end = button.absolute_position().y + button.size().height;
        assert!(end <= 600.0, "{label} ends at {end}");
    }
}

#[test]
fn findings_are_told_in_words_with_whom_they_are_about() {
    let window = Window::open();
    window.type_slowly("DL6002");
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
        (
            "English",
            [
                "another mark agrees, too",
                "3 records bear this mark",
                "12 more records are not shown",
                "TOO LITTLE: compare year with the record",
                "The description differs: year",
            ],
        ),
        (
            "Français",
            [
                "un autre marquage concorde",
                "3 fiches portent ce marquage",
                "12 autres fiches",
                "comparez avec la fiche : l'année",
                "La description diffère : l'année",
            ],
        ),
        (
            "Українська",
            [
                "ще одне маркування",
                "3 записи мають це",
                "Ще 12 записів",
                "порівняйте із записом: рік",
                "Опис відрізняється: рік",
            ],
        ),
    ] {
        window.press(Key::F10);
        window.click(language);
        window.press(Key::F4);
        said.iter().for_each(|said| window.must_say(said));
    }
}

#[test]
fn all_that_differs_is_named_the_make_among_it() {
    let window = Window::open();
    window.type_slowly("MK5000");
    window.enter();
    for (language, said) in [
        ("English", "The description differs: kind, make, model, calibre, year"),
        ("Français", "La description diffère : le type, le fabricant, le modèle, le calibre, l'année"),
        ("Українська", "Опис відрізняється: вид, завод-виробник, модель, калібр, рік"),
    ] {
        window.press(Key::F10);
        window.click(language);
        window.press(Key::F4);
        window.must_say(said);
    }
}

#[test]
fn what_to_beware_of_stands_once_and_over_all_else() {
    let window = Window::over(MadeUp { armed: true, past: true, ..MadeUp::default() });
    let stands = |window: &Window| {
        let said = window.elements().into_iter().filter(|e| e.accessible_label().is_some_and(|l| l.contains("armed")));
        let at = said.map(|e| (e.accessible_label().unwrap().to_string(), e.absolute_position().y)).collect::<Vec<_>>();
        assert_eq!(at.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(), ["Caution: armed"]);
        let others = ["Same but for look-alike characters", "Pistol"].map(|other| window.find(other));
        assert!(others.iter().all(|other| other.absolute_position().y > at[0].1), "it comes first");
    };
    // Of an earlier check it is known once the record is opened.
    window.open_line("QQ770077");
    assert!(!window.says("armed"));
    window.press(Key::F12);
    stands(&window);
    window.press(Key::F2);
    window.scan("AB1284");
    window.press(Key::F4);
    stands(&window);
    window.press(Key::F12);
    window.must_say("+00 123");
    stands(&window);
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
    window.must_say("MATCH: hold the item, verify with the owner of the record");
    window.press(Key::F6);
    window.click("Item held to verify");
    window.type_slowly("seal 4");
    window.enter();
    let told = window.told();
    assert!(told.iter().any(|t| t.starts_with("decide ") && t.contains("detained \"seal 4\" photo false")), "{told:?}");
    window.must_say("Decided: Item held to verify");
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
    window.press_shifted(Key::F2);
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
