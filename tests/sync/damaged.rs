//! A device of which files were damaged: what is new still comes, and heals it.

use std::path::Path;

use super::clocks::Post;
use super::world::World;

/// Some blocks of a home's records changed.
fn spoil(home: &Path) {
    let rows = home.join("records-1.rows");
    let mut bytes = std::fs::read(&rows).unwrap();
    bytes.iter_mut().step_by(300).for_each(|byte| *byte ^= 1);
    std::fs::write(&rows, bytes).unwrap();
}

#[test]
fn a_damaged_part_of_one_register_keeps_nothing_new_away() {
    let world = World::new();
    let mut device = world.enrolled();
    world.register("reg", 2000);
    world.register("other", 40);
    device.down().unwrap();
    spoil(&device.home());
    world.update("reg", "new-1,firearm,ZZ77777\nrec-5,firearm,YY88888\n");
    world.update("other", "new-2,firearm,WW11111\n");
    let down = device.down().unwrap();
    assert!(down.registers.iter().all(|r| r.refused.is_none()), "{:?}", down.registers);
    assert_eq!((device.version("reg"), device.version("other")), (Some(2), Some(2)));
    assert!(device.finds("ZZ77777") && device.finds("YY88888") && device.finds("WW11111"));
    assert_eq!(device.store.unreadable(), None);
    assert!(device.down().unwrap().registers.is_empty(), "once");
}

#[test]
fn what_a_check_found_damaged_comes_anew_though_no_version_is_newer() {
    let world = World::new();
    let mut device = world.enrolled();
    world.register("reg", 2000);
    device.down().unwrap();
    spoil(&device.home());
    assert!(device.judge("QX000035").reason.is_some());
    device.down().unwrap();
    assert!(device.finds("QX000035") && device.store.unreadable().is_none());
}

#[test]
fn a_post_says_nothing_of_damage_that_a_sync_has_healed() {
    let world = World::real();
    world.register("reg", 2000);
    world.register("other", 40);
    let post = Post::of(&world);
    assert_eq!(post.sync(), "");
    spoil(&post.folder.path().join("home"));
    world.update("reg", "new-1,firearm,ZZ77777\nrec-5,firearm,YY88888\n");
    world.update("other", "new-2,firearm,WW11111\n");
    assert_eq!(post.sync(), "");
    assert!(post.check("ZZ77777") && post.check("YY88888") && post.check("WW11111"));
    assert_eq!(post.desk.status().unwrap().registers_unreadable, None);
}

#[test]
fn an_older_version_is_refused_though_the_newer_one_was_lost_here() {
    let world = World::real();
    world.register("reg", 200);
    let post = Post::of(&world);
    assert_eq!(post.sync(), "");
    let path = world.hub.dir().manifest(&world.manifest("reg").register);
    let older = std::fs::read(&path).unwrap();
    world.update("reg", "new-1,firearm,ZZ77777\n");
    assert_eq!(post.sync(), "");
    let newer = std::fs::read(&path).unwrap();
    let home = post.folder.path().join("home");
    for file in std::fs::read_dir(&home).unwrap().flatten() {
        if file.file_name().to_string_lossy().starts_with("records") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    let post = post.restarted();
    std::fs::write(&path, older).unwrap();
    assert!(post.sync().contains("older than 2 that was taken over here"));
    assert!(post.desk.status().unwrap().registers.is_empty());
    std::fs::write(&path, newer).unwrap();
    assert_eq!(post.sync(), "");
    assert!(post.check("ZZ77777"));
}
