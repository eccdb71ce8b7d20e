//! Long work beside the queues.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use thread_priority::ThreadPriority;
use thread_priority::unix::{NormalThreadSchedulePolicy, ThreadId, thread_native_id};

use super::rank::{plain, rank};

/// How long it gives way. Processors that others keep busy all that time would leave it next to nothing, and whoever
/// waits for it does nothing else.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// Does long work on a thread of its own that gives way to all others, for so long at the most. Queues' threads do not push
/// aside what runs when a packet comes (docs/decisions/0008): beside ordinary work of a second they would wait for the end of
/// a time slice.
///
/// # Errors
/// Those of the work, or there is no thread for it.
pub(super) fn aside<T: Send>(patience: Duration, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let ((tell, told), (give, given)) = (channel(), channel());
    std::thread::scope(|scope| {
        let thread = Builder::new().name("aside".to_owned()).spawn_scoped(scope, move || {
            let own = thread_native_id();
            told_if_kept(rank(own, NormalThreadSchedulePolicy::Idle, ThreadPriority::Min));
            // Whoever waits hears both, as long as this thread lives. As a number: with musl it is a pointer, which is not sent.
            _ = tell.send(own as usize);
            _ = give.send(work());
        });
        let thread = thread.context("cannot start a thread for long work")?;
        let done = given.recv_timeout(patience).or_else(|error| {
            // It may have been pushed aside before it could tell who it is: what it tells comes before the work.
            if error == RecvTimeoutError::Timeout
                && let Ok(thread) = told.recv()
            {
                told_if_kept(rank(thread as ThreadId, NormalThreadSchedulePolicy::Other, plain()));
            }
            given.recv()
        });
        _ = thread.join();
        done.unwrap_or_else(|_| Err(anyhow!("a thread broke; report what is written above")))
    })
}

fn told_if_kept(ranked: Result<()>) {
    if let Err(error) = ranked {
        tracing::debug!(%error, "a thread of long work keeps its scheduling policy");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Of proc_pid_stat(5), field 41: 0 is SCHED_OTHER, 5 SCHED_IDLE.
    fn policy() -> Result<u8> {
        let stat = std::fs::read_to_string("/proc/thread-self/stat")?;
        let rest = stat.rsplit(')').next().context("no name")?;
        Ok(rest.split_whitespace().nth(38).context("no policy")?.parse()?)
    }

    #[test]
    fn long_work_gives_way_and_not_for_ever() {
        let before = policy().unwrap();
        assert_eq!(aside(PATIENCE, policy).unwrap(), 5);
        assert_eq!(policy().unwrap(), before, "who waits stays as it is");
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let begun = Instant::now();
        let waits = || {
            while policy()? == 5 && begun.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(1));
            }
            policy()
        };
        assert_eq!(aside(Duration::from_millis(10), waits).unwrap(), 0);
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let error = aside(PATIENCE, || Err::<(), _>(anyhow!("the list is gone"))).unwrap_err();
        assert_eq!(error.to_string(), "the list is gone");
        let error = aside(PATIENCE, || -> Result<()> { std::panic::resume_unwind(Box::new(())) }).unwrap_err();
        assert!(error.to_string().contains("broke"), "{error}");
    }
}
