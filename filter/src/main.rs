//! x
#![allow(dead_code)]
mod sink;
fn main() {}
