//! What a hub may claim under its own signature, and what another may slip in: numbers that no register has, the word of another
//! hub, a piece that contradicts itself. Each is refused in words or made good, and what is in use stays.

use tracepost::registers::chunk;
use tracepost::registers::delta::Piece;
use tracepost::registers::manifest::{BaseList, Blob, Manifest};

use crate::hostile::{one_behind, refused, taken};
use crate::liar::{Liar, Reply};
use crate::world::World;

const HOUR_MS: i64 = 3_600_000;

fn put(world: &World, bytes: &[u8]) -> Blob {
    let blob = Blob::of(bytes);
    let path = world.hub.dir().chunk(&blob.hash);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    blob
}

#[test]
fn numbers_that_no_register_has_are_refused_and_do_not_have_the_last_word() {
    let (world, mut device) = one_behind();
    let good = world.manifest("reg");
    let claims: [(&str, fn(&mut Manifest)); 9] = [
        ("no hub reaches a version", |m| m.version.0 = u64::MAX),
        ("no hub reaches a version", |m| m.version.0 = u64::MAX - 1),
        ("more records than a device can hold", |m| m.records = u64::MAX),
        ("more records than a device can hold", |m| m.base.bytes = u64::MAX),
        ("its dates are none", |m| m.signed_ms = i64::MAX),
        ("its dates are none", |m| m.next_ms = i64::MIN),
        ("its list of pieces is too long", |m| m.base.list.len = u32::MAX),
        ("more deltas than any register has", |m| m.deltas = vec![m.deltas[0].clone(); 5000]),
        ("out of order", |m| {
            let piece = m.deltas[0].pieces[0].clone();
            m.deltas[0].pieces = vec![piece; 3000];
        }),
    ];
    // An honest hub does not offer what it cannot read itself: a liar in its place does.
    let url = device.enrolled.as_ref().unwrap().url.clone();
    for (why, claim) in claims {
        let mut lie = good.clone();
        lie.signed_ms += 1;
        claim(&mut lie);
        let bytes = lie.sign(world.hub.keys().signing()).to_wire();
        let _liar = Liar::of(&world, &mut device, move |path, _| {
            if path.ends_with("/manifest") { Reply::Whole(200, bytes.clone()) } else { Reply::Honest }
        });
        refused(&mut device, why);
    }
    device.enrolled.as_mut().unwrap().url = url;
    taken(&mut device);
}

#[test]
fn the_word_of_another_hub_is_none_also_of_a_register_of_that_name() {
    let (world, mut device) = one_behind();
    let good = world.manifest("reg");
    let other = World::new();
    other.register("reg", 300);
    other.update("reg", "new-9,firearm,ZZ77777\n");
    let theirs = std::fs::read(other.hub.dir().manifest(&good.register)).unwrap();
    let url = device.enrolled.as_ref().unwrap().url.clone();
    let _liar = Liar::of(&world, &mut device, move |path, _| {
        if path.ends_with("/manifest") { Reply::Whole(200, theirs.clone()) } else { Reply::Honest }
    });
    refused(&mut device, "not signed by this hub");
    device.enrolled.as_mut().unwrap().url = url;
    taken(&mut device);
}

#[test]
fn a_register_that_claims_other_records_than_it_brings_is_not_begun() {
    let world = World::new();
    world.register("reg", 300);
    let good = world.manifest("reg");
    for claimed in [0, 299, 301, 4_000_000_000] {
        let mut device = world.enrolled();
        world.sign(&Manifest { records: claimed, ..good.clone() });
        let down = device.down().unwrap();
        let said = down.registers[0].refused.clone().unwrap_or_default();
        assert!(said.contains("more or fewer records"), "{claimed}: {said}");
        assert_eq!(device.version("reg"), None);
        world.sign(&good);
        device.down().unwrap();
        assert_eq!((device.version("reg"), device.records()), (Some(1), 300));
    }
}

