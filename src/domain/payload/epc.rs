//! Electronic product codes as addresses (GS1 EPC Tag Data Standard, section 6): `urn:epc:id:sgtin:0614141.112345.400`.
//! They name the same things as GS1 element strings and UIIs, and are brought to those forms, which registers hold.

use super::Understood;
use super::web;
use crate::domain::check_digit::gs1;
use crate::domain::mark::Scheme;

const HEAD: &str = "urn:epc:";
/// Digits of a trade item number and of an asset type without their check digit.
const ITEM_DIGITS: usize = 13;
const ASSET_TYPE_DIGITS: usize = 12;
const LOAD_DIGITS: usize = 17;

/// Reads an address of a scheme that names an item, goods or a load; any other is kept whole.
pub fn understand(text: &str) -> Option<Understood> {
    let text = text.trim();
    let rest = text.get(..HEAD.len()).filter(|head| head.eq_ignore_ascii_case(HEAD)).map(|_| &text[HEAD.len()..])?;
    let mut out = Understood::of("epc");
    if take(rest, &mut out).is_none() {
        out = Understood::one("epc", Scheme::Other, text);
    }
    Some(out)
}

fn take(rest: &str, out: &mut Understood) -> Option<()> {
    let (kind, rest) = rest.split_once(':')?;
    let (scheme, body) = rest.split_once(':')?;
    // A tag's address names its size and begins with a filter value.
    let (scheme, body) = match kind.to_ascii_lowercase().as_str() {
        "id" => (scheme.to_ascii_lowercase(), body),
        "tag" => {
            let (filter, body) = body.split_once('.')?;
            out.fact("filter", filter);
            (scheme.rsplit_once('-').map_or(scheme, |(name, _)| name).to_ascii_lowercase(), body)
        }
        _ => return None,
    };
    let parts: Vec<&str> = body.splitn(3, '.').collect();
    match (scheme.as_str(), parts.as_slice()) {
        ("sgtin", [company, item, serial]) => {
            let number = with_check_digit(&rearranged(company, item, ITEM_DIGITS)?)?;
            out.mark(Scheme::Serial, &web::decode(serial));
            out.mark(Scheme::Gtin, &number);
        }
        ("sscc", [company, serial]) => {
            out.mark(Scheme::Other, &with_check_digit(&rearranged(company, serial, LOAD_DIGITS)?)?);
        }
        // The identifier 8003 has a filler before it and the serial behind.
        ("grai", [company, kind, serial]) => {
            let number = with_check_digit(&plain(company, kind, ASSET_TYPE_DIGITS)?)?;
            out.mark(Scheme::Uii, &format!("0{number}{}", web::decode(serial)));
        }
        ("giai", [company, asset @ ..]) if is_number(company) && !asset.is_empty() => {
            out.mark(Scheme::Uii, &format!("{company}{}", web::decode(&asset.join("."))));
        }
        // Construct 1 has no part number, construct 2 has one.
        ("adi", [enterprise, part, serial]) => {
            let agency = if enterprise.len() == 6 { "LD" } else { "D" };
            let (part, serial) = (web::decode(part), web::decode(serial));
            out.mark(Scheme::Uii, &format!("{agency}{enterprise}{part}{serial}"));
            out.mark(Scheme::Serial, &serial);
            out.fact("enterprise", *enterprise);
            if !part.is_empty() {
                out.fact("part", part);
            }
        }
        ("usdod", [enterprise, serial @ ..]) if !serial.is_empty() => {
            out.fact("enterprise", *enterprise);
            out.mark(Scheme::Serial, &web::decode(&serial.join(".")));
        }
        _ => return None,
    }
    (!out.marks.is_empty()).then_some(())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn plain(company: &str, rest: &str, digits: usize) -> Option<String> {
    let whole = format!("{company}{rest}");
    (is_number(company) && is_number(&whole) && whole.len() == digits).then_some(whole)
}

/// The first digit of the second part stands before the company's prefix in the number itself.
fn rearranged(company: &str, item: &str, digits: usize) -> Option<String> {
    let (indicator, item) = item.split_at_checked(1)?;
    let whole = format!("{indicator}{company}{item}");
    (is_number(company) && is_number(&whole) && whole.len() == digits).then_some(whole)
}

fn with_check_digit(digits: &str) -> Option<String> {
    Some(format!("{digits}{}", gs1(digits)?))
}
