//! Less than was seen, of an incident.

use alloc::string::String;

use super::Incident;
use crate::evidence::{Level, Privacy, replaced};

impl Privacy {
    /// Takes from an incident what is not to be kept.
    pub fn incident(&self, incident: &mut Incident) {
        incident.ip = self.address(incident.ip);
        incident.mac = incident.mac.take().and_then(|mac| self.mac_text(&mac));
        if self.rules().addresses == Level::None {
            incident.nat.clear();
        }
        self.who(&mut incident.who);
        let mut hide = |word: &str, kept: Option<&str>| {
            for reason in &mut incident.reasons {
                reason.text = replaced(&reason.text, word, kept);
            }
        };
        if let Some(wallet) = incident.wallet.take() {
            let kept = self.wallet(&wallet);
            hide(&wallet, kept.as_deref());
            incident.wallet = kept;
        }
        for worker in core::mem::take(&mut incident.rigs.workers) {
            let kept = self.worker(&worker);
            // A name of a character or two stands in other words as well.
            if worker.len() > 2 {
                hide(&worker, kept.as_deref());
            }
            incident.rigs.workers.extend(kept);
        }
        if let Some(exemption) = &mut incident.exemption {
            let kept = self.person(&exemption.owner).unwrap_or_else(|| String::from("***"));
            hide(&exemption.owner, Some(&kept));
            exemption.owner = kept;
        }
    }
}
