//! A file of one scene, and the window read of it.

use std::path::Path;

use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{DriverManager, errors::GdalError};
use steppewatch::grid::Window;
use steppewatch::read::{self, Reader};
use steppewatch::scene::Band;

use crate::Kernel;
use crate::ground::{chance, grid};

const SIDE: usize = 512;

/// Writes a near-infrared band: fields of 20 px with noise, in tiles of 256 px as most products have them.
fn write(path: &Path) -> Result<(), GdalError> {
    let options = RasterCreationOptions::from_iter([
        "TILED=YES",
        "BLOCKXSIZE=256",
        "BLOCKYSIZE=256",
        "COMPRESS=DEFLATE",
        "PREDICTOR=2",
    ]);
    let grid = grid(SIDE);
    let driver = DriverManager::get_driver_by_name("GTiff")?;
    let mut file = driver.create_with_band_type_with_options::<u16, _>(path, SIDE, SIDE, 1, &options)?;
    file.set_spatial_ref(&SpatialRef::from_epsg(32649)?)?;
    file.set_geo_transform(&[grid.origin_x, 10.0, 0.0, grid.origin_y, 0.0, -10.0])?;
    let number = |pixel: usize| {
        let field = pixel / SIDE / 20 * 64 + pixel % SIDE / 20;
        (2000.0 + 2000.0 * chance(field, 1) + 60.0 * chance(pixel, 2)) as u16
    };
    let mut numbers = Buffer::new((SIDE, SIDE), (0..SIDE * SIDE).map(number).collect());
    file.rasterband(1)?.write((0, 0), (SIDE, SIDE), &mut numbers)
}

/// A window over four blocks of a file that was not open before: opened, inflated, predictor undone, to numbers.
pub fn read() -> Kernel {
    let folder = tempfile::tempdir().expect("expected a folder for scratch files");
    write(&folder.path().join("S2_20230601_B08.tif")).expect("expected GDAL to write a GeoTIFF");
    let found = read::scenes(folder.path(), None).expect("expected the scene that was just written");
    let scene = found.scenes.into_iter().next().expect("expected one scene");
    let window = Window { row0: 32, col0: 32, rows: 448, cols: 448 };
    Kernel::new(window.len(), move || {
        // The folder lives as long as the kernel.
        let _ = folder.path();
        Reader::new().window(&scene, Band::Nir, &grid(SIDE), window).map(|pixels| pixels[(0, 0)])
    })
}
