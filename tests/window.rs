//! The window over a made-up desk: what an officer sees, presses and reads, found by the labels that a screen reader uses.
#![cfg(feature = "gui")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::Utc;
use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementRoot, TestingBackend, TestingBackendOptions};
use slint::platform::{Key, WindowEvent};
use slint::{ComponentHandle, PhysicalSize};
use tracepost::app::{
    AppOptions, Bearings, Bench, CheckAnswer, CheckRequest, Facts, Held, Past, Recorded, Retro, Source, Stage, Steps,
    SyncEnd, Trouble,
};
use tracepost::capture::CameraInfo;
use tracepost::domain::keys::canonical;
use tracepost::domain::{
    Ask, Candidate, DecisionCode, Difference, Finding, Grade, HandScannerSettings, KeyboardLayout, NotChecked, Object,
    RegisterAge, RegisterId, RegisterVersion, Rule, Seq, Trait, Verdict, Why,
};
use tracepost_ui::{App, ScanData, Screen, SettingsData, ShellData, VerdictData};

/// A desk that knows one pistol, AB12B4 of 1978, and writes down what it is told.
#[derive(Default)]
struct MadeUp {
    told: Mutex<Vec<String>>,
    settings: Mutex<BTreeMap<String, String>>,
    scanner: Mutex<HandScannerSettings>,
    disk_full: bool,
    no_link: bool,
    /// Photos stay, the hub counts anew, and a feed stands still.
    rough_sync: bool,
}

impl MadeUp {
    fn say(&self, what: String) -> u64 {
        let mut told = self.told.lock().unwrap();
        told.push(what);
        told.len() as u64
    }
}

fn register() -> RegisterAge {
    RegisterAge {
        id: RegisterId("practice-weapons".into()),
        version: RegisterVersion(3),
        as_of: Utc::now() - chrono::Duration::hours(14),
    }
}

fn wanted(grade: Grade, rule: Rule, differs: Vec<Difference>) -> Candidate {
    let fields =
        [("serial", "AB12B4"), ("kind", "pistol"), ("year", "1978"), ("status", "stolen"), ("owner", "Unit 4")];
    Candidate {
        register: RegisterId("practice-weapons".into()),
        record: "P-1".into(),
        grade,
        rule,
        differs,
        why: Why::default(),
        fields: fields.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect::<BTreeMap<_, _>>(),
    }
}

impl Bench for MadeUp {
    fn check(&self, request: CheckRequest) -> CheckAnswer {
        let keys: Vec<String> = request.item.marks.iter().map(|m| canonical(&m.mark.value)).collect();
        let seq = Seq(self.say(format!("check {}", keys.join("+"))));
        let mut verdict = Verdict { registers: vec![register()], ..Verdict::not_checked(NotChecked::UnusableMark) };
        verdict.reason = None;
        verdict.entry = Some(seq);
        let year = request.item.description.year;
        if keys.iter().any(|k| k == "DL500") {
            verdict.grade = Grade::Hit;
            verdict.findings = vec![Finding::DeliveredElsewhere];
            let mut listed = wanted(Grade::Hit, Rule::Exact, vec![]);
            listed.fields.insert("delivered_to".into(), "72nd Brigade".into());
            verdict.candidates = vec![listed];
        } else if keys.iter().any(|k| k == "CR1979") {
            verdict.grade = Grade::Possible;
            verdict.more = 12;
            let why = Why { contradicts: vec![Trait::Year], shared_by: 3, second_mark: true, ..Why::default() };
            verdict.candidates = vec![Candidate { why, ..wanted(Grade::Possible, Rule::Number, vec![]) }];
        } else if matches!(request.item.description.object, Some(Object::Vehicle)) {
            verdict = Verdict { entry: Some(seq), ..Verdict::not_checked(NotChecked::NoRegisterForObject) };
        } else if keys.iter().any(|k| k == "AB1284") {
            let differs = vec![Difference { at: 5, read: "8".into(), record: "B".into() }];
            verdict.grade = if year == Some(1978) { Grade::Hit } else { Grade::Probable };
            verdict.rule = Some(Rule::LookAlike);
            verdict.ask = if year.is_some() { vec![] } else { vec![Ask::Characters, Ask::Year, Ask::Make] };
            verdict.candidates = vec![wanted(verdict.grade, Rule::LookAlike, differs)];
        } else {
            verdict.grade = Grade::NoRecord;
        }
        let recorded =
            if self.disk_full { Recorded::OnPaper { number: "P22-1".into() } } else { Recorded::OnDisk(seq) };
        if self.disk_full {
            verdict.entry = None;
        }
        CheckAnswer { verdict, recorded }
    }

