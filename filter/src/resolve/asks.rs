//! Questions of the learner that are under way. Without feature `resolve` there are none, and it learns from answers alone.

#[cfg(not(feature = "resolve"))]
pub(crate) use nobody::Asks;
#[cfg(feature = "resolve")]
pub(crate) use servers::Asks;

#[cfg(feature = "resolve")]
mod servers {
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::time::Duration;

    use anyhow::Result;
    use minewall_core::config::Resolve;
    use tokio::runtime::{Builder, Runtime};
    use tokio::task::JoinSet;

    use super::super::{Answer, Asker, ScheduledName};

    /// Who is asked, and what was.
    pub(crate) struct Asks {
        asker: Option<Arc<Asker>>,
        under_way: JoinSet<(ScheduledName, Answer)>,
        runtime: Runtime,
    }

    impl Asks {
        /// # Errors
        /// The system gives no way to wait for name servers.
        pub(crate) fn new() -> Result<Self> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            Ok(Self { asker: None, under_way: JoinSet::new(), runtime })
        }

        /// Whether there is somebody to ask.
        pub(crate) const fn is_open(&self) -> bool {
            self.asker.is_some()
        }

        /// Looks for somebody to ask.
        ///
        /// # Errors
        /// There is none, or this program cannot speak to one.
        pub(crate) fn open(&mut self, settings: &Resolve) -> Result<()> {
            let _within = self.runtime.enter();
            self.asker = Some(Arc::new(Asker::new(settings)?));
            Ok(())
        }

        /// Asks nobody any more until it is opened anew; what is under way still comes.
        pub(crate) fn close(&mut self) {
            self.asker = None;
        }

        /// The addresses of those who are asked.
        pub(crate) fn servers(&self) -> &[IpAddr] {
            self.asker.as_ref().map_or(&[], |asker| asker.servers())
        }

        /// Asks for a name, if there is somebody to ask.
        pub(crate) fn begin(&mut self, name: ScheduledName) {
            let Some(asker) = self.asker.clone() else { return };
            let ask = async move {
                let answer = asker.ask(&name.name).await;
                (name, answer)
            };
            self.under_way.spawn_on(ask, self.runtime.handle());
        }

        /// The next that is answered; `Some(None)`: one that never will be.
        pub(crate) fn next(&mut self) -> Option<Option<(ScheduledName, Answer)>> {
            self.under_way.try_join_next().map(Result::ok)
        }

        /// Waits; meanwhile what is under way goes on.
        pub(crate) fn wait(&self, pause: Duration) {
            // Made within: outside of the runtime there is no clock it could wait for.
            self.runtime.block_on(async { tokio::time::sleep(pause).await });
        }
    }
}

#[cfg(not(feature = "resolve"))]
mod nobody {
    use std::net::IpAddr;
    use std::time::Duration;

    use anyhow::Result;
    use minewall_core::config::Resolve;

    use super::super::{Answer, ScheduledName};
    use crate::features;

    /// Nobody is asked.
    pub(crate) struct Asks;

    impl Asks {
        #[expect(clippy::unnecessary_wraps, reason = "as the other")]
        pub(crate) const fn new() -> Result<Self> {
            Ok(Self)
        }

        pub(crate) const fn is_open(&self) -> bool {
            false
        }

        pub(crate) fn open(&mut self, _: &Resolve) -> Result<()> {
            Err(features::without("resolve"))
        }

        pub(crate) const fn close(&mut self) {}

        pub(crate) const fn servers(&self) -> &[IpAddr] {
            &[]
        }

        /// Never called, for it is never open.
        pub(crate) fn begin(&mut self, _: ScheduledName) {}

        pub(crate) const fn next(&mut self) -> Option<Option<(ScheduledName, Answer)>> {
            None
        }

        pub(crate) fn wait(&self, pause: Duration) {
            std::thread::sleep(pause);
        }
    }
}
