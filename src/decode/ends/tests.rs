//! Labels that are whole, and what is left of others.

use zxingcpp::BarcodeFormat;

use super::*;
use crate::decode::frame::Frame;
use crate::decode::passes::PLAIN;
use crate::decode::pixels::Grey;
use crate::decode::still::{Reader, ReaderOptions};
use crate::decode::tests::{draw, frame};
use crate::domain::Symbology;

fn read(scene: &Frame) -> Vec<String> {
    let reader = Reader::new(ReaderOptions { symbologies: vec![Symbology::Itf] });
    reader.still(scene).accepted.into_iter().map(|a| a.text).collect()
}

/// A label on dark ground with equal margins; bars from `gone` (a part of its length) on are white.
fn label(format: BarcodeFormat, text: &str, gone: Option<[f32; 2]>) -> Frame {
    let mut symbol = draw(format, text, 3);
    let width = symbol.width as usize;
    if let Some(part) = gone {
        let [from, to] = part.map(|p| (p * width as f32) as usize);
        symbol.data.chunks_exact_mut(width).for_each(|row| row[from..to].fill(255));
    }
    on_ground(&symbol)
}

fn on_ground(symbol: &Grey) -> Frame {
    let ground = Grey { data: vec![120; 900 * 300], width: 900, height: 300 };
    frame(900, 300, &[(&ground, 0, 0), (symbol, 120, 60)])
}

#[test]
fn whole_labels_of_any_length_are_read_when_itf_alone_is_asked_for() {
    for text in ["070429", "0053611912", "00123456"] {
        assert_eq!(read(&label(BarcodeFormat::ITF, text, None)), [text]);
    }
}

#[test]
fn no_rest_of_a_label_is_taken_for_a_whole_one() {
    // Labels whose pieces imitate another label, and what they imitate.
    let table: &[(BarcodeFormat, &str, &[Symbology])] = &[
        (BarcodeFormat::ITF, "00536119127042", &[Symbology::Itf]),
        // Its left half, cut behind the middle guard, has the digits and the end of a UPC-E.
        (BarcodeFormat::EAN13, "1204002329421", &[Symbology::UpcE, Symbology::Ean8]),
        (BarcodeFormat::EAN13, "5889813826589", &[Symbology::UpcE, Symbology::Ean8]),
    ];
    for &(format, text, asked) in table {
        let mut imitated = 0;
        for at in (200..950).step_by(6).map(|step| step as f32 / 1000.0) {
            for gone in [[at, 0.999], [at, (at + 0.09).min(0.999)], [0.001, at]] {
                let scene = label(format, text, Some(gone));
                for read in PLAIN.run(scene.luma(), asked).iter().filter(|r| !r.broken && r.text != text) {
                    assert!(
                        !are_seen(scene.luma(), read, acceptance::ends(read.symbology, Source::Rescue)),
                        "{gone:?}: {} {}",
                        read.symbology,
                        read.text
                    );
                    imitated += 1;
                }
            }
        }
        assert!(imitated > 0, "the engine took no rest of {text} for a label: the test proves nothing");
    }
}

#[test]
fn every_whole_label_shows_its_ends() {
    for (format, symbology, text) in WHOLE {
        let scene = label(format, text, None);
        let reads = PLAIN.run(scene.luma(), &[symbology]);
        let whole = reads.iter().find(|r| !r.broken).unwrap();
        assert!(are_seen(scene.luma(), whole, acceptance::ends(symbology, Source::Rescue)), "{symbology} {text}");
    }
}

/// A text that differs from the label's own in one character is not what the bars show, wherever it differs.
#[test]
fn another_text_at_the_same_place_is_not_seen() {
    for (format, symbology, text) in WHOLE[1..4].iter().chain(&WHOLE[8..]) {
        let scene = label(*format, text, None);
        let read = PLAIN.run(scene.luma(), &[*symbology]).into_iter().find(|r| !r.broken).unwrap();
        for at in (1..read.text.len() - 1).step_by(2) {
            let mut other = read.text.clone();
            other.replace_range(at..=at, if text[at..].starts_with('8') { "3" } else { "8" });
            let changed = Read { text: other, ..read.clone() };
            assert!(!are_seen(scene.luma(), &changed, Ends::Uncut), "{symbology} {}", changed.text);
        }
    }
}

const WHOLE: [(BarcodeFormat, Symbology, &str); 11] = [
    (BarcodeFormat::Code39, Symbology::Code39, "SN-445566"),
    (BarcodeFormat::Code39, Symbology::Code39, "W406621"),
    (BarcodeFormat::Codabar, Symbology::Codabar, "A40156B"),
    (BarcodeFormat::ITF, Symbology::Itf, "00012345678905"),
    (BarcodeFormat::EAN13, Symbology::Ean13, "4006381333931"),
    (BarcodeFormat::EAN8, Symbology::Ean8, "96385074"),
    (BarcodeFormat::UPCA, Symbology::UpcA, "036000291452"),
    (BarcodeFormat::UPCE, Symbology::UpcE, "01234565"),
    (BarcodeFormat::Code128, Symbology::Code128, "GL155601"),
    (BarcodeFormat::Code128, Symbology::Code128, "M4-9272949"),
    (BarcodeFormat::Code128, Symbology::Code128, "TR0087341"),
];

