//! How sure a rate is that was measured by counting shares: they come like the clicks of a Geiger counter.
//!
//! Shares found in a time follow Poisson's law. Where all are equally hard the interval is the exact one of Garwood
//! (Biometrika 28, 1936): half the quantiles of chi-squared with 2n and 2n + 2 degrees of freedom. Where pools change the
//! difficulty it is that of Fay and Feuer (Statistics in Medicine 16, 1997), which is Garwood's for equal weights.

use libm::{exp, lgamma, log, sqrt};

use super::Hashrate;

/// What is left out on either side of a 95 % interval.
const TAIL: f64 = 0.025;

/// Shares whose difficulty is known, as sums: enough for the interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Shares {
    /// How many.
    pub(super) n: u64,
    /// The hashes they took on average, all together.
    pub(super) hashes: f64,
    /// The sum of the squares of the hashes of each.
    pub(super) squares: f64,
    /// The most that one took.
    pub(super) most: f64,
}

impl Shares {
    /// Adds shares of one stretch, which are taken to be equally hard.
    pub(super) fn add(&mut self, n: u64, hashes: f64) {
        if n == 0 || !hashes.is_finite() || hashes <= 0.0 {
            return;
        }
        let each = hashes / n as f64;
        self.n = self.n.saturating_add(n);
        self.hashes += hashes;
        self.squares += each * hashes;
        self.most = self.most.max(each);
    }

    /// Hashes a second over this time, `scale` times the shares counted; none for a single share: when the next would
    /// have come nobody knows.
    pub(super) fn rate(&self, seconds: f64, scale: f64) -> Option<Hashrate> {
        if self.n < 2 || seconds <= 0.0 || self.hashes <= 0.0 {
            return None;
        }
        let (low, high) = self.interval();
        let of = |hashes: f64| hashes * scale / seconds;
        Some(Hashrate { value: of(self.hashes), low: of(low), high: of(high), n: self.n })
    }

    /// The ends of the interval of the hashes that were to be expected.
    fn interval(&self) -> (f64, f64) {
        let low = scaled(self.hashes, self.squares, TAIL);
        // One more share of the hardest, as it might have come a moment later.
        let high = scaled(self.hashes + self.most, self.squares + self.most * self.most, 1.0 - TAIL);
        (low, high)
    }
}

/// The quantile of the gamma distribution with this mean and variance.
fn scaled(mean: f64, variance: f64, p: f64) -> f64 {
    variance / mean * gamma_quantile(mean * mean / variance, p)
}

/// The quantile of the gamma distribution of shape `a` and scale 1: half of that of chi-squared with 2a degrees of
/// freedom. `a` is 1 at the least.
fn gamma_quantile(a: f64, p: f64) -> f64 {
    let spread = sqrt(a);
    if a > 10_000.0 {
        // Wilson and Hilferty's cube: right to seven digits here, and it costs nothing.
        let z = if p < 0.5 { -1.959_963_984_540_054 } else { 1.959_963_984_540_054 };
        let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * spread);
        return a * root * root * root;
    }
    // Twelve standard deviations: both quantiles lie within four.
    let (mut low, mut high) = ((a - 12.0 * spread).max(0.0), a + 12.0 * spread + 20.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if gamma_share(a, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The regularised lower incomplete gamma function P(a, x), by its series (DLMF 8.7.1): all its terms are positive, so
/// nothing is lost, and some multiples of the root of `a` are enough.
fn gamma_share(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let first = exp(a * log(x) - x - lgamma(a + 1.0));
    let (mut term, mut sum) = (1.0, 1.0);
    let terms = 200 + 60 * sqrt(a) as u32;
    for k in 1..=terms {
        term *= x / (a + f64::from(k));
        sum += term;
        if term < sum * 1e-16 {
            break;
        }
    }
    first * sum
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
