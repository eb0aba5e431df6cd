//! Where and when nothing could be said, and why: read off the evidence planes.
//!
//! Law: ground inside a red line is judged or it is in a gap; areas are counted in shares of pixels, outlines
//! are drawn on blocks of pixels and cut to the red line.

mod pixels;

use geo::{BooleanOps, Coord, LineString, MultiPolygon, Polygon};

use crate::date::Period;
use crate::detect::seasons::Seasons;
use crate::grid::crs::Transform;
use crate::lead::Gap;
use crate::patch::scratch;
use crate::reason::GapReason;
use crate::run::RunError;
use crate::run::inputs::Inputs;
use crate::submodel::SubModel;
use crate::units::{SquareMetres, rounded};
use crate::weigh::overlap::geodesic_area;

pub use pixels::{Answers, judged_area};

/// Gaps smaller than this are not published, in square metres: the smallest lead.
pub(super) const LEAST_GAP: f64 = 900.0;

/// Reason codes of what a pixel can lack.
const REASONS: [(i16, GapReason); 3] = [
    (scratch::UNSEEN, GapReason::OutsideScenes),
    (scratch::TOO_LITTLE_HISTORY, GapReason::TooFewBaselineViews),
    (scratch::TOO_FEW_VIEWS, GapReason::TooFewTargetViews),
];

/// The reason code of a stored number that is no evidence; `None` where there is evidence or no question.
pub(super) fn reason(stored: i16) -> Option<GapReason> {
    REASONS.iter().find(|(state, _)| *state == stored).map(|(_, code)| *code)
}

/// Gaps of every red line and sub-model, in that order.
pub fn gaps(inputs: &Inputs, answers: &Answers) -> Result<Vec<Gap>, RunError> {
    let transform = inputs.to_lon_lat()?;
    let mut gaps = Vec::new();
    for line in 0..inputs.on_grid.len() {
        gaps.extend(beyond_the_scenes(inputs, line, &transform)?);
        let class = inputs.redlines.redlines[line].class;
        let asked: Vec<(usize, &SubModel)> =
            inputs.models.iter().enumerate().filter(|(_, model)| model.looks_at(class)).collect();
        if asked.is_empty() {
            gaps.push(without_model(inputs, line));
        }
        for (_, model) in asked.iter().filter(|_| !inputs.is_pair) {
            gaps.extend(seasons_without_scenes(inputs, line, model));
        }
        let mut of_models: Vec<Vec<Gap>> = Vec::new();
        for (place, _) in asked {
            of_models.push(pixels::gaps(inputs, answers, (line, place), &transform)?);
        }
        gaps.extend(merged(of_models));
    }
    Ok(gaps)
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
fn seasons_without_scenes(inputs: &Inputs, line: usize, model: &SubModel) -> Option<Gap> {
    let seasons = Seasons::of(model, &inputs.dates(), inputs.question.target);
    let has_any = seasons.wanted.iter().any(|wanted| wanted.scenes() >= wanted.least);
    let mut lacking: Vec<(Period, String)> = Vec::new();
    for wanted in seasons.wanted.iter().filter(|wanted| wanted.scenes() < wanted.least) {
        let (name, days, needed) = (&model.evidence[wanted.kind].name, wanted.days, wanted.least);
        let (year, scenes) = (days.from.year(), wanted.scenes());
        lacking.push((days, format!("{name} of {year} ({days}): {scenes} of {needed} days")));
    }
    let from = lacking.iter().map(|(season, _)| season.from).min().filter(|_| has_any)?;
    let to = lacking.iter().map(|(season, _)| season.to).max()?;
    let words: Vec<String> = lacking.into_iter().map(|(_, words)| words).collect();
    let detail = format!("too few days with scenes for {}", words.join("; "));
    let redline = &inputs.redlines.redlines[line];
    let area = geodesic_area(&redline.polygons);
    let outline = redline.polygons.clone();
    let gap = gap(inputs, line, &model.id, (GapReason::SeasonWithoutScenes, detail), (area, 1.0), outline);
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
