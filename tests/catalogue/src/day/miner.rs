//! Who mines on this day: three on purpose, twelve infected, one approved.

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::Result;

use super::link::Link;
use super::people::{Host, Unit, host};
use super::pool::{Login, Talk, Tongue};
use super::{at, server};
use crate::random::Random;
use crate::wallet;
use crate::wire;

/// Of so many shares the pool refuses one.
const REFUSED: usize = 50;

/// What one host mines.
#[derive(Clone, Debug)]
pub struct Mining {
    /// The host.
    pub host: Ipv4Addr,
    /// Whose it is.
    pub unit: Unit,
    /// The coin's ticker.
    pub coin: &'static str,
    /// Where to.
    pub wallet: String,
    /// The pool's name; none where it is reached by its address.
    pub pool: Option<&'static str>,
    /// The names of its rigs; none where they have none.
    pub workers: Vec<String>,
    /// How many rigs.
    pub rigs: u32,
    /// Whether it is approved research.
    pub is_approved: bool,
    /// Whether malware does it.
    pub is_infected: bool,
    /// Hashes a second while it mines, all rigs together, less the part for which the pool refuses the shares: rates are
    /// measured by shares taken (PROTOCOLS.md section 3.1).
    pub taken_a_second: f64,
    /// Its connections.
    pub runs: Vec<Run>,
}

/// One connection to the pool.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Which rig.
    pub rig: u32,
    /// The login, microseconds since 1970-01-01T00:00:00Z.
    pub begun_us: i64,
    /// The last line either end said.
    pub ended_us: i64,
    /// Shares handed in.
    pub offered: u64,
    /// Of these, taken.
    pub accepted: u64,
    /// Hashes the ones taken stand for.
    pub hashes: f64,
}

impl Mining {
    /// Shares taken, all connections together.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.runs.iter().map(|run| run.accepted).sum()
    }
}

/// What is the same for all connections of one host.
struct Plan {
    host: Host,
    tongue: Tongue,
    coin: &'static str,
    /// What `wallet::address` knows it by.
    wallet: (&'static str, u64),
    agent: &'static str,
    pool: Option<&'static str>,
    server: SocketAddrV4,
    workers: Vec<String>,
    /// Hashes a second of one rig.
    rate: f64,
    /// Hashes a share takes.
    share: f64,
    is_approved: bool,
    is_infected: bool,
    /// When it mines: from and to.
    times: Vec<(i64, i64)>,
}

/// Everything that mines on this day, as packets and as truth.
pub(super) fn mine(random: &mut Random, link: &mut Link) -> Result<Vec<Mining>> {
    let mut plans = wilful();
    plans.push(approved());
    plans.extend(infected(random));
    plans.iter().map(|plan| plan.perform(random, link)).collect()
}

fn wilful() -> Vec<Plan> {
    let plan = |host, tongue, coin, wallet, agent, pool, server, rate: f64, share| Plan {
        host,
        tongue,
        coin,
        wallet,
        agent,
        pool: Some(pool),
        server,
        workers: Vec::new(),
        rate,
        share,
        is_approved: false,
        is_infected: false,
        times: Vec::new(),
    };
    let monero = plan(
        host(Unit::Physics, 14),
        Tongue::CryptoNote,
        "XMR",
        ("xmr", 1),
        "XMRig/6.26.0 (Linux x86_64)",
        "pool.supportxmr.com",
        server(7, 3333),
        5_850.0,
        100_000.0,
    );
    let raven = plan(
        host(Unit::Dormitory, 17),
        Tongue::KawPow,
        "RVN",
        ("rvn", 1),
        "T-Rex/0.26.8",
        "rvn.2miners.com",
        server(8, 6060),
        45e6,
        9e8,
    );
    let bitcoin = plan(
        host(Unit::DataCentre, 11),
        Tongue::Bitcoin,
        "BTC",
        ("btc-segwit", 1),
        "cgminer/4.12.0 Antminer S19",
        "btc.2miners.com",
        server(9, 2020),
        95e12,
        262_144.0 * 4_294_967_296.0,
    );
    vec![
        // It reconnects after five seconds once, and rests for three hours.
        Plan {
            workers: vec!["lab-204".into()],
            times: vec![(at(1, 0), at(3, 30)), (at(3, 30) + 5_000_000, at(5, 0)), (at(8, 0), at(9, 10))],
            ..monero
        },
        Plan { workers: vec!["bed1".into(), "bed2".into()], times: vec![(at(14, 0), at(19, 45))], ..raven },
        Plan { workers: vec!["s19a".into()], times: vec![(at(0, 10), at(23, 40))], ..bitcoin },
    ]
}

fn approved() -> Plan {
    Plan {
        host: host(Unit::Informatics, 15),
        tongue: Tongue::EthProxy,
        coin: "ETC",
        wallet: ("eth", 9),
        agent: "",
        pool: Some("etc.2miners.com"),
        server: server(10, 1010),
        workers: vec!["study31".into()],
        rate: 98e6,
        share: 4e9,
        is_approved: true,
        is_infected: false,
        times: vec![(at(2, 0), at(12, 0))],
    }
}

/// Twelve hosts of four units with one wallet, at an address without a name.
fn infected(random: &mut Random) -> Vec<Plan> {
    let units = [Unit::Dormitory, Unit::Library, Unit::Informatics, Unit::Administration];
    let plan = |number: u8| {
        let from = at(0, 30) + random.below(8 * 3600) as i64 * 1_000_000;
        let to = from + (7_200 + random.below(6 * 3600) as i64) * 1_000_000;
        // It is started anew once, two to five minutes later.
        let cut = from + (to - from) / 3;
        let anew = cut + (120 + random.below(180) as i64) * 1_000_000;
        Plan {
            host: host(units[usize::from(number) % units.len()], 10 + number / 4),
            tongue: Tongue::CryptoNote,
            coin: "XMR",
            wallet: ("xmr", 66),
            agent: "XMRig/6.21.0 (Windows NT 10.0; Win64; x64) libuv/1.44.2 msvc/2019",
            pool: None,
            server: server(66, 8080),
            workers: Vec::new(),
            rate: 800.0 + 200.0 * f64::from(number),
            share: 25_000.0,
            is_approved: false,
            is_infected: true,
            times: vec![(from, cut), (anew, to)],
        }
    };
    (0..12).map(plan).collect()
}

impl Plan {
    fn perform(&self, random: &mut Random, link: &mut Link) -> Result<Mining> {
        let wallet = wallet::address(self.wallet.0, self.wallet.1).unwrap_or_default();
        let rigs = self.workers.len().max(1);
        let mut runs = Vec::new();
        for (time, rig) in self.times.iter().enumerate().flat_map(|(time, _)| (0..rigs).map(move |rig| (time, rig))) {
            let (from, to) = self.times[time];
            // A port of its own for each connection; a rig starts seconds after the one before.
            let port = 40_000 + 100 * rig as u16 + time as u16;
            let login = Login { wallet: wallet.clone(), worker: self.workers.get(rig).cloned(), agent: self.agent };
            let times = (from + rig as i64 * 3_000_000, to);
            if let Some(name) = self.pool {
                let asked = wire::question(name, "A")?;
                let told = wire::answer(&asked, *self.server.ip());
                link.exchange(times.0 - 200_000, self.host, port, server(53, 53), (&asked, &told))?;
            }
            runs.push(self.connection(rig as u32, (port, times), login, random, link)?);
        }
        Ok(Mining {
            host: self.host.ip,
            unit: self.host.unit,
            coin: self.coin,
            wallet,
            pool: self.pool,
            workers: self.workers.clone(),
            rigs: rigs as u32,
            is_approved: self.is_approved,
            is_infected: self.is_infected,
            taken_a_second: self.rate * rigs as f64 * (1.0 - 1.0 / REFUSED as f64),
            runs,
        })
    }

