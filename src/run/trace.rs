//! What every room made of one place: the newcomer's guide, the debugger, and the answer to
//! "why is this a lead?".

use std::fmt::Write;

use crate::baseline::descriptor::Descriptors;
use crate::baseline::{Baseline, RING, Series};
use crate::detect;
use crate::detect::evidence::{Finding, Prepared};
use crate::detect::gate;
use crate::detect::pair::{HALO, PairParams, PairSource};
use crate::grid::crs::Transform;
use crate::grid::{Crs, Pixel, Window};
use crate::observe::Stack;
use crate::read::Reader;
use crate::run::inputs::Inputs;
use crate::run::pair::{Pixels, Survey};
use crate::run::{RunError, pair_records, patches, tiles};

/// The trace of a place given in longitude and latitude, as text.
pub fn trace(inputs: &Inputs, longitude: f64, latitude: f64) -> Result<String, RunError> {
    let outside = || RunError::PlaceOutside { longitude, latitude, grid: inputs.grid.to_string() };
    if latitude.abs() > 90.0 || longitude.abs() > 360.0 {
        return Err(outside());
    }
    let (x, y) = Transform::new(Crs::LON_LAT, inputs.grid.crs)?.point(longitude, latitude)?;
    let pixel = inputs.grid.pixel_at(x, y).ok_or_else(outside)?;
    let here = Window { row0: pixel.row, col0: pixel.col, rows: 1, cols: 1 };
    if inputs.is_pair {
        return pair(inputs, pixel, here);
    }
    let whole = inputs.grid.whole();
    let cell = patches::cells_around(here, whole)[0];
    let around = cell.grown(RING, whole);
    let stack = tiles::stack(inputs, &mut Reader::new(), around)?;
    let mut text = String::new();
    place(inputs, pixel, &mut text);
    redlines(inputs, here, &mut text);
    let there = (pixel.row - stack.window.row0) * stack.window.cols + pixel.col - stack.window.col0;
    let descriptors = Descriptors::of(&stack, &inputs.question.look_back, &[around]);
    let baseline = Baseline::learn(&stack, &descriptors, &inputs.question.look_back, around);
    let mut series = Series::default();
    if let Some(baseline) = &baseline {
        baseline.series(there, &mut series);
    }
    views(inputs, &stack, there, &series, &mut text);
    for model in &inputs.models {
        let prepared = tiles::prepare(&baseline, model, inputs);
        verdict(inputs, &prepared, &series, &mut text);
    }
    Ok(text)
}

/// What two dates say about one pixel: the patch around it decides, the pixel is its witness.
fn pair(inputs: &Inputs, pixel: Pixel, here: Window) -> Result<String, RunError> {
    let mut text = String::new();
    place(inputs, pixel, &mut text);
    redlines(inputs, here, &mut text);
    let survey = Survey::learn(inputs)?;
    let (before, after) = Pixels::new(inputs).stacks(here.grown(HALO, inputs.grid.whole()))?;
    for (view, stack) in inputs.views.iter().zip([&before, &after]) {
        let place = (pixel.row - stack.window.row0, pixel.col - stack.window.col0);
        let _ = write!(text, "observe   {} ", view.date);
        for (index, band) in stack.bands.iter().enumerate() {
            let _ = write!(text, " {band} {:.3}", stack.values[(index, place.0, place.1)]);
        }
        let _ = writeln!(text);
    }
    let _ = writeln!(text, "baseline  {}", survey.summary);
    let Some(model) = &survey.model else { return Ok(text) };
    let evidence = detect::pair::evidence(model, &before, &after, here);
    let (fused, guard) = (evidence.fused[(0, 0)], evidence.guard[(0, 0)]);
    if fused.is_nan() {
        let _ = writeln!(text, "detect    not clear on both dates: a gap");
        return Ok(text);
    }
    let PairParams { seed, grow, seed_pixels, .. } = survey.params;
    let _ = writeln!(text, "detect    evidence {fused:.2} (a patch grows above {grow}, starts above {seed})");
    let _ =
        writeln!(text, "          guard {guard:.2} (a patch needs {seed_pixels} such pixels of 1 or more)");
    let change = &evidence.change;
    let change = [&change.ndvi, &change.brightness, &change.ndwi, &change.texture].map(|plane| plane[(0, 0)]);
    let [ndvi, brightness, ndwi, texture] = change;
    let _ = writeln!(
        text,
        "          ndvi {ndvi:+.3}  brightness {brightness:+.3}  ndwi {ndwi:+.3}  texture {texture:+.2}"
    );
    for model in &inputs.models {
        let (id, points) = (&model.id, pair_records::points(&model.direction, &change));
        let _ = writeln!(text, "          {id}: {points:+.1} its way");
    }
    Ok(text)
}

