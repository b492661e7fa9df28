//! What the registers of now say of records that earlier checks and retro-hits found.
#![cfg(feature = "gui")]

use tracepost::app::{Bench, Gone, Opening, Standing};
use tracepost::domain::{Description, Grade, Item, Mark, Object, RegisterId, Scheme, SeenMark};

use crate::clocks::Post;
use crate::world::{World, no_progress};

const COLUMNS: &str = "id,object,serial,action,caution,expires_on\n";

fn item(serial: &str) -> Item {
    let marks = vec![SeenMark::typed(Mark::new(Scheme::Serial, serial))];
    Item { marks, description: Description { object: Some(Object::Firearm), ..Description::default() } }
}

/// Makes these rows the whole register, and the post takes it over.
fn whole(world: &World, post: &Post, rows: &str) {
    world.import_whole("reg", &format!("{COLUMNS}{rows}"));
    world.publish("reg");
    post.desk.sync(&mut no_progress()).unwrap();
    post.desk.wait_for_registers();
}

fn begun(rows: &str) -> (World, Post) {
    let world = World::real();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    world.import("reg", &format!("{COLUMNS}{rows}"));
    world.publish("reg");
    let post = Post::of(&world);
    post.desk.sync(&mut no_progress()).unwrap();
    post.desk.wait_for_registers();
    (world, post)
}

#[test]
fn a_record_of_an_earlier_check_is_told_as_withdrawn_corrected_changed_expired_or_as_it_was() {
    let rest = "same,firearm,MMQ700700,seize,,\n";
    let (world, post) = begun(&format!(
        "{rest}gone,firearm,MMQ711711,seize,,\nother,firearm,MMQ722722,seize,,\ndiscreet,firearm,MMQ733733,seize,,\nold,firearm,MMQ744744,seize,,\n"
    ));
    let rows = [
        ("same", "MMQ700700"),
        ("gone", "MMQ711711"),
        ("other", "MMQ722722"),
        ("discreet", "MMQ733733"),
        ("old", "MMQ744744"),
    ];
    for (record, serial) in rows {
        assert!(post.check(serial), "{record}");
    }
    let standing = |desk: &dyn Bench, record: &str, serial: &str| {
        desk.standings(&item(serial), &[(RegisterId("reg".into()), record.into())]).remove(0)
    };
    for (record, serial) in rows {
        assert!(
            matches!(standing(&post.desk, record, serial), Standing::Listed(now) if now.grade == Grade::Hit),
            "{record}"
        );
    }
    whole(
        &world,
        &post,
        &format!(
            "{rest}other,firearm,XXP855991,seize,,\ndiscreet,firearm,MMQ733733,discreet_check,,\nold,firearm,MMQ744744,seize,,2020-01-01\n"
        ),
    );
    let entries = || post.desk.ledger().head().unwrap().0;
    let before = entries();
    let now = |record, serial| standing(&post.desk, record, serial);
    assert!(matches!(now("same", "MMQ700700"), Standing::Listed(now) if now.grade == Grade::Hit));
    assert_eq!(now("gone", "MMQ711711"), Standing::Withdrawn);
    assert_eq!(now("other", "MMQ722722"), Standing::Another);
    assert!(matches!(now("discreet", "MMQ733733"), Standing::Listed(now) if now.fields["action"] == "discreet_check"));
    assert!(matches!(now("old", "MMQ744744"), Standing::Listed(now) if now.grade == Grade::Possible));
    let elsewhere = post.desk.standings(&item("MMQ700700"), &[(RegisterId("elsewhere".into()), "same".into())]);
    assert_eq!(elsewhere, [Standing::NoRegister]);
    assert_eq!(entries(), before, "a look is no check");
    assert!(matches!(Bench::open_record(&post.desk, "reg", "gone", None), Ok(Opening::Withdrawn)));
    assert!(matches!(Bench::open_record(&post.desk, "elsewhere", "gone", None), Ok(Opening::NoRegister)));
    assert!(matches!(Bench::open_record(&post.desk, "reg", "other", None), Ok(Opening::Whole(_))));
}

#[test]
fn retro_hits_of_the_window_tell_caution_and_discretion_and_what_became_of_their_records() {
    let (world, post) = begun("first,firearm,QX000001123,seize,,\n");
    let seen = ["HHJ112233", "HHJ223344", "HHJ334455", "HHJ445566"];
    for serial in seen {
        assert!(!post.check(serial), "{serial}");
    }
    let first = "first,firearm,QX000001123,seize,,\n";
    let hits =
        |expires| format!("{first}w1,firearm,HHJ112233,discreet_check,armed,\nw2,firearm,HHJ223344,seize,,{expires}\n");
    whole(&world, &post, &format!("{}w3,firearm,HHJ334455,seize,,\nw4,firearm,HHJ445566,seize,,\n", hits("")));
    let found = || Bench::retro_hits(&post.desk, 50);
    let of = |mark: &str| found().newest.into_iter().find(|hit| hit.mark == mark).unwrap();
    assert_eq!(found().all, 4);
    let armed = of("HHJ112233");
    assert_eq!((armed.cautions.as_slice(), armed.discreet, armed.gone), (["armed".to_owned()].as_slice(), true, None));
    assert_eq!((of("HHJ223344").cautions.len(), of("HHJ223344").discreet), (0, false));
    // The card behind it has the records found since, and belongs to the check.
    let past = armed.past;
    assert_eq!((past.verdict.grade, past.verdict.entry), (Grade::Hit, Some(past.seq)));
    assert_eq!(past.verdict.candidates.iter().map(|c| c.record.as_str()).collect::<Vec<_>>(), ["w1"]);
    let feed = Bench::feed(&post.desk, 10);
    assert!(feed.iter().all(|past| past.verdict.grade == Grade::Hit), "so it is after a restart");
    // Two at most are shown, and all are counted, those of a later sync too.
    let few = Bench::retro_hits(&post.desk, 2);
    assert_eq!((few.newest.len(), few.all), (2, 4));
    assert!(!post.check("HHJ556677"));
    whole(
        &world,
        &post,
        &format!("{}w4,firearm,ZZK900900,seize,,\nw5,firearm,HHJ556677,seize,,\n", hits("2020-01-01")),
    );
    assert_eq!(Bench::retro_hits(&post.desk, 2).all, 5);
    let gone: Vec<_> = seen.iter().map(|serial| of(serial).gone).collect();
    assert_eq!(gone, [None, Some(Gone::Expired), Some(Gone::Withdrawn), Some(Gone::Another)]);
}
