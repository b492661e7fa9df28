//! Device and hub over a real TLS connection on loopback: enrolment, ledgers up, registers down, and everything that goes
//! wrong between them. The device's stores are stood in for by memory; the hub is the real one in a temporary folder.
#![cfg(all(feature = "device", feature = "hub"))]

#[path = "sync/claims.rs"]
mod claims;
#[path = "sync/clocks.rs"]
mod clocks;
#[path = "sync/damaged.rs"]
mod damaged;
#[path = "sync/forks.rs"]
mod forks;
#[path = "sync/frozen.rs"]
mod frozen;
#[path = "sync/hostile.rs"]
mod hostile;
#[path = "sync/liar.rs"]
mod liar;
#[path = "sync/liars.rs"]
mod liars;
#[path = "sync/past.rs"]
mod past;
#[path = "sync/restart.rs"]
mod restart;
#[path = "sync/standing.rs"]
mod standing;
#[path = "sync/world.rs"]
mod world;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tracepost::domain::{Finding, Grade, Hash, NotChecked, PostId, RegisterKind, Rule, Seq};
use tracepost::hub::storage::SightingQuery;
use tracepost::sync::{self, SyncError};
use tracepost::wire::{Batch, EnrolCode, pack};
use world::{Device, Link, World, no_progress, patience};

#[test]
fn enrolment_gives_a_post_and_survives_a_lost_answer() {
    let world = World::new();
    let code = world.invite();
    let device = Device::new();
    let first = device.enrol(&code).unwrap();
    assert_eq!(first.post, PostId("XX-TEST".into()));
    assert!(first.practice);
    let again = device.enrol(&code).unwrap();
    assert_eq!(again.post, first.post, "the same device may ask again");
    let other = Device::new();
    assert!(matches!(other.enrol(&code), Err(SyncError::InviteUsed)));
    let mut wrong = code.clone();
    wrong.token.0[0] ^= 1;
    assert!(matches!(device.enrol(&wrong), Err(SyncError::InviteUnknown)));
    let expired = world.invite_lasting(Duration::ZERO);
    assert!(matches!(other.enrol(&expired), Err(SyncError::InviteExpired)));
}

#[test]
fn another_key_is_never_spoken_to() {
    let world = World::new();
    let mut code = world.invite();
    code.fingerprint = Hash([7; 32]);
    let refused = Device::new().enrol(&code).unwrap_err();
    assert!(matches!(refused, SyncError::WrongKey { .. }), "{refused}");
    assert!(refused.to_string().contains("not the hub that the code names"));
    // The token is still good: nothing was sent to the wrong hub.
    code.fingerprint = world.hub.fingerprint();
    Device::new().enrol(&code).unwrap();
}

#[test]
fn a_hub_that_took_the_address_of_another_is_not_trusted() {
    let world = World::new();
    let other = World::new();
    let mut device = world.enrolled();
    device.enrolled.as_mut().unwrap().url = other.url();
    assert!(matches!(device.connect(), Err(SyncError::WrongKey { .. })));
}

#[test]
fn every_entry_arrives_once_with_a_receipt_and_in_lists() {
    let world = World::new();
    let mut device = world.enrolled();
    for n in 0..1000 {
        device.check(&format!("AB{n:04}"), if n == 500 { Grade::Hit } else { Grade::NoRecord });
    }
    let up = device.up().unwrap();
    assert_eq!(up.entries, 1000);
    assert_eq!(up.receipt.unwrap().through, Seq(1000));
    assert_eq!(device.up().unwrap().entries, 0, "nothing is sent twice");
    device.check("AB9999", Grade::Possible);
    assert_eq!(device.up().unwrap().entries, 1);
    assert_eq!(world.sightings(&SightingQuery::default()).len(), 1001);
    let hits = world.sightings(&SightingQuery { grade: Some("hit".into()), ..SightingQuery::default() });
    assert_eq!(hits[0].marks[0].value, "AB0500");
    assert_eq!(hits[0].post, PostId("XX-TEST".into()));
    let proof = world.hub.verify_ledger(device.id, &mut |_, _| ()).unwrap();
    assert!(proof.ok, "{proof:?}");
    assert_eq!((proof.entries, proof.proven_to, proof.unproven), (1001, Some(Seq(1001)), 0));
}

