//! Incidents as they might be, made up from a seed: of the tests only.

use std::net::{IpAddr, Ipv4Addr};

use minewall_core::evidence::Who;
use minewall_core::incident::{Day, Energy, Hashrate, Incident, Reason, Rigs, Side, State, Tally};

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
        dialects: vec!["cryptonote".to_owned()],
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
            weight: 15,
            text: "2 rigs have names, such as a".to_owned(),
            rule: "worker-name".to_owned(),
        }],
        exemption: None,
        returned_after: None,
        records: vec![format!("{id}-record")],
    }
}

/// What a made up host mines, and how.
struct Kind {
    coin: &'static str,
    algorithm: &'static str,
    pool: &'static str,
    endpoint: &'static str,
    wallet: &'static str,
    agent: &'static str,
    hardware: &'static str,
    rate: f64,
    /// Watts: low, typical, high.
    watts: [f64; 3],
    row: &'static str,
    reasons: &'static [(Side, u8, &'static str, &'static str)],
}

const BOTNET: Kind = Kind {
    coin: "XMR",
    algorithm: "rx/0",
    pool: "192.0.2.71:8080",
    endpoint: "192.0.2.71:8080",
    wallet: "47wwbBwrFaTKhuUbdCEFWMCGJ8jp9HGyMQKnoFBjUJmHaGKh1bEhWVb3kyJUH7VpY1U6Mf1mQXcwZ3UHbwwoBJe3Cw6SyLq",
    agent: "XMRig/6.21.0 (Linux x86_64) libuv/1.44.1 gcc/9.3.0",
    hardware: "cpu",
    rate: 4_100.0,
    watts: [16.0, 49.0, 94.0],
    row: "RandomX on CPUs, 12 W per kH/s",
    reasons: &[
        (Side::Infected, 40, "12 hosts here mine for the same wallet", "same-wallet"),
        (Side::Infected, 10, "the pool was reached by its address, without a name", "raw-address"),
        (Side::Infected, 10, "XMR on processors is what most malware mines", "processor-coin"),
    ],
};

const OPEN: [Kind; 3] = [
    Kind {
        coin: "RVN",
        algorithm: "kawpow",
        pool: "2Miners",
        endpoint: "rvn.2miners.com:6060",
        wallet: "RKLhTbpiB7tRVNyzVVYK6s8FTSK71sEJ6c",
        agent: "T-Rex/0.26.8",
        hardware: "gpu",
        rate: 1.1e8,
        watts: [440.0, 560.0, 760.0],
        row: "KawPow on GPUs, 5 W per MH/s",
        reasons: &[
            (Side::Wilful, 25, "T-Rex/0.26.8 mines with graphics cards", "graphics-card"),
            (Side::Wilful, 15, "4 rigs have names, such as rig20-01", "worker-name"),
        ],
    },
    Kind {
        coin: "ETC",
        algorithm: "etchash",
        pool: "F2Pool",
        endpoint: "etc.f2pool.com:8118",
        wallet: "dorm7rigs",
        agent: "lolMiner 1.88",
        hardware: "gpu",
        rate: 3.7e8,
        watts: [610.0, 780.0, 980.0],
        row: "Etchash on GPUs, 2.1 W per MH/s",
        reasons: &[
            (Side::Wilful, 25, "lolMiner 1.88 mines with graphics cards", "graphics-card"),
            (Side::Wilful, 15, "the login is an account that somebody opened at the pool", "account"),
        ],
    },
    Kind {
        coin: "BTC",
        algorithm: "sha256d",
        pool: "AntPool",
        endpoint: "stratum.antpool.com:3333",
        wallet: "basement",
        agent: "Antminer S19j Pro/bmminer 2.0.0",
        hardware: "asic",
        rate: 1.04e14,
        watts: [2_700.0, 3_068.0, 3_300.0],
        row: "SHA-256 on ASICs, 29.5 J per TH",
        reasons: &[(
            Side::Wilful,
            40,
            "Antminer S19j Pro/bmminer 2.0.0 runs on machines made for mining",
            "mining-machine",
        )],
    },
];

/// Units in English and Chinese, with the prefix their hosts are in.
const UNITS: [(&str, &str); 6] = [
    ("School of Physics", "物理学院"),
    ("School of Computer Science", "计算机学院"),
    ("Library", "图书馆"),
    ("Dormitory 7", "七号学生公寓"),
    ("School of Medicine", "医学院"),
    ("Network Centre", "网络与信息中心"),
];

