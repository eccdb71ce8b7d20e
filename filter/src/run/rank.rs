//! Which threads go first.

use anyhow::Result;
use thread_priority::ThreadPriority;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadId, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// The nice value of a queue's thread. Measured: on a gateway whose processors are busy with other work, at 0 a queue
/// gets its fair share only, and half of the connections and DNS questions per second.
const NICE: i32 = -10;

/// Puts this thread before ordinary work of the gateway: packets wait for it. But when it wakes it does not push aside what
/// runs, so that under load several packets await it. Measured on a gateway whose processors are busy with the load itself:
/// docs/decisions/0008.
///
/// # Errors
/// The right to is missing: it stays as it is, or only one of both was done.
pub(super) fn hurry() -> Result<()> {
    let ranked = rank(thread_native_id(), NormalThreadSchedulePolicy::Batch, plain());
    rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE)?;
    ranked
}

/// A nice value of 0, of those from 19 at 0 to -20 at 99.
pub(super) fn plain() -> ThreadPriority {
    ThreadPriority::Crossplatform(49_u8.try_into().unwrap_or_default())
}

/// Gives a thread a scheduling policy.
///
/// # Errors
/// The right to is missing: it stays as it is.
pub(super) fn rank(thread: ThreadId, policy: NormalThreadSchedulePolicy, priority: ThreadPriority) -> Result<()> {
    Ok(set_thread_priority_and_policy(thread, priority, ThreadSchedulePolicy::Normal(policy))?)
}
