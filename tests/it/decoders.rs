//! Processes that a run started to decode in.

use std::fs;
use std::process::{Command, Stdio};

/// Processes with this parent.
pub fn decoders_of(parent: u32) -> Vec<u32> {
    let path = format!("/proc/{parent}/task");
    let tasks = fs::read_dir(path).into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    children
        .flat_map(|ids| ids.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Runs a command to its end and says how it ended and whether it was seen to decode apart.
pub fn seen_by(command: &mut Command) -> (Option<i32>, bool) {
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut is_apart = false;
    loop {
        is_apart |= !decoders_of(run.id()).is_empty();
        if let Some(status) = run.try_wait().unwrap() {
            return (status.code(), is_apart);
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