    fn decide(&self, of: Seq, code: DecisionCode, note: &str, photo: Option<&[u8]>) -> Result<(), Trouble> {
        self.say(format!("decide {of} {} {note:?} photo {}", code.code(), photo.is_some()));
        Ok(())
    }

    fn open_record(&self, register: &str, record: &str, _: Option<Seq>) -> Result<Option<Facts>, Trouble> {
        self.say(format!("open {register} {record}"));
        let mut whole = wanted(Grade::Hit, Rule::Exact, vec![]).fields;
        whole.insert("contact".into(), "+00 123".into());
        Ok(Some(whole))
    }

    fn sync(&self, step: &mut Steps<'_>) -> Result<SyncEnd, Trouble> {
        step("ledger", 1, 2);
        if self.no_link {
            return Err(Trouble { code: "unreachable", words: "no route to host".into() });
        }
        let failed = |code| Trouble { code, words: format!("{code} in English") };
        let failed = if self.rough_sync { vec![failed("photos_waiting"), failed("register_note")] } else { Vec::new() };
        Ok(SyncEnd { bytes_up: 1_200, bytes_down: 340_000, failed, late: self.rough_sync })
    }

    fn bearings(&self) -> Result<Bearings, Trouble> {
        Ok(Bearings {
            post: "XX TST".into(),
            officer: "A. Practice".into(),
            practice: true,
            hub: Some("https://127.0.0.1:8443".into()),
            registers: vec![Held { age: register(), records: 100_000 }],
            entries: 3,
            unsent: 2,
            on_paper: usize::from(self.disk_full),
            ..Bearings::default()
        })
    }

    fn feed(&self, _: usize) -> Vec<Past> {
        Vec::new()
    }

    fn retro_hits(&self, _: usize) -> Vec<Retro> {
        vec![Retro {
            grade: Grade::Hit,
            mark: "KT004417".into(),
            seen: Utc::now(),
            register: "practice-weapons".into(),
            record: "P-9".into(),
        }]
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.settings.lock().unwrap().get(name).cloned()
    }

    fn keep_setting(&self, name: &str, value: &str) -> Result<(), Trouble> {
        if self.disk_full {
            return Err(Trouble { code: "disk_full", words: "no space left".into() });
        }
        self.settings.lock().unwrap().insert(name.into(), value.into());
        Ok(())
    }

    fn hand_scanner(&self) -> HandScannerSettings {
        self.scanner.lock().unwrap().clone()
    }

    fn keep_hand_scanner(&self, settings: &HandScannerSettings) -> Result<(), Trouble> {
        *self.scanner.lock().unwrap() = settings.clone();
        Ok(())
    }
}

/// Cameras as they are plugged in; the second one goes when it is told to.
fn cameras() -> Vec<CameraInfo> {
    let info = |id: &str, name: &str, sizes: &[(u32, u32)]| CameraInfo {
        id: id.into(),
        name: name.into(),
        sizes: sizes.to_vec(),
    };
    let mut all = vec![info("/dev/video0", "Built in", &[])];
    if !UNPLUGGED.load(std::sync::atomic::Ordering::Relaxed) {
        all.push(info("/dev/video2", "Microscope", &[(1_920, 1_080), (1_280, 720), (640, 480)]));
    }
    all
}

static UNPLUGGED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

struct Window {
    stage: Stage,
    desk: Arc<MadeUp>,
}

impl Window {
    fn open() -> Self {
        Self::over(MadeUp::default())
    }

