//! Where and when nothing could be said, and why: read off the evidence planes.
//!
//! Law: ground inside a red line is judged or it is in a gap; areas are counted in shares of pixels, outlines
//! are drawn on blocks of pixels and cut to the red line.

mod pixels;
mod undecoded;

use geo::{BooleanOps, BoundingRect, Contains, Coord, LineString, MultiPolygon, Polygon, Rect};
use rayon::prelude::*;

use crate::detect::seasons::Seasons;
use crate::grid::crs::Transform;
use crate::lead::Gap;
use crate::patch::scratch;
use crate::read::Missing;
use crate::reason::GapReason;
use crate::redline::coverage;
use crate::run::RunError;
use crate::run::inputs::Inputs;
use crate::submodel::SubModel;
use crate::units::{SquareMetres, rounded};
use crate::weigh::overlap::geodesic_area;

use pixels::Flawed;
pub use pixels::{Answers, judged_area};

/// Gaps that together are smaller than this are not published, in square metres: the smallest lead.
pub(super) const LEAST_GAP: f64 = 900.0;

/// Unless they are this share of their red line: a small one may not vanish whole.
const LEAST_SHARE: f64 = 0.1;

/// Parts of the red lines for each worker: a transform is of one part, and costs more than many small red lines.
const PARTS: usize = 8;

/// Scenes that a gap names one by one.
const MOST_NAMED: usize = 20;

/// How far an edge of a gap may stray from its course when it is brought to longitude and latitude: 0.1 m.
const MAX_BEND_DEGREES: f64 = 1e-6;

/// Reason codes of what a pixel can lack.
const REASONS: [(i16, GapReason); 4] = [
    (scratch::UNSEEN, GapReason::OutsideScenes),
    (scratch::TOO_LITTLE_HISTORY, GapReason::TooFewBaselineViews),
    (scratch::TOO_FEW_VIEWS, GapReason::TooFewTargetViews),
    (scratch::NOT_COMPARED, GapReason::TooFewToCompare),
];

/// The reason code of a stored number that is no evidence; `None` where there is evidence or no question.
pub(super) fn reason(stored: i16) -> Option<GapReason> {
    REASONS.iter().find(|(state, _)| *state == stored).map(|(_, code)| *code)
}

/// Gaps of every red line and sub-model, in that order. Small ones are left out only where all of them together are
/// smaller than a lead.
pub fn gaps(inputs: &Inputs, answers: &Answers) -> Result<Vec<Gap>, RunError> {
    let dates = inputs.dates();
    let seasons_of = |model| Seasons::of(model, &dates, inputs.question.target);
    let seasons: Vec<Seasons> = inputs.models.iter().map(seasons_of).collect();
    let lines: Vec<usize> = (0..inputs.on_grid.len()).collect();
    let flawed = Flawed::of(inputs, answers)?;
    let answers = (answers, &flawed);
    let of_some = |lines: &[usize]| -> Result<Vec<Vec<Gap>>, RunError> {
        let transform = inputs.to_lon_lat()?;
        lines.iter().map(|line| of_line(inputs, answers, *line, (&seasons, &transform))).collect()
    };
    let part = lines.len().div_ceil(PARTS * rayon::current_num_threads()).max(1);
    // Of several faults the first is told, whoever finds his first.
    let gaps: Vec<Result<Vec<Vec<Gap>>, RunError>> = lines.par_chunks(part).map(of_some).collect();
    let gaps = gaps.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut gaps: Vec<Gap> = gaps.into_iter().flatten().flatten().collect();
    gaps.extend(lines.iter().filter_map(|line| not_fetched(inputs, *line)));
    gaps.extend(lines.iter().filter_map(|line| undecoded::gap(inputs, *line)));
    gaps.retain(worth_telling(&gaps));
    Ok(gaps)
}