#[test]
fn a_lost_acknowledgement_makes_no_duplicates() {
    let world = World::new();
    let mut device = world.enrolled();
    for n in 0..50 {
        device.check(&format!("X{n}1"), Grade::NoRecord);
    }
    device.forget_receipts = true;
    device.up().unwrap();
    for n in 50..60 {
        device.check(&format!("X{n}1"), Grade::NoRecord);
    }
    device.forget_receipts = false;
    assert_eq!(device.up().unwrap().entries, 60);
    assert_eq!(world.sightings(&SightingQuery::default()).len(), 60);
    assert!(world.hub.verify_ledger(device.id, &mut |_, _| ()).unwrap().ok);
}

#[test]
fn an_answer_lost_on_the_way_makes_no_duplicates() {
    let world = World::new();
    let mut device = world.enrolled();
    let link = Link::to(&world);
    device.enrolled.as_mut().unwrap().url = link.url.clone();
    for n in 0..300 {
        device.check(&format!("LOST{n:03}"), Grade::NoRecord);
    }
    let mut session = device.connect().unwrap();
    // From here on requests reach the hub and no answer comes back.
    link.budget.store(0, Ordering::SeqCst);
    let lost = session.up(&mut device, &mut no_progress(), &mut sync::Up::default()).unwrap_err();
    assert!(matches!(lost, SyncError::Unreachable { .. } | SyncError::Stalled { .. }), "{lost:?}");
    assert!(!world.sightings(&SightingQuery::default()).is_empty(), "the hub has stored what it was sent");
    assert!(device.receipts.is_empty());
    link.budget.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(device.up().unwrap().entries, 300);
    assert_eq!(world.sightings(&SightingQuery::default()).len(), 300);
}

#[test]
fn a_link_that_breaks_all_the_time_still_brings_a_register() {
    let world = World::new();
    let mut device = world.enrolled();
    world.register("reg", 30_000);
    let link = Link::to(&world);
    device.enrolled.as_mut().unwrap().url = link.url.clone();
    link.budget.store(12_000, Ordering::SeqCst);
    let mut attempts = 0;
    while let Err(error) = device.down() {
        attempts += 1;
        assert!(attempts < 50, "no progress over a link that lets 12 kB through at a time: {error:?}");
    }
    assert_eq!(device.records(), 30_000);
}

#[test]
fn a_gap_is_refused_with_the_frontier_and_healed_by_going_back() {
    let world = World::new();
    let mut device = world.enrolled();
    for n in 0..10 {
        device.check(&format!("G{n}22"), Grade::NoRecord);
    }
    // The device believes that five were acknowledged: a hub brought back from an old backup looks like this.
    device.pretend_sent(Seq(5));
    device.up().unwrap();
    assert_eq!(world.sightings(&SightingQuery::default()).len(), 10);
}

#[test]
fn an_unknown_kind_is_set_aside_and_blocks_nothing() {
    let world = World::new();
    let mut device = world.enrolled();
    device.check("U144", Grade::NoRecord);
    device.append_unknown_kind();
    device.append_junk();
    device.check("U244", Grade::NoRecord);
    device.up().unwrap();
    assert_eq!(world.sightings(&SightingQuery::default()).len(), 2);
    assert_eq!(world.hub.storage().device(device.id).unwrap().unwrap().aside, 2);
}

#[test]
fn hits_go_first_and_again_without_harm() {
    let world = World::new();
    let mut device = world.enrolled();
    device.check("N155", Grade::NoRecord);
    device.check("H155", Grade::Hit);
    let mut session = device.connect().unwrap();
    session.urgent(&device, &mut no_progress());
    session.urgent(&device, &mut no_progress());
    let early = world.sightings(&SightingQuery::default());
    assert_eq!(early.len(), 1);
    assert!(early[0].unproven && early[0].marks[0].value == "H155");
    device.up().unwrap();
    let all = world.sightings(&SightingQuery::default());
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|x| !x.unproven));
}

