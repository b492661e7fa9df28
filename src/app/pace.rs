//! From an accepted symbol to pixels on the screen as one figure, for those who measure: with `TRACEPOST_PACE` set, each
//! answer tells on standard error how long it took. Otherwise nothing is done.
//!
//! The renderer tells nobody when it is through, so the end is counted from outside: the event loop draws what changed
//! before it turns to a timer that was started after the change; the second of two such timers comes when the picture has
//! been handed over. The figure holds at most one empty turn of the loop too much.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use slint::{ComponentHandle, Timer, Weak};
use tracepost_ui::App;

/// The stop watch; `None`: nobody wants to know.
#[derive(Clone, Default)]
pub struct Pace(Option<Rc<RefCell<Option<Instant>>>>);

impl Pace {
    /// A watch that runs when the environment asks for it.
    pub fn from_environment() -> Self {
        Self(std::env::var_os("TRACEPOST_PACE").map(|_| Rc::default()))
    }

    /// A symbol was accepted at that moment.
    pub fn accepted(&self, at: Instant) {
        if let Some(watch) = &self.0 {
            *watch.borrow_mut() = Some(at);
        }
    }

    /// Its answer is in the hands of the screen.
    pub fn shown(&self, app: &Weak<App>) {
        let Some(began) = self.0.as_ref().and_then(|watch| watch.borrow_mut().take()) else { return };
        let answered = began.elapsed();
        if let Some(app) = app.upgrade() {
            app.window().request_redraw();
        }
        Timer::single_shot(Duration::ZERO, move || {
            Timer::single_shot(Duration::ZERO, move || {
                let drawn = began.elapsed();
                eprintln!("pace: answered {:.1} ms, drawn {:.1} ms", ms(answered), ms(drawn));
            });
        });
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
