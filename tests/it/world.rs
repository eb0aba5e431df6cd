//! Small drawn worlds: a few years of steppe with seasons, rain years and noise, what people did to it,
//! and clouds where a test wants them.
//!
//! In:  `World`. Out: `scenes/S2_YYYYMMDD.tif` (B02 B03 B04 B08 B11 SCL) and `redline.geojson` in a folder.
//! Law: the same world is the same bytes; noise is a hash of seed, pixel, date and band.

use std::fs;
use std::path::{Path, PathBuf};

use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{DriverManager, Metadata};
use serde_json::json;
use steppewatch::grid::Crs;
use steppewatch::grid::crs::Transform;

use crate::looks::Moment;
pub use crate::looks::{Cover, Deed};

/// Names of the bands in a drawn scene, in order.
pub const BANDS: [&str; 6] = ["B02", "B03", "B04", "B08", "B11", "SCL"];

/// A rectangle of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub row: usize,
    pub col: usize,
    pub rows: usize,
    pub cols: usize,
}

impl Block {
    pub fn new(row: usize, col: usize, rows: usize, cols: usize) -> Self {
        Self { row, col, rows, cols }
    }

    fn holds(&self, row: usize, col: usize) -> bool {
        (self.row..self.row + self.rows).contains(&row) && (self.col..self.col + self.cols).contains(&col)
    }
}

/// A world to draw.
#[derive(Debug, Clone)]
pub struct World {
    pub rows: usize,
    pub cols: usize,
    /// Upper left corner, metres.
    pub origin: (f64, f64),
    pub epsg: u32,
    /// Days of the scenes, `YYYYMMDD`.
    pub dates: Vec<u32>,
    pub seed: u64,
    /// What grows here.
    pub cover: Cover,
    /// Class of the red line.
    pub class: &'static str,
    /// Where, from which day on (`YYYYMMDD`), what.
    pub deeds: Vec<(Block, u32, Deed)>,
    /// Which day (`YYYYMMDD`), where.
    pub clouds: Vec<(u32, Block)>,
    /// The red line; the whole world less a rim of two pixels when `None`.
    pub redline: Option<Block>,
}

/// Month and day of the ten views of a year.
const VIEWS: [u32; 10] = [408, 503, 528, 622, 717, 811, 825, 905, 922, 1003];

/// Which of the ten views of a year a day (`YYYYMMDD`) comes after or falls on.
pub fn view_of(date: u32) -> usize {
    VIEWS.iter().rposition(|view| *view <= date % 10_000).unwrap_or(0)
}

/// Look-back and target of a drawn world.
pub const BASELINE: &str = "2020-01-01/2022-12-31";
pub const TARGET: &str = "2023-01-01/2023-12-31";

/// Side of a pixel in metres.
const SIDE: f64 = 10.0;

impl World {
    /// Three years of untouched steppe, 2021 to 2023: too short for a placebo year, which doubles the time of a scan
    /// (`over(2020, 2023)` has one).
    pub fn steppe(rows: usize, cols: usize) -> Self {
        let dates = (2021..2024).flat_map(|year| VIEWS.map(|view| year * 10_000 + view)).collect();
        let (deeds, clouds, redline) = (Vec::new(), Vec::new(), None);
        Self {
            rows,
            cols,
            origin: (500_000.0, 4_600_000.0),
            epsg: 32649,
            dates,
            seed: 1,
            cover: Cover::Grass,
            class: "grassland",
            deeds,
            clouds,
            redline,
        }
    }

    /// 96 x 96 px with one ploughed and one mined square since the spring of 2023.
    pub fn touched() -> Self {
        Self::steppe(96, 96).with(Block::new(20, 24, 12, 14), 20_230_401, Deed::Ploughed).with(
            Block::new(60, 58, 10, 10),
            20_230_401,
            Deed::Mined,
        )
    }

    /// The same over other years, both ends included.
    pub fn over(mut self, first: u32, last: u32) -> Self {
        self.dates = (first..=last).flat_map(|year| VIEWS.map(|view| year * 10_000 + view)).collect();
        self
    }

