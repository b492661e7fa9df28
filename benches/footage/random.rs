//! Numbers that look random and are the same everywhere for the same seed.

/// xorshift64*.
#[derive(Debug, Clone)]
pub struct Random(u64);

#[allow(dead_code, reason = "the film and the bench each use a part")]
impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// From 0 to 1.
    pub fn next(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 24) as f32
    }

    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + self.next() * (high - low)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() >> 33) as usize % limit.max(1)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// About a bell curve of mean 0 and deviation 1: the sum of eight bytes.
    pub fn bell(&mut self) -> f32 {
        let bits = self.bits();
        let sum: i32 = (0..8).map(|i| (bits >> (8 * i) & 0xFF) as i32).sum();
        (sum - 1020) as f32 / 209.0
    }
}
