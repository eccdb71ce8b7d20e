//! Which incidents are asked for.

use std::net::IpAddr;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use minewall_core::incident::{Incident, State};
use serde::{Deserialize, Serialize};

/// Ids told where the beginning of one fits several.
const IDS: usize = 5;

/// Those that satisfy all of it; texts are parts of what is looked for, in any case of letters.
#[derive(Args, Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Filter {
    /// Of this host: an address, a prefix, a hardware address, or part of its name, account or person
    #[arg(long, value_name = "HOST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    /// Of hosts of this unit
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    /// Of this coin, such as XMR
    #[arg(long, value_name = "COIN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coin: Option<String>,
    /// Of this pool: its name, or where it was reached
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pool: Option<String>,
    /// Of this wallet or account
    #[arg(long, value_name = "WALLET")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wallet: Option<String>,
    /// Only those that go on, or only those that are over
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<Which>,
}

/// Where an incident may stand.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Which {
    /// It goes on
    Open,
    /// It is over
    Ended,
}

impl Filter {
    /// Whether everything passes.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this one passes.
    pub(crate) fn takes(&self, incident: &Incident) -> bool {
        let all = |wanted: &Option<String>, of: &dyn Fn(&str) -> bool| {
            wanted.as_ref().is_none_or(|wanted| of(&wanted.to_lowercase()))
        };
        let state = |which| match which {
            Which::Open => incident.state != State::Ended,
            Which::Ended => incident.state == State::Ended,
        };
        all(&self.host, &|wanted| is_host(incident, wanted))
            && all(&self.unit, &|wanted| has(incident.who.unit.as_ref(), wanted))
            && all(&self.coin, &|wanted| incident.coin.as_ref().is_some_and(|coin| is_coin(coin, wanted)))
            && all(&self.pool, &|wanted| has(incident.pool.iter().chain(&incident.endpoints), wanted))
            && all(&self.wallet, &|wanted| has(incident.wallet.as_ref(), wanted))
            && self.state.is_none_or(state)
    }
}

/// Whether one of the texts has the wanted part, which is in lower case.
fn has<'a>(texts: impl IntoIterator<Item = &'a String>, wanted: &str) -> bool {
    texts.into_iter().any(|text| text.to_lowercase().contains(wanted))
}

/// A coin is named whole: `ETH` is not `ETHW`. Its alternatives count as well.
fn is_coin(coin: &str, wanted: &str) -> bool {
    coin.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case(wanted))
}

fn is_host(incident: &Incident, wanted: &str) -> bool {
    let who = &incident.who;
    if let Some(net) = wanted.parse::<IpNet>().ok().or_else(|| wanted.parse::<IpAddr>().ok().map(IpNet::from)) {
        return net.contains(&incident.ip) || who.addresses.iter().any(|ip| net.contains(ip));
    }
    let digits = |mac: &str| mac.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase();
    let is_mac = wanted.len() == 17 && digits(wanted).len() == 12;
    if is_mac {
        return incident.mac.as_ref().is_some_and(|mac| digits(mac) == digits(wanted));
    }
    has(who.hostname.iter().chain(&who.account).chain(&who.person), wanted)
}

/// What the beginning of an id leads to.
#[derive(Debug, PartialEq)]
pub(crate) enum Chosen<'a> {
    None,
    One(&'a Incident),
    /// The ids that begin so, a few of them.
    Many(Vec<String>),
}

/// The incident whose id begins so; one that is named whole is it, whatever begins with it.
pub(crate) fn choose<'a>(incidents: &'a [Incident], id: &str) -> Chosen<'a> {
    if let Some(incident) = incidents.iter().find(|incident| incident.id == id) {
        return Chosen::One(incident);
    }
    let mut found = incidents.iter().filter(|incident| !id.is_empty() && incident.id.starts_with(id));
    match (found.next(), found.next()) {
        (None, _) => Chosen::None,
        (Some(incident), None) => Chosen::One(incident),
        (Some(first), Some(second)) => {
            Chosen::Many([first, second].into_iter().chain(found).take(IDS).map(|one| one.id.clone()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn each_part_of_a_filter_holds() {
        let mut incident = sample::incident("a1");
        incident.who.addresses = vec!["2001:db8::7".parse().unwrap()];
        incident.coin = Some("ETC, ETHW".to_owned());
        let takes = |change: &dyn Fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            filter.takes(&incident)
        };
        let text = |text: &str| Some(text.to_owned());
        assert!(takes(&|_| ()));
        for (host, is_it) in [
            ("10.20.3.17", true),
            ("10.20.3.1", false),
            ("10.20.0.0/16", true),
            ("10.21.0.0/16", false),
            ("2001:db8::/32", true),
            ("00:11:22:aa:bb:cc", true),
            ("00:11:22:aa:bb:cd", false),
            ("LAB-pc", true),
            ("li wei", true),
            ("printer", false),
        ] {
            assert_eq!(takes(&|filter| filter.host = text(host)), is_it, "{host}");
        }
        for (coin, is_it) in [("ethw", true), ("etc", true), ("ET", false), ("ETH", false)] {
            assert_eq!(takes(&|filter| filter.coin = text(coin)), is_it, "{coin}");
        }
        assert!(takes(&|filter| filter.unit = text("physics")) && !takes(&|filter| filter.unit = text("law")));
        assert!(takes(&|filter| filter.pool = text("supportxmr.com:3333")));
        assert!(!takes(&|filter| filter.pool = text("2miners")));
        assert!(takes(&|filter| filter.wallet = text("48edf")) && !takes(&|filter| filter.wallet = text("49edf")));
        assert!(takes(&|filter| filter.state = Some(Which::Open)));
        assert!(!takes(&|filter| filter.state = Some(Which::Ended)));
        assert!(!takes(&|filter| (filter.unit, filter.coin) = (text("physics"), text("XMR"))), "all must hold");
    }

    #[test]
    fn the_beginning_of_an_id_is_enough_where_it_is_one() {
        let all = ["ab1", "ab2", "ab", "c3"].map(sample::incident);
        assert_eq!(choose(&all, "c"), Chosen::One(&all[3]));
        assert_eq!(choose(&all, "ab"), Chosen::One(&all[2]), "named whole");
        assert_eq!(choose(&all, "ab3"), Chosen::None);
        assert_eq!(choose(&all, ""), Chosen::None);
        assert_eq!(choose(&all[..2], "a"), Chosen::Many(vec!["ab1".to_owned(), "ab2".to_owned()]));
    }
}
