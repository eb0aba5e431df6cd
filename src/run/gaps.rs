//! Where and when nothing could be said, and why: read off the evidence planes.
//!
//! Law: a pixel inside a red line is judged or it is in a gap; areas are counted in pixels, outlines
//! are drawn on blocks of pixels and cut to the red line.

use geo::{BooleanOps, Coord, LineString, MapCoords, MultiPolygon, Polygon, Rect, unary_union};

use crate::date::Period;
use crate::grid::Window;
use crate::grid::crs::Transform;
use crate::lead::Gap;
use crate::patch::scratch::{self, Scratch};
use crate::redline::coverage;
use crate::run::RunError;
use crate::run::inputs::{Inputs, View};
use crate::submodel::SubModel;
use crate::units::{SquareMetres, rounded};
use crate::weigh::overlap::geodesic_area;

/// Side of a block in pixels.
const BLOCK: usize = 8;

/// Gaps smaller than this are not published, in square metres: the smallest lead.
pub(super) const LEAST_GAP: f64 = 900.0;

/// Reason codes of what a pixel can lack.
const REASONS: [(i16, &str); 3] = [
    (scratch::UNSEEN, "outside_scenes"),
    (scratch::TOO_LITTLE_HISTORY, "too_few_baseline_views"),
    (scratch::TOO_FEW_VIEWS, "too_few_target_views"),
];

/// The reason code of a stored number that is no evidence; `None` where there is evidence or no question.
pub(super) fn reason(stored: i16) -> Option<&'static str> {
    REASONS.iter().find(|(state, _)| *state == stored).map(|(_, code)| *code)
}

/// Gaps of every red line and sub-model, in that order. `plane` is where the evidence of a sub-model lies.
pub fn gaps(
    inputs: &Inputs,
    scratch: &Scratch,
    plane: impl Fn(usize) -> usize,
) -> Result<Vec<Gap>, RunError> {
    let transform = inputs.to_lon_lat()?;
    let mut gaps = Vec::new();
    for line in 0..inputs.on_grid.len() {
        gaps.extend(beyond_the_scenes(inputs, line, &transform)?);
        let class = inputs.redlines.redlines[line].class;
        let asked: Vec<(usize, &SubModel)> =
            inputs.models.iter().enumerate().filter(|(_, model)| model.classes.contains(&class)).collect();
        if asked.is_empty() {
            gaps.push(without_model(inputs, line));
        }
        for (_, model) in asked.iter().filter(|_| !inputs.is_pair) {
            gaps.extend(seasons_without_scenes(inputs, line, model));
        }
        let mut of_models: Vec<Vec<Gap>> = Vec::new();
        for (place, _) in asked {
            of_models.push(inside_the_scenes(inputs, (scratch, plane(place)), (line, place), &transform)?);
        }
        gaps.extend(merged(of_models));
    }
    Ok(gaps)
}

/// Ground inside red lines on which at least one sub-model could judge.
pub fn judged_area(
    inputs: &Inputs,
    scratch: &Scratch,
    plane: impl Fn(usize) -> usize,
) -> Result<SquareMetres, RunError> {
    let mut judged = 0_usize;
    for row in inputs.area.row0..inputs.area.row_end() {
        let line = Window { row0: row, rows: 1, ..inputs.area };
        let planes: Vec<Vec<i16>> = (0..inputs.models.len())
            .map(|model| scratch.read(plane(model), line))
            .collect::<Result<_, _>>()?;
        judged +=
            (0..line.cols).filter(|col| planes.iter().any(|plane| plane[*col] > scratch::OUTSIDE)).count();
    }
    // Evidence reaches a little beyond the red lines; the ground inside them is the most that counts.
    let inside = inputs.watched_area().0;
    Ok(SquareMetres((judged as f64 * inputs.pixel_area()?.0).min(inside)))
}

