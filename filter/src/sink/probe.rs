//! Whether a sink would take what it is given, asked by its own way; nothing is sent but for a test that is asked for.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use minewall_core::config;
use rustix::fs::{Access, OFlags, access};

use super::lane::Pace;
use super::{Event, Outlet, outlet};

/// The sink's name, and how it was reached; with `test`, that was handed over.
///
/// # Errors
/// What stands in the way. A peer takes as long as `Pace::patience` at the most.
pub(crate) fn probe(sink: &config::Sink, test: Option<&Event>) -> (String, Result<String>) {
    match sink {
        config::Sink::File(file) => (format!("file:{}", file.path), in_file(sink, &file.path, test)),
        config::Sink::Eve(eve) if !eve.path.starts_with("unix:") => {
            (format!("eve:{}", eve.path), in_file(sink, &eve.path, test))
        }
        config::Sink::Eve(eve) => (format!("eve:{}", eve.path), by_outlet(sink, test)),
        config::Sink::Syslog(syslog) => (syslog.address.clone(), by_outlet(sink, test)),
        config::Sink::Webhook(_) => {
            let name = outlet(sink, Pace::default()).map_or_else(|_| "webhook".to_owned(), |(name, _)| name);
            (name, by_outlet(sink, test))
        }
    }
}

/// A file that is there is opened for appending; of one that is not, the directory is looked at.
fn in_file(sink: &config::Sink, path: &str, test: Option<&Event>) -> Result<String> {
    if test.is_some() {
        return by_outlet(sink, test);
    }
    let file = Path::new(path);
    if file.exists() {
        // Without O_NONBLOCK a named pipe that nobody reads would hold it for ever.
        let nonblock = OFlags::NONBLOCK.bits().cast_signed();
        OpenOptions::new().append(true).custom_flags(nonblock).open(file).context("cannot append to it")?;
        return Ok("can be appended to".to_owned());
    }
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    access(directory, Access::WRITE_OK).with_context(|| format!("cannot be made in {}", directory.display()))?;
    Ok("is not there yet, and can be made".to_owned())
}

fn by_outlet(sink: &config::Sink, test: Option<&Event>) -> Result<String> {
    let (_, (mut outlet, _)) = outlet(sink, Pace::default())?;
    let how = outlet.probe()?;
    let Some(test) = test else { return Ok(how.to_owned()) };
    outlet.open()?;
    let message: Arc<str> = outlet.writer()(test).into();
    outlet.deliver(&[message]).context("it does not take the test")?;
    outlet.close().context("whether it has read the test is not known")?;
    Ok("it took a test".to_owned())
}

/// How most are reached: as for the first message.
pub(super) fn opened(outlet: &mut (impl Outlet + ?Sized), how: &'static str) -> Result<&'static str> {
    outlet.open()?;
    // It said nothing, and is told that nothing comes.
    let _ = outlet.close();
    Ok(how)
}
