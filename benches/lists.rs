//! The lists against their number of entries, a point a line (curve, unit, what grows, how much, cost): what compiling takes
//! in time and memory, what is kept, how quick it is saved and loaded. `cargo xtask bench` runs it.
//!
//! Memory is what was asked of the allocator, which counts here; so these curves have a program of their own.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;
use minewall_lists::{Builder, Category, Format, ListMeta, Lists};

const WHAT: &str = "list entries";
const MIB: f64 = (1 << 20) as f64;

fn main() {
    let most = if std::env::args().any(|word| word == "quick") { 4 } else { 6 };
    for power in 3..=most {
        points(10_usize.pow(power));
    }
}

fn points(names: usize) {
    let start = Instant::now();
    let lists = compiled(names);
    point("compiling", "ms", names, start.elapsed().as_secs_f64() * 1e3);
    assert_eq!(lists.len(), names, "names were refused");
    let start = Instant::now();
    let bytes = lists.save(&[0; 32]);
    point("saving", "ms", names, start.elapsed().as_secs_f64() * 1e3);
    let start = Instant::now();
    let loaded = Lists::load(&bytes, &[0; 32]);
    point("loading", "ms", names, start.elapsed().as_secs_f64() * 1e3);
    assert_eq!(loaded.as_ref(), Ok(&lists), "loaded as saved");
    point("compiled form", "B a name", names, bytes.len() as f64 / names as f64);
    drop((bytes, loaded, lists));

    let mut kept = None;
    let asked = measure(|| kept = Some(compiled(names)));
    point("memory while compiling", "MiB", names, asked.bytes_max as f64 / MIB);
    point("index", "B a name", names, asked.bytes_current as f64 / names as f64);
    black_box(kept);
}

/// The index of so many names, read as a feed is: in pieces, without the text in memory.
fn compiled(names: usize) -> Lists {
    let mut builder = Builder::new();
    let mut reading = builder.read(ListMeta::new("generated", Category::Pool), Format::Auto);
    let mut piece = String::with_capacity(64 << 10);
    for number in 0..names {
        let region = ["eu", "us", "asia", "xmr"][number % 4];
        let _ = writeln!(piece, "{region}{}.pool-{number}.test", number % 10);
        if piece.len() > 60 << 10 || number + 1 == names {
            assert!(reading.push(piece.as_bytes()).is_ok(), "the text is a list");
            piece.clear();
        }
    }
    assert!(reading.end().is_ok_and(|tally| tally.rejected() == 0), "names were refused");
    builder.build()
}

fn point(curve: &str, unit: &str, names: usize, cost: f64) {
    println!("{curve}\t{unit}\t{WHAT}\t{names}\t{cost}");
}
