//! A hub that lies, is set back, or stands still; and one whose files were tampered with.

use tracepost::domain::{Hash, RegisterVersion};
use tracepost::registers::manifest::{BaseList, Blob};

use crate::world::{Device, World};

/// A device that holds version 1 of 2,000 records, and a hub that has published version 2 with a change of every sort.
pub fn one_behind() -> (World, Device) {
    let world = World::new();
    let mut device = world.enrolled();
    world.register("reg", 2000);
    device.down().unwrap();
    world.update("reg", "new-1,firearm,ZZ77777\nrec-5,firearm,YY88888\n");
    (world, device)
}

/// The device keeps what it has, says why, and checks go on.
#[track_caller]
pub fn refused(device: &mut Device, why: &str) {
    let down = device.down().unwrap();
    let said = down.registers.iter().find_map(|r| r.refused.clone()).unwrap_or_default();
    assert!(said.contains(why), "{why:?} was to be said, and it said {said:?}");
    assert_eq!(device.version("reg"), Some(1));
    assert!(!device.finds("ZZ77777") && device.finds("QX000035"), "nothing of the update is in use, all of before is");
}

#[track_caller]
pub fn taken(device: &mut Device) {
    device.down().unwrap();
    assert_eq!(device.version("reg"), Some(2));
    assert!(device.finds("ZZ77777") && device.finds("YY88888") && !device.finds("QX000035"));
}

#[test]
fn a_delta_brings_what_changed_and_nothing_else() {
    let (world, mut device) = one_behind();
    let down = device.down().unwrap();
    assert_eq!((down.chunks, down.registers[0].refused.clone(), down.registers[0].note.clone()), (1, None, None));
    taken(&mut device);
    assert_eq!(device.records(), 2001);
    assert_eq!(world.publish("reg").version, RegisterVersion(2), "publishing again makes no version");
    assert!(device.down().unwrap().registers.is_empty(), "and what is signed anew is no change");
}

#[test]
fn cut_changed_swapped_and_missing_files_are_refused() {
    let changes: [(&str, fn(&mut Vec<u8>)); 4] = [
        ("promised content", |bytes| bytes[20] ^= 1),
        ("instead of", |bytes| bytes.truncate(bytes.len() - 1)),
        ("instead of", Vec::clear),
        ("promised content", |bytes| bytes.reverse()),
    ];
    for (why, change) in changes {
        let (world, mut device) = one_behind();
        let good: Vec<_> = world.files().into_iter().map(|f| (f.clone(), std::fs::read(f).unwrap())).collect();
        world.spoil(change);
        refused(&mut device, why);
        good.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
        taken(&mut device);
    }
    let (world, mut device) = one_behind();
    world.files().iter().for_each(|path| std::fs::remove_file(path).unwrap());
    refused(&mut device, "does not have a piece");
}

#[test]
fn a_signed_claim_that_a_piece_does_not_bear_out_is_refused() {
    let (world, mut device) = one_behind();
    let good = world.manifest("reg");
    let last = good.deltas.len() - 1;
    for n in 0..3 {
        let mut lie = good.clone();
        let piece = &mut lie.deltas[last].pieces[0];
        match n {
            0 => piece.chunk.raw_len -= 1,
            1 => piece.chunk.records += 1,
            _ => piece.withdrawn += 1,
        }
        world.sign(&lie);
        refused(&mut device, "a piece of the register");
    }
    world.sign(&good);
    taken(&mut device);
}

#[test]
fn a_base_that_is_not_what_was_signed_for_leaves_the_other_registers_alone() {
    let world = World::new();
    world.register("good", 40);
    world.register("reg", 2000);
    let truth = world.manifest("reg");
    let file = |hash: &Hash| world.hub.dir().chunk(hash);
    let list = BaseList::read(&truth, &std::fs::read(file(&truth.base.list.hash)).unwrap()).unwrap();
    for lie in 0..3 {
        let (mut manifest, mut list) = (truth.clone(), list.clone());
        match lie {
            0 => list.chunks[0].chunk.raw_len -= 1,
            1 => {
                list.chunks[0].chunk.records += 1;
                manifest.base.records += 1;
            }
            // All records claimed for another bucket than theirs.
            _ => {
                manifest.bucket_bits += 1;
                manifest.states = Blob::of(&[7; 64]);
                list.chunks[0].chunk.bucket = 1;
            }
        }
        let bytes = list.to_bytes();
        manifest.base.list = Blob::of(&bytes);
        std::fs::create_dir_all(file(&manifest.base.list.hash).parent().unwrap()).unwrap();
        std::fs::write(file(&manifest.base.list.hash), bytes).unwrap();
        world.sign(&manifest);
        let mut device = world.enrolled();
        let down = device.down().unwrap();
        let said = down.registers.iter().find(|r| r.id == truth.register).and_then(|r| r.refused.clone());
        assert!(said.is_some_and(|why| why.contains("piece of the register")), "lie {lie}");
        assert_eq!((device.version("good"), device.version("reg")), (Some(1), None));
        world.sign(&truth);
        device.down().unwrap();
        assert_eq!((device.version("good"), device.version("reg")), (Some(1), Some(1)));
    }
}

