//! Reading photographs with known contents: nothing wrong may be accepted, and enough must be read.
#![cfg(feature = "device")]

#[path = "support/marks.rs"]
mod marks;

use std::collections::BTreeMap;

use tracepost::capture::load_picture;
use tracepost::decode::{Reader, ReaderOptions};
use tracepost::domain::Symbology;

/// The symbologies in which no wrong text is allowed, and the least share, in percent, that must be read right.
const FLOORS: [(Symbology, usize); 7] = [
    (Symbology::QrCode, 95),
    (Symbology::MicroQr, 99),
    (Symbology::DataMatrix, 99),
    (Symbology::Aztec, 99),
    (Symbology::Pdf417, 99),
    (Symbology::Code128, 99),
    // One picture is meant to be read as an Italian pharmacy's number; here it stays the six characters that it holds.
    (Symbology::Code39, 87),
];

/// The picture whose expected text is a pharmacy's reading of plain Code 39.
const PHARMACY: (&str, &str) = ("code39-1/code32-1.png", "3PRM8N");

#[test]
fn photographs_are_read_right_or_not_at_all() {
    let Some(folder) = marks::folder() else { return };
    let reader = Reader::new(ReaderOptions::default());
    let mut scores: BTreeMap<Symbology, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for known in marks::known_pictures(&folder) {
        let Ok(frame) = load_picture(&known.picture) else { panic!("{} cannot be opened", known.name) };
        let accepted = reader.still(&frame).accepted;
        let hit = accepted.iter().any(|a| known.want.as_ref().is_some_and(|w| marks::same(&a.text, w)));
        for other in accepted.iter().filter(|a| !known.want.as_ref().is_some_and(|w| marks::same(&a.text, w))) {
            if (known.name.as_str(), other.text.as_str()) != PHARMACY {
                wrong.push(format!("{}: {} {:?} by {:?}", known.name, other.symbology, other.text, other.passes));
            }
        }
        if let Some(symbology) = known.symbology {
            let score = scores.entry(symbology).or_default();
            (score.0, score.1) = (score.0 + usize::from(hit), score.1 + 1);
        }
    }
    assert!(wrong.is_empty(), "wrong texts were accepted:\n{}", wrong.join("\n"));
    for (symbology, floor) in FLOORS {
        let (right, all) = scores[&symbology];
        assert!(100 * right >= floor * all, "{symbology}: {right} of {all} read right, the floor is {floor} %");
    }
}

#[test]
fn itf_of_any_length_is_read_where_it_alone_is_asked_for() {
    let Some(folder) = marks::folder() else { return };
    let reader = Reader::new(ReaderOptions { symbologies: vec![Symbology::Itf] });
    let (mut right, mut all) = (0, 0);
    for known in marks::known_pictures(&folder) {
        // Pictures without a code, and those of another family whose bars are the most alike.
        if !matches!(known.symbology, None | Some(Symbology::Itf | Symbology::Codabar)) {
            continue;
        }
        let Ok(frame) = load_picture(&known.picture) else { panic!("{} cannot be opened", known.name) };
        let texts: Vec<String> = reader.still(&frame).accepted.into_iter().map(|a| a.text).collect();
        let want = known.want.filter(|_| known.symbology == Some(Symbology::Itf));
        let strange = texts.iter().find(|t| !want.as_ref().is_some_and(|w| marks::same(t, w)));
        assert_eq!(strange, None, "{}", known.name);
        all += usize::from(want.is_some());
        right += usize::from(!texts.is_empty());
    }
    assert!(100 * right >= 99 * all, "{right} of {all} read right");
}
