//! `minewall lists update`, `status` and `rollback` as a person and cron run them.
//!
//! | module | holds |
//! |---|---|
//! | `place` | a configuration with feeds in files, and the program run on it |
//! | `course` | what is fetched is used, what has not changed is not written, what is rolled back stays away |
//! | `served` | by a server that says what is unchanged, and when it wants to be left alone |
//! | `guards` | texts that must not take effect, each with the last good one still in use |
//! | `signed` | signed feeds: what their maker signed is used, and nothing else |
//! | `kill` | killed and failed at every step |
//! | `damage` | what is kept is damaged |
//! | `disk` | disks that are full or cannot be written, two updates at once |

mod course;
mod damage;
mod disk;
mod guards;
mod kill;
mod place;
mod served;
#[cfg(feature = "sign")]
mod signed;
