//! Photographs with known contents, in folders by symbology, that tests and benches use in place.

use std::path::{Path, PathBuf};

use tracepost::capture::is_picture_name;
use tracepost::domain::Symbology;

/// A picture and what it holds.
pub struct Known {
    /// `None` where the picture must give nothing.
    pub symbology: Option<Symbology>,
    pub picture: PathBuf,
    /// Folder and file, for messages.
    pub name: String,
    /// The text, where it is known.
    pub want: Option<String>,
}

/// The folder of photographs: `TRACEPOST_MARKS`, else `../shared/marks` beside the checkout. Says loudly when there is
/// none.
pub fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/marks");
    let folder = std::env::var_os("TRACEPOST_MARKS").map_or_else(beside, PathBuf::from);
    if !folder.is_dir() {
        println!("SKIPPED: no photographs in {}; set TRACEPOST_MARKS to their folder", folder.display());
        return None;
    }
    Some(folder)
}

/// Pictures with what they hold; `None` where they must give nothing.
pub fn known_pictures(folder: &Path) -> Vec<Known> {
    let mut known = Vec::new();
    let mut groups: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    groups.sort();
    for group in groups {
        let name = group.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let family =
            name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-').trim_end_matches("-extension");
        let symbology = match family {
            "qrcode" => Some(Symbology::QrCode),
            "microqrcode" => Some(Symbology::MicroQr),
            "datamatrix" => Some(Symbology::DataMatrix),
            "aztec" => Some(Symbology::Aztec),
            "pdf417" => Some(Symbology::Pdf417),
            "code128" => Some(Symbology::Code128),
            "code39" => Some(Symbology::Code39),
            "code93" => Some(Symbology::Code93),
            "codabar" => Some(Symbology::Codabar),
            "itf" => Some(Symbology::Itf),
            "ean13" => Some(Symbology::Ean13),
            "ean8" => Some(Symbology::Ean8),
            "upca" => Some(Symbology::UpcA),
            "upce" => Some(Symbology::UpcE),
            "falsepositives" => None,
            _ => continue,
        };
        let mut pictures: Vec<_> =
            std::fs::read_dir(&group).into_iter().flatten().flatten().map(|e| e.path()).collect();
        pictures.sort();
        for picture in pictures.into_iter().filter(|p| is_picture_name(p)) {
            let want = std::fs::read_to_string(picture.with_extension("txt")).ok();
            if want.is_some() || symbology.is_none() {
                let file = picture.file_name().unwrap_or_default().to_string_lossy();
                let name = format!("{name}/{file}");
                known.push(Known { symbology, picture, name, want });
            }
        }
    }
    known
}

/// Equal after trimming; the expectations write control characters as pictures or leave out what GS1 puts in brackets.
pub fn same(text: &str, want: &str) -> bool {
    let bare = |s: &str| s.trim().replace(['\u{1d}', '(', ')', '\r'], "").replace("<GS>", "").replace('\u{241d}', "");
    text.trim() == want.trim() || bare(text) == bare(want)
}
