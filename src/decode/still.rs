//! Stills: a picture has no second frame, so a second pass that agrees stands in for it.

use super::acceptance;
use super::acceptance::Source;
use super::board::{Accepted, Board, Voice, Window};
use super::ends;
use super::engine::Read;
use super::frame::{Frame, Luma};
use super::joined;
use super::looks::{self, Look};
use super::mesh;
use super::passes::{self, PLAIN, Pass, RESCUE, TURNED};
use super::place;
use super::propose::{self, Kind, Proposal};
use super::slant;
use super::workers::both;
use crate::domain::{Quad, Symbology};

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReaderOptions {
    /// The symbologies to look for.
    pub symbologies: Vec<Symbology>,
}

impl Default for ReaderOptions {
    /// All but EAN/UPC, ITF and Codabar: those stand on goods, not on weapons, and are weak against misreads.
    fn default() -> Self {
        Self { symbologies: acceptance::on_by_default() }
    }
}

/// What a still holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct StillResult {
    /// Symbols that were accepted.
    pub accepted: Vec<Accepted>,
    /// Places where a symbol was seen and not accepted, so that a person can be asked to look again.
    pub unread: Vec<Quad>,
}

/// Reads stills.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    options: ReaderOptions,
}

impl Reader {
    /// A reader of the given symbologies.
    pub fn new(options: ReaderOptions) -> Self {
        Self { options }
    }

    /// Looks at a picture until all that was seen in it is settled, or no pass is left.
    pub fn still(&self, frame: &Frame) -> StillResult {
        self.still_while(frame, &|| true)
    }

    /// The same, as long as the answer is `wanted`: that is asked before each pass, and when it no longer is, what was
    /// found so far is given.
    pub fn still_while(&self, frame: &Frame, wanted: &dyn Fn() -> bool) -> StillResult {
        let (luma, options) = (frame.luma(), &self.options);
        Search { luma, options, wanted, board: Board::default(), broken: Vec::new(), patterns: Vec::new(), round: 0 }
            .finish()
    }
}

/// Larger pictures get only the rescue passes that make them smaller, which also are those that help there.
const RESCUE_PIXELS_MAX: u64 = 16_000_000;

/// Two passes or looks at a still run at once, whatever the machine, so that it is read alike on any.
const THREADS: usize = 2;

/// A whole still gets no dearer rescue pass: what turning and doubling read, looks at its places read too.
const WHOLE_COST_MAX: f32 = 1.3;
/// Looks at proposed places may cost so many plain passes over the whole picture.
const LOOKS_BUDGET: f32 = 9.0;
/// The same, where all that the passes saw is settled and some place still looks like a code.
const SETTLED_BUDGET: f32 = 2.5;
/// What setting a place upright costs, for its part of the picture; no more pixels are looked at than in such a part.
const STRAIGHTEN_COST: f32 = 2.2;
const STRAIGHTEN_SHARE_MAX: f32 = 0.1;
/// Places that fill so much of the picture are its ground, or a code that whole passes see as well: they get so many looks.
const GROUND_SHARE: f32 = 0.4;
const GROUND_LOOKS: usize = 4;
/// Once a code was read, places with edges less strong than this part of its edges are not looked at.
const WEAKER_MIN: f32 = 0.3;
/// Where neither passes nor looks saw anything, not even a broken pattern, only these rescue passes are tried: the others never
/// were the first to see something.
const UNSEEN_PASSES: [&str; 3] = ["blur", "half_blur", "near_white"];
/// So many proposed places are looked at.
const PLACES_MAX: usize = 24;

/// So many codes on uneven ground are looked at through a net.
const CREASED_MAX: usize = 3;

/// In a still each pass is a round of its own, and none is ever too old.
const WINDOW: Window = Window::Everything;

struct Search<'a> {
    luma: Luma<'a>,
    options: &'a ReaderOptions,
    wanted: &'a dyn Fn() -> bool,
    board: Board,
    broken: Vec<(Symbology, Quad)>,
    /// Where looks at places saw a QR code and no text.
    patterns: Vec<Quad>,
    round: u64,
}