#[test]
fn one_flipped_byte_in_the_hubs_ledger_is_found_and_named() {
    let world = World::new();
    let mut device = world.enrolled();
    for n in 0..20 {
        device.check(&format!("V{n}66"), Grade::NoRecord);
    }
    device.up().unwrap();
    // Whatever the byte was, it is another one afterwards: the last byte of a signature is often zero.
    let changed = |at: &str, table: &str| {
        format!(
            "UPDATE {table} SET bytes = CAST(substr(bytes, 1, {at} - 1)
             || CASE substr(bytes, {at}, 1) WHEN x'00' THEN x'01' ELSE x'00' END || substr(bytes, {at} + 1) AS BLOB)"
        )
    };
    for (sql, entry) in [
        (changed("31", "entries") + " WHERE seq = 13", 13),
        (changed("length(bytes)", "receipts"), 20),
        (changed("length(bytes)", "heads"), 20),
    ] {
        let sql = sql.as_str();
        let copy = world.copy_and(sql);
        let proof = copy.hub.verify_ledger(device.id, &mut |_, _| ()).unwrap();
        assert!(!proof.ok, "{sql}");
        assert_eq!(proof.first_bad.unwrap().0, Seq(entry), "{sql}");
    }
}

#[test]
fn photos_go_up_in_pieces_and_continue_where_they_ended() {
    let world = World::new();
    let mut device = world.enrolled();
    let photo: Vec<u8> = (0..300_000_u32).flat_map(|x| (x.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let hash = device.photo(photo.clone());
    // The first part arrived in an earlier life.
    let first = world.hub.photo_piece(device.id, &hash, 0, photo.len() as u64, &photo[..5000]).unwrap().unwrap();
    assert_eq!(first.received, 5000);
    let up = device.up().unwrap();
    assert_eq!((up.photos, up.photos_failed), (1, 0));
    assert_eq!(std::fs::read(world.hub.dir().photo(device.id, &hash)).unwrap(), photo);
    assert_eq!(device.up().unwrap().photos, 0);
}

#[test]
fn a_photo_with_other_bytes_is_refused_and_keeps_nothing_back() {
    let world = World::new();
    let mut device = world.enrolled();
    device.photo(vec![1; 1000]);
    device.lie_about_photos = true;
    device.check("P177", Grade::NoRecord);
    let up = device.up().unwrap();
    assert_eq!((up.entries, up.photos, up.photos_failed), (1, 0, 1));
}

#[test]
fn registers_come_down_once_and_only_what_changed_afterwards() {
    let world = World::new();
    let mut device = world.enrolled();
    world.register("reg", 3000);
    let down = device.down().unwrap();
    assert_eq!((down.registers.len(), down.registers[0].records), (1, 3000));
    assert!(down.chunks > 0 && down.changed());
    assert_eq!(device.records(), 3000);
    assert_eq!(device.down().unwrap().registers.len(), 0);
    let report = world.import("reg", "id,object,serial\nnew-1,firearm,ZZ77777\n");
    assert_eq!((report.stored.added, report.stored.same), (1, 0));
    world.hub.publish_register(&"reg".parse_id(), &mut |_, _| ()).unwrap();
    let down = device.down().unwrap();
    assert_eq!(device.records(), 3001);
    assert_eq!(down.chunks, 1, "one record more costs one piece");
}

#[test]
fn a_stolen_lot_that_was_imported_is_found_by_a_serial_within_it() {
    let world = World::new();
    let mut device = world.enrolled();
    world.hub.create_register("lots", "Invented Authority").unwrap();
    let rows = "id,object,kind,serial,serial_from,serial_to\nlone,firearm,rifle,QX000001,,\ncrate,firearm,rifle,,АВ123000,АВ123999\n";
    world.import("lots", rows);
    world.publish("lots");
    device.down().unwrap();
    let found = |device: &Device, serial: &str| {
        let verdict = device.judge(serial);
        let lot = verdict.candidates.first().and_then(|c| c.why.lot.clone()).map(|lot| (lot.from, lot.to, lot.items));
        (verdict.grade, verdict.rule, lot)
    };
    let lot = Some(("АВ123000".to_owned(), "АВ123999".to_owned(), 1000));
    assert_eq!(found(&device, "AB 123456"), (Grade::Hit, Some(Rule::Range), lot));
    assert_eq!(found(&device, "AB 124456"), (Grade::NoRecord, None, None));
    let report = world.import("lots", "id,object,serial_from,serial_to\nlater,firearm,КМ5000,КМ5999\n");
    assert_eq!(report.stored.added, 1);
    world.publish("lots");
    device.down().unwrap();
    let later = Some(("КМ5000".to_owned(), "КМ5999".to_owned(), 1000));
    assert_eq!(found(&device, "КМ5123"), (Grade::Probable, Some(Rule::Range), later), "a lot that came as a change");
}

#[test]
fn a_list_of_deliveries_alone_is_no_register_of_what_is_stolen() {
    let world = World::new();
    let mut device = world.enrolled();
    world.hub.create_register_of(RegisterKind::Delivered, "handed-over", "Invented Authority").unwrap();
    world.import("handed-over", "id,object,serial,delivered_to\nd1,firearm,QX000001,an invented unit\n");
    world.publish("handed-over");
    device.down().unwrap();
    let silent = device.judge("ZZ123456");
    assert_eq!((silent.grade, silent.reason), (Grade::NotChecked, Some(NotChecked::NoRegisterForObject)));
    assert_eq!(silent.only_known.len(), 1);
    let seen = device.judge("QX000001");
    assert_eq!((seen.grade, seen.findings), (Grade::Possible, vec![Finding::DeliveredElsewhere]));
    world.register("stolen", 10);
    device.down().unwrap();
    let asked = device.judge("ZZ123456");
    assert_eq!((asked.grade, asked.registers.len(), asked.only_known.len()), (Grade::NoRecord, 2, 1));
}

#[test]
fn a_second_import_of_the_same_file_changes_nothing() {
    let world = World::new();
    world.register("reg", 500);
    let before = world.hub.register_states().unwrap();
    let again = world.import("reg", &world::csv(500));
    assert_eq!((again.stored.added, again.stored.changed, again.stored.same), (0, 0, 500));
    assert!(!world.hub.publish_register(&"reg".parse_id(), &mut |_, _| ()).unwrap().new);
    assert_eq!(world.hub.register_states().unwrap(), before);
}

#[test]
fn a_changed_chunk_on_the_server_is_not_used() {
    let world = World::new();
    let mut device = world.enrolled();
    world.register("reg", 100);
    world.spoil(|bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    world.register("sound", 50);
    let down = device.down().unwrap();
    let refused: Vec<_> = down.registers.iter().map(|r| (r.id.to_string(), r.refused.is_some())).collect();
    assert_eq!(refused, [("reg".to_owned(), true), ("sound".to_owned(), false)]);
    assert_eq!(device.records(), 50, "a spoilt register stands in no other's way");
}

#[test]
fn an_older_version_is_refused_and_the_newer_one_stays() {
    let world = World::new();
    let mut device = world.enrolled();
    world.register("reg", 100);
    let old = std::fs::read(world.hub.dir().manifest(&"reg".parse_id())).unwrap();
    world.import("reg", "id,object,serial\nnew-1,firearm,ZZ77777\n");
    world.hub.publish_register(&"reg".parse_id(), &mut |_, _| ()).unwrap();
    device.down().unwrap();
    std::fs::write(world.hub.dir().manifest(&"reg".parse_id()), old).unwrap();
    let down = device.down().unwrap();
    assert!(down.registers[0].refused.as_deref().unwrap().contains("older"));
    assert_eq!(device.records(), 101);
}

#[test]
fn a_login_page_is_not_a_hub() {
    let world = World::new();
    let mut device = world.enrolled();
    device.check("L188", Grade::NoRecord);
    let portal = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = portal.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in portal.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>Log in</html>");
        }
    });
    device.enrolled.as_mut().unwrap().url = format!("https://{address}");
    let refused = device.up().unwrap_err();
    assert!(matches!(refused, SyncError::NotAHub { .. }), "{refused:?}");
    assert!(!refused.reached_hub());
    assert!(device.receipts.is_empty());
}