    /// Three years of another cover, inside red lines of a class.
    pub fn of(cover: Cover, class: &'static str, rows: usize, cols: usize) -> Self {
        Self { cover, class, ..Self::steppe(rows, cols) }
    }

    pub fn with(mut self, block: Block, from: u32, deed: Deed) -> Self {
        self.deeds.push((block, from, deed));
        self
    }

    /// The same world some pixels to the south and east: scenes, deeds and red line together.
    pub fn moved(mut self, rows: usize, cols: usize) -> Self {
        self.origin.0 += cols as f64 * SIDE;
        self.origin.1 -= rows as f64 * SIDE;
        self
    }

    /// Draws everything into `folder`.
    pub fn draw(&self, folder: &Path) {
        let scenes = folder.join("scenes");
        fs::create_dir_all(&scenes).unwrap();
        for date in &self.dates {
            self.draw_scene(*date, &scenes.join(name(*date)));
        }
        self.draw_redline(&folder.join("redline.geojson"));
    }

    /// Draws one scene.
    pub fn draw_scene(&self, date: u32, path: &Path) {
        let options = RasterCreationOptions::from_iter(["COMPRESS=DEFLATE", "TILED=YES"]);
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let mut file = driver
            .create_with_band_type_with_options::<u16, _>(path, self.cols, self.rows, BANDS.len(), &options)
            .unwrap();
        file.set_geo_transform(&[self.origin.0, SIDE, 0.0, self.origin.1, 0.0, -SIDE]).unwrap();
        file.set_spatial_ref(&SpatialRef::from_epsg(self.epsg).unwrap()).unwrap();
        let pixels: Vec<[u16; 6]> =
            (0..self.rows * self.cols).map(|at| self.look(date, at / self.cols, at % self.cols)).collect();
        for (band, name) in BANDS.iter().enumerate() {
            let mut target = file.rasterband(band + 1).unwrap();
            target.set_description(name).unwrap();
            target.set_no_data_value(Some(0.0)).unwrap();
            let plane = pixels.iter().map(|pixel| pixel[band]).collect();
            target
                .write((0, 0), (self.cols, self.rows), &mut Buffer::new((self.cols, self.rows), plane))
                .unwrap();
        }
        file.close().unwrap();
    }

    /// Writes the red line as GeoJSON.
    pub fn draw_redline(&self, path: &Path) {
        let whole = Block::new(2, 2, self.rows - 4, self.cols - 4);
        let ring = self.ring(self.redline.unwrap_or(whole));
        let geometry = json!({ "type": "Polygon", "coordinates": [ring] });
        fs::write(path, layer(&geometry, self.class)).unwrap();
    }

    /// The outline of a block in longitude and latitude, counter-clockwise, closed.
    pub fn ring(&self, block: Block) -> Vec<[f64; 2]> {
        let (top, left) = (block.row, block.col);
        let (bottom, right) = (top + block.rows, left + block.cols);
        [(bottom, left), (bottom, right), (top, right), (top, left), (bottom, left)]
            .map(|(row, col)| self.place(row as f64, col as f64))
            .to_vec()
    }

    /// Longitude and latitude of a place in pixels.
    pub fn place(&self, row: f64, col: f64) -> [f64; 2] {
        let transform = Transform::new(Crs::epsg(self.epsg), Crs::LON_LAT).unwrap();
        let point = transform.point(self.origin.0 + SIDE * col, self.origin.1 - SIDE * row).unwrap();
        [point.0, point.1]
    }

