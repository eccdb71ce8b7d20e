//! Intervals against tables, and against miners that are simulated.

use alloc::vec::Vec;

use super::*;

/// A generator of random numbers with its own seed: the tests are the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The time until the next share of a miner that finds one a second on average.
    fn wait(&mut self) -> f64 {
        -log(1.0 - self.unit())
    }
}

fn of(n: u64) -> Shares {
    let mut shares = Shares::default();
    shares.add(n, n as f64);
    shares
}

#[test]
fn the_interval_is_that_of_the_tables() {
    // Garwood's 95 % limits of a Poisson count, as tables of epidemiology print them; found once more by adding up
    // Poisson's probabilities one by one, in another language.
    for (n, low, high) in [
        (1, 0.0253, 5.5716),
        (2, 0.2422, 7.2247),
        (3, 0.6187, 8.7673),
        (5, 1.6235, 11.6683),
        (10, 4.7954, 18.3904),
        (20, 12.2165, 30.8884),
        (30, 20.2409, 42.8269),
        (50, 37.1110, 65.9188),
        (100, 81.3640, 121.6268),
        (400, 361.7563, 441.1866),
    ] {
        let (l, h) = of(n).interval();
        assert!((l - low).abs() < 1e-4 && (h - high).abs() < 1e-4, "{n}: {l} {h}");
    }
}

#[test]
fn the_two_ways_to_the_quantile_meet() {
    for p in [TAIL, 1.0 - TAIL] {
        let (below, above) = (gamma_quantile(10_000.0, p), gamma_quantile(10_000.001, p));
        assert!((below / above - 1.0).abs() < 1e-6, "{below} {above}");
    }
    let (low, high) = of(4_000_000_000).interval();
    assert!(low < 4e9 && high > 4e9 && (high - low) < 3e5, "{low} {high}");
}

#[test]
fn a_single_share_and_no_time_give_no_rate() {
    assert_eq!(of(1).rate(60.0, 1.0), None);
    assert_eq!(of(5).rate(0.0, 1.0), None);
    assert_eq!(Shares::default().rate(60.0, 1.0), None);
    let mut odd = Shares::default();
    odd.add(3, f64::NAN);
    odd.add(3, -1.0);
    odd.add(3, f64::INFINITY);
    assert_eq!(odd, Shares::default());
}

/// How many of 100 simulated miners have their true rate within the interval; `weigh` gives the difficulty of the share
/// found at a time.
fn covered(cases: usize, from_last: bool, weigh: fn(f64) -> f64) -> f64 {
    let mut dice = Dice(20_261_124);
    let (mut held, mut all) = (0_u32, 0_u32);
    while all < cases as u32 {
        // From 3 to 500 shares are to be expected.
        let seconds = 3.0 * libm::pow(500.0 / 3.0, dice.unit());
        let mut found = Vec::new();
        let mut at = 0.0;
        loop {
            // Harder shares come more seldom.
            at += dice.wait() * weigh(at / seconds);
            if at > seconds {
                break;
            }
            found.push((at, weigh(at / seconds)));
        }
        let mut shares = Shares::default();
        found.iter().for_each(|(_, weight)| shares.add(1, *weight));
        let time = if from_last { found.last().map_or(0.0, |(at, _)| *at) } else { seconds };
        let Some(rate) = shares.rate(time, 1.0) else { continue };
        all += 1;
        held += u32::from(rate.low <= 1.0 && 1.0 <= rate.high);
    }
    f64::from(held) / f64::from(all)
}

#[test]
fn the_true_rate_lies_within_in_95_of_100_cases() {
    let equal = covered(5_000, false, |_| 1.0);
    assert!(equal >= 0.95, "{equal}");
    let to_the_last_share = covered(5_000, true, |_| 1.0);
    assert!(to_the_last_share >= 0.95, "{to_the_last_share}");
    let ever_harder = covered(5_000, false, |part| if part < 0.3 { 0.25 } else { 1.0 });
    assert!(ever_harder >= 0.95, "{ever_harder}");
}
