//! The bounds of a grace.

use alloc::format;

use super::OutOfBounds;
use crate::policy::Grace;

/// A week: who wants to observe for longer sets `mode = "observe"`.
const MINUTES_MAX: u32 = 10_080;

/// Prefixes with a grace of their own.
const PREFIXES_MAX: usize = 1_024;

pub(super) fn check(grace: &Grace) -> Result<(), OutOfBounds> {
    let check = |setting, minutes: u32| {
        let problem = || {
            format!(
                "{minutes} is outside 0 to {MINUTES_MAX}; to observe for longer set mode = \"observe\", or [[exempt]]"
            )
        };
        if minutes <= MINUTES_MAX { Ok(()) } else { Err(OutOfBounds { setting, problem: problem() }) }
    };
    check("grace.minutes", grace.minutes)?;
    grace.prefix.iter().try_for_each(|own| check("grace.prefix.minutes", own.minutes))?;
    if grace.prefix.len() > PREFIXES_MAX {
        let problem = format!("{} prefixes are more than {PREFIXES_MAX}; join them", grace.prefix.len());
        return Err(OutOfBounds { setting: "grace.prefix", problem });
    }
    Ok(())
}
