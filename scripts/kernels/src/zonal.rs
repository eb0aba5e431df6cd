//! Covered shares of red lines on a grid, for `scripts/reference/speed/zonal.py` to hold against other programs.
//!
//! In:  LINES, a GeoJSON file in the CRS of the grid with a member `grid` (rows, cols, origin_x, origin_y, pixel).
//! Out: OUT, for each line row, column, rows and columns of its window (32-bit whole numbers), then the shares of that
//!      window (32-bit floats), little end first; processor seconds of one pass over all lines on standard output.

use std::fs;
use std::io::Write;
use std::path::Path;

use geo::{BoundingRect, MultiPolygon};
use geojson::{FeatureCollection, GeoJson};
use ndarray::Array2;
use steppewatch::grid::{Crs, Grid, Window};
use steppewatch::redline::coverage;

use crate::monitor::processor_seconds;

/// Passes over all lines, of which the fastest counts.
const PASSES: usize = 3;

/// Writes the shares of each line over the pixels that it touches.
pub fn shares(lines: &Path, out: &Path) -> Result<(), String> {
    let (grid, lines) = read(lines)?;
    let mut best = f64::INFINITY;
    let mut all = Vec::new();
    for _ in 0..PASSES {
        let begun = processor_seconds()?;
        all = lines.iter().map(|line| of_line(line, &grid)).collect();
        best = best.min(processor_seconds()? - begun);
    }
    let write = || -> std::io::Result<()> {
        let mut file = std::io::BufWriter::new(fs::File::create(out)?);
        for (window, shares) in &all {
            for number in [window.row0, window.col0, window.rows, window.cols] {
                file.write_all(&(number as u32).to_le_bytes())?;
            }
            shares.iter().try_for_each(|share| file.write_all(&share.to_le_bytes()))?;
        }
        file.flush()
    };
    write().map_err(|error| format!("{}: {error}", out.display()))?;
    println!("coverage {best:.4} {}", all.iter().map(|(window, _)| window.len()).sum::<usize>());
    Ok(())
}

fn of_line(line: &MultiPolygon<f64>, grid: &Grid) -> (Window, Array2<f32>) {
    let bounds = line.bounding_rect();
    let window = bounds.map_or(Window { rows: 0, ..grid.whole() }, |bounds| grid.touched_by(bounds));
    let window = window.intersection(grid.whole());
    (window, coverage::coverage(line, grid, window))
}

fn read(path: &Path) -> Result<(Grid, Vec<MultiPolygon<f64>>), String> {
    let said = |what: String| format!("{}: {what}", path.display());
    let text = fs::read_to_string(path).map_err(|error| said(error.to_string()))?;
    let geojson = text.parse::<GeoJson>().map_err(|error| said(error.to_string()))?;
    let collection = FeatureCollection::try_from(geojson).map_err(|error| said(error.to_string()))?;
    let member = collection.foreign_members.as_ref().and_then(|members| members.get("grid"));
    let number = |name: &str| {
        let found = member.and_then(|grid| grid.get(name)).and_then(|number| number.as_f64());
        found.ok_or_else(|| said(format!("expected a number '{name}' in member 'grid'")))
    };
    let grid = Grid {
        rows: number("rows")? as usize,
        cols: number("cols")? as usize,
        origin_x: number("origin_x")?,
        origin_y: number("origin_y")?,
        pixel_width: number("pixel")?,
        pixel_height: number("pixel")?,
        crs: Crs::epsg(32649),
    };
    let polygons = |feature: geojson::Feature| {
        let geometry = feature.geometry.ok_or_else(|| said("a feature without geometry".to_owned()))?;
        let geometry = geo::Geometry::<f64>::try_from(geometry).map_err(|error| said(error.to_string()))?;
        match geometry {
            geo::Geometry::Polygon(polygon) => Ok(MultiPolygon::new(vec![polygon])),
            geo::Geometry::MultiPolygon(polygons) => Ok(polygons),
            _ => Err(said("expected polygons".to_owned())),
        }
    };
    Ok((grid, collection.features.into_iter().map(polygons).collect::<Result<_, String>>()?))
}
