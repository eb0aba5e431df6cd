//! Kernels by name, for callgrind; and the two comparisons of `scripts/bench` that need the library in memory.
//!
//! `kernels list` names them; `kernels run NAME` runs one twice, the second time where callgrind counts;
//! `kernels monitor FILE`, `kernels coverage LINES OUT` and `kernels simple SCENES LINES OUT` are described beside what
//! they call.

use std::process::ExitCode;

use kernels::{ALL, dispatch, measured};

mod monitor;
mod simple;
mod zonal;

fn run(name: &str) -> Option<()> {
    let named = ALL.iter().find(|named| named.name == name)?;
    let mut kernel = (named.build)();
    // Once before, so that what is set up on first use is not counted.
    (kernel.work)();
    measured(&mut kernel.work);
    println!("{} {} {}", named.name, kernel.pixels, dispatch());
    Some(())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done =
        match words.as_slice() {
            ["list"] => {
                ALL.iter().for_each(|named| println!("{}\t{}", named.name, named.about));
                Ok(())
            }
            ["run", name] => run(name).ok_or_else(|| format!("no kernel '{name}'; see kernels list")),
            ["monitor", file] => monitor::compare(file.as_ref()),
            ["simple", scenes, lines, out] => simple::job(scenes.as_ref(), lines.as_ref(), out.as_ref()),
            ["coverage", lines, out] => zonal::shares(lines.as_ref(), out.as_ref()),
            _ => Err("expected list, run NAME, monitor FILE, coverage LINES OUT or simple SCENES LINES OUT"
                .to_owned()),
        };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("kernels: {why}");
            ExitCode::FAILURE
        }
    }
}
