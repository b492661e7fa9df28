//! Cells of a picture that agree about the direction of their edges, grown together to regions, and the box of each.

use super::propose::{CELL, Kind, Proposal};
use super::warp::Shape;

/// The least share of edges that must agree about one direction, and about two.
const BARS_MIN: f32 = 0.45;
const GRID_MIN: f32 = 0.22;
/// A cell joins a region when it has at least this part of the region's mean strength of edges.
const JOIN_MIN: f32 = 0.12;
/// The weakest edges that count, as the mean of squared differences over a cell (an eighth of a grey level a pixel is
/// one unit of 64).
const ENERGY_MIN: f32 = 400.0;
/// Regions of fewer cells hold no code.
const CELLS_MIN: usize = 6;

/// Sums over a cell: strength, doubled angle, fourfold angle.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub e: f32,
    pub two: [f32; 2],
    pub four: [f32; 2],
}

impl Sums {
    pub fn add(&mut self, o: &Self) {
        self.e += o.e;
        for i in 0..2 {
            self.two[i] += o.two[i];
            self.four[i] += o.four[i];
        }
    }
    fn one_way(&self) -> f32 {
        self.two[0].hypot(self.two[1]) / self.e.max(1e-6)
    }
    fn two_ways(&self) -> f32 {
        self.four[0].hypot(self.four[1]) / self.e.max(1e-6)
    }
}

/// The boxes of all regions of one kind.
pub(super) fn grow(cells: &[Sums], cw: usize, ch: usize, kind: Kind) -> Vec<Proposal> {
    let fits = |s: &Sums| match kind {
        Kind::Bars => s.one_way() >= BARS_MIN,
        Kind::Grid => s.two_ways() >= GRID_MIN,
    };
    let way = |s: &Sums| match kind {
        Kind::Bars => s.two,
        Kind::Grid => s.four,
    };
    let energy_min = ENERGY_MIN * (9 * CELL * CELL) as f32;
    let mut order: Vec<usize> = (0..cells.len()).filter(|&i| cells[i].e >= energy_min && fits(&cells[i])).collect();
    order.sort_by(|&a, &b| cells[b].e.total_cmp(&cells[a].e));
    let fitting: Vec<bool> = cells.iter().map(|c| c.e >= energy_min && fits(c)).collect();
    let mut taken = vec![false; cells.len()];
    let mut found = Vec::new();
    for &seed in &order {
        if taken[seed] {
            continue;
        }
        let field = Field { cells, cw, ch, fitting: &fitting, way };
        let (members, total) = field.region(seed, JOIN_MIN, &mut taken);
        if members.len() >= CELLS_MIN {
            found.push(boxed(&members, &total, cw, kind));
        }
        if members.len() * GROUND_PART > cells.len() {
            // A patterned ground, which may have swallowed a code: what stands out of it is a place of its own.
            let mean = total.e / members.len() as f32;
            let mut within = vec![true; cells.len()];
            members.iter().for_each(|&i| within[i] = false);
            for &inner in order.iter().filter(|&&i| cells[i].e > STANDS_OUT * mean).take(ORDER_MAX) {
                if within[inner] {
                    continue;
                }
                let (members, total) = field.region(inner, JOIN_CLOSE, &mut within);
                if members.len() >= CELLS_MIN {
                    found.push(boxed(&members, &total, cw, kind));
                }
            }
        }
    }
    found
}

/// Regions of more than one in so many cells are ground.
const GROUND_PART: usize = 4;
/// Codes on a patterned ground have edges stronger by this factor, and their cells resemble each other as closely as this.
const STANDS_OUT: f32 = 1.8;
const JOIN_CLOSE: f32 = 0.5;
/// So many cells of a ground are tried, the strongest first.
const ORDER_MAX: usize = 400;

/// The cells in which regions grow.
#[derive(Clone, Copy)]
struct Field<'a, F> {
    cells: &'a [Sums],
    cw: usize,
    ch: usize,
    /// Cells that could be part of a code.
    fitting: &'a [bool],
    /// The direction of a cell's edges.
    way: F,
}

impl<F: Fn(&Sums) -> [f32; 2]> Field<'_, F> {
    /// What belongs together with a cell, as long as each new one has at least `join` of the mean strength.
    fn region(&self, seed: usize, join: f32, taken: &mut [bool]) -> (Vec<usize>, Sums) {
        let Self { cells, cw, ch, fitting, way } = self;
        taken[seed] = true;
        let mut members = vec![seed];
        let mut total = cells[seed];
        let mut next = 0;
        while next < members.len() {
            let at = members[next];
            next += 1;
            let (x, y) = (at % cw, at / cw);
            for v in y.saturating_sub(1)..(y + 2).min(*ch) {
                for u in x.saturating_sub(1)..(x + 2).min(*cw) {
                    let i = v * cw + u;
                    let mean = total.e / members.len() as f32;
                    let joins = !taken[i] && fitting[i] && cells[i].e >= join * mean;
                    if joins && along(way(&cells[i]), way(&total)) {
                        taken[i] = true;
                        members.push(i);
                        total.add(&cells[i]);
                    }
                }
            }
        }
        (members, total)
    }
}

/// Whether two directions (doubled or fourfold in angle) agree, within 70° of that: 35° or 17° in truth.
fn along(a: [f32; 2], b: [f32; 2]) -> bool {
    let dot = a[0] * b[0] + a[1] * b[1];
    dot > 0.34 * a[0].hypot(a[1]) * b[0].hypot(b[1])
}

fn boxed(members: &[usize], total: &Sums, cw: usize, kind: Kind) -> Proposal {
    // A gradient runs across the bars, which is the direction in which a linear code is read.
    let angle = match kind {
        Kind::Bars => total.two[1].atan2(total.two[0]) / 2.0,
        Kind::Grid => total.four[1].atan2(total.four[0]) / 4.0,
    };
    let (sin, cos) = angle.sin_cos();
    let mut low = [f32::MAX; 2];
    let mut high = [f32::MIN; 2];
    for &i in members {
        let (x, y) = (((i % cw) * CELL) as f32 + CELL as f32 / 2.0, ((i / cw) * CELL) as f32 + CELL as f32 / 2.0);
        for (k, at) in [x * cos + y * sin, y * cos - x * sin].into_iter().enumerate() {
            low[k] = low[k].min(at);
            high[k] = high[k].max(at);
        }
    }
    let mid = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
    let half = [(high[0] - low[0] + CELL as f32) / 2.0, (high[1] - low[1] + CELL as f32) / 2.0];
    Proposal {
        kind,
        centre: [mid[0] * cos - mid[1] * sin, mid[0] * sin + mid[1] * cos],
        angle,
        half,
        shape: Shape::default(),
        strength: (total.e / (members.len() * 9 * CELL * CELL) as f32).sqrt(),
    }
}
