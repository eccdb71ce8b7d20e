//! A bar on the terminal, of how far something long is; nothing at all in a build without the feature `terminal`.

#[cfg(feature = "terminal")]
use indicatif::{ProgressBar, ProgressStyle};

/// The bar.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    #[cfg(feature = "terminal")]
    bar: ProgressBar,
}

/// Its template: how far it is of all, and what is at work.
pub(crate) const STEPS: &str = "{wide_bar} {pos}/{len} {msg}";

/// And with how fast it goes, of bytes.
pub(crate) const BYTES: &str = "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";

#[cfg(feature = "terminal")]
impl Progress {
    /// One that is not shown.
    pub(crate) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    /// One of so many steps or bytes.
    pub(crate) fn over(all: u64, template: &str) -> Self {
        let bar = ProgressBar::new(all);
        Self {
            bar: match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            },
        }
    }

    /// It is drawn anew while no step is done, too.
    pub(crate) fn ticks(self) -> Self {
        self.bar.enable_steady_tick(std::time::Duration::from_millis(200));
        self
    }

    pub(crate) fn inc(&self, steps: u64) {
        self.bar.inc(steps);
    }

    pub(crate) fn say(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// Writes something else to the terminal.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(not(feature = "terminal"))]
impl Progress {
    pub(crate) const fn hidden() -> Self {
        Self {}
    }

    pub(crate) const fn over(_: u64, _: &str) -> Self {
        Self {}
    }

    pub(crate) const fn ticks(self) -> Self {
        self
    }

    pub(crate) const fn inc(&self, _: u64) {}

    pub(crate) const fn say(&self, _: &str) {}

    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        write()
    }

    pub(crate) const fn finish(&self) {}
}