#[test]
fn another_registers_delta_and_one_for_another_base_are_refused_or_repaired_and_never_believed() {
    let (world, mut device) = one_behind();
    world.register("other", 3);
    world.update("other", "other-1,firearm,WW11111\n");
    let (good, other) = (world.manifest("reg"), world.manifest("other"));
    let mut lie = good.clone();
    lie.deltas.clone_from(&other.deltas);
    world.sign(&lie);
    device.may_repair = false;
    refused(&mut device, "less than an hour ago");
    // What the hub signed for can still be had: the parts that differ are fetched, and they are right.
    lie.deltas = good.deltas.clone();
    lie.deltas[0].pieces.clear();
    world.sign(&lie);
    refused(&mut device, "less than an hour ago");
    // A manifest of another register under this one's name.
    world.sign(&good);
    let theirs = std::fs::read(world.hub.dir().manifest(&other.register)).unwrap();
    std::fs::write(world.hub.dir().manifest(&good.register), theirs).unwrap();
    device.down().unwrap();
    assert_eq!(device.version("reg"), Some(1));
    world.sign(&good);
    taken(&mut device);
    assert_eq!(device.repairs, 0);
}

#[test]
fn a_hash_that_no_set_of_records_has_is_never_taken_over() {
    let (world, mut device) = one_behind();
    let good = world.manifest("reg");
    let mut lie = good.clone();
    lie.states = Blob { hash: Hash([9; 32]), len: good.states.len };
    world.sign(&lie);
    refused(&mut device, "does not have a piece");
    assert_eq!(device.repairs, 0, "nothing was fetched anew");
    world.sign(&good);
    taken(&mut device);
}

#[test]
fn a_hub_restored_from_a_backup_is_found_out() {
    let world = World::new();
    let mut device = world.enrolled();
    world.register("reg", 2000);
    device.down().unwrap();
    let restored = world.backup();
    world.update("reg", "new-1,firearm,ZZ77777\nrec-5,firearm,YY88888\n");
    taken(&mut device);
    // The hub is back at version 1, and other news come: the same number, another content.
    device.enrolled.as_mut().unwrap().url = restored.url();
    let world = restored;
    let down = device.down().unwrap();
    assert!(down.registers[0].refused.as_deref().unwrap().contains("older"), "{down:?}");
    world.update("reg", "new-2,firearm,VV55555\n");
    assert_eq!(world.manifest("reg").version, RegisterVersion(2));
    let down = device.down().unwrap();
    assert!(down.registers[0].refused.as_deref().unwrap().contains("set back"), "{down:?}");
    assert!(device.finds("ZZ77777") && !device.finds("VV55555"), "nothing is taken over under the same number");
    // Once it is past, all is compared, taken over, and said.
    world.update("reg", "new-3,firearm,VV66666\n");
    let down = device.down().unwrap();
    assert!(down.registers[0].note.as_deref().unwrap().contains("set back"), "{down:?}");
    assert_eq!(device.version("reg"), Some(3));
    assert!(device.finds("VV55555") && device.finds("VV66666") && !device.finds("ZZ77777"));
}

#[test]
fn an_old_manifest_of_the_same_version_is_no_news() {
    let (world, mut device) = one_behind();
    taken(&mut device);
    let old = world.manifest("reg");
    let now = old.signed_ms + 3_600_000;
    world.hub.publish_register_at(&old.register, now, &mut |_, _| ()).unwrap();
    assert!(device.down().unwrap().registers.is_empty());
    let signed = |device: &Device| device.store.registers()[0].signed.timestamp_millis();
    assert_eq!(signed(&device), now, "the hub's newer word is kept");
    world.sign(&old);
    assert!(device.down().unwrap().registers.is_empty());
    assert_eq!(signed(&device), now, "and an older one does not replace it");
}
