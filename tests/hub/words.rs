//! What the hub's program says to the person at its console: short lists, wrong calls, files that are not what was meant.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Centre, program, text};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_others_could_enter_is_closed_to_them_and_one_that_is_shared_is_left_with_a_word() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("hub");
    fs::create_dir(&data).unwrap();
    open_to_all(&data, 0o755);
    let run = |args: &[&str]| {
        let output = program().arg("--data").arg(&data).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stderr)
    };
    let files = ["hub.db", "registers.db"].map(|name| data.join(name));
    assert_eq!(run(&["init", "--url", "https://hub.example:8443"]), "");
    assert_eq!((mode(&data), files.each_ref().map(|file| mode(file))), (0o700, [0o600; 2]));

    // As an earlier version left it.
    open_to_all(&data, 0o755);
    files.iter().for_each(|file| open_to_all(file, 0o644));
    assert_eq!(run(&["register", "list"]), "");
    assert_eq!((mode(&data), files.each_ref().map(|file| mode(file))), (0o700, [0o600; 2]));

    open_to_all(&data, 0o755);
    files.iter().for_each(|file| open_to_all(file, 0o644));
    fs::write(data.join("letters.txt"), "somebody else's").unwrap();
    let said = run(&["register", "list"]);
    assert!(said.contains("other users") && said.contains("chmod 700"), "{said}");
    assert_eq!((mode(&data), files.each_ref().map(|file| mode(file))), (0o755, [0o600; 2]));
}

#[test]
fn a_wrong_call_is_told_what_happened_and_what_to_do() {
    let centre = Centre::new();
    centre.ok(&["register", "create", "stolen", "--owner", "Invented"]);
    let list = centre.file("list.csv", "id,serial\n1,AB1001\n2,AB1002\n");
    let import = ["register", "import", "stolen", "--format", "csv"];
    let refused = |args: &[&str], status: i32, said: &[&str]| {
        let output = centre.run(args);
        let words = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {words}");
        assert!(output.stdout.is_empty() && words.lines().count() == 3, "{args:?}: {words}");
        for said in said {
            assert!(words.contains(said), "{args:?}: {said:?} in {words}");
        }
    };
    refused(&["serve", "--listen", "foo"], 2, &["Cannot listen on foo", "Write it as ADDRESS:PORT"]);
    refused(&[&import[..], &["--as-of", "2999-01-01", &list]].concat(), 2, &["still to come", "Nothing was changed"]);
    let json = centre.file("list.json", "{}");
    for (format, file) in [("ua-weapons", &list), ("jsonl", &list), ("niem", &json)] {
        let args = ["register", "import", "stolen", "--format", format, file.as_str()];
        refused(&args, 1, &["Line 1 is not", "Nothing was changed.", "Name the form", "--format"]);
    }
    let half = centre.file("half.json", "{\"serial\":\"AB1001\"}\n{\"serial\":\"AB10");
    refused(
        &["register", "import", "stolen", "--format", "jsonl", &half],
        1,
        &["after 1 whole row.", "Fetch it again"],
    );
    let latin = centre.folder.path().join("latin.csv");
    fs::write(&latin, b"id,serial,owner\n1,AB1001,G\xe9n\xe9ral\n").unwrap();
    let latin = latin.to_string_lossy().into_owned();
    refused(&[&import[..], &[&latin]].concat(), 1, &["is not UTF-8 (line 2).", "iconv"]);

    centre.ok(&[&import[..], &[&list]].concat());
    let none = centre.file("none.csv", "id,serial\n9,AB1009\n");
    let allowed = [&import[..], &["--allow-withdrawals", "1", &none]].concat();
    refused(&allowed, 1, &["withdraw 2 of the 2 records held", "more than the 1 that --allow-withdrawals lets go"]);

    let file = centre.file("no-folder", "");
    for data in [file.clone(), format!("{file}/hub")] {
        for args in [&["init", "--url", "https://hub.example:8443"][..], &["device", "list"]] {
            let output = program().args(["--data", &data]).args(args).output().unwrap();
            assert_eq!(output.status.code(), Some(1));
            assert!(text(&output.stderr).contains("is a file, and a hub needs a folder"), "{}", text(&output.stderr));
        }
    }
    let fresh = centre.folder.path().join("fresh");
    let init = |url: &str| program().arg("--data").arg(&fresh).args(["init", "--url", url]).output().unwrap();
    assert_eq!(init("https://hub.example:http").status.code(), Some(2));
    assert!(
        text(&init("https://127.0.0.1").stdout)
            .contains("https://127.0.0.1, which names no port: they will look at 443")
    );
}

