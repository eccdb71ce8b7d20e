//! The kernel plane: choosing a backend, loading the rules `minewall_core::ruleset` rendered, and taking them out again.
//!
//! [`choose`] asks what the kernel can do and changes nothing; [`Plane::load`] gives [`Loaded`], a guard that removes
//! what is ours, and only that, when it is dropped. What a crashed run left behind is replaced by the next load.

pub(crate) mod bridge;
mod command;
mod counted;
mod ipset;
mod iptables;
mod learned;
pub(crate) mod left;
mod nft;
mod offload;
#[cfg(test)]
mod tests;

use std::thread;

use anyhow::{Context, Result};
use minewall_core::config::{Backend, Config, Offload};
use minewall_core::ruleset::{self, Family, Ruleset};
use minewall_lists::Lists;

pub(crate) use command::ask;
use command::not_permitted;
pub(crate) use counted::RuleCount;
use iptables::Tables;
pub(crate) use learned::Led;

/// What to do about a missing right.
const PERMISSION: &str =
    "changing kernel rules needs the capability CAP_NET_ADMIN; run as root or grant it in the service file";

/// Listed addresses for which iptables gets a rule each: the first segment of every connection passes them twice.
const LISTED_WITHOUT_SETS: usize = 64;

/// Queues used where the configuration leaves their number to the machine.
const MOST_QUEUES: usize = 4;

/// Rules that this machine's kernel said it would take, and the program to load them with.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    config: Config,
    rules: Ruleset,
    loader: Loader,
    notes: Vec<String>,
}

/// The program that loads the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loader {
    Nft,
    Iptables(Tables),
}

/// Rules in the kernel. Dropping it takes them out; better is [`Loaded::unload`], which can fail aloud.
#[derive(Debug)]
#[must_use = "the rules are taken out when this is dropped"]
pub(crate) struct Loaded {
    plane: Plane,
    /// What the kernel lists as ours while nobody has touched it; none: the rules are out.
    listed: Option<String>,
    /// What listed names lead to, as it was last told.
    led: Vec<Led>,
}

/// How many queues the rules spread a class over: `queue.count`, or one for each processor, four at the most.
pub(crate) fn queues(config: &Config) -> u16 {
    match config.queue.count {
        0 => thread::available_parallelism().map_or(1, |count| count.get().min(MOST_QUEUES) as u16),
        count => count,
    }
}

/// The rules for a configuration, and the backend it names or, for `auto`, the first the kernel can do. Changes nothing.
///
/// # Errors
/// What the kernel or the machine lacks, and what helps.
pub(crate) fn choose(config: &Config, lists: &Lists) -> Result<Plane> {
    let rules = Ruleset::new(config, queues(config)).refusing(config, lists);
    let chosen = match config.kernel.backend {
        Backend::Nft => nft::check(&rules.clone().learning(config)).map(|()| (Loader::Nft, Vec::new())),
        Backend::Iptables => with_iptables(&for_iptables(config, &rules)),
        Backend::Auto => auto(config, &rules),
    };
    let (loader, notes) =
        chosen.map_err(|error| if not_permitted(&error) { error.context(PERMISSION) } else { error })?;
    Ok(Plane::new(config, rules, loader, notes))
}

/// What a backend without nft's means cannot do of what is configured.
fn wanting(config: &Config, rules: &Ruleset) -> Vec<String> {
    let mut notes = Vec::new();
    if config.kernel.offload == Offload::Own {
        notes.push("kernel.offload = \"own\" needs the backend nft: settled flows stay on the ordinary way".to_owned());
    }
    if rules.sets.listed.len() > LISTED_WITHOUT_SETS {
        notes.push(format!(
            "{} addresses are listed, and without the sets of nft the kernel refuses at most {LISTED_WITHOUT_SETS} by \
             itself: connections to them are cut by what is said on them",
            rules.sets.listed.len()
        ));
    }
    notes
}

/// The rules without the refusal of addresses where there are too many of them.
fn for_iptables(config: &Config, rules: &Ruleset) -> Ruleset {
    if rules.sets.listed.len() > LISTED_WITHOUT_SETS { Ruleset::new(config, queues(config)) } else { rules.clone() }
}

