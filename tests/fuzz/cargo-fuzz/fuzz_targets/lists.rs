//! List texts in every format: the first byte chooses it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = minewall_fuzz::law::lists(data);
});
