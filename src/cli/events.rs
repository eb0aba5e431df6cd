//! What happens, a line of JSON an event, for machines that collect logs.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::cli::show;
use crate::run::Progress;

/// Says what happens, with the time.
pub struct Events<'a> {
    clock: &'a (dyn Fn() -> Timestamp + Sync),
}

impl<'a> Events<'a> {
    /// Speaks by a clock.
    pub fn new(clock: &'a (dyn Fn() -> Timestamp + Sync)) -> Self {
        Self { clock }
    }

    /// One event: `time`, `level`, `event`, and what else it has to say.
    pub fn say(&self, level: &str, event: &str, more: Value) {
        let mut line = Map::new();
        line.insert("time".to_owned(), json!((self.clock)().to_string()));
        line.insert("level".to_owned(), json!(level));
        line.insert("event".to_owned(), json!(event));
        if let Value::Object(more) = more {
            line.extend(more);
        }
        show::say(&Value::Object(line).to_string());
    }
}

impl Progress for Events<'_> {
    fn stage(&self, name: &str, units: u64) {
        self.say("info", "stage", json!({ "stage": name, "units": units }));
    }

    fn step(&self, _units: u64) {}
}
