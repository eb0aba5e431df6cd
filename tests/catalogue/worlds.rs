//! Small pictures of noise with items, on a server: noise so that no wrong number goes unseen.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager};
use serde_json::{Value, json};
use steppewatch::bucket::Patience;
use steppewatch::bucket::web::place::Place;
use steppewatch::catalogue::ground::Bounds;
use steppewatch::date::Period;
use steppewatch::grid::Crs;
use steppewatch::grid::crs::Transform;
use steppewatch::run::Silent;
use steppewatch::run::scenes::{self, Fetch, Fetched, Root};

use crate::server::Server;

/// Upper left corner of every picture, metres in zone 49 north.
const CORNER: (f64, f64) = (500_000.0, 4_600_000.0);
/// Side of a picture in pixels of 10 m.
const SIDE: usize = 448;

/// How a picture is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Layout {
    Deflated,
    Plain,
    Strips,
    BigEndian,
    /// With a mask of its own that hides every third column.
    Masked,
}

/// Draws a picture of noise.
pub fn picture(path: &Path, sides: (usize, f64, u64), layout: Layout) -> Vec<u8> {
    picture_at(CORNER, path, sides, layout)
}

/// The same with its upper left corner elsewhere.
pub fn picture_at(
    corner: (f64, f64),
    path: &Path,
    (side, metres, seed): (usize, f64, u64),
    layout: Layout,
) -> Vec<u8> {
    let tiles = ["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"];
    let options: Vec<&str> = match layout {
        Layout::Deflated | Layout::Masked => [&tiles[..], &["COMPRESS=DEFLATE", "PREDICTOR=2"]].concat(),
        Layout::Plain => tiles.to_vec(),
        Layout::Strips => vec!["COMPRESS=DEFLATE", "BLOCKYSIZE=16"],
        Layout::BigEndian => [&tiles[..], &["COMPRESS=DEFLATE", "ENDIANNESS=BIG", "BIGTIFF=YES"]].concat(),
    };
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let options = RasterCreationOptions::from_iter(options);
    let mut file =
        driver.create_with_band_type_with_options::<u16, _>(path, side, side, 1, &options).unwrap();
    file.set_spatial_ref(&SpatialRef::from_epsg(32649).unwrap()).unwrap();
    file.set_geo_transform(&[corner.0, metres, 0.0, corner.1, 0.0, -metres]).unwrap();
    let noise = |at: usize| 200 + (crate::world::mix(seed * 1_000_000 + at as u64) % 4000) as u16;
    let mut numbers = Buffer::new((side, side), (0..side * side).map(noise).collect());
    let mut band = file.rasterband(1).unwrap();
    band.set_no_data_value(Some(0.0)).unwrap();
    band.write((0, 0), (side, side), &mut numbers).unwrap();
    if layout == Layout::Masked {
        gdal::config::set_config_option("GDAL_TIFF_INTERNAL_MASK", "YES").unwrap();
        band.create_mask_band(true).unwrap();
        let hidden = |at: usize| if at.is_multiple_of(3) { 0_u8 } else { 255 };
        let mut mask = Buffer::new((side, side), (0..side * side).map(|at| hidden(at % side)).collect());
        band.open_mask_band().unwrap().write((0, 0), (side, side), &mut mask).unwrap();
    }
    file.close().unwrap();
    fs::read(path).unwrap()
}

/// Numbers of a window (column, row, columns, rows) of a picture.
pub fn numbers(path: &Path, (col, row, cols, rows): (usize, usize, usize, usize)) -> Vec<u16> {
    let file = Dataset::open(path).unwrap();
    let at = (col as isize, row as isize);
    file.rasterband(1).unwrap().read_as::<u16>(at, (cols, rows), (cols, rows), None).unwrap().data().to_vec()
}

/// What the mask of a picture says of a window, 0 where it hides.
pub fn seen(path: &Path, (col, row, cols, rows): (usize, usize, usize, usize)) -> Vec<u8> {
    let file = Dataset::open(path).unwrap();
    let mask = file.rasterband(1).unwrap();
    let mask = mask.open_mask_band().unwrap();
    mask.read_as::<u8>((col as isize, row as isize), (cols, rows), (cols, rows), None)
        .unwrap()
        .data()
        .to_vec()
}

