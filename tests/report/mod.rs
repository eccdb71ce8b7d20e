//! `minewall report` and `minewall notice` as a person runs them, and as a browser shows them.
//!
//! | module | holds |
//! |---|---|
//! | `sample` | incidents as they might be |
//! | `browser` | a real headless Chromium |

pub(crate) mod browser;
pub(crate) mod pages;
pub(crate) mod sample;
