//! What is held: pairs of address and port with the listed name that led there, each for its time. Bounded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use minewall_core::learned::Learned;

/// Pairs of one name at the most: nobody fills the table with one.
const PER_NAME: usize = 256;

/// Bytes of a file that is read: 65,536 lines of the longest names.
const FILE: u64 = 32 << 20;

/// Pairs of address and port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pairs: BTreeMap<(IpAddr, u16), Pair>,
    names: BTreeMap<Arc<str>, usize>,
}

#[derive(Clone, Debug)]
struct Pair {
    name: Arc<str>,
    ends: Instant,
}

/// A pair that is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held<'a> {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    pub(crate) name: &'a str,
    pub(crate) ends: Instant,
}

impl Table {
    /// Holds a pair until then, or longer if it already is; false: there is no more room.
    pub(crate) fn put(&mut self, (ip, port): (IpAddr, u16), name: &str, ends: Instant, most: usize) -> bool {
        if let Some(pair) = self.pairs.get_mut(&(ip, port)) {
            pair.ends = pair.ends.max(ends);
            return true;
        }
        let of_name = self.names.get_key_value(name);
        if self.pairs.len() >= most || of_name.is_some_and(|(_, count)| *count >= PER_NAME) {
            return false;
        }
        let name: Arc<str> = of_name.map_or_else(|| name.into(), |(name, _)| Arc::clone(name));
        *self.names.entry(Arc::clone(&name)).or_default() += 1;
        self.pairs.insert((ip, port), Pair { name, ends });
        true
    }

    /// Lets go of all that is over, and of what is no longer wanted; whether there was any.
    pub(crate) fn retain(&mut self, now: Instant, is_wanted: impl Fn(Held<'_>) -> bool) -> bool {
        let before = self.pairs.len();
        let names = &mut self.names;
        self.pairs.retain(|&(ip, port), pair| {
            let stays = pair.ends > now && is_wanted(Held { ip, port, name: &pair.name, ends: pair.ends });
            if !stays && let Some(count) = names.get_mut(&pair.name) {
                *count -= 1;
                if *count == 0 {
                    names.remove(&pair.name);
                }
            }
            stays
        });
        self.pairs.len() < before
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Held<'_>> {
        self.pairs.iter().map(|(&(ip, port), pair)| Held { ip, port, name: &pair.name, ends: pair.ends })
    }

    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// When what is held of this name ends at first.
    pub(crate) fn ends(&self, name: &str) -> Option<Instant> {
        self.names.get(name)?;
        self.pairs.values().filter(|pair| &*pair.name == name).map(|pair| pair.ends).min()
    }

    /// What engines look up.
    pub(crate) fn learned(&self) -> Learned {
        self.pairs.iter().map(|(&(ip, port), pair)| (ip, port, Arc::clone(&pair.name))).collect()
    }

    /// Writes all to a file, replaced at once: a line each, with the second since 1970 it ends.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn save(&self, file: &Path) -> io::Result<()> {
        let (now, wall) = (Instant::now(), wall());
        let mut text = String::new();
        for Held { ip, port, name, ends } in self.iter() {
            let ends = wall + ends.saturating_duration_since(now);
            _ = writeln!(text, "{ip} {port} {} {name}", ends.as_secs());
        }
        let new = file.with_extension("new");
        fs::write(&new, text)?;
        fs::rename(&new, file)
    }

    /// Takes what such a file holds and is not over, up to `longest` from now; lines that cannot be read are passed over.
    pub(crate) fn load(&mut self, file: &Path, longest: Duration, most: usize) {
        if fs::metadata(file).is_ok_and(|file| file.len() > FILE) {
            return;
        }
        let Ok(text) = fs::read_to_string(file) else { return };
        let (now, wall) = (Instant::now(), wall());
        for line in text.lines() {
            let words: Vec<_> = line.split(' ').collect();
            let [ip, port, ends, name] = words[..] else { continue };
            let (Ok(ip), Ok(port), Ok(ends)) = (ip.parse(), port.parse(), ends.parse()) else { continue };
            let left = Duration::from_secs(ends).saturating_sub(wall).min(longest);
            if !left.is_zero() {
                self.put((ip, port), name, now + left, most);
            }
        }
    }
}

fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u32) -> IpAddr {
        std::net::Ipv4Addr::from(0x5e17_0000 + last).into()
    }

    #[test]
    fn pairs_end_and_longer_times_win() {
        let (mut table, now) = (Table::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        assert!(table.put((ip(1), 3333), "a.test", at(10), 100));
        assert!(table.put((ip(1), 3333), "b.test", at(20), 100));
        assert!(table.put((ip(1), 3333), "b.test", at(5), 100));
        assert!(table.put((ip(2), 3333), "b.test", at(10), 100));
        assert!(!table.retain(at(9), |_| true));
        assert_eq!((table.ends("a.test"), table.ends("b.test")), (Some(at(20)), Some(at(10))), "the first name stays");
        assert!(table.retain(at(10), |_| true));
        assert_eq!((table.len(), table.names.len(), table.ends("b.test")), (1, 1, None));
        assert!(table.retain(at(11), |held| held.name != "a.test"));
        assert_eq!((table.len(), table.names.len()), (0, 0));
    }

    #[test]
    fn the_table_and_what_one_name_takes_of_it_are_bounded() {
        let (mut table, ends) = (Table::default(), Instant::now() + Duration::from_secs(60));
        let taken = (0..1_000).filter(|last| table.put((ip(*last), 1), "a.test", ends, 10_000)).count();
        assert_eq!(taken, PER_NAME);
        let taken = (0..1_000).filter(|last| table.put((ip(*last), 2), &format!("{last}.test"), ends, 300)).count();
        assert_eq!((taken, table.len()), (300 - PER_NAME, 300));
        assert!(table.put((ip(0), 1), "a.test", ends, 300), "what is held already goes on");
        assert_eq!(table.learned().len(), 300);
    }

    #[test]
    fn what_is_held_outlives_a_restart_but_not_its_time() {
        let file = std::env::temp_dir().join(format!("minewall-learned-{}", std::process::id()));
        let (mut table, now) = (Table::default(), Instant::now());
        table.put((ip(1), 3333), "a.test", now + Duration::from_secs(60), 10);
        table.put(("2a01::1".parse().unwrap(), 3333), "b.test", now + Duration::from_secs(9_999), 10);
        table.put((ip(2), 3333), "c.test", now, 10);
        table.save(&file).unwrap();
        let mut text = fs::read_to_string(&file).unwrap();
        text += "not a line\n1.2.3.4 70000 9999999999 d.test\n1.2.3.4 1 0 e.test\n";
        fs::write(&file, text).unwrap();
        let mut again = Table::default();
        again.load(&file, Duration::from_secs(600), 10);
        fs::remove_file(&file).unwrap();
        again.load(&file, Duration::from_secs(600), 10);
        let left: Vec<_> =
            again.iter().map(|held| (held.name, held.ends.saturating_duration_since(now).as_secs())).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        assert!((58..=61).contains(&left[0].1) && (599..=601).contains(&left[1].1), "{left:?}");
    }
}
