//! Writes a simulated world: scenes, red lines, truth, a README. The only door to GDAL in this room.
//!
//! In:  `World`, an empty or new folder. Out: files, each under its name only when whole; `Summary`.
//! Law: one scene in memory at most a strip at a time; a fault leaves no half file at a final name.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use gdal::DriverManager;
use gdal::Metadata;
use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use serde::Serialize;

use super::SimulateError;
use super::scene::{Painter, Strip};
use super::shape::Shape;
use super::truth;
use super::world::World;
use crate::date::Date;
use crate::units::rounded;

/// What GDAL says when it cannot write.
pub type RasterFault = gdal::errors::GdalError;

/// Rows painted and written at a time: one row of 256-pixel blocks.
const STRIP: usize = 256;

/// Names of the bands in the files.
const BANDS: [&str; 7] = ["B02", "B03", "B04", "B08", "B11", "B12", "SCL"];

/// How the files are laid out: blocks and a fast lossless packing that every reader of TIFF knows.
const LAYOUT: [&str; 9] = [
    "TILED=YES",
    "BLOCKXSIZE=256",
    "BLOCKYSIZE=256",
    "COMPRESS=DEFLATE",
    "ZLEVEL=1",
    "PREDICTOR=2",
    "INTERLEAVE=BAND",
    "PHOTOMETRIC=MINISBLACK",
    "ALPHA=NO",
];

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Folder of the scenes.
    pub scenes_folder: PathBuf,
    /// Red-line layer.
    pub red_lines: PathBuf,
    /// Truth layer.
    pub truth: PathBuf,
    /// Number of scenes.
    pub scenes: usize,
    /// Scenes with clouds.
    pub cloudy_scenes: usize,
    /// Ground covered, square kilometres.
    pub square_kilometres: f64,
    /// Ground inside the red lines, square kilometres: false leads are counted over this.
    pub red_line_square_kilometres: f64,
    /// Conversions of 10 mu or more.
    pub conversions: usize,
    /// Conversions of 3 to 10 mu.
    pub small_conversions: usize,
    /// Natural look-alikes.
    pub look_alikes: usize,
    /// First and last day of the look-back, as `FROM/TO`.
    pub baseline: String,
    /// First and last day of the target period, as `FROM/TO`.
    pub target: String,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "simulated steppe: {} km2, {} km2 of it inside red lines; {} scenes, {} with clouds",
            self.square_kilometres, self.red_line_square_kilometres, self.scenes, self.cloudy_scenes
        )?;
        writeln!(
            f,
            "  {} conversions of 10 mu or more, {} smaller, {} natural look-alikes",
            self.conversions, self.small_conversions, self.look_alikes
        )?;
        write!(f, "  look-back {}, target {}", self.baseline, self.target)
    }
}

/// Writes a world into `out`, which must be new or empty.
pub fn write(world: &World, out: &Path) -> Result<Summary, SimulateError> {
    let painter = Painter::new(world)?;
    prepare(out)?;
    let folder = out.join("scenes");
    make_folder(&folder)?;
    let mut cloudy = 0;
    let kept =
        |index: &usize| world.stress.is_none_or(|stress| stress.keeps(world, *index, painter.dates[*index]));
    let kept: Vec<usize> = (0..painter.dates.len()).filter(kept).collect();
    for &index in &kept {
        cloudy += usize::from(write_scene(world, &painter, index, &folder)?);
    }
    let summary = summarise(world, &painter, out, (kept.len(), cloudy))?;
    write_json(&summary.red_lines, &truth::red_lines(world, &painter.land)?)?;
    write_json(&summary.truth, &truth::truth(world, &painter.land)?)?;
    write_text(&out.join("README.md"), &readme(world, &summary))?;
    Ok(summary)
}

fn prepare(out: &Path) -> Result<(), SimulateError> {
    make_folder(out)?;
    let mut entries = fs::read_dir(out).map_err(|source| SimulateError::File { path: out.into(), source })?;
    if entries.next().is_some() { Err(SimulateError::NotEmpty(out.into())) } else { Ok(()) }
}

fn make_folder(path: &Path) -> Result<(), SimulateError> {
    fs::create_dir_all(path).map_err(|source| SimulateError::File { path: path.into(), source })
}

