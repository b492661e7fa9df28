//! What one file after another makes of a register: withdrawals, files that were cut, lists of deliveries.

use tracepost::hub::storage::Taken;

use super::{Centre, world};

#[test]
fn nothing_is_withdrawn_while_a_rejected_row_does_not_say_which_record_it_is_about() {
    use tracepost::hub::ImportOptions;
    use tracepost::hub::storage::Extent;
    use tracepost::registers::import::Format;
    let world = world::World::new();
    let hub = &world.hub;
    let id = hub.create_register("guns", "Invented").unwrap();
    let whole = ImportOptions::of(Format::Csv, 1);
    let import = |text: &str, options: &ImportOptions| hub.import_register(&id, options, text.as_bytes(), &mut |_| {});
    import(&rows_of(0..100), &whole).unwrap();
    // The row of record 60 lost its id and its serial; record 5 is really gone.
    let text = rows_of((0..100).filter(|n| *n != 5)).replace("\n60,AB00060,x\n", "\n,,x\n");
    for dry_run in [true, false] {
        let report = import(&text, &ImportOptions { dry_run, ..whole.clone() }).unwrap();
        assert_eq!((report.rejected, report.nameless), (1, 1));
        assert_eq!((report.stored.withdrawn, report.stored.untouched), (0, 2));
    }
    let meant = ImportOptions { extent: Extent::Whole { withdrawals_max: Some(2) }, ..whole };
    assert_eq!(import(&text, &meant).unwrap().stored.withdrawn, 2);
}

/// Rows of an invented register as CSV.
fn rows_of(numbers: impl Iterator<Item = u32>) -> String {
    std::iter::once("id,serial,model\n".to_owned()).chain(numbers.map(|n| format!("{n},AB{n:05},x\n"))).collect()
}

#[test]
fn what_a_file_no_longer_has_is_withdrawn_and_a_cut_file_is_refused() {
    use tracepost::hub::storage::Extent;
    use tracepost::hub::{HubError, ImportOptions};
    use tracepost::registers::import::Format;
    let world = world::World::new();
    let hub = &world.hub;
    let id = hub.create_register("guns", "Invented").unwrap();
    let whole = ImportOptions::of(Format::Csv, 1);
    let import = |text: &str, options: &ImportOptions| hub.import_register(&id, options, text.as_bytes(), &mut |_| {});
    let held = || hub.storage().register(&id).unwrap().unwrap().records;
    assert_eq!(import(&rows_of(0..1000), &whole).unwrap().stored.added, 1000);

    let again = import(&rows_of(0..1000), &whole).unwrap().stored;
    assert_eq!(again, Taken { same: 1000, ..Taken::default() });

    // 50 gone, 1 rejected though it is known, 1 changed, 2 new.
    let text = rows_of(50..1002).replace("\n60,AB00060,x\n", "\n60,,x\n").replace("AB00070,x", "AB00070,y");
    let dry = ImportOptions { dry_run: true, ..whole.clone() };
    let expected = Taken { added: 2, changed: 1, same: 948, withdrawn: 50, kept: 1, untouched: 0 };
    let report = import(&text, &dry).unwrap();
    assert_eq!((report.stored, held()), (expected, 1000), "a dry run changes nothing");
    assert_eq!(report.profile.unwrap().reasons, [("it has no serial".to_owned(), 1)]);
    assert_eq!((import(&text, &whole).unwrap().stored, held()), (expected, 952));

    // The same file cut in the middle of the list, at the end of a row.
    let half = rows_of(50..500);
    let refused = import(&half, &whole).unwrap_err();
    assert!(
        matches!(refused, HubError::TooManyWithdrawals { withdrawn: 502, held: 952, allowed: 95, given: false }),
        "{refused}"
    );
    assert_eq!(held(), 952);
    let part = ImportOptions { extent: Extent::Partial, ..whole.clone() };
    let stored = import(&half, &part).unwrap().stored;
    assert_eq!((stored.withdrawn, stored.untouched, held()), (0, 502, 952));
    let meant = ImportOptions { extent: Extent::Whole { withdrawals_max: Some(502) }, ..whole };
    assert_eq!((import(&half, &meant).unwrap().stored.withdrawn, held()), (502, 450));
}

#[test]
fn a_file_without_a_record_empties_no_register_however_small() {
    use tracepost::hub::storage::Extent;
    use tracepost::hub::{HubError, ImportOptions};
    use tracepost::registers::import::Format;
    let world = world::World::new();
    let id = world.hub.create_register("guns", "Invented").unwrap();
    let whole = ImportOptions::of(Format::Csv, 1);
    let import =
        |text: &str, options: &ImportOptions| world.hub.import_register(&id, options, text.as_bytes(), &mut |_| {});
    import(&rows_of(0..4), &whole).unwrap();
    let refused = import(&rows_of(0..0), &whole).unwrap_err();
    assert!(matches!(refused, HubError::TooManyWithdrawals { withdrawn: 4, held: 4, allowed: 0, .. }), "{refused}");
    let meant = ImportOptions { extent: Extent::Whole { withdrawals_max: Some(4) }, ..whole.clone() };
    assert_eq!(import(&rows_of(0..0), &meant).unwrap().stored.withdrawn, 4);
    // A small register whose rows are all new ones goes through.
    import(&rows_of(0..4), &whole).unwrap();
    assert_eq!(import(&rows_of(10..14), &whole).unwrap().stored.withdrawn, 4);
}

#[test]
fn a_delivered_list_is_its_own_kind_and_the_next_version_is_shown_before_it_is_published() {
    let centre = Centre::new();
    centre.ok(&["register", "create", "handed-over", "--owner", "Invented Forces", "--kind", "delivered"]);
    let import = |name: &str, content: &str| {
        let file = centre.file(name, content);
        centre.lines(&["--json", "register", "import", "handed-over", "--format", "csv", &file])[0].clone()
    };
    let head = "id,serial,delivered_to,contact\n";
    assert_eq!(import("1.csv", &format!("{head}1,AB1234,Invented Brigade,+00\n2,CD5678,Other,+00\n"))["added"], 2);
    let diff = || centre.lines(&["--json", "register", "diff", "handed-over"]);
    assert_eq!((diff().len(), diff()[0]["added"].as_u64(), diff()[0]["version"].as_u64()), (1, Some(2), None));
    centre.ok(&["register", "publish", "handed-over"]);
    import("2.csv", &format!("{head}1,AB1234,Third Brigade,+00\n3,EF9012,Other,+00\n"));
    let lines = diff();
    let of =
        |change: &str| lines.iter().find(|l| l["change"] == change).unwrap_or_else(|| panic!("{change}: {lines:?}"));
    assert_eq!((&of("added")["record"], &of("added")["fields"]["status"]), (&"3".into(), &"delivered".into()));
    assert_eq!(of("changed")["before"], serde_json::json!({ "delivered_to": "Invented Brigade" }));
    assert_eq!(of("changed")["after"], serde_json::json!({ "delivered_to": "Third Brigade" }));
    assert_eq!(of("withdrawn")["record"], "2");
    assert_eq!(lines.last().unwrap()["withdrawn"], 1);
    centre.ok(&["register", "publish", "handed-over"]);
    assert_eq!(diff().len(), 1, "published is nothing new");
    assert_eq!(centre.lines(&["--json", "register", "list"])[0]["kind"], "delivered");
}