fn place(inputs: &Inputs, pixel: Pixel, text: &mut String) {
    let Pixel { row, col } = pixel;
    let _ = writeln!(text, "read      row {row} column {col} of {}", inputs.grid);
    let (scenes, days) = (inputs.scenes.len(), inputs.views.len());
    let _ = writeln!(text, "          {scenes} scenes on {days} days; {}", inputs.scenes[0].scaling);
}

fn redlines(inputs: &Inputs, here: Window, text: &mut String) {
    for (line, on_grid) in inputs.redlines.redlines.iter().zip(&inputs.on_grid) {
        if crate::redline::coverage::inside(on_grid, &inputs.grid, here)[(0, 0)] {
            let _ = writeln!(text, "redline   {} {} ({})", line.id, line.name, line.class.name());
        }
    }
}

fn views(inputs: &Inputs, stack: &Stack, pixel: usize, series: &Series, text: &mut String) {
    let clear = (0..stack.dates.len()).filter(|view| stack.is_seen(*view, pixel)).count();
    let _ = writeln!(text, "observe   {clear} of {} days clear here", stack.dates.len());
    let history = series.views.iter().filter(|view| inputs.question.look_back[**view]).count();
    let target = inputs.question.target;
    let _ = writeln!(text, "baseline  {history} clear look-back views, then {target}: observed (expected) z");
    for (index, view) in series.views.iter().enumerate() {
        let date = stack.dates[*view];
        let mark = if inputs.question.look_back[*view] { "look-back" } else { "target   " };
        let _ = write!(text, "  {date} {mark}");
        for (feature, name) in stack.features.iter().enumerate() {
            let (x, expected) = (series.observed[feature][index], series.expected[feature][index]);
            let _ = write!(text, "  {} {x:.3} ({expected:.3}) {:+.1}", name.name(), series.z[feature][index]);
        }
        let _ = writeln!(text);
    }
}

fn verdict(inputs: &Inputs, prepared: &Prepared, series: &Series, text: &mut String) {
    let dates = inputs.dates();
    let question = &inputs.question;
    let finding = prepared.find(series, &dates, &question.look_back, question.target);
    let id = &prepared.model.id;
    let _ = match finding {
        Finding::Unseen => writeln!(text, "detect    {id}: never seen: a gap"),
        Finding::TooLittleHistory => writeln!(text, "detect    {id}: too little history: a gap"),
        Finding::TooFewViews => writeln!(text, "detect    {id}: too few views in the target period: a gap"),
        Finding::Evidence(evidence) => {
            let kind = prepared.choose(series, &dates, question.target).map(|chosen| chosen.kind);
            let kind = kind.map_or("", |kind| prepared.kind_name(kind));
            writeln!(text, "detect    {id}: evidence {evidence:.1} sigma ({kind})")
        }
    };
    match gate::pass(prepared.model, &inputs.features, series, &dates, question.target) {
        Some(gate::Passed { gate, views, first, last, .. }) => {
            let _ = writeln!(text, "          gate {gate}: {views} clear views in a row, {first} to {last}");
        }
        None => {
            let _ = writeln!(text, "          no gate passed by this pixel alone");
        }
    }
}
