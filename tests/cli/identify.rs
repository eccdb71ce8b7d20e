//! `minewall identify`: what each provider says of a host, and what it said then.

use super::program::{Files, Ran, minewall};

/// 2026-11-24T10:00:00Z is 1795514400.
const RADIUS: &str = "Tue\n\tUser-Name = \"alice\"\n\tAcct-Status-Type = Start\n\tFramed-IP-Address = 10.0.0.5\n\
    \tTimestamp = 1795514400\n\nTue\n\tUser-Name = \"bob\"\n\tAcct-Status-Type = Start\n\tFramed-IP-Address = 10.0.0.5\n\
    \tTimestamp = 1795518000\n\n";

const KEA: &str = "10.0.0.5,02:00:00:00:00:05,,3600,1795518000,1,0,0,lab-pc-07,0,,0\n";

fn identify(files: &Files, arguments: &[&str]) -> Ran {
    let radius = files.write("detail", RADIUS);
    let kea = files.write("leases4.csv", KEA);
    let inventory = files.write("inventory.csv", "mac,unit\n02:00:00:00:00:05,物理学院\n");
    let text =
        format!("[identity]\nusual = false\nradius = [{radius:?}]\nkea = [{kea:?}]\ninventory = {inventory:?}\n");
    let config = files.write("minewall.toml", text);
    minewall(&[&["identify", "-c", &config], arguments].concat())
}

#[test]
fn each_provider_is_told_with_its_times() {
    let files = Files::new();
    let ran = identify(&files, &["10.0.0.5", "--at", "2026-11-24T10:30:00Z", "--format", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let expected = serde_json::json!([{
        "address": "10.0.0.5",
        "at": "2026-11-24T10:30:00Z",
        "providers": [
            {"provider": "radius", "account": "alice", "since": "2026-11-24T10:00:00Z", "until": "2026-11-24T11:00:00Z"},
            {"provider": "kea", "hostname": "lab-pc-07", "mac": "02-00-00-00-00-05", "since": "2026-11-24T10:00:00Z",
             "until": "2026-11-24T11:00:00Z"},
            {"provider": "inventory", "unit": "物理学院"},
        ],
    }]);
    assert_eq!(serde_json::Value::from(ran.records()), expected);
    // The same instant in Beijing's time.
    let beijing = identify(&files, &["10.0.0.5", "--at", "2026-11-24T18:30:00+08:00", "--format", "json"]);
    assert_eq!(beijing.out, ran.out);
}

#[test]
fn who_has_it_later_is_another_and_nobody_is_told_as_such() {
    let files = Files::new();
    let later = identify(&files, &["10.0.0.5", "--at", "2026-11-24T11:30:00Z"]);
    assert_eq!(later.code, 0);
    assert!(
        later.out.contains("bob") && !later.out.contains("alice") && !later.out.contains("lab-pc-07"),
        "{}",
        later.out
    );
    assert!(
        later.out.contains("account") && !later.out.contains("room"),
        "only columns that say something: {}",
        later.out
    );
    let nobody = identify(&files, &["10.0.0.6", "--at", "2026-11-24T10:30:00Z"]);
    assert_eq!((nobody.code, nobody.out.as_str()), (1, "nobody knows who has 10.0.0.6 at 2026-11-24T10:30:00Z\n"));
    let wrong = identify(&files, &["10.0.0.5", "--at", "yesterday"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("yesterday") && wrong.err.contains("2026-11-24T10:00:00Z"), "{}", wrong.err);
}

#[test]
fn an_inventory_in_gbk_is_refused_with_the_remedy() {
    let files = Files::new();
    let inventory = files.write("gbk.csv", b"\xb5\xd8\xd6\xb7,\xb5\xa5\xce\xbb\n");
    let config = files.write("minewall.toml", format!("[identity]\ninventory = {inventory:?}\n"));
    let ran = minewall(&["identify", "-c", &config, "10.0.0.5"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("gbk.csv") && ran.err.contains("CSV UTF-8"), "{}", ran.err);
    let ran = minewall(&["check-config", "-c", &config]);
    assert_eq!(ran.code, 2);
    for word in ["line 2", "identity.inventory", "gbk.csv", "iconv"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
}
