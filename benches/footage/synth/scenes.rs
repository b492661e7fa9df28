//! Which codes are shown how: the table of degradations, and from it stills and footage.

use tracepost::decode::Frame;
use tracepost::domain::Symbology;

use super::camera::{Optics, Picture, Pose};
use super::ground::Ground;
use super::label::{Damage, Label, text};
use super::random::Random;

/// Those of which each degradation is made.
const SHOWN: [Symbology; 5] =
    [Symbology::QrCode, Symbology::DataMatrix, Symbology::Code128, Symbology::Code39, Symbology::Pdf417];
const LINEAR: [Symbology; 5] =
    [Symbology::Code39, Symbology::Itf, Symbology::Code128, Symbology::Codabar, Symbology::Ean13];
/// Width and height of stills and footage.
const SIZE: (usize, usize) = (1280, 720);
/// Of pictures with many codes.
const LARGE: (usize, usize) = (1920, 1080);

/// A label before the camera, before any hand moves it.
#[derive(Debug, Clone, Copy)]
pub struct Take {
    pose: Pose,
    optics: Optics,
    dot: f32,
}

/// One way in which seeing gets hard.
pub struct Degradation {
    pub name: &'static str,
    levels: &'static [f32],
    /// Camera pixels for each module; 0 when that is what the level says.
    module_px: f32,
    set: fn(&mut Take, f32),
    /// Only for pecked plates.
    data_matrix_only: bool,
}

const fn degradation(
    name: &'static str,
    module_px: f32,
    levels: &'static [f32],
    set: fn(&mut Take, f32),
) -> Degradation {
    Degradation { name, levels, module_px, set, data_matrix_only: false }
}

/// All of them, each from easy to hard.
pub const DEGRADATIONS: [Degradation; 13] = [
    degradation("module size, px", 0.0, &[3.0, 2.0, 1.5, 1.25], |_, _| {}),
    degradation("blur, px", 3.0, &[0.5, 1.0, 1.5, 2.0], |t, v| t.optics.blur_px = v),
    degradation("motion, px", 4.0, &[3.0, 6.0, 9.0, 13.0], |t, v| t.optics.motion_px = v),
    degradation("tilt, degrees", 4.0, &[30.0, 45.0, 55.0, 65.0], |t, v| t.pose.tilt_deg = v),
    degradation("turn, degrees", 3.0, &[15.0, 30.0, 45.0, 75.0], |t, v| t.pose.turn_deg = v),
    degradation("low light, gain", 3.0, &[0.5, 0.25, 0.12, 0.06], |t, v| {
        (t.optics.gain, t.optics.noise) = (v, 0.03);
    }),
    degradation("glare", 4.0, &[0.4, 0.8, 1.2, 1.6], |t, v| t.optics.glare = v),
    degradation("curve", 3.0, &[0.3, 0.5, 0.7, 0.85], |t, v| t.pose.curve = v),
    degradation("JPEG quality", 2.5, &[60.0, 30.0, 15.0, 8.0], |t, v| {
        (t.optics.jpeg, t.optics.blur_px) = (v as u8, 0.5);
    }),
    degradation("contrast", 3.0, &[0.3, 0.15, 0.08, 0.05], |t, v| {
        (t.pose.ink, t.pose.paper) = (0.45 - v / 2.0, 0.45 + v / 2.0);
    }),
    degradation("inverted", 4.0, &[0.0], |t, _| (t.pose.ink, t.pose.paper) = (0.9, 0.1)),
    Degradation {
        data_matrix_only: true,
        ..degradation("pecked, dark", 6.0, &[1.05, 0.9, 0.75, 0.6], |t, v| t.dot = v)
    },
    Degradation {
        data_matrix_only: true,
        ..degradation("pecked, light", 6.0, &[1.05, 0.9, 0.75, 0.6], |t, v| {
            (t.dot, t.pose.ink, t.pose.paper) = (v, 0.75, 0.3);
        })
    },
];