    fn over(desk: MadeUp) -> Self {
        Self::with(desk, None)
    }

    fn with(desk: MadeUp, source: Option<Source>) -> Self {
        // The bell rings from the threads of the pictures too.
        let threading = source.is_some();
        let options = TestingBackendOptions { mock_time: true, threading, renderer_name: Some("software".into()) };
        slint::platform::set_platform(Box::new(TestingBackend::new(options))).expect("one platform a test");
        Self::again(Arc::new(desk), source)
    }

    /// The window, opened once more over the same desk.
    fn again(desk: Arc<MadeUp>, source: Option<Source>) -> Self {
        let options = AppOptions { source, cameras, ..AppOptions::new(Arc::clone(&desk), None) };
        let stage = Stage::inline(&options).unwrap();
        stage.app().window().set_size(PhysicalSize::new(1_280, 800));
        stage.app().show().unwrap();
        let window = Self { stage, desk };
        window.settle();
        window
    }

    fn app(&self) -> &App {
        self.stage.app()
    }

    fn settle(&self) {
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(100));
        self.stage.settle();
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(100));
    }

    fn key(&self, text: impl Into<slint::SharedString>) {
        let text = text.into();
        self.app().window().dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
        self.app().window().dispatch_event(WindowEvent::KeyReleased { text });
    }

    /// Types as fingers do.
    fn type_slowly(&self, text: &str) {
        for c in text.chars() {
            self.key(c.to_string());
            std::thread::sleep(Duration::from_millis(65));
        }
    }

    /// Sends as a scanner does.
    fn scan(&self, text: &str) {
        for c in text.chars() {
            self.key(c.to_string());
        }
        self.enter();
    }

    fn press(&self, key: Key) {
        self.key(char::from(key).to_string());
        self.settle();
    }

    fn enter(&self) {
        self.press(Key::Return);
    }

    fn elements(&self) -> Vec<ElementHandle> {
        self.app().root_element().query_descendants().find_all()
    }

    /// Everything that a screen reader would read out.
    fn said(&self) -> Vec<String> {
        self.elements().iter().filter_map(|e| e.accessible_label()).map(String::from).collect()
    }

    fn says(&self, text: &str) -> bool {
        self.said().iter().any(|label| label.contains(text))
    }

    #[track_caller]
    fn must_say(&self, text: &str) {
        assert!(self.says(text), "{text:?} is not among {:#?}", self.said());
    }

    #[track_caller]
    fn click(&self, label: &str) {
        let found = self.elements().into_iter().find(|e| {
            e.accessible_role().is_some_and(pressable) && e.accessible_label().is_some_and(|l| l.starts_with(label))
        });
        found.unwrap_or_else(|| panic!("{label:?} is not among {:#?}", self.said())).invoke_accessible_default_action();
        self.settle();
    }

    /// Waits for what other threads do; how long they take is not what is tested.
    #[track_caller]
    fn until_it_says(&self, text: &str) {
        for _ in 0..400 {
            self.settle();
            if self.says(text) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.must_say(text);
    }

    fn told(&self) -> Vec<String> {
        self.desk.told.lock().unwrap().clone()
    }
}

fn pressable(role: AccessibleRole) -> bool {
    matches!(
        role,
        AccessibleRole::Button | AccessibleRole::RadioButton | AccessibleRole::Tab | AccessibleRole::Checkbox
    )
}

#[test]
fn a_typed_serial_is_understood_checked_and_answered_in_words() {
    let window = Window::open();
    window.type_slowly("АВ 1284");
    window.must_say("AB1284");
    window.must_say("Cyrillic");
    assert!(window.told().is_empty(), "nothing is checked while it is typed");
    window.enter();
    assert_eq!(window.told(), ["check AB1284"]);
    window.must_say("Open the card: LOOK AGAIN");
    assert_eq!(window.app().global::<ShellData>().get_screen(), Screen::Scan, "discreet: the card stays closed");
    window.enter();
    window.must_say("LOOK AGAIN: character 5 (8 or B?)");
    window.must_say("Add the year");
    assert_eq!(window.told().len(), 1, "the card is for comparing; no record is opened by looking at it");
}

