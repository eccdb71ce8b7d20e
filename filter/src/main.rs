//! x
#[allow(dead_code, reason = "nothing calls it until there is a command that runs")]
mod kernel;
fn main() {}