/// Footage of known contents, or with one frame a still. Frames are made when they are asked for.
pub struct Clip {
    /// The degradation, for tables.
    pub category: &'static str,
    /// The symbology; none of a scene without a code or with several.
    pub symbology: Option<Symbology>,
    /// The texts that are shown; none where nothing may be accepted.
    pub want: Vec<String>,
    /// A text that may be accepted all the same: what stood on a label before it was spoilt.
    pub may: Option<String>,
    seed: u64,
    ground: Picture,
    labels: Vec<(Label, Pose)>,
    optics: Optics,
    walk: Vec<Step>,
}

/// What hand, focus and light do from frame to frame, beside the first pose.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    place: [f32; 2],
    turn: f32,
    tilt: f32,
    scale: f32,
    focus: f32,
    shake: f32,
    way: f32,
    glare: [f32; 2],
}

impl Clip {
    /// Frames in it.
    pub fn len(&self) -> usize {
        self.walk.len()
    }

    /// One frame, at 30 a second.
    pub fn frame(&self, index: usize) -> Frame {
        let step = self.walk[index];
        let mut random = Random::new(self.seed ^ (index as u64 + 1) << 32);
        let (mut picture, mut optics) = (self.ground.clone(), self.optics);
        optics.glare_at = [picture.width as f32 / 2.0, picture.height as f32 / 2.0];
        for (label, pose) in &self.labels {
            let mut pose = *pose;
            pose.middle = [pose.middle[0] + step.place[0], pose.middle[1] + step.place[1]];
            pose.turn_deg += step.turn;
            if pose.tilt_deg > 0.0 {
                pose.tilt_deg = (pose.tilt_deg + step.tilt).max(0.0);
            }
            pose.module_px *= 1.0 + step.scale;
            picture.lay(label, &pose);
            let widest = label.width.max(label.height) as f32 / label.fine as f32 * pose.module_px;
            optics.glare_px = widest / 2.0;
            optics.glare_at = [pose.middle[0] + step.glare[0], pose.middle[1] + step.glare[1]];
        }
        optics.blur_px *= 1.0 + step.focus;
        optics.motion_px = (optics.motion_px * step.shake).max(step.place_speed(index, &self.walk) * 0.4);
        optics.motion_way = step.way;
        picture.shoot(&optics, &mut random).at(index as u64, (index as u64 * 1000) / 30)
    }
}

impl Step {
    fn place_speed(&self, index: usize, walk: &[Step]) -> f32 {
        let before = walk[index.saturating_sub(1)].place;
        (self.place[0] - before[0]).hypot(self.place[1] - before[1])
    }
}

/// What a clip is to show: made at once, played when its turn comes, since a clip holds a whole ground.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    shows: Shows,
    seed: u64,
    frames: usize,
}

#[derive(Debug, Clone, Copy)]
enum Shows {
    /// A degradation and its level.
    One(usize, f32, Symbology),
    /// So many codes at once, all symbologies in turns, beginning with one of them.
    Many(usize, usize),
    Nothing(Ground),
    Spoilt(Symbology, Damage),
}

impl Script {
    /// Sets the scene.
    pub fn clip(&self) -> Clip {
        match self.shows {
            Shows::One(degradation, level, symbology) => {
                one(&DEGRADATIONS[degradation], level, symbology, self.seed, self.frames)
            }
            Shows::Many(cells, first) => many(cells, first, self.seed, self.frames),
            Shows::Nothing(ground) => nothing(ground, self.seed, self.frames),
            Shows::Spoilt(symbology, damage) => spoilt(symbology, damage, self.seed, self.frames),
        }
    }
}

/// The degradations with the symbologies that each is made of.
fn degraded() -> impl Iterator<Item = (usize, &'static Degradation, &'static [Symbology])> {
    DEGRADATIONS
        .iter()
        .enumerate()
        .map(|(d, degradation)| (d, degradation, if degradation.data_matrix_only { &SHOWN[1..2] } else { &SHOWN[..] }))
}

