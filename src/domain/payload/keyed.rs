//! Texts of named values: `SERIAL:W123;MODEL:RIFLE-3;CAL:5.56`, one pair a line, or a flat JSON object.

use super::Understood;
use crate::domain::keys::canonical;
use crate::domain::mark::{Mark, Scheme};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Field {
    Mark(Scheme),
    /// Letters that belong before the number (Ukrainian registration papers give both apart).
    Series,
    Object,
    Kind,
    Make,
    Model,
    Calibre,
    Year,
    Country,
    Issuer,
    Lot,
    Part,
}

/// Most named values looked at.
const PAIRS_MAX: usize = 64;

/// Names as labels bear them in English, French, Ukrainian and Russian; case and punctuation do not matter.
pub fn field(name: &str) -> Option<Field> {
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).take(24).flat_map(char::to_uppercase).collect();
    Some(match name.as_str() {
        "SERIAL"
        | "SN"
        | "SNO"
        | "SER"
        | "SERNO"
        | "SERNUM"
        | "SERNR"
        | "SERIALNO"
        | "SERIALNR"
        | "SERIALNUM"
        | "SERIALNUMBER"
        | "NO"
        | "NR"
        | "NUM"
        | "NUMBER"
        | "NUMERO"
        | "NUMÉRO"
        | "NUMÉRODESÉRIE"
        | "NUMERODESERIE"
        | "NOSERIE"
        | "NOSÉRIE"
        | "NDESÉRIE"
        | "NDESERIE"
        | "NODESÉRIE"
        | "NODESERIE"
        | "NÚMERODESÉRIE"
        | "NÚMERODESERIE"
        | "MATRICULE"
        | "SERIENNUMMER"
        | "WAFFENNUMMER"
        | "WEAPONNUMBER"
        | "НОМЕР"
        | "СЕРІЙНИЙНОМЕР"
        | "СЕРИЙНЫЙНОМЕР"
        | "НОМЕРЗБРОЇ"
        | "НОМЕРОРУЖИЯ"
        | "ЗАВНОМЕР"
        | "ЗАВОДСЬКИЙНОМЕР" => Field::Mark(Scheme::Serial),
        "IMPORT" | "IMPORTMARK" | "IMPORTSERIAL" => Field::Mark(Scheme::Import),
        "UII" | "UID" | "IUID" => Field::Mark(Scheme::Uii),
        "VIN" | "BODYNUMBER" | "НОМЕРКУЗОВА" => Field::Mark(Scheme::Vin),
        "PLATE" | "LICENSEPLATE" | "LICENCEPLATE" | "IMMATRICULATION" | "ДЕРЖНОМЕР" | "НОМЕРНИЙЗНАК" => {
            Field::Mark(Scheme::Plate)
        }
        "ENGINE" | "ENGINENO" | "ENGINENUMBER" | "MOTEUR" | "НОМЕРДВИГУНА" => Field::Mark(Scheme::Engine),
        "DOCUMENT" | "DOCUMENTNO" | "DOCUMENTNUMBER" | "PASSPORT" | "PASSPORTNO" | "PASSEPORT" | "ПАСПОРТ" => {
            Field::Mark(Scheme::Document)
        }
        "CONTAINER" | "CONTAINERNO" | "CONTENEUR" | "КОНТЕЙНЕР" => Field::Mark(Scheme::Container),
        "GTIN" | "EAN" | "UPC" => Field::Mark(Scheme::Gtin),
        "SERIES" | "SÉRIE" | "SERIE" | "WEAPONSERIES" | "СЕРІЯ" | "СЕРИЯ" => Field::Series,
        "OBJECT" | "OBJET" => Field::Object,
        "KIND" | "TYPE" | "WEAPONKIND" | "ВИД" | "ТИП" => Field::Kind,
        "MAKE" | "MAKER" | "MFR" | "MFG" | "MANUFACTURER" | "BRAND" | "FABRICANT" | "MARQUE" | "ВИРОБНИК" | "МАРКА" => {
            Field::Make
        }
        "MODEL" | "MOD" | "MDL" | "MODELE" | "MODÈLE" | "МОДЕЛЬ" => Field::Model,
        "CAL" | "CALIBER" | "CALIBRE" | "WEAPONCALIBER" | "КАЛІБР" | "КАЛИБР" => Field::Calibre,
        "YEAR" | "ANNEE" | "ANNÉE" | "GRADUATIONYEAR" | "РІК" | "ГОД" => Field::Year,
        "COUNTRY" | "PAYS" | "КРАЇНА" | "СТРАНА" => Field::Country,
        "ISSUER" | "AUTHORITY" => Field::Issuer,
        "LOT" | "BATCH" => Field::Lot,
        "PN" | "PNO" | "PARTNO" | "PARTNR" | "PARTNUMBER" => Field::Part,
        _ => return None,
    })
}

