//! The program's own log: on standard error, which systemd and procd carry on.

use std::fmt;
use std::io::IsTerminal as _;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, Layer};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What systemd names the stream to its journal in: device and inode (systemd.exec(5)).
const JOURNAL: &str = "JOURNAL_STREAM";

/// Begins the log, as much of it as `MINEWALL_LOG` says.
pub(crate) fn to_stderr() {
    let said = std::env::var("MINEWALL_LOG").ok().and_then(|said| said.parse::<Targets>().ok());
    let filter = said.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let begun = tracing_subscriber::registry().with(filter);
    if goes_to_journal() {
        begun.with(Layer::new().with_writer(std::io::stderr).with_ansi(false).event_format(ForJournal)).init();
    } else {
        let has_colours = cfg!(feature = "terminal") && std::io::stderr().is_terminal();
        begun.with(Layer::new().with_writer(std::io::stderr).with_ansi(has_colours).with_target(false)).init();
    }
}

/// Whether standard error is the stream to the journal, and not only was so for whoever began this program.
fn goes_to_journal() -> bool {
    let named = std::env::var(JOURNAL).unwrap_or_default();
    rustix::fs::fstat(std::io::stderr()).is_ok_and(|stream| named == format!("{}:{}", stream.st_dev, stream.st_ino))
}

/// The journal knows the time itself, and takes the priority from the front of a line (sd-daemon(3)).
struct ForJournal;

impl<S, N> FormatEvent<S, N> for ForJournal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        write!(writer, "<{}>", priority(event.metadata().level()))?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// As syslog numbers them.
fn priority(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}
