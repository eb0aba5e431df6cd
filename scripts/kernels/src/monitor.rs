//! Steppewatch on the stack that `scripts/reference/speed/monitor.py` gives to nrt: one feature, one thread, in memory.
//!
//! In:  FILE, 32-bit floats by view, row and column; FILE.txt, its rows, columns and views of the look-back, then the day
//!      of each view. Out: processor seconds of learning the look-back, and of the evidence of each later view.
//! Law: what is timed is all that a run does between numbers in memory and evidence in memory.

use std::fs;
use std::path::Path;

use steppewatch::baseline::descriptor::Descriptors;
use steppewatch::baseline::lanes::LANES;
use steppewatch::baseline::remembered::{KeptCell, Remembered};
use steppewatch::baseline::{Baseline, CELL, RING};
use steppewatch::date::{Date, Period, parse_date};
use steppewatch::detect::ends::Ends;
use steppewatch::detect::evidence::{Finding, Past, Prepared};
use steppewatch::grid::Window;
use steppewatch::observe::Stack;
use steppewatch::submodel::{Feature, SubModel};

use kernels::asked;

/// The stack as the file has it.
struct Given {
    window: Window,
    history: usize,
    dates: Vec<Date>,
    values: Vec<f32>,
}

/// A cell with what lies around it, and what is kept of it.
struct Cell {
    at: (Window, Window),
    kept: KeptCell,
}

/// Learns, then asks the cells on the first, second ... later day; prints processor seconds of each.
pub fn compare(file: &Path) -> Result<(), String> {
    let given = read(file)?;
    let begun = processor_seconds()?;
    let cells = learn(&given);
    println!("fit {:.4}", processor_seconds()? - begun);
    for days in 1..=given.dates.len() - given.history {
        let begun = processor_seconds()?;
        let found = update(&given, &cells, days);
        println!("update {days} {:.4} {found}", processor_seconds()? - begun);
    }
    Ok(())
}

fn read(file: &Path) -> Result<Given, String> {
    let said = |error: std::io::Error| format!("{}: {error}", file.display());
    let head = fs::read_to_string(format!("{}.txt", file.display())).map_err(said)?;
    let mut words = head.split_whitespace();
    let mut number =
        || words.next().and_then(|word| word.parse().ok()).ok_or("expected rows, columns, look-back");
    let (rows, cols, history) = (number()?, number()?, number()?);
    let dates = words.map(|word| parse_date(word).ok_or(format!("expected a date, found {word}")));
    let bytes = fs::read(file).map_err(said)?;
    let float = |four: &[u8]| f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    Ok(Given {
        window: Window { row0: 0, col0: 0, rows, cols },
        history,
        dates: dates.collect::<Result<_, String>>()?,
        values: bytes.chunks_exact(4).map(float).collect(),
    })
}

/// Numbers of a view in whole steps into a stack.
fn laid(given: &Given, views: std::ops::Range<usize>) -> Stack {
    let pixels = given.window.len();
    let clear = vec![true; pixels];
    let mut stack = Stack::new(given.window, given.dates[views.clone()].to_vec(), vec![Feature::Ndvi]);
    for (place, view) in views.enumerate() {
        let plane = given.values[view * pixels..(view + 1) * pixels].to_vec();
        stack.lay(place, &[plane], &clear);
    }
    stack
}

fn learn(given: &Given) -> Vec<Cell> {
    let stack = laid(given, 0..given.history);
    let look_back = vec![true; given.history];
    let cells = given.window.tiles(CELL);
    let around: Vec<Window> = cells.iter().map(|cell| cell.grown(RING, given.window)).collect();
    let descriptors = Descriptors::of(&stack, &look_back, &around);
    let of_cell = |(cell, around): (Window, Window)| {
        let baseline = Baseline::learn(&stack, &descriptors, &look_back, around);
        let asked = (0..cell.len() as u16).collect();
        Cell { at: (cell, around), kept: KeptCell::of(baseline.as_ref(), &stack, (cell, around), asked) }
    };
    cells.into_iter().zip(around).map(of_cell).collect()
}

/// Pixels with evidence of 3 or more after so many later days.
fn update(given: &Given, cells: &[Cell], days: usize) -> usize {
    let all = laid(given, given.history..given.history + days);
    let model = asked::model();
    let year = all.dates[0].year();
    let target = Period { from: Date::constant(year, 1, 1), to: Date::constant(year, 12, 31) };
    cells.iter().map(|cell| found(&all, cell, (model, target))).sum()
}

fn found(all: &Stack, cell: &Cell, (model, target): (&SubModel, Period)) -> usize {
    let days = all.dates.len();
    let (around, places) = (cell.at.1, cell.kept.places(cell.at));
    let row = Window { row0: 0, col0: 0, rows: 1, cols: places.len() };
    let mut stack = Stack::new(row, all.dates.clone(), all.features.clone());
    for (number, place) in places.iter().enumerate() {
        let pixel = all.pixel_at(around.row0 + place / around.cols, around.col0 + place % around.cols);
        (0..days).for_each(|view| stack.set(number, view, &[all.at(pixel, view, 0)]));
    }
    let Some(remembered) = Remembered::new(&cell.kept, &stack, cell.at) else { return 0 };
    let prepared = Prepared::new(model, &stack.features, |_, _| 1.0);
    let calendar = prepared.calendar(&stack.dates, &vec![false; days], target);
    let past = Past { seen: u16::MAX, enough: u16::MAX };
    let (mut strip, mut ends) = (remembered.strip(), Ends::default());
    let pixels: Vec<usize> = (0..cell.kept.asked.len()).collect();
    let mut high = 0;
    for sixteen in pixels.chunks(LANES) {
        remembered.follow(sixteen, &mut strip);
        let findings = prepared.find(&strip.departures(), (past, &calendar), &mut ends);
        let is_high = |finding: &&Finding| matches!(finding, Finding::Evidence(evidence) if *evidence >= 3.0);
        high += findings[..sixteen.len()].iter().filter(is_high).count();
    }
    high
}

/// Processor seconds of this thread, as the kernel counts them: what other work on the machine takes is not in it.
pub fn processor_seconds() -> Result<f64, String> {
    let text = fs::read_to_string("/proc/self/schedstat").map_err(|error| format!("schedstat: {error}"))?;
    let first = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    Ok(first.ok_or("expected nanoseconds in schedstat")? * 1e-9)
}
