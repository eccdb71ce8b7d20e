//! Which threads go first.

use thread_priority::ThreadPriority;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadId, ThreadSchedulePolicy, set_thread_priority_and_policy,
};

/// A nice value of 0, of those from 19 at 0 to -20 at 99.
pub(super) fn plain() -> ThreadPriority {
    ThreadPriority::Crossplatform(49_u8.try_into().unwrap_or_default())
}

/// Gives a thread a scheduling policy. Without the right to it stays as it is.
pub(super) fn rank(thread: ThreadId, policy: NormalThreadSchedulePolicy, priority: ThreadPriority) {
    if let Err(error) = set_thread_priority_and_policy(thread, priority, ThreadSchedulePolicy::Normal(policy)) {
        tracing::debug!(%error, ?policy, "a thread keeps its scheduling policy");
    }
}
