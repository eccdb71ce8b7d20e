//! Orders carried out, on the main thread: between two of them packets are judged as ever.

use serde_json::{Value, json};

use super::reload::reload;
use super::serve::Serving;
use crate::control::{Order, Ordered, Outcome, Refusal};

/// What helps where a configuration is refused.
const MEND: &str = "mend what is named (`minewall check-config` tells whether it is sound), and reload again";

impl Serving<'_> {
    /// Carries out an order, and tells what came of it.
    pub(super) fn obey(&mut self, ordered: Ordered) {
        tracing::info!(by = %ordered.by, "{}", match &ordered.order {
            Order::Pause(_) => "ordered: pause",
            Order::Reload => "ordered: reload",
            Order::Resume => "ordered: resume",
        });
        let outcome = match &ordered.order {
            Order::Pause(pause) => self.pause(pause, ordered.by.clone()),
            Order::Reload => self.reload(),
            Order::Resume => self.resume(Some(&ordered.by)),
        };
        ordered.answer(outcome);
    }

    /// Reads configuration and lists anew; what is wrong with them changes nothing. A pause goes on.
    pub(super) fn reload(&mut self) -> Outcome {
        // Nothing is published before this is done: who asks from now on is told what then holds.
        self.upkeep.export.outdate();
        self.herald.reloading();
        let reloaded = reload(self);
        self.herald.ready();
        match reloaded {
            Ok(()) => {
                tracing::info!("configuration and lists read anew");
                let lists = &self.shared.settings.load().lists;
                Ok(json!({ "reloaded": told(lists.metas().len(), lists.len()) }))
            }
            Err(error) => {
                tracing::error!("the former configuration stays: {error:#}");
                Err(Refusal::new(format!("the former configuration stays: {error:#}"), MEND))
            }
        }
    }
}

fn told(lists: usize, entries: usize) -> Value {
    json!({ "lists": lists, "entries": entries })
}