/// The text [`Plane::load`] would load. A backend named in the configuration is printed whether or not it would work here.
///
/// # Errors
/// `auto` found no backend; see [`choose`].
pub(crate) fn print(config: &Config, lists: &Lists) -> Result<String> {
    let rules = Ruleset::new(config, queues(config)).refusing(config, lists);
    let is_nft = match config.kernel.backend {
        Backend::Nft => true,
        Backend::Iptables => false,
        Backend::Auto => choose(config, lists).context("name a backend: nft or iptables")?.loader == Loader::Nft,
    };
    if is_nft {
        return Ok(ruleset::nft(&rules.learning(config).offloading(config, offload::devices(&config.kernel))));
    }
    let rules = for_iptables(config, &rules).learning(config);
    let four = ruleset::iptables(&rules, Family::V4, "");
    let six = ruleset::iptables(&rules, Family::V6, "");
    Ok(format!("# iptables-restore --noflush\n{four}# ip6tables-restore --noflush\n{six}"))
}

impl Plane {
    fn new(config: &Config, rules: Ruleset, mut loader: Loader, mut notes: Vec<String>) -> Self {
        let rules = match &mut loader {
            Loader::Nft => rules.learning(config),
            Loader::Iptables(tables) => {
                notes.extend(wanting(config, &rules));
                tables.learning(config, for_iptables(config, &rules), &mut notes)
            }
        };
        let mut plane = Self { config: config.clone(), rules, loader, notes };
        plane.renew();
        plane
    }

    /// The rules for another configuration by the same backend. The kernel is not asked beforehand: to try chains, even
    /// without effect, makes it drop the packets that wait in any queue (`nf_queue_nf_hook_drop` in Linux).
    pub(crate) fn anew(&self, config: &Config, lists: &Lists) -> Self {
        let rules = Ruleset::new(config, queues(config)).refusing(config, lists);
        Self::new(config, rules, self.loader, Vec::new())
    }

    /// The devices our flowtable would be between now.
    fn devices_now(&self) -> Vec<String> {
        if self.loader == Loader::Nft { offload::devices(&self.config.kernel) } else { Vec::new() }
    }

    fn renew(&mut self) {
        let devices = self.devices_now();
        self.rules = std::mem::take(&mut self.rules).offloading(&self.config, devices);
    }

    /// The devices between which our own flowtable takes settled flows.
    pub(crate) fn devices(&self) -> &[String] {
        &self.rules.devices
    }

    /// The backend's name: `nft`, `iptables`, `iptables-nft` or `iptables-legacy`.
    pub(crate) fn backend(&self) -> String {
        match self.loader {
            Loader::Nft => "nft".to_owned(),
            Loader::Iptables(tables) => tables.name(),
        }
    }

    /// What the operator should know about the choice (IPv6 left out, nft passed over), one sentence each.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Loads the rules in place of any of ours.
    ///
    /// # Errors
    /// The kernel refused them; then no rules of ours are left.
    pub(crate) fn load(self) -> Result<Loaded> {
        let listed = self.place()?;
        let mut loaded = Loaded { plane: self, listed: Some(listed), led: Vec::new() };
        loaded.hold_back();
        Ok(loaded)
    }

    fn place(&self) -> Result<String> {
        match self.loader {
            Loader::Nft => nft::load(&self.rules),
            Loader::Iptables(tables) => tables.load(&self.rules),
        }
        .with_context(|| format!("cannot load the kernel rules with {}", self.backend()))
    }

    /// One part that cannot be removed does not keep the other.
    fn remove(&self) -> Result<()> {
        let let_go = offload::let_go().map(drop);
        match self.loader {
            Loader::Nft => nft::unload(),
            Loader::Iptables(tables) => tables.unload(),
        }
        .and(let_go)
        .with_context(|| format!("cannot take the kernel rules out with {}", self.backend()))
    }
}

impl Loaded {
    /// What is loaded.
    pub(crate) fn plane(&self) -> &Plane {
        &self.plane
    }

    /// Whether our rules are in the kernel as they were loaded. A firewall that was restarted may have flushed them, or
    /// put its own before ours.
    ///
    /// # Errors
    /// The kernel's rules cannot be read.
    pub(crate) fn is_present(&self) -> Result<bool> {
        let found = match self.plane.loader {
            Loader::Nft => match nft::list() {
                Err(error) if nft::is_absent(&error) => return Ok(false),
                found => found?,
            },
            Loader::Iptables(tables) => tables.list()?,
        };
        Ok(self.listed.as_ref() == Some(&found) && self.plane.devices_now() == self.plane.devices())
    }

    /// What the rules counted since they were loaded.
    ///
    /// # Errors
    /// The kernel's rules cannot be read.
    pub(crate) fn counted(&self) -> Result<Vec<RuleCount>> {
        if self.is_out() {
            return Ok(Vec::new());
        }
        Ok(match self.plane.loader {
            Loader::Nft => counted::of_nft(&nft::counters()?),
            Loader::Iptables(tables) => counted::of_iptables(&tables.counters()?),
        })
    }