#[test]
fn a_hub_that_is_down_or_stands_still_is_said_to_be_so() {
    let world = World::new();
    let mut device = world.enrolled();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    device.enrolled.as_mut().unwrap().url = format!("https://{address}");
    let still = device.up().unwrap_err();
    assert!(matches!(still, SyncError::Stalled { .. } | SyncError::Unreachable { .. }), "{still:?}");
    drop(free);
    let down = device.up().unwrap_err();
    assert!(matches!(down, SyncError::Unreachable { .. }), "{down:?}");
    assert!(down.to_string().contains("nothing is lost"));
}

#[test]
fn without_a_certificate_only_enrolment_is_possible() {
    let world = World::new();
    let stranger = world.stranger();
    assert!(matches!(stranger.connect(), Err(SyncError::Unknown | SyncError::Unreachable { .. })));
}

#[test]
fn bodies_beyond_the_limits_are_refused() {
    let world = World::new();
    let device = world.enrolled();
    let bomb = pack(&Batch { first: Seq(1), entries: vec![vec![0; 9 << 20]], head: None }).unwrap();
    assert!(bomb.len() < 100_000);
    assert_eq!(world.post(&device, "/v1/ledger", bomb), 413);
    // The hub may close before all of it was sent, and the answer is then lost on the way.
    assert!(matches!(world.post(&device, "/v1/ledger", vec![0; 2 << 20]), 413 | 0));
    assert_eq!(world.post(&device, "/v1/ledger", b"<html>".to_vec()), 400);
    let first_zero = pack(&Batch { first: Seq(0), entries: Vec::new(), head: None }).unwrap();
    assert_eq!(world.post(&device, "/v1/ledger", first_zero), 400);
}