    /// Numbers of one pixel on one day.
    fn look(&self, date: u32, row: usize, col: usize) -> [u16; 6] {
        if self.clouds.iter().any(|(day, block)| *day == date && block.holds(row, col)) {
            return [6000, 6000, 6000, 6200, 5000, 9];
        }
        let happened = |from: u32, deed: Deed| from <= date || matches!(deed, Deed::Restored | Deed::Flush);
        let mut deeds = self.deeds.iter().rev();
        let deed = deeds.find(|(block, from, deed)| happened(*from, *deed) && block.holds(row, col));
        let green = self.green(date, row, col);
        let from = deed.map_or(date, |(_, from, _)| *from);
        let moment = Moment {
            cover: self.cover,
            view: view_of(date),
            years: (date / 10_000).saturating_sub(from / 10_000),
            begun: from <= date,
            vigour: self.vigour(date, row, col),
            green,
        };
        let colours = deed.map_or_else(|| moment.natural(), |(.., deed)| moment.after(*deed));
        let mut numbers = [0; 6];
        for (band, colour) in colours.iter().enumerate() {
            let noise = 0.006 * self.noise(&[date as usize, row, col, band + 1]);
            numbers[band] = ((colour + noise).max(0.001) * 10_000.0).round() as u16;
        }
        numbers[5] = if green > 0.3 { 4 } else { 5 };
        numbers
    }

    /// How green the steppe is, 0 to 1: season, rain of the year, soil.
    fn green(&self, date: u32, row: usize, col: usize) -> f64 {
        let (month, day) = (date / 100 % 100, date % 100);
        let season = f64::from(month * 30 + day) - 222.0;
        (self.vigour(date, row, col) * (-(season / 62.0).powi(2)).exp()).clamp(0.0, 1.0)
    }

    /// How well things grow here in the year of a day: rain and soil.
    fn vigour(&self, date: u32, row: usize, col: usize) -> f64 {
        let rain = 0.75 + 0.25 * self.noise(&[(date / 10_000) as usize]);
        let soil = 0.6 + 0.25 * self.smooth(row, col, 24) + 0.15 * self.smooth(row, col, 7);
        rain * soil
    }

    /// Noise that changes over `reach` pixels, -1 to 1.
    fn smooth(&self, row: usize, col: usize, reach: usize) -> f64 {
        let (r, c) = (row / reach, col / reach);
        let (y, x) = ((row % reach) as f64 / reach as f64, (col % reach) as f64 / reach as f64);
        let at = |dr: usize, dc: usize| self.noise(&[reach, r + dr, c + dc]);
        let top = at(0, 0) * (1.0 - x) + at(0, 1) * x;
        let bottom = at(1, 0) * (1.0 - x) + at(1, 1) * x;
        top * (1.0 - y) + bottom * y
    }

    /// Even noise, -1 to 1.
    fn noise(&self, keys: &[usize]) -> f64 {
        let mixed =
            keys.iter().fold(self.seed, |state, key| mix(state ^ (*key as u64).wrapping_mul(0x9E37_79B9)));
        (mixed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// One step of a mixing hash (the finaliser of SplitMix64, public domain).
pub fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// File name of a drawn scene.
pub fn name(date: u32) -> String {
    format!("S2_{date}.tif")
}

/// A grassland red line of one geometry as GeoJSON text.
pub fn redline(geometry: &serde_json::Value) -> String {
    layer(geometry, "grassland")
}

/// A red line of one geometry and class as GeoJSON text.
fn layer(geometry: &serde_json::Value, class: &str) -> String {
    let properties = json!({ "id": "GL-1", "name": format!("drawn {class}"), "class": class });
    let feature = json!({ "type": "Feature", "properties": properties, "geometry": geometry });
    json!({ "type": "FeatureCollection", "features": [feature] }).to_string()
}

/// A folder with a drawn world, gone when dropped.
pub struct Drawn {
    pub world: World,
    folder: tempfile::TempDir,
}

impl Drawn {
    pub fn new(world: World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        world.draw(folder.path());
        Self { world, folder }
    }

    /// The same world in a folder of its own, without drawing it again.
    #[allow(dead_code, reason = "the catalogue of faults takes it, which shares this file")]
    pub fn copied(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("scenes")).unwrap();
        for entry in fs::read_dir(self.path("scenes")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join("scenes").join(entry.file_name())).unwrap();
        }
        fs::copy(self.path("redline.geojson"), folder.path().join("redline.geojson")).unwrap();
        Self { world: self.world.clone(), folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path inside the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn scene(&self, date: u32) -> PathBuf {
        self.path("scenes").join(name(date))
    }
}