#[test]
fn a_record_is_opened_in_a_second_step_which_is_written_down() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    window.press(Key::F12);
    assert_eq!(window.told().len(), 1, "there is nothing to open on the scan screen");
    window.press(Key::F4);
    window.must_say("Pistol");
    window.must_say("1978");
    assert!(!window.says("Unit 4") && !window.says("Stolen"), "who misses it is told in the second step only");
    window.click("Open the record");
    window.must_say("Unit 4");
    window.must_say("Stolen");
    window.must_say("+00 123");
    assert_eq!(window.told()[1..], ["open practice-weapons P-1"]);
    window.press(Key::F12);
    assert_eq!(window.told().len(), 2, "once is enough");
}

#[test]
fn findings_are_told_in_words_with_whom_they_are_about() {
    let window = Window::open();
    window.type_slowly("DL500");
    window.enter();
    window.press(Key::F4);
    window.must_say("Listed as delivered to 72nd Brigade, seen outside its place");
}

#[test]
fn what_failed_is_told_in_the_language_of_the_screen() {
    let window = Window::over(MadeUp { no_link: true, ..MadeUp::default() });
    window.press(Key::F10);
    window.click("Українська");
    window.press(Key::F5);
    window.enter();
    window.must_say("Центр недосяжний");
    assert!(!window.says("no route to host"), "the machine's words are for the log");
}

#[test]
fn a_sync_that_failed_in_part_tells_every_part_in_the_language_of_the_screen() {
    let window = Window::over(MadeUp { rough_sync: true, ..MadeUp::default() });
    window.press(Key::F10);
    window.click("Français");
    window.press(Key::F5);
    window.enter();
    for said in
        ["Des photos ne sont pas parties", "Le centre est revenu à un état antérieur", "n’a pas confirmé un registre"]
    {
        window.must_say(said);
    }
    assert!(!window.says("in English"), "the machine's words are for the log");
}

#[test]
fn why_a_record_is_shown_stands_on_the_card_in_the_language_of_the_screen() {
    let window = Window::open();
    window.type_slowly("CR1979");
    window.enter();
    for (language, said) in [
        ("English", ["another mark agrees, too", "3 records bear this mark", "12 more records"]),
        ("Français", ["une autre marque concorde", "3 fiches portent cette marque", "12 autres fiches"]),
        ("Українська", ["ще одне маркування", "3 записи мають це", "Ще 12 записів"]),
    ] {
        window.press(Key::F10);
        window.click(language);
        window.press(Key::F4);
        said.iter().for_each(|said| window.must_say(said));
    }
}

#[test]
fn choices_last_until_the_next_window() {
    let window = Window::open();
    window.press(Key::F10);
    window.click("Українська");
    window.click("Світле на чорному");
    window.click("Помітно");
    window.click("Камера");
    window.click("Microscope");
    window.click("1920 × 1080");
    window.click("Ручний сканер");
    window.click("Français (AZERTY)");
    window.click("Код закінчується");
    let desk = Arc::clone(&window.desk);
    drop(window);
    let window = Window::again(Arc::clone(&desk), None);
    window.must_say("Сканування");
    let app = window.app();
    assert!(app.global::<ShellData>().get_loud() && app.global::<tracepost_ui::Theme>().get_dark());
    window.press(Key::F10);
    window.click("Камера");
    assert_eq!(app.global::<SettingsData>().get_size(), 2, "of three sizes the largest");
    let kept = desk.hand_scanner();
    assert_eq!((kept.layout, kept.ends_by_pause), (KeyboardLayout::FrAzerty, true));
    let choices = desk.setting("choices").unwrap();
    assert!(choices.contains("/dev/video2"), "{choices}");
}

#[test]
fn cameras_come_and_go_while_the_list_is_open() {
    let window = Window::open();
    window.must_say("No camera here");
    window.click("Camera or footage");
    window.must_say("Microscope");
    window.must_say("Built in");
    UNPLUGGED.store(true, std::sync::atomic::Ordering::Relaxed);
    i_slint_backend_testing::mock_elapsed_time(Duration::from_secs(3));
    window.settle();
    assert!(!window.says("Microscope"));
    window.must_say("Built in");
}

