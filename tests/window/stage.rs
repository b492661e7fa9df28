//! The window on a stage without a screen, and the hands and eyes of an officer before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementRoot, TestingBackend, TestingBackendOptions};
use slint::platform::{Key, PointerEventButton, WindowEvent};
use slint::{ComponentHandle, PhysicalSize};
use tracepost::app::{AppOptions, Source, Stage};
use tracepost::capture::CameraInfo;
use tracepost::decode::{Accepted, View};
use tracepost::domain::Symbology;
use tracepost_ui::App;

use super::desk::MadeUp;

/// Cameras as they are plugged in; the second one goes when it is told to.
pub fn cameras() -> Vec<CameraInfo> {
    let info = |id: &str, name: &str, sizes: &[(u32, u32)]| CameraInfo {
        id: id.into(),
        name: name.into(),
        sizes: sizes.to_vec(),
    };
    let mut all = vec![info("/dev/video0", "Built in", &[])];
    if !UNPLUGGED.load(Ordering::Relaxed) {
        all.push(info("/dev/video2", "Microscope", &[(1_920, 1_080), (1_280, 720), (640, 480)]));
    }
    all
}

pub static UNPLUGGED: AtomicBool = AtomicBool::new(false);

pub struct Window {
    pub stage: Stage,
    pub desk: Arc<MadeUp>,
    now_ms: Arc<AtomicU64>,
}

impl Window {
    pub fn open() -> Self {
        Self::over(MadeUp::default())
    }

    pub fn over(desk: MadeUp) -> Self {
        Self::with(desk, None)
    }

    pub fn with(desk: MadeUp, source: Option<Source>) -> Self {
        // The bell rings from the threads of the pictures too.
        let threading = source.is_some();
        let options = TestingBackendOptions { mock_time: true, threading, renderer_name: Some("software".into()) };
        slint::platform::set_platform(Box::new(TestingBackend::new(options))).expect("one platform a test");
        Self::again(Arc::new(desk), source)
    }

    /// The window, opened once more over the same desk.
    pub fn again(desk: Arc<MadeUp>, source: Option<Source>) -> Self {
        let now_ms = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&now_ms);
        let clock = Arc::new(move || told.load(Ordering::Relaxed));
        let options = AppOptions { source, cameras, clock, ..AppOptions::new(Arc::clone(&desk), None) };
        let stage = Stage::inline(&options).unwrap();
        stage.app().window().set_size(PhysicalSize::new(1_280, 800));
        stage.app().show().unwrap();
        let window = Self { stage, desk, now_ms };
        window.settle();
        window
    }

    pub fn app(&self) -> &App {
        self.stage.app()
    }

    pub fn settle(&self) {
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(100));
        self.stage.settle();
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(100));
    }

    pub fn key(&self, text: impl Into<slint::SharedString>) {
        let text = text.into();
        self.app().window().dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
        self.app().window().dispatch_event(WindowEvent::KeyReleased { text });
    }

    /// Lets time go by for the keys: no test depends on how fast this machine is.
    pub fn pass_ms(&self, ms: u64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Types as fingers do.
    pub fn type_slowly(&self, text: &str) {
        for c in text.chars() {
            self.key(c.to_string());
            self.pass_ms(65);
        }
    }

    /// Sends as a scanner does.
    pub fn scan(&self, text: &str) {
        for c in text.chars() {
            self.key(c.to_string());
            self.pass_ms(4);
        }
        self.enter();
    }

    /// The camera reads a code.
    pub fn read(&self, text: &str) {
        let symbol = Accepted {
            symbology: Symbology::QrCode,
            identifier: "]Q1".into(),
            text: text.into(),
            bytes: text.into(),
            quad: [[10, 10], [50, 10], [50, 50], [10, 50]],
            passes: vec!["plain".into()],
            frame: 0,
        };
        self.stage.sees(vec![symbol], View { width: 60, height: 60, rgb: vec![128; 60 * 60 * 3] });
        self.settle();
    }

    pub fn press(&self, key: Key) {
        self.key(char::from(key).to_string());
        self.settle();
    }

    pub fn enter(&self) {
        self.press(Key::Return);
    }

    pub fn elements(&self) -> Vec<ElementHandle> {
        self.app().root_element().query_descendants().find_all()
    }

    /// Everything that a screen reader would read out.
    pub fn said(&self) -> Vec<String> {
        self.elements().iter().filter_map(|e| e.accessible_label()).map(String::from).collect()
    }

    pub fn says(&self, text: &str) -> bool {
        self.said().iter().any(|label| label.contains(text))
    }

    #[track_caller]
    pub fn must_say(&self, text: &str) {
        assert!(self.says(text), "{text:?} is not among {:#?}", self.said());
    }

    /// A key while Shift is held.
    pub fn press_shifted(&self, key: Key) {
        let shift = || char::from(Key::Shift).to_string().into();
        self.app().window().dispatch_event(WindowEvent::KeyPressed { text: shift() });
        self.key(char::from(key).to_string());
        self.app().window().dispatch_event(WindowEvent::KeyReleased { text: shift() });
        self.settle();
    }

    /// The first thing with such a label, whatever it is.
    #[track_caller]
    pub fn find(&self, label: &str) -> ElementHandle {
        let found = self.elements().into_iter().find(|e| e.accessible_label().is_some_and(|l| l.contains(label)));
        found.unwrap_or_else(|| panic!("{label:?} is not among {:#?}", self.said()))
    }

    /// A finger on what can be pressed, or cannot now.
    #[track_caller]
    pub fn touch(&self, label: &str) {
        self.button(label).mock_single_click(PointerEventButton::Left);
        self.settle();
    }

    /// The card's line of an item in the feed.
    #[track_caller]
    pub fn open_line(&self, mark: &str) {
        self.find(&format!(", {mark}, ")).invoke_accessible_default_action();
        self.settle();
    }

    #[track_caller]
    pub fn click(&self, label: &str) {
        self.button(label).invoke_accessible_default_action();
        self.settle();
    }

    #[track_caller]
    fn button(&self, label: &str) -> ElementHandle {
        let found = self.elements().into_iter().find(|e| {
            e.accessible_role().is_some_and(pressable) && e.accessible_label().is_some_and(|l| l.starts_with(label))
        });
        found.unwrap_or_else(|| panic!("{label:?} is not among {:#?}", self.said()))
    }

    /// Waits for what other threads do; how long they take is not what is tested.
    #[track_caller]
    pub fn until_it_says(&self, text: &str) {
        for _ in 0..400 {
            self.settle();
            if self.says(text) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.must_say(text);
    }

    pub fn told(&self) -> Vec<String> {
        self.desk.told.lock().unwrap().clone()
    }
}

pub fn pressable(role: AccessibleRole) -> bool {
    matches!(
        role,
        AccessibleRole::Button | AccessibleRole::RadioButton | AccessibleRole::Tab | AccessibleRole::Checkbox
    )
}