#[test]
fn the_page_shows_what_arrived_and_escapes_it() {
    let world = World::new();
    let mut device = world.enrolled();
    device.check("<script>1", Grade::Hit);
    device.up().unwrap();
    let (status, page) = world.get("/");
    assert_eq!(status, 200);
    assert!(page.contains("XX-TEST") && page.contains("&lt;script&gt;1") && !page.contains("<script"));
    assert_eq!(world.get("/healthz").0, 200);
    assert_eq!(world.get("/readyz").0, 200);
    let (status, metrics) = world.get("/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("tracepost_hub_sightings{post=\"XX-TEST\",grade=\"hit\"} 1\n"), "{metrics}");
    assert!(!metrics.contains("script"), "no mark");
    assert_eq!(world.get("/nothing").0, 404);
}

#[test]
fn a_second_serve_on_the_same_folder_is_refused_while_invites_go_on() {
    let world = World::new();
    let listener = tracepost::hub::http::bind("127.0.0.1:0").unwrap();
    let other = tracepost::hub::Hub::open(world.hub.dir().path()).unwrap();
    let refused = tracepost::hub::http::serve(other.clone(), listener).err().unwrap();
    assert!(refused.to_string().contains("already serves"), "{refused}");
    let invite = other.invite(&PostId("P2".into()), Duration::from_secs(60), None).unwrap();
    let code: EnrolCode = invite.code.parse().unwrap();
    assert_eq!(Device::new().enrol(&code).unwrap().post, PostId("P2".into()));
    let picture = image::open(invite.picture.unwrap()).unwrap().to_luma8();
    let mut reader =
        rqrr::PreparedImage::prepare_from_greyscale(picture.width() as usize, picture.height() as usize, |x, y| {
            picture.get_pixel(x as u32, y as u32).0[0]
        });
    let (_, text) = reader.detect_grids()[0].decode().unwrap();
    assert_eq!(text, invite.code);
}

#[test]
fn real_devices_and_practice_hubs_do_not_mix() {
    let world = World::new();
    let device = Device::new();
    let refused = sync::enrol_with(&world.invite(), device.id, &device.key, Some(false), patience());
    assert!(matches!(refused, Err(SyncError::PracticeMismatch)));
}

trait ParseId {
    fn parse_id(&self) -> tracepost::domain::RegisterId;
}

impl ParseId for str {
    fn parse_id(&self) -> tracepost::domain::RegisterId {
        tracepost::domain::RegisterId::parse(self).unwrap()
    }
}