#[test]
fn a_choice_that_cannot_be_kept_says_so_and_holds_all_the_same() {
    let window = Window::over(MadeUp { disk_full: true, ..MadeUp::default() });
    window.press(Key::F10);
    window.click("Loud");
    window.must_say("This choice could not be kept");
    assert!(window.app().global::<ShellData>().get_loud());
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

#[test]
fn one_more_observation_settles_it_with_the_keyboard_alone() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    window.press(Key::F4);
    window.click("Add the year");
    assert_eq!(window.app().global::<ScanData>().get_picker(), "year");
    window.type_slowly("1978");
    window.enter();
    window.press(Key::F4);
    window.must_say("MATCH: hold, verify with the owner");
    window.press(Key::F6);
    window.click("Detained to verify");
    window.type_slowly("seal 4");
    window.enter();
    let told = window.told();
    assert!(told.iter().any(|t| t.starts_with("decide ") && t.contains("detained \"seal 4\" photo false")), "{told:?}");
    window.must_say("Decided: Detained to verify");
}

#[test]
fn marks_gather_on_one_item_until_the_next() {
    let window = Window::open();
    for mark in ["KT004417", "X99 1"] {
        window.type_slowly(mark);
        window.enter();
    }
    assert_eq!(window.told(), ["check KT004417", "check KT004417+X991"]);
    window.must_say("Take KT004417 off this item");
    window.press(Key::F2);
    assert!(!window.says("Take KT004417 off"), "the next item begins with an empty card");
    window.press(Key::F2);
    window.must_say("Take KT004417 off this item");
    window.click("Take X99 1 off");
    assert_eq!(window.told()[2], "check KT004417");
}

#[test]
fn nothing_found_is_never_a_bare_clear_and_an_unknown_object_is_not_checked() {
    let window = Window::open();
    window.type_slowly("KT004417");
    window.enter();
    window.press(Key::F4);
    window.must_say("NOT LISTED: in 1 register, 14 h old");
    window.press(Key::F4);
    window.press(Key::F2);
    window.type_slowly("1HGBH41JXMN109186");
    window.enter();
    window.press(Key::F4);
    window.must_say("NOT CHECKED: no vehicle register here");
}

#[test]
fn a_hand_scanner_works_on_every_screen_and_leaves_the_fields_as_they_were() {
    let window = Window::open();
    window.type_slowly("xy");
    std::thread::sleep(Duration::from_millis(200));
    window.scan("KT004417");
    assert_eq!(window.told(), ["check KT004417"]);
    assert_eq!(window.app().global::<ScanData>().get_entry(), "xy", "what was half typed is still there");
    window.must_say("Hand scanner");
    window.press(Key::F5);
    window.press(Key::F2);
    for (screen, key) in [(Screen::Sync, Key::F5), (Screen::Verdict, Key::F4)] {
        window.press(Key::F1);
        window.press(key);
        assert_eq!(window.app().global::<ShellData>().get_screen(), screen);
        window.scan(&format!("QQ{}7", screen as i32));
    }
    assert_eq!(window.told().len(), 3, "{:?}", window.told());
}

#[test]
fn a_full_disk_is_said_loudly_with_the_number_for_the_paper() {
    let window = Window::over(MadeUp { disk_full: true, ..MadeUp::default() });
    window.type_slowly("AB1284");
    window.enter();
    window.must_say("NOT RECORDED: WRITE ON PAPER P22-1");
    window.press(Key::F4);
    window.must_say("LOOK AGAIN");
    assert!(!window.says("Decide"), "there is no entry to decide about");
}

#[test]
fn loud_is_a_setting() {
    let window = Window::open();
    window.press(Key::F10);
    window.click("Loud");
    window.press(Key::F1);
    window.type_slowly("AB1284");
    window.enter();
    assert_eq!(window.app().global::<ShellData>().get_screen(), Screen::Verdict, "the card opens by itself");
}

