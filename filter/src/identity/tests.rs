//! Providers over real files, as they change, and what comes of them in a record.

use std::path::{Path, PathBuf};

use super::*;

/// A directory that goes with the test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("minewall-identity-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Nothing of this machine's own.
fn settings() -> config::Identity {
    config::Identity { usual: false, nat: false, ..config::Identity::default() }
}

fn who(identity: &mut Identity, ip: &str, mac: Option<[u8; 6]>, at_us: i64) -> Who {
    let mut mac = mac;
    let (who, is_later) = identity.who(ip.parse().unwrap(), &mut mac, at_us, Instant::now());
    assert!(!is_later);
    who.map(|who| *who).unwrap_or_default()
}

fn look(identity: &Identity) {
    identity.providers.iter().for_each(|(_, provider)| provider.look());
}

/// Appends, so that the file stays the same.
fn append(path: &str, text: &str) {
    use std::io::Write;
    std::fs::File::options().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 5];
const FAR: i64 = 4_000_000_000;
/// 2026-11-24T10:00:00Z.
const TEN_US: i64 = 1_795_514_400 * 1_000_000;

#[test]
fn every_provider_adds_what_the_others_do_not_say() {
    let place = Place::new("all");
    let mut settings = settings();
    settings.dnsmasq = vec![place.write("dnsmasq", format!("{FAR} 02:00:00:00:00:05 10.0.0.5 lab-pc-07 *\n"))];
    settings.radius = vec![place.write(
        "detail",
        "Tue\n\tUser-Name = \"alice\"\n\tAcct-Status-Type = Start\n\tFramed-IP-Address = 10.0.0.5\n\
         \tTimestamp = 1795514400\n\n",
    )];
    settings.inventory = place.write("inventory.csv", "mac,单位,房间\n02-00-00-00-00-05,物理学院,B204\n");
    let mut identity = Identity::still(&settings).unwrap();
    let told = who(&mut identity, "10.0.0.5", Some(MAC), TEN_US);
    assert_eq!(told.hostname.as_deref(), Some("lab-pc-07"));
    assert_eq!(told.account.as_deref(), Some("alice"));
    assert_eq!((told.unit.as_deref(), told.room.as_deref()), (Some("物理学院"), Some("B204")));
    assert_eq!(told.sources, ["radius", "dnsmasq", "inventory"]);
    assert_eq!(told.lease_mac, None, "it is the one that was seen");
    // Behind a router whose address was seen instead: the lease tells the host's, and with it the inventory its place.
    let router = [2, 0, 0, 0, 0, 1];
    for n in 100..110 {
        who(&mut identity, &format!("10.0.0.{n}"), Some(router), TEN_US);
    }
    let told = who(&mut identity, "10.0.0.5", Some(router), TEN_US);
    assert!(told.is_next_hop && told.addresses.is_empty());
    assert_eq!(told.lease_mac.as_deref(), Some("02-00-00-00-00-05"));
    assert_eq!(told.unit.as_deref(), Some("物理学院"));
    assert_eq!(who(&mut identity, "10.9.9.9", None, TEN_US), Who::default());
}

#[test]
fn privacy_addresses_are_joined_and_named_through_the_hardware_address() {
    let place = Place::new("privacy");
    let mut settings = settings();
    settings.dnsmasq = vec![place.write("dnsmasq", format!("{FAR} 02:00:00:00:00:05 10.0.0.5 lab-pc-07 *\n"))];
    let mut identity = Identity::still(&settings).unwrap();
    who(&mut identity, "10.0.0.5", Some(MAC), TEN_US);
    who(&mut identity, "fe80::5", Some(MAC), TEN_US);
    for n in 1..=9 {
        let told = who(&mut identity, &format!("2001:db8::{n}:9"), Some(MAC), TEN_US + n);
        assert_eq!(told.hostname.as_deref(), Some("lab-pc-07"), "{n}");
        assert!(!told.is_next_hop);
        assert_eq!(
            told.addresses.len(),
            usize::try_from(n).unwrap(),
            "those before, but not that of the link: {told:?}"
        );
    }
    // The same card, but what it fronts are networks: no name is taken from it.
    for n in 1..=9 {
        who(&mut identity, &format!("2001:db8:{n}::1"), Some(MAC), TEN_US + 10);
    }
    let told = who(&mut identity, "2001:db8:7::1", Some(MAC), TEN_US + 10);
    assert!(told.is_next_hop && told.hostname.is_none() && told.addresses.is_empty(), "{told:?}");
}