/// Writes one scene; says whether it has clouds.
pub fn write_scene(
    world: &World,
    painter: &Painter<'_>,
    index: usize,
    folder: &Path,
) -> Result<bool, SimulateError> {
    let exposure = painter.expose(index);
    let date = exposure.date;
    let name = format!("SIM_{:04}{:02}{:02}.tif", date.year(), date.month(), date.day());
    let (path, part) = (folder.join(&name), folder.join(format!(".{name}.part")));
    let result = fill_scene(world, &part, date, |row| painter.strip(&exposure, row, STRIP));
    if let Err(source) = result {
        // The half file is of no use to anyone; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&part);
        return Err(SimulateError::Raster { path, source });
    }
    put_in_place(&part, &path)?;
    Ok(exposure.sky.cloud.is_some())
}

fn fill_scene(
    world: &World,
    part: &Path,
    date: Date,
    paint: impl Fn(usize) -> Strip,
) -> Result<(), RasterFault> {
    let options = RasterCreationOptions::from_iter(LAYOUT);
    let driver = DriverManager::get_driver_by_name("GTiff")?;
    let (cols, rows) = (world.cols, world.rows);
    let mut file =
        driver.create_with_band_type_with_options::<u16, _>(part, cols, rows, BANDS.len(), &options)?;
    let grid = world.grid();
    file.set_spatial_ref(&SpatialRef::from_epsg(grid.crs.code())?)?;
    file.set_geo_transform(&[grid.origin_x, grid.pixel_width, 0.0, grid.origin_y, 0.0, -grid.pixel_height])?;
    let day = format!("{:04}:{:02}:{:02} 03:40:00", date.year(), date.month(), date.day());
    file.set_metadata_item("TIFFTAG_DATETIME", &day, "")?;
    let words = format!(
        "simulated desert steppe, seed {}, reflectance x 10000; nothing here was observed",
        world.seed
    );
    file.set_metadata_item("TIFFTAG_IMAGEDESCRIPTION", &words, "")?;
    for (index, name) in BANDS.iter().enumerate() {
        let mut band = file.rasterband(index + 1)?;
        band.set_description(name)?;
        band.set_no_data_value(Some(0.0))?;
    }
    for row0 in (0..rows).step_by(STRIP) {
        let strip = paint(row0);
        for (index, plane) in strip.planes.into_iter().enumerate() {
            let size = (cols, strip.rows);
            let mut buffer = Buffer::new(size, plane);
            file.rasterband(index + 1)?.write((0, row0 as isize), size, &mut buffer)?;
        }
    }
    file.close()
}

fn put_in_place(part: &Path, path: &Path) -> Result<(), SimulateError> {
    fs::rename(part, path).map_err(|source| SimulateError::File { path: path.into(), source })
}

fn write_text(path: &Path, text: &str) -> Result<(), SimulateError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.part"));
    fs::write(&part, text).map_err(|source| SimulateError::File { path: path.into(), source })?;
    put_in_place(&part, path)
}

/// One feature a line: such a file can be read and compared.
fn write_json(path: &Path, collection: &serde_json::Value) -> Result<(), SimulateError> {
    let features = collection["features"].as_array().map(Vec::as_slice).unwrap_or_default();
    let lines: Vec<String> = features.iter().map(ToString::to_string).collect();
    let name = &collection["name"];
    let text = format!(
        "{{\"type\":\"FeatureCollection\",\"name\":{name},\"features\":[\n{}\n]}}\n",
        lines.join(",\n")
    );
    write_text(path, &text)
}

fn summarise(
    world: &World,
    painter: &Painter<'_>,
    out: &Path,
    (scenes, cloudy): (usize, usize),
) -> Result<Summary, SimulateError> {
    let patches = &painter.land.patches;
    let count = |wanted: &dyn Fn(f64, bool) -> bool| {
        let changes = patches.iter().filter(|patch| !patch.kind.is_old());
        changes.filter(|patch| wanted(patch.shape.area(), patch.kind.model().is_some())).count()
    };
    let watched: f64 = painter.land.red_lines.iter().map(Shape::area).sum();
    let (baseline, target) = world.periods();
    Ok(Summary {
        scenes_folder: out.join("scenes"),
        red_lines: out.join("redline_grassland.geojson"),
        truth: out.join("truth.geojson"),
        scenes,
        cloudy_scenes: cloudy,
        square_kilometres: world.hundreds_of_km2() * 100.0,
        red_line_square_kilometres: rounded(watched * 1e-4, 1),
        conversions: count(&|area, change| change && area >= super::parcel::TEN_MU),
        small_conversions: count(&|area, change| change && area < super::parcel::TEN_MU),
        look_alikes: count(&|_, change| !change),
        baseline,
        target,
    })
}