#[test]
fn the_words_change_with_the_language_while_the_window_is_open() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    window.press(Key::F4);
    window.must_say("LOOK AGAIN: character 5 (8 or B?)");
    for (name, said, scan) in [
        ("Українська", "ПЕРЕВІРТЕ ЗНОВУ: знак 5 (8 чи B?)", "Сканування"),
        ("Français", "REGARDER ENCORE: caractère 5 (8 ou B ?)", "Lecture"),
        ("English", "LOOK AGAIN: character 5 (8 or B?)", "Scan"),
    ] {
        window.press(Key::F10);
        window.click(name);
        window.press(Key::F4);
        window.must_say(said);
        window.must_say(scan);
    }
}

#[test]
fn a_sync_is_one_key_away_and_tells_how_it_ended() {
    let window = Window::open();
    window.press(Key::F5);
    window.must_say("KT004417: seen here");
    window.enter();
    window.must_say("Done. Sent 1.2 kB, fetched 340.0 kB.");
}

#[test]
fn everything_that_can_be_pressed_is_large_enough_and_has_a_name() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    let places: [(&str, fn(&Window)); 8] = [
        ("cameras", |w| {
            w.press(Key::F10);
            w.app().global::<SettingsData>().set_page(1);
        }),
        ("hand scanner", |w| {
            w.press(Key::F10);
            w.app().global::<SettingsData>().set_page(2);
        }),
        ("scan", |w| w.press(Key::F1)),
        ("keypad", |w| w.press(Key::F3)),
        ("picker", |w| w.press(Key::F7)),
        ("card", |w| w.press(Key::F4)),
        ("decision", |w| w.press(Key::F6)),
        ("settings", |w| w.press(Key::F10)),
    ];
    for (width, height) in [(1_280, 800), (1_024, 600)] {
        window.app().window().set_size(PhysicalSize::new(width, height));
        for (name, go) in &places {
            go(&window);
            let mut seen = 0;
            for element in window.elements() {
                if !element.accessible_role().is_some_and(pressable) {
                    continue;
                }
                seen += 1;
                let (size, label) = (element.size(), element.accessible_label().unwrap_or_default());
                assert!(!label.is_empty(), "{name}: {:?} has no name", element.id());
                assert!(size.width >= 56.0 && size.height >= 56.0, "{name} at {width}x{height}: {label:?} is {size:?}");
            }
            assert!(seen > 5, "{name}: {seen}");
        }
        window.press(Key::F3);
    }
}

#[test]
fn every_screen_is_really_drawn() {
    let window = Window::open();
    window.type_slowly("AB1284");
    window.enter();
    window.app().global::<VerdictData>().set_keep_photo(true);
    let shots = std::env::var_os("TRACEPOST_SHOTS").map(std::path::PathBuf::from);
    let screens: [(&str, fn(&Window)); 6] = [
        ("scan", |w| w.press(Key::F1)),
        ("verdict", |w| w.press(Key::F4)),
        ("decision", |w| w.press(Key::F6)),
        ("sync", |w| w.press(Key::F5)),
        ("settings", |w| w.press(Key::F10)),
        ("picker", |w| w.press(Key::F7)),
    ];
    for (name, go) in screens {
        go(&window);
        let picture = window.app().window().take_snapshot().unwrap();
        let mut colours = std::collections::HashMap::<[u8; 4], usize>::new();
        for pixel in picture.as_bytes().as_chunks::<4>().0 {
            *colours.entry(*pixel).or_default() += 1;
        }
        let most = colours.values().copied().max().unwrap_or_default();
        assert!(colours.len() > 40, "{name}: only {} colours", colours.len());
        assert!(most * 100 < picture.as_bytes().len() / 4 * 97, "{name} is nearly all one colour");
        if let Some(dir) = &shots {
            let file = dir.join(format!("{name}.png"));
            let (width, height) = (picture.width(), picture.height());
            image::save_buffer(file, picture.as_bytes(), width, height, image::ExtendedColorType::Rgba8).unwrap();
        }
    }
}