/// Stills: `rounds` of each degradation, level and symbology, and of many codes at once; of these every `every`th level.
pub fn stills(seed: u64, rounds: usize, every: usize) -> Vec<Script> {
    let mut scripts = Vec::new();
    for round in 0..rounds {
        for (d, degradation, shown) in degraded() {
            for (l, &level) in degradation.levels.iter().enumerate() {
                for (s, &symbology) in shown.iter().enumerate().filter(|(s, _)| (d + l + s).is_multiple_of(every)) {
                    let number = ((round * 100 + d) * 100 + l) * 100 + s;
                    let shows = Shows::One(d, level, symbology);
                    scripts.push(Script { shows, seed: seed ^ (number as u64) << 8, frames: 1 });
                }
            }
        }
        for (c, cells) in [4, 9, 16].into_iter().enumerate() {
            let number = (round * 100 + 99) * 10_000 + c;
            scripts.push(Script { shows: Shows::Many(cells, round + c), seed: seed ^ (number as u64) << 8, frames: 1 });
        }
    }
    scripts
}

/// Footage: `rounds` of each degradation and symbology, the levels in turns; of these every `every`th.
pub fn clips(seed: u64, rounds: usize, frames: usize, every: usize) -> Vec<Script> {
    let mut scripts = Vec::new();
    for round in 0..rounds {
        for (d, degradation, shown) in degraded() {
            for (s, &symbology) in shown.iter().enumerate().filter(|(s, _)| (d + s).is_multiple_of(every)) {
                let level = degradation.levels[(round + d + s) % degradation.levels.len()];
                let number = (round * 100 + d) * 100 + s;
                let shows = Shows::One(d, level, symbology);
                scripts.push(Script { shows, seed: !seed ^ (number as u64) << 8, frames });
            }
        }
    }
    scripts
}

/// Scenes without a code, and linear codes that are spoilt: nothing may be accepted but what stood on the label.
pub fn negatives_and_damaged(seed: u64, rounds: usize, frames: usize) -> Vec<Script> {
    let mut scripts = Vec::new();
    for round in 0..rounds {
        for (k, &ground) in Ground::ALL.iter().enumerate() {
            let seed = seed.wrapping_mul(31) ^ ((round * 100 + k) as u64) << 8;
            scripts.push(Script { shows: Shows::Nothing(ground), seed, frames });
        }
        for k in 0..10 {
            let seed = seed.wrapping_mul(37) ^ ((round * 100 + k) as u64) << 8;
            let (symbology, damage) = (LINEAR[k % LINEAR.len()], Damage::ALL[(round + k) % Damage::ALL.len()]);
            scripts.push(Script { shows: Shows::Spoilt(symbology, damage), seed, frames });
        }
    }
    scripts
}

fn nothing(ground: Ground, seed: u64, frames: usize) -> Clip {
    let mut random = Random::new(seed);
    let ground = ground.paint(SIZE.0, SIZE.1, &mut random);
    let mut optics = plain_take(4.0, &mut random).optics;
    (optics.blur_px, optics.noise) = (0.7, random.between(0.01, 0.06));
    let walk = walk(frames, &mut random);
    let (category, want, labels) = ("no code", Vec::new(), Vec::new());
    Clip { category, symbology: None, want, may: None, seed, ground, labels, optics, walk }
}

fn spoilt(symbology: Symbology, damage: Damage, seed: u64, frames: usize) -> Clip {
    let mut random = Random::new(seed);
    let may = text(symbology, &mut random);
    let mut label = Label::print(symbology, &may, 0.0);
    label.spoil(damage, &mut random);
    let Take { mut pose, mut optics, .. } = plain_take(3.0, &mut random);
    (optics.blur_px, optics.noise) = (random.between(0.3, 1.4), 0.02);
    let ground = Picture { light: vec![0.6; 1100 * 400], width: 1100, height: 400 };
    pose.middle = [550.0, 200.0];
    let walk = walk(frames, &mut random);
    let (category, symbology, may, labels) = ("damaged", Some(symbology), Some(may), vec![(label, pose)]);
    Clip { category, symbology, want: Vec::new(), may, seed, ground, labels, optics, walk }
}

