//! Numbers of texts that came lately. Millions of records repeat a few hundred words: most are found here by one comparison,
//! and a hash that nobody can provoke into collisions is needed for the rest only.

const SLOTS_LOG2: u32 = 10;

/// The last text of each slot, with its number.
#[derive(Debug, Clone)]
pub(crate) struct Lately {
    slots: Vec<Option<(Box<str>, u32)>>,
}

impl Default for Lately {
    fn default() -> Self {
        Self { slots: vec![None; 1 << SLOTS_LOG2] }
    }
}

impl Lately {
    /// The number of a text: as it was given lately, or as `find` tells.
    pub fn number(&mut self, text: &str, find: impl FnOnce() -> u32) -> u32 {
        let slot = &mut self.slots[slot(text.as_bytes())];
        match slot {
            Some((held, number)) if **held == *text => *number,
            _ => {
                let number = find();
                *slot = Some((text.into(), number));
                number
            }
        }
    }
}

/// By length, beginning and end: quick, and good enough, because what a slot holds is compared.
fn slot(text: &[u8]) -> usize {
    let (head, tail) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (text.iter().fold(0, |head, &b| head << 8 | u64::from(b)), 0),
    };
    let mixed = (head ^ tail.rotate_left(23) ^ (text.len() as u64) << 57).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - SLOTS_LOG2)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_number_that_it_was_given_however_many_there_are() {
        let mut lately = Lately::default();
        let mut asked = 0;
        for n in (0..5000u32).chain(0..5000).chain([1; 3]) {
            let text = format!("word {n} and its end");
            let number = lately.number(&text, || {
                asked += 1;
                n
            });
            assert_eq!(number, n);
        }
        assert!(asked < 10_003, "repeated texts are found");
        assert_eq!((lately.number("", || 7), lately.number("", || 8)), (7, 7));
    }
}