/// A red line that was given, and inside which no sub-model of the run looks.
fn without_model(inputs: &Inputs, line: usize) -> Gap {
    let redline = &inputs.redlines.redlines[line];
    let ids: Vec<&str> = inputs.models.iter().map(|model| model.id.as_str()).collect();
    let (class, ids) = (redline.class.name(), ids.join(", "));
    let detail = format!("no sub-model of this run ({ids}) looks inside a red line of class {class}");
    let area = geodesic_area(&redline.polygons);
    gap(inputs, line, "", ("no_sub_model", detail), (area, 1.0), redline.polygons.clone())
}

/// Seasons of the target period, by year, in which there are fewer days with scenes than the evidence of a
/// sub-model needs: a download that stopped in May says nothing about August. Nothing is said here where that is
/// so of all its seasons: then every pixel has too few views.
fn seasons_without_scenes(inputs: &Inputs, line: usize, model: &SubModel) -> Option<Gap> {
    let target = inputs.question.target;
    let mut lacking: Vec<(Period, String)> = Vec::new();
    let mut has_any = false;
    for year in target.years() {
        for kind in &model.evidence {
            let Some(season) = kind.season.of_year(year) else { continue };
            let is_day = |view: &&View| season.contains(view.date) && target.contains(view.date);
            let days = inputs.views.iter().filter(is_day).count();
            has_any |= days >= kind.minimum_views;
            if days < kind.minimum_views && target.contains(season.from) && target.contains(season.to) {
                let (name, needed) = (&kind.name, kind.minimum_views);
                lacking.push((season, format!("{name} of {year} ({season}): {days} of {needed} days")));
            }
        }
    }
    let from = lacking.iter().map(|(season, _)| season.from).min().filter(|_| has_any)?;
    let to = lacking.iter().map(|(season, _)| season.to).max()?;
    let words: Vec<String> = lacking.into_iter().map(|(_, words)| words).collect();
    let detail = format!("too few days with scenes for {}", words.join("; "));
    let redline = &inputs.redlines.redlines[line];
    let area = geodesic_area(&redline.polygons);
    let outline = redline.polygons.clone();
    let gap = gap(inputs, line, &model.id, ("season_without_scenes", detail), (area, 1.0), outline);
    Some(Gap { period: (from, to), ..gap })
}

/// The smallest gap of a red line that is published: a small red line may not vanish whole.
fn least_gap(whole: SquareMetres) -> f64 {
    LEAST_GAP.min(0.1 * whole.0)
}

/// Where every sub-model says the same, it is said once.
fn merged(mut of_models: Vec<Vec<Gap>>) -> Vec<Gap> {
    let nameless = |gaps: &Vec<Gap>| -> Vec<Gap> {
        gaps.iter().map(|gap| Gap { model: String::new(), detail: String::new(), ..gap.clone() }).collect()
    };
    let same = of_models.windows(2).all(|pair| nameless(&pair[0]) == nameless(&pair[1]));
    if same && of_models.len() > 1 {
        let mut gaps = of_models.swap_remove(0);
        gaps.iter_mut().for_each(|gap| gap.model.clear());
        return gaps;
    }
    of_models.into_iter().flatten().collect()
}

/// The part of a red line that no scene covers.
fn beyond_the_scenes(inputs: &Inputs, line: usize, transform: &Transform) -> Result<Option<Gap>, RunError> {
    let (min_x, min_y, max_x, max_y) = inputs.grid.bounds();
    let corners = [(min_x, min_y), (max_x, min_y), (max_x, max_y), (min_x, max_y)];
    let ring: LineString<f64> = corners.iter().map(|(x, y)| Coord { x: *x, y: *y }).collect();
    let frame = MultiPolygon(vec![Polygon::new(ring, vec![])]);
    let outside = transform.polygons(&inputs.on_grid[line].difference(&frame))?;
    let redline = &inputs.redlines.redlines[line];
    let (area, whole) = (geodesic_area(&outside), geodesic_area(&redline.polygons));
    if area.0 < least_gap(whole) {
        return Ok(None);
    }
    let share = area.0 / whole.0;
    let percent = 100.0 * share;
    let detail = format!("{percent:.1} % of the red line lies beyond the scenes ({})", inputs.grid);
    Ok(Some(gap(inputs, line, "", ("outside_scenes", detail), (area, share), outside)))
}

