//! Named places where a test can break the world: stop the program there, or make a write fail.
//!
//! Compiled in for debug builds only; in a release build [`hit`] is empty. A test in the same process uses [`fail`]; a test
//! that starts the program sets `TRACEPOST_FAILPOINTS="name=abort,other=fail"`.

use std::io;

/// A place that a test can break. Fails, or never returns, when it is set so.
#[cfg(not(any(debug_assertions, test)))]
#[inline(always)]
pub fn hit(_name: &str) -> io::Result<()> {
    Ok(())
}

/// A place that a test can break. Fails, or never returns, when it is set so.
#[cfg(any(debug_assertions, test))]
pub fn hit(name: &str) -> io::Result<()> {
    active::hit(name)
}

#[cfg(any(debug_assertions, test))]
pub use active::{Failing, fail};

#[cfg(any(debug_assertions, test))]
mod active {
    use std::cell::RefCell;
    use std::collections::HashMap;
    use std::io;
    use std::sync::OnceLock;

    thread_local! {
        static FAILING: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// While it lives, a place fails on this thread.
    #[derive(Debug)]
    pub struct Failing(String);

    /// Makes a place fail on this thread, as a full disk would.
    pub fn fail(name: &str) -> Failing {
        FAILING.with_borrow_mut(|failing| failing.push(name.to_owned()));
        Failing(name.to_owned())
    }

    impl Drop for Failing {
        fn drop(&mut self) {
            FAILING.with_borrow_mut(|failing| {
                if let Some(at) = failing.iter().position(|name| *name == self.0) {
                    failing.swap_remove(at);
                }
            });
        }
    }

    pub(super) fn hit(name: &str) -> io::Result<()> {
        let from_environment = environment().get(name).map(String::as_str);
        if from_environment == Some("abort") {
            std::process::abort();
        }
        if from_environment == Some("fail") || FAILING.with_borrow(|failing| failing.iter().any(|x| x == name)) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, format!("failpoint {name}")));
        }
        Ok(())
    }

    fn environment() -> &'static HashMap<String, String> {
        static SET: OnceLock<HashMap<String, String>> = OnceLock::new();
        SET.get_or_init(|| {
            let text = std::env::var("TRACEPOST_FAILPOINTS").unwrap_or_default();
            let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
            pairs.map(|(name, what)| (name.trim().to_owned(), what.trim().to_owned())).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_fails_only_while_told_to() {
        hit("here").unwrap();
        let failing = fail("here");
        assert_eq!(hit("here").unwrap_err().kind(), io::ErrorKind::StorageFull);
        hit("elsewhere").unwrap();
        drop(failing);
        hit("here").unwrap();
    }
}
