//! A scene: one acquisition by one sensor, as a set of bands in files. Plain data, no I/O.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::grid::Grid;

/// Bits of Landsat pixel quality any of which makes a pixel unclear: fill, dilated cloud, cirrus, cloud, shadow, snow.
const QA_PIXEL_UNCLEAR: u32 = 0b11_1111;
/// The same of HLS Fmask: cloud, beside cloud or shadow, cloud shadow, snow.
const FMASK_UNCLEAR: u32 = 0b1_1110;
/// HLS Fmask of a pixel without data.
pub const FMASK_FILL: u32 = 255;

/// A spectral band by its STAC common name, or a mask layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Band {
    /// 0.45 to 0.52 µm (Sentinel-2 B02).
    Blue,
    /// 0.52 to 0.60 µm (B03).
    Green,
    /// 0.63 to 0.69 µm (B04).
    Red,
    /// Broad near infrared, 0.77 to 0.90 µm (B08).
    Nir,
    /// Narrow near infrared, 0.85 to 0.88 µm (B8A).
    Nir08,
    /// Short-wave infrared around 1.6 µm (B11).
    Swir16,
    /// Short-wave infrared around 2.2 µm (B12).
    Swir22,
    /// Sentinel-2 scene classification (classes, not reflectance).
    Scl,
    /// Landsat Collection 2 pixel quality (bits, not reflectance).
    QaPixel,
    /// Fmask of Harmonized Landsat Sentinel-2 (bits, not reflectance).
    Fmask,
    /// A given mask: 0 is clear, anything else is not.
    Mask,
}

impl Band {
    /// Every band that the program knows, in wavelength order, masks last.
    pub const ALL: [Band; 11] = [
        Band::Blue,
        Band::Green,
        Band::Red,
        Band::Nir,
        Band::Nir08,
        Band::Swir16,
        Band::Swir22,
        Band::Scl,
        Band::QaPixel,
        Band::Fmask,
        Band::Mask,
    ];

    /// Layers that say which pixels are clear.
    pub const MASKS: [Band; 4] = [Band::Scl, Band::QaPixel, Band::Fmask, Band::Mask];

    /// STAC common name (`scl`, `qa_pixel`, `fmask` and `mask` for the mask layers).
    pub fn name(self) -> &'static str {
        match self {
            Band::Blue => "blue",
            Band::Green => "green",
            Band::Red => "red",
            Band::Nir => "nir",
            Band::Nir08 => "nir08",
            Band::Swir16 => "swir16",
            Band::Swir22 => "swir22",
            Band::Scl => "scl",
            Band::QaPixel => "qa_pixel",
            Band::Fmask => "fmask",
            Band::Mask => "mask",
        }
    }

    /// Whether the values are classes, which may be picked but never averaged.
    pub fn is_classes(self) -> bool {
        Band::MASKS.contains(&self)
    }

    /// Whether a value of a mask layer says that the pixel is clear; NaN (nodata) does not.
    ///
    /// Source: Sentinel-2 SCL 4, 5, 6, 7 are clear; 0, 1, 2, 3, 8, 9, 10, 11 are not. Landsat Collection 2 QA_PIXEL: bits 0
    /// fill, 1 dilated cloud, 2 cirrus, 3 cloud, 4 cloud shadow, 5 snow; water (7) is clear (USGS LSDS-1618, LSDS-1619). HLS v2
    /// Fmask: bits 1 cloud, 2 beside cloud or shadow, 3 cloud shadow, 4 snow, 255 fill; 0 is reserved, 5 water, 6 and 7
    /// aerosol are clear (HLS User Guide v2.0). A given mask is clear at 0.
    pub fn is_clear(self, value: f32) -> bool {
        let bits = value as u32;
        match self {
            Band::Scl => (4.0..=7.0).contains(&value),
            Band::QaPixel => !value.is_nan() && bits & QA_PIXEL_UNCLEAR == 0,
            Band::Fmask => !value.is_nan() && bits != FMASK_FILL && bits & FMASK_UNCLEAR == 0,
            _ => value == 0.0,
        }
    }

    /// Reads a band description, file suffix or STAC name: `B04`, `red`, `SR_B4` are not guessed at
    /// beyond the Sentinel-2 names and the STAC common names; case does not matter.
    pub fn parse(text: &str) -> Option<Band> {
        let band = match text.trim().to_ascii_lowercase().as_str() {
            "b02" | "b2" | "blue" => Band::Blue,
            "b03" | "b3" | "green" => Band::Green,
            "b04" | "b4" | "red" => Band::Red,
            "b08" | "b8" | "nir" => Band::Nir,
            "b8a" | "nir08" | "nir-narrow" => Band::Nir08,
            "b11" | "swir16" | "swir1" => Band::Swir16,
            "b12" | "swir22" | "swir2" => Band::Swir22,
            "scl" => Band::Scl,
            "qa_pixel" => Band::QaPixel,
            "fmask" => Band::Fmask,
            "mask" | "cloudmask" | "cloud_mask" => Band::Mask,
            _ => return None,
        };
        Some(band)
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where one band of a scene lies, and what its numbers mean.
#[derive(Debug, Clone, PartialEq)]
pub struct BandFile {
    /// The raster file.
    pub path: PathBuf,
    /// Band number in the file, from 1.
    pub number: usize,
    /// The file's own grid.
    pub grid: Grid,
    /// Number that means "nothing was observed", if the file declares one.
    pub nodata: Option<f64>,
    /// Number that means "more light than the sensor can tell", if the product declares one; no observation either.
    pub saturated: Option<f64>,
    /// Reflectance = number * scale + offset (for class bands 1 and 0).
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
}

/// One acquisition.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Identity of the scene: the product or item name, else the file name without its ending.
    pub id: String,
    /// Day of acquisition (UTC).
    pub date: Date,
    /// Product in words ("Sentinel-2 L2A, baseline 05.09"), empty where the files are of no known product.
    pub product: String,
    /// Sensor or platform as the metadata name it, empty when they do not.
    pub sensor: String,
    /// The bands found, by name.
    pub bands: BTreeMap<Band, BandFile>,
    /// How scale and offset were found, for the manifest and `check`.
    pub scaling: String,
    /// How far its pictures lie off where they belong, in units of the CRS to the east and north. It is read as if it lay
    /// where it belongs; (0, 0) reads it as it lies.
    pub displaced: (f64, f64),
}

impl Scene {
    /// The layers that say which pixels are clear: what any of them hides is not clear.
    pub fn masks(&self) -> impl Iterator<Item = Band> + '_ {
        Band::MASKS.into_iter().filter(|band| self.has(*band))
    }

    /// The grid of one of its bands where it belongs.
    pub fn put_right(&self, grid: &Grid) -> Grid {
        let (east, north) = self.displaced;
        Grid { origin_x: grid.origin_x - east, origin_y: grid.origin_y - north, ..grid.clone() }
    }

    /// Whether a band is there.
    pub fn has(&self, band: Band) -> bool {
        self.bands.contains_key(&band)
    }

    /// The grid of the finest reflectance band: the grid that the scene asks to be seen on.
    pub fn grid(&self) -> Option<&Grid> {
        let reflectance = self.bands.iter().filter(|(band, _)| !band.is_classes());
        reflectance
            .map(|(_, file)| &file.grid)
            .min_by(|a, b| a.pixel_width.total_cmp(&b.pixel_width).then(a.rows.cmp(&b.rows).reverse()))
    }
}
