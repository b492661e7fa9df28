//! What a hub with the right key can do to a device: nothing, but tell it so and cost it a bounded time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tracepost::registers::manifest::MANIFEST_BYTES_MAX;
use tracepost::sync::SyncError;

use crate::liar::{Liar, Reply};
use crate::world::{Device, World};

/// A device that holds two registers of version 1, and a hub with version 2 of both.
fn two_behind() -> (World, Device) {
    let world = World::new();
    let mut device = world.enrolled();
    world.register("aa", 200);
    world.register("bb", 100);
    device.down().unwrap();
    world.update("aa", "new-1,firearm,ZZ77777\n");
    world.update("bb", "new-2,firearm,YY88888\n");
    (world, device)
}

fn is_chunk(path: &str) -> bool {
    path.starts_with("/v1/chunks/")
}

/// Lies about the first register; the second comes all the same, the first stays and says why.
#[track_caller]
fn lied_to(
    world: &World,
    device: &mut Device,
    why: &str,
    script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
) -> Liar {
    let liar = Liar::of(world, device, script);
    let down = device.down().unwrap();
    let said = down.registers.iter().find(|r| r.id.0 == "aa").and_then(|r| r.refused.clone()).unwrap_or_default();
    assert!(said.contains(why), "{why:?} was to be said, and it said {said:?}");
    assert_eq!((device.version("aa"), device.version("bb")), (Some(1), Some(2)));
    assert!(!device.finds("ZZ77777") && device.finds("YY88888") && device.finds("QX000035"));
    liar
}

/// Once the hub is honest again, all of it comes.
#[track_caller]
fn comes_later(world: &World, device: &mut Device) {
    device.enrolled.as_mut().unwrap().url = world.url();
    device.down().unwrap();
    assert_eq!((device.version("aa"), device.version("bb")), (Some(2), Some(2)));
    assert!(device.finds("ZZ77777"));
}

#[test]
fn one_register_that_cannot_be_had_stands_in_no_others_way() {
    let (world, mut device) = two_behind();
    let piece = world.manifest("aa").deltas[0].pieces[0].chunk.hash;
    let path = format!("/v1/chunks/{piece}");
    let of_aa = move |p: &str| p == path;
    let is = of_aa.clone();
    lied_to(&world, &mut device, "cannot give", move |p, _| {
        if is(p) { Reply::Whole(500, b"<h1>Oops</h1>".to_vec()) } else { Reply::Honest }
    });
    let is = of_aa.clone();
    lied_to(
        &world,
        &mut device,
        "longer than it was promised",
        move |p, _| {
            if is(p) { Reply::Flood } else { Reply::Honest }
        },
    );
    let is = of_aa;
    lied_to(
        &world,
        &mut device,
        "instead of",
        move |p, _| if is(p) { Reply::Whole(200, Vec::new()) } else { Reply::Honest },
    );
    lied_to(&world, &mut device, "", |p, _| {
        if p.ends_with("/aa/manifest") { Reply::Whole(500, Vec::new()) } else { Reply::Honest }
    });
    comes_later(&world, &mut device);
}

#[test]
fn what_a_hub_says_in_a_refusal_is_one_short_line() {
    let (world, mut device) = two_behind();
    let words = format!("\u{1b}[2J\nFAKE: all is well\r{}", "Z".repeat(60_000));
    let body = serde_json::json!({ "error": "unavailable", "message": words }).to_string().into_bytes();
    let _liar = lied_to(&world, &mut device, "now ([2J FAKE: all is well ZZ", move |path, _| {
        if path.ends_with("/aa/manifest") { Reply::Whole(503, body.clone()) } else { Reply::Honest }
    });
    let refused = device.down().unwrap().registers.remove(0).refused.unwrap();
    assert!(refused.len() < 500 && !refused.contains(char::is_control), "{refused:?}");
    comes_later(&world, &mut device);
}

#[test]
fn what_has_no_end_is_left_after_what_it_may_hold() {
    let (world, mut device) = two_behind();
    let liar = lied_to(&world, &mut device, "has no end", |p, _| {
        if p.ends_with("/aa/manifest") { Reply::Flood } else { Reply::Honest }
    });
    // What stands in the sockets of both sides comes on top.
    let sent = liar.sent.load(Ordering::SeqCst);
    assert!(sent < MANIFEST_BYTES_MAX * 4, "{sent} bytes of a table of contents were taken");
    let liar = Liar::of(&world, &mut device, |_, _| Reply::Flood);
    let endless = device.down().unwrap_err();
    assert!(matches!(endless, SyncError::TooMuch { .. }), "{endless:?}");
    assert!(liar.sent.load(Ordering::SeqCst) < 16 << 20, "a greeting without an end was taken");
    comes_later(&world, &mut device);
}

