//! The init script, run by real busybox: what procd is told, and what becomes of a wrong configuration.

use std::fs;
use std::process::Command;

use super::router::{Router, TOOLS};
use super::{at, have, must};
use crate::path::words;

fn router(test: &str) -> Option<Router> {
    if !minewall_lab::ready(test) || !have(test, TOOLS) {
        return None;
    }
    Some(Router::new())
}

const ON: &str = "config minewall 'global'\n\toption enabled '1'\n";

fn has(calls: &[String], call: &str) -> bool {
    calls.iter().any(|line| line == call)
}

#[test]
fn the_scripts_are_clean() {
    if !have("the_scripts_are_clean", &[("/usr/bin/shellcheck", "shellcheck"), ("/bin/busybox", "busybox-static")]) {
        return;
    }
    for script in ["openwrt/minewall/files/minewall.init", "openwrt/minewall/files/minewall.defaults"] {
        must(Command::new("shellcheck").args(["-s", "dash", "-e", "SC3043"]).arg(at(script)));
        must(Command::new("busybox").args(["ash", "-n"]).arg(at(script)));
    }
    must(
        Command::new("shellcheck")
            .args(["-s", "dash", "-e", "SC3043,SC1090,SC2119,SC2120"])
            .arg(at("tests/openwrt/rc.common")),
    );
}

#[test]
fn as_it_is_shipped_nothing_is_started() {
    let Some(router) = router("as_it_is_shipped_nothing_is_started") else { return };
    let calls = router.must("start");
    assert!(!calls.iter().any(|line| line.starts_with("procd_open_instance")), "{calls:?}");
    assert!(calls.iter().any(|line| line.contains("not started: option enabled")), "{calls:?}");
    assert!(!router.path("etc/crontabs/root").exists(), "flash is not written for nothing");
    let (output, _) = router.run(&["/etc/init.d/minewall", "check"]);
    assert!(output.status.success() && words(&output).contains("sound"), "{}", words(&output));
}

#[test]
fn procd_is_told_one_command_line_and_the_file_it_depends_on() {
    let Some(router) = router("procd_is_told_one_command_line_and_the_file_it_depends_on") else { return };
    router.configure(ON);
    let calls = router.must("start");
    for call in [
        "procd_open_instance",
        "procd_set_param command /usr/sbin/minewall run -c /var/etc/minewall/minewall.toml",
        "procd_set_param file /var/etc/minewall/minewall.toml",
        "procd_set_param reload_signal HUP",
        "procd_set_param respawn 3600 5 5",
        "procd_set_param stderr 1",
        "procd_close_instance",
        "procd_add_reload_trigger minewall",
    ] {
        assert!(has(&calls, call), "{call}: {calls:?}");
    }
    assert!(!calls.iter().any(|line| line.contains("capabilities")), "there is no ujail: {calls:?}");
    assert!(router.toml().contains("mode = \"observe\""), "{}", router.toml());
    // Commands find the same configuration.
    let (output, _) = router.run(&["/usr/sbin/minewall", "check-config"]);
    assert!(words(&output).contains("the configuration is sound"), "{}", words(&output));

    fs::write(router.path("sbin/ujail"), "").unwrap();
    must(Command::new("chmod").arg("+x").arg(router.path("sbin/ujail")));
    let calls = router.must("start");
    assert!(has(&calls, "procd_set_param capabilities /etc/capabilities/minewall.json"), "{calls:?}");
    assert!(has(&calls, "procd_set_param no_new_privs 1"), "{calls:?}");
}

#[test]
fn a_reload_changes_the_file_or_leaves_what_runs_alone() {
    let Some(router) = router("a_reload_changes_the_file_or_leaves_what_runs_alone") else { return };
    router.configure(ON);
    router.must("start");
    let written = || fs::metadata(router.path("tmp/etc/minewall/minewall.toml")).unwrap().modified().unwrap();
    let before = written();
    router.must("reload");
    assert_eq!(written(), before, "nothing has changed");

    router.configure(&format!("{ON}\toption mode 'block'\n"));
    let calls = router.must("reload");
    assert!(router.toml().contains("mode = \"block\"") && !has(&calls, "procd_kill minewall"), "{calls:?}");

    // A wrong value: told with its option, and neither procd nor the daemon hears of it.
    router.configure(&format!("{ON}\toption mode 'blok'\n\toption flows '1'\n"));
    let (output, calls) = router.run(&["/etc/init.d/minewall", "reload"]);
    assert!(!output.status.success());
    for word in [
        "minewall.global.mode: \"blok\" is not one of: observe, block",
        "minewall.global.flows",
        "the former configuration stays",
    ] {
        assert!(calls.join("\n").contains(word), "{word}: {calls:?}");
    }
    assert!(!calls.iter().any(|line| line.starts_with("procd_")), "{calls:?}");
    assert!(router.toml().contains("mode = \"block\""), "{}", router.toml());
    let (output, _) = router.run(&["/etc/init.d/minewall", "check"]);
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));

    // What the daemon takes at its start only is a restart.
    router.configure(&format!("{ON}\toption flows '2048'\n"));
    let calls = router.must("reload");
    let place = |call: &str| calls.iter().position(|line| line == call);
    assert!(
        place("procd_kill minewall").is_some() && place("procd_kill minewall") < place("procd_open_instance"),
        "{calls:?}"
    );

    // Switched off: a service without an instance, which procd then ends.
    router.configure("config minewall 'global'\n\toption enabled '0'\n");
    let calls = router.must("reload");
    assert!(!has(&calls, "procd_open_instance"), "{calls:?}");
}

