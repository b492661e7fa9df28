//! Freight containers (ISO 6346) whose number stands alone.

use super::Understood;
use crate::domain::check_digit::container_fits;
use crate::domain::mark::Scheme;

/// Three letters of the owner, U, J or Z, six digits and the right check digit. With a wrong one it may as well be a
/// serial, and stays one.
pub fn understand(text: &str) -> Option<Understood> {
    let text = text.trim();
    let number: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>().to_ascii_uppercase();
    let category = number.as_bytes().get(3)?;
    let fits = matches!(category, b'U' | b'J' | b'Z') && container_fits(&number);
    fits.then(|| Understood::one("container", Scheme::Container, text))
}
