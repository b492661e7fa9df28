//! GS1 Digital Link: a web address whose path holds a primary application identifier and its data, qualifiers after it.

use super::Understood;
use super::gs1::{self, Element};
use super::web::{self, Address};
use crate::domain::check_digit::gs1_fits;

/// Keys that a link may begin with, and that name an item, goods or a load.
const PRIMARY: [&str; 6] = ["01", "8003", "8004", "8006", "00", "8010"];

/// Reads a link. A path segment that merely looks like an identifier is not enough: a trade item number must fit its
/// check digit, and the other keys their shape.
pub fn understand(text: &str) -> Option<Understood> {
    let address = web::parse(text)?;
    let found = elements(&address)?;
    let mut out = Understood::of("gs1_link");
    found.iter().for_each(|element| gs1::take(element, &mut out));
    out.marks.sort_by_key(|mark| matches!(mark.scheme, super::Scheme::Gtin | super::Scheme::Other));
    for (key, value) in &address.query {
        if element(key, value).is_none() {
            out.left(&format!("{key}={value}"));
        }
    }
    Some(out)
}

fn elements(address: &Address) -> Option<Vec<Element>> {
    let begin = address.path.iter().position(|segment| PRIMARY.contains(&segment.as_str()))?;
    let pairs = address.path[begin..].chunks_exact(2);
    let mut found = Vec::new();
    for pair in pairs {
        found.push(element(&pair[0], &pair[1])?);
    }
    let primary = found.first()?;
    let sure = match primary.ai.as_str() {
        "01" => gs1_fits(&primary.data),
        "8006" | "8003" => primary.data.get(..14).is_some_and(gs1_fits),
        "00" => gs1_fits(&primary.data),
        _ => true,
    };
    let from_query = address.query.iter().filter_map(|(key, value)| element(key, value));
    sure.then(|| found.iter().cloned().chain(from_query).collect())
}

/// Shorter trade item numbers stand in links without their leading zeros.
fn element(ai: &str, data: &str) -> Option<Element> {
    let padded = if ai == "01" && matches!(data.len(), 8 | 12 | 13) { format!("{data:0>14}") } else { data.to_owned() };
    let (mut found, misfits) = gs1::bracketed(&format!("({ai}){padded}"))?;
    (found.len() == 1 && misfits.is_empty()).then(|| found.remove(0))
}
