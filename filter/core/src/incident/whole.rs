//! An open incident as it is told: everything that is known of it.

use alloc::string::String;
use alloc::vec::Vec;

use super::open::Open;
use super::power::{self, Known, Plan};
use super::reasons::{self, Signs};
use super::seen::Host;
use super::{Day, Incident, Settings, State};
use crate::evidence::printable;
use crate::finding::Word;
use crate::limits;

impl Open {
    /// Whether the wallet is one that may be compared between hosts.
    fn is_holder(&self) -> bool {
        let is_wrong = self.said.get(Word::WalletCheck) == Some("invalid");
        let length = self.wallet.as_ref().map_or(0, String::len);
        !is_wrong && length >= 5
    }

    /// As it is told now.
    pub(super) fn snapshot(
        &self,
        state: State,
        time_us: i64,
        hosts: usize,
        settings: &Settings,
        observer: &str,
    ) -> Incident {
        let text = |word, bytes| self.said.get(word).map(|text| printable(text, bytes));
        let total = self.days.told();
        let rigs = self.fleet.told();
        let declared = self.fleet.declared().or(self.told.declared);
        let declared = declared.or_else(|| self.said.get(Word::Hashrate)?.parse().ok());
        let known = Known {
            total,
            shares: &self.shares,
            algorithm: self.said.get(Word::Algorithm),
            coin: self.said.get(Word::Coin),
            hardware: self.said.get(Word::Hardware),
            declared,
            watts: self.fleet.watts(),
        };
        let plan = Plan::new(&known);
        let day =
            |(date, attempts, tally)| Day { date, attempts, tally, kwh: plan.as_ref().map(|plan| plan.kwh(&tally)) };
        let signs = self.signs(hosts, rigs.count);
        let pool = text(Word::Pool, 96).filter(|_| !signs.own_proxy || !self.sites.is_empty());
        let mut records: Vec<_> = self.records.iter().collect();
        records.sort_by_key(|(rank, _)| core::cmp::Reverse(*rank));
        Incident {
            id: self.id.clone(),
            state,
            time_us,
            observer: observer.into(),
            first_us: self.first_us,
            last_us: self.last_us,
            ip: self.ip,
            mac: self.mac(),
            vlan: self.vlan,
            interface: self.interface.clone(),
            who: self.who.clone(),
            nat: self.nat.clone(),
            pool: pool.or_else(|| self.told.pool.clone()).or_else(|| self.sites.first().cloned()),
            endpoints: self.endpoints.clone(),
            wallet: self.wallet.as_deref().map(|wallet| printable(wallet, limits::WORD)),
            coin: text(Word::Coin, 16),
            coin_confidence: text(Word::CoinConfidence, 8),
            algorithm: text(Word::Algorithm, 32),
            dialects: self.dialects.clone(),
            agents: self.agents.clone(),
            hardware: text(Word::Hardware, 4),
            rigs,
            attempts: self.days.total().attempts,
            blocked: self.blocked,
            suppressed: self.suppressed,
            sessions: self.sessions,
            total,
            days: self.days.each().into_iter().map(day).collect(),
            hashrate: self.shares.rate(self.connected_us as f64 / 1e6, power::taken(&total)),
            declared,
            energy: plan.as_ref().map(|plan| plan.energy(&total, settings)),
            reasons: reasons::reasons(&signs),
            exemption: signs.exemption,
            returned_after: self.returned_after.clone(),
            records: records.into_iter().map(|(_, id)| id.clone()).collect(),
        }
    }

    fn signs(&self, hosts: usize, rigs: u32) -> Signs {
        let told = self.fleet.told();
        Signs {
            hosts,
            is_holder: self.is_holder(),
            agent: self.agents.last().cloned(),
            hardware: self.said.get(Word::Hardware).map(String::from),
            coin: self.said.get(Word::Coin).map(String::from),
            holder: self.said.get(Word::Holder).map(String::from),
            workers: told.workers,
            hostname: self.who.hostname.clone(),
            rigs,
            is_raw: self.sites.is_empty(),
            days: self.days.each().iter().filter(|(_, _, tally)| tally.active_s > 0).count(),
            ..self.signs.clone()
        }
    }

    fn mac(&self) -> Option<String> {
        let Host::Mac(mac) = self.host else { return None };
        Some(crate::evidence::mac(mac))
    }
}