#[test]
fn a_start_with_a_wrong_value_fails_and_says_which() {
    let Some(router) = router("a_start_with_a_wrong_value_fails_and_says_which") else { return };
    router.configure(&format!("{ON}\toption report '1'\n"));
    let (output, calls) = router.run(&["/etc/init.d/minewall", "start"]);
    assert!(!output.status.success(), "{calls:?}");
    assert!(calls.join("\n").contains("minewall.global.report: 1 is outside 10 to 86400"), "{calls:?}");
    assert!(!has(&calls, "procd_open_instance"), "{calls:?}");
    // A list of one's own that is not there is told by its section too.
    router.configure(&format!("{ON}config file 'own'\n\toption name 'own'\n\toption path '/etc/minewall/own.list'\n"));
    let (_, calls) = router.run(&["/etc/init.d/minewall", "start"]);
    assert!(
        calls.join("\n").contains("minewall.own: ") && calls.join("\n").contains("/etc/minewall/own.list"),
        "{calls:?}"
    );
}

#[test]
fn feeds_are_fetched_by_cron_and_the_crontab_of_others_stays() {
    let Some(router) = router("feeds_are_fetched_by_cron_and_the_crontab_of_others_stays") else { return };
    let other = "0 4 * * * /sbin/other\n";
    fs::write(router.path("etc/crontabs/root"), other).unwrap();
    let crontab = || fs::read_to_string(router.path("etc/crontabs/root")).unwrap();
    let feed = "config feed\n\toption name 'own'\n\toption url 'file:///tmp/own.txt'\n\toption category 'custom'\n";
    router.configure(ON);
    let calls = router.must("start");
    assert_eq!(crontab(), other, "without feeds nothing is fetched");
    assert!(!has(&calls, "cron reload"));
    for (hours, line) in
        [("6", "17 */6 * * * "), ("1", "17 */1 * * * "), ("24", "17 3 */1 * * "), ("168", "17 3 */7 * * ")]
    {
        router.configure(&format!("{ON}\toption update_hours '{hours}'\n{feed}"));
        let calls = router.must("start");
        assert_eq!(crontab(), format!("{other}{line}/usr/sbin/minewall lists update --quiet --jitter\n"));
        assert!(has(&calls, "cron reload"), "{calls:?}");
        assert!(!has(&router.must("start"), "cron reload"), "nothing has changed");
    }
    // The line does what it says: what is fetched is kept on flash, worked on in memory, and one generation is kept.
    for names in ["a.example.org\n", "b.example.org\n"] {
        fs::write(router.path("tmp/own.txt"), names).unwrap();
        let (output, _) = router.run(&["/usr/sbin/minewall", "lists", "update", "--quiet"]);
        assert!(output.status.success(), "{}", words(&output));
        let mut kept: Vec<_> =
            fs::read_dir(router.path("etc/minewall/lists")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        kept.sort();
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert!(router.path("tmp/minewall/lists").exists());
    }
    router.configure(&format!("{ON}\toption update_hours '0'\n{feed}"));
    router.must("start");
    assert_eq!(crontab(), other);
    router.configure(&format!("{ON}{feed}"));
    router.must("start");
    router.must("unschedule");
    assert_eq!(crontab(), other);
}

#[test]
fn after_a_stop_no_rules_are_left() {
    let Some(router) = router("after_a_stop_no_rules_are_left") else { return };
    // What nft would print of our table, and of fw4's chain where a killed daemon left its rules.
    let nft = "#!/bin/sh\necho \"nft $*\" >>/tmp/calls\ncase \"$*\" in\n\
               '-s -t list table inet minewall') echo 'table inet minewall {' ;;\n\
               '-a -t list ruleset') cat <<'END'\n\
               table inet fw4 { # handle 1\n\tchain forward { # handle 3\n\
               \t\tmeta l4proto tcp accept comment \"minewall: TCP not yet decided 0x30000000 256\" # handle 41\n\
               \t\tmeta l4proto { tcp, udp } flow add @ft # handle 7\n\t}\n}\nEND\n;;\n\
               '-f -') sed 's/^/nft: /' >>/tmp/calls ;;\nesac\n";
    fs::write(router.path("usr/sbin/nft"), nft).unwrap();
    router.configure(ON);
    router.must("start");
    let calls = router.must("stop");
    assert!(has(&calls, "procd_kill minewall"), "{calls:?}");
    assert!(has(&calls, "nft: delete table inet minewall"), "{calls:?}");
    assert!(has(&calls, "nft: delete rule inet fw4 forward handle 41"), "{calls:?}");
    assert!(!calls.iter().any(|call| call.contains("handle 7")), "{calls:?}");
    // What cannot be taken out is told, and the stop goes on.
    let denied = nft.replace("'-f -') ", "'-f -') echo 'Operation not permitted' >&2; exit 1 ");
    fs::write(router.path("usr/sbin/nft"), denied).unwrap();
    let calls = router.must("stop");
    let told = |call: &String| call.contains("daemon.err") && call.contains("not taken out: nft: ");
    assert!(calls.iter().any(told), "{calls:?}");
}
