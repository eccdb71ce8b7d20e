//! Reading everything anew while it runs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Result, bail};
use minewall_core::config::{Config, TcpAction};
use minewall_core::engine::Settings;

use super::Shared;
use super::recorder::Recorder;
use crate::identity::Identity;
use crate::kernel::Loaded;
use crate::settings;
use crate::sink::Sinks;

/// Reads everything before anything is changed; then swaps. Flows, queues and conntrack stay. Gives the former settings
/// too.
pub(super) fn reload(
    path: &Path,
    old: &Config,
    shared: &Shared,
    recorder: &Recorder,
    loaded: &mut Loaded,
) -> Result<(Config, Arc<Settings>)> {
    let new = settings::read(path)?;
    let engine = settings::engine(&new)?;
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
    let same = old.sink == new.sink && old.journal == new.journal && old.privacy == new.privacy;
    let sinks = if same { None } else { Some(Sinks::start(&new, &engine.observer)?) };
    let identity = if old.identity == new.identity { None } else { Some(Identity::start(&new.identity)?) };
    loaded.replace(loaded.plane().anew(&new, &engine.lists))?;
    shared.tells_host.store(new.tcp.action == TcpAction::Reset, Ordering::Relaxed);
    match sinks {
        Some(sinks) => recorder.replace(sinks),
        None => recorder.reopen(),
    }
    identity.into_iter().for_each(|identity| recorder.identify(identity));
    shared.resolve.store(Arc::new(new.resolve.clone()));
    recorder.configure(new.incidents(), &engine.observer);
    Ok((new, shared.settings.swap(Arc::new(engine))))
}
