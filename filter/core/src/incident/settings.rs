//! What incidents are folded by.

use alloc::vec::Vec;

use crate::policy::Exempt;

/// What an operator may set of incidents.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Seconds after which a changed incident is told again.
    pub report_s: u32,
    /// Seconds without a sighting after which it has ended.
    pub quiet_s: u32,
    /// Records of one host and pool that go to the sinks at once.
    pub burst: u32,
    /// Seconds after which one more may.
    pub refill_s: u32,
    /// Seconds that local time is ahead of UTC: where days begin.
    pub utc_offset_s: i32,
    /// Kilograms of standard coal a kWh.
    pub coal: f64,
    /// Kilograms of CO2 a kilogram of standard coal.
    pub co2: f64,
    /// The register of approved research.
    pub register: Vec<Exempt>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            report_s: 600,
            quiet_s: 3_600,
            burst: 20,
            refill_s: 60,
            utc_offset_s: 8 * 3_600,
            coal: 0.404,
            co2: 2.46,
            register: Vec::new(),
        }
    }
}
