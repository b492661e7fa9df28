//! Two pieces of work at once, where the machine has a second core.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does both, the second on a thread of its own when there are `threads` for it, and gives what each brought. What the
/// second brings is lost when it breaks down; a breakdown of the first goes on to the caller, when the second is done.
pub(super) fn both<A, B: Send>(
    threads: usize,
    first: impl FnOnce() -> A,
    second: impl FnOnce() -> B + Send,
) -> (A, Option<B>) {
    let second = Mutex::new(Some(second));
    let take = || second.lock().unwrap_or_else(PoisonError::into_inner).take();
    let run = || take().and_then(|work| catch_unwind(AssertUnwindSafe(work)).ok());
    if threads < 2 {
        return (first(), run());
    }
    thread::scope(|scope| match thread::Builder::new().name("rescue".into()).spawn_scoped(scope, run) {
        Ok(worker) => (first(), worker.join().ok().flatten()),
        // The system has no thread to give: then one after the other.
        Err(_) => (first(), run()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done_on_one_thread_and_on_two() {
        for threads in [0, 1, 2] {
            let here = thread::current().id();
            let (first, second) = both(threads, || thread::current().id(), || thread::current().id());
            assert_eq!(first, here);
            assert_eq!(second.unwrap() == here, threads < 2, "{threads}");
        }
    }

    #[test]
    fn a_breakdown_of_the_second_loses_only_what_it_would_have_brought() {
        for threads in [1, 2] {
            let (first, second) = both(threads, || 7, || -> u32 { panic!("made for this test") });
            assert_eq!((first, second), (7, None));
        }
    }
}