/// An item with assets by key, name of the band and address.
pub fn item(id: &str, day: &str, assets: &[(&str, &str, String)]) -> Value {
    let asset = |(key, band, href): &(&str, &str, String)| {
        let fields = json!({ "href": href, "type": "image/tiff; application=geotiff", "roles": ["data"],
            "eo:bands": [{ "name": key, "common_name": band }] });
        ((*key).to_owned(), fields)
    };
    json!({
        "type": "Feature", "stac_version": "1.0.0", "stac_extensions": [], "id": id, "collection": "steppe",
        "bbox": [110.9, 41.4, 111.2, 41.6],
        "geometry": { "type": "Polygon", "coordinates": [[[110.9, 41.4], [111.2, 41.4], [111.2, 41.6], [110.9, 41.6], [110.9, 41.4]]] },
        "properties": { "datetime": format!("{day}T03:30:00Z"), "platform": "sentinel-2a", "eo:cloud_cover": 3.0 },
        "links": [],
        "assets": assets.iter().map(asset).collect::<serde_json::Map<String, Value>>(),
    })
}

/// Two scenes of two bands on a server, a red line in the upper left of them, and a folder.
pub struct World {
    pub server: Server,
    pub folder: tempfile::TempDir,
    pub pictures: BTreeMap<String, PathBuf>,
}

impl World {
    pub fn new(layout: Layout) -> Self {
        let (server, folder) = (Server::new(), tempfile::tempdir().unwrap());
        let (mut items, mut pictures) = (Vec::new(), BTreeMap::new());
        for (number, day) in [(1, "2023-06-15"), (2, "2023-06-20")] {
            let id = format!("S2_{number}");
            let mut assets = Vec::new();
            for (key, band, side, metres) in
                [("red", "red", SIDE, 10.0), ("swir16", "swir16", SIDE / 2, 20.0)]
            {
                let (name, path) =
                    (format!("/{id}/{key}.tif"), folder.path().join(format!("{id}_{key}.tif")));
                server.put(&name, picture(&path, (side, metres, number * 10 + side as u64), layout));
                pictures.insert(format!("{id}/{key}.tif"), path);
                assets.push((key, band, server.at(&name)));
            }
            items.push(item(&id, day, &assets));
        }
        let world = Self { server, folder, pictures };
        world.write("items.json", &json!({ "type": "FeatureCollection", "features": items }));
        // 10 to 50 pixels from the corner: a window of 256 pixels, and some that are not fetched.
        let transform = Transform::new(Crs::epsg(32649), Crs::LON_LAT).unwrap();
        let place = |(col, row): (f64, f64)| {
            let (x, y) = transform.point(CORNER.0 + col * 10.0, CORNER.1 - row * 10.0).unwrap();
            [x, y]
        };
        let ring = [(10.0, 50.0), (50.0, 50.0), (50.0, 10.0), (10.0, 10.0), (10.0, 50.0)].map(place);
        let feature = json!({ "type": "Feature", "properties": { "id": "a", "name": "a", "class": "grassland" },
            "geometry": { "type": "Polygon", "coordinates": [ring] } });
        world.write("redline.geojson", &json!({ "type": "FeatureCollection", "features": [feature] }));
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, value: &Value) {
        fs::write(self.path(name), value.to_string()).unwrap();
    }

    pub fn items(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("items.json")).unwrap()).unwrap()
    }

    /// A mirror into a folder of this name, by somebody with little patience.
    pub fn fetch(&self, out: &str) -> Fetch {
        let patience = Patience {
            tries: 5,
            pause: Duration::from_millis(1),
            longest: Duration::from_secs(2),
            grace: Duration::from_millis(150),
            slowest: 1 << 20,
        };
        Fetch {
            root: Root::Here(self.path("items.json")),
            redlines: vec![self.path("redline.geojson")],
            out: self.path(out),
            collections: Vec::new(),
            dates: None,
            bands: Vec::new(),
            buffer: 0,
            parallel: 2,
            places: vec![Place::parse(&format!("http://127.0.0.1:{}", self.server.port)).unwrap()],
            patience,
        }
    }

    #[track_caller]
    pub fn mirror(&self, out: &str) -> Fetched {
        scenes::fetch(&self.fetch(out), &Silent).unwrap()
    }
}

/// Every file of a folder but the lock, by name.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".lock") {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A question for everything in the world.
pub fn everything() -> steppewatch::catalogue::choose::Question {
    steppewatch::catalogue::choose::Question {
        collections: vec!["steppe".to_owned()],
        bounds: Bounds([110.0, 41.0, 112.0, 42.0]),
        lines: Vec::new(),
        dates: Period::parse("2023-01-01/2023-12-31").unwrap(),
        cloud: None,
        most: 1000,
        needs_names: false,
    }
}
