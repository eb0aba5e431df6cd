//! Drawn scenes written otherwise: other numbers, grids, CRS, names, ways to lie in a file.
//!
//! Law: a picture is written through GDAL's own GeoTIFF writer, so that only what a case changes is odd.

use std::fs;
use std::path::Path;

use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager, Metadata};

/// Kinds of numbers that a file can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Byte,
    UInt16,
    Int16,
    UInt32,
    Int32,
    Float32,
    Float64,
}

/// A scene in memory.
#[derive(Debug, Clone)]
pub struct Picture {
    pub rows: usize,
    pub cols: usize,
    pub bands: Vec<Vec<f64>>,
    pub names: Vec<String>,
    pub transform: Option<[f64; 6]>,
    /// Well-known text.
    pub crs: Option<String>,
    pub nodata: Option<f64>,
    pub kind: Kind,
    pub options: Vec<&'static str>,
    pub items: Vec<(&'static str, &'static str)>,
    /// A mask inside the file: 0 hides.
    pub mask: Option<Vec<f64>>,
}

impl Picture {
    /// Reads a scene.
    pub fn of(path: &Path) -> Self {
        let file = Dataset::open(path).unwrap();
        let (cols, rows) = file.raster_size();
        let numbers = 1..=file.raster_count();
        let read = |number: usize| {
            let band = file.rasterband(number).unwrap();
            band.read_as::<f64>((0, 0), (cols, rows), (cols, rows), None).unwrap().data().to_vec()
        };
        Self {
            rows,
            cols,
            bands: numbers.clone().map(read).collect(),
            names: numbers.map(|number| file.rasterband(number).unwrap().description().unwrap()).collect(),
            transform: file.geo_transform().ok(),
            crs: file.spatial_ref().ok().and_then(|crs| crs.to_wkt().ok()),
            nodata: file.rasterband(1).unwrap().no_data_value(),
            kind: Kind::UInt16,
            options: vec!["COMPRESS=DEFLATE", "TILED=YES"],
            items: Vec::new(),
            mask: None,
        }
    }

    /// The same in an EPSG system.
    pub fn in_epsg(mut self, code: u32) -> Self {
        self.crs = Some(SpatialRef::from_epsg(code).unwrap().to_wkt().unwrap());
        self
    }

    /// Reflectance of 0 to 1 in floating point; classes stay whole numbers.
    pub fn into_reflectance(mut self) -> Self {
        for (band, name) in self.bands.iter_mut().zip(&self.names) {
            if name != "SCL" {
                band.iter_mut().for_each(|value| *value /= 10_000.0);
            }
        }
        self.kind = Kind::Float32;
        self.nodata = None;
        self
    }

    /// A part of the pixels.
    pub fn cut(&self, (row0, col0): (usize, usize), (rows, cols): (usize, usize)) -> Self {
        let part = |band: &Vec<f64>| {
            (row0..row0 + rows).flat_map(|row| band[row * self.cols + col0..][..cols].to_vec()).collect()
        };
        let transform = self.transform.map(|[x, w, a, y, b, h]| {
            let (row, col) = (row0 as f64, col0 as f64);
            [x + col * w + row * a, w, a, y + col * b + row * h, b, h]
        });
        Self { rows, cols, bands: self.bands.iter().map(part).collect(), transform, ..self.clone() }
    }

    /// Writes it over whatever lies there.
    pub fn write(&self, path: &Path) {
        let _ = fs::remove_file(path);
        match self.kind {
            Kind::Byte => self.write_as::<u8>(path),
            Kind::UInt16 => self.write_as::<u16>(path),
            Kind::Int16 => self.write_as::<i16>(path),
            Kind::UInt32 => self.write_as::<u32>(path),
            Kind::Int32 => self.write_as::<i32>(path),
            Kind::Float32 => self.write_as::<f32>(path),
            Kind::Float64 => self.write_as::<f64>(path),
        }
    }

    fn write_as<T: gdal::raster::GdalType + Copy>(&self, path: &Path) {
        let options = RasterCreationOptions::from_iter(self.options.iter().copied());
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let mut file = driver
            .create_with_band_type_with_options::<T, _>(
                path,
                self.cols,
                self.rows,
                self.bands.len(),
                &options,
            )
            .unwrap();
        if let Some(transform) = &self.transform {
            file.set_geo_transform(transform).unwrap();
        }
        if let Some(crs) = &self.crs {
            file.set_spatial_ref(&SpatialRef::from_wkt(crs).unwrap()).unwrap();
        }
        for (key, value) in &self.items {
            file.set_metadata_item(key, value, "").unwrap();
        }
        for (number, (band, name)) in (1..).zip(self.bands.iter().zip(&self.names)) {
            let mut target = file.rasterband(number).unwrap();
            target.set_description(name).unwrap();
            if self.nodata.is_some() {
                target.set_no_data_value(self.nodata).unwrap();
            }
            let mut buffer = Buffer::new((self.cols, self.rows), band.clone());
            target.write::<f64>((0, 0), (self.cols, self.rows), &mut buffer).unwrap();
        }
        if let Some(mask) = &self.mask {
            gdal::config::set_thread_local_config_option("GDAL_TIFF_INTERNAL_MASK", "YES").unwrap();
            let mut band = file.rasterband(1).unwrap();
            band.create_mask_band(true).unwrap();
            let mut buffer = Buffer::new((self.cols, self.rows), mask.clone());
            let mut inside = band.open_mask_band().unwrap();
            inside.write::<f64>((0, 0), (self.cols, self.rows), &mut buffer).unwrap();
        }
        file.close().unwrap();
    }
}

/// Writes every scene of a folder anew.
pub fn rewrite(folder: &Path, change: impl Fn(u32, Picture) -> Picture) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let date = name.trim_start_matches("S2_").parse().unwrap();
        change(date, Picture::of(&path)).write(&path);
    }
}
