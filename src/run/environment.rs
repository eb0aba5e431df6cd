//! The machine of a run, as its manifest tells it: hardware and software that took part.
//!
//! In:  what Linux says of itself. Out: a value for the `run` block, which alone may hold it.
//! Law: what the system does not tell is null; nothing here decides anything.

use std::fs;

use serde_json::{Value, json};

use crate::plan::Plan;

/// Hardware and software, and how much of it the plan used.
pub fn environment(plan: &Plan) -> Value {
    json!({
        "os": of_file("/etc/os-release", "PRETTY_NAME=").map(|name| name.trim_matches('"').to_owned()),
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|text| text.trim().to_owned()),
        "architecture": std::env::consts::ARCH,
        "processor": of_file("/proc/cpuinfo", "model name").map(|name| name.trim_start_matches([' ', '\t', ':']).to_owned()),
        "processors": std::thread::available_parallelism().ok().map(usize::from),
        "memory_kb": of_file("/proc/meminfo", "MemTotal:").and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok()),
        "threads": plan.threads,
        "tile_size_px": plan.tile_size,
        "memory_bound_bytes": plan.memory,
    })
}

/// What follows the first line of a file that begins so.
fn of_file(path: &str, begin: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(begin)).map(|rest| rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_its_system_its_processor_and_its_memory() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("os");
        fs::write(&file, "NAME=x\nPRETTY_NAME=\"A 1\"\n").unwrap();
        assert_eq!(of_file(file.to_str().unwrap(), "PRETTY_NAME=").as_deref(), Some("\"A 1\""));
        assert_eq!(of_file("/no/such", "x"), None);
    }
}
