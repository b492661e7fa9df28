//! What a camera's driver lets be set while it runs: a lamp and a zoom. Most cameras have neither; then the window hides the
//! lamp and zooms by itself.

/// What a source lets be set.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Powers {
    /// Whether it has a lamp that can stay on.
    pub torch: bool,
    /// How far its own zoom goes; `None`: it has none.
    pub zoom: Option<ZoomRange>,
}

/// The driver's zoom. Units are the driver's own; most count per cent from the widest view on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoomRange {
    /// Value of the widest view.
    pub min: i64,
    /// Value of the narrowest.
    pub max: i64,
    /// Values lie so far apart.
    pub step: i64,
}

impl ZoomRange {
    /// The value for a factor, and the factor that it stands for, as far as can be told. What is missing to the wanted factor
    /// is left to the program.
    pub fn value(self, factor: f32) -> (i64, f32) {
        let (min, max, step) = (self.min, self.max.max(self.min), self.step.max(1));
        if min <= 0 || max == min {
            // Without a unit no factor can be told; the driver's zoom stays out of it.
            return (min, 1.0);
        }
        let wanted = (min as f64 * f64::from(factor.max(1.0))).min(max as f64);
        let steps = ((wanted - min as f64) / step as f64).floor() as i64;
        let value = (min + steps * step).clamp(min, max);
        (value, (value as f64 / min as f64) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zoom_takes_what_it_can_and_says_how_much() {
        let webcam = ZoomRange { min: 100, max: 300, step: 50 };
        let table = [
            (webcam, 1.0, (100, 1.0)),
            (webcam, 1.7, (150, 1.5)),
            (webcam, 2.0, (200, 2.0)),
            (webcam, 4.0, (300, 3.0)),
            (webcam, 0.2, (100, 1.0)),
            (ZoomRange { min: 0, max: 10, step: 1 }, 4.0, (0, 1.0)),
            (ZoomRange { min: 100, max: 100, step: 0 }, 4.0, (100, 1.0)),
            (ZoomRange { min: 5, max: 1, step: -3 }, 4.0, (5, 1.0)),
        ];
        for (range, factor, want) in table {
            assert_eq!(range.value(factor), want, "{range:?} at {factor}");
        }
    }
}
