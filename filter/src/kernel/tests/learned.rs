//! What listed names lead to: refused by the kernel for its time, by sets that come and go without a rule being touched.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use minewall_core::config::{Config, Refresh, TcpAction};
use minewall_core::policy::Mode;

use super::super::{Led, Loader};
use super::lab::{Lab, Namespace, root, sh, until};
use super::refusal::{is, works};
use super::traffic::{INTERNET, INTERNET_SIX, config, counted, with_each_backend};
use super::{VARIANTS, iptables_plane_of, no_lists};

fn learning() -> Config {
    let mut config = config();
    config.mode = Mode::Block;
    config.resolve.refresh = Refresh::On;
    config
}

fn led(seconds: u64) -> Vec<Led> {
    let ends = Instant::now() + Duration::from_secs(seconds);
    [INTERNET, INTERNET_SIX].map(|ip| Led { ip, port: 3333, ends }).into()
}

/// Whether a server there is reached.
fn reaches(lab: &Lab, to: SocketAddr) -> bool {
    let _server = lab.internet.inside(|| TcpListener::bind(to).unwrap());
    lab.host.inside(|| TcpStream::connect_timeout(&to, Duration::from_millis(700))).is_ok()
}

/// Our rules with their handles, of nft; the lines of our chains, of iptables.
fn rules(lab: &Lab, loader: Loader) -> String {
    lab.gateway.inside(|| match loader {
        Loader::Nft => sh("nft -a -s -t list table inet minewall"),
        Loader::Iptables(tables) => tables.list().unwrap(),
    })
}

#[test]
fn what_a_listed_name_leads_to_is_refused_until_its_time_is_over() {
    with_each_backend(&learning(), &no_lists(), |lab, plane| {
        assert!(plane.rules.sets.learns, "{:?}", plane.notes);
        for ip in [INTERNET, INTERNET_SIX] {
            works(lab, SocketAddr::new(ip, 3333));
        }
        let mut loaded = lab.gateway.inside(|| plane.clone().load().unwrap());
        let before = rules(lab, plane.loader);
        let refused = counted(lab, plane, "refused");
        lab.gateway.inside(|| loaded.learn(led(600)).unwrap());
        for ip in [INTERNET, INTERNET_SIX] {
            is(ErrorKind::ConnectionRefused, lab, SocketAddr::new(ip, 3333), "by what was learned");
            works(lab, SocketAddr::new(ip, 3334));
        }
        assert_eq!(counted(lab, plane, "refused"), refused + 2);
        assert_eq!(rules(lab, plane.loader), before, "no rule was touched");
        assert!(lab.gateway.inside(|| loaded.is_present().unwrap()));
        // A shorter time in the place of a longer.
        let start = Instant::now();
        lab.gateway.inside(|| loaded.learn(led(3)).unwrap());
        for ip in [INTERNET, INTERNET_SIX] {
            until("its time is over", || reaches(lab, SocketAddr::new(ip, 3333)));
        }
        assert!(start.elapsed() > Duration::from_secs(2), "{:?}", start.elapsed());
        // A longer time in the place of a shorter, and nothing at all.
        lab.gateway.inside(|| loaded.learn(led(1)).unwrap());
        lab.gateway.inside(|| loaded.learn(led(600)).unwrap());
        std::thread::sleep(Duration::from_millis(2_500));
        is(ErrorKind::ConnectionRefused, lab, SocketAddr::new(INTERNET, 3333), "by what was learned");
        lab.gateway.inside(|| loaded.learn(Vec::new()).unwrap());
        works(lab, SocketAddr::new(INTERNET, 3333));
        std::mem::forget(loaded);
    });
}

#[test]
fn what_was_learned_outlives_other_rules_and_their_loss() {
    with_each_backend(&learning(), &no_lists(), |lab, plane| {
        let mut loaded = lab.gateway.inside(|| plane.clone().load().unwrap());
        lab.gateway.inside(|| loaded.learn(led(600)).unwrap());
        let mut config = learning();
        config.tcp.action = TcpAction::Drop;
        lab.gateway.inside(|| loaded.replace(plane.anew(&config, &no_lists())).unwrap());
        is(ErrorKind::TimedOut, lab, SocketAddr::new(INTERNET, 3333), "by what was learned");
        lab.gateway.inside(|| {
            match plane.loader {
                Loader::Nft => _ = sh("nft delete table inet minewall"),
                Loader::Iptables(tables) => tables.unload().unwrap(),
            }
            assert!(!loaded.is_present().unwrap());
            loaded.restore().unwrap();
        });
        is(ErrorKind::TimedOut, lab, SocketAddr::new(INTERNET_SIX, 3333), "by what was learned");
        std::mem::forget(loaded);
    });
}

#[test]
fn a_set_of_iptables_goes_with_its_rules_and_one_of_a_crashed_run_is_taken_over() {
    if !root() {
        return;
    }
    for variant in VARIANTS {
        Namespace::new().inside(|| {
            let Some(plane) = iptables_plane_of(variant, &learning(), &no_lists()) else { return };
            let sets = || sh("ipset list -n").lines().map(str::to_owned).collect::<Vec<_>>();
            assert!(sets().is_empty(), "the test left {:?}", sets());
            let mut loaded = plane.clone().load().unwrap();
            loaded.learn(led(600)).unwrap();
            assert_eq!(sets(), ["minewall_learned4", "minewall_learned6"]);
            std::mem::forget(loaded);
            let mut loaded = plane.load().unwrap();
            loaded.learn(led(600)).unwrap();
            loaded.unload().unwrap();
            assert!(sets().is_empty(), "{:?}", sets());
        });
    }
}
