//! Gaps that single pixels have: what the planes of a sub-model say of each, counted by share inside the red line.

use geo::{BooleanOps, Coord, MapCoords, MultiPolygon, Polygon, Rect, unary_union};

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
    let (area, whole) = (inputs.area, inputs.grid.whole());
    let rows = (area.row0 / BLOCK * BLOCK..area.row_end()).step_by(BLOCK);
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
    answers: &Answers,
    (line, model): (usize, usize),
    (seasons, transform): (&Seasons, &Transform),
) -> Result<Vec<Gap>, RunError> {
    let lacking = lacking(inputs, answers, (line, model), (seasons.slots.len(), transform))?;
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
    answers: &Answers,
    (line, model): (usize, usize),
    (slots, transform): (usize, &Transform),
) -> Result<Lacking, RunError> {
    let mut lacking =
        Lacking { area: [0.0; ALL], slots: vec![0.0; slots], blocks: std::array::from_fn(|_| Vec::new()) };
    let OnGrid { polygons, window } = &inputs.on_grid[line];
    for strip in strips(inputs) {
        let near = window.intersection(strip);
        if near.is_empty() {
            continue;
        }
        let (evidence, seasons) = answers.read(model, near)?;
        let lacks = |pixel: usize| evidence[pixel] < scratch::OUTSIDE || seasons[pixel] != 0;
        if !(0..near.len()).any(lacks) {
            continue;
        }
        // Of the row in the middle: in Web Mercator pixels shrink from row to row.
        let pixel_area = inputs.pixel_area(strip.row0 + strip.rows / 2, transform)?.0;
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