#[test]
fn an_add_on_beside_an_ean_13_does_not_make_a_piece_of_it() {
    // Two or five digits more, seven to twelve modules behind the label (GS1 General Specifications 5.2.2).
    for gap in [7, 9, 12] {
        let mut symbol = draw(BarcodeFormat::EAN13, "4006381333931", 3);
        let width = symbol.width as usize;
        let row = &symbol.data[width * (symbol.height as usize / 2)..][..width];
        let last = row.iter().rposition(|&p| p == 0).unwrap();
        let first = row.iter().position(|&p| p == 0).unwrap();
        let add_on = row[first..first + 20 * 3].to_vec();
        let wide = last + 1 + gap * 3 + add_on.len() + 30;
        let rows = symbol.data.chunks_exact(width);
        let with_add_on = |row: &[u8]| {
            let mut row = row[..=last].to_vec();
            row.resize(last + 1 + gap * 3, 255);
            row.extend(&add_on);
            row.resize(wide, 255);
            row
        };
        symbol = Grey { data: rows.flat_map(with_add_on).collect(), width: wide as u32, height: symbol.height };
        let scene = on_ground(&symbol);
        let read = PLAIN.run(scene.luma(), &[Symbology::Ean13]).into_iter().find(|r| !r.broken).unwrap();
        assert!(are_seen(scene.luma(), &read, acceptance::ends(Symbology::Ean13, Source::Plain)), "{gap}");
        // Other symbologies have nothing so near.
        assert_eq!(are_seen(scene.luma(), &read, Ends::Uncut), gap > 10, "{gap}");
    }
}

#[test]
fn a_smear_where_a_label_begins_is_not_its_beginning() {
    // The bars left of the text are smeared to grey, as wide as two characters.
    let whole = draw(BarcodeFormat::Code39, "W406621", 3);
    let piece = draw(BarcodeFormat::Code39, "6621", 3);
    for (smeared, want) in [(false, true), (true, false)] {
        let mut symbol = draw(BarcodeFormat::Code39, "6621", 3);
        let width = symbol.width as usize;
        let first = symbol.data[width * (symbol.height as usize / 2)..].iter().position(|&p| p == 0).unwrap();
        if smeared {
            symbol.data.chunks_exact_mut(width).for_each(|row| row[..first - 2].fill(150));
        }
        assert!(whole.width > piece.width);
        let scene = on_ground(&symbol);
        let reads = PLAIN.run(scene.luma(), &[Symbology::Code39]);
        for read in reads.iter().filter(|r| !r.broken) {
            assert_eq!(are_seen(scene.luma(), read, Ends::Uncut), want, "smeared: {smeared}");
        }
        let read = Read {
            symbology: Symbology::Code39,
            identifier: String::new(),
            text: "6621".into(),
            bytes: Vec::new(),
            quad: [
                [120 + first as i32, 120],
                [120 + width as i32 - first as i32, 120],
                [120 + width as i32 - first as i32, 140],
                [120 + first as i32, 140],
            ],
            broken: false,
        };
        assert_eq!(are_seen(scene.luma(), &read, Ends::Uncut), want, "smeared: {smeared}");
    }
}

#[test]
fn a_label_that_is_half_out_of_sight_does_not_show_both_ends() {
    // Cut by the picture's border, an EAN-13 may end where a UPC-E does.
    let symbol = draw(BarcodeFormat::EAN13, "1204002329421", 3);
    let mut imitated = 0;
    for left in 100..260 {
        let ground = Grey { data: vec![120; 400 * 300], width: 400, height: 300 };
        let scene = frame(400, 300, &[(&ground, 0, 0), (&symbol, left, 60)]);
        for read in PLAIN.run(scene.luma(), &[Symbology::UpcE]).iter().filter(|r| !r.broken) {
            assert!(!are_seen(scene.luma(), read, acceptance::ends(Symbology::UpcE, Source::Rescue)), "{left}");
            imitated += 1;
        }
    }
    assert!(imitated > 0, "the engine took no half for a label: the test proves nothing");
}

#[test]
fn places_without_length_or_out_of_the_picture_are_survived() {
    let scene = frame(40, 30, &[]);
    for quad in
        [[[5, 5]; 4], [[-90, 3], [900, 3], [900, 40], [-90, 40]], [[500, 500], [600, 500], [600, 510], [500, 510]]]
    {
        for (_, symbology, text) in WHOLE {
            let (identifier, text, bytes) = (String::new(), text.to_owned(), Vec::new());
            let read = Read { symbology, identifier, text, bytes, quad, broken: false };
            assert!(!are_seen(scene.luma(), &read, Ends::Uncut));
        }
    }
}
