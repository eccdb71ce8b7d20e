//! Incidents as they might be, made up from a seed: of the tests only.

use std::net::{IpAddr, Ipv4Addr};

use minewall_core::evidence::Who;
use minewall_core::incident::{Day, Energy, Hashrate, Incident, Reason, Rigs, Side, State, Tally};

/// 2026-11-16T00:00:00+08:00, a Monday.
/// 2026-11-16T00:00:00+08:00, a Monday.
pub(crate) const MONDAY_US: i64 = 1_794_758_400_000_000;
pub(crate) const HOUR_US: i64 = 3_600_000_000;

/// An incident that opened on that Monday at noon and mined for an hour.
pub(crate) fn incident(id: &str) -> Incident {
    let tally = Tally {
        active_s: 3600,
        rig_s: 7200,
        bytes: 50_000,
        jobs: 30,
        offered: 121,
        accepted: 120,
        rejected: 1,
        measured: 120,
        hashes: 3.6e7,
    };
    Incident {
        id: id.to_owned(),
        state: State::Active,
        time_us: MONDAY_US + 13 * HOUR_US,
        observer: "gw1".to_owned(),
        first_us: MONDAY_US + 12 * HOUR_US,
        last_us: MONDAY_US + 13 * HOUR_US,
        ip: IpAddr::V4(Ipv4Addr::new(10, 20, 3, 17)),
        mac: Some("00-11-22-AA-BB-CC".to_owned()),
        vlan: Some(120),
        interface: Some("lan0".to_owned()),
        who: Who {
            hostname: Some("lab-pc-17".to_owned()),
            unit: Some("School of Physics".to_owned()),
            room: Some("B-204".to_owned()),
            person: Some("Li Wei".to_owned()),
            contact: Some("li.wei@example.edu".to_owned()),
            ..Who::default()
        },
        nat: vec!["203.0.113.5:40000".to_owned()],
        pool: Some("SupportXMR".to_owned()),
        endpoints: vec!["pool.supportxmr.com:3333".to_owned()],
        wallet: Some(
            "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD"
                .to_owned(),
        ),
        coin: Some("XMR".to_owned()),
        coin_confidence: Some("high".to_owned()),
        algorithm: Some("rx/0".to_owned()),
        dialects: vec!["spoken".to_owned()],
        agents: vec!["XMRig/6.21.0".to_owned()],
        hardware: Some("cpu".to_owned()),
        rigs: Rigs {
            count: 2,
            reason: "2 names of workers".to_owned(),
            workers: vec!["a".to_owned(), "b".to_owned()],
            concurrent: 2,
        },
        attempts: 5,
        blocked: 0,
        suppressed: 3,
        sessions: 1,
        total: tally,
        days: vec![Day { date: "2026-11-16".to_owned(), attempts: 5, tally, kwh: Some(0.24) }],
        hashrate: Some(Hashrate { value: 10_000.0, low: 8_300.0, high: 12_000.0, n: 120 }),
        declared: None,
        energy: Some(Energy {
            low_kwh: 0.08,
            kwh: 0.24,
            high_kwh: 0.46,
            watts: 240.0,
            row: "RandomX on CPUs, 12 W per kH/s".to_owned(),
            basis: "measured".to_owned(),
            coal_kg: 0.097,
            coal_factor: 0.404,
            co2_kg: 0.2386,
            co2_factor: 2.46,
        }),
        reasons: vec![Reason {
            side: Side::Wilful,
            weight: 20,
            text: "rigs have names of their own".to_owned(),
            rule: "worker-names".to_owned(),
        }],
        exemption: None,
        returned_after: None,
        records: vec![format!("{id}-record")],
    }
}
