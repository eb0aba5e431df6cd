//! What lies over a picture of a lead: its outline, a coordinate grid, a scale bar, an arrow to the north.
//!
//! In:  a picture with its grid, an outline in longitude and latitude. Out: numbers for the template.
//! Places on a picture are shares of its width and height, from its upper left corner.

use geo::MultiPolygon;
use serde_json::{Value, json};

use crate::grid::crs::Transform;
use crate::grid::{Crs, Grid};
use crate::publish::chip::{self, round_length};
use crate::report::ReportError;
use crate::report::material::Close;

/// About so many grid lines cross a picture in each direction.
const LINES: f64 = 3.0;
/// Steps along an edge at which a grid line is looked for.
const STEPS: usize = 64;

/// Everything that the template draws over a picture; coordinates in the grid `local`.
///
/// # Errors
/// A transform that cannot be made.
pub fn over(close: &Close, outline: &MultiPolygon<f64>, local: Crs) -> Result<Value, ReportError> {
    let grid = &close.grid;
    let place = chip::Place::of(grid)?;
    let width = place.metres * grid.cols as f64;
    let metres = round_length(width * 0.35);
    let label = if metres >= 1000.0 { format!("{} km", metres / 1000.0) } else { format!("{metres} m") };
    Ok(json!({
        "aspect": grid.rows as f64 / grid.cols as f64,
        "outline": rings(grid, &Transform::new(Crs::LON_LAT, grid.crs)?.polygons(outline)?),
        "lines": lines(grid, local)?,
        "bar": {"share": metres / width, "label": label},
        "north": [place.north.0, place.north.1],
        "pixel": format!("{:.0} m", place.metres),
    }))
}

/// Rings as shares of the picture.
pub(super) fn rings(grid: &Grid, outline: &MultiPolygon<f64>) -> Value {
    let share = |x: f64, y: f64| {
        let (row, col) = grid.pixels(x, y);
        json!([col / grid.cols as f64, row / grid.rows as f64])
    };
    let rings = outline.0.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()));
    rings.map(|ring| ring.0.iter().map(|at| share(at.x, at.y)).collect::<Value>()).collect()
}

/// Lines of round eastings and northings, each where it crosses two opposite edges, with its number.
pub(super) fn lines(grid: &Grid, local: Crs) -> Result<Value, ReportError> {
    let transform = Transform::new(grid.crs, local)?;
    let at = |right: f64, down: f64| {
        let (x, y) = grid.world(down * grid.rows as f64, right * grid.cols as f64);
        transform.point(x, y)
    };
    let (west, east) = (at(0.0, 0.5)?, at(1.0, 0.5)?);
    let step = round_length((east.0 - west.0).abs().max(1.0) / LINES);
    let (north, south) = (at(0.5, 0.0)?, at(0.5, 1.0)?);
    let mut lines = Vec::new();
    let mut number = (west.0 / step).ceil() * step;
    while number < east.0 {
        let ends = (
            crossing(|share| at(share, 0.0).map(|at| at.0), number)?,
            crossing(|share| at(share, 1.0).map(|at| at.0), number)?,
        );
        if let (Some(top), Some(bottom)) = ends {
            lines.push(json!({"from": [top, 0.0], "to": [bottom, 1.0], "label": format!("{number:.0}"), "upright": true}));
        }
        number += step;
    }
    let mut number = (south.1 / step).ceil() * step;
    while number < north.1 {
        let ends = (
            crossing(|share| at(0.0, share).map(|at| at.1), number)?,
            crossing(|share| at(1.0, share).map(|at| at.1), number)?,
        );
        if let (Some(left), Some(right)) = ends {
            lines.push(json!({"from": [0.0, left], "to": [1.0, right], "label": format!("{number:.0}"), "upright": false}));
        }
        number += step;
    }
    Ok(Value::Array(lines))
}

/// Where a coordinate passes a number along an edge, as a share of the edge.
fn crossing<E>(along: impl Fn(f64) -> Result<f64, E>, number: f64) -> Result<Option<f64>, E> {
    let mut before = along(0.0)?;
    for step in 1..=STEPS {
        let here = along(step as f64 / STEPS as f64)?;
        if (before - number) * (here - number) <= 0.0 && before != here {
            let part = (number - before) / (here - before);
            return Ok(Some((step as f64 - 1.0 + part) / STEPS as f64));
        }
        before = here;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Date;
    use crate::report::material::Moment;
    use geo::polygon;

    fn close() -> Close {
        Close {
            moment: Moment::Before,
            date: Date::constant(2022, 5, 1),
            scene: String::new(),
            grid: Grid {
                rows: 48,
                cols: 48,
                origin_x: 541_003.0,
                origin_y: 4_604_007.0,
                pixel_width: 10.0,
                pixel_height: 10.0,
                crs: Crs::epsg(4545),
            },
            jpeg: Vec::new(),
            is_natural: true,
        }
    }

    #[test]
    fn grid_lines_lie_where_their_numbers_say() {
        let close = close();
        let lines = lines(&close.grid, Crs::epsg(4524)).unwrap();
        let numbers: Vec<&str> =
            lines.as_array().unwrap().iter().filter_map(|line| line["label"].as_str()).collect();
        assert_eq!(
            numbers,
            [
                "36541100", "36541200", "36541300", "36541400", "4603600", "4603700", "4603800", "4603900",
                "4604000"
            ]
        );
        // 97 m of 480 from the left edge.
        let first = lines[0]["from"][0].as_f64().unwrap();
        assert!((first - 97.0 / 480.0).abs() < 1e-6, "{first}");
    }

    #[test]
    fn an_outline_is_told_in_shares_of_the_picture() {
        let close = close();
        let back = Transform::new(Crs::epsg(4545), Crs::LON_LAT).unwrap();
        let square: MultiPolygon<f64> = polygon![(x: 541_003.0, y: 4_604_007.0), (x: 541_243.0, y: 4_604_007.0), (x: 541_243.0, y: 4_603_767.0)].into();
        let over = over(&close, &back.polygons(&square).unwrap(), Crs::epsg(4524)).unwrap();
        let corner = &over["outline"][0][2];
        assert!(
            (corner[0].as_f64().unwrap() - 0.5).abs() < 1e-6
                && (corner[1].as_f64().unwrap() - 0.5).abs() < 1e-6
        );
        assert_eq!(over["bar"]["label"], "100 m");
    }
}