/// Gaps of one red line.
fn of_line(
    inputs: &Inputs,
    answers: (&Answers, &Flawed),
    line: usize,
    (seasons, transform): (&[Seasons], &Transform),
) -> Result<Vec<Gap>, RunError> {
    let mut gaps = Vec::from_iter(beyond_the_scenes(inputs, line, transform)?);
    let class = inputs.redlines.redlines[line].class;
    let asked: Vec<usize> =
        (0..inputs.models.len()).filter(|model| inputs.models[*model].looks_at(class)).collect();
    if asked.is_empty() {
        gaps.push(without_model(inputs, line));
    }
    for model in asked.iter().filter(|_| !inputs.is_pair) {
        gaps.extend(seasons_without_scenes(inputs, line, (&inputs.models[*model], &seasons[*model])));
    }
    let pixels = |model: &usize| pixels::gaps(inputs, answers, (line, *model), (&seasons[*model], transform));
    gaps.extend(merged(asked.iter().map(pixels).collect::<Result<_, _>>()?));
    Ok(gaps)
}

/// Whether a gap is published: none is so small that it counts for nothing where there are many of them.
fn worth_telling(gaps: &[Gap]) -> impl Fn(&Gap) -> bool + use<> {
    let is_large = |gap: &Gap| gap.area.0 >= LEAST_GAP || gap.share >= LEAST_SHARE;
    let small: f64 = gaps.iter().filter(|gap| !is_large(gap)).map(|gap| gap.area.0).sum();
    move |gap| gap.area.0 > 0.0 && (small >= LEAST_GAP || is_large(gap))
}

/// A red line that was given, and inside which no sub-model of the run looks.
fn without_model(inputs: &Inputs, line: usize) -> Gap {
    let redline = &inputs.redlines.redlines[line];
    let ids: Vec<&str> = inputs.models.iter().map(|model| model.id.as_str()).collect();
    let (class, ids) = (redline.class.name(), ids.join(", "));
    let detail = format!("no sub-model of this run ({ids}) looks inside a red line of class {class}");
    let area = geodesic_area(&redline.polygons);
    gap(inputs, line, "", (GapReason::NoSubModel, detail), (area, 1.0), redline.polygons.clone())
}

/// Seasons of the target period, by year, in which there are fewer days with scenes than the evidence of a
/// sub-model needs: a download that stopped in May says nothing about August. Nothing is said here where that is
/// so of all its seasons: then every pixel has too few views.
fn seasons_without_scenes(
    inputs: &Inputs,
    line: usize,
    (model, seasons): (&SubModel, &Seasons),
) -> Option<Gap> {
    if seasons.slots.is_empty() {
        return None;
    }
    let lacking = &seasons.without_scenes;
    let from = lacking.iter().map(|season| season.days.from).min()?;
    let to = lacking.iter().map(|season| season.days.to).max()?;
    let words = lacking.iter().map(|season| {
        let (name, days, (scenes, needed)) = (&season.name, season.days, season.scenes);
        format!("{name} ({days}): {scenes} of {needed} days")
    });
    let words: Vec<String> = words.collect();
    let detail = format!("too few days with scenes for {}", words.join("; "));
    let redline = &inputs.redlines.redlines[line];
    let area = geodesic_area(&redline.polygons);
    let outline = redline.polygons.clone();
    let gap = gap(inputs, line, &model.id, (GapReason::SeasonWithoutScenes, detail), (area, 1.0), outline);
    Some(Gap { period: (from, to), ..gap })
}