const PEOPLE: [(&str, &str); 6] = [
    ("Li Wei", "李伟"),
    ("Zhang Min", "张敏"),
    ("Wang Fang", "王芳"),
    ("Chen Jie", "陈杰"),
    ("Liu Yang", "刘洋"),
    ("Zhao Lei", "赵磊"),
];

/// The date so many days after that Monday.
pub(crate) fn date(day: u32) -> String {
    if day < 15 { format!("2026-11-{}", 16 + day) } else { format!("2026-12-{:02}", day - 14) }
}

/// One host that mines from a day to a day, both counted from that Monday, about so many hours a day.
#[expect(clippy::too_many_arguments, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made up")]
fn host(
    id: &str,
    number: u8,
    unit: usize,
    is_chinese: bool,
    kind: &Kind,
    rigs: u32,
    days: (u32, u32),
    hours: f64,
) -> Incident {
    let named = |(english, chinese): (&str, &str)| if is_chinese { chinese } else { english }.to_owned();
    let mut days_of = Vec::new();
    let mut total = Tally::default();
    let mut kwh = 0.0;
    for day in days.0..=days.1 {
        // Some days more, some less, the same each time.
        let active_s = (hours * 3600.0 * (0.8 + f64::from((day * 7 + u32::from(number) * 3) % 5) * 0.1)) as u64;
        let active_s = active_s.min(86_400);
        let shares = active_s / 30;
        let tally = Tally {
            active_s,
            rig_s: active_s * u64::from(rigs),
            bytes: shares * 420,
            jobs: active_s / 90,
            offered: shares + shares / 80,
            accepted: shares,
            rejected: shares / 80,
            measured: shares,
            hashes: kind.rate * f64::from(rigs) * active_s as f64,
        };
        let of_day = kind.watts[1] * f64::from(rigs) * active_s as f64 / 3.6e6;
        kwh += of_day;
        total.active_s += tally.active_s;
        total.rig_s += tally.rig_s;
        total.bytes += tally.bytes;
        total.jobs += tally.jobs;
        total.offered += tally.offered;
        total.accepted += tally.accepted;
        total.rejected += tally.rejected;
        total.measured += tally.measured;
        total.hashes += tally.hashes;
        days_of.push(Day { date: date(day), attempts: 2 + u64::from(day % 3), tally, kwh: Some(of_day) });
    }
    let rate = kind.rate * f64::from(rigs);
    let spread = 1.96 / (total.measured as f64).sqrt();
    let last_us = MONDAY_US + i64::from(days.1) * 24 * HOUR_US + 20 * HOUR_US + i64::from(number) * 60_000_000;
    Incident {
        state: State::Active,
        time_us: last_us,
        first_us: MONDAY_US + i64::from(days.0) * 24 * HOUR_US + 9 * HOUR_US + i64::from(number) * 60_000_000,
        last_us,
        ip: IpAddr::V4(Ipv4Addr::new(10, 20, u8::try_from(unit).unwrap(), number)),
        mac: Some(format!("02-00-00-00-{unit:02X}-{number:02X}")),
        vlan: Some(100 + u16::try_from(unit).unwrap()),
        who: Who {
            hostname: Some(format!("pc-{unit}-{number}")),
            unit: Some(named(UNITS[unit])),
            room: Some(format!("{}-{}", char::from(b'A' + u8::try_from(unit).unwrap()), 100 + u32::from(number))),
            person: Some(named(PEOPLE[unit])),
            contact: Some(format!("ext. 8{unit}{number:02}")),
            ..Who::default()
        },
        nat: vec![format!("203.0.113.{}:{}", 5 + unit, 40_000 + u32::from(number) * 11)],
        pool: Some(kind.pool.to_owned()).filter(|pool| *pool != kind.endpoint),
        endpoints: vec![kind.endpoint.to_owned()],
        wallet: Some(kind.wallet.to_owned()),
        coin: Some(kind.coin.to_owned()),
        algorithm: Some(kind.algorithm.to_owned()),
        dialects: vec![if kind.coin == "XMR" { "cryptonote" } else { "stratum-v1" }.to_owned()],
        agents: vec![kind.agent.to_owned()],
        hardware: Some(kind.hardware.to_owned()),
        rigs: Rigs {
            count: rigs,
            reason: if rigs > 1 {
                format!("{rigs} names of workers")
            } else {
                "one connection at a time, without a name".to_owned()
            },
            workers: (1..=rigs).filter(|_| rigs > 1).map(|rig| format!("rig{number}-{rig:02}")).collect(),
            concurrent: rigs,
        },
        attempts: days_of.iter().map(|day| day.attempts).sum(),
        suppressed: 0,
        sessions: u64::from(days.1 - days.0 + 1),
        total,
        days: days_of,
        hashrate: Some(Hashrate {
            value: rate,
            low: rate * (1.0 - spread),
            high: rate * (1.0 + spread),
            n: total.measured,
        }),
        declared: None,
        energy: Some(Energy {
            low_kwh: kwh * kind.watts[0] / kind.watts[1],
            kwh,
            high_kwh: kwh * kind.watts[2] / kind.watts[1],
            watts: kind.watts[1] * f64::from(rigs),
            row: kind.row.to_owned(),
            basis: "measured".to_owned(),
            coal_kg: kwh * 0.404,
            coal_factor: 0.404,
            co2_kg: kwh * 0.404 * 2.46,
            co2_factor: 2.46,
        }),
        reasons: kind
            .reasons
            .iter()
            .map(|(side, weight, text, rule)| Reason {
                side: *side,
                weight: *weight,
                text: (*text).to_owned(),
                rule: (*rule).to_owned(),
            })
            .collect(),
        ..incident(id)
    }
}

