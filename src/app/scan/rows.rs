//! A mark as a row of the card.

use tracepost_ui::{MarkRow, Source as UiSource};

use crate::domain::MarkSource;
use crate::domain::keys::{canonical, is_cyrillic};

/// The row of a mark.
pub(super) fn mark_row(seen: &crate::domain::SeenMark) -> MarkRow {
    let (source, symbology) = match seen.source {
        MarkSource::Read(symbology) => (UiSource::Read, symbology_name(symbology.code())),
        MarkSource::Scanner => (UiSource::Scanner, ""),
        MarkSource::Typed => (UiSource::Typed, ""),
    };
    MarkRow {
        value: seen.mark.value.as_str().into(),
        key: canonical(&seen.mark.value).into(),
        source,
        symbology: symbology.into(),
        scheme: seen.mark.scheme.code().into(),
        cyrillic: is_cyrillic(&seen.mark.value),
    }
}

/// Proper names of the code families; the same in every language.
fn symbology_name(code: &'static str) -> &'static str {
    match code {
        "qr_code" => "QR",
        "micro_qr" => "Micro QR",
        "data_matrix" => "Data Matrix",
        "aztec" => "Aztec",
        "pdf_417" => "PDF417",
        "code_128" => "Code 128",
        "code_39" => "Code 39",
        "code_93" => "Code 93",
        "codabar" => "Codabar",
        "itf" => "ITF",
        "ean_13" => "EAN-13",
        "ean_8" => "EAN-8",
        "upc_a" => "UPC-A",
        "upc_e" => "UPC-E",
        other => other,
    }
}
