//! Packs the lists of `data/` for the program: a sixth of their size.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// In the order they are read; the guard comes last.
const TEXTS: [&str; 7] = ["malware", "pools", "pool-sites", "browser-miners", "addresses", "resolvers", "never-block"];

/// The one at which the most is tried.
const LEVEL: u8 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut all, mut ends) = (String::new(), String::new());
    println!("cargo::rerun-if-changed=build.rs");
    for name in TEXTS {
        let path = format!("data/{name}.txt");
        println!("cargo::rerun-if-changed={path}");
        all += &fs::read_to_string(&path).map_err(|error| format!("cannot read lists/{path}: {error}"))?;
        write!(ends, "{}, ", all.len())?;
    }
    let into = env::var("OUT_DIR")?;
    let packed = miniz_oxide::deflate::compress_to_vec(all.as_bytes(), LEVEL);
    fs::write(Path::new(&into).join("shipped.deflate"), packed)?;
    fs::write(Path::new(&into).join("ends.rs"), format!("[{ends}]\n"))?;
    Ok(())
}
