//! Lists of generated names: what a look-up costs.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use minewall_lists::{Builder, Category, ListMeta, Lists};

use crate::point;

const WHAT: &str = "list entries";

/// Look-ups of one measurement.
const LOOKUPS: usize = 5_000;

/// The lists of `data/`.
pub(crate) fn shipped() -> Lists {
    let mut builder = Builder::new();
    builder.shipped();
    builder.build()
}

/// The lists of `data/` and so many generated names.
pub(crate) fn generated(names: usize) -> Lists {
    let mut builder = Builder::new();
    builder.shipped();
    builder.add_text(ListMeta::new("generated", Category::Pool), &text(names));
    builder.build()
}

/// Names like those of pools: a region, a word, a number.
fn text(names: usize) -> String {
    let mut text = String::new();
    for number in 0..names {
        let _ = writeln!(text, "{}", name(number));
    }
    text
}

fn name(number: usize) -> String {
    format!("{}{}.pool-{number}.test", ["eu", "us", "asia", "xmr"][number % 4], number % 10)
}

/// Look-ups of names that are listed and are not.
pub(crate) fn look_ups(names: usize) {
    let mut builder = Builder::new();
    builder.add_text(ListMeta::new("generated", Category::Pool), &text(names));
    let lists = builder.build();
    assert_eq!(lists.len(), names, "names were refused");
    let listed: Vec<_> = (0..LOOKUPS).map(|nth| name(nth * 7919 % names)).collect();
    let others: Vec<_> = (0..LOOKUPS).map(|nth| format!("www{}.example-{nth}.org", nth % 10)).collect();
    for (curve, asked) in [("look-up, listed", listed), ("look-up, not listed", others)] {
        let mut best = f64::INFINITY;
        for _ in 0..40 {
            let start = Instant::now();
            for name in &asked {
                black_box(lists.name(black_box(name)));
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / LOOKUPS as f64);
        }
        point(curve, "ns", WHAT, names, best);
    }
}
