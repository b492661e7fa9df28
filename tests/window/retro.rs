//! Past sightings that newer records match: what to beware of in them, and the way to their cards.

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost::app::{Gone, Retro};
use tracepost_ui::{Screen, ShellData};

use super::desk::{MadeUp, past, retro};
use super::stage::Window;
use tracepost::domain::Grade;

fn over(hits: Vec<Retro>, retro_more: usize) -> Window {
    Window::over(MadeUp { retro: hits.into(), retro_more, ..MadeUp::default() })
}

#[test]
fn a_retro_hit_says_of_what_to_beware_and_that_nobody_is_to_notice() {
    let armed = Retro { cautions: vec!["armed".into()], discreet: true, ..retro(90, "HHJ112233") };
    let window = over(vec![armed, retro(91, "HHJ112234")], 0);
    window.press(Key::F5);
    let said = |mark: &str| window.find(&format!("{mark}: seen here")).accessible_label().unwrap_or_default();
    assert!(said("HHJ112233").contains("Caution: armed · Discreet check: let nobody notice"), "{}", said("HHJ112233"));
    assert!(!said("HHJ112234").contains("Caution") && !said("HHJ112234").contains("Discreet"));
    assert!(said("HHJ112234").contains("MATCH · Same mark"));
}

#[test]
fn what_was_withdrawn_corrected_or_has_expired_is_no_match_any_more() {
    let gone = |seq, mark, gone| Retro { gone: Some(gone), ..retro(seq, mark) };
    let window = over(
        vec![gone(90, "HHJ1", Gone::Withdrawn), gone(91, "HHJ2", Gone::Another), gone(92, "HHJ3", Gone::Expired)],
        0,
    );
    window.press(Key::F5);
    let said = |mark: &str| window.find(&format!("{mark}: seen here")).accessible_label().unwrap_or_default();
    assert!(said("HHJ1").contains("was in practice-weapons as P-1. WITHDRAWN"), "{}", said("HHJ1"));
    assert!(said("HHJ2").contains("CORRECTED"), "{}", said("HHJ2"));
    assert!(said("HHJ3").contains("RECORD EXPIRED"), "{}", said("HHJ3"));
    assert!(!window.says("MATCH · Same mark") && !window.says("HHJ1: seen here , now"));
}

#[test]
fn those_that_are_not_shown_are_counted() {
    let window = over((0..50).map(|n| retro(100 + n, &format!("HHJ{n:06}"))).collect(), 250);
    window.press(Key::F5);
    window.must_say("and 250 more");
    let few = over_again(vec![retro(90, "HHJ112233")]);
    few.press(Key::F5);
    assert!(!few.says("more"));
}

fn over_again(hits: Vec<Retro>) -> Window {
    Window::again(std::sync::Arc::new(MadeUp { retro: hits.into(), ..MadeUp::default() }), None)
}

#[test]
fn a_touch_opens_the_item_s_card_and_from_there_its_record() {
    let window = over(vec![retro(90, "HHJ112233")], 0);
    window.press(Key::F5);
    window.touch("HHJ112233: seen here");
    assert_eq!(window.app().global::<ShellData>().get_screen(), Screen::Verdict);
    window.must_say("MATCH: open the record before anything is done");
    window.must_say("An earlier item, not the one in hand");
    window.press(Key::F12);
    assert_eq!(window.told(), ["open practice-weapons P-1"]);
    window.must_say("Unit 4");
    window.press(Key::F6);
    window.click("Item held to verify");
    window.enter();
    assert!(window.told()[1].starts_with("decide 90 detained"), "{:?}", window.told());
}

#[test]
fn an_item_of_the_feed_that_a_newer_record_matches_is_a_match_there_and_waits_for_the_eye() {
    let window = Window::open();
    window.scan("HHJ112233");
    window.must_say("HHJ112233, NOT LISTED");
    // The check's entry is the first; a sync finds a record for it.
    *window.desk.retro.lock().unwrap() =
        vec![Retro { past: past(1, "HHJ112233", Grade::Hit, None), ..retro(1, "HHJ112233") }];
    window.press(Key::F5);
    window.enter();
    window.press(Key::F1);
    window.must_say("HHJ112233, MATCH");
    window.must_say("1 match waits to be looked at");
    window.press(Key::F4);
    window.must_say("MATCH: open the record before anything is done");
    window.press(Key::F4);
    assert_eq!(window.app().global::<ShellData>().get_unseen(), 0, "seen once is seen");
    window.settle();
    assert_eq!(window.app().global::<ShellData>().get_unseen(), 0);
}