    /// One connection from its login to the time it is closed.
    fn connection(
        &self,
        rig: u32,
        (port, (from, to)): (u16, (i64, i64)),
        login: Login,
        random: &mut Random,
        link: &mut Link,
    ) -> Result<Run> {
        let mut talk = Talk::new(self.tongue, login, self.share);
        let mut connection = link.connect(from - 10_000, self.host, port, self.server)?;
        let mut run = Run { rig, begun_us: from, ended_us: from, offered: 0, accepted: 0, hashes: 0.0 };
        let mut now = from;
        for line in talk.open(random) {
            now += line.after_us;
            link.say(&mut connection, now, line.is_host, line.text.as_bytes())?;
        }
        run.ended_us = now;
        let gap = talk.hashes() / self.rate * 1e6;
        let mut share_us = now + exponential(random, gap);
        let mut job_us = now + 20_000_000 + random.below(20_000_000) as i64;
        while share_us.min(job_us) < to - 100_000 {
            if job_us <= share_us {
                let job = talk.job(random) + "\n";
                link.say(&mut connection, job_us, false, job.as_bytes())?;
                run.ended_us = run.ended_us.max(job_us);
                job_us += 20_000_000 + random.below(20_000_000) as i64;
                continue;
            }
            let is_taken = random.below(REFUSED) != 0;
            let mut now = share_us;
            for line in talk.share(random, is_taken) {
                now += line.after_us;
                link.say(&mut connection, now, line.is_host, line.text.as_bytes())?;
            }
            run.ended_us = run.ended_us.max(now);
            // What the pool says comes in its order.
            job_us = job_us.max(now + 1_000);
            run.offered += 1;
            run.accepted += u64::from(is_taken);
            run.hashes += if is_taken { talk.hashes() } else { 0.0 };
            share_us += exponential(random, gap);
        }
        link.close(&connection, to)?;
        Ok(run)
    }
}

/// A gap of this mean, in microseconds: the next share does not know of the last.
fn exponential(random: &mut Random, mean: f64) -> i64 {
    let uniform = ((random.draw() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    (-uniform.ln() * mean) as i64
}
