//! Reading everything anew while it runs.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Result, bail};
use minewall_core::config::{Config, TcpAction};

use super::aside::{PATIENCE, aside};
use super::serve::Serving;
use crate::identity::Identity;
use crate::settings;
use crate::sink::Sinks;

/// Reads everything before anything is changed; then swaps. Flows, queues and conntrack stay, and so does a pause.
///
/// # Errors
/// What was read is not sound, or changes what cannot change; all is as it was.
pub(super) fn reload(serving: &mut Serving<'_>) -> Result<()> {
    let old = &serving.config;
    let new = settings::read(serving.path)?;
    let in_force = serving.in_force(&new);
    let engine = aside(PATIENCE, || settings::engine(&in_force))?;
    must_not_differ(old, &new)?;
    let same = old.sink == new.sink && old.journal == new.journal && old.privacy == new.privacy;
    let sinks = if same { None } else { Some(Sinks::start(&new, &engine.observer)?) };
    let identity = if old.identity == new.identity { None } else { Some(Identity::start(&new.identity)?) };
    let rules = serving.loaded.plane().anew(&serving.in_force(&new), &engine.lists);
    serving.loaded.replace(rules)?;
    let (shared, recorder) = (serving.shared, serving.recorder);
    shared.tells_host.store(new.tcp.action == TcpAction::Reset, Ordering::Relaxed);
    match sinks {
        Some(sinks) => recorder.replace(sinks),
        None => recorder.reopen(),
    }
    identity.into_iter().for_each(|identity| recorder.identify(identity));
    shared.resolve.store(Arc::new(new.resolve.clone()));
    recorder.configure(new.incidents(), &engine.observer);
    serving.upkeep.former.push(shared.settings.swap(Arc::new(engine)));
    serving.upkeep.export.reload(&new);
    serving.config = new;
    Ok(())
}

/// What needs a new start.
fn must_not_differ(old: &Config, new: &Config) -> Result<()> {
    for (setting, changed) in [
        ("queue", old.queue != new.queue),
        ("kernel.mark", old.kernel.mark != new.kernel.mark),
        ("kernel.bridge", old.kernel.bridge != new.kernel.bridge),
        ("kernel.backend", old.kernel.backend != new.kernel.backend),
        // The kernel copies that much of each packet.
        ("look.bytes", old.look.bytes != new.look.bytes),
        ("look.flows", old.look.flows != new.look.flows),
        ("runtime.directory", old.runtime.directory != new.runtime.directory),
    ] {
        if changed {
            bail!("{setting} cannot change while running; restart minewall");
        }
    }
    Ok(())
}
