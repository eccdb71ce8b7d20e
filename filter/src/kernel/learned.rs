//! What listed names lead to, in sets of the kernel whose elements end by themselves. No rule is touched for it.

use std::net::IpAddr;
use std::time::Instant;

use anyhow::{Context, Result};
use minewall_core::ruleset::Element;

use super::{Loaded, Loader, ipset, nft};

/// An address with its port that a listed name leads to, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Led {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    pub(crate) ends: Instant,
}

impl Loaded {
    /// Puts these in the place of what was learned before.
    ///
    /// # Errors
    /// The kernel refused them; it then goes by what it knew.
    pub(crate) fn learn(&mut self, led: Vec<Led>) -> Result<()> {
        self.led = led;
        self.teach()
    }

    fn teach(&self) -> Result<()> {
        if !self.plane.rules.sets.learns || self.is_out() {
            return Ok(());
        }
        let elements = elements(&self.led, Instant::now());
        match self.plane.loader {
            Loader::Nft => nft::learn(&elements),
            Loader::Iptables(tables) => tables.families().try_for_each(|family| ipset::learn(family, &elements)),
        }
        .context("cannot tell the kernel what listed names lead to")
    }

    /// Tells it to rules that were loaded anew: their sets are empty.
    pub(super) fn teach_anew(&self) {
        if !self.led.is_empty()
            && let Err(error) = self.teach()
        {
            tracing::warn!("{error:#}");
        }
    }
}

/// What is not over yet, with the whole seconds left.
fn elements(led: &[Led], now: Instant) -> Vec<Element> {
    let left = |led: &Led| {
        let left = led.ends.checked_duration_since(now).filter(|left| !left.is_zero())?;
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Some(Element { ip: led.ip, port: led.port, seconds: u32::try_from(seconds).unwrap_or(u32::MAX) })
    };
    led.iter().filter_map(left).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_over_is_not_told_and_a_part_of_a_second_is_one() {
        let now = Instant::now() + Duration::from_secs(10);
        let led = |ends| Led { ip: "192.0.2.1".parse().unwrap(), port: 3333, ends };
        let all = [now - Duration::from_secs(1), now, now + Duration::from_millis(1), now + Duration::from_secs(7)];
        let seconds: Vec<_> = elements(&all.map(led), now).iter().map(|element| element.seconds).collect();
        assert_eq!(seconds, [1, 7]);
    }
}
