//! Gaps that single pixels have: what the planes of a sub-model say of each, counted by share inside the red line.

use geo::{BooleanOps, Coord, MapCoords, MultiPolygon, Polygon, Rect, unary_union};
use rayon::prelude::*;

use crate::date::Date;
use crate::detect::seasons::{LATE, NO_GATE, Seasons, Slot};
use crate::grid::Window;
use crate::grid::crs::Transform;
use crate::lead::Gap;
use crate::patch::scratch::{self, Scratch};
use crate::reason::GapReason;
use crate::redline::coverage::{self, OnGrid};
use crate::run::RunError;
use crate::run::gaps::{MAX_BEND_DEGREES, REASONS, gap};
use crate::run::inputs::Inputs;
use crate::units::SquareMetres;
use crate::weigh::overlap::geodesic_area;

/// Side of a block in pixels.
const BLOCK: usize = 8;

/// Place of the reason for too few views in `REASONS`.
const TOO_FEW_VIEWS: usize = 2;

/// Place after the last of `REASONS`: another season speaks for the pixel, one does not.
const A_SEASON: usize = REASONS.len();

/// And after it: all seasons speak, but not late enough.
const LATE_VIEWS: usize = REASONS.len() + 1;

/// Every reason that a pixel can have.
const ALL: usize = REASONS.len() + 2;

/// Where in a scratch file the answers of each sub-model lie.
pub struct Answers<'a> {
    /// The file.
    pub scratch: &'a Scratch,
    /// Plane of evidence of each sub-model.
    pub evidence: Vec<usize>,
    /// Plane of the seasons in which a pixel was not seen, of each sub-model; none of a pair.
    pub seasons: Option<Vec<usize>>,
}

impl Answers<'_> {
    /// Evidence and season bits of a sub-model over a window.
    fn read(&self, model: usize, window: Window) -> Result<(Vec<i16>, Vec<u16>), RunError> {
        let evidence = self.scratch.read(self.evidence[model], window)?;
        let Some(planes) = &self.seasons else { return Ok((evidence, vec![0; window.len()])) };
        let seasons = self.scratch.read(planes[model], window)?;
        let bits = |(evidence, bits): (&i16, i16)| if *evidence > scratch::OUTSIDE { bits as u16 } else { 0 };
        let seasons = evidence.iter().zip(seasons).map(bits).collect();
        Ok((evidence, seasons))
    }
}

/// Blocks of pixels in which something lacks, by sub-model: nearly all of very many red lines meet none, and need not be
/// read.
pub(super) struct Flawed {
    /// Rows of blocks begin here, as the grid's blocks lie.
    first: (usize, usize),
    /// Blocks a row.
    across: usize,
    /// Place among the planes of each sub-model.
    plane: Vec<usize>,
    /// Of each pair of planes whether a block lacks something, row by row.
    blocks: Vec<Vec<bool>>,
    /// Area of a pixel in the middle of each row of blocks, in square metres: in Web Mercator pixels shrink from row to row.
    pixel_areas: Vec<f64>,
}