#[test]
fn files_are_followed_as_they_grow_turn_and_go() {
    let place = Place::new("follow");
    let start = |user: &str, at: i64| {
        format!(
            "Tue\n\tUser-Name = \"{user}\"\n\tAcct-Status-Type = Start\n\tFramed-IP-Address = 10.0.0.5\n\
             \tTimestamp = {at}\n\n"
        )
    };
    let ten = TEN_US / 1_000_000;
    std::fs::create_dir_all(place.0.join("192.0.2.1")).unwrap();
    let file = place.write("192.0.2.1/detail-20261124", start("alice", ten));
    place.write("192.0.2.1/other", start("mallory", ten));
    let mut settings = settings();
    settings.radius = vec![place.0.to_str().unwrap().to_owned()];
    let mut identity = Identity::still(&settings).unwrap();
    let account = |identity: &mut Identity, after: i64| {
        look(identity);
        who(identity, "10.0.0.5", None, TEN_US + after * 1_000_000).account.unwrap_or_default()
    };
    assert_eq!(account(&mut identity, 0), "alice");
    let bob = start("bob", ten + 60);
    let (half, rest) = bob.split_at(40);
    append(&file, half);
    assert_eq!(account(&mut identity, 60), "alice", "half a packet waits");
    append(&file, rest);
    assert_eq!(account(&mut identity, 60), "bob");
    assert_eq!(account(&mut identity, 30), "alice", "who had it then");
    // It begins anew under its name, longer than it was.
    std::fs::rename(&file, place.0.join("old")).unwrap();
    std::fs::write(&file, start("carol", ten + 120) + &start("dave", ten + 180) + &start("erin", ten + 240)).unwrap();
    assert_eq!([account(&mut identity, 130), account(&mut identity, 300)], ["carol", "erin"]);
    std::fs::write(&file, start("frank", ten + 400)).unwrap();
    assert_eq!(account(&mut identity, 400), "frank", "cut short and written anew");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(account(&mut identity, 250), "erin", "what was read is remembered");
}

#[test]
fn what_kea_cleaned_is_read_from_the_files_before() {
    let place = Place::new("kea");
    let row = |ip: &str, name: &str, expire: i64| format!("{ip},02:00:00:00:00:05,,3600,{expire},1,0,0,{name},0,,0\n");
    let ten = TEN_US / 1_000_000;
    place.write("leases.csv.2", row("10.0.0.5", "before", ten));
    let file = place.write("leases.csv", "address,hwaddr\n".to_owned() + &row("10.0.0.6", "now", ten + 3600));
    let mut settings = settings();
    settings.kea = vec![file];
    let mut identity = Identity::still(&settings).unwrap();
    assert_eq!(who(&mut identity, "10.0.0.5", None, TEN_US - 60).hostname.as_deref(), Some("before"));
    assert_eq!(who(&mut identity, "10.0.0.6", None, TEN_US + 60).hostname.as_deref(), Some("now"));
}

#[test]
fn an_inventory_that_breaks_leaves_the_former_one() {
    let place = Place::new("inventory");
    let file = place.write("i.csv", "address,unit\n10.0.0.5,Physics\n");
    let mut settings = settings();
    settings.inventory = file.clone();
    let mut identity = Identity::still(&settings).unwrap();
    let unit = |identity: &mut Identity| who(identity, "10.0.0.5", None, TEN_US).unit.unwrap_or_default();
    assert_eq!(unit(&mut identity), "Physics");
    let later = |seconds| std::time::SystemTime::now() + Duration::from_secs(seconds);
    let touch =
        |seconds| std::fs::File::options().append(true).open(&file).unwrap().set_modified(later(seconds)).unwrap();
    std::fs::write(&file, b"\xb5\xd8\xd6\xb7,\xb5\xa5\n").unwrap();
    touch(10);
    look(&identity);
    assert_eq!(unit(&mut identity), "Physics");
    std::fs::write(&file, "address,unit\n10.0.0.5,Library\n").unwrap();
    touch(20);
    look(&identity);
    assert_eq!(unit(&mut identity), "Library");
    std::fs::write(&file, b"\xb5\xd8\xd6\xb7,\xb5\xa5\n").unwrap();
    let error = format!("{:#}", Identity::still(&settings).err().unwrap());
    assert!(error.contains("i.csv") && error.contains("CSV UTF-8"), "{error}");
}

#[test]
fn what_is_not_there_does_not_stand_in_the_way() {
    let mut settings = settings();
    settings.dnsmasq = vec!["/nowhere/leases".to_owned()];
    settings.radius = vec!["/nowhere/radacct".to_owned()];
    let mut identity = Identity::start(&settings).unwrap();
    assert_eq!(who(&mut identity, "10.0.0.5", None, TEN_US), Who::default());
    assert!(!Path::new("/nowhere").exists());
}