/// Takes one named value; `false` when it is empty or not of its kind, so that it can be left over.
pub fn take(field: Field, value: &str, out: &mut Understood) -> bool {
    let value = value.trim();
    if value.is_empty() {
        return false;
    }
    let about = &mut out.description;
    let slot = match field {
        Field::Mark(scheme) => {
            out.mark(scheme, value);
            return true;
        }
        Field::Lot => {
            out.fact("lot", value);
            return true;
        }
        Field::Part => {
            out.fact("part", value);
            return true;
        }
        Field::Series => return false,
        Field::Object => {
            about.object = about.object.or_else(|| value.parse().ok());
            return about.object.is_some();
        }
        Field::Year => {
            let year = value.parse().ok().filter(|year| (1700..=2100).contains(year));
            about.year = about.year.or(year);
            return year.is_some();
        }
        Field::Kind => &mut about.kind,
        Field::Make => &mut about.make,
        Field::Model => &mut about.model,
        Field::Calibre => &mut about.calibre,
        Field::Country => &mut about.country,
        Field::Issuer => &mut about.issuer,
    };
    if slot.is_some() {
        return false;
    }
    *slot = Some(value.to_owned());
    true
}

/// Reads named values. At least one of them must be a mark, else the text is of another form.
pub fn understand(text: &str) -> Option<Understood> {
    let text = text.trim();
    // Address cards and calendars have named values too, `UID` among them, but of people and meetings.
    if text.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("BEGIN:V")) {
        return None;
    }
    let pairs = json_pairs(text).unwrap_or_else(|| written_pairs(text));
    let mut out = Understood::of("keyed");
    let mut series = None;
    for (at, (name, value)) in pairs.iter().enumerate() {
        match field(name).filter(|_| at < PAIRS_MAX) {
            Some(Field::Series) if series.is_none() => series = Some(value.trim()),
            Some(field) if take(field, value, &mut out) => {}
            _ if name.is_empty() => out.left(value),
            _ => out.left(&format!("{name}:{value}")),
        }
    }
    // A single labelled serial is kept as it stands, label and all; its key leaves the label out.
    if let ([(_, value)], [only]) = (pairs.as_slice(), out.marks.as_slice())
        && only.scheme == Scheme::Serial
        && canonical(text) == canonical(value)
    {
        return None;
    }
    let number = out.marks.iter().position(|mark| mark.scheme == Scheme::Serial);
    match (series.filter(|s| !s.is_empty()), number) {
        (Some(series), Some(at)) => {
            out.marks[at] = Mark::new(Scheme::Serial, format!("{series} {}", out.marks[at].value))
        }
        (Some(series), None) => out.left(series),
        (None, _) => {}
    }
    (!out.marks.is_empty()).then_some(out)
}

/// Most words of a name: `Serial number`, `N° de série`.
const NAME_WORDS_MAX: usize = 3;

fn written_pairs(text: &str) -> Vec<(String, String)> {
    let split = |separators: &[char]| -> Vec<(String, String)> {
        text.split(separators).filter(|piece| !piece.trim().is_empty()).flat_map(pairs_of).collect()
    };
    // A comma parts pairs only where nothing else does and each piece has a name; it also stands in 7,62.
    let separators = [';', '\n', '\r', '|', '&', '\t'];
    let by_comma = if text.contains(separators) { Vec::new() } else { split(&[',']) };
    let all_named = !by_comma.is_empty() && text.contains(',') && by_comma.iter().all(|(name, _)| !name.is_empty());
    if all_named { by_comma } else { split(&separators) }
}

/// The pairs of one piece, which has no separators: `SN: AB1234 PN: 4711` are two. A text without a name has an empty one.
fn pairs_of(piece: &str) -> Vec<(String, String)> {
    let Some((name, mut rest)) = piece.split_once([':', '=']) else {
        return vec![(String::new(), piece.trim().to_owned())];
    };
    let mut name = name.trim();
    let mut pairs = Vec::new();
    while let Some((value, next, behind)) = next_named(rest) {
        pairs.push((name.to_owned(), value.to_owned()));
        (name, rest) = (next, behind);
    }
    pairs.push((name.to_owned(), rest.trim().to_owned()));
    pairs
}

/// The value that goes before the next name, if a known one stands before a colon, and what stands behind that.
fn next_named(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices([':', '=']).find_map(|(at, _)| {
        let before = &text[..at];
        let words = before
            .char_indices()
            .rev()
            .filter(|(_, c)| c.is_whitespace())
            .map(|(at, c)| before.split_at(at + c.len_utf8()));
        let named =
            words.take(NAME_WORDS_MAX).filter(|(value, name)| !value.trim().is_empty() && field(name).is_some());
        let (value, name) = named.last()?;
        Some((value.trim_matches(|c: char| c.is_whitespace() || c == ','), name.trim(), &text[at + 1..]))
    })
}

fn json_pairs(text: &str) -> Option<Vec<(String, String)>> {
    if !text.starts_with('{') {
        return None;
    }
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    // What is neither text nor number is nobody's name or value; as JSON it can be left over.
    let flat = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    // Several serials under one name are several marks, not one long one.
    let each = |name: &str, value: serde_json::Value| match value {
        serde_json::Value::Array(values) if !values.is_empty() && field(name).is_some() => values,
        one => vec![one],
    };
    let pairs =
        object.into_iter().flat_map(|(name, value)| each(&name, value).into_iter().map(move |v| (name.clone(), v)));
    Some(pairs.take(8 * PAIRS_MAX).map(|(name, value)| (name, flat(value))).collect())
}
