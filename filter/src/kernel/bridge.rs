//! Bridges: whether the kernel shows what passes between their ports to the packet filter (br_netfilter). It then meets
//! our rules as if it were routed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use minewall_core::config::Bridge as Setting;

use super::command::run;

/// The settings of br_netfilter, there while it is loaded; of the process' own network namespace.
const SETTINGS: &str = "/proc/sys/net/bridge";

/// Those that show IPv4 and IPv6.
const SHOWN: [&str; 2] = ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"];

const MODULE: &str = "br_netfilter";

/// A bridge between ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bridge {
    name: String,
    ports: Vec<String>,
}

/// The bridges with two ports or more, in the order of their names.
pub(crate) fn bridges() -> Vec<Bridge> {
    bridges_in(Path::new("/sys/class/net"))
}

fn bridges_in(interfaces: &Path) -> Vec<Bridge> {
    let names = |place: &Path| {
        let entries = fs::read_dir(place).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    };
    let bridges = names(interfaces).into_iter().map(|name| {
        let ports = names(&interfaces.join(&name).join("brif"));
        Bridge { name, ports }
    });
    bridges.filter(|bridge| bridge.ports.len() > 1).collect()
}

/// What keeps the packet filter from what passes over these bridges, and what helps, one sentence each; none: nothing.
pub(crate) fn obstacles(bridges: &[Bridge]) -> Vec<String> {
    obstacles_in(Path::new(SETTINGS), bridges)
}

fn obstacles_in(settings: &Path, bridges: &[Bridge]) -> Vec<String> {
    let hidden = hidden(settings);
    let why = match &hidden[..] {
        [] => return Vec::new(),
        _ if !settings.exists() => format!("the kernel module {MODULE} is not loaded (OpenWrt: kmod-br-netfilter)"),
        hidden => {
            format!("{} is 0", hidden.iter().map(|name| format!("net.bridge.{name}")).collect::<Vec<_>>().join(", "))
        }
    };
    let told = |Bridge { name, ports }: &Bridge| {
        format!(
            "what passes over the bridge {name} from one port to another ({}) is not looked at: {why}; set \
             kernel.bridge = \"on\" to have it looked at",
            ports.join(", ")
        )
    };
    bridges.iter().map(told).collect()
}

/// The settings that are off, or not there.
fn hidden(settings: &Path) -> Vec<&'static str> {
    let is_on = |name: &&str| fs::read_to_string(settings.join(name)).is_ok_and(|text| text.trim() != "0");
    SHOWN.into_iter().filter(|name| !is_on(name)).collect()
}

/// What was switched on for us; dropped, it is switched off again.
#[derive(Debug, Default)]
#[must_use = "bridged packets are hidden again when this is dropped"]
pub(crate) struct Shown {
    is_wanted: bool,
    changed: Vec<PathBuf>,
}

/// Does what the setting asks for, and says in the log what is so.
///
/// # Errors
/// Bridged packets are to be looked at, and the kernel cannot be made to show them.
pub(crate) fn show(setting: Setting) -> Result<Shown> {
    let bridges = bridges();
    let mut shown = Shown { is_wanted: setting == Setting::On, changed: Vec::new() };
    match setting {
        Setting::Off => return Ok(shown),
        Setting::Auto => obstacles(&bridges).iter().for_each(|obstacle| tracing::info!("{obstacle}")),
        Setting::On if bridges.is_empty() => {
            tracing::warn!("kernel.bridge = \"on\", and there is no bridge with two ports yet");
            shown.keep()?;
        }
        Setting::On => shown.keep()?,
    }
    if hidden(Path::new(SETTINGS)).is_empty() {
        for Bridge { name, ports } in &bridges {
            tracing::info!(bridge = name, ports = ports.join(", "), "what passes between these ports is looked at");
        }
    }
    Ok(shown)
}

impl Shown {
    /// Switches on what is off, if it is wanted: other programs set these too.
    ///
    /// # Errors
    /// The kernel has no br_netfilter, or the right to is missing.
    pub(crate) fn keep(&mut self) -> Result<()> {
        let settings = Path::new(SETTINGS);
        if !self.is_wanted {
            return Ok(());
        }
        if !settings.exists() {
            run("modprobe", &[MODULE], "").with_context(|| {
                format!(
                    "kernel.bridge = \"on\" needs the kernel module {MODULE} (CONFIG_BRIDGE_NETFILTER; OpenWrt: \
                     kmod-br-netfilter; Debian's package: docs/bridge.md)"
                )
            })?;
        }
        for name in hidden(settings) {
            let path = settings.join(name);
            // The service of the Debian package may not.
            let needs =
                || format!("kernel.bridge = \"on\" needs net.bridge.{name} = 1; set it by sysctl (docs/bridge.md)");
            fs::write(&path, "1").with_context(needs)?;
            if !self.changed.contains(&path) {
                self.changed.push(path);
            }
            tracing::info!("net.bridge.{name} set to 1");
        }
        Ok(())
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        for path in &self.changed {
            if let Err(error) = fs::write(path, "0") {
                tracing::warn!(%error, path = %path.display(), "a setting of ours stays");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with files under it, removed when dropped.
    struct Tree(PathBuf);

    impl Tree {
        fn make(name: &str, files: &[(&str, &str)]) -> Self {
            let tree = Self(std::env::temp_dir().join(format!("minewall-{name}-{}", std::process::id())));
            fs::create_dir_all(&tree.0).unwrap();
            for (path, text) in files {
                let path = tree.0.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            tree
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn bridges_between_ports_are_found() {
        let files = [("br0/brif/wan0", ""), ("br0/brif/lan0", ""), ("docker0/brif/veth1", ""), ("lan0/mtu", "")];
        let tree = Tree::make("bridges", &files);
        let ports = ["lan0", "wan0"].map(str::to_owned).to_vec();
        assert_eq!(bridges_in(&tree.0), [Bridge { name: "br0".into(), ports }]);
    }

    #[test]
    fn what_hides_bridged_packets_is_told_with_what_helps() {
        let bridges = [Bridge { name: "br0".into(), ports: vec!["lan0".into(), "wan0".into()] }];
        let tree =
            Tree::make("obstacles", &[("on/bridge-nf-call-iptables", "1\n"), ("on/bridge-nf-call-ip6tables", "0\n")]);
        let told = obstacles_in(&tree.0.join("none"), &bridges).join("\n");
        for word in ["br0", "lan0, wan0", "br_netfilter is not loaded", "kmod-br-netfilter", "kernel.bridge = \"on\""] {
            assert!(told.contains(word), "{told}");
        }
        let told = obstacles_in(&tree.0.join("on"), &bridges).join("\n");
        assert!(told.contains(": net.bridge.bridge-nf-call-ip6tables is 0;"), "{told}");
        assert_eq!(obstacles_in(&tree.0.join("none"), &[]), Vec::<String>::new());
        fs::write(tree.0.join("on/bridge-nf-call-ip6tables"), "1\n").unwrap();
        assert_eq!(obstacles_in(&tree.0.join("on"), &bridges), Vec::<String>::new());
    }
}