/// A crate seen from above: labels in rows, none of them hard to read.
fn many(cells: usize, first: usize, seed: u64, frames: usize) -> Clip {
    let mut random = Random::new(seed);
    let rows = cells.isqrt().max(1);
    let cell = [LARGE.0 as f32 / rows as f32, LARGE.1 as f32 / rows as f32];
    let ground = random.pick(&Ground::BEHIND_LABELS).paint(LARGE.0, LARGE.1, &mut random);
    let Take { pose, mut optics, .. } = plain_take(3.0, &mut random);
    optics.blur_px = 0.5;
    let (mut want, mut labels) = (Vec::new(), Vec::new());
    for i in 0..cells {
        let symbology = SHOWN[(first + i) % SHOWN.len()];
        want.push(text(symbology, &mut random));
        let label = Label::print(symbology, &want[i], 0.0);
        let modules = [label.width, label.height].map(|side| side as f32 / label.fine as f32);
        let fits = (0.9 * cell[0] / modules[0]).min(0.85 * cell[1] / modules[1]);
        let middle = [(i % rows) as f32 * cell[0] + cell[0] / 2.0, (i / rows) as f32 * cell[1] + cell[1] / 2.0];
        let module_px = fits.min(if cells > 9 { 2.2 } else { 3.0 });
        labels.push((label, Pose { middle, module_px, turn_deg: random.between(-7.0, 7.0), ..pose }));
    }
    let walk = walk(frames, &mut random);
    Clip { category: "many, 1080p", symbology: None, want, may: None, seed, ground, labels, optics, walk }
}

fn plain_take(module_px: f32, random: &mut Random) -> Take {
    let middle = [random.between(0.42, 0.58) * SIZE.0 as f32, random.between(0.42, 0.58) * SIZE.1 as f32];
    let pose = Pose {
        middle,
        module_px,
        turn_deg: random.between(-12.0, 12.0),
        tilt_deg: 0.0,
        curve: 0.0,
        ink: 0.12,
        paper: 0.85,
    };
    let optics = Optics {
        blur_px: 0.3,
        motion_px: 0.0,
        motion_way: 0.0,
        gain: 1.0,
        noise: 0.012,
        glare: 0.0,
        glare_at: [0.0; 2],
        glare_px: 1.0,
        jpeg: 0,
    };
    Take { pose, optics, dot: 0.0 }
}

fn one(degradation: &'static Degradation, level: f32, symbology: Symbology, seed: u64, frames: usize) -> Clip {
    let mut random = Random::new(seed);
    let module_px = if degradation.module_px > 0.0 { degradation.module_px } else { level };
    let mut take = plain_take(module_px, &mut random);
    (degradation.set)(&mut take, level);
    take.pose.turn_deg *= random.pick(&[-1.0, 1.0]);
    let want = text(symbology, &mut random);
    let label = Label::print(symbology, &want, take.dot);
    let ground = random.pick(&Ground::BEHIND_LABELS).paint(SIZE.0, SIZE.1, &mut random);
    let walk = walk(frames, &mut random);
    let (category, symbology) = (degradation.name, Some(symbology));
    let labels = vec![(label, take.pose)];
    Clip { category, symbology, want: vec![want], may: None, seed, ground, labels, optics: take.optics, walk }
}

/// A hand that is never quite still, a focus that breathes, light that wanders.
fn walk(frames: usize, random: &mut Random) -> Vec<Step> {
    let (period, phase) = (random.between(12.0, 40.0), random.between(0.0, 6.0));
    let mut speed = [0.0; 7];
    let mut at = [0.0; 7];
    const STEPS: [f32; 7] = [3.0, 3.0, 0.5, 1.0, 0.004, 6.0, 4.0];
    (0..frames)
        .map(|i| {
            for k in 0..STEPS.len() {
                speed[k] = 0.8 * speed[k] + STEPS[k] * random.bell();
                at[k] += speed[k] - 0.1 * at[k];
            }
            Step {
                place: [at[0], at[1]],
                turn: at[2],
                tilt: at[3],
                scale: at[4],
                focus: 0.35 * (i as f32 * std::f32::consts::TAU / period + phase).sin(),
                shake: (0.8 + 0.35 * random.bell()).abs(),
                way: random.between(0.0, std::f32::consts::PI),
                glare: [4.0 * at[5], 4.0 * at[6]],
            }
        })
        .collect()
}
