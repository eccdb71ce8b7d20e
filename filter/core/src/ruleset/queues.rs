//! Where packets wait, by what they are: the kernel fails by queue, so classes that fail differently have their own.

use crate::config::{Fail, Queue};

/// The queues a rule may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    /// The number of the first.
    pub first: u16,
    /// The number of the last.
    pub last: u16,
    /// Whether packets pass while nobody has bound the queue.
    pub bypass: bool,
}

/// The queues of each class; the same where both fail alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// Of DNS questions and answers, over UDP and TCP. Their own ones come behind the others.
    pub dns: Queues,
    /// Of all else.
    pub tcp: Queues,
}

impl Queues {
    fn new(first: u16, count: u16, fail: Fail) -> Self {
        Self { first, last: first.saturating_add(count.saturating_sub(1)), bypass: fail == Fail::Open }
    }

    /// Their numbers.
    pub fn numbers(self) -> impl Iterator<Item = u16> {
        self.first..=self.last
    }
}

impl Classes {
    /// So many queues (at least one), for each class where they have their own.
    #[must_use]
    pub fn new(queue: &Queue, count: u16) -> Self {
        let fail = queue.fail;
        let tcp = Queues::new(queue.first, count, fail.tcp);
        let first = if fail.differ() { tcp.last.saturating_add(1) } else { tcp.first };
        Self { dns: Queues::new(first, count, fail.dns), tcp }
    }

    /// Whether DNS has queues of its own.
    #[must_use]
    pub fn differ(self) -> bool {
        self.dns != self.tcp
    }

    /// Every queue once, with what becomes of its packets when nobody answers.
    pub fn each(self) -> impl Iterator<Item = (u16, Fail)> {
        let own = self.differ().then_some(self.dns);
        let fail = |queues: Queues| if queues.bypass { Fail::Open } else { Fail::Closed };
        core::iter::once(self.tcp)
            .chain(own)
            .flat_map(move |queues| queues.numbers().map(move |number| (number, fail(queues))))
    }
}
