//! Facts as numbers: every distinct way to describe a kind, make, model or calibre once.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::registers::Lately;
use crate::registers::describe::{Fact, Forms, forms};

/// Distinct facts in the order in which they first came; number 0 is for records that are silent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Dictionary {
    entries: Vec<(Forms, u32)>,
}

impl Dictionary {
    pub fn forms(&self, id: u32) -> Option<&Forms> {
        self.entries.get((id as usize).checked_sub(1)?).map(|(forms, _)| forms)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// A fact that is new here; gives its number.
    pub fn add(&mut self, forms: Forms) -> u32 {
        self.entries.push((forms, 0));
        self.entries.len() as u32
    }

    /// One more record has it.
    pub fn count_one(&mut self, id: u32) {
        if let Some((_, count)) = (id as usize).checked_sub(1).and_then(|i| self.entries.get_mut(i)) {
            *count += 1;
        }
    }

    /// Number of records that have it.
    pub fn count(&self, id: u32) -> u32 {
        (id as usize).checked_sub(1).and_then(|i| self.entries.get(i)).map_or(0, |(_, count)| *count)
    }
}

/// Gives out the numbers. Raw texts are remembered, because a million records repeat a few thousand of them.
pub(super) struct DictionaryBuilder {
    fact: Fact,
    lately: Lately,
    by_raw: HashMap<String, u32>,
    by_forms: HashMap<Forms, u32>,
    done: Dictionary,
}

impl DictionaryBuilder {
    pub fn new(fact: Fact) -> Self {
        Self {
            fact,
            lately: Lately::default(),
            by_raw: HashMap::new(),
            by_forms: HashMap::new(),
            done: Dictionary::default(),
        }
    }

    /// Takes over every number that another dictionary gave out.
    pub fn continue_from(&mut self, earlier: &Dictionary) {
        self.by_forms = (1u32..).zip(&earlier.entries).map(|(id, (forms, _))| (forms.clone(), id)).collect();
        self.done = earlier.clone();
    }

    pub fn add(&mut self, raw: Option<&str>) -> u32 {
        let Some(raw) = raw else {
            return 0;
        };
        let Self { fact, lately, by_raw, by_forms, done } = self;
        let id = lately.number(raw, || match by_raw.get(raw) {
            Some(&id) => id,
            None => {
                let id = forms(*fact, raw).map_or(0, |forms| number(by_forms, done, forms));
                by_raw.insert(raw.to_owned(), id);
                id
            }
        });
        self.done.count_one(id);
        id
    }

    pub fn finish(self) -> Dictionary {
        self.done
    }
}

fn number(by_forms: &mut HashMap<Forms, u32>, done: &mut Dictionary, forms: Forms) -> u32 {
    if let Some(&id) = by_forms.get(&forms) {
        return id;
    }
    let id = done.add(forms.clone());
    by_forms.insert(forms, id);
    id
}