/// Two weeks at a school, as far as incidents tell: three who mine, twelve infected hosts, five that were cut at once,
/// one approved project.
pub(crate) fn fortnight(is_chinese: bool) -> Vec<Incident> {
    let mut all = Vec::new();
    let open = [(0, 3, 4, (0, 13), 23.0), (1, 3, 2, (2, 13), 9.0), (2, 5, 1, (4, 7), 24.0)];
    for (at, unit, rigs, days, hours) in open {
        let number = 20 + u8::try_from(at).unwrap();
        all.push(host(&format!("5f0c9a1e77b2d4c3-{at}"), number, unit, is_chinese, &OPEN[at], rigs, days, hours));
    }
    for number in 0..12_u8 {
        let unit = [0, 1, 1, 2, 4][usize::from(number % 5)];
        let end = if number % 3 == 0 { 13 } else { 8 };
        let id = format!("5f0c9a1e77b2d4c3-{}", 10 + number);
        let first = host(&id, 40 + number, unit, is_chinese, &BOTNET, 1, (u32::from(number % 4), end), 14.0);
        if number == 1 {
            let mut again = host(&format!("{id}b"), 40 + number, unit, is_chinese, &BOTNET, 1, (12, 13), 14.0);
            again.returned_after = Some(id.clone());
            all.push(again);
        }
        all.push(Incident { state: if end < 13 { State::Ended } else { State::Active }, ..first });
    }
    for number in 0..5_u8 {
        let unit = usize::from(number) % 3 + 1;
        let day = u32::from(number) * 2 + 1;
        let cut = host(
            &format!("5f0c9a1e77b2d4c3-{}", 30 + number),
            60 + number,
            unit,
            is_chinese,
            &BOTNET,
            1,
            (day, day),
            1.0,
        );
        all.push(Incident {
            pool: Some("NiceHash".to_owned()),
            endpoints: vec!["stratum.nicehash.com:3334".to_owned()],
            wallet: None,
            coin: None,
            coin_confidence: None,
            rigs: Rigs::default(),
            blocked: 17,
            attempts: 17,
            sessions: 0,
            total: Tally::default(),
            days: vec![Day { date: date(day), attempts: 17, ..Day::default() }],
            hashrate: None,
            energy: None,
            reasons: Vec::new(),
            agents: Vec::new(),
            ..cut
        });
    }
    let research = host("5f0c9a1e77b2d4c3-40", 80, 1, is_chinese, &BOTNET, 2, (0, 11), 6.0);
    all.push(Incident {
        wallet: Some(
            "84J2X1LEjHkCvKLsBuF9vVTyeYDiSXTQ7bhMfNJVHrYWbnx3k5Xg2wCMFDyMnDDd3T93eb9x8DrNcEBFaYiK1bT1Q3uJzMF"
                .to_owned(),
        ),
        reasons: vec![Reason {
            side: Side::Approved,
            weight: 100,
            text: "the register of approved research holds it: Prof. Chen".to_owned(),
            rule: "register".to_owned(),
        }],
        exemption: Some(minewall_core::incident::Exempted {
            owner: if is_chinese { "陈教授" } else { "Prof. Chen" }.to_owned(),
            reason: if is_chinese { "分布式系统课程实验" } else { "distributed systems course" }.to_owned(),
            expires: Some("2027-01-31".to_owned()),
        }),
        ..research
    });
    all
}