#[test]
fn an_empty_list_says_why_and_prints_nothing() {
    let centre = Centre::new();
    let said = |args: &[&str]| {
        let output = centre.run(args);
        assert!(output.status.success() && output.stdout.is_empty(), "{args:?}: {}", text(&output.stdout));
        text(&output.stderr)
    };
    assert!(said(&["sighting", "list"]).contains("no device is enrolled yet"));
    assert!(
        said(&["sighting", "list", "--post", "NOPE", "--json"]).contains("No device was ever enrolled for a post NOPE")
    );
    assert!(said(&["sighting", "list", "--grade", "hit"]).contains("No sighting that arrived is of that"));
}

#[test]
fn one_record_is_no_plural_and_what_changed_is_counted_apart() {
    let centre = Centre::new();
    centre.ok(&["register", "create", "stolen", "--owner", "Invented"]);
    let import = |name: &str, rows: &str| {
        let file = centre.file(name, &format!("id,serial,model\n{rows}"));
        centre.ok(&["register", "import", "stolen", "--format", "csv", &file]);
    };
    import("1.csv", "1,AB1001,x\n");
    assert!(centre.ok(&["register", "list"]).contains(", 1 record, "));
    let diff = centre.ok(&["register", "diff", "stolen"]);
    assert!(diff.contains("1 new, 0 changed, 0 withdrawn. Devices have none of them yet"), "{diff}");
    centre.ok(&["register", "publish", "stolen"]);
    import("2.csv", "1,AB1001,y\n2,AB1002,x\n3,AB1003,x\n");
    let diff = centre.ok(&["register", "diff", "stolen", "--limit", "1"]);
    assert!(diff.contains("2 new, 1 changed, 0 withdrawn. Listed above: 1 of 3;"), "{diff}");
    let published = &centre.lines(&["register", "publish", "stolen", "--json"])[0];
    let counts = ["added", "changed", "withdrawn"].map(|name| published[name].as_u64());
    assert_eq!((counts, published.get("changes")), ([Some(2), Some(1), Some(0)], None), "{published}");
}

#[test]
fn what_a_row_asks_that_nobody_can_read_and_what_no_screen_may_show_are_reported() {
    let centre = Centre::new();
    centre.ok(&["register", "create", "stolen", "--owner", "Invented"]);
    let rows = "1,AB1001,Discreet-check,\n2,AB1002,shadow it,armed\u{1b}[2J\n";
    let file = centre.file("list.csv", &format!("id,serial,action,caution\n{rows}"));
    let import = ["register", "import", "stolen", "--format", "csv", &file];
    let report = &centre.lines(&[&import[..], &["--dry-run", "--json"]].concat())[0];
    assert_eq!((report["unread"]["action"].as_u64(), report["controls"].as_u64()), (Some(1), Some(1)), "{report}");
    let said = centre.ok(&import);
    assert!(said.contains("The action of 1 row cannot be read") && said.contains("the source's words"), "{said}");
    assert!(said.contains("Control characters stand in 1 row;"), "{said}");
    let notes = fs::read_to_string(centre.data().join("rejects/stolen.notes.csv")).unwrap();
    assert_eq!(notes, "line,record,fields,controls\n3,\"2\",action,caution\n");
}
