//! The viewfinder: freezing, zoom, advice, and cameras that come and go.

use std::sync::atomic::Ordering;
use std::time::Duration;

use slint::ComponentHandle;
use slint::platform::Key;
use tracepost::app::Source;
use tracepost_ui::ScanData;

use super::desk::MadeUp;
use super::stage::{UNPLUGGED, Window};

#[test]
fn cameras_come_and_go_while_the_list_is_open() {
    let window = Window::open();
    window.must_say("No camera here");
    window.click("Camera or footage");
    window.must_say("Microscope");
    window.must_say("Built in");
    UNPLUGGED.store(true, Ordering::Relaxed);
    i_slint_backend_testing::mock_elapsed_time(Duration::from_secs(3));
    window.settle();
    assert!(!window.says("Microscope"));
    window.must_say("Built in");
}

/// A folder with one picture of a label, shown over and over.
fn label() -> (tempfile::TempDir, Option<Source>) {
    let folder = tempfile::tempdir().unwrap();
    let symbol = zxingcpp::create(zxingcpp::BarcodeFormat::QRCodeModel2).from_str("KT004417").unwrap();
    let drawn = symbol.to_image_with(&zxingcpp::write().scale(4).add_quiet_zones(true)).unwrap();
    let (width, height) = (drawn.width() as u32, drawn.height() as u32);
    let label = image::GrayImage::from_raw(width, height, drawn.data()).unwrap();
    let mut desk = image::GrayImage::from_pixel(400, 300, image::Luma([150]));
    image::imageops::replace(&mut desk, &label, 120, 90);
    for n in 0..4 {
        desk.save(folder.path().join(format!("{n}.png"))).unwrap();
    }
    let path = folder.path().to_owned();
    (folder, Some(Source::Footage { path, fps: Some(10.0), repeat: true }))
}

#[test]
fn the_picture_freezes_is_read_as_a_still_and_goes_on() {
    let (_folder, source) = label();
    let window = Window::with(MadeUp::default(), source);
    let _live = window.stage.go_live().unwrap();
    window.until_it_says("Zoom in");
    window.press(Key::F11);
    window.must_say("Frozen.");
    window.until_it_says("Frozen. 1 code read");
    assert!(window.told().contains(&"check KT004417".to_owned()), "what the still held is checked");
    window.press(Key::Escape);
    assert!(!window.says("Frozen."), "Escape lets it go on");
    window.click("Freeze");
    window.must_say("Frozen.");
    window.click("Live");
    assert!(!window.says("Frozen."));
}

#[test]
fn the_zoom_goes_from_one_to_four_by_button_and_key() {
    let (_folder, source) = label();
    let window = Window::with(MadeUp::default(), source);
    let _live = window.stage.go_live().unwrap();
    window.until_it_says("Zoom in");
    let zoom = || window.app().global::<ScanData>().get_zoom();
    window.click("Zoom in");
    assert_eq!(zoom(), 1.5);
    for _ in 0..9 {
        window.press(Key::PageUp);
    }
    assert_eq!(zoom(), 4.0);
    for _ in 0..9 {
        window.press(Key::PageDown);
    }
    assert_eq!(zoom(), 1.0);
}

#[test]
fn advice_is_shown_in_the_language_of_the_screen_and_only_while_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..8 {
        let night = image::GrayImage::from_pixel(320, 240, image::Luma([24]));
        night.save(folder.path().join(format!("{n}.png"))).unwrap();
    }
    let source = Source::Footage { path: folder.path().into(), fps: Some(8.0), repeat: true };
    let window = Window::with(MadeUp::default(), Some(source));
    let _live = window.stage.go_live().unwrap();
    window.until_it_says("More light");
    window.press(Key::F11);
    assert!(!window.says("More light"), "a frozen picture cannot be lit any more");
    window.press(Key::F11);
    window.press(Key::F10);
    window.click("Français");
    window.press(Key::F1);
    assert!(window.told().is_empty(), "advice accepts nothing");
}