impl Flawed {
    /// Reads every plane once.
    pub(super) fn of(inputs: &Inputs, answers: &Answers) -> Result<Self, RunError> {
        let mut models = Vec::new();
        let mut plane = Vec::new();
        let planes = |model: usize| (answers.evidence[model], answers.seasons.as_ref().map(|all| all[model]));
        for model in 0..inputs.models.len() {
            let known = models.iter().position(|other| planes(*other) == planes(model));
            plane.push(known.unwrap_or(models.len()));
            if known.is_none() {
                models.push(model);
            }
        }
        let area = inputs.area;
        let first = (area.row0 / BLOCK, area.col0 / BLOCK);
        let across = area.col_end().div_ceil(BLOCK).max(first.1) - first.1;
        let strips: Vec<Window> = strips(inputs).collect();
        let of_strip = |model: usize, strip: &Window| -> Result<Vec<bool>, RunError> {
            let (evidence, seasons) = answers.read(model, *strip)?;
            let mut blocks = vec![false; across];
            for (pixel, (evidence, seasons)) in evidence.iter().zip(&seasons).enumerate() {
                let block = (strip.col0 + pixel % strip.cols) / BLOCK - first.1;
                blocks[block] |= lacks(*evidence, *seasons);
            }
            Ok(blocks)
        };
        let of_plane = |model: &usize| -> Result<Vec<bool>, RunError> {
            let rows: Vec<Result<Vec<bool>, RunError>> =
                strips.par_iter().map(|strip| of_strip(*model, strip)).collect();
            Ok(rows.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        };
        let blocks = models.iter().map(of_plane).collect::<Result<_, _>>()?;
        let transform = inputs.to_lon_lat()?;
        let middle = |strip: &Window| strip.row0 + strip.rows / 2;
        let area = |strip: &Window| Ok(inputs.pixel_area(middle(strip), &transform)?.0);
        let pixel_areas = strips.iter().map(area).collect::<Result<_, RunError>>()?;
        Ok(Self { first, across, plane, blocks, pixel_areas })
    }

    /// Whether something lacks in a block that a window of one row of blocks meets.
    fn meets(&self, model: usize, near: Window) -> bool {
        let row = (near.row0 / BLOCK - self.first.0) * self.across;
        let cols = near.col0 / BLOCK - self.first.1..near.col_end().div_ceil(BLOCK) - self.first.1;
        self.blocks[self.plane[model]][row + cols.start..row + cols.end].contains(&true)
    }
}

/// Whether a pixel lacks evidence, or a season.
fn lacks(evidence: i16, seasons: u16) -> bool {
    evidence < scratch::OUTSIDE || seasons != 0
}

/// Whether a pixel was judged in some season by a sub-model.
fn is_judged(evidence: i16, seasons: u16) -> bool {
    evidence > scratch::OUTSIDE && seasons & NO_GATE == 0
}

/// Ground inside red lines on which at least one sub-model could judge.
pub fn judged_area(inputs: &Inputs, answers: &Answers) -> Result<SquareMetres, RunError> {
    let looks = |line: &usize| {
        inputs.models.iter().any(|model| model.looks_at(inputs.redlines.redlines[*line].class))
    };
    let watched: Vec<usize> = (0..inputs.on_grid.len()).filter(looks).collect();
    let transform = &inputs.to_lon_lat()?;
    let mut judged = 0.0;
    for strip in strips(inputs) {
        let planes: Vec<(Vec<i16>, Vec<u16>)> =
            (0..inputs.models.len()).map(|model| answers.read(model, strip)).collect::<Result<_, _>>()?;
        let any = |at: usize| planes.iter().any(|(evidence, seasons)| is_judged(evidence[at], seasons[at]));
        if !(0..strip.len()).any(any) {
            continue;
        }
        // Where red lines overlap the ground counts once: the larger share stands for both.
        let mut shares = vec![0.0_f32; strip.len()];
        for line in &watched {
            let near = inputs.on_grid[*line].window.intersection(strip);
            if near.is_empty() {
                continue;
            }
            let of_line = coverage::coverage(&inputs.on_grid[*line].polygons, &inputs.grid, near);
            for ((row, col), own) in of_line.indexed_iter() {
                let at = (near.row0 - strip.row0 + row) * strip.cols + near.col0 - strip.col0 + col;
                shares[at] = shares[at].max(*own);
            }
        }
        let pixels: f64 = (0..strip.len()).filter(|at| any(*at)).map(|at| f64::from(shares[at])).sum();
        judged += pixels * inputs.pixel_area(strip.row0 + strip.rows / 2, transform)?.0;
    }
    Ok(SquareMetres(judged))
}

/// Rows of blocks over the part of the grid near red lines.
fn strips(inputs: &Inputs) -> impl Iterator<Item = Window> {
    strips_of(inputs, inputs.area)
}

/// Those that a window meets.
fn strips_of(inputs: &Inputs, window: Window) -> impl Iterator<Item = Window> {
    let (area, whole) = (inputs.area, inputs.grid.whole());
    let met = window.intersection(area);
    let rows = (met.row0 / BLOCK * BLOCK..met.row_end()).step_by(BLOCK);
    rows.map(move |row0| Window { row0, rows: BLOCK, ..area }.intersection(whole))
}

/// What one red line lacks, in square metres, by reason.
struct Lacking {
    area: [f64; ALL],
    /// By slot of the seasons.
    slots: Vec<f64>,
    /// Blocks of pixels by reason, in row-major order, some of them twice.
    blocks: [Vec<(usize, usize)>; ALL],
}

impl Lacking {
    /// Counts the ground of a pixel inside the red line, in square metres.
    fn count(&mut self, (evidence, seasons): (i16, u16), ground: f64, block: (usize, usize)) {
        let mut reasons = [REASONS.iter().position(|(state, _)| *state == evidence), None];
        if reasons[0].is_none() && seasons & NO_GATE != 0 {
            reasons[0] = Some(TOO_FEW_VIEWS);
        } else if reasons[0].is_none() {
            reasons[0] = (seasons & !LATE != 0).then_some(A_SEASON);
            reasons[1] = (seasons & LATE != 0).then_some(LATE_VIEWS);
        }
        if reasons[0] == Some(A_SEASON) {
            let unseen = |slot: &(usize, &mut f64)| seasons & (1 << slot.0) != 0;
            self.slots.iter_mut().enumerate().filter(unseen).for_each(|(_, area)| *area += ground);
        }
        for reason in reasons.into_iter().flatten() {
            self.area[reason] += ground;
            if self.blocks[reason].last() != Some(&block) {
                self.blocks[reason].push(block);
            }
        }
    }
}

/// Gaps of one red line and sub-model inside the scenes.
pub(super) fn gaps(
    inputs: &Inputs,
    (answers, flawed): (&Answers, &Flawed),
    (line, model): (usize, usize),
    (seasons, transform): (&Seasons, &Transform),
) -> Result<Vec<Gap>, RunError> {
    let lacking = lacking(inputs, (answers, flawed), (line, model), seasons.slots.len())?;
    let mut gaps = Vec::new();
    if lacking.area.iter().all(|area| *area <= 0.0) {
        return Ok(gaps);
    }
    let whole = geodesic_area(&inputs.redlines.redlines[line].polygons);
    for place in (0..ALL).filter(|place| lacking.area[*place] > 0.0) {
        let area = SquareMetres(lacking.area[place]);
        let share = (area.0 / whole.0).min(1.0);
        let shape = outlines(inputs, &lacking.blocks[place], transform)?;
        let shape = shape.intersection(&inputs.redlines.redlines[line].polygons);
        let id = inputs.models[model].id.as_str();
        let (reason, why, period) = told(inputs, model, place, (&lacking, seasons, whole));
        let detail = format!("{:.1} % of the red line {why}", 100.0 * share);
        let gap = gap(inputs, line, id, (reason, detail), (area, share), shape);
        gaps.push(Gap { period: period.unwrap_or(gap.period), ..gap });
    }
    Ok(gaps)
}

fn lacking(
    inputs: &Inputs,
    (answers, flawed): (&Answers, &Flawed),
    (line, model): (usize, usize),
    slots: usize,
) -> Result<Lacking, RunError> {
    let mut lacking =
        Lacking { area: [0.0; ALL], slots: vec![0.0; slots], blocks: std::array::from_fn(|_| Vec::new()) };
    let OnGrid { polygons, window } = &inputs.on_grid[line];
    for strip in strips_of(inputs, *window) {
        let near = window.intersection(strip);
        if near.is_empty() || !flawed.meets(model, near) {
            continue;
        }
        let (evidence, seasons) = answers.read(model, near)?;
        if !evidence.iter().zip(&seasons).any(|(evidence, seasons)| lacks(*evidence, *seasons)) {
            continue;
        }
        let pixel_area = flawed.pixel_areas[strip.row0 / BLOCK - flawed.first.0];
        let shares = coverage::coverage(polygons, &inputs.grid, near);
        for (pixel, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let block = (strip.row0 / BLOCK, (near.col0 + pixel % near.cols) / BLOCK);
            let ground = f64::from(*share) * pixel_area;
            lacking.count((evidence[pixel], seasons[pixel]), ground, block);
        }
    }
    Ok(lacking)
}

/// Reason, the rest of the sentence, and the days that a gap is about where they are not the target period.
fn told(
    inputs: &Inputs,
    model: usize,
    place: usize,
    (lacking, seasons, whole): (&Lacking, &Seasons, SquareMetres),
) -> (GapReason, String, Option<(Date, Date)>) {
    let model = &inputs.models[model];
    let (baseline, target) = (inputs.question.baseline, inputs.question.target);
    let day = |view: usize| inputs.views[view].date;
    if place == A_SEASON {
        let unseen: Vec<(&Slot, f64)> =
            seasons.slots.iter().zip(lacking.slots.iter().copied()).filter(|(_, area)| *area > 0.0).collect();
        let words = |(slot, area): &(&Slot, f64)| {
            format!("{} ({}) {:.1} %", slot.name, slot.days, (100.0 * area / whole.0).min(100.0))
        };
        let words: Vec<String> = unseen.iter().map(words).collect();
        let why = format!("has too few clear views in a season with scenes enough: {}", words.join(", "));
        let from = unseen.iter().map(|(slot, _)| slot.days.from).min();
        let period = from.zip(unseen.iter().map(|(slot, _)| slot.days.to).max());
        return (GapReason::SeasonNotSeen, why, period);
    }
    if place == LATE_VIEWS {
        let days = seasons.late_days.unwrap_or(target);
        let why = format!("has too few clear views in {days}: a change that began then is not named");
        return (GapReason::TooFewLateViews, why, Some((days.from, days.to)));
    }
    let reason = REASONS[place].1;
    let (why, period) = match reason {
        GapReason::TooFewBaselineViews if inputs.is_pair => {
            (format!("was not clear on {}", day(0)), Some((day(0), day(0))))
        }
        GapReason::TooFewTargetViews if inputs.is_pair => {
            (format!("was not clear on {}", day(1)), Some((day(1), day(1))))
        }
        GapReason::TooFewToCompare => (
            "was seen on both dates, but too little clear ground around it to compare it with".to_owned(),
            None,
        ),
        GapReason::TooFewBaselineViews => {
            let (views, growing) = (model.minimum_history, model.minimum_growing_history);
            let why = format!(
                "has fewer than {views} clear look-back views, {growing} of them in the growing season, in {baseline}"
            );
            (why, Some((baseline.from, baseline.to)))
        }
        GapReason::TooFewTargetViews => (format!("has too few clear views in any season of {target}"), None),
        _ => ("was never seen clear on any date".to_owned(), None),
    };
    (reason, why, period)
}

/// Blocks as polygons in longitude and latitude: runs of blocks, dissolved.
fn outlines(
    inputs: &Inputs,
    blocks: &[(usize, usize)],
    transform: &Transform,
) -> Result<MultiPolygon<f64>, RunError> {
    let mut sorted = blocks.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    for (row, col) in sorted {
        match runs.last_mut() {
            Some((last, _, end)) if *last == row && *end == col => *end = col + 1,
            _ => runs.push((row, col, col + 1)),
        }
    }
    let corner = |row: usize, col: usize| Coord { x: (col * BLOCK) as f64, y: (row * BLOCK) as f64 };
    let rectangle = |(row, from, to): &(usize, usize, usize)| {
        let (a, b) = (corner(*row, *from), corner(row + 1, *to));
        Rect::new(a, b).to_polygon()
    };
    let rectangles: Vec<Polygon<f64>> = runs.iter().map(rectangle).collect();
    let world = |c: Coord<f64>| {
        let (x, y) = inputs.grid.world(c.y, c.x);
        Coord { x, y }
    };
    Ok(coverage::bent(&unary_union(&rectangles).map_coords(world), transform, MAX_BEND_DEGREES)?)
}