/// Scenes of either period that a catalogue lists and that could not be fetched: days on which nothing was seen.
fn not_fetched(inputs: &Inputs, line: usize) -> Option<Gap> {
    let (baseline, target) = (inputs.question.baseline, inputs.question.target);
    let is_asked = |missing: &&Missing| baseline.contains(missing.date) || target.contains(missing.date);
    let missing: Vec<&Missing> = inputs.missing.iter().filter(is_asked).collect();
    let (first, last) = (missing.first()?.date, missing.last()?.date);
    let named: Vec<String> = missing
        .iter()
        .take(MOST_NAMED)
        .map(|missing| format!("{} of {}", missing.id, missing.date))
        .collect();
    let more = missing.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more (manifest.json, skipped)") } else { String::new() };
    let detail = format!("{} scenes could not be fetched: {}{more}", missing.len(), named.join(", "));
    let redline = &inputs.redlines.redlines[line];
    let (area, outline) = (geodesic_area(&redline.polygons), redline.polygons.clone());
    let gap = gap(inputs, line, "", (GapReason::SceneNotFetched, detail), (area, 1.0), outline);
    Some(Gap { period: (first, last), ..gap })
}

/// Where every sub-model says the same, it is said once.
fn merged(mut of_models: Vec<Vec<Gap>>) -> Vec<Gap> {
    let nameless = |gaps: &Vec<Gap>| -> Vec<Gap> {
        gaps.iter().map(|gap| Gap { model: String::new(), ..gap.clone() }).collect()
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
    let bounds = Rect::new((min_x, min_y), (max_x, max_y));
    if inputs.on_grid[line].polygons.bounding_rect().is_some_and(|line| bounds.contains(&line)) {
        return Ok(None);
    }
    let corners = [(min_x, min_y), (max_x, min_y), (max_x, max_y), (min_x, max_y)];
    let ring: LineString<f64> = corners.iter().map(|(x, y)| Coord { x: *x, y: *y }).collect();
    let frame = MultiPolygon(vec![Polygon::new(ring, vec![])]);
    let outside =
        coverage::bent(&inputs.on_grid[line].polygons.difference(&frame), transform, MAX_BEND_DEGREES)?;
    let redline = &inputs.redlines.redlines[line];
    let (area, whole) = (geodesic_area(&outside), geodesic_area(&redline.polygons));
    if area.0 <= 0.0 {
        return Ok(None);
    }
    let share = (area.0 / whole.0).min(1.0);
    let percent = 100.0 * share;
    let detail = format!("{percent:.1} % of the red line lies beyond the scenes ({})", inputs.grid);
    Ok(Some(gap(inputs, line, "", (GapReason::OutsideScenes, detail), (area, share), outside)))
}

fn gap(
    inputs: &Inputs,
    line: usize,
    model: &str,
    (reason, detail): (GapReason, String),
    (area, share): (SquareMetres, f64),
    outline: MultiPolygon<f64>,
) -> Gap {
    let redline = &inputs.redlines.redlines[line];
    let target = inputs.question.target;
    Gap {
        redline_id: redline.id.clone(),
        layer: inputs.redlines.layers[redline.layer].file.clone(),
        model: model.to_owned(),
        reason,
        detail,
        period: (target.from, target.to),
        area: SquareMetres(rounded(area.0, 1)),
        share: rounded(share, 4),
        outline,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Date;

    fn told(areas: &[f64], share: f64) -> usize {
        let day = Date::constant(2023, 1, 1);
        let gap = |area: &f64| Gap {
            redline_id: "1".to_owned(),
            layer: "a.geojson".to_owned(),
            model: "G1".to_owned(),
            reason: GapReason::TooFewTargetViews,
            detail: String::new(),
            period: (day, day),
            area: SquareMetres(*area),
            share,
            outline: MultiPolygon(vec![]),
        };
        let gaps: Vec<Gap> = areas.iter().map(gap).collect();
        let is_told = worth_telling(&gaps);
        gaps.iter().filter(|gap| is_told(gap)).count()
    }

    #[test]
    fn many_small_gaps_are_told_and_a_few_pixels_are_not() {
        assert_eq!(told(&[100.0, 200.0], 0.01), 0);
        assert_eq!(told(&[200.0; 5], 0.01), 5);
        assert_eq!(told(&[100.0, 900.0], 0.01), 1);
        assert_eq!(told(&[100.0], 0.5), 1);
    }
}