#[test]
fn a_piece_that_breaks_off_is_asked_for_from_there_also_of_a_hub_that_gives_no_parts() {
    for gives_parts in [true, false] {
        let world = World::new();
        let mut device = world.enrolled();
        world.register("aa", 3000);
        let file = world.manifest("aa").base.list.hash;
        let hub = world.hub.clone();
        let liar = Liar::of(&world, &mut device, move |path, before| {
            if !is_chunk(path) || path.ends_with(&file.to_string()) {
                return Reply::Honest;
            }
            let whole = std::fs::read(hub.dir().chunk(&path[11..].parse().unwrap())).unwrap();
            match before {
                0 => Reply::Cut(whole.clone(), whole.len() / 2),
                _ if gives_parts => Reply::Honest,
                _ => Reply::Whole(200, whole),
            }
        });
        device.down().unwrap();
        assert_eq!((device.version("aa"), device.records()), (Some(1), 3000), "parts {gives_parts}");
        assert!(device.finds("QX000035") && liar.calls.load(Ordering::SeqCst) > 0);
    }
}

#[test]
fn a_hub_that_drips_is_given_up() {
    let (world, mut device) = two_behind();
    let liar = Liar::of(&world, &mut device, |path, _| {
        if is_chunk(path) { Reply::Drip(Duration::from_millis(100)) } else { Reply::Honest }
    });
    let given_up = device.down().unwrap_err();
    assert!(matches!(given_up, SyncError::Stalled { .. }), "{given_up:?}");
    assert!(liar.calls.load(Ordering::SeqCst) <= 6, "it was tried for ever");
    assert!(device.finds("QX000035") && !device.finds("ZZ77777"));
    comes_later(&world, &mut device);
}

#[test]
fn a_hub_that_says_nothing_is_asked_once() {
    let (world, mut device) = two_behind();
    let liar = Liar::of(&world, &mut device, |_, _| Reply::Silence);
    let silent = device.connect().err().unwrap();
    assert!(matches!(silent, SyncError::Stalled { .. }), "{silent:?}");
    assert_eq!(liar.calls.load(Ordering::SeqCst), 1, "who waited once in vain does not wait again and again");
    comes_later(&world, &mut device);
}

#[test]
fn a_person_ends_a_sync_that_hangs() {
    let (world, mut device) = two_behind();
    let cancel = device.cancel.clone();
    let liar = Liar::of(&world, &mut device, move |path, _| {
        if is_chunk(path) {
            cancel.ask();
            return Reply::Drip(Duration::from_millis(10));
        }
        Reply::Honest
    });
    let ended = device.down().unwrap_err();
    assert!(matches!(ended, SyncError::Cancelled), "{ended:?}");
    let calls = liar.calls.load(Ordering::SeqCst);
    assert!(matches!(device.connect(), Err(SyncError::Cancelled)), "nothing is begun before it is wanted again");
    assert_eq!(liar.calls.load(Ordering::SeqCst), calls);
    device.cancel.forget();
    comes_later(&world, &mut device);
}

#[test]
fn a_piece_that_swells_beyond_its_word_is_not_unpacked() {
    let (world, mut device) = two_behind();
    let good = world.manifest("aa");
    // 48 MB of nothing in a few kilobytes, signed for as if it were small.
    let bomb = zstd::bulk::compress(&vec![0; 48 << 20], 19).unwrap();
    let mut lie = good.clone();
    let piece = &mut lie.deltas.last_mut().unwrap().pieces[0].chunk;
    let blob = tracepost::registers::manifest::Blob::of(&bomb);
    (piece.hash, piece.len) = (blob.hash, blob.len);
    let file = world.hub.dir().chunk(&blob.hash);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, &bomb).unwrap();
    world.sign(&lie);
    lied_to(&world, &mut device, "a piece of the register", |_, _| Reply::Honest);
    world.sign(&good);
    comes_later(&world, &mut device);
}