    /// Keeps flowtables of others from flows that are not settled; they may come and go with a firewall.
    pub(crate) fn hold_back(&mut self) {
        match offload::hold_back(&self.plane.config) {
            Ok(chains) if chains.is_empty() => {}
            Ok(chains) => tracing::info!(
                chains = chains.join(", "),
                "flow offload of another program: rules of ours ahead of it keep flows from it until they are settled"
            ),
            Err(error) => tracing::warn!("flow offload of another program: {error:#}"),
        }
    }

    /// Loads the same rules again, in place of what is left of them.
    ///
    /// # Errors
    /// The kernel refused them.
    pub(crate) fn restore(&mut self) -> Result<()> {
        self.plane.renew();
        self.listed = Some(self.plane.place()?);
        self.teach_anew();
        Ok(())
    }

    /// Puts other rules in the place of these without a gap; if these are out, so are the others. The same rules, still in place, are left alone: replacing
    /// chains of nft makes the kernel drop the packets that wait in a queue.
    ///
    /// # Errors
    /// The kernel refused them; the old ones are then loaded again.
    pub(crate) fn replace(&mut self, plane: Plane) -> Result<()> {
        if self.is_out() {
            self.plane = plane;
            return Ok(());
        }
        let same_loader = plane.loader == self.plane.loader;
        if same_loader && plane.rules == self.plane.rules && self.is_present().unwrap_or(false) {
            self.plane = plane;
            self.hold_back();
            return Ok(());
        }
        let takes_sets = same_loader && self.takes_sets_of(&plane);
        let listed = if takes_sets {
            nft::load_sets(&plane.rules).map(|()| self.listed.clone().unwrap_or_default())
        } else {
            plane.place()
        };
        let listed = listed.inspect_err(|_| {
            if let Err(error) = self.restore() {
                tracing::error!("the old kernel rules are lost as well: {error:#}");
            }
        })?;
        let old = std::mem::replace(&mut self.plane, plane);
        self.listed = Some(listed);
        if !takes_sets {
            self.teach_anew();
        }
        let removed = if same_loader { Ok(()) } else { old.remove() };
        self.hold_back();
        removed
    }

    /// Whether only the elements of sets are to be replaced.
    fn takes_sets_of(&self, plane: &Plane) -> bool {
        self.plane.loader == Loader::Nft
            && plane.rules.differs_in_sets_only(&self.plane.rules)
            && self.is_present().unwrap_or(false)
    }

    /// Takes the rules out for a while: nothing comes to the queues. [`Loaded::come_back`] brings them back, or whatever has
    /// replaced them meanwhile.
    ///
    /// # Errors
    /// They could not be removed; what is left of them is restored by [`Loaded::restore`].
    pub(crate) fn suspend(&mut self) -> Result<()> {
        if !self.is_out() {
            self.plane.remove()?;
            self.listed = None;
        }
        Ok(())
    }

    /// Whether the rules are out.
    pub(crate) const fn is_out(&self) -> bool {
        self.listed.is_none()
    }

    /// Loads the rules again if they are out.
    ///
    /// # Errors
    /// The kernel refused them; they are still out.
    pub(crate) fn come_back(&mut self) -> Result<()> {
        if self.is_out() {
            self.restore()?;
            self.hold_back();
        }
        Ok(())
    }

    /// Takes the rules out.
    ///
    /// # Errors
    /// They could not be removed.
    pub(crate) fn unload(mut self) -> Result<()> {
        self.listed = None;
        self.plane.remove()
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if self.listed.take().is_some()
            && let Err(error) = self.plane.remove()
        {
            tracing::error!("{error:#}");
        }
    }
}

fn with_iptables(rules: &Ruleset) -> Result<(Loader, Vec<String>)> {
    let (tables, notes) = Tables::choose(rules)?;
    Ok((Loader::Iptables(tables), notes))
}

fn auto(config: &Config, rules: &Ruleset) -> Result<(Loader, Vec<String>)> {
    let Err(no_nft) = nft::check(&rules.clone().learning(config)) else { return Ok((Loader::Nft, Vec::new())) };
    if not_permitted(&no_nft) {
        return Err(no_nft);
    }
    let (loader, mut notes) = with_iptables(&for_iptables(config, rules)).map_err(|no_iptables| {
        let both = format!("no backend works: nft: {no_nft:#}; iptables: {no_iptables:#}");
        anyhow::anyhow!(both)
    })?;
    notes.insert(0, format!("nft is passed over: {no_nft:#}"));
    Ok((loader, notes))
}
