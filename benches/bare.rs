//! `bare FIRST COUNT MARK`: netfilter queues whose packets pass unread, by `nfq`, with this mark. What is left of the speed
//! of plain forwarding then is what any program that reads a packet a system call could reach at the most.

use std::process::ExitCode;

use nfq::{Queue, Verdict};
use thread_priority::ThreadPriority;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// As of minewall's own threads (docs/decisions/0008).
const NICE: i32 = -10;

/// As much of a packet as minewall asks for by default.
const COPY: u16 = 4096;

fn main() -> ExitCode {
    let words: Vec<u16> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let [first, count, mark] = words[..] else {
        println!("bare FIRST COUNT MARK: `cargo xtask bench` runs it on its gateway");
        return ExitCode::SUCCESS;
    };
    let queues: std::io::Result<Vec<_>> = (first..first.saturating_add(count)).map(bind).collect();
    let queues = match queues {
        Ok(queues) => queues,
        Err(error) => {
            eprintln!("the {count} queues from {first} on cannot be bound: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("ready");
    let threads: Vec<_> =
        queues.into_iter().map(|queue| std::thread::spawn(move || pass(queue, mark.into()))).collect();
    for thread in threads {
        if let Ok(Err(error)) = thread.join() {
            eprintln!("a queue broke: {error}");
        }
    }
    ExitCode::FAILURE
}

fn bind(number: u16) -> std::io::Result<Queue> {
    let mut queue = Queue::open()?;
    queue.bind(number)?;
    queue.set_copy_range(number, COPY)?;
    queue.set_queue_max_len(number, 4096)?;
    queue.set_recv_gso(number, true)?;
    queue.set_fail_open(number, true)?;
    Ok(queue)
}

/// Lets everything pass, for ever.
fn pass(mut queue: Queue, mark: u32) -> std::io::Result<()> {
    let batch = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch);
    let plain = ThreadPriority::Crossplatform(50_u8.try_into().unwrap_or_default());
    let hurried = set_thread_priority_and_policy(thread_native_id(), plain, batch);
    let nice = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
    if hurried.is_err() || nice.is_err() {
        eprintln!("the thread keeps its priority: the figures say less");
    }
    loop {
        let mut message = queue.recv()?;
        message.set_nfmark(mark);
        message.set_verdict(Verdict::Accept);
        queue.verdict(message)?;
    }
}
