//! What settings do to each other: never wrong, but worth saying, because nothing may be entered any more.

use super::Settings;
use std::time::Duration;

impl Settings {
    /// What a person should know of these settings together. Tightening is never refused for it: in a hurry, a limit of zero has to work.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for (id, monitor) in &self.monitors {
            let entry = &monitor.entry;
            if entry.min_time_to_close > entry.max_time_to_close {
                let (least, most) = (seconds(entry.min_time_to_close), seconds(entry.max_time_to_close));
                remarks.push(format!(
                    "monitor {id} enters nothing: entries would need {least} to the close at least, and {most} at most"
                ));
            }
            let Some(params) = &monitor.params else { continue };
            if let Some(quantity) = params.quantity().filter(|quantity| *quantity > self.risk.max_order_quantity) {
                let limit = self.risk.max_order_quantity;
                remarks.push(format!(
                    "monitor {id} enters nothing: its entries are of {quantity} contracts, and risk.max_order_quantity is {limit}"
                ));
            }
            if monitor.stop.enabled && monitor.stop.probability >= params.min_probability {
                let (stop, entry) = (monitor.stop.probability, params.min_probability);
                remarks.push(format!(
                    "monitor {id} may close trades right after it entered them: it stops below {stop} % and enters from {entry} %"
                ));
            }
        }
        remarks
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", super::SettingValue::Seconds(time))
}
