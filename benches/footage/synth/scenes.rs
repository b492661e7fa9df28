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
    /// The symbology; of a scene without a code none.
    pub symbology: Option<Symbology>,
    /// The text that is shown; none where nothing may be accepted.
    pub want: Option<String>,
    /// A text that may be accepted all the same: what stood on a label before it was spoilt.
    pub may: Option<String>,
    seed: u64,
    ground: Picture,
    label: Option<Label>,
    take: Take,
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
        let (mut picture, mut take) = (self.ground.clone(), self.take);
        let pose = &mut take.pose;
        pose.middle = [pose.middle[0] + step.place[0], pose.middle[1] + step.place[1]];
        pose.turn_deg += step.turn;
        if pose.tilt_deg > 0.0 {
            pose.tilt_deg = (pose.tilt_deg + step.tilt).max(0.0);
        }
        pose.module_px *= 1.0 + step.scale;
        if let Some(label) = &self.label {
            picture.lay(label, pose);
            let widest = label.width.max(label.height) as f32 / label.fine as f32 * pose.module_px;
            take.optics.glare_px = widest / 2.0;
        }
        let optics = &mut take.optics;
        optics.glare_at = [pose.middle[0] + step.glare[0], pose.middle[1] + step.glare[1]];
        optics.blur_px *= 1.0 + step.focus;
        optics.motion_px = (optics.motion_px * step.shake).max(step.place_speed(index, &self.walk) * 0.4);
        optics.motion_way = step.way;
        picture.shoot(optics, &mut random).at(index as u64, (index as u64 * 1000) / 30)
    }
}

impl Step {
    fn place_speed(&self, index: usize, walk: &[Step]) -> f32 {
        let before = walk[index.saturating_sub(1)].place;
        (self.place[0] - before[0]).hypot(self.place[1] - before[1])
    }
}

/// Stills: `rounds` of each degradation, level and symbology.
pub fn stills(seed: u64, rounds: usize) -> impl Iterator<Item = Clip> {
    (0..rounds).flat_map(move |round| {
        DEGRADATIONS.iter().enumerate().flat_map(move |(d, degradation)| {
            let shown: &[Symbology] = if degradation.data_matrix_only { &[Symbology::DataMatrix] } else { &SHOWN };
            degradation.levels.iter().enumerate().flat_map(move |(l, &level)| {
                shown.iter().enumerate().map(move |(s, &symbology)| {
                    let number = ((round * 100 + d) * 100 + l) * 100 + s;
                    one(degradation, level, symbology, seed ^ (number as u64) << 8, 1)
                })
            })
        })
    })
}

/// Footage: `rounds` of each degradation and symbology, the levels in turns.
pub fn clips(seed: u64, rounds: usize, frames: usize) -> impl Iterator<Item = Clip> {
    (0..rounds).flat_map(move |round| {
        DEGRADATIONS.iter().enumerate().flat_map(move |(d, degradation)| {
            let shown: &[Symbology] = if degradation.data_matrix_only { &[Symbology::DataMatrix] } else { &SHOWN };
            shown.iter().enumerate().map(move |(s, &symbology)| {
                let level = degradation.levels[(round + d + s) % degradation.levels.len()];
                let number = (round * 100 + d) * 100 + s;
                one(degradation, level, symbology, !seed ^ (number as u64) << 8, frames)
            })
        })
    })
}

/// Scenes without a code, and linear codes that are spoilt: nothing may be accepted but what stood on the label.
pub fn negatives_and_damaged(seed: u64, rounds: usize, frames: usize) -> impl Iterator<Item = Clip> {
    let empty = move |round: usize, kind: usize| {
        let seed = seed.wrapping_mul(31) ^ ((round * 100 + kind) as u64) << 8;
        let mut random = Random::new(seed);
        let ground = Ground::ALL[kind].paint(SIZE.0, SIZE.1, &mut random);
        let mut take = plain_take(4.0, &mut random);
        (take.optics.blur_px, take.optics.noise) = (0.7, random.between(0.01, 0.06));
        let walk = walk(frames, &mut random);
        let (category, symbology, want, may, label) = ("no code", None, None, None, None);
        Clip { category, symbology, want, may, seed, ground, label, take, walk }
    };
    let spoilt = move |round: usize, kind: usize| {
        let seed = seed.wrapping_mul(37) ^ ((round * 100 + kind) as u64) << 8;
        let mut random = Random::new(seed);
        let (symbology, damage) = (LINEAR[kind % LINEAR.len()], Damage::ALL[(round + kind) % Damage::ALL.len()]);
        let may = text(symbology, &mut random);
        let mut label = Label::print(symbology, &may, 0.0);
        label.spoil(damage, &mut random);
        let mut take = plain_take(3.0, &mut random);
        (take.optics.blur_px, take.optics.noise) = (random.between(0.3, 1.4), 0.02);
        let ground = Picture { light: vec![0.6; 1100 * 400], width: 1100, height: 400 };
        take.pose.middle = [550.0, 200.0];
        let walk = walk(frames, &mut random);
        let (category, symbology, label) = ("damaged", Some(symbology), Some(label));
        Clip { category, symbology, want: None, may: Some(may), seed, ground, label, take, walk }
    };
    (0..rounds).flat_map(move |round| {
        (0..Ground::ALL.len()).map(move |k| empty(round, k)).chain((0..10).map(move |k| spoilt(round, k)))
    })
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
    Clip { category, symbology, want: Some(want), may: None, seed, ground, label: Some(label), take, walk }
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
