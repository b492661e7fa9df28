//! Pages of the program's own file. The start of the window reads thirty megabytes of them, of which it needs ten from then
//! on; the rest would count as this process's memory until it ends. What is needed after all comes back page by page from the
//! system's memory of the file.

use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io::{BufRead, BufReader};

/// madvise(2): "do not expect access in the near future".
const MADV_DONTNEED: c_int = 4;

unsafe extern "C" {
    fn madvise(begin: *mut c_void, len: usize, advice: c_int) -> c_int;
}

pub fn give_back() {
    let Ok(program) = std::fs::read_link("/proc/self/exe") else { return };
    let Ok(areas) = File::open("/proc/self/smaps") else { return };
    let lines = BufReader::new(areas).lines().map_while(Result::ok);
    for (begin, len) in unchanged(lines, &program.to_string_lossy()) {
        // SAFETY: the area is read-only and private, shows the program's own file, and none of its pages differs from
        // it. It stays where it is as long as the process lives, and whoever reads it next gets the same bytes from the
        // file. Where it fails, nothing was given back.
        let _ = unsafe { madvise(std::ptr::without_provenance_mut(begin), len, MADV_DONTNEED) };
    }
}

/// The areas (beginning and length) of what proc(5) tells of a process's memory that show a file, cannot be written, and hold no
/// page that differs from it: what the loader changed (relocations) would be lost.
fn unchanged(smaps: impl Iterator<Item = String>, file: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut area = None;
    for line in smaps {
        if let Some(changed) = line.strip_prefix("Anonymous:") {
            found.extend(area.take().filter(|_| changed.trim() == "0 kB"));
        } else if !line.split(' ').next().unwrap_or_default().ends_with(':') {
            area = read_only(&line, file);
        }
    }
    found
}

/// Beginning and length of the area of which a line is the head, when it shows that file and is private and read-only.
fn read_only(line: &str, file: &str) -> Option<(usize, usize)> {
    let mut fields = line.splitn(6, ' ');
    let (begin, end) = fields.next()?.split_once('-')?;
    let rights = fields.next()?.as_bytes();
    let name = fields.nth(3)?.trim_start();
    let number = |text| usize::from_str_radix(text, 16).ok();
    let begin = number(begin)?;
    let len = number(end)?.checked_sub(begin)?;
    (matches!(rights, [b'r', b'-', _, b'p']) && name == file).then_some((begin, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_the_same_from_the_file_is_given_back() {
        let area = |head: &str, changed: &str| {
            let size = "Size:               1024 kB\nVmFlags: rd mr mw me";
            format!("{head}\nRss:     512 kB\n{changed}{size}")
        };
        let none = "Anonymous:             0 kB\n";
        for (what, head, changed, expected) in [
            ("text", "1000-3000 r-xp 00001000 fe:00 7      /a b/program", none, Some((0x1000, 0x2000))),
            ("constants", "f000-10000 r--p 00000000 fe:00 7 /a b/program", none, Some((0xf000, 0x1000))),
            ("relocated", "1000-3000 r--p 00001000 fe:00 7 /a b/program", "Anonymous:     8 kB\n", None),
            ("untold", "1000-3000 r-xp 00001000 fe:00 7 /a b/program", "", None),
            ("written", "1000-3000 rw-p 00001000 fe:00 7 /a b/program", none, None),
            ("shared", "1000-3000 r--s 00001000 fe:00 7 /a b/program", none, None),
            ("unreadable", "1000-3000 ---p 00001000 fe:00 7 /a b/program", none, None),
            ("another file", "1000-3000 r-xp 00001000 fe:00 7 /a b/program2", none, None),
            ("no file", "1000-3000 r-xp 00000000 00:00 0", none, None),
            ("backwards", "3000-1000 r-xp 00001000 fe:00 7 /a b/program", none, None),
        ] {
            let text = [area(head, changed), area("9000-a000 rw-p 00000000 00:00 0 ", none)].join("\n");
            let found = unchanged(text.lines().map(str::to_owned), "/a b/program");
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{what}");
        }
    }

    #[test]
    fn the_program_goes_on_from_its_file() {
        // Constants that the loader relocated, and such as it did not.
        static WORDS: [&str; 3] = ["one", "two", "three"];
        static NUMBERS: [u32; 4] = [3, 1, 4, 1];
        let lines = || BufReader::new(File::open("/proc/self/smaps").unwrap()).lines().map(Result::unwrap);
        let own = std::fs::read_link("/proc/self/exe").unwrap();
        let areas = unchanged(lines(), &own.to_string_lossy());
        let here = unchanged as fn(std::vec::IntoIter<String>, &str) -> Vec<(usize, usize)> as usize;
        assert!(areas.iter().any(|(begin, len)| (*begin..begin + len).contains(&here)), "{areas:?}");
        for _ in 0..3 {
            give_back();
            assert_eq!(std::hint::black_box(&WORDS).concat(), "onetwothree");
            assert_eq!(std::hint::black_box(&NUMBERS).iter().sum::<u32>(), 9);
            assert_eq!(unchanged(lines(), &own.to_string_lossy()), areas);
        }
    }
}
