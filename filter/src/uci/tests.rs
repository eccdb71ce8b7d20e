use std::fs;

use super::{convert, show};

/// A file of the repository that is made of the table; with `MINEWALL_BLESS` set it is written instead.
fn is_made(path: &str, text: &str) {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("MINEWALL_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == text,
        "{path} is not what the table says: MINEWALL_BLESS=1 writes it"
    );
}

#[test]
fn the_options_are_told_as_json() {
    is_made("openwrt/minewall/options.json", &show::json().unwrap());
}

#[test]
fn the_least_configuration_is_sound() {
    let made = convert::make("config minewall 'global'\n", false).unwrap();
    println!("{}", made.toml);
    assert_eq!(made.warnings, []);
}
