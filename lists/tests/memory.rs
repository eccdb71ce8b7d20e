//! What a million names take, of the allocator: the bounds of DESIGN section 6.

use std::fmt::Write as _;

use allocation_counter::measure;
use minewall_lists::{Builder, Category, Format, ListMeta, Lists};

const NAMES: usize = 1_000_000;

fn compiled() -> Lists {
    let mut builder = Builder::new();
    let mut reading = builder.read(ListMeta::new("many", Category::Pool), Format::Auto);
    let mut piece = String::new();
    for number in 0..NAMES {
        piece.clear();
        let _ = writeln!(piece, "n{number}.pool-{}.test", number % 1000);
        reading.push(piece.as_bytes()).unwrap();
    }
    assert_eq!(reading.end().unwrap().accepted, NAMES);
    builder.build()
}

#[test]
fn a_million_names_are_compiled_within_their_bounds() {
    let mut lists = None;
    let asked = measure(|| lists = Some(compiled()));
    let lists = lists.unwrap();
    assert!(asked.bytes_max <= 64 << 20, "{} bytes while compiling", asked.bytes_max);
    let kept = asked.bytes_current as f64 / NAMES as f64;
    assert!(kept <= 12.0, "{kept} bytes a name");

    let bytes = lists.save(&[0; 32]);
    let asked = measure(|| assert_eq!(Lists::load(&bytes, &[0; 32]).map(|lists| lists.len()), Ok(NAMES)));
    assert!(asked.bytes_max <= 16 << 20, "{} bytes while loading", asked.bytes_max);
    assert_eq!(measure(|| assert!(lists.name("x.n7.pool-7.test").is_some())).count_total, 0, "a look-up allocates");
}