fn inside_the_scenes(
    inputs: &Inputs,
    (scratch, plane): (&Scratch, usize),
    (line, model): (usize, usize),
    transform: &Transform,
) -> Result<Vec<Gap>, RunError> {
    let whole = geodesic_area(&inputs.redlines.redlines[line].polygons);
    let pixel = inputs.pixel_area()?;
    let mut counts = [0_usize; 3];
    let mut blocks: [Vec<(usize, usize)>; 3] = Default::default();
    let lines = &inputs.on_grid[line];
    for row0 in (inputs.area.row0 / BLOCK * BLOCK..inputs.area.row_end()).step_by(BLOCK) {
        let strip = Window { row0, rows: BLOCK, ..inputs.area }.intersection(inputs.grid.whole());
        let values = scratch.read(plane, strip)?;
        let lacks = |value: &i16| *value < scratch::OUTSIDE;
        if !values.iter().any(lacks) {
            continue;
        }
        let inside = coverage::inside(lines, &inputs.grid, strip);
        for (pixel, (value, inside)) in values.iter().zip(inside.iter()).enumerate() {
            let reason = REASONS.iter().position(|(state, _)| state == value);
            if let (true, Some(reason)) = (*inside, reason) {
                counts[reason] += 1;
                let block = (row0 / BLOCK, (strip.col0 + pixel % strip.cols) / BLOCK);
                if blocks[reason].last() != Some(&block) {
                    blocks[reason].push(block);
                }
            }
        }
    }
    let mut gaps = Vec::new();
    for (reason, (_, code)) in REASONS.iter().enumerate() {
        let area = SquareMetres(counts[reason] as f64 * pixel.0);
        if area.0 < least_gap(whole) {
            continue;
        }
        let id = inputs.models[model].id.as_str();
        let share = (area.0 / whole.0).min(1.0);
        let detail = sentence(inputs, model, code, 100.0 * share);
        let shape = outlines(inputs, &blocks[reason], transform)?;
        let shape = shape.intersection(&inputs.redlines.redlines[line].polygons);
        gaps.push(gap(inputs, line, id, (code, detail), (area, share), shape));
    }
    Ok(gaps)
}

fn sentence(inputs: &Inputs, model: usize, code: &str, percent: f64) -> String {
    let model = &inputs.models[model];
    let why = match code {
        "outside_scenes" => "was never seen clear on any date".to_owned(),
        "too_few_baseline_views" if inputs.is_pair => format!("was not clear on {}", inputs.views[0].date),
        _ if inputs.is_pair => format!("was not clear on {}", inputs.views[1].date),
        "too_few_baseline_views" => {
            let (views, growing) = (model.minimum_history, model.minimum_growing_history);
            let baseline = inputs.question.baseline;
            format!(
                "has fewer than {views} clear look-back views, {growing} of them in the growing season, in {baseline}"
            )
        }
        _ => format!("has too few clear views in any season of {}", inputs.question.target),
    };
    format!("{percent:.1} % of the red line {why}")
}

/// Blocks (in row-major order) as polygons in longitude and latitude: runs of blocks, dissolved.
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

fn gap(
    inputs: &Inputs,
    line: usize,
    model: &str,
    (reason, detail): (&str, String),
    (area, share): (SquareMetres, f64),
    outline: MultiPolygon<f64>,
) -> Gap {
    let redline = &inputs.redlines.redlines[line];
    let target = inputs.question.target;
    Gap {
        redline_id: redline.id.clone(),
        layer: inputs.redlines.layers[redline.layer].file.clone(),
        model: model.to_owned(),
        reason: reason.to_owned(),
        detail,
        period: (target.from, target.to),
        area: SquareMetres(rounded(area.0, 1)),
        share: rounded(share, 4),
        outline,
    }
}