impl Search<'_> {
    fn finish(mut self) -> StillResult {
        self.passes(&PLAIN, &TURNED);
        if !self.is_settled() {
            self.ask_rqrr();
        }
        self.look_at_places();
        self.smooth_creases();
        let pixels = u64::from(self.luma.width) * u64::from(self.luma.height);
        let unseen = self.broken.is_empty() && self.patterns.is_empty() && self.board.candidates.is_empty();
        let suits = |p: &&Pass| {
            let due = if unseen { UNSEEN_PASSES.contains(&p.name) } else { p.cost <= WHOLE_COST_MAX };
            due && (pixels <= RESCUE_PIXELS_MAX || p.cost < 0.5)
        };
        let passes: Vec<&Pass> = RESCUE.iter().filter(suits).collect();
        for pair in passes.chunks(2) {
            if self.is_settled() || !(self.wanted)() {
                break;
            }
            match pair {
                [first, second] => self.passes(first, second),
                _ => pair.iter().for_each(|pass| self.pass(pass)),
            }
        }
        let accepted = self.board.accept(self.round, WINDOW, 0);
        let doubtful = self.board.candidates.iter().filter(|c| !c.accepted).map(|c| c.quad());
        let mut unread: Vec<Quad> = Vec::new();
        for quad in doubtful.chain(self.broken.iter().map(|b| b.1)) {
            let known = accepted.iter().map(|a| &a.quad).chain(&unread).any(|k| place::overlap(k, &quad));
            if !known {
                unread.push(quad);
            }
        }
        StillResult { accepted, unread }
    }

    fn pass(&mut self, pass: &Pass) {
        let reads = pass.run(self.luma, &self.options.symbologies);
        self.count_pass(reads, pass);
    }

    /// Two passes at the same time; what the first read counts first.
    fn passes(&mut self, first: &Pass, second: &Pass) {
        let (luma, symbologies) = (self.luma, &self.options.symbologies);
        let (reads, more) = both(THREADS, || first.run(luma, symbologies), || second.run(luma, symbologies));
        self.count_pass(reads, first);
        self.count_pass(more.unwrap_or_default(), second);
    }

    /// Counts what a pass over the whole still read. No other pass may be able to read it: then the same one looks again,
    /// at that place.
    fn count_pass(&mut self, reads: Vec<Read>, pass: &Pass) {
        let confirmable = |r: &&Read| !r.broken && pass.source() == Source::Rescue && acceptance::corrects(r.symbology);
        let texts: Vec<(Symbology, Quad)> = reads.iter().filter(confirmable).map(|r| (r.symbology, r.quad)).collect();
        self.count(reads, Voice::of(pass));
        for (symbology, quad) in texts {
            for again in pass.again(self.luma, &quad, symbology) {
                if self.is_explained(&quad) || !(self.wanted)() {
                    break;
                }
                let again = again.into_iter().filter(|r| !r.broken).collect();
                self.count(again, Voice { pass: "again", ..Voice::of(pass) });
            }
        }
    }

    fn count(&mut self, mut reads: Vec<Read>, voice: Voice) {
        self.round += 1;
        joined::join(self.luma, &mut reads);
        ends::examine(self.luma, &mut reads, voice.source, |_| false);
        for read in reads {
            if read.broken {
                self.broken.push((read.symbology, read.quad));
            } else if self.options.symbologies == [Symbology::Itf] {
                self.board.vote_whole(read, voice, self.round, WINDOW);
            } else {
                self.board.vote(read, voice, self.round, 0, WINDOW);
            }
        }
    }

    /// Where zxing-cpp saw a QR code and found no text, rqrr may; its text counts with a second agreeing read.
    fn ask_rqrr(&mut self) {
        let places: Vec<Quad> = self.unexplained().filter(|b| b.0 == Symbology::QrCode).map(|b| b.1).take(4).collect();
        for quad in places {
            let region = place::region(&quad, 0.25, self.luma.width, self.luma.height);
            let reads = passes::second_opinion(self.luma, region);
            self.count(reads, Voice::RQRR);
        }
    }

    /// Where a QR code was seen and none of the looks read it, its ground may be uneven (creased cloth): it is read through a
    /// net, laid in different ways until two of them give the same text.
    fn smooth_creases(&mut self) {
        for quad in self.unsettled_qr() {
            for reads in mesh::reads(self.luma, &quad) {
                self.count(reads, Voice { pass: "net", source: Source::Rescue, over: 0 });
                if self.is_explained(&quad) || !(self.wanted)() {
                    break;
                }
            }
        }
    }

    /// Places where a QR code was seen, in the whole picture or by a look, or read once, and nothing is settled.
    fn unsettled_qr(&self) -> Vec<Quad> {
        let broken = self.broken.iter().filter(|b| b.0 == Symbology::QrCode).map(|b| &b.1);
        let mut places: Vec<Quad> = Vec::new();
        for quad in broken.chain(&self.patterns) {
            if !self.is_explained(quad) && !places.iter().any(|p| place::overlap(p, quad)) {
                places.push(*quad);
            }
        }
        places.truncate(CREASED_MAX);
        places
    }

    /// Looks closer at places that look like codes and are not explained yet: each look at every place before the next
    /// look, as long as the budget lasts.
    fn look_at_places(&mut self) {
        let (read, open): (Vec<Proposal>, Vec<Proposal>) =
            propose::propose(self.luma, PLACES_MAX).into_iter().partition(|p| self.is_explained(&p.quad()));
        let mut strongest_read = read.iter().map(|p| p.strength).fold(0.0, f32::max);
        let pixels = self.luma.width as f32 * self.luma.height as f32;
        // A place is set upright when its turn comes.
        let mut places: Vec<(Proposal, bool)> =
            open.into_iter().filter(|p| !p.is_an_edge()).map(|p| (p, false)).collect();
        let mut left = if self.is_settled() { SETTLED_BUDGET } else { LOOKS_BUDGET };
        let most = looks::looks(Kind::Bars).len().max(looks::looks(Kind::Grid).len());
        for at in 0..most {
            let mut heavy = 0;
            let mut due: Vec<(Proposal, &Look)> = Vec::new();
            let mut i = 0;
            while i < places.len() && (self.wanted)() {
                let (mut place, upright) = places[i];
                if self.is_explained(&place.quad()) {
                    strongest_read = strongest_read.max(place.strength);
                    places.remove(i);
                    continue;
                }
                i += 1;
                let Some(look) = looks::looks(place.kind).get(at) else { continue };
                let share = place.area() / pixels;
                let is_ground = share > GROUND_SHARE && at >= GROUND_LOOKS;
                if place.strength < WEAKER_MIN * strongest_read || is_ground || left <= 0.0 {
                    continue;
                }
                if !upright {
                    left -= STRAIGHTEN_COST * share.min(STRAIGHTEN_SHARE_MAX);
                    place = slant::straightened(self.luma, &place);
                    places[i - 1] = (place, true);
                }
                let cost = look.cost * place.area() * 1.5 / pixels;
                if look.cost >= looks::DEBLUR_COST {
                    heavy += 1;
                }
                if cost > left || heavy > 3 {
                    continue;
                }
                left -= cost;
                due.push((place, look));
                if due.len() == THREADS {
                    self.look_at_all(&mut due);
                }
            }
            self.look_at_all(&mut due);
        }
    }

    /// Looks at one place or two, two at the same time; what was read at the first counts first.
    fn look_at_all(&mut self, due: &mut Vec<(Proposal, &Look)>) {
        let (luma, symbologies) = (self.luma, &self.options.symbologies);
        let run = |at: usize| due.get(at).map_or_else(Vec::new, |(place, look)| look.run(luma, place, symbologies));
        let (first, second) = if due.len() < 2 { (run(0), None) } else { both(THREADS, || run(0), || run(1)) };
        let found = [first, second.unwrap_or_default()];
        for ((place, look), reads) in due.drain(..).zip(found) {
            if self.count_reads(look, reads) {
                self.confirm(&place, look);
            }
        }
    }

    fn confirm(&mut self, place: &Proposal, look: &Look) {
        for again in look.again() {
            if self.is_explained(&place.quad()) {
                return;
            }
            self.count_look(&again, place);
        }
    }

    /// Whether the look gave any text.
    fn count_look(&mut self, look: &Look, place: &Proposal) -> bool {
        self.count_reads(look, look.run(self.luma, place, &self.options.symbologies))
    }

    fn count_reads(&mut self, look: &Look, reads: Vec<Read>) -> bool {
        let any = reads.iter().any(|r| !r.broken);
        let pattern = |r: &&Read| r.broken && r.symbology == Symbology::QrCode;
        self.patterns.extend(reads.iter().filter(pattern).map(|r| r.quad));
        let reads = reads.into_iter().filter(|r| !r.broken).collect();
        self.count(reads, Voice { pass: look.name, source: Source::Rescue, over: 0 });
        any
    }

    /// Whether an acceptable symbol lies there.
    fn is_explained(&self, quad: &Quad) -> bool {
        self.board.is_settled_at(quad, self.round, WINDOW)
    }

    /// Broken finds where nothing was read.
    fn unexplained(&self) -> impl Iterator<Item = &(Symbology, Quad)> {
        self.broken.iter().filter(|b| !self.board.candidates.iter().any(|c| place::overlap(&c.quad(), &b.1)))
    }

    fn is_settled(&self) -> bool {
        self.board.all_settled(self.round, WINDOW) && self.unexplained().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::tests::{draw, frame};

    #[test]
    fn several_symbols_of_several_kinds() {
        let serials = [
            (BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", Symbology::QrCode),
            (BarcodeFormat::Code128, "W7654321", Symbology::Code128),
            (BarcodeFormat::Code39, "SN-445566", Symbology::Code39),
            (BarcodeFormat::PDF417, "SERIAL:AB1234;CAL:5.56", Symbology::Pdf417),
        ];
        let drawn: Vec<_> = serials.iter().map(|s| draw(s.0, s.1, 3)).collect();
        let places: Vec<_> =
            drawn.iter().zip([(20, 20), (20, 300), (20, 450), (600, 100)]).map(|(d, (x, y))| (d, x, y)).collect();
        let found = Reader::default().still(&frame(1280, 720, &places));
        let mut got: Vec<_> = found.accepted.iter().map(|a| (a.symbology, a.text.as_str())).collect();
        let mut want: Vec<_> = serials.iter().map(|s| (s.2, s.1)).collect();
        got.sort_unstable();
        want.sort_unstable();
        assert_eq!(got, want);
        let code39 = found.accepted.iter().find(|a| a.symbology == Symbology::Code39).unwrap();
        assert!(code39.passes.len() >= 2, "Code 39 needs two passes: {:?}", code39.passes);
    }

    #[test]
    fn nothing_is_seen_in_nothing() {
        assert_eq!(Reader::default().still(&frame(320, 240, &[])), StillResult::default());
    }

    #[test]
    fn goods_codes_are_off_unless_asked_for() {
        let ean = draw(BarcodeFormat::EAN13, "4006381333931", 3);
        let scene = frame(640, 400, &[(&ean, 50, 50)]);
        assert_eq!(Reader::default().still(&scene).accepted, []);
        let asked = Reader::new(ReaderOptions { symbologies: vec![Symbology::Ean13] });
        assert_eq!(asked.still(&scene).accepted[0].text, "4006381333931");
    }

    #[test]
    fn the_same_label_twice_is_two_symbols() {
        let label = draw(BarcodeFormat::Code128, "W7654321", 2);
        let scene = frame(1000, 600, &[(&label, 20, 20), (&label, 600, 400)]);
        assert_eq!(Reader::default().still(&scene).accepted.len(), 2);
    }

    #[test]
    fn a_still_that_nobody_wants_any_more_ends_early() {
        let asked = std::cell::Cell::new(0);
        let scene = crate::decode::tests::turned(
            1000,
            800,
            &draw(BarcodeFormat::PDF417, "SERIAL:AB1234;CAL:5.56", 2),
            25.0,
            200,
            150,
        );
        assert_eq!(Reader::default().still(&scene).accepted.len(), 1);
        let stopped = Reader::default().still_while(&scene, &|| {
            asked.set(asked.get() + 1);
            false
        });
        assert_eq!(stopped.accepted, []);
        assert!(asked.get() > 0);
    }
}
