//! Gaps that single pixels have: what the planes of a sub-model say of each, counted by share inside the red line.

use geo::{BooleanOps, Coord, MapCoords, MultiPolygon, Polygon, Rect, unary_union};

use crate::detect::seasons::NO_GATE;
use crate::grid::Window;
use crate::grid::crs::Transform;
use crate::lead::Gap;
use crate::patch::scratch::{self, Scratch};
use crate::reason::GapReason;
use crate::redline::coverage;
use crate::run::RunError;
use crate::run::gaps::{REASONS, gap, least_gap};
use crate::run::inputs::Inputs;
use crate::units::SquareMetres;
use crate::weigh::overlap::geodesic_area;

/// Side of a block in pixels.
const BLOCK: usize = 8;

/// Place of the reason for too few views in `REASONS`.
const TOO_FEW_VIEWS: usize = 2;

/// Place after the last of `REASONS`: another season speaks for the pixel, one does not.
const A_SEASON: usize = REASONS.len();

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
    let mut judged = 0_usize;
    for row in inputs.area.row0..inputs.area.row_end() {
        let line = Window { row0: row, rows: 1, ..inputs.area };
        let planes: Vec<(Vec<i16>, Vec<u16>)> =
            (0..inputs.models.len()).map(|model| answers.read(model, line)).collect::<Result<_, _>>()?;
        let any =
            |col: &usize| planes.iter().any(|(evidence, seasons)| is_judged(evidence[*col], seasons[*col]));
        judged += (0..line.cols).filter(any).count();
    }
    // Evidence reaches a little beyond the red lines; the ground inside them is the most that counts.
    let inside = inputs.watched_area().0;
    Ok(SquareMetres((judged as f64 * inputs.pixel_area()?.0).min(inside)))
}

/// What one red line lacks, in pixels, by reason.
#[derive(Default)]
struct Lacking {
    /// Pixels by reason.
    pixels: [f64; A_SEASON + 1],
    /// Pixels by evidence kind whose season was not seen.
    kinds: Vec<f64>,
    /// Blocks of pixels by reason, in row-major order, some of them twice.
    blocks: [Vec<(usize, usize)>; A_SEASON + 1],
}

impl Lacking {
    /// Counts a pixel of which a share lies inside the red line.
    fn count(&mut self, (evidence, seasons): (i16, u16), share: f64, block: (usize, usize)) {
        let reason = match REASONS.iter().position(|(state, _)| *state == evidence) {
            Some(reason) => reason,
            None if seasons & NO_GATE != 0 => TOO_FEW_VIEWS,
            None if seasons != 0 => A_SEASON,
            None => return,
        };
        if reason == A_SEASON {
            let unseen = |kind: &(usize, &mut f64)| seasons & (1 << kind.0) != 0;
            self.kinds.iter_mut().enumerate().filter(unseen).for_each(|(_, pixels)| *pixels += share);
        }
        self.pixels[reason] += share;
        if self.blocks[reason].last() != Some(&block) {
            self.blocks[reason].push(block);
        }
    }
}

/// Gaps of one red line and sub-model inside the scenes.
pub(super) fn gaps(
    inputs: &Inputs,
    answers: &Answers,
    (line, model): (usize, usize),
    transform: &Transform,
) -> Result<Vec<Gap>, RunError> {
    let whole = geodesic_area(&inputs.redlines.redlines[line].polygons);
    let pixel = inputs.pixel_area()?;
    let lacking = lacking(inputs, answers, (line, model))?;
    let mut gaps = Vec::new();
    for reason in 0..=A_SEASON {
        let area = SquareMetres(lacking.pixels[reason] * pixel.0);
        if area.0 < least_gap(whole) {
            continue;
        }
        let share_of = |pixels: f64| (pixels * pixel.0 / whole.0).min(1.0);
        let share = share_of(lacking.pixels[reason]);
        let code = REASONS.get(reason).map_or(GapReason::SeasonNotSeen, |(_, reason)| *reason);
        let mut detail = sentence(inputs, model, code, 100.0 * share);
        if reason == A_SEASON {
            let kinds = inputs.models[model].evidence.iter().zip(&lacking.kinds);
            let kinds = kinds.filter(|(_, pixels)| **pixels > 0.0);
            let kinds =
                kinds.map(|(kind, pixels)| format!("{} {:.1} %", kind.name, 100.0 * share_of(*pixels)));
            detail = format!("{detail}: {}", kinds.collect::<Vec<_>>().join(", "));
        }
        let shape = outlines(inputs, &lacking.blocks[reason], transform)?;
        let shape = shape.intersection(&inputs.redlines.redlines[line].polygons);
        let id = inputs.models[model].id.as_str();
        gaps.push(gap(inputs, line, id, (code, detail), (area, share), shape));
    }
    Ok(gaps)
}

fn lacking(inputs: &Inputs, answers: &Answers, (line, model): (usize, usize)) -> Result<Lacking, RunError> {
    let kinds = vec![0.0; inputs.models[model].evidence.len()];
    let mut lacking = Lacking { kinds, ..Lacking::default() };
    for row0 in (inputs.area.row0 / BLOCK * BLOCK..inputs.area.row_end()).step_by(BLOCK) {
        let strip = Window { row0, rows: BLOCK, ..inputs.area }.intersection(inputs.grid.whole());
        let (evidence, seasons) = answers.read(model, strip)?;
        let lacks = |pixel: usize| evidence[pixel] < scratch::OUTSIDE || seasons[pixel] != 0;
        if !(0..strip.len()).any(lacks) {
            continue;
        }
        let shares = coverage::coverage(&inputs.on_grid[line], &inputs.grid, strip);
        for (pixel, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let block = (row0 / BLOCK, (strip.col0 + pixel % strip.cols) / BLOCK);
            lacking.count((evidence[pixel], seasons[pixel]), f64::from(*share), block);
        }
    }
    Ok(lacking)
}

fn sentence(inputs: &Inputs, model: usize, reason: GapReason, percent: f64) -> String {
    let model = &inputs.models[model];
    let target = inputs.question.target;
    let why = match reason {
        GapReason::OutsideScenes => "was never seen clear on any date".to_owned(),
        GapReason::TooFewBaselineViews if inputs.is_pair => {
            format!("was not clear on {}", inputs.views[0].date)
        }
        _ if inputs.is_pair => format!("was not clear on {}", inputs.views[1].date),
        GapReason::TooFewBaselineViews => {
            let (views, growing) = (model.minimum_history, model.minimum_growing_history);
            let baseline = inputs.question.baseline;
            format!(
                "has fewer than {views} clear look-back views, {growing} of them in the growing season, in {baseline}"
            )
        }
        GapReason::SeasonNotSeen => {
            format!("has too few clear views in a season of {target} in which there were scenes enough")
        }
        _ => format!("has too few clear views in any season of {target}"),
    };
    format!("{percent:.1} % of the red line {why}")
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
    Ok(transform.polygons(&unary_union(&rectangles).map_coords(world))?)
}
