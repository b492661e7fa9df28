//! Work shared out over the cores, its results in the order of the work, and how far it is on stderr.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// Pictures and clips are looked at one after the other: the reader has threads of its own, and its time is told by the whole
/// process.
pub const ALONE: usize = 1;

/// Does the same to each of these on as many threads as there are cores, at most `threads`, and says how far it is. Each
/// thread has hands of its own to work with.
pub fn each<T: Sync, H: Default, R: Send>(
    threads: usize,
    what: &'static str,
    all: &[T],
    work: impl Fn(&mut H, &T) -> R + Sync,
) -> Vec<R> {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}").expect("the template is right");
    let bar = ProgressBar::new(all.len() as u64).with_style(style).with_message(what);
    if bar.is_hidden() {
        eprintln!("{what}: {} to do", all.len());
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(all.len()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut hands = H::default();
                while let Some((index, one)) = take(&next, all) {
                    let result = work(&mut hands, one);
                    done.lock().expect("nobody panics while holding it").push((index, result));
                    bar.inc(1);
                    if bar.is_hidden() && bar.position().is_multiple_of(25) {
                        eprintln!("{what}: {} of {}", bar.position(), all.len());
                    }
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut done = done.into_inner().expect("nobody panicked while holding it");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

fn take<'a, T>(next: &AtomicUsize, all: &'a [T]) -> Option<(usize, &'a T)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    all.get(index).map(|one| (index, one))
}
