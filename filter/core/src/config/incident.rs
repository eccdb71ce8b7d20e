//! How incidents are folded and told, and what their energy is reckoned with.

use alloc::format;
use alloc::string::{String, ToString};

use serde::Deserialize;

use super::OutOfBounds;

/// How incidents are folded and told.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Incident {
    /// Seconds after which a changed incident is told again, 10 to 86,400.
    pub report: u32,
    /// Seconds without a sighting after which it has ended, 60 to 2,592,000.
    pub quiet: u32,
    /// Records of one host and pool that go to the sinks at once, 1 to 10,000.
    pub burst: u32,
    /// Seconds after which one more may, 1 to 86,400.
    pub refill: u32,
    /// Where days begin: the offset from UTC, such as `+08:00`.
    pub utc_offset: String,
}

impl Default for Incident {
    fn default() -> Self {
        Self { report: 600, quiet: 3_600, burst: 20, refill: 60, utc_offset: "+08:00".to_string() }
    }
}

/// What the energy of an incident is reckoned with.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Energy {
    /// Kilograms of standard coal a kWh, 0 to 10.
    pub coal: f64,
    /// Kilograms of CO2 a kilogram of standard coal, 0 to 10.
    pub co2: f64,
}

impl Default for Energy {
    fn default() -> Self {
        Self { coal: 0.404, co2: 2.46 }
    }
}

impl Incident {
    /// Seconds that local time is ahead of UTC, where the offset is one.
    pub(super) fn offset_s(&self) -> Option<i32> {
        let (sign, rest) = match self.utc_offset.as_bytes() {
            [b'+', ..] => (1, self.utc_offset.get(1..)?),
            [b'-', ..] => (-1, self.utc_offset.get(1..)?),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':')?;
        let number = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
        let (hours, minutes) = (i32::from(number(hours)?), i32::from(number(minutes)?));
        (hours <= 14 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
    }

    pub(super) fn check(&self) -> Result<(), OutOfBounds> {
        let range = |setting, value: u32, min: u32, max: u32| {
            let problem = || format!("{value} is outside {min} to {max}");
            if (min..=max).contains(&value) { Ok(()) } else { Err(OutOfBounds { setting, problem: problem() }) }
        };
        range("incident.report", self.report, 10, 86_400)?;
        range("incident.quiet", self.quiet, 60, 2_592_000)?;
        range("incident.burst", self.burst, 1, 10_000)?;
        range("incident.refill", self.refill, 1, 86_400)?;
        if self.offset_s().is_none() {
            let problem =
                format!("{:?} is no offset from UTC; write it like \"+08:00\" or \"-05:30\"", self.utc_offset);
            return Err(OutOfBounds { setting: "incident.utc_offset", problem });
        }
        Ok(())
    }
}

impl Energy {
    pub(super) fn check(&self) -> Result<(), OutOfBounds> {
        for (setting, value) in [("energy.coal", self.coal), ("energy.co2", self.co2)] {
            // What is no number is in no range.
            if !(0.0..=10.0).contains(&value) {
                return Err(OutOfBounds { setting, problem: format!("{value} is outside 0 to 10") });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_told_from_nonsense() {
        let of = |text: &str| Incident { utc_offset: text.into(), ..Incident::default() }.offset_s();
        assert_eq!((of("+08:00"), of("-05:30"), of("+00:00")), (Some(28_800), Some(-19_800), Some(0)));
        for text in ["", "8", "+8:00", "+08:60", "+15:00", "08:00", "+08:00x", "+-8:00", "+0八:00"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_are_held() {
        let wrong = |change: fn(&mut Incident)| {
            let mut incident = Incident::default();
            change(&mut incident);
            incident.check().unwrap_err().setting
        };
        assert_eq!(Incident::default().check(), Ok(()));
        assert_eq!(wrong(|incident| incident.report = 9), "incident.report");
        assert_eq!(wrong(|incident| incident.quiet = 59), "incident.quiet");
        assert_eq!(wrong(|incident| incident.burst = 0), "incident.burst");
        assert_eq!(wrong(|incident| incident.refill = 0), "incident.refill");
        assert_eq!(wrong(|incident| incident.utc_offset = "UTC".into()), "incident.utc_offset");
        assert_eq!(Energy::default().check(), Ok(()));
        assert_eq!(Energy { coal: -0.1, ..Energy::default() }.check().unwrap_err().setting, "energy.coal");
        assert_eq!(Energy { co2: f64::NAN, ..Energy::default() }.check().unwrap_err().setting, "energy.co2");
    }
}
