//! What the pickers offer, the most frequent first. What this officer chose before moves to the front.

use std::collections::HashMap;

use crate::domain::{Description, Object};

/// Choices on one page of a picker.
pub const PAGE: usize = 12;

const OBJECTS: [Object; 12] = [
    Object::Firearm,
    Object::Part,
    Object::Ammunition,
    Object::Optics,
    Object::Vehicle,
    Object::TravelDocument,
    Object::Missile,
    Object::Explosive,
    Object::Detonator,
    Object::Drone,
    Object::Container,
    Object::Other,
];
const KINDS: [&str; 11] = [
    "pistol",
    "shotgun",
    "assault rifle",
    "rifle",
    "carbine",
    "revolver",
    "submachine gun",
    "machine gun",
    "gas pistol",
    "grenade launcher",
    "flare gun",
];
const MAKES: [&str; 24] = [
    "Izhmash",
    "Tula",
    "Fort",
    "Beretta",
    "Glock",
    "CZ",
    "Zastava",
    "FN",
    "Smith & Wesson",
    "Colt",
    "Walther",
    "Heckler & Koch",
    "SIG Sauer",
    "Taurus",
    "Ruger",
    "Remington",
    "Mauser",
    "Norinco",
    "Radom",
    "FEG",
    "Browning",
    "Winchester",
    "Mossberg",
    "Star",
];
const KINDS_OF_DOCUMENTS: [&str; 6] =
    ["passport", "identity card", "residence permit", "visa", "driving licence", "travel document"];
/// States as ICAO Doc 9303-3 writes them, for such codes stand on documents and in registers of them.
const ISSUERS: [&str; 24] = [
    "UKR", "POL", "ROU", "MDA", "HUN", "SVK", "BLR", "RUS", "BGR", "TUR", "DEU", "FRA", "ITA", "ESP", "PRT", "GBR",
    "USA", "GEO", "BFA", "CIV", "MLI", "NER", "SEN", "NGA",
];
/// Models with the kind that they are, so that a chosen kind shortens the list.
const MODELS: [(&str, &str); 30] = [
    ("PM", "pistol"),
    ("TT", "pistol"),
    ("AK-74", "assault rifle"),
    ("AKM", "assault rifle"),
    ("AKS-74", "assault rifle"),
    ("AK-47", "assault rifle"),
    ("IZH-27", "shotgun"),
    ("IZH-58", "shotgun"),
    ("IZH-18", "shotgun"),
    ("IZH-43", "shotgun"),
    ("TOZ-34", "shotgun"),
    ("TOZ-B", "shotgun"),
    ("TOZ-63", "shotgun"),
    ("MTs 21-12", "shotgun"),
    ("TOZ-8", "rifle"),
    ("Mosin", "rifle"),
    ("SVD", "rifle"),
    ("SKS", "carbine"),
    ("Saiga", "carbine"),
    ("Nagant", "revolver"),
    ("Fort-12", "pistol"),
    ("Fort-17", "pistol"),
    ("APS", "pistol"),
    ("CZ 75", "pistol"),
    ("92", "pistol"),
    ("17", "pistol"),
    ("1911", "pistol"),
    ("M16", "assault rifle"),
    ("RPK-74", "machine gun"),
    ("PKM", "machine gun"),
];
const CALIBRES: [&str; 18] = [
    "9x18", "9x19", "5.45x39", "7.62x39", "12", "16", "7.62x25", "7.62x54R", "5.6", "5.56x45", "7.62x51", "20", ".380",
    ".45", ".38", ".22", "7.65", "9 PA",
];

/// What was chosen in this window, by field.
#[derive(Debug, Default)]
pub struct Habits(HashMap<(String, String), u32>);

impl Habits {
    /// Notes a choice for a field of an item that is known so far.
    pub fn note(&mut self, field: &str, value: &str, known: &Description) {
        *self.0.entry((drawer(field, known).to_owned(), value.to_owned())).or_default() += 1;
    }

    /// The choices for a field of an item that is known so far, best first.
    pub fn choices(&self, field: &str, known: &Description) -> Vec<String> {
        let mut list: Vec<String> = match field {
            "object" => OBJECTS.iter().map(|o| o.code().to_owned()).collect(),
            "kind" if is_document(known) => KINDS_OF_DOCUMENTS.map(str::to_owned).to_vec(),
            "kind" => KINDS.map(str::to_owned).to_vec(),
            "issuer" => ISSUERS.map(str::to_owned).to_vec(),
            "make" => MAKES.map(str::to_owned).to_vec(),
            "calibre" => CALIBRES.map(str::to_owned).to_vec(),
            "model" => {
                let (of_kind, others): (Vec<_>, Vec<_>) =
                    MODELS.iter().partition(|(_, kind)| known.kind.as_deref() == Some(kind));
                of_kind.into_iter().chain(others).map(|(model, _)| (*model).to_owned()).collect()
            }
            _ => Vec::new(),
        };
        let drawer = drawer(field, known);
        let own = self.0.keys().filter(|(of, _)| of == drawer).map(|(_, value)| value);
        for value in own {
            if !list.contains(value) {
                list.push(value.clone());
            }
        }
        let times = |value: &String| self.0.get(&(drawer.to_owned(), value.clone())).copied().unwrap_or(0);
        list.sort_by_key(|value| std::cmp::Reverse(times(value)));
        list
    }
}

fn is_document(known: &Description) -> bool {
    known.object == Some(Object::TravelDocument)
}

/// Where choices of a field are kept: a pistol is no kind of document.
fn drawer<'a>(field: &'a str, known: &Description) -> &'a str {
    if field == "kind" && is_document(known) { "kind of document" } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn habits_move_to_the_front_and_bring_new_values() {
        let mut habits = Habits::default();
        let known = Description::default();
        assert_eq!(habits.choices("kind", &known)[0], "pistol");
        habits.note("kind", "carbine", &known);
        assert_eq!(habits.choices("kind", &known)[..2], ["carbine", "pistol"]);
        habits.note("make", "Vis", &known);
        assert_eq!(habits.choices("make", &known)[0], "Vis");
        assert!(habits.choices("year", &known).is_empty());
        let document = Description { object: Some(Object::TravelDocument), ..known };
        assert_eq!(habits.choices("kind", &document)[0], "passport", "no pistol among documents");
    }

    #[test]
    fn a_known_kind_brings_its_models_first() {
        let known = Description { kind: Some("carbine".into()), ..Description::default() };
        let choices = Habits::default().choices("model", &known);
        assert_eq!(choices[..2], ["SKS", "Saiga"]);
        assert_eq!(choices.len(), MODELS.len(), "none is hidden");
    }
}