fn readme(world: &World, summary: &Summary) -> String {
    let rain: Vec<String> = world.rain.iter().map(|rain| format!("{rain:.2}")).collect();
    format!(
        "# A simulated desert steppe\n\n\
         Nothing here was observed: every pixel comes from seed {seed} of `steppewatch simulate`.\n\n\
         - `scenes/`: {scenes} scenes of {rows} x {cols} pixels of 10 m ({area:.1} km2), {cloudy} with clouds; bands\n  \
         B02 B03 B04 B08 B11 B12 as reflectance x 10 000, SCL; 0 is no data. Thin edges of clouds and shadows are\n  \
         not masked, as in real scene classifications; every scene is shifted by a fraction of a pixel.\n\
         - `redline_grassland.geojson`: two red lines, {watched:.1} km2.\n\
         - `truth.geojson`: what was put in. `is_change` marks conversions ({conversions} of 10 mu or more, {small}\n  \
         smaller); the rest are natural look-alikes of the target year ({alike}) and old uses that every scene shows.\n  \
         The outline of a soft patch (`soft_edge`) is where it is half as strong as in its middle.\n\n\
         Rain of the years against the mean: {rain}. Look-back {baseline}, target {target}.\n{stress}",
        seed = world.seed,
        scenes = summary.scenes,
        rows = world.rows,
        cols = world.cols,
        area = summary.square_kilometres,
        cloudy = summary.cloudy_scenes,
        watched = summary.red_line_square_kilometres,
        conversions = summary.conversions,
        small = summary.small_conversions,
        alike = summary.look_alikes,
        rain = rain.join(", "),
        baseline = summary.baseline,
        target = summary.target,
        stress = world.stress.map_or(String::new(), |stress| format!(
            "\nStress: {}, {}.\n",
            stress.name(),
            stress.words()
        )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny(seed: u64) -> World {
        World { rows: 128, cols: 128, ..World::small(seed) }
    }

    fn bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for part in [folder.to_owned(), folder.join("scenes")] {
            for entry in fs::read_dir(part).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    files.push((name, fs::read(path).unwrap()));
                }
            }
        }
        files.sort();
        files
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, seed) in [("a", 5), ("b", 5), ("c", 6)] {
            write(&tiny(seed), &at(name)).unwrap();
        }
        let (a, b, c) = (bytes(&at("a")), bytes(&at("b")), bytes(&at("c")));
        assert_eq!(a.len(), 73);
        assert!(a == b && a != c);
        assert!(a.iter().all(|(name, _)| !name.ends_with(".part") && !name.ends_with(".xml")));
    }

    #[test]
    fn numbers_of_a_scene_are_pinned_for_every_machine() {
        // If this changes, simulated worlds of old seeds change: say so in the change log.
        let world = tiny(5);
        let painter = Painter::new(&world).unwrap();
        let strip = painter.strip(&painter.expose(20), 0, 128);
        let mut sum = 0_u64;
        for value in strip.planes.iter().flatten() {
            sum = crate::simulate::noise::scramble(sum ^ u64::from(*value));
        }
        assert_eq!(sum, PINNED);
    }

    const PINNED: u64 = 11_556_920_096_539_199_747;

    #[test]
    fn a_folder_that_holds_something_is_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.txt"), "x").unwrap();
        let fault = write(&tiny(1), folder.path()).unwrap_err();
        assert!(matches!(&fault, SimulateError::NotEmpty(_)) && fault.to_string().contains("--out"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_scene_opens_with_named_bands_its_date_and_its_grid() {
        let folder = tempfile::tempdir().unwrap();
        let summary = write(&tiny(5), &folder.path().join("world")).unwrap();
        let mut paths: Vec<PathBuf> =
            fs::read_dir(&summary.scenes_folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let file = gdal::Dataset::open(&paths[0]).unwrap();
        let names: Vec<String> =
            file.rasterbands().map(|band| band.unwrap().description().unwrap()).collect();
        assert_eq!(names, BANDS);
        assert_eq!(file.geo_transform().unwrap(), [291_000.0, 10.0, 0.0, 4_609_000.0, 0.0, -10.0]);
        let day = file.metadata_item("TIFFTAG_DATETIME", "").unwrap();
        assert!(day.starts_with("2019:03:"), "{day}");
        assert_eq!(file.spatial_ref().unwrap().auth_code().unwrap(), 32649);
    }
}