#[test]
fn a_list_of_very_many_pieces_is_refused() {
    let world = World::new();
    world.register("reg", 300);
    let good = world.manifest("reg");
    let list = std::fs::read(world.hub.dir().chunk(&good.base.list.hash)).unwrap();
    let list = BaseList::read(&good, &list).unwrap();
    let mut many = list.clone();
    many.chunks = vec![list.chunks[0].clone(); 60_000];
    let mut lie = good.clone();
    lie.base.list = put(&world, &many.to_bytes());
    (lie.base.records, lie.base.bytes) = (300 * 60_000, u64::from(list.chunks[0].chunk.len) * 60_000);
    world.sign(&lie);
    let mut device = world.enrolled();
    let down = device.down().unwrap();
    let said = down.registers[0].refused.clone().unwrap_or_default();
    assert!(said.contains("out of order or out of bounds"), "{said}");
    world.sign(&good);
    device.down().unwrap();
    assert_eq!(device.records(), 300);
}

#[test]
fn a_record_that_a_piece_both_brings_and_withdraws_is_not_what_the_hub_signed() {
    let (world, mut device) = one_behind();
    let good = world.manifest("reg");
    let delta = good.deltas[0].clone();
    let honest = &delta.pieces[0];
    let bytes = std::fs::read(world.hub.dir().chunk(&honest.chunk.hash)).unwrap();
    let records = chunk::decode(&honest.chunk, &bytes).unwrap().records;
    let (both, packed) = chunk::encode(0, &records, &["new-1"]).unwrap();
    put(&world, &packed);
    let mut lie = good.clone();
    lie.deltas[0].pieces = vec![Piece { chunk: both, withdrawn: 1, ..honest.clone() }];
    world.sign(&lie);
    device.may_repair = false;
    refused(&mut device, "less than an hour ago");
    // Nor does a repair bring it: what came since the base is the same piece.
    device.may_repair = true;
    refused(&mut device, "would not be those that the hub signed for");
    assert_eq!(device.repairs, 1);
    world.sign(&good);
    taken(&mut device);
}

#[test]
fn devices_a_day_a_month_and_a_year_behind_take_few_files() {
    let world = World::new();
    world.register("reg", 40);
    let begin = world.manifest("reg").signed_ms;
    let mut version = 1;
    let mut publish = |hour: i64| {
        version += 1;
        world.import("reg", &format!("id,object,serial\nnew-{version},firearm,ZZ{:05}\n", version * 97));
        let id = tracepost::domain::RegisterId::parse("reg").unwrap();
        world.hub.publish_register_at(&id, begin + hour * HOUR_MS, &mut |_, _| ()).unwrap();
    };
    let begun = |world: &World| {
        let mut device = world.enrolled();
        device.down().unwrap();
        device
    };
    // A version a fortnight for a year, then two a day for thirty-one days.
    let mut behind = vec![("400 days", begun(&world))];
    for fortnight in 1..=26 {
        publish(fortnight * 14 * 24);
        if fortnight == 22 {
            behind.push(("90 days", begun(&world)));
        }
    }
    for half in 1..=62 {
        match half {
            1 => behind.push(("31 days", begun(&world))),
            3 => behind.push(("30 days", begun(&world))),
            61 => behind.push(("a day", begun(&world))),
            62 => behind.push(("half a day", begun(&world))),
            _ => {}
        }
        publish(26 * 14 * 24 + half * 12);
    }
    for (what, mut device) in behind {
        let down = device.down().unwrap();
        assert!(down.registers[0].refused.is_none() && down.registers[0].note.is_none(), "{what}: {down:?}");
        assert!(down.chunks <= 10, "{what} behind: {} files", down.chunks);
        assert_eq!((device.version("reg"), device.records()), (Some(89), 128), "{what}");
        assert!(device.finds("ZZ00194") && device.finds("ZZ08633") && device.finds("QX000035"), "{what}");
    }
}
